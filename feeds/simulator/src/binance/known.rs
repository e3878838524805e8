//! The truth in plain words, for whoever holds a client's view against it at every step: [`Venue::truth`] is the same as JSON.
//!
//! [`Venue::truth`]: crate::seam::Front::truth

use ballast_model::{InstrumentId, Lots, Money, Nanos, Price, Side, TradeId};

use super::store::Deal;
use super::venue::Venue;
use crate::back::{Back, ClientId};

/// The last digit of money that is told, in 10⁻¹⁸.
const TOLD: i128 = 10_i128.pow(10);

/// A trade of a client as the venue booked it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownTrade {
    /// Its number.
    pub id: TradeId,
    /// In what.
    pub instrument: InstrumentId,
    /// The client's side.
    pub side: Side,
    /// Its price.
    pub price: Price,
    /// Its size.
    pub lots: Lots,
    /// The fee in 10⁻⁸; below zero for a rebate.
    pub fee_e8: i64,
    /// Whether the fee was taken from the coins that were bought.
    pub in_coins: bool,
    /// When.
    pub at: Nanos,
}

/// An order of a client that may still trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownOrder {
    /// The venue's number of it.
    pub id: u64,
    /// In what.
    pub instrument: InstrumentId,
    /// Its side.
    pub side: Side,
    /// Its limit.
    pub price: Price,
    /// What has not traded yet.
    pub left: Lots,
    /// Whether it can only reduce a position.
    pub reduce_only: bool,
}

impl<B: Back> Venue<B> {
    /// Trades of all clients that were ever booked, forgotten ones among them.
    #[must_use]
    pub const fn trades_booked(&self) -> u64 {
        self.store.booked()
    }

    /// The client's trades from the one of this place on in order of booking, oldest first, as far as they are not forgotten.
    pub fn known_trades(&self, client: ClientId, from: u64) -> impl Iterator<Item = KnownTrade> {
        self.store
            .deals_from(from)
            .filter(move |deal| deal.client == client)
            .map(|deal| self.known_trade(deal))
    }

    fn known_trade(&self, deal: &Deal) -> KnownTrade {
        let &Deal { id, instrument, side, price, lots, fee_e8, fee_asset, at, .. } = deal;
        let spec = self.listed(instrument).map(|listed| &listed.symbol.spec);
        let in_coins = spec.is_some_and(|spec| fee_asset == spec.base && fee_asset != spec.settlement());
        KnownTrade { id: TradeId(id), instrument, side, price, lots, fee_e8, in_coins, at }
    }

    /// The client's orders that may still trade, oldest first: those that are on their way to the market behind among them.
    pub fn known_orders(&self, client: ClientId) -> impl Iterator<Item = KnownOrder> {
        self.store.open(client).map(|order| KnownOrder {
            id: order.id,
            instrument: order.instrument,
            side: order.side,
            price: order.price,
            left: order.lots - order.filled,
            reduce_only: order.reduce_only,
        })
    }

    /// What the client bought less what it sold: its position in a contract; of spot what it has more than at first, fees aside.
    #[must_use]
    pub fn known_position(&self, client: ClientId, instrument: InstrumentId) -> Lots {
        self.traded.get(&(client, instrument)).copied().unwrap_or_default()
    }

    /// Funding that the client received, less what it paid, as it was told: each payment to the eighth digit.
    #[must_use]
    pub fn known_funding(&self, client: ClientId) -> Money {
        let funding = self.store.incomes(client).filter(|income| income.kind == "FUNDING_FEE");
        funding.map(|income| Money(income.amount.0 / TOLD * TOLD)).sum()
    }
}
