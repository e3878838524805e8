//! Which new orders are let in.
//!
//! Never here: a change of state.

use ballast_model::{ClientOrderId, Lots, Money, NewOrder, Price, Rate, ReduceOnly, Side, TimeInForce};

use super::words::{AccountId, Placement, Prevention, Pricing, Reject, Trigger, When};
use super::{Matching, Phase};

impl Matching {
    /// Decides about a new order and returns its limit price: its own, or the protection of a market order; of a market order
    /// that waits, none yet.
    pub(super) fn admit(&self, placement: &Placement) -> Result<Price, Reject> {
        let new = &placement.order;
        let Some(holding) = self.holding(placement.account) else { return Err(Reject::UnknownAccount) };
        let icebergs = Lots::ZERO < placement.display && placement.display < new.lots && new.tif.may_rest();
        let market = placement.pricing == Pricing::Market;
        let foreign = new.client_id == ClientOrderId::FOREIGN;
        if foreign || (!icebergs && !placement.display.is_zero()) || (market && new.tif.may_rest()) {
            return Err(Reject::Contradiction);
        }
        let price = match (placement.pricing, placement.trigger) {
            (Pricing::Market, None) => self.protection(new.side)?,
            (Pricing::Market, Some(_)) => Price::default(),
            (Pricing::Limit, None) => self.filter_price(new.side, new.price).map(|()| new.price)?,
            (Pricing::Limit, Some(_)) => self.filter_range(new.price).map(|()| new.price)?,
        };
        self.filter_size(new.lots)?;
        if price > Price::default() {
            self.filter_value(price, new.lots, new.reduce_only)?;
        }
        if new.tif.good_till().is_some_and(|end| end <= self.now) {
            return Err(Reject::EndTime);
        }
        if self.is_open(placement.account, new.client_id) {
            return Err(Reject::DuplicateId);
        }
        let waits = placement.trigger.is_some();
        if (waits || new.tif.may_rest()) && holding.orders >= self.spec.limits.orders_per_account {
            return Err(Reject::OrdersMax);
        }
        if let Some(trigger) = placement.trigger {
            return self.filter_trigger(new.side, trigger).map(|()| price);
        }
        self.filter_entry(placement, price).map(|()| price)
    }

    /// Decides about an order whose price has come, as about a new one.
    pub(super) fn admit_fired(&self, placement: &Placement) -> Result<Price, Reject> {
        let new = &placement.order;
        let price = match placement.pricing {
            Pricing::Market => self.protection(new.side)?,
            Pricing::Limit => self.filter_price(new.side, new.price).map(|()| new.price)?,
        };
        self.filter_entry(placement, price).map(|()| price)
    }

    fn is_open(&self, account: AccountId, client_id: ClientOrderId) -> bool {
        self.book.find(account, client_id).is_some() || self.waiting.find(account, client_id).is_some()
    }

    /// What an order waits for.
    fn filter_trigger(&self, side: Side, trigger: Trigger) -> Result<(), Reject> {
        if self.waiting.is_full() {
            return Err(Reject::VenueFull);
        }
        let price = match trigger.when {
            When::Stop(at) | When::TakeProfit(at) => Some(at),
            When::Trails { activation, callback } => {
                if callback <= Rate(0) || callback >= Rate::ONE {
                    return Err(Reject::Trigger);
                }
                activation
            }
        };
        if price.is_some_and(|price| self.filter_range(price).is_err()) {
            return Err(Reject::Trigger);
        }
        let now = self.price_of(trigger.source);
        if now.is_some_and(|now| trigger.fires(side, None, now)) {
            return Err(Reject::TriggersAtOnce);
        }
        Ok(())
    }

    /// The room, the position and what an order would meet on arrival.
    fn filter_entry(&self, placement: &Placement, price: Price) -> Result<(), Reject> {
        if placement.order.tif.may_rest() && self.book.is_full() {
            return Err(Reject::VenueFull);
        }
        self.filter_position(placement.account, &NewOrder { price, ..placement.order })?;
        self.filter_arrival(placement, price)
    }

    /// The worst price a market order trades at: the best opposite one, worse by the protection.
    pub(super) fn protection(&self, side: Side) -> Result<Price, Reject> {
        let best = self.book.best(side.opposite()).ok_or(Reject::NothingToTake)?;
        let instrument = &self.spec.instrument;
        let distance = share_floor(best, self.spec.market_protection);
        let price = Price(best.0.saturating_add(side.sign() * distance));
        Ok(price.clamp(instrument.price_min, instrument.price_max))
    }

    /// Range and band of a limit price.
    pub(super) fn filter_price(&self, side: Side, price: Price) -> Result<(), Reject> {
        self.filter_range(price)?;
        let (Some(band), Some(reference)) = (self.spec.band, self.mark.or(self.last)) else { return Ok(()) };
        // Compared in 10⁻⁸ of a tick, so that nothing is rounded.
        let at = i128::from(price.0) * i128::from(Rate::ONE.0);
        let bound = |rate: Rate| i128::from(reference.0) * i128::from(rate.0);
        let outside = match side {
            Side::Bid => at > bound(band.up),
            Side::Ask => at < bound(band.down),
        };
        if outside { Err(Reject::Band(side)) } else { Ok(()) }
    }

    fn filter_range(&self, price: Price) -> Result<(), Reject> {
        let instrument = &self.spec.instrument;
        if price < instrument.price_min {
            return Err(Reject::PriceMin);
        }
        if price > instrument.price_max { Err(Reject::PriceMax) } else { Ok(()) }
    }

    /// Range of a size.
    pub(super) fn filter_size(&self, lots: Lots) -> Result<(), Reject> {
        let instrument = &self.spec.instrument;
        if lots < instrument.size_min {
            return Err(Reject::SizeMin);
        }
        if lots > instrument.size_max { Err(Reject::SizeMax) } else { Ok(()) }
    }

    /// Least value of an order.
    pub(super) fn filter_value(&self, price: Price, lots: Lots, reduce: ReduceOnly) -> Result<(), Reject> {
        let instrument = &self.spec.instrument;
        let small = reduce == ReduceOnly::No && instrument.notional(price, lots) < instrument.notional_min;
        if small { Err(Reject::NotionalMin) } else { Ok(()) }
    }

    /// What the position allows an order that would add these lots.
    pub(super) fn filter_position(&self, account: AccountId, new: &NewOrder) -> Result<(), Reject> {
        let Some(holding) = self.holding(account) else { return Err(Reject::UnknownAccount) };
        if new.reduce_only == ReduceOnly::Yes {
            let closes = self.closable(account, new.side);
            let cut = new.tif == TimeInForce::FillOrKill && new.lots > closes;
            return if closes.is_zero() || cut { Err(Reject::ReduceOnly) } else { Ok(()) };
        }
        let open = holding.open(new.side);
        let reached = holding.position.signed(new.side).0.saturating_add(open.0).saturating_add(new.lots.0);
        if reached > self.spec.limits.position.0 {
            return Err(Reject::PositionMax);
        }
        let reference = self.mark.unwrap_or(new.price);
        let need = self.initial_margin(reference, Lots(reached));
        if need > Money::ZERO && self.equity(account) < need { Err(Reject::Margin) } else { Ok(()) }
    }

    /// What an arriving order would meet, and whether there is a level for it to rest on.
    fn filter_arrival(&self, placement: &Placement, price: Price) -> Result<(), Reject> {
        let new = &placement.order;
        if new.tif.may_rest() {
            return self.filter_resting(new.side, price, new.tif);
        }
        if self.phase != Phase::Open {
            return Err(Reject::Halted);
        }
        let enough = if new.tif == TimeInForce::FillOrKill {
            self.fills_whole(placement, price)
        } else {
            self.reached(new.side, price)
        };
        if enough { Ok(()) } else { Err(Reject::NothingToTake) }
    }

    /// Whether an order that may rest may enter at this price.
    pub(super) fn filter_resting(&self, side: Side, price: Price, tif: TimeInForce) -> Result<(), Reject> {
        if !self.book.has_level(side, price) {
            return Err(Reject::LevelsFull);
        }
        let takes = self.reached(side, price);
        if takes && tif == TimeInForce::PostOnly {
            Err(Reject::WouldTake)
        } else if takes && self.phase != Phase::Open {
            Err(Reject::Halted)
        } else {
            Ok(())
        }
    }

    /// Whether an order of this side and price would take.
    #[inline]
    pub(super) fn reached(&self, side: Side, price: Price) -> bool {
        self.book.best(side.opposite()).is_some_and(|best| side.reaches(price, best))
    }

    /// Whether a fill-or-kill order fills as a whole: reduce-only orders that rest may be cut and are not counted, and one of
    /// its own account ends the search, unless its mode lets it trade with that or pass it.
    fn fills_whole(&self, placement: &Placement, price: Price) -> bool {
        let new = &placement.order;
        let against = new.side.opposite();
        let allowed = self.halt_range(against);
        let mut missing = new.lots;
        for (_, maker) in self.book.queue(against) {
            if !new.side.reaches(price, maker.price) || !allowed.contains(&maker.price) {
                return false;
            }
            let own = maker.account == placement.account;
            match if own { placement.prevention } else { Prevention::None } {
                Prevention::ExpireTaker | Prevention::ExpireBoth | Prevention::Decrement => return false,
                Prevention::ExpireMaker => continue,
                Prevention::None if maker.reduce_only == ReduceOnly::Yes => continue,
                Prevention::None => {}
            }
            missing = Lots((missing.0 - maker.left.0).max(0));
            if missing.is_zero() {
                return true;
            }
        }
        false
    }

    /// Most an order that only reduces may trade.
    #[inline]
    pub(super) fn closable(&self, account: AccountId, side: Side) -> Lots {
        self.holding(account).map_or(Lots::ZERO, |holding| (-holding.position.signed(side)).max(Lots::ZERO))
    }
}

/// A share of a price, in ticks, rounded down.
pub(super) fn share_floor(price: Price, share: Rate) -> i64 {
    let ticks = i128::from(price.0) * i128::from(share.0) / i128::from(Rate::ONE.0);
    i64::try_from(ticks).unwrap_or(i64::MAX)
}
