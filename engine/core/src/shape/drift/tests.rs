use super::*;

const PARAMS: DriftParams = DriftParams { half_life: Span::from_secs(2), elapsed_min: Span::from_secs(1) };

fn drift() -> EwmaDrift {
    EwmaDrift::new(PARAMS).unwrap()
}

#[test]
fn a_straight_line_has_its_slope_whatever_the_sampling() {
    for ticks_per_s in [-40, 0, 6] {
        let mut drift = drift();
        for millis in [0, 1, 5, 200, 210, 900, 4_000, 4_001, 60_000] {
            drift.update(HalfTicks(1_000_000 + 2 * ticks_per_s * millis), Nanos::from_millis(1_000 * millis));
        }
        let found = drift.ticks_per_s().unwrap();
        assert!((found - ticks_per_s as f64).abs() < 1e-9, "{found}");
    }
}

#[test]
fn a_known_path_gives_the_weighted_ratio() {
    let mut drift = drift();
    drift.update(HalfTicks(200), Nanos::from_millis(0));
    drift.update(HalfTicks(206), Nanos::from_millis(1_000)); // 3 ticks in 1 s
    drift.update(HalfTicks(204), Nanos::from_millis(5_000)); // -1 tick in 4 s: two half-lives
    let found = drift.ticks_per_s().unwrap();
    assert!((found - (3.0 * 0.25 - 1.0) / (0.25 + 4.0)).abs() < 1e-12, "{found}");
}

#[test]
fn a_mid_that_stands_still_forgets_its_drift() {
    let mut drift = drift();
    drift.update(HalfTicks(0), Nanos::from_millis(0));
    for second in 1..=60 {
        drift.update(HalfTicks(200), Nanos::from_millis(1_000 * second));
    }
    let found = drift.ticks_per_s().unwrap();
    assert!(found > 0.0 && found < 1e-6, "{found}");
}

#[test]
fn no_drift_before_the_warm_up_and_none_without_time() {
    let mut drift = drift();
    assert_eq!(drift.ticks_per_s(), None);
    for mid in [100, 104] {
        drift.update(HalfTicks(mid), Nanos::from_millis(0));
    }
    drift.update(HalfTicks(104), Nanos::from_millis(999));
    assert_eq!(drift.ticks_per_s(), None);
    drift.update(HalfTicks(104), Nanos::from_millis(1_000));
    assert!(drift.ticks_per_s().is_some());
    let mut eager = EwmaDrift::new(DriftParams { elapsed_min: Span::ZERO, ..PARAMS }).unwrap();
    eager.update(HalfTicks(100), Nanos(0));
    assert_eq!(eager.ticks_per_s(), None);
}

#[test]
#[should_panic(expected = "time went backward")]
fn time_never_falls() {
    let mut drift = drift();
    drift.update(HalfTicks(100), Nanos(2));
    drift.update(HalfTicks(100), Nanos(1));
}

#[test]
fn parameters_outside_their_ranges_are_refused() {
    let refused = |params| EwmaDrift::new(params).err();
    assert_eq!(refused(DriftParams { half_life: Span::ZERO, ..PARAMS }), Some(DriftParamError::HalfLife));
    assert_eq!(refused(DriftParams { elapsed_min: Span(-1), ..PARAMS }), Some(DriftParamError::ElapsedMin));
}

#[test]
fn the_digest_tells_states_apart() {
    let digest_of = |mid| {
        let mut drift = drift();
        drift.update(HalfTicks(100), Nanos(0));
        drift.update(HalfTicks(mid), Nanos(5));
        let mut digest = Digest::new();
        drift.digest(&mut digest);
        digest.value()
    };
    assert_eq!(digest_of(5), digest_of(5));
    assert_ne!(digest_of(5), digest_of(6));
}
