//! Whether orders are amended, as configuration writes it, and what each market of the captures lets amendments do.
//!
//! Never here: an amendment.

use ballast_core::replace::ReplaceRules;
use ballast_venue::binance::Market;
use schemars::JsonSchema;
use serde::Deserialize;

/// Whether orders are amended rather than cancelled and placed anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AmendConfig {
    /// Never: an order that has to move is cancelled, and another one placed.
    #[default]
    Never,
    /// Wherever the venue takes the amendment: on spot where an order only becomes smaller, which keeps its place in the
    /// queue; on futures always, one request for two, but behind all others at its price.
    Venue,
}

impl AmendConfig {
    /// The rules that orders of a market are amended by.
    pub(super) const fn rules(self, market: Market) -> ReplaceRules {
        match self {
            Self::Never => ReplaceRules::NONE,
            Self::Venue => amend_rules(market),
        }
    }
}

/// How a market of the captures lets orders be amended.
pub(super) const fn amend_rules(market: Market) -> ReplaceRules {
    match market {
        Market::Spot => ReplaceRules::BINANCE_SPOT,
        Market::UsdM | Market::CoinM => ReplaceRules::BINANCE_USDM,
    }
}
