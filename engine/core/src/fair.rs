//! Fair value: what an instrument is worth by its own market, or by several, and the only doors by which a float becomes a
//! price.
//!
//! [`FairState`] values one instrument by a [`FairKind`]; [`Blend`] weighs several such values against each other, refuses
//! where they are too old or contradict each other, and says how much wider to quote as they age.
//!
//! Never here: a value from one side alone, a rounding that does not say its direction, a stand-in for a value that is not
//! known.

mod basis;
mod blend;
mod depth;
mod flow;
mod staleness;
mod state;
mod value;
mod vwap;
mod widening;

use ballast_model::{HalfTicks, PRICE_TICKS_MAX, Price, Ticks};

pub use basis::{Basis, BasisParamError, BasisParams};
pub use blend::{
    BLEND_INPUTS_MAX, BLEND_WEIGHT_MAX, BasisSpec, Blend, BlendInput, BlendParamError, BlendParams,
    BlendRefusal, Blended, Need,
};
pub use depth::{DEPTH_LEVELS_MAX, DepthMidParams, ImbalanceParams, Reach, depth_imbalance, depth_mid};
pub use flow::{FlowParams, TradeFlow};
pub use staleness::{Decay, STALE_STEPS, StaleCurve, StaleParamError};
pub use state::{FairParamError, FairState, MarketView};
pub use value::FairValue;
pub use vwap::{VWAP_STEPS, Vwap, VwapParams};
pub use widening::{TooUncertain, WidenCurve, WidenParamError};

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

/// Which fair value an instrument is quoted around. All but the last never lie outside the touch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FairKind {
    /// The midpoint.
    Mid,
    /// The size-weighted mid, commonly called micro-price: [`Touch::weighted_mid_ticks`].
    WeightedMid,
    /// The volume-weighted mid over several levels: [`depth_mid`].
    DepthMid(DepthMidParams),
    /// The mid moved by the imbalance of the depth: [`depth_imbalance`].
    Imbalance(ImbalanceParams),
    /// The mid moved by the flow of trades: [`TradeFlow`].
    TradeFlow(FlowParams),
    /// The average price of the trades of a time window: [`Vwap`].
    Vwap(VwapParams),
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
mod tests;
