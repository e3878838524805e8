//! What a table of quoting means for one instrument.

use std::path::Path;

use ballast_core::fair::FairKind;
use ballast_core::gate::GateLimits;
use ballast_core::model::{
    AvellanedaParams, AvellanedaStoikov, FixedSpread, FixedSpreadParams, Horizon, Model, ModelParamError,
    Scales,
};
use ballast_core::quotes::Tolerance;
use ballast_core::shard::{QuotingSpec, Trigger};
use ballast_core::volatility::EwmaParams;
use ballast_model::{HalfTicks, InstrumentSpec, LOTS_MAX, Lots, Price, Rate, Ticks};

use super::{
    Config, ConfigError, FairConfig, LimitsConfig, ModelConfig, ORDERS_MAX, QuotingConfig, Requote, Size,
};

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
        for (key, span) in [("touch_age_max", limits.touch_age_max), ("order_expiry", limits.order_expiry)] {
            if span.span().0 <= 0 {
                return Err(self.rule(&format!("limits.{key}"), "must be above zero"));
            }
        }
        Ok(QuotingSpec {
            model: self.model(&quoting.model)?,
            fair: match quoting.fair {
                FairConfig::Mid => FairKind::Mid,
                FairConfig::WeightedMid => FairKind::WeightedMid,
            },
            volatility: self.volatility(quoting)?,
            trigger: match quoting.requote {
                Requote::Touch => Trigger::Touch,
                Requote::Every(interval) => Trigger::Every(interval.span()),
            },
            tolerance: Tolerance {
                price: Ticks(i64::from(quoting.price_tolerance_ticks)),
                size: share(quoting.size_tolerance),
            },
            limits: self.limits(limits)?,
            touch_age_max: limits.touch_age_max.span(),
            order_expiry: limits.order_expiry.span(),
        })
    }

    fn rule(&self, key: &str, rule: impl core::fmt::Display) -> ConfigError {
        self.config.rule(self.path, &format!("{}.{key}", self.key), rule)
    }

    fn volatility(&self, quoting: &QuotingConfig) -> Result<Option<EwmaParams>, ConfigError> {
        let Some(volatility) = quoting.volatility else { return Ok(None) };
        for (key, span, least) in [
            ("half_life", volatility.half_life, 1),
            ("interval_min", volatility.interval_min, 0),
            ("warm_up", volatility.warm_up, 0),
        ] {
            if span.span().0 < least {
                let rule = if least > 0 { "must be above zero" } else { "must not be negative" };
                return Err(self.rule(&format!("volatility.{key}"), rule));
            }
        }
        if volatility.samples_min == 0 {
            return Err(self.rule("volatility.samples_min", "must be above zero"));
        }
        Ok(Some(EwmaParams {
            half_life: volatility.half_life.span(),
            interval_min: volatility.interval_min.span(),
            elapsed_min: volatility.warm_up.span(),
            samples_min: volatility.samples_min,
        }))
    }

    fn limits(&self, limits: &LimitsConfig) -> Result<GateLimits, ConfigError> {
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
        })
    }

    fn model(&self, model: &ModelConfig) -> Result<Model, ConfigError> {
        let scales = Scales::new(self.spec);
        let refused = |error: ModelParamError| self.rule(&format!("model.{}", key_of(error)), error);
        let size = |key: &str, size: &Size| self.size(&format!("model.{key}"), size);
        match model {
            ModelConfig::AvellanedaStoikov {
                gamma,
                k_per_bp,
                session,
                size: quote,
                size_reducing_max,
                inventory_max,
                skew_max_bps,
            } => {
                let ticks_per_bp = self.mid.to_ticks_f64() * 1e-4;
                let lots = size("size", quote)?;
                let params = AvellanedaParams {
                    gamma: *gamma,
                    k: k_per_bp / (ticks_per_bp * self.spec.tick.to_f64()),
                    horizon: session.map_or(Horizon::Infinite, |session| Horizon::Session(session.span())),
                    size: lots,
                    size_reducing_max: match size_reducing_max {
                        Some(reducing) => size("size_reducing_max", reducing)?,
                        None => lots,
                    },
                    inventory_max: size("inventory_max", inventory_max)?,
                    skew_max: whole_ticks(skew_max_bps * ticks_per_bp),
                };
                AvellanedaStoikov::new(params, scales).map(Model::AvellanedaStoikov).map_err(refused)
            }
            ModelConfig::FixedSpread {
                half_spread_ticks,
                skew_ticks_per_base,
                size: quote,
                inventory_max,
            } => {
                let params = FixedSpreadParams::plain(
                    Ticks(i64::from(*half_spread_ticks)),
                    *skew_ticks_per_base,
                    size("size", quote)?,
                    size("inventory_max", inventory_max)?,
                );
                FixedSpread::new(params, scales).map(Model::FixedSpread).map_err(refused)
            }
        }
    }

    fn size(&self, key: &str, size: &Size) -> Result<Lots, ConfigError> {
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

/// The key of the parameter at fault.
const fn key_of(error: ModelParamError) -> &'static str {
    match error {
        ModelParamError::Gamma => "gamma",
        ModelParamError::K => "k_per_bp",
        ModelParamError::ArrivalRate => "a_per_second",
        ModelParamError::Horizon => "session",
        ModelParamError::Size => "size",
        ModelParamError::SizeReducingMax => "size_reducing_max",
        ModelParamError::InventoryMax | ModelParamError::ExactOrders => "inventory_max",
        ModelParamError::SkewMax => "skew_max_bps",
        ModelParamError::HalfSpread => "half_spread_ticks",
        ModelParamError::Skew => "skew_ticks_per_base",
        ModelParamError::LiquidityMin => "liquidity_min",
        ModelParamError::LiquidityWithin => "liquidity_within_ticks",
        ModelParamError::ProfitMin => "profit_margin_bps",
        ModelParamError::Pull => "pull_other",
        ModelParamError::Levels => "levels",
        ModelParamError::Step => "step_ticks",
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
