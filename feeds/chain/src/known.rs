//! What is known of something that is read again and again, and what is not.
//!
//! A value can be had only by asking whether it is known: a read that failed, came too late or contradicts another gives no value, and
//! above all no zero. What was known last is still there, under a name that no decision can mistake for the present.
//!
//! Never here: a clock; time comes from the caller, as the span since a beginning of its choice.

use std::time::Duration;

use thiserror::Error;

/// Why a read gave nothing to go by.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Trouble {
    /// The node did not answer in time.
    #[error("no answer to {0} within its time")]
    Timeout(&'static str),
    /// The connection cannot be made, or is gone.
    #[error("no connection: {0}")]
    Disconnected(String),
    /// The node refused, or a contract did.
    #[error("{what} was refused: {why}")]
    Refused {
        /// What was asked.
        what: &'static str,
        /// The answer.
        why: String,
    },
    /// The answer cannot be read.
    #[error("the answer to {what} cannot be read: {why}")]
    Unreadable {
        /// What was asked.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The block asked about is not, or no longer, a part of the chain.
    #[error("the node does not know the block asked about")]
    Gone,
    /// The node goes on answering, and has had no new block for so long.
    #[error("no new block for {} s", .0.as_secs())]
    Silent(Duration),
    /// Fewer endpoints than wanted could be asked for the same.
    #[error("{agreeing} of {wanted} other endpoints could be asked for the same")]
    Unwitnessed {
        /// How many read the same.
        agreeing: usize,
        /// How many have to.
        wanted: usize,
    },
    /// Two things that were said cannot both be true.
    #[error("contradiction: {0}")]
    Contradiction(String),
}

/// A value that is read again and again.
#[derive(Clone, Debug)]
pub struct Known<T> {
    last: Option<Last<T>>,
    trouble: Option<Trouble>,
    limit: Duration,
}

/// What was read last, whether it still holds or not.
#[derive(Clone, Debug)]
struct Last<T> {
    value: T,
    at: Duration,
}

/// What a look at a value gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look<'a, T> {
    /// It was read, and that was not too long ago.
    Known {
        /// What was read.
        value: &'a T,
        /// How long ago that read began.
        age: Duration,
    },
    /// It is not known.
    Unknown {
        /// Why not.
        why: Why,
        /// What was known last and how long ago that was read: to be shown and to widen by, never to be taken for the present.
        before: Option<(&'a T, Duration)>,
    },
}

/// Why a value is not known.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Why {
    /// It was never read.
    #[error("never read")]
    Never,
    /// The last read is too long ago.
    #[error("stale")]
    Stale,
    /// The last attempt to read it failed.
    #[error("{0}")]
    Failed(Trouble),
}

impl<T> Known<T> {
    /// A value that was never read, and holds for `limit` once it is.
    #[must_use]
    pub const fn new(limit: Duration) -> Self {
        Self { last: None, trouble: None, limit }
    }

    /// A read that began at `at` gave `value`.
    pub fn learn(&mut self, value: T, at: Duration) {
        self.last = Some(Last { value, at });
        self.trouble = None;
    }

    /// A read failed: the value is unknown until one succeeds.
    pub fn fail(&mut self, trouble: Trouble) {
        self.trouble = Some(trouble);
    }

    /// Whether the last attempt to read it succeeded, however long ago that is.
    #[must_use]
    pub const fn is_well(&self) -> bool {
        self.last.is_some() && self.trouble.is_none()
    }

    /// What is known at `now`.
    #[must_use]
    pub fn look(&self, now: Duration) -> Look<'_, T> {
        let before = self.last.as_ref().map(|last| (&last.value, now.saturating_sub(last.at)));
        match (&self.trouble, before) {
            (Some(trouble), before) => Look::Unknown { why: Why::Failed(trouble.clone()), before },
            (None, None) => Look::Unknown { why: Why::Never, before: None },
            (None, Some((_, age))) if age > self.limit => Look::Unknown { why: Why::Stale, before },
            (None, Some((value, age))) => Look::Known { value, age },
        }
    }
}

#[cfg(test)]
mod tests;
