//! The pools: which they are, what never changes of them, and how they stand.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, U256};
use tokio::try_join;

use super::batch::{Batch, Calls};
use super::{Held, Kind, Moment, Reader};
use crate::abi::{Erc20, Factory, PoolState, Positions};
use crate::known::Trouble;
use crate::state::{Tick, Token};

impl Reader {
    /// The pool of each position, by its exchange's own word.
    pub(super) async fn homes(&mut self, batch: &Batch<'_>, held: &[Held]) -> Result<Vec<Address>, Trouble> {
        let exchanges: BTreeSet<usize> = held.iter().map(|held| held.exchange).collect();
        let new: Vec<_> = exchanges.into_iter().filter(|at| !self.factories.contains_key(at)).collect();
        let managers = new.iter().filter_map(|at| Some(self.wanted.exchanges.get(*at)?.positions));
        let calls = managers.map(|manager| (manager, Positions::factoryCall {})).collect();
        let told = batch.all("an exchange's factory", calls).await?;
        self.factories.extend(new.into_iter().zip(told));

        let new: BTreeSet<_> =
            held.iter().map(Held::key).filter(|key| !self.addresses.contains_key(key)).collect();
        let calls = new.iter().filter_map(|(at, token0, token1, fee)| {
            let call = Factory::getPoolCall {
                token0: *token0,
                token1: *token1,
                fee: alloy_primitives::aliases::U24::from(*fee),
            };
            Some((*self.factories.get(at)?, call))
        });
        let told = batch.all("a position's pool", calls.collect()).await?;
        self.addresses.extend(new.into_iter().zip(told));

        let home = |held: &Held| {
            let home = self.addresses.get(&held.key()).filter(|home| !home.is_zero()).copied();
            home.ok_or_else(|| {
                Trouble::Contradiction(format!("position {} is in a pool that does not exist", held.id))
            })
        };
        held.iter().map(home).collect()
    }

    /// What never changes of these pools and of their tokens.
    pub(super) async fn learn_kinds(
        &mut self,
        batch: &Batch<'_>,
        pools: impl Iterator<Item = &Address>,
    ) -> Result<(), Trouble> {
        let new: Vec<Address> = pools.filter(|pool| !self.kinds.contains_key(*pool)).copied().collect();
        let token0 = batch.all("a pool's tokens", to_each(&new, || PoolState::token0Call {})).await?;
        let token1 = batch.all("a pool's tokens", to_each(&new, || PoolState::token1Call {})).await?;
        let fee = batch.all("a pool's fee", to_each(&new, || PoolState::feeCall {})).await?;
        let spacing =
            batch.all("a pool's spacing of ticks", to_each(&new, || PoolState::tickSpacingCall {})).await?;
        let kinds = token0.into_iter().zip(token1).zip(fee).zip(spacing);
        let kinds: Vec<Kind> = kinds
            .map(|(((token0, token1), fee), spacing)| Kind {
                tokens: [token0, token1],
                fee: fee.to(),
                spacing: spacing.as_i32(),
            })
            .collect();
        self.learn_tokens(batch, &kinds).await?;
        for (pool, kind) in new.into_iter().zip(kinds) {
            // A position's pool was looked up by tokens and fee: it has to be the pool of those.
            let looked_up = self.addresses.iter().find(|(_, address)| **address == pool);
            let fits = |(_, token0, token1, fee): &(usize, Address, Address, u32)| {
                [*token0, *token1] == kind.tokens && *fee == kind.fee
            };
            if looked_up.is_some_and(|(key, _)| !fits(key)) {
                return Err(Trouble::Contradiction(format!(
                    "pool {pool} is of other tokens or another fee than its factory says"
                )));
            }
            self.kinds.insert(pool, kind);
        }
        Ok(())
    }

    async fn learn_tokens(&mut self, batch: &Batch<'_>, kinds: &[Kind]) -> Result<(), Trouble> {
        let new: BTreeSet<Address> = kinds.iter().flat_map(|kind| kind.tokens).collect();
        let new: Vec<_> = new.into_iter().filter(|token| !self.tokens.contains_key(token)).collect();
        let decimals = batch.all("a token's decimals", to_each(&new, || Erc20::decimalsCall {})).await?;
        // Some old tokens answer with 32 bytes instead of a text, some do not answer: then they have no name.
        let symbols = batch.any("a token's symbol", to_each(&new, || Erc20::symbolCall {})).await?;
        for ((address, decimals), symbol) in new.into_iter().zip(decimals).zip(symbols) {
            let symbol = symbol
                .and_then(Result::ok)
                .map(|symbol| printable(&symbol))
                .filter(|symbol| !symbol.is_empty());
            let symbol = symbol.unwrap_or_else(|| address.to_string());
            self.tokens.insert(address, Token { address, decimals, symbol });
        }
        Ok(())
    }
}

impl Held {
    const fn key(&self) -> (usize, Address, Address, u32) {
        let [token0, token1] = self.tokens;
        (self.exchange, token0, token1, self.fee)
    }
}

/// As much of a token's word as fits a line of a table and does nothing to a terminal.
fn printable(symbol: &str) -> String {
    symbol.chars().filter(|letter| letter.is_alphanumeric() || "+-._/$".contains(*letter)).take(16).collect()
}

fn to_each<C>(contracts: &[Address], call: impl Fn() -> C) -> Calls<C> {
    contracts.iter().map(|contract| (*contract, call())).collect()
}

/// How the pools stand.
pub(super) async fn moments(
    batch: &Batch<'_>,
    pools: impl Iterator<Item = &Address>,
) -> Result<BTreeMap<Address, Moment>, Trouble> {
    let pools: Vec<Address> = pools.copied().collect();
    let (slots, liquidity, growth0, growth1) = try_join!(
        batch.all("a pool's price", to_each(&pools, || PoolState::slot0Call {})),
        batch.all("a pool's liquidity", to_each(&pools, || PoolState::liquidityCall {})),
        batch.all("a pool's fees", to_each(&pools, || PoolState::feeGrowthGlobal0X128Call {})),
        batch.all("a pool's fees", to_each(&pools, || PoolState::feeGrowthGlobal1X128Call {})),
    )?;
    let told = slots.into_iter().zip(liquidity).zip(growth0).zip(growth1);
    let moments = told.map(|(((slot, liquidity), growth0), growth1)| Moment {
        sqrt_price: U256::from(slot.sqrtPrice),
        tick: slot.tick.as_i32(),
        protocol_fee: slot.protocolFee,
        liquidity,
        growth: [growth0, growth1],
    });
    Ok(pools.into_iter().zip(moments).collect())
}

/// The ends of the positions' ranges, by pool and tick.
pub(super) async fn ticks(
    batch: &Batch<'_>,
    held: &[Held],
    homes: &[Address],
) -> Result<BTreeMap<(Address, i32), Tick>, Trouble> {
    let ends = homes.iter().zip(held).flat_map(|(home, held)| held.range.map(|tick| (*home, tick)));
    let ends: BTreeSet<(Address, i32)> = ends.collect();
    let calls = ends.iter().map(|(pool, tick)| {
        let tick = alloy_primitives::aliases::I24::try_from(*tick).map_err(|_| Trouble::Gone)?;
        Ok((*pool, PoolState::ticksCall { tick }))
    });
    let told = batch.all("a tick", calls.collect::<Result<Calls<_>, Trouble>>()?).await?;
    let ticks = ends.iter().zip(told).map(|(end, said)| {
        let tick =
            Tick { tick: end.1, gross: said.gross, net: said.net, outside: [said.outside0, said.outside1] };
        (*end, tick)
    });
    Ok(ticks.collect())
}
