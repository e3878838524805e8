//! The record: what the core learned and decided, in bytes that prove themselves.
//!
//! A *segment* is a header and then records, each with a sequence number, a time and a CRC-32C:
//!
//! | bytes | meaning |
//! |---|---|
//! | 1–3 | length of the body, LEB128 |
//! | body | kind, time since the record before, content ([`Entry`]) |
//! | 4 | CRC-32C (Castagnoli, RFC 3720 appendix B.4) over the sequence number and the body, little endian |
//!
//! The sequence number is not stored: it counts on from the header's, and a record that is missing shows as a checksum that
//! fits a later number. After every [`BLOCK_BYTES`] stands a record with the SHA-256 of the block and of the hash before it: the
//! chain, which begins with the header's hash and goes on in the next segment's header. Numbers are stored as differences from
//! the record before of the same instrument; at the beginning of a block they start anew, so that a block can be read by itself.
//!
//! A *recording* is framed in the same way and begins with another magic; its records are what came in over connections
//! ([`Frame`]), word for word.
//!
//! Whatever the bytes, reading gives records exactly as they were written or a [`Fault`] that names the place, never a panic.
//!
//! Never here: a file, a clock, a decision.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod blocks;
mod bodies;
mod chain;
mod codes;
mod context;
mod entry;
mod event;
mod fault;
mod frames;
mod header;
mod plain;
mod reader;
mod unframer;
mod varint;
mod writer;

pub use bodies::{Bodies, Raw, SlotAlone};
pub use chain::{Hash, digest_of};
pub use entry::{Checkpoint, Entry, Record};
pub use fault::{Fault, FaultKind};
pub use frames::{FRAME_BYTES_MAX, Frame, FrameBodies, FrameReader, Said};
pub use header::{FORMAT_VERSION, Form, Header, META_BYTES_MAX, header_end};
pub use plain::{
    Draft, PLAIN_WORDS, Plain, Plainer, level_words, pair_of, pair_words, single_of, single_words,
};
pub use reader::{Reader, block_end};
pub use writer::{Encoder, EncoderEnd, Framed, Framer};

/// A block ends with the first record that reaches this length.
pub const BLOCK_BYTES: usize = 64 * 1024;

/// Longest body of a record. A snapshot of 10 000 levels takes some 100 kB.
pub const BODY_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Most levels of a book batch: however they are spelled, the body is no longer than [`BODY_BYTES_MAX`].
pub const BATCH_LEVELS_MAX: usize = (BODY_BYTES_MAX - 128) / 14;

#[cfg(test)]
mod tests;
