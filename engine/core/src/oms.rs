//! Our orders on one instrument, from the decision to send until nothing more can come of them.
//!
//! An order that may be alive counts: its remaining size is *working* exposure on its side until a definite report says
//! otherwise. A lost answer, a timeout or a contradiction makes it [`OrderState::Unknown`], never dead. Orders that ended
//! stay findable for a while ([`DONE_KEPT`]), so that a fill that was late still meets its order.
//!
//! News of another instrument's orders here is a routing mistake of our own: an assertion stops the shard.
//!
//! Never here: money, a decision, a clock, an allocation after construction.

mod state;
mod trades;

#[cfg(test)]
mod tests;

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::mem::discriminant;

use ballast_model::{
    Cancel, ClientOrderId, Digest, Fill, InstrumentId, Lots, Nanos, NewOrder, OrderReport, OrderUpdate,
    Price, Side, Span, TimeInForce, VenueOrderId,
};

use crate::gate::Checked;
pub use state::{BeforeCancel, DoneReason, OrderState};
pub use trades::TRADES_KEPT;

use state::{Input, next};
use trades::{Seen, TradeWindow};

/// How long a refused cancel should not be repeated. Whoever refuses one refuses the next at once, and requests are limited.
pub const CANCEL_RETRY: Span = Span::from_millis(100);

/// Ended orders kept findable; the oldest makes room.
pub const DONE_KEPT: usize = 64;

/// One of our orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Our id.
    pub client_id: ClientOrderId,
    /// Buy or sell.
    pub side: Side,
    /// Limit price.
    pub price: Price,
    /// Size when sent, above zero.
    pub lots: Lots,
    /// Traded so far; above `lots` only where the venue overfilled.
    pub filled: Lots,
    /// What is known of it.
    pub state: OrderState,
    /// The venue's id, once it told.
    pub venue_id: Option<VenueOrderId>,
    /// When it was sent.
    pub sent_at: Nanos,
    /// When the venue last refused to cancel it.
    pub cancel_refused_at: Option<Nanos>,
    /// When it last changed from one kind of state to another.
    pub state_since: Nanos,
    /// Lifetime.
    pub tif: TimeInForce,
}

impl Order {
    /// What has not traded: never below zero.
    #[must_use]
    pub fn remaining(&self) -> Lots {
        (self.lots - self.filled).max(Lots::ZERO)
    }

    /// When a cancel should be sent again; `None` where none was refused.
    #[must_use]
    pub fn cancel_retry_at(&self) -> Option<Nanos> {
        self.cancel_refused_at.map(|at| at + CANCEL_RETRY)
    }

    /// What may still trade: all that remains of an open order, nothing of an ended one.
    #[must_use]
    pub fn working(&self) -> Lots {
        if self.state.is_done() { Lots::ZERO } else { self.remaining() }
    }

    /// This order after an input.
    fn after(mut self, input: Input, now: Nanos) -> Self {
        let state = next(self.state, input);
        if discriminant(&state) != discriminant(&self.state) {
            self.state_since = now;
        }
        self.state = state;
        self
    }

    fn digest(&self, digest: &mut Digest) {
        digest.word(self.client_id.0);
        digest.word(self.side as u64 | (self.tif as u64) << 8);
        digest.signed(self.price.0);
        digest.signed(self.lots.0);
        digest.signed(self.filled.0);
        digest.word(self.state.word());
        digest.word(self.venue_id.map_or(0, |id| id.0));
        digest.signed(self.sent_at.0);
        digest.signed(self.state_since.0);
        digest.signed(self.cancel_refused_at.map_or(i64::MIN, |at| at.0));
    }
}

/// The table of open orders is full; the order was not taken and must not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OmsFull;

/// What an update did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateOutcome {
    /// The order changed its state; from [`OrderState::Done`] to [`OrderState::Unknown`] where an order thought dead was
    /// not.
    Moved {
        /// Before.
        from: OrderState,
        /// After.
        to: OrderState,
    },
    /// Nothing new.
    Unchanged,
    /// No order of ours has this id, or it ended too long ago.
    Foreign,
}

/// What a fill did. All but two outcomes change the position: see [`FillOutcome::must_book`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FillOutcome {
    /// The order goes on.
    Partial,
    /// The order is filled.
    Complete,
    /// The order had already ended: the fill was overtaken by a report of the end, or the report was wrong.
    Late,
    /// More traded than was ordered.
    Overfilled {
        /// By this much in total.
        by: Lots,
    },
    /// No order of ours has this id and side, or it ended too long ago.
    Foreign,
    /// The trade is already booked.
    Duplicate,
    /// The trade is older than the window of booked trades: booking it might count it twice, dropping it might lose it.
    /// The position is in doubt until reconciled.
    Unverifiable,
}

impl FillOutcome {
    /// True where the ledger must book the fill.
    #[must_use]
    pub const fn must_book(self) -> bool {
        match self {
            Self::Partial | Self::Complete | Self::Late | Self::Overfilled { .. } | Self::Foreign => true,
            Self::Duplicate | Self::Unverifiable => false,
        }
    }
}

/// Where an order is kept.
#[derive(Clone, Copy)]
enum Slot {
    Open(usize),
    Done(usize),
}

/// The orders of one instrument.
#[derive(Clone, Debug)]
pub struct Oms {
    instrument: InstrumentId,
    /// Open orders up to which [`Oms::insert`] takes more.
    capacity: usize,
    /// Not done, in no order. At most `capacity + DONE_KEPT`: an ended order that comes back to life needs room too, and
    /// open and done together never exceed that sum.
    open: Vec<Order>,
    /// Done, oldest first. At most [`DONE_KEPT`].
    done: VecDeque<Order>,
    trades: TradeWindow,
    /// Sums over `open`, kept by `insert` and `store` alone.
    working_bid: Lots,
    working_ask: Lots,
    unknown: usize,
}

impl Oms {
    /// An empty manager for at most `capacity` open orders: more than the gate's limit, so that orders that reduce the
    /// position find room at that limit.
    #[must_use]
    pub fn new(instrument: InstrumentId, capacity: usize) -> Self {
        Self {
            instrument,
            capacity,
            open: Vec::with_capacity(capacity + DONE_KEPT),
            done: VecDeque::with_capacity(DONE_KEPT),
            trades: TradeWindow::new(),
            working_bid: Lots::ZERO,
            working_ask: Lots::ZERO,
            unknown: 0,
        }
    }

    /// Takes an order that passed the gate and is about to be sent.
    ///
    /// # Errors
    /// [`OmsFull`]: do not send it.
    pub fn insert(&mut self, order: &Checked<NewOrder>, now: Nanos) -> Result<(), OmsFull> {
        let order = order.get();
        assert!(order.instrument == self.instrument, "an order of another instrument");
        debug_assert!(self.find(order.client_id).is_none(), "the gate passes an id once");
        if self.open.len() >= self.capacity {
            return Err(OmsFull);
        }
        self.open.push(Order {
            client_id: order.client_id,
            side: order.side,
            price: order.price,
            lots: order.lots,
            filled: Lots::ZERO,
            state: OrderState::PendingNew,
            venue_id: None,
            sent_at: now,
            cancel_refused_at: None,
            state_since: now,
            tif: order.tif,
        });
        *self.working_mut(order.side) += order.lots;
        Ok(())
    }

    /// Asks for an order to be cancelled; `None` where it is not open or its cancel is already on the way.
    ///
    /// An unknown order may be cancelled, and one whose cancel met "no such order" is unknown again: space retries by
    /// [`Order::state_since`], or every round trip becomes a new cancel.
    pub fn request_cancel(&mut self, client_id: ClientOrderId, now: Nanos) -> Option<Cancel> {
        let (slot, before) = self.find(client_id)?;
        let after = before.after(Input::CancelSent, now);
        if after.state == before.state {
            return None;
        }
        self.store(slot, &before, after);
        Some(Cancel { instrument: self.instrument, client_id })
    }

    /// Takes news of an order other than a fill.
    pub fn on_update(&mut self, update: &OrderUpdate, now: Nanos) -> UpdateOutcome {
        assert!(update.instrument == self.instrument, "an update of another instrument");
        let Some((slot, before)) = self.find(update.client_id) else {
            return UpdateOutcome::Foreign;
        };
        let mut after = before.after(Input::from(update.report), now);
        if let OrderReport::Accepted(venue_id) = update.report {
            after.venue_id = Some(venue_id);
        } else if let OrderReport::CancelRejected(_) = update.report {
            after.cancel_refused_at = Some(now);
        }
        self.store(slot, &before, after);
        if after.state == before.state {
            UpdateOutcome::Unchanged
        } else {
            UpdateOutcome::Moved { from: before.state, to: after.state }
        }
    }

    /// Takes a fill. Each trade counts once, whatever happened to its order before.
    pub fn on_fill(&mut self, fill: &Fill, now: Nanos) -> FillOutcome {
        assert!(fill.instrument == self.instrument, "a fill of another instrument");
        match self.trades.admit(fill.trade_id) {
            Seen::Never => {}
            Seen::Before => return FillOutcome::Duplicate,
            Seen::Forgotten => return FillOutcome::Unverifiable,
        }
        let Some((slot, before)) = self.find(fill.client_id).filter(|(_, order)| order.side == fill.side)
        else {
            return FillOutcome::Foreign;
        };
        let filled = Lots(before.filled.0.saturating_add(fill.level.lots().0));
        let input = if filled >= before.lots { Input::LastFill } else { Input::PartFill };
        self.store(slot, &before, Order { filled, ..before }.after(input, now));
        if filled > before.lots {
            FillOutcome::Overfilled { by: filled - before.lots }
        } else if before.state.is_done() {
            FillOutcome::Late
        } else if filled == before.lots {
            FillOutcome::Complete
        } else {
            FillOutcome::Partial
        }
    }

    /// The orders that may be alive, in no particular but a reproducible order.
    pub fn open_orders(&self) -> impl Iterator<Item = &Order> {
        self.open.iter()
    }

    /// An order that is open, or ended not long ago.
    #[must_use]
    pub fn order(&self, client_id: ClientOrderId) -> Option<Order> {
        self.find(client_id).map(|(_, order)| order)
    }

    /// What may still trade on a side: the remaining size of all its open orders, unknown ones in full.
    #[must_use]
    pub const fn working(&self, side: Side) -> Lots {
        match side {
            Side::Bid => self.working_bid,
            Side::Ask => self.working_ask,
        }
    }

    /// Number of open orders, unknown ones among them.
    #[must_use]
    pub const fn open_count(&self) -> usize {
        self.open.len()
    }

    /// Number of orders whose fate is unknown: each needs a query.
    #[must_use]
    pub const fn unknown_count(&self) -> usize {
        self.unknown
    }

    /// The order that has waited longest for the answer to a request, and for how long.
    #[must_use]
    pub fn oldest_pending(&self, now: Nanos) -> Option<(&Order, Span)> {
        let pending = self.open.iter().filter(|order| order.state.is_pending());
        let oldest = pending.min_by_key(|order| (order.state_since, order.client_id))?;
        Some((oldest, now - oldest.state_since))
    }

    /// Takes the whole state into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        digest.word(self.open.len() as u64);
        self.open.iter().for_each(|order| order.digest(digest));
        digest.word(self.done.len() as u64);
        self.done.iter().for_each(|order| order.digest(digest));
        self.trades.digest(digest);
    }

    fn find(&self, client_id: ClientOrderId) -> Option<(Slot, Order)> {
        let open = self.open.iter().enumerate().find(|(_, order)| order.client_id == client_id);
        if let Some((index, order)) = open {
            return Some((Slot::Open(index), *order));
        }
        let done = self.done.iter().enumerate().find(|(_, order)| order.client_id == client_id);
        done.map(|(index, order)| (Slot::Done(index), *order))
    }

    /// Puts a changed order where its state belongs and carries the sums along.
    fn store(&mut self, slot: Slot, before: &Order, after: Order) {
        *self.working_mut(after.side) += after.working() - before.working();
        self.unknown += usize::from(after.state == OrderState::Unknown);
        self.unknown -= usize::from(before.state == OrderState::Unknown);
        match (slot, after.state.is_done()) {
            (Slot::Open(index), false) => {
                if let Some(place) = self.open.get_mut(index) {
                    *place = after;
                }
            }
            (Slot::Open(index), true) => {
                self.open.swap_remove(index);
                if self.done.len() == DONE_KEPT {
                    self.done.pop_front();
                }
                self.done.push_back(after);
            }
            (Slot::Done(index), true) => {
                if let Some(place) = self.done.get_mut(index) {
                    *place = after;
                }
            }
            (Slot::Done(index), false) => {
                self.done.remove(index);
                self.open.push(after);
            }
        }
    }

    const fn working_mut(&mut self, side: Side) -> &mut Lots {
        match side {
            Side::Bid => &mut self.working_bid,
            Side::Ask => &mut self.working_ask,
        }
    }
}
