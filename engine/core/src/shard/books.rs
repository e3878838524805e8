//! The books of a shard: whose each fill and payment is, by strategy and sub-account.
//!
//! They are kept beside the lanes' own ledgers, from the same facts, and no decision reads them.
//!
//! Never here: a fact that a lane's ledger did not take.

use alloc::vec::Vec;

use ballast_model::{Fill, FundingPayment, InstrumentId, SubAccountId};

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

    fn key(&self, instrument: InstrumentId) -> Option<BookKey> {
        self.keys.get(instrument.index()).copied()
    }

    /// Books a fill that the lane's ledger took; tells whether the books could hold it.
    pub(super) fn on_fill(&mut self, fill: &Fill) -> bool {
        let key = self.key(fill.instrument);
        key.is_none_or(|key| self.accounts.on_fill(key.account, key.strategy, fill).is_ok())
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

    /// The books by strategy and sub-account; `None` where none are kept.
    #[must_use]
    pub fn books(&self) -> Option<&Accounts> {
        self.books.as_ref().map(|books| &books.accounts)
    }
}
