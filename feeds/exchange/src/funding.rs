//! When and at what terms an instrument's position exchanges funding, as its mark stream tells.
//!
//! A time the stream has shown stands until it has passed; then the position held pays by the last mark and rate shown for
//! that time, before anything else happens. A mark that names a time already past or already paid for names none.
//!
//! Never here: the position, or whom it is paid to.

use ballast_model::{Digest, MarkPrice, Nanos, Rate};

const SECOND: i64 = 1_000_000_000;

/// Terms of one exchange of funding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    /// When, on our clock.
    pub(crate) due: Nanos,
    /// When, as the venue names it.
    at_secs: u32,
    /// Mark price, 10⁻⁸ of the quote currency; above zero.
    pub(crate) mark_e8: i64,
    /// What longs pay to shorts of the position's value.
    pub(crate) rate: Rate,
}

/// What one instrument's mark stream has said.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FundingClock {
    next: Option<Terms>,
    /// The last time that has passed, as the venue names it.
    passed_secs: u32,
}

impl FundingClock {
    /// Takes a mark that was made at `at` on our clock.
    pub(crate) fn on_mark(&mut self, mark: &MarkPrice, at: Nanos) {
        let at_secs = mark.funding_at_secs;
        let wait = Nanos(i64::from(at_secs) * SECOND) - mark.venue_time;
        let stands = |next: Terms| next.at_secs < at_secs;
        if wait.0 <= 0 || at_secs <= self.passed_secs || mark.mark_e8 <= 0 || self.next.is_some_and(stands) {
            return;
        }
        let rate = Rate(mark.funding_e8.into());
        self.next = Some(Terms { due: at + wait, at_secs, mark_e8: mark.mark_e8, rate });
    }

    /// When funding is next exchanged, on our clock; `None` where nobody knows.
    pub(crate) fn due(&self) -> Option<Nanos> {
        self.next.map(|next| next.due)
    }

    /// The terms of an exchange that is due by `now`; each is given once.
    pub(crate) fn take_due(&mut self, now: Nanos) -> Option<Terms> {
        let next = self.next.take_if(|next| next.due <= now)?;
        self.passed_secs = next.at_secs;
        Some(next)
    }

    pub(crate) fn digest(&self, digest: &mut Digest) {
        digest.word(self.passed_secs.into());
        if let Some(next) = self.next {
            for number in [next.due.0, next.at_secs.into(), next.mark_e8, next.rate.0] {
                digest.signed(number);
            }
        }
    }
}
