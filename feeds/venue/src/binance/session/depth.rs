//! Diffs and snapshots: what reaches the sink, and when a book is lost and wanted anew.

use ballast_json::SymbolId;
use ballast_model::{BookKind, LostReason, Nanos, UpdateId};

use super::super::book::Book;
use super::super::buffer::{Diff, DiffHead};
use super::super::error::SessionError;
use super::super::levels::{BatchHead, Fit};
use super::super::sync::{BookState, Kept, OnDiff, OnSnapshot};
use super::{Debts, MarketSession, Stream, count};
use crate::{EventSink, RingFull};

impl MarketSession {
    /// A diff; its levels are in `self.levels`.
    pub(super) fn on_diff<S: EventSink>(
        &mut self,
        symbol: SymbolId,
        head: DiffHead,
        out: &mut S,
    ) -> Result<(), SessionError> {
        let index = usize::from(symbol.0);
        self.counters.diff_levels += count(self.levels.len());
        self.stream = Stream::Open;
        if self.levels.fit() == Fit::Cut {
            if self.is_known(index, &head) {
                return Ok(());
            }
            return Err(self.on_oversized(index, head.recv_time, out));
        }
        if self.origins.are_several() {
            self.on_copy_diff(index, head, out);
            return Ok(());
        }
        match self.book(index).sync.on_diff(&head.ids) {
            OnDiff::Deliver => self.deliver_diff(index, head, out),
            OnDiff::Keep => self.keep_diff(index, head),
            OnDiff::Ignore => self.counters.stale_diffs_ignored += 1,
            OnDiff::KeepAfterGap => {
                self.counters.gaps += 1;
                self.lose_place(index, LostReason::Gap, head.recv_time, out);
                self.keep_diff(index, head);
            }
            OnDiff::Lose => {
                self.counters.gaps += 1;
                self.lose_place(index, LostReason::BadMessage, head.recv_time, out);
            }
        }
        Ok(())
    }

    #[inline]
    pub(super) fn deliver_diff<S: EventSink>(&mut self, index: usize, head: DiffHead, out: &mut S) {
        let Self { books, batch, levels, counters, .. } = self;
        let book = book_at(books, index);
        let slots = batch.lay_out(diff_head(book, &head), levels.bids(), levels.asks());
        if book.push(slots, out).is_ok() {
            counters.diffs += 1;
            counters.levels_delivered += count(levels.len());
        } else {
            self.on_refused(index, head.recv_time, out);
        }
    }

    fn keep_diff(&mut self, index: usize, head: DiffHead) {
        let Self { books, levels, .. } = self;
        let diff = Diff { head, bids: levels.bids(), asks: levels.asks() };
        let kept = book_at(books, index).sync.keep(&diff);
        self.on_kept(index, kept, head.recv_time);
    }

    /// A diff waits for a snapshot.
    pub(super) fn on_kept(&mut self, index: usize, kept: Kept, now: Nanos) {
        match kept {
            Kept::Behind => return,
            Kept::First => {}
            Kept::FirstAfterDropping(dropped) => {
                self.counters.buffer_overflows += 1;
                self.counters.buffered_dropped += count(dropped);
            }
        }
        self.want_snapshot(index, now);
    }

    /// A snapshot; its levels are in `self.levels`.
    pub(super) fn on_snapshot<S: EventSink>(
        &mut self,
        symbol: SymbolId,
        id: UpdateId,
        venue_time: Nanos,
        now: Nanos,
        out: &mut S,
    ) -> Result<(), SessionError> {
        let index = usize::from(symbol.0);
        self.counters.snapshot_levels += count(self.levels.len());
        if self.stream == Stream::Ended {
            self.counters.snapshots_ignored += 1;
            return Ok(());
        }
        match self.book(index).sync.on_snapshot(id) {
            OnSnapshot::Ignore => self.counters.snapshots_ignored += 1,
            OnSnapshot::Refuse => {
                self.counters.snapshots_refused += 1;
                self.want_snapshot(index, now);
            }
            OnSnapshot::Join { .. } if self.levels.fit() == Fit::Cut => {
                return Err(self.on_oversized(index, now, out));
            }
            OnSnapshot::Join { overtaken } => {
                let joined = self.join(index, id, overtaken, venue_time, now, out);
                match joined {
                    Ok(()) => self.requests.satisfied(index),
                    Err(RingFull) => self.on_refused(index, now, out),
                }
            }
        }
        Ok(())
    }

    /// Delivers the snapshot and the buffered diffs that follow it.
    fn join<S: EventSink>(
        &mut self,
        index: usize,
        id: UpdateId,
        overtaken: usize,
        venue_time: Nanos,
        now: Nanos,
        out: &mut S,
    ) -> Result<(), RingFull> {
        let Self { books, batch, levels, counters, .. } = self;
        let book = book_at(books, index);
        let instrument = book.instrument;
        let head =
            BatchHead { instrument, kind: BookKind::Snapshot, update_id: id, venue_time, recv_time: now };
        book.push(batch.lay_out(head, levels.bids(), levels.asks()), out)?;
        counters.snapshots += 1;
        counters.levels_delivered += count(levels.len());
        counters.stale_diffs_ignored += count(overtaken);
        book.sync.join(id, overtaken);
        self.deliver_kept(index, overtaken, out)
    }

    /// Delivers the buffered diffs from position `from` on, which follow what has just gone out.
    pub(super) fn deliver_kept<S: EventSink>(
        &mut self,
        index: usize,
        from: usize,
        out: &mut S,
    ) -> Result<(), RingFull> {
        let Self { books, batch, counters, .. } = self;
        let book = book_at(books, index);
        for diff in book.sync.buffered(from) {
            // Nothing is owed.
            out.push(batch.lay_out(diff_head(book, &diff.head), diff.bids, diff.asks))?;
            counters.diffs += 1;
            counters.levels_delivered += count(diff.bids.len() + diff.asks.len());
        }
        book.sync.delivered();
        Ok(())
    }

    /// A frame of this book has more levels than a batch holds. A book that waits keeps its buffer: if the frame was a
    /// diff, the next one shows the hole.
    #[cold]
    fn on_oversized<S: EventSink>(&mut self, index: usize, now: Nanos, out: &mut S) -> SessionError {
        self.counters.oversized += 1;
        self.fail(index, LostReason::BookFull, now, out);
        SessionError::TooManyLevels(self.book(index).instrument)
    }

    /// The sink refused events of this book.
    #[cold]
    pub(super) fn on_refused<S: EventSink>(&mut self, index: usize, now: Nanos, out: &mut S) {
        self.counters.refused_batches += 1;
        self.fail(index, LostReason::RingFull, now, out);
    }

    /// Something of this book will not reach the sink: it must hear so even of a book that is not live.
    fn fail<S: EventSink>(&mut self, index: usize, reason: LostReason, now: Nanos, out: &mut S) {
        if self.book(index).sync.state() == BookState::Live {
            self.lose_place(index, reason, now, out);
        } else {
            self.tell_lost(index, reason, out);
            self.want_snapshot(index, now);
        }
    }

    /// Gives up a book's place in the sequence and what was buffered; the sink hears of it if the book was live.
    #[cold]
    fn lose_place<S: EventSink>(&mut self, index: usize, reason: LostReason, now: Nanos, out: &mut S) {
        let book = book_at(&mut self.books, index);
        let was_live = book.sync.state() == BookState::Live;
        self.counters.buffered_dropped += count(book.sync.lose());
        if was_live {
            self.counters.books_lost += 1;
            self.tell_lost(index, reason, out);
        }
        self.want_snapshot(index, now);
    }

    fn tell_lost<S: EventSink>(&mut self, index: usize, reason: LostReason, out: &mut S) {
        if self.book(index).tell_lost(reason, out).is_err() {
            self.debts = Debts::Some;
        }
    }

    /// Asks for a snapshot from `at` on, unless the book has no use for one.
    pub(super) fn want_snapshot(&mut self, index: usize, at: Nanos) {
        if self.stream == Stream::Open && self.book(index).sync.state() != BookState::Live {
            self.requests.want(index, at);
        }
    }

    #[inline]
    pub(super) fn book(&mut self, index: usize) -> &mut Book {
        book_at(&mut self.books, index)
    }
}

#[inline]
#[expect(clippy::indexing_slicing, reason = "the symbol table numbers symbols by their position in `books`")]
pub(super) fn book_at(books: &mut [Book], index: usize) -> &mut Book {
    &mut books[index]
}

#[inline]
fn diff_head(book: &Book, head: &DiffHead) -> BatchHead {
    let DiffHead { ids, venue_time, recv_time } = *head;
    BatchHead {
        instrument: book.instrument,
        kind: BookKind::Diff,
        update_id: ids.last,
        venue_time,
        recv_time,
    }
}
