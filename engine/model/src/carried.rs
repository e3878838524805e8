//! What carries over from one run to the next: the state that no market tells again, word by word.
//!
//! A run that begins where another ended is first told a list of these words as events, so that its own journal is whole: what
//! was held, owed and halted is an input like any other. The list ends with [`CarriedKind::End`]; one without it is no list.
//!
//! What carries: each instrument's exact ledger, the trades and payments it has booked, its orders with all that is known of them
//! (ended ones that are still findable too), doubts about its position, exits under way; the books and cash by strategy and
//! sub-account; balances and what orders hold of them; every halt, freeze and loss that was counted, and until when dead man's
//! switches are armed.
//!
//! What does not, and begins anew: books and touches, everything estimated from the market (fair value, volatility, arrivals,
//! basis, spreads), windows of time over orders, fills and prices (rates, collars, breakers that have not tripped), how far a
//! hedge or an inventory has come on its ladder, the best price a trailing stop has seen, and what was granted of limits that span
//! shards: a new epoch owns nothing of them before it is granted. A journal's own halt does not carry: the new journal is another.
//!
//! Never here: what a word does. Each part of the core writes and reads its own.

/// One word. Numbers of 128 bits take two places, the low half first; signed ones stand as their two's complement; times
/// are nanoseconds since the epoch, and `i64::MIN` stands for none. A word whose places are all zero is not written where
/// that is what a new core has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carried {
    /// Of what.
    pub kind: CarriedKind,
    /// Which part of it.
    pub part: u8,
    /// Which one: an instrument, an asset, a strategy or a venue, as the kind says.
    pub of: u16,
    /// Whose sub-account, where the kind says so; else zero.
    pub account: u16,
    /// For which strategy, where the kind says so; else zero.
    pub strategy: u16,
    /// Its numbers.
    pub words: [u64; 6],
}

const _: () = assert!(size_of::<Carried>() <= 56);

/// Of what a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum CarriedKind {
    /// The ledger of an instrument. Part 0: position, basis, realised, maker fills. Part 1: rounding, turnover, bought, sold. Part
    /// 2: funding received and paid, taker fills. Part 3 and on, the fees of one asset each: asset, fees, rebates, 1.
    Ledger = 0,
    /// The same of the book of an instrument, sub-account and strategy.
    Book = 1,
    /// The same of what an instrument's books add up to.
    Sum = 2,
    /// Cash of a sub-account in an asset: balance, what came from outside.
    Cash = 3,
    /// Trades of an instrument that are booked, ascending, as many as the part says; of part 0 the largest that is no longer
    /// on record.
    Trades = 4,
    /// The same of payments of funding.
    Payments = 5,
    /// An order of an instrument in four parts. Those that may be alive come first, then those that ended, each in the order
    /// they are kept in.
    Order = 6,
    /// What else is known of an instrument: why its position is in doubt: 0 for not at all, 1 because of
    /// a fill, 2 because the record of a run before was damaged; and up to when all that was traded is on record, 0 where nobody knows.
    Instrument = 7,
    /// An exit under way: the side that closes (bid 0, ask 1, none 2), until when only what reduces is quoted.
    Exits = 8,
    /// What closes a gate. The part says whose: 0 an instrument's, 1 a strategy's, 2 a venue's, 3 everything's. State and rule
    /// of each cause and of the worst, a byte each; then until when an instrument is frozen, or a venue's dead man's switch
    /// armed.
    Halts = 9,
    /// Losses as they are counted. The part is twice that of [`CarriedKind::Halts`] for base and peak, and one more for the last
    /// realised and whole profit.
    Losses = 10,
    /// A balance of a sub-account in an asset. Part 0: free, held, whether the venue has told it. Part 1: gap, drift.
    Balance = 11,
    /// What an order holds: client id, fate, money in one lot, lots, allowance. Of an asset and a sub-account.
    Hold = 12,
    /// The list is whole: how many words came before, and the last order id of the run; zero before its
    /// first order.
    End = 13,
}

impl CarriedKind {
    /// All kinds, by their codes.
    pub const ALL: [Self; 14] = [
        Self::Ledger,
        Self::Book,
        Self::Sum,
        Self::Cash,
        Self::Trades,
        Self::Payments,
        Self::Order,
        Self::Instrument,
        Self::Exits,
        Self::Halts,
        Self::Losses,
        Self::Balance,
        Self::Hold,
        Self::End,
    ];

    /// The kind as a number; once given it stays.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The kind with this code; `None` where none has it.
    #[must_use]
    pub fn of(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// The kind's name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ledger => "ledger",
            Self::Book => "book",
            Self::Sum => "sum",
            Self::Cash => "cash",
            Self::Trades => "trades",
            Self::Payments => "payments",
            Self::Order => "order",
            Self::Instrument => "instrument",
            Self::Exits => "exits",
            Self::Halts => "halts",
            Self::Losses => "losses",
            Self::Balance => "balance",
            Self::Hold => "hold",
            Self::End => "end",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_name_their_kinds() {
        for (code, kind) in (0..).zip(CarriedKind::ALL) {
            assert_eq!((kind.code(), CarriedKind::of(code)), (code, Some(kind)));
        }
        assert_eq!(CarriedKind::of(14), None);
    }
}
