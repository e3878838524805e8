//! Bytes into records.

use ballast_model::{Command, Nanos};

use crate::bodies::kind;
use crate::chain::Hash;
use crate::context::Context;
use crate::entry::{Checkpoint, Entry, Record};
use crate::event::{Levels, take_carried, take_input};
use crate::fault::{Fault, FaultKind};
use crate::header::{Form, Header};
use crate::unframer::{Part, Unframed, Unframer};
use crate::varint::Take;
use crate::writer::{CHECKSUM_BYTES, EncoderEnd};

/// Reads one segment, record after record.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    frames: Unframer<'a>,
    context: Context,
    levels: Levels,
}

impl<'a> Reader<'a> {
    /// Reads the header.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(bytes: &'a [u8]) -> Result<(Header, Self), Fault> {
        let (header, frames) = Unframer::new(Form::Journal, bytes)?;
        Ok((header, Self { frames, context: Context::default(), levels: Levels::default() }))
    }

    /// Bytes read so far: up to here the segment is as it was written.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.frames.offset()
    }

    /// Number of the next record.
    #[must_use]
    pub const fn next_seq(&self) -> u64 {
        self.frames.next_seq()
    }

    /// The hash of the block before, and the bytes of the block so far.
    pub(crate) fn block(&self) -> (Hash, &[u8]) {
        self.frames.block()
    }

    /// What the next record is counted from, the bytes of the block so far, and those of the blocks before it.
    pub(crate) const fn stands(&self) -> (&Context, usize, usize) {
        let (block, before) = self.frames.stands();
        (&self.context, block, before)
    }

    /// How the segment ended; `None` before its last record is read, and for ever where its writer died.
    #[must_use]
    pub fn end(&self) -> Option<EncoderEnd> {
        self.frames.end()
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
        let Some(looked) = self.frames.look()? else { return Ok(None) };
        let Unframed { seq, offset, length, part } = looked;
        let closed = Nanos(self.context.now);
        let (now, entry) = match part {
            Part::Block(hash) | Part::End(hash) => {
                self.context.clear();
                let is_end = matches!(part, Part::End(_));
                (closed, if is_end { Entry::End(hash) } else { Entry::Block(hash) })
            }
            Part::Body(body) => {
                let Self { frames, context, levels } = self;
                take_entry(body, context, levels).ok_or_else(|| frames.fault(FaultKind::Content))?
            }
        };
        self.frames.take(&looked);
        Ok(Some(Record { seq, offset, length, now, entry }))
    }
}

/// What a body says, and when.
fn take_entry<'l>(body: &[u8], context: &mut Context, levels: &'l mut Levels) -> Option<(Nanos, Entry<'l>)> {
    let mut take = Take(body);
    let kind = take.byte()?;
    let now = take.time(context.now).map(Nanos)?;
    context.now = now.0;
    let entry = match kind {
        kind::COMMAND => take.array().and_then(|bytes| Command::from_bytes(&bytes)).map(Entry::Command),
        kind::CHECKPOINT => take_checkpoint(&mut take).map(Entry::Checkpoint),
        kind::CARRIED => take_carried(&mut take).map(Entry::Carried),
        input => take_input(input, now, context, &mut take, levels),
    };
    Some((now, entry.filter(|_| take.0.is_empty())?))
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
