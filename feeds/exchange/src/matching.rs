//! The back end `matching`: a closed book of orders of many accounts, in one instrument.
//!
//! * **Priority.** The better price first; at a price the order that came first. An iceberg shows a part at a time, and each
//!   new part goes behind everything at its price. A trade is made at the price of the order that rested.
//! * **Arrival.** An order is refused for the first reason that applies, in the order told at [`Matching::place`], or
//!   accepted; then it trades, and what may rest of it rests.
//! * **Self-trade prevention** acts where two orders of an account meet, by the arriving order's mode ([`Prevention`]).
//! * **Reduce-only.** Such an order trades at most what closes its account's position; where that is less than what it
//!   would trade otherwise, the rest of it expires. A fill-or-kill order counts on none of those that rest.
//! * **Time** is told by [`Matching::advance`] and never falls; orders with an end time expire then, the earliest first.
//! * **Waiting orders** ([`Trigger`]) arrive when the last trade or the mark price is where they wait for it. Every trade's
//!   price is looked at; orders whose price has come arrive after the request that made it is done, in the order in which it
//!   came, at one price in the order in which they were placed, and not while matching is halted.
//! * **Halts.** [`VolatilityHalt`] says when matching halts. While it does, orders may be cancelled, and placed or amended
//!   where they would not take; so the book fills again and is never crossed.
//!
//! Every structure is bounded by [`MatchingLimits`] and allocated at construction; what finds no room is refused.
//!
//! Never here: a clock, latency, randomness, knowledge of whose account is ours.

mod admit;
mod amend;
mod book;
mod ends;
mod ids;
mod ladder;
mod spec;
mod take;
mod waiting;
mod words;

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::{ClientOrderId, Digest, Lots, Money, Nanos, Price, Side, TradeId, VenueOrderId};

use self::book::{Book, Order};
pub use self::spec::{
    MatchingLimits, MatchingSpec, MatchingSpecError, ORDERS_MAX, PAGES_MAX, PriceBand, VolatilityHalt,
};
use self::waiting::{Waiter, Waiting};
pub use self::words::{
    AccountId, Amendment, Dialect, Match, OrderRef, Outbox, Outcome, Party, Placement, Prevention, Pricing,
    Reject, Request, Sink, Source, Trigger, When, Why,
};

/// What an account holds and has open.
#[derive(Clone, Copy, Debug, Default)]
struct Holding {
    /// Long > 0.
    position: Lots,
    /// What is left of its open orders, by side.
    open: [Lots; 2],
    /// Number of its open and waiting orders.
    orders: u32,
    /// Fees paid, rebates deducted, 10⁻⁸ of the settlement currency.
    fees_e8: i128,
}

impl Holding {
    /// What is open on a side.
    #[inline]
    const fn open(&self, side: Side) -> Lots {
        let [bids, asks] = self.open;
        match side {
            Side::Bid => bids,
            Side::Ask => asks,
        }
    }

    #[inline]
    const fn open_mut(&mut self, side: Side) -> &mut Lots {
        let [bids, asks] = &mut self.open;
        match side {
            Side::Bid => bids,
            Side::Ask => asks,
        }
    }
}

/// Whether matching goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It does.
    Open,
    /// Not before this time.
    Halted(Nanos),
}

/// Where an order is kept.
#[derive(Clone, Copy, Debug)]
enum Place {
    Book(u32),
    Waiting(u32),
}

/// The window the halt looks at.
#[derive(Clone, Copy, Debug)]
struct Window {
    /// Which, counted from the epoch.
    number: i64,
    /// What moves are measured from; `None` until a trade gives it.
    reference: Option<Price>,
}

/// The engine.
#[derive(Debug)]
pub struct Matching {
    spec: MatchingSpec,
    book: Book,
    waiting: Waiting,
    holdings: Vec<Holding>,
    now: Nanos,
    /// Price of the last trade.
    last: Option<Price>,
    mark: Option<Price>,
    phase: Phase,
    window: Window,
    order_id_next: VenueOrderId,
    trade_id_next: TradeId,
    /// Fees the venue took of all accounts, rebates deducted, 10⁻⁸.
    fees_e8: i128,
}

/// An open order as others may see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenView {
    /// Which.
    pub order: OrderRef,
    /// Buy or sell.
    pub side: Side,
    /// Limit price.
    pub price: Price,
    /// Total size.
    pub lots: Lots,
    /// What can still trade.
    pub left: Lots,
}

/// What [`Matching::validate`] found wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Links, sums, table, heap and prices of the book do not agree, or it is crossed.
    Book,
    /// Lists, table and heap of the waiting orders do not agree, or one waits whose price has come.
    Waiting,
    /// What an account has open is not what stands in the book.
    Open(AccountId),
    /// The positions of all accounts do not add up to nothing.
    Positions,
    /// The fees of all accounts are not what the venue took.
    Fees,
    /// An order stands whose end has come.
    End,
}

impl Matching {
    /// An engine with an empty book.
    ///
    /// # Errors
    /// The first [`MatchingSpecError`] in `spec`.
    pub fn new(spec: &MatchingSpec) -> Result<Self, MatchingSpecError> {
        spec.check()?;
        Ok(Self {
            spec: *spec,
            book: Book::new(spec.limits.orders, spec.limits.pages),
            waiting: Waiting::new(spec.limits.waiting),
            holdings: vec![Holding::default(); usize::from(spec.limits.accounts)],
            now: Nanos::MIN,
            last: None,
            mark: None,
            phase: Phase::Open,
            window: Window { number: i64::MIN, reference: None },
            order_id_next: spec.first_order_id,
            trade_id_next: spec.first_trade_id,
            fees_e8: 0,
        })
    }

    /// When the engine next acts on its own: an order ends or a halt does.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Nanos> {
        let end = self.first_end().map(|(end, _)| end);
        let resumes = match self.phase {
            Phase::Open => None,
            Phase::Halted(until) => Some(until),
        };
        end.into_iter().chain(resumes).min()
    }

    /// It is `now`, or later already. What was to happen until then happens in the order of its times: a halt ends, orders
    /// expire.
    pub fn advance(&mut self, now: Nanos, sink: &mut impl Sink) {
        while let Some(due) = self.next_deadline().filter(|due| *due <= now) {
            self.now = self.now.max(due);
            if self.phase == Phase::Halted(due) {
                self.resume(sink);
                self.fire(sink);
            } else if let Some((_, order)) = self.first_end() {
                match order {
                    Place::Book(slot) => self.expire(slot, Why::EndTime, sink),
                    Place::Waiting(slot) => {
                        let waiter = self.remove_waiter(slot);
                        let left = waiter.placement.order.lots;
                        sink.put(&Outcome::Expired(waiter.name(), left, Why::EndTime));
                    }
                }
            }
        }
        self.now = self.now.max(now);
    }

    /// The order that ends first, and when; of two at a time the one accepted first.
    fn first_end(&self) -> Option<(Nanos, Place)> {
        let book = self.book.first_end().map(|(end, id, slot)| (end, id, Place::Book(slot)));
        let waiting = self.waiting.first_end().map(|(end, id, slot)| (end, id, Place::Waiting(slot)));
        let first = book.into_iter().chain(waiting).min_by_key(|(end, id, _)| (*end, *id));
        first.map(|(end, _, place)| (end, place))
    }

    /// The mark price is this from now on; orders that waited for it arrive.
    pub fn set_mark(&mut self, mark: Price, sink: &mut impl Sink) {
        self.mark = Some(mark);
        self.waiting.see(Source::Mark, mark);
        self.fire(sink);
    }

    /// Does what is asked.
    #[inline]
    pub fn apply(&mut self, request: &Request, sink: &mut impl Sink) {
        match request {
            Request::Place(placement) => self.place(placement, sink),
            Request::Cancel(account, client_id) => self.cancel(*account, *client_id, sink),
            Request::Amend(amendment) => self.amend(amendment, sink),
            Request::CancelAll(account) => self.cancel_all(*account, sink),
        }
    }

    /// Does what is asked, one after the other, each answered as if it had come alone. Those beyond the batch's bound are
    /// refused.
    pub fn batch(&mut self, requests: &[Request], sink: &mut impl Sink) {
        for (count, request) in requests.iter().enumerate() {
            if count < self.spec.limits.batch {
                self.apply(request, sink);
                continue;
            }
            let why = Reject::BatchMax;
            sink.put(&match request {
                Request::Place(new) => Outcome::Rejected(new.account, new.order.client_id, why),
                Request::Cancel(account, client_id) => Outcome::CancelRejected(*account, *client_id, why),
                Request::Amend(new) => Outcome::ReplaceRejected(new.account, new.client_id, why),
                Request::CancelAll(account) => Outcome::CancelRejected(*account, ClientOrderId::FOREIGN, why),
            });
        }
    }

    /// Cancels an order, or answers [`Reject::UnknownOrder`].
    #[inline]
    pub fn cancel(&mut self, account: AccountId, client_id: ClientOrderId, sink: &mut impl Sink) {
        match self.book.find(account, client_id) {
            Some(slot) => {
                let order = self.remove(slot);
                sink.put(&Outcome::Cancelled(order.name(), order.left));
            }
            None => match self.waiting.find(account, client_id) {
                Some(slot) => self.cancel_waiter(slot, sink),
                None => sink.put(&Outcome::CancelRejected(account, client_id, Reject::UnknownOrder)),
            },
        }
    }

    fn cancel_waiter(&mut self, slot: u32, sink: &mut impl Sink) {
        let waiter = self.remove_waiter(slot);
        sink.put(&Outcome::Cancelled(waiter.name(), waiter.placement.order.lots));
    }

    fn remove_waiter(&mut self, slot: u32) -> Waiter {
        let waiter = self.waiting.remove(slot);
        self.holding_mut(waiter.placement.account).orders -= 1;
        waiter
    }

    /// Cancels all orders of an account, bids first, waiting ones last, and says how many there were. It looks at every
    /// order.
    pub fn cancel_all(&mut self, account: AccountId, sink: &mut impl Sink) {
        let mut count = 0;
        for side in Side::BOTH {
            let mut next = self.book.first(side);
            while let Some(slot) = next {
                next = self.book.after(slot);
                if self.book.order(slot).account == account {
                    let order = self.remove(slot);
                    sink.put(&Outcome::Cancelled(order.name(), order.left));
                    count += 1;
                }
            }
        }
        let mut next = self.waiting.after(None);
        while let Some(slot) = next {
            next = self.waiting.after(Some(slot));
            if self.waiting.waiter(slot).placement.account == account {
                self.cancel_waiter(slot, sink);
                count += 1;
            }
        }
        sink.put(&Outcome::AllCancelled(account, count));
    }

    /// The venue ends a resting order.
    fn expire(&mut self, slot: u32, why: Why, sink: &mut impl Sink) {
        let order = self.remove(slot);
        sink.put(&Outcome::Expired(order.name(), order.left, why));
    }

    /// Takes an order out of the book and out of its account's open size.
    #[inline]
    fn remove(&mut self, slot: u32) -> Order {
        let order = self.book.remove(slot);
        let holding = self.holding_mut(order.account);
        holding.orders -= 1;
        *holding.open_mut(order.side) -= order.left;
        order
    }

    fn resume(&mut self, sink: &mut impl Sink) {
        self.phase = Phase::Open;
        self.window = Window { number: self.window_number(), reference: None };
        sink.put(&Outcome::Resumed);
    }

    fn window_number(&self) -> i64 {
        self.spec.halt.map_or(0, |halt| self.now.0.div_euclid(halt.window.0))
    }

    #[inline]
    #[expect(clippy::indexing_slicing, reason = "only orders of known accounts are accepted")]
    fn holding_mut(&mut self, account: AccountId) -> &mut Holding {
        &mut self.holdings[usize::from(account.0)]
    }

    #[inline]
    fn holding(&self, account: AccountId) -> Option<&Holding> {
        self.holdings.get(usize::from(account.0))
    }
}

/// What can be seen from outside.
impl Matching {
    /// An open order.
    #[must_use]
    #[inline]
    pub fn order(&self, account: AccountId, client_id: ClientOrderId) -> Option<OpenView> {
        let order = self.book.order(self.book.find(account, client_id)?);
        let (side, price, lots, left) = (order.side, order.price, order.lots, order.left);
        Some(OpenView { order: order.name(), side, price, lots, left })
    }

    /// Number of open orders.
    #[must_use]
    pub const fn open_orders(&self) -> usize {
        self.book.len()
    }

    /// What a waiting order waits for.
    #[must_use]
    pub fn trigger(&self, account: AccountId, client_id: ClientOrderId) -> Option<Trigger> {
        self.waiting.waiter(self.waiting.find(account, client_id)?).placement.trigger
    }

    /// Number of waiting orders.
    #[must_use]
    pub const fn waiting_orders(&self) -> usize {
        self.waiting.len()
    }

    /// Best price of a side.
    #[must_use]
    pub fn best(&self, side: Side) -> Option<Price> {
        self.book.best(side)
    }

    /// Prices of a side with what they show, best first.
    pub fn levels(&self, side: Side) -> impl Iterator<Item = (Price, Lots)> {
        self.book.levels(side)
    }

    /// An account's position, long > 0; zero for an unknown one.
    #[must_use]
    pub fn position(&self, account: AccountId) -> Lots {
        self.holding(account).map_or(Lots::ZERO, |holding| holding.position)
    }

    /// Fees an account paid, rebates deducted; zero for an unknown one.
    #[must_use]
    pub fn fees_paid(&self, account: AccountId) -> Money {
        self.holding(account).map_or(Money::ZERO, |holding| Money(holding.fees_e8 * 10i128.pow(10)))
    }

    /// Price of the last trade.
    #[must_use]
    pub const fn last_price(&self) -> Option<Price> {
        self.last
    }

    /// Whether matching goes on.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Digest of everything that later outcomes depend on.
    #[must_use]
    pub fn state_hash(&self) -> u64 {
        let mut digest = Digest::new();
        let price = |price: Option<Price>| price.map_or(-1, |price| price.0);
        let until = match self.phase {
            Phase::Open => i64::MIN,
            Phase::Halted(until) => until.0,
        };
        let (number, reference) = (self.window.number, price(self.window.reference));
        for number in [self.now.0, price(self.last), price(self.mark), until, number, reference] {
            digest.signed(number);
        }
        digest.word(self.order_id_next.0);
        digest.word(self.trade_id_next.0);
        digest.bytes(&self.fees_e8.to_le_bytes());
        for holding in &self.holdings {
            digest.signed(holding.position.0);
            digest.bytes(&holding.fees_e8.to_le_bytes());
        }
        for side in Side::BOTH {
            for (_, order) in self.book.queue(side) {
                order.digest(&mut digest);
            }
        }
        self.waiting.digest(&mut digest);
        digest.value()
    }

    /// Checks every invariant; it looks at everything and is for tests.
    ///
    /// # Errors
    /// The first [`Fault`] found.
    pub fn validate(&self) -> Result<(), Fault> {
        if !self.book.is_sound() {
            return Err(Fault::Book);
        }
        if !self.waiting.is_sound() || self.phase == Phase::Open && self.waiting.has_fired() {
            return Err(Fault::Waiting);
        }
        for (account, holding) in (0..).map(AccountId).zip(&self.holdings) {
            let own = |side| {
                self.book.queue(side).map(|(_, order)| order).filter(move |order| order.account == account)
            };
            let left = |side| own(side).fold(Lots::ZERO, |sum, order| sum + order.left);
            let waits = self.waiting.all().filter(|(_, waiter)| waiter.placement.account == account);
            let count = own(Side::Bid).count() + own(Side::Ask).count() + waits.count();
            if Side::BOTH.map(left) != holding.open || count != holding.orders as usize {
                return Err(Fault::Open(account));
            }
        }
        if self.holdings.iter().map(|holding| i128::from(holding.position.0)).sum::<i128>() != 0 {
            return Err(Fault::Positions);
        }
        if self.holdings.iter().map(|holding| holding.fees_e8).sum::<i128>() != self.fees_e8 {
            return Err(Fault::Fees);
        }
        match self.first_end() {
            Some((end, _)) if end <= self.now => Err(Fault::End),
            _ => Ok(()),
        }
    }
}
