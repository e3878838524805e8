use super::*;
use alloc::vec::Vec;
use proptest::prelude::*;

fn tick(index: i32) -> Tick {
    Tick::new(index).unwrap()
}

fn range(lower: i32, upper: i32) -> Range {
    Range::new(tick(lower), tick(upper)).unwrap()
}

fn pool(index: i32) -> Pool {
    Pool::new(tick(index).sqrt_price(), 3_000, 60, [ProtocolFee::Off; 2]).unwrap()
}

fn paid(amount: u128) -> Quantity {
    Quantity::In(U256::from(amount))
}

const MUCH: u128 = 1 << 70;

#[test]
fn liquidity_counts_where_the_price_is_in_its_range() {
    let mut pool = pool(0);
    pool.mint(&range(-60, 60), 7).unwrap();
    pool.mint(&range(0, 60), 11).unwrap();
    pool.mint(&range(-60, 0), 13).unwrap();
    assert_eq!(pool.state().liquidity, 18);
    pool.burn(&range(0, 60), 10).unwrap();
    pool.burn(&range(-60, 0), 13).unwrap();
    assert_eq!(pool.state().liquidity, 8);
    assert_eq!(pool.ticks().get(tick(0)), TickInfo { gross: 1, net: 1, outside: Growth::default() });
    assert_eq!(pool.ticks().get(tick(-60)).gross, 7);
}

#[test]
fn what_a_pool_refuses_leaves_it_as_it_was() {
    let mut pool = pool(0);
    pool.mint(&range(-60, 60), MUCH).unwrap();
    let before = pool.clone();
    assert_eq!(pool.mint(&range(-60, 60), 0), Err(PoolError::NoLiquidity));
    assert_eq!(pool.mint(&range(-61, 60), 1), Err(PoolError::Tick));
    assert_eq!(pool.mint(&range(-60, 61), 1), Err(PoolError::Tick));
    assert_eq!(pool.mint(&range(-60, 120), u128::MAX), Err(PoolError::Overflow));
    assert_eq!(pool.burn(&range(-60, 60), MUCH + 1), Err(PoolError::TooMuch));
    assert_eq!(pool.burn(&range(-120, 60), 1), Err(PoolError::TooMuch));
    assert_eq!(pool.swap(Token::Zero, paid(0), None), Err(PoolError::TooMuch));
    let price = pool.state().price;
    assert_eq!(pool.swap(Token::Zero, paid(1), Some(price)), Err(PoolError::Limit));
    assert_eq!(pool.swap(Token::One, paid(1), Some(tick(-1).sqrt_price())), Err(PoolError::Limit));
    assert_eq!(pool.swap(Token::Zero, paid(1), Some(SqrtPrice::MIN)), Err(PoolError::Limit));
    assert_eq!(pool.adopt(price, tick(5), 1), Err(PoolError::Price));
    assert_eq!(pool.state(), before.state());
    assert!(pool.ticks().iter().eq(before.ticks().iter()));
    assert!(Pool::new(price, 1_000_000, 60, [ProtocolFee::Off; 2]).is_err());
    assert!(Pool::new(SqrtPrice::MAX, 1, 60, [ProtocolFee::Off; 2]).is_err());
}

#[test]
fn a_swap_crosses_ticks_and_back() {
    let mut pool = pool(-30);
    pool.mint(&range(-60, 60), MUCH).unwrap();
    pool.mint(&range(-600, -60), MUCH / 2).unwrap();
    let down = pool.swap(Token::Zero, paid(MUCH / 100), None).unwrap();
    assert_eq!(down.after.liquidity, MUCH / 2);
    assert!(down.after.tick < tick(-60));
    assert_eq!(pool.passed().len(), 2);
    assert_eq!(pool.passed()[0].liquidity, MUCH);
    let up = pool.swap(Token::One, Quantity::Out(down.paid), Some(tick(59).sqrt_price())).unwrap();
    assert_eq!(up.after.liquidity, MUCH);
    // Both ways cost a fee.
    assert!(up.paid > down.received);
}

#[test]
fn a_price_that_falls_to_a_tick_is_below_it() {
    let mut pool = pool(0);
    pool.mint(&range(-60, 60), MUCH).unwrap();
    let end = tick(-60).sqrt_price();
    let trade = pool.swap(Token::Zero, paid(MUCH), Some(end)).unwrap();
    assert_eq!((trade.after.price, trade.after.tick, trade.after.liquidity), (end, tick(-61), 0));
    let trade = pool.swap(Token::One, paid(1), None).unwrap();
    assert_eq!(trade.after.liquidity, MUCH);
    assert!(trade.after.tick >= tick(-60));
}

#[test]
fn protocols_keep_their_part_of_each_step() {
    let price = tick(0).sqrt_price();
    let mut with =
        Pool::new(price, 500, 10, [ProtocolFee::TenThousandths(3_400), ProtocolFee::OneIn(4)]).unwrap();
    let mut without = Pool::new(price, 500, 10, [ProtocolFee::Off; 2]).unwrap();
    for pool in [&mut with, &mut without] {
        pool.mint(&range(-100, 100), MUCH).unwrap();
        pool.swap(Token::Zero, paid(1_000_000), None).unwrap();
        pool.swap(Token::One, paid(1_000_000), None).unwrap();
    }
    assert_eq!(with.state().price, without.state().price);
    assert_eq!(with.state().kept, Amounts { zero: U256::from(170_u64), one: U256::from(125_u64) });
    assert_eq!(without.state().kept, Amounts::default());
    let earned = |pool: &Pool| pool.state().growth.owed(MUCH);
    assert_eq!(earned(&without), (500, 500));
    assert_eq!(earned(&with), (330, 375));
}

/// A pool with some positions.
fn any_pool() -> impl Strategy<Value = (Pool, Vec<(Range, u128)>)> {
    let positions = prop::collection::vec((-40..40_i32, 1..30_i32, 1_u128 << 40..1 << 90), 1..6);
    (-2_000..2_000_i32, positions, 0..2_u8).prop_map(|(at, positions, protocol)| {
        let protocol = if protocol == 0 { ProtocolFee::Off } else { ProtocolFee::OneIn(7) };
        let mut pool = Pool::new(tick(at).sqrt_price(), 3_000, 60, [protocol; 2]).unwrap();
        let mut minted = Vec::new();
        for (lower, width, liquidity) in positions {
            let range = range(lower * 60, (lower + width) * 60);
            pool.mint(&range, liquidity).unwrap();
            minted.push((range, liquidity));
        }
        (pool, minted)
    })
}

fn any_swap() -> impl Strategy<Value = (Token, Quantity)> {
    (any::<bool>(), any::<bool>(), 1_u128..1 << 85).prop_map(|(is_zero, is_in, amount)| {
        let token = if is_zero { Token::Zero } else { Token::One };
        let amount = U256::from(amount);
        (token, if is_in { Quantity::In(amount) } else { Quantity::Out(amount) })
    })
}

proptest! {
    /// Whatever is traded: all positions withdrawn and all fees paid, the pool has given no more than it took.
    #[test]
    fn a_pool_is_never_short((mut pool, positions) in any_pool(), swaps in prop::collection::vec(any_swap(), 0..8)) {
        let at_first = pool.clone();
        let (mut took, mut gave) = (Amounts::default(), Amounts::default());
        let add = |sum: &mut U256, amount: U256| *sum = sum.wrapping_add(amount);
        for (range, liquidity) in &positions {
            let cost = range.amounts(at_first.state().price, *liquidity, Rounding::Up);
            add(&mut took.zero, cost.zero);
            add(&mut took.one, cost.one);
        }
        for (token, quantity) in swaps {
            let Ok(trade) = pool.swap(token, quantity, None) else { continue };
            let (paid, received) = match token {
                Token::Zero => (&mut took.zero, &mut gave.one),
                Token::One => (&mut took.one, &mut gave.zero),
            };
            add(paid, trade.paid);
            add(received, trade.received);
            let sum: U256 = pool.passed().iter().fold(U256::ZERO, |sum, passed| sum.wrapping_add(passed.step.paid).wrapping_add(passed.step.fee));
            prop_assert_eq!(sum, trade.paid);
        }
        // What is in range is what the positions say.
        let here = pool.state().tick;
        let within: u128 = positions.iter().filter(|(range, _)| range.side(here) == crate::range::Side::Within).map(|(_, liquidity)| liquidity).sum();
        prop_assert_eq!(pool.state().liquidity, within);
        for (range, liquidity) in &positions {
            let view = pool.view(range);
            let inside = view.growth.inside(range, view.tick, &view.lower, &view.upper);
            let start = at_first.view(range);
            let (zero, one) = inside.since(&start.growth.inside(range, start.tick, &start.lower, &start.upper)).owed(*liquidity);
            let paid = pool.burn(range, *liquidity).unwrap();
            add(&mut gave.zero, paid.zero.wrapping_add(U256::from(zero)));
            add(&mut gave.one, paid.one.wrapping_add(U256::from(one)));
        }
        let kept = pool.state().kept;
        prop_assert!(gave.zero.wrapping_add(kept.zero) <= took.zero, "{:?} {:?}", gave, took);
        prop_assert!(gave.one.wrapping_add(kept.one) <= took.one, "{:?} {:?}", gave, took);
        prop_assert_eq!(pool.ticks().iter().count(), 0);
    }

    #[test]
    fn a_trade_is_not_done_before_it_is_applied((mut pool, _) in any_pool(), (token, quantity) in any_swap()) {
        let before = *pool.state();
        let ticks = pool.ticks().clone();
        if let Ok(trade) = pool.trade(token, quantity, None) {
            prop_assert_eq!(*pool.state(), before);
            prop_assert!(pool.ticks().iter().eq(ticks.iter()));
            pool.apply(&trade);
            prop_assert_eq!(*pool.state(), trade.after);
        }
    }
}
