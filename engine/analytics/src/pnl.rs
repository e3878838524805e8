//! Profit and what it is made of, as the ledger books it.

use crate::record::Sample;
use ballast_model::Money;

/// Profit of an account since a run began, in one currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pnl {
    /// Before fees: realised, plus the open position at the midpoint.
    pub gross: Money,
    /// Fees paid, at least zero.
    pub fees: Money,
    /// Rebates received, at least zero.
    pub rebates: Money,
    /// Funding received less funding paid.
    pub funding: Money,
}

impl Pnl {
    /// `gross − fees + rebates + funding`.
    #[must_use]
    pub fn net(self) -> Money {
        self.gross - self.fees + self.rebates + self.funding
    }

    /// Both together; they must be of one currency.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            gross: self.gross + other.gross,
            fees: self.fees + other.fees,
            rebates: self.rebates + other.rebates,
            funding: self.funding + other.funding,
        }
    }

    /// Each part by `change`; `None` where it gives none for one of them.
    #[must_use]
    pub fn map(self, change: impl Fn(Money) -> Option<Money>) -> Option<Self> {
        Some(Self {
            gross: change(self.gross)?,
            fees: change(self.fees)?,
            rebates: change(self.rebates)?,
            funding: change(self.funding)?,
        })
    }
}

impl From<&Sample> for Pnl {
    fn from(sample: &Sample) -> Self {
        let Sample { gross, fees, rebates, funding, .. } = *sample;
        Self { gross, fees, rebates, funding }
    }
}
