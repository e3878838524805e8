//! What can be typed, and how a run ends.

use std::process::{Command, Stdio};

use ballast_tests::program::program;

use crate::rig::Folder;

#[test]
fn help_names_every_command_and_exit_code() {
    let folder = Folder::new();
    let help = folder.expect(0, "--help").out;
    for word in [
        "replay",
        "demo",
        "compare",
        "config",
        "book",
        "doctor",
        "Exit codes",
        "0 ",
        "1 ",
        "2 ",
        "3 ",
        "4 ",
        "5 ",
        "6 ",
    ] {
        assert!(help.contains(word), "{word} in {help}");
    }
    for (command, options) in [
        ("replay", &["--config", "--data", "--operator", "--out", "--idle", "--repeat", "--json"][..]),
        ("demo", &["--seed", "--for", "--capture", "--rate", "--offline", "--plain", "--out", "--json"]),
        ("compare", &["--config", "--data", "--json"]),
        ("config check", &["--json"]),
        ("config schema", &["--json"]),
        ("book check", &["--json"]),
        ("doctor", &["--config", "--journal", "--json"]),
    ] {
        let help = folder.expect(0, &format!("{command} --help")).out;
        for option in options {
            assert!(help.contains(option), "{option} in {help}");
        }
    }
    assert!(folder.expect(0, "--version").out.starts_with("ballast "));
}

#[test]
fn wrong_arguments_end_with_2_and_change_nothing() {
    let folder = Folder::new();
    let entries = || std::fs::read_dir(folder.path()).unwrap().count();
    let before = entries();
    for arguments in [
        "",
        "nothing",
        "replay",
        "replay --config quoter.toml",
        "replay --data futures.gz",
        "replay --config quoter.toml --data",
        "replay --config quoter.toml --data futures.gz --repeat 0",
        "replay --config quoter.toml --data futures.gz --repeat -1",
        "replay --config quoter.toml --data futures.gz --repeat x",
        "replay --config quoter.toml --data futures.gz --unknown",
        "demo --seed x",
        "demo --offline --minutes 0",
        "demo extra",
        "compare",
        "compare --config quoter.toml",
        "compare --data futures.gz",
        "config",
        "config check",
        "config schema extra",
        "book",
        "book check",
        "book check --unknown futures.gz",
        "doctor extra",
    ] {
        let run = folder.expect(2, arguments);
        assert!(run.out.is_empty(), "{arguments}: {}", run.out);
        assert!(!run.err.is_empty(), "{arguments}");
    }
    assert_eq!(entries(), before);
}

#[test]
fn data_that_is_not_there_ends_with_4_and_names_the_path() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    for path in ["absent.gz", "folder", "futures.gz/inside"] {
        for command in [
            "replay --config quoter.toml --data",
            "book check",
            "replay --config quoter.toml --data futures.gz",
        ] {
            let run = folder.expect(4, &format!("{command} {path}"));
            assert!(run.err.contains(path), "{path}: {}", run.err);
            assert!(run.out.is_empty(), "{}", run.out);
        }
    }
}

#[test]
fn data_without_snapshot_ends_with_5_and_says_so() {
    let folder = Folder::new();
    let replay = folder.expect(5, "replay --config quoter.toml --data nosnapshot.txt --out report --json");
    let json = replay.json();
    assert_eq!((&json["has_book"], &json["orders"], &json["fills"]), (&false.into(), &0.into(), &0.into()));
    assert!(replay.err.contains("no order book snapshot"), "{}", replay.err);
    assert!(folder.path().join("report/report.html").is_file(), "the report is written all the same");
    let check = folder.expect(5, "book check nosnapshot.txt --json");
    assert_eq!(check.json()["comparisons"], 0);
    folder.expect(0, "replay --config quoter.toml --data futures.gz nosnapshot.txt");
}

#[test]
fn a_book_that_cannot_be_followed_ends_with_6() {
    let folder = Folder::new();
    let frames = &*crate::rig::FUTURES;
    let diff =
        frames.iter().enumerate().filter(|(_, line)| line.frame.contains("@depth")).nth(100).unwrap().0;
    let mut lines = frames.clone();
    lines.remove(diff);
    folder.write("gap.txt", ballast_tests::market::text(&lines));
    let run = folder.expect(6, "book check gap.txt --json");
    assert_eq!((&run.json()["gaps"], &run.json()["has_book"]), (&1.into(), &true.into()));
    folder.expect(0, "replay --config quoter.toml --data gap.txt");
    // A best price that the book does not have.
    let json = folder.expect(0, "book check futures.gz --json").json();
    assert!(json["comparisons"].as_u64() > Some(10) && json["mismatches"] == 0, "{json}");
    // The same update, the ticks off by one; the venue's word stands against the book's at once.
    let wrong: Vec<_> = frames
        .iter()
        .cloned()
        .map(|mut line| {
            if line.frame.contains("@bookTicker") {
                line.frame = line.frame.replacen("\",\"B\":\"", "\",\"B\":\"9", 1);
            }
            line
        })
        .collect();
    folder.write("wrong.txt", ballast_tests::market::text(&wrong));
    let run = folder.expect(6, "book check wrong.txt --json");
    assert_eq!(run.json()["mismatches"], json["comparisons"], "every size is wrong");
    assert!(run.err.contains("first difference"), "{}", run.err);
}

#[test]
fn a_report_that_cannot_be_written_ends_with_1() {
    let folder = Folder::new();
    let run = folder.expect(1, "replay --config quoter.toml --data futures.gz --out quoter.toml");
    assert!(run.err.contains("quoter.toml"), "{}", run.err);
}

#[test]
fn a_reader_that_stops_reading_is_no_failure() {
    let folder = Folder::new();
    for arguments in [&["book", "check", "futures.gz", "--json"][..], &["--help"]] {
        let mut command = Command::new(program());
        command.args(arguments).current_dir(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(0),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
