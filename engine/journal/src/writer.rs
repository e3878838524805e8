//! Records into bytes at rest.

use alloc::vec::Vec;

use ballast_model::{BookBatch, Carried, Command, Event, Nanos};
use crc::{CRC_32_ISCSI, Crc, Table};
use sha2::{Digest as _, Sha256};

use crate::bodies::{Bodies, Raw, SlotAlone, kind};
use crate::chain::Hash;
use crate::entry::Checkpoint;
use crate::header::{Form, Header};
use crate::reader::Reader;
use crate::varint::Put;

/// CRC-32C.
pub(crate) const CRC: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISCSI);

/// Bytes of a record's checksum.
pub(crate) const CHECKSUM_BYTES: usize = 4;

/// Checksum of a record.
pub(crate) fn checksum(seq: u64, body: &[u8]) -> u32 {
    let mut digest = CRC.digest();
    digest.update(&seq.to_le_bytes());
    digest.update(body);
    digest.finalize()
}

/// How a segment ended: what the next one goes on from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncoderEnd {
    /// Number of the next record.
    pub next_seq: u64,
    /// Last hash of the chain.
    pub hash: Hash,
}

/// What a record was to its segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framed {
    /// More of the segment may follow.
    Record,
    /// The segment ended.
    Ended(EncoderEnd),
}

/// Adds checksums and the chain of hashes to records.
#[derive(Clone, Debug)]
pub struct Framer {
    /// Of the block so far.
    hasher: Sha256,
}

impl Framer {
    /// Begins a segment: appends its header.
    ///
    /// # Panics
    /// Where the header's meta text is longer than [`crate::META_BYTES_MAX`], or its first number is zero.
    #[must_use]
    pub fn new(form: Form, header: &Header, out: &mut Vec<u8>) -> Self {
        assert!(header.first_seq > 0, "records are counted from one on");
        Self { hasher: Sha256::new_with_prefix(header.put(form, out)) }
    }

    /// Goes on where a reader stands: in the middle of a segment whose writer died.
    #[must_use]
    pub fn resume(reader: &Reader<'_>) -> Self {
        let (hash, block) = reader.block();
        Self { hasher: Sha256::new_with_prefix(hash).chain_update(block) }
    }

    /// Appends a record.
    pub fn record(&mut self, raw: Raw<'_>, out: &mut Vec<u8>) -> Framed {
        match raw.body {
            [end @ (kind::BLOCK | kind::END)] => {
                let hash: Hash = core::mem::take(&mut self.hasher).finalize().into();
                self.hasher.update(hash);
                let mut body = [*end; 33];
                body.iter_mut().skip(1).zip(hash).for_each(|(to, from)| *to = from);
                append(raw.seq, &body, out);
                if *end == kind::BLOCK {
                    Framed::Record
                } else {
                    Framed::Ended(EncoderEnd { next_seq: raw.seq + 1, hash })
                }
            }
            body => {
                let start = out.len();
                append(raw.seq, body, out);
                self.hasher.update(out.get(start..).unwrap_or_default());
                Framed::Record
            }
        }
    }
}

fn append(seq: u64, body: &[u8], out: &mut Vec<u8>) {
    Put(out).word(body.len() as u64);
    out.extend_from_slice(body);
    out.extend_from_slice(&checksum(seq, body).to_le_bytes());
}

/// Writes one segment in one go: [`Bodies`] and [`Framer`] in one place.
#[derive(Clone, Debug)]
pub struct Encoder {
    bodies: Bodies,
    framer: Framer,
}

impl Encoder {
    /// Begins a segment: appends its header.
    ///
    /// # Panics
    /// As [`Framer::new`].
    #[must_use]
    pub fn new(header: &Header, out: &mut Vec<u8>) -> Self {
        Self {
            bodies: Bodies::new(header.first_seq, u64::MAX),
            framer: Framer::new(Form::Journal, header, out),
        }
    }

    /// Number of the next record.
    #[must_use]
    pub const fn next_seq(&self) -> u64 {
        self.bodies.next_seq()
    }

    /// Appends what the core learned.
    ///
    /// # Errors
    /// [`SlotAlone`]; nothing is appended.
    pub fn event(&mut self, now: Nanos, event: &Event, out: &mut Vec<u8>) -> Result<(), SlotAlone> {
        let framer = &mut self.framer;
        self.bodies.event(now, event, &mut |raw| _ = framer.record(raw, out))
    }

    /// Appends a book batch that the core learned.
    pub fn batch(&mut self, now: Nanos, batch: &BookBatch<'_>, out: &mut Vec<u8>) {
        let framer = &mut self.framer;
        self.bodies.batch(now, batch, &mut |raw| _ = framer.record(raw, out));
    }

    /// Appends what the core decided.
    pub fn command(&mut self, now: Nanos, command: &Command, out: &mut Vec<u8>) {
        let framer = &mut self.framer;
        self.bodies.command(now, command, &mut |raw| _ = framer.record(raw, out));
    }

    /// Appends where the core stands.
    pub fn checkpoint(&mut self, now: Nanos, checkpoint: &Checkpoint, out: &mut Vec<u8>) {
        let framer = &mut self.framer;
        self.bodies.checkpoint(now, checkpoint, &mut |raw| _ = framer.record(raw, out));
    }

    /// Appends a word of what would carry over.
    pub fn carried(&mut self, now: Nanos, word: &Carried, out: &mut Vec<u8>) {
        let framer = &mut self.framer;
        self.bodies.carried(now, word, &mut |raw| _ = framer.record(raw, out));
    }

    /// Ends the segment.
    pub fn end(mut self, out: &mut Vec<u8>) -> EncoderEnd {
        let mut ended = EncoderEnd { next_seq: 0, hash: [0; 32] };
        let framer = &mut self.framer;
        self.bodies.end(&mut |raw| {
            if let Framed::Ended(end) = framer.record(raw, out) {
                ended = end;
            }
        });
        ended
    }
}
