//! Orders that wait for a price: stops, take-profits, trailing stops.
//!
//! They stand in one list in the order in which they came. Per source of prices two bounds are kept between which no order
//! changes; a price beyond them looks at every waiting order and draws new bounds. Orders whose price has come move to a
//! second list, from which they enter the book one by one.
//!
//! Never here: what becomes of an order that enters.
#![expect(
    clippy::indexing_slicing,
    reason = "slots come from the lists and the table, which hold kept orders only; another one must stop the engine"
)]

use alloc::vec::Vec;

use ballast_model::{ClientOrderId, Digest, Nanos, Price, Side, VenueOrderId};

use super::book::Order;
use super::ends::Ends;
use super::ids::IdTable;
use super::ladder::NONE;
use super::words::{AccountId, OrderRef, Placement, Source, Trigger, When, turn};

/// A waiting order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiter {
    pub(super) placement: Placement,
    pub(super) venue_id: VenueOrderId,
    trigger: Trigger,
    /// The best price for a trailing stop since it began to trail: the highest for an ask. `None` until it does.
    extreme: Option<Price>,
    list: usize,
    next: u32,
    prev: u32,
}

/// Waits for its price.
const WAITS: usize = 0;
/// Its price has come.
const FIRED: usize = 1;

#[derive(Clone, Copy, Debug)]
struct List {
    head: u32,
    tail: u32,
}

/// Prices at which no waiting order changes: strictly between the two.
#[derive(Clone, Copy, Debug)]
struct Calm {
    above: Price,
    below: Price,
}

impl Calm {
    const ALWAYS: Self = Self { above: Price(i64::MIN), below: Price(i64::MAX) };

    const fn holds(&self, price: Price) -> bool {
        self.above.0 < price.0 && price.0 < self.below.0
    }

    fn and(self, other: Self) -> Self {
        Self { above: self.above.max(other.above), below: self.below.min(other.below) }
    }
}

/// All waiting orders.
#[derive(Debug)]
pub(super) struct Waiting {
    waiters: Vec<Waiter>,
    waiting_max: u32,
    free: u32,
    lists: [List; 2],
    calm: [Calm; 2],
    ids: IdTable,
    ends: Ends,
}

impl Waiting {
    pub(super) fn new(waiting_max: u32) -> Self {
        Self {
            waiters: Vec::with_capacity(waiting_max as usize),
            waiting_max,
            free: NONE,
            lists: [List { head: NONE, tail: NONE }; 2],
            calm: [Calm::ALWAYS; 2],
            ids: IdTable::new(waiting_max),
            ends: Ends::new(waiting_max),
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.ids.len()
    }

    pub(super) const fn is_full(&self) -> bool {
        self.ids.len() >= self.waiting_max as usize
    }

    #[inline]
    pub(super) fn find(&self, account: AccountId, client_id: ClientOrderId) -> Option<u32> {
        self.ids.get(account, client_id)
    }

    #[inline]
    pub(super) fn first_end(&self) -> Option<(Nanos, VenueOrderId, u32)> {
        self.ends.first()
    }

    /// Lets an order wait whose trigger has not come. There is room. `price` is the newest of the trigger's source.
    #[expect(clippy::cast_possible_truncation, reason = "at most `waiting_max` orders, a u32")]
    pub(super) fn wait(
        &mut self,
        placement: &Placement,
        venue_id: VenueOrderId,
        trigger: Trigger,
        price: Option<Price>,
    ) {
        let (placement, list, next, prev) = (*placement, WAITS, NONE, NONE);
        let mut waiter = Waiter { placement, venue_id, trigger, extreme: None, list, next, prev };
        if let Some(price) = price {
            waiter.see(price);
        }
        let calm = &mut self.calm[trigger.source as usize];
        *calm = calm.and(waiter.calm());
        let slot = self.free;
        let slot = if slot == NONE {
            self.waiters.push(waiter);
            self.waiters.len() as u32 - 1
        } else {
            self.free = self.waiters[slot as usize].next;
            self.waiters[slot as usize] = waiter;
            slot
        };
        let new = &placement.order;
        self.ids.insert(placement.account, new.client_id, slot);
        if let Some(end) = new.tif.good_till() {
            self.ends.push(end, venue_id, slot);
        }
        self.append(slot, WAITS);
    }

    /// Ends an order's wait; what it was is returned.
    pub(super) fn remove(&mut self, slot: u32) -> Waiter {
        self.unlink(slot);
        self.ends.remove(slot);
        let waiter = self.waiters[slot as usize];
        self.ids.remove(waiter.placement.account, waiter.placement.order.client_id);
        self.waiters[slot as usize].next = self.free;
        self.free = slot;
        waiter
    }

    /// There is a new price of a source: orders for which it is the one they wait for move to the list of those.
    #[inline]
    pub(super) fn see(&mut self, source: Source, price: Price) {
        if !self.calm[source as usize].holds(price) {
            self.look_at_all(source, price);
        }
    }

    fn look_at_all(&mut self, source: Source, price: Price) {
        let mut calm = Calm::ALWAYS;
        let mut next = self.lists[WAITS].head;
        while next != NONE {
            let slot = next;
            let waiter = &mut self.waiters[slot as usize];
            next = waiter.next;
            if waiter.trigger.source != source {
                continue;
            }
            if waiter.see(price) {
                self.unlink(slot);
                self.append(slot, FIRED);
            } else {
                calm = calm.and(waiter.calm());
            }
        }
        self.calm[source as usize] = calm;
    }

    /// The order whose price came first.
    #[inline]
    pub(super) fn pop_fired(&mut self) -> Option<Waiter> {
        let slot = self.lists[FIRED].head;
        (slot != NONE).then(|| self.remove(slot))
    }

    /// Whether the price of any has come.
    pub(super) const fn has_fired(&self) -> bool {
        self.lists[FIRED].head != NONE
    }

    /// All waiting orders: those whose price has not come, then those whose has, each in the order in which they came there.
    pub(super) fn all(&self) -> impl Iterator<Item = (u32, &Waiter)> {
        let some = |slot: u32| (slot != NONE).then_some(slot);
        let list = move |list: &List| {
            core::iter::successors(some(list.head), move |slot| some(self.waiters[*slot as usize].next))
        };
        self.lists.iter().flat_map(list).map(|slot| (slot, &self.waiters[slot as usize]))
    }

    pub(super) fn waiter(&self, slot: u32) -> &Waiter {
        &self.waiters[slot as usize]
    }

    /// The first of [`Waiting::all`], or the one after this.
    pub(super) fn after(&self, slot: Option<u32>) -> Option<u32> {
        let some = |slot: u32| (slot != NONE).then_some(slot);
        let fired = || some(self.lists[FIRED].head);
        let Some(slot) = slot else { return some(self.lists[WAITS].head).or_else(fired) };
        let Waiter { list, next, .. } = self.waiters[slot as usize];
        if list == WAITS { some(next).or_else(fired) } else { some(next) }
    }

    fn append(&mut self, slot: u32, list: usize) {
        let tail = core::mem::replace(&mut self.lists[list].tail, slot);
        let waiter = &mut self.waiters[slot as usize];
        (waiter.list, waiter.prev, waiter.next) = (list, tail, NONE);
        if tail == NONE {
            self.lists[list].head = slot;
        } else {
            self.waiters[tail as usize].next = slot;
        }
    }

    fn unlink(&mut self, slot: u32) {
        let Waiter { list, next, prev, .. } = self.waiters[slot as usize];
        if prev == NONE {
            self.lists[list].head = next;
        } else {
            self.waiters[prev as usize].next = next;
        }
        if next == NONE {
            self.lists[list].tail = prev;
        } else {
            self.waiters[next as usize].prev = prev;
        }
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        for (_, waiter) in self.all() {
            let placement = &waiter.placement;
            Order::new(placement, placement.order.price, waiter.venue_id).digest(digest);
            waiter.trigger.digest(digest);
            digest.signed(waiter.extreme.map_or(-1, |price| price.0));
            digest.word(placement.pricing as u64 | (waiter.list as u64) << 8);
        }
    }

    /// Whether lists, table and heap agree, and no order changes at a calm price.
    pub(super) fn is_sound(&self) -> bool {
        let known = |(slot, waiter): (u32, &Waiter)| {
            let calm = self.calm[waiter.trigger.source as usize];
            let inside = calm.and(waiter.calm());
            let found = self.find(waiter.placement.account, waiter.placement.order.client_id) == Some(slot);
            found && (waiter.list == FIRED || (inside.above, inside.below) == (calm.above, calm.below))
        };
        let ending =
            self.all().filter(|(_, waiter)| waiter.placement.order.tif.good_till().is_some()).count();
        self.all().all(known) && self.all().count() == self.ids.len() && ending == self.ends.len()
    }
}

impl Waiter {
    pub(super) const fn name(&self) -> OrderRef {
        let (account, client_id) = (self.placement.account, self.placement.order.client_id);
        OrderRef { account, client_id, venue_id: self.venue_id }
    }

    /// Takes in a price; true where it is the one the order waits for.
    fn see(&mut self, price: Price) -> bool {
        let side = self.placement.order.side;
        if let When::Trails { activation, .. } = self.trigger.when {
            // The price moved the order's way: up for an ask, down for a bid.
            let better = |than: Price| side.opposite().reaches(price, than);
            let begins = self.extreme.is_none() && activation.is_none_or(better);
            if begins || self.extreme.is_some_and(better) {
                self.extreme = Some(price);
            }
        }
        self.trigger.fires(side, self.extreme, price)
    }

    /// The prices at which neither the order fires nor what it trails moves.
    fn calm(&self) -> Calm {
        let up = |below: Price| Calm { below, ..Calm::ALWAYS };
        let down = |above: Price| Calm { above, ..Calm::ALWAYS };
        match (self.trigger.when, self.placement.order.side) {
            (When::Stop(at), Side::Bid) | (When::TakeProfit(at), Side::Ask) => up(at),
            (When::Stop(at), Side::Ask) | (When::TakeProfit(at), Side::Bid) => down(at),
            (When::Trails { activation, callback }, side) => {
                let Some(extreme) = self.extreme else {
                    return match (activation, side) {
                        (None, _) => Calm { above: Price(i64::MAX), below: Price(i64::MIN) },
                        (Some(at), Side::Bid) => down(at),
                        (Some(at), Side::Ask) => up(at),
                    };
                };
                let turn = turn(extreme, callback, side);
                match side {
                    Side::Bid => Calm { above: Price(extreme.0 - 1), below: turn },
                    Side::Ask => Calm { above: turn, below: Price(extreme.0 + 1) },
                }
            }
        }
    }
}
