use super::*;
use crate::book::Level;
use alloc::vec::Vec;
use proptest::prelude::*;

const PARAMS: ThrottleParams = ThrottleParams {
    interval_min: Span(100),
    wait_max: Span(1_000),
    mid_move_min: Some(HalfTicks(4)),
    quote_move_min: Some(Ticks(3)),
    inventory_move_min: Some(Lots(10)),
};

const BASE: QuoteState =
    QuoteState { mid: Some(HalfTicks(200)), wanted: [Some(Price(98)), Some(Price(102))], inventory: Lots(0) };

/// A throttle that quoted [`BASE`] at time zero.
fn quoted(params: ThrottleParams) -> Throttle {
    let mut throttle = Throttle::new(params).unwrap();
    assert_eq!(throttle.ask(Nanos(0), &BASE, None), Verdict::Quote(Pass::First));
    assert_eq!(throttle.next_deadline(), None);
    throttle
}

fn mid(half_ticks: i64) -> QuoteState {
    QuoteState { mid: Some(HalfTicks(half_ticks)), ..BASE }
}

#[test]
fn a_large_change_waits_for_the_interval_and_a_small_one_longer() {
    let mut throttle = quoted(PARAMS);
    assert_eq!(throttle.ask(Nanos(99), &mid(204), None), Verdict::Wait(Nanos(100)));
    assert_eq!(throttle.next_deadline(), Some(Nanos(100)));
    assert_eq!(throttle.ask(Nanos(100), &mid(204), None), Verdict::Quote(Pass::Moved));
    assert_eq!(throttle.next_deadline(), None);

    let mut throttle = quoted(PARAMS);
    assert_eq!(throttle.ask(Nanos(500), &mid(203), None), Verdict::Wait(Nanos(1_000)));
    assert_eq!(throttle.ask(Nanos(999), &mid(197), None), Verdict::Wait(Nanos(1_000)));
    assert_eq!(throttle.ask(Nanos(1_000), &mid(203), None), Verdict::Quote(Pass::Waited));
}

#[test]
fn each_move_counts_by_itself_and_none_where_it_is_not_looked_at() {
    let later = Nanos(500);
    let large =
        |params, state: QuoteState| quoted(params).ask(later, &state, None) == Verdict::Quote(Pass::Moved);
    let bid = |ticks| QuoteState { wanted: [Some(Price(ticks)), Some(Price(102))], ..BASE };
    let ask = |ticks| QuoteState { wanted: [Some(Price(98)), Some(Price(ticks))], ..BASE };
    let held = |lots| QuoteState { inventory: Lots(lots), ..BASE };
    for (state, expected) in [
        (mid(203), false),
        (mid(204), true),
        (mid(196), true),
        (bid(96), false),
        (bid(95), true),
        (ask(104), false),
        (ask(105), true),
        (held(9), false),
        (held(-10), true),
        (BASE, false),
    ] {
        assert_eq!(large(PARAMS, state), expected, "{state:?}");
    }
    let only_mid = ThrottleParams { quote_move_min: None, inventory_move_min: None, ..PARAMS };
    assert!(!large(only_mid, bid(1)) && !large(only_mid, held(1_000)) && large(only_mid, mid(300)));
    let only_time = ThrottleParams { mid_move_min: None, ..only_mid };
    assert!(large(only_time, BASE));
}

#[test]
fn a_side_or_a_mid_that_comes_or_goes_is_a_large_change() {
    let one_sided = QuoteState { wanted: [None, Some(Price(102))], ..BASE };
    let blind = QuoteState { mid: None, ..BASE };
    for state in [one_sided, blind] {
        let mut throttle = quoted(PARAMS);
        assert_eq!(throttle.ask(Nanos(100), &state, None), Verdict::Quote(Pass::Moved));
        assert_eq!(throttle.ask(Nanos(200), &BASE, None), Verdict::Quote(Pass::Moved));
        assert_eq!(throttle.ask(Nanos(300), &BASE, None), Verdict::Wait(Nanos(1_200)));
    }
}

#[test]
fn what_cuts_risk_never_waits_and_the_interval_counts_from_it() {
    let mut throttle = quoted(PARAMS);
    for urgent in [Urgent::TouchLost, Urgent::SideStopped, Urgent::WouldCross, Urgent::Pull] {
        assert_eq!(throttle.ask(Nanos(1), &BASE, Some(urgent)), Verdict::Quote(Pass::Urgent(urgent)));
    }
    assert_eq!(throttle.ask(Nanos(100), &mid(300), None), Verdict::Wait(Nanos(101)));
}

#[test]
fn urgency_is_found_in_what_stands() {
    let level = |ticks| Level { price: Price(ticks), lots: Lots(1) };
    let touch = Touch { bid: level(100), ask: level(103) };
    let of = |bid: Option<i64>, ask: Option<i64>, touch, quoting| {
        urgency([bid.map(Price), ask.map(Price)], touch, quoting)
    };
    let (both, sells) = (Quoting::Both, Quoting::Only(Side::Ask));
    assert_eq!(of(Some(102), Some(101), Some(&touch), both), None);
    assert_eq!(of(Some(103), Some(104), Some(&touch), both), Some(Urgent::WouldCross));
    assert_eq!(of(Some(99), Some(100), Some(&touch), both), Some(Urgent::WouldCross));
    assert_eq!(of(Some(99), None, Some(&touch), sells), Some(Urgent::SideStopped));
    assert_eq!(of(None, Some(104), Some(&touch), sells), None);
    assert_eq!(of(None, Some(104), Some(&touch), Quoting::Neither), Some(Urgent::SideStopped));
    assert_eq!(of(Some(99), None, None, both), Some(Urgent::TouchLost));
    assert_eq!(of(None, None, None, Quoting::Neither), None);
}

#[test]
fn parameters_outside_their_ranges_are_refused() {
    let refused = |params| Throttle::new(params).err();
    let interval_min = Span(-1);
    assert_eq!(refused(ThrottleParams { interval_min, ..PARAMS }), Some(ThrottleParamError::IntervalMin));
    assert_eq!(refused(ThrottleParams { wait_max: Span(99), ..PARAMS }), Some(ThrottleParamError::WaitMax));
    let none = ThrottleParams { interval_min: Span::ZERO, wait_max: Span::ZERO, ..PARAMS };
    assert_eq!(refused(none), Some(ThrottleParamError::WaitMax));
    for least in [0, -1] {
        let params = ThrottleParams { mid_move_min: Some(HalfTicks(least)), ..PARAMS };
        assert_eq!(refused(params), Some(ThrottleParamError::MidMoveMin));
        let params = ThrottleParams { quote_move_min: Some(Ticks(least)), ..PARAMS };
        assert_eq!(refused(params), Some(ThrottleParamError::QuoteMoveMin));
        let params = ThrottleParams { inventory_move_min: Some(Lots(least)), ..PARAMS };
        assert_eq!(refused(params), Some(ThrottleParamError::InventoryMoveMin));
    }
}

#[test]
fn the_digest_tells_states_apart() {
    let digest_of = |throttle: &Throttle| {
        let mut digest = Digest::new();
        throttle.digest(&mut digest);
        digest.value()
    };
    let (fresh, quoted_once) = (Throttle::new(PARAMS).unwrap(), quoted(PARAMS));
    let mut waiting = quoted_once;
    let _ = waiting.ask(Nanos(1), &mid(201), None);
    let mut moved = quoted_once;
    let _ = moved.ask(Nanos(100), &mid(204), None);
    let all = [fresh, quoted_once, waiting, moved].map(|throttle| digest_of(&throttle));
    for (index, one) in all.iter().enumerate() {
        assert!(all[index + 1..].iter().all(|other| other != one), "{all:?}");
    }
    assert_eq!(digest_of(&quoted(PARAMS)), digest_of(&quoted_once));
}

fn any_params() -> impl Strategy<Value = ThrottleParams> {
    let least = || prop::option::of(1..8i64);
    (0..200i64, 1..500i64, least(), least(), least()).prop_map(|(interval, wait, mid, quote, inventory)| {
        ThrottleParams {
            interval_min: Span(interval),
            wait_max: Span(interval + wait),
            mid_move_min: mid.map(HalfTicks),
            quote_move_min: quote.map(Ticks),
            inventory_move_min: inventory.map(Lots),
        }
    })
}

fn any_state() -> impl Strategy<Value = QuoteState> {
    let price = || prop::option::weighted(0.9, (95..105i64).prop_map(Price));
    (prop::option::weighted(0.9, (195..205i64).prop_map(HalfTicks)), [price(), price()], -6..6i64)
        .prop_map(|(mid, wanted, lots)| QuoteState { mid, wanted, inventory: Lots(lots) })
}

/// Waits between occasions to quote, the state at each, and whether it is urgent.
fn any_occasions() -> impl Strategy<Value = Vec<(i64, QuoteState, Option<Urgent>)>> {
    let urgent = prop::option::weighted(0.1, Just(Urgent::WouldCross));
    prop::collection::vec((0..120i64, any_state(), urgent), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn re_quotes_keep_their_distance_and_nothing_is_forgotten(params in any_params(), occasions in any_occasions()) {
        let mut throttle = Throttle::new(params).unwrap();
        let (mut now, mut passed, mut stands) = (0, None::<i64>, None);
        let last = occasions[occasions.len() - 1].1;
        for (wait, state, urgent) in occasions {
            now += wait;
            let verdict = throttle.ask(Nanos(now), &state, urgent);
            match verdict {
                Verdict::Quote(pass) => {
                    let forced = matches!(pass, Pass::Urgent(_));
                    prop_assert!(forced || passed.is_none_or(|at| now - at >= params.interval_min.0));
                    prop_assert_eq!(throttle.next_deadline(), None);
                    (passed, stands) = (Some(now), Some(state));
                }
                Verdict::Wait(until) => {
                    prop_assert!(urgent.is_none());
                    prop_assert!(until.0 > now && until.0 <= passed.unwrap() + params.wait_max.0);
                    prop_assert_eq!(throttle.next_deadline(), Some(until));
                }
            }
        }
        // Quiet from here on: asked only when it says so, it quotes what is wanted and then has nothing left to do.
        if let Some(deadline) = throttle.next_deadline() {
            let large = deadline.0 == passed.unwrap() + params.interval_min.0;
            let pass = if large { Pass::Moved } else { Pass::Waited };
            prop_assert_eq!(throttle.ask(deadline, &last, None), Verdict::Quote(pass));
            stands = Some(last);
        }
        prop_assert_eq!(throttle.next_deadline(), None);
        prop_assert_eq!(stands, Some(last));
    }

    #[test]
    fn what_passes_is_what_is_large_in_plain_words(params in any_params(), from in any_state(), to in any_state(), at in 0..800i64) {
        let mut throttle = Throttle::new(params).unwrap();
        let _ = throttle.ask(Nanos(0), &from, None);
        let far = |a: Option<i64>, b: Option<i64>, least: Option<i64>| {
            a.is_some() != b.is_some() || (a.is_some() && least.is_some_and(|least| (a.unwrap() - b.unwrap()).abs() >= least))
        };
        let prices = |state: &QuoteState, side: usize| state.wanted[side].map(|price| price.0);
        let quote = params.quote_move_min.map(|least| least.0);
        let time_only = [params.mid_move_min.is_none(), quote.is_none(), params.inventory_move_min.is_none()] == [true; 3];
        let large = time_only
            || far(from.mid.map(|mid| mid.0), to.mid.map(|mid| mid.0), params.mid_move_min.map(|least| least.0))
            || far(prices(&from, 0), prices(&to, 0), quote)
            || far(prices(&from, 1), prices(&to, 1), quote)
            || far(Some(from.inventory.0), Some(to.inventory.0), params.inventory_move_min.map(|least| least.0));
        let due = if large { params.interval_min.0 } else { params.wait_max.0 };
        let passes = matches!(throttle.ask(Nanos(at), &to, None), Verdict::Quote(_));
        prop_assert_eq!(passes, at >= due);
    }
}
