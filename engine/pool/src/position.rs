//! What a position is worth in units of its tokens: amounts and fees, to the last unit, as the contracts would pay them.

use crate::amount::{Amounts, Rounding};
use crate::error::PoolError;
use crate::fee::Growth;
use crate::range::{Range, Side};
use crate::tick::{SqrtPrice, Tick};
use crate::wide::U256;

/// A position as the position manager keeps it (`positions` of `NonfungiblePositionManager`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Between which ticks.
    pub range: Range,
    /// How much; may be zero, with fees still owed.
    pub liquidity: u128,
    /// What had been earned inside the range when it was last touched.
    pub growth_last: Growth,
    /// What of token 0 and token 1 it was owed then.
    pub owed: (u128, u128),
}

/// Of a pool all that a position's worth depends on, at one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolView {
    /// Its price.
    pub price: SqrtPrice,
    /// Its own tick: at the price of a tick it may be the one below.
    pub tick: Tick,
    /// What a unit of liquidity has earned since the pool began.
    pub growth: Growth,
    /// What of it was earned beyond the position's lower tick, as that tick says.
    pub lower: Growth,
    /// And beyond its upper tick.
    pub upper: Growth,
}

impl PoolView {
    /// Checks that price and tick belong together.
    ///
    /// # Errors
    /// [`PoolError::Price`] where no pool at this price is at this tick.
    pub fn check(&self) -> Result<(), PoolError> {
        if self.price.allows(self.tick) { Ok(()) } else { Err(PoolError::Price) }
    }
}

/// What a position is worth at a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Worth {
    /// Where the pool stands to its range.
    pub side: Side,
    /// What its liquidity would be paid out as (`decreaseLiquidity` of all of it).
    pub amounts: Amounts,
    /// Fees to collect: those owed already and those earned since (`collect` of all), of token 0 and token 1, modulo 2¹²⁸ as the
    /// contract counts. Where several positions of one owner share a range, the pool rounds at each touch of any of them, and
    /// pays a unit less than this for some.
    pub fees: (u128, u128),
}

impl Position {
    /// What it is worth.
    #[must_use]
    pub fn worth(&self, pool: &PoolView) -> Worth {
        let inside = pool.growth.inside(&self.range, pool.tick, &pool.lower, &pool.upper);
        let (zero, one) = inside.since(&self.growth_last).owed(self.liquidity);
        Worth {
            side: self.range.side(pool.tick),
            amounts: self.range.amounts(pool.price, self.liquidity, Rounding::Down),
            fees: (self.owed.0.wrapping_add(zero), self.owed.1.wrapping_add(one)),
        }
    }
}

impl Worth {
    /// Amounts and fees together, in full.
    #[must_use]
    pub fn totals(&self) -> Amounts {
        let fees = (U256::from_halves(0, self.fees.0), U256::from_halves(0, self.fees.1));
        Amounts { zero: self.amounts.zero.wrapping_add(fees.0), one: self.amounts.one.wrapping_add(fees.1) }
    }

    /// What withdrawing all at once would pay of token 0 and token 1: the totals modulo 2¹²⁸, since the contract keeps what is owed in so
    /// many digits. Whoever holds more withdraws in parts.
    #[must_use]
    pub fn collected(&self) -> (u128, u128) {
        let totals = self.totals();
        (totals.zero.lower(), totals.one.lower())
    }

    /// True where withdrawing all at once loses what does not fit into 128 digits.
    #[must_use]
    pub fn wraps(&self) -> bool {
        let totals = self.totals();
        totals.zero.to_u128().is_none() || totals.one.to_u128().is_none()
    }
}

#[cfg(test)]
mod tests;
