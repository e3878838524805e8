use super::*;
use crate::amount::{amount0, amount1};
use crate::tick::Tick;
use proptest::prelude::*;

const ETHER: u128 = 1_000_000_000_000_000_000;

fn root(digits: &str) -> SqrtPrice {
    SqrtPrice::new(digits.parse().unwrap()).unwrap()
}

fn one() -> SqrtPrice {
    Tick::new(0).unwrap().sqrt_price()
}

/// The figures that the contract's own tests expect (`SwapMath.spec.ts`).
#[test]
fn steps_are_those_of_the_contracts_own_tests() {
    let target = root("79623317895830914510639640423"); // the root of 101 ÷ 100
    let liquidity = 2 * ETHER;
    let step = swap_step(one(), target, liquidity, Quantity::In(ETHER.into()), 600).unwrap();
    assert_eq!(step.paid, U256::from(9_975_124_224_178_055_u64));
    assert_eq!(step.fee, U256::from(5_988_667_735_148_u64));
    assert_eq!(step.received, U256::from(9_925_619_580_021_728_u64));
    assert_eq!(step.price, target);
    let step = swap_step(one(), target, liquidity, Quantity::Out(ETHER.into()), 600).unwrap();
    assert_eq!(step.paid, U256::from(9_975_124_224_178_055_u64));
    assert_eq!(step.fee, U256::from(5_988_667_735_148_u64));
    assert_eq!(step.received, U256::from(9_925_619_580_021_728_u64));

    let far = root("250541448375047931186413801569"); // the root of 1000 ÷ 100
    let step = swap_step(one(), far, liquidity, Quantity::In(ETHER.into()), 600).unwrap();
    assert_eq!(step.paid, U256::from(999_400_000_000_000_000_u64));
    assert_eq!(step.fee, U256::from(600_000_000_000_000_u64));
    assert_eq!(step.received, U256::from(666_399_946_655_997_866_u64));
    let far = root("792281625142643375935439503360"); // the root of 10000 ÷ 100
    let step = swap_step(one(), far, liquidity, Quantity::Out(ETHER.into()), 600).unwrap();
    assert_eq!(step.paid, U256::from(2 * ETHER));
    assert_eq!(step.fee, U256::from(1_200_720_432_259_356_u64));
    assert_eq!(step.received, U256::from(ETHER));
}

#[test]
fn what_is_received_is_never_more_than_asked_for() {
    let price = root("417332158212080721273783715441582");
    let target = root("1452870262520218020823638996");
    let liquidity = 159_344_665_391_607_089_467_575_320_103;
    let step = swap_step(price, target, liquidity, Quantity::Out(U256::ONE), 1).unwrap();
    assert_eq!(step.received, U256::ONE);
    assert_eq!((step.paid, step.fee), (U256::ONE, U256::ONE));
    assert_eq!(step.price, root("417332158212080721273783715441581"));
}

#[test]
fn prices_after_are_those_of_the_contracts_own_tests() {
    let tenth = Quantity::In(U256::from(ETHER / 10));
    let after = |paid, quantity| price_after(one(), ETHER, paid, quantity);
    assert_eq!(after(Token::One, tenth), Ok(root("87150978765690771352898345369")));
    assert_eq!(after(Token::Zero, tenth), Ok(root("72025602285694852357767227579")));
    let tenth = Quantity::Out(U256::from(ETHER / 10));
    assert_eq!(after(Token::One, tenth), Ok(root("88031291682515930659493278152")));
    assert_eq!(after(Token::Zero, tenth), Ok(root("71305346262837903834189555302")));
    assert_eq!(after(Token::Zero, Quantity::In(U256::ZERO)), Ok(one()));
}

#[test]
fn more_than_there_is_is_refused() {
    let price = root("20282409603651670423947251286016");
    let out = |paid, amount: u64| price_after(price, 1_024, paid, Quantity::Out(U256::from(amount)));
    assert_eq!(out(Token::Zero, 262_145), Err(PoolError::TooMuch));
    assert_eq!(out(Token::One, 4), Err(PoolError::TooMuch));
    assert_eq!(out(Token::One, 5), Err(PoolError::TooMuch));
    assert_eq!(price_after(price, 0, Token::One, Quantity::In(U256::ONE)), Err(PoolError::NoLiquidity));
    let whole = Quantity::In(U256::ONE);
    assert_eq!(swap_step(price, SqrtPrice::MIN, 1, whole, 1_000_000), Err(PoolError::Fee));
}

#[test]
fn where_there_is_no_liquidity_a_step_goes_through() {
    let target = Tick::new(-7).unwrap().sqrt_price();
    let step = swap_step(one(), target, 0, Quantity::In(U256::from(9_u64)), 3_000).unwrap();
    assert_eq!(step, Step { price: target, paid: U256::ZERO, received: U256::ZERO, fee: U256::ZERO });
}

proptest! {
    /// What the contract's own properties say (`SwapMathEchidnaTest.sol`).
    #[test]
    fn a_step_takes_enough_and_gives_not_too_much(
        ticks in (-800_000..800_000_i32, -800_000..800_000_i32), liquidity in 1..u128::MAX >> 20,
        amount in 1..u128::MAX, is_in: bool, fee in 0..1_000_000_u32,
    ) {
        let [price, target] = [ticks.0, ticks.1].map(|index| Tick::new(index).unwrap().sqrt_price());
        let amount = U256::from(amount);
        let quantity = if is_in { Quantity::In(amount) } else { Quantity::Out(amount) };
        let Ok(step) = swap_step(price, target, liquidity, quantity, fee) else { return Ok(()) };
        if is_in {
            prop_assert!(step.paid.wrapping_add(step.fee) <= amount);
        } else {
            prop_assert!(step.received <= amount);
        }
        if step.price != target {
            let used = if is_in { step.paid.wrapping_add(step.fee) } else { step.received };
            prop_assert_eq!(used, amount);
        }
        let is_before = if target <= price { step.price >= target } else { step.price <= target };
        prop_assert!(is_before);
        // What is paid covers what the new price asks for, what is received is covered by it.
        let (zero, one) = if target <= price { (step.paid, step.received) } else { (step.received, step.paid) };
        let asked_zero = amount0(price, step.price, liquidity, Rounding::Down);
        let asked_one = amount1(price, step.price, liquidity, Rounding::Down);
        if target <= price {
            prop_assert!(zero >= asked_zero && one <= asked_one);
        } else {
            prop_assert!(zero <= asked_zero && one >= asked_one);
        }
        let least = step.paid.mul_div(U256::from(u64::from(fee)), U256::from(1_000_000_u64)).unwrap();
        prop_assert!(step.fee >= least);
    }
}
