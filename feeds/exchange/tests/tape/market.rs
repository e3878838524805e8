//! Taking liquidity, and what breaks a book.

use ballast_model::FillReason::{BookCross, Took};
use ballast_model::{BookKind, Event, InstrumentId, Last, RejectReason, Side, TimeInForce, UpdateId};

use crate::rig::{ETH, Rig, Told, batch};

const BIDS: [(i64, i64); 3] = [(100, 30), (99, 20), (98, 10)];
const ASKS: [(i64, i64); 3] = [(102, 30), (103, 20), (104, 10)];

fn rig() -> Rig {
    Rig::showing(&BIDS, &ASKS)
}

#[test]
fn a_taker_walks_the_visible_levels_at_their_prices() {
    let mut rig = rig();
    let id = rig.order(Side::Bid, 103, 45, TimeInForce::ImmediateOrCancel);
    assert_eq!(
        rig.told(),
        [Told::Accepted(id), Told::Filled(id, 102, 30, Took), Told::Filled(id, 103, 15, Took)]
    );
}

#[test]
fn an_immediate_order_takes_what_is_there_and_the_rest_expires() {
    let mut rig = rig();
    let id = rig.order(Side::Ask, 100, 40, TimeInForce::ImmediateOrCancel);
    assert_eq!(rig.told(), [Told::Accepted(id), Told::Filled(id, 100, 30, Took), Told::Expired(id)]);
    let id = rig.order(Side::Ask, 101, 1, TimeInForce::ImmediateOrCancel);
    assert_eq!(rig.told(), [Told::Rejected(id, RejectReason::NothingToTake)]);
}

#[test]
fn fill_or_kill_takes_all_or_nothing() {
    let mut rig = rig();
    let killed = rig.order(Side::Bid, 103, 51, TimeInForce::FillOrKill);
    assert_eq!(rig.told(), [Told::Rejected(killed, RejectReason::NothingToTake)]);
    let filled = rig.order(Side::Bid, 103, 50, TimeInForce::FillOrKill);
    let expected =
        [Told::Accepted(filled), Told::Filled(filled, 102, 30, Took), Told::Filled(filled, 103, 20, Took)];
    assert_eq!(rig.told(), expected);
}

#[test]
fn what_a_good_till_cancel_order_cannot_take_rests() {
    let mut rig = rig();
    let id = rig.order(Side::Bid, 102, 40, TimeInForce::GoodTillCancel);
    assert_eq!(rig.told(), [Told::Accepted(id), Told::Filled(id, 102, 30, Took)]);
    assert_eq!((rig.ahead(id), rig.venue.resting(ETH).count()), (0, 1));
    rig.diff(&[], &[(104, 11)]);
    assert_eq!(rig.told(), [], "what it took is not there to cross it");
    rig.diff(&[], &[(102, 4)]);
    assert_eq!(rig.told(), [Told::Filled(id, 102, 4, BookCross)]);
}

#[test]
fn liquidity_once_taken_is_gone_until_the_venue_updates_the_level() {
    let mut rig = rig();
    let first = rig.order(Side::Bid, 102, 20, TimeInForce::ImmediateOrCancel);
    rig.diff(&[(100, 31)], &[(103, 21)]);
    let second = rig.order(Side::Bid, 102, 20, TimeInForce::ImmediateOrCancel);
    let third = rig.order(Side::Bid, 102, 20, TimeInForce::ImmediateOrCancel);
    let expected = [
        Told::Accepted(first),
        Told::Filled(first, 102, 20, Took),
        Told::Accepted(second),
        Told::Filled(second, 102, 10, Took),
        Told::Expired(second),
        Told::Rejected(third, RejectReason::NothingToTake),
    ];
    assert_eq!(rig.told(), expected);
    rig.diff(&[], &[(102, 7)]);
    let fourth = rig.order(Side::Bid, 102, 20, TimeInForce::ImmediateOrCancel);
    let expected = [Told::Accepted(fourth), Told::Filled(fourth, 102, 7, Took), Told::Expired(fourth)];
    assert_eq!(rig.told(), expected);
}

#[test]
fn an_order_that_ends_without_trading_takes_nothing() {
    let mut rig = rig();
    rig.order(Side::Ask, 100, 30, TimeInForce::FillOrKill);
    // It closes the position, so that its remainder may not trade when newer best prices cross it.
    let closing = rig.reduce(Side::Bid, 102, 31, TimeInForce::GoodTillCancel);
    rig.hush();
    rig.ticker((99, 20), (102, 40), 1);
    assert_eq!(rig.told(), [Told::Expired(closing)]);
    rig.diff(&[], &[(102, 4)]);
    let id = rig.order(Side::Bid, 102, 4, TimeInForce::FillOrKill);
    assert_eq!(rig.told(), [Told::Accepted(id), Told::Filled(id, 102, 4, Took)]);
}

#[test]
fn a_snapshot_brings_taken_liquidity_back() {
    let mut rig = rig();
    rig.order(Side::Bid, 102, 30, TimeInForce::FillOrKill);
    rig.snapshot(&BIDS, &ASKS);
    rig.hush();
    let id = rig.order(Side::Bid, 102, 30, TimeInForce::FillOrKill);
    assert_eq!(rig.told(), [Told::Accepted(id), Told::Filled(id, 102, 30, Took)]);
}

#[test]
fn a_snapshot_not_newer_than_what_we_took_from_does_not() {
    let mut rig = rig();
    rig.ticker((100, 30), (102, 12), 5);
    rig.order(Side::Bid, 102, 12, TimeInForce::FillOrKill);
    rig.snapshot(&BIDS, &[(102, 12), (103, 20)]);
    rig.hush();
    let id = rig.order(Side::Bid, 102, 1, TimeInForce::ImmediateOrCancel);
    assert_eq!(rig.told(), [Told::Rejected(id, RejectReason::NothingToTake)]);
}

#[test]
fn a_new_sequence_after_a_snapshot_gives_liquidity_back_as_ever() {
    let mut rig = rig();
    rig.ticker((100, 30), (102, 12), 5_000);
    rig.order(Side::Bid, 102, 12, TimeInForce::FillOrKill);
    rig.snapshot(&BIDS, &[(102, 12), (103, 20)]);
    rig.diff(&[], &[(102, 12)]);
    rig.hush();
    let id = rig.order(Side::Bid, 102, 12, TimeInForce::FillOrKill);
    assert_eq!(rig.told(), [Told::Accepted(id), Told::Filled(id, 102, 12, Took)]);
}

#[test]
fn best_prices_newer_than_the_book_replace_what_they_outdate() {
    let mut rig = rig();
    rig.ticker((100, 30), (103, 6), 5);
    let id = rig.order(Side::Bid, 104, 50, TimeInForce::ImmediateOrCancel);
    let expected = [
        Told::Accepted(id),
        Told::Filled(id, 103, 6, Took),
        Told::Filled(id, 104, 10, Took),
        Told::Expired(id),
    ];
    assert_eq!(rig.told(), expected, "the ask at 102 is gone");
}

#[test]
fn best_prices_newer_than_the_book_make_a_post_only_order_take() {
    let mut rig = rig();
    rig.ticker((100, 30), (101, 1), 5);
    let id = rig.bid(101, 5);
    assert_eq!(rig.told(), [Told::Rejected(id, RejectReason::WouldTake)]);
}

#[test]
fn best_prices_from_before_a_snapshot_are_dropped() {
    let mut rig = rig();
    rig.ticker((100, 30), (101, 1), 500);
    rig.snapshot(&BIDS, &ASKS);
    let id = rig.bid(101, 5);
    assert_eq!(rig.told(), [Told::Accepted(id)]);
}

#[test]
fn a_torn_batch_closes_the_instrument_until_the_next_snapshot() {
    let whole =
        batch(BookKind::Diff, UpdateId(200), &[(97, 1)], &[(105, 1), (106, 1), (107, 1), (108, 1), (109, 1)]);
    let mut early_end = whole.clone();
    if let Event::BookLevels(slot) = &mut early_end[1] {
        slot.last = Last::Yes;
    }
    let mut no_end = whole.clone();
    if let Event::BookLevels(slot) = &mut no_end[3] {
        slot.last = Last::No;
    }
    let mut too_many = whole.clone();
    if let Event::BookBegin(begin) = &mut too_many[0] {
        begin.levels = 3;
    }
    let mut begun_twice = whole[..2].to_vec();
    begun_twice.extend(&whole);
    for torn in [early_end, no_end, too_many, begun_twice] {
        let mut rig = rig();
        torn.into_iter().for_each(|slot| rig.market(slot));
        assert_eq!(rig.venue.book_faults(), 1);
        let refused = rig.bid(99, 5);
        rig.snapshot(&BIDS, &ASKS);
        let taken = rig.bid(99, 5);
        assert_eq!(rig.told(), [Told::Rejected(refused, RejectReason::Closed), Told::Accepted(taken)]);
    }
}

#[test]
fn a_level_that_does_not_fit_the_book_closes_the_instrument() {
    let mut rig = rig();
    rig.diff(&[], &[(20_100, 1)]);
    let id = rig.bid(99, 5);
    assert_eq!((rig.venue.book_faults(), rig.told()), (1, vec![Told::Rejected(id, RejectReason::Closed)]));
}

#[test]
fn an_empty_batch_is_complete_at_once() {
    let mut rig = Rig::with(|_| ()).then_showing(&[], &[]);
    let id = rig.bid(100, 5);
    assert_eq!((rig.told(), rig.ahead(id)), (vec![Told::Accepted(id)], 0));
}

#[test]
fn events_of_other_instruments_and_kinds_change_nothing() {
    let mut rig = rig();
    let before = rig.venue.resting(ETH).count();
    let mut slots = batch(BookKind::Snapshot, UpdateId(300), &[], &[]);
    if let Some(Event::BookBegin(begin)) = slots.first_mut() {
        begin.instrument = InstrumentId(7);
    }
    slots.push(Event::Timer);
    slots.into_iter().for_each(|slot| rig.market(slot));
    let id = rig.bid(99, 5);
    assert_eq!((before, rig.ahead(id)), (0, 20));
}
