//! The price levels of one side, best first: found at once near the touch, correct over the whole range of prices.
//!
//! Prices are kept as ranks, the better the higher on either side. 64 neighbouring ranks are a page with one bit per level
//! in use; the pages in use stand in one sorted list, the best last. Near the touch a level is a step or two from the end
//! of that list; anywhere else it is a binary search away, and opening or closing a page far out moves the pages better
//! than it.
//!
//! Never here: an order's contents. A level knows the ends of its queue and how much it shows.
#![expect(
    clippy::indexing_slicing,
    reason = "positions come from the list itself, page slots from its entries; another one must stop the engine"
)]

use alloc::vec::Vec;

use ballast_model::{Lots, PRICE_TICKS_MAX, Price, Side};

/// Stands for no order in the links of queues and tables.
pub(super) const NONE: u32 = u32::MAX;

/// Bits of a rank that say where in its page a level is.
const PAGE_BITS: u32 = 6;

/// A price as a rank on its side: the better, the higher. In `0..=PRICE_TICKS_MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank(u64);

impl Rank {
    #[inline]
    pub(super) const fn of(side: Side, price: Price) -> Self {
        let rank = match side {
            Side::Bid => price.0,
            Side::Ask => PRICE_TICKS_MAX - price.0,
        };
        Self(rank.cast_unsigned())
    }

    #[inline]
    #[expect(clippy::cast_possible_wrap, reason = "a rank has 40 bits")]
    pub(super) const fn price(self, side: Side) -> Price {
        match side {
            Side::Bid => Price(self.0 as i64),
            Side::Ask => Price(PRICE_TICKS_MAX - self.0 as i64),
        }
    }

    const fn page(self) -> u64 {
        self.0 >> PAGE_BITS
    }

    const fn line(self) -> usize {
        (self.0 & ((1 << PAGE_BITS) - 1)) as usize
    }
}

/// One price: a queue of orders and what it shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    /// The order to trade next; [`NONE`] for a level not in use.
    pub(super) head: u32,
    /// The order that came last.
    pub(super) tail: u32,
    /// Sum of what the orders show.
    pub(super) shown: Lots,
}

impl Level {
    const EMPTY: Self = Self { head: NONE, tail: NONE, shown: Lots::ZERO };
}

#[derive(Debug)]
struct Page {
    /// Bit i: level i is in use.
    used: u64,
    levels: [Level; 1 << PAGE_BITS],
}

/// A page in use.
#[derive(Clone, Copy, Debug)]
struct Entry {
    page: u64,
    slot: u32,
}

/// All levels of one side.
#[derive(Debug)]
pub(super) struct Ladder {
    /// Pages in use, best last.
    entries: Vec<Entry>,
    pages: Vec<Page>,
    /// Pages not in use; all their levels are empty.
    free: Vec<u32>,
}

impl Ladder {
    /// Room for levels in `pages_max` pages.
    pub(super) fn new(pages_max: u32) -> Self {
        let page = |_| Page { used: 0, levels: [Level::EMPTY; 1 << PAGE_BITS] };
        Self {
            entries: Vec::with_capacity(pages_max as usize),
            pages: (0..pages_max).map(page).collect(),
            free: (0..pages_max).rev().collect(),
        }
    }

    /// The best level in use.
    #[inline]
    pub(super) fn best(&self) -> Option<Rank> {
        let entry = self.entries.last()?;
        Some(self.highest(*entry, u64::MAX))
    }

    /// The order of the best level that trades next.
    #[inline]
    pub(super) fn front(&self) -> Option<u32> {
        let page = &self.pages[self.entries.last()?.slot as usize];
        Some(page.levels[63 - page.used.leading_zeros() as usize].head)
    }

    /// The best level in use that is worse than `rank`.
    pub(super) fn below(&self, rank: Rank) -> Option<Rank> {
        let (at, here) = match self.find(rank.page()) {
            Ok(at) => (at, self.pages[self.entries[at].slot as usize].used & ((1 << rank.line()) - 1)),
            Err(at) => (at, 0),
        };
        if here != 0 {
            return Some(self.highest(self.entries[at], here));
        }
        let entry = self.entries.get(at.checked_sub(1)?)?;
        Some(self.highest(*entry, u64::MAX))
    }

    fn highest(&self, entry: Entry, mask: u64) -> Rank {
        let used = self.pages[entry.slot as usize].used & mask;
        Rank(entry.page << PAGE_BITS | u64::from(63 - used.leading_zeros()))
    }

    /// The level of a rank; empty where it is not in use.
    #[inline]
    pub(super) fn level(&self, rank: Rank) -> Level {
        match self.find(rank.page()) {
            Ok(at) => self.pages[self.entries[at].slot as usize].levels[rank.line()],
            Err(_) => Level::EMPTY,
        }
    }

    /// Whether the level of a rank is in use or has room.
    pub(super) fn has_room(&self, rank: Rank) -> bool {
        !self.free.is_empty() || self.find(rank.page()).is_ok()
    }

    /// Changes a level by `change`, opens it if need be and closes it where no order is left on it. The caller has made sure
    /// that there is room.
    #[inline]
    pub(super) fn change<R>(&mut self, rank: Rank, change: impl FnOnce(&mut Level) -> R) -> R {
        let at = match self.find(rank.page()) {
            Ok(at) => at,
            Err(at) => self.open(at, rank.page()),
        };
        let page = &mut self.pages[self.entries[at].slot as usize];
        let level = &mut page.levels[rank.line()];
        let result = change(level);
        let bit = 1 << rank.line();
        if level.head != NONE {
            page.used |= bit;
        } else {
            page.used &= !bit;
            if page.used == 0 {
                let entry = self.entries.remove(at);
                self.free.push(entry.slot);
            }
        }
        result
    }

    #[expect(clippy::expect_used, reason = "the caller has asked whether there is room")]
    fn open(&mut self, at: usize, page: u64) -> usize {
        let slot = self.free.pop().expect("a ladder has room for a level that was admitted");
        self.entries.insert(at, Entry { page, slot });
        at
    }

    /// Where a page stands in the list, or would stand.
    #[inline]
    fn find(&self, page: u64) -> Result<usize, usize> {
        // Most levels asked for are in the two best pages.
        const NEAR: usize = 2;
        let len = self.entries.len();
        for (back, entry) in self.entries.iter().rev().take(NEAR).enumerate() {
            let at = len - 1 - back;
            match entry.page.cmp(&page) {
                core::cmp::Ordering::Equal => return Ok(at),
                core::cmp::Ordering::Less => return Err(at + 1),
                core::cmp::Ordering::Greater => {}
            }
        }
        self.entries[..len.saturating_sub(NEAR)].binary_search_by_key(&page, |entry| entry.page)
    }

    /// Whether the list is sorted and every page in it holds exactly the levels its bits say.
    pub(super) fn is_sound(&self) -> bool {
        let sorted = self.entries.is_sorted_by(|a, b| a.page < b.page);
        let counted = self.entries.len() + self.free.len() == self.pages.len();
        let bits = |page: &Page| {
            let used = |line: usize| page.used >> line & 1 == 1;
            page.levels.iter().enumerate().all(|(line, level)| used(line) == (level.head != NONE))
        };
        let filled = self.entries.iter().all(|entry| self.pages[entry.slot as usize].used != 0);
        sorted && counted && filled && self.pages.iter().all(bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use proptest::prelude::*;

    #[test]
    fn the_better_price_has_the_higher_rank_on_either_side() {
        assert!(Rank::of(Side::Bid, Price(101)) > Rank::of(Side::Bid, Price(100)));
        assert!(Rank::of(Side::Ask, Price(99)) > Rank::of(Side::Ask, Price(100)));
        for side in Side::BOTH {
            for price in [Price(0), Price(77), Price(PRICE_TICKS_MAX)] {
                assert_eq!(Rank::of(side, price).price(side), price);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn the_ladder_equals_a_sorted_set(
            changes in prop::collection::vec((prop_oneof![0..300u64, 0..1u64 << 40], any::<bool>()), 1..80),
            from in 0..400u64,
        ) {
            let (mut ladder, mut twin) = (Ladder::new(80), BTreeSet::new());
            for (rank, used) in changes {
                ladder.change(Rank(rank), |level| level.head = if used { 1 } else { NONE });
                if used { twin.insert(rank); } else { twin.remove(&rank); }
                prop_assert!(ladder.is_sound());
                prop_assert_eq!(ladder.best().map(|rank| rank.0), twin.last().copied());
            }
            prop_assert_eq!(ladder.below(Rank(from)).map(|rank| rank.0), twin.range(..from).next_back().copied());
            for rank in twin {
                prop_assert_eq!(ladder.level(Rank(rank)).head, 1);
            }
        }
    }

    #[test]
    fn a_full_ladder_has_room_in_its_pages_only() {
        let mut ladder = Ladder::new(1);
        ladder.change(Rank(64), |level| level.head = 0);
        assert!(ladder.has_room(Rank(127)) && !ladder.has_room(Rank(128)) && !ladder.has_room(Rank(63)));
        ladder.change(Rank(64), |level| level.head = NONE);
        assert!(ladder.has_room(Rank(63)) && ladder.best().is_none());
    }
}
