//! Journals as the program writes and reads them: one of each run, and nothing missing unsaid.

use crate::rig::Folder;

const REPLAY: &str = "replay --config quoter.toml --data futures.gz --journal journal";

#[test]
fn a_folder_that_holds_a_journal_is_refused_before_anything_runs() {
    let folder = Folder::new();
    folder.expect(0, REPLAY);
    let before = folder.expect(0, "verify journal --json").json();
    assert_eq!((&before["identical"], &before["finished"]), (&true.into(), &true.into()));
    // Before the data is so much as looked for.
    let again = folder.expect(4, "replay --config quoter.toml --data nothing-here --journal journal");
    assert!(again.err.contains("there is a journal here already"), "{}", again.err);
    assert_eq!(again.out, "");
    let after = folder.expect(0, "verify journal --json").json();
    assert_eq!((&after["state_hash"], &after["records"]), (&before["state_hash"], &before["records"]));
}

#[test]
fn a_slice_of_nothing_or_onto_something_is_refused() {
    let folder = Folder::new();
    folder.expect(0, REPLAY);
    for range in ["--from 18446744073709551615", "--from 20 --to 10", "--from 99999999"] {
        let run = folder.expect(4, &format!("journal slice journal {range} --out cut"));
        assert!(run.err.contains("there is nothing to cut"), "{range}: {}", run.err);
        assert!(!folder.path().join("cut").exists(), "{range}");
    }
    let run = folder.expect(4, "journal slice journal --to 10 --out journal");
    assert!(run.err.contains("this folder is not empty"), "{}", run.err);
    folder.expect(0, "verify journal");
    folder.expect(0, "journal slice journal --to 100 --out cut");
    let cut = folder.expect(0, "verify cut --json");
    assert!(!cut.err.contains("ends without the checkpoint"), "a slice is not cut short: {}", cut.err);
    assert!(cut.json()["finished"].is_null());
    assert!(folder.path().join("cut/0000000000.journal.zst").exists());
    let checked = folder.expect(0, "journal verify cut --json").json();
    assert_eq!(
        (&checked["finished"], &checked["torn"]),
        (&serde_json::Value::Null, &serde_json::Value::Null)
    );
    folder.expect(0, "journal slice journal --from 50 --to 100 --out later");
    folder.expect(0, "journal verify later");
    let later = folder.expect(4, "verify later");
    assert!(later.err.contains("at record 50") && later.err.contains("from record 1 on"), "{}", later.err);
}

#[test]
fn a_folder_of_runs_names_the_last_one() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("runs")).unwrap();
    for epoch in ["0001", "0002"] {
        folder.expect(0, &REPLAY.replace("--journal journal", &format!("--journal runs/{epoch}")));
    }
    for command in ["verify", "journal verify", "journal inspect", "whatif"] {
        let run = folder.expect(4, &format!("{command} runs"));
        assert!(run.err.contains("the last is runs/0002"), "{command}: {}", run.err);
    }
    let said = folder.expect(0, "journal verify runs/0002").out;
    assert!(said.starts_with("1 segment, "), "{said}");
}

#[test]
fn what_is_recovered_of_a_damaged_journal_has_the_exit_code_of_damage() {
    let folder = Folder::new();
    folder.expect(0, REPLAY);
    folder.expect(0, "journal recover journal");
    std::fs::write(folder.path().join("journal/ring"), [7; 4_096]).unwrap();
    let run = folder.expect(4, "journal recover journal --json");
    assert!(run.err.contains("damaged: ") && run.err.contains("not a ring"), "{}", run.err);
    assert_eq!(run.json()["damage"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_range_is_shown_in_prices_and_lots_and_weighs_nothing_at_rest() {
    let folder = Folder::new();
    folder.expect(0, REPLAY);
    let all = folder.expect(0, "journal inspect journal").out;
    assert!(all.contains("at rest: ") && all.contains("lots: Lots("), "{all}");
    assert!(!all.contains("PackedLevel(["), "words as they are packed");
    assert!(!folder.expect(0, "journal inspect journal --to 50").out.contains("at rest: "));
    let part = folder.expect(0, "journal inspect journal --from 2 --json").json();
    assert!(part["bytes_at_rest"].is_null());
}
