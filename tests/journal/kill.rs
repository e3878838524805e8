//! A replaying process is killed at random moments: nothing it recorded is lost, and every order that the exchange saw was
//! recorded before.

use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use ballast_core::shard::Shard;
use ballast_exchange::synth::Dialect;
use ballast_journal::Entry;
use ballast_model::{Event, Nanos, OrderReport};
use ballast_runtime::config::Config;
use ballast_runtime::job::{Mode, Prepared};
use ballast_runtime::journal::{History, Journal, JournalError, Options, Step, Walked, settle, verify};
use ballast_runtime::replay::{Journaled, Observer};
use ballast_tests::market::{QUOTER, lines, surveyed, text};

/// Names the folder that the killed process writes to.
const FOLDER: &str = "BALLAST_TEST_JOURNAL";

/// How often a process is killed.
const KILLS: u64 = 50;

/// A number with which the moments are those of an earlier run; it is printed.
const SEED: &str = "BALLAST_TEST_SEED";

/// The first tenths of a second, in microseconds: a replay takes longer.
const MICROS: u64 = 90_000;

/// Says which orders the exchange has accepted, as it says so.
struct Accepted;

impl Observer for Accepted {
    fn before(&mut self, _: Nanos, _: &Shard) {}

    fn after(&mut self, event: &Event, _: Nanos, _: &Shard) {
        if let Event::Order(update) = event
            && let OrderReport::Accepted(_) = update.report
        {
            writeln!(std::io::stdout().lock(), "accepted {}", update.client_id.0).unwrap();
        }
    }
}

/// What the killed process does; nothing where it is not that process.
#[test]
fn replay_until_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let config = Config::parse(QUOTER, Path::new("quoter.toml")).unwrap();
    let files = [surveyed("futures", text(&lines(Dialect::UsdM, 31, 20)))];
    let prepared = Prepared::from_surveyed(&config, Path::new("quoter.toml"), &files, |_| {}).unwrap();
    let options = Options { ring_bytes: 1, segment_bytes: 200_000, ..Options::default() };
    let meta = prepared.meta(Mode::Quoting).to_bytes();
    let mut journal = Journal::open(Path::new(&folder), meta, &options).unwrap();
    writeln!(std::io::stdout().lock(), "begin").unwrap();
    let mut record = Journaled::new(&mut journal.tap);
    prepared.play_recorded(Mode::Quoting, 10_000, &mut Accepted, &mut record).unwrap();
}

/// A process that has begun to write a journal, and what it says.
pub(crate) fn writing(folder: &Path) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::replay_until_killed", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("begin") {
        line.clear();
        assert!(out.read_line(&mut line).unwrap() > 0, "it ended before it began");
    }
    (child, out)
}

/// The orders that a process told of before it was killed after this time.
pub(crate) fn killed_after(wait: Duration, folder: &Path) -> BTreeSet<u64> {
    let (mut child, out) = writing(folder);
    let reader = std::thread::spawn(move || {
        let told = out.lines().map_while(Result::ok);
        told.filter_map(|line| line.strip_prefix("accepted ")?.parse().ok()).collect()
    });
    #[expect(clippy::disallowed_methods, reason = "the moment of a kill is the point")]
    std::thread::sleep(wait);
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

/// When to kill: random from a seed that is another each time, or the one that is asked for.
fn moments() -> impl Iterator<Item = Duration> {
    let asked = std::env::var(SEED).ok().map(|seed| seed.parse().expect("a seed is a whole number"));
    let mut state = asked.unwrap_or_else(|| RandomState::new().build_hasher().finish());
    println!("{SEED}={state}");
    core::iter::repeat_with(move || {
        // SplitMix64 (Steele, Lea and Flood 2014, figure 17).
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        Duration::from_micros((mixed ^ mixed >> 31) % MICROS)
    })
}

#[test]
fn a_killed_process_has_lost_nothing() {
    let mut seen = 0;
    for (kill, wait) in (0..KILLS).zip(moments()) {
        let folder = tempfile::tempdir().unwrap();
        let told = killed_after(wait, folder.path());
        settle(folder.path()).unwrap();
        let mut recorded = BTreeSet::new();
        let torn = History::open(folder.path()).unwrap().walk(|record| {
            if let Entry::Command(ballast_model::Command::New(order)) = record.entry {
                recorded.insert(order.client_id.0);
            }
            Ok::<_, JournalError>(Step::On)
        });
        assert_eq!(torn.unwrap(), Walked::CutShort, "kill {kill}: whole after it was settled");
        let missing: Vec<_> = told.difference(&recorded).collect();
        assert!(missing.is_empty(), "kill {kill}: the exchange saw {missing:?}");
        // An exact prefix: every decision in it is repeated.
        let again = verify(folder.path()).unwrap();
        assert_eq!(again.difference, None, "kill {kill}");
        seen += told.len();
    }
    assert!(seen > 1_000, "{seen} orders in all: too few to tell");
}
