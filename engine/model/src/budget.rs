//! The messages that divide a limit among shards: grants in, reports out. What they mean is said where budgets are kept.
//!
//! Never here: who owns what.

use crate::digest::Digest;

/// A shard, numbered from zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShardId(pub u16);

/// From the coordinator: what a shard owns from here on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// To whom.
    pub shard: ShardId,
    /// The shard's epoch it is meant for.
    pub epoch: u32,
    /// Counts the grants to this shard, over all epochs, from 1.
    pub seq: u32,
    /// What it owns.
    pub amount: u128,
}

/// From a shard: what it owns and wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// By whom.
    pub shard: ShardId,
    /// The shard's epoch, above zero.
    pub epoch: u32,
    /// The latest grant adopted; 0 where none was in this epoch.
    pub seq: u32,
    /// Counts the changes of `wanted` within the epoch.
    pub number: u32,
    /// What it owns.
    pub owned: u128,
    /// What it would own.
    pub wanted: u128,
}

/// What is divided among shards; each is granted and reported by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum BudgetKind {
    /// Gross exposure at its worse end, 10⁻¹⁸ of the account currency.
    Gross = 0,
    /// Margin at the worse end, 10⁻¹⁸ of the account currency, rounded up.
    Margin = 1,
    /// New orders within a second.
    OrderRate = 2,
    /// Loss since the shard began, 10⁻¹⁸ of the account currency.
    Loss = 3,
}

impl BudgetKind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Gross, Self::Margin, Self::OrderRate, Self::Loss];
}

/// A grant and what it is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetGrant {
    /// Of what.
    pub kind: BudgetKind,
    /// The grant.
    pub grant: Grant,
}

/// A report and what it is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetReport {
    /// Of what.
    pub kind: BudgetKind,
    /// The report.
    pub report: Report,
}

const _: () = assert!(size_of::<BudgetGrant>() <= 48 && size_of::<BudgetReport>() <= 64);

impl BudgetReport {
    /// Takes the report into a digest: what one shard says moves another.
    pub fn digest(&self, digest: &mut Digest) {
        let Report { shard, epoch, seq, number, owned, wanted } = self.report;
        digest.word(self.kind as u64);
        for word in [u64::from(shard.0), u64::from(epoch), u64::from(seq), u64::from(number)] {
            digest.word(word);
        }
        for amount in [owned, wanted] {
            digest.bytes(&amount.to_le_bytes());
        }
    }
}
