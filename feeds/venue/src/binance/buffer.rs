//! Diffs that wait for a snapshot.

use alloc::vec::Vec;

use ballast_model::{Nanos, PackedLevel};

use super::levels::FRAME_LEVELS_MAX;
use super::sync::DiffIds;

/// Diffs that one book's buffer holds at most: three minutes of the 100 ms stream.
pub const BUFFERED_DIFFS_MAX: usize = 2_048;

/// Levels that one book's buffer holds at most, 768 KiB. The busiest recorded stream needs 1 400 a second.
pub const BUFFERED_LEVELS_MAX: usize = 65_536;

const _: () = assert!(BUFFERED_LEVELS_MAX >= FRAME_LEVELS_MAX, "an empty buffer takes any diff");

/// A diff without its levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DiffHead {
    pub(super) ids: DiffIds,
    pub(super) venue_time: Nanos,
    pub(super) recv_time: Nanos,
}

/// A diff with its levels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Diff<'l> {
    pub(super) head: DiffHead,
    pub(super) bids: &'l [PackedLevel],
    pub(super) asks: &'l [PackedLevel],
}

/// The buffer has no room for the diff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BufferFull;

/// A bounded queue of diffs that follow one another without a hole. Allocated once.
#[derive(Debug)]
pub(super) struct DiffBuffer {
    entries: Vec<Entry>,
    levels: Vec<PackedLevel>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    head: DiffHead,
    /// Index into `levels` of the first bid; asks follow the bids.
    start: usize,
    /// How many of the levels are bids.
    bids: usize,
}

impl DiffBuffer {
    pub(super) fn new() -> Self {
        Self {
            entries: Vec::with_capacity(BUFFERED_DIFFS_MAX),
            levels: Vec::with_capacity(BUFFERED_LEVELS_MAX),
        }
    }

    /// Appends a diff; the buffer stays as it was when there is no room.
    pub(super) fn push(&mut self, diff: &Diff<'_>) -> Result<(), BufferFull> {
        let levels = self.levels.len() + diff.bids.len() + diff.asks.len();
        if self.entries.len() == BUFFERED_DIFFS_MAX || levels > BUFFERED_LEVELS_MAX {
            return Err(BufferFull);
        }
        self.entries.push(Entry { head: diff.head, start: self.levels.len(), bids: diff.bids.len() });
        self.levels.extend_from_slice(diff.bids);
        self.levels.extend_from_slice(diff.asks);
        Ok(())
    }

    /// Throws every diff away and returns how many there were.
    pub(super) fn clear(&mut self) -> usize {
        let dropped = self.entries.len();
        self.entries.clear();
        self.levels.clear();
        dropped
    }

    pub(super) const fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn last(&self) -> Option<&DiffHead> {
        self.entries.last().map(|entry| &entry.head)
    }

    pub(super) fn heads(&self) -> impl Iterator<Item = &DiffHead> {
        self.entries.iter().map(|entry| &entry.head)
    }

    /// The diffs from position `from` on, oldest first.
    pub(super) fn diffs_from(&self, from: usize) -> impl Iterator<Item = Diff<'_>> {
        let ends = self.entries.iter().skip(1).map(|next| next.start).chain([self.levels.len()]);
        self.entries.iter().zip(ends).skip(from).map(|(entry, end)| {
            let levels = self.levels.get(entry.start..end).unwrap_or_default();
            let (bids, asks) = levels.split_at_checked(entry.bids).unwrap_or_default();
            Diff { head: entry.head, bids, asks }
        })
    }
}
