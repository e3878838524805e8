use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;

const PARAMS: ParkinsonParams = ParkinsonParams { bar: Span::from_secs(1), bars: 6, bars_min: 1 };

/// The estimate from a whole history at once: cuts the list of updates into bars.
fn twin(params: ParkinsonParams, updates: &[(i64, i64)]) -> Option<f64> {
    let bar_of = |time: i64| time.div_euclid(params.bar.0);
    let window = i64::try_from(params.bars).unwrap();
    let gap = |pair: &[(i64, i64)]| bar_of(pair[1].0) - bar_of(pair[0].0) > window;
    let begin = updates.windows(2).rposition(gap).map_or(0, |before| before + 1);
    let seen = &updates[begin..];
    let range = |bar: i64| {
        let before = seen.iter().rfind(|update| bar_of(update.0) < bar).unwrap();
        let mids =
            seen.iter().filter(|update| bar_of(update.0) == bar).chain([before]).map(|update| update.1);
        mids.clone().max().unwrap() - mids.min().unwrap()
    };
    let ranges: Vec<_> = (bar_of(seen.first()?.0) + 1..bar_of(seen.last()?.0)).map(range).collect();
    let window = &ranges[ranges.len().saturating_sub(params.bars)..];
    let sum: i64 = window.iter().map(|range| range * range).sum();
    let warm = !window.is_empty() && window.len() >= params.bars_min;
    let time = params.bar.as_secs_f64() * window.len() as f64;
    warm.then(|| libm::sqrt(sum as f64 / (16.0 * core::f64::consts::LN_2 * time)))
}

fn after(params: ParkinsonParams, updates: &[(i64, i64)]) -> ParkinsonVolatility {
    let mut volatility = ParkinsonVolatility::new(params).unwrap();
    updates.iter().for_each(|(time, mid)| volatility.update(HalfTicks(*mid), Nanos(*time)));
    volatility
}

fn digest_of(volatility: &ParkinsonVolatility) -> u64 {
    let mut digest = Digest::new();
    volatility.digest(&mut digest);
    digest.value()
}

fn history() -> impl Strategy<Value = Vec<(i64, i64)>> {
    let gap = prop_oneof![6 => 0..500i64, 3 => 500..3_000i64, 1 => 3_000..40_000i64];
    prop::collection::vec((gap, 1..4_000i64), 1..40).prop_map(|steps| {
        let mut millis = -5_000;
        let update = |(gap, mid)| {
            millis += gap;
            (millis * 1_000_000, mid)
        };
        steps.into_iter().map(update).collect()
    })
}

#[test]
fn one_bar_of_known_range_gives_the_papers_estimate() {
    // The bar from 1 s to 2 s begins at 100 half ticks, rises to 112 and falls to 104: a range of 6 ticks.
    let millis = |millis: i64, mid| (millis * 1_000_000, mid);
    let updates =
        [millis(500, 300), millis(900, 100), millis(1_200, 112), millis(1_800, 104), millis(2_100, 500)];
    let sigma = after(PARAMS, &updates).sigma_ticks_per_sqrt_s().unwrap();
    assert!((sigma - libm::sqrt(36.0 / (4.0 * libm::log(2.0)))).abs() < 1e-12, "{sigma}");
}

#[test]
fn a_bar_seen_in_part_does_not_count() {
    let updates = [(500_000_000, 100), (600_000_000, 900), (1_500_000_000, 100)];
    assert_eq!(after(PARAMS, &updates).sigma_ticks_per_sqrt_s(), None);
}

#[test]
fn a_silence_longer_than_the_window_empties_it() {
    let mut volatility = after(PARAMS, &[(0, 100), (1_000_000_000, 110), (2_000_000_000, 120)]);
    assert!(volatility.sigma_ticks_per_sqrt_s().is_some());
    let mut still = volatility.clone();
    still.update(HalfTicks(120), Nanos(8_000_000_000));
    assert!(still.sigma_ticks_per_sqrt_s().is_some());
    volatility.update(HalfTicks(120), Nanos(9_000_000_000));
    assert_eq!(volatility.sigma_ticks_per_sqrt_s(), None);
}

#[test]
fn parameters_outside_their_ranges_are_refused() {
    let refused = |params| ParkinsonVolatility::new(params).err();
    assert_eq!(refused(ParkinsonParams { bar: Span::ZERO, ..PARAMS }), Some(ParkinsonParamError::Bar));
    for bars in [0, WINDOW_MAX + 1] {
        assert_eq!(refused(ParkinsonParams { bars, ..PARAMS }), Some(ParkinsonParamError::Bars));
    }
    for bars_min in [0, 7] {
        assert_eq!(refused(ParkinsonParams { bars_min, ..PARAMS }), Some(ParkinsonParamError::BarsMin));
    }
}

#[test]
#[should_panic(expected = "time went backward")]
fn time_never_falls() {
    after(PARAMS, &[(2, 100), (1, 100)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn the_ring_is_the_history_cut_into_bars(updates in history(), bars in 1..12usize, warm in 1..3usize) {
        let params = ParkinsonParams { bars, bars_min: warm.min(bars), ..PARAMS };
        let found = after(params, &updates).sigma_ticks_per_sqrt_s();
        match (found, twin(params, &updates)) {
            (Some(found), Some(twin)) => prop_assert!((found - twin).abs() <= 1e-12 * twin, "{found} {twin}"),
            (found, twin) => prop_assert_eq!(found, twin),
        }
    }

    #[test]
    fn twice_the_tick_is_half_the_volatility(updates in history()) {
        let fine: Vec<_> = updates.iter().map(|(time, mid)| (*time, mid * 2)).collect();
        let (fine, coarse) = (after(PARAMS, &fine), after(PARAMS, &updates));
        let half = fine.sigma_ticks_per_sqrt_s().map(|sigma| sigma / 2.0);
        prop_assert_eq!(half.map(f64::to_bits), coarse.sigma_ticks_per_sqrt_s().map(f64::to_bits));
    }

    #[test]
    fn any_input_gives_a_finite_volatility(updates in prop::collection::vec((any::<i64>(), any::<i64>()), 1..20)) {
        let mut times: Vec<_> = updates;
        times.sort_unstable();
        let sigma = after(PARAMS, &times).sigma_ticks_per_sqrt_s();
        prop_assert!(sigma.is_none_or(|sigma| sigma.is_finite() && sigma >= 0.0));
    }

    #[test]
    fn equal_states_have_equal_digests_and_others_do_not(updates in history(), extra in 1..4_000i64) {
        let first = after(PARAMS, &updates);
        prop_assert_eq!(digest_of(&first), digest_of(&after(PARAMS, &updates)));
        let mut other = first.clone();
        let last = updates.last().unwrap();
        other.update(HalfTicks(last.1 + extra), Nanos(last.0));
        prop_assert_ne!(digest_of(&first), digest_of(&other));
    }
}
