//! Budgets, silence, clocks and lateness.

use ballast_model::{Nanos, NewOrder, OrderReport, ReduceOnly, RejectReason, Span, TimeInForce};
use ballast_venue::binance::trade::{
    DeadMan, Notice, TradeConfig, TradeConfigError, TradeMarket, TradeSession, Unsent, cancels_first,
};

use super::rig::{BTC, ETH, Rig, cancel, config, ed25519, id_of, instrument, new, order, query};

fn unsent(rig: &Rig, reason: Unsent) -> u64 {
    rig.session.counters().unsent[reason as usize]
}

#[test]
fn late_orders_are_dropped_unsent_and_late_cancels_are_not() {
    let mut rig = Rig::open(TradeMarket::Spot);
    let late = NewOrder { expires_at: Nanos(rig.now.mono.0 - 1), ..order(1) };
    assert_eq!(rig.encode(new(late)), None);
    assert_eq!((rig.report(), unsent(&rig, Unsent::Expired)), (OrderReport::NotSent, 1));
    assert!(rig.encode(new(NewOrder { expires_at: rig.now.mono, ..order(1) })).is_some());
    assert!(rig.encode(cancel(1)).is_some());
}

#[test]
fn what_the_market_has_not_is_not_sent_without_it() {
    let mut rig = Rig::open(TradeMarket::Spot);
    for wrong in [
        NewOrder { reduce_only: ReduceOnly::Yes, ..order(1) },
        NewOrder { tif: TimeInForce::GoodTillDate(Nanos::from_millis(1_800_000_000_000)), ..order(1) },
    ] {
        assert_eq!(rig.encode(new(wrong)), None);
        assert_eq!(rig.report(), OrderReport::NotSent);
    }
    assert_eq!(unsent(&rig, Unsent::Form), 2);
    assert!(rig.session.encode(&new(order(1)), rig.now, &mut [0; 64], &mut rig.sink).is_none());
    assert_eq!((rig.report(), unsent(&rig, Unsent::Full)), (OrderReport::NotSent, 1));
}

#[test]
fn orders_stop_at_the_venues_count_and_cancels_go_on() {
    let mut rig = Rig::open(TradeMarket::Spot);
    let id = rig.send(new(order(1)));
    rig.frame(&format!(
        r#"{{"id":{id},"status":200,"result":{{"orderId":1}},"rateLimits":[{{"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":100,"count":100}},{{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":6000,"count":10}}]}}"#
    ));
    assert!(rig.encode(new(order(2))).is_none() && rig.encode(cancel(1)).is_some());
    rig.wait(Span::from_secs(10));
    assert!(rig.encode(new(order(2))).is_some());
    let id = rig.send(cancel(1));
    rig.frame(&format!(
        r#"{{"id":{id},"status":200,"result":{{"orderId":1}},"rateLimits":[{{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":6000,"count":4800}}]}}"#
    ));
    assert!(rig.encode(new(order(3))).is_none() && rig.encode(cancel(2)).is_some(), "the reserve");
}

#[test]
fn nothing_is_sent_while_the_venue_wants_silence() {
    let mut rig = Rig::open(TradeMarket::Spot);
    let id = rig.send(new(order(1)));
    let until = rig.now.wall + Span::from_secs(30);
    rig.frame(&format!(
        r#"{{"id":{id},"status":418,"error":{{"code":-1003,"msg":"Way too much request weight used; IP banned.","data":{{"serverTime":1,"retryAfter":{}}}}}}}"#,
        until.0 / 1_000_000
    ));
    assert_eq!(rig.session.poll_notice(), Some(Notice::Silenced(rig.now.mono + Span::from_secs(30))));
    rig.reports();
    rig.session.cancel_all();
    assert!(rig.poll().is_none() && rig.encode(cancel(1)).is_none());
    assert_eq!(rig.report(), OrderReport::CancelRejected(RejectReason::RateLimit));
    rig.wait(Span::from_secs(30));
    assert!(rig.encode(cancel(1)).is_some() && rig.poll().is_some());

    let mut rig = Rig::open(TradeMarket::UsdM);
    rig.session.sweep(rig.now);
    rig.poll().unwrap();
    rig.answer(429, &[("retry-after", "90")], r#"{"code":-1003,"msg":"Too many requests."}"#);
    rig.wait(Span::from_secs(89));
    assert!(rig.encode(cancel(1)).is_none() && rig.poll().is_none());
    rig.wait(Span::from_secs(1));
    assert!(rig.encode(cancel(1)).is_some() && rig.poll().is_some());
}

#[test]
fn headers_count_what_is_used() {
    let mut rig = Rig::open(TradeMarket::Spot);
    rig.session.sweep(rig.now);
    rig.poll().unwrap();
    rig.answer(200, &[("x-mbx-used-weight-1m", "5999"), ("X-MBX-ORDER-COUNT-10S", "7")], "{\"symbols\":[]}");
    let used: Vec<_> = rig.session.windows().iter().map(|window| window.used).collect();
    assert_eq!(used[..2], [5_999, 7]);
    assert!(
        rig.encode(new(order(1))).is_none()
            && rig.encode(query(1, 1)).is_none()
            && rig.encode(cancel(1)).is_some()
    );
}

#[test]
fn too_many_orders_pauses_orders_alone() {
    let mut rig = Rig::open(TradeMarket::UsdM);
    let id = rig.send(new(order(1)));
    rig.error(id, 400, -1015, "Too many new orders.");
    assert_eq!(rig.report(), OrderReport::Rejected(RejectReason::RateLimit));
    assert!(rig.encode(new(order(2))).is_none() && rig.encode(cancel(1)).is_some());
    let reduce = NewOrder { reduce_only: ReduceOnly::Yes, ..order(3) };
    assert!(rig.encode(new(reduce)).is_some(), "what reduces is not held back");
    rig.wait(Span::from_secs(60));
    assert!(rig.encode(new(order(2))).is_some());
}

#[test]
fn a_clock_that_is_off_stops_orders() {
    let mut rig = Rig::open(TradeMarket::Spot);
    let id = rig.send(new(order(1)));
    rig.error(id, 400, -1021, "Timestamp for this request is outside of the recvWindow.");
    assert_eq!(rig.session.poll_notice(), Some(Notice::ClockOff));
    assert!(
        rig.session.clock().is_none()
            && rig.encode(new(order(2))).is_none()
            && rig.encode(cancel(1)).is_some()
    );
    rig.script.push((
        "GET /api/v3/time".into(),
        200,
        format!(r#"{{"serverTime":{}}}"#, rig.now.wall.0 / 1_000_000 - 101),
    ));
    rig.serve();
    let offset = rig.session.clock().unwrap().offset;
    assert!(offset < Span::from_millis(-100) && !rig.session.may_add(ETH, rig.now.mono), "{offset:?}");
    let frame = rig.encode(cancel(1)).unwrap();
    assert!(frame.contains(r#""timestamp":1645423376431"#), "requests carry the venue's time: {frame}");
    rig.wait(Span::from_secs(30));
    rig.serve();
    assert!(rig.session.may_add(ETH, rig.now.mono));
}

#[test]
fn a_time_that_the_venue_writes_shows_that_its_clock_has_jumped() {
    let millis = |rig: &Rig, off: i64| rig.now.wall.0 / 1_000_000 + off;
    // News of the account from a time that is yet to come, and an answer to an order from before it was sent.
    let news = |rig: &mut Rig| {
        let time = millis(rig, 121);
        rig.frame(&format!(r#"{{"event":{{"e":"outboundAccountPosition","E":{time},"u":1,"B":[]}}}}"#));
    };
    let answer = |rig: &mut Rig| {
        let (id, time) = (rig.send(new(order(1))), millis(rig, -121));
        rig.result(id, &format!(r#"{{"orderId":28,"transactTime":{time}}}"#));
    };
    for (off, jumps) in [(121, &news as &dyn Fn(&mut Rig)), (-121, &answer)] {
        let mut rig = Rig::open(TradeMarket::Spot);
        jumps(&mut rig);
        assert_eq!(rig.session.poll_notice(), Some(Notice::ClockOff));
        assert!(rig.session.clock().is_none() && !rig.session.may_add(ETH, rig.now.mono), "held at once");
        let jumped = format!(r#"{{"serverTime":{}}}"#, millis(&rig, off));
        rig.script.push(("GET /api/v3/time".into(), 200, jumped));
        rig.asked.clear();
        rig.serve();
        assert_eq!(rig.asked.first().map(String::as_str), Some("GET /api/v3/time"), "and asked for");
        assert!(!rig.session.may_add(ETH, rig.now.mono));
        rig.wait(Span::from_secs(1));
        rig.serve();
        assert!(rig.session.may_add(ETH, rig.now.mono), "a second after it is back");
    }
}

#[test]
fn a_table_that_is_full_refuses() {
    let mut rig = Rig::open(TradeMarket::Spot);
    let ids: Vec<_> = (0..256).map(|id| rig.send(cancel(id + 1))).collect();
    assert!(rig.encode(cancel(999)).is_none());
    assert_eq!(unsent(&rig, Unsent::Full), 1);
    rig.result(ids[100], r#"{"orderId":1}"#);
    let next = rig.send(cancel(999));
    assert!(!ids.contains(&next));
}

#[test]
fn cancels_go_first_but_not_before_their_orders() {
    let mut batch = [new(order(1)), query(9, 1), cancel(2), new(order(3)), cancel(3), cancel(4)];
    cancels_first(&mut batch);
    let expected = [cancel(2), cancel(4), new(order(1)), query(9, 1), new(order(3)), cancel(3)];
    assert_eq!(batch, expected);
}

#[test]
fn configurations_that_cannot_work_are_refused() {
    use TradeConfigError as E;
    let one = [instrument(ETH, "ETHUSDT")];
    let refused = |config: TradeConfig<'_>| TradeSession::new(&config, ed25519()).unwrap_err();
    let sound = config(TradeMarket::UsdM, &one);
    let dead_man = |seconds, beats| TradeConfig {
        dead_man: Some(DeadMan { countdown: Span::from_secs(seconds), beats }),
        ..sound
    };
    assert_eq!(refused(TradeConfig { instruments: &[], ..sound }), E::Instruments);
    assert_eq!(refused(TradeConfig { instruments: &[instrument(ETH, "ethusdt")], ..sound }), E::Symbol(0));
    let twice = [instrument(ETH, "ETHUSDT"), instrument(BTC, "ETHUSDT")];
    assert_eq!(refused(TradeConfig { instruments: &twice, ..sound }), E::Symbol(1));
    let same = [instrument(ETH, "ETHUSDT"), instrument(ETH, "BTCUSDT")];
    assert_eq!(refused(TradeConfig { instruments: &same, ..sound }), E::DuplicateId(1));
    assert_eq!(refused(TradeConfig { recv_window: Span::from_secs(61), ..sound }), E::Span);
    assert_eq!(refused(TradeConfig { answer_max: Span::from_millis(99), ..sound }), E::Span);
    assert_eq!(refused(TradeConfig { clock_offset_max: Span::ZERO, ..sound }), E::Span);
    assert_eq!(refused(TradeConfig { cancel_reserve: 91, ..sound }), E::Reserve);
    assert_eq!(
        refused(TradeConfig { assets: &[(super::rig::USDT, "A"), (super::rig::USDT, "B")], ..sound }),
        E::Asset(1)
    );
    assert_eq!(refused(TradeConfig { market: TradeMarket::Spot, ..dead_man(30, 4) }), E::NoDeadMan);
    assert_eq!(refused(dead_man(30, 1)), E::DeadMan);
    assert_eq!(refused(dead_man(0, 4)), E::DeadMan);
    // One instrument at weight 10: a quarter of 2 400 a minute is 60 beats.
    assert!(TradeSession::new(&dead_man(4, 4), ed25519()).is_ok());
    assert_eq!(refused(dead_man(4, 5)), E::DeadManTooDear(Span::from_secs(5)));
}

#[test]
fn requests_have_ids_of_their_own() {
    let mut rig = Rig::open(TradeMarket::Spot);
    let frames = [rig.encode(cancel(1)).unwrap(), rig.encode(cancel(1)).unwrap()];
    assert_ne!(id_of(&frames[0]), id_of(&frames[1]));
}
