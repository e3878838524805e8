//! What a run assumed is said wherever its results are.

use crate::rig::Folder;

const FEES: &str = r#"
[[venue.fees]]
market = "usdm"
maker_bps = -0.25
taker_bps = 4.5
volume = "2500000.5"
tiers = [{ volume = "1000000", maker_bps = -0.75, taker_bps = 3.0 }]
"#;

#[test]
fn fees_tiers_and_latencies_are_told_in_page_json_and_csv() {
    let folder = Folder::new();
    let text = std::fs::read_to_string(folder.path().join("quoter.toml")).unwrap();
    folder.write("tiers.toml", format!("{text}{FEES}"));
    let json = folder.expect(0, "replay --config tiers.toml --data futures.gz --out out --json").json();
    let page = std::fs::read_to_string(folder.path().join("out/report.html")).unwrap();
    let csv = std::fs::read_to_string(folder.path().join("out/assumptions.csv")).unwrap();
    for (name, value) in [
        ("Fees at usdm", "maker -0.25 bp, taker 4.5 bp"),
        ("Fees at usdm from 1000000 in 30 days on", "maker -0.75 bp, taker 3 bp"),
        ("Traded at usdm before", "2500000.5"),
        ("Order latency", "1 ms"),
        ("Orders that would trade with our own", "expire"),
        ("Account sampled every", "100 ms, longer in long runs"),
        ("Market maker's programme", "any size within 10 bp of mid, on both sides"),
    ] {
        assert_eq!(json["assumptions"][name], value, "{name}");
        assert!(csv.contains(&format!("{name},")) && csv.contains(value), "{name} in {csv}");
        let name = name.replace('\'', "&#39;");
        let row = format!("<th scope=\"row\">{name}</th><td class=\"n\">{value}</td>");
        assert!(page.contains(&row), "{row}");
    }
}

#[test]
fn stated_rates_are_assumptions_and_total_what_they_can() {
    let folder = Folder::new();
    let text = std::fs::read_to_string(folder.path().join("quoter.toml")).unwrap();
    let conversion = "[report]\nconversion = { currency = \"EUR\", rates = { USDT = \"0.9\" } }\n";
    assert!(!text.contains("[report]"));
    folder.write("euro.toml", format!("{text}\n{conversion}"));
    let json = folder.expect(0, "replay --config euro.toml --data futures.gz --json").json();
    assert_eq!(json["assumptions"]["1 USDT counts as"], "0.9 EUR");
    let [dollars, euros] = &json["totals"].as_array().unwrap()[..] else { panic!("two totals") };
    assert_eq!((&dollars["currency"], &euros["currency"]), (&"USDT".into(), &"EUR".into()));
    let net = |total: &serde_json::Value| total["figures"]["profit"]["net"].as_f64().unwrap();
    assert!((net(euros) - 0.9 * net(dollars)).abs() < 1e-12 && net(dollars) != 0.0);
    let text = folder.expect(0, "replay --config euro.toml --data futures.gz").out;
    for line in ["USDT by cause: spread ", "all, in EUR at the stated rates: gross "] {
        assert!(text.lines().any(|told| told.starts_with(line)), "{line} in {text}");
    }
    let table = folder.expect(0, "compare --config euro.toml --data futures.gz").out;
    assert!(table.contains("total, converted  EUR"), "{table}");
}

#[test]
fn slow_and_silent_venues_are_told_and_what_they_lost() {
    let folder = Folder::new();
    let text = std::fs::read_to_string(folder.path().join("quoter.toml")).unwrap();
    let conditions = "[venue.latency]\nfeed = \"2ms\"\nrecorded = \"recorded.csv\"\n\
        [venue.latency.load]\nwindow = \"100ms\"\nfree_messages = 20\nper_message = \"250us\"\nmax = \"40ms\"\n\
        [[venue.outages]]\noffset = \"6s\"\nduration = \"4s\"\nanswers = \"none\"\n\
        [[venue.outages]]\noffset = \"12s\"\nduration = \"500ms\"\nanswers = \"refusals\"\nfeed = \"stops\"\n";
    folder.write("recorded.csv", "request,venue,response\n0,1000000,2000000\n");
    folder.write("slow.toml", format!("{text}\n{conditions}"));
    let run = folder.expect(0, "replay --config slow.toml --data futures.gz --json");
    let json = run.json();
    for (name, value) in [
        ("Order latency", "as recorded in recorded.csv"),
        ("Response latency", "as recorded in recorded.csv"),
        ("Market data later by", "2 ms"),
        (
            "Commands and reports later under load by",
            "0.25 ms for each message beyond 20 within 100 ms, at most 40 ms",
        ),
        ("Outage 1", "from 6000 ms after the first message for 4000 ms: commands are lost"),
        (
            "Outage 2",
            "from 12000 ms after the first message for 500 ms: commands are refused, market data reach us when it has ended",
        ),
    ] {
        assert_eq!(json["assumptions"][name], value, "{name}");
    }
    let lost = json["commands_lost"].as_u64().unwrap();
    assert!(lost > 0, "{json}");
    assert!(run.err.contains(&format!("{lost} commands were lost in outages of the venue")), "{}", run.err);
    let plain = folder.expect(0, "replay --config quoter.toml --data futures.gz --json");
    assert_eq!(plain.json()["commands_lost"], 0);
    assert!(plain.json()["assumptions"]["Outage 1"].is_null() && !plain.err.contains("lost in outages"));
}
