//! A state of pools and positions, all of one block.

use alloy_primitives::{Address, U256};

use crate::block::Block;

/// Everything that was asked for, as it stood after one block. What can be missing is not in here: a state is read whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The block.
    pub block: Block,
    /// The newest block that was final when this was read; `None` where the node knows of none.
    pub finalized: Option<u64>,
    /// The pools, of the positions and others that were asked for.
    pub pools: Vec<Pool>,
    /// The positions that hold liquidity or are owed something.
    pub positions: Vec<Position>,
    /// How many NFTs hold nothing and are owed nothing.
    pub empty: usize,
}

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its contract.
    pub address: Address,
    /// How many of its digits stand behind the point.
    pub decimals: u8,
    /// Its name as it says itself, which proves nothing; its address where it says none.
    pub symbol: String,
}

/// A pool. Of pairs, the first is of token 0 and the second of token 1, in smallest units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Which of the configured exchanges it belongs to.
    pub exchange: usize,
    /// Its contract.
    pub address: Address,
    /// Its tokens in its own order.
    pub tokens: [Token; 2],
    /// The fee of a swap, in millionths.
    pub fee: u32,
    /// Ranges begin and end at multiples of this.
    pub tick_spacing: i32,
    /// The square root of the price of token 0 in token 1, times 2⁹⁶.
    pub sqrt_price: U256,
    /// The tick the pool itself says it is in: at a boundary it may be the one below the price.
    pub tick: i32,
    /// Liquidity in range.
    pub liquidity: u128,
    /// Fees ever earned per unit of liquidity, in units of 2⁻¹²⁸, modulo 2²⁵⁶.
    pub growth: [U256; 2],
    /// The protocol's part of the fees, as the exchange encodes it.
    pub protocol_fee: u32,
}

/// A position: an NFT of a position manager. Of pairs, the first is of token 0 and the second of token 1, in smallest units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Its pool, in [`State::pools`].
    pub pool: usize,
    /// The NFT.
    pub id: U256,
    /// Whose it is.
    pub owner: Address,
    /// Who holds it: the owner, or where it is staked.
    pub holder: Address,
    /// Where it begins and ends.
    pub ticks: [Tick; 2],
    /// Its liquidity.
    pub liquidity: u128,
    /// What its liquidity would pay if it were removed now, rounded as the pool rounds.
    pub amounts: [U256; 2],
    /// What it would collect now beside that: fees up to this block, and what was removed before and not collected.
    pub fees: [u128; 2],
    /// Growth inside its range when it was last changed.
    pub growth_last: [U256; 2],
    /// What it was owed when it was last changed.
    pub owed_last: [u128; 2],
}

/// An end of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// Which.
    pub tick: i32,
    /// Liquidity of all ranges that begin or end here.
    pub gross: u128,
    /// What the price adds to the liquidity in range when it crosses this upwards.
    pub net: i128,
    /// Growth on the other side of it.
    pub outside: [U256; 2],
}

/// Where the price stands to a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Below it: the position is all of token 0 and earns nothing.
    Below,
    /// Within it: the position earns.
    Within,
    /// Above it: the position is all of token 1 and earns nothing.
    Above,
}

impl Position {
    /// Where the pool's tick stands to its range.
    #[must_use]
    pub const fn place(&self, tick: i32) -> Place {
        let [lower, upper] = &self.ticks;
        if tick < lower.tick {
            Place::Below
        } else if tick < upper.tick {
            Place::Within
        } else {
            Place::Above
        }
    }
}

impl State {
    /// How many blocks ago the newest final block was; `None` where none is known.
    #[must_use]
    pub fn finality_depth(&self) -> Option<u64> {
        self.finalized.map(|number| self.block.number.saturating_sub(number))
    }

    /// The position's pool.
    #[must_use]
    pub fn pool(&self, position: &Position) -> Option<&Pool> {
        self.pools.get(position.pool)
    }
}
