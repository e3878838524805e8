//! An instrument whose requests are turned away waits before it asks again, longer each time.
//!
//! A venue that cannot be reached, wants silence or does not trade answers every order the same way, and each answer is a reason to
//! decide anew: without a pause orders would be made as fast as they are refused.
//!
//! Never here: refusals of one order for what it is; a cancel, which is never held back.

use ballast_model::{Digest, Nanos, OrderReport, RejectReason, Span};

/// Wait after the second request in a row that is turned away, the first being asked again at once; doubled after each that follows.
const WAIT_MIN: Span = Span::from_millis(50);
/// Longest wait.
const WAIT_MAX: Span = Span::from_secs(1);

/// Whether an instrument's requests are turned away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Away {
    /// Requests turned away one after another.
    times: u32,
    /// No order before this time.
    until: Option<Nanos>,
}

impl Away {
    /// Takes news of an order.
    pub(super) fn on_report(&mut self, report: &OrderReport, now: Nanos) {
        match report {
            OrderReport::NotSent => self.turn_away(now),
            OrderReport::Rejected(reason) | OrderReport::ReplaceRejected(reason) if is_closed(*reason) => {
                self.turn_away(now);
            }
            OrderReport::Accepted(_) | OrderReport::Replaced { .. } => *self = Self::default(),
            OrderReport::Rejected(_)
            | OrderReport::ReplaceRejected(_)
            | OrderReport::Cancelled
            | OrderReport::Expired
            | OrderReport::CancelRejected(_)
            | OrderReport::FateUnknown
            | OrderReport::Working { .. }
            | OrderReport::Ended { .. }
            | OrderReport::NotFound { .. } => {}
        }
    }

    /// While it waits, what left together with the last does not count.
    fn turn_away(&mut self, now: Nanos) {
        if self.until.is_some_and(|until| now < until) {
            return;
        }
        if let Some(doublings) = self.times.checked_sub(1) {
            self.until = Some(now + WAIT_MIN.doubled(doublings, WAIT_MAX));
        }
        self.times = self.times.saturating_add(1);
    }

    /// Until when no order is sent; `None` where one may be.
    #[inline]
    pub(super) fn until(&self, now: Nanos) -> Option<Nanos> {
        self.until.filter(|until| *until > now)
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        if self.times > 0 {
            digest.signed(self.until.map_or(i64::MIN, |until| until.0));
            digest.word(u64::from(self.times));
        }
    }
}

/// Whether a refusal says nothing of the order but that the venue takes none.
const fn is_closed(reason: RejectReason) -> bool {
    match reason {
        RejectReason::RateLimit | RejectReason::Closed | RejectReason::Other => true,
        RejectReason::WouldTake
        | RejectReason::Price
        | RejectReason::Size
        | RejectReason::NotionalMin
        | RejectReason::DuplicateId
        | RejectReason::SelfTrade
        | RejectReason::Margin
        | RejectReason::OrdersMax
        | RejectReason::UnknownOrder
        | RejectReason::ReduceOnly
        | RejectReason::NothingToTake => false,
    }
}

#[cfg(test)]
mod tests {
    use ballast_model::VenueOrderId;

    use super::*;

    const NOW: Nanos = Nanos(1_000_000_000_000);

    #[test]
    fn waits_grow_up_to_a_second_and_end_with_an_order_that_stands() {
        let mut away = Away::default();
        away.on_report(&OrderReport::NotSent, NOW);
        assert_eq!(away.until(NOW), None, "the first is asked again at once");
        let mut now = NOW;
        for millis in [50, 100, 200, 400, 800, 1_000, 1_000] {
            away.on_report(&OrderReport::NotSent, now);
            let until = now + Span::from_millis(millis);
            assert_eq!(away.until(now), Some(until));
            away.on_report(&OrderReport::NotSent, now + Span(1));
            assert_eq!(away.until(now), Some(until), "of those that left together one counts");
            assert_eq!(away.until(until), None);
            now = until;
        }
        away.on_report(&OrderReport::Accepted(VenueOrderId(1)), now);
        assert_eq!(away, Away::default());
    }

    #[test]
    fn only_refusals_that_say_nothing_of_the_order_count() {
        for (report, waits) in [
            (OrderReport::Rejected(RejectReason::RateLimit), true),
            (OrderReport::Rejected(RejectReason::Closed), true),
            (OrderReport::ReplaceRejected(RejectReason::Other), true),
            (OrderReport::Rejected(RejectReason::WouldTake), false),
            (OrderReport::ReplaceRejected(RejectReason::UnknownOrder), false),
            (OrderReport::CancelRejected(RejectReason::RateLimit), false),
            (OrderReport::FateUnknown, false),
        ] {
            let mut away = Away::default();
            away.on_report(&report, NOW);
            away.on_report(&report, NOW);
            assert_eq!(away.until(NOW).is_some(), waits, "{report:?}");
        }
    }
}
