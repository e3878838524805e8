//! Bytes into records.

use ballast_model::{Command, Nanos};

use crate::BODY_BYTES_MAX;
use crate::bodies::kind;
use crate::chain::{Hash, link};
use crate::context::Context;
use crate::entry::{Checkpoint, Entry, Record};
use crate::event::{Levels, take_carried, take_input};
use crate::fault::{Fault, FaultKind};
use crate::header::Header;
use crate::varint::{Take, length_bytes};
use crate::writer::{CHECKSUM_BYTES, EncoderEnd, checksum};

/// So many records may be missing and still be counted.
const MISSING_MAX: u64 = 4_096;

/// Reads one segment, record after record.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    /// Where the next record begins.
    offset: usize,
    /// Number of the next record.
    seq: u64,
    hash: Hash,
    /// Where the first record begins.
    begins: usize,
    block_start: usize,
    context: Context,
    levels: Levels,
    ended: bool,
    /// Whether a fault was met; true as well while a record is looked at.
    broken: bool,
}

impl<'a> Reader<'a> {
    /// Reads the header.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(bytes: &'a [u8]) -> Result<(Header, Self), Fault> {
        let (header, offset, hash) = Header::take(bytes)?;
        let seq = header.first_seq;
        let reader = Self {
            bytes,
            offset,
            seq,
            hash,
            begins: offset,
            block_start: offset,
            context: Context::default(),
            levels: Levels::default(),
            ended: false,
            broken: false,
        };
        Ok((header, reader))
    }

    /// Bytes read so far: up to here the segment is as it was written.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// Number of the next record.
    #[must_use]
    pub const fn next_seq(&self) -> u64 {
        self.seq
    }

    /// The hash of the block before, and the bytes of the block so far.
    pub(crate) fn block(&self) -> (Hash, &[u8]) {
        (self.hash, self.bytes.get(self.block_start..self.offset).unwrap_or_default())
    }

    /// What the next record is counted from, the bytes of the block so far, and those of the blocks before it.
    pub(crate) fn stands(&self) -> (&Context, usize, usize) {
        (&self.context, self.offset - self.block_start, self.block_start - self.begins)
    }

    /// How the segment ended; `None` before its last record is read, and for ever where its writer died.
    #[must_use]
    pub fn end(&self) -> Option<EncoderEnd> {
        self.ended.then_some(EncoderEnd { next_seq: self.seq, hash: self.hash })
    }

    /// The next record; `None` at the end of the bytes, and after a fault.
    ///
    /// # Errors
    /// What is wrong, and where.
    #[expect(
        clippy::should_implement_trait,
        reason = "a record borrows from the reader: no iterator can give that"
    )]
    pub fn next(&mut self) -> Result<Option<Record<'_>>, Fault> {
        let (seq, offset) = (self.seq, self.offset);
        let fault = |kind| Fault { offset, seq, kind };
        let rest = self.bytes.get(offset..).unwrap_or_default();
        if rest.is_empty() || core::mem::replace(&mut self.broken, true) {
            return Ok(None);
        }
        if self.ended {
            return Err(fault(FaultKind::AfterEnd));
        }
        let (body, length) = take_body(rest, seq).map_err(fault)?;
        let mut take = Take(body);
        let kind = take.byte().ok_or(fault(FaultKind::Content))?;
        if matches!(kind, kind::BLOCK | kind::END) {
            let now = Nanos(self.context.now);
            let entry = self.close_block(kind, take, length).map_err(fault)?;
            return Ok(Some(Record { seq, offset, length, now, entry }));
        }
        let content = || fault(FaultKind::Content);
        let now = take.time(self.context.now).map(Nanos).ok_or_else(content)?;
        self.context.now = now.0;
        let entry = match kind {
            kind::COMMAND => take.array().and_then(|bytes| Command::from_bytes(&bytes)).map(Entry::Command),
            kind::CHECKPOINT => take_checkpoint(&mut take).map(Entry::Checkpoint),
            kind::CARRIED => take_carried(&mut take).map(Entry::Carried),
            input => take_input(input, now, &mut self.context, &mut take, &mut self.levels),
        };
        let entry = entry.filter(|_| take.0.is_empty()).ok_or_else(content)?;
        self.seq += 1;
        self.offset += length;
        self.broken = false;
        Ok(Some(Record { seq, offset, length, now, entry }))
    }

    /// Checks the hash of the block that ends here.
    fn close_block(
        &mut self,
        kind: u8,
        mut take: Take<'_>,
        length: usize,
    ) -> Result<Entry<'static>, FaultKind> {
        let told = take.array().filter(|_| take.0.is_empty()).ok_or(FaultKind::Content)?;
        let block = self.bytes.get(self.block_start..self.offset).unwrap_or_default();
        if told != link(&self.hash, block) {
            return Err(FaultKind::Chain);
        }
        self.hash = told;
        self.seq += 1;
        self.offset += length;
        self.broken = false;
        self.block_start = self.offset;
        self.context.clear();
        self.ended = kind == kind::END;
        Ok(if self.ended { Entry::End(told) } else { Entry::Block(told) })
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

fn take_checkpoint(take: &mut Take<'_>) -> Option<Checkpoint> {
    let state_hash = u64::from_le_bytes(take.array()?);
    Some(Checkpoint { state_hash, inputs: take.word()?, commands: take.word()? })
}

/// Where the first block ends before which there are `least` bytes: after the record that closes it. A record begins at `from`;
/// `None` where no such block ends within the bytes. Of records only length and kind are looked at.
#[must_use]
pub fn block_end(bytes: &[u8], from: usize, least: usize) -> Option<usize> {
    let mut take = Take(bytes.get(from..)?);
    loop {
        let length = usize::try_from(take.unsigned()?).ok()?;
        let kind = take.bytes(length)?.first();
        take.bytes(CHECKSUM_BYTES)?;
        let at = bytes.len() - take.0.len();
        if at >= least && matches!(kind, Some(&(kind::BLOCK | kind::END))) {
            return Some(at);
        }
    }
}
