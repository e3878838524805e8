//! A second, naive account of the venue: one lot at a time, every list walked from its start, nothing shared with the crate.

mod queues;

use std::collections::BTreeMap;

use ballast_core::replace::AmendKind;
use ballast_model::{
    BookKind, Cancel, ClientOrderId, Command, Ending, FillReason, LOTS_MAX, Lots, NewOrder, Query,
    ReduceOnly, RejectReason, Replace, Side, TimeInForce,
};

pub(crate) use self::queues::{Cancels, Queues};
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
    amend: AmendKind,
    /// Ended orders, with what they traded.
    ended: Vec<(u64, Ending, i64)>,
    queues: Queues,
    /// Lots of others whose trades we had.
    displaced: BTreeMap<(Side, i64), i64>,
    pub(crate) position: i64,
    pub(crate) told: Vec<Told>,
}

impl Twin {
    pub(crate) fn new(orders_max: usize, queues: Queues, amend: AmendKind) -> Self {
        Self {
            live: false,
            book_id: 0,
            book: BTreeMap::new(),
            ticker: None,
            taken: BTreeMap::new(),
            orders: Vec::new(),
            orders_max,
            amend,
            ended: Vec::new(),
            queues,
            displaced: BTreeMap::new(),
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
            for level in self.displaced.keys().copied().collect::<Vec<_>>() {
                if self.queue(level.0, level.1) == Some(0) {
                    self.displaced.remove(&level);
                }
            }
            for at in 0..self.orders.len() {
                let (side, price) = (self.orders[at].new.side, self.orders[at].new.price.0);
                if let Some(shown) = self.queue(side, price) {
                    let there = shown + self.displaced_at(side, price);
                    self.orders[at].ahead = self.orders[at].ahead.min(there);
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

    fn displaced_at(&self, side: Side, price: i64) -> i64 {
        self.displaced.get(&(side, price)).copied().unwrap_or(0)
    }

    fn level_moves(&mut self, side: Side, price: i64, old: i64, new: i64) {
        let (queues, extra) = (self.queues, self.displaced_at(side, price));
        for order in
            self.orders.iter_mut().filter(|order| (order.new.side, order.new.price.0) == (side, price))
        {
            let (untraded, there) = (old + extra - order.traded, if new == 0 { 0 } else { new + extra });
            if untraded > there {
                order.ahead = order.ahead.min(untraded);
                let gone = queues.cancels.ahead(untraded - there, order.ahead, untraded);
                order.ahead -= gone.min(order.ahead);
            }
            order.ahead = order.ahead.min(there);
            order.traded = 0;
        }
        if new == 0 {
            self.displaced.remove(&(side, price));
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
        let mut ours = Vec::new();
        for _ in 0..lots {
            while let Some(first) = queue.iter().copied().find(|at| self.orders[*at].left > 0) {
                if self.orders[first].ahead > 0 {
                    queue.iter().for_each(|at| self.orders[*at].ahead = (self.orders[*at].ahead - 1).max(0));
                    break;
                }
                // A reduce-only order that may not have the lot leaves it to the next in line.
                if self.fill_one(first, None, FillReason::QueueExhausted) {
                    ours.push(first);
                    break;
                }
            }
        }
        for at in &ours {
            if self.queues.displaces {
                *self.displaced.entry((maker, price)).or_insert(0) += 1;
            }
            if self.queues.whole {
                self.finish(*at, FillReason::QueueExhausted);
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
                    if !self.fill_one(at, None, FillReason::BookCross) {
                        continue;
                    }
                    if self.queues.whole {
                        self.finish(at, FillReason::BookCross);
                    } else {
                        self.take_one(side.opposite(), price, seen);
                    }
                }
            }
        }
    }

    /// Trades what is left of an order that the market has reached, lot by lot.
    fn finish(&mut self, at: usize, reason: FillReason) {
        while self.orders[at].left > 0 {
            self.fill_one(at, None, reason);
        }
    }

    /// Trades one lot, or ends a reduce-only order that has nothing left to reduce. Tells whether it traded.
    fn fill_one(&mut self, at: usize, price: Option<i64>, reason: FillReason) -> bool {
        let order = &mut self.orders[at];
        let (id, sign) = (order.new.client_id.0, order.new.side.sign());
        if order.new.reduce_only == ReduceOnly::Yes && self.position * sign >= 0 {
            let filled = order.new.lots.0 - order.left;
            order.left = 0;
            self.end(id, Ending::Expired, filled);
            return false;
        }
        order.left -= 1;
        self.position += sign;
        self.told.push(Told::Filled(id, price.unwrap_or(order.new.price.0), 1, reason));
        if order.left == 0 {
            self.ended.push((id, Ending::Filled, order.new.lots.0));
        }
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

    fn end(&mut self, id: u64, how: Ending, filled: i64) {
        self.ended.push((id, how, filled));
        self.told.push(if how == Ending::Cancelled { Told::Cancelled(id) } else { Told::Expired(id) });
    }

    /// Others' lots ahead of each order that rests.
    pub(crate) fn ahead(&self) -> BTreeMap<u64, i64> {
        self.orders.iter().map(|order| (order.new.client_id.0, order.ahead)).collect()
    }

    /// When the first order ends by its own lifetime.
    pub(crate) fn next_end(&self) -> Option<i64> {
        self.orders.iter().filter_map(|order| order.new.tif.good_till()).map(|end| end.0).min()
    }

    /// Bids before asks, best price first.
    pub(crate) fn on_end(&mut self, now: i64) {
        let ended: Vec<usize> = [Side::Bid, Side::Ask]
            .into_iter()
            .flat_map(|side| self.best_first(side))
            .filter(|at| self.orders[*at].new.tif.good_till().is_some_and(|end| end.0 <= now))
            .collect();
        for at in ended {
            let order = self.orders[at].clone();
            self.orders[at].left = 0;
            self.end(order.new.client_id.0, Ending::Expired, order.new.lots.0 - order.left);
        }
        self.orders.retain(|order| order.left > 0);
    }

    pub(crate) fn on_command(&mut self, command: &Command, now: i64) {
        match command {
            Command::New(new) => self.on_new(new, now),
            Command::Replace(replace) => self.on_replace(replace),
            Command::Cancel(Cancel { client_id: ClientOrderId(id), .. }) => match self.place(*id) {
                Some(at) => {
                    let order = self.orders.remove(at);
                    self.end(*id, Ending::Cancelled, order.new.lots.0 - order.left);
                }
                None => self.told.push(Told::CancelRejected(*id, RejectReason::UnknownOrder)),
            },
            Command::Query(Query { client_id: ClientOrderId(id), .. }) => {
                let told = match (self.place(*id), self.ended.iter().rev().find(|ended| ended.0 == *id)) {
                    (Some(at), _) => {
                        let Order { new, left, .. } = &self.orders[at];
                        Told::Working(*id, new.price.0, new.lots.0, new.lots.0 - left)
                    }
                    (None, Some((_, how, filled))) => Told::Ended(*id, *how, *filled),
                    (None, None) => Told::NotFound(*id),
                };
                self.told.push(told);
            }
        }
        self.orders.retain(|order| order.left > 0);
    }

    fn place(&self, id: u64) -> Option<usize> {
        self.orders.iter().position(|order| order.new.client_id.0 == id)
    }

    fn on_new(&mut self, new: &NewOrder, now: i64) {
        let id = new.client_id.0;
        if let Some(reason) = self.refusal(new, now) {
            self.told.push(Told::Rejected(id, reason));
            return;
        }
        self.told.push(Told::Accepted(id));
        self.enter(Order { new: *new, left: new.lots.0, ahead: 0, traded: 0 });
    }

    fn enter(&mut self, order: Order) {
        let new = order.new;
        self.orders.push(order);
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
            let left = self.orders.pop().map_or(0, |order| order.left);
            self.end(new.client_id.0, Ending::Expired, new.lots.0 - left);
        } else {
            let there = self.queue(new.side, new.price.0);
            let displaced = self.displaced_at(new.side, new.price.0);
            self.orders[at].ahead = there.map_or(LOTS_MAX, |shown| shown + displaced);
        }
    }

    fn on_replace(&mut self, replace: &Replace) {
        let id = replace.client_id.0;
        let at = self.place(id).filter(|at| self.orders[*at].new.side == replace.side);
        let Some(at) = at else {
            return self.told.push(Told::ReplaceRejected(id, RejectReason::UnknownOrder));
        };
        let old = self.orders[at].clone();
        let filled = old.new.lots.0 - old.left;
        let (same_price, requeues) = (old.new.price == replace.price, self.amend == AmendKind::Requeues);
        let allowed = match self.amend {
            AmendKind::Unsupported => false,
            AmendKind::ShrinkOnly => same_price && (filled + 1..old.new.lots.0).contains(&replace.lots.0),
            AmendKind::Requeues | AmendKind::ShrinkKeeps => !(same_price && replace.lots == old.new.lots),
        };
        let left = replace.lots.0 - filled;
        let wanted = NewOrder { price: replace.price, lots: Lots(left), ..old.new };
        let stays = same_price && replace.lots < old.new.lots && !requeues;
        let takes = old.new.tif == TimeInForce::PostOnly
            && left > 0
            && (self.takeable(&wanted) > 0 || self.meets_own(&wanted));
        let adds = old.new.reduce_only == ReduceOnly::Yes && self.position * old.new.side.sign() >= 0;
        let refused = [
            (!self.live, RejectReason::Closed),
            (!allowed, RejectReason::Other),
            (left <= 0 && !requeues, RejectReason::Size),
            (left > 0 && !stays && adds, RejectReason::ReduceOnly),
            (!stays && takes && !requeues, RejectReason::WouldTake),
            (left > 0 && !stays && !takes && self.meets_own(&wanted), RejectReason::SelfTrade),
        ];
        if let Some((_, reason)) = refused.into_iter().find(|(applies, _)| *applies) {
            return self.told.push(Told::ReplaceRejected(id, reason));
        }
        if left <= 0 || (takes && !stays) {
            self.orders.remove(at);
            return self.end(id, if left <= 0 { Ending::Cancelled } else { Ending::Expired }, filled);
        }
        let new = NewOrder { lots: replace.lots, ..wanted };
        self.told.push(Told::Replaced(id, new.price.0, new.lots.0, filled));
        if stays {
            self.orders[at] = Order { new, left, ..old };
        } else {
            self.orders.remove(at);
            self.enter(Order { new, left, ahead: 0, traded: 0 });
        }
    }

    fn takeable(&self, new: &NewOrder) -> i64 {
        (0..200)
            .filter(|price| reaches(new.side, new.price.0, *price))
            .map(|price| {
                let taken = self.taken.get(&(new.side.opposite(), price)).map_or(0, |(lots, _)| *lots);
                (self.visible(new.side.opposite(), price).0 - taken).max(0)
            })
            .sum()
    }

    fn meets_own(&self, new: &NewOrder) -> bool {
        let meets =
            |order: &Order| order.new.side != new.side && reaches(new.side, new.price.0, order.new.price.0);
        self.orders.iter().any(meets)
    }

    fn refusal(&self, new: &NewOrder, now: i64) -> Option<RejectReason> {
        let rests = !matches!(new.tif, TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill);
        let (meets_own, takeable) = (self.meets_own(new), self.takeable(new));
        let reducible = -self.position * new.side.sign();
        let reduces = match (new.reduce_only, new.tif) {
            (ReduceOnly::No, _) => true,
            (ReduceOnly::Yes, TimeInForce::FillOrKill) => reducible >= new.lots.0,
            (ReduceOnly::Yes, _) => reducible > 0,
        };
        [
            (!self.live, RejectReason::Closed),
            (matches!(new.tif, TimeInForce::GoodTillDate(end) if end.0 <= now), RejectReason::Other),
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
