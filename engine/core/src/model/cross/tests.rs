use super::*;
use crate::model::tests::{inputs, level, only, wanted};
use proptest::prelude::*;

const PARAMS: CrossVenueParams = CrossVenueParams {
    size: Lots(10),
    maker_fee: Rate::from_bps(10),
    hedge_fee: Rate::from_bps(5),
    margin: Rate::from_bps(2),
    basis_half_life: None,
    improve_max: Ticks(1_000_000),
    unhedged_max: Lots(100),
};

fn at(hedge: (f64, f64), bid: i64, ask: i64) -> QuoteInputs {
    let hedge = HedgePrices { sell_ticks: hedge.0, buy_ticks: hedge.1 };
    QuoteInputs { hedge: Some(hedge), ..inputs(bid, ask) }
}

fn quotes(params: CrossVenueParams, inputs: &QuoteInputs) -> (Option<Level>, Option<Level>) {
    let quotes = wanted(&mut CrossVenue::new(params).unwrap(), inputs).unwrap();
    (only(&quotes, Side::Bid), only(&quotes, Side::Ask))
}

#[test]
fn prices_leave_the_fees_and_the_margin() {
    // 100 000 · 0.9995 · 0.9998 / 1.001 = 99 830.17; 100 010 · 1.0005 · 1.0002 / 0.999 = 100 180.21
    let (bid, ask) = quotes(PARAMS, &at((100_000.0, 100_010.0), 99_000, 101_000));
    assert_eq!((bid, ask), (Some(level(99_830, 10)), Some(level(100_181, 10))));
}

#[test]
fn a_quote_is_no_better_than_it_needs_to_be() {
    let params = CrossVenueParams { improve_max: Ticks(0), ..PARAMS };
    let (bid, ask) = quotes(params, &at((100_000.0, 100_010.0), 99_700, 100_300));
    assert_eq!((bid, ask), (Some(level(99_700, 10)), Some(level(100_300, 10))));
    let one = CrossVenueParams { improve_max: Ticks(1), ..PARAMS };
    assert_eq!(quotes(one, &at((100_000.0, 100_010.0), 99_700, 100_300)).0, Some(level(99_701, 10)));
}

#[test]
fn without_a_hedge_price_nothing_is_quoted() {
    let mut model = CrossVenue::new(PARAMS).unwrap();
    assert_eq!(wanted(&mut model, &inputs(99, 101)), Err(Hold::NoHedgePrice));
    assert_eq!(wanted(&mut model, &at((f64::NAN, 1.0), 99, 101)), Err(Hold::NotFinite));
}

#[test]
fn the_unhedged_position_shrinks_and_stops_the_adding_side_only() {
    let sizes = |unhedged| {
        let at = QuoteInputs { inventory: Lots(unhedged), ..at((100_000.0, 100_010.0), 99_000, 101_000) };
        let (bid, ask) = quotes(PARAMS, &at);
        (bid.map(|level| level.lots.0), ask.map(|level| level.lots.0))
    };
    assert_eq!(sizes(0), (Some(10), Some(10)));
    assert_eq!(sizes(93), (Some(7), Some(10)));
    assert_eq!(sizes(100), (None, Some(10)));
    assert_eq!(sizes(-100), (Some(10), None));
    assert_eq!(sizes(250), (None, Some(10)));
}

#[test]
fn a_steady_basis_is_taken_off_and_a_new_one_is_learnt_by_half_in_its_half_life() {
    let params = CrossVenueParams { basis_half_life: Some(Span::from_secs(10)), ..PARAMS };
    let mut model = CrossVenue::new(params).unwrap();
    let mut bid_at = |seconds: i64, basis: f64| {
        let hedge = (100_000.0 + basis - 5.0, 100_000.0 + basis + 5.0);
        let at = QuoteInputs { now: Nanos(seconds * 1_000_000_000), ..at(hedge, 99_000, 101_000) };
        only(&wanted(&mut model, &at).unwrap(), Side::Bid).unwrap().price.0
    };
    let flat = bid_at(0, 300.0);
    // (100 000 − 5) · 0.9995 · 0.9998 / 1.001 = 99 825.2
    assert_eq!(flat, 99_825);
    // The basis jumps by 100: nothing of it is mean yet, after a half-life half of it is.
    assert_eq!(bid_at(0, 400.0) - flat, 100);
    assert!((bid_at(10, 400.0) - flat - 50).abs() <= 1);
    assert!((bid_at(200, 400.0) - flat).abs() <= 1);
}

#[test]
fn wrong_parameters_are_refused() {
    for (params, error) in [
        (CrossVenueParams { size: Lots(0), ..PARAMS }, ModelParamError::Size),
        (CrossVenueParams { unhedged_max: Lots(9), ..PARAMS }, ModelParamError::InventoryMax),
        (CrossVenueParams { maker_fee: Rate::ONE, ..PARAMS }, ModelParamError::ProfitMin),
        (CrossVenueParams { hedge_fee: Rate(-1), ..PARAMS }, ModelParamError::ProfitMin),
        (CrossVenueParams { margin: Rate::ONE, ..PARAMS }, ModelParamError::ProfitMin),
        (CrossVenueParams { basis_half_life: Some(Span::ZERO), ..PARAMS }, ModelParamError::Basis),
        (CrossVenueParams { improve_max: Ticks(-1), ..PARAMS }, ModelParamError::Improve),
    ] {
        assert_eq!(CrossVenue::new(params).err(), Some(error), "{params:?}");
    }
}

fn rate(bps: core::ops::Range<i64>) -> impl Strategy<Value = Rate> {
    bps.prop_map(Rate::from_bps)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn a_fill_hedged_at_once_leaves_the_margin(
        maker_fee in rate(-20..30), hedge_fee in rate(0..30), margin in rate(0..30),
        hedge in 10_000..1_000_000i64, hedge_spread in 1..100i64, offset in -300..300i64, spread in 1..100i64,
    ) {
        let params = CrossVenueParams { maker_fee, hedge_fee, margin, ..PARAMS };
        let (sell, buy) = (hedge as f64, (hedge + hedge_spread) as f64);
        let inputs = at((sell, buy), hedge + offset, hedge + offset + spread);
        let Ok(quotes) = wanted(&mut CrossVenue::new(params).unwrap(), &inputs) else {
            // Rebates may exceed all costs; then both quotes would meet.
            return Ok(());
        };
        let of = |rate: Rate| rate.0 as f64 / 1e8;
        if let Some(bid) = only(&quotes, Side::Bid) {
            let (paid, fetched) = (bid.price.0 as f64 * (1.0 + of(maker_fee)), sell * (1.0 - of(hedge_fee)));
            prop_assert!(fetched - paid >= fetched * of(margin) - 1e-6);
            prop_assert!(bid.price < inputs.touch.unwrap().ask.price);
        }
        if let Some(ask) = only(&quotes, Side::Ask) {
            let (fetched, paid) = (ask.price.0 as f64 * (1.0 - of(maker_fee)), buy * (1.0 + of(hedge_fee)));
            prop_assert!(fetched - paid >= paid * of(margin) - 1e-6);
            prop_assert!(ask.price > inputs.touch.unwrap().bid.price);
        }
    }
}
