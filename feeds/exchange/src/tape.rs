//! The back end `tape`: recorded history trades, and our orders are laid over it.
//!
//! History does not know our orders, so what they would have traded is a model. Ours is conservative:
//!
//! * **Joining.** All size visible at our price and side when the order arrives is ahead of it. Behind the deepest level
//!   the venue has shown, the queue is unknown and taken as endless until the venue shows that price.
//! * **Trades.** A trade at our price, against our side, works off the queue ahead; what exceeds it fills us, oldest
//!   order first ([`QueueExhausted`]). A trade at a price worse for its aggressor than ours has passed us: all that is
//!   left fills, at our price ([`TradeThrough`]).
//! * **Cancels.** When our level shrinks by more than trades explain since its last update, a part of the excess stood
//!   ahead of us, where `size` is the level's former size less those trades and `excess = size − new size`:
//!   `ahead −= floor(cancel_share · floor(excess · ahead / size))`, or what another [`CancelModel`] says. In any case at
//!   most the new size is ahead. What is added goes behind us: the queue ahead never grows.
//! * **Crossed book.** When a completed book batch, or a best price newer than the book, shows the opposite side at or
//!   through our price, we trade with what is shown there, at our price ([`BookCross`]). The same side merely touching
//!   our price fills nothing.
//! * **Taking.** An arriving order takes visible levels, best first, at their prices ([`Took`]).
//! * **Consumption.** What we took of a level stays taken until the venue's book updates that level: two orders never
//!   share one liquidity. Where we took it from a best price ahead of the book, the update by which the book catches up
//!   is the same liquidity told again and does not give it back.
//!
//! * **Whole fills.** With [`FillSizes::Whole`] a resting order that fills at all fills to its end: on a trade that leaves
//!   one lot for it, and on any lot that crosses it. What it takes from a crossing book is then not held against anybody.
//!   Orders that take still trade what is visible.
//! * **Impact.** With [`Impact::Displaces`] those whose trades our resting orders had in their place stand there still:
//!   they are ahead of our later orders at that price, and of what of ours rests behind, until the level is shown empty.
//!
//! **Orders by id.** With [`CancelModel::Orders`] the feed tells what becomes of each order ([`OrderFlow`]), and nothing of the
//! queue is a model:
//!
//! * Ours stands behind every order that is at its price when it arrives, and nothing of an unseen level is unknown: there is none.
//! * What leaves an order ahead of ours, by a cancel, a trade or an amendment that loses its place, is no longer ahead. What
//!   leaves one behind ours, or joins, changes nothing.
//! * Where an order behind ours trades, or one at a price worse for its aggressor than ours, the aggressor met ours first: so
//!   many lots fill us ([`QueueExhausted`], [`TradeThrough`]). The feed's trades tell the same again and do nothing here.
//! * A snapshot says nothing of who stood before whom: ours are then behind all that it shows.
//! * [`Impact`] has no part in it: an order whose trade we had is gone, as in history.
//!
//! Not modelled: our orders change nobody else's behaviour beyond that, and between two updates of a level others' trades do not
//! lessen what an arriving order finds there.
//!
//! Marks say when funding is exchanged: see [`Venue::next_funding`].
//!
//! While the book is lost, trades go on filling resting orders; new ones are refused as `Closed` until a snapshot.
//!
//! [`CancelModel`]: crate::CancelModel
//! [`CancelModel::Orders`]: crate::CancelModel::Orders
//! [`FillSizes::Whole`]: crate::FillSizes::Whole
//! [`Impact`]: crate::Impact
//! [`Impact::Displaces`]: crate::Impact::Displaces
//! [`QueueExhausted`]: ballast_model::FillReason::QueueExhausted
//! [`TradeThrough`]: ballast_model::FillReason::TradeThrough
//! [`BookCross`]: ballast_model::FillReason::BookCross
//! [`Took`]: ballast_model::FillReason::Took

mod depth;
mod market;
mod orders;
mod queue;

use alloc::vec::Vec;

use ballast_model::{BookBatch, ClientOrderId, Digest, Event, InstrumentId, Lots, Nanos, NewOrder};

use self::market::Market;
pub use self::orders::{FlowKind, OrderFlow};
pub use self::queue::Resting;
use crate::account::{Account, OpenOrder};
use crate::spec::{VenueSpec, VenueSpecError};
use crate::venue::{BackEnd, Venue};

/// A simulated venue whose market is recorded history.
pub type TapeVenue = Venue<Tape>;

/// The back end: one market per instrument.
#[derive(Debug)]
pub struct Tape {
    markets: Vec<Market>,
}

impl Venue<Tape> {
    /// A venue of which nothing is known yet: every instrument is closed until its first snapshot.
    ///
    /// # Errors
    /// The first [`VenueSpecError`] in `spec`.
    pub fn new(spec: &VenueSpec) -> Result<Self, VenueSpecError> {
        spec.check()?;
        let markets = spec.instruments.iter().map(Market::new).collect();
        Ok(Self::with_back_end(spec, Tape { markets }))
    }

    /// Something in the recorded market happened at `at`: the venue's time mapped to our clock, never falling. Events of
    /// instruments not listed here and of kinds that are no market data change nothing.
    #[inline(always)]
    pub fn on_market(&mut self, event: &Event, at: Nanos) {
        let account = &mut self.account;
        account.set_now(at);
        match event {
            Event::BookLevels(slot) => {
                if let Some(market) = self.back.listed(slot.instrument) {
                    market.on_levels(slot, account);
                }
            }
            Event::BookBegin(begin) => {
                account.wire.count(begin.instrument, at);
                if let Some(market) = self.back.listed(begin.instrument) {
                    market.on_begin(begin, account);
                }
            }
            Event::BookLost(lost) => {
                if let Some(market) = self.back.listed(lost.instrument) {
                    market.lose();
                }
            }
            Event::Ticker(ticker) => {
                account.wire.count(ticker.instrument, at);
                if let Some(market) = self.back.listed(ticker.instrument) {
                    market.on_ticker(ticker, account);
                }
            }
            Event::Trade(trade) => {
                account.wire.count(trade.instrument, at);
                if let Some(market) = self.back.listed(trade.instrument) {
                    market.on_trade(trade, account);
                }
            }
            Event::Mark(mark) => {
                account.wire.count(mark.instrument, at);
                account.on_mark(mark);
            }
            Event::Order(_)
            | Event::Fill(_)
            | Event::Funding(_)
            | Event::Balance(_)
            | Event::Grant(_)
            | Event::Operator(_)
            | Event::Journal(_)
            | Event::Access(_)
            | Event::Carried(_)
            | Event::Config(_)
            | Event::Timer => {}
        }
    }

    /// A whole book batch happened at `at`: the same as [`Venue::on_market`] for each of its slots.
    #[inline]
    pub fn on_batch(&mut self, batch: &BookBatch<'_>, at: Nanos) {
        let account = &mut self.account;
        account.set_now(at);
        account.wire.count(batch.begin().instrument, at);
        if let Some(market) = self.back.listed(batch.begin().instrument) {
            market.on_batch(batch, account);
        }
    }

    /// Something became of others' orders of an instrument at `at`, before the book is told of it. `added` is added to every
    /// update they joined with. Changes nothing where the instrument's queues are not told by order.
    #[inline]
    pub fn on_orders(&mut self, instrument: InstrumentId, flow: &[OrderFlow], added: u64, at: Nanos) {
        self.account.set_now(at);
        if let Some(market) = self.back.listed(instrument) {
            market.on_orders(flow, added, &mut self.account);
        }
    }

    /// True where nothing of ours is here or under way, no position, and balances that we know: then the market alone changes what stands here, and
    /// nothing that happens here is told to us.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.next_due().is_none()
            && self.account.is_flat()
            && self.account.has_told()
            && self.back.markets.iter().all(|market| market.resting().next().is_none())
    }

    /// Our resting orders: bids, then asks, each best price first and oldest first at a price.
    pub fn resting(&self, instrument: InstrumentId) -> impl Iterator<Item = &Resting> {
        self.back.market(instrument).into_iter().flat_map(Market::resting)
    }

    /// How often a book failed here, and not by a [`Event::BookLost`]: a bound reached or a torn batch.
    #[must_use]
    pub fn book_faults(&self) -> u64 {
        self.back.markets.iter().map(Market::faults).sum()
    }
}

impl Tape {
    fn market(&self, instrument: InstrumentId) -> Option<&Market> {
        self.markets.get(instrument.index())
    }

    #[inline]
    fn listed(&mut self, instrument: InstrumentId) -> Option<&mut Market> {
        self.markets.get_mut(instrument.index())
    }

    #[expect(clippy::indexing_slicing, reason = "the front hands over orders of listed instruments only")]
    fn market_mut(&mut self, instrument: InstrumentId) -> &mut Market {
        &mut self.markets[instrument.index()]
    }
}

impl BackEnd for Tape {
    fn is_open(&self, instrument: InstrumentId) -> bool {
        self.market(instrument).is_some_and(Market::is_open)
    }

    fn resting_count(&self, instrument: InstrumentId) -> usize {
        self.market(instrument).map_or(0, |market| market.resting().count())
    }

    fn resting(&self, instrument: InstrumentId, client_id: ClientOrderId) -> Option<OpenOrder> {
        let same = |resting: &&Resting| resting.order().client_id == client_id;
        self.market(instrument)?.resting().find(same).map(|resting| *resting.order())
    }

    fn takeable(&self, order: &NewOrder) -> Lots {
        self.market(order.instrument).map_or(Lots::ZERO, |market| market.takeable(order))
    }

    fn own_reached(&self, order: &NewOrder) -> Option<ClientOrderId> {
        self.market(order.instrument).and_then(|market| market.own_reached(order))
    }

    fn take(&mut self, order: &mut OpenOrder, account: &mut Account) {
        self.market_mut(order.instrument).take(order, account);
    }

    fn rest(&mut self, order: OpenOrder) {
        self.market_mut(order.instrument).rest(order);
    }

    fn remove(&mut self, instrument: InstrumentId, client_id: ClientOrderId) -> Option<OpenOrder> {
        self.market_mut(instrument).remove(client_id)
    }

    fn shrink(&mut self, instrument: InstrumentId, client_id: ClientOrderId, lots: Lots, left: Lots) {
        self.market_mut(instrument).shrink(client_id, lots, left);
    }

    fn next_end(&self) -> Option<Nanos> {
        let orders = self.markets.iter().flat_map(Market::resting);
        orders.filter_map(|resting| resting.order().tif.good_till()).min()
    }

    fn remove_ended(&mut self, now: Nanos) -> Option<OpenOrder> {
        self.markets.iter_mut().find_map(|market| market.remove_ended(now))
    }

    fn digest(&self, digest: &mut Digest) {
        for market in &self.markets {
            market.digest(digest);
        }
    }
}
