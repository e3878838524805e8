use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::fair::Decay;

const SIGMA: Option<f64> = Some(2.0);
const NOW: Nanos = Nanos::from_millis(100_000);
const BASIS: BasisSpec = BasisSpec {
    reference: 0,
    params: BasisParams {
        half_life: Span::from_secs(10),
        elapsed_min: Span::from_secs(2),
        hold_max: Span::from_secs(5),
        age_max: Span::from_secs(60),
    },
};
const PLAIN: BlendInput = BlendInput { weight: 1.0, need: Need::Optional, basis: None };

/// Fresh for 100 ms, stale after 1 100 ms, linear in between.
fn params() -> BlendParams {
    BlendParams {
        stale: StaleCurve::new(Span::from_millis(100), Span::from_millis(1_100), Decay::Linear).unwrap(),
        apart_max_ticks: 50.0,
        widen_sigmas: 3.0,
        widen_max_ticks: 10.0,
    }
}

fn blend(inputs: &[BlendInput]) -> Blend {
    Blend::new(params(), inputs).unwrap()
}

fn value(ticks: f64, confidence: f64, age_millis: i64) -> Option<FairValue> {
    FairValue::new(ticks, confidence, NOW - Span::from_millis(age_millis))
}

fn digest_of(blend: &Blend) -> u64 {
    let mut digest = Digest::new();
    blend.digest(&mut digest);
    digest.value()
}

#[test]
fn weight_confidence_and_age_multiply() {
    let mut blend = blend(&[PLAIN, BlendInput { weight: 4.0, ..PLAIN }]);
    blend.set(0, value(1_000.0, 1.0, 50), NOW);
    blend.set(1, value(1_030.0, 0.5, 600), NOW);
    // 1·1·1 against 4·½·½: the middle, and 2 of the 5 that were configured.
    let found = blend.value(NOW, SIGMA).unwrap();
    assert!((found.fair.ticks() - 1_015.0).abs() < 1e-9);
    assert!((found.fair.confidence() - 0.4).abs() < 1e-12);
    assert_eq!(found.fair.as_of(), NOW - Span::from_millis(50));
    assert_eq!(found.widen_ticks.to_bits(), 0);
}

#[test]
fn a_missing_input_counts_for_nothing_and_a_stale_one_is_missing() {
    let mut blend = blend(&[PLAIN, PLAIN]);
    assert_eq!(blend.value(NOW, SIGMA), Err(BlendRefusal::NoInput));
    blend.set(0, value(1_000.0, 1.0, 0), NOW);
    assert!((blend.value(NOW, SIGMA).unwrap().fair.ticks() - 1_000.0).abs() < 1e-12);
    blend.set(1, value(1_010.0, 1.0, 1_100), NOW);
    assert!((blend.value(NOW, SIGMA).unwrap().fair.ticks() - 1_000.0).abs() < 1e-12);
    blend.set(0, None, NOW);
    assert_eq!(blend.value(NOW, SIGMA), Err(BlendRefusal::NoInput));
}

#[test]
fn without_a_required_input_there_is_no_value() {
    let mut blend = blend(&[PLAIN, BlendInput { need: Need::Required, ..PLAIN }]);
    blend.set(0, value(1_000.0, 1.0, 0), NOW);
    assert_eq!(blend.value(NOW, SIGMA), Err(BlendRefusal::RequiredMissing(1)));
    blend.set(1, value(1_000.0, 1.0, 1_099), NOW);
    assert!(blend.value(NOW, SIGMA).is_ok());
    blend.set(1, value(1_000.0, 1.0, 1_100), NOW);
    assert_eq!(blend.value(NOW, SIGMA), Err(BlendRefusal::RequiredMissing(1)));
}

#[test]
fn values_too_far_apart_are_no_value_at_all() {
    let mut blend = blend(&[PLAIN, PLAIN, PLAIN]);
    for (index, ticks) in [1_000.0, 1_020.0, 1_050.0].into_iter().enumerate() {
        blend.set(index, value(ticks, 1.0, 0), NOW);
    }
    assert!(blend.value(NOW, SIGMA).is_ok());
    blend.set(2, value(1_050.1, 1.0, 1_000), NOW);
    assert_eq!(blend.value(NOW, SIGMA), Err(BlendRefusal::Contradiction));
    // What is stale contradicts nobody.
    blend.set(2, value(1_050.1, 1.0, 1_200), NOW);
    assert!(blend.value(NOW, SIGMA).is_ok());
}

#[test]
fn a_value_from_the_future_is_no_value() {
    let mut blend = blend(&[PLAIN, PLAIN]);
    blend.set(0, value(1_000.0, 1.0, 0), NOW);
    blend.set(1, value(1_000.0, 1.0, -1), NOW);
    assert_eq!(blend.value(NOW, SIGMA), Err(BlendRefusal::FromTheFuture(1)));
}

#[test]
fn the_width_follows_the_freshest_input_until_it_is_too_wide() {
    let mut blend = blend(&[PLAIN, PLAIN]);
    blend.set(0, value(1_000.0, 1.0, 900), NOW);
    blend.set(1, value(1_000.0, 1.0, 350), NOW);
    // A quarter of a second beyond fresh: 3·2·√¼.
    assert!((blend.value(NOW, SIGMA).unwrap().widen_ticks - 3.0).abs() < 1e-12);
    let refused = |sigma| blend.value(NOW, sigma).err();
    assert_eq!(refused(None), Some(BlendRefusal::TooUncertain(TooUncertain::NoVolatility)));
    assert_eq!(refused(Some(6.7)), Some(BlendRefusal::TooUncertain(TooUncertain::TooWide)));
}

#[test]
fn the_basis_is_learnt_and_taken_off() {
    let mut blend = blend(&[PLAIN, BlendInput { basis: Some(BASIS), ..PLAIN }]);
    for tenth in 0..=30 {
        let now = Nanos::from_millis(100 * tenth);
        let wave = (tenth % 7) as f64;
        blend.set(0, FairValue::new(1_000.0 + wave, 1.0, now), now);
        blend.set(1, FairValue::new(1_200.0 + wave, 1.0, now), now);
        // Until the basis is known the second does not count; no contradiction, either.
        let expected = if tenth >= 20 { 1.0 } else { 0.5 };
        let found = blend.value(now, SIGMA).unwrap();
        assert!((found.fair.confidence() - expected).abs() < 1e-12, "{tenth}");
    }
    // The updates of one instant are told one after the other; what stood in between held for no time.
    let now = Nanos::from_millis(3_000);
    assert!((blend.basis_ticks(1, now).unwrap() - 200.0).abs() < 1e-9);
    assert_eq!((blend.basis_ticks(0, now), blend.basis_ticks(7, now)), (None, None));
    // The reference goes stale: the other alone, on the reference's footing.
    blend.set(1, FairValue::new(1_230.0, 1.0, Nanos::from_millis(5_000)), Nanos::from_millis(5_000));
    let found = blend.value(Nanos::from_millis(5_000), SIGMA).unwrap();
    assert!((found.fair.ticks() - 1_030.0).abs() < 1e-9, "{found:?}");
    // And the basis learns nothing from a difference with a stale value, however long that lasts.
    for (millis, fresh) in [(6_000, 1_200.0), (8_000, 1_200.0)] {
        let now = Nanos::from_millis(millis);
        blend.set(1, None, now);
        blend.set(0, FairValue::new(1_000.0, 1.0, now), now);
        blend.set(1, FairValue::new(fresh, 1.0, now), now);
    }
    assert!((blend.basis_ticks(1, Nanos::from_millis(8_000)).unwrap() - 200.0).abs() < 1e-9);
}

#[test]
fn parameters_outside_their_ranges_are_refused() {
    let refused = |params, inputs: &[BlendInput]| Blend::new(params, inputs).err();
    assert_eq!(refused(params(), &[]), Some(BlendParamError::Inputs));
    assert_eq!(refused(params(), &[PLAIN; 9]), Some(BlendParamError::Inputs));
    for weight in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let inputs = [PLAIN, BlendInput { weight, ..PLAIN }];
        assert_eq!(refused(params(), &inputs), Some(BlendParamError::Weight(1)));
    }
    for reference in [1, 2] {
        let basis = Some(BasisSpec { reference, ..BASIS });
        let inputs = [PLAIN, BlendInput { basis, ..PLAIN }];
        assert_eq!(refused(params(), &inputs), Some(BlendParamError::Reference(1)));
    }
    let spec = BasisSpec { params: BasisParams { half_life: Span::ZERO, ..BASIS.params }, ..BASIS };
    let inputs = [PLAIN, BlendInput { basis: Some(spec), ..PLAIN }];
    assert_eq!(refused(params(), &inputs), Some(BlendParamError::Basis(1, BasisParamError::HalfLife)));
    let apart = BlendParams { apart_max_ticks: f64::NAN, ..params() };
    assert_eq!(refused(apart, &[PLAIN]), Some(BlendParamError::ApartMax));
    let widen = BlendParams { widen_sigmas: 0.0, ..params() };
    assert_eq!(refused(widen, &[PLAIN]), Some(BlendParamError::Widen(WidenParamError::Sigmas)));
}

#[test]
#[should_panic(expected = "an input this blend does not have")]
fn an_unknown_input_stops_the_driver() {
    blend(&[PLAIN]).set(1, None, NOW);
}

/// Value, confidence, age in milliseconds and weight of each input.
type Inputs = Vec<(f64, f64, i64, f64)>;

fn inputs() -> impl Strategy<Value = Inputs> {
    let age = prop_oneof![0..100i64, 0..1_500i64];
    prop::collection::vec((1_000.0..1_060.0f64, 0.01..=1.0f64, age, 0.1..9.0f64), 1..6)
}

/// A blend of these inputs with everything in ticks multiplied by `scale`.
fn filled(inputs: &Inputs, scale: f64) -> Blend {
    let specs: Vec<_> = inputs.iter().map(|input| BlendInput { weight: input.3, ..PLAIN }).collect();
    let base = params();
    let params = BlendParams {
        apart_max_ticks: base.apart_max_ticks * scale,
        widen_max_ticks: base.widen_max_ticks * scale,
        ..base
    };
    let mut blend = Blend::new(params, &specs).unwrap();
    for (index, (ticks, confidence, age, _)) in inputs.iter().enumerate() {
        blend.set(index, value(ticks * scale, *confidence, *age), NOW);
    }
    blend
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn the_blend_is_the_weighted_mean_and_lies_within_its_inputs(inputs in inputs()) {
        let found = filled(&inputs, 1.0).value(NOW, Some(0.1));
        let used: Vec<_> = inputs
            .iter()
            .map(|(ticks, confidence, age, weight)| {
                (*ticks, weight * confidence * (1.0 - (age - 100).clamp(0, 1_000) as f64 / 1_000.0))
            })
            .filter(|(_, weight)| *weight > 0.0)
            .collect();
        let low = used.iter().map(|input| input.0).fold(f64::INFINITY, f64::min);
        let high = used.iter().map(|input| input.0).fold(f64::NEG_INFINITY, f64::max);
        match found {
            Ok(found) => {
                let weight: f64 = used.iter().map(|input| input.1).sum();
                let mean = used.iter().map(|input| input.0 * input.1).sum::<f64>() / weight;
                prop_assert!((found.fair.ticks() - mean).abs() < 1e-6, "{found:?} {mean}");
                prop_assert!(found.fair.ticks() >= low && found.fair.ticks() <= high);
                prop_assert!(high - low <= 50.0);
            }
            Err(BlendRefusal::NoInput) => prop_assert!(used.is_empty()),
            Err(BlendRefusal::Contradiction) => prop_assert!(high - low > 50.0),
            Err(other) => prop_assert!(false, "{other:?}"),
        }
    }

    #[test]
    fn older_is_never_narrower_nor_surer(inputs in inputs(), which in 0..6usize, more in 0..500i64) {
        // One input older, and all of them.
        let mut older = inputs.clone();
        let which = which % older.len();
        older[which].2 += more;
        let before = filled(&inputs, 1.0);
        let one = filled(&older, 1.0).value(NOW, Some(0.5));
        let all = before.value(NOW + Span::from_millis(more), Some(0.5));
        let before = before.value(NOW, Some(0.5));
        for after in [one, all] {
            if let (Ok(before), Ok(after)) = (before, after) {
                prop_assert!(after.widen_ticks >= before.widen_ticks);
                prop_assert!(after.fair.confidence() <= before.fair.confidence() + 1e-12);
            }
            if before == Err(BlendRefusal::NoInput) {
                prop_assert_eq!(after, before);
            }
        }
    }

    #[test]
    fn twice_the_tick_is_half_the_ticks(inputs in inputs(), sigma in 0.0..3.0f64) {
        let coarse = filled(&inputs, 1.0).value(NOW, Some(sigma));
        let fine = filled(&inputs, 2.0).value(NOW, Some(sigma * 2.0));
        let halved = fine.map(|fine| Blended {
            fair: fine.fair.rescaled(0.5).unwrap(),
            widen_ticks: fine.widen_ticks / 2.0,
        });
        prop_assert_eq!(halved, coarse);
    }

    #[test]
    fn any_numbers_give_a_finite_blend_or_a_reason(
        inputs in prop::collection::vec((any::<f64>(), any::<f64>(), any::<i64>(), f64::MIN_POSITIVE..1e6), 1..6),
        now in any::<i64>(), sigma in prop::option::of(any::<f64>()),
    ) {
        let specs: Vec<_> = inputs.iter().map(|input| BlendInput { weight: input.3, ..PLAIN }).collect();
        let mut blend = blend(&specs);
        for (index, (ticks, confidence, at, _)) in inputs.iter().enumerate() {
            blend.set(index, FairValue::new(ticks.abs() % 1e12, confidence.abs() % 1.0, Nanos(*at)), Nanos(0));
        }
        if let Ok(found) = blend.value(Nanos(now), sigma) {
            prop_assert!(found.widen_ticks >= 0.0 && found.widen_ticks <= 10.0);
            prop_assert!(found.fair.ticks().is_finite());
        }
    }

    #[test]
    fn equal_states_have_equal_digests_and_others_do_not(inputs in inputs(), which in 0..6usize) {
        let first = filled(&inputs, 1.0);
        prop_assert_eq!(digest_of(&first), digest_of(&filled(&inputs, 1.0)));
        let mut other = first.clone();
        other.set(which % inputs.len(), None, NOW);
        prop_assert_ne!(digest_of(&first), digest_of(&other));
    }

    #[test]
    fn nothing_but_the_way_from_fresh_to_stale_changes_between_the_times_to_ask_again(
        inputs in inputs(), share in 0.0..1.0f64, sigma in prop::option::of(0.0..50.0f64),
    ) {
        let blend = filled(&inputs, 1.0);
        let (mut now, mut asked) = (NOW, 0);
        while let Some(next) = blend.changes_at(now, sigma) {
            prop_assert!(next > now);
            #[expect(clippy::cast_possible_truncation, reason = "within a second or so")]
            let between = now + Span(((next - now).0 as f64 * share) as i64);
            let (at, later) = (blend.value(now, sigma), blend.value(between, sigma));
            prop_assert_eq!(at.err(), later.err(), "{:?} and {:?} before {:?}", now, between, next);
            if let (Ok(at), Ok(later)) = (at, later) {
                prop_assert!(later.widen_ticks >= at.widen_ticks);
            }
            (now, asked) = (next, asked + 1);
        }
        prop_assert!(asked <= 6 * 19, "{}", asked);
        let end = blend.value(now, sigma).err();
        prop_assert!(end.is_some(), "all are stale");
        prop_assert_eq!(end, blend.value(now + Span::from_secs(1_000), sigma).err());
    }

    #[test]
    fn a_value_among_some_is_that_of_a_blend_of_these_alone(inputs in inputs(), keep in any::<u8>()) {
        let all = filled(&inputs, 1.0);
        let kept = |index: usize| index == 0 || keep >> index & 1 == 1;
        let some: Vec<_> = inputs.iter().enumerate().filter(|(index, _)| kept(*index)).map(|(_, one)| *one).collect();
        let alone = filled(&some, 1.0).value(NOW, SIGMA);
        let among = all.value_among(NOW, kept);
        if let (Ok(alone), Ok(among)) = (&alone, &among) {
            prop_assert_eq!((alone.fair.ticks(), alone.fair.as_of()), (among.ticks(), among.as_of()));
        }
        let widened = matches!(alone, Err(BlendRefusal::TooUncertain(_)));
        prop_assert!(widened || alone.is_ok() == among.is_ok());
    }
}
