//! What is watched for arbitrage, as configuration writes it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Bps, Decimal, Duration, MarketConfig, Size};

/// Watching for arbitrage. It is only found and told: no order follows. Taker fees are those of `[venue]`; a detector one of whose
/// instruments is not in the data is left out.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ArbitrageConfig {
    /// Time between two looks.
    pub interval: Duration,
    /// One asset on two markets.
    pub spatial: Vec<SpatialConfig>,
    /// A cycle of three instruments on one market.
    pub triangular: Vec<TriangularConfig>,
    /// Two prices that usually move together.
    pub statistical: Vec<StatisticalConfig>,
    /// A perpetual against its spot.
    pub carry: Vec<CarryConfig>,
}

impl Default for ArbitrageConfig {
    fn default() -> Self {
        Self {
            interval: Duration::from_millis(100),
            spatial: Vec::new(),
            triangular: Vec::new(),
            statistical: Vec::new(),
            carry: Vec::new(),
        }
    }
}

impl ArbitrageConfig {
    /// Every instrument that is named.
    pub(crate) fn legs(&self) -> impl Iterator<Item = &LegConfig> {
        let spatial = self.spatial.iter().flat_map(|one| [&one.first, &one.second]);
        let triangular = self.triangular.iter().flat_map(|one| [&one.first, &one.second, &one.third]);
        let statistical = self.statistical.iter().flat_map(|one| [&one.first, &one.second]);
        let carry = self.carry.iter().flat_map(|one| [&one.spot, &one.perpetual]);
        spatial.chain(triangular).chain(statistical).chain(carry)
    }
}

/// One instrument of a detector.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LegConfig {
    /// Market.
    pub market: MarketConfig,
    /// Symbol as the venue writes it.
    pub symbol: String,
}

/// Bought where it is cheap and sold where it is dear, either way.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpatialConfig {
    /// One market.
    pub first: LegConfig,
    /// The other, on the same assets.
    pub second: LegConfig,
    /// The most to trade on each.
    pub order_max: Size,
    /// A book that was confirmed longer ago than this is not used.
    pub age_max: Duration,
    /// What moving one unit of the base from one market to the other costs, in quote currency; nothing where absent.
    pub transfer_per_unit: Option<Decimal>,
    /// What moving it costs once, in quote currency; nothing where absent.
    pub transfer_fixed: Option<Decimal>,
}

/// From the start asset through two others and back, either way.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TriangularConfig {
    /// One instrument of the cycle.
    pub first: LegConfig,
    /// Another, on the same market.
    pub second: LegConfig,
    /// The last.
    pub third: LegConfig,
    /// The asset it starts and ends with, as symbols write it.
    pub start: String,
    /// The most to trade on each.
    pub order_max: Size,
    /// A book that was confirmed longer ago than this is not used.
    pub age_max: Duration,
}

/// The dear one sold against the cheap one until their spread comes back.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatisticalConfig {
    /// One instrument.
    pub first: LegConfig,
    /// The other, in the same quote currency.
    pub second: LegConfig,
    /// The most to trade on each.
    pub order_max: Size,
    /// A book that was confirmed longer ago than this is not used.
    pub age_max: Duration,
    /// Time between two samples of the spread; no shorter than between two looks.
    pub step: Duration,
    /// Time after which a sample weighs half.
    pub half_life: Duration,
    /// Prices once seen are sampled for no longer than this, and samples used for no longer.
    pub hold_max: Duration,
    /// No opportunity before so many pairs of neighbouring samples.
    pub pairs_min: u32,
    /// Value of the second for that of the first; regressed over the samples where absent.
    pub hedge_ratio: Option<Decimal>,
    /// How many deviations from its mean the spread must be.
    pub entry_z: f64,
    /// A spread that takes longer than this to come half-way back is none.
    pub spread_half_life_max: Duration,
    /// Half-lives of the spread that a position is held for.
    pub horizon: u32,
    /// What holding both costs a day, of the first one's value.
    pub holding_bps_per_day: Bps,
}

/// The spot held against the perpetual for basis and funding, either way.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CarryConfig {
    /// The spot.
    pub spot: LegConfig,
    /// The perpetual, on the same assets; its mark price must be in the data.
    pub perpetual: LegConfig,
    /// The most to trade on each.
    pub order_max: Size,
    /// A book that was confirmed longer ago than this is not used.
    pub age_max: Duration,
    /// A mark price that was received longer ago than this is not used.
    pub mark_age_max: Duration,
    /// How long it is held.
    pub horizon: Duration,
    /// Time between two exchanges of funding.
    pub funding_interval: Duration,
    /// The largest rate for one exchange that is believed where it is in our favour.
    pub funding_cap_bps: Bps,
    /// What a rate in our favour is expected to be at the next exchange, as a share of the present one.
    pub persistence: f64,
    /// The share of a basis in our favour that is expected to be gone at the end.
    pub convergence: f64,
    /// What borrowing the base costs a day, of its value; it cannot be sold short where absent.
    pub borrow_bps_per_day: Option<Bps>,
}
