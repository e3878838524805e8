//! `compare` and `config`: several configurations side by side, checked without data, described by a schema.

use serde_json::Value;

use crate::rig::Folder;

#[test]
fn a_row_of_the_comparison_is_what_a_replay_alone_says() {
    let folder = Folder::new();
    let fixed = std::fs::read_to_string(ballast_tests::root().join("config/peer-quoter.toml")).unwrap();
    folder.write("fixed.toml", fixed);
    let both = folder.expect(0, "compare --config quoter.toml --config fixed.toml --data futures.gz --json");
    let json = both.json();
    let rows = json["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    for (row, config) in rows.iter().zip(["quoter.toml", "fixed.toml"]) {
        let alone = folder.expect(0, &format!("replay --config {config} --data futures.gz --json")).json();
        assert_eq!(row["config"], config);
        assert_eq!(row["net"], alone["pnl"]["net"]);
        for key in ["fills", "decisions_hash", "max_position"] {
            assert_eq!(row[key], alone[key], "{config}: {key}");
        }
        assert!(row["quote_uptime"].as_f64().is_some_and(|share| (0.0..=1.0).contains(&share)));
    }
    let table = folder.expect(0, "compare --config quoter.toml --config fixed.toml --data futures.gz").out;
    for config in ["quoter.toml", "fixed.toml"] {
        assert!(table.lines().any(|line| line.starts_with(config)), "{table}");
    }
    let heading = table.lines().next().unwrap();
    for column in [
        "currency",
        "net PnL",
        "fills",
        "captured",
        "10 s bp",
        "half-life s",
        "drawdown",
        "uptime",
        "programme",
        "fill ratio",
        "Sharpe",
    ] {
        assert!(heading.contains(column), "{column} in {heading}");
    }
}

#[test]
fn several_instruments_are_rows_of_their_own() {
    let folder = Folder::new();
    let json = folder.expect(0, "compare --config quoter.toml --data futures.gz spot.txt --json").json();
    let names: Vec<_> =
        json["rows"].as_array().unwrap().iter().map(|row| row["instrument"].clone()).collect();
    assert_eq!(names.len(), 2);
    assert_ne!(names[0], names[1]);
    let [total] = &json["totals"].as_array().unwrap()[..] else { panic!("one currency") };
    assert_eq!((&total["instrument"], &total["currency"]), (&"total".into(), &"USDT".into()));
    let alone = folder.expect(0, "replay --config quoter.toml --data futures.gz spot.txt --json").json();
    assert_eq!(total["net"], alone["pnl"]["net"]);
    assert_eq!(total["fills"], alone["fills"]);
    assert_eq!(total["figures"], alone["totals"][0]["figures"]);
    let table = folder.expect(0, "compare --config quoter.toml --data futures.gz spot.txt").out;
    assert!(table.lines().last().unwrap().starts_with("quoter.toml  total"), "{table}");
}

#[test]
fn what_cannot_act_is_told_and_what_is_not_quoted_has_no_uptime() {
    let folder = Folder::new();
    let shipped =
        |name: &str| std::fs::read_to_string(ballast_tests::root().join("config").join(name)).unwrap();
    folder.write("cross.toml", shipped("cross-venue.toml"));
    let alone = folder.expect(0, "compare --config cross.toml --data spot.txt").err;
    for told in [
        "cross.toml: [hedge] does nothing: no instrument is quoted that it could hedge",
        "cross.toml: spot ETHUSDT: not quoted: the data has no usdm instrument to hedge it on",
    ] {
        assert!(alone.lines().any(|line| line == told), "{told}: {alone}");
    }
    let run = folder.expect(0, "compare --config cross.toml --data futures.gz spot.txt --json");
    assert!(!run.err.contains("[hedge]") && !run.err.contains("not quoted: "), "{}", run.err);
    for row in run.json()["rows"].as_array().unwrap() {
        let quoted = row["instrument"] == "spot ETHUSDT";
        assert_eq!(row["quote_uptime"].is_number(), quoted, "{row}");
        assert_eq!(row["programme_uptime"].is_number(), quoted, "{row}");
    }
}

#[test]
fn data_without_a_book_and_bad_configurations_end_a_comparison_as_they_end_a_replay() {
    let folder = Folder::new();
    folder.expect(5, "compare --config quoter.toml --data nosnapshot.txt");
    folder.write("broken.toml", "schema = 1\n");
    let broken = folder.expect(3, "compare --config quoter.toml --config broken.toml --data futures.gz");
    assert!(broken.err.contains("broken.toml"), "{}", broken.err);
    folder.expect(4, "compare --config quoter.toml --data absent.gz");
}

#[test]
fn a_configuration_is_checked_without_data() {
    let folder = Folder::new();
    let sound = folder.expect(0, "config check quoter.toml --json").json();
    assert_eq!(sound["checked"][0]["tried_on"][0], "usdm ETHUSDT");
    let text = std::fs::read_to_string(folder.path().join("quoter.toml")).unwrap();
    // One rule of the text, one that only shows when the core is built.
    for (from, to, key) in [
        ("cancel_share = 0.0", "cancel_share = 2.0", "cancel_share"),
        ("gamma = 0.05", "gamma = -1.0", "gamma"),
    ] {
        folder.write("broken.toml", text.replace(from, to));
        let run = folder.expect(3, "config check quoter.toml broken.toml");
        let line = 1 + text.lines().position(|line| line.contains(from)).unwrap();
        assert!(run.err.contains(&format!("line {line}")) && run.err.contains(key), "{}", run.err);
    }
}

/// Every key of a TOML table is described by the schema at that place.
fn described(toml: &toml::Table, schema: &Value, root: &Value) {
    for (key, value) in toml {
        let mut property = &schema["properties"][key];
        assert!(!property.is_null(), "{key} in {schema}");
        if let Some(options) = property["anyOf"].as_array() {
            property = &options[0];
        }
        if property["items"].is_object() {
            property = &property["items"];
        }
        if let Some(name) = property["$ref"].as_str() {
            property = root.pointer(name.trim_start_matches('#')).unwrap();
        }
        let inner = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        let tables = inner.iter().filter_map(toml::Value::as_table);
        for table in tables.filter(|_| property["properties"].is_object()) {
            described(table, property, root);
        }
    }
}

#[test]
fn the_schema_describes_every_key_of_the_shipped_configurations() {
    let folder = Folder::new();
    let pretty: Value = serde_json::from_str(&folder.expect(0, "config schema").out).unwrap();
    let schema = folder.expect(0, "config schema --json").json();
    assert_eq!(pretty, schema);
    assert_eq!(schema["additionalProperties"], false, "unknown keys are refused");
    for entry in std::fs::read_dir(ballast_tests::root().join("config")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        described(&text.parse().unwrap(), &schema, &schema);
    }
}
