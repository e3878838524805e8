//! One balance: ours, and how the venue's figures differ from it.
//!
//! Never here: which order holds what.

use ballast_model::{AssetId, Digest, Money, Rate};

use super::{AMOUNT_MAX, BALANCES_MAX, BalanceError, HoldLedger};
use crate::accounts::SubAccountId;
use crate::ledger::{digest_money, mul_div_floor};

/// A sub-account's balance of one asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// Whose.
    pub account: SubAccountId,
    /// Of what.
    pub asset: AssetId,
    /// Ours, and not held. Below zero where fees or fills took more than orders held.
    pub free: Money,
    /// What our orders hold.
    pub held: Money,
    /// The venue's differences when it last told the balance, and what has been explained since; `None` before the first time.
    pub differences: Option<TrueUp>,
}

/// How the venue's figures differ from ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrueUp {
    /// The venue's free less ours.
    pub gap: Money,
    /// The venue's total less ours: what nobody has explained yet. Timing of holds is not in it.
    pub drift: Money,
}

impl Balance {
    const fn empty(account: SubAccountId, asset: AssetId) -> Self {
        Self { account, asset, free: Money::ZERO, held: Money::ZERO, differences: None }
    }

    /// What may be spent: by our figures or the venue's, whichever is lower; `None` until the venue has told the balance.
    #[must_use]
    pub fn available(&self) -> Option<Money> {
        self.differences.map(|TrueUp { gap, drift }| self.free + gap.min(drift).min(Money::ZERO))
    }

    pub(super) fn hold(&mut self, amount: Money) {
        self.free -= amount;
        self.held += amount;
    }

    pub(super) fn release(&mut self, amount: Money) {
        self.free += amount;
        self.held -= amount;
    }

    pub(super) fn add(&mut self, amount: Money) {
        self.free += amount;
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        digest.word(u64::from(self.account.0) << 32 | u64::from(self.asset.0));
        digest_money(self.free, digest);
        digest_money(self.held, digest);
        digest.word(u64::from(self.differences.is_some()));
        if let Some(TrueUp { gap, drift }) = self.differences {
            digest_money(gap, digest);
            digest_money(drift, digest);
        }
    }
}

impl HoldLedger {
    /// Takes the venue's figures of a balance, and says how they differ from ours.
    ///
    /// The first time they are adopted: what the venue has in all, or our part of it, less what our orders hold, is free. Later ours
    /// stand, and what may be spent falls to the lower view until the venue's next figures agree or the difference is explained.
    ///
    /// # Errors
    /// [`BalanceError::BalancesFull`], [`BalanceError::Range`].
    pub fn true_up(
        &mut self,
        account: SubAccountId,
        asset: AssetId,
        free: Money,
        locked: Money,
    ) -> Result<TrueUp, BalanceError> {
        if [free, locked].iter().any(|figure| !fits(*figure)) {
            return Err(BalanceError::Range);
        }
        self.open_lines(account, [asset; 3])?;
        let total = free + locked;
        let owned = self.owned(asset, total).ok_or(BalanceError::Range)?;
        let line = self.line_mut(account, asset).ok_or(BalanceError::Unknown)?;
        if line.differences.is_none() {
            line.free = owned - line.held;
        }
        let differences = TrueUp { gap: free - line.free, drift: total - (line.free + line.held) };
        line.differences = Some(differences);
        Ok(differences)
    }

    /// Our part of what there is of an asset, rounded down.
    fn owned(&self, asset: AssetId, total: Money) -> Option<Money> {
        match self.parts.iter().find(|part| part.asset == asset) {
            None => Some(total),
            Some(part) => {
                mul_div_floor(total.0, i128::from(part.share.0), i128::from(Rate::ONE.0)).map(Money)
            }
        }
    }

    /// Books a movement that the venue's last figures had and ours lacked (a deposit or interest above zero, a withdrawal below),
    /// and says what is left to explain. Where they lacked it too, their next ones will show it.
    ///
    /// # Errors
    /// [`BalanceError::Unknown`] where the venue never told the balance, [`BalanceError::Range`].
    pub fn explain(
        &mut self,
        account: SubAccountId,
        asset: AssetId,
        amount: Money,
    ) -> Result<TrueUp, BalanceError> {
        let line = self.line_mut(account, asset).ok_or(BalanceError::Unknown)?;
        let TrueUp { gap, drift } = line.differences.ok_or(BalanceError::Unknown)?;
        if ![amount, line.free, gap, drift].iter().all(|money| fits(*money)) {
            return Err(BalanceError::Range);
        }
        let left = TrueUp { gap: gap - amount, drift: drift - amount };
        line.free += amount;
        line.differences = Some(left);
        Ok(left)
    }

    /// Sees to it that these balances are kept and can take one more amount each; makes all or none.
    pub(super) fn open_lines(
        &mut self,
        account: SubAccountId,
        assets: [AssetId; 3],
    ) -> Result<(), BalanceError> {
        let mut missing = 0;
        for (place, asset) in assets.iter().enumerate() {
            match self.balance(account, *asset) {
                Some(line) if !fits(line.free) || !fits(line.held) => return Err(BalanceError::Range),
                Some(_) => {}
                None => missing += usize::from(!assets.iter().take(place).any(|earlier| earlier == asset)),
            }
        }
        if self.balances.len() + missing > BALANCES_MAX {
            return Err(BalanceError::BalancesFull);
        }
        for asset in assets {
            if let Err(place) = self.find_line(account, asset) {
                self.balances.insert(place, Balance::empty(account, asset));
            }
        }
        Ok(())
    }

    pub(super) fn find_line(&self, account: SubAccountId, asset: AssetId) -> Result<usize, usize> {
        self.balances.binary_search_by_key(&(account, asset), |line| (line.account, line.asset))
    }

    pub(super) fn line_mut(&mut self, account: SubAccountId, asset: AssetId) -> Option<&mut Balance> {
        let place = self.find_line(account, asset).ok()?;
        self.balances.get_mut(place)
    }
}

const fn fits(money: Money) -> bool {
    money.0.unsigned_abs() <= AMOUNT_MAX.unsigned_abs()
}
