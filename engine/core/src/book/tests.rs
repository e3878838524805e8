//! The book against its naive twin, a sorted map.

use super::*;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use proptest::prelude::*;

const LIMITS: BookLimits = BookLimits { price_ticks_max: 3_000_000, levels_max: 24 };

#[derive(Default)]
struct Twin {
    levels: [BTreeMap<i64, i64>; 2],
    pages: [BTreeSet<i64>; 2],
}

impl Twin {
    /// Pages come from a pool of twice as many as may hold levels; when it is used up, the empty ones go back.
    fn gets_page(&mut self, side: Side, page: i64) -> bool {
        let (levels, pages) = (&self.levels[side.index()], &mut self.pages[side.index()]);
        if !pages.contains(&page) && pages.len() == 2 * LIMITS.levels_max {
            pages.retain(|page| levels.range(page * 64..(page + 1) * 64).next().is_some());
            if pages.len() > LIMITS.levels_max {
                return false;
            }
        }
        pages.insert(page);
        true
    }

    fn apply(&mut self, side: Side, price: Price, lots: Lots) -> Result<Lots, BookFull> {
        let before = self.lots_at(side, price);
        if lots.is_zero() {
            self.levels[side.index()].remove(&price.0);
        } else if !(0..=LIMITS.price_ticks_max / 64).contains(&(price.0 / 64)) {
            return Err(BookFull::Price);
        } else if !self.gets_page(side, price.0 / 64) {
            return Err(BookFull::Levels);
        } else {
            self.levels[side.index()].insert(price.0, lots.0);
        }
        Ok(before)
    }

    fn lots_at(&self, side: Side, price: Price) -> Lots {
        Lots(self.levels[side.index()].get(&price.0).copied().unwrap_or(0))
    }

    fn levels(&self, side: Side) -> Vec<Level> {
        let level = |(price, lots): (&i64, &i64)| Level { price: Price(*price), lots: Lots(*lots) };
        match side {
            Side::Bid => self.levels[0].iter().rev().map(level).collect(),
            Side::Ask => self.levels[1].iter().map(level).collect(),
        }
    }
}

fn price() -> impl Strategy<Value = i64> {
    // A crowded touch, neighbouring pages and groups, and the far ends of the range.
    prop_oneof![4 => 999_990..1_000_010i64, 2 => 990_000..1_010_000i64, 1 => 0..=3_100_000i64, 1 => Just(0i64), 1 => Just(3_000_000)]
}

fn run() -> impl Strategy<Value = Vec<(i64, i64)>> {
    prop::collection::vec((price(), 0..3i64), 1..8)
}

proptest! {
    #[test]
    fn book_equals_its_twin(runs in prop::collection::vec((any::<bool>(), run()), 1..200)) {
        let (mut book, mut twin) = (Book::new(LIMITS), Twin::default());
        for (ask, run) in runs {
            let side = if ask { Side::Ask } else { Side::Bid };
            if let [(price, lots)] = run[..] {
                let (price, lots) = (Price(price), Lots(lots));
                prop_assert_eq!(book.apply(side, price, lots), twin.apply(side, price, lots));
            } else {
                let packed = |(price, lots): &(i64, i64)| PackedLevel::new(Price(*price), Lots(*lots)).unwrap();
                let levels: Vec<_> = run.iter().map(packed).collect();
                let each = |level: &PackedLevel| twin.apply(side, level.price(), level.lots()).map(drop);
                prop_assert_eq!(book.apply_all(side, &levels), levels.iter().try_for_each(each));
            }
            for (price, _) in run {
                prop_assert_eq!(book.lots_at(side, Price(price)), twin.lots_at(side, Price(price)));
            }
            for side in Side::BOTH {
                let levels = twin.levels(side);
                prop_assert_eq!(book.best(side), levels.first().copied());
                prop_assert_eq!(book.depth(side), levels.len());
                prop_assert_eq!(book.levels(side).collect::<Vec<_>>(), levels);
            }
        }
    }
}

#[test]
fn a_wandering_price_does_not_use_up_the_pages() {
    let mut book = Book::new(LIMITS);
    for step in 0..20_000i64 {
        let price = Price(step * 150 % LIMITS.price_ticks_max);
        assert_eq!(book.apply(Side::Bid, price, Lots(1)), Ok(Lots::ZERO));
        assert_eq!(book.best(Side::Bid), Some(Level { price, lots: Lots(1) }));
        assert_eq!(book.apply(Side::Bid, price, Lots::ZERO), Ok(Lots(1)));
    }
    assert_eq!((book.depth(Side::Bid), book.best(Side::Bid)), (0, None));
}

#[test]
fn clearing_forgets_everything() {
    let mut book = Book::new(LIMITS);
    book.apply(Side::Bid, Price(10), Lots(5)).unwrap();
    book.apply(Side::Ask, Price(11), Lots(5)).unwrap();
    book.clear();
    assert_eq!((book.best(Side::Bid), book.best(Side::Ask)), (None, None));
    assert_eq!(book.lots_at(Side::Bid, Price(10)), Lots::ZERO);
    assert_eq!(book.apply(Side::Bid, Price(10), Lots(7)), Ok(Lots::ZERO));
}

#[test]
fn a_bid_at_the_ask_is_crossed() {
    let mut book = Book::new(LIMITS);
    book.apply(Side::Bid, Price(10), Lots(5)).unwrap();
    book.apply(Side::Ask, Price(11), Lots(5)).unwrap();
    assert!(!book.crossed());
    book.apply(Side::Bid, Price(11), Lots(1)).unwrap();
    assert!(book.crossed());
}

#[test]
fn the_digest_sees_prices_sizes_and_sides() {
    let digest_of = |levels: &[(Side, i64, i64)]| {
        let mut book = Book::new(LIMITS);
        for (side, price, lots) in levels {
            book.apply(*side, Price(*price), Lots(*lots)).unwrap();
        }
        let mut digest = Digest::new();
        book.digest(&mut digest);
        digest.value()
    };
    let base = digest_of(&[(Side::Bid, 10, 5)]);
    for other in [[(Side::Ask, 10, 5)], [(Side::Bid, 11, 5)], [(Side::Bid, 10, 6)]] {
        assert_ne!(base, digest_of(&other));
    }
}
