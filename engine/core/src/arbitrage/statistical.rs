//! Two prices that usually move together: sell the one that is dear against the other, buy the cheap one, wait for the spread
//! to come back.
//!
//! The spread is `s = ln a − β·ln b` of the two mids, both in the asset of the net; mean and deviation are exponentially
//! weighted over time, and how fast it comes back is fitted ([`SpreadFit`]). The signal is the z-score `(s − mean) /
//! deviation` (the s-score of Avellaneda and Lee 2010).
//!
//! *Expected profit.* Of the distance `d = |s − mean|` a share `1 − 2^(−h)` is expected to be gone after `h` half-lives (the
//! conditional mean of Uhlenbeck and Ornstein 1930). The profit expected is `V·(1 − e^(−d·(1 − 2^(−h))))`, which is below its
//! first order, rounded down to 10⁻⁸ of `V`: here the statistics end and exact money begins. `V` is the value of the first leg
//! at its mid, or that of the second over `β` where that is less: of what rounding leaves unhedged, nothing is expected. Off
//! that go the taker fees of four legs, the way from the mids to the prices taken (in, and as much again out), and the cost of
//! holding.
//!
//! *Sizes.* The second leg is `β` times the first in value at the mids, rounded down to its lots. The sizes at which a level of
//! either leg ends or a minimum begins are looked at; lots decide between sizes only as near as a few of them are worth.
//!
//! *Expiry.* With the oldest input, and after one half-life: by then half of it is gone.
//!
//! Never here: a profit of which all must come back at once, a float that is money.

mod moments;
mod spread;

use ballast_model::{AssetId, Digest, Lots, Money, Nanos, Rate, Side, Span};

use super::ladder::Ladder;
use super::walk::Taken;
use super::{
    Confidence, Costs, Legs, NoOpportunity, Opportunity, OpportunityId, OpportunityKind, VenueMarket,
    by_the_hour, check_market, fee_ceil, mid, pair_freshness, share_floor,
};
use crate::ledger::mul_div_floor;
use spread::Spread;
pub use spread::SpreadFit;

/// Most half-lives a position is held.
pub const HORIZON_MAX: u32 = 16;

/// Most steps that prices once seen are held for.
pub const HOLD_STEPS_MAX: i64 = 256;

/// Where the hedge ratio comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HedgeRatio {
    /// This. Above zero.
    Given(Rate),
    /// Regressed over the samples, with their weights.
    Regressed,
}

/// What a [`Statistical`] is built from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StatisticalParams {
    /// The pair.
    pub id: OpportunityId,
    /// The asset that nets are counted in, into which both conversions lead.
    pub asset: AssetId,
    /// The age at which a book or a conversion is not used any more. Above zero.
    pub age_max: Span,
    /// Time between two samples of the spread. Above zero.
    pub step: Span,
    /// Time after which a sample weighs half. At least `step`.
    pub half_life: Span,
    /// Prices once seen are sampled for no longer than this, and samples are used for no longer. From `step` to
    /// [`HOLD_STEPS_MAX`] steps.
    pub hold_max: Span,
    /// No opportunity before so many pairs of neighbouring samples. At least 3.
    pub pairs_min: u32,
    /// The hedge ratio.
    pub hedge: HedgeRatio,
    /// How many deviations from its mean the spread must be. Finite, not below zero.
    pub entry_z: f64,
    /// A spread that takes longer than this to come half-way back is none. Above zero.
    pub spread_half_life_max: Span,
    /// Half-lives of the spread that a position is held for. In `1..=`[`HORIZON_MAX`].
    pub horizon: u32,
    /// What holding both legs costs a day, of the first leg's value: borrowing, funding, margin. In `[0, 1]`.
    pub holding_per_day: Rate,
}

/// Which parameter of [`StatisticalParams`] is outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatisticalParamError {
    /// An age or the longest half-life of the spread is not above zero.
    AgeMax,
    /// Step, half-life of the weights and holding time do not fit together.
    Step,
    /// Fewer than 3 pairs.
    PairsMin,
    /// The hedge ratio given is not above zero.
    Hedge,
    /// The z-score is not finite or below zero.
    EntryZ,
    /// The horizon is outside its range.
    Horizon,
    /// The cost of holding is outside `[0, 1]`.
    Holding,
}

impl core::fmt::Display for StatisticalParamError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::AgeMax => "the age allowed and the longest half-life of the spread must be above zero",
            Self::Step => {
                "the step must be above zero, at most the half-life, and prices hold for 1 to 256 steps"
            }
            Self::PairsMin => "at least 3 pairs of samples must be asked for",
            Self::Hedge => "the hedge ratio must be above zero",
            Self::EntryZ => "the z-score to enter at must be finite and not below zero",
            Self::Horizon => "the horizon must be 1 to 16 half-lives",
            Self::Holding => "the cost of holding must be in [0, 1] a day",
        })
    }
}

impl core::error::Error for StatisticalParamError {}

/// The detector with the samples of its pair.
#[derive(Clone, Copy, Debug)]
pub struct Statistical {
    params: StatisticalParams,
    spread: Spread,
}

/// All of an opportunity that does not depend on its size.
#[derive(Clone, Copy, Debug)]
struct Plan<'a> {
    first: Taking<'a>,
    second: Taking<'a>,
    /// Value of the second leg for that of the first.
    hedge: Rate,
    /// Profit expected of the value of the first leg.
    gain: Rate,
    /// How long it is held.
    held: Span,
}

/// One leg's market, and what may be taken there.
#[derive(Clone, Copy, Debug)]
struct Taking<'a> {
    market: &'a VenueMarket<'a>,
    side: Side,
    ladder: Ladder<'a>,
    /// One lot at the mid, in the asset of the net. Above zero.
    lot_value: Money,
}

/// A size that was looked at.
#[derive(Clone, Copy, Debug)]
struct Sized {
    first: Taken,
    second: Taken,
    paid: Money,
    gross: Money,
    costs: Costs,
    net: Money,
}

impl Statistical {
    /// A detector that has seen nothing.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn new(params: StatisticalParams) -> Result<Self, StatisticalParamError> {
        if params.age_max <= Span::ZERO || params.spread_half_life_max <= Span::ZERO {
            return Err(StatisticalParamError::AgeMax);
        }
        let step = params.step;
        let held =
            step > Span::ZERO && step <= params.hold_max && params.hold_max.0 / step.0 <= HOLD_STEPS_MAX;
        if !held || params.half_life < step {
            return Err(StatisticalParamError::Step);
        }
        if params.pairs_min < 3 {
            return Err(StatisticalParamError::PairsMin);
        }
        if matches!(params.hedge, HedgeRatio::Given(rate) if rate.0 <= 0) {
            return Err(StatisticalParamError::Hedge);
        }
        if !params.entry_z.is_finite() || params.entry_z < 0.0 {
            return Err(StatisticalParamError::EntryZ);
        }
        if !(1..=HORIZON_MAX).contains(&params.horizon) {
            return Err(StatisticalParamError::Horizon);
        }
        if !(Rate(0)..=Rate::ONE).contains(&params.holding_per_day) {
            return Err(StatisticalParamError::Holding);
        }
        Ok(Self { params, spread: Spread::new(&params) })
    }

    /// Watches the pair: to be called whenever either market has changed or is lost. What is stale, one-sided or crossed is
    /// not seen.
    ///
    /// # Panics
    /// If `now` is before an earlier call: the driver's clock never falls.
    pub fn watch(&mut self, first: &VenueMarket<'_>, second: &VenueMarket<'_>, now: Nanos) {
        let seen = self.logs(first, second, now).ok();
        self.spread.update(seen, now);
    }

    /// Watches where either market is lost.
    ///
    /// # Panics
    /// As [`Self::watch`].
    pub fn watch_nothing(&mut self, now: Nanos) {
        self.spread.update(None, now);
    }

    /// What the samples show, whatever the prices are now.
    ///
    /// # Errors
    /// [`NoOpportunity::Unfitted`], [`NoOpportunity::NoReversion`].
    pub fn fit(&self, now: Nanos) -> Result<SpreadFit, NoOpportunity> {
        let fresh = self.spread.expires_at().is_some_and(|expires_at| now < expires_at);
        if !fresh || self.spread.pushed() < self.params.pairs_min {
            return Err(NoOpportunity::Unfitted);
        }
        let fit = self.spread.fit(self.params.hedge).ok_or(NoOpportunity::NoReversion)?;
        let fast = fit.half_life <= self.params.spread_half_life_max;
        fast.then_some(fit).ok_or(NoOpportunity::NoReversion)
    }

    /// The best that the present spread promises. The markets in the order they are watched in.
    ///
    /// # Errors
    /// Why there is nothing.
    pub fn detect(
        &self,
        first: &VenueMarket<'_>,
        second: &VenueMarket<'_>,
        now: Nanos,
    ) -> Result<Opportunity, NoOpportunity> {
        let [a, b] = self.logs(first, second, now)?;
        let fresh = pair_freshness([first, second], now, self.params.age_max)?;
        let fit = self.fit(now)?;
        let samples_end = self.spread.expires_at().ok_or(NoOpportunity::Unfitted)?;
        let off = a - fit.hedge_ratio * b - fit.mean;
        if libm::fabs(off) < self.params.entry_z * fit.deviation {
            return Err(NoOpportunity::NoSignal);
        }
        let gone = 1.0 - libm::exp2(-f64::from(self.params.horizon));
        let held = Span(fit.half_life.0.saturating_mul(i64::from(self.params.horizon)));
        let side = if off > 0.0 { Side::Ask } else { Side::Bid };
        let plan = Plan {
            first: Taking::new(first, side)?,
            second: Taking::new(second, side.opposite())?,
            hedge: rate_floor(fit.hedge_ratio)?,
            gain: rate_floor(-libm::expm1(-libm::fabs(off) * gone))?,
            held,
        };
        let best = self.best(&plan)?;
        let (mut bought, mut sold) = (best.first.leg(first, side), best.second.leg(second, side.opposite()));
        if side == Side::Ask {
            (bought, sold) = (sold, bought);
        }
        let sure = Confidence::new(fit.confidence).and_then(|fit| fit.and(fresh.confidence));
        Ok(Opportunity {
            id: self.params.id,
            kind: OpportunityKind::Statistical,
            legs: Legs::new([bought, sold]),
            asset: self.params.asset,
            gross: best.gross,
            costs: best.costs,
            net: best.net,
            edge_bps: best.net.to_f64() / best.paid.to_f64() * 1e4,
            confidence: sure.ok_or(NoOpportunity::NoReversion)?,
            expires_at: fresh.expires_at.min(samples_end).min(now.saturating_add(fit.half_life)),
        })
    }

    /// Takes the whole state into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        self.spread.digest(digest);
    }

    /// The log mids, in the asset of the net but for a constant: one tick of each.
    fn logs(
        &self,
        first: &VenueMarket<'_>,
        second: &VenueMarket<'_>,
        now: Nanos,
    ) -> Result<[f64; 2], NoOpportunity> {
        pair_freshness([first, second], now, self.params.age_max)?;
        if first.instrument == second.instrument {
            return Err(NoOpportunity::Assets);
        }
        let log = |market: &VenueMarket<'_>| {
            check_market(market)?;
            let (mid, rate) = (mid(market)?, market.conversion.rate);
            Ok(libm::log(mid.to_ticks_f64()) + libm::log(to_f64(rate)))
        };
        Ok([log(first)?, log(second)?])
    }

    /// The size with the highest net of those looked at, the first such.
    fn best(&self, plan: &Plan<'_>) -> Result<Sized, NoOpportunity> {
        let mut best = None::<Sized>;
        for lots in plan.first.ladder.corners() {
            keep_better(&mut best, self.net(plan, lots)?);
            keep_better(&mut best, self.net(plan, plan.hedged_by(plan.hedging(lots)?)?)?);
        }
        for lots in plan.second.ladder.corners() {
            let fewest = plan.hedged_by(lots)?;
            keep_better(&mut best, self.net(plan, fewest)?);
            keep_better(&mut best, self.net(plan, fewest - 1)?);
        }
        match best {
            Some(best) if best.net > Money::ZERO => Ok(best),
            Some(_) => Err(NoOpportunity::NoEdge),
            None => Err(NoOpportunity::NoSize),
        }
    }

    /// What so many lots of the first leg come to; `None` where depth, limits or minimums of either do not let them.
    fn net(&self, plan: &Plan<'_>, lots: i64) -> Result<Option<Sized>, NoOpportunity> {
        let second = plan.hedging(lots)?;
        let (Some(one), Some(other)) = (plan.first.ladder.take(lots), plan.second.ladder.take(second)) else {
            return Ok(None);
        };
        if !plan.first.ladder.accepts(&one) || !plan.second.ladder.accepts(&other) {
            return Ok(None);
        }
        let (value, worth, way, fee) = plan.first.terms(&one)?;
        let (other_value, other_worth, other_way, other_fee) = plan.second.terms(&other)?;
        let hedged = mul_div_floor(other_value.0, i128::from(Rate::ONE.0), i128::from(plan.hedge.0.max(1)));
        let hedged = hedged.map(Money).ok_or(NoOpportunity::Overflow)?;
        let gross = share_floor(value.min(hedged), plan.gain)?;
        let (fees, slippage) = (fee + other_fee, way + other_way);
        let borrow = by_the_hour(value, self.params.holding_per_day, plan.held)?;
        let costs = Costs { fees: fees + fees, slippage: slippage + slippage, borrow, ..Costs::default() };
        let paid = if plan.first.side == Side::Bid { worth } else { other_worth };
        Ok(Some(Sized { first: one, second: other, paid, gross, costs, net: gross - costs.total() }))
    }
}

fn keep_better(best: &mut Option<Sized>, found: Option<Sized>) {
    if let Some(found) = found
        && best.is_none_or(|best| found.net > best.net)
    {
        *best = Some(found);
    }
}

impl Plan<'_> {
    /// Lots of the second leg that hedge so many of the first, rounded down.
    fn hedging(&self, first: i64) -> Result<i64, NoOpportunity> {
        let value = self.first.lot_value.0.checked_mul(i128::from(first)).ok_or(NoOpportunity::Overflow)?;
        let value = share_floor(Money(value), self.hedge)?.0;
        Ok(i64::try_from(value / self.second.lot_value.0).unwrap_or(i64::MAX))
    }

    /// The fewest lots of the first leg that so many of the second hedge.
    fn hedged_by(&self, second: i64) -> Result<i64, NoOpportunity> {
        let value = self.second.lot_value.0.checked_mul(i128::from(second)).ok_or(NoOpportunity::Overflow)?;
        let value = mul_div_floor(-value, i128::from(Rate::ONE.0), i128::from(self.hedge.0.max(1)));
        let lots = value.ok_or(NoOpportunity::Overflow)?.div_euclid(self.first.lot_value.0);
        Ok(i64::try_from(-lots).unwrap_or(i64::MAX))
    }
}

impl<'a> Taking<'a> {
    fn new(market: &'a VenueMarket<'a>, side: Side) -> Result<Self, NoOpportunity> {
        let lot_value = market.conversion.floor(market.spec.value_at_mid_floor(mid(market)?, Lots(1)))?;
        if lot_value <= Money::ZERO {
            return Err(NoOpportunity::Overflow);
        }
        Ok(Self { market, side, ladder: Ladder::new(market, side.opposite()), lot_value })
    }

    /// In the asset of the net: value at the mid, value taken, the way between the two, the fee.
    fn terms(&self, taken: &Taken) -> Result<(Money, Money, Money, Money), NoOpportunity> {
        let conversion = self.market.conversion;
        let at_mid = self.market.spec.value_at_mid_floor(mid(self.market)?, Lots(taken.lots));
        let fee = conversion.ceil(fee_ceil(taken.value, self.market.taker_fee)?)?;
        let way = match self.side {
            Side::Bid => taken.value - at_mid,
            Side::Ask => at_mid - taken.value,
        };
        Ok((conversion.floor(at_mid)?, conversion.ceil(taken.value)?, conversion.ceil(way)?, fee))
    }
}

/// A float in `[0, 2³⁰]` as a rate, rounded down.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
fn rate_floor(value: f64) -> Result<Rate, NoOpportunity> {
    let units = libm::floor(value * 1e8);
    (0.0..1.1e17).contains(&units).then_some(Rate(units as i64)).ok_or(NoOpportunity::Rates)
}

#[expect(clippy::cast_precision_loss, reason = "a ratio, for a statistic")]
fn to_f64(rate: Rate) -> f64 {
    rate.0 as f64 / Rate::ONE.0 as f64
}

#[cfg(test)]
mod tests;
