//! Volatility and the calibration of arrivals, as configuration writes them.

use ballast_core::intensity::IntensityParams;
use ballast_core::volatility::{EwmaParams, ParkinsonParams, RealisedParams, VolatilityKind};
use ballast_model::Ticks;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Duration;

/// Volatility estimator.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VolatilityConfig {
    /// Which; `ewma` where absent.
    #[serde(default)]
    pub kind: VolatilityKindConfig,
    /// `ewma`: time after which an observation weighs half.
    pub half_life: Option<Duration>,
    /// `ewma`: increments are measured over at least this time.
    pub interval_min: Option<Duration>,
    /// `ewma`: no estimate before this much time.
    pub warm_up: Option<Duration>,
    /// `ewma` and `realised`: no estimate before this many increments.
    pub samples_min: Option<u32>,
    /// `realised`: time between two samples.
    pub interval: Option<Duration>,
    /// `realised`: samples in the window.
    pub samples: Option<usize>,
    /// `parkinson`: length of a bar.
    pub bar: Option<Duration>,
    /// `parkinson`: bars in the window.
    pub bars: Option<usize>,
    /// `parkinson`: no estimate before this many bars.
    pub bars_min: Option<usize>,
}

/// Which volatility estimator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VolatilityKindConfig {
    /// Exponentially weighted in time.
    #[default]
    Ewma,
    /// Realised over a sliding window.
    Realised,
    /// High and low of fixed bars (Parkinson 1980).
    Parkinson,
}

/// Calibration of how often orders reach a quote, from public trades.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IntensityConfig {
    /// Time after which a market order weighs half.
    pub half_life: Duration,
    /// First distance counted at, in ticks from the mid.
    pub first_ticks: u32,
    /// Ticks between two distances.
    pub step_ticks: u32,
    /// How many distances.
    pub distances: usize,
    /// No estimate before this much time.
    pub warm_up: Duration,
    /// No estimate before this many market orders.
    pub orders_min: u32,
    /// A fitted decay below this is refused, per tick.
    pub k_min: f64,
    /// A fitted decay above this is refused, per tick.
    pub k_max: f64,
    /// A fitted rate above this is refused, per second.
    pub a_max: f64,
    /// A fit that explains a smaller share of the variance is refused.
    pub r_squared_min: f64,
}

/// A key of a table and the rule it breaks.
pub(super) type Broken = (&'static str, String);

impl VolatilityConfig {
    /// What the core is to estimate by.
    ///
    /// # Errors
    /// The first key that is missing, or belongs to another kind.
    pub(super) fn kind(&self) -> Result<VolatilityKind, Broken> {
        use VolatilityKindConfig::{Ewma, Parkinson, Realised};
        let keys: [(&'static str, bool, &[VolatilityKindConfig]); 9] = [
            ("half_life", self.half_life.is_some(), &[Ewma]),
            ("interval_min", self.interval_min.is_some(), &[Ewma]),
            ("warm_up", self.warm_up.is_some(), &[Ewma]),
            ("samples_min", self.samples_min.is_some(), &[Ewma, Realised]),
            ("interval", self.interval.is_some(), &[Realised]),
            ("samples", self.samples.is_some(), &[Realised]),
            ("bar", self.bar.is_some(), &[Parkinson]),
            ("bars", self.bars.is_some(), &[Parkinson]),
            ("bars_min", self.bars_min.is_some(), &[Parkinson]),
        ];
        for (key, is_there, kinds) in keys {
            match (is_there, kinds.contains(&self.kind)) {
                (true, false) => return Err((key, "belongs to another kind of volatility".to_owned())),
                (false, true) => return Err((key, "is missing".to_owned())),
                (true, true) | (false, false) => {}
            }
        }
        let span = |duration: Option<Duration>| duration.map_or(ballast_model::Span::ZERO, Duration::span);
        let samples_min = self.samples_min.unwrap_or_default();
        Ok(match self.kind {
            Ewma => VolatilityKind::Ewma(EwmaParams {
                half_life: span(self.half_life),
                interval_min: span(self.interval_min),
                elapsed_min: span(self.warm_up),
                samples_min,
            }),
            Realised => VolatilityKind::Realised(RealisedParams {
                interval: span(self.interval),
                samples: self.samples.unwrap_or_default(),
                samples_min: samples_min as usize,
            }),
            Parkinson => VolatilityKind::Parkinson(ParkinsonParams {
                bar: span(self.bar),
                bars: self.bars.unwrap_or_default(),
                bars_min: self.bars_min.unwrap_or_default(),
            }),
        })
    }
}

impl IntensityConfig {
    /// What the core is to calibrate by.
    pub(super) fn params(&self) -> IntensityParams {
        IntensityParams {
            half_life: self.half_life.span(),
            first: Ticks(i64::from(self.first_ticks)),
            step: Ticks(i64::from(self.step_ticks)),
            distances: self.distances,
            elapsed_min: self.warm_up.span(),
            orders_min: self.orders_min,
            k_min: self.k_min,
            k_max: self.k_max,
            a_max: self.a_max,
            r_squared_min: self.r_squared_min,
        }
    }
}
