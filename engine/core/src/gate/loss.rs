//! Loss limits: realised, unrealised and drawdown, each for itself.
//!
//! With `R` the realised and `U` the unrealised profit since the beginning, and `R₀` the realised profit when the operator last
//! resumed (before that [`LossLimits::lost_before`], so that a restart forgives nothing):
//!
//! - realised loss: `R₀ − R`;
//! - unrealised loss: `−U`;
//! - drawdown: the highest `R + U` since the operator last resumed (before that at least `lost_before`), less `R + U`.
//!
//! A loss *above* its limit latches: what follows is the limits' [`LossLimits::then`], until the operator resumes.
//!
//! Never here: prices, a way back without the operator.

use ballast_model::{Digest, Money};

use super::limits::{GateState, Halt};
use super::refusal::Rule;

/// Largest losses, each in the currency of the profit it is fed with. `None` does not limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LossLimits {
    /// Largest realised loss since the operator last resumed.
    pub realised_max: Option<Money>,
    /// Largest loss of open positions.
    pub unrealised_max: Option<Money>,
    /// Largest fall of realised and unrealised profit together from their highest.
    pub drawdown_max: Option<Money>,
    /// What was lost before the beginning and still counts as realised: of the same day, by a predecessor. Not below zero.
    pub lost_before: Money,
    /// What a loss above its limit closes the gate to; not [`GateState::Active`].
    pub then: GateState,
}

impl LossLimits {
    /// No limit.
    pub const NONE: Self = Self {
        realised_max: None,
        unrealised_max: None,
        drawdown_max: None,
        lost_before: Money::ZERO,
        then: GateState::ReduceOnly,
    };

    /// True where a loss is limited at all.
    #[must_use]
    pub fn limits(&self) -> bool {
        self.realised_max.or(self.unrealised_max).or(self.drawdown_max).is_some()
    }

    /// True where every limit set is not below zero and there is something to follow.
    pub(super) fn valid(&self) -> bool {
        let limits = [self.realised_max, self.unrealised_max, self.drawdown_max];
        let sound = limits.iter().flatten().all(|limit| limit.0 >= 0) && self.lost_before.0 >= 0;
        sound && self.then != GateState::Active
    }
}

/// A loss above its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Loss {
    pub(super) rule: Rule,
    pub(super) then: GateState,
}

impl Loss {
    /// What it closes.
    pub(super) const fn halt(self) -> Halt {
        Halt { state: self.then, cause: self.rule }
    }
}

/// Watches profit.
#[derive(Clone, Debug)]
pub(super) struct LossGuard {
    limits: LossLimits,
    /// The last realised profit, and with the unrealised one.
    pub(super) realised: i128,
    pub(super) whole: i128,
    /// Realised profit when the operator last resumed.
    pub(super) base: i128,
    /// Highest of both together since then.
    pub(super) peak: i128,
}

impl LossGuard {
    pub(super) const fn new(limits: LossLimits) -> Self {
        let before = limits.lost_before.0;
        Self { limits, realised: 0, whole: 0, base: before, peak: before }
    }

    /// Takes the profit as it stands; the first loss above its limit.
    pub(super) fn on_profit(&mut self, realised: Money, unrealised: Money) -> Option<Loss> {
        self.realised = realised.0;
        self.whole = realised.0.saturating_add(unrealised.0);
        self.peak = self.peak.max(self.whole);
        let losses = [
            (Rule::RealisedLoss, self.base.saturating_sub(self.realised), self.limits.realised_max),
            (Rule::UnrealisedLoss, unrealised.0.saturating_neg(), self.limits.unrealised_max),
            (Rule::Drawdown, self.peak.saturating_sub(self.whole), self.limits.drawdown_max),
        ];
        let above = losses.into_iter().find(|(_, loss, max)| max.is_some_and(|max| *loss > max.0));
        above.map(|(rule, _, _)| Loss { rule, then: self.limits.then })
    }

    /// Takes over limits; what was lost is counted on.
    pub(super) const fn adopt(&mut self, next: &Self) {
        self.limits = next.limits;
    }

    /// What was lost before the beginning.
    pub(super) const fn lost_before(&self) -> Money {
        self.limits.lost_before
    }

    /// Whether the loss of open positions is above its limit as it stands: no counting anew changes that.
    pub(super) fn holds(&self) -> bool {
        let unrealised = self.realised.saturating_sub(self.whole);
        self.limits.unrealised_max.is_some_and(|max| unrealised > max.0)
    }

    /// The operator resumes: realised loss and drawdown are counted from here.
    pub(super) const fn resume(&mut self) {
        self.base = self.realised;
        self.peak = self.whole;
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        for amount in [self.realised, self.whole, self.base, self.peak] {
            digest.bytes(&amount.to_le_bytes());
        }
    }
}
