//! The front of a simulated venue: what every order passes on its way in, whatever matches it behind.

use ballast_model::{
    Cancel, ClientOrderId, Command, Digest, Event, InstrumentId, Lots, Nanos, NewOrder, Price, ReduceOnly,
    RejectReason, Span, TimeInForce,
};

use crate::account::{Account, OpenOrder};
use crate::counters::{Counters, Traded};
use crate::in_flight::InFlight;
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

    /// Whether an order of ours with this id rests.
    fn rests(&self, instrument: InstrumentId, client_id: ClientOrderId) -> bool;

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
/// (`Closed`), `Price`, `Size`, `NotionalMin` (reduce-only orders are exempt), `DuplicateId` (the id of an open order),
/// `OrdersMax` (orders that may rest only), `ReduceOnly`, `WouldTake`, `SelfTrade`, `NothingToTake`.
#[derive(Debug)]
pub struct Venue<B> {
    pub(crate) account: Account,
    pub(crate) back: B,
    /// On their way to the venue.
    commands: InFlight<Command>,
    order_latency: Span,
    self_trade: SelfTrade,
}

impl<B: BackEnd> Venue<B> {
    pub(crate) fn with_back_end(spec: &VenueSpec, back: B) -> Self {
        Self {
            account: Account::new(spec),
            back,
            // One new order and one cancel per order allowed.
            commands: InFlight::new(2 * spec.orders_max()),
            order_latency: spec.latency.order,
            self_trade: spec.self_trade,
        }
    }

    /// A command leaves us at `now`. Its `expires_at` is for whoever sends and is not looked at here.
    pub fn send(&mut self, command: &Command, now: Nanos) {
        self.commands.push(now + self.order_latency, *command);
    }

    /// When this venue has something to do next: a command reaching it or a report reaching us.
    #[must_use]
    pub fn next_due(&self) -> Option<Nanos> {
        match (self.next_arrival(), self.next_response()) {
            (Some(arrival), Some(response)) => Some(arrival.min(response)),
            (arrival, response) => arrival.or(response),
        }
    }

    /// When the next command reaches the venue.
    #[must_use]
    pub fn next_arrival(&self) -> Option<Nanos> {
        self.commands.next_due()
    }

    /// Acts on the next command, at the time it reaches the venue; nothing where none is on its way.
    pub fn on_arrival(&mut self) {
        let Some((at, command)) = self.commands.pop() else { return };
        self.account.set_now(at);
        match &command {
            Command::New(order) => self.on_new(order),
            Command::Cancel(cancel) => self.on_cancel(cancel),
        }
    }

    /// When the next report reaches us.
    #[must_use]
    pub fn next_response(&self) -> Option<Nanos> {
        self.account.next_report()
    }

    /// The next report, if it has reached us by `now`: an [`Event::Order`] or an [`Event::Fill`].
    pub fn pop_response(&mut self, now: Nanos) -> Option<Event> {
        self.account.pop_report(now)
    }

    /// Our position as the venue knows it, long > 0. It begins flat and is ahead of what has been reported to us.
    #[must_use]
    pub fn position(&self, instrument: InstrumentId) -> Lots {
        self.account.position(instrument)
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
        digest.word(self.commands.iter().len() as u64);
        for (due, command) in self.commands.iter() {
            digest.signed(due.0);
            command.digest(digest);
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

    fn on_new(&mut self, new: &NewOrder) {
        self.account.counters_mut().orders += 1;
        if let Err(reason) = self.filter(new).and_then(|()| self.admit(new)) {
            self.account.reject(new, reason);
            return;
        }
        let mut order = self.account.accept(new);
        if self.prevent_self_trade(new) == Taker::Ends {
            self.account.expire(&order);
            return;
        }
        self.back.take(&mut order, &mut self.account);
        if order.left.is_zero() {
            return;
        }
        if may_rest(new.tif) {
            self.back.rest(order);
        } else {
            self.account.expire(&order);
        }
    }

    /// The filters that look at the order and the account alone.
    fn filter(&self, new: &NewOrder) -> Result<(), RejectReason> {
        let (spec, orders_max) = self.account.rules(new.instrument).ok_or(RejectReason::Other)?;
        let fillable = self.account.fillable(new.instrument, new.side, new.reduce_only);
        let too_small =
            || new.reduce_only == ReduceOnly::No && spec.notional(new.price, new.lots) < spec.notional_min;
        let too_many = || may_rest(new.tif) && self.back.resting_count(new.instrument) >= orders_max;
        // A fill-or-kill order that closing the position would cut could never fill as a whole.
        let adds = || fillable.is_zero() || (new.tif == TimeInForce::FillOrKill && new.lots > fillable);
        if !self.back.is_open(new.instrument) {
            Err(RejectReason::Closed)
        } else if !within(new.price, spec.price_min, spec.price_max) {
            Err(RejectReason::Price)
        } else if !(spec.size_min..=spec.size_max).contains(&new.lots) {
            Err(RejectReason::Size)
        } else if too_small() {
            Err(RejectReason::NotionalMin)
        } else if self.back.rests(new.instrument, new.client_id) {
            Err(RejectReason::DuplicateId)
        } else if too_many() {
            Err(RejectReason::OrdersMax)
        } else if adds() {
            Err(RejectReason::ReduceOnly)
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

/// Whether an order's remainder stays in the book.
const fn may_rest(tif: TimeInForce) -> bool {
    match tif {
        TimeInForce::PostOnly | TimeInForce::GoodTillCancel => true,
        TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill => false,
    }
}

fn within(price: Price, low: Price, high: Price) -> bool {
    (low..=high).contains(&price)
}
