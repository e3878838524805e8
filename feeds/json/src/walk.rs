//! The walker: one pass over a frame as the venue sends it.
//!
//! It notes where each member's value lies, pushes levels as it meets them, and converts the other values once it knows the
//! kind of message. It takes fields in any order and skips unknown scalar ones. Whatever else it meets (whitespace,
//! escapes, bytes beyond ASCII, a nested value it does not know, any fault) makes it give up with `None`: the twin then
//! decodes the frame and, if need be, names the fault. So the walker may be stricter than the twin, never laxer.

mod levels;
mod members;
mod message;
mod quotes;

use self::members::Members;
use self::quotes::{Quotes, string_length};
use crate::kernels::{Kernels, LANE};
use crate::symbols::Symbols;
use crate::{Decoded, LevelSink, Path, Span, SymbolId};

/// What the walker is told, and the envelope.
#[derive(Clone, Copy, Debug)]
struct Context<'f, K> {
    kernels: K,
    frame: &'f [u8],
    symbols: Symbols<'f>,
    snapshot_symbol: Option<SymbolId>,
    stream: Option<Span>,
}

/// Where a text lies in a frame whose length fits 32 bits.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    end: u32,
    length: u32,
}

/// Decodes `frame`, or leaves it to the twin.
#[inline(always)]
pub(crate) fn walk<K: Kernels, S: LevelSink>(
    kernels: K,
    frame: &[u8],
    symbols: Symbols<'_>,
    snapshot_symbol: Option<SymbolId>,
    sink: &mut S,
) -> Option<Decoded> {
    u32::try_from(frame.len()).ok()?;
    let mut quotes = Quotes::new(kernels, frame, 0)?;
    let stream = envelope(kernels, frame, &mut quotes)?;
    let closing = if stream.is_some() { 2 } else { 1 };
    let mut members = Members::new(Context { kernels, frame, symbols, snapshot_symbol, stream });
    members.pass(quotes, closing, sink)?;
    Some(Decoded { message: members.message()?, path: Path::Fast, stream })
}

/// Passes the envelope, if there is one, and returns the stream name. The position is then where the message opens.
#[inline(always)]
fn envelope<K: Kernels>(kernels: K, frame: &[u8], quotes: &mut Quotes<'_, K, 0>) -> Option<Option<Span>> {
    const STREAM: &[u8; 11] = b"{\"stream\":\"";
    if frame.first_chunk() != Some(STREAM) {
        return frame.ends_with(b"}").then_some(None);
    }
    if !frame.ends_with(b"}}") {
        return None;
    }
    quotes.advance(STREAM.len())?;
    let length = match quotes.rest().first_chunk().map(|block| kernels.string_stops(block)) {
        Some(stops @ 1..) => stops.trailing_zeros() as usize,
        _ => string_length(kernels, frame, quotes.rest())?,
    };
    quotes.advance(length)?;
    let next = quotes.rest().first_chunk::<10>()?;
    if next != b"\",\"data\":{" {
        return None;
    }
    quotes.advance(next.len() - 1)?;
    Some(Some(Span { start: STREAM.len() as u32, end: (STREAM.len() + length) as u32 }))
}

impl Place {
    #[inline(always)]
    const fn new(end: usize, length: usize) -> Self {
        Self { end: end as u32, length: length as u32 }
    }

    /// The text.
    #[inline(always)]
    fn of(self, frame: &[u8]) -> Option<&[u8]> {
        frame.get((self.end - self.length) as usize..self.end as usize)
    }

    /// The frame from the text's first byte on.
    #[inline(always)]
    fn from(self, frame: &[u8]) -> Option<&[u8]> {
        frame.get((self.end - self.length) as usize..)
    }

    /// The lane of bytes that ends where the text ends.
    #[inline(always)]
    fn lane(self, frame: &[u8]) -> Option<&[u8; LANE]> {
        frame.get(..self.end as usize)?.last_chunk()
    }
}

/// The set without its first member.
#[inline(always)]
const fn without_first(set: u64) -> u64 {
    set & set.wrapping_sub(1)
}
