//! Stories of orders that are amended rather than cancelled and placed anew.

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::{ClientOrderId, OrderReport, Price, Rate, RejectReason, Side, Span, Ticks, VenueOrderId};

use super::desk::{Desk, Did, ETH, ask, bid, level};
use crate::gate::Rule;
use crate::oms::OrderState;
use crate::quotes::Tolerance;
use crate::replace::ReplaceRules;
use crate::shard::QuotingSpec;

fn amending(rules: ReplaceRules) -> Desk {
    Desk::with(|quoting| quoting.amend = rules).then_quoted()
}

/// The venue has amended an order.
fn amended(desk: &mut Desk, order: u64, price: i64, lots: i64) -> Vec<Did> {
    let venue_id = VenueOrderId(1_000 + order);
    let filled = ballast_model::Lots::ZERO;
    desk.report(order, OrderReport::Replaced { venue_id, level: level(price, lots), filled })
}

#[test]
fn quotes_follow_the_touch_by_one_request_each_what_steps_back_first() {
    let mut desk = amending(ReplaceRules::BINANCE_USDM);
    assert_eq!(desk.touch(10_012, 10_022), [Did::Amend(2, 10_022, 10), Did::Amend(1, 10_012, 10)]);
    assert_eq!(amended(&mut desk, 2, 10_022, 10), []);
    assert_eq!(amended(&mut desk, 1, 10_012, 10), []);
    assert_eq!(desk.touch(10_000, 10_010), [Did::Amend(1, 10_000, 10), Did::Amend(2, 10_010, 10)]);
    assert_eq!(desk.shard.orders(ETH).unwrap().open_count(), 2, "they are the same two orders");
    assert_eq!(desk.shard.gate(ETH).unwrap().passed(), 6, "each asked the gate");
}

#[test]
fn an_amendment_on_its_way_is_overtaken_by_a_cancel() {
    let mut desk = amending(ReplaceRules::BINANCE_USDM);
    desk.touch(10_002, 10_012);
    assert_eq!(desk.touch(10_002, 10_012), [], "what is on its way stands where it goes");
    let anew = [Did::Cancel(1), Did::Cancel(2), bid(3, 10_004), ask(4, 10_014)];
    assert_eq!(desk.touch(10_004, 10_014), anew, "what is not live is not amended");
    assert_eq!(amended(&mut desk, 1, 10_002, 10), []);
    assert_eq!((desk.cancelled(1), desk.cancelled(2)), (vec![], vec![]));
}

#[test]
fn a_venue_that_only_makes_smaller_sees_cancels_and_new_orders_where_prices_move() {
    let moved = [Did::Cancel(1), Did::Cancel(2), bid(3, 10_002), ask(4, 10_012)];
    for rules in [ReplaceRules::BINANCE_SPOT, ReplaceRules::NONE] {
        assert_eq!(amending(rules).touch(10_002, 10_012), moved);
    }
}

#[test]
fn a_part_filled_quote_is_made_whole_in_place_of_a_new_one() {
    let mut desk = amending(ReplaceRules::BYBIT);
    // Four of ten have traded: with ten to remain its total is fourteen.
    assert_eq!(desk.fill(1, Side::Bid, 4), [Did::Amend(1, 9_999, 14)]);
    let order = desk.shard.orders(ETH).unwrap().order(ClientOrderId::new(super::desk::EPOCH, 1)).unwrap();
    assert_eq!((order.state, order.aim().0), (OrderState::PendingReplace, Price(9_999)));
    let capped = |quoting: &mut QuotingSpec| {
        quoting.amend = ReplaceRules::BYBIT;
        quoting.limits.order_lots_max = ballast_model::Lots(10);
    };
    let mut desk = Desk::with(capped).then_quoted();
    assert_eq!(desk.fill(1, Side::Bid, 4), [Did::Cancel(1), bid(3, 9_999)], "fourteen would be too large");
    assert_eq!(desk.notes, []);
}

#[test]
fn a_refused_amendment_is_a_cancel_and_a_new_order() {
    let mut desk = amending(ReplaceRules::BINANCE_USDM);
    desk.touch(10_002, 10_012);
    let refused = OrderReport::ReplaceRejected(RejectReason::Other);
    assert_eq!(desk.report(1, refused), [Did::Cancel(1), bid(3, 10_002)], "it is not asked again");
    assert_eq!(amended(&mut desk, 2, 10_012, 10), []);
    assert_eq!(desk.accepted(3), []);
    assert_eq!(desk.cancelled(1), []);
    assert_eq!(desk.touch(10_004, 10_014), [Did::Amend(2, 10_014, 10), Did::Amend(3, 10_004, 10)]);
}

#[test]
fn what_the_gate_refuses_to_amend_is_pulled_and_returns_when_it_may() {
    let mut desk = Desk::with(|quoting| {
        quoting.amend = ReplaceRules::BINANCE_USDM;
        (quoting.limits.order_burst_max, quoting.limits.orders_per_second_max) = (3, 4);
    })
    .then_quoted();
    assert_eq!(desk.touch(10_002, 10_012), [Did::Amend(2, 10_012, 10), Did::Cancel(1)], "one token was left");
    assert!(desk.shard.gate(ETH).unwrap().refusals(Rule::OrderRate) > 0);
    assert_eq!(desk.cancelled(1), []);
    assert_eq!(amended(&mut desk, 2, 10_012, 10), []);
    let waited_from = desk.now;
    assert_eq!(desk.timer(), [bid(3, 10_002)]);
    assert!(desk.now - waited_from < Span::from_millis(250));
}

#[test]
fn a_quote_within_the_tolerance_is_neither_moved_nor_amended() {
    let mut desk = Desk::with(|quoting| {
        quoting.amend = ReplaceRules::BINANCE_USDM;
        quoting.tolerance = Tolerance { price: Ticks(2), size: Rate(0) };
    })
    .then_quoted();
    assert_eq!(desk.touch(10_002, 10_010), [Did::Amend(2, 10_011, 10)], "the bid is a tick too deep");
}
