use proptest::prelude::*;

use super::*;

fn curve(ticks_max: f64) -> WidenCurve {
    WidenCurve::new(Span::from_secs(1), 2.0, ticks_max).unwrap()
}

#[test]
fn the_width_grows_with_the_root_of_the_time_beyond_fresh() {
    let extra = |secs| curve(100.0).extra_ticks(Span::from_secs(secs), Some(3.0));
    assert_eq!(extra(0), Ok(0.0));
    assert_eq!(extra(1), Ok(0.0));
    assert!((extra(2).unwrap() - 6.0).abs() < 1e-12);
    assert!((extra(5).unwrap() - 12.0).abs() < 1e-12);
}

#[test]
fn what_cannot_be_covered_is_not_quoted() {
    let old = Span::from_secs(5);
    assert_eq!(curve(11.9).extra_ticks(old, Some(3.0)), Err(TooUncertain::TooWide));
    assert!(curve(12.1).extra_ticks(old, Some(3.0)).is_ok());
    for sigma in [None, Some(f64::NAN), Some(-1.0)] {
        assert_eq!(curve(12.1).extra_ticks(old, sigma), Err(TooUncertain::NoVolatility));
        assert_eq!(curve(12.1).extra_ticks(Span::ZERO, sigma), Ok(0.0));
    }
    assert_eq!(curve(12.1).extra_ticks(old, Some(f64::INFINITY)), Err(TooUncertain::TooWide));
}

#[test]
fn parameters_outside_their_ranges_are_refused() {
    let refused = |fresh, sigmas, most| WidenCurve::new(Span(fresh), sigmas, most).err();
    assert_eq!(refused(-1, 1.0, 1.0), Some(WidenParamError::Fresh));
    for sigmas in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(refused(0, sigmas, 1.0), Some(WidenParamError::Sigmas));
    }
    for most in [-1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(refused(0, 1.0, most), Some(WidenParamError::TicksMax));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn older_is_never_narrower(age in 0..20_000_000_000i64, more in 0..1_000_000_000i64, sigma in 0.0..50.0f64) {
        let at = |age| curve(100.0).extra_ticks(Span(age), Some(sigma));
        match (at(age), at(age + more)) {
            (Ok(before), Ok(after)) => prop_assert!(before <= after && after <= 100.0),
            (Err(_), after) => prop_assert!(after.is_err()),
            (Ok(_), Err(_)) => {}
        }
    }

    #[test]
    fn the_width_has_no_jump(age in 0..20_000_000_000i64) {
        // The root is steepest where it begins: √1 µs is 1/1000.
        let at = |age| curve(100.0).extra_ticks(Span(age), Some(1.0)).unwrap();
        prop_assert!(at(age + 1_000) - at(age) <= 2.0 * 1e-3 + 1e-9);
    }

    #[test]
    fn from_the_age_at_which_it_refuses_on_there_is_no_width_and_before_there_is_one(
        sigma in prop::option::of(0.001..50.0f64), most in 0.0..100.0f64,
    ) {
        let curve = curve(most);
        let from = curve.refuses_from(sigma).unwrap();
        prop_assert!(curve.extra_ticks(from, sigma).is_err());
        // A microsecond, or as much as the last digits of a long time are worth.
        let margin = 1_000 + from.0 / 1_000_000_000_000;
        prop_assert!(curve.extra_ticks(Span(from.0 - margin), sigma).is_ok());
        prop_assert_eq!(curve.refuses_from(Some(0.0)), None);
    }
}
