//! Several connections for the same streams: what each brings is told once, and the books live as long as one of them goes on.

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::{LostReason, Nanos};

use super::super::buffer::{Diff, DiffHead};
use super::super::copies::{Fresh, Told};
use super::super::sync::{BookState, OnCopy, Proof};
use super::depth::book_at;
use super::{Debts, MarketSession};
use crate::EventSink;

/// A public connection of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Origin {
    /// Which of the market's connections it is.
    pub(super) route: usize,
    /// Which of several of that kind.
    pub(super) copy: usize,
}

/// A session's public connections.
#[derive(Debug)]
pub(super) struct Origins {
    routes: usize,
    copies: usize,
    /// By number.
    up: Vec<Up>,
    /// That of the last frame.
    pub(super) last: Origin,
    /// By route and, within it, by book; none where each route has one connection.
    told: Vec<Told>,
    /// No later than when a book has been behind for too long.
    pub(super) behind_until: Option<Nanos>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Up {
    No,
    Yes,
}

impl Origins {
    pub(super) fn new(routes: usize, copies: usize, books: usize) -> Self {
        let told = if copies > 1 { routes * books } else { 0 };
        Self {
            routes,
            copies,
            up: vec![Up::No; routes * copies],
            last: Origin::default(),
            told: vec![Told::default(); told],
            behind_until: None,
        }
    }

    /// Which connection a number stands for; `None` for none.
    #[inline]
    pub(super) fn of(&self, number: u8) -> Option<Origin> {
        let number = usize::from(number);
        match number.checked_sub(self.routes) {
            None => Some(Origin { route: number, copy: 0 }),
            Some(_) if number >= self.up.len() => None,
            Some(_) => Some(Origin { route: number % self.routes, copy: number / self.routes }),
        }
    }

    /// Whether each stream comes more than once.
    #[inline]
    pub(super) const fn are_several(&self) -> bool {
        self.copies > 1
    }

    /// A frame comes over a connection.
    #[inline]
    pub(super) fn hear(&mut self, origin: Origin) {
        if self.copies > 1 {
            self.last = origin;
            // A recording need not say that it was opened.
            self.open(origin);
        }
    }

    pub(super) fn open(&mut self, origin: Origin) {
        if let Some(up) = self.up.get_mut(origin.copy * self.routes + origin.route) {
            *up = Up::Yes;
        }
    }

    /// A connection ended; true where none is left of its kind, and the next may number anew.
    pub(super) fn close(&mut self, origin: Origin) -> bool {
        if let Some(up) = self.up.get_mut(origin.copy * self.routes + origin.route) {
            *up = Up::No;
        }
        let mut others = self.up.iter().skip(origin.route).step_by(self.routes);
        let ends = others.all(|up| *up == Up::No);
        if ends {
            let books = self.told.len() / self.routes;
            let told = self.told.iter_mut().skip(origin.route * books).take(books);
            told.for_each(|told| *told = Told::default());
        }
        ends
    }

    /// What was told of a book's instrument over the last frame's route; `None` where nothing comes twice.
    #[inline]
    fn told(&mut self, index: usize) -> Option<&mut Told> {
        if self.copies == 1 {
            return None;
        }
        let books = self.told.len() / self.routes;
        self.told.get_mut(self.last.route * books + index)
    }
}

impl MarketSession {
    /// Whether a message other than a diff is to be told; it is counted, and has no place, where it was.
    #[inline]
    pub(super) fn is_fresh(&mut self, index: usize, fresh: impl FnOnce(&mut Told) -> Fresh) -> bool {
        let Some(told) = self.origins.told(index) else { return true };
        let fresh = fresh(told);
        if fresh != Fresh::Newest {
            self.place = None;
        }
        self.counters.known += u64::from(fresh == Fresh::Known);
        fresh != Fresh::Known
    }

    /// A diff of one of several connections; its levels are in `self.levels`.
    pub(super) fn on_copy_diff<S: EventSink>(&mut self, index: usize, head: DiffHead, out: &mut S) {
        let Self { books, levels, counters, origins, place, .. } = self;
        let book = book_at(books, index);
        let proof = book.sync.hear(origins.last.copy, &head.ids);
        counters.holes += u64::from(matches!(proof, Proof::Hole | Proof::Contradiction));
        let diff = Diff { head, bids: levels.bids(), asks: levels.asks() };
        let on_copy = book.sync.on_copy(&diff, proof);
        if on_copy != OnCopy::Deliver {
            *place = None;
        }
        match on_copy {
            OnCopy::Deliver => {
                self.deliver_diff(index, head, out);
                self.catch_up(index, head.recv_time, out);
            }
            OnCopy::Known => counters.known += 1,
            OnCopy::Ahead => {
                let until = book.sync.behind_until();
                origins.behind_until = origins.behind_until.into_iter().chain(until).min();
            }
            OnCopy::Waits(kept) => self.on_kept(index, kept, head.recv_time),
            OnCopy::Lost => {
                counters.gaps += 1;
                self.on_no_copy(index, LostReason::Gap, head.recv_time, out);
            }
        }
    }

    /// Delivers the diffs up to which the book has been led.
    fn catch_up<S: EventSink>(&mut self, index: usize, now: Nanos, out: &mut S) {
        if let Some(from) = self.book(index).sync.caught_up()
            && self.deliver_kept(index, from, out).is_err()
        {
            self.on_refused(index, now, out);
        }
    }

    /// A connection for diffs ended, and others are left.
    pub(super) fn end_copy<S: EventSink>(&mut self, copy: usize, now: Nanos, out: &mut S) {
        for index in 0..self.books.len() {
            if self.book(index).sync.end_copy(copy) {
                self.on_no_copy(index, LostReason::Disconnected, now, out);
            }
        }
    }

    /// Gives up the books that have been behind for too long.
    pub(super) fn give_up_behind<S: EventSink>(&mut self, now: Nanos, out: &mut S) {
        if self.origins.behind_until.is_none_or(|until| until > now) {
            return;
        }
        for index in 0..self.books.len() {
            if self.book(index).sync.is_left_behind(now) {
                self.counters.gaps += 1;
                self.on_no_copy(index, LostReason::Gap, now, out);
            }
        }
        self.origins.behind_until = self.books.iter().filter_map(|book| book.sync.behind_until()).min();
    }

    /// A live book has lost its place, and no connection leads on from it; what waits stays.
    #[cold]
    fn on_no_copy<S: EventSink>(&mut self, index: usize, reason: LostReason, now: Nanos, out: &mut S) {
        debug_assert_eq!(self.book(index).sync.state(), BookState::Stale, "it was given up");
        self.counters.books_lost += 1;
        if self.book(index).tell_lost(reason, out).is_err() {
            self.debts = Debts::Some;
        }
        self.want_snapshot(index, now);
    }

    /// A frame's levels beyond what a batch holds are of no concern where another connection brought the diff before.
    pub(super) fn is_known(&mut self, index: usize, head: &DiffHead) -> bool {
        let known = self.origins.are_several() && self.book(index).sync.has(&head.ids);
        self.counters.known += u64::from(known);
        known
    }
}
