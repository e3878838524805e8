//! Random histories of a small reference venue, over a connection that drops, repeats and reorders, into a ring that is
//! sometimes full: whatever happens, a live book is the venue's book.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::collections::{BTreeMap, VecDeque};

use ballast_model::{BookKind, Event, Side, Span};
use ballast_venue::Channel;
use ballast_venue::EventSink;
use ballast_venue::binance::{BookState, Market};
use common::reader::{Levels, Reader, batches};
use common::rig::{BOOKS, ETH, Rig};
use proptest::prelude::*;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    /// The venue's book changes.
    Change { side: Side, price: i64, lots: i64, jump: u64 },
    /// The venue sends what changed since its last diff.
    Flush,
    /// The oldest frame on the wire arrives.
    Deliver,
    /// The oldest frame on the wire is lost.
    Drop,
    /// The oldest frame on the wire arrives, and will arrive again.
    Duplicate,
    /// The two oldest frames on the wire change places.
    Swap,
    /// A trade arrives.
    Trade,
    /// The venue takes a snapshot.
    Save,
    /// A snapshot taken before arrives, the latest or an older one.
    Answer { age: usize, inline: bool },
    /// The runtime sends what the session wants sent.
    Poll,
    /// Time passes.
    Wait { millis: i64 },
    /// The connection is lost with what is on the wire, and opened again.
    Reconnect,
    /// The ring refuses the next pushes.
    Refuse { pushes: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let side = prop_oneof![Just(Side::Bid), Just(Side::Ask)];
    prop_oneof![
        8 => (side, 1..12_i64, 0..4_i64, 1..9_u64)
            .prop_map(|(side, price, lots, jump)| Step::Change { side, price, lots, jump }),
        6 => Just(Step::Flush),
        10 => Just(Step::Deliver),
        1 => Just(Step::Drop),
        1 => Just(Step::Duplicate),
        1 => Just(Step::Swap),
        1 => Just(Step::Trade),
        4 => Just(Step::Save),
        3 => (prop_oneof![4 => Just(0_usize), 1 => 1..4_usize], any::<bool>())
            .prop_map(|(age, inline)| Step::Answer { age, inline }),
        2 => Just(Step::Poll),
        1 => (0..5_000_i64).prop_map(|millis| Step::Wait { millis }),
        1 => Just(Step::Reconnect),
        1 => (1..4_usize).prop_map(|pushes| Step::Refuse { pushes }),
    ]
}

/// The reference: a book, the numbers of its states, and the frames they become.
struct Venue {
    market: Market,
    book: Levels,
    id: u64,
    /// Every state the book was ever in.
    states: BTreeMap<u64, Levels>,
    /// First id and levels since the last diff.
    changes: Option<(u64, Levels)>,
    /// Last id of the last diff.
    flushed: u64,
    /// Last id of the diff before, by last id of a diff.
    previous: BTreeMap<u64, u64>,
    wire: VecDeque<String>,
    saved: Vec<String>,
}

impl Venue {
    fn new(market: Market) -> Self {
        let book: Levels = [BTreeMap::from([(5, 1), (4, 2)]), BTreeMap::from([(6, 3)])];
        Self {
            market,
            states: BTreeMap::from([(100, book.clone())]),
            book,
            id: 100,
            changes: None,
            flushed: 100,
            previous: BTreeMap::new(),
            wire: VecDeque::new(),
            saved: Vec::new(),
        }
    }

    fn change(&mut self, side: Side, price: i64, lots: i64, jump: u64) {
        // Spot counts this book's updates; futures ids jump by what other symbols do.
        self.id += if self.market == Market::Spot { 1 } else { jump };
        if lots == 0 {
            self.book[side.index()].remove(&price);
        } else {
            self.book[side.index()].insert(price, lots);
        }
        let (_, levels) = self.changes.get_or_insert((self.id, Levels::default()));
        levels[side.index()].insert(price, lots);
        self.states.insert(self.id, self.book.clone());
    }

    fn flush(&mut self) {
        let Some((first, [bids, asks])) = self.changes.take() else { return };
        let (last, prev) = (self.id, self.flushed);
        let chain =
            if self.market == Market::Spot { String::new() } else { format!(r#""pu":{prev},"T":1,"#) };
        self.wire.push_back(format!(
            r#"{{"stream":"ethusdt@depth@100ms","data":{{"e":"depthUpdate","E":1,"s":"ETHUSDT","U":{first},"u":{last},{chain}"b":{},"a":{}}}}}"#,
            json(&bids),
            json(&asks)
        ));
        self.previous.insert(last, prev);
        self.flushed = last;
    }

    fn save(&mut self) {
        let [bids, asks] = &self.book;
        let body = format!(r#"{{"lastUpdateId":{},"bids":{},"asks":{}}}"#, self.id, json(bids), json(asks));
        self.saved.push(body);
    }
}

fn json(levels: &BTreeMap<i64, i64>) -> String {
    let level = |(price, lots): (&i64, &i64)| format!(r#"["0.{price:02}","0.{lots:03}"]"#);
    format!("[{}]", levels.iter().map(level).collect::<Vec<_>>().join(","))
}

/// Venue, wire and session, and a second reader that looks at every single batch.
struct World {
    venue: Venue,
    rig: Rig,
    checker: Reader,
}

impl World {
    fn new(market: Market) -> Self {
        Self { venue: Venue::new(market), rig: Rig::new(market), checker: Reader::default() }
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Change { side, price, lots, jump } => self.venue.change(side, price, lots, jump),
            Step::Flush => self.venue.flush(),
            Step::Deliver => {
                if let Some(frame) = self.venue.wire.pop_front() {
                    self.rig.frame(&frame);
                }
            }
            Step::Drop => drop(self.venue.wire.pop_front()),
            Step::Duplicate => {
                if let Some(frame) = self.venue.wire.front() {
                    self.rig.frame(frame);
                }
            }
            Step::Swap => {
                if self.venue.wire.len() > 1 {
                    self.venue.wire.swap(0, 1);
                }
            }
            Step::Trade => self
                .rig
                .frame(r#"{"e":"trade","E":1,"T":1,"s":"ETHUSDT","t":1,"p":"0.05","q":"0.001","m":true}"#),
            Step::Save => self.venue.save(),
            Step::Answer { age, inline } => {
                if let Some(body) = self.venue.saved.iter().rev().nth(age) {
                    if inline { self.rig.frame(body) } else { self.rig.answer(body) }
                }
            }
            Step::Poll => drop(self.rig.sent()),
            Step::Wait { millis } => self.rig.wait(Span::from_millis(millis)),
            Step::Reconnect => {
                self.venue.wire.clear();
                self.rig.disconnect(BOOKS);
                self.rig.connect(BOOKS);
            }
            Step::Refuse { pushes } => self.rig.reader.refusals = pushes,
        }
        self.check();
    }

    fn check(&mut self) {
        let events = self.rig.reader.take();
        for batch in batches(&events) {
            self.check_batch(batch);
        }
        let book = self.rig.reader.book(ETH);
        if self.rig.state() == BookState::Live {
            assert!(book.live);
            assert_eq!(book.levels, self.venue.states[&book.update_id]);
        } else {
            assert!(
                !book.live || self.rig.reader.owes_news(),
                "the engine trusts a book that the session lost"
            );
        }
    }

    fn check_batch(&mut self, batch: &[Event]) {
        let before = self.checker.book(ETH);
        self.checker.push(batch).unwrap();
        let Event::BookBegin(begin) = batch[0] else { return };
        let after = self.checker.book(ETH);
        assert_eq!(after.levels, self.venue.states[&after.update_id], "the book at {}", after.update_id);
        if begin.kind == BookKind::Diff && self.venue.previous.contains_key(&before.update_id) {
            let previous = self.venue.previous[&begin.update_id.0];
            assert!([previous, begin.update_id.0].contains(&before.update_id), "a diff is missing");
        }
    }

    /// Fair weather: whatever happened, the book is live within a few requests, on the same connection or on a new one.
    fn recover(&mut self, first: &Step) {
        self.take(&Step::Refuse { pushes: 0 });
        self.take(first);
        while !self.venue.wire.is_empty() {
            self.take(&Step::Deliver);
        }
        for _ in 0..3 {
            self.take(&Step::Change { side: Side::Bid, price: 3, lots: 3, jump: 5 });
            self.take(&Step::Flush);
            self.take(&Step::Deliver);
            self.rig.wait(Span::from_secs(61));
            if self.rig.sent().iter().any(|(channel, _)| *channel == Channel::Rest) {
                self.take(&Step::Save);
                self.take(&Step::Answer { age: 0, inline: false });
            }
        }
        assert_eq!(self.rig.state(), BookState::Live);
        assert_eq!(self.rig.reader.book(ETH).levels, self.venue.book);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_live_book_is_the_venue_s_book(
        market in prop_oneof![Just(Market::Spot), Just(Market::UsdM), Just(Market::CoinM)],
        steps in prop::collection::vec(step(), 1..300),
        last in prop_oneof![Just(Step::Reconnect), Just(Step::Deliver)],
    ) {
        let mut world = World::new(market);
        for step in &steps {
            world.take(step);
        }
        world.recover(&last);
    }
}

#[test]
fn without_faults_a_book_is_joined_once_and_never_lost() {
    for market in [Market::Spot, Market::UsdM] {
        let mut world = World::new(market);
        for number in 0..200_i64 {
            let (price, lots) = (1 + number % 11, number % 4);
            world.take(&Step::Change {
                side: Side::BOTH[usize::from(number % 3 == 0)],
                price,
                lots,
                jump: 4,
            });
            if number % 2 == 0 {
                world.take(&Step::Flush);
                world.take(&Step::Deliver);
            }
            if number == 50 {
                world.take(&Step::Save);
            }
            if number == 70 {
                world.take(&Step::Answer { age: 0, inline: false });
            }
        }
        let counters = world.rig.session.counters();
        assert_eq!((counters.snapshots, counters.gaps, counters.books_lost), (1, 0, 0));
        assert!(counters.diffs > 70);
        assert_eq!(world.rig.state(), BookState::Live);
    }
}
