//! Which key of a table of shaping breaks a rule of the core.
//!
//! Never here: a rule.

use ballast_core::inventory::{InventoryParamError, Stage};
use ballast_core::shape::adjust::AdjustParamError;
use ballast_core::shape::shaper::ShaperParamError;
use ballast_core::shape::size::{LevelParamError, SizeParamError};

/// The key whose value breaks the rule, below the table of quoting; the whole table where it may be several.
pub(super) const fn key_of(error: ShaperParamError) -> &'static str {
    match error {
        ShaperParamError::Adjust(error) => of_adjust(error),
        ShaperParamError::Inventory(error) => of_inventory(error),
        ShaperParamError::Size(error) => of_size(error),
        ShaperParamError::SkewMax => "shape.inventory.skew_max_bps",
        ShaperParamError::Limits => "shape.inventory.limit",
    }
}

const fn of_adjust(error: AdjustParamError) -> &'static str {
    match error {
        AdjustParamError::VolatilityReference => "shape.volatility.reference_bps_per_sqrt_s",
        AdjustParamError::VolatilitySlope => "shape.volatility.slope_bps",
        AdjustParamError::LiquidityReference => "shape.liquidity.reference",
        AdjustParamError::MomentumHorizon => "shape.momentum.horizon",
        AdjustParamError::MomentumWiden => "shape.momentum.widen_share",
        AdjustParamError::VenuesShift => "shape.venues.shift_share",
        AdjustParamError::VenuesWiden => "shape.venues.widen_share",
        // Each adjustment has caps, and so has their sum.
        AdjustParamError::Cap => "shape",
    }
}

const fn of_inventory(error: InventoryParamError) -> &'static str {
    match error {
        InventoryParamError::Limit => "shape.inventory.limit",
        InventoryParamError::SkewEnter => "shape.inventory.skew",
        InventoryParamError::ReduceEnter => "shape.inventory.reduce",
        InventoryParamError::Band(stage) | InventoryParamError::Order(stage) => match stage {
            Stage::Hold => "shape.inventory",
            Stage::Skew => "shape.inventory.skew",
            Stage::Reduce => "shape.inventory.reduce",
            Stage::Hedge => "shape.inventory.hedge",
            Stage::Liquidate => "shape.inventory.liquidate",
        },
    }
}

const fn of_size(error: SizeParamError) -> &'static str {
    match error {
        SizeParamError::Rule => "shape.size.best",
        SizeParamError::Min | SizeParamError::Venue => "shape.size.min",
        SizeParamError::Max => "shape.size.max",
        SizeParamError::Limit => "shape.inventory.limit",
        SizeParamError::ReducingAtLimit => "shape.size.reducing_at_limit",
        SizeParamError::Levels(LevelParamError::Count) => "shape.size.levels.count",
        SizeParamError::Levels(LevelParamError::Step) => "shape.size.levels.step",
        SizeParamError::Levels(LevelParamError::Profile) => "shape.size.levels.profile",
    }
}
