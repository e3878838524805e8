//! Amendments at the gate: what they add is judged like a new order, what they take away always passes.

use ballast_model::{
    ClientOrderId, OrderReport, OrderUpdate, Price, Rate, ReduceOnly, Side, TimeInForce, VenueOrderId,
};

use super::*;
use crate::gate::fixture::{INSTRUMENT, checked, flat, limits, order as new_order, spec};
use crate::gate::{GateLimits, GateState, Rule};
use crate::oms::Oms;

/// A live bid of 10 lots at 10 000, id 1.
fn live() -> Order {
    let mut oms = Oms::new(INSTRUMENT, 4);
    oms.insert(&checked(new_order(1, Side::Bid, 10_000, 10)), Nanos(0)).unwrap();
    let (client_id, report) = (ClientOrderId(1), OrderReport::Accepted(VenueOrderId(7)));
    oms.on_update(&OrderUpdate { instrument: INSTRUMENT, client_id, report, venue_time: Nanos(0) }, Nanos(0));
    oms.order(client_id).unwrap()
}

const fn to(price: i64, lots: i64) -> Replace {
    Replace {
        instrument: INSTRUMENT,
        client_id: ClientOrderId(1),
        side: Side::Bid,
        price: Price(price),
        lots: Lots(lots),
        expires_at: Nanos::MAX,
    }
}

/// Flat, with the order at work.
fn context() -> GateContext {
    GateContext { working_bid: Lots(10), open_orders: 1, ..flat() }
}

fn gate(limits: GateLimits) -> Gate {
    Gate::new(INSTRUMENT, &spec(), limits).unwrap()
}

fn ask(gate: &mut Gate, replace: Replace, order: &Order, context: &GateContext) -> Result<(), Rule> {
    let before = Rule::ALL.map(|rule| gate.refusals(rule));
    let answer = gate.check_replace(replace, order, context, Nanos(0));
    let refused = Rule::ALL.into_iter().zip(before).find(|(rule, before)| gate.refusals(*rule) > *before);
    assert_eq!(answer.is_err(), refused.is_some());
    refused.map_or(Ok(()), |(rule, _)| Err(rule))
}

#[test]
fn price_size_and_value_are_those_of_a_new_order() {
    let elsewhere = Replace { instrument: ballast_model::InstrumentId(9), ..to(10_001, 10) };
    for (replace, answer) in [
        (to(10_001, 10), Ok(())),
        (elsewhere, Err(Rule::Instrument)),
        (to(99, 10), Err(Rule::Price)),
        (to(10_001, 1), Err(Rule::Size)),
        (to(10_000, 101), Err(Rule::OrderLots)),
        (to(9_999, 5), Err(Rule::NotionalMin)),
        (to(15_100, 100), Err(Rule::OrderNotional)),
        (to(10_501, 10), Err(Rule::Collar)),
        (to(5_999, 10), Err(Rule::Collar)),
    ] {
        let mut gate = gate(limits());
        assert_eq!(ask(&mut gate, replace, &live(), &context()), answer, "{replace:?}");
        let refused = Rule::ALL.iter().map(|rule| gate.refusals(*rule)).sum::<u64>();
        assert_eq!((gate.passed(), refused), if answer.is_ok() { (1, 0) } else { (0, 1) });
    }
    let blind = GateContext { reference: None, ..context() };
    assert_eq!(ask(&mut gate(limits()), to(10_001, 10), &live(), &blind), Err(Rule::NoReference));
}

#[test]
fn the_larger_of_both_sizes_counts_once_towards_the_position() {
    let near =
        |position, working| GateContext { position: Lots(position), working_bid: Lots(working), ..context() };
    let mut gate = gate(GateLimits { order_burst_max: 9, ..limits() });
    assert_eq!(ask(&mut gate, to(10_001, 60), &live(), &near(240, 10)), Ok(()));
    assert_eq!(ask(&mut gate, to(10_001, 61), &live(), &near(240, 10)), Err(Rule::Position));
    assert_eq!(ask(&mut gate, to(10_001, 8), &live(), &near(290, 10)), Ok(()));
    assert_eq!(ask(&mut gate, to(10_001, 8), &live(), &near(291, 10)), Err(Rule::Position), "it may fail");
    assert_eq!(ask(&mut gate, to(10_001, 60), &live(), &near(200, 50)), Ok(()), "with other orders at work");
    assert_eq!(ask(&mut gate, to(10_001, 61), &live(), &near(200, 50)), Err(Rule::Position));
    let traded = Order { filled: Lots(4), reported: Lots(4), ..live() };
    assert_eq!(ask(&mut gate, to(10_001, 64), &traded, &near(240, 6)), Ok(()), "of the total 4 have traded");
    assert_eq!(ask(&mut gate, to(10_001, 65), &traded, &near(240, 6)), Err(Rule::Position));
    let full = |open_orders| GateContext { open_orders, ..context() };
    assert_eq!(ask(&mut gate, to(10_001, 20), &live(), &full(8)), Ok(()), "it is one of the eight");
    assert_eq!(ask(&mut gate, to(10_001, 20), &live(), &full(9)), Err(Rule::OpenOrders));
}

#[test]
fn asks_are_judged_on_their_own_side() {
    let ask_order = Order { side: Side::Ask, ..live() };
    let context =
        GateContext { position: Lots(-240), working_bid: Lots(0), working_ask: Lots(10), ..context() };
    let mut gate = gate(limits());
    assert_eq!(ask(&mut gate, to(10_001, 60), &ask_order, &context), Ok(()));
    assert_eq!(ask(&mut gate, to(10_001, 61), &ask_order, &context), Err(Rule::Position));
}

#[test]
fn new_orders_keep_their_ids_after_an_amendment() {
    let mut gate = gate(limits());
    assert!(gate.check(new_order(7, Side::Bid, 10_000, 10), &flat(), Nanos(0)).is_ok());
    assert_eq!(ask(&mut gate, to(10_001, 10), &live(), &context()), Ok(()));
    assert!(gate.check(new_order(8, Side::Bid, 10_000, 10), &flat(), Nanos(0)).is_ok());
}

#[test]
fn making_an_order_smaller_passes_in_every_state_and_is_not_charged() {
    let blind = GateContext { reference: None, position: Lots(500), ..context() };
    for (state, moved) in [
        (GateState::Active, Ok(())),
        (GateState::ReduceOnly, Err(Rule::ReduceOnly)),
        (GateState::Killed, Err(Rule::Killed)),
    ] {
        let mut gate = gate(GateLimits { order_burst_max: 1, ..limits() });
        gate.tighten(state);
        for _ in 0..5 {
            assert_eq!(ask(&mut gate, to(10_000, 6), &live(), &blind), Ok(()));
        }
        assert_eq!(ask(&mut gate, to(10_001, 10), &live(), &context()), moved);
        let elsewhere = Replace { instrument: ballast_model::InstrumentId(9), ..to(10_000, 6) };
        assert_eq!(ask(&mut gate, elsewhere, &live(), &blind), Err(Rule::Instrument));
    }
}

#[test]
fn amendments_are_charged_to_the_rate() {
    let mut gate = gate(GateLimits { order_burst_max: 1, ..limits() });
    assert_eq!(ask(&mut gate, to(10_001, 10), &live(), &context()), Ok(()));
    assert_eq!(ask(&mut gate, to(10_002, 10), &live(), &context()), Err(Rule::OrderRate));
    let short = GateContext { position: Lots(-50), ..context() };
    assert_eq!(ask(&mut gate, to(10_002, 10), &live(), &short), Ok(()), "it reduces");
}

#[test]
fn after_a_kill_an_order_marked_reduce_only_may_still_be_moved() {
    let mut gate = gate(limits());
    gate.tighten(GateState::Killed);
    let short = GateContext { position: Lots(-50), ..context() };
    assert_eq!(ask(&mut gate, to(10_002, 10), &live(), &short), Err(Rule::Killed));
    let marked = Order { reduce_only: ReduceOnly::Yes, tif: TimeInForce::GoodTillCancel, ..live() };
    assert_eq!(ask(&mut gate, to(10_002, 10), &marked, &short), Ok(()));
    assert_eq!(limits().collar_through_max, Rate::from_bps(500), "the numbers above are written for it");
}
