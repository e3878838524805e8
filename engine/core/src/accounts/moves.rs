//! Positions that move between books: splits and merges.
//!
//! Never here: a price. A position moves at what it stands at.

use ballast_model::{Lots, Money};

use super::cash::Change;
use super::{AccountError, Accounts, BookKey, Settles, coins};
use crate::ledger::Parcel;

impl Accounts {
    /// Moves `lots` (above zero) of the position of one book, with their share of its basis, to another of the same instrument.
    ///
    /// The share is `basis · lots / position`, rounded up; what that leaves stays with the first book. Where the second book's
    /// position is the other way it closes against what comes, and realises the difference. Between sub-accounts, coins of spot
    /// move along; of a margined contract no cash moves but what is realised.
    ///
    /// # Errors
    /// [`AccountError::Books`], [`AccountError::UnknownBook`], [`AccountError::Lots`], [`AccountError::Unbookable`],
    /// [`AccountError::CashFull`], [`AccountError::Cash`].
    pub fn split(&mut self, from: BookKey, to: BookKey, lots: Lots) -> Result<(), AccountError> {
        if from == to || from.instrument != to.instrument {
            return Err(AccountError::Books);
        }
        let (mut source, mut target) = (self.book(from)?.clone(), self.book(to)?.clone());
        let parcel = source.take(lots).ok_or(AccountError::Lots { position: source.position() })?;
        let before = target.realised();
        target.put(parcel)?;
        self.settle_move(from, to, parcel, target.realised() - before)?;
        self.set_book(from, source);
        self.set_book(to, target);
        Ok(())
    }

    /// Moves all that one book holds and has been through (position, profit, fees, funding, turnover) to another of the same
    /// instrument and sub-account, and removes it.
    ///
    /// # Errors
    /// [`AccountError::Books`], [`AccountError::UnknownBook`], [`AccountError::Unbookable`], [`AccountError::CashFull`],
    /// [`AccountError::Cash`].
    pub fn merge(&mut self, from: BookKey, into: BookKey) -> Result<(), AccountError> {
        if from == into || from.instrument != into.instrument || from.account != into.account {
            return Err(AccountError::Books);
        }
        let source = self.book(from)?;
        let mut target = self.book(into)?.clone();
        let before = target.realised() + source.realised();
        target.absorb(source)?;
        let parcel = Parcel { position: source.position(), basis: source.basis() };
        self.settle_move(from, into, parcel, target.realised() - before)?;
        self.set_book(into, target);
        self.books.retain(|book| book.key != from);
        Ok(())
    }

    /// Moves the cash that belongs to a move of position: coins for spot, the profit `realised` on arrival for the rest.
    fn settle_move(
        &mut self,
        from: BookKey,
        to: BookKey,
        parcel: Parcel,
        realised: Money,
    ) -> Result<(), AccountError> {
        let instrument = self.instrument(from.instrument)?;
        let (base, settlement) = (instrument.spec.base, instrument.spec.settlement());
        match instrument.settles {
            Settles::Margined => {
                self.cash.apply(&[Change { account: to.account, asset: settlement, amount: realised }])
            }
            Settles::Spot if from.account == to.account => Ok(()),
            Settles::Spot => {
                let coins = coins(instrument.lot_amount, parcel.position)?;
                let line = |account, amount| Change { account, asset: base, amount };
                self.cash.apply(&[line(from.account, -coins), line(to.account, coins)])
            }
        }
    }
}
