//! One client of the venue: what it hears of its orders, and what the venue can still tell of those that ended.
//!
//! Never here: latency, a decision.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use ballast_model::{
    ClientOrderId, Digest, Ending, Event, FundingPayment, Lots, Money, Nanos, OrderReport, OrderUpdate,
    PackedLevel, PackedMoney, PaymentId, Query,
};

use crate::counters::Counters;
use crate::matching::{AccountId, Matching, Outcome, Party, Reject, Reports, Why};

/// Ended orders that can still be told about; the oldest makes room.
const ENDED_KEPT: usize = 1_024;

/// An accepted order that has not ended, and what it traded.
#[derive(Clone, Copy, Debug)]
struct Open {
    client_id: ClientOrderId,
    filled: Lots,
}

/// An order that ended.
#[derive(Clone, Copy, Debug)]
struct Ended {
    client_id: ClientOrderId,
    how: Ending,
    filled: Lots,
    /// Whether it met another order of the client's.
    met_its_own: bool,
}

/// A client.
#[derive(Debug)]
pub(super) struct Desk {
    words: Reports,
    open: Vec<Open>,
    /// Oldest first.
    ended: VecDeque<Ended>,
    counters: Counters,
    /// How often the venue refused for each reason, orders, cancels and amendments together; in the order of the first of each.
    refusals: Vec<(Reject, u64)>,
    /// Funding received less paid.
    funding: Money,
    /// What the insurance fund gave, less what it took.
    insured: Money,
    /// Id of the last payment.
    payments: u64,
}

impl Desk {
    pub(super) fn new(words: Reports, orders_max: u32) -> Self {
        let room = usize::try_from(orders_max).unwrap_or(0).min(ENDED_KEPT);
        Self {
            words,
            open: Vec::with_capacity(room),
            ended: VecDeque::with_capacity(ENDED_KEPT),
            counters: Counters::default(),
            refusals: Vec::new(),
            funding: Money::ZERO,
            insured: Money::ZERO,
            payments: 0,
        }
    }

    pub(super) const fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(super) const fn counters_mut(&mut self) -> &mut Counters {
        &mut self.counters
    }

    pub(super) fn refusals(&self) -> &[(Reject, u64)] {
        &self.refusals
    }

    pub(super) const fn open_orders(&self) -> usize {
        self.open.len()
    }

    pub(super) const fn funding(&self) -> Money {
        self.funding
    }

    pub(super) const fn insured(&self) -> Money {
        self.insured
    }

    /// Takes in an outcome and says what the client hears of it.
    pub(super) fn hear(&mut self, outcome: &Outcome, now: Nanos, mut tell: impl FnMut(Event)) {
        let words = self.words;
        words.hear(outcome, now, |event| {
            self.count(&event);
            tell(event);
        });
        let own = |account: AccountId| account == words.account;
        match *outcome {
            Outcome::Accepted(order) if own(order.account) => {
                self.open.push(Open { client_id: order.client_id, filled: Lots::ZERO });
            }
            Outcome::Cancelled(order, _) if own(order.account) => {
                self.end(order.client_id, Ending::Cancelled);
            }
            Outcome::Expired(order, _, why) if own(order.account) => {
                self.end(order.client_id, Ending::Expired);
                if why == Why::SelfTrade {
                    self.note_own();
                }
            }
            Outcome::Prevented { taker, maker, .. } => {
                for one in [taker, maker].iter().filter(|one| own(one.order.account) && one.left.is_zero()) {
                    self.counters.expired += 1;
                    self.end(one.order.client_id, Ending::Expired);
                    self.note_own();
                }
            }
            Outcome::Traded(trade) => {
                for party in [trade.taker, trade.maker].iter().filter(|party| own(party.order.account)) {
                    self.fill(party, trade.lots);
                }
            }
            Outcome::Rejected(account, _, why)
            | Outcome::CancelRejected(account, _, why)
            | Outcome::ReplaceRejected(account, _, why)
                if own(account) =>
            {
                self.refuse(why);
            }
            Outcome::Replaced { order, .. } if own(order.account) => self.counters.replaced += 1,
            Outcome::Funded(account, amount) if own(account) => tell(self.pay(amount, now)),
            Outcome::Insured(account, amount) if own(account) => self.insured += amount,
            Outcome::Accepted(_)
            | Outcome::Cancelled(..)
            | Outcome::Expired(..)
            | Outcome::Rejected(..)
            | Outcome::CancelRejected(..)
            | Outcome::ReplaceRejected(..)
            | Outcome::Funded(..)
            | Outcome::Insured(..)
            | Outcome::Replaced { .. }
            | Outcome::Triggered(_)
            | Outcome::AllCancelled(..)
            | Outcome::Halted
            | Outcome::Resumed
            | Outcome::Liquidated(..)
            | Outcome::Deleveraged(_) => {}
        }
    }

    /// Answers a query. Orders that were refused are not known.
    pub(super) fn answer(&mut self, asked: &Query, engine: &Matching, now: Nanos) -> Event {
        self.counters.queries += 1;
        let query = asked.number;
        let same = |ended: &&Ended| ended.client_id == asked.client_id;
        let listed = asked.instrument == self.words.instrument;
        let open = engine.order(self.words.account, asked.client_id).filter(|_| listed);
        let level = open.and_then(|order| PackedLevel::new(order.price, order.lots));
        let ended = self.ended.iter().rev().find(same).filter(|_| listed);
        let report = match (open.zip(level), ended) {
            (Some((order, level)), _) => {
                let (venue_id, filled) = (order.order.venue_id, order.lots - order.left);
                OrderReport::Working { venue_id, level, filled, query }
            }
            (None, Some(ended)) => OrderReport::Ended { how: ended.how, filled: ended.filled },
            (None, None) => OrderReport::NotFound { query },
        };
        let (instrument, client_id) = (asked.instrument, asked.client_id);
        Event::Order(OrderUpdate { instrument, client_id, report, venue_time: now })
    }

    fn pay(&mut self, amount: Money, now: Nanos) -> Event {
        self.payments += 1;
        self.counters.payments += 1;
        self.funding += amount;
        Event::Funding(FundingPayment {
            instrument: self.words.instrument,
            asset: self.words.fee_asset,
            amount: PackedMoney::new(amount),
            payment_id: PaymentId(self.payments),
            venue_time: now,
        })
    }

    fn fill(&mut self, party: &Party, lots: Lots) {
        let id = party.order.client_id;
        if let Some(open) = self.open.iter_mut().find(|open| open.client_id == id) {
            open.filled += lots;
            if party.left.is_zero() {
                self.end(id, Ending::Filled);
            }
        }
    }

    fn end(&mut self, client_id: ClientOrderId, how: Ending) {
        let Some(at) = self.open.iter().position(|open| open.client_id == client_id) else { return };
        let Open { filled, .. } = self.open.swap_remove(at);
        if self.ended.len() == ENDED_KEPT {
            self.ended.pop_front();
        }
        self.ended.push_back(Ended { client_id, how, filled, met_its_own: false });
    }

    /// The order that has just ended did so because it met another one of the client's.
    fn note_own(&mut self) {
        if let Some(last) = self.ended.back_mut() {
            last.met_its_own = true;
        }
    }

    pub(super) fn met_its_own(&self, client_id: ClientOrderId) -> bool {
        let ended = self.ended.iter().rev().find(|ended| ended.client_id == client_id);
        ended.is_some_and(|ended| ended.met_its_own)
    }

    pub(super) fn refuse(&mut self, why: Reject) {
        match self.refusals.iter_mut().find(|(reason, _)| *reason == why) {
            Some((_, count)) => *count += 1,
            None => self.refusals.push((why, 1)),
        }
    }

    fn count(&mut self, event: &Event) {
        if let Event::Fill(fill) = event {
            self.counters.count_fill(fill.reason);
        } else if let Event::Order(update) = event {
            let counters = &mut self.counters;
            if let OrderReport::Rejected(reason) = update.report {
                counters.count_reject(reason);
            }
            counters.accepted += u64::from(matches!(update.report, OrderReport::Accepted(_)));
            counters.cancelled += u64::from(matches!(update.report, OrderReport::Cancelled));
            counters.expired += u64::from(matches!(update.report, OrderReport::Expired));
        }
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        self.counters.digest(digest);
        for money in [self.funding, self.insured] {
            digest.bytes(&money.0.to_le_bytes());
        }
        for open in &self.open {
            digest.word(open.client_id.0);
            digest.signed(open.filled.0);
        }
        digest.word(self.ended.len() as u64);
        for ended in &self.ended {
            digest.word(ended.client_id.0);
            digest.signed(ended.filled.0);
        }
    }
}
