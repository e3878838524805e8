//! Where the journals of a world lie while it lasts.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use crate::run::SimError;

/// Files in memory, where the host has such a place.
const IN_MEMORY: &str = "/dev/shm";

/// No two worlds of a process share a folder.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// A folder that is gone when this is.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// A folder of its own.
    ///
    /// # Errors
    /// Where none can be made.
    pub(crate) fn new() -> Result<Self, SimError> {
        let memory = Path::new(IN_MEMORY);
        let root = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let number = NEXT.fetch_add(1, Relaxed);
        let path = root.join(format!("ballast-sim-{}-{number}", std::process::id()));
        std::fs::create_dir(&path).map_err(|error| SimError(format!("{}: {error}", path.display())))?;
        Ok(Self(path))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed lies where the host keeps nothing for long.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
