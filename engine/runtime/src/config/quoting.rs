//! What a table of quoting means for one instrument.

mod blend;
mod controls;
mod model;
mod shape;
mod shape_rules;

use std::path::Path;

use ballast_core::gate::{GateLimits, ReducingQuotes};
use ballast_core::intensity::{IntensityEstimator, IntensityParamError, IntensityParams};
use ballast_core::quotes::Tolerance;
use ballast_core::shard::{QuotingSpec, Trigger};
use ballast_core::volatility::{
    EwmaParamError, ParkinsonParamError, RealisedParamError, Volatility, VolatilityKind, VolatilityParamError,
};
use ballast_model::{HalfTicks, InstrumentId, InstrumentSpec, LOTS_MAX, Lots, Price, Rate, Ticks};
use ballast_venue::binance::Market;

use super::{Config, ConfigError, LimitsConfig, ORDERS_MAX, QuotingConfig, Requote, Size, VolatilityConfig};
pub(super) use blend::{InputVenue, input_venues};

/// A table of quoting being applied to an instrument.
pub(super) struct Quoting<'a> {
    pub(super) config: &'a Config,
    /// The file, for messages.
    pub(super) path: &'a Path,
    /// The table's key.
    pub(super) key: String,
    pub(super) spec: &'a InstrumentSpec,
    /// Price at which sizes in quote currency are converted.
    pub(super) mid: HalfTicks,
    /// The instrument's market.
    pub(super) market: Market,
    /// Maker fee in it.
    pub(super) maker_fee: Rate,
    /// What a fill is hedged on, where the model hedges on another instrument and there is one.
    pub(super) hedge: Option<Hedge>,
    /// The instruments that a blended fair value is made from, by its inputs; see [`input_venues`].
    pub(super) inputs: &'a [Option<InputVenue<'a>>],
}

/// The instrument a fill is hedged on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hedge {
    pub(super) instrument: InstrumentId,
    /// Taker fee of its market.
    pub(super) taker_fee: Rate,
}

impl Quoting<'_> {
    /// What the core is to do.
    ///
    /// # Errors
    /// The first rule that a value breaks.
    pub(super) fn resolve(&self, quoting: &QuotingConfig) -> Result<QuotingSpec, ConfigError> {
        if !(0.0..=1.0).contains(&quoting.size_tolerance) {
            return Err(self.rule("size_tolerance", "must be from 0 to 1"));
        }
        let limits = &quoting.limits;
        let gate = self.limits(limits)?;
        let size = self.size("model.size", quoting.model.size())?;
        if size > gate.position_lots_max {
            return Err(self.rule("limits.position_max", "is below the size of a quote"));
        }
        // Sizes made anew may be smaller than the model's.
        let is_quoted = quoting.shape.as_ref().is_none_or(|shape| shape.size.is_none());
        if is_quoted && size > gate.order_lots_max {
            return Err(self.rule("limits.order_max", "is below the size of a quote"));
        }
        Ok(QuotingSpec {
            model: self.model(&quoting.model)?,
            fair: self.fair(&quoting.fair)?,
            blend: self.blend(quoting)?,
            volatility: self.volatility(quoting.volatility)?,
            intensity: self.intensity(quoting)?,
            hedged_on: self.hedge.map(|hedge| hedge.instrument),
            hedge_lots: self.hedge_lots(&quoting.model)?,
            trigger: match quoting.requote {
                Requote::Touch => Trigger::Touch,
                Requote::Every(interval) => Trigger::Every(interval.span()),
            },
            tolerance: Tolerance {
                price: Ticks(i64::from(quoting.price_tolerance_ticks)),
                size: share(quoting.size_tolerance),
            },
            amend: quoting.amend.rules(self.market),
            shaping: self.shaping(quoting)?,
            exits: self.exits(quoting)?,
            limits: gate,
            touch_age_max: limits.touch_age_max.span(),
            order_expiry: limits.order_expiry.span(),
        })
    }

    pub(super) fn rule(&self, key: &str, rule: impl core::fmt::Display) -> ConfigError {
        self.config.rule(self.path, &format!("{}.{key}", self.key), rule)
    }

    pub(super) fn volatility(
        &self,
        volatility: Option<VolatilityConfig>,
    ) -> Result<Option<VolatilityKind>, ConfigError> {
        let Some(volatility) = volatility else { return Ok(None) };
        let kind = volatility.kind().map_err(|(key, rule)| self.rule(&format!("volatility.{key}"), rule))?;
        let broken = Volatility::new(kind).err();
        let broken = broken.map(|error| self.rule(&format!("volatility.{}", volatility_key(error)), error));
        broken.map_or(Ok(Some(kind)), Err)
    }

    fn intensity(&self, quoting: &QuotingConfig) -> Result<Option<IntensityParams>, ConfigError> {
        let Some(intensity) = &quoting.intensity else { return Ok(None) };
        let params = intensity.params();
        let broken = IntensityEstimator::new(params).err();
        let broken = broken.map(|error| self.rule(&format!("intensity.{}", intensity_key(error)), error));
        broken.map_or(Ok(Some(params)), Err)
    }

    pub(super) fn limits(&self, limits: &LimitsConfig) -> Result<GateLimits, ConfigError> {
        for (key, span) in [("touch_age_max", limits.touch_age_max), ("order_expiry", limits.order_expiry)] {
            if span.span().0 <= 0 {
                return Err(self.rule(&format!("limits.{key}"), "must be above zero"));
            }
        }
        let collar = limits.collar_bps.rate();
        if collar.0 <= 0 {
            return Err(self.rule("limits.collar_bps", "must be above zero"));
        }
        if !(1..=ORDERS_MAX).contains(&limits.open_orders_max) {
            return Err(self.rule("limits.open_orders_max", "must be from 1 to 10 000"));
        }
        for (key, rate) in
            [("order_burst", limits.order_burst), ("orders_per_second", limits.orders_per_second)]
        {
            if rate == 0 {
                return Err(self.rule(&format!("limits.{key}"), "must be above zero"));
            }
        }
        let order_notional_max = limits.order_notional_max.money();
        if order_notional_max < self.spec.notional_min {
            return Err(self.rule("limits.order_notional_max", "is below the smallest order value"));
        }
        Ok(GateLimits {
            order_lots_max: self.size("limits.order_max", &limits.order_max)?,
            order_notional_max,
            position_lots_max: self.size("limits.position_max", &limits.position_max)?,
            open_orders_max: u32::try_from(limits.open_orders_max).unwrap_or(u32::MAX),
            collar_through_max: collar,
            collar_away_max: collar,
            order_burst_max: limits.order_burst,
            orders_per_second_max: limits.orders_per_second,
            reducing_quotes: ReducingQuotes::Pass,
        })
    }

    pub(super) fn size(&self, key: &str, size: &Size) -> Result<Lots, ConfigError> {
        let lots = match size {
            Size::Lots(lots) => *lots,
            Size::Base(base) => {
                base.steps(self.spec.lot).ok_or_else(|| self.rule(key, "is not a whole number of lots"))?
            }
            Size::Quote(quote) => {
                let lot = self.spec.notional(Price((self.mid.0 / 2).max(1)), Lots(1));
                i64::try_from(quote.money().0 / lot.0.max(1)).unwrap_or(i64::MAX).max(1)
            }
        };
        let range = 1..=LOTS_MAX;
        if range.contains(&lots) {
            Ok(Lots(lots))
        } else {
            Err(self.rule(key, format_args!("must be from 1 to {LOTS_MAX} lots")))
        }
    }
}

/// The key of the volatility parameter at fault.
const fn volatility_key(error: VolatilityParamError) -> &'static str {
    match error {
        VolatilityParamError::Ewma(EwmaParamError::HalfLife) => "half_life",
        VolatilityParamError::Ewma(EwmaParamError::IntervalMin) => "interval_min",
        VolatilityParamError::Ewma(EwmaParamError::ElapsedMin) => "warm_up",
        VolatilityParamError::Ewma(EwmaParamError::SamplesMin)
        | VolatilityParamError::Realised(RealisedParamError::SamplesMin) => "samples_min",
        VolatilityParamError::Realised(RealisedParamError::Interval) => "interval",
        VolatilityParamError::Realised(RealisedParamError::Samples) => "samples",
        VolatilityParamError::Parkinson(ParkinsonParamError::Bar) => "bar",
        VolatilityParamError::Parkinson(ParkinsonParamError::Bars) => "bars",
        VolatilityParamError::Parkinson(ParkinsonParamError::BarsMin) => "bars_min",
    }
}

/// The key of the calibration's parameter at fault.
const fn intensity_key(error: IntensityParamError) -> &'static str {
    match error {
        IntensityParamError::HalfLife => "half_life",
        IntensityParamError::Distance => "step_ticks",
        IntensityParamError::Distances => "distances",
        IntensityParamError::ElapsedMin => "warm_up",
        IntensityParamError::OrdersMin => "orders_min",
        IntensityParamError::KBounds => "k_min",
        IntensityParamError::AMax => "a_max",
        IntensityParamError::RSquaredMin => "r_squared_min",
    }
}

/// A share from 0 to 1 as a rate.
#[expect(clippy::cast_possible_truncation, reason = "at most 10^8 where the share was checked")]
pub(super) fn share(share: f64) -> Rate {
    Rate((share * 1e8).round() as i64)
}

#[expect(clippy::cast_possible_truncation, reason = "saturates; a negative bound is refused by the model")]
pub(super) fn whole_ticks(ticks: f64) -> Ticks {
    Ticks(ticks.floor() as i64)
}
