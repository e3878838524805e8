//! The venue's dead-man timer: it empties the venue where a run dies or hangs and nobody else looks.

use std::time::Duration;

use crate::rig::{Running, Venue, wait, within};

/// How long the venue waits, and what it may take besides.
const COUNTDOWN_MS: u64 = 4_000;
const SLACK_MS: u64 = 700;

/// A run that quotes, and what it is told to keep.
fn quoting(dead_man: &str) -> (Venue, tempfile::TempDir, Running) {
    let (venue, folder) = (Venue::start("--seed 5"), tempfile::tempdir().unwrap());
    let config = venue.config(&["usdm"], "live");
    let config = config.replace("[live]\n", &format!("[live]\ndead_man = \"{dead_man}\"\n"));
    // Below what the venue takes in ten seconds, so that quotes stand all the time.
    let config = config.replace("order_burst = 200\n", "order_burst = 20\n");
    let config = config.replace("orders_per_second = 100\n", "orders_per_second = 10\n");
    std::fs::write(folder.path().join("run.toml"), config).unwrap();
    let engine = Running::start(&mut venue.engine(folder.path(), "run --config run.toml --live --json"));
    assert!(within(30_000, || venue.open_orders("usdm") > 0), "the run quotes");
    (venue, folder, engine)
}

#[test]
fn the_venue_empties_itself_where_a_run_is_killed_or_hangs_and_no_sooner() {
    for signal in ["KILL", "STOP"] {
        let (venue, _folder, engine) = quoting("4s");
        // Longer than the timer runs: it is kept.
        wait(Duration::from_millis(2 * COUNTDOWN_MS));
        assert!(within(2_000, || venue.open_orders("usdm") > 0), "the timer was let run out");
        engine.signal(signal);
        wait(Duration::from_millis(COUNTDOWN_MS / 4));
        assert!(venue.open_orders("usdm") > 0, "{signal}: orders are left behind");
        assert!(within(COUNTDOWN_MS + SLACK_MS, || venue.open_orders("usdm") == 0), "{signal}");
        if signal == "STOP" {
            engine.signal("CONT");
            assert!(within(20_000, || venue.open_orders("usdm") > 0), "it quotes again once it moves");
            engine.signal("TERM");
            let run = engine.ended();
            assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
        }
    }
}

#[test]
fn an_orderly_stop_switches_it_off_and_what_covers_a_run_is_told() {
    let (venue, _folder, engine) = quoting("60s");
    engine.signal("TERM");
    let run = engine.ended();
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    assert!(run.err.contains("usdm: the venue cancels everything 60 s after our last word"), "{}", run.err);
    assert_eq!(venue.state("usdm")["venue"]["countdowns"], 0, "no timer is left");
    let (_venue, _folder, engine) = quoting("off");
    engine.signal("TERM");
    let run = engine.ended();
    assert!(run.err.contains("warning: usdm: the dead man's timer is off"), "{}", run.err);
    assert!(run.err.contains("ballast watchdog"), "{}", run.err);
}

#[test]
fn of_spot_it_is_said_that_the_watchdog_alone_covers_it() {
    let (venue, folder) = (Venue::start("--seed 5"), tempfile::tempdir().unwrap());
    std::fs::write(folder.path().join("run.toml"), venue.config(&["spot"], "live")).unwrap();
    let run = venue.run(folder.path(), "run --config run.toml --live --for 1s");
    assert!(run.err.contains("warning: spot: the venue has no dead man's timer"), "{}", run.err);
    std::fs::write(folder.path().join("run.toml"), venue.config(&["spot"], "paper")).unwrap();
    let run = venue.run(folder.path(), "run --config run.toml --for 1s --journal paper");
    assert!(!run.err.contains("dead man"), "on paper nothing is left: {}", run.err);
}
