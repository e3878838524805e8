//! Arrays of levels: `[["61800.20","2.507"],["61800.10","0"]]`.

use core::cell::OnceCell;

use super::without_first;
use crate::kernels::{DECIMAL_BYTES_MAX, Kernels, LANE, SPAN};
use crate::symbols::Symbol;
use crate::{Grids, LOTS_MAX, LevelSink, PRICE_TICKS_MAX, Side};

/// A level is read from the bracket before it, `],["61800.20","2.507"],[`, and nearly always takes more bytes
/// than this.
const LEVEL_BYTES_MIN: usize = 8;

/// What a level is read from: a lane before it, and the bytes in which the next level's quotes are.
const WINDOW: usize = LANE + LEVEL_BYTES_MIN + SPAN;

/// Where the first quote stands, as a bit among those of the bytes up to it: `],["`.
const FIRST_QUOTE: u64 = 0b1000;
const FIRST_BYTES: u64 = 0b1111;

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
    /// How far the position moves: from the bracket before the level to the one that ends it.
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
    // The position is where a level's bracket stands, or for the first level the colon; what is left starts a
    // lane before.
    let mut at = start.checked_sub(1)?;
    let mut rest = frame.get(at.checked_sub(LANE)?..)?;
    let padded = OnceCell::new();
    let mut quotes = 0;
    let mut count = 0;
    loop {
        let window = match rest.first_chunk() {
            Some(window) => window,
            None => {
                padded.set(pad(rest)).ok()?;
                rest = padded.get()?;
                rest.first_chunk()?
            }
        };
        // Quotes are searched for one level ahead: a search takes some 15 cycles, and each would wait for the
        // one before.
        let ahead = kernels.quotes(window.last_chunk()?);
        if quotes & FIRST_BYTES != FIRST_QUOTE {
            quotes = kernels.quotes(window.get(LANE..)?.first_chunk()?);
            if quotes & FIRST_BYTES != FIRST_QUOTE {
                return None;
            }
        }
        let level = match usual(kernels, window, quotes, scales) {
            Some(mut level) => {
                quotes = ahead >> ((level.bytes - LEVEL_BYTES_MIN) % SPAN);
                if !symbol.unit_steps {
                    level.ticks = price.steps(level.ticks)?;
                    level.lots = size.steps(level.lots)?;
                }
                level
            }
            None => {
                quotes = 0;
                any(rest.get(LANE + 3..)?, symbol)?
            }
        };
        if level.ticks > PRICE_TICKS_MAX {
            return None;
        }
        sink.push(side, level.ticks, level.lots).ok()?;
        count += 1;
        if level.tail != NEXT {
            return (level.tail & THREE_BYTES == LAST).then_some((count, at + level.bytes + 2));
        }
        at += level.bytes;
        rest = rest.get(level.bytes..)?;
    }
}

/// The level in `window`, in units of the grids' last decimals, unless it is longer than usual. Its first
/// quote is where it should be.
#[inline(always)]
fn usual<K: Kernels>(kernels: K, window: &[u8; WINDOW], quotes: u64, scales: [K::Scale; 2]) -> Option<Level> {
    let second = without_first(quotes);
    let fourth = without_first(without_first(second));
    let price_end = second.trailing_zeros() as usize;
    let size_end = fourth.trailing_zeros() as usize;
    let price_length = price_end.wrapping_sub(4);
    let size_length = size_end.wrapping_sub(price_end + 3);
    if price_length | size_length > DECIMAL_BYTES_MAX {
        return None;
    }
    // The masks change nothing; they spare the checks below, which the comparison above has made.
    let price = 4 + (price_length & DECIMAL_BYTES_MAX);
    let size = price + 3 + (size_length & DECIMAL_BYTES_MAX);
    // A text ends at a quote; its lane starts a lane before, and so does the window.
    let lanes = [window.get(price..)?.first_chunk()?, window.get(size..)?.first_chunk()?];
    let between = u32::from_le_bytes(*window.get(LANE + price..)?.first_chunk()?);
    let tail = u32::from_le_bytes(*window.get(LANE + size..)?.first_chunk()?);
    if between & THREE_BYTES != BETWEEN {
        return None;
    }
    let [ticks, lots] = kernels.decimals(lanes, [price_length, size_length], scales)?;
    Some(Level { ticks, lots, bytes: size_end + 1, tail })
}

/// The end of a frame, padded so that it fills windows to its last byte.
#[cold]
fn pad(rest: &[u8]) -> [u8; 2 * WINDOW] {
    let mut padded = [0; 2 * WINDOW];
    for (to, from) in padded.iter_mut().zip(rest) {
        *to = *from;
    }
    padded
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
    (lots <= LOTS_MAX).then_some(Level { ticks, lots, bytes: 4 + end, tail })
}
