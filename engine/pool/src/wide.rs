//! Whole numbers of 256 bits, with products of 512: as much as the contracts need, and no more.
//!
//! Never here: an operation that wraps or loses digits without its name saying so.

mod divide;
mod text;

pub use text::ParseError;

use core::cmp::Ordering;

/// A whole number from zero to 2²⁵⁶ − 1.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct U256([u64; 4]);

/// A product of two such numbers, least significant word first.
pub(crate) type Product = [u64; 8];

/// The lower half.
#[expect(clippy::cast_possible_truncation, reason = "cut on purpose")]
const fn low(number: u128) -> u64 {
    number as u64
}

/// The upper half.
const fn high(number: u128) -> u64 {
    low(number >> 64)
}

impl U256 {
    /// Nothing.
    pub const ZERO: Self = Self([0; 4]);
    /// One.
    pub const ONE: Self = Self([1, 0, 0, 0]);
    /// 2²⁵⁶ − 1.
    pub const MAX: Self = Self([u64::MAX; 4]);

    /// The number of these words, least significant first.
    #[must_use]
    pub const fn from_words(words: [u64; 4]) -> Self {
        Self(words)
    }

    /// Its words, least significant first.
    #[must_use]
    pub const fn words(self) -> [u64; 4] {
        self.0
    }

    /// The number of two halves.
    #[must_use]
    pub const fn from_halves(upper: u128, lower: u128) -> Self {
        Self([low(lower), high(lower), low(upper), high(upper)])
    }

    /// Its upper half: the number divided by 2¹²⁸.
    #[must_use]
    pub const fn upper(self) -> u128 {
        (self.0[3] as u128) << 64 | self.0[2] as u128
    }

    /// Its lower half: the number modulo 2¹²⁸.
    #[must_use]
    pub const fn lower(self) -> u128 {
        (self.0[1] as u128) << 64 | self.0[0] as u128
    }

    /// The same number in 128 bits; `None` where it has more.
    #[must_use]
    pub const fn to_u128(self) -> Option<u128> {
        if self.upper() == 0 { Some(self.lower()) } else { None }
    }

    /// True for zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.upper() == 0 && self.lower() == 0
    }

    /// How many binary digits it has: none for zero, 256 at most.
    #[must_use]
    pub const fn bits(self) -> u32 {
        match self.upper() {
            0 => 128 - self.lower().leading_zeros(),
            upper => 256 - upper.leading_zeros(),
        }
    }

    /// The sum modulo 2²⁵⁶, and whether digits were lost.
    #[inline]
    #[must_use]
    pub fn overflowing_add(self, other: Self) -> (Self, bool) {
        let (first, carry) = self.0[0].carrying_add(other.0[0], false);
        let (second, carry) = self.0[1].carrying_add(other.0[1], carry);
        let (third, carry) = self.0[2].carrying_add(other.0[2], carry);
        let (fourth, carry) = self.0[3].carrying_add(other.0[3], carry);
        (Self([first, second, third, fourth]), carry)
    }

    /// The difference modulo 2²⁵⁶, and whether it is below zero.
    #[inline]
    #[must_use]
    pub fn overflowing_sub(self, other: Self) -> (Self, bool) {
        let (first, borrow) = self.0[0].borrowing_sub(other.0[0], false);
        let (second, borrow) = self.0[1].borrowing_sub(other.0[1], borrow);
        let (third, borrow) = self.0[2].borrowing_sub(other.0[2], borrow);
        let (fourth, borrow) = self.0[3].borrowing_sub(other.0[3], borrow);
        (Self([first, second, third, fourth]), borrow)
    }

    /// The sum modulo 2²⁵⁶.
    #[must_use]
    pub fn wrapping_add(self, other: Self) -> Self {
        self.overflowing_add(other).0
    }

    /// The difference modulo 2²⁵⁶.
    #[must_use]
    pub fn wrapping_sub(self, other: Self) -> Self {
        self.overflowing_sub(other).0
    }

    /// The sum; `None` where it does not fit.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let (sum, lost) = self.overflowing_add(other);
        if lost { None } else { Some(sum) }
    }

    /// The difference; `None` where it is below zero.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        let (difference, below) = self.overflowing_sub(other);
        if below { None } else { Some(difference) }
    }

    /// Times 2 to this power, modulo 2²⁵⁶; zero from 256 on.
    #[must_use]
    pub const fn wrapping_shl(self, by: u32) -> Self {
        let (upper, lower) = (self.upper(), self.lower());
        match by {
            0 => self,
            1..128 => Self::from_halves(upper << by | lower >> (128 - by), lower << by),
            128..256 => Self::from_halves(lower << (by - 128), 0),
            _ => Self::ZERO,
        }
    }

    /// Divided by 2 to this power and rounded down; zero from 256 on.
    #[must_use]
    pub const fn shr(self, by: u32) -> Self {
        let (upper, lower) = (self.upper(), self.lower());
        match by {
            0 => self,
            1..128 => Self::from_halves(upper >> by, upper << (128 - by) | lower >> by),
            128..256 => Self::from_halves(0, upper >> (by - 128)),
            _ => Self::ZERO,
        }
    }

    /// The whole product.
    #[inline]
    #[expect(clippy::indexing_slicing, reason = "both loops end within the arrays")]
    pub(crate) fn product(self, other: Self) -> Product {
        let mut product = [0; 8];
        for (at, word) in self.0.into_iter().enumerate() {
            let mut carry = 0;
            for (of, factor) in other.0.into_iter().enumerate() {
                (product[at + of], carry) = word.carrying_mul_add(factor, product[at + of], carry);
            }
            product[at + 4] = carry;
        }
        product
    }

    /// The product; `None` where it does not fit.
    #[must_use]
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        let [first, second, third, fourth, rest @ ..] = self.product(other);
        (rest == [0; 4]).then_some(Self([first, second, third, fourth]))
    }

    /// `self × other ÷ 2^by`, rounded down, modulo 2²⁵⁶; `by` is 96 or 128.
    #[inline]
    pub(crate) fn mul_shift<const BY: u32>(self, other: Self) -> Shifted {
        const { assert!(BY == 96 || BY == 128) };
        let [first, second, third, fourth, fifth, sixth, seventh, eighth] = self.product(other);
        if BY == 128 {
            return Shifted {
                quotient: Self([third, fourth, fifth, sixth]),
                is_exact: first | second == 0,
                fits: seventh | eighth == 0,
            };
        }
        let join = |lower: u64, upper: u64| upper << 32 | lower >> 32;
        Shifted {
            quotient: Self([
                join(second, third),
                join(third, fourth),
                join(fourth, fifth),
                join(fifth, sixth),
            ]),
            is_exact: first | second << 32 == 0,
            fits: sixth >> 32 | seventh | eighth == 0,
        }
    }

    /// Quotient and remainder.
    ///
    /// Returns `None` where the divisor is zero.
    #[must_use]
    pub fn div_rem(self, divisor: Self) -> Option<(Self, Self)> {
        let [first, second, third, fourth] = self.0;
        divide::divide([first, second, third, fourth, 0, 0, 0, 0], divisor)
            .map(|([first, second, third, fourth, ..], rest)| (Self([first, second, third, fourth]), rest))
    }

    /// The quotient rounded down; `None` where the divisor is zero.
    #[must_use]
    pub fn checked_div(self, divisor: Self) -> Option<Self> {
        self.div_rem(divisor).map(|(quotient, _)| quotient)
    }

    /// The quotient rounded up; `None` where the divisor is zero.
    #[must_use]
    pub fn checked_div_up(self, divisor: Self) -> Option<Self> {
        let (quotient, rest) = self.div_rem(divisor)?;
        // Only a division by one has no room for another, and that leaves nothing.
        Some(if rest.is_zero() { quotient } else { quotient.wrapping_add(Self::ONE) })
    }

    /// `self × factor ÷ divisor` rounded down, the product in full (`FullMath.mulDiv`); `None` where the divisor is zero or the
    /// result does not fit.
    #[must_use]
    pub fn mul_div(self, factor: Self, divisor: Self) -> Option<Self> {
        self.mul_div_rem(factor, divisor).map(|(quotient, _)| quotient)
    }

    /// `self × factor ÷ divisor` rounded up (`FullMath.mulDivRoundingUp`); `None` as in [`U256::mul_div`].
    #[must_use]
    pub fn mul_div_up(self, factor: Self, divisor: Self) -> Option<Self> {
        let (quotient, rest) = self.mul_div_rem(factor, divisor)?;
        if rest.is_zero() { Some(quotient) } else { quotient.checked_add(Self::ONE) }
    }

    fn mul_div_rem(self, factor: Self, divisor: Self) -> Option<(Self, Self)> {
        let ([first, second, third, fourth, beyond @ ..], rest) =
            divide::divide(self.product(factor), divisor)?;
        (beyond == [0; 4]).then_some((Self([first, second, third, fourth]), rest))
    }

    /// The nearest float, to one part in 2⁵².
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the nearest float is what is asked for")]
    pub fn to_f64(self) -> f64 {
        let dropped = self.bits().saturating_sub(128);
        let kept = self.shr(dropped).lower() as f64;
        libm::scalbn(kept, dropped.cast_signed())
    }
}

/// What [`U256::mul_shift`] gives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shifted {
    /// Modulo 2²⁵⁶.
    pub(crate) quotient: U256,
    /// Nothing was rounded off.
    pub(crate) is_exact: bool,
    /// Nothing was lost at the upper end.
    pub(crate) fits: bool,
}

impl From<u64> for U256 {
    fn from(number: u64) -> Self {
        Self([number, 0, 0, 0])
    }
}

impl From<u128> for U256 {
    fn from(number: u128) -> Self {
        Self::from_halves(0, number)
    }
}

impl Ord for U256 {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.upper(), self.lower()).cmp(&(other.upper(), other.lower()))
    }
}

impl PartialOrd for U256 {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests;
