//! Stops, take-profits and trailing stops that we watch ourselves: at venues without them, and where an order that waits at
//! the venue would show.
//!
//! A trigger is not an order. When its price is reached it fires, once, and its owner sends an order through the gate like
//! any other: a limit order, or a *market order*, which is an IOC order limited by a protection price (see
//! [`TimeInForce`]). Nothing fires while the watched price is not told, and a price that is not trusted should not be told.
//!
//! Prices are compared exactly: ticks are whole, midpoints half ticks, and a mark price lies between two half ticks. A
//! level on the grid is reached by a falling price when the half tick above it is at or below the level, by a rising one
//! when the half tick below it is at or above.
//!
//! Never here: an order, a gate, a clock, an allocation after construction.

use alloc::vec::Vec;

use ballast_model::{
    Digest, HalfTicks, InstrumentSpec, LOTS_MAX, Lots, PRICE_TICKS_MAX, Price, Rate, Side, Ticks, TimeInForce,
};

/// What a trigger watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Watched {
    /// The venue's mark price.
    Mark,
    /// The last public trade.
    Last,
    /// The midpoint of the touch.
    Mid,
}

/// A price as exactly as half ticks tell it: the two next to it, which are one where it lies on a half tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    below: HalfTicks,
    above: HalfTicks,
}

impl Seen {
    /// A midpoint.
    #[must_use]
    pub const fn mid(mid: HalfTicks) -> Self {
        Self { below: mid, above: mid }
    }

    /// A traded price.
    #[must_use]
    pub const fn last(price: Price) -> Self {
        Self::mid(HalfTicks(2 * price.0))
    }

    /// A mark price in 10⁻⁸ of the quote currency; `None` where it is not above zero or above every price.
    #[must_use]
    pub fn mark(spec: &InstrumentSpec, mark_e8: i64) -> Option<Self> {
        // In half ticks: mark · 10⁻⁸ · 2 / (mantissa · 10^−scale), a fraction of whole numbers.
        let grown = i128::from(mark_e8).checked_mul(2 * 10i128.checked_pow(spec.tick.scale.into())?)?;
        let unit = i128::from(spec.tick.mantissa) * 100_000_000;
        let (below, left) = (grown.div_euclid(unit), grown.rem_euclid(unit));
        let below = i64::try_from(below).ok().filter(|half| *half <= 2 * PRICE_TICKS_MAX)?;
        let above = if left == 0 { below } else { below + 1 };
        (mark_e8 > 0).then_some(Self { below: HalfTicks(below), above: HalfTicks(above) })
    }
}

/// When a trigger fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// A stop: a sell fires at or below this price, a buy at or above.
    Stop(Price),
    /// A take-profit: a sell fires at or above this price, a buy at or below.
    TakeProfit(Price),
    /// A stop that follows: a sell fires this far below the highest price seen since it was set, a buy this far above the
    /// lowest. It never moves back. Above zero.
    TrailTicks(Ticks),
    /// As [`When::TrailTicks`], by this share of that highest or lowest price. Above zero and below one.
    TrailShare(Rate),
}

/// What is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Send {
    /// A limit order at this price.
    Limit(Price),
    /// A market order, protected this far through the price that fired it, as a share of it. Above zero and below one.
    Market(Rate),
}

/// A stop or take-profit to watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// Its owner's name for it.
    pub id: u64,
    /// What to watch.
    pub watched: Watched,
    /// When it fires.
    pub when: When,
    /// Side of the order to send: a stop of a long position sells.
    pub side: Side,
    /// Size of the order to send, above zero.
    pub lots: Lots,
    /// What to send.
    pub send: Send,
}

/// A trigger that has fired: what its owner is to send, if the gate agrees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fired {
    /// The trigger.
    pub trigger: Trigger,
    /// Limit price: of a market order its protection.
    pub price: Price,
    /// Lifetime: a market order's is IOC.
    pub tif: TimeInForce,
}

/// Why a trigger was not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TriggerError {
    /// The table is full.
    Full,
    /// A trigger of this id is set.
    Known,
    /// A price, distance, share or size is out of its range.
    Range,
}

impl core::fmt::Display for TriggerError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Full => "the table of triggers is full",
            Self::Known => "a trigger of this id is set",
            Self::Range => "a price, distance, share or size of the trigger is out of range",
        })
    }
}

impl core::error::Error for TriggerError {}

/// The limit of a market order: `share` through `reference` at most, rounded towards it, so that a collar of the same share
/// around the same reference lets it pass. `None` where that leaves no price.
#[must_use]
pub fn protection_price(side: Side, reference: HalfTicks, share: Rate) -> Option<Price> {
    let scale = i128::from(Rate::ONE.0);
    let limit = i128::from(reference.0) * (scale + i128::from(share.0) * i128::from(side.sign()));
    let unit = 2 * scale;
    // A buy's limit lies above the reference: down. A sell's lies below: up.
    let ticks = match side {
        Side::Bid => limit.div_euclid(unit),
        Side::Ask => -(-limit).div_euclid(unit),
    };
    i64::try_from(ticks).ok().filter(|ticks| (1..=PRICE_TICKS_MAX).contains(ticks)).map(Price)
}

/// One trigger under watch.
#[derive(Clone, Copy, Debug)]
struct Slot {
    trigger: Trigger,
    /// The best price since it was set, for those that follow: highest of a sell, lowest of a buy.
    best: Option<HalfTicks>,
}

/// The triggers of one instrument, in the order they were set.
#[derive(Clone, Debug)]
pub struct Triggers {
    capacity: usize,
    set: Vec<Slot>,
    /// Fired and not taken, first fired first. With `set` never more than `capacity`.
    fired: Vec<Fired>,
}

impl Triggers {
    /// A table of at most `capacity` triggers, those that fired and were not taken among them.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { capacity, set: Vec::with_capacity(capacity), fired: Vec::with_capacity(capacity) }
    }

    /// Sets a trigger. One whose price is reached already fires when it next sees it.
    ///
    /// # Errors
    /// The [`TriggerError`]; nothing is set.
    pub fn set(&mut self, trigger: Trigger) -> Result<(), TriggerError> {
        if !trigger.valid() {
            return Err(TriggerError::Range);
        }
        if self.set.iter().any(|slot| slot.trigger.id == trigger.id) {
            return Err(TriggerError::Known);
        }
        if self.set.len() + self.fired.len() >= self.capacity {
            return Err(TriggerError::Full);
        }
        self.set.push(Slot { trigger, best: None });
        Ok(())
    }

    /// Takes a trigger back that has not fired.
    pub fn clear(&mut self, id: u64) -> Option<Trigger> {
        let place = self.set.iter().position(|slot| slot.trigger.id == id)?;
        Some(self.set.remove(place).trigger)
    }

    /// Changes the size of a trigger that has not fired; tells whether there is one. What it has followed stays.
    pub fn resize(&mut self, id: u64, lots: Lots) -> bool {
        let slot = self.set.iter_mut().find(|slot| slot.trigger.id == id);
        let Some(slot) = slot.filter(|_| (1..=LOTS_MAX).contains(&lots.0)) else { return false };
        slot.trigger.lots = lots;
        true
    }

    /// A watched price is this.
    pub fn on_price(&mut self, watched: Watched, seen: Seen) {
        let fired = &mut self.fired;
        self.set.retain_mut(|slot| {
            let fires = slot.trigger.watched == watched && slot.sees(seen);
            match slot.trigger.fired(seen).filter(|_| fires) {
                Some(order) => {
                    fired.push(order);
                    false
                }
                None => true,
            }
        });
    }

    /// The trigger that fired first of those not taken yet.
    pub fn take_fired(&mut self) -> Option<Fired> {
        (!self.fired.is_empty()).then(|| self.fired.remove(0))
    }

    /// Triggers that wait.
    #[must_use]
    pub fn waiting(&self) -> impl ExactSizeIterator<Item = &Trigger> {
        self.set.iter().map(|slot| &slot.trigger)
    }

    /// Takes the whole state into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        digest.word(self.set.len() as u64);
        for slot in &self.set {
            slot.trigger.digest(digest);
            digest.signed(slot.best.map_or(i64::MIN, |best| best.0));
        }
        digest.word(self.fired.len() as u64);
        for fired in &self.fired {
            fired.trigger.digest(digest);
            digest.signed(fired.price.0);
        }
    }
}

impl Slot {
    /// Notes a price and tells whether it fires the trigger.
    fn sees(&mut self, seen: Seen) -> bool {
        let side = self.trigger.side;
        match self.trigger.when {
            When::Stop(level) => at_or_past(side, seen, 2 * i128::from(level.0), 1),
            When::TakeProfit(level) => at_or_past(side.opposite(), seen, 2 * i128::from(level.0), 1),
            When::TrailTicks(distance) => {
                let best = self.follow(seen);
                at_or_past(side, seen, i128::from(best.0) + 2 * i128::from(distance.0 * side.sign()), 1)
            }
            When::TrailShare(share) => {
                let best = self.follow(seen);
                let scale = i128::from(Rate::ONE.0);
                let level = i128::from(best.0) * (scale + i128::from(share.0) * i128::from(side.sign()));
                at_or_past(side, seen, level, scale)
            }
        }
    }

    /// The best price so far, with the one just seen: by the half tick that lets the stop follow less.
    fn follow(&mut self, seen: Seen) -> HalfTicks {
        let best = match self.trigger.side {
            Side::Ask => self.best.map_or(seen.below, |best| best.max(seen.below)),
            Side::Bid => self.best.map_or(seen.above, |best| best.min(seen.above)),
        };
        self.best = Some(best);
        best
    }
}

/// Whether a price has moved against a position that an order of `side` closes, to `level / scale` half ticks or further.
fn at_or_past(side: Side, seen: Seen, level: i128, scale: i128) -> bool {
    match side {
        Side::Ask => i128::from(seen.above.0) * scale <= level,
        Side::Bid => i128::from(seen.below.0) * scale >= level,
    }
}

impl Trigger {
    fn valid(&self) -> bool {
        let price = |price: Price| (1..=PRICE_TICKS_MAX).contains(&price.0);
        let share = |share: Rate| Rate(0) < share && share < Rate::ONE;
        let when = match self.when {
            When::Stop(level) | When::TakeProfit(level) => price(level),
            When::TrailTicks(distance) => (1..=PRICE_TICKS_MAX).contains(&distance.0),
            When::TrailShare(distance) => share(distance),
        };
        let send = match self.send {
            Send::Limit(limit) => price(limit),
            Send::Market(protection) => share(protection),
        };
        when && send && (1..=LOTS_MAX).contains(&self.lots.0)
    }

    /// What it sends when this price fires it; `None` where the protection leaves no price, and it goes on waiting.
    fn fired(self, seen: Seen) -> Option<Fired> {
        let (price, tif) = match self.send {
            Send::Limit(price) => (price, TimeInForce::GoodTillCancel),
            Send::Market(share) => {
                let reference = match self.side {
                    Side::Bid => seen.below,
                    Side::Ask => seen.above,
                };
                (protection_price(self.side, reference, share)?, TimeInForce::ImmediateOrCancel)
            }
        };
        Some(Fired { trigger: self, price, tif })
    }

    fn digest(&self, digest: &mut Digest) {
        let (when, level) = match self.when {
            When::Stop(price) => (0, price.0),
            When::TakeProfit(price) => (1, price.0),
            When::TrailTicks(distance) => (2, distance.0),
            When::TrailShare(share) => (3, share.0),
        };
        let (send, limit) = match self.send {
            Send::Limit(price) => (0, price.0),
            Send::Market(share) => (1, share.0),
        };
        digest.word(self.id);
        digest.word(u64::from(u32::from_le_bytes([self.watched as u8, when, self.side as u8, send])));
        for number in [level, limit, self.lots.0] {
            digest.signed(number);
        }
    }
}

#[cfg(test)]
mod tests;
