//! Whole pools of the scenario, minted, swapped through and burned here as they were in the contracts.

use ballast_pool::U256;
use ballast_pool::amount::Token;
use ballast_pool::fee::{Growth, ProtocolFee};
use ballast_pool::pool::Pool;
use ballast_pool::range::Range;
use ballast_pool::step::Quantity;
use ballast_pool::tick::{SqrtPrice, Tick};
use serde_json::Value;
use std::collections::BTreeMap;

use crate::files::{named, number, wide};

fn protocol(dex: &str, word: u32) -> [ProtocolFee; 2] {
    [Token::Zero, Token::One].map(|token| match dex {
        "uniswap" => ProtocolFee::uniswap(word, token).unwrap(),
        "pancakeswap" => ProtocolFee::pancake(word, token).unwrap(),
        other => panic!("{other}"),
    })
}

fn range(vector: &Value) -> Range {
    let tick = |key| Tick::new(number(vector, key)).unwrap();
    Range::new(tick("tickLower"), tick("tickUpper")).unwrap()
}

/// Holds the pool against what the contract said at this time.
fn check(pool: &Pool, vector: &Value) {
    let state = pool.state();
    assert_eq!(state.price.root(), wide(vector, "sqrtPriceX96"), "{vector}");
    assert_eq!(state.tick.index(), number::<i32>(vector, "tick"), "{vector}");
    assert_eq!(state.liquidity, number::<u128>(vector, "poolLiquidity"), "{vector}");
    let growth =
        Growth { zero: wide(vector, "feeGrowthGlobal0X128"), one: wide(vector, "feeGrowthGlobal1X128") };
    assert_eq!(state.growth, growth, "{vector}");
    for (key, word) in [("tickLower", "lower"), ("tickUpper", "upper")] {
        let info = pool.ticks().get(Tick::new(number(vector, key)).unwrap());
        let stated = &vector[word];
        assert_eq!(info.gross, number::<u128>(stated, "liquidityGross"), "{vector}");
        assert_eq!(info.net, number::<i128>(stated, "liquidityNet"), "{vector}");
        let outside = Growth {
            zero: wide(stated, "feeGrowthOutside0X128"),
            one: wide(stated, "feeGrowthOutside1X128"),
        };
        assert_eq!(info.outside, outside, "{vector}");
    }
}

/// Plays one pool; returns how often it was held against the contract.
fn play(stated: &Value) -> usize {
    let vectors = stated["vectors"].as_array().unwrap();
    let word = number(&vectors[0], "feeProtocol");
    let price = SqrtPrice::new(wide(stated, "initSqrt")).unwrap();
    let protocol = protocol(stated["dex"].as_str().unwrap(), word);
    let mut pool = Pool::new(price, number(stated, "fee"), number(stated, "tickSpacing"), protocol).unwrap();
    let mut held: BTreeMap<String, (Range, u128)> = BTreeMap::new();
    let mut swaps = stated["swaps"].as_array().unwrap().iter();
    let mut steps: Vec<&str> = vectors.iter().map(|vector| vector["step"].as_str().unwrap()).collect();
    steps.dedup();
    let mut checked = 0;
    for step in steps {
        let now: Vec<_> = vectors.iter().filter(|vector| vector["step"] == step).collect();
        if step.starts_with("sell") || step.starts_with("buy") {
            let swap = swaps.next().unwrap();
            let paid = if swap["zeroForOne"].as_bool().unwrap() { Token::Zero } else { Token::One };
            pool.swap(paid, Quantity::In(wide(swap, "amountIn")), None).unwrap();
        }
        let stays: BTreeMap<String, (Range, u128)> = now
            .iter()
            .map(|vector| (vector["name"].to_string(), (range(vector), number(vector, "liquidity"))))
            .collect();
        for (name, (range, liquidity)) in &stays {
            let before = held.get(name).map_or(0, |(_, liquidity)| *liquidity);
            if *liquidity > before {
                pool.mint(range, liquidity - before).unwrap();
            }
        }
        for (name, (range, liquidity)) in &held {
            let after = stays.get(name).map_or(0, |(_, liquidity)| *liquidity);
            if *liquidity > after {
                pool.burn(range, liquidity - after).unwrap();
            }
        }
        now.iter().for_each(|vector| check(&pool, vector));
        checked += now.len();
        held = stays;
    }
    assert!(swaps.next().is_none() && pool.state().growth.zero > U256::ZERO);
    checked
}

#[test]
fn pools_come_out_as_the_contracts_did() {
    for (name, file) in named(&["scenario"]) {
        let checked: usize = file["pools"].as_array().unwrap().iter().map(play).sum();
        assert!(checked >= 100, "{name}: {checked}");
    }
}
