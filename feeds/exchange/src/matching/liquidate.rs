//! Collateral, funding, liquidation, the insurance fund and auto-deleveraging.
//!
//! Never here: a mark price made up; without one nobody is liquidated.

use ballast_model::{
    ClientOrderId, Contract, InstrumentId, Lots, Money, Nanos, NewOrder, Price, Rate, ReduceOnly, Side,
    TimeInForce, TradeId, VenueOrderId,
};

use super::book::Order;
use super::holding::{Holding, share_of};
use super::outbox::Sink;
use super::spec::MarginRules;
use super::words::{AccountId, Deleverage, Outcome, Placement, Prevention, Pricing, Reject};
use super::{Matching, Phase};

/// Money in and out.
impl Matching {
    /// Pays collateral into an account, or takes it out where negative.
    ///
    /// # Errors
    /// [`Reject::UnknownAccount`]; [`Reject::Margin`] where too little would be left for its position and orders, or less
    /// than nothing.
    pub fn transfer(&mut self, account: AccountId, amount: Money) -> Result<(), Reject> {
        let holding = self.holding(account).ok_or(Reject::UnknownAccount)?;
        if amount < Money::ZERO {
            let left = holding.wallet + amount;
            let equity = self.equity(account) + amount;
            let reached = |side| Lots(holding.position.signed(side).0.saturating_add(holding.open(side).0));
            let reference = self.mark.or(self.last).unwrap_or(self.spec.instrument.price_max);
            let needs = Side::BOTH.map(|side| self.initial_margin(reference, reached(side)));
            if left < Money::ZERO || needs.into_iter().any(|need| equity < need) {
                return Err(Reject::Margin);
            }
        }
        self.holding_mut(account).wallet += amount;
        self.deposits += amount;
        Ok(())
    }

    /// Pays into the insurance fund.
    pub fn endow(&mut self, amount: Money) {
        self.insurance += amount;
        self.deposits += amount;
    }

    /// Collateral that so many lots at this price ask for.
    pub(super) fn initial_margin(&self, price: Price, lots: Lots) -> Money {
        let Some(rules) = self.spec.margin else { return Money::ZERO };
        let value = self.spec.instrument.value_floor(price, lots.max(Lots::ZERO));
        share_of(value, rules.initial)
    }

    /// Funding is exchanged at the mark price: above zero long positions pay this share of their value and short ones get
    /// it. What rounding leaves over goes to the insurance fund. Then accounts that it ruined are liquidated.
    pub fn fund(&mut self, rate: Rate, sink: &mut impl Sink) {
        let (Some(mark), Some(_)) = (self.mark, self.spec.margin) else { return };
        if rate == Rate(0) {
            return;
        }
        let mut left_over = Money::ZERO;
        for (account, holding) in (0..).map(AccountId).zip(&mut self.holdings) {
            if holding.position.is_zero() {
                continue;
            }
            let value = self.spec.instrument.value_floor(mark, holding.position.abs());
            let amount = share_of(value, Rate(rate.0.abs()));
            // A payer pays two units more than what was rounded down twice, so that the fund never has to add.
            let pays = (holding.position > Lots::ZERO) == (rate > Rate(0));
            let amount = if pays { -amount - Money(2) } else { amount };
            holding.wallet += amount;
            left_over -= amount;
            sink.put(&Outcome::Funded(account, amount));
        }
        self.insurance += left_over;
        self.liquidate_all(sink);
    }
}

/// Liquidation.
impl Matching {
    /// Liquidates every account whose equity is below the maintenance margin of its position, each looked at once in the
    /// order of their numbers; not while matching is halted. A flat account that owes is paid for by the insurance fund as
    /// far as that goes.
    pub(super) fn liquidate_all(&mut self, sink: &mut impl Sink) {
        let (Some(rules), Some(mark)) = (self.spec.margin, self.mark) else { return };
        for account in (0..self.spec.limits.accounts).map(AccountId) {
            if self.phase != Phase::Open {
                return;
            }
            let Some(holding) = self.holding(account) else { return };
            let value = self.spec.instrument.value_floor(mark, holding.position.abs());
            if self.equity(account) < share_of(value, rules.maintenance) {
                self.liquidate(account, rules, value, sink);
            }
        }
        self.fire(sink);
    }

    /// Cancels the account's orders, closes its position in the book at prices that its collateral and the insurance fund
    /// can pay for, lets the fund pay, closes what is left against others at the price that leaves the account nothing, and
    /// takes the clearance of what collateral remains.
    fn liquidate(&mut self, account: AccountId, rules: MarginRules, value: Money, sink: &mut impl Sink) {
        let Some(holding) = self.holding(account).copied() else { return };
        if !holding.position.is_zero() {
            sink.put(&Outcome::Liquidated(account, holding.position));
            self.cancel_all(account, sink);
            let side = if holding.position > Lots::ZERO { Side::Ask } else { Side::Bid };
            self.close(account, side, sink);
            self.cover(account, sink);
            if self.phase != Phase::Open {
                return;
            }
            self.deleverage(account, side, sink);
        }
        self.cover(account, sink);
        let clearance = share_of(value, rules.clearance);
        let holding = self.holding_mut(account);
        let taken = clearance.min(holding.wallet).max(Money::ZERO);
        if taken > Money::ZERO {
            holding.wallet -= taken;
            self.insurance += taken;
            sink.put(&Outcome::Insured(account, -taken));
        }
    }

    /// Closes a position in the book as far as that can be paid for. The venue's order bears [`ClientOrderId::FOREIGN`] and
    /// pays no fee.
    fn close(&mut self, account: AccountId, side: Side, sink: &mut impl Sink) {
        let Some(holding) = self.holding(account) else { return };
        let worst = self.bankruptcy(holding, holding.wallet + self.insurance.max(Money::ZERO));
        let Ok(protection) = self.protection(side) else { return };
        let price = if side.reaches(worst, protection) { protection } else { worst };
        let order = NewOrder {
            instrument: InstrumentId(0),
            client_id: ClientOrderId::FOREIGN,
            side,
            price,
            lots: holding.position.abs(),
            tif: TimeInForce::ImmediateOrCancel,
            reduce_only: ReduceOnly::Yes,
            expires_at: Nanos::MAX,
        };
        let (pricing, prevention) = (Pricing::Limit, Prevention::None);
        let placement = Placement { account, order, pricing, prevention, display: Lots::ZERO, trigger: None };
        let venue_id = self.order_id_next;
        self.order_id_next = VenueOrderId(venue_id.0 + 1);
        self.take(&mut Order::new(&placement, price, venue_id), sink);
    }

    /// Lets the insurance fund pay what an account owes, as far as it goes.
    fn cover(&mut self, account: AccountId, sink: &mut impl Sink) {
        let fund = self.insurance;
        let holding = self.holding_mut(account);
        let paid = (-holding.wallet).min(fund);
        if paid > Money::ZERO {
            holding.wallet += paid;
            self.insurance -= paid;
            sink.put(&Outcome::Insured(account, paid));
        }
    }

    /// Closes what is left of a position against those of the other side, highest rank first, at the price that leaves the
    /// account nothing.
    fn deleverage(&mut self, account: AccountId, side: Side, sink: &mut impl Sink) {
        while let Some(holding) = self.holding(account).copied()
            && !holding.position.is_zero()
            && let Some(other) = self.first_to_deleverage(holding.position)
        {
            let price = self.bankruptcy(&holding, holding.wallet);
            let lots = holding.position.abs().min(self.holding_mut(other).position.abs());
            let instrument = self.spec.instrument;
            let value = instrument.value_floor(price, lots);
            self.holding_mut(account).trade(&instrument, side, price, lots, value);
            self.holding_mut(other).trade(&instrument, side.opposite(), price, lots, value);
            let trade_id = self.trade_id_next;
            self.trade_id_next = TradeId(trade_id.0 + 1);
            let (liquidated, counterparty) = (account, other);
            sink.put(&Outcome::Deleveraged(Deleverage {
                trade_id,
                price,
                lots,
                side,
                liquidated,
                counterparty,
            }));
        }
    }

    /// The account on the other side of a position that is closed first: by the highest product of profit (a share of the
    /// entry value) and leverage (value by equity), a loss divided by the leverage instead (Binance, "What Is
    /// Auto-Deleveraging (ADL)"); of equals the one with the lower number.
    fn first_to_deleverage(&self, position: Lots) -> Option<AccountId> {
        let opposite = |holding: &Holding| holding.position.0.signum() == -position.0.signum();
        let ranked = (0..).map(AccountId).zip(&self.holdings).filter(|(_, holding)| opposite(holding));
        let ranked = ranked.map(|(account, holding)| (account, self.rank(holding)));
        let first = ranked.reduce(|best, next| if next.1 > best.1 { next } else { best });
        first.map(|(account, _)| account)
    }

    fn rank(&self, holding: &Holding) -> f64 {
        let instrument = &self.spec.instrument;
        let mark = self.mark.unwrap_or_default();
        let profit = holding.unrealised(instrument, mark);
        let equity = (holding.wallet + profit).max(Money(1));
        let leverage = instrument.value_floor(mark, holding.position.abs()).to_f64() / equity.to_f64();
        let share = profit.to_f64() / holding.entry.max(Money(1)).to_f64();
        if share > 0.0 { share * leverage } else { share / leverage }
    }

    /// The price nearest to the touch at which closing a position costs no more than `funds`.
    fn bankruptcy(&self, holding: &Holding, funds: Money) -> Price {
        let instrument = &self.spec.instrument;
        // Linear: value of one tick; inverse: value at a price of one tick.
        let unit = instrument.value_floor(Price(1), holding.position.abs()).0.max(1);
        let long = holding.position > Lots::ZERO;
        let entry = holding.entry.0;
        let ceil = |a: i128, b: i128| a.div_euclid(b) + i128::from(a.rem_euclid(b) != 0);
        let ticks = match (instrument.contract, long) {
            (Contract::Linear, true) => ceil(entry - funds.0, unit),
            (Contract::Linear, false) => (entry + funds.0).div_euclid(unit),
            (Contract::Inverse, true) if entry + funds.0 > 0 => ceil(unit, entry + funds.0),
            (Contract::Inverse, false) if entry - funds.0 > 0 => unit / (entry - funds.0),
            (Contract::Inverse, _) => i128::MAX,
        };
        let ticks = i64::try_from(ticks.max(0)).unwrap_or(i64::MAX);
        Price(ticks).clamp(instrument.price_min, instrument.price_max)
    }
}
