use super::*;
use crate::book::Level;
use crate::model::{
    AvellanedaParams, AvellanedaStoikov, FixedSpread, FixedSpreadParams, Horizon, QuoteInputs, QuoteModel,
    Scales,
};
use ballast_model::{
    AssetId, Contract, InstrumentSpec, Money, Nanos, PRICE_TICKS_MAX, Price, Span, Step, Ticks,
};
use proptest::prelude::*;

use crate::fair::Touch;

/// The same pair of quotes at any inventory, moved and sized by `shape`.
fn pair(shape: impl Fn(i64) -> (i64, i64, i64)) -> impl Fn(Lots) -> DesiredQuotes {
    move |inventory| {
        let (up, bid_lots, ask_lots) = shape(inventory.0);
        let mut quotes = DesiredQuotes::NONE;
        for (side, ticks, lots) in [(Side::Bid, 90, bid_lots), (Side::Ask, 110, ask_lots)] {
            let _ = quotes.side_mut(side).push(Level { price: Price(ticks + up), lots: Lots(lots) });
        }
        quotes
    }
}

#[test]
fn the_right_sign_passes_and_each_wrong_one_is_named() {
    let check =
        |shows, shape: fn(i64) -> (i64, i64, i64)| check_skew_sign(Lots(-2), Lots(3), shows, pair(shape));
    let both = Shows::PricesAndSizes;
    assert_eq!(check(both, |q| (-q, 10 - q, 10 + q)), Ok(()));
    assert_eq!(check(Shows::Prices, |q| (-q, 10, 10)), Ok(()));
    assert_eq!(check(Shows::Sizes, |q| (0, 10, 10 + q)), Ok(()));
    assert_eq!(check(both, |q| (q, 10 - q, 10 + q)), Err(SkewFault::Rises(Side::Bid)));
    assert_eq!(check(both, |q| (-q, 10 + q, 10 + q)), Err(SkewFault::Grows(Side::Bid)));
    assert_eq!(check(both, |q| (-q, 10 - q, 10 - q)), Err(SkewFault::Grows(Side::Ask)));
    assert_eq!(
        check(both, |q| (-q, 10 - q, if q > 0 { 0 } else { 1 })),
        Err(SkewFault::WrongSideStops(Side::Ask))
    );
    assert_eq!(
        check(both, |q| (-q, if q > 0 { 1 } else { 0 }, 1)),
        Err(SkewFault::WrongSideStops(Side::Bid))
    );
    assert_eq!(check(both, |q| (0, 10 - q, 10 + q)), Err(SkewFault::NoPriceSkew));
    assert_eq!(check(both, |q| (-q, 10, 10)), Err(SkewFault::NoSizeSkew));
    // The order of the two does not matter, and one inventory alone shows nothing.
    let right = pair(|q| (-q, 10 - q, 10 + q));
    assert_eq!(check_skew_sign(Lots(3), Lots(-2), both, &right), Ok(()));
    assert_eq!(check_skew_sign(Lots(3), Lots(3), both, &right), Ok(()));
    assert_eq!(check(Shows::Prices, |q| (-q, if q > 0 { 0 } else { 1 }, 1)), Ok(()));
}

fn scales() -> Scales {
    Scales::new(&InstrumentSpec {
        tick: Step::parse("0.01").unwrap(),
        lot: Step::parse("0.001").unwrap(),
        multiplier: 1,
        contract: Contract::Linear,
        price_min: Price(1),
        price_max: Price(PRICE_TICKS_MAX),
        size_min: Lots(1),
        size_max: Lots(1_000_000),
        notional_min: Money::ZERO,
        base: AssetId(0),
        quote: AssetId(1),
    })
}

fn quotes_of(model: &mut impl QuoteModel, inventory: Lots) -> DesiredQuotes {
    let level = |ticks| Level { price: Price(ticks), lots: Lots(1) };
    let touch = Touch { bid: level(90_000), ask: level(110_000) };
    let inputs = QuoteInputs {
        now: Nanos(0),
        touch: Some(touch),
        fair_ticks: touch.mid().to_ticks_f64(),
        sigma_ticks_per_sqrt_s: Some(50.0),
        inventory,
        arrivals: None,
        depth: None,
        hedge: None,
    };
    let mut quotes = DesiredQuotes::NONE;
    model.quote(&inputs, &mut quotes).unwrap();
    quotes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn the_models_move_quotes_down_when_long(one in -9_000..=9_000i64, other in -9_000..=9_000i64, infinite in any::<bool>()) {
        let horizon = if infinite { Horizon::Infinite } else { Horizon::Session(Span::from_secs(60)) };
        let params = AvellanedaParams {
            gamma: 0.1,
            k: 1.5,
            horizon,
            size: Lots(1_000),
            size_reducing_max: Lots(3_000),
            inventory_max: Lots(10_000),
            skew_max: Ticks(5_000),
        };
        let mut avellaneda = AvellanedaStoikov::new(params, scales()).unwrap();
        let far = (one - other).abs() >= 1_000;
        let shows = if far && one * other <= 0 { Shows::PricesAndSizes } else { Shows::Prices };
        let checked = check_skew_sign(Lots(one), Lots(other), shows, |inventory| quotes_of(&mut avellaneda, inventory));
        prop_assert!(checked.is_ok() || !far && checked == Err(SkewFault::NoPriceSkew), "{checked:?}");
    }
}

#[test]
fn a_fixed_spread_moves_its_quotes_and_not_its_sizes() {
    let params = FixedSpreadParams::plain(Ticks(20_000), 10.0, Lots(1_000), Lots(10_000));
    let mut fixed = FixedSpread::new(params, scales()).unwrap();
    let mut check =
        |shows| check_skew_sign(Lots(-5_000), Lots(5_000), shows, |lots| quotes_of(&mut fixed, lots));
    assert_eq!(check(Shows::Prices), Ok(()));
    assert_eq!(check(Shows::Sizes), Err(SkewFault::NoSizeSkew));
}
