//! A range of prices between two ticks, and what a liquidity in it holds.

use crate::amount::{Amounts, Rounding, amount0, amount1, liquidity0, liquidity1};
use crate::error::PoolError;
use crate::tick::{SqrtPrice, Tick};
use crate::wide::U256;

/// Where a pool stands to a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Below it: all is token 0.
    Below,
    /// In it: both tokens, and fees.
    Within,
    /// Above it: all is token 1.
    Above,
}

/// From a lower tick on, up to an upper one, and the prices there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    lower: Tick,
    upper: Tick,
    low: SqrtPrice,
    high: SqrtPrice,
}

impl Range {
    /// The range between these ticks.
    ///
    /// # Errors
    /// [`PoolError::Range`] where the lower one is not below the upper one.
    pub fn new(lower: Tick, upper: Tick) -> Result<Self, PoolError> {
        if lower >= upper {
            return Err(PoolError::Range);
        }
        Ok(Self { lower, upper, low: lower.sqrt_price(), high: upper.sqrt_price() })
    }

    /// The tick it begins with.
    #[must_use]
    pub const fn lower(&self) -> Tick {
        self.lower
    }

    /// The first tick beyond it.
    #[must_use]
    pub const fn upper(&self) -> Tick {
        self.upper
    }

    /// The price it begins with.
    #[must_use]
    pub const fn low(&self) -> SqrtPrice {
        self.low
    }

    /// The price it ends with.
    #[must_use]
    pub const fn high(&self) -> SqrtPrice {
        self.high
    }

    /// Where a pool at this tick stands. It is the pool's own tick that counts, which a price exactly at a tick does not tell.
    #[must_use]
    pub fn side(&self, tick: Tick) -> Side {
        if tick < self.lower {
            Side::Below
        } else if tick < self.upper {
            Side::Within
        } else {
            Side::Above
        }
    }

    /// What a liquidity in it holds at a price: rounded up is what a pool asks for it, rounded down what it gives back.
    #[must_use]
    pub fn amounts(&self, price: SqrtPrice, liquidity: u128, rounding: Rounding) -> Amounts {
        let at = price.clamp(self.low, self.high);
        let zero = if at < self.high { amount0(at, self.high, liquidity, rounding) } else { U256::ZERO };
        let one = if at > self.low { amount1(self.low, at, liquidity, rounding) } else { U256::ZERO };
        Amounts { zero, one }
    }

    /// The most liquidity that these amounts are enough for at a price (`getLiquidityForAmounts`); `None` where that has more than 128
    /// digits.
    #[must_use]
    pub fn liquidity(&self, price: SqrtPrice, amounts: &Amounts) -> Option<u128> {
        if price <= self.low {
            liquidity0(self.low, self.high, amounts.zero)
        } else if price >= self.high {
            liquidity1(self.low, self.high, amounts.one)
        } else {
            let of_zero = liquidity0(price, self.high, amounts.zero)?;
            Some(of_zero.min(liquidity1(self.low, price, amounts.one)?))
        }
    }
}

#[cfg(test)]
mod tests;
