//! One side of a book as sums from its best level on, so that a size is priced, or found for a value, without walking again.
//!
//! Never here: a level beyond the bound, a price no order may carry, a size above what may be traded.

use ballast_model::{InstrumentSpec, Lots, Money, Price, Side};

use super::walk::{Taken, Walk};
use super::{VenueMarket, WALK_LEVELS_MAX};

/// One level, with what lies before it.
#[derive(Clone, Copy, Debug, Default)]
struct Rung {
    price: Price,
    /// Lots at better prices.
    start: i64,
    /// Those and this level's, cut at what may be traded. Above `start`.
    end: i64,
    /// What `start` lots are worth.
    value: Money,
}

/// The levels of a side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ladder<'a> {
    spec: &'a InstrumentSpec,
    rungs: [Rung; WALK_LEVELS_MAX],
    count: usize,
}

impl<'a> Ladder<'a> {
    /// Of the side that rests; a buyer takes the asks. The market is linear.
    pub(super) fn new(market: &VenueMarket<'a>, resting: Side) -> Self {
        let mut ladder = Self { spec: market.spec, rungs: [Rung::default(); WALK_LEVELS_MAX], count: 0 };
        let most = market.lots_max.min(market.spec.size_max).0;
        let mut walk = Walk::new(market, resting);
        for rung in &mut ladder.rungs {
            let (start, value) = (walk.taken.lots, walk.taken.value);
            let Some((price, left)) = walk.level() else { break };
            let lots = left.min(most - start);
            if lots <= 0 || walk.take(lots).is_none() {
                break;
            }
            *rung = Rung { price, start, end: start + lots, value };
            ladder.count += 1;
        }
        ladder
    }

    fn rungs(&self) -> &[Rung] {
        self.rungs.get(..self.count).unwrap_or_default()
    }

    /// All the lots there are to take.
    pub(super) fn lots(&self) -> i64 {
        self.rungs().last().map_or(0, |rung| rung.end)
    }

    /// What the first `lots` come to; `None` where there are none, or not so many.
    pub(super) fn take(&self, lots: i64) -> Option<Taken> {
        let place = self.rungs().partition_point(|rung| rung.end < lots);
        let rung = self.rungs().get(place).filter(|_| lots > 0)?;
        let value = rung.value + self.spec.value_floor(rung.price, Lots(lots - rung.start));
        Some(Taken { lots, value, worst: rung.price })
    }

    /// The most lots that are worth no more than `value`.
    pub(super) fn lots_within(&self, value: Money) -> i64 {
        let after = self.rungs().partition_point(|rung| rung.value <= value);
        let Some(rung) = after.checked_sub(1).and_then(|place| self.rungs().get(place)) else { return 0 };
        let more = (value - rung.value).0 / self.lot_value(rung);
        i64::try_from(more).map_or(rung.end, |more| rung.end.min(rung.start.saturating_add(more)))
    }

    /// The fewest lots that are worth at least `value`; `None` where all of them are not.
    pub(super) fn lots_reaching(&self, value: Money) -> Option<i64> {
        let after = self.rungs().partition_point(|rung| rung.value < value);
        let rung = self.rungs().get(after.checked_sub(1)?)?;
        let more = -(-(value - rung.value).0).div_euclid(self.lot_value(rung));
        let lots = rung.start.checked_add(i64::try_from(more).ok()?)?;
        (lots <= rung.end).then_some(lots)
    }

    /// Above zero: so is every price.
    fn lot_value(&self, rung: &Rung) -> i128 {
        self.spec.value_floor(rung.price, Lots(1)).0.max(1)
    }

    /// True where an order that takes this reaches the venue's minimums; what it counts is the worst price.
    pub(super) fn accepts(&self, taken: &Taken) -> bool {
        taken.lots >= self.spec.size_min.0
            && self.spec.notional(taken.worst, Lots(taken.lots)) >= self.spec.notional_min
    }

    /// The sizes at which something changes: where a level ends, and where within it the venue's minimums begin.
    pub(super) fn corners(&self) -> impl Iterator<Item = i64> {
        self.rungs().iter().flat_map(|rung| {
            let by_value = -(-self.spec.notional_min.0).div_euclid(self.lot_value(rung));
            let by_value = i64::try_from(by_value).unwrap_or(i64::MAX);
            let early = by_value.max(self.spec.size_min.0).max(rung.start + 1);
            [(early < rung.end).then_some(early), Some(rung.end)].into_iter().flatten()
        })
    }
}
