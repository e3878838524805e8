use super::paper::{PAPER, paper_quotes};
use super::*;
use crate::book::Level;
use crate::model::tests::{inputs, level, linear, only, spec, wanted};
use ballast_model::Side;
use proptest::prelude::*;

#[test]
fn quotes_centre_on_the_reservation_price() {
    // Eq. 29: r = s − qγσ²(T − t), here 100 − q·0.1·4·0.75.
    for q in [-7, -1, 0, 1, 2, 12] {
        let (bid, ask) = paper_quotes(PAPER, 100.0, q, 0.25);
        let reservation = 100.0 - q as f64 * 0.3;
        assert!((f64::midpoint(bid, ask) - reservation).abs() < 2e-6, "q {q}: {bid} {ask}");
    }
}

#[test]
fn sessions_follow_each_other() {
    let (first, next) = (paper_quotes(PAPER, 100.0, 3, 0.4), paper_quotes(PAPER, 100.0, 3, 7.4));
    assert!((first.0 - next.0).abs() < 2e-6 && (first.1 - next.1).abs() < 2e-6);
}

#[test]
fn the_infinite_horizon_is_the_one_of_section_2_3() {
    let q_max = 10.0;
    let params = AvellanedaParams { horizon: Horizon::Infinite, inventory_max: Lots(10), ..PAPER };
    let gamma = params.gamma;
    let arrival = libm::log(1.0 + gamma / params.k) / gamma;
    for sigma in [0.5, 2.0, 40.0] {
        // As printed, with the variance: it has to cancel.
        let variance = gamma * gamma * sigma * sigma;
        let omega = 0.5 * variance * (q_max + 1.0) * (q_max + 1.0);
        for q in -9..=9i64 {
            let of = |one: f64| {
                let q = q as f64;
                100.0 + libm::log(1.0 + (one - 2.0 * q) * variance / (2.0 * omega - variance * q * q)) / gamma
            };
            let (bid, ask) = paper_quotes(params, 100.0, q, 0.0);
            assert!((ask - (of(1.0) + arrival)).abs() < 2e-6, "sigma {sigma}, q {q}: ask {ask}");
            assert!((bid - (of(-1.0) - arrival)).abs() < 2e-6, "sigma {sigma}, q {q}: bid {bid}");
        }
    }
}

/// A realistic instrument: tick 0.01, lot 0.001, price near 2500, orders of 0.05.
const PARAMS: AvellanedaParams = AvellanedaParams {
    gamma: 0.05,
    k: 20.0,
    horizon: Horizon::Session(Span::from_secs(60)),
    size: Lots(50),
    size_reducing_max: Lots(80),
    inventory_max: Lots(500),
    skew_max: Ticks(30),
};

fn quotes_of(params: AvellanedaParams, inputs: &QuoteInputs) -> Result<(Option<Level>, Option<Level>), Hold> {
    let mut model = AvellanedaStoikov::new(params, linear("0.01", "0.001")).unwrap();
    wanted(&mut model, inputs).map(|quotes| (only(&quotes, Side::Bid), only(&quotes, Side::Ask)))
}

#[test]
fn the_skew_of_a_position_is_in_price_units_and_does_not_depend_on_the_order_size() {
    // q·γ·σ²·(T − t) = 0.1 base · 0.05 · (0.2 quote/√s)² · 60 s = 0.012 quote = 1.2 ticks: mid 250000 becomes 249998.8.
    for size in [10, 50, 100] {
        let params = AvellanedaParams { size: Lots(size), size_reducing_max: Lots(size), k: 0.5, ..PARAMS };
        let at = QuoteInputs {
            inventory: Lots(100),
            sigma_ticks_per_sqrt_s: Some(20.0),
            ..inputs(249_000, 251_000)
        };
        let (bid, ask) = quotes_of(params, &at).unwrap();
        let (flat_bid, flat_ask) = quotes_of(params, &QuoteInputs { inventory: Lots(0), ..at }).unwrap();
        for (skewed, flat) in [(bid, flat_bid), (ask, flat_ask)] {
            let shift = skewed.unwrap().price - flat.unwrap().price;
            assert!((-2..=-1).contains(&shift.0), "{shift:?}");
        }
    }
}

#[test]
fn inverse_orders_are_worth_their_base_amount() {
    // 1000 contracts of 100 USD at 10 000.0 are 10 base units; the linear twin trades 10 base units of lot 1.
    let params = AvellanedaParams { gamma: 0.01, k: 0.5, skew_max: Ticks(1_000), ..PARAMS };
    let inverse = AvellanedaParams {
        size: Lots(1_000),
        size_reducing_max: Lots(1_000),
        inventory_max: Lots(10_000),
        ..params
    };
    let twin =
        AvellanedaParams { size: Lots(10), size_reducing_max: Lots(10), inventory_max: Lots(100), ..params };
    let at =
        QuoteInputs { sigma_ticks_per_sqrt_s: Some(3.0), inventory: Lots(30), ..inputs(99_990, 100_010) };
    let twin = wanted(&mut AvellanedaStoikov::new(twin, linear("0.1", "1")).unwrap(), &at).unwrap();
    let mut inverse =
        AvellanedaStoikov::new(inverse, Scales::new(&spec("0.1", "1", Contract::Inverse, 100))).unwrap();
    let inverse = wanted(&mut inverse, &QuoteInputs { inventory: Lots(3_000), ..at }).unwrap();
    for side in Side::BOTH {
        assert_eq!(only(&inverse, side).map(|l| l.price), only(&twin, side).map(|l| l.price), "{side:?}");
    }
}

#[test]
fn what_is_missing_or_not_finite_holds() {
    let at = inputs(250_000, 250_001);
    let session = |inputs| quotes_of(PARAMS, &inputs);
    assert_eq!(session(QuoteInputs { sigma_ticks_per_sqrt_s: None, ..at }), Err(Hold::NoVolatility));
    for bad in [f64::NAN, f64::INFINITY] {
        assert_eq!(session(QuoteInputs { sigma_ticks_per_sqrt_s: Some(bad), ..at }), Err(Hold::NotFinite));
        assert_eq!(session(QuoteInputs { fair_ticks: bad, ..at }), Err(Hold::NotFinite));
    }
    let infinite = AvellanedaParams { horizon: Horizon::Infinite, ..PARAMS };
    assert!(quotes_of(infinite, &QuoteInputs { sigma_ticks_per_sqrt_s: None, ..at }).is_ok());
}

#[test]
fn quotes_that_would_meet_hold() {
    // A spread far below one tick around a fair value on the grid, inside a wide touch.
    let params = AvellanedaParams { gamma: 1e-15, k: 1e15, ..PARAMS };
    assert_eq!(quotes_of(params, &inputs(249_999, 250_001)), Err(Hold::QuotesCrossed));
}

#[test]
fn a_bid_below_one_tick_is_left_out_and_the_ask_stays() {
    let params = AvellanedaParams { k: 5.0, ..PARAMS };
    let (bid, ask) = quotes_of(params, &inputs(3, 5)).unwrap();
    assert_eq!(bid, None);
    assert!(ask.is_some());
}

#[test]
fn only_the_adding_side_stops_at_the_limit() {
    for horizon in [PARAMS.horizon, Horizon::Infinite] {
        let sides = |inventory| {
            let at = QuoteInputs { inventory: Lots(inventory), ..inputs(250_000, 250_001) };
            let (bid, ask) = quotes_of(AvellanedaParams { horizon, ..PARAMS }, &at).unwrap();
            (bid.map(|bid| bid.lots), ask.map(|ask| ask.lots))
        };
        assert_eq!(sides(0), (Some(Lots(50)), Some(Lots(50))));
        assert_eq!(sides(450), (Some(Lots(50)), Some(Lots(77))));
        assert_eq!(sides(451), (None, Some(Lots(77))));
        assert_eq!(sides(500), (None, Some(Lots(80))));
        assert_eq!(sides(5_000), (None, Some(Lots(80)))); // far beyond: still able to unwind
        assert_eq!(sides(-451), (Some(Lots(77)), None));
        assert_eq!(sides(-5_000), (Some(Lots(80)), None));
    }
}

#[test]
fn parameters_outside_their_ranges_are_refused() {
    let refused = |params| AvellanedaStoikov::new(params, linear("0.01", "0.001")).err();
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(refused(AvellanedaParams { gamma: bad, ..PARAMS }), Some(ModelParamError::Gamma));
        assert_eq!(refused(AvellanedaParams { k: bad, ..PARAMS }), Some(ModelParamError::K));
    }
    let horizon = Horizon::Session(Span::ZERO);
    assert_eq!(refused(AvellanedaParams { horizon, ..PARAMS }), Some(ModelParamError::Horizon));
    assert_eq!(refused(AvellanedaParams { size: Lots(0), ..PARAMS }), Some(ModelParamError::Size));
    assert_eq!(
        refused(AvellanedaParams { size_reducing_max: Lots(49), ..PARAMS }),
        Some(ModelParamError::SizeReducingMax)
    );
    assert_eq!(
        refused(AvellanedaParams { inventory_max: Lots(49), ..PARAMS }),
        Some(ModelParamError::InventoryMax)
    );
    assert_eq!(refused(AvellanedaParams { skew_max: Ticks(-1), ..PARAMS }), Some(ModelParamError::SkewMax));
}

fn horizon() -> impl Strategy<Value = Horizon> {
    prop_oneof![Just(Horizon::Session(Span::from_secs(60))), Just(Horizon::Infinite)]
}

prop_compose! {
    /// Any market of the realistic instrument, up to a wild volatility.
    fn market()(
        bid in 100_000..400_000i64, spread in 1..50i64, share in 0.0..1.0f64, sigma in 0.0..500.0f64,
        now in 0..120_000i64, inventory in -600..600i64,
    ) -> QuoteInputs {
        QuoteInputs {
            now: Nanos::from_millis(now),
            fair_ticks: bid as f64 + spread as f64 * share,
            sigma_ticks_per_sqrt_s: Some(sigma),
            inventory: Lots(inventory),
            ..inputs(bid, bid + spread)
        }
    }
}

proptest! {
    #[test]
    fn more_inventory_never_raises_a_quote(horizon in horizon(), at in market(), more in 1..300i64) {
        let params = AvellanedaParams { horizon, ..PARAMS };
        let (bid, ask) = quotes_of(params, &at).unwrap();
        let longer = QuoteInputs { inventory: at.inventory + Lots(more), ..at };
        let (longer_bid, longer_ask) = quotes_of(params, &longer).unwrap();
        if let Some((bid, longer_bid)) = bid.zip(longer_bid) {
            prop_assert!(longer_bid.price <= bid.price && longer_bid.lots <= bid.lots);
        }
        if let Some((ask, longer_ask)) = ask.zip(longer_ask) {
            prop_assert!(longer_ask.price <= ask.price && longer_ask.lots >= ask.lots);
        }
    }

    #[test]
    fn a_long_position_lowers_both_quotes(horizon in horizon(), at in market(), inventory in 100..450i64) {
        // Fair value in the middle of a touch too wide to clamp, and risk enough for more than a tick of skew.
        let at = QuoteInputs { sigma_ticks_per_sqrt_s: Some(50.0), now: Nanos(0), ..at };
        let wide = QuoteInputs { touch: inputs(1_000, 900_000).touch, ..at };
        let params = AvellanedaParams { horizon, ..PARAMS };
        let (flat_bid, flat_ask) = quotes_of(params, &QuoteInputs { inventory: Lots(0), ..wide }).unwrap();
        let (bid, ask) = quotes_of(params, &QuoteInputs { inventory: Lots(inventory), ..wide }).unwrap();
        prop_assert!(bid.unwrap().price < flat_bid.unwrap().price);
        prop_assert!(ask.unwrap().price < flat_ask.unwrap().price);
    }

    #[test]
    fn the_skew_is_bounded(horizon in horizon(), at in market()) {
        let wide = QuoteInputs { touch: inputs(1_000, 900_000).touch, ..at };
        let params = AvellanedaParams { horizon, ..PARAMS };
        let (bid, ask) = quotes_of(params, &wide).unwrap();
        let (flat_bid, flat_ask) = quotes_of(params, &QuoteInputs { inventory: Lots(0), ..wide }).unwrap();
        for (skewed, flat) in [(bid, flat_bid), (ask, flat_ask)] {
            if let Some((skewed, flat)) = skewed.zip(flat) {
                prop_assert!((skewed.price - flat.price).0.abs() <= PARAMS.skew_max.0);
            }
        }
    }

    #[test]
    fn quotes_never_take(horizon in horizon(), at in market()) {
        let (bid, ask) = quotes_of(AvellanedaParams { horizon, ..PARAMS }, &at).unwrap();
        let touch = at.touch.unwrap();
        prop_assert!(bid.is_none_or(|bid| bid.price < touch.ask.price));
        prop_assert!(ask.is_none_or(|ask| ask.price > touch.bid.price));
        prop_assert!(bid.zip(ask).is_none_or(|(bid, ask)| bid.price < ask.price));
        prop_assert!(bid.is_some() || ask.is_some());
    }

    #[test]
    fn one_lot_more_changes_the_layout_by_little(at in market(), inventory in -449..448i64) {
        // No jump at zero or anywhere: a lot moves a quote by its share of the risk, and rounding by one tick. Sessions only:
        // the infinite horizon is steep near its inventory limit by design, its logarithm diverges there.
        let calm = QuoteInputs { sigma_ticks_per_sqrt_s: Some(20.0), inventory: Lots(inventory), ..at };
        let params = PARAMS;
        let (bid, ask) = quotes_of(params, &calm).unwrap();
        let (next_bid, next_ask) = quotes_of(params, &QuoteInputs { inventory: Lots(inventory + 1), ..calm }).unwrap();
        for (one, next) in [(bid, next_bid), (ask, next_ask)] {
            let (one, next) = (one.unwrap(), next.unwrap());
            prop_assert!((next.price - one.price).0.abs() <= 2, "{one:?} {next:?}");
            prop_assert!((next.lots - one.lots).0.abs() <= 1);
        }
    }
}

#[test]
fn a_skew_through_the_touch_stops_there() {
    let params = AvellanedaParams { skew_max: Ticks(10_000), ..PARAMS };
    let at = QuoteInputs {
        sigma_ticks_per_sqrt_s: Some(1_000.0),
        inventory: Lots(-400),
        ..inputs(250_000, 250_001)
    };
    let (bid, _) = quotes_of(params, &at).unwrap();
    assert_eq!(bid, Some(level(250_000, 74))); // very short: joins the best bid and does not take
}
