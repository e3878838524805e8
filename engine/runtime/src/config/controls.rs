//! The gate's optional controls and the questions about orders, as configuration writes them.

use ballast_core::gate::{GateState, LossLimits};
use ballast_core::oms::SweepLimits;
use ballast_model::Money;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Bps, Decimal, Duration, Size};

/// Optional controls of one instrument. Each holds only where its table is there; all but the losses and the fills hold for
/// orders that add to the position only.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ControlsConfig {
    /// Prices against the range of mids over a period.
    pub period_collar: Option<PeriodCollarConfig>,
    /// Ordered value over a period.
    pub period_notional: Option<PeriodNotionalConfig>,
    /// The same side, price and size may not be ordered twice within this span.
    pub duplicate_window: Option<Duration>,
    /// Repeated executions on one side.
    pub executions: Option<ExecutionsConfig>,
    /// Orders for trades.
    pub order_to_trade: Option<OrderToTradeConfig>,
    /// The range of the mid trips a breaker.
    pub volatility: Option<VolatilityBreakerConfig>,
    /// Mark and index price must be near the mid.
    pub oracle: Option<OracleConfig>,
    /// Fills freeze the quotes.
    pub fills: Option<FillBreakerConfig>,
    /// Losses close the gate; in the instrument's settlement asset, after fees and funding.
    pub loss: Option<LossConfig>,
}

/// A bid may not be far above the lowest mid of the window, nor an ask far below the highest.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PeriodCollarConfig {
    /// How far back.
    pub window: Duration,
    /// In basis points of that extreme.
    pub through_max_bps: Bps,
}

/// Value of all orders that passed within the window.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PeriodNotionalConfig {
    /// How far back.
    pub window: Duration,
    /// In quote currency.
    pub notional_max: Decimal,
}

/// A side that has traded this often gets no further order until fills leave the window.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExecutionsConfig {
    /// How far back.
    pub window: Duration,
    /// Fills of a side.
    pub fills_max: u32,
}

/// Orders within the window may be `orders_free + orders_per_fill · fills`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderToTradeConfig {
    /// How far back.
    pub window: Duration,
    /// Orders that need no fill.
    pub orders_free: u32,
    /// Further orders for each fill.
    pub orders_per_fill: u32,
}

/// Only reducing orders where the mid's range is above `trip`, until it is at or below `calm`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VolatilityBreakerConfig {
    /// How far back.
    pub window: Duration,
    /// In basis points of the lowest mid; above `calm_bps`.
    pub trip_bps: Bps,
    /// The same.
    pub calm_bps: Bps,
}

/// Only reducing orders while the venue's mark or index price is far from the mid, or old.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OracleConfig {
    /// In basis points of the mark or index.
    pub divergence_max_bps: Bps,
    /// An older one is none.
    pub age_max: Duration,
}

/// What trades above any of these within the window freezes the quotes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FillBreakerConfig {
    /// How far back.
    pub window: Duration,
    /// Fills.
    pub fills_max: Option<u32>,
    /// Traded on both sides together.
    pub traded_max: Option<Size>,
    /// Bought less sold, either way.
    pub net_max: Option<Size>,
    /// How long; until the operator resumes where absent.
    pub frozen_for: Option<Duration>,
}

/// Largest losses; what is absent is not limited.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LossConfig {
    /// Realised loss.
    pub realised_max: Option<Decimal>,
    /// Loss of open positions.
    pub unrealised_max: Option<Decimal>,
    /// Fall of both together from their highest.
    pub drawdown_max: Option<Decimal>,
    /// What was lost today before the run, and counts as realised until the operator clears it; nothing where absent.
    pub lost_before: Option<Decimal>,
    /// What a loss above its limit leads to.
    #[serde(default)]
    pub then: HaltConfig,
}

/// How far a gate closes.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HaltConfig {
    /// Only orders that reduce the position.
    #[default]
    ReduceOnly,
    /// Quotes are pulled; only orders marked reduce-only.
    Pause,
    /// As a pause, and for good.
    Kill,
}

/// When the venue is asked about an order; as usual where absent.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SweepConfig {
    /// A request without an answer for this long.
    pub pending_max: Option<Duration>,
    /// An order of unknown fate, or with fills missing, for this long.
    pub unknown_max: Option<Duration>,
    /// A live order the venue has not spoken of for this long.
    pub live_max: Option<Duration>,
    /// Least time between two questions about an order.
    pub query_gap: Option<Duration>,
}

impl LossConfig {
    /// As limits.
    pub(super) fn limits(&self) -> LossLimits {
        let money = |loss: &Option<Decimal>| loss.as_ref().map(Decimal::money);
        LossLimits {
            realised_max: money(&self.realised_max),
            unrealised_max: money(&self.unrealised_max),
            drawdown_max: money(&self.drawdown_max),
            lost_before: money(&self.lost_before).unwrap_or(Money::ZERO),
            then: match self.then {
                HaltConfig::ReduceOnly => GateState::ReduceOnly,
                HaltConfig::Pause => GateState::Paused,
                HaltConfig::Kill => GateState::Killed,
            },
        }
    }
}

impl SweepConfig {
    /// As limits, what is absent by default.
    ///
    /// # Errors
    /// The key of a span that is not above zero.
    pub(super) fn limits(&self) -> Result<SweepLimits, &'static str> {
        let usual = SweepLimits::DEFAULT;
        let span = |key, span: Option<Duration>, usual| match span.map_or(usual, Duration::span) {
            span if span.0 > 0 => Ok(span),
            _ => Err(key),
        };
        Ok(SweepLimits {
            pending_max: span("pending_max", self.pending_max, usual.pending_max)?,
            unknown_max: span("unknown_max", self.unknown_max, usual.unknown_max)?,
            live_max: span("live_max", self.live_max, usual.live_max)?,
            query_gap: span("query_gap", self.query_gap, usual.query_gap)?,
        })
    }
}

#[cfg(test)]
mod tests;
