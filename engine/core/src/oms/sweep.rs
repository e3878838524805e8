//! Which orders to ask the venue about, and when.
//!
//! Time alone ends no order: it only makes a question due. What the venue answers decides.

use ballast_model::{Nanos, Span};

use super::order::Order;
use super::state::OrderState;

/// When orders become doubtful. All spans are above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SweepLimits {
    /// A request without an answer for this long.
    pub pending_max: Span,
    /// An order of unknown fate, or one whose fills are missing, for this long.
    pub unknown_max: Span,
    /// A live order of which the venue has not spoken for this long.
    pub live_max: Span,
    /// Least time between two queries of one order.
    pub query_gap: Span,
}

/// A span of [`SweepLimits`] is not above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SweepLimitsError;

impl core::fmt::Display for SweepLimitsError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("pending_max, unknown_max, live_max and query_gap must be above zero")
    }
}

impl core::error::Error for SweepLimitsError {}

impl SweepLimits {
    /// Two seconds for an answer, half a second for a fate, a minute for a live order, two seconds between queries.
    pub const DEFAULT: Self = Self {
        pending_max: Span::from_secs(2),
        unknown_max: Span::from_millis(500),
        live_max: Span::from_secs(60),
        query_gap: Span::from_secs(2),
    };

    /// Checks the spans.
    ///
    /// # Errors
    /// [`SweepLimitsError`].
    pub fn check(&self) -> Result<(), SweepLimitsError> {
        let spans = [self.pending_max, self.unknown_max, self.live_max, self.query_gap];
        if spans.iter().all(|span| span.0 > 0) { Ok(()) } else { Err(SweepLimitsError) }
    }
}

impl Order {
    /// When to ask the venue about it; `None` where nothing is in doubt.
    pub(super) fn query_at(&self, limits: &SweepLimits) -> Option<Nanos> {
        let by_state = match self.state {
            OrderState::PendingNew | OrderState::PendingReplace | OrderState::PendingCancel(_) => {
                Some(self.state_since + limits.pending_max)
            }
            OrderState::Live => Some(self.confirmed_at + limits.live_max),
            OrderState::Unknown | OrderState::Done(_) => None,
        };
        let doubts = [self.doubtful_since, self.missing_since];
        let by_doubt = doubts.into_iter().flatten().map(|since| since + limits.unknown_max);
        let due = by_state.into_iter().chain(by_doubt).min()?;
        Some(self.queried_at.map_or(due, |asked| due.max(asked + limits.query_gap)))
    }
}
