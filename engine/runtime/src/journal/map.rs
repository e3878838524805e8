//! A file in memory as words that two threads may touch.
#![expect(
    unsafe_code,
    reason = "the mapped journal ring is on the allow-list: memory that outlives the process cannot be borrowed"
)]

use std::fs::File;
use std::io::Read as _;
use std::sync::atomic::AtomicU64;

use memmap2::{MmapOptions, MmapRaw};

/// A mapped file of whole words.
#[derive(Debug)]
pub(super) struct Words {
    map: MmapRaw,
}

impl Words {
    /// Maps a file, shared: what is stored is the kernel's at once.
    pub(super) fn map(file: &File) -> std::io::Result<Self> {
        Self::of(MmapOptions::new().map_raw(file)?)
    }

    /// What a file says now, in memory of our own: whatever becomes of the words, the file does not change.
    pub(super) fn copy(file: &mut File) -> std::io::Result<Self> {
        let length = usize::try_from(file.metadata()?.len()).map_err(std::io::Error::other)?;
        let mut map = MmapOptions::new().len(length).map_anon()?;
        file.read_exact(&mut map)?;
        Self::of(map.into())
    }

    fn of(map: MmapRaw) -> std::io::Result<Self> {
        if map.len() < 8 || !map.as_ptr().addr().is_multiple_of(8) {
            return Err(std::io::Error::from(std::io::ErrorKind::InvalidData));
        }
        Ok(Self { map })
    }

    /// All words.
    pub(super) fn words(&self) -> &[AtomicU64] {
        // SAFETY: the mapping is `len` bytes of readable and writable memory that lives as long as `self`, aligned to eight bytes
        // (checked when it was made), and any bits are a word. Whoever changes it at the same time, in this process or another,
        // does so by atomic words too; nobody cuts the file while it is mapped: its name is only known to the journal that made it.
        unsafe { std::slice::from_raw_parts(self.map.as_ptr().cast::<AtomicU64>(), self.map.len() / 8) }
    }
}
