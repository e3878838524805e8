//! The measures of the market: rates, distances and sizes, and how they scale to another instrument.
//!
//! The figures describe the ETHUSDT perpetual and spot books of Binance in an ordinary five minutes of August 2024: a
//! price of 268 162 ticks (the *reference price*) and sizes counted in coins of 2 681.62 USDT (the *reference unit*). For
//! another instrument distances scale with the price in ticks and sizes with the coin's value.

use ballast_model::{Lots, Price};

use super::SynthSpec;
use super::rng::Rng;
use super::spec::Dialect;

/// The reference price in ticks, and the value of the reference unit in the quote currency.
const REFERENCE_TICKS: f64 = 268_162.0;
const REFERENCE_VALUE: f64 = 2_681.62;
/// Bounds of the scale of distances, so that a very coarse or very fine tick still gives a book.
const UNIT_MIN: f64 = 0.05;
const UNIT_MAX: f64 = 20.0;
/// Largest order, in reference units.
const ORDER_MAX: f64 = 1_500.0;
/// Activity away from the touch falls as a power law: a Lomax law of distance, in reference ticks, cut at the far end.
const DISTANCE_SCALE: f64 = 230.0;
const DISTANCE_SHAPE: f64 = 1.2;
const DISTANCE_MAX: f64 = 20_000.0;
/// Thickness of the book just behind the touch, and the distance, in reference ticks, over which it grows to 1.
const THIN: f64 = 0.06;
const THICK_FROM: f64 = 120.0;
/// Size around which a level in the body of the book hovers, in reference units.
const LEVEL_TARGET: f64 = 2.5;

/// How often things happen in an ordinary second, and how much each is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rates {
    /// Visits to a price away from the touch: an order added or cancelled there.
    pub(super) depth: f64,
    /// Orders added or cancelled at the touch.
    pub(super) touch: f64,
    /// Taking orders of traders who know nothing.
    pub(super) take: f64,
    /// Changes of the few far orders that some algorithms flicker all day.
    pub(super) far: f64,
    /// Jumps of the fair price.
    pub(super) jump: f64,
    /// Visits to the depth that follow each reference tick the touch moves.
    pub(super) wave: f64,
    /// Size of taking orders relative to the perpetual's.
    pub(super) take_size: f64,
}

/// Rates of the perpetual.
const PERPETUAL: Rates =
    Rates { depth: 330.0, touch: 50.0, take: 4.4, far: 60.0, jump: 0.25, wave: 15.0, take_size: 1.0 };
/// Rates of the spot market, where fewer trade.
const SPOT: Rates =
    Rates { depth: 85.0, touch: 26.0, take: 2.0, far: 2.0, jump: 0.25, wave: 7.5, take_size: 0.4 };

/// The measures of one instrument.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    /// Ticks per reference tick.
    pub(crate) unit: f64,
    /// Lots per reference unit of size.
    lots_per_unit: f64,
    /// Rates and what goes with them.
    pub(super) rates: Rates,
}

impl Shape {
    /// The measures of the instrument that `spec` describes.
    pub(super) fn new(spec: &SynthSpec) -> Self {
        let ticks = spec.start_price.0 as f64;
        let price = ticks / power_of_ten(spec.tick_scale);
        Self {
            unit: (ticks / REFERENCE_TICKS).clamp(UNIT_MIN, UNIT_MAX),
            lots_per_unit: power_of_ten(spec.lot_scale) * REFERENCE_VALUE / price,
            rates: match spec.dialect {
                Dialect::UsdM => PERPETUAL,
                Dialect::Spot => SPOT,
            },
        }
    }

    /// The measures of a perpetual that opens at `start`, one lot of which is worth `lot_value` of the quote currency then.
    pub(crate) fn of_lot_value(start: Price, lot_value: f64) -> Self {
        Self {
            unit: (start.0 as f64 / REFERENCE_TICKS).clamp(UNIT_MIN, UNIT_MAX),
            lots_per_unit: REFERENCE_VALUE / lot_value,
            rates: PERPETUAL,
        }
    }

    /// `units` of size on the lot grid: at least one lot.
    #[expect(clippy::cast_possible_truncation, reason = "the cast saturates, and sizes are cut first")]
    pub(super) fn lots(&self, units: f64) -> Lots {
        Lots(((units.min(ORDER_MAX) * self.lots_per_unit) as i64).max(1))
    }

    /// `lots` in reference units.
    pub(super) fn units(&self, lots: Lots) -> f64 {
        lots.0 as f64 / self.lots_per_unit
    }

    /// A distance from the touch in ticks, at least 1.
    #[expect(clippy::cast_possible_truncation, reason = "distances are cut far below 2^63")]
    pub(crate) fn distance(&self, rng: &mut Rng) -> i64 {
        1 + (rng.lomax(DISTANCE_SCALE, DISTANCE_SHAPE).min(DISTANCE_MAX) * self.unit) as i64
    }

    /// Probability that a visit to an empty price `distance` ticks behind the touch leaves an order there: low just behind
    /// the touch, where a thick queue makes orders worthless, high in the body of the book, low again in its tail.
    pub(super) fn settle(&self, distance: i64) -> f64 {
        let d = distance as f64 / self.unit;
        0.95 * (1.0 - 0.85 * libm::exp(-d / 40.0)) / (1.0 + (d / 1_200.0) * (d / 1_200.0))
    }

    /// How large orders are `distance` ticks behind the touch, relative to the body of the book: thin just behind the touch.
    pub(crate) fn thickness(&self, distance: i64) -> f64 {
        THIN + (1.0 - THIN) * (1.0 - libm::exp(-(distance as f64) / (THICK_FROM * self.unit)))
    }

    /// The size, in reference units, around which a level of that thickness hovers.
    pub(super) fn level_target(thickness: f64, price: Price) -> f64 {
        LEVEL_TARGET * thickness * f64::from(Self::wall(price))
    }

    /// How many times an ordinary level the one at `price` is: walls stand at round prices.
    pub(super) fn wall(price: Price) -> u8 {
        match price.0 {
            ticks if ticks % 10_000 == 0 => 60,
            ticks if ticks % 1_000 == 0 => 15,
            ticks if ticks % 100 == 0 => 4,
            _ => 1,
        }
    }

    /// Size of an order resting at a price of that thickness: dust, ordinary orders, large ones.
    pub(crate) fn resting_lots(&self, thickness: f64, rng: &mut Rng) -> Lots {
        self.lots(match rng.unit() {
            kind if kind < 0.25 => rng.lognormal(0.02, 1.2),
            kind if kind < 0.85 => thickness * rng.lognormal(1.6, 1.2),
            _ => thickness * rng.lognormal(12.0, 0.7),
        })
    }

    /// Size of an order at the touch.
    pub(crate) fn touch_lots(&self, rng: &mut Rng) -> Lots {
        self.lots(if rng.chance(0.25) { rng.lognormal(0.012, 0.6) } else { rng.lognormal(1.4, 1.0) })
    }

    /// Size of an uninformed taking order: most are tiny, a few would empty many levels.
    pub(crate) fn take_lots(&self, rng: &mut Rng) -> Lots {
        self.lots(self.rates.take_size * rng.lognormal(0.12, 2.1))
    }

    /// Size of a position that is closed at any price.
    pub(crate) fn forced_lots(&self, rng: &mut Rng) -> Lots {
        self.lots(self.rates.take_size * rng.lognormal(18.0, 1.0))
    }

    /// Most an informed trader takes at once.
    pub(crate) fn informed_lots(&self, rng: &mut Rng) -> Lots {
        self.lots(self.rates.take_size * rng.lognormal(6.0, 1.2))
    }
}

/// 10^`scale`, exact for every scale a spec may have.
fn power_of_ten(scale: u8) -> f64 {
    (0..scale).fold(1.0, |power, _| power * 10.0)
}
