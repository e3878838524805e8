//! Which NFTs the owners have, themselves or staked.

use alloy_primitives::{Address, U256};
use tokio::try_join;

use super::batch::{Batch, Calls};
use super::{Held, Wanted};
use crate::abi::Positions;
use crate::known::Trouble;

/// Somewhere an owner may have NFTs.
#[derive(Clone, Copy)]
struct Place {
    exchange: usize,
    owner: Address,
    /// Who tells which they are: the manager itself, or where they are staked.
    lists: Address,
    /// Who holds them.
    holder: Address,
    manager: Address,
}

/// All of them, as their managers describe them.
pub(super) async fn read(batch: &Batch<'_>, wanted: &Wanted) -> Result<Vec<Held>, Trouble> {
    let places = places(wanted);
    let calls = places.iter().map(|place| (place.lists, Positions::balanceOfCall { owner: place.owner }));
    let counts = batch.all("how many positions an owner has", calls.collect()).await?;
    let mut listed = Vec::new();
    for (place, count) in places.iter().zip(counts) {
        let room = wanted.most.saturating_sub(listed.len());
        let count = usize::try_from(count).ok().filter(|count| *count <= room);
        let why = || format!("the owners have more than {} NFTs", wanted.most);
        let count = count.ok_or_else(|| Trouble::Refused { what: "to read all positions", why: why() })?;
        listed.extend((0..count).map(|index| (*place, index)));
    }

    let calls = listed.iter().map(|(place, index)| {
        (place.lists, Positions::tokenOfOwnerByIndexCall { owner: place.owner, index: U256::from(*index) })
    });
    let ids = batch.all("which positions an owner has", calls.collect()).await?;
    let found: Vec<_> = listed.iter().map(|(place, _)| *place).zip(ids).collect();

    let owners: Calls<_> =
        found.iter().map(|(place, id)| (place.manager, Positions::ownerOfCall { id: *id })).collect();
    let positions: Calls<_> =
        found.iter().map(|(place, id)| (place.manager, Positions::positionsCall { id: *id })).collect();
    let (holders, described) =
        try_join!(batch.all("who holds a position", owners), batch.all("a position", positions))?;
    found
        .into_iter()
        .zip(holders)
        .zip(described)
        .map(|((found, holder), said)| held(found, holder, &said))
        .collect()
}

fn places(wanted: &Wanted) -> Vec<Place> {
    let mut places = Vec::new();
    for (exchange, names) in wanted.exchanges.iter().enumerate() {
        for owner in wanted.owners.iter().copied() {
            let manager = names.positions;
            places.push(Place { exchange, owner, lists: manager, holder: owner, manager });
            if let Some(staking) = names.staking {
                places.push(Place { exchange, owner, lists: staking, holder: staking, manager });
            }
        }
    }
    places
}

fn held(
    (place, id): (Place, U256),
    holder: Address,
    said: &Positions::positionsReturn,
) -> Result<Held, Trouble> {
    if holder != place.holder {
        let said = format!("position {id} is listed as held by {} and is held by {holder}", place.holder);
        return Err(Trouble::Contradiction(said));
    }
    Ok(Held {
        exchange: place.exchange,
        id,
        owner: place.owner,
        holder,
        tokens: [said.token0, said.token1],
        fee: said.fee.to(),
        range: [said.lower.as_i32(), said.upper.as_i32()],
        liquidity: said.liquidity,
        growth_last: [said.growth0, said.growth1],
        owed_last: [said.owed0, said.owed1],
    })
}
