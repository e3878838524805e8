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
    /// Does `work`, which is to be inlined as a whole, in a function of its own, compiled for the
    /// instructions that the kernels use: only there are they fast. A function of its own also keeps the
    /// registers of its loops to itself.
    fn run<R>(self, work: impl FnOnce() -> R) -> R;

    /// Which bytes are quotes: bit `n` for byte `n`.
    fn quotes(self, span: &[u8; SPAN]) -> u64;

    /// Which of the first 64 bytes are commas with a quote after them: bit `n` for byte `n`.
    fn commas(self, span: &[u8; SPAN + 1]) -> u64;

    /// Which bytes may end a string or make it unfit: quotes, backslashes, and what is not printable ASCII.
    fn string_stops(self, block: &[u8; BLOCK]) -> u32;

    /// The integer whose digits are the last `length` bytes of `lane`; `None` when those are none, not all
    /// digits, or several of which the first is a zero.
    fn integer(self, lane: &[u8; LANE], length: usize) -> Option<u64>;

    /// What [`Kernels::decimals`] knows of a grid.
    type Scale: Copy;

    /// The scale of `grid`.
    fn scale(self, grid: &Grid) -> Self::Scale;

    /// Two decimals, each the last `length` bytes of its lane, in units of its grid's last decimal; `None`
    /// where [`Grid::parse`] finds a fault other than the step, a length exceeds [`DECIMAL_BYTES_MAX`], or
    /// the units have more than 16 digits. A length may be 0 only if no digit ends the lane.
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
        set(span, |word| equal(word, b'"'))
    }

    #[inline]
    fn commas(self, span: &[u8; SPAN + 1]) -> u64 {
        let (commas, quotes) = (span.first_chunk::<SPAN>(), span.last_chunk::<SPAN>());
        let commas = commas.map_or(0, |span| set(span, |word| equal(word, b',')));
        commas & quotes.map_or(0, |span| self.quotes(span))
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "a block has as many bytes as the result bits")]
    fn string_stops(self, block: &[u8; BLOCK]) -> u32 {
        set(block, |word| {
            // Adding 0x60 carries into the upper bit from 0x20 on.
            let unprintable = word | !((word & !UPPER_BITS) + 0x60 * LOWER_BITS);
            equal(word, b'"') | equal(word, b'\\') | unprintable & UPPER_BITS
        }) as u32
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

/// The lowest bit of each byte of a word.
const LOWER_BITS: u64 = u64::from_le_bytes([0x01; 8]);
/// The uppermost.
const UPPER_BITS: u64 = u64::from_le_bytes([0x80; 8]);

/// For which bytes `find`, given eight of them, sets the upper bit: bit `n` for byte `n`.
#[inline]
fn set(bytes: &[u8], find: impl Fn(u64) -> u64) -> u64 {
    // Moves the upper bit of byte `n` to bit `56 + n`; the other products fall elsewhere.
    const GATHER: u64 = 0x0002_0408_1020_4081;
    let (words, _) = bytes.as_chunks();
    words
        .iter()
        .rev()
        .fold(0, |set, word| set << 8 | find(u64::from_le_bytes(*word)).wrapping_mul(GATHER) >> 56)
}

/// The upper bits of those bytes of a word that are `byte`.
#[inline]
const fn equal(word: u64, byte: u8) -> u64 {
    let difference = word ^ (byte as u64 * LOWER_BITS);
    !(((difference & !UPPER_BITS) + !UPPER_BITS) | difference) & UPPER_BITS
}
