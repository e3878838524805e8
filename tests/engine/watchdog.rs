//! The watchdog: what it does where a run dies or hangs, and that it is silent where one ends by itself.

use std::path::Path;
use std::time::Duration;

use ballast_tests::program::Run;

use crate::rig::{Running, Venue, wait, within};

/// How long a run may make no progress.
const AFTER: Duration = Duration::from_secs(2);
/// What the venue may take to be empty from then on.
const EMPTY_MAX: Duration = Duration::from_secs(3);

/// A run that quotes, and its watchdog.
struct Watched {
    venue: Venue,
    folder: tempfile::TempDir,
    engine: Running,
    dog: Running,
}

impl Watched {
    fn start(more: &str) -> Self {
        Self::after(Venue::start("--seed 5"), tempfile::tempdir().unwrap(), more)
    }

    /// The same, in a folder where there may have been runs before.
    fn after(venue: Venue, folder: tempfile::TempDir, more: &str) -> Self {
        let config = venue.config(&["usdm"], "live").replace("[live]\n", &format!("[live]\n{more}"));
        std::fs::write(folder.path().join("run.toml"), config).unwrap();
        let start = |arguments| Running::start(&mut venue.engine(folder.path(), arguments));
        let dog = start("watchdog --config run.toml --after 2s --json");
        let engine = start("run --config run.toml --live --json");
        assert!(within(30_000, || venue.open_orders("usdm") > 0), "the run quotes");
        Self { venue, folder, engine, dog }
    }

    /// Whether the venue is empty within the bound.
    fn is_emptied(&self) -> bool {
        assert!(self.venue.open_orders("usdm") > 0, "orders are left behind");
        let bound = (AFTER + EMPTY_MAX).as_millis();
        within(bound.try_into().unwrap(), || self.venue.open_orders("usdm") == 0)
    }
}

fn fired(run: &Run) {
    assert_eq!(run.code, Some(8), "{}{}", run.out, run.err);
    let json = run.json();
    assert_eq!((&json["fired"], &json["orders_left"]), (&true.into(), &0.into()), "{json}");
    let of = |key: &str| u128::from(json[key].as_u64().unwrap());
    assert!(of("silent_ms") >= AFTER.as_millis() && of("empty_ms") <= EMPTY_MAX.as_millis(), "{json}");
}

#[test]
fn a_run_that_is_killed_leaves_no_order() {
    let watched = Watched::start("");
    watched.engine.signal("KILL");
    assert!(watched.is_emptied(), "{}", watched.dog.ended().err);
    assert_eq!(watched.engine.ended().code, None, "by the signal");
    let run = watched.dog.ended();
    fired(&run);
    assert_eq!(watched.venue.open_orders("usdm"), 0);
    assert!(!Path::new(&watched.folder.path().join("KILL")).exists(), "none was asked for");
}

#[test]
fn a_run_that_hung_finds_itself_killed() {
    let watched = Watched::start("kill_file = \"KILL\"\n");
    watched.engine.signal("STOP");
    assert!(watched.is_emptied(), "{}", watched.dog.ended().err);
    fired(&watched.dog.ended());
    let sent = watched.venue.orders("usdm");
    watched.engine.signal("CONT");
    wait(Duration::from_secs(3));
    // What was on its way inside the run may still leave before it has looked.
    assert_eq!(watched.venue.open_orders("usdm"), 0, "{} before, {}", sent, watched.venue.orders("usdm"));
    watched.engine.signal("TERM");
    let run = watched.engine.ended();
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    assert_eq!(run.json()["notes"]["killed_by_file"], 1, "{}", run.out);
}

#[test]
fn a_run_that_ends_by_itself_leaves_it_silent() {
    let watched = Watched::start("");
    // Longer than it waits for a run that has stopped.
    wait(2 * AFTER);
    watched.engine.signal("TERM");
    let run = watched.engine.ended();
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    let run = watched.dog.ended();
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    assert_eq!(run.json()["fired"], false);
}

#[test]
fn the_end_of_the_run_before_is_not_that_of_the_next() {
    let (venue, folder) = (Venue::start("--seed 5"), tempfile::tempdir().unwrap());
    std::fs::write(folder.path().join("run.toml"), venue.config(&["usdm"], "live")).unwrap();
    let run = venue.run(folder.path(), "run --config run.toml --live --for 2s");
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    let watched = Watched::after(venue, folder, "");
    watched.engine.signal("KILL");
    assert!(watched.is_emptied(), "{}", watched.dog.ended().err);
    fired(&watched.dog.ended());
}

#[test]
fn a_key_that_is_refused_is_said_before_there_is_a_need() {
    let (venue, folder) = (Venue::start("--seed 5"), tempfile::tempdir().unwrap());
    std::fs::write(folder.path().join("run.toml"), venue.config(&["usdm"], "live")).unwrap();
    let mut command = venue.engine(folder.path(), "watchdog --config run.toml");
    let run = Run::of(command.env("DESK_KEY", "zz")).unwrap();
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert!(run.err.contains("ALARM: usdm: the venue refuses our key"), "{}", run.err);
    assert!(run.err.contains("usdm refuses the key: nothing could be cancelled there"), "{}", run.err);
}

#[test]
fn nothing_is_watched_on_paper() {
    let (venue, folder) = (Venue::start("--seed 5"), tempfile::tempdir().unwrap());
    std::fs::write(folder.path().join("run.toml"), venue.config(&["usdm"], "paper")).unwrap();
    let run = venue.run(folder.path(), "watchdog --config run.toml");
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert!(run.err.contains("paper"), "{}", run.err);
    let run = venue.run(folder.path(), "watchdog --config run.toml --after 10ms");
    assert_eq!(run.code, Some(2), "{}", run.err);
}
