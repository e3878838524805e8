use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ballast_journal::{Frame, Said};
use ballast_model::{Nanos, Step as GridStep};
use ballast_venue::binance::{Copies, Market};
use ballast_venue::{Channel, Now};
use ballast_wire::{Closed, News};

use super::super::disk::Sheet;
use super::super::{Step, Walked};
use super::*;
use crate::capture::{LineReader, SeenInstrument};
use crate::clock::Stopwatch;

fn meta() -> RecordingMeta {
    let seen = SeenInstrument {
        symbol: "ETHUSDT".to_owned(),
        market: Market::UsdM,
        tick: GridStep::parse("0.01"),
        lot: GridStep::parse("0.001"),
        price_ticks_max: 250_000,
    };
    RecordingMeta::new(core::iter::once(&seen), Copies::ONE)
}

const SMALL: RecordOptions = RecordOptions {
    ring_bytes: 1 << 20,
    segment_bytes: 10_000,
    segment_span: Span::from_secs(3_600),
    sync_every: Span::from_millis(1),
    at_rest: AtRest::Compressed,
};

fn now(at: i64) -> Now {
    Now { mono: Nanos(at), wall: Nanos(at + 7) }
}

/// Some of everything.
fn say(tap: &mut FrameTap, count: i64) {
    tap.heard(Channel::Market(0), now(0), &News::Opened);
    tap.asked(Channel::Market(0), now(0), b"SUBSCRIBE");
    tap.asked(Channel::Rest, now(0), b"/depth");
    let body = b"{\"lastUpdateId\":1}";
    tap.heard(Channel::Rest, now(1), &News::Reply { status: 200, retry_after: None, used: [None; 2], body });
    let refusal = News::Reply { status: 429, retry_after: Some(1), used: [None; 2], body: b"no" };
    tap.heard(Channel::Rest, now(1), &refusal);
    tap.due(now(1));
    for at in 2..count {
        let text = format!("{{\"u\":{at},\n\"b\":\"{}\"}}", "x".repeat(300));
        tap.heard(Channel::Market(1), now(at), &News::Text(text.as_bytes()));
    }
    tap.heard(Channel::Market(0), now(count), &News::Closed(Closed::Broken));
}

fn record(folder: &Path, count: i64, options: &RecordOptions) -> Kept {
    let (mut tap, recorder) = Recorder::open(folder.to_owned(), &meta(), options).unwrap();
    say(&mut tap, count);
    drop(tap);
    assert_eq!(recorder.lost(), Lost::default());
    recorder.finish().unwrap()
}

/// Every frame that can be read, as text, and how that ended.
fn read(folder: &Path) -> (Vec<String>, Result<Walked, JournalError>) {
    let mut frames = Vec::new();
    let walked = Recording::open(folder).unwrap().walk(|_, frame: &Frame<'_>| {
        frames.push(format!("{frame:?}"));
        Ok::<_, JournalError>(Step::On)
    });
    (frames, walked)
}

#[test]
fn what_was_heard_is_read_and_segments_are_compressed() {
    let folder = tempfile::tempdir().unwrap();
    let kept = record(folder.path(), 1_000, &SMALL);
    assert!(kept.segments > 3, "{kept:?}");
    let (frames, walked) = read(folder.path());
    assert_eq!((frames.len(), walked.unwrap()), (1_005, Walked::Finished));
    assert!(frames[3].contains("Nanos(1)") && frames[3].contains("Nanos(8)"), "both clocks: {}", frames[3]);
    let names = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    assert!(names.into_iter().all(|path| files::is_pressed(&path)), "all of them ended");
}

#[test]
fn a_recording_is_lines_for_whoever_reads_those() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path(), 300, &SMALL);
    let recording = Recording::open(folder.path()).unwrap();
    let mut lines = LineReader::new(Box::new(RecordedText::new(&recording)));
    let mut count = 0;
    while let Some(line) = lines.next_line() {
        let crate::capture::Line::Whole(line) = line else { panic!("{line:?}") };
        count += 1;
        let line = core::str::from_utf8(line).unwrap();
        if count == 1 {
            assert_eq!(line, "1 {\"lastUpdateId\":1}");
        } else {
            assert!(line.starts_with(&format!("{count} {{\"u\":{count}, \"b\":")), "{line}");
        }
    }
    assert_eq!(count, 299, "the snapshot and every message; no refusal, no request");
    assert!(lines.error().is_none());
    let damaged = recording.segments()[1].clone();
    std::fs::write(&damaged, b"damaged").unwrap();
    let mut lines = LineReader::new(Box::new(RecordedText::new(&recording)));
    let mut before = 0;
    while lines.next_line().is_some() {
        before += 1;
    }
    assert!(before > 100 && before < count, "what came before: {before}");
    assert!(lines.error().unwrap().to_string().contains("0000000001"), "{:?}", lines.error());
}

#[test]
fn every_kind_of_damage_is_named_and_what_came_before_is_read() {
    let whole = tempfile::tempdir().unwrap();
    let options = RecordOptions { at_rest: AtRest::AsWritten, ..SMALL };
    let kept = record(whole.path(), 1_000, &options);
    let (frames, _) = read(whole.path());
    let names: Vec<_> = (0..kept.segments).map(|number| format!("{number:010}.frames")).collect();
    let with = |change: &dyn Fn(&Path)| {
        let folder = tempfile::tempdir().unwrap();
        for name in &names {
            std::fs::copy(whole.path().join(name), folder.path().join(name)).unwrap();
        }
        change(folder.path());
        let (read, walked) = read(folder.path());
        assert_eq!(read, frames[..read.len()], "an exact beginning");
        (read.len(), walked.map_err(|error| error.to_string()))
    };
    let edit = |folder: &Path, name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let path = folder.join(name);
        let mut bytes = std::fs::read(&path).unwrap();
        change(&mut bytes);
        std::fs::write(path, bytes).unwrap();
    };
    let middle = &names[1];
    let (count, walked) = with(&|folder| edit(folder, middle, &|bytes| bytes[10_000] ^= 1));
    assert!(walked.unwrap_err().contains(middle) && count > 100);
    let (count, walked) = with(&|folder| std::fs::remove_file(folder.join(middle)).unwrap());
    assert!(walked.unwrap_err().contains("a segment is missing") && count > 100);
    let (_, walked) = with(&|folder| edit(folder, middle, &|bytes| bytes.truncate(10_000)));
    assert!(walked.unwrap_err().contains("incomplete"));
    let (_, walked) =
        with(&|folder| std::fs::copy(folder.join(&names[0]), folder.join(middle)).map(drop).unwrap());
    assert!(walked.unwrap_err().contains(middle));
    let last = names.last().unwrap();
    let (count, walked) = with(&|folder| edit(folder, last, &|bytes| bytes.truncate(bytes.len() - 60)));
    assert!(matches!(walked, Ok(Walked::Torn(_))) && count > 900, "{walked:?}");
    let (_, walked) = with(&|folder| edit(folder, last, &|bytes| bytes.extend_from_slice(b"more")));
    assert!(walked.unwrap_err().contains("follows the end"));
    // Segments at the beginning may be gone: the first number says so.
    let folder = tempfile::tempdir().unwrap();
    for name in names.iter().skip(1) {
        std::fs::copy(whole.path().join(name), folder.path().join(name)).unwrap();
    }
    assert!(Recording::open(folder.path()).unwrap().first_seq() > 1);
    let (rest, walked) = read(folder.path());
    assert_eq!((walked.unwrap(), &rest[..]), (Walked::Finished, &frames[frames.len() - rest.len()..]));
}

#[test]
fn damage_of_a_compressed_segment_is_named() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path(), 1_000, &SMALL);
    let (frames, _) = read(folder.path());
    let path = folder.path().join("0000000002.frames.zst");
    let bytes = std::fs::read(&path).unwrap();
    for cut in [0, 5, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..cut]).unwrap();
        let (read, walked) = read(folder.path());
        assert!(walked.unwrap_err().to_string().contains("0000000002"), "cut at {cut}");
        assert!(read.len() > 300 && frames.starts_with(&read), "cut at {cut}");
    }
}

#[test]
fn nothing_is_recorded_over_a_recording_and_none_is_read_where_none_is() {
    let folder = tempfile::tempdir().unwrap();
    let none = Recording::find(folder.path()).unwrap_err().to_string();
    assert!(none.contains("no recording"), "{none}");
    record(&folder.path().join("usdm"), 10, &SMALL);
    record(&folder.path().join("spot"), 10, &SMALL);
    let taken = Recorder::open(folder.path().join("spot"), &meta(), &SMALL).unwrap_err();
    assert!(matches!(taken, JournalError::Recorded(_)), "{taken}");
    let found = Recording::find(folder.path()).unwrap();
    let names: Vec<_> = found.iter().map(|one| one.folder().file_name().unwrap().to_owned()).collect();
    assert_eq!(names, ["spot", "usdm"]);
}

/// A disk that is full while a test says so.
#[derive(Clone, Debug, Default)]
struct Filling(Arc<AtomicBool>);

#[derive(Debug)]
struct FillingSheet(Box<dyn Sheet>, Filling);

impl Disk for Filling {
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn Sheet>> {
        Ok(Box::new(FillingSheet(Files.create(path)?, self.clone())))
    }
}

impl Sheet for FillingSheet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Self(file, Filling(full)) = self;
        if full.load(Ordering::SeqCst) { Err(io::ErrorKind::StorageFull.into()) } else { file.write(bytes) }
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync()
    }
}

fn within(mut is_so: impl FnMut() -> bool) -> bool {
    let watch = Stopwatch::start();
    while watch.elapsed().as_secs() < 20 {
        if is_so() {
            return true;
        }
        std::thread::yield_now();
    }
    false
}

#[test]
fn a_full_disk_is_named_what_it_costs_is_counted_and_room_mends_it() {
    let (folder, disk) = (tempfile::tempdir().unwrap(), Filling::default());
    let options = RecordOptions { ring_bytes: 100_000, ..SMALL };
    let (mut tap, recorder) =
        Recorder::open_on(Box::new(disk.clone()), folder.path().to_owned(), &meta(), &options).unwrap();
    disk.0.store(true, Ordering::SeqCst);
    say(&mut tap, 3_000);
    assert!(within(|| recorder.is_stalled()));
    let lost = recorder.lost();
    assert!(lost.records > 0 && lost.bytes > 300 * (lost.records - 1), "{lost:?}");
    disk.0.store(false, Ordering::SeqCst);
    assert!(within(|| !recorder.is_stalled()));
    // As soon as there is room the recording says what is missing, before anything else.
    assert!(within(|| {
        tap.due(now(5_000));
        recorder.lost() == lost || recorder.lost().records > lost.records
    }));
    drop(tap);
    let lost = recorder.lost();
    recorder.finish().unwrap();
    let mut told = Lost::default();
    let walked = Recording::open(folder.path()).unwrap().walk(|_, frame| {
        if let Said::Lost { records, bytes } = frame.said {
            told.records += records;
            told.bytes += bytes;
        }
        Ok::<_, JournalError>(Step::On)
    });
    assert_eq!((walked.unwrap(), told), (Walked::Finished, lost));

    let (folder, disk) = (tempfile::tempdir().unwrap(), Filling::default());
    let (tap, recorder) =
        Recorder::open_on(Box::new(disk.clone()), folder.path().to_owned(), &meta(), &options).unwrap();
    disk.0.store(true, Ordering::SeqCst);
    drop(tap);
    let error = recorder.finish().unwrap_err().to_string();
    assert!(error.contains("0000000000.frames") && error.contains("no storage space"), "{error}");
}

#[test]
fn a_frame_too_long_is_counted_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let options = RecordOptions { ring_bytes: 8 << 20, ..SMALL };
    let (mut tap, recorder) = Recorder::open(folder.path().to_owned(), &meta(), &options).unwrap();
    let long = vec![b'x'; ballast_journal::FRAME_BYTES_MAX + 1];
    tap.heard(Channel::Market(0), now(1), &News::Text(&long));
    tap.heard(Channel::Market(0), now(2), &News::Text(&long[1..]));
    drop(tap);
    assert_eq!(recorder.lost(), Lost { records: 1, bytes: long.len() as u64 });
    recorder.finish().unwrap();
    let (frames, walked) = read(folder.path());
    assert_eq!((frames.len(), walked.unwrap()), (2, Walked::Finished));
    assert!(frames[0].contains("Lost"), "{}", frames[0]);
}
