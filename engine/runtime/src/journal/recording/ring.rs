//! Frames on their way to the segments: a ring of bytes in memory.
//!
//! Of each frame first [`HEAD_BYTES`], then its bytes. The end that reads takes the former and waits for the latter, which are
//! there soon: room for both was found before either was pushed.

use std::sync::Arc;

use ballast_journal::{FRAME_BYTES_MAX, Frame, FrameBodies, Raw, Said};
use ballast_model::Nanos;
use ballast_sync::ring::{Consumer, Producer, ring as ring_of};

use super::super::JournalError;
use super::super::keeper::Store;
use super::super::segments::{Segments, Spelling};
use super::tap::{FrameTap, Losses};

/// Bytes before those of a frame: kind, way, status, length, times, and two numbers.
const HEAD_BYTES: usize = 40;

/// Least of a ring.
const RING_BYTES_MIN: usize = 1 << 12;

/// Makes a ring of so many bytes.
pub(super) fn ring(bytes: usize, losses: Arc<Losses>) -> (FrameTap, FrameStore) {
    let (producer, consumer) = ring_of(bytes.max(RING_BYTES_MIN));
    let store = FrameStore { ring: consumer, head: None, body: Vec::new(), ended: false };
    (FrameTap::new(FrameRing(producer), losses), store)
}

/// The end that is written to.
#[derive(Debug)]
pub(super) struct FrameRing(Producer<u8>);

impl FrameRing {
    /// Copies a frame; false, and nothing is, where there is no room.
    #[inline]
    pub(super) fn push(&mut self, frame: &Frame<'_>) -> bool {
        let (head, bytes) = Head::of(frame);
        if bytes.len() > FRAME_BYTES_MAX || self.0.free() < HEAD_BYTES + bytes.len() {
            return false;
        }
        self.0.push_batch(&head.to_bytes()).is_ok() && self.0.push_batch(bytes).is_ok()
    }
}

/// What of a frame has always the same length.
#[derive(Clone, Copy, Debug)]
struct Head {
    kind: u8,
    way: u8,
    status: u16,
    length: u32,
    now: i64,
    wall: i64,
    numbers: [u64; 2],
}

impl Head {
    #[inline]
    fn of<'a>(frame: &Frame<'a>) -> (Self, &'a [u8]) {
        let (kind, status, numbers, bytes) = match frame.said {
            Said::Opened => (0, 0, [0; 2], &[][..]),
            Said::Closed => (1, 0, [0; 2], &[][..]),
            Said::Text(text) => (2, 0, [0; 2], text),
            Said::Answer { status, body } => (3, status, [0; 2], body),
            Said::Asked(asked) => (4, 0, [0; 2], asked),
            Said::Due => (5, 0, [0; 2], &[][..]),
            Said::Lost { records, bytes } => (6, 0, [records, bytes], &[][..]),
        };
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let (way, now, wall) = (frame.way, frame.now.0, frame.wall.0);
        (Self { kind, way, status, length, now, wall, numbers }, bytes)
    }

    #[inline]
    fn to_bytes(self) -> [u8; HEAD_BYTES] {
        let Self { kind, way, status, length, now, wall, numbers: [one, two] } = self;
        let small = u64::from(kind) | u64::from(way) << 8 | u64::from(status) << 16 | u64::from(length) << 32;
        let words = [small, now.cast_unsigned(), wall.cast_unsigned(), one, two];
        let mut bytes = [0; HEAD_BYTES];
        for (to, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
            *to = word.to_le_bytes();
        }
        bytes
    }

    #[expect(clippy::cast_possible_truncation, reason = "parts of a word, cut on purpose")]
    fn from_bytes(bytes: &[u8; HEAD_BYTES]) -> Self {
        let mut words = bytes.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word));
        let mut next = || words.next().unwrap_or(0);
        let small = next();
        Self {
            kind: small as u8,
            way: (small >> 8) as u8,
            status: (small >> 16) as u16,
            length: (small >> 32) as u32,
            now: next().cast_signed(),
            wall: next().cast_signed(),
            numbers: [next(), next()],
        }
    }

    const fn frame<'a>(&self, bytes: &'a [u8]) -> Frame<'a> {
        let [records, lost] = self.numbers;
        let said = match self.kind {
            0 => Said::Opened,
            1 => Said::Closed,
            2 => Said::Text(bytes),
            3 => Said::Answer { status: self.status, body: bytes },
            4 => Said::Asked(bytes),
            5 => Said::Due,
            _ => Said::Lost { records, bytes: lost },
        };
        Frame { now: Nanos(self.now), wall: Nanos(self.wall), way: self.way, said }
    }
}

/// The end that is read.
#[derive(Debug)]
pub(super) struct FrameStore {
    ring: Consumer<u8>,
    /// Taken, while the bytes are not.
    head: Option<Head>,
    body: Vec<u8>,
    /// The segment was ended, as nothing more will come.
    ended: bool,
}

impl FrameStore {
    /// True once the writing end is gone and all it left is taken, until that is recorded.
    fn is_over(&self) -> bool {
        // In this order: what was pushed before the end is then seen.
        let abandoned = self.ring.is_abandoned();
        abandoned && !self.ended && self.head.is_none() && self.ring.waiting() == 0
    }
}

impl Store for FrameStore {
    type Spelling = FrameBodies;

    fn has_more(&self) -> bool {
        let need = self.head.map_or(HEAD_BYTES, |head| head.length as usize);
        self.ring.waiting() >= need || self.is_over()
    }

    fn move_one(&mut self, segments: &mut Segments<FrameBodies>) -> Result<bool, JournalError> {
        if self.is_over() {
            self.ended = true;
            segments.collect(&None);
            return Ok(true);
        }
        let head = match self.head {
            Some(head) => head,
            None => {
                let mut bytes = [0; HEAD_BYTES];
                if !self.ring.pop_batch(&mut bytes) {
                    return Ok(false);
                }
                *self.head.insert(Head::from_bytes(&bytes))
            }
        };
        self.body.resize(head.length as usize, 0);
        if !self.ring.pop_batch(&mut self.body) {
            return Ok(false);
        }
        self.head = None;
        segments.collect(&Some(head.frame(&self.body)));
        Ok(true)
    }

    /// Its room was given back when it was taken: it is in memory until it is written, and there is only so much of that.
    fn release(&mut self, _: u64) {}
}

impl Spelling for FrameBodies {
    const FORM: ballast_journal::Form = ballast_journal::Form::Recording;
    /// `None` ends the segment.
    type Draft<'d> = Option<Frame<'d>>;

    fn next_seq(&self) -> u64 {
        self.next_seq()
    }

    fn spell(&mut self, draft: &Option<Frame<'_>>, sink: &mut impl FnMut(Raw<'_>)) {
        match draft {
            Some(frame) => self.frame(frame, sink),
            None => self.end(sink),
        }
    }
}
