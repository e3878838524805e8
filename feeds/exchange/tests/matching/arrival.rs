//! What arriving orders do: priority, lifetimes, market orders, icebergs, reduce-only.

use ballast_exchange::matching::{Outcome, Reject, Why};
use ballast_model::{Lots, Nanos, Price, Rate, Side, TimeInForce};

use crate::rig::{Change, FOK, IOC, POST, Rig, ask, bid, spec, trades};

/// Asks of account 1: 5 at 101 (id 1), 7 at 100 (id 2), 3 at 100 (id 3).
fn three_asks() -> Rig {
    let mut rig = Rig::new(&spec());
    rig.rests(ask(1, 1, 101, 5));
    rig.rests(ask(1, 2, 100, 7));
    rig.rests(ask(1, 3, 100, 3));
    rig
}

#[test]
fn the_better_price_goes_first_and_at_a_price_the_earlier_order() {
    let mut rig = three_asks();
    assert_eq!(rig.levels(Side::Ask), [(100, 10), (101, 5)]);
    assert_eq!(rig.trades(bid(2, 9, 101, 12)), [(1, 2, 100, 7), (1, 3, 100, 3), (1, 1, 101, 2)]);
    assert_eq!((rig.left(1, 1), rig.left(2, 9), rig.position(2), rig.position(1)), (Some(3), None, 12, -12));
    assert_eq!(rig.engine.last_price(), Some(Price(101)));
}

#[test]
fn what_a_limit_order_cannot_take_rests_at_its_price() {
    let mut rig = three_asks();
    assert_eq!(rig.trades(bid(2, 9, 100, 12)), [(1, 2, 100, 7), (1, 3, 100, 3)]);
    assert_eq!(rig.levels(Side::Bid), [(100, 2)]);
    assert_eq!(rig.engine.best(Side::Ask), Some(Price(101)));
}

#[test]
fn prices_far_apart_keep_their_order() {
    let mut rig = Rig::new(&spec());
    for (id, price) in (1..).zip([999_999, 500, 1_000_000, 70_000, 501, 64]) {
        rig.rests(ask(1, id, price, 1));
    }
    let prices: Vec<_> = rig.levels(Side::Ask).into_iter().map(|(price, _)| price).collect();
    assert_eq!(prices, [64, 500, 501, 70_000, 999_999, 1_000_000]);
    let swept = rig.trades(bid(2, 1, 999_999, 9));
    assert_eq!(swept.iter().map(|trade| trade.2).collect::<Vec<_>>(), prices[..5]);
}

#[test]
fn post_only_never_takes() {
    let mut rig = three_asks();
    assert_eq!(rig.refusal(bid(2, 9, 100, 1).tif(POST)), Reject::WouldTake);
    assert_eq!(rig.refusal(bid(1, 9, 100, 1).tif(POST)), Reject::WouldTake, "its own order is liquidity too");
    rig.rests(bid(2, 9, 99, 1).tif(POST));
}

#[test]
fn immediate_orders_take_what_there_is_and_expire() {
    let mut rig = three_asks();
    assert_eq!(rig.refusal(bid(2, 9, 99, 1).tif(IOC)), Reject::NothingToTake);
    let outcomes = rig.place(bid(2, 9, 100, 12).tif(IOC));
    assert_eq!(trades(&outcomes), [(1, 2, 100, 7), (1, 3, 100, 3)]);
    assert!(matches!(outcomes.last(), Some(Outcome::Expired(_, Lots(2), Why::TimeInForce))));
    assert_eq!(rig.levels(Side::Bid), []);
}

#[test]
fn fill_or_kill_fills_whole_or_not_at_all() {
    let mut rig = three_asks();
    assert_eq!(rig.refusal(bid(2, 9, 100, 11).tif(FOK)), Reject::NothingToTake);
    assert_eq!(rig.trades(bid(2, 9, 101, 11).tif(FOK)).len(), 3);
    assert_eq!(rig.refusal(bid(2, 9, 101, 5).tif(FOK)), Reject::NothingToTake);
    // A reduce-only order may be cut: it is not counted on.
    rig.rests(ask(2, 5, 101, 3).reduce());
    assert_eq!(rig.refusal(bid(3, 9, 101, 6).tif(FOK)), Reject::NothingToTake);
    assert_eq!(rig.trades(bid(3, 9, 101, 4).tif(FOK)), [(1, 1, 101, 4)]);
}

#[test]
fn a_market_order_stops_at_its_protection() {
    let mut spec = spec();
    spec.market_protection = Rate::from_bps(100);
    let mut rig = Rig::new(&spec);
    assert_eq!(rig.refusal(bid(2, 9, 0, 1).market()), Reject::NothingToTake);
    for (id, price) in (1..).zip([10_000, 10_100, 10_101]) {
        rig.rests(ask(1, id, price, 1));
    }
    let outcomes = rig.place(bid(2, 9, 0, 3).market());
    assert_eq!(trades(&outcomes), [(1, 1, 10_000, 1), (1, 2, 10_100, 1)]);
    assert!(matches!(outcomes.last(), Some(Outcome::Expired(_, Lots(1), Why::TimeInForce))));
    assert_eq!(rig.refusal(bid(2, 9, 0, 1).market().tif(POST)), Reject::Contradiction);
}

#[test]
fn orders_with_an_end_time_end_in_its_order() {
    let mut rig = Rig::new(&spec());
    rig.advance(100);
    let until = |end| TimeInForce::GoodTillDate(Nanos(end));
    assert_eq!(rig.refusal(bid(1, 1, 100, 1).tif(until(100))), Reject::EndTime);
    rig.rests(bid(1, 1, 100, 1).tif(until(300)));
    rig.rests(bid(1, 2, 100, 1).tif(until(200)));
    rig.rests(bid(1, 3, 100, 1).tif(until(200)));
    rig.rests(bid(1, 4, 100, 1).tif(until(150)));
    rig.cancel(1, 4);
    assert_eq!(rig.engine.next_deadline(), Some(Nanos(200)));
    assert_eq!(rig.advance(199), []);
    let ended = |outcomes: Vec<Outcome>| -> Vec<u64> {
        let id = |outcome: &Outcome| {
            let Outcome::Expired(order, _, Why::EndTime) = outcome else { panic!("{outcome:?}") };
            order.client_id.0
        };
        outcomes.iter().map(id).collect()
    };
    assert_eq!(ended(rig.advance(200)), [2, 3]);
    assert_eq!(ended(rig.advance(1_000)), [1]);
    assert_eq!(rig.engine.next_deadline(), None);
}

#[test]
fn an_iceberg_shows_a_part_and_goes_behind_with_the_next() {
    let mut rig = Rig::new(&spec());
    rig.rests(ask(1, 1, 100, 10).iceberg(4));
    rig.rests(ask(2, 2, 100, 5));
    assert_eq!(rig.levels(Side::Ask), [(100, 9)]);
    assert_eq!(rig.trades(bid(3, 1, 100, 3)), [(1, 1, 100, 3)]);
    assert_eq!(rig.levels(Side::Ask), [(100, 6)], "what is left of the part keeps its place");
    let swept = rig.trades(bid(3, 2, 100, 12));
    assert_eq!(swept, [(1, 1, 100, 1), (2, 2, 100, 5), (1, 1, 100, 4), (1, 1, 100, 2)]);
    assert_eq!(rig.refusal(ask(1, 1, 100, 4).iceberg(4)), Reject::Contradiction);
    assert_eq!(rig.refusal(ask(1, 1, 100, 4).iceberg(2).tif(IOC)), Reject::Contradiction);
    assert_eq!(rig.refusal(ask(1, 1, 100, 4).iceberg(-1)), Reject::Contradiction);
}

#[test]
fn reduce_only_trades_what_closes_the_position_and_expires() {
    let mut rig = three_asks();
    assert_eq!(rig.refusal(bid(2, 9, 100, 1).reduce()), Reject::ReduceOnly, "flat");
    rig.trades(bid(2, 9, 100, 4));
    assert_eq!(rig.refusal(bid(2, 9, 100, 1).reduce()), Reject::ReduceOnly, "it would add");
    assert_eq!(rig.refusal(ask(2, 9, 100, 5).reduce().tif(FOK)), Reject::ReduceOnly);
    // Resting: cut when it is met.
    rig.rests(ask(2, 9, 99, 6).reduce());
    let outcomes = rig.place(bid(3, 1, 99, 6));
    assert_eq!(trades(&outcomes), [(2, 9, 99, 4)]);
    assert!(matches!(outcomes[2], Outcome::Expired(_, Lots(2), Why::ReduceOnly)), "{outcomes:?}");
    assert_eq!((rig.position(2), rig.left(3, 1)), (0, Some(2)));
    // Arriving: cut at once.
    for id in 1..=3 {
        rig.cancel(1, id);
    }
    rig.rests(ask(3, 7, 100, 30));
    let outcomes = rig.place(bid(1, 9, 100, 30).reduce());
    assert_eq!(trades(&outcomes), [(3, 7, 100, 4)], "short 4");
    assert!(matches!(outcomes.last(), Some(Outcome::Expired(_, Lots(26), Why::ReduceOnly))));
}

#[test]
fn the_rebate_of_one_is_the_others_cost() {
    let mut spec = spec();
    spec.fees.maker = Rate::from_bps(-1);
    let mut rig = Rig::new(&spec);
    rig.rests(ask(1, 1, 200_000, 1_000));
    rig.trades(bid(2, 1, 200_000, 1_000));
    let fees = [1, 2].map(|account| rig.engine.fees_paid(ballast_exchange::matching::AccountId(account)));
    // One ETH at 2 000: 0.2 back, 1 paid.
    assert_eq!(fees.map(|fee| fee.0), [-200_000_000_000_000_000, 1_000_000_000_000_000_000]);
}
