//! A recorded pool computed again: every swap from what was paid, or from what was received, held against what the pool said.

mod first;

use crate::depth::Depth;
use crate::error::PoolError;
use crate::event::{Event, Swap, What};
use crate::fee::ProtocolFee;
use crate::pool::{Pool, Trade};
use crate::step::Quantity;
use crate::tick::Tick;
use crate::wide::U256;

/// How many swaps of a kind there were, and how many of them came out to the last unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All of them.
    pub swaps: u64,
    /// Amounts, price, tick and liquidity as recorded.
    pub exact: u64,
}

impl Tally {
    /// Counts what is known.
    fn count_if(&mut self, is_exact: Option<bool>) {
        if let Some(is_exact) = is_exact {
            self.count(is_exact);
        }
    }

    fn count(&mut self, is_exact: bool) {
        self.swaps += 1;
        self.exact += u64::from(is_exact);
    }
}

/// What a replay found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Swaps that stayed between two usable ticks: at one liquidity.
    pub steady: Tally,
    /// Swaps across usable ticks with what was there known.
    pub crossing: Tally,
    /// Swaps across ticks of which it is not known what was there.
    pub unknown: Tally,
    /// Of those that are exact: by what was received, not by what was paid.
    pub by_received: u64,
    /// And those that ended at a limit of price.
    pub by_limit: u64,
    /// Mints, burns and collects.
    pub others: u64,
    /// Mints and burns that the pool could not do.
    pub refused: u64,
}

/// A pool that goes along with the events of a recorded one.
#[derive(Clone, Debug)]
pub struct Replay {
    pool: Pool,
    depth: Depth,
    found: Found,
}

/// What a swap asked for, as far as it can be told from what it did.
#[derive(Clone, Copy)]
enum Asked {
    Paid,
    Received,
    Limit,
}

/// True where a trade is what the pool recorded.
fn agrees(trade: &Trade, swap: &Swap) -> bool {
    let after = &trade.after;
    trade.paid == swap.paid
        && trade.received == swap.received
        && after.price == swap.price
        && after.tick == swap.tick
        && after.liquidity == swap.liquidity
}

impl Replay {
    /// Begins after the first swap among the events, with the liquidity that they prove; the rest of the events is what follows. Where the
    /// first swap stayed between two usable ticks it is computed forward again from the price before it, which its price after it tells.
    /// `None` where there is no swap.
    ///
    /// # Errors
    /// As [`Depth::pool`].
    pub fn new(
        events: &[Event],
        fee: u32,
        spacing: i32,
        protocol: [ProtocolFee; 2],
    ) -> Result<Option<(Self, &[Event])>, PoolError> {
        let first = events.iter().enumerate().find_map(|(place, event)| match &event.what {
            What::Swap(swap) => Some((place, swap)),
            What::Mint(..) | What::Burn(..) | What::Collect(_) => None,
        });
        let Some((place, swap)) = first else { return Ok(None) };
        let depth = Depth::of(events.get(place..).unwrap_or_default(), spacing);
        let pool = depth.pool(swap, fee, protocol)?;
        let rest = events.get(place + 1..).unwrap_or_default();
        let mut replay = Self { pool, depth, found: Found::default() };
        replay.found.steady.count_if(first::is_exact(swap, fee, spacing));
        Ok(Some((replay, rest)))
    }

    /// The pool, as the events so far left it.
    #[must_use]
    pub const fn pool(&self) -> &Pool {
        &self.pool
    }

    /// What is proved of its liquidity.
    #[must_use]
    pub const fn depth(&self) -> &Depth {
        &self.depth
    }

    /// What was found so far.
    #[must_use]
    pub const fn found(&self) -> &Found {
        &self.found
    }

    /// Takes an event. Where a swap does not come out the pool is set to what was recorded; the steps that it remembers lead there all the
    /// same, at the liquidity that is taken to have been there.
    ///
    /// # Errors
    /// [`PoolError::Price`] where what was recorded cannot be.
    pub fn take(&mut self, event: &Event) -> Result<(), PoolError> {
        let done = match &event.what {
            What::Swap(swap) => return self.swap(swap),
            What::Mint(range, liquidity) => self.pool.mint(range, *liquidity),
            What::Burn(range, liquidity) => self.pool.burn(range, *liquidity),
            What::Collect(_) => return self.other(),
        };
        self.found.refused += u64::from(done.is_err());
        self.other()
    }

    fn other(&mut self) -> Result<(), PoolError> {
        self.found.others += 1;
        Ok(())
    }

    fn swap(&mut self, swap: &Swap) -> Result<(), PoolError> {
        let before = *self.pool.state();
        let asked = [Asked::Paid, Asked::Received, Asked::Limit]
            .into_iter()
            .find_map(|asked| self.compute(swap, asked).map(|trade| (asked, trade)));
        let spacing = self.pool.ticks().spacing();
        let interval = |tick: Tick| tick.index().div_euclid(spacing);
        let tally = if !self.depth.knows((before.price, before.tick), (swap.price, swap.tick)) {
            &mut self.found.unknown
        } else if interval(before.tick) == interval(swap.tick) {
            &mut self.found.steady
        } else {
            &mut self.found.crossing
        };
        tally.count(asked.is_some());
        let Some((asked, trade)) = asked else {
            return self.pool.adopt(swap.price, swap.tick, swap.liquidity);
        };
        match asked {
            Asked::Paid => {}
            Asked::Received => self.found.by_received += 1,
            Asked::Limit => self.found.by_limit += 1,
        }
        self.pool.apply(&trade);
        Ok(())
    }

    /// The trade that was asked for in this way, where it is the one that was recorded.
    fn compute(&mut self, swap: &Swap, asked: Asked) -> Option<Trade> {
        let (quantity, limit) = match asked {
            Asked::Paid => (Quantity::In(swap.paid), None),
            Asked::Received => (Quantity::Out(swap.received), None),
            Asked::Limit => (Quantity::In(U256::MAX.shr(1)), Some(swap.price)),
        };
        let trade = self.pool.trade(swap.token, quantity, limit).ok()?;
        agrees(&trade, swap).then_some(trade)
    }
}

#[cfg(test)]
mod tests;
