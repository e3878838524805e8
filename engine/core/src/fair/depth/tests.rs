use alloc::vec::Vec;

use ballast_model::{Lots, Price};
use proptest::prelude::*;

use super::*;
use crate::book::BookLimits;

/// Distances behind 1 000 (bids) or 1 000 plus the spread (asks) with their sizes.
type Depth = Vec<(i64, i64)>;

const BEST_BID: i64 = 1_000;

fn levels(side: Side, best: i64, depth: &[(i64, i64)]) -> Vec<Level> {
    depth
        .iter()
        .map(|(away, lots)| Level { price: Price(best - side.sign() * away), lots: Lots(*lots) })
        .collect()
}

/// A book of these levels times `scale` and the touch that it shows.
fn market(bids: &[(i64, i64)], asks: &[(i64, i64)], spread: i64, scale: i64) -> (Book, Touch) {
    let mut book = Book::new(BookLimits { price_ticks_max: 3_000, levels_max: 32 });
    for (side, best, depth) in [(Side::Bid, BEST_BID, bids), (Side::Ask, BEST_BID + spread, asks)] {
        for level in levels(side, best, depth) {
            book.apply(side, Price(level.price.0 * scale), level.lots).unwrap();
        }
    }
    let touch = Touch::from_sides(book.best(Side::Bid), book.best(Side::Ask)).unwrap();
    (book, touch)
}

fn imbalance(reach: Reach, strength: f64, market: &(Book, Touch)) -> FairValue {
    depth_imbalance(ImbalanceParams { reach, strength }, &market.1, &market.0, Nanos(3)).unwrap()
}

fn mid_of(levels: usize, market: &(Book, Touch)) -> FairValue {
    depth_mid(DepthMidParams { levels }, &market.1, &market.0, Nanos(3)).unwrap()
}

#[test]
fn the_volume_weighted_mid_of_two_levels_by_hand() {
    // V_b = (1000·1 + 999·3)/4 = 999.25 with Q_b = 4; V_a = (1010·2 + 1012·2)/4 = 1011 with Q_a = 4.
    let market = market(&[(0, 1), (1, 3), (5, 90)], &[(0, 2), (2, 2), (3, 70)], 10, 1);
    assert!((mid_of(2, &market).ticks() - (999.25 + 1_011.0) / 2.0).abs() < 1e-9);
}

#[test]
fn one_level_is_the_weighted_mid_for_both() {
    let market = market(&[(0, 7), (1, 3)], &[(0, 2), (2, 2)], 6, 1);
    let weighted = market.1.weighted_mid_ticks();
    assert!((mid_of(1, &market).ticks() - weighted).abs() < 1e-9);
    assert!((imbalance(Reach::Levels(1), 1.0, &market).ticks() - weighted).abs() < 1e-9);
}

#[test]
fn more_bids_move_the_value_up_by_the_share_of_half_the_spread() {
    // Within two ticks: 3 + 3 bid, 1 + 1 offered; I = ½, the half spread 5 ticks, half of it allowed.
    let market = market(&[(0, 3), (2, 3), (3, 50)], &[(0, 1), (1, 1), (3, 50)], 10, 1);
    assert!((imbalance(Reach::Distance(Ticks(2)), 0.5, &market).ticks() - 1_006.25).abs() < 1e-9);
    assert!((imbalance(Reach::Levels(2), 0.5, &market).ticks() - 1_006.25).abs() < 1e-9);
}

#[test]
fn levels_that_the_touch_says_are_gone_do_not_count() {
    // The book still shows bids at 1000 and 999; the faster stream says the best bid is 998, of another size.
    let (book, old) = market(&[(0, 50), (1, 50), (2, 50), (3, 4)], &[(0, 2), (1, 4)], 10, 1);
    let bid = Level { price: Price(998), lots: Lots(2) };
    let touch = Touch { bid, ask: old.ask };
    // Bid 2 at 998 and 4 at 997, ask 2 at 1010 and 4 at 1011: symmetric.
    assert!((mid_of(2, &(book, touch)).ticks() - 1_004.0).abs() < 1e-9);
}

#[test]
fn fewer_levels_than_asked_for_are_less_confidence() {
    let market = market(&[(0, 1), (1, 1), (2, 1)], &[(0, 1)], 10, 1);
    let confidence = |value: FairValue| (value.confidence(), value.as_of());
    assert_eq!(confidence(mid_of(4, &market)), (0.25, Nanos(3)));
    assert_eq!(confidence(imbalance(Reach::Levels(2), 1.0, &market)), (0.5, Nanos(3)));
    assert_eq!(confidence(imbalance(Reach::Distance(Ticks(9)), 1.0, &market)), (1.0, Nanos(3)));
}

fn depth() -> impl Strategy<Value = Depth> {
    prop::collection::vec((1..4i64, 1..1_000_000i64), 0..9).prop_map(|steps| {
        let mut away = 0;
        let behind = steps.into_iter().map(|(step, lots)| {
            away += step;
            (away, lots)
        });
        core::iter::once((0, 500)).chain(behind).collect()
    })
}

/// Volume and average price of the levels, in floats and from the prices themselves.
fn naive(side: Side, best: i64, depth: &[(i64, i64)]) -> (f64, f64) {
    let levels = levels(side, best, depth);
    let volume: f64 = levels.iter().map(|level| level.lots.0 as f64).sum();
    let value: f64 = levels.iter().map(|level| level.lots.0 as f64 * level.price.0 as f64).sum();
    (volume, value / volume)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn both_are_their_formulas_and_stay_inside_the_touch(
        bids in depth(), asks in depth(), spread in 1..50i64, n in 1..12usize, strength in 0.01..=1.0f64,
    ) {
        let market = market(&bids, &asks, spread, 1);
        let (low, high) = (BEST_BID as f64, (BEST_BID + spread) as f64);
        let (bid_volume, bid_price) = naive(Side::Bid, BEST_BID, &bids[..n.min(bids.len())]);
        let (ask_volume, ask_price) = naive(Side::Ask, BEST_BID + spread, &asks[..n.min(asks.len())]);
        let total = bid_volume + ask_volume;

        let weighted = ((bid_price * ask_volume + ask_price * bid_volume) / total).clamp(low, high);
        let found = mid_of(n, &market).ticks();
        prop_assert!((found - weighted).abs() < 1e-6, "{found} {weighted}");
        prop_assert!(found >= low && found <= high);

        let moved = (low + high) / 2.0 + strength * (bid_volume - ask_volume) / total * spread as f64 / 2.0;
        let found = imbalance(Reach::Levels(n), strength, &market).ticks();
        prop_assert!((found - moved).abs() < 1e-9, "{found} {moved}");
        prop_assert!(found >= low && found <= high);
    }

    #[test]
    fn twice_the_tick_is_half_the_ticks(bids in depth(), asks in depth(), spread in 1..50i64, n in 1..12usize) {
        let (coarse, fine) = (market(&bids, &asks, spread, 1), market(&bids, &asks, spread, 2));
        let half = |value: FairValue| value.rescaled(0.5).unwrap().ticks().to_bits();
        prop_assert_eq!(half(mid_of(n, &fine)), mid_of(n, &coarse).ticks().to_bits());
        for (wide, narrow) in [(Reach::Levels(n), Reach::Levels(n)), (Reach::Distance(Ticks(6)), Reach::Distance(Ticks(3)))] {
            let (fine, coarse) = (imbalance(wide, 0.8, &fine), imbalance(narrow, 0.8, &coarse));
            prop_assert_eq!(half(fine), coarse.ticks().to_bits());
        }
    }

    #[test]
    fn a_touch_of_any_numbers_makes_a_sound_value_or_none(
        bid in 0..i64::MAX / 4, ask in 0..i64::MAX / 4, bid_lots in 0..i64::MAX / 4, ask_lots in 0..i64::MAX / 4,
    ) {
        let level = |price, lots| Level { price: Price(price), lots: Lots(lots) };
        let touch = Touch { bid: level(bid, bid_lots), ask: level(ask, ask_lots) };
        let book = Book::new(BookLimits { price_ticks_max: 64, levels_max: 4 });
        let params = ImbalanceParams { reach: Reach::Levels(3), strength: 1.0 };
        let values = [
            depth_mid(DepthMidParams { levels: 3 }, &touch, &book, Nanos(0)),
            depth_imbalance(params, &touch, &book, Nanos(0)),
        ];
        prop_assert!(values.iter().flatten().all(|value| value.ticks().is_finite()));
    }
}
