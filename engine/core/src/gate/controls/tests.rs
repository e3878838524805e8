//! Each optional control at its boundary.

use ballast_model::{HalfTicks, Lots, MarkPrice, Money, Nanos, NewOrder, Rate, ReduceOnly, Side, Span};

use super::*;
use crate::gate::fixture::{INSTRUMENT, flat, limits, order, spec};
use crate::gate::{Gate, GateContext, GateLimits, GateState, LossLimits, Rule};

/// A multiple of every slot below, so that windows begin where the tests do.
const START: Nanos = Nanos(1_600_000_000_000);
const WINDOW: Span = Span::from_millis(160);

const fn after(millis: i64) -> Nanos {
    Nanos(START.0 + millis * 1_000_000)
}

/// A gate whose rate is never met.
fn gate(controls: &Controls) -> Gate {
    let limits = GateLimits { order_burst_max: 1_000, orders_per_second_max: 1_000_000, ..limits() };
    Gate::new(INSTRUMENT, &spec(), limits).unwrap().with_controls(controls).unwrap()
}

fn at(mid: i64) -> GateContext {
    GateContext { reference: Some(HalfTicks(mid)), ..flat() }
}

/// The rule that refuses an order; `None` where it passes.
fn rule(gate: &mut Gate, order: NewOrder, context: &GateContext, now: Nanos) -> Option<Rule> {
    gate.check(order, context, now).err().map(|refusal| refusal.rule)
}

/// The same of a gate that then forgets it was asked.
fn would(gate: &Gate, order: NewOrder, context: &GateContext, now: Nanos) -> Option<Rule> {
    rule(&mut gate.clone(), order, context, now)
}

const fn bid(id: u64, price: i64) -> NewOrder {
    order(id, Side::Bid, price, 10)
}

/// A bid that closes ten lots of a short.
fn closing(mid: i64) -> (NewOrder, GateContext) {
    (order(99, Side::Bid, mid / 2, 10), GateContext { position: Lots(-10), ..at(mid) })
}

#[test]
fn the_period_collar_looks_back_over_its_window() {
    let control = PeriodCollar { window: WINDOW, through_max: Rate::from_bps(200) };
    let mut gate = gate(&Controls { period_collar: Some(control), ..Controls::NONE });
    gate.on_reference(HalfTicks(20_000), START);
    // The market jumps by five per cent: bids follow by two at most, and asks below it are none of its business.
    let jumped = at(21_000);
    assert_eq!(would(&gate, bid(1, 10_200), &jumped, after(1)), None);
    assert_eq!(would(&gate, bid(1, 10_201), &jumped, after(1)), Some(Rule::PeriodCollar));
    assert_eq!(would(&gate, order(1, Side::Ask, 10_500, 10), &jumped, after(1)), None);
    let (close, world) = closing(21_000);
    assert_eq!(would(&gate, close, &world, after(1)), None);
    assert_eq!(would(&gate, bid(1, 10_500), &jumped, Nanos(after(170).0 - 1)), Some(Rule::PeriodCollar));
    assert_eq!(would(&gate, bid(1, 10_500), &jumped, after(170)), None);
}

#[test]
fn ordered_value_is_bounded_over_a_window() {
    let control = PeriodNotional { window: WINDOW, max: Money(3 * Money::ONE.0) };
    let mut gate = gate(&Controls { period_notional: Some(control), ..Controls::NONE });
    // Ten lots at a hundred are worth one.
    for id in 1..=2 {
        assert_eq!(rule(&mut gate, bid(id, 10_000), &flat(), START), None);
    }
    let (close, world) = closing(20_000);
    assert_eq!(would(&gate, bid(3, 10_001), &flat(), START), Some(Rule::PeriodNotional));
    assert_eq!(rule(&mut gate, NewOrder { client_id: bid(3, 0).client_id, ..close }, &world, START), None);
    assert_eq!(would(&gate, order(4, Side::Bid, 10_000, 5), &flat(), START), Some(Rule::PeriodNotional));
    assert_eq!(would(&gate, close, &world, START), None, "reducing orders count and are not stopped");
    assert_eq!(would(&gate, bid(4, 10_000), &flat(), after(169)), Some(Rule::PeriodNotional));
    assert_eq!(would(&gate, bid(4, 10_000), &flat(), after(170)), None);
}

#[test]
fn an_intent_passes_once_in_its_window() {
    let mut gate = gate(&Controls { duplicate_window: Some(WINDOW), ..Controls::NONE });
    assert_eq!(rule(&mut gate, bid(1, 10_000), &flat(), START), None);
    assert_eq!(would(&gate, bid(2, 10_000), &flat(), after(159)), Some(Rule::Duplicate));
    assert_eq!(would(&gate, bid(2, 10_000), &flat(), after(160)), None);
    for other in [bid(2, 10_001), order(2, Side::Bid, 10_000, 11), order(2, Side::Ask, 10_000, 10)] {
        assert_eq!(would(&gate, other, &flat(), START), None);
    }
    let (close, world) = closing(20_000);
    assert_eq!(would(&gate, close, &world, START), None, "a reducing order closes at most what there is");
    // Of more than it can keep, it finds the newest.
    for id in 2..=u64::try_from(crate::gate::INTENTS_KEPT).unwrap() + 1 {
        assert_eq!(rule(&mut gate, bid(id, 9_000 + i64::try_from(id).unwrap()), &flat(), START), None);
    }
    assert_eq!(would(&gate, bid(90, 9_002), &flat(), START), Some(Rule::Duplicate));
    assert_eq!(would(&gate, bid(90, 10_000), &flat(), START), None);
}

#[test]
fn a_side_that_trades_too_often_gets_no_more_orders() {
    let control = Executions { window: WINDOW, max: 2 };
    let mut gate = gate(&Controls { executions: Some(control), ..Controls::NONE });
    gate.on_fill(Side::Bid, Lots(1), START);
    assert_eq!(would(&gate, bid(1, 10_000), &flat(), START), None);
    gate.on_fill(Side::Bid, Lots(1), START);
    assert_eq!(would(&gate, bid(1, 10_000), &flat(), START), Some(Rule::Executions));
    assert_eq!(would(&gate, order(1, Side::Ask, 10_000, 10), &flat(), START), None);
    assert_eq!(would(&gate, bid(1, 10_000), &flat(), after(170)), None);
}

#[test]
fn orders_need_trades() {
    let control = OrderToTrade { window: WINDOW, free: 2, per_fill: 3 };
    let mut gate = gate(&Controls { order_to_trade: Some(control), ..Controls::NONE });
    let mut ids = 1..;
    let mut passes = |gate: &mut Gate| {
        let asked = ids.by_ref().take(9).map(|id| rule(gate, bid(id, 10_000), &flat(), START));
        asked.take_while(Option::is_none).count()
    };
    assert_eq!(passes(&mut gate), 2);
    gate.on_fill(Side::Ask, Lots(1), START);
    assert_eq!(passes(&mut gate), 3);
    let refused = would(&gate, bid(99, 10_000), &flat(), START);
    assert_eq!(refused, Some(Rule::OrderToTrade));
    let (close, world) = closing(20_000);
    assert_eq!(would(&gate, close, &world, START), None);
}

#[test]
fn the_volatility_breaker_trips_and_calms_at_different_ranges() {
    let control = VolatilityBreaker { window: WINDOW, trip: Rate::from_bps(100), calm: Rate::from_bps(50) };
    let mut gate = gate(&Controls { volatility: Some(control), ..Controls::NONE });
    let (close, world) = closing(20_000);
    gate.on_reference(HalfTicks(20_000), START);
    gate.on_reference(HalfTicks(20_200), after(1));
    assert_eq!(would(&gate, bid(1, 10_000), &flat(), after(2)), None, "exactly one per cent");
    gate.on_reference(HalfTicks(20_201), after(20));
    assert_eq!(gate.posture(Some(HalfTicks(20_000)), after(20)), GateState::ReduceOnly);
    assert_eq!(gate.halt(Some(HalfTicks(20_000)), after(20)).cause, Rule::Volatility);
    assert_eq!(gate.halt(None, after(20)).cause, Rule::NoReference);
    assert_eq!(would(&gate, bid(1, 10_000), &flat(), after(20)), Some(Rule::Volatility));
    assert_eq!(would(&gate, close, &world, after(20)), None);
    // The lows have left; what remains ranges by 0.55 %, then by 0.5 %.
    gate.on_reference(HalfTicks(20_090), after(175));
    assert_eq!(would(&gate, bid(1, 10_000), &at(20_090), after(175)), Some(Rule::Volatility));
    gate.on_reference(HalfTicks(20_100), after(350));
    assert_eq!(gate.posture(Some(HalfTicks(20_100)), after(350)), GateState::Active);
    assert_eq!(would(&gate, bid(1, 10_000), &at(20_100), after(350)), None);
}

#[test]
fn the_oracle_must_be_there_young_and_near() {
    let control = OracleLimit { divergence_max: Rate::from_bps(100), age_max: WINDOW };
    let mut gate = gate(&Controls { oracle: Some(control), ..Controls::NONE });
    let mark = |mark_e8, index_e8| MarkPrice {
        instrument: INSTRUMENT,
        mark_e8,
        index_e8,
        funding_e8: 0,
        funding_at_secs: 0,
        venue_time: START,
        recv_time: START,
    };
    let near = 100_0000_0000;
    assert_eq!(would(&gate, bid(1, 10_000), &flat(), START), Some(Rule::Oracle));
    let cases = [
        (near, None, None),
        (near, Some(near), None),
        (99_0099_0100, None, None),
        (99_0099_0099, None, Some(Rule::Oracle)),
        (101_0101_0101, None, None),
        (101_0101_0102, None, Some(Rule::Oracle)),
        (near, Some(102_0000_0000), Some(Rule::Oracle)),
        (0, None, Some(Rule::Oracle)),
        (near, Some(-1), Some(Rule::Oracle)),
    ];
    let (close, world) = closing(20_000);
    for (mark_e8, index_e8, answer) in cases {
        gate.on_oracle(&mark(mark_e8, index_e8), START);
        assert_eq!(would(&gate, bid(1, 10_000), &flat(), after(160)), answer, "{mark_e8} {index_e8:?}");
        assert_eq!(would(&gate, close, &world, after(160)), None);
    }
    gate.on_oracle(&mark(near, None), START);
    assert_eq!(would(&gate, bid(1, 10_000), &flat(), Nanos(after(160).0 + 1)), Some(Rule::Oracle));
    assert_eq!(gate.posture(Some(HalfTicks(20_000)), after(160)), GateState::Active);
    assert_eq!(gate.posture(Some(HalfTicks(20_000)), after(161)), GateState::ReduceOnly);
    assert_eq!(gate.halt(Some(HalfTicks(20_000)), after(161)).cause, Rule::Oracle);
}

#[test]
fn fills_above_count_size_or_net_freeze_the_instrument_for_a_while() {
    let none = FillBreaker {
        window: WINDOW,
        fills_max: None,
        lots_max: None,
        net_max: None,
        frozen_for: Some(Span::from_millis(50)),
    };
    let fills = [(Side::Bid, 40), (Side::Ask, 40), (Side::Bid, 40)];
    let breakers = [
        (FillBreaker { fills_max: Some(3), ..none }, FillBreaker { fills_max: Some(2), ..none }),
        (
            FillBreaker { lots_max: Some(Lots(120)), ..none },
            FillBreaker { lots_max: Some(Lots(119)), ..none },
        ),
        (FillBreaker { net_max: Some(Lots(40)), ..none }, FillBreaker { net_max: Some(Lots(39)), ..none }),
    ];
    let frozen_after = |breaker| {
        let mut gate = gate(&Controls { fills: Some(breaker), ..Controls::NONE });
        for (side, lots) in fills {
            gate.on_fill(side, Lots(lots), START);
        }
        gate
    };
    let (close, world) = closing(20_000);
    let marked = NewOrder { reduce_only: ReduceOnly::Yes, ..close };
    for (within, above) in breakers {
        assert_eq!(would(&frozen_after(within), bid(1, 10_000), &flat(), START), None);
        let gate = frozen_after(above);
        assert_eq!(gate.posture(Some(HalfTicks(20_000)), START), GateState::Paused);
        assert_eq!(gate.halt(Some(HalfTicks(20_000)), START).cause, Rule::FillBreaker);
        assert_eq!(gate.thaws_at(START), Some(after(50)));
        assert_eq!(would(&gate, bid(1, 10_000), &flat(), after(49)), Some(Rule::FillBreaker));
        assert_eq!(would(&gate, close, &world, after(49)), Some(Rule::FillBreaker));
        assert_eq!(would(&gate, marked, &world, after(49)), None);
        assert_eq!(
            (would(&gate, bid(1, 10_000), &flat(), after(50)), gate.thaws_at(after(50))),
            (None, None)
        );
    }
}

#[test]
fn a_freeze_without_an_end_waits_for_the_operator() {
    let breaker =
        FillBreaker { window: WINDOW, fills_max: Some(0), lots_max: None, net_max: None, frozen_for: None };
    let mut gate = gate(&Controls { fills: Some(breaker), ..Controls::NONE });
    gate.on_fill(Side::Bid, Lots(1), START);
    let late = after(1_000_000_000);
    assert_eq!(
        (would(&gate, bid(1, 10_000), &flat(), late), gate.thaws_at(late)),
        (Some(Rule::FillBreaker), None)
    );
    gate.reopen();
    assert_eq!(would(&gate, bid(1, 10_000), &flat(), START), None);
}

#[test]
fn an_instruments_own_losses_halt_it() {
    let loss = LossLimits { realised_max: Some(Money(10)), then: GateState::Killed, ..LossLimits::NONE };
    let mut gate = gate(&Controls { loss: Some(loss), ..Controls::NONE });
    gate.on_profit(Money(-10), Money(-1_000));
    assert_eq!(would(&gate, bid(1, 10_000), &flat(), START), None);
    gate.on_profit(Money(-11), Money(0));
    gate.on_profit(Money(500), Money(0));
    assert_eq!(would(&gate, bid(1, 10_000), &flat(), START), Some(Rule::RealisedLoss));
    assert_eq!(gate.state(), GateState::Killed);
}

#[test]
fn controls_that_cannot_work_are_refused() {
    let fails =
        |controls: Controls| Gate::new(INSTRUMENT, &spec(), limits()).unwrap().with_controls(&controls).err();
    let none = Controls::NONE;
    assert_eq!(fails(none), None);
    for window in [Span(0), Span(-1), Span::from_secs(367 * 24 * 3_600)] {
        assert_eq!(fails(Controls { duplicate_window: Some(window), ..none }), Some(ControlsError::Window));
    }
    let executions = Some(Executions { window: WINDOW, max: 0 });
    assert_eq!(fails(Controls { executions, ..none }), Some(ControlsError::Range));
    let breaker = VolatilityBreaker { window: WINDOW, trip: Rate(5), calm: Rate(5) };
    assert_eq!(fails(Controls { volatility: Some(breaker), ..none }), Some(ControlsError::Hysteresis));
    let breaker =
        FillBreaker { window: WINDOW, fills_max: None, lots_max: None, net_max: None, frozen_for: None };
    assert_eq!(fails(Controls { fills: Some(breaker), ..none }), Some(ControlsError::FillsNothing));
    let loss = Some(LossLimits { then: GateState::Active, ..LossLimits::NONE });
    assert_eq!(fails(Controls { loss, ..none }), Some(ControlsError::Loss));
}
