//! What the models of an inventory-averse dealer share: sizes, limits, and the way from offsets to quotes.
//!
//! Never here: a formula of one paper.

use ballast_model::{Lots, Side, Ticks};

use super::{DesiredQuotes, Hold, ModelParamError, QuoteInputs, Scales, passive_price};
use crate::book::Level;
use crate::fair::Touch;

/// Sizes and bounds of a dealer with one quote a side. The fields are documented where a model's parameters name them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dealer {
    pub(super) size: Lots,
    pub(super) size_reducing_max: Lots,
    pub(super) inventory_max: Lots,
    pub(super) skew_max: Ticks,
}

/// Distances of the quotes from fair value, quote currency, bid and ask by [`Side::index`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Offsets {
    /// Where the quotes stand when flat.
    pub(super) flat: [f64; 2],
    /// How far inventory moves them.
    pub(super) skew: [f64; 2],
}

impl Dealer {
    pub(super) fn check(&self) -> Result<(), ModelParamError> {
        if self.size.0 <= 0 {
            return Err(ModelParamError::Size);
        }
        if self.size_reducing_max < self.size {
            return Err(ModelParamError::SizeReducingMax);
        }
        if self.inventory_max < self.size {
            return Err(ModelParamError::InventoryMax);
        }
        if self.skew_max.0 < 0 {
            return Err(ModelParamError::SkewMax);
        }
        Ok(())
    }

    /// Inventory in orders of `size`.
    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "leaves exact arithmetic on purpose")]
    pub(super) fn orders(&self, inventory: Lots) -> f64 {
        inventory.0 as f64 / self.size.0 as f64
    }

    /// The size of one side's quote; `None` where filling it could pass the inventory limit.
    #[inline]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "a share of a size, rounded down to lots"
    )]
    fn lots(&self, side: Side, inventory: Lots) -> Option<Lots> {
        let held = inventory.signed(side).0;
        let lots = if held < 0 {
            let share = (-held as f64 / self.inventory_max.0 as f64).min(1.0);
            Lots(self.size.0 + ((self.size_reducing_max - self.size).0 as f64 * share) as i64)
        } else {
            self.size
        };
        (held + lots.0 <= self.inventory_max.0).then_some(lots)
    }

    /// Quotes at these offsets: skew bounded, prices rounded away from the market and post-only, sizes by inventory.
    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "a distance in ticks")]
    pub(super) fn quote(
        &self,
        inputs: &QuoteInputs,
        touch: &Touch,
        scales: &Scales,
        offsets: Offsets,
        quotes: &mut DesiredQuotes,
    ) -> Result<(), Hold> {
        let (tick, skew_max) = (scales.tick, self.skew_max.0 as f64);
        let price =
            |flat: f64, skew: f64| inputs.fair_ticks + flat / tick + (skew / tick).clamp(-skew_max, skew_max);
        let Offsets { flat: [flat_bid, flat_ask], skew: [skew_bid, skew_ask] } = offsets;
        let (bid, ask) = (price(flat_bid, skew_bid), price(flat_ask, skew_ask));
        if !bid.is_finite() || !ask.is_finite() {
            return Err(Hold::NotFinite);
        }
        let level = |side, ticks| {
            let lots = self.lots(side, inputs.inventory)?;
            passive_price(side, ticks, touch).map(|price| Level { price, lots })
        };
        quotes.add_pair(level(Side::Bid, bid), level(Side::Ask, ask))
    }
}

/// True for what a rate, a decay or a risk aversion may be.
#[inline]
pub(super) fn positive(number: f64) -> bool {
    number.is_finite() && number > 0.0
}
