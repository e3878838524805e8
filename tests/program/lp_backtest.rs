//! `ballast lp backtest`: liquidity beside a recorded pool, told in a table and as JSON, and what its files may not say.

use serde_json::json;

use crate::rig::Folder;

const TERMS: &str = r#"[pool]
dex = "uniswap"
fee = 500
tick_spacing = 10
decimals = [6, 18]
base = "token1"
[position]
capital = 100000.0
half_width = 0.05
recentre_after = "600s"
[costs]
gas_price = 20.0
coin_price = 2250.0
swap_bps = 5.0
"#;

/// Three swaps as a pool recorded them, and a position that comes and goes.
const EVENTS: &str = "block_number,block_timestamp,tx_type,amount0,amount1,total_liquidity,sqrtPriceX96,current_tick,tick_lower,tick_upper,liquidity
18937382,2024-01-05 00:00:23,SWAP,-22686110,10000000000000000,12453647101533358277,1662995104975155420368771254341874,199045.0,,,
18937382,2024-01-05 00:00:23,SWAP,1779711470,-783707260129944808,12453647101533358277,1662990119151672310826534140478120,199045.0,,,
18937383,2024-01-05 00:00:35,MINT,1,2,12453647101533358277,1662990119151672310826534140478120,199045.0,198000.0,198010.0,500
18937384,2024-01-05 00:00:47,BURN,1,2,12453647101533358277,1662990119151672310826534140478120,199045.0,198000.0,198010.0,500
";

const COMMAND: &str = "lp backtest --pool-events events.csv --config terms.toml";

fn folder(events: &str, terms: &str) -> Folder {
    let folder = Folder::new();
    folder.write("events.csv", events);
    folder.write("terms.toml", terms);
    folder
}

#[test]
fn liquidity_is_played_beside_the_pool() {
    let run = folder(EVENTS, TERMS).expect(0, &format!("{COMMAND} --json"));
    let json = run.json();
    assert_eq!((&json["swaps"], &json["swaps_exact"], &json["seconds"]), (&json!(2), &json!(2), &json!(24)));
    let accounts = json["accounts"].as_array().unwrap();
    let names: Vec<_> = accounts.iter().map(|account| account["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["configured", "symmetric, never moved", "full range"]);
    let number = |account: usize, key: &str| accounts[account][key].as_f64().unwrap();
    // Of a fee of 0.89 USDC our part of the liquidity: more where it is narrower.
    assert!(number(0, "fees") > 20.0 * number(2, "fees") && number(0, "fees") < 0.89, "{json}");
    for account in accounts {
        let number = |key: &str| account[key].as_f64().unwrap();
        let sum =
            number("held") + number("divergence") + number("fees") - number("gas") - number("swap_costs");
        assert!((number("equity") - sum).abs() < 1e-6, "{json}");
        assert!((number("gas") - 20.25).abs() < 1e-9, "{json}");
        assert_eq!(account["days"].as_array().unwrap().len(), 1);
    }
    let text = folder(EVENTS, TERMS).expect(0, COMMAND).out;
    assert!(text.starts_with("liquidity") && text.contains("full range"), "{text}");
    assert!(text.contains("2 swaps over 0.0 h, 2 computed"), "{text}");
}

#[test]
fn terms_that_cannot_be_are_named_by_their_key() {
    for (from, to, expected) in [
        ("fee = 500", "fee = 1000000", "pool.fee: must be below 1000000"),
        ("tick_spacing = 10", "tick_spacing = 0", "pool.tick_spacing: must be from 1 to 16383"),
        ("[6, 18]", "[6, 78]", "pool.decimals: must not be above 77"),
        ("fee = 500", "fee = 500\nfee_protocol = 3", "pool.fee_protocol: is no such word"),
        ("capital = 100000.0", "capital = 0.0", "position.capital: must be from"),
        ("half_width = 0.05", "half_width = nan", "position.half_width: must be from"),
        ("\"600s\"", "\"-600s\"", "terms.toml"),
        ("gas_price = 20.0", "gas_price = -1.0", "costs.gas_price: must be from 0"),
        ("coin_price = 2250.0", "coin_price = inf", "costs.coin_price: must be from 0"),
        ("swap_bps = 5.0", "swap_bps = 10001.0", "costs.swap_bps: must be from 0"),
        ("\"uniswap\"", "\"sushi\"", "unknown variant `sushi`"),
        ("\"token1\"", "\"weth\"", "unknown variant `weth`"),
        ("swap_bps = 5.0", "swap_bps = 5.0\nextra = 1", "unknown field `extra`"),
        ("capital = 100000.0", "", "missing field `capital`"),
    ] {
        assert!(TERMS.contains(from));
        let run = folder(EVENTS, &TERMS.replacen(from, to, 1)).expect(3, COMMAND);
        assert!(run.err.contains("terms.toml") && run.err.contains(expected), "{expected}: {}", run.err);
    }
}

#[test]
fn events_that_cannot_be_are_named_by_line_and_column() {
    for (events, expected) in [
        (EVENTS.replace("MINT", "WRAP"), "events.csv: line 4: tx_type is none of"),
        (EVENTS.replace("sqrtPriceX96", "price"), "events.csv: line 1: sqrtPriceX96 is missing"),
        (EVENTS.lines().next().unwrap().to_owned(), "events.csv: no swap in it"),
        (
            EVENTS.replace("198000.0", "198001.0"),
            "events.csv: has ranges at ticks that pool.tick_spacing does not divide",
        ),
    ] {
        let run = folder(&events, TERMS).expect(4, COMMAND);
        assert!(run.err.contains(expected), "{expected}: {}", run.err);
    }
}
