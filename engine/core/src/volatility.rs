//! Volatility of the mid, in ticks per square root of a second, by one of three estimators behind one interface.
//!
//! All three measure the same thing, the `σ` of a mid `dm = σ·dW` in ticks, from what a quoting engine sees: a mid that
//! stands still between updates.
//!
//! | kind | reads | forgets |
//! |---|---|---|
//! | [`EwmaVolatility`] | increments between updates, as they come | by half-life |
//! | [`RealisedVolatility`] | increments between the points of a fixed grid | after a window |
//! | [`ParkinsonVolatility`] | the range of the mid in bars of a fixed time | after a number of bars |
//!
//! Never here: a volatility without its unit of time, a count of updates taken for a measure of time, an estimate before
//! there is one, an estimate from times at which nothing was seen.

mod ewma;
mod parkinson;
mod realised;
mod squares;

use ballast_model::{Digest, HalfTicks, Nanos};

pub use ewma::{EwmaParamError, EwmaParams, EwmaVolatility};
pub use parkinson::{ParkinsonParamError, ParkinsonParams, ParkinsonVolatility};
pub use realised::{RealisedParamError, RealisedParams, RealisedVolatility};

/// Seconds in a year of 365 days: crypto markets never close. Not the 252 sessions of a stock exchange.
pub const YEAR_365_SECONDS: f64 = 365.0 * 86_400.0;

/// Most entries a window of [`RealisedVolatility`] or [`ParkinsonVolatility`] holds.
pub const WINDOW_MAX: usize = 4_096;

/// The yearly volatility of a price at `price_ticks`, as a fraction of it (0.5 is 50 % a year), from ticks per square root
/// of a second: `σ·√seconds_per_year / price`. Independent increments make variance grow in proportion to time (Bachelier
/// 1900), hence the root. `None` where an argument or the result is not finite, a price or a year is not above zero, or `σ`
/// is below zero.
#[must_use]
pub fn annualised(sigma_ticks_per_sqrt_s: f64, price_ticks: f64, seconds_per_year: f64) -> Option<f64> {
    let sound = sigma_ticks_per_sqrt_s >= 0.0 && price_ticks > 0.0 && seconds_per_year > 0.0;
    let yearly = sigma_ticks_per_sqrt_s * libm::sqrt(seconds_per_year) / price_ticks;
    (sound && price_ticks.is_finite() && yearly.is_finite()).then_some(yearly)
}

/// Which estimator, with its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VolatilityKind {
    /// Exponentially weighted in time.
    Ewma(EwmaParams),
    /// Realised over a sliding window.
    Realised(RealisedParams),
    /// High and low of fixed bars.
    Parkinson(ParkinsonParams),
}

/// Which parameter of which estimator is outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VolatilityParamError {
    /// Of [`EwmaParams`].
    Ewma(EwmaParamError),
    /// Of [`RealisedParams`].
    Realised(RealisedParamError),
    /// Of [`ParkinsonParams`].
    Parkinson(ParkinsonParamError),
}

impl core::fmt::Display for VolatilityParamError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Ewma(error) => error.fmt(f),
            Self::Realised(error) => error.fmt(f),
            Self::Parkinson(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for VolatilityParamError {}

/// The estimator that a [`VolatilityKind`] names.
#[derive(Clone, Debug)]
pub struct Volatility {
    estimator: Estimator,
}

#[derive(Clone, Debug)]
enum Estimator {
    Ewma(EwmaVolatility),
    Realised(RealisedVolatility),
    Parkinson(ParkinsonVolatility),
}

impl Volatility {
    /// An estimator that has seen nothing; everything it will ever need is reserved here.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn new(kind: VolatilityKind) -> Result<Self, VolatilityParamError> {
        let estimator = match kind {
            VolatilityKind::Ewma(params) => {
                Estimator::Ewma(EwmaVolatility::new(params).map_err(VolatilityParamError::Ewma)?)
            }
            VolatilityKind::Realised(params) => {
                Estimator::Realised(RealisedVolatility::new(params).map_err(VolatilityParamError::Realised)?)
            }
            VolatilityKind::Parkinson(params) => Estimator::Parkinson(
                ParkinsonVolatility::new(params).map_err(VolatilityParamError::Parkinson)?,
            ),
        };
        Ok(Self { estimator })
    }

    /// Takes the mid at `now`. To be called with every touch that can be trusted, and with no other.
    ///
    /// # Panics
    /// If `now` is before an earlier sample: the driver's clock never falls.
    #[inline]
    pub fn update(&mut self, mid: HalfTicks, now: Nanos) {
        match &mut self.estimator {
            Estimator::Ewma(estimator) => estimator.update(mid, now),
            Estimator::Realised(estimator) => estimator.update(mid, now),
            Estimator::Parkinson(estimator) => estimator.update(mid, now),
        }
    }

    /// Volatility in ticks per square root of a second, finite and not negative; `None` until the estimator is warm.
    #[must_use]
    #[inline]
    pub fn sigma_ticks_per_sqrt_s(&self) -> Option<f64> {
        match &self.estimator {
            Estimator::Ewma(estimator) => estimator.sigma_ticks_per_sqrt_s(),
            Estimator::Realised(estimator) => estimator.sigma_ticks_per_sqrt_s(),
            Estimator::Parkinson(estimator) => estimator.sigma_ticks_per_sqrt_s(),
        }
    }

    /// Takes the whole state into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        match &self.estimator {
            Estimator::Ewma(estimator) => estimator.digest(digest),
            Estimator::Realised(estimator) => estimator.digest(digest),
            Estimator::Parkinson(estimator) => estimator.digest(digest),
        }
    }
}

#[cfg(test)]
mod tests;
