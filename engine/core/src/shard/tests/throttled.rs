//! Quotes that are shaped and throttled.

use ballast_model::{Lots, OrderReport, Rate, RejectReason, Side, Span, Ticks};

use super::desk::{Desk, Did, ask, bid};
use crate::inventory::{Band, InventoryParams};
use crate::shape::adjust::AdjustParams;
use crate::shape::shaper::{LevelsFrom, ShaperParams};
use crate::shape::throttle::ThrottleParams;
use crate::shard::{QuotingSpec, ShapingSpec};

/// Changes at least a second apart, small ones ten; the adding side stops at half of a limit of forty lots.
pub(super) fn shaping() -> ShapingSpec {
    let band = |enter, leave| Band { enter: Rate::from_bps(enter), leave: Rate::from_bps(leave) };
    ShapingSpec {
        shaper: ShaperParams {
            adjust: AdjustParams {
                volatility: None,
                liquidity: None,
                momentum: None,
                venues: None,
                shift_max: Ticks(0),
                widen_max: Ticks(0),
            },
            inventory: InventoryParams {
                limit: Lots(40),
                skew: band(1_000, 500),
                reduce: band(5_000, 4_000),
                hedge: None,
                liquidate: None,
            },
            skew_max: Ticks(0),
            levels: LevelsFrom::Model,
        },
        drift: None,
        depth_within: Ticks(10),
        liquidation_protection: None,
        throttle: Some(ThrottleParams {
            interval_min: Span::from_secs(1),
            wait_max: Span::from_secs(10),
            mid_move_min: None,
            quote_move_min: None,
            inventory_move_min: None,
        }),
    }
}

fn throttled() -> Desk {
    let shaped = |quoting: &mut QuotingSpec| {
        quoting.shaping = Some(shaping());
        quoting.touch_age_max = Span::from_secs(100);
    };
    Desk::with(shaped).then_quoted()
}

#[test]
fn a_change_waits_for_its_time_and_is_not_forgotten() {
    let mut desk = throttled();
    assert_eq!(desk.touch(10_005, 10_015), []);
    assert_eq!(desk.timer(), [Did::Cancel(1), Did::Cancel(2), bid(3, 10_005), ask(4, 10_015)]);
}

#[test]
fn a_touch_that_would_cross_a_quote_does_not_wait() {
    let mut desk = throttled();
    assert_eq!(desk.touch(9_980, 9_999), [Did::Cancel(1), Did::Cancel(2), bid(3, 9_980), ask(4, 9_999)]);
}

#[test]
fn a_side_that_inventory_stops_does_not_come_back() {
    let mut desk = throttled();
    desk.fill(1, Side::Bid, 10);
    assert_eq!(desk.timer(), [bid(3, 9_999)]);
    desk.accepted(3);
    // Twenty of forty lots: no bid comes back, the ask stays.
    assert_eq!(desk.fill(3, Side::Bid, 10), []);
    assert_eq!(desk.timer(), []);
    assert_eq!(desk.shard.best_quote(super::desk::ETH, Side::Ask).unwrap().0, 10_010);
}

#[test]
fn a_refused_cancel_is_repeated_whatever_the_throttle_says() {
    let mut desk = throttled();
    desk.touch(10_005, 10_015);
    assert_eq!(desk.timer().len(), 4);
    assert_eq!(desk.report(1, OrderReport::CancelRejected(RejectReason::RateLimit)), []);
    // Within the second in which no change passes.
    let refused_at = desk.now;
    assert_eq!(desk.timer(), [Did::Cancel(1)]);
    assert!(desk.now - refused_at <= Span::from_millis(100));
    assert!(desk.shard.next_deadline().is_none_or(|at| at > desk.now), "no deadline is left behind");
}

#[test]
fn an_order_the_rate_refused_is_repeated_whatever_the_throttle_says() {
    let mut desk = Desk::with(|quoting| {
        quoting.shaping = Some(shaping());
        (quoting.limits.order_burst_max, quoting.limits.orders_per_second_max) = (1, 4);
    });
    assert_eq!(desk.snapshot(10_000, 10_010), [bid(1, 10_000)], "one token");
    let spent = desk.now;
    assert_eq!(desk.timer(), [ask(2, 10_010)]);
    assert_eq!(desk.now, spent + Span::from_millis(250), "within the second in which no change passes");
    assert!(desk.shard.next_deadline().is_none_or(|at| at > desk.now), "no deadline is left behind");
}
