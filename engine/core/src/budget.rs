//! Owned budgets: a limit that spans shards, divided so that no shard ever asks another before it acts.
//!
//! A [`Coordinator`] holds the limit and grants each shard an amount; a shard spends from its [`OwnedBudget`] alone. Between them
//! go two small messages, both absolute: a [`Grant`] says what a shard owns from now on, a [`Report`] which grant it has adopted,
//! what it owns and what it wants. Either may be lost, doubled, delayed or overtaken at any time; each side says the same again
//! until it is answered. What makes it safe:
//!
//! - The coordinator keeps for each shard a *bound*: the most the shard can believe it owns, whatever is under way. The bounds
//!   never add up to more than the limit. A raise is granted out of what they leave free, and moves the bound at once.
//! - A decrease moves the bound only when the shard has answered it: acknowledged before anybody else is raised.
//! - A shard never gives back what is in use. It spends no further, and owns less as soon as less is in use.
//! - After one grant, until the next, what a shard owns only falls: any answer to the latest grant is a bound, in whatever
//!   order the answers come. Answers to earlier grants say nothing of it.
//! - Grants and answers name the shard's *epoch*. A shard that lost the end of its journal comes back under a higher one and
//!   owns nothing; the coordinator first grants it all that its predecessor can have owned, so that what is in use is owned
//!   again before any of it can be taken away.
//!
//! The sender journals a message before it leaves. A coordinator is replayed from the reports it was given; a shard resumes
//! from what it journaled last ([`Journaled`]). The amounts' unit is the budget's own: money of 10⁻¹⁸, orders a second.
//!
//! Never here: a clock, a channel, a lock. When to send again is the caller's timer.

mod coordinator;

#[cfg(test)]
mod tests;

use ballast_model::Digest;
pub use ballast_model::{Grant, Report, ShardId};

pub use coordinator::{Coordinator, CoordinatorError, Heard};

/// Shards one coordinator serves.
pub const SHARDS_MAX: usize = 16;

/// Largest amount of any budget: sums over all shards stay within 128 bits. Larger ones are taken for this one.
pub const AMOUNT_MAX: u128 = u128::MAX >> 8;

/// What a shard keeps in its journal: written whenever it changes, before the change is used or told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Journaled {
    /// As in [`Report`].
    pub shard: ShardId,
    /// As in [`Report`].
    pub epoch: u32,
    /// As in [`Report`].
    pub seq: u32,
    /// As in [`Report`].
    pub number: u32,
    /// What the latest grant says.
    pub target: u128,
    /// As in [`Report`]: above the target while more is in use.
    pub owned: u128,
    /// As in [`Report`].
    pub wanted: u128,
}

/// What became of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adopted {
    /// It is in force. Journal, then report.
    Yes,
    /// It was in force already. Report: the answer may have been lost.
    Repeated,
    /// It is older than the one in force, or for another epoch or shard.
    Ignored,
}

/// A shard has not enough left of its budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short {
    /// What was asked for.
    pub needed: u128,
    /// What is free.
    pub free: u128,
}

impl core::fmt::Display for Short {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} needed of a budget that has {} free", self.needed, self.free)
    }
}

impl core::error::Error for Short {}

/// A shard's part of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnedBudget {
    /// `owned >= target`, and above it only for what is in use.
    state: Journaled,
    in_use: u128,
}

impl OwnedBudget {
    /// A shard that owns nothing yet: at first boot, and wherever the end of the journal may be missing. The epoch is above
    /// zero and above every epoch of this shard before.
    #[must_use]
    pub const fn new(shard: ShardId, epoch: u32, in_use: u128) -> Self {
        let state = Journaled { shard, epoch, seq: 0, number: 0, target: 0, owned: 0, wanted: 0 };
        Self { state, in_use }
    }

    /// A shard that goes on from a journal known to be whole, with what is in use now.
    #[must_use]
    pub fn resume(journaled: Journaled, in_use: u128) -> Self {
        let mut budget = Self { state: journaled, in_use };
        budget.shrink();
        budget
    }

    /// What to journal.
    #[must_use]
    pub const fn journaled(&self) -> Journaled {
        self.state
    }

    /// What the shard owns.
    #[must_use]
    pub const fn owned(&self) -> u128 {
        self.state.owned
    }

    /// What is in use.
    #[must_use]
    pub const fn in_use(&self) -> u128 {
        self.in_use
    }

    /// What may still be used.
    #[must_use]
    pub const fn free(&self) -> u128 {
        self.state.target.saturating_sub(self.in_use)
    }

    /// What is in use beyond what is owned: the market has moved, or the shard has come back and waits for its grant. Only
    /// what reduces may be done.
    #[must_use]
    pub const fn overdrawn(&self) -> u128 {
        self.in_use.saturating_sub(self.state.owned)
    }

    /// Takes an amount into use.
    ///
    /// # Errors
    /// [`Short`], and nothing is taken.
    pub fn take(&mut self, amount: u128) -> Result<(), Short> {
        let free = self.free();
        if amount > free {
            return Err(Short { needed: amount, free });
        }
        self.in_use += amount;
        Ok(())
    }

    /// Ends the use of an amount; of all, where less was in use. Report where [`Self::owned`] has fallen.
    pub fn give_back(&mut self, amount: u128) {
        self.set_in_use(self.in_use.saturating_sub(amount));
    }

    /// Says what is in use as a fact, whatever is owned: margin and loss move with the market. Report where
    /// [`Self::owned`] has fallen.
    pub fn set_in_use(&mut self, in_use: u128) {
        self.in_use = in_use.min(AMOUNT_MAX);
        self.shrink();
    }

    /// Wants to own an amount from now on. Journal and report.
    pub fn want(&mut self, amount: u128) {
        let wanted = amount.min(AMOUNT_MAX);
        // At the last number a shard's wish stands; the counter of an epoch outlasts any run.
        if wanted != self.state.wanted && self.state.number < u32::MAX {
            self.state.wanted = wanted;
            self.state.number += 1;
        }
    }

    /// Takes note of a grant.
    pub fn on_grant(&mut self, grant: &Grant) -> Adopted {
        let state = &mut self.state;
        if grant.shard != state.shard || grant.epoch != state.epoch || grant.seq < state.seq {
            return Adopted::Ignored;
        }
        if grant.seq == state.seq {
            return Adopted::Repeated;
        }
        state.seq = grant.seq;
        state.target = grant.amount;
        state.owned = state.owned.max(grant.amount);
        self.shrink();
        Adopted::Yes
    }

    /// What to send: on every change, on every grant, and again by a timer.
    #[must_use]
    pub const fn report(&self) -> Report {
        let Journaled { shard, epoch, seq, number, owned, wanted, .. } = self.state;
        Report { shard, epoch, seq, number, owned, wanted }
    }

    /// Gives up what is owned beyond the target and not in use.
    fn shrink(&mut self) {
        self.state.owned = self.state.owned.min(self.state.target.max(self.in_use));
    }

    /// Takes the state into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        let Journaled { shard, epoch, seq, number, target, owned, wanted } = self.state;
        for word in [u64::from(shard.0), u64::from(epoch), u64::from(seq), u64::from(number)] {
            digest.word(word);
        }
        for amount in [target, owned, wanted, self.in_use] {
            digest.bytes(&amount.to_le_bytes());
        }
    }
}
