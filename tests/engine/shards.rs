//! Two shards at one venue: each trades its own asset, within its own part of what they share.

use std::path::Path;
use std::time::Duration;

use ballast_analytics::format;
use ballast_model::{InstrumentId, Liquidity};
use ballast_runtime::journal::{Past, Recovery};
use ballast_tests::program;
use serde_json::Value;

use crate::rig::{Running, Venue, wait, within};

const SYMBOLS: [&str; 2] = ["ETHUSDT", "BTCUSDT"];
/// Of everything; half of it is each shard's.
const GROSS: f64 = 4_000.0;

/// Gross exposure and losses of everything, and orders a second, are limited: parts of them are each shard's.
fn config(venue: &Venue, parts: &str) -> String {
    let risk = format!(
        "[risk]\naccount = \"USDT\"\nmark_age_max = \"5s\"\n[risk.exposure]\ngross_max = \"{GROSS}\"\n\
        [risk.loss]\nrealised_max = \"1000\"\nthen = \"reduce-only\"\n\
        [risk.budgets]\norders_per_second = {{ granted = 60 }}\n[live]\nshards = \"by-asset\"\n{parts}"
    );
    let config = venue.config(&["usdm"], "live").replace("[\"ETHUSDT\"]", "[\"ETHUSDT\", \"BTCUSDT\"]");
    config.replace("[live]\n", &risk)
}

fn number(row: &Value, key: &str) -> f64 {
    row[key].as_str().unwrap().parse().unwrap()
}

/// Position of a symbol, and what it is worth at the price of our last order there.
fn held(client: &Value, symbol: &str) -> (f64, f64) {
    let of = |rows: &'static str| {
        client[rows].as_array().unwrap().iter().filter(move |row| row["symbol"] == symbol)
    };
    let position = of("positions").next().map_or(0.0, |row| number(row, "positionAmt"));
    let price = of("orders").next_back().map_or(0.0, |row| number(row, "price"));
    (position, position.abs() * price)
}

fn open(client: &Value, symbol: &str) -> usize {
    let is_open = |order: &&Value| order["status"] == "NEW" || order["status"] == "PARTIALLY_FILLED";
    let orders = client["orders"].as_array().unwrap().iter().filter(is_open);
    orders.filter(|order| order["symbol"] == symbol).count()
}

#[test]
fn each_shard_keeps_to_its_part_and_kill_and_stop_reach_both() {
    let (venue, folder) = (Venue::start("--seed 5"), tempfile::tempdir().unwrap());
    std::fs::write(folder.path().join("run.toml"), config(&venue, "")).unwrap();
    let engine = Running::start(&mut venue.engine(folder.path(), "run --config run.toml --live --json"));
    let both = |is_so: &dyn Fn(usize) -> bool| {
        let client = venue.client("usdm");
        SYMBOLS.iter().all(|symbol| is_so(open(&client, symbol)))
    };
    assert!(within(40_000, || both(&|open| open > 0)), "both are quoted");
    for _ in 0..60 {
        wait(Duration::from_millis(250));
        let client = venue.client("usdm");
        for symbol in SYMBOLS {
            let (_, worth) = held(&client, symbol);
            // The market may move after the order that led there.
            assert!(worth <= GROSS / 2.0 * 1.02, "{symbol}: {worth}");
        }
    }
    engine.signal("USR1");
    assert!(within(5_000, || both(&|open| open == 0)), "a kill empties both");
    engine.signal("TERM");
    let run = engine.ended();
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    let (result, client) = (run.json(), venue.client("usdm"));
    assert!(result["notes"]["refused"].as_u64().unwrap_or(0) > 0, "the parts were never reached: {result}");
    for told in result["instruments"].as_array().unwrap() {
        let symbol = told["name"].as_str().unwrap().rsplit(' ').next().unwrap();
        assert!((number(told, "position") - held(&client, symbol).0).abs() < 1e-9, "{told}");
    }
    assert_eq!(result["instruments"].as_array().unwrap().len(), 2);
    let trades = client["trades"].as_array().unwrap();
    assert_eq!(result["fills"].as_u64(), Some(trades.len() as u64), "each fill is booked once");
    for symbol in SYMBOLS {
        assert!(trades.iter().any(|trade| trade["symbol"] == symbol), "{symbol} traded");
    }
    for shard in ["shard-0", "shard-1"] {
        let journal = format!("journal/0001/{shard}");
        let verified = program::run(folder.path(), ["verify", journal.as_str()]);
        assert_eq!(verified.code, Some(0), "{}{}", verified.out, verified.err);
    }
}

#[test]
fn parts_that_are_more_than_the_whole_or_others_are_named() {
    let (venue, folder) = (Venue::start("--seed 5"), tempfile::tempdir().unwrap());
    for (parts, says) in [
        ("parts = [\"0.6\", \"0.5\"]\n", "live.parts: come to more than the whole"),
        ("parts = [\"0.5\", \"1.5\"]\n", "live.parts: each must be above zero and at most 1"),
        ("parts = [\"0.5\", \"0.3\", \"0.2\"]\n", "live.parts: names 3 parts, and there are 2 shards"),
    ] {
        std::fs::write(folder.path().join("run.toml"), config(&venue, parts)).unwrap();
        let run = venue.run(folder.path(), "run --config run.toml --live --for 1s");
        assert_eq!(run.code, Some(3), "{}", run.err);
        assert!(run.err.contains(says) && run.err.contains("line "), "{}", run.err);
    }
}

/// Both are quoted, and something was traded in both since there were so many trades.
fn trades_more(venue: &Venue, before: usize) -> bool {
    let client = venue.client("usdm");
    let trades = client["trades"].as_array().unwrap();
    let more = trades.get(before..).unwrap_or_default();
    SYMBOLS.iter().all(|symbol| more.iter().any(|trade| trade["symbol"] == *symbol))
}

/// Fills and position by shard, as the journals of all lives leave them.
fn booked(folder: &Path) -> Vec<(u64, f64)> {
    let past = Past::of(&folder.join("journal")).unwrap();
    let of = |past: &Recovery| {
        let (id, ledger) = (InstrumentId(0), past.shard.ledger(InstrumentId(0)).unwrap());
        let position = format::lots(past.shard.spec(id).unwrap(), past.shard.position(id)).to_string();
        (ledger.fills(Liquidity::Maker) + ledger.fills(Liquidity::Taker), position.parse().unwrap())
    };
    past.recoveries().map(of).collect()
}

#[test]
fn shards_go_on_from_their_journals_after_kills() {
    let (venue, folder) = (Venue::start("--seed 5"), tempfile::tempdir().unwrap());
    std::fs::write(folder.path().join("run.toml"), config(&venue, "")).unwrap();
    for _ in 0..2 {
        let before = venue.client("usdm")["trades"].as_array().unwrap().len();
        let engine = Running::start(&mut venue.engine(folder.path(), "run --config run.toml --live --json"));
        assert!(within(40_000, || trades_more(&venue, before)), "both trade");
        engine.signal("KILL");
        drop(engine);
        wait(Duration::from_millis(500));
    }
    let last = venue.run(folder.path(), "run --config run.toml --live --json --for 6s");
    assert_eq!(last.code, Some(0), "{}{}", last.out, last.err);
    assert_eq!(last.err.matches("going on from epoch").count(), 2, "{}", last.err);
    let client = venue.client("usdm");
    for told in last.json()["instruments"].as_array().unwrap() {
        let symbol = told["name"].as_str().unwrap().rsplit(' ').next().unwrap();
        assert!((number(told, "position") - held(&client, symbol).0).abs() < 1e-9, "{told}");
    }
    for (symbol, (fills, position)) in SYMBOLS.iter().zip(booked(folder.path())) {
        let trades = client["trades"].as_array().unwrap().iter().filter(|trade| trade["symbol"] == *symbol);
        assert_eq!(fills, trades.count() as u64, "{symbol}: each fill is booked once, in all lives");
        assert!((held(&client, symbol).0 - position).abs() < 1e-9, "{symbol}: {position} in the journals");
    }
    for journal in (1..=3).flat_map(|life| [0, 1].map(|shard| format!("journal/{life:04}/shard-{shard}"))) {
        let verified = program::run(folder.path(), ["verify", journal.as_str()]);
        assert_eq!(verified.code, Some(0), "{journal}: {}{}", verified.out, verified.err);
    }
    // What a shard held is not forgotten because its journal is gone, nor is a run of other shards.
    std::fs::remove_dir_all(folder.path().join("journal/0003/shard-1")).unwrap();
    let recovered = program::run(folder.path(), ["journal", "recover", "journal"]);
    assert_eq!(recovered.code, Some(4), "{}", recovered.err);
    assert!(recovered.err.contains("damaged: journal/0003/shard-1 is gone"), "{}", recovered.err);
    let one = config(&venue, "").replace("shards = \"by-asset\"\n", "");
    std::fs::write(folder.path().join("run.toml"), one).unwrap();
    let other = venue.run(folder.path(), "run --config run.toml --live --for 1s");
    assert!(
        other.code == Some(1) && other.err.contains("are of 2 shards, and this run has 1"),
        "{}",
        other.err
    );
}
