//! What a venue of traders is built from.
//!
//! Never here: state.

use ballast_model::{InstrumentId, Money, Nanos, Price, Rate, Span};

use crate::matching::{MatchingSpec, MatchingSpecError, Prevention};
use crate::spec::Latency;

/// The engine, who trades there, and how news of it travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FloorSpec {
    /// The engine. Its first accounts are the clients', all others the crowd's.
    pub matching: MatchingSpec,
    /// The instrument's id in the clients' words.
    pub instrument: InstrumentId,
    /// Accounts of clients. At least one, and fewer than the engine has.
    pub clients: u16,
    /// Collateral each client begins with; zero and above. Nobody asks for any where there are no margin rules.
    pub collateral: Money,
    /// Self-trade prevention of the clients' orders.
    pub self_trade: Prevention,
    /// How long clients' commands and what they alone hear of travel.
    pub latency: Latency,
    /// From something happening in the market to everybody's learning of it.
    pub feed_latency: Span,
    /// Time between two diffs of the book. Above zero.
    pub diff_every: Span,
    /// Levels a side that are shown, the best ones. At least one.
    pub depth: usize,
    /// Marks and funding; needed where there are margin rules, and only there.
    pub funding: Option<FundingSpec>,
    /// The others.
    pub crowd: CrowdSpec,
    /// First moment, from the epoch on.
    pub start: Nanos,
}

/// When a perpetual is marked and funding exchanged.
///
/// The mark is the crowd's fair price, which stands for an index of other venues. The rate is `P + clamp(I − P, ±5 bp)`, where
/// `P` is the mean over the period of how far the midpoint is above the index, as a share of it, and `I` the interest; within
/// the cap (Binance, "Introduction to Binance Futures Funding Rates", with the midpoint for the impact prices).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FundingSpec {
    /// Time between marks. Above zero.
    pub mark_every: Span,
    /// Funding is exchanged at whole multiples of this since the epoch. Whole seconds, at least one.
    pub period: Span,
    /// Interest of one period. Within the cap.
    pub interest: Rate,
    /// The rate's magnitude is at most this. In `0..=`5 %.
    pub cap: Rate,
}

/// The other traders: a seeded flow of requests about a price they believe in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrowdSpec {
    /// Decides everything that is random.
    pub seed: u64,
    /// Requests a second, on average. At least one.
    pub requests_per_second: u32,
    /// Orders they leave in the book, about so many. At least ten, at most half of what the engine holds.
    pub orders: u32,
    /// The price they begin about: 2 000 ticks at least, and at most half of what an order may carry.
    pub start_price: Price,
    /// Collateral each begins with; zero and above.
    pub collateral: Money,
    /// What the insurance fund begins with; zero and above.
    pub insurance: Money,
}

/// Fewest ticks of the first price: below, the book has no room for its bids.
const START_TICKS: i64 = 2_000;
/// Most collateral of one account, and in the fund.
const COLLATERAL_MAX: Money = Money(Money::ONE.0 * 10i128.pow(15));
/// The cap's own: what a mark event holds.
const FUNDING_CAP: Rate = Rate::from_bps(500);
/// A year: longer than any interval makes sense.
const SPAN_MAX: Span = Span::from_secs(366 * 86_400);
/// Fewest orders of the crowd.
const ORDERS_MIN: u32 = 10;

/// Why a venue of traders cannot be built as described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloorSpecError {
    /// The engine.
    Matching(MatchingSpecError),
    /// There are no clients, or no accounts left for the crowd.
    Clients,
    /// A latency is negative or longer than a year.
    Latency,
    /// The time between diffs is not above zero, or no level is shown.
    Feed,
    /// A collateral, or the insurance fund's, is below zero or above 10¹⁵.
    Collateral,
    /// Funding without margin rules, or the other way about; or its times or rates are out of their ranges.
    Funding,
    /// The crowd's rate, number of orders or first price is out of its range.
    Crowd,
    /// The first moment is before the epoch.
    Start,
}

impl core::fmt::Display for FloorSpecError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Matching(error) => return error.fmt(f),
            Self::Clients => "there are no clients, or no accounts left for the crowd",
            Self::Latency => "a latency is negative or longer than a year",
            Self::Feed => "the time between diffs is not above zero, or no level is shown",
            Self::Collateral => "a collateral is below zero or above 10^15",
            Self::Funding => "funding needs margin rules and they need it, with its times and rates in range",
            Self::Crowd => "the crowd's rate, number of orders or first price is out of range",
            Self::Start => "the first moment is before the epoch",
        })
    }
}

impl core::error::Error for FloorSpecError {}

impl From<MatchingSpecError> for FloorSpecError {
    fn from(error: MatchingSpecError) -> Self {
        Self::Matching(error)
    }
}

impl FundingSpec {
    fn is_sound(&self) -> bool {
        let second = Span::from_secs(1);
        let (every, period) = (self.mark_every, self.period);
        let times = Span::ZERO < every && every <= SPAN_MAX && second <= period && period <= SPAN_MAX;
        let rates = Rate(0) <= self.cap && self.cap <= FUNDING_CAP && self.interest.0.abs() <= self.cap.0;
        times && period.0 % second.0 == 0 && rates
    }
}

impl FloorSpec {
    /// Checks every range stated at the fields.
    ///
    /// # Errors
    /// The first [`FloorSpecError`] that applies.
    pub fn check(&self) -> Result<(), FloorSpecError> {
        self.matching.check()?;
        let (crowd, limits) = (&self.crowd, &self.matching.limits);
        let travels = |span: &Span| (Span::ZERO..=SPAN_MAX).contains(span);
        let collateral = |money: &Money| (Money::ZERO..=COLLATERAL_MAX).contains(money);
        let price_max = self.matching.instrument.price_max.0 / 2;
        let crowd_ok = crowd.requests_per_second > 0
            && (ORDERS_MIN..=limits.orders / 2).contains(&crowd.orders)
            && (START_TICKS..=price_max).contains(&crowd.start_price.0);
        if !(1..limits.accounts).contains(&self.clients) {
            Err(FloorSpecError::Clients)
        } else if ![self.latency.order, self.latency.response, self.feed_latency].iter().all(travels) {
            Err(FloorSpecError::Latency)
        } else if self.diff_every <= Span::ZERO || self.diff_every > SPAN_MAX || self.depth == 0 {
            Err(FloorSpecError::Feed)
        } else if ![self.collateral, crowd.collateral, crowd.insurance].iter().all(collateral) {
            Err(FloorSpecError::Collateral)
        } else if self.funding.is_some() != self.matching.margin.is_some()
            || self.funding.is_some_and(|funding| !funding.is_sound())
        {
            Err(FloorSpecError::Funding)
        } else if !crowd_ok {
            Err(FloorSpecError::Crowd)
        } else if self.start < Nanos(0) {
            Err(FloorSpecError::Start)
        } else {
            Ok(())
        }
    }
}
