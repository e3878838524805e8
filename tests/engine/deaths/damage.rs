//! Lives that go on from a journal that somebody has damaged: what is wrong is named, what came before it holds, and the venue tells
//! the rest before anything is quoted.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::config;
use crate::rig::{Running, Venue, wait, within};

/// What was done to a journal, and what is said of it; nothing where nobody can tell it from a death.
struct Case {
    name: &'static str,
    hurt: fn(&Path),
    named: Option<&'static str>,
}

const CASES: [Case; 6] = [
    Case { name: "a bit of the last segment", hurt: flip_segment, named: Some(".journal: ") },
    Case { name: "a bit of its header", hurt: flip_header, named: Some(".journal: ") },
    Case { name: "a bit of the ring", hurt: flip_ring, named: Some("not a ring of this version") },
    Case { name: "a torn record, and no ring", hurt: tear, named: None },
    Case { name: "no segment, and a ring", hurt: lose_segments, named: Some("the segments end before") },
    Case { name: "an earlier segment", hurt: lose_first, named: Some("segments before it are missing") },
];

/// Segments of a journal in their order.
fn segments(journal: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(journal).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<_> = entries.filter(|path| path.to_string_lossy().contains(".journal")).collect();
    all.sort();
    all
}

fn flip(path: &Path, at: impl Fn(usize) -> usize) {
    let mut bytes = fs::read(path).unwrap();
    let at = at(bytes.len());
    bytes[at] ^= 0x10;
    fs::write(path, bytes).unwrap();
}

fn flip_segment(journal: &Path) {
    flip(segments(journal).last().unwrap(), |length| length / 2);
}

fn flip_header(journal: &Path) {
    segments(journal).iter().for_each(|path| flip(path, |_| 12));
}

fn flip_ring(journal: &Path) {
    flip(&journal.join("ring"), |_| 3);
}

fn tear(journal: &Path) {
    fs::remove_file(journal.join("ring")).unwrap();
    let last = segments(journal).pop().unwrap();
    let length = fs::metadata(&last).unwrap().len();
    fs::OpenOptions::new().write(true).open(last).unwrap().set_len(length * 2 / 3).unwrap();
}

fn lose_segments(journal: &Path) {
    segments(journal).iter().for_each(|path| fs::remove_file(path).unwrap());
}

fn lose_first(journal: &Path) {
    fs::remove_file(&segments(journal)[0]).unwrap();
}

/// The journal of the last epoch.
fn newest(journal: &Path) -> PathBuf {
    let entries = fs::read_dir(journal).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).max().unwrap()
}

#[test]
fn what_is_damaged_is_named_and_the_venue_tells_the_rest() {
    let (venue, folder) = (Venue::start("--seed 31"), tempfile::tempdir().unwrap());
    fs::write(folder.path().join("run.toml"), config::text(&venue)).unwrap();
    let journal = folder.path().join("journal");
    for Case { name, hurt, named } in CASES {
        let trades =
            || ["usdm", "spot"].map(|market| venue.client(market)["trades"].as_array().unwrap().len());
        let before = trades();
        let life = Running::start(&mut venue.engine(folder.path(), "run --config run.toml --live --json"));
        let is_ready = || {
            let traded = trades().iter().zip(before).all(|(now, before)| *now > before);
            // Where an earlier segment is lost there has to be a later one.
            traded && (named != CASES[5].named || segments(&newest(&journal)).len() > 1)
        };
        assert!(within(90_000, is_ready), "{name}: nothing to lose");
        life.signal("KILL");
        drop(life.ended());
        hurt(&newest(&journal));
        let run = venue.run(folder.path(), "run --config run.toml --live --json --for 4s");
        assert_eq!(run.code, Some(0), "{name}: {}{}", run.out, run.err);
        let damaged: Vec<_> = run.err.lines().filter(|line| line.starts_with("damaged: ")).collect();
        match named {
            Some(named) => assert!(damaged.iter().any(|line| line.contains(named)), "{name}: {}", run.err),
            None => assert!(damaged.is_empty(), "{name}: {damaged:?}"),
        }
        wait(Duration::from_millis(200));
        agrees(&venue, name, &run.json());
    }
}

/// It has quoted again, and believes what the venue says.
fn agrees(venue: &Venue, name: &str, result: &serde_json::Value) {
    assert!(result["orders"].as_u64() > Some(1), "{name}: {result}");
    let believed =
        |nth: usize| result["instruments"][nth]["position"].as_str().unwrap().parse::<f64>().unwrap();
    let row = |row: &serde_json::Value| {
        let bought = row.get("buyer").or_else(|| row.get("isBuyer")).unwrap().as_bool().unwrap();
        let size: f64 = row["qty"].as_str().unwrap().parse().unwrap();
        if bought { size } else { -size }
    };
    for (nth, market) in config::MARKETS.into_iter().enumerate() {
        let truth: f64 = venue.client(market)["trades"].as_array().unwrap().iter().map(row).sum();
        assert!((believed(nth) - truth).abs() < 1e-9, "{name}: {market} has {truth}: {result}");
        assert_eq!(venue.open_orders(market), 0, "{name}: {market}");
    }
}
