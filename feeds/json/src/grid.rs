//! Decimal grids: how a decimal string becomes a whole number of ticks or lots.

use crate::{E8, NumberError};

/// Largest price a decoder passes on, in ticks: 2⁴⁰ − 1.
pub const PRICE_TICKS_MAX: u64 = (1 << 40) - 1;

/// Largest size a decoder passes on, in lots: 2⁵⁶ − 1.
pub const LOTS_MAX: u64 = (1 << 56) - 1;

/// Most decimals a grid can have: one digit before the point and 15 after it fill a 16-byte register.
pub const GRID_SCALE_MAX: u8 = 15;

/// The multiples of `step × 10^-scale`. A number on the grid is written as how many of them it is.
///
/// A tick of 0.01 is scale 2, step 1; a tick of 0.5 is scale 1, step 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// In `0..=GRID_SCALE_MAX`.
    scale: u8,
    /// At least 1.
    step: u64,
}

/// The grids of one instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grids {
    /// One tick.
    pub price: Grid,
    /// One lot.
    pub size: Grid,
}

impl E8 {
    /// The grid that its magnitude lies on.
    pub(crate) const GRID: Grid = Grid { scale: 8, step: 1 };
}

impl Grid {
    /// The grid of `step × 10^-scale`; `None` when `scale` exceeds [`GRID_SCALE_MAX`] or `step` is zero.
    #[must_use]
    pub const fn new(scale: u8, step: u64) -> Option<Self> {
        if scale > GRID_SCALE_MAX || step == 0 { None } else { Some(Self { scale, step }) }
    }

    /// Decimals.
    #[must_use]
    pub const fn scale(&self) -> u8 {
        self.scale
    }

    /// Step in units of the last decimal.
    #[must_use]
    pub const fn step(&self) -> u64 {
        self.step
    }

    /// How many steps the decimal `text` is: digits, optionally a point and more digits. Leading zeros are
    /// fine, and so are zeros beyond the last decimal.
    ///
    /// # Errors
    /// [`NumberError`]; of several, the first in the order `Bad`, `Negative`, `OffGrid` by a digit beyond the last
    /// decimal, `TooLarge` for 64 bits, `OffGrid` by the step.
    pub fn parse(&self, text: &[u8]) -> Result<u64, NumberError> {
        self.parse_bytes(text.iter().copied())
    }

    /// [`Grid::parse`] over bytes that need not lie together, as in a string with escapes.
    pub(crate) fn parse_bytes(&self, text: impl Iterator<Item = u8>) -> Result<u64, NumberError> {
        let decimal = Decimal::read(text, self.scale)?;
        if decimal.negative {
            return Err(NumberError::Negative);
        }
        self.steps(decimal.units()?).ok_or(NumberError::OffGrid)
    }

    /// How many steps `units` of the last decimal are; `None` off the grid.
    #[inline(always)]
    pub(crate) const fn steps(&self, units: u64) -> Option<u64> {
        // Powers of ten make nearly all real grids: they skip the division.
        if self.step == 1 {
            Some(units)
        } else if units.is_multiple_of(self.step) {
            Some(units / self.step)
        } else {
            None
        }
    }
}

/// A decimal read to a given number of decimals.
pub(crate) struct Decimal {
    /// It starts with a minus sign.
    pub(crate) negative: bool,
    /// A digit beyond the last decimal is not zero.
    inexact: bool,
    /// Magnitude in units of the last decimal; `None` beyond 64 bits.
    magnitude: Option<u64>,
}

impl Decimal {
    /// Reads all of `text`; [`NumberError::Bad`] when it is not a decimal.
    pub(crate) fn read(text: impl Iterator<Item = u8>, scale: u8) -> Result<Self, NumberError> {
        let mut text = text.peekable();
        let negative = text.next_if_eq(&b'-').is_some();
        let mut magnitude = Some(0_u64);
        let mut inexact = false;
        let mut digits = 0_usize;
        let mut decimals: Option<usize> = None;
        for byte in text {
            match (byte, decimals.as_mut()) {
                (b'0'..=b'9', Some(decimals)) if *decimals >= usize::from(scale) => {
                    *decimals += 1;
                    inexact |= byte != b'0';
                }
                (b'0'..=b'9', decimals) => {
                    if let Some(decimals) = decimals {
                        *decimals += 1;
                    }
                    digits += 1;
                    magnitude = append(magnitude, byte - b'0');
                }
                (b'.', None) if digits > 0 => decimals = Some(0),
                _ => return Err(NumberError::Bad),
            }
        }
        if digits == 0 || decimals == Some(0) {
            return Err(NumberError::Bad);
        }
        for _ in decimals.unwrap_or(0)..usize::from(scale) {
            magnitude = append(magnitude, 0);
        }
        Ok(Self { negative, inexact, magnitude })
    }

    /// Magnitude in units of the last decimal.
    pub(crate) const fn units(&self) -> Result<u64, NumberError> {
        match (self.inexact, self.magnitude) {
            (true, _) => Err(NumberError::OffGrid),
            (false, None) => Err(NumberError::TooLarge),
            (false, Some(magnitude)) => Ok(magnitude),
        }
    }
}

fn append(magnitude: Option<u64>, digit: u8) -> Option<u64> {
    magnitude?.checked_mul(10)?.checked_add(u64::from(digit))
}
