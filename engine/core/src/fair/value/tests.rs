use proptest::prelude::*;

use super::*;

#[test]
fn what_is_no_value_cannot_be_made() {
    let at = Nanos(5);
    for ticks in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 0.0, 1.2e12] {
        assert_eq!(FairValue::new(ticks, 1.0, at), None, "{ticks}");
    }
    for confidence in [f64::NAN, 0.0, -0.1, 1.0 + 1e-12] {
        assert_eq!(FairValue::new(1.0, confidence, at), None, "{confidence}");
    }
    let value = FairValue::new(0.25, 1.0, at).unwrap();
    assert_eq!((value.ticks().to_bits(), value.as_of()), (0.25f64.to_bits(), at));
}

#[test]
fn a_value_is_rescaled_and_shifted_with_its_confidence_and_date() {
    // Ticks of 0.1 seen in ticks of 0.01.
    let value = FairValue::new(30_000.5, 0.7, Nanos(9)).unwrap();
    assert_eq!(value.rescaled(10.0), FairValue::new(300_005.0, 0.7, Nanos(9)));
    assert_eq!(value.shifted(-0.5), FairValue::new(30_000.0, 0.7, Nanos(9)));
    assert_eq!((value.rescaled(-1.0), value.shifted(-30_001.0)), (None, None));
    assert_eq!((value.rescaled(f64::NAN), value.shifted(f64::INFINITY)), (None, None));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn any_three_numbers_make_a_sound_value_or_none(ticks in any::<f64>(), confidence in any::<f64>(), by in any::<f64>()) {
        let made = FairValue::new(ticks, confidence.abs() % 1.0, Nanos(0));
        for value in [made, made.and_then(|v| v.rescaled(by)), made.and_then(|v| v.shifted(by))].into_iter().flatten() {
            prop_assert!(value.ticks().is_finite() && value.ticks() > 0.0);
            prop_assert!(value.confidence() > 0.0 && value.confidence() <= 1.0);
        }
    }
}
