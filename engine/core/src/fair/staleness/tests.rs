use proptest::prelude::*;

use super::*;

const FRESH: Span = Span::from_millis(100);
const STALE: Span = Span::from_millis(1_100);

fn curve(decay: Decay) -> StaleCurve {
    StaleCurve::new(FRESH, STALE, decay).unwrap()
}

fn exponential(half_life: Span) -> StaleCurve {
    curve(Decay::Exponential { half_life })
}

#[test]
fn the_curves_pass_through_their_points() {
    let linear = curve(Decay::Linear);
    for (millis, weight) in
        [(-5, 1.0), (0, 1.0), (100, 1.0), (350, 0.75), (600, 0.5), (1_100, 0.0), (9_000, 0.0)]
    {
        assert!((linear.weight(Span::from_millis(millis)) - weight).abs() < 1e-12, "{millis}");
    }
    // Two half-lives in the whole way: (2^(−2x) − ¼)/(3/4), a third at the middle.
    let exponential = exponential(Span::from_millis(500));
    for (millis, weight) in [(100, 1.0), (600, 1.0 / 3.0), (1_100, 0.0)] {
        assert!((exponential.weight(Span::from_millis(millis)) - weight).abs() < 1e-12, "{millis}");
    }
}

#[test]
fn a_half_life_far_longer_than_the_way_is_linear() {
    let slow = exponential(Span(i64::MAX));
    assert!((slow.weight(Span::from_millis(350)) - 0.75).abs() < 1e-9);
}

#[test]
fn parameters_outside_their_ranges_are_refused() {
    let linear = |fresh, stale_max| StaleCurve::new(Span(fresh), Span(stale_max), Decay::Linear).err();
    assert_eq!(linear(-1, 5), Some(StaleParamError::Fresh));
    assert_eq!(linear(5, 5), Some(StaleParamError::StaleMax));
    let half_life = StaleCurve::new(FRESH, STALE, Decay::Exponential { half_life: Span::ZERO }).err();
    assert_eq!(half_life, Some(StaleParamError::HalfLife));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn the_weight_never_rises_with_age_and_has_no_jump(
        age in 0..1_200_000_000i64, more in 0..1_000_000i64, half_life in 100_000_000..i64::MAX,
    ) {
        for curve in [curve(Decay::Linear), exponential(Span(half_life))] {
            let (before, after) = (curve.weight(Span(age)), curve.weight(Span(age + more)));
            prop_assert!(after <= before && after >= 0.0 && before <= 1.0);
            // At its steepest, ten half-lives in the way, the curve falls by 7 per way: 0.007 in a thousandth of it.
            prop_assert!(before - after < 0.0075, "{before} {after}");
        }
    }

    #[test]
    fn any_curve_gives_a_weight(fresh in 0..i64::MAX, way in 1..i64::MAX, half_life in 1..i64::MAX, age in any::<i64>()) {
        let stale_max = Span(fresh.saturating_add(way));
        for decay in [Decay::Linear, Decay::Exponential { half_life: Span(half_life) }] {
            let Ok(curve) = StaleCurve::new(Span(fresh), stale_max, decay) else { continue };
            prop_assert!((0.0..=1.0).contains(&curve.weight(Span(age))));
        }
    }

    #[test]
    fn the_ages_to_look_again_lead_to_the_end_in_few_steps(fresh in 0..i64::MAX / 2, way in 1..i64::MAX / 2, from in any::<i64>()) {
        let curve = StaleCurve::new(Span(fresh), Span(fresh + way), Decay::Linear).unwrap();
        let (mut age, mut steps) = (Span(from.min(fresh + way)), 0);
        while let Some(next) = curve.next_age(age) {
            prop_assert!(next > age && next.0 <= fresh + way, "{next:?} after {age:?}");
            // No step takes more than a sixteenth of the weight, and rounding.
            let fall = curve.weight(age) - curve.weight(next);
            prop_assert!(fall <= (1.0 / f64::from(STALE_STEPS)).max(2.0 / way as f64) + 1e-9, "{fall}");
            (age, steps) = (next, steps + 1);
        }
        prop_assert!(steps <= u32::from(STALE_STEPS) + 1 && age >= Span(fresh + way), "{steps} to {age:?}");
    }
}
