//! The walker: one pass over a frame as the venue sends it.
//!
//! It notes where each member's value lies, pushes levels as it meets them, and converts the other values
//! once it knows the kind of message. It takes fields in any order and skips unknown scalar ones. Whatever
//! else it meets (whitespace, escapes, bytes beyond ASCII, a nested value it does not know, any fault) makes
//! it give up: the twin then decodes the frame and, if need be, names the fault. So the walker may be
//! stricter than the twin, never laxer.

#![expect(
    clippy::cast_possible_truncation,
    reason = "offsets of a frame whose length fits 32 bits, and pieces of words"
)]

mod levels;
mod members;
mod message;
mod search;

use self::members::Members;
use self::search::{Commas, string_length};
use crate::kernels::{DECIMAL_BYTES_MAX, Kernels, LANE};
use crate::symbols::{Name, Symbol, Symbols};
use crate::syntax::{Cursor, Type};
use crate::{DecodeError, DecodeErrorKind, Decoded, LevelSink, Span, SymbolId};

/// The frame is for the twin.
#[derive(Clone, Copy, Debug)]
struct Unfit;

/// Says nothing about the frame: the twin's verdict replaces it.
impl From<Unfit> for DecodeError {
    fn from(Unfit: Unfit) -> Self {
        Self { at: 0, kind: DecodeErrorKind::Syntax }
    }
}

/// What the walker is told, and the envelope.
#[derive(Clone, Copy, Debug)]
struct Context<'f, K> {
    kernels: K,
    frame: &'f [u8],
    symbols: Symbols<'f>,
    snapshot_symbol: Option<SymbolId>,
    stream: Option<Span>,
}

/// Where a value lies in a frame whose length fits 32 bits, strings with their quotes.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    start: u32,
    end: u32,
}

/// What precedes and what follows the stream name in an envelope.
const STREAM: &[u8; 11] = b"{\"stream\":\"";
const DATA: &[u8; 10] = b"\",\"data\":{";

/// Decodes `frame`, or returns any error to leave it to the twin.
#[inline(always)]
pub(crate) fn walk<K: Kernels, S: LevelSink>(
    kernels: K,
    frame: &[u8],
    symbols: Symbols<'_>,
    snapshot_symbol: Option<SymbolId>,
    sink: &mut S,
) -> Result<Decoded, DecodeError> {
    u32::try_from(frame.len()).map_err(|_| Unfit)?;
    let mut commas = Commas::new(kernels, frame, 0);
    let stream = envelope(kernels, frame, &mut commas)?;
    let (open, closing) = match stream {
        Some(stream) => (stream.end as usize + DATA.len() - 1, b"}}".as_slice()),
        None => (0, b"}".as_slice()),
    };
    let close = frame.strip_suffix(closing).ok_or(Unfit)?.len();
    let mut members = Members::new(Context { kernels, frame, symbols, snapshot_symbol, stream });
    members.pass(commas, open, close, sink).ok_or(Unfit)?;
    members.decoded()
}

/// The stream name, if there is an envelope, which holds the first of `commas`.
#[inline(always)]
fn envelope<K: Kernels>(kernels: K, frame: &[u8], commas: &mut Commas<'_, K>) -> Result<Option<Span>, Unfit> {
    let Some((before, rest)) = frame.split_first_chunk() else { return Ok(None) };
    if before != STREAM {
        return Ok(None);
    }
    // The comma comes after the closing quote.
    let end = commas.pass().ok_or(Unfit)? - 1;
    let data = frame.get(end..).and_then(<[u8]>::first_chunk);
    let length = string_length(kernels, frame, rest).ok_or(Unfit)?;
    if data != Some(DATA) || STREAM.len() + length != end {
        return Err(Unfit);
    }
    Ok(Some(Span { start: STREAM.len() as u32, end: end as u32 }))
}

impl<'f, K: Kernels> Context<'f, K> {
    /// Whose levels a snapshot holds that does not say so itself.
    fn snapshot_symbol(&self) -> Option<&'f Symbol> {
        let Some(stream) = self.stream else { return self.symbols.by_id(self.snapshot_symbol?) };
        let letters = stream.of(self.frame)?.iter().take_while(|&&byte| byte != b'@');
        self.symbols.find(Name::of(letters.map(u8::to_ascii_uppercase))?)
    }

    /// Passes a value that no message needs, from `start` up to the comma at `end`, unless that lies inside
    /// it; returns where it really ends.
    #[inline(always)]
    fn pass_unknown(&self, start: usize, end: usize) -> Option<usize> {
        let Self { kernels, frame, .. } = *self;
        if let [b'"', text @ ..] = frame.get(start..)? {
            return Some(start + string_length(kernels, frame, text)? + 2);
        }
        self.check(Place::new(start, end))?;
        Some(end)
    }

    /// Whether a value is well-formed and no container.
    #[inline(always)]
    fn check(&self, place: Place) -> Option<()> {
        let Self { kernels, frame, .. } = *self;
        let (lane, length) = place.scalar_lane(frame)?;
        if kernels.integer(lane, length).is_some() {
            return Some(());
        }
        if let Some(text) = place.text(frame) {
            let length = string_length(kernels, frame, frame.get(place.start as usize + 1..)?)?;
            return (length == text.len()).then_some(());
        }
        check_scalar(place.of(frame)?)
    }
}

/// Whether `scalar` is a number, or one of the three words.
#[inline(never)]
fn check_scalar(scalar: &[u8]) -> Option<()> {
    let value = Cursor::new(scalar, 0).value().ok()?;
    let known = matches!(value.kind, Type::Number | Type::True | Type::False | Type::Null);
    (known && value.span.end as usize == scalar.len()).then_some(())
}

impl Place {
    #[inline(always)]
    const fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    #[inline(always)]
    const fn length(self) -> usize {
        self.end.wrapping_sub(self.start) as usize
    }

    #[inline(always)]
    fn of(self, frame: &[u8]) -> Option<&[u8]> {
        frame.get(self.start as usize..self.end as usize)
    }

    /// The inside of a string.
    #[inline(always)]
    fn text(self, frame: &[u8]) -> Option<&[u8]> {
        match self.of(frame)? {
            [b'"', text @ .., b'"'] => Some(text),
            _ => None,
        }
    }

    /// The lane of bytes that ends with the last of a scalar, and the scalar's length.
    #[inline(always)]
    fn scalar_lane(self, frame: &[u8]) -> Option<(&[u8; LANE], usize)> {
        Some((frame.get(..self.end as usize)?.last_chunk()?, self.length()))
    }

    /// The lane of bytes that ends with the last inside a string, and how many there are; at most
    /// [`DECIMAL_BYTES_MAX`].
    #[inline(always)]
    fn text_lane(self, frame: &[u8]) -> Option<(&[u8; LANE], usize)> {
        let (close, lane) = frame.get(..self.end as usize)?.last_chunk::<{ LANE + 1 }>()?.split_last()?;
        let lane: &[u8; LANE] = lane.first_chunk()?;
        let length = self.length().wrapping_sub(2);
        let open = (LANE - 1).wrapping_sub(length) % LANE;
        let quoted = length <= DECIMAL_BYTES_MAX && *close == b'"' && lane.get(open) == Some(&b'"');
        quoted.then_some((lane, length))
    }
}

/// The set without its first member.
#[inline(always)]
const fn without_first(set: u64) -> u64 {
    set & set.wrapping_sub(1)
}
