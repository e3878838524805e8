//! The basis between two instruments: how far one's value usually lies above the other's.
//!
//! Never here: a difference of which one half is not known, a basis from before the world changed.

use ballast_model::{Digest, Nanos, Span};

/// What a [`Basis`] is built from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BasisParams {
    /// Time after which a difference weighs half. Above zero.
    pub half_life: Span,
    /// No basis before so much time has been watched. Not negative.
    pub elapsed_min: Span,
    /// A difference holds until the next one, but not for longer than this. Above zero.
    pub hold_max: Span,
    /// A basis last updated longer ago than this is not known any more. Above zero.
    pub age_max: Span,
}

/// Which parameter of [`BasisParams`] is outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BasisParamError {
    /// The half-life is not above zero.
    HalfLife,
    /// The warm-up time is negative.
    ElapsedMin,
    /// The time a difference holds is not above zero.
    HoldMax,
    /// The age at which a basis is forgotten is not above zero.
    AgeMax,
}

impl core::fmt::Display for BasisParamError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::HalfLife => "the half-life must be above zero",
            Self::ElapsedMin => "the warm-up time must not be negative",
            Self::HoldMax => "the time a difference holds must be above zero",
            Self::AgeMax => "the age of the basis must be above zero",
        })
    }
}

impl core::error::Error for BasisParamError {}

/// Average difference of two values, exponentially weighted in time, in ticks.
///
/// `B = ∫ w·d dt / ∫ w dt` over the time watched, with `w = 2^(-age / half_life)` and each difference `d` held until the
/// next (the moving average of Zumbach and Müller 2001, "Operators on inhomogeneous time series", with previous-point
/// interpolation): many updates in a burst weigh no more than the time they take, and there is no start value to forget.
/// Time that is not watched does not exist: it neither counts nor decays.
#[derive(Clone, Copy, Debug)]
pub struct Basis {
    params: BasisParams,
    /// Half-lives per second.
    decay_rate: f64,
    /// The difference in force and since when; `None` while one of the two values is not known.
    last: Option<(f64, Nanos)>,
    /// When a difference was last told.
    told_at: Option<Nanos>,
    /// `∫ w·d dt` in units of the whole kernel, ticks.
    sum: f64,
    /// `∫ w dt` in units of the whole kernel, in `[0, 1]`.
    norm: f64,
    /// Time watched, not decayed.
    elapsed: Span,
}

impl Basis {
    /// A basis of which nothing is known.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn new(params: BasisParams) -> Result<Self, BasisParamError> {
        if params.half_life <= Span::ZERO {
            return Err(BasisParamError::HalfLife);
        }
        if params.elapsed_min < Span::ZERO {
            return Err(BasisParamError::ElapsedMin);
        }
        if params.hold_max <= Span::ZERO {
            return Err(BasisParamError::HoldMax);
        }
        if params.age_max <= Span::ZERO {
            return Err(BasisParamError::AgeMax);
        }
        Ok(Self {
            params,
            decay_rate: 1.0 / params.half_life.as_secs_f64(),
            last: None,
            told_at: None,
            sum: 0.0,
            norm: 0.0,
            elapsed: Span::ZERO,
        })
    }

    /// Takes the difference in force from `now` on, in ticks; `None` while it is not known. One that is not finite is not
    /// known.
    ///
    /// # Panics
    /// If `now` is before an earlier difference: the driver's clock never falls.
    pub fn update(&mut self, difference_ticks: Option<f64>, now: Nanos) {
        if let Some((held, since)) = self.last {
            assert!(now >= since, "time went backward");
            let watched = (now - since).min(self.params.hold_max);
            let decay = libm::exp2(-watched.as_secs_f64() * self.decay_rate);
            self.sum = self.sum * decay + held * (1.0 - decay);
            self.norm = self.norm * decay + (1.0 - decay);
            self.elapsed = Span(self.elapsed.0.saturating_add(watched.0));
        }
        self.last = difference_ticks.filter(|difference| difference.is_finite()).map(|told| (told, now));
        if self.last.is_some() {
            self.told_at = Some(now);
        }
    }

    /// The basis at `now` in ticks, finite; `None` until warm, and where the last difference was told too long ago.
    #[must_use]
    pub fn ticks(&self, now: Nanos) -> Option<f64> {
        let young = self.told_at.is_some_and(|told| now - told <= self.params.age_max);
        let warm = self.norm > 0.0 && self.elapsed >= self.params.elapsed_min;
        let ticks = self.sum / self.norm;
        (young && warm && ticks.is_finite()).then_some(ticks)
    }

    /// The last moment at which the basis is known if no difference is told any more; `None` before the first.
    #[must_use]
    pub fn known_until(&self) -> Option<Nanos> {
        self.told_at.map(|told| Nanos(told.0.saturating_add(self.params.age_max.0)))
    }

    /// Takes the whole state into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        digest.word(u64::from(self.last.is_some()));
        let (difference, since) = self.last.unwrap_or_default();
        digest.word(difference.to_bits());
        digest.signed(since.0);
        digest.word(u64::from(self.told_at.is_some()));
        digest.signed(self.told_at.unwrap_or_default().0);
        digest.word(self.sum.to_bits());
        digest.word(self.norm.to_bits());
        digest.signed(self.elapsed.0);
    }
}

#[cfg(test)]
mod tests;
