//! Arbitrage: finds what markets would pay for being out of line, after every cost; it only reports.
//!
//! | detector | markets | what it leaves |
//! |---|---|---|
//! | [`Spatial`] | one asset on two venues | certain, once all legs are filled |
//! | [`Triangular`] | a cycle of three on one venue | certain, once all legs are filled |
//! | [`Statistical`] | two prices that usually move together | expected, when their spread comes back |
//! | [`Carry`] | a perpetual against its spot | expected, from basis and funding over a horizon |
//!
//! An [`Opportunity`] says its legs, what they leave after itemised costs, how much to trust that and until when. It is
//! made from inputs whose age is known: past the age allowed, there is none. [`Ranking`] keeps the best of them.
//!
//! Never here: an order, a market whose age is not known, a cost left out of the net.

mod blocks;
mod carry;
#[cfg(test)]
mod fixtures;
mod ladder;
mod rank;
mod spatial;
mod statistical;
mod triangular;
mod walk;
mod wide;

use ballast_model::{
    AssetId, Contract, HalfTicks, InstrumentId, InstrumentSpec, Lots, Money, Nanos, Price, Rate, Side, Span,
};

use crate::book::Book;
use crate::ledger::mul_div_floor;
pub use carry::{Carry, CarryParamError, CarryParams, FUNDINGS_MAX};
pub use rank::{OPPORTUNITIES_MAX, RankRefusal, Ranking};
pub use spatial::{Spatial, SpatialParamError, SpatialParams, TransferCost};
pub use statistical::{
    HOLD_STEPS_MAX, HORIZON_MAX, HedgeRatio, SpreadFit, Statistical, StatisticalParamError, StatisticalParams,
};
pub use triangular::{Triangular, TriangularParamError, TriangularParams};

/// Most levels a detector looks at on one side of a book.
pub const WALK_LEVELS_MAX: usize = 64;

/// Most orders an opportunity consists of.
pub const LEGS_MAX: usize = 4;

/// Hours that costs by the day are divided into; each hour begun counts whole, as margin venues charge it.
const HOURS_PER_DAY: i128 = 24;

/// Names one pairing of markets that is watched; given by whoever configures it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpportunityId(pub u32);

/// How far a number is to be trusted: a float in `(0, 1]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Confidence(f64);

impl Confidence {
    /// Nothing is left open.
    pub const FULL: Self = Self(1.0);

    /// `None` outside `(0, 1]`.
    #[must_use]
    pub fn new(value: f64) -> Option<Self> {
        (value > 0.0 && value <= 1.0).then_some(Self(value))
    }

    /// The float.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }

    /// Both must hold, and neither tells of the other: the product. `None` where it vanishes.
    #[must_use]
    pub fn and(self, other: Self) -> Option<Self> {
        Self::new(self.0 * other.0)
    }
}

/// Which detector found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpportunityKind {
    /// One asset, two venues.
    Spatial,
    /// A cycle of three instruments on one venue.
    Triangular,
    /// Two prices whose spread is expected to come back.
    Statistical,
    /// A perpetual against its spot.
    Carry,
}

impl OpportunityKind {
    /// Its name in configuration and results: stable.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Spatial => "spatial",
            Self::Triangular => "triangular",
            Self::Statistical => "statistical",
            Self::Carry => "carry",
        }
    }
}

/// One order of an opportunity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Where.
    pub instrument: InstrumentId,
    /// Bid buys, ask sells.
    pub side: Side,
    /// The worst price that is needed: what an immediate order's limit is to be.
    pub price: Price,
    /// Size. Above zero.
    pub lots: Lots,
    /// What the levels taken are worth in the instrument's quote asset, before fees, exact.
    pub value: Money,
}

impl Leg {
    const NONE: Self = Self {
        instrument: InstrumentId(0),
        side: Side::Bid,
        price: Price(0),
        lots: Lots::ZERO,
        value: Money::ZERO,
    };
}

/// The orders of an opportunity, at most [`LEGS_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Legs {
    legs: [Leg; LEGS_MAX],
    count: usize,
}

impl Legs {
    /// These, in this order. More than [`LEGS_MAX`] do not compile.
    #[must_use]
    pub fn new<const N: usize>(orders: [Leg; N]) -> Self {
        const { assert!(N <= LEGS_MAX) };
        let mut legs = [Leg::NONE; LEGS_MAX];
        legs.iter_mut().zip(orders).for_each(|(leg, order)| *leg = order);
        Self { legs, count: N }
    }

    /// The orders.
    #[must_use]
    pub fn as_slice(&self) -> &[Leg] {
        self.legs.get(..self.count).unwrap_or_default()
    }
}

/// What an opportunity costs, in the asset of its net; what is received, as a rebate or funding, is below zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Costs {
    /// Taker fees of all legs; where a position is to be closed again, of those that close it too.
    pub fees: Money,
    /// Moving the asset from where it was bought to where it was sold.
    pub transfer: Money,
    /// Funding expected over the time it is held.
    pub funding: Money,
    /// Borrowing what is sold short, or holding the position, over the time it is held.
    pub borrow: Money,
    /// What lot grids leave over on the way, as if it were worth nothing. Not below zero.
    pub dust: Money,
    /// What the way from the mids to the prices taken costs where the gross is counted at mids, in and out. Not below zero.
    pub slippage: Money,
}

impl Costs {
    /// The sum.
    #[must_use]
    pub fn total(&self) -> Money {
        self.fees + self.transfer + self.funding + self.borrow + self.dust + self.slippage
    }
}

/// What could be earned now by orders that take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Opportunity {
    /// The pairing it was found for.
    pub id: OpportunityId,
    /// The detector.
    pub kind: OpportunityKind,
    /// The orders to be sent now: the buying one first, those of a cycle in its order. What would close them again later is
    /// not among them; its cost is.
    pub legs: Legs,
    /// The asset that gross, costs and net are counted in.
    pub asset: AssetId,
    /// Received less paid, or what is expected to be, before costs.
    pub gross: Money,
    /// The costs, itemised.
    pub costs: Costs,
    /// Gross less costs. Above zero.
    pub net: Money,
    /// The net over what the buying leg pays, for a cycle over what it starts with, in basis points.
    pub edge_bps: f64,
    /// How far to trust it.
    pub confidence: Confidence,
    /// From this time on it is nothing: its oldest input is then as old as is allowed.
    pub expires_at: Nanos,
}

/// Why there is no opportunity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoOpportunity {
    /// An input is as old as is allowed, or older.
    Stale,
    /// An input claims to be from after now: its age is not known.
    FromTheFuture,
    /// Only linear contracts are compared.
    NotLinear,
    /// The instruments do not belong together: no common base asset, no cycle, a mark price of another.
    Assets,
    /// A fee or a conversion is outside the range of its kind.
    Rates,
    /// A book is empty on the side needed, or crossed in itself.
    NoBook,
    /// No size leaves anything after costs, whether or not there is one.
    NoEdge,
    /// Depth, limits and lot grids leave no size that every venue takes.
    NoSize,
    /// The spread was not watched for long enough, or not of late.
    Unfitted,
    /// The spread shows no return to its mean that chance would not, none that is fast enough, or no hedge ratio above zero.
    NoReversion,
    /// The spread is nearer to its mean than asked.
    NoSignal,
    /// The mark price, or the time funding is next exchanged, is not known.
    Funding,
    /// It would take a short sale, and the asset cannot be borrowed.
    NotBorrowable,
    /// A number does not fit exact money.
    Overflow,
}

impl NoOpportunity {
    /// All of them, in their order.
    pub const ALL: [Self; 14] = [
        Self::Stale,
        Self::FromTheFuture,
        Self::NotLinear,
        Self::Assets,
        Self::Rates,
        Self::NoBook,
        Self::NoEdge,
        Self::NoSize,
        Self::Unfitted,
        Self::NoReversion,
        Self::NoSignal,
        Self::Funding,
        Self::NotBorrowable,
        Self::Overflow,
    ];

    /// Its name in results: stable.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stale => "stale",
            Self::FromTheFuture => "from_the_future",
            Self::NotLinear => "not_linear",
            Self::Assets => "assets",
            Self::Rates => "rates",
            Self::NoBook => "no_book",
            Self::NoEdge => "no_edge",
            Self::NoSize => "no_size",
            Self::Unfitted => "unfitted",
            Self::NoReversion => "no_reversion",
            Self::NoSignal => "no_signal",
            Self::Funding => "funding",
            Self::NotBorrowable => "not_borrowable",
            Self::Overflow => "overflow",
        }
    }
}

/// One market as a detector sees it.
#[derive(Clone, Copy, Debug)]
pub struct VenueMarket<'a> {
    /// The instrument.
    pub instrument: InstrumentId,
    /// Its grid and limits. Linear.
    pub spec: &'a InstrumentSpec,
    /// Its book.
    pub book: &'a Book,
    /// The driver's time at which the book was last known to be right.
    pub seen_at: Nanos,
    /// Fee on what is taken, of the value in quote. Below one in magnitude; below zero it is a rebate. A venue that
    /// deducts it from the base bought takes as much in value, but leaves that much less to sell.
    pub taker_fee: Rate,
    /// The most that may be traded here: balance, margin or limit. Not below zero.
    pub lots_max: Lots,
    /// What one unit of its quote asset is worth in the asset profits are counted in. [`Triangular`] has no use for it: its
    /// cycle ends in the asset it began with.
    pub conversion: Conversion,
}

/// The worth of one asset in another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conversion {
    /// Units of the other asset for one of this. Above zero.
    pub rate: Rate,
    /// How far it can be had at that rate.
    pub confidence: Confidence,
    /// The driver's time at which it was last known to be right; [`Nanos::MAX`] where it cannot age, as for one and the
    /// same asset.
    pub seen_at: Nanos,
}

impl Conversion {
    /// An asset into itself.
    pub const SAME: Self = Self { rate: Rate::ONE, confidence: Confidence::FULL, seen_at: Nanos::MAX };

    fn floor(&self, amount: Money) -> Result<Money, NoOpportunity> {
        share_floor(amount, self.rate)
    }

    fn ceil(&self, amount: Money) -> Result<Money, NoOpportunity> {
        share_floor(-amount, self.rate).map(|share| -share)
    }
}

/// The largest amount that is reckoned with, in units of 10⁻¹⁸: sums of a few dozen of them fit.
const AMOUNT_MAX: i128 = i128::MAX >> 6;

/// An amount that may be summed.
const fn bounded(amount: i128) -> Result<Money, NoOpportunity> {
    if amount.unsigned_abs() <= AMOUNT_MAX.unsigned_abs() {
        Ok(Money(amount))
    } else {
        Err(NoOpportunity::Overflow)
    }
}

/// `amount` times the rate, rounded down to 10⁻¹⁸.
fn share_floor(amount: Money, rate: Rate) -> Result<Money, NoOpportunity> {
    let share = mul_div_floor(amount.0, i128::from(rate.0), i128::from(Rate::ONE.0));
    bounded(share.ok_or(NoOpportunity::Overflow)?)
}

/// A fee on an amount, rounded up to 10⁻¹⁸: never understated.
fn fee_ceil(amount: Money, rate: Rate) -> Result<Money, NoOpportunity> {
    share_floor(-amount, rate).map(|share| -share)
}

/// What is left of an input's life: when it ends, and the confidence that goes with its age.
#[derive(Clone, Copy, Debug)]
struct Freshness {
    expires_at: Nanos,
    confidence: Confidence,
}

/// The confidence falls linearly from one at age zero to none at `age_max`.
#[expect(clippy::cast_precision_loss, reason = "a ratio of two ages, for a confidence")]
fn freshness(oldest: Nanos, now: Nanos, age_max: Span) -> Result<Freshness, NoOpportunity> {
    let age = now - oldest;
    if age < Span::ZERO {
        return Err(NoOpportunity::FromTheFuture);
    }
    if age >= age_max {
        return Err(NoOpportunity::Stale);
    }
    let left = (age_max.0 - age.0) as f64 / age_max.0 as f64;
    let confidence = Confidence::new(left).ok_or(NoOpportunity::Stale)?;
    Ok(Freshness { expires_at: oldest + age_max, confidence })
}

/// The freshness of several inputs: that of the oldest. An input that cannot age ([`Nanos::MAX`]) is fresh.
fn oldest_of(
    inputs: impl IntoIterator<Item = Nanos>,
    now: Nanos,
    age_max: Span,
) -> Result<Freshness, NoOpportunity> {
    let mut worst = freshness(now, now, age_max)?;
    for seen_at in inputs.into_iter().filter(|seen_at| *seen_at != Nanos::MAX) {
        let fresh = freshness(seen_at, now, age_max)?;
        if fresh.expires_at < worst.expires_at {
            worst = fresh;
        }
    }
    Ok(worst)
}

/// The freshness of two markets with their conversions, and the confidence in all of it.
fn pair_freshness(
    pair: [&VenueMarket<'_>; 2],
    now: Nanos,
    age_max: Span,
) -> Result<Freshness, NoOpportunity> {
    let inputs = pair.iter().flat_map(|market| [market.seen_at, market.conversion.seen_at]);
    let mut fresh = oldest_of(inputs, now, age_max)?;
    for market in pair {
        let both = fresh.confidence.and(market.conversion.confidence);
        fresh.confidence = both.ok_or(NoOpportunity::NoEdge)?;
    }
    Ok(fresh)
}

/// What every market must be, whatever the prices: linear, its rates in range, its book not crossed in itself.
fn check_market(market: &VenueMarket<'_>) -> Result<(), NoOpportunity> {
    if market.spec.contract != Contract::Linear {
        return Err(NoOpportunity::NotLinear);
    }
    if market.taker_fee.0.unsigned_abs() >= Rate::ONE.0.unsigned_abs() || market.conversion.rate.0 <= 0 {
        return Err(NoOpportunity::Rates);
    }
    if market.book.crossed() {
        return Err(NoOpportunity::NoBook);
    }
    Ok(())
}

/// The middle of a market's book.
fn mid(market: &VenueMarket<'_>) -> Result<HalfTicks, NoOpportunity> {
    match (market.book.best(Side::Bid), market.book.best(Side::Ask)) {
        (Some(bid), Some(ask)) => Ok(HalfTicks::mid(bid.price, ask.price)),
        _ => Err(NoOpportunity::NoBook),
    }
}

/// What an amount costs for a span at a rate by the day, each hour begun counted whole; rounded up.
fn by_the_hour(amount: Money, per_day: Rate, held: Span) -> Result<Money, NoOpportunity> {
    const HOUR: i64 = 3_600_000_000_000;
    let hours = i128::from(held.0 / HOUR) + i128::from(held.0 % HOUR != 0);
    let days = mul_div_floor(-fee_ceil(amount, per_day)?.0, hours, HOURS_PER_DAY);
    bounded(-days.ok_or(NoOpportunity::Overflow)?)
}
