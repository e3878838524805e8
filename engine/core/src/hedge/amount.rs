//! Exact amounts of a base asset, and intervals of them.
//!
//! Never here: a float, an end that claims more than is known.

use ballast_model::{Contract, Digest, HalfTicks, InstrumentSpec, Lots, Rate};

/// An exact amount of one base asset in units of 10⁻¹⁸; long > 0, short < 0.
///
/// One lot of every linear instrument and one unit of every token of at most 18 decimals is a whole number of units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Base(pub i128);

/// Largest amount an interval tells from infinity: 10¹⁸ whole base units. Sums and ratios of such amounts fit 128 bits.
pub const AMOUNT_MAX: Base = Base(10i128.pow(36));

impl Base {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// One whole unit of the base asset.
    pub const ONE: Self = Self(10i128.pow(18));

    /// One lot of a linear instrument; `None` for an inverse one, or where it is above [`AMOUNT_MAX`].
    #[must_use]
    pub fn of_lot(spec: &InstrumentSpec) -> Option<Self> {
        match spec.contract {
            Contract::Linear => {
                let step = i128::from(spec.lot.mantissa) * 10i128.pow(18 - u32::from(spec.lot.scale));
                Self(step.checked_mul(i128::from(spec.multiplier))?).kept()
            }
            Contract::Inverse => None,
        }
    }

    /// Magnitude.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }

    /// The nearest float, in whole base units: for models and reports only.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "leaves exact arithmetic on purpose")]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / Self::ONE.0 as f64
    }

    /// The amount at or below a float of whole base units; `None` unless that is a number in `0..=AMOUNT_MAX`.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "in range where the cast is reached"
    )]
    pub fn floor_of(units: f64) -> Option<Self> {
        let scaled = libm::floor(units * Self::ONE.0 as f64);
        (0.0..=AMOUNT_MAX.0 as f64).contains(&scaled).then_some(Self(scaled as i128))
    }

    /// This amount where its magnitude is at most [`AMOUNT_MAX`].
    fn kept(self) -> Option<Self> {
        (self.abs() <= AMOUNT_MAX).then_some(self)
    }

    /// This amount (within [`AMOUNT_MAX`]) times a share, rounded down.
    fn share_floor(self, share: Rate) -> Self {
        let (one, share) = (i128::from(Rate::ONE.0), i128::from(share.0));
        Self(self.0.div_euclid(one) * share + (self.0.rem_euclid(one) * share).div_euclid(one))
    }
}

/// All values an amount may have: from `lo` to `hi`, both included; `None` is no bound at all on that side.
///
/// An end beyond [`AMOUNT_MAX`] becomes no bound: arithmetic may forget, it never invents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    lo: Option<Base>,
    hi: Option<Base>,
}

impl Interval {
    /// Exactly nothing.
    pub const ZERO: Self = Self { lo: Some(Base::ZERO), hi: Some(Base::ZERO) };
    /// Anything.
    pub const UNKNOWN: Self = Self { lo: None, hi: None };
    /// Anything that is not below zero: what is known of a holding before it is read.
    pub const HOLDING: Self = Self { lo: Some(Base::ZERO), hi: None };

    /// One amount.
    #[must_use]
    pub fn exact(amount: Base) -> Self {
        let end = amount.kept();
        Self { lo: end, hi: end }
    }

    /// From `lo` to `hi`; `None` where they are the wrong way round.
    #[must_use]
    pub fn new(lo: Base, hi: Base) -> Option<Self> {
        (lo <= hi).then_some(Self { lo: lo.kept(), hi: hi.kept() })
    }

    /// The smallest interval that holds zero and every outcome: what a pending transaction may still change, where zero is
    /// that it fails.
    #[must_use]
    pub fn branches(outcomes: &[Base]) -> Self {
        let lo = outcomes.iter().copied().fold(Base::ZERO, Base::min);
        let hi = outcomes.iter().copied().fold(Base::ZERO, Base::max);
        Self { lo: lo.kept(), hi: hi.kept() }
    }

    /// Base exposure of a signed number of lots. Linear: exact. Inverse: `lots · face / mid`, its two roundings; unknown
    /// without a midpoint above zero.
    #[must_use]
    pub fn of_lots(spec: &InstrumentSpec, lots: Lots, mid: Option<HalfTicks>) -> Self {
        match spec.contract {
            Contract::Linear => Base::of_lot(spec)
                .and_then(|lot| lot.0.checked_mul(i128::from(lots.0)))
                .map_or(Self::UNKNOWN, |amount| Self::exact(Base(amount))),
            Contract::Inverse => {
                let Some(mid) = mid.filter(|mid| mid.0 > 0) else { return Self::UNKNOWN };
                let size = Base(spec.value_at_mid_floor(mid, lots.abs()).0);
                let (least, most) = (size, Base(size.0.saturating_add(1)));
                let held = if lots.0 < 0 {
                    Self::new(Base(-most.0), Base(-least.0))
                } else {
                    Self::new(least, most)
                };
                if lots.is_zero() { Self::ZERO } else { held.unwrap_or(Self::UNKNOWN) }
            }
        }
    }

    /// Lower end; `None` where there is no bound.
    #[must_use]
    pub const fn lo(&self) -> Option<Base> {
        self.lo
    }

    /// Upper end; `None` where there is no bound.
    #[must_use]
    pub const fn hi(&self) -> Option<Base> {
        self.hi
    }

    /// True where both ends are known.
    #[must_use]
    pub const fn is_bounded(&self) -> bool {
        self.lo.is_some() && self.hi.is_some()
    }

    /// True where `amount` is possible.
    #[must_use]
    pub fn holds(&self, amount: Base) -> bool {
        self.lo.is_none_or(|lo| lo <= amount) && self.hi.is_none_or(|hi| amount <= hi)
    }

    /// The sum of any amount of this and any of `other`.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let sum = |a: Option<Base>, b: Option<Base>| Base(a?.0 + b?.0).kept();
        Self { lo: sum(self.lo, other.lo), hi: sum(self.hi, other.hi) }
    }

    /// This interval with up to `bought` more and up to `sold` less: orders that may or may not trade. Neither is negative.
    #[must_use]
    pub fn stretched(self, bought: Base, sold: Base) -> Self {
        let end = |end: Option<Base>, by: i128| Base(end?.0.checked_add(by)?).kept();
        Self { lo: end(self.lo, -sold.0), hi: end(self.hi, bought.0) }
    }

    /// What is in both; `None` where nothing is.
    #[must_use]
    pub fn within(self, bound: Self) -> Option<Self> {
        let lo = self.lo.max(bound.lo);
        let hi = match (self.hi, bound.hi) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (one, other) => one.or(other),
        };
        match (lo, hi) {
            (Some(a), Some(b)) if a > b => None,
            _ => Some(Self { lo, hi }),
        }
    }

    /// This interval times a share in `0..=10`, rounded outward.
    #[must_use]
    pub fn scaled(self, share: Rate) -> Self {
        let lo = self.lo.map(|lo| lo.share_floor(share));
        let hi = self.hi.map(|hi| Base(-Base(-hi.0).share_floor(share).0));
        Self { lo: lo.and_then(Base::kept), hi: hi.and_then(Base::kept) }
    }

    /// Takes the interval into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        for end in [self.lo, self.hi] {
            digest.word(u64::from(end.is_some()));
            digest.bytes(&end.unwrap_or_default().0.to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests;
