use super::*;
use crate::book::Level;
use crate::inventory::{Band, HedgeCall, Quoting, Stage};
use crate::model::Ladder;
use crate::shape::adjust::{MomentumAdjust, VenuesAdjust, VolatilityAdjust};
use crate::shape::size::{BelowMin, LevelParams, NoSize, PriceStep, Profile, SizeRule};
use crate::shape::skew_sign::{Shows, SkewFault, check_skew_sign};
use ballast_model::{AssetId, Contract, Rate, Step};
use proptest::prelude::*;

const PERCENT: i64 = Rate::ONE.0 / 100;

const fn band(enter_percent: i64, leave_percent: i64) -> Band {
    Band { enter: Rate(enter_percent * PERCENT), leave: Rate(leave_percent * PERCENT) }
}

const SIZE: SizeParams = SizeParams {
    rule: SizeRule::Fixed(Lots(40)),
    min: Lots(1),
    max: Lots(2_000),
    below_min: BelowMin::Drop,
    limit: Lots(1_000),
    reducing_at_limit: Rate(3 * Rate::ONE.0),
    levels: LevelParams { count: 5, step: PriceStep::Ticks(Ticks(2)), profile: Profile::Flat },
};

const PARAMS: ShaperParams = ShaperParams {
    adjust: AdjustParams {
        volatility: Some(VolatilityAdjust {
            reference_ticks_per_sqrt_s: 5.0,
            slope_ticks: 2.0,
            widen_max: Ticks(20),
        }),
        liquidity: None,
        momentum: Some(MomentumAdjust {
            horizon_s: 1.0,
            widen_share: 0.5,
            shift_max: Ticks(30),
            widen_max: Ticks(10),
        }),
        venues: Some(VenuesAdjust {
            shift_share: 0.5,
            widen_share: 0.1,
            shift_max: Ticks(30),
            widen_max: Ticks(10),
        }),
        shift_max: Ticks(40),
        widen_max: Ticks(30),
    },
    inventory: InventoryParams {
        limit: Lots(1_000),
        skew: Band { enter: Rate(1), leave: Rate(0) },
        reduce: band(100, 90),
        hedge: Some(band(120, 100)),
        liquidate: Some(band(200, 150)),
    },
    skew_max: Ticks(50),
    levels: LevelsFrom::Built(SIZE),
};

fn spec() -> InstrumentSpec {
    InstrumentSpec {
        tick: Step::parse("0.01").unwrap(),
        lot: Step::parse("0.001").unwrap(),
        multiplier: 1,
        contract: Contract::Linear,
        price_min: Price(1),
        price_max: Price(100_000_000),
        size_min: Lots(1),
        size_max: Lots(1_000_000),
        notional_min: Money::ZERO,
        base: AssetId(0),
        quote: AssetId(1),
    }
}

fn params(levels: LevelsFrom) -> ShaperParams {
    ShaperParams { levels, ..PARAMS }
}

fn shaper(levels: LevelsFrom) -> Shaper {
    Shaper::new(&params(levels), &spec()).unwrap()
}

const fn level(ticks: i64, lots: i64) -> Level {
    Level { price: Price(ticks), lots: Lots(lots) }
}

/// Ten lots a side at 10 ticks from 1 000, five behind.
fn wanted() -> DesiredQuotes {
    let mut quotes = DesiredQuotes::NONE;
    for side in Side::BOTH {
        for (distance, lots) in [(10, 10), (15, 5)] {
            let price = Price(1_000).away(side, Ticks(distance));
            quotes.side_mut(side).push(Level { price, lots: Lots(lots) }).unwrap();
        }
    }
    quotes
}

fn inputs(position: i64) -> ShapeInputs {
    ShapeInputs {
        touch: Touch { bid: level(900, 1), ask: level(1_100, 1) },
        adjust: AdjustInputs {
            sigma_ticks_per_sqrt_s: Some(5.0),
            depth: None,
            drift_ticks_per_s: Some(0.0),
            venues_gap_ticks: Some(0.0),
        },
        exposure: Exposure::exact(Lots(position)),
        equity: None,
    }
}

fn shaped(shaper: &mut Shaper, inputs: &ShapeInputs) -> (DesiredQuotes, Shaped) {
    let mut quotes = wanted();
    let shaped = shaper.shape(&wanted(), inputs, |_, _| None, &mut quotes);
    (quotes, shaped)
}

#[test]
fn a_flat_and_quiet_book_leaves_the_models_quotes_alone() {
    let (quotes, done) = shaped(&mut shaper(LevelsFrom::Model), &inputs(0));
    assert_eq!(quotes, wanted());
    assert_eq!((done.plan.stage, done.sized), (Stage::Hold, [Filled::Whole; 2]));
}

#[test]
fn half_a_limit_long_moves_all_down_and_shifts_the_size_to_the_asks() {
    let (quotes, _) = shaped(&mut shaper(LevelsFrom::ModelResized(SIZE)), &inputs(500));
    // 50 % of 50 ticks down, rounded away from the market; half the size to buy, twice to sell.
    assert_eq!(quotes.side(Side::Bid).levels(), [level(965, 20), level(960, 20)]);
    assert_eq!(quotes.side(Side::Ask).levels(), [level(986, 80), level(991, 80)]);
    let (quotes, _) = shaped(&mut shaper(LevelsFrom::Built(SIZE)), &inputs(500));
    let asks = [level(986, 80), level(988, 80), level(990, 80), level(992, 80), level(994, 80)];
    assert_eq!(quotes.side(Side::Ask).levels(), asks);
}

#[test]
fn at_the_limit_the_adding_side_is_empty_in_every_mode() {
    for levels in [LevelsFrom::Model, LevelsFrom::ModelResized(SIZE), LevelsFrom::Built(SIZE)] {
        let (quotes, done) = shaped(&mut shaper(levels), &inputs(-1_000));
        assert!(quotes.side(Side::Ask).levels().is_empty());
        assert!(!quotes.side(Side::Bid).levels().is_empty());
        assert_eq!((done.plan.quoting, done.plan.hedge), (Quoting::Only(Side::Bid), HedgeCall::Rest));
        let unknown = ShapeInputs { exposure: Exposure::UNKNOWN, ..inputs(0) };
        assert_eq!(shaped(&mut shaper(levels), &unknown).0, DesiredQuotes::NONE);
    }
}

#[test]
fn a_side_the_model_leaves_empty_stays_empty_and_a_missing_depth_is_named() {
    let follow = SizeParams { rule: SizeRule::ShareOfDepth(Rate::ONE), ..SIZE };
    for levels in [LevelsFrom::ModelResized(follow), LevelsFrom::Built(follow)] {
        let mut one_sided = wanted();
        *one_sided.side_mut(Side::Bid) = Ladder::new(Side::Bid);
        let mut quotes = wanted();
        let depth = |side, _| (side == Side::Bid).then_some(Lots(7));
        let done = shaper(levels).shape(&one_sided, &inputs(0), depth, &mut quotes);
        assert_eq!(quotes, DesiredQuotes::NONE);
        assert_eq!(done.sized, [Filled::Whole, Filled::Short(NoSize::DepthUnknown)]);
    }
}

#[test]
fn parts_that_do_not_fit_are_refused() {
    let refused = |params| Shaper::new(&params, &spec()).err();
    let good = params(LevelsFrom::Built(SIZE));
    assert_eq!(refused(good), None);
    assert_eq!(refused(ShaperParams { skew_max: Ticks(-1), ..good }), Some(ShaperParamError::SkewMax));
    let other = SizeParams { limit: Lots(999), ..SIZE };
    for levels in [LevelsFrom::Built(other), LevelsFrom::ModelResized(other)] {
        assert_eq!(refused(ShaperParams { levels, ..good }), Some(ShaperParamError::Limits));
    }
    let levels = LevelsFrom::Built(SizeParams { min: Lots(0), ..SIZE });
    assert_eq!(refused(ShaperParams { levels, ..good }), Some(ShaperParamError::Size(SizeParamError::Min)));
    let adjust = AdjustParams { shift_max: Ticks(-1), ..good.adjust };
    assert_eq!(
        refused(ShaperParams { adjust, ..good }),
        Some(ShaperParamError::Adjust(AdjustParamError::Cap))
    );
    let error = ShaperParamError::Inventory(InventoryParamError::Band(Stage::Skew));
    let inventory = InventoryParams { skew: band(0, 0), ..good.inventory };
    assert_eq!(refused(ShaperParams { inventory, ..good }), Some(error));
}

#[test]
fn the_digest_holds_the_ladders_state() {
    let digest_after = |position| {
        let mut shaper = shaper(LevelsFrom::Model);
        let _ = shaped(&mut shaper, &inputs(position));
        let mut digest = Digest::new();
        shaper.digest(&mut digest);
        digest.value()
    };
    assert_eq!(digest_after(0), digest_after(0));
    assert_ne!(digest_after(0), digest_after(1_000));
}

fn any_mode() -> impl Strategy<Value = LevelsFrom> {
    let size = (1..500i64, 1..64usize, 1..20i64).prop_map(|(lots, count, step)| SizeParams {
        rule: SizeRule::Fixed(Lots(lots)),
        levels: LevelParams { count, step: PriceStep::Ticks(Ticks(step)), profile: Profile::Flat },
        ..SIZE
    });
    prop_oneof![
        Just(LevelsFrom::Model),
        size.clone().prop_map(LevelsFrom::ModelResized),
        size.prop_map(LevelsFrom::Built),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn no_shaped_quote_crosses_or_adds_beyond_the_limit(
        mode in any_mode(), path in prop::collection::vec((-2_500..2_500i64, 0..300i64), 1..5),
        sigma in 0.0..100.0f64, drift in any::<f64>(), gap in -200.0..200.0f64, touch in (900..1_100i64, 1..100i64),
    ) {
        let mut shaper = shaper(mode);
        for (lo, width) in path {
            let exposure = Exposure::spanning(Lots(lo), Lots(lo + width));
            let inputs = ShapeInputs {
                touch: Touch { bid: level(touch.0, 1), ask: level(touch.0 + touch.1, 1) },
                adjust: AdjustInputs {
                    sigma_ticks_per_sqrt_s: Some(sigma),
                    depth: None,
                    drift_ticks_per_s: Some(drift),
                    venues_gap_ticks: Some(gap),
                },
                exposure,
                equity: None,
            };
            let (quotes, done) = shaped(&mut shaper, &inputs);
            let best = |side| quotes.side(side).levels().first().map(|level| level.price);
            let (bid, ask) = (best(Side::Bid), best(Side::Ask));
            prop_assert!(bid.is_none_or(|bid| bid < inputs.touch.ask.price));
            prop_assert!(ask.is_none_or(|ask| ask > inputs.touch.bid.price));
            prop_assert!(bid.zip(ask).is_none_or(|(bid, ask)| bid < ask));
            for side in Side::BOTH {
                let levels = quotes.side(side).levels();
                let held = exposure.held_for(side);
                prop_assert!(levels.is_empty() || done.plan.quoting.permits(side));
                prop_assert!(levels.is_empty() || held < Lots(1_000));
                // Only the adding side stops.
                prop_assert!(held > Lots::ZERO || !levels.is_empty());
                let total: i64 = levels.iter().map(|level| level.lots.0).sum();
                prop_assert!(mode == LevelsFrom::Model || levels.is_empty() || held.0 + total <= 1_000);
            }
        }
    }

    #[test]
    fn long_inventory_moves_all_quotes_down_and_enlarges_the_asks(
        mode in any_mode(), one in -1_200..1_200i64, other in -1_200..1_200i64, sigma in 0.0..40.0f64, drift in -40.0..40.0f64,
    ) {
        let far = (one - other).abs() > 300;
        let shows = if mode == LevelsFrom::Model { Shows::Prices } else { Shows::PricesAndSizes };
        let checked = check_skew_sign(Lots(one), Lots(other), shows, |position| {
            let mut inputs = inputs(position.0);
            inputs.adjust.sigma_ticks_per_sqrt_s = Some(sigma);
            inputs.adjust.drift_ticks_per_s = Some(drift);
            shaped(&mut shaper(mode), &inputs).0
        });
        let too_near = !far && matches!(checked, Err(SkewFault::NoPriceSkew | SkewFault::NoSizeSkew));
        prop_assert!(checked.is_ok() || too_near, "{checked:?}");
    }
}
