//! Kills from outside: by a file and by a signal.

use std::time::Duration;

use ballast_tests::program;

use crate::rig::{Running, Venue, wait, within};

/// How long the venue may take to be empty.
const EMPTY_MS: u64 = 3_000;

#[test]
fn a_kill_file_and_a_signal_empty_the_venue_and_no_order_follows() {
    let (venue, folder) = (Venue::start("--seed 5"), tempfile::tempdir().unwrap());
    let config = venue.config(&["usdm"], "live").replace("[live]\n", "[live]\nkill_file = \"KILL\"\n");
    std::fs::write(folder.path().join("run.toml"), config).unwrap();
    let kill_file = folder.path().join("KILL");
    std::fs::write(&kill_file, "").unwrap();
    let engine = Running::start(&mut venue.engine(folder.path(), "run --config run.toml --live --json"));
    // There from the start: nothing is quoted.
    wait(Duration::from_secs(4));
    assert_eq!(venue.orders("usdm"), 0, "an order left though the kill file is there");
    std::fs::remove_file(&kill_file).unwrap();
    assert!(within(20_000, || venue.open_orders("usdm") > 0), "quoted once the file is gone");
    std::fs::write(&kill_file, "").unwrap();
    assert!(within(EMPTY_MS, || venue.open_orders("usdm") == 0), "the file empties the venue");
    let sent = venue.orders("usdm");
    wait(Duration::from_secs(2));
    assert_eq!(venue.orders("usdm"), sent, "none leaves while it is there");
    std::fs::remove_file(&kill_file).unwrap();
    assert!(within(20_000, || venue.open_orders("usdm") > 0), "quoted again once the file is gone");
    engine.signal("USR1");
    assert!(within(EMPTY_MS, || venue.open_orders("usdm") == 0), "the signal empties the venue");
    let sent = venue.orders("usdm");
    wait(Duration::from_secs(2));
    assert_eq!(venue.orders("usdm"), sent, "none leaves after it");
    engine.signal("TERM");
    let run = engine.ended();
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    let notes = &run.json()["notes"];
    assert_eq!((&notes["killed_by_file"], &notes["killed_by_signal"]), (&2.into(), &1.into()), "{notes}");
    let verified = program::run(folder.path(), ["verify", "journal/0001"]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.out, verified.err);
    let said = program::run(folder.path(), ["journal", "inspect", "journal/0001"]).out;
    let kills = |reason: u16| {
        said.lines().filter(|line| line.contains("Kill") && line.contains(&reason.to_string())).count()
    };
    assert_eq!((kills(u16::MAX - 2), kills(u16::MAX - 3)), (2, 1), "an operator's, in the record");
}

#[test]
fn a_kill_file_that_could_never_be_seen_is_refused() {
    let (venue, folder) = (Venue::start("--seed 5"), tempfile::tempdir().unwrap());
    let config = venue.config(&["usdm"], "live").replace("[live]\n", "[live]\nkill_file = \"none/KILL\"\n");
    std::fs::write(folder.path().join("run.toml"), config).unwrap();
    let run = venue.run(folder.path(), "run --config run.toml --live --for 1s");
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert!(run.err.contains("live.kill_file") && run.err.contains("none/KILL"), "{}", run.err);
}
