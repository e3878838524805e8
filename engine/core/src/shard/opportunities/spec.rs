//! What a shard's detectors are built from.

use alloc::vec::Vec;

use ballast_model::{AssetId, InstrumentId, Lots, Rate, Span};

use crate::arbitrage::{
    CarryParamError, CarryParams, Conversion, OPPORTUNITIES_MAX, OpportunityId, OpportunityKind,
    SpatialParamError, SpatialParams, StatisticalParamError, StatisticalParams, TriangularParamError,
    TriangularParams,
};

/// Most detectors of a shard.
pub const DETECTORS_MAX: usize = OPPORTUNITIES_MAX;

/// What a shard watches for arbitrage.
#[derive(Clone, Debug)]
pub struct ArbitrageSpec {
    /// Time between two looks. Above zero, and no longer than any [`StatisticalParams::step`].
    pub interval: Span,
    /// The detectors, 1 to [`DETECTORS_MAX`], no two with the same id.
    pub detectors: Vec<DetectorSpec>,
}

/// One detector and its markets.
#[derive(Clone, Debug)]
pub enum DetectorSpec {
    /// One asset, two markets; both directions are looked at.
    Spatial(SpatialParams, [LegSpec; 2]),
    /// A cycle of three, in any order.
    Triangular(TriangularParams, [LegSpec; 3]),
    /// The pair, in the order of its spread.
    Statistical(StatisticalParams, [LegSpec; 2]),
    /// The spot, then the perpetual.
    Carry(CarryParams, [LegSpec; 2]),
}

/// One market of a detector.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LegSpec {
    /// Which.
    pub instrument: InstrumentId,
    /// See [`crate::arbitrage::VenueMarket::taker_fee`].
    pub taker_fee: Rate,
    /// See [`crate::arbitrage::VenueMarket::lots_max`].
    pub lots_max: Lots,
    /// See [`crate::arbitrage::VenueMarket::conversion`].
    pub conversion: Conversion,
}

/// Why a shard cannot watch for arbitrage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArbitrageError {
    /// The interval is not above zero.
    Interval,
    /// There is no detector, or more than [`DETECTORS_MAX`].
    Detectors,
    /// Two detectors have the same id.
    Twice(OpportunityId),
    /// A leg is none of the shard's instruments.
    Instrument(OpportunityId),
    /// A spread is to be sampled more often than is looked.
    Step(OpportunityId),
    /// A spatial detector's parameters.
    Spatial(SpatialParamError),
    /// A triangular detector's parameters.
    Triangular(TriangularParamError),
    /// A statistical detector's parameters.
    Statistical(StatisticalParamError),
    /// A carry detector's parameters.
    Carry(CarryParamError),
}

impl core::fmt::Display for ArbitrageError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Interval => f.write_str("the interval between looks must be above zero"),
            Self::Detectors => write!(f, "there must be 1 to {DETECTORS_MAX} detectors"),
            Self::Twice(id) => write!(f, "opportunity id {} is taken twice", id.0),
            Self::Instrument(id) => {
                write!(f, "opportunity {}: a leg is none of the shard's instruments", id.0)
            }
            Self::Step(id) => {
                write!(f, "opportunity {}: the step must be at least the interval between looks", id.0)
            }
            Self::Spatial(error) => error.fmt(f),
            Self::Triangular(error) => error.fmt(f),
            Self::Statistical(error) => error.fmt(f),
            Self::Carry(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ArbitrageError {}

impl ArbitrageSpec {
    /// Everything but the detectors' own parameters.
    pub(super) fn check(&self, lanes: usize) -> Result<(), ArbitrageError> {
        if self.interval <= Span::ZERO {
            return Err(ArbitrageError::Interval);
        }
        if !(1..=DETECTORS_MAX).contains(&self.detectors.len()) {
            return Err(ArbitrageError::Detectors);
        }
        for (index, detector) in self.detectors.iter().enumerate() {
            let id = detector.id();
            if self.detectors.iter().take(index).any(|earlier| earlier.id() == id) {
                return Err(ArbitrageError::Twice(id));
            }
            if detector.legs().iter().any(|leg| leg.instrument.index() >= lanes) {
                return Err(ArbitrageError::Instrument(id));
            }
            if matches!(detector, DetectorSpec::Statistical(params, _) if params.step < self.interval) {
                return Err(ArbitrageError::Step(id));
            }
        }
        Ok(())
    }
}

impl DetectorSpec {
    /// The id of what it finds.
    #[must_use]
    pub const fn id(&self) -> OpportunityId {
        match self {
            Self::Spatial(params, _) => params.id,
            Self::Triangular(params, _) => params.id,
            Self::Statistical(params, _) => params.id,
            Self::Carry(params, _) => params.id,
        }
    }

    /// The asset its nets are counted in.
    #[must_use]
    pub const fn asset(&self) -> AssetId {
        match self {
            Self::Spatial(params, _) => params.asset,
            Self::Triangular(params, _) => params.start,
            Self::Statistical(params, _) => params.asset,
            Self::Carry(params, _) => params.asset,
        }
    }

    /// Which it is.
    #[must_use]
    pub const fn kind(&self) -> OpportunityKind {
        match self {
            Self::Spatial(..) => OpportunityKind::Spatial,
            Self::Triangular(..) => OpportunityKind::Triangular,
            Self::Statistical(..) => OpportunityKind::Statistical,
            Self::Carry(..) => OpportunityKind::Carry,
        }
    }

    /// Its markets.
    #[must_use]
    pub const fn legs(&self) -> &[LegSpec] {
        match self {
            Self::Triangular(_, legs) => legs,
            Self::Spatial(_, legs) | Self::Statistical(_, legs) | Self::Carry(_, legs) => legs,
        }
    }
}
