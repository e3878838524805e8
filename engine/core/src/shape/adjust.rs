//! Adjustments: quotes widened in a wild or thin market, shifted with the drift and towards what other venues say.
//!
//! Every adjustment is continuous in its input, zero where the input is quiet and never larger than its own caps; the sum
//! has caps of its own. An input that is unknown widens by the whole cap and shifts nothing.
//!
//! Never here: an adjustment that narrows the spread, a bid moved to or through the best ask.

use ballast_model::{Lots, PRICE_TICKS_MAX, Price, Rate, Side, Ticks};

use crate::book::Level;
use crate::fair::Touch;
use crate::model::{DesiredQuotes, Ladder};

/// Wider with volatility: `slope · max(0, σ/σ_ref − 1)` on both sides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VolatilityAdjust {
    /// The volatility the model's own spread is meant for, ticks per square root of a second. Finite, above zero.
    pub reference_ticks_per_sqrt_s: f64,
    /// Extra half spread for each reference volatility above the first, ticks. Finite, not negative.
    pub slope_ticks: f64,
    /// Never wider than this. In `0..=PRICE_TICKS_MAX`.
    pub widen_max: Ticks,
}

/// Wider where little stands near the touch: `widen_max · max(0, 1 − depth/reference)`, each side by its own depth, for a
/// sweep of a thin side reaches our quote behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiquidityAdjust {
    /// From this depth on a side is not thin. Above zero.
    pub reference: Lots,
    /// Wider by this where nothing stands. In `0..=PRICE_TICKS_MAX`.
    pub widen_max: Ticks,
}

/// With the drift: over `horizon_s` the price is expected to move by `m = drift · horizon_s` ticks. Both quotes shift by
/// `m`, and the side the trend runs over (the ask of a rising market) is wider by `widen_share · |m|`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MomentumAdjust {
    /// How far ahead the drift is trusted, seconds. Finite, not negative.
    pub horizon_s: f64,
    /// Extra distance of the side against the trend per tick of expected move. Finite, not negative.
    pub widen_share: f64,
    /// No shift beyond this. In `0..=PRICE_TICKS_MAX`.
    pub shift_max: Ticks,
    /// Never wider than this. In `0..=PRICE_TICKS_MAX`.
    pub widen_max: Ticks,
}

/// Towards other venues: with `g` the distance from our fair value to theirs, both quotes shift by `shift_share · g` and
/// both are wider by `widen_share · |g|`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VenuesAdjust {
    /// How much of the distance our quotes go. In `0.0..=1.0`.
    pub shift_share: f64,
    /// Extra half spread per tick of disagreement. Finite, not negative.
    pub widen_share: f64,
    /// No shift beyond this. In `0..=PRICE_TICKS_MAX`.
    pub shift_max: Ticks,
    /// Never wider than this. In `0..=PRICE_TICKS_MAX`.
    pub widen_max: Ticks,
}

/// What an [`Adjuster`] is built from; `None` leaves an adjustment out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdjustParams {
    /// Volatility.
    pub volatility: Option<VolatilityAdjust>,
    /// Thin liquidity.
    pub liquidity: Option<LiquidityAdjust>,
    /// Momentum.
    pub momentum: Option<MomentumAdjust>,
    /// Distance from other venues.
    pub venues: Option<VenuesAdjust>,
    /// All shifts together go no further than this. In `0..=PRICE_TICKS_MAX`.
    pub shift_max: Ticks,
    /// All of them together widen a side by no more than this. In `0..=PRICE_TICKS_MAX`.
    pub widen_max: Ticks,
}

/// Which parameter of [`AdjustParams`] is outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdjustParamError {
    /// The reference volatility is not a finite number above zero.
    VolatilityReference,
    /// The slope of the volatility adjustment is negative or not finite.
    VolatilitySlope,
    /// The reference depth is not above zero.
    LiquidityReference,
    /// The horizon of the drift is negative or not finite.
    MomentumHorizon,
    /// The share by which momentum widens is negative or not finite.
    MomentumWiden,
    /// The share of the distance to other venues is not in `0.0..=1.0`.
    VenuesShift,
    /// The share by which disagreement widens is negative or not finite.
    VenuesWiden,
    /// A cap is negative or beyond the highest price.
    Cap,
}

impl core::fmt::Display for AdjustParamError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::VolatilityReference => "the reference volatility must be a finite number above zero",
            Self::VolatilitySlope => "the slope of the volatility adjustment must be finite and not negative",
            Self::LiquidityReference => "the reference depth must be above zero",
            Self::MomentumHorizon => "the horizon of the drift must be finite and not negative",
            Self::MomentumWiden => "the share by which momentum widens must be finite and not negative",
            Self::VenuesShift => "the share of the distance to other venues must be between 0 and 1",
            Self::VenuesWiden => "the share by which disagreement widens must be finite and not negative",
            Self::Cap => "a cap must not be negative or beyond the highest price",
        })
    }
}

impl core::error::Error for AdjustParamError {}

/// What the adjustments read. What is not known is `None`; a number that is no number counts as not known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdjustInputs {
    /// Volatility of the fair value, ticks per square root of a second. Not negative.
    pub sigma_ticks_per_sqrt_s: Option<f64>,
    /// Size standing near the touch without our own, by [`Side::index`]. See [`crate::shape::depth::depth_near`].
    pub depth: Option<[Lots; 2]>,
    /// Short-term drift of the fair value, ticks per second; rising > 0. See [`crate::shape::drift::EwmaDrift`].
    pub drift_ticks_per_s: Option<f64>,
    /// Fair value of other venues minus ours, ticks.
    pub venues_gap_ticks: Option<f64>,
}

/// How quotes move, in ticks: both by `shift`, then each away from the market by its `widen`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Adjustment {
    /// Up above zero. Finite.
    shift: f64,
    /// By [`Side::index`]. Finite, not negative.
    widen: [f64; 2],
}

/// Each adjustment by itself, within its own caps: what reports show.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AdjustParts {
    /// By volatility.
    pub volatility: Adjustment,
    /// By thin liquidity.
    pub liquidity: Adjustment,
    /// By momentum.
    pub momentum: Adjustment,
    /// By distance from other venues.
    pub venues: Adjustment,
}

/// The adjustments of one instrument.
#[derive(Clone, Copy, Debug)]
pub struct Adjuster {
    params: AdjustParams,
}

impl Adjuster {
    /// The adjustments with these parameters.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn new(params: AdjustParams) -> Result<Self, AdjustParamError> {
        check(&params)?;
        Ok(Self { params })
    }

    /// Each adjustment by itself.
    #[must_use]
    #[inline]
    pub fn parts(&self, inputs: &AdjustInputs) -> AdjustParts {
        let AdjustParams { volatility, liquidity, momentum, venues, .. } = &self.params;
        let known = |number: Option<f64>| number.filter(|number| !number.is_nan());
        let sigma = known(inputs.sigma_ticks_per_sqrt_s).filter(|sigma| *sigma >= 0.0);
        let (drift, gap) = (known(inputs.drift_ticks_per_s), known(inputs.venues_gap_ticks));
        AdjustParts {
            volatility: volatility.map_or(Adjustment::NONE, |by| by.adjustment(sigma)),
            liquidity: liquidity.map_or(Adjustment::NONE, |by| by.adjustment(inputs.depth)),
            momentum: momentum.map_or(Adjustment::NONE, |by| by.adjustment(drift)),
            venues: venues.map_or(Adjustment::NONE, |by| by.adjustment(gap)),
        }
    }

    /// All adjustments together, within the caps of the sum.
    #[must_use]
    #[inline]
    pub fn adjustment(&self, inputs: &AdjustInputs) -> Adjustment {
        let AdjustParts { volatility, liquidity, momentum, venues } = self.parts(inputs);
        let sum = volatility + liquidity + momentum + venues;
        let (shift_max, widen_max) = (float(self.params.shift_max), float(self.params.widen_max));
        Adjustment {
            shift: sum.shift.clamp(-shift_max, shift_max),
            widen: sum.widen.map(|widen| widen.min(widen_max)),
        }
    }
}

impl Adjustment {
    /// Quotes stay where they are.
    pub const NONE: Self = Self { shift: 0.0, widen: [0.0; 2] };

    /// How far both quotes move, ticks; up above zero.
    #[must_use]
    pub const fn shift_ticks(&self) -> f64 {
        self.shift
    }

    /// How much further a side stands from the market, ticks; not negative.
    #[must_use]
    pub const fn widen_ticks(&self, side: Side) -> f64 {
        let [bid, ask] = self.widen;
        match side {
            Side::Bid => bid,
            Side::Ask => ask,
        }
    }

    /// The same shifted further by the inventory: by `skew`, a share in `-Rate::ONE..=Rate::ONE`, of `skew_max`, in
    /// `0..=PRICE_TICKS_MAX`; both are cut to those ranges.
    #[must_use]
    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "a share of a distance")]
    pub fn skewed(self, skew: Rate, skew_max: Ticks) -> Self {
        let share = skew.0.clamp(-Rate::ONE.0, Rate::ONE.0) as f64 / Rate::ONE.0 as f64;
        let skew_max = float(Ticks(skew_max.0.clamp(0, PRICE_TICKS_MAX)));
        Self { shift: self.shift + share * skew_max, ..self }
    }

    /// Writes `wanted`, moved, into `moved`, which is cleared first.
    ///
    /// A side moves as a whole, by whole ticks rounded away from the market, so levels keep their distances and their
    /// sizes; a bid that is below the ask stays below it. Last, a side that would reach the opposite best price stops one
    /// tick before it. A level that leaves the range of prices is left out.
    #[inline]
    pub fn apply(&self, wanted: &DesiredQuotes, touch: &Touch, moved: &mut DesiredQuotes) {
        for side in Side::BOTH {
            let (from, to) = (wanted.side(side), moved.side_mut(side));
            to.clear();
            if let Some(best) = from.levels().first() {
                shift_ladder(from, self.offset(side, best.price, touch), to);
            }
        }
    }

    /// How many ticks a side whose best price is `best` moves up.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "whole, and cut to the range of prices")]
    fn offset(&self, side: Side, best: Price, touch: &Touch) -> Ticks {
        let furthest = float(Ticks(PRICE_TICKS_MAX));
        let whole = match side {
            Side::Bid => libm::floor(self.shift - self.widen_ticks(side)),
            Side::Ask => libm::ceil(self.shift + self.widen_ticks(side)),
        };
        let wanted = whole.clamp(-furthest, furthest) as i64;
        Ticks(match side {
            Side::Bid => wanted.min((touch.ask.price - Ticks(1) - best).0),
            Side::Ask => wanted.max((touch.bid.price + Ticks(1) - best).0),
        })
    }
}

impl core::ops::Add for Adjustment {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let ([bid, ask], [other_bid, other_ask]) = (self.widen, other.widen);
        Self { shift: self.shift + other.shift, widen: [bid + other_bid, ask + other_ask] }
    }
}

impl VolatilityAdjust {
    #[inline]
    fn adjustment(&self, sigma: Option<f64>) -> Adjustment {
        let cap = float(self.widen_max);
        let widen = sigma.map_or(cap, |sigma| {
            let excess = (finite(sigma / self.reference_ticks_per_sqrt_s) - 1.0).max(0.0);
            (self.slope_ticks * excess).min(cap)
        });
        Adjustment { shift: 0.0, widen: [widen; 2] }
    }
}

impl LiquidityAdjust {
    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "sizes only make a share")]
    fn adjustment(&self, depth: Option<[Lots; 2]>) -> Adjustment {
        let cap = float(self.widen_max);
        let thin = |depth: Lots| (1.0 - depth.0 as f64 / self.reference.0 as f64).clamp(0.0, 1.0);
        Adjustment { shift: 0.0, widen: depth.map_or([cap; 2], |depth| depth.map(|depth| cap * thin(depth))) }
    }
}

impl MomentumAdjust {
    #[inline]
    fn adjustment(&self, drift: Option<f64>) -> Adjustment {
        let (shift_max, widen_max) = (float(self.shift_max), float(self.widen_max));
        let Some(drift) = drift else { return Adjustment { shift: 0.0, widen: [widen_max; 2] } };
        let expected = finite(finite(drift) * self.horizon_s);
        let against = |expected: f64| (self.widen_share * expected.max(0.0)).min(widen_max);
        Adjustment {
            shift: expected.clamp(-shift_max, shift_max),
            widen: [against(-expected), against(expected)],
        }
    }
}

impl VenuesAdjust {
    #[inline]
    fn adjustment(&self, gap: Option<f64>) -> Adjustment {
        let (shift_max, widen_max) = (float(self.shift_max), float(self.widen_max));
        let Some(gap) = gap.map(finite) else { return Adjustment { shift: 0.0, widen: [widen_max; 2] } };
        Adjustment {
            shift: (self.shift_share * gap).clamp(-shift_max, shift_max),
            widen: [(self.widen_share * gap.abs()).min(widen_max); 2],
        }
    }
}

/// An infinity as the largest number, so that a factor of zero still makes it zero. No NaN comes here.
#[inline]
const fn finite(number: f64) -> f64 {
    number.clamp(-f64::MAX, f64::MAX)
}

#[inline]
#[expect(clippy::cast_precision_loss, reason = "at most PRICE_TICKS_MAX: exact")]
const fn float(ticks: Ticks) -> f64 {
    ticks.0 as f64
}

/// Writes the levels of `from`, all moved up by `up`, behind those of `to`, which has none.
#[inline]
fn shift_ladder(from: &Ladder, up: Ticks, to: &mut Ladder) {
    for level in from.levels() {
        let price = level.price + up;
        if (1..=PRICE_TICKS_MAX).contains(&price.0) {
            // Levels that keep their distances keep their order and fit a ladder of the same length.
            let _ = to.push(Level { price, lots: level.lots });
        }
    }
}

fn check(params: &AdjustParams) -> Result<(), AdjustParamError> {
    let not_negative = |number: f64| number.is_finite() && number >= 0.0;
    let cap_ok = |cap: Ticks| (0..=PRICE_TICKS_MAX).contains(&cap.0);
    let ensure = |sound, error| if sound { Ok(()) } else { Err(error) };
    ensure(cap_ok(params.shift_max) && cap_ok(params.widen_max), AdjustParamError::Cap)?;
    if let Some(by) = params.volatility {
        let reference = by.reference_ticks_per_sqrt_s;
        ensure(reference.is_finite() && reference > 0.0, AdjustParamError::VolatilityReference)?;
        ensure(not_negative(by.slope_ticks), AdjustParamError::VolatilitySlope)?;
        ensure(cap_ok(by.widen_max), AdjustParamError::Cap)?;
    }
    if let Some(by) = params.liquidity {
        ensure(by.reference > Lots::ZERO, AdjustParamError::LiquidityReference)?;
        ensure(cap_ok(by.widen_max), AdjustParamError::Cap)?;
    }
    if let Some(by) = params.momentum {
        ensure(not_negative(by.horizon_s), AdjustParamError::MomentumHorizon)?;
        ensure(not_negative(by.widen_share), AdjustParamError::MomentumWiden)?;
        ensure(cap_ok(by.shift_max) && cap_ok(by.widen_max), AdjustParamError::Cap)?;
    }
    if let Some(by) = params.venues {
        ensure((0.0..=1.0).contains(&by.shift_share), AdjustParamError::VenuesShift)?;
        ensure(not_negative(by.widen_share), AdjustParamError::VenuesWiden)?;
        ensure(cap_ok(by.shift_max) && cap_ok(by.widen_max), AdjustParamError::Cap)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
