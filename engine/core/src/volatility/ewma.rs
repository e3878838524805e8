//! Exponentially weighted volatility from irregular samples, whatever the rate of updates.
//!
//! Never here: a count of updates taken for a measure of time, an estimate before there is one.

use ballast_model::{Digest, HalfTicks, Nanos, Span};

use crate::ewma::EwmaIncrements;

/// What an [`EwmaVolatility`] is built from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EwmaParams {
    /// Time after which an observation weighs half. Above zero.
    pub half_life: Span,
    /// Increments are measured over at least this time; updates in between are skipped. Zero uses every update at which
    /// time has passed. Sparse sampling keeps the bounce of the mid between neighbouring ticks out of the estimate
    /// (Zhang, Mykland and Aït-Sahalia 2005, JASA 100, section 2).
    pub interval_min: Span,
    /// No estimate before this much time has been observed. Not negative.
    pub elapsed_min: Span,
    /// No estimate before this many increments. At least one.
    pub samples_min: u32,
}

/// Which parameter of [`EwmaParams`] is outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EwmaParamError {
    /// The half-life is not above zero.
    HalfLife,
    /// The sampling interval is negative.
    IntervalMin,
    /// The warm-up time is negative.
    ElapsedMin,
    /// The warm-up asks for no increment at all.
    SamplesMin,
}

impl core::fmt::Display for EwmaParamError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::HalfLife => "the half-life must be above zero",
            Self::IntervalMin => "the sampling interval must not be negative",
            Self::ElapsedMin => "the warm-up time must not be negative",
            Self::SamplesMin => "the warm-up needs at least one increment",
        })
    }
}

impl core::error::Error for EwmaParamError {}

/// Exponentially weighted realised variance per unit of time from irregular samples.
///
/// With increments `Δm_i` over `Δt_i` and the weight `w_i = 2^(-age_i / half-life)`, the variance rate is
/// `Σ w_i·Δm_i² / Σ w_i·Δt_i` in ticks² per second: realised variance (Andersen, Bollerslev, Diebold and Labys 2003,
/// Econometrica 71) with the exponential weights of RiskMetrics (1996) taken in time instead of in samples, as Zumbach and
/// Müller (2001, "Operators on inhomogeneous time series") do. For a Brownian mid every term of the numerator has the
/// expectation `σ²` times its term of the denominator, so the estimate is unbiased for any sampling times that do not
/// depend on the mid, and from the first increment on: there is no start value to forget.
#[derive(Clone, Copy, Debug)]
pub struct EwmaVolatility {
    params: EwmaParams,
    squares: EwmaIncrements,
}

impl EwmaVolatility {
    /// An estimator that has seen nothing.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn new(params: EwmaParams) -> Result<Self, EwmaParamError> {
        if params.half_life <= Span::ZERO {
            return Err(EwmaParamError::HalfLife);
        }
        if params.interval_min < Span::ZERO {
            return Err(EwmaParamError::IntervalMin);
        }
        if params.elapsed_min < Span::ZERO {
            return Err(EwmaParamError::ElapsedMin);
        }
        if params.samples_min == 0 {
            return Err(EwmaParamError::SamplesMin);
        }
        Ok(Self { params, squares: EwmaIncrements::new(params.half_life, params.interval_min) })
    }

    /// Takes the mid at `now`. Moves without time passing, or within `interval_min`, belong to the increment that ends later.
    ///
    /// # Panics
    /// If `now` is before an earlier sample: the driver's clock never falls.
    #[inline]
    pub fn update(&mut self, mid: HalfTicks, now: Nanos) {
        self.squares.update(mid, now, |ticks| ticks * ticks);
    }

    /// Volatility in ticks per square root of a second, zero for a mid that has not moved; `None` until both
    /// `elapsed_min` and `samples_min` are reached.
    #[must_use]
    #[inline]
    pub fn sigma_ticks_per_sqrt_s(&self) -> Option<f64> {
        self.squares.per_second(self.params.samples_min, self.params.elapsed_min).map(libm::sqrt)
    }

    /// Takes the whole state into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        self.squares.digest(digest);
    }
}

#[cfg(test)]
mod tests;
