//! What the contracts would pay for positions: calls in the holder's name that change nothing.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;

use super::batch::unreadable;
use super::{Held, Wanted};
use crate::abi::Positions;
use crate::block::Block;
use crate::known::Trouble;
use crate::node::{Call, Node};

/// For how many positions one call asks at most: each costs a few hundred thousand gas, and nodes limit that.
const MOST: usize = 24;

const WHAT: &str = "what a position would pay";

/// What a position would pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Paid {
    pub(super) amounts: [U256; 2],
    pub(super) fees: [u128; 2],
}

/// Of each position, in their order.
pub(super) async fn read(
    node: &Node,
    block: Block,
    wanted: &Wanted,
    held: &[Held],
) -> Result<Vec<Paid>, Trouble> {
    let mut paid = Vec::with_capacity(held.len());
    // Positions come exchange by exchange and holder by holder.
    for group in held.chunk_by(|one, next| (one.exchange, one.holder) == (next.exchange, next.holder)) {
        let Some(first) = group.first() else { continue };
        let Some(exchange) = wanted.exchanges.get(first.exchange) else { continue };
        for part in group.chunks(MOST) {
            let data = Positions::multicallCall { data: part.iter().flat_map(asked).collect() }.abi_encode();
            let call = Call { what: WHAT, to: exchange.positions, from: Some(first.holder), data };
            let said = node.call(block.hash, call).await?;
            let said = Positions::multicallCall::abi_decode_returns_validate(&said);
            let said = said.map_err(|error| unreadable(WHAT, &error))?;
            let mut said = said.into_iter();
            for position in part {
                paid.push(answered(position, &mut said)?);
            }
        }
    }
    Ok(paid)
}

/// Fees first, so that they are told apart from the liquidity's own amounts; those by removing all of it.
fn asked(held: &Held) -> Vec<Bytes> {
    let collect =
        Positions::Collect { id: held.id, recipient: Address::ZERO, most0: u128::MAX, most1: u128::MAX };
    let collect = Positions::collectCall { what: collect }.abi_encode();
    let decrease = Positions::Decrease {
        id: held.id,
        liquidity: held.liquidity,
        least0: U256::ZERO,
        least1: U256::ZERO,
        deadline: U256::MAX,
    };
    let decrease = Positions::decreaseLiquidityCall { what: decrease }.abi_encode();
    // Removing nothing is refused.
    let calls = if held.liquidity == 0 { vec![collect] } else { vec![collect, decrease] };
    calls.into_iter().map(Bytes::from).collect()
}

fn answered(held: &Held, said: &mut impl Iterator<Item = Bytes>) -> Result<Paid, Trouble> {
    let missing = || Trouble::Unreadable { what: WHAT, why: "an answer is missing".to_owned() };
    let collected = said.next().ok_or_else(missing)?;
    let collected = Positions::collectCall::abi_decode_returns_validate(&collected);
    let collected = collected.map_err(|error| unreadable(WHAT, &error))?;
    let fee = |fee: U256| {
        u128::try_from(fee)
            .map_err(|_| Trouble::Contradiction(format!("position {} would collect {fee}", held.id)))
    };
    let fees = [fee(collected.amount0)?, fee(collected.amount1)?];
    if held.liquidity == 0 {
        return Ok(Paid { amounts: [U256::ZERO; 2], fees });
    }
    let removed = said.next().ok_or_else(missing)?;
    let removed = Positions::decreaseLiquidityCall::abi_decode_returns_validate(&removed);
    let removed = removed.map_err(|error| unreadable(WHAT, &error))?;
    Ok(Paid { amounts: [removed.amount0, removed.amount1], fees })
}
