//! What a note is called in reports: stable names of kind and reason, and whose it is.
//!
//! Never here: words for a person.

use ballast_model::InstrumentId;

use super::Note;
use crate::balance::HoldRefusal;

impl Note {
    /// What happened, in words of lower case joined by underscores.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Refused(..) => "refused",
            Self::Held(..) => "held",
            Self::BookLost(..) => "book_lost",
            Self::OrdersFull(_) => "orders_full",
            Self::ForeignOrder(_) => "foreign_order",
            Self::ForeignFill(_) => "foreign_fill",
            Self::ForcedFill(_) => "forced_fill",
            Self::UnverifiableFill(_) => "unverifiable_fill",
            Self::UnbookableFill(_) => "unbookable_fill",
            Self::UnbookableFunding(_) => "unbookable_funding",
            Self::UnbookableBook(_) => "unbookable_book",
            Self::Unheld(..) => "unheld",
            Self::UnbookableBalance(_) => "unbookable_balance",
            Self::Overfilled(_) => "overfilled",
            Self::Uncarried(_) => "uncarried",
            Self::Exit(..) => "exit",
            Self::ExitHeld(..) => "exit_held",
            Self::Inventory(..) => "inventory",
            Self::Operator(..) => "operator",
            Self::Journal(_) => "journal",
            Self::Configured(_) => "configured",
            Self::Access(_) => "access",
            Self::CancelsLeft(_) => "cancels_left",
            Self::OpportunitySeen(_) => "opportunity_seen",
            Self::OpportunityGone(_) => "opportunity_gone",
        }
    }

    /// Why, in the same form; `None` where the kind says it all.
    #[must_use]
    pub const fn reason(&self) -> Option<&'static str> {
        Some(match self {
            Self::Refused(_, refusal) => refusal.rule().name(),
            Self::Held(_, hold) => hold.name(),
            Self::BookLost(_, reason) => reason.name(),
            Self::Unheld(_, refusal) => unheld(refusal),
            Self::Journal(health) => health.name(),
            Self::Configured(what) => what.name(),
            Self::Access(access) => access.state.name(),
            Self::Exit(_, exit) | Self::ExitHeld(_, exit) => exit.name(),
            Self::Inventory(_, stage) => stage.name(),
            Self::Uncarried(kind) => kind.name(),
            Self::OrdersFull(_)
            | Self::ForeignOrder(_)
            | Self::ForeignFill(_)
            | Self::ForcedFill(_)
            | Self::UnverifiableFill(_)
            | Self::UnbookableFill(_)
            | Self::UnbookableFunding(_)
            | Self::UnbookableBook(_)
            | Self::UnbookableBalance(_)
            | Self::Overfilled(_)
            | Self::Operator(..)
            | Self::CancelsLeft(_)
            | Self::OpportunitySeen(_)
            | Self::OpportunityGone(_) => return None,
        })
    }

    /// Whose it is; `None` where it is no single instrument's.
    #[must_use]
    pub const fn instrument(&self) -> Option<InstrumentId> {
        match self {
            Self::Refused(id, _)
            | Self::Held(id, _)
            | Self::BookLost(id, _)
            | Self::OrdersFull(id)
            | Self::ForeignOrder(id)
            | Self::ForeignFill(id)
            | Self::ForcedFill(id)
            | Self::UnverifiableFill(id)
            | Self::UnbookableFill(id)
            | Self::UnbookableFunding(id)
            | Self::UnbookableBook(id)
            | Self::Unheld(id, _)
            | Self::Overfilled(id)
            | Self::Exit(id, _)
            | Self::ExitHeld(id, _)
            | Self::Inventory(id, _)
            | Self::CancelsLeft(id) => Some(*id),
            Self::Access(access) => Some(access.instrument),
            Self::UnbookableBalance(_)
            | Self::Operator(..)
            | Self::Uncarried(_)
            | Self::Journal(_)
            | Self::Configured(_)
            | Self::OpportunitySeen(_)
            | Self::OpportunityGone(_) => None,
        }
    }
}

const fn unheld(refusal: &HoldRefusal) -> &'static str {
    match refusal {
        HoldRefusal::Unknown { .. } => "unknown",
        HoldRefusal::Available { .. } => "available",
        HoldRefusal::HoldsFull => "holds_full",
        HoldRefusal::Duplicate(_) => "duplicate",
        HoldRefusal::Contract => "contract",
        HoldRefusal::Range => "range",
    }
}
