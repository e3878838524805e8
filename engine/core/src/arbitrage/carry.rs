//! Cash and carry: a perpetual against its spot, held over a stated horizon.
//!
//! Where the perpetual is above the spot, or its shorts are paid: buy the spot, sell the perpetual. The other way around:
//! borrow and sell the spot, buy the perpetual. Both are looked at. All four takings are paid for: two now, two at the end of
//! the horizon, which is when the position is taken to be closed at the mids of then.
//!
//! *Basis.* With `M` the value at the mid and `B = M(sold) − M(bought)`, the gross is what of it is expected to be gone by
//! the end of the horizon: `B · convergence` where the basis is in our favour, all of `B` where it is against us.
//!
//! *Funding.* A perpetual has no date at which it must meet its spot; funding is what pulls it there (He, Manela, Ross and von
//! Wachter 2022, "Fundamentals of perpetual futures"). Longs pay `rate · mark · size` to shorts at each exchange,
//! or receive it where the rate is below zero. The exchanges within the horizon are counted from
//! [`MarkPrice::funding_at_secs`] on. A rate in our favour is believed up to a cap, and by the share `persistence` less from
//! each exchange to the next (a geometric return to zero); one against us is counted in full at each.
//!
//! *Slippage.* The way from the mids to the prices taken, and as much again at the end. *Borrow*: the value sold short, by
//! the hour begun.
//!
//! Dated futures are not looked at: no instrument says when it expires. An inverse perpetual is refused
//! ([`NoOpportunity::NotLinear`]): its worth in the base changes with the price, so that equal amounts do not offset.
//!
//! Never here: funding for an exchange that may be over, a short sale of what cannot be borrowed.

use ballast_model::{AssetId, Lots, MarkPrice, Money, Nanos, Rate, Side, Span};

use super::blocks::{Blocks, Candidate, Priced, best, check};
use super::walk::Taken;
use super::{
    Costs, Freshness, Legs, NoOpportunity, Opportunity, OpportunityId, OpportunityKind, VenueMarket,
    by_the_hour, fee_ceil, freshness, mid, pair_freshness, share_floor,
};
use crate::ledger::mul_div_floor;

/// Most exchanges of funding within a horizon.
pub const FUNDINGS_MAX: i64 = 1_024;

/// What a [`Carry`] is built from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CarryParams {
    /// The pairing.
    pub id: OpportunityId,
    /// The asset that nets are counted in.
    pub asset: AssetId,
    /// The age at which a book or a conversion is not used any more. Above zero.
    pub age_max: Span,
    /// The age at which a mark price is not used any more. Above zero.
    pub mark_age_max: Span,
    /// How long the position is held. Above zero, at most [`FUNDINGS_MAX`] funding intervals.
    pub horizon: Span,
    /// Time between two exchanges of funding. Above zero.
    pub funding_interval: Span,
    /// The largest rate for one exchange that is believed where it is in our favour: the venue's own cap, or less. In
    /// `[0, 1]`.
    pub funding_cap: Rate,
    /// What a rate in our favour is expected to be at the next exchange, as a share of the present one. In `[0, 1]`.
    pub persistence: Rate,
    /// The share of a basis in our favour that is expected to be gone at the end. In `[0, 1]`.
    pub convergence: Rate,
    /// What borrowing the spot's base costs a day, of its value. In `[0, 1]`; `None` where it cannot be borrowed.
    pub borrow_per_day: Option<Rate>,
}

/// Which parameter of [`CarryParams`] is outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CarryParamError {
    /// An age is not above zero.
    AgeMax,
    /// The horizon or the funding interval is not above zero, or too many intervals fit.
    Horizon,
    /// The cap, persistence, convergence or the cost of borrowing is outside `[0, 1]`.
    Share,
}

impl core::fmt::Display for CarryParamError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::AgeMax => "the ages allowed must be above zero",
            Self::Horizon => "horizon and funding interval must be above zero, at most 1024 intervals",
            Self::Share => "funding cap, persistence, convergence and borrowing must be in [0, 1]",
        })
    }
}

impl core::error::Error for CarryParamError {}

/// The detector. It remembers nothing.
#[derive(Clone, Copy, Debug)]
pub struct Carry {
    params: CarryParams,
}

/// Which of the two is bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    SpotBought,
    PerpBought,
}

/// One way, with all that does not depend on the size.
#[derive(Clone, Copy, Debug)]
struct Plan<'a> {
    way: Way,
    buy: &'a VenueMarket<'a>,
    sell: &'a VenueMarket<'a>,
    mark_e8: i64,
    /// The sum of the rates expected, 10⁻⁸; above zero we receive.
    funding_e8: i128,
}

impl Carry {
    /// The detector for these parameters.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn new(params: CarryParams) -> Result<Self, CarryParamError> {
        if params.age_max <= Span::ZERO || params.mark_age_max <= Span::ZERO {
            return Err(CarryParamError::AgeMax);
        }
        let (horizon, interval) = (params.horizon, params.funding_interval);
        if horizon <= Span::ZERO || interval <= Span::ZERO || horizon.0 / interval.0 > FUNDINGS_MAX {
            return Err(CarryParamError::Horizon);
        }
        let borrow = params.borrow_per_day.unwrap_or_default();
        let shares = [params.funding_cap, params.persistence, params.convergence, borrow];
        if !shares.iter().all(|share| (Rate(0)..=Rate::ONE).contains(share)) {
            return Err(CarryParamError::Share);
        }
        Ok(Self { params })
    }

    /// The better of both ways. The markets are the spot's and the perpetual's, the mark price is the perpetual's; the driver's
    /// time at which that was known to be right is its `recv_time`.
    ///
    /// It expires with its oldest input, and when funding is next exchanged.
    ///
    /// # Errors
    /// Why there is nothing: [`NoOpportunity::NotBorrowable`] where the spot's short sale would leave something if only it
    /// could be borrowed for nothing; else the reason of buying the spot, unless the other way alone had a size.
    pub fn detect(
        &self,
        spot: &VenueMarket<'_>,
        perp: &VenueMarket<'_>,
        mark: &MarkPrice,
        now: Nanos,
    ) -> Result<Opportunity, NoOpportunity> {
        let mut fresh = pair_freshness([spot, perp], now, self.params.age_max)?;
        let of_mark = freshness(mark.recv_time, now, self.params.mark_age_max)?;
        fresh.confidence = fresh.confidence.and(of_mark.confidence).ok_or(NoOpportunity::NoEdge)?;
        if mark.instrument != perp.instrument {
            return Err(NoOpportunity::Assets);
        }
        let next = Nanos(0).saturating_add(Span::from_secs(i64::from(mark.funding_at_secs)));
        if mark.mark_e8 <= 0 || next <= now {
            return Err(NoOpportunity::Funding);
        }
        fresh.expires_at = fresh.expires_at.min(of_mark.expires_at).min(next);
        let exchanges = self.exchanges(next, now);
        let rate = i64::from(mark.funding_e8);
        let plan = |way, buy, sell, rate| Plan {
            way,
            buy,
            sell,
            mark_e8: mark.mark_e8,
            funding_e8: self.funding_e8(rate, exchanges),
        };
        let long = self.along(&plan(Way::SpotBought, spot, perp, rate), fresh);
        let short = self.along(&plan(Way::PerpBought, perp, spot, -rate), fresh);
        let short = match self.params.borrow_per_day {
            Some(_) => short,
            None => short.and(Err(NoOpportunity::NotBorrowable)),
        };
        match (long, short) {
            (Ok(long), Ok(short)) => Ok(if short.net > long.net { short } else { long }),
            (Ok(found), Err(_)) | (Err(_), Ok(found)) => Ok(found),
            (Err(_), Err(NoOpportunity::NotBorrowable)) => Err(NoOpportunity::NotBorrowable),
            (Err(NoOpportunity::NoSize), Err(why)) | (Err(why), Err(_)) => Err(why),
        }
    }

    /// How often funding is exchanged until the end of the horizon, the first time at `next`.
    fn exchanges(&self, next: Nanos, now: Nanos) -> i64 {
        let left = (now.saturating_add(self.params.horizon) - next).0;
        if left < 0 { 0 } else { 1 + left / self.params.funding_interval.0 }
    }

    /// The sum of the rates expected, where `rate_e8` above zero is in our favour.
    fn funding_e8(&self, rate_e8: i64, exchanges: i64) -> i128 {
        if rate_e8 <= 0 {
            return i128::from(rate_e8) * i128::from(exchanges);
        }
        let (mut rate, mut sum) = (i128::from(rate_e8.min(self.params.funding_cap.0)), 0);
        for _ in 0..exchanges {
            sum += rate;
            rate = rate * i128::from(self.params.persistence.0) / i128::from(Rate::ONE.0);
        }
        sum
    }

    fn along(&self, plan: &Plan<'_>, fresh: Freshness) -> Result<Opportunity, NoOpportunity> {
        let (buy, sell) = (plan.buy, plan.sell);
        check(buy, sell)?;
        let blocks = Blocks::of(buy, sell)?;
        let price = |bought, sold| self.net(plan, bought, sold, &blocks);
        let Candidate { bought, sold, priced } = best(buy, sell, &blocks, price)?;
        Ok(Opportunity {
            id: self.params.id,
            kind: OpportunityKind::Carry,
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
        plan: &Plan<'_>,
        bought: Taken,
        sold: Taken,
        blocks: &Blocks,
    ) -> Result<Priced, NoOpportunity> {
        let (buy, sell) = (plan.buy, plan.sell);
        let at_mid = |market: &VenueMarket<'_>, taken: Taken| {
            mid(market).map(|mid| market.spec.value_at_mid_floor(mid, Lots(taken.lots)))
        };
        let (paid, mid_bought) =
            (buy.conversion.ceil(bought.value)?, buy.conversion.ceil(at_mid(buy, bought)?)?);
        let (got, mid_sold) =
            (sell.conversion.floor(sold.value)?, sell.conversion.floor(at_mid(sell, sold)?)?);
        let basis = mid_sold - mid_bought;
        let gross = if basis > Money::ZERO { share_floor(basis, self.params.convergence)? } else { basis };
        let fees = buy.conversion.ceil(fee_ceil(bought.value, buy.taker_fee)?)?
            + sell.conversion.ceil(fee_ceil(sold.value, sell.taker_fee)?)?;
        let way_in = (paid - mid_bought) + (mid_sold - got);
        let (perp, borrow) = match (plan.way, self.params.borrow_per_day) {
            (Way::SpotBought, _) => (sell, Money::ZERO),
            (Way::PerpBought, rate) => {
                (buy, by_the_hour(mid_sold, rate.unwrap_or_default(), self.params.horizon)?)
            }
        };
        let overflow = NoOpportunity::Overflow;
        let base = i128::from(bought.lots / blocks.buy).checked_mul(blocks.amount.0).ok_or(overflow)?;
        let one = i128::from(Rate::ONE.0);
        let at_mark = mul_div_floor(base, i128::from(plan.mark_e8), one).ok_or(overflow)?;
        let funding = mul_div_floor(at_mark, plan.funding_e8, one).map(Money).ok_or(overflow)?;
        let costs = Costs {
            fees: fees + fees,
            funding: -perp.conversion.floor(funding)?,
            borrow,
            slippage: way_in + way_in,
            ..Costs::default()
        };
        Ok(Priced { paid, gross, costs, net: gross - costs.total() })
    }
}

#[cfg(test)]
mod tests;
