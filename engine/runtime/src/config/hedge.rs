//! How what quotes leave open is hedged, as configuration writes it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Bps, Decimal, Duration, LimitsConfig, MarketConfig, Size, VolatilityConfig};

/// Hedging of every base asset that is quoted elsewhere on an instrument of one market. Sizes are of that instrument.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HedgeConfig {
    /// Where hedges are traded; its instruments are not quoted.
    pub market: MarketConfig,
    /// Share of the exposure to hedge, 0 to 2.
    pub ratio: f64,
    /// The band within which nothing is hedged.
    pub band: HedgeBandConfig,
    /// Largest single order.
    pub order_max: Size,
    /// Largest value of all open hedge orders, in quote currency.
    pub notional_max: Decimal,
    /// What margin may be taken from, in quote currency.
    pub capital: Decimal,
    /// Initial margin as a share of an order's value.
    pub margin: f64,
    /// How far an order of the best price's size moves the price.
    pub impact_bps: Bps,
    /// How far from the mid an order may be priced; within `limits.collar_bps`.
    pub slippage_max_bps: Bps,
    /// Least time between orders.
    pub cooldown: Duration,
    /// What makes a hedge go to the opposite best price.
    pub touch: RungConfig,
    /// What makes a hedge take.
    pub take: RungConfig,
    /// A resting order this near to its wanted price stays.
    pub reprice_tolerance_bps: Bps,
    /// A resting order is not re-priced sooner than this.
    pub reprice_min: Duration,
    /// How long a venue rests that refused an order.
    pub reject_rest: Duration,
    /// Decide again at least this often.
    pub check_interval: Duration,
    /// Volatility of the hedge instrument's mid; needed by a band of cost against risk.
    pub volatility: Option<VolatilityConfig>,
    /// Limits of the risk gate for hedge orders.
    pub limits: LimitsConfig,
}

/// The band within which nothing is hedged.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum HedgeBandConfig {
    /// Always this half-width.
    Fixed(Size),
    /// From cost against risk.
    Cost {
        /// Risk aversion per unit of quote currency.
        gamma: f64,
        /// How far our own fills move the exposure, base units per square root of a second.
        flow: f64,
        /// Least half-width.
        min: Size,
        /// Greatest half-width.
        max: Size,
    },
}

/// What leads to a stage of urgency: any of the three.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RungConfig {
    /// Outside the band for this long.
    pub age: Duration,
    /// Outside the band by this much.
    pub excess: Size,
    /// The price moved against the hedge by this much.
    pub adverse_bps: Bps,
}
