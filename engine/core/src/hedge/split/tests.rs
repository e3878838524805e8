//! The split against every other split there is.

use proptest::prelude::*;

use super::*;

fn offer(cost: i128, impact: i64, shown: i64, capacity: i64) -> Offer {
    Offer {
        cost,
        impact: Rate(impact),
        shown: Lots(shown),
        capacity: Lots(capacity),
        lots_min: Lots(1),
        lot: Base(1_000),
    }
}

fn offers(list: &[Offer]) -> Offers {
    let mut offers = [None; HEDGE_VENUES_MAX];
    for (slot, offer) in offers.iter_mut().zip(list) {
        *slot = Some(*offer);
    }
    offers
}

/// Twice the shown size times the cost of taking `lots`, exact.
fn cost_of(offer: &Offer, lots: i128) -> f64 {
    let (shown, impact) = (offer.shown.0 as f64, offer.impact.0 as f64);
    offer.cost as f64 * lots as f64 + impact * (lots * lots) as f64 / (2.0 * shown)
}

#[test]
fn the_cheapest_venue_fills_first_and_ties_go_to_the_first() {
    let lots = split(Base(10_000), &offers(&[offer(5, 0, 1, 100), offer(4, 0, 1, 7), offer(5, 0, 1, 100)]));
    assert_eq!(lots[..3], [Lots(3), Lots(7), Lots(0)]);
}

#[test]
fn what_is_below_a_smallest_order_goes_elsewhere() {
    let large = Offer { lots_min: Lots(6), ..offer(3, 0, 1, 6) };
    // Seven lots: six to the cheap venue, and the seventh to the other, which takes no less than two.
    let small = Offer { lots_min: Lots(2), ..offer(9, 0, 1, 100) };
    assert_eq!(split(Base(7_000), &offers(&[large, small]))[..2], [Lots(6), Lots(0)]);
    // Four lots are too few for the cheap one.
    assert_eq!(split(Base(4_000), &offers(&[large, small]))[..2], [Lots(0), Lots(4)]);
    assert_eq!(split(Base(999), &offers(&[large, small])), [Lots::ZERO; HEDGE_VENUES_MAX]);
}

#[test]
fn nowhere_to_go() {
    assert_eq!(split(Base(7_000), &[None; HEDGE_VENUES_MAX]), [Lots::ZERO; HEDGE_VENUES_MAX]);
    assert_eq!(split(Base(-7_000), &offers(&[offer(1, 0, 1, 9)])), [Lots::ZERO; HEDGE_VENUES_MAX]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn no_other_split_is_cheaper(
        lots in 1..=24i64,
        a in (-50..50i128, 0..4_000i64, 1..40i64, 0..30i64),
        b in (-50..50i128, 0..4_000i64, 1..40i64, 0..30i64),
    ) {
        let (a, b) = (offer(a.0, a.1, a.2, a.3), offer(b.0, b.1, b.2, b.3));
        let got = split(Base(i128::from(lots) * 1_000 + 999), &offers(&[a, b]));
        let placed = got[0].0 + got[1].0;
        prop_assert_eq!(placed, lots.min(a.capacity.0 + b.capacity.0));
        let cost = |first: i64| cost_of(&a, i128::from(first)) + cost_of(&b, i128::from(placed - first));
        let possible = (0..=placed).filter(|first| *first <= a.capacity.0 && placed - first <= b.capacity.0);
        let least = possible.map(cost).fold(f64::INFINITY, f64::min);
        // Each piece's cost is rounded down to 10⁻⁸.
        prop_assert!(cost(got[0].0) <= least + placed as f64, "{got:?}: {} > {least}", cost(got[0].0));
    }

    #[test]
    fn never_more_than_asked_for_nor_than_anyone_takes(
        total in 0..2_000_000i128,
        list in prop::collection::vec((-50..50i128, 0..4_000i64, 1..40i64, 0..900i64, 1..60i64, 1..4_000i128), 1..8),
    ) {
        let list: alloc::vec::Vec<_> = list
            .into_iter()
            .map(|(cost, impact, shown, capacity, least, lot)| Offer {
                lots_min: Lots(least),
                lot: Base(lot),
                ..offer(cost, impact, shown, capacity)
            })
            .collect();
        let lots = split(Base(total), &offers(&list));
        let placed: i128 = lots.iter().zip(&list).map(|(lots, offer)| i128::from(lots.0) * offer.lot.0).sum();
        prop_assert!(placed <= total);
        for (lots, offer) in lots.iter().zip(&list) {
            prop_assert!(lots.0 == 0 || (*lots >= offer.lots_min && *lots <= offer.capacity));
        }
    }
}
