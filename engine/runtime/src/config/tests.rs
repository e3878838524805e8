use super::*;
use crate::capture::SeenInstrument;
use ballast_core::model::Model;
use ballast_core::replace::ReplaceRules;
use ballast_core::shard::ExitSpec;
use ballast_core::trigger::Watched;
use ballast_model::{Contract, HalfTicks, Lots, Rate, Span, Step};

const REPLAY: &str = include_str!("../../../../config/replay.toml");

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, Path::new("some.toml"))
}

/// The message for the replay configuration with one piece of text replaced.
fn error_with(from: &str, to: &str) -> String {
    assert!(REPLAY.contains(from), "{from} is in the file");
    parse(&REPLAY.replace(from, to)).expect_err("refused").to_string()
}

fn eth() -> SeenInstrument {
    SeenInstrument {
        symbol: "ETHUSDT".to_owned(),
        market: Market::UsdM,
        tick: Step::parse("0.01"),
        lot: Step::parse("0.001"),
        price_ticks_max: 500_000,
    }
}

fn found(text: &str, seen: &[SeenInstrument]) -> Result<Vec<FoundInstrument>, ConfigError> {
    resolve(&parse(text)?, PathBuf::from("some.toml"), seen).map(|(found, _)| found)
}

#[test]
fn every_shipped_configuration_builds() {
    for text in [
        REPLAY,
        include_str!("../../../../config/peer-quoter.toml"),
        include_str!("../../../../config/demo.toml"),
        include_str!("../../../../config/loopback.toml"),
        include_str!("../../../../config/blend.toml"),
    ] {
        let config = parse(text).unwrap();
        let (found, resolver) = resolve(&config, PathBuf::from("some.toml"), &[eth()]).unwrap();
        let one = ResolvedInstrument { found: found[0].clone(), reference: Some(HalfTicks(536_000)) };
        let resolved = resolver.build(&[one], Quoted::Yes).unwrap();
        assert!(ballast_core::shard::Shard::new(&resolved.shard).is_ok());
    }
}

#[test]
fn an_unknown_key_is_refused_with_file_line_and_key() {
    let message = error_with("cancel_share", "cancel_shares");
    for part in ["some.toml", "line 11", "cancel_shares"] {
        assert!(message.contains(part), "{part} in {message}");
    }
}

#[test]
fn values_outside_their_form_name_the_rule() {
    for (from, to, rule) in [
        ("order_latency = \"1ms\"", "order_latency = \"1 ms\"", "no duration"),
        ("order_latency = \"1ms\"", "order_latency = \"0.5ns\"", "finer than a nanosecond"),
        ("maker_fee_bps = -0.5", "maker_fee_bps = -0.00001", "multiple of 0.0001"),
        ("cancel_share = 0.0", "cancel_share = 1.5", "venue.cancel_share"),
        ("requote = \"touch\"", "requote = \"0ms\"", "above zero"),
        ("requote = \"touch\"", "requote = \"999ns\"", "quoting.requote: must be at least 1us"),
        ("clock_offset = \"auto\"", "clock_offset = \"86401s\"", "venue.clock_offset: must be within 86400s"),
        (
            "clock_offset = \"auto\"",
            "clock_offset = \"-86401s\"",
            "venue.clock_offset: must be within 86400s",
        ),
        ("schema = 1", "schema = 2", "schema 1"),
        ("size = { quote = \"1000\" }", "size = { quote = \"-1000\" }", "no decimal"),
        ("size = { quote = \"1000\" }", "size = { quote = \"1\", lots = 1 }", "here is `lots` and `quote`"),
        ("size = { quote = \"1000\" }", "size = {}", "here is none"),
        ("size = { quote = \"1000\" }", "size = { dollars = \"1\" }", "unknown field `dollars`"),
    ] {
        let message = error_with(from, to);
        assert!(message.contains(rule), "{rule} in {message}");
    }
}

/// The message for the replay configuration with one piece of text replaced, once an instrument is known.
fn build_error_with(from: &str, to: &str) -> String {
    assert!(REPLAY.contains(from), "{from} is in the file");
    let config = parse(&REPLAY.replace(from, to)).expect("its form is right");
    let (found, resolver) = resolve(&config, PathBuf::from("some.toml"), &[eth()]).unwrap();
    let one = ResolvedInstrument { found: found[0].clone(), reference: Some(HalfTicks(536_000)) };
    resolver.build(&[one], Quoted::Yes).expect_err("refused").to_string()
}

#[test]
fn whatever_is_refused_is_named_with_file_line_and_key() {
    let line_of = |key: &str| 1 + REPLAY.lines().position(|line| line.starts_with(key)).unwrap();
    for (from, to, key) in [
        ("gamma = 0.05", "gamma = \"x\"", "gamma"),
        ("gamma = 0.05", "gama = 0.05", "gama"),
        ("position_max = {", "position_max = { lots = 1,", "one unit, `lots`, `base` or `quote`"),
        ("cancel_share = 0.0", "cancel_share = 2.0", "venue.cancel_share"),
        ("order_latency = \"1ms\"", "order_latency = \"-1ms\"", "venue.order_latency"),
        ("orders_max = 200", "orders_max = 1000000000000", "venue.orders_max"),
        ("sample_interval = \"100ms\"", "sample_interval = \"0ms\"", "report.sample_interval"),
    ] {
        let message = error_with(from, to);
        let line = format!("line {}", line_of(from));
        assert!(
            [&line, key, "some.toml"].iter().all(|part| message.contains(part)),
            "{line}, {key}: {message}"
        );
    }
    for (from, to, key) in [
        ("gamma = 0.05", "gamma = -1.0", "quoting.model.gamma"),
        ("k_per_bp = 2.0", "k_per_bp = 0.0", "quoting.model.k_per_bp"),
        ("session = \"60s\"", "session = \"0s\"", "quoting.model.session"),
        ("skew_max_bps = 5.0", "skew_max_bps = -5.0", "quoting.model.skew_max_bps"),
        ("half_life = \"30s\"", "half_life = \"0s\"", "quoting.volatility.half_life"),
        ("samples_min = 20", "samples_min = 0", "quoting.volatility.samples_min"),
        ("size_tolerance = 0.5", "size_tolerance = 1.5", "quoting.size_tolerance"),
        ("open_orders_max = 32", "open_orders_max = 1000000000000", "quoting.limits.open_orders_max"),
        ("open_orders_max = 32", "open_orders_max = 0", "quoting.limits.open_orders_max"),
        ("order_burst = 200", "order_burst = 0", "quoting.limits.order_burst"),
        ("collar_bps = 100.0", "collar_bps = 0.0", "quoting.limits.collar_bps"),
        ("touch_age_max = \"5s\"", "touch_age_max = \"0s\"", "quoting.limits.touch_age_max"),
        ("order_max = { quote = \"5000\" }", "order_max = { lots = 0 }", "quoting.limits.order_max"),
        ("order_max = { quote = \"5000\" }", "order_max = { base = \"0.0005\" }", "quoting.limits.order_max"),
    ] {
        let message = build_error_with(from, to);
        let place = format!("some.toml: line {}: {key}: ", line_of(from));
        assert!(message.starts_with(&place), "{place}: {message}");
    }
}

#[test]
fn keys_of_another_model_and_missing_ones_are_named() {
    let message = error_with("gamma = 0.05", "half_spread_ticks = 3\ngamma = 0.05");
    assert!(message.contains("`half_spread_ticks` belongs to another kind of model"), "{message}");
    for key in ["gamma", "k_per_bp", "size", "inventory_max", "skew_max_bps"] {
        let without: String = REPLAY
            .lines()
            .filter(|line| !line.starts_with(&format!("{key} = ")))
            .flat_map(|line| [line, "\n"])
            .collect();
        let message = parse(&without).expect_err("refused").to_string();
        assert!(message.contains(&format!("missing key `{key}`")), "{message}");
    }
}

#[test]
fn an_instruments_own_table_is_named_by_its_place() {
    let own = "[instrument.quoting.limits]\norder_max = { lots = 0 }\n";
    let (_, common) = REPLAY.split_once("[quoting]").unwrap();
    let quoting = common.replace("[quoting.", "[instrument.quoting.");
    let facts =
        format!("[[instrument]]\nsymbol = \"ETHUSDT\"\nmarket = \"usdm\"\n[instrument.quoting]{quoting}");
    let facts = facts.replace("[instrument.quoting.limits]\norder_max = { quote = \"5000\" }\n", own);
    let config = parse(&format!("{REPLAY}{facts}")).unwrap();
    let (found, resolver) = resolve(&config, PathBuf::from("some.toml"), &[eth()]).unwrap();
    let one = ResolvedInstrument { found: found[0].clone(), reference: Some(HalfTicks(536_000)) };
    let message = resolver.build(&[one], Quoted::Yes).expect_err("refused").to_string();
    let line =
        1 + format!("{REPLAY}{facts}").lines().position(|line| line == "order_max = { lots = 0 }").unwrap();
    let place = format!("some.toml: line {line}: instrument.0.quoting.limits.order_max: ");
    assert!(message.starts_with(&place), "{place}: {message}");
}

#[test]
fn the_configured_grid_wins_over_the_inferred() {
    let facts = "\n[[instrument]]\nsymbol = \"ETHUSDT\"\nmarket = \"usdm\"\ntick = \"0.05\"\n";
    let one = found(&format!("{REPLAY}{facts}"), &[eth()]).unwrap().remove(0);
    assert_eq!(
        (one.instrument.tick, one.instrument.lot),
        (Step { mantissa: 5, scale: 2 }, Step { mantissa: 1, scale: 3 })
    );
    assert!(one.inferred, "the lot still is");
    let twice = format!("{REPLAY}{facts}{facts}");
    assert!(parse(&twice).unwrap_err().to_string().contains("configured twice"));
}

#[test]
fn an_instrument_without_a_grid_is_refused() {
    let unknown = SeenInstrument { tick: None, ..eth() };
    let message = found(REPLAY, &[unknown]).unwrap_err().to_string();
    assert!(message.contains("ETHUSDT") && message.contains("tick"), "{message}");
}

#[test]
fn an_instrument_without_a_grid_is_left_out_beside_others() {
    let unknown = SeenInstrument { symbol: "ETHUSDR".to_owned(), lot: None, ..eth() };
    let names = |seen: &[SeenInstrument]| {
        found(REPLAY, seen).unwrap().into_iter().map(|one| one.instrument.symbol).collect::<Vec<_>>()
    };
    assert_eq!(names(&[unknown.clone(), eth()]), ["ETHUSDT"]);
    // Another file may know what one does not.
    let known = SeenInstrument { symbol: "ETHUSDR".to_owned(), tick: None, ..eth() };
    assert_eq!(names(&[unknown, eth(), known]), ["ETHUSDR", "ETHUSDT"]);
}

#[test]
fn the_largest_order_gives_way_to_exact_money() {
    let coarse =
        SeenInstrument { tick: Step::parse("1"), lot: Step::parse("1"), price_ticks_max: 1 << 30, ..eth() };
    let one = found(REPLAY, &[coarse]).unwrap().remove(0);
    assert!(one.spec.size_max > Lots(1 << 30), "{:?}", one.spec.size_max);
}

#[test]
fn the_same_instrument_in_two_files_takes_the_grid_that_holds_both() {
    let other = SeenInstrument { tick: Step::parse("0.025"), price_ticks_max: 400_000, ..eth() };
    let merged = found(REPLAY, &[eth(), other]).unwrap();
    assert_eq!(merged[0].instrument.tick, Step { mantissa: 5, scale: 3 });
}

#[test]
fn the_same_instrument_in_two_files_takes_the_finer_grid() {
    let finer = SeenInstrument { tick: Step::parse("0.005"), price_ticks_max: 100, ..eth() };
    let merged = found(REPLAY, &[eth(), finer]).unwrap();
    assert_eq!(merged.len(), 1);
    assert_eq!(merged[0].instrument.tick, Step { mantissa: 5, scale: 3 });
}

#[test]
fn what_a_grid_of_inverse_contracts_needs_is_counted_in_quote_currency() {
    let grid = include_str!("../../../../config/grid.toml");
    let coin = SeenInstrument {
        symbol: "ETHUSD_PERP".to_owned(),
        market: Market::CoinM,
        lot: Step::parse("1"),
        ..eth()
    };
    let answer = |capital: &str| {
        let size = "size = { quote = \"1000\" }";
        let config = parse(&grid.replace(size, &format!("{size}\ncapital = \"{capital}\""))).unwrap();
        let (found, resolver) =
            resolve(&config, PathBuf::from("some.toml"), std::slice::from_ref(&coin)).unwrap();
        let one = ResolvedInstrument { found: found[0].clone(), reference: Some(HalfTicks(500_000)) };
        resolver.build(&[one], Quoted::Yes).map(drop).map_err(|error| error.to_string())
    };
    // Forty cells of a hundred contracts of 10, on whichever side of the price.
    assert_eq!(answer("40000"), Ok(()));
    let message = answer("39999").unwrap_err();
    assert!(message.contains(": is 39999.00, and the grid needs 40000.00: "), "{message}");
}

#[test]
fn coin_margined_contracts_are_inverse_and_settle_in_coin() {
    let seen = SeenInstrument {
        symbol: "BTCUSD_PERP".to_owned(),
        market: Market::CoinM,
        lot: Step::parse("1"),
        ..eth()
    };
    let one = found(REPLAY, &[seen]).unwrap().remove(0);
    assert_eq!((one.spec.contract, one.spec.multiplier), (Contract::Inverse, 100));
    assert_eq!(
        (one.settlement(), one.quote.as_str(), one.name().as_str()),
        ("BTC", "USD", "coinm BTCUSD_PERP")
    );
}

#[test]
fn quote_valued_sizes_round_down_to_the_lot_grid() {
    let config = parse(REPLAY).unwrap();
    let (found, resolver) = resolve(&config, PathBuf::from("some.toml"), &[eth()]).unwrap();
    // 1000 USDT at 2681.00: 372.9 lots of 0.001.
    let one = ResolvedInstrument { found: found[0].clone(), reference: Some(HalfTicks(536_200)) };
    let resolved = resolver.build(std::slice::from_ref(&one), Quoted::Yes).unwrap();
    let quoting = resolved.shard.lanes[0].quoting.as_ref().unwrap();
    assert!(matches!(quoting.model, Model::AvellanedaStoikov(_)));
    assert_eq!(quoting.limits.order_lots_max, Lots(1_865 - 1));
    let idle = resolver.build(&[one], Quoted::No).unwrap();
    assert!(idle.shard.lanes[0].quoting.is_none());
}

#[test]
fn units_read_exactly() {
    let span = |text: &str| Duration::try_from(text.to_owned()).map(Duration::span);
    assert_eq!(span("250us"), Ok(Span(250_000)));
    assert_eq!(span("-1.5s"), Ok(Span(-1_500_000_000)));
    assert_eq!(span("3ns"), Ok(Span(3)));
    for bad in ["", "s", "1", "1m", "1.2.3s", "--1s", "0.0000000001s"] {
        assert!(span(bad).is_err(), "{bad}");
    }
    assert_eq!(Bps::try_from(-0.5).map(Bps::rate), Ok(Rate(-5_000)));
    assert!(Bps::try_from(f64::NAN).is_err());
    let decimal = Decimal::try_from("0.015".to_owned()).unwrap();
    assert_eq!(decimal.steps(Step::parse("0.005").unwrap()), Some(3));
    assert_eq!(decimal.steps(Step::parse("0.01").unwrap()), None);
    assert!(Decimal::try_from("0".to_owned()).is_err());
}

/// What the replay configuration with this put before its limits comes to.
fn built_with(keys: &str, seen: &SeenInstrument) -> Result<Resolved, ConfigError> {
    let text = REPLAY.replacen("[quoting.limits]", &format!("{keys}\n[quoting.limits]"), 1);
    let config = parse(&text)?;
    let (found, resolver) = resolve(&config, PathBuf::from("some.toml"), std::slice::from_ref(seen))?;
    let one = ResolvedInstrument { found: found[0].clone(), reference: Some(HalfTicks(536_200)) };
    resolver.build(&[one], Quoted::Yes)
}

#[test]
fn amendments_follow_the_rules_of_each_market_where_they_are_wanted() {
    let rules = |text: &str, market| {
        let config = parse(&REPLAY.replace("fair = \"weighted-mid\"", text)).unwrap();
        let seen = SeenInstrument { market, ..eth() };
        let (found, resolver) = resolve(&config, PathBuf::from("some.toml"), &[seen]).unwrap();
        let one = ResolvedInstrument { found: found[0].clone(), reference: Some(HalfTicks(536_200)) };
        let resolved = resolver.build(&[one], Quoted::Yes).unwrap();
        let quoting = resolved.shard.lanes[0].quoting.as_ref().unwrap();
        (quoting.amend, resolved.venue.instruments[0].amend)
    };
    let (spot, usdm) = (ReplaceRules::BINANCE_SPOT, ReplaceRules::BINANCE_USDM);
    assert_eq!(rules("fair = \"mid\"", Market::UsdM), (ReplaceRules::NONE, usdm));
    assert_eq!(rules("amend = \"never\"", Market::Spot), (ReplaceRules::NONE, spot));
    assert_eq!(rules("amend = \"venue\"", Market::Spot), (spot, spot));
    assert_eq!(rules("amend = \"venue\"", Market::UsdM), (usdm, usdm));
    let message = error_with("fair = \"weighted-mid\"", "amend = \"always\"");
    assert!(message.contains("line 25") && message.contains("`never` or `venue`"), "{message}");
}

#[test]
fn exits_are_read_and_their_rules_named() {
    let exits = |keys: &str| format!("[quoting.exits]\n{keys}\nprotection_bps = 50.0\ncooldown = \"2s\"\n");
    let spec = |resolved: Resolved| resolved.shard.lanes[0].quoting.as_ref().unwrap().exits;
    let stop = built_with(&exits("stop_loss_bps = 25.0\nwatch = \"mark\""), &eth()).unwrap();
    let expected = ExitSpec {
        stop_loss: Some(Rate::from_bps(25)),
        take_profit: None,
        trailing: None,
        watched: Watched::Mark,
        protection: Rate::from_bps(50),
        cooldown: Span::from_secs(2),
    };
    assert_eq!(spec(stop), Some(expected));
    assert_eq!(spec(built_with("", &eth()).unwrap()), None);
    for (keys, key) in [
        ("stop_loss_bps = 0.0", "quoting.exits.stop_loss_bps"),
        ("take_profit_bps = 10000.0", "quoting.exits.take_profit_bps"),
        ("trailing_bps = -1.0", "quoting.exits.trailing_bps"),
        ("watch = \"mid\"", "quoting.exits"),
    ] {
        let message = built_with(&exits(keys), &eth()).expect_err("refused").to_string();
        assert!(message.starts_with("some.toml: line "), "{message}");
        assert!(message.contains(&format!(": {key}: ")), "{key}: {message}");
    }
    let all = exits("stop_loss_bps = 25.0");
    for (from, to, key) in [
        ("protection_bps = 50.0", "protection_bps = 100.1", "quoting.exits.protection_bps"),
        ("cooldown = \"2s\"", "cooldown = \"-2s\"", "quoting.exits.cooldown"),
        ("stop_loss_bps", "stop_los_bps", "stop_los_bps"),
        ("stop_loss_bps", "watch = \"index\"\nstop_loss_bps", "watch"),
    ] {
        let message = built_with(&all.replace(from, to), &eth()).expect_err("refused").to_string();
        assert!(message.contains(key) && message.contains("line "), "{key}: {message}");
    }
}

#[test]
fn the_schema_shows_amendments_and_exits() {
    let schema = Config::json_schema().to_string();
    for key in ["\"amend\"", "stop_loss_bps", "take_profit_bps", "trailing_bps", "protection_bps"] {
        assert!(schema.contains(key), "{key}");
    }
}

mod hedges;
mod refused;
