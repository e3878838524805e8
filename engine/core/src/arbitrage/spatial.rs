//! One asset on two venues: buy where it is cheap, sell where it is dear, both at once, as a taker.
//!
//! Each fee, transfer cost and conversion is rounded once, against us.
//!
//! Never here: a size that one venue would not take, base left over, a profit before costs.

use ballast_model::{AssetId, Money, Nanos, Side, Span};

use super::blocks::{Blocks, Candidate, Priced, best, check};
use super::walk::Taken;
use super::{
    Costs, Legs, NoOpportunity, Opportunity, OpportunityId, OpportunityKind, VenueMarket, bounded, fee_ceil,
    pair_freshness,
};
use crate::ledger::mul_div_floor;

/// What it costs to bring the base from the venue where it was bought to the one where it was sold, in the asset of the
/// net. Zero where stock on both sides is rebalanced otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TransferCost {
    /// For one whole unit of the base. Not below zero.
    pub per_unit: Money,
    /// Once. Not below zero.
    pub fixed: Money,
}

/// What a [`Spatial`] is built from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpatialParams {
    /// The pairing.
    pub id: OpportunityId,
    /// The asset that nets are counted in.
    pub asset: AssetId,
    /// The age at which a book or a conversion is not used any more. Above zero.
    pub age_max: Span,
    /// The cost of moving the base.
    pub transfer: TransferCost,
}

/// Which parameter of [`SpatialParams`] is outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpatialParamError {
    /// The age is not above zero.
    AgeMax,
    /// A transfer cost is below zero.
    Transfer,
}

impl core::fmt::Display for SpatialParamError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::AgeMax => "the age allowed must be above zero",
            Self::Transfer => "a transfer cost must not be below zero",
        })
    }
}

impl core::error::Error for SpatialParamError {}

/// The detector. It remembers nothing.
#[derive(Clone, Copy, Debug)]
pub struct Spatial {
    params: SpatialParams,
}

impl Spatial {
    /// The detector for these parameters.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn new(params: SpatialParams) -> Result<Self, SpatialParamError> {
        if params.age_max <= Span::ZERO {
            return Err(SpatialParamError::AgeMax);
        }
        if params.transfer.per_unit < Money::ZERO || params.transfer.fixed < Money::ZERO {
            return Err(SpatialParamError::Transfer);
        }
        Ok(Self { params })
    }

    /// The best that buying on `buy` and selling on `sell` would leave; ask a second time with the two exchanged for the
    /// other direction.
    ///
    /// # Errors
    /// Why there is nothing.
    pub fn detect(
        &self,
        buy: &VenueMarket<'_>,
        sell: &VenueMarket<'_>,
        now: Nanos,
    ) -> Result<Opportunity, NoOpportunity> {
        let fresh = pair_freshness([buy, sell], now, self.params.age_max)?;
        check(buy, sell)?;
        let blocks = Blocks::of(buy, sell)?;
        let Candidate { bought, sold, priced } =
            best(buy, sell, &blocks, |bought, sold| self.net(buy, sell, bought, sold, &blocks))?;
        Ok(Opportunity {
            id: self.params.id,
            kind: OpportunityKind::Spatial,
            legs: Legs::new([bought.leg(buy, Side::Bid), sold.leg(sell, Side::Ask)]),
            asset: self.params.asset,
            gross: priced.gross,
            costs: priced.costs,
            net: priced.net,
            edge_bps: priced.net.to_f64() / priced.paid.to_f64() * 1e4,
            confidence: fresh.confidence,
            expires_at: fresh.expires_at,
        })
    }

    fn net(
        &self,
        buy: &VenueMarket<'_>,
        sell: &VenueMarket<'_>,
        bought: Taken,
        sold: Taken,
        blocks: &Blocks,
    ) -> Result<Priced, NoOpportunity> {
        let paid = buy.conversion.ceil(bought.value)?;
        let gross = sell.conversion.floor(sold.value)? - paid;
        let fees = buy.conversion.ceil(fee_ceil(bought.value, buy.taker_fee)?)?
            + sell.conversion.ceil(fee_ceil(sold.value, sell.taker_fee)?)?;
        let moved = i128::from(bought.lots / blocks.buy)
            .checked_mul(blocks.amount.0)
            .and_then(|amount| mul_div_floor(-amount, self.params.transfer.per_unit.0, Money::ONE.0))
            .ok_or(NoOpportunity::Overflow)?;
        let transfer = self.params.transfer.fixed - bounded(moved)?;
        let costs = Costs { fees, transfer, ..Costs::default() };
        Ok(Priced { paid, gross, costs, net: gross - costs.total() })
    }
}

#[cfg(test)]
mod tests;
