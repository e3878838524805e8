//! What records say, as bytes: numbered, and with the ends of blocks and segments in between. Checksums and hashes are added by
//! [`crate::Framer`].

use alloc::vec::Vec;

use ballast_model::{BookBatch, Carried, Command, Event, Nanos};

use crate::BLOCK_BYTES;
use crate::blocks::{Blocks, Closed};
use crate::context::Context;
use crate::entry::Checkpoint;
use crate::event::{begin, put_batch, put_carried, put_event};
use crate::plain::Draft;
use crate::reader::Reader;
use crate::varint::Put;

/// Kinds of records that are no inputs.
pub(crate) mod kind {
    pub(crate) const COMMAND: u8 = 64;
    pub(crate) const CHECKPOINT: u8 = 65;
    pub(crate) const BLOCK: u8 = 66;
    pub(crate) const END: u8 = 67;
    pub(crate) const CARRIED: u8 = 68;
}

/// An event that is no record: a slot of a book batch. Batches are recorded whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotAlone;

impl core::fmt::Display for SlotAlone {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("a slot of a book batch is no record: batches are recorded whole")
    }
}

impl core::error::Error for SlotAlone {}

/// A record without its checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raw<'a> {
    /// Its number.
    pub seq: u64,
    /// What it says; of the end of a block or segment the kind alone.
    pub body: &'a [u8],
}

impl Raw<'_> {
    /// What the record says that ends a segment.
    pub const END: &'static [u8] = &[kind::END];
}

/// Turns inputs and commands into numbered bodies. Allocates nothing after construction but for a batch longer than all before.
#[derive(Clone, Debug)]
pub struct Bodies {
    context: Context,
    blocks: Blocks,
    body: Vec<u8>,
}

impl Bodies {
    /// A segment whose first record has this number. It ends after the first block that reaches `segment_bytes_max`.
    #[must_use]
    pub fn new(first_seq: u64, segment_bytes_max: u64) -> Self {
        Self {
            context: Context::default(),
            blocks: Blocks::new(first_seq, segment_bytes_max),
            body: Vec::with_capacity(BLOCK_BYTES),
        }
    }

    /// Goes on where a reader stands: in the middle of a segment whose writer died. That ends as with [`Bodies::new`].
    #[must_use]
    pub fn resume(reader: &Reader<'_>, segment_bytes_max: u64) -> Self {
        let new = Self::new(reader.next_seq(), segment_bytes_max);
        if reader.end().is_some() {
            return new;
        }
        let (context, block_bytes, before) = reader.stands();
        let blocks = new.blocks.at(block_bytes, before as u64);
        Self { context: context.clone(), blocks, ..new }
    }

    /// Number of the next record.
    #[must_use]
    pub const fn next_seq(&self) -> u64 {
        self.blocks.next_seq()
    }

    /// Records this.
    ///
    /// # Errors
    /// As [`Bodies::event`].
    pub fn draft(
        &mut self,
        now: Nanos,
        draft: &Draft<'_>,
        sink: &mut impl FnMut(Raw<'_>),
    ) -> Result<(), SlotAlone> {
        match draft {
            Draft::Event(event) => return self.event(now, event, sink),
            Draft::Batch(batch) => self.batch(now, batch, sink),
            Draft::Command(command) => self.command(now, command, sink),
            Draft::Checkpoint(checkpoint) => self.checkpoint(now, checkpoint, sink),
            Draft::Carried(word) => self.carried(now, word, sink),
            Draft::End => self.end(sink),
        }
        Ok(())
    }

    /// Ends the block where it is long enough: the writer that died may have got no further than its last record.
    pub fn catch_up(&mut self, sink: &mut impl FnMut(Raw<'_>)) {
        if self.blocks.catch_up(sink) != Closed::Nothing {
            self.context.clear();
        }
    }

    /// Records what the core learned.
    ///
    /// # Errors
    /// [`SlotAlone`]; nothing is recorded.
    pub fn event(
        &mut self,
        now: Nanos,
        event: &Event,
        sink: &mut impl FnMut(Raw<'_>),
    ) -> Result<(), SlotAlone> {
        self.body.clear();
        if !put_event(event, now, &mut self.context, &mut Put(&mut self.body)) {
            return Err(SlotAlone);
        }
        self.record(sink);
        Ok(())
    }

    /// Records a book batch that the core learned.
    pub fn batch(&mut self, now: Nanos, batch: &BookBatch<'_>, sink: &mut impl FnMut(Raw<'_>)) {
        self.body.clear();
        put_batch(batch, now, &mut self.context, &mut Put(&mut self.body));
        self.record(sink);
    }

    /// Records what the core decided.
    pub fn command(&mut self, now: Nanos, command: &Command, sink: &mut impl FnMut(Raw<'_>)) {
        self.begin(kind::COMMAND, now).bytes(command.to_bytes());
        self.record(sink);
    }

    /// Records where the core stands.
    pub fn checkpoint(&mut self, now: Nanos, checkpoint: &Checkpoint, sink: &mut impl FnMut(Raw<'_>)) {
        let mut put = self.begin(kind::CHECKPOINT, now);
        put.bytes(checkpoint.state_hash.to_le_bytes());
        put.word(checkpoint.inputs);
        put.word(checkpoint.commands);
        self.record(sink);
    }

    /// Records a word of what would carry over to the next run.
    pub fn carried(&mut self, now: Nanos, word: &Carried, sink: &mut impl FnMut(Raw<'_>)) {
        put_carried(word, &mut self.begin(kind::CARRIED, now));
        self.record(sink);
    }

    /// Ends the segment; what is recorded next begins another.
    pub fn end(&mut self, sink: &mut impl FnMut(Raw<'_>)) {
        self.blocks.end(sink);
        self.context.clear();
    }

    fn begin(&mut self, kind: u8, now: Nanos) -> Put<'_> {
        self.body.clear();
        let mut put = Put(&mut self.body);
        begin(&mut put, kind, now, &mut self.context);
        put
    }

    /// Hands on the body, and where that fills block or segment, the end of it.
    fn record(&mut self, sink: &mut impl FnMut(Raw<'_>)) {
        if self.blocks.record(&self.body, sink) != Closed::Nothing {
            self.context.clear();
        }
    }
}
