//! A second, naive account of the venue: one lot at a time, every list walked from its start, nothing shared with the crate.

use std::collections::BTreeMap;

use ballast_model::{
    BookKind, Cancel, ClientOrderId, Command, FillReason, LOTS_MAX, NewOrder, ReduceOnly, RejectReason, Side,
    TimeInForce,
};

use crate::rig::{Row, Told};

/// What happens in the recorded market, a whole batch at a time.
#[derive(Clone, Debug)]
pub(crate) enum Happening {
    Batch { kind: BookKind, id: u64, bids: Vec<Row>, asks: Vec<Row> },
    Lost,
    Ticker { id: u64, bid: Row, ask: Row },
    Trade { maker: Side, price: i64, lots: i64 },
}

#[derive(Clone, Debug)]
struct Order {
    new: NewOrder,
    left: i64,
    ahead: i64,
    traded: i64,
}

#[derive(Debug)]
pub(crate) struct Twin {
    live: bool,
    book_id: u64,
    book: BTreeMap<(Side, i64), i64>,
    ticker: Option<(u64, Row, Row)>,
    /// Lots taken from a level and the id of the state that showed them.
    taken: BTreeMap<(Side, i64), (i64, u64)>,
    /// Oldest first.
    orders: Vec<Order>,
    orders_max: usize,
    /// In hundredths.
    cancel_percent: i64,
    pub(crate) position: i64,
    pub(crate) told: Vec<Told>,
}

impl Twin {
    pub(crate) fn new(orders_max: usize, cancel_percent: i64) -> Self {
        Self {
            live: false,
            book_id: 0,
            book: BTreeMap::new(),
            ticker: None,
            taken: BTreeMap::new(),
            orders: Vec::new(),
            orders_max,
            cancel_percent,
            position: 0,
            told: Vec::new(),
        }
    }

    pub(crate) fn on_market(&mut self, happening: &Happening) {
        match happening {
            Happening::Batch { kind, id, bids, asks } => self.on_batch(*kind, *id, bids, asks),
            Happening::Lost => self.live = false,
            Happening::Ticker { id, bid, ask } => {
                if *id > self.book_id && self.ticker.is_none_or(|(newest, ..)| *id > newest) {
                    self.ticker = Some((*id, *bid, *ask));
                    self.cross();
                }
            }
            Happening::Trade { maker, price, lots } => self.on_trade(*maker, *price, *lots),
        }
        self.orders.retain(|order| order.left > 0);
    }

    fn on_batch(&mut self, kind: BookKind, id: u64, bids: &[Row], asks: &[Row]) {
        if kind == BookKind::Diff && !self.live {
            return;
        }
        let before =
            if kind == BookKind::Snapshot { std::mem::take(&mut self.book) } else { self.book.clone() };
        for (side, rows) in [(Side::Bid, bids), (Side::Ask, asks)] {
            for (price, lots) in rows {
                self.book.insert((side, *price), *lots);
                if kind == BookKind::Diff {
                    let old = before.get(&(side, *price)).copied().unwrap_or(0);
                    self.level_moves(side, *price, old, *lots);
                    self.level_gives_back(side, *price, *lots);
                }
            }
        }
        self.book.retain(|_, lots| *lots > 0);
        if kind == BookKind::Snapshot {
            self.ticker = None;
            for ((side, price), (lots, seen)) in std::mem::take(&mut self.taken) {
                let kept = lots.min(self.shown(side, price));
                if seen > self.book_id && kept > 0 {
                    self.taken.insert((side, price), (kept, id));
                }
            }
            for at in 0..self.orders.len() {
                let (side, price) = (self.orders[at].new.side, self.orders[at].new.price.0);
                if let Some(shown) = self.queue(side, price) {
                    self.orders[at].ahead = self.orders[at].ahead.min(shown);
                    self.orders[at].traded = 0;
                }
            }
        }
        self.book_id = id;
        self.live = true;
        let book = &self.book;
        self.taken.retain(|level, (_, seen)| *seen > id || book.contains_key(level));
        self.cross();
    }

    fn level_moves(&mut self, side: Side, price: i64, old: i64, new: i64) {
        for order in
            self.orders.iter_mut().filter(|order| (order.new.side, order.new.price.0) == (side, price))
        {
            let untraded = old - order.traded;
            if untraded > new {
                order.ahead = order.ahead.min(untraded);
                let in_proportion = (untraded - new) * order.ahead / untraded;
                order.ahead -= in_proportion * self.cancel_percent / 100;
            }
            order.ahead = order.ahead.min(new);
            order.traded = 0;
        }
    }

    fn level_gives_back(&mut self, side: Side, price: i64, new: i64) {
        if let Some((lots, seen)) = self.taken.remove(&(side, price))
            && seen > self.book_id
            && new > 0
        {
            self.taken.insert((side, price), (lots.min(new), seen));
        }
    }

    /// A trade, lot by lot: each lot goes to whoever stands first.
    fn on_trade(&mut self, maker: Side, price: i64, lots: i64) {
        for at in self.best_first(maker) {
            let ours = self.orders[at].new.price.0;
            while ours != price && reaches(maker, ours, price) && self.orders[at].left > 0 {
                self.fill_one(at, None, FillReason::TradeThrough);
            }
        }
        let mut queue = self.best_first(maker);
        queue.retain(|at| self.orders[*at].new.price.0 == price);
        for _ in 0..lots {
            while let Some(first) = queue.iter().copied().find(|at| self.orders[*at].left > 0) {
                if self.orders[first].ahead > 0 {
                    queue.iter().for_each(|at| self.orders[*at].ahead = (self.orders[*at].ahead - 1).max(0));
                    break;
                }
                // A reduce-only order that may not have the lot leaves it to the next in line.
                if self.fill_one(first, None, FillReason::QueueExhausted) {
                    break;
                }
            }
        }
        queue.iter().for_each(|at| self.orders[*at].traded += lots);
    }

    fn cross(&mut self) {
        for side in [Side::Bid, Side::Ask] {
            for at in self.best_first(side) {
                while self.orders[at].left > 0 {
                    let new = self.orders[at].new;
                    let Some((price, seen)) = self.find_one(new.side, new.price.0) else { break };
                    if self.fill_one(at, None, FillReason::BookCross) {
                        self.take_one(side.opposite(), price, seen);
                    }
                }
            }
        }
    }

    /// Trades one lot, or ends a reduce-only order that has nothing left to reduce. Tells whether it traded.
    fn fill_one(&mut self, at: usize, price: Option<i64>, reason: FillReason) -> bool {
        let order = &mut self.orders[at];
        let (id, sign) = (order.new.client_id.0, order.new.side.sign());
        if order.new.reduce_only == ReduceOnly::Yes && self.position * sign >= 0 {
            order.left = 0;
            self.told.push(Told::Expired(id));
            return false;
        }
        order.left -= 1;
        self.position += sign;
        self.told.push(Told::Filled(id, price.unwrap_or(order.new.price.0), 1, reason));
        true
    }

    /// The price of the best lot an order can have from others.
    fn find_one(&self, side: Side, limit: i64) -> Option<(i64, u64)> {
        let other = side.opposite();
        let mut prices: Vec<i64> = (0..200).filter(|price| reaches(side, limit, *price)).collect();
        if side == Side::Ask {
            prices.reverse();
        }
        prices.into_iter().find_map(|price| {
            let (shown, seen) = self.visible(other, price);
            let taken = self.taken.get(&(other, price)).map_or(0, |(lots, _)| *lots);
            (shown > taken).then_some((price, seen))
        })
    }

    /// What is visible at a price, and the id of the state that shows it.
    fn visible(&self, side: Side, price: i64) -> (i64, u64) {
        match self.touch(side) {
            Some((id, (best, lots))) if best == price => (lots, id),
            Some((_, (best, _))) if reaches(side, price, best) => (0, 0),
            Some(_) | None => (self.shown(side, price), self.book_id),
        }
    }

    fn touch(&self, side: Side) -> Option<(u64, Row)> {
        let (id, bid, ask) = self.ticker.filter(|(id, ..)| *id > self.book_id)?;
        let row = if side == Side::Bid { bid } else { ask };
        (row.1 > 0).then_some((id, row))
    }

    fn take_one(&mut self, side: Side, price: i64, seen: u64) {
        let (lots, newest) = self.taken.entry((side, price)).or_insert((0, 0));
        *lots += 1;
        *newest = seen.max(*newest);
    }

    fn shown(&self, side: Side, price: i64) -> i64 {
        self.book.get(&(side, price)).copied().unwrap_or(0)
    }

    fn queue(&self, side: Side, price: i64) -> Option<i64> {
        let touched = self.touch(side).filter(|(_, row)| row.0 == price).map_or(0, |(_, row)| row.1);
        let shown = self.shown(side, price).max(touched);
        let levels: Vec<i64> =
            self.book.keys().filter(|level| level.0 == side).map(|level| level.1).collect();
        let in_view =
            shown > 0 || levels.is_empty() || levels.iter().any(|level| reaches(side, price, *level));
        in_view.then_some(shown)
    }

    /// Places of the orders of a side: best price first, oldest first at a price.
    fn best_first(&self, side: Side) -> Vec<usize> {
        let mut places: Vec<usize> =
            (0..self.orders.len()).filter(|at| self.orders[*at].new.side == side).collect();
        places.sort_by_key(|at| -side.sign() * self.orders[*at].new.price.0);
        places
    }

    pub(crate) fn on_command(&mut self, command: &Command) {
        match command {
            Command::New(new) => self.on_new(new),
            Command::Cancel(Cancel { client_id: ClientOrderId(id), .. }) => {
                match self.orders.iter().position(|order| order.new.client_id.0 == *id) {
                    Some(at) => {
                        self.orders.remove(at);
                        self.told.push(Told::Cancelled(*id));
                    }
                    None => self.told.push(Told::CancelRejected(*id, RejectReason::UnknownOrder)),
                }
            }
        }
        self.orders.retain(|order| order.left > 0);
    }

    fn on_new(&mut self, new: &NewOrder) {
        let id = new.client_id.0;
        if let Some(reason) = self.refusal(new) {
            self.told.push(Told::Rejected(id, reason));
            return;
        }
        self.told.push(Told::Accepted(id));
        self.orders.push(Order { new: *new, left: new.lots.0, ahead: 0, traded: 0 });
        let at = self.orders.len() - 1;
        while self.orders[at].left > 0 {
            let Some((price, seen)) = self.find_one(new.side, new.price.0) else { break };
            if self.fill_one(at, Some(price), FillReason::Took) {
                self.take_one(new.side.opposite(), price, seen);
            }
        }
        if self.orders[at].left == 0 {
            return;
        }
        if matches!(new.tif, TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill) {
            self.orders.pop();
            self.told.push(Told::Expired(id));
        } else {
            self.orders[at].ahead = self.queue(new.side, new.price.0).unwrap_or(LOTS_MAX);
        }
    }

    fn refusal(&self, new: &NewOrder) -> Option<RejectReason> {
        let rests = matches!(new.tif, TimeInForce::PostOnly | TimeInForce::GoodTillCancel);
        let meets_own = self
            .orders
            .iter()
            .any(|order| order.new.side != new.side && reaches(new.side, new.price.0, order.new.price.0));
        let takeable: i64 = (0..200)
            .filter(|price| reaches(new.side, new.price.0, *price))
            .map(|price| {
                let taken = self.taken.get(&(new.side.opposite(), price)).map_or(0, |(lots, _)| *lots);
                (self.visible(new.side.opposite(), price).0 - taken).max(0)
            })
            .sum();
        let reducible = -self.position * new.side.sign();
        let reduces = match (new.reduce_only, new.tif) {
            (ReduceOnly::No, _) => true,
            (ReduceOnly::Yes, TimeInForce::FillOrKill) => reducible >= new.lots.0,
            (ReduceOnly::Yes, _) => reducible > 0,
        };
        [
            (!self.live, RejectReason::Closed),
            (self.orders.iter().any(|order| order.new.client_id == new.client_id), RejectReason::DuplicateId),
            (rests && self.orders.len() >= self.orders_max, RejectReason::OrdersMax),
            (!reduces, RejectReason::ReduceOnly),
            (new.tif == TimeInForce::PostOnly && (takeable > 0 || meets_own), RejectReason::WouldTake),
            (meets_own, RejectReason::SelfTrade),
            (new.tif == TimeInForce::ImmediateOrCancel && takeable == 0, RejectReason::NothingToTake),
            (new.tif == TimeInForce::FillOrKill && takeable < new.lots.0, RejectReason::NothingToTake),
        ]
        .into_iter()
        .find_map(|(applies, reason)| applies.then_some(reason))
    }
}

fn reaches(side: Side, price: i64, other: i64) -> bool {
    if side == Side::Bid { price >= other } else { price <= other }
}
