//! One side of a book: sizes in pages of 64 ticks, reached through a flat directory over the whole price range.
//!
//! An update costs one directory load and two stores that wait for nothing: it takes no branch that depends on whether it
//! adds, changes or removes, nor on where the best price is, for in real data that is a coin toss. The best level is settled
//! once per run of updates. Pages stay in place when they empty; when the pool runs out, all empty pages are taken back at
//! once, which the pool's size makes rare.
#![expect(
    clippy::indexing_slicing,
    reason = "indices follow from the structure's own invariants; a broken one must stop the shard"
)]

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::{Lots, PackedLevel, Price, Side};

use super::bits::{BitTree, first_bit, next_bit, worse_bits};
use super::{BookFull, BookLimits, Level};

/// Ticks in a page.
const PAGE: usize = 64;
/// Directory entry of a page number that has no page. Zero, so that a directory costs only the memory that is used.
const NONE: u32 = 0;

/// Neighbouring ticks.
#[derive(Debug)]
struct Page {
    /// Sizes; zero where there is no level.
    lots: [i64; PAGE],
    /// 1 where a tick holds a level, else 0. Bytes, because setting a bit would have to wait for the bit set before.
    filled: [u8; PAGE],
}

impl Page {
    const EMPTY: Self = Self { lots: [0; PAGE], filled: [0; PAGE] };

    #[inline]
    fn set(&mut self, slot: usize, lots: Lots) {
        self.lots[slot] = lots.0;
        self.filled[slot] = u8::from(!lots.is_zero());
    }

    fn is_empty(&self) -> bool {
        self.filled == [0; PAGE]
    }

    /// Bit i is set where tick i holds a level.
    fn bits(&self) -> u64 {
        // Multiplied by this, eight flags meet in the top byte, the first of them at its lowest bit.
        const GATHER: u64 = 0x0102_0408_1020_4080;
        let (words, _) = self.filled.as_chunks::<8>();
        let gather = |bits, word: &[u8; 8]| bits << 8 | u64::from_le_bytes(*word).wrapping_mul(GATHER) >> 56;
        words.iter().rev().fold(0, gather)
    }
}

/// One side of the book.
#[derive(Debug)]
pub(super) struct SideBook {
    side: Side,
    levels_max: usize,
    /// Price of the best level; [`SideBook::NO_BID`] or [`SideBook::NO_ASK`] where there is none.
    best_price: Price,
    best_lots: Lots,
    /// Page number (price / 64) → index into the pool plus one, or `NONE`.
    directory: Vec<u32>,
    /// Pool.
    pages: Vec<Page>,
    /// Pool: which page number a page stands for.
    numbers: Vec<u32>,
    /// Pool: empty pages that are not in the directory.
    free: Vec<u32>,
    pages_max: usize,
    /// Page numbers that have a page, be it empty.
    paged: BitTree,
}

impl SideBook {
    /// Every price is better than no bid.
    const NO_BID: Price = Price(-1);
    /// Every price is better than no ask.
    const NO_ASK: Price = Price(BookLimits::PRICE_TICKS_MAX + 1);

    pub(super) fn new(side: Side, limits: BookLimits) -> Self {
        let numbers = page_of(Price(limits.price_ticks_max)) + 1;
        // Twice as many as may hold levels: a sweep then finds at least half of them empty.
        let pages_max = (2 * limits.levels_max).min(numbers);
        Self {
            side,
            levels_max: limits.levels_max,
            best_price: Self::none(side),
            best_lots: Lots::ZERO,
            directory: vec![NONE; numbers],
            pages: Vec::with_capacity(pages_max),
            numbers: Vec::with_capacity(pages_max),
            free: Vec::with_capacity(pages_max),
            pages_max,
            paged: BitTree::new(numbers),
        }
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
        self.pages.iter().map(|page| page.bits().count_ones() as usize).sum()
    }

    pub(super) const fn levels(&self) -> LevelsIter<'_> {
        LevelsIter { side: self, next: self.best(), worse: None }
    }

    /// Sets one size and returns what was there.
    pub(super) fn apply(&mut self, price: Price, lots: Lots) -> Result<Lots, BookFull> {
        let before = self.lots_at(price);
        if let Some(page) = self.page_to_set(price, lots)? {
            self.pages[page].set(slot_of(price), lots);
            self.settle(self.rank(price));
        }
        Ok(before)
    }

    /// Applies levels in order, up to the first that does not fit. Never inlined: the loop wants the registers for itself.
    #[inline(never)]
    pub(super) fn apply_all(&mut self, levels: &[PackedLevel]) -> Result<(), BookFull> {
        let mut top = i64::MIN;
        let mut left = levels;
        let applied = loop {
            left = self.apply_paged(left, &mut top);
            let Some((level, rest)) = left.split_first() else { break Ok(()) };
            left = rest;
            match self.page_to_set(level.price(), level.lots()) {
                Ok(Some(page)) => {
                    self.pages[page].set(slot_of(level.price()), level.lots());
                    top = top.max(self.rank(level.price()));
                }
                Ok(None) => {}
                Err(full) => break Err(full),
            }
        };
        self.settle(top);
        applied
    }

    /// Applies levels up to the first whose price has no page; returns the levels from that on. Raises `top` to the rank of the
    /// best price among those applied.
    #[inline]
    fn apply_paged<'l>(&mut self, levels: &'l [PackedLevel], top: &mut i64) -> &'l [PackedLevel] {
        let flip = self.flip();
        let (directory, pages) = (self.directory.as_slice(), self.pages.as_mut_slice());
        let mut best = *top;
        let mut done = levels.len();
        for (index, level) in levels.iter().enumerate() {
            let (price, lots) = (level.price(), level.lots());
            let entry = directory.get(page_of(price)).copied().unwrap_or(NONE);
            let Some(page) = pages.get_mut(index_of(entry)) else {
                done = index;
                break;
            };
            page.set(slot_of(price), lots);
            best = best.max(price.0 ^ flip);
        }
        *top = best;
        &levels[done..]
    }

    /// Where the page of a price is in the pool, made if need be; `None` where nothing is there and nothing is to be.
    fn page_to_set(&mut self, price: Price, lots: Lots) -> Result<Option<usize>, BookFull> {
        let number = page_of(price);
        match self.directory.get(number) {
            Some(&NONE) | None if lots.is_zero() => Ok(None),
            Some(&NONE) => self.add_page(number).map(Some),
            Some(entry) => Ok(Some(index_of(*entry))),
            None => Err(BookFull::Price),
        }
    }

    /// XOR with this makes of two prices the better one the greater number.
    const fn flip(&self) -> i64 {
        match self.side {
            Side::Bid => 0,
            Side::Ask => -1,
        }
    }

    /// The better a price, the greater its rank.
    const fn rank(&self, price: Price) -> i64 {
        price.0 ^ self.flip()
    }

    /// Makes the best level right again after changes at `top`, by rank, and at worse prices.
    #[inline]
    fn settle(&mut self, top: i64) {
        if top >= self.rank(self.best_price) {
            self.settle_at(Price(top ^ self.flip()));
        }
    }

    fn settle_at(&mut self, top: Price) {
        let here = self.lots_at(top);
        let best = if here.is_zero() { self.beyond(top) } else { Some(Level { price: top, lots: here }) };
        self.best_price = best.map_or(Self::none(self.side), |level| level.price);
        self.best_lots = best.map_or(Lots::ZERO, |level| level.lots);
    }

    pub(super) fn lots_at(&self, price: Price) -> Lots {
        self.page(page_of(price)).map_or(Lots::ZERO, |page| Lots(page.lots[slot_of(price)]))
    }

    pub(super) fn clear(&mut self) {
        for number in self.numbers.drain(..) {
            self.directory[number as usize] = NONE;
            self.paged.set(number as usize, false);
        }
        self.pages.clear();
        self.free.clear();
        self.best_price = Self::none(self.side);
        self.best_lots = Lots::ZERO;
    }

    /// Gives a page number a page; returns its index.
    fn add_page(&mut self, number: usize) -> Result<usize, BookFull> {
        if self.free.is_empty() && self.pages.len() == self.pages_max {
            self.sweep();
            if self.free.len() < self.levels_max {
                return Err(BookFull::Levels);
            }
        }
        let page = match self.free.pop() {
            Some(page) => page as usize,
            None => {
                self.pages.push(Page::EMPTY);
                self.numbers.push(0);
                self.pages.len() - 1
            }
        };
        self.numbers[page] = to_u32(number);
        self.directory[number] = to_u32(page + 1);
        self.paged.set(number, true);
        Ok(page)
    }

    /// Takes back every page without a level. Called when all pages are in the directory.
    fn sweep(&mut self) {
        for (index, page) in self.pages.iter().enumerate() {
            if page.is_empty() {
                let number = self.numbers[index] as usize;
                self.directory[number] = NONE;
                self.paged.set(number, false);
                self.free.push(to_u32(index));
            }
        }
    }

    /// The best level strictly worse than `price`.
    fn beyond(&self, price: Price) -> Option<Level> {
        let mut number = page_of(price);
        let mut slot = next_bit(self.side, self.page(number).map_or(0, Page::bits), slot_of(price));
        while slot.is_none() {
            number = self.paged.next(self.side, number)?;
            let bits = self.page(number).map_or(0, Page::bits);
            slot = (bits != 0).then(|| first_bit(self.side, bits));
        }
        slot.map(|slot| self.level(number, slot))
    }

    #[expect(clippy::cast_possible_wrap, reason = "a price in the book is below 2^32")]
    fn level(&self, number: usize, slot: usize) -> Level {
        let price = Price((number * PAGE + slot) as i64);
        Level { price, lots: self.lots_at(price) }
    }

    fn page(&self, number: usize) -> Option<&Page> {
        self.pages.get(index_of(*self.directory.get(number)?))
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

/// The index into the pool that a directory entry stands for; none that exists for [`NONE`].
#[inline]
const fn index_of(entry: u32) -> usize {
    (entry as usize).wrapping_sub(1)
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
    /// The levels of `next`'s page that are worse than it, as bits; `None` before they have been looked at. Gathering the bits
    /// of a page costs as much as several levels.
    worse: Option<u64>,
}

impl Iterator for LevelsIter<'_> {
    type Item = Level;

    fn next(&mut self) -> Option<Level> {
        let level = self.next?;
        let side = self.side;
        let bits = |number| side.page(number).map_or(0, Page::bits);
        let mut number = page_of(level.price);
        let mut worse =
            self.worse.unwrap_or_else(|| worse_bits(side.side, bits(number), slot_of(level.price)));
        self.next = None;
        while worse == 0 {
            let Some(page) = side.paged.next(side.side, number) else { return Some(level) };
            (number, worse) = (page, bits(page));
        }
        let slot = first_bit(side.side, worse);
        self.worse = Some(worse & !(1 << slot));
        self.next = Some(side.level(number, slot));
        Some(level)
    }
}
