//! Segments that ended are compressed, and read like those that are not, whatever happened in between.

use std::io::Read as _;

use ballast_journal::Reader;

use super::*;
use press::press;

const PRESSED: Options = Options { at_rest: AtRest::Compressed, ..SMALL };

/// Records these steps, in segments of a hundred kilobytes.
fn record(folder: &Path, steps: core::ops::Range<i64>, options: &Options) -> Journal {
    let mut journal = Journal::open(folder, b"meta".to_vec(), options).unwrap();
    for step in steps {
        journal.tap.event(Nanos(step), &ticker(step)).unwrap();
    }
    journal
}

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        files.map(|file| file.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn expected(steps: i64) -> Vec<Event> {
    (0..steps).map(ticker).collect()
}

#[test]
fn what_ended_is_compressed_and_read_alike() {
    let folder = tempfile::tempdir().unwrap();
    let kept = record(folder.path(), 0..30_000, &PRESSED).finish().unwrap();
    let names = names(folder.path());
    assert_eq!(names.len(), kept.segments as usize, "{names:?}");
    assert!(kept.segments > 2 && names.iter().all(|name| name.ends_with(".journal.zst")), "{names:?}");
    let at_rest = names.iter().map(|name| std::fs::metadata(folder.path().join(name)).unwrap().len());
    assert!(at_rest.sum::<u64>() < kept.bytes * 9 / 10);
    assert_eq!(inputs(folder.path()), expected(30_000));
}

#[test]
fn it_may_be_cut_off_at_every_moment() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path(), 0..30_000, &SMALL).finish().unwrap();
    let (first, second) = (files::segment(folder.path(), 0), files::segment(folder.path(), 1));
    // Half written.
    std::fs::write(files::half_pressed(&first), b"half").unwrap();
    assert_eq!(inputs(folder.path()), expected(30_000));
    // Named, and the other not yet removed.
    let plain = std::fs::read(&second).unwrap();
    press(&second).unwrap();
    std::fs::write(&second, &plain).unwrap();
    assert_eq!(inputs(folder.path()), expected(30_000));
    // Some compressed and others not.
    std::fs::remove_file(&second).unwrap();
    assert_eq!(inputs(folder.path()), expected(30_000));
}

#[test]
fn a_process_that_dies_while_it_compresses_loses_nothing() {
    for run in 1..=10 {
        let folder = tempfile::tempdir().unwrap();
        // Dropped, not finished: what is being compressed is, and nothing after it.
        drop(record(folder.path(), 0..run * 9_000, &PRESSED));
        settle(folder.path()).unwrap();
        assert_eq!(inputs(folder.path()), expected(run * 9_000));
    }
}

#[test]
fn damage_of_a_compressed_segment_is_found_wherever_it_is() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path(), 0..12_000, &PRESSED).finish().unwrap();
    for number in [0, 1] {
        damage(folder.path(), number);
    }
}

/// Damages a segment in many places, one after another.
fn damage(folder: &Path, number: u32) {
    let path = files::pressed(&files::segment(folder, number));
    let named = format!("{number:010}.journal.zst: ");
    let sound = std::fs::read(&path).unwrap();
    let walk = || History::open(folder)?.walk(|_| Ok::<_, JournalError>(Step::On));
    for at in (0..sound.len()).step_by(251) {
        let mut damaged = sound.clone();
        damaged[at] ^= 0x10;
        std::fs::write(&path, &damaged).unwrap();
        let error = walk().expect_err("a flipped bit").to_string();
        assert!(error.contains(&named), "{at}: {error}");
        assert!(error.contains("record "), "{at}: {error}");
    }
    for cut in (0..sound.len()).step_by(997) {
        std::fs::write(&path, &sound[..cut]).unwrap();
        let error = walk().expect_err("a segment cut off").to_string();
        assert!(error.contains(&named), "{cut}: {error}");
        assert!(error.contains("record "), "{cut}: {error}");
    }
    std::fs::write(&path, &sound).unwrap();
    assert_eq!(walk().unwrap(), Walked::CutShort);
}

/// Where the frames of a compressed segment begin, and where the last one ends; and how many records are whole before each.
fn frames(pressed: &[u8]) -> Vec<(usize, usize)> {
    let (mut rest, mut bytes, mut frames) = (pressed, Vec::new(), Vec::new());
    loop {
        let records = Reader::new(&bytes)
            .map_or(0, |(_, mut reader)| core::iter::from_fn(|| reader.next().unwrap().map(drop)).count());
        frames.push((pressed.len() - rest.len(), records));
        if rest.is_empty() {
            return frames;
        }
        let mut decoder = zstd::stream::read::Decoder::with_buffer(rest).unwrap().single_frame();
        decoder.read_to_end(&mut bytes).unwrap();
        rest = decoder.finish();
    }
}

/// Records that can be read, and what is said of the rest.
fn read(folder: &Path) -> (usize, String) {
    let mut read = 0;
    let walked = History::open(folder).and_then(|history| {
        history.walk(|record| {
            read += 1;
            assert_eq!(record.seq, read as u64);
            Ok::<_, JournalError>(Step::On)
        })
    });
    (read, walked.expect_err("damaged").to_string())
}

#[test]
fn damage_costs_no_more_than_the_frame_it_hits() {
    let folder = tempfile::tempdir().unwrap();
    let large = Options { segment_bytes: u64::MAX, ..PRESSED };
    record(folder.path(), 0..90_000, &large).finish().unwrap();
    let path = files::pressed(&files::segment(folder.path(), 0));
    let sound = std::fs::read(&path).unwrap();
    let frames = frames(&sound);
    assert!(frames.len() > 4, "{frames:?}");
    let (end, all) = *frames.last().unwrap();
    assert_eq!((end, all > 90_000), (sound.len(), true));
    // What is read before the frame that a byte belongs to.
    let before = |at: usize| frames[frames.partition_point(|(begins, _)| *begins <= at) - 1];
    let places =
        frames.iter().flat_map(|(begins, _)| [begins.saturating_sub(1), *begins, begins + 1, begins + 9]);
    for at in (0..sound.len()).step_by(10_007).chain(places).filter(|at| *at < sound.len()) {
        let (begins, records) = before(at);
        let mut damaged = sound.clone();
        damaged[at] ^= 0x10;
        std::fs::write(&path, &damaged).unwrap();
        let (read_now, said) = read(folder.path());
        assert_eq!(read_now, records, "byte {at}: {said}");
        let named = format!("from record {} on: compressed frame", records + 1);
        assert!(said.contains(&named) && said.contains(&format!("at byte {begins}: ")), "byte {at}: {said}");
        std::fs::write(&path, &sound[..at]).unwrap();
        let (read_now, said) = read(folder.path());
        assert_eq!(read_now, records, "cut at {at}: {said}");
        assert!(said.contains("record "), "cut at {at}: {said}");
    }
}

#[test]
fn a_segment_cut_between_frames_is_not_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let large = Options { segment_bytes: u64::MAX, ..PRESSED };
    record(folder.path(), 0..90_000, &large).finish().unwrap();
    let path = files::pressed(&files::segment(folder.path(), 0));
    let sound = std::fs::read(&path).unwrap();
    let cut = frames(&sound)[2];
    std::fs::write(&path, &sound[..cut.0]).unwrap();
    drop(Ring::create(&files::ring(folder.path()), 1, AtRest::AsWritten).unwrap());
    let error = settle(folder.path()).unwrap_err().to_string();
    assert!(error.contains("cut off after a whole compressed frame"), "{error}");
    assert!(error.contains(&format!("from record {} on", cut.1 + 1)), "{error}");
    assert!(files::ring(folder.path()).exists());
}
