use super::*;
use proptest::prelude::*;

const PERCENT: i64 = Rate::ONE.0 / 100;

const fn band(enter_percent: i64, leave_percent: i64) -> Band {
    Band { enter: Rate(enter_percent * PERCENT), leave: Rate(leave_percent * PERCENT) }
}

const PARAMS: InventoryParams = InventoryParams {
    limit: Lots(1_000),
    skew: band(20, 10),
    reduce: band(100, 80),
    hedge: Some(band(120, 90)),
    liquidate: Some(band(200, 150)),
};

fn ladder() -> InventoryLadder {
    InventoryLadder::new(PARAMS).unwrap()
}

fn exact(lots: i64) -> Exposure {
    Exposure::exact(Lots(lots))
}

fn span(lo: i64, hi: i64) -> Exposure {
    Exposure::spanning(Lots(lo), Lots(hi))
}

#[test]
fn stages_are_entered_and_left_where_their_bands_say() {
    let mut ladder = ladder();
    let mut stage_at = |lots| ladder.update(exact(lots)).stage;
    let path = [
        (0, Stage::Hold),
        (199, Stage::Hold),
        (200, Stage::Skew),
        (101, Stage::Skew),
        (100, Stage::Hold),
        (1_000, Stage::Reduce),
        (801, Stage::Reduce),
        (800, Stage::Skew),
        (1_200, Stage::Hedge),
        (2_000, Stage::Liquidate),
        (1_501, Stage::Liquidate),
        (1_500, Stage::Hedge),
        (901, Stage::Hedge),
        (900, Stage::Reduce),
        (0, Stage::Hold),
        (5_000, Stage::Liquidate),
    ];
    for (lots, stage) in path {
        assert_eq!(stage_at(lots), stage, "at {lots}");
    }
}

#[test]
fn a_long_position_pulls_quotes_down_stops_bids_and_is_sold() {
    let plan = ladder().update(exact(600));
    assert_eq!((plan.quoting, plan.skew, plan.hedge), (Quoting::Both, Rate(-50 * PERCENT), HedgeCall::Rest));
    let plan = ladder().update(exact(1_000));
    assert_eq!((plan.quoting, plan.skew), (Quoting::Only(Side::Ask), Rate(-Rate::ONE.0)));
    assert_eq!(ladder().update(exact(1_200)).hedge, HedgeCall::Hedge(Side::Ask));
    assert_eq!(ladder().update(exact(-2_000)).hedge, HedgeCall::Liquidate(Side::Bid));
}

#[test]
fn the_worse_end_stops_a_side_and_the_better_end_calls_the_hedger() {
    // The long end is beyond the limit, the short end is not beyond any band: bids stop, nothing is hedged.
    let plan = ladder().update(span(-50, 2_500));
    assert_eq!(
        (plan.stage, plan.quoting, plan.hedge),
        (Stage::Liquidate, Quoting::Only(Side::Ask), HedgeCall::Rest)
    );
    let plan = ladder().update(span(1_200, 2_500));
    assert_eq!(plan.hedge, HedgeCall::Hedge(Side::Ask));
    let plan = ladder().update(Exposure::UNKNOWN);
    assert_eq!((plan.quoting, plan.hedge, plan.skew), (Quoting::Neither, HedgeCall::Rest, Rate(0)));
}

#[test]
fn a_hedge_ends_when_the_certain_part_is_back_inside_the_band() {
    let mut ladder = ladder();
    assert_eq!(ladder.update(exact(1_300)).hedge, HedgeCall::Hedge(Side::Ask));
    assert_eq!(ladder.update(span(901, 1_300)).hedge, HedgeCall::Hedge(Side::Ask));
    assert_eq!(ladder.update(span(900, 1_300)).hedge, HedgeCall::Rest);
    assert_eq!(ladder.update(exact(-1_300)).hedge, HedgeCall::Hedge(Side::Bid));
}

#[test]
fn a_stage_that_is_left_out_is_passed_over() {
    let without =
        |hedge, liquidate| InventoryLadder::new(InventoryParams { hedge, liquidate, ..PARAMS }).unwrap();
    let mut ladder = without(None, PARAMS.liquidate);
    for (lots, call) in [
        (1_999, HedgeCall::Rest),
        (2_000, HedgeCall::Liquidate(Side::Ask)),
        (1_501, HedgeCall::Liquidate(Side::Ask)),
        (1_500, HedgeCall::Rest),
    ] {
        assert_eq!(ladder.update(exact(lots)).hedge, call, "at {lots}");
    }
    assert_eq!(without(PARAMS.hedge, None).update(exact(9_000)).hedge, HedgeCall::Hedge(Side::Ask));
    let plan = without(None, None).update(exact(9_000));
    assert_eq!((plan.stage, plan.hedge), (Stage::Reduce, HedgeCall::Rest));
    // What is left out orders nothing: the next stage stands against the one before it.
    let out_of_order = InventoryParams { hedge: None, liquidate: Some(band(99, 85)), ..PARAMS };
    assert_eq!(InventoryLadder::new(out_of_order).err(), Some(InventoryParamError::Order(Stage::Liquidate)));
}

#[test]
fn parameters_outside_their_ranges_are_refused() {
    let refused = |params| InventoryLadder::new(params).err();
    for limit in [0, -1, LOTS_MAX + 1] {
        let params = InventoryParams { limit: Lots(limit), ..PARAMS };
        assert_eq!(refused(params), Some(InventoryParamError::Limit));
    }
    for wrong in [band(10, 10), band(10, -1), band(10, 20), band(10_001, 10)] {
        let params = InventoryParams { skew: wrong, ..PARAMS };
        assert_eq!(refused(params), Some(InventoryParamError::Band(Stage::Skew)), "{wrong:?}");
    }
    for wrong in [band(99, 85), band(130, 79)] {
        let params = InventoryParams { hedge: Some(wrong), ..PARAMS };
        assert_eq!(refused(params), Some(InventoryParamError::Order(Stage::Hedge)), "{wrong:?}");
    }
    let params = InventoryParams { skew: band(100, 10), ..PARAMS };
    assert_eq!(refused(params), Some(InventoryParamError::SkewEnter));
    let params = InventoryParams { reduce: band(101, 80), ..PARAMS };
    assert_eq!(refused(params), Some(InventoryParamError::ReduceEnter));
    for error in [InventoryParamError::Limit, InventoryParamError::Order(Stage::Hedge)] {
        assert!(alloc::format!("{error}").contains(' '));
    }
}

#[test]
fn the_digest_tells_states_apart() {
    let digest_after = |path: &[i64]| {
        let mut ladder = ladder();
        for lots in path {
            ladder.update(exact(*lots));
        }
        let mut digest = Digest::new();
        ladder.digest(&mut digest);
        digest.value()
    };
    assert_eq!(digest_after(&[150]), digest_after(&[150]));
    assert_ne!(digest_after(&[150]), digest_after(&[250, 150]));
    assert_ne!(digest_after(&[250]), digest_after(&[-250]));
}

/// The independent twin: for each end of the interval and each stage a flag of its own, in floating point.
struct Flags([[bool; 4]; 4]);

impl Flags {
    fn update(&mut self, exposure: Exposure) -> [usize; 4] {
        let (lo, hi) = (exposure.lo().0 as f64 / 1_000.0, exposure.hi().0 as f64 / 1_000.0);
        let amounts = [hi, -lo, lo, -hi];
        let bands = [(0.2, 0.1), (1.0, 0.8), (1.2, 0.9), (2.0, 1.5)];
        for (flags, amount) in self.0.iter_mut().zip(amounts) {
            for (flag, (enter, leave)) in flags.iter_mut().zip(bands) {
                if amount >= enter {
                    *flag = true;
                } else if amount <= leave {
                    *flag = false;
                }
            }
        }
        self.0.map(|flags| flags.iter().filter(|flag| **flag).count())
    }
}

fn exposures() -> impl Strategy<Value = Exposure> {
    prop_oneof![
        (-2_500..2_500i64).prop_map(exact),
        (-2_500..2_500i64, 0..400i64).prop_map(|(lo, width)| span(lo, lo + width)),
        (-2_500..2_500i64, -2_500..2_500i64).prop_map(|(one, other)| span(one, other)),
        Just(Exposure::UNKNOWN),
        Just(span(i64::MIN, i64::MAX)),
    ]
}

fn after(path: &[Exposure]) -> InventoryLadder {
    let mut ladder = ladder();
    for exposure in path {
        ladder.update(*exposure);
    }
    ladder
}

fn mirrored(plan: InventoryPlan) -> InventoryPlan {
    InventoryPlan {
        stage: plan.stage,
        quoting: match plan.quoting {
            Quoting::Only(side) => Quoting::Only(side.opposite()),
            same @ (Quoting::Both | Quoting::Neither) => same,
        },
        skew: Rate(-plan.skew.0),
        hedge: match plan.hedge {
            HedgeCall::Rest => HedgeCall::Rest,
            HedgeCall::Hedge(side) => HedgeCall::Hedge(side.opposite()),
            HedgeCall::Liquidate(side) => HedgeCall::Liquidate(side.opposite()),
        },
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn every_plan_is_the_twins(path in prop::collection::vec(exposures(), 1..30)) {
        let (mut ladder, mut flags) = (ladder(), Flags([[false; 4]; 4]));
        for exposure in path {
            let plan = ladder.update(exposure);
            let [long, short, certain_long, certain_short] = flags.update(exposure);
            prop_assert_eq!(plan.stage as usize, long.max(short));
            prop_assert_eq!(plan.quoting.permits(Side::Bid), long < 2);
            prop_assert_eq!(plan.quoting.permits(Side::Ask), short < 2);
            let hedge = match (certain_long, certain_short) {
                (4, _) => HedgeCall::Liquidate(Side::Ask),
                (_, 4) => HedgeCall::Liquidate(Side::Bid),
                (3, _) => HedgeCall::Hedge(Side::Ask),
                (_, 3) => HedgeCall::Hedge(Side::Bid),
                _ => HedgeCall::Rest,
            };
            prop_assert_eq!(plan.hedge, hedge);
        }
    }

    #[test]
    fn mirrored_inventory_gives_the_mirrored_plan(path in prop::collection::vec(exposures(), 1..20)) {
        let (mut ladder, mut other) = (ladder(), ladder());
        for exposure in path {
            prop_assert_eq!(other.update(exposure.mirrored()), mirrored(ladder.update(exposure)));
        }
    }

    #[test]
    fn inventory_never_stops_a_side_that_can_only_reduce(path in prop::collection::vec(exposures(), 1..20)) {
        let mut ladder = ladder();
        for exposure in path {
            let plan = ladder.update(exposure);
            prop_assert!(exposure.lo().0 < 0 || plan.quoting.permits(Side::Ask), "{exposure:?} {plan:?}");
            prop_assert!(exposure.hi().0 > 0 || plan.quoting.permits(Side::Bid), "{exposure:?} {plan:?}");
            // And the adding side always stops at the limit.
            prop_assert!(exposure.hi() < PARAMS.limit || !plan.quoting.permits(Side::Bid));
            prop_assert!(-exposure.lo() < PARAMS.limit || !plan.quoting.permits(Side::Ask));
        }
    }

    #[test]
    fn a_wider_exposure_never_escalates_less(
        path in prop::collection::vec(exposures(), 0..10), exposure in exposures(), grow in (0..3_000i64, 0..3_000i64),
    ) {
        let wider = span(exposure.lo().0 - grow.0, exposure.hi().0 + grow.1);
        let (plan, worse) = (after(&path).update(exposure), after(&path).update(wider));
        prop_assert!(worse.stage >= plan.stage);
        for side in Side::BOTH {
            prop_assert!(plan.quoting.permits(side) || !worse.quoting.permits(side));
        }
    }

    #[test]
    fn a_greater_position_never_escalates_less(
        path in prop::collection::vec(exposures(), 0..10), position in 0..4_000i64, more in 0..4_000i64,
    ) {
        let rank = |plan: InventoryPlan| match plan.hedge {
            HedgeCall::Rest => 0,
            HedgeCall::Hedge(_) => 1,
            HedgeCall::Liquidate(_) => 2,
        };
        for sign in [1, -1] {
            let at = |lots: i64| after(&path).update(exact(sign * lots));
            let (plan, worse) = (at(position), at(position + more));
            prop_assert!(worse.stage >= plan.stage && rank(worse) >= rank(plan));
            prop_assert!(worse.skew.0 * -sign >= plan.skew.0 * -sign);
        }
    }

    #[test]
    fn between_two_changes_the_exposure_crosses_the_whole_band(
        path in prop::collection::vec((0..2_500i64, 0..400i64), 1..40), short in any::<bool>(),
    ) {
        // On one side of zero: from long to short leads through both bands at once.
        let adding = if short { Side::Ask } else { Side::Bid };
        let (mut ladder, mut before) = (ladder(), None);
        for (sure, width) in path {
            let exposure = span(sure, sure + width);
            let worst = sure + width;
            let plan = ladder.update(if short { exposure.mirrored() } else { exposure });
            prop_assert!(plan.quoting.permits(adding.opposite()));
            let Some(InventoryPlan { stage, quoting, hedge, .. }) = before.replace(plan) else { continue };
            for (above, enter, leave) in [
                (Stage::Skew, 200, 100),
                (Stage::Reduce, 1_000, 800),
                (Stage::Hedge, 1_200, 900),
                (Stage::Liquidate, 2_000, 1_500),
            ] {
                match (stage >= above, plan.stage >= above) {
                    (false, true) => prop_assert!(worst >= enter),
                    (true, false) => prop_assert!(worst <= leave),
                    (false, false) | (true, true) => {}
                }
            }
            match (quoting.permits(adding), plan.quoting.permits(adding)) {
                (true, false) => prop_assert!(worst >= 1_000),
                (false, true) => prop_assert!(worst <= 800),
                (false, false) | (true, true) => {}
            }
            match (hedge == HedgeCall::Rest, plan.hedge == HedgeCall::Rest) {
                (true, false) => prop_assert!(sure >= 1_200),
                (false, true) => prop_assert!(sure <= 900),
                (false, false) | (true, true) => {}
            }
        }
    }

    #[test]
    fn a_position_that_wanders_inside_a_band_changes_nothing(
        path in prop::collection::vec(exposures(), 0..10), wander in prop::collection::vec(801..1_000i64, 2..40),
    ) {
        // Inside the band of the adding side, across an edge of the hedger's.
        let mut ladder = after(&path);
        let first = ladder.update(exact(wander[0])).quoting;
        for lots in wander {
            prop_assert_eq!(ladder.update(exact(lots)).quoting, first);
        }
    }

    #[test]
    fn skew_is_continuous_and_bounded(position in -1_500..1_500i64) {
        let skew = |lots| ladder().update(exact(lots)).skew.0;
        let (here, next) = (skew(position), skew(position + 1));
        prop_assert!(here.abs() <= Rate::ONE.0 && here.signum() != position.signum() || here == 0);
        // One lot of 800 between where the skew begins and the limit.
        prop_assert!((0..=Rate::ONE.0 / 800 + 1).contains(&(here - next)));
    }
}
