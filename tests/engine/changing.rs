//! A configuration that is changed while the engine trades.

use std::time::Duration;

use ballast_tests::program;
use serde_json::Value;

use crate::rig::{Running, Venue, wait, within};

/// The largest order that is open, in the base asset.
fn largest(venue: &Venue) -> f64 {
    let client = venue.client("usdm");
    let open = |order: &&Value| order["status"] == "NEW" || order["status"] == "PARTIALLY_FILLED";
    let orders = client["orders"].as_array().unwrap().iter().filter(open);
    orders.map(|order| order["origQty"].as_str().unwrap().parse().unwrap()).fold(0.0, f64::max)
}

#[test]
fn a_changed_file_is_taken_over_whole_and_a_bad_one_changes_nothing() {
    let (venue, folder) = (Venue::start("--seed 5"), tempfile::tempdir().unwrap());
    let path = folder.path().join("run.toml");
    let config = venue.config(&["usdm"], "live");
    std::fs::write(&path, &config).unwrap();
    let engine = Running::start(&mut venue.engine(folder.path(), "run --config run.toml --live --json"));
    assert!(within(30_000, || venue.open_orders("usdm") > 0), "quoted");
    let before = largest(&venue);
    // Refused: a key that is laid out at the start, and a value that breaks a rule.
    for (from, to) in [("open_orders_max = 32", "open_orders_max = 8"), ("gamma = 0.05", "gamma = -1.0")] {
        assert!(config.contains(from));
        std::fs::write(&path, config.replace(from, to)).unwrap();
        engine.signal("HUP");
        wait(Duration::from_millis(500));
    }
    assert!(within(10_000, || venue.open_orders("usdm") > 0), "it still quotes");
    // A tenth of the size.
    let smaller = config
        .replace("size = { quote = \"1000\" }", "size = { quote = \"100\" }")
        .replace("order_max = { quote = \"5000\" }", "order_max = { quote = \"500\" }");
    std::fs::write(&path, smaller).unwrap();
    engine.signal("HUP");
    assert!(within(10_000, || venue.open_orders("usdm") > 0 && largest(&venue) < before / 2.0));
    wait(Duration::from_secs(2));
    assert!(largest(&venue) < before / 2.0, "no order of the old size comes back");
    engine.signal("TERM");
    let run = engine.ended();
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    assert_eq!(run.json()["notes"]["configured"], 1, "{}", run.out);
    for said in [
        "quoting.limits.open_orders_max: cannot change while running",
        "quoting.model.gamma",
        "the configuration is that of run.toml from now on",
    ] {
        assert!(run.err.contains(said), "{said}: {}", run.err);
    }
    let verified = program::run(folder.path(), ["verify", "journal/0001"]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.out, verified.err);
}
