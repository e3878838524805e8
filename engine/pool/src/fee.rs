//! Fees: what a pool keeps, what its liquidity earns, and what of that a range and a position are owed.
//!
//! A pool counts what one unit of liquidity has earned since it began, per token, times 2¹²⁸ and modulo 2²⁵⁶, and at each tick what of that
//! was earned on the tick's other side. Differences of these counts are what they mean; the counts themselves wrap around, so that
//! every subtraction here does (Adams et al. 2021, section 6.3; `Tick.sol`, `Position.sol`).

use crate::amount::Token;
use crate::error::PoolError;
use crate::range::Range;
use crate::tick::Tick;
use crate::wide::U256;

/// Millionths: what fees are counted in.
pub const FEE_UNIT: u32 = 1_000_000;

/// What a unit of liquidity has earned of both tokens, times 2¹²⁸, modulo 2²⁵⁶.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Growth {
    /// Of token 0.
    pub zero: U256,
    /// Of token 1.
    pub one: U256,
}

impl Growth {
    /// What came on top of an earlier count.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self { zero: self.zero.wrapping_sub(earlier.zero), one: self.one.wrapping_sub(earlier.one) }
    }

    /// What of it was earned inside a range, by the pool's tick and what the range's two ticks say was earned beyond them
    /// (`getFeeGrowthInside`).
    #[must_use]
    pub fn inside(&self, range: &Range, tick: Tick, lower: &Self, upper: &Self) -> Self {
        let below = if tick >= range.lower() { *lower } else { self.since(lower) };
        let above = if tick < range.upper() { *upper } else { self.since(upper) };
        self.since(&below).since(&above)
    }

    /// Adds the fee of a swap in one token, shared by all liquidity in range; nothing where there is none.
    ///
    /// # Errors
    /// [`PoolError::Overflow`] where the share of a unit has more than 256 digits.
    pub fn add(&mut self, token: Token, fee: U256, liquidity: u128) -> Result<(), PoolError> {
        if liquidity == 0 {
            return Ok(());
        }
        let share = fee.mul_div(U256::ONE.wrapping_shl(128), U256::from(liquidity));
        let share = share.ok_or(PoolError::Overflow)?;
        match token {
            Token::Zero => self.zero = self.zero.wrapping_add(share),
            Token::One => self.one = self.one.wrapping_add(share),
        }
        Ok(())
    }

    /// What a liquidity is owed of it, of token 0 and of token 1, each modulo 2¹²⁸.
    #[must_use]
    pub fn owed(&self, liquidity: u128) -> (u128, u128) {
        (owed(self.zero, liquidity), owed(self.one, liquidity))
    }
}

/// `growth × liquidity ÷ 2¹²⁸` rounded down, modulo 2¹²⁸ as the contract keeps it.
fn owed(growth: U256, liquidity: u128) -> u128 {
    growth.mul_shift::<128>(U256::from(liquidity)).quotient.lower()
}

/// The part of each fee that the protocol keeps for itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProtocolFee {
    /// None.
    #[default]
    Off,
    /// The fee divided by this number (Uniswap: 4 to 10).
    OneIn(u8),
    /// So many ten-thousandths of the fee (PancakeSwap).
    TenThousandths(u16),
}

impl ProtocolFee {
    /// Of the word `feeProtocol` of a Uniswap pool, for one of its tokens: two halves of a byte.
    ///
    /// # Errors
    /// [`PoolError::Fee`] where a half is neither zero nor from 4 to 10.
    pub const fn uniswap(word: u32, token: Token) -> Result<Self, PoolError> {
        if word > 0xff {
            return Err(PoolError::Fee);
        }
        let half = match token {
            Token::Zero => word & 0xf,
            Token::One => word >> 4,
        };
        match half.to_le_bytes()[0] {
            0 => Ok(Self::Off),
            part @ 4..=10 => Ok(Self::OneIn(part)),
            _ => Err(PoolError::Fee),
        }
    }

    /// Of the word `feeProtocol` of a PancakeSwap pool, for one of its tokens: two halves of 32 digits.
    ///
    /// # Errors
    /// [`PoolError::Fee`] where a half is neither zero nor from 1 000 to 4 000.
    pub const fn pancake(word: u32, token: Token) -> Result<Self, PoolError> {
        let [first, second, third, fourth] = word.to_le_bytes();
        let half = match token {
            Token::Zero => u16::from_le_bytes([first, second]),
            Token::One => u16::from_le_bytes([third, fourth]),
        };
        match half {
            0 => Ok(Self::Off),
            1_000..=4_000 => Ok(Self::TenThousandths(half)),
            _ => Err(PoolError::Fee),
        }
    }

    /// What the protocol keeps of a fee, rounded down.
    #[must_use]
    pub fn of(self, fee: U256) -> U256 {
        let part = match self {
            Self::Off => Some(U256::ZERO),
            Self::OneIn(part) => fee.checked_div(U256::from(u64::from(part))),
            Self::TenThousandths(part) => fee.mul_div(U256::from(u64::from(part)), U256::from(10_000_u64)),
        };
        part.unwrap_or(U256::ZERO)
    }
}

#[cfg(test)]
mod tests;
