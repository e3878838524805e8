use super::*;
use alloc::vec::Vec;
use proptest::prelude::*;

const PARAMS: AdjustParams = AdjustParams {
    volatility: Some(VolatilityAdjust {
        reference_ticks_per_sqrt_s: 10.0,
        slope_ticks: 4.0,
        widen_max: Ticks(12),
    }),
    liquidity: Some(LiquidityAdjust { reference: Lots(100), widen_max: Ticks(6) }),
    momentum: Some(MomentumAdjust {
        horizon_s: 2.0,
        widen_share: 0.5,
        shift_max: Ticks(8),
        widen_max: Ticks(3),
    }),
    venues: Some(VenuesAdjust {
        shift_share: 0.5,
        widen_share: 0.25,
        shift_max: Ticks(10),
        widen_max: Ticks(5),
    }),
    shift_max: Ticks(15),
    widen_max: Ticks(20),
};

const QUIET: AdjustInputs = AdjustInputs {
    sigma_ticks_per_sqrt_s: Some(10.0),
    depth: Some([Lots(100); 2]),
    drift_ticks_per_s: Some(0.0),
    venues_gap_ticks: Some(0.0),
};

fn adjuster() -> Adjuster {
    Adjuster::new(PARAMS).unwrap()
}

fn is(adjustment: Adjustment, shift: f64, bid: f64, ask: f64) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
    near(adjustment.shift, shift)
        && near(adjustment.widen_ticks(Side::Bid), bid)
        && near(adjustment.widen_ticks(Side::Ask), ask)
}

fn quotes(bids: &[i64], asks: &[i64]) -> DesiredQuotes {
    let mut quotes = DesiredQuotes::NONE;
    for (side, prices) in [(Side::Bid, bids), (Side::Ask, asks)] {
        for (index, price) in (1..).zip(prices) {
            quotes.side_mut(side).push(Level { price: Price(*price), lots: Lots(index) }).unwrap();
        }
    }
    quotes
}

fn touch(bid: i64, ask: i64) -> Touch {
    let level = |ticks| Level { price: Price(ticks), lots: Lots(1) };
    Touch { bid: level(bid), ask: level(ask) }
}

fn applied(adjustment: Adjustment, wanted: &DesiredQuotes, touch: &Touch) -> DesiredQuotes {
    let mut moved = quotes(&[1], &[2]);
    adjustment.apply(wanted, touch, &mut moved);
    moved
}

#[test]
fn each_adjustment_is_its_formula() {
    let parts = |inputs| adjuster().parts(&inputs);
    // σ is 2.5 times the reference: 1.5 · 4 ticks.
    let wild = parts(AdjustInputs { sigma_ticks_per_sqrt_s: Some(25.0), ..QUIET });
    assert!(is(wild.volatility, 0.0, 6.0, 6.0), "{wild:?}");
    // A quarter of the reference depth is missing on the bid, three quarters on the ask.
    let thin = parts(AdjustInputs { depth: Some([Lots(75), Lots(25)]), ..QUIET });
    assert!(is(thin.liquidity, 0.0, 1.5, 4.5), "{thin:?}");
    // Two ticks a second for two seconds; the ask stands against a rising market.
    let rising = parts(AdjustInputs { drift_ticks_per_s: Some(2.0), ..QUIET });
    assert!(is(rising.momentum, 4.0, 0.0, 2.0), "{rising:?}");
    let falling = parts(AdjustInputs { drift_ticks_per_s: Some(-2.0), ..QUIET });
    assert!(is(falling.momentum, -4.0, 2.0, 0.0), "{falling:?}");
    let apart = parts(AdjustInputs { venues_gap_ticks: Some(-8.0), ..QUIET });
    assert!(is(apart.venues, -4.0, 2.0, 2.0), "{apart:?}");
}

#[test]
fn what_is_unknown_widens_by_the_whole_cap_and_shifts_nothing() {
    let nothing = AdjustInputs {
        sigma_ticks_per_sqrt_s: None,
        depth: None,
        drift_ticks_per_s: None,
        venues_gap_ticks: None,
    };
    let nan = AdjustInputs {
        sigma_ticks_per_sqrt_s: Some(f64::NAN),
        depth: None,
        drift_ticks_per_s: Some(f64::NAN),
        venues_gap_ticks: Some(f64::NAN),
    };
    for inputs in [nothing, nan] {
        let AdjustParts { volatility, liquidity, momentum, venues } = adjuster().parts(&inputs);
        for (part, cap) in [(volatility, 12.0), (liquidity, 6.0), (momentum, 3.0), (venues, 5.0)] {
            assert!(is(part, 0.0, cap, cap), "{part:?}");
        }
        assert!(is(adjuster().adjustment(&inputs), 0.0, 20.0, 20.0));
    }
    let negative = AdjustInputs { sigma_ticks_per_sqrt_s: Some(-1.0), ..QUIET };
    assert!(is(adjuster().parts(&negative).volatility, 0.0, 12.0, 12.0));
}

#[test]
fn an_infinity_is_capped_and_a_factor_of_zero_leaves_nothing_of_it() {
    let volatility =
        VolatilityAdjust { reference_ticks_per_sqrt_s: 1e-300, slope_ticks: 0.0, widen_max: Ticks(5) };
    let momentum =
        MomentumAdjust { horizon_s: 0.0, widen_share: 0.0, shift_max: Ticks(5), widen_max: Ticks(5) };
    let venues =
        VenuesAdjust { shift_share: 0.0, widen_share: 0.0, shift_max: Ticks(5), widen_max: Ticks(5) };
    let none = AdjustParams {
        volatility: Some(volatility),
        liquidity: None,
        momentum: Some(momentum),
        venues: Some(venues),
        ..PARAMS
    };
    let inputs = AdjustInputs {
        sigma_ticks_per_sqrt_s: Some(f64::INFINITY),
        depth: None,
        drift_ticks_per_s: Some(f64::INFINITY),
        venues_gap_ticks: Some(f64::NEG_INFINITY),
    };
    assert!(is(Adjuster::new(none).unwrap().adjustment(&inputs), 0.0, 0.0, 0.0));
    let parts = adjuster().parts(&inputs);
    assert!(is(parts.momentum, 8.0, 0.0, 3.0) && is(parts.venues, -10.0, 5.0, 5.0), "{parts:?}");
}

#[test]
fn levels_keep_their_distances_and_round_away_from_the_market() {
    let wanted = quotes(&[100, 98, 95], &[110, 113]);
    let wide = touch(50, 200);
    let moved = applied(Adjustment { shift: 2.5, widen: [1.0, 2.0] }, &wanted, &wide);
    assert_eq!(moved, quotes(&[101, 99, 96], &[115, 118]));
    assert_eq!(applied(Adjustment::NONE, &wanted, &wide), wanted);
    let skewed = Adjustment::NONE.skewed(Rate(-Rate::ONE.0 / 2), Ticks(10));
    assert_eq!(applied(skewed, &wanted, &wide), quotes(&[95, 93, 90], &[105, 108]));
    let no_more = Adjustment::NONE.skewed(Rate(i64::MAX), Ticks(3));
    assert_eq!(applied(no_more, &wanted, &wide), quotes(&[103, 101, 98], &[113, 116]));
}

#[test]
fn a_side_stops_one_tick_before_the_opposite_touch() {
    let wanted = quotes(&[100, 98], &[110, 113]);
    let up = applied(Adjustment { shift: 30.0, widen: [0.0; 2] }, &wanted, &touch(104, 106));
    assert_eq!(up, quotes(&[105, 103], &[140, 143]));
    let down = applied(Adjustment { shift: -30.0, widen: [0.0; 2] }, &wanted, &touch(104, 106));
    assert_eq!(down, quotes(&[70, 68], &[105, 108]));
}

#[test]
fn levels_below_the_first_tick_are_left_out() {
    let down = Adjustment { shift: -3.0, widen: [0.0; 2] };
    let moved = applied(down, &quotes(&[5, 4, 3, 2], &[10]), &touch(5, 6));
    assert_eq!(moved, quotes(&[2, 1], &[7]));
}

#[test]
fn parameters_outside_their_ranges_are_refused() {
    let AdjustParams {
        volatility: Some(volatility),
        liquidity: Some(liquidity),
        momentum: Some(momentum),
        venues: Some(venues),
        ..
    } = PARAMS
    else {
        unreachable!("all four are there");
    };
    let mut wrong: Vec<(AdjustParams, AdjustParamError)> = Vec::new();
    for number in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let by = VolatilityAdjust { reference_ticks_per_sqrt_s: number, ..volatility };
        wrong.push((AdjustParams { volatility: Some(by), ..PARAMS }, AdjustParamError::VolatilityReference));
    }
    for number in [-1.0, f64::NAN, f64::INFINITY] {
        let by = VolatilityAdjust { slope_ticks: number, ..volatility };
        wrong.push((AdjustParams { volatility: Some(by), ..PARAMS }, AdjustParamError::VolatilitySlope));
        let by = MomentumAdjust { horizon_s: number, ..momentum };
        wrong.push((AdjustParams { momentum: Some(by), ..PARAMS }, AdjustParamError::MomentumHorizon));
        let by = MomentumAdjust { widen_share: number, ..momentum };
        wrong.push((AdjustParams { momentum: Some(by), ..PARAMS }, AdjustParamError::MomentumWiden));
        let by = VenuesAdjust { shift_share: number, ..venues };
        wrong.push((AdjustParams { venues: Some(by), ..PARAMS }, AdjustParamError::VenuesShift));
        let by = VenuesAdjust { widen_share: number, ..venues };
        wrong.push((AdjustParams { venues: Some(by), ..PARAMS }, AdjustParamError::VenuesWiden));
    }
    let by = LiquidityAdjust { reference: Lots(0), ..liquidity };
    wrong.push((AdjustParams { liquidity: Some(by), ..PARAMS }, AdjustParamError::LiquidityReference));
    for cap in [Ticks(-1), Ticks(PRICE_TICKS_MAX + 1)] {
        let cap_error = |params| (params, AdjustParamError::Cap);
        wrong.push(cap_error(AdjustParams { shift_max: cap, ..PARAMS }));
        wrong.push(cap_error(AdjustParams { widen_max: cap, ..PARAMS }));
        wrong.push(cap_error(AdjustParams {
            volatility: Some(VolatilityAdjust { widen_max: cap, ..volatility }),
            ..PARAMS
        }));
        wrong.push(cap_error(AdjustParams {
            liquidity: Some(LiquidityAdjust { widen_max: cap, ..liquidity }),
            ..PARAMS
        }));
        wrong.push(cap_error(AdjustParams {
            momentum: Some(MomentumAdjust { shift_max: cap, ..momentum }),
            ..PARAMS
        }));
        wrong.push(cap_error(AdjustParams {
            venues: Some(VenuesAdjust { widen_max: cap, ..venues }),
            ..PARAMS
        }));
    }
    for (params, error) in wrong {
        assert_eq!(Adjuster::new(params).err(), Some(error), "{params:?}");
    }
}

/// Numbers of every size and kind.
fn any_number() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        Just(None),
        any::<f64>().prop_map(Some),
        (-100.0..100.0f64).prop_map(Some),
        Just(Some(f64::INFINITY)),
        Just(Some(f64::NEG_INFINITY)),
        Just(Some(f64::NAN)),
        Just(Some(f64::MAX)),
    ]
}

fn any_inputs() -> impl Strategy<Value = AdjustInputs> {
    let depth = prop::option::of(prop::array::uniform2((-10..300i64).prop_map(Lots)));
    let wild = prop::option::of(prop::array::uniform2(any::<i64>().prop_map(Lots)));
    (any_number(), prop_oneof![depth, wild], any_number(), any_number()).prop_map(
        |(sigma_ticks_per_sqrt_s, depth, drift_ticks_per_s, venues_gap_ticks)| AdjustInputs {
            sigma_ticks_per_sqrt_s,
            depth,
            drift_ticks_per_s,
            venues_gap_ticks,
        },
    )
}

#[expect(clippy::cast_possible_truncation, reason = "whole, and small here")]
fn whole(ticks: f64) -> i64 {
    ticks as i64
}

fn within(part: Adjustment, shift_max: f64, widen_max: f64) -> bool {
    part.shift.abs() <= shift_max && part.widen.iter().all(|widen| (0.0..=widen_max).contains(widen))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn no_input_takes_an_adjustment_beyond_its_caps(inputs in any_inputs()) {
        let AdjustParts { volatility, liquidity, momentum, venues } = adjuster().parts(&inputs);
        prop_assert!(within(volatility, 0.0, 12.0), "{volatility:?}");
        prop_assert!(within(liquidity, 0.0, 6.0), "{liquidity:?}");
        prop_assert!(within(momentum, 8.0, 3.0), "{momentum:?}");
        prop_assert!(within(venues, 10.0, 5.0), "{venues:?}");
        prop_assert!(within(adjuster().adjustment(&inputs), 15.0, 20.0));
    }

    #[test]
    fn quiet_inputs_adjust_nothing(sigma in 0.0..=10.0f64, depth in prop::array::uniform2(100..i64::MAX)) {
        let inputs = AdjustInputs { sigma_ticks_per_sqrt_s: Some(sigma), depth: Some(depth.map(Lots)), ..QUIET };
        prop_assert_eq!(adjuster().adjustment(&inputs), Adjustment::NONE);
    }

    #[test]
    fn every_effect_grows_with_its_cause(one in 0.0..60.0f64, more in 0.0..60.0f64, lots in -10..200i64, fewer in 0..200i64) {
        let at = |sigma: f64, drift: f64, gap: f64, lots: i64| adjuster().parts(&AdjustInputs {
            sigma_ticks_per_sqrt_s: Some(sigma),
            depth: Some([Lots(lots); 2]),
            drift_ticks_per_s: Some(drift),
            venues_gap_ticks: Some(gap),
        });
        let (before, after) = (at(one, one, one, lots), at(one + more, one + more, one + more, lots - fewer));
        for (before, after) in [
            (before.volatility, after.volatility),
            (before.liquidity, after.liquidity),
            (before.momentum, after.momentum),
            (before.venues, after.venues),
        ] {
            prop_assert!(after.shift >= before.shift);
            prop_assert!(after.widen.iter().zip(before.widen).all(|(after, before)| *after >= before));
        }
        // The mirror image for what has a sign.
        let down = at(one, -one, -one, lots);
        let flipped = |part: Adjustment| Adjustment { shift: -part.shift, widen: [part.widen[1], part.widen[0]] };
        prop_assert_eq!(down.momentum, flipped(before.momentum));
        prop_assert_eq!(down.venues, flipped(before.venues));
    }

    #[test]
    fn a_small_change_has_a_small_effect(number in 0.0..60.0f64, lots in -10..200i64) {
        const STEP: f64 = 1e-6;
        let at = |number: f64, lots: i64| adjuster().adjustment(&AdjustInputs {
            sigma_ticks_per_sqrt_s: Some(number),
            depth: Some([Lots(lots); 2]),
            drift_ticks_per_s: Some(number - 30.0),
            venues_gap_ticks: Some(number - 30.0),
        });
        let (here, there) = (at(number, lots), at(number + STEP, lots));
        // Slopes: 2 + 0.5 for the shift, 0.4 + 1 + 0.25 for the widening, 0.06 a lot of depth.
        prop_assert!((here.shift - there.shift).abs() <= 2.6 * STEP);
        prop_assert!((here.widen[0] - there.widen[0]).abs() <= 1.7 * STEP);
        prop_assert!((here.widen[1] - at(number, lots + 1).widen[1]).abs() <= 0.061);
    }

    #[test]
    fn no_adjustment_and_no_skew_makes_quotes_cross(
        inputs in any_inputs(), skew in any::<i64>(), skew_max in 0..2_000i64,
        bids in prop::collection::vec(1..20i64, 0..6), asks in prop::collection::vec(1..20i64, 0..6),
        mid in 20..1_000i64, at in (1..1_000i64, 1..40i64),
    ) {
        let wanted = {
            let down = |state: &mut i64, step: &i64| { *state -= step; Some(*state) };
            let up = |state: &mut i64, step: &i64| { *state += step; Some(*state) };
            let bids: Vec<_> = bids.iter().scan(mid, down).collect();
            let asks: Vec<_> = asks.iter().scan(mid, up).collect();
            quotes(&bids, &asks)
        };
        let touch = touch(at.0, at.0 + at.1);
        let adjustment = adjuster().adjustment(&inputs).skewed(Rate(skew), Ticks(skew_max));
        let moved = applied(adjustment, &wanted, &touch);
        let best = |side| moved.side(side).levels().first().map(|level| level.price);
        let (bid, ask) = (best(Side::Bid), best(Side::Ask));
        prop_assert!(bid.is_none_or(|bid| bid < touch.ask.price) && ask.is_none_or(|ask| ask > touch.bid.price));
        prop_assert!(bid.zip(ask).is_none_or(|(bid, ask)| bid < ask));
        // The naive twin, level by level.
        for side in Side::BOTH {
            let from = wanted.side(side).levels();
            let offset = from.first().map_or(0, |best| {
                let exact = adjustment.shift - side.sign() as f64 * adjustment.widen_ticks(side);
                match side {
                    Side::Bid => whole(libm::floor(exact)).min(touch.ask.price.0 - 1 - best.price.0),
                    Side::Ask => whole(libm::ceil(exact)).max(touch.bid.price.0 + 1 - best.price.0),
                }
            });
            let naive: Vec<_> = from
                .iter()
                .map(|level| Level { price: Price(level.price.0 + offset), ..*level })
                .filter(|level| level.price.0 >= 1)
                .collect();
            prop_assert_eq!(moved.side(side).levels(), naive);
        }
    }
}
