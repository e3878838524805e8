//! What a writer that died left, where it cannot be written: it is read as it stands.

use std::collections::BTreeMap;

use ballast_journal::Reader;

use super::*;

/// Names and bytes of all files in a folder.
fn all(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap());
    files.map(|file| (file.file_name().into_string().unwrap(), std::fs::read(file.path()).unwrap())).collect()
}

/// What the records of a journal say, and how it ended.
fn said(history: &History) -> (Vec<String>, Walked) {
    let mut said = Vec::new();
    let walked = history.walk(|record| {
        said.push(format!("{} {:?} {:?}", record.seq, record.now, record.entry));
        Ok::<_, JournalError>(Step::On)
    });
    (said, walked.unwrap())
}

/// Reads it as it stands, then makes it whole: both say the same.
fn read_both_ways(folder: &Path, steps: i64) {
    let before = all(folder);
    let stands = History::as_it_stands(folder, "read-only".to_owned()).unwrap();
    let notice = stands.notice().unwrap();
    assert!(notice.contains("as it stands") && notice.contains("read-only"), "{notice}");
    let read = said(&stands);
    let at_rest = stands.bytes_at_rest().unwrap();
    assert_eq!(all(folder), before, "nothing was written");
    settle(folder).unwrap();
    let settled = History::open(folder).unwrap();
    assert_eq!((settled.notice(), settled.segments().len()), (None, stands.segments().len()));
    assert_eq!(said(&settled), read);
    // What was yet to be compressed is, now.
    if settled.segments() == stands.segments() {
        assert_eq!(settled.bytes_at_rest().unwrap(), at_rest);
    } else {
        assert!(settled.bytes_at_rest().unwrap() < at_rest);
        assert!(settled.segments().iter().all(|path| files::is_pressed(path)));
    }
    assert_eq!(inputs(folder), (0..steps).map(ticker).collect::<Vec<_>>());
}

/// A journal of these steps whose writer died, at whatever it did.
pub(super) fn left(steps: i64, options: &Options) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(folder.path(), b"meta".to_vec(), options).unwrap();
    for step in 0..steps {
        journal.tap.event(Nanos(step), &ticker(step)).unwrap();
    }
    drop(journal);
    folder
}

#[test]
fn it_says_what_it_would_if_it_were_made_whole() {
    for (run, at_rest) in (0..12).zip([AtRest::AsWritten, AtRest::Compressed].into_iter().cycle()) {
        let steps = 1 + run * 2_311;
        let folder = left(steps, &Options { at_rest, ..SMALL });
        // A write that was interrupted leaves the beginning of a record, or of a segment.
        let last = files::segments(folder.path()).unwrap().pop().unwrap();
        if run % 3 == 1 && !files::is_pressed(&last) {
            let bytes = files::read(&last).unwrap();
            std::fs::write(&last, [&bytes[..], &[40, 3, 1]].concat()).unwrap();
        }
        if run % 3 == 2 {
            std::fs::write(files::segment(folder.path(), 9_999), b"BALLAST").unwrap();
        }
        read_both_ways(folder.path(), steps);
    }
}

/// However much of what is in the ring has reached the segment, and wherever its last write was cut off.
#[test]
fn it_goes_on_after_what_reached_the_segment() {
    // Within a block, and over the end of one.
    for (steps, ring_bytes, stride) in [(400, 1, 13), (5_000, 1 << 20, 1_009)] {
        let folder = left(steps, &Options { ring_bytes, ..SMALL });
        let mut ring = std::fs::read(files::ring(folder.path())).unwrap();
        settle(folder.path()).unwrap();
        let path = files::segment(folder.path(), 0);
        let whole = std::fs::read(&path).unwrap();
        let (_, mut reader) = Reader::new(&whole).unwrap();
        let begins = reader.offset();
        let mut places: Vec<_> = (begins..=whole.len()).step_by(stride).chain([whole.len()]).collect();
        // Before, in and after the record that ends the block.
        while let Some(record) = reader.next().unwrap() {
            if matches!(record.entry, Entry::Block(_)) {
                places.extend([record.offset, record.offset + 1, record.offset + record.length]);
            }
        }
        // The ring as it is before anything is given back: of a writer that has not come to write.
        give_back_nothing(&mut ring, 1);
        for cut in places {
            std::fs::write(files::ring(folder.path()), &ring).unwrap();
            std::fs::write(&path, &whole[..cut]).unwrap();
            read_both_ways(folder.path(), steps);
            assert!(std::fs::read(&path).unwrap() == whole, "cut at {cut}");
        }
    }
}

/// Sets what a ring says was given back: nothing, and its first record has this number.
pub(super) fn give_back_nothing(ring: &mut [u8], seq: u64) {
    ring[8 * 16..8 * 24].fill(0);
    for (at, word) in (18..).zip(ring::place(0, seq)) {
        ring[8 * at..8 * at + 8].copy_from_slice(&word.to_le_bytes());
    }
}

#[test]
fn nothing_is_put_after_a_gap() {
    let folder = left(400, &SMALL);
    let path = files::segment(folder.path(), 0);
    let mut ring = std::fs::read(files::ring(folder.path())).unwrap();
    // The disk lost what the ring no longer has: it goes on after record 300, and the segment ends before.
    give_back_nothing(&mut ring, 301);
    std::fs::write(files::ring(folder.path()), &ring).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let (_, reader) = Reader::new(&bytes).unwrap();
    std::fs::write(&path, &bytes[..reader.offset()]).unwrap();
    let walk = |history: History| history.walk(|_| Ok::<_, JournalError>(Step::On)).unwrap_err().to_string();
    let stands = walk(History::as_it_stands(folder.path(), "read-only".to_owned()).unwrap());
    assert!(stands.contains("after record 0 is lost: the segments end before"), "{stands}");
    settle(folder.path()).unwrap();
    let settled = walk(History::open(folder.path()).unwrap());
    assert!(settled.contains("ring.damaged: damaged") && settled.contains("after record 0"), "{settled}");
    assert!(std::fs::read(files::damaged_ring(folder.path())).unwrap() == ring, "it is kept");
}

#[test]
fn what_was_yet_to_be_compressed_is_by_whoever_settles() {
    for at_rest in [AtRest::Compressed, AtRest::AsWritten] {
        let folder = left(30_000, &Options { at_rest, ..SMALL });
        let half = files::half_pressed(&files::segment(folder.path(), 2));
        std::fs::write(&half, b"half of a frame").unwrap();
        settle(folder.path()).unwrap();
        assert!(!half.exists());
        let segments = files::segments(folder.path()).unwrap();
        let pressed = segments.iter().filter(|path| files::is_pressed(path)).count();
        assert_eq!(pressed, if at_rest == AtRest::Compressed { segments.len() } else { 0 });
        assert_eq!(inputs(folder.path()), (0..30_000).map(ticker).collect::<Vec<_>>());
    }
}
