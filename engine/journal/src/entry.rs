//! What a record says.

use ballast_model::{BookBatch, Carried, Command, Event, Nanos};

use crate::chain::Hash;

/// One record as read.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Its number, counted over all segments of a journal from one on.
    pub seq: u64,
    /// Byte of the segment at which it begins.
    pub offset: usize,
    /// Bytes it takes there, length and checksum included.
    pub length: usize,
    /// Our clock: for an input the time the core was told it at, for a command that of the input it answers.
    pub now: Nanos,
    /// What it says.
    pub entry: Entry<'a>,
}

/// What a record says.
#[derive(Clone, Copy, Debug)]
pub enum Entry<'a> {
    /// The core learned this. Never a slot of a book batch.
    Event(Event),
    /// The core learned this book batch, all of its slots at once.
    Batch(BookBatch<'a>),
    /// The core decided this, in answer to the input before it.
    Command(Command),
    /// Where the core stood after all records before.
    Checkpoint(Checkpoint),
    /// A word of what would carry over to the next run, after all records before; the list is whole with its last word.
    Carried(Carried),
    /// A block ends: see the chain of hashes.
    Block(Hash),
    /// The segment ends here, as its writer wanted it to: the last hash of the chain.
    End(Hash),
}

/// Where the core stood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// Digest of the core's state.
    pub state_hash: u64,
    /// Inputs so far.
    pub inputs: u64,
    /// Commands so far.
    pub commands: u64,
}

impl Entry<'_> {
    /// True for what the core learned.
    #[must_use]
    pub const fn is_input(&self) -> bool {
        matches!(self, Self::Event(_) | Self::Batch(_))
    }
}
