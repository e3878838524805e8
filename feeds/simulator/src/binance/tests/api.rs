//! The WebSocket API: sessions, orders, user streams.

use ballast_model::Span;
use serde_json::json;

use super::client::Session;
use crate::binance::Market;
use crate::seam::{Front, Mischief};

#[test]
fn a_session_logs_on_with_ed25519_alone_and_then_needs_no_signature() {
    for market in [Market::Spot, Market::UsdM] {
        let mut session = Session::new(market);
        let path = if market == Market::Spot { "/ws-api/v3" } else { "/ws-fapi/v1" };
        let conn = session.connect(path, "");
        let ms = session.ms();
        let order = json!({
            "symbol": "ETHUSDT", "side": "SELL", "type": "LIMIT", "timeInForce": "GTC", "quantity": 0.25,
            "price": "2100", "timestamp": ms,
        });
        assert_eq!(session.api(conn, "order.place", order.clone())["error"]["code"], -2014);
        let logon = session.api(conn, "session.logon", json!({"apiKey": "hmac"}));
        assert_eq!((&logon["status"], &logon["error"]["code"]), (&json!(400), &json!(-2028)));
        let logon = session.api(conn, "session.logon", json!({"apiKey": "edward"}));
        assert_eq!((&logon["status"], &logon["result"]["apiKey"]), (&json!(200), &json!("edward")));
        let placed = session.api(conn, "order.place", order.clone());
        assert_eq!(placed["result"]["status"], "NEW", "{placed}");
        assert_eq!(placed["rateLimits"][1]["count"], 1);
        // The time stamp is looked at all the same.
        session.wait(Span::from_secs(6));
        assert_eq!(session.api(conn, "order.place", order.clone())["error"]["code"], -1021);
        let id = placed["result"]["orderId"].clone();
        let cancel = json!({"symbol": "ETHUSDT", "orderId": id, "timestamp": session.ms()});
        assert_eq!(session.api(conn, "order.cancel", cancel)["result"]["status"], "CANCELED");
        assert_eq!(session.api(conn, "session.logout", json!({}))["result"]["apiKey"], json!(null));
        let status = json!({"symbol": "ETHUSDT", "orderId": id, "timestamp": session.ms()});
        assert_eq!(session.api(conn, "order.status", status)["error"]["code"], -2014);
    }
}

#[test]
fn each_request_may_sign_for_itself_and_wrong_ones_are_told() {
    let mut session = Session::new(Market::Spot);
    let conn = session.connect("/ws-api/v3", "returnRateLimits=false");
    let status = session.api(conn, "account.status", json!({"apiKey": "hmac"}));
    assert_eq!((&status["status"], status.get("rateLimits")), (&json!(200), None));
    let told = json!({"apiKey": "hmac", "returnRateLimits": true});
    assert_eq!(session.api(conn, "account.status", told)["rateLimits"][0]["rateLimitType"], "REQUEST_WEIGHT");
    assert_eq!(session.api(conn, "order.fancy", json!({}))["status"], 400);
    session.venue.on_text(conn, b"{", session.now);
    session.wait(Span::from_millis(1));
    assert_eq!(session.heard(conn)[0]["id"], json!(null));
}

#[test]
fn spot_user_streams_are_numbered_and_one_per_account() {
    let mut session = Session::new(Market::Spot);
    let conn = session.connect("/ws-api/v3", "");
    assert_eq!(session.api(conn, "userDataStream.subscribe", json!({}))["error"]["code"], -2014);
    let subscribe = |session: &mut Session, key: &str| {
        session.api(conn, "userDataStream.subscribe.signature", json!({"apiKey": key}))
    };
    assert_eq!(subscribe(&mut session, "hmac")["result"]["subscriptionId"], 0);
    assert_eq!(subscribe(&mut session, "edward")["error"]["code"], -2035);
    assert_eq!(subscribe(&mut session, "other")["result"]["subscriptionId"], 1);
    session.order("side=BUY&type=MARKET&quantity=1&newClientOrderId=x1");
    let heard = session.heard(conn);
    let kinds: Vec<_> = heard.iter().map(|frame| frame["event"]["e"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["executionReport", "executionReport", "outboundAccountPosition"]);
    assert!(heard.iter().all(|frame| frame["subscriptionId"] == 0));
    let (new, trade) = (&heard[0]["event"], &heard[1]["event"]);
    assert_eq!(
        (&new["x"], &new["X"], &new["t"], &new["N"]),
        (&json!("NEW"), &json!("NEW"), &json!(-1), &json!(null))
    );
    let wanted = json!({
        "e": "executionReport", "s": "ETHUSDT", "c": "x1", "S": "BUY", "o": "MARKET", "f": "GTC",
        "q": "1.00000000", "p": "0.00000000", "P": "0.00000000", "F": "0.00000000", "g": -1, "C": "",
        "x": "TRADE", "X": "FILLED", "r": "NONE", "l": "1.00000000", "z": "1.00000000",
        "L": "2000.10000000", "n": "2.00010000", "N": "USDT", "t": 101, "w": false, "m": false, "M": false,
        "Z": "2000.10000000", "Y": "2000.10000000", "Q": "0.00000000", "V": "EXPIRE_MAKER",
    });
    for (name, value) in wanted.as_object().unwrap() {
        assert_eq!(&trade[name], value, "{name}");
    }
    assert_eq!(heard[2]["event"]["B"].as_array().unwrap().len(), 2);
    assert_eq!(session.api(conn, "userDataStream.unsubscribe", json!({"subscriptionId": 0}))["status"], 200);
    session.order("side=BUY&type=MARKET&quantity=1");
    assert_eq!(session.heard(conn), Vec::<serde_json::Value>::new());
    // Listen keys are no more.
    let gone = crate::seam::HttpRequest {
        method: "POST".to_owned(),
        path: "/api/v3/userDataStream".to_owned(),
        ..Default::default()
    };
    assert_eq!(session.http(&gone).status, 410);
}

fn key_request(session: &mut Session, method: &str) -> (u16, serde_json::Value) {
    let mut request = session.signed_request(method, "/fapi/v1/listenKey", "");
    request.query.clear();
    super::client::parsed(&session.http(&request))
}

#[test]
fn futures_listen_keys_live_an_hour_unless_they_are_prolonged() {
    let mut session = Session::new(Market::UsdM);
    assert_eq!(key_request(&mut session, "PUT").1["code"], -1125);
    let key = key_request(&mut session, "POST").1["listenKey"].as_str().unwrap().to_owned();
    let all = session.connect("/private/ws", &format!("listenKey={key}"));
    let some = session.connect("/private/stream", &format!("listenKey={key}&events=ORDER_TRADE_UPDATE"));
    let idle = session.connect("/private/stream", "");
    session.order("side=SELL&type=LIMIT&timeInForce=IOC&quantity=0.1&price=1990&newClientOrderId=x2");
    let heard = session.heard(all);
    let kinds: Vec<_> = heard.iter().map(|event| event["e"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["ORDER_TRADE_UPDATE", "TRADE_LITE", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE"]);
    let order = &heard[2]["o"];
    let wanted = json!({
        "s": "ETHUSDT", "c": "x2", "S": "SELL", "o": "LIMIT", "f": "IOC", "q": "0.100", "p": "1990.00",
        "ap": "2000.00", "sp": "0", "x": "TRADE", "X": "FILLED", "l": "0.100", "z": "0.100", "L": "2000.00",
        "N": "USDT", "n": "0.20000000", "t": 101, "m": false, "R": false, "wt": "CONTRACT_PRICE", "ot": "LIMIT",
        "ps": "BOTH", "cp": false, "rp": "0.00000000", "V": "EXPIRE_MAKER", "pm": "NONE", "gtd": 0,
    });
    for (name, value) in wanted.as_object().unwrap() {
        assert_eq!(&order[name], value, "{name}");
    }
    let position = &heard[3]["a"]["P"][0];
    assert_eq!((&position["pa"], &position["ep"]), (&json!("-0.100"), &json!("2000.00000000")));
    let wrapped = session.heard(some);
    assert_eq!((wrapped.len(), &wrapped[0]["stream"]), (2, &json!(key)));
    assert_eq!(wrapped[1]["data"]["e"], "ORDER_TRADE_UPDATE");
    assert_eq!(session.heard(idle).len(), 0);
    session.wait(Span::from_secs(3_000));
    assert_eq!(key_request(&mut session, "PUT").1["listenKey"], json!(key));
    session.frames.clear();
    // Nobody has answered a ping by then: those connections are new.
    let late = session.connect("/private/ws", &format!("listenKey={key}"));
    session.wait(Span::from_secs(3_599));
    assert_eq!(session.heard(late).len(), 0);
    let last = session.connect("/private/ws", &format!("listenKey={key}"));
    session.wait(Span::from_secs(1));
    assert_eq!(session.heard(last)[0]["e"], "listenKeyExpired");
    assert_eq!(key_request(&mut session, "PUT").1["code"], -1125);
    assert_ne!(key_request(&mut session, "POST").1["listenKey"], json!(key));
    session.venue.provoke(Mischief::ListenKeysExpire, session.now);
    assert_eq!(key_request(&mut session, "PUT").1["code"], -1125);
}
