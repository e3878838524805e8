//! What an order of some size would fetch in a market.

use ballast_model::{Nanos, Side};

use super::lane::Lane;
use crate::model::HedgePrices;

/// Levels looked at on each side before a size counts as one that cannot be traded.
const LEVELS_MAX: usize = 64;

/// Mean prices at which `lane`'s hedge size could be traded on `other`, in ticks of `lane`'s instrument. `None` where the other
/// market cannot be trusted, was confirmed too long ago or does not show the size.
pub(super) fn hedge_prices(lane: &Lane, other: &Lane, now: Nanos) -> Option<HedgePrices> {
    let quoter = lane.quoter.as_ref()?;
    let touch = other.market.touch()?;
    if hedge_stale_at(lane, other)? <= now {
        return None;
    }
    // An inverse contract's worth depends on the price: at the mid it is near enough for looking a size up.
    let own_mid = touch.mid().to_ticks_f64() * other.scales.tick() / lane.scales.tick();
    let base = lane.scales.base(quoter.hedge_lots(), own_mid);
    let in_own_ticks = other.scales.tick() / lane.scales.tick();
    Some(HedgePrices {
        sell_ticks: mean_price(other, Side::Bid, base)? * in_own_ticks,
        buy_ticks: mean_price(other, Side::Ask, base)? * in_own_ticks,
    })
}

/// When what [`hedge_prices`] says now is too old to quote on, unless the other market is confirmed again.
pub(super) fn hedge_stale_at(lane: &Lane, other: &Lane) -> Option<Nanos> {
    Some(other.market.confirmed_at() + lane.quoter.as_ref()?.touch_age_max())
}

/// Mean price in ticks of trading `base` units against one side of a market, the best prices first.
#[expect(clippy::cast_precision_loss, reason = "prices are exact in f64")]
fn mean_price(lane: &Lane, side: Side, base: f64) -> Option<f64> {
    let touch = lane.market.touch()?;
    let best = match side {
        Side::Bid => touch.bid,
        Side::Ask => touch.ask,
    };
    // The touch may be newer than the book: levels better than it are gone.
    let deeper = lane
        .market
        .book()
        .levels(side)
        .filter(|level| level.price != best.price && side.reaches(best.price, level.price));
    let (mut left, mut cost) = (base, 0.0);
    for level in core::iter::once(best).chain(deeper).take(LEVELS_MAX) {
        let price = level.price.0 as f64;
        let taken = lane.scales.base(level.lots, price).min(left);
        cost += taken * price;
        left -= taken;
        if left <= 0.0 {
            return Some(cost / base);
        }
    }
    None
}
