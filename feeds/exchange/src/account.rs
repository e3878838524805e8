//! Our account at the venue: it gives ids, books fills with their fees, and reports what becomes of our orders.

mod funding;
mod tiers;
mod wallet;

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use ballast_core::ledger::FeeTrade;
use ballast_core::replace::ReplaceRules;
use ballast_model::{
    AccountEvent, Cancel, ClientOrderId, Digest, Ending, Event, Fill, FillReason, InstrumentId,
    InstrumentSpec, Liquidity, Lots, Money, Nanos, NewOrder, OrderReport, OrderUpdate, PackedLevel,
    PaymentId, Price, Query, ReduceOnly, RejectReason, Replace, Side, TimeInForce, TradeId, VenueOrderId,
};

use crate::conditions::{Gateway, Wire};
use crate::counters::{Counters, Traded};
use crate::funding::FundingClock;
use crate::in_flight::InFlight;
use crate::place::Places;
use crate::spec::{FeeSchedule, InstrumentRules, VenueSpec};
use tiers::TierTable;
use wallet::Wallet;

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
    /// Total size, what has traded included.
    pub lots: Lots,
    /// What can still trade; zero once the order has ended.
    pub left: Lots,
    /// Lifetime.
    pub tif: TimeInForce,
    /// Whether it may only make the position smaller.
    pub reduce_only: ReduceOnly,
}

impl OpenOrder {
    /// What has traded, while the order is open.
    pub(crate) fn filled(&self) -> Lots {
        self.lots - self.left
    }

    pub(crate) fn digest(&self, digest: &mut Digest) {
        digest.word(u64::from(self.instrument.0) << 2 | (self.side as u64) << 1 | self.reduce_only as u64);
        digest.word(self.client_id.0);
        digest.word(self.venue_id.0);
        digest.signed(self.price.0);
        digest.signed(self.lots.0);
        digest.signed(self.left.0);
        digest.word(u64::from(self.tif.code()));
        digest.signed(self.tif.good_till().map_or(i64::MIN, |end| end.0));
    }
}

/// Ended orders the venue can still tell about; the oldest makes room.
const ENDED_KEPT: usize = 1_024;

/// An order that ended, for those who ask.
#[derive(Clone, Copy, Debug)]
struct Ended {
    instrument: InstrumentId,
    client_id: ClientOrderId,
    how: Ending,
    filled: Lots,
}

/// What we hold and did in one instrument.
#[derive(Debug)]
struct Holding {
    spec: InstrumentSpec,
    fees: FeeSchedule,
    amend: ReplaceRules,
    orders_max: usize,
    /// Long > 0, short < 0; begins flat.
    position: Lots,
    traded: Traded,
    funding: FundingClock,
}

/// Our account at a venue. Back ends tell it what trades; it tells us.
#[derive(Debug)]
pub struct Account {
    holdings: Vec<Holding>,
    /// On their way to us.
    reports: InFlight<Event>,
    /// Oldest first; at most [`ENDED_KEPT`].
    ended: VecDeque<Ended>,
    pub(crate) wire: Wire,
    /// The venue's time, mapped to our clock; stamps every report.
    now: Nanos,
    order_id_next: VenueOrderId,
    trade_id_next: TradeId,
    payment_id_next: PaymentId,
    /// When the account next does something by itself; [`Nanos::MAX`] where nobody knows.
    act_at: Nanos,
    tiers: TierTable,
    /// `None` where orders need no funds.
    wallet: Option<Wallet>,
    /// Of the market whose orders it pays.
    wallet_gateway: Gateway,
    counters: Counters,
    pub(crate) places: Places,
}

impl Account {
    pub(crate) fn new(spec: &VenueSpec) -> Self {
        let holding = |rules: &InstrumentRules| Holding {
            spec: rules.spec,
            fees: rules.fees,
            amend: rules.amend,
            orders_max: rules.orders_max,
            position: Lots::ZERO,
            traded: Traded::default(),
            funding: FundingClock::default(),
        };
        let wire = Wire::new(spec.latency.response, &spec.conditions);
        let paid = spec.wallet.as_ref().and_then(|wallet| wallet.instruments.first());
        Self {
            holdings: spec.instruments.iter().map(holding).collect(),
            // Every order may fill in parts and be cancelled within one round trip.
            reports: InFlight::new(4 * spec.orders_max()),
            ended: VecDeque::with_capacity(ENDED_KEPT),
            wallet_gateway: paid.map_or_else(Gateway::default, |paid| wire.gateway(*paid)),
            wire,
            now: Nanos::MIN,
            order_id_next: spec.first_order_id,
            trade_id_next: spec.first_trade_id,
            payment_id_next: PaymentId(1),
            // Balances are told as soon as there is a time to tell them at.
            act_at: if spec.wallet.is_some() { Nanos::MIN } else { Nanos::MAX },
            tiers: TierTable::new(spec),
            wallet: spec.wallet.as_ref().map(|wallet| Wallet::new(wallet, &spec.instruments)),
            counters: Counters::default(),
            places: Places::new(),
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
        } else if order.left.is_zero() {
            self.remember(order, Ending::Filled);
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
            | FillReason::BookCross
            | FillReason::Liquidation
            | FillReason::AutoDeleveraging => Liquidity::Maker,
        };
        let trade_id = self.trade_id_next;
        self.trade_id_next = TradeId(trade_id.0 + 1);
        self.counters.count_fill(reason);
        self.places.keep(trade_id);
        let fee_e8 = self.fee_e8(order, price, lots, liquidity);
        let holding = self.holding_mut(order.instrument);
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
        self.pay_fill(order, price, lots, fee_e8);
    }

    /// What a trade costs: by the volume traded where that is counted.
    fn fee_e8(&mut self, order: &OpenOrder, price: Price, lots: Lots, liquidity: Liquidity) -> i64 {
        let (instrument, now) = (order.instrument, self.now);
        let Holding { spec, fees, .. } = *self.holding_mut(instrument);
        let trade = FeeTrade { side: order.side, price, lots, liquidity };
        let by_volume = self.tiers.fee_e8(instrument, &spec, trade, now);
        by_volume.unwrap_or_else(|| fees.fee_e8(&spec, price, lots, liquidity))
    }

    pub(crate) fn accept(&mut self, new: &NewOrder) -> OpenOrder {
        let venue_id = self.order_id_next;
        self.order_id_next = VenueOrderId(venue_id.0 + 1);
        self.counters.accepted += 1;
        self.report_order(new.instrument, new.client_id, OrderReport::Accepted(venue_id));
        let order = OpenOrder {
            instrument: new.instrument,
            client_id: new.client_id,
            venue_id,
            side: new.side,
            price: new.price,
            lots: new.lots,
            left: new.lots,
            tif: new.tif,
            reduce_only: new.reduce_only,
        };
        self.bind(&order, Lots::ZERO, order.left);
        order
    }

    pub(crate) fn reject(&mut self, new: &NewOrder, reason: RejectReason) {
        self.counters.count_reject(reason);
        self.report_order(new.instrument, new.client_id, OrderReport::Rejected(reason));
    }

    pub(crate) fn expire(&mut self, order: &OpenOrder) {
        self.counters.expired += 1;
        self.remember(order, Ending::Expired);
        self.report_order(order.instrument, order.client_id, OrderReport::Expired);
        self.bind(order, order.left, Lots::ZERO);
    }

    pub(crate) fn answer_cancel(&mut self, cancel: &Cancel, removed: Option<OpenOrder>) {
        match removed {
            Some(order) => self.cancelled(&order),
            None => self.refuse_cancel(cancel, RejectReason::UnknownOrder),
        }
    }

    pub(crate) fn refuse_cancel(&mut self, cancel: &Cancel, reason: RejectReason) {
        self.report_order(cancel.instrument, cancel.client_id, OrderReport::CancelRejected(reason));
    }

    pub(crate) fn cancelled(&mut self, order: &OpenOrder) {
        self.counters.cancelled += 1;
        self.remember(order, Ending::Cancelled);
        self.report_order(order.instrument, order.client_id, OrderReport::Cancelled);
        self.bind(order, order.left, Lots::ZERO);
    }

    /// An order was amended and now is as given.
    pub(crate) fn replaced(&mut self, before: &OpenOrder, order: &OpenOrder) {
        self.counters.replaced += 1;
        let (venue_id, level, filled) = (order.venue_id, packed(order.price, order.lots), order.filled());
        let report = OrderReport::Replaced { venue_id, level, filled };
        self.report_order(order.instrument, order.client_id, report);
        self.rebind(before, order);
    }

    pub(crate) fn refuse_replace(&mut self, replace: &Replace, reason: RejectReason) {
        self.report_order(replace.instrument, replace.client_id, OrderReport::ReplaceRejected(reason));
    }

    /// Answers a query about an order that rests as given, or does not rest. Orders that were refused are not remembered.
    pub(crate) fn answer_query(&mut self, asked: &Query, resting: Option<OpenOrder>) {
        self.counters.queries += 1;
        let same =
            |ended: &&Ended| (ended.instrument, ended.client_id) == (asked.instrument, asked.client_id);
        let query = asked.number;
        let report = match (resting, self.ended.iter().rev().find(same)) {
            (Some(order), _) => {
                let (venue_id, level) = (order.venue_id, packed(order.price, order.lots));
                OrderReport::Working { venue_id, level, filled: order.filled(), query }
            }
            (None, Some(ended)) => OrderReport::Ended { how: ended.how, filled: ended.filled },
            (None, None) => OrderReport::NotFound { query },
        };
        self.report_order(asked.instrument, asked.client_id, report);
    }

    fn remember(&mut self, order: &OpenOrder, how: Ending) {
        if self.ended.len() == ENDED_KEPT {
            self.ended.pop_front();
        }
        let (instrument, client_id) = (order.instrument, order.client_id);
        self.ended.push_back(Ended { instrument, client_id, how, filled: order.filled() });
    }

    fn report_order(&mut self, instrument: InstrumentId, client_id: ClientOrderId, report: OrderReport) {
        self.report(Event::Order(OrderUpdate { instrument, client_id, report, venue_time: self.now }));
    }

    fn report(&mut self, event: Event) {
        let gateway = event.instrument().map_or(self.wallet_gateway, |id| self.wire.gateway(id));
        self.reports.push_in(gateway.index(), self.wire.heard_at(gateway, self.now), event);
    }

    /// Sets the time of what happens next, and does what the account is due to do by itself by then.
    #[inline]
    pub(crate) fn set_now(&mut self, now: Nanos) {
        if now >= self.act_at {
            self.act(now);
        }
        self.now = now;
    }

    #[cold]
    fn act(&mut self, now: Nanos) {
        self.tell_wallet(now);
        self.exchange_funding(now);
    }

    /// True where no position is held.
    pub(crate) fn is_flat(&self) -> bool {
        self.holdings.iter().all(|holding| holding.position.is_zero())
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

    /// The rules of amendment; `None` where the instrument does not trade here.
    pub(crate) fn amend(&self, instrument: InstrumentId) -> Option<ReplaceRules> {
        self.holdings.get(instrument.index()).map(|holding| holding.amend)
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
        digest.word(self.payment_id_next.0);
        self.counters.digest(digest);
        self.wire.digest(digest);
        for holding in &self.holdings {
            digest.signed(holding.position.0);
            digest.signed(holding.traded.lots.0);
            for money in [holding.traded.value, holding.traded.fees, holding.traded.funding] {
                digest.bytes(&money.0.to_le_bytes());
            }
            holding.funding.digest(digest);
        }
        self.tiers.digest(digest);
        if let Some(wallet) = &self.wallet {
            wallet.digest(digest);
        }
        digest.word(self.ended.len() as u64);
        for ended in &self.ended {
            digest.word(u64::from(ended.instrument.0) << 16 | ending_word(ended.how));
            digest.word(ended.client_id.0);
            digest.signed(ended.filled.0);
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

const fn ending_word(how: Ending) -> u64 {
    match how {
        Ending::Filled => 0,
        Ending::Cancelled => 1,
        Ending::Expired => 2,
        Ending::Rejected(reason) => 3 | (reason as u64) << 8,
        Ending::Lost => 4,
    }
}

/// Takes in what makes one report differ from another of the same account; the rest follows from the order.
fn digest_report(event: &Event, digest: &mut Digest) {
    match event.account() {
        Some(AccountEvent::Order(update)) => {
            digest.word(update.client_id.0);
            digest.signed(update.venue_time.0);
            let none = PackedLevel::default();
            let (kind, detail, level, filled) = match update.report {
                OrderReport::Accepted(id) => (0, id.0, none, Lots::ZERO),
                OrderReport::Rejected(reason) => (1, reason as u64, none, Lots::ZERO),
                OrderReport::Cancelled => (2, 0, none, Lots::ZERO),
                OrderReport::Expired => (3, 0, none, Lots::ZERO),
                OrderReport::CancelRejected(reason) => (4, reason as u64, none, Lots::ZERO),
                OrderReport::NotSent => (5, 0, none, Lots::ZERO),
                OrderReport::FateUnknown => (6, 0, none, Lots::ZERO),
                OrderReport::Replaced { venue_id, level, filled } => (7, venue_id.0, level, filled),
                OrderReport::ReplaceRejected(reason) => (8, reason as u64, none, Lots::ZERO),
                OrderReport::Working { venue_id, level, filled, .. } => (9, venue_id.0, level, filled),
                OrderReport::Ended { how, filled } => (10, ending_word(how), none, filled),
                OrderReport::NotFound { query } => (11, query.into(), none, Lots::ZERO),
            };
            digest.word(kind);
            digest.word(detail);
            for number in [level.price().0, level.lots().0, filled.0] {
                digest.signed(number);
            }
        }
        Some(AccountEvent::Fill(fill)) => {
            digest.word(fill.client_id.0);
            digest.signed(fill.venue_time.0);
            digest.word(fill.trade_id.0);
            digest.word(fill.reason as u64);
            digest.signed(fill.level.price().0);
            digest.signed(fill.level.lots().0);
            digest.signed(fill.fee_e8);
        }
        Some(AccountEvent::Funding(payment)) => {
            digest.word(payment.payment_id.0);
            digest.signed(payment.venue_time.0);
            digest.bytes(&payment.amount.money().0.to_le_bytes());
        }
        Some(AccountEvent::Balance(update)) => {
            digest.word(u64::from(update.account.0) << 16 | u64::from(update.asset.0));
            digest.signed(update.venue_time.0);
            for money in [update.free, update.locked] {
                digest.bytes(&money.money().0.to_le_bytes());
            }
        }
        None => {}
    }
}
