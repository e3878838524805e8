//! Positions as they are read equal what the contracts then pay, to the smallest unit.

use std::collections::BTreeMap;

use alloy_primitives::U256;
use ballast_chain::read::Reader;
use ballast_chain::state::{Place, Position, State};

use crate::abi::Manager;
use crate::exchanges::{Dex, Order, Pool, pancake, staking, uniswap, wanted};
use crate::rig::Rig;
use crate::run;

pub(crate) fn units(whole: u64, decimals: u8) -> U256 {
    U256::from(whole) * U256::from(10).pow(U256::from(decimals))
}

/// A pool in which ranges lie below, above and around the price, some with liquidity of others at their ends, after swaps both ways.
pub(crate) async fn worked(rig: &Rig, dex: &Dex, decimals: [u8; 2], order: Order, fee: u32) -> Pool {
    let pool = dex.pool(rig, decimals, order, fee).await;
    let base = usize::from(order == Order::QuoteFirst);
    let mut amounts = [units(2_500_000, decimals[1]); 2];
    amounts[base] = units(1_000, decimals[0]);
    let tick = pool.tick;
    for range in [[-20_000, 20_000], [-600, 600], [-4_000, -1_200], [1_200, 4_000]] {
        pool.mint(rig, range.map(|offset| tick + offset), amounts).await;
    }
    // Past the narrow range and back: 1000 base move the price by more than 600 ticks.
    let (sold, bought) = (units(1_500, decimals[0]), units(4_000_000, decimals[1]));
    pool.sell(rig, base, sold).await;
    pool.mint(rig, [tick - 200, tick + 200], amounts).await;
    pool.sell(rig, 1 - base, bought).await;
    pool.sell(rig, base, units(100, decimals[0])).await;
    pool
}

fn of(state: &State, id: U256, pool: &Pool) -> Position {
    let is_it =
        |position: &&Position| position.id == id && state.pool(position).unwrap().address == pool.address;
    state.positions.iter().find(is_it).unwrap().clone()
}

/// Collects, empties and burns a position, and compares what that paid with what was read before.
async fn cash(rig: &Rig, pool: &Pool, read: &Position) {
    assert_eq!(pool.collect(rig, read.id).await, read.fees.map(U256::from), "fees of {read:?}");
    if read.liquidity > 0 {
        assert_eq!(pool.decrease(rig, read.id, read.liquidity).await, read.amounts, "amounts of {read:?}");
        assert_eq!(pool.collect(rig, read.id).await, read.amounts);
    }
    pool.burn(rig, read.id).await;
}

/// Reads a pool of an exchange, and everything it said is then paid.
async fn is_paid(rig: &Rig, dex: &Dex, decimals: [u8; 2], order: Order, fee: u32) {
    let pool = worked(rig, dex, decimals, order, fee).await;
    let mut reader = Reader::new(wanted(rig, &[(dex, None)]));
    let block = rig.head().await;
    let state = reader.read(&rig.node().await, block, None).await.unwrap();

    assert_eq!(state.block, block);
    let there: Vec<_> = state
        .positions
        .iter()
        .filter(|position| state.pool(position).unwrap().address == pool.address)
        .collect();
    assert_eq!(there.len(), 5);
    let found = state.pools.iter().find(|found| found.address == pool.address).unwrap();
    assert_eq!((found.fee, found.tick_spacing), (fee, pool.spacing));
    assert_eq!(found.tokens.clone().map(|token| token.address), pool.tokens);
    let base = usize::from(order == Order::QuoteFirst);
    assert_eq!((found.tokens[base].symbol.as_str(), found.tokens[base].decimals), ("ETH", decimals[0]));
    assert_eq!(
        (found.tokens[1 - base].symbol.as_str(), found.tokens[1 - base].decimals),
        ("USD", decimals[1])
    );

    let mut places = BTreeMap::new();
    for position in &there {
        let place = position.place(found.tick);
        *places.entry(format!("{place:?}")).or_insert(0) += 1;
        match place {
            Place::Below => assert_eq!(position.amounts[1], U256::ZERO),
            Place::Within => assert!(position.amounts.iter().all(|amount| !amount.is_zero())),
            Place::Above => assert_eq!(position.amounts[0], U256::ZERO),
        }
    }
    assert_eq!(places.len(), 3, "ranges below, around and above the price: {places:?}");
    assert!(there.iter().filter(|position| position.fees != [0, 0]).count() >= 3);
    for position in there {
        cash(rig, &pool, position).await;
    }
}

#[test]
fn what_uniswap_is_read_to_owe_is_what_it_pays() {
    run(async {
        let Some(rig) = Rig::new().await else { return };
        let dex = uniswap(&rig).await;
        is_paid(&rig, &dex, [18, 6], Order::BaseFirst, 500).await;
        is_paid(&rig, &dex, [8, 18], Order::QuoteFirst, 3_000).await;
        is_paid(&rig, &dex, [18, 2], Order::QuoteFirst, 10_000).await;
    });
}

#[test]
fn what_pancake_is_read_to_owe_is_what_it_pays() {
    run(async {
        let Some(rig) = Rig::new().await else { return };
        let dex = pancake(&rig).await;
        is_paid(&rig, &dex, [18, 6], Order::QuoteFirst, 500).await;
        is_paid(&rig, &dex, [18, 18], Order::BaseFirst, 2_500).await;
        is_paid(&rig, &dex, [6, 8], Order::BaseFirst, 100).await;
    });
}

#[test]
fn staked_positions_are_read_as_ours() {
    run(async {
        let Some(rig) = Rig::new().await else { return };
        let dex = pancake(&rig).await;
        let pool = worked(&rig, &dex, [18, 18], Order::BaseFirst, 2_500).await;
        let at = staking(&rig, &pool).await;
        let mut reader = Reader::new(wanted(&rig, &[(&dex, Some(at))]));
        let node = rig.node().await;
        let before = reader.read(&node, rig.head().await, None).await.unwrap();
        let id = before.positions[0].id;
        rig.send(dex.positions, Manager::safeTransferFromCall { from: rig.me, to: at, id }).await;
        pool.sell(&rig, 0, units(10, 18)).await;

        let after = reader.read(&node, rig.head().await, None).await.unwrap();
        assert_eq!(after.positions.len(), before.positions.len());
        let staked = of(&after, id, &pool);
        assert_eq!((staked.owner, staked.holder), (rig.me, at));
        assert!(staked.fees[0] > 0, "a staked position earns on: {staked:?}");
        // Without knowing where it is staked, it is not ours to see.
        let mut blind = Reader::new(wanted(&rig, &[(&dex, None)]));
        let seen = blind.read(&node, rig.head().await, None).await.unwrap();
        assert_eq!(seen.positions.len(), before.positions.len() - 1);
    });
}

#[test]
fn a_state_is_of_its_block_whatever_comes_after() {
    run(async {
        let Some(rig) = Rig::new().await else { return };
        let dex = uniswap(&rig).await;
        let pool = worked(&rig, &dex, [18, 6], Order::BaseFirst, 500).await;
        let mut reader = Reader::new(wanted(&rig, &[(&dex, None)]));
        let node = rig.node().await;
        let block = rig.head().await;
        let state = reader.read(&node, block, Some(7)).await.unwrap();
        assert_eq!(state.finality_depth(), Some(block.number - 7));
        pool.sell(&rig, 0, units(5, 18)).await;
        assert_eq!(reader.read(&node, block, Some(7)).await.unwrap(), state);
        let now = reader.read(&node, rig.head().await, Some(7)).await.unwrap();
        assert_ne!(now.positions, state.positions);
        // Half removed is owed and not paid; nothing left and nothing owed is empty.
        let first = &now.positions[0];
        let paid = pool.decrease(&rig, first.id, first.liquidity / 2).await;
        let owed = of(&reader.read(&node, rig.head().await, None).await.unwrap(), first.id, &pool);
        assert_eq!(U256::from(owed.fees[0]), paid[0] + U256::from(first.fees[0]));
        pool.decrease(&rig, first.id, owed.liquidity).await;
        let left = of(&reader.read(&node, rig.head().await, None).await.unwrap(), first.id, &pool);
        assert_eq!((left.liquidity, left.amounts), (0, [U256::ZERO; 2]));
        pool.collect(&rig, first.id).await;
        let gone = reader.read(&node, rig.head().await, None).await.unwrap();
        assert_eq!((gone.empty, gone.positions.len()), (1, state.positions.len() - 1));
    });
}
