//! Trying a configuration without data: core and venue are built from it for instruments that stand in for real ones.

use std::path::Path;

use ballast_model::{HalfTicks, Nanos, Step};
use ballast_venue::binance::Market;

use crate::capture::SeenInstrument;
use crate::config::{Config, Quoted, ResolvedInstrument, conditions, resolve};
use crate::job::{JobError, assemble};

/// Price of a stand-in, in ticks.
const PRICE_TICKS: i64 = 250_000;
/// Steps of a stand-in where the configuration states none: those of ETHUSDT on USD-M.
const TICK: Step = Step { mantissa: 1, scale: 2 };
const LOT: Step = Step { mantissa: 1, scale: 3 };

/// Builds core and venue for every instrument the configuration names, and for ETHUSDT on USD-M and spot; returns their names.
///
/// # Errors
/// The first rule that is broken, with file, line and key. A rule that depends on an instrument's own price or steps may
/// still be broken with real data.
pub fn check(config: &Config, path: &Path) -> Result<Vec<String>, JobError> {
    let named = config.instrument.iter().map(|facts| (facts.symbol.clone(), Market::from(facts.market)));
    let mut stand_ins: Vec<_> = named.collect();
    let watched = config.arbitrage.legs().map(|leg| (leg.symbol.clone(), Market::from(leg.market)));
    let usual = [Market::UsdM, Market::Spot].map(|market| ("ETHUSDT".to_owned(), market));
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
    resolved.venue.conditions = conditions(config, path, Nanos(0))?;
    assemble(&resolved, &instruments)?;
    Ok(instruments.iter().map(|one| one.found.name()).collect())
}
