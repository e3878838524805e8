//! The ticks of a pool at which liquidity begins or ends.

use alloc::vec::Vec;

use crate::amount::Token;
use crate::error::PoolError;
use crate::fee::Growth;
use crate::tick::Tick;

/// How many ticks the contract looks at in one step: those of one word of its bitmap. A step ends where a word ends though nothing is
/// there, and rounds there, so that steps here end there too.
const WORD: i32 = 256;

/// What a pool keeps of a tick (`Tick.Info`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TickInfo {
    /// Liquidity that begins or ends here.
    pub gross: u128,
    /// What the liquidity in range changes by where the price rises past here.
    pub net: i128,
    /// What was earned on the other side of it than where the price is.
    pub outside: Growth,
}

/// Where the next step of a swap ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Next {
    pub(crate) tick: Tick,
    /// Its place among the ticks, where liquidity begins or ends there.
    pub(crate) place: Option<usize>,
}

/// All ticks of a pool at which there is liquidity, in order.
#[derive(Clone, Debug)]
pub struct Ticks {
    spacing: i32,
    sorted: Vec<(i32, TickInfo)>,
}

impl Ticks {
    /// None yet; `spacing` divides all that come.
    ///
    /// # Errors
    /// [`PoolError::Tick`] where the spacing is not from 1 to 16 383.
    pub fn new(spacing: i32) -> Result<Self, PoolError> {
        if (1..1 << 14).contains(&spacing) {
            Ok(Self { spacing, sorted: Vec::new() })
        } else {
            Err(PoolError::Tick)
        }
    }

    /// What divides every tick of the pool.
    #[must_use]
    pub const fn spacing(&self) -> i32 {
        self.spacing
    }

    /// All of them, from the lowest on.
    pub fn iter(&self) -> impl Iterator<Item = (i32, &TickInfo)> {
        self.sorted.iter().map(|(tick, info)| (*tick, info))
    }

    /// What is kept of a tick; nothing where no liquidity begins or ends.
    #[must_use]
    pub fn get(&self, tick: Tick) -> TickInfo {
        let place = self.sorted.binary_search_by_key(&tick.index(), |(tick, _)| *tick).ok();
        place.and_then(|place| self.sorted.get(place)).map_or_else(TickInfo::default, |(_, info)| *info)
    }

    /// The most liquidity that may begin or end at one tick (`tickSpacingToMaxLiquidityPerTick`).
    #[must_use]
    pub fn liquidity_max(&self) -> u128 {
        let ticks = 2 * (Tick::MAX.index() / self.spacing) + 1;
        u128::MAX / u128::from(ticks.unsigned_abs())
    }

    /// Keeps this of a tick; what has no liquidity is forgotten.
    ///
    /// # Errors
    /// [`PoolError::Tick`] where the spacing does not divide it.
    pub(crate) fn set(&mut self, tick: Tick, info: TickInfo) -> Result<(), PoolError> {
        if tick.index() % self.spacing != 0 {
            return Err(PoolError::Tick);
        }
        let place = self.sorted.binary_search_by_key(&tick.index(), |(tick, _)| *tick);
        match place {
            Ok(place) if info.gross == 0 => drop(self.sorted.remove(place)),
            Ok(place) => self.put(place, info),
            Err(_) if info.gross == 0 => {}
            Err(place) => self.sorted.insert(place, (tick.index(), info)),
        }
        Ok(())
    }

    fn put(&mut self, place: usize, info: TickInfo) {
        if let Some((_, kept)) = self.sorted.get_mut(place) {
            *kept = info;
        }
    }

    pub(crate) fn at(&self, place: usize) -> Option<&TickInfo> {
        self.sorted.get(place).map(|(_, info)| info)
    }

    pub(crate) fn set_outside(&mut self, place: usize, outside: Growth) {
        if let Some((_, info)) = self.sorted.get_mut(place) {
            info.outside = outside;
        }
    }

    /// Where a step from a tick ends, downward where token 0 is paid (`nextInitializedTickWithinOneWord`).
    pub(crate) fn next(&self, tick: Tick, paid: Token) -> Next {
        let compressed = tick.index().div_euclid(self.spacing);
        let (end, place) = match paid {
            Token::Zero => {
                let first = compressed.div_euclid(WORD) * WORD;
                let beyond = self.sorted.partition_point(|(other, _)| *other <= tick.index());
                (first * self.spacing, beyond.checked_sub(1))
            }
            Token::One => {
                let last = (compressed + 1).div_euclid(WORD) * WORD + WORD - 1;
                (last * self.spacing, Some(self.sorted.partition_point(|(other, _)| *other <= tick.index())))
            }
        };
        let found = place.and_then(|place| self.sorted.get(place).map(|(tick, _)| (*tick, place)));
        let is_before = |found: i32| match paid {
            Token::Zero => found >= end,
            Token::One => found <= end,
        };
        match found.filter(|(found, _)| is_before(*found)) {
            Some((found, place)) => Next { tick: Tick::clamped(found), place: Some(place) },
            None => Next { tick: Tick::clamped(end), place: None },
        }
    }
}

#[cfg(test)]
mod tests;
