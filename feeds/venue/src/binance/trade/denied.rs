//! Orders of ours that the venue says it does not have: what proves that one is gone for good.
//!
//! A denial alone proves nothing: the copy that answers may lag, and an order that has just traded in full is found a moment later. An
//! order counts as lost by the venue after, in this order and with nothing else heard of it while we would have heard:
//!
//! 1. a question about it is denied, and a list of open orders asked for after that comes without it;
//! 2. [`APART`] later or more a question is denied again, and another list asked for after that comes without it;
//! 3. its trades asked for after that tell none that was missing;
//! 4. a question is denied once more.
//!
//! By then no request of ours that could bring it about is on its way any more. The core asks the questions, and goes on asking.
//!
//! Never here: time taken for a proof, an order of which the venue never showed a sign (the core ends those sooner).

use alloc::vec::Vec;

use ballast_model::{
    AccountEvent, ClientOrderId, Ending, Event, InstrumentId, Lots, Nanos, OrderReport, OrderUpdate,
    RejectReason, Span, VenueOrderId,
};

use super::TradeSession;
use super::jobs::Job;
use super::notice::Notice;
use crate::{EventSink, Now};

/// Least time between the two denials that count: beyond what a request of ours is good for at the venue.
pub(super) const APART: Span = Span::from_secs(10);

/// Orders that are looked after at one time; further ones stay of unknown fate until there is room.
const DENIED_MAX: usize = 64;

/// Orders that were given up and are remembered: a trade of one is an alarm.
const LOST_MAX: usize = 64;

/// How far the proof has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    /// Denied: a list asked for since then is waited for.
    Denied(Nanos),
    /// The list came without it.
    NotListed,
    /// Denied again: another list asked for since then is waited for.
    DeniedAgain(Nanos),
    /// That came without it too: its trades asked for since then are waited for.
    NotListedAgain(Nanos),
    /// They told nothing new: the next denial ends it.
    NotTraded,
}

/// An order that was denied.
#[derive(Clone, Copy, Debug)]
struct Denied {
    index: usize,
    client_id: ClientOrderId,
    /// Since when.
    since: Nanos,
    proof: Proof,
}

/// Orders that were denied, and those that were given up. Allocated once.
#[derive(Debug)]
pub(super) struct Denials {
    denied: Vec<Denied>,
    lost: Vec<ClientOrderId>,
}

impl Denials {
    pub(super) fn new() -> Self {
        Self { denied: Vec::with_capacity(DENIED_MAX), lost: Vec::with_capacity(LOST_MAX) }
    }

    /// What was told meanwhile was not heard: nothing is proved.
    pub(super) fn forget(&mut self) {
        self.denied.clear();
    }

    /// Anything heard of an order but that it is not there takes the proof back. Whether it is one that was given up and has traded.
    pub(super) fn hear(&mut self, event: &Event) -> Option<ClientOrderId> {
        let (client_id, traded) = match event.account()? {
            AccountEvent::Order(OrderUpdate { client_id, report, .. }) if is_sign(*report) => {
                (*client_id, false)
            }
            AccountEvent::Fill(fill) => (fill.client_id, true),
            AccountEvent::Order(_) | AccountEvent::Funding(_) | AccountEvent::Balance(_) => return None,
        };
        self.denied.retain(|denied| denied.client_id != client_id);
        (traded && self.lost.contains(&client_id)).then_some(client_id)
    }

    /// A question about an order was denied at `now`; the next thing to ask for, or `Err` where nothing is left to ask.
    fn deny(&mut self, index: usize, client_id: ClientOrderId, now: Nanos) -> Result<Option<Asks>, ()> {
        let Some(place) = self.denied.iter().position(|denied| denied.client_id == client_id) else {
            if self.denied.len() < DENIED_MAX {
                self.denied.push(Denied { index, client_id, since: now, proof: Proof::Denied(now) });
                return Ok(Some(Asks::List));
            }
            return Ok(None);
        };
        let Some(denied) = self.denied.get_mut(place) else { return Ok(None) };
        match denied.proof {
            Proof::NotListed if now >= denied.since + APART => {
                denied.proof = Proof::DeniedAgain(now);
                Ok(Some(Asks::List))
            }
            Proof::NotListed => Ok(None),
            Proof::Denied(_) | Proof::DeniedAgain(_) => Ok(Some(Asks::List)),
            Proof::NotListedAgain(_) => Ok(Some(Asks::Trades)),
            Proof::NotTraded => {
                self.denied.remove(place);
                if self.lost.len() == LOST_MAX {
                    self.lost.remove(0);
                }
                self.lost.push(client_id);
                Err(())
            }
        }
    }
}

/// What is asked for next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asks {
    List,
    Trades,
}

/// Whether a report says more than that the venue has no such order, or that nobody knows.
const fn is_sign(report: OrderReport) -> bool {
    match report {
        OrderReport::NotFound { .. }
        | OrderReport::FateUnknown
        | OrderReport::NotSent
        | OrderReport::CancelRejected(RejectReason::UnknownOrder)
        | OrderReport::ReplaceRejected(RejectReason::UnknownOrder)
        | OrderReport::CancelRejected(RejectReason::RateLimit | RejectReason::Other) => false,
        OrderReport::Accepted(_)
        | OrderReport::Rejected(_)
        | OrderReport::Cancelled
        | OrderReport::Expired
        | OrderReport::CancelRejected(_)
        | OrderReport::Replaced { .. }
        | OrderReport::ReplaceRejected(_)
        | OrderReport::Working { .. }
        | OrderReport::Ended { .. } => true,
    }
}

impl TradeSession {
    /// The venue said that it has no such order.
    pub(super) fn on_denial<S: EventSink>(
        &mut self,
        instrument: InstrumentId,
        client_id: ClientOrderId,
        now: Now,
        out: &mut S,
    ) {
        let Some(index) = self.names.of(instrument).filter(|_| self.sees_fills()) else { return };
        match self.denials.deny(index, client_id, now.mono) {
            Ok(None) => {}
            Ok(Some(Asks::List)) => self.jobs.want(Job::OpenOrders(index)),
            Ok(Some(Asks::Trades)) => self.ask_trades(index, client_id),
            Err(()) => {
                self.counters.orders_lost += 1;
                self.notices.add(Notice::OrderLost(instrument, client_id));
                let report = OrderReport::Ended { how: Ending::Lost, filled: Lots::ZERO };
                let update = OrderUpdate { instrument, client_id, report, venue_time: now.mono };
                self.tell(Event::Order(update), out);
            }
        }
    }

    /// Its own trades where the venue's id of it is known, else all since the last known.
    fn ask_trades(&mut self, index: usize, client_id: ClientOrderId) {
        self.jobs.want(match self.venue_id(client_id) {
            Some(venue_id) => Job::TradesOf(index, venue_id),
            None => Job::Trades(index),
        });
    }

    fn venue_id(&self, client_id: ClientOrderId) -> Option<VenueOrderId> {
        self.orders.of(client_id).and_then(|placed| placed.venue_id)
    }

    /// A list of open orders that was asked for then came, and who is on it was told.
    pub(super) fn on_listed(&mut self, index: usize, asked: Nanos) {
        let mut wanting = None;
        for denied in self.denials.denied.iter_mut().filter(|denied| denied.index == index) {
            match denied.proof {
                Proof::Denied(since) if asked >= since => denied.proof = Proof::NotListed,
                Proof::DeniedAgain(since) if asked >= since => {
                    denied.proof = Proof::NotListedAgain(asked);
                    wanting = wanting.or(Some(denied.client_id));
                }
                Proof::Denied(_)
                | Proof::DeniedAgain(_)
                | Proof::NotListed
                | Proof::NotListedAgain(_)
                | Proof::NotTraded => {}
            }
        }
        // Of further ones the next denial asks.
        if let Some(client_id) = wanting {
            self.ask_trades(index, client_id);
        }
    }

    /// All trades that were asked for then have been told: of one order, or since the last known.
    pub(super) fn on_traded(&mut self, index: usize, of: Option<VenueOrderId>, asked: Nanos) {
        let Self { denials, orders, .. } = self;
        for denied in denials.denied.iter_mut().filter(|denied| denied.index == index) {
            let venue_id = orders.of(denied.client_id).and_then(|placed| placed.venue_id);
            if let Proof::NotListedAgain(since) = denied.proof
                && asked >= since
                && of == venue_id
            {
                denied.proof = Proof::NotTraded;
            }
        }
    }
}
