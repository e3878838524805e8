//! Amendments and exits in whole runs: that they occur, that the venue takes them, and that nothing else is lost by them.

use ballast_model::InstrumentId;
use ballast_runtime::config::{AmendConfig, Config};
use ballast_runtime::job::{Mode, Played};
use ballast_runtime::replay::Unobserved;
use ballast_tests::market::{Line, QUOTER, config};

use crate::rig::{FUTURES, SPOT, file, prepare};

fn play(config: Config, lines: &[Line]) -> Played {
    let config: &'static Config = Box::leak(Box::new(config));
    let prepared = prepare(config, &[file(lines)]);
    let (played, again) =
        (prepared.play(Mode::Quoting, 1, &mut Unobserved), prepared.play(Mode::Quoting, 1, &mut Unobserved));
    let played = played.unwrap();
    assert_eq!(played.outcome, again.unwrap().outcome, "a second run is the same run");
    played
}

#[test]
fn futures_quotes_are_amended_and_the_venue_takes_it() {
    let run = |amend| {
        let mut config = config(QUOTER);
        config.quoting.amend = amend;
        play(config, &FUTURES)
    };
    let (anew, amended) = (run(AmendConfig::Never), run(AmendConfig::Venue));
    let (before, after, venue) = (&anew.outcome, &amended.outcome, amended.venue.counters());
    println!("{before:?}\n{after:?}\n{venue:?}");
    assert_eq!((before.replaces, after.replaces), (0, venue.replaces));
    assert!(venue.replaced > 100 && 10 * venue.replaced > 9 * venue.replaces, "taken, nearly all of them");
    assert!(2 * (after.orders + after.cancels) < before.orders + before.cancels, "one request for two");
    assert!(after.fills > 0);
}

#[test]
fn spot_quotes_are_amended_only_where_they_become_smaller() {
    let mut config = config(QUOTER);
    config.quoting.amend = AmendConfig::Venue;
    let played = play(config, &SPOT);
    let counters = played.venue.counters();
    assert_eq!(counters.replaces, counters.replaced, "whatever was asked was allowed");
    assert!(played.outcome.cancels > 100, "moving a price is no amendment there");
}

#[test]
fn exits_close_positions_in_a_whole_run() {
    let exits = "[quoting.exits]\nstop_loss_bps = 0.3\ntake_profit_bps = 0.5\nprotection_bps = 20.0\n\
                 cooldown = \"200ms\"\n[quoting.limits]";
    let text = QUOTER.replacen("[quoting.limits]", exits, 1);
    let (without, with) = (play(config(QUOTER), &FUTURES), play(config(&text), &FUTURES));
    let id = InstrumentId(0);
    let taken = |played: &Played| played.shard.ledger(id).unwrap().fills(ballast_model::Liquidity::Taker);
    println!("{:?}\n{:?}", without.outcome, with.outcome);
    assert_eq!(taken(&without), 0);
    assert!(taken(&with) > 0, "an exit takes");
    assert_eq!(with.shard.position(id), with.venue.position(id));
}
