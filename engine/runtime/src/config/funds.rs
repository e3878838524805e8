//! Spot balances as configuration writes them, and what they mean for the venue and the core.

use std::path::Path;

use ballast_core::shard::HoldsSpec;
use ballast_exchange::WalletSpec;
use ballast_model::{AssetId, InstrumentId, SubAccountId};
use ballast_venue::binance::Market;

use super::resolve::ResolvedInstrument;
use super::{Balance, Config, ConfigError};

/// The table of balances being applied to the instruments of the data.
pub(super) struct Balances<'a> {
    pub(super) config: &'a Config,
    /// The file, for messages.
    pub(super) path: &'a Path,
    /// Names by [`AssetId`].
    pub(super) assets: &'a [String],
    /// Names of those that a spot instrument trades, be it another shard's.
    pub(super) spot: &'a [String],
    pub(super) instruments: &'a [ResolvedInstrument],
}

impl Balances<'_> {
    /// What the venue begins with; `None` where no order needs funds.
    ///
    /// # Errors
    /// The first rule that a value breaks.
    pub(super) fn wallet(&self) -> Result<Option<WalletSpec>, ConfigError> {
        let Some(table) = &self.config.venue.balances else { return Ok(None) };
        let rule = |key: &str, rule: &str| self.config.rule(self.path, key, rule);
        if self.config.risk.is_none() {
            return Err(rule("venue.balances", "needs a [risk] table: its gate asks what is free"));
        }
        let balance = |(name, amount): (&String, &Balance)| {
            let place = self.assets.iter().position(|known| known == name);
            let place = place.filter(|_| self.spot.contains(name));
            let asset = place.and_then(|place| u16::try_from(place).ok()).map(AssetId);
            let asset = asset
                .ok_or_else(|| rule(&format!("venue.balances.{name}"), "no spot instrument trades it"))?;
            Ok((asset, amount.money()))
        };
        let ids = (0..).map(InstrumentId).zip(self.instruments);
        let instruments = ids.filter(|(_, one)| one.found.instrument.market == Market::Spot);
        Ok(Some(WalletSpec {
            instruments: instruments.map(|(id, _)| id).collect(),
            balances: table.iter().map(balance).collect::<Result<_, _>>()?,
        }))
    }
}

/// How the core holds balances; `None` where no order needs funds.
pub(super) fn holds(config: &Config) -> Option<HoldsSpec> {
    config.venue.balances.as_ref()?;
    let fee_allowance = config.venue.fee_max(Market::Spot);
    Some(HoldsSpec { account: SubAccountId::default(), fee_allowance, parts: Vec::new() })
}

#[cfg(test)]
mod tests;
