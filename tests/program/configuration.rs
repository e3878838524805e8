//! Configurations: those the project ships run as they stand, wrong ones are named with file, line and key.

use ballast_tests::market::QUOTER;

use crate::rig::Folder;

fn shipped() -> Vec<(String, String)> {
    let entries = std::fs::read_dir(ballast_tests::root().join("config")).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let name = |path: &std::path::Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    files.iter().map(|path| (name(path), std::fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn every_shipped_configuration_runs_as_it_stands() {
    let folder = Folder::new();
    let shipped = shipped();
    assert!(shipped.len() >= 8);
    for (name, text) in shipped {
        folder.write(&name, &text);
        for data in ["futures.gz", "spot.txt", "futures.gz spot.txt"] {
            let run = folder.expect(0, &format!("replay --config {name} --data {data} --json"));
            let json = run.json();
            // What is priced from another market quotes where there is one, and a market that is left out never.
            let priced_here = !text.contains("hedge_market") || data.contains(' ');
            let quotes = priced_here && (!text.contains("markets = [\"usdm\"]") || data.contains("futures"));
            assert_eq!(json["orders"].as_u64() > Some(0), quotes, "{name} on {data}: {json}");
            assert_eq!(
                (&json["bad_lines"], &json["gaps"], &json["fallbacks"]),
                (&0.into(), &0.into(), &0.into())
            );
        }
    }
}

/// The line of the first occurrence in [`QUOTER`], from 1.
fn line_of(part: &str) -> usize {
    1 + QUOTER.lines().position(|line| line.contains(part)).unwrap()
}

#[test]
fn configurations_that_cannot_be_used_end_with_3_and_name_file_line_and_key() {
    let folder = Folder::new();
    for (from, to, key) in [
        ("cancel_share = 0.0", "cancel_shares = 0.0", "cancel_shares"),
        ("requote = \"touch\"", "requotes = \"touch\"", "requotes"),
        ("gamma = 0.05", "gama = 0.05", "gama"),
        ("gamma = 0.05", "gamma = \"x\"", "gamma"),
        ("half_life = \"30s\"", "half_lives = \"30s\"", "half_lives"),
        ("collar_bps = 100.0", "collar_bps = \"wide\"", "collar_bps"),
        ("order_latency = \"1ms\"", "order_latency = \"1 parsec\"", "order_latency"),
        ("order_latency = \"1ms\"", "order_latency = \"-1ms\"", "venue.order_latency"),
        ("cancel_share = 0.0", "cancel_share = 2.0", "venue.cancel_share"),
        ("cancel_share = 0.0", "queue = { cancels = \"power\" }", "venue.queue.cancels"),
        ("cancel_share = 0.0", "queue = { cancels = \"fifo\" }", "fifo"),
        ("cancel_share = 0.0", "latency = { feed = \"-1ms\" }", "venue.latency.feed"),
        ("cancel_share = 0.0", "latency = { recorded = \"gone.csv\" }", "gone.csv"),
        ("cancel_share = 0.0", "outages = [{ duration = \"1s\", answers = \"none\" }]", "venue.outages.0"),
        ("gamma = 0.05", "gamma = -1.0", "quoting.model.gamma"),
        ("open_orders_max = 32", "open_orders_max = 99999999999", "quoting.limits.open_orders_max"),
        ("orders_max = 200", "orders_max = 99999999999", "venue.orders_max"),
        (
            "position_max = { quote = \"15000\" }",
            "position_max = { lots = 0 }",
            "quoting.limits.position_max",
        ),
        ("schema = 1", "schema = 2", "schema"),
        ("schema = 1", "schema = ", "schema"),
        ("kind = \"avellaneda-stoikov\"", "kind = \"oracle\"", "kind"),
    ] {
        folder.write("bad.toml", QUOTER.replacen(from, to, 1));
        let run = folder.expect(3, "replay --config bad.toml --data futures.gz --json");
        let line = format!("line {}", line_of(from));
        for part in ["bad.toml", &line, key] {
            assert!(run.err.contains(part), "{part} for {to}: {}", run.err);
        }
        assert!(run.out.is_empty(), "{to}: {}", run.out);
    }
}

#[test]
fn a_configuration_that_cannot_be_read_ends_with_3_and_names_the_file() {
    let folder = Folder::new();
    folder.write("bytes.toml", [0xff, 0xfe, 0x00]);
    for name in ["absent.toml", "bytes.toml", "."] {
        let run = folder.expect(3, &format!("replay --config {name} --data futures.gz"));
        assert!(run.err.contains(name), "{}", run.err);
    }
}

#[test]
fn the_grid_is_the_configured_one_or_inferred_and_which_is_said() {
    let folder = Folder::new();
    let inferred = folder.expect(0, "replay --config quoter.toml --data futures.gz --json");
    assert!(inferred.err.contains("tick 0.01, lot 0.001, inferred"), "{}", inferred.err);
    assert_eq!(inferred.json()["instruments"][0]["grid"], "inferred");
    let facts = "[[instrument]]\nsymbol = \"ETHUSDT\"\nmarket = \"usdm\"\ntick = \"0.01\"\nlot = \"0.001\"\n";
    folder.write("facts.toml", format!("{QUOTER}{facts}"));
    let stated = folder.expect(0, "replay --config facts.toml --data futures.gz --json");
    assert!(stated.err.contains("tick 0.01, lot 0.001, as configured"), "{}", stated.err);
    let (stated, inferred) = (stated.json(), inferred.json());
    assert_eq!(stated["instruments"][0]["grid"], "configured");
    for key in ["decisions_hash", "state_hash", "pnl"] {
        assert_eq!(stated[key], inferred[key], "the same grid, the same run");
    }
}

#[test]
fn every_file_is_checked_and_every_refusal_told() {
    let folder = Folder::new();
    folder.write("nan.toml", QUOTER.replacen("gamma = 0.05", "gamma = nan", 1));
    folder.write("fees.toml", QUOTER.replacen("maker_fee_bps = -0.5", "maker_fee_bps = \"x\"", 1));
    let files = "nan.toml quoter.toml fees.toml absent.toml";
    let run = folder.expect(3, &format!("config check {files} --json"));
    for file in ["nan.toml: line ", "fees.toml: ", "absent.toml: "] {
        assert!(run.err.contains(&format!("ballast: {file}")), "{file}: {}", run.err);
    }
    let json = run.json();
    let names = |list: &str| {
        let entries = json[list].as_array().unwrap().iter();
        entries.map(|one| one["file"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("checked"), ["quoter.toml"]);
    assert_eq!(names("refused"), ["nan.toml", "fees.toml", "absent.toml"]);
    let error = json["refused"][0]["error"].as_str().unwrap();
    assert!(error.contains("quoting.model.gamma: must be a finite number"), "{error}");
    let text = folder.expect(3, &format!("config check {files}"));
    assert!(text.out.starts_with("quoter.toml: sound") && text.err.contains("fees.toml: "), "{}", text.err);
    let sound = folder.expect(0, "config check quoter.toml --json").json();
    assert_eq!(sound["refused"], serde_json::json!([]));
}
