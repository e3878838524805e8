use super::*;
use crate::model::tests::{inputs, level, linear, only, spec, wanted};
use alloc::vec::Vec;
use ballast_model::Contract;
use proptest::prelude::*;

const PARAMS: FixedSpreadParams = FixedSpreadParams::plain(Ticks(3), 1.0, Lots(10), Lots(100));

fn quotes(params: FixedSpreadParams, bid: i64, ask: i64, inventory: i64) -> (Option<Level>, Option<Level>) {
    let mut model = FixedSpread::new(params, linear("0.01", "0.001")).unwrap();
    let quotes = wanted(&mut model, &QuoteInputs { inventory: Lots(inventory), ..inputs(bid, ask) }).unwrap();
    (only(&quotes, Side::Bid), only(&quotes, Side::Ask))
}

fn floor_div(a: i128, b: i128) -> i64 {
    i64::try_from(a.div_euclid(b)).unwrap()
}

#[test]
fn flat_quotes_stand_at_the_half_spread_rounded_outward() {
    assert_eq!(quotes(PARAMS, 1_000, 1_002, 0), (Some(level(998, 10)), Some(level(1_004, 10))));
    // Mid 1000.5: 997.5 and 1003.5.
    assert_eq!(quotes(PARAMS, 1_000, 1_001, 0), (Some(level(997, 10)), Some(level(1_004, 10))));
}

#[test]
fn quotes_are_never_better_than_the_touch() {
    assert_eq!(quotes(PARAMS, 1_000, 1_020, 0), (Some(level(1_000, 10)), Some(level(1_020, 10))));
}

#[test]
fn one_tick_per_base_unit_is_one_tick_per_thousand_lots() {
    let wide = FixedSpreadParams { inventory_max: Lots(1_000_000), ..PARAMS };
    assert_eq!(quotes(wide, 1_000, 1_002, 2_000), (Some(level(996, 10)), Some(level(1_002, 10))));
    assert_eq!(quotes(wide, 1_000, 1_002, -2_000), (Some(level(1_000, 10)), Some(level(1_006, 10))));
    // Half a base unit long at a half-tick mid: exactly on the grid, no tick lost to rounding.
    assert_eq!(quotes(wide, 1_000, 1_001, 500), (Some(level(997, 10)), Some(level(1_003, 10))));
}

#[test]
fn only_the_adding_side_stops_at_the_limit() {
    let sides = |inventory| {
        let (bid, ask) = quotes(PARAMS, 1_000, 1_002, inventory);
        (bid.is_some(), ask.is_some())
    };
    assert_eq!(sides(99), (true, true));
    assert_eq!(sides(100), (false, true));
    assert_eq!(sides(109), (false, true));
    assert_eq!(sides(-99), (true, true));
    assert_eq!(sides(-100), (true, false));
}

#[test]
fn the_fair_value_and_the_volatility_are_not_read() {
    let mut model = FixedSpread::new(PARAMS, linear("0.01", "0.001")).unwrap();
    let blind = QuoteInputs { fair_ticks: f64::NAN, sigma_ticks_per_sqrt_s: None, ..inputs(1_000, 1_002) };
    let sighted = wanted(&mut model, &inputs(1_000, 1_002));
    assert_eq!(wanted(&mut model, &blind), sighted);
}

#[test]
fn inverse_positions_skew_by_their_base_amount() {
    // 100 contracts of 100 USD at 1000.0 are 10 base units: ten ticks.
    let params = FixedSpreadParams { inventory_max: Lots(1_000), ..PARAMS };
    let mut model = FixedSpread::new(params, Scales::new(&spec("0.1", "1", Contract::Inverse, 100))).unwrap();
    let quotes = wanted(&mut model, &QuoteInputs { inventory: Lots(100), ..inputs(9_999, 10_001) }).unwrap();
    assert_eq!(only(&quotes, Side::Bid), Some(level(9_987, 10)));
}

#[test]
fn a_quote_below_one_tick_is_left_out() {
    let (bid, ask) = quotes(PARAMS, 1, 2, 0);
    assert_eq!((bid, ask), (None, Some(level(5, 10))));
}

#[test]
fn parameters_outside_their_ranges_are_refused() {
    let refused = |params| FixedSpread::new(params, linear("0.01", "0.001")).err();
    assert_eq!(
        refused(FixedSpreadParams { half_spread: HalfSpread::Ticks(Ticks(-1)), ..PARAMS }),
        Some(ModelParamError::HalfSpread)
    );
    assert_eq!(
        refused(FixedSpreadParams { skew_ticks_per_base: -1.0, ..PARAMS }),
        Some(ModelParamError::Skew)
    );
    assert_eq!(
        refused(FixedSpreadParams { skew_ticks_per_base: f64::NAN, ..PARAMS }),
        Some(ModelParamError::Skew)
    );
    assert_eq!(refused(FixedSpreadParams { size: Lots(0), ..PARAMS }), Some(ModelParamError::Size));
    assert_eq!(
        refused(FixedSpreadParams { inventory_max: Lots(9), ..PARAMS }),
        Some(ModelParamError::InventoryMax)
    );
}

fn ladder(side: &[(i64, i64)]) -> Vec<Level> {
    side.iter().map(|(price, lots)| level(*price, *lots)).collect()
}

#[test]
fn levels_stand_a_step_apart_behind_the_best() {
    let params = FixedSpreadParams { levels: 3, step: Ticks(4), ..PARAMS };
    let mut model = FixedSpread::new(params, linear("0.01", "0.001")).unwrap();
    let both = wanted(&mut model, &inputs(1_000, 1_001)).unwrap();
    assert_eq!(both.side(Side::Bid).levels(), ladder(&[(997, 10), (993, 10), (989, 10)]));
    assert_eq!(both.side(Side::Ask).levels(), ladder(&[(1_004, 10), (1_008, 10), (1_012, 10)]));
    // Behind the touch the levels go on from there, and none is below one tick.
    let low = wanted(&mut model, &inputs(6, 60)).unwrap();
    assert_eq!(low.side(Side::Bid).levels(), ladder(&[(6, 10), (2, 10)]));
}

#[test]
fn a_level_counts_those_before_it_as_filled() {
    let params = FixedSpreadParams { levels: 4, ..PARAMS };
    let mut model = FixedSpread::new(params, linear("0.01", "0.001")).unwrap();
    let mut levels = |inventory| {
        let both =
            wanted(&mut model, &QuoteInputs { inventory: Lots(inventory), ..inputs(1_000, 1_002) }).unwrap();
        Side::BOTH.map(|side| both.side(side).levels().len())
    };
    assert_eq!(levels(0), [4, 4]);
    assert_eq!(levels(69), [4, 4]);
    assert_eq!(levels(70), [3, 4]);
    assert_eq!(levels(89), [2, 4]);
    assert_eq!(levels(90), [1, 4]);
    assert_eq!(levels(100), [0, 4]);
    assert_eq!(levels(-80), [4, 2]);
}

#[test]
fn the_half_spread_can_be_a_share_of_the_mid() {
    // Two basis points of 100 000 ticks are 20 ticks.
    let params = FixedSpreadParams { half_spread: HalfSpread::OfMid(Rate::from_bps(2)), ..PARAMS };
    assert_eq!(quotes(params, 99_999, 100_001, 0), (Some(level(99_980, 10)), Some(level(100_020, 10))));
    // Half a basis point of 100 010 ticks are 5.0005.
    let params = FixedSpreadParams { half_spread: HalfSpread::OfMid(Rate(5_000)), ..PARAMS };
    assert_eq!(quotes(params, 100_009, 100_011, 0), (Some(level(100_004, 10)), Some(level(100_016, 10))));
}

#[test]
fn the_half_spread_pays_two_maker_fees_and_the_margin() {
    let half = |fee_bps, margin_bps| {
        let min = ProfitMin { maker_fee: Rate::from_bps(fee_bps), margin: Rate::from_bps(margin_bps) };
        let params = FixedSpreadParams { profit_min: Some(min), ..PARAMS };
        let (bid, ask) = quotes(params, 99_999, 100_001, 0);
        let (bid, ask) = (bid.unwrap().price, ask.unwrap().price);
        assert_eq!(Price(100_000) - bid, ask - Price(100_000));
        (ask - Price(100_000)).0
    };
    assert_eq!(half(2, 1), 50);
    assert_eq!(half(0, 1), 10);
    assert_eq!(half(0, 0), 3, "the base spread where that is more");
    assert_eq!(half(-1, 3), 10, "a rebate pays part of the margin");
    assert_eq!(half(-2, 3), 3, "and no more than the base spread");
}

#[test]
fn a_thin_or_unknown_book_is_not_quoted() {
    let min = LiquidityMin { lots: Lots(50), within: Ticks(5) };
    let mut model =
        FixedSpread::new(FixedSpreadParams { liquidity_min: Some(min), ..PARAMS }, linear("0.01", "0.001"))
            .unwrap();
    assert_eq!(model.depth_within(), Some(Ticks(5)));
    let mut at = |bid, ask| {
        let depth = Some(NearDepth { bid_lots: Lots(bid), ask_lots: Lots(ask) });
        wanted(&mut model, &QuoteInputs { depth, ..inputs(1_000, 1_002) }).err()
    };
    assert_eq!(at(50, 50), None);
    assert_eq!(at(49, 500), Some(Hold::ThinBook));
    assert_eq!(at(500, 49), Some(Hold::ThinBook));
    assert_eq!(wanted(&mut model, &inputs(1_000, 1_002)), Err(Hold::NoDepth));
    let plain = FixedSpread::new(PARAMS, linear("0.01", "0.001")).unwrap();
    assert_eq!(plain.depth_within(), None);
}

const PULLING: FixedSpreadParams =
    FixedSpreadParams { after_fill: AfterFill::PullOther(Span::from_millis(300)), ..PARAMS };

fn fill(side: Side, millis: i64) -> OwnFill {
    OwnFill { side, price: Price(1_000), lots: Lots(1), now: Nanos::from_millis(millis) }
}

fn sides_at(model: &mut FixedSpread, millis: i64, inventory: i64) -> (bool, bool) {
    let at =
        QuoteInputs { now: Nanos::from_millis(millis), inventory: Lots(inventory), ..inputs(1_000, 1_002) };
    let quotes = wanted(model, &at).unwrap();
    (only(&quotes, Side::Bid).is_some(), only(&quotes, Side::Ask).is_some())
}

#[test]
fn a_fill_pulls_the_other_side_for_a_time() {
    let mut model = FixedSpread::new(PULLING, linear("0.01", "0.001")).unwrap();
    assert_eq!((sides_at(&mut model, 0, 0), model.next_quote_at()), ((true, true), None));
    model.on_fill(&fill(Side::Bid, 10));
    assert_eq!(model.next_quote_at(), Some(Nanos::from_millis(10)), "at once");
    assert_eq!(sides_at(&mut model, 10, 1), (true, false));
    assert_eq!(model.next_quote_at(), Some(Nanos::from_millis(310)));
    // A late fill of the ask pulls the bid, too, and each comes back in its own time.
    model.on_fill(&fill(Side::Ask, 50));
    assert_eq!(sides_at(&mut model, 50, 0), (false, false));
    assert_eq!(sides_at(&mut model, 309, 0), (false, false));
    assert_eq!(sides_at(&mut model, 310, 0), (false, true));
    assert_eq!(model.next_quote_at(), Some(Nanos::from_millis(350)));
    assert_eq!((sides_at(&mut model, 350, 0), model.next_quote_at()), ((true, true), None));
}

#[test]
fn the_way_back_from_the_limit_is_never_pulled() {
    let mut model = FixedSpread::new(PULLING, linear("0.01", "0.001")).unwrap();
    model.on_fill(&fill(Side::Bid, 10));
    assert_eq!(sides_at(&mut model, 20, 99), (true, false));
    assert_eq!(sides_at(&mut model, 20, 100), (false, true));
    model.on_fill(&fill(Side::Ask, 400));
    assert_eq!(sides_at(&mut model, 400, -99), (false, true));
    assert_eq!(sides_at(&mut model, 400, -100), (true, false));
}

#[test]
fn what_is_remembered_is_digested_and_a_model_without_memory_adds_nothing() {
    let digest = |model: &FixedSpread| {
        let mut digest = Digest::new();
        model.digest(&mut digest);
        digest.value()
    };
    let mut plain = FixedSpread::new(PARAMS, linear("0.01", "0.001")).unwrap();
    plain.on_fill(&fill(Side::Bid, 10));
    assert_eq!((digest(&plain), plain.next_quote_at()), (Digest::new().value(), None));
    assert_eq!(sides_at(&mut plain, 10, 0), (true, true));
    let mut pulling = FixedSpread::new(PULLING, linear("0.01", "0.001")).unwrap();
    let before = digest(&pulling);
    pulling.on_fill(&fill(Side::Bid, 10));
    let of_bid = digest(&pulling);
    assert!(sides_at(&mut pulling, 10, 0) == (true, false) && digest(&pulling) != of_bid && before != of_bid);
    assert!(sides_at(&mut pulling, 310, 0) == (true, true) && digest(&pulling) == before);
}

#[test]
fn further_parameters_outside_their_ranges_are_refused() {
    let refused = |params| FixedSpread::new(params, linear("0.01", "0.001")).err();
    for rate in [Rate(-1), Rate(Rate::ONE.0 + 1)] {
        let half_spread = HalfSpread::OfMid(rate);
        assert_eq!(refused(FixedSpreadParams { half_spread, ..PARAMS }), Some(ModelParamError::HalfSpread));
        let min = ProfitMin { maker_fee: Rate(0), margin: rate };
        assert_eq!(
            refused(FixedSpreadParams { profit_min: Some(min), ..PARAMS }),
            Some(ModelParamError::ProfitMin)
        );
    }
    for maker_fee in [Rate(-Rate::ONE.0 - 1), Rate(Rate::ONE.0 + 1), Rate(i64::MIN)] {
        let min = ProfitMin { maker_fee, margin: Rate(0) };
        assert_eq!(
            refused(FixedSpreadParams { profit_min: Some(min), ..PARAMS }),
            Some(ModelParamError::ProfitMin)
        );
    }
    for levels in [0, QUOTES_PER_SIDE_MAX + 1] {
        assert_eq!(refused(FixedSpreadParams { levels, ..PARAMS }), Some(ModelParamError::Levels));
    }
    for step in [Ticks(0), Ticks(PRICE_TICKS_MAX + 1)] {
        assert_eq!(refused(FixedSpreadParams { step, ..PARAMS }), Some(ModelParamError::Step));
    }
    let liquidity = |lots, within| {
        let min = LiquidityMin { lots: Lots(lots), within: Ticks(within) };
        refused(FixedSpreadParams { liquidity_min: Some(min), ..PARAMS })
    };
    assert_eq!(liquidity(0, 1), Some(ModelParamError::LiquidityMin));
    assert_eq!(liquidity(1, -1), Some(ModelParamError::LiquidityWithin));
    assert_eq!(liquidity(1, DEPTH_TICKS_MAX + 1), Some(ModelParamError::LiquidityWithin));
    assert_eq!(liquidity(1, DEPTH_TICKS_MAX), None);
    let after_fill = AfterFill::PullOther(Span::ZERO);
    assert_eq!(refused(FixedSpreadParams { after_fill, ..PARAMS }), Some(ModelParamError::Pull));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    /// The rule in exact arithmetic: everything in two-thousandths of a tick (half-tick mids, lots of a thousandth).
    #[test]
    fn prices_are_those_of_exact_arithmetic(
        bid in 100_000..200_000i64, spread in 1..40i64, inventory in -5_000_000..5_000_000i64,
        half in 0..50i64, skew in 0..4i64,
    ) {
        let params = FixedSpreadParams::plain(Ticks(half), skew as f64, Lots(10), Lots(i64::MAX));
        let (bid_quote, ask_quote) = quotes(params, bid, bid + spread, inventory);
        let reservation = i128::from(2 * bid + spread) * 1_000 - i128::from(inventory * skew) * 2;
        let (half, unit) = (i128::from(half) * 2_000, 2_000);
        let expected_bid = floor_div(reservation - half, unit).min(bid);
        let expected_ask = (-floor_div(-(reservation + half), unit)).max(bid + spread);
        prop_assert_eq!(bid_quote, Some(level(expected_bid, 10)));
        prop_assert_eq!(ask_quote, Some(level(expected_ask, 10)));
    }
}
