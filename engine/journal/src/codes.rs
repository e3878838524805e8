//! The numbers that stand for words. A number once given is never given again.

use ballast_model::{
    AccessState, BookKind, BudgetKind, FillReason, JournalHealth, Liquidity, LostReason, RejectReason, Side,
};

/// A word with a number.
pub(crate) trait Coded: Sized {
    fn code(self) -> u8;
    fn of(code: u8) -> Option<Self>;
}

macro_rules! coded {
    ($($word:ident { $($variant:ident = $code:literal),+ $(,)? })+) => { $(
        impl Coded for $word {
            fn code(self) -> u8 {
                match self { $(Self::$variant => $code),+ }
            }

            fn of(code: u8) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }
        }
    )+ };
}

coded! {
    Side { Bid = 0, Ask = 1 }
    BookKind { Diff = 0, Snapshot = 1 }
    BudgetKind { Gross = 0, Margin = 1, OrderRate = 2, Loss = 3 }
    JournalHealth { Good = 0, Behind = 1, Failed = 2 }
    AccessState { Open = 0, Unseen = 1, Clock = 2, Rules = 3, Refused = 4 }
    Liquidity { Maker = 0, Taker = 1 }
    LostReason { Gap = 0, Disconnected = 1, RingFull = 2, BadMessage = 3, BookFull = 4, TornBatch = 5 }
    FillReason {
        Venue = 0, QueueExhausted = 1, TradeThrough = 2, BookCross = 3, Took = 4, Liquidation = 5, AutoDeleveraging = 6,
    }
    RejectReason {
        WouldTake = 0, Price = 1, Size = 2, NotionalMin = 3, DuplicateId = 4, SelfTrade = 5, Margin = 6, OrdersMax = 7,
        RateLimit = 8, UnknownOrder = 9, ReduceOnly = 10, NothingToTake = 11, Closed = 12, Other = 13,
    }
}
