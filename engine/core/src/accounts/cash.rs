//! Cash by sub-account and asset, and its movements from outside and between sub-accounts.
//!
//! Never here: an asset turned into another.

use alloc::vec::Vec;

use ballast_model::{AssetId, Digest, Money};

use super::{AccountError, Accounts, CASH_LINES_MAX, SubAccountId};
use crate::ledger::digest_money;

/// A line beyond this takes no more changes, and no change is larger: a few changes at once then fit 128 bits.
const CASH_MAX: i128 = i128::MAX / 8;

/// Cash of one sub-account in one asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CashLine {
    /// Whose.
    pub account: SubAccountId,
    /// In what.
    pub asset: AssetId,
    /// What is there; below zero where it is owed, or where the opening balance was never brought in.
    pub balance: Money,
    /// What came from outside less what left.
    pub external: Money,
}

/// One movement on one line: received > 0, paid < 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    pub(super) account: SubAccountId,
    pub(super) asset: AssetId,
    pub(super) amount: Money,
}

/// All lines.
#[derive(Clone, Debug)]
pub(super) struct CashTable {
    /// Ascending by account and asset.
    lines: Vec<CashLine>,
}

impl CashTable {
    pub(super) fn new() -> Self {
        Self { lines: Vec::with_capacity(CASH_LINES_MAX) }
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = &CashLine> {
        self.lines.iter()
    }

    fn find(&self, account: SubAccountId, asset: AssetId) -> Result<usize, usize> {
        self.lines.binary_search_by_key(&(account, asset), |line| (line.account, line.asset))
    }

    pub(super) fn line(&self, account: SubAccountId, asset: AssetId) -> Option<&CashLine> {
        self.lines.get(self.find(account, asset).ok()?)
    }

    /// Makes all changes or none. A line is made where something first moves.
    pub(super) fn apply(&mut self, changes: &[Change]) -> Result<(), AccountError> {
        let fits = |money: Money| money.0.unsigned_abs() <= CASH_MAX.unsigned_abs();
        let mut new = 0;
        for change in changes.iter().filter(|change| change.amount != Money::ZERO) {
            let line = self.line(change.account, change.asset);
            if !fits(change.amount) || line.is_some_and(|line| !fits(line.balance)) {
                return Err(AccountError::Cash);
            }
            // Two changes of one new line count twice: room is refused a little early, never late.
            new += usize::from(line.is_none());
        }
        if self.lines.len() + new > CASH_LINES_MAX {
            return Err(AccountError::CashFull);
        }
        for change in changes.iter().filter(|change| change.amount != Money::ZERO) {
            let Change { account, asset, amount } = *change;
            let place = self.find(account, asset).unwrap_or_else(|place| {
                let empty = CashLine { account, asset, balance: Money::ZERO, external: Money::ZERO };
                self.lines.insert(place, empty);
                place
            });
            if let Some(line) = self.lines.get_mut(place) {
                line.balance += amount;
            }
        }
        Ok(())
    }

    /// Takes back a line of an earlier run; false where there is no room.
    pub(super) fn restore(&mut self, carried: CashLine) -> bool {
        let place = match self.find(carried.account, carried.asset) {
            Err(place) if self.lines.len() < CASH_LINES_MAX => {
                self.lines.insert(place, carried);
                place
            }
            Err(_) => return false,
            Ok(place) => place,
        };
        self.lines.get_mut(place).map(|line| *line = carried).is_some()
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        digest.word(self.lines.len() as u64);
        for line in &self.lines {
            digest.word(u64::from(line.account.0));
            digest.word(u64::from(line.asset.0));
            digest_money(line.balance, digest);
            digest_money(line.external, digest);
        }
    }
}

impl Accounts {
    /// Books cash that came from outside (opening balances, deposits; above zero) or left (below zero).
    ///
    /// # Errors
    /// [`AccountError::CashFull`], [`AccountError::Cash`].
    pub fn deposit(
        &mut self,
        account: SubAccountId,
        asset: AssetId,
        amount: Money,
    ) -> Result<(), AccountError> {
        let external = self.cash.line(account, asset).map_or(Money::ZERO, |line| line.external);
        if external.0.unsigned_abs() > CASH_MAX.unsigned_abs() {
            return Err(AccountError::Cash);
        }
        self.cash.apply(&[Change { account, asset, amount }])?;
        if let Ok(place) = self.cash.find(account, asset)
            && let Some(line) = self.cash.lines.get_mut(place)
        {
            line.external += amount;
        }
        Ok(())
    }

    /// Books a transfer of cash (above zero) between two sub-accounts. Whether there was enough was the venue's to say: the
    /// balance may go below zero.
    ///
    /// # Errors
    /// [`AccountError::Amount`], [`AccountError::CashFull`], [`AccountError::Cash`].
    pub fn transfer(
        &mut self,
        from: SubAccountId,
        to: SubAccountId,
        asset: AssetId,
        amount: Money,
    ) -> Result<(), AccountError> {
        if amount <= Money::ZERO {
            return Err(AccountError::Amount);
        }
        let line = |account, amount| Change { account, asset, amount };
        self.cash.apply(&[line(from, -amount), line(to, amount)])
    }
}
