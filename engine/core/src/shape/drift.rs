//! Short-term drift of the mid per second, whatever the rate of updates.
//!
//! Never here: a count of updates taken for a measure of time, a drift before there is one.

use ballast_model::{Digest, HalfTicks, Nanos, Span};

use crate::ewma::EwmaIncrements;

/// What an [`EwmaDrift`] is built from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DriftParams {
    /// Time after which a move weighs half. Above zero.
    pub half_life: Span,
    /// No drift before this much time has been observed. Not negative.
    pub elapsed_min: Span,
}

/// Which parameter of [`DriftParams`] is outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DriftParamError {
    /// The half-life is not above zero.
    HalfLife,
    /// The warm-up time is negative.
    ElapsedMin,
}

impl core::fmt::Display for DriftParamError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::HalfLife => "the half-life of the drift must be above zero",
            Self::ElapsedMin => "the warm-up time of the drift must not be negative",
        })
    }
}

impl core::error::Error for DriftParamError {}

/// Exponentially weighted drift from irregular samples.
///
/// With increments `Δm_i` over `Δt_i` and the weight `w_i = 2^(-age_i / half-life)`, the drift is `Σ w_i·Δm_i / Σ w_i·Δt_i`
/// in ticks per second: the first moment with the weights of the volatility (Zumbach and Müller 2001, "Operators on
/// inhomogeneous time series"; here the weight of an increment is that of its end). It is the true slope of a straight line
/// for any sampling times, and decays by the half-life while updates show the mid standing still.
#[derive(Clone, Copy, Debug)]
pub struct EwmaDrift {
    params: DriftParams,
    moves: EwmaIncrements,
}

impl EwmaDrift {
    /// An estimator that has seen nothing.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn new(params: DriftParams) -> Result<Self, DriftParamError> {
        if params.half_life <= Span::ZERO {
            return Err(DriftParamError::HalfLife);
        }
        if params.elapsed_min < Span::ZERO {
            return Err(DriftParamError::ElapsedMin);
        }
        Ok(Self { params, moves: EwmaIncrements::new(params.half_life, Span::ZERO) })
    }

    /// Takes the mid at `now`. Moves without time passing belong to the increment that ends later.
    ///
    /// # Panics
    /// If `now` is before an earlier sample: the driver's clock never falls.
    #[inline]
    pub fn update(&mut self, mid: HalfTicks, now: Nanos) {
        self.moves.update(mid, now, |ticks| ticks);
    }

    /// The drift in ticks per second, rising > 0; `None` until time has passed, and `elapsed_min` of it.
    #[must_use]
    #[inline]
    pub fn ticks_per_s(&self) -> Option<f64> {
        self.moves.per_second(1, self.params.elapsed_min)
    }

    /// Takes the whole state into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        self.moves.digest(digest);
    }
}

#[cfg(test)]
mod tests;
