//! What pools say of themselves: swaps, and liquidity that comes and goes.

use alloy_primitives::{Address, B256, I256, U256};
use alloy_rpc_types_eth::Log;
use alloy_sol_types::{Error, SolEvent};

use crate::abi::{PancakeEvents, UniswapEvents};
use crate::known::Trouble;

/// An event of a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The pool.
    pub pool: Address,
    /// Its place among all logs of its block.
    pub index: u64,
    /// What happened.
    pub what: What,
}

/// What happened at a pool. Amounts are in the smallest units of token 0 and token 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Somebody swapped.
    Swap {
        /// What the pool received, negative where it paid.
        amounts: [I256; 2],
        /// The square root of the price afterwards, times 2⁹⁶.
        sqrt_price: U256,
        /// Liquidity in range afterwards.
        liquidity: u128,
        /// The tick afterwards.
        tick: i32,
        /// The part of the fee that the protocol keeps, where the pool tells it (PancakeSwap).
        protocol_fees: Option<[u128; 2]>,
    },
    /// Liquidity was added.
    Mint {
        /// Where and how much.
        range: Range,
        /// What was paid for it.
        amounts: [U256; 2],
    },
    /// Liquidity was removed; what it was worth is owed and not yet paid. Of no liquidity where fees were brought up to date.
    Burn {
        /// Where and how much.
        range: Range,
        /// What is owed for it.
        amounts: [U256; 2],
    },
    /// What was owed was paid; the range has no liquidity of its own here.
    Collect {
        /// Where.
        range: Range,
        /// How much.
        amounts: [u128; 2],
    },
}

/// Somebody's liquidity between two ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Whose it is for the pool: that of an NFT belongs to the position manager.
    pub owner: Address,
    /// From this tick on.
    pub lower: i32,
    /// Up to below this one.
    pub upper: i32,
    /// How much.
    pub liquidity: u128,
}

/// The first topics of the events above.
#[must_use]
pub fn topics() -> Vec<B256> {
    vec![
        UniswapEvents::Swap::SIGNATURE_HASH,
        PancakeEvents::Swap::SIGNATURE_HASH,
        UniswapEvents::Mint::SIGNATURE_HASH,
        UniswapEvents::Burn::SIGNATURE_HASH,
        UniswapEvents::Collect::SIGNATURE_HASH,
    ]
}

/// Reads a log of a pool.
///
/// # Errors
/// [`Trouble::Unreadable`] where it is none of the events above, or broken.
pub fn read(log: &Log) -> Result<Event, Trouble> {
    let unreadable = |why: String| Trouble::Unreadable { what: "eth_getLogs", why };
    let index = log.log_index.ok_or_else(|| unreadable("a log without its place in the block".to_owned()))?;
    let topic = log.topic0().copied().unwrap_or_default();
    let what = match topic {
        UniswapEvents::Mint::SIGNATURE_HASH => mint(log),
        UniswapEvents::Burn::SIGNATURE_HASH => burn(log),
        UniswapEvents::Collect::SIGNATURE_HASH => collect(log),
        UniswapEvents::Swap::SIGNATURE_HASH => uniswap(log),
        PancakeEvents::Swap::SIGNATURE_HASH => pancake(log),
        other => return Err(unreadable(format!("an event that was not asked for, {other}"))),
    };
    let what = what.map_err(|error| unreadable(format!("log {index} of {}: {error}", log.address())))?;
    Ok(Event { pool: log.address(), index, what })
}

fn uniswap(log: &Log) -> Result<What, Error> {
    let swap = UniswapEvents::Swap::decode_log_validate(&log.inner)?.data;
    Ok(What::Swap {
        amounts: [swap.amount0, swap.amount1],
        sqrt_price: U256::from(swap.sqrtPrice),
        liquidity: swap.liquidity,
        tick: swap.tick.as_i32(),
        protocol_fees: None,
    })
}

fn pancake(log: &Log) -> Result<What, Error> {
    let swap = PancakeEvents::Swap::decode_log_validate(&log.inner)?.data;
    Ok(What::Swap {
        amounts: [swap.amount0, swap.amount1],
        sqrt_price: U256::from(swap.sqrtPrice),
        liquidity: swap.liquidity,
        tick: swap.tick.as_i32(),
        protocol_fees: Some([swap.protocolFee0, swap.protocolFee1]),
    })
}

fn mint(log: &Log) -> Result<What, Error> {
    let mint = UniswapEvents::Mint::decode_log_validate(&log.inner)?.data;
    let range = Range {
        owner: mint.owner,
        lower: mint.lower.as_i32(),
        upper: mint.upper.as_i32(),
        liquidity: mint.liquidity,
    };
    Ok(What::Mint { range, amounts: [mint.amount0, mint.amount1] })
}

fn burn(log: &Log) -> Result<What, Error> {
    let burn = UniswapEvents::Burn::decode_log_validate(&log.inner)?.data;
    let range = Range {
        owner: burn.owner,
        lower: burn.lower.as_i32(),
        upper: burn.upper.as_i32(),
        liquidity: burn.liquidity,
    };
    Ok(What::Burn { range, amounts: [burn.amount0, burn.amount1] })
}

fn collect(log: &Log) -> Result<What, Error> {
    let paid = UniswapEvents::Collect::decode_log_validate(&log.inner)?.data;
    let range =
        Range { owner: paid.owner, lower: paid.lower.as_i32(), upper: paid.upper.as_i32(), liquidity: 0 };
    Ok(What::Collect { range, amounts: [paid.amount0, paid.amount1] })
}

#[cfg(test)]
mod tests;
