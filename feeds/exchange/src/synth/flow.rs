//! The order flow: what each happening does to the book. Every function returns how many levels it changed.

use ballast_model::{Lots, Price, Side, Ticks};

use super::book::Level;
use super::market::{Market, Print};
use super::shape::Shape;

/// Levels a side always keeps.
const LEVELS_MIN: usize = 50;
/// The initial book reaches this many reference ticks behind the touch.
const INITIAL_REACH: f64 = 8_000.0;
/// Share of visits to an occupied price that empty it; with [`Shape::settle`] it fixes how densely prices are occupied.
const VACATE: f64 = 0.15;
/// Part of cancels away from the touch that take a whole level.
const CANCEL_ALL: f64 = 0.2;
/// The size, in reference units, around which the queue at the touch hovers.
const TOUCH_TARGET: f64 = 14.0;
/// How strongly the fair price leans on the queues at the touch: a probability at full lean.
const TOUCH_LEAN: f64 = 0.25;
/// Part of improving orders that go to the side the fair price does not ask for.
const IMPROVE_ASTRAY: f64 = 0.12;
/// How far beyond the touch the fair price must be for informed traders to act, in reference ticks, and the part of that
/// they leave to the book.
const REACT_BEYOND: f64 = 11.0;
const REACT_MARGIN: f64 = 0.3;
/// Part of informed reactions that are a maker pulling its quote in time.
const PULL: f64 = 0.6;
/// Probability that an uninformed taker is on the side of the one before, as split orders make it.
const TAKE_PERSISTENCE: f64 = 0.66;
/// Part of uninformed takers who size their order to the touch.
const TAKE_SIZED: f64 = 0.65;
/// Part of uninformed takers who must close a position at any price.
const FORCED: f64 = 0.08;
/// Farthest an uninformed taker walks the book, in reference ticks.
const TAKE_SLIP: f64 = 80.0;
/// Most resting orders one trade meets at one level; the last takes what is left.
const ORDERS_PER_LEVEL_MAX: u32 = 16;

/// Far orders: side, price relative to the first price, size in reference units.
const FAR_ORDERS: [(Side, f64, f64); 6] = [
    (Side::Bid, 0.0746, 10.2),
    (Side::Bid, 0.1865, 10.4),
    (Side::Bid, 0.2639, 0.17),
    (Side::Bid, 0.3, 0.165),
    (Side::Ask, 1.5, 2.5),
    (Side::Ask, 3.0, 5.0),
];

impl Market {
    /// Fills `side` from `best` away, as densely and as thickly as the flow will keep it.
    #[expect(clippy::cast_possible_truncation, reason = "the reach is far below 2^63 ticks")]
    pub(super) fn fill(&mut self, side: Side, best: Price) {
        let queue = self.shape.lots(TOUCH_TARGET);
        self.book.set(side, best, queue);
        for distance in 1..=(INITIAL_REACH * self.shape.unit) as i64 {
            let price = best.away(side, Ticks(distance));
            let settle = self.shape.settle(distance);
            if price.0 < 1 || !self.rng.chance(settle / (settle + VACATE)) {
                continue;
            }
            let thickness = self.shape.thickness(distance);
            let orders = Shape::wall(price);
            let lots = (0..orders).map(|_| self.shape.resting_lots(thickness, &mut self.rng).0).sum();
            self.book.set(side, price, Lots(lots));
        }
    }

    /// Somebody comes to a price away from the touch: an order is added or cancelled there.
    pub(super) fn visit_depth(&mut self) -> u32 {
        let side = self.any_side();
        let distance = self.shape.distance(&mut self.rng);
        let Some(best) = self.book.best(side) else { return 0 };
        let price = best.price.away(side, Ticks(distance));
        let resting = self.book.lots_at(side, price);
        if price.0 < 1 {
            return 0;
        }
        let thickness = self.shape.thickness(distance);
        let order = self.shape.resting_lots(thickness, &mut self.rng);
        if resting.is_zero() {
            let settle = self.shape.settle(distance);
            return if self.rng.chance(settle) { self.place(side, price, order) } else { 0 };
        }
        let units = self.shape.units(resting);
        let target = Shape::level_target(thickness, price);
        if !self.rng.chance(units / (units + target)) {
            self.place(side, price, resting + order)
        } else if self.rng.chance(CANCEL_ALL) {
            self.place(side, price, Lots::ZERO)
        } else {
            self.place(side, price, resting - order.min(resting))
        }
    }

    /// Somebody comes to the touch: an order is added or cancelled there, with the fair price leaning on the choice.
    pub(super) fn visit_touch(&mut self) -> u32 {
        let side = self.any_side();
        let Some(best) = self.book.best(side) else { return 0 };
        let units = self.shape.units(best.lots);
        let lean = match side {
            Side::Bid => self.lean(),
            Side::Ask => -self.lean(),
        };
        let add = TOUCH_TARGET / (TOUCH_TARGET + units) + TOUCH_LEAN * lean;
        let order = self.shape.touch_lots(&mut self.rng);
        if self.rng.chance(add) {
            self.place(side, best.price, best.lots + order)
        } else {
            self.place(side, best.price, best.lots - order.min(best.lots))
        }
    }

    /// A maker quotes inside a wide spread, as a rule on the side from which the fair price is reached.
    pub(super) fn improve(&mut self) -> u32 {
        let Some((bid, ask)) = self.touch() else { return 0 };
        let room = (ask.price - bid.price).0 - 1;
        if room < 1 {
            return 0;
        }
        let wanted = if self.fair.value() > middle(bid, ask) { Side::Bid } else { Side::Ask };
        let side = if self.rng.chance(IMPROVE_ASTRAY) { wanted.opposite() } else { wanted };
        let best = if side == Side::Bid { bid.price } else { ask.price };
        let step = if self.rng.chance(0.5) { room } else { 1 + to_ticks(self.rng.unit() * to_f64(room)) };
        let towards_fair = match side {
            Side::Bid => to_ticks(self.fair.value()) - best.0,
            Side::Ask => best.0 - to_ticks(self.fair.value()),
        };
        let step = step.min(towards_fair.max(1)).min(room);
        let lots = self.shape.touch_lots(&mut self.rng);
        self.place(side, best.away(side, Ticks(-step)), lots)
    }

    /// An uninformed trader takes; part of the move stays.
    pub(super) fn take(&mut self, prints: &mut Vec<Print>) -> u32 {
        if !self.rng.chance(TAKE_PERSISTENCE) {
            self.take_from = self.take_from.opposite();
        }
        let side = self.take_from;
        let (Some((bid, ask)), Some(best)) = (self.touch(), self.book.best(side)) else { return 0 };
        let lots = if self.rng.chance(FORCED) {
            self.shape.forced_lots(&mut self.rng)
        } else {
            let lots = self.shape.take_lots(&mut self.rng);
            if self.rng.chance(TAKE_SIZED) { lots.min(best.lots) } else { lots }
        };
        let slip = to_ticks(TAKE_SLIP * self.shape.unit).max(1);
        let changes = self.sweep(side, best.price.away(side, Ticks(slip)), lots, prints);
        if let Some((new_bid, new_ask)) = self.touch() {
            self.fair.learn(middle(new_bid, new_ask) - middle(bid, ask));
        }
        changes
    }

    /// Informed traders sweep what the fair price has left behind, unless the maker pulls its quote first.
    pub(super) fn react(&mut self, prints: &mut Vec<Print>) -> u32 {
        let Some((bid, ask)) = self.touch() else { return 0 };
        let beyond = self.react_beyond();
        let fair = self.fair.value();
        let (side, limit) = if fair - to_f64(ask.price.0) > beyond {
            (Side::Ask, fair - REACT_MARGIN * beyond)
        } else if to_f64(bid.price.0) - fair > beyond {
            (Side::Bid, fair + REACT_MARGIN * beyond)
        } else {
            return 0;
        };
        if self.rng.chance(PULL) {
            let stale = if side == Side::Bid { bid.price } else { ask.price };
            return self.place(side, stale, Lots::ZERO);
        }
        let lots = self.shape.informed_lots(&mut self.rng);
        self.sweep(side, Price(to_ticks(limit)), lots, prints)
    }

    /// One of the far orders comes or goes.
    pub(super) fn flicker_far(&mut self) -> u32 {
        let pick = usize::try_from(self.rng.below(FAR_ORDERS.len() as u64)).unwrap_or_default();
        let Some(&(side, part, units)) = FAR_ORDERS.get(pick) else { return 0 };
        let Some(best) = self.book.best(side) else { return 0 };
        let price = Price(to_ticks(part * to_f64(self.start.0)));
        if price.0 < 1 || side.reaches(price, best.price) {
            return 0;
        }
        let lots = if self.book.lots_at(side, price).is_zero() { self.shape.lots(units) } else { Lots::ZERO };
        self.place(side, price, lots)
    }

    /// Takes up to `lots` from `side`, best price first, no farther than `limit`. One print per resting order met.
    fn sweep(&mut self, side: Side, limit: Price, lots: Lots, prints: &mut Vec<Print>) -> u32 {
        let mut left = lots;
        let mut changes = 0;
        while left > Lots::ZERO && self.book.depth(side) > LEVELS_MIN {
            let Some(best) = self.book.best(side) else { break };
            if !side.reaches(best.price, limit) {
                break;
            }
            let taken = left.min(best.lots);
            self.print(Print { price: best.price, lots: taken, maker: side }, prints);
            self.book.set(side, best.price, best.lots - taken);
            left -= taken;
            changes += 1;
        }
        changes
    }

    /// Splits what was taken at one level over the orders that rested there.
    fn print(&mut self, level: Print, prints: &mut Vec<Print>) {
        let mut left = level.lots;
        for _ in 1..ORDERS_PER_LEVEL_MAX {
            let order = self.shape.touch_lots(&mut self.rng);
            if order >= left {
                break;
            }
            prints.push(Print { lots: order, ..level });
            left -= order;
        }
        prints.push(Print { lots: left, ..level });
    }

    /// Sets a level, unless that would leave the side too thin.
    fn place(&mut self, side: Side, price: Price, lots: Lots) -> u32 {
        if lots.is_zero() && self.book.depth(side) <= LEVELS_MIN {
            return 0;
        }
        self.book.set(side, price, lots);
        1
    }

    /// Where the fair price stands between the touches: −1 (far below) to 1 (far above).
    fn lean(&self) -> f64 {
        let Some((bid, ask)) = self.touch() else { return 0.0 };
        ((self.fair.value() - middle(bid, ask)) / self.react_beyond()).clamp(-1.0, 1.0)
    }

    /// [`REACT_BEYOND`] in ticks.
    fn react_beyond(&self) -> f64 {
        (REACT_BEYOND * self.shape.unit).max(1.0)
    }

    fn any_side(&mut self) -> Side {
        if self.rng.chance(0.5) { Side::Bid } else { Side::Ask }
    }
}

/// The middle of the touch, in ticks.
fn middle(bid: Level, ask: Level) -> f64 {
    0.5 * to_f64(bid.price.0 + ask.price.0)
}

/// A price or distance in ticks as a float; exact, for prices stay far below 2⁵³ ticks.
fn to_f64(ticks: i64) -> f64 {
    ticks as f64
}

/// A float in ticks, cut towards zero.
#[expect(clippy::cast_possible_truncation, reason = "prices stay far below 2^63 ticks")]
fn to_ticks(ticks: f64) -> i64 {
    ticks as i64
}
