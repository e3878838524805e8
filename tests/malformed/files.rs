//! Whole files that are cut, empty, absent or something else.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use ballast_runtime::capture::{LoadError, ProblemKind, survey_files};
use ballast_runtime::job::{JobError, Mode, Prepared};
use ballast_runtime::replay::Unobserved;
use ballast_tests::market::{QUOTER, config, surveyed, text};
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use crate::rig::{FUTURES, NAME, Read, raw, read, read_lines, some_ticker, try_read};

pub(crate) fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// Writes a file of these bytes and reads it.
fn try_read_file(bytes: &[u8]) -> Result<Read, JobError> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(NAME);
    std::fs::write(&path, bytes).unwrap();
    try_read(&survey_files(&[path])?)
}

fn read_file(bytes: &[u8]) -> Read {
    try_read_file(bytes).unwrap()
}

/// A file that ends early: its sound part is used, its last line and its end are told.
fn check_cut(whole: &Read, cut: &Read) {
    let lines = cut.prepared.lines;
    assert!(lines > 100 && lines < whole.prepared.lines, "{lines} lines of {}", whole.prepared.lines);
    let problems = cut.problems();
    assert_eq!(problems.last(), Some(&(ProblemKind::Unreadable, lines)));
    assert!(problems.len() == 1 || problems[0] == (ProblemKind::TornLine, lines), "{problems:?}");
    let sound = usize::try_from(lines).unwrap() + 1 - problems.len();
    assert_eq!(cut.outcome, read_lines(&raw(&FUTURES[..sound])).outcome, "the sound part is played");
}

#[test]
fn compression_changes_nothing() {
    let text = text(&FUTURES).into_bytes();
    let plain = read(text.clone());
    for bytes in [text.clone(), gzip(&text), zstd::encode_all(&*text, 1).unwrap()] {
        let found = read_file(&bytes);
        assert_eq!((found.problems(), found.outcome), (vec![], plain.outcome));
    }
    let parts = [gzip(&text[..1_000]), gzip(&text[1_000..])].concat();
    assert_eq!(read_file(&parts).outcome, plain.outcome, "a file of several gzip members");
}

#[test]
fn a_cut_compressed_file_is_used_as_far_as_it_goes() {
    let text = text(&FUTURES).into_bytes();
    let whole = read(text.clone());
    for bytes in [gzip(&text), zstd::encode_all(&*text, 1).unwrap()] {
        for parts in [4, 5, 7, 9] {
            check_cut(&whole, &read_file(&bytes[..bytes.len() * parts / 10]));
        }
    }
}

#[test]
fn a_compressed_file_cut_in_its_first_bytes_is_told() {
    let text = text(&FUTURES).into_bytes();
    for bytes in [gzip(&text), zstd::encode_all(&*text, 1).unwrap()] {
        for length in [4, 5, 9, 10, 11, 20] {
            let found = read_file(&bytes[..length]);
            assert_eq!(found.prepared.problems.count(ProblemKind::Unreadable), 1, "{length} bytes");
            assert!(found.prepared.has_no_book());
        }
    }
}

#[test]
fn a_damaged_compressed_file_is_told() {
    let text = text(&FUTURES).into_bytes();
    let bytes = gzip(&text);
    for part in 1..20 {
        let mut damaged = bytes.clone();
        let at = damaged.len() * part / 20;
        damaged[at] ^= 0x55;
        match try_read_file(&damaged) {
            Ok(found) => assert_eq!(found.prepared.problems.count(ProblemKind::Unreadable), 1, "byte {at}"),
            // Damage near the start may make other text of it, with a symbol and no levels.
            Err(error) => assert!(matches!(error, JobError::Config(_)) && part < 3, "byte {at}: {error}"),
        }
    }
}

#[test]
fn a_torn_last_line_is_told_and_a_whole_one_without_newline_is_not() {
    let mut text = text(&FUTURES);
    let whole = read(text.clone());
    text.pop();
    let unended = read(text.clone());
    assert_eq!((unended.problems(), unended.outcome), (vec![], whole.outcome));
    let before = read_lines(&raw(&FUTURES[..FUTURES.len() - 1])).outcome;
    let last = FUTURES.last().unwrap().text().len();
    for cut in [1, last / 2, last - 25, last - 20, last - 5] {
        let torn = read(&text.as_bytes()[..text.len() - cut]);
        assert_eq!(torn.problems(), [(ProblemKind::TornLine, FUTURES.len() as u64)], "{cut} bytes short");
        assert_eq!(torn.outcome, before, "{cut} bytes short");
    }
}

#[test]
fn line_ends_of_other_systems_are_read() {
    let whole = read(text(&FUTURES));
    let found = read(text(&FUTURES).replace('\n', "\r\n"));
    assert_eq!((found.problems(), found.outcome), (vec![], whole.outcome));
}

#[test]
fn an_empty_file_is_told() {
    for bytes in [&b""[..], &gzip(b""), &zstd::encode_all(&b""[..], 1).unwrap()] {
        let found = read_file(bytes);
        assert_eq!(found.prepared.problems.count(ProblemKind::Unreadable), 1);
        assert!(found.prepared.problems.named()[0].detail.contains("empty"));
        assert!(found.prepared.has_no_book());
        assert_eq!((found.prepared.lines, found.outcome.messages), (0, 0));
    }
}

#[test]
fn an_empty_file_beside_a_sound_one_takes_nothing_from_it() {
    let sound = || surveyed("sound", text(&FUTURES));
    let alone = try_read(&[sound()]).unwrap();
    for other in [&b""[..], b"\n\n", b"nothing here", &[0; 4_096]] {
        for files in [[surveyed("other", other), sound()], [sound(), surveyed("other", other)]] {
            let found = try_read(&files).unwrap();
            assert_eq!(found.outcome, alone.outcome);
            assert!(found.prepared.problems.named().iter().all(|problem| problem.file == "other"));
            assert_ne!(found.prepared.problems.named().len(), 0);
        }
    }
}

#[test]
fn a_file_of_best_prices_alone_beside_a_sound_one_is_told() {
    let tickers = || FUTURES.iter().filter(|line| line.frame.contains("@bookTicker")).take(20);
    let other: String = tickers().map(|line| line.text().replace("ETHUSDT", "XRPUSDT") + "\n").collect();
    let found = try_read(&[surveyed("other", other), surveyed(NAME, text(&FUTURES))]).unwrap();
    let expected: Vec<_> = (1..=20).map(|line| (ProblemKind::BadFrame, line)).collect();
    assert_eq!((found.problems(), found.outcome), (expected, read(text(&FUTURES)).outcome));
}

#[test]
fn garbage_is_refused_line_by_line() {
    // A linear congruential generator is random enough for garbage (Knuth, MMIX).
    let mut state = 7u64;
    let garbage: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    })
    .take(300_000)
    .collect();
    let lines = garbage.split(|byte| *byte == b'\n').count() as u64;
    let found = read(garbage);
    assert_eq!((found.prepared.lines, found.prepared.problems.bad_lines()), (lines, lines));
    assert!(found.prepared.has_no_book());
}

#[test]
fn a_file_that_is_not_there_and_a_folder_are_errors_with_their_path() {
    let folder = TempDir::new().unwrap();
    let config = config(QUOTER);
    let absent = folder.path().join("absent.gz");
    for path in [absent, folder.path().to_path_buf(), PathBuf::new()] {
        let files = std::slice::from_ref(&path);
        match Prepared::from_files(&config, Path::new("test.toml"), files, |_| {}) {
            Err(JobError::Load(LoadError::Unreadable { path: named, .. })) => assert_eq!(named, path),
            other => panic!("{}: {other:?}", path.display()),
        }
    }
}

#[test]
fn files_of_one_instrument_continue_each_other_wherever_they_are_cut() {
    let whole = read(text(&FUTURES));
    for at in [1, 10, some_ticker(), FUTURES.len() - 1] {
        let files = [surveyed("first", text(&FUTURES[..at])), surveyed("second", text(&FUTURES[at..]))];
        let found = try_read(&files).unwrap();
        assert_eq!((found.problems(), found.outcome), (vec![], whole.outcome), "cut at {at}");
        assert_eq!(found.prepared.tapes.len(), 1);
    }
}

#[test]
fn files_in_the_wrong_order_are_told() {
    let at = FUTURES.len() / 2;
    let files = [surveyed("second", text(&FUTURES[at..])), surveyed("first", text(&FUTURES[..at]))];
    let found = try_read(&files).unwrap();
    let problems = &found.prepared.problems;
    assert_eq!(problems.count(ProblemKind::BackwardTime), at as u64, "every line of the earlier file");
    assert!(problems.named().iter().any(|problem| problem.file == "first"));
}

#[test]
fn sizes_finer_than_the_configured_lot_are_refused() {
    let facts = "[[instrument]]\nsymbol = \"ETHUSDT\"\nmarket = \"usdm\"\ntick = \"0.01\"\nlot = \"0.01\"\n";
    let config = config(&format!("{QUOTER}{facts}"));
    let file = surveyed(NAME, text(&FUTURES));
    let prepared = Prepared::from_surveyed(&config, Path::new("test.toml"), &[file], |_| {}).unwrap();
    assert!(prepared.problems.bad_lines() > 100);
    let off_grid = prepared.counters[0].decode_errors.off_grid;
    assert_eq!(prepared.problems.bad_lines(), off_grid, "nothing else is wrong");
    assert!(
        prepared.problems.named()[0].to_string().contains("off the grid")
            || prepared.problems.named()[0].detail.contains("OffGrid")
    );
    let outcome = prepared.play(Mode::Quoting, 1, &mut Unobserved).unwrap().outcome;
    assert_eq!((outcome.orders, prepared.has_no_book()), (0, true), "the snapshot is off the grid, too");
}
