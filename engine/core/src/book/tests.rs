//! The book against its naive twin, a sorted map.

use super::*;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use proptest::prelude::*;

const LIMITS: BookLimits = BookLimits { price_ticks_max: 3_000_000, levels_max: 24 };

#[derive(Default)]
struct Twin([BTreeMap<i64, i64>; 2]);

impl Twin {
    fn is_new_page_too_many(&self, side: Side, price: Price) -> bool {
        let mut pages: Vec<_> = self.0[side.index()].keys().map(|price| price / 64).collect();
        pages.dedup();
        !pages.contains(&(price.0 / 64)) && pages.len() == LIMITS.levels_max
    }

    fn apply(&mut self, side: Side, price: Price, lots: Lots) -> Result<Lots, BookFull> {
        let before = self.0[side.index()].get(&price.0).copied().unwrap_or(0);
        if lots.is_zero() {
            self.0[side.index()].remove(&price.0);
        } else if !(0..=LIMITS.price_ticks_max / 64).contains(&(price.0 / 64)) {
            return Err(BookFull::Price);
        } else if before == 0 && self.is_new_page_too_many(side, price) {
            return Err(BookFull::Levels);
        } else {
            self.0[side.index()].insert(price.0, lots.0);
        }
        Ok(Lots(before))
    }

    fn levels(&self, side: Side) -> Vec<Level> {
        let level = |(price, lots): (&i64, &i64)| Level { price: Price(*price), lots: Lots(*lots) };
        match side {
            Side::Bid => self.0[0].iter().rev().map(level).collect(),
            Side::Ask => self.0[1].iter().map(level).collect(),
        }
    }
}

fn price() -> impl Strategy<Value = i64> {
    // A crowded touch, neighbouring pages and groups, and the far ends of the range.
    prop_oneof![4 => 999_990..1_000_010i64, 2 => 990_000..1_010_000i64, 1 => 0..=3_100_000i64, 1 => Just(0i64), 1 => Just(3_000_000)]
}

proptest! {
    #[test]
    fn book_equals_its_twin(updates in prop::collection::vec((any::<bool>(), price(), 0..3i64), 1..600)) {
        let (mut book, mut twin) = (Book::new(LIMITS), Twin::default());
        for (ask, price, lots) in updates {
            let side = if ask { Side::Ask } else { Side::Bid };
            prop_assert_eq!(book.apply(side, Price(price), Lots(lots)), twin.apply(side, Price(price), Lots(lots)));
            prop_assert_eq!(book.lots_at(side, Price(price)).0, twin.0[side.index()].get(&price).copied().unwrap_or(0));
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
