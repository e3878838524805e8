//! What a simulated venue is: its instruments, fees, latencies and rules.

use alloc::vec::Vec;

use ballast_core::book::BookLimits;
use ballast_core::ledger::{FeeCharge, FeeSchedule as TierSchedule, FeeTier, FeeTierError};
use ballast_core::replace::ReplaceRules;
use ballast_model::{
    AssetId, Contract, InstrumentId, InstrumentSpec, Liquidity, Lots, Money, Price, Rate, Span, TradeId,
    VenueOrderId,
};

use crate::conditions::{Conditions, ConditionsError};
use crate::queue_rules::QueueRules;

/// Largest balance or volume to begin with: 10¹⁹, in 10⁻¹⁸.
const AMOUNT_MAX: i128 = 10i128.pow(37);

/// Everything a simulated venue is built from.
#[derive(Clone, Debug)]
pub struct VenueSpec {
    /// What trades here; an [`InstrumentId`] is the index into this list.
    pub instruments: Vec<InstrumentRules>,
    /// How long messages travel.
    pub latency: Latency,
    /// What makes them slower, or the venue silent.
    pub conditions: Conditions,
    /// Fees by volume. An instrument that several name goes by the first.
    pub tiers: Vec<TierSpec>,
    /// What spot orders are paid with; `None` where no order needs funds.
    pub wallet: Option<WalletSpec>,
    /// What happens to an order that would trade with another of ours.
    pub self_trade: SelfTrade,
    /// Id of the first accepted order; the following ones count up.
    pub first_order_id: VenueOrderId,
    /// Id of the first fill; the following ones count up, over all instruments.
    pub first_trade_id: TradeId,
}

/// Instruments whose fees go by the volume traded in all of them over 30 days, in place of their own.
#[derive(Clone, Debug)]
pub struct TierSpec {
    /// Which; their volume is counted in quote currency, which is one.
    pub instruments: Vec<InstrumentId>,
    /// Ascending by volume; the first begins at zero. At most [`ballast_core::ledger::FEE_TIERS_MAX`].
    pub tiers: Vec<FeeTier>,
    /// What had been traded before, counted on the day of the first trade. At least zero.
    pub volume: Money,
}

impl TierSpec {
    /// The schedule, without volume; fees are shares of a trade's value in the settlement asset.
    ///
    /// # Errors
    /// The [`FeeTierError`].
    pub fn schedule(&self) -> Result<TierSchedule, FeeTierError> {
        TierSchedule::new(FeeCharge::Settlement, &self.tiers)
    }
}

/// Spot balances.
#[derive(Clone, Debug, Default)]
pub struct WalletSpec {
    /// The instruments that trade on them; linear. All others need no funds.
    pub instruments: Vec<InstrumentId>,
    /// What there is to begin with, each at least zero; nothing of the assets not named.
    pub balances: Vec<(AssetId, Money)>,
}

/// The rules of one instrument.
#[derive(Clone, Copy, Debug)]
pub struct InstrumentRules {
    /// Grid, limits and contract.
    pub spec: InstrumentSpec,
    /// What trading costs.
    pub fees: FeeSchedule,
    /// How our orders stand in its queues.
    pub queue: QueueRules,
    /// What an amendment may change and what becomes of the order's place. Self-trade prevention holds for an amended order
    /// as for a new one, whatever these rules say of it.
    pub amend: ReplaceRules,
    /// Most orders of ours that may rest at once. At least one.
    pub orders_max: usize,
    /// Bounds of the venue's own book.
    pub book: BookLimits,
}

/// Fees by side of the trade: cost > 0, rebate < 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeSchedule {
    /// When our order rested.
    pub maker: Rate,
    /// When our order took.
    pub taker: Rate,
}

impl FeeSchedule {
    /// The highest rate a trade may be charged; at least zero.
    #[must_use]
    pub fn rate_max(&self) -> Rate {
        self.maker.max(self.taker).max(Rate(0))
    }

    /// Fee of one fill in 10⁻⁸ of the settlement currency. A fee beyond 64 bits (92 billion units) is booked as the
    /// largest cost there is.
    #[must_use]
    pub fn fee_e8(&self, spec: &InstrumentSpec, price: Price, lots: Lots, liquidity: Liquidity) -> i64 {
        self.of_value(spec.value_floor(price, lots), liquidity)
    }

    /// [`FeeSchedule::fee_e8`] of a fill of this value.
    #[must_use]
    pub fn of_value(&self, value: Money, liquidity: Liquidity) -> i64 {
        let rate = match liquidity {
            Liquidity::Maker => self.maker,
            Liquidity::Taker => self.taker,
        };
        rate.fee_e8(value).unwrap_or(i64::MAX)
    }
}

/// Constant travel times; neither is negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    /// From our sending a command to the venue's acting on it.
    pub order: Span,
    /// From something happening to one of our orders to our learning of it.
    pub response: Span,
}

/// What happens when an arriving order could trade with a resting order of ours.
///
/// It is decided on arrival, before the order trades with anybody: with any resting order of ours within its limit.
/// Post-only orders never get here: to them our own order is liquidity like any other, and they are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelfTrade {
    /// The arriving order is refused with [`ballast_model::RejectReason::SelfTrade`].
    Reject,
    /// The arriving order is accepted and expires at once.
    ExpireTaker,
    /// Our resting orders in its way expire, then it goes on.
    ExpireMaker,
    /// Both expire.
    ExpireBoth,
}

/// Why a venue cannot be built as described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VenueSpecError {
    /// A latency is negative.
    Latency,
    /// Recorded latencies, load or outages.
    Conditions(ConditionsError),
    /// More instruments than ids.
    Instruments,
    /// The cancel share is outside `0..=1`, or the power not above zero.
    Queue(InstrumentId),
    /// No order may rest.
    OrdersMax(InstrumentId),
    /// The book's bounds are outside their ranges.
    Book(InstrumentId),
    /// The instrument cannot be spot: it is not listed, or not linear.
    Spot(InstrumentId),
    /// Fees by volume.
    Tiers(FeeTierError),
    /// The volume traded before is below zero, or beyond 10¹⁹.
    Volume,
    /// A balance is below zero, or beyond 10¹⁹.
    Balance(AssetId),
}

impl core::fmt::Display for VenueSpecError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Latency => f.write_str("a latency is negative"),
            Self::Conditions(error) => error.fmt(f),
            Self::Instruments => f.write_str("more instruments than instrument ids"),
            Self::Queue(id) => {
                write!(f, "instrument {}: cancel share outside 0..=1, or a power not above zero", id.0)
            }
            Self::OrdersMax(id) => write!(f, "instrument {}: orders_max is zero", id.0),
            Self::Book(id) => write!(f, "instrument {}: book bounds out of range", id.0),
            Self::Spot(id) => write!(f, "instrument {}: only listed linear instruments are spot", id.0),
            Self::Tiers(error) => error.fmt(f),
            Self::Volume => f.write_str("the volume traded before is out of range"),
            Self::Balance(asset) => write!(f, "the balance of asset {} is out of range", asset.0),
        }
    }
}

impl core::error::Error for VenueSpecError {}

impl WalletSpec {
    fn check(&self, instruments: &[InstrumentRules]) -> Result<(), VenueSpecError> {
        for id in &self.instruments {
            let rules = instruments.get(id.index());
            if rules.is_none_or(|rules| rules.spec.contract != Contract::Linear) {
                return Err(VenueSpecError::Spot(*id));
            }
        }
        let wrong = self.balances.iter().find(|(_, amount)| !(0..=AMOUNT_MAX).contains(&amount.0));
        wrong.map_or(Ok(()), |(asset, _)| Err(VenueSpecError::Balance(*asset)))
    }
}

impl VenueSpec {
    /// Checks every bound.
    ///
    /// # Errors
    /// The first [`VenueSpecError`] that applies.
    pub fn check(&self) -> Result<(), VenueSpecError> {
        if self.latency.order < Span::ZERO || self.latency.response < Span::ZERO {
            return Err(VenueSpecError::Latency);
        }
        self.conditions.check().map_err(VenueSpecError::Conditions)?;
        for (index, rules) in self.instruments.iter().enumerate() {
            let id = u16::try_from(index).map(InstrumentId).map_err(|_| VenueSpecError::Instruments)?;
            if !rules.queue.valid() {
                return Err(VenueSpecError::Queue(id));
            }
            if rules.orders_max == 0 {
                return Err(VenueSpecError::OrdersMax(id));
            }
            if !rules.book.valid() {
                return Err(VenueSpecError::Book(id));
            }
        }
        for tier in &self.tiers {
            tier.schedule().map_err(VenueSpecError::Tiers)?;
            if !(0..=AMOUNT_MAX).contains(&tier.volume.0) {
                return Err(VenueSpecError::Volume);
            }
        }
        self.wallet.as_ref().map_or(Ok(()), |wallet| wallet.check(&self.instruments))
    }

    /// Most orders of ours that may rest at once, over all instruments.
    pub(crate) fn orders_max(&self) -> usize {
        self.instruments.iter().map(|rules| rules.orders_max).sum()
    }
}
