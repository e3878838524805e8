//! A tick that changes while the engine trades.

use std::path::Path;
use std::time::Duration;

use ballast_tests::program::{self, Run};
use serde_json::Value;

use crate::rig::{Running, Venue, wait, within};

/// How long a change may take until there are quotes on the new grid, in milliseconds.
const BACK_MS: u64 = 40_000;

/// Another tick of the market's ETHUSDT, from now on.
fn regrid(venue: &Venue, kind: &str, to: &str) {
    venue.set_faults("usdm", &format!("[[fault]]\nkind = \"{kind}\"\nsymbol = \"ETHUSDT\"\nto = \"{to}\"\n"));
}

/// Prices of the orders that are open, in cents.
fn open_cents(venue: &Venue) -> Vec<i64> {
    let client = venue.client("usdm");
    let open = |order: &&Value| order["status"] == "NEW" || order["status"] == "PARTIALLY_FILLED";
    let orders = client["orders"].as_array().unwrap().iter().filter(open);
    // This market prints two digits whatever its tick.
    let cents = |order: &Value| order["price"].as_str().unwrap().replace('.', "").parse().unwrap();
    orders.map(cents).collect()
}

/// Whether something is quoted, and all of it on a grid of so many cents.
fn quotes_on(venue: &Venue, cents: i64) -> bool {
    let open = open_cents(venue);
    !open.is_empty() && open.iter().all(|price| price % cents == 0)
}

fn verified(folder: &Path, run: &Run, journals: &[&str]) {
    for journal in journals {
        let verified = program::run(folder, ["verify", journal]);
        assert_eq!(verified.code, Some(0), "{journal}: {}{}\n{}", verified.out, verified.err, run.err);
    }
}

#[test]
fn a_run_goes_over_to_another_tick_and_back_by_itself() {
    let (venue, folder) = (Venue::start("--seed 5"), tempfile::tempdir().unwrap());
    std::fs::write(folder.path().join("run.toml"), venue.config(&["usdm"], "live")).unwrap();
    let arguments = "run --config run.toml --live --out report --json";
    let engine = Running::start(&mut venue.engine(folder.path(), arguments));
    assert!(within(30_000, || venue.orders("usdm") > 30), "it trades");
    let heart = folder.path().join("journal/heartbeat");
    for (to, cents) in [("0.1", 10), ("0.01", 1)] {
        regrid(&venue, "tick-size", to);
        let is_there = |venue: &Venue| {
            if cents > 1 {
                quotes_on(venue, cents)
            } else {
                open_cents(venue).iter().any(|price| price % 10 != 0)
            }
        };
        assert!(within(BACK_MS, || is_there(&venue)), "tick of {to}: {:?}", open_cents(&venue));
        assert!(std::fs::read_to_string(&heart).unwrap().starts_with("alive"));
        wait(Duration::from_secs(3));
    }
    engine.signal("TERM");
    let run = engine.ended();
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    let result = run.json();
    let changes = result["regridded"].as_array().unwrap();
    assert_eq!(changes.len(), 2, "{result}");
    assert!(changes.iter().all(|change| change["pause_seconds"].as_f64() < Some(10.0)), "{result}");
    assert_eq!(changes[0]["changed"][0], "usdm ETHUSDT: its tick was 0.01 and is 0.1 now");
    let trades = venue.client("usdm")["trades"].as_array().unwrap().len() as u64;
    assert_eq!(result["fills"].as_u64(), Some(trades), "each fill is booked once: {}", run.err);
    let position: f64 = result["instruments"][0]["position"].as_str().unwrap().parse().unwrap();
    assert!((position - venue.position("usdm")).abs() < 1e-9, "{result}");
    assert_eq!((venue.open_orders("usdm"), &result["orders_left"]), (0, &Value::Bool(false)));
    verified(folder.path(), &run, &["journal/0001", "journal/0002", "journal/0003"]);
    let refused = |journal: &str| {
        let said = program::run(folder.path(), ["journal", "inspect", journal]);
        said.out.matches("report: Rejected(Price)").count()
    };
    // That is how it was noticed; from then on every order fits.
    assert!(refused("journal/0001") > 0);
    assert_eq!((refused("journal/0002"), refused("journal/0003")), (0, 0));
}
