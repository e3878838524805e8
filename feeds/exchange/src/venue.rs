//! The front of a simulated venue: what every order passes on its way in, whatever matches it behind.

mod replace;

use ballast_model::{
    AssetId, Cancel, ClientOrderId, Command, Digest, Event, InstrumentId, Lots, Money, Nanos, NewOrder,
    Price, Query, ReduceOnly, RejectReason, Span, TimeInForce, TradeId,
};

use crate::account::{Account, OpenOrder};
use crate::conditions::{Leg, OutageKind};
use crate::counters::{Counters, Traded};
use crate::in_flight::InFlight;
use crate::place::Place;
use crate::spec::{SelfTrade, VenueSpec};

/// What stands behind the front: it holds the open orders and decides what they trade. Everything it decides it tells the
/// [`Account`], by [`Account::fill`]; it reports nothing else.
///
/// The front asks about and hands over orders of listed instruments only.
pub trait BackEnd {
    /// Whether the instrument trades now.
    fn is_open(&self, instrument: InstrumentId) -> bool;

    /// Number of orders of ours that rest.
    fn resting_count(&self, instrument: InstrumentId) -> usize;

    /// The resting order of ours with this id.
    fn resting(&self, instrument: InstrumentId, client_id: ClientOrderId) -> Option<OpenOrder>;

    /// How much of the order others would trade with at once; at most its size.
    fn takeable(&self, order: &NewOrder) -> Lots;

    /// The resting order of ours with the best price among those the limit price of a new one reaches.
    fn own_reached(&self, order: &NewOrder) -> Option<ClientOrderId>;

    /// Trades an arriving order with others as far as its limit allows.
    fn take(&mut self, order: &mut OpenOrder, account: &mut Account);

    /// Lets the rest of an order rest, behind everything at its price.
    fn rest(&mut self, order: OpenOrder);

    /// Removes a resting order of ours and returns it.
    fn remove(&mut self, instrument: InstrumentId, client_id: ClientOrderId) -> Option<OpenOrder>;

    /// Makes a resting order of ours smaller without moving it: this is its total size now, and what is left of it.
    fn shrink(&mut self, instrument: InstrumentId, client_id: ClientOrderId, lots: Lots, left: Lots);

    /// When the first resting order of ours with an end time ends.
    fn next_end(&self) -> Option<Nanos>;

    /// Removes a resting order of ours whose end time has come by `now` and returns it.
    fn remove_ended(&mut self, now: Nanos) -> Option<OpenOrder>;

    /// Takes the whole state into a digest.
    fn digest(&self, digest: &mut Digest);
}

/// A simulated venue as the other end of a connection: commands go in, order reports and fills come out, each after its
/// latency.
///
/// Times are ours: the driver maps the venue's clock. It calls [`Venue::on_arrival`] and the back end's own handlers in
/// the order of their times, with the market first where two are equal, and never between the slots of a book batch.
/// Reports carry the mapped time as `venue_time`.
///
/// An arriving order is refused for the first of these that applies: an instrument not listed (`Other`), not trading
/// (`Closed`), `Price`, `Size`, `NotionalMin` (reduce-only orders are exempt), an end time that has passed (`Other`),
/// `DuplicateId` (the id of an open order), `OrdersMax` (orders that may rest only), `ReduceOnly`, `Margin` (spot, and less is free than it may take), `WouldTake`, `SelfTrade`,
/// `NothingToTake`.
///
/// The way may be longer under [`Conditions`]: recorded latencies, a gateway that slows down, outages.
///
/// An order with an end time expires then: before a command that arrives at the same time, after the market.
///
/// An amendment is refused for the first of these: no such order rests (`UnknownOrder`), the instrument does not trade
/// (`Closed`), `Price`, `Size` and `NotionalMin` of the new total, nothing changes or the rules of the instrument do not
/// allow it (`Other`), a total that has traded already (`Size`), `ReduceOnly`, `Margin`, `WouldTake`, `SelfTrade`. Where every
/// amendment is queued again ([`AmendKind::Requeues`], Binance USD-M) a total that has traded already cancels the order and
/// one that would take expires a post-only order instead. An order that loses its place is treated like a new one: it may
/// trade, and what remains rests behind everything at its price.
///
/// A query is answered from what rests and what ended lately; orders that were refused are not known.
///
/// [`Conditions`]: crate::Conditions
/// [`AmendKind::Requeues`]: ballast_core::replace::AmendKind::Requeues
#[derive(Debug)]
pub struct Venue<B> {
    pub(crate) account: Account,
    pub(crate) back: B,
    /// On their way to the venue.
    commands: InFlight<Command>,
    /// At the venue, waiting for it to act: under load only.
    waiting: InFlight<Command>,
    order: Leg,
    /// The least of `order`.
    order_latency: Span,
    self_trade: SelfTrade,
    lifetimes: Lifetimes,
}

/// Whether resting orders have to be looked through for end times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lifetimes {
    Endless,
    SomeEnd,
}

impl<B: BackEnd> Venue<B> {
    pub(crate) fn with_back_end(spec: &VenueSpec, back: B) -> Self {
        let order = Leg::there(spec.latency.order, &spec.conditions.recorded);
        Self {
            account: Account::new(spec),
            back,
            // One new order, one cancel, one amendment and one query per order allowed.
            commands: InFlight::new(4 * spec.orders_max()),
            waiting: InFlight::new(if spec.conditions.load.is_some() { 4 * spec.orders_max() } else { 0 }),
            order_latency: order.least(),
            order,
            self_trade: spec.self_trade,
            lifetimes: Lifetimes::Endless,
        }
    }

    /// A command leaves us at `now`. Its `expires_at` is for whoever sends and is not looked at here.
    pub fn send(&mut self, command: &Command, now: Nanos) {
        let lane = self.account.wire.gateway(command.instrument()).index();
        self.commands.push_in(lane, now + self.order.at(now), *command);
    }

    /// The least time a command takes to the venue.
    #[must_use]
    pub const fn order_latency(&self) -> Span {
        self.order_latency
    }

    /// When this venue has something to do next: a command reaching it or a report reaching us.
    #[must_use]
    pub fn next_due(&self) -> Option<Nanos> {
        match (self.next_arrival(), self.next_response()) {
            (Some(arrival), Some(response)) => Some(arrival.min(response)),
            (arrival, response) => arrival.or(response),
        }
    }

    /// When the venue next acts on its own: a command reaches it, or the time of a resting order ends.
    #[must_use]
    pub fn next_arrival(&self) -> Option<Nanos> {
        match (self.next_command(), self.next_end()) {
            (Some(due), Some(end)) => Some(due.min(end)),
            (due, end) => due.or(end),
        }
    }

    /// When a command next arrives, or the venue comes to one that waits.
    fn next_command(&self) -> Option<Nanos> {
        match (self.waiting.next_due(), self.commands.next_due()) {
            (Some(waiting), Some(due)) => Some(waiting.min(due)),
            (waiting, due) => waiting.or(due),
        }
    }

    /// Acts at [`Venue::next_arrival`]: expires the orders whose time has come, else takes the next command; nothing where
    /// there is neither.
    pub fn on_arrival(&mut self) {
        let due = self.next_command();
        if let Some(end) = self.next_end().filter(|end| due.is_none_or(|due| *end <= due)) {
            return self.expire_ended(end);
        }
        let arrives = self.commands.next_due();
        if self.waiting.next_due().is_some_and(|due| arrives.is_none_or(|at| due <= at)) {
            if let Some((at, command)) = self.waiting.pop() {
                self.act(&command, at);
            }
            return;
        }
        let Some((at, command)) = self.commands.pop() else { return };
        let gateway = self.account.wire.gateway(command.instrument());
        let wait = self.account.wire.wait(gateway, at);
        if wait == Span::ZERO && self.waiting.next_due().is_none() {
            self.act(&command, at);
        } else {
            self.waiting.push_in(gateway.index(), at + wait, command);
        }
    }

    /// The venue comes to a command.
    fn act(&mut self, command: &Command, at: Nanos) {
        self.account.set_now(at);
        let gateway = self.account.wire.gateway(command.instrument());
        match self.account.wire.outage_at(gateway, at).map(|outage| outage.kind) {
            Some(OutageKind::Silent) => {
                self.account.counters_mut().lost += 1;
                return;
            }
            Some(OutageKind::Refuses) => return self.refuse(command),
            None => {}
        }
        match command {
            Command::New(order) => self.on_new(order, at),
            Command::Cancel(cancel) => self.on_cancel(cancel),
            Command::Replace(replace) => self.on_replace(replace),
            Command::Query(query) => self.on_query(query),
        }
    }

    /// Refuses whatever would change anything.
    fn refuse(&mut self, command: &Command) {
        let counters = self.account.counters_mut();
        match command {
            Command::New(new) => {
                counters.orders += 1;
                self.account.reject(new, RejectReason::Closed);
            }
            Command::Cancel(cancel) => {
                counters.cancels += 1;
                self.account.refuse_cancel(cancel, RejectReason::Closed);
            }
            Command::Replace(replace) => {
                counters.replaces += 1;
                self.account.refuse_replace(replace, RejectReason::Closed);
            }
            Command::Query(query) => self.on_query(query),
        }
    }

    /// When a position of ours next exchanges funding: at the time its mark stream names, before anything else that happens
    /// then. It does so when the venue is next told of anything at or after that time, or by [`Venue::on_funding`].
    ///
    /// The position pays `rate · value at the mark`, both as last shown before: `−rate · size · mark` linear, `−rate · size ·
    /// face / mark` inverse, in the settlement asset, rounded down (against us) to 10⁻¹⁸. Nothing is paid on no position.
    #[must_use]
    pub fn next_funding(&self) -> Option<Nanos> {
        self.account.next_funding()
    }

    /// Exchanges the funding that is due by `now`; to be called in the order of times, before the market where two are equal.
    pub fn on_funding(&mut self, now: Nanos) {
        self.account.set_now(now);
    }

    /// When the next report reaches us.
    #[must_use]
    pub fn next_response(&self) -> Option<Nanos> {
        self.account.next_report()
    }

    /// The next report, if it has reached us by `now`: an [`Event::Order`], [`Event::Fill`], [`Event::Funding`] or
    /// [`Event::Balance`].
    pub fn pop_response(&mut self, now: Nanos) -> Option<Event> {
        self.account.pop_report(now)
    }

    /// Where the order of a fill that reached us stood when it traded; to be asked in the order of the fills, once each.
    /// `None` for a fill of an order that did not rest, and for one of a back end that does not tell.
    pub fn take_place(&mut self, trade: TradeId) -> Option<Place> {
        self.account.places.take(trade)
    }

    /// Our position as the venue knows it, long > 0. It begins flat and is ahead of what has been reported to us.
    #[must_use]
    pub fn position(&self, instrument: InstrumentId) -> Lots {
        self.account.position(instrument)
    }

    /// What the venue has of an asset for us, free and bound by orders; `None` where it keeps no such balance.
    #[must_use]
    pub fn balance(&self, asset: AssetId) -> Option<(Money, Money)> {
        self.account.balance(asset)
    }

    /// What we traded in an instrument.
    #[must_use]
    pub fn traded(&self, instrument: InstrumentId) -> Traded {
        self.account.traded(instrument)
    }

    /// What the venue counted.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        self.account.counters()
    }

    /// Takes the whole state into a digest: orders, queues, books, messages on their way, counters.
    pub fn digest(&self, digest: &mut Digest) {
        self.account.digest(digest);
        self.back.digest(digest);
        for wire in [&self.commands, &self.waiting] {
            digest.word(wire.iter().len() as u64);
            for (due, command) in wire.iter() {
                digest.signed(due.0);
                command.digest(digest);
            }
        }
    }

    /// [`Venue::digest`] as one number.
    #[must_use]
    pub fn state_hash(&self) -> u64 {
        let mut digest = Digest::new();
        self.digest(&mut digest);
        digest.value()
    }

    fn on_cancel(&mut self, cancel: &Cancel) {
        self.account.counters_mut().cancels += 1;
        let listed = self.account.rules(cancel.instrument).is_some();
        let removed = if listed { self.back.remove(cancel.instrument, cancel.client_id) } else { None };
        self.account.answer_cancel(cancel, removed);
    }

    fn on_query(&mut self, query: &Query) {
        let listed = self.account.rules(query.instrument).is_some();
        let resting = if listed { self.back.resting(query.instrument, query.client_id) } else { None };
        self.account.answer_query(query, resting);
    }

    fn next_end(&self) -> Option<Nanos> {
        match self.lifetimes {
            Lifetimes::Endless => None,
            Lifetimes::SomeEnd => self.back.next_end(),
        }
    }

    fn expire_ended(&mut self, end: Nanos) {
        self.account.set_now(end);
        while let Some(order) = self.back.remove_ended(end) {
            self.account.expire(&order);
        }
    }

    fn on_new(&mut self, new: &NewOrder, at: Nanos) {
        self.account.counters_mut().orders += 1;
        if let Err(reason) = self.filter(new, at).and_then(|()| self.admit(new)) {
            self.account.reject(new, reason);
            return;
        }
        let order = self.account.accept(new);
        self.enter(order, new);
    }

    /// Lets an accepted or amended order trade and what may rest of it rest. `new` is what it now asks for.
    fn enter(&mut self, mut order: OpenOrder, new: &NewOrder) {
        if self.prevent_self_trade(new) == Taker::Ends {
            self.account.expire(&order);
            return;
        }
        self.back.take(&mut order, &mut self.account);
        if order.left.is_zero() {
            return;
        }
        if order.tif.may_rest() {
            if order.tif.good_till().is_some() {
                self.lifetimes = Lifetimes::SomeEnd;
            }
            self.back.rest(order);
        } else {
            self.account.expire(&order);
        }
    }

    /// The filters that look at the order and the account alone.
    fn filter(&self, new: &NewOrder, at: Nanos) -> Result<(), RejectReason> {
        self.filter_level(new)?;
        let (_, orders_max) = self.account.rules(new.instrument).ok_or(RejectReason::Other)?;
        let fillable = self.account.fillable(new.instrument, new.side, new.reduce_only);
        let too_many = || new.tif.may_rest() && self.back.resting_count(new.instrument) >= orders_max;
        // A fill-or-kill order that closing the position would cut could never fill as a whole.
        let adds = || fillable.is_zero() || (new.tif == TimeInForce::FillOrKill && new.lots > fillable);
        if new.tif.good_till().is_some_and(|end| end <= at) {
            Err(RejectReason::Other)
        } else if self.back.resting(new.instrument, new.client_id).is_some() {
            Err(RejectReason::DuplicateId)
        } else if too_many() {
            Err(RejectReason::OrdersMax)
        } else if adds() {
            Err(RejectReason::ReduceOnly)
        } else if !self.account.affords(new) {
            Err(RejectReason::Margin)
        } else {
            Ok(())
        }
    }

    /// The filters that look at price and size alone.
    fn filter_level(&self, new: &NewOrder) -> Result<(), RejectReason> {
        let (spec, _) = self.account.rules(new.instrument).ok_or(RejectReason::Other)?;
        let too_small =
            || new.reduce_only == ReduceOnly::No && spec.notional(new.price, new.lots) < spec.notional_min;
        if !self.back.is_open(new.instrument) {
            Err(RejectReason::Closed)
        } else if !within(new.price, spec.price_min, spec.price_max) {
            Err(RejectReason::Price)
        } else if !(spec.size_min..=spec.size_max).contains(&new.lots) {
            Err(RejectReason::Size)
        } else if too_small() {
            Err(RejectReason::NotionalMin)
        } else {
            Ok(())
        }
    }

    /// The filters that look at what the order would meet.
    fn admit(&self, new: &NewOrder) -> Result<(), RejectReason> {
        let takeable = self.back.takeable(new);
        let meets_own = self.back.own_reached(new).is_some();
        match new.tif {
            TimeInForce::PostOnly if !takeable.is_zero() || meets_own => Err(RejectReason::WouldTake),
            _ if meets_own && self.self_trade == SelfTrade::Reject => Err(RejectReason::SelfTrade),
            TimeInForce::ImmediateOrCancel if takeable.is_zero() => Err(RejectReason::NothingToTake),
            TimeInForce::FillOrKill if takeable < new.lots => Err(RejectReason::NothingToTake),
            TimeInForce::PostOnly
            | TimeInForce::GoodTillCancel
            | TimeInForce::GoodTillDate(_)
            | TimeInForce::ImmediateOrCancel
            | TimeInForce::FillOrKill => Ok(()),
        }
    }

    /// Expires our resting orders in the way of a new one where the mode says so; tells whether the new one ends too.
    fn prevent_self_trade(&mut self, new: &NewOrder) -> Taker {
        let (makers_end, taker) = match self.self_trade {
            SelfTrade::Reject => return Taker::GoesOn,
            SelfTrade::ExpireTaker => (false, Taker::Ends),
            SelfTrade::ExpireMaker => (true, Taker::GoesOn),
            SelfTrade::ExpireBoth => (true, Taker::Ends),
        };
        let mut reached = self.back.own_reached(new);
        if reached.is_none() {
            return Taker::GoesOn;
        }
        while makers_end && let Some(client_id) = reached {
            if let Some(maker) = self.back.remove(new.instrument, client_id) {
                self.account.expire(&maker);
            }
            reached = self.back.own_reached(new);
        }
        taker
    }
}

/// What self-trade prevention means for an arriving order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taker {
    GoesOn,
    Ends,
}

fn within(price: Price, low: Price, high: Price) -> bool {
    (low..=high).contains(&price)
}
