//! Fees that a spot venue takes from the coins a buy brings in: what the venue holds, what the ledger books and what is reported.

use ballast_core::ledger::booked_fee;
use ballast_model::{InstrumentId, Money, Price};
use ballast_runtime::journal::{Past, Recovery};
use ballast_tests::program;
use serde_json::Value;

use crate::rig::Venue;

/// Coins that a client has to begin with, in 10⁻⁸.
const COINS: i64 = 20 * E8;
const E8: i64 = 100_000_000;

/// Digits in units of 10⁻⁸.
fn e8(text: &Value) -> i64 {
    let (whole, part) = text.as_str().unwrap().split_once('.').unwrap();
    format!("{whole}{part:0<8}").parse().unwrap()
}

#[test]
fn fees_of_spot_buys_come_out_of_the_coins() {
    let (venue, folder) = (Venue::start("--seed 5"), tempfile::tempdir().unwrap());
    let text = venue.config(&["spot"], "live");
    // Below the venue's count of orders in ten seconds, close enough to the touch to trade with so few.
    let text = text
        .replace("order_burst = 200\norders_per_second = 100\n", "order_burst = 20\norders_per_second = 3\n");
    let text = text
        .replace("price_tolerance_ticks = 2\n", "price_tolerance_ticks = 10\n")
        .replace("k_per_bp = 2.0", "k_per_bp = 6.0");
    std::fs::write(folder.path().join("run.toml"), text).unwrap();
    let run = venue.run(folder.path(), "run --config run.toml --live --json --for 12s");
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    let client = venue.client("spot");
    let trades = client["trades"].as_array().unwrap();
    let past = Past::of(&folder.path().join("journal")).unwrap();
    let shard = past.recoveries().map(|past: &Recovery| &past.shard).next().unwrap();
    let (id, spec) = (InstrumentId(0), shard.spec(InstrumentId(0)).unwrap());
    let (mut coins, mut buys, mut fees) = (COINS, 0, Money::ZERO);
    for trade in trades {
        let (qty, fee, price) =
            (e8(&trade["qty"]), e8(&trade["commission"]), e8(&trade["price"]) / (E8 / 100));
        let is_buyer = trade["isBuyer"].as_bool().unwrap();
        let (paid_in, charged) = if is_buyer { ("ETH", spec.base) } else { ("USDT", spec.quote) };
        assert_eq!(trade["commissionAsset"], paid_in, "{trade}");
        coins += if charged == spec.base { qty - fee } else { -qty };
        buys += usize::from(charged == spec.base);
        fees += Money::from_e8(booked_fee(spec, Price(price), (charged, fee)).unwrap().1);
    }
    assert!(buys > 0 && fees > Money::ZERO, "it bought: {trades:?}");
    let held = client["balances"].as_array().unwrap().iter().find(|row| row["asset"] == "ETH").unwrap();
    assert_eq!(e8(&held["free"]) + e8(&held["locked"]), coins, "coins less fees are there: {held}");
    let ledger = shard.ledger(id).unwrap();
    assert_eq!((ledger.fees(spec.quote), ledger.fees(spec.base)), (fees, Money::ZERO));
    assert_eq!(run.json()["fills"].as_u64(), Some(trades.len() as u64));
    let verified = program::run(folder.path(), ["verify", "journal/0001"]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.out, verified.err);
}
