//! Stories of orders whose fate is late, lost or strange.

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::{
    ClientOrderId, Event, Fill, FillReason, InstrumentId, Lots, Nanos, OrderReport, RejectReason, Side, Span,
};

use super::desk::{Desk, Did, ETH, ask, bid, lane, quoting};
use crate::gate::{GateState, Rule};
use crate::oms::TRADES_KEPT;
use crate::outbox::Note;
use crate::shard::{LaneError, LaneSpec, Shard, ShardSpec};

fn unknown(desk: &mut Desk, order: u64) -> Vec<Did> {
    desk.report(order, OrderReport::FateUnknown)
}

#[test]
fn a_late_fill_after_the_cancel_moves_the_position_and_the_quotes() {
    let mut desk = Desk::quoted();
    assert_eq!(desk.touch(10_020, 10_030), [Did::Cancel(1), Did::Cancel(2), bid(3, 10_020), ask(4, 10_030)]);
    assert_eq!(desk.cancelled(1), []);
    let after = desk.fill(1, Side::Bid, 10);
    assert_eq!(desk.position(), 10);
    assert_eq!(after, [Did::Cancel(3), bid(5, 10_019)]);
}

#[test]
fn a_fill_before_the_acknowledgement_counts() {
    let mut desk = Desk::with(|_| ());
    desk.snapshot(10_000, 10_010);
    assert_eq!(desk.fill(1, Side::Bid, 10), [bid(3, 9_999)]);
    assert_eq!(desk.accepted(1), []);
    assert_eq!((desk.position(), desk.shard.orders(ETH).unwrap().open_count()), (10, 2));
}

#[test]
fn a_fill_told_twice_counts_once() {
    let mut desk = Desk::quoted();
    desk.fill(1, Side::Bid, 4);
    let hash = desk.position();
    assert_eq!(desk.fill_again(1, Side::Bid, 4), []);
    assert_eq!((hash, desk.position()), (4, 4));
}

#[test]
fn fills_are_booked_while_the_book_is_lost() {
    let mut desk = Desk::quoted();
    desk.lose();
    assert_eq!(desk.fill(1, Side::Bid, 10), []);
    assert_eq!(desk.position(), 10);
    assert_eq!(desk.cancelled(2), []);
    assert_eq!(desk.snapshot(10_000, 10_010), [bid(3, 9_999), ask(4, 10_010)]);
}

#[test]
fn an_order_of_unknown_fate_blocks_its_side_until_it_is_known() {
    let mut desk = Desk::quoted();
    assert_eq!(unknown(&mut desk, 1), [Did::Cancel(1)]);
    let orders = desk.shard.orders(ETH).unwrap();
    assert_eq!(orders.working(Side::Bid), Lots(10), "it counts in full");
    assert_eq!(
        desk.touch(10_020, 10_030),
        [Did::Cancel(2), ask(3, 10_030)],
        "the bid waits, the ask does not"
    );
    assert_eq!(desk.touch(10_021, 10_031), [Did::Cancel(3), ask(4, 10_031)]);
    assert_eq!(desk.cancelled(1), [bid(5, 10_021)], "now it is known");
}

#[test]
fn an_order_of_unknown_fate_that_fills_is_known() {
    let mut desk = Desk::quoted();
    assert_eq!(unknown(&mut desk, 1), [Did::Cancel(1)]);
    assert_eq!(desk.fill(1, Side::Bid, 10), [bid(3, 9_999)]);
    assert_eq!(desk.position(), 10);
}

#[test]
fn cancels_that_fail_are_not_repeated_in_a_storm() {
    for reason in [RejectReason::UnknownOrder, RejectReason::RateLimit] {
        let mut desk = Desk::quoted();
        let mut cancels = unknown(&mut desk, 1).len();
        for _ in 0..100 {
            let did = desk.report(1, OrderReport::CancelRejected(reason));
            cancels += did.iter().filter(|did| matches!(did, Did::Cancel(_))).count();
        }
        assert!(cancels <= 3, "{reason:?}: {cancels} cancels in a tenth of a second");
    }
}

#[test]
fn an_order_that_the_venue_does_not_know_is_asked_about_and_not_cancelled_again_and_again() {
    let mut desk = Desk::quoted();
    assert_eq!(desk.touch(10_020, 10_030)[..2], [Did::Cancel(1), Did::Cancel(2)]);
    desk.report(1, OrderReport::CancelRejected(RejectReason::UnknownOrder));
    let from = desk.now;
    let mut did = Vec::new();
    while desk.shard.next_deadline().is_some_and(|at| at - from < Span::from_millis(2_900)) {
        did.extend(desk.timer());
    }
    let queries = did.iter().filter(|did| matches!(did, Did::Ask(1, _))).count();
    assert!(queries >= 1, "{did:?}");
    assert!(!did.contains(&Did::Cancel(1)), "{did:?}");
    let how = ballast_model::Ending::Cancelled;
    desk.report(1, OrderReport::Ended { how, filled: Lots(0) });
    assert_eq!(desk.shard.orders(ETH).unwrap().working(Side::Bid), Lots(10), "the new bid alone");
}

#[test]
fn an_order_whose_cancel_was_refused_is_still_unwanted() {
    let mut desk = Desk::quoted();
    desk.touch(10_020, 10_030);
    let at_once = desk.report(1, OrderReport::CancelRejected(RejectReason::RateLimit));
    desk.now = desk.now + Span::from_secs(2);
    let later = desk.touch(10_021, 10_031);
    assert!(at_once.iter().chain(&later).any(|did| *did == Did::Cancel(1)), "{at_once:?}, {later:?}");
}

#[test]
fn orders_dropped_unsent_are_placed_anew() {
    let mut desk = Desk::with(|_| ());
    desk.snapshot(10_000, 10_010);
    assert_eq!(desk.report(1, OrderReport::NotSent), [bid(3, 10_000)]);
    assert_eq!(desk.shard.orders(ETH).unwrap().working(Side::Bid), Lots(10));
}

#[test]
fn foreign_orders_and_fills_are_told_and_foreign_fills_booked() {
    let mut desk = Desk::quoted();
    assert_eq!(desk.accepted(77), []);
    assert_eq!(desk.notes, [Note::ForeignOrder(ETH)]);
    desk.fill(78, Side::Ask, 10);
    assert_eq!((desk.position(), desk.notes.last()), (-10, Some(&Note::ForeignFill(ETH))));
}

#[test]
fn more_than_was_ordered_is_booked_and_told() {
    let mut desk = Desk::quoted();
    desk.fill(1, Side::Bid, 12);
    assert_eq!((desk.position(), desk.notes.as_slice()), (12, &[Note::Overfilled(ETH)][..]));
}

#[test]
fn a_fill_too_old_to_tell_leaves_only_reducing_orders() {
    let mut desk = Desk::quoted();
    for trade in 0..=TRADES_KEPT as u64 {
        // Foreign fills, so that no order of ours is used up: bought and sold in turn.
        let side = if trade % 2 == 0 { Side::Bid } else { Side::Ask };
        let fill = desk.fill_of(900, side, 1, 10 + trade);
        desk.tell(&Event::Fill(fill));
    }
    assert_eq!(desk.position(), 1);
    let old = desk.fill_of(900, Side::Bid, 5, 3);
    desk.tell(&Event::Fill(old));
    assert_eq!(desk.position(), 1, "it is not booked");
    assert!(desk.notes.contains(&Note::UnverifiableFill(ETH)), "nor dropped in silence");
    let gate = desk.shard.gate(ETH).unwrap();
    assert_eq!(gate.state(), GateState::ReduceOnly);
    let placed = desk.touch(10_050, 10_060);
    assert!(
        placed.iter().all(|did| matches!(did, Did::Cancel(_))),
        "ten lots more than close one lot: {placed:?}"
    );
    assert!(desk.shard.gate(ETH).unwrap().refusals(Rule::ReduceOnly) > 0);
}

#[test]
fn a_liquidation_is_booked_and_lets_only_reducing_orders_pass() {
    let mut desk = Desk::with(|_| ()).then_quoted();
    let forced = Fill {
        reason: FillReason::Liquidation,
        client_id: ClientOrderId::FOREIGN,
        ..desk.fill_of(900, Side::Ask, 5, 77)
    };
    desk.tell(&Event::Fill(forced));
    assert_eq!((desk.position(), desk.notes.contains(&Note::ForcedFill(ETH))), (-5, true));
    assert_eq!(desk.shard.gate(ETH).unwrap().state(), GateState::ReduceOnly);
    desk.tell(&Event::Fill(forced));
    assert_eq!(desk.position(), -5, "once");
}

#[test]
fn the_price_collar_holds_every_quote() {
    let mut desk = Desk::with(|quoting| quoting.limits.collar_away_max = ballast_model::Rate(1_000));
    assert_eq!(desk.snapshot(10_000, 10_010), []);
    assert_eq!(desk.shard.gate(ETH).unwrap().refusals(Rule::Collar), 2);
}

#[test]
fn orders_of_unknown_fate_count_against_the_position_limit() {
    let mut desk = Desk::with(|quoting| quoting.limits.position_lots_max = Lots(25)).then_quoted();
    unknown(&mut desk, 1);
    // Ten lots that may rest, ten held: another ten could make thirty.
    assert_eq!(desk.fill(90, Side::Bid, 10), []);
    assert_eq!(desk.touch(10_020, 10_030), [Did::Cancel(2), ask(3, 10_030)]);
    assert_eq!(desk.cancelled(1), [bid(4, 10_019)]);
}

#[test]
#[should_panic(expected = "time went backward")]
fn a_clock_that_falls_stops_the_shard() {
    let mut desk = Desk::quoted();
    desk.now = desk.now - Span(1);
    desk.tell_now(&Event::Timer);
}

#[test]
#[should_panic(expected = "an event of an instrument this shard does not have")]
fn an_instrument_of_another_shard_stops_the_shard() {
    let mut desk = Desk::quoted();
    desk.snapshot_of(InstrumentId(7), 10_000, 10_010);
}

#[test]
fn numbers_that_cannot_be_used_name_their_lane() {
    let refused = |change: &dyn Fn(&mut LaneSpec)| {
        let mut bad = lane(&quoting());
        change(&mut bad);
        Shard::new(&ShardSpec {
            epoch: 1,
            lanes: vec![lane(&quoting()), bad],
            hedges: Vec::new(),
            portfolio: None,
            arbitrage: None,
        })
        .unwrap_err()
    };
    assert_eq!(refused(&|lane| lane.book.levels_max = 0), (1, LaneError::Book));
    let span = |change: fn(&mut crate::shard::QuotingSpec)| {
        refused(&move |lane| change(lane.quoting.as_mut().unwrap()))
    };
    assert_eq!(span(|quoting| quoting.touch_age_max = Span(0)), (1, LaneError::Span));
    assert_eq!(span(|quoting| quoting.order_expiry = Span(-1)), (1, LaneError::Span));
    assert_eq!(span(|quoting| quoting.trigger = crate::shard::Trigger::Every(Span(0))), (1, LaneError::Span));
    let limits = span(|quoting| quoting.limits.open_orders_max = 0);
    assert!(matches!(limits, (1, LaneError::Limits(_))), "{limits:?}");
    assert_eq!(Desk::quoted().shard.next_deadline().map(|at| at > Nanos(0)), Some(true));
}
