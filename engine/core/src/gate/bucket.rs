//! A token bucket in integers.

use ballast_model::{Digest, Nanos, Span};

/// One token, in the bucket's own unit: at `n` tokens per second it gains `n` units a nanosecond, so nothing is rounded.
const TOKEN: u64 = 1_000_000_000;

/// Tokens that come back at a steady rate, up to a burst.
#[derive(Clone, Debug)]
pub(super) struct TokenBucket {
    /// In `0..=capacity`.
    level: u64,
    /// The burst.
    capacity: u64,
    per_second: u64,
    /// The latest time seen; never falls.
    refilled_at: Nanos,
}

impl TokenBucket {
    /// A full bucket.
    pub(super) fn new(burst: u32, per_second: u32) -> Self {
        let capacity = u64::from(burst) * TOKEN;
        Self { level: capacity, capacity, per_second: u64::from(per_second), refilled_at: Nanos::MIN }
    }

    /// Whole tokens at `now`.
    pub(super) fn tokens(&mut self, now: Nanos) -> u64 {
        self.refill(now);
        self.level / TOKEN
    }

    /// When there will be this many whole tokens, at most the burst, if none is taken before.
    pub(super) fn ready_at(&self, tokens: u64, now: Nanos) -> Nanos {
        let wanted = tokens.saturating_mul(TOKEN).min(self.capacity);
        let wait = wanted.saturating_sub(self.level).div_ceil(self.per_second.max(1));
        let ready = self.refilled_at + Span(i64::try_from(wait).unwrap_or(i64::MAX));
        ready.max(now)
    }

    /// Takes a token where there is one, and says whether there was.
    pub(super) fn take(&mut self, now: Nanos) -> bool {
        self.refill(now);
        match self.level.checked_sub(TOKEN) {
            Some(level) => {
                self.level = level;
                true
            }
            None => false,
        }
    }

    /// Takes a token, or what there is of one: for what is counted and never refused.
    pub(super) fn spend(&mut self, now: Nanos) {
        self.refill(now);
        self.level = self.level.saturating_sub(TOKEN);
    }

    /// Takes over burst and rate, and of what is in it no more than the burst.
    pub(super) fn adopt(&mut self, next: &Self, now: Nanos) {
        self.refill(now);
        (self.capacity, self.per_second) = (next.capacity, next.per_second);
        self.level = self.level.min(self.capacity);
    }

    fn refill(&mut self, now: Nanos) {
        let elapsed = u64::try_from((now - self.refilled_at).0).unwrap_or(0);
        self.level = self.level.saturating_add(elapsed.saturating_mul(self.per_second)).min(self.capacity);
        self.refilled_at = self.refilled_at.max(now);
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        digest.word(self.level);
        digest.signed(self.refilled_at.0);
    }
}
