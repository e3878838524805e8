//! Positions as the contracts paid them: what withdrawing and collecting everything returned.

use ballast_pool::fee::Growth;
use ballast_pool::position::{PoolView, Position};
use ballast_pool::range::{Range, Side};
use ballast_pool::tick::{SqrtPrice, Tick};
use serde_json::Value;

use crate::files::{named, number, wide};

fn tick(object: &Value, key: &str) -> Tick {
    Tick::new(number(object, key)).unwrap()
}

fn growth(object: &Value, [zero, one]: [&str; 2]) -> Growth {
    Growth { zero: wide(object, zero), one: wide(object, one) }
}

fn read(vector: &Value) -> (PoolView, Position) {
    const OUTSIDE: [&str; 2] = ["feeGrowthOutside0X128", "feeGrowthOutside1X128"];
    let pool = PoolView {
        price: SqrtPrice::new(wide(vector, "sqrtPriceX96")).unwrap(),
        tick: tick(vector, "tick"),
        growth: growth(vector, ["feeGrowthGlobal0X128", "feeGrowthGlobal1X128"]),
        lower: growth(&vector["lower"], OUTSIDE),
        upper: growth(&vector["upper"], OUTSIDE),
    };
    let position = Position {
        range: Range::new(tick(vector, "tickLower"), tick(vector, "tickUpper")).unwrap(),
        liquidity: number(vector, "liquidity"),
        growth_last: growth(vector, ["feeGrowthInside0LastX128", "feeGrowthInside1LastX128"]),
        owed: (number(vector, "tokensOwed0"), number(vector, "tokensOwed1")),
    };
    (pool, position)
}

/// What the contract paid is less by so much: nothing, or a unit where its pool rounded for several positions at once.
fn shortfall(vector: &Value, key: &str, stated: &str, computed: u128) -> u128 {
    let paid: u128 = number(vector, key);
    let short = computed.wrapping_sub(paid);
    let known = vector.get(stated).map_or(0, |_| number(vector, stated));
    assert_eq!(short, known, "{key} of {vector}");
    short
}

/// Checks one position; returns how many units of fees the contract paid less.
fn check(vector: &Value) -> u128 {
    let (pool, position) = read(vector);
    assert_eq!(pool.check(), Ok(()), "{vector}");
    let worth = position.worth(&pool);
    assert_eq!(worth.amounts.zero, wide(vector, "amount0"), "{vector}");
    assert_eq!(worth.amounts.one, wide(vector, "amount1"), "{vector}");
    let short = (
        shortfall(vector, "uncollected0", "feeShortfall0", worth.fees.0),
        shortfall(vector, "uncollected1", "feeShortfall1", worth.fees.1),
    );
    let (zero, one) = worth.collected();
    assert_eq!(zero.wrapping_sub(short.0), number(vector, "total0"), "{vector}");
    assert_eq!(one.wrapping_sub(short.1), number(vector, "total1"), "{vector}");
    assert_eq!(vector["wraps128"].as_bool().unwrap_or(worth.wraps()), worth.wraps(), "{vector}");
    let side = match vector["region"].as_str().unwrap_or_default() {
        "below" => Some(Side::Below),
        "in" => Some(Side::Within),
        "above" => Some(Side::Above),
        _ => None,
    };
    assert_eq!(side.unwrap_or(worth.side), worth.side, "{vector}");
    short.0 + short.1
}

#[test]
fn positions_are_worth_what_the_contracts_paid() {
    for (name, file) in named(&["positions_", "scenario"]) {
        let pools = file["pools"].as_array().unwrap();
        let vectors: Vec<_> = pools.iter().flat_map(|pool| pool["vectors"].as_array().unwrap()).collect();
        assert!(vectors.len() >= 100, "{name}: {}", vectors.len());
        let short: u128 = vectors.iter().map(|vector| check(vector)).sum();
        assert!(short <= 1, "{name}: the contract paid {short} units less than owed");
    }
}
