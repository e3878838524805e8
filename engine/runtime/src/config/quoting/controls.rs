//! What the tables of optional controls and of questions mean for one instrument.

use ballast_core::gate::{
    Controls, Executions, FillBreaker, Gate, GateLimits, OracleLimit, OrderToTrade, PeriodCollar,
    PeriodNotional, VolatilityBreaker,
};
use ballast_core::oms::SweepLimits;
use ballast_model::{InstrumentId, Lots};

use super::Quoting;
use crate::config::controls::{ControlsConfig, FillBreakerConfig};
use crate::config::{ConfigError, Duration, LimitsConfig, Size};

impl Quoting<'_> {
    /// The optional controls.
    ///
    /// # Errors
    /// The first rule that a value breaks.
    pub(in crate::config) fn controls(
        &self,
        limits: &LimitsConfig,
        gate: GateLimits,
    ) -> Result<Controls, ConfigError> {
        let Some(table) = &limits.controls else { return Ok(Controls::NONE) };
        if table.loss.as_ref().is_some_and(|loss| !loss.limits().limits()) {
            return Err(self.rule("limits.controls.loss", "limits nothing"));
        }
        let controls = self.read(table)?;
        for (key, alone) in one_by_one(&controls) {
            let gate =
                Gate::new(InstrumentId(0), self.spec, gate).map_err(|error| self.rule("limits", error))?;
            if let Err(error) = gate.with_controls(&alone) {
                return Err(self.rule(&format!("limits.controls.{key}"), error));
            }
        }
        Ok(controls)
    }

    /// When the venue is asked about an order.
    ///
    /// # Errors
    /// A span that is not above zero.
    pub(in crate::config) fn sweep(&self, limits: &LimitsConfig) -> Result<SweepLimits, ConfigError> {
        let limits = limits.sweep.unwrap_or_default().limits();
        limits.map_err(|key| self.rule(&format!("limits.sweep.{key}"), "must be above zero"))
    }

    fn read(&self, table: &ControlsConfig) -> Result<Controls, ConfigError> {
        Ok(Controls {
            period_collar: table.period_collar.map(|collar| PeriodCollar {
                window: collar.window.span(),
                through_max: collar.through_max_bps.rate(),
            }),
            period_notional: table.period_notional.as_ref().map(|control| PeriodNotional {
                window: control.window.span(),
                max: control.notional_max.money(),
            }),
            duplicate_window: table.duplicate_window.map(Duration::span),
            executions: table
                .executions
                .map(|control| Executions { window: control.window.span(), max: control.fills_max }),
            order_to_trade: table.order_to_trade.map(|control| OrderToTrade {
                window: control.window.span(),
                free: control.orders_free,
                per_fill: control.orders_per_fill,
            }),
            volatility: table.volatility.map(|breaker| VolatilityBreaker {
                window: breaker.window.span(),
                trip: breaker.trip_bps.rate(),
                calm: breaker.calm_bps.rate(),
            }),
            oracle: table.oracle.map(|oracle| OracleLimit {
                divergence_max: oracle.divergence_max_bps.rate(),
                age_max: oracle.age_max.span(),
            }),
            fills: table.fills.as_ref().map(|breaker| self.fill_breaker(breaker)).transpose()?,
            loss: table.loss.as_ref().map(crate::config::LossConfig::limits),
        })
    }

    fn fill_breaker(&self, breaker: &FillBreakerConfig) -> Result<FillBreaker, ConfigError> {
        let lots = |key: &str, size: &Option<Size>| -> Result<Option<Lots>, ConfigError> {
            let key = format!("limits.controls.fills.{key}");
            size.as_ref().map(|size| self.size(&key, size)).transpose()
        };
        Ok(FillBreaker {
            window: breaker.window.span(),
            fills_max: breaker.fills_max,
            lots_max: lots("traded_max", &breaker.traded_max)?,
            net_max: lots("net_max", &breaker.net_max)?,
            frozen_for: breaker.frozen_for.map(Duration::span),
        })
    }
}

/// Each control by itself, with its key.
const fn one_by_one(controls: &Controls) -> [(&'static str, Controls); 9] {
    let none = Controls::NONE;
    [
        ("period_collar", Controls { period_collar: controls.period_collar, ..none }),
        ("period_notional", Controls { period_notional: controls.period_notional, ..none }),
        ("duplicate_window", Controls { duplicate_window: controls.duplicate_window, ..none }),
        ("executions", Controls { executions: controls.executions, ..none }),
        ("order_to_trade", Controls { order_to_trade: controls.order_to_trade, ..none }),
        ("volatility", Controls { volatility: controls.volatility, ..none }),
        ("oracle", Controls { oracle: controls.oracle, ..none }),
        ("fills", Controls { fills: controls.fills, ..none }),
        ("loss", Controls { loss: controls.loss, ..none }),
    ]
}
