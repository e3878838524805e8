//! Where outcomes go.
//!
//! Never here: what an outcome means.

use alloc::vec::Vec;

use super::words::Outcome;

/// Who hears what happens, in order.
pub trait Sink {
    /// Takes one outcome.
    fn put(&mut self, outcome: &Outcome);
}

/// A sink that keeps outcomes up to a bound; it never allocates after it was made.
#[derive(Debug)]
pub struct Outbox {
    outcomes: Vec<Outcome>,
    capacity: usize,
    lost: u64,
}

impl Outbox {
    /// Room for so many outcomes. One request makes at most three per open order and three more.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { outcomes: Vec::with_capacity(capacity), capacity, lost: 0 }
    }

    /// What is kept, oldest first.
    #[must_use]
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// Outcomes that found no room since the outbox was made: never zero again, for whoever reads has to start anew.
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    /// Forgets what is kept.
    pub fn clear(&mut self) {
        self.outcomes.clear();
    }
}

impl Sink for Outbox {
    #[inline]
    fn put(&mut self, outcome: &Outcome) {
        if self.outcomes.len() < self.capacity {
            self.outcomes.push(*outcome);
        } else {
            self.lost += 1;
        }
    }
}
