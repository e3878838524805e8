//! The books of a shard: whose each fill and payment is, by strategy and sub-account.
//!
//! They are kept beside the lanes' own ledgers, from the same facts, and no decision reads them. An operator may move positions
//! and cash between them.
//!
//! Never here: a fact that a lane's ledger did not take.

use alloc::vec::Vec;

use ballast_model::{
    BookOwner, Fill, FundingPayment, InstrumentId, OperatorAct, OperatorCommand, OperatorScope, SubAccountId,
};

use super::operator::OperatorRefusal;
use super::{Lane, Shard};
use crate::accounts::{AccountError, Accounts, BookKey, Settles, StrategyId};

/// Whose an instrument's trades are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneBook {
    /// For whom.
    pub strategy: StrategyId,
    /// On whose account.
    pub account: SubAccountId,
    /// How cash moves.
    pub settles: Settles,
}

/// Books, one for each lane.
#[derive(Debug)]
pub(super) struct Books {
    accounts: Accounts,
    /// By instrument.
    keys: Vec<BookKey>,
}

impl Books {
    fn new(lanes: &[Lane], books: &[LaneBook]) -> Result<Self, AccountError> {
        let mut accounts = Accounts::new();
        let mut keys = Vec::with_capacity(lanes.len());
        for (lane, book) in lanes.iter().zip(books) {
            let key = BookKey { instrument: lane.id(), account: book.account, strategy: book.strategy };
            accounts.add_instrument(key.instrument, &lane.spec, book.settles)?;
            accounts.open(key)?;
            keys.push(key);
        }
        Ok(Self { accounts, keys })
    }

    pub(super) const fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    pub(super) const fn accounts_mut(&mut self) -> &mut Accounts {
        &mut self.accounts
    }

    fn key(&self, instrument: InstrumentId) -> Option<BookKey> {
        self.keys.get(instrument.index()).copied()
    }

    /// Moves a position between books of an instrument. One that takes is opened where there is none, and one that fills are
    /// booked to stays though all of it was moved.
    fn change(
        &mut self,
        instrument: InstrumentId,
        [from, to]: [BookOwner; 2],
        change: impl FnOnce(&mut Accounts, BookKey, BookKey) -> Result<(), AccountError>,
    ) -> Result<(), AccountError> {
        let [from, to] = [from, to].map(|owner| BookKey {
            instrument,
            account: owner.account,
            strategy: StrategyId(owner.strategy.0.into()),
        });
        self.accounts.book(from)?;
        let new = self.accounts.book(to).is_err();
        if new {
            self.accounts.open(to)?;
        }
        let changed = change(&mut self.accounts, from, to);
        if changed.is_err() && new {
            self.accounts.close(to);
        }
        changed?;
        if self.key(instrument) == Some(from) && self.accounts.book(from).is_err() {
            self.accounts.open(from)?;
        }
        Ok(())
    }

    /// Books a fill that the lane's ledger took; tells whether the books could hold it.
    pub(super) fn on_fill(&mut self, fill: &Fill) -> bool {
        self.book(fill).is_ok()
    }

    /// Books a trade, whole or not at all.
    pub(super) fn book(&mut self, fill: &Fill) -> Result<(), AccountError> {
        let Some(key) = self.key(fill.instrument) else { return Ok(()) };
        self.accounts.on_fill(key.account, key.strategy, fill)
    }

    /// Books a payment that the lane's ledger took; tells whether the books could hold it.
    pub(super) fn on_funding(&mut self, payment: &FundingPayment) -> bool {
        let Some(BookKey { instrument, account, strategy }) = self.key(payment.instrument) else {
            return true;
        };
        self.accounts.on_funding(instrument, account, payment.amount.money(), strategy).is_ok()
    }
}

impl Shard {
    /// The shard with books by strategy and sub-account, one entry for each lane; to be asked for before the first event.
    ///
    /// # Errors
    /// The first [`AccountError`]: too many lanes for one table, or spot that cannot be.
    pub fn with_books(mut self, books: &[LaneBook]) -> Result<Self, AccountError> {
        self.books = Some(Books::new(&self.lanes, books)?);
        Ok(self)
    }

    /// Moves what an operator says between books. Fills are booked as before.
    pub(super) fn move_books(&mut self, command: &OperatorCommand) -> Result<(), OperatorRefusal> {
        let books = self.books.as_mut().ok_or(OperatorRefusal::NoBooks)?;
        let moved = match (command.act, command.scope) {
            (OperatorAct::Split { from, to, lots }, OperatorScope::Instrument(id)) => {
                books.change(id, [from, to], |accounts, from, to| accounts.split(from, to, lots))
            }
            (OperatorAct::Merge { from, into }, OperatorScope::Instrument(id)) => {
                books.change(id, [from, into], Accounts::merge)
            }
            (OperatorAct::Transfer { from, to, asset, amount }, OperatorScope::All) => {
                books.accounts.transfer(from, to, asset, amount.money())
            }
            _ => return Err(OperatorRefusal::WrongScope),
        };
        moved.map_err(OperatorRefusal::Books)
    }

    /// The books by strategy and sub-account; `None` where none are kept.
    #[must_use]
    pub fn books(&self) -> Option<&Accounts> {
        self.books.as_ref().map(|books| &books.accounts)
    }
}
