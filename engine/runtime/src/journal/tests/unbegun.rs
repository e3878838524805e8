//! Runs whose journal could not begin.

use super::*;

/// A disk that has no room.
#[derive(Debug)]
struct Full;

impl Disk for Full {
    fn create(&mut self, _: &Path) -> std::io::Result<Box<dyn Sheet>> {
        Err(std::io::ErrorKind::StorageFull.into())
    }
}

#[test]
fn a_journal_that_cannot_begin_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("0001");
    let begun = Journal::open_on(Box::new(Full), &place, b"meta".to_vec(), &SMALL);
    assert!(matches!(begun, Err(JournalError::Io { .. })), "{begun:?}");
    assert!(!place.exists(), "an empty folder would be taken for a journal whose segments are gone");
}

#[test]
fn an_epoch_that_never_began_is_told_from_one_whose_segments_are_gone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("0"), "").unwrap();
    assert!(!crate::journal::left::is_unbegun(folder.path()), "there is nothing at all");
    // As a process leaves it that dies after it has made its ring.
    let ring = Ring::create(&files::ring(folder.path()), 1, AtRest::AsWritten).unwrap();
    drop(ring);
    assert!(crate::journal::left::is_unbegun(folder.path()));
    let gone = left::left(3, &SMALL);
    std::fs::remove_file(files::segment(gone.path(), 0)).unwrap();
    assert!(!crate::journal::left::is_unbegun(gone.path()), "what is stored has lost its segments");
}
