//! What all positions in one pair of tokens add up to, as words that cross to another thread.
//!
//! Each reading is absolute: whoever missed some loses nothing. One that is unknown carries what was known before, with its own time, so
//! that whoever holds it against it can go on holding it; it never turns into nothing.

use alloy_primitives::{Address, U256};

use crate::known::Look;
use crate::state::{Place, Pool, Position, State};

/// How many words a reading has.
pub const WORDS: usize = 15;

/// A pair of tokens, whatever their order in pools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// What exposure is in.
    pub base: Address,
    /// What it is priced in.
    pub quote: Address,
}

/// What positions in a pair add up to. Amounts are in the tokens' smallest units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inventory {
    /// When it was read, in nanoseconds by the clock of whoever made it.
    pub at: u64,
    /// The block it was read at.
    pub block: u64,
    /// That block's own time, in seconds since 1970.
    pub time: u64,
    /// The newest final block then; `None` where that is not known.
    pub finalized: Option<u64>,
    /// What liquidity is worth in base, if it were removed.
    pub base: u128,
    /// And in quote.
    pub quote: u128,
    /// Fees and what was removed before, in base.
    pub base_fees: u128,
    /// And in quote.
    pub quote_fees: u128,
    /// How many positions there are.
    pub positions: u32,
    /// How many of them the price is in.
    pub within: u32,
    /// How many whole base tokens more there are for each whole quote token by which the price of a base token rises: never above zero.
    /// The first derivative of the value is the base itself.
    pub gamma: f64,
}

/// What can be known of an inventory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reading {
    /// It is this.
    Known(Inventory),
    /// It is not known; before, it was this.
    Unknown(Option<Inventory>),
}

impl Inventory {
    /// What the positions of a state add up to at `at`; `None` where a sum has more than 128 bits.
    #[must_use]
    pub fn of(state: &State, pair: Pair, at: u64) -> Option<Self> {
        let mut sum = Self {
            at,
            block: state.block.number,
            time: state.block.time,
            finalized: state.finalized,
            base: 0,
            quote: 0,
            base_fees: 0,
            quote_fees: 0,
            positions: 0,
            within: 0,
            gamma: 0.0,
        };
        for position in &state.positions {
            let pool = state.pool(position)?;
            let [token0, token1] = pool.tokens.each_ref().map(|token| token.address);
            if [token0, token1] == [pair.base, pair.quote] {
                sum.add(position, pool, [0, 1])?;
            } else if [token1, token0] == [pair.base, pair.quote] {
                sum.add(position, pool, [1, 0])?;
            }
        }
        Some(sum)
    }

    /// Adds a position of which `sides` names base and quote.
    fn add(&mut self, position: &Position, pool: &Pool, sides: [usize; 2]) -> Option<()> {
        let [base, quote] = sides;
        let amount = |side: usize| u128::try_from(*position.amounts.get(side)?).ok();
        self.base = self.base.checked_add(amount(base)?)?;
        self.quote = self.quote.checked_add(amount(quote)?)?;
        self.base_fees = self.base_fees.checked_add(*position.fees.get(base)?)?;
        self.quote_fees = self.quote_fees.checked_add(*position.fees.get(quote)?)?;
        self.positions = self.positions.checked_add(1)?;
        if position.place(pool.tick) == Place::Within {
            self.within = self.within.checked_add(1)?;
            self.gamma += gamma(position.liquidity, pool, sides)?;
        }
        Some(())
    }
}

/// The second derivative of a position's value by the price p, of base in quote: −L / (2 p^1.5), by deriving equation 6.29 of the Uniswap V3
/// core whitepaper (2021) once more; the same for either order of tokens, each with its own p.
fn gamma(liquidity: u128, pool: &Pool, sides: [usize; 2]) -> Option<f64> {
    let [base, quote] = sides;
    let decimals = |side: usize| pool.tokens.get(side).map(|token| i32::from(token.decimals));
    let (base_decimals, quote_decimals) = (decimals(base)?, decimals(quote)?);
    let root = f64::from(pool.sqrt_price) / 2_f64.powi(96);
    let root = if base == 0 { root } else { root.recip() };
    let raw = -f64::from(U256::from(liquidity)) / (2.0 * root.powi(3));
    // Whole base tokens for a whole step of the price, both from smallest units.
    Some(raw / 10_f64.powi(base_decimals) / 10_f64.powi(base_decimals.saturating_sub(quote_decimals)))
}

impl Reading {
    /// What a look at a state gives for a pair; `now` is the time of that look by the reader's clock, and `before` what was known last.
    #[must_use]
    pub fn of(look: &Look<'_, State>, pair: Pair, now: u64, before: Option<Inventory>) -> Self {
        let Look::Known { value, age } = look else { return Self::Unknown(before) };
        let age = u64::try_from(age.as_nanos()).unwrap_or(u64::MAX);
        Inventory::of(value, pair, now.saturating_sub(age)).map_or(Self::Unknown(before), Self::Known)
    }

    /// The inventory, now or before.
    #[must_use]
    pub const fn last(&self) -> Option<&Inventory> {
        match self {
            Self::Known(inventory) | Self::Unknown(Some(inventory)) => Some(inventory),
            Self::Unknown(None) => None,
        }
    }

    /// As words.
    #[must_use]
    pub fn words(&self) -> [u64; WORDS] {
        let kind = match self {
            Self::Unknown(None) => return [0; WORDS],
            Self::Known(_) => 1,
            Self::Unknown(Some(_)) => 2,
        };
        let Some(inventory) = self.last() else { return [0; WORDS] };
        let Inventory {
            at,
            block,
            time,
            finalized,
            base,
            quote,
            base_fees,
            quote_fees,
            positions,
            within,
            gamma,
        } = *inventory;
        let ([base_low, base_high], [quote_low, quote_high]) = (halves(base), halves(quote));
        let ([base_fees_low, base_fees_high], [quote_fees_low, quote_fees_high]) =
            (halves(base_fees), halves(quote_fees));
        [
            kind,
            at,
            block,
            time,
            finalized.map_or(0, |number| number.saturating_add(1)),
            base_low,
            base_high,
            quote_low,
            quote_high,
            base_fees_low,
            base_fees_high,
            quote_fees_low,
            quote_fees_high,
            u64::from(positions) << 32 | u64::from(within),
            gamma.to_bits(),
        ]
    }

    /// From words; whatever is no reading is unknown.
    #[must_use]
    pub fn from_words(words: &[u64; WORDS]) -> Self {
        let [kind, at, block, time, finalized, rest @ ..] = *words;
        let [bl, bh, ql, qh, bfl, bfh, qfl, qfh, counts, gamma] = rest;
        let count = |counts: u64| u32::try_from(counts & u64::from(u32::MAX)).unwrap_or_default();
        let inventory = Inventory {
            at,
            block,
            time,
            finalized: finalized.checked_sub(1),
            base: whole(bl, bh),
            quote: whole(ql, qh),
            base_fees: whole(bfl, bfh),
            quote_fees: whole(qfl, qfh),
            positions: count(counts >> 32),
            within: count(counts),
            gamma: f64::from_bits(gamma),
        };
        match kind {
            1 => Self::Known(inventory),
            2 => Self::Unknown(Some(inventory)),
            _ => Self::Unknown(None),
        }
    }
}

/// The lower and the upper half.
fn halves(of: u128) -> [u64; 2] {
    let [low, high, ..] = U256::from(of).into_limbs();
    [low, high]
}

fn whole(low: u64, high: u64) -> u128 {
    u128::from(low) | u128::from(high) << 64
}

#[cfg(test)]
mod tests;
