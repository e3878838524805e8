//! Stream connections: names, parts, control messages, pings and ends.

use ballast_model::Span;
use serde_json::{Value, json};

use super::client::Session;
use crate::back::Stream;
use crate::binance::Market;
use crate::seam::{ConnId, Frame, Front, HttpRequest, Mischief};

fn news(session: &mut Session, stream: Stream, payload: &str) {
    session.venue.back_mut().news.push((stream, payload.to_owned()));
    session.wait(Span::from_millis(1));
}

const TICKER: &str = r#"{"u":1,"s":"ETHUSDT","b":"1","B":"1","a":"2","A":"1"}"#;
const TRADE: &str = r#"{"e":"trade","E":1700000000123,"s":"ETHUSDT","t":7,"p":"2000.10","q":"0.5","T":1700000000122,"m":true,"M":true}"#;

#[test]
fn streams_come_raw_or_wrapped_once_per_name() {
    let mut session = Session::new(Market::Spot);
    let raw = session.connect("/ws/ethusdt@bookTicker", "");
    let both = session.connect("/stream", "streams=ethusdt@bookTicker/ethusdt@depth5");
    let other = session.connect("/ws/ETHUSDT@bookTicker/btcusdt@bookTicker", "");
    news(&mut session, Stream::BookTicker, TICKER);
    assert_eq!(session.heard(raw), [serde_json::from_str::<Value>(TICKER).unwrap()]);
    assert_eq!(session.heard(both)[0]["stream"], "ethusdt@bookTicker");
    assert_eq!(session.heard(other).len(), 0);
    news(&mut session, Stream::Depth, r#"{"e":"depthUpdate"}"#);
    let top = &session.heard(both)[0];
    assert_eq!(
        (&top["stream"], &top["data"]["bids"][0][0]),
        (&json!("ethusdt@depth5"), &json!("2000.00000000"))
    );
    assert_eq!(session.heard(raw).len(), 0);
    let request = HttpRequest { path: "/nowhere".to_owned(), ..Default::default() };
    assert_eq!(session.venue.on_upgrade(ConnId(99), &request, session.now).unwrap_err().status, 404);
}

#[test]
fn a_stream_of_the_wrong_part_is_acknowledged_and_silent() {
    let mut session = Session::new(Market::UsdM);
    let [public, market, plain, counted] =
        ["/public/ws", "/market/ws", "/ws", "/public/ws/3"].map(|path| session.connect(path, ""));
    for conn in [public, market, plain, counted] {
        let names = ["ethusdt@aggTrade", "ethusdt@bookTicker"];
        session.say(conn, &json!({"method": "SUBSCRIBE", "params": names, "id": 1}));
        assert_eq!(session.heard(conn), [json!({"result": null, "id": 1})]);
    }
    // Trades alone are told: aggregates are made of them.
    news(&mut session, Stream::BookTicker, TICKER);
    news(&mut session, Stream::Trade, TRADE);
    assert_eq!(session.heard(public).len(), 1);
    assert_eq!(session.heard(plain).len(), 1);
    assert_eq!(session.heard(counted).len(), 1);
    let heard = session.heard(market);
    assert_eq!((heard.len(), &heard[0]["e"], &heard[0]["a"]), (1, &json!("aggTrade"), &json!(7)));
    // From then on they are told as they come.
    news(
        &mut session,
        Stream::AggTrade,
        &TRADE.replace("\"trade\"", "\"aggTrade\"").replace("\"t\"", "\"a\""),
    );
    news(&mut session, Stream::Trade, TRADE);
    assert_eq!(session.heard(market).len(), 1);
}

#[test]
fn control_messages_change_what_is_heard() {
    let mut session = Session::new(Market::Spot);
    let conn = session.connect("/ws", "");
    let ask = |session: &mut Session, text: Value| {
        session.wait(Span::from_millis(250));
        session.say(conn, &text);
        session.heard(conn).remove(0)
    };
    let names = ["ethusdt@trade", "ethusdt@trade"];
    for _ in 0..2 {
        let answer = ask(&mut session, json!({"method": "SUBSCRIBE", "params": names, "id": "a"}));
        assert_eq!(answer, json!({"result": null, "id": "a"}));
    }
    let listed = ask(&mut session, json!({"method": "LIST_SUBSCRIPTIONS", "id": 2}));
    assert_eq!(listed, json!({"result": ["ethusdt@trade"], "id": 2}));
    let combined = json!({"method": "SET_PROPERTY", "params": ["combined", true], "id": 3});
    assert_eq!(ask(&mut session, combined)["result"], json!(null));
    news(&mut session, Stream::Trade, TRADE);
    assert_eq!(session.heard(conn)[0]["stream"], "ethusdt@trade");
    assert_eq!(
        ask(&mut session, json!({"method": "GET_PROPERTY", "params": ["combined"], "id": 4}))["result"],
        true
    );
    ask(&mut session, json!({"method": "UNSUBSCRIBE", "params": names, "id": 5}));
    news(&mut session, Stream::Trade, TRADE);
    assert_eq!(session.heard(conn).len(), 0);
    assert_eq!(ask(&mut session, json!({"method": "SHOUT", "id": 6}))["error"]["code"], 2);
    assert_eq!(ask(&mut session, json!({"params": [], "id": 7}))["error"]["code"], 2);
    assert_eq!(ask(&mut session, json!([1]))["error"]["code"], 3);
    let many: Vec<String> = (0..1_025).map(|nth| format!("s{nth}@trade")).collect();
    assert_eq!(
        ask(&mut session, json!({"method": "SUBSCRIBE", "params": many, "id": 8}))["error"]["code"],
        2
    );
}

#[test]
fn times_come_in_microseconds_where_they_are_asked_for() {
    let mut session = Session::new(Market::Spot);
    let conn = session.connect("/ws/ethusdt@trade", "timeUnit=MICROSECOND");
    news(&mut session, Stream::Trade, TRADE);
    let heard = session.heard(conn);
    assert_eq!(
        (&heard[0]["E"], &heard[0]["T"]),
        (&json!(1_700_000_000_123_000_i64), &json!(1_700_000_000_122_000_i64))
    );
    assert_eq!((&heard[0]["t"], &heard[0]["p"]), (&json!(7), &json!("2000.10")));
}

fn closes(session: &mut Session) -> Vec<(ConnId, u16)> {
    let close = |(conn, frame): &(ConnId, Frame)| match frame {
        Frame::Close { code, .. } => Some((*conn, *code)),
        Frame::Text(_) | Frame::Ping(_) | Frame::Raw(_) | Frame::Cut => None,
    };
    let closes = session.frames.iter().filter_map(close).collect();
    session.frames.clear();
    closes
}

#[test]
fn who_says_too_much_in_a_second_is_cut_off() {
    for (market, allowed) in [(Market::Spot, 5), (Market::UsdM, 10)] {
        let mut session = Session::new(market);
        let conn = session.connect("/ws", "");
        for nth in 0..allowed {
            session.venue.on_ping(conn, session.now);
            session.wait(Span::ZERO);
            assert_eq!(closes(&mut session), [], "{nth}");
        }
        session.say(conn, &json!({"method": "LIST_SUBSCRIPTIONS", "id": 1}));
        assert_eq!(closes(&mut session), [(conn, 1008)]);
    }
}

#[test]
fn pings_go_out_and_a_missing_pong_or_a_day_ends_the_connection() {
    for (market, every, within) in [(Market::Spot, 20, 60), (Market::UsdM, 180, 600)] {
        let mut session = Session::new(market);
        let mute = session.connect("/ws", "");
        let kind = session.connect("/ws", "");
        let start = session.now;
        let mut closed = Vec::new();
        while session.now - start < Span::from_secs(86_401) {
            let pinged: Vec<ConnId> = session
                .frames
                .drain(..)
                .filter(|(_, frame)| matches!(frame, Frame::Ping(_)))
                .map(|(conn, _)| conn)
                .collect();
            if pinged.contains(&kind) {
                session.venue.on_pong(kind, session.now);
            }
            let Some(due) = session.venue.next_deadline() else { break };
            session.wait(due - session.now);
            let now = (session.now - start).0 / 1_000_000_000;
            let ended = session.frames.iter().filter(|(_, frame)| matches!(frame, Frame::Close { .. }));
            closed.extend(ended.map(|(conn, _)| (*conn, now)));
        }
        assert_eq!(closed, [(mute, every + within), (kind, 86_400)], "{market:?}");
    }
}

#[test]
fn everybody_hears_that_the_venue_goes_down() {
    let mut session = Session::new(Market::Spot);
    let raw = session.connect("/ws", "");
    let wrapped = session.connect("/stream", "");
    let api = session.connect("/ws-api/v3", "");
    session.venue.provoke(Mischief::ShutdownNotice, session.now);
    session.wait(Span::ZERO);
    assert_eq!(session.heard(raw)[0]["e"], "serverShutdown");
    assert_eq!(session.heard(wrapped)[0]["stream"], "!serverShutdown");
    assert_eq!(session.heard(api)[0]["e"], "serverShutdown");
}
