//! The true book: aggregated levels of both sides, and which of them changed since the last depth diff.

use std::collections::BTreeMap;

use ballast_model::{Lots, Price, Side, Ticks};

/// How near, in ticks, the touch comes to a level that no reader has heard of before the level is told again.
const NEAR: Ticks = Ticks(100);

/// A price with the size resting at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Level {
    /// Price.
    pub(super) price: Price,
    /// Size, above zero; zero only in a diff, where it says that the level is gone.
    pub(super) lots: Lots,
}

/// One side of the book.
#[derive(Debug, Default)]
struct Half {
    /// Size per price; no level is empty.
    levels: BTreeMap<Price, Lots>,
    /// Newest size (zero: gone) of every price written since the last drain.
    dirty: BTreeMap<Price, Lots>,
    /// The last price of the snapshot, or farther: levels up to here are known to readers. `None` before the snapshot.
    known: Option<Price>,
}

/// The book. Its owner keeps it uncrossed and both sides filled.
#[derive(Debug, Default)]
pub(super) struct TrueBook {
    bids: Half,
    asks: Half,
}

impl TrueBook {
    /// The best level of `side`; `None` only before the book is filled.
    pub(super) fn best(&self, side: Side) -> Option<Level> {
        let best = match side {
            Side::Bid => self.bids.levels.last_key_value(),
            Side::Ask => self.asks.levels.first_key_value(),
        };
        best.map(|(&price, &lots)| Level { price, lots })
    }

    /// Size at a price; zero where nothing rests.
    pub(super) fn lots_at(&self, side: Side, price: Price) -> Lots {
        self.half(side).levels.get(&price).copied().unwrap_or_default()
    }

    /// How many levels `side` holds.
    pub(super) fn depth(&self, side: Side) -> usize {
        self.half(side).levels.len()
    }

    /// Sets the size at a price; zero removes the level.
    pub(super) fn set(&mut self, side: Side, price: Price, lots: Lots) {
        let half = self.half_mut(side);
        if lots.is_zero() {
            half.levels.remove(&price);
        } else {
            half.levels.insert(price, lots);
        }
        half.dirty.insert(price, lots);
    }

    /// The best `limit` levels of `side`, best first; readers know them from now on.
    pub(super) fn snapshot(&mut self, side: Side, limit: usize) -> Vec<Level> {
        let levels = self.levels(side, limit);
        self.half_mut(side).known = levels.last().map(|level| level.price);
        levels
    }

    /// The best `limit` levels of `side`, best first.
    pub(super) fn levels(&self, side: Side, limit: usize) -> Vec<Level> {
        let levels = &self.half(side).levels;
        match side {
            Side::Bid => levels.iter().rev().take(limit).map(level).collect(),
            Side::Ask => levels.iter().take(limit).map(level).collect(),
        }
    }

    /// Takes the levels of `side` that a diff has to tell, by ascending price: those that changed since the last call,
    /// and those beyond the snapshot that the touch has come near to, as if their owners had touched them.
    pub(super) fn drain_changes(&mut self, side: Side) -> Vec<Level> {
        let near = self.best(side).map(|best| best.price.away(side, NEAR));
        let half = self.half_mut(side);
        if let (Some(near), Some(known)) = (near, half.known)
            && side.reaches(known, near)
        {
            let (low, high) = (near.min(known), near.max(known));
            half.dirty.extend(half.levels.range(low..=high));
            half.known = Some(near);
        }
        let drained = half.dirty.iter().map(level).collect();
        half.dirty.clear();
        drained
    }

    /// Forgets what changed: readers learn the initial book from the snapshot.
    pub(super) fn forget_changes(&mut self) {
        self.bids.dirty.clear();
        self.asks.dirty.clear();
    }

    fn half(&self, side: Side) -> &Half {
        match side {
            Side::Bid => &self.bids,
            Side::Ask => &self.asks,
        }
    }

    fn half_mut(&mut self, side: Side) -> &mut Half {
        match side {
            Side::Bid => &mut self.bids,
            Side::Ask => &mut self.asks,
        }
    }
}

/// An entry of a half as a level.
fn level((&price, &lots): (&Price, &Lots)) -> Level {
    Level { price, lots }
}
