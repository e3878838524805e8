//! A disk that may be full: files of the host beneath, in memory where the host has such a place.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use ballast_runtime::journal::{Disk, Files, Sheet};

/// Whether anything can be written, for whoever decides that.
pub(crate) type Full = Arc<AtomicBool>;

/// The disk.
#[derive(Clone, Debug)]
pub(crate) struct SimDisk(pub(crate) Full);

#[derive(Debug)]
struct Page {
    full: Full,
    under: Box<dyn Sheet>,
}

fn check(full: &Full) -> io::Result<()> {
    if full.load(Relaxed) { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
}

impl Disk for SimDisk {
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn Sheet>> {
        check(&self.0)?;
        Ok(Box::new(Page { full: Arc::clone(&self.0), under: Files.create(path)? }))
    }
}

impl Sheet for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        check(&self.full)?;
        self.under.write(bytes)
    }

    /// Nothing here outlives the host: what would be synced is there.
    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}
