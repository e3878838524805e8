//! What liquidity a pool had where, as its own events prove.
//!
//! A swap tells the liquidity in range where it ends. Less what mints and burns have changed there since, that is what was there at the
//! beginning, between the two usable ticks around its end; whoever ends there later must say the same. Where both sides of a
//! tick are known so is what begins or ends at it.
//!
//! Never here: a guess that is not counted as one.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::error::PoolError;
use crate::event::{Event, Swap, What};
use crate::fee::{Growth, ProtocolFee};
use crate::pool::Pool;
use crate::range::Range;
use crate::tick::{SqrtPrice, Tick};
use crate::ticks::TickInfo;

/// What mints and burns did at one tick, one after the other: sums of net and of gross liquidity.
type Changes = Vec<(i128, i128)>;

/// Price and tick of a pool.
pub type Place = (SqrtPrice, Tick);

/// The liquidity that is proved, as it was before the first of the events.
#[derive(Clone, Debug)]
pub struct Depth {
    spacing: i32,
    /// By interval between two usable ticks: its lower tick divided by the spacing.
    known: BTreeMap<i32, i128>,
    changes: BTreeMap<i32, Changes>,
    contradictions: u64,
}

impl Depth {
    /// Reads what the events prove; `spacing` is above zero.
    #[must_use]
    pub fn of(events: &[Event], spacing: i32) -> Self {
        let mut depth = Self {
            spacing: spacing.max(1),
            known: BTreeMap::new(),
            changes: BTreeMap::new(),
            contradictions: 0,
        };
        for event in events {
            match &event.what {
                What::Swap(swap) => depth.observe(swap),
                What::Mint(range, liquidity) => depth.change(range, *liquidity, 1),
                What::Burn(range, liquidity) => depth.change(range, *liquidity, -1),
                What::Collect(_) => {}
            }
        }
        depth
    }

    /// How many swaps contradict what others have proved: none, unless events are missing.
    #[must_use]
    pub const fn contradictions(&self) -> u64 {
        self.contradictions
    }

    /// How many intervals between two usable ticks are known.
    #[must_use]
    pub fn intervals(&self) -> usize {
        self.known.len()
    }

    /// True where the liquidity of every interval between two places is proved, those they touch included.
    #[must_use]
    pub fn knows(&self, one: Place, other: Place) -> bool {
        let [one, other] = [one, other].map(|place| self.touched(place));
        (one.0.min(other.0)..=one.1.max(other.1)).all(|interval| self.known.contains_key(&interval))
    }

    /// The lowest and the highest interval that a pool touches: two where its price is exactly that of a usable tick.
    fn touched(&self, (price, tick): Place) -> (i32, i32) {
        let interval = tick.index().div_euclid(self.spacing);
        let at = |interval: i32| Tick::new(interval.saturating_mul(self.spacing)).map(Tick::sqrt_price);
        // The price of a tick costs more than all the rest: it is asked for only beside a usable tick.
        match tick.index().rem_euclid(self.spacing) {
            0 if at(interval) == Ok(price) => (interval - 1, interval),
            last if last == self.spacing - 1 && at(interval + 1) == Ok(price) => (interval, interval + 1),
            _ => (interval, interval),
        }
    }

    fn observe(&mut self, swap: &Swap) {
        let interval = swap.tick.index().div_euclid(self.spacing);
        let lower = interval * self.spacing;
        let sums = self.changes.range(..=lower).filter_map(|(_, changes)| changes.last());
        let since = sums.fold(0_i128, |sum, (net, _)| sum.saturating_add(*net));
        let Ok(liquidity) = i128::try_from(swap.liquidity) else { return };
        let before = liquidity.saturating_sub(since);
        let known = *self.known.entry(interval).or_insert(before);
        self.contradictions += u64::from(known != before);
    }

    fn change(&mut self, range: &Range, liquidity: u128, sign: i128) {
        let change = i128::try_from(liquidity).unwrap_or(i128::MAX).saturating_mul(sign);
        for (tick, net) in [(range.lower(), change), (range.upper(), change.saturating_neg())] {
            let changes = self.changes.entry(tick.index()).or_default();
            let (sum, gross) = changes.last().copied().unwrap_or_default();
            changes.push((sum.saturating_add(net), gross.saturating_add(change)));
        }
    }

    /// What begins or ends at each tick, before the first event. Between two intervals that are known and do not touch, all of the
    /// difference is put where the upper one begins.
    fn nets(&self) -> BTreeMap<i32, i128> {
        let mut nets: BTreeMap<i32, i128> = self.changes.keys().map(|tick| (*tick, 0)).collect();
        for (below, above) in self.known.iter().zip(self.known.iter().skip(1)) {
            let net = above.1.saturating_sub(*below.1);
            if net != 0 {
                nets.insert(above.0.saturating_mul(self.spacing), net);
            }
        }
        nets
    }

    /// The least gross liquidity that a tick had if what came later is possible.
    fn gross(&self, tick: i32, net: i128) -> u128 {
        let none = Changes::new();
        let later = self.changes.get(&tick).unwrap_or(&none).iter();
        let least = later.map(|(changed, gross)| {
            net.saturating_add(*changed).saturating_abs().max(0).saturating_sub(*gross)
        });
        let least = least.fold(net.saturating_abs(), i128::max);
        least.max(0).unsigned_abs()
    }

    /// A pool as it was when the first of the swaps had happened, with what is proved; `None` where there is no swap.
    ///
    /// # Errors
    /// As [`Pool::new`] and [`Pool::adopt_tick`].
    pub fn pool(&self, first: &Swap, fee: u32, protocol: [ProtocolFee; 2]) -> Result<Pool, PoolError> {
        let mut pool = Pool::new(first.price, fee, self.spacing, protocol)?;
        pool.adopt(first.price, first.tick, first.liquidity)?;
        for (index, net) in self.nets() {
            let info = TickInfo { gross: self.gross(index, net), net, outside: Growth::default() };
            pool.adopt_tick(Tick::new(index)?, info)?;
        }
        Ok(pool)
    }
}

#[cfg(test)]
mod tests;
