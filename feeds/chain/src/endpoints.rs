//! Whom to ask: the first endpoint of the list that is not being left alone.
//!
//! An endpoint that fails is left alone for a while that doubles with every failure in a row; the next that may be asked takes its place
//! at once and is kept until it fails itself, so that two endpoints that see the chain differently are not asked in turns.
//!
//! Never here: a socket or a clock.

use std::time::Duration;

/// For how long an endpoint is left alone after its first failure.
const SHORTEST: Duration = Duration::from_millis(250);

/// For how long at most.
const LONGEST: Duration = Duration::from_secs(30);

/// The endpoints of a chain, in the order of preference.
#[derive(Clone, Debug)]
pub struct Endpoints {
    states: Vec<State>,
    current: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    failures: u32,
    alone_until: Duration,
}

/// What to do for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Ask the endpoint of this number.
    Ask(usize),
    /// All are left alone: wait until then.
    Wait(Duration),
}

impl Endpoints {
    /// So many endpoints, none of which has failed.
    #[must_use]
    pub fn new(count: usize) -> Self {
        Self { states: vec![State::default(); count], current: 0 }
    }

    /// Whom to ask at `now`. Without any endpoint, there is nothing but waiting.
    pub fn choose(&mut self, now: Duration) -> Choice {
        let may = |state: &State| state.alone_until <= now;
        if self.states.get(self.current).is_some_and(may) {
            return Choice::Ask(self.current);
        }
        if let Some(first) = self.states.iter().position(may) {
            self.current = first;
            return Choice::Ask(first);
        }
        Choice::Wait(self.states.iter().map(|state| state.alone_until).min().unwrap_or(Duration::MAX))
    }

    /// The endpoint failed at `now`.
    pub fn failed(&mut self, which: usize, now: Duration) {
        let Some(state) = self.states.get_mut(which) else { return };
        let alone =
            SHORTEST.saturating_mul(1_u32.checked_shl(state.failures).unwrap_or(u32::MAX)).min(LONGEST);
        state.failures = state.failures.saturating_add(1);
        state.alone_until = now.saturating_add(alone);
    }

    /// The endpoint did what it was asked.
    pub fn worked(&mut self, which: usize) {
        if let Some(state) = self.states.get_mut(which) {
            *state = State::default();
        }
    }

    /// The others in their order, those that are left alone at `now` after the rest: two that wait for each other's word must not wait for
    /// each other's turn.
    #[must_use]
    pub fn others(&self, now: Duration) -> Vec<usize> {
        let others = self.states.iter().enumerate().filter(|(at, _)| *at != self.current);
        let (ready, alone): (Vec<_>, Vec<_>) = others.partition(|(_, state)| state.alone_until <= now);
        ready.into_iter().chain(alone).map(|(at, _)| at).collect()
    }
}

#[cfg(test)]
mod tests;
