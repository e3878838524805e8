//! What can be seen of an engine from outside, and the check of all its invariants.
//!
//! Never here: a change of state.

use ballast_model::{ClientOrderId, Digest, Lots, Money, Price, Side};

use super::holding::e8;
use super::words::{AccountId, OrderRef, Trigger};
use super::{Matching, Phase};
use crate::spec::FeeSchedule;

/// An open order as others may see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenView {
    /// Which.
    pub order: OrderRef,
    /// Buy or sell.
    pub side: Side,
    /// Limit price.
    pub price: Price,
    /// Total size.
    pub lots: Lots,
    /// What can still trade.
    pub left: Lots,
}

/// What [`Matching::validate`] found wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Links, sums, table, heap and prices of the book do not agree, or it is crossed.
    Book,
    /// Lists, table and heap of the waiting orders do not agree, or one waits whose price has come.
    Waiting,
    /// What an account has open is not what stands in the book.
    Open(AccountId),
    /// The positions of all accounts do not add up to nothing.
    Positions,
    /// The fees of all accounts are not what the venue took.
    Fees,
    /// What accounts, fund and venue have is not what was paid in, or a flat account has an entry value.
    Money,
    /// An order stands whose end has come.
    End,
}

/// What can be seen from outside.
impl Matching {
    /// An open order.
    #[must_use]
    #[inline]
    pub fn order(&self, account: AccountId, client_id: ClientOrderId) -> Option<OpenView> {
        let order = self.book.order(self.book.find(account, client_id)?);
        let (side, price, lots, left) = (order.side, order.price, order.lots, order.left);
        Some(OpenView { order: order.name(), side, price, lots, left })
    }

    /// Number of open orders.
    #[must_use]
    pub const fn open_orders(&self) -> usize {
        self.book.len()
    }

    /// What a waiting order waits for.
    #[must_use]
    pub fn trigger(&self, account: AccountId, client_id: ClientOrderId) -> Option<Trigger> {
        self.waiting.waiter(self.waiting.find(account, client_id)?).placement.trigger
    }

    /// Number of waiting orders.
    #[must_use]
    pub const fn waiting_orders(&self) -> usize {
        self.waiting.len()
    }

    /// Best price of a side.
    #[must_use]
    pub fn best(&self, side: Side) -> Option<Price> {
        self.book.best(side)
    }

    /// Prices of a side with what they show, best first.
    pub fn levels(&self, side: Side) -> impl Iterator<Item = (Price, Lots)> {
        self.book.levels(side)
    }

    /// An account's position, long > 0; zero for an unknown one.
    #[must_use]
    pub fn position(&self, account: AccountId) -> Lots {
        self.holding(account).map_or(Lots::ZERO, |holding| holding.position)
    }

    /// Fees an account paid, rebates deducted; zero for an unknown one.
    #[must_use]
    pub fn fees_paid(&self, account: AccountId) -> Money {
        self.holding(account).map_or(Money::ZERO, |holding| e8(holding.fees_e8))
    }

    /// An account's collateral: what was paid in and realised, funding and fees deducted; zero for an unknown one.
    #[must_use]
    pub fn wallet(&self, account: AccountId) -> Money {
        self.holding(account).map_or(Money::ZERO, |holding| holding.wallet)
    }

    /// What an account is worth at the mark price: collateral and what the position has not realised; the collateral alone
    /// where no mark price is known.
    #[must_use]
    pub fn equity(&self, account: AccountId) -> Money {
        let Some(holding) = self.holding(account) else { return Money::ZERO };
        let open = self.mark.map_or(Money::ZERO, |mark| holding.unrealised(&self.spec.instrument, mark));
        holding.wallet + open
    }

    /// What an account pays for trading now.
    #[must_use]
    pub fn fees(&self, account: AccountId) -> Option<FeeSchedule> {
        self.holding(account).map(|holding| holding.fees)
    }

    /// The insurance fund.
    #[must_use]
    pub const fn insurance(&self) -> Money {
        self.insurance
    }

    /// Price of the last trade.
    #[must_use]
    pub const fn last_price(&self) -> Option<Price> {
        self.last
    }

    /// The mark price; `None` before the first.
    #[must_use]
    pub const fn mark_price(&self) -> Option<Price> {
        self.mark
    }

    /// Whether matching goes on.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Digest of everything that later outcomes depend on.
    #[must_use]
    pub fn state_hash(&self) -> u64 {
        let mut digest = Digest::new();
        let price = |price: Option<Price>| price.map_or(-1, |price| price.0);
        let until = match self.phase {
            Phase::Open => i64::MIN,
            Phase::Halted(until) => until.0,
        };
        let (number, reference) = (self.window.number, price(self.window.reference));
        for number in [self.now.0, price(self.last), price(self.mark), until, number, reference] {
            digest.signed(number);
        }
        digest.word(self.order_id_next.0);
        digest.word(self.trade_id_next.0);
        digest.bytes(&self.fees_e8.to_le_bytes());
        for money in [self.insurance, self.deposits] {
            digest.bytes(&money.0.to_le_bytes());
        }
        for holding in &self.holdings {
            holding.digest(&mut digest);
        }
        self.traded.digest(&mut digest);
        for side in Side::BOTH {
            for (_, order) in self.book.queue(side) {
                order.digest(&mut digest);
            }
        }
        self.waiting.digest(&mut digest);
        digest.value()
    }

    /// Checks every invariant; it looks at everything and is for tests.
    ///
    /// # Errors
    /// The first [`Fault`] found.
    pub fn validate(&self) -> Result<(), Fault> {
        if !self.book.is_sound() {
            return Err(Fault::Book);
        }
        if !self.waiting.is_sound() || self.phase == Phase::Open && self.waiting.has_fired() {
            return Err(Fault::Waiting);
        }
        for (account, holding) in (0..).map(AccountId).zip(&self.holdings) {
            let own = |side| {
                self.book.queue(side).map(|(_, order)| order).filter(move |order| order.account == account)
            };
            let left = |side| own(side).fold(Lots::ZERO, |sum, order| sum + order.left);
            let waits = self.waiting.all().filter(|(_, waiter)| waiter.placement.account == account);
            let count = own(Side::Bid).count() + own(Side::Ask).count() + waits.count();
            if Side::BOTH.map(left) != holding.open || count != holding.orders as usize {
                return Err(Fault::Open(account));
            }
        }
        if self.holdings.iter().map(|holding| i128::from(holding.position.0)).sum::<i128>() != 0 {
            return Err(Fault::Positions);
        }
        if self.holdings.iter().map(|holding| holding.fees_e8).sum::<i128>() != self.fees_e8 {
            return Err(Fault::Fees);
        }
        let contract = self.spec.instrument.contract;
        let claims: Money = self.holdings.iter().map(|holding| holding.claim(contract)).sum();
        if self.spec.margin.is_some() && claims + self.insurance + e8(self.fees_e8) != self.deposits {
            return Err(Fault::Money);
        }
        if self.holdings.iter().any(|holding| holding.position.is_zero() && holding.entry != Money::ZERO) {
            return Err(Fault::Money);
        }
        match self.first_end() {
            Some((end, _)) if end <= self.now => Err(Fault::End),
            _ => Ok(()),
        }
    }
}
