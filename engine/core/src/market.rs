//! What the core knows of one instrument's market: its book, whether that can be trusted, and the touch.
//!
//! The touch is the newest of two sources that share one sequence: the book built from diffs, and the venue's faster
//! best-price stream. Nothing is quoted from a book that has no snapshot, has a gap, is crossed, or stands in the middle of a
//! batch.

use ballast_model::{
    BookBatch, BookBegin, BookKind, BookLevels, BookLost, Digest, Last, LostReason, Lots, Nanos, PackedLevel,
    Price, Side, Span, Ticker, Ticks, UpdateId,
};

use crate::book::{Book, BookLimits, Level};
use crate::fair::Touch;
use crate::model::NearDepth;
use crate::shape::depth::depth_near;

/// Most update ids that a best price may be ahead of the book; one further ahead is damaged and ignored.
///
/// A venue tells best prices before the diffs that contain them, never by more than the diffs' own delay. In recorded
/// Binance captures the largest lead is 276 498 ids (USD-M, where one sequence counts all symbols), 2 863 on COIN-M and
/// 1 402 on spot; this is sixty times the largest.
pub const TICKER_LEAD_MAX: u64 = 1 << 24;

/// Longest time that diffs may stay behind a best price, by our clock: the book then shows the touch again. The longest in the
/// same captures is 348 ms.
pub const TICKER_LEAD_TIME_MAX: Span = Span::from_secs(2);

/// True where a best price of this id cannot be of the same sequence as a book that stands at `book`.
#[must_use]
#[inline]
pub const fn leads_too_far(ticker: UpdateId, book: UpdateId) -> bool {
    ticker.0.saturating_sub(book.0) > TICKER_LEAD_MAX
}

/// What a market left out or would not show. Decisions do not depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MarketCounts {
    /// Best prices ignored because they were more than [`TICKER_LEAD_MAX`] ids ahead of the book.
    pub tickers_too_far_ahead: u64,
    /// Best prices that the diffs did not reach within [`TICKER_LEAD_TIME_MAX`]; the book replaced them.
    pub tickers_never_reached: u64,
    /// Batches after which best bid and ask met or crossed; there is no touch until they no longer do.
    pub crossed_batches: u64,
}

/// Whether the book can be quoted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BookState {
    /// No snapshot has been seen yet.
    Unsynced,
    /// Complete up to its update id.
    Live,
    /// Was live, cannot be trusted until the next snapshot.
    Lost(LostReason),
}

/// What a market event did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarketChange {
    /// Nothing a decision could depend on: mid-batch, an older best price, or levels behind the touch.
    None,
    /// The touch has a new price or size.
    Touch,
    /// The book was lost by this event.
    Lost(LostReason),
}

/// What a batch under way brings the book to.
#[derive(Clone, Copy, Debug)]
struct Batch {
    update_id: UpdateId,
    recv_time: Nanos,
}

/// One instrument's market.
#[derive(Debug)]
pub struct Market {
    book: Book,
    state: BookState,
    /// Levels announced and not yet seen; zero where no batch is under way.
    missing: u32,
    /// Meaningful while a batch is under way.
    batch: Batch,
    /// The touch changed between the slots of the batch under way: told with its end.
    put_off: bool,
    /// Somebody found the touch too old: its next confirmation is told like a change.
    awaited: bool,
    /// Sequence of the book's content.
    book_id: UpdateId,
    /// Sequence of the touch; at or above `book_id` while live.
    touch_id: UpdateId,
    touch: Option<Touch>,
    /// Whether the book's best bid and ask meet or cross after the last batch.
    crossed: bool,
    /// When the touch was last confirmed, on our clock.
    confirmed_at: Nanos,
    counts: MarketCounts,
}

impl Market {
    /// A market nothing is known of yet.
    #[must_use]
    pub fn new(limits: BookLimits) -> Self {
        Self {
            book: Book::new(limits),
            state: BookState::Unsynced,
            missing: 0,
            batch: Batch { update_id: UpdateId(0), recv_time: Nanos::MIN },
            put_off: false,
            awaited: false,
            book_id: UpdateId(0),
            touch_id: UpdateId(0),
            touch: None,
            crossed: false,
            confirmed_at: Nanos::MIN,
            counts: MarketCounts::default(),
        }
    }

    /// The book, whatever its state.
    #[must_use]
    pub const fn book(&self) -> &Book {
        &self.book
    }

    /// Whether the book can be trusted.
    #[must_use]
    pub const fn state(&self) -> BookState {
        self.state
    }

    /// Best bid and ask; `None` while the book is not live, a batch is incomplete, a side is empty or the two cross.
    #[must_use]
    pub fn touch(&self) -> Option<Touch> {
        if self.state == BookState::Live && self.missing == 0 { self.touch } else { None }
    }

    /// True between the slots of a batch: nothing is decided from this market before its end.
    #[must_use]
    #[inline]
    pub const fn mid_batch(&self) -> bool {
        self.missing != 0
    }

    /// What the book shows from each best price of the touch to `within` behind it. A ticker may have moved the touch since
    /// the book's last batch: the book is counted as it stands.
    #[must_use]
    pub fn near_depth(&self, touch: &Touch, within: Ticks) -> NearDepth {
        let lots =
            |side: Side, best: Price| depth_near(self.book.levels(side), side, best, within, |_| Lots::ZERO);
        NearDepth { bid_lots: lots(Side::Bid, touch.bid.price), ask_lots: lots(Side::Ask, touch.ask.price) }
    }

    /// Sequence of the book's content: the last batch applied.
    #[must_use]
    pub const fn book_id(&self) -> UpdateId {
        self.book_id
    }

    /// When the touch was last confirmed by the venue, on our clock.
    #[must_use]
    pub const fn confirmed_at(&self) -> Nanos {
        self.confirmed_at
    }

    /// What was left out or not shown.
    #[must_use]
    pub const fn counts(&self) -> &MarketCounts {
        &self.counts
    }

    /// A batch begins.
    pub fn on_begin(&mut self, begin: &BookBegin) -> MarketChange {
        if self.missing != 0 {
            return self.lose(LostReason::TornBatch);
        }
        match (begin.kind, self.state) {
            (BookKind::Diff, BookState::Unsynced | BookState::Lost(_)) => return MarketChange::None,
            (BookKind::Snapshot, _) => self.restart(),
            (BookKind::Diff, BookState::Live) => {}
        }
        self.batch = Batch { update_id: begin.update_id, recv_time: begin.recv_time };
        self.missing = begin.levels;
        if begin.levels == 0 { self.complete() } else { MarketChange::None }
    }

    /// More levels of the batch.
    #[inline]
    pub fn on_levels(&mut self, slot: &BookLevels) -> MarketChange {
        let count = u32::from(slot.count);
        let missing = self.missing.wrapping_sub(count);
        if count == 0 || count > self.missing || (missing == 0) != (slot.last == Last::Yes) {
            return self.on_stray_levels();
        }
        self.missing = missing;
        if self.book.apply_all(slot.side, slot.used()).is_err() {
            return self.lose(LostReason::BookFull);
        }
        match slot.last {
            Last::No => MarketChange::None,
            Last::Yes => self.complete(),
        }
    }

    /// A whole batch: the same as its FIRST slot and then each of its levels' slots.
    pub fn on_batch(&mut self, batch: &BookBatch<'_>) -> MarketChange {
        let change = self.on_begin(batch.begin());
        if self.missing == 0 {
            return change;
        }
        for (side, levels) in batch.sides() {
            if self.book.apply_all(side, levels).is_err() {
                return self.lose(LostReason::BookFull);
            }
        }
        self.missing = 0;
        self.complete()
    }

    /// Levels that belong to no batch: those of a diff that is ignored until the snapshot, or a torn batch.
    #[cold]
    fn on_stray_levels(&mut self) -> MarketChange {
        if self.state == BookState::Live { self.lose(LostReason::TornBatch) } else { MarketChange::None }
    }

    /// The venue or the feed says the book cannot be trusted.
    pub fn on_lost(&mut self, lost: &BookLost) -> MarketChange {
        self.lose(lost.reason)
    }

    /// The best-price stream: taken where it is newer than what the touch shows, not too far ahead of the book, and the book
    /// not crossed: best prices that are sound do not mend a book that is not.
    #[inline]
    pub fn on_ticker(&mut self, ticker: &Ticker) -> MarketChange {
        if self.state != BookState::Live || ticker.update_id <= self.touch_id {
            return MarketChange::None;
        }
        if leads_too_far(ticker.update_id, self.book_id) {
            self.counts.tickers_too_far_ahead += 1;
            return MarketChange::None;
        }
        if self.crossed {
            return MarketChange::None;
        }
        let (bid, ask) = (level_of(ticker.bid), level_of(ticker.ask));
        let change = self.show(ticker.update_id, Some(bid), Some(ask), ticker.recv_time);
        if self.mid_batch() {
            self.put_off |= change == MarketChange::Touch;
            return MarketChange::None;
        }
        change
    }

    /// The touch is too old to act on: it is none until the venue confirms it or tells another.
    pub const fn expire_touch(&mut self) {
        self.touch = None;
    }

    /// The touch was too old to act on: when the venue next confirms it, that counts as a change, even of the same prices.
    pub const fn await_confirmation(&mut self) {
        self.awaited = true;
    }

    /// Takes everything decisions depend on into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        digest.word(match self.state {
            BookState::Unsynced => 0,
            BookState::Live => 1,
            BookState::Lost(reason) => 2 + reason as u64,
        });
        for id in [self.book_id, self.touch_id] {
            digest.word(id.0);
        }
        digest.signed(self.confirmed_at.0);
        let flags = [self.crossed, self.put_off, self.awaited].map(u64::from);
        digest.word(flags.into_iter().fold(0, |word, flag| word << 1 | flag));
        digest.word(self.missing.into());
        if self.mid_batch() {
            digest.word(self.batch.update_id.0);
            digest.signed(self.batch.recv_time.0);
        }
        for level in self.touch.iter().flat_map(|touch| [touch.bid, touch.ask]) {
            digest.signed(level.price.0);
            digest.signed(level.lots.0);
        }
        self.book.digest(digest);
    }

    fn restart(&mut self) {
        self.book.clear();
        self.touch = None;
        self.crossed = false;
        self.book_id = UpdateId(0);
        self.touch_id = UpdateId(0);
        self.state = BookState::Live;
    }

    /// The batch under way has all its levels.
    fn complete(&mut self) -> MarketChange {
        let change = self.take_batch();
        let put_off = core::mem::replace(&mut self.put_off, false);
        if put_off { MarketChange::Touch } else { change }
    }

    fn take_batch(&mut self) -> MarketChange {
        let batch = self.batch;
        self.book_id = batch.update_id;
        self.crossed = self.book.crossed();
        if self.crossed {
            self.counts.crossed_batches += 1;
            return self.show(batch.update_id, None, None, batch.recv_time);
        }
        if batch.update_id < self.touch_id {
            if batch.recv_time - self.confirmed_at <= TICKER_LEAD_TIME_MAX {
                return MarketChange::None;
            }
            self.counts.tickers_never_reached += 1;
        }
        self.show(batch.update_id, self.book.best(Side::Bid), self.book.best(Side::Ask), batch.recv_time)
    }

    fn show(&mut self, id: UpdateId, bid: Option<Level>, ask: Option<Level>, at: Nanos) -> MarketChange {
        self.touch_id = id;
        self.confirmed_at = at;
        let touch = Touch::from_sides(bid, ask);
        let awaited = core::mem::replace(&mut self.awaited, false);
        if touch == self.touch && !awaited {
            return MarketChange::None;
        }
        self.touch = touch;
        MarketChange::Touch
    }

    #[cold]
    fn lose(&mut self, reason: LostReason) -> MarketChange {
        self.missing = 0;
        self.put_off = false;
        self.touch = None;
        self.state = BookState::Lost(reason);
        MarketChange::Lost(reason)
    }
}

const fn level_of(level: PackedLevel) -> Level {
    Level { price: level.price(), lots: level.lots() }
}

#[cfg(test)]
mod tests;
