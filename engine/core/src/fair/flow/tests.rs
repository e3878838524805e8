use alloc::vec::Vec;

use ballast_model::Price;
use proptest::prelude::*;

use super::*;
use crate::book::Level;

const PARAMS: FlowParams = FlowParams {
    half_life: Span::from_secs(1),
    reference: Lots(100),
    strength: 0.5,
    elapsed_min: Span::from_secs(2),
};

fn touch(spread: i64) -> Touch {
    let level = |price| Level { price: Price(price), lots: Lots(1) };
    Touch { bid: level(1_000), ask: level(1_000 + spread) }
}

fn after(params: FlowParams, trades: &[(i64, bool, i64)]) -> (TradeFlow, i64) {
    let mut flow = TradeFlow::new(params);
    let mut millis = 0;
    for (gap, bought, lots) in trades {
        millis += gap;
        let maker = if *bought { Side::Ask } else { Side::Bid };
        flow.on_trade(maker, Lots(*lots), Nanos::from_millis(millis));
    }
    (flow, millis)
}

fn digest_of(flow: &TradeFlow) -> u64 {
    let mut digest = Digest::new();
    flow.digest(&mut digest);
    digest.value()
}

#[test]
fn buyers_move_the_value_up_and_sellers_down_by_the_formula() {
    for (bought, sign) in [(true, 1.0), (false, -1.0)] {
        let (flow, _) = after(PARAMS, &[(0, bought, 100), (2_000, bought, 75)]);
        // 100 lots two half-lives ago are 25: V = 100, half of the full effect of half the half spread.
        let shift = flow.shift_ticks(&touch(8), Nanos::from_millis(2_000)).unwrap();
        assert!((shift - sign * 0.5 * 0.5 * 4.0).abs() < 1e-12, "{shift}");
        // One half-life later V = 50: a third.
        let shift = flow.shift_ticks(&touch(8), Nanos::from_millis(3_000)).unwrap();
        assert!((shift - sign * 0.5 * 4.0 / 3.0).abs() < 1e-12, "{shift}");
    }
}

#[test]
fn flows_of_both_sides_cancel() {
    let (flow, _) = after(PARAMS, &[(0, true, 10), (2_000, true, 40), (0, false, 40)]);
    let shift = flow.shift_ticks(&touch(8), Nanos::from_millis(2_000)).unwrap();
    assert!((shift - 0.5 * 4.0 * 2.5 / 182.5).abs() < 1e-12, "{shift}");
}

#[test]
fn nothing_is_known_before_the_warm_up_and_after_a_loss() {
    let (mut flow, _) = after(PARAMS, &[(0, true, 10)]);
    assert_eq!(TradeFlow::new(PARAMS).shift_ticks(&touch(2), Nanos(0)), None);
    assert_eq!(flow.shift_ticks(&touch(2), Nanos::from_millis(1_999)), None);
    assert!(flow.shift_ticks(&touch(2), Nanos::from_millis(2_000)).is_some());
    flow.forget();
    assert_eq!(flow.shift_ticks(&touch(2), Nanos::from_millis(9_000)), None);
    assert_eq!(digest_of(&flow), digest_of(&TradeFlow::new(PARAMS)));
}

#[test]
#[should_panic(expected = "time went backward")]
fn time_never_falls() {
    let (flow, _) = after(PARAMS, &[(2_000, true, 10)]);
    let _ = flow.shift_ticks(&touch(2), Nanos(0));
}

fn trades() -> impl Strategy<Value = Vec<(i64, bool, i64)>> {
    prop::collection::vec((0..4_000i64, any::<bool>(), 1..1_000_000_000i64), 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn the_sums_are_those_of_a_list_and_the_shift_stays_inside_the_touch(
        trades in trades(), later in 0..5_000i64, strength in 0.01..=1.0f64, spread in 1..1_000i64,
    ) {
        let params = FlowParams { strength, elapsed_min: Span::ZERO, ..PARAMS };
        let (flow, last) = after(params, &trades);
        let now = last + later;
        let (mut time, mut signed, mut volume) = (0, 0.0, 0.0);
        for (gap, bought, lots) in &trades {
            time += gap;
            let size = *lots as f64 * libm::pow(0.5, (now - time) as f64 * 1e-3);
            signed += if *bought { size } else { -size };
            volume += size;
        }
        let expected = strength * spread as f64 / 2.0 * signed / (volume + 100.0);
        let found = flow.shift_ticks(&touch(spread), Nanos::from_millis(now)).unwrap();
        prop_assert!((found - expected).abs() < 1e-9 * spread as f64, "{found} {expected}");
        prop_assert!(found.abs() <= spread as f64 / 2.0);
    }

    #[test]
    fn silence_brings_the_value_back_to_the_mid(trades in trades(), first in 0..5_000i64, second in 0..5_000i64) {
        let params = FlowParams { elapsed_min: Span::ZERO, ..PARAMS };
        let (flow, last) = after(params, &trades);
        let at = |later| flow.shift_ticks(&touch(10), Nanos::from_millis(last + later)).unwrap().abs();
        prop_assert!(at(first + second) <= at(first));
    }

    #[test]
    fn equal_states_have_equal_digests_and_others_do_not(trades in trades()) {
        let (flow, last) = after(PARAMS, &trades);
        prop_assert_eq!(digest_of(&flow), digest_of(&after(PARAMS, &trades).0));
        let mut other = flow;
        other.on_trade(Side::Bid, Lots(1_000), Nanos::from_millis(last));
        prop_assert_ne!(digest_of(&flow), digest_of(&other));
    }
}
