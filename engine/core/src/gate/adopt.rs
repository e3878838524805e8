//! Other limits in the place of those in force, and what of that which stands they forbid.
//!
//! Halts, counts and allowances go on: a change fills no bucket and opens nothing.
//!
//! Never here: a cancel.

use ballast_model::{HalfTicks, Lots, Nanos, Price, Side};

use super::{Gate, GateContext};

/// An order that stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stands {
    pub(crate) side: Side,
    pub(crate) price: Price,
    /// What may still trade of it.
    pub(crate) working: Lots,
}

impl Gate {
    /// Takes over limits from a gate that was built for them: which controls there are is the same.
    pub(crate) fn adopt(&mut self, next: &Self, now: Nanos) {
        self.limits = next.limits;
        self.bucket.adopt(&next.bucket, now);
        let watches = self.watch.as_mut().zip(next.watch.as_ref());
        let losses = watches.and_then(|(watch, next)| watch.loss.as_mut().zip(next.loss.as_ref()));
        if let Some((loss, next)) = losses {
            loss.adopt(next);
        }
    }

    /// Whether an order that stands would be refused by its own size, value or price.
    pub(crate) fn forbids(&self, order: &Stands, reference: Option<HalfTicks>) -> bool {
        let Stands { side, price, working } = *order;
        let limits = &self.limits;
        working > limits.order_lots_max
            || self.spec.notional(price, working) > limits.order_notional_max
            || reference.is_some_and(|reference| self.ask_collar(side, price, reference).is_err())
    }

    /// Whether what works on a side may lead to a position beyond the limit.
    pub(crate) fn forbids_side(&self, side: Side, context: &GateContext) -> bool {
        context.position_worst(side, Lots::ZERO).signed(side) > self.limits.position_lots_max
    }
}
