//! What others show near a price.
//!
//! Never here: our own orders counted as liquidity.

use ballast_model::{LOTS_MAX, Lots, Price, Side, Ticks};

use crate::book::Level;

/// Size of others standing on `side` within `near` of `price`, both ways, in lots; at most [`LOTS_MAX`].
///
/// `levels` are the book's, best first ([`crate::book::Book::levels`]), and `own` is what we rest among them at each price;
/// it is taken off, for a size that follows the depth would else feed on itself. The book may show less than we rest (an
/// order it has not seen yet): that counts as nothing, never as less.
#[must_use]
#[inline]
pub fn depth_near(
    levels: impl IntoIterator<Item = Level>,
    side: Side,
    price: Price,
    near: Ticks,
    mut own: impl FnMut(Price) -> Lots,
) -> Lots {
    let deepest = price.away(side, near);
    let near_levels = levels
        .into_iter()
        .take_while(|level| side.reaches(level.price, deepest))
        .filter(|level| (level.price.0 - price.0).abs() <= near.0);
    let sum = near_levels
        .fold(0i64, |sum, level| sum.saturating_add((level.lots.0 - own(level.price).0.max(0)).max(0)));
    Lots(sum.min(LOTS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn level((ticks, lots): (i64, i64)) -> Level {
        Level { price: Price(ticks), lots: Lots(lots) }
    }

    #[test]
    fn only_others_within_reach_count() {
        let bids = [(100, 5), (99, 7), (97, 11), (90, 13)].map(level);
        let nobody = |_| Lots::ZERO;
        let depth = |price, near, own: &dyn Fn(Price) -> Lots| {
            depth_near(bids, Side::Bid, Price(price), Ticks(near), own).0
        };
        assert_eq!(depth(100, 0, &nobody), 5);
        assert_eq!(depth(98, 1, &nobody), 7 + 11);
        assert_eq!(depth(95, 1, &nobody), 0);
        assert_eq!(depth(100, 3, &nobody), 5 + 7 + 11);
        // Ours are 3 of the 5 at 100; the 9 at 99 the book does not show yet.
        let own = |price: Price| Lots(if price.0 == 100 { 3 } else { 9 * i64::from(price.0 == 99) });
        assert_eq!(depth(100, 1, &own), 2);
        let asks = [(101, 5), (103, 7)].map(level);
        assert_eq!(depth_near(asks, Side::Ask, Price(101), Ticks(1), nobody), Lots(5));
        assert_eq!(depth_near(asks, Side::Ask, Price(101), Ticks(2), nobody), Lots(12));
    }

    proptest! {
        #[test]
        fn the_naive_sum_agrees(
            mut levels in prop::collection::vec((1..60i64, 1..1_000i64), 0..20),
            price in 1..60i64, near in 0..30i64, own in 0..500i64, bid in any::<bool>(),
        ) {
            levels.sort_unstable();
            levels.dedup_by_key(|level| level.0);
            let naive: i64 = levels
                .iter()
                .filter(|(at, _)| (*at - price).abs() <= near)
                .map(|(_, lots)| (lots - own).max(0))
                .sum();
            let side = if bid { Side::Bid } else { Side::Ask };
            if bid {
                levels.reverse();
            }
            let levels: Vec<_> = levels.into_iter().map(level).collect();
            prop_assert_eq!(depth_near(levels, side, Price(price), Ticks(near), |_| Lots(own)), Lots(naive));
        }
    }
}
