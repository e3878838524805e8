//! The venue's timer over our orders: it cancels everything of an instrument that we have not spoken for in time.
//!
//! Binance USD-M alone has one (`countdownCancelAll`). A word is given for every instrument, and only where the core has moved since
//! the word before: a core that is stuck lets the timer run out though every connection stands. Once nothing of ours is left the
//! timer is switched off, so that it cancels nothing of whoever comes after us.

use ballast_model::{Nanos, Span};

use super::TradeSession;
use super::config::DeadMan;
use super::jobs::Job;
use crate::Now;

/// The timer and how far it is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timer {
    dead_man: Option<DeadMan>,
    /// The next word is given from here on.
    next: Nanos,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It is kept from running out.
    Kept,
    /// It is, or is to be, switched off.
    Off,
}

impl Timer {
    pub(super) const fn new(dead_man: Option<DeadMan>) -> Self {
        Self { dead_man, next: Nanos::MIN, state: State::Kept }
    }

    /// What the venue is told to wait, in milliseconds: zero switches the timer off.
    pub(super) fn countdown_ms(&self) -> u64 {
        match (self.dead_man, self.state) {
            (Some(dead_man), State::Kept) => {
                u64::try_from(dead_man.countdown.0 / 1_000_000).unwrap_or_default()
            }
            (_, State::Off) | (None, State::Kept) => 0,
        }
    }
}

impl TradeSession {
    /// The core has moved since this was last said. Where a timer is kept, a word is due for every instrument so many times in its
    /// countdown, and is given by this alone; not before the venue's clock is known, which dates it.
    pub fn on_progress(&mut self, now: Now) {
        let Timer { dead_man: Some(dead_man), next, state: State::Kept } = self.timer else { return };
        if now.mono < next || self.clock.reading().is_none() {
            return;
        }
        self.timer.next = now.mono + Span(dead_man.countdown.0 / i64::from(dead_man.beats));
        self.want_words();
    }

    /// Nothing of ours is left at the venue: its timer is switched off, and not kept any more.
    pub fn switch_off_dead_man(&mut self) {
        if self.timer.dead_man.is_some() && self.timer.state == State::Kept {
            self.timer.state = State::Off;
            self.want_words();
        }
    }

    /// Whether the venue keeps no timer for us, as far as we can do anything about it: where it was not told so in one attempt, the timer
    /// runs out over nothing.
    #[must_use]
    pub fn is_dead_man_off(&self) -> bool {
        let waits = self.jobs.any(|job| matches!(job, Job::DeadMan(_)));
        self.timer.dead_man.is_none() || (self.timer.state == State::Off && !waits)
    }

    fn want_words(&mut self) {
        for index in 0..self.names.instruments.len() {
            self.jobs.want_soon(Job::DeadMan(index));
        }
    }
}
