use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;

const PARAMS: BasisParams = BasisParams {
    half_life: Span::from_secs(2),
    elapsed_min: Span::from_secs(1),
    hold_max: Span::from_secs(10),
    age_max: Span::from_secs(60),
};

const fn secs(seconds: i64) -> Nanos {
    Nanos(seconds * 1_000_000_000)
}

fn digest_of(basis: &Basis) -> u64 {
    let mut digest = Digest::new();
    basis.digest(&mut digest);
    digest.value()
}

#[test]
fn differences_weigh_by_the_time_they_hold() {
    let mut basis = Basis::new(PARAMS).unwrap();
    basis.update(Some(4.0), secs(0));
    basis.update(Some(-900.0), secs(2));
    basis.update(Some(10.0), secs(2)); // the one before held for no time
    basis.update(Some(0.0), secs(4));
    // 4 for the kernel's second half-life (¼), 10 for the first (½).
    assert!((basis.ticks(secs(4)).unwrap() - (4.0 * 0.25 + 10.0 * 0.5) / 0.75).abs() < 1e-12);
}

#[test]
fn a_constant_difference_is_the_basis_from_the_warm_up_on() {
    let mut basis = Basis::new(PARAMS).unwrap();
    for tenth in 0..30 {
        let now = Nanos::from_millis(100 * tenth);
        basis.update(Some(-7.5), now);
        assert_eq!(basis.ticks(now).is_some(), tenth >= 10, "{tenth}");
        assert!(basis.ticks(now).is_none_or(|ticks| (ticks + 7.5).abs() < 1e-9));
    }
}

#[test]
fn time_in_which_nothing_is_known_does_not_exist() {
    let mut watched = Basis::new(PARAMS).unwrap();
    watched.update(Some(4.0), secs(0));
    watched.update(None, secs(2));
    watched.update(Some(10.0), secs(30));
    watched.update(None, secs(32));
    assert!((watched.ticks(secs(32)).unwrap() - (4.0 * 0.25 + 10.0 * 0.5) / 0.75).abs() < 1e-12);
    // Nor does the time for which a difference is older than it may be.
    let mut held = Basis::new(BasisParams { hold_max: Span::from_secs(2), ..PARAMS }).unwrap();
    held.update(Some(4.0), secs(0));
    held.update(Some(10.0), secs(30));
    held.update(None, secs(50));
    assert!((held.ticks(secs(50)).unwrap() - (4.0 * 0.25 + 10.0 * 0.5) / 0.75).abs() < 1e-12);
}

#[test]
fn an_old_basis_is_not_known_any_more() {
    let mut basis = Basis::new(PARAMS).unwrap();
    basis.update(Some(4.0), secs(0));
    basis.update(Some(4.0), secs(5));
    assert!(basis.ticks(secs(65)).is_some());
    assert_eq!(basis.ticks(secs(66)), None);
}

#[test]
fn parameters_outside_their_ranges_are_refused() {
    let refused = |params| Basis::new(params).err();
    assert_eq!(refused(BasisParams { half_life: Span::ZERO, ..PARAMS }), Some(BasisParamError::HalfLife));
    assert_eq!(refused(BasisParams { elapsed_min: Span(-1), ..PARAMS }), Some(BasisParamError::ElapsedMin));
    assert_eq!(refused(BasisParams { hold_max: Span::ZERO, ..PARAMS }), Some(BasisParamError::HoldMax));
    assert_eq!(refused(BasisParams { age_max: Span::ZERO, ..PARAMS }), Some(BasisParamError::AgeMax));
}

#[test]
#[should_panic(expected = "time went backward")]
fn time_never_falls() {
    let mut basis = Basis::new(PARAMS).unwrap();
    basis.update(Some(4.0), secs(1));
    basis.update(Some(4.0), secs(0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn the_basis_lies_within_its_differences_whatever_they_are(
        steps in prop::collection::vec((0..20_000_000_000i64, prop::option::of(any::<f64>())), 1..20),
    ) {
        let mut basis = Basis::new(PARAMS).unwrap();
        let mut now = Nanos(0);
        let mut told: Vec<f64> = Vec::new();
        for (gap, difference) in steps {
            now = now + Span(gap);
            basis.update(difference, now);
            told.extend(difference.filter(|difference| difference.is_finite()));
        }
        if let Some(ticks) = basis.ticks(now) {
            let low = told.iter().copied().fold(f64::INFINITY, f64::min);
            let high = told.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let slack = 1e-9 * low.abs().max(high.abs());
            prop_assert!(ticks.is_finite() && ticks >= low - slack && ticks <= high + slack);
        }
    }

    #[test]
    fn equal_states_have_equal_digests_and_others_do_not(differences in prop::collection::vec(-1e3..1e3f64, 1..20)) {
        let after = |extra: Option<f64>| {
            let mut basis = Basis::new(PARAMS).unwrap();
            for (second, difference) in (0..).zip(differences.iter().copied().chain(extra)) {
                basis.update(Some(difference), secs(second));
            }
            digest_of(&basis)
        };
        prop_assert_eq!(after(None), after(None));
        prop_assert_ne!(after(None), after(Some(1.0)));
    }
}
