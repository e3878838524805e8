//! The venue's clock against ours.
//!
//! Asked for it is by probes. Between them every time that the venue writes into what it sends bears the last probe out or not: a stamp is
//! never later than its receipt, and that of an answer to an order lies between question and answer. Where one cannot be, the clock has
//! jumped, which is a reason to ask at once; where the stamp alone proves that the limit is passed, nothing is known until that is
//! answered. Stamps of messages show a clock that runs ahead, answers to orders either way; where no order is answered, probes come closer.

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
    /// When an answer to an order last bore it out.
    borne_out: Nanos,
    /// When it was last doubted.
    doubted: Nanos,
}

/// What a time that the venue wrote says of the last probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stamp {
    /// Nothing, or that it still holds.
    Agrees,
    /// That it holds no more: the clock is to be asked for.
    Doubts,
    /// That the clocks are further apart than the limit.
    Refutes,
}

/// Longest round trip of a probe that says anything.
const ROUND_TRIP_MAX: Span = Span::from_secs(2);

/// A reading is too old after this long: three probes have failed.
const AGE_MAX: Span = Span::from_secs(100);

/// Most time between two probes.
const PROBE_GAP: Span = Span::from_secs(30);

/// The same while no answer to an order bears the last one out.
const ALONE_GAP: Span = Span::from_secs(2);

/// The same while the clocks do not agree, and how often it is looked whether one is due.
pub(super) const LOOK_GAP: Span = Span::from_secs(1);

/// Stamps are cut to milliseconds, and not all the venue's hosts show the same time: so much apart they still agree.
const SLACK: Span = Span::from_millis(20);

impl VenueClock {
    pub(super) const fn new(offset_max: Span) -> Self {
        Self { reading: None, offset_max, borne_out: Nanos::MIN, doubted: Nanos::MIN }
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

    /// The venue wrote this time into what came at `now`, and into an answer to what was asked at `asked`.
    pub(super) fn stamp(&mut self, asked: Option<Nanos>, now: Now, venue_time: Nanos) -> Stamp {
        let Some(reading) = self.reading else { return Stamp::Agrees };
        let least = (venue_time - now.wall).0;
        let most = asked.map(|asked| least.saturating_add((now.mono - asked).0));
        let (offset, apart) = (reading.offset.0, reading.round_trip.0 / 2 + SLACK.0);
        if least <= offset + apart && most.is_none_or(|most| most >= offset - apart) {
            if most.is_some_and(|most| most - least <= ROUND_TRIP_MAX.0) {
                self.borne_out = now.mono;
            }
            return Stamp::Agrees;
        }
        let limit = self.offset_max.0.saturating_add(SLACK.0);
        if least > limit || most.is_some_and(|most| most < -limit) {
            self.reading = None;
            return Stamp::Refutes;
        }
        // Once in a while: what made one stamp odd may make the next ones so.
        if now.mono - self.doubted < LOOK_GAP {
            return Stamp::Agrees;
        }
        self.doubted = now.mono;
        Stamp::Doubts
    }

    /// Whether it is time for a probe.
    pub(super) fn wants_probe(&self, now: Nanos) -> bool {
        let Some(reading) = self.reading.filter(|_| self.agrees(now)) else { return true };
        let gap = if now - self.borne_out < ALONE_GAP { PROBE_GAP } else { ALONE_GAP };
        now - reading.at >= gap
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

    /// A clock that was read at 10 s to be 10 ms ahead, in 4 ms.
    fn read() -> VenueClock {
        let mut clock = VenueClock::new(Span::from_millis(250));
        clock.read(now(9_996, 9_996), now(10_000, 10_000), Nanos::from_millis(10_008));
        clock
    }

    #[test]
    fn stamps_show_a_jump() {
        let ms = Nanos::from_millis;
        // By messages alone only ahead: they may have been long on their way.
        for (stamp, says) in [
            (10_900, Stamp::Agrees),
            (9_000, Stamp::Agrees),
            (11_032, Stamp::Agrees),
            (11_033, Stamp::Doubts),
            (11_270, Stamp::Doubts),
            (11_271, Stamp::Refutes),
        ] {
            let mut clock = read();
            assert_eq!(clock.stamp(None, now(11_000, 11_000), ms(stamp)), says, "{stamp}");
            assert_eq!(clock.reading().is_some(), says != Stamp::Refutes);
        }
        // Between question and answer it is so late at least.
        for (stamp, says) in [
            (10_978, Stamp::Agrees),
            (10_977, Stamp::Doubts),
            (10_720, Stamp::Doubts),
            (10_719, Stamp::Refutes),
            (11_033, Stamp::Doubts),
        ] {
            let mut clock = read();
            assert_eq!(clock.stamp(Some(ms(10_990)), now(11_000, 11_000), ms(stamp)), says, "{stamp}");
        }
        let mut clock = read();
        assert_eq!(clock.stamp(None, now(11_000, 11_000), ms(11_100)), Stamp::Doubts);
        assert_eq!(
            clock.stamp(None, now(11_500, 11_500), ms(11_600)),
            Stamp::Agrees,
            "it was just asked for"
        );
        assert_eq!(clock.stamp(None, now(12_000, 12_000), ms(12_100)), Stamp::Doubts);
        clock.forget();
        assert_eq!(clock.stamp(None, now(12_000, 12_000), ms(99_000)), Stamp::Agrees, "nothing is known");
    }

    #[test]
    fn probes_are_rare_only_while_answers_bear_them_out() {
        let ms = Nanos::from_millis;
        let mut clock = VenueClock::new(Span::from_millis(250));
        assert!(clock.wants_probe(ms(1)), "nothing is known");
        clock = read();
        assert!(!clock.wants_probe(ms(11_999)) && clock.wants_probe(ms(12_000)), "nobody else tells");
        clock.stamp(None, now(11_500, 11_500), ms(11_510));
        assert!(clock.wants_probe(ms(12_000)), "a message is no answer");
        clock.stamp(Some(ms(11_490)), now(11_500, 11_500), ms(11_505));
        assert!(!clock.wants_probe(ms(13_499)) && clock.wants_probe(ms(13_500)));
        clock.stamp(Some(ms(39_490)), now(39_500, 39_500), ms(39_505));
        assert!(!clock.wants_probe(ms(39_999)) && clock.wants_probe(ms(40_000)), "once in 30 s all the same");
        clock.read(now(40_000, 40_000), now(40_001, 40_001), ms(41_000));
        assert!(clock.wants_probe(ms(40_002)), "further apart than the limit");
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
