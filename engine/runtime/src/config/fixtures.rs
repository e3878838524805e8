//! Instruments that the tests of single tables are resolved for.

use std::path::{Path, PathBuf};

use ballast_model::{HalfTicks, Step};
use ballast_venue::binance::Market;

use super::{Config, ConfigError, Quoted, Resolved, ResolvedInstrument, resolve};
use crate::capture::SeenInstrument;

/// What a configuration means for ETHUSDT on USD-M and spot.
pub(super) fn built(text: &str, quoted: Quoted) -> Result<Resolved, ConfigError> {
    let config = Config::parse(text, Path::new("some.toml"))?;
    let seen = [Market::UsdM, Market::Spot].map(|market| SeenInstrument {
        symbol: "ETHUSDT".to_owned(),
        market,
        tick: Step::parse("0.01"),
        lot: Step::parse("0.001"),
        price_ticks_max: 500_000,
    });
    let (found, resolver) = resolve(&config, PathBuf::from("some.toml"), &seen)?;
    let reference = Some(HalfTicks(536_000));
    let all: Vec<_> = found.into_iter().map(|found| ResolvedInstrument { found, reference }).collect();
    resolver.build(&all, quoted)
}
