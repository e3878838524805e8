//! The twin's waiting orders.

use ballast_exchange::matching::{OrderRef, Outcome, Placement, Pricing, Reject, Source, Trigger, When, Why};
use ballast_model::{ClientOrderId, Lots, Side};

use super::{Twin, WHOLE, Waiter};
use ballast_exchange::matching::AccountId;

impl Twin {
    pub(super) fn waiters(&self) -> impl Iterator<Item = &Waiter> {
        self.waiting.iter().chain(&self.fired)
    }

    pub(super) fn wait(&mut self, name: OrderRef, new: &Placement, trigger: Trigger) {
        let mut waiter = Waiter { name, new: *new, trigger, trailed: None };
        let known = if trigger.source == Source::Mark { self.mark } else { self.last };
        if let Some(price) = known {
            assert!(!comes(&mut waiter, price), "it would have been refused");
        }
        self.waiting.push(waiter);
    }

    /// Takes an order out, wherever it is; its name and what was left of it.
    pub(super) fn take_out(&mut self, account: AccountId, id: ClientOrderId) -> Option<(OrderRef, Lots)> {
        if let Some(at) = self.at(account, id) {
            let order = self.standing.remove(at);
            return Some((order.name, Lots(order.left)));
        }
        for list in [&mut self.waiting, &mut self.fired] {
            let same = |waiter: &Waiter| waiter.name.account == account && waiter.name.client_id == id;
            if let Some(at) = list.iter().position(same) {
                let waiter = list.remove(at);
                return Some((waiter.name, waiter.new.order.lots));
            }
        }
        None
    }

    pub(super) fn see(&mut self, source: Source, price: i64) {
        let mut waiting = Vec::new();
        for mut waiter in std::mem::take(&mut self.waiting) {
            if waiter.trigger.source == source && comes(&mut waiter, price) {
                self.fired.push(waiter);
            } else {
                waiting.push(waiter);
            }
        }
        self.waiting = waiting;
    }

    pub(super) fn fire(&mut self) {
        while self.halted_until.is_none() && !self.fired.is_empty() {
            let Waiter { name, new, .. } = self.fired.remove(0);
            self.told.push(Outcome::Triggered(name));
            match self.let_in(&new) {
                Ok(price) => self.come(name, &new, price),
                Err(why) => self.told.push(Outcome::Expired(name, new.order.lots, Why::Refused(why))),
            }
        }
    }

    fn let_in(&self, new: &Placement) -> Result<i64, Reject> {
        let order = &new.order;
        let price = match new.pricing {
            Pricing::Market => self.protection(order.side)?,
            Pricing::Limit => {
                self.price_and_size(order.side, order.price.0, order.lots.0, (false, true))?;
                order.price.0
            }
        };
        self.check_entry(new, price).map(|()| price)
    }
}

/// Whether the price an order waits for has come with this one.
fn comes(waiter: &mut Waiter, price: i64) -> bool {
    let bid = waiter.new.order.side == Side::Bid;
    match waiter.trigger.when {
        When::Stop(at) => {
            if bid {
                price >= at.0
            } else {
                price <= at.0
            }
        }
        When::TakeProfit(at) => {
            if bid {
                price <= at.0
            } else {
                price >= at.0
            }
        }
        When::Trails { activation, callback } => {
            waiter.trailed = match waiter.trailed {
                None if activation.is_some_and(|at| if bid { price > at.0 } else { price < at.0 }) => None,
                None => Some(price),
                Some(best) => Some(if bid { best.min(price) } else { best.max(price) }),
            };
            waiter.trailed.is_some_and(|best| {
                let (best, price) = (i128::from(best), i128::from(price) * WHOLE);
                let callback = i128::from(callback.0);
                if bid { price >= best * (WHOLE + callback) } else { price <= best * (WHOLE - callback) }
            })
        }
    }
}
