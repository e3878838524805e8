//! One instrument of a shard: its market, orders, ledger and quoting.

use ballast_model::{
    Digest, Fill, HalfTicks, InstrumentId, InstrumentSpec, Lots, Nanos, NewOrder, OrderUpdate, ReduceOnly,
    Side, Span, TimeInForce,
};

use super::{LaneSpec, OrderIds, QuotingSpec, Trigger};
use crate::gate::{Gate, GateContext, GateState, LimitsError};
use crate::ledger::Ledger;
use crate::market::{Market, MarketChange};
use crate::model::{DesiredQuotes, Hold, QuoteInputs, QuoteModel};
use crate::oms::{BeforeCancel, FillOutcome, Oms, Order, OrderState, UpdateOutcome};
use crate::outbox::{Note, Outbox};
use crate::quotes::{Actions, LiveQuote, LiveStatus, Planned, diff};
use crate::volatility::{EwmaParamError, EwmaVolatility};

/// Room in the order table beyond the gate's limit: reducing orders and cancels under way find place there.
const ORDERS_SPARE: usize = 64;

/// Why a lane cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneError {
    /// More instruments than ids.
    TooMany,
    /// The book's bounds are outside their ranges.
    Book,
    /// The gate's limits.
    Limits(LimitsError),
    /// The volatility estimator's parameters.
    Volatility(EwmaParamError),
    /// The trigger's interval, the touch's age or the order expiry is not above zero.
    Span,
}

impl core::fmt::Display for LaneError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::TooMany => f.write_str("more instruments than instrument ids"),
            Self::Book => f.write_str("book bounds out of range"),
            Self::Limits(error) => error.fmt(f),
            Self::Volatility(error) => error.fmt(f),
            Self::Span => f.write_str("requote interval, touch_age_max and order_expiry must be above zero"),
        }
    }
}

impl core::error::Error for LaneError {}

/// One instrument.
#[derive(Debug)]
pub(super) struct Lane {
    id: InstrumentId,
    pub(super) spec: InstrumentSpec,
    pub(super) market: Market,
    pub(super) oms: Oms,
    pub(super) ledger: Ledger,
    quoter: Option<Quoter>,
}

/// What quotes an instrument.
#[derive(Debug)]
struct Quoter {
    spec: QuotingSpec,
    /// What the model wants; written anew at every decision.
    wanted: DesiredQuotes,
    gate: Gate,
    volatility: Option<EwmaVolatility>,
    /// Next interval of [`Trigger::Every`]; `None` before the first event.
    next_quote: Option<Nanos>,
    /// When the touch that quotes stand on is too old, unless it is confirmed again; `None` where nothing stands.
    stale_at: Option<Nanos>,
    /// When a cancel that the venue refused may be sent again.
    retry_at: Option<Nanos>,
    /// Why nothing is quoted; `None` while quoting.
    held: Option<Hold>,
    actions: Actions,
}

impl Quoter {
    fn new(id: InstrumentId, spec: &InstrumentSpec, quoting: &QuotingSpec) -> Result<Self, LaneError> {
        let interval = match quoting.trigger {
            Trigger::Touch => Span(1),
            Trigger::Every(interval) => interval,
        };
        if [interval, quoting.touch_age_max, quoting.order_expiry].iter().any(|span| span.0 <= 0) {
            return Err(LaneError::Span);
        }
        Ok(Self {
            spec: quoting.clone(),
            wanted: DesiredQuotes::NONE,
            gate: Gate::new(id, spec, quoting.limits).map_err(LaneError::Limits)?,
            volatility: quoting
                .volatility
                .map(EwmaVolatility::new)
                .transpose()
                .map_err(LaneError::Volatility)?,
            next_quote: None,
            stale_at: None,
            retry_at: None,
            held: None,
            actions: Actions::new(),
        })
    }

    /// Sends the cancels of the plan. One the venue has just refused waits.
    fn send_cancels(&mut self, oms: &mut Oms, now: Nanos, out: &mut Outbox) {
        self.retry_at = None;
        for client_id in self.actions.cancels() {
            let retry = oms.order(*client_id).and_then(|order| order.cancel_retry_at());
            if let Some(retry) = retry.filter(|retry| *retry > now) {
                self.retry_at = Some(self.retry_at.map_or(retry, |earlier| earlier.min(retry)));
            } else if let Some(cancel) = oms.request_cancel(*client_id, now) {
                out.cancel(cancel);
            }
        }
    }

    /// Sends the placements of the plan that pass the gate.
    #[expect(clippy::too_many_arguments, reason = "what a lane knows beside its quoter")]
    fn send_places(
        &mut self,
        id: InstrumentId,
        oms: &mut Oms,
        position: Lots,
        reference: Option<HalfTicks>,
        now: Nanos,
        ids: &mut OrderIds,
        out: &mut Outbox,
    ) {
        for place in self.actions.places() {
            let order = NewOrder {
                instrument: id,
                client_id: ids.next(),
                side: place.side,
                price: place.price,
                lots: place.lots,
                tif: TimeInForce::PostOnly,
                reduce_only: ReduceOnly::No,
                expires_at: now + self.spec.order_expiry,
            };
            let context = GateContext {
                position,
                working_bid: oms.working(Side::Bid),
                working_ask: oms.working(Side::Ask),
                open_orders: oms.open_count(),
                reference,
            };
            match self.gate.check(order, &context, now) {
                Ok(checked) => {
                    ids.taken();
                    if oms.insert(&checked, now).is_ok() {
                        out.place(checked);
                    } else {
                        out.note(Note::OrdersFull(id));
                    }
                }
                Err(refusal) => out.note(Note::Refused(id, refusal)),
            }
        }
    }
}

impl Lane {
    pub(super) fn new(id: InstrumentId, lane: &LaneSpec) -> Result<Self, LaneError> {
        if !lane.book.valid() {
            return Err(LaneError::Book);
        }
        let quoter = lane.quoting.as_ref().map(|quoting| Quoter::new(id, &lane.spec, quoting)).transpose()?;
        let orders = quoter.as_ref().map_or(0, |quoter| quoter.spec.limits.open_orders_max as usize);
        Ok(Self {
            id,
            spec: lane.spec,
            market: Market::new(lane.book),
            oms: Oms::new(id, orders + ORDERS_SPARE),
            ledger: Ledger::new(&lane.spec),
            quoter,
        })
    }

    pub(super) const fn gate(&self) -> Option<&Gate> {
        match &self.quoter {
            Some(quoter) => Some(&quoter.gate),
            None => None,
        }
    }

    #[inline]
    pub(super) fn deadline(&self) -> Option<Nanos> {
        let quoter = self.quoter.as_ref()?;
        let times = [quoter.next_quote, quoter.stale_at, quoter.retry_at];
        times.into_iter().flatten().min()
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        self.market.digest(digest);
        self.oms.digest(digest);
        self.ledger.digest(digest);
        if let Some(quoter) = &self.quoter {
            quoter.gate.digest(digest);
            if let Some(volatility) = &quoter.volatility {
                volatility.digest(digest);
            }
            for time in [quoter.next_quote, quoter.stale_at, quoter.retry_at] {
                digest.signed(time.map_or(i64::MIN, |time| time.0));
            }
        }
    }

    pub(super) fn on_market_change(
        &mut self,
        change: MarketChange,
        now: Nanos,
        ids: &mut OrderIds,
        out: &mut Outbox,
    ) {
        if let MarketChange::Lost(reason) = change {
            out.note(Note::BookLost(self.id, reason));
        }
        let Some(quoter) = &mut self.quoter else { return };
        if let (Some(volatility), Some(touch)) = (&mut quoter.volatility, self.market.touch()) {
            volatility.update(touch.mid(), now);
        }
        match quoter.spec.trigger {
            Trigger::Touch => self.requote(now, ids, out),
            Trigger::Every(interval) => {
                quoter.next_quote.get_or_insert(now + interval);
                // A lost book cannot wait for the interval.
                if matches!(change, MarketChange::Lost(_)) {
                    self.requote(now, ids, out);
                }
            }
        }
    }

    pub(super) fn on_order(
        &mut self,
        update: &OrderUpdate,
        now: Nanos,
        ids: &mut OrderIds,
        out: &mut Outbox,
    ) {
        match self.oms.on_update(update, now) {
            UpdateOutcome::Moved { .. } => self.after_own(now, ids, out),
            UpdateOutcome::Unchanged => {}
            UpdateOutcome::Foreign => out.note(Note::ForeignOrder(self.id)),
        }
    }

    pub(super) fn on_fill(&mut self, fill: &Fill, now: Nanos, ids: &mut OrderIds, out: &mut Outbox) {
        let outcome = self.oms.on_fill(fill, now);
        if outcome.must_book() && self.ledger.on_fill(fill).is_err() {
            out.note(Note::UnbookableFill(self.id));
            self.reduce_only();
        }
        match outcome {
            FillOutcome::Partial | FillOutcome::Complete | FillOutcome::Late | FillOutcome::Duplicate => {}
            FillOutcome::Foreign => out.note(Note::ForeignFill(self.id)),
            FillOutcome::Overfilled { .. } => out.note(Note::Overfilled(self.id)),
            FillOutcome::Unverifiable => {
                out.note(Note::UnverifiableFill(self.id));
                self.reduce_only();
            }
        }
        self.after_own(now, ids, out);
    }

    pub(super) fn on_timer(&mut self, now: Nanos, ids: &mut OrderIds, out: &mut Outbox) {
        let Some(quoter) = &mut self.quoter else { return };
        let mut due = false;
        if let (Some(next), Trigger::Every(interval)) = (quoter.next_quote, quoter.spec.trigger)
            && next <= now
        {
            quoter.next_quote = Some(next + interval);
            due = true;
        }
        if quoter.stale_at.is_some_and(|stale| stale <= now) {
            let confirmed = self.market.confirmed_at() + quoter.spec.touch_age_max;
            quoter.stale_at = (confirmed > now).then_some(confirmed);
            if quoter.stale_at.is_none() {
                self.market.expire_touch();
                due = true;
            }
        }
        due |= quoter.retry_at.is_some_and(|retry| retry <= now);
        if due {
            self.requote(now, ids, out);
        }
    }

    /// The position is in doubt: nothing may add to it until it is reconciled.
    fn reduce_only(&mut self) {
        if let Some(quoter) = &mut self.quoter {
            quoter.gate.tighten(GateState::ReduceOnly);
        }
    }

    fn after_own(&mut self, now: Nanos, ids: &mut OrderIds, out: &mut Outbox) {
        if self.quoter.as_ref().is_some_and(|quoter| quoter.spec.trigger == Trigger::Touch) {
            self.requote(now, ids, out);
        }
    }

    /// Decides what quotes to have and does what leads there.
    fn requote(&mut self, now: Nanos, ids: &mut OrderIds, out: &mut Outbox) {
        let Some(quoter) = &mut self.quoter else { return };
        let fresh = self.market.confirmed_at() + quoter.spec.touch_age_max > now;
        let touch = self.market.touch().filter(|_| fresh);
        let inputs = QuoteInputs {
            now,
            touch,
            fair_ticks: touch.map_or(0.0, |touch| quoter.spec.fair.fair_ticks(&touch)),
            sigma_ticks_per_sqrt_s: quoter
                .volatility
                .as_ref()
                .and_then(EwmaVolatility::sigma_ticks_per_sqrt_s),
            inventory: self.ledger.position(),
        };
        quoter.wanted.clear();
        let held = quoter.spec.model.quote(&inputs, &mut quoter.wanted).err();
        if held.is_some() {
            quoter.wanted.clear();
        }
        if let Some(hold) = held.filter(|_| held != quoter.held) {
            out.note(Note::Held(self.id, hold));
        }
        quoter.held = held;
        let live = self.oms.open_orders().map(live_quote);
        if let Planned::CancelsLeft { .. } =
            diff(&quoter.wanted, live, quoter.spec.tolerance, &mut quoter.actions)
        {
            out.note(Note::CancelsLeft(self.id));
        }
        quoter.send_cancels(&mut self.oms, now, out);
        let reference = touch.map(|touch| touch.mid());
        quoter.send_places(self.id, &mut self.oms, self.ledger.position(), reference, now, ids, out);
        let standing = self.oms.open_count() > 0 && touch.is_some();
        quoter.stale_at = standing.then(|| self.market.confirmed_at() + quoter.spec.touch_age_max);
    }
}

/// An open order as the diff sees it.
#[inline]
fn live_quote(order: &Order) -> LiveQuote {
    let status = match order.state {
        OrderState::PendingNew => LiveStatus::Pending,
        OrderState::Live => LiveStatus::Live,
        OrderState::Unknown => LiveStatus::Unknown,
        OrderState::PendingCancel(BeforeCancel::Unknown) => LiveStatus::UnknownCancelling,
        // An ended order is not among the open ones; gone is what it would be.
        OrderState::PendingCancel(BeforeCancel::New | BeforeCancel::Live) | OrderState::Done(_) => {
            LiveStatus::Cancelling
        }
    };
    LiveQuote {
        client_id: order.client_id,
        side: order.side,
        price: order.price,
        remaining: order.remaining(),
        status,
    }
}
