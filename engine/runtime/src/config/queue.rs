//! How the simulated venue places our orders in its queues, as configuration writes it.

use ballast_exchange::{CancelModel, Curve, Family, FillSizes, Impact, QueueRules};
use schemars::JsonSchema;
use serde::Deserialize;

use super::VenueConfig;
use super::quoting::share;

/// Largest power: beyond it every cancel is of the larger side.
const POWER_MAX: f64 = 100.0;

/// How our orders stand in the queues of the simulated venue.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct QueueConfig {
    /// Which cancels at our level were ahead of us; as `cancel_share` says where absent.
    pub cancels: Option<CancelsConfig>,
    /// The power `n` of the power functions, above 0 and at most 100.
    pub power: Option<f64>,
    /// How much of a resting order fills at once.
    pub fills: FillsConfig,
    /// What becomes of those whose trades our resting orders had.
    pub impact: ImpactConfig,
    /// Whether orders that data tell by id are the queue. Where they are, nothing of it is a model: `cancels` and `impact` have no part in it.
    pub orders: OrdersConfig,
}

/// Whether orders that data tell by id are the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OrdersConfig {
    /// Of instruments whose data have them.
    #[default]
    Found,
    /// Of none: such data are taken as if they told levels and trades, to hold the models against what was.
    Ignored,
}

/// How cancels are shared between those ahead of us, of size `a`, and those behind, of size `b`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CancelsConfig {
    /// All are behind us, as far as there is anything: only trades move us forward. The most careful.
    RiskAverse,
    /// `bⁿ / (bⁿ + aⁿ)` of them are behind us.
    Power,
    /// `bⁿ / (a + b)ⁿ` of them are behind us.
    #[serde(rename = "power-2")]
    Power2,
    /// `1 − (a / (a + b))ⁿ` of them are behind us.
    #[serde(rename = "power-3")]
    Power3,
    /// `ln(1 + b) / (ln(1 + b) + ln(1 + a))` of them are behind us, sizes in base currency or contracts.
    Log,
    /// `ln(1 + b) / ln(1 + a + b)` of them are behind us, sizes in base currency or contracts.
    #[serde(rename = "log-2")]
    Log2,
}

/// How much of a resting order fills at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FillsConfig {
    /// What the trade has left for us.
    #[default]
    Partial,
    /// All of it.
    Whole,
}

/// Whether those whose trades our resting orders had are gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ImpactConfig {
    /// They are, as in history.
    #[default]
    None,
    /// They stand there still, ahead of our later orders at that price, until the level is shown empty.
    Displaces,
}

impl CancelsConfig {
    /// The word configuration has for it.
    const fn name(self) -> &'static str {
        match self {
            Self::RiskAverse => "risk-averse",
            Self::Power => "power",
            Self::Power2 => "power-2",
            Self::Power3 => "power-3",
            Self::Log => "log",
            Self::Log2 => "log-2",
        }
    }

    /// The family that takes a power.
    const fn power_family(self) -> Option<Family> {
        match self {
            Self::Power => Some(Family::Ratio),
            Self::Power2 => Some(Family::Whole),
            Self::Power3 => Some(Family::Front),
            Self::RiskAverse | Self::Log | Self::Log2 => None,
        }
    }
}

impl VenueConfig {
    /// The first rule that the table of queues breaks.
    pub(super) fn broken_queue(&self) -> Option<(&'static str, &'static str)> {
        let queue = &self.queue;
        if queue.cancels.is_some() && self.cancel_share > 0.0 {
            return Some(("cancel_share", "is for queues without `cancels`: leave out one of the two"));
        }
        match (queue.cancels.and_then(CancelsConfig::power_family), queue.power) {
            (Some(_), None) => Some(("queue.cancels", "needs a `power`")),
            (None, Some(_)) => Some(("queue.power", "is for the power functions alone")),
            (Some(_), Some(power)) if !(power > 0.0 && power <= POWER_MAX) => {
                Some(("queue.power", "must be above 0 and at most 100"))
            }
            (Some(_), Some(_)) | (None, None) => None,
        }
    }

    /// The rules of every instrument.
    pub(super) fn queue_rules(&self) -> QueueRules {
        let QueueConfig { cancels, power, fills, impact, orders: _ } = self.queue;
        let odds = |cancels: CancelsConfig| match (cancels.power_family(), cancels) {
            (Some(family), _) => CancelModel::Odds(family, Curve::Power(power.unwrap_or(1.0))),
            (None, CancelsConfig::Log) => CancelModel::Odds(Family::Ratio, Curve::Log),
            (None, CancelsConfig::Log2) => CancelModel::Odds(Family::Whole, Curve::Log),
            (None, _) => CancelModel::Share(share(0.0)),
        };
        QueueRules {
            cancels: cancels.map_or_else(|| CancelModel::Share(share(self.cancel_share)), odds),
            fills: match fills {
                FillsConfig::Partial => FillSizes::Partial,
                FillsConfig::Whole => FillSizes::Whole,
            },
            impact: match impact {
                ImpactConfig::None => Impact::None,
                ImpactConfig::Displaces => Impact::Displaces,
            },
        }
    }

    /// The queues in words, those of the configuration where it has some, for reports.
    #[must_use]
    pub fn queue_words(&self) -> String {
        let mut words = match (self.queue.cancels, self.queue.power) {
            (None, _) => format!("{} of cancels in proportion ahead of us", self.cancel_share),
            (Some(cancels), None) => format!("cancels {}", cancels.name()),
            (Some(cancels), Some(power)) => format!("cancels {} with n = {power}", cancels.name()),
        };
        if self.queue.fills == FillsConfig::Whole {
            words.push_str(", whole fills");
        }
        if self.queue.impact == ImpactConfig::Displaces {
            words.push_str(", those we displaced still ahead");
        }
        words
    }
}

#[cfg(test)]
mod tests;
