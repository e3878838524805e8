//! Segments that ended are compressed, and read like those that are not, whatever happened in between.

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

#[test]
fn what_comes_before_damage_of_the_first_segment_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let large = Options { segment_bytes: u64::MAX, ..PRESSED };
    record(folder.path(), 0..60_000, &large).finish().unwrap();
    let path = files::pressed(&files::segment(folder.path(), 0));
    let sound = std::fs::read(&path).unwrap();
    std::fs::write(&path, &sound[..sound.len() * 3 / 4]).unwrap();
    let mut read = 0u64;
    let error = History::open(folder.path()).unwrap().walk(|record| {
        read = record.seq;
        Ok::<_, JournalError>(Step::On)
    });
    let error = error.unwrap_err().to_string();
    assert!(read > 10_000 && error.contains(&format!("from record {} on", read + 1)), "{read}: {error}");
}
