//! Connections come and go.

use ballast_model::{OrderReport, RejectReason, Span};
use ballast_venue::Channel;
use ballast_venue::binance::trade::{Standing, TradeMarket};

use super::rig::{ETH, Rig, cancel, ed25519, exchange_info, hmac, id_of, new, order};

#[test]
fn nothing_that_adds_goes_out_before_its_fills_would_be_seen() {
    let mut spot = Rig::fresh(TradeMarket::Spot, ed25519());
    spot.session.on_connected(Channel::Rest, spot.now);
    spot.session.on_connected(Channel::Api, spot.now);
    let (_, logon) = spot.poll().unwrap();
    assert!(spot.encode(cancel(1)).is_none(), "not logged on");
    assert_eq!(spot.report(), OrderReport::CancelRejected(RejectReason::Other));
    spot.result(id_of(&logon), "{}");
    let (_, subscribe) = spot.poll().unwrap();
    assert!(spot.encode(cancel(1)).is_some() && spot.encode(new(order(1))).is_none());
    spot.result(id_of(&subscribe), r#"{"subscriptionId":0}"#);
    assert!(spot.encode(new(order(1))).is_none(), "the rules are not known");
    spot.serve();
    assert!(spot.encode(new(order(1))).is_some());

    let mut futures = Rig::fresh(TradeMarket::UsdM, hmac());
    futures.session.on_connected(Channel::Rest, futures.now);
    futures.session.on_connected(Channel::Api, futures.now);
    futures.serve();
    assert!(futures.encode(cancel(1)).is_some() && futures.encode(new(order(1))).is_none());
    futures.session.on_connected(Channel::Private, futures.now);
    assert!(futures.encode(new(order(1))).is_some());
    futures.session.on_disconnected(Channel::Private, futures.now, &mut futures.sink);
    assert!(futures.encode(new(order(2))).is_none() && futures.encode(cancel(2)).is_some());
    assert_eq!(futures.session.standing(), Standing::Blind);
}

#[test]
fn no_order_rests_unseen_or_out_of_reach() {
    let lost = |market, channel| {
        let mut rig = Rig::open(market);
        rig.session.on_disconnected(channel, rig.now, &mut rig.sink);
        rig.serve();
        // Told once more, as of a connection that could not be opened: there is nothing new to cancel.
        rig.session.on_disconnected(channel, rig.now, &mut rig.sink);
        rig.serve();
        rig.asked.iter().filter(|asked| asked.starts_with("DELETE")).count()
    };
    assert_eq!(lost(TradeMarket::UsdM, Channel::Private), 2, "one for each instrument");
    assert_eq!(lost(TradeMarket::UsdM, Channel::Api), 2);
    assert_eq!(lost(TradeMarket::Spot, Channel::Api), 2);
    assert_eq!(lost(TradeMarket::UsdM, Channel::Rest), 0);
    assert_eq!(lost(TradeMarket::UsdM, Channel::Market(0)), 0);
}

#[test]
fn connections_are_renewed_before_the_venue_cuts_them() {
    let mut rig = Rig::open(TradeMarket::UsdM);
    rig.wait(Span::from_secs(23 * 3_600));
    rig.session.on_deadline(rig.now, &mut rig.sink);
    assert_eq!(rig.session.poll_reconnect(), None);
    rig.wait(Span::from_secs(50 * 60));
    rig.session.on_deadline(rig.now, &mut rig.sink);
    assert_eq!(rig.session.poll_reconnect(), Some(Channel::Api));
    assert_eq!((rig.session.poll_reconnect(), rig.session.poll_reconnect()), (Some(Channel::Private), None));
}

#[test]
fn a_log_on_without_an_answer_begins_anew() {
    let mut rig = Rig::fresh(TradeMarket::Spot, ed25519());
    rig.session.on_connected(Channel::Api, rig.now);
    rig.poll().unwrap();
    assert!(rig.poll().is_none());
    rig.wait(Span::from_secs(2));
    rig.session.on_deadline(rig.now, &mut rig.sink);
    assert_eq!(rig.session.poll_reconnect(), Some(Channel::Api));
}

#[test]
fn the_listen_key_is_kept_and_made_anew() {
    let mut rig = Rig::open(TradeMarket::UsdM);
    rig.wait(Span::from_secs(30 * 60));
    rig.script.push((
        "PUT /fapi/v1/listenKey".into(),
        400,
        r#"{"code":-1125,"msg":"This listenKey does not exist."}"#.into(),
    ));
    rig.script.push(("POST /fapi/v1/listenKey".into(), 200, r#"{"listenKey":"fresh"}"#.into()));
    rig.serve();
    assert_eq!(rig.session.poll_reconnect(), Some(Channel::Private));
    assert!(rig.session.path(Channel::Private).unwrap().contains("listenKey=fresh&"));
}

#[test]
fn a_changed_tick_stops_orders_until_it_is_configured() {
    for (tick, status) in [("0.10", "TRADING"), ("0.01", "HALT"), ("0.01", "CANCEL_ONLY")] {
        let mut rig = Rig::open(TradeMarket::Spot);
        rig.wait(Span::from_secs(300));
        rig.script.push((
            "GET /api/v3/exchangeInfo".into(),
            200,
            exchange_info(TradeMarket::Spot, tick, status),
        ));
        rig.serve();
        assert!(!rig.session.may_add(ETH, rig.now.mono), "{tick} {status}");
        assert!(rig.session.poll_notice().is_some());
        assert!(rig.encode(new(order(1))).is_none() && rig.encode(cancel(1)).is_some());
        assert!(matches!(rig.session.standing(), Standing::Whole(_)), "the account is as known as before");
        rig.wait(Span::from_secs(300));
        rig.serve();
        assert!(rig.session.may_add(ETH, rig.now.mono));
    }
}

#[test]
fn debug_output_shows_no_key() {
    let mut rig = Rig::open(TradeMarket::UsdM);
    rig.send(new(order(1)));
    let shown = format!("{:?} {:#?}", rig.session, rig.session);
    for secret in ["key0", "pqia91", super::rig::SECRET] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
