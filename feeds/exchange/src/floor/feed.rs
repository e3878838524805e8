//! What everybody hears of the market: a snapshot, then diffs at even intervals, best prices as they change, trades, marks.
//!
//! The book that is shown are the best levels of each side; a level that leaves them is taken back, one that enters them is told.
//!
//! Never here: an order, an account.

use alloc::vec::Vec;
use core::cell::RefCell;

use ballast_model::{
    BookBatch, BookBegin, BookKind, Digest, Event, InstrumentId, LOTS_MAX, Lots, MarkPrice, Nanos,
    PackedLevel, Price, Side, Span, Ticker, Trade, UpdateId,
};

use super::spec::FloorSpec;
use crate::in_flight::InFlight;
use crate::matching::{Match, Matching};

/// A snapshot or diff of the book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookNews {
    begin: BookBegin,
    bids: Vec<PackedLevel>,
    asks: Vec<PackedLevel>,
}

impl BookNews {
    /// It as a batch.
    #[must_use]
    pub fn batch(&self) -> BookBatch<'_> {
        BookBatch::new(self.begin, &self.bids, &self.asks)
    }
}

/// One thing everybody hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MarketNews {
    /// A snapshot or diff of the book.
    Book(BookNews),
    /// An [`Event::Ticker`], [`Event::Trade`] or [`Event::Mark`].
    Event(Event),
}

/// The publisher.
#[derive(Debug)]
pub(super) struct Feed {
    instrument: InstrumentId,
    latency: Span,
    every: Span,
    depth: usize,
    news: InFlight<MarketNews>,
    /// The levels readers know, best first, by side.
    shown: [Vec<(Price, Lots)>; 2],
    /// Prices, by side, at which somebody was shown something else than readers know: the next diff tells them too.
    snapped: [RefCell<Vec<Price>>; 2],
    /// Best prices last told; `None` before.
    touch: Option<[(Price, Lots); 2]>,
    /// State of the book, counted by what may have changed it.
    update_id: UpdateId,
    /// The state the last diff showed; `None` before the snapshot.
    diffed: Option<UpdateId>,
    next_diff: Nanos,
}

impl Feed {
    pub(super) fn new(spec: &FloorSpec) -> Self {
        Self {
            instrument: spec.instrument,
            latency: spec.feed_latency,
            every: spec.diff_every,
            depth: spec.depth,
            news: InFlight::new(64),
            shown: [Vec::new(), Vec::new()],
            snapped: [RefCell::default(), RefCell::default()],
            touch: None,
            update_id: UpdateId(0),
            diffed: None,
            next_diff: spec.start,
        }
    }

    pub(super) const fn update_id(&self) -> UpdateId {
        self.update_id
    }

    /// When the book is told next; `None` while there is nothing to tell.
    pub(super) fn next_diff(&self) -> Option<Nanos> {
        (self.diffed != Some(self.update_id)).then_some(self.next_diff)
    }

    pub(super) fn next_news(&self) -> Option<Nanos> {
        self.news.next_due()
    }

    pub(super) fn pop(&mut self, now: Nanos) -> Option<MarketNews> {
        self.news.pop_due(now)
    }

    /// Something happened that may have changed the book: tells the best prices where they are others now.
    pub(super) fn changed(&mut self, engine: &Matching, now: Nanos) {
        self.update_id = UpdateId(self.update_id.0 + 1);
        let best = |side| engine.levels(side).next();
        let (Some(bid), Some(ask)) = (best(Side::Bid), best(Side::Ask)) else { return };
        if self.touch.replace([bid, ask]) == Some([bid, ask]) {
            return;
        }
        let (instrument, update_id) = (self.instrument, self.update_id);
        let (venue_time, recv_time) = self.times(now);
        let (bid, ask) = (packed(bid), packed(ask));
        self.tell(Event::Ticker(Ticker { instrument, update_id, bid, ask, venue_time, recv_time }), now);
    }

    /// What changed in the book since the last time, or all of it the first time; nothing where nothing did.
    pub(super) fn diff(&mut self, engine: &Matching, now: Nanos) {
        let [mut bids, mut asks] = [Vec::new(), Vec::new()];
        for (side, out) in Side::BOTH.into_iter().zip([&mut bids, &mut asks]) {
            let levels: Vec<_> = engine.levels(side).take(self.depth).collect();
            if let Some(shown) = self.shown.get_mut(side.index()) {
                changes(side, shown, &levels, out);
                if let Some(snapped) = self.snapped.get_mut(side.index()) {
                    complete(side, snapped.get_mut(), &levels, out);
                    snapped.get_mut().clear();
                }
                *shown = levels;
            }
        }
        self.next_diff = now + self.every;
        let kind = match self.diffed.replace(self.update_id) {
            Some(_) if bids.is_empty() && asks.is_empty() => return,
            Some(_) => BookKind::Diff,
            None => BookKind::Snapshot,
        };
        let (instrument, update_id) = (self.instrument, self.update_id);
        let (venue_time, recv_time) = self.times(now);
        let begin = BookBegin { instrument, kind, levels: 0, update_id, venue_time, recv_time };
        self.news.push(recv_time, MarketNews::Book(BookNews { begin, bids, asks }));
    }

    /// Somebody is shown the book between two diffs: whoever goes on from there with the next one must be told all that is different.
    pub(super) fn snapshot(&self, engine: &Matching) {
        for ((side, shown), snapped) in Side::BOTH.into_iter().zip(&self.shown).zip(&self.snapped) {
            let levels: Vec<_> = engine.levels(side).take(self.depth).collect();
            let mut differ = Vec::new();
            changes(side, shown, &levels, &mut differ);
            snapped.borrow_mut().extend(differ.iter().map(|level| level.price()));
        }
    }

    /// A trade happened.
    pub(super) fn trade(&mut self, trade: &Match, now: Nanos) {
        let (venue_time, recv_time) = self.times(now);
        let event = Trade {
            instrument: self.instrument,
            maker: trade.taker_side.opposite(),
            level: packed((trade.price, trade.lots)),
            trade_id: trade.trade_id,
            venue_time,
            recv_time,
        };
        self.tell(Event::Trade(event), now);
    }

    /// The mark price and what it implies; its own times are filled in.
    pub(super) fn mark(&mut self, mark: MarkPrice, now: Nanos) {
        let (venue_time, recv_time) = self.times(now);
        let instrument = self.instrument;
        self.tell(Event::Mark(MarkPrice { instrument, venue_time, recv_time, ..mark }), now);
    }

    /// When it happens at the venue, and when everybody hears of it.
    fn times(&self, now: Nanos) -> (Nanos, Nanos) {
        (now, now + self.latency)
    }

    fn tell(&mut self, event: Event, now: Nanos) {
        self.news.push(now + self.latency, MarketNews::Event(event));
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        digest.word(self.update_id.0);
        digest.word(self.diffed.map_or(0, |id| id.0));
        digest.signed(self.next_diff.0);
        // What news says follows from the engine's history; when it arrives does not.
        digest.word(self.news.iter().len() as u64);
        self.news.iter().for_each(|(due, _)| digest.signed(due.0));
        for (price, lots) in self.shown.iter().flatten() {
            digest.signed(price.0);
            digest.signed(lots.0);
        }
    }
}

/// Adds to what has changed the levels at these prices, as they are, where nothing of them is told.
fn complete(side: Side, prices: &[Price], levels: &[(Price, Lots)], out: &mut Vec<PackedLevel>) {
    for price in prices {
        if out.iter().all(|told| told.price() != *price) {
            let level = levels.iter().find(|(at, _)| at == price);
            out.push(packed(level.copied().unwrap_or((*price, Lots::ZERO))));
        }
    }
    if !prices.is_empty() {
        out.sort_by_key(|level| -level.price().0 * side.sign());
    }
}

/// What turns one list of levels, best first, into another: sizes as they are now, zero for levels that are gone.
fn changes(side: Side, before: &[(Price, Lots)], after: &[(Price, Lots)], out: &mut Vec<PackedLevel>) {
    let (mut before, mut after) = (before.iter().copied().peekable(), after.iter().copied().peekable());
    loop {
        let told = match (before.peek().copied(), after.peek().copied()) {
            (None, None) => return,
            (Some((gone, _)), None) => {
                before.next();
                Some((gone, Lots::ZERO))
            }
            (Some((gone, _)), Some((next, _))) if gone != next && side.reaches(gone, next) => {
                before.next();
                Some((gone, Lots::ZERO))
            }
            (known, Some(level)) => {
                after.next();
                let same_price = known.is_some_and(|(price, _)| price == level.0);
                let known = known.filter(|_| same_price);
                if same_price {
                    before.next();
                }
                (known != Some(level)).then_some(level)
            }
        };
        out.extend(told.map(packed));
    }
}

/// A level; one of more than there can be is told as the largest there can be.
#[expect(
    clippy::expect_used,
    reason = "the filters keep prices within bounds, and the size is cut to its own"
)]
fn packed((price, lots): (Price, Lots)) -> PackedLevel {
    PackedLevel::new(price, lots.min(Lots(LOTS_MAX))).expect("a level of the book fits a packed one")
}

#[cfg(test)]
mod tests;
