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
//! * **Margin** ([`MarginRules`]) makes the instrument a perpetual: accounts put up collateral, pay funding
//!   ([`Matching::fund`]) and are liquidated. Money is exact: what all accounts, the insurance fund and the venue have is
//!   what was paid in.
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
mod holding;
mod ids;
mod ladder;
mod liquidate;
mod outbox;
mod reports;
mod spec;
mod take;
mod tiers;
mod view;
mod waiting;
mod words;

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::{ClientOrderId, Money, Nanos, Price, Side, TradeId, VenueOrderId};

use self::book::{Book, Order};
use self::holding::Holding;
pub use self::outbox::{Outbox, Sink};
pub use self::reports::Reports;
pub use self::spec::{
    FeeTier, MarginRules, MatchingLimits, MatchingSpec, MatchingSpecError, ORDERS_MAX, PAGES_MAX, PriceBand,
    TIERS_MAX, VolatilityHalt,
};
use self::tiers::Traded;
pub use self::view::{Fault, OpenView};
use self::waiting::{Waiter, Waiting};
pub use self::words::{
    AccountId, Amendment, Deleverage, Dialect, Match, OrderRef, Outcome, Party, Placement, Prevention,
    Pricing, Reject, Remainder, Request, Source, Trigger, When, Why,
};

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
    /// The insurance fund.
    insurance: Money,
    /// What was paid into accounts and fund, withdrawals deducted.
    deposits: Money,
    traded: Traded,
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
            holdings: vec![Holding::new(spec.fees); usize::from(spec.limits.accounts)],
            now: Nanos::MIN,
            last: None,
            mark: None,
            phase: Phase::Open,
            window: Window { number: i64::MIN, reference: None },
            order_id_next: spec.first_order_id,
            trade_id_next: spec.first_trade_id,
            fees_e8: 0,
            insurance: Money::ZERO,
            deposits: Money::ZERO,
            traded: Traded::new(spec),
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
                self.liquidate_all(sink);
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

    /// The mark price is this from now on; orders that waited for it arrive, then accounts it ruins are liquidated.
    /// It is cut to the range of prices that an order may carry.
    pub fn set_mark(&mut self, mark: Price, sink: &mut impl Sink) {
        let instrument = &self.spec.instrument;
        let mark = mark.clamp(instrument.price_min, instrument.price_max);
        self.mark = Some(mark);
        self.waiting.see(Source::Mark, mark);
        self.fire(sink);
        self.liquidate_all(sink);
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
