//! Taking one side of a book from its best level on, as a taker would, without touching the book.
//!
//! Never here: a level beyond the bound, a price no order may carry.

use core::iter::Take;

use ballast_model::{InstrumentSpec, Lots, Money, Price, Side};

use super::{Leg, VenueMarket, WALK_LEVELS_MAX};
use crate::book::LevelsIter;

/// What taking has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) lots: i64,
    pub(super) value: Money,
    /// The last, hence worst, price taken.
    pub(super) worst: Price,
}

impl Taken {
    pub(super) const NOTHING: Self = Self { lots: 0, value: Money::ZERO, worst: Price(0) };

    /// With `lots` more at a price not better than any before. The caller keeps the sum within the largest order, so that
    /// the value fits ([`InstrumentSpec::new`]).
    pub(super) fn plus(self, spec: &InstrumentSpec, price: Price, lots: i64) -> Self {
        Self { lots: self.lots + lots, value: self.value + spec.value_floor(price, Lots(lots)), worst: price }
    }

    /// The order that takes this.
    pub(super) fn leg(self, market: &VenueMarket<'_>, side: Side) -> Leg {
        Leg {
            instrument: market.instrument,
            side,
            price: self.worst,
            lots: Lots(self.lots),
            value: self.value,
        }
    }
}

/// A walk down one side.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    spec: &'a InstrumentSpec,
    levels: Take<LevelsIter<'a>>,
    price: Price,
    left: i64,
    pub(super) taken: Taken,
}

impl<'a> Walk<'a> {
    /// On the side of the book that rests; a buyer takes the asks.
    pub(super) fn new(market: &VenueMarket<'a>, resting: Side) -> Self {
        Self {
            spec: market.spec,
            levels: market.book.levels(resting).take(WALK_LEVELS_MAX),
            price: Price(0),
            left: 0,
            taken: Taken::NOTHING,
        }
    }

    /// Price and lots left at the level that is next to be taken; `None` where the walk ends.
    pub(super) fn level(&mut self) -> Option<(Price, i64)> {
        if self.left == 0 {
            let level = self.levels.next()?;
            if level.price < self.spec.price_min || level.price > self.spec.price_max {
                return None;
            }
            (self.price, self.left) = (level.price, level.lots.0);
        }
        Some((self.price, self.left))
    }

    /// Takes `lots`; `None` where fewer are left.
    pub(super) fn take(&mut self, lots: i64) -> Option<()> {
        let mut wanted = lots;
        while wanted > 0 {
            let (price, left) = self.level()?;
            let now = wanted.min(left);
            self.taken = self.taken.plus(self.spec, price, now);
            self.left -= now;
            wanted -= now;
        }
        Some(())
    }
}
