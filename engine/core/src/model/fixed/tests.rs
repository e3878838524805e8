use super::*;
use crate::model::tests::{inputs, level, linear, only, spec, wanted};
use ballast_model::Contract;
use proptest::prelude::*;

const PARAMS: FixedSpreadParams = FixedSpreadParams {
    half_spread: Ticks(3),
    skew_ticks_per_base: 1.0,
    size: Lots(10),
    inventory_max: Lots(100),
};

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
        refused(FixedSpreadParams { half_spread: Ticks(-1), ..PARAMS }),
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

proptest! {
    /// The rule in exact arithmetic: everything in two-thousandths of a tick (half-tick mids, lots of a thousandth).
    #[test]
    fn prices_are_those_of_exact_arithmetic(
        bid in 100_000..200_000i64, spread in 1..40i64, inventory in -5_000_000..5_000_000i64,
        half in 0..50i64, skew in 0..4i64,
    ) {
        let params = FixedSpreadParams {
            half_spread: Ticks(half), skew_ticks_per_base: skew as f64, size: Lots(10), inventory_max: Lots(i64::MAX),
        };
        let (bid_quote, ask_quote) = quotes(params, bid, bid + spread, inventory);
        let reservation = i128::from(2 * bid + spread) * 1_000 - i128::from(inventory * skew) * 2;
        let (half, unit) = (i128::from(half) * 2_000, 2_000);
        let expected_bid = floor_div(reservation - half, unit).min(bid);
        let expected_ask = (-floor_div(-(reservation + half), unit)).max(bid + spread);
        prop_assert_eq!(bid_quote, Some(level(expected_bid, 10)));
        prop_assert_eq!(ask_quote, Some(level(expected_ask, 10)));
    }
}
