//! Several connections for the same streams: random histories of a small reference venue over connections that each drop, repeat,
//! delay and end on their own. Whatever happens a live book is the venue's book, nothing is told twice, nothing goes back, and a book
//! lives as long as one connection goes on from it.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking, and looks at the events it means"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ballast_model::{BookKind, Event, LostReason, Nanos, Side, Span};
use ballast_venue::binance::{BEHIND_MAX, BookState, Market, TradeSource};
use ballast_venue::{Channel, EventSink};
use common::reader::{Levels, Reader, batches};
use common::rig::{ETH, Rig, feed};
use proptest::prelude::*;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    /// The venue's book changes.
    Change { side: Side, price: i64, lots: i64, jump: u64 },
    /// The venue sends what changed since its last diff over some of its connections.
    Flush { over: [bool; 3] },
    /// The venue sends a trade, and its best price, over all of them.
    Trade,
    /// The oldest frame on the way over a connection arrives.
    Deliver { copy: usize },
    /// All frames on the way over a connection arrive.
    DeliverAll { copy: usize },
    /// The oldest frame on the way is lost.
    Drop { copy: usize },
    /// The oldest frame on the way arrives, and will arrive again.
    Duplicate { copy: usize },
    /// A connection ends, with what is on the way, and is opened again.
    Reconnect { copy: usize },
    /// A connection ends.
    Disconnect { copy: usize },
    /// The venue takes a snapshot.
    Save,
    /// The latest snapshot arrives.
    Answer,
    /// The runtime sends what the session wants sent.
    Poll,
    /// Time passes.
    Wait { millis: i64 },
    /// The ring refuses the next pushes.
    Refuse { pushes: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let side = prop_oneof![Just(Side::Bid), Just(Side::Ask)];
    let over = prop_oneof![3 => Just([true; 3]), 1 => any::<[bool; 3]>()];
    let copy = || 0..3_usize;
    prop_oneof![
        8 => (side, 1..12_i64, 0..4_i64, 1..9_u64)
            .prop_map(|(side, price, lots, jump)| Step::Change { side, price, lots, jump }),
        8 => over.prop_map(|over| Step::Flush { over }),
        3 => Just(Step::Trade),
        12 => copy().prop_map(|copy| Step::Deliver { copy }),
        8 => copy().prop_map(|copy| Step::DeliverAll { copy }),
        1 => copy().prop_map(|copy| Step::Drop { copy }),
        1 => copy().prop_map(|copy| Step::Duplicate { copy }),
        1 => copy().prop_map(|copy| Step::Reconnect { copy }),
        1 => copy().prop_map(|copy| Step::Disconnect { copy }),
        4 => Just(Step::Save),
        3 => Just(Step::Answer),
        4 => Just(Step::Poll),
        1 => (0..1_500_i64).prop_map(|millis| Step::Wait { millis }),
        1 => (1..4_usize).prop_map(|pushes| Step::Refuse { pushes }),
    ]
}

/// What a frame is, to whoever judges.
#[derive(Clone, Debug)]
enum Frame {
    /// All changes above `prev` up to `last`.
    Diff {
        prev: u64,
        last: u64,
        text: String,
    },
    Trade {
        id: u64,
        texts: [String; 2],
    },
}

/// One connection, as the venue and an onlooker know it.
#[derive(Clone, Debug, Default)]
struct Wire {
    up: bool,
    /// Last id that the venue sent over it.
    flushed: u64,
    frames: VecDeque<Frame>,
    /// Last id of the diffs that arrived since it stands.
    heard: Option<u64>,
    /// Last id of those that were lost.
    missing: Option<u64>,
}

impl Wire {
    /// Whether it will bring all that comes after this id: the naive twin of what the session finds out.
    fn is_whole(&self, at: u64) -> bool {
        self.up && self.heard.is_some_and(|heard| heard <= at) && self.missing.is_none_or(|lost| lost <= at)
    }
}

/// The reference: a book, every change and state it ever had, and its connections.
struct World {
    market: Market,
    book: Levels,
    id: u64,
    changes: BTreeMap<u64, (Side, i64, i64)>,
    states: BTreeMap<u64, Levels>,
    saved: Option<String>,
    trades: u64,
    arrived: BTreeSet<u64>,
    told: BTreeSet<u64>,
    best_price: u64,
    wires: Vec<Wire>,
    rig: Rig,
    checker: Reader,
    /// Of the last batch.
    kind: Option<BookKind>,
    /// Last id of all diffs that arrived.
    known: u64,
    /// Since when the live book has been behind that.
    behind: Option<Nanos>,
}

impl World {
    fn new(market: Market, copies: u8) -> Self {
        let book: Levels = [BTreeMap::from([(5, 1), (4, 2)]), BTreeMap::from([(6, 3)])];
        let mut world = Self {
            market,
            states: BTreeMap::from([(100, book.clone())]),
            book,
            id: 100,
            changes: BTreeMap::new(),
            saved: None,
            trades: 0,
            arrived: BTreeSet::new(),
            told: BTreeSet::new(),
            best_price: 0,
            wires: vec![Wire::default(); usize::from(copies)],
            rig: Rig::copied(market, TradeSource::Trades, &[feed(ETH, "ETHUSDT")], copies),
            checker: Reader::default(),
            kind: None,
            known: 0,
            behind: None,
        };
        (0..world.wires.len()).for_each(|copy| world.connect(copy));
        world
    }

    fn channel(&self, copy: usize) -> Channel {
        let routes = if self.market == Market::Spot { 1 } else { 2 };
        Channel::Market(u8::try_from(copy * routes).unwrap())
    }

    fn connect(&mut self, copy: usize) {
        self.wires[copy] = Wire { up: true, flushed: self.id, ..Wire::default() };
        self.rig.connect(self.channel(copy));
    }

    fn disconnect(&mut self, copy: usize) {
        self.wires[copy] = Wire::default();
        self.rig.disconnect(self.channel(copy));
    }

    fn change(&mut self, side: Side, price: i64, lots: i64, jump: u64) {
        self.id += if self.market == Market::Spot { 1 } else { jump };
        if lots == 0 {
            self.book[side.index()].remove(&price);
        } else {
            self.book[side.index()].insert(price, lots);
        }
        self.changes.insert(self.id, (side, price, lots));
        self.states.insert(self.id, self.book.clone());
    }

    fn flush(&mut self, copy: usize) {
        let (prev, last) = (self.wires[copy].flushed, self.id);
        if !self.wires[copy].up || prev == last {
            return;
        }
        let mut levels = Levels::default();
        for (side, price, lots) in self.changes.range(prev + 1..).map(|(_, change)| *change) {
            levels[side.index()].insert(price, lots);
        }
        let (first, [bids, asks]) = (*self.changes.range(prev + 1..).next().unwrap().0, levels);
        let chain =
            if self.market == Market::Spot { String::new() } else { format!(r#""pu":{prev},"T":{last},"#) };
        let text = format!(
            r#"{{"stream":"ethusdt@depth@100ms","data":{{"e":"depthUpdate","E":{last},"s":"ETHUSDT","U":{first},"u":{last},{chain}"b":{},"a":{}}}}}"#,
            json(&bids),
            json(&asks)
        );
        self.wires[copy].frames.push_back(Frame::Diff { prev, last, text });
        self.wires[copy].flushed = last;
    }

    fn trade(&mut self) {
        self.trades += 1;
        let id = self.trades;
        let trade =
            format!(r#"{{"e":"trade","E":1,"T":1,"s":"ETHUSDT","t":{id},"p":"0.05","q":"0.001","m":true}}"#);
        let best = format!(r#"{{"u":{id},"s":"ETHUSDT","b":"0.05","B":"0.001","a":"0.06","A":"0.003"}}"#);
        for wire in self.wires.iter_mut().filter(|wire| wire.up) {
            wire.frames.push_back(Frame::Trade { id, texts: [trade.clone(), best.clone()] });
        }
    }

    fn arrive(&mut self, copy: usize, frame: &Frame) {
        let (channel, before) = (self.channel(copy), self.live());
        match frame {
            Frame::Trade { id, texts } => {
                self.arrived.insert(*id);
                for text in texts {
                    self.rig.bytes(channel, text).unwrap();
                }
            }
            Frame::Diff { prev, last, text } => {
                let wire = &mut self.wires[copy];
                let proven = wire.heard == Some(*prev);
                wire.heard = wire.heard.max(Some(*last));
                self.known = self.known.max(*last);
                self.rig.bytes(channel, text).unwrap();
                if let Some((before, after)) = before.zip(self.live()) {
                    assert!(after >= *last || *prev > before || !proven, "a diff that follows was not taken");
                }
            }
        }
    }

    fn deliver_all(&mut self, copy: usize) {
        for frame in std::mem::take(&mut self.wires[copy].frames) {
            self.arrive(copy, &frame);
        }
    }

    fn answer(&mut self) {
        if let Some(body) = self.saved.clone() {
            self.rig.answer(&body);
        }
    }

    fn save(&mut self) {
        let [bids, asks] = &self.book;
        let body = format!(r#"{{"lastUpdateId":{},"bids":{},"asks":{}}}"#, self.id, json(bids), json(asks));
        self.saved = Some(body);
    }

    /// Where the book is, if it is live.
    fn live(&self) -> Option<u64> {
        let book = self.rig.reader.book(ETH);
        (self.rig.state() == BookState::Live).then_some(book.update_id)
    }

    fn take(&mut self, step: &Step) {
        let before = self.live();
        let copies = self.wires.len();
        match *step {
            Step::Change { side, price, lots, jump } => self.change(side, price, lots, jump),
            Step::Flush { over } => (0..copies).filter(|copy| over[*copy]).for_each(|copy| self.flush(copy)),
            Step::Trade => self.trade(),
            Step::Deliver { copy } => {
                if let Some(frame) = self.wires[copy % copies].frames.pop_front() {
                    self.arrive(copy % copies, &frame);
                }
            }
            Step::DeliverAll { copy } => {
                while !self.wires[copy % copies].frames.is_empty() {
                    self.take(&Step::Deliver { copy });
                }
            }
            Step::Drop { copy } => {
                let wire = &mut self.wires[copy % copies];
                if let Some(Frame::Diff { last, .. }) = wire.frames.pop_front() {
                    wire.missing = Some(last);
                }
            }
            Step::Duplicate { copy } => {
                if let Some(frame) = self.wires[copy % copies].frames.front().cloned() {
                    self.arrive(copy % copies, &frame);
                }
            }
            Step::Reconnect { copy } => {
                self.disconnect(copy % copies);
                self.connect(copy % copies);
            }
            Step::Disconnect { copy } => self.disconnect(copy % copies),
            Step::Save => self.save(),
            Step::Answer => self.answer(),
            Step::Poll => drop(self.rig.sent()),
            Step::Wait { millis } => self.rig.wait(Span::from_millis(millis)),
            Step::Refuse { pushes } => self.rig.reader.refusals = pushes,
        }
        let ended = matches!(step, Step::Reconnect { .. } | Step::Disconnect { .. });
        self.check(before, ended);
    }

    fn check(&mut self, before: Option<u64>, ended: bool) {
        for batch in batches(&self.rig.reader.take()) {
            self.check_batch(batch, before);
        }
        let Some(at) = self.live() else {
            self.behind = None;
            let book = self.rig.reader.book(ETH);
            assert!(!book.live || self.rig.reader.owes_news(), "trusted, and the session lost it");
            return;
        };
        assert_eq!(self.rig.reader.book(ETH).levels, self.states[&at]);
        if ended {
            let leads = |wire: &Wire| wire.heard.is_some_and(|heard| heard <= at);
            assert!(self.wires.iter().any(leads), "live, and no connection goes on");
        }
        self.behind = if self.known > at { self.behind.or(Some(self.rig.now)) } else { None };
    }

    fn check_batch(&mut self, batch: &[Event], before: Option<u64>) {
        let at = self.checker.book(ETH).update_id;
        self.checker.push(batch).unwrap();
        match batch[0] {
            Event::BookBegin(begin) => {
                let after = self.checker.book(ETH);
                assert_eq!(after.levels, self.states[&after.update_id], "the book at {}", after.update_id);
                // Futures: the first diff after a snapshot may end where the snapshot does.
                let ends_there = self.kind == Some(BookKind::Snapshot) && after.update_id == at;
                let goes_on = begin.kind == BookKind::Snapshot || after.update_id > at || ends_there;
                assert!(goes_on, "a diff was told twice");
                self.kind = Some(begin.kind);
            }
            Event::BookLost(lost) if lost.reason != LostReason::RingFull => {
                let at = before.unwrap().max(at);
                let whole = self.wires.iter().any(|wire| wire.is_whole(at));
                let waited = self.behind.is_some_and(|since| self.rig.now >= since + BEHIND_MAX);
                assert!(!whole || waited, "lost at {at}, and a connection goes on: {:?}", self.wires);
            }
            Event::Trade(trade) => assert!(self.told.insert(trade.trade_id.0), "told twice"),
            Event::Ticker(ticker) => {
                assert!(ticker.update_id.0 > self.best_price, "a best price goes back");
                self.best_price = ticker.update_id.0;
            }
            _ => {}
        }
    }

    /// Fair weather: whatever happened, the book is live within a few requests, and again the venue's.
    fn recover(&mut self) {
        self.take(&Step::Refuse { pushes: 0 });
        for copy in 0..self.wires.len() {
            self.take(&Step::DeliverAll { copy });
            if !self.wires[copy].up {
                self.connect(copy);
            }
        }
        for _ in 0..4 {
            self.take(&Step::Change { side: Side::Bid, price: 3, lots: 3, jump: 5 });
            self.take(&Step::Flush { over: [true; 3] });
            for copy in 0..self.wires.len() {
                self.take(&Step::DeliverAll { copy });
            }
            self.take(&Step::Wait { millis: 61_000 });
            if self.rig.sent().iter().any(|(channel, _)| *channel == Channel::Rest) {
                self.take(&Step::Save);
                self.take(&Step::Answer);
            }
        }
        assert_eq!(self.rig.state(), BookState::Live);
        assert_eq!(self.rig.reader.book(ETH).levels, self.book);
    }
}

fn json(levels: &BTreeMap<i64, i64>) -> String {
    let level = |(price, lots): (&i64, &i64)| format!(r#"["0.{price:02}","0.{lots:03}"]"#);
    format!("[{}]", levels.iter().map(level).collect::<Vec<_>>().join(","))
}

fn market() -> impl Strategy<Value = Market> {
    prop_oneof![Just(Market::Spot), Just(Market::UsdM), Just(Market::CoinM)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_live_book_is_the_venue_s_and_lives_while_a_connection_goes_on(
        market in market(),
        copies in 2..4_u8,
        refuses in any::<bool>(),
        steps in prop::collection::vec(step(), 1..400),
    ) {
        let mut world = World::new(market, copies);
        for step in steps.iter().filter(|step| refuses || !matches!(step, Step::Refuse { .. })) {
            world.take(step);
        }
        world.recover();
        prop_assert!(refuses || world.told == world.arrived, "every trade that arrived was told");
    }

    /// Connections without faults, however they run ahead of each other, are together as good as one.
    #[test]
    fn without_faults_several_tell_what_one_would(
        market in market(),
        turns in prop::collection::vec((0..3_usize, any::<bool>()), 50..150),
    ) {
        let [several, one] = [3, 1].map(|copies| {
            let mut world = World::new(market, copies);
            for (number, (copy, delivers)) in (0..).zip(&turns) {
                world.change(Side::BOTH[usize::from(number % 2 == 0)], 1 + number % 11, 1 + number % 3, 4);
                world.trade();
                (0..world.wires.len()).for_each(|copy| world.flush(copy));
                if *delivers || number < 20 {
                    world.deliver_all(*copy % usize::from(copies));
                }
                if number == 20 {
                    world.save();
                    drop(world.rig.sent());
                    world.answer();
                }
            }
            (0..world.wires.len()).for_each(|copy| world.deliver_all(copy));
            world
        });
        for world in [&several, &one] {
            let counters = world.rig.session.counters();
            prop_assert_eq!((counters.snapshots, counters.gaps, counters.books_lost, counters.holes), (1, 0, 0, 0));
            prop_assert_eq!(world.rig.state(), BookState::Live);
            prop_assert_eq!(&world.book, &world.rig.reader.book(ETH).levels);
        }
        prop_assert!(several.rig.session.counters().known > 100);
        let told = |world: &World| world.rig.reader.events.iter().filter_map(kept).collect::<Vec<_>>();
        prop_assert_eq!(told(&several), told(&one));
    }
}

/// Trades and best prices, in order.
fn kept(event: &Event) -> Option<Event> {
    matches!(event, Event::Trade(_) | Event::Ticker(_)).then_some(*event)
}
