//! When to ask for snapshots: at most one request stands at a time, each book backs off on its own, and together they
//! stay within a share of the venue's request weight.

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::{Nanos, Span};

use super::Dialect;

/// Shortest time between two requests for one book; doubled after each one that did not help.
pub(super) const BACK_OFF_MIN: Span = Span::from_secs(1);

/// Longest time between two requests for one book.
pub(super) const BACK_OFF_MAX: Span = Span::from_secs(60);

/// How long a request may stand unanswered.
pub(super) const ANSWER_TIME_MAX: Span = Span::from_secs(10);

/// How long no request goes out after the venue refused one: it may be limiting us, and asking on prolongs that.
pub(super) const REFUSAL_PAUSE: Span = Span::from_secs(30);

/// Books that wait for a snapshot, and the one request that stands.
#[derive(Debug)]
pub(super) struct Requests {
    /// By book.
    wants: Vec<Want>,
    pace: Pace,
    standing: Option<Standing>,
    /// Whether this session has ever handed out a request. A replay never does, and takes any snapshot it finds.
    asked: bool,
}

/// One book's wish.
#[derive(Clone, Copy, Debug)]
struct Want {
    /// When to ask; `None` while nothing is wanted or the request stands.
    due: Option<Nanos>,
    /// No earlier request than this.
    not_before: Nanos,
    /// Requests since the book was last synchronised.
    attempts: u32,
}

#[derive(Clone, Copy, Debug)]
struct Standing {
    book: usize,
    answer_by: Nanos,
    hand_out: HandOut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HandOut {
    Waiting,
    Done,
}

/// Whom an answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The book whose request stood.
    For(usize),
    /// This session has never asked: somebody else's request was recorded.
    Unasked,
    /// A request that was given up.
    TooLate,
}

impl Requests {
    pub(super) fn new(dialect: &Dialect, books: usize) -> Self {
        let want = Want { due: None, not_before: Nanos::MIN, attempts: 0 };
        Self { wants: vec![want; books], pace: Pace::new(dialect), standing: None, asked: false }
    }

    /// A book wants a snapshot from `at` on, or from when its back-off allows. An earlier wish stands.
    pub(super) fn want(&mut self, book: usize, at: Nanos) {
        if self.standing.is_some_and(|standing| standing.book == book) {
            return;
        }
        if let Some(want) = self.wants.get_mut(book) {
            let at = at.max(want.not_before);
            want.due = Some(want.due.map_or(at, |due| due.min(at)));
        }
    }

    /// A book has what it wanted. A request already handed out stands until it is answered.
    pub(super) fn satisfied(&mut self, book: usize) {
        if let Some(want) = self.wants.get_mut(book) {
            want.due = None;
            want.attempts = 0;
        }
        if self
            .standing
            .is_some_and(|standing| standing.book == book && standing.hand_out == HandOut::Waiting)
        {
            self.standing = None;
        }
    }

    /// Chooses the next request if none stands and one is due. Returns the book whose request was not answered in time.
    pub(super) fn on_time(&mut self, now: Nanos) -> Option<usize> {
        let late = self.standing.filter(|standing| standing.answer_by <= now);
        if let Some(standing) = late {
            self.standing = None;
            self.want(standing.book, now);
        }
        if self.standing.is_none() && self.pace.next() <= now {
            let due = self.wants.iter().enumerate().filter_map(|(book, want)| Some((want.due?, book))).min();
            if let Some((_, book)) = due.filter(|(due, _)| *due <= now) {
                self.choose(book, now);
            }
        }
        late.filter(|standing| standing.hand_out == HandOut::Done).map(|standing| standing.book)
    }

    fn choose(&mut self, book: usize, now: Nanos) {
        self.pace.charge(now);
        self.standing = Some(Standing { book, answer_by: now + ANSWER_TIME_MAX, hand_out: HandOut::Waiting });
        if let Some(want) = self.wants.get_mut(book) {
            want.due = None;
            want.not_before = now + BACK_OFF_MIN.doubled(want.attempts, BACK_OFF_MAX);
            want.attempts = want.attempts.saturating_add(1);
        }
    }

    /// The request for this book was handed out at this time, whoever chose it.
    pub(super) fn stands(&mut self, book: usize, now: Nanos) {
        self.asked = true;
        self.standing = Some(Standing { book, answer_by: now + ANSWER_TIME_MAX, hand_out: HandOut::Done });
    }

    /// The book to ask for now, once per request.
    pub(super) fn hand_out(&mut self) -> Option<usize> {
        let standing = self.standing.as_mut().filter(|standing| standing.hand_out == HandOut::Waiting)?;
        standing.hand_out = HandOut::Done;
        self.asked = true;
        Some(standing.book)
    }

    /// An answer came: the standing request, if it was handed out, stands no longer.
    pub(super) fn answer(&mut self) -> Answer {
        match self.standing.take_if(|standing| standing.hand_out == HandOut::Done) {
            Some(standing) => Answer::For(standing.book),
            None if self.asked => Answer::TooLate,
            None => Answer::Unasked,
        }
    }

    /// The venue refused: nothing goes out for a while.
    pub(super) fn pause(&mut self, now: Nanos) {
        self.pace.pause_until(now + REFUSAL_PAUSE);
    }

    /// The streams ended: nothing is wanted and no answer counts.
    pub(super) fn clear(&mut self) {
        self.standing = None;
        for want in &mut self.wants {
            want.due = None;
        }
    }

    /// When [`on_time`](Self::on_time) has something to do.
    pub(super) fn deadline(&self) -> Option<Nanos> {
        if let Some(standing) = self.standing {
            return Some(standing.answer_by);
        }
        let due = self.wants.iter().filter_map(|want| want.due).min()?;
        Some(due.max(self.pace.next()))
    }
}

/// The generic cell rate algorithm (ITU-T I.371): requests may come in a burst of one minute's budget, and then no faster
/// than the budget refills.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// Time in which the budget of one request refills.
    interval: Span,
    /// How far ahead of the steady rate a burst may run.
    burst: Span,
    /// When the next request would come at the steady rate.
    arrival: Nanos,
}

impl Pace {
    fn new(dialect: &Dialect) -> Self {
        const MINUTE: Span = Span::from_secs(60);
        let share = i64::from(dialect.snapshot_weight);
        let interval = Span(MINUTE.0 * share / i64::from(dialect.snapshot_weight_per_minute));
        Self { interval, burst: Span(MINUTE.0 - interval.0), arrival: Nanos::MIN }
    }

    /// The earliest time for a request.
    fn next(&self) -> Nanos {
        self.arrival - self.burst
    }

    fn charge(&mut self, now: Nanos) {
        self.arrival = self.arrival.max(now) + self.interval;
    }

    fn pause_until(&mut self, end: Nanos) {
        self.arrival = self.arrival.max(end + self.burst);
    }
}
