//! The gate for amendments: each is judged as the order it makes, by the same rules in the same order.

use ballast_model::{ClientOrderId, Lots, Nanos, NewOrder, Replace, Side};

use super::portfolio::Portfolio;
use super::{Checked, Gate, GateContext, Refusal};
use crate::oms::Order;

impl Gate {
    /// Asks whether an order of ours may be amended. It is judged as a new order of the new price and total size would be
    /// that took the old one's place. Towards the position counts what would remain of the larger of the two sizes, for the
    /// amendment may fail; the order counts as open once.
    ///
    /// An amendment that only makes the order smaller where it stands is the cancel of a part: like a cancel it is never
    /// held back and not charged to the rate.
    ///
    /// # Errors
    /// The first rule that says no.
    pub fn check_replace(
        &mut self,
        replace: Replace,
        order: &Order,
        context: &GateContext,
        now: Nanos,
    ) -> Result<Checked<Replace>, Refusal> {
        self.decide_replace(replace, order, context, None, now)
    }

    /// Asks whether an order may be amended, of the instrument and of its portfolio. The portfolio must have been told all
    /// that works but what the amendment takes over: of the order to amend, what would not remain of the new size. What the
    /// order has traded is in the position and does not count again. What passes works in the portfolio as a new order of what
    /// would remain does; the next telling sets it right.
    ///
    /// # Errors
    /// The first rule that says no.
    pub fn check_replace_in(
        &mut self,
        portfolio: &mut Portfolio,
        replace: Replace,
        order: &Order,
        context: &GateContext,
        now: Nanos,
    ) -> Result<Checked<Replace>, Refusal> {
        self.decide_replace(replace, order, context, Some(portfolio), now)
    }

    fn decide_replace(
        &mut self,
        replace: Replace,
        order: &Order,
        context: &GateContext,
        portfolio: Option<&mut Portfolio>,
        now: Nanos,
    ) -> Result<Checked<Replace>, Refusal> {
        let same_place = replace.instrument == self.instrument && replace.price == order.price;
        if same_place && replace.lots <= order.lots {
            self.passed += 1;
            if let Some(portfolio) = portfolio {
                portfolio.on_message(self.instrument, now);
            }
            return Ok(Checked(replace));
        }
        let left = (replace.lots - order.filled.max(order.reported)).max(Lots::ZERO);
        let last_id = self.last_id;
        let wanted = NewOrder {
            instrument: replace.instrument,
            // The rule on ids is about new ones: the order keeps its own.
            client_id: ClientOrderId(last_id.0.saturating_add(1)),
            side: order.side,
            price: replace.price,
            lots: replace.lots,
            tif: order.tif,
            reduce_only: order.reduce_only,
            expires_at: replace.expires_at,
        };
        // With the whole of the order added again, what remains by the larger size is at work.
        let counted_twice = left.min(order.working()) + (replace.lots - left);
        let context = without(context, order.side, counted_twice);
        let answer = self.decide(wanted, left, &context, portfolio, now);
        self.last_id = last_id;
        answer.map(|_| Checked(replace))
    }
}

/// The context with one open order less, and this much less at work.
fn without(context: &GateContext, side: Side, lots: Lots) -> GateContext {
    let open_orders = context.open_orders.saturating_sub(1);
    match side {
        Side::Bid => GateContext { working_bid: context.working_bid - lots, open_orders, ..*context },
        Side::Ask => GateContext { working_ask: context.working_ask - lots, open_orders, ..*context },
    }
}

#[cfg(test)]
mod tests;
