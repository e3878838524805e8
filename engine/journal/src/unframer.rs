//! Bytes into the bodies of records, each proved: its number, its checksum, and the chain of hashes. Not what they say.

use crate::BODY_BYTES_MAX;
use crate::bodies::kind;
use crate::chain::{Hash, link};
use crate::fault::{Fault, FaultKind};
use crate::header::{Form, Header};
use crate::varint::{Take, length_bytes};
use crate::writer::{EncoderEnd, checksum};

/// So many records may be missing and still be counted.
const MISSING_MAX: u64 = 4_096;

/// What stands in the frame of a record.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part<'a> {
    /// Something is said: the body, which is not empty.
    Body(&'a [u8]),
    /// A block ends.
    Block(Hash),
    /// The segment ends.
    End(Hash),
}

/// One record as it is framed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unframed<'a> {
    pub(crate) seq: u64,
    pub(crate) offset: usize,
    pub(crate) length: usize,
    pub(crate) part: Part<'a>,
}

/// Reads the frames of one segment.
#[derive(Clone, Debug)]
pub(crate) struct Unframer<'a> {
    bytes: &'a [u8],
    /// Where the next record begins.
    offset: usize,
    /// Number of the next record.
    seq: u64,
    hash: Hash,
    /// Where the first record begins.
    begins: usize,
    block_start: usize,
    ended: bool,
    /// Whether a fault was met; true as well while a record is looked at.
    broken: bool,
}

impl<'a> Unframer<'a> {
    pub(crate) fn new(form: Form, bytes: &'a [u8]) -> Result<(Header, Self), Fault> {
        let (header, offset, hash) = Header::take(form, bytes)?;
        let seq = header.first_seq;
        let (begins, block_start) = (offset, offset);
        Ok((header, Self { bytes, offset, seq, hash, begins, block_start, ended: false, broken: false }))
    }

    pub(crate) const fn offset(&self) -> usize {
        self.offset
    }

    pub(crate) const fn next_seq(&self) -> u64 {
        self.seq
    }

    /// The hash of the block before, and the bytes of the block so far.
    pub(crate) fn block(&self) -> (Hash, &[u8]) {
        (self.hash, self.bytes.get(self.block_start..self.offset).unwrap_or_default())
    }

    /// Bytes of the block so far, and those of the blocks before it.
    pub(crate) const fn stands(&self) -> (usize, usize) {
        (self.offset - self.block_start, self.block_start - self.begins)
    }

    pub(crate) fn end(&self) -> Option<EncoderEnd> {
        self.ended.then_some(EncoderEnd { next_seq: self.seq, hash: self.hash })
    }

    /// A fault at the next record.
    pub(crate) const fn fault(&self, kind: FaultKind) -> Fault {
        Fault { offset: self.offset, seq: self.seq, kind }
    }

    /// What comes next; `None` at the end of the bytes, and after a fault. It is [taken](Self::take) by whoever finds that it says
    /// something, and is a fault otherwise.
    pub(crate) fn look(&mut self) -> Result<Option<Unframed<'a>>, Fault> {
        let (seq, offset) = (self.seq, self.offset);
        let rest = self.bytes.get(offset..).unwrap_or_default();
        if rest.is_empty() || core::mem::replace(&mut self.broken, true) {
            return Ok(None);
        }
        if self.ended {
            return Err(self.fault(FaultKind::AfterEnd));
        }
        let (body, length) = take_body(rest, seq).map_err(|kind| self.fault(kind))?;
        let part = match body.split_first() {
            Some((kind @ &(kind::BLOCK | kind::END), hash)) => {
                let told = self.closes(hash).map_err(|kind| self.fault(kind))?;
                if *kind == kind::END { Part::End(told) } else { Part::Block(told) }
            }
            _ => Part::Body(body),
        };
        Ok(Some(Unframed { seq, offset, length, part }))
    }

    /// Goes on after what was looked at.
    pub(crate) const fn take(&mut self, looked: &Unframed<'_>) {
        self.seq += 1;
        self.offset += looked.length;
        self.broken = false;
        if let Part::Block(hash) | Part::End(hash) = looked.part {
            self.hash = hash;
            self.block_start = self.offset;
            self.ended = matches!(looked.part, Part::End(_));
        }
    }

    /// Checks the hash of the block that ends here.
    fn closes(&self, hash: &[u8]) -> Result<Hash, FaultKind> {
        let told = hash.try_into().map_err(|_| FaultKind::Content)?;
        let (before, block) = self.block();
        if told == link(&before, block) { Ok(told) } else { Err(FaultKind::Chain) }
    }
}

/// The body of the record that these bytes begin with, and the length of the whole record.
fn take_body(bytes: &[u8], seq: u64) -> Result<(&[u8], usize), FaultKind> {
    let torn = FaultKind::Torn { left: bytes.len() };
    let mut take = Take(bytes);
    let Some(length) = take.unsigned() else {
        // The length itself may be what is cut off.
        let cut = bytes.len() < length_bytes(BODY_BYTES_MAX) && bytes.iter().all(|byte| *byte >= 0x80);
        return Err(if cut { torn } else { FaultKind::Length });
    };
    let length = usize::try_from(length).ok().filter(|length| (1..=BODY_BYTES_MAX).contains(length));
    let body = take.bytes(length.ok_or(FaultKind::Length)?).ok_or(torn)?;
    let told = u32::from_le_bytes(take.array().ok_or(torn)?);
    if told != checksum(seq, body) {
        let later = missing_before(told, seq, body);
        return Err(later.map_or(FaultKind::Checksum, |records| FaultKind::Missing { records }));
    }
    Ok((body, bytes.len() - take.0.len()))
}

/// How many records are missing before one that says this of itself; `None` where that explains nothing.
///
/// A CRC is affine: of bodies of one length, what a bit of the number changes in the checksum does not depend on the others. So
/// one checksum for each bit tells all of them, however long the body is.
fn missing_before(told: u32, seq: u64, body: &[u8]) -> Option<u64> {
    let here = checksum(seq, body);
    let later = |missing: u64| seq ^ seq.wrapping_add(missing);
    let changed = (1..=MISSING_MAX).fold(0, |bits, missing| bits | later(missing));
    let change = |bit: u32| if changed >> bit & 1 == 1 { checksum(seq ^ 1 << bit, body) ^ here } else { 0 };
    let changes: [u32; 64] = core::array::from_fn(|bit| change(u32::try_from(bit).unwrap_or(0)));
    let there = |missing: &u64| {
        let bits = later(*missing);
        let of_bits = changes.iter().zip(0..).filter(|(_, bit)| bits >> bit & 1 == 1);
        of_bits.fold(here, |sum, (change, _)| sum ^ change)
    };
    (1..=MISSING_MAX).find(|missing| there(missing) == told)
}
