//! Amendments at the venue; the rules are those of [`Venue`].

use ballast_core::book::Level;
use ballast_core::replace::{AmendKind, PlaceAfter};
use ballast_model::{Lots, NewOrder, RejectReason, Replace};

use super::{BackEnd, Venue};
use crate::account::OpenOrder;

/// What an amendment does that is not refused.
enum Effect {
    /// The order stays where it is, smaller.
    Shrinks,
    /// The order enters again as this, like a new one.
    EntersAgain(NewOrder),
    /// The order is cancelled.
    Cancels,
    /// The order expires.
    Expires,
}

impl<B: BackEnd> Venue<B> {
    pub(super) fn on_replace(&mut self, replace: &Replace) {
        self.account.counters_mut().replaces += 1;
        let listed = self.account.rules(replace.instrument).is_some();
        let resting = if listed { self.back.resting(replace.instrument, replace.client_id) } else { None };
        let Some(order) = resting.filter(|order| order.side == replace.side) else {
            return self.account.refuse_replace(replace, RejectReason::UnknownOrder);
        };
        match self.effect(replace, &order) {
            Err(reason) => self.account.refuse_replace(replace, reason),
            Ok(effect) => self.amend(replace, order, effect),
        }
    }

    fn amend(&mut self, replace: &Replace, mut order: OpenOrder, effect: Effect) {
        let (instrument, client_id) = (order.instrument, order.client_id);
        let (before, filled) = (order, order.filled());
        match effect {
            Effect::Shrinks => {
                (order.lots, order.left) = (replace.lots, replace.lots - filled);
                self.back.shrink(instrument, client_id, order.lots, order.left);
                self.account.replaced(&before, &order);
            }
            Effect::EntersAgain(new) => {
                self.back.remove(instrument, client_id);
                order.price = replace.price;
                (order.lots, order.left) = (replace.lots, replace.lots - filled);
                self.account.replaced(&before, &order);
                self.enter(order, &new);
            }
            Effect::Cancels => {
                self.back.remove(instrument, client_id);
                self.account.cancelled(&order);
            }
            Effect::Expires => {
                self.back.remove(instrument, client_id);
                self.account.expire(&order);
            }
        }
    }

    fn effect(&self, replace: &Replace, order: &OpenOrder) -> Result<Effect, RejectReason> {
        let rules = self.account.amend(order.instrument).ok_or(RejectReason::Other)?;
        let wanted = NewOrder {
            instrument: order.instrument,
            client_id: order.client_id,
            side: order.side,
            price: replace.price,
            lots: replace.lots,
            tif: order.tif,
            reduce_only: order.reduce_only,
            expires_at: replace.expires_at,
        };
        self.filter_level(&wanted)?;
        let (standing, to) = (
            Level { price: order.price, lots: order.lots },
            Level { price: replace.price, lots: replace.lots },
        );
        let place = rules.place_after((standing, order.filled()), to).ok_or(RejectReason::Other)?;
        let requeues = rules.kind == AmendKind::Requeues;
        let left = replace.lots - order.filled();
        if to == standing {
            return Err(RejectReason::Other);
        }
        if left <= Lots::ZERO {
            return if requeues { Ok(Effect::Cancels) } else { Err(RejectReason::Size) };
        }
        if place == PlaceAfter::Kept {
            return Ok(Effect::Shrinks);
        }
        if self.account.fillable(order.instrument, order.side, order.reduce_only).is_zero() {
            return Err(RejectReason::ReduceOnly);
        }
        let again = NewOrder { lots: left, ..wanted };
        if !self.account.affords_instead((order.price, order.left), &again) {
            return Err(RejectReason::Margin);
        }
        match self.admit(&again) {
            Err(RejectReason::WouldTake) if requeues => Ok(Effect::Expires),
            Err(reason) => Err(reason),
            Ok(()) => Ok(Effect::EntersAgain(again)),
        }
    }
}
