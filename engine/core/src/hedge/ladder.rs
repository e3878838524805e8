//! How urgent a hedge is, and the policy that says so.

use ballast_model::{Digest, Money, Nanos, Rate, Span, TimeInForce};

use super::amount::Base;

/// How much a hedge may pay for speed; ordered from patient to urgent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Stage {
    /// Post-only at our own best price.
    Passive = 0,
    /// Limit at the opposite best price.
    Touch = 1,
    /// Immediate-or-cancel, as far as the slippage guard allows.
    Take = 2,
}

/// What leads to a stage: any of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rung {
    /// Outside the band for this long. Not negative.
    pub age: Span,
    /// Surely outside the band by this much. Above zero.
    pub excess: Base,
    /// The price moved against the hedge by this share since the residual left the band. Above zero.
    pub adverse: Rate,
}

/// How residuals are hedged. There is no default: each is a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HedgePolicy {
    /// Share of the delta to hedge, in `0..=2`.
    pub hedge_ratio: Rate,
    /// Greatest value of all hedge orders that may be open together, new ones included, in quote currency; quote currencies
    /// count at par. Above zero.
    pub notional_max: Money,
    /// How far from its venue's reference an order may be priced, as a share of it; above zero and below one. Within the gate's
    /// `collar_through_max`, or the gate refuses what this allows.
    pub slippage_max: Rate,
    /// Least time between orders. Above zero.
    pub cooldown: Span,
    /// What leads to [`Stage::Touch`].
    pub touch: Rung,
    /// What leads to [`Stage::Take`].
    pub take: Rung,
    /// A resting order within this share of its wanted price is left where it is. Not negative.
    pub reprice_tolerance: Rate,
    /// A resting order is not re-priced sooner than this after it was sent. Not negative.
    pub reprice_min: Span,
    /// Time over which funding counts in the choice of venue. Not negative.
    pub funding_horizon: Span,
    /// Bound of that cost or gain, as a share of the price; the cost of a venue whose funding is unknown. Not negative.
    pub funding_cost_max: Rate,
    /// Cost added to a venue with an order of unknown fate, as a share of the price. Not negative.
    pub unknown_penalty: Rate,
    /// How long a venue rests that refused an order for another reason than that it would have taken, or found nothing to take.
    /// Not negative.
    pub reject_rest: Span,
    /// Decide again at least this often, for ages change without events. Above zero.
    pub check_interval: Span,
}

/// Which parameter of [`HedgePolicy`] is outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyError {
    /// The hedge ratio is not in `0..=2`.
    HedgeRatio,
    /// `notional_max` is not above zero.
    Notional,
    /// `slippage_max` is not above zero or not below one.
    Slippage,
    /// A span that must be above zero is not, or one is negative.
    Span,
    /// A rung's excess or adverse move is not above zero, or its age is negative.
    Rung,
    /// The taking rung is below the touching one somewhere.
    RungOrder,
    /// A cost, penalty or tolerance is negative.
    Cost,
}

impl core::fmt::Display for PolicyError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::HedgeRatio => "hedge_ratio must be in 0..=2",
            Self::Notional => "notional_max must be above zero",
            Self::Slippage => "slippage_max must be above zero and below one",
            Self::Span => "cooldown and check_interval must be above zero, other spans not negative",
            Self::Rung => "a rung needs an excess and an adverse move above zero, and no negative age",
            Self::RungOrder => "the taking rung must not be reached before the touching one",
            Self::Cost => "costs, penalties and tolerances must not be negative",
        })
    }
}

impl core::error::Error for PolicyError {}

impl HedgePolicy {
    /// Checks the parameters.
    ///
    /// # Errors
    /// The first [`PolicyError`] that applies.
    pub fn check(&self) -> Result<(), PolicyError> {
        if !(0..=2 * Rate::ONE.0).contains(&self.hedge_ratio.0) {
            return Err(PolicyError::HedgeRatio);
        }
        if self.notional_max <= Money::ZERO {
            return Err(PolicyError::Notional);
        }
        if !(1..Rate::ONE.0).contains(&self.slippage_max.0) {
            return Err(PolicyError::Slippage);
        }
        let not_negative = [self.reprice_min, self.funding_horizon, self.reject_rest];
        if self.cooldown.0 <= 0 || self.check_interval.0 <= 0 || not_negative.iter().any(|span| span.0 < 0) {
            return Err(PolicyError::Span);
        }
        let sound = |rung: &Rung| rung.age.0 >= 0 && rung.excess > Base::ZERO && rung.adverse.0 > 0;
        if !sound(&self.touch) || !sound(&self.take) {
            return Err(PolicyError::Rung);
        }
        let ordered = self.touch.age <= self.take.age
            && self.touch.excess <= self.take.excess
            && self.touch.adverse <= self.take.adverse;
        if !ordered {
            return Err(PolicyError::RungOrder);
        }
        let costs = [self.funding_cost_max, self.unknown_penalty, self.reprice_tolerance];
        if costs.iter().any(|cost| cost.0 < 0) {
            return Err(PolicyError::Cost);
        }
        Ok(())
    }

    /// The stage of a hedge outside the band for `age`, by `excess`, after an adverse move.
    #[must_use]
    pub fn stage(&self, age: Span, excess: Base, adverse: Rate) -> Stage {
        let reached = |rung: &Rung| age >= rung.age || excess >= rung.excess || adverse >= rung.adverse;
        if reached(&self.take) {
            Stage::Take
        } else if reached(&self.touch) {
            Stage::Touch
        } else {
            Stage::Passive
        }
    }

    /// The next time at which age alone leads to another stage; `None` where there is none after `now`.
    pub(super) fn next_rung(&self, since: Nanos, now: Nanos) -> Option<Nanos> {
        [since + self.touch.age, since + self.take.age].into_iter().filter(|at| *at > now).min()
    }
}

impl Stage {
    /// The stage that an order of this lifetime belongs to.
    #[must_use]
    pub const fn of(tif: TimeInForce) -> Self {
        match tif {
            TimeInForce::PostOnly => Self::Passive,
            TimeInForce::GoodTillCancel | TimeInForce::GoodTillDate(_) => Self::Touch,
            TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill => Self::Take,
        }
    }

    pub(super) fn digest(self, digest: &mut Digest) {
        digest.word(self as u64);
    }
}
