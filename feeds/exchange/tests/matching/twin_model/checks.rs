//! What the twin lets in.

use std::collections::BTreeSet;

use ballast_exchange::matching::{AccountId, Placement, Prevention, Pricing, Reject, Source, Trigger, When};
use ballast_model::{Contract, Money, ReduceOnly, Side, TimeInForce};

use super::{Standing, Twin, WHOLE, Waiter};

impl Twin {
    fn price_in_range(&self, price: i64) -> Result<(), Reject> {
        let instrument = self.spec.instrument;
        if price > instrument.price_max.0 {
            return Err(Reject::PriceMax);
        }
        if price < instrument.price_min.0 { Err(Reject::PriceMin) } else { Ok(()) }
    }

    pub(super) fn price_and_size(
        &self,
        side: Side,
        price: i64,
        lots: i64,
        (unbounded, worthless): (bool, bool),
    ) -> Result<(), Reject> {
        let instrument = self.spec.instrument;
        if !unbounded {
            self.price_in_range(price)?;
            if let (Some(band), Some(reference)) = (self.spec.band, self.mark.or(self.last)) {
                let share = i128::from(price) * WHOLE;
                let too_high = side == Side::Bid && share > i128::from(reference) * i128::from(band.up.0);
                let too_low = side == Side::Ask && share < i128::from(reference) * i128::from(band.down.0);
                if too_high || too_low {
                    return Err(Reject::Band(side));
                }
            }
        }
        if !(instrument.size_min.0..=instrument.size_max.0).contains(&lots) {
            return Err(if lots > instrument.size_max.0 { Reject::SizeMax } else { Reject::SizeMin });
        }
        // Linear: a tick of 0.01 and a lot of 0.001, 10⁻⁵ of the quote currency; inverse: 100 a contract.
        let value = match instrument.contract {
            Contract::Linear => i128::from(price) * i128::from(lots) * 10i128.pow(13),
            Contract::Inverse => i128::from(lots) * 100 * Money::ONE.0,
        };
        if !worthless && value < instrument.notional_min.0 { Err(Reject::NotionalMin) } else { Ok(()) }
    }

    pub(super) fn admit(&self, new: &Placement) -> Result<i64, Reject> {
        let (order, account) = (&new.order, new.account);
        let (side, lots) = (order.side, order.lots.0);
        let market = new.pricing == Pricing::Market;
        let rests = !matches!(order.tif, TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill);
        let reduces = order.reduce_only == ReduceOnly::Yes;
        if !self.positions.contains_key(&account) {
            return Err(Reject::UnknownAccount);
        }
        let display = new.display.0;
        if (display != 0 && (!rests || display < 0 || display >= lots)) || (market && rests) {
            return Err(Reject::Contradiction);
        }
        let mut price = order.price.0;
        if market && new.trigger.is_none() {
            price = self.protection(side)?;
        }
        if new.trigger.is_some() && !market {
            self.price_in_range(price)?;
        }
        // Of an order that waits the band is looked at later, and the value of a market order never.
        let late = new.trigger.is_some();
        self.price_and_size(side, price, lots, (market || late, market && late || reduces))?;
        if order.tif.good_till().is_some_and(|end| end.0 <= self.now) {
            return Err(Reject::EndTime);
        }
        let waits =
            |waiter: &Waiter| waiter.name.account == account && waiter.name.client_id == order.client_id;
        if self.at(account, order.client_id).is_some() || self.waiters().any(waits) {
            return Err(Reject::DuplicateId);
        }
        let own = self.standing.iter().filter(|order| order.name.account == account).count()
            + self.waiters().filter(|waiter| waiter.name.account == account).count();
        if (rests || new.trigger.is_some()) && own >= self.spec.limits.orders_per_account as usize {
            return Err(Reject::OrdersMax);
        }
        match new.trigger {
            Some(trigger) => self.check_trigger(side, trigger)?,
            None => self.check_entry(new, price)?,
        }
        Ok(price)
    }

    fn check_trigger(&self, side: Side, trigger: Trigger) -> Result<(), Reject> {
        if self.waiters().count() >= self.spec.limits.waiting as usize {
            return Err(Reject::VenueFull);
        }
        let range = self.spec.instrument.price_min..=self.spec.instrument.price_max;
        let known = if trigger.source == Source::Mark { self.mark } else { self.last };
        let (good, there) = match trigger.when {
            When::Stop(at) => (range.contains(&at), known.is_some_and(|now| (now - at.0) * side.sign() >= 0)),
            When::TakeProfit(at) => {
                (range.contains(&at), known.is_some_and(|now| (at.0 - now) * side.sign() >= 0))
            }
            When::Trails { activation, callback } => {
                let share = callback.0 > 0 && i128::from(callback.0) < WHOLE;
                (share && activation.is_none_or(|at| range.contains(&at)), false)
            }
        };
        if !good {
            Err(Reject::Trigger)
        } else if there {
            Err(Reject::TriggersAtOnce)
        } else {
            Ok(())
        }
    }

    /// What a market order may pay.
    pub(super) fn protection(&self, side: Side) -> Result<i64, Reject> {
        let best = self.standing[self.best_against(side).ok_or(Reject::NothingToTake)?].price;
        let far = i128::from(best) * i128::from(self.spec.market_protection.0) / WHOLE;
        Ok((best + side.sign() * i64::try_from(far).unwrap())
            .clamp(self.spec.instrument.price_min.0, self.spec.instrument.price_max.0))
    }

    pub(super) fn check_entry(&self, new: &Placement, price: i64) -> Result<(), Reject> {
        let (side, tif) = (new.order.side, new.order.tif);
        let rests = !matches!(tif, TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill);
        let (reduces, whole) = (new.order.reduce_only == ReduceOnly::Yes, tif == TimeInForce::FillOrKill);
        if rests && self.standing.len() >= self.spec.limits.orders as usize {
            return Err(Reject::VenueFull);
        }
        self.check_position(new.account, (side, price), new.order.lots.0, reduces, whole)?;
        if rests {
            return self.check_rest(side, price, tif);
        }
        if self.halted_until.is_some() {
            Err(Reject::Halted)
        } else if whole && !self.fills(new, price) || !self.would_take(side, price) {
            Err(Reject::NothingToTake)
        } else {
            Ok(())
        }
    }

    pub(super) fn check_position(
        &self,
        account: AccountId,
        (side, price): (Side, i64),
        more: i64,
        reduces: bool,
        whole: bool,
    ) -> Result<(), Reject> {
        let closable = self.closable(account, side);
        if reduces {
            let refused = closable == 0 || (whole && more > closable);
            return if refused { Err(Reject::ReduceOnly) } else { Ok(()) };
        }
        let own = |order: &&Standing| order.name.account == account && order.side == side;
        let open: i64 = self.standing.iter().filter(own).map(|order| order.left).sum();
        let most = self.position(account) * side.sign() + open + more;
        if most > self.spec.limits.position.0 {
            return Err(Reject::PositionMax);
        }
        let needs = self.initial_margin(self.mark.unwrap_or(price), most);
        if needs > 0 && self.equity(account) < needs { Err(Reject::Margin) } else { Ok(()) }
    }

    pub(super) fn check_rest(&self, side: Side, price: i64, tif: TimeInForce) -> Result<(), Reject> {
        let here = self.standing.iter().filter(|order| order.side == side);
        let pages: BTreeSet<i64> = here.map(|order| order.price / 64).collect();
        if !pages.contains(&(price / 64)) && pages.len() >= self.spec.limits.pages as usize {
            return Err(Reject::LevelsFull);
        }
        if self.would_take(side, price) {
            if tif == TimeInForce::PostOnly {
                return Err(Reject::WouldTake);
            }
            if self.halted_until.is_some() {
                return Err(Reject::Halted);
            }
        }
        Ok(())
    }

    fn fills(&self, new: &Placement, price: i64) -> bool {
        let side = new.order.side;
        let against: Vec<_> = self.sorted().into_iter().filter(|order| order.side != side).collect();
        let Some(first) = against.first() else { return false };
        let (low, high) = self.halt_bounds(first.price);
        let mut found = 0;
        for order in against {
            if (price - order.price) * side.sign() < 0 || order.price < low || order.price > high {
                break;
            }
            if order.name.account == new.account && new.prevention == Prevention::ExpireMaker {
                continue;
            }
            if order.name.account == new.account && new.prevention != Prevention::None {
                break;
            }
            found += if order.reduces { 0 } else { order.left };
        }
        found >= new.order.lots.0
    }
}
