//! The only reader of clocks.
#![expect(clippy::disallowed_methods, reason = "this module is the one place clocks are read")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ballast_model::{Nanos, Span};

/// Measures elapsed time for reports; nothing decided depends on it.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// The time of a run: the wall time at which it began and the monotonic time since. It never falls and never jumps, whatever is done to
/// the wall clock; so it drifts from that, and [`Clock::drift`] says how far. Copies show the same time on every thread.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
    begin: Nanos,
}

impl Clock {
    /// Starts at the wall time, but above `floor`: the last time that an earlier run of the same journal has recorded
    /// ([`Nanos::MIN`] where there is none). Where the wall clock was set back since, the run begins right after that time.
    #[must_use]
    pub fn start(floor: Nanos) -> Self {
        Self::at(Instant::now(), wall().max(floor.saturating_add(Span(1))))
    }

    const fn at(origin: Instant, begin: Nanos) -> Self {
        Self { origin, begin }
    }

    /// When the run began.
    #[must_use]
    pub const fn begin(&self) -> Nanos {
        self.begin
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Nanos {
        self.begin + span_of(self.origin.elapsed())
    }

    /// The wall clock less this one: what it was set forward or back, or slewed, since the run began.
    #[must_use]
    pub fn drift(&self) -> Span {
        wall() - self.now()
    }
}

/// The wall clock: for what others compare with theirs, such as the times that requests are signed with. It may fall and jump. The epoch
/// where it stands before that.
#[must_use]
pub fn wall() -> Nanos {
    Nanos(0) + SystemTime::now().duration_since(UNIX_EPOCH).map_or(Span::ZERO, span_of)
}

/// A duration in nanoseconds, at most 292 years.
fn span_of(duration: Duration) -> Span {
    Span(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX))
}

/// Seconds since the Unix epoch, for stamping reports.
#[must_use]
pub fn wall_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_begins_at_the_wall_time_or_right_after_the_one_before() {
        let before = wall();
        let clock = Clock::start(Nanos::MIN);
        assert!((before..=wall()).contains(&clock.begin()), "{before:?} {clock:?}");
        assert!(clock.drift().0.abs() < 1_000_000_000, "{:?}", clock.drift());
        let ahead = before + Span::from_secs(3_600);
        let clock = Clock::start(ahead);
        assert_eq!(clock.begin(), ahead + Span(1));
        assert!(clock.drift() < Span::from_secs(-3_500), "{:?}", clock.drift());
    }

    #[test]
    fn it_goes_on_by_the_monotonic_clock_and_never_falls() {
        let second = Duration::from_secs(1);
        let Some(origin) = Instant::now().checked_sub(second) else { return };
        let clock = Clock::at(origin, Nanos(5));
        let mut last = Nanos(5) + Span::from_secs(1);
        for _ in 0..1_000 {
            let now = clock.now();
            assert!(now >= last);
            last = now;
        }
        assert_eq!(span_of(Duration::MAX), Span(i64::MAX));
        assert_eq!(Clock::at(origin, Nanos(i64::MAX)).now(), Nanos::MAX);
    }
}
