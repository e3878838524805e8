use ballast_model::{Lots, Money, Rate};

use super::*;

fn limits(burst: u32, per_second: u32) -> GateLimits {
    GateLimits {
        order_lots_max: Lots(1),
        order_notional_max: Money::ONE,
        position_lots_max: Lots(1),
        open_orders_max: 1,
        collar_through_max: Rate::from_bps(1),
        collar_away_max: Rate::from_bps(1),
        order_burst_max: burst,
        orders_per_second_max: per_second,
        reducing_quotes: ReducingQuotes::Pass,
    }
}

fn share(windows: &[(u32, u32)], lanes: u32) -> OrderShare {
    let mut kept = [None; ORDER_WINDOWS_MAX];
    for (place, (seconds, count)) in kept.iter_mut().zip(windows) {
        *place = Some(OrderWindow { seconds: *seconds, count: *count });
    }
    OrderShare { windows: kept, lanes }
}

fn slowed(windows: &[(u32, u32)], lanes: u32, (burst, rate): (u32, u32)) -> (u32, u32) {
    let mut limits = limits(burst, rate);
    share(windows, lanes).slow(&mut limits);
    assert_eq!(limits.reducing_quotes, ReducingQuotes::Wait);
    (limits.order_burst_max, limits.orders_per_second_max)
}

const SPOT: [(u32, u32); 2] = [(10, 50), (86_400, 160_000)];
const USDM: [(u32, u32); 2] = [(10, 300), (60, 1_200)];

#[test]
fn a_throttle_above_the_venues_counts_is_lowered_to_an_equal_share_and_one_below_is_left() {
    assert_eq!(slowed(&SPOT, 1, (200, 100)), (15, 3), "15 + 30 of nine tenths of 50");
    assert_eq!(slowed(&SPOT, 1, (15, 3)), (15, 3));
    assert_eq!(slowed(&SPOT, 1, (5, 4)), (5, 4), "5 + 40 fit as they are");
    assert_eq!(slowed(&SPOT, 2, (200, 100)), (12, 1));
    assert_eq!(slowed(&USDM, 1, (200, 100)), (60, 17), "60 + 1 020 of nine tenths of 1 200");
    assert_eq!(slowed(&USDM, 1, (20, 10)), (20, 10));
    assert_eq!(slowed(&[], 1, (200, 100)), (200, 100), "a venue that counts nothing");
    assert_eq!(slowed(&SPOT, 99, (200, 100)), (1, 1), "what is quoted at all can be");
}

#[test]
fn what_is_lowered_is_said_with_the_numbers() {
    let said = |lanes, (burst, rate)| {
        Slowed::of("spot ETHUSDT", &share(&SPOT, lanes), &limits(burst, rate))
            .map(|slowed| slowed.to_string())
    };
    assert_eq!(
        said(2, (200, 100)).unwrap(),
        "spot ETHUSDT: order_burst 200 and orders_per_second 100 are 2400 new orders of 2 instrument(s) in 10 s, of which the venue takes \
         50: lowered to 12 and 1"
    );
    assert_eq!(said(1, (15, 3)), None);
    assert!(
        said(99, (1, 1)).unwrap().contains("are 1089 new orders"),
        "more than is taken, though it cannot be lowered"
    );
}

#[test]
fn no_share_goes_beyond_the_count_and_nothing_is_raised() {
    for (seconds, count) in [(10, 50), (10, 300), (60, 1_200), (1, 10), (300, 6_000)] {
        for (lanes, burst, rate) in [(1, 1, 1), (1, 200, 100), (2, 30, 4), (3, 9, 9), (1, 10_000, 1)] {
            let given = slowed(&[(seconds, count)], lanes, (burst, rate));
            assert!(given.0 >= 1 && given.1 >= 1 && given.0 <= burst && given.1 <= rate);
            let least = sent(1, 1, seconds) * u64::from(lanes);
            let most = sent(given.0, given.1, seconds) * u64::from(lanes);
            assert!(most <= u64::from(count).max(least), "{lanes} of {burst} and {rate}: {given:?}");
        }
    }
}
