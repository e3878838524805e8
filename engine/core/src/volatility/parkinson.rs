//! Volatility from the high and the low of bars of a fixed time.
//!
//! Never here: bars of irregular length, a bar seen in part, a range without what the mid was when the bar began.

use ballast_model::{Digest, HalfTicks, Nanos, Span};

use super::WINDOW_MAX;
use super::squares::SquareRing;

/// What a [`ParkinsonVolatility`] is built from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParkinsonParams {
    /// Length of a bar. Above zero.
    pub bar: Span,
    /// Bars in the window. In `1..=`[`WINDOW_MAX`].
    pub bars: usize,
    /// No estimate before this many whole bars. In `1..=bars`.
    pub bars_min: usize,
}

/// Which parameter of [`ParkinsonParams`] is outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParkinsonParamError {
    /// The length of a bar is not above zero.
    Bar,
    /// The window holds no bar or more than [`WINDOW_MAX`].
    Bars,
    /// The warm-up asks for no bar, or for more than the window holds.
    BarsMin,
}

impl core::fmt::Display for ParkinsonParamError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Bar => "the length of a bar must be above zero",
            Self::Bars => "the window must hold 1 to 4096 bars",
            Self::BarsMin => "the warm-up must be between one bar and the whole window",
        })
    }
}

impl core::error::Error for ParkinsonParamError {}

/// Parkinson (1980), "The extreme value method for estimating the variance of the rate of return", Journal of Business 53:
/// `σ² = Σ (H_i − L_i)² / (4·ln 2·n·B)` over the last `n` whole bars of `B` seconds, in ticks² per second.
///
/// `E(H − L)² = 4·ln 2·σ²B` for a driftless Brownian motion (Feller 1951); the paper takes logarithms of prices, here `H`
/// and `L` are mids in ticks, for a `σ` in ticks. Per bar its variance is a fifth of the squared increment's.
///
/// **Bias.** The mid is seen at the updates only, and the highest of `m` equally spaced points of a bar lies on average
/// `0.5826·σ·√(B/m)` below the highest of the path (Broadie, Glasserman and Kou 1997, Mathematical Finance 7, with
/// `0.5826 = −ζ(1/2)/√(2π)`), the lowest as much above. With `E(H − L) = σ√(8B/π)` the estimate of `σ²` comes out low by
/// the factor `1 − (2·0.5826·√(8/π)/√m − (2·0.5826)²/m)/(4·ln 2)`: σ 2 % low at m = 1000, 7 % at m = 100, 21 % at m = 10.
/// It is not corrected: the bounce of the mid between ticks widens the range by about as many ticks whatever the bar, and
/// neither is known. Choose bars with many moves in them.
///
/// Bars begin at multiples of `B` on the driver's clock, and the mid that stood when one began belongs to its range. The
/// bar of the first update is seen in part and does not count. A silence longer than the window empties it.
#[derive(Clone, Debug)]
pub struct ParkinsonVolatility {
    params: ParkinsonParams,
    last: Option<Last>,
    ranges: SquareRing,
}

/// The newest update and the bar it lies in.
#[derive(Clone, Copy, Debug)]
struct Last {
    mid: HalfTicks,
    time: Nanos,
    high: HalfTicks,
    low: HalfTicks,
    bar: BarSeen,
}

/// How much of a bar has been seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BarSeen {
    /// From its middle on.
    Partly,
    /// From its beginning on.
    Whole,
}

impl ParkinsonVolatility {
    /// An estimator that has seen nothing.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn new(params: ParkinsonParams) -> Result<Self, ParkinsonParamError> {
        if params.bar <= Span::ZERO {
            return Err(ParkinsonParamError::Bar);
        }
        if params.bars == 0 || params.bars > WINDOW_MAX {
            return Err(ParkinsonParamError::Bars);
        }
        if params.bars_min == 0 || params.bars_min > params.bars {
            return Err(ParkinsonParamError::BarsMin);
        }
        Ok(Self { params, last: None, ranges: SquareRing::new(params.bars) })
    }

    /// Takes the mid at `now`.
    ///
    /// # Panics
    /// If `now` is before an earlier update: the driver's clock never falls.
    #[inline]
    pub fn update(&mut self, mid: HalfTicks, now: Nanos) {
        let begun = match self.last {
            None => Last { mid, time: now, high: mid, low: mid, bar: BarSeen::Partly },
            Some(last) => {
                assert!(now >= last.time, "time went backward");
                self.turn(last, mid, now)
            }
        };
        self.last =
            Some(Last { mid, time: now, high: begun.high.max(mid), low: begun.low.min(mid), ..begun });
    }

    /// Completes the bars between the last update and `now`; returns the bar under way before it takes the mid in.
    fn turn(&mut self, last: Last, mid: HalfTicks, now: Nanos) -> Last {
        let length = self.params.bar.0;
        let passed = now.0.div_euclid(length).saturating_sub(last.time.0.div_euclid(length));
        if passed == 0 {
            return last;
        }
        let bars = usize::try_from(passed).unwrap_or(usize::MAX);
        if bars > self.ranges.capacity() {
            self.ranges.clear();
            return Last { mid, time: now, high: mid, low: mid, bar: BarSeen::Partly };
        }
        if last.bar == BarSeen::Whole {
            self.ranges.push(last.high.0.saturating_sub(last.low.0));
        }
        for _ in 1..bars {
            self.ranges.push(0);
        }
        Last { high: last.mid, low: last.mid, bar: BarSeen::Whole, ..last }
    }

    /// Volatility in ticks per square root of a second, zero for a mid that has not moved; `None` before `bars_min`.
    #[must_use]
    #[inline]
    pub fn sigma_ticks_per_sqrt_s(&self) -> Option<f64> {
        let mean = self.ranges.mean_ticks_squared()?;
        let warm = self.ranges.len() >= self.params.bars_min;
        let time = 4.0 * core::f64::consts::LN_2 * self.params.bar.as_secs_f64();
        warm.then(|| libm::sqrt(mean / time))
    }

    /// Takes the whole state into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        match self.last {
            None => digest.word(0),
            Some(last) => {
                digest.word(1);
                for number in [last.mid.0, last.time.0, last.high.0, last.low.0] {
                    digest.signed(number);
                }
                digest.word(last.bar as u64);
            }
        }
        self.ranges.digest(digest);
    }
}

#[cfg(test)]
mod tests;
