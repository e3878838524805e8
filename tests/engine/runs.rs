//! Whole runs of the engine at a simulated venue.

use std::path::Path;

use ballast_tests::program;
use serde_json::Value;

use crate::rig::{Venue, within};

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).unwrap();
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![std::fs::read(path).unwrap()] })
        .collect()
}

fn position_of(result: &Value) -> f64 {
    result["instruments"][0]["position"].as_str().unwrap().parse().unwrap()
}

#[test]
fn paper_trades_a_real_market_and_sends_nothing() {
    let (venue, folder) = (Venue::start("--seed 3"), tempfile::tempdir().unwrap());
    write(folder.path(), "run.toml", &venue.config(&["usdm"], "paper"));
    let run = venue.run(folder.path(), "run --config run.toml --for 12s --out report --json");
    assert_eq!(run.code, Some(0), "{}", run.err);
    let result = run.json();
    assert!(result["orders"].as_u64().unwrap() > 0, "{result}");
    assert_eq!(venue.client("usdm")["orders"].as_array().unwrap().len(), 0, "nothing reached the venue");
    assert!(folder.path().join("report/report.html").exists() || result["report"].is_string(), "{result}");
    let verified = program::run(folder.path(), ["verify", "journal/0001"]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.out, verified.err);
}

#[test]
fn orders_are_traded_and_what_the_engine_believes_is_the_venues_truth() {
    let (venue, folder) = (Venue::start("--seed 5"), tempfile::tempdir().unwrap());
    write(folder.path(), "run.toml", &venue.config(&["usdm"], "live"));
    let refused = venue.run(folder.path(), "run --config run.toml --for 1s");
    assert_eq!(refused.code, Some(1), "{}", refused.err);
    assert!(refused.err.contains("--live"), "{}", refused.err);
    let run = venue.run(folder.path(), "run --config run.toml --live --for 20s --json");
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    let result = run.json();
    let client = venue.client("usdm");
    let orders = client["orders"].as_array().unwrap();
    assert!(!orders.is_empty(), "{result}");
    let open = |order: &&Value| order["status"] == "NEW" || order["status"] == "PARTIALLY_FILLED";
    assert_eq!(orders.iter().filter(open).count(), 0, "none is left");
    assert_eq!(result["orders_left"], false);
    let trades = client["trades"].as_array().unwrap().len() as u64;
    assert_eq!(result["fills"].as_u64(), Some(trades), "each fill is booked once");
    assert!((position_of(&result) - venue.position("usdm")).abs() < 1e-9, "{result}");
    let verified = program::run(folder.path(), ["verify", "journal/0001"]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.out, verified.err);
    let [key, secret] = venue.keys();
    let said = [run.out.into_bytes(), run.err.into_bytes()];
    for text in files(folder.path()).iter().chain(&said) {
        for hidden in [&key, &secret] {
            assert!(
                !text.windows(hidden.len()).any(|window| window == hidden.as_bytes()),
                "a key was written"
            );
        }
    }
}

/// As when the host lost its power: of what was not yet on the disk nothing is left.
fn lose_power(journal: &Path) {
    std::fs::remove_file(journal.join("ring")).unwrap();
    let segment = journal.join("0000000000.journal");
    let length = std::fs::metadata(&segment).unwrap().len();
    let file = std::fs::OpenOptions::new().write(true).open(&segment).unwrap();
    file.set_len(length / 2).unwrap();
}

#[test]
fn orders_that_were_lost_with_power_are_recognised() {
    let (venue, folder) = (Venue::start("--seed 11"), tempfile::tempdir().unwrap());
    write(folder.path(), "run.toml", &venue.config(&["usdm"], "live"));
    let mut engine = venue.engine(folder.path(), "run --config run.toml --live").spawn().unwrap();
    let dies_with_orders = within(30_000, || venue.orders("usdm") > 40 && venue.open_orders("usdm") > 0);
    engine.kill().unwrap();
    engine.wait().unwrap();
    assert!(dies_with_orders);
    lose_power(&folder.path().join("journal/0001"));
    let run = venue.run(folder.path(), "run --config run.toml --live --for 8s --json");
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    assert!(run.err.contains("ALARM: the venue knows"), "{}", run.err);
    let result = run.json();
    assert!(result["notes"]["unjournaled_order"].as_u64() > Some(0), "{result}");
    assert!((position_of(&result) - venue.position("usdm")).abs() < 1e-9, "{}{}", run.out, run.err);
    assert_eq!(venue.open_orders("usdm"), 0);
    let verified = program::run(folder.path(), ["verify", "journal/0002"]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.out, verified.err);
}

#[test]
fn a_killed_engine_goes_on_where_it_was() {
    let (venue, folder) = (Venue::start("--seed 9"), tempfile::tempdir().unwrap());
    write(folder.path(), "run.toml", &venue.config(&["usdm"], "live"));
    let is_open = |order: &Value| order["status"] == "NEW";
    for run in 1..=2 {
        let before = venue.client("usdm")["orders"].as_array().unwrap().len();
        let mut engine = venue.engine(folder.path(), "run --config run.toml --live").spawn().unwrap();
        let dies_with_orders = within(30_000, || {
            let client = venue.client("usdm");
            let orders = client["orders"].as_array().unwrap();
            orders.len() > before + 20 && orders.iter().any(is_open)
        });
        engine.kill().unwrap();
        engine.wait().unwrap();
        assert!(dies_with_orders, "run {run}");
    }
    let run = venue.run(folder.path(), "run --config run.toml --live --for 10s --json");
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    assert!((position_of(&run.json()) - venue.position("usdm")).abs() < 1e-9, "{}{}", run.out, run.err);
    let client = venue.client("usdm");
    let open = client["orders"].as_array().unwrap().iter().filter(|order| is_open(order)).count();
    assert_eq!(open, 0);
    for journal in ["journal/0001", "journal/0002", "journal/0003"] {
        let verified = program::run(folder.path(), ["verify", journal]);
        assert_eq!(verified.code, Some(0), "{journal}: {}{}", verified.out, verified.err);
    }
}
