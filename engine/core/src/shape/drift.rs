//! Short-term drift of the mid per second, whatever the rate of updates.
//!
//! Never here: a count of updates taken for a measure of time, a drift before there is one.

use ballast_model::{Digest, HalfTicks, Nanos, Span};

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
    /// Half-lives per second.
    decay_rate: f64,
    /// The sample the next increment starts from.
    last: Option<(HalfTicks, Nanos)>,
    /// Decayed sum of increments, ticks.
    moves: f64,
    /// Decayed sum of the time they took, seconds.
    seconds: f64,
    /// Time observed, not decayed.
    elapsed: Span,
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
        let decay_rate = 1.0 / params.half_life.as_secs_f64();
        Ok(Self { params, decay_rate, last: None, moves: 0.0, seconds: 0.0, elapsed: Span::ZERO })
    }

    /// Takes the mid at `now`. Moves without time passing belong to the increment that ends later.
    ///
    /// # Panics
    /// If `now` is before an earlier sample: the driver's clock never falls.
    #[inline]
    pub fn update(&mut self, mid: HalfTicks, now: Nanos) {
        let Some((last_mid, last_time)) = self.last else {
            self.last = Some((mid, now));
            return;
        };
        assert!(now >= last_time, "time went backward");
        let passed = now - last_time;
        if passed == Span::ZERO {
            return;
        }
        let seconds = passed.as_secs_f64();
        let decay = libm::exp2(-seconds * self.decay_rate);
        self.moves = self.moves * decay + HalfTicks(mid.0 - last_mid.0).to_ticks_f64();
        self.seconds = self.seconds * decay + seconds;
        self.elapsed = Span(self.elapsed.0.saturating_add(passed.0));
        self.last = Some((mid, now));
    }

    /// The drift in ticks per second, rising > 0; `None` until time has passed, and `elapsed_min` of it.
    #[must_use]
    #[inline]
    pub fn ticks_per_s(&self) -> Option<f64> {
        let warm = self.elapsed > Span::ZERO && self.elapsed >= self.params.elapsed_min;
        warm.then(|| self.moves / self.seconds)
    }

    /// Takes the whole state into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        let (mid, time) = self.last.unwrap_or((HalfTicks(0), Nanos::MIN));
        digest.signed(mid.0);
        digest.signed(time.0);
        digest.word(self.moves.to_bits());
        digest.word(self.seconds.to_bits());
        digest.signed(self.elapsed.0);
    }
}

#[cfg(test)]
mod tests;
