//! One asset on two venues: buy where it is cheap, sell where it is dear, both at once, as a taker.
//!
//! Both books are walked together in blocks: the smallest amount of the base that is whole in the lots of both venues, so
//! that nothing is left over. The prices of the blocks only get worse, hence the net is concave in their number and highest
//! where a level of one book ends or where the venues' minimums begin; only those sizes are looked at. Rounding (each fee,
//! transfer cost and conversion once, against us) moves a net by at most a few 10⁻¹⁸ from that.
//!
//! Never here: a size that one venue would not take, base left over, a profit before costs.

use ballast_model::{AssetId, Contract, Lots, Money, Nanos, Rate, Side, Span};

use super::walk::{Taken, Walk};
use super::{
    Costs, Leg, NoOpportunity, Opportunity, OpportunityId, OpportunityKind, VenueMarket, fee_ceil, freshness,
};
use crate::ledger::mul_div_floor;

/// What it costs to bring the base from the venue where it was bought to the one where it was sold, in the asset of the
/// net. Zero where stock on both sides is rebalanced otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TransferCost {
    /// For one whole unit of the base. Not below zero.
    pub per_unit: Money,
    /// Once. Not below zero.
    pub fixed: Money,
}

/// What a [`Spatial`] is built from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpatialParams {
    /// The pairing.
    pub id: OpportunityId,
    /// The asset that nets are counted in.
    pub asset: AssetId,
    /// The age at which a book or a conversion is not used any more. Above zero.
    pub age_max: Span,
    /// The cost of moving the base.
    pub transfer: TransferCost,
}

/// Which parameter of [`SpatialParams`] is outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpatialParamError {
    /// The age is not above zero.
    AgeMax,
    /// A transfer cost is below zero.
    Transfer,
}

impl core::fmt::Display for SpatialParamError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::AgeMax => "the age allowed must be above zero",
            Self::Transfer => "a transfer cost must not be below zero",
        })
    }
}

impl core::error::Error for SpatialParamError {}

/// The detector. It remembers nothing.
#[derive(Clone, Copy, Debug)]
pub struct Spatial {
    params: SpatialParams,
}

/// How many lots a block is on either venue, and how many blocks there may be.
#[derive(Clone, Copy, Debug)]
struct Blocks {
    buy: i64,
    sell: i64,
    amount: Money,
    min: i64,
    max: i64,
}

/// A size that was looked at.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    bought: Taken,
    sold: Taken,
    paid: Money,
    gross: Money,
    costs: Costs,
    net: Money,
}

impl Spatial {
    /// The detector for these parameters.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn new(params: SpatialParams) -> Result<Self, SpatialParamError> {
        if params.age_max <= Span::ZERO {
            return Err(SpatialParamError::AgeMax);
        }
        if params.transfer.per_unit < Money::ZERO || params.transfer.fixed < Money::ZERO {
            return Err(SpatialParamError::Transfer);
        }
        Ok(Self { params })
    }

    /// The best that buying on `buy` and selling on `sell` would leave; ask a second time with the two exchanged for the
    /// other direction.
    ///
    /// # Errors
    /// Why there is nothing.
    pub fn detect(
        &self,
        buy: &VenueMarket<'_>,
        sell: &VenueMarket<'_>,
        now: Nanos,
    ) -> Result<Opportunity, NoOpportunity> {
        let mut oldest = buy.seen_at.min(sell.seen_at);
        freshness(buy.seen_at.max(sell.seen_at), now, self.params.age_max)?;
        for seen_at in [buy.conversion.seen_at, sell.conversion.seen_at] {
            if seen_at != Nanos::MAX {
                freshness(seen_at, now, self.params.age_max)?;
                oldest = oldest.min(seen_at);
            }
        }
        let fresh = freshness(oldest, now, self.params.age_max)?;
        check(buy, sell)?;
        let best = self.best(buy, sell, &Blocks::of(buy, sell)?)?;
        let trusted = fresh.confidence.and(buy.conversion.confidence);
        let trusted = trusted.and_then(|both| both.and(sell.conversion.confidence));
        let leg = |market: &VenueMarket<'_>, side, taken: Taken| Leg {
            instrument: market.instrument,
            side,
            price: taken.worst,
            lots: Lots(taken.lots),
            value: taken.value,
        };
        Ok(Opportunity {
            id: self.params.id,
            kind: OpportunityKind::Spatial,
            legs: [leg(buy, Side::Bid, best.bought), leg(sell, Side::Ask, best.sold)],
            asset: self.params.asset,
            gross: best.gross,
            costs: best.costs,
            net: best.net,
            edge_bps: best.net.to_f64() / best.paid.to_f64() * 1e4,
            confidence: trusted.ok_or(NoOpportunity::NoEdge)?,
            expires_at: fresh.expires_at,
        })
    }

    /// Walks both books to their end and keeps the size with the highest net, the smallest such.
    fn best(
        &self,
        buy: &VenueMarket<'_>,
        sell: &VenueMarket<'_>,
        blocks: &Blocks,
    ) -> Result<Candidate, NoOpportunity> {
        let (mut asks, mut bids) = (Walk::new(buy, Side::Ask), Walk::new(sell, Side::Bid));
        let (mut count, mut best, mut sized) = (0, None::<Candidate>, false);
        while count < blocks.max {
            let (Some((ask, offered)), Some((bid, wanted))) = (asks.level(), bids.level()) else { break };
            let (bought, sold) = (asks.taken, bids.taken);
            let step = (offered / blocks.buy).min(wanted / blocks.sell).clamp(1, blocks.max - count);
            if asks.take(step * blocks.buy).is_none() || bids.take(step * blocks.sell).is_none() {
                break;
            }
            // Limits of the orders are now the walks' worst prices, for each size of this step.
            let least = blocks.least(buy, asks.taken, sell, bids.taken);
            let end = count + step;
            let early = least.max(count + 1);
            let mut consider = |bought: Taken, sold: Taken| -> Result<(), NoOpportunity> {
                sized = true;
                let candidate = self.net(buy, sell, bought, sold, blocks)?;
                if best.is_none_or(|best| candidate.net > best.net) {
                    best = Some(candidate);
                }
                Ok(())
            };
            if early < end {
                let more = early - count;
                let bought = bought.plus(buy.spec, ask, more * blocks.buy);
                consider(bought, sold.plus(sell.spec, bid, more * blocks.sell))?;
            }
            if least <= end {
                consider(asks.taken, bids.taken)?;
            }
            count = end;
        }
        match best {
            Some(best) if best.net > Money::ZERO => Ok(best),
            _ if sized => Err(NoOpportunity::NoEdge),
            _ => Err(NoOpportunity::NoSize),
        }
    }

    fn net(
        &self,
        buy: &VenueMarket<'_>,
        sell: &VenueMarket<'_>,
        bought: Taken,
        sold: Taken,
        blocks: &Blocks,
    ) -> Result<Candidate, NoOpportunity> {
        let paid = buy.conversion.ceil(bought.value)?;
        let gross = sell.conversion.floor(sold.value)? - paid;
        let fees = buy.conversion.ceil(fee_ceil(bought.value, buy.taker_fee)?)?
            + sell.conversion.ceil(fee_ceil(sold.value, sell.taker_fee)?)?;
        let moved = i128::from(bought.lots / blocks.buy)
            .checked_mul(blocks.amount.0)
            .and_then(|amount| mul_div_floor(-amount, self.params.transfer.per_unit.0, Money::ONE.0))
            .ok_or(NoOpportunity::Overflow)?;
        let transfer = self.params.transfer.fixed - Money(moved);
        let costs = Costs { fees, transfer };
        Ok(Candidate { bought, sold, paid, gross, costs, net: gross - costs.total() })
    }
}

/// What must hold whatever the prices.
fn check(buy: &VenueMarket<'_>, sell: &VenueMarket<'_>) -> Result<(), NoOpportunity> {
    if buy.spec.base != sell.spec.base || buy.instrument == sell.instrument {
        return Err(NoOpportunity::Assets);
    }
    for market in [buy, sell] {
        if market.spec.contract != Contract::Linear {
            return Err(NoOpportunity::NotLinear);
        }
        if market.taker_fee.0.unsigned_abs() >= Rate::ONE.0.unsigned_abs() || market.conversion.rate.0 <= 0 {
            return Err(NoOpportunity::Rates);
        }
        if market.book.crossed() {
            return Err(NoOpportunity::NoBook);
        }
    }
    if buy.book.best(Side::Ask).is_none() || sell.book.best(Side::Bid).is_none() {
        return Err(NoOpportunity::NoBook);
    }
    Ok(())
}

impl Blocks {
    fn of(buy: &VenueMarket<'_>, sell: &VenueMarket<'_>) -> Result<Self, NoOpportunity> {
        let amount = |market: &VenueMarket<'_>| market.spec.lot_amount().ok_or(NoOpportunity::Overflow);
        let (bought, sold) = (amount(buy)?.0, amount(sell)?.0);
        let (mut common, mut rest) = (bought, sold);
        while rest != 0 {
            (common, rest) = (rest, common % rest);
        }
        let lots = |other: i128| i64::try_from(other / common).map_err(|_| NoOpportunity::NoSize);
        let (lots_buy, lots_sell) = (lots(sold)?, lots(bought)?);
        let block = (sold / common).checked_mul(bought).ok_or(NoOpportunity::Overflow)?;
        let most = |market: &VenueMarket<'_>, lots: i64| market.lots_max.min(market.spec.size_max).0 / lots;
        let max = most(buy, lots_buy).min(most(sell, lots_sell));
        let min = blocks_for(buy.spec.size_min.0, lots_buy).max(blocks_for(sell.spec.size_min.0, lots_sell));
        if min > max {
            return Err(NoOpportunity::NoSize);
        }
        Ok(Self { buy: lots_buy, sell: lots_sell, amount: Money(block), min, max })
    }

    /// The fewest blocks that reach both venues' minimums with orders at these worst prices; `i64::MAX` where none do.
    fn least(&self, buy: &VenueMarket<'_>, bought: Taken, sell: &VenueMarket<'_>, sold: Taken) -> i64 {
        let by_value = |market: &VenueMarket<'_>, worst, lots: i64| {
            let one = market.spec.notional(worst, Lots(lots)).0;
            let needed = -(-market.spec.notional_min.0).div_euclid(one.max(1));
            i64::try_from(needed).unwrap_or(i64::MAX)
        };
        by_value(buy, bought.worst, self.buy).max(by_value(sell, sold.worst, self.sell)).max(self.min)
    }
}

/// Blocks of `lots` that hold at least `least` lots.
const fn blocks_for(least: i64, lots: i64) -> i64 {
    least / lots + (least % lots != 0) as i64
}

#[cfg(test)]
mod tests;
