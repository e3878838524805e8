//! Quoting models: from market and inventory to the quotes one would like to have.
//!
//! A model sees numbers and returns ladders; it knows no orders. What it returns is post-only by construction: no bid at or
//! above the best ask, no ask at or below the best bid. At an inventory limit only the adding side stops.
//!
//! Most models remember nothing between two calls; one that does takes its state into the digest.
//!
//! Never here: a clock, a quote from a market that is not known.

mod avellaneda;
mod fixed;

use ballast_model::{Contract, InstrumentSpec, Lots, Nanos, Price, Side, Ticks};

pub use avellaneda::{AvellanedaParams, AvellanedaStoikov, Horizon};
pub use fixed::{FixedSpread, FixedSpreadParams};

use crate::book::Level;
use crate::fair::{Touch, ceil_to_tick, floor_to_tick};

/// Most quotes a model may want on one side.
pub const QUOTES_PER_SIDE_MAX: usize = 64;

/// What a model decides from.
#[derive(Clone, Copy, Debug)]
pub struct QuoteInputs {
    /// The driver's time.
    pub now: Nanos,
    /// Best bid and ask; `None` while the book cannot be trusted.
    pub touch: Option<Touch>,
    /// Fair value in ticks; read only where there is a touch.
    pub fair_ticks: f64,
    /// Volatility of the fair value in ticks per square root of a second; `None` until it is known.
    pub sigma_ticks_per_sqrt_s: Option<f64>,
    /// Position: long > 0, short < 0.
    pub inventory: Lots,
}

/// Why a model wants no quotes at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// There is no trusted best bid and ask.
    NoTouch,
    /// Best bid at or above best ask.
    TouchCrossed,
    /// The volatility is not known yet.
    NoVolatility,
    /// An input or a result is not a finite number.
    NotFinite,
    /// Bid and ask would meet: the model's spread is below what the numbers resolve.
    QuotesCrossed,
}

/// A quoting model.
pub trait QuoteModel {
    /// Writes the quotes to have now into `quotes`, which are empty. A side left empty is not quoted: its inventory limit is
    /// reached, or its price would lie off the range orders can carry.
    ///
    /// # Errors
    /// [`Hold`] where nothing should be quoted on either side; what `quotes` then hold is not to be used.
    fn quote(&mut self, inputs: &QuoteInputs, quotes: &mut DesiredQuotes) -> Result<(), Hold>;
}

/// The models configuration can choose.
#[derive(Clone, Debug)]
pub enum Model {
    /// Avellaneda and Stoikov (2008).
    AvellanedaStoikov(AvellanedaStoikov),
    /// A fixed distance around the mid, shifted by the position.
    FixedSpread(FixedSpread),
}

impl QuoteModel for Model {
    #[inline]
    fn quote(&mut self, inputs: &QuoteInputs, quotes: &mut DesiredQuotes) -> Result<(), Hold> {
        match self {
            Self::AvellanedaStoikov(model) => model.quote(inputs, quotes),
            Self::FixedSpread(model) => model.quote(inputs, quotes),
        }
    }
}

/// Which parameter of a model is outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelParamError {
    /// Risk aversion γ is not a finite number above zero.
    Gamma,
    /// Arrival decay k is not a finite number above zero.
    K,
    /// The session is not longer than zero.
    Horizon,
    /// The order size is not above zero.
    Size,
    /// The largest size of the reducing side is below the order size.
    SizeReducingMax,
    /// The inventory limit is below the order size.
    InventoryMax,
    /// The bound on the skew is negative.
    SkewMax,
    /// The half spread is negative.
    HalfSpread,
    /// The skew per base unit is negative or not finite.
    Skew,
}

impl core::fmt::Display for ModelParamError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Gamma => "gamma must be a finite number above zero",
            Self::K => "k must be a finite number above zero",
            Self::Horizon => "the session must be longer than zero",
            Self::Size => "the order size must be above zero",
            Self::SizeReducingMax => "the largest size of the reducing side must not be below the order size",
            Self::InventoryMax => "the inventory limit must not be below the order size",
            Self::SkewMax => "the bound on the skew must not be negative",
            Self::HalfSpread => "the half spread must not be negative",
            Self::Skew => "the skew must be finite and not negative",
        })
    }
}

impl core::error::Error for ModelParamError {}

/// What one tick and one lot are worth, as floats: the bridge between the grid and a model's formulas.
#[derive(Clone, Copy, Debug)]
pub struct Scales {
    tick: f64,
    contract: Contract,
    /// Base units (linear) or quote value (inverse) of [`Scales::lots_per_unit`] lots.
    unit: f64,
    /// A power of ten. Dividing by it rounds once; multiplying by a lot of 0.001 would round twice and miss exact halves.
    lots_per_unit: f64,
}

impl Scales {
    /// The scales of an instrument.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "mantissa, multiplier and power of ten are below 2^53 in any real contract"
    )]
    pub fn new(spec: &InstrumentSpec) -> Self {
        Self {
            tick: spec.tick.to_f64(),
            contract: spec.contract,
            unit: spec.lot.mantissa as f64 * spec.multiplier as f64,
            lots_per_unit: 10u64.pow(u32::from(spec.lot.scale)) as f64,
        }
    }

    /// One tick in the quote currency.
    #[must_use]
    pub const fn tick(&self) -> f64 {
        self.tick
    }

    /// `lots` in units of the base asset, sign kept. A linear contract is worth its size times its multiplier; an inverse
    /// contract is worth a fixed amount of quote, so its base amount falls as the price rises.
    #[must_use]
    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "leaves exact arithmetic on purpose")]
    pub fn base(&self, lots: Lots, price_ticks: f64) -> f64 {
        let value = lots.0 as f64 * self.unit / self.lots_per_unit;
        match self.contract {
            Contract::Linear => value,
            Contract::Inverse => value / (price_ticks * self.tick),
        }
    }
}

/// Why a level does not belong on a ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LadderError {
    /// The ladder holds [`QUOTES_PER_SIDE_MAX`] levels.
    Full,
    /// The price is not behind the last level's: levels go from best to worst and none comes twice.
    NotBehind,
    /// The size is not above zero.
    NoSize,
}

/// The wanted quotes of one side, best first, no price twice, every size above zero.
#[derive(Clone, Debug)]
pub struct Ladder {
    side: Side,
    len: usize,
    /// Those from `len` on mean nothing.
    levels: [Level; QUOTES_PER_SIDE_MAX],
}

impl Ladder {
    const UNUSED: Level = Level { price: Price(0), lots: Lots::ZERO };

    /// A ladder without levels.
    #[must_use]
    #[inline]
    pub const fn new(side: Side) -> Self {
        Self { side, len: 0, levels: [Self::UNUSED; QUOTES_PER_SIDE_MAX] }
    }

    /// Removes every level.
    #[inline]
    pub const fn clear(&mut self) {
        self.len = 0;
    }

    /// Adds a level behind the others.
    ///
    /// # Errors
    /// [`LadderError`] where it does not belong there; the ladder is unchanged.
    #[inline]
    pub fn push(&mut self, level: Level) -> Result<(), LadderError> {
        if level.lots.0 <= 0 {
            return Err(LadderError::NoSize);
        }
        if self.levels().last().is_some_and(|last| self.side.reaches(level.price, last.price)) {
            return Err(LadderError::NotBehind);
        }
        let slot = self.levels.get_mut(self.len).ok_or(LadderError::Full)?;
        *slot = level;
        self.len += 1;
        Ok(())
    }

    /// The levels, best first.
    #[must_use]
    #[inline]
    pub fn levels(&self) -> &[Level] {
        self.levels.get(..self.len).unwrap_or_default()
    }

    /// The side the ladder stands on.
    #[must_use]
    pub const fn side(&self) -> Side {
        self.side
    }
}

impl PartialEq for Ladder {
    fn eq(&self, other: &Self) -> bool {
        self.side == other.side && self.levels() == other.levels()
    }
}

impl Eq for Ladder {}

/// The wanted quotes of both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesiredQuotes {
    bids: Ladder,
    asks: Ladder,
}

impl DesiredQuotes {
    /// No quotes: what to diff against to pull everything.
    pub const NONE: Self = Self { bids: Ladder::new(Side::Bid), asks: Ladder::new(Side::Ask) };

    /// One side.
    #[must_use]
    #[inline]
    pub const fn side(&self, side: Side) -> &Ladder {
        match side {
            Side::Bid => &self.bids,
            Side::Ask => &self.asks,
        }
    }

    /// One side, to add to.
    #[inline]
    pub const fn side_mut(&mut self, side: Side) -> &mut Ladder {
        match side {
            Side::Bid => &mut self.bids,
            Side::Ask => &mut self.asks,
        }
    }

    /// Removes every quote.
    #[inline]
    pub const fn clear(&mut self) {
        self.bids.clear();
        self.asks.clear();
    }

    /// Adds at most one quote a side, to none.
    ///
    /// # Errors
    /// [`Hold::QuotesCrossed`] where both are there and the bid is not below the ask.
    #[inline]
    fn add_pair(&mut self, bid: Option<Level>, ask: Option<Level>) -> Result<(), Hold> {
        if let (Some(bid), Some(ask)) = (bid, ask)
            && bid.price >= ask.price
        {
            return Err(Hold::QuotesCrossed);
        }
        for (side, level) in [(Side::Bid, bid), (Side::Ask, ask)] {
            if let Some(level) = level {
                // A first level fits any ladder; one without size is no quote.
                let _ = self.side_mut(side).push(level);
            }
        }
        Ok(())
    }
}

/// The touch, where one may quote from it.
#[inline]
fn sound_touch(inputs: &QuoteInputs) -> Result<Touch, Hold> {
    let touch = inputs.touch.ok_or(Hold::NoTouch)?;
    if touch.bid.price < touch.ask.price { Ok(touch) } else { Err(Hold::TouchCrossed) }
}

/// The price of a post-only quote wanted at `ticks`: rounded away from the market and kept at least one tick off the
/// opposite best price. `None` where that is no price an order can carry.
#[inline]
#[expect(clippy::cast_precision_loss, reason = "prices are exact in f64")]
fn passive_price(side: Side, ticks: f64, touch: &Touch) -> Option<Price> {
    match side {
        Side::Bid => floor_to_tick(ticks.min((touch.ask.price - Ticks(1)).0 as f64)),
        Side::Ask => ceil_to_tick(ticks.max((touch.bid.price + Ticks(1)).0 as f64)),
    }
}

#[cfg(test)]
mod tests;
