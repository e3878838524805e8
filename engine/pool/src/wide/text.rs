//! Numbers of 256 bits as decimal digits.

use super::U256;
use core::fmt;
use core::str::FromStr;

/// Digits divided off at a time.
const CHUNK_DIGITS: usize = 19;
/// 10¹⁹, the greatest power of ten in a word.
const CHUNK: u64 = 10_000_000_000_000_000_000;
/// 2²⁵⁶ − 1 has 78 digits: five chunks.
const CHUNKS_MAX: usize = 5;

/// Why a text is no such number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// There is no digit.
    Empty,
    /// Something else than the digits 0 to 9.
    NoDigit,
    /// 2²⁵⁶ or more.
    TooLarge,
}

impl fmt::Display for ParseError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Empty => "no digits",
            Self::NoDigit => "not a whole number in decimal digits",
            Self::TooLarge => "2^256 or more",
        })
    }
}

impl core::error::Error for ParseError {}

impl FromStr for U256 {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        if text.is_empty() {
            return Err(ParseError::Empty);
        }
        let mut number = Self::ZERO;
        for letter in text.bytes() {
            if !letter.is_ascii_digit() {
                return Err(ParseError::NoDigit);
            }
            let digit = Self::from(u64::from(letter - b'0'));
            let shifted = number.checked_mul(Self::from(10_u64));
            number = shifted.and_then(|shifted| shifted.checked_add(digit)).ok_or(ParseError::TooLarge)?;
        }
        Ok(number)
    }
}

impl fmt::Display for U256 {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [b'0'; CHUNKS_MAX * CHUNK_DIGITS];
        let mut left = *self;
        for places in digits.rchunks_mut(CHUNK_DIGITS) {
            let Some((quotient, rest)) = left.div_rem(Self::from(CHUNK)) else { return Err(fmt::Error) };
            let mut rest = rest.0[0];
            for place in places.iter_mut().rev() {
                *place = b'0' + (rest % 10).to_le_bytes()[0];
                rest /= 10;
            }
            left = quotient;
        }
        let first = digits.iter().position(|digit| *digit != b'0').unwrap_or(digits.len() - 1);
        let shown = digits.get(first..).and_then(|shown| core::str::from_utf8(shown).ok());
        out.pad_integral(true, "", shown.ok_or(fmt::Error)?)
    }
}

impl fmt::Debug for U256 {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}
