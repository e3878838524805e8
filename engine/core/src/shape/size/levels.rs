//! The levels of a side: how many, how far apart, how large.

use ballast_model::{LOTS_MAX, Lots, PRICE_TICKS_MAX, Price, Rate, Side, Ticks};

use crate::fair::{ceil_to_tick, floor_to_tick};
use crate::model::QUOTES_PER_SIDE_MAX;

/// How sizes go from the best level to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// All alike.
    Flat,
    /// Level `i` (from zero) is larger by `i` times this share of the best. In `0..=`[`GROWTH_MAX`].
    Linear(Rate),
    /// Each level is this share of the one before it. In `1..=`[`GROWTH_MAX`].
    Geometric(Rate),
}

/// How far one level stands behind the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceStep {
    /// This many ticks. In `1..=PRICE_TICKS_MAX`.
    Ticks(Ticks),
    /// Prices differ by the factor `1 + share`: level `i` of the bids stands at `best / (1 + share)^i`, of the asks at
    /// `best · (1 + share)^i`, rounded away from the market. In `1..=Rate::ONE`. Levels that would fall on one tick are
    /// pushed one tick apart.
    Share(Rate),
}

/// Fastest growth from level to level: ten times.
pub const GROWTH_MAX: Rate = Rate(10 * Rate::ONE.0);

/// The levels of each side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelParams {
    /// How many. In `1..=QUOTES_PER_SIDE_MAX`.
    pub count: usize,
    /// How far apart.
    pub step: PriceStep,
    /// How large.
    pub profile: Profile,
}

/// Which parameter of [`LevelParams`] is outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LevelParamError {
    /// No level, or more than [`QUOTES_PER_SIDE_MAX`].
    Count,
    /// The step is not above zero, or larger than a price or the whole.
    Step,
    /// The profile shrinks below nothing or grows faster than [`GROWTH_MAX`].
    Profile,
}

impl core::fmt::Display for LevelParamError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Count => "there must be between 1 and 64 levels a side",
            Self::Step => "the step between levels must be above zero and below the price",
            Self::Profile => "the size profile must not be negative or grow more than tenfold a level",
        })
    }
}

impl core::error::Error for LevelParamError {}

impl LevelParams {
    pub(super) fn check(&self) -> Result<(), LevelParamError> {
        if !(1..=QUOTES_PER_SIDE_MAX).contains(&self.count) {
            return Err(LevelParamError::Count);
        }
        let step_ok = match self.step {
            PriceStep::Ticks(ticks) => (1..=PRICE_TICKS_MAX).contains(&ticks.0),
            PriceStep::Share(share) => share > Rate(0) && share <= Rate::ONE,
        };
        if !step_ok {
            return Err(LevelParamError::Step);
        }
        let profile_ok = match self.profile {
            Profile::Flat => true,
            Profile::Linear(share) => (Rate(0)..=GROWTH_MAX).contains(&share),
            Profile::Geometric(share) => share > Rate(0) && share <= GROWTH_MAX,
        };
        if profile_ok { Ok(()) } else { Err(LevelParamError::Profile) }
    }

    /// The prices of a side, best first; `None` where there is no further price an order can carry.
    pub(super) fn prices(&self, side: Side, best: Price) -> impl Iterator<Item = Option<Price>> + use<> {
        let step = self.step;
        let ratio = match step {
            PriceStep::Ticks(_) => 1.0,
            PriceStep::Share(share) => 1.0 + share_f64(share),
        };
        let (mut factor, mut last): (f64, Option<Price>) = (1.0, None);
        (0..self.count).map(move |_| {
            let wanted = match (last, step) {
                (None, _) => Some(best),
                (Some(last), PriceStep::Ticks(ticks)) => Some(last.away(side, ticks)),
                (Some(last), PriceStep::Share(_)) => {
                    factor *= ratio;
                    geometric(side, best, factor).map(|price| behind(side, price, last))
                }
            };
            let price = wanted.filter(|price| (1..=PRICE_TICKS_MAX).contains(&price.0));
            last = price.or(last);
            price
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "prices are exact in f64")]
fn geometric(side: Side, best: Price, factor: f64) -> Option<Price> {
    match side {
        Side::Bid => floor_to_tick(best.0 as f64 / factor),
        Side::Ask => ceil_to_tick(best.0 as f64 * factor),
    }
}

/// `price`, or one tick behind `last` where it is not behind it anyway.
fn behind(side: Side, price: Price, last: Price) -> Price {
    let next = last.away(side, Ticks(1));
    if side.reaches(next, price) { price } else { next }
}

#[expect(clippy::cast_precision_loss, reason = "a share: below 2^53")]
fn share_f64(share: Rate) -> f64 {
    share.0 as f64 / Rate::ONE.0 as f64
}

impl Profile {
    /// The weights of the levels, best first, in units of 10⁻⁸; the first is one. Geometric weights are rounded down to that
    /// from level to level, and none is larger than [`WEIGHT_MAX`].
    pub(super) fn weights(self) -> impl Iterator<Item = Weight> {
        let first = Weight(i128::from(Rate::ONE.0));
        core::iter::successors(Some(first), move |Weight(weight)| {
            let next = match self {
                Self::Flat => *weight,
                Self::Linear(share) => weight + i128::from(share.0),
                Self::Geometric(share) => weight * i128::from(share.0) / i128::from(Rate::ONE.0),
            };
            Some(Weight(next.min(WEIGHT_MAX)))
        })
    }
}

/// Largest weight, 2⁷⁰: with a size below 2⁵⁶ the product stays within 127 bits.
const WEIGHT_MAX: i128 = 1 << 70;

/// How much larger a level is than the best, in units of 10⁻⁸. In `0..=WEIGHT_MAX`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weight(i128);

impl Weight {
    /// `lots` (in `0..=LOTS_MAX`) times the weight, rounded down, at most [`LOTS_MAX`].
    pub(super) fn of(self, lots: Lots) -> Lots {
        let one = i128::from(Rate::ONE.0);
        if self.0 == one { lots } else { bounded(i128::from(lots.0) * self.0 / one) }
    }
}

/// A number of lots cut to `0..=LOTS_MAX`.
pub(super) fn bounded(lots: i128) -> Lots {
    Lots(i64::try_from(lots.max(0)).map_or(LOTS_MAX, |lots| lots.min(LOTS_MAX)))
}
