//! Lives that trade nothing, killed or ended in order: each leaves what it was told.

use std::path::Path;
use std::time::Duration;

use ballast_model::{Carried, CarriedKind};
use ballast_runtime::journal::Recovery;

use super::config;
use crate::rig::{Running, Venue, wait, within};

/// Lives without trades.
const LIVES: usize = 6;

/// What a journal leaves of ledgers, trades, payments and orders, and what is in doubt. Up to when all was told moves on with time.
fn left(journal: &Path) -> Vec<Carried> {
    let lasts = |word: &Carried| {
        matches!(
            word.kind,
            CarriedKind::Ledger
                | CarriedKind::Trades
                | CarriedKind::Payments
                | CarriedKind::Order
                | CarriedKind::Instrument
        )
    };
    let words = Recovery::of(journal).unwrap().carried.into_iter().filter(lasts);
    let still = |mut word: Carried| {
        if word.kind == CarriedKind::Instrument {
            word.words[1] = 0;
        }
        word
    };
    words.map(still).collect()
}

#[test]
fn lives_without_trades_change_nothing_however_they_end() {
    let (venue, folder) = (Venue::start("--seed 29"), tempfile::tempdir().unwrap());
    let text = config::text(&venue);
    std::fs::write(folder.path().join("run.toml"), &text).unwrap();
    std::fs::write(folder.path().join("KILL"), "").unwrap();
    let still = text.replace("[live]\n", "[live]\nkill_file = \"KILL\"\n");
    std::fs::write(folder.path().join("still.toml"), still).unwrap();
    let start = |config: &str| {
        let arguments = format!("run --config {config} --live --json --resume");
        Running::start(&mut venue.engine(folder.path(), &arguments))
    };
    let traded = |market: &str| !venue.client(market)["trades"].as_array().unwrap().is_empty();
    let life = start("run.toml");
    assert!(within(60_000, || traded("usdm") && traded("spot")), "it trades");
    life.signal("KILL");
    drop(life.ended());
    for nth in 0..LIVES {
        let orders = venue.orders("usdm") + venue.orders("spot");
        let life = start("still.toml");
        // The first of them learns what became of what was left.
        wait(Duration::from_millis(if nth == 0 { 4_000 } else { 1_500 }));
        life.signal(if nth % 2 == 0 { "KILL" } else { "TERM" });
        let run = life.ended();
        assert_eq!(run.code, (nth % 2 == 1).then_some(0), "{}{}", run.out, run.err);
        assert!(run.err.contains("the venue takes orders"), "{}", run.err);
        assert_eq!(venue.orders("usdm") + venue.orders("spot"), orders, "nothing is sent");
    }
    let epochs: Vec<_> =
        (2..=LIVES + 1).map(|epoch| folder.path().join(format!("journal/{epoch:04}"))).collect();
    let all: Vec<_> = epochs.iter().map(|journal| left(journal)).collect();
    assert!(all[0].iter().any(|word| word.kind == CarriedKind::Trades), "something to change is there");
    for (nth, left) in all.iter().enumerate() {
        assert_eq!(left, &all[0], "after life {nth}");
    }
    let recovered = Recovery::of(&folder.path().join("journal")).unwrap();
    let futures = recovered.shard.position(ballast_model::InstrumentId(0)).0 as f64 * 0.001;
    assert!((futures - venue.position("usdm")).abs() < 1e-9, "{futures}");
}
