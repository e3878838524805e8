//! Stories of news that comes between the slots of a book batch.

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::{BookKind, Last, Side, Span};

use super::desk::{Desk, Did, ETH, ask, bid, slot};
use crate::shard::Trigger;

/// The first of two levels of a diff has come: a better bid of others.
fn halfway(desk: &mut Desk) {
    let begin = desk.begin(ETH, BookKind::Diff, 2);
    assert_eq!(desk.tell(&begin), []);
    assert_eq!(desk.tell_now(&slot(ETH, Side::Bid, 10_001, Last::No)), []);
}

/// The rest of it: an ask where one stands.
fn rest(desk: &mut Desk) -> Vec<Did> {
    desk.tell_now(&slot(ETH, Side::Ask, 10_010, Last::Yes))
}

#[test]
fn news_of_an_order_waits_for_the_end_of_the_batch() {
    let mut desk = Desk::with(|_| ());
    assert_eq!(desk.snapshot(10_000, 10_010), [bid(1, 10_000), ask(2, 10_010)]);
    halfway(&mut desk);
    assert_eq!((desk.accepted(1), desk.accepted(2)), (vec![], vec![]), "nothing is pulled");
    assert_eq!(rest(&mut desk), [Did::Cancel(2), ask(3, 10_011)], "the mid has moved half a tick");
    assert_eq!(desk.notes, []);
}

#[test]
fn a_fill_in_a_batch_that_leaves_the_touch_is_answered_at_its_end() {
    let mut desk = Desk::quoted();
    let begin = desk.begin(ETH, BookKind::Diff, 2);
    desk.tell(&begin);
    assert_eq!(desk.tell_now(&slot(ETH, Side::Bid, 9_990, Last::No)), []);
    assert_eq!(desk.fill(1, Side::Bid, 10), []);
    assert_eq!(desk.position(), 10, "booked at once");
    assert_eq!(rest(&mut desk), [bid(3, 9_999)]);
    assert_eq!(desk.notes, []);
}

#[test]
fn a_best_price_in_the_middle_of_a_batch_is_told_with_its_end() {
    let mut desk = Desk::quoted();
    let begin = desk.begin(ETH, BookKind::Diff, 2);
    desk.tell(&begin);
    desk.tell_now(&slot(ETH, Side::Bid, 9_990, Last::No));
    assert_eq!(desk.touch(10_002, 10_012), [], "newer than the batch");
    let moved = [Did::Cancel(1), Did::Cancel(2), bid(3, 10_002), ask(4, 10_012)];
    assert_eq!(rest(&mut desk), moved);
    assert_eq!(desk.notes, []);
}

#[test]
fn a_timer_in_the_middle_of_a_batch_does_not_ring_again_before_its_end() {
    let mut desk = Desk::with(|quoting| quoting.trigger = Trigger::Every(Span::from_millis(100)));
    desk.snapshot(10_000, 10_010);
    assert_eq!(desk.timer(), [bid(1, 10_000), ask(2, 10_010)]);
    desk.accepted(1);
    desk.accepted(2);
    desk.now = desk.shard.next_deadline().unwrap() - Span::from_millis(2);
    desk.confirm();
    halfway(&mut desk);
    assert_eq!(desk.timer(), []);
    assert!(desk.shard.next_deadline().is_none_or(|at| at > desk.now));
    assert_eq!(rest(&mut desk), [Did::Cancel(2), ask(3, 10_011)]);
}

#[test]
fn a_batch_that_never_ends_is_lost_and_then_decided() {
    let mut desk = Desk::quoted();
    halfway(&mut desk);
    assert_eq!(desk.fill(1, Side::Bid, 10), []);
    assert_eq!(desk.lose(), [Did::Cancel(2)]);
}
