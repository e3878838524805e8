//! What is to be done next of a plan, and what waits until the engine stands as it is meant to find it.

use std::collections::BTreeMap;

use ballast_model::{Nanos, Span};

use crate::fault::Fault;
use crate::report::State;

/// What is due with a fault, by its number in the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It begins.
    Begin(usize),
    /// It is over.
    End(usize),
}

/// What is still to be done.
#[derive(Debug)]
pub(crate) struct Agenda {
    /// By time and the order in which they were put there.
    turns: BTreeMap<(Nanos, usize), Turn>,
    put: usize,
    /// Faults whose time has come, and whose moment has not, with that.
    waiting: Vec<(usize, State)>,
    /// What has not begun by then does not any more.
    closes: Nanos,
}

impl Agenda {
    /// All faults of a run that begins at `start`; what waits gives up after so long.
    pub(crate) fn new(faults: &[Fault], start: Nanos, closes: Span) -> Self {
        let mut agenda = Self { turns: BTreeMap::new(), put: 0, waiting: Vec::new(), closes: start + closes };
        for (nth, fault) in faults.iter().enumerate() {
            agenda.put(start + fault.at, Turn::Begin(nth));
        }
        agenda
    }

    /// Something is due at a time.
    pub(crate) fn put(&mut self, at: Nanos, turn: Turn) {
        self.turns.insert((at, self.put), turn);
        self.put += 1;
    }

    /// A fault waits until the engine stands so.
    pub(crate) fn wait(&mut self, nth: usize, state: State) {
        self.waiting.push((nth, state));
    }

    /// When something is next due.
    pub(crate) fn next_at(&self) -> Option<Nanos> {
        self.turns.keys().next().map(|(at, _)| *at)
    }

    /// What is due by now, or has waited for an engine that stands so.
    pub(crate) fn due(&mut self, now: Nanos, state: State) -> Option<Turn> {
        if let Some(entry) = self.turns.first_entry().filter(|entry| entry.key().0 <= now) {
            return Some(entry.remove());
        }
        if now > self.closes {
            self.waiting.clear();
        }
        let at = self.waiting.iter().position(|(_, meant)| *meant == state)?;
        Some(Turn::Begin(self.waiting.remove(at).0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_come_in_their_order_and_wait_for_their_moment_until_it_is_too_late() {
        let at = |secs| Fault { at: Span::from_secs(secs), ..Fault::default() };
        let start = Nanos::from_millis(5_000);
        let now = |secs| start + Span::from_secs(secs);
        let mut agenda = Agenda::new(&[at(3), at(1), at(2)], start, Span::from_secs(10));
        assert_eq!((agenda.next_at(), agenda.due(start, State::Quoting)), (Some(now(1)), None));
        assert_eq!(agenda.due(now(2), State::Quoting), Some(Turn::Begin(1)));
        assert_eq!(agenda.due(now(2), State::Quoting), Some(Turn::Begin(2)));
        agenda.wait(2, State::Ending);
        agenda.put(now(2), Turn::End(1));
        assert_eq!(agenda.due(now(3), State::Quoting), Some(Turn::End(1)));
        assert_eq!(agenda.due(now(3), State::Ending), Some(Turn::Begin(0)));
        assert_eq!(agenda.due(now(3), State::Ending), Some(Turn::Begin(2)));
        agenda.wait(1, State::Ending);
        assert_eq!(agenda.due(now(11), State::Ending), None);
        assert_eq!(agenda.due(now(3), State::Ending), None, "it has given up");
    }
}
