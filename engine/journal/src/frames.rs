//! What came in over connections, word for word, before anybody read it: the records of a recording.
//!
//! A body is the kind, the time since the frame before, how much further the wall's clock is ahead of ours than at that frame, the
//! number of the way, and what was said. The first frame of a block counts from zero.

use alloc::vec::Vec;

use ballast_model::{Nanos, Span};

use crate::blocks::{Blocks, Closed};
use crate::bodies::Raw;
use crate::fault::{Fault, FaultKind};
use crate::header::{Form, Header};
use crate::unframer::{Part, Unframer};
use crate::varint::{Put, Take};
use crate::writer::EncoderEnd;
use crate::{BLOCK_BYTES, BODY_BYTES_MAX};

/// Bytes of a frame at most.
pub const FRAME_BYTES_MAX: usize = BODY_BYTES_MAX - 64;

/// What happened on a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said<'a> {
    /// It stands.
    Opened,
    /// It is gone, or took nothing.
    Closed,
    /// One message came in.
    Text(&'a [u8]),
    /// An answer came in.
    Answer {
        /// Its status.
        status: u16,
        /// Its body.
        body: &'a [u8],
    },
    /// This was sent, or was to be where [`Said::Closed`] follows: the text of a message, or path and query of a request.
    Asked(&'a [u8]),
    /// Time had passed that was waited for.
    Due,
    /// Here something is missing that came in: the recorder had no room for it.
    Lost {
        /// Records.
        records: u64,
        /// Bytes of their frames.
        bytes: u64,
    },
}

/// One record of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// When, by the clock that never falls.
    pub now: Nanos,
    /// The same by the wall's clock.
    pub wall: Nanos,
    /// Where: the recorder's number of a connection. Without meaning for [`Said::Due`] and [`Said::Lost`].
    pub way: u8,
    /// What.
    pub said: Said<'a>,
}

mod kind {
    pub(super) const OPENED: u8 = 1;
    pub(super) const CLOSED: u8 = 2;
    pub(super) const TEXT: u8 = 3;
    pub(super) const ANSWER: u8 = 4;
    pub(super) const ASKED: u8 = 5;
    pub(super) const DUE: u8 = 6;
    pub(super) const LOST: u8 = 7;
}

/// What the times of a frame are counted from.
#[derive(Clone, Copy, Debug, Default)]
struct Clocks {
    now: i64,
    /// Wall less ours; wraps around where that is no number.
    ahead: i64,
}

/// Turns frames into numbered bodies. Allocates nothing after construction but for a frame longer than all before.
#[derive(Clone, Debug)]
pub struct FrameBodies {
    clocks: Clocks,
    blocks: Blocks,
    /// Time of the segment's first frame.
    begun_at: Option<Nanos>,
    segment_span_max: Span,
    body: Vec<u8>,
}

impl FrameBodies {
    /// A recording from its beginning. A segment ends after the first block that reaches `segment_bytes_max`, or with the first
    /// frame that comes `segment_span_max` after its first.
    #[must_use]
    pub fn new(segment_bytes_max: u64, segment_span_max: Span) -> Self {
        Self {
            clocks: Clocks::default(),
            blocks: Blocks::new(1, segment_bytes_max),
            begun_at: None,
            segment_span_max,
            body: Vec::with_capacity(BLOCK_BYTES),
        }
    }

    /// Number of the next record.
    #[must_use]
    pub const fn next_seq(&self) -> u64 {
        self.blocks.next_seq()
    }

    /// Records a frame.
    ///
    /// # Panics
    /// Where it is longer than [`FRAME_BYTES_MAX`].
    pub fn frame(&mut self, frame: &Frame<'_>, sink: &mut impl FnMut(Raw<'_>)) {
        self.body.clear();
        put_frame(frame, &mut self.clocks, &mut Put(&mut self.body));
        let begun_at = *self.begun_at.get_or_insert(frame.now);
        match self.blocks.record(&self.body, sink) {
            Closed::Nothing => {}
            Closed::Block => self.clocks = Clocks::default(),
            Closed::Segment => return self.begin_anew(),
        }
        if frame.now - begun_at >= self.segment_span_max {
            self.end(sink);
        }
    }

    /// Ends the segment; what is recorded next begins another.
    pub fn end(&mut self, sink: &mut impl FnMut(Raw<'_>)) {
        self.blocks.end(sink);
        self.begin_anew();
    }

    fn begin_anew(&mut self) {
        (self.clocks, self.begun_at) = (Clocks::default(), None);
    }
}

fn put_frame(frame: &Frame<'_>, clocks: &mut Clocks, put: &mut Put<'_>) {
    let (kind, more) = match frame.said {
        Said::Opened => (kind::OPENED, &[][..]),
        Said::Closed => (kind::CLOSED, &[][..]),
        Said::Text(text) => (kind::TEXT, text),
        Said::Answer { body, .. } => (kind::ANSWER, body),
        Said::Asked(asked) => (kind::ASKED, asked),
        Said::Due => (kind::DUE, &[][..]),
        Said::Lost { .. } => (kind::LOST, &[][..]),
    };
    put.byte(kind);
    put.time(clocks.now, frame.now.0);
    let ahead = frame.wall.0.wrapping_sub(frame.now.0);
    put.delta(clocks.ahead, ahead);
    *clocks = Clocks { now: frame.now.0, ahead };
    put.byte(frame.way);
    match frame.said {
        Said::Answer { status, .. } => put.word(status.into()),
        Said::Lost { records, bytes } => {
            put.word(records);
            put.word(bytes);
        }
        Said::Opened | Said::Closed | Said::Text(_) | Said::Asked(_) | Said::Due => {}
    }
    put.slice(more);
}

fn take_frame<'a>(body: &'a [u8], clocks: &mut Clocks) -> Option<Frame<'a>> {
    let mut take = Take(body);
    let kind = take.byte()?;
    let now = take.time(clocks.now)?;
    let ahead = take.delta(clocks.ahead)?;
    let way = take.byte()?;
    let said = match kind {
        kind::OPENED => Said::Opened,
        kind::CLOSED => Said::Closed,
        kind::TEXT => Said::Text(take.rest()),
        kind::ANSWER => Said::Answer { status: take.short()?, body: take.rest() },
        kind::ASKED => Said::Asked(take.rest()),
        kind::DUE => Said::Due,
        kind::LOST => Said::Lost { records: take.word()?, bytes: take.word()? },
        _ => return None,
    };
    *clocks = Clocks { now, ahead };
    let wall = Nanos(now.wrapping_add(ahead));
    take.0.is_empty().then_some(Frame { now: Nanos(now), wall, way, said })
}

/// Reads one segment of a recording, frame after frame.
#[derive(Clone, Debug)]
pub struct FrameReader<'a> {
    frames: Unframer<'a>,
    clocks: Clocks,
}

impl<'a> FrameReader<'a> {
    /// Reads the header.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(bytes: &'a [u8]) -> Result<(Header, Self), Fault> {
        let (header, frames) = Unframer::new(Form::Recording, bytes)?;
        Ok((header, Self { frames, clocks: Clocks::default() }))
    }

    /// Number of the next record.
    #[must_use]
    pub const fn next_seq(&self) -> u64 {
        self.frames.next_seq()
    }

    /// How the segment ended; `None` before its last record is read, and for ever where its writer died.
    #[must_use]
    pub fn end(&self) -> Option<EncoderEnd> {
        self.frames.end()
    }

    /// The next frame and its number; `None` at the end of the bytes, and after a fault.
    ///
    /// # Errors
    /// What is wrong, and where.
    #[expect(
        clippy::should_implement_trait,
        reason = "what may be wrong is asked for by `?`, as of a journal's reader"
    )]
    pub fn next(&mut self) -> Result<Option<(u64, Frame<'a>)>, Fault> {
        while let Some(looked) = self.frames.look()? {
            let Part::Body(body) = looked.part else {
                self.clocks = Clocks::default();
                self.frames.take(&looked);
                continue;
            };
            let mut clocks = self.clocks;
            let frame = take_frame(body, &mut clocks);
            let frame = frame.ok_or_else(|| self.frames.fault(FaultKind::Content))?;
            self.clocks = clocks;
            self.frames.take(&looked);
            return Ok(Some((looked.seq, frame)));
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
