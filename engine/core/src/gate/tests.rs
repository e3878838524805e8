//! Each rule at its boundary.

use ballast_model::Span;

use super::fixture::{INSTRUMENT, flat, limits, order, spec};
use super::*;

const NOW: Nanos = Nanos(1_000_000_000_000);

/// A refusal of the instrument's own.
fn says(rule: Rule, found: i128, limit: i128) -> Refusal {
    Refusal { rule, scope: Scope::Instrument(INSTRUMENT), found, limit }
}

fn gate() -> Gate {
    Gate::new(INSTRUMENT, &spec(), limits()).unwrap()
}

/// The first refusal of an order at a fresh gate.
fn refusal(order: NewOrder, context: &GateContext) -> Option<Refusal> {
    gate().check(order, context, NOW).err()
}

fn long(position: i64) -> GateContext {
    GateContext { position: Lots(position), ..flat() }
}

const fn marked(order: NewOrder) -> NewOrder {
    NewOrder { reduce_only: ReduceOnly::Yes, ..order }
}

#[test]
fn an_order_within_all_limits_passes_unchanged() {
    let order = order(1, Side::Bid, 9_990, 10);
    let checked = gate().check(order, &flat(), NOW).unwrap();
    assert_eq!(checked.get(), &order);
    assert_eq!(checked.into_inner(), order);
}

#[test]
fn the_venue_filters_hold_at_their_boundaries() {
    let wide = GateLimits { order_lots_max: Lots(1_000), position_lots_max: Lots(1_000), ..limits() };
    let wide = GateLimits { order_notional_max: Money(1_000 * Money::ONE.0), ..wide };
    let at = |price: i64, lots: i64| {
        let reference = Some(HalfTicks(2 * price));
        let context = GateContext { reference, ..flat() };
        Gate::new(INSTRUMENT, &spec(), wide)
            .unwrap()
            .check(order(1, Side::Bid, price, lots), &context, NOW)
            .err()
    };
    let price = |found, limit| Some(says(Rule::Price, found, limit));
    let size = |found, limit| Some(says(Rule::Size, found, limit));
    assert_eq!((at(99, 500), at(100, 500)), (price(99, 100), None));
    assert_eq!((at(50_001, 10), at(50_000, 10)), (price(50_001, 50_000), None));
    assert_eq!((at(30_000, 1), at(30_000, 2)), (size(1, 2), None));
    assert_eq!((at(10_000, 501), at(10_000, 500)), (size(501, 500), None));
    for nonsense in [0, -1, i64::MIN, i64::MAX] {
        let limit = if nonsense > 0 { 500 } else { 2 };
        assert_eq!(at(10_000, nonsense), size(nonsense.into(), limit));
    }
}

#[test]
fn order_size_and_value_are_bounded() {
    let max = says(Rule::OrderLots, 101, 100);
    assert_eq!(refusal(order(1, Side::Bid, 10_000, 100), &flat()), None);
    assert_eq!(refusal(order(1, Side::Bid, 10_000, 101), &flat()), Some(max));
    let dear = GateContext { reference: Some(HalfTicks(2 * 15_000)), ..flat() };
    let max = 15 * Money::ONE.0;
    let notional = 15_001 * Money::ONE.0 / 1_000;
    assert_eq!(refusal(order(1, Side::Bid, 15_000, 100), &dear), None);
    assert_eq!(
        refusal(order(1, Side::Bid, 15_001, 100), &dear),
        Some(says(Rule::OrderNotional, notional, max))
    );
}

#[test]
fn the_least_value_holds_unless_the_order_is_marked_reduce_only() {
    let small = order(1, Side::Ask, 10_000, 4);
    let half = Money::ONE.0 / 2;
    let notional = 4 * Money::ONE.0 / 10;
    assert_eq!(refusal(small, &long(10)), Some(says(Rule::NotionalMin, notional, half)));
    assert_eq!(refusal(marked(small), &long(10)), None);
    assert_eq!(refusal(order(1, Side::Ask, 10_000, 5), &long(10)), None);
}

#[test]
fn the_collar_is_tight_through_the_reference_and_wide_away_from_it() {
    let collar = |price: i128| Some(says(Rule::Collar, 2 * price, 20_000));
    let at = |side, price| refusal(order(1, side, price, 10), &flat());
    assert_eq!((at(Side::Bid, 10_500), at(Side::Bid, 10_501)), (None, collar(10_501)));
    assert_eq!((at(Side::Bid, 6_000), at(Side::Bid, 5_999)), (None, collar(5_999)));
    assert_eq!((at(Side::Ask, 9_500), at(Side::Ask, 9_499)), (None, collar(9_499)));
    assert_eq!((at(Side::Ask, 14_000), at(Side::Ask, 14_001)), (None, collar(14_001)));
}

#[test]
fn without_a_reference_nothing_passes() {
    for reference in [None, Some(HalfTicks(0)), Some(HalfTicks(-2))] {
        let blind = GateContext { reference, ..long(50) };
        let no = Some(says(Rule::NoReference, reference.map_or(0, |mid| mid.0.into()), 0));
        assert_eq!(refusal(order(1, Side::Bid, 10_000, 10), &blind), no);
        assert_eq!(refusal(marked(order(1, Side::Ask, 10_000, 10)), &blind), no);
    }
}

#[test]
fn the_position_limit_counts_what_works_on_the_same_side() {
    let busy = GateContext { position: Lots(150), working_bid: Lots(100), working_ask: Lots(400), ..flat() };
    let over = says(Rule::Position, 301, 300);
    assert_eq!(refusal(order(1, Side::Bid, 10_000, 50), &busy), None);
    assert_eq!(refusal(order(1, Side::Bid, 10_000, 51), &busy), Some(over));
    let under = says(Rule::Position, -301, -300);
    assert_eq!(refusal(order(1, Side::Ask, 10_000, 50), &busy), None);
    assert_eq!(refusal(order(1, Side::Ask, 10_000, 51), &busy), Some(under));
}

#[test]
fn at_the_position_limit_only_the_adding_side_stops() {
    for side in Side::BOTH {
        let full = long(300 * side.sign());
        let sign = i128::from(side.sign());
        let over = says(Rule::Position, 310 * sign, 300 * sign);
        assert_eq!(refusal(order(1, side, 10_000, 10), &full), Some(over));
        assert_eq!(refusal(order(1, side.opposite(), 10_000, 10), &full), None);
    }
}

#[test]
fn a_reducing_order_passes_at_every_limit() {
    // Far over the position limit, all order slots taken, the rate used up, dear prices.
    let context = GateContext {
        position: Lots(-900),
        working_bid: Lots(800),
        working_ask: Lots(0),
        open_orders: 50,
        reference: Some(HalfTicks(2 * 40_000)),
    };
    let mut gate = gate();
    while gate.bucket.take(NOW) {}
    let states = [GateState::Active, GateState::ReduceOnly, GateState::Paused, GateState::Killed];
    for (id, state) in (1..).zip(states) {
        gate.tighten(state);
        assert!(gate.check(marked(order(id, Side::Bid, 40_000, 100)), &context, NOW).is_ok(), "{state:?}");
    }
    let more_than_closes = GateContext { working_bid: Lots(801), ..context };
    assert_eq!(
        gate.check(marked(order(5, Side::Bid, 40_000, 100)), &more_than_closes, NOW),
        Err(says(Rule::Killed, 3, 0))
    );
}

#[test]
fn a_reducing_order_is_still_held_to_size_and_collar() {
    let busy = long(200);
    assert_eq!(refusal(order(1, Side::Ask, 10_000, 101), &busy), Some(says(Rule::OrderLots, 101, 100)));
    let collar = says(Rule::Collar, 10_000, 20_000);
    assert_eq!(refusal(order(1, Side::Ask, 5_000, 50), &busy), Some(collar));
}

#[test]
fn open_orders_are_bounded() {
    let context = |open_orders| GateContext { open_orders, ..flat() };
    assert_eq!(refusal(order(1, Side::Bid, 10_000, 10), &context(7)), None);
    assert_eq!(refusal(order(1, Side::Bid, 10_000, 10), &context(8)), Some(says(Rule::OpenOrders, 8, 8)));
}

#[test]
fn a_burst_is_paid_back_at_the_rate() {
    let mut gate = gate();
    let late_rate = Err(says(Rule::OrderRate, 1, 0));
    let mut id = 0;
    let mut ask = |at: Nanos| {
        id += 1;
        gate.check(order(id, Side::Bid, 10_000, 10), &flat(), at).map(|_| ())
    };
    for _ in 0..3 {
        assert_eq!(ask(NOW), Ok(()));
    }
    assert_eq!(ask(NOW), late_rate);
    // 10 a second: one more after exactly 100 ms.
    let soon = NOW + Span::from_millis(100);
    assert_eq!(ask(soon - Span(1)), late_rate);
    assert_eq!((ask(soon), ask(soon)), (Ok(()), late_rate));
    // A clock that falls gives nothing.
    assert_eq!(ask(NOW - Span::from_secs(9)), late_rate);
    assert_eq!(ask(soon), late_rate);
    // An hour's rest gives back the burst and no more.
    let late = soon + Span::from_secs(3_600);
    assert_eq!([ask(late), ask(late), ask(late), ask(late)], [Ok(()), Ok(()), Ok(()), late_rate]);
}

#[test]
fn refused_orders_cost_no_tokens_and_are_counted_by_rule() {
    let mut gate = gate();
    for id in 1..=50 {
        assert_eq!(
            gate.check(order(id, Side::Bid, 20_000, 10), &flat(), NOW),
            Err(says(Rule::Collar, 40_000, 20_000))
        );
    }
    assert!(gate.check(order(51, Side::Bid, 10_000, 10), &flat(), NOW).is_ok());
    assert_eq!((gate.refusals(Rule::Collar), gate.refusals(Rule::Price), gate.passed()), (50, 0, 1));
}

#[test]
fn where_quotes_that_reduce_wait_too_only_what_must_reduce_goes_beyond_the_rate() {
    for (reducing_quotes, waits) in [(ReducingQuotes::Pass, false), (ReducingQuotes::Wait, true)] {
        let limits = GateLimits { order_burst_max: 1, reducing_quotes, ..limits() };
        let mut gate = Gate::new(INSTRUMENT, &spec(), limits).unwrap();
        let quote = |id| NewOrder { tif: TimeInForce::PostOnly, ..order(id, Side::Ask, 10_000, 10) };
        assert!(gate.check(quote(1), &long(50), NOW).is_ok());
        let late = gate.check(quote(2), &long(50), NOW);
        assert_eq!(late.is_err(), waits, "{late:?}");
        assert!(!waits || late == Err(says(Rule::OrderRate, 1, 0)));
        let hedge = NewOrder { tif: TimeInForce::ImmediateOrCancel, ..quote(3) };
        let exit = NewOrder { reduce_only: ReduceOnly::Yes, ..quote(4) };
        assert!(gate.check(hedge, &long(50), NOW).is_ok() && gate.check(exit, &long(50), NOW).is_ok());
        let again = gate.retry_at(Rule::OrderRate, NOW).unwrap();
        assert!(gate.check(quote(5), &long(50), again).is_ok(), "once there is a token");
    }
}

#[test]
fn an_id_passes_once() {
    let mut gate = gate();
    assert!(gate.check(order(7, Side::Bid, 10_000, 10), &flat(), NOW).is_ok());
    for id in [7, 6] {
        let again = gate.check(order(id, Side::Bid, 10_000, 10), &flat(), NOW);
        assert_eq!(again, Err(says(Rule::ClientId, id.into(), 7)));
    }
    assert!(gate.check(order(8, Side::Bid, 10_000, 10), &flat(), NOW).is_ok());
}

#[test]
fn an_order_of_another_instrument_is_refused() {
    let stray = NewOrder { instrument: InstrumentId(4), ..order(1, Side::Bid, 10_000, 10) };
    assert_eq!(refusal(stray, &flat()), Some(says(Rule::Instrument, 4, 3)));
}

#[test]
fn a_killed_gate_passes_nothing_of_a_strategy_that_still_shouts() {
    let mut gate = gate();
    gate.tighten(GateState::Killed);
    for id in 1..=1_000 {
        let side = if id % 2 == 0 { Side::Bid } else { Side::Ask };
        // Not even orders that would reduce, unless marked.
        assert_eq!(gate.check(order(id, side, 10_000, 10), &long(50), NOW), {
            let reduces = side == Side::Ask;
            Err(says(Rule::Killed, 3, i128::from(reduces)))
        });
        let adding = marked(order(id, Side::Bid, 10_000, 10));
        assert_eq!(gate.check(adding, &long(50), NOW), Err(says(Rule::Killed, 3, 0)));
    }
    assert_eq!((gate.refusals(Rule::Killed), gate.passed()), (2_000, 0));
    assert!(gate.check(marked(order(1_001, Side::Ask, 10_000, 10)), &long(50), NOW).is_ok());
}

#[test]
fn the_gate_is_opened_only_by_name() {
    let mut gate = gate();
    gate.tighten(GateState::ReduceOnly);
    assert_eq!(
        gate.check(order(1, Side::Bid, 10_000, 10), &long(50), NOW),
        Err(says(Rule::ReduceOnly, 1, 0))
    );
    assert!(gate.check(order(1, Side::Ask, 10_000, 50), &long(50), NOW).is_ok());
    assert_eq!(
        gate.check(order(2, Side::Ask, 10_000, 51), &long(50), NOW),
        Err(says(Rule::ReduceOnly, 1, 0))
    );
    gate.tighten(GateState::Killed);
    gate.tighten(GateState::Active);
    assert_eq!(gate.state(), GateState::Killed);
    gate.reopen();
    assert_eq!(gate.state(), GateState::Active);
}

#[test]
fn limits_that_cannot_work_are_refused() {
    let fails = |limits: GateLimits| Gate::new(INSTRUMENT, &spec(), limits).err();
    assert_eq!(fails(limits()), None);
    assert_eq!(fails(GateLimits { order_lots_max: Lots(1), ..limits() }), Some(LimitsError::OrderLots));
    assert_eq!(
        fails(GateLimits { order_notional_max: Money(1), ..limits() }),
        Some(LimitsError::OrderNotional)
    );
    assert_eq!(fails(GateLimits { position_lots_max: Lots(0), ..limits() }), Some(LimitsError::PositionLots));
    assert_eq!(fails(GateLimits { collar_away_max: Rate(0), ..limits() }), Some(LimitsError::Collar));
    assert_eq!(fails(GateLimits { order_burst_max: 0, ..limits() }), Some(LimitsError::OrderRate));
    assert_eq!(fails(GateLimits { open_orders_max: 0, ..limits() }), Some(LimitsError::OpenOrders));
}

#[test]
fn the_codes_of_rules_are_their_places() {
    for (index, rule) in Rule::ALL.into_iter().enumerate() {
        assert_eq!(usize::from(rule.code()), index, "{}", rule.name());
    }
    // Journals and alerts know rules by these numbers.
    let known = [(Rule::Collar, 10), (Rule::OrderRate, 13), (Rule::SelfTrade, 28), (Rule::NoMember, 40)];
    assert!(known.iter().all(|(rule, code)| rule.code() == *code));
}

#[test]
fn a_refusal_says_what_it_compared() {
    use alloc::string::ToString;
    assert_eq!(
        says(Rule::OrderLots, 101, 100).to_string(),
        "order_lots (6) of instrument 3: 101 against 100"
    );
}

#[test]
fn the_digest_covers_state_and_allowance() {
    let digest = |gate: &Gate| {
        let mut digest = Digest::new();
        gate.digest(&mut digest);
        digest.value()
    };
    let mut gate = gate();
    let fresh = digest(&gate);
    assert!(gate.check(order(1, Side::Bid, 10_000, 10), &flat(), NOW).is_ok());
    let used = digest(&gate);
    gate.tighten(GateState::ReduceOnly);
    assert_ne!(fresh, used);
    assert_ne!(used, digest(&gate));
}
