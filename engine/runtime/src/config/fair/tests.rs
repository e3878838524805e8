use std::path::{Path, PathBuf};

use ballast_core::fair::{FairKind, Need};
use ballast_core::shard::{QuoteAround, QuotingSpec, Shard};
use ballast_model::{HalfTicks, InstrumentId, Step};
use ballast_venue::binance::Market;

use crate::capture::SeenInstrument;
use crate::config::{Config, ConfigError, Quoted, ResolvedInstrument, resolve};

const BLEND: &str = include_str!("../../../../../config/blend.toml");
const REPLAY: &str = include_str!("../../../../../config/replay.toml");
/// Quotes go towards the other venues.
const VENUES: &str = r#"[quoting.shape]
shift_max_bps = 2.0
widen_max_bps = 5.0
depth_within_ticks = 0
venues = { shift_share = 0.5, widen_share = 0.5, shift_max_bps = 1.0, widen_max_bps = 1.0 }
[quoting.shape.inventory]
limit = { quote = "10000" }
skew_max_bps = 0.0
skew = [0.1, 0.05]
reduce = [0.9, 0.8]
"#;

fn seen(symbol: &str, market: Market) -> SeenInstrument {
    SeenInstrument {
        symbol: symbol.to_owned(),
        market,
        tick: Step::parse("0.01"),
        lot: Step::parse("0.001"),
        price_ticks_max: 500_000,
    }
}

fn usdm() -> SeenInstrument {
    seen("ETHUSDT", Market::UsdM)
}

/// How the instruments of the data are quoted.
fn build(text: &str, seen: &[SeenInstrument]) -> Result<Vec<Option<QuotingSpec>>, ConfigError> {
    let config = Config::parse(text, Path::new("some.toml"))?;
    let (found, resolver) = resolve(&config, PathBuf::from("some.toml"), seen)?;
    let all: Vec<_> = found
        .into_iter()
        .map(|found| ResolvedInstrument { found, reference: Some(HalfTicks(500_000)) })
        .collect();
    let shard = resolver.build(&all, Quoted::Yes)?.shard;
    assert!(Shard::new(&shard).is_ok());
    Ok(shard.lanes.into_iter().map(|lane| lane.quoting).collect())
}

fn quoting(text: &str, seen: &[SeenInstrument]) -> Option<QuotingSpec> {
    build(text, seen).unwrap().into_iter().flatten().next()
}

#[test]
fn the_shipped_blend_weighs_the_perpetual_against_spot_less_its_basis() {
    // Of two spot instruments on the same asset the one of the same quote currency counts.
    let data = [seen("ETHBTC", Market::Spot), seen("ETHUSDT", Market::Spot), usdm()];
    let built = build(BLEND, &data).unwrap();
    assert!(built[0].is_none() && built[1].is_none(), "spot is followed");
    let blend = built[2].as_ref().and_then(|quoting| quoting.blend.clone()).unwrap();
    assert_eq!(blend.around, QuoteAround::Blend);
    let [own, spot] = &*blend.inputs else { panic!("{blend:?}") };
    assert_eq!(
        (own.instrument, own.fair, own.input.need),
        (InstrumentId(2), FairKind::WeightedMid, Need::Required)
    );
    assert_eq!((spot.instrument, spot.input.need), (InstrumentId(1), Need::Optional));
    assert_eq!(spot.input.basis.map(|basis| basis.reference), Some(0));
    // Five and twenty basis points of a price of 250 000 ticks.
    assert!((blend.params.widen_max_ticks - 125.0).abs() < 1e-9, "{blend:?}");
    assert!((blend.params.apart_max_ticks - 500.0).abs() < 1e-9, "{blend:?}");
}

#[test]
fn what_the_data_lacks_is_left_out_where_it_is_optional_and_stops_quotes_where_it_is_required() {
    let inputs = |text: &str| quoting(text, &[usdm()]).map(|quoting| quoting.blend.unwrap().inputs.len());
    assert_eq!(inputs(BLEND), Some(1));
    assert_eq!(inputs(&BLEND.replace("\"optional\"", "\"required\"")), None);
    let absent = BLEND.replacen("market = \"usdm\"\n", "market = \"usdm\"\nsymbol = \"BTCUSDT\"\n", 1);
    let without = absent.replace("\"required\"", "\"optional\"");
    // Without the first input the second has nothing to measure its basis against.
    let both = [seen("ETHUSDT", Market::Spot), usdm()];
    for text in [&absent, &without] {
        assert!(quoting(text, &both).is_none());
    }
}

#[test]
fn references_are_counted_among_the_inputs_that_are_there() {
    let coin = "[[quoting.fair.inputs]]\nmarket = \"coinm\"\nweight = 1.0\nneed = \"optional\"\n\n";
    let (before, after) = BLEND.split_once("[[quoting.fair.inputs]]").unwrap();
    let text = format!("{before}{coin}[[quoting.fair.inputs]]{after}").replace("against = 0", "against = 1");
    let blend = quoting(&text, &[seen("ETHUSDT", Market::Spot), usdm()]).unwrap().blend.unwrap();
    let basis: Vec<_> =
        blend.inputs.iter().map(|source| source.input.basis.map(|basis| basis.reference)).collect();
    assert_eq!(basis, [None, Some(0)]);
}

#[test]
fn inputs_may_stand_in_one_line_each_and_be_of_any_kind() {
    let (before, rest) = BLEND.split_once("\n[[quoting.fair.inputs]]").unwrap();
    let (_, after) = rest.split_once("[quoting.model]").unwrap();
    let kinds = [
        ("\"mid\"", FairKind::Mid),
        ("{ vwap = { window = \"10s\", trades_full = 20 } }", {
            let window = ballast_model::Span::from_secs(10);
            FairKind::Vwap(ballast_core::fair::VwapParams { window, trades_full: 20 })
        }),
    ];
    for (written, meant) in kinds {
        let input = format!("{{ market = \"usdm\", kind = {written}, weight = 2.0, need = \"required\" }}");
        let text = format!(
            "{before}inputs = [{input}, {{ market = \"usdm\", weight = 1.0, need = \"optional\" }}]\n[quoting.model]{after}"
        );
        let blend = quoting(&text, &[usdm()]).unwrap().blend.unwrap();
        let fairs: Vec<_> = blend.inputs.iter().map(|source| source.fair).collect();
        assert_eq!(fairs, [meant, FairKind::WeightedMid]);
    }
}

#[test]
fn the_own_market_may_be_quoted_around_with_the_blend_as_a_distance_alone() {
    let own = BLEND.replace("fresh = \"500ms\"", "around = \"own\"\nown = \"mid\"\nfresh = \"500ms\"");
    let text = own.replace("[quoting.limits]", &format!("{VENUES}[quoting.limits]"));
    let both = [seen("ETHUSDT", Market::Spot), usdm()];
    let found = quoting(&text, &both).unwrap();
    assert_eq!((found.fair, found.blend.map(|blend| blend.around)), (FairKind::Mid, Some(QuoteAround::Own)));
    assert!(found.shaping.unwrap().shaper.adjust.venues.is_some());
    // A fixed spread has no fair value to replace, but can be shifted.
    let (before, rest) = text.split_once("[quoting.model]").unwrap();
    let (_, after) = rest.split_once("[quoting.volatility]").unwrap();
    let fixed = "kind = \"fixed-spread\"\nhalf_spread_bps = 1.0\nskew_ticks_per_base = 0.0\nsize = { quote = \"1000\" }\ninventory_max = { quote = \"10000\" }\n";
    let fixed = format!("{before}[quoting.model]\n{fixed}\n[quoting.volatility]{after}");
    assert!(quoting(&fixed, &both).is_some());
    let message = build(&fixed.replace("around = \"own\"\n", ""), &both).unwrap_err().to_string();
    assert!(message.contains("quoting.fair.around: only avellaneda-stoikov and glft"), "{message}");
    let message = build(&own, &both).unwrap_err().to_string();
    assert!(message.contains("quoting.fair.around: with `own` only a table `shape.venues`"), "{message}");
    // Without spot how far it is is never known, which the adjustment answers.
    assert!(quoting(&text, &[usdm()]).is_some());
}

#[test]
fn a_distance_from_venues_nobody_names_is_refused() {
    let text = REPLAY.replace("[quoting.limits]", &format!("{VENUES}[quoting.limits]"));
    let message = build(&text, &[usdm()]).unwrap_err().to_string();
    assert!(message.contains("quoting.shape.venues: needs a fair value of `kind = \"blend\"`"), "{message}");
}

#[test]
fn values_of_a_blend_outside_their_ranges_are_named_with_line_and_key() {
    for (from, to, key) in [
        ("fresh = \"500ms\"", "fresh = \"-1ms\"", "quoting.fair.fresh"),
        ("stale = \"5s\"", "stale = \"500ms\"", "quoting.fair.stale"),
        ("stale = \"5s\"", "stale = \"5s\"\nhalf_life = \"0s\"", "quoting.fair.half_life"),
        ("apart_max_bps = 20.0", "apart_max_bps = -1.0", "quoting.fair.apart_max_bps"),
        ("widen_sigmas = 1.0", "widen_sigmas = 0.0", "quoting.fair.widen_sigmas"),
        ("widen_max_bps = 5.0", "widen_max_bps = -5.0", "quoting.fair.widen_max_bps"),
        ("weight = 2.0", "weight = 0.0", "quoting.fair.inputs.0.weight"),
        ("weight = 1.0", "weight = -1.0", "quoting.fair.inputs.1.weight"),
        ("kind = \"weighted-mid\"", "kind = { depth-mid = { levels = 0 } }", "quoting.fair.inputs.0.kind"),
        ("against = 0", "against = 1", "quoting.fair.inputs.1.basis.against"),
        ("half_life = \"60s\"", "half_life = \"0s\"", "quoting.fair.inputs.1.basis.half_life"),
        ("warm_up = \"5s\", hold", "warm_up = \"-5s\", hold", "quoting.fair.inputs.1.basis.warm_up"),
        ("hold_max = \"1s\"", "hold_max = \"0s\"", "quoting.fair.inputs.1.basis.hold_max"),
        ("age_max = \"60s\"", "age_max = \"0s\"", "quoting.fair.inputs.1.basis.age_max"),
    ] {
        assert!(BLEND.contains(from), "{from} is in the file");
        let (before, _) = BLEND.split_once(from).unwrap();
        let line = 1 + before.matches('\n').count() + to.matches('\n').count();
        let message = build(&BLEND.replacen(from, to, 1), &[usdm()]).expect_err(to).to_string();
        let place = format!("some.toml: line {line}: {key}: ");
        assert!(message.starts_with(&place), "{place}: {message}");
    }
    let (before, rest) = BLEND.split_once("[quoting.volatility]").unwrap();
    let (_, after) = rest.split_once("[quoting.limits]").unwrap();
    let message = build(&format!("{before}[quoting.limits]{after}"), &[usdm()]).unwrap_err().to_string();
    assert!(message.contains("quoting.volatility: is missing"), "{message}");
}

#[test]
fn keys_of_another_kind_and_missing_ones_are_named() {
    let message =
        |text: String| Config::parse(&text, Path::new("some.toml")).expect_err("refused").to_string();
    let line = 1 + BLEND.lines().position(|line| line.starts_with("widen_sigmas")).unwrap();
    for (from, to, part) in [
        ("widen_sigmas = 1.0", "widen_sigma = 1.0", "unknown field `widen_sigma`"),
        ("widen_sigmas = 1.0", "widen_sigmas = \"1\"", "invalid type: string"),
    ] {
        let message = message(BLEND.replace(from, to));
        assert!(message.contains(part) && message.contains(&format!("line {line}")), "{part}: {message}");
    }
    for key in ["fresh", "stale", "apart_max_bps", "widen_sigmas", "widen_max_bps"] {
        let kept = BLEND.lines().filter(|line| !line.starts_with(&format!("{key} = ")));
        let message = message(kept.flat_map(|line| [line, "\n"]).collect());
        assert!(message.contains(&format!("missing key `{key}`")), "{message}");
    }
    for (fair, part) in [
        ("\"median\"", "unknown variant `median`"),
        ("{ vwap = { window = \"10s\" } }", "missing field `trades_full`"),
        (
            "{ vwap = { window = \"10s\", trades_full = 1 }, fresh = \"1s\" }",
            "`fresh` belongs to a table of `kind",
        ),
        ("{ depth-mid = { levels = 3 }, imbalance = { levels = 1, strength = 1.0 } }", "not two"),
        ("{}", "missing key `kind`"),
        ("3", "the name of a fair value, or a table"),
        (
            "{ kind = \"blend\", vwap = { window = \"1s\", trades_full = 1 } }",
            "`vwap` belongs to another kind",
        ),
    ] {
        let message = message(REPLAY.replace("fair = \"weighted-mid\"", &format!("fair = {fair}")));
        assert!(message.contains(part), "{part}: {message}");
    }
}
