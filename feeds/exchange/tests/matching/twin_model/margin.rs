//! The twin's money: collateral, funding, liquidation, auto-deleveraging and fee tiers of a perpetual.

use ballast_exchange::FeeSchedule;
use ballast_exchange::matching::{
    AccountId, Deleverage, MatchingSpec, OrderRef, Outcome, Prevention, Reject,
};
use ballast_model::{
    ClientOrderId, Contract, Liquidity, Lots, Money, Price, Rate, Side, TimeInForce, TradeId, VenueOrderId,
};

use super::{Standing, Twin, WHOLE};

/// Linear: money of one tick and lot, a tick of 0.01 and a lot of 0.001.
const UNIT: i128 = 10_000_000_000_000;
/// Inverse: coins of one contract of 100 at one tick of 0.01.
const COINS: i128 = 10_000 * Money::ONE.0;
/// Days whose trading counts.
const DAYS: u32 = 30;

/// What an account has beside its position.
#[derive(Clone, Debug)]
pub(super) struct Purse {
    wallet: i128,
    /// Value at which the position was entered.
    entry: i128,
    fees: FeeSchedule,
    /// Everything traded, by the day.
    traded: Vec<(u32, i128)>,
}

impl Purse {
    pub(super) const fn new(spec: &MatchingSpec) -> Self {
        Self { wallet: 0, entry: 0, fees: spec.fees, traded: Vec::new() }
    }
}

/// Of an amount not below zero, rounded down.
const fn share(amount: i128, rate: Rate) -> i128 {
    amount * rate.0 as i128 / WHOLE
}

const fn ceil(amount: i128, by: i128) -> i128 {
    amount.div_euclid(by) + (amount.rem_euclid(by) != 0) as i128
}

impl Twin {
    const fn is_linear(&self) -> bool {
        matches!(self.spec.instrument.contract, Contract::Linear)
    }

    fn value(&self, price: i64, lots: i64) -> i128 {
        let (price, lots) = (i128::from(price), i128::from(lots));
        if self.is_linear() { price * lots * UNIT } else { lots * COINS / price }
    }

    /// Which way a position gains as its value rises: a long one in linear contracts, a short one in inverse ones.
    fn gains(&self, position: i64) -> i128 {
        i128::from(if self.is_linear() { position.signum() } else { -position.signum() })
    }

    fn purse(&self, account: AccountId) -> &Purse {
        &self.purses[usize::from(account.0)]
    }

    fn purse_mut(&mut self, account: AccountId) -> &mut Purse {
        &mut self.purses[usize::from(account.0)]
    }

    pub(crate) fn wallet(&self, account: AccountId) -> i128 {
        self.purse(account).wallet
    }

    pub(crate) fn fees(&self, account: AccountId) -> FeeSchedule {
        self.purse(account).fees
    }

    pub(crate) const fn insurance(&self) -> i128 {
        self.insurance
    }

    pub(crate) fn equity(&self, account: AccountId) -> i128 {
        let open = self.mark.map_or(0, |mark| self.unrealised(account, mark));
        self.purse(account).wallet + open
    }

    fn unrealised(&self, account: AccountId, mark: i64) -> i128 {
        let position = self.position(account);
        (self.value(mark, position.abs()) - self.purse(account).entry) * self.gains(position)
    }

    pub(super) fn initial_margin(&self, price: i64, lots: i64) -> i128 {
        self.spec.margin.map_or(0, |rules| share(self.value(price, lots.max(0)), rules.initial))
    }

    pub(crate) fn endow(&mut self, amount: i128) {
        self.insurance += amount;
    }

    pub(crate) fn transfer(&mut self, account: AccountId, amount: i128) -> Result<(), Reject> {
        if !self.positions.contains_key(&account) {
            return Err(Reject::UnknownAccount);
        }
        if amount < 0 {
            let price = self.mark.or(self.last).unwrap_or(self.spec.instrument.price_max.0);
            for side in Side::BOTH {
                let own = |order: &&Standing| order.name.account == account && order.side == side;
                let open: i64 = self.standing.iter().filter(own).map(|order| order.left).sum();
                let needs = self.initial_margin(price, self.position(account) * side.sign() + open);
                if self.equity(account) + amount < needs || self.purse(account).wallet + amount < 0 {
                    return Err(Reject::Margin);
                }
            }
        }
        self.purse_mut(account).wallet += amount;
        Ok(())
    }

    /// Books one side of a trade; the venue's own order pays no fee.
    pub(super) fn settle(
        &mut self,
        order: &OrderRef,
        side: Side,
        (price, lots): (i64, i64),
        role: Liquidity,
    ) -> i64 {
        let rates = self.purse(order.account).fees;
        let rate = if role == Liquidity::Maker { rates.maker } else { rates.taker };
        let forced = order.client_id == ClientOrderId::FOREIGN;
        let (day, value) = (self.days, self.value(price, lots));
        let fee = if forced { 0 } else { ceil(value * i128::from(rate.0), 10i128.pow(18)) };
        self.purse_mut(order.account).traded.push((day, value));
        self.book(order.account, side, price, lots);
        if self.spec.margin.is_some() {
            self.purse_mut(order.account).wallet -= fee * 10i128.pow(10);
        }
        i64::try_from(fee).unwrap()
    }

    fn book(&mut self, account: AccountId, side: Side, price: i64, lots: i64) {
        let held = self.position(account);
        *self.positions.get_mut(&account).unwrap() += lots * side.sign();
        if self.spec.margin.is_none() {
            return;
        }
        let closes = if held.signum() == -side.sign() { lots.min(held.abs()) } else { 0 };
        let (value, gains) = (self.value(price, lots), self.gains(held));
        // A trade moves its value as a whole: what does not close opens.
        let closing = if closes == lots { value } else { self.value(price, closes) };
        let purse = self.purse_mut(account);
        if closes > 0 {
            let released = purse.entry * i128::from(closes) / i128::from(held.abs());
            purse.entry -= released;
            purse.wallet += (closing - released) * gains;
        }
        purse.entry += value - closing;
    }

    pub(crate) fn end_day(&mut self) {
        let first = (self.days + 1).saturating_sub(DAYS);
        self.days += 1;
        for at in 0..self.purses.len() {
            let counted = self.purses[at].traded.iter().filter(|(day, _)| *day >= first);
            let volume: i128 = counted.map(|(_, value)| value).sum();
            let mut fees = (Money(i128::MIN), self.spec.fees);
            for tier in self.spec.tiers.iter().flatten() {
                if tier.volume.0 <= volume && tier.volume >= fees.0 {
                    fees = (tier.volume, tier.fees);
                }
            }
            self.purses[at].fees = fees.1;
        }
    }

    pub(crate) fn fund(&mut self, rate: Rate) {
        let (Some(mark), Some(_)) = (self.mark, self.spec.margin) else { return };
        for (account, position) in self.positions.clone() {
            let moved = share(self.value(mark, position.abs()), Rate(rate.0.abs()));
            let amount = if position * rate.0 > 0 { -moved - 2 } else { moved };
            if position != 0 && rate.0 != 0 {
                self.purse_mut(account).wallet += amount;
                self.insurance -= amount;
                self.told.push(Outcome::Funded(account, Money(amount)));
            }
        }
        if rate.0 != 0 {
            self.liquidate_all();
        }
    }

    pub(super) fn liquidate_all(&mut self) {
        let (Some(rules), Some(mark)) = (self.spec.margin, self.mark) else { return };
        for account in (0..self.spec.limits.accounts).map(AccountId) {
            if self.halted_until.is_some() {
                return;
            }
            let value = self.value(mark, self.position(account).abs());
            if self.equity(account) < share(value, rules.maintenance) {
                self.liquidate(account, share(value, rules.clearance));
            }
        }
        self.fire();
    }

    fn liquidate(&mut self, account: AccountId, clearance: i128) {
        let position = self.position(account);
        if position != 0 {
            self.told.push(Outcome::Liquidated(account, Lots(position)));
            self.cancel_all(account);
            self.close(account);
            self.cover(account);
            if self.halted_until.is_some() {
                return;
            }
            self.deleverage(account);
        }
        self.cover(account);
        let taken = clearance.min(self.purse(account).wallet);
        if taken > 0 {
            self.insure(account, -taken);
        }
    }

    fn insure(&mut self, account: AccountId, amount: i128) {
        self.purse_mut(account).wallet += amount;
        self.insurance -= amount;
        self.told.push(Outcome::Insured(account, Money(amount)));
    }

    fn cover(&mut self, account: AccountId) {
        let paid = (-self.purse(account).wallet).min(self.insurance);
        if paid > 0 {
            self.insure(account, paid);
        }
    }

    /// The price at which closing the position leaves the account nothing, with this beside its collateral.
    fn ruin(&self, account: AccountId, more: i128) -> i64 {
        let (purse, position) = (self.purse(account), self.position(account));
        let funds = purse.wallet + more;
        let lots = i128::from(position.abs());
        let price = if self.is_linear() {
            if position > 0 {
                ceil(purse.entry - funds, UNIT * lots)
            } else {
                (purse.entry + funds).div_euclid(UNIT * lots)
            }
        } else {
            // What it costs to close is worth this many coins at most, where it is not worth any number.
            let coins = if position > 0 { purse.entry + funds } else { purse.entry - funds };
            match position > 0 {
                _ if coins <= 0 => i128::MAX,
                true => ceil(COINS * lots, coins),
                false => COINS * lots / coins,
            }
        };
        let (low, high) = (self.spec.instrument.price_min.0, self.spec.instrument.price_max.0);
        i64::try_from(price.clamp(low.into(), high.into())).unwrap()
    }

    fn close(&mut self, account: AccountId) {
        let position = self.position(account);
        let side = if position > 0 { Side::Ask } else { Side::Bid };
        let Ok(protection) = self.protection(side) else { return };
        let worst = self.ruin(account, self.insurance.max(0));
        let price = if side == Side::Ask { worst.max(protection) } else { worst.min(protection) };
        let name =
            OrderRef { account, client_id: ClientOrderId::FOREIGN, venue_id: VenueOrderId(self.order_id) };
        self.order_id += 1;
        let (lots, tif) = (position.abs(), TimeInForce::ImmediateOrCancel);
        let mut order = Standing {
            name,
            side,
            price,
            lots,
            left: lots,
            shown: 0,
            display: 0,
            tif,
            reduces: true,
            prevention: Prevention::None,
            amendments: 0,
            place: 0,
        };
        self.meet(&mut order);
    }

    fn deleverage(&mut self, account: AccountId) {
        while self.position(account) != 0 {
            let held = self.position(account);
            let mut first: Option<(AccountId, f64)> = None;
            for (other, position) in &self.positions {
                let rank = self.rank(*other);
                if position.signum() == -held.signum() && first.is_none_or(|(_, best)| rank > best) {
                    first = Some((*other, rank));
                }
            }
            let Some((other, _)) = first else { return };
            let price = self.ruin(account, 0);
            let lots = held.abs().min(self.position(other).abs());
            let side = if held > 0 { Side::Ask } else { Side::Bid };
            self.book(account, side, price, lots);
            self.book(other, side.opposite(), price, lots);
            self.told.push(Outcome::Deleveraged(Deleverage {
                trade_id: TradeId(self.trade_id),
                price: Price(price),
                lots: Lots(lots),
                side,
                liquidated: account,
                counterparty: other,
            }));
            self.trade_id += 1;
        }
    }

    /// Profit as a share of the entry value, times leverage, or by it for a loss.
    fn rank(&self, account: AccountId) -> f64 {
        let mark = self.mark.unwrap();
        let money = |amount: i128| Money(amount.max(1)).to_f64();
        let profit = self.unrealised(account, mark);
        let worth = self.value(mark, self.position(account).abs());
        let leverage = Money(worth).to_f64() / money(self.purse(account).wallet + profit);
        let gained = Money(profit).to_f64() / money(self.purse(account).entry);
        if profit > 0 { gained * leverage } else { gained / leverage }
    }
}
