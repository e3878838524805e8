//! Counts that stand in the files themselves, and the venue's own word on what is best.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use ballast_core::book::BookLimits;
use ballast_model::InstrumentId;
use ballast_runtime::book_check::{self, BookCheck};
use ballast_runtime::job::{Mode, Prepared};
use ballast_runtime::replay::Unobserved;
use ballast_venue::Counters;
use flate2::read::MultiGzDecoder;

use crate::files::{WITH_BOOK, WITHOUT_BOOK, paths, prepare, shipped};

/// What a naive reader counts in the text of captures.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counted {
    frames: u64,
    diff_levels: u64,
    snapshot_levels: u64,
    tickers: u64,
    trades: u64,
}

impl Counted {
    fn of(files: &[PathBuf]) -> Self {
        let mut counted = Self::default();
        for file in files {
            let mut text = String::new();
            MultiGzDecoder::new(File::open(file).unwrap()).read_to_string(&mut text).unwrap();
            text.lines().for_each(|line| counted.line(line));
        }
        counted
    }

    fn line(&mut self, line: &str) {
        let levels = line.matches("[\"").count() as u64;
        self.frames += 1;
        if line.contains("\"depthUpdate\"") {
            self.diff_levels += levels;
        } else if line.contains("{\"lastUpdateId\"") {
            self.snapshot_levels += levels;
        } else if line.contains("\"trade\"") {
            // The venue prints trade ids that others used up with neither price nor size.
            self.trades += u64::from(!line.contains("\"p\":\"0\""));
        } else {
            self.tickers += 1;
        }
    }

    fn by_session(counters: &Counters) -> Self {
        Self {
            frames: counters.frames,
            diff_levels: counters.diff_levels,
            snapshot_levels: counters.snapshot_levels,
            tickers: counters.tickers,
            trades: counters.trades,
        }
    }
}

fn check(prepared: &Prepared<'_>) -> BookCheck {
    let limits =
        BookLimits { price_ticks_max: prepared.instruments[0].found.spec.price_max.0, levels_max: 1 << 16 };
    book_check::check(&prepared.tapes[0], &[(InstrumentId(0), limits)])
}

#[test]
fn everything_in_the_files_is_decoded_and_nothing_is_wrong_with_it() {
    let config = shipped("replay.toml");
    for names in WITH_BOOK {
        let Some(files) = paths(names) else { continue };
        let prepared = prepare(&config, &files);
        let [counters] = prepared.counters.as_slice() else { panic!("{names:?}: one session") };
        assert_eq!(Counted::by_session(counters), Counted::of(&files), "{names:?}");
        assert_eq!(prepared.problems.counts().count(), 0, "{names:?}: {:?}", prepared.problems.named());
        assert_eq!((counters.fallbacks, counters.gaps, counters.snapshots), (0, 0, 1), "{names:?}");
        assert_eq!(prepared.lines, counters.frames, "{names:?}");
    }
}

#[test]
fn books_agree_with_the_venues_own_best_prices() {
    let config = shipped("replay.toml");
    for names in WITH_BOOK {
        let Some(files) = paths(names) else { continue };
        let found = check(&prepare(&config, &files));
        assert_eq!((found.mismatches, found.crossed), (0, 0), "{names:?}: {:?}", found.first_mismatch);
        assert!(found.comparisons > 100, "{names:?}: {} comparisons", found.comparisons);
        println!("{names:?}: {} comparisons", found.comparisons);
    }
}

#[test]
fn figures_of_the_futures_captures_are_known() {
    let config = shipped("replay.toml");
    for (name, comparisons) in [("usdm_ethusdt_20240808", 551), ("usdm_btcusdt_20240808", 629)] {
        let Some(files) = paths(&[name]) else { continue };
        let prepared = prepare(&config, &files);
        assert_eq!(check(&prepared).comparisons, comparisons, "{name}");
        if name == "usdm_ethusdt_20240808" {
            let counters = prepared.counters[0];
            assert_eq!((counters.diff_levels, counters.snapshot_levels), (428_662, 2_000));
        }
    }
}

#[test]
fn a_level_update_takes_at_most_24_bytes_of_memory() {
    let config = shipped("replay.toml");
    for names in WITH_BOOK.iter().filter(|names| names[0].starts_with("usdm")) {
        let Some(files) = paths(names) else { continue };
        let tape = &prepare(&config, &files).tapes[0];
        let per_level = tape.bytes() as u64 / tape.level_updates();
        assert!(per_level <= 24, "{names:?}: {per_level} bytes a level");
    }
}

#[test]
fn a_capture_without_snapshot_has_no_book_and_is_not_quoted() {
    let config = shipped("replay.toml");
    for name in WITHOUT_BOOK {
        let Some(files) = paths(&[name]) else { continue };
        let prepared = prepare(&config, &files);
        assert!(prepared.has_no_book(), "{name}");
        assert_eq!(prepared.tapes[0].level_updates(), 0, "{name}: diffs wait for a snapshot");
        assert_eq!(check(&prepared), BookCheck::default(), "{name}");
        let outcome = prepared.play(Mode::Quoting, 1, &mut Unobserved).unwrap().outcome;
        assert_eq!((outcome.orders, outcome.cancels, outcome.fills), (0, 0, 0), "{name}");
        assert!(outcome.messages > 10_000, "{name}: the other streams are played");
    }
}
