//! The venue's counts of new orders: an engine that was allowed more than they take quotes all the time nevertheless.

use std::time::Duration;

use ballast_tests::program;
use serde_json::Value;

use crate::rig::{Running, Venue, wait, within};

/// How long quotes may be absent in a calm market, in milliseconds.
const ABSENT_MAX_MS: i64 = 2_000;

/// Longest time between the first order and `end` in which none was open, in milliseconds.
fn absent(orders: &[Value], end: i64) -> i64 {
    let open = |order: &Value| order["status"] == "NEW" || order["status"] == "PARTIALLY_FILLED";
    let mut spans: Vec<(i64, i64)> = orders
        .iter()
        .filter(|order| order["status"] != "REJECTED")
        .map(|order| {
            let until = if open(order) { end } else { order["updateTime"].as_i64().unwrap() };
            (order["time"].as_i64().unwrap(), until)
        })
        .collect();
    spans.sort_unstable();
    let (mut until, mut longest) = (spans[0].1, 0);
    for (from, to) in spans {
        longest = longest.max(from - until);
        until = until.max(to);
    }
    longest.max(end - until)
}

#[test]
fn on_spot_with_the_shipped_limits_quotes_are_never_absent_for_long_and_the_run_verifies() {
    let (venue, folder) = (Venue::start("--seed 5"), tempfile::tempdir().unwrap());
    let config = venue.config(&["spot"], "live") + "[threads]\nwait = \"park\"\n";
    assert!(config.contains("order_burst = 200\norders_per_second = 100\n"), "as the shipped files have it");
    std::fs::write(folder.path().join("run.toml"), config).unwrap();
    let engine = Running::start(&mut venue.engine(folder.path(), "run --config run.toml --live --json"));
    assert!(within(30_000, || venue.open_orders("spot") > 0), "the run quotes");
    wait(Duration::from_secs(25));
    let client = venue.client("spot");
    let orders = client["orders"].as_array().unwrap();
    let end = orders.iter().map(|order| order["updateTime"].as_i64().unwrap()).max().unwrap();
    engine.signal("TERM");
    let run = engine.ended();
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    let absent = absent(orders, end);
    assert!(absent <= ABSENT_MAX_MS, "no quotes for {absent} ms, {} orders\n{}", orders.len(), run.err);
    let said = "warning: spot ETHUSDT: order_burst 200 and orders_per_second 100 are 1200 new orders of 1 instrument(s) in 10 s, of \
                which the venue takes 50: lowered to 15 and 3";
    assert!(run.err.contains(said), "{}", run.err);
    let verified = program::run(folder.path(), ["verify", "journal/0001"]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.out, verified.err);
}
