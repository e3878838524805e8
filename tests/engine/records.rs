//! What a simulated venue says over sockets, recorded and read like a capture.

use std::path::Path;
use std::time::Duration;

use ballast_tests::program::{self, Run};
use serde_json::Value;

use crate::rig::{Running, Venue, wait, within};

fn at(folder: &Path, arguments: &str) -> Run {
    program::run(folder, arguments.split_whitespace())
}

/// What `record` counted live and `book check` counts again.
const COUNTS: [&str; 5] = ["frames", "level_updates", "trades", "tickers", "gaps"];

fn assert_counts(recorded: &Value, checked: &Value) {
    for name in COUNTS {
        assert!(recorded[name].is_u64(), "{name}: {recorded}");
        assert_eq!(recorded[name], checked[name], "{name}");
    }
}

#[test]
fn what_is_recorded_reads_like_a_capture() {
    let (venue, folder) = (Venue::start("--seed 3"), tempfile::tempdir().unwrap());
    let folder = folder.path();
    // Two symbols on one connection: a snapshot names none, and only what was asked for tells whose it is.
    let one = "market = \"usdm\"\nsymbols = [\"ETHUSDT\"]";
    let config = venue.config(&["usdm", "spot"], "paper");
    assert!(config.contains(one));
    let config = config.replace(one, &one.replace("[", "[\"BTCUSDT\", "));
    std::fs::write(folder.join("run.toml"), config).unwrap();
    let record = Running::start(&mut venue.engine(folder, "record --config run.toml --out tape --json"));
    wait(Duration::from_secs(6));
    // A connection is lost meanwhile, and its book with it.
    venue.set_faults("usdm", "seed = 1\n[[fault]]\nkind = \"disconnect\"\non = \"market\"\n");
    wait(Duration::from_secs(8));
    record.signal("TERM");
    let run = record.ended();
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    let result = run.json();
    for (nth, market) in ["usdm", "spot"].into_iter().enumerate() {
        let live = &result["venues"][nth];
        assert_eq!(live["market"], market);
        assert_eq!((&live["lost_records"], &live["frames_unread"]), (&0.into(), &0.into()), "{live}");
        assert!(live["trades"].as_u64() > Some(0) && live["level_updates"].as_u64() > Some(100), "{live}");
        let check = at(folder, &format!("book check tape/{market} --json"));
        assert_eq!(check.code, Some(0), "{}{}", check.out, check.err);
        let checked = check.json();
        assert_counts(live, &checked);
        assert_eq!(checked["bad_lines"], 0, "{checked}");
        assert!(checked["comparisons"].as_u64() > Some(0), "{checked}");
    }
    let usdm = &result["venues"][0];
    assert!(usdm["connections_lost"].as_u64() > Some(0), "{usdm}");
    assert!(usdm["snapshots"].as_u64() > Some(2), "a book of its own after the loss: {usdm}");
    let inspected = at(folder, "capture inspect tape --json").json();
    let inspected = inspected["recordings"].as_array().unwrap();
    assert_eq!(inspected.len(), 2, "spot and usdm, by name");
    assert!(inspected.iter().all(|one| one["finished"] == true && one["lost_records"] == 0), "{inspected:?}");
    std::fs::write(folder.join("replay.toml"), ballast_tests::market::QUOTER).unwrap();
    let replayed = at(folder, "replay --config replay.toml --data tape/usdm --json");
    assert_eq!(replayed.code, Some(0), "{}", replayed.err);
    assert_eq!(replayed.json()["frames"], usdm["frames"]);
    let again = at(folder, "replay --config replay.toml --data tape/usdm --json");
    assert_eq!(again.json()["decisions_hash"], replayed.json()["decisions_hash"]);
    let taken = venue.run(folder, "record --config run.toml --out tape --for 1s");
    assert_ne!(taken.code, Some(0), "a recording is never written over");
    assert!(taken.err.contains("there is a recording here already"), "{}", taken.err);
}

#[test]
fn a_recorder_that_is_killed_leaves_what_can_be_read() {
    let (venue, folder) = (Venue::start("--seed 9"), tempfile::tempdir().unwrap());
    let folder = folder.path();
    std::fs::write(folder.join("run.toml"), venue.config(&["usdm"], "paper")).unwrap();
    let record = Running::start(&mut venue.engine(folder, "record --config run.toml --out tape"));
    let segment = folder.join("tape/usdm/0000000000.frames");
    let length = || std::fs::metadata(&segment).map_or(0, |file| file.len());
    assert!(within(20_000, || length() > 200_000), "{} bytes", length());
    record.signal("KILL");
    assert_eq!(record.ended().code, None);
    let inspected = at(folder, "capture inspect tape --json");
    assert_eq!(inspected.code, Some(0), "{}", inspected.err);
    let inspected = &inspected.json()["recordings"][0];
    assert_eq!(inspected["finished"], false);
    assert!(inspected["message_bytes"].as_u64() > Some(100_000), "{inspected}");
    let checked = at(folder, "book check tape --json");
    assert_eq!(checked.code, Some(0), "{}", checked.err);
    let (messages, answers) =
        (inspected["messages"].as_u64().unwrap(), inspected["answers"].as_u64().unwrap());
    assert_eq!(checked.json()["frames"].as_u64(), Some(messages + answers));
}

#[test]
fn a_run_taps_its_own_sockets() {
    let (venue, folder) = (Venue::start("--seed 3"), tempfile::tempdir().unwrap());
    let folder = folder.path();
    std::fs::write(folder.join("run.toml"), venue.config(&["usdm"], "live")).unwrap();
    let run = venue.run(folder, "run --config run.toml --live --tap tape --for 10s --json");
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    let recorded = &run.json()["recorded"][0];
    assert_eq!((&recorded["market"], &recorded["lost_records"]), (&"usdm".into(), &0.into()), "{recorded}");
    let check = at(folder, "book check tape --json");
    assert_eq!(check.code, Some(0), "{}{}", check.out, check.err);
    assert!(check.json()["comparisons"].as_u64() > Some(0));
    let said = at(folder, "capture inspect tape").out;
    let [key, secret] = venue.keys();
    assert!(
        !said.contains(&key) && !said.contains(&secret) && !said.contains("listenKey"),
        "no word of ours"
    );
    let verified = at(folder, "verify journal/0001");
    assert_eq!(verified.code, Some(0), "{}{}", verified.out, verified.err);
}
