//! A ring that is damaged after its writer died: what is read was stored, and where not all of it is, that is said.

use std::io::{Seek as _, SeekFrom, Write as _};

use ballast_journal::Reader;

use super::left::{give_back_nothing, left};
use super::*;

const STEPS: i64 = 400;

/// A journal whose writer died before anything reached a segment, and the bytes of its ring.
fn unread() -> (tempfile::TempDir, Vec<u8>) {
    let folder = left(STEPS, &SMALL);
    let path = files::segment(folder.path(), 0);
    let mut ring = std::fs::read(files::ring(folder.path())).unwrap();
    give_back_nothing(&mut ring, 1);
    let bytes = std::fs::read(&path).unwrap();
    let (_, reader) = Reader::new(&bytes).unwrap();
    std::fs::write(&path, &bytes[..reader.offset()]).unwrap();
    std::fs::write(files::ring(folder.path()), &ring).unwrap();
    (folder, ring)
}

/// The inputs up to where it is damaged, and what is said there.
fn read(history: &History) -> (Vec<Event>, Option<String>) {
    let mut inputs = Vec::new();
    let walked = history.walk(|record| {
        if let Entry::Event(event) = record.entry {
            inputs.push(event);
        }
        Ok::<_, JournalError>(Step::On)
    });
    (inputs, walked.err().map(|error| error.to_string()))
}

/// Whether it says that something is lost; never is anything read that was not stored, and never less without a word.
fn is_named(folder: &Path, ring: &[u8], what: &str) -> bool {
    std::fs::write(files::ring(folder), ring).unwrap();
    let all: Vec<_> = (0..STEPS).map(ticker).collect();
    let history = match History::as_it_stands(folder, "read-only".to_owned()) {
        Ok(history) => history,
        Err(error) => {
            assert!(error.to_string().contains("a ring"), "{what}: {error}");
            return true;
        }
    };
    let (inputs, named) = read(&history);
    assert_eq!(inputs, all[..inputs.len()], "{what}");
    let Some(named) = named else {
        assert_eq!(inputs.len(), all.len(), "{what}: less, and not a word");
        return false;
    };
    assert!(named.contains(&format!("after record {} is lost", inputs.len())), "{what}: {named}");
    true
}

/// So many bytes are what is stored, and so many before it.
const DATA: usize = 8 * 24;
const STORED: usize = 88 * 400;

#[test]
fn a_bit_or_a_page_that_is_another_is_named() {
    let (folder, ring) = unread();
    assert!(!is_named(folder.path(), &ring, "as it was"));
    let mut other = ring.clone();
    for at in (DATA..DATA + STORED).step_by(31) {
        for bit in [at % 8, (at + 3) % 8] {
            other[at] ^= 1 << bit;
            assert!(is_named(folder.path(), &other, &format!("bit {bit} of byte {at}")));
            other[at] ^= 1 << bit;
        }
    }
    for from in (0..DATA + STORED).step_by(4_096) {
        let mut other = ring.clone();
        other[from..from + 4_096].fill(0);
        assert!(is_named(folder.path(), &other, &format!("a page of zeros at {from}")));
    }
    // What was stored for one place is nothing in another.
    let mut other = ring.clone();
    other.copy_within(DATA..DATA + 88, DATA + 88);
    assert!(is_named(folder.path(), &other, "a record twice"));
}

#[test]
fn what_a_ring_says_of_itself_is_not_taken_on_trust() {
    let (folder, ring) = unread();
    for bit in 0..64 * 24 {
        let mut other = ring.clone();
        other[bit / 8] ^= 1 << (bit % 8);
        let counts = [0, 1, 8].contains(&(bit / 64)) || (17..21).contains(&(bit / 64));
        let named = is_named(folder.path(), &other, &format!("bit {} of word {}", bit % 64, bit / 64));
        assert_eq!(named, counts, "bit {} of word {}", bit % 64, bit / 64);
    }
    for length in [0, 8, 100, DATA, DATA + 1, DATA + 880, ring.len() - 8] {
        assert!(is_named(folder.path(), &ring[..length], &format!("cut to {length} bytes")));
    }
}

#[test]
fn a_damaged_ring_is_kept_and_named_ever_after() {
    let (folder, mut ring) = unread();
    ring[DATA + 88 * 123 + 40] ^= 1;
    std::fs::write(files::ring(folder.path()), &ring).unwrap();
    settle(folder.path()).unwrap();
    assert!(!files::ring(folder.path()).exists());
    assert!(std::fs::read(files::damaged_ring(folder.path())).unwrap() == ring, "not a byte is another");
    for _ in 0..2 {
        let (inputs, named) = read(&History::open_whole(folder.path()).unwrap());
        assert_eq!(inputs, (0..123).map(ticker).collect::<Vec<_>>());
        assert!(
            named.is_some_and(
                |named| named.contains("ring.damaged: damaged: what was stored after record 123")
            )
        );
    }
    assert!(matches!(vacant(folder.path()), Err(JournalError::Taken(_))));
}

/// Who writes segments stops where what comes is not what was stored, and what came before is there.
#[test]
fn a_writer_whose_ring_is_damaged_stops() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ring");
    let (mut writer, mut reader) = Ring::create(&path, 1, AtRest::AsWritten).unwrap().ends();
    (0..3).for_each(|step| push(&mut writer, step).unwrap());
    pop(&mut reader, 0);
    let mut file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    // The third word of the second record: its time.
    file.seek(SeekFrom::Start((DATA + 88 + 16) as u64)).unwrap();
    file.write_all(&[9]).unwrap();
    assert!(reader.has_more() && reader.pop().is_none() && reader.has_more());
}
