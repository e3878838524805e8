//! A disk that may be full, and that may lose power: files of the host beneath, in memory where the host has such a place.
//!
//! What was synced is there after power was lost. Of what was written since a part may be, and of the ring, which is a mapped file that
//! nobody syncs, any of its pages.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};

use ballast_runtime::journal::{Disk, Files, Sheet};

use crate::dice::Dice;

/// The name of a journal's ring in its folder.
const RING: &str = "ring";
/// What the host writes of a mapped file at once.
const PAGE: usize = 4_096;

/// The world of a disk.
#[derive(Debug, Default)]
pub(crate) struct Platter {
    /// Whether nothing can be written.
    pub(crate) full: AtomicBool,
    /// How much of each file was written, and how much of that synced, since the process began.
    files: Mutex<BTreeMap<PathBuf, (u64, u64)>>,
}

/// It, shared by whoever decides what becomes of it.
pub(crate) type Shared = Arc<Platter>;

/// What the ring was when it was new.
pub(crate) type NewRing = Option<(PathBuf, Vec<u8>)>;

impl Platter {
    /// Another process begins: what those before left is settled, and safe.
    pub(crate) fn begin(&self) {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn note(&self, path: &Path, change: impl FnOnce(&mut (u64, u64))) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        change(files.entry(path.to_owned()).or_default());
    }

    fn check(&self) -> io::Result<()> {
        if self.full.load(Relaxed) { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    /// The host loses power. Nothing is open any more.
    ///
    /// # Errors
    /// Where the files beneath cannot be changed.
    pub(crate) fn lose_power(&self, ring: &NewRing, dice: &mut Dice) -> io::Result<()> {
        let files = core::mem::take(&mut *self.files.lock().unwrap_or_else(PoisonError::into_inner));
        for (path, (written, synced)) in files {
            let kept = synced + dice.below(written - synced + 1);
            match std::fs::OpenOptions::new().write(true).open(&path) {
                Ok(file) => file.set_len(kept)?,
                // It has been renamed or removed since.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        let Some((path, new)) = ring else { return Ok(()) };
        let Ok(now) = std::fs::read(path) else { return Ok(()) };
        // All of its pages, some, none, not even what it was made with.
        let (per_million, old) = match dice.below(4) {
            0 => (1_000_000, new.clone()),
            1 => (500_000, new.clone()),
            2 => (0, new.clone()),
            _ => (0, vec![0; new.len()]),
        };
        let mut left = Vec::with_capacity(now.len());
        for (now, old) in now.chunks(PAGE).zip(old.chunks(PAGE)) {
            left.extend_from_slice(if dice.falls(per_million) { now } else { old });
        }
        std::fs::write(path, left)
    }
}

/// What the ring of the journal in a folder is, to be put back where power is lost.
pub(crate) fn new_ring(folder: &Path) -> NewRing {
    let path = folder.join(RING);
    std::fs::read(&path).ok().map(|bytes| (path, bytes))
}

/// The disk.
#[derive(Clone, Debug)]
pub(crate) struct SimDisk(pub(crate) Shared);

#[derive(Debug)]
struct Page {
    platter: Shared,
    path: PathBuf,
    under: Box<dyn Sheet>,
}

impl Disk for SimDisk {
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn Sheet>> {
        self.0.check()?;
        let under = Files.create(path)?;
        self.0.note(path, |_| {});
        Ok(Box::new(Page { platter: Arc::clone(&self.0), path: path.to_owned(), under }))
    }
}

impl Sheet for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.platter.check()?;
        let taken = self.under.write(bytes)?;
        self.platter.note(&self.path, |(written, _)| *written += taken as u64);
        Ok(taken)
    }

    /// The host's own disk need not: what this one has synced is on its own record.
    fn sync(&mut self) -> io::Result<()> {
        self.platter.note(&self.path, |(written, synced)| *synced = *written);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn what_was_synced_outlives_power_and_what_was_not_may() {
        let scratch = Scratch::new().unwrap();
        let (file, ring) = (scratch.path().join("file"), scratch.path().join(RING));
        let mut lengths = std::collections::BTreeSet::new();
        let mut rings = std::collections::BTreeSet::new();
        for seed in 0..64 {
            let platter = Shared::default();
            let mut sheet = SimDisk(Arc::clone(&platter)).create(&file).unwrap();
            assert_eq!(sheet.write(b"synced").unwrap(), 6);
            sheet.sync().unwrap();
            assert_eq!(sheet.write(b" or not").unwrap(), 7);
            std::fs::write(&ring, vec![1; 2 * PAGE]).unwrap();
            let new = new_ring(scratch.path());
            std::fs::write(&ring, vec![2; 2 * PAGE]).unwrap();
            drop(sheet);
            platter.lose_power(&new, &mut Dice::new(seed, "power")).unwrap();
            let left = std::fs::read(&file).unwrap();
            assert!(b"synced or not".starts_with(&left) && left.len() >= 6, "{left:?}");
            lengths.insert(left.len());
            rings.insert(std::fs::read(&ring).unwrap());
            std::fs::remove_file(&file).unwrap();
        }
        assert!(lengths.len() > 5, "{lengths:?}");
        assert_eq!(rings.len(), 5, "new, now, zero, and half of each");
        assert!(rings.contains(&vec![0; 2 * PAGE]));
    }

    #[test]
    fn a_full_disk_takes_nothing_until_there_is_room() {
        let scratch = Scratch::new().unwrap();
        let platter = Shared::default();
        let mut disk = SimDisk(Arc::clone(&platter));
        let mut sheet = disk.create(&scratch.path().join("a")).unwrap();
        platter.full.store(true, Relaxed);
        assert_eq!(sheet.write(b"a").unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert!(disk.create(&scratch.path().join("b")).is_err());
        platter.full.store(false, Relaxed);
        assert_eq!(sheet.write(b"a").unwrap(), 1);
    }
}
