//! What an operator tells the core, as an event like every other: journaled, replayed, answered by a note.
//!
//! Never here: who may say it. Whoever makes the event has asked for the right.

use crate::ids::{AssetId, InstrumentId, StrategyId, SubAccountId, VenueId};
use crate::money::PackedMoney;
use crate::num::{Lots, Price};
use crate::time::Nanos;

/// Who gave a command, as the desk numbers its operators; programs that act for them have numbers too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperatorId(pub u16);

/// Why, as the desk numbers its reasons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReasonCode(pub u16);

/// What a command holds for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorScope {
    /// One instrument.
    Instrument(InstrumentId),
    /// All instruments of a strategy.
    Strategy(StrategyId),
    /// All instruments of a venue.
    Venue(VenueId),
    /// Everything.
    All,
}

/// What is to be done. Each scope has a halt of its own: what was halted at one scope is resumed there and nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorAct {
    /// From now on only orders that reduce.
    ReduceOnly,
    /// Quotes are pulled; only orders that reduce and are marked reduce-only pass.
    Pause,
    /// Everything is cancelled; what passes is what passes a pause.
    Kill,
    /// Ends the operator's own halt, where nothing else has halted the scope.
    Resume,
    /// Forgives a loss or drawdown above its limit, where it holds no longer: losses count anew from here.
    ClearLoss,
    /// Ends a freeze after too many fills within a window; they count anew from here.
    Thaw,
    /// The venue's position was compared with the ledger's, and this is the venue's: signed, long above zero. Ends the doubt
    /// where the ledger says the same.
    Confirm(Lots),
    /// A venue has confirmed that its dead man's switch is armed until this time, by our clock. Where the switch is required,
    /// nothing that adds is sent there after it.
    Arm(Nanos),
    /// The venue's position is not the ledger's, and will not become so: what is missing is booked as one trade at a stated price,
    /// which no order of ours made and nothing was charged for. Ends the doubt. Only while no order is open, for what orders
    /// trade may be on its way.
    Adjust {
        /// The venue's: signed, long above zero.
        position: Lots,
        /// What the difference is taken to have traded at.
        price: Price,
    },
    /// Moves so many lots of an instrument's position, above zero, with their share of its basis from one book to another: books
    /// alone change, and what they add up to does not.
    Split {
        /// Whose they were.
        from: BookOwner,
        /// Whose they are.
        to: BookOwner,
        /// How many.
        lots: Lots,
    },
    /// Moves all that a book of an instrument holds and has been through to another of the same sub-account.
    Merge {
        /// Whose it was.
        from: BookOwner,
        /// Whose it is.
        into: BookOwner,
    },
    /// Moves cash, above zero, between sub-accounts, in the books alone. Whether there was enough is the venue's to say: the
    /// first one's may go below zero.
    Transfer {
        /// Whose it was.
        from: SubAccountId,
        /// Whose it is.
        to: SubAccountId,
        /// In what.
        asset: AssetId,
        /// How much.
        amount: PackedMoney,
    },
}

/// Whose a book of an instrument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookOwner {
    /// On whose account cash moves.
    pub account: SubAccountId,
    /// For whom.
    pub strategy: StrategyId,
}

/// One command of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperatorCommand {
    /// What for.
    pub scope: OperatorScope,
    /// What.
    pub act: OperatorAct,
    /// Who.
    pub operator: OperatorId,
    /// Why.
    pub reason: ReasonCode,
}
