//! What a pool did, one event after the other, and the files in which that is recorded.
//!
//! Read are tables of comma-separated values as demeter-fetch writes them (`….pool.tick.csv` and `….tick.csv`): a heading that
//! names the columns, in any order, then one event a line: `tx_type` (`SWAP`, `MINT`, `BURN`, `COLLECT`), `block_number`,
//! `block_timestamp` (UTC), `amount0` and `amount1` (what the pool received,
//! below zero what it paid), `sqrtPriceX96` and `current_tick` after it, and `total_liquidity`, the liquidity in range then; for all but
//! swaps `tick_lower` and `tick_upper`, and for mints and burns `liquidity`. Other columns do not matter.
//!
//! Never here: a file that is opened, a line that is passed over without a word.

mod table;

pub use table::{ReadError, Reader, Wrong};

use crate::amount::Token;
use crate::range::Range;
use crate::tick::{SqrtPrice, Tick};
use crate::wide::U256;

/// One event of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The block it is in.
    pub block: u64,
    /// The second that block states, since 1970.
    pub time: i64,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Somebody swapped.
    Swap(Swap),
    /// Liquidity came to a range.
    Mint(Range, u128),
    /// Liquidity left a range; none where fees were merely asked for.
    Burn(Range, u128),
    /// What was owed was paid out.
    Collect(Range),
}

/// A swap as the pool told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Swap {
    /// The token that was paid.
    pub token: Token,
    /// How much of it, the fee included.
    pub paid: U256,
    /// How much of the other one was received.
    pub received: U256,
    /// The price after it.
    pub price: SqrtPrice,
    /// The pool's tick after it.
    pub tick: Tick,
    /// Liquidity in range after it.
    pub liquidity: u128,
}

#[cfg(test)]
mod tests;
