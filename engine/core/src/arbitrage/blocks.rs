//! The same amount of one base bought on one market and sold on another: the sizes there are, and the best of them.
//!
//! Both books are walked together in blocks: the smallest amount of the base that is whole in the lots of both venues, so
//! that nothing is left over. The prices of the blocks only get worse, hence a net that is linear in the values taken is
//! concave in their number and highest where a level of one book ends or where the venues' minimums begin; only those sizes
//! are looked at. Rounding moves a net by at most a few 10⁻¹⁸ from that.
//!
//! Never here: a size that one venue would not take, base left over, what a size is worth.

use ballast_model::{Lots, Money, Side};

use super::walk::{Taken, Walk};
use super::{Costs, NoOpportunity, VenueMarket, check_market};

/// How many lots a block is on either venue, and how many blocks there may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Blocks {
    pub(super) buy: i64,
    sell: i64,
    /// Of the base, in one block.
    pub(super) amount: Money,
    min: i64,
    max: i64,
}

/// What a size comes to, in the asset of the net.
#[derive(Clone, Copy, Debug)]
pub(super) struct Priced {
    /// By the buying leg.
    pub(super) paid: Money,
    pub(super) gross: Money,
    pub(super) costs: Costs,
    pub(super) net: Money,
}

/// A size that was looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) bought: Taken,
    pub(super) sold: Taken,
    pub(super) priced: Priced,
}

/// What must hold whatever the prices.
pub(super) fn check(buy: &VenueMarket<'_>, sell: &VenueMarket<'_>) -> Result<(), NoOpportunity> {
    if buy.spec.base != sell.spec.base || buy.instrument == sell.instrument {
        return Err(NoOpportunity::Assets);
    }
    check_market(buy)?;
    check_market(sell)?;
    if buy.book.best(Side::Ask).is_none() || sell.book.best(Side::Bid).is_none() {
        return Err(NoOpportunity::NoBook);
    }
    Ok(())
}

/// Walks both books to their end and keeps the size with the highest net, the smallest such.
pub(super) fn best(
    buy: &VenueMarket<'_>,
    sell: &VenueMarket<'_>,
    blocks: &Blocks,
    price: impl Fn(Taken, Taken) -> Result<Priced, NoOpportunity>,
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
            let priced = price(bought, sold)?;
            if best.is_none_or(|best: Candidate| priced.net > best.priced.net) {
                best = Some(Candidate { bought, sold, priced });
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
        Some(best) if best.priced.net > Money::ZERO => Ok(best),
        _ if sized => Err(NoOpportunity::NoEdge),
        _ => Err(NoOpportunity::NoSize),
    }
}

impl Blocks {
    pub(super) fn of(buy: &VenueMarket<'_>, sell: &VenueMarket<'_>) -> Result<Self, NoOpportunity> {
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
