//! The quotes a model wants: two ladders, best level first.
//!
//! Never here: a price twice, a level without size.

use ballast_model::{Lots, PRICE_TICKS_MAX, Price, Side, Ticks};

use super::{Hold, QUOTES_PER_SIDE_MAX};
use crate::book::Level;

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

    /// Moves every level away from the market by so many ticks, not negative. Levels that leave the range of prices, the
    /// worst ones, fall off.
    fn back_off(&mut self, by: Ticks) {
        let away = Ticks(-self.side.sign() * by.0);
        let mut kept = 0;
        for level in self.levels.iter_mut().take(self.len) {
            level.price = level.price + away;
            if !(1..=PRICE_TICKS_MAX).contains(&level.price.0) {
                break;
            }
            kept += 1;
        }
        self.len = kept;
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

    /// Moves both sides away from the market by `ticks`, rounded up to whole ones; not at all where that is not above zero.
    /// Distances between levels, and sizes, stay. A level that leaves the range of prices is left out.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "whole, and cut to the range of prices")]
    #[expect(clippy::cast_precision_loss, reason = "2^40 - 1 is exact")]
    pub fn widen(&mut self, ticks: f64) {
        if ticks > 0.0 {
            let by = Ticks(libm::ceil(ticks.min(PRICE_TICKS_MAX as f64)) as i64);
            Side::BOTH.into_iter().for_each(|side| self.side_mut(side).back_off(by));
        }
    }

    /// Adds at most one quote a side, to none.
    ///
    /// # Errors
    /// [`Hold::QuotesCrossed`] where both are there and the bid is not below the ask.
    #[inline]
    pub(super) fn add_pair(&mut self, bid: Option<Level>, ask: Option<Level>) -> Result<(), Hold> {
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
