//! Our orders on one instrument, from the decision to send until nothing more can come of them.
//!
//! An order that may be alive counts: its remaining size is *working* exposure on its side until a definite report says
//! otherwise. A lost answer, a timeout or a contradiction makes it [`OrderState::Unknown`], never dead. Orders that ended
//! stay findable for a while ([`DONE_KEPT`]), so that a fill that was late still meets its order.
//!
//! An amendment under way makes an order count with the larger of its two sizes and stand at both its prices. Where the
//! venue has counted more trades of an order than have been booked, its fills are *missing*: they count as working exposure
//! until they arrive, even of an order that ended. [`Oms::next_query`] names the orders to ask the venue about.
//!
//! News of another instrument's orders here is a routing mistake of our own: an assertion stops the shard.
//!
//! Never here: money, a decision, a clock, an allocation after construction.

mod carry;
mod order;
mod state;
mod sweep;

#[cfg(test)]
mod tests;

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use ballast_model::{
    Cancel, ClientOrderId, Digest, Fill, InstrumentId, Lots, Nanos, NewOrder, OrderReport, OrderUpdate,
    Price, Query, ReduceOnly, Replace, Side, Span, TimeInForce, TradeId, VenueOrderId, mutant,
};

use crate::gate::Checked;
use crate::id_window::{Admitted, IdWindow};
pub(crate) use carry::{ORDER_PARTS, OrderWords};
pub use order::{Amendment, CANCEL_RETRY, Order, SETTLE, UNKNOWN_CANCEL_RETRY};
pub use state::{BeforeCancel, DoneReason, OrderState};
pub use sweep::{SweepLimits, SweepLimitsError};

use state::Input;

/// Trade ids an order manager remembers one by one. Replays after a reconnect are far shorter.
pub const TRADES_KEPT: usize = 1_024;

/// Ended orders kept findable; the oldest makes room.
pub const DONE_KEPT: usize = 64;

/// The table of open orders is full; the order was not taken and must not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OmsFull;

/// The order cannot be amended now: it is not live, has another side, already is as wanted, or has traded that much. The
/// amendment must not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotReplaceable;

/// An order on our account that this manager has not sent: one of an earlier session of ours, found at the venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adopted {
    /// Its id, ours.
    pub client_id: ClientOrderId,
    /// The venue's id.
    pub venue_id: VenueOrderId,
    /// Buy or sell.
    pub side: Side,
    /// Limit price.
    pub price: Price,
    /// Total size, above zero.
    pub lots: Lots,
    /// Traded so far. The position it is adopted with holds that already: it is not missing here.
    pub filled: Lots,
    /// Lifetime.
    pub tif: TimeInForce,
    /// Whether it may only reduce the position.
    pub reduce_only: ReduceOnly,
}

/// Why an order was not adopted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdoptError {
    /// The table of open orders is full.
    Full,
    /// The manager has an order with this id.
    Known,
    /// It has no id of ours, so that it could be neither followed nor cancelled.
    Foreign,
}

/// Trades that the venue counted and that were not booked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MissingFills {
    /// Orders that miss fills.
    pub orders: usize,
    /// Size missing on the bid side: the position may be this much longer than booked.
    pub bid: Lots,
    /// Size missing on the ask side: the position may be this much shorter than booked.
    pub ask: Lots,
}

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

/// What a fill did. All outcomes but the last two change the position: see [`FillOutcome::must_book`].
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
    /// The venue traded in our place: liquidation or auto-deleveraging. No order of ours changed.
    Forced,
    /// The trade is already booked.
    Duplicate,
    /// The trade is older than the window of booked trades: booking it might count it twice, dropping it might lose it.
    /// The position is in doubt until reconciled.
    Unverifiable,
}

impl FillOutcome {
    /// True where the ledger must book the fill.
    #[must_use]
    pub fn must_book(self) -> bool {
        match self {
            Self::Late if mutant::is("late-fill-lost") => false,
            Self::Partial
            | Self::Complete
            | Self::Late
            | Self::Overfilled { .. }
            | Self::Foreign
            | Self::Forced => true,
            Self::Duplicate => mutant::is("duplicate-fill-booked"),
            Self::Unverifiable => false,
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
    /// Those that [`Order::is_open`], in no order. At most `capacity + DONE_KEPT`: an ended order that comes back to life needs room too, and
    /// open and done together never exceed that sum.
    open: Vec<Order>,
    /// The others, the one that ended first in front. At most [`DONE_KEPT`].
    done: VecDeque<Order>,
    trades: IdWindow<TRADES_KEPT>,
    /// Sums over `open`, kept by `insert` and `store` alone.
    working_bid: Lots,
    working_ask: Lots,
    unknown: usize,
    missing: MissingFills,
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
            trades: IdWindow::new(),
            working_bid: Lots::ZERO,
            working_ask: Lots::ZERO,
            unknown: 0,
            missing: MissingFills::default(),
        }
    }

    /// Most orders that can be open at once.
    #[must_use]
    pub const fn open_max(&self) -> usize {
        self.capacity + DONE_KEPT
    }

    /// Takes an order that passed the gate and is about to be sent.
    ///
    /// # Errors
    /// [`OmsFull`]: do not send it.
    pub fn insert(&mut self, order: &Checked<NewOrder>, now: Nanos) -> Result<(), OmsFull> {
        self.follow_new(order.get(), now)
    }

    /// Takes an order that was sent before, as a record of it says: it passed the gate then.
    ///
    /// # Errors
    /// [`OmsFull`].
    pub(crate) fn follow_new(&mut self, order: &NewOrder, now: Nanos) -> Result<(), OmsFull> {
        assert!(order.instrument == self.instrument, "an order of another instrument");
        debug_assert!(self.find(order.client_id).is_none(), "the gate passes an id once");
        if self.open.len() >= self.capacity {
            return Err(OmsFull);
        }
        self.push(Order::sent(order, now));
        Ok(())
    }

    /// Takes over an order found open at the venue, as live: from now on it counts, is cancelled and asked about like one
    /// that was sent here. News of orders that are not taken over stay [`UpdateOutcome::Foreign`].
    ///
    /// # Errors
    /// The [`AdoptError`]; the order is not followed.
    pub fn adopt(&mut self, order: &Adopted, now: Nanos) -> Result<(), AdoptError> {
        if order.client_id == ClientOrderId::FOREIGN {
            return Err(AdoptError::Foreign);
        }
        if self.find(order.client_id).is_some() {
            return Err(AdoptError::Known);
        }
        if self.open.len() >= self.capacity {
            return Err(AdoptError::Full);
        }
        self.push(Order::found(order, now));
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

    /// Notes an amendment that passed the gate and is about to be sent. Until its answer the order counts with the larger of
    /// its sizes and stands at both its prices.
    ///
    /// # Errors
    /// [`NotReplaceable`]: do not send it.
    pub fn request_replace(&mut self, replace: &Checked<Replace>, now: Nanos) -> Result<(), NotReplaceable> {
        self.follow_replace(replace.get(), now)
    }

    /// Notes an amendment that was sent before, as a record of it says: it passed the gate then.
    ///
    /// # Errors
    /// [`NotReplaceable`].
    pub(crate) fn follow_replace(&mut self, replace: &Replace, now: Nanos) -> Result<(), NotReplaceable> {
        assert!(replace.instrument == self.instrument, "an amendment of another instrument's order");
        let (slot, before) = self.find(replace.client_id).ok_or(NotReplaceable)?;
        let same = (replace.price, replace.lots) == (before.price, before.lots);
        let traded = replace.lots <= before.filled.max(before.reported);
        if before.state != OrderState::Live || replace.side != before.side || same || traded {
            return Err(NotReplaceable);
        }
        let mut after = before.after(Input::ReplaceSent, now);
        after.amendment = Some(Amendment { price: replace.price, lots: replace.lots, sent_at: now });
        after.amendments = before.amendments.saturating_add(1);
        after.level_since = now;
        self.store(slot, &before, after);
        Ok(())
    }

    /// Asks for an order's fate; `None` where no order has this id. An ended order may be asked about too.
    pub fn request_query(&mut self, client_id: ClientOrderId, now: Nanos) -> Option<Query> {
        let (slot, before) = self.find(client_id)?;
        // Zero is no query's number.
        let number = before.query.checked_add(1).unwrap_or(1);
        self.store(slot, &before, Order { queried_at: Some(now), query: number, ..before });
        Some(Query { instrument: self.instrument, client_id, number })
    }

    /// The open orders whose fate should be asked for: see [`SweepLimits`].
    pub fn stale(&self, now: Nanos, limits: &SweepLimits) -> impl Iterator<Item = &Order> {
        self.open.iter().filter(move |order| order.query_at(limits).is_some_and(|due| due <= now))
    }

    /// When the next order becomes stale; `None` while none is in doubt.
    #[must_use]
    pub fn next_stale(&self, limits: &SweepLimits) -> Option<Nanos> {
        self.open.iter().filter_map(|order| order.query_at(limits)).min()
    }

    /// Asks about the order that has been stale longest; `None` where none is. To be called until then, or as often as the
    /// venue's limit of requests allows.
    pub fn next_query(&mut self, now: Nanos, limits: &SweepLimits) -> Option<Query> {
        let longest =
            self.stale(now, limits).min_by_key(|order| (order.query_at(limits), order.client_id))?;
        self.request_query(longest.client_id, now)
    }

    /// Takes news of an order other than a fill.
    pub fn on_update(&mut self, update: &OrderUpdate, now: Nanos) -> UpdateOutcome {
        assert!(update.instrument == self.instrument, "an update of another instrument");
        let Some((slot, before)) = self.find(update.client_id) else {
            return UpdateOutcome::Foreign;
        };
        let dies = update.report == OrderReport::FateUnknown && mutant::is("unknown-is-dead");
        let report = if dies { OrderReport::Cancelled } else { update.report };
        let after = before.after_report(report, now);
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
        match self.trades.admit(fill.trade_id.0) {
            Admitted::New => {}
            Admitted::Before => return FillOutcome::Duplicate,
            Admitted::Forgotten => return FillOutcome::Unverifiable,
        }
        if fill.reason.is_forced() {
            return FillOutcome::Forced;
        }
        let Some((slot, before)) = self.find(fill.client_id).filter(|(_, order)| order.side == fill.side)
        else {
            return FillOutcome::Foreign;
        };
        let after = before.after_fill(fill.level.lots(), now);
        self.store(slot, &before, after);
        let ordered = before.lots_worst();
        if after.filled > ordered {
            FillOutcome::Overfilled { by: after.filled - ordered }
        } else if before.state.is_done() {
            FillOutcome::Late
        } else if after.state.is_done() {
            FillOutcome::Complete
        } else {
            FillOutcome::Partial
        }
    }

    /// The newest trades that are booked, ascending, at most [`TRADES_KEPT`].
    pub fn booked(&self) -> impl Iterator<Item = TradeId> {
        self.trades.parts().0.iter().copied().map(TradeId)
    }

    /// The orders that may be alive or miss fills, in no particular but a reproducible order.
    pub fn open_orders(&self) -> impl Iterator<Item = &Order> {
        self.open.iter()
    }

    /// An order that is open, or ended not long ago.
    #[must_use]
    pub fn order(&self, client_id: ClientOrderId) -> Option<Order> {
        self.find(client_id).map(|(_, order)| order)
    }

    /// What may still change the position on a side: the remaining size of all its open orders, unknown ones in full and
    /// amended ones by the larger of their sizes, and the fills that are missing.
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

    /// Trades of our orders that the venue counted and that have not been booked. While there are any, the position is in
    /// doubt by that much; it counts as working exposure.
    #[must_use]
    pub const fn missing_fills(&self) -> MissingFills {
        self.missing
    }

    /// An order of ours that one of `side` with this limit would meet, at any price an order may have: self-trade prevention
    /// asks before it sends or amends.
    #[must_use]
    pub fn own_reached(&self, side: Side, price: Price) -> Option<&Order> {
        self.open.iter().find(|order| order.side != side && order.met_by(price))
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

    fn push(&mut self, order: Order) {
        *self.working_mut(order.side) += order.working();
        self.open.push(order);
    }

    /// Puts a changed order where its state belongs and carries the sums along.
    fn store(&mut self, slot: Slot, before: &Order, after: Order) {
        *self.working_mut(after.side) += after.working() - before.working();
        self.missing.orders += usize::from(!after.missing().is_zero());
        self.missing.orders -= usize::from(!before.missing().is_zero());
        let missing = match after.side {
            Side::Bid => &mut self.missing.bid,
            Side::Ask => &mut self.missing.ask,
        };
        *missing += after.missing() - before.missing();
        self.unknown += usize::from(after.state == OrderState::Unknown);
        self.unknown -= usize::from(before.state == OrderState::Unknown);
        match (slot, after.is_open()) {
            (Slot::Open(index), true) => {
                if let Some(place) = self.open.get_mut(index) {
                    *place = after;
                }
            }
            (Slot::Open(index), false) => {
                self.open.swap_remove(index);
                if self.done.len() == DONE_KEPT {
                    self.done.pop_front();
                }
                self.done.push_back(after);
            }
            (Slot::Done(index), false) => {
                if let Some(place) = self.done.get_mut(index) {
                    *place = after;
                }
            }
            (Slot::Done(index), true) => {
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
