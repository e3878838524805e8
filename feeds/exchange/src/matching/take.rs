//! What an order trades on arrival.
//!
//! Never here: which orders are let in.

use core::ops::RangeInclusive;

use ballast_model::{
    ClientOrderId, Liquidity, Lots, Money, Nanos, Price, ReduceOnly, Side, TradeId, VenueOrderId,
};

use super::admit::share_floor;
use super::book::Order;
use super::outbox::Sink;
use super::words::{AccountId, Match, Outcome, Party, Placement, Prevention, Source, Why};
use super::{Matching, Phase};

/// Every price an order may carry.
const ALL_PRICES: RangeInclusive<Price> = Price(i64::MIN)..=Price(i64::MAX);

impl Matching {
    /// A new order arrives. It is refused for the first reason that applies: unknown account, contradiction, a market order
    /// that finds nobody, price, band, size, least value, end time, id in use, the account's and the venue's number of
    /// orders, reduce-only, position, no room for its level, post-only, halt, nothing to take. The order's instrument is
    /// not looked at: an engine has one.
    ///
    /// Of an order that waits, the band and what follows the number of orders are looked at when its price comes, and the
    /// least value of a market order not at all; instead, its trigger must be a price and not be there yet.
    pub fn place(&mut self, placement: &Placement, sink: &mut impl Sink) {
        match self.admit(placement) {
            Err(why) => sink.put(&Outcome::Rejected(placement.account, placement.order.client_id, why)),
            Ok(price) => {
                let venue_id = self.order_id_next;
                self.order_id_next = VenueOrderId(venue_id.0 + 1);
                let mut order = Order::new(placement, price, venue_id);
                sink.put(&Outcome::Accepted(order.name()));
                if let Some(trigger) = placement.trigger {
                    self.waiting.wait(placement, venue_id, trigger, self.price_of(trigger.source));
                    self.holding_mut(order.account).orders += 1;
                } else {
                    self.enter(&mut order, sink);
                    self.fire(sink);
                }
            }
        }
    }

    /// Lets the orders arrive whose price has come, the first one first; what they trade may let others arrive.
    #[inline]
    pub(super) fn fire(&mut self, sink: &mut impl Sink) {
        while self.phase == Phase::Open
            && let Some(waiter) = self.waiting.pop_fired()
        {
            self.holding_mut(waiter.placement.account).orders -= 1;
            sink.put(&Outcome::Triggered(waiter.name()));
            match self.admit_fired(&waiter.placement) {
                Ok(price) => self.enter(&mut Order::new(&waiter.placement, price, waiter.venue_id), sink),
                Err(why) => {
                    let left = waiter.placement.order.lots;
                    sink.put(&Outcome::Expired(waiter.name(), left, Why::Refused(why)));
                }
            }
        }
    }

    /// The newest price of a source.
    pub(super) const fn price_of(&self, source: Source) -> Option<Price> {
        match source {
            Source::Last => self.last,
            Source::Mark => self.mark,
        }
    }

    /// Lets an accepted or amended order trade and what may rest of it rest.
    #[inline]
    pub(super) fn enter(&mut self, order: &mut Order, sink: &mut impl Sink) {
        let ended = self.take(order, sink);
        if order.left.is_zero() {
            return;
        }
        match ended {
            Some(why) => sink.put(&Outcome::Expired(order.name(), order.left, why)),
            None if order.tif.may_rest() => {
                self.book.rest(order);
                let holding = self.holding_mut(order.account);
                holding.orders += 1;
                *holding.open_mut(order.side) += order.left;
            }
            None => sink.put(&Outcome::Expired(order.name(), order.left, Why::TimeInForce)),
        }
    }

    /// Trades an arriving order as far as its limit allows; tells why the rest of it ends, where it does.
    #[inline]
    pub(super) fn take(&mut self, taker: &mut Order, sink: &mut impl Sink) -> Option<Why> {
        let against = taker.side.opposite();
        if !self.reached(taker.side, taker.price) {
            return None;
        }
        let allowed = self.halt_range(against);
        while !taker.left.is_zero() {
            let slot = self.book.first(against)?;
            let maker = self.book.order(slot);
            if !taker.side.reaches(taker.price, maker.price) {
                return None;
            }
            if maker.account == taker.account && taker.prevention != Prevention::None {
                if self.prevent(taker, slot, sink) == Taker::Ends {
                    return Some(Why::SelfTrade);
                }
                continue;
            }
            if !allowed.contains(&maker.price) {
                self.halt(sink);
                return Some(Why::Halted);
            }
            let maker_may = self.most(maker).min(maker.shown);
            let lots = taker.left.min(self.most(taker)).min(maker_may);
            if maker_may.is_zero() {
                self.expire(slot, Why::ReduceOnly, sink);
            } else if lots.is_zero() {
                return Some(Why::ReduceOnly);
            } else {
                self.cross(taker, slot, lots, sink);
            }
        }
        None
    }

    /// Most an order may trade now: all of it, or what closes the position.
    #[inline]
    fn most(&self, order: &Order) -> Lots {
        match order.reduce_only {
            ReduceOnly::No => order.left,
            ReduceOnly::Yes => self.closable(order.account, order.side).min(order.left),
        }
    }

    /// Books a trade of an arriving order with a resting one.
    #[inline]
    fn cross(&mut self, taker: &mut Order, slot: u32, lots: Lots, sink: &mut impl Sink) {
        taker.left -= lots;
        let left = self.book.trade(slot, lots);
        let maker = self.book.order(slot);
        let (price, name, account, side) = (maker.price, maker.name(), maker.account, maker.side);
        *self.holding_mut(account).open_mut(side) -= lots;
        let taker_role = (taker.client_id != ClientOrderId::FOREIGN).then_some(Liquidity::Taker);
        let taker_fee = self.settle(taker.account, taker.side, price, lots, taker_role);
        let maker_fee = self.settle(account, side, price, lots, Some(Liquidity::Maker));
        let trade_id = self.trade_id_next;
        self.trade_id_next = TradeId(trade_id.0 + 1);
        self.note_price(price);
        sink.put(&Outcome::Traded(Match {
            trade_id,
            price,
            lots,
            taker_side: taker.side,
            taker: Party { order: taker.name(), left: taker.left, fee_e8: taker_fee },
            maker: Party { order: name, left, fee_e8: maker_fee },
        }));
        if left.is_zero() {
            self.remove(slot);
        }
    }

    /// Books one side of a trade and returns its fee; without a liquidity there is none.
    #[inline]
    fn settle(
        &mut self,
        account: AccountId,
        side: Side,
        price: Price,
        lots: Lots,
        role: Option<Liquidity>,
    ) -> i64 {
        let Some(holding) = self.holdings.get_mut(usize::from(account.0)) else { return 0 };
        let instrument = &self.spec.instrument;
        let value = instrument.value_floor(price, lots);
        self.traded.add(account, value);
        let fee = role.map_or(0, |liquidity| holding.fees.of_value(value, liquidity));
        holding.fees_e8 += i128::from(fee);
        if self.spec.margin.is_some() {
            holding.trade(instrument, side, price, lots, value);
            holding.wallet -= Money::from_e8(fee);
        } else {
            holding.position += lots.signed(side);
        }
        self.fees_e8 += i128::from(fee);
        fee
    }

    /// Keeps an order from trading with one of its own account.
    fn prevent(&mut self, taker: &mut Order, slot: u32, sink: &mut impl Sink) -> Taker {
        match taker.prevention {
            Prevention::None | Prevention::ExpireTaker => Taker::Ends,
            Prevention::ExpireMaker => {
                self.expire(slot, Why::SelfTrade, sink);
                Taker::GoesOn
            }
            Prevention::ExpireBoth => {
                self.expire(slot, Why::SelfTrade, sink);
                Taker::Ends
            }
            Prevention::Decrement => self.decrement(taker, slot, sink),
        }
    }

    /// Makes both smaller by the smaller one; an order of which nothing is left has expired.
    fn decrement(&mut self, taker: &mut Order, slot: u32, sink: &mut impl Sink) -> Taker {
        let mut maker = *self.book.order(slot);
        let lots = taker.left.min(maker.left);
        for order in [&mut *taker, &mut maker] {
            order.left -= lots;
            order.lots -= lots;
        }
        sink.put(&Outcome::Prevented { taker: taker.remainder(), maker: maker.remainder(), lots });
        if maker.left.is_zero() {
            self.remove(slot);
        } else {
            self.book.shrink(slot, maker.lots);
            *self.holding_mut(maker.account).open_mut(maker.side) -= lots;
        }
        Taker::GoesOn
    }
}

/// Halts.
impl Matching {
    /// The prices at which orders of this side may trade now.
    pub(super) fn halt_range(&self, resting: Side) -> RangeInclusive<Price> {
        let Some(halt) = self.spec.halt else { return ALL_PRICES };
        let known =
            if self.window.number == self.window_number() { self.window.reference } else { self.last };
        let Some(reference) = known.or(self.book.best(resting)) else { return ALL_PRICES };
        let far = share_floor(reference, halt.band);
        Price(reference.0.saturating_sub(far))..=Price(reference.0.saturating_add(far))
    }

    /// A trade happened at this price.
    #[inline]
    fn note_price(&mut self, price: Price) {
        if self.spec.halt.is_some() {
            let number = self.window_number();
            if self.window.number != number {
                self.window = super::Window { number, reference: self.last };
            }
            self.window.reference = self.window.reference.or(Some(price));
        }
        self.last = Some(price);
        self.waiting.see(Source::Last, price);
    }

    fn halt(&mut self, sink: &mut impl Sink) {
        if let Some(halt) = self.spec.halt {
            self.phase =
                Phase::Halted(self.now.saturating_add(halt.pause).max(Nanos(self.now.0.saturating_add(1))));
            sink.put(&Outcome::Halted);
        }
    }
}

/// What self-trade prevention means for an arriving order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taker {
    GoesOn,
    Ends,
}
