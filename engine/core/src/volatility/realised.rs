//! Realised volatility over a sliding window of fixed length.
//!
//! Never here: a sample taken at a time of the market's choosing, a window filled with times at which nothing was seen.

use ballast_model::{Digest, HalfTicks, Nanos, Span};

use super::WINDOW_MAX;
use super::squares::SquareRing;

/// What a [`RealisedVolatility`] is built from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RealisedParams {
    /// Time between two samples. Above zero. Long enough for the mid's bounce between neighbouring ticks to be small
    /// against its movement (Zhang, Mykland and Aït-Sahalia 2005, JASA 100, section 2).
    pub interval: Span,
    /// Samples in the window, which is `interval` times this long. In `2..=`[`WINDOW_MAX`].
    pub samples: usize,
    /// No estimate before this many samples. In `1..=samples`.
    pub samples_min: usize,
}

/// Which parameter of [`RealisedParams`] is outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RealisedParamError {
    /// The sampling interval is not above zero.
    Interval,
    /// The window holds fewer than two samples or more than [`WINDOW_MAX`].
    Samples,
    /// The warm-up asks for no sample, or for more than the window holds.
    SamplesMin,
}

impl core::fmt::Display for RealisedParamError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Interval => "the sampling interval must be above zero",
            Self::Samples => "the window must hold 2 to 4096 samples",
            Self::SamplesMin => "the warm-up must be between one sample and the whole window",
        })
    }
}

impl core::error::Error for RealisedParamError {}

/// Realised variance over a window (Andersen, Bollerslev, Diebold and Labys 2003, Econometrica 71, eq. 6):
/// `σ² = Σ Δm_i² / (n·Δ)` over the last `n` increments between grid points `Δ` apart, in ticks² per second.
///
/// The grid is `k·Δ` on the driver's clock. A grid point takes the last mid from before it (the previous-tick scheme of
/// Wasserfallen and Zimmermann 1985): an update at a grid point itself counts towards the increment that begins there. The
/// estimate is that of the last grid point passed by an update.
///
/// A silence longer than the window empties it: the mid has not stood still, it has not been seen.
#[derive(Clone, Debug)]
pub struct RealisedVolatility {
    params: RealisedParams,
    last: Option<Last>,
    increments: SquareRing,
}

/// The newest update.
#[derive(Clone, Copy, Debug)]
struct Last {
    mid: HalfTicks,
    time: Nanos,
    /// The mid at the last grid point; `None` until one is passed.
    sample: Option<HalfTicks>,
}

impl RealisedVolatility {
    /// An estimator that has seen nothing.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn new(params: RealisedParams) -> Result<Self, RealisedParamError> {
        if params.interval <= Span::ZERO {
            return Err(RealisedParamError::Interval);
        }
        if params.samples < 2 || params.samples > WINDOW_MAX {
            return Err(RealisedParamError::Samples);
        }
        if params.samples_min == 0 || params.samples_min > params.samples {
            return Err(RealisedParamError::SamplesMin);
        }
        Ok(Self { params, last: None, increments: SquareRing::new(params.samples) })
    }

    /// Takes the mid at `now`.
    ///
    /// # Panics
    /// If `now` is before an earlier update: the driver's clock never falls.
    #[inline]
    pub fn update(&mut self, mid: HalfTicks, now: Nanos) {
        let sample = match self.last {
            None => None,
            Some(last) => {
                assert!(now >= last.time, "time went backward");
                self.pass(last, now)
            }
        };
        self.last = Some(Last { mid, time: now, sample });
    }

    /// Samples the grid points from the last update up to `now`; returns the newest sample.
    fn pass(&mut self, last: Last, now: Nanos) -> Option<HalfTicks> {
        let interval = self.params.interval.0;
        // The difference of two quotients by a positive number fits where the difference of the numbers may not.
        let passed = now.0.div_euclid(interval).saturating_sub(last.time.0.div_euclid(interval));
        if passed == 0 {
            return last.sample;
        }
        let points = usize::try_from(passed).unwrap_or(usize::MAX);
        if points > self.increments.capacity() {
            self.increments.clear();
            return None;
        }
        // All of them see the same mid: only the first can differ from the sample before, and only it may have none before.
        if let Some(sample) = last.sample {
            self.increments.push(last.mid.0.saturating_sub(sample.0));
        }
        for _ in 1..points {
            self.increments.push(0);
        }
        Some(last.mid)
    }

    /// Volatility in ticks per square root of a second, zero for a mid that has not moved; `None` before `samples_min`.
    #[must_use]
    #[inline]
    pub fn sigma_ticks_per_sqrt_s(&self) -> Option<f64> {
        let mean = self.increments.mean_ticks_squared()?;
        let warm = self.increments.len() >= self.params.samples_min;
        warm.then(|| libm::sqrt(mean / self.params.interval.as_secs_f64()))
    }

    /// Takes the whole state into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        match self.last {
            None => digest.word(0),
            Some(last) => {
                digest.word(1);
                digest.signed(last.mid.0);
                digest.signed(last.time.0);
                digest.word(u64::from(last.sample.is_some()));
                digest.signed(last.sample.map_or(0, |sample| sample.0));
            }
        }
        self.increments.digest(digest);
    }
}

#[cfg(test)]
mod tests;
