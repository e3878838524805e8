//! The open orders: a slab of them, a queue per price, a table by id and a heap by end time.
//!
//! Never here: what trades, a filter, an account.
#![expect(
    clippy::indexing_slicing,
    reason = "slots come from the queues and the table, which hold kept orders only; another one must stop the engine"
)]

use alloc::vec::Vec;

use ballast_model::{ClientOrderId, Digest, Lots, Nanos, Price, ReduceOnly, Side, TimeInForce, VenueOrderId};

use super::ends::Ends;
use super::ids::IdTable;
use super::ladder::{Ladder, NONE, Rank};
use super::words::{AccountId, OrderRef, Placement, Prevention, Remainder};

/// An accepted order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    pub(super) client_id: ClientOrderId,
    pub(super) venue_id: VenueOrderId,
    pub(super) price: Price,
    /// Total size, what has traded included.
    pub(super) lots: Lots,
    /// What can still trade.
    pub(super) left: Lots,
    /// The part of it that can trade before others at the price come first; all of it unless the order is an iceberg.
    pub(super) shown: Lots,
    /// Most that is shown at a time; zero for all.
    pub(super) display: Lots,
    pub(super) tif: TimeInForce,
    /// Neighbours in the queue.
    next: u32,
    prev: u32,
    pub(super) amendments: u32,
    pub(super) account: AccountId,
    pub(super) side: Side,
    pub(super) reduce_only: ReduceOnly,
    pub(super) prevention: Prevention,
}

impl Order {
    /// An order as it was asked for, in no queue.
    pub(super) fn new(placement: &Placement, price: Price, venue_id: VenueOrderId) -> Self {
        let new = &placement.order;
        Self {
            client_id: new.client_id,
            venue_id,
            price,
            lots: new.lots,
            left: new.lots,
            shown: Lots::ZERO,
            display: placement.display,
            tif: new.tif,
            next: NONE,
            prev: NONE,
            amendments: 0,
            account: placement.account,
            side: new.side,
            reduce_only: new.reduce_only,
            prevention: placement.prevention,
        }
    }

    pub(super) const fn name(&self) -> OrderRef {
        OrderRef { account: self.account, client_id: self.client_id, venue_id: self.venue_id }
    }

    pub(super) const fn remainder(&self) -> Remainder {
        Remainder { order: self.name(), price: self.price, lots: self.lots, left: self.left }
    }

    pub(super) fn filled(&self) -> Lots {
        self.lots - self.left
    }

    pub(super) const fn rank(&self) -> Rank {
        Rank::of(self.side, self.price)
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        digest.word(u64::from(self.account.0) << 8 | (self.side as u64) << 1 | self.reduce_only as u64);
        digest.word(
            u64::from(self.amendments) << 16 | (self.prevention as u64) << 8 | u64::from(self.tif.code()),
        );
        digest.word(self.client_id.0);
        digest.word(self.venue_id.0);
        for number in [self.price.0, self.lots.0, self.left.0, self.shown.0, self.display.0] {
            digest.signed(number);
        }
        digest.signed(self.tif.good_till().map_or(i64::MIN, |end| end.0));
    }

    /// What it shows when it joins a queue.
    fn tranche(&self) -> Lots {
        if self.display.is_zero() { self.left } else { self.left.min(self.display) }
    }
}

/// All open orders.
#[derive(Debug)]
pub(super) struct Book {
    orders: Vec<Order>,
    orders_max: u32,
    /// First slot given back, linked by `next`.
    free: u32,
    ladders: [Ladder; 2],
    ids: IdTable,
    ends: Ends,
}

impl Book {
    pub(super) fn new(orders_max: u32, pages_max: u32) -> Self {
        Self {
            orders: Vec::with_capacity(orders_max as usize),
            orders_max,
            free: NONE,
            ladders: [Ladder::new(pages_max), Ladder::new(pages_max)],
            ids: IdTable::new(orders_max),
            ends: Ends::new(orders_max),
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.ids.len()
    }

    pub(super) const fn is_full(&self) -> bool {
        self.ids.len() >= self.orders_max as usize
    }

    /// Whether an order could rest at this price.
    pub(super) fn has_level(&self, side: Side, price: Price) -> bool {
        self.ladders[side.index()].has_room(Rank::of(side, price))
    }

    #[inline]
    pub(super) fn find(&self, account: AccountId, client_id: ClientOrderId) -> Option<u32> {
        self.ids.get(account, client_id)
    }

    #[inline]
    pub(super) fn order(&self, slot: u32) -> &Order {
        &self.orders[slot as usize]
    }

    #[inline]
    pub(super) fn order_mut(&mut self, slot: u32) -> &mut Order {
        &mut self.orders[slot as usize]
    }

    /// The best price of a side.
    #[inline]
    pub(super) fn best(&self, side: Side) -> Option<Price> {
        self.ladders[side.index()].best().map(|rank| rank.price(side))
    }

    /// The order of a side that trades next.
    #[inline]
    pub(super) fn first(&self, side: Side) -> Option<u32> {
        self.ladders[side.index()].front()
    }

    /// The order that trades after this one.
    pub(super) fn after(&self, slot: u32) -> Option<u32> {
        let order = &self.orders[slot as usize];
        if order.next != NONE {
            return Some(order.next);
        }
        let ladder = &self.ladders[order.side.index()];
        ladder.below(order.rank()).map(|rank| ladder.level(rank).head)
    }

    /// The order that ends first, and when.
    #[inline]
    pub(super) fn first_end(&self) -> Option<(Nanos, VenueOrderId, u32)> {
        self.ends.first()
    }

    /// Prices of a side with what they show, best first.
    pub(super) fn levels(&self, side: Side) -> impl Iterator<Item = (Price, Lots)> {
        let ladder = &self.ladders[side.index()];
        let ranks = core::iter::successors(ladder.best(), |rank| ladder.below(*rank));
        ranks.map(move |rank| (rank.price(side), ladder.level(rank).shown))
    }

    /// Orders of a side in the order in which they trade.
    pub(super) fn queue(&self, side: Side) -> impl Iterator<Item = (u32, &Order)> {
        let ladder = &self.ladders[side.index()];
        let ranks = core::iter::successors(ladder.best(), |rank| ladder.below(*rank));
        ranks.flat_map(move |rank| self.at(side, rank))
    }

    fn at(&self, side: Side, rank: Rank) -> impl Iterator<Item = (u32, &Order)> {
        let some = |slot: u32| (slot != NONE).then_some(slot);
        let head = self.ladders[side.index()].level(rank).head;
        let slots = core::iter::successors(some(head), move |slot| some(self.orders[*slot as usize].next));
        slots.map(|slot| (slot, &self.orders[slot as usize]))
    }

    /// Lets an order rest behind everything at its price. There is room: [`Book::is_full`], [`Book::has_level`].
    #[inline]
    pub(super) fn rest(&mut self, order: &Order) -> u32 {
        let slot = self.keep(order);
        self.ids.insert(order.account, order.client_id, slot);
        if let Some(end) = order.tif.good_till() {
            self.ends.push(end, order.venue_id, slot);
        }
        self.enqueue(slot);
        slot
    }

    #[expect(clippy::cast_possible_truncation, reason = "the slab holds at most `orders_max` orders, a u32")]
    fn keep(&mut self, order: &Order) -> u32 {
        let slot = self.free;
        if slot == NONE {
            self.orders.push(*order);
            return self.orders.len() as u32 - 1;
        }
        self.free = self.orders[slot as usize].next;
        self.orders[slot as usize] = *order;
        slot
    }

    /// Ends an order's rest; what it was is returned.
    #[inline]
    pub(super) fn remove(&mut self, slot: u32) -> Order {
        self.dequeue(slot);
        self.ends.remove(slot);
        let order = self.orders[slot as usize];
        self.ids.remove(order.account, order.client_id);
        self.orders[slot as usize].next = self.free;
        self.free = slot;
        order
    }

    /// Takes `lots` off the shown part of an order and off its level. An iceberg whose shown part is gone shows its next one
    /// behind everything at its price. What is left of the order is returned; at zero it is the caller's to remove.
    #[inline]
    pub(super) fn trade(&mut self, slot: u32, lots: Lots) -> Lots {
        let order = &mut self.orders[slot as usize];
        order.left -= lots;
        order.shown -= lots;
        let (side, rank, left, refill) = (order.side, order.rank(), order.left, order.shown.is_zero());
        self.ladders[side.index()].change(rank, |level| level.shown -= lots);
        if refill && !left.is_zero() {
            self.dequeue(slot);
            self.enqueue(slot);
        }
        left
    }

    /// Makes an order smaller without moving it: this is its total size now.
    pub(super) fn shrink(&mut self, slot: u32, lots: Lots) {
        let order = &mut self.orders[slot as usize];
        order.left = lots - order.filled();
        order.lots = lots;
        let shown = order.shown.min(order.left);
        let gone = order.shown - shown;
        order.shown = shown;
        let (side, rank) = (order.side, order.rank());
        self.ladders[side.index()].change(rank, |level| level.shown -= gone);
    }

    fn enqueue(&mut self, slot: u32) {
        let order = &mut self.orders[slot as usize];
        order.shown = order.tranche();
        let (side, rank, shown) = (order.side, order.rank(), order.shown);
        let tail = self.ladders[side.index()].change(rank, |level| {
            let tail = core::mem::replace(&mut level.tail, slot);
            if level.head == NONE {
                level.head = slot;
            }
            level.shown += shown;
            tail
        });
        (order.prev, order.next) = (tail, NONE);
        if tail != NONE {
            self.orders[tail as usize].next = slot;
        }
    }

    fn dequeue(&mut self, slot: u32) {
        let order = &self.orders[slot as usize];
        let (next, prev, shown, rank) = (order.next, order.prev, order.shown, order.rank());
        self.ladders[order.side.index()].change(rank, |level| {
            if prev == NONE {
                level.head = next;
            }
            if next == NONE {
                level.tail = prev;
            }
            level.shown -= shown;
        });
        if prev != NONE {
            self.orders[prev as usize].next = next;
        }
        if next != NONE {
            self.orders[next as usize].prev = prev;
        }
    }

    /// Whether links, sums, table, heap and prices agree.
    pub(super) fn is_sound(&self) -> bool {
        let side_sound = |side: Side| {
            let ladder = &self.ladders[side.index()];
            let ranks = core::iter::successors(ladder.best(), |rank| ladder.below(*rank));
            ladder.is_sound() && ranks.into_iter().all(|rank| self.is_level_sound(side, rank))
        };
        let crossed = match (self.best(Side::Bid), self.best(Side::Ask)) {
            (Some(bid), Some(ask)) => bid >= ask,
            _ => false,
        };
        let queued = self.queue(Side::Bid).count() + self.queue(Side::Ask).count();
        let ending = |side| self.queue(side).filter(|(_, order)| order.tif.good_till().is_some()).count();
        let ends = ending(Side::Bid) + ending(Side::Ask);
        let free = core::iter::successors((self.free != NONE).then_some(self.free), |slot| {
            let next = self.orders[*slot as usize].next;
            (next != NONE).then_some(next)
        });
        let kept = free.take(self.orders.len() + 1).count() + queued == self.orders.len();
        !crossed
            && Side::BOTH.into_iter().all(side_sound)
            && queued == self.ids.len()
            && kept
            && ends == self.ends.len()
    }

    fn is_level_sound(&self, side: Side, rank: Rank) -> bool {
        let level = self.ladders[side.index()].level(rank);
        let (mut sum, mut before) = (Lots::ZERO, NONE);
        for (slot, order) in self.at(side, rank) {
            let sizes = Lots::ZERO < order.shown && order.shown <= order.left && order.left <= order.lots;
            let shows = order.display.is_zero() && order.shown == order.left
                || !order.display.is_zero() && order.shown <= order.display;
            let known = self.ids.get(order.account, order.client_id) == Some(slot);
            let placed = order.side == side && order.rank() == rank && order.prev == before;
            if !(sizes && shows && known && placed) {
                return false;
            }
            sum += order.shown;
            before = slot;
        }
        sum == level.shown && before == level.tail
    }
}
