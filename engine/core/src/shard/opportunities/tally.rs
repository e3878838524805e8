//! What a detector has found so far, for whoever judges it. Nothing depends on it.

use ballast_model::{Money, Span};

use crate::arbitrage::{NoOpportunity, Opportunity};

/// Counts of one detector.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// Looks taken.
    pub looks: u64,
    /// Looks that found an opportunity.
    pub found: u64,
    /// Times that one appeared where there had been none.
    pub seen: u64,
    /// How long there was one, from the look that found it to the one that did not or its expiry.
    pub alive: Span,
    /// The highest net; zero where nothing was found.
    pub net_best: Money,
    /// The highest edge in basis points; zero where nothing was found.
    pub edge_best_bps: f64,
    net_sum: i128,
    edge_sum_bps: f64,
    nothing: [u64; NoOpportunity::ALL.len()],
}

impl Tally {
    /// The mean net of the looks that found one, rounded down.
    #[must_use]
    pub fn net_mean(&self) -> Option<Money> {
        (self.found > 0).then(|| Money(self.net_sum.div_euclid(i128::from(self.found))))
    }

    /// The mean edge of the looks that found one, in basis points.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a mean over a count")]
    pub fn edge_mean_bps(&self) -> Option<f64> {
        (self.found > 0).then(|| self.edge_sum_bps / self.found as f64)
    }

    /// Looks that found nothing for this reason.
    #[must_use]
    pub fn nothing_for(&self, why: NoOpportunity) -> u64 {
        self.nothing.get(why as usize).copied().unwrap_or_default()
    }

    pub(super) fn found(&mut self, opportunity: &Opportunity, first: bool) {
        self.looks += 1;
        self.found += 1;
        self.seen += u64::from(first);
        self.net_best = self.net_best.max(opportunity.net);
        self.edge_best_bps = self.edge_best_bps.max(opportunity.edge_bps);
        self.net_sum = self.net_sum.saturating_add(opportunity.net.0);
        self.edge_sum_bps += opportunity.edge_bps;
    }

    pub(super) fn nothing(&mut self, why: NoOpportunity) {
        self.looks += 1;
        if let Some(count) = self.nothing.get_mut(why as usize) {
            *count += 1;
        }
    }

    pub(super) fn stood(&mut self, span: Span) {
        self.alive = Span(self.alive.0.saturating_add(span.0));
    }
}
