//! Our account at the venue: it gives ids, books fills with their fees, and reports what becomes of our orders.

use alloc::vec::Vec;

use ballast_model::{
    Cancel, ClientOrderId, Digest, Event, Fill, FillReason, InstrumentId, InstrumentSpec, Liquidity, Lots,
    Money, Nanos, NewOrder, OrderReport, OrderUpdate, PackedLevel, Price, ReduceOnly, RejectReason, Side,
    Span, TradeId, VenueOrderId,
};

use crate::counters::{Counters, Traded};
use crate::in_flight::InFlight;
use crate::spec::{FeeSchedule, InstrumentRules, VenueSpec};

/// An order of ours that the venue accepted and has not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenOrder {
    /// Where.
    pub instrument: InstrumentId,
    /// Our id.
    pub client_id: ClientOrderId,
    /// The venue's id.
    pub venue_id: VenueOrderId,
    /// Buy or sell.
    pub side: Side,
    /// Limit price.
    pub price: Price,
    /// What can still trade; zero once the order has ended.
    pub left: Lots,
    /// Whether it may only make the position smaller.
    pub reduce_only: ReduceOnly,
}

impl OpenOrder {
    pub(crate) fn digest(&self, digest: &mut Digest) {
        digest.word(u64::from(self.instrument.0) << 2 | (self.side as u64) << 1 | self.reduce_only as u64);
        digest.word(self.client_id.0);
        digest.word(self.venue_id.0);
        digest.signed(self.price.0);
        digest.signed(self.left.0);
    }
}

/// What we hold and did in one instrument.
#[derive(Debug)]
struct Holding {
    spec: InstrumentSpec,
    fees: FeeSchedule,
    orders_max: usize,
    /// Long > 0, short < 0; begins flat.
    position: Lots,
    traded: Traded,
}

/// Our account at a venue. Back ends tell it what trades; it tells us.
#[derive(Debug)]
pub struct Account {
    holdings: Vec<Holding>,
    /// On their way to us.
    reports: InFlight<Event>,
    response_latency: Span,
    /// The venue's time, mapped to our clock; stamps every report.
    now: Nanos,
    order_id_next: VenueOrderId,
    trade_id_next: TradeId,
    counters: Counters,
}

impl Account {
    pub(crate) fn new(spec: &VenueSpec) -> Self {
        let holding = |rules: &InstrumentRules| Holding {
            spec: rules.spec,
            fees: rules.fees,
            orders_max: rules.orders_max,
            position: Lots::ZERO,
            traded: Traded::default(),
        };
        Self {
            holdings: spec.instruments.iter().map(holding).collect(),
            // Every order may fill in parts and be cancelled within one round trip.
            reports: InFlight::new(4 * spec.orders_max()),
            response_latency: spec.latency.response,
            now: Nanos::MIN,
            order_id_next: spec.first_order_id,
            trade_id_next: spec.first_trade_id,
            counters: Counters::default(),
        }
    }

    /// Books a trade of an order at `price` and returns the size booked.
    ///
    /// That is `lots`, except for a reduce-only order that would turn the position: it trades what closes the position and
    /// expires. `order.left` is zero afterwards where the order has ended, for either cause.
    pub fn fill(&mut self, order: &mut OpenOrder, price: Price, lots: Lots, reason: FillReason) -> Lots {
        let allowed = lots.min(self.fillable(order.instrument, order.side, order.reduce_only));
        if !allowed.is_zero() {
            order.left -= allowed;
            self.book(order, price, allowed, reason);
        }
        if allowed < lots {
            self.expire(order);
            order.left = Lots::ZERO;
        }
        allowed
    }

    /// Most an order may trade: all there is, or for a reduce-only order what closes the position.
    pub(crate) fn fillable(&self, instrument: InstrumentId, side: Side, reduce_only: ReduceOnly) -> Lots {
        match reduce_only {
            ReduceOnly::No => Lots(i64::MAX),
            ReduceOnly::Yes => (-self.position(instrument).signed(side)).max(Lots::ZERO),
        }
    }

    fn book(&mut self, order: &OpenOrder, price: Price, lots: Lots, reason: FillReason) {
        let liquidity = match reason {
            FillReason::Took => Liquidity::Taker,
            FillReason::Venue
            | FillReason::QueueExhausted
            | FillReason::TradeThrough
            | FillReason::BookCross => Liquidity::Maker,
        };
        let trade_id = self.trade_id_next;
        self.trade_id_next = TradeId(trade_id.0 + 1);
        self.counters.count_fill(reason);
        let holding = self.holding_mut(order.instrument);
        let fee_e8 = holding.fees.fee_e8(&holding.spec, price, lots, liquidity);
        let fee_asset = holding.spec.settlement();
        holding.position += lots.signed(order.side);
        holding.traded.lots += lots;
        holding.traded.value += holding.spec.value_floor(price, lots);
        holding.traded.fees += Money::from_e8(fee_e8);
        self.report(Event::Fill(Fill {
            instrument: order.instrument,
            side: order.side,
            liquidity,
            reason,
            fee_asset,
            level: packed(price, lots),
            fee_e8,
            client_id: order.client_id,
            trade_id,
            venue_time: self.now,
        }));
    }

    pub(crate) fn accept(&mut self, new: &NewOrder) -> OpenOrder {
        let venue_id = self.order_id_next;
        self.order_id_next = VenueOrderId(venue_id.0 + 1);
        self.counters.accepted += 1;
        self.report_order(new.instrument, new.client_id, OrderReport::Accepted(venue_id));
        OpenOrder {
            instrument: new.instrument,
            client_id: new.client_id,
            venue_id,
            side: new.side,
            price: new.price,
            left: new.lots,
            reduce_only: new.reduce_only,
        }
    }

    pub(crate) fn reject(&mut self, new: &NewOrder, reason: RejectReason) {
        self.counters.count_reject(reason);
        self.report_order(new.instrument, new.client_id, OrderReport::Rejected(reason));
    }

    pub(crate) fn expire(&mut self, order: &OpenOrder) {
        self.counters.expired += 1;
        self.report_order(order.instrument, order.client_id, OrderReport::Expired);
    }

    pub(crate) fn answer_cancel(&mut self, cancel: &Cancel, removed: Option<OpenOrder>) {
        let report = if removed.is_some() {
            self.counters.cancelled += 1;
            OrderReport::Cancelled
        } else {
            OrderReport::CancelRejected(RejectReason::UnknownOrder)
        };
        self.report_order(cancel.instrument, cancel.client_id, report);
    }

    fn report_order(&mut self, instrument: InstrumentId, client_id: ClientOrderId, report: OrderReport) {
        self.report(Event::Order(OrderUpdate { instrument, client_id, report, venue_time: self.now }));
    }

    fn report(&mut self, event: Event) {
        self.reports.push(self.now + self.response_latency, event);
    }

    /// Sets the time of what happens next.
    pub(crate) const fn set_now(&mut self, now: Nanos) {
        self.now = now;
    }

    pub(crate) const fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(crate) const fn counters_mut(&mut self) -> &mut Counters {
        &mut self.counters
    }

    pub(crate) fn next_report(&self) -> Option<Nanos> {
        self.reports.next_due()
    }

    pub(crate) fn pop_report(&mut self, now: Nanos) -> Option<Event> {
        self.reports.pop_due(now)
    }

    /// The instrument's numbers and the most orders of ours that may rest; `None` where it does not trade here.
    pub(crate) fn rules(&self, instrument: InstrumentId) -> Option<(&InstrumentSpec, usize)> {
        self.holdings.get(instrument.index()).map(|holding| (&holding.spec, holding.orders_max))
    }

    pub(crate) fn position(&self, instrument: InstrumentId) -> Lots {
        self.holdings.get(instrument.index()).map_or(Lots::ZERO, |holding| holding.position)
    }

    pub(crate) fn traded(&self, instrument: InstrumentId) -> Traded {
        self.holdings.get(instrument.index()).map_or_else(Traded::default, |holding| holding.traded)
    }

    #[expect(clippy::indexing_slicing, reason = "only orders of listed instruments are accepted")]
    fn holding_mut(&mut self, instrument: InstrumentId) -> &mut Holding {
        &mut self.holdings[instrument.index()]
    }

    pub(crate) fn digest(&self, digest: &mut Digest) {
        digest.signed(self.now.0);
        digest.word(self.order_id_next.0);
        digest.word(self.trade_id_next.0);
        self.counters.digest(digest);
        for holding in &self.holdings {
            digest.signed(holding.position.0);
            digest.signed(holding.traded.lots.0);
            for money in [holding.traded.value, holding.traded.fees] {
                digest.bytes(&money.0.to_le_bytes());
            }
        }
        digest.word(self.reports.iter().len() as u64);
        for (due, event) in self.reports.iter() {
            digest.signed(due.0);
            digest_report(event, digest);
        }
    }
}

/// A fill's price and size; both come from an order the filters let in or from a book level, so they fit.
#[expect(clippy::expect_used, reason = "the filters keep prices and sizes within the engine's bounds")]
const fn packed(price: Price, lots: Lots) -> PackedLevel {
    PackedLevel::new(price, lots).expect("a fill's price and size fit a packed level")
}

/// Takes in what makes one report differ from another of the same account; the rest follows from the order.
fn digest_report(event: &Event, digest: &mut Digest) {
    match event {
        Event::Order(update) => {
            digest.word(update.client_id.0);
            digest.signed(update.venue_time.0);
            let (kind, detail) = match update.report {
                OrderReport::Accepted(id) => (0, id.0),
                OrderReport::Rejected(reason) => (1, reason as u64),
                OrderReport::Cancelled => (2, 0),
                OrderReport::Expired => (3, 0),
                OrderReport::CancelRejected(reason) => (4, reason as u64),
                OrderReport::NotSent => (5, 0),
                OrderReport::FateUnknown => (6, 0),
            };
            digest.word(kind);
            digest.word(detail);
        }
        Event::Fill(fill) => {
            digest.word(fill.client_id.0);
            digest.signed(fill.venue_time.0);
            digest.word(fill.trade_id.0);
            digest.word(fill.reason as u64);
            digest.signed(fill.level.price().0);
            digest.signed(fill.level.lots().0);
            digest.signed(fill.fee_e8);
        }
        Event::BookBegin(_)
        | Event::BookLevels(_)
        | Event::BookLost(_)
        | Event::Ticker(_)
        | Event::Trade(_)
        | Event::Mark(_)
        | Event::Timer => {}
    }
}
