//! Our resting orders of one side, and their places in the venue's queues.

use alloc::vec::Vec;

use ballast_model::{ClientOrderId, Digest, FillReason, LOTS_MAX, Lots, Price, Rate, Side};

use crate::account::{Account, OpenOrder};
use crate::place::{Levels, Place};

/// One resting order with its place in the queue.
#[derive(Clone, Copy, Debug)]
pub struct Resting {
    order: OpenOrder,
    /// `ahead` as it was when the order joined.
    joined: Lots,
    /// Others' lots that trade before ours; never grows. Before the venue has shown the level,
    /// [`Resting::UNKNOWN_AHEAD`].
    ahead: Lots,
    /// Lots others and we traded at this price and side since the venue last updated the level.
    traded: Lots,
}

impl Resting {
    /// Ahead of an order in a queue nobody has seen: more than any trade takes away.
    pub const UNKNOWN_AHEAD: Lots = Lots(LOTS_MAX);

    /// An order joining a queue in which `ahead` is known to stand.
    pub(super) fn new(order: OpenOrder, ahead: Option<Lots>) -> Self {
        let ahead = ahead.unwrap_or(Self::UNKNOWN_AHEAD);
        Self { order, joined: ahead, ahead, traded: Lots::ZERO }
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

    /// The level went from `before` to `after`; see the module above for the rule.
    fn on_level(&mut self, before: Lots, after: Lots, cancel_share: Rate) {
        let size = before - self.traded;
        let excess = size - after;
        if excess > Lots::ZERO && cancel_share > Rate(0) {
            let ahead = self.ahead.min(size);
            self.ahead = ahead - cancelled_ahead(cancel_share, excess, ahead, size);
        }
        self.bound(after);
    }

    /// The venue says that `shown` rests at this price and side: no more can be ahead.
    fn bound(&mut self, shown: Lots) {
        self.ahead = self.ahead.min(shown);
        self.traded = Lots::ZERO;
    }
}

/// Lots ahead that went with `excess` lots cancelled from a level of `size` lots, of which `ahead` were ahead: both steps
/// rounded down, so that we never move too far forward.
fn cancelled_ahead(share: Rate, excess: Lots, ahead: Lots, size: Lots) -> Lots {
    let scaled = |factor: Lots, numerator: i64, denominator: i64| {
        // A fraction of `factor` that is at most one, so it fits again.
        let part = i128::from(factor.0) * i128::from(numerator) / i128::from(denominator);
        Lots(i64::try_from(part).unwrap_or(factor.0))
    };
    scaled(scaled(excess, ahead.0, size.0), share.0, Rate::ONE.0)
}

/// Our resting orders of one side: best price first, oldest first at a price.
#[derive(Debug)]
pub(super) struct OwnQueue {
    side: Side,
    orders: Vec<Resting>,
}

impl OwnQueue {
    pub(super) fn new(side: Side, orders_max: usize) -> Self {
        Self { side, orders: Vec::with_capacity(orders_max) }
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

    /// Best and worst price.
    pub(super) fn price_range(&self) -> Option<(Price, Price)> {
        Some((self.orders.first()?.order.price, self.orders.last()?.order.price))
    }

    /// Adds an order behind ours of the same price.
    pub(super) fn insert(&mut self, resting: Resting) {
        let price = resting.order.price;
        let place = self.orders.partition_point(|earlier| self.side.reaches(earlier.order.price, price));
        self.orders.insert(place, resting);
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

    /// Others traded against this side. Tells whether an order ended.
    pub(super) fn on_trade(&mut self, price: Price, lots: Lots, account: &mut Account) {
        // Of the trade: what is left of it, and what went to others ahead of the order looked at.
        let mut left = lots;
        let mut to_others = Lots::ZERO;
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
            let ours = left.min(order.left);
            if !ours.is_zero() {
                left -= account.fill(order, price, ours, FillReason::QueueExhausted);
            }
        }
        account.places.set(None);
        self.drop_ended();
    }

    /// The venue changed the size of one level of this side.
    pub(super) fn on_level(&mut self, price: Price, before: Lots, after: Lots, cancel_share: Rate) {
        for resting in self.orders.iter_mut().filter(|resting| resting.order.price == price) {
            resting.on_level(before, after, cancel_share);
        }
    }

    /// A snapshot is complete: `shown` is what it shows at a price, `None` out of its view.
    pub(super) fn on_snapshot(&mut self, shown: impl Fn(Price) -> Option<Lots>) {
        for resting in &mut self.orders {
            if let Some(lots) = shown(resting.order.price) {
                resting.bound(lots);
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
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_cancels_moves_us_forward_in_proportion_and_rounded_down() {
        let ahead =
            |share, excess, ahead, size| cancelled_ahead(share, Lots(excess), Lots(ahead), Lots(size)).0;
        assert_eq!(ahead(Rate::ONE, 30, 40, 100), 12);
        assert_eq!(ahead(Rate(50_000_000), 30, 40, 100), 6);
        assert_eq!(ahead(Rate::ONE, 10, 33, 100), 3);
        assert_eq!(ahead(Rate(50_000_000), 10, 33, 100), 1);
        assert_eq!(ahead(Rate(0), 30, 40, 100), 0);
        assert_eq!(ahead(Rate::ONE, LOTS_MAX, LOTS_MAX, LOTS_MAX), LOTS_MAX);
    }
}
