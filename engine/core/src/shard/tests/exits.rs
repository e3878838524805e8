//! Stories of positions that are closed by a stop-loss, a take-profit or a trailing stop.

use alloc::vec;

use ballast_model::{Ending, Event, Lots, MarkPrice, Money, OrderReport, Rate, Side, Span};

use super::desk::{Desk, Did, ETH, ask, bid, lane, quoting};
use crate::gate::{Controls, GateState, LossLimits};
use crate::model::Hold;
use crate::outbox::Note;
use crate::shard::{
    ExitError, ExitKind, ExitSpec, LaneError, LaneSpec, QuotingSpec, Shard, ShardSpec, Trigger,
};
use crate::trigger::Watched;

/// Out at a loss of one per cent or a profit of two, half a per cent through the mid at most; a second of rest.
const EXITS: ExitSpec = ExitSpec {
    stop_loss: Some(Rate::from_bps(100)),
    take_profit: Some(Rate::from_bps(200)),
    trailing: None,
    watched: Watched::Mid,
    protection: Rate::from_bps(50),
    cooldown: Span::from_secs(1),
};

fn with(exits: ExitSpec) -> impl FnOnce(&mut QuotingSpec) {
    move |quoting| {
        quoting.exits = Some(exits);
        quoting.touch_age_max = Span::from_secs(100);
    }
}

/// Ten lots bought at 10 000; order 2 asks 10 010 and order 3 bids 9 999.
fn long(exits: ExitSpec) -> Desk {
    let mut desk = Desk::with(with(exits)).then_quoted();
    assert_eq!(desk.fill(1, Side::Bid, 10), [bid(3, 9_999)]);
    assert_eq!(desk.accepted(3), []);
    desk
}

/// An order that closes: id, side, price, lots.
fn exit(order: u64, side: Side, price: i64, lots: i64) -> Did {
    Did::Exit(order, side, price, lots)
}

#[test]
fn a_stop_pulls_the_quotes_then_closes_then_rests() {
    let mut desk = long(EXITS);
    assert!(desk.touch(9_896, 9_906).iter().all(|did| !matches!(did, Did::Exit(..))), "mid 9 901: not yet");
    let mut desk = long(EXITS);
    assert_eq!(desk.touch(9_890, 9_900), [Did::Cancel(2), Did::Cancel(3)], "ten lots are offered already");
    let fired = desk.now;
    assert_eq!(desk.notes, [Note::Exit(ETH, ExitKind::StopLoss), Note::Held(ETH, Hold::Closing)]);
    // 9 895 less half a per cent is 9 845.5.
    assert_eq!(desk.cancelled(2), [exit(4, Side::Ask, 9_846, 10)], "none is offered now");
    assert_eq!(desk.cancelled(3), []);
    assert_eq!(desk.touch(9_880, 9_890), [], "it is on its way");
    assert_eq!(desk.fill(4, Side::Ask, 10), [], "flat, and whatever is quoted adds");
    assert_eq!(desk.position(), 0);
    assert_eq!(desk.shard.cools_until(ETH), Some(fired + EXITS.cooldown));
    assert_eq!(desk.shard.exits_watch(ETH), Some(Watched::Mid));
    assert_eq!(desk.touch(9_890, 9_900), []);
    assert_eq!(desk.timer(), [bid(5, 9_890), ask(6, 9_900)]);
    assert_eq!(desk.now, fired + EXITS.cooldown);
    assert_eq!(desk.shard.cools_until(ETH), None);
}

#[test]
fn a_short_position_is_bought_back() {
    let mut desk = Desk::with(with(EXITS)).then_quoted();
    assert_eq!(desk.fill(2, Side::Ask, 10), [ask(3, 10_011)]);
    assert_eq!(desk.accepted(3), []);
    // Sold at 10 010: the stop is at 10 110.1, on the grid 10 110.
    let before = desk.touch(10_105, 10_114);
    assert!(before.iter().all(|did| !matches!(did, Did::Exit(..))) && desk.notes.is_empty(), "{before:?}");
    let pulled = desk.touch(10_105, 10_115);
    assert_eq!(desk.notes.first(), Some(&Note::Exit(ETH, ExitKind::StopLoss)));
    let cancels: vec::Vec<_> = pulled
        .iter()
        .filter_map(|did| if let Did::Cancel(order) = did { Some(*order) } else { None })
        .collect();
    assert_eq!(cancels.len(), pulled.len(), "{pulled:?}");
    let open: vec::Vec<_> =
        desk.shard.orders(ETH).unwrap().open_orders().map(|order| order.client_id.counter()).collect();
    let closing: vec::Vec<_> = open.into_iter().flat_map(|order| desk.cancelled(order)).collect();
    // 10 110 and half a per cent of it is 10 160.55.
    assert!(matches!(closing[..], [Did::Exit(_, Side::Bid, 10_160, 10)]), "{closing:?}");
}

#[test]
fn what_an_exit_leaves_is_tried_again_and_no_sooner() {
    let mut desk = long(EXITS);
    desk.touch(9_890, 9_900);
    desk.cancelled(3);
    assert_eq!(desk.cancelled(2), [exit(4, Side::Ask, 9_846, 10)]);
    let sent = desk.now;
    assert_eq!(desk.fill(4, Side::Ask, 4), []);
    assert_eq!(desk.report(4, OrderReport::Expired), []);
    assert_eq!(desk.touch(9_880, 9_890), []);
    assert_eq!(desk.timer(), [exit(5, Side::Ask, 9_836, 6)]);
    assert_eq!(desk.now, sent + crate::shard::EXIT_RETRY);
}

#[test]
fn a_profit_is_taken_at_the_last_trade() {
    let mut desk = long(ExitSpec { watched: Watched::Last, ..EXITS });
    assert_eq!(desk.public_trade(10_199), []);
    assert!(desk.touch(10_198, 10_202).len() > 1 && desk.notes.is_empty(), "the mid is not watched");
    let pulled = desk.public_trade(10_200);
    assert_eq!(desk.notes.first(), Some(&Note::Exit(ETH, ExitKind::TakeProfit)));
    assert!(!pulled.is_empty() && pulled.iter().all(|did| matches!(did, Did::Cancel(_))), "{pulled:?}");
}

#[test]
fn a_mark_price_fires_where_it_is_watched_and_does_not_wait_for_the_interval() {
    let mut desk = Desk::with(|quoting| {
        with(ExitSpec { watched: Watched::Mark, ..EXITS })(quoting);
        quoting.trigger = Trigger::Every(Span::from_secs(10));
    });
    desk.snapshot(10_000, 10_010);
    assert_eq!(desk.timer(), [bid(1, 10_000), ask(2, 10_010)]);
    desk.accepted(2);
    assert_eq!(desk.fill(1, Side::Bid, 10), []);
    // In 10⁻⁸: 99.00 is tick 9 900.
    let mark = |desk: &Desk, mark_e8| {
        Event::Mark(MarkPrice {
            instrument: ETH,
            mark_e8,
            index_e8: None,
            funding_e8: 0,
            funding_at_secs: 0,
            venue_time: desk.now,
            recv_time: desk.now,
        })
    };
    let above = mark(&desk, 9_900_000_001);
    assert_eq!(desk.tell(&above), []);
    let at = mark(&desk, 9_900_000_000);
    assert_eq!(desk.tell(&at), [Did::Cancel(2)]);
    let closed = desk.cancelled(2);
    assert!(matches!(closed[..], [Did::Exit(3, Side::Ask, _, 10)]), "{closed:?}");
}

#[test]
fn a_trailing_stop_follows_and_a_larger_position_does_not_set_it_back() {
    let trailing =
        ExitSpec { stop_loss: None, take_profit: None, trailing: Some(Rate::from_bps(100)), ..EXITS };
    let mut desk = long(trailing);
    desk.touch(10_495, 10_505);
    let open = desk.shard.orders(ETH).unwrap().open_orders().find(|order| order.side == Side::Bid);
    let bid = open.unwrap().client_id.counter();
    desk.touch(10_396, 10_398);
    assert_eq!(desk.notes, [], "the best was 10 500: the stop is at 10 395");
    desk.fill(bid, Side::Bid, 5);
    assert_eq!(desk.position(), 15);
    desk.touch(10_394, 10_396);
    assert_eq!(desk.notes.first(), Some(&Note::Exit(ETH, ExitKind::Trailing)));
}

#[test]
fn while_fills_are_missing_nothing_is_closed() {
    let mut desk = long(EXITS);
    let ended = OrderReport::Ended { how: Ending::Cancelled, filled: Lots(5) };
    assert_eq!(desk.report(3, ended), [Did::Cancel(2)], "five lots bought, and not heard of");
    assert_eq!(desk.cancelled(2), []);
    assert_eq!(desk.touch(9_890, 9_900), []);
    assert_eq!(desk.notes.last(), Some(&Note::ExitHeld(ETH, ExitKind::StopLoss)));
    assert_eq!(desk.fill(3, Side::Bid, 5), [exit(4, Side::Ask, 9_846, 15)], "now it is known");
}

#[test]
fn a_position_in_doubt_is_not_closed() {
    let mut desk = long(EXITS);
    let forgotten =
        ballast_model::Fill { level: super::desk::level(0, 5), ..desk.fill_of(3, Side::Bid, 5, 99) };
    desk.tell(&Event::Fill(forgotten));
    assert_eq!(desk.shard.gate(ETH).unwrap().state(), GateState::ReduceOnly);
    desk.touch(9_890, 9_900);
    assert!(desk.notes.contains(&Note::ExitHeld(ETH, ExitKind::StopLoss)), "{:?}", desk.notes);
    for order in 2..9 {
        let did = desk.cancelled(order);
        assert!(did.iter().all(|did| !matches!(did, Did::Exit(..))), "{did:?}");
    }
}

#[test]
fn an_exit_passes_a_pause() {
    let loss = LossLimits {
        unrealised_max: Some(Money(Money::ONE.0 / 1_000)),
        then: GateState::Paused,
        ..LossLimits::NONE
    };
    let mut quoting = quoting();
    with(EXITS)(&mut quoting);
    let controls = Controls { loss: Some(loss), ..Controls::NONE };
    let mut desk = Desk::new(vec![LaneSpec { controls, ..lane(&quoting) }]).then_quoted();
    assert_eq!(desk.fill(1, Side::Bid, 10), [bid(3, 9_999)]);
    assert_eq!(desk.touch(9_890, 9_900), [Did::Cancel(2), Did::Cancel(3)]);
    assert_eq!(desk.shard.gate(ETH).unwrap().state(), GateState::Paused);
    assert_eq!(desk.cancelled(2), [exit(4, Side::Ask, 9_846, 10)]);
}

#[test]
fn an_exit_waits_for_a_touch_that_is_young() {
    let mut desk = Desk::with(|quoting| quoting.exits = Some(EXITS)).then_quoted();
    assert_eq!(desk.fill(1, Side::Bid, 10), [bid(3, 9_999)]);
    assert_eq!(desk.touch(9_890, 9_900), [Did::Cancel(2), Did::Cancel(3)]);
    desk.now = desk.now + Span::from_secs(6);
    assert_eq!(desk.cancelled(2), []);
    assert_eq!(desk.cancelled(3), []);
    assert_eq!(desk.touch(9_890, 9_900), [exit(4, Side::Ask, 9_846, 10)], "confirmed");
}

#[test]
fn an_exit_needs_no_token() {
    let mut desk = Desk::with(|quoting| {
        with(EXITS)(quoting);
        (quoting.limits.order_burst_max, quoting.limits.orders_per_second_max) = (3, 1);
    })
    .then_quoted();
    assert_eq!(desk.fill(1, Side::Bid, 10), [bid(3, 9_999)], "the last token");
    assert_eq!(desk.accepted(3), []);
    desk.touch(9_890, 9_900);
    assert_eq!(desk.cancelled(2), [exit(4, Side::Ask, 9_846, 10)]);
}

#[test]
fn exits_that_cannot_work_are_refused() {
    let none = ExitSpec { stop_loss: None, take_profit: None, ..EXITS };
    for (exits, error) in [
        (none, ExitError::Nothing),
        (ExitSpec { stop_loss: Some(Rate(0)), ..EXITS }, ExitError::StopLoss),
        (ExitSpec { take_profit: Some(Rate::ONE), ..EXITS }, ExitError::TakeProfit),
        (ExitSpec { trailing: Some(Rate(-1)), ..EXITS }, ExitError::Trailing),
        (ExitSpec { protection: Rate::from_bps(101), ..EXITS }, ExitError::Protection),
        (ExitSpec { cooldown: Span(-1), ..EXITS }, ExitError::Cooldown),
    ] {
        let lanes = vec![lane(&QuotingSpec { exits: Some(exits), ..quoting() })];
        let spec = ShardSpec { epoch: 1, lanes, hedges: vec![], portfolio: None, arbitrage: None };
        assert_eq!(Shard::new(&spec).unwrap_err(), (0, LaneError::Exits(error)));
    }
}
