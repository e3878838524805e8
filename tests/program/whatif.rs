//! `whatif`: a journal played again beside what was recorded, with other values of its configuration.

use serde_json::Value;

use crate::rig::Folder;

fn rows<'a>(json: &'a Value, run: &str) -> Vec<&'a Value> {
    json["rows"].as_array().unwrap().iter().filter(|row| row["run"] == run).collect()
}

fn recorded() -> (Folder, Value) {
    let folder = Folder::new();
    let data = "--data futures.gz spot.txt --journal journal --json";
    let replay = folder.expect(0, &format!("replay --config quoter.toml {data}")).json();
    (folder, replay)
}

#[test]
fn an_unchanged_run_is_what_was_recorded_and_a_changed_one_what_a_replay_says() {
    let (folder, _) = recorded();
    let json = folder
        .expect(0, "whatif journal --set quoting.model.gamma=0.5 --set venue.order_latency=20ms --json")
        .json();
    for (row, before) in rows(&json, "unchanged").iter().zip(rows(&json, "recorded")) {
        for key in ["instrument", "fills", "volume", "position", "net", "spread_captured"] {
            assert_eq!(row[key], before[key], "{key}");
        }
        assert_eq!((&row["matched_fills"], &row["matched_volume"]), (&before["fills"], &before["volume"]));
        assert_eq!((&row["matched_share"], &row["net_apart"]), (&1.0.into(), &0.0.into()));
        assert!(before["matched_fills"].is_null());
    }
    let text = std::fs::read_to_string(folder.path().join("quoter.toml")).unwrap();
    let text = text.replace("gamma = 0.05", "gamma = 0.5").replacen("\"1ms\"", "\"20ms\"", 1);
    folder.write("changed.toml", text);
    let alone = folder.expect(0, "compare --config changed.toml --data futures.gz spot.txt --json").json();
    let changed = rows(&json, "changed");
    assert_eq!(changed.len(), 2);
    for (row, alone) in changed.iter().zip(alone["rows"].as_array().unwrap()) {
        for key in ["instrument", "fills", "net", "spread_captured"] {
            assert_eq!(row[key], alone[key], "{key}");
        }
    }
    let orders = |run: &str| rows(&json, run).iter().map(|row| row["orders"].as_u64().unwrap()).sum::<u64>();
    assert_eq!(orders("recorded"), orders("unchanged"));
    assert_ne!(orders("changed"), orders("unchanged"));
    assert_eq!(alone["rows"][0]["orders_of_run"].as_u64(), Some(orders("changed")));
}

#[test]
fn the_text_says_first_how_well_the_run_is_reproduced() {
    let (folder, _) = recorded();
    let out = folder.expect(0, "whatif journal --calibrate power").out;
    let first = out.lines().next().unwrap();
    assert!(first.contains("unchanged, the run again matches") && first.contains("100.0 %"), "{out}");
    assert!(out.contains("not calibrated: 209 orders tell no power from any other"), "two fills: {out}");
    for run in ["recorded", "unchanged"] {
        assert_eq!(out.lines().filter(|line| line.starts_with(run)).count(), 2, "{out}");
    }
    assert!(!out.contains("\nchanged"), "{out}");
}

#[test]
fn what_cannot_be_changed_is_named_with_its_rule() {
    let (folder, _) = recorded();
    for (set, parts) in [
        ("quoting.model.gama=1", ["quoting.model.gama", "unknown field `gama`"]),
        ("venue.cancel_share=2.0", ["venue.cancel_share", "must be from 0 to 1"]),
        ("quoting.limits.order_burst=0", ["quoting.limits.order_burst", "quoter.toml"]),
        ("instrument.0.tick=1", ["instrument.0", "is not there: instrument has 0"]),
        ("gamma", ["gamma", "write KEY=VALUE"]),
        ("nonexist=", ["nonexist", "is not set: there is nothing to take out"]),
        ("venue.clock_offset=5s", ["venue.clock_offset", "stays as recorded"]),
    ] {
        let run = folder.expect(3, &format!("whatif journal --set {set}"));
        assert!(parts.iter().all(|part| run.err.contains(part)), "{set}: {}", run.err);
        assert_eq!(run.out, "", "nothing is played before the change is known to be one");
    }
    let grid = "instrument=[{symbol=\"ETHUSDT\",market=\"usdm\",tick=\"0.5\"}]";
    let run = folder.expect(3, &format!("whatif journal --set {grid}"));
    assert!(run.err.contains("tick and lot stay as recorded"), "{}", run.err);
    folder.expect(4, "whatif nothing-here");
    folder.expect(0, "journal slice journal --from 100 --out cut");
    let cut = folder.expect(4, "whatif cut");
    assert!(cut.err.contains("cut from another journal at record 100"), "{}", cut.err);
    // Before the journal is so much as looked for.
    let within = folder.expect(2, "whatif nothing-here --within soon");
    assert!(within.err.contains("--within") && within.err.contains("no duration"), "{}", within.err);
    let within = folder.expect(2, "whatif nothing-here --within=-1s");
    assert!(within.err.contains("--within") && within.err.contains("must not be negative"), "{}", within.err);
}
