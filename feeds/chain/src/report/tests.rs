use alloy_primitives::B256;

use super::*;
use crate::block::Block;
use crate::config::Config;
use crate::known::{Trouble, Why};
use crate::state::{Tick, Token};

const CONFIG: &str = r#"
[chain]
id = 1
endpoints = ["ws://127.0.0.1:8546"]
owners = ["0x0101010101010101010101010101010101010101"]
quote = ["0x0303030303030303030303030303030303030303"]
[[exchange]]
name = "uniswap"
positions = "0x0909090909090909090909090909090909090909"
"#;

fn plan() -> Plan {
    Config::plan(CONFIG, |_| None).unwrap()
}

fn token(name: u8, symbol: &str, decimals: u8) -> Token {
    Token { address: Address::repeat_byte(name), decimals, symbol: symbol.to_owned() }
}

/// A position around a price of four USD (token 0, which counts as money) for a quarter ETH.
fn state() -> State {
    let tick = |tick| Tick { tick, gross: 5, net: 5, outside: [U256::ZERO; 2] };
    let pool = Pool {
        exchange: 0,
        address: Address::repeat_byte(8),
        tokens: [token(3, "USD", 2), token(4, "ETH", 3)],
        fee: 500,
        tick_spacing: 10,
        sqrt_price: U256::from(2) << 96,
        tick: 13_863,
        liquidity: 5,
        growth: [U256::ZERO; 2],
        protocol_fee: 0,
    };
    let position = Position {
        pool: 0,
        id: U256::from(77),
        owner: Address::repeat_byte(1),
        holder: Address::repeat_byte(2),
        ticks: [tick(13_000), tick(15_000)],
        liquidity: 5,
        amounts: [U256::from(12_345), U256::from(4_000)],
        fees: [1, 8],
        growth_last: [U256::ZERO; 2],
        owed_last: [0; 2],
    };
    let block = Block { number: 100, hash: B256::repeat_byte(5), parent: B256::ZERO, time: 1_700_000_000 };
    State { block, finalized: Some(36), pools: vec![pool], positions: vec![position], empty: 2 }
}

#[test]
fn a_known_state_is_told_in_full() {
    let state = state();
    let look = Look::Known { value: &state, age: Duration::from_millis(1_234) };
    let told = json(&look, &plan());
    assert_eq!(
        (&told["known"], &told["age_ms"], &told["finality_depth"]),
        (&json!(true), &json!(1_234), &json!(64))
    );
    let position = &told["positions"][0];
    assert_eq!(
        position["amounts"],
        json!([{ "amount": "123.45", "raw": "12345" }, { "amount": "4", "raw": "4000" }])
    );
    assert_eq!(position["fees"][1], json!({ "amount": "0.008", "raw": "8" }));
    // 12 346 hundredths, and 4 008 thousandths of ETH at four raw units of it for one of USD.
    assert_eq!(position["value"], json!({ "token": "USD", "amount": "133.48", "raw": "13348" }));
    assert_eq!(
        (&position["staked"], &position["place"], &position["gauge"]),
        (&json!(true), &json!("within"), &json!(0.4315))
    );
    assert_eq!(told["pools"][0]["tokens"][1]["symbol"], "ETH");

    let expected = format!(
        "chain 1, block 100 ({}), final 64 blocks below, read 1.2 s ago\n\
         uniswap USD/ETH 0.05 %, tick 13863, {}\n  \
         #77  [--------*-----------]  within [13000, 15000], staked\n      \
         123.45 USD + 4 ETH; fees 0.01 USD + 0.008 ETH; worth 133.48 USD\n",
        state.block.hash, state.pools[0].address
    );
    assert_eq!(text(&look, &plan()), expected);
}

#[test]
fn an_unknown_state_is_no_empty_one() {
    let state = state();
    let why = Why::Failed(Trouble::Timeout("eth_call"));
    let look = Look::Unknown { why, before: Some((&state, Duration::from_secs(70))) };
    let told = json(&look, &plan());
    assert_eq!(
        (&told["known"], &told["age_ms"], &told["last_block"]),
        (&json!(false), &json!(70_000), &json!(100))
    );
    assert_eq!(told.get("positions"), None);
    assert_eq!(
        text(&look, &plan()),
        "chain 1: UNKNOWN, no answer to eth_call within its time; last known 70.0 s ago, at block 100\n"
    );
    let never = Look::Unknown { why: Why::Never, before: None };
    assert_eq!(json(&never, &plan())["age_ms"], Value::Null);
    assert_eq!(text(&never, &plan()), "chain 1: UNKNOWN, never read\n");
}

#[test]
fn the_price_beside_a_range_is_shown_beside_it() {
    let State { positions, .. } = state();
    assert_eq!(bar(&positions[0], 12_999), "*[--------------------] ");
    assert_eq!(bar(&positions[0], 13_000), " [*-------------------] ");
    assert_eq!(bar(&positions[0], 14_999), " [-------------------*] ");
    assert_eq!(bar(&positions[0], 15_000), " [--------------------]*");
    assert_eq!((gauge(&positions[0], 0), gauge(&positions[0], 20_000)), (0.0, 1.0));
}

#[test]
fn decimals_are_exact_and_shown_short() {
    let one = U256::from(10).pow(U256::from(18));
    assert_eq!(decimal(one, 18), "1");
    assert_eq!(decimal(one + U256::from(1), 18), "1.000000000000000001");
    assert_eq!(short(one + U256::from(1), 18), "1.000000");
    assert_eq!(decimal(U256::ZERO, 6), "0");
    assert_eq!(decimal(U256::from(123), 0), "123");
    assert_eq!(decimal(U256::from(5), 77), format!("0.{:0>77}", 5));
}
