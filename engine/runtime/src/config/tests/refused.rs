//! What must be refused with file, line and key, whatever it would have done.

use std::path::Path;

use crate::config::Config;
use crate::config_check::check;

const CROSS: &str = include_str!("../../../../../config/cross-venue.toml");
const GRID: &str = include_str!("../../../../../config/grid.toml");
const REPLAY: &str = include_str!("../../../../../config/replay.toml");

/// Shaping with all that can be written as a float.
const SHAPE: &str = "[quoting.shape]
shift_max_bps = 5.0
widen_max_bps = 10.0
depth_within_ticks = 5
inventory = { limit = { quote = \"10000\" }, skew = [0.2, 0.1], reduce = [0.6, 0.5], \
liquidate = [1.0, 0.9], protection_bps = 20.0, skew_max_bps = 5.0 }
[quoting.shape.momentum]
half_life = \"1s\"
warm_up = \"1s\"
horizon = \"1s\"
widen_share = 0.5
shift_max_bps = 1.0
widen_max_bps = 1.0
[quoting.shape.size]
best = { fixed = { quote = \"1000\" } }
min = { quote = \"100\" }
max = { quote = \"2000\" }
below_min = \"drop\"
reducing_at_limit = 1.0
[quoting.shape.size.levels]
count = 2
step = { ticks = 1 }
profile = { linear = 0.5 }
";

fn shaped() -> String {
    format!("{REPLAY}\n{SHAPE}")
}

/// The answer to a configuration.
fn answer(text: &str) -> Result<(), String> {
    let path = Path::new("some.toml");
    let config = Config::parse(text, path).map_err(|error| error.to_string())?;
    check(&config, path).map(drop).map_err(|error| error.to_string())
}

/// With the first of one text replaced by another that begins in the same line, refused in that line and with this key.
#[track_caller]
fn refuses(text: &str, from: &str, to: &str, key: &str) -> String {
    let at = text.find(from).unwrap_or_else(|| panic!("{from} is in the file"));
    let line = 1 + text[..at].matches('\n').count();
    let message = answer(&text.replacen(from, to, 1)).expect_err(to);
    let place = format!("some.toml: line {line}: {key}: ");
    assert!(message.starts_with(&place), "{to}: {place}: {message}");
    message
}

#[test]
fn what_is_to_be_broken_is_sound_before() {
    for text in [CROSS, REPLAY, &shaped()] {
        assert_eq!(answer(text), Ok(()));
    }
}

#[test]
fn no_number_but_a_finite_one() {
    let shaped = shaped();
    for number in ["nan", "-nan", "inf", "-inf", "1e999"] {
        for (text, from, key) in [
            (CROSS, "ratio = 1.0", "hedge.ratio"),
            (CROSS, "margin = 0.1", "hedge.margin"),
            (CROSS, "impact_bps = 0.1", "hedge.impact_bps"),
            (REPLAY, "skew_max_bps = 5.0", "quoting.model.skew_max_bps"),
            (REPLAY, "cancel_share = 0.0", "venue.cancel_share"),
            (&shaped, "reducing_at_limit = 1.0", "quoting.shape.size.reducing_at_limit"),
        ] {
            let (name, _) = from.split_once(" = ").unwrap();
            let message = refuses(text, from, &format!("{name} = {number}"), key);
            assert!(message.ends_with("must be a finite number"), "{message}");
        }
        let profile = format!("profile = {{ linear = {number} }}");
        refuses(&shaped, "profile = { linear = 0.5 }", &profile, "quoting.shape.size.levels.profile.linear");
    }
}

#[test]
fn rules_of_hedging_name_their_place() {
    let cost = CROSS.replace(
        "band = { fixed = { quote = \"250\" } }",
        "band.cost.gamma = 0.01\nband.cost.flow = 0.1\nband.cost.min = { lots = 5 }\nband.cost.max = { lots = 50 }\n\
        volatility = { half_life = \"1s\", interval_min = \"1ms\", warm_up = \"1s\", samples_min = 1 }",
    );
    assert_eq!(answer(&cost), Ok(()));
    for (text, from, to, key) in [
        (CROSS, "ratio = 1.0", "ratio = 2.1", "hedge.ratio"),
        (CROSS, "ratio = 1.0", "ratio = -1e300", "hedge.ratio"),
        (CROSS, "impact_bps = 0.1", "impact_bps = -0.1", "hedge.impact_bps"),
        (CROSS, "margin = 0.1", "margin = 0.0", "hedge.margin"),
        (CROSS, "margin = 0.1", "margin = 1.01", "hedge.margin"),
        (CROSS, "margin = 0.1", "margin = 1e300", "hedge.margin"),
        (CROSS, "slippage_max_bps = 5.0", "slippage_max_bps = 0.0", "hedge.slippage_max_bps"),
        (CROSS, "slippage_max_bps = 5.0", "slippage_max_bps = 100.1", "hedge.slippage_max_bps"),
        (CROSS, "cooldown = \"10ms\"", "cooldown = \"0s\"", "hedge.cooldown"),
        (CROSS, "check_interval = \"250ms\"", "check_interval = \"0s\"", "hedge.check_interval"),
        (CROSS, "reprice_min = \"50ms\"", "reprice_min = \"-1s\"", "hedge.reprice_min"),
        (CROSS, "reject_rest = \"100ms\"", "reject_rest = \"-1s\"", "hedge.reject_rest"),
        (CROSS, "touch = { age = \"500ms\"", "touch = { age = \"-1s\"", "hedge.touch.age"),
        (CROSS, "take = { age = \"2s\"", "take = { age = \"1ms\"", "hedge.take"),
        (CROSS, "adverse_bps = 1.0", "adverse_bps = 0.0", "hedge.touch.adverse_bps"),
        (CROSS, "adverse_bps = 2.0", "adverse_bps = 0.0", "hedge.take.adverse_bps"),
        (
            CROSS,
            "reprice_tolerance_bps = 0.05",
            "reprice_tolerance_bps = -1.0",
            "hedge.reprice_tolerance_bps",
        ),
        (&cost, "band.cost.gamma = 0.01", "band.cost.gamma = 0.0", "hedge.band.cost.gamma"),
        (&cost, "band.cost.flow = 0.1", "band.cost.flow = -1.0", "hedge.band.cost.flow"),
        (&cost, "band.cost.max = { lots = 50 }", "band.cost.max = { lots = 1 }", "hedge.band.cost.max"),
    ] {
        refuses(text, from, to, key);
    }
    let at_most = CROSS.replace("slippage_max_bps = 5.0", "slippage_max_bps = 100.0");
    assert_eq!(answer(&at_most.replace("margin = 0.1", "margin = 1.0")), Ok(()));
    let larger = CROSS.replace(
        "order_max = { quote = \"5000\" }\nnotional_max",
        "order_max = { quote = \"5010\" }\nnotional_max",
    );
    let message = answer(&larger).unwrap_err();
    assert!(message.ends_with("hedge.order_max: is above limits.order_max"), "{message}");
    let (quoting, hedge) = CROSS.split_once("[hedge.limits]").unwrap();
    for (key, span) in [("touch_age_max", "5s"), ("order_expiry", "500ms")] {
        let of = |tag: &str| format!("{key} = \"{span}\"{tag}");
        // The key is that of the quotes as well: marked, that of the hedges is found.
        let marked = format!("{quoting}[hedge.limits]{}", hedge.replacen(&of(""), &of(" # mark"), 1));
        let zero = format!("{key} = \"0s\"");
        refuses(&marked, &of(" # mark"), &zero, &format!("hedge.limits.{key}"));
    }
}

#[test]
fn rules_of_shaping_name_their_key_as_it_is_written() {
    let shaped = shaped();
    let (from, to) = ("liquidate = [1.0, 0.9]", "liquidate = [0.9, 1.0]");
    let message = refuses(&shaped, from, to, "quoting.shape.inventory.liquidate");
    assert!(message.contains("stage liquidate must be left"), "{message}");
    refuses(&shaped, "reduce = [0.6, 0.5]", "reduce = [0.1, 0.05]", "quoting.shape.inventory.reduce");
    refuses(&shaped, "count = 2", "count = 65", "quoting.shape.size.levels.count");
    let max = "max = { quote = \"2000\" }";
    refuses(&shaped, max, "max = { quote = \"50\" }", "quoting.shape.size.max");
    refuses(&shaped, "widen_share = 0.5", "widen_share = -0.5", "quoting.shape.momentum.widen_share");
}

#[test]
fn a_throttle_that_no_move_could_meet_is_refused() {
    let throttle = "[quoting.throttle]\ninterval_min = \"0s\"\nwait_max = \"1s\"\nmid_move_bps = 0.5\n";
    let text = format!("{}{throttle}", shaped());
    assert_eq!(answer(&text), Ok(()));
    for bps in ["-1.0", "0.0"] {
        let to = format!("mid_move_bps = {bps}");
        refuses(&text, "mid_move_bps = 0.5", &to, "quoting.throttle.mid_move_bps");
    }
}

#[test]
fn latencies_are_bounded() {
    for (key, text) in
        [("order_latency", "61s"), ("response_latency", "100000s"), ("response_latency", "-1ms")]
    {
        let from = format!("{key} = \"1ms\"");
        refuses(REPLAY, &from, &format!("{key} = \"{text}\""), &format!("venue.{key}"));
    }
}

#[test]
fn rules_of_momentum_name_their_place() {
    let shaped = shaped()
        .replace("half_life = \"1s\"\nwarm_up = \"1s\"", "half_life = \"1s\" # drift\nwarm_up = \"1s\"");
    let half_life = "half_life = \"1s\" # drift";
    refuses(&shaped, half_life, "half_life = \"0s\"", "quoting.shape.momentum.half_life");
    refuses(&shaped, "warm_up = \"1s\"", "warm_up = \"-1s\"", "quoting.shape.momentum.warm_up");
}

#[test]
fn stages_of_the_inventory_that_cannot_act_are_refused() {
    let shaped = shaped();
    for (from, to, key, rule) in [
        (", protection_bps = 20.0", "", "quoting.shape.inventory.liquidate", "needs `protection_bps`"),
        (
            "liquidate = [1.0, 0.9], ",
            "",
            "quoting.shape.inventory.protection_bps",
            "needs a stage `liquidate`",
        ),
        (
            "protection_bps = 20.0",
            "protection_bps = 100.1",
            "quoting.shape.inventory.protection_bps",
            "the collar",
        ),
        (
            "protection_bps = 20.0",
            "protection_bps = 0.0",
            "quoting.shape.inventory.protection_bps",
            "above zero",
        ),
        ("liquidate = [1.0", "liquidate = [1.51", "quoting.shape.inventory.liquidate", "limits.position_max"),
        ("liquidate = [", "hedge = [0.8, 0.7], liquidate = [", "quoting.shape.inventory.hedge", "ETHUSDT"),
    ] {
        let message = refuses(&shaped, from, to, key);
        assert!(message.contains(rule), "{message}");
    }
    // Up to the largest position itself: one and a half times the limit.
    assert_eq!(answer(&shaped.replace("liquidate = [1.0", "liquidate = [1.5")), Ok(()));
    let unshaped = &SHAPE.replace("liquidate = [1.0", "hedge = [0.8, 0.7], liquidate = [1.0");
    let heard = format!("{CROSS}\n{unshaped}");
    assert_eq!(answer(&heard), Ok(()));
}

#[test]
fn a_size_by_equity_needs_an_equity() {
    let shaped = shaped();
    let rule = refuses(
        &shaped,
        "best = { fixed = { quote = \"1000\" } }",
        "best = { share-of-equity = 0.5 }",
        "quoting.shape.size.best",
    );
    assert!(rule.ends_with("needs `equity` in [risk.market.usdm]"), "{rule}");
    let by_equity = shaped.replace("{ fixed = { quote = \"1000\" } }", "{ share-of-equity = 0.5 }");
    let risk = "[risk]\naccount = \"USDT\"\nmark_age_max = \"5s\"\n[risk.market.usdm]\nequity = \"2000\"\n";
    // A file that has no part in spot need not say what is held there.
    assert_eq!(answer(&format!("{by_equity}\n{risk}")), Ok(()));
    let message = answer(&format!("{by_equity}\n{risk}[risk.market.spot]\n")).unwrap_err();
    assert!(message.ends_with("needs `equity` in [risk.market.spot]"), "{message}");
    let risk = format!("{risk}[risk.market.spot]\nequity = \"1000\"\n");
    assert_eq!(answer(&format!("{by_equity}\n{risk}")), Ok(()));
    let twelve = by_equity.replace("share-of-equity = 0.5", "share-of-equity = 12.0");
    let message = answer(&format!("{twelve}\n{risk}")).unwrap_err();
    assert!(message.contains("a share of equity at most 10"), "{message}");
}

#[test]
fn no_market_is_tried_that_the_file_has_no_part_in() {
    let tried = |text: &str| {
        let path = Path::new("some.toml");
        check(&Config::parse(text, path).unwrap(), path).map_err(|error| error.to_string())
    };
    let both = || Ok(vec!["usdm ETHUSDT".to_owned(), "spot ETHUSDT".to_owned()]);
    let usdm = || Ok(vec!["usdm ETHUSDT".to_owned()]);
    assert_eq!(tried(REPLAY), both());
    assert_eq!(tried(CROSS), both());
    // Quoting all markets with what involves two.
    assert_eq!(tried(&CROSS.replace("markets = [\"spot\"]", "")), both());
    let risk = "[risk]\naccount = \"USDT\"\nmark_age_max = \"5s\"\nmaintenance_bps = 50.0\n\
        credit = { leverage_max = \"2\" }\n";
    let stated = "[risk.market.usdm]\nequity = \"50000\"\n";
    assert_eq!(tried(&format!("{REPLAY}\n{risk}{stated}")), usdm());
    let message = tried(&format!("{REPLAY}\n{risk}{stated}[risk.market.spot]\n")).unwrap_err();
    assert!(message.contains(": risk.market.spot.equity: "), "{message}");
    let message = tried(&format!("{REPLAY}\n{risk}")).unwrap_err();
    assert!(message.contains(".equity: limits against equity need it stated"), "{message}");
    let quoted = REPLAY.replace("[quoting]", "[quoting]\nmarkets = [\"usdm\"]");
    assert_eq!(tried(&quoted), usdm());
    assert!(tried(&quoted.replace("gamma = 0.05", "gamma = 0.0")).is_err());
}

#[test]
fn a_grid_that_needs_more_than_it_may_bind_is_refused() {
    let with = |capital: &str| {
        GRID.replace(
            "size = { quote = \"1000\" }",
            &format!("capital = \"{capital}\"\nsize = {{ quote = \"1000\" }}"),
        )
    };
    // Forty cells of 0.4 at about 2500.
    assert_eq!(answer(&with("40000")), Ok(()));
    let message = answer(&with("30000")).unwrap_err();
    assert!(message.contains(": quoting.model.capital: is 30000.00, and the grid needs 39"), "{message}");
    // The figure told is enough.
    let needed = message.split("needs ").nth(1).and_then(|rest| rest.split(':').next()).unwrap();
    assert_eq!(answer(&with(needed)), Ok(()));
    let message = answer(&REPLAY.replace("gamma = 0.05", "gamma = 0.05\ncapital = \"1\"")).unwrap_err();
    assert!(message.contains("`capital` belongs to another kind of model"), "{message}");
}

#[test]
fn what_contradicts_itself_is_refused() {
    let twice = "{ market = \"spot\", maker_bps = 0.0, taker_bps = 5.0 },\n{ market = \"spot\"";
    let fees = CROSS.replace("{ market = \"spot\"", twice);
    let place = "some.toml: line 13: venue.fees.1.market: ";
    let message = answer(&fees).unwrap_err();
    assert!(message.starts_with(place), "{message}");
    let named = format!("{REPLAY}\n[[instrument]]\nsymbol = \"BTCUSDT\"\nmarket = \"usdm\"\n");
    for (text, from, to, key) in [
        (CROSS, "markets = [\"spot\"]", "markets = []", "quoting.markets"),
        (&*named, "symbol = \"BTCUSDT\"", "symbol = \"\"", "instrument.0.symbol"),
        (
            REPLAY,
            "position_max = { quote = \"15000\" }",
            "position_max = { quote = \"900\" }",
            "quoting.limits.position_max",
        ),
        (
            REPLAY,
            "order_max = { quote = \"5000\" }",
            "order_max = { quote = \"900\" }",
            "quoting.limits.order_max",
        ),
        (CROSS, "taker_fee_bps = 2.5", "taker_fee_bps = -1.0", "venue.taker_fee_bps"),
        (CROSS, "hedge_market = \"usdm\"", "hedge_market = \"coinm\"", "quoting.model.hedge_market"),
        (CROSS, "hedge_market = \"usdm\"", "hedge_market = \"spot\"", "quoting.model.hedge_market"),
    ] {
        refuses(text, from, to, key);
    }
    let own = CROSS.split_once("[quoting]").unwrap().1.split_once("[hedge]").unwrap().0;
    let own = own.replace("[quoting.", "[instrument.quoting.");
    let facts = |market| format!("{CROSS}\n[[instrument]]\nsymbol = \"ETHUSDT\"\nmarket = \"{market}\"\n");
    let of = |market| format!("{}[instrument.quoting]{own}", facts(market));
    assert_eq!(answer(&of("spot")), Ok(()));
    let message = answer(&of("usdm")).unwrap_err();
    assert!(message.contains(": instrument.0.quoting.model.hedge_market: is quoted itself"), "{message}");
}

#[test]
fn parts_of_shards_come_to_no_more_than_the_whole() {
    let live = "[live]\nmode = \"live\"\nshards = \"by-asset\"\nparts = [\"0.6\", \"0.4\"]\n\
        [[live.venue]]\nmarket = \"usdm\"\nsymbols = [\"ETHUSDT\", \"BTCUSDT\"]\ncredentials = \"DESK\"\n";
    let text = format!("{REPLAY}\n{live}");
    answer(&text).unwrap();
    let message = refuses(&text, "parts = [\"0.6\", \"0.4\"]", "parts = [\"0.6\", \"0.41\"]", "live.parts");
    assert!(message.contains("come to more than the whole"), "{message}");
    refuses(&text, "parts = [\"0.6\", \"0.4\"]", "parts = []", "live.parts");
    refuses(&text, "parts = [\"0.6\", \"0.4\"]", "parts = [\"1.1\"]", "live.parts");
    let alone = text.replace("shards = \"by-asset\"", "shards = \"one\"");
    refuses(&alone, "parts = [\"0.6\", \"0.4\"]", "parts = [\"0.6\"]", "live.parts");
}

#[test]
fn there_are_one_to_four_connections_of_a_kind() {
    let one = format!("{REPLAY}\n[live]\n[[live.venue]]\nmarket = \"usdm\"\nsymbols = [\"ETHUSDT\"]\n");
    answer(&one).unwrap();
    for key in ["market_connections", "order_connections"] {
        let good = format!("{key} = 4");
        let text = format!("{one}{good}\n");
        answer(&text).unwrap();
        for bad in ["0", "5"] {
            let message = refuses(&text, &good, &format!("{key} = {bad}"), &format!("live.venue.0.{key}"));
            assert!(message.contains("must be from 1 to 4"), "{message}");
        }
    }
}

#[test]
fn segments_of_a_journal_are_neither_tiny_nor_endless() {
    let live = "[live]\nsegment_bytes = 65536\n[[live.venue]]\nmarket = \"usdm\"\nsymbols = [\"ETHUSDT\"]\n";
    let text = format!("{REPLAY}\n{live}");
    answer(&text).unwrap();
    answer(&text.replace("65536", "1073741824")).unwrap();
    for bad in ["65535", "1073741825"] {
        let message = refuses(&text, "65536", bad, "live.segment_bytes");
        assert!(message.contains("from 65536 to 1073741824"), "{message}");
    }
}

#[test]
fn what_is_connected_to_is_spelt_as_the_venue_does() {
    let text = format!(
        "{REPLAY}\n[live]\nmode = \"live\"\n[[live.venue]]\nmarket = \"usdm\"\nsymbols = [\"BTCUSDT\", \"ETHUSDT\"]\n\
        stream = \"wss://host:9443\"\nrest = \"https://[::1]\"\napi = \"ws://host/ws-fapi/v1\"\ncredentials = \"DESK_2\"\n"
    );
    answer(&text).unwrap();
    for symbol in ["", "ethusdt", "ETH/USDT", "ETH USDT", "ÉTHUSDT"] {
        let bad = format!("\"BTCUSDT\", \"{symbol}\"");
        let message = refuses(&text, "\"BTCUSDT\", \"ETHUSDT\"", &bad, "live.venue.0.symbols.1");
        assert!(message.contains("must be spelt as the venue does"), "{message}");
    }
    answer(&text.replace("ETHUSDT", "ETHUSDT_260327")).unwrap();
    let (scheme, none) = ("must begin with", "is no address");
    let (alone, path) = ("paths are the venue's", "must name the path too");
    for (key, good, bad, why) in [
        ("stream", "wss://host:9443", "https://host", scheme),
        ("stream", "wss://host:9443", "ws://", none),
        ("stream", "wss://host:9443", "wss://:99999", none),
        ("stream", "wss://host:9443", "wss://host:99999", none),
        ("stream", "wss://host:9443", "wss://host:0", none),
        ("stream", "wss://host:9443", "wss://ho st", none),
        ("stream", "wss://host:9443", "wss://host/ws", alone),
        ("rest", "https://[::1]", "wss://host", scheme),
        ("rest", "https://[::1]", "host", scheme),
        ("rest", "https://[::1]", "https://", none),
        ("rest", "https://[::1]", "https://host/", alone),
        ("api", "ws://host/ws-fapi/v1", "http://host/ws-fapi/v1", scheme),
        ("api", "ws://host/ws-fapi/v1", "ws:///ws-fapi/v1", none),
        ("api", "ws://host/ws-fapi/v1", "ws://host", path),
        ("credentials", "DESK_2", "", "must be letters"),
        ("credentials", "DESK_2", "2DESK", "must be letters"),
    ] {
        let line = |value| format!("{key} = \"{value}\"");
        let message = refuses(&text, &line(good), &line(bad), &format!("live.venue.0.{key}"));
        assert!(message.contains(why), "{bad}: {message}");
    }
    let message =
        refuses(&text, "market = \"usdm\"\nsymbols", "market = \"coinm\"\nsymbols", "live.venue.0.market");
    assert!(message.contains("only simulated"), "{message}");
}
