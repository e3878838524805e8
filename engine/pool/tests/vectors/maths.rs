//! Ticks, prices and amounts as the contracts' own libraries computed them.

use ballast_pool::amount::{Rounding, amount0, amount1};
use ballast_pool::tick::{SqrtPrice, Tick};
use serde_json::Value;

use crate::files::{named, number, wide};

fn price(object: &Value, key: &str) -> SqrtPrice {
    SqrtPrice::new(wide(object, key)).unwrap()
}

fn rows<'a>(file: &'a Value, key: &str) -> &'a Vec<Value> {
    file[key].as_array().unwrap()
}

#[test]
fn ticks_have_the_contracts_prices() {
    for (name, file) in named(&["math_"]) {
        let rows = rows(&file, "sqrtRatioAtTick");
        assert!(rows.len() >= 7, "{name}: {}", rows.len());
        for row in rows {
            let tick = Tick::new(number(row, "tick")).unwrap();
            assert_eq!(tick.sqrt_price(), price(row, "sqrtPriceX96"), "{name}: {tick:?}");
        }
    }
}

#[test]
fn prices_are_at_the_contracts_ticks() {
    for (name, file) in named(&["math_"]) {
        let rows = rows(&file, "tickAtSqrtRatio");
        assert!(rows.len() >= 7, "{name}: {}", rows.len());
        for row in rows {
            let price = price(row, "sqrtPriceX96");
            assert_eq!(Tick::at(price).index(), number::<i32>(row, "tick"), "{name}: {price:?}");
        }
    }
}

#[test]
fn amounts_are_the_contracts() {
    for (name, file) in named(&["math_"]) {
        let rows = rows(&file, "deltas");
        assert!(rows.len() >= 7, "{name}: {}", rows.len());
        for row in rows {
            let (one, other) = (price(row, "a"), price(row, "b"));
            let liquidity = number(row, "liquidity");
            for (rounding, word) in [(Rounding::Down, "Down"), (Rounding::Up, "Up")] {
                let zero = amount0(one, other, liquidity, rounding);
                assert_eq!(zero, wide(row, &format!("amount0{word}")), "{name}: {row}");
                let one = amount1(one, other, liquidity, rounding);
                assert_eq!(one, wide(row, &format!("amount1{word}")), "{name}: {row}");
            }
        }
    }
}
