//! Fair value from the touch, and the only doors by which a float becomes a price.
//!
//! Never here: a value from one side alone, a rounding that does not say its direction.

use ballast_model::{HalfTicks, PRICE_TICKS_MAX, Price, Ticks};

use crate::book::Level;

/// Best bid and best ask of one moment: the bid below the ask, both sizes above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// Best bid.
    pub bid: Level,
    /// Best ask.
    pub ask: Level,
}

impl Touch {
    /// The touch of two sides; `None` where a side is missing or shows no size, or where the two lock or cross: a fair
    /// value from such a book would be an invention.
    #[must_use]
    #[inline]
    pub fn from_sides(bid: Option<Level>, ask: Option<Level>) -> Option<Self> {
        let (bid, ask) = bid.zip(ask)?;
        let sound = bid.lots.0 > 0 && ask.lots.0 > 0 && bid.price < ask.price;
        sound.then_some(Self { bid, ask })
    }

    /// Midpoint, exact.
    #[must_use]
    #[inline]
    pub const fn mid(&self) -> HalfTicks {
        HalfTicks::mid(self.bid.price, self.ask.price)
    }

    /// Distance from bid to ask, above zero.
    #[must_use]
    #[inline]
    pub fn spread(&self) -> Ticks {
        self.ask.price - self.bid.price
    }

    /// Mid weighted by the sizes of the opposite sides, `(P_b·Q_a + P_a·Q_b) / (Q_a + Q_b)`, in ticks; never outside the
    /// touch. A large bid pulls it towards the ask.
    ///
    /// Much code calls this the micro-price. Stoikov (2018), "The micro-price: a high-frequency estimator of future
    /// prices", Quantitative Finance 18(12), calls it the weighted mid and keeps "micro-price" for the limit of expected
    /// future mids, a martingale that has to be fitted to data.
    #[must_use]
    #[inline]
    #[expect(
        clippy::cast_precision_loss,
        reason = "sizes only weigh the two prices; ticks are exact below 2^53"
    )]
    pub fn weighted_mid_ticks(&self) -> f64 {
        let (bid_lots, ask_lots) = (self.bid.lots.0 as f64, self.ask.lots.0 as f64);
        let share = bid_lots / (bid_lots + ask_lots);
        self.bid.price.0 as f64 + self.spread().0 as f64 * share
    }
}

/// Which fair value an instrument is quoted around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FairKind {
    /// The midpoint.
    Mid,
    /// The size-weighted mid, commonly called micro-price: [`Touch::weighted_mid_ticks`].
    WeightedMid,
}

impl FairKind {
    /// The fair value in ticks.
    #[must_use]
    #[inline]
    pub fn fair_ticks(self, touch: &Touch) -> f64 {
        match self {
            Self::Mid => touch.mid().to_ticks_f64(),
            Self::WeightedMid => touch.weighted_mid_ticks(),
        }
    }
}

/// The highest price on the grid at or below `ticks`: how a bid leaves floating point. `None` where that is no price an
/// order can carry: not a number, infinite, below one tick or above [`PRICE_TICKS_MAX`].
#[must_use]
#[inline]
pub fn floor_to_tick(ticks: f64) -> Option<Price> {
    order_price(libm::floor(ticks))
}

/// The lowest price on the grid at or above `ticks`: how an ask leaves floating point. `None` as for [`floor_to_tick`].
#[must_use]
#[inline]
pub fn ceil_to_tick(ticks: f64) -> Option<Price> {
    order_price(libm::ceil(ticks))
}

#[expect(clippy::cast_possible_truncation, reason = "whole and inside 1..=2^40 where the cast is reached")]
fn order_price(whole: f64) -> Option<Price> {
    #[expect(clippy::cast_precision_loss, reason = "2^40 - 1 is exact")]
    const HIGHEST: f64 = PRICE_TICKS_MAX as f64;
    (1.0..=HIGHEST).contains(&whole).then_some(Price(whole as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ballast_model::Lots;
    use proptest::prelude::*;

    fn level(ticks: i64, lots: i64) -> Level {
        Level { price: Price(ticks), lots: Lots(lots) }
    }

    fn touch(bid: (i64, i64), ask: (i64, i64)) -> Touch {
        Touch::from_sides(Some(level(bid.0, bid.1)), Some(level(ask.0, ask.1))).unwrap()
    }

    #[test]
    fn a_one_sided_empty_locked_or_crossed_book_has_no_touch() {
        let (bid, ask) = (level(99, 5), level(101, 5));
        assert_eq!(Touch::from_sides(None, Some(ask)), None);
        assert_eq!(Touch::from_sides(Some(bid), None), None);
        assert_eq!(Touch::from_sides(None, None), None);
        assert_eq!(Touch::from_sides(Some(level(99, 0)), Some(ask)), None);
        assert_eq!(Touch::from_sides(Some(bid), Some(level(101, 0))), None);
        assert_eq!(Touch::from_sides(Some(level(101, 5)), Some(ask)), None);
        assert_eq!(Touch::from_sides(Some(ask), Some(bid)), None);
    }

    #[test]
    fn mid_keeps_the_half_tick() {
        let touch = touch((100, 1), (103, 1));
        assert_eq!((touch.mid(), touch.spread()), (HalfTicks(203), Ticks(3)));
        assert!((FairKind::Mid.fair_ticks(&touch) - 101.5).abs() < 1e-12);
    }

    #[test]
    fn weighted_mid_leans_towards_the_smaller_side() {
        // 100·1 + 104·3 over 4: three times the size on the bid puts the value three quarters of the way to the ask.
        let touch = touch((100, 3), (104, 1));
        assert!((FairKind::WeightedMid.fair_ticks(&touch) - 103.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_no_price_does_not_leave() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 0.0, 1e13, 1e300] {
            assert_eq!((floor_to_tick(bad), ceil_to_tick(bad)), (None, None), "{bad}");
        }
        assert_eq!((floor_to_tick(0.7), ceil_to_tick(0.7)), (None, Some(Price(1))));
        let highest = Price(PRICE_TICKS_MAX);
        assert_eq!(
            (floor_to_tick(1_099_511_627_775.5), ceil_to_tick(1_099_511_627_775.5)),
            (Some(highest), None)
        );
    }

    proptest! {
        #[test]
        fn bids_round_down_and_asks_round_up(ticks in 1.0..1e9f64) {
            let (floor, ceil) = (floor_to_tick(ticks).unwrap(), ceil_to_tick(ticks).unwrap());
            prop_assert!(floor.0 as f64 <= ticks && ticks < (floor.0 + 1) as f64);
            prop_assert!(ceil.0 as f64 >= ticks && ticks > (ceil.0 - 1) as f64);
        }

        #[test]
        fn weighted_mid_stays_inside_the_touch(
            bid in 1..1_000_000i64, spread in 1..1_000i64,
            bid_lots in 1..1_000_000_000i64, ask_lots in 1..1_000_000_000i64,
        ) {
            let fair = touch((bid, bid_lots), (bid + spread, ask_lots)).weighted_mid_ticks();
            prop_assert!(fair >= bid as f64 && fair <= (bid + spread) as f64);
        }
    }
}
