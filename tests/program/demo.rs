//! The first command of the README, and the demonstration without sockets.

use std::path::Path;

use serde_json::Value;

use crate::rig::Folder;

/// What would make a browser ask for something: attributes and rules that name another place.
const REQUESTS: [&str; 7] = ["<script", "<iframe", "<img", "@import", "url(", " src=", "fetch("];

fn demo(folder: &Folder, options: &str) -> Value {
    folder.expect(0, &format!("demo --offline --minutes 1 --json {options}")).json()
}

fn read(folder: &Folder, name: &str) -> Vec<u8> {
    std::fs::read(folder.path().join(name)).unwrap()
}

#[test]
fn the_demonstration_trades_at_a_venue_of_its_own_and_leaves_a_report() {
    let folder = Folder::new();
    let run = folder.expect(0, "demo --for 9s --journal j --json");
    let json = run.json();
    assert!(json["orders"].as_u64() > Some(10), "{json}");
    assert_eq!((&json["orders_left"], &json["frames_unread"]), (&false.into(), &0.into()), "{json}");
    let names: Vec<_> = json["instruments"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["usdm ETHUSDT", "usdm BTCUSDT"]);
    assert_eq!(json["report"], "report/report.html");
    assert_eq!(json["report_bytes"], read(&folder, "report/report.html").len());
    let page = String::from_utf8(read(&folder, "report/report.html")).unwrap();
    for word in ["Demonstration", "loopback.toml", "simulated venue, crowd of seed 7"] {
        assert!(page.contains(word), "{word}");
    }
    assert_eq!(json["fills"], folder.csv("report/fills.csv").rows.len());
    let verified = folder.expect(0, "verify j --json").json();
    assert_eq!((&verified["identical"], &verified["finished"]), (&true.into(), &true.into()), "{verified}");
    assert_eq!(
        verified["commands"].as_u64(),
        Some(json["orders"].as_u64().unwrap() + json["cancels"].as_u64().unwrap())
    );
    let refused = folder.expect(4, "demo --for 1s --journal j");
    assert!(refused.err.contains("there is a journal here already"), "{}", refused.err);
}

#[test]
fn a_capture_is_traded_at_and_no_journal_is_left_that_nobody_asked_for() {
    let folder = Folder::new();
    let run = folder.expect(0, "demo --for 6s --capture futures.gz --rate x2 --out r --json");
    let json = run.json();
    assert!(json["messages"].as_u64() > Some(50), "{json}");
    assert_eq!(json["journal"], Value::Null);
    assert_eq!(json["instruments"][0]["name"], "usdm ETHUSDT", "{json}");
    assert!(
        String::from_utf8(read(&folder, "r/report.html")).unwrap().contains("simulated venue, futures.gz")
    );
    assert!(!folder.path().join("journal").exists());
    let gone = folder.expect(4, "demo --capture gone.gz");
    assert!(gone.err.contains("gone.gz"), "{}", gone.err);
}

#[test]
fn what_belongs_to_one_demonstration_is_refused_by_the_other() {
    let folder = Folder::new();
    for arguments in [
        "demo --minutes 1",
        "demo --venue matching",
        "demo --offline --for 5s",
        "demo --offline --plain",
        "demo --offline --capture futures.gz",
        "demo --capture futures.gz --seed 3",
        "demo --rate x0",
    ] {
        let run = folder.expect(2, arguments);
        assert!(run.out.is_empty() && !run.err.is_empty(), "{arguments}");
    }
}

#[test]
fn the_demonstration_without_sockets_leaves_a_report() {
    let folder = Folder::new();
    let run = folder.expect(0, "demo --offline --minutes 1 --json");
    let json = run.json();
    assert!(json["orders"].as_u64() > Some(100) && json["fills"].as_u64() > Some(0), "{json}");
    for key in ["bad_lines", "gaps", "fallbacks"] {
        assert_eq!(json[key], 0, "{key}: {json}");
    }
    let report = json["report"].as_str().unwrap();
    assert_eq!(Path::new(report), Path::new("report/report.html"));
    assert!(
        run.out.lines().any(|line| line.contains(report)),
        "it ends with the report's place: {}",
        run.out
    );
    for name in ["report.html", "fills.csv", "equity.csv", "fills.parquet", "equity.parquet"] {
        assert!(!read(&folder, &format!("report/{name}")).is_empty(), "{name}");
    }
    for name in ["fills.parquet", "equity.parquet"] {
        let bytes = read(&folder, &format!("report/{name}"));
        assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"), "{name}");
    }
    assert_eq!(json["fills"], folder.csv("report/fills.csv").rows.len());
}

#[test]
fn the_page_asks_the_network_for_nothing_and_is_small() {
    let folder = Folder::new();
    let json = demo(&folder, "");
    let page = String::from_utf8(read(&folder, "report/report.html")).unwrap();
    assert_eq!(json["report_bytes"], page.len());
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    for request in REQUESTS {
        assert!(!page.contains(request), "{request}");
    }
    let links = page.split("href=\"").skip(1);
    let elsewhere: Vec<_> =
        links.filter(|link| !link.starts_with("data:") && !link.starts_with('#')).collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
    let without_namespace = page.replace("http://www.w3.org/2000/svg", "");
    assert!(!without_namespace.contains("://"), "another place is named");
    assert!(page.contains("default-src 'none'"), "and none would be asked");
    for word in ["Inventory", "Drawdown", "Markouts", "Spread captured", "Profit", "Price", "<svg"] {
        assert!(page.contains(word), "{word}");
    }
    for hash in ["decisions_hash", "state_hash"] {
        assert!(page.contains(json[hash].as_str().unwrap()), "{hash}");
    }
    let count = |tag: &str| page.matches(tag).count();
    for tag in ["svg", "figure", "table", "html", "body"] {
        assert_eq!(
            count(&format!("<{tag}>")) + count(&format!("<{tag} ")),
            count(&format!("</{tag}>")),
            "{tag}"
        );
    }
}

#[test]
fn the_seed_is_the_run() {
    let folder = Folder::new();
    let first = demo(&folder, "--seed 5 --out a");
    let again = demo(&folder, "--seed 5 --out b");
    let other = demo(&folder, "--seed 6 --out c");
    for key in ["decisions_hash", "state_hash", "fills", "pnl", "level_updates"] {
        assert_eq!(first[key], again[key], "{key}");
    }
    for name in ["fills.csv", "equity.csv", "report.html", "fills.parquet", "equity.parquet"] {
        assert!(read(&folder, &format!("a/{name}")) == read(&folder, &format!("b/{name}")), "{name}");
    }
    assert_ne!(first["decisions_hash"], other["decisions_hash"]);
}

#[test]
fn the_quoter_also_trades_with_a_crowd_at_a_matching_engine() {
    let folder = Folder::new();
    let first = demo(&folder, "--venue matching --seed 5 --out a");
    let again = demo(&folder, "--venue matching --seed 5 --out b");
    let other = demo(&folder, "--venue matching --seed 6 --out c");
    assert!(first["orders"].as_u64() > Some(100) && first["fills"].as_u64() > Some(3), "{first}");
    assert!(first["requests"].as_u64() > Some(50_000), "{first}");
    for key in ["decisions_hash", "state_hash", "venue_hash", "fills", "pnl", "venue_codes"] {
        assert_eq!(first[key], again[key], "{key}");
    }
    for name in ["fills.csv", "equity.csv", "report.html"] {
        assert!(read(&folder, &format!("a/{name}")) == read(&folder, &format!("b/{name}")), "{name}");
    }
    assert_ne!(first["decisions_hash"], other["decisions_hash"]);
    assert_eq!(first["fills"], folder.csv("a/fills.csv").rows.len());
    folder.expect(2, "demo --offline --venue elsewhere");
}

#[test]
fn either_demonstration_leaves_a_journal_that_is_decided_again() {
    let folder = Folder::new();
    for venue in ["tape", "matching"] {
        let plain = demo(&folder, &format!("--venue {venue} --seed 5"));
        let run = demo(&folder, &format!("--venue {venue} --seed 5 --journal {venue}"));
        for key in ["decisions_hash", "state_hash", "fills"] {
            assert_eq!(run[key], plain[key], "{venue}: recording changes nothing: {key}");
        }
        let again = folder.expect(0, &format!("verify {venue} --json")).json();
        assert_eq!((&again["identical"], &again["finished"]), (&true.into(), &true.into()), "{again}");
        assert_eq!(again["state_hash"], run["state_hash"], "{venue}");
        let count = |key: &str| run[key].as_u64().unwrap();
        assert_eq!(again["commands"], count("orders") + count("cancels"), "{venue}: {run}");
        assert!(again["inputs"].as_u64().unwrap() > 1_000, "{venue}: {again}");
        let refused =
            folder.expect(4, &format!("demo --offline --minutes 1 --venue {venue} --journal {venue}"));
        assert!(refused.err.contains("there is a journal here already"), "{}", refused.err);
        assert_eq!(refused.out, "", "{venue}: nothing ran");
    }
    // A crowd that felt our orders is no history to play otherwise.
    let refused = folder.expect(4, "whatif matching");
    assert!(refused.err.contains("a crowd that felt our orders"), "{}", refused.err);
}

#[test]
fn an_earlier_report_is_replaced() {
    let folder = Folder::new();
    demo(&folder, "--seed 5 --out a");
    let json = demo(&folder, "--seed 6 --out a");
    assert_eq!(json["fills"], folder.csv("a/fills.csv").rows.len());
}
