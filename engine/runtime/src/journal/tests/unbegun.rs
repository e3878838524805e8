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
