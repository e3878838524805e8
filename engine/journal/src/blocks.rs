//! The numbers of records, and where blocks and segments end: alike whatever the records say.

use crate::bodies::{Raw, kind};
use crate::varint::length_bytes;
use crate::writer::CHECKSUM_BYTES;
use crate::{BLOCK_BYTES, BODY_BYTES_MAX};

/// Length of a record that ends a block.
const BLOCK_END_BYTES: usize = 1 + 1 + 32 + CHECKSUM_BYTES;

/// Whether a block ended, after which differences are counted anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closed {
    /// The block goes on.
    Nothing,
    /// The block ended.
    Block,
    /// The block ended, and with it the segment.
    Segment,
}

/// Numbers bodies, and ends blocks and segments that are long enough.
#[derive(Clone, Debug)]
pub(crate) struct Blocks {
    /// Number of the next record.
    seq: u64,
    /// Bytes of the block so far, as they will be at rest.
    block_bytes: usize,
    /// Bytes of the segment's records so far.
    segment_bytes: u64,
    segment_bytes_max: u64,
}

impl Blocks {
    pub(crate) const fn new(first_seq: u64, segment_bytes_max: u64) -> Self {
        Self { seq: first_seq, block_bytes: 0, segment_bytes: 0, segment_bytes_max }
    }

    /// The same in the middle of a segment: so many bytes of the block, and of the blocks before it.
    pub(crate) const fn at(self, block_bytes: usize, segment_bytes: u64) -> Self {
        Self { block_bytes, segment_bytes, ..self }
    }

    /// Number of the next record.
    pub(crate) const fn next_seq(&self) -> u64 {
        self.seq
    }

    /// Hands on a body, and where that fills block or segment, the end of it.
    pub(crate) fn record(&mut self, body: &[u8], sink: &mut impl FnMut(Raw<'_>)) -> Closed {
        let length = body.len();
        assert!(length <= BODY_BYTES_MAX, "a record too long to be read again");
        sink(Raw { seq: self.seq, body });
        self.seq += 1;
        self.block_bytes += length_bytes(length) + length + CHECKSUM_BYTES;
        self.catch_up(sink)
    }

    /// Ends the block where it is long enough, or the segment.
    pub(crate) fn catch_up(&mut self, sink: &mut impl FnMut(Raw<'_>)) -> Closed {
        if self.block_bytes < BLOCK_BYTES {
            return Closed::Nothing;
        }
        if self.segment_bytes + self.block_bytes as u64 >= self.segment_bytes_max {
            self.end(sink);
            return Closed::Segment;
        }
        self.close(kind::BLOCK, sink);
        Closed::Block
    }

    /// Ends the segment.
    pub(crate) fn end(&mut self, sink: &mut impl FnMut(Raw<'_>)) {
        self.close(kind::END, sink);
        self.segment_bytes = 0;
    }

    fn close(&mut self, kind: u8, sink: &mut impl FnMut(Raw<'_>)) {
        sink(Raw { seq: self.seq, body: &[kind] });
        self.seq += 1;
        self.segment_bytes += (self.block_bytes + BLOCK_END_BYTES) as u64;
        self.block_bytes = 0;
    }
}
