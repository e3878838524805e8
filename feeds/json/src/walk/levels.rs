//! Arrays of levels: `[["61800.20","2.507"],["61800.10","0"]]`.

use super::quotes::Quotes;
use super::without_first;
use crate::kernels::{DECIMAL_BYTES_MAX, Kernels, LANE};
use crate::symbols::Symbol;
use crate::{Grids, LOTS_MAX, LevelSink, PRICE_TICKS_MAX, Side};

/// Bytes from a lane before the bracket before a level to four bytes after the level, if its numbers are not too long for the
/// kernel: `],["` + number + `","` + number + `"],[`.
const WINDOW: usize = LANE + 4 + DECIMAL_BYTES_MAX + 3 + DECIMAL_BYTES_MAX + 4;

/// `"],[`: another level follows.
const NEXT: u32 = u32::from_le_bytes(*b"\"],[");
/// `"]]`: this one was the last.
const LAST: u32 = u32::from_le_bytes(*b"\"]]\0");
/// `","`: between price and size.
const BETWEEN: u32 = u32::from_le_bytes(*b"\",\"\0");
const THREE_BYTES: u32 = 0x00FF_FFFF;

/// A level of the frame.
#[derive(Clone, Copy, Debug)]
struct Level {
    ticks: u64,
    lots: u64,
    /// From the position to after the four bytes of `tail`.
    bytes: usize,
    /// The four bytes from its last quote on.
    tail: u32,
}

/// Pushes the levels of the array at `start`; returns how many there are and where the array ends.
#[inline(always)]
pub(super) fn push<K: Kernels, S: LevelSink>(
    kernels: K,
    frame: &[u8],
    start: usize,
    (side, symbol): (Side, &Symbol),
    sink: &mut S,
) -> Option<(u32, usize)> {
    match frame.get(start..)?.first_chunk()? {
        b"[]" => return Some((0, start + 2)),
        b"[[" => {}
        _ => return None,
    }
    let Grids { price, size } = &symbol.grids;
    let scales = [kernels.scale(price), kernels.scale(size)];
    // The position is three bytes before a level's first quote: at `:[["` or `],["`.
    let mut quotes = Quotes::new(kernels, frame, start.checked_sub(1)?)?;
    let mut count = 0;
    loop {
        let level = match usual(kernels, quotes, scales) {
            Some(level) if symbol.unit_steps => level,
            _ => any(quotes.rest().get(LANE + 3..)?, symbol)?,
        };
        if level.ticks > PRICE_TICKS_MAX {
            return None;
        }
        sink.push(side, level.ticks, level.lots).ok()?;
        count += 1;
        if level.tail != NEXT {
            return (level.tail & THREE_BYTES == LAST).then_some((count, quotes.at() + level.bytes - 1));
        }
        quotes.advance(level.bytes - 3)?;
    }
}

/// The level three bytes on, in units of the grids' last decimals, unless it is longer than usual.
#[inline(always)]
fn usual<K: Kernels>(
    kernels: K,
    quotes: Quotes<'_, K, LANE>,
    scales: [K::Scale; 2],
) -> Option<Level> {
    let padded;
    let window = match quotes.rest().first_chunk::<WINDOW>() {
        Some(window) => window,
        None => {
            padded = pad(quotes.rest());
            &padded
        }
    };
    let (price_end, size_end) = ends(quotes);
    let price_length = price_end.wrapping_sub(4);
    let size_length = size_end.wrapping_sub(price_end).wrapping_sub(3);
    if quotes.bits() & 0b1111 != 0b1000 || price_length | size_length > DECIMAL_BYTES_MAX {
        return None;
    }
    // The masks change nothing, they tell the compiler what was just seen.
    let price = 4 + (price_length & DECIMAL_BYTES_MAX);
    let size = price + 3 + (size_length & DECIMAL_BYTES_MAX);
    let lanes = [window[price..].first_chunk()?, window[size..].first_chunk()?];
    let between = u32::from_le_bytes(*window[LANE + price..].first_chunk()?);
    let tail = u32::from_le_bytes(*window[LANE + size..].first_chunk()?);
    if between & THREE_BYTES != BETWEEN {
        return None;
    }
    let [ticks, lots] = kernels.decimals(lanes, [price_length, size_length], scales)?;
    Some(Level { ticks, lots, bytes: size + 4, tail })
}

/// How far ahead the second and the fourth quote are.
#[inline(always)]
fn ends<K: Kernels>(quotes: Quotes<'_, K, LANE>) -> (usize, usize) {
    let second = without_first(quotes.bits());
    let fourth = without_first(without_first(second));
    if fourth == 0 {
        return far_ends(quotes);
    }
    (second.trailing_zeros() as usize, fourth.trailing_zeros() as usize)
}

/// [`ends`] where the quotes at hand are fewer than four.
#[cold]
fn far_ends<K: Kernels>(mut quotes: Quotes<'_, K, LANE>) -> (usize, usize) {
    let mut passed = 0;
    let mut ends = [0; 4];
    for end in &mut ends {
        *end = passed + quotes.bits().trailing_zeros() as usize;
        if quotes.advance(*end + 1 - passed).is_none() {
            return (0, 0);
        }
        passed = *end + 1;
    }
    (ends[1], ends[3])
}

/// The end of a frame, padded to a window.
#[cold]
fn pad(rest: &[u8]) -> [u8; WINDOW] {
    let mut window = [0; WINDOW];
    for (to, from) in window.iter_mut().zip(rest) {
        *to = *from;
    }
    window
}

/// The level at the start of `level`, whatever its length.
#[cold]
fn any(level: &[u8], symbol: &Symbol) -> Option<Level> {
    let rest = level.strip_prefix(b"\"")?;
    let price = rest.split(|&byte| byte == b'"').next()?;
    let rest = rest.get(price.len()..)?.strip_prefix(b"\",\"")?;
    let size = rest.split(|&byte| byte == b'"').next()?;
    let end = price.len() + size.len() + 4;
    let tail = u32::from_le_bytes(*level.get(end..)?.first_chunk()?);
    let ticks = symbol.grids.price.parse(price).ok()?;
    let lots = symbol.grids.size.parse(size).ok()?;
    (lots <= LOTS_MAX).then_some(Level { ticks, lots, bytes: 3 + end + 4, tail })
}
