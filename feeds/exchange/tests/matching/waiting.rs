//! Stops, take-profits and trailing stops.

use ballast_exchange::matching::{AccountId, Outcome, Reject, Source, VolatilityHalt, When, Why};
use ballast_model::{ClientOrderId, Nanos, Price, Rate, Side, Span, TimeInForce};

use crate::rig::{Change, IOC, POST, Rig, ask, bid, spec, trades};

/// The ids of no orders.
const NOBODY: [u64; 0] = [];

/// Makes a trade of accounts 1 and 2 at this price, in an empty book.
fn trade_at(rig: &mut Rig, price: i64) -> Vec<Outcome> {
    rig.rests(ask(1, 901, price, 1));
    rig.place(bid(2, 902, price, 1).tif(IOC))
}

fn triggered(outcomes: &[Outcome]) -> Vec<u64> {
    let id = |outcome: &Outcome| {
        let Outcome::Triggered(order) = outcome else { return None };
        Some(order.client_id.0)
    };
    outcomes.iter().filter_map(id).collect()
}

#[test]
fn stops_and_take_profits_arrive_when_their_price_comes() {
    for (side, when, before, at) in [
        (Side::Bid, When::Stop(Price(105)), 104, 105),
        (Side::Ask, When::Stop(Price(95)), 96, 95),
        (Side::Bid, When::TakeProfit(Price(95)), 96, 95),
        (Side::Ask, When::TakeProfit(Price(105)), 104, 105),
    ] {
        let mut rig = Rig::new(&spec());
        trade_at(&mut rig, 100);
        let order = crate::rig::limit(3, 1, side, if side == Side::Bid { 50 } else { 500 }, 2);
        let outcomes = rig.place(order.when(Source::Last, when));
        assert!(matches!(outcomes[..], [Outcome::Accepted(_)]));
        assert_eq!((rig.engine.open_orders(), rig.engine.waiting_orders()), (0, 1));
        assert_eq!(triggered(&trade_at(&mut rig, before)), NOBODY, "{side:?} {when:?}");
        assert_eq!(triggered(&trade_at(&mut rig, at)), [1], "{side:?} {when:?}");
        assert_eq!((rig.left(3, 1), rig.engine.waiting_orders()), (Some(2), 0));
    }
}

#[test]
fn mark_and_last_are_told_apart() {
    let mut rig = Rig::new(&spec());
    trade_at(&mut rig, 100);
    rig.mark(100);
    rig.place(bid(3, 1, 50, 1).when(Source::Mark, When::Stop(Price(105))));
    assert_eq!(triggered(&trade_at(&mut rig, 110)), NOBODY);
    assert_eq!(triggered(&rig.mark(105)), [1]);
}

#[test]
fn a_trailing_stop_follows_the_best_price_from_its_activation_on() {
    let mut rig = Rig::new(&spec());
    rig.mark(1_000);
    let when = When::Trails { activation: Some(Price(1_050)), callback: Rate::from_bps(100) };
    rig.place(ask(3, 1, 5_000, 1).when(Source::Mark, when));
    // Not yet: it has not begun to trail. From 1 060 on it waits for 1 % less, rounded down to 1 049.
    for price in [900, 1_049, 1_060, 1_050] {
        assert_eq!(triggered(&rig.mark(price)), NOBODY, "{price}");
    }
    assert_eq!(triggered(&rig.mark(1_100)), NOBODY);
    assert_eq!(triggered(&rig.mark(1_090)), NOBODY);
    assert_eq!(triggered(&rig.mark(1_089)), [1]);
    // A bid trails the lowest price, from the newest one on where there is no activation.
    let when = When::Trails { activation: None, callback: Rate::from_bps(100) };
    rig.place(bid(3, 2, 50, 1).when(Source::Mark, when));
    for price in [1_099, 1_000, 1_009] {
        assert_eq!(triggered(&rig.mark(price)), NOBODY, "{price}");
    }
    assert_eq!(triggered(&rig.mark(1_010)), [2]);
}

#[test]
fn stops_may_set_off_one_another() {
    let mut rig = Rig::new(&spec());
    trade_at(&mut rig, 100);
    for (id, price) in [(1, 99), (2, 98), (3, 97)] {
        rig.rests(bid(1, id, price, 1));
    }
    // Each sells to the next bid and so sets off the next; the last one finds nobody.
    for (id, at) in [(11, 97), (12, 98), (13, 99)] {
        rig.place(ask(3, id, 0, 1).market().when(Source::Last, When::Stop(Price(at))));
    }
    let outcomes = rig.place(ask(2, 9, 99, 1).tif(IOC));
    assert_eq!(triggered(&outcomes), [13, 12, 11]);
    assert_eq!(trades(&outcomes), [(1, 1, 99, 1), (1, 2, 98, 1), (1, 3, 97, 1)]);
    assert!(matches!(outcomes.last(), Some(Outcome::Expired(_, _, Why::Refused(Reject::NothingToTake)))));
}

#[test]
fn one_price_lets_orders_arrive_as_they_were_placed() {
    let mut rig = Rig::new(&spec());
    rig.mark(100);
    for (id, at) in [(1, 103), (2, 101), (3, 102)] {
        rig.place(bid(3, id, 50, 1).when(Source::Mark, When::Stop(Price(at))));
    }
    assert_eq!(triggered(&rig.mark(103)), [1, 2, 3]);
}

#[test]
fn waiting_orders_are_cancelled_and_end_like_others() {
    let mut rig = Rig::new(&spec());
    rig.mark(100);
    let stop = |id| bid(3, id, 50, 1).when(Source::Mark, When::Stop(Price(105)));
    rig.place(stop(1));
    rig.place(stop(2).tif(TimeInForce::GoodTillDate(Nanos(10))));
    rig.place(stop(3));
    assert_eq!(
        rig.engine.trigger(AccountId(3), ClientOrderId(3)).map(|trigger| trigger.source),
        Some(Source::Mark)
    );
    assert_eq!(rig.refusal(bid(3, 1, 50, 1)), Reject::DuplicateId);
    assert!(matches!(rig.amend(3, 1, 60, 1)[..], [Outcome::ReplaceRejected(_, _, Reject::NotAmendable)]));
    assert!(matches!(rig.cancel(3, 1)[..], [Outcome::Cancelled(..)]));
    assert!(matches!(rig.advance(10)[..], [Outcome::Expired(_, _, Why::EndTime)]));
    let outcomes = rig.act(|engine, outbox| engine.cancel_all(AccountId(3), outbox));
    assert_eq!(outcomes.last(), Some(&Outcome::AllCancelled(AccountId(3), 1)));
    assert_eq!(triggered(&rig.mark(105)), NOBODY);
}

#[test]
fn triggers_are_checked_when_placed_and_orders_when_they_arrive() {
    let mut spec = spec();
    spec.limits.waiting = 1;
    let mut rig = Rig::new(&spec);
    rig.mark(100);
    let stop = |at| bid(3, 1, 100, 1).when(Source::Mark, When::Stop(Price(at)));
    assert_eq!(rig.refusal(stop(100)), Reject::TriggersAtOnce);
    assert_eq!(rig.refusal(stop(0)), Reject::Trigger);
    for callback in [Rate(0), Rate::ONE] {
        let trails = When::Trails { activation: None, callback };
        assert_eq!(rig.refusal(stop(1).when(Source::Mark, trails)), Reject::Trigger);
    }
    rig.place(stop(101).tif(POST));
    assert_eq!(rig.refusal(bid(2, 1, 100, 1).when(Source::Mark, When::Stop(Price(101)))), Reject::VenueFull);
    rig.rests(ask(1, 1, 99, 1));
    let outcomes = rig.mark(101);
    assert!(matches!(outcomes[..], [_, Outcome::Expired(_, _, Why::Refused(Reject::WouldTake))]));
}

#[test]
fn stops_wait_for_the_end_of_a_halt() {
    let mut spec = spec();
    spec.halt = Some(VolatilityHalt { band: Rate::from_bps(100), window: Span(1_000), pause: Span(50) });
    let mut rig = Rig::new(&spec);
    rig.advance(1);
    trade_at(&mut rig, 10_000);
    rig.mark(100);
    rig.place(bid(3, 1, 50, 1).when(Source::Mark, When::Stop(Price(105))));
    rig.rests(ask(1, 1, 10_200, 1));
    assert!(rig.place(bid(2, 1, 10_200, 1)).contains(&Outcome::Halted));
    assert_eq!(rig.mark(105), []);
    assert_eq!(triggered(&rig.advance(51)), [1]);
}
