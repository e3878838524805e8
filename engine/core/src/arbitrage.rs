//! Arbitrage: finds what two markets would pay now for being out of line, after every cost; it only reports.
//!
//! An [`Opportunity`] says its legs, what they leave after itemised costs, how much to trust that and until when. It is
//! made from inputs whose age is known: past the age allowed, there is none. [`Ranking`] keeps the best of them.
//!
//! Never here: an order, a market whose age is not known, a cost left out of the net.

mod rank;
mod spatial;
mod walk;

use ballast_model::{AssetId, InstrumentId, InstrumentSpec, Lots, Money, Nanos, Price, Rate, Side, Span};

use crate::book::Book;
use crate::ledger::mul_div_floor;
pub use rank::{OPPORTUNITIES_MAX, RankRefusal, Ranking};
pub use spatial::{Spatial, SpatialParamError, SpatialParams, TransferCost};

/// Most levels a detector looks at on one side of a book.
pub const WALK_LEVELS_MAX: usize = 64;

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

/// What an opportunity costs, in the asset of its net; a rebate is below zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Costs {
    /// Taker fees of all legs.
    pub fees: Money,
    /// Moving the asset from where it was bought to where it was sold.
    pub transfer: Money,
}

impl Costs {
    /// The sum.
    #[must_use]
    pub fn total(&self) -> Money {
        self.fees + self.transfer
    }
}

/// What could be earned now by orders that take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Opportunity {
    /// The pairing it was found for.
    pub id: OpportunityId,
    /// The detector.
    pub kind: OpportunityKind,
    /// The orders: the buying one first.
    pub legs: [Leg; 2],
    /// The asset that gross, costs and net are counted in.
    pub asset: AssetId,
    /// Received less paid, before costs.
    pub gross: Money,
    /// The costs, itemised.
    pub costs: Costs,
    /// Gross less costs. Above zero.
    pub net: Money,
    /// The net over what the buying leg pays, in basis points.
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
    /// The instruments do not have the base asset in common.
    Assets,
    /// A fee or a conversion is outside the range of its kind.
    Rates,
    /// A book is empty on the side needed, or crossed in itself.
    NoBook,
    /// No size leaves anything after costs.
    NoEdge,
    /// Depth, limits and lot grids leave no size that both venues take.
    NoSize,
    /// A number does not fit exact money.
    Overflow,
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
    /// What one unit of its quote asset is worth in the asset profits are counted in.
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

/// `amount` times the rate, rounded down to 10⁻¹⁸.
fn share_floor(amount: Money, rate: Rate) -> Result<Money, NoOpportunity> {
    mul_div_floor(amount.0, i128::from(rate.0), i128::from(Rate::ONE.0))
        .map(Money)
        .ok_or(NoOpportunity::Overflow)
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
