use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;

const PARAMS: RealisedParams = RealisedParams { interval: Span::from_secs(1), samples: 8, samples_min: 1 };

/// The estimate from a whole history at once: samples every grid point from the list of updates.
fn twin(params: RealisedParams, updates: &[(i64, i64)]) -> Option<f64> {
    let point = |time: i64| time.div_euclid(params.interval.0);
    let window = i64::try_from(params.samples).unwrap();
    let gap = |pair: &[(i64, i64)]| point(pair[1].0) - point(pair[0].0) > window;
    let begin = updates.windows(2).rposition(gap).map_or(0, |before| before + 1);
    let seen = &updates[begin..];
    let (first, last) = (point(seen.first()?.0) + 1, point(seen.last()?.0));
    let sample = |k: i64| seen.iter().rfind(|update| update.0 < k * params.interval.0).unwrap().1;
    let samples: Vec<_> = (first..=last).map(sample).collect();
    let increments: Vec<_> = samples.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let window = &increments[increments.len().saturating_sub(params.samples)..];
    let sum: i64 = window.iter().map(|increment| increment * increment).sum();
    let seconds = window.len() as f64 * params.interval.as_secs_f64();
    (!window.is_empty() && window.len() >= params.samples_min)
        .then(|| libm::sqrt(sum as f64 * 0.25 / seconds))
}

fn after(params: RealisedParams, updates: &[(i64, i64)]) -> RealisedVolatility {
    let mut volatility = RealisedVolatility::new(params).unwrap();
    updates.iter().for_each(|(time, mid)| volatility.update(HalfTicks(*mid), Nanos(*time)));
    volatility
}

fn digest_of(volatility: &RealisedVolatility) -> u64 {
    let mut digest = Digest::new();
    volatility.digest(&mut digest);
    digest.value()
}

/// Updates of growing time, most of them close together, some after a long silence.
fn history() -> impl Strategy<Value = Vec<(i64, i64)>> {
    let gap = prop_oneof![6 => 0..900i64, 3 => 900..3_000i64, 1 => 3_000..40_000i64];
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
fn a_known_path_gives_the_known_volatility() {
    // Samples at 1, 2, 3 s: 100, 103, 103 half ticks; increments of 1.5 and 0 ticks in 2 s.
    let millis = |millis: i64, mid| (millis * 1_000_000, mid);
    let updates =
        [millis(200, 90), millis(900, 100), millis(1_000, 50), millis(1_500, 103), millis(3_400, 200)];
    let sigma = after(PARAMS, &updates).sigma_ticks_per_sqrt_s().unwrap();
    assert!((sigma - libm::sqrt(1.5 * 1.5 / 2.0)).abs() < 1e-12, "{sigma}");
}

#[test]
fn nothing_is_known_before_the_warm_up_and_after_a_silence() {
    let params = RealisedParams { samples_min: 3, ..PARAMS };
    let mut volatility = RealisedVolatility::new(params).unwrap();
    for second in 0..4 {
        volatility.update(HalfTicks(100 + second), Nanos(second * 1_000_000_000));
        assert_eq!(volatility.sigma_ticks_per_sqrt_s(), None, "{second}");
    }
    volatility.update(HalfTicks(110), Nanos(4_000_000_000));
    assert!(volatility.sigma_ticks_per_sqrt_s().is_some());
    // Eight grid points fit the window, nine do not.
    let mut still = volatility.clone();
    still.update(HalfTicks(110), Nanos(12_000_000_000));
    assert!(still.sigma_ticks_per_sqrt_s().is_some());
    volatility.update(HalfTicks(110), Nanos(13_000_000_000));
    assert_eq!(volatility.sigma_ticks_per_sqrt_s(), None);
}

#[test]
fn the_bounce_between_two_ticks_is_not_sampled() {
    let mut volatility = RealisedVolatility::new(PARAMS).unwrap();
    for step in 0..2_000i64 {
        volatility.update(HalfTicks(1_000 + 2 * (step % 2)), Nanos::from_millis(10 * step));
    }
    assert_eq!(volatility.sigma_ticks_per_sqrt_s().map(f64::to_bits), Some(0));
}

#[test]
fn parameters_outside_their_ranges_are_refused() {
    let refused = |params| RealisedVolatility::new(params).err();
    assert_eq!(
        refused(RealisedParams { interval: Span::ZERO, ..PARAMS }),
        Some(RealisedParamError::Interval)
    );
    for samples in [0, 1, WINDOW_MAX + 1] {
        assert_eq!(refused(RealisedParams { samples, ..PARAMS }), Some(RealisedParamError::Samples));
    }
    for samples_min in [0, 9] {
        assert_eq!(refused(RealisedParams { samples_min, ..PARAMS }), Some(RealisedParamError::SamplesMin));
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
    fn the_ring_is_the_history_sampled_at_once(updates in history(), samples in 2..12usize, warm in 1..3usize) {
        let params = RealisedParams { samples, samples_min: warm.min(samples), ..PARAMS };
        let found = after(params, &updates).sigma_ticks_per_sqrt_s();
        prop_assert_eq!(found.map(f64::to_bits), twin(params, &updates).map(f64::to_bits));
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

    #[test]
    fn where_the_ring_begins_is_no_state(mids in prop::collection::vec(1..4_000i64, 20..30), more in 1..8usize) {
        // The same last nine samples reached by two histories, one longer than the other.
        let long: Vec<_> = (0..).zip(&mids).map(|(second, mid)| (second * 1_000_000_000, *mid)).collect();
        let short = &long[more..];
        prop_assert_eq!(digest_of(&after(PARAMS, &long)), digest_of(&after(PARAMS, short)));
    }
}
