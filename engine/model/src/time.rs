//! Points in time and spans between them.

use core::ops::{Add, Sub};
use core::time::Duration;

/// A point in time: nanoseconds since the Unix epoch (a signed 64-bit count reaches the year 2262).
///
/// Whose clock it was is said where it is stored: ours (`recv_time`, `now`) or the venue's (`venue_time`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nanos(pub i64);

/// A signed span of time in nanoseconds. A latency measured across two clocks may be negative and stays so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub i64);

impl Nanos {
    /// Before every real time.
    pub const MIN: Self = Self(i64::MIN);
    /// After every real time: "never".
    pub const MAX: Self = Self(i64::MAX);

    /// A point given in milliseconds since the epoch, as venues send it.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// This point later by `span`, stopping at the ends of the range.
    #[must_use]
    pub const fn saturating_add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Span {
    /// No time.
    pub const ZERO: Self = Self(0);

    /// A span given in milliseconds.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// A span given in microseconds.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros.saturating_mul(1_000))
    }

    /// A span given in seconds.
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000_000_000))
    }

    /// As waits want it: no time where it is negative.
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_nanos(if self.0 > 0 { self.0.unsigned_abs() } else { 0 })
    }

    /// The wait after so many attempts that failed before the last: this span, doubled each time, but at most `most`.
    #[must_use]
    pub fn doubled(self, times: u32, most: Self) -> Self {
        Self(self.0.saturating_mul(1 << times.min(32)).min(most.0))
    }

    /// This span in seconds.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "models work in f64 seconds; 2^53 ns is 104 days")]
    pub const fn as_secs_f64(self) -> f64 {
        self.0 as f64 * 1e-9
    }
}

impl Sub for Nanos {
    type Output = Span;
    fn sub(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Span> for Nanos {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        self.saturating_add(span)
    }
}

impl Sub<Span> for Nanos {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_their_bound() {
        let wait = |times| Span(3).doubled(times, Span(20));
        assert_eq!(
            [wait(0), wait(1), wait(2), wait(3), wait(u32::MAX)],
            [Span(3), Span(6), Span(12), Span(20), Span(20)]
        );
        assert_eq!(Span::from_secs(9_000_000_000).doubled(9, Span(i64::MAX)), Span(i64::MAX));
    }

    #[test]
    fn what_lies_in_the_past_is_not_waited_for() {
        assert_eq!(Span::from_millis(1_500).duration(), Duration::from_millis(1_500));
        assert_eq!(Span(-1).duration(), Duration::ZERO);
    }
}
