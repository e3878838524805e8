use super::*;
use crate::tick::Tick;
use proptest::prelude::*;

fn price(tick: i32) -> SqrtPrice {
    Tick::new(tick).unwrap().sqrt_price()
}

/// The root of 121 ÷ 100, as the tests of the contract have it.
fn root_of_121_100() -> SqrtPrice {
    SqrtPrice::new("87150978765690771352898345369".parse().unwrap()).unwrap()
}

#[test]
fn amounts_are_those_of_the_contracts_own_tests() {
    let liquidity = 1_000_000_000_000_000_000;
    let (one, other) = (price(0), root_of_121_100());
    let up = amount0(one, other, liquidity, Rounding::Up);
    assert_eq!(up, U256::from(90_909_090_909_090_910_u64));
    assert_eq!(amount0(one, other, liquidity, Rounding::Down), U256::from(90_909_090_909_090_909_u64));
    assert_eq!(amount1(one, other, liquidity, Rounding::Up), U256::from(100_000_000_000_000_000_u64));
    assert_eq!(amount1(one, other, liquidity, Rounding::Down), U256::from(99_999_999_999_999_999_u64));
}

#[test]
fn the_order_of_prices_and_the_token_do_not_matter() {
    let (one, other) = (price(-40), price(1_000));
    for token in [Token::Zero, Token::One] {
        for rounding in [Rounding::Down, Rounding::Up] {
            let there = amount(token, one, other, 77_777, rounding);
            assert_eq!(there, amount(token, other, one, 77_777, rounding));
            assert_eq!(amount(token, one, one, 77_777, rounding), U256::ZERO);
            assert_eq!(amount(token, one, other, 0, rounding), U256::ZERO);
        }
        assert_eq!(token.other().other(), token);
    }
    assert_ne!(
        amount(Token::Zero, one, other, 77_777, Rounding::Up),
        amount(Token::One, one, other, 77_777, Rounding::Up)
    );
}

#[test]
fn the_greatest_amounts_fit() {
    let zero = amount0(SqrtPrice::MIN, SqrtPrice::MAX, u128::MAX, Rounding::Up);
    let one = amount1(SqrtPrice::MIN, SqrtPrice::MAX, u128::MAX, Rounding::Up);
    assert_eq!(zero.bits(), 128 + 64);
    assert_eq!(one.bits(), 128 + 64);
}

#[test]
fn no_range_has_no_liquidity_for_an_amount() {
    assert_eq!(liquidity0(price(5), price(5), U256::ONE), None);
    assert_eq!(liquidity1(price(5), price(5), U256::ONE), None);
    assert_eq!(liquidity1(price(5), price(6), U256::MAX), None);
    assert_eq!(liquidity0(price(5), price(6), U256::ZERO), Some(0));
}

proptest! {
    #[test]
    fn rounding_differs_by_two_units_at_most_and_names_the_way(
        ticks in (-887_272..887_272_i32, -887_272..887_272_i32), liquidity: u128,
    ) {
        let (one, other) = (price(ticks.0), price(ticks.1));
        for token in [Token::Zero, Token::One] {
            let down = amount(token, one, other, liquidity, Rounding::Down);
            let up = amount(token, one, other, liquidity, Rounding::Up);
            let between = up.checked_sub(down);
            prop_assert!(between.is_some_and(|between| between <= U256::from(2_u64)), "{:?} {:?}", down, up);
        }
    }

    #[test]
    fn amounts_are_those_of_the_formula(
        lower in -400_000..400_000_i32, width in 1..200_000_i32, liquidity in 1_u128 << 100..u128::MAX,
    ) {
        let (one, other) = (price(lower), price(lower + width));
        let (low, high) = (one.to_f64(), other.to_f64());
        let whole = U256::from(liquidity).to_f64();
        let zero = amount0(one, other, liquidity, Rounding::Down).to_f64();
        prop_assert!((zero / (whole * (1.0 / low - 1.0 / high)) - 1.0).abs() < 1e-6);
        let one = amount1(one, other, liquidity, Rounding::Down).to_f64();
        prop_assert!((one / (whole * (high - low)) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_liquidity_needs_no_more_than_it_is_given_for(
        lower in -400_000..400_000_i32, width in 1..200_000_i32, given in 1..u64::MAX,
    ) {
        let (one, other) = (price(lower), price(lower + width));
        let given = U256::from(given);
        if let Some(liquidity) = liquidity0(one, other, given) {
            prop_assert!(amount0(one, other, liquidity, Rounding::Down) <= given);
        }
        if let Some(liquidity) = liquidity1(one, other, given) {
            prop_assert!(amount1(one, other, liquidity, Rounding::Down) <= given);
            prop_assert!(amount1(one, other, liquidity + 1, Rounding::Up) >= given);
        }
    }
}
