//! Stories of one instrument whose gate closes and opens again, and of orders the venue is asked about.

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::{Ending, Event, Lots, MarkPrice, Money, OrderReport, Rate, Side, Span};

use super::desk::{Desk, Did, ETH, ask, bid, lane, level, quoting};
use crate::gate::{
    Controls, ControlsError, FillBreaker, GateState, LossLimits, OracleLimit, VolatilityBreaker,
};
use crate::model::Hold;
use crate::oms::SweepLimitsError;
use crate::outbox::Note;
use crate::shard::{LaneError, Shard, ShardSpec, Trigger};

fn with(controls: &Controls) -> Desk {
    Desk::new(vec![crate::shard::LaneSpec { controls: *controls, ..lane(&quoting()) }])
}

/// Cents of the quote currency.
fn cents(cents: i128) -> Money {
    Money(cents * Money::ONE.0 / 100)
}

fn held(desk: &Desk) -> usize {
    desk.notes.iter().filter(|note| **note == Note::Held(ETH, Hold::Halted)).count()
}

const BREAKER: FillBreaker = FillBreaker {
    window: Span::from_secs(10),
    fills_max: Some(1),
    lots_max: None,
    net_max: None,
    frozen_for: Some(Span::from_secs(1)),
};

#[test]
fn one_fill_too_many_freezes_quotes_until_they_thaw() {
    let mut desk = with(&Controls { fills: Some(BREAKER), ..Controls::NONE }).then_quoted();
    assert_eq!(desk.fill(1, Side::Bid, 10), [bid(3, 9_999)], "one is allowed");
    assert_eq!(desk.fill(3, Side::Bid, 10), [Did::Cancel(2)], "the second freezes");
    let frozen_at = desk.now;
    assert_eq!((desk.cancelled(2), desk.touch(10_020, 10_030)), (vec![], vec![]));
    assert_eq!(held(&desk), 1, "told once");
    assert_eq!(desk.timer(), [bid(4, 10_018), ask(5, 10_030)], "quoted anew without any other event");
    assert_eq!(desk.now, frozen_at + Span::from_secs(1));
}

#[test]
fn a_freeze_does_not_wait_for_the_interval() {
    let mut timed = quoting();
    timed.trigger = Trigger::Every(Span::from_secs(3));
    let controls = Controls { fills: Some(FillBreaker { fills_max: Some(0), ..BREAKER }), ..Controls::NONE };
    let mut desk = Desk::new(vec![crate::shard::LaneSpec { controls, ..lane(&timed) }]);
    desk.snapshot(10_000, 10_010);
    assert_eq!(desk.timer(), [bid(1, 10_000), ask(2, 10_010)]);
    assert_eq!(desk.fill(1, Side::Bid, 10), [Did::Cancel(2)]);
}

#[test]
fn a_fill_told_twice_does_not_freeze() {
    let mut desk = with(&Controls { fills: Some(BREAKER), ..Controls::NONE }).then_quoted();
    desk.fill(1, Side::Bid, 4);
    desk.fill_again(1, Side::Bid, 4);
    assert_eq!((desk.shard.gate(ETH).unwrap().thaws_at(desk.now), held(&desk)), (None, 0));
}

#[test]
fn a_loss_leaves_only_the_side_that_reduces() {
    let loss = LossLimits { unrealised_max: Some(cents(5)), ..LossLimits::NONE };
    let mut desk = with(&Controls { loss: Some(loss), ..Controls::NONE }).then_quoted();
    assert_eq!(desk.fill(1, Side::Bid, 10), [bid(3, 9_999)]);
    desk.accepted(3);
    // A hundredth of a coin loses 0.0495 and then 0.0505.
    let moved = desk.touch(9_500, 9_510);
    assert_eq!(moved, [Did::Cancel(2), Did::Cancel(3), bid(4, 9_499), ask(5, 9_510)]);
    let state = |desk: &Desk| desk.shard.gate(ETH).unwrap().state();
    assert_eq!(state(&desk), GateState::Active);
    desk.cancelled(2);
    desk.cancelled(3);
    desk.accepted(4);
    desk.accepted(5);
    assert_eq!(
        desk.touch(9_490, 9_500),
        [Did::Cancel(5), Did::Cancel(4)],
        "two asks would do more than reduce"
    );
    assert_eq!(state(&desk), GateState::ReduceOnly);
    assert_eq!(desk.cancelled(4), []);
    assert_eq!(desk.cancelled(5), [ask(6, 9_500)], "no bid");
    assert_eq!(desk.touch(10_500, 10_510), [Did::Cancel(6)], "a profit opens nothing");
    assert_eq!(desk.cancelled(6), [ask(7, 10_510)]);
    assert_eq!(desk.fill(7, Side::Ask, 10), [], "flat: nothing reduces");
}

#[test]
fn fees_are_losses() {
    let loss = LossLimits { realised_max: Some(cents(5)), ..LossLimits::NONE };
    let mut desk = with(&Controls { loss: Some(loss), ..Controls::NONE }).then_quoted();
    let fill =
        |desk: &Desk, trade, fee_e8| ballast_model::Fill { fee_e8, ..desk.fill_of(1, Side::Bid, 1, trade) };
    let first = fill(&desk, 901, 5_000_000);
    desk.tell(&Event::Fill(first));
    assert_eq!(desk.shard.gate(ETH).unwrap().state(), GateState::Active);
    let second = fill(&desk, 902, 1);
    desk.tell(&Event::Fill(second));
    assert_eq!(desk.shard.gate(ETH).unwrap().state(), GateState::ReduceOnly);
}

#[test]
fn a_wild_market_pulls_what_adds_until_it_is_calm() {
    let breaker = VolatilityBreaker {
        window: Span::from_millis(160),
        trip: Rate::from_bps(50),
        calm: Rate::from_bps(20),
    };
    let mut desk = with(&Controls { volatility: Some(breaker), ..Controls::NONE }).then_quoted();
    assert_eq!(desk.touch(10_100, 10_110), [Did::Cancel(1), Did::Cancel(2)], "flat: both sides add");
    desk.cancelled(1);
    desk.cancelled(2);
    desk.now = desk.now + Span::from_millis(400);
    assert_eq!(desk.touch(10_101, 10_111), [bid(3, 10_101), ask(4, 10_111)]);
}

fn marked(desk: &mut Desk, mark_e8: i64) -> Vec<Did> {
    let (venue_time, recv_time) = (desk.now, desk.now);
    desk.tell(&Event::Mark(MarkPrice {
        instrument: ETH,
        mark_e8,
        index_e8: None,
        funding_e8: 0,
        funding_at_secs: 0,
        venue_time,
        recv_time,
    }))
}

#[test]
fn the_mark_price_opens_and_closes_the_gate() {
    let oracle = OracleLimit { divergence_max: Rate::from_bps(50), age_max: Span::from_secs(3) };
    let mut desk = with(&Controls { oracle: Some(oracle), ..Controls::NONE });
    assert_eq!(desk.snapshot(10_000, 10_010), [], "no mark yet");
    assert_eq!(marked(&mut desk, 10_000_000_000), [bid(1, 10_000), ask(2, 10_010)]);
    assert_eq!(marked(&mut desk, 10_010_000_000), []);
    assert_eq!(marked(&mut desk, 10_200_000_000), [Did::Cancel(1), Did::Cancel(2)]);
}

#[test]
fn a_lost_answer_is_asked_for_and_the_truth_is_booked() {
    let mut desk = Desk::with(|_| ());
    assert_eq!(desk.snapshot(10_000, 10_010), [bid(1, 10_000), ask(2, 10_010)]);
    let sent_at = desk.now;
    desk.accepted(2);
    assert_eq!(desk.timer(), [Did::Ask(1, 1)], "nobody has spoken of the bid");
    assert_eq!(desk.now, sent_at + Span::from_secs(2));
    assert_eq!(desk.timer(), [Did::Ask(1, 2)], "nor yet");
    let truth = OrderReport::Ended { how: Ending::Filled, filled: Lots(10) };
    assert_eq!(desk.report(1, truth), [Did::Cancel(2)], "it has traded, and the trade is missing");
    assert!(desk.notes.contains(&Note::Held(ETH, Hold::FillsMissing)));
    assert_eq!((desk.position(), desk.shard.orders(ETH).unwrap().missing_fills().bid), (0, Lots(10)));
    desk.cancelled(2);
    assert_eq!(desk.fill(1, Side::Bid, 10), [bid(3, 9_999), ask(4, 10_010)]);
    assert_eq!((desk.position(), desk.shard.orders(ETH).unwrap().missing_fills().orders), (10, 0));
}

#[test]
fn an_answer_that_counts_more_than_was_booked_holds_quotes_though_the_order_stands() {
    let mut desk = Desk::with(|_| ()).then_quoted();
    desk.confirm();
    let working = OrderReport::Working {
        venue_id: ballast_model::VenueOrderId(1_001),
        level: level(10_000, 10),
        filled: Lots(4),
        query: 0,
    };
    assert_eq!(desk.report(1, working), [Did::Cancel(1), Did::Cancel(2)]);
    assert!(desk.notes.contains(&Note::Held(ETH, Hold::FillsMissing)));
}

#[test]
fn more_questions_than_one_event_asks_follow_at_once() {
    let mut desk = Desk::with(|_| ());
    desk.snapshot(10_000, 10_010);
    for step in 1..3 {
        desk.touch(10_000 + step, 10_010 + step);
    }
    // Six orders, none of which was ever spoken of.
    desk.now = desk.now + Span::from_secs(3);
    let asked = desk.tell_now(&Event::Timer);
    let asks = |did: &[Did]| did.iter().filter(|did| matches!(did, Did::Ask(..))).count();
    assert_eq!((asks(&asked), desk.shard.next_deadline()), (4, Some(desk.now)));
    let rest = desk.tell_now(&Event::Timer);
    assert_eq!(asks(&rest), 2);
    assert!(desk.shard.next_deadline() > Some(desk.now));
}

#[test]
fn controls_and_spans_that_cannot_work_name_their_lane() {
    let refused = |change: fn(&mut crate::shard::LaneSpec)| {
        let mut bad = lane(&quoting());
        change(&mut bad);
        let lanes = vec![lane(&quoting()), bad];
        Shard::new(&ShardSpec { epoch: 1, lanes, hedges: Vec::new(), portfolio: None, arbitrage: None })
            .unwrap_err()
    };
    let bad = refused(|lane| lane.controls.duplicate_window = Some(Span(0)));
    assert_eq!(bad, (1, LaneError::Controls(ControlsError::Window)));
    let bad = refused(|lane| lane.sweep.query_gap = Span(0));
    assert_eq!(bad, (1, LaneError::Sweep(SweepLimitsError)));
}
