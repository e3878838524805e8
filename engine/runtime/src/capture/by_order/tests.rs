use ballast_exchange::{FlowKind, OrderFlow};
use ballast_model::{BookBatch, Event, InstrumentId, Lots, Price, Side, Step, UpdateId};
use ballast_venue::binance::Market;

use super::HEADING;
use crate::capture::{Form, Instrument, LoadError, Loaded, ProblemKind, Source, SurveyedFile, load};
use crate::tape::{Cursor, Listener, Shift};

const BUY: u64 = 7 << 29;
const SELL: u64 = 13 << 28;
const BEGIN: i64 = 1_723_161_256_000_000_000;

/// A line of an event `at` milliseconds, received a millisecond later.
fn line(ev: u64, at: i64, px: &str, qty: &str, id: u64) -> String {
    let exch = BEGIN + at * 1_000_000;
    format!("{ev},{exch},{},{px},{qty},{id},0,0.0\n", exch + 1_000_000)
}

fn surveyed(name: &str, text: &str) -> SurveyedFile {
    SurveyedFile::new(Source::in_memory(name, text.as_bytes().to_vec())).unwrap()
}

fn loaded(files: &[SurveyedFile]) -> Result<Loaded, LoadError> {
    let (tick, lot) = (Step::parse("0.5").unwrap(), Step::parse("0.1").unwrap());
    let one = Instrument { symbol: "ETHUSDT".to_owned(), market: Market::UsdM, tick, lot };
    load(files, &[one], |_| {})
}

/// What lines come to, in words, and what is wrong with them.
fn told(lines: &[String]) -> (Vec<String>, Vec<String>) {
    let text = format!("{HEADING}\n{}", lines.concat());
    let loaded = loaded(&[surveyed("usdm.ETHUSDT.csv", &text)]).unwrap();
    let mut words = Words::default();
    let mut cursor = Cursor::new(&loaded.feeds[0].tape, Shift::default());
    while cursor.recv_time().is_some() {
        cursor.play(&mut words);
    }
    (words.0, loaded.problems.named().iter().map(ToString::to_string).collect())
}

#[derive(Default)]
struct Words(Vec<String>);

impl Listener for Words {
    fn on_batch(&mut self, batch: &BookBatch<'_>) {
        let begin = batch.begin();
        let mut words = format!("{:?} {}:", begin.kind, begin.update_id.0);
        for (side, levels) in batch.sides() {
            levels
                .iter()
                .for_each(|level| words += &format!(" {side:?} {} {}", level.price().0, level.lots().0));
        }
        self.0.push(words);
    }

    fn on_event(&mut self, event: &Event) {
        let Event::Trade(trade) = event else { panic!("{event:?}") };
        let (price, lots) = (trade.level.price().0, trade.level.lots().0);
        self.0.push(format!("trade {} against {:?} {price} {lots}", trade.trade_id.0, trade.maker));
    }

    fn on_orders(&mut self, instrument: InstrumentId, flow: &[OrderFlow], added: u64) {
        assert_eq!((instrument, added), (InstrumentId(0), 0));
        let one = |one: &OrderFlow| {
            format!(
                "{:?} {:?} {} {} of {}",
                one.kind,
                one.side,
                one.level.price().0,
                one.level.lots().0,
                one.joined.0
            )
        };
        self.0.extend(flow.iter().map(one));
    }
}

#[test]
fn orders_become_a_book_and_what_becomes_of_them() {
    let (words, problems) = told(&[
        line(BUY | 10, 0, "10.0", "0.5", 1),
        line(BUY | 10, 0, "10.0", "0.3", 2),
        line(SELL | 10, 0, "11", "1.0", 3),
        line(BUY | 10, 1, "10.5", "0.2", 4),
        line(BUY | 12, 2, "10.0", "0.2", 1),
        line(BUY | 12, 3, "10.0", "0.4", 2),
        line(SELL | 2, 4, "10.5", "0.2", 0),
        line(BUY | 13, 4, "10.5", "0.2", 4),
        line(BUY | 11, 4, "10.5", "0.0", 4),
        line(SELL | 12, 5, "11.5", "0.9", 3),
        line((1 << 30) | (1 << 29) | 11, 6, "10.0", "0.2", 1),
        line((1 << 31) | 3, 7, "0", "0", 0),
        line(BUY | 10, 7, "9.5", "0.1", 1),
    ]);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(
        words,
        [
            "Snapshot 0: Bid 20 8 Ask 22 10",
            "Diff 1: Bid 21 2",
            "Left Bid 20 3 of 0",
            "Diff 2: Bid 20 5",
            "Left Bid 20 3 of 0",
            "Diff 3: Bid 20 6",
            "trade 0 against Bid 21 2",
            "Traded Bid 21 2 of 1",
            "Left Bid 21 2 of 1",
            "Diff 4: Bid 21 0",
            "Left Ask 22 10 of 0",
            "Diff 5: Ask 22 0 Ask 23 9",
            "Snapshot 6: Bid 19 1",
        ]
    );
}

#[test]
fn a_line_that_breaks_a_rule_is_named_and_changes_nothing() {
    let sound = line(BUY | 10, 0, "10.0", "0.5", 1);
    for (bad, rule) in [
        (line(BUY | 10, 0, "10.0", "0.5", 1), "an order of this `order_id` is there"),
        (line(BUY | 11, 0, "10.0", "0.5", 2), "no order of this `order_id` is there"),
        (line(BUY | 12, 0, "10.0", "0.5", 2), "no order of this `order_id` is there"),
        (line(BUY | 13, 0, "10.0", "0.5", 2), "no order of this `order_id` is there"),
        (line(BUY | 13, 0, "10.5", "0.5", 1), "`px` of a fill is the price of its order"),
        (line(BUY | 13, 0, "10.0", "0.6", 1), "`qty` of a fill is more than is left of its order"),
        (line(BUY | 10, 0, "10.2", "0.5", 2), "`px` is a decimal on the grid of the tick"),
        (line(BUY | 10, 0, "1e1", "0.5", 2), "`px` is a decimal on the grid of the tick"),
        (line(BUY | 10, 0, "0", "0.5", 2), "`px` is above zero"),
        (line(BUY | 10, 0, "10.0", "0.55", 2), "`qty` is a decimal on the grid of the lot"),
        (line(BUY | 10, 0, "10.0", "0", 2), "`qty` is above zero"),
        (line(BUY | 10, 0, "10.0", "7205759403792793.5", 2), "a level has a price below 2^40 ticks"),
        (line((3 << 30) | 10, 0, "10.0", "0.5", 2), "an order added is a buy"),
        (line((3 << 30) | 2, 0, "10.0", "0.5", 2), "a trade is by a buyer"),
        (line((15 << 28) | 10, 0, "10.0", "0.5", 2), "`ev` is both a buy"),
        (line((1 << 29) | 10, 0, "10.0", "0.5", 2), "`ev` holds neither at the venue"),
        (line(BUY | 1, 0, "10.0", "0.5", 2), "`ev` tells a level"),
        (line(BUY | 14, 0, "10.0", "0.5", 2), "`ev` is a trade (2), a clear (3)"),
        (line(BUY | 256 | 10, 0, "10.0", "0.5", 2), "`ev` has a flag that is not known"),
        (sound.replace(",1,0,", ",x,0,"), "`order_id` is a whole number"),
        (sound.replace(&BEGIN.to_string(), "1723161256000"), "`exch_ts` is a time in nanoseconds"),
        (sound.replace(",0,0.0", ",0"), "a line has the eight columns of the heading"),
        (sound.replace(",0,0.0", ",0,0.0,0"), "a line has the eight columns of the heading"),
        (format!("x{sound}"), "`ev` is a whole number"),
    ] {
        let (words, problems) = told(&[sound.clone(), bad.clone()]);
        assert_eq!(words, ["Snapshot 0: Bid 20 5"], "{bad}");
        let place = format!("usdm.ETHUSDT.csv:3: bad_row: {rule}");
        assert!(problems.len() == 1 && problems[0].starts_with(&place), "{bad}: {problems:?}");
    }
}

#[test]
fn times_that_fall_are_raised_and_a_torn_line_is_named() {
    let early = line(BUY | 10, -5, "10.0", "0.5", 2);
    let torn = "3758096394,17231612560";
    let (words, problems) = told(&[line(BUY | 10, 0, "10.0", "0.5", 1), early, torn.to_owned()]);
    assert_eq!(words, ["Snapshot 0: Bid 20 5", "Diff 1: Bid 20 10"]);
    assert_eq!(
        problems,
        [
            "usdm.ETHUSDT.csv:3: backward_time: `local_ts` is 5000000 ns before that of the line before; raised to it",
            "usdm.ETHUSDT.csv:4: torn_line: a line has the eight columns of the heading",
        ]
    );
}

#[test]
fn fills_of_what_was_modified_are_of_what_is_left() {
    let (words, problems) = told(&[
        line(BUY | 10, 0, "10.0", "1.0", 1),
        line(BUY | 13, 1, "10.0", "0.4", 1),
        line(BUY | 12, 1, "10.0", "0.6", 1),
        line(BUY | 13, 2, "10.0", "0.6", 1),
        line(BUY | 13, 2, "10.0", "0.1", 1),
        line(BUY | 11, 2, "10.0", "0", 1),
    ]);
    assert_eq!(problems, ["usdm.ETHUSDT.csv:6: bad_row: `qty` of a fill is more than is left of its order"]);
    let last = ["Traded Bid 20 6 of 0", "Left Bid 20 6 of 0", "Diff 2: Bid 20 0"];
    assert_eq!(words[4..], last, "{words:?}");
}

#[test]
fn the_survey_names_the_instrument_and_its_grid() {
    let lines = [line(BUY | 10, 0, "10.5", "0.25", 1), line(SELL | 10, 0, "11.0", "0.5", 2)].concat();
    let text = format!("{HEADING}\r\n{lines}");
    let survey = surveyed("coinm.ETHUSD_PERP.20240808.csv", &text).survey;
    assert_eq!((&survey.form, survey.has_snapshot), (&Form::Orders, true));
    let [seen] = &survey.instruments[..] else { panic!("{survey:?}") };
    assert_eq!((seen.symbol.as_str(), seen.market, seen.price_ticks_max), ("ETHUSD_PERP", Market::CoinM, 22));
    assert_eq!((seen.tick, seen.lot), (Step::parse("0.5"), Step::parse("0.01")));
    for (name, text) in [
        ("ETHUSDT.csv", text.clone()),
        ("usdm.eth.csv", text.clone()),
        ("usdm.ETHUSDT", text.clone()),
        ("usdm.ETHUSDT.csv", text.replace("px,qty", "qty,px")),
    ] {
        let file = surveyed(name, &text);
        assert!(matches!(file.survey.form, Form::BrokenOrders(_)), "{name}");
        let problems = loaded(&[file]).unwrap().problems;
        assert_eq!((problems.named()[0].line, problems.named()[0].kind), (1, ProblemKind::BadRow), "{name}");
    }
}

#[test]
fn an_instrument_is_not_told_in_two_ways() {
    let orders = surveyed("usdm.ETHUSDT.csv", &format!("{HEADING}\n{}", line(BUY | 10, 0, "10.5", "0.5", 1)));
    let frames = surveyed(
        "frames.txt",
        r#"1723161256020000000 {"e":"depthUpdate","E":1723161256010,"T":1723161256010,"s":"ETHUSDT","U":13,"u":15,"pu":12,"b":[],"a":[["10.5","3.5"]]}
"#,
    );
    let error = loaded(&[orders, frames]).unwrap_err().to_string();
    assert_eq!(error, "usdm.ETHUSDT.csv: an instrument is told by frames or by order events, not both");
}

#[test]
fn a_second_file_goes_on_with_the_orders_of_the_first() {
    let first = format!("{HEADING}\n{}", line(BUY | 10, 0, "10.0", "0.5", 1));
    let second = format!("{HEADING}\n{}", line(BUY | 11, 5, "10.0", "0.5", 1));
    let files = [surveyed("usdm.ETHUSDT.1.csv", &first), surveyed("usdm.ETHUSDT.2.csv", &second)];
    let loaded = loaded(&files).unwrap();
    assert_eq!((loaded.problems.named(), loaded.lines, loaded.feeds.len()), (&[][..], 4, 1));
    let counters = &loaded.feeds[0].counters;
    assert_eq!((counters.snapshots, counters.diffs, counters.trades), (1, 1, 0));
    assert_eq!(loaded.feeds[0].tape.clocks().count(), 2);
    assert!(
        loaded.feeds[0].tape.has_orders(InstrumentId(0)) && !loaded.feeds[0].tape.has_orders(InstrumentId(1))
    );
}

#[test]
fn orders_are_kept_by_price_and_side() {
    let mut orders = super::Orders::default();
    orders.add(1, Side::Bid, Price(10), Lots(5)).unwrap();
    let (mut bids, mut asks) = (Vec::new(), Vec::new());
    orders.settle(true, &mut bids, &mut asks);
    orders.modify(1, Price(11), Lots(2)).unwrap();
    let left = orders.flow[0];
    assert_eq!((left.kind, left.level.lots(), left.joined), (FlowKind::Left, Lots(5), UpdateId(0)));
    orders.clear(Some(Side::Ask));
    orders.settle(true, &mut bids, &mut asks);
    assert_eq!((bids.len(), bids[0].price(), asks.len()), (1, Price(11), 0));
    orders.clear(Some(Side::Bid));
    assert_eq!(orders.cancel(1), Err("no order of this `order_id` is there"));
}
