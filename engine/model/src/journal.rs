//! Whether what the core learns and decides is kept, told to the core as an event like every other.
//!
//! Never here: how it is kept.

/// How the journal stands. A state, not a step: being told twice changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalHealth {
    /// It keeps up.
    Good,
    /// What is to be kept comes faster than it is, and there is little room left.
    Behind,
    /// It cannot be written (disk full, gone), or some of it is lost.
    Failed,
}

impl JournalHealth {
    /// The state's name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Behind => "behind",
            Self::Failed => "failed",
        }
    }
}
