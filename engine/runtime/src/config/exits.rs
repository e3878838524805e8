//! When a position is closed at once, as configuration writes it.
//!
//! Never here: a decision.

use ballast_core::shard::{ExitError, ExitSpec};
use ballast_core::trigger::Watched;
use ballast_model::Rate;
use schemars::JsonSchema;
use serde::Deserialize;

use super::quoting::Quoting;
use super::{Bps, ConfigError, Duration, QuotingConfig};

/// Stop-loss, take-profit and trailing stop of an instrument's position, at least one of them. The first that fires closes
/// the position with reduce-only orders that take.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExitsConfig {
    /// At a loss of this many basis points of the position's average price.
    pub stop_loss_bps: Option<Bps>,
    /// At a profit of this many basis points of the position's average price.
    pub take_profit_bps: Option<Bps>,
    /// When the price has come back this many basis points from the best since the position was opened.
    pub trailing_bps: Option<Bps>,
    /// The price that is watched.
    #[serde(default)]
    pub watch: WatchConfig,
    /// The order that closes goes at most this many basis points through the midpoint; no more than the collar.
    pub protection_bps: Bps,
    /// For this long after an exit fired only what reduces is quoted.
    pub cooldown: Duration,
}

/// A price that exits watch.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WatchConfig {
    /// The midpoint of best bid and ask.
    #[default]
    Mid,
    /// The venue's mark price.
    Mark,
    /// The last public trade.
    Last,
}

impl From<WatchConfig> for Watched {
    fn from(watch: WatchConfig) -> Self {
        match watch {
            WatchConfig::Mid => Self::Mid,
            WatchConfig::Mark => Self::Mark,
            WatchConfig::Last => Self::Last,
        }
    }
}

impl Quoting<'_> {
    /// When the position is closed at once; `None` where the table does not say.
    ///
    /// # Errors
    /// The first rule that a value breaks.
    pub(super) fn exits(&self, quoting: &QuotingConfig) -> Result<Option<ExitSpec>, ConfigError> {
        let Some(exits) = &quoting.exits else { return Ok(None) };
        let rate = |bps: Option<Bps>| bps.map(Bps::rate);
        let spec = ExitSpec {
            stop_loss: rate(exits.stop_loss_bps),
            take_profit: rate(exits.take_profit_bps),
            trailing: rate(exits.trailing_bps),
            watched: exits.watch.into(),
            protection: exits.protection_bps.rate(),
            cooldown: exits.cooldown.span(),
        };
        let collar: Rate = quoting.limits.collar_bps.rate();
        let broken = spec.check(collar).map_err(|error| self.rule(key(error), error));
        broken.map(|()| Some(spec))
    }
}

/// The key of the value at fault.
const fn key(error: ExitError) -> &'static str {
    match error {
        ExitError::Nothing => "exits",
        ExitError::StopLoss => "exits.stop_loss_bps",
        ExitError::TakeProfit => "exits.take_profit_bps",
        ExitError::Trailing => "exits.trailing_bps",
        ExitError::Protection => "exits.protection_bps",
        ExitError::Cooldown => "exits.cooldown",
    }
}
