use alloc::vec::Vec;

use ballast_model::{LOTS_MAX, Lots, PRICE_TICKS_MAX, Price};
use proptest::prelude::*;

use super::*;

const PARAMS: VwapParams = VwapParams { window: Span::from_millis(6_400), trades_full: 2 };

fn level(price: i64, lots: i64) -> Level {
    Level { price: Price(price), lots: Lots(lots) }
}

/// Gap in milliseconds, price, size.
type Traded = (i64, i64, i64);

fn after(params: VwapParams, trades: &[Traded]) -> (Vwap, i64) {
    let mut vwap = Vwap::new(params);
    let mut millis = -20_000;
    for (gap, price, lots) in trades {
        millis += gap;
        vwap.on_trade(level(*price, *lots), Nanos::from_millis(millis));
    }
    (vwap, millis)
}

fn digest_of(vwap: &Vwap) -> u64 {
    let mut digest = Digest::new();
    vwap.digest(&mut digest);
    digest.value()
}

#[test]
fn prices_are_weighed_by_size_and_leave_with_the_window() {
    let mut vwap = Vwap::new(PARAMS);
    assert_eq!(vwap.value(Nanos(0)), None);
    vwap.on_trade(level(100, 1), Nanos::from_millis(0));
    assert_eq!(vwap.value(Nanos(0)), FairValue::new(100.0, 0.5, Nanos(0)));
    vwap.on_trade(level(104, 3), Nanos::from_millis(1_000));
    let both = FairValue::new(103.0, 1.0, Nanos::from_millis(1_000));
    assert_eq!(vwap.value(Nanos::from_millis(6_399)), both);
    let second = FairValue::new(104.0, 0.5, Nanos::from_millis(1_000));
    assert_eq!(vwap.value(Nanos::from_millis(6_400)), second);
    assert_eq!(vwap.value(Nanos::from_millis(7_399)), second);
    assert_eq!(vwap.value(Nanos::from_millis(7_400)), None);
}

#[test]
fn a_trade_without_size_is_none_and_a_loss_empties_the_window() {
    let (mut vwap, last) = after(PARAMS, &[(0, 100, 5)]);
    let before = digest_of(&vwap);
    vwap.on_trade(level(900, 0), Nanos::from_millis(last));
    assert_eq!(digest_of(&vwap), before);
    vwap.forget();
    assert_eq!(vwap.value(Nanos::from_millis(last)), None);
    assert_eq!(digest_of(&vwap), digest_of(&Vwap::new(PARAMS)));
}

#[test]
fn the_largest_trades_are_summed_exactly() {
    let most = vec![(1, PRICE_TICKS_MAX, LOTS_MAX); 5_000];
    let (vwap, last) = after(PARAMS, &most);
    let value = vwap.value(Nanos::from_millis(last)).unwrap();
    assert_eq!(value.ticks().to_bits(), (PRICE_TICKS_MAX as f64).to_bits());
}

#[test]
#[should_panic(expected = "time went backward")]
fn time_never_falls() {
    let (mut vwap, last) = after(PARAMS, &[(0, 100, 5)]);
    vwap.on_trade(level(100, 5), Nanos::from_millis(last - 1));
}

fn trades() -> impl Strategy<Value = Vec<Traded>> {
    let gap = prop_oneof![5 => 0..300i64, 2 => 300..4_000i64, 1 => 4_000..20_000i64];
    prop::collection::vec((gap, 1..1_000_000i64, 1..1_000_000i64), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn the_ring_is_a_list_of_all_trades(trades in trades(), later in 0..9_000i64) {
        let (vwap, last) = after(PARAMS, &trades);
        let now = last + later;
        // Steps of 100 ms: the one under way and the 63 before it.
        let mut time = -20_000;
        let mut inside = Vec::new();
        for (gap, price, lots) in &trades {
            time += gap;
            if time.div_euclid(100) > now.div_euclid(100) - 64 {
                inside.push((i128::from(*price), i128::from(*lots)));
            }
        }
        let found = vwap.value(Nanos::from_millis(now));
        prop_assert_eq!(found.is_some(), !inside.is_empty());
        if let Some(found) = found {
            let lots: i128 = inside.iter().map(|trade| trade.1).sum();
            let value: i128 = inside.iter().map(|trade| trade.0 * trade.1).sum();
            let expected = value as f64 / lots as f64;
            prop_assert!((found.ticks() - expected).abs() <= 1e-12 * expected);
            let (low, high) = (inside.iter().min().unwrap().0, inside.iter().max().unwrap().0);
            prop_assert!(found.ticks() >= low as f64 && found.ticks() <= high as f64);
            prop_assert_eq!(found.as_of(), Nanos::from_millis(last));
            prop_assert!((found.confidence() - (inside.len() as f64 / 2.0).min(1.0)).abs() < 1e-12);
        }
    }

    #[test]
    fn asking_late_and_trading_late_leave_the_same(trades in trades(), later in 0..9_000i64) {
        // What leaves the window when a trade comes is what was left out when a value was asked for.
        let (mut vwap, last) = after(PARAMS, &trades);
        let now = Nanos::from_millis(last + later);
        let asked = vwap.value(now);
        vwap.on_trade(level(500, 1_000), now);
        let alone = asked.is_none().then(|| FairValue::new(500.0, 0.5, now)).flatten();
        if let Some(alone) = alone {
            prop_assert_eq!(vwap.value(now), Some(alone));
        }
        let total = vwap.steps.iter().fold(Sums::default(), |mut sum, step| { sum.add(step); sum });
        prop_assert_eq!(vwap.total, total);
    }

    #[test]
    fn twice_the_tick_is_half_the_ticks(trades in trades()) {
        let fine: Vec<_> = trades.iter().map(|(gap, price, lots)| (*gap, price * 2, *lots)).collect();
        let ((fine, now), (coarse, _)) = (after(PARAMS, &fine), after(PARAMS, &trades));
        let value = |vwap: &Vwap| vwap.value(Nanos::from_millis(now)).unwrap().ticks();
        prop_assert!((value(&fine) / 2.0 - value(&coarse)).abs() <= 1e-12 * value(&coarse));
    }

    #[test]
    fn equal_states_have_equal_digests_and_others_do_not(trades in trades()) {
        let (vwap, last) = after(PARAMS, &trades);
        prop_assert_eq!(digest_of(&vwap), digest_of(&after(PARAMS, &trades).0));
        let mut other = vwap.clone();
        other.on_trade(level(500, 1), Nanos::from_millis(last));
        prop_assert_ne!(digest_of(&vwap), digest_of(&other));
    }
}
