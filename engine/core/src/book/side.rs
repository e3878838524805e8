//! One side of a book: sizes in pages of 64 ticks, reached through a flat directory over the whole price range.
//!
//! An update costs one directory load, one size and two bits, and no branch that depends on whether it adds, changes or
//! removes: in real data that is a coin toss. Pages stay in place when they empty; when the pool runs out, all empty pages
//! are taken back at once, which the pool's size makes rare.
#![expect(
    clippy::indexing_slicing,
    reason = "indices follow from the structure's own invariants; a broken one must stop the shard"
)]

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::{Lots, PackedLevel, Price, Side};

use super::bits::{BitTree, first_bit, next_bit};
use super::{BookFull, BookLimits, Level};

/// Ticks in a page.
const PAGE: usize = 64;
/// Directory entry of a page number that has no page; the page of that index is never used.
const NONE: u32 = 0;

/// Neighbouring ticks.
#[derive(Debug)]
struct Page {
    /// Sizes; zero where there is no level.
    lots: [i64; PAGE],
    /// Bit i is set where tick i holds a level.
    occupied: u64,
}

impl Page {
    const EMPTY: Self = Self { lots: [0; PAGE], occupied: 0 };
}

/// One side of the book.
#[derive(Debug)]
pub(super) struct SideBook {
    side: Side,
    /// [`Side::sign`], so that comparing with the best price takes no branch on the side.
    sign: i64,
    limits: BookLimits,
    /// Price of the best level; [`SideBook::NO_BID`] or [`SideBook::NO_ASK`] where there is none.
    best_price: Price,
    best_lots: Lots,
    /// Page numbers that hold a level; at most `levels_max`.
    pages_filled: usize,
    /// Page number (price / 64) → index into the pool, or `NONE`.
    directory: Vec<u32>,
    /// Pool.
    pages: Vec<Page>,
    /// Pool: which page number a page stands for.
    numbers: Vec<u32>,
    /// Pool: pages not in the directory.
    free: Vec<u32>,
    pages_max: usize,
    /// Page numbers whose page holds a level.
    filled: BitTree,
}

impl SideBook {
    /// Every price is better than no bid.
    const NO_BID: Price = Price(-1);
    /// Every price is better than no ask.
    const NO_ASK: Price = Price(BookLimits::PRICE_TICKS_MAX + 1);

    pub(super) fn new(side: Side, limits: BookLimits) -> Self {
        let numbers = page_of(Price(limits.price_ticks_max)) + 1;
        // Twice as many as may be filled: a sweep then finds at least half of them empty.
        let pages_max = (2 * limits.levels_max).min(numbers) + 1;
        let mut book = Self {
            side,
            sign: side.sign(),
            limits,
            best_price: Self::none(side),
            best_lots: Lots::ZERO,
            pages_filled: 0,
            directory: vec![NONE; numbers],
            pages: Vec::with_capacity(pages_max),
            numbers: Vec::with_capacity(pages_max),
            free: Vec::with_capacity(pages_max),
            pages_max,
            filled: BitTree::new(numbers),
        };
        book.push_page(0);
        book
    }

    const fn none(side: Side) -> Price {
        match side {
            Side::Bid => Self::NO_BID,
            Side::Ask => Self::NO_ASK,
        }
    }

    #[inline]
    pub(super) const fn best(&self) -> Option<Level> {
        if self.best_lots.is_zero() {
            None
        } else {
            Some(Level { price: self.best_price, lots: self.best_lots })
        }
    }

    /// Counted on demand: keeping it would put every update behind the one before.
    pub(super) fn depth(&self) -> usize {
        self.pages.iter().map(|page| page.occupied.count_ones() as usize).sum()
    }

    pub(super) const fn levels(&self) -> LevelsIter<'_> {
        LevelsIter { side: self, next: self.best() }
    }

    #[inline]
    pub(super) fn apply(&mut self, price: Price, lots: Lots) -> Result<Lots, BookFull> {
        let (number, slot) = (page_of(price), slot_of(price));
        let Some(&index) = self.directory.get(number) else {
            return if lots.is_zero() { Ok(Lots::ZERO) } else { Err(BookFull::Price) };
        };
        if index == NONE {
            return if lots.is_zero() { Ok(Lots::ZERO) } else { self.apply_to_new_page(price, lots) };
        }
        let page = &mut self.pages[index as usize];
        let before = page.lots[slot];
        let changed = u64::from((before == 0) != lots.is_zero()) << slot;
        let occupied = page.occupied ^ changed;
        // Zero on either side, with a change: the page got its first level or loses its last.
        if occupied == 0 || page.occupied == 0 {
            return self.apply_at_edge(price, lots);
        }
        page.lots[slot] = lots.0;
        page.occupied = occupied;
        if (price - self.best_price).0 * self.sign >= 0 {
            self.move_best(price, lots);
        }
        Ok(Lots(before))
    }

    /// An update by which a page that exists becomes empty, or stays so, or gets its first level.
    fn apply_at_edge(&mut self, price: Price, lots: Lots) -> Result<Lots, BookFull> {
        let (number, slot) = (page_of(price), slot_of(price));
        let index = self.directory[number] as usize;
        let before = self.pages[index].lots[slot];
        let filled = !lots.is_zero();
        if filled != (before != 0) {
            self.page_filled(number, filled)?;
        }
        let page = &mut self.pages[index];
        page.lots[slot] = lots.0;
        page.occupied = u64::from(filled) << slot;
        if (price - self.best_price).0 * self.sign >= 0 {
            self.move_best(price, lots);
        }
        Ok(Lots(before))
    }

    #[cold]
    fn apply_to_new_page(&mut self, price: Price, lots: Lots) -> Result<Lots, BookFull> {
        self.add_page(page_of(price));
        self.apply_at_edge(price, lots)
    }

    /// A page got its first level or lost its last.
    fn page_filled(&mut self, number: usize, filled: bool) -> Result<(), BookFull> {
        if !filled {
            self.pages_filled -= 1;
        } else if self.pages_filled < self.limits.levels_max {
            self.pages_filled += 1;
        } else {
            return Err(BookFull::Levels);
        }
        self.filled.set(number, filled);
        Ok(())
    }

    /// Applies levels in order, up to the first that does not fit.
    #[inline]
    pub(super) fn apply_all(&mut self, levels: &[PackedLevel]) -> Result<(), BookFull> {
        for level in levels {
            self.apply(level.price(), level.lots())?;
        }
        Ok(())
    }

    pub(super) fn lots_at(&self, price: Price) -> Lots {
        let page = self.directory.get(page_of(price)).map(|index| &self.pages[*index as usize]);
        page.map_or(Lots::ZERO, |page| Lots(page.lots[slot_of(price)]))
    }

    pub(super) fn clear(&mut self) {
        for (page, number) in self.pages.iter_mut().zip(&self.numbers) {
            if page.occupied != 0 {
                *page = Page::EMPTY;
                self.filled.set(*number as usize, false);
            }
        }
        self.pages_filled = 0;
        self.best_price = Self::none(self.side);
        self.best_lots = Lots::ZERO;
    }

    /// The level at or beyond the best changed to `lots`.
    fn move_best(&mut self, price: Price, lots: Lots) {
        let best = if !lots.is_zero() {
            Some(Level { price, lots })
        } else if price == self.best_price {
            self.beyond(price)
        } else {
            return;
        };
        self.best_price = best.map_or(Self::none(self.side), |level| level.price);
        self.best_lots = best.map_or(Lots::ZERO, |level| level.lots);
    }

    /// Gives a page number a page.
    fn add_page(&mut self, number: usize) {
        if self.free.is_empty() && self.pages.len() == self.pages_max {
            self.sweep();
        }
        let page = match self.free.pop() {
            Some(page) => {
                self.numbers[page as usize] = to_u32(number);
                page
            }
            None => self.push_page(number),
        };
        self.directory[number] = page;
    }

    fn push_page(&mut self, number: usize) -> u32 {
        assert!(self.pages.len() < self.pages_max, "a sweep found no empty page");
        self.pages.push(Page::EMPTY);
        self.numbers.push(to_u32(number));
        to_u32(self.pages.len() - 1)
    }

    /// Takes back every page without a level. Page 0 is none and stays.
    fn sweep(&mut self) {
        for page in 1..self.pages.len() {
            if self.pages[page].occupied == 0 {
                self.directory[self.numbers[page] as usize] = NONE;
                self.free.push(to_u32(page));
            }
        }
    }

    /// The best level strictly worse than `price`.
    fn beyond(&self, price: Price) -> Option<Level> {
        let number = page_of(price);
        let here = self.page(number).occupied;
        if let Some(slot) = next_bit(self.side, here, slot_of(price)) {
            return Some(self.level(number, slot));
        }
        let number = self.filled.next(self.side, number)?;
        Some(self.level(number, first_bit(self.side, self.page(number).occupied)))
    }

    #[expect(clippy::cast_possible_wrap, reason = "a price in the book is below 2^32")]
    fn level(&self, number: usize, slot: usize) -> Level {
        let lots = self.page(number).lots[slot];
        Level { price: Price((number * PAGE + slot) as i64), lots: Lots(lots) }
    }

    fn page(&self, number: usize) -> &Page {
        &self.pages[self.directory[number] as usize]
    }
}

#[inline]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a price in the book is in 0..2^32"
)]
const fn page_of(price: Price) -> usize {
    price.0 as usize / PAGE
}

#[inline]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a price in the book is in 0..2^32"
)]
const fn slot_of(price: Price) -> usize {
    price.0 as usize % PAGE
}

#[expect(clippy::cast_possible_truncation, reason = "page numbers and indices are below 2^26")]
const fn to_u32(index: usize) -> u32 {
    index as u32
}

/// Levels of one side, best first.
#[derive(Clone, Debug)]
pub struct LevelsIter<'a> {
    side: &'a SideBook,
    next: Option<Level>,
}

impl Iterator for LevelsIter<'_> {
    type Item = Level;

    fn next(&mut self) -> Option<Level> {
        let level = self.next?;
        self.next = self.side.beyond(level.price);
        Some(level)
    }
}
