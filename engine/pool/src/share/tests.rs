use super::*;
use crate::fee::Growth;
use crate::pool::Pool;
use crate::position::Position;
use crate::step::Quantity;
use crate::tick::Tick;
use alloc::vec::Vec;
use proptest::prelude::*;

fn tick(index: i32) -> Tick {
    Tick::new(index).unwrap()
}

fn range(lower: i32, upper: i32) -> Range {
    Range::new(tick(lower), tick(upper)).unwrap()
}

/// A pool of others, swapped through; returns what shares in these ranges earned there.
fn beside(shares: &mut [Share], protocol: ProtocolFee, swaps: &[(bool, u128)]) -> Pool {
    let mut pool = Pool::new(tick(5).sqrt_price(), 3_000, 10, [protocol; 2]).unwrap();
    pool.mint(&range(-1_000, 1_000), 1 << 80).unwrap();
    pool.mint(&range(-50, 60), 1 << 82).unwrap();
    for (is_zero, amount) in swaps {
        let token = if *is_zero { Token::Zero } else { Token::One };
        let end = if *is_zero { tick(-995) } else { tick(995) };
        let Ok(trade) = pool.trade(token, Quantity::In(U256::from(*amount)), Some(end.sqrt_price())) else {
            continue;
        };
        for share in &mut *shares {
            pool.passed().iter().for_each(|passed| share.take(passed, protocol).unwrap());
        }
        pool.apply(&trade);
    }
    pool
}

proptest! {
    /// A share as large as a position of the pool's earns what that earns, were it one of two.
    #[test]
    fn it_earns_what_a_position_beside_it_does(
        swaps in prop::collection::vec((any::<bool>(), 1_u128 << 20..1 << 78), 1..12), is_kept: bool,
    ) {
        let protocol = if is_kept { ProtocolFee::OneIn(5) } else { ProtocolFee::Off };
        // All of the liquidity of the wide range once more: of the fees of every step that much comes to us.
        let mut shares = [Share::new(range(-1_000, 1_000), 1)];
        let pool = beside(&mut shares, protocol, &swaps);
        let view = pool.view(&range(-1_000, 1_000));
        let (zero, one) = Position {
            range: range(-1_000, 1_000), liquidity: 1 << 80, growth_last: Growth::default(), owed: (0, 0),
        }.worth(&view).fees;
        // One unit of liquidity beside: 2⁸⁰ times as little, to the digits kept.
        for (earned, fee) in [(shares[0].earned.zero, zero), (shares[0].earned.one, one)] {
            let earned = earned.to_f64() * 2_f64.powi(80 - 64);
            let fee = U256::from(fee).to_f64();
            prop_assert!((earned - fee).abs() <= fee * 1e-9 + 3e6, "{} {}", earned, fee);
        }
    }

    /// Cut at any tick, the parts of a range earn what the whole does.
    #[test]
    fn parts_of_a_range_earn_as_much_as_the_whole(
        swaps in prop::collection::vec((any::<bool>(), 1_u128 << 20..1 << 78), 1..12), cut in -399..399_i32,
    ) {
        let ours = 1 << 81;
        let mut shares = [(-400, 400), (-400, cut), (cut, 400)].map(|(lower, upper)| Share::new(range(lower, upper), ours));
        beside(&mut shares, ProtocolFee::Off, &swaps);
        let steps = swaps.len() as u64 * 10;
        for token in [Token::Zero, Token::One] {
            let [whole, below, above] = shares.map(|share| share.earned.of(token));
            let parts = below.wrapping_add(above);
            let (most, least) = (whole.max(parts), whole.min(parts));
            // A unit is rounded at each cut.
            prop_assert!(most.wrapping_sub(least) <= U256::from(steps).wrapping_shl(DIGITS), "{:?} {:?}", whole, parts);
        }
    }
}

#[test]
fn out_of_range_nothing_is_earned() {
    let swaps: Vec<_> = (0..10).map(|at| (at % 2 == 0, 1 << 70)).collect();
    let mut shares = [Share::new(range(900, 1_000), 1 << 90), Share::new(range(-400, 400), 0)];
    beside(&mut shares, ProtocolFee::Off, &swaps);
    assert_eq!(shares.map(|share| share.earned()), [Amounts::default(); 2]);
}

#[test]
fn the_share_is_ours_of_all() {
    let mut pool =
        Pool::new(tick(5).sqrt_price(), 10_000, 10, [ProtocolFee::TenThousandths(2_000); 2]).unwrap();
    pool.mint(&range(-1_000, 1_000), 3 << 80).unwrap();
    pool.trade(Token::One, Quantity::In(U256::from(1_000_000_u64)), None).unwrap();
    let mut share = Share::new(range(-100, 100), 1 << 80);
    pool.passed().iter().for_each(|passed| share.take(passed, pool.protocol()[1]).unwrap());
    // One per cent, four fifths of it to the liquidity, a quarter of that ours.
    assert_eq!(share.earned(), Amounts { zero: U256::ZERO, one: U256::from(2_000_u64) });
    assert_eq!((share.liquidity(), share.range().lower()), (1 << 80, tick(-100)));
}
