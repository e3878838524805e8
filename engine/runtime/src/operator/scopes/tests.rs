use std::path::{Path, PathBuf};

use ballast_model::{HalfTicks, InstrumentId, OperatorScope, Step, StrategyId, VenueId};
use ballast_venue::binance::Market;

use super::Scopes;
use crate::capture::SeenInstrument;
use crate::config::{Config, Quoted, ResolvedInstrument, resolve};

const REPLAY: &str = include_str!("../../../../../config/replay.toml");
const RISK: &str = "[risk]\naccount = \"USDT\"\nmark_age_max = \"5s\"\n";
const CARRY: &str = "[[instrument]]\nsymbol = \"ETHUSDT\"\nmarket = \"usdm\"\nstrategy = \"carry\"\n";

/// What can be named of ETHUSDT on USD-M and spot.
fn scopes(text: &str) -> Scopes {
    let config = Config::parse(text, Path::new("some.toml")).unwrap();
    let seen = [Market::UsdM, Market::Spot].map(|market| SeenInstrument {
        symbol: "ETHUSDT".to_owned(),
        market,
        tick: Step::parse("0.01"),
        lot: Step::parse("0.001"),
        price_ticks_max: 500_000,
    });
    let (found, resolver) = resolve(&config, PathBuf::from("some.toml"), &seen).unwrap();
    let reference = Some(HalfTicks(536_000));
    let all: Vec<_> = found.into_iter().map(|found| ResolvedInstrument { found, reference }).collect();
    let built = resolver.build(&all, Quoted::Yes).unwrap();
    Scopes::new(&all, &resolver.names(&all), &built, resolver.assets())
}

#[test]
fn words_come_back_as_they_were_written() {
    let all = scopes(&format!("{REPLAY}\n{RISK}{CARRY}"));
    for (words, scope) in [
        ("all", OperatorScope::All),
        ("usdm", OperatorScope::Venue(VenueId(1))),
        ("spot", OperatorScope::Venue(VenueId(0))),
        ("usdm ETHUSDT", OperatorScope::Instrument(InstrumentId(0))),
        ("spot ETHUSDT", OperatorScope::Instrument(InstrumentId(1))),
        ("strategy carry", OperatorScope::Strategy(StrategyId(1))),
        ("strategy default", OperatorScope::Strategy(StrategyId(0))),
    ] {
        assert_eq!(all.scope(words), Ok(scope));
        assert_eq!(all.words(scope), words);
    }
}

#[test]
fn what_could_only_be_refused_later_is_refused_at_once() {
    let refused = |text: &str, words: &str, rule: &str| {
        let why = scopes(text).scope(words).expect_err(words);
        assert!(why.contains(words) && why.contains(rule), "{words}: {why}");
    };
    let alone = format!("{REPLAY}\n{CARRY}");
    refused(&alone, "usdm", "needs a [risk] table");
    refused(&alone, "strategy carry", "needs a [risk] table");
    let all = format!("{REPLAY}\n{RISK}{CARRY}");
    refused(&all, "coinm", "no instrument of `coinm` sends orders");
    refused(&all, "strategy touch", "strategy default, strategy carry, usdm ETHUSDT, spot ETHUSDT");
    refused(&all, "strategy 0", "strategy carry");
    refused(&all, "usdm BTCUSDT", "spot ETHUSDT");
    let spot = all.replace("[quoting]", "[quoting]\nmarkets = [\"spot\"]");
    refused(&spot, "usdm ETHUSDT", "only followed");
    refused(&spot, "usdm", "sends orders");
    refused(&spot, "strategy carry", "sends orders");
    assert_eq!(scopes(&spot).scope("strategy default"), Ok(OperatorScope::Strategy(StrategyId(0))));
    // What hedges sends orders.
    let hedged = format!("{}\n{RISK}{CARRY}", include_str!("../../../../../config/cross-venue.toml"));
    assert_eq!(scopes(&hedged).scope("strategy carry"), Ok(OperatorScope::Strategy(StrategyId(1))));
}
