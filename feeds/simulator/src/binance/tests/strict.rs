//! Small print of the venue: what requests weigh, what answers say and what they leave out.

use ballast_model::{Nanos, Span};
use serde_json::{Value, json};

use super::client::{Session, parsed};
use super::told::listen;
use crate::back::Stream;
use crate::binance::Market;
use crate::seam::{Ban, Front, HttpReply, HttpRequest, Mischief};

const LIMIT: &str = "side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=1900";

fn weight(reply: &HttpReply) -> u32 {
    let found = reply.headers.iter().find(|(name, _)| name == "X-MBX-USED-WEIGHT-1M");
    found.unwrap().1.parse().unwrap()
}

#[test]
fn an_order_of_spot_weighs_where_it_is_refused_alone() {
    let mut session = Session::new(Market::Spot);
    let place = |session: &mut Session, params: &str| {
        let request = session.signed_request("POST", "/api/v3/order", &format!("symbol=ETHUSDT&{params}"));
        weight(&session.http(&request))
    };
    assert_eq!(place(&mut session, LIMIT), 0);
    assert_eq!(place(&mut session, "side=HOLD"), 1);
    assert_eq!(place(&mut session, LIMIT), 1);
    assert_eq!(place(&mut session, "side=BUY&type=LIMIT_MAKER&quantity=1&price=2000.10"), 2);
}

#[test]
fn the_two_ways_of_futures_weigh_apart_and_those_of_spot_together() {
    for (market, api, ping, counts) in [
        (Market::Spot, "/ws-api/v3", "/api/v3/ping", [3, 4, 5]),
        (Market::UsdM, "/ws-fapi/v1", "/fapi/v1/ping", [6, 1, 7]),
    ] {
        let mut session = Session::new(market);
        let conn = session.connect(api, "");
        let told = |session: &mut Session| {
            let told = session.api(conn, "ping", json!({}));
            u32::try_from(told["rateLimits"][0]["count"].as_u64().unwrap()).unwrap()
        };
        let first = told(&mut session);
        let (method, path) = ("GET".to_owned(), ping.to_owned());
        let rest = weight(&session.http(&HttpRequest { method, path, ..Default::default() }));
        assert_eq!([first, rest, told(&mut session)], counts, "{market:?}");
    }
}

#[test]
fn requests_are_counted_whatever_they_weigh_on_spot() {
    let raw = |market| {
        let info = if market == Market::Spot { "/api/v3/exchangeInfo" } else { "/fapi/v1/exchangeInfo" };
        let rules = Session::new(market).get(info, "").1["rateLimits"].clone();
        rules.as_array().unwrap().iter().find(|rule| rule["rateLimitType"] == "RAW_REQUESTS").cloned()
    };
    let wanted =
        json!({"rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 300_000});
    assert_eq!((raw(Market::Spot), raw(Market::UsdM)), (Some(wanted), None));
    let mut session = Session::with(Market::Spot, |config| config.limits.raw = Some(3));
    session.now = Nanos::from_millis(1_700_000_100_000); // the begin of five minutes
    for status in [200, 200, 200, 429] {
        assert_eq!(session.get("/api/v3/ping", "").0, status);
    }
    session.wait(Span::from_secs(299));
    assert_eq!(session.get("/api/v3/ping", "").0, 429);
    session.wait(Span::from_secs(1));
    assert_eq!(session.get("/api/v3/ping", "").0, 200);
}

#[test]
fn an_amended_order_bears_the_name_it_is_given() {
    let mut session = Session::new(Market::Spot);
    let conn = listen(&mut session);
    session.order(&format!("{LIMIT}&newClientOrderId=old"));
    session.order(&format!("{LIMIT}&newClientOrderId=other"));
    session.heard(conn);
    let amend = |session: &mut Session, params: &str| {
        session.signed("PUT", "/api/v3/order/amend/keepPriority", &format!("symbol=ETHUSDT&{params}"))
    };
    let taken = amend(&mut session, "origClientOrderId=old&newQty=0.5&newClientOrderId=other");
    assert_eq!((taken.0, &taken.1["msg"]), (400, &json!("Duplicate order sent.")));
    let (status, answer) = amend(&mut session, "origClientOrderId=old&newQty=0.5&newClientOrderId=new");
    let order = &answer["amendedOrder"];
    assert_eq!(
        (status, &order["origClientOrderId"], &order["clientOrderId"]),
        (200, &json!("old"), &json!("new"))
    );
    let heard = session.heard(conn);
    let event = heard.iter().map(|frame| &frame["event"]).find(|event| event["x"] == "REPLACED").unwrap();
    assert_eq!((&event["c"], &event["C"]), (&json!("new"), &json!("old")));
    let named = |session: &mut Session, name: &str| {
        session.signed("GET", "/api/v3/order", &format!("symbol=ETHUSDT&origClientOrderId={name}"))
    };
    assert_eq!(named(&mut session, "old").1["code"], -2013);
    assert_eq!(named(&mut session, "new").1["origQty"], "0.50000000");
    // Its own name may stay; without one it is given one.
    let same = amend(&mut session, "origClientOrderId=new&newQty=0.4&newClientOrderId=new").1;
    assert_eq!(same["amendedOrder"]["clientOrderId"], "new");
    let given = amend(&mut session, "origClientOrderId=new&newQty=0.3").1;
    let given = given["amendedOrder"]["clientOrderId"].as_str().unwrap();
    assert_ne!(given, "new");
    assert_eq!(named(&mut session, given).1["origQty"], "0.30000000");
    assert_eq!(named(&mut session, "new").1["code"], -2013);
    assert_eq!(session.signed("DELETE", "/api/v3/openOrders", "symbol=ETHUSDT").0, 200);
}

#[test]
fn one_open_order_is_open() {
    let mut session = Session::new(Market::UsdM);
    let id = session.order(LIMIT).1["orderId"].as_u64().unwrap();
    let params = format!("symbol=ETHUSDT&orderId={id}");
    assert_eq!(session.signed("GET", "/fapi/v1/openOrder", &params).1["status"], "NEW");
    session.signed("DELETE", "/fapi/v1/order", &params);
    assert_eq!(session.signed("GET", "/fapi/v1/openOrder", &params).1["code"], -2013);
    assert_eq!(session.signed("GET", "/fapi/v1/order", &params).1["status"], "CANCELED");
}

#[test]
fn an_acknowledged_order_of_futures_is_new_whatever_has_become_of_it() {
    let mut session = Session::new(Market::UsdM);
    let takes = "side=BUY&type=MARKET&quantity=1";
    let (_, answer) = session.order(takes);
    assert_eq!((&answer["status"], &answer["executedQty"]), (&json!("NEW"), &json!("0.000")));
    assert_eq!(answer["avgPrice"], "0.00000");
    let id = answer["orderId"].as_u64().unwrap();
    let (_, known) = session.signed("GET", "/fapi/v1/order", &format!("symbol=ETHUSDT&orderId={id}"));
    assert_eq!(known["status"], "FILLED");
    let (_, answer) = session.order(&format!("{takes}&newOrderRespType=RESULT"));
    assert_eq!((&answer["status"], &answer["executedQty"]), (&json!("FILLED"), &json!("1.000")));
}

#[test]
fn far_market_orders_of_futures_are_refused() {
    let mut session = Session::new(Market::UsdM);
    let mark =
        json!({"e": "markPriceUpdate", "E": 5, "s": "ETHUSDT", "p": "1900", "i": "1900", "r": "0", "T": 9});
    session.venue.back_mut().news.push((Stream::MarkPrice, mark.to_string()));
    session.wait(Span::from_millis(1));
    assert_eq!(session.order("side=BUY&type=MARKET&quantity=1").1["code"], -4131);
    assert_eq!(session.order("side=SELL&type=MARKET&quantity=1").0, 200);
}

#[test]
fn answers_say_what_the_venue_s_do() {
    let find = |filters: &Value, name: &str| {
        filters.as_array().unwrap().iter().find(|one| one["filterType"] == name).unwrap().clone()
    };
    let mut session = Session::new(Market::Spot);
    let filters = session.get("/api/v3/exchangeInfo", "").1["symbols"][0]["filters"].clone();
    assert_eq!(find(&filters, "NOTIONAL")["maxNotional"], "9000000.00000000");
    assert_eq!(find(&filters, "PERCENT_PRICE_BY_SIDE")["bidMultiplierDown"], "0.2000");
    let (_, rates) = session.signed("GET", "/api/v3/account/commission", "symbol=ETHUSDT");
    assert_eq!(rates["discount"]["discountAsset"], "BNB");
    let mut session = Session::new(Market::UsdM);
    let filters = session.get("/fapi/v1/exchangeInfo", "").1["symbols"][0]["filters"].clone();
    let percent = find(&filters, "PERCENT_PRICE");
    assert_eq!((&percent["multiplierUp"], &percent["multiplierDown"]), (&json!("1.0500"), &json!("0.9500")));
    let (_, rates) = session.signed("GET", "/fapi/v1/commissionRate", "symbol=ETHUSDT");
    assert!(rates["rpiCommissionRate"].is_string());
    session.order(LIMIT);
    let old = session.signed("GET", "/fapi/v2/positionRisk", "").1;
    let new = session.signed("GET", "/fapi/v3/positionRisk", "").1;
    assert_eq!((old[0]["leverage"].as_str(), new[0].get("leverage")), (Some("20"), None));
    assert_eq!(new[0]["symbol"], "ETHUSDT");
}

#[test]
fn when_to_ask_again_is_said_in_a_header_or_in_the_data() {
    for (market, path) in [(Market::Spot, "/ws-api/v3"), (Market::UsdM, "/ws-fapi/v1")] {
        let mut session = Session::new(market);
        let conn = session.connect(path, "");
        let until = session.now + Span::from_secs(5);
        session.venue.provoke(Mischief::Throttled { until, ban: Ban::No }, session.now);
        let asked = if market == Market::Spot { "/api/v3/ping" } else { "/fapi/v1/ping" };
        let (status, body) = session.get(asked, "");
        assert_eq!((status, body.get("data")), (429, None));
        let told = session.api(conn, "ping", json!({}));
        assert_eq!(told["error"]["data"]["retryAfter"], until.0 / 1_000_000);
    }
}

#[test]
fn answers_come_in_microseconds_where_they_are_asked_for() {
    let mut session = Session::new(Market::Spot);
    session.order(LIMIT);
    let mut request = session.signed_request("GET", "/api/v3/openOrders", "symbol=ETHUSDT");
    let micros = session.ms() * 1_000;
    assert_eq!(parsed(&session.http(&request)).1[0]["time"], session.ms());
    request.headers.push(("x-mbx-time-unit".to_owned(), "microsecond".to_owned()));
    let told = parsed(&session.http(&request)).1;
    assert_eq!((&told[0]["time"], &told[0]["updateTime"]), (&json!(micros), &json!(micros)));
    assert_eq!(told[0]["orderId"], 1);
    let conn = session.connect("/ws-api/v3", "timeUnit=MICROSECOND");
    assert_eq!(session.api(conn, "time", json!({}))["result"]["serverTime"], micros);
    session.api(conn, "userDataStream.subscribe.signature", json!({"apiKey": "hmac"}));
    session.order("side=BUY&type=MARKET&quantity=1");
    let heard = session.heard(conn);
    for (event, times) in [(&heard[0], "EOTW"), (heard.last().unwrap(), "Eu")] {
        for time in times.chars() {
            assert_eq!(event["event"][time.to_string()], micros, "{time} of {event}");
        }
    }
    // Futures know milliseconds alone.
    let mut session = Session::new(Market::UsdM);
    let mut request = session.signed_request("GET", "/fapi/v1/time", "");
    request.headers.push(("x-mbx-time-unit".to_owned(), "MICROSECOND".to_owned()));
    assert_eq!(parsed(&session.http(&request)).1["serverTime"], session.ms());
}

#[test]
fn a_week_s_candle_begins_on_a_monday() {
    let mut session = Session::new(Market::Spot);
    // A Tuesday: 14 November 2023.
    let at = session.ms();
    let trade = json!({
        "e": "trade", "E": at, "s": "ETHUSDT", "t": 7, "p": "2000.10", "q": "1", "T": at, "m": true,
    });
    session.venue.back_mut().news.push((Stream::Trade, trade.to_string()));
    session.wait(Span::from_millis(1));
    let (status, rows) = session.get("/api/v3/klines", "symbol=ETHUSDT&interval=1w");
    let monday = 1_699_833_600_000_i64;
    assert_eq!((status, &rows[0][0]), (200, &json!(monday)));
    assert_eq!(rows[0][6], Value::from(monday + 7 * 86_400_000 - 1));
}
