//! Fees and rebates by asset.

use ballast_model::{AssetId, Digest, Money};

/// Assets one ledger keeps fees of: the settlement asset and a few that venues deduct fees in (their own token, the base).
pub const FEE_ASSETS_MAX: usize = 4;

/// What trading cost and earned in one asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeLine {
    /// Which asset.
    pub asset: AssetId,
    /// Fees paid, not below zero.
    pub fees: Money,
    /// Rebates received, not below zero.
    pub rebates: Money,
}

impl FeeLine {
    const fn empty(asset: AssetId) -> Self {
        Self { asset, fees: Money::ZERO, rebates: Money::ZERO }
    }
}

/// One line for each asset a fee was ever charged in. The settlement asset's line is the first and always there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FeeTable {
    settlement: FeeLine,
    /// In order of first appearance; used lines come before `None`.
    others: [Option<FeeLine>; FEE_ASSETS_MAX - 1],
}

impl FeeTable {
    pub(super) const fn new(settlement: AssetId) -> Self {
        Self { settlement: FeeLine::empty(settlement), others: [None; FEE_ASSETS_MAX - 1] }
    }

    /// Adds a fee in 10⁻⁸ of the asset (a rebate where below zero); `None` where the table has no line left for it.
    #[must_use]
    pub(super) fn add(&mut self, asset: AssetId, fee_e8: i64) -> Option<()> {
        let line = self.line(asset)?;
        let fee = Money::from_e8(fee_e8);
        if fee > Money::ZERO {
            line.fees += fee;
        } else {
            line.rebates -= fee;
        }
        Some(())
    }

    /// Adds what another table kept of an asset; `None` where this one has no line left for it.
    #[must_use]
    pub(super) fn add_line(&mut self, other: &FeeLine) -> Option<()> {
        let line = self.line(other.asset)?;
        line.fees += other.fees;
        line.rebates += other.rebates;
        Some(())
    }

    /// The asset's line, made where there is none yet and room.
    fn line(&mut self, asset: AssetId) -> Option<&mut FeeLine> {
        if asset == self.settlement.asset {
            return Some(&mut self.settlement);
        }
        let free_or_same = |line: &&mut Option<FeeLine>| line.is_none_or(|line| line.asset == asset);
        Some(self.others.iter_mut().find(free_or_same)?.get_or_insert(FeeLine::empty(asset)))
    }

    pub(super) const fn settlement(&self) -> &FeeLine {
        &self.settlement
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = &FeeLine> {
        core::iter::once(&self.settlement).chain(self.others.iter().flatten())
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        for line in self.lines() {
            digest.word(u64::from(line.asset.0));
            super::digest_money(line.fees, digest);
            super::digest_money(line.rebates, digest);
        }
    }
}
