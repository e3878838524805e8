//! Where filled orders stood, as the venue tells beside the fills.

use ballast_core::replace::ReplaceRules;
use ballast_exchange::Place;
use ballast_model::{Lots, Side, TimeInForce};

use crate::rig::Rig;

const BIDS: [(i64, i64); 3] = [(100, 30), (99, 20), (98, 10)];
const ASKS: [(i64, i64); 3] = [(102, 30), (103, 20), (104, 10)];

fn place(level: u16, joined: Option<i64>, ahead: Option<i64>) -> Option<Place> {
    Some(Place { level, joined: joined.map(Lots), ahead: ahead.map(Lots) })
}

/// Orders filled since the last call and their places.
fn places(rig: &mut Rig) -> Vec<(u64, Option<Place>)> {
    let fills = rig.fills();
    fills.iter().map(|fill| (fill.client_id.0, rig.venue.take_place(fill.trade_id))).collect()
}

#[test]
fn a_fill_has_its_level_and_the_queue_when_it_joined_and_when_it_traded() {
    let mut rig = Rig::showing(&BIDS, &ASKS);
    let (best, second, same) = (rig.bid(101, 5), rig.bid(100, 5), rig.bid(100, 4));
    rig.trade(Side::Bid, 100, 20);
    assert_eq!(places(&mut rig), [(best, place(0, Some(0), Some(0)))], "passed by the trade");
    let first = rig.ask(101, 1);
    rig.trade(Side::Bid, 100, 18);
    let expected = [(second, place(0, Some(30), Some(10))), (same, place(0, Some(30), Some(10)))];
    assert_eq!(places(&mut rig), expected, "by the trade that worked off the last of the queue");
    let (near, far) = (rig.ask(103, 2), rig.ask(104, 2));
    rig.trade(Side::Ask, 105, 1);
    let expected = [
        (first, place(0, Some(0), Some(0))),
        (near, place(1, Some(20), Some(20))),
        (far, place(2, Some(10), Some(10))),
    ];
    assert_eq!(places(&mut rig), expected, "of one trade each has the level it had before it");
}

#[test]
fn a_queue_nobody_has_seen_is_unknown_and_not_empty() {
    let mut rig = Rig::showing(&BIDS, &ASKS);
    let (shown_later, never) = (rig.bid(97, 5), rig.bid(96, 5));
    rig.diff(&[(97, 8)], &[]);
    rig.trade(Side::Bid, 97, 9);
    assert_eq!(places(&mut rig), [(shown_later, place(0, None, Some(8)))]);
    rig.trade(Side::Bid, 95, 1);
    let rest = (shown_later, place(0, None, Some(0)));
    assert_eq!(places(&mut rig), [rest, (never, place(1, None, None))]);
}

#[test]
fn an_order_that_takes_has_no_place_and_one_that_is_crossed_has() {
    let mut rig = Rig::showing(&BIDS, &ASKS);
    let takes = rig.order(Side::Bid, 102, 40, TimeInForce::GoodTillCancel);
    assert_eq!(places(&mut rig), [(takes, None)]);
    rig.diff(&[], &[(102, 4)]);
    assert_eq!(places(&mut rig), [(takes, place(0, Some(0), Some(0)))]);
    let again = rig.order(Side::Bid, 103, 3, TimeInForce::ImmediateOrCancel);
    assert_eq!(places(&mut rig), [(again, None)], "the place of the one before is not its own");
    rig.cancel(takes);
    let rests = rig.bid(101, 1);
    rig.trade(Side::Bid, 101, 1);
    let takes = rig.order(Side::Bid, 103, 2, TimeInForce::ImmediateOrCancel);
    assert_eq!(places(&mut rig), [(rests, place(0, Some(0), Some(0))), (takes, None)]);
}

#[test]
fn an_amendment_that_keeps_its_place_keeps_what_was_ahead_when_it_joined() {
    for (rules, ahead) in [(ReplaceRules::DERIBIT, 18), (ReplaceRules::BINANCE_USDM, 30)] {
        let mut rig = Rig::with(|spec| spec.instruments[0].amend = rules).then_showing(&BIDS, &ASKS);
        let id = rig.bid(100, 8);
        rig.trade(Side::Bid, 100, 12);
        rig.replace(id, 100, 6);
        rig.hush();
        rig.trade(Side::Bid, 100, 34);
        assert_eq!(places(&mut rig), [(id, place(0, Some(30), Some(ahead)))], "{rules:?}");
    }
}
