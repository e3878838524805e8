use std::path::{Path, PathBuf};

use ballast_core::gate::{Controls, GateState, LossLimits};
use ballast_core::oms::SweepLimits;
use ballast_core::shard::{LaneSpec, Shard};
use ballast_model::{HalfTicks, Lots, Money, Rate, Span, Step};
use ballast_venue::binance::Market;

use crate::capture::SeenInstrument;
use crate::config::{Config, ConfigError, Quoted, ResolvedInstrument, resolve};

const REPLAY: &str = include_str!("../../../../../config/replay.toml");

fn lane(tables: &str) -> Result<LaneSpec, ConfigError> {
    let config = Config::parse(&format!("{REPLAY}\n{tables}"), Path::new("some.toml"))?;
    let seen = SeenInstrument {
        symbol: "ETHUSDT".to_owned(),
        market: Market::UsdM,
        tick: Step::parse("0.01"),
        lot: Step::parse("0.001"),
        price_ticks_max: 500_000,
    };
    let (found, resolver) = resolve(&config, PathBuf::from("some.toml"), &[seen])?;
    let one = ResolvedInstrument { found: found[0].clone(), reference: Some(HalfTicks(536_000)) };
    let resolved = resolver.build(&[one], Quoted::Yes)?;
    assert!(Shard::new(&resolved.shard).is_ok());
    Ok(resolved.shard.lanes[0].clone())
}

#[test]
fn without_tables_nothing_is_controlled_and_questions_are_as_usual() {
    let lane = lane("").unwrap();
    assert_eq!((lane.controls, lane.sweep), (Controls::NONE, SweepLimits::DEFAULT));
}

#[test]
fn every_control_is_read_in_its_unit() {
    let lane = lane(
        "[quoting.limits.sweep]\nlive_max = \"5s\"\n\
         [quoting.limits.controls]\nduplicate_window = \"20ms\"\n\
         period_collar = { window = \"1s\", through_max_bps = 50 }\n\
         period_notional = { window = \"2s\", notional_max = \"100.5\" }\n\
         executions = { window = \"3s\", fills_max = 4 }\n\
         order_to_trade = { window = \"4s\", orders_free = 5, orders_per_fill = 6 }\n\
         volatility = { window = \"5s\", trip_bps = 30, calm_bps = 10 }\n\
         oracle = { divergence_max_bps = 20, age_max = \"6s\" }\n\
         fills = { window = \"7s\", fills_max = 8, traded_max = { lots = 9 }, net_max = { base = \"0.01\" }, \
         frozen_for = \"10s\" }\n\
         loss = { realised_max = \"1\", drawdown_max = \"2.5\", then = \"pause\" }\n",
    )
    .unwrap();
    assert_eq!(lane.sweep, SweepLimits { live_max: Span::from_secs(5), ..SweepLimits::DEFAULT });
    let controls = lane.controls;
    assert_eq!(controls.duplicate_window, Some(Span::from_millis(20)));
    let collar = controls.period_collar.unwrap();
    assert_eq!((collar.window, collar.through_max), (Span::from_secs(1), Rate::from_bps(50)));
    let notional = controls.period_notional.unwrap();
    assert_eq!((notional.window, notional.max), (Span::from_secs(2), Money(201 * Money::ONE.0 / 2)));
    assert_eq!(
        controls.executions.map(|control| (control.window, control.max)),
        Some((Span::from_secs(3), 4))
    );
    let ratio = controls.order_to_trade.unwrap();
    assert_eq!((ratio.window, ratio.free, ratio.per_fill), (Span::from_secs(4), 5, 6));
    let breaker = controls.volatility.unwrap();
    assert_eq!((breaker.trip, breaker.calm), (Rate::from_bps(30), Rate::from_bps(10)));
    let oracle = controls.oracle.unwrap();
    assert_eq!((oracle.divergence_max, oracle.age_max), (Rate::from_bps(20), Span::from_secs(6)));
    let fills = controls.fills.unwrap();
    assert_eq!((fills.fills_max, fills.lots_max, fills.net_max), (Some(8), Some(Lots(9)), Some(Lots(10))));
    assert_eq!(fills.frozen_for, Some(Span::from_secs(10)));
    let loss = LossLimits {
        realised_max: Some(Money::ONE),
        unrealised_max: None,
        drawdown_max: Some(Money(5 * Money::ONE.0 / 2)),
        lost_before: Money::ZERO,
        then: GateState::Paused,
    };
    assert_eq!(controls.loss, Some(loss));
}

#[test]
fn what_cannot_work_is_named_with_its_line_and_key() {
    let line = REPLAY.lines().count() + 3;
    for (text, key) in [
        ("duplicate_window = \"0s\"", "duplicate_window"),
        ("period_collar = { window = \"1s\", through_max_bps = 0 }", "period_collar"),
        ("executions = { window = \"1s\", fills_max = 0 }", "executions"),
        ("order_to_trade = { window = \"1s\", orders_free = 0, orders_per_fill = 1 }", "order_to_trade"),
        ("volatility = { window = \"5s\", trip_bps = 10, calm_bps = 10 }", "volatility"),
        ("oracle = { divergence_max_bps = 20, age_max = \"0s\" }", "oracle"),
        ("fills = { window = \"7s\" }", "fills"),
        ("fills = { window = \"7s\", net_max = { lots = 0 } }", "fills.net_max"),
        ("loss = { then = \"kill\" }", "loss"),
    ] {
        let message = lane(&format!("[quoting.limits.controls]\n{text}\n")).unwrap_err().to_string();
        let place = format!("some.toml: line {line}: quoting.limits.controls.{key}: ");
        assert!(message.starts_with(&place), "{place}: {message}");
    }
    let message = lane("[quoting.limits.sweep]\nquery_gap = \"0s\"\n").unwrap_err().to_string();
    assert!(message.contains(&format!("line {line}: quoting.limits.sweep.query_gap: ")), "{message}");
    let message = lane("[quoting.limits.controls]\nloses = 1\n").unwrap_err().to_string();
    assert!(message.contains("unknown field `loses`"), "{message}");
}
