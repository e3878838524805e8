//! What an input still counts for as it ages.
//!
//! Never here: a jump, a weight that comes back with age.

use ballast_model::Span;

/// How the weight falls between fresh and stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decay {
    /// In proportion to the time.
    Linear,
    /// By half-life, lowered and stretched so that it ends at zero. Above zero.
    Exponential {
        /// Time in which the unstretched weight halves.
        half_life: Span,
    },
}

/// Steps in which time alone is followed from fresh to stale: [`StaleCurve::next_age`].
pub const STALE_STEPS: u8 = 16;

/// Which parameter of a [`StaleCurve`] is outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaleParamError {
    /// The age up to which an input is fresh is negative.
    Fresh,
    /// The age from which on it is stale is not above that.
    StaleMax,
    /// The half-life is not above zero.
    HalfLife,
}

impl core::fmt::Display for StaleParamError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Fresh => "the age up to which an input is fresh must not be negative",
            Self::StaleMax => {
                "the age from which an input is stale must be above the age at which it is fresh"
            }
            Self::HalfLife => "the half-life must be above zero",
        })
    }
}

impl core::error::Error for StaleParamError {}

/// The weight of an input by its age: 1 up to `fresh`, 0 from `stale_max` on, continuous and falling in between. With the
/// share `x = (age − fresh)/(stale_max − fresh)` of the way and `r` the half-lives in the whole way:
///
/// - linear: `1 − x`;
/// - exponential: `(2^(−r·x) − 2^(−r)) / (1 − 2^(−r))`, which is linear for a small `r`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaleCurve {
    fresh: Span,
    stale_max: Span,
    decay: Decay,
}

impl StaleCurve {
    /// A curve: full weight up to the age `fresh`, none from `stale_max` on.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn new(fresh: Span, stale_max: Span, decay: Decay) -> Result<Self, StaleParamError> {
        if fresh < Span::ZERO {
            return Err(StaleParamError::Fresh);
        }
        if stale_max <= fresh {
            return Err(StaleParamError::StaleMax);
        }
        if matches!(decay, Decay::Exponential { half_life } if half_life <= Span::ZERO) {
            return Err(StaleParamError::HalfLife);
        }
        Ok(Self { fresh, stale_max, decay })
    }

    /// The age up to which an input is fresh.
    #[must_use]
    pub const fn fresh(&self) -> Span {
        self.fresh
    }

    /// The next greater age at which to look at the weight again: just past fresh, then in [`STALE_STEPS`] equal steps, the
    /// last of which is where the weight ends. `None` at that age and beyond.
    #[must_use]
    pub fn next_age(&self, age: Span) -> Option<Span> {
        if age <= self.fresh {
            return Some(Span(self.fresh.0.saturating_add(1)));
        }
        if age >= self.stale_max {
            return None;
        }
        let steps = i128::from(STALE_STEPS);
        let (way, passed) = (i128::from(self.stale_max.0 - self.fresh.0), i128::from(age.0 - self.fresh.0));
        let step = passed * steps / way + 1;
        // Rounded up, so that it lies beyond the age; the last step is exact.
        let next = (way * step + steps - 1) / steps;
        i64::try_from(next).ok().map(|next| Span(self.fresh.0 + next))
    }

    /// The weight at an age, in `[0, 1]`.
    #[must_use]
    pub fn weight(&self, age: Span) -> f64 {
        if age <= self.fresh {
            return 1.0;
        }
        if age >= self.stale_max {
            return 0.0;
        }
        let way = Span(self.stale_max.0 - self.fresh.0).as_secs_f64();
        let left = Span(self.stale_max.0 - age.0).as_secs_f64();
        let weight = match self.decay {
            Decay::Linear => left / way,
            Decay::Exponential { half_life } => {
                let rate = core::f64::consts::LN_2 / half_life.as_secs_f64();
                // 2^(−r·x)·(1 − 2^(−r·(1 − x)))/(1 − 2^(−r)): no difference of nearly equal numbers.
                let share = libm::expm1(-rate * left) / libm::expm1(-rate * way);
                libm::exp(-rate * (way - left)) * share
            }
        };
        weight.clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests;
