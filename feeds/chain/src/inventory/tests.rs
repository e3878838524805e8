use std::time::Duration;

use alloy_primitives::B256;
use proptest::prelude::*;

use super::*;
use crate::block::Block;
use crate::known::Why;
use crate::state::{Tick, Token};

const BASE: Address = Address::repeat_byte(1);
const QUOTE: Address = Address::repeat_byte(2);
const PAIR: Pair = Pair { base: BASE, quote: QUOTE };

/// A pool of these tokens, of 18 and 6 decimals, at 2500 quote for a base.
fn pool(tokens: [Address; 2]) -> Pool {
    let token =
        |address| Token { address, decimals: if address == BASE { 18 } else { 6 }, symbol: String::new() };
    // The price in smallest units is 2500e6 / 1e18, a square, or its reciprocal.
    let root = U256::from(1) << 96;
    let sqrt_price = if tokens[0] == BASE {
        root * U256::from(50) / U256::from(1_000_000)
    } else {
        root * U256::from(20_000)
    };
    Pool {
        exchange: 0,
        address: Address::ZERO,
        tokens: tokens.map(token),
        fee: 500,
        tick_spacing: 10,
        sqrt_price,
        tick: 0,
        liquidity: 0,
        growth: [U256::ZERO; 2],
        protocol_fee: 0,
    }
}

fn position(pool: usize, range: [i32; 2], amounts: [u64; 2], fees: [u128; 2]) -> Position {
    Position {
        pool,
        id: U256::ZERO,
        owner: Address::ZERO,
        holder: Address::ZERO,
        ticks: range.map(|tick| Tick { tick, gross: 0, net: 0, outside: [U256::ZERO; 2] }),
        liquidity: 1_000_000_000_000_000,
        amounts: amounts.map(U256::from),
        fees,
        growth_last: [U256::ZERO; 2],
        owed_last: [0; 2],
    }
}

fn state() -> State {
    let other = Address::repeat_byte(3);
    State {
        block: Block { number: 9, hash: B256::ZERO, parent: B256::ZERO, time: 77 },
        finalized: Some(0),
        pools: vec![pool([BASE, QUOTE]), pool([QUOTE, BASE]), pool([other, QUOTE])],
        positions: vec![
            position(0, [-10, 10], [3, 4], [5, 6]),
            position(1, [0, 10], [300, 400], [500, 600]),
            position(1, [10, 20], [7_000, 0], [0, 1_000]),
            position(2, [-10, 10], [1 << 40, 1 << 40], [1 << 40, 1 << 40]),
        ],
        empty: 0,
    }
}

#[test]
fn positions_of_either_order_add_up() {
    let sum = Inventory::of(&state(), PAIR, 5).unwrap();
    assert_eq!((sum.base, sum.quote), (3 + 400, 4 + 300 + 7_000));
    assert_eq!((sum.base_fees, sum.quote_fees), (5 + 600 + 1_000, 6 + 500));
    assert_eq!((sum.positions, sum.within), (3, 2));
    assert_eq!((sum.at, sum.block, sum.time, sum.finalized), (5, 9, 77, Some(0)));
}

#[test]
fn gamma_is_what_the_base_changes_by_with_the_price() {
    // With L = 1e15, base is L (1/√p − 1/√u) smallest units; p is 2500e-12 quote units for a base unit.
    let base = |price: f64| 1e15 / (price * 1e-12).sqrt() / 1e18;
    let step = 0.01;
    let expected = (base(2_500.0 + step) - base(2_500.0 - step)) / (2.0 * step);
    for order in [[0, 1], [1, 0]] {
        let of = if order == [0, 1] { pool([BASE, QUOTE]) } else { pool([QUOTE, BASE]) };
        let gamma = gamma(1_000_000_000_000_000, &of, order).unwrap();
        assert!((gamma / expected - 1.0).abs() < 1e-6, "{order:?}: {gamma} beside {expected}");
    }
    let both = Inventory::of(&state(), PAIR, 0).unwrap().gamma;
    assert!((both / (2.0 * expected) - 1.0).abs() < 1e-6, "of those in range: {both}");
}

#[test]
fn what_becomes_unknown_keeps_what_was_known_and_its_time() {
    let state = state();
    let look = Look::Known { value: &state, age: Duration::from_nanos(30) };
    let known = Reading::of(&look, PAIR, 100, None);
    let Reading::Known(inventory) = known else { panic!("{known:?}") };
    assert_eq!(inventory.at, 70);
    let look = Look::Unknown { why: Why::Stale, before: Some((&state, Duration::ZERO)) };
    assert_eq!(Reading::of(&look, PAIR, 200, known.last().copied()), Reading::Unknown(Some(inventory)));
    assert_eq!(Reading::of(&look, PAIR, 200, None), Reading::Unknown(None));
}

#[test]
fn a_sum_that_does_not_fit_is_unknown_and_not_cut() {
    let mut state = state();
    state.positions[0].amounts = [U256::MAX; 2];
    assert_eq!(Inventory::of(&state, PAIR, 0), None);
    state.positions[0].amounts = [U256::from(u128::MAX); 2];
    assert_eq!(Inventory::of(&state, PAIR, 0), None);
    let look = Look::Known { value: &state, age: Duration::ZERO };
    assert_eq!(Reading::of(&look, PAIR, 0, None), Reading::Unknown(None));
}

#[test]
fn words_never_written_are_unknown() {
    assert_eq!(Reading::from_words(&[0; WORDS]), Reading::Unknown(None));
    assert_eq!(Reading::from_words(&[3; WORDS]), Reading::Unknown(None));
}

proptest! {
    #[test]
    fn readings_survive_the_crossing(
        times in any::<[u64; 3]>(),
        finalized in proptest::option::of(0_u64..u64::MAX),
        amounts in any::<[u128; 4]>(),
        counts in any::<[u32; 2]>(),
        gamma in -1e30_f64..0.0,
        known in any::<bool>(),
    ) {
        let ([at, block, time], [base, quote, base_fees, quote_fees], [positions, within]) = (times, amounts, counts);
        let inventory =
            Inventory { at, block, time, finalized, base, quote, base_fees, quote_fees, positions, within, gamma };
        let reading = if known { Reading::Known(inventory) } else { Reading::Unknown(Some(inventory)) };
        prop_assert_eq!(Reading::from_words(&reading.words()), reading);
    }
}
