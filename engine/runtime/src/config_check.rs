//! Trying a configuration without data: core and venue are built from it for instruments that stand in for real ones.

use std::path::Path;

use ballast_model::{HalfTicks, Nanos, Step};
use ballast_venue::binance::Market;

use crate::capture::SeenInstrument;
use crate::config::{
    Config, FairConfig, MarketConfig, ModelConfig, Quoted, QuotingConfig, ResolvedInstrument, conditions,
    resolve,
};
use crate::job::{JobError, assemble};

/// Price of a stand-in, in ticks.
const PRICE_TICKS: i64 = 250_000;
/// Steps of a stand-in where the configuration states none: those of ETHUSDT on USD-M.
const TICK: Step = Step { mantissa: 1, scale: 2 };
const LOT: Step = Step { mantissa: 1, scale: 3 };

/// Markets that ETHUSDT stands in on.
const USUAL: [MarketConfig; 2] = [MarketConfig::Usdm, MarketConfig::Spot];

/// Builds core and venue for every instrument the configuration names, and for ETHUSDT on those of USD-M and spot that it names, or
/// on both; returns their names.
///
/// # Errors
/// The first rule that is broken, with file, line and key. A rule that depends on an instrument's own price or steps may
/// still be broken with real data.
pub fn check(config: &Config, path: &Path) -> Result<Vec<String>, JobError> {
    let named = config.instrument.iter().map(|facts| (facts.symbol.clone(), Market::from(facts.market)));
    let mut stand_ins: Vec<_> = named.collect();
    let watched = config.arbitrage.legs().map(|leg| (leg.symbol.clone(), Market::from(leg.market)));
    let usual = usual(config).into_iter().map(|market| ("ETHUSDT".to_owned(), Market::from(market)));
    for other in watched.chain(usual) {
        if !stand_ins.contains(&other) {
            stand_ins.push(other);
        }
    }
    let seen: Vec<_> = stand_ins
        .into_iter()
        .map(|(symbol, market)| SeenInstrument {
            symbol,
            market,
            tick: Some(TICK),
            lot: Some(LOT),
            price_ticks_max: PRICE_TICKS,
        })
        .collect();
    let (found, resolver) = resolve(config, path.to_owned(), &seen)?;
    let instruments: Vec<_> = found
        .into_iter()
        .map(|found| ResolvedInstrument { found, reference: Some(HalfTicks(2 * PRICE_TICKS)) })
        .collect();
    let mut resolved = resolver.build(&instruments, Quoted::Yes)?;
    resolved.venue.conditions = conditions(config, path, std::iter::empty(), Nanos(0))?;
    assemble(&resolved, &instruments)?;
    Ok(instruments.iter().map(|one| one.found.name()).collect())
}

/// Where ETHUSDT stands in: on the markets that the configuration names, so that nothing is asked of one it has no part in; on both
/// where it names none of them, and where it quotes all markets with what involves several.
fn usual(config: &Config) -> Vec<MarketConfig> {
    let common = &config.quoting;
    let involved = config.hedge.is_some()
        || inputs(common).next().is_some()
        || hedge_market(common).is_some()
        || config.instrument.iter().any(|facts| facts.quoting.is_some());
    let named: Vec<_> = USUAL.into_iter().filter(|market| names(config, *market)).collect();
    if named.is_empty() || common.markets.is_none() && involved { USUAL.to_vec() } else { named }
}

/// Whether the configuration names a market as one that it quotes, hedges, reads, holds or limits anything on.
fn names(config: &Config, market: MarketConfig) -> bool {
    let own = config.instrument.iter().filter_map(|facts| facts.quoting.as_ref());
    let read = |table: &QuotingConfig| inputs(table).chain(hedge_market(table)).any(|other| other == market);
    config.quoting.markets.as_ref().is_some_and(|quoted| quoted.contains(&market))
        || config.instrument.iter().any(|facts| facts.market == market)
        || config.hedge.as_ref().is_some_and(|hedge| hedge.markets().contains(&market))
        || std::iter::once(&config.quoting).chain(own).any(read)
        || market == MarketConfig::Spot && config.venue.balances.is_some()
        || config.risk.as_ref().is_some_and(|risk| risk.market.of(market.into()).is_some())
}

/// The markets a fair value is blended from.
fn inputs(table: &QuotingConfig) -> impl Iterator<Item = MarketConfig> {
    let inputs = match &table.fair {
        FairConfig::Blend(blend) => &*blend.inputs,
        FairConfig::Own(_) => &[],
    };
    inputs.iter().map(|input| input.market)
}

/// The market that quotes are priced from and hedged on.
fn hedge_market(table: &QuotingConfig) -> Option<MarketConfig> {
    match &table.model {
        ModelConfig::CrossVenue(cross) => Some(cross.hedge_market),
        ModelConfig::AvellanedaStoikov(..)
        | ModelConfig::Glft(..)
        | ModelConfig::FixedSpread(_)
        | ModelConfig::Grid(_) => None,
    }
}
