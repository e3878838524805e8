//! Real recordings: `<local nanoseconds> <frame>` lines, gzip. They are not part of the source tree: `BALLAST_CAPTURES`
//! names their folder, by default the one beside the workspace.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "a test that skips a case says so")]

mod common;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use ballast_json::Capability;
use ballast_model::{BookKind, Event, InstrumentId, Nanos, PackedLevel, Step, Ticker};
use ballast_venue::binance::{
    BookState, Copies, InstrumentFeed, Market, MarketConfig, MarketSession, TradeSource,
};
use ballast_venue::{Channel, EventSink, Now};
use common::reader::{Reader, batches};
use flate2::read::GzDecoder;

const ID: InstrumentId = InstrumentId(0);

/// What is recorded, and what `_20240808` holds.
struct Recording {
    name: &'static str,
    market: Market,
    symbol: &'static str,
    tick: &'static str,
    lot: &'static str,
    /// Best-price updates with the id of the last diff.
    comparisons: Option<u64>,
}

const RECORDINGS: [Recording; 5] = [
    Recording {
        name: "usdm_ethusdt",
        market: Market::UsdM,
        symbol: "ETHUSDT",
        tick: "0.01",
        lot: "0.001",
        comparisons: Some(551),
    },
    Recording {
        name: "usdm_btcusdt",
        market: Market::UsdM,
        symbol: "BTCUSDT",
        tick: "0.1",
        lot: "0.001",
        comparisons: Some(629),
    },
    Recording {
        name: "spot_ethusdt",
        market: Market::Spot,
        symbol: "ETHUSDT",
        tick: "0.01",
        lot: "0.00001",
        comparisons: None,
    },
    Recording {
        name: "spot_btcusdt",
        market: Market::Spot,
        symbol: "BTCUSDT",
        tick: "0.01",
        lot: "0.000001",
        comparisons: None,
    },
    Recording {
        name: "cm_btcusd_perp",
        market: Market::CoinM,
        symbol: "BTCUSD_PERP",
        tick: "0.1",
        lot: "1",
        comparisons: None,
    },
];

fn open(name: &str, day: &str) -> Option<impl BufRead + use<>> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/captures");
    let folder = std::env::var_os("BALLAST_CAPTURES").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    let path = folder.join("binance-hftbacktest").join(format!("{name}_{day}.gz"));
    let file = File::open(&path).ok();
    if file.is_none() {
        println!("skipped: no recording at {}", path.display());
    }
    file.map(|file| BufReader::new(GzDecoder::new(file)))
}

fn session(recording: &Recording) -> MarketSession {
    let feed = InstrumentFeed {
        id: ID,
        symbol: recording.symbol,
        tick: Step::parse(recording.tick).unwrap(),
        lot: Step::parse(recording.lot).unwrap(),
    };
    let config = MarketConfig {
        market: recording.market,
        instruments: &[feed],
        trade_source: TradeSource::Trades,
        copies: Copies::ONE,
        capability: Capability::detect(),
    };
    MarketSession::new(&config).unwrap()
}

/// A reader that compares its best prices with the venue's own wherever a best-price update has the id of a diff. Either
/// may come first.
#[derive(Default)]
struct Comparison {
    /// What the session talks to.
    reader: Reader,
    /// What is compared.
    book: Reader,
    /// By id.
    tickers: BTreeMap<u64, Ticker>,
    comparisons: u64,
    diff_levels: u64,
}

impl Comparison {
    fn feed(&mut self, session: &mut MarketSession, lines: impl BufRead) {
        for line in lines.lines().map(Result::unwrap) {
            let (time, frame) = line.split_once(' ').unwrap();
            let time = Nanos(time.parse().unwrap());
            let now = Now { mono: time, wall: time };
            session.on_bytes(Channel::Market(0), frame.as_bytes(), now, &mut self.reader).unwrap();
            let events = self.reader.take();
            self.look_at(&events);
        }
    }

    fn look_at(&mut self, events: &[Event]) {
        for batch in batches(events) {
            self.book.push(batch).unwrap();
            if let Event::BookBegin(begin) = batch[0]
                && begin.kind == BookKind::Diff
            {
                self.diff_levels += u64::from(begin.levels);
                self.compare(begin.update_id.0);
            }
            if let Event::Ticker(ticker) = batch[0] {
                self.tickers.insert(ticker.update_id.0, ticker);
                self.compare(ticker.update_id.0);
            }
        }
    }

    fn compare(&mut self, at: u64) {
        let Some(ticker) = self.tickers.get(&at) else { return };
        let Some(book) = self.book.live_book(ID).filter(|book| book.update_id == at) else { return };
        let [bids, asks] = &book.levels;
        let pair = |level: PackedLevel| (level.price().0, level.lots().0);
        assert_eq!(bids.last_key_value().map(|(price, lots)| (*price, *lots)), Some(pair(ticker.bid)));
        assert_eq!(asks.first_key_value().map(|(price, lots)| (*price, *lots)), Some(pair(ticker.ask)));
        self.comparisons += 1;
    }
}

#[test]
fn recordings_with_a_snapshot_make_books_without_a_hole() {
    for recording in &RECORDINGS {
        let Some(lines) = open(recording.name, "20240808") else { continue };
        let mut session = session(recording);
        let mut comparison = Comparison::default();
        comparison.feed(&mut session, lines);
        let counters = session.counters();
        println!("{}: {} comparisons, {counters:?}", recording.name, comparison.comparisons);
        assert_eq!(session.book_state(ID), Some(BookState::Live), "{}", recording.name);
        assert_eq!((counters.snapshots, counters.gaps, counters.books_lost), (1, 0, 0));
        assert_eq!((counters.decode_errors.total(), counters.unknown_stream), (0, 0));
        assert_eq!(comparison.diff_levels + counters.snapshot_levels, counters.levels_delivered);
        assert!(comparison.comparisons > 0);
        assert!(recording.comparisons.is_none_or(|expected| expected == comparison.comparisons));
    }
}

#[test]
fn a_second_day_continues_the_book_of_the_first() {
    for recording in &RECORDINGS {
        let days = (open(recording.name, "20240808"), open(recording.name, "20240809"));
        let (Some(first), Some(second)) = days else { continue };
        let mut session = session(recording);
        let mut comparison = Comparison::default();
        comparison.feed(&mut session, first);
        comparison.feed(&mut session, second);
        println!("{}: {} comparisons over two days", recording.name, comparison.comparisons);
        assert_eq!(session.book_state(ID), Some(BookState::Live));
        assert_eq!((session.counters().gaps, session.counters().books_lost), (0, 0));
    }
}

#[test]
fn recordings_without_a_snapshot_make_no_book() {
    for recording in &RECORDINGS {
        let Some(lines) = open(recording.name, "20240809") else { continue };
        let mut session = session(recording);
        let mut comparison = Comparison::default();
        comparison.feed(&mut session, lines);
        assert_eq!(session.book_state(ID), Some(BookState::Syncing));
        let counters = session.counters();
        assert_eq!((counters.snapshots, counters.diffs, counters.gaps), (0, 0, 0));
        assert!(counters.buffer_overflows > 0 && counters.tickers > 0);
    }
}
