//! Why a lane cannot be built.

use super::blending::BlendError;
use super::exits::ExitError;
use super::hedger::HedgingError;
use super::opportunities::ArbitrageError;
use super::risk::RiskError;
use crate::fair::FairParamError;
use crate::gate::{ControlsError, LimitsError};
use crate::intensity::IntensityParamError;
use crate::oms::SweepLimitsError;
use crate::shape::drift::DriftParamError;
use crate::shape::shaper::ShaperParamError;
use crate::shape::throttle::ThrottleParamError;
use crate::volatility::VolatilityParamError;

/// Why a lane cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneError {
    /// More instruments than ids.
    TooMany,
    /// The book's bounds are outside their ranges.
    Book,
    /// The gate's limits.
    Limits(LimitsError),
    /// The gate's optional controls.
    Controls(ControlsError),
    /// When orders become doubtful.
    Sweep(SweepLimitsError),
    /// What holds the instruments together.
    Risk(RiskError),
    /// The watch for arbitrage.
    Arbitrage(ArbitrageError),
    /// The fair value's parameters.
    Fair(FairParamError),
    /// The volatility estimator's parameters.
    Volatility(VolatilityParamError),
    /// The parameters of the calibration of arrivals.
    Intensity(IntensityParamError),
    /// The trigger's interval, the touch's age or the order expiry is not above zero.
    Span,
    /// The adjustments, the inventory ladder or the sizes.
    Shaper(ShaperParamError),
    /// The measure of momentum.
    Drift(DriftParamError),
    /// The throttle.
    Throttle(ThrottleParamError),
    /// The distance within which depth counts is negative.
    DepthWithin,
    /// The fair value from several instruments.
    Blend(BlendError),
    /// The hedge of its base asset.
    Hedging(HedgingError),
    /// The instrument to hedge on is this one, or none of the shard's.
    HedgedOn,
    /// The exits' numbers.
    Exits(ExitError),
    /// The last stage of the inventory ladder has no protection, or one that is out of its range or beyond the collar, or there is
    /// a protection without that stage.
    Liquidation,
    /// The inventory ladder calls a hedger, and no hedge has the instrument as a part.
    Unheard,
}

impl core::fmt::Display for LaneError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::TooMany => f.write_str("more instruments than instrument ids"),
            Self::Book => f.write_str("book bounds out of range"),
            Self::Limits(error) => error.fmt(f),
            Self::Controls(error) => error.fmt(f),
            Self::Sweep(error) => error.fmt(f),
            Self::Risk(error) => error.fmt(f),
            Self::Arbitrage(error) => error.fmt(f),
            Self::Fair(error) => error.fmt(f),
            Self::Volatility(error) => error.fmt(f),
            Self::Intensity(error) => error.fmt(f),
            Self::Span => f.write_str("requote interval, touch_age_max and order_expiry must be above zero"),
            Self::Shaper(error) => error.fmt(f),
            Self::Drift(error) => error.fmt(f),
            Self::Throttle(error) => error.fmt(f),
            Self::DepthWithin => f.write_str("the distance within which depth counts must not be negative"),
            Self::Blend(error) => error.fmt(f),
            Self::Hedging(error) => error.fmt(f),
            Self::Exits(error) => error.fmt(f),
            Self::Liquidation => f.write_str(
                "the stage that closes the position needs a protection above zero and at most the collar, and none without it",
            ),
            Self::Unheard => f.write_str("the inventory calls a hedge, and none has the instrument as a part"),
            Self::HedgedOn => f.write_str("the instrument to hedge on must be another one of the shard's"),
        }
    }
}

impl core::error::Error for LaneError {}
