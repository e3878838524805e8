//! The orders that a feed tells of, and what of them changes by level.
//!
//! An order keeps its place while it only gets smaller at its price; any other modification puts it behind all others, the
//! rule of hftbacktest's L3 model. A feed whose venue has another rule tells it as a cancel and a new order.
//!
//! Never here: a file, a time.

use std::collections::BTreeMap;

use ballast_exchange::{FlowKind, OrderFlow};
use ballast_model::{Lots, PackedLevel, Price, Side, UpdateId};

use super::row::Broken;

/// An order that rests.
#[derive(Clone, Copy, Debug)]
struct Known {
    side: Side,
    price: Price,
    /// What of it the book shows.
    lots: Lots,
    /// What of that has traded already.
    traded: Lots,
    /// The update with which it joined its queue.
    joined: UpdateId,
}

/// All orders, and since the last update what became of them.
#[derive(Debug, Default)]
pub(super) struct Orders {
    known: BTreeMap<u64, Known>,
    bids: BTreeMap<Price, Lots>,
    asks: BTreeMap<Price, Lots>,
    /// What became of orders since the last update.
    pub(super) flow: Vec<OrderFlow>,
    changed: Vec<(Side, Price)>,
    /// The update being made.
    update: UpdateId,
}

impl Orders {
    /// The update that the next [`Orders::settle`] ends.
    pub(super) const fn update(&self) -> UpdateId {
        self.update
    }

    /// Ends an update: its changed levels, or all levels where it is a snapshot, each with its size now.
    pub(super) fn settle(&mut self, whole: bool, bids: &mut Vec<PackedLevel>, asks: &mut Vec<PackedLevel>) {
        bids.clear();
        asks.clear();
        if whole {
            let level = |(price, lots): (&Price, &Lots)| PackedLevel::new(*price, *lots);
            bids.extend(self.bids.iter().rev().filter_map(level));
            asks.extend(self.asks.iter().filter_map(level));
        } else {
            self.changed.sort_unstable();
            self.changed.dedup();
            for (side, price) in &self.changed {
                let (levels, out) = match side {
                    Side::Bid => (&self.bids, &mut *bids),
                    Side::Ask => (&self.asks, &mut *asks),
                };
                let lots = levels.get(price).copied().unwrap_or(Lots::ZERO);
                out.extend(PackedLevel::new(*price, lots));
            }
        }
        self.changed.clear();
        self.flow.clear();
        self.update.0 += 1;
    }

    /// Forgets the orders of a side, or of both.
    pub(super) fn clear(&mut self, side: Option<Side>) {
        let stays = |one: Side| side.is_some_and(|side| side != one);
        self.known.retain(|_, known| stays(known.side));
        for (one, levels) in [(Side::Bid, &mut self.bids), (Side::Ask, &mut self.asks)] {
            if !stays(one) {
                levels.clear();
            }
        }
    }

    /// An order joins, behind all others at its price.
    pub(super) fn add(&mut self, id: u64, side: Side, price: Price, lots: Lots) -> Result<(), Broken> {
        if self.known.contains_key(&id) {
            return Err("an order of this `order_id` is there");
        }
        self.grow(side, price, lots)?;
        self.known.insert(id, Known { side, price, lots, traded: Lots::ZERO, joined: self.update });
        Ok(())
    }

    /// An order leaves.
    pub(super) fn cancel(&mut self, id: u64) -> Result<(), Broken> {
        let known = self.known.remove(&id).ok_or(UNKNOWN)?;
        self.leave(&known, known.lots);
        Ok(())
    }

    /// An order has this price and size now.
    pub(super) fn modify(&mut self, id: u64, price: Price, lots: Lots) -> Result<(), Broken> {
        let known = *self.known.get(&id).ok_or(UNKNOWN)?;
        let mut now = known;
        if price == known.price && lots <= known.lots {
            let gone = known.lots - lots;
            self.leave(&known, gone);
            (now.lots, now.traded) = (lots, (known.traded - gone).max(Lots::ZERO));
        } else {
            self.room(known.side, price, lots)?;
            self.leave(&known, known.lots);
            self.grow(known.side, price, lots)?;
            now = Known { price, lots, traded: Lots::ZERO, joined: self.update, ..known };
        }
        self.known.insert(id, now);
        Ok(())
    }

    /// An order that rests traded so much at this price.
    pub(super) fn fill(&mut self, id: u64, price: Price, lots: Lots) -> Result<(), Broken> {
        let known = self.known.get_mut(&id).ok_or(UNKNOWN)?;
        if known.price != price {
            return Err("`px` of a fill is the price of its order");
        }
        if lots > known.lots - known.traded {
            return Err("`qty` of a fill is more than is left of its order");
        }
        known.traded += lots;
        let level = PackedLevel::new(price, lots).ok_or(LEVEL)?;
        self.flow.push(OrderFlow { kind: FlowKind::Traded, side: known.side, level, joined: known.joined });
        Ok(())
    }

    fn levels(&mut self, side: Side) -> &mut BTreeMap<Price, Lots> {
        match side {
            Side::Bid => &mut self.bids,
            Side::Ask => &mut self.asks,
        }
    }

    /// Whether a level has room for so much more.
    fn room(&mut self, side: Side, price: Price, lots: Lots) -> Result<Lots, Broken> {
        let there = self.levels(side).get(&price).copied().unwrap_or(Lots::ZERO);
        PackedLevel::new(price, there + lots).map(|level| level.lots()).ok_or(LEVEL)
    }

    fn grow(&mut self, side: Side, price: Price, lots: Lots) -> Result<(), Broken> {
        let after = self.room(side, price, lots)?;
        self.levels(side).insert(price, after);
        self.changed.push((side, price));
        Ok(())
    }

    /// So much of an order is there no longer.
    fn leave(&mut self, known: &Known, lots: Lots) {
        let Known { side, price, joined, .. } = *known;
        let Some(level) = PackedLevel::new(price, lots).filter(|level| !level.lots().is_zero()) else {
            return;
        };
        self.flow.push(OrderFlow { kind: FlowKind::Left, side, level, joined });
        let levels = self.levels(side);
        let left = levels.get(&price).map_or(Lots::ZERO, |there| *there - lots);
        if left.is_zero() {
            levels.remove(&price);
        } else {
            levels.insert(price, left);
        }
        self.changed.push((side, price));
    }
}

/// The rule of an order that is not known.
const UNKNOWN: Broken = "no order of this `order_id` is there";
/// The rule of a level.
const LEVEL: Broken = "a level has a price below 2^40 ticks and a size below 2^56 lots";
