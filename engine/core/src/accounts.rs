//! Books: the ledger of every instrument divided by strategy and sub-account, and the cash of every sub-account.
//!
//! A fill belongs to one book. Whatever is then moved between books (a share of a position with its basis, a whole book, cash),
//! the books of an instrument add up to the instrument's own ledger, exactly ([`Totals`]), and the cash of all sub-accounts to
//! what was brought in and what the fills, fees and funding moved. What does not divide is left with a named side, never
//! lost.
//!
//! Cash follows the venue's wallets: spot moves both coins with every fill; a margined contract moves the settlement asset when
//! profit is realised. Fees and funding are cash in both.
//!
//! Every change is made whole or not at all.
//!
//! Never here: a limit on what may be traded or spent. A ledger books facts; refusing is the gate's.

mod carry;
mod cash;
mod funding;
mod moves;

#[cfg(test)]
mod tests;

use alloc::vec::Vec;

use ballast_model::{AssetId, Contract, Digest, Fill, InstrumentId, InstrumentSpec, Lots, Money};

use crate::ledger::{Ledger, Unbookable};

pub use ballast_model::SubAccountId;
pub use cash::CashLine;

use cash::{CashTable, Change};

/// Books one table holds. A hundred books at the largest position still add up in 64 bits.
pub const BOOKS_MAX: usize = 96;

/// Instruments one table holds.
pub const INSTRUMENTS_MAX: usize = 64;

/// Pairs of sub-account and asset one table holds.
pub const CASH_LINES_MAX: usize = 256;

/// A strategy: what decides on orders and is judged by its profit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StrategyId(pub u16);

/// Which book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BookKey {
    /// What is traded.
    pub instrument: InstrumentId,
    /// On whose account cash moves.
    pub account: SubAccountId,
    /// For whom.
    pub strategy: StrategyId,
}

/// How trading an instrument moves cash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settles {
    /// Coins change hands with every fill. Linear only.
    Spot,
    /// The settlement asset moves when profit is realised.
    Margined,
}

/// Why something cannot be booked; nothing of it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountError {
    /// The instrument is not in the table.
    UnknownInstrument(InstrumentId),
    /// The book is not in the table.
    UnknownBook(BookKey),
    /// The instrument or book is in the table already.
    Duplicate,
    /// The table has [`INSTRUMENTS_MAX`] instruments.
    InstrumentsFull,
    /// The table has [`BOOKS_MAX`] books.
    BooksFull,
    /// The table has [`CASH_LINES_MAX`] lines of cash.
    CashFull,
    /// A cash balance would leave its range.
    Cash,
    /// An inverse contract cannot be spot, and a lot of spot must be an amount.
    Spot,
    /// The two books are one, are of different instruments, or (to merge) of different sub-accounts.
    Books,
    /// More lots than the position has, or none.
    Lots {
        /// The position.
        position: Lots,
    },
    /// The amount is not above zero.
    Amount,
    /// The numbers do not fit a ledger.
    Unbookable(Unbookable),
}

impl From<Unbookable> for AccountError {
    fn from(why: Unbookable) -> Self {
        Self::Unbookable(why)
    }
}

impl core::fmt::Display for AccountError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::UnknownInstrument(id) => write!(f, "instrument {} has no books", id.0),
            Self::UnknownBook(key) => write!(
                f,
                "no book of instrument {}, sub-account {}, strategy {}",
                key.instrument.0, key.account.0, key.strategy.0
            ),
            Self::Duplicate => f.write_str("the instrument or book exists already"),
            Self::InstrumentsFull => f.write_str("too many instruments with books"),
            Self::BooksFull => f.write_str("too many books"),
            Self::CashFull => f.write_str("too many pairs of sub-account and asset"),
            Self::Cash => f.write_str("a cash balance would leave its range"),
            Self::Spot => f.write_str("an inverse contract, or one with a vast lot, cannot be spot"),
            Self::Books => f.write_str(
                "the two books must be different ones, of one instrument and, to be merged, of one sub-account",
            ),
            Self::Lots { position } => write!(f, "lots not within the position of {}", position.0),
            Self::Amount => f.write_str("the amount is not above zero"),
            Self::Unbookable(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for AccountError {}

/// What adds up exactly over the books of an instrument. Realised profit does not: a long book and a short one are flat
/// together, and neither has realised anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Signed.
    pub position: Lots,
    /// [`Ledger::flows`].
    pub flows: Money,
    /// [`Ledger::funding`].
    pub funding: Money,
    /// [`Ledger::turnover`].
    pub turnover: Money,
    /// [`Ledger::rounding_max`].
    pub rounding_max: Money,
    /// Fills as maker and as taker.
    pub fills: u64,
}

impl Totals {
    /// A single ledger's.
    #[must_use]
    pub fn of(ledger: &Ledger) -> Self {
        use ballast_model::Liquidity::{Maker, Taker};
        Self {
            position: ledger.position(),
            flows: ledger.flows(),
            funding: ledger.funding(),
            turnover: ledger.turnover(),
            rounding_max: ledger.rounding_max(),
            fills: ledger.fills(Maker) + ledger.fills(Taker),
        }
    }

    fn with(self, other: Self) -> Self {
        Self {
            position: self.position + other.position,
            flows: self.flows + other.flows,
            funding: self.funding + other.funding,
            turnover: self.turnover + other.turnover,
            rounding_max: self.rounding_max + other.rounding_max,
            fills: self.fills + other.fills,
        }
    }
}

/// An instrument that has books.
#[derive(Clone, Debug)]
struct Instrument {
    id: InstrumentId,
    spec: InstrumentSpec,
    settles: Settles,
    /// Base coins in one lot; spot only.
    lot_amount: Money,
    /// Takes every fill and payment: what it can hold, the sums over the books can.
    ledger: Ledger,
}

/// One book.
#[derive(Clone, Debug)]
struct Book {
    key: BookKey,
    ledger: Ledger,
}

/// The books and the cash.
#[derive(Clone, Debug)]
pub struct Accounts {
    /// Ascending by id.
    instruments: Vec<Instrument>,
    /// Ascending by key.
    books: Vec<Book>,
    cash: CashTable,
}

impl Default for Accounts {
    fn default() -> Self {
        Self::new()
    }
}

impl Accounts {
    /// No books. All memory there will ever be is taken here.
    #[must_use]
    pub fn new() -> Self {
        Self {
            instruments: Vec::with_capacity(INSTRUMENTS_MAX),
            books: Vec::with_capacity(BOOKS_MAX),
            cash: CashTable::new(),
        }
    }

    /// Makes an instrument known.
    ///
    /// # Errors
    /// [`AccountError::Duplicate`], [`AccountError::InstrumentsFull`], [`AccountError::Spot`].
    pub fn add_instrument(
        &mut self,
        id: InstrumentId,
        spec: &InstrumentSpec,
        settles: Settles,
    ) -> Result<(), AccountError> {
        let Err(place) = self.find_instrument(id) else {
            return Err(AccountError::Duplicate);
        };
        if self.instruments.len() == INSTRUMENTS_MAX {
            return Err(AccountError::InstrumentsFull);
        }
        let lot_amount = match (settles, spec.contract) {
            (Settles::Margined, _) => Money::ZERO,
            (Settles::Spot, Contract::Linear) => spec.lot_amount().ok_or(AccountError::Spot)?,
            (Settles::Spot, Contract::Inverse) => return Err(AccountError::Spot),
        };
        let ledger = Ledger::new(spec);
        self.instruments.insert(place, Instrument { id, spec: *spec, settles, lot_amount, ledger });
        Ok(())
    }

    /// Opens an empty book.
    ///
    /// # Errors
    /// [`AccountError::UnknownInstrument`], [`AccountError::Duplicate`], [`AccountError::BooksFull`].
    pub fn open(&mut self, key: BookKey) -> Result<(), AccountError> {
        let ledger = Ledger::new(&self.instrument(key.instrument)?.spec);
        let Err(place) = self.find_book(key) else {
            return Err(AccountError::Duplicate);
        };
        if self.books.len() == BOOKS_MAX {
            return Err(AccountError::BooksFull);
        }
        self.books.insert(place, Book { key, ledger });
        Ok(())
    }

    /// Closes a book that nothing was ever booked to; any other stays.
    pub(crate) fn close(&mut self, key: BookKey) {
        let Ok(instrument) = self.instrument(key.instrument) else { return };
        let empty = Ledger::new(&instrument.spec);
        self.books.retain(|book| book.key != key || book.ledger != empty);
    }

    /// Books a fill of the strategy's order. The caller sees to it that a fill comes once.
    ///
    /// # Errors
    /// [`AccountError::UnknownInstrument`], [`AccountError::UnknownBook`], [`AccountError::Unbookable`],
    /// [`AccountError::CashFull`], [`AccountError::Cash`]. The fill is real all the same: books and positions are no longer known.
    pub fn on_fill(
        &mut self,
        account: SubAccountId,
        strategy: StrategyId,
        fill: &Fill,
    ) -> Result<(), AccountError> {
        let key = BookKey { instrument: fill.instrument, account, strategy };
        let (mut book, instrument) = (self.book(key)?.clone(), self.instrument(fill.instrument)?);
        let mut ledger = instrument.ledger.clone();
        let (realised, flows) = (book.realised(), ledger.flows());
        ledger.on_fill(fill)?;
        book.on_fill(fill)?;
        let (spec, lots) = (&instrument.spec, fill.level.lots().signed(fill.side));
        let (settled, coins) = match instrument.settles {
            Settles::Margined => (book.realised() - realised, Money::ZERO),
            Settles::Spot => (ledger.flows() - flows, coins(instrument.lot_amount, lots)?),
        };
        let line = |asset, amount| Change { account, asset, amount };
        let fee = -Money::from_e8(fill.fee_e8);
        let changes = [line(spec.settlement(), settled), line(spec.base, coins), line(fill.fee_asset, fee)];
        self.cash.apply(&changes)?;
        self.set_instrument_ledger(fill.instrument, ledger);
        self.set_book(key, book);
        Ok(())
    }

    /// The ledger of an instrument over all its books: one position, one average cost.
    ///
    /// # Errors
    /// [`AccountError::UnknownInstrument`].
    pub fn ledger(&self, instrument: InstrumentId) -> Result<&Ledger, AccountError> {
        Ok(&self.instrument(instrument)?.ledger)
    }

    /// A book's ledger.
    ///
    /// # Errors
    /// [`AccountError::UnknownBook`].
    pub fn book(&self, key: BookKey) -> Result<&Ledger, AccountError> {
        let book = self.find_book(key).ok().and_then(|place| self.books.get(place));
        book.map(|book| &book.ledger).ok_or(AccountError::UnknownBook(key))
    }

    /// All books with their keys, ascending: by instrument, then sub-account, then strategy.
    pub fn books(&self) -> impl Iterator<Item = (BookKey, &Ledger)> {
        self.books.iter().map(|book| (book.key, &book.ledger))
    }

    /// What the books of an instrument add up to. Equal to [`Totals::of`] the instrument's own ledger wherever that has been
    /// given the same fills and payments.
    #[must_use]
    pub fn totals(&self, instrument: InstrumentId) -> Totals {
        let own = self.books.iter().filter(|book| book.key.instrument == instrument);
        own.fold(Totals::default(), |sum, book| sum.with(Totals::of(&book.ledger)))
    }

    /// Fees less rebates in an asset, over the books of an instrument.
    #[must_use]
    pub fn fees(&self, instrument: InstrumentId, asset: AssetId) -> Money {
        let own = self.books.iter().filter(|book| book.key.instrument == instrument);
        own.map(|book| book.ledger.fees(asset) - book.ledger.rebates(asset)).sum()
    }

    /// The lines of cash: one for each pair of sub-account and asset that anything ever moved in.
    pub fn cash_lines(&self) -> impl Iterator<Item = &CashLine> {
        self.cash.lines()
    }

    /// Cash of a sub-account in an asset; zero where nothing ever moved.
    #[must_use]
    pub fn cash(&self, account: SubAccountId, asset: AssetId) -> Money {
        self.cash.line(account, asset).map_or(Money::ZERO, |line| line.balance)
    }

    /// Takes the whole state into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        digest.word(self.books.len() as u64);
        for Book { key, ledger } in &self.books {
            for id in [key.instrument.0, key.account.0, key.strategy.0] {
                digest.word(u64::from(id));
            }
            ledger.digest(digest);
        }
        for instrument in &self.instruments {
            instrument.ledger.digest(digest);
        }
        self.cash.digest(digest);
    }

    fn find_instrument(&self, id: InstrumentId) -> Result<usize, usize> {
        self.instruments.binary_search_by_key(&id, |known| known.id)
    }

    fn find_book(&self, key: BookKey) -> Result<usize, usize> {
        self.books.binary_search_by_key(&key, |book| book.key)
    }

    fn instrument(&self, id: InstrumentId) -> Result<&Instrument, AccountError> {
        let place = self.find_instrument(id).ok();
        place.and_then(|place| self.instruments.get(place)).ok_or(AccountError::UnknownInstrument(id))
    }

    /// Puts a changed copy of the instrument's ledger in its place.
    fn set_instrument_ledger(&mut self, id: InstrumentId, ledger: Ledger) {
        let place = self.find_instrument(id).ok();
        if let Some(known) = place.and_then(|place| self.instruments.get_mut(place)) {
            known.ledger = ledger;
        }
    }

    /// Puts a changed copy of a book in its place.
    fn set_book(&mut self, key: BookKey, ledger: Ledger) {
        let place = self.find_book(key).ok();
        if let Some(book) = place.and_then(|place| self.books.get_mut(place)) {
            book.ledger = ledger;
        }
    }
}

/// Signed lots as coins.
fn coins(lot_amount: Money, lots: Lots) -> Result<Money, AccountError> {
    lot_amount.0.checked_mul(i128::from(lots.0)).map(Money).ok_or(AccountError::Cash)
}
