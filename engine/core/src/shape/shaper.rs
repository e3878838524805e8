//! Everything that shapes quotes in its order: adjust and skew, stop the adding side, size.
//!
//! Never here: a quote on a side that inventory has stopped, a second inventory limit beside the first.

use ballast_model::{Digest, InstrumentSpec, Lots, Money, PRICE_TICKS_MAX, Price, Side, Ticks};

use super::adjust::{AdjustInputs, AdjustParamError, AdjustParams, Adjuster};
use super::size::{Filled, SizeInputs, SizeParamError, SizeParams, SizeRule, Sizer};
use crate::fair::Touch;
use crate::inventory::{Exposure, InventoryLadder, InventoryParamError, InventoryParams, InventoryPlan};
use crate::model::DesiredQuotes;

/// Where the levels of a side come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LevelsFrom {
    /// The model's own levels and sizes.
    Model,
    /// The model's own levels, sized anew.
    ModelResized(SizeParams),
    /// As many levels as configured, behind the model's best.
    Built(SizeParams),
}

impl LevelsFrom {
    /// Whether sizes follow what the account is worth.
    #[must_use]
    pub fn reads_equity(&self) -> bool {
        self.size().is_some_and(|size| matches!(size.rule, SizeRule::ShareOfEquity(_)))
    }

    const fn size(&self) -> Option<&SizeParams> {
        match self {
            Self::Model => None,
            Self::ModelResized(size) | Self::Built(size) => Some(size),
        }
    }
}

/// What a [`Shaper`] is built from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShaperParams {
    /// How quotes are widened and shifted.
    pub adjust: AdjustParams,
    /// The inventory ladder. Its limit is in lots of the instrument.
    pub inventory: InventoryParams,
    /// How far a full skew moves quotes, on top of what adjustments shift; zero where the model skews by itself. In
    /// `0..=PRICE_TICKS_MAX`.
    pub skew_max: Ticks,
    /// Levels and sizes. Their limit is the ladder's.
    pub levels: LevelsFrom,
}

/// Which part of [`ShaperParams`] cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShaperParamError {
    /// The adjustments.
    Adjust(AdjustParamError),
    /// The inventory ladder.
    Inventory(InventoryParamError),
    /// The sizes.
    Size(SizeParamError),
    /// The bound on the skew is negative or beyond the highest price.
    SkewMax,
    /// Sizes go to zero at another limit than the ladder's.
    Limits,
}

impl core::fmt::Display for ShaperParamError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Adjust(error) => error.fmt(f),
            Self::Inventory(error) => error.fmt(f),
            Self::Size(error) => error.fmt(f),
            Self::SkewMax => {
                f.write_str("the bound on the skew must not be negative or beyond the highest price")
            }
            Self::Limits => f.write_str("sizes and inventory ladder must have the same limit"),
        }
    }
}

impl core::error::Error for ShaperParamError {}

/// What shaping reads beside the model's quotes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShapeInputs {
    /// Best bid and ask.
    pub touch: Touch,
    /// What the adjustments read.
    pub adjust: AdjustInputs,
    /// Our exposure in lots of the instrument; [`Exposure::UNKNOWN`] where nobody can say.
    pub exposure: Exposure,
    /// Our equity in the quote currency, where it is known.
    pub equity: Option<Money>,
}

/// What came of shaping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shaped {
    /// What the inventory asks for.
    pub plan: InventoryPlan,
    /// Whether each side got its levels, by [`Side::index`]; a side the inventory stopped, or the model left empty, is
    /// whole without any.
    pub sized: [Filled; 2],
}

/// What shapes the quotes of one instrument.
#[derive(Clone, Debug)]
pub struct Shaper {
    adjuster: Adjuster,
    inventory: InventoryLadder,
    skew_max: Ticks,
    levels: Levels,
    /// Room for quotes that are moved and not yet sized; means nothing between two calls.
    moved: DesiredQuotes,
}

#[derive(Clone, Copy, Debug)]
enum Levels {
    Model,
    Resized(Sizer),
    Built(Sizer),
}

impl Shaper {
    /// The shaper for an instrument.
    ///
    /// # Errors
    /// The first part that cannot be used.
    pub fn new(params: &ShaperParams, spec: &InstrumentSpec) -> Result<Self, ShaperParamError> {
        if !(0..=PRICE_TICKS_MAX).contains(&params.skew_max.0) {
            return Err(ShaperParamError::SkewMax);
        }
        if params.levels.size().is_some_and(|size| size.limit != params.inventory.limit) {
            return Err(ShaperParamError::Limits);
        }
        let sizer = |size| Sizer::new(size, spec).map_err(ShaperParamError::Size);
        Ok(Self {
            adjuster: Adjuster::new(params.adjust).map_err(ShaperParamError::Adjust)?,
            inventory: InventoryLadder::new(params.inventory).map_err(ShaperParamError::Inventory)?,
            skew_max: params.skew_max,
            levels: match params.levels {
                LevelsFrom::Model => Levels::Model,
                LevelsFrom::ModelResized(size) => Levels::Resized(sizer(size)?),
                LevelsFrom::Built(size) => Levels::Built(sizer(size)?),
            },
            moved: DesiredQuotes::NONE,
        })
    }

    /// Turns what the model wants into what to quote, in `quotes`, which are overwritten. `depth` tells what others show
    /// near a price of a side; only sizes that follow the depth ask it.
    #[inline]
    pub fn shape(
        &mut self,
        wanted: &DesiredQuotes,
        inputs: &ShapeInputs,
        mut depth: impl FnMut(Side, Price) -> Option<Lots>,
        quotes: &mut DesiredQuotes,
    ) -> Shaped {
        let plan = self.inventory.update(inputs.exposure);
        let adjustment = self.adjuster.adjustment(&inputs.adjust).skewed(plan.skew, self.skew_max);
        let size_inputs = SizeInputs { exposure: inputs.exposure, equity: inputs.equity };
        let moved = match self.levels {
            Levels::Model => &mut *quotes,
            Levels::Resized(_) | Levels::Built(_) => &mut self.moved,
        };
        adjustment.apply(wanted, &inputs.touch, moved);
        let mut sized = [Filled::Whole; 2];
        for (side, sized) in Side::BOTH.into_iter().zip(&mut sized) {
            let (from, to) = (self.moved.side(side), quotes.side_mut(side));
            if !plan.quoting.permits(side) {
                to.clear();
                continue;
            }
            *sized = match &self.levels {
                Levels::Model => Filled::Whole,
                Levels::Resized(sizer) => sizer.resize(from, &size_inputs, |price| depth(side, price), to),
                Levels::Built(sizer) => match from.levels().first() {
                    Some(best) => sizer.build(best.price, &size_inputs, |price| depth(side, price), to),
                    None => {
                        to.clear();
                        Filled::Whole
                    }
                },
            };
        }
        Shaped { plan, sized }
    }

    /// Takes the whole state into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        self.inventory.digest(digest);
    }
}

#[cfg(test)]
mod tests;
