//! The fair value of one instrument from its own market, by any kind.
//!
//! Never here: the price of another instrument, a copy of the book.

use ballast_model::{Digest, Nanos, Span, Trade};

use super::{
    DEPTH_LEVELS_MAX, DepthMidParams, FairKind, FairValue, Reach, Touch, TradeFlow, VWAP_STEPS, Vwap,
    depth_imbalance, depth_mid,
};
use crate::book::{Book, Level};

/// Which parameter of a [`FairKind`] is outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FairParamError {
    /// No level at all, or more than [`DEPTH_LEVELS_MAX`].
    Levels,
    /// The distance is negative.
    Distance,
    /// The share of the half spread is not in `(0, 1]`.
    Strength,
    /// The half-life is not above zero.
    HalfLife,
    /// The reference volume is not above zero.
    Reference,
    /// The warm-up time is negative.
    ElapsedMin,
    /// The window is shorter than [`VWAP_STEPS`] nanoseconds.
    Window,
    /// Full confidence asks for no trade at all.
    TradesFull,
}

impl core::fmt::Display for FairParamError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Levels => "there must be 1 to 128 levels",
            Self::Distance => "the distance must not be negative",
            Self::Strength => "the strength must be above 0 and at most 1",
            Self::HalfLife => "the half-life must be above zero",
            Self::Reference => "the reference volume must be above zero",
            Self::ElapsedMin => "the warm-up time must not be negative",
            Self::Window => "the window must be at least 64 nanoseconds long",
            Self::TradesFull => "full confidence needs at least one trade",
        })
    }
}

impl core::error::Error for FairParamError {}

/// What a fair value is taken from besides trades: a market as it stands.
#[derive(Clone, Copy, Debug)]
pub struct MarketView<'a> {
    /// Best bid and ask; `None` while they cannot be trusted.
    pub touch: Option<Touch>,
    /// The book; looked at only where there is a touch.
    pub book: &'a Book,
    /// When the touch was last confirmed, on our clock.
    pub confirmed_at: Nanos,
}

/// Makes the fair value of one instrument; remembers what its kind needs of the trades.
///
/// The book is read when a value is asked for, not when it changes: most changes are asked for by nobody.
#[derive(Clone, Debug)]
pub struct FairState {
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    Mid,
    WeightedMid,
    DepthMid(DepthMidParams),
    Imbalance(super::ImbalanceParams),
    TradeFlow(TradeFlow),
    Vwap(Vwap),
}

impl FairState {
    /// An estimator of this kind that has seen nothing.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn new(kind: FairKind) -> Result<Self, FairParamError> {
        check(&kind)?;
        let source = match kind {
            FairKind::Mid => Source::Mid,
            FairKind::WeightedMid => Source::WeightedMid,
            FairKind::DepthMid(params) => Source::DepthMid(params),
            FairKind::Imbalance(params) => Source::Imbalance(params),
            FairKind::TradeFlow(params) => Source::TradeFlow(TradeFlow::new(params)),
            FairKind::Vwap(params) => Source::Vwap(Vwap::new(params)),
        };
        Ok(Self { source })
    }

    /// Takes a public trade of the instrument.
    ///
    /// # Panics
    /// If `now` is before an earlier trade: the driver's clock never falls.
    #[inline]
    pub fn on_trade(&mut self, trade: &Trade, now: Nanos) {
        let (price, lots) = (trade.level.price(), trade.level.lots());
        match &mut self.source {
            Source::Mid | Source::WeightedMid | Source::DepthMid(_) | Source::Imbalance(_) => {}
            Source::TradeFlow(flow) => flow.on_trade(trade.maker, lots, now),
            Source::Vwap(vwap) => vwap.on_trade(Level { price, lots }, now),
        }
    }

    /// Trades may have been missed: the connection was lost, a ring was full. What they made is forgotten and warms up
    /// anew.
    pub fn on_trades_lost(&mut self) {
        match &mut self.source {
            Source::Mid | Source::WeightedMid | Source::DepthMid(_) | Source::Imbalance(_) => {}
            Source::TradeFlow(flow) => flow.forget(),
            Source::Vwap(vwap) => vwap.forget(),
        }
    }

    /// The fair value at `now`; `None` where the touch or the trades it needs are not known. How old a value may be is for
    /// whoever uses it to say: [`FairValue::as_of`].
    ///
    /// # Panics
    /// If `now` is before an earlier trade: the driver's clock never falls.
    #[must_use]
    #[inline]
    pub fn value(&self, market: &MarketView<'_>, now: Nanos) -> Option<FairValue> {
        if let Source::Vwap(vwap) = &self.source {
            return vwap.value(now);
        }
        let (touch, at) = (market.touch?, market.confirmed_at);
        let ticks = match &self.source {
            Source::Mid => touch.mid().to_ticks_f64(),
            Source::WeightedMid => touch.weighted_mid_ticks(),
            Source::DepthMid(params) => return depth_mid(*params, &touch, market.book, at),
            Source::Imbalance(params) => return depth_imbalance(*params, &touch, market.book, at),
            Source::TradeFlow(flow) => touch.mid().to_ticks_f64() + flow.shift_ticks(&touch, now)?,
            Source::Vwap(vwap) => return vwap.value(now),
        };
        FairValue::new(ticks, 1.0, at)
    }

    /// Takes the whole state into a digest: what is remembered of the trades, nothing where that is nothing.
    pub fn digest(&self, digest: &mut Digest) {
        match &self.source {
            Source::Mid | Source::WeightedMid | Source::DepthMid(_) | Source::Imbalance(_) => {}
            Source::TradeFlow(flow) => flow.digest(digest),
            Source::Vwap(vwap) => vwap.digest(digest),
        }
    }
}

fn check(kind: &FairKind) -> Result<(), FairParamError> {
    let levels = |levels: usize| (1..=DEPTH_LEVELS_MAX).contains(&levels);
    let strength = |strength: f64| strength > 0.0 && strength <= 1.0;
    let (sound, error) = match kind {
        FairKind::Mid | FairKind::WeightedMid => return Ok(()),
        FairKind::DepthMid(params) => (levels(params.levels), FairParamError::Levels),
        FairKind::Imbalance(params) if !strength(params.strength) => (false, FairParamError::Strength),
        FairKind::Imbalance(params) => match params.reach {
            Reach::Levels(count) => (levels(count), FairParamError::Levels),
            Reach::Distance(distance) => (distance.0 >= 0, FairParamError::Distance),
        },
        FairKind::TradeFlow(params) if params.half_life <= Span::ZERO => (false, FairParamError::HalfLife),
        FairKind::TradeFlow(params) if params.reference.0 <= 0 => (false, FairParamError::Reference),
        FairKind::TradeFlow(params) if params.elapsed_min < Span::ZERO => (false, FairParamError::ElapsedMin),
        FairKind::TradeFlow(params) => (strength(params.strength), FairParamError::Strength),
        FairKind::Vwap(params) if params.trades_full == 0 => (false, FairParamError::TradesFull),
        FairKind::Vwap(params) => {
            let shortest = i64::try_from(VWAP_STEPS).unwrap_or(i64::MAX);
            (params.window.0 >= shortest, FairParamError::Window)
        }
    };
    if sound { Ok(()) } else { Err(error) }
}

#[cfg(test)]
mod tests;
