//! Lanes that wait for money: an order was refused because what pays for it was held or spent, and it comes free with news of
//! another instrument's orders, or of a balance.
//!
//! A lane remembers the least that any of its refused orders needed on each side, and is asked again as soon as that is there.
//!
//! Never here: a verdict on an order.

use ballast_model::{Digest, Money, Nanos};

use super::orders::OrderDesk;
use super::{Shard, ids};
use crate::gate::portfolio::Funds;
use crate::gate::{Refusal, Rule};
use crate::outbox::Outbox;

/// What the orders of an instrument were refused for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanting {
    /// Lots of base that an ask needed.
    base: Option<i128>,
    /// Quote currency that a bid needed, without its fee.
    quote: Option<i128>,
}

impl Wanting {
    /// Takes a refusal; tells whether it was one for want of money.
    pub(super) fn on_refused(&mut self, refusal: &Refusal) -> bool {
        let needed = if refusal.rule == Rule::FreeBase {
            &mut self.base
        } else if refusal.rule == Rule::FreeQuote {
            &mut self.quote
        } else {
            return false;
        };
        *needed = Some(needed.map_or(refusal.found, |least| least.min(refusal.found)));
        true
    }

    const fn is_none(&self) -> bool {
        self.base.is_none() && self.quote.is_none()
    }

    /// Whether one of the orders could be paid now.
    fn is_met(&self, funds: &Funds) -> bool {
        self.base.is_some_and(|needed| i128::from(funds.base.0) >= needed)
            || self.quote.is_some_and(|needed| funds.quote >= Money(needed))
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        for needed in [self.base, self.quote].into_iter().flatten() {
            digest.bytes(&needed.to_le_bytes());
        }
    }
}

impl Shard {
    /// After news that may have freed balances: lets each lane quote anew that waits for what is there now. One pass: what a
    /// lane sends frees nothing.
    pub(super) fn wake_wanting(&mut self, now: Nanos, out: &mut Outbox) {
        let purse = self.risk.as_mut().and_then(|risk| risk.purse.as_mut());
        if !purse.is_some_and(|purse| core::mem::take(&mut purse.wanted)) {
            return;
        }
        let mut wanted = false;
        for id in ids(self.lanes.len()) {
            self.tell(id, now, out, |lane, turn| {
                let purse = turn.risk.as_deref().and_then(|risk| risk.purse.as_ref());
                let funds = purse.and_then(|purse| purse.funds(id));
                funds.is_some_and(|funds| lane.orders.wanting.is_met(&funds)) && lane.wants_own(turn.now)
            });
            wanted |= self.lane(id).orders.is_wanting();
        }
        if let Some(purse) = self.risk.as_mut().and_then(|risk| risk.purse.as_mut()) {
            purse.wanted |= wanted;
        }
    }
}

impl OrderDesk {
    /// Whether an order waits for money.
    const fn is_wanting(&self) -> bool {
        !self.wanting.is_none()
    }
}
