//! The orders and trades of all clients, for queries.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ballast_exchange::matching::Prevention;
use ballast_model::{
    AssetId, ClientOrderId, Fill, InstrumentId, Lots, Money, Nanos, Price, Side, TimeInForce,
};

use crate::back::ClientId;

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Limit,
    /// Spot's post-only type.
    LimitMaker,
    Market,
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Limit => "LIMIT",
            Self::LimitMaker => "LIMIT_MAKER",
            Self::Market => "MARKET",
        }
    }
}

/// Where an order is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// On its way to the market behind.
    Sent,
    New,
    PartiallyFilled,
    Filled,
    Canceled,
    Expired,
    /// Ended by self-trade prevention.
    ExpiredInMatch,
    /// Never was an order: queries do not find it.
    Rejected,
}

impl Status {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Sent | Self::New => "NEW",
            Self::PartiallyFilled => "PARTIALLY_FILLED",
            Self::Filled => "FILLED",
            Self::Canceled => "CANCELED",
            Self::Expired => "EXPIRED",
            Self::ExpiredInMatch => "EXPIRED_IN_MATCH",
            Self::Rejected => "REJECTED",
        }
    }

    /// In the book, and known to be.
    pub(super) const fn rests(self) -> bool {
        matches!(self, Self::New | Self::PartiallyFilled)
    }

    /// Whether a query may find it.
    pub(super) const fn is_known(self) -> bool {
        !matches!(self, Self::Sent | Self::Rejected)
    }

    pub(super) const fn open(self) -> bool {
        matches!(self, Self::Sent) || self.rests()
    }
}

/// An order as queries show it.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// The venue's id of it, and our id towards the market behind.
    pub(super) id: u64,
    pub(super) client: ClientId,
    pub(super) instrument: InstrumentId,
    /// The client's own name of it.
    pub(super) name: String,
    pub(super) side: Side,
    pub(super) kind: Kind,
    pub(super) tif: TimeInForce,
    /// The limit; of a market order the price that protects it, which nobody is told.
    pub(super) price: Price,
    pub(super) lots: Lots,
    /// What a market order was to spend, in 10⁻¹⁸; zero where it said a size.
    pub(super) quote: i128,
    pub(super) filled: Lots,
    /// Value traded.
    pub(super) value: Money,
    pub(super) status: Status,
    pub(super) reduce_only: bool,
    /// Self-trade prevention, as asked for.
    pub(super) prevention: Prevention,
    pub(super) created: Nanos,
    pub(super) updated: Nanos,
    /// Why it expired; empty where the venue does not say.
    pub(super) expiry: &'static str,
    pub(super) amendments: u32,
}

impl Order {
    pub(super) const fn client_id(&self) -> ClientOrderId {
        ClientOrderId(self.id)
    }

    /// What self-trade prevention has ended of it; `None` where it has not.
    pub(super) fn prevented(&self) -> Option<Lots> {
        (self.status == Status::ExpiredInMatch).then(|| self.lots - self.filled)
    }
}

/// A trade of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Deal {
    pub(super) id: u64,
    /// Zero where the venue traded in the client's place.
    pub(super) order: u64,
    pub(super) client: ClientId,
    pub(super) instrument: InstrumentId,
    pub(super) side: Side,
    pub(super) price: Price,
    pub(super) lots: Lots,
    pub(super) value: Money,
    pub(super) fee_e8: i64,
    pub(super) fee_asset: AssetId,
    pub(super) maker: bool,
    /// Profit the trade made real.
    pub(super) realized: Money,
    pub(super) at: Nanos,
}

/// Money that came or went other than by a trade's price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Income {
    pub(super) id: u64,
    pub(super) client: ClientId,
    pub(super) instrument: InstrumentId,
    pub(super) kind: &'static str,
    pub(super) amount: Money,
    pub(super) asset: AssetId,
    pub(super) at: Nanos,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Store {
    history: usize,
    orders: BTreeMap<u64, Order>,
    /// The latest order of each name.
    names: BTreeMap<(ClientId, String), u64>,
    open: BTreeSet<(ClientId, u64)>,
    /// Ended, oldest first.
    ended: VecDeque<u64>,
    deals: VecDeque<Deal>,
    /// Trades that were ever booked.
    booked: u64,
    incomes: VecDeque<Income>,
    next_income: u64,
}

impl Store {
    pub(super) const fn new(history: usize) -> Self {
        Self {
            history,
            orders: BTreeMap::new(),
            names: BTreeMap::new(),
            open: BTreeSet::new(),
            ended: VecDeque::new(),
            deals: VecDeque::new(),
            booked: 0,
            incomes: VecDeque::new(),
            next_income: 1,
        }
    }

    pub(super) fn put(&mut self, order: Order) {
        self.open.insert((order.client, order.id));
        self.names.insert((order.client, order.name.clone()), order.id);
        self.orders.insert(order.id, order);
    }

    /// An amended order bears another name.
    pub(super) fn rename(&mut self, id: u64, name: String) {
        let Some(order) = self.orders.get_mut(&id) else { return };
        let before = (order.client, std::mem::replace(&mut order.name, name.clone()));
        if self.names.get(&before) == Some(&id) {
            self.names.remove(&before);
        }
        self.names.insert((order.client, name), id);
    }

    pub(super) fn get(&self, id: u64) -> Option<&Order> {
        self.orders.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: u64) -> Option<&mut Order> {
        self.orders.get_mut(&id)
    }

    /// Where the order has ended it is history from now on, and the oldest history goes. Whether this was its end.
    pub(super) fn settle(&mut self, id: u64) -> bool {
        let Some(order) = self.orders.get(&id).filter(|order| !order.status.open()) else { return false };
        if !self.open.remove(&(order.client, id)) {
            return false;
        }
        self.ended.push_back(id);
        while self.ended.len() > self.history {
            if let Some(old) = self.ended.pop_front().and_then(|old| self.orders.remove(&old)) {
                let name = (old.client, old.name);
                if self.names.get(&name) == Some(&old.id) {
                    self.names.remove(&name);
                }
            }
        }
        true
    }

    /// The order is gone, and no history has it.
    pub(super) fn forget(&mut self, id: u64) {
        let Some(order) = self.orders.remove(&id) else { return };
        self.open.remove(&(order.client, id));
        self.ended.retain(|ended| *ended != id);
        let name = (order.client, order.name);
        if self.names.get(&name) == Some(&id) {
            self.names.remove(&name);
        }
    }

    /// The client's order of this name, the latest.
    pub(super) fn named(&self, client: ClientId, name: &str) -> Option<&Order> {
        self.names.get(&(client, name.to_owned())).and_then(|id| self.orders.get(id))
    }

    /// The client's open orders, oldest first.
    pub(super) fn open(&self, client: ClientId) -> impl Iterator<Item = &Order> {
        let ids = self.open.range((client, 0)..=(client, u64::MAX));
        ids.filter_map(|(_, id)| self.orders.get(id))
    }

    /// The client's orders that a query may find, oldest first.
    pub(super) fn all(&self, client: ClientId) -> impl Iterator<Item = &Order> {
        let known = move |order: &&Order| order.client == client && order.status.is_known();
        self.orders.values().filter(known)
    }

    pub(super) fn deal(&mut self, deal: Deal) {
        self.deals.push_back(deal);
        self.booked += 1;
        if self.deals.len() > self.history {
            self.deals.pop_front();
        }
    }

    /// Whether this trade of this order has been told of before; of a client's trade with itself there are two sides.
    pub(super) fn knows(&self, client: ClientId, fill: &Fill) -> bool {
        let wanted = (client, fill.instrument, fill.trade_id.0, fill.side);
        let same = |deal: &Deal| (deal.client, deal.instrument, deal.id, deal.side) == wanted;
        self.deals.iter().rev().take(1_000).any(same)
    }

    /// Trades that were ever booked.
    pub(super) const fn booked(&self) -> u64 {
        self.booked
    }

    /// Trades from the one of this place on, oldest first, as far as they are not forgotten.
    pub(super) fn deals_from(&self, from: u64) -> impl Iterator<Item = &Deal> {
        let forgotten = self.booked - self.deals.len() as u64;
        self.deals.iter().skip(usize::try_from(from.saturating_sub(forgotten)).unwrap_or(usize::MAX))
    }

    /// The client's trades, oldest first.
    pub(super) fn deals(&self, client: ClientId) -> impl DoubleEndedIterator<Item = &Deal> {
        self.deals.iter().filter(move |deal| deal.client == client)
    }

    /// Money that came or went; its id is given here.
    pub(super) fn income(&mut self, income: Income) {
        self.incomes.push_back(Income { id: self.next_income, ..income });
        self.next_income += 1;
        if self.incomes.len() > self.history {
            self.incomes.pop_front();
        }
    }

    pub(super) fn incomes(&self, client: ClientId) -> impl Iterator<Item = &Income> {
        self.incomes.iter().filter(move |income| income.client == client)
    }
}
