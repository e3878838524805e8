//! What is stored is kept, whatever happens to the process in between.

mod left;
mod pressed;
mod ring_damage;
mod stalls;
mod unbegun;

use super::*;
use ballast_journal::{Checkpoint, Draft, Entry, Plain};
use ballast_model::{
    BookBatch, BookBegin, BookKind, Event, InstrumentId, JournalHealth, Lots, Nanos, PackedLevel, Price,
    Ticker, UpdateId,
};
use ring::{Full, Ring, RingReader, RingWriter};
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
    // The first is no other: what comes after it does not begin a journal.
    let begin = files::segment(folder.path(), 0);
    let beginning = std::fs::read(&begin).unwrap();
    std::fs::remove_file(&begin).unwrap();
    let error = walk().unwrap_err().to_string();
    assert!(error.contains("0000000001.journal") && error.contains("a segment is missing"), "{error}");
    std::fs::write(&begin, beginning).unwrap();
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

/// What a ring is told in these tests: the step, and a batch of so many levels now and then.
fn push(writer: &mut RingWriter, step: u64) -> Result<(), Full> {
    let now = Nanos(step.cast_signed());
    let level =
        |at: u64| PackedLevel::new(Price(at.cast_signed()), Lots(1 << 55 | step.cast_signed())).unwrap();
    let levels: Vec<_> = (0..step % 7).map(level).collect();
    if step.is_multiple_of(3) {
        let batch = BookBatch::new(BEGIN, &levels, &levels);
        writer.push(now, &Plain::batch(&batch), [&levels, &levels])
    } else {
        let checkpoint = Checkpoint { state_hash: !step, inputs: step, commands: 1 };
        writer.push(now, &Plain::checkpoint(&checkpoint), [&[], &[]])
    }
}

const BEGIN: BookBegin = BookBegin {
    instrument: InstrumentId(3),
    kind: BookKind::Snapshot,
    levels: 0,
    update_id: UpdateId(9),
    venue_time: Nanos(-4),
    recv_time: Nanos(5),
};

/// Takes the next of it, which is this step.
fn pop(reader: &mut RingReader, step: u64) {
    let (now, draft) = reader.pop().unwrap();
    assert_eq!(now, Nanos(step.cast_signed()));
    match draft {
        Draft::Batch(batch) => {
            assert!(step.is_multiple_of(3));
            let [(_, bids), (_, asks)] = batch.sides();
            assert_eq!((bids.len() as u64, bids), (step % 7, asks));
            assert_eq!(batch.begin(), &BookBegin { levels: 2 * u32::try_from(step % 7).unwrap(), ..BEGIN });
            for (at, level) in (0..).zip(bids) {
                assert_eq!((level.price().0, level.lots().0), (at, 1 << 55 | step.cast_signed()));
            }
        }
        Draft::Checkpoint(checkpoint) => {
            assert_eq!(checkpoint, Checkpoint { state_hash: !step, inputs: step, commands: 1 });
        }
        Draft::Event(_) | Draft::Command(_) | Draft::Carried(_) | Draft::End => panic!("{draft:?}"),
    }
}

#[test]
fn a_full_ring_refuses_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ring");
    let (mut writer, mut reader) = Ring::create(&path, 1, AtRest::AsWritten).unwrap().ends();
    let (mut stored, mut taken) = (0, 0);
    for round in 0..50 {
        while push(&mut writer, stored) == Ok(()) {
            stored += 1;
        }
        assert!(stored - taken > 400, "{stored} {taken}");
        assert!(writer.uses(97));
        for _ in 0..300 - 5 * round {
            pop(&mut reader, taken);
            taken += 1;
        }
        assert_eq!(push(&mut writer, stored), Err(Full), "room is given back, not taken");
        reader.release(taken);
        // Whoever reads what a dead process left begins there, and comes to the same end. (Here it lives, and holds the lock.)
        let copy = folder.path().join(format!("copy{round}"));
        std::fs::copy(&path, &copy).unwrap();
        let (mut left, since) = Ring::read(&copy).unwrap().unwrap().left().unwrap();
        assert_eq!(since, taken);
        (taken..stored).for_each(|step| pop(&mut left, step));
        assert!(left.pop().is_none());
        assert_eq!(left.missing(), None);
    }
}

#[test]
fn a_ring_that_is_damaged_gives_nothing_that_was_not_stored() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ring");
    let (mut writer, mut reader) = Ring::create(&path, 1, AtRest::AsWritten).unwrap().ends();
    // More than a lap, so that words of the lap before stand behind the last.
    for step in 0..2_000 {
        push(&mut writer, step).unwrap();
        pop(&mut reader, step);
        reader.release(step + 1);
    }
    (2_000..2_010).for_each(|step| push(&mut writer, step).unwrap());
    let mut bytes = std::fs::read(&path).unwrap();
    // The number of words written is from a moment that never was: what stands there is of the lap before.
    let head = u64::from_le_bytes(bytes[64..72].try_into().unwrap());
    bytes[64..72].copy_from_slice(&(head + 200).to_le_bytes());
    std::fs::write(folder.path().join("copy"), &bytes).unwrap();
    let (mut left, _) = Ring::read(&folder.path().join("copy")).unwrap().unwrap().left().unwrap();
    (2_000..2_010).for_each(|step| pop(&mut left, step));
    assert!(left.pop().is_none());
    assert_eq!(left.missing(), Some("what follows is not what was stored"));
    bytes[0] ^= 1;
    std::fs::write(folder.path().join("other"), &bytes).unwrap();
    let error = Ring::read(&folder.path().join("other")).unwrap_err().to_string();
    assert!(error.contains("not a ring of this version"), "{error}");
}

#[test]
fn what_never_fits_is_lost_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(folder.path(), b"meta".to_vec(), &SMALL).unwrap();
    let levels = |count| vec![PackedLevel::new(Price(1), Lots(1)).unwrap(); count];
    // Half of the ring of 64 kiB, from wherever it begins.
    for (count, expected) in [(2_700, None), (2_700, None), (2_740, Some(JournalHealth::Failed))] {
        let levels = levels(count);
        journal.tap.batch(Nanos(1), &BookBatch::new(BEGIN, &levels, &[]));
        assert_eq!(journal.tap.news(), expected, "{count} levels");
    }
    assert!(matches!(journal.finish().unwrap_err(), JournalError::Lost { records: 1 | 2 }));
}

#[cfg(target_os = "linux")]
#[test]
fn a_ring_has_all_its_room_before_anything_is_stored() {
    use std::os::unix::fs::MetadataExt as _;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ring");
    drop(Ring::create(&path, 1 << 20, AtRest::AsWritten).unwrap());
    let file = path.metadata().unwrap();
    assert!(file.len() > 1 << 20);
    assert!(512 * file.blocks() >= file.len(), "{} blocks for {} bytes", file.blocks(), file.len());
}

#[test]
fn what_cannot_be_made_whole_where_it_is_says_so() {
    let told = |kind: std::io::ErrorKind| {
        let error = JournalError::Io { path: "some/ring".into(), error: kind.into() };
        super::left::unsettled(Path::new("some"), error).to_string()
    };
    for kind in [std::io::ErrorKind::ReadOnlyFilesystem, std::io::ErrorKind::PermissionDenied] {
        let error = told(kind);
        assert!(error.starts_with("some: its writer died") && error.contains("copy the folder"), "{error}");
    }
    let other = told(std::io::ErrorKind::InvalidData);
    assert!(other.starts_with("some/ring: ") && !other.contains("copy"), "{other}");
}
