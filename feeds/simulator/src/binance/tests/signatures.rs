//! Signatures, time stamps and keys.

use ballast_model::{Nanos, Span};
use serde_json::json;

use super::client::{Session, parsed, sign, sign_ed25519};
use crate::back::ClientId;
use crate::binance::{ApiKey, Market, Secret};
use crate::seam::{Front, HttpRequest, Mischief};

/// The venue's own examples: secret, payload, signature.
const FUTURES: (&str, &str, &str) = (
    "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9",
    "symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC&recvWindow=5000&timestamp=1591702613943",
    "3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9",
);
const SPOT_SECRET: &str = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";
const SPOT_KEY: &str = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";
const SPOT_SIGNATURE: &str = "aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24";

#[test]
fn the_futures_example_is_accepted_and_a_changed_digit_is_not() {
    let (secret, payload, signature) = FUTURES;
    let mut session = Session::with(Market::UsdM, |config| {
        let secret = Secret::Hmac(secret.to_owned());
        config.keys.push(ApiKey { name: "doc".to_owned(), secret, client: ClientId(0) });
    });
    session.now = Nanos::from_millis(1_591_702_613_943);
    let mut codes = Vec::new();
    for (payload, signature) in [
        (payload.to_owned(), signature.to_owned()),
        (payload.to_owned(), signature.to_uppercase()),
        (payload.replace("9000", "9001"), signature.to_owned()),
    ] {
        let request = HttpRequest {
            method: "POST".to_owned(),
            path: "/fapi/v1/order".to_owned(),
            query: format!("{payload}&signature={signature}"),
            headers: vec![("x-mbx-apikey".to_owned(), "doc".to_owned())],
            body: Vec::new(),
        };
        codes.push(parsed(&session.http(&request)).1["code"].as_i64().unwrap());
    }
    // The signature holds, and then the symbol is unknown here.
    assert_eq!(codes, [-1121, -1121, -1022]);
}

#[test]
fn the_spot_example_is_accepted_on_the_websocket_api_in_any_order() {
    let mut session = Session::with(Market::Spot, |config| {
        let secret = Secret::Hmac(SPOT_SECRET.to_owned());
        config.keys.push(ApiKey { name: SPOT_KEY.to_owned(), secret, client: ClientId(0) });
    });
    session.now = Nanos::from_millis(1_645_423_376_532);
    let conn = session.connect("/ws-api/v3", "returnRateLimits=false");
    for (price, code) in [("52000.00", -1121), ("52000.01", -1022)] {
        let params = json!({
            "symbol": "BTCUSDT", "side": "SELL", "type": "LIMIT", "timeInForce": "GTC",
            "quantity": "0.01000000", "price": price, "recvWindow": 100,
            "timestamp": 1_645_423_376_532_i64, "apiKey": SPOT_KEY, "signature": SPOT_SIGNATURE,
        });
        session.say(conn, &json!({"id": "x", "method": "order.place", "params": params}));
        let heard = session.heard(conn);
        assert_eq!(heard[0]["error"]["code"], code, "{heard:?}");
        assert_eq!((&heard[0]["id"], &heard[0]["status"]), (&json!("x"), &json!(400)));
    }
}

#[test]
fn body_and_query_are_signed_together_as_they_came() {
    let mut session = Session::new(Market::Spot);
    let (query, body) = ("symbol=ETHUSDT&side=BUY", "type=LIMIT&timeInForce=GTC&quantity=1&price=1900");
    let body = format!("{body}&newClientOrderId=a%2Db&timestamp={}", session.ms());
    let signature = sign(&format!("{query}{body}"));
    let mut request = HttpRequest {
        method: "POST".to_owned(),
        path: "/api/v3/order".to_owned(),
        query: query.to_owned(),
        headers: vec![("x-mbx-apikey".to_owned(), "hmac".to_owned())],
        body: format!("{body}&signature={signature}").into_bytes(),
    };
    let (status, answer) = parsed(&session.http(&request));
    assert_eq!((status, &answer["clientOrderId"]), (200, &json!("a-b")), "{answer}");
    // The same parameters in another order are other bytes.
    request.query = "side=BUY&symbol=ETHUSDT".to_owned();
    assert_eq!(parsed(&session.http(&request)).1["code"], -1022);
}

#[test]
fn ed25519_signs_rest_in_escaped_base64() {
    let mut session = Session::new(Market::Spot);
    let payload = format!("timestamp={}", session.ms());
    let signature = sign_ed25519(&payload).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let mut request = HttpRequest {
        method: "GET".to_owned(),
        path: "/api/v3/account".to_owned(),
        query: format!("{payload}&signature={signature}"),
        headers: vec![("x-mbx-apikey".to_owned(), "edward".to_owned())],
        body: Vec::new(),
    };
    assert_eq!(session.http(&request).status, 200);
    request.query = request.query.replace("timestamp=17", "timestamp=017");
    assert_eq!(
        parsed(&session.http(&request)),
        (400, json!({"code": -1022, "msg": "Signature for this request is not valid."}))
    );
}

#[test]
fn keys_and_time_stamps_are_refused_by_their_codes() {
    let mut session = Session::new(Market::UsdM);
    let good = session.signed_request("GET", "/fapi/v3/account", "");
    let mut bad = good.clone();
    bad.headers.clear();
    assert_eq!(
        (parsed(&session.http(&bad)).0, parsed(&session.http(&bad)).1["code"].clone()),
        (401, json!(-2014))
    );
    bad.headers = vec![("x-mbx-apikey".to_owned(), "nobody".to_owned())];
    assert_eq!(
        (parsed(&session.http(&bad)).0, parsed(&session.http(&bad)).1["code"].clone()),
        (401, json!(-2015))
    );
    // A window of five seconds after, and less than one before.
    let base = session.now;
    for (ahead_ms, code) in
        [(0, None), (5_000, None), (5_001, Some(-1021)), (-999, None), (-1_000, Some(-1021))]
    {
        session.now = base + Span::from_millis(ahead_ms);
        let answer = parsed(&session.http(&good)).1;
        assert_eq!(answer.get("code").and_then(serde_json::Value::as_i64), code, "{ahead_ms}");
    }
    session.now = base;
    assert_eq!(session.signed("GET", "/fapi/v3/account", "recvWindow=60001").1["code"], -1131);
    assert_eq!(session.signed("GET", "/fapi/v3/account", "recvWindow=abc").1["code"], -1100);
    let unsigned = HttpRequest { query: format!("timestamp={}", session.ms()), ..good };
    assert_eq!(parsed(&session.http(&unsigned)).1["code"], -1102);
    // A venue whose clock is off refuses what was in time, and says what time it has.
    session.venue.provoke(Mischief::ClockSkew(Span::from_secs(10)), base);
    assert_eq!(session.signed("GET", "/fapi/v3/account", "").1["code"], -1021);
    assert_eq!(session.get("/fapi/v1/time", "").1["serverTime"], session.ms() + 10_000);
}
