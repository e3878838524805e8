//! What is stored is kept, whatever happens to the process in between.

mod pressed;
mod stalls;

use super::*;
use ballast_journal::{Entry, Raw};
use ballast_model::{Event, InstrumentId, Lots, Nanos, PackedLevel, Price, Ticker, UpdateId};
use ring::{Full, Ring};
use std::path::Path;

fn ticker(step: i64) -> Event {
    let level = |price| PackedLevel::new(Price(price), Lots(step)).unwrap();
    Event::Ticker(Ticker {
        instrument: InstrumentId(0),
        update_id: UpdateId(step.cast_unsigned()),
        bid: level(1_000 + step % 17),
        ask: level(1_001 + step % 17),
        venue_time: Nanos(step * 1_000_000),
        recv_time: Nanos(step * 1_000_000),
    })
}

/// The inputs of a journal, in order.
fn inputs(folder: &Path) -> Vec<Event> {
    let mut inputs = Vec::new();
    let torn = History::open(folder).unwrap().walk(|record| {
        if let Entry::Event(event) = record.entry {
            inputs.push(event);
        }
        Ok::<_, JournalError>(Step::On)
    });
    assert_eq!(torn.unwrap(), Walked::CutShort, "no run, and ended");
    inputs
}

const SMALL: Options = Options {
    ring_bytes: 1,
    segment_bytes: 100_000,
    sync_every: Span::from_secs(1),
    pace: Pace::Replay,
    at_rest: AtRest::AsWritten,
};

#[test]
fn what_is_recorded_is_read_over_many_segments() {
    let folder = tempfile::tempdir().unwrap();
    let mut expected = Vec::new();
    let mut journal = Journal::open(folder.path(), b"meta".to_vec(), &SMALL).unwrap();
    for step in 0..60_000 {
        journal.tap.event(Nanos(step * 1_000_000), &ticker(step)).unwrap();
        expected.push(ticker(step));
    }
    let kept = journal.finish().unwrap();
    assert!(kept.segments >= 9, "{kept:?}");
    assert!(kept.bytes < 24 * kept.records, "{kept:?}");
    assert_eq!(inputs(folder.path()), expected);
    assert!(!files::ring(folder.path()).exists());
}

#[test]
fn a_run_begins_a_journal_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Journal::open(folder.path(), b"meta".to_vec(), &SMALL);
    let mut journal = open().unwrap();
    journal.tap.event(Nanos(1), &ticker(1)).unwrap();
    let refused = || {
        let error = open().unwrap_err().to_string();
        assert!(error.contains("there is a journal here already"), "{error}");
    };
    refused();
    // As if the process had died: that is one as well, and is not touched.
    drop(journal);
    refused();
    assert!(files::ring(folder.path()).exists());
    settle(folder.path()).unwrap();
    refused();
    assert_eq!(inputs(folder.path()), [ticker(1)]);
    // What has no segment is none, whatever else is there.
    std::fs::remove_file(files::segment(folder.path(), 0)).unwrap();
    std::fs::write(files::ring(folder.path()), b"of a writer that never began").unwrap();
    open().unwrap().finish().unwrap();
    assert_eq!(inputs(folder.path()), []);
}

#[test]
fn a_process_that_dies_loses_nothing() {
    for run in 0..20i64 {
        let folder = tempfile::tempdir().unwrap();
        let mut expected = Vec::new();
        let mut journal = Journal::open(folder.path(), b"meta".to_vec(), &SMALL).unwrap();
        let steps = 1 + 977 * run % 6_000;
        for step in 0..steps {
            journal.tap.event(Nanos(step), &ticker(step)).unwrap();
            expected.push(ticker(step));
        }
        // Dropped, not finished: the thread is cut off at whatever it does.
        drop(journal);
        // A write that was interrupted leaves the beginning of a record.
        if run % 3 == 0 {
            let last = files::segments(folder.path()).unwrap().pop().unwrap();
            let bytes = files::read(&last).unwrap();
            let whole = bytes.len();
            std::fs::write(&last, [&bytes[..whole], &[40, 3, 1]].concat()).unwrap();
        }
        settle(folder.path()).unwrap();
        assert_eq!(inputs(folder.path()), expected, "run {run}");
    }
}

#[test]
fn a_missing_or_exchanged_segment_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(folder.path(), b"meta".to_vec(), &SMALL).unwrap();
    for step in 0..30_000 {
        journal.tap.event(Nanos(step), &ticker(step)).unwrap();
    }
    journal.finish().unwrap();
    let walk = || History::open(folder.path()).unwrap().walk(|_| Ok::<_, JournalError>(Step::On));
    let (first, second) = (files::segment(folder.path(), 1), files::segment(folder.path(), 2));
    let kept = std::fs::read(&first).unwrap();
    std::fs::remove_file(&first).unwrap();
    let error = walk().unwrap_err().to_string();
    assert!(error.contains("0000000002.journal") && error.contains("a segment is missing"), "{error}");
    std::fs::write(&first, &kept[..kept.len() - 10]).unwrap();
    let error = walk().unwrap_err().to_string();
    assert!(error.contains("0000000001.journal") && error.contains("is incomplete"), "{error}");
    std::fs::write(&first, &kept).unwrap();
    assert_eq!(walk().unwrap(), Walked::CutShort);
    let mut bytes = std::fs::read(&second).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&second, &bytes).unwrap();
    let error = walk().unwrap_err().to_string();
    assert!(error.contains("0000000002.journal: record "), "{error}");
}

#[test]
fn a_folder_without_a_journal_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let error = History::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("no journal"), "{error}");
    let error = History::open(&folder.path().join("none")).unwrap_err().to_string();
    assert!(error.contains("none"), "{error}");
}

#[test]
fn a_full_ring_refuses_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (mut writer, mut reader) = Ring::create(&folder.path().join("ring"), 1).unwrap().ends();
    let body = [7u8; 1_001];
    let (mut stored, mut taken) = (0, 0);
    for round in 0..5 {
        while writer.push(Raw { seq: stored, body: &body }) == Ok(()) {
            stored += 1;
        }
        assert_eq!(stored - taken, 64);
        assert_eq!(writer.push(Raw { seq: stored, body: &body }), Err(Full));
        assert!(writer.uses(97));
        for _ in 0..64 - 7 * round {
            assert_eq!(reader.pop(), Some(Raw { seq: taken, body: &body }));
            taken += 1;
        }
        assert_eq!(writer.push(Raw { seq: stored, body: &body }), Err(Full), "room is given back, not taken");
        reader.release();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_ring_has_all_its_room_before_anything_is_stored() {
    use std::os::unix::fs::MetadataExt as _;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ring");
    drop(Ring::create(&path, 1 << 20).unwrap());
    let file = path.metadata().unwrap();
    assert!(file.len() > 1 << 20);
    assert!(512 * file.blocks() >= file.len(), "{} blocks for {} bytes", file.blocks(), file.len());
}

#[test]
fn what_cannot_be_made_whole_where_it_is_says_so() {
    let told = |kind: std::io::ErrorKind| {
        let error = JournalError::Io { path: "some/ring".into(), error: kind.into() };
        segments::unsettled(Path::new("some"), error).to_string()
    };
    for kind in [std::io::ErrorKind::ReadOnlyFilesystem, std::io::ErrorKind::PermissionDenied] {
        let error = told(kind);
        assert!(error.starts_with("some: its writer died") && error.contains("copy the folder"), "{error}");
    }
    let other = told(std::io::ErrorKind::InvalidData);
    assert!(other.starts_with("some/ring: ") && !other.contains("copy"), "{other}");
}
