//! The gate and its twin live through the same random histories.

use alloc::vec::Vec;

use ballast_model::{ClientOrderId, Price};
use proptest::prelude::*;

use super::dice::Dice;
use super::fixture::{INSTRUMENT, limits, order, spec};
use super::twin::{Happened, Twin};
use super::*;

const STEPS_MAX: usize = 60;

/// Some of all controls, narrow enough to be met often.
fn controls(dice: &mut Dice) -> Controls {
    let millis = ballast_model::Span::from_millis;
    let mut some = || dice.once_in(3);
    let period_collar =
        some().then_some(PeriodCollar { window: millis(400), through_max: Rate::from_bps(300) });
    let period_notional =
        some().then_some(PeriodNotional { window: millis(900), max: Money(30 * Money::ONE.0) });
    let duplicate_window = some().then_some(millis(150));
    let executions = some().then_some(Executions { window: millis(300), max: 2 });
    let order_to_trade = some().then_some(OrderToTrade { window: millis(1_500), free: 3, per_fill: 1 });
    let volatility = some().then_some(VolatilityBreaker {
        window: millis(300),
        trip: Rate::from_bps(700),
        calm: Rate::from_bps(400),
    });
    let oracle = some().then_some(OracleLimit { divergence_max: Rate::from_bps(300), age_max: millis(400) });
    let breaker = FillBreaker {
        window: millis(300),
        fills_max: some().then_some(3),
        lots_max: some().then_some(Lots(150)),
        net_max: Some(Lots(90)),
        frozen_for: (!some()).then_some(millis(250)),
    };
    let fills = some().then_some(breaker);
    let bound = |dice: &mut Dice| dice.once_in(2).then_some(Money(40));
    let loss = dice.once_in(3).then(|| LossLimits {
        realised_max: bound(dice),
        unrealised_max: bound(dice),
        drawdown_max: bound(dice),
        lost_before: if dice.once_in(3) { Money(dice.from(0, 50).into()) } else { Money(0) },
        then: dice.pick(&[GateState::ReduceOnly, GateState::Paused, GateState::Killed]),
    });
    Controls {
        period_collar,
        period_notional,
        duplicate_window,
        executions,
        order_to_trade,
        volatility,
        oracle,
        fills,
        loss,
    }
}

/// An order and a world that crowd around the limits.
fn question(dice: &mut Dice, id: u64) -> (NewOrder, GateContext) {
    let side = dice.pick(&Side::BOTH);
    let price = match dice.from(0, 19) {
        0 => dice.pick(&[5_999, 14_001, 99, 100, 50_000, 50_001]),
        1..=9 => 10_000,
        _ => dice.from(9_500, 10_500),
    };
    let lots = match dice.from(0, 19) {
        0 => dice.pick(&[0, 1, 2, 100, 101, 500, 501]),
        1..=9 => 10,
        _ => dice.from(5, 100),
    };
    let mut order = order(id, side, price, lots);
    if dice.once_in(30) {
        order.client_id = ClientOrderId(id / 2);
    }
    if dice.once_in(50) {
        order.instrument = InstrumentId(4);
    }
    if dice.once_in(3) {
        order.reduce_only = ReduceOnly::Yes;
    }
    let mid = match dice.from(0, 29) {
        0 => dice.pick(&[0, -1, 28_000, 99_000]),
        _ => dice.from(19_400, 20_600),
    };
    let world = GateContext {
        position: Lots(dice.from(-320, 320)),
        working_bid: Lots(dice.from(0, 100)),
        working_ask: Lots(dice.from(0, 100)),
        open_orders: dice.below(9),
        reference: (!dice.once_in(40)).then_some(HalfTicks(mid)),
    };
    (order, world)
}

/// One random thing that is no order.
fn event(dice: &mut Dice) -> Happened {
    match dice.from(0, 23) {
        0..=5 => Happened::Reference(dice.from(19_300, 20_700)),
        6..=11 => Happened::Fill(dice.pick(&Side::BOTH), dice.from(1, 60)),
        12..=14 => {
            let index = dice.from(98_0000_0000, 102_0000_0000);
            Happened::Oracle(dice.from(98_0000_0000, 102_0000_0000), dice.once_in(2).then_some(index))
        }
        15..=16 => Happened::Profit(dice.from(-60, 60).into(), dice.from(-60, 60).into()),
        17 => Happened::Tightened(dice.pick(&[GateState::ReduceOnly, GateState::Paused, GateState::Killed])),
        _ => Happened::Reopened,
    }
}

fn tell(gate: &mut Gate, what: Happened, now: Nanos) {
    match what {
        Happened::Reference(mid) => gate.on_reference(HalfTicks(mid), now),
        Happened::Fill(side, lots) => {
            gate.on_fill(side, Lots(lots), now);
        }
        Happened::Oracle(mark_e8, index_e8) => {
            let mark = MarkPrice {
                instrument: INSTRUMENT,
                mark_e8,
                index_e8,
                funding_e8: 0,
                funding_at_secs: 0,
                venue_time: now,
                recv_time: now,
            };
            gate.on_oracle(&mark, now);
        }
        Happened::Profit(realised, unrealised) => {
            gate.on_profit(Money(realised), Money(unrealised));
        }
        Happened::Tightened(state) => gate.tighten(state),
        Happened::Reopened => gate.reopen(),
        Happened::Passed(..) => {}
    }
}

/// Lives one history and says how often each rule refused.
fn live(seed: u64, steps: usize) -> [u64; Rule::ALL.len()] {
    let mut dice = Dice(seed);
    let controls = controls(&mut dice);
    let mut gate = Gate::new(INSTRUMENT, &spec(), limits()).unwrap().with_controls(&controls).unwrap();
    let mut twin = Twin { controls, history: Vec::new() };
    let (mut now, mut asked) = (Nanos(dice.from(0, 1 << 40)), 0u64);
    for step in 1..=steps {
        now.0 += if dice.once_in(4) { dice.from(0, 900_000_000) } else { dice.from(0, 60_000_000) };
        if dice.once_in(3) {
            let what = event(&mut dice);
            tell(&mut gate, what, now);
            twin.history.push((now.0, what));
            continue;
        }
        asked += 1;
        let (order, world) = question(&mut dice, step as u64);
        if let Some(mid) = world.reference.filter(|mid| mid.0 > 0) {
            twin.history.push((now.0, Happened::Reference(mid.0)));
        }
        let broken = twin.opinion(&order, &world, now.0);
        let answer = gate.check(order, &world, now);
        let said = answer.as_ref().err().map(|refusal| refusal.rule);
        assert_eq!(said, broken.first().copied(), "seed {seed} step {step} {order:?} {world:?} {controls:?}");
        if answer.is_ok() {
            twin.history.push((now.0, Happened::Passed(order)));
        }
        let named = gate.posture(Some(HalfTicks(20_000)), now) >= GateState::Paused;
        assert_eq!(named, twin.state(now.0).0 >= GateState::Paused, "seed {seed} step {step}");
    }
    let refusals = Rule::ALL.map(|rule| gate.refusals(rule));
    assert_eq!(refusals.iter().sum::<u64>() + gate.passed(), asked);
    refusals
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn the_gate_is_its_twin(seed in any::<u64>(), steps in 1..STEPS_MAX) {
        live(seed, steps);
    }
}

#[test]
fn every_rule_of_the_instrument_is_met_in_these_histories() {
    let mut met = [0u64; Rule::ALL.len()];
    for seed in 0..2_000 {
        for (sum, count) in met.iter_mut().zip(live(seed, STEPS_MAX)) {
            *sum += count;
        }
    }
    for rule in Rule::ALL.into_iter().filter(|rule| *rule <= Rule::Drawdown) {
        assert!(met[rule as usize] > 20, "{}: {met:?}", rule.name());
    }
}

#[test]
fn the_twin_is_written_for_these_numbers() {
    let (spec, limits) = (spec(), limits());
    assert_eq!(spec.notional(Price(1), Lots(1)), Money(10_000_000_000_000));
    assert_eq!(spec.notional_min, spec.notional(Price(50_000), Lots(1)));
    assert_eq!(limits.order_notional_max, spec.notional(Price(1_500_000), Lots(1)));
}
