//! What a run records for its judgement is what happened.

use std::sync::LazyLock;

use ballast_analytics::attribution::Attribution;
use ballast_analytics::record::Role;
use ballast_analytics::summary::Summary;
use ballast_analytics::total::Totals;
use ballast_model::{FillReason, Liquidity, Lots, Money, Price, Side};
use ballast_runtime::config::Config;
use ballast_tests::market::config;

use crate::rig::{AVELLANEDA, FUTURES, INTERVAL, SPOT, file, interval, prepare, record};

#[test]
fn every_order_sent_is_counted_and_every_resting_fill_has_its_place() {
    for config in [&AVELLANEDA, &INTERVAL] {
        let (played, records) = record(&prepare(config, &[file(&FUTURES), file(&SPOT)]), 10_000);
        let sum = |of: fn(&ballast_analytics::record::Requests) -> u64| -> u64 {
            records.iter().map(|record| of(&record.requests)).sum()
        };
        assert_eq!(sum(|requests| requests.orders), played.outcome.orders);
        assert_eq!(sum(|requests| requests.cancels), played.outcome.cancels);
        let mut judged = 0;
        for record in &records {
            assert_eq!(record.role, Role::Quoted);
            for fill in &record.fills {
                assert_eq!(fill.place.is_some(), fill.liquidity == Liquidity::Maker, "{fill:?}");
                let Some(place) = fill.place else { continue };
                judged += 1;
                assert!(place.level < 4, "{place:?}");
                if let (Some(joined), Some(ahead)) = (place.joined, place.ahead) {
                    assert!(Lots::ZERO <= ahead && ahead <= joined, "the queue ahead never grows: {place:?}");
                    let passed = fill.reason == FillReason::QueueExhausted;
                    assert!(passed || fill.reason != FillReason::Took, "{fill:?}");
                }
            }
            let traded: i64 = record.fills.iter().map(|fill| fill.lots.0).sum();
            assert!(traded <= record.requests.lots.0, "no more than was asked for");
            let execution = Summary::of(record).execution;
            assert!(execution.fill_ratio.is_some_and(|ratio| ratio > 0.0 && ratio <= 1.0), "{execution:?}");
        }
        assert!(judged > 0);
    }
}

#[test]
fn what_profit_is_made_of_adds_up_to_the_ledgers_net() {
    for config in [&AVELLANEDA, &INTERVAL] {
        let (_, records) = record(&prepare(config, &[file(&FUTURES), file(&SPOT)]), 10_000);
        let net = |record: &ballast_analytics::record::InstrumentRecord| record.samples.last().unwrap().net();
        for record in &records {
            let parts = Attribution::of(record).unwrap();
            assert_eq!(parts.net(), net(record));
            assert!(parts.rebates > Money::ZERO && parts.hedging == Money::ZERO, "{parts:?}");
        }
        let totals = Totals::of(&records, None);
        let [total] = &totals.settled[..] else { panic!("one currency") };
        assert_eq!(total.attribution.net(), records.iter().map(net).sum());
        assert_eq!(
            totals.venues.iter().map(|(venue, _)| venue.as_str()).collect::<Vec<_>>(),
            ["spot", "usdm"]
        );
    }
}

#[test]
fn depth_near_the_midpoint_is_what_stands_there() {
    let (_, records) = record(&prepare(&INTERVAL, &[file(&FUTURES)]), 10_000);
    let [record] = &records[..] else { panic!("one instrument") };
    let order = record.spec.notional(Price(record.samples[0].mid.0 / 2), Lots(200));
    let mut stood = 0;
    for sample in &record.samples {
        for side in Side::BOTH {
            let depth = sample.depth_of(side);
            // One quote of 200 lots a side, its successor on its way for a moment.
            assert!(depth <= Money(order.0 * 21 / 10), "{sample:?}");
            stood += usize::from(depth > Money::ZERO);
        }
    }
    assert!(stood > record.samples.len(), "most of the time on both sides: {stood}");
    let presence = Summary::of(record).presence.unwrap();
    assert!(presence.both > 0.5 && presence.both <= 1.0, "{presence:?}");
}

#[test]
fn quotes_farther_than_the_programme_asks_do_not_count() {
    static STRICT: LazyLock<Config> =
        LazyLock::new(|| config(&format!("{}[report.programme]\nwithin_bps = 0.0001\n", interval())));
    let (_, records) = record(&prepare(&STRICT, &[file(&FUTURES)]), 10_000);
    let summary = Summary::of(&records[0]);
    assert!(summary.quoting.unwrap().two_sided > 0.5);
    let presence = summary.presence.unwrap();
    assert!(presence.sides.iter().chain(&presence.depth).all(|share| *share < 0.05), "{presence:?}");
}

#[test]
fn what_trades_on_the_hedges_market_is_the_cost_of_hedging() {
    static CROSS: LazyLock<Config> = LazyLock::new(|| config(include_str!("../../config/cross-venue.toml")));
    let (played, records) = record(&prepare(&CROSS, &[file(&FUTURES), file(&SPOT)]), 10_000);
    assert!(played.shard.hedgings().count() > 0);
    for record in &records {
        let hedge = record.venue == "usdm";
        assert_eq!(record.role, if hedge { Role::Hedge } else { Role::Quoted }, "{}", record.name);
        let parts = Attribution::of(record).unwrap();
        assert_eq!(parts.net(), record.samples.last().unwrap().net());
        let quoted = [parts.spread, parts.fees, parts.rebates];
        assert!(!hedge || quoted == [Money::ZERO; 3], "{parts:?}");
        assert!(hedge || parts.hedging == Money::ZERO, "{parts:?}");
    }
}
