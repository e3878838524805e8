//! Reads a whole state at one block: every call names the block by its hash, and what a node says of it has to fit together.
//!
//! Amounts and fees are what the contracts themselves would pay, by calls that change nothing; fees are worked out from their growth
//! beside, and where the two differ by more than the contracts' own rounding the state is refused, as it is wherever two answers cannot
//! both be true.
//!
//! Never here: which block to read, and what to do about trouble.

mod batch;
mod holdings;
mod paid;
mod pools;

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};
use tokio::try_join;

use crate::block::Block;
use crate::fees;
use crate::known::Trouble;
use crate::node::Node;
use crate::state::{Pool, Position, State, Tick, Token};

use batch::Batch;

/// What to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Where liquidity may be.
    pub exchanges: Vec<Exchange>,
    /// Whose positions.
    pub owners: Vec<Address>,
    /// Of how many NFTs at most, empty ones included: anybody may send an owner any number of them.
    pub most: usize,
    /// The contract that bundles calls.
    pub multicall: Address,
}

/// A Uniswap V3 or one of its kin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// Its name, for people.
    pub name: String,
    /// Its `NonfungiblePositionManager`.
    pub positions: Address,
    /// Where NFTs are staked: a `MasterChefV3`, which tells of its stakers' NFTs as a position manager does of its owners'.
    pub staking: Option<Address>,
    /// Pools to read besides those of the positions.
    pub pools: Vec<Address>,
}

/// Reads states; remembers what cannot change.
#[derive(Clone, Debug)]
pub struct Reader {
    wanted: Wanted,
    /// Of each exchange.
    factories: BTreeMap<usize, Address>,
    /// By exchange, tokens and fee.
    addresses: BTreeMap<(usize, Address, Address, u32), Address>,
    kinds: BTreeMap<Address, Kind>,
    tokens: BTreeMap<Address, Token>,
}

/// What never changes of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kind {
    tokens: [Address; 2],
    fee: u32,
    spacing: i32,
}

/// An NFT as its manager describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Held {
    exchange: usize,
    id: U256,
    owner: Address,
    holder: Address,
    tokens: [Address; 2],
    fee: u32,
    range: [i32; 2],
    liquidity: u128,
    growth_last: [U256; 2],
    owed_last: [u128; 2],
}

/// What a pool says of itself at a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Moment {
    sqrt_price: U256,
    tick: i32,
    protocol_fee: u32,
    liquidity: u128,
    growth: [U256; 2],
}

impl Held {
    const fn is_empty(&self) -> bool {
        self.liquidity == 0 && matches!(self.owed_last, [0, 0])
    }
}

impl Reader {
    /// Reads this.
    #[must_use]
    pub const fn new(wanted: Wanted) -> Self {
        Self {
            wanted,
            factories: BTreeMap::new(),
            addresses: BTreeMap::new(),
            kinds: BTreeMap::new(),
            tokens: BTreeMap::new(),
        }
    }

    /// What is read.
    #[must_use]
    pub const fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// The pools that positions were found in, or that were asked for.
    pub fn pools(&self) -> impl Iterator<Item = Address> {
        self.kinds.keys().copied()
    }

    /// The state after `block`, whose finality is the caller's to know.
    ///
    /// # Errors
    /// Any trouble of asking, and [`Trouble::Contradiction`] where answers do not fit together.
    pub async fn read(
        &mut self,
        node: &Node,
        block: Block,
        finalized: Option<u64>,
    ) -> Result<State, Trouble> {
        let batch = Batch::new(node, block, self.wanted.multicall);
        let mut held = holdings::read(&batch, &self.wanted).await?;
        let all = held.len();
        held.retain(|held| !held.is_empty());
        let empty = all.saturating_sub(held.len());

        let homes = self.homes(&batch, &held).await?;
        let named = self.wanted.exchanges.iter().enumerate();
        let named = named.flat_map(|(at, exchange)| exchange.pools.iter().map(move |pool| (*pool, at)));
        let exchanges: BTreeMap<Address, usize> =
            named.chain(homes.iter().copied().zip(held.iter().map(|held| held.exchange))).collect();
        self.learn_kinds(&batch, exchanges.keys()).await?;
        let (moments, ticks, paid) = try_join!(
            pools::moments(&batch, exchanges.keys()),
            pools::ticks(&batch, &held, &homes),
            paid::read(node, block, &self.wanted, &held),
        )?;

        let pools: Vec<Pool> =
            exchanges.iter().map(|(pool, at)| self.pool(*pool, *at, &moments)).collect::<Result<_, _>>()?;
        let positions = held.iter().zip(&homes).zip(paid);
        let positions = positions.map(|((held, home), paid)| {
            let at = pools.iter().position(|pool| pool.address == *home).ok_or(Trouble::Gone)?;
            let pool = pools.get(at).ok_or(Trouble::Gone)?;
            let ends = held.range.map(|tick| ticks.get(&(*home, tick)).copied());
            let [Some(lower), Some(upper)] = ends else { return Err(Trouble::Gone) };
            let position = position(held, at, [lower, upper], paid);
            check(&position, pool)?;
            Ok(position)
        });
        let positions = positions.collect::<Result<_, _>>()?;
        Ok(State { block, finalized, positions, empty, pools })
    }

    fn pool(
        &self,
        address: Address,
        exchange: usize,
        moments: &BTreeMap<Address, Moment>,
    ) -> Result<Pool, Trouble> {
        let kind = self.kinds.get(&address).ok_or(Trouble::Gone)?;
        let moment = moments.get(&address).ok_or(Trouble::Gone)?;
        let [Some(token0), Some(token1)] = kind.tokens.map(|token| self.tokens.get(&token).cloned()) else {
            return Err(Trouble::Gone);
        };
        Ok(Pool {
            exchange,
            address,
            tokens: [token0, token1],
            fee: kind.fee,
            tick_spacing: kind.spacing,
            sqrt_price: moment.sqrt_price,
            tick: moment.tick,
            liquidity: moment.liquidity,
            growth: moment.growth,
            protocol_fee: moment.protocol_fee,
        })
    }
}

const fn position(held: &Held, pool: usize, ticks: [Tick; 2], paid: paid::Paid) -> Position {
    Position {
        pool,
        id: held.id,
        owner: held.owner,
        holder: held.holder,
        ticks,
        liquidity: held.liquidity,
        amounts: paid.amounts,
        fees: paid.fees,
        growth_last: held.growth_last,
        owed_last: held.owed_last,
    }
}

/// By how much the contracts may pay less than the growth of fees says: a pool keeps one account for all NFTs of one range, rounds down
/// whenever any of them changes, and never pays more than it has on that account.
const ROUNDED: u128 = 1_000;

/// That what was told of a position can be true.
fn check(position: &Position, pool: &Pool) -> Result<(), Trouble> {
    let contradiction =
        |said: String| Err(Trouble::Contradiction(format!("position {}: {said}", position.id)));
    let [lower, upper] = &position.ticks;
    let range = [lower.tick, upper.tick];
    if position.liquidity > lower.gross || position.liquidity > upper.gross {
        return contradiction(format!("its liquidity {} is more than its ends have", position.liquidity));
    }
    if (lower.tick..upper.tick).contains(&pool.tick) && position.liquidity > pool.liquidity {
        return contradiction(format!(
            "its liquidity {} is more than its pool has in range",
            position.liquidity
        ));
    }
    for side in [0, 1] {
        let of = |pair: &[U256; 2]| pair.get(side).copied().unwrap_or_default();
        let of_small = |pair: &[u128; 2]| pair.get(side).copied().unwrap_or_default();
        let outside = [of(&lower.outside), of(&upper.outside)];
        let inside = fees::growth_inside(pool.tick, range, outside, of(&pool.growth));
        let owed =
            fees::owed(position.liquidity, inside, of(&position.growth_last), of_small(&position.owed_last));
        let paid = of_small(&position.fees);
        if paid > owed || owed.saturating_sub(paid) > ROUNDED {
            return contradiction(format!(
                "it would collect {paid}, and is owed {owed} by the growth of fees"
            ));
        }
    }
    Ok(())
}
