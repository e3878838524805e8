//! Resting orders: their place in the queue and each way they fill.

use ballast_exchange::{CancelModel, Curve, Family, FillSizes, Impact, QueueRules};
use ballast_model::FillReason::{BookCross, QueueExhausted, TradeThrough};
use ballast_model::{LOTS_MAX, Rate, Side};

use crate::rig::{Rig, Told};

const BIDS: [(i64, i64); 3] = [(100, 30), (99, 20), (98, 10)];
const ASKS: [(i64, i64); 3] = [(102, 30), (103, 20), (104, 10)];

fn rig() -> Rig {
    Rig::showing(&BIDS, &ASKS)
}

fn rig_sharing(cancel_share: Rate) -> Rig {
    Rig::with(|spec| spec.instruments[0].queue = QueueRules::sharing(cancel_share)).then_showing(&BIDS, &ASKS)
}

#[test]
fn all_visible_size_at_our_price_is_ahead_of_us() {
    let mut rig = rig();
    let (bid, ask) = (rig.bid(99, 5), rig.ask(104, 5));
    assert_eq!((rig.ahead(bid), rig.ahead(ask)), (20, 10));
}

#[test]
fn nothing_is_ahead_of_an_order_that_improves_the_touch() {
    let mut rig = rig();
    let bid = rig.bid(101, 5);
    assert_eq!(rig.ahead(bid), 0);
    rig.hush();
    rig.trade(Side::Bid, 101, 2);
    assert_eq!(rig.told(), [Told::Filled(bid, 101, 2, QueueExhausted)]);
}

#[test]
fn a_newer_best_price_tells_the_queue_an_order_joins() {
    let mut rig = rig();
    rig.ticker((100, 45), (102, 30), 5);
    let bid = rig.bid(100, 5);
    assert_eq!(rig.ahead(bid), 45);
}

#[test]
fn behind_the_deepest_level_shown_the_queue_is_unknown_until_the_venue_shows_it() {
    let mut rig = rig();
    let bid = rig.bid(97, 5);
    assert_eq!(rig.ahead(bid), LOTS_MAX);
    rig.hush();
    rig.trade(Side::Bid, 97, 1_000);
    assert_eq!(rig.told(), []);
    rig.diff(&[(97, 8)], &[]);
    assert_eq!(rig.ahead(bid), 8);
}

#[test]
fn trades_at_our_price_work_off_the_queue_and_the_excess_fills_us_in_parts() {
    let mut rig = rig();
    let bid = rig.bid(100, 10);
    rig.hush();
    rig.trade(Side::Bid, 100, 25);
    assert_eq!((rig.ahead(bid), rig.told()), (5, vec![]));
    rig.trade(Side::Bid, 100, 9);
    assert_eq!((rig.ahead(bid), rig.told()), (0, vec![Told::Filled(bid, 100, 4, QueueExhausted)]));
    rig.trade(Side::Bid, 100, 50);
    assert_eq!(rig.told(), [Told::Filled(bid, 100, 6, QueueExhausted)]);
    assert_eq!(rig.venue.resting(crate::rig::ETH).count(), 0);
}

#[test]
fn trades_against_the_other_side_do_not_concern_us() {
    let mut rig = rig();
    let bid = rig.bid(100, 10);
    rig.hush();
    rig.trade(Side::Ask, 100, 100);
    rig.trade(Side::Ask, 99, 100);
    assert_eq!((rig.ahead(bid), rig.told()), (30, vec![]));
}

#[test]
fn own_orders_at_one_price_queue_behind_each_other() {
    let mut rig = rig();
    let first = rig.bid(100, 10);
    let second = rig.bid(100, 10);
    rig.hush();
    rig.trade(Side::Bid, 100, 44);
    let expected =
        [Told::Filled(first, 100, 10, QueueExhausted), Told::Filled(second, 100, 4, QueueExhausted)];
    assert_eq!(rig.told(), expected);
}

#[test]
fn others_who_came_between_two_of_our_orders_trade_between_them() {
    let mut rig = rig();
    let first = rig.bid(100, 10);
    rig.diff(&[(100, 36)], &[]);
    let second = rig.bid(100, 10);
    assert_eq!((rig.ahead(first), rig.ahead(second)), (30, 36));
    rig.hush();
    rig.trade(Side::Bid, 100, 47);
    let expected =
        [Told::Filled(first, 100, 10, QueueExhausted), Told::Filled(second, 100, 1, QueueExhausted)];
    assert_eq!((rig.told(), rig.ahead(second)), (expected.to_vec(), 0));
}

#[test]
fn a_trade_through_our_price_fills_all_that_is_left_at_our_price() {
    let mut rig = rig();
    let ask = rig.ask(103, 50);
    rig.hush();
    rig.trade(Side::Ask, 104, 1);
    assert_eq!(rig.told(), [Told::Filled(ask, 103, 50, TradeThrough)]);
}

#[test]
fn a_trade_fills_the_orders_it_passed_and_works_on_the_one_it_stopped_at() {
    let mut rig = rig();
    let (deep, near) = (rig.bid(99, 5), rig.bid(100, 5));
    rig.hush();
    rig.trade(Side::Bid, 99, 22);
    let expected = [Told::Filled(near, 100, 5, TradeThrough), Told::Filled(deep, 99, 2, QueueExhausted)];
    assert_eq!(rig.told(), expected);
}

#[test]
fn the_same_side_touching_our_price_fills_nothing() {
    let mut rig = rig();
    rig.bid(99, 5);
    rig.hush();
    rig.diff(&[(100, 0)], &[]);
    rig.diff(&[(99, 1)], &[]);
    rig.ticker((99, 1), (102, 30), 5);
    assert_eq!(rig.told(), []);
}

#[test]
fn the_opposite_best_at_our_price_fills_us_once_the_batch_is_complete() {
    let mut rig = rig();
    let bid = rig.bid(100, 5);
    rig.hush();
    let slots = crate::rig::batch(
        ballast_model::BookKind::Diff,
        ballast_model::UpdateId(200),
        &[(100, 0)],
        &[(100, 40), (101, 3)],
    );
    let (last, earlier) = slots.split_last().unwrap();
    for slot in earlier {
        rig.market(*slot);
        assert_eq!(rig.told(), []);
    }
    rig.market(*last);
    assert_eq!(rig.told(), [Told::Filled(bid, 100, 5, BookCross)]);
}

#[test]
fn a_crossing_book_fills_no_more_than_it_shows_and_at_our_price() {
    let mut rig = rig();
    let (near, deep) = (rig.bid(100, 5), rig.bid(99, 5));
    rig.hush();
    rig.diff(&[(100, 0), (99, 0)], &[(99, 7)]);
    assert_eq!(rig.told(), [Told::Filled(near, 100, 5, BookCross), Told::Filled(deep, 99, 2, BookCross)]);
    rig.diff(&[(98, 9)], &[]);
    assert_eq!(rig.told(), [], "the same seven lots are not there twice");
    rig.diff(&[], &[(99, 6)]);
    assert_eq!(rig.told(), [Told::Filled(deep, 99, 3, BookCross)], "a fresh update is fresh liquidity");
}

#[test]
fn a_best_price_newer_than_the_book_crosses_us_and_the_book_catching_up_does_not_again() {
    let mut rig = rig();
    let bid = rig.bid(100, 50);
    rig.hush();
    rig.ticker((99, 20), (100, 8), 5);
    assert_eq!(rig.told(), [Told::Filled(bid, 100, 8, BookCross)]);
    rig.diff(&[(100, 0)], &[(100, 8)]);
    assert_eq!(rig.told(), [], "the diff tells the ticker's state again");
    rig.diff(&[], &[(100, 9)]);
    assert_eq!(rig.told(), [Told::Filled(bid, 100, 9, BookCross)]);
}

#[test]
fn a_best_price_not_newer_than_the_book_crosses_nothing() {
    let mut rig = rig();
    rig.bid(100, 5);
    rig.hush();
    rig.ticker((99, 20), (100, 8), 0);
    assert_eq!(rig.told(), []);
}

#[test]
fn no_more_is_ahead_than_the_level_shows() {
    let mut rig = rig();
    let bid = rig.bid(100, 5);
    rig.diff(&[(100, 12)], &[]);
    assert_eq!(rig.ahead(bid), 12);
}

#[test]
fn growth_goes_behind_us() {
    let mut rig = rig_sharing(Rate::ONE);
    let bid = rig.bid(100, 5);
    rig.diff(&[(100, 90)], &[]);
    assert_eq!(rig.ahead(bid), 30);
}

#[test]
fn cancels_move_us_forward_by_their_share_in_proportion_to_our_place() {
    let mut rig = rig_sharing(Rate(50_000_000));
    let bid = rig.bid(100, 5);
    rig.diff(&[(100, 60)], &[]);
    // 20 lots of 60 went; half of the level was ahead of us, and half of that counts.
    rig.diff(&[(100, 40)], &[]);
    assert_eq!(rig.ahead(bid), 25);
}

#[test]
fn at_a_share_of_zero_only_trades_move_us_forward() {
    let mut rig = rig();
    let bid = rig.bid(100, 5);
    rig.diff(&[(100, 60)], &[]);
    rig.diff(&[(100, 40)], &[]);
    assert_eq!(rig.ahead(bid), 30);
}

#[test]
fn a_trade_and_the_diff_that_repeats_it_count_once() {
    let mut rig = rig_sharing(Rate::ONE);
    let bid = rig.bid(100, 5);
    rig.diff(&[(100, 60)], &[]);
    rig.trade(Side::Bid, 100, 10);
    assert_eq!(rig.ahead(bid), 20);
    rig.diff(&[(100, 50)], &[]);
    assert_eq!(rig.ahead(bid), 20, "the trade explains the whole shrinkage");
    // 10 of 50 cancelled, 20 of 50 were ahead.
    rig.diff(&[(100, 40)], &[]);
    assert_eq!(rig.ahead(bid), 16);
}

#[test]
fn shrinkage_beyond_the_trades_is_cancels() {
    let mut rig = rig_sharing(Rate::ONE);
    let bid = rig.bid(100, 5);
    rig.diff(&[(100, 60)], &[]);
    rig.trade(Side::Bid, 100, 10);
    // 60 less 10 traded is 50, 20 of which were ahead; 25 of the 50 were cancelled.
    rig.diff(&[(100, 25)], &[]);
    assert_eq!(rig.ahead(bid), 10);
}

#[test]
fn a_snapshot_bounds_the_queue_where_it_shows_the_level() {
    let mut rig = rig();
    let (near, deep) = (rig.bid(100, 5), rig.bid(98, 5));
    rig.snapshot(&[(100, 7), (99, 20)], &ASKS);
    assert_eq!((rig.ahead(near), rig.ahead(deep)), (7, 10), "98 is out of this snapshot's view");
    rig.snapshot(&[(99, 20), (97, 5)], &ASKS);
    assert_eq!((rig.ahead(near), rig.ahead(deep)), (0, 0));
}

#[test]
fn a_snapshot_that_crosses_us_fills_us() {
    let mut rig = rig();
    let ask = rig.ask(102, 5);
    rig.hush();
    rig.snapshot(&[(103, 3)], &[(104, 10)]);
    assert_eq!(rig.told(), [Told::Filled(ask, 102, 3, BookCross)]);
}

#[test]
fn trades_reach_resting_orders_while_the_book_is_lost() {
    let mut rig = rig();
    let bid = rig.bid(100, 5);
    rig.hush();
    rig.lose();
    rig.diff(&[(100, 1)], &[(99, 50)]);
    assert_eq!((rig.ahead(bid), rig.told()), (30, vec![]), "diffs of a lost book mean nothing");
    rig.trade(Side::Bid, 99, 1);
    assert_eq!(rig.told(), [Told::Filled(bid, 100, 5, TradeThrough)]);
}

#[test]
fn the_odds_of_a_family_move_us_forward() {
    for (cancels, ahead) in [
        (CancelModel::Share(Rate(0)), 30),
        // 20 of 60 went, 30 stood on either side: half of them were ahead, or an eighth, or seven eighths.
        (CancelModel::Odds(Family::Ratio, Curve::Power(3.0)), 20),
        (CancelModel::Odds(Family::Front, Curve::Power(3.0)), 28),
        (CancelModel::Odds(Family::Whole, Curve::Power(3.0)), 13),
        (CancelModel::Odds(Family::Ratio, Curve::Log), 20),
    ] {
        let queue = QueueRules { cancels, ..QueueRules::sharing(Rate(0)) };
        let mut rig = Rig::with(|spec| spec.instruments[0].queue = queue).then_showing(&BIDS, &ASKS);
        let bid = rig.bid(100, 5);
        rig.diff(&[(100, 60)], &[]);
        rig.diff(&[(100, 40)], &[]);
        assert_eq!(rig.ahead(bid), ahead, "{cancels:?}");
    }
}

#[test]
fn what_cannot_have_been_behind_us_was_ahead() {
    let steep = CancelModel::Odds(Family::Ratio, Curve::Power(500.0));
    let queue = QueueRules { cancels: steep, ..QueueRules::sharing(Rate(0)) };
    let mut rig = Rig::with(|spec| spec.instruments[0].queue = queue).then_showing(&BIDS, &ASKS);
    let bid = rig.bid(100, 5);
    rig.diff(&[(100, 61)], &[]);
    // All of it is taken to have been behind, and only 31 were.
    rig.diff(&[(100, 21)], &[]);
    assert_eq!(rig.ahead(bid), 21);
}

fn rig_of(fills: FillSizes, impact: Impact) -> Rig {
    let queue = QueueRules { fills, impact, ..QueueRules::sharing(Rate(0)) };
    Rig::with(|spec| spec.instruments[0].queue = queue).then_showing(&BIDS, &ASKS)
}

#[test]
fn whole_fills_are_all_of_the_order_once_a_lot_reaches_it() {
    let mut rig = rig_of(FillSizes::Whole, Impact::None);
    let (first, second) = (rig.bid(100, 10), rig.bid(100, 10));
    rig.hush();
    rig.trade(Side::Bid, 100, 30);
    assert_eq!(rig.told(), [], "the queue ahead had it all");
    rig.trade(Side::Bid, 100, 1);
    assert_eq!(rig.told(), [Told::Filled(first, 100, 10, QueueExhausted)]);
    rig.ticker((99, 20), (100, 2), 5);
    assert_eq!(rig.told(), [Told::Filled(second, 100, 10, BookCross)]);
}

#[test]
fn those_whose_trades_we_had_are_ahead_of_our_next_order() {
    let fill_and_join = |impact| {
        let mut rig = rig_of(FillSizes::Partial, impact);
        let (first, second) = (rig.bid(100, 10), rig.bid(100, 10));
        rig.trade(Side::Bid, 100, 40);
        rig.diff(&[(100, 50)], &[]);
        let third = rig.bid(100, 10);
        assert!(rig.told().contains(&Told::Filled(first, 100, 10, QueueExhausted)));
        let ahead = (rig.ahead(second), rig.ahead(third));
        rig.diff(&[(100, 0)], &[]);
        rig.diff(&[(100, 5)], &[]);
        let later = rig.bid(100, 1);
        assert_eq!(rig.ahead(later), 5, "the level was empty in between");
        ahead
    };
    // Others added behind; ten of theirs were never filled, for we were.
    assert_eq!(fill_and_join(Impact::None), (0, 50));
    assert_eq!(fill_and_join(Impact::Displaces), (0, 60));
}
