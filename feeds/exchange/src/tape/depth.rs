//! What the venue shows of one instrument, less what our own orders took of it.

use alloc::vec::Vec;

use ballast_core::book::{Book, BookFull, BookLimits, Level};
use ballast_core::market::leads_too_far;
use ballast_model::{Digest, FillReason, Lots, NewOrder, PackedLevel, Price, Side, Ticker, UpdateId};

use crate::account::{Account, OpenOrder};

/// Room for levels we took from and the venue has not updated yet; more only cost an allocation.
const TAKEN_CAPACITY: usize = 64;

/// The venue's book with the newer best prices on top, and our consumption of both.
#[derive(Debug)]
pub(super) struct Depth {
    book: Book,
    /// Sequence of the book's last complete batch.
    book_id: UpdateId,
    /// The newest best prices; they count while they are newer than the book.
    ticker: Option<Touch>,
    taken: Vec<Taken>,
}

/// Best prices told apart from the book.
#[derive(Clone, Copy, Debug)]
struct Touch {
    update_id: UpdateId,
    bid: PackedLevel,
    ask: PackedLevel,
}

/// Liquidity that our orders took.
#[derive(Clone, Copy, Debug)]
struct Taken {
    side: Side,
    price: Price,
    lots: Lots,
    /// Sequence of the state that showed it.
    seen_in: UpdateId,
}

/// A visible level and the sequence of the state that shows it.
#[derive(Clone, Copy, Debug)]
struct Shown {
    level: Level,
    seen_in: UpdateId,
}

impl Depth {
    pub(super) fn new(limits: BookLimits) -> Self {
        Self {
            book: Book::new(limits),
            book_id: UpdateId(0),
            ticker: None,
            taken: Vec::with_capacity(TAKEN_CAPACITY),
        }
    }

    /// Applies one level of a batch and returns the size that was there.
    pub(super) fn apply(&mut self, side: Side, price: Price, lots: Lots) -> Result<Lots, BookFull> {
        self.book.apply(side, price, lots)
    }

    /// Applies levels of a batch that concern nothing of ours.
    #[inline]
    pub(super) fn apply_all(&mut self, side: Side, levels: &[PackedLevel]) -> Result<(), BookFull> {
        self.book.apply_all(side, levels)
    }

    /// Empties the book for a snapshot.
    pub(super) fn clear(&mut self) {
        self.book.clear();
    }

    /// A diff is complete: the book is at this sequence.
    #[inline]
    pub(super) const fn complete_diff(&mut self, update_id: UpdateId) {
        self.book_id = update_id;
    }

    /// Sequence of the book's last complete batch.
    pub(super) const fn book_id(&self) -> UpdateId {
        self.book_id
    }

    /// The size the book shows at a price.
    pub(super) fn lots_at(&self, side: Side, price: Price) -> Lots {
        self.book.lots_at(side, price)
    }

    /// Keeps best prices that are newer than the book, but not out of its sequence, and than those before; tells whether they
    /// are.
    pub(super) fn on_ticker(&mut self, ticker: &Ticker) -> bool {
        let newest = self.ticker.map_or(self.book_id, |touch| touch.update_id.max(self.book_id));
        let newer = ticker.update_id > newest && !leads_too_far(ticker.update_id, self.book_id);
        if newer {
            self.ticker = Some(Touch { update_id: ticker.update_id, bid: ticker.bid, ask: ticker.ask });
        }
        newer
    }

    /// The size that stands before an order joining at this price: the larger of what the book and newer best prices show.
    /// `None` behind the deepest level the venue has shown.
    pub(super) fn queue_at(&self, side: Side, price: Price) -> Option<Lots> {
        let touched = self.touch(side).filter(|touch| touch.level.price == price);
        let shown = self.book.lots_at(side, price).max(touched.map_or(Lots::ZERO, |touch| touch.level.lots));
        let deeper = |level: Level| side.reaches(price, level.price);
        let in_view =
            !shown.is_zero() || self.book.best(side).is_none() || self.book.levels(side).any(deeper);
        in_view.then_some(shown)
    }

    /// The best price of a side that is visible, taken or not.
    pub(super) fn best_price(&self, side: Side) -> Option<Price> {
        self.touch(side).map(|touch| touch.level).or_else(|| self.book.best(side)).map(|level| level.price)
    }

    /// How much an order could take at once, at most its size.
    pub(super) fn takeable(&self, order: &NewOrder) -> Lots {
        let mut sum = Lots::ZERO;
        for (_, lots) in self.available(order.side, order.price) {
            sum += lots;
            if sum >= order.lots {
                return order.lots;
            }
        }
        sum
    }

    /// Trades an order with what it reaches, best level first: at the level's price where it [`FillReason::Took`], else at
    /// its own.
    pub(super) fn trade(&mut self, order: &mut OpenOrder, reason: FillReason, account: &mut Account) {
        while !order.left.is_zero() {
            let Some((shown, lots)) = self.available(order.side, order.price).next() else { return };
            let price = if reason == FillReason::Took { shown.level.price } else { order.price };
            let lots = account.fill(order, price, lots.min(order.left), reason);
            if !lots.is_zero() {
                self.take(order.side.opposite(), shown, lots);
            }
        }
    }

    /// Trades all of an order that the other side reaches, however little is there.
    pub(super) fn trade_whole(&self, order: &mut OpenOrder, account: &mut Account) {
        if self.available(order.side, order.price).next().is_some() {
            account.fill(order, order.price, order.left, FillReason::BookCross);
        }
    }

    /// Whether we took anything the venue has not updated since.
    pub(super) const fn untouched(&self) -> bool {
        self.taken.is_empty()
    }

    /// Prices of one side at which something is taken.
    pub(super) fn taken_prices(&self, side: Side) -> impl Iterator<Item = Price> {
        self.taken.iter().filter(move |taken| taken.side == side).map(|taken| taken.price)
    }

    /// The batch under way updates a level to `after`. That makes taken liquidity available again, unless it was taken from
    /// a state newer than the book was: then this is that state told again, and what is left of it stays taken.
    pub(super) fn on_level(&mut self, side: Side, price: Price, after: Lots) {
        let book_id = self.book_id;
        self.taken.retain_mut(|taken| {
            if (taken.side, taken.price) != (side, price) {
                return true;
            }
            taken.lots = taken.lots.min(after);
            taken.seen_in > book_id && !taken.lots.is_zero()
        });
    }

    /// A snapshot is complete: the book is at this sequence, which may be a new one. What is still taken counts as taken
    /// from it, and best prices from before it are dropped.
    pub(super) fn complete_snapshot(&mut self, update_id: UpdateId) {
        self.taken.iter_mut().for_each(|taken| taken.seen_in = update_id);
        self.ticker = None;
        self.book_id = update_id;
    }

    /// Forgets what was taken from levels that a book as new as the taking no longer shows.
    pub(super) fn forget_gone(&mut self) {
        let (book, book_id) = (&self.book, self.book_id);
        self.taken
            .retain(|taken| taken.seen_in > book_id || !book.lots_at(taken.side, taken.price).is_zero());
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        self.book.digest(digest);
        digest.word(self.book_id.0);
        if let Some(touch) = self.ticker {
            digest.word(touch.update_id.0);
            for level in [touch.bid, touch.ask] {
                digest.signed(level.price().0);
                digest.signed(level.lots().0);
            }
        }
        digest.word(self.taken.len() as u64);
        for taken in &self.taken {
            digest.word(taken.side as u64);
            digest.signed(taken.price.0);
            digest.signed(taken.lots.0);
            digest.word(taken.seen_in.0);
        }
    }

    /// The best level by a ticker newer than the book.
    fn touch(&self, side: Side) -> Option<Shown> {
        let touch = self.ticker.filter(|touch| touch.update_id > self.book_id)?;
        let level = match side {
            Side::Bid => touch.bid,
            Side::Ask => touch.ask,
        };
        let level = Level { price: level.price(), lots: level.lots() };
        (!level.lots.is_zero()).then_some(Shown { level, seen_in: touch.update_id })
    }

    /// What an order of `side` with limit `price` finds on the other side, best first, less what is taken; never zero.
    ///
    /// Best prices newer than the book replace its levels down to them: those are gone.
    fn available(&self, side: Side, price: Price) -> impl Iterator<Item = (Shown, Lots)> {
        let other = side.opposite();
        let touch = self.touch(other);
        let gone =
            move |level: &Level| touch.is_some_and(|touch| other.reaches(level.price, touch.level.price));
        let in_book = self.book.levels(other).skip_while(gone);
        let seen_in = self.book_id;
        touch
            .into_iter()
            .chain(in_book.map(move |level| Shown { level, seen_in }))
            .take_while(move |shown| side.reaches(price, shown.level.price))
            .map(move |shown| (shown, shown.level.lots - self.taken_at(other, shown.level.price)))
            .filter(|(_, lots)| *lots > Lots::ZERO)
    }

    fn taken_at(&self, side: Side, price: Price) -> Lots {
        let same = |taken: &&Taken| (taken.side, taken.price) == (side, price);
        self.taken.iter().find(same).map_or(Lots::ZERO, |taken| taken.lots)
    }

    fn take(&mut self, side: Side, shown: Shown, lots: Lots) {
        let price = shown.level.price;
        match self.taken.iter_mut().find(|taken| (taken.side, taken.price) == (side, price)) {
            Some(taken) => {
                taken.lots += lots;
                taken.seen_in = taken.seen_in.max(shown.seen_in);
            }
            None => self.taken.push(Taken { side, price, lots, seen_in: shown.seen_in }),
        }
    }
}
