use super::*;
use crate::amount::Rounding;
use crate::fee::Growth;
use crate::position::{PoolView, Position};
use crate::tick::Tick;
use proptest::prelude::*;

fn range(lower: i32, upper: i32) -> Range {
    Range::new(Tick::new(lower).unwrap(), Tick::new(upper).unwrap()).unwrap()
}

fn even() -> Units {
    Units::new(Token::Zero, (18, 18))
}

fn near(one: f64, other: f64, error: f64) -> bool {
    (one - other).abs() <= error * one.abs().max(other.abs()).max(1e-300)
}

/// Ranges, prices within and outside them, token orders and decimals.
fn any_curve() -> impl Strategy<Value = (Range, u128, Units, f64)> {
    let units = (
        any::<bool>(),
        prop_oneof![Just((18, 18)), Just((18, 6)), Just((6, 18)), Just((8, 6)), Just((0, 27))],
    );
    let units = units
        .prop_map(|(is_zero, decimals)| Units::new(if is_zero { Token::Zero } else { Token::One }, decimals));
    (-200_000..200_000_i32, 1_000..100_000_i32, 1_u128 << 70..1 << 110, units, -0.5..1.5_f64).prop_map(
        |(lower, width, liquidity, units, at)| {
            let range = range(lower, lower + width);
            let (low, high) = Curve::new(&range, liquidity, &units).bounds();
            (range, liquidity, units, low * libm::pow(high / low, at))
        },
    )
}

proptest! {
    #[test]
    fn slopes_are_what_they_are_called((range, liquidity, units, price) in any_curve()) {
        let curve = Curve::new(&range, liquidity, &units);
        let (low, high) = curve.bounds();
        let step = price * 1e-5;
        let is_near_end = |end: f64| (price - end).abs() < 4.0 * step;
        prop_assume!(!is_near_end(low) && !is_near_end(high));
        let slope = (curve.value(price + step) - curve.value(price - step)) / (2.0 * step);
        prop_assert!((slope - curve.base(price)).abs() <= 1e-6 * curve.base(low), "{slope} {}", curve.base(price));
        let bend = (curve.base(price + step) - curve.base(price - step)) / (2.0 * step);
        prop_assert!((bend - curve.gamma(price)).abs() <= 1e-6 * curve.base(low) / price, "{bend} {}", curve.gamma(price));
    }

    #[test]
    fn it_holds_what_the_pool_would_pay((range, liquidity, units, _) in any_curve(), at in 0..=1_000_u16) {
        let steps = i64::from(range.upper().index() - range.lower().index()) * i64::from(at) / 1_000;
        let tick = Tick::new(range.lower().index() + i32::try_from(steps).unwrap()).unwrap();
        let amounts = range.amounts(tick.sqrt_price(), liquidity, Rounding::Down);
        let (base, quote) = units.sides(&amounts);
        let curve = Curve::new(&range, liquidity, &units);
        let price = units.price(tick.sqrt_price());
        // One smallest unit of the token, and what floats lose.
        let unit = |token| units.whole(token, U256::ONE);
        let (low, high) = curve.bounds();
        prop_assert!((curve.base(price) - base).abs() <= unit(units.base()) + 1e-9 * curve.base(low));
        prop_assert!((curve.quote(price) - quote).abs() <= unit(units.base().other()) + 1e-9 * curve.quote(high));
    }

    #[test]
    fn holding_is_never_worse((range, liquidity, units, price) in any_curve(), from in -0.5..1.5_f64) {
        let curve = Curve::new(&range, liquidity, &units);
        let (low, high) = curve.bounds();
        let entry = low * libm::pow(high / low, from);
        let scale = curve.value(high) + curve.base(low) * price;
        prop_assert!(curve.against_holding(entry, price) <= 1e-9 * scale);
        prop_assert!(curve.against_holding(entry, entry).abs() <= 1e-9 * scale);
        prop_assert!(curve.against_rebalancing(price, 0.04) >= 0.0);
    }

    #[test]
    fn the_order_of_tokens_is_a_name((range, liquidity, units, price) in any_curve()) {
        // The same position in a pool of the same tokens in the other order.
        let turned = Range::new(Tick::new(-range.upper().index()).unwrap(), Tick::new(-range.lower().index()).unwrap());
        let other = Units::new(units.base().other(), (units.decimals().1, units.decimals().0));
        let one = Curve::new(&range, liquidity, &units);
        let other = Curve::new(&turned.unwrap(), liquidity, &other);
        let scale = one.value(price);
        prop_assert!((one.value(price) - other.value(price)).abs() <= 1e-7 * scale);
        prop_assert!(near(one.gamma(price), other.gamma(price), 1e-7) || near(price, one.bounds().0, 1e-7) || near(price, one.bounds().1, 1e-7));
    }
}

#[test]
fn the_whole_range_loses_an_eighth_of_the_variance() {
    // The paper's example of a constant product: the rate by value is σ²/8.
    let curve = Curve::new(&range(-887_272, 887_272), 1 << 90, &even());
    let rate = curve.against_rebalancing(2.0, 0.09) / curve.value(2.0);
    assert!(near(rate, 0.09 / 8.0, 1e-9), "{rate}");
    assert!(Curve::new(&range(10, 20), 1 << 90, &even()).against_rebalancing(2.0, 0.09) <= 0.0);
}

#[test]
fn a_constant_product_loses_as_the_textbook_says() {
    // 2·√r / (1 + r) − 1 for a price that rose to r: 4 → −20 %.
    let curve = Curve::new(&range(-887_272, 887_272), 1 << 90, &even());
    let held = curve.base(1.0) * 4.0 + curve.quote(1.0);
    let loss = curve.against_holding(1.0, 4.0) / held;
    assert!(near(loss, -0.2, 1e-9), "{loss}");
}

#[test]
fn beyond_its_range_it_is_one_token() {
    let curve = Curve::new(&range(-1_000, 1_000), 1 << 90, &even());
    let (low, high) = curve.bounds();
    assert_eq!((curve.quote(low * 0.5), curve.base(high * 2.0)), (0.0, 0.0));
    assert_eq!((curve.gamma(low * 0.5), curve.gamma(high * 2.0)), (0.0, 0.0));
    assert!(near(curve.value(high * 2.0), curve.value(high * 3.0), 1e-15));
    assert!(near(curve.value(low * 0.5), curve.base(low) * low * 0.5, 1e-12));
    assert!(curve.gamma(1.0) < 0.0);
}

#[test]
fn prices_are_in_whole_tokens_of_the_quote() {
    // USDC with 6 digits is token 0, WETH with 18 token 1: tick 199045 is 2 269.7 USDC for one.
    let units = Units::new(Token::One, (6, 18));
    let price = units.price(Tick::new(199_045).unwrap().sqrt_price());
    assert!((2_269.0..2_270.5).contains(&price), "{price}");
    let turned = Units::new(Token::Zero, units.decimals());
    assert!(near(turned.price(Tick::new(199_045).unwrap().sqrt_price()), 1.0 / price, 1e-12));
    assert!(near(units.whole(Token::Zero, U256::from(2_500_000_u64)), 2.5, 1e-15));
}

#[test]
fn fees_count_in_value_and_delta() {
    let units = Units::new(Token::One, (6, 18));
    let position = Position {
        range: range(198_000, 200_000),
        liquidity: 1 << 60,
        growth_last: Growth::default(),
        owed: (3_000_000, 1 << 60),
    };
    let tick = Tick::new(199_045).unwrap();
    let growth = Growth::default();
    let view = PoolView { price: tick.sqrt_price(), tick, growth, lower: growth, upper: growth };
    let worth = position.worth(&view);
    let curve = Curve::new(&position.range, position.liquidity, &units);
    let mark = Mark::new(&worth, view.price, &curve, &units);
    assert!(near(mark.fees_quote, 3.0, 1e-15));
    assert!(mark.fees_base > 1.15 && mark.fees_base < 1.16);
    assert!(near(mark.delta, mark.base + mark.fees_base, 1e-15));
    assert!(near(mark.value, mark.delta * mark.price + mark.quote + 3.0, 1e-15));
    assert!(near(mark.value - 3.0 - mark.fees_base * mark.price, curve.value(mark.price), 1e-6));
    assert!(near(mark.gamma, curve.gamma(mark.price), 1e-15));
}
