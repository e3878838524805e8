//! What is watched for arbitrage is told, and nothing is done about it.

use ballast_tests::market::{Line, text};
use serde_json::Value;

use crate::rig::{FUTURES, Folder};

const BOTH: &str = "--data futures.gz spot.txt";

/// The shipped configuration, and the same without its detectors.
fn folder() -> Folder {
    let folder = Folder::new();
    let path = ballast_tests::root().join("config/arbitrage.toml");
    let shipped = std::fs::read_to_string(path).unwrap();
    let (without, _) = shipped.split_once("[arbitrage]").unwrap();
    folder.write("without.toml", without);
    // Marks every second: shorts are paid much, so that holding the spot against the perpetual pays.
    folder.write("marked.toml", shipped.replace("funding_cap_bps = 30.0", "funding_cap_bps = 300.0"));
    folder.write("arbitrage.toml", shipped);
    folder
}

fn found(json: &Value) -> Vec<(&str, u64)> {
    let list = json["opportunities"].as_array().unwrap();
    list.iter().map(|one| (one["detector"].as_str().unwrap(), one["seen"].as_u64().unwrap())).collect()
}

#[test]
fn each_detector_is_told_in_words_as_json_and_on_the_page() {
    let folder = folder();
    let run = folder.expect(0, &format!("replay --config arbitrage.toml {BOTH} --out out --json"));
    let json = run.json();
    let kinds: Vec<_> = found(&json).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["spatial", "statistical", "carry"], "{json}");
    for one in json["opportunities"].as_array().unwrap() {
        let count = |key: &str| one[key].as_u64().unwrap();
        // Twenty seconds of looks, ten a second.
        assert!((190..220).contains(&count("looks")), "{one}");
        let nothing: u64 = one["nothing"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
        assert_eq!(count("looks"), count("looks_found") + nothing, "{one}");
        assert!(count("seen") <= count("looks_found"), "{one}");
        assert_eq!(count("seen") > 0, one["alive_seconds"].as_f64() > Some(0.0), "{one}");
        assert_eq!(count("seen") > 0, !one["net_mean"].is_null(), "{one}");
        assert_eq!(one["currency"], "USDT");
        let names: Vec<_> = one["instruments"].as_array().unwrap().iter().collect();
        assert!(names.contains(&&"spot ETHUSDT".into()) && names.contains(&&"usdm ETHUSDT".into()), "{one}");
    }
    assert!(
        json["opportunities"][2]["nothing"]["funding"].as_u64() > Some(0),
        "no marks in the data: {json}"
    );
    for kind in kinds {
        assert!(run.err.lines().any(|line| line.starts_with(kind)), "{kind}: {}", run.err);
    }
    let page = std::fs::read_to_string(folder.path().join("out/report.html")).unwrap();
    assert!(page.contains("<caption>Opportunities</caption>"));
}

#[test]
fn detection_decides_nothing() {
    let folder = folder();
    let run = |name: &str, data: &str| {
        folder.expect(0, &format!("replay --config {name}.toml {data} --json")).json()
    };
    let (with, without) = (run("arbitrage", BOTH), run("without", BOTH));
    for key in ["decisions_hash", "orders", "cancels", "fills", "pnl_by_currency"] {
        assert_eq!(with[key], without[key], "{key}");
    }
    assert_ne!(with["state_hash"], without["state_hash"], "what is ranked is part of the state");
    assert_eq!(with["state_hash"], run("arbitrage", BOTH)["state_hash"], "and repeatable");
    assert_eq!(found(&without), []);
    let idle = run("arbitrage", "--data futures.gz spot.txt --idle");
    assert_eq!(found(&idle), [], "an idle run only follows");
}

#[test]
fn what_is_not_in_the_data_is_said_and_left_out() {
    let folder = folder();
    let run = folder.expect(0, "replay --config arbitrage.toml --data futures.gz --json");
    assert_eq!(found(&run.json()), []);
    assert!(run.err.contains("spot ETHUSDT is not in the data"), "{}", run.err);
    assert!(!run.err.contains("usdm ETHUSDT is not in the data"), "{}", run.err);
}

#[test]
fn mark_prices_make_a_carry() {
    let folder = folder();
    let mut lines = Vec::new();
    for (index, line) in FUTURES.iter().enumerate() {
        lines.push(line.clone());
        if index % 100 == 0 {
            let millis = line.time.0 / 1_000_000;
            let frame = format!(
                r#"{{"e":"markPriceUpdate","E":{millis},"s":"ETHUSDT","p":"2500.00","i":"2500.00","P":"2500.00","r":"0.02","T":{}}}"#,
                millis + 3_600_000
            );
            lines.push(Line { time: line.time, frame });
        }
    }
    folder.write("marked.txt", text(&lines));
    let json = folder.expect(0, "replay --config marked.toml --data marked.txt spot.txt --json").json();
    let carry = &json["opportunities"][2];
    assert!(carry["seen"].as_u64() > Some(0) && carry["net_best"].as_f64() > Some(0.0), "{carry}");
    assert!(carry["edge_mean_bps"].as_f64() <= carry["edge_best_bps"].as_f64(), "{carry}");
}

#[test]
fn a_detector_that_cannot_be_used_is_named_and_the_schema_knows_all() {
    let folder = folder();
    let shipped = std::fs::read_to_string(folder.path().join("arbitrage.toml")).unwrap();
    for (from, to, key) in [
        (
            "interval = \"100ms\"                # between",
            "interval = \"0s\" # between",
            "arbitrage.interval",
        ),
        ("entry_z = 2.0", "entry_z = -1.0", "arbitrage.statistical.0.entry_z"),
        ("convergence = 0.5", "convergence = 5.0", "arbitrage.carry.0.convergence"),
        ("convergence = 0.5", "convergences = 0.5", "convergences"),
    ] {
        folder.write("bad.toml", shipped.replace(from, to));
        let line = 1 + shipped.lines().position(|line| line.contains(from)).unwrap();
        for command in ["config check bad.toml", &format!("replay --config bad.toml {BOTH}")] {
            let run = folder.expect(3, command);
            for part in ["bad.toml", key, &format!("line {line}")] {
                assert!(run.err.contains(part), "{part}: {}", run.err);
            }
        }
    }
    folder.expect(0, "config check arbitrage.toml");
    let schema = folder.expect(0, "config schema --json").json();
    assert!(schema["properties"]["arbitrage"].is_object());
    for kind in ["spatial", "triangular", "statistical", "carry"] {
        assert!(schema["$defs"]["ArbitrageConfig"]["properties"][kind].is_object(), "{kind}");
    }
}
