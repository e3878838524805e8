//! What a venue counted.

use ballast_model::{Digest, FillReason, Lots, Money, RejectReason};

/// Number of [`RejectReason`]s.
const REJECT_REASONS: usize = RejectReason::Other as usize + 1;
/// Number of [`FillReason`]s.
const FILL_REASONS: usize = FillReason::AutoDeleveraging as usize + 1;

/// Events since the venue began, all instruments together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// New orders that arrived.
    pub orders: u64,
    /// Of these, accepted; the others were rejected.
    pub accepted: u64,
    /// Cancels that arrived.
    pub cancels: u64,
    /// Of these, successful; the others were rejected.
    pub cancelled: u64,
    /// Amendments that arrived.
    pub replaces: u64,
    /// Of these, successful; the others were rejected or ended the order.
    pub replaced: u64,
    /// Queries that arrived.
    pub queries: u64,
    /// Commands of any kind that an outage swallowed; they are counted nowhere else.
    pub lost: u64,
    /// Orders the venue ended: time in force, end time, self-trade prevention, reduce-only.
    pub expired: u64,
    /// Payments of funding made.
    pub payments: u64,
    /// Payments of funding that could not be worked out, and were not made.
    pub unpayable: u64,
    rejects: [u64; REJECT_REASONS],
    fills: [u64; FILL_REASONS],
}

impl Counters {
    /// New orders rejected for this reason.
    #[must_use]
    pub fn rejects(&self, reason: RejectReason) -> u64 {
        self.rejects.get(reason as usize).copied().unwrap_or(0)
    }

    /// New orders rejected.
    #[must_use]
    pub fn rejects_total(&self) -> u64 {
        self.rejects.iter().sum()
    }

    /// Fills given for this reason.
    #[must_use]
    pub fn fills(&self, reason: FillReason) -> u64 {
        self.fills.get(reason as usize).copied().unwrap_or(0)
    }

    /// Fills given.
    #[must_use]
    pub fn fills_total(&self) -> u64 {
        self.fills.iter().sum()
    }

    pub(crate) fn count_reject(&mut self, reason: RejectReason) {
        if let Some(count) = self.rejects.get_mut(reason as usize) {
            *count += 1;
        }
    }

    pub(crate) fn count_fill(&mut self, reason: FillReason) {
        if let Some(count) = self.fills.get_mut(reason as usize) {
            *count += 1;
        }
    }

    pub(crate) fn digest(&self, digest: &mut Digest) {
        let requests = [self.orders, self.accepted, self.cancels, self.cancelled];
        let others = [self.replaces, self.replaced, self.queries, self.expired];
        for count in requests.into_iter().chain(others).chain([self.payments, self.unpayable, self.lost]) {
            digest.word(count);
        }
        for count in self.rejects.iter().chain(&self.fills) {
            digest.word(*count);
        }
    }
}

/// What we traded in one instrument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traded {
    /// Size of all fills.
    pub lots: Lots,
    /// Their value in the settlement currency.
    pub value: Money,
    /// Their fees in the settlement currency, rebates deducted: cost > 0.
    pub fees: Money,
    /// Funding in the settlement currency: received > 0.
    pub funding: Money,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_counter_of_its_own() {
        let mut counters = Counters::default();
        for reason in [RejectReason::WouldTake, RejectReason::Other, RejectReason::Other] {
            counters.count_reject(reason);
        }
        for reason in [FillReason::Venue, FillReason::Took, FillReason::Took] {
            counters.count_fill(reason);
        }
        assert_eq!(
            (counters.rejects(RejectReason::WouldTake), counters.rejects(RejectReason::Other)),
            (1, 2)
        );
        assert_eq!((counters.fills(FillReason::Venue), counters.fills(FillReason::Took)), (1, 2));
        assert_eq!((counters.rejects_total(), counters.fills_total()), (3, 3));
    }
}
