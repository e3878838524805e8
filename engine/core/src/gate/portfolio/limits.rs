//! What a portfolio is made of and what bounds it.

use ballast_model::{AssetId, HalfTicks, InstrumentSpec, Lots, Money, Rate};

use crate::gate::loss::LossLimits;
use crate::gate::refusal::{Scope, StrategyId, VenueId};

/// Most instruments of a portfolio.
pub const MEMBERS_MAX: usize = 128;

/// What a portfolio is built from. Money is in the account currency unless said otherwise: the one currency that conversions
/// lead to ([`super::Portfolio::on_conversion`]).
#[derive(Clone, Debug)]
pub struct PortfolioSpec<'a> {
    /// By [`ballast_model::InstrumentId`].
    pub members: &'a [MemberSpec],
    /// By [`AssetId`].
    pub assets: &'a [AssetSpec],
    /// By [`VenueId`].
    pub venues: &'a [VenueSpec],
    /// By [`StrategyId`].
    pub strategies: &'a [StrategySpec],
    /// Limits of everything together.
    pub exposure: ExposureLimits,
    /// Limits of everything against the equity of all venues.
    pub credit: CreditLimits,
    /// Losses of everything.
    pub loss: LossLimits,
}

/// One instrument of a portfolio: an account's view of a market.
#[derive(Clone, Copy, Debug)]
pub struct MemberSpec {
    /// Grid and contract.
    pub spec: InstrumentSpec,
    /// Where it trades.
    pub venue: VenueId,
    /// Who trades it.
    pub strategy: StrategyId,
    /// The book it trades in: members of the same number meet there, though their accounts differ.
    pub market: u16,
    /// What its orders are paid with.
    pub funding: Funding,
    /// What its position may come to.
    pub exposure: ExposureLimits,
    /// Least distance between mark and liquidation price, as a share of the mark.
    pub liquidation_distance_min: Option<Rate>,
    /// Orders that would meet our own.
    pub self_trade: SelfTrade,
}

/// What orders are paid with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Funding {
    /// The assets themselves: a sale needs the base, a purchase the quote currency ([`Funds`]).
    Spot,
    /// A margin: this share of the position's value. In `1..=`[`Rate::ONE`].
    Margin(Rate),
}

impl Funding {
    /// Share of a position's value that is bound.
    pub(super) const fn rate(self) -> Rate {
        match self {
            Self::Spot => Rate::ONE,
            Self::Margin(rate) => rate,
        }
    }
}

/// Orders that would trade with an order of ours (R10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelfTrade {
    /// Left to the venue.
    Allow,
    /// Refused, in whatever state our other order is: one on its way out may still be there.
    Refuse,
}

/// Bounds of exposure, inclusive; `None` does not limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExposureLimits {
    /// Value of positions, longs less shorts, at the worse end of what may trade.
    pub net_max: Option<Money>,
    /// Value of positions as magnitudes, each at its worse end.
    pub gross_max: Option<Money>,
    /// Value of unexecuted orders at their own prices.
    pub open_max: Option<Money>,
}

/// Bounds of credit, inclusive; `None` does not limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CreditLimits {
    /// Margin at the worse end of what may trade: the capital threshold of SEC rule 15c3-5(c)(1)(i).
    pub credit_max: Option<Money>,
    /// The same, as a share of equity.
    pub credit_share_max: Option<Rate>,
    /// Gross exposure as a multiple of equity.
    pub leverage_max: Option<Rate>,
    /// The venue's maintenance margin as a share of equity: at one, it liquidates.
    pub maintenance_share_max: Option<Rate>,
}

/// One asset.
#[derive(Clone, Copy, Debug)]
pub struct AssetSpec {
    /// Bounds of what all instruments hold of it.
    pub exposure: ExposureLimits,
    /// Whether there is more of it than instruments hold.
    pub elsewhere: Elsewhere,
}

/// Exposure to an asset outside the instruments: liquidity provided, wallets, coin margin, pending transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elsewhere {
    /// There is none.
    Nothing,
    /// There may be some, and it is unknown until told.
    Told,
}

/// One venue.
#[derive(Clone, Copy, Debug)]
pub struct VenueSpec {
    /// Bounds of what its instruments hold.
    pub exposure: ExposureLimits,
    /// Bounds against the account there.
    pub credit: CreditLimits,
    /// Bounds of messages to it.
    pub messages: Option<MessageLimits>,
    /// Whether it is quoted without a dead-man switch.
    pub dead_man: DeadMan,
}

/// One strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StrategySpec {
    /// Bounds of what its instruments hold.
    pub exposure: ExposureLimits,
    /// Losses of its instruments together, after fees and funding.
    pub loss: LossLimits,
}

impl StrategySpec {
    /// No limit.
    pub const NONE: Self = Self { exposure: ExposureLimits::NONE, loss: LossLimits::NONE };
}

/// The venue's allowance of messages, orders and cancels together (R5). Adding orders stop where only the reserve is left;
/// cancels and reducing orders are counted and pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageLimits {
    /// Messages at once. Above the reserve.
    pub burst: u32,
    /// Messages per second in the long run. Above zero.
    pub per_second: u32,
    /// Messages kept for cancels and reducing orders.
    pub reserve: u32,
}

/// Whether a venue is quoted without a dead-man switch (R9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeadMan {
    /// It is.
    Optional,
    /// Adding orders pass only while the venue would cancel all if we died ([`super::Portfolio::on_dead_man`]).
    Required,
}

/// What an account at a venue is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// Cash and unrealised profit.
    pub equity: Money,
    /// Maintenance margin of its positions.
    pub maintenance: Money,
}

/// What a spot order can be paid with: free of all holds, those of working orders among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Funds {
    /// Base asset, in lots, rounded down.
    pub base: Lots,
    /// Quote currency, fees already set aside.
    pub quote: Money,
}

/// Where a venue would liquidate a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liquidation {
    /// Nobody said.
    Unknown,
    /// At no price.
    Never,
    /// At this mark.
    At(HalfTicks),
}

/// What an operator can halt (R8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// A strategy.
    Strategy(StrategyId),
    /// A venue.
    Venue(VenueId),
    /// Everything.
    All,
}

impl From<Level> for Scope {
    fn from(level: Level) -> Self {
        match level {
            Level::Strategy(strategy) => Self::Strategy(strategy),
            Level::Venue(venue) => Self::Venue(venue),
            Level::All => Self::All,
        }
    }
}

/// Why a portfolio cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortfolioError {
    /// More than [`MEMBERS_MAX`] instruments.
    Members,
    /// An instrument names an asset that is not listed, or one asset twice.
    Asset(AssetId),
    /// An instrument names a venue that is not listed, or there are more than ids.
    Venue(VenueId),
    /// An instrument names a strategy that is not listed, or there are more than ids.
    Strategy(StrategyId),
    /// A limit is below zero, or a margin is not in `1..=`[`Rate::ONE`].
    Limit(Scope),
    /// Message limits leave nothing to send, or never come back.
    Messages(VenueId),
}

impl core::fmt::Display for PortfolioError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Members => write!(f, "more than {MEMBERS_MAX} instruments"),
            Self::Asset(asset) => write!(f, "asset {} is not listed, or base and quote at once", asset.0),
            Self::Venue(venue) => write!(f, "venue {} is not listed", venue.0),
            Self::Strategy(strategy) => write!(f, "strategy {} is not listed", strategy.0),
            Self::Limit(scope) => write!(f, "a limit of {scope} is out of its range"),
            Self::Messages(venue) => {
                write!(f, "the messages of venue {} leave nothing beside the reserve", venue.0)
            }
        }
    }
}

impl core::error::Error for PortfolioError {}

impl ExposureLimits {
    /// No limit.
    pub const NONE: Self = Self { net_max: None, gross_max: None, open_max: None };

    fn valid(&self) -> bool {
        [self.net_max, self.gross_max, self.open_max].iter().flatten().all(|max| max.0 >= 0)
    }
}

impl CreditLimits {
    /// No limit.
    pub const NONE: Self =
        Self { credit_max: None, credit_share_max: None, leverage_max: None, maintenance_share_max: None };

    fn valid(&self) -> bool {
        let shares = [self.credit_share_max, self.leverage_max, self.maintenance_share_max];
        self.credit_max.is_none_or(|max| max.0 >= 0) && shares.iter().flatten().all(|share| share.0 >= 0)
    }
}

impl PortfolioSpec<'_> {
    /// Checks everything that is named and bounded.
    pub(super) fn check(&self) -> Result<(), PortfolioError> {
        if self.members.len() > MEMBERS_MAX {
            return Err(PortfolioError::Members);
        }
        for (index, member) in (0u16..).zip(self.members) {
            self.check_member(member, Scope::Instrument(ballast_model::InstrumentId(index)))?;
        }
        for (index, asset) in (0u16..).zip(self.assets) {
            if !asset.exposure.valid() {
                return Err(PortfolioError::Limit(Scope::Asset(AssetId(index))));
            }
        }
        for (index, venue) in self.venues.iter().enumerate() {
            let id = VenueId(u8::try_from(index).map_err(|_| PortfolioError::Venue(VenueId(u8::MAX)))?);
            if !venue.exposure.valid() || !venue.credit.valid() {
                return Err(PortfolioError::Limit(Scope::Venue(id)));
            }
            if venue.messages.is_some_and(|limits| limits.burst <= limits.reserve || limits.per_second == 0) {
                return Err(PortfolioError::Messages(id));
            }
        }
        for (index, strategy) in self.strategies.iter().enumerate() {
            let id = u8::try_from(index).map_err(|_| PortfolioError::Strategy(StrategyId(u8::MAX)))?;
            if !strategy.exposure.valid() || !strategy.loss.valid() {
                return Err(PortfolioError::Limit(Scope::Strategy(StrategyId(id))));
            }
        }
        if !self.exposure.valid() || !self.credit.valid() || !self.loss.valid() {
            return Err(PortfolioError::Limit(Scope::All));
        }
        Ok(())
    }

    fn check_member(&self, member: &MemberSpec, scope: Scope) -> Result<(), PortfolioError> {
        let InstrumentSpec { base, quote, .. } = member.spec;
        for asset in [base, quote] {
            if usize::from(asset.0) >= self.assets.len() || base == quote {
                return Err(PortfolioError::Asset(asset));
            }
        }
        if usize::from(member.venue.0) >= self.venues.len() {
            return Err(PortfolioError::Venue(member.venue));
        }
        if usize::from(member.strategy.0) >= self.strategies.len() {
            return Err(PortfolioError::Strategy(member.strategy));
        }
        let margin_valid = (1..=Rate::ONE.0).contains(&member.funding.rate().0);
        let distance_valid = member.liquidation_distance_min.is_none_or(|distance| distance.0 >= 0);
        if !member.exposure.valid() || !margin_valid || !distance_valid {
            return Err(PortfolioError::Limit(scope));
        }
        Ok(())
    }
}
