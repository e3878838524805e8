//! A fixed distance around the mid, shifted by the position.

use ballast_model::{Lots, Side, Ticks};

use super::{DesiredQuotes, Hold, ModelParamError, QuoteInputs, QuoteModel, Scales, sound_touch};
use crate::book::Level;
use crate::fair::{ceil_to_tick, floor_to_tick};

/// What a [`FixedSpread`] is built from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FixedSpreadParams {
    /// Distance of each quote from the reservation price. Not negative.
    pub half_spread: Ticks,
    /// How far one base unit of position moves the reservation price against itself, in ticks. Finite, not negative.
    pub skew_ticks_per_base: f64,
    /// Size of each quote. Above zero.
    pub size: Lots,
    /// The adding side stops once the position has reached this much, so that the last fill may pass it by less than one
    /// quote. At least `size`.
    pub inventory_max: Lots,
}

/// Two quotes at a fixed distance from `mid − position · skew`, never better than the touch.
///
/// The plain quoter other engines are measured with. It reads the midpoint of the touch, not the configured fair value,
/// and no volatility. `inventory_max` bounds the skew, and no skew brings a bid above the best bid or an ask below the best
/// ask.
#[derive(Clone, Copy, Debug)]
pub struct FixedSpread {
    params: FixedSpreadParams,
    scales: Scales,
}

impl FixedSpread {
    /// The model for an instrument of these scales.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn new(params: FixedSpreadParams, scales: Scales) -> Result<Self, ModelParamError> {
        if params.half_spread.0 < 0 {
            return Err(ModelParamError::HalfSpread);
        }
        if !params.skew_ticks_per_base.is_finite() || params.skew_ticks_per_base < 0.0 {
            return Err(ModelParamError::Skew);
        }
        if params.size.0 <= 0 {
            return Err(ModelParamError::Size);
        }
        if params.inventory_max < params.size {
            return Err(ModelParamError::InventoryMax);
        }
        Ok(Self { params, scales })
    }
}

impl QuoteModel for FixedSpread {
    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "prices and distances are exact in f64")]
    fn quote(&mut self, inputs: &QuoteInputs, quotes: &mut DesiredQuotes) -> Result<(), Hold> {
        let touch = sound_touch(inputs)?;
        let FixedSpreadParams { half_spread, skew_ticks_per_base, size, inventory_max } = self.params;
        let mid = touch.mid().to_ticks_f64();
        let reservation = mid - self.scales.base(inputs.inventory, mid) * skew_ticks_per_base;
        if !reservation.is_finite() {
            return Err(Hold::NotFinite);
        }
        let half = half_spread.0 as f64;
        let bid = floor_to_tick((reservation - half).min(touch.bid.price.0 as f64));
        let ask = ceil_to_tick((reservation + half).max(touch.ask.price.0 as f64));
        let open = |side: &Side| inputs.inventory.signed(*side) < inventory_max;
        quotes.add_pair(
            bid.filter(|_| open(&Side::Bid)).map(|price| Level { price, lots: size }),
            ask.filter(|_| open(&Side::Ask)).map(|price| Level { price, lots: size }),
        )
    }
}

#[cfg(test)]
mod tests;
