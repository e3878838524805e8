//! Rebuilds books from a tape and holds them against what the venue itself says is best.

use std::collections::VecDeque;

use ballast_core::book::BookLimits;
use ballast_core::market::{BookState, Market, leads_too_far};
use ballast_model::{Event, InstrumentId, PackedLevel, Price, Side, Ticker, UpdateId};

use crate::tape::{Cursor, Shift, Tape};

/// Best prices kept while they wait for their diff; more than a second of the busiest stream.
const TICKERS_AHEAD_MAX: usize = 4096;

/// Result of one check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BookCheck {
    /// Best-price messages that carry the update id of a diff, received before or after it.
    pub comparisons: u64,
    /// Of these, how many differ from the book in a price or a size.
    pub mismatches: u64,
    /// Batches after which best bid and ask met or crossed.
    pub crossed: u64,
    /// The first difference.
    pub first_mismatch: Option<Mismatch>,
}

/// A difference between the book and the venue's best prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Sequence both are at.
    pub update_id: UpdateId,
    /// The side that differs; the bid where both do.
    pub side: Side,
    /// What the book has; price and size zero where the side is empty.
    pub book: (Price, i64),
    /// What the venue says.
    pub venue: (Price, i64),
}

/// Plays a tape into one book per instrument and compares.
#[must_use]
pub fn check(tape: &Tape, instruments: &[(InstrumentId, BookLimits)]) -> BookCheck {
    let mut result = BookCheck::default();
    for (id, limits) in instruments {
        let mut checker =
            Checker { market: Market::new(*limits), ahead: VecDeque::new(), result: &mut result };
        let mut cursor = Cursor::new(tape, Shift::default());
        while cursor.recv_time().is_some() {
            cursor.next(|event| checker.take(*id, event));
        }
    }
    result
}

struct Checker<'a> {
    market: Market,
    /// Best prices ahead of the book, waiting for the diff that catches up with them.
    ahead: VecDeque<Ticker>,
    result: &'a mut BookCheck,
}

impl Checker<'_> {
    fn take(&mut self, id: InstrumentId, event: &Event) {
        let before = self.market.book_id();
        if let Event::Ticker(ticker) = event
            && ticker.instrument == id
            && !(self.market.state() == BookState::Live && leads_too_far(ticker.update_id, before))
        {
            self.ahead.push_back(*ticker);
        }
        follow(&mut self.market, id, event);
        if self.market.book_id() != before && self.market.book().crossed() {
            self.result.crossed += 1;
        }
        self.compare_due();
    }

    /// Compares with the best prices the book has caught up with; those it has passed belong to no diff.
    fn compare_due(&mut self) {
        let book_id = self.market.book_id();
        while let Some(ticker) = self.ahead.front().copied() {
            if ticker.update_id > book_id && self.ahead.len() < TICKERS_AHEAD_MAX {
                return;
            }
            if ticker.update_id == book_id && self.market.state() == BookState::Live {
                self.compare(&ticker);
            }
            self.ahead.pop_front();
        }
    }

    fn compare(&mut self, ticker: &Ticker) {
        self.result.comparisons += 1;
        let mut differs = None;
        for (side, venue) in [(Side::Ask, ticker.ask), (Side::Bid, ticker.bid)] {
            let book =
                self.market.book().best(side).map_or((Price(0), 0), |level| (level.price, level.lots.0));
            if book != pair(venue) {
                differs = Some(Mismatch { update_id: ticker.update_id, side, book, venue: pair(venue) });
            }
        }
        if let Some(mismatch) = differs {
            self.result.mismatches += 1;
            self.result.first_mismatch.get_or_insert(mismatch);
        }
    }
}

/// Shows a market the book events of one instrument; best prices are not taken into its touch.
pub(crate) fn follow(market: &mut Market, id: InstrumentId, event: &Event) {
    if let Event::BookBegin(begin) = event
        && begin.instrument == id
    {
        market.on_begin(begin);
    } else if let Event::BookLevels(slot) = event
        && slot.instrument == id
    {
        market.on_levels(slot);
    } else if let Event::BookLost(lost) = event
        && lost.instrument == id
    {
        market.on_lost(lost);
    }
}

const fn pair(level: PackedLevel) -> (Price, i64) {
    (level.price(), level.lots().0)
}
