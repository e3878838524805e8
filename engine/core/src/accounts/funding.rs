//! Funding, divided among the strategies of a sub-account.
//!
//! A venue pays funding on the net position of a sub-account. The books there share the payment by their signed positions: a
//! short book beside a larger long one receives what the long one pays beyond the net.
//!
//! Never here: a payment that is not the venue's own figure.

use ballast_model::{InstrumentId, Lots, Money};

use super::cash::Change;
use super::{AccountError, Accounts, BookKey, StrategyId, SubAccountId};
use crate::ledger::{Unbookable, mul_div_floor};

impl Accounts {
    /// Books a funding payment of the settlement asset (received > 0) to the books of a sub-account, each its share
    /// `payment · position / net position` rounded down. What rounding leaves, and all of it where the net position is zero, goes
    /// to the book of `remainder_to`.
    ///
    /// # Errors
    /// [`AccountError::UnknownInstrument`], [`AccountError::UnknownBook`], [`AccountError::Unbookable`],
    /// [`AccountError::CashFull`], [`AccountError::Cash`].
    pub fn on_funding(
        &mut self,
        instrument: InstrumentId,
        account: SubAccountId,
        payment: Money,
        remainder_to: StrategyId,
    ) -> Result<(), AccountError> {
        let residual = BookKey { instrument, account, strategy: remainder_to };
        let asset = self.instrument(instrument)?.spec.settlement();
        self.book(residual)?;
        let mut ledger = self.ledger(instrument)?.clone();
        ledger.on_funding(payment)?;
        let net = self.net(instrument, account);

        // First without effect: then the second time cannot fail.
        let mut rest = payment;
        for (key, book) in self.books().filter(|(key, _)| is_of(*key, instrument, account)) {
            let share = share(payment, book.position(), net)?;
            rest -= share;
            if key != residual {
                book.clone().on_funding(share)?;
            }
        }
        let residual_share = rest + share(payment, self.book(residual)?.position(), net)?;
        self.book(residual)?.clone().on_funding(residual_share)?;
        self.cash.apply(&[Change { account, asset, amount: payment }])?;

        for book in self.books.iter_mut().filter(|book| is_of(book.key, instrument, account)) {
            let share = match book.key == residual {
                true => residual_share,
                false => share(payment, book.ledger.position(), net)?,
            };
            book.ledger.on_funding(share)?;
        }
        self.set_instrument_ledger(instrument, ledger);
        Ok(())
    }

    /// Net position of an instrument in a sub-account.
    #[must_use]
    pub fn net(&self, instrument: InstrumentId, account: SubAccountId) -> Lots {
        let own = self.books().filter(|(key, _)| is_of(*key, instrument, account));
        own.fold(Lots::ZERO, |sum, (_, book)| sum + book.position())
    }
}

fn is_of(key: BookKey, instrument: InstrumentId, account: SubAccountId) -> bool {
    key.instrument == instrument && key.account == account
}

/// The share of a position (signed) in a payment on the net position (signed); nothing where there is none.
fn share(payment: Money, position: Lots, net: Lots) -> Result<Money, AccountError> {
    let net = i128::from(net.0);
    if net == 0 {
        return Ok(Money::ZERO);
    }
    let part = i128::from(position.0) * net.signum();
    let share = mul_div_floor(payment.0, part, net.abs()).filter(|share| share.abs() <= i128::MAX >> 10);
    share.map(Money).ok_or(AccountError::Unbookable(Unbookable::Funding))
}
