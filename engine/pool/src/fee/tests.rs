use super::*;
use proptest::prelude::*;

fn tick(index: i32) -> Tick {
    Tick::new(index).unwrap()
}

fn growth(zero: u64, one: u64) -> Growth {
    Growth { zero: U256::from(zero), one: U256::from(one) }
}

#[test]
fn what_was_earned_beyond_a_range_is_not_inside_it() {
    let range = Range::new(tick(-10), tick(10)).unwrap();
    let (global, lower, upper) = (growth(15, 150), growth(2, 20), growth(3, 30));
    let inside = |index| global.inside(&range, tick(index), &lower, &upper);
    // Within: both ticks tell what was earned away from the price, outside the range.
    assert_eq!(inside(0), growth(10, 100));
    assert_eq!(inside(-10), growth(10, 100));
    // Below: the lower tick tells what was earned above it, all of which the upper tick's part is of.
    assert_eq!(inside(-11), lower.since(&upper));
    assert_eq!(inside(10), upper.since(&lower));
}

#[test]
fn differences_wrap_around() {
    let range = Range::new(tick(-10), tick(10)).unwrap();
    // A fresh lower tick below the price begins with all that was earned; the upper one had something before.
    let inside = growth(15, 0).inside(&range, tick(0), &growth(15, 0), &growth(4, 0));
    assert_eq!(inside.zero, U256::ZERO.wrapping_sub(U256::from(4_u64)));
    let later = growth(22, 0).inside(&range, tick(0), &growth(15, 0), &growth(4, 0));
    assert_eq!(later.since(&inside), growth(7, 0));
}

#[test]
fn a_fee_is_shared_by_all_liquidity_and_owed_in_part() {
    let mut global = Growth { zero: U256::MAX, one: U256::MAX };
    let before = global;
    global.add(Token::One, U256::from(1_000_u64), 7).unwrap();
    assert_eq!(global.since(&before).owed(7), (0, 999));
    assert_eq!(global.since(&before).owed(3), (0, 428));
    global.add(Token::Zero, U256::from(5_u64), 0).unwrap();
    assert_eq!(global.zero, U256::MAX);
    assert_eq!(global.add(Token::Zero, U256::MAX, 1), Err(PoolError::Overflow));
}

#[test]
fn what_is_owed_is_kept_in_128_digits() {
    let much = Growth { zero: U256::MAX, one: U256::ONE.wrapping_shl(128) };
    let expected = U256::MAX.product(U256::from(u128::MAX));
    let expected = u128::from(expected[2]) | u128::from(expected[3]) << 64;
    assert_eq!(much.owed(u128::MAX), (expected, u128::MAX));
}

#[test]
fn protocols_keep_their_part() {
    let fee = U256::from(1_000_u64);
    let uniswap = |word, token| ProtocolFee::uniswap(word, token).map(|part| part.of(fee));
    assert_eq!(uniswap(0, Token::Zero), Ok(U256::ZERO));
    assert_eq!(uniswap(0x64, Token::Zero), Ok(U256::from(250_u64)));
    assert_eq!(uniswap(0x64, Token::One), Ok(U256::from(166_u64)));
    assert_eq!(uniswap(0x61, Token::Zero), Err(PoolError::Fee));
    assert_eq!(uniswap(0xb4, Token::One), Err(PoolError::Fee));
    assert_eq!(uniswap(0x100, Token::Zero), Err(PoolError::Fee));
    // 3 400 of token 0 and of token 1: the word that a reader of bytes would take for 72.
    assert_eq!(ProtocolFee::pancake(222_825_800, Token::Zero), Ok(ProtocolFee::TenThousandths(3_400)));
    let pancake = |word, token| ProtocolFee::pancake(word, token).map(|part| part.of(fee));
    assert_eq!(pancake(222_825_800, Token::One), Ok(U256::from(340_u64)));
    assert_eq!(pancake(999, Token::Zero), Err(PoolError::Fee));
    assert_eq!(pancake(4_001 << 16, Token::One), Err(PoolError::Fee));
    assert_eq!(pancake(4_001 << 16, Token::Zero), Ok(U256::ZERO));
}

proptest! {
    #[test]
    fn all_of_a_range_is_inside_or_beyond(index in -100..100_i32, global in any::<[u64; 2]>(), beyond in any::<[u64; 4]>()) {
        let global = growth(global[0], global[1]);
        let (lower, upper) = (growth(beyond[0], beyond[1]), growth(beyond[2], beyond[3]));
        let range = Range::new(tick(-50), tick(50)).unwrap();
        let inside = global.inside(&range, tick(index), &lower, &upper);
        let below = if index >= -50 { lower } else { global.since(&lower) };
        let above = if index < 50 { upper } else { global.since(&upper) };
        let sum = inside.zero.wrapping_add(below.zero).wrapping_add(above.zero);
        prop_assert_eq!(sum, global.zero);
        let sum = inside.one.wrapping_add(below.one).wrapping_add(above.one);
        prop_assert_eq!(sum, global.one);
    }
}
