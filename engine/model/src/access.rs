//! Whether a venue takes our orders of an instrument and would tell us what becomes of them, told to the core as an event like every
//! other.
//!
//! Never here: what is done about it.

use crate::ids::InstrumentId;

/// How we stand with a venue in one instrument. A state, not a step: being told twice changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Whose.
    pub instrument: InstrumentId,
    /// How we stand.
    pub state: AccessState,
}

/// Whether orders may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessState {
    /// The venue takes orders, and what becomes of them is seen.
    Open,
    /// Orders or their fills would not be seen: a connection is down, or what was missed meanwhile is not swept up yet.
    Unseen,
    /// The venue's clock and ours differ by more than the limit, or nobody knows by how much.
    Clock,
    /// The venue's rules of the instrument are not those configured, or it does not trade.
    Rules,
    /// The venue refuses our key.
    Refused,
}

impl AccessState {
    /// The state's name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Unseen => "unseen",
            Self::Clock => "clock",
            Self::Rules => "rules",
            Self::Refused => "refused",
        }
    }
}
