//! Recordings of other shapes and other venues: refused line by line, never fatal.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use ballast_runtime::capture::PROBLEMS_NAMED_MAX;
use ballast_runtime::job::Mode;
use ballast_runtime::replay::Unobserved;
use flate2::read::MultiGzDecoder;

use crate::files::{prepare, shipped};

/// Folders of captures that are not in the form this program reads.
const FOLDERS: [&str; 2] = ["multivenue-cryptofeed", "hyperliquid"];

fn text(path: &Path) -> String {
    let file = File::open(path).unwrap();
    let mut decoder: Box<dyn Read> = match path.extension().unwrap().to_str() {
        Some("zst") => Box::new(zstd::Decoder::new(file).unwrap()),
        Some("gz") => Box::new(MultiGzDecoder::new(file)),
        _ => Box::new(file),
    };
    let mut text = String::new();
    decoder.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn recordings_of_other_venues_are_refused_line_by_line() {
    let Some(captures) = ballast_tests::captures() else { return };
    let config = shipped("replay.toml");
    for folder in FOLDERS {
        let Ok(entries) = captures.join(folder).read_dir() else {
            println!("skipped: no {folder} among the captures");
            continue;
        };
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths
            .retain(|path| path.extension().is_some_and(|extension| extension == "zst" || extension == "gz"));
        assert!(!paths.is_empty(), "{folder} holds recordings");
        for path in paths {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let lines = text(&path).lines().count() as u64;
            let prepared = prepare(&config, &[path]);
            let problems = &prepared.problems;
            assert!(prepared.has_no_book(), "{name}");
            assert_eq!((prepared.lines, problems.bad_lines()), (lines, lines), "{name}");
            assert_eq!(problems.named().len() as u64, lines.min(PROBLEMS_NAMED_MAX), "{name}");
            assert!(problems.named().iter().all(|problem| problem.file == name), "{name}");
            let numbers = problems.named().iter().map(|problem| problem.line);
            assert!(numbers.eq(1..=problems.named().len() as u64), "{name}: each line is named");
            let outcome = prepared.play(Mode::Quoting, 1, &mut Unobserved).unwrap().outcome;
            assert_eq!((outcome.messages, outcome.orders), (0, 0), "{name}");
        }
    }
}
