//! One tape played at two places: at the venue when things happened, at us when we heard of them.

use ballast_model::{Nanos, Span};

use super::{Program, Stop};
use crate::tape::{Cursor, Listener, Shift, Tape};

/// The time of what never happens.
pub(super) const NEVER: Nanos = Nanos::MAX;

/// A tape with a cursor at each end of the wire.
#[derive(Debug)]
pub(super) struct Feed<'a> {
    venue: Player<'a>,
    ours: Player<'a>,
}

/// Which times a player goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End<'a> {
    /// The venue's, mapped to our clock.
    Venue,
    /// When we received the messages, and so much later; what would reach us in a stop does at its end.
    Ours { later: Span, stops: &'a [Stop] },
}

/// One cursor, repeated.
#[derive(Debug)]
struct Player<'a> {
    tape: &'a Tape,
    cursor: Cursor<'a>,
    end: End<'a>,
    /// Time of the next message, [`NEVER`] after the last; never falls.
    next: Nanos,
    /// Messages given out.
    played: usize,
    /// Repetitions still to come after this one.
    left: u32,
    shift: Shift,
    period: Shift,
}

impl<'a> Feed<'a> {
    /// One feed per tape, all repeating together with the period of the longest span.
    pub(super) fn all(program: &Program<'a>, gap: Span) -> Vec<Self> {
        let Program { tapes, repeat, feed_latency, stops, .. } = *program;
        let first = tapes.iter().filter_map(Tape::span).map(|(first, _)| first).min();
        let last = tapes.iter().filter_map(Tape::span).map(|(_, last)| last).max();
        let whole =
            first.zip(last).map_or(Span::ZERO, |(first, last)| Span((last - first).0.saturating_add(gap.0)));
        let feed = |(index, tape): (usize, &'a Tape)| {
            let stops = stops.get(index).map_or(&[][..], Vec::as_slice);
            let period = Shift { time: whole, ..tape.period(gap) };
            Feed {
                venue: Player::new(tape, End::Venue, repeat.max(1), period),
                ours: Player::new(tape, End::Ours { later: feed_latency, stops }, repeat.max(1), period),
            }
        };
        tapes.iter().enumerate().map(feed).collect()
    }

    /// When the venue makes its next message, on our clock.
    #[inline]
    pub(super) const fn at_venue(&self) -> Nanos {
        self.venue.next
    }

    /// When we receive our next message.
    #[inline]
    pub(super) const fn at_us(&self) -> Nanos {
        self.ours.next
    }

    /// Messages we have received and the venue has not been shown; zero where it is ahead of us.
    pub(super) const fn lag(&self) -> usize {
        self.ours.played.saturating_sub(self.venue.played)
    }

    #[inline]
    pub(super) fn advance_venue(&mut self, to: &mut impl Listener) {
        self.venue.advance(to);
    }

    #[inline]
    pub(super) fn advance_ours(&mut self, to: &mut impl Listener) {
        self.ours.advance(to);
    }
}

impl<'a> Player<'a> {
    fn new(tape: &'a Tape, end: End<'a>, repeat: u32, period: Shift) -> Self {
        let shift = Shift::default();
        let cursor = Cursor::new(tape, shift);
        let mut player =
            Self { tape, cursor, end, next: Nanos::MIN, played: 0, left: repeat - 1, shift, period };
        player.next = player.time().unwrap_or(NEVER);
        player
    }

    #[inline]
    fn time(&self) -> Option<Nanos> {
        match self.end {
            End::Venue => self.cursor.venue_time(),
            End::Ours { later, stops } => {
                let at = self.cursor.recv_time()?.saturating_add(later);
                // In the order of times: one may begin where the one before it ends.
                Some(stops.iter().fold(at, |at, stop| if stop.holds(at) { stop.until } else { at }))
            }
        }
    }

    #[inline]
    fn advance(&mut self, to: &mut impl Listener) {
        self.cursor.play(to);
        self.played += 1;
        // Streams of one connection may be slightly out of order in venue time: what comes later is not taken back.
        self.next = self.time().unwrap_or_else(|| self.rewind()).max(self.next);
    }

    /// Begins the next repetition, or ends.
    #[cold]
    fn rewind(&mut self) -> Nanos {
        if self.left == 0 {
            return NEVER;
        }
        self.left -= 1;
        self.shift = Shift {
            time: Span(self.shift.time.0.saturating_add(self.period.time.0)),
            update_id: self.shift.update_id.saturating_add(self.period.update_id),
            trade_id: self.shift.trade_id.saturating_add(self.period.trade_id),
        };
        self.cursor = Cursor::new(self.tape, self.shift);
        self.time().unwrap_or(NEVER)
    }
}
