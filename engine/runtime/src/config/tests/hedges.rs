//! What a table of hedging means for the instruments of the data.

use std::path::{Path, PathBuf};

use ballast_core::hedge::{BandSpec, Base};
use ballast_core::shard::{Shard, ShardSpec, VenueFunding};
use ballast_model::{HalfTicks, InstrumentId, Rate, Span, Step};
use ballast_venue::binance::Market;

use crate::capture::SeenInstrument;
use crate::config::{Config, ConfigError, Quoted, ResolvedInstrument, resolve};

const CROSS: &str = include_str!("../../../../../config/cross-venue.toml");
const FUNDING: &str = "funding = { horizon = \"28800s\", interval = \"28800s\", cost_max_bps = 5.0 }\nunknown_penalty_bps = 2.0";

/// Says that USDC is worth as much as USDT.
const PEG: &str = "\n[risk]\naccount = \"USDT\"\nmark_age_max = \"5s\"\nconversion = { USDC = \"1\" }\n";

/// A perpetual against USDT, one against USDC, of a coarser lot, and spot.
fn seen() -> [SeenInstrument; 3] {
    [
        ("ETHUSDT", Market::UsdM, "0.001"),
        ("ETHUSDC", Market::UsdM, "0.01"),
        ("ETHUSDT", Market::Spot, "0.0001"),
    ]
    .map(|(symbol, market, lot)| SeenInstrument {
        symbol: symbol.to_owned(),
        market,
        tick: Step::parse("0.01"),
        lot: Step::parse(lot),
        price_ticks_max: 500_000,
    })
}

fn built(text: &str) -> Result<ShardSpec, ConfigError> {
    let config = Config::parse(text, Path::new("some.toml"))?;
    let (found, resolver) = resolve(&config, PathBuf::from("some.toml"), &seen())?;
    let reference = Some(HalfTicks(500_000));
    let all: Vec<_> = found.into_iter().map(|found| ResolvedInstrument { found, reference }).collect();
    let shard = resolver.build(&all, Quoted::Yes)?.shard;
    assert!(Shard::new(&shard).is_ok());
    Ok(shard)
}

/// With these keys before the ratio of the hedge.
fn with(keys: &str) -> String {
    CROSS.replace("ratio = 1.0", &format!("{keys}\nratio = 1.0"))
}

#[test]
fn all_instruments_of_the_markets_on_one_asset_are_one_hedge() {
    for text in [CROSS.to_owned(), CROSS.replace("market = \"usdm\"\nratio", "markets = [\"usdm\"]\nratio")] {
        let shard = built(&format!("{text}{PEG}")).unwrap();
        let [hedge] = &*shard.hedges else { panic!("one hedge: {:?}", shard.hedges) };
        assert_eq!(hedge.parts, [InstrumentId(2)]);
        let venues: Vec<_> =
            hedge.hedge.venues.iter().map(|venue| (venue.instrument, venue.order_lots_max.0)).collect();
        // 5000 at 2500, in lots of a thousandth and of a hundredth.
        assert_eq!(venues, [(InstrumentId(0), 2_000), (InstrumentId(1), 200)]);
        assert_eq!(hedge.hedge.band, BandSpec::Fixed(Base(10i128.pow(17))));
        assert_eq!(hedge.funding, [VenueFunding::NotCounted; 2]);
        let limits: Vec<_> =
            shard.lanes.iter().map(|lane| lane.hedge_limits.map(|limits| limits.order_lots_max.0)).collect();
        assert_eq!(limits, [Some(2_000), Some(200), None]);
    }
}

#[test]
fn nothing_is_hedged_in_a_currency_of_another_worth() {
    for text in [CROSS.to_owned(), format!("{CROSS}{PEG}").replace("USDC = \"1\"", "USDC = \"0.999\"")] {
        let shard = built(&text).unwrap();
        let [hedge] = &*shard.hedges else { panic!("one hedge: {:?}", shard.hedges) };
        let venues: Vec<_> = hedge.hedge.venues.iter().map(|venue| venue.instrument).collect();
        assert_eq!(venues, [InstrumentId(0)]);
        assert_eq!(shard.lanes[2].quoting.as_ref().unwrap().hedged_on, Some(InstrumentId(0)));
    }
    // What is quoted against USDC has no hedge market, wherever it stands: its price would be one in USDT.
    let listed = CROSS.replace("markets = [\"spot\"]", "markets = [\"usdm\"]");
    let listed = listed.replace("hedge_market = \"usdm\"", "hedge_market = \"spot\"");
    let listed = listed.replace("market = \"usdm\"\nratio", "market = \"spot\"\nratio");
    for (text, usdc) in [(listed.clone(), None), (format!("{listed}{PEG}"), Some(InstrumentId(2)))] {
        let shard = built(&text).unwrap();
        let on = |lane: usize| shard.lanes[lane].quoting.as_ref().and_then(|quoting| quoting.hedged_on);
        assert_eq!((on(0), on(1)), (Some(InstrumentId(2)), usdc));
        assert_eq!(shard.hedges[0].parts.contains(&InstrumentId(1)), usdc.is_some());
    }
}

#[test]
fn an_instrument_that_is_quoted_is_hedged_on_the_others() {
    let own = CROSS.split_once("[quoting]").unwrap().1.split_once("[hedge]").unwrap().0;
    let own = own.replace("[quoting.", "[instrument.quoting.").replace(
        "kind = \"cross-venue\"\nhedge_market = \"usdm\"",
        "kind = \"fixed-spread\"\nhalf_spread_ticks = 5\nskew_ticks_per_base = 0.0",
    );
    let own: String = own
        .lines()
        .filter(|line| {
            !["margin_bps", "basis_half_life", "improve_max_ticks", "markets"]
                .iter()
                .any(|key| line.starts_with(key))
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    let facts =
        format!("\n[[instrument]]\nsymbol = \"ETHUSDC\"\nmarket = \"usdm\"\n[instrument.quoting]\n{own}");
    // Spot and the perpetual are both quoted: which of them is hedged where is not for us to guess.
    let message = built(&format!("{CROSS}{PEG}{facts}")).unwrap_err().to_string();
    assert!(message.contains(": hedge.market: is quoted itself"), "{message}");
    let alone = format!("{CROSS}{PEG}{facts}").replace("markets = [\"spot\"]", "markets = [\"coinm\"]");
    let shard = built(&alone).unwrap();
    let [hedge] = &*shard.hedges else { panic!("one hedge: {:?}", shard.hedges) };
    assert_eq!((hedge.parts.as_slice(), hedge.hedge.venues.len()), (&[InstrumentId(1)][..], 1));
}

#[test]
fn funding_is_counted_where_the_table_says_how() {
    let shard = built(&format!("{}{PEG}", with(FUNDING))).unwrap();
    let hedge = &shard.hedges[0];
    let (policy, eight_hours) = (&hedge.hedge.policy, Span::from_secs(28_800));
    assert_eq!((policy.funding_horizon, policy.funding_cost_max), (eight_hours, Rate::from_bps(5)));
    assert_eq!(policy.unknown_penalty, Rate::from_bps(2));
    assert_eq!(hedge.funding, [VenueFunding::Every(eight_hours); 2]);
    let cost = "band.cost.gamma = 0.01\nband.cost.flow = 0.1\nband.cost.min = { base = \"0.01\" }\nband.cost.max = { base = \"0.05\" }\n\
        band.cost.shift_max = { base = \"0.02\" }\n\
        volatility = { half_life = \"1s\", interval_min = \"1ms\", warm_up = \"1s\", samples_min = 1 }";
    let text = with(FUNDING).replace("band = { fixed = { quote = \"250\" } }", cost);
    let shard = built(&text).unwrap();
    let BandSpec::Cost(band) = shard.hedges[0].hedge.band else { panic!("a band of cost") };
    assert_eq!(band.shift_max, Base(2 * 10i128.pow(16)));
    let message =
        built(&CROSS.replace("band = { fixed = { quote = \"250\" } }", cost)).unwrap_err().to_string();
    assert!(message.contains(": hedge.band.cost.shift_max: needs a table `funding`"), "{message}");
}

#[test]
fn what_cannot_be_hedged_on_or_counted_is_refused_with_its_place() {
    let place = "market = \"usdm\"\nratio";
    let line = 1 + CROSS[..CROSS.find(place).unwrap()].matches('\n').count();
    for (to, rule) in [
        ("markets = []", "is empty"),
        ("markets = [\"usdm\", \"usdm\"]", "names a market twice"),
        ("markets = [\"usdm\", \"coinm\"]", "is coin-margined"),
        ("markets = [\"usdm\"]; market = \"usdm\"", "give market, or markets"),
    ] {
        let text = CROSS.replace(place, &format!("{}\nratio", to.replace("; ", "\n")));
        let message = built(&text).unwrap_err().to_string();
        let start = format!("some.toml: line {line}: hedge.markets: ");
        assert!(message.starts_with(&start) && message.contains(rule), "{to}: {message}");
    }
    let message = built(&CROSS.replace(place, "ratio")).unwrap_err().to_string();
    assert!(message.ends_with("hedge.market: give market, or markets"), "{message}");
    for (from, to, key) in [
        ("horizon = \"28800s\"", "horizon = \"-1s\"", "funding.horizon"),
        ("interval = \"28800s\"", "interval = \"0s\"", "funding.interval"),
        ("cost_max_bps = 5.0", "cost_max_bps = -5.0", "funding.cost_max_bps"),
        ("unknown_penalty_bps = 2.0", "unknown_penalty_bps = -2.0", "unknown_penalty_bps"),
    ] {
        let message = built(&with(FUNDING).replace(from, to)).unwrap_err().to_string();
        assert!(message.contains(&format!(": hedge.{key}: ")), "{to}: {message}");
    }
}
