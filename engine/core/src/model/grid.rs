//! A grid: a ladder of fixed prices, each unit bought at one line sold at the next one above.
//!
//! `n` cells lie between `n + 1` lines `p_0 < … < p_n`. A cell holds between nothing and one order of `size`; what it lacks
//! it bids for at its lower line, what it holds it offers at its upper line. So a buy filled at line `i` places a sell at
//! `i + 1`, a sell filled at `i` places a buy at `i − 1`, and every round trip earns the distance of two lines before fees,
//! never nothing.
//!
//! Cells fill from the top down and empty from the bottom up: the better price is always reached first. What the cells
//! hold together therefore says what each of them holds, and it is the position plus what they held when the grid began:
//! cells above the market begin full and cells below it empty, which is a flat position (a *neutral* grid). So the grid
//! remembers nothing but its lines. A fill told late, twice or in the wrong order cannot confuse it, nor can a restart with
//! the same lines.
//!
//! Never here: two orders at one line, a line without a partner.

use alloc::vec::Vec;

use ballast_model::{
    Digest, HalfTicks, InstrumentSpec, Lots, Money, PRICE_TICKS_MAX, Price, Rate, Side, Ticks,
};

use super::{
    DesiredQuotes, Hold, ModelParamError, QUOTES_PER_SIDE_MAX, QuoteInputs, QuoteModel, sound_touch,
};
use crate::book::Level;
use crate::fair::Touch;

/// Where the lines of a grid end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GridRange {
    /// At these prices, the first below the second.
    Prices(Price, Price),
    /// This share below and above the first midpoint seen, rounded outward. Above zero, below one.
    AroundMid(Rate),
}

/// How the lines of a grid are spaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GridSpacing {
    /// Equal distances: `p_i = p_0 + i·(p_n − p_0)/n`.
    Arithmetic,
    /// Equal ratios: `p_i = p_0·(p_n/p_0)^(i/n)`, so that every round trip earns the same share of its price.
    Geometric,
}

/// What a [`Grid`] is built from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GridParams {
    /// Lowest and highest line.
    pub range: GridRange,
    /// Spacing of the lines between.
    pub spacing: GridSpacing,
    /// Cells, in `1..=`[`QUOTES_PER_SIDE_MAX`].
    pub cells: usize,
    /// Most orders shown on one side, the nearest to the market. In `1..=`[`QUOTES_PER_SIDE_MAX`].
    pub levels_max: usize,
    /// Size of each order. Above zero.
    pub size: Lots,
    /// What one side of a round trip pays as a share of its value; a rebate is negative. A grid whose narrowest cell does not
    /// earn more than both its fees holds. Its magnitude is at most one.
    pub maker_fee: Rate,
}

/// What a grid may come to need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GridCapital {
    /// Quote currency to fill every bid from the lines up to the market down to the lowest one.
    pub quote: Money,
    /// Base size to fill every offer from the market up to the highest line; where it may be sold short, the margin of that.
    pub base: Lots,
}

/// The model for one instrument. It takes its lines from the first sound touch it is asked with.
#[derive(Debug)]
pub struct Grid {
    params: GridParams,
    /// Lowest first; empty before the first touch, then one more than there are cells. There always is room for all.
    lines: Vec<Price>,
    /// What the cells held when the position was flat.
    held_flat: Lots,
}

impl Clone for Grid {
    /// A copy with room for all lines: a copied list has room for what it holds and no more, and drawing would allocate.
    fn clone(&self) -> Self {
        let mut lines = Vec::with_capacity(self.params.cells + 1);
        lines.extend_from_slice(&self.lines);
        Self { params: self.params, lines, held_flat: self.held_flat }
    }
}

impl Grid {
    /// The model.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn new(params: GridParams) -> Result<Self, ModelParamError> {
        let levels = 1..=QUOTES_PER_SIDE_MAX;
        if !levels.contains(&params.cells) || !levels.contains(&params.levels_max) {
            return Err(ModelParamError::Levels);
        }
        if params.size.0 <= 0 {
            return Err(ModelParamError::Size);
        }
        let in_range = match params.range {
            GridRange::Prices(low, high) => 0 < low.0 && low < high && high.0 <= PRICE_TICKS_MAX,
            GridRange::AroundMid(share) => 0 < share.0 && share < Rate::ONE,
        };
        if !in_range {
            return Err(ModelParamError::GridRange);
        }
        if params.maker_fee.0.abs() > Rate::ONE.0 {
            return Err(ModelParamError::ProfitMin);
        }
        Ok(Self { params, lines: Vec::with_capacity(params.cells + 1), held_flat: Lots::ZERO })
    }

    /// The lines, lowest first; none before the first touch.
    #[must_use]
    pub fn lines(&self) -> &[Price] {
        &self.lines
    }

    /// What one unit of size earns between each pair of neighbouring lines after the fees of both fills, in ticks, lowest
    /// cell first.
    pub fn round_trips(&self) -> impl Iterator<Item = f64> {
        let fee = self.params.maker_fee;
        self.lines.array_windows().map(move |[low, high]| round_trip_ticks(*low, *high, fee))
    }

    /// What the grid may come to need, seen from a flat position.
    #[must_use]
    pub fn capital(&self, spec: &InstrumentSpec) -> GridCapital {
        let bids = self.lines.iter().take(self.cells_empty_when_flat());
        GridCapital {
            quote: bids.map(|line| spec.notional(*line, self.params.size)).sum(),
            base: self.held_flat,
        }
    }

    /// The same with its lines drawn at this midpoint.
    ///
    /// # Errors
    /// A grid that has no lines there.
    pub fn capital_at(&self, mid: HalfTicks, spec: &InstrumentSpec) -> Result<GridCapital, Hold> {
        let mut drawn = self.clone();
        drawn.lines.clear();
        drawn.draw(mid)?;
        Ok(drawn.capital(spec))
    }

    fn cells_empty_when_flat(&self) -> usize {
        let full = usize::try_from(self.held_flat.0 / self.params.size.0).unwrap_or(0);
        self.lines.len().saturating_sub(1 + full)
    }

    /// Draws the lines around a midpoint.
    fn draw(&mut self, mid: HalfTicks) -> Result<(), Hold> {
        let (low, high) = match self.params.range {
            GridRange::Prices(low, high) => (low, high),
            GridRange::AroundMid(share) => around(mid, share),
        };
        let cells = self.params.cells;
        self.lines.extend((0..=cells).filter_map(|index| line(low, high, index, cells, self.params.spacing)));
        let complete = self.lines.len() == cells + 1;
        // Round trips that earn nothing, and lines that rounding has made one, are the same mistake.
        if !complete || self.round_trips().any(|ticks| ticks <= 0.0) {
            self.lines.clear();
            return Err(Hold::GridTooNarrow);
        }
        let full = self.lines.iter().skip(1).filter(|line| 2 * line.0 > mid.0).count();
        // The cell the market stands in begins empty: it bids below and leaves the line above free.
        let full = full.saturating_sub(1);
        self.held_flat = Lots(self.params.size.0 * i64::try_from(full).unwrap_or(i64::MAX));
        Ok(())
    }

    /// What all cells hold at a position; a position beyond the grid leaves them all full, or all empty.
    fn held(&self, inventory: Lots) -> Lots {
        let most = self.params.size.0 * i64::try_from(self.params.cells).unwrap_or(i64::MAX);
        Lots((self.held_flat.0.saturating_add(inventory.0)).clamp(0, most))
    }
}

impl QuoteModel for Grid {
    fn quote(&mut self, inputs: &QuoteInputs, quotes: &mut DesiredQuotes) -> Result<(), Hold> {
        let touch = sound_touch(inputs)?;
        if self.lines.is_empty() {
            self.draw(touch.mid())?;
        }
        let GridParams { size, levels_max, .. } = self.params;
        let held = self.held(inputs.inventory).0;
        let (full, rest) = (held / size.0, Lots(held % size.0));
        // Cells from here on are full; the one before holds the rest.
        let first_full = self.params.cells - usize::try_from(full).unwrap_or(self.params.cells);
        let lacking = |cell: usize| if cell + 1 == first_full { size - rest } else { size };
        let bids = (0..first_full).rev().map(|cell| (cell, lacking(cell)));
        self.want(Side::Bid, bids.take(levels_max), &touch, quotes);
        let partial = first_full.checked_sub(1).filter(|_| !rest.is_zero()).map(|cell| (cell, rest));
        let asks = partial.into_iter().chain((first_full..self.params.cells).map(|cell| (cell, size)));
        self.want(Side::Ask, asks.map(|(cell, lots)| (cell + 1, lots)).take(levels_max), &touch, quotes);
        Ok(())
    }

    fn digest(&self, digest: &mut Digest) {
        digest.signed(self.held_flat.0);
        self.lines.iter().for_each(|line| digest.signed(line.0));
    }
}

impl Grid {
    /// Wants orders at lines, best first. Lines the market has passed are wanted at the nearest passive price; where that is
    /// one price for several, it is one order of the usual size at most, and the rest follows when it is filled.
    fn want(
        &self,
        side: Side,
        orders: impl Iterator<Item = (usize, Lots)>,
        touch: &Touch,
        quotes: &mut DesiredQuotes,
    ) {
        let priced = orders.filter_map(|(line, lots)| {
            let line = *self.lines.get(line)?;
            let price = match side {
                Side::Bid => line.min(touch.ask.price.away(side, Ticks(1))),
                Side::Ask => line.max(touch.bid.price.away(side, Ticks(1))),
            };
            Some(Level { price, lots })
        });
        let mut best: Option<Level> = None;
        for level in priced {
            match &mut best {
                Some(best) if best.price == level.price => {
                    best.lots = (best.lots + level.lots).min(self.params.size);
                }
                Some(_) | None => {
                    // Levels come best first and with a size: none is refused.
                    let _ = best.replace(level).map(|level| quotes.side_mut(side).push(level));
                }
            }
        }
        let _ = best.map(|level| quotes.side_mut(side).push(level));
    }
}

/// What one unit earns between two lines after both fees, in ticks.
#[expect(clippy::cast_precision_loss, reason = "prices are exact in f64")]
fn round_trip_ticks(low: Price, high: Price, fee: Rate) -> f64 {
    let share = fee.0 as f64 / Rate::ONE.0 as f64;
    (high - low).0 as f64 - (low.0 + high.0) as f64 * share
}

/// The prices this share below and above a midpoint, rounded outward.
fn around(mid: HalfTicks, share: Rate) -> (Price, Price) {
    let one = i128::from(Rate::ONE.0);
    let scaled = |share: i128| i128::from(mid.0) * (one + share);
    let low = scaled(-i128::from(share.0)).div_euclid(2 * one);
    let high = -(-scaled(i128::from(share.0))).div_euclid(2 * one);
    let price =
        |ticks: i128| Price(i64::try_from(ticks).unwrap_or(PRICE_TICKS_MAX).clamp(1, PRICE_TICKS_MAX));
    (price(low), price(high))
}

/// Line `index` of `cells + 1`, to the nearest tick; the first and the last are the ends themselves.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "prices below 2^40 and ratios of them, rounded to the nearest tick"
)]
fn line(low: Price, high: Price, index: usize, cells: usize, spacing: GridSpacing) -> Option<Price> {
    if index == cells {
        return Some(high);
    }
    let (part, whole) = (i64::try_from(index).ok()?, i64::try_from(cells).ok()?);
    match spacing {
        GridSpacing::Arithmetic => {
            // Rounded half up.
            let twice = 2 * i128::from((high - low).0) * i128::from(part) + i128::from(whole);
            Some(Price(low.0 + i64::try_from(twice / (2 * i128::from(whole))).ok()?))
        }
        GridSpacing::Geometric => {
            let exponent = part as f64 / whole as f64;
            let ratio = libm::pow(high.0 as f64 / low.0 as f64, exponent);
            Some(Price(libm::round(low.0 as f64 * ratio) as i64))
        }
    }
}

#[cfg(test)]
mod tests;
