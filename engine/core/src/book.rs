//! The L2 book: absolute sizes by price, fast near the touch and exact over the venue's full price range.
//!
//! Each side keeps its sizes in pages of 64 ticks behind a flat directory that covers the instrument's
//! whole range; finding the next best after a removal is a few bit scans.
//!
//! Never here: an allocation after construction, a window that has to be moved, a price that is silently left out.

mod bits;
mod side;

use ballast_model::{Digest, Lots, PackedLevel, Price, Side};

pub use side::LevelsIter;
use side::SideBook;

/// A price with the size resting there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// The price.
    pub price: Price,
    /// Total visible size, above zero.
    pub lots: Lots,
}

/// Bounds of one book, fixed at boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookLimits {
    /// Highest price the book is certain to hold, in ticks; the rest of its page of 64 ticks fits, too. In
    /// `1..=`[`BookLimits::PRICE_TICKS_MAX`].
    pub price_ticks_max: i64,
    /// Levels one side is certain to hold; more are taken while there are pages of 64 ticks for them. In
    /// `1..=`[`BookLimits::LEVELS_MAX`].
    pub levels_max: usize,
}

impl BookLimits {
    /// Bound on `price_ticks_max`: the directory then reserves 64 MiB a side, of which only what is used is ever touched.
    pub const PRICE_TICKS_MAX: i64 = (1 << 30) - 1;
    /// Bound on `levels_max`; a level reserves 1.2 kB, of which only what is used is ever touched.
    pub const LEVELS_MAX: usize = 1 << 20;

    /// True where both bounds are inside their own ranges.
    #[must_use]
    pub const fn valid(&self) -> bool {
        self.price_ticks_max >= 1
            && self.price_ticks_max <= Self::PRICE_TICKS_MAX
            && self.levels_max >= 1
            && self.levels_max <= Self::LEVELS_MAX
    }
}

/// Why a level did not fit; the book is unchanged and must be treated as lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BookFull {
    /// More than `levels_max` pages of 64 ticks hold levels, and there is no page left.
    Levels,
    /// The price is below zero or beyond the page of `price_ticks_max`.
    Price,
}

/// Both sides of one instrument's book.
#[derive(Debug)]
pub struct Book {
    bids: SideBook,
    asks: SideBook,
}

impl Book {
    /// An empty book; everything it will ever need is reserved here.
    ///
    /// # Panics
    /// If the limits are not [`BookLimits::valid`]: boot has to check them.
    #[must_use]
    pub fn new(limits: BookLimits) -> Self {
        assert!(limits.valid(), "book limits out of range");
        Self { bids: SideBook::new(Side::Bid, limits), asks: SideBook::new(Side::Ask, limits) }
    }

    /// Sets the size at a price and returns the size that was there. Zero removes; removing what is not there is normal.
    ///
    /// # Errors
    /// [`BookFull`] where the level does not fit.
    #[inline]
    pub fn apply(&mut self, side: Side, price: Price, lots: Lots) -> Result<Lots, BookFull> {
        match side {
            Side::Bid => self.bids.apply(price, lots),
            Side::Ask => self.asks.apply(price, lots),
        }
    }

    /// Applies levels of one side in order.
    ///
    /// # Errors
    /// [`BookFull`] at the first level that does not fit; those before it are applied and the book must be treated as lost.
    #[inline]
    pub fn apply_all(&mut self, side: Side, levels: &[PackedLevel]) -> Result<(), BookFull> {
        match side {
            Side::Bid => self.bids.apply_all(levels),
            Side::Ask => self.asks.apply_all(levels),
        }
    }

    /// The best level of a side.
    #[must_use]
    #[inline]
    pub const fn best(&self, side: Side) -> Option<Level> {
        self.side(side).best()
    }

    /// The size at a price; zero where there is none.
    #[must_use]
    pub fn lots_at(&self, side: Side, price: Price) -> Lots {
        self.side(side).lots_at(price)
    }

    /// Removes every level.
    pub fn clear(&mut self) {
        self.bids.clear();
        self.asks.clear();
    }

    /// The levels of a side, best first.
    #[must_use]
    pub const fn levels(&self, side: Side) -> LevelsIter<'_> {
        self.side(side).levels()
    }

    /// Number of levels on a side.
    #[must_use]
    pub fn depth(&self, side: Side) -> usize {
        self.side(side).depth()
    }

    /// Best bid at or above best ask: never in a healthy continuous market.
    #[must_use]
    pub fn crossed(&self) -> bool {
        matches!((self.best(Side::Bid), self.best(Side::Ask)), (Some(bid), Some(ask)) if bid.price >= ask.price)
    }

    /// Takes every level into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        for side in Side::BOTH {
            digest.word(self.depth(side) as u64);
            for level in self.levels(side) {
                digest.signed(level.price.0);
                digest.signed(level.lots.0);
            }
        }
    }

    const fn side(&self, side: Side) -> &SideBook {
        match side {
            Side::Bid => &self.bids,
            Side::Ask => &self.asks,
        }
    }
}

#[cfg(test)]
mod tests;
