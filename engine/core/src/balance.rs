//! Spot balances: what is there, what open orders hold of it, and what of the rest may be spent.
//!
//! An ask holds base, a bid holds quote and an allowance for its fee; a fill moves its share of the hold and of both coins
//! exactly; what is left comes free when the order ends. An order of unknown fate keeps its hold.
//!
//! A venue's own figures arrive late and at another moment than ours, so they are compared and not adopted
//! ([`HoldLedger::true_up`]). Two differences are kept until the next figures come or somebody explains them, and the lowest
//! view is what may be spent:
//!
//! `available = free + min(0, gap, drift)`
//!
//! with `gap` = the venue's free less ours (it locks what we do not know of) and `drift` = the venue's total less ours
//! (something has moved that we do not know of). Both sides are taken to move alike with every event that comes in: where an
//! event is in the venue's figures already, the venue's view is then too high, and ours is the lower one.
//!
//! Where others spend of the same balance ([`BalancePart`]), only a part of what is told first is adopted. What they do moves the
//! venue's figures and not ours, so that later ones bind where the venue has less than our own part is, and a movement of which nobody told
//! is not seen before it reaches that.
//!
//! Never here: margin, an asset turned into another, a figure of the venue taken for ours where the two differ.

mod carry;
mod line;

#[cfg(test)]
mod tests;

use alloc::vec::Vec;

use ballast_model::{
    AssetId, ClientOrderId, Contract, Digest, Fill, InstrumentSpec, Lots, Money, NewOrder, Price, Rate, Side,
};

use crate::accounts::SubAccountId;
use crate::ledger::{digest_money, mul_div_floor};

pub use line::{Balance, TrueUp};

/// Orders that hold something at one time.
pub const HOLDS_MAX: usize = 1_024;

/// Pairs of sub-account and asset one ledger keeps.
pub const BALANCES_MAX: usize = 64;

/// No single amount and no balance is beyond this: a few at once then fit 128 bits.
const AMOUNT_MAX: i128 = i128::MAX / 16;

/// Why an order gets no hold. It must not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldRefusal {
    /// The venue has not told this balance yet.
    Unknown {
        /// Of what.
        asset: AssetId,
    },
    /// Less is available than the order needs.
    Available {
        /// Of what.
        asset: AssetId,
        /// What the order would hold.
        needed: Money,
        /// What there is.
        available: Money,
    },
    /// [`HOLDS_MAX`] orders hold something.
    HoldsFull,
    /// The order holds something already.
    Duplicate(ClientOrderId),
    /// The instrument is inverse, and no spot.
    Contract,
    /// Price or size is not above zero, or their product does not fit.
    Range,
}

impl core::fmt::Display for HoldRefusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Unknown { asset } => write!(f, "the balance of asset {} is not known yet", asset.0),
            Self::Available { asset, needed, available } => {
                write!(f, "{} of asset {} needed, {} available", needed.0, asset.0, available.0)
            }
            Self::HoldsFull => f.write_str("too many orders hold something"),
            Self::Duplicate(id) => write!(f, "order {} holds something already", id.0),
            Self::Contract => f.write_str("an inverse contract is no spot"),
            Self::Range => f.write_str("price, size or their product out of range"),
        }
    }
}

impl core::error::Error for HoldRefusal {}

/// Why a fact cannot be booked; nothing of it is, and the balance is no longer known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BalanceError {
    /// The ledger keeps [`BALANCES_MAX`] balances.
    BalancesFull,
    /// An amount or balance would leave its range.
    Range,
    /// The balance is not kept.
    Unknown,
    /// The share is not within 0..=1.
    Allowance,
}

impl core::fmt::Display for BalanceError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::BalancesFull => "too many balances",
            Self::Range => "a balance would leave its range",
            Self::Unknown => "no such balance",
            Self::Allowance => "the fee allowance must be within 0 and 1",
        })
    }
}

impl core::error::Error for BalanceError {}

/// Whether somebody knows what became of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is open, or on its way.
    Open = 0,
    /// Nobody can say. It may be open, filled or gone, and its hold stays.
    Unknown = 1,
}

/// What is owned of a balance that others spend too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BalancePart {
    /// Of what.
    pub asset: AssetId,
    /// How much of what the venue tells first, within 0..=1.
    pub share: Rate,
}

/// What one order holds.
#[derive(Clone, Copy, Debug)]
struct Hold {
    client_id: ClientOrderId,
    account: SubAccountId,
    asset: AssetId,
    /// What one lot needs, and the share of it set aside for the fee.
    per_lot: Money,
    allowance: Rate,
    remaining: Lots,
    /// [`Self::needs`] of what remains.
    amount: Money,
    fate: Fate,
}

impl Hold {
    /// What `lots` of this order need: they themselves and the allowance, rounded up; `None` where that does not fit.
    fn needs(&self, lots: Lots) -> Option<Money> {
        let worth = self.per_lot.0.checked_mul(i128::from(lots.0))?;
        let fee = match self.allowance {
            Rate(0) => 0,
            Rate(share) => -mul_div_floor(-worth, i128::from(share), i128::from(Rate::ONE.0))?,
        };
        Some(worth.checked_add(fee)?).filter(|amount| *amount <= AMOUNT_MAX).map(Money)
    }

    /// Lets go of all but `left` lots, fewer than there are, and says how much comes free.
    fn shrink(&mut self, left: Lots) -> Money {
        // The whole fitted: so does a part.
        let amount = self.needs(left).unwrap_or(self.amount);
        let released = self.amount - amount;
        (self.remaining, self.amount) = (left, amount);
        released
    }
}

/// The balances of one venue's spot accounts, and the holds on them.
#[derive(Clone, Debug)]
pub struct HoldLedger {
    fee_allowance: Rate,
    parts: Vec<BalancePart>,
    /// Ascending by sub-account and asset.
    balances: Vec<Balance>,
    /// Ascending by id.
    holds: Vec<Hold>,
}

impl HoldLedger {
    /// No balances. Bids hold their value and `fee_allowance` of it: at least the highest rate a bid may be charged in quote;
    /// zero where the venue charges what a bid brings in.
    ///
    /// # Errors
    /// [`BalanceError::Allowance`].
    pub fn new(fee_allowance: Rate) -> Result<Self, BalanceError> {
        if !(0..=Rate::ONE.0).contains(&fee_allowance.0) {
            return Err(BalanceError::Allowance);
        }
        let (balances, holds) = (Vec::with_capacity(BALANCES_MAX), Vec::with_capacity(HOLDS_MAX));
        Ok(Self { fee_allowance, parts: Vec::new(), balances, holds })
    }

    /// Owns only so much of some assets, and all of any other.
    #[must_use]
    pub fn with_parts(self, parts: Vec<BalancePart>) -> Self {
        Self { parts, ..self }
    }

    /// Holds what an order needs: `lots` of base for an ask, its value and the allowance of quote for a bid. To be asked last,
    /// before the order is sent.
    ///
    /// # Errors
    /// [`HoldRefusal`], and nothing is held.
    pub fn place(
        &mut self,
        account: SubAccountId,
        spec: &InstrumentSpec,
        order: &NewOrder,
    ) -> Result<Money, HoldRefusal> {
        let (place, hold) = self.new_hold(account, spec, order)?;
        let (asset, needed) = (hold.asset, hold.amount);
        let line = self.line_mut(account, asset).ok_or(HoldRefusal::Unknown { asset })?;
        let available = line.available().ok_or(HoldRefusal::Unknown { asset })?;
        if needed > available {
            return Err(HoldRefusal::Available { asset, needed, available });
        }
        line.hold(needed);
        self.holds.insert(place, hold);
        Ok(needed)
    }

    /// Holds what an order needs that is at the venue already: after a restart, before the venue tells its balances for the first
    /// time. Nothing is asked; `lots` of the order is what is left of it.
    ///
    /// # Errors
    /// [`HoldRefusal`] but for [`HoldRefusal::Available`]; [`HoldRefusal::Unknown`] where there is no room for the balance.
    pub fn recover(
        &mut self,
        account: SubAccountId,
        spec: &InstrumentSpec,
        order: &NewOrder,
        fate: Fate,
    ) -> Result<Money, HoldRefusal> {
        let (place, hold) = self.new_hold(account, spec, order)?;
        let (asset, needed) = (hold.asset, hold.amount);
        let unknown = HoldRefusal::Unknown { asset };
        self.open_lines(account, [asset; 3]).map_err(|_| unknown)?;
        self.line_mut(account, asset).ok_or(unknown)?.hold(needed);
        self.holds.insert(place, Hold { fate, ..hold });
        Ok(needed)
    }

    /// An order's hold, and its place in the table.
    fn new_hold(
        &self,
        account: SubAccountId,
        spec: &InstrumentSpec,
        order: &NewOrder,
    ) -> Result<(usize, Hold), HoldRefusal> {
        if spec.contract == Contract::Inverse {
            return Err(HoldRefusal::Contract);
        }
        if order.lots <= Lots::ZERO || order.price.0 <= 0 {
            return Err(HoldRefusal::Range);
        }
        let one = Lots(1);
        let (asset, per_lot, allowance) = match order.side {
            Side::Bid => (spec.quote, value(spec, order.price, one), self.fee_allowance),
            Side::Ask => (spec.base, coins(spec, one), Rate::default()),
        };
        let (client_id, remaining) = (order.client_id, order.lots);
        let per_lot = per_lot.ok_or(HoldRefusal::Range)?;
        let (amount, fate) = (Money::ZERO, Fate::Open);
        let mut hold = Hold { client_id, account, asset, per_lot, allowance, remaining, amount, fate };
        hold.amount = hold.needs(remaining).ok_or(HoldRefusal::Range)?;
        let Err(place) = self.find(client_id) else { return Err(HoldRefusal::Duplicate(client_id)) };
        if self.holds.len() == HOLDS_MAX {
            return Err(HoldRefusal::HoldsFull);
        }
        Ok((place, hold))
    }

    /// Books a fill: its share of the hold, both coins and the fee. A fill of an order that holds nothing (ended, or not ours)
    /// moves the coins all the same.
    ///
    /// # Errors
    /// [`BalanceError::Range`], [`BalanceError::BalancesFull`].
    pub fn on_fill(
        &mut self,
        account: SubAccountId,
        spec: &InstrumentSpec,
        fill: &Fill,
    ) -> Result<(), BalanceError> {
        let (price, lots) = (fill.level.price(), fill.level.lots());
        let quote = value(spec, price, lots).ok_or(BalanceError::Range)?;
        let base = coins(spec, lots).ok_or(BalanceError::Range)?;
        let fee = Money::from_e8(fill.fee_e8);
        let (paid, got) = match fill.side {
            Side::Bid => ((spec.quote, quote), (spec.base, base)),
            Side::Ask => ((spec.base, base), (spec.quote, quote)),
        };
        self.open_lines(account, [spec.base, spec.quote, fill.fee_asset])?;
        let mut released = Money::ZERO;
        if let Ok(place) = self.find(fill.client_id)
            && let Some(hold) = self.holds.get_mut(place)
            && (hold.account, hold.asset) == (account, paid.0)
        {
            let left = (hold.remaining - lots).max(Lots::ZERO);
            released = hold.shrink(left);
            if left == Lots::ZERO {
                self.holds.remove(place);
            }
        }
        for (asset, amount) in [(paid.0, -paid.1), got, (fill.fee_asset, -fee)] {
            if let Some(line) = self.line_mut(account, asset) {
                line.add(amount);
            }
        }
        if let Some(line) = self.line_mut(account, paid.0) {
            line.release(released);
        }
        Ok(())
    }

    /// An order has ended (cancelled, refused, expired, never sent): what it still holds comes free. `None` where it holds
    /// nothing.
    pub fn end(&mut self, client_id: ClientOrderId) -> Option<Money> {
        let place = self.find(client_id).ok()?;
        let hold = self.holds.remove(place);
        self.line_mut(hold.account, hold.asset)?.release(hold.amount);
        Some(hold.amount)
    }

    /// An order has been made smaller and kept its price: what it no longer needs comes free. `None` where it holds nothing,
    /// or would not become smaller.
    pub fn reduce(&mut self, client_id: ClientOrderId, remaining: Lots) -> Option<Money> {
        let place = self.find(client_id).ok()?;
        let hold = self.holds.get_mut(place)?;
        if remaining <= Lots::ZERO || remaining >= hold.remaining {
            return None;
        }
        let (account, asset) = (hold.account, hold.asset);
        let released = hold.shrink(remaining);
        self.line_mut(account, asset)?.release(released);
        Some(released)
    }

    /// Notes whether an order's fate is known. Its hold stays either way, until it is filled or [`Self::end`]ed.
    pub fn set_fate(&mut self, client_id: ClientOrderId, fate: Fate) {
        if let Ok(place) = self.find(client_id)
            && let Some(hold) = self.holds.get_mut(place)
        {
            hold.fate = fate;
        }
    }

    /// What orders of unknown fate hold of an asset.
    #[must_use]
    pub fn unknown(&self, account: SubAccountId, asset: AssetId) -> Money {
        let own = |hold: &&Hold| (hold.account, hold.asset, hold.fate) == (account, asset, Fate::Unknown);
        self.holds.iter().filter(own).map(|hold| hold.amount).sum()
    }

    /// Orders that hold something.
    #[must_use]
    pub const fn holds(&self) -> usize {
        self.holds.len()
    }

    /// The balances, ascending by sub-account and asset.
    #[must_use]
    pub fn balances(&self) -> &[Balance] {
        &self.balances
    }

    /// One balance; `None` where it is not kept.
    #[must_use]
    pub fn balance(&self, account: SubAccountId, asset: AssetId) -> Option<&Balance> {
        self.balances.get(self.find_line(account, asset).ok()?)
    }

    /// What may be spent; `None` until the venue has told the balance. Below zero where more is held or owed than there is.
    #[must_use]
    pub fn available(&self, account: SubAccountId, asset: AssetId) -> Option<Money> {
        self.balance(account, asset)?.available()
    }

    fn find(&self, client_id: ClientOrderId) -> Result<usize, usize> {
        self.holds.binary_search_by_key(&client_id, |hold| hold.client_id)
    }

    /// Takes the whole state into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        digest.word(self.balances.len() as u64);
        self.balances.iter().for_each(|line| line.digest(digest));
        digest.word(self.holds.len() as u64);
        for hold in &self.holds {
            digest.word(hold.client_id.0);
            digest.word(u64::from(hold.account.0) << 32 | u64::from(hold.asset.0) << 1 | hold.fate as u64);
            digest_money(hold.per_lot, digest);
            digest.signed(hold.remaining.0);
        }
    }
}

/// Value of lots at a price in quote, exactly, for linear contracts.
fn value(spec: &InstrumentSpec, price: Price, lots: Lots) -> Option<Money> {
    let unit = spec.value_floor(Price(1), Lots(1)).0;
    let value = unit.checked_mul(i128::from(price.0))?.checked_mul(i128::from(lots.0))?;
    Some(value).filter(|value| *value <= AMOUNT_MAX).map(Money)
}

/// Lots in coins of the base asset.
fn coins(spec: &InstrumentSpec, lots: Lots) -> Option<Money> {
    let coins = spec.lot_amount()?.0.checked_mul(i128::from(lots.0))?;
    Some(coins).filter(|coins| *coins <= AMOUNT_MAX).map(Money)
}
