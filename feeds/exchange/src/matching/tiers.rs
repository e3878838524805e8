//! Fees by what an account traded lately.
//!
//! Tiers are reviewed when a day is over, as venues do. The ledger's [`FeeSchedule`](ballast_core::ledger::FeeSchedule), which the
//! tape charges by, lets the trade that reaches a tier pay by it already, and its days are those of a clock; so it is not used
//! here, where a trade must cost an addition and no search for its tier. At the end of a day both find the same tier, which a
//! test holds them to.
//!
//! Never here: a calendar. Whoever drives the engine says when a day is over.

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::{Digest, Money};

use super::Matching;
use super::spec::{FeeTier, MatchingSpec};
use super::words::AccountId;

/// Days whose trading counts, the running one among them.
const DAYS: usize = 30;

/// Value traded by account and day; empty where there are no tiers.
#[derive(Debug)]
pub(super) struct Traded {
    /// By account: the running day first.
    days: Vec<[Money; DAYS]>,
}

impl Traded {
    pub(super) fn new(spec: &MatchingSpec) -> Self {
        let tiered = spec.tiers.iter().any(Option::is_some);
        let accounts = if tiered { usize::from(spec.limits.accounts) } else { 0 };
        Self { days: vec![[Money::ZERO; DAYS]; accounts] }
    }

    #[inline]
    pub(super) fn add(&mut self, account: AccountId, value: Money) {
        if let Some([today, ..]) = self.days.get_mut(usize::from(account.0)) {
            *today += value;
        }
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        for money in self.days.iter().flatten() {
            digest.bytes(&money.0.to_le_bytes());
        }
    }
}

impl Matching {
    /// A day is over: each account pays by the highest tier whose volume it reached in the last 30 days, or the venue's
    /// fees where it reached none, until the next day is over.
    pub fn end_day(&mut self) {
        for (days, holding) in self.traded.days.iter_mut().zip(&mut self.holdings) {
            let volume: Money = days.iter().copied().sum();
            let reached = |tier: &&FeeTier| tier.volume <= volume;
            let tier = self.spec.tiers.iter().flatten().filter(reached).max_by_key(|tier| tier.volume);
            holding.fees = tier.map_or(self.spec.fees, |tier| tier.fees);
            days.rotate_right(1);
            let [today, ..] = days;
            *today = Money::ZERO;
        }
    }
}
