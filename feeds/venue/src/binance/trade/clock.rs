//! The venue's clock against ours.

use ballast_model::{Nanos, Span};

use crate::Now;

/// What a probe of the venue's clock found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockReading {
    /// The venue's clock less our wall clock, halfway between question and answer; wrong by at most half the round trip.
    pub offset: Span,
    /// From question to answer.
    pub round_trip: Span,
    /// When the answer came, by our monotonic time.
    pub at: Nanos,
}

/// The last probe's result and the bounds it is held against.
#[derive(Clone, Copy, Debug)]
pub(super) struct VenueClock {
    reading: Option<ClockReading>,
    offset_max: Span,
}

/// Longest round trip of a probe that says anything.
const ROUND_TRIP_MAX: Span = Span::from_secs(2);

/// A reading is too old after this long: three probes have failed.
const AGE_MAX: Span = Span::from_secs(100);

/// Time between two probes.
pub(super) const PROBE_GAP: Span = Span::from_secs(30);

impl VenueClock {
    pub(super) const fn new(offset_max: Span) -> Self {
        Self { reading: None, offset_max }
    }

    pub(super) const fn reading(&self) -> Option<ClockReading> {
        self.reading
    }

    /// A probe that went out at `asked` was answered with the venue's time. One that took too long says nothing.
    pub(super) fn read(&mut self, asked: Now, now: Now, venue_time: Nanos) {
        let round_trip = now.mono - asked.mono;
        if round_trip <= ROUND_TRIP_MAX {
            let offset = venue_time - (asked.wall + Span(round_trip.0 / 2));
            self.reading = Some(ClockReading { offset, round_trip, at: now.mono });
        }
    }

    /// The clock's readings are wrong by the venue's own word.
    pub(super) const fn forget(&mut self) {
        self.reading = None;
    }

    /// Whether the clocks are known to agree within the limit, the reading's own error included.
    pub(super) fn agrees(&self, now: Nanos) -> bool {
        self.reading.is_some_and(|reading| {
            let worst = reading.offset.0.saturating_abs().saturating_add(reading.round_trip.0 / 2);
            worst <= self.offset_max.0 && now - reading.at <= AGE_MAX
        })
    }

    /// The venue's time, as well as it is known.
    pub(super) fn venue_time(&self, now: Now) -> Nanos {
        now.wall + self.reading.map_or(Span::ZERO, |reading| reading.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(mono: i64, wall: i64) -> Now {
        Now { mono: Nanos::from_millis(mono), wall: Nanos::from_millis(wall) }
    }

    #[test]
    fn offsets_are_signed_and_held_against_the_limit() {
        let mut clock = VenueClock::new(Span::from_millis(50));
        assert!(!clock.agrees(Nanos(0)), "nothing is known");
        clock.read(now(1_000, 9_000), now(1_020, 9_020), Nanos::from_millis(8_970));
        assert_eq!(clock.reading().unwrap().offset, Span::from_millis(-40));
        assert!(clock.agrees(Nanos::from_millis(1_020)), "40 ms and half of 20 ms");
        assert!(!clock.agrees(Nanos::from_millis(101_021)), "too old");
        assert_eq!(clock.venue_time(now(0, 100)), Nanos::from_millis(60));
        clock.read(now(1_000, 9_000), now(1_022, 9_022), Nanos::from_millis(8_971));
        assert!(!clock.agrees(Nanos::from_millis(1_022)));
        clock.read(now(1_000, 9_000), now(3_001, 9_022), Nanos::from_millis(9_010));
        assert!(!clock.agrees(Nanos::from_millis(3_001)), "a slow answer says nothing");
        clock.read(now(1_000, 9_000), now(1_001, 9_001), Nanos::from_millis(9_000));
        assert!(clock.agrees(Nanos::from_millis(1_001)));
        clock.forget();
        assert!(!clock.agrees(Nanos::from_millis(1_001)));
    }
}
