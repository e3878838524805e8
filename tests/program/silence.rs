//! A run says why it does not trade.

use ballast_tests::market::QUOTER;
use serde_json::Value;

use crate::rig::Folder;

/// A loss limit of everything, so narrow that the first adverse tick passes it.
const LOSS: &str = "[risk]\naccount = \"USDT\"\nmark_age_max = \"5s\"\n[risk.loss]\nunrealised_max = \"0.01\"\nthen = \"kill\"\n";

/// A replay's JSON and what it says on standard error.
fn replay(config: &str, data: &str) -> (Value, String) {
    let folder = Folder::new();
    folder.write("silent.toml", config);
    let run = folder.expect(0, &format!("replay --config silent.toml --data {data} --out out --json"));
    let json = run.json();
    let page = std::fs::read_to_string(folder.path().join("out/report.html")).unwrap();
    // Every note counted is told in words and on the page, too.
    for one in json["instruments"].as_array().unwrap() {
        let name = one["name"].as_str().unwrap();
        for (note, count) in one["notes"].as_object().unwrap() {
            let told = format!("{note} {count}");
            let line = run.err.lines().find(|line| line.starts_with(&format!("{name}: noted ")));
            assert!(line.is_some_and(|line| line.contains(&told)), "{told}: {}", run.err);
            assert!(page.contains(&format!("{name}: {}", note.replace('_', " "))), "{note}");
        }
    }
    (json, run.err)
}

fn shipped(name: &str) -> String {
    std::fs::read_to_string(ballast_tests::root().join("config").join(name)).unwrap()
}

/// A configuration without the tables that begin with a header, up to the next one.
fn without(text: &str, header: &str) -> String {
    let (before, rest) = text.split_once(header).unwrap();
    let after = rest.find("\n[").map_or("", |at| &rest[at..]);
    format!("{before}{after}")
}

fn line<'a>(err: &'a str, start: &str) -> &'a str {
    err.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("no line {start}: {err}"))
}

#[test]
fn an_outage_outside_the_data_is_told_and_one_within_is_not() {
    let outage = |begin: &str| format!("[[venue.outages]]\n{begin}\nduration = \"1s\"\nanswers = \"none\"\n");
    let begins = ["time = \"2001-01-01T00:00:00Z\"", "offset = \"1s\"", "offset = \"30000000s\""].map(outage);
    let (_, err) = replay(&format!("{QUOTER}\n{}", begins.concat()), "futures.gz");
    for number in [0, 2] {
        line(&err, &format!("venue.outages.{number} lies wholly outside the data"));
    }
    assert!(!err.contains("venue.outages.1"), "{err}");
}

#[test]
fn a_quoting_run_counts_its_notes_and_says_that_it_quotes() {
    let (json, err) = replay(QUOTER, "futures.gz");
    let one = &json["instruments"][0];
    assert_eq!(one["notes"]["held_no_volatility"], 1, "{one}");
    assert_eq!(
        (&one["quoting"]["stands"], &one["quoting"]["gate"]),
        (&true.into(), &"active".into()),
        "{one}"
    );
    for key in ["held", "rule", "unquoted", "why"] {
        assert!(one["quoting"][key].is_null(), "{key}: {one}");
    }
    assert!(one["quoting"]["stood_at"].is_string(), "{one}");
    assert!(!err.contains("quoted since") && !err.contains("never quoted"), "{err}");
    assert_eq!(json["notes_dropped"], 0);
}

#[test]
fn a_loss_above_its_limit_is_named_with_the_time_it_ended_the_quotes() {
    // Quotes near the touch trade, and the market then moves on.
    let close = QUOTER.replace("k_per_bp = 2.0", "k_per_bp = 10.0");
    let (json, err) = replay(&format!("{close}{LOSS}"), "futures.gz");
    let quoting = &json["instruments"][0]["quoting"];
    let expected = [("held", "halted"), ("gate", "killed"), ("rule", "unrealised_loss")];
    for (key, value) in expected {
        assert_eq!(quoting[key], value, "{quoting}");
    }
    assert_eq!(json["instruments"][0]["notes"]["held_halted"], 1, "{json}");
    let since = quoting["stood_at"].as_str().unwrap();
    let told = format!("usdm ETHUSDT: not quoted since {since}: killed (unrealised_loss)");
    assert_eq!(line(&err, "usdm ETHUSDT: not quoted"), told);
}

#[test]
fn what_a_model_waits_for_is_named() {
    let quoter = without(QUOTER, "[quoting.volatility]");
    let glft = shipped("glft.toml");
    let lacks = |line: &&str| !line.starts_with("a_per_second") && !line.starts_with("k_per_bp");
    let glft = glft.lines().filter(lacks).collect::<Vec<_>>().join("\n");
    let grid = shipped("grid.toml");
    let maker = grid.lines().find(|line| line.starts_with("maker_fee_bps")).unwrap();
    let grid = grid.replace(maker, "maker_fee_bps = 50.0");
    for (config, why) in [(quoter, "no_volatility"), (glft, "no_arrivals"), (grid, "grid_too_narrow")] {
        let (json, err) = replay(&config, "futures.gz");
        let one = &json["instruments"][0];
        assert_eq!(json["orders"], 0, "{json}");
        assert_eq!(one["quoting"]["held"], why, "{one}");
        assert!(one["notes"][format!("held_{why}")].as_u64() > Some(0), "{one}");
        assert!(one["quoting"]["stood_at"].is_null(), "{one}");
        assert_eq!(line(&err, "usdm ETHUSDT: never"), format!("usdm ETHUSDT: never quoted: {why}"));
    }
}

#[test]
fn an_instrument_that_is_only_followed_says_why() {
    let blend = shipped("blend.toml").replace("need = \"optional\"", "need = \"required\"");
    let cross = shipped("cross-venue.toml");
    for (config, data, name, why) in [
        (
            &cross,
            "spot.txt",
            "no_hedge_market",
            "spot ETHUSDT: not quoted: the data has no usdm instrument to hedge it on",
        ),
        (&cross, "futures.gz", "left_out", "usdm ETHUSDT: not quoted: `quoting.markets` leaves it out"),
        (
            &blend,
            "futures.gz",
            "no_input",
            "usdm ETHUSDT: not quoted: the data lacks an input that its fair value needs",
        ),
    ] {
        let (json, err) = replay(config, data);
        assert_eq!(json["instruments"][0]["quoting"]["unquoted"], name, "{json}");
        assert_eq!(line(&err, &why[..24]), why);
    }
    // With both, one is quoted and the other followed, as asked for.
    let (json, err) = replay(&cross, "futures.gz spot.txt");
    let list = json["instruments"].as_array().unwrap();
    let unquoted: Vec<_> = list.iter().map(|one| one["quoting"]["unquoted"].as_str()).collect();
    assert_eq!(unquoted, [Some("left_out"), None], "{json}");
    assert!(!err.contains(": not quoted: "), "{err}");
}

#[test]
fn exits_that_watch_what_the_data_has_not_are_told() {
    let exits = |watch: &str| {
        let keys = "stop_loss_bps = 25.0\nprotection_bps = 50.0\ncooldown = \"2s\"\n";
        format!("{QUOTER}\n[quoting.exits]\n{keys}watch = \"{watch}\"\n")
    };
    let told = "usdm ETHUSDT: exits watch the mark price, which the data has not: none can fire";
    let (json, err) = replay(&exits("mark"), "futures.gz");
    assert!(err.lines().any(|line| line == told), "{err}");
    assert_eq!(json["instruments"][0]["quoting"]["exits"], "no_mark_price");
    let (json, err) = replay(&exits("mid"), "futures.gz");
    assert!(!err.contains("exits watch"), "{err}");
    assert!(json["instruments"][0]["quoting"]["exits"].is_null());
}

#[test]
fn an_idle_run_says_nothing_of_quotes() {
    let folder = Folder::new();
    let run = folder.expect(0, "replay --config quoter.toml --data futures.gz --idle --json");
    assert!(!run.err.contains("quoted"), "{}", run.err);
    assert!(run.json()["instruments"][0]["quoting"]["why"].is_null());
}

#[test]
fn hedges_say_what_they_did() {
    let cross = shipped("cross-venue.toml");
    let (json, err) = replay(&cross, "futures.gz spot.txt");
    let [hedge] = &json["hedges"].as_array().unwrap()[..] else { panic!("one hedge: {json}") };
    assert_eq!(hedge["of"], serde_json::json!(["spot ETHUSDT"]), "{hedge}");
    assert_eq!(hedge["on"], serde_json::json!(["usdm ETHUSDT"]), "{hedge}");
    let orders = hedge["orders"].as_u64().unwrap();
    assert!(orders > 0 && hedge["unhedged_times"].as_u64() > Some(0), "{hedge}");
    let (whole, longest) = (&hedge["unhedged_seconds"], &hedge["unhedged_longest_seconds"]);
    assert!(whole.as_f64() >= longest.as_f64() && longest.as_f64() > Some(0.0), "{hedge}");
    let told = line(&err, "hedge of spot ETHUSDT on usdm ETHUSDT: unhedged ");
    assert!(told.contains(&format!(" {orders} orders")), "{told}");
    assert!(!err.contains("not hedged") && !err.contains("[hedge]"), "{err}");
}

#[test]
fn a_hedge_that_cannot_act_is_told() {
    let cross = shipped("cross-venue.toml");
    let (_, hedge) = cross.split_once("[hedge]").unwrap();
    let hedged = format!("{QUOTER}[hedge]{hedge}");
    let unhedged = " is not hedged: the data has no other instrument on its base and quote asset in [hedge] market usdm with a book";
    let nothing = "[hedge] does nothing: no instrument is quoted that it could hedge";
    for (config, data, told) in [
        (&cross, "futures.gz", nothing.to_owned()),
        (&cross, "spot.txt", nothing.to_owned()),
        (&hedged, "spot.txt", format!("spot ETHUSDT{unhedged}")),
        (&hedged, "futures.gz", format!("usdm ETHUSDT{unhedged}")),
    ] {
        let (json, err) = replay(config, data);
        assert_eq!(json["hedges"], serde_json::json!([]), "{json}");
        assert!(err.lines().any(|line| line == told), "{told}: {err}");
    }
}

#[test]
fn an_input_of_a_blend_that_the_data_has_not_is_told() {
    let blend = shipped("blend.toml");
    let told = "usdm ETHUSDT: spot on ETH is not in the data: its fair value is made without it";
    let (_, err) = replay(&blend, "futures.gz");
    assert!(err.lines().any(|line| line == told), "{err}");
    let (_, err) = replay(&blend, "futures.gz --data spot.txt");
    assert!(!err.contains("is not in the data"), "{err}");
}
