//! Our mathematics and that of two other crates, equal in every digit.
#![cfg(test)]

use alloy_primitives::I256;
use alloy_primitives::aliases::{I24, U24, U160};
use ballast_pool::U256;
use ballast_pool::amount::{Rounding, Token, amount0, amount1};
use ballast_pool::fee::Growth;
use ballast_pool::range::Range;
use ballast_pool::step::{Quantity, price_after, swap_step};
use ballast_pool::tick::{SqrtPrice, Tick};
use ballast_pool_peers::{ours, price, theirs};
use proptest::prelude::*;
use uniswap_v3_math::{sqrt_price_math, swap_math, tick_math};
use uniswap_v3_sdk::prelude as sdk;

fn any_tick() -> impl Strategy<Value = Tick> {
    prop_oneof![-887_272..=887_272_i32, -1_000..=1_000_i32, Just(-887_272), Just(887_272)]
        .prop_map(|index| Tick::new(index).unwrap())
}

/// A price anywhere between two ticks, or exactly at one.
fn any_price() -> impl Strategy<Value = SqrtPrice> {
    (any_tick(), prop_oneof![Just(0), any::<u64>()]).prop_map(|(tick, part)| {
        let low = tick.sqrt_price().root();
        let step = low.mul_div(U256::from(part), U256::MAX.shr(180)).unwrap();
        SqrtPrice::new(low.wrapping_add(step.shr(12))).unwrap_or(tick.sqrt_price())
    })
}

fn any_liquidity() -> impl Strategy<Value = u128> {
    prop_oneof![any::<u128>(), any::<u64>().prop_map(u128::from), Just(1)]
}

fn any_amount() -> impl Strategy<Value = U256> {
    (any::<u128>(), 0..128_u32).prop_map(|(amount, shift)| U256::from((amount >> shift).max(1)))
}

#[test]
fn all_ticks_have_their_prices() {
    for index in (-887_272..=887_272).step_by(7).chain([887_272]) {
        let expected = tick_math::get_sqrt_ratio_at_tick(index).unwrap();
        let price = Tick::new(index).unwrap().sqrt_price();
        assert_eq!(theirs(price.root()), expected, "{index}");
        if index < 887_272 {
            assert_eq!(Tick::at(price).index(), index);
        }
    }
}

proptest! {
    #[test]
    fn ticks_and_prices(price in any_price(), tick in any_tick()) {
        let root = theirs(price.root());
        if price != SqrtPrice::MAX {
            prop_assert_eq!(Tick::at(price).index(), tick_math::get_tick_at_sqrt_ratio(root).unwrap());
            let other: I24 = sdk::get_tick_at_sqrt_ratio(U160::from(root)).unwrap();
            prop_assert_eq!(Tick::at(price).index(), other.as_i32());
        }
        let other = sdk::get_sqrt_ratio_at_tick(I24::try_from(tick.index()).unwrap()).unwrap();
        prop_assert_eq!(ballast_pool_peers::price(tick.sqrt_price()), other);
    }

    #[test]
    fn amounts(one in any_price(), other in any_price(), liquidity in any_liquidity()) {
        for (rounding, up) in [(Rounding::Down, false), (Rounding::Up, true)] {
            let (a, b) = (theirs(one.root()), theirs(other.root()));
            let zero = amount0(one, other, liquidity, rounding);
            prop_assert_eq!(theirs(zero), sqrt_price_math::_get_amount_0_delta(a, b, liquidity, up).unwrap());
            prop_assert_eq!(theirs(zero), sdk::get_amount_0_delta(price(one), price(other), liquidity, up).unwrap());
            let token1 = amount1(one, other, liquidity, rounding);
            prop_assert_eq!(theirs(token1), sqrt_price_math::_get_amount_1_delta(a, b, liquidity, up).unwrap());
            prop_assert_eq!(theirs(token1), sdk::get_amount_1_delta(price(one), price(other), liquidity, up).unwrap());
        }
    }

    #[test]
    fn prices_after(at in any_price(), liquidity in any_liquidity(), amount in any_amount(), zero: bool, is_in: bool) {
        let paid = if zero { Token::Zero } else { Token::One };
        let quantity = if is_in { Quantity::In(amount) } else { Quantity::Out(amount) };
        let expected = if is_in {
            sdk::get_next_sqrt_price_from_input(price(at), liquidity, theirs(amount), zero)
        } else {
            sdk::get_next_sqrt_price_from_output(price(at), liquidity, theirs(amount), zero)
        };
        // They go on with prices that no tick has, and that no pool reaches.
        let expected = expected.ok().and_then(|root| {
            let [first, second, third] = root.into_limbs();
            SqrtPrice::new(U256::from_words([first, second, third, 0])).ok()
        });
        prop_assert_eq!(price_after(at, liquidity, paid, quantity).ok(), expected);
    }

    #[test]
    fn steps(at in any_price(), target in any_price(), liquidity in any_liquidity(), amount in any_amount(),
        is_in: bool, fee in 0..1_000_000_u32) {
        let quantity = if is_in { Quantity::In(amount) } else { Quantity::Out(amount) };
        let Ok(step) = swap_step(at, target, liquidity, quantity, fee) else { return Ok(()) };
        let signed = I256::try_from(theirs(amount)).unwrap();
        let signed = if is_in { signed } else { -signed };
        let (next, paid, received, taken) =
            sdk::compute_swap_step(price(at), price(target), liquidity, signed, U24::from(fee)).unwrap();
        prop_assert_eq!((price(step.price), theirs(step.received)), (next, received));
        // Where a step ends before its target this crate takes what is to be traded for what is traded, as v4 of the contracts does: a
        // unit may be fee that is none there. What is paid in all is the same.
        prop_assert_eq!(theirs(step.paid.wrapping_add(step.fee)), paid + taken);
        if step.price == target {
            prop_assert_eq!((theirs(step.paid), theirs(step.fee)), (paid, taken));
        }
        let (next, paid, received, taken) =
            swap_math::compute_swap_step(theirs(at.root()), theirs(target.root()), liquidity, signed, fee).unwrap();
        prop_assert_eq!((step.price.root(), step.paid, step.received, step.fee), (ours(next), ours(paid), ours(received), ours(taken)));
    }

    #[test]
    fn fees(here in any_tick(), ends in (any_tick(), any_tick()), words in any::<[[u64; 4]; 6]>(), liquidity in any_liquidity()) {
        let Ok(range) = Range::new(ends.0, ends.1) else { return Ok(()) };
        let [lower, upper, global] = [0, 2, 4].map(|at| Growth { zero: U256::from_words(words[at]), one: U256::from_words(words[at + 1]) });
        let inside = global.inside(&range, here, &lower, &upper);
        let outside = |growth: &Growth| sdk::FeeGrowthOutside {
            fee_growth_outside0_x128: theirs(growth.zero),
            fee_growth_outside1_x128: theirs(growth.one),
        };
        let (zero, one) = sdk::get_fee_growth_inside(
            outside(&lower), outside(&upper), ends.0.index(), ends.1.index(), here.index(), theirs(global.zero), theirs(global.one),
        );
        prop_assert_eq!((theirs(inside.zero), theirs(inside.one)), (zero, one));
        let owed = inside.since(&lower).owed(liquidity);
        // Theirs does not cut to 128 digits.
        let cut = |number: alloy_primitives::U256| ours(number).lower();
        let (zero, one) = sdk::get_tokens_owed(
            theirs(lower.zero), theirs(lower.one), liquidity, theirs(inside.zero), theirs(inside.one),
        );
        prop_assert_eq!(owed, (cut(zero), cut(one)));
    }

    #[test]
    fn liquidity_for_amounts(at in any_price(), ends in (any_tick(), any_tick()), zero in any_amount(), one in any_amount()) {
        let Ok(range) = Range::new(ends.0, ends.1) else { return Ok(()) };
        let amounts = ballast_pool::amount::Amounts { zero, one };
        let Some(liquidity) = range.liquidity(at, &amounts) else { return Ok(()) };
        let expected = sdk::max_liquidity_for_amounts(
            price(at), price(range.low()), price(range.high()), theirs(zero), theirs(one), false,
        );
        prop_assert_eq!(liquidity.to_string(), expected.to_string());
    }
}
