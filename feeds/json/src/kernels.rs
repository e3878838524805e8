//! The few operations on bytes that the walker's speed depends on, and their portable form.

use crate::Grid;
use crate::grid::Decimal;

/// Bytes that a search looks at.
pub(crate) const BLOCK: usize = 32;

/// Bytes among which commas are looked for, with one more.
pub(crate) const SPAN: usize = 64;

/// Bytes that a conversion looks at; the text to convert is the last of them.
pub(crate) const LANE: usize = 16;

/// Longest decimal converted.
pub(crate) const DECIMAL_BYTES_MAX: usize = LANE - 1;

/// Decimals are converted if they come to fewer units than this: a lane holds 16 digits.
const UNITS_END: u64 = 10_000_000_000_000_000;

/// What the walker does to many bytes at once.
pub(crate) trait Kernels: Copy {
    /// Does `work`, which is to be inlined as a whole, in a function of its own, compiled for the instructions that the kernels
    /// use: only there are they fast. A function of its own also keeps the registers of its loops to itself.
    fn run<R>(self, work: impl FnOnce() -> R) -> R;

    /// Which bytes are quotes: bit `n` for byte `n`.
    fn quotes(self, span: &[u8; SPAN]) -> u64;

    /// Which of the first 64 bytes are commas with a quote after them: bit `n` for byte `n`.
    fn commas(self, span: &[u8; SPAN + 1]) -> u64;

    /// Which bytes may end a string or make it unfit: quotes, backslashes, and what is not printable ASCII.
    fn string_stops(self, block: &[u8; BLOCK]) -> u32;

    /// The integer whose digits are the last `length` bytes of `lane`; `None` when those are none, not all digits, or several of
    /// which the first is a zero.
    fn integer(self, lane: &[u8; LANE], length: usize) -> Option<u64>;

    /// What [`Kernels::decimals`] knows of a grid.
    type Scale: Copy;

    /// The scale of `grid`.
    fn scale(self, grid: &Grid) -> Self::Scale;

    /// Two decimals, each the last `length` bytes of its lane, in units of its grid's last decimal; `None` where
    /// [`Grid::parse`] finds a fault other than the step, a length exceeds [`DECIMAL_BYTES_MAX`], or the units have more than
    /// 16 digits. A length may be 0 only if no digit ends the lane.
    fn decimals(
        self,
        lanes: [&[u8; LANE]; 2],
        lengths: [usize; 2],
        scales: [Self::Scale; 2],
    ) -> Option<[u64; 2]>;
}

/// Kernels for every processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Portable;

impl Kernels for Portable {
    #[inline(never)]
    fn run<R>(self, work: impl FnOnce() -> R) -> R {
        work()
    }

    #[inline]
    fn quotes(self, span: &[u8; SPAN]) -> u64 {
        span.iter().rev().fold(0, |set, &byte| set << 1 | u64::from(byte == b'"'))
    }

    #[inline]
    fn commas(self, span: &[u8; SPAN + 1]) -> u64 {
        let pairs = span.iter().zip(span.iter().skip(1)).rev();
        pairs.fold(0, |set, pair| set << 1 | u64::from(pair == (&b',', &b'"')))
    }

    #[inline]
    fn string_stops(self, block: &[u8; BLOCK]) -> u32 {
        set(block, |byte| matches!(byte, b'"' | b'\\') || !matches!(byte, b' '..=0x7F))
    }

    #[inline]
    fn integer(self, lane: &[u8; LANE], length: usize) -> Option<u64> {
        let digits = lane.get(LANE.checked_sub(length)?..)?;
        if matches!(digits, [] | [b'0', _, ..]) {
            return None;
        }
        digits
            .iter()
            .try_fold(0, |value, &digit| digit.is_ascii_digit().then(|| 10 * value + u64::from(digit - b'0')))
    }

    type Scale = u8;

    #[inline]
    fn scale(self, grid: &Grid) -> u8 {
        grid.scale()
    }

    #[inline]
    fn decimals(self, lanes: [&[u8; LANE]; 2], lengths: [usize; 2], scales: [u8; 2]) -> Option<[u64; 2]> {
        let units = |lane: &[u8; LANE], length: usize, scale: u8| {
            if length > DECIMAL_BYTES_MAX {
                return None;
            }
            let text = lane.get(LANE - length..)?.iter().copied();
            let decimal = Decimal::read(text, scale).ok().filter(|decimal| !decimal.negative)?;
            decimal.units().ok().filter(|&units| units < UNITS_END)
        };
        Some([units(lanes[0], lengths[0], scales[0])?, units(lanes[1], lengths[1], scales[1])?])
    }
}

/// Which bytes are such as `is` says.
#[inline]
fn set(block: &[u8; BLOCK], is: impl Fn(u8) -> bool) -> u32 {
    block.iter().rev().fold(0, |set, &byte| set << 1 | u32::from(is(byte)))
}
