use super::*;

fn tick(index: i32) -> Tick {
    Tick::new(index).unwrap()
}

fn growth(zero: u128, one: u128) -> Growth {
    Growth { zero: U256::from(zero), one: U256::from(one) }
}

fn position(liquidity: u128) -> Position {
    let range = Range::new(tick(-10), tick(10)).unwrap();
    Position { range, liquidity, growth_last: growth(1 << 127, 0), owed: (5, 7) }
}

fn pool(index: i32) -> PoolView {
    PoolView {
        price: tick(index).sqrt_price(),
        tick: tick(index),
        growth: growth(1 << 127, 3 << 126),
        lower: growth(0, 0),
        upper: growth(0, 1 << 126),
    }
}

#[test]
fn fees_are_those_owed_and_those_earned_since() {
    let worth = position(1_001).worth(&pool(0));
    assert_eq!(worth.side, Side::Within);
    assert_eq!(worth.fees, (5, 7 + 500));
    assert_eq!(position(0).worth(&pool(0)).fees, (5, 7));
    assert_eq!(position(0).worth(&pool(0)).amounts, Amounts::default());
}

#[test]
fn amounts_are_rounded_down() {
    let worth = position(1_000_001).worth(&pool(0));
    let range = position(1).range;
    assert_eq!(worth.amounts, range.amounts(tick(0).sqrt_price(), 1_000_001, Rounding::Down));
    assert_ne!(worth.amounts, range.amounts(tick(0).sqrt_price(), 1_000_001, Rounding::Up));
    assert_eq!(worth.totals().zero, worth.amounts.zero.wrapping_add(U256::from(worth.fees.0)));
    assert_eq!(worth.totals().one, worth.amounts.one.wrapping_add(U256::from(worth.fees.1)));
}

#[test]
fn the_pools_own_tick_decides_on_the_side() {
    let fell = PoolView { tick: tick(-11), ..pool(-10) };
    assert_eq!(fell.check(), Ok(()));
    assert_eq!(position(9).worth(&fell).side, Side::Below);
    assert_eq!(position(9).worth(&pool(-10)).side, Side::Within);
    let torn = PoolView { tick: tick(-12), ..pool(-10) };
    assert_eq!(torn.check(), Err(PoolError::Price));
}

#[test]
fn a_withdrawal_beyond_128_digits_wraps_and_says_so() {
    let mut position = position(1_000_000);
    position.owed = (u128::MAX, 0);
    let worth = position.worth(&pool(0));
    assert!(worth.wraps());
    let paid = worth.amounts.zero.lower();
    assert_eq!(worth.collected().0, paid - 1);
    assert_eq!(worth.totals().zero.upper(), 1);
    position.owed.0 = 0;
    assert!(!position.worth(&pool(0)).wraps());
}
