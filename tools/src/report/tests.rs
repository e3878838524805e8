//! The report of a synthetic run, written to disk and read back.

use super::*;
use crate::report::table::{Table, Values};
use ballast_analytics::conversion::Conversion;
use ballast_analytics::format;
use ballast_analytics::record::RecordError;
use ballast_model::{Money, Step};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::{Field, RowAccessor as _};

/// The most a page may weigh.
const HTML_BYTES_MAX: u64 = 400_000;

fn context() -> ReportContext {
    let row = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    ReportContext {
        title: "Synthetic <run>".to_owned(),
        config: "replay.toml".to_owned(),
        captures: vec!["usdm_ethusdt_20240808.gz".to_owned()],
        decisions_hash: 0x0123_4567_89ab_cdef,
        state_hash: 0xfedc_ba98_7654_3210,
        assumptions: vec![
            row("Order latency", "1.000 ms"),
            row("Maker fee", "−0.5 bps"),
            row("Taker fee", "7 bps"),
        ],
        counts: vec![row("Frames", "12,345"), row("Level updates", "428,662"), row("Gaps", "0")],
        opportunities: vec![
            ["spatial", "spot <A>, usdm A", "600", "2", "0.350", "1.2 USDT", "0.8 USDT", "3.1", "2.4"]
                .map(str::to_owned),
        ],
    }
}

/// Writes a report into a directory that is kept where `BALLAST_REPORT_DIR` names one, so that a page can be looked at.
fn report(name: &str, run: &RunRecord) -> (tempfile::TempDir, ReportFiles) {
    let kept = tempfile::tempdir().unwrap();
    let dir = std::env::var_os("BALLAST_REPORT_DIR")
        .map_or_else(|| kept.path().to_owned(), PathBuf::from)
        .join(name);
    let files = write(&dir, run, &Totals::of(&run.instruments, None), &context()).unwrap();
    println!("{}: {} bytes", files.html.display(), files.html_bytes);
    (kept, files)
}

fn beside(files: &ReportFiles, table: &str) -> PathBuf {
    files.html.with_file_name(table)
}

#[test]
fn a_page_refers_to_nothing_outside_itself() {
    let (_dir, files) = report("one", &synthetic::run(&["ETHUSDT"], 3_440));
    let page = fs::read_to_string(files.html).unwrap();
    for outside in ["http://", "https://", "url(", "@import", "<script", "src="] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("Synthetic &lt;run&gt;") && !page.contains("<run>"));
    for part in
        ["Price, quotes and fills", "Inventory", "Profit and loss", "Drawdown", "Spread captured", "Markouts"]
    {
        assert!(page.contains(&format!("<h3>{part}</h3>")), "{part}");
    }
    for unit in [
        "USDT</text>",
        "ETH</text>",
        "time, UTC (2024-08-08)</text>",
        "ticks</text>",
        "basis points of price</text>",
    ] {
        assert!(page.contains(unit), "{unit}");
    }
    assert!(page.contains("0123456789abcdef") && page.contains("inferred from the capture"));
    assert!(page.contains("agrees (position, fees, gross profit)"));
}

#[test]
fn a_page_stays_small_however_long_the_run_and_however_many_instruments() {
    for (name, names, steps) in [
        ("one", &["ETHUSDT"][..], 3_440),
        ("long", &["ETHUSDT"][..], 100_000),
        ("two", &["ETHUSDT", "ETHUSDT.spot"][..], 20_000),
        ("six", &["A", "B", "C", "D", "E", "F"][..], 10_000),
    ] {
        let (_dir, files) = report(name, &synthetic::run(names, steps));
        assert_eq!(files.html_bytes, fs::metadata(&files.html).unwrap().len());
        assert!(files.html_bytes <= HTML_BYTES_MAX, "{name}: {} bytes", files.html_bytes);
    }
}

#[test]
fn an_empty_run_has_a_report_too() {
    for (name, run) in [
        ("nothing", RunRecord::default()),
        ("idle", synthetic::run(&["ETHUSDT"], 0)),
        ("instant", synthetic::run(&["ETHUSDT"], 1)),
    ] {
        let (_dir, files) = report(name, &run);
        let fills: usize = run.instruments.iter().map(|record| record.fills.len()).sum();
        assert_eq!(
            fs::read_to_string(beside(&files, FILLS_CSV)).unwrap().lines().count(),
            1 + fills,
            "{name}"
        );
        let page = fs::read_to_string(files.html).unwrap();
        assert!(!page.contains("NaN") && !page.contains("inf</"), "{name}");
    }
}

#[test]
fn a_record_that_contradicts_itself_is_refused() {
    let mut run = synthetic::run(&["ETHUSDT"], 10);
    run.instruments[0].samples.swap(3, 4);
    let dir = tempfile::tempdir().unwrap();
    let error = write(dir.path(), &run, &Totals::of(&run.instruments, None), &context()).unwrap_err();
    assert_eq!(error.downcast_ref::<RecordError>(), Some(&RecordError::SampleTime(4)));
}

#[test]
fn csv_has_one_row_per_fill_and_per_sample() {
    let run = synthetic::run(&["ETHUSDT", "BTCUSDT"], 2_000);
    let (_dir, files) = report("csv", &run);
    let fills = fs::read_to_string(beside(&files, FILLS_CSV)).unwrap();
    let equity = fs::read_to_string(beside(&files, EQUITY_CSV)).unwrap();
    let count = |of: fn(&ballast_analytics::record::InstrumentRecord) -> usize| {
        run.instruments.iter().map(of).sum::<usize>()
    };
    assert_eq!(fills.lines().count(), 1 + count(|record| record.fills.len()));
    assert_eq!(equity.lines().count(), 1 + count(|record| record.samples.len()));
    let header = "time_ns,instrument,side,price,size,liquidity,reason,fee_usdt,client_id,trade_id,mid,mid_after_100ms,mid_after_1s,\
                  mid_after_10s,level,queue_joined,queue_ahead,position_after";
    assert_eq!(fills.lines().next(), Some(header));
    assert_eq!(
        equity.lines().next(),
        Some(
            "time_ns,instrument,mid,bid,ask,position,gross_usdt,fees_usdt,rebates_usdt,funding_usdt,net_usdt,\
             bid_depth,ask_depth"
        )
    );
}

#[test]
fn currencies_that_differ_are_named_in_each_row() {
    let mut run = synthetic::run(&["ETHUSDT", "BTCUSD_PERP"], 200);
    run.instruments[1].currency = "BTC".to_owned();
    let (_dir, files) = report("currencies", &run);
    let equity = fs::read_to_string(beside(&files, EQUITY_CSV)).unwrap();
    assert!(
        equity
            .starts_with("time_ns,instrument,mid,bid,ask,position,gross,fees,rebates,funding,net,currency,bid_depth,ask_depth\n")
    );
    assert!(
        equity.lines().nth(1).unwrap().contains(",USDT,") && equity.lines().last().unwrap().contains(",BTC,")
    );
}

#[test]
fn totals_are_per_currency_and_across_them_only_at_stated_rates() {
    let mut run = synthetic::run(&["ETHUSDT", "BTCUSDT", "BTCUSD_PERP"], 500);
    run.instruments[2].currency = "BTC".to_owned();
    let net = |at: usize| run.instruments[at].samples.last().unwrap().net();
    let totals = Totals::of(&run.instruments, None);
    let page = page::render(&run, &totals, &context());
    assert!(page.contains("profit in BTC and USDT is not added up"));
    let rates = vec![("BTC".to_owned(), Step::parse("3").unwrap())];
    let totals = Totals::of(&run.instruments, Some(&Conversion { currency: "USDT".to_owned(), rates }));
    let page = page::render(&run, &totals, &context());
    assert!(page.contains("total, converted, USDT") && !page.contains("not added up"));
    let csv = csv::encode(&table::summary(&figures_of(&run, &totals))).unwrap();
    for (scope, net) in [
        ("BTCUSD_PERP", net(2)),
        ("\"total, BTC\"", net(2)),
        ("\"total, USDT\"", net(0) + net(1)),
        ("\"total, converted, USDT\"", net(0) + net(1) + Money(3 * net(2).0)),
    ] {
        let unit = if scope.contains("USDT") { "USDT" } else { "BTC" };
        let row = csv.lines().find(|line| line.starts_with(&format!("{scope},profit,net,{unit},"))).unwrap();
        assert!(row.ends_with(&format!(",{:#}", format::money(net))), "{row}");
    }
}

#[test]
fn causes_add_up_to_net_in_every_scope() {
    let mut run = synthetic::run(&["ETHUSDT", "BTCUSDT", "BTCUSD_PERP"], 500);
    run.instruments[1].role = ballast_analytics::record::Role::Hedge;
    run.instruments[2].currency = "BTC".to_owned();
    let rates = vec![("BTC".to_owned(), Step::parse("2634.57").unwrap())];
    let totals = Totals::of(&run.instruments, Some(&Conversion { currency: "USDT".to_owned(), rates }));
    let scopes = figures_of(&run, &totals);
    let mut hedged = 0;
    for of in scopes.iter().filter(|of| !of.scope.starts_with("venue")) {
        let amounts = |group: &str, name: &str| -> Vec<i128> {
            let wanted =
                |figure: &&results::Figure| figure.group == group && (name.is_empty() || figure.name == name);
            let amount = |figure: &results::Figure| {
                let results::Figured::Money(amount) = figure.value else { panic!("{figure:?}") };
                amount.0
            };
            of.figures.iter().filter(wanted).map(amount).collect()
        };
        let parts = amounts("attribution", "");
        assert_eq!(
            (parts.len(), parts.iter().sum::<i128>()),
            (6, amounts("profit", "net")[0]),
            "{}",
            of.scope
        );
        hedged += usize::from(amounts("attribution", "hedging")[0] != 0);
    }
    assert_eq!((scopes.len(), hedged), (3 + 3 + 2, 3), "the hedge, its total and that of all");
}

#[test]
fn a_page_judges_levels_venues_execution_and_presence() {
    let mut run = synthetic::run(&["ETHUSDT", "BTCUSD_PERP"], 3_000);
    run.instruments[0].programme.notional_min = Money(50 * Money::ONE.0);
    let page = page::render(&run, &Totals::of(&run.instruments, None), &context());
    for part in [
        "<caption>Net profit by cause</caption>",
        "<caption>Ratios of net profit</caption>",
        "<caption>Markouts by venue, bps</caption>",
        "<caption>Execution</caption>",
        "<caption>Programme: a value of 50 within 1 bp of mid</caption>",
        "<caption>Programme: any size within 1 bp of mid</caption>",
        "<th scope=\"row\">coinm</th>",
        "<td>of our best price</td><td>at the fill</td>",
        "<td>of our price 2 behind it</td><td>+10 s</td>",
        "<th scope=\"row\">Order-to-trade ratio (RTS 9)</th><td class=\"n\">4.0</td>",
        "<th scope=\"row\">· ahead when the order joined, mean</th><td class=\"n\">0.090 ETH</td>",
        "<th scope=\"row\">Calmar ratio, annualised</th>",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn assumptions_have_a_table_of_their_own() {
    let (_dir, files) = report("assumed", &synthetic::run(&["ETHUSDT"], 100));
    let text = fs::read_to_string(beside(&files, ASSUMPTIONS_CSV)).unwrap();
    assert_eq!(text, "assumption,value\nOrder latency,1.000 ms\nMaker fee,−0.5 bps\nTaker fee,7 bps\n");
}

#[test]
fn parquet_reads_back_equal() {
    let run = synthetic::run(&["ETHUSDT", "BTCUSDT"], 2_000);
    let (_dir, files) = report("parquet", &run);
    let scopes = figures_of(&run, &Totals::of(&run.instruments, None));
    for (path, table) in [
        (beside(&files, FILLS_PARQUET), table::fills(&run).unwrap()),
        (beside(&files, EQUITY_PARQUET), table::equity(&run).unwrap()),
        (beside(&files, SUMMARY_PARQUET), table::summary(&scopes)),
    ] {
        let reader = SerializedFileReader::new(fs::File::open(path).unwrap()).unwrap();
        let schema = reader.metadata().file_metadata().schema_descr();
        let names: Vec<&str> = schema.columns().iter().map(|column| column.name()).collect();
        assert_eq!(names, table.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>());
        let mut rows = 0;
        for (at, row) in reader.get_row_iter(None).unwrap().enumerate() {
            let row = row.unwrap();
            for (column, (name, field)) in row.get_column_iter().enumerate() {
                assert!(same(&table, column, at, field), "{name} in row {at}: {field:?}");
            }
            assert!(row.get_string(1).is_ok());
            rows += 1;
        }
        assert_eq!(rows, table.rows);
    }
}

#[test]
fn opportunities_have_a_table_where_they_are_watched() {
    let run = synthetic::run(&["ETHUSDT"], 100);
    let totals = Totals::of(&run.instruments, None);
    let page = page::render(&run, &totals, &context());
    for part in [
        "<caption>Opportunities</caption>",
        "<td>spot &lt;A&gt;, usdm A</td>",
        r#"<td class="n">0.8 USDT</td>"#,
    ] {
        assert!(page.contains(part), "{part}");
    }
    let without = page::render(&run, &totals, &ReportContext { opportunities: Vec::new(), ..context() });
    assert!(!without.contains("Opportunities"));
}

#[test]
fn parquet_columns_are_typed() {
    let (_dir, files) = report("types", &synthetic::run(&["ETHUSDT"], 100));
    let reader = SerializedFileReader::new(fs::File::open(beside(&files, EQUITY_PARQUET)).unwrap()).unwrap();
    let metadata = reader.metadata().file_metadata();
    let mut text = Vec::new();
    parquet::schema::printer::print_schema(&mut text, metadata.schema_descr().root_schema());
    let text = String::from_utf8(text).unwrap();
    for line in [
        "REQUIRED INT64 time_ns (TIMESTAMP(NANOS,true));",
        "REQUIRED BYTE_ARRAY instrument (STRING);",
        "REQUIRED INT64 mid (DECIMAL(18,3));",
        "OPTIONAL INT64 bid (DECIMAL(18,3));",
        "REQUIRED INT64 position (DECIMAL(18,3));",
        "REQUIRED FIXED_LEN_BYTE_ARRAY (16) net_usdt (DECIMAL(38,18));",
    ] {
        assert!(text.contains(line), "{line} not in {text}");
    }
    let notes = metadata.key_value_metadata().unwrap();
    assert!(notes.iter().any(
        |note| note.key == "ballast.decisions_hash" && note.value.as_deref() == Some("0123456789abcdef")
    ));
}

/// Whether a field read back is the table's value.
fn same(table: &Table<'_>, column: usize, row: usize, field: &Field) -> bool {
    match (&table.columns[column].values, field) {
        (Values::Time(times), Field::Long(read)) => times[row] == *read,
        (Values::Text(names), Field::Str(read)) => names[row] == read,
        (Values::Id(ids), Field::ULong(read)) => ids[row] == *read,
        (Values::Real(numbers), Field::Null) => numbers[row].is_none(),
        (Values::Real(numbers), Field::Double(read)) => numbers[row] == Some(*read),
        (Values::Digits(numbers), Field::Null) => numbers[row].is_none(),
        (Values::Digits(numbers), Field::Str(read)) => numbers[row].as_ref() == Some(read),
        (Values::Sparse { units, .. }, Field::Null) => units[row].is_none(),
        (Values::Sparse { units, scale }, Field::Decimal(read)) => units[row].is_some_and(|units| {
            (units.into(), i32::try_from(*scale).unwrap()) == (number(read.data()), read.scale())
        }),
        (Values::Grid { units, scale }, Field::Decimal(read)) => {
            (units[row].into(), i32::try_from(*scale).unwrap()) == (number(read.data()), read.scale())
        }
        (Values::Money(amounts), Field::Decimal(read)) => {
            (amounts[row], 18) == (Money(number(read.data())), read.scale())
        }
        _ => false,
    }
}

/// A big-endian two's complement number of up to sixteen bytes.
fn number(bytes: &[u8]) -> i128 {
    let sign = if bytes[0] >= 0x80 { -1 } else { 0 };
    bytes.iter().fold(sign, |number, byte| (number << 8) | i128::from(*byte))
}
