//! What a liquidity of ours would have earned beside what a recorded pool held.
//!
//! Of the fee of each step the protocol takes its part, and of the rest ours is `ours / (ours + theirs)`, for as much of the step as
//! lies in our range: a step across one of our ticks is cut there, by what is paid on either side. The price is taken to have gone the
//! way it went: true for a liquidity that is small beside the pool's, too good for one that is not, since more liquidity moves less.

use crate::amount::{Amounts, Rounding, Token, amount};
use crate::error::PoolError;
use crate::fee::ProtocolFee;
use crate::pool::Passed;
use crate::range::{Range, Side};
use crate::wide::U256;

/// Digits kept behind the point while fees are added up.
const DIGITS: u32 = 64;

/// Liquidity in a range, and what it has earned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    range: Range,
    liquidity: u128,
    /// Times 2⁶⁴.
    earned: Amounts,
}

impl Share {
    /// So much in a range, which has earned nothing yet.
    #[must_use]
    pub fn new(range: Range, liquidity: u128) -> Self {
        Self { range, liquidity, earned: Amounts::default() }
    }

    /// Its range.
    #[must_use]
    pub const fn range(&self) -> &Range {
        &self.range
    }

    /// How much it is.
    #[must_use]
    pub const fn liquidity(&self) -> u128 {
        self.liquidity
    }

    /// What it has earned, in smallest units, rounded down.
    #[must_use]
    pub const fn earned(&self) -> Amounts {
        Amounts { zero: self.earned.zero.shr(DIGITS), one: self.earned.one.shr(DIGITS) }
    }

    /// Takes a step of a swap of the pool.
    ///
    /// # Errors
    /// [`PoolError::Overflow`] where the fee is beyond what a pool can hold.
    pub fn take(&mut self, passed: &Passed, protocol: ProtocolFee) -> Result<(), PoolError> {
        let fee = self.inside(passed).ok_or(PoolError::Overflow)?;
        if fee.is_zero() || self.liquidity == 0 {
            return Ok(());
        }
        let rest = fee.checked_sub(protocol.of(fee)).ok_or(PoolError::Fee)?;
        let ours = U256::from(self.liquidity);
        let all = ours.wrapping_add(U256::from(passed.liquidity));
        let scaled = Some(rest).filter(|rest| rest.bits() <= 256 - DIGITS).ok_or(PoolError::Overflow)?;
        let share = scaled.wrapping_shl(DIGITS).mul_div(ours, all).ok_or(PoolError::Overflow)?;
        let earned = match passed.paid {
            Token::Zero => &mut self.earned.zero,
            Token::One => &mut self.earned.one,
        };
        *earned = earned.checked_add(share).ok_or(PoolError::Overflow)?;
        Ok(())
    }

    /// The fee of the part of a step that lies in the range.
    fn inside(&self, passed: &Passed) -> Option<U256> {
        let (from, to) = (passed.from, passed.step.price);
        if from == to {
            let is_within = self.range.side(passed.tick) == Side::Within;
            return Some(if is_within { passed.step.fee } else { U256::ZERO });
        }
        let [begin, end] = [from, to].map(|price| price.clamp(self.range.low(), self.range.high()));
        if (begin, end) == (from, to) {
            return Some(passed.step.fee);
        }
        if begin == end {
            return Some(U256::ZERO);
        }
        let paid = |one, other| amount(passed.paid, one, other, passed.liquidity, Rounding::Up);
        let (part, whole) = (paid(begin, end), paid(from, to));
        if whole.is_zero() { Some(U256::ZERO) } else { passed.step.fee.mul_div(part.min(whole), whole) }
    }
}

#[cfg(test)]
mod tests;
