//! How large quotes are: a rule for the best level, a profile for those behind it, and the inventory over all.
//!
//! The adding side shrinks in proportion to the exposure, to nothing at the limit; the reducing side grows up to a bound.
//! Sizes are whole lots, rounded down, in exact arithmetic.
//!
//! Never here: a quote smaller than the venue takes, a ladder whose fills together could pass the limit, a size from a
//! depth or an equity that is not known.

mod levels;

use ballast_model::{Contract, InstrumentSpec, LOTS_MAX, Lots, Money, Price, Rate, Side};

use levels::bounded;
pub use levels::{GROWTH_MAX, LevelParamError, LevelParams, PriceStep, Profile};

use crate::book::Level;
use crate::inventory::Exposure;
use crate::model::Ladder;

/// How large the best level of a side is when flat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeRule {
    /// This many lots. Above zero.
    Fixed(Lots),
    /// As many lots as this value in the quote currency buys at the level's price. Above zero. An inverse contract is worth
    /// a fixed amount of quote, whatever its price.
    Notional(Money),
    /// This share of what others show near the level. In `1..=Rate::ONE`.
    ShareOfDepth(Rate),
    /// As many lots as this share of our equity buys at the level's price. Above zero, at most ten times the whole.
    ShareOfEquity(Rate),
}

/// What becomes of a size below the smallest order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BelowMin {
    /// It is raised to the smallest order, as long as the limit has room for that.
    Raise,
    /// It is not quoted.
    Drop,
}

/// What a [`Sizer`] is built from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizeParams {
    /// Size of the best level when flat.
    pub rule: SizeRule,
    /// Smallest order; the venue's own smallest size and value count beside it. Above zero.
    pub min: Lots,
    /// Largest order; the venue's own largest counts beside it. At least `min`, at most [`LOTS_MAX`].
    pub max: Lots,
    /// What becomes of a smaller size.
    pub below_min: BelowMin,
    /// Exposure at which the adding side is gone, in lots. In `min..=LOTS_MAX`.
    pub limit: Lots,
    /// How large the reducing side is at the limit, as a share of its size when flat. At least the whole, at most
    /// [`REDUCING_MAX`]. It never passes `max`.
    pub reducing_at_limit: Rate,
    /// The levels.
    pub levels: LevelParams,
}

/// Most a reducing side may grow: a hundred times its size when flat.
pub const REDUCING_MAX: Rate = Rate(100 * Rate::ONE.0);

/// Most of the equity that one quote may be worth: ten times all of it.
pub const EQUITY_SHARE_MAX: Rate = Rate(10 * Rate::ONE.0);

/// Which parameter of [`SizeParams`] is outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeParamError {
    /// The rule's own number.
    Rule,
    /// The smallest order is not above zero.
    Min,
    /// The largest order is below the smallest, or beyond what the engine handles.
    Max,
    /// The venue's smallest order is above our largest, or the venue's largest below our smallest.
    Venue,
    /// The limit is below the smallest order, or beyond what the engine handles.
    Limit,
    /// The reducing side would shrink, or grow beyond [`REDUCING_MAX`].
    ReducingAtLimit,
    /// The levels.
    Levels(LevelParamError),
}

impl core::fmt::Display for SizeParamError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Rule => {
                "the size must be above zero, a share of depth at most 1, a share of equity at most 10"
            }
            Self::Min => "the smallest order must be above zero",
            Self::Max => "the largest order must not be below the smallest or beyond what the engine handles",
            Self::Venue => "the smallest and largest order leave no size the venue takes",
            Self::Limit => "the inventory limit must not be below the smallest order",
            Self::ReducingAtLimit => "the reducing side must grow, to at most 100 times its size",
            Self::Levels(error) => return error.fmt(f),
        })
    }
}

impl core::error::Error for SizeParamError {}

/// What sizes depend on beside the price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizeInputs {
    /// Our exposure, in lots of the instrument. Each side is sized by what its fills add to at the worse end.
    pub exposure: Exposure,
    /// Our equity in the quote currency; read by [`SizeRule::ShareOfEquity`] only.
    pub equity: Option<Money>,
}

/// Why a level is not quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoSize {
    /// The rule follows the depth, and the depth is not known.
    DepthUnknown,
    /// The rule follows the equity, and the equity is not known.
    EquityUnknown,
    /// There is no equity above zero.
    NoEquity,
    /// The size is below the smallest order and is not to be raised.
    BelowMin,
    /// The exposure is at the limit, or the smallest order would take it there and beyond.
    NoRoom,
    /// The smallest order the venue takes at this price is above our largest.
    VenueMin,
    /// There is no price for the level that the instrument's orders can carry, or none behind the level before it.
    NoPrice,
}

/// Whether a side got all the levels it was to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Filled {
    /// All of them.
    Whole,
    /// Those that are on the ladder; the first left out is missing for this reason.
    Short(NoSize),
}

/// The sizes of one instrument's quotes.
#[derive(Clone, Copy, Debug)]
pub struct Sizer {
    params: SizeParams,
    spec: InstrumentSpec,
    /// One lot in the quote currency, in units of 10⁻¹⁸: at a price of one tick where the contract is linear.
    unit: i128,
}

impl Sizer {
    /// The sizes for an instrument.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn new(params: SizeParams, spec: &InstrumentSpec) -> Result<Self, SizeParamError> {
        let rule_ok = match params.rule {
            SizeRule::Fixed(lots) => (1..=LOTS_MAX).contains(&lots.0),
            SizeRule::Notional(value) => value > Money::ZERO,
            SizeRule::ShareOfDepth(share) => share > Rate(0) && share <= Rate::ONE,
            SizeRule::ShareOfEquity(share) => share > Rate(0) && share <= EQUITY_SHARE_MAX,
        };
        if !rule_ok {
            return Err(SizeParamError::Rule);
        }
        if params.min <= Lots::ZERO {
            return Err(SizeParamError::Min);
        }
        if params.max < params.min || params.max.0 > LOTS_MAX {
            return Err(SizeParamError::Max);
        }
        if params.max < spec.size_min || params.min > spec.size_max {
            return Err(SizeParamError::Venue);
        }
        if params.limit < params.min.max(spec.size_min) || params.limit.0 > LOTS_MAX {
            return Err(SizeParamError::Limit);
        }
        if params.reducing_at_limit < Rate::ONE || params.reducing_at_limit > REDUCING_MAX {
            return Err(SizeParamError::ReducingAtLimit);
        }
        params.levels.check().map_err(SizeParamError::Levels)?;
        Ok(Self { params, spec: *spec, unit: spec.notional(Price(1), Lots(1)).0.max(1) })
    }

    /// Builds a side from its best price: as many levels as configured, `depth` telling what others show near a price
    /// (asked by [`SizeRule::ShareOfDepth`] only). `ladder` is cleared first.
    pub fn build(
        &self,
        best: Price,
        inputs: &SizeInputs,
        depth: impl FnMut(Price) -> Option<Lots>,
        ladder: &mut Ladder,
    ) -> Filled {
        ladder.clear();
        let prices = self.params.levels.prices(ladder.side(), best);
        self.fill(prices, inputs, depth, ladder)
    }

    /// Keeps the prices of `wanted` and gives them new sizes, in `ladder`, which is cleared first. The profile counts the
    /// levels of `wanted`; how many there are is the model's business.
    pub fn resize(
        &self,
        wanted: &Ladder,
        inputs: &SizeInputs,
        depth: impl FnMut(Price) -> Option<Lots>,
        ladder: &mut Ladder,
    ) -> Filled {
        ladder.clear();
        self.fill(wanted.levels().iter().map(|level| Some(level.price)), inputs, depth, ladder)
    }

    /// The size of the best level of a side at `price`, `depth` being what others show near it.
    ///
    /// # Errors
    /// [`NoSize`] where nothing is to be quoted.
    pub fn lots(
        &self,
        side: Side,
        price: Price,
        inputs: &SizeInputs,
        depth: Option<Lots>,
    ) -> Result<Lots, NoSize> {
        let held = inputs.exposure.held_for(side);
        let shaped = self.shaped(self.rule_lots(self.checked(price)?, inputs, || depth)?, held);
        self.fitted(shaped, price, self.params.limit - held)
    }

    fn fill(
        &self,
        prices: impl Iterator<Item = Option<Price>>,
        inputs: &SizeInputs,
        mut depth: impl FnMut(Price) -> Option<Lots>,
        ladder: &mut Ladder,
    ) -> Filled {
        let held = inputs.exposure.held_for(ladder.side());
        let (mut room, mut sized) = (self.params.limit - held, Filled::Whole);
        // What the inventory makes of the rule's size, which most rules repeat at every level.
        let (mut ruled, mut shaped) = (Lots::ZERO, Lots::ZERO);
        for (price, weight) in prices.zip(self.params.levels.profile.weights()) {
            let level = price.ok_or(NoSize::NoPrice).and_then(|price| {
                let price = self.checked(price)?;
                let lots = self.rule_lots(price, inputs, || depth(price))?;
                if lots != ruled {
                    (ruled, shaped) = (lots, self.shaped(lots, held));
                }
                let lots = self.fitted(weight.of(shaped), price, room)?;
                ladder.push(Level { price, lots }).map(|()| lots).map_err(|_| NoSize::NoPrice)
            });
            match (level, sized) {
                (Ok(lots), _) => room -= lots,
                (Err(reason), Filled::Whole) => sized = Filled::Short(reason),
                (Err(_), Filled::Short(_)) => {}
            }
        }
        sized
    }

    /// What the rule says, before inventory and bounds. In `0..=LOTS_MAX`.
    #[inline]
    fn rule_lots(
        &self,
        price: Price,
        inputs: &SizeInputs,
        depth: impl FnOnce() -> Option<Lots>,
    ) -> Result<Lots, NoSize> {
        match self.params.rule {
            SizeRule::Fixed(lots) => Ok(lots),
            SizeRule::Notional(value) => Ok(self.lots_worth(value, price)),
            SizeRule::ShareOfDepth(share) => {
                let others = depth().ok_or(NoSize::DepthUnknown)?;
                Ok(bounded(i128::from(others.0) * i128::from(share.0) / i128::from(Rate::ONE.0)))
            }
            SizeRule::ShareOfEquity(share) => {
                let equity = inputs.equity.ok_or(NoSize::EquityUnknown)?;
                if equity <= Money::ZERO {
                    return Err(NoSize::NoEquity);
                }
                Ok(self.lots_worth(share_of(equity, share), price))
            }
        }
    }

    /// The most lots worth no more than `value` (not negative) in the quote currency.
    #[inline]
    fn lots_worth(&self, value: Money, price: Price) -> Lots {
        bounded(value.0 / self.lot_value(price))
    }

    /// One lot in the quote currency, in units of 10⁻¹⁸; above zero where the price is. See [`InstrumentSpec::notional`].
    #[inline]
    fn lot_value(&self, price: Price) -> i128 {
        match self.spec.contract {
            Contract::Linear => self.unit * i128::from(price.0),
            Contract::Inverse => self.unit,
        }
    }

    /// Refuses a price that no order of this instrument can carry.
    #[inline]
    fn checked(&self, price: Price) -> Result<Price, NoSize> {
        let carried = price >= self.spec.price_min.max(Price(1)) && price <= self.spec.price_max;
        if carried { Ok(price) } else { Err(NoSize::NoPrice) }
    }

    /// `lots` after the inventory: smaller in proportion to what fills add to, larger where they reduce. Equal when flat.
    #[inline]
    fn shaped(&self, lots: Lots, held: Lots) -> Lots {
        let (base, limit) = (i128::from(lots.0), i128::from(self.params.limit.0));
        let held = i128::from(held.0).clamp(-limit, limit);
        if held > 0 {
            return bounded(base * (limit - held) / limit);
        }
        let grown = bounded(base * i128::from(self.params.reducing_at_limit.0) / i128::from(Rate::ONE.0));
        bounded(base + (i128::from(grown.0) - base) * -held / limit)
    }

    /// `lots` within the bounds of an order and of the room that is left to the limit.
    #[inline]
    fn fitted(&self, lots: Lots, price: Price, room: Lots) -> Result<Lots, NoSize> {
        let min = self.params.min.max(self.spec.size_min);
        let max = self.params.max.min(self.spec.size_max);
        let fits = lots.min(max).min(room);
        let least = self.spec.notional_min.0;
        // Below the largest order, so that the product stays within what the instrument was checked for.
        let enough = |lots: Lots| least <= 0 || self.lot_value(price) * i128::from(lots.0) >= least;
        if fits >= min && enough(fits) { Ok(fits) } else { self.raised(price, room) }
    }

    /// What becomes of a size that the bounds leave below the smallest order.
    #[cold]
    fn raised(&self, price: Price, room: Lots) -> Result<Lots, NoSize> {
        let venue_min = bounded((self.spec.notional_min.0 - 1) / self.lot_value(price) + 1);
        let min = self.params.min.max(self.spec.size_min).max(venue_min);
        if min > self.params.max.min(self.spec.size_max) {
            return Err(NoSize::VenueMin);
        }
        if room < min {
            return Err(NoSize::NoRoom);
        }
        match self.params.below_min {
            // With room for the smallest order, only `lots` itself can have been too small.
            BelowMin::Raise => Ok(min),
            BelowMin::Drop => Err(NoSize::BelowMin),
        }
    }
}

/// A share (at most [`EQUITY_SHARE_MAX`]) of an amount above zero, never more and less by no more than 10⁻⁹ of the currency.
#[inline]
fn share_of(amount: Money, share: Rate) -> Money {
    Money((amount.0 / i128::from(Rate::ONE.0)).saturating_mul(i128::from(share.0)))
}

#[cfg(test)]
mod tests;
