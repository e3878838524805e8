use super::*;
use proptest::prelude::*;

fn range(lower: i32, upper: i32) -> Range {
    Range::new(Tick::new(lower).unwrap(), Tick::new(upper).unwrap()).unwrap()
}

fn price(tick: i32) -> SqrtPrice {
    Tick::new(tick).unwrap().sqrt_price()
}

#[test]
fn a_range_has_a_width() {
    let tick = Tick::new(10).unwrap();
    assert_eq!(Range::new(tick, tick), Err(PoolError::Range));
    assert_eq!(Range::new(tick, Tick::new(9).unwrap()), Err(PoolError::Range));
    let range = range(-10, 10);
    assert_eq!((range.lower().index(), range.upper().index()), (-10, 10));
    assert_eq!((range.low(), range.high()), (price(-10), price(10)));
}

#[test]
fn its_upper_end_is_outside() {
    let range = range(-10, 10);
    let side = |tick| range.side(Tick::new(tick).unwrap());
    assert_eq!(side(-11), Side::Below);
    assert_eq!(side(-10), Side::Within);
    assert_eq!(side(9), Side::Within);
    assert_eq!(side(10), Side::Above);
}

#[test]
fn outside_a_range_there_is_one_token() {
    let range = range(-100, 200);
    let below = range.amounts(price(-100), 1 << 80, Rounding::Down);
    assert_eq!(below, range.amounts(price(-5_000), 1 << 80, Rounding::Down));
    assert_eq!(below.one, U256::ZERO);
    assert_eq!(below.zero, amount0(price(-100), price(200), 1 << 80, Rounding::Down));
    let above = range.amounts(price(200), 1 << 80, Rounding::Down);
    assert_eq!(above, range.amounts(price(5_000), 1 << 80, Rounding::Down));
    assert_eq!(above.zero, U256::ZERO);
    assert_eq!(above.one, amount1(price(-100), price(200), 1 << 80, Rounding::Down));
}

proptest! {
    #[test]
    fn what_is_asked_for_is_never_less_than_what_is_given_back(
        lower in -9_000..9_000_i32, width in 1..5_000_i32, at in -20_000..20_000_i32, liquidity: u128,
    ) {
        let range = range(lower, lower + width);
        let asked = range.amounts(price(at), liquidity, Rounding::Up);
        let given = range.amounts(price(at), liquidity, Rounding::Down);
        prop_assert!(asked.zero >= given.zero && asked.one >= given.one);
        prop_assert!(range.amounts(price(at), liquidity, Rounding::Down).zero.is_zero() || at < lower + width);
    }

    #[test]
    fn the_liquidity_for_amounts_fits_them(
        lower in -9_000..9_000_i32, width in 1..5_000_i32, at in -20_000..20_000_i32,
        zero in 0_u128..1 << 90, one in 0_u128..1 << 90,
    ) {
        let range = range(lower, lower + width);
        let amounts = Amounts { zero: zero.into(), one: one.into() };
        let liquidity = range.liquidity(price(at), &amounts).unwrap();
        let held = range.amounts(price(at), liquidity, Rounding::Down);
        prop_assert!(held.zero <= amounts.zero && held.one <= amounts.one);
        // And no more of it does, save for what the contract's own rounding of the mean price loses.
        let more = range.amounts(price(at), liquidity + liquidity / 1_000_000 + 2, Rounding::Up);
        prop_assert!(more.zero >= amounts.zero || more.one >= amounts.one);
    }
}
