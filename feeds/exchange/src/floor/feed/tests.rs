use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn sorted(side: Side, levels: &BTreeMap<i64, i64>) -> Vec<(Price, Lots)> {
    let mut all: Vec<_> = levels.iter().map(|(price, lots)| (Price(*price), Lots(*lots))).collect();
    all.sort_by_key(|(price, _)| -price.0 * side.sign());
    all
}

fn book() -> impl Strategy<Value = BTreeMap<i64, i64>> {
    prop::collection::btree_map(1..20i64, 1..4i64, 0..12)
}

proptest! {
    /// A diff makes the one book of the other, tells nothing twice, and nothing that has not changed.
    #[test]
    fn changes_make_one_book_of_another(from in book(), to in book()) {
        for side in Side::BOTH {
            let mut out = Vec::new();
            changes(side, &sorted(side, &from), &sorted(side, &to), &mut out);
            let mut book = from.clone();
            for level in &out {
                let (price, lots) = (level.price().0, level.lots().0);
                prop_assert_ne!(book.get(&price).copied().unwrap_or(0), lots, "told for nothing");
                if lots == 0 { book.remove(&price) } else { book.insert(price, lots) };
            }
            prop_assert_eq!(&book, &to);
            prop_assert!(out.is_sorted_by_key(|level| -level.price().0 * side.sign()));
        }
    }

    /// Whoever was shown the book in between, and goes on with the diff, has the book as it is; so has whoever had the one before.
    #[test]
    fn a_diff_completed_for_a_snapshot_makes_the_book(from in book(), between in book(), to in book()) {
        for side in Side::BOTH {
            let (mut differ, mut out) = (Vec::new(), Vec::new());
            changes(side, &sorted(side, &from), &sorted(side, &between), &mut differ);
            let prices: Vec<_> = differ.iter().map(|level| level.price()).collect();
            changes(side, &sorted(side, &from), &sorted(side, &to), &mut out);
            complete(side, &prices, &sorted(side, &to), &mut out);
            for mut book in [from.clone(), between.clone()] {
                for level in &out {
                    let (price, lots) = (level.price().0, level.lots().0);
                    if lots == 0 { book.remove(&price) } else { book.insert(price, lots) };
                }
                prop_assert_eq!(&book, &to);
            }
            prop_assert!(out.is_sorted_by_key(|level| -level.price().0 * side.sign()));
        }
    }
}
