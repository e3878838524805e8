use super::*;
use crate::model::{DesiredQuotes, QUOTES_PER_SIDE_MAX};
use crate::shape::skew_sign::{Shows, check_skew_sign};
use alloc::vec::Vec;
use ballast_model::{AssetId, Contract, PRICE_TICKS_MAX, Step, Ticks};
use proptest::prelude::*;

const PERCENT: i64 = Rate::ONE.0 / 100;

const PARAMS: SizeParams = SizeParams {
    rule: SizeRule::Fixed(Lots(100)),
    min: Lots(10),
    max: Lots(300),
    below_min: BelowMin::Drop,
    limit: Lots(1_000),
    reducing_at_limit: Rate(2 * Rate::ONE.0),
    levels: LevelParams { count: 1, step: PriceStep::Ticks(Ticks(1)), profile: Profile::Flat },
};

/// Ticks of 0.01, lots of 0.001.
fn linear() -> InstrumentSpec {
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

/// Contracts of 100 in the quote currency.
fn inverse() -> InstrumentSpec {
    InstrumentSpec {
        tick: Step::parse("0.1").unwrap(),
        lot: Step::parse("1").unwrap(),
        multiplier: 100,
        contract: Contract::Inverse,
        ..linear()
    }
}

fn quote_units(whole: i64) -> Money {
    Money(i128::from(whole) * Money::ONE.0)
}

fn holding(lots: i64) -> SizeInputs {
    SizeInputs { exposure: Exposure::exact(Lots(lots)), equity: None }
}

fn sizer(params: SizeParams) -> Sizer {
    Sizer::new(params, &linear()).unwrap()
}

fn ruled(rule: SizeRule) -> SizeParams {
    SizeParams { rule, min: Lots(1), max: Lots(100_000), limit: Lots(1_000_000), ..PARAMS }
}

fn built(sizer: &Sizer, side: Side, best: i64, inputs: &SizeInputs) -> (Vec<(i64, i64)>, Filled) {
    let mut ladder = Ladder::new(side);
    ladder.push(Level { price: Price(7), lots: Lots(7) }).unwrap();
    let sized = sizer.build(Price(best), inputs, |_| None, &mut ladder);
    (ladder.levels().iter().map(|level| (level.price.0, level.lots.0)).collect(), sized)
}

#[test]
fn each_rule_turns_its_measure_into_lots() {
    let price = Price(250_000); // 2 500.00: one lot is worth 2.5
    let lots = |rule, spec: &InstrumentSpec, inputs, depth| {
        Sizer::new(ruled(rule), spec).unwrap().lots(Side::Bid, price, &inputs, depth)
    };
    assert_eq!(lots(SizeRule::Fixed(Lots(42)), &linear(), holding(0), None), Ok(Lots(42)));
    let notional = SizeRule::Notional(quote_units(1_001));
    assert_eq!(lots(notional, &linear(), holding(0), None), Ok(Lots(400)));
    // Ten contracts of 100, whatever the price.
    assert_eq!(lots(notional, &inverse(), holding(0), None), Ok(Lots(10)));
    let share = SizeRule::ShareOfDepth(Rate(25 * PERCENT));
    assert_eq!(lots(share, &linear(), holding(0), Some(Lots(1_003))), Ok(Lots(250)));
    assert_eq!(lots(share, &linear(), holding(0), None), Err(NoSize::DepthUnknown));
    let equity = SizeRule::ShareOfEquity(Rate(2 * PERCENT));
    let with = |equity| SizeInputs { equity, ..holding(0) };
    assert_eq!(lots(equity, &linear(), with(Some(quote_units(50_000))), None), Ok(Lots(400)));
    assert_eq!(lots(equity, &linear(), with(None), None), Err(NoSize::EquityUnknown));
    assert_eq!(lots(equity, &linear(), with(Some(Money::ZERO)), None), Err(NoSize::NoEquity));
    assert_eq!(lots(equity, &linear(), with(Some(Money(i128::MAX))), None), Ok(Lots(100_000)));
}

#[test]
fn inventory_shrinks_the_adding_side_and_grows_the_reducing_side() {
    let at = |lots| {
        let lots = |side| sizer(PARAMS).lots(side, Price(100), &holding(lots), None);
        (lots(Side::Bid), lots(Side::Ask))
    };
    assert_eq!(at(0), (Ok(Lots(100)), Ok(Lots(100))));
    assert_eq!(at(500), (Ok(Lots(50)), Ok(Lots(150))));
    assert_eq!(at(-500), (Ok(Lots(150)), Ok(Lots(50))));
    assert_eq!(at(900), (Ok(Lots(10)), Ok(Lots(190))));
    assert_eq!(at(901), (Err(NoSize::BelowMin), Ok(Lots(190))));
    assert_eq!(at(1_000), (Err(NoSize::NoRoom), Ok(Lots(200))));
    assert_eq!(at(5_000), (Err(NoSize::NoRoom), Ok(Lots(200))));
    // Where the exposure could be either, both sides add.
    let unsure = SizeInputs { exposure: Exposure::spanning(Lots(-300), Lots(600)), equity: None };
    let lots = |side| sizer(PARAMS).lots(side, Price(100), &unsure, None);
    assert_eq!((lots(Side::Bid), lots(Side::Ask)), (Ok(Lots(40)), Ok(Lots(70))));
}

#[test]
fn a_size_below_the_smallest_order_is_raised_or_dropped() {
    let small = |below_min, held| {
        let params = SizeParams { rule: SizeRule::Fixed(Lots(9)), below_min, ..PARAMS };
        sizer(params).lots(Side::Bid, Price(100), &holding(held), None)
    };
    assert_eq!(small(BelowMin::Drop, 0), Err(NoSize::BelowMin));
    assert_eq!(small(BelowMin::Raise, 0), Ok(Lots(10)));
    assert_eq!(small(BelowMin::Raise, 990), Ok(Lots(10)));
    assert_eq!(small(BelowMin::Raise, 991), Err(NoSize::NoRoom));
    // The venue's smallest value: 100.00 at 2 500.00 is 40 lots, at 2 499.99 a lot more.
    let spec = InstrumentSpec { notional_min: quote_units(100), ..linear() };
    let raised =
        Sizer::new(SizeParams { below_min: BelowMin::Raise, ..ruled(SizeRule::Fixed(Lots(3))) }, &spec)
            .unwrap();
    assert_eq!(raised.lots(Side::Ask, Price(250_000), &holding(0), None), Ok(Lots(40)));
    assert_eq!(raised.lots(Side::Ask, Price(249_999), &holding(0), None), Ok(Lots(41)));
    assert_eq!(raised.lots(Side::Ask, Price(1), &holding(0), None), Err(NoSize::VenueMin));
    // A position far beyond the limit, at a price far up, is no number too large.
    let (price_max, size_max) = (Price(PRICE_TICKS_MAX), Lots(1 << 40));
    let spec = InstrumentSpec { price_max, size_max, notional_min: quote_units(1), ..linear() };
    let far = Sizer::new(PARAMS, &InstrumentSpec::new(spec).unwrap()).unwrap();
    assert_eq!(far.lots(Side::Bid, price_max, &holding(LOTS_MAX), None), Err(NoSize::NoRoom));
    assert_eq!(far.lots(Side::Ask, price_max, &holding(LOTS_MAX), None), Ok(Lots(200)));
    let most = SizeParams { rule: SizeRule::Fixed(Lots(5_000)), ..PARAMS };
    assert_eq!(sizer(most).lots(Side::Bid, Price(100), &holding(0), None), Ok(Lots(300)));
}

#[test]
fn levels_follow_the_profile_and_the_step() {
    let of = |side, step, profile| {
        let levels = LevelParams { count: 4, step, profile };
        let params = SizeParams { levels, limit: Lots(100_000), max: Lots(100_000), ..PARAMS };
        let (levels, sized) = built(&sizer(params), side, 1_000, &holding(0));
        assert_eq!(sized, Filled::Whole);
        levels
    };
    let three = PriceStep::Ticks(Ticks(3));
    assert_eq!(of(Side::Bid, three, Profile::Flat), [(1_000, 100), (997, 100), (994, 100), (991, 100)]);
    let half_more = Profile::Linear(Rate(50 * PERCENT));
    assert_eq!(of(Side::Ask, three, half_more), [(1_000, 100), (1_003, 150), (1_006, 200), (1_009, 250)]);
    let half = Profile::Geometric(Rate(50 * PERCENT));
    assert_eq!(of(Side::Bid, three, half), [(1_000, 100), (997, 50), (994, 25), (991, 12)]);
    // Ten percent: 1 000 / 1.1 = 909.09…, 826.4…, 751.3… down; 1 100, 1 210, 1 331 up.
    let tenth = PriceStep::Share(Rate(10 * PERCENT));
    assert_eq!(of(Side::Bid, tenth, Profile::Flat).map_prices(), [1_000, 909, 826, 751]);
    let up = of(Side::Ask, tenth, Profile::Flat).map_prices();
    assert!(
        up.iter().zip([1_000, 1_100, 1_210, 1_331]).all(|(price, exact)| (0..=1).contains(&(price - exact)))
    );
    // A step far below a tick still is a tick.
    assert_eq!(
        of(Side::Ask, PriceStep::Share(Rate(1)), Profile::Flat).map_prices(),
        [1_000, 1_001, 1_002, 1_003]
    );
    assert_eq!(of(Side::Bid, PriceStep::Share(Rate(1)), Profile::Flat).map_prices(), [1_000, 999, 998, 997]);
}

#[test]
fn each_level_is_sized_at_its_own_price() {
    let levels = LevelParams { count: 3, step: PriceStep::Ticks(Ticks(100_000)), profile: Profile::Flat };
    let sizer = sizer(SizeParams { levels, ..ruled(SizeRule::Notional(quote_units(600))) });
    // One lot is worth 1, 2 and 3 at the three prices.
    let asks = built(&sizer, Side::Ask, 100_000, &holding(0)).0;
    assert_eq!(asks, [(100_000, 600), (200_000, 300), (300_000, 200)]);
    let bids = built(&sizer, Side::Bid, 300_000, &holding(0)).0;
    assert_eq!(bids, [(300_000, 200), (200_000, 300), (100_000, 600)]);
}

trait Prices {
    fn map_prices(&self) -> Vec<i64>;
}

impl Prices for Vec<(i64, i64)> {
    fn map_prices(&self) -> Vec<i64> {
        self.iter().map(|(price, _)| *price).collect()
    }
}

#[test]
fn a_ladder_ends_where_prices_or_the_room_end() {
    let levels = LevelParams { count: 5, step: PriceStep::Ticks(Ticks(4)), profile: Profile::Flat };
    let five = sizer(SizeParams { levels, ..PARAMS });
    assert_eq!(
        built(&five, Side::Bid, 10, &holding(0)),
        (Vec::from([(10, 100), (6, 100), (2, 100)]), Filled::Short(NoSize::NoPrice))
    );
    // 500 left to the limit; half size each, and what no longer fits is cut.
    let wide = sizer(SizeParams { levels, rule: SizeRule::Fixed(Lots(300)), ..PARAMS });
    let (levels, sized) = built(&wide, Side::Bid, 100, &holding(500));
    assert_eq!(
        (levels, sized),
        (Vec::from([(100, 150), (96, 150), (92, 150), (88, 50)]), Filled::Short(NoSize::NoRoom))
    );
}

#[test]
fn a_price_the_instrument_cannot_carry_has_no_size() {
    let spec = InstrumentSpec { price_min: Price(90), price_max: Price(110), ..linear() };
    let sizer = Sizer::new(PARAMS, &spec).unwrap();
    for (price, carried) in
        [(89, false), (90, true), (110, true), (111, false), (0, false), (i64::MAX, false)]
    {
        let found = sizer.lots(Side::Bid, Price(price), &holding(0), None);
        assert_eq!(found, if carried { Ok(Lots(100)) } else { Err(NoSize::NoPrice) }, "at {price}");
    }
}

#[test]
fn a_models_ladder_keeps_its_prices() {
    let profile = Profile::Linear(Rate(100 * PERCENT));
    let sizer = sizer(SizeParams {
        levels: LevelParams { profile, ..PARAMS.levels },
        ..ruled(SizeRule::ShareOfDepth(Rate(50 * PERCENT)))
    });
    let mut wanted = Ladder::new(Side::Ask);
    for ticks in [100, 103, 110] {
        wanted.push(Level { price: Price(ticks), lots: Lots(1) }).unwrap();
    }
    let mut ladder = Ladder::new(Side::Ask);
    let depth = |price: Price| (price.0 != 103).then_some(Lots(price.0 * 2));
    let sized = sizer.resize(&wanted, &holding(0), depth, &mut ladder);
    assert_eq!(sized, Filled::Short(NoSize::DepthUnknown));
    let level = |ticks, lots| Level { price: Price(ticks), lots: Lots(lots) };
    assert_eq!(ladder.levels(), [level(100, 100), level(110, 330)]);
}

#[test]
fn parameters_outside_their_ranges_are_refused() {
    let refused = |params| Sizer::new(params, &linear()).err();
    for rule in [
        SizeRule::Fixed(Lots(0)),
        SizeRule::Notional(Money::ZERO),
        SizeRule::ShareOfDepth(Rate(0)),
        SizeRule::ShareOfDepth(Rate(Rate::ONE.0 + 1)),
        SizeRule::ShareOfEquity(Rate(0)),
        SizeRule::ShareOfEquity(Rate(EQUITY_SHARE_MAX.0 + 1)),
    ] {
        assert_eq!(refused(SizeParams { rule, ..PARAMS }), Some(SizeParamError::Rule), "{rule:?}");
    }
    assert_eq!(refused(SizeParams { min: Lots(0), ..PARAMS }), Some(SizeParamError::Min));
    assert_eq!(refused(SizeParams { max: Lots(9), ..PARAMS }), Some(SizeParamError::Max));
    assert_eq!(refused(SizeParams { limit: Lots(9), ..PARAMS }), Some(SizeParamError::Limit));
    let (min, max) = (Lots(1_000_001), Lots(1_000_001));
    assert_eq!(refused(SizeParams { min, max, ..PARAMS }), Some(SizeParamError::Venue));
    for share in [Rate(Rate::ONE.0 - 1), Rate(REDUCING_MAX.0 + 1)] {
        let params = SizeParams { reducing_at_limit: share, ..PARAMS };
        assert_eq!(refused(params), Some(SizeParamError::ReducingAtLimit));
    }
    let levels = |levels| refused(SizeParams { levels, ..PARAMS });
    for count in [0, QUOTES_PER_SIDE_MAX + 1] {
        let error = Some(SizeParamError::Levels(LevelParamError::Count));
        assert_eq!(levels(LevelParams { count, ..PARAMS.levels }), error);
    }
    for step in
        [PriceStep::Ticks(Ticks(0)), PriceStep::Share(Rate(0)), PriceStep::Share(Rate(Rate::ONE.0 + 1))]
    {
        let error = Some(SizeParamError::Levels(LevelParamError::Step));
        assert_eq!(levels(LevelParams { step, ..PARAMS.levels }), error);
    }
    for profile in
        [Profile::Linear(Rate(-1)), Profile::Geometric(Rate(0)), Profile::Geometric(Rate(GROWTH_MAX.0 + 1))]
    {
        let error = Some(SizeParamError::Levels(LevelParamError::Profile));
        assert_eq!(levels(LevelParams { profile, ..PARAMS.levels }), error);
    }
}

fn any_levels() -> impl Strategy<Value = LevelParams> {
    let step = prop_oneof![
        (1..50i64).prop_map(|ticks| PriceStep::Ticks(Ticks(ticks))),
        (1..=Rate::ONE.0).prop_map(|share| PriceStep::Share(Rate(share))),
        Just(PriceStep::Ticks(Ticks(PRICE_TICKS_MAX))),
    ];
    let profile = prop_oneof![
        Just(Profile::Flat),
        (0..=GROWTH_MAX.0).prop_map(|share| Profile::Linear(Rate(share))),
        (1..=GROWTH_MAX.0).prop_map(|share| Profile::Geometric(Rate(share))),
    ];
    (1..=QUOTES_PER_SIDE_MAX, step, profile).prop_map(|(count, step, profile)| LevelParams {
        count,
        step,
        profile,
    })
}

fn any_params() -> impl Strategy<Value = SizeParams> {
    let rule = prop_oneof![
        (1..=LOTS_MAX).prop_map(|lots| SizeRule::Fixed(Lots(lots))),
        (1..2_000i64).prop_map(|lots| SizeRule::Fixed(Lots(lots))),
        (1..1_000_000i64).prop_map(|value| SizeRule::Notional(quote_units(value))),
        (1..=Rate::ONE.0).prop_map(|share| SizeRule::ShareOfDepth(Rate(share))),
        (1..=EQUITY_SHARE_MAX.0).prop_map(|share| SizeRule::ShareOfEquity(Rate(share))),
    ];
    let below_min = prop_oneof![Just(BelowMin::Raise), Just(BelowMin::Drop)];
    let reducing = Rate::ONE.0..=REDUCING_MAX.0;
    (rule, 1..100i64, 0..100_000i64, below_min, 0..100_000i64, reducing, any_levels()).prop_map(
        |(rule, min, more, below_min, room, reducing, levels)| SizeParams {
            rule,
            min: Lots(min),
            max: Lots(min + more),
            below_min,
            limit: Lots(min + room),
            reducing_at_limit: Rate(reducing),
            levels,
        },
    )
}

fn any_spec() -> impl Strategy<Value = InstrumentSpec> {
    (any::<bool>(), 0..50i64).prop_map(|(is_linear, least)| InstrumentSpec {
        notional_min: quote_units(least),
        ..if is_linear { linear() } else { inverse() }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn fills_of_a_whole_ladder_never_pass_the_limit(
        params in any_params(), spec in any_spec(), one in -200_000..200_000i64, other in -200_000..200_000i64,
        best in prop_oneof![1..2_000i64, 1..1_000_000i64, Just(100_000_000), Just(PRICE_TICKS_MAX)],
        depth in prop::option::of(0..=LOTS_MAX), equity in prop::option::of(any::<i128>()),
    ) {
        let sizer = Sizer::new(params, &spec).unwrap();
        let exposure = Exposure::spanning(Lots(one), Lots(other));
        let inputs = SizeInputs { exposure, equity: equity.map(Money) };
        for side in Side::BOTH {
            let mut ladder = Ladder::new(side);
            let sized = sizer.build(Price(best), &inputs, |_| depth.map(Lots), &mut ladder);
            let levels = ladder.levels();
            prop_assert_eq!(sized == Filled::Whole, levels.len() == params.levels.count);
            let total: i64 = levels.iter().map(|level| level.lots.0).sum();
            let held = exposure.held_for(side).0;
            prop_assert!(levels.is_empty() || held + total <= params.limit.0);
            for level in levels {
                prop_assert!(level.lots >= params.min && level.lots >= spec.size_min);
                prop_assert!(level.lots <= params.max && level.lots <= spec.size_max);
                prop_assert!(spec.notional(level.price, level.lots) >= spec.notional_min);
                prop_assert!(side.reaches(Price(best), level.price));
            }
            // Inventory never stops the side that reduces.
            if held <= 0 && sized == Filled::Short(NoSize::NoRoom) {
                let least = |price| (spec.notional_min.0 + spec.notional(price, Lots(1)).0 - 1) / spec.notional(price, Lots(1)).0;
                let after = levels.last().map_or(best, |level| level.price.0);
                prop_assert!(!levels.is_empty() || least(Price(after)) > i128::from(params.limit.0));
            }
        }
    }

    #[test]
    fn size_is_monotone_and_continuous_in_inventory(lots in 1..100_000i64, held in -1_500..1_500i64, reducing in 1..10i64) {
        let params = SizeParams {
            rule: SizeRule::Fixed(Lots(lots)),
            min: Lots(1),
            max: Lots(1_000_000),
            reducing_at_limit: Rate(reducing * Rate::ONE.0),
            ..PARAMS
        };
        let size = |held| sizer(params).lots(Side::Bid, Price(100), &holding(held), None).map_or(0, |lots| lots.0);
        let (here, next) = (size(held), size(held + 1));
        prop_assert!(next <= here);
        // One lot of the limit's 1 000 changes a share of 1/1 000 of the size, or of what it may grow by.
        prop_assert!(here - next <= lots * (reducing - 1).max(1) / 1_000 + 2, "{here} {next}");
    }

    #[test]
    fn the_rules_are_their_float_twins(
        value in 1..10_000_000i64, price in 1..10_000_000i64, share in 1..=Rate::ONE.0, depth in 0..1_000_000_000i64,
    ) {
        let wide = SizeParams { min: Lots(1), max: Lots(LOTS_MAX), limit: Lots(LOTS_MAX), below_min: BelowMin::Raise, ..PARAMS };
        let spec = |contract: InstrumentSpec| InstrumentSpec { size_max: Lots(LOTS_MAX), ..contract };
        let of = |rule, contract, inputs: SizeInputs| {
            let sizer = Sizer::new(SizeParams { rule, ..wide }, &spec(contract)).unwrap();
            sizer.lots(Side::Ask, Price(price), &inputs, Some(Lots(depth))).unwrap().0 as f64
        };
        let near = |found: f64, exact: f64| (found - exact.max(1.0)).abs() <= 1.0 + exact * 1e-9;
        let worth = value as f64 / (price as f64 * 0.01 * 0.001);
        prop_assert!(near(of(SizeRule::Notional(quote_units(value)), linear(), holding(0)), worth));
        prop_assert!(near(of(SizeRule::Notional(quote_units(value)), inverse(), holding(0)), value as f64 / 100.0));
        let fraction = share as f64 / Rate::ONE.0 as f64;
        prop_assert!(near(of(SizeRule::ShareOfDepth(Rate(share)), linear(), holding(0)), depth as f64 * fraction));
        let inputs = SizeInputs { equity: Some(quote_units(value)), ..holding(0) };
        prop_assert!(near(of(SizeRule::ShareOfEquity(Rate(share)), linear(), inputs), worth * fraction));
    }

    #[test]
    fn long_inventory_enlarges_the_asks(one in -1_000..=1_000i64, other in -1_000..=1_000i64, levels in any_levels()) {
        let params = SizeParams { levels, below_min: BelowMin::Raise, min: Lots(1), ..PARAMS };
        let sizer = sizer(params);
        let quotes = |inventory: Lots| {
            let mut quotes = DesiredQuotes::NONE;
            for (side, best) in [(Side::Bid, 90_000), (Side::Ask, 110_000)] {
                let _ = sizer.build(Price(best), &holding(inventory.0), |_| None, quotes.side_mut(side));
            }
            quotes
        };
        let far = one * other < 0 && (one - other).abs() > 100;
        let checked = check_skew_sign(Lots(one), Lots(other), Shows::Sizes, quotes);
        prop_assert!(checked.is_ok() || (!far && checked == Err(crate::shape::skew_sign::SkewFault::NoSizeSkew)), "{checked:?}");
    }
}
