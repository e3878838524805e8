//! Amendments.
//!
//! Never here: the rules themselves, which are [`ReplaceRules`](ballast_core::replace::ReplaceRules).

use ballast_core::book::Level;
use ballast_core::replace::{AmendKind, PlaceAfter, PreventionAfter};
use ballast_model::{Lots, Nanos, NewOrder};

use super::Matching;
use super::book::Order;
use super::outbox::Sink;
use super::words::{Amendment, Outcome, Prevention, Reject, Why};

/// What an amendment does that is not refused.
enum Effect {
    /// The order stays where it is, smaller.
    Shrinks,
    /// The order enters again like a new one.
    EntersAgain,
    /// The order is cancelled.
    Cancels,
    /// The order expires.
    Expires,
}

impl Matching {
    /// A resting order is to be amended. It is refused for the first of these: no such order; one that waits; price, band, size and least
    /// value of the new total; the venue's rules do not allow it; amended too often; nothing changes; a total that has
    /// traded already ([`Reject::SizeMin`]); and where the order loses its place: no room for its level, post-only, halt,
    /// reduce-only, position.
    ///
    /// Where every amendment is queued again ([`AmendKind::Requeues`], Binance USD-M) a total that has traded already
    /// cancels the order and one that would take expires a post-only order instead. An order that loses its place may trade,
    /// and what remains rests behind everything at its price.
    pub fn amend(&mut self, amendment: &Amendment, sink: &mut impl Sink) {
        let found = self.book.find(amendment.account, amendment.client_id);
        let waits = self.waiting.find(amendment.account, amendment.client_id).is_some();
        let none = if waits { Reject::NotAmendable } else { Reject::UnknownOrder };
        let effect = found.ok_or(none).and_then(|slot| {
            let effect = self.effect(amendment, self.book.order(slot))?;
            Ok((slot, effect))
        });
        match effect {
            Err(why) => {
                sink.put(&Outcome::ReplaceRejected(amendment.account, amendment.client_id, why));
            }
            Ok((slot, Effect::Shrinks)) => self.shrink(slot, amendment, sink),
            Ok((slot, Effect::EntersAgain)) => self.enter_again(slot, amendment, sink),
            Ok((slot, Effect::Cancels)) => {
                let order = self.remove(slot);
                sink.put(&Outcome::Cancelled(order.name(), order.left));
            }
            Ok((slot, Effect::Expires)) => self.expire(slot, Why::WouldTake, sink),
        }
    }

    fn shrink(&mut self, slot: u32, amendment: &Amendment, sink: &mut impl Sink) {
        let before = *self.book.order(slot);
        self.book.shrink(slot, amendment.lots);
        let order = self.amended(slot);
        *self.holding_mut(order.account).open_mut(order.side) -= before.left - order.left;
        sink.put(&replaced(&order));
    }

    fn enter_again(&mut self, slot: u32, amendment: &Amendment, sink: &mut impl Sink) {
        self.amended(slot);
        let mut order = self.remove(slot);
        order.left = amendment.lots - order.filled();
        (order.price, order.lots) = (amendment.price, amendment.lots);
        sink.put(&replaced(&order));
        self.enter(&mut order, sink);
        self.fire(sink);
    }

    /// Notes that an order was amended and returns it.
    fn amended(&mut self, slot: u32) -> Order {
        let resets = self.spec.amend.prevention == PreventionAfter::Reset;
        let order = self.book.order_mut(slot);
        order.amendments += 1;
        if resets {
            order.prevention = Prevention::None;
        }
        *order
    }

    fn effect(&self, amendment: &Amendment, order: &Order) -> Result<Effect, Reject> {
        let rules = &self.spec.amend;
        self.filter_price(order.side, amendment.price)?;
        self.filter_size(amendment.lots)?;
        self.filter_value(amendment.price, amendment.lots, order.reduce_only)?;
        let standing = Level { price: order.price, lots: order.lots };
        let to = Level { price: amendment.price, lots: amendment.lots };
        let place = rules.place_after((standing, order.filled()), to).ok_or(Reject::NotAmendable)?;
        if rules.amendments_max > 0 && order.amendments >= rules.amendments_max {
            return Err(Reject::AmendmentsMax);
        }
        if to == standing {
            return Err(Reject::Unchanged);
        }
        let requeues = rules.kind == AmendKind::Requeues;
        let left = amendment.lots - order.filled();
        if left <= Lots::ZERO {
            return if requeues { Ok(Effect::Cancels) } else { Err(Reject::SizeMin) };
        }
        if place == PlaceAfter::Kept {
            return Ok(Effect::Shrinks);
        }
        match self.filter_resting(order.side, amendment.price, order.tif) {
            Err(Reject::WouldTake) if requeues => return Ok(Effect::Expires),
            other => other?,
        }
        // What it has open already is not added again.
        let added = NewOrder {
            instrument: ballast_model::InstrumentId(0),
            client_id: order.client_id,
            side: order.side,
            price: amendment.price,
            lots: left - order.left,
            tif: order.tif,
            reduce_only: order.reduce_only,
            expires_at: Nanos::MAX,
        };
        self.filter_position(order.account, &added).map(|()| Effect::EntersAgain)
    }
}

fn replaced(order: &Order) -> Outcome {
    let (price, lots, filled) = (order.price, order.lots, order.filled());
    Outcome::Replaced { order: order.name(), price, lots, filled }
}
