//! Quoting models: from market and inventory to the quotes one would like to have.
//!
//! A model sees numbers and returns ladders; it knows no orders. What it returns is post-only by construction: no bid at or
//! above the best ask, no ask at or below the best bid. At an inventory limit only the adding side stops.
//!
//! Most models remember nothing between two calls; one that does takes its state into the digest.
//!
//! Never here: a clock, a quote from a market that is not known.

mod avellaneda;
mod cross;
mod dealer;
mod fixed;
mod glft;
mod grid;
mod ladder;

use ballast_model::{Contract, Digest, InstrumentSpec, Lots, Nanos, Price, Side, Ticks};

pub use avellaneda::{AvellanedaParams, AvellanedaStoikov, Horizon};
pub use cross::{CrossVenue, CrossVenueParams, HedgePrices};
pub use fixed::{
    AfterFill, DEPTH_TICKS_MAX, FixedSpread, FixedSpreadParams, HalfSpread, LiquidityMin, ProfitMin,
};
pub use glft::{ArrivalSource, EXACT_ORDERS_MAX, Glft, GlftForm, GlftParams};
pub use grid::{Grid, GridCapital, GridParams, GridRange, GridSpacing};
pub use ladder::{DesiredQuotes, Ladder, LadderError};

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
    /// How often orders reach a quote; `None` while it is not calibrated.
    pub arrivals: Option<Arrivals>,
    /// What the book shows near the touch; `None` where the model has not asked ([`QuoteModel::depth_within`]) or the book
    /// does not say.
    pub depth: Option<NearDepth>,
    /// What the venue a fill is hedged on would pay and ask for it; `None` where there is no such venue or its market cannot
    /// be trusted.
    pub hedge: Option<HedgePrices>,
}

/// How often orders reach a quote: one of our size, `d` ticks from the fair value, is filled at the rate `a·exp(−k·d)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrivals {
    /// Fills per second at the fair value itself. Above zero.
    pub a_per_second: f64,
    /// Decay per tick of distance. Above zero.
    pub k_per_tick: f64,
}

/// Size on display within a distance of the best prices, the best prices among it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NearDepth {
    /// On the bid side.
    pub bid_lots: Lots,
    /// On the ask side.
    pub ask_lots: Lots,
}

/// A fill of one of our own quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnFill {
    /// Side of the quote.
    pub side: Side,
    /// Price of the fill.
    pub price: Price,
    /// Size of the fill. Above zero.
    pub lots: Lots,
    /// The driver's time.
    pub now: Nanos,
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
    /// How often orders arrive is not known yet, or not above zero.
    NoArrivals,
    /// The depth near the touch is not known.
    NoDepth,
    /// One side shows less near the touch than the model asks for.
    ThinBook,
    /// The venue to hedge on shows no price that can be traded at.
    NoHedgePrice,
    /// The grid's lines lie so close that a round trip would not earn more than its fees.
    GridTooNarrow,
    /// There is a touch, but no fair value: what it is made from besides is not known.
    NoFairValue,
    /// The blended fair value has no input to go by, or lacks one it needs: unknown, too old, or of a basis not known yet. No
    /// model says this.
    BlendInput,
    /// The inputs of the blended fair value contradict each other. No model says this.
    BlendContradiction,
    /// The blended fair value has become too old to quote around. No model says this.
    BlendTooUncertain,
    /// An input or a result is not a finite number.
    NotFinite,
    /// The risk gate, or what it is part of, is paused or closed. No model says this.
    Halted,
    /// The venue has counted trades of ours that have not arrived: the position is not known. No model says this.
    FillsMissing,
    /// An exit has fired and the position is being closed. No model says this.
    Closing,
    /// Bid and ask would meet: the model's spread is below what the numbers resolve.
    QuotesCrossed,
}

impl Hold {
    /// All reasons.
    pub const ALL: [Self; 17] = [
        Self::NoTouch,
        Self::TouchCrossed,
        Self::NoVolatility,
        Self::NoArrivals,
        Self::NoDepth,
        Self::ThinBook,
        Self::NoHedgePrice,
        Self::GridTooNarrow,
        Self::NoFairValue,
        Self::BlendInput,
        Self::BlendContradiction,
        Self::BlendTooUncertain,
        Self::NotFinite,
        Self::Halted,
        Self::FillsMissing,
        Self::Closing,
        Self::QuotesCrossed,
    ];

    /// The reason's name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoTouch => "no_touch",
            Self::TouchCrossed => "touch_crossed",
            Self::NoVolatility => "no_volatility",
            Self::NoArrivals => "no_arrivals",
            Self::NoDepth => "no_depth",
            Self::ThinBook => "thin_book",
            Self::NoHedgePrice => "no_hedge_price",
            Self::GridTooNarrow => "grid_too_narrow",
            Self::NoFairValue => "no_fair_value",
            Self::BlendInput => "blend_input",
            Self::BlendContradiction => "blend_contradiction",
            Self::BlendTooUncertain => "blend_too_uncertain",
            Self::NotFinite => "not_finite",
            Self::Halted => "halted",
            Self::FillsMissing => "fills_missing",
            Self::Closing => "closing",
            Self::QuotesCrossed => "quotes_crossed",
        }
    }
}

/// A quoting model.
pub trait QuoteModel {
    /// Writes the quotes to have now into `quotes`, which are empty. A side left empty is not quoted: its inventory limit is
    /// reached, or its price would lie off the range orders can carry.
    ///
    /// # Errors
    /// [`Hold`] where nothing should be quoted on either side; what `quotes` then hold is not to be used.
    fn quote(&mut self, inputs: &QuoteInputs, quotes: &mut DesiredQuotes) -> Result<(), Hold>;

    /// Hears of each fill of a quote once, before it is asked for the quotes that follow.
    #[inline]
    fn on_fill(&mut self, _fill: &OwnFill) {}

    /// When the model wants to be asked again even if nothing else happens; a time in the past means now. Asking at that
    /// time or later moves it on. `None` where the market and the position alone decide.
    #[inline]
    fn next_quote_at(&self) -> Option<Nanos> {
        None
    }

    /// How far from the best prices [`QuoteInputs::depth`] is to be counted; `None` where the model does not read it.
    #[inline]
    fn depth_within(&self) -> Option<Ticks> {
        None
    }

    /// Takes what the model remembers and decides from into a digest; nothing where it remembers nothing.
    #[inline]
    fn digest(&self, _digest: &mut Digest) {}
}

/// The models configuration can choose.
#[derive(Clone, Debug)]
pub enum Model {
    /// Avellaneda and Stoikov (2008).
    AvellanedaStoikov(AvellanedaStoikov),
    /// Guéant, Lehalle and Fernandez-Tapia (2013).
    Glft(Glft),
    /// A fixed distance around the mid, shifted by the position.
    FixedSpread(FixedSpread),
    /// Fixed prices, each unit bought at one sold at the next.
    Grid(Grid),
    /// Quotes here, priced from the venue a fill is hedged on.
    CrossVenue(CrossVenue),
}

impl QuoteModel for Model {
    #[inline]
    fn quote(&mut self, inputs: &QuoteInputs, quotes: &mut DesiredQuotes) -> Result<(), Hold> {
        match self {
            Self::AvellanedaStoikov(model) => model.quote(inputs, quotes),
            Self::Glft(model) => model.quote(inputs, quotes),
            Self::FixedSpread(model) => model.quote(inputs, quotes),
            Self::Grid(model) => model.quote(inputs, quotes),
            Self::CrossVenue(model) => model.quote(inputs, quotes),
        }
    }

    #[inline]
    fn on_fill(&mut self, fill: &OwnFill) {
        match self {
            Self::AvellanedaStoikov(model) => model.on_fill(fill),
            Self::Glft(model) => model.on_fill(fill),
            Self::FixedSpread(model) => model.on_fill(fill),
            Self::Grid(model) => model.on_fill(fill),
            Self::CrossVenue(model) => model.on_fill(fill),
        }
    }

    #[inline]
    fn next_quote_at(&self) -> Option<Nanos> {
        match self {
            Self::AvellanedaStoikov(model) => model.next_quote_at(),
            Self::Glft(model) => model.next_quote_at(),
            Self::FixedSpread(model) => model.next_quote_at(),
            Self::Grid(model) => model.next_quote_at(),
            Self::CrossVenue(model) => model.next_quote_at(),
        }
    }

    #[inline]
    fn depth_within(&self) -> Option<Ticks> {
        match self {
            Self::AvellanedaStoikov(model) => model.depth_within(),
            Self::Glft(model) => model.depth_within(),
            Self::FixedSpread(model) => model.depth_within(),
            Self::Grid(model) => model.depth_within(),
            Self::CrossVenue(model) => model.depth_within(),
        }
    }

    fn digest(&self, digest: &mut Digest) {
        match self {
            Self::AvellanedaStoikov(model) => model.digest(digest),
            Self::Glft(model) => model.digest(digest),
            Self::FixedSpread(model) => model.digest(digest),
            Self::Grid(model) => model.digest(digest),
            Self::CrossVenue(model) => model.digest(digest),
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
    /// Arrival rate A is not a finite number above zero.
    ArrivalRate,
    /// The session is not longer than zero.
    Horizon,
    /// The order size is not above zero.
    Size,
    /// The largest size of the reducing side is below the order size.
    SizeReducingMax,
    /// The inventory limit is below the order size.
    InventoryMax,
    /// The exact form counts at most [`EXACT_ORDERS_MAX`] orders up to the inventory limit.
    ExactOrders,
    /// The bound on the skew is negative.
    SkewMax,
    /// The half spread is negative, or a share of the price above one.
    HalfSpread,
    /// The skew per base unit is negative or not finite.
    Skew,
    /// The least depth is not above zero.
    LiquidityMin,
    /// The distance within which depth is counted is negative or above [`DEPTH_TICKS_MAX`].
    LiquidityWithin,
    /// The maker fee is a larger share than one, or the margin is not from zero to one.
    ProfitMin,
    /// The other side would be pulled for no time.
    Pull,
    /// The levels of a side are not from one to [`QUOTES_PER_SIDE_MAX`].
    Levels,
    /// The step between levels is not from one tick to the highest price.
    Step,
    /// The ends of the grid are not two prices, the first below the second, or no share between zero and one.
    GridRange,
    /// The half-life of the basis is not above zero.
    Basis,
    /// A quote cannot be better than the best price by less than nothing.
    Improve,
}

impl core::fmt::Display for ModelParamError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Gamma => "gamma must be a finite number above zero",
            Self::K => "k must be a finite number above zero",
            Self::ArrivalRate => "the arrival rate must be a finite number above zero",
            Self::Horizon => "the session must be longer than zero",
            Self::Size => "the order size must be above zero",
            Self::SizeReducingMax => "the largest size of the reducing side must not be below the order size",
            Self::InventoryMax => "the inventory limit must not be below the order size",
            Self::ExactOrders => "the exact form takes an inventory limit of at most 64 orders",
            Self::SkewMax => "the bound on the skew must not be negative",
            Self::HalfSpread => "the half spread must not be negative nor above the price itself",
            Self::Skew => "the skew must be finite and not negative",
            Self::LiquidityMin => "the least depth must be above zero",
            Self::LiquidityWithin => "depth is counted within at most 1000 ticks",
            Self::ProfitMin => "the maker fee must be from -1 to 1 and the margin from 0 to 1",
            Self::Pull => "the other side must be pulled for a time above zero",
            Self::Levels => "there must be 1 to 64 levels a side",
            Self::Step => "the step between levels must be at least one tick",
            Self::GridRange => {
                "the grid must end at two prices, or at a share between 0 and 1 around the mid"
            }
            Self::Basis => "the half-life of the basis must be above zero",
            Self::Improve => "improve_max must not be negative",
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
mod properties;
#[cfg(test)]
mod tests;
