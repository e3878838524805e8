use super::*;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng};

const PARAMS: EwmaParams = EwmaParams {
    half_life: Span::from_secs(600),
    interval_min: Span::ZERO,
    elapsed_min: Span::from_secs(10),
    samples_min: 20,
};

/// A standard normal number (Box and Muller 1958).
fn normal(rng: &mut TestRng) -> f64 {
    let (radius, angle) = (1.0 - rng.random::<f64>(), rng.random::<f64>());
    libm::sqrt(-2.0 * libm::log(radius)) * libm::cos(core::f64::consts::TAU * angle)
}

#[expect(clippy::cast_possible_truncation, reason = "onto the grids of prices and time")]
fn sample(ticks: f64, seconds: f64) -> (HalfTicks, Nanos) {
    (HalfTicks(libm::round(ticks * 2.0) as i64), Nanos((seconds * 1e9) as i64))
}

/// The estimate after `seconds` of Brownian motion of volatility `sigma`, sampled after exponential times of mean `gap`.
fn estimate(params: EwmaParams, sigma: f64, seconds: f64, gap: f64) -> f64 {
    let mut rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut volatility = EwmaVolatility::new(params).unwrap();
    let (mut ticks, mut time) = (100_000.0, 0.0);
    while time < seconds {
        let step = -gap * libm::log(1.0 - rng.random::<f64>());
        time += step;
        ticks += sigma * libm::sqrt(step) * normal(&mut rng);
        let (mid, now) = sample(ticks, time);
        volatility.update(mid, now);
    }
    volatility.sigma_ticks_per_sqrt_s().unwrap()
}

#[test]
fn brownian_volatility_is_recovered_whatever_the_sampling_rate() {
    for sigma in [20.0, 300.0] {
        for gap in [0.02, 0.1, 1.0, 5.0] {
            let found = estimate(PARAMS, sigma, 8_000.0, gap);
            assert!((found / sigma - 1.0).abs() < 0.08, "sigma {sigma}, gap {gap} s: {found}");
        }
    }
}

#[test]
fn sparse_sampling_estimates_the_same_volatility() {
    let sparse = EwmaParams { interval_min: Span::from_millis(500), ..PARAMS };
    let found = estimate(sparse, 50.0, 8_000.0, 0.02);
    assert!((found / 50.0 - 1.0).abs() < 0.05, "{found}");
}

#[test]
fn sparse_sampling_does_not_see_the_bounce_between_two_ticks() {
    // The mid jumps up and down by one tick every 10 ms and goes nowhere.
    let bounce = |interval_min| {
        let mut volatility = EwmaVolatility::new(EwmaParams { interval_min, ..PARAMS }).unwrap();
        for step in 0..10_000i64 {
            volatility.update(HalfTicks(1_000 + 2 * (step % 2)), Nanos::from_millis(10 * step));
        }
        volatility.sigma_ticks_per_sqrt_s().unwrap()
    };
    assert!((bounce(Span::ZERO) - 10.0).abs() < 1e-9); // one tick² per 10 ms
    assert!(bounce(Span::from_secs(1)) < 1e-9);
}

#[test]
fn a_known_path_gives_the_weighted_ratio() {
    let params =
        EwmaParams { half_life: Span::from_secs(2), elapsed_min: Span::ZERO, samples_min: 1, ..PARAMS };
    let mut volatility = EwmaVolatility::new(params).unwrap();
    volatility.update(HalfTicks(200), Nanos::from_millis(0));
    volatility.update(HalfTicks(206), Nanos::from_millis(1_000)); // 3 ticks in 1 s
    volatility.update(HalfTicks(204), Nanos::from_millis(5_000)); // -1 tick in 4 s: two half-lives
    let (squares, seconds) = (9.0 * 0.25 + 1.0, 1.0 * 0.25 + 4.0);
    let sigma = volatility.sigma_ticks_per_sqrt_s().unwrap();
    assert!((sigma - libm::sqrt(squares / seconds)).abs() < 1e-12, "{sigma}");
}

#[test]
fn no_estimate_before_both_warm_up_bounds() {
    let mut volatility = EwmaVolatility::new(PARAMS).unwrap();
    for step in 0..=20 {
        assert_eq!(volatility.sigma_ticks_per_sqrt_s(), None);
        volatility.update(HalfTicks(100 + step % 2), Nanos::from_millis(10 * step)); // 20 increments in 0.2 s
    }
    assert_eq!(volatility.sigma_ticks_per_sqrt_s(), None);
    volatility.update(HalfTicks(100), Nanos::from_millis(10_000));
    assert!(volatility.sigma_ticks_per_sqrt_s().is_some());

    let mut slow = EwmaVolatility::new(PARAMS).unwrap();
    for step in 0..20 {
        slow.update(HalfTicks(100), Nanos::from_millis(60_000 * step)); // 19 increments in 19 minutes
    }
    assert_eq!(slow.sigma_ticks_per_sqrt_s(), None);
}

#[test]
fn a_mid_that_never_moves_has_no_volatility() {
    let mut volatility = EwmaVolatility::new(PARAMS).unwrap();
    for step in 0..100 {
        volatility.update(HalfTicks(100), Nanos::from_millis(1_000 * step));
    }
    assert_eq!(volatility.sigma_ticks_per_sqrt_s().map(f64::to_bits), Some(0));
}

#[test]
fn moves_at_one_instant_count_with_the_time_that_follows() {
    let params = EwmaParams { elapsed_min: Span::ZERO, samples_min: 1, ..PARAMS };
    let mut volatility = EwmaVolatility::new(params).unwrap();
    volatility.update(HalfTicks(100), Nanos(0));
    volatility.update(HalfTicks(104), Nanos(0));
    volatility.update(HalfTicks(104), Nanos::from_millis(1_000));
    let sigma = volatility.sigma_ticks_per_sqrt_s().unwrap();
    assert!((sigma - 2.0).abs() < 1e-12, "{sigma}");
}

#[test]
fn a_silence_of_many_half_lives_leaves_only_what_came_after() {
    let params =
        EwmaParams { half_life: Span::from_millis(1), elapsed_min: Span::ZERO, samples_min: 1, ..PARAMS };
    let mut volatility = EwmaVolatility::new(params).unwrap();
    volatility.update(HalfTicks(100), Nanos(0));
    volatility.update(HalfTicks(1_000_100), Nanos::from_millis(1));
    volatility.update(HalfTicks(1_000_100), Nanos::from_millis(3_600_000));
    assert_eq!(volatility.sigma_ticks_per_sqrt_s().map(f64::to_bits), Some(0));
}

#[test]
#[should_panic(expected = "time went backward")]
fn time_never_falls() {
    let mut volatility = EwmaVolatility::new(PARAMS).unwrap();
    volatility.update(HalfTicks(100), Nanos(2));
    volatility.update(HalfTicks(100), Nanos(1));
}

#[test]
fn parameters_outside_their_ranges_are_refused() {
    let refused = |params| EwmaVolatility::new(params).err();
    assert_eq!(refused(EwmaParams { half_life: Span::ZERO, ..PARAMS }), Some(EwmaParamError::HalfLife));
    assert_eq!(refused(EwmaParams { interval_min: Span(-1), ..PARAMS }), Some(EwmaParamError::IntervalMin));
    assert_eq!(refused(EwmaParams { elapsed_min: Span(-1), ..PARAMS }), Some(EwmaParamError::ElapsedMin));
    assert_eq!(refused(EwmaParams { samples_min: 0, ..PARAMS }), Some(EwmaParamError::SamplesMin));
}

#[test]
fn the_digest_tells_states_apart() {
    let digest_of = |last_ms| {
        let mut volatility = EwmaVolatility::new(PARAMS).unwrap();
        volatility.update(HalfTicks(100), Nanos(0));
        volatility.update(HalfTicks(103), Nanos::from_millis(last_ms));
        let mut digest = Digest::new();
        volatility.digest(&mut digest);
        digest.value()
    };
    assert_eq!(digest_of(5), digest_of(5));
    assert_ne!(digest_of(5), digest_of(6));
}

#[test]
fn every_host_and_build_computes_the_same_bits() {
    let mut volatility = EwmaVolatility::new(PARAMS).unwrap();
    for step in 0..1_000i64 {
        volatility.update(HalfTicks(1_000 + step * step % 17), Nanos(step * 37_000_001));
    }
    let sigma = volatility.sigma_ticks_per_sqrt_s().unwrap();
    assert_eq!(sigma.to_bits(), 4_625_439_758_837_494_174, "{sigma}");
}
