//! What runs print and write.

use ballast_tests::market::text;
use serde_json::Value;

use crate::rig::{FUTURES, Folder};

/// What the JSON of a replay holds at least.
const REPLAY_KEYS: [&str; 18] = [
    "frames",
    "level_updates",
    "trades",
    "fallbacks",
    "bad_lines",
    "gaps",
    "orders",
    "fills",
    "position",
    "pnl",
    "max_position",
    "decisions_hash",
    "state_hash",
    "decode_seconds",
    "replay_seconds",
    "level_updates_per_second",
    "lines",
    "venue_refusals",
];

/// What the JSON of a book check holds at least.
const CHECK_KEYS: [&str; 6] = ["frames", "level_updates", "gaps", "comparisons", "mismatches", "crossed"];

fn hashes(json: &Value) -> (&str, &str) {
    (json["decisions_hash"].as_str().unwrap(), json["state_hash"].as_str().unwrap())
}

#[test]
fn standard_output_is_one_json_object_where_asked() {
    let folder = Folder::new();
    let levels = |part: &str| -> usize {
        let frames = FUTURES.iter().filter(|line| line.frame.contains(part));
        frames.map(|line| line.frame.matches("[\"").count()).sum()
    };
    for (arguments, keys) in [
        ("replay --config quoter.toml --data futures.gz --json", &REPLAY_KEYS[..]),
        ("replay --config quoter.toml --data futures.gz --idle --repeat 3 --json", &REPLAY_KEYS),
        ("book check futures.gz --json", &CHECK_KEYS),
    ] {
        let run = folder.expect(0, arguments);
        let json = run.json();
        for key in keys {
            assert!(!json[key].is_null(), "{key} of {arguments}: {json}");
        }
        assert_eq!(json["frames"], FUTURES.len());
        assert_eq!(json["level_updates"], levels("depthUpdate") + levels("lastUpdateId"), "{arguments}");
        assert_eq!(run.out.lines().count(), 1, "nothing but the object: {}", run.out);
        assert!(!run.err.contains('{'), "{}", run.err);
        let plain = folder.expect(0, arguments.strip_suffix(" --json").unwrap());
        assert!(!plain.out.contains('{') && !plain.out.is_empty(), "{}", plain.out);
    }
}

#[test]
fn pnl_has_four_parts_that_add_up() {
    let folder = Folder::new();
    let json = folder.expect(0, "replay --config quoter.toml --data futures.gz --json").json();
    let part = |key: &str| json["pnl"][key].as_f64().unwrap();
    assert!(
        (part("gross") - part("fees") + part("rebates") + part("funding") - part("net")).abs() < 1e-9,
        "{}",
        json["pnl"]
    );
    assert!(part("rebates") > 0.0 && part("fees") == 0.0, "maker fills earn a rebate: {}", json["pnl"]);
}

#[test]
fn the_same_run_prints_the_same_hashes_whatever_the_container() {
    let folder = Folder::new();
    folder.write("plain.txt", text(&FUTURES));
    folder.write("other.zst", zstd::encode_all(text(&FUTURES).as_bytes(), 1).unwrap());
    let run =
        |data: &str| folder.expect(0, &format!("replay --config quoter.toml --data {data} --json")).json();
    let first = run("futures.gz");
    for data in ["futures.gz", "plain.txt", "other.zst"] {
        assert_eq!(hashes(&run(data)), hashes(&first), "{data}");
    }
    let (decisions, state) = hashes(&first);
    for hash in [decisions, state] {
        assert!(hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{hash}");
    }
    assert_ne!(hashes(&run("spot.txt")), hashes(&first));
}

#[test]
fn an_idle_run_decides_nothing() {
    let folder = Folder::new();
    let json = folder.expect(0, "replay --config quoter.toml --data futures.gz --idle --json").json();
    assert_eq!((&json["orders"], &json["cancels"], &json["fills"]), (&0.into(), &0.into(), &0.into()));
    assert_eq!(json["mode"], "idle");
    let other = folder.expect(0, "replay --config quoter.toml --data spot.txt --idle --json").json();
    assert_eq!(hashes(&json).0, hashes(&other).0, "the hash of no commands");
    assert_ne!(hashes(&json).1, hashes(&other).1, "the books differ");
}

#[test]
fn repetitions_are_played_and_counted() {
    let folder = Folder::new();
    let run = |repeat: u32| {
        folder
            .expect(0, &format!("replay --config quoter.toml --data futures.gz --repeat {repeat} --json"))
            .json()
    };
    let (once, thrice) = (run(1), run(3));
    let played = |json: &Value| json["level_updates_played"].as_u64().unwrap();
    assert_eq!(played(&thrice), 3 * played(&once));
    assert_eq!((&thrice["level_updates"], &thrice["gaps"]), (&once["level_updates"], &0.into()));
    assert!(thrice["orders"].as_u64() > once["orders"].as_u64());
}

#[test]
fn tables_and_json_tell_the_same() {
    let folder = Folder::new();
    let json = folder
        .expect(0, "replay --config quoter.toml --data futures.gz --repeat 4 --out out/deep --json")
        .json();
    let (fills, equity) = (folder.csv("out/deep/fills.csv"), folder.csv("out/deep/equity.csv"));
    assert!(fills.rows.len() > 4, "{} fills", fills.rows.len());
    assert_eq!(json["fills"], fills.rows.len());
    let last = |column: &str| equity.numbers(column).last().copied().unwrap();
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} and {b}");
    for (key, column) in
        [("gross", "gross_usdt"), ("fees", "fees_usdt"), ("rebates", "rebates_usdt"), ("net", "net_usdt")]
    {
        near(json["pnl"][key].as_f64().unwrap(), last(column));
    }
    let text = |key: &str| json[key].as_str().unwrap().parse::<f64>().unwrap();
    let after = fills.numbers("position_after");
    near(text("position"), *after.last().unwrap());
    near(text("position"), last("position"));
    near(text("max_position"), after.iter().fold(0.0, |max: f64, position| max.max(position.abs())));
    let fees: f64 = fills.numbers("fee_usdt").iter().sum();
    near(fees, last("fees_usdt") - last("rebates_usdt"));
    let (mut cash, mut position) = (0.0, 0.0);
    for ((side, price), (size, after)) in
        fills.column("side").zip(fills.numbers("price")).zip(fills.numbers("size").iter().zip(&after))
    {
        let signed = if side == "buy" { *size } else { -size };
        cash -= signed * price;
        position += signed;
        near(position, *after);
    }
    near(cash + position * last("mid"), last("gross_usdt"));
    for times in [fills.numbers("time_ns"), equity.numbers("time_ns")] {
        assert!(times.is_sorted());
    }
}

#[test]
fn several_instruments_are_told_one_by_one() {
    let folder = Folder::new();
    let json =
        folder.expect(0, "replay --config quoter.toml --data futures.gz spot.txt --out out --json").json();
    let instruments = json["instruments"].as_array().unwrap();
    let names: Vec<_> = instruments.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["usdm ETHUSDT", "spot ETHUSDT"]);
    assert!(json["position"].is_null() && json["max_position"].is_null(), "two positions are none");
    let fills: u64 = instruments.iter().map(|one| one["fills"].as_u64().unwrap()).sum();
    assert_eq!(json["fills"], fills);
    let net: f64 = instruments.iter().map(|one| one["pnl"]["net"].as_f64().unwrap()).sum();
    assert!((json["pnl"]["net"].as_f64().unwrap() - net).abs() < 1e-9);
    let equity = folder.csv("out/equity.csv");
    for name in names {
        assert!(equity.column("instrument").any(|cell| cell == name), "{name}");
    }
}
