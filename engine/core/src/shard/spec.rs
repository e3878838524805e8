//! What a shard is built from.

use alloc::vec::Vec;

use ballast_model::{InstrumentId, InstrumentSpec, Lots, Span};

use super::{ArbitrageSpec, BlendSpec, ExitSpec, HedgingSpec, RiskSpec, ShapingSpec};
use crate::book::BookLimits;
use crate::fair::FairKind;
use crate::gate::{Controls, GateLimits};
use crate::intensity::IntensityParams;
use crate::model::Model;
use crate::oms::SweepLimits;
use crate::quotes::Tolerance;
use crate::replace::ReplaceRules;
use crate::volatility::VolatilityKind;

/// What a shard is built from.
#[derive(Clone, Debug)]
pub struct ShardSpec {
    /// Session epoch of the order ids; a later session has a greater one. Below 2²⁴.
    pub epoch: u32,
    /// Instruments; an [`InstrumentId`] is the index into this list.
    pub lanes: Vec<LaneSpec>,
    /// How base assets are hedged, one entry each.
    pub hedges: Vec<HedgingSpec>,
    /// What holds the instruments together; `None` where each stands alone.
    pub portfolio: Option<RiskSpec>,
    /// What is watched for arbitrage; `None` for nothing.
    pub arbitrage: Option<ArbitrageSpec>,
}

/// One instrument of a shard.
#[derive(Clone, Debug)]
pub struct LaneSpec {
    /// Grid, limits and contract.
    pub spec: InstrumentSpec,
    /// Bounds of the book.
    pub book: BookLimits,
    /// How it is quoted; `None` to only follow its market.
    pub quoting: Option<QuotingSpec>,
    /// The gate's limits where it is not quoted but hedged on.
    pub hedge_limits: Option<GateLimits>,
    /// The gate's optional controls.
    pub controls: Controls,
    /// When the venue is asked about an order.
    pub sweep: SweepLimits,
}

/// How an instrument is quoted.
#[derive(Clone, Debug)]
pub struct QuotingSpec {
    /// The model.
    pub model: Model,
    /// The fair value of its own market: what it quotes around unless there is a blend.
    pub fair: FairKind,
    /// A fair value from several instruments; `None` where its own market is all that counts.
    pub blend: Option<BlendSpec>,
    /// Volatility estimator; `None` where the model reads none.
    pub volatility: Option<VolatilityKind>,
    /// Calibration of how often orders arrive; `None` where the model reads none.
    pub intensity: Option<IntensityParams>,
    /// The instrument a fill is hedged on, whose market prices the quotes; `None` where the model reads none.
    pub hedged_on: Option<InstrumentId>,
    /// The size that the prices on [`QuotingSpec::hedged_on`] are wanted for, in lots of the quoted instrument.
    pub hedge_lots: Lots,
    /// When quotes are reconsidered.
    pub trigger: Trigger,
    /// How far standing quotes may differ from wanted ones.
    pub tolerance: Tolerance,
    /// How orders may be amended rather than cancelled and placed anew; [`ReplaceRules::NONE`] for never.
    pub amend: ReplaceRules,
    /// How quotes are bent by market and inventory; `None` to quote what the model wants.
    pub shaping: Option<ShapingSpec>,
    /// When its position is closed at once; `None` for never.
    pub exits: Option<ExitSpec>,
    /// The gate's limits.
    pub limits: GateLimits,
    /// A touch confirmed longer ago than this is not quoted on, and quotes that stand on it are pulled. Above zero.
    pub touch_age_max: Span,
    /// The venue thread drops an order that has waited longer than this. Above zero.
    pub order_expiry: Span,
}

/// When quotes are reconsidered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// At every change of the touch and every event of our own orders.
    Touch,
    /// At this interval, counted from the first event. Above zero.
    Every(Span),
}
