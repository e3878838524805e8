//! `ballast lp value`: positions priced from a file, told in a table and as JSON, and what a file may not say.

use serde_json::{Value, json};

use crate::rig::Folder;

/// A position in a pool of tokens with 6 and 8 decimals, and what a contract paid for it.
fn position() -> Value {
    let end = json!({
        "liquidityGross": "1106000001106001", "feeGrowthOutside0X128": "0", "feeGrowthOutside1X128": "0",
    });
    json!({
        "tokenId": "15", "block": 145, "note": "of no matter",
        "sqrtPriceX96": "510422431089904694475832000081", "tick": 37259,
        "poolLiquidity": "3357380685686503530153429303199",
        "tickLower": -22200, "tickUpper": 97860, "liquidity": "1106000001106001",
        "amount0": "163378367450473", "amount1": "6760822686391087",
        "uncollected0": "78416955420", "uncollected1": "3250445286954",
        "total0": "163456784405893", "total1": "6764073131678041",
        "tokensOwed0": "0", "tokensOwed1": 0,
        "feeGrowthInside0LastX128": "0", "feeGrowthInside1LastX128": "0",
        "feeGrowthGlobal0X128": "24126498345916621317075867043630452",
        "feeGrowthGlobal1X128": "1000062581090375534677563081710362948",
        "lower": end, "upper": end,
    })
}

fn pool(position: &Value) -> Value {
    json!({ "pools": [{
        "pool": "0x2830", "tickSpacing": 60, "decimals0": 6, "decimals1": 8, "baseIsToken0": false, "vectors": [position],
    }]})
}

fn folder(file: &Value) -> Folder {
    let folder = Folder::new();
    folder.write("positions.json", file.to_string());
    folder
}

/// The same with another value at a place.
fn with(pointer: &str, value: Value) -> Value {
    let mut changed = pool(&position());
    let (outer, key) = pointer.rsplit_once('/').unwrap();
    let outer = changed.pointer_mut(&format!("/pools/0{outer}")).unwrap().as_object_mut().unwrap();
    if value.is_null() {
        assert!(outer.remove(key).is_some(), "{pointer}");
    } else {
        outer.insert(key.to_owned(), value);
    }
    changed
}

#[test]
fn a_position_is_priced_as_the_contract_paid() {
    let json = folder(&pool(&position())).expect(0, "lp value --json positions.json").json();
    assert_eq!(
        (&json["compared"], &json["differing"], &json["fees_short"]),
        (&json!(1), &json!(0), &json!(0))
    );
    let one = &json["positions"][0];
    for (key, expected) in [
        ("tokenId", json!("15")),
        ("pool", json!("0x2830")),
        ("block", json!(145)),
        ("inRange", json!(true)),
        ("status", json!("in range")),
        ("amount0", json!("163378367450473")),
        ("amount1", json!("6760822686391087")),
        ("fees0", json!("78416955420")),
        ("fees1", json!("3250445286954")),
        ("total0", json!("163456784405893")),
        ("total1", json!("6764073131678041")),
        ("wraps128", json!(false)),
        ("base", json!("token1")),
        ("decimals", json!([6, 8])),
        ("agrees", json!(true)),
    ] {
        assert_eq!(one[key], expected, "{key}");
    }
    let number = |key: &str| one[key].as_f64().unwrap();
    let near = |one: f64, other: f64| (one / other - 1.0).abs() < 1e-9;
    // Token 1, of 8 decimals, is the base: its price is in token 0, of 6.
    assert!(near(number("delta"), 67_640_731.316_780_4));
    let price = (2_f64.powi(96) / 510_422_431_089_904_694_475_832_000_081.0).powi(2) * 100.0;
    assert!(near(number("price"), price), "{} {price}", number("price"));
    assert!(near(number("value"), number("delta") * price + 163_456_784.405_893));
    assert!(number("gamma") < 0.0);
}

#[test]
fn a_person_gets_a_table() {
    let run = folder(&pool(&position())).expect(0, "lp value positions.json");
    let lines: Vec<_> = run.out.lines().collect();
    assert!(lines[0].starts_with("position") && lines[0].ends_with("delta"), "{}", run.out);
    assert!(lines[1].starts_with("15 of 0x2830") && lines[1].contains("in range"), "{}", run.out);
    assert!(lines[1].contains("163378367450473") && lines[1].contains("3250445286954"), "{}", run.out);
    assert!(lines[2].starts_with("1 as the file says"), "{}", run.out);
}

#[test]
fn positions_stand_in_arrays_or_under_their_names() {
    let bare = position();
    for file in
        [json!([bare, bare]), json!({ "positions": [bare, bare] }), json!({ "vectors": [bare, bare] })]
    {
        let json = folder(&file).expect(0, "lp value --json positions.json").json();
        assert_eq!(json["positions"].as_array().unwrap().len(), 2, "{file}");
        let one = &json["positions"][1];
        assert_eq!(
            (&one["pool"], &one["decimals"], &one["base"]),
            (&Value::Null, &Value::Null, &json!("token0"))
        );
        // Without decimals in smallest units.
        assert!((one["delta"].as_f64().unwrap() - 163_456_784_405_893.0).abs() < 1.0);
    }
    let json = folder(&bare).expect(0, "lp value --json positions.json").json();
    assert_eq!(json["positions"].as_array().unwrap().len(), 1);
}

#[test]
fn what_was_paid_otherwise_is_a_difference() {
    for (pointer, paid, code) in [
        ("/vectors/0/amount0", "163378367450472", 6),
        ("/vectors/0/amount1", "6760822686391088", 6),
        ("/vectors/0/uncollected1", "3250445286955", 6),
        ("/vectors/0/uncollected1", "3250445286952", 6),
        // A unit less, where the pool rounds.
        ("/vectors/0/uncollected1", "3250445286953", 0),
        ("/vectors/0/total0", "163456784405892", 0),
        ("/vectors/0/total0", "163456784405894", 6),
    ] {
        let run = folder(&with(pointer, json!(paid))).expect(code, "lp value --json positions.json");
        let json = run.json();
        assert_eq!(json["differing"], json!(i32::from(code == 6)), "{pointer}");
        assert_eq!(json["fees_short"], json!(i32::from(code == 0)), "{pointer}");
        assert_eq!(
            run.err.contains("15 of 0x2830: is not what the file says was paid"),
            code == 6,
            "{}",
            run.err
        );
    }
    let mut silent = position();
    for key in ["amount0", "amount1", "uncollected0", "uncollected1", "total0", "total1"] {
        silent.as_object_mut().unwrap().remove(key);
    }
    let json = folder(&silent).expect(0, "lp value --json positions.json").json();
    assert_eq!((&json["compared"], &json["positions"][0]["agrees"]), (&json!(0), &Value::Null));
}

#[test]
fn what_is_missing_or_contradicts_is_named_by_its_place() {
    for (pointer, value, expected) in [
        ("/vectors/0/liquidity", Value::Null, "pools[0].vectors[0].liquidity: is missing"),
        ("/vectors/0/lower", Value::Null, "pools[0].vectors[0].lower: is missing"),
        ("/vectors/0/lower", json!(5), "lower: is no object"),
        (
            "/vectors/0/upper/feeGrowthOutside1X128",
            Value::Null,
            "vectors[0].upper.feeGrowthOutside1X128: is missing",
        ),
        ("/vectors/0/tokensOwed0", json!("-1"), "tokensOwed0: \"-1\" is no whole number that can stand here"),
        ("/vectors/0/tokensOwed0", json!("+1"), "tokensOwed0: \"+1\" is no whole number that can stand here"),
        ("/vectors/0/tokensOwed0", json!(1.5), "tokensOwed0: 1.5 is no whole number that can stand here"),
        ("/vectors/0/liquidity", json!(1e30), "is no whole number that can stand here"),
        (
            "/vectors/0/liquidity",
            json!("340282366920938463463374607431768211456"),
            "is no whole number that can stand here",
        ),
        ("/vectors/0/tick", json!(37_261), "tick: 37261 contradicts sqrtPriceX96, whose tick is 37260"),
        ("/vectors/0/tickLower", json!(97_860), "tickUpper: is not above tickLower"),
        ("/vectors/0/tickLower", json!(-22_201), "tickLower: -22201 is no multiple of tickSpacing 60"),
        ("/vectors/0/tickUpper", json!(900_000), "tickUpper: no such tick: from -887272 to 887272"),
        ("/vectors/0/sqrtPriceX96", json!("5"), "sqrtPriceX96: the price is outside what a pool can have"),
        (
            "/vectors/0/poolLiquidity",
            json!("5"),
            "poolLiquidity: is less than the liquidity of a position in range",
        ),
        (
            "/vectors/0/lower/liquidityGross",
            json!("5"),
            "lower.liquidityGross: is less than the liquidity of the position",
        ),
        ("/vectors/0/decimals0", json!(18), "decimals0: is 18 here and 6 around it"),
        ("/decimals0", Value::Null, "decimals0: is missing, with decimals1 stated"),
        ("/decimals1", json!(78), "decimals1: is above 77"),
        ("/tickSpacing", json!(0), "tickSpacing: is not above zero"),
        ("/wethIs0", json!(true), "baseIsToken0: contradicts wethIs0"),
        ("/baseIsToken0", json!("no"), "baseIsToken0: \"no\" is neither true nor false"),
        ("/vectors", json!([]), "holds no positions"),
        ("/vectors", json!([7]), "pools[0].vectors[0]: is no position"),
        ("/vectors", json!(7), "pools[0].vectors: is no array"),
    ] {
        let run = folder(&with(pointer, value)).expect(4, "lp value positions.json");
        assert!(run.err.contains("positions.json") && run.err.contains(expected), "{expected}: {}", run.err);
        assert!(run.out.is_empty(), "{}", run.out);
    }
    let folder = Folder::new();
    folder.write("positions.json", "{");
    assert!(folder.expect(4, "lp value positions.json").err.contains("positions.json: no JSON"));
    assert!(folder.expect(4, "lp value gone.json").err.contains("gone.json"));
}

#[test]
fn figures_of_contracts_are_met() {
    let Some(figures) = ballast_tests::vectors() else { return };
    for entry in std::fs::read_dir(figures).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with("math_") {
            continue;
        }
        let json = Folder::new().expect(0, &format!("lp value --json {}", path.display())).json();
        let positions = json["positions"].as_array().unwrap().len();
        assert!(positions >= 100 && json["compared"] == json!(positions), "{}", path.display());
        assert!(json["fees_short"].as_u64().unwrap() <= 1, "{}", path.display());
    }
}
