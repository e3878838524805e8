//! Captured flow, looped and faster than it was, through real sockets for as long as is asked: memory stays flat, no event is lost or
//! doubled, and every order that the venue knows is known to the engine and the reverse.
//!
//! By default a few minutes of flow in seconds; `./tests/soak.sh` runs an hour.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use ballast_journal::Entry;
use ballast_model::{Command, Event, OrderReport};
use ballast_runtime::journal::{History, JournalError, Step, verify};
use ballast_venue::binance::trade::CLIENT_ID_PREFIX;
use serde_json::Value;

use crate::rig::{Running, Venue, wait};

/// Below the folder of captures.
const CAPTURE: &str = "binance-hftbacktest/usdm_ethusdt_20240808.gz";

/// Memory that an engine may gain after its start, in kB: the journal's thread keeps buffers of a segment and its compression.
const GAIN_MAX: u64 = 8 << 10;

/// What the journal tells of a run.
#[derive(Debug, Default)]
struct Journaled {
    /// Orders that the core gave.
    given: BTreeSet<u64>,
    /// Those of them that never left the engine.
    unsent: BTreeSet<u64>,
    /// Those of them that the venue refused.
    refused: BTreeSet<u64>,
    /// How often each trade of ours was told.
    trades: BTreeMap<u64, u64>,
    /// Updates of books, and trades of others.
    books: u64,
    prints: u64,
    /// Updates of the book that are not newer than the one before.
    backwards: u64,
}

impl Journaled {
    fn of(folder: &Path) -> Self {
        let (mut said, mut last) = (Self::default(), None);
        let walked = History::open(folder).unwrap().walk(|record| {
            if let Entry::Command(Command::New(order)) = record.entry {
                assert!(said.given.insert(order.client_id.0), "an order id came twice");
            }
            if let Entry::Batch(batch) = &record.entry {
                let newest = batch.begin().update_id;
                said.books += 1;
                said.backwards += u64::from(last.replace(newest).is_some_and(|last| last >= newest));
            }
            if let Entry::Event(event) = &record.entry {
                said.hear(event);
            }
            Ok::<_, JournalError>(Step::On)
        });
        assert_eq!(walked.unwrap().finished(), Some(true));
        said
    }

    fn hear(&mut self, event: &Event) {
        if let Event::Order(update) = event {
            let id = update.client_id.0;
            self.unsent.extend((update.report == OrderReport::NotSent).then_some(id));
            self.refused.extend(matches!(update.report, OrderReport::Rejected(_)).then_some(id));
        }
        if let Event::Fill(fill) = event {
            *self.trades.entry(fill.trade_id.0).or_default() += 1;
        }
        self.prints += u64::from(matches!(event, Event::Trade(_)));
    }
}

/// Memory of a process in kB, as the kernel counts it.
fn resident(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Runs so many seconds at so many times the speed of the recording.
fn soak(capture: &Path, seconds: u64, speed: u64) {
    let venue = Venue::replay(capture, &format!("--speed {speed} --for {}s", seconds + 60));
    let folder = tempfile::tempdir().unwrap();
    let calm = "order_burst = 20\norders_per_second = 20\n";
    let text = venue.config(&["usdm"], "live").replace("order_burst = 200\norders_per_second = 100\n", calm);
    std::fs::write(folder.path().join("run.toml"), text).unwrap();
    let run = format!("run --config run.toml --live --json --for {seconds}s");
    let engine = Running::start(&mut venue.engine(folder.path(), &run));
    let mut memory = Vec::new();
    for _ in 0..seconds.saturating_sub(2) {
        wait(Duration::from_secs(1));
        memory.push(resident(engine.id()));
    }
    let run = engine.ended();
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    // The first part of it fills what is allocated once: rings, books, a segment of the journal.
    let warm = memory.len() / 3;
    let (before, most) = (memory[warm], *memory[warm..].iter().max().unwrap());
    let said = Journaled::of(&folder.path().join("journal/0001"));
    judge(&run.json(), &run.err, &said, &venue.client("usdm"));
    let verified = verify(&folder.path().join("journal/0001")).unwrap();
    assert_eq!(verified.difference, None);
    eprintln!(
        "{} s of flow in {seconds} s: {} book updates, {} trades, {} orders ({} unsent, {} refused), {} fills; memory {before} kB, then at most {most} kB",
        seconds * speed,
        said.books,
        said.prints,
        said.given.len(),
        said.unsent.len(),
        said.refused.len(),
        said.trades.len(),
    );
    assert!(most <= before + GAIN_MAX, "memory grew from {before} to {most} kB: {memory:?}");
}

/// Holds what the engine said and wrote against what the venue knows.
fn judge(result: &Value, told: &str, said: &Journaled, client: &Value) {
    // A connection for requests may be lost and made anew: nothing is lost with it. With one for a market a book is.
    for none in ["books_lost", "frames_unread", "clock_falls"] {
        assert_eq!(result[none], 0, "{none}: {result}\n{told}");
    }
    assert_eq!(said.backwards, 0, "book updates out of their order");
    assert!(said.books > 0 && said.prints > 0 && !said.given.is_empty(), "{said:?}");
    let rows = |name: &str| client[name].as_array().unwrap();
    let id = |order: &Value| {
        let text = order["clientOrderId"].as_str().unwrap();
        text.strip_prefix(CLIENT_ID_PREFIX).unwrap().parse::<u64>().unwrap()
    };
    let venue: BTreeSet<_> = rows("orders").iter().map(id).collect();
    let strange: Vec<_> = venue.difference(&said.given).collect();
    assert!(strange.is_empty(), "the engine does not know its orders {strange:?}");
    let left: BTreeSet<_> = said.given.difference(&said.unsent).copied().collect();
    let lost: Vec<_> = left.difference(&venue).filter(|id| !said.refused.contains(id)).collect();
    assert!(lost.is_empty(), "the venue does not know {lost:?}");
    let trades: BTreeMap<_, _> = rows("trades").iter().map(|row| (row["id"].as_u64().unwrap(), 1)).collect();
    assert_eq!(said.trades, trades, "each fill is told once");
}

fn flow(seconds: u64, speed: u64) {
    let Some(folder) = ballast_tests::captures() else { return };
    soak(&folder.join(CAPTURE), seconds, speed);
}

#[test]
fn captured_flow_is_lossless() {
    flow(15, 20);
}

#[test]
#[ignore = "as long as BALLAST_SOAK_SECONDS says, at BALLAST_SOAK_SPEED: by tests/soak.sh"]
fn an_hour_of_captured_flow_is_lossless() {
    let number = |name: &str, without: u64| std::env::var(name).map_or(without, |text| text.parse().unwrap());
    let (flow_seconds, speed) = (number("BALLAST_SOAK_SECONDS", 3_600), number("BALLAST_SOAK_SPEED", 20));
    flow(flow_seconds / speed, speed);
}
