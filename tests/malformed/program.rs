//! The same through the program: exit codes, counts in the JSON, file and line on standard error.

use ballast_tests::market::{QUOTER, text};
use ballast_tests::program::run;
use serde_json::Value;
use tempfile::TempDir;

use crate::files::gzip;
use crate::rig::{FUTURES, joined, raw, some_diff, some_ticker};

/// Something broken: its name, its bytes, the exit codes of `replay` and `book check`, what standard error names.
struct Case {
    name: &'static str,
    bytes: Vec<u8>,
    codes: [i32; 2],
    named: Vec<String>,
    /// Key and value in the JSON object.
    counted: Vec<(&'static str, u64)>,
}

/// The sound capture with one line made into something else.
fn with_line(index: usize, change: impl FnOnce(&str) -> Vec<u8>) -> Vec<u8> {
    let mut lines = raw(&FUTURES);
    lines[index] = change(&FUTURES[index].text());
    joined(&lines)
}

fn at(name: &str, index: usize, kind: &str) -> String {
    format!("{name}:{}: {kind}: ", index + 1)
}

/// One line is bad and nothing else.
fn bad_line(name: &'static str, kind: &str, change: impl FnOnce(&str) -> Vec<u8>) -> Case {
    let bytes = with_line(some_ticker(), change);
    let named = vec![at(name, some_ticker(), kind)];
    Case { name, bytes, codes: [0, 0], named, counted: vec![("bad_lines", 1), ("gaps", 0)] }
}

/// What the program goes on from.
fn survivable() -> Vec<Case> {
    let lines = FUTURES.len() as u64;
    let (ticker, sound) = (some_ticker(), text(&FUTURES));
    let mut backward = raw(&FUTURES);
    backward[ticker] = format!("{} {}", FUTURES[0].time.0, FUTURES[ticker].frame).into_bytes();
    let mut twice = raw(&FUTURES);
    twice.insert(some_diff() + 1, twice[some_diff()].clone());
    let mut gap = raw(&FUTURES);
    gap.remove(some_diff());
    vec![
        bad_line("number.txt", "bad_frame", |line| line.replacen("\"b\":\"", "\"b\":\"1e400", 1).into()),
        bad_line("negative.txt", "bad_frame", |line| line.replacen("\"B\":\"", "\"B\":\"-", 1).into()),
        bad_line("symbol.txt", "bad_frame", |line| line.replace("ETHUSDT", "XRPUSDT").into()),
        bad_line("json.txt", "bad_frame", |line| line[..line.len() / 2].into()),
        bad_line("stamp.txt", "bad_time", |line| format!("x{line}").into()),
        bad_line("long.txt", "line_too_long", |line| {
            let mut bytes = line.as_bytes().to_vec();
            bytes.resize(10_000_000, b' ');
            bytes
        }),
        bad_line("blank.txt", "bad_time", |_| Vec::new()),
        Case {
            name: "torn.txt",
            bytes: sound.as_bytes()[..sound.len() - 30].to_vec(),
            codes: [0, 0],
            named: vec![at("torn.txt", FUTURES.len() - 1, "torn_line")],
            counted: vec![("bad_lines", 1), ("lines", lines)],
        },
        Case {
            name: "backward.txt",
            bytes: joined(&backward),
            codes: [0, 0],
            named: vec![at("backward.txt", ticker, "backward_time")],
            counted: vec![("bad_lines", 0), ("frames", lines)],
        },
        Case {
            name: "twice.txt",
            bytes: joined(&twice),
            codes: [0, 0],
            named: vec![at("twice.txt", some_diff() + 1, "stale_diff")],
            counted: vec![("bad_lines", 0), ("gaps", 0)],
        },
        Case {
            name: "gap.txt",
            bytes: joined(&gap),
            codes: [0, 6],
            named: vec!["gap.txt:".to_owned(), ": gap: ".to_owned()],
            counted: vec![("bad_lines", 0), ("gaps", 1)],
        },
        Case {
            name: "ends.txt",
            bytes: sound.replace('\n', "\r\n").into(),
            codes: [0, 0],
            named: vec![],
            counted: vec![("bad_lines", 0), ("frames", lines)],
        },
    ]
}

/// What holds no book, or not for long.
fn hopeless() -> Vec<Case> {
    let sound = text(&FUTURES);
    let zstd = zstd::encode_all(sound.as_bytes(), 1).unwrap();
    let gzip = gzip(sound.as_bytes());
    let unreadable = |name: &'static str, bytes: &[u8], codes: [i32; 2]| Case {
        name,
        bytes: bytes.to_vec(),
        codes,
        named: vec![name.to_owned(), ": unreadable: ".to_owned()],
        counted: vec![],
    };
    let refused = |name: &'static str, bytes: Vec<u8>| Case {
        name,
        bytes,
        codes: [5, 5],
        named: vec![format!("{name}:1: "), "no order book snapshot".to_owned()],
        counted: vec![("frames", 0)],
    };
    vec![
        unreadable("cut.gz", &gzip[..gzip.len() * 2 / 3], [0, 0]),
        unreadable("cut.zst", &zstd[..zstd.len() * 2 / 3], [0, 0]),
        unreadable("stub.gz", &gzip[..10], [5, 5]),
        unreadable("stub.zst", &zstd[..9], [5, 5]),
        unreadable("empty.txt", b"", [5, 5]),
        refused("zeros.bin", vec![0; 100_000]),
        refused("noise.bin", (0..100_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect()),
        refused("prose.txt", b"It was a dark and stormy night;\nthe rain fell in torrents.\n".to_vec()),
        refused("json.txt", b"{\"a\":1}\n[1e400]\n".to_vec()),
        refused("deep.txt", "[".repeat(3_000_000).into_bytes()),
    ]
}

fn check(case: &Case, folder: &TempDir) {
    let name = case.name;
    std::fs::write(folder.path().join(name), &case.bytes).unwrap();
    let replay = ["replay", "--config", "quoter.toml", "--json", "--out", "out", "--data", name];
    let book_check = ["book", "check", "--json", name];
    for (arguments, code) in [(&replay[..], case.codes[0]), (&book_check, case.codes[1])] {
        let run = run(folder.path(), arguments);
        assert!(!run.panicked(), "{name}: {}", run.err);
        assert_eq!(run.code, Some(code), "{name}: {}{}", run.out, run.err);
        for part in &case.named {
            assert!(run.err.contains(part), "{part} for {name}: {}", run.err);
        }
        if case.named.is_empty() {
            assert!(!run.err.contains(&format!("{name}:1")), "{}", run.err);
        }
        let json = run.json();
        for (key, count) in &case.counted {
            assert_eq!(json[key], Value::from(*count), "{key} of {name}: {json}");
        }
        assert!(run.err.len() < 100_000, "{name}: {} bytes on standard error", run.err.len());
    }
}

fn check_all(cases: &[Case]) {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("quoter.toml"), QUOTER).unwrap();
    cases.iter().for_each(|case| check(case, &folder));
}

#[test]
fn the_program_goes_on_where_it_can() {
    check_all(&survivable());
}

#[test]
fn the_program_says_where_it_cannot() {
    check_all(&hopeless());
}

#[test]
fn broken_files_beside_a_sound_one_change_nothing_of_it() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("quoter.toml"), QUOTER).unwrap();
    std::fs::write(folder.path().join("sound.txt"), text(&FUTURES)).unwrap();
    let replay = |files: &[&str]| {
        let run =
            run(folder.path(), [&["replay", "--config", "quoter.toml", "--json", "--data"], files].concat());
        assert_eq!(run.code, Some(0), "{files:?}: {}", run.err);
        run.json()["decisions_hash"].clone()
    };
    let alone = replay(&["sound.txt"]);
    for case in hopeless().into_iter().filter(|case| case.codes[0] == 5) {
        std::fs::write(folder.path().join(case.name), &case.bytes).unwrap();
        assert_eq!(replay(&[case.name, "sound.txt"]), alone, "{}", case.name);
        assert_eq!(replay(&["sound.txt", case.name]), alone, "{}", case.name);
    }
}
