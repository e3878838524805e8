//! What came of a run.

use std::collections::BTreeMap;

use ballast_model::Span;

use crate::oracle::Violation;

/// How the engine stood when a fault fired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// No process ran.
    Down,
    /// The first process ran, and the start gate was shut.
    Starting,
    /// One that goes on from another ran, and the start gate was shut.
    Recovering,
    /// Orders stood.
    Quoting,
    /// A position was held, and no order stood.
    Holding,
    /// Neither, though nothing was forbidden.
    Bare,
    /// What became of an order was not known.
    Doubtful,
    /// An operator had killed.
    Killed,
    /// Everything was being cancelled.
    Ending,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Starting,
        Self::Recovering,
        Self::Quoting,
        Self::Holding,
        Self::Ending,
        Self::Bare,
        Self::Doubtful,
        Self::Killed,
        Self::Down,
    ];
    /// Those in which every fault is to have found the engine, but for what cannot be: see [`never()`].
    pub const MEANT: [Self; 5] =
        [Self::Starting, Self::Recovering, Self::Quoting, Self::Holding, Self::Ending];

    /// The state of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Starting => "starting",
            Self::Recovering => "recovering",
            Self::Holding => "holding",
            Self::Quoting => "quoting",
            Self::Bare => "bare",
            Self::Doubtful => "doubtful",
            Self::Killed => "killed",
            Self::Ending => "ending",
        }
    }
}

/// What only an amendment is refused with.
const AMENDED: [&str; 8] = [
    "refused-2038",
    "refused-2042",
    "refused-5024",
    "refused-5025",
    "refused-5026",
    "refused-5027",
    "refused-5029",
    "refused-5043",
];

/// Why a fault never finds the engine in a state; `None` where it can.
#[must_use]
pub fn never(fault: &str, state: State) -> Option<&'static str> {
    let orders = ["timeout-", "unavailable-", "refused", "late-ack", "partial-fills", "lost-news"];
    let of_orders = orders.iter().any(|begin| fault.starts_with(begin));
    if AMENDED.contains(&fault) {
        return Some("no order is amended as these worlds are configured");
    }
    let of_processes =
        ["crash", "power-loss", "stop", "shard-stall", "venue-stall", "ring-overflow", "commands-full"];
    match state {
        State::Starting if of_orders => Some("the first process has sent no order before its gate opens"),
        State::Down if of_processes.contains(&fault) => Some("no process runs"),
        State::Starting
        | State::Recovering
        | State::Quoting
        | State::Holding
        | State::Ending
        | State::Bare
        | State::Doubtful
        | State::Killed
        | State::Down => None,
    }
}

/// How often each fault fired in each state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage(BTreeMap<(&'static str, State), u64>);

impl Coverage {
    /// One fired.
    pub(crate) fn fired(&mut self, fault: &'static str, state: State) {
        *self.0.entry((fault, state)).or_default() += 1;
    }

    /// Takes in what another run reached.
    pub fn join(&mut self, other: &Self) {
        for (key, count) in &other.0 {
            *self.0.entry(*key).or_default() += count;
        }
    }

    /// Names of faults that fired.
    #[must_use]
    pub fn faults(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.0.keys().map(|(fault, _)| *fault).collect();
        names.dedup();
        names
    }

    /// How often a fault fired in a state.
    #[must_use]
    pub fn count(&self, fault: &str, state: State) -> u64 {
        self.0.iter().filter(|((name, of), _)| *name == fault && *of == state).map(|(_, count)| count).sum()
    }

    /// How often faults fired in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }
}

/// What came of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What it was drawn from.
    pub seed: u64,
    /// Simulated time that went by.
    pub lasted: Span,
    /// Orders that left.
    pub orders: u64,
    /// Trades of ours.
    pub fills: u64,
    /// Processes that ran, one after the other.
    pub processes: u32,
    /// What went wrong, and when.
    pub coverage: Coverage,
    /// What the core noted, by kind.
    pub notes: BTreeMap<&'static str, u64>,
    /// Of everything that was said and decided: equal for equal runs.
    pub digest: u64,
    /// What must not be.
    pub violation: Option<Violation>,
    /// What happened last, where something was violated.
    pub story: Vec<String>,
}
