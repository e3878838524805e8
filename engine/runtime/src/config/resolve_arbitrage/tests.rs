use super::*;
use crate::capture::SeenInstrument;
use crate::config::{Quoted, resolve};
use ballast_core::shard::Shard;
use ballast_model::{HalfTicks, Lots, Step};
use std::path::PathBuf;

const SHIPPED: &str = include_str!("../../../../../config/arbitrage.toml");

/// A cycle of three on the spot market.
const CYCLE: &str = r#"
[[arbitrage.triangular]]
first = { market = "spot", symbol = "BTCUSDT" }
second = { market = "spot", symbol = "ETHBTC" }
third = { market = "spot", symbol = "ETHUSDT" }
start = "USDT"
order_max = { lots = 100 }
age_max = "1s"
"#;

const COIN: (&str, Market) = ("ETHUSD_PERP", Market::CoinM);

fn seen((symbol, market): (&str, Market)) -> SeenInstrument {
    let (symbol, tick, lot) = (symbol.to_owned(), Step::parse("0.01"), Step::parse("0.001"));
    SeenInstrument { symbol, market, tick, lot, price_ticks_max: 500_000 }
}

/// What a configuration comes to where the data has these.
fn built(text: &str, data: &[(&str, Market)]) -> Result<Option<ArbitrageSpec>, String> {
    let config = Config::parse(text, Path::new("some.toml")).map_err(|error| error.to_string())?;
    let data: Vec<_> = data.iter().copied().map(seen).collect();
    let (found, resolver) = resolve(&config, PathBuf::from("some.toml"), &data).unwrap();
    let reference = Some(HalfTicks(500_000));
    let found: Vec<_> = found.into_iter().map(|found| ResolvedInstrument { found, reference }).collect();
    let resolved = resolver.build(&found, Quoted::Yes).map_err(|error| error.to_string())?;
    Shard::new(&resolved.shard).unwrap();
    assert!(resolver.build(&found, Quoted::No).unwrap().shard.arbitrage.is_none());
    Ok(resolved.shard.arbitrage)
}

const ETH: [(&str, Market); 2] = [("ETHUSDT", Market::Spot), ("ETHUSDT", Market::UsdM)];

#[test]
fn the_shipped_one_watches_what_is_there() {
    let spec = built(SHIPPED, &ETH).unwrap().unwrap();
    assert_eq!(spec.interval, Span::from_millis(100));
    let [DetectorSpec::Spatial(spatial, legs), statistical, carry] = spec.detectors.as_slice() else {
        panic!("{spec:?}");
    };
    assert_eq!((spatial.id, spatial.age_max), (OpportunityId(0), Span::from_secs(1)));
    let [spot, perpetual] = legs;
    assert_eq!((spot.instrument, perpetual.instrument), (InstrumentId(0), InstrumentId(1)));
    assert_eq!((spot.taker_fee, perpetual.taker_fee), (Rate(50_000), Rate(25_000)), "of [venue]");
    // 25 000 at 2 500.00.
    assert_eq!(spot.lots_max, Lots(10_000));
    let DetectorSpec::Statistical(statistical, [first, _]) = statistical else { panic!("{spec:?}") };
    assert_eq!((statistical.hedge, first.instrument), (HedgeRatio::Given(Rate::ONE), InstrumentId(1)));
    let DetectorSpec::Carry(carry, _) = carry else { panic!("{spec:?}") };
    assert_eq!((carry.funding_cap, carry.persistence), (Rate(300_000), Rate(80_000_000)));
    assert!(built(SHIPPED, &ETH[..1]).unwrap().is_none(), "one market is nothing to compare");
}

#[test]
fn a_regressed_ratio_and_costs_of_moving_are_read() {
    let text = SHIPPED.replace("hedge_ratio = \"1\"", "").replacen(
        "age_max = \"1s\"",
        "age_max = \"1s\"\ntransfer_per_unit = \"0.25\"\ntransfer_fixed = \"3\"",
        1,
    );
    let spec = built(&text, &ETH).unwrap().unwrap();
    let [DetectorSpec::Spatial(spatial, _), DetectorSpec::Statistical(statistical, _), _] =
        spec.detectors.as_slice()
    else {
        panic!("{spec:?}");
    };
    let transfer = TransferCost { per_unit: Money(Money::ONE.0 / 4), fixed: Money(3 * Money::ONE.0) };
    assert_eq!((spatial.transfer, statistical.hedge), (transfer, HedgeRatio::Regressed));
}

#[test]
fn a_cycle_is_three_assets_on_one_market() {
    let text = format!("{SHIPPED}{CYCLE}");
    let spot = |symbol| (symbol, Market::Spot);
    let data = [spot("BTCUSDT"), spot("ETHBTC"), spot("ETHUSDT"), spot("BNBUSDT"), ("ETHUSDT", Market::UsdM)];
    let detectors = built(&text, &data).unwrap().unwrap().detectors;
    let DetectorSpec::Triangular(params, legs) = &detectors[1] else { panic!("{detectors:?}") };
    assert_eq!(params.id, OpportunityId(1));
    assert_eq!(legs.map(|leg| leg.instrument.0), [0, 1, 2]);
    for (from, to, key) in [
        ("start = \"USDT\"", "start = \"BNB\"", "start"),
        ("symbol = \"ETHBTC\"", "symbol = \"BNBUSDT\"", "third"),
        (
            "market = \"spot\", symbol = \"ETHUSDT\" }\nstart",
            "market = \"usdm\", symbol = \"ETHUSDT\" }\nstart",
            "third",
        ),
        ("order_max = { lots = 100 }", "order_max = { lots = 0 }", "order_max"),
        ("age_max = \"1s\"\n", "age_max = \"0s\"\n", "age_max"),
    ] {
        assert!(CYCLE.contains(from), "{from}");
        let cycle = CYCLE.replace(from, to);
        let message = built(&format!("{SHIPPED}{cycle}"), &data).unwrap_err();
        let key = format!("arbitrage.triangular.0.{key}: ");
        assert!(message.contains(&key) && message.contains("some.toml: line "), "{key}: {message}");
    }
}

/// The message where text of the shipped file, after the head of a detector, is replaced.
fn refused(head: &str, from: &str, to: &str) -> (String, usize) {
    let (before, after) = SHIPPED.split_once(head).unwrap();
    assert!(after.contains(from), "{from} after {head}");
    let after = after.replacen(from, to, 1);
    let text = format!("{before}{head}{after}");
    let at = before.len() + head.len() + after.find(to).unwrap();
    let line = 1 + text.get(..at).unwrap().matches('\n').count();
    let data = [ETH[0], ETH[1], COIN, ("BTCUSDT", Market::UsdM), ("ETHUSDC", Market::UsdM)];
    (built(&text, &data).unwrap_err(), line)
}

const SPATIAL: &str = "[[arbitrage.spatial]]";
const STATISTICAL: &str = "[[arbitrage.statistical]]";
const CARRY: &str = "[[arbitrage.carry]]";
const SECOND: &str = "second = { market = \"usdm\", symbol = \"ETHUSDT\" }";
const SPOT: &str = "spot = { market = \"spot\", symbol = \"ETHUSDT\" }";
const PERPETUAL: &str = "perpetual = { market = \"usdm\", symbol = \"ETHUSDT\" }";

/// Where a detector begins, what is replaced after that, by what, and the key that is named for it.
const WRONG: [(&str, &str, &str, &str); 24] = [
    ("[arbitrage]", "interval = \"100ms\"", "interval = \"0ms\"", "arbitrage.interval"),
    ("[arbitrage]", "interval = \"100ms\"", "interval = \"1s\"", "arbitrage.statistical.0.step"),
    (SPATIAL, "age_max = \"1s\"", "age_max = \"0s\"", "arbitrage.spatial.0.age_max"),
    (
        SPATIAL,
        "order_max = { quote = \"25000\" }",
        "order_max = { lots = 0 }",
        "arbitrage.spatial.0.order_max",
    ),
    (SPATIAL, SECOND, "second = { market = \"spot\", symbol = \"ETHUSDT\" }", "arbitrage.spatial.0.second"),
    (SPATIAL, SECOND, "second = { market = \"usdm\", symbol = \"BTCUSDT\" }", "arbitrage.spatial.0.second"),
    (SPATIAL, SECOND, "second = { market = \"usdm\", symbol = \"ETHUSDC\" }", "arbitrage.spatial.0.second"),
    (
        SPATIAL,
        SECOND,
        "second = { market = \"coinm\", symbol = \"ETHUSD_PERP\" }",
        "arbitrage.spatial.0.second",
    ),
    (STATISTICAL, "step = \"500ms\"", "step = \"99ms\"", "arbitrage.statistical.0.step"),
    (STATISTICAL, "step = \"500ms\"", "step = \"90s\"", "arbitrage.statistical.0.step"),
    (STATISTICAL, "pairs_min = 60", "pairs_min = 2", "arbitrage.statistical.0.pairs_min"),
    (
        STATISTICAL,
        "hedge_ratio = \"1\"",
        "hedge_ratio = \"0.000000001\"",
        "arbitrage.statistical.0.hedge_ratio",
    ),
    (STATISTICAL, "entry_z = 2.0", "entry_z = -2.0", "arbitrage.statistical.0.entry_z"),
    (
        STATISTICAL,
        "spread_half_life_max = \"60s\"",
        "spread_half_life_max = \"0s\"",
        "arbitrage.statistical.0.spread_half_life_max",
    ),
    (STATISTICAL, "horizon = 2 ", "horizon = 17 ", "arbitrage.statistical.0.horizon"),
    (
        STATISTICAL,
        "holding_bps_per_day = 0.0",
        "holding_bps_per_day = -1.0",
        "arbitrage.statistical.0.holding_bps_per_day",
    ),
    (CARRY, SPOT, "spot = { market = \"usdm\", symbol = \"BTCUSDT\" }", "arbitrage.carry.0.spot"),
    (
        CARRY,
        PERPETUAL,
        "perpetual = { market = \"coinm\", symbol = \"ETHUSD_PERP\" }",
        "arbitrage.carry.0.perpetual",
    ),
    (CARRY, "mark_age_max = \"5s\"", "mark_age_max = \"0s\"", "arbitrage.carry.0.mark_age_max"),
    (CARRY, "horizon = \"259200s\"", "horizon = \"0s\"", "arbitrage.carry.0.horizon"),
    (CARRY, "funding_cap_bps = 30.0", "funding_cap_bps = -30.0", "arbitrage.carry.0.funding_cap_bps"),
    (CARRY, "persistence = 0.8", "persistence = 1.8", "arbitrage.carry.0.persistence"),
    (CARRY, "convergence = 0.5", "convergence = -0.5", "arbitrage.carry.0.convergence"),
    (CARRY, "borrow_bps_per_day = 1.0", "borrow_bps_per_day = -1.0", "arbitrage.carry.0.borrow_bps_per_day"),
];

#[test]
fn whatever_is_refused_is_named_with_file_line_and_key() {
    for (head, from, to, key) in WRONG {
        let (message, line) = refused(head, from, to);
        assert!(message.contains(&format!(": {key}: ")), "{key}: {message}");
        // The line of the key that is named, which another value may have broken.
        let line = format!("some.toml: line {line}: ");
        assert!(message.starts_with(&line) || to.contains("interval = \"1s\""), "{line}{key}: {message}");
    }
}

#[test]
fn unknown_keys_are_refused() {
    for (head, key) in [("[arbitrage]", "intervals = \"1s\""), ("[[arbitrage.carry]]", "spots = 1")] {
        let text = SHIPPED.replace(head, &format!("{head}\n{key}"));
        assert!(text.contains(key));
        let message = built(&text, &ETH).unwrap_err();
        assert!(message.contains("unknown field"), "{message}");
    }
}
