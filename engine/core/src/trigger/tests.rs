//! Stories of single triggers, and a twin that reads the whole history of prices again at every step.

use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::gate::fixture::{INSTRUMENT, flat, limits, order, spec};
use crate::gate::{Gate, GateContext, Rule};
use ballast_model::{Nanos, NewOrder, Step};

const fn trigger(when: When, side: Side) -> Trigger {
    Trigger { id: 1, watched: Watched::Last, when, side, lots: Lots(5), send: Send::Limit(Price(90)) }
}

/// The trade, by its place, that fires a trigger; it fires once at most.
fn fires_at(trigger: Trigger, prices: &[i64]) -> Option<usize> {
    let mut table = Triggers::new(1);
    table.set(trigger).unwrap();
    let mut at = None;
    for (place, price) in prices.iter().enumerate() {
        table.on_price(trigger.watched, Seen::last(Price(*price)));
        if table.take_fired().is_some() {
            assert_eq!(at.replace(place), None, "fired twice");
        }
    }
    assert_eq!(table.waiting().len(), usize::from(at.is_none()));
    at
}

#[test]
fn stops_and_take_profits_fire_at_their_price_or_past_it() {
    let cases = [
        (When::Stop(Price(100)), Side::Ask, [102, 101, 100, 99, 50], 2),
        (When::Stop(Price(100)), Side::Bid, [98, 99, 100, 101, 150], 2),
        (When::TakeProfit(Price(100)), Side::Ask, [98, 99, 103, 99, 100], 2),
        (When::TakeProfit(Price(100)), Side::Bid, [103, 102, 101, 90, 100], 3),
        (When::TrailTicks(Ticks(5)), Side::Ask, [100, 110, 106, 105, 100], 3),
        (When::TrailTicks(Ticks(5)), Side::Bid, [100, 90, 94, 96, 80], 3),
        (When::TrailShare(Rate::from_bps(1_000)), Side::Ask, [100, 200, 181, 180, 100], 3),
        (When::TrailShare(Rate::from_bps(1_000)), Side::Bid, [100, 200, 100, 50, 55], 1),
    ];
    for (when, side, prices, place) in cases {
        assert_eq!(fires_at(trigger(when, side), &prices), Some(place), "{when:?} {side:?}");
        assert_eq!(fires_at(trigger(when, side), &prices[..place]), None, "{when:?} {side:?}");
    }
}

#[test]
fn only_the_watched_price_counts() {
    let mut table = Triggers::new(2);
    table.set(trigger(When::Stop(Price(100)), Side::Ask)).unwrap();
    for watched in [Watched::Mark, Watched::Mid] {
        table.on_price(watched, Seen::last(Price(50)));
    }
    assert_eq!((table.take_fired(), table.waiting().len()), (None, 1));
    table.on_price(Watched::Last, Seen::last(Price(50)));
    assert!(table.take_fired().is_some());
}

#[test]
fn a_mark_between_two_half_ticks_reaches_neither_level_early() {
    // Ticks of 0.01: half a tick is 0.005. The mark is 1.002 5, between 200 and 201 half ticks.
    let mark = Seen::mark(&spec(), 100_250_000).unwrap();
    assert_eq!(mark, Seen { below: HalfTicks(200), above: HalfTicks(201) });
    assert_eq!(Seen::mark(&spec(), 100_500_000), Some(Seen::mid(HalfTicks(201))));
    assert_eq!([0, -1].map(|mark| Seen::mark(&spec(), mark)), [None, None]);
    let mut coarse = spec();
    coarse.tick = Step { mantissa: 25, scale: 1 };
    assert_eq!(Seen::mark(&coarse, 1_000_000_000), Some(Seen::mid(HalfTicks(8))), "10.0 in ticks of 2.5");
    let mut fine = spec();
    fine.tick = Step { mantissa: 1, scale: 15 };
    assert_eq!(Seen::mark(&fine, i64::MAX), None, "beyond every price");
    let fires = |when, side, seen| {
        let mut table = Triggers::new(1);
        table.set(trigger(when, side)).unwrap();
        table.on_price(Watched::Last, seen);
        table.take_fired().is_some()
    };
    assert!(!fires(When::Stop(Price(100)), Side::Ask, mark), "a little above");
    assert!(fires(When::Stop(Price(100)), Side::Bid, mark));
    assert!(fires(When::Stop(Price(100)), Side::Ask, Seen::mark(&spec(), 100_000_000).unwrap()));
    assert!(!fires(When::Stop(Price(100)), Side::Bid, Seen::mark(&spec(), 99_999_999).unwrap()));
}

#[test]
fn the_table_is_bounded_and_its_triggers_are_named_once() {
    let mut table = Triggers::new(2);
    let stop = trigger(When::Stop(Price(100)), Side::Ask);
    table.set(stop).unwrap();
    assert_eq!(table.set(stop), Err(TriggerError::Known));
    table.set(Trigger { id: 2, ..stop }).unwrap();
    let third = Trigger { id: 3, ..stop };
    assert_eq!(table.set(third), Err(TriggerError::Full));
    table.on_price(Watched::Last, Seen::last(Price(100)));
    assert_eq!(table.set(third), Err(TriggerError::Full), "those that fired wait in the same room");
    assert_eq!(table.take_fired().map(|fired| fired.trigger.id), Some(1));
    table.set(third).unwrap();
    assert_eq!(table.take_fired().map(|fired| fired.trigger.id), Some(2));
    assert_eq!((table.clear(3), table.clear(3)), (Some(third), None));
    let room = (table.set.capacity(), table.fired.capacity());
    assert_eq!(room, (2, 2));
}

#[test]
fn a_trigger_that_follows_keeps_what_it_saw_when_its_size_changes() {
    let mut table = Triggers::new(1);
    table.set(trigger(When::TrailTicks(Ticks(5)), Side::Ask)).unwrap();
    table.on_price(Watched::Last, Seen::last(Price(110)));
    assert!(table.resize(1, Lots(9)) && !table.resize(2, Lots(9)) && !table.resize(1, Lots::ZERO));
    table.on_price(Watched::Last, Seen::last(Price(105)));
    assert_eq!(table.take_fired().map(|fired| fired.trigger.lots), Some(Lots(9)));
    assert!(!table.resize(1, Lots(9)), "it has fired");
}

#[test]
fn numbers_out_of_range_are_refused() {
    let good = trigger(When::Stop(Price(100)), Side::Ask);
    let bad = [
        Trigger { lots: Lots(0), ..good },
        Trigger { lots: Lots(LOTS_MAX + 1), ..good },
        trigger(When::Stop(Price(0)), Side::Ask),
        trigger(When::TakeProfit(Price(PRICE_TICKS_MAX + 1)), Side::Ask),
        trigger(When::TrailTicks(Ticks(0)), Side::Ask),
        trigger(When::TrailShare(Rate(0)), Side::Ask),
        trigger(When::TrailShare(Rate::ONE), Side::Ask),
        Trigger { send: Send::Limit(Price(0)), ..good },
        Trigger { send: Send::Market(Rate(0)), ..good },
        Trigger { send: Send::Market(Rate::ONE), ..good },
    ];
    for trigger in bad {
        assert_eq!(Triggers::new(1).set(trigger), Err(TriggerError::Range), "{trigger:?}");
    }
}

#[test]
fn a_market_order_is_an_ioc_order_that_the_collar_holds() {
    // The collar of the fixture lets 5 % through the reference, here 100.00.
    for (side, within, beyond) in [(Side::Bid, 10_500, 10_501), (Side::Ask, 9_500, 9_499)] {
        let sent = |protection| {
            let mut table = Triggers::new(1);
            let stop = When::Stop(Price(10_000));
            table.set(Trigger { send: Send::Market(protection), ..trigger(stop, side) }).unwrap();
            table.on_price(Watched::Last, Seen::last(Price(10_000)));
            table.take_fired().unwrap()
        };
        let ask = |fired: Fired| {
            let order = NewOrder { tif: fired.tif, ..order(1, side, fired.price.0, 10) };
            let mut gate = Gate::new(INSTRUMENT, &spec(), limits()).unwrap();
            (gate.check(order, &flat(), Nanos(0)).is_ok(), gate.refusals(Rule::Collar))
        };
        let fired = sent(Rate::from_bps(500));
        assert_eq!((fired.price, fired.tif), (Price(within), TimeInForce::ImmediateOrCancel));
        assert_eq!(ask(fired), (true, 0));
        let fired = sent(Rate(Rate::from_bps(501).0));
        assert!(side.reaches(fired.price, Price(beyond)));
        assert_eq!(ask(fired), (false, 1));
    }
}

#[test]
fn the_digest_tells_states_apart() {
    let mut table = Triggers::new(2);
    let mut hashes = vec![];
    let mut note = |table: &Triggers| {
        let mut digest = Digest::new();
        table.digest(&mut digest);
        assert!(!hashes.contains(&digest.value()));
        hashes.push(digest.value());
    };
    note(&table);
    table.set(trigger(When::TrailTicks(Ticks(5)), Side::Ask)).unwrap();
    note(&table);
    for price in [100, 110, 105] {
        table.on_price(Watched::Last, Seen::last(Price(price)));
        note(&table);
    }
}

/// Whether the last of these prices is the first that fires: by fractions, from the whole history.
fn naive(when: When, side: Side, prices: &[i64]) -> bool {
    let sign = |value: i128| if side == Side::Ask { value } else { -value };
    let one = i128::from(Rate::ONE.0);
    let reached = |upto: usize| {
        let now = i128::from(prices[upto]) * one;
        let best = prices[..=upto].iter().map(|price| i128::from(*price)).max_by_key(|price| sign(*price));
        let best = best.unwrap() * one;
        match when {
            When::Stop(level) => sign(now) <= sign(i128::from(level.0) * one),
            When::TakeProfit(level) => sign(now) >= sign(i128::from(level.0) * one),
            When::TrailTicks(distance) => sign(best - now) >= i128::from(distance.0) * one,
            When::TrailShare(share) => sign(best - now) >= best / one * i128::from(share.0),
        }
    };
    let last = prices.len() - 1;
    reached(last) && !(0..last).any(reached)
}

fn when() -> impl Strategy<Value = When> {
    prop_oneof![
        (90..110i64).prop_map(|level| When::Stop(Price(level))),
        (90..110i64).prop_map(|level| When::TakeProfit(Price(level))),
        (1..10i64).prop_map(|distance| When::TrailTicks(Ticks(distance))),
        (1..1_000i64).prop_map(|bps| When::TrailShare(Rate::from_bps(bps))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn triggers_fire_once_and_when_their_twin_does(
        kinds in prop::collection::vec((when(), prop_oneof![Just(Side::Bid), Just(Side::Ask)]), 1..5),
        prices in prop::collection::vec(85..115i64, 1..20),
    ) {
        let mut table = Triggers::new(kinds.len());
        for ((when, side), id) in kinds.iter().zip(0..) {
            table.set(Trigger { id, ..trigger(*when, *side) }).unwrap();
        }
        for upto in 1..=prices.len() {
            table.on_price(Watched::Last, Seen::last(Price(prices[upto - 1])));
            let fired: Vec<u64> = core::iter::from_fn(|| table.take_fired()).map(|fired| fired.trigger.id).collect();
            let expected = kinds.iter().zip(0u64..).filter(|((when, side), _)| naive(*when, *side, &prices[..upto]));
            prop_assert_eq!(fired, expected.map(|(_, id)| id).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_protection_price_is_the_furthest_the_collar_lets_pass(
        reference in 19_000..21_000i64,
        buys in any::<bool>(),
    ) {
        let side = if buys { Side::Bid } else { Side::Ask };
        let price = protection_price(side, HalfTicks(reference), limits().collar_through_max).unwrap();
        let context = GateContext { reference: Some(HalfTicks(reference)), ..flat() };
        let ask = |price: i64| {
            let mut gate = Gate::new(INSTRUMENT, &spec(), limits()).unwrap();
            gate.check(order(1, side, price, 10), &context, Nanos(0)).is_ok()
        };
        prop_assert!(ask(price.0) && !ask(price.0 + side.sign()));
    }
}
