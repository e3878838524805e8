//! What became of requests.

use ballast_model::{Ending, Lots, OrderReport, PackedLevel, Price, RejectReason, Span, VenueOrderId};
use ballast_venue::Channel;
use ballast_venue::binance::trade::{Notice, TradeMarket};

use super::rig::{Rig, cancel, new, order, query, replace};

const BOTH: [TradeMarket; 2] = [TradeMarket::Spot, TradeMarket::UsdM];

fn level(price: i64, lots: i64) -> PackedLevel {
    PackedLevel::new(Price(price), Lots(lots)).unwrap()
}

#[test]
fn answers_in_any_order_find_their_requests() {
    for market in BOTH {
        let mut rig = Rig::open(market);
        let (first, second) = (rig.send(new(order(41))), rig.send(new(order(42))));
        rig.result(
            second,
            r#"{"symbol":"ETHUSDT","orderId":29,"clientOrderId":"blst-42","transactTime":1645423376600}"#,
        );
        rig.result(first, r#"{"symbol":"ETHUSDT","orderId":28,"clientOrderId":"blst-41","status":"NEW","updateTime":1645423376600}"#);
        let accepted = |id| OrderReport::Accepted(VenueOrderId(id));
        assert_eq!(rig.reports(), [(42, accepted(29)), (41, accepted(28))]);
        rig.result(first, r#"{"orderId":28}"#);
        assert_eq!((rig.reports().len(), rig.session.counters().unasked), (0, 1));
    }
}

#[test]
fn cancels_and_queries_say_what_traded() {
    let mut rig = Rig::open(TradeMarket::Spot);
    rig.send(new(order(41)));
    let id = rig.send(cancel(41));
    rig.result(id, r#"{"symbol":"ETHUSDT","origClientOrderId":"blst-41","orderId":28,"clientOrderId":"x","price":"2683.80","origQty":"1.500","executedQty":"0.400","status":"CANCELED"}"#);
    assert_eq!(rig.report(), OrderReport::Ended { how: Ending::Cancelled, filled: Lots(400) });
    let shown = r#"{"symbol":"ETHUSDT","orderId":28,"clientOrderId":"blst-41","price":"2683.80","origQty":"1.500","executedQty":"0.400","status":"#;
    let id = rig.send(query(41, 9));
    rig.result(id, &format!(r#"{shown}"PARTIALLY_FILLED"}}"#));
    let (venue_id, filled) = (VenueOrderId(28), Lots(400));
    let working = OrderReport::Working { venue_id, level: level(268_380, 1_500), filled, query: 9 };
    assert_eq!(rig.report(), working);
    for (status, how) in [
        ("FILLED", Ending::Filled),
        ("CANCELED", Ending::Cancelled),
        ("EXPIRED", Ending::Expired),
        ("EXPIRED_IN_MATCH", Ending::Expired),
        ("REJECTED", Ending::Rejected(RejectReason::Other)),
    ] {
        let id = rig.send(query(41, 10));
        rig.result(id, &format!(r#"{shown}"{status}"}}"#));
        assert_eq!(rig.report(), OrderReport::Ended { how, filled });
        rig.asked.clear();
        rig.serve();
        assert!(rig.asked.iter().any(|asked| asked.contains("orderId=28")), "its fills are looked for");
    }
    let fills =
        rig.asked.iter().find(|asked| asked.contains("myTrades")).expect("missing fills are looked for");
    assert!(fills.contains("symbol=ETHUSDT&orderId=28&limit=1000"), "{fills}");
    let id = rig.send(query(41, 11));
    rig.error(id, 400, -2013, "Order does not exist.");
    assert_eq!(rig.report(), OrderReport::NotFound { query: 11 });
}

#[test]
fn amendments_say_what_rests() {
    let mut spot = Rig::open(TradeMarket::Spot);
    spot.send(new(order(41)));
    let id = spot.send(replace(41, 268_380, 1_000));
    spot.result(id, r#"{"transactTime":1645423376600,"executionId":75,"amendedOrder":{"symbol":"ETHUSDT","orderId":28,"clientOrderId":"blst-41","price":"2683.80","qty":"1.00000000","executedQty":"0.25000000","status":"PARTIALLY_FILLED"}}"#);
    let venue_id = VenueOrderId(28);
    let (level_now, filled) = (level(268_380, 1_000), Lots(250));
    assert_eq!(spot.report(), OrderReport::Replaced { venue_id, level: level_now, filled });
    for (price, lots) in [(268_380, 1_000), (268_380, 1_200), (268_381, 900)] {
        assert_eq!(spot.encode(replace(41, price, lots)), None, "spot makes orders smaller and no more");
        assert_eq!(spot.report(), OrderReport::NotSent);
    }
    assert!(spot.encode(replace(41, 268_380, 999)).is_some());
    assert_eq!(spot.encode(replace(77, 268_380, 1)), None, "an order that nobody remembers");

    let mut futures = Rig::open(TradeMarket::UsdM);
    let answer = r#"{"orderId":28,"symbol":"ETHUSDT","clientOrderId":"blst-41","price":"2684.00","origQty":"2.000","executedQty":"0.250","updateTime":1645423376600,"status":"#;
    let id = futures.send(replace(41, 268_400, 2_000));
    futures.result(id, &format!(r#"{answer}"NEW"}}"#));
    assert_eq!(futures.report(), OrderReport::Replaced { venue_id, level: level(268_400, 2_000), filled });
    let id = futures.send(replace(41, 268_400, 2_000));
    futures.result(id, &format!(r#"{answer}"CANCELED"}}"#));
    assert_eq!(futures.report(), OrderReport::Ended { how: Ending::Cancelled, filled });
}

#[test]
fn refusals_are_told_in_the_cores_words() {
    for market in BOTH {
        let mut rig = Rig::open(market);
        let id = rig.send(new(order(41)));
        rig.error(id, 400, -2010, "Order would immediately match and take.");
        assert_eq!(rig.report(), OrderReport::Rejected(RejectReason::WouldTake));
        let id = rig.send(cancel(41));
        rig.error(id, 400, -2011, "Unknown order sent.");
        assert_eq!(rig.report(), OrderReport::CancelRejected(RejectReason::UnknownOrder));
        rig.send(new(order(42)));
        let id = rig.send(replace(42, 268_380, 1));
        rig.error(id, 400, -2038, "The order amend is rejected.");
        assert_eq!(rig.report(), OrderReport::ReplaceRejected(RejectReason::Other));
    }
}

#[test]
fn nobody_knows_where_the_venue_does_not() {
    for (status, code) in [(400, -1007), (400, -1006), (500, 0), (503, -1000)] {
        let mut rig = Rig::open(TradeMarket::Spot);
        for command in [new(order(41)), cancel(41), replace(41, 268_380, 1)] {
            let id = rig.send(command);
            rig.error(id, status, code, "");
            assert_eq!(rig.report(), OrderReport::FateUnknown);
        }
        let id = rig.send(query(41, 1));
        rig.error(id, status, code, "");
        assert_eq!(rig.reports(), [], "a query is asked again");
    }
}

#[test]
fn an_answer_that_is_late_makes_the_fate_unknown_and_is_understood_when_it_comes() {
    let mut rig = Rig::open(TradeMarket::UsdM);
    let (first, second) = (rig.send(new(order(41))), rig.send(new(order(42))));
    rig.send(query(42, 1));
    rig.wait(Span::from_millis(1_999));
    rig.session.on_deadline(rig.now, &mut rig.sink);
    assert_eq!(rig.reports(), []);
    assert_eq!(rig.session.next_deadline(), Some(rig.now.mono + Span::from_millis(1)));
    rig.wait(Span::from_millis(1));
    rig.session.on_deadline(rig.now, &mut rig.sink);
    assert_eq!(rig.reports(), [(41, OrderReport::FateUnknown), (42, OrderReport::FateUnknown)]);
    rig.result(second, r#"{"orderId":29,"status":"NEW"}"#);
    rig.error(first, 400, -5022, "Due to the order could not be executed as maker");
    let accepted = OrderReport::Accepted(VenueOrderId(29));
    assert_eq!(rig.reports(), [(42, accepted), (41, OrderReport::Rejected(RejectReason::WouldTake))]);
}

#[test]
fn a_lost_connection_makes_all_fates_unknown() {
    let mut rig = Rig::open(TradeMarket::Spot);
    rig.send(new(order(41)));
    rig.send(cancel(42));
    rig.send(query(43, 1));
    rig.session.on_disconnected(Channel::Api, rig.now, &mut rig.sink);
    assert_eq!(rig.reports(), [(41, OrderReport::FateUnknown), (42, OrderReport::FateUnknown)]);
}

#[test]
fn a_key_that_is_refused_stops_everything() {
    let mut rig = Rig::open(TradeMarket::Spot);
    rig.frame(r#"{"id":null,"status":401,"error":{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}}"#);
    assert_eq!(rig.session.poll_notice(), Some(Notice::Halted(-2015)));
    assert!(rig.encode(new(order(41))).is_none() && rig.encode(cancel(41)).is_none());
    let reports = rig.reports();
    assert_eq!(reports, [(41, OrderReport::NotSent), (41, OrderReport::CancelRejected(RejectReason::Other))]);
    rig.session.cancel_all();
    assert!(rig.poll().is_none());
    assert!(
        rig.session.next_deadline().is_none_or(|at| at > rig.now.mono),
        "what cannot be asked is not due"
    );
    rig.session.resume();
    assert_eq!(rig.session.poll_reconnect(), Some(Channel::Api));
    assert!(rig.poll().is_some_and(|(_, what)| what.starts_with("DELETE")));
}
