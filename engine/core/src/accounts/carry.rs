//! Books and cash as words and back.

use ballast_model::{AssetId, Carried, CarriedKind, InstrumentId};

use super::cash::CashLine;
use super::{AccountError, Accounts, BookKey, StrategyId, SubAccountId};
use crate::carry::{Of, Tell, amount, halves};

impl Accounts {
    /// Tells all it holds.
    pub(crate) fn carry(&self, tell: &mut Tell<'_>) {
        for (BookKey { instrument, account, strategy }, ledger) in self.books() {
            let kind = CarriedKind::Book;
            ledger.carry(Of { kind, of: instrument.0, account: account.0, strategy: strategy.0 }, tell);
        }
        for instrument in &self.instruments {
            instrument.ledger.carry(Of::new(CarriedKind::Sum, instrument.id.0), tell);
        }
        for line in self.cash_lines() {
            let ([b0, b1], [e0, e1]) = (halves(line.balance), halves(line.external));
            let of = Of { account: line.account.0, ..Of::new(CarriedKind::Cash, line.asset.0) };
            tell(of.word(0, [b0, b1, e0, e1, 0, 0]));
        }
    }

    /// Takes back a word of it; false where it does not fit. A book that there is none of is opened.
    pub(crate) fn restore(&mut self, carried: &Carried) -> bool {
        let (instrument, account) = (InstrumentId(carried.of), SubAccountId(carried.account));
        match carried.kind {
            CarriedKind::Book => {
                let key = BookKey { instrument, account, strategy: StrategyId(carried.strategy) };
                let opened = self.open(key);
                let there = matches!(opened, Ok(()) | Err(AccountError::Duplicate));
                let place = self.find_book(key).ok().filter(|_| there);
                let book = place.and_then(|place| self.books.get_mut(place));
                book.is_some_and(|book| book.ledger.restore(carried))
            }
            CarriedKind::Sum => {
                let place = self.find_instrument(instrument).ok();
                let known = place.and_then(|place| self.instruments.get_mut(place));
                known.is_some_and(|known| known.ledger.restore(carried))
            }
            CarriedKind::Cash => {
                let [a, b, c, d, ..] = carried.words;
                let (asset, balance) = (AssetId(carried.of), amount(a, b));
                self.cash.restore(CashLine { account, asset, balance, external: amount(c, d) })
            }
            CarriedKind::Ledger
            | CarriedKind::Trades
            | CarriedKind::Payments
            | CarriedKind::Order
            | CarriedKind::Instrument
            | CarriedKind::Exits
            | CarriedKind::Halts
            | CarriedKind::Losses
            | CarriedKind::Balance
            | CarriedKind::Hold
            | CarriedKind::End => false,
        }
    }
}
