//! The core's book against a sorted map, over everything that was recorded.

use std::collections::BTreeMap;

use ballast_core::book::{Book, BookLimits, Level};
use ballast_model::{BookKind, Event, Last, Lots, MarketEvent, PackedLevel, Price, Side};
use ballast_runtime::tape::{Cursor, Shift, Tape};

use crate::files::{WITH_BOOK, paths, prepare, shipped};

/// All levels are compared after one batch in this many; best prices after each.
const WHOLE_EVERY: u64 = 64;

/// The plainest book there is.
#[derive(Default)]
struct Twin {
    sides: [BTreeMap<Price, Lots>; 2],
}

impl Twin {
    fn apply(&mut self, side: Side, level: PackedLevel) {
        let levels = &mut self.sides[side.index()];
        if level.lots().is_zero() {
            levels.remove(&level.price());
        } else {
            levels.insert(level.price(), level.lots());
        }
    }

    /// Best first.
    fn levels(&self, side: Side) -> impl Iterator<Item = Level> + '_ {
        let levels =
            self.sides[side.index()].iter().map(|(price, lots)| Level { price: *price, lots: *lots });
        let mut all: Box<dyn DoubleEndedIterator<Item = Level>> = Box::new(levels);
        std::iter::from_fn(move || if side == Side::Bid { all.next_back() } else { all.next() })
    }
}

/// A book and its twin, told the same.
struct Pair {
    book: Book,
    twin: Twin,
    batches: u64,
    levels: u64,
}

impl Pair {
    fn take(&mut self, event: &Event) {
        let Some(event) = event.market() else { return };
        match event {
            MarketEvent::BookBegin(begin) => {
                if begin.kind == BookKind::Snapshot {
                    self.book.clear();
                    self.twin = Twin::default();
                }
                if begin.levels == 0 {
                    self.batch_ended();
                }
            }
            MarketEvent::BookLevels(slot) => {
                self.book.apply_all(slot.side, slot.used()).unwrap();
                slot.used().iter().for_each(|level| self.twin.apply(slot.side, *level));
                self.levels += u64::from(slot.count);
                if slot.last == Last::Yes {
                    self.batch_ended();
                }
            }
            MarketEvent::BookLost(lost) => panic!("no capture has a hole: {lost:?}"),
            MarketEvent::Ticker(_) | MarketEvent::Trade(_) | MarketEvent::Mark(_) => {}
        }
    }

    fn batch_ended(&mut self) {
        self.batches += 1;
        for side in Side::BOTH {
            assert_eq!(self.book.best(side), self.twin.levels(side).next(), "batch {}", self.batches);
        }
        if self.batches.is_multiple_of(WHOLE_EVERY) {
            self.compare_whole();
        }
    }

    fn compare_whole(&self) {
        for side in Side::BOTH {
            assert!(self.book.levels(side).eq(self.twin.levels(side)), "{side:?}, batch {}", self.batches);
            let depth = self.twin.sides[side.index()].len();
            assert_eq!(self.book.depth(side), depth, "{side:?}, batch {}", self.batches);
            let (_, lots) = self.twin.sides[side.index()].iter().next_back().unwrap();
            let highest = self.twin.sides[side.index()].keys().next_back().unwrap();
            assert_eq!(self.book.lots_at(side, *highest), *lots);
        }
    }
}

/// Plays a tape of one instrument to both; returns the number of levels applied.
fn compare(tape: &Tape, price_max: Price) -> u64 {
    let limits = BookLimits { price_ticks_max: price_max.0, levels_max: 1 << 15 };
    let mut pair = Pair { book: Book::new(limits), twin: Twin::default(), batches: 0, levels: 0 };
    let mut cursor = Cursor::new(tape, Shift::default());
    while cursor.recv_time().is_some() {
        cursor.next(|event| pair.take(event));
    }
    pair.compare_whole();
    assert!(pair.batches > 1_000, "{} batches", pair.batches);
    pair.levels
}

fn check(market: &str) {
    for names in WITH_BOOK.iter().filter(|names| names[0].starts_with(market)) {
        let Some(files) = paths(names) else { continue };
        let config = shipped("replay.toml");
        let prepared = prepare(&config, &files);
        let [tape] = prepared.tapes.as_slice() else { panic!("{names:?}: one instrument, one tape") };
        let levels = compare(tape, prepared.instruments[0].found.spec.price_max);
        assert_eq!(levels, tape.level_updates(), "{names:?}");
        println!("{names:?}: {levels} levels, equal");
    }
}

#[test]
fn every_spot_btc_level_leaves_the_book_as_its_twin() {
    check("spot_btcusdt");
}

#[test]
fn every_spot_eth_level_leaves_the_book_as_its_twin() {
    check("spot_ethusdt");
}

#[test]
fn every_coin_margined_level_leaves_the_book_as_its_twin() {
    check("cm_btcusd_perp");
}

#[test]
fn every_futures_btc_level_leaves_the_book_as_its_twin() {
    check("usdm_btcusdt");
}

#[test]
fn every_futures_eth_level_leaves_the_book_as_its_twin() {
    check("usdm_ethusdt");
}
