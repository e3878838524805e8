//! The one way orders of an instrument leave: through its gate into its order manager and the outbox.

use ballast_model::{
    ClientOrderId, Digest, Fill, HalfTicks, InstrumentId, Lots, Nanos, NewOrder, OrderUpdate, Price,
    ReduceOnly, Replace, Side, TimeInForce,
};

use super::away::Away;
use super::dooming::Doomed;
use super::funds::Purse;
use super::lane_error::LaneError;
use super::risk::Risk;
use super::waiting::Wanting;
use super::{LaneSpec, Turn, earliest};
use crate::gate::portfolio::Work;
use crate::gate::{Gate, GateContext, Refusal};
use crate::oms::{FillOutcome, MissingFills, Oms, Order, OrderWords, SweepLimits, UpdateOutcome};
use crate::outbox::Note;
use crate::quotes::LiveStatus;

/// Room in the order table beyond the gate's limit: reducing orders and cancels under way find place there.
const ORDERS_SPARE: usize = 64;
/// Most questions an instrument asks at one event; the others are asked right after.
pub(super) const QUERIES_MAX: usize = 4;

/// An order one would like to send.
#[derive(Clone, Copy, Debug)]
pub(super) struct Intent {
    pub(super) side: Side,
    pub(super) price: Price,
    pub(super) lots: Lots,
    pub(super) tif: TimeInForce,
    pub(super) reduce_only: ReduceOnly,
    pub(super) expires_at: Nanos,
}

/// What the gate is told besides the order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    /// The ledger's position.
    pub(super) position: Lots,
    /// A midpoint that can be trusted.
    pub(super) reference: Option<HalfTicks>,
}

/// What became of an order one would like to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placed {
    /// It left.
    Sent,
    /// It did not, and may not before this time; `None` where time alone does not help.
    Refused(Option<Nanos>),
}

/// Gate and orders of one instrument.
#[derive(Debug)]
pub(super) struct OrderDesk {
    id: InstrumentId,
    pub(super) oms: Oms,
    /// `None` where the instrument is only followed.
    pub(super) gate: Option<Gate>,
    sweep: SweepLimits,
    /// What orders were refused for since quotes were last decided.
    pub(super) wanting: Wanting,
    /// Whether the venue takes orders.
    away: Away,
    /// Orders that are to go, whatever is quoted.
    pub(super) doomed: Doomed,
    /// When the venue is to be asked about an order, or a cancel may be sent again; as of the last [`OrderDesk::settle`].
    ask_at: Option<Nanos>,
    /// The orders have changed since.
    moved: bool,
}

impl OrderDesk {
    pub(super) fn new(id: InstrumentId, lane: &LaneSpec) -> Result<Self, LaneError> {
        lane.sweep.check().map_err(LaneError::Sweep)?;
        let limits = lane.quoting.as_ref().map(|quoting| quoting.limits).or(lane.hedge_limits);
        let orders = limits.map_or(0, |limits| limits.open_orders_max as usize);
        let gate = limits.map(|limits| Gate::new(id, &lane.spec, limits)).transpose();
        let gate = gate.map_err(LaneError::Limits)?.map(|gate| gate.with_controls(&lane.controls));
        let gate = gate.transpose().map_err(LaneError::Controls)?;
        let oms = Oms::new(id, orders + ORDERS_SPARE);
        let (wanting, away, sweep) = (Wanting::default(), Away::default(), lane.sweep);
        let doomed = Doomed::new(oms.open_max());
        Ok(Self { id, oms, gate, sweep, wanting, away, doomed, ask_at: None, moved: false })
    }

    /// Takes news of an order; the outcome, and whether other fills are missing than before.
    pub(super) fn on_update(&mut self, update: &OrderUpdate, now: Nanos) -> (UpdateOutcome, bool) {
        self.moved = true;
        let missing = self.oms.missing_fills();
        let outcome = self.oms.on_update(update, now);
        if outcome != UpdateOutcome::Foreign {
            self.away.on_report(&update.report, now);
        }
        (outcome, self.oms.missing_fills() != missing)
    }

    pub(super) fn on_fill(&mut self, fill: &Fill, now: Nanos) -> FillOutcome {
        self.moved = true;
        self.oms.on_fill(fill, now)
    }

    /// True while the venue has counted trades that are not booked.
    #[inline]
    pub(super) fn misses_fills(&self) -> bool {
        self.oms.missing_fills() != MissingFills::default()
    }

    /// When the venue is to be asked about an order.
    #[inline]
    pub(super) const fn ask_at(&self) -> Option<Nanos> {
        self.ask_at
    }

    /// Asks the venue about the orders that have been in doubt longest.
    pub(super) fn ask(&mut self, turn: &mut Turn<'_>) {
        if self.ask_at.is_none_or(|at| at > turn.now) {
            return;
        }
        self.moved = true;
        for _ in 0..QUERIES_MAX {
            let Some(query) = self.oms.next_query(turn.now, &self.sweep) else { break };
            turn.out.query(query);
            if let Some(risk) = turn.risk.as_deref_mut() {
                risk.on_message(self.id, turn.now);
            }
        }
    }

    /// After the orders may have changed: tells the portfolio what works, and when a question is due.
    #[inline]
    pub(super) fn settle(&mut self, turn: &mut Turn<'_>) {
        if self.moved {
            let again = if self.doomed.is_empty() { None } else { self.cancel_doomed(turn) };
            self.moved = false;
            // What is due already is asked at the next timer, which is not before now.
            let stale = self.oms.next_stale(&self.sweep).map(|at| at.max(turn.now));
            self.ask_at = earliest([stale, again]);
            if let Some(risk) = turn.risk.as_deref_mut() {
                tell_work(self.id, &self.oms, None, risk);
            }
        }
    }

    /// Sends an order if the gate lets it pass; tells whether it left.
    pub(super) fn place(&mut self, intent: &Intent, standing: &Standing, turn: &mut Turn<'_>) -> Placed {
        // While what the limits forbid still works, they are above themselves: what adds would pass them.
        if !self.doomed.is_empty() && intent.reduce_only == ReduceOnly::No {
            return Placed::Refused(None);
        }
        if let Some(until) = self.away.until(turn.now) {
            return Placed::Refused(Some(until));
        }
        let Some(gate) = &mut self.gate else { return Placed::Refused(None) };
        let order = NewOrder {
            instrument: self.id,
            client_id: turn.ids.next(),
            side: intent.side,
            price: intent.price,
            lots: intent.lots,
            tif: intent.tif,
            reduce_only: intent.reduce_only,
            expires_at: intent.expires_at,
        };
        let context = context_of(&self.oms, standing);
        self.moved = true;
        let verdict = match turn.risk.as_deref_mut() {
            Some(risk) => {
                tell_work(self.id, &self.oms, None, risk);
                risk.tell_funds(self.id);
                gate.check_in(&mut risk.portfolio, order, &context, turn.now)
            }
            None => gate.check(order, &context, turn.now),
        };
        match verdict {
            Ok(checked) => {
                turn.ids.taken();
                if !self.hold(checked.get(), turn) {
                    return Placed::Refused(None);
                }
                if self.oms.insert(&checked, turn.now).is_ok() {
                    turn.out.place(checked);
                    return Placed::Sent;
                }
                turn.out.note(Note::OrdersFull(self.id));
                self.follow_hold(order.client_id, turn);
                Placed::Refused(None)
            }
            Err(refusal) => {
                if self.wanting.on_refused(&refusal)
                    && let Some(purse) = purse(turn)
                {
                    purse.wanted = true;
                }
                Placed::Refused(refused(self.id, gate, refusal, turn))
            }
        }
    }

    /// Amends an order if the gate lets it; tells whether the request left.
    pub(super) fn amend(&mut self, replace: Replace, standing: &Standing, turn: &mut Turn<'_>) -> Placed {
        if let Some(until) = self.away.until(turn.now) {
            return Placed::Refused(Some(until));
        }
        let Some((gate, order)) = self.gate.as_mut().zip(self.oms.order(replace.client_id)) else {
            return Placed::Refused(None);
        };
        // A hold can shrink and not grow: what needs more is paid for anew, by another order.
        let pays = turn
            .risk
            .as_deref()
            .and_then(|risk| risk.purse.as_ref())
            .is_some_and(|purse| purse.pays(self.id));
        if pays && (replace.price != order.price || replace.lots > order.lots) {
            return Placed::Refused(None);
        }
        let context = context_of(&self.oms, standing);
        self.moved = true;
        let verdict = match turn.risk.as_deref_mut() {
            Some(risk) => {
                let left = (replace.lots - order.filled.max(order.reported)).max(Lots::ZERO);
                tell_work(self.id, &self.oms, Some((order.client_id, left)), risk);
                gate.check_replace_in(&mut risk.portfolio, replace, &order, &context, turn.now)
            }
            None => gate.check_replace(replace, &order, &context, turn.now),
        };
        match verdict {
            Ok(checked) if self.oms.request_replace(&checked, turn.now).is_ok() => {
                turn.out.replace(checked);
                Placed::Sent
            }
            Ok(_) => Placed::Refused(None),
            Err(refusal) => Placed::Refused(refused(self.id, gate, refusal, turn)),
        }
    }

    /// The orders have changed otherwise than by news.
    pub(super) const fn touch(&mut self) {
        self.moved = true;
    }

    /// Takes back an order of an earlier run; false where there is no room.
    pub(super) fn restore(&mut self, order: &OrderWords) -> bool {
        self.touch();
        self.oms.restore(order)
    }

    /// Holds what an order needs; tells whether it may leave.
    pub(super) fn hold(&self, order: &NewOrder, turn: &mut Turn<'_>) -> bool {
        let Some(purse) = purse(turn) else { return true };
        let held = purse.hold(order);
        if let Err(refusal) = held {
            turn.out.note(Note::Unheld(self.id, refusal));
        }
        held.is_ok()
    }

    /// Makes an order's hold follow the order, after news of it.
    #[inline]
    pub(super) fn follow_hold(&self, client_id: ClientOrderId, turn: &mut Turn<'_>) {
        let Some(purse) = purse(turn) else { return };
        if let Err(refusal) = purse.follow(self.id, &self.oms, client_id) {
            turn.out.note(Note::Unheld(self.id, refusal));
        }
    }

    /// Moves balances by a fill; tells whether they could be.
    #[inline]
    pub(super) fn pay(&self, fill: &Fill, turn: &mut Turn<'_>) -> bool {
        let paid = purse(turn).is_none_or(|purse| purse.on_fill(fill).is_ok());
        self.follow_hold(fill.client_id, turn);
        paid
    }

    /// Cancels an order. One whose cancel the venue has just refused waits: returns when to try again.
    pub(super) fn cancel(&mut self, client_id: ClientOrderId, turn: &mut Turn<'_>) -> Option<Nanos> {
        let retry = self.oms.order(client_id).and_then(|order| order.cancel_retry_at());
        let retry = retry.filter(|retry| *retry > turn.now);
        if retry.is_none()
            && let Some(cancel) = self.oms.request_cancel(client_id, turn.now)
        {
            self.moved = true;
            turn.out.cancel(cancel);
            if let Some(risk) = turn.risk.as_deref_mut() {
                risk.on_message(self.id, turn.now);
            }
        }
        retry
    }

    /// Orders that stand, or stand until their cancel is confirmed.
    pub(super) fn standing(&self) -> impl Iterator<Item = &Order> {
        let unknown = |status| matches!(status, LiveStatus::Unknown | LiveStatus::UnknownCancelling);
        self.oms.open_orders().filter(move |order| !unknown(LiveStatus::of(order.state)))
    }

    /// Size of the orders of a side that may or may not have traded.
    pub(super) fn unknown(&self, side: Side) -> Lots {
        let unknown = |order: &&Order| {
            let state = LiveStatus::of(order.state);
            order.side == side && matches!(state, LiveStatus::Unknown | LiveStatus::UnknownCancelling)
        };
        self.oms.open_orders().filter(unknown).fold(Lots::ZERO, |sum, order| sum + order.working())
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        self.oms.digest(digest);
        self.wanting.digest(digest);
        self.away.digest(digest);
        self.doomed.digest(digest);
        if let Some(gate) = &self.gate {
            gate.digest(digest);
        }
    }
}

/// What the gate is told besides the order.
fn context_of(oms: &Oms, standing: &Standing) -> GateContext {
    GateContext {
        position: standing.position,
        working_bid: oms.working(Side::Bid),
        working_ask: oms.working(Side::Ask),
        open_orders: oms.open_count(),
        reference: standing.reference,
    }
}

/// Notes a refusal; returns when asking again may help.
fn refused(id: InstrumentId, gate: &Gate, refusal: Refusal, turn: &mut Turn<'_>) -> Option<Nanos> {
    turn.out.note(Note::Refused(id, refusal));
    let risk = turn.risk.as_deref();
    let free = risk.and_then(|risk| risk.portfolio.retry_at(id, refusal.rule, turn.now));
    free.or_else(|| gate.retry_at(refusal.rule, turn.now))
}

/// Balances and holds, where there are any.
fn purse<'a>(turn: &'a mut Turn<'_>) -> Option<&'a mut Purse> {
    turn.risk.as_deref_mut()?.purse.as_mut()
}

/// Tells the portfolio all that works of an instrument, but these lots of this order.
fn tell_work(id: InstrumentId, oms: &Oms, but: Option<(ClientOrderId, Lots)>, risk: &mut Risk) {
    let mut work = Work::NONE;
    for order in oms.open_orders() {
        let taken = but.filter(|(client_id, _)| *client_id == order.client_id);
        let working = order.working() - taken.map_or(Lots::ZERO, |(_, lots)| lots.min(order.working()));
        let from = (order.price, working);
        let to = order.amendment.map_or(from, |aim| (aim.price, working));
        work.add_replacing(order.side, from, to);
    }
    risk.portfolio.on_work(id, &work);
}
