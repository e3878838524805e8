//! A second gate, written from the rules' words alone: it asks all of them, in plain terms, and remembers every order.

use alloc::vec::Vec;

use ballast_model::{ClientOrderId, HalfTicks, Lots, Money, Price, Side};
use proptest::prelude::*;

use super::fixture::{INSTRUMENT, limits, order, spec};
use super::*;

/// The generic cell rate algorithm (ITU-T I.371): the same allowance as a token bucket, kept as the time at which the
/// bucket will be full again. In units of 1/10 ns at ten orders a second.
#[derive(Default)]
struct Allowance {
    full_at: i128,
}

impl Allowance {
    fn take(&mut self, now: Nanos) -> bool {
        let (now, second) = (i128::from(now.0) * 10, 1_000_000_000);
        let full_at = self.full_at.max(now) + second;
        let fits = full_at - now <= 3 * second;
        if fits {
            self.full_at = full_at;
        }
        fits
    }
}

/// What the twin thinks of an order.
struct Opinion {
    /// All rules but the rate that it breaks.
    broken: Vec<Rule>,
    reduces: bool,
}

fn opinion(order: &NewOrder, world: &GateContext, state: GateState, last_id: u64) -> Opinion {
    let (price, lots, position) = (order.price.0, order.lots.0, world.position.0);
    let (bids, asks) = (world.working_bid.0, world.working_ask.0);
    let (low, high) = match order.side {
        Side::Bid => (position, position + bids + lots),
        Side::Ask => (position - asks - lots, position),
    };
    let reduces = match order.side {
        Side::Bid => position < 0 && high <= 0,
        Side::Ask => position > 0 && low >= 0,
    };
    let marked = order.reduce_only == ReduceOnly::Yes;
    // In 10⁻⁵ of the quote currency.
    let value = price * lots;
    let mid = world.reference.map_or(0, |mid| mid.0);
    // Basis points of the midpoint, in half ticks.
    let (lowest, highest) = match order.side {
        Side::Bid => (6_000, 10_500),
        Side::Ask => (9_500, 14_000),
    };
    let inside = (lowest * mid..=highest * mid).contains(&(2 * price * 10_000));
    let rules = [
        (Rule::Instrument, order.instrument != INSTRUMENT),
        (Rule::ClientId, order.client_id.0 <= last_id),
        (Rule::Price, !(100..=50_000).contains(&price)),
        (Rule::Size, !(2..=500).contains(&lots)),
        (Rule::Killed, state == GateState::Killed && !(reduces && marked)),
        (Rule::ReduceOnly, state == GateState::ReduceOnly && !reduces),
        (Rule::OrderLots, lots > 100),
        (Rule::NotionalMin, value < 50_000 && !marked),
        (Rule::OrderNotional, value > 1_500_000 && !reduces),
        (Rule::NoReference, mid <= 0),
        (Rule::Collar, !inside),
        (
            Rule::Position,
            (high > 300 && order.side == Side::Bid || low < -300 && order.side == Side::Ask) && !reduces,
        ),
        (Rule::OpenOrders, world.open_orders >= 8 && !reduces),
    ];
    let broken = rules.into_iter().filter(|(_, broken)| *broken).map(|(rule, _)| rule).collect();
    Opinion { broken, reduces }
}

#[derive(Clone, Debug)]
struct Question {
    order: NewOrder,
    world: GateContext,
    wait: i64,
    tighten: Option<GateState>,
}

/// Numbers that crowd around the limits.
fn question() -> impl Strategy<Value = Question> {
    let ids = prop_oneof![9 => Just(true), 1 => Just(false)];
    let price = prop_oneof![
        8 => 9_400..10_600i64,
        1 => Just(5_999i64),
        1 => Just(14_001i64),
        1 => 90..110i64,
        1 => 49_990..50_010i64,
    ];
    let lots = prop_oneof![6 => 1..105i64, 1 => 495..505i64, 1 => Just(0i64)];
    let mid = prop_oneof![12 => 19_000..21_000i64, 1 => 28_000..32_000i64, 1 => Just(0i64)];
    let world = (-320..320i64, 0..200i64, 0..200i64, 0..10usize, mid);
    let sides = prop_oneof![Just(Side::Bid), Just(Side::Ask)];
    let states = prop_oneof![
        30 => Just(None),
        2 => Just(Some(GateState::ReduceOnly)),
        1 => Just(Some(GateState::Killed)),
    ];
    // Mostly faster than the allowance of one order in 100 ms, at times slower.
    let wait = prop_oneof![4 => 0..50_000_000i64, 1 => 0..1_000_000_000i64];
    let order_parts = (ids, sides, price, lots, any::<bool>());
    (order_parts, world, wait, states).prop_map(|(parts, world, wait, tighten)| {
        let (new_id, side, price, lots, marked) = parts;
        let reduce_only = if marked { ReduceOnly::Yes } else { ReduceOnly::No };
        // The question's place in the row is added to new ids.
        let id = if new_id { 1 } else { 0 };
        let (position, working_bid, working_ask, open_orders, mid) = world;
        let world = GateContext {
            position: Lots(position),
            working_bid: Lots(working_bid),
            working_ask: Lots(working_ask),
            open_orders,
            reference: (mid > 0).then_some(HalfTicks(mid)),
        };
        Question { order: NewOrder { reduce_only, ..order(id, side, price, lots) }, world, wait, tighten }
    })
}

proptest! {
    #[test]
    fn the_gate_is_its_twin(questions in prop::collection::vec(question(), 1..60)) {
        let mut gate = Gate::new(INSTRUMENT, &spec(), limits()).unwrap();
        let (mut allowance, mut last_id, mut now) = (Allowance::default(), 0, Nanos(0));
        let asked = questions.len() as u64;
        for (place, Question { mut order, world, wait, tighten }) in questions.into_iter().enumerate() {
            now.0 += wait;
            if let Some(state) = tighten {
                gate.tighten(state);
            }
            order.client_id = ClientOrderId(order.client_id.0 * (place as u64 + 1));
            let opinion = opinion(&order, &world, gate.state(), last_id);
            let answer = gate.check(order, &world, now);
            match opinion.broken.first() {
                Some(rule) => prop_assert_eq!(answer.unwrap_err().rule(), *rule),
                None => {
                    let passes = allowance.take(now) || opinion.reduces;
                    prop_assert_eq!(answer.is_ok(), passes);
                    if passes {
                        last_id = order.client_id.0;
                    }
                }
            }
        }
        let refused: u64 = Rule::ALL.iter().map(|rule| gate.refusals(*rule)).sum();
        prop_assert_eq!(refused + gate.passed(), asked);
    }
}

#[test]
fn the_twin_is_written_for_these_numbers() {
    let (spec, limits) = (spec(), limits());
    assert_eq!(spec.notional(Price(1), Lots(1)), Money(10_000_000_000_000));
    assert_eq!(spec.notional_min, spec.notional(Price(50_000), Lots(1)));
    assert_eq!(limits.order_notional_max, spec.notional(Price(1_500_000), Lots(1)));
}
