//! Fees of markets and the volumes they go by.

use std::path::Path;

use ballast_core::ledger::FeeTier;
use ballast_exchange::TierSpec;
use ballast_model::{InstrumentId, Money, Rate};
use ballast_venue::binance::Market;
use schemars::JsonSchema;
use serde::Deserialize;

use super::resolve::ResolvedInstrument;
use super::{Bps, Config, ConfigError, Decimal, MarketFees, VenueConfig};

/// Fees from a volume on, in basis points.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TierConfig {
    /// Volume of 30 days from which on they hold, in quote currency.
    pub volume: Decimal,
    /// Maker fee; below zero a rebate.
    pub maker_bps: Bps,
    /// Taker fee.
    pub taker_bps: Bps,
}

impl MarketFees {
    /// All tiers, the first from zero on.
    fn all_tiers(&self) -> Vec<FeeTier> {
        let tier = |volume_min, maker: Bps, taker: Bps| FeeTier {
            volume_min,
            maker: maker.rate(),
            taker: taker.rate(),
        };
        let first = tier(Money::ZERO, self.maker_bps, self.taker_bps);
        let rest = self.tiers.iter().map(|one| tier(one.volume.money(), one.maker_bps, one.taker_bps));
        std::iter::once(first).chain(rest).collect()
    }

    fn volume_before(&self) -> Money {
        self.volume.as_ref().map_or(Money::ZERO, Decimal::money)
    }
}

impl VenueConfig {
    fn market_fees(&self, market: Market) -> Option<&MarketFees> {
        self.fees.iter().find(|fees| Market::from(fees.market) == market)
    }

    /// Maker and taker fee of a market, as the volume traded before has it.
    pub(super) fn fees_of(&self, market: Market) -> (Rate, Rate) {
        let own = self.market_fees(market).and_then(|fees| {
            let before = fees.volume_before();
            fees.all_tiers().into_iter().rfind(|tier| tier.volume_min <= before)
        });
        own.map_or((self.maker_fee_bps.rate(), self.taker_fee_bps.rate()), |tier| (tier.maker, tier.taker))
    }

    /// The key that the taker fee of a market stands at.
    pub(super) fn taker_key(&self, market: Market) -> String {
        let own = self.fees.iter().position(|fees| Market::from(fees.market) == market);
        own.map_or_else(|| "venue.taker_fee_bps".to_owned(), |place| format!("venue.fees.{place}.taker_bps"))
    }

    /// The highest rate a trade in a market may be charged, whatever is traded; at least zero.
    pub(super) fn fee_max(&self, market: Market) -> Rate {
        let tiers = self.market_fees(market).map(MarketFees::all_tiers).unwrap_or_default();
        let (maker, taker) = self.fees_of(market);
        tiers
            .iter()
            .flat_map(|tier| [tier.maker, tier.taker])
            .chain([maker, taker, Rate(0)])
            .max()
            .unwrap_or_default()
    }
}

/// The markets' fees by volume, for the instruments of the data.
///
/// # Errors
/// The first rule that a value breaks.
pub(super) fn tiers(
    config: &Config,
    path: &Path,
    instruments: &[ResolvedInstrument],
) -> Result<Vec<TierSpec>, ConfigError> {
    let mut all = Vec::new();
    for (place, fees) in config.venue.fees.iter().enumerate().filter(|(_, fees)| !fees.tiers.is_empty()) {
        let market = Market::from(fees.market);
        let own = (0..).map(InstrumentId).zip(instruments);
        let own = own.filter(|(_, one)| one.found.instrument.market == market).map(|(id, _)| id);
        let spec =
            TierSpec { instruments: own.collect(), tiers: fees.all_tiers(), volume: fees.volume_before() };
        let key = format!("venue.fees.{place}.tiers");
        spec.schedule().map_err(|error| config.rule(path, &key, error))?;
        all.push(spec);
    }
    Ok(all)
}

#[cfg(test)]
mod tests;
