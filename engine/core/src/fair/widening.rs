//! How much wider to quote around a value that ages.
//!
//! Never here: a width that shrinks with age, a bound that hides what it cuts off.

use ballast_model::Span;

/// Which parameter of a [`WidenCurve`] is outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WidenParamError {
    /// The age up to which nothing is added is negative.
    Fresh,
    /// The number of deviations is not finite and above zero.
    Sigmas,
    /// The bound is negative or not finite.
    TicksMax,
}

impl core::fmt::Display for WidenParamError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Fresh => "the age up to which nothing is added must not be negative",
            Self::Sigmas => "the number of deviations must be finite and above zero",
            Self::TicksMax => "the widening bound must be finite and not negative",
        })
    }
}

impl core::error::Error for WidenParamError {}

/// Why no width is wide enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooUncertain {
    /// The value is not fresh and the volatility is not known, or is no volatility.
    NoVolatility,
    /// The widening would pass its bound: the value is too uncertain to quote around at all.
    TooWide,
}

/// Extra half spread by the age of the freshest input: nothing up to `fresh`, then `sigmas · σ · √(age − fresh)` ticks,
/// and no quote at all where that passes `ticks_max`.
///
/// The deviation of a Brownian motion from where it was last seen is `σ√τ` after the time `τ` (Bachelier 1900; Einstein
/// 1905). `τ` is counted from `fresh`, as no input is younger than its own way to us; that makes the curve continuous.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WidenCurve {
    fresh: Span,
    sigmas: f64,
    ticks_max: f64,
}

impl WidenCurve {
    /// A curve: nothing up to the age `fresh`, then `sigmas` deviations, at most `ticks_max` ticks.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn new(fresh: Span, sigmas: f64, ticks_max: f64) -> Result<Self, WidenParamError> {
        if fresh < Span::ZERO {
            return Err(WidenParamError::Fresh);
        }
        if !sigmas.is_finite() || sigmas <= 0.0 {
            return Err(WidenParamError::Sigmas);
        }
        if !ticks_max.is_finite() || ticks_max < 0.0 {
            return Err(WidenParamError::TicksMax);
        }
        Ok(Self { fresh, sigmas, ticks_max })
    }

    /// The least age at which nothing should be quoted any more: where the widening has passed its bound. `None` where it
    /// never does.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "saturates")]
    pub fn refuses_from(&self, sigma_ticks_per_sqrt_s: Option<f64>) -> Option<Span> {
        let beyond_ns = match sigma_ticks_per_sqrt_s.filter(|sigma| *sigma >= 0.0) {
            None => 0.0,
            Some(sigma) => {
                let root = self.ticks_max / (self.sigmas * sigma);
                libm::floor(root * root * 1e9)
            }
        };
        // Infinite, or not a number, where no volatility widens by nothing: never.
        let ever = beyond_ns < 9e18;
        let beyond = beyond_ns as i64;
        // The square may fall short of the bound by its last digits: a nanosecond or a few of them later it is certain.
        let certain = beyond.saturating_add(2).saturating_add(beyond >> 50);
        ever.then(|| Span(self.fresh.0.saturating_add(certain)))
    }

    /// The ticks to add to the half spread at an age, in `[0, ticks_max]`.
    ///
    /// # Errors
    /// [`TooUncertain`] where nothing should be quoted.
    pub fn extra_ticks(&self, age: Span, sigma_ticks_per_sqrt_s: Option<f64>) -> Result<f64, TooUncertain> {
        if age <= self.fresh {
            return Ok(0.0);
        }
        let sigma = sigma_ticks_per_sqrt_s.filter(|sigma| *sigma >= 0.0).ok_or(TooUncertain::NoVolatility)?;
        let beyond = Span(age.0 - self.fresh.0).as_secs_f64();
        let extra = self.sigmas * sigma * libm::sqrt(beyond);
        if extra <= self.ticks_max { Ok(extra) } else { Err(TooUncertain::TooWide) }
    }
}

#[cfg(test)]
mod tests;
