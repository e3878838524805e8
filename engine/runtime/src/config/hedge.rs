//! How what quotes leave open is hedged, as configuration writes it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Bps, Decimal, Duration, LimitsConfig, MarketConfig, Size, VolatilityConfig};

/// Hedging of every base asset that is quoted elsewhere, on the instruments of one market or several that are not quoted: those of
/// the same quote currency, or of one that `[risk]` says is worth as much. Sizes are of the instrument they bound; those of the band
/// and the stages of the first.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HedgeConfig {
    /// Where hedges are traded; its instruments are not quoted. This or `markets`.
    pub market: Option<MarketConfig>,
    /// Several such markets, each once: what is to be hedged is split over them by cost, and of equal costs the one named first
    /// is preferred.
    pub markets: Option<Vec<MarketConfig>>,
    /// Share of the exposure to hedge, 0 to 2.
    pub ratio: f64,
    /// The band within which nothing is hedged.
    pub band: HedgeBandConfig,
    /// Largest single order; within `limits.order_max`.
    pub order_max: Size,
    /// Largest value of all open hedge orders, in quote currency.
    pub notional_max: Decimal,
    /// What margin may be taken from, in quote currency.
    pub capital: Decimal,
    /// Initial margin as a share of an order's value: above 0, at most 1.
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
    /// How funding counts; not at all where absent.
    pub funding: Option<HedgeFundingConfig>,
    /// What an order of unknown fate adds to the cost of its instrument, in basis points; nothing where absent.
    pub unknown_penalty_bps: Option<Bps>,
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
        /// How far funding may move the band towards the side that is paid; not at all where absent. Needs `funding`.
        shift_max: Option<Size>,
    },
}

/// How funding counts in the choice of the instrument to hedge on, and in the band. A rate is that of the running period, as the
/// mark price stream tells it, and known until that period's end.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HedgeFundingConfig {
    /// How long a hedge is expected to be held.
    pub horizon: Duration,
    /// Time between two exchanges of funding.
    pub interval: Duration,
    /// Bound of what that costs or earns, in basis points, and the cost where the rate is not known.
    pub cost_max_bps: Bps,
}

impl HedgeConfig {
    /// Where hedges are traded.
    #[must_use]
    pub fn markets(&self) -> &[MarketConfig] {
        let one = self.market.as_ref().map(std::slice::from_ref);
        self.markets.as_deref().or(one).unwrap_or_default()
    }

    /// The key that says where hedges are traded.
    pub(super) const fn markets_key(&self) -> &'static str {
        if self.markets.is_some() { "markets" } else { "market" }
    }

    /// The first rule that this breaks whatever the data, with its key.
    pub(super) fn broken_rule(&self) -> Option<(&'static str, &'static str)> {
        let (key, markets) = (self.markets_key(), self.markets());
        if self.market.is_some() == self.markets.is_some() {
            return Some((key, "give market, or markets"));
        }
        if markets.is_empty() {
            return Some((key, "is empty: say where to hedge"));
        }
        if markets
            .iter()
            .enumerate()
            .any(|(index, market)| markets.iter().take(index).any(|other| other == market))
        {
            return Some((key, "names a market twice"));
        }
        let inverse = markets.contains(&MarketConfig::Coinm);
        inverse.then_some((
            key,
            "is coin-margined: the base size of an inverse contract follows the price, so no hedge is exact",
        ))
    }
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
