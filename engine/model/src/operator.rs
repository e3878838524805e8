//! What an operator tells the core, as an event like every other: journaled, replayed, answered by a note.
//!
//! Never here: who may say it. Whoever makes the event has asked for the right.

use crate::ids::{InstrumentId, StrategyId, VenueId};
use crate::num::Lots;

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
