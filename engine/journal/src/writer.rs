//! Records into bytes.

use alloc::vec::Vec;

use ballast_model::{BookBatch, Command, Event, Nanos};
use crc::{CRC_32_ISCSI, Crc, Table};
use sha2::{Digest as _, Sha256};

use crate::chain::Hash;
use crate::context::Context;
use crate::entry::Checkpoint;
use crate::event::{begin, put_batch, put_event};
use crate::header::Header;
use crate::varint::Put;
use crate::{BLOCK_BYTES, BODY_BYTES_MAX};

/// CRC-32C.
pub(crate) const CRC: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISCSI);

/// Kinds of records that are no inputs.
pub(crate) mod kind {
    pub(crate) const COMMAND: u8 = 64;
    pub(crate) const CHECKPOINT: u8 = 65;
    pub(crate) const BLOCK: u8 = 66;
    pub(crate) const END: u8 = 67;
}

/// Checksum of a record.
pub(crate) fn checksum(seq: u64, body: &[u8]) -> u32 {
    let mut digest = CRC.digest();
    digest.update(&seq.to_le_bytes());
    digest.update(body);
    digest.finalize()
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

/// How a segment ended: what the next one goes on from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncoderEnd {
    /// Number of the next record.
    pub next_seq: u64,
    /// Last hash of the chain.
    pub hash: Hash,
}

/// Writes one segment, record after record, into whatever takes the bytes.
#[derive(Clone, Debug)]
pub struct Encoder {
    context: Context,
    seq: u64,
    /// Hash of the block before.
    hash: Hash,
    /// Of the block so far.
    hasher: Sha256,
    block_bytes: usize,
    body: Vec<u8>,
}

impl Encoder {
    /// Begins a segment: appends its header.
    ///
    /// # Panics
    /// Where the header's meta text is longer than [`crate::META_BYTES_MAX`], or its first number is zero.
    #[must_use]
    pub fn new(header: &Header, out: &mut Vec<u8>) -> Self {
        assert!(header.first_seq > 0, "records are counted from one on");
        let hash = header.put(out);
        Self {
            context: Context::default(),
            seq: header.first_seq,
            hash,
            hasher: Sha256::new_with_prefix(hash),
            block_bytes: 0,
            body: Vec::new(),
        }
    }

    /// Number of the next record.
    #[must_use]
    pub const fn next_seq(&self) -> u64 {
        self.seq
    }

    /// Appends what the core learned.
    ///
    /// # Errors
    /// [`SlotAlone`]; nothing is appended.
    pub fn event(&mut self, now: Nanos, event: &Event, out: &mut Vec<u8>) -> Result<(), SlotAlone> {
        self.body.clear();
        if !put_event(event, now, &mut self.context, &mut Put(&mut self.body)) {
            return Err(SlotAlone);
        }
        self.record(out);
        Ok(())
    }

    /// Appends a book batch that the core learned.
    pub fn batch(&mut self, now: Nanos, batch: &BookBatch<'_>, out: &mut Vec<u8>) {
        self.body.clear();
        put_batch(batch, now, &mut self.context, &mut Put(&mut self.body));
        self.record(out);
    }

    /// Appends what the core decided.
    pub fn command(&mut self, now: Nanos, command: &Command, out: &mut Vec<u8>) {
        self.begin(kind::COMMAND, now).bytes(command.to_bytes());
        self.record(out);
    }

    /// Appends where the core stands.
    pub fn checkpoint(&mut self, now: Nanos, checkpoint: &Checkpoint, out: &mut Vec<u8>) {
        let mut put = self.begin(kind::CHECKPOINT, now);
        put.bytes(checkpoint.state_hash.to_le_bytes());
        put.word(checkpoint.inputs);
        put.word(checkpoint.commands);
        self.record(out);
    }

    /// Ends the segment.
    #[must_use]
    pub fn end(mut self, out: &mut Vec<u8>) -> EncoderEnd {
        self.close_block(kind::END, out);
        EncoderEnd { next_seq: self.seq, hash: self.hash }
    }

    fn begin(&mut self, kind: u8, now: Nanos) -> Put<'_> {
        self.body.clear();
        let mut put = Put(&mut self.body);
        begin(&mut put, kind, now, &mut self.context);
        put
    }

    /// Appends the record of the body, and where that fills the block, the block's end.
    fn record(&mut self, out: &mut Vec<u8>) {
        assert!(self.body.len() <= BODY_BYTES_MAX, "a record too long to be read again");
        let start = out.len();
        self.append(out);
        let bytes = out.get(start..).unwrap_or_default();
        self.hasher.update(bytes);
        self.block_bytes += bytes.len();
        if self.block_bytes >= BLOCK_BYTES {
            self.close_block(kind::BLOCK, out);
        }
    }

    fn append(&mut self, out: &mut Vec<u8>) {
        Put(out).word(self.body.len() as u64);
        out.extend_from_slice(&self.body);
        out.extend_from_slice(&checksum(self.seq, &self.body).to_le_bytes());
        self.seq += 1;
    }

    /// Appends the hash of the block; the next begins.
    fn close_block(&mut self, kind: u8, out: &mut Vec<u8>) {
        self.hash = core::mem::take(&mut self.hasher).finalize().into();
        let hash = self.hash;
        self.body.clear();
        let mut put = Put(&mut self.body);
        put.byte(kind);
        put.bytes(hash);
        self.append(out);
        self.hasher.update(hash);
        self.block_bytes = 0;
        self.context.clear();
    }
}
