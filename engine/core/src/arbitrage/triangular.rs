//! A cycle of three instruments on one venue: from the start asset through two others and back, as a taker.
//!
//! Each instrument joins two of the three assets, whichever of the two is its base: an asset that is the quote is spent by
//! buying, one that is the base by selling. Both ways around are looked at. A leg spends at most what the one before has
//! brought; its fee is taken from what it receives, as spot venues do, so that the next leg has less. What is received and
//! cannot be spent in whole lots is dust: it is given up, never counted.
//!
//! *Sizes.* A size of one leg fixes the others: before it, the fewest lots that bring what is needed (the cheapest way to
//! have it); after it, the most that can be paid for. Without lots the net would be concave in the size and linear between
//! the ends of levels, so the sizes at which a level of any leg ends or a minimum begins are looked at, and then every size
//! up to [`NEAR_LOTS`] lots to either side of the best of them on each leg, since the dust differs from lot to lot. Where some
//! leg has no more lots than that, and no minimum order value binds, this is the best size there is; else it falls short of
//! it by no more than a few lots of each leg are worth.
//!
//! *Costs.* Fees and dust are valued at the average prices of the legs that would have carried them on to the start asset,
//! rounded up. So the gross is what the prices taken would leave were nothing lost on the way.
//!
//! Never here: a leg that spends more than it has, dust as a gain, legs on different venues (a transfer between them).

use ballast_model::{AssetId, Lots, Money, Nanos, Rate, Side, Span};

use super::ladder::Ladder;
use super::walk::Taken;
use super::wide::mul_div_ceil;
use super::{
    Costs, Freshness, Legs, NoOpportunity, Opportunity, OpportunityId, OpportunityKind, VenueMarket, bounded,
    check_market, fee_ceil, oldest_of,
};
use crate::ledger::mul_div_floor;

/// Lots to either side of the best size that are looked at, too.
const NEAR_LOTS: i64 = 16;

/// An amount of any asset that best prices are tried with: its products mostly fit 128 bits, and its roundings tell little.
const PROBE: i128 = Money::ONE.0;

/// What a [`Triangular`] is built from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TriangularParams {
    /// The cycle.
    pub id: OpportunityId,
    /// The asset it starts and ends with, in which its net is counted.
    pub start: AssetId,
    /// The age at which a book is not used any more. Above zero.
    pub age_max: Span,
}

/// Which parameter of [`TriangularParams`] is outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TriangularParamError {
    /// The age is not above zero.
    AgeMax,
}

impl core::fmt::Display for TriangularParamError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::AgeMax => "the age allowed must be above zero",
        })
    }
}

impl core::error::Error for TriangularParamError {}

/// The detector. It remembers nothing.
#[derive(Clone, Copy, Debug)]
pub struct Triangular {
    params: TriangularParams,
}

/// One leg of a cycle: an instrument, and the way it is gone through.
#[derive(Clone, Copy, Debug)]
struct Hop<'a> {
    market: &'a VenueMarket<'a>,
    /// Of our order: a bid spends the quote asset.
    side: Side,
    ladder: Ladder<'a>,
    /// Base in one lot; all of the ladder's lots of it may be summed, and so may their value.
    lot: Money,
}

/// What a leg does at a size.
#[derive(Clone, Copy, Debug)]
struct Turn {
    taken: Taken,
    spent: Money,
    /// Before its fee.
    received: Money,
    fee: Money,
}

/// A size of the whole cycle.
#[derive(Clone, Copy, Debug)]
struct Cycle {
    turns: [Turn; 3],
    net: Money,
}

impl Triangular {
    /// The detector for these parameters.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn new(params: TriangularParams) -> Result<Self, TriangularParamError> {
        if params.age_max <= Span::ZERO {
            return Err(TriangularParamError::AgeMax);
        }
        Ok(Self { params })
    }

    /// The better of both ways around, whatever the order of the three markets; the legs come in the order of the cycle.
    /// [`VenueMarket::lots_max`] bounds each leg; what the first may spend of the start asset is bounded through its lots.
    ///
    /// # Errors
    /// Why there is nothing. Where one way has no edge and the other no size, [`NoOpportunity::NoEdge`].
    pub fn detect(&self, markets: [&VenueMarket<'_>; 3], now: Nanos) -> Result<Opportunity, NoOpportunity> {
        let fresh = oldest_of(markets.map(|market| market.seen_at), now, self.params.age_max)?;
        for market in markets {
            check_market(market)?;
        }
        let forth = self.in_order(markets)?;
        let [first, second, third] = forth;
        match (self.around(forth, fresh), self.around([third, second, first], fresh)) {
            (Ok(one), Ok(other)) => Ok(if other.net > one.net { other } else { one }),
            (Ok(one), Err(_)) | (Err(_), Ok(one)) => Ok(one),
            (Err(NoOpportunity::NoSize), Err(why)) | (Err(why), Err(_)) => Err(why),
        }
    }

    /// The two that join the start asset with another outside, the one that joins those two between them.
    fn in_order<'a>(
        &self,
        [a, b, c]: [&'a VenueMarket<'a>; 3],
    ) -> Result<[&'a VenueMarket<'a>; 3], NoOpportunity> {
        let start = self.params.start;
        [[a, b, c], [b, c, a], [c, a, b]]
            .into_iter()
            .find(|[first, second, third]| {
                let ends = (across(first, start), across(third, start));
                let (Some(one), Some(other)) = ends else { return false };
                one != other && one != start && other != start && across(second, one) == Some(other)
            })
            .ok_or(NoOpportunity::Assets)
    }

    /// The best size of one way around.
    fn around(&self, markets: [&VenueMarket<'_>; 3], fresh: Freshness) -> Result<Opportunity, NoOpportunity> {
        let [first, second, third] = markets;
        let start = self.params.start;
        let one = across(first, start).ok_or(NoOpportunity::Assets)?;
        let other = across(second, one).ok_or(NoOpportunity::Assets)?;
        if !may_earn([(first, start), (second, one), (third, other)])? {
            return Err(NoOpportunity::NoEdge);
        }
        let hops = [Hop::new(first, start)?, Hop::new(second, one)?, Hop::new(third, other)?];
        let cycle = best(&hops)?;
        let costs = costs(&cycle.turns)?;
        let [begin, ..] = cycle.turns;
        let [h1, h2, h3] = &hops;
        let [t1, t2, t3] = cycle.turns.map(|turn| turn.taken);
        Ok(Opportunity {
            id: self.params.id,
            kind: OpportunityKind::Triangular,
            legs: Legs::new([
                t1.leg(h1.market, h1.side),
                t2.leg(h2.market, h2.side),
                t3.leg(h3.market, h3.side),
            ]),
            asset: start,
            gross: cycle.net + costs.total(),
            costs,
            net: cycle.net,
            edge_bps: cycle.net.to_f64() / begin.spent.to_f64() * 1e4,
            confidence: fresh.confidence,
            expires_at: fresh.expires_at,
        })
    }
}

/// The asset that an instrument joins with `asset`; `None` where it does not know it.
fn across(market: &VenueMarket<'_>, asset: AssetId) -> Option<AssetId> {
    let (base, quote) = (market.spec.base, market.spec.quote);
    match () {
        () if quote == asset => Some(base),
        () if base == asset => Some(quote),
        () => None,
    }
}

/// False where not even the best prices, without lots and with every rounding in our favour, would bring back more than is
/// spent: then no size does. Nearly always, and far cheaper than the walk.
fn may_earn(ways: [(&VenueMarket<'_>, AssetId); 3]) -> Result<bool, NoOpportunity> {
    let mut amount = Some(PROBE);
    for (market, asset) in ways {
        let side = if market.spec.quote == asset { Side::Bid } else { Side::Ask };
        let best = market.book.best(side.opposite()).ok_or(NoOpportunity::NoBook)?;
        let value = market.spec.value_floor(best.price, Lots(1));
        let lot = market.spec.lot_amount().ok_or(NoOpportunity::Overflow)?;
        let (spent, received) = if side == Side::Bid { (value, lot) } else { (lot, value) };
        let kept = i128::from(Rate::ONE.0) - i128::from(market.taker_fee.0);
        amount = amount
            .and_then(|amount| mul_div_ceil(amount, received.0, spent.0))
            .and_then(|amount| mul_div_ceil(amount, kept, i128::from(Rate::ONE.0)));
    }
    // What does not fit is left to the walk.
    Ok(amount.is_none_or(|amount| amount > PROBE))
}

/// The size with the highest net of those looked at, the first such.
fn best(hops: &[Hop<'_>; 3]) -> Result<Cycle, NoOpportunity> {
    let mut best = None;
    for (driver, hop) in hops.iter().enumerate() {
        for lots in hop.ladder.corners() {
            look_at(&mut best, hops, driver, lots)?;
        }
    }
    let centre = best.ok_or(NoOpportunity::NoSize)?;
    for (driver, turn) in centre.turns.iter().enumerate() {
        for lots in turn.taken.lots - NEAR_LOTS..=turn.taken.lots + NEAR_LOTS {
            look_at(&mut best, hops, driver, lots)?;
        }
    }
    best.filter(|best| best.net > Money::ZERO).ok_or(NoOpportunity::NoEdge)
}

fn look_at(
    best: &mut Option<Cycle>,
    hops: &[Hop<'_>; 3],
    driver: usize,
    lots: i64,
) -> Result<(), NoOpportunity> {
    if let Some(found) = cycle(hops, driver, lots)?
        && best.is_none_or(|best| found.net > best.net)
    {
        *best = Some(found);
    }
    Ok(())
}

/// The whole cycle where leg `driver` has this size; `None` where depth, limits or minimums do not let it.
fn cycle(hops: &[Hop<'_>; 3], driver: usize, lots: i64) -> Result<Option<Cycle>, NoOpportunity> {
    let mut turns = [None::<Turn>; 3];
    let Some(hop) = hops.get(driver) else { return Ok(None) };
    let Some(driven) = hop.turn(lots)? else { return Ok(None) };
    let mut needed = driven.spent;
    for (turn, hop) in turns.iter_mut().zip(hops).take(driver).rev() {
        let Some(lots) = hop.least(needed) else { return Ok(None) };
        let Some(before) = hop.turn(lots)? else { return Ok(None) };
        needed = before.spent;
        *turn = Some(before);
    }
    let mut have = driven.received - driven.fee;
    for (turn, hop) in turns.iter_mut().zip(hops).skip(driver + 1) {
        let Some(after) = hop.turn(hop.most(have))? else { return Ok(None) };
        have = after.received - after.fee;
        *turn = Some(after);
    }
    if let Some(turn) = turns.get_mut(driver) {
        *turn = Some(driven);
    }
    let [Some(first), Some(second), Some(third)] = turns else { return Ok(None) };
    let accepted = |(hop, turn): (&Hop<'_>, &Turn)| hop.ladder.accepts(&turn.taken);
    let turns = [first, second, third];
    let net = third.received - third.fee - first.spent;
    Ok(hops.iter().zip(&turns).all(accepted).then_some(Cycle { turns, net }))
}

/// What fees and dust would have come to at the end, each rounded up.
fn costs(turns: &[Turn; 3]) -> Result<Costs, NoOpportunity> {
    let [first, second, third] = turns;
    let onward = |lost: Money, turn: &Turn| {
        let paid = lost >= Money::ZERO;
        let worth =
            mul_div_ceil(lost.0.abs(), turn.received.0, turn.spent.0).ok_or(NoOpportunity::Overflow)?;
        // A rebate rounded up would be overstated: one unit less.
        bounded(if paid { worth } else { 1 - worth })
    };
    let through = |lost: Money| onward(onward(lost, second)?, third);
    let dust = |from: &Turn, to: &Turn| from.received - from.fee - to.spent;
    Ok(Costs {
        fees: through(first.fee)? + onward(second.fee, third)? + third.fee,
        dust: through(dust(first, second))? + onward(dust(second, third), third)?,
        ..Costs::default()
    })
}

impl<'a> Hop<'a> {
    /// Through `market`, spending `asset`.
    fn new(market: &'a VenueMarket<'a>, asset: AssetId) -> Result<Self, NoOpportunity> {
        let side = if market.spec.quote == asset { Side::Bid } else { Side::Ask };
        if market.book.best(side.opposite()).is_none() {
            return Err(NoOpportunity::NoBook);
        }
        let ladder = Ladder::new(market, side.opposite());
        let lot = market.spec.lot_amount().ok_or(NoOpportunity::Overflow)?;
        bounded(lot.0.checked_mul(i128::from(ladder.lots())).ok_or(NoOpportunity::Overflow)?)?;
        bounded(ladder.take(ladder.lots()).map_or(0, |all| all.value.0))?;
        Ok(Self { market, side, ladder, lot })
    }

    fn turn(&self, lots: i64) -> Result<Option<Turn>, NoOpportunity> {
        let Some(taken) = self.ladder.take(lots) else { return Ok(None) };
        let base = Money(self.lot.0 * i128::from(lots));
        let (spent, received) = match self.side {
            Side::Bid => (taken.value, base),
            Side::Ask => (base, taken.value),
        };
        Ok(Some(Turn { taken, spent, received, fee: fee_ceil(received, self.market.taker_fee)? }))
    }

    /// The most lots that `have` pays for.
    fn most(&self, have: Money) -> i64 {
        match self.side {
            Side::Bid => self.ladder.lots_within(have),
            Side::Ask => {
                i64::try_from(have.0 / self.lot.0.max(1)).unwrap_or(i64::MAX).min(self.ladder.lots())
            }
        }
    }

    /// The fewest lots that bring `needed` after the fee; `None` where none do. An amount `x` does where
    /// `x − ⌈x·fee⌉ ≥ needed`, which for whole units is `x ≥ needed / (1 − fee)`.
    fn least(&self, needed: Money) -> Option<i64> {
        let one = i128::from(Rate::ONE.0);
        let kept = one - i128::from(self.market.taker_fee.0);
        let before_fee = -mul_div_floor(-needed.0, one, kept)?;
        match self.side {
            Side::Bid => i64::try_from(-(-before_fee).div_euclid(self.lot.0.max(1))).ok(),
            Side::Ask => self.ladder.lots_reaching(Money(before_fee)),
        }
    }
}

#[cfg(test)]
mod tests;
