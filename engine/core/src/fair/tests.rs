use super::*;
use ballast_model::Lots;
use proptest::prelude::*;

fn level(ticks: i64, lots: i64) -> Level {
    Level { price: Price(ticks), lots: Lots(lots) }
}

fn touch(bid: (i64, i64), ask: (i64, i64)) -> Touch {
    Touch::from_sides(Some(level(bid.0, bid.1)), Some(level(ask.0, ask.1))).unwrap()
}

#[test]
fn a_one_sided_empty_locked_or_crossed_book_has_no_touch() {
    let (bid, ask) = (level(99, 5), level(101, 5));
    assert_eq!(Touch::from_sides(None, Some(ask)), None);
    assert_eq!(Touch::from_sides(Some(bid), None), None);
    assert_eq!(Touch::from_sides(None, None), None);
    assert_eq!(Touch::from_sides(Some(level(99, 0)), Some(ask)), None);
    assert_eq!(Touch::from_sides(Some(bid), Some(level(101, 0))), None);
    assert_eq!(Touch::from_sides(Some(level(101, 5)), Some(ask)), None);
    assert_eq!(Touch::from_sides(Some(ask), Some(bid)), None);
}

#[test]
fn mid_keeps_the_half_tick() {
    let touch = touch((100, 1), (103, 1));
    assert_eq!((touch.mid(), touch.spread()), (HalfTicks(203), Ticks(3)));
    assert!((touch.mid().to_ticks_f64() - 101.5).abs() < 1e-12);
}

#[test]
fn weighted_mid_leans_towards_the_smaller_side() {
    // 100·1 + 104·3 over 4: three times the size on the bid puts the value three quarters of the way to the ask.
    let touch = touch((100, 3), (104, 1));
    assert!((touch.weighted_mid_ticks() - 103.0).abs() < 1e-12);
}

#[test]
fn what_is_no_price_does_not_leave() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 0.0, 1e13, 1e300] {
        assert_eq!((floor_to_tick(bad), ceil_to_tick(bad)), (None, None), "{bad}");
    }
    assert_eq!((floor_to_tick(0.7), ceil_to_tick(0.7)), (None, Some(Price(1))));
    let highest = Price(PRICE_TICKS_MAX);
    assert_eq!(
        (floor_to_tick(1_099_511_627_775.5), ceil_to_tick(1_099_511_627_775.5)),
        (Some(highest), None)
    );
}

proptest! {
    #[test]
    fn bids_round_down_and_asks_round_up(ticks in 1.0..1e9f64) {
        let (floor, ceil) = (floor_to_tick(ticks).unwrap(), ceil_to_tick(ticks).unwrap());
        prop_assert!(floor.0 as f64 <= ticks && ticks < (floor.0 + 1) as f64);
        prop_assert!(ceil.0 as f64 >= ticks && ticks > (ceil.0 - 1) as f64);
    }

    #[test]
    fn weighted_mid_stays_inside_the_touch(
        bid in 1..1_000_000i64, spread in 1..1_000i64,
        bid_lots in 1..1_000_000_000i64, ask_lots in 1..1_000_000_000i64,
    ) {
        let fair = touch((bid, bid_lots), (bid + spread, ask_lots)).weighted_mid_ticks();
        prop_assert!(fair >= bid as f64 && fair <= (bid + spread) as f64);
    }
}
