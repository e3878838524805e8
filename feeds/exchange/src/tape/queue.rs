//! Our resting orders of one side, and their places in the venue's queues.

use alloc::vec::Vec;

use ballast_model::{ClientOrderId, Digest, FillReason, LOTS_MAX, Lots, PackedLevel, Price, Side, UpdateId};

use crate::account::{Account, OpenOrder};
use crate::place::{Levels, Place};
use crate::queue_rules::{FillSizes, Impact, QueueRules};
use crate::spec::InstrumentRules;

/// One resting order with its place in the queue.
#[derive(Clone, Copy, Debug)]
pub struct Resting {
    order: OpenOrder,
    /// `ahead` as it was when the order joined.
    joined: Lots,
    /// Others' lots that trade before ours; never grows, but where a snapshot tells orders by id. Before the venue has shown the level,
    /// [`Resting::UNKNOWN_AHEAD`].
    ahead: Lots,
    /// Lots others and we traded at this price and side since the venue last updated the level.
    traded: Lots,
    /// The book's last update before the order joined: others' orders that joined with it or before are ahead.
    after: UpdateId,
}

impl Resting {
    /// Ahead of an order in a queue nobody has seen: more than any trade takes away.
    pub const UNKNOWN_AHEAD: Lots = Lots(LOTS_MAX);

    /// An order joining a queue in which `ahead` is known to stand, after this update of the book.
    pub(super) fn new(order: OpenOrder, ahead: Option<Lots>, after: UpdateId) -> Self {
        let ahead = ahead.unwrap_or(Self::UNKNOWN_AHEAD);
        Self { order, joined: ahead, ahead, traded: Lots::ZERO, after }
    }

    /// The order.
    #[must_use]
    pub const fn order(&self) -> &OpenOrder {
        &self.order
    }

    /// Others' lots ahead of it.
    #[must_use]
    pub const fn ahead(&self) -> Lots {
        self.ahead
    }

    /// Where it stands, on a level of ours.
    fn place(&self, level: u16) -> Place {
        let known = |ahead: Lots| (ahead < Self::UNKNOWN_AHEAD).then_some(ahead);
        Place { level, joined: known(self.joined), ahead: known(self.ahead) }
    }

    /// The level went from `before` to `after`; see the module above for the rule. `unit` is one lot in units of size.
    fn on_level(&mut self, before: Lots, after: Lots, rules: &QueueRules, unit: f64) {
        let size = before - self.traded;
        let excess = size - after;
        if excess > Lots::ZERO {
            let ahead = self.ahead.min(size);
            self.ahead = ahead - rules.cancels.ahead_gone(ahead, excess, size, unit);
        }
        self.bound(after);
    }

    /// The venue says that `shown` rests at this price and side: no more can be ahead.
    fn bound(&mut self, shown: Lots) {
        self.ahead = self.ahead.min(shown);
        self.traded = Lots::ZERO;
    }
}

/// Room for prices at which others stand whose trades we had; more only cost an allocation.
const DISPLACED_CAPACITY: usize = 64;

/// Our resting orders of one side: best price first, oldest first at a price.
#[derive(Debug)]
pub(super) struct OwnQueue {
    side: Side,
    rules: QueueRules,
    /// One lot in units of size.
    unit: f64,
    orders: Vec<Resting>,
    /// By price: others' lots that history traded and that we had in their place. Empty without [`Impact::Displaces`].
    displaced: Vec<(Price, Lots)>,
}

impl OwnQueue {
    pub(super) fn new(side: Side, rules: &InstrumentRules) -> Self {
        let displaced = match rules.queue.impact {
            Impact::None => Vec::new(),
            Impact::Displaces => Vec::with_capacity(DISPLACED_CAPACITY),
        };
        let unit = rules.spec.lot.to_f64();
        let orders = Vec::with_capacity(rules.orders_max);
        Self { side, rules: rules.queue, unit, orders, displaced }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }

    pub(super) fn iter(&self) -> core::slice::Iter<'_, Resting> {
        self.orders.iter()
    }

    /// The order with the best price; the oldest of several.
    pub(super) fn best(&self) -> Option<&OpenOrder> {
        self.orders.first().map(Resting::order)
    }

    /// Prices at which an update of the venue concerns us.
    pub(super) fn prices(&self) -> impl Iterator<Item = Price> {
        let ends = [self.orders.first(), self.orders.last()];
        let orders = ends.into_iter().flatten().map(|resting| resting.order.price);
        orders.chain(self.displaced.iter().map(|(price, _)| *price))
    }

    /// Adds an order behind ours of the same price, and behind all that `shown` tells of at it after the update `seen_in`.
    pub(super) fn insert(&mut self, order: OpenOrder, shown: Option<Lots>, seen_in: UpdateId) {
        let ahead = shown.map(|shown| shown + self.displaced_at(order.price));
        let place =
            self.orders.partition_point(|earlier| self.side.reaches(earlier.order.price, order.price));
        self.orders.insert(place, Resting::new(order, ahead, seen_in));
    }

    fn displaced_at(&self, price: Price) -> Lots {
        self.displaced.iter().find(|(at, _)| *at == price).map_or(Lots::ZERO, |(_, lots)| *lots)
    }

    /// We had a trade of this size that history gave to others.
    fn displace(&mut self, price: Price, lots: Lots) {
        match self.displaced.iter_mut().find(|(at, _)| *at == price) {
            Some((_, before)) => *before += lots,
            None => self.displaced.push((price, lots)),
        }
    }

    pub(super) fn remove(&mut self, client_id: ClientOrderId) -> Option<OpenOrder> {
        let place = self.orders.iter().position(|resting| resting.order.client_id == client_id)?;
        Some(self.orders.remove(place).order)
    }

    /// Makes an order smaller in its place.
    pub(super) fn shrink(&mut self, client_id: ClientOrderId, lots: Lots, left: Lots) {
        let same = |resting: &&mut Resting| resting.order.client_id == client_id;
        if let Some(resting) = self.orders.iter_mut().find(same) {
            (resting.order.lots, resting.order.left) = (lots, left);
        }
    }

    /// Others traded against this side.
    pub(super) fn on_trade(&mut self, price: Price, lots: Lots, account: &mut Account) {
        // Of the trade: what is left of it, what went to others ahead of the order looked at, and what came to us.
        let mut left = lots;
        let mut to_others = Lots::ZERO;
        let mut to_us = Lots::ZERO;
        let mut levels = Levels::default();
        for resting in &mut self.orders {
            let place = resting.place(levels.next(resting.order.price));
            account.places.set(Some(place));
            let order = &mut resting.order;
            if !self.side.reaches(order.price, price) {
                break;
            }
            if order.price != price {
                let rest = order.left;
                account.fill(order, order.price, rest, FillReason::TradeThrough);
                continue;
            }
            resting.traded = (resting.traded + lots).min(Lots(LOTS_MAX));
            let others_now = (resting.ahead - to_others).max(Lots::ZERO).min(left);
            to_others += others_now;
            left -= others_now;
            resting.ahead = (resting.ahead - to_others).max(Lots::ZERO);
            if !left.is_zero() {
                let ours = match self.rules.fills {
                    FillSizes::Partial => left.min(order.left),
                    FillSizes::Whole => order.left,
                };
                let filled = account.fill(order, price, ours, FillReason::QueueExhausted).min(left);
                left -= filled;
                to_us += filled;
            }
        }
        account.places.set(None);
        if self.rules.impact == Impact::Displaces && !to_us.is_zero() {
            self.displace(price, to_us);
        }
        self.drop_ended();
    }

    /// Another order of this side, which joined its queue with this update, traded so much as the one that rested. Ours that
    /// the aggressor met before it, at a better price or earlier at the same one, had the trade.
    pub(super) fn on_traded(&mut self, traded: PackedLevel, joined: UpdateId, account: &mut Account) {
        let (price, mut left) = (traded.price(), traded.lots());
        let mut levels = Levels::default();
        for resting in &mut self.orders {
            let place = resting.place(levels.next(resting.order.price));
            let order = &mut resting.order;
            if left.is_zero() || !self.side.reaches(order.price, price) {
                break;
            }
            let reason = match order.price == price {
                true if joined <= resting.after => break,
                true => FillReason::QueueExhausted,
                false => FillReason::TradeThrough,
            };
            let ours = match self.rules.fills {
                FillSizes::Partial => left.min(order.left),
                FillSizes::Whole => order.left,
            };
            account.places.set(Some(place));
            left -= account.fill(order, order.price, ours, reason).min(left);
        }
        account.places.set(None);
        self.drop_ended();
    }

    /// So much of another order of this side, which joined its queue with this update, is there no longer.
    pub(super) fn on_left(&mut self, gone: PackedLevel, joined: UpdateId) {
        let same = |resting: &&mut Resting| resting.order.price == gone.price();
        for resting in self.orders.iter_mut().filter(same).filter(|resting| joined <= resting.after) {
            resting.ahead = (resting.ahead - gone.lots()).max(Lots::ZERO);
        }
    }

    /// A snapshot with this sequence is complete, and who in it stood before ours is not known: all of `shown` does.
    pub(super) fn requeue(&mut self, update_id: UpdateId, shown: impl Fn(Price) -> Lots) {
        for resting in &mut self.orders {
            (resting.ahead, resting.after) = (shown(resting.order.price), update_id);
        }
    }

    /// The venue changed the size of one level of this side.
    pub(super) fn on_level(&mut self, price: Price, before: Lots, after: Lots) {
        let still_there = self.displaced_at(price);
        for resting in self.orders.iter_mut().filter(|resting| resting.order.price == price) {
            let kept = if after.is_zero() { Lots::ZERO } else { after + still_there };
            resting.on_level(before + still_there, kept, &self.rules, self.unit);
        }
        if after.is_zero() {
            self.displaced.retain(|(at, _)| *at != price);
        }
    }

    /// A snapshot is complete: `shown` is what it shows at a price, `None` out of its view.
    pub(super) fn on_snapshot(&mut self, shown: impl Fn(Price) -> Option<Lots>) {
        self.displaced.retain(|(price, _)| shown(*price).is_none_or(|lots| !lots.is_zero()));
        let displaced = &self.displaced;
        for resting in &mut self.orders {
            let price = resting.order.price;
            if let Some(lots) = shown(price) {
                let still_there = displaced.iter().find(|(at, _)| *at == price);
                resting.bound(lots + still_there.map_or(Lots::ZERO, |(_, lots)| *lots));
            }
        }
    }

    /// Lets `trade` work on the orders from the best on, while it leaves none of the order looked at.
    pub(super) fn trade_each(&mut self, mut trade: impl FnMut(&mut OpenOrder, Place)) {
        let mut levels = Levels::default();
        for resting in &mut self.orders {
            let place = resting.place(levels.next(resting.order.price));
            trade(&mut resting.order, place);
            if !resting.order.left.is_zero() {
                break;
            }
        }
        self.drop_ended();
    }

    fn drop_ended(&mut self) {
        self.orders.retain(|resting| !resting.order.left.is_zero());
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        digest.word(self.orders.len() as u64);
        for resting in &self.orders {
            resting.order.digest(digest);
            digest.signed(resting.ahead.0);
            digest.signed(resting.traded.0);
            digest.word(resting.after.0);
        }
        digest.word(self.displaced.len() as u64);
        for (price, lots) in &self.displaced {
            digest.signed(price.0);
            digest.signed(lots.0);
        }
    }
}
