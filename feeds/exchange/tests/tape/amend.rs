//! Amendments, end times and queries at the venue.

use ballast_core::replace::ReplaceRules;
use ballast_exchange::SelfTrade;
use ballast_model::FillReason::{QueueExhausted, Took, TradeThrough};
use ballast_model::{
    Cancel, ClientOrderId, Command, Ending, InstrumentId, Lots, Money, Nanos, Query, RejectReason, Replace,
    Side, TimeInForce,
};

use crate::rig::{ETH, Rig, Told, replace};

const BIDS: [(i64, i64); 2] = [(100, 30), (99, 20)];
const ASKS: [(i64, i64); 2] = [(103, 30), (104, 20)];

/// A venue of these rules with a bid of 10 lots at 100, id 1, behind 30 lots of others.
fn rig(amend: ReplaceRules) -> Rig {
    rig_with(amend, SelfTrade::Reject)
}

fn rig_with(amend: ReplaceRules, mode: SelfTrade) -> Rig {
    let mut rig = Rig::with(|spec| {
        spec.instruments[0].amend = amend;
        spec.self_trade = mode;
    })
    .then_showing(&BIDS, &ASKS);
    rig.bid(100, 10);
    rig.trade(Side::Bid, 100, 5);
    rig.hush();
    assert_eq!(rig.ahead(1), 25);
    rig
}

const ALL: [ReplaceRules; 3] =
    [ReplaceRules::BINANCE_SPOT, ReplaceRules::BINANCE_USDM, ReplaceRules::DERIBIT];

#[test]
fn a_smaller_order_keeps_its_place_where_the_venue_says_so() {
    for (rules, ahead) in ALL.into_iter().zip([25, 30, 25]) {
        let mut rig = rig(rules);
        rig.replace(1, 100, 6);
        assert_eq!((rig.told(), rig.ahead(1)), (vec![Told::Replaced(1, 100, 6, 0)], ahead));
        rig.trade(Side::Bid, 99, 1);
        assert_eq!(rig.told(), [Told::Filled(1, 100, 6, TradeThrough)]);
    }
}

#[test]
fn a_larger_or_moved_order_goes_behind_or_is_refused() {
    for rules in ALL {
        for (price, lots, ahead) in [(100, 12, 30), (99, 10, 20), (101, 10, 0), (99, 6, 20)] {
            let mut rig = rig(rules);
            rig.replace(1, price, lots);
            let told = rig.told();
            if rules == ReplaceRules::BINANCE_SPOT {
                assert_eq!((told, rig.ahead(1)), (vec![Told::ReplaceRejected(1, RejectReason::Other)], 25));
            } else {
                assert_eq!((told, rig.ahead(1)), (vec![Told::Replaced(1, price, lots, 0)], ahead));
            }
        }
    }
}

#[test]
fn the_total_includes_what_a_crossing_fill_took() {
    let mut rig = rig(ReplaceRules::DERIBIT);
    rig.venue.send(&Command::Replace(replace(1, Side::Bid, 100, 8)), Nanos(50));
    rig.trade(Side::Bid, 100, 28);
    rig.venue.on_arrival();
    assert_eq!(rig.told(), [Told::Filled(1, 100, 3, QueueExhausted), Told::Replaced(1, 100, 8, 3)]);
    rig.trade(Side::Bid, 99, 1);
    assert_eq!(rig.told(), [Told::Filled(1, 100, 5, TradeThrough)]);
    rig.replace(1, 100, 9);
    assert_eq!(rig.told(), [Told::ReplaceRejected(1, RejectReason::UnknownOrder)]);
}

#[test]
fn a_total_that_has_traded_already_ends_the_order_or_is_refused() {
    for rules in ALL {
        let mut rig = rig(rules);
        rig.trade(Side::Bid, 100, 29);
        rig.hush();
        rig.replace(1, 100, 4);
        let reason = if rules == ReplaceRules::DERIBIT { RejectReason::Size } else { RejectReason::Other };
        let expected = match rules {
            ReplaceRules::BINANCE_USDM => Told::Cancelled(1),
            _ => Told::ReplaceRejected(1, reason),
        };
        assert_eq!(rig.told(), [expected]);
    }
}

#[test]
fn a_post_only_order_is_never_amended_into_taking() {
    for (rules, expected) in [
        (ReplaceRules::DERIBIT, Told::ReplaceRejected(1, RejectReason::WouldTake)),
        (ReplaceRules::BINANCE_USDM, Told::Expired(1)),
    ] {
        let mut rig = rig(rules);
        rig.replace(1, 103, 10);
        assert_eq!(rig.told(), [expected]);
        assert_eq!(rig.venue.resting(ETH).count(), usize::from(rules == ReplaceRules::DERIBIT));
    }
}

#[test]
fn an_order_that_may_take_trades_as_a_new_one_would() {
    let mut rig = rig(ReplaceRules::BINANCE_USDM);
    let id = rig.order(Side::Bid, 99, 40, TimeInForce::GoodTillCancel);
    rig.hush();
    rig.replace(id, 103, 45);
    assert_eq!(rig.told(), [Told::Replaced(id, 103, 45, 0), Told::Filled(id, 103, 30, Took)]);
    rig.query(id);
    assert_eq!(rig.told(), [Told::Working(id, 103, 45, 30)]);
}

#[test]
fn self_trade_prevention_holds_for_amended_orders() {
    for mode in [SelfTrade::Reject, SelfTrade::ExpireTaker, SelfTrade::ExpireMaker, SelfTrade::ExpireBoth] {
        let mut rig = rig_with(ReplaceRules::BINANCE_USDM, mode);
        let maker = rig.ask(102, 5);
        let taker = rig.order(Side::Bid, 99, 4, TimeInForce::GoodTillCancel);
        rig.hush();
        rig.replace(taker, 102, 4);
        let amended = Told::Replaced(taker, 102, 4, 0);
        let expected = match mode {
            SelfTrade::Reject => vec![Told::ReplaceRejected(taker, RejectReason::SelfTrade)],
            SelfTrade::ExpireTaker => vec![amended, Told::Expired(taker)],
            SelfTrade::ExpireMaker => vec![amended, Told::Expired(maker)],
            SelfTrade::ExpireBoth => vec![amended, Told::Expired(maker), Told::Expired(taker)],
        };
        assert_eq!(rig.told(), expected, "{mode:?}");
    }
}

#[test]
fn amendments_pass_the_filters_of_new_orders() {
    let mut rig = Rig::with(|spec| {
        spec.instruments[0].spec.notional_min = Money(Money::ONE.0 / 200);
        spec.instruments[0].spec.size_min = Lots(2);
    })
    .then_showing(&BIDS, &ASKS);
    let id = rig.bid(100, 10);
    rig.hush();
    for (price, lots, reason) in [
        (9, 10, RejectReason::Price),
        (10_001, 10, RejectReason::Price),
        (100, 1, RejectReason::Size),
        (100, 1_001, RejectReason::Size),
        (100, 4, RejectReason::NotionalMin),
        (100, 10, RejectReason::Other),
    ] {
        rig.replace(id, price, lots);
        assert_eq!(rig.told(), [Told::ReplaceRejected(id, reason)], "{lots} at {price}");
    }
    for stray in [
        replace(id, Side::Ask, 101, 10),
        replace(id + 1, Side::Bid, 101, 10),
        Replace { instrument: InstrumentId(9), ..replace(id, Side::Bid, 101, 10) },
    ] {
        rig.send(Command::Replace(stray));
        let told = Told::ReplaceRejected(stray.client_id.0, RejectReason::UnknownOrder);
        assert_eq!(rig.told(), [told]);
    }
    rig.lose();
    rig.replace(id, 99, 10);
    assert_eq!(rig.told(), [Told::ReplaceRejected(id, RejectReason::Closed)]);
    let counters = rig.venue.counters();
    assert_eq!((counters.replaces, counters.replaced, counters.rejects_total()), (10, 0, 0));
}

#[test]
fn a_reduce_only_order_with_nothing_to_reduce_is_not_moved() {
    let mut rig = Rig::showing(&BIDS, &ASKS);
    rig.order(Side::Ask, 100, 5, TimeInForce::ImmediateOrCancel);
    let id = rig.reduce(Side::Bid, 98, 5, TimeInForce::PostOnly);
    rig.order(Side::Bid, 103, 5, TimeInForce::ImmediateOrCancel);
    rig.hush();
    rig.replace(id, 97, 5);
    assert_eq!(rig.told(), [Told::ReplaceRejected(id, RejectReason::ReduceOnly)]);
}

#[test]
fn an_order_with_an_end_time_expires_then() {
    let mut rig = Rig::showing(&BIDS, &ASKS);
    let end = TimeInForce::GoodTillDate(Nanos(100));
    let [low, high] = [99, 100].map(|price| rig.order(Side::Bid, price, 10, end));
    let late = rig.order(Side::Ask, 104, 10, TimeInForce::GoodTillDate(Nanos(200)));
    let past = rig.order(Side::Ask, 104, 10, TimeInForce::GoodTillDate(Nanos(1)));
    assert_eq!(rig.told().last(), Some(&Told::Rejected(past, RejectReason::Other)));
    let cancel = Cancel { instrument: ETH, client_id: ClientOrderId(high) };
    rig.venue.send(&Command::Cancel(cancel), Nanos(100));
    assert_eq!(rig.venue.next_arrival(), Some(Nanos(100)));
    rig.venue.on_arrival();
    assert_eq!(rig.told(), [Told::Expired(high), Told::Expired(low)], "before the command, best price first");
    rig.venue.on_arrival();
    assert_eq!(rig.told(), [Told::CancelRejected(high, RejectReason::UnknownOrder)]);
    assert_eq!(rig.venue.next_due(), Some(Nanos(200)));
    rig.venue.on_arrival();
    assert_eq!(rig.told(), [Told::Expired(late)]);
    assert_eq!((rig.venue.next_due(), rig.venue.counters().expired), (None, 3));
}

#[test]
fn a_good_till_date_order_may_take_and_leaves_no_end_behind() {
    let mut rig = Rig::showing(&BIDS, &ASKS);
    let id = rig.order(Side::Bid, 103, 30, TimeInForce::GoodTillDate(Nanos(100)));
    assert_eq!(rig.told(), [Told::Accepted(id), Told::Filled(id, 103, 30, Took)]);
    assert_eq!(rig.venue.next_due(), None);
}

#[test]
fn queries_are_answered_with_what_rests_ended_or_never_was() {
    let mut rig = rig(ReplaceRules::DERIBIT);
    rig.trade(Side::Bid, 100, 28);
    rig.hush();
    let ask = |rig: &mut Rig, id| {
        rig.query(id);
        rig.told()
    };
    assert_eq!(ask(&mut rig, 1), [Told::Working(1, 100, 10, 3)]);
    rig.cancel(1);
    rig.hush();
    assert_eq!(ask(&mut rig, 1), [Told::Ended(1, Ending::Cancelled, 3)]);
    let filled = rig.order(Side::Bid, 103, 5, TimeInForce::ImmediateOrCancel);
    let expired = rig.order(Side::Bid, 103, 40, TimeInForce::ImmediateOrCancel);
    let refused = rig.bid(104, 5);
    rig.hush();
    assert_eq!(ask(&mut rig, filled), [Told::Ended(filled, Ending::Filled, 5)]);
    assert_eq!(ask(&mut rig, expired), [Told::Ended(expired, Ending::Expired, 25)]);
    assert_eq!(ask(&mut rig, refused), [Told::NotFound(refused)]);
    let stray = Query { instrument: InstrumentId(9), client_id: ClientOrderId(1), number: 1 };
    rig.send(Command::Query(stray));
    assert_eq!(rig.told(), [Told::NotFound(1)]);
    assert_eq!(rig.venue.counters().queries, 6);
}
