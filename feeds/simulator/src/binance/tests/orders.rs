//! Orders on REST: every refusal by its code, and what becomes of those that are taken.

use ballast_model::{RejectReason, Span};
use serde_json::{Value, json};

use super::client::Session;
use super::desk::Mood;
use crate::binance::Market;

const LIMIT: &str = "side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=1900";

fn code(answer: &(u16, Value)) -> i64 {
    answer.1["code"].as_i64().unwrap_or_else(|| panic!("taken: {answer:?}"))
}

#[test]
fn spot_refuses_each_wrong_order_by_its_code() {
    let mut session = Session::new(Market::Spot);
    for (params, code_, text) in [
        ("type=LIMIT", -1102, "'side'"),
        ("side=HOLD&type=LIMIT", -1117, "side"),
        ("side=BUY&type=FANCY", -1116, "orderType"),
        ("side=BUY&type=STOP_LOSS&quantity=1", -2010, "Stop loss orders are not supported"),
        ("side=BUY&type=LIMIT&quantity=1&price=1900", -1102, "timeInForce"),
        ("side=BUY&type=LIMIT&timeInForce=GTX&quantity=1&price=1900", -1115, "timeInForce"),
        ("side=BUY&type=LIMIT_MAKER&timeInForce=GTC&quantity=1&price=1900", -1106, "timeInForce"),
        ("side=BUY&type=MARKET&quantity=1&price=1900", -1106, "price"),
        ("side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=1900.001", -1013, "PRICE_FILTER"),
        ("side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=1900.000000001", -1111, "precision"),
        ("side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=9.99", -1013, "PRICE_FILTER"),
        ("side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=10000.01", -1013, "PRICE_FILTER"),
        ("side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=x", -1100, "price"),
        ("side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.0005&price=1900", -1013, "LOT_SIZE"),
        ("side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.001&price=1900", -1013, "LOT_SIZE"),
        ("side=BUY&type=LIMIT&timeInForce=GTC&quantity=100.001&price=1900", -1013, "LOT_SIZE"),
        ("side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.002&price=1900", -1013, "NOTIONAL"),
        ("side=BUY&type=LIMIT_MAKER&quantity=1&price=2000.10", -2010, "immediately match and take"),
        (&format!("{LIMIT}&newClientOrderId=no%20blank"), -1100, "newClientOrderId"),
        (&format!("{LIMIT}&icebergQty=1"), -2010, "Iceberg"),
        ("side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=400", -1013, "PERCENT_PRICE_BY_SIDE"),
        ("side=SELL&type=LIMIT&timeInForce=GTC&quantity=1&price=399.99", -1013, "PERCENT_PRICE_BY_SIDE"),
        (&format!("{LIMIT}&newOrderRespType=LOUD"), -1124, "newOrderRespType"),
    ] {
        let answer = session.order(params);
        assert_eq!((answer.0, code(&answer)), (400, code_), "{params}: {answer:?}");
        assert!(answer.1["msg"].as_str().unwrap().contains(text), "{params}: {answer:?}");
    }
    assert_eq!(code(&session.signed("POST", "/api/v3/order", "symbol=NOPE&side=BUY")), -1121);
    // None of them was ever an order.
    assert_eq!(session.signed("GET", "/api/v3/allOrders", "symbol=ETHUSDT").1, json!([]));
}

#[test]
fn futures_refuse_each_wrong_order_by_its_code() {
    let mut session = Session::new(Market::UsdM);
    for (params, code_) in [
        ("side=BUY&type=STOP_MARKET&quantity=1&stopPrice=1", -4120),
        ("side=BUY&type=LIMIT_MAKER&quantity=1&price=1900", -1116),
        ("side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=1900.001", -1111),
        ("side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.0005&price=1900", -1111),
        ("side=BUY&type=LIMIT&timeInForce=GTC&quantity=0&price=1900", -4003),
        ("side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.001&price=1900", -4004),
        ("side=BUY&type=LIMIT&timeInForce=GTC&quantity=100.001&price=1900", -4005),
        ("side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0", -4001),
        ("side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=10000.01", -4002),
        ("side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=9.99", -4013),
        ("side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.002&price=1900", -4164),
        ("side=BUY&type=LIMIT&timeInForce=GTX&quantity=1&price=2000.10", -5022),
        ("side=BUY&type=LIMIT&timeInForce=FOK&quantity=99&price=2000.20", -5021),
        ("side=BUY&type=LIMIT&timeInForce=GTD&quantity=1&price=1900", -1102),
        (&format!("{LIMIT}&newClientOrderId=no%20blank"), -4015),
        (&format!("{LIMIT}&positionSide=LONG"), -4061),
        (&format!("{LIMIT}&priceMatch=QUEUE"), -1128),
        (&format!("{LIMIT}&newOrderRespType=FULL"), -1124),
        ("side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=2100.06", -4016),
        ("side=SELL&type=LIMIT&timeInForce=GTC&quantity=1&price=1900.04", -4024),
    ] {
        assert_eq!(code(&session.order(params)), code_, "{params}");
    }
    // Below the least value only what reduces is let in.
    let small = "side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.002&price=1900&reduceOnly=true";
    assert_eq!(session.order(small).0, 200);
    let till = session.ms() + 600_000;
    let dated = format!("side=BUY&type=LIMIT&timeInForce=GTD&quantity=1&price=1900&goodTillDate={till}");
    assert_eq!(code(&session.order(&dated)), -1130);
    let dated = dated.replace(&till.to_string(), &(till + 1_000).to_string());
    assert_eq!(session.order(&dated).1["goodTillDate"], (till + 1_000) / 1_000 * 1_000);
}

#[test]
fn every_reason_of_the_market_behind_has_its_code() {
    use RejectReason as R;
    for (reason, spot, futures) in [
        (R::WouldTake, -2010, -5022),
        (R::Price, -1013, -4016),
        (R::Size, -1013, -4005),
        (R::NotionalMin, -1013, -4164),
        (R::DuplicateId, -2010, -4116),
        (R::Margin, -2010, -2019),
        (R::OrdersMax, -1013, -2025),
        (R::RateLimit, -1015, -1015),
        (R::UnknownOrder, -2011, -2011),
        (R::ReduceOnly, -2010, -2022),
        (R::Closed, -2010, -4108),
        (R::Other, -2010, -2010),
    ] {
        for (market, expected) in [(Market::Spot, spot), (Market::UsdM, futures)] {
            let mut session = Session::new(market);
            session.venue.back_mut().mood = Mood::Refuses(reason);
            assert_eq!(code(&session.order(LIMIT)), expected, "{market:?} {reason:?}");
        }
    }
    for market in [Market::Spot, Market::UsdM] {
        let mut session = Session::new(market);
        session.venue.back_mut().mood = Mood::Refuses(R::SelfTrade);
        let (status, answer) = session.order(&format!("{LIMIT}&newOrderRespType=RESULT"));
        assert_eq!((status, &answer["status"]), (200, &json!("EXPIRED_IN_MATCH")));
    }
}

#[test]
fn names_are_unique_among_open_orders_and_orders_are_counted() {
    let mut session = Session::with(Market::Spot, |config| {
        config.limits.open_orders = 2;
        config.limits.orders_10s = 5;
    });
    let named = |name: &str| format!("{LIMIT}&newClientOrderId={name}");
    assert_eq!(session.order(&named("a")).0, 200);
    assert_eq!(session.order(&named("a")).1["msg"], "Duplicate order sent.");
    assert_eq!(session.order(&named("b")).0, 200);
    assert_eq!(session.order(&named("c")).1["msg"], "Filter failure: MAX_NUM_ORDERS");
    session.signed("DELETE", "/api/v3/order", "symbol=ETHUSDT&origClientOrderId=a");
    let request = session.signed_request("POST", "/api/v3/order", &format!("symbol=ETHUSDT&{}", named("a")));
    let reply = session.http(&request);
    assert_eq!(reply.status, 200);
    let header = |name: &str| reply.headers.iter().find(|(key, _)| key == name).unwrap().1.clone();
    assert_eq!((header("X-MBX-ORDER-COUNT-10S"), header("X-MBX-ORDER-COUNT-1D")), ("5".into(), "5".into()));
    let (status, answer) = session.order(&named("d"));
    assert_eq!((status, &answer["code"]), (429, &json!(-1015)));
    // A first fill as maker gives one back on spot.
    session.venue.back_mut().take(1);
    session.wait(Span::from_millis(1));
    assert_eq!(session.order(&named("d")).1["msg"], "Filter failure: MAX_NUM_ORDERS");
    session.wait(Span::from_secs(10));
    assert_eq!(session.order(&named("d")).1["code"], -1013);
}

#[test]
fn a_market_order_takes_within_its_protection() {
    let mut session = Session::new(Market::Spot);
    let (status, answer) = session.order("side=BUY&type=MARKET&quantity=6");
    assert_eq!((status, &answer["status"], &answer["price"]), (200, &json!("FILLED"), &json!("0.00000000")));
    let fills = answer["fills"].as_array().unwrap();
    assert_eq!(fills.len(), 2);
    assert_eq!((&fills[1]["price"], &fills[1]["qty"]), (&json!("2000.20000000"), &json!("1.00000000")));
    assert_eq!(answer["cummulativeQuoteQty"], "12000.70000000");
    // 4 000 buy what 2 000.20 a piece makes, in whole lots.
    let (_, answer) = session.order("side=BUY&type=MARKET&quoteOrderQty=4000");
    assert_eq!(
        (&answer["executedQty"], &answer["origQuoteOrderQty"]),
        (&json!("1.99900000"), &json!("4000.00000000"))
    );
    session.venue.back_mut().asks.clear();
    session.venue.back_mut().asks.insert(900_000, 5);
    session.venue.back_mut().asks.insert(300_000, 5_000);
    let (_, answer) = session.order("side=BUY&type=MARKET&quantity=6");
    // One per cent beyond the best, 3 030, is as far as it goes.
    assert_eq!((&answer["status"], &answer["executedQty"]), (&json!("EXPIRED"), &json!("5.00000000")));
    assert_eq!(answer["expiryReason"], "UNFILLED_IOC_QUANTITY_EXPIRED");
    session.venue.back_mut().asks.clear();
    let (status, answer) = session.order("side=SELL&type=LIMIT&timeInForce=IOC&quantity=1&price=2100");
    assert_eq!((status, &answer["status"]), (200, &json!("EXPIRED")));
}

#[test]
fn what_nobody_answers_is_unknown_after_ten_seconds() {
    let mut session = Session::new(Market::Spot);
    session.venue.back_mut().mood = Mood::Silent;
    let request = session.signed_request("POST", "/api/v3/order", &format!("symbol=ETHUSDT&{LIMIT}"));
    let call = session.send(&request);
    session.wait(Span::from_millis(9_999));
    assert!(session.replies.is_empty());
    session.wait(Span::from_millis(1));
    let (id, reply) = session.replies.remove(0);
    assert_eq!((id, reply.status), (call, 408));
    assert!(String::from_utf8(reply.body).unwrap().contains("-1007"));
}

#[test]
fn cancels_end_what_stands_and_nothing_else() {
    let mut session = Session::new(Market::Spot);
    let id = session.order(&format!("{LIMIT}&newClientOrderId=mine")).1["orderId"].as_u64().unwrap();
    let cancel = |session: &mut Session, params: &str| {
        session.signed("DELETE", "/api/v3/order", &format!("symbol=ETHUSDT&{params}"))
    };
    assert_eq!(code(&cancel(&mut session, "")), -1102);
    assert_eq!(code(&cancel(&mut session, "orderId=999")), -2011);
    assert_eq!(code(&cancel(&mut session, &format!("orderId={id}&origClientOrderId=other"))), -2011);
    let restricted = cancel(&mut session, &format!("orderId={id}&cancelRestrictions=ONLY_PARTIALLY_FILLED"));
    assert_eq!(restricted.1["msg"], "Order was not canceled due to cancel restrictions.");
    let (status, answer) = cancel(&mut session, &format!("orderId={id}&newClientOrderId=bye"));
    assert_eq!((status, &answer["status"]), (200, &json!("CANCELED")));
    assert_eq!((&answer["origClientOrderId"], &answer["clientOrderId"]), (&json!("mine"), &json!("bye")));
    assert_eq!(code(&cancel(&mut session, &format!("orderId={id}"))), -2011);
    let all = |session: &mut Session| session.signed("DELETE", "/api/v3/openOrders", "symbol=ETHUSDT");
    assert_eq!(code(&all(&mut session)), -2011);
    session.order(LIMIT);
    session.order(LIMIT);
    assert_eq!(all(&mut session).1.as_array().unwrap().len(), 2);
    let queried = session.signed("GET", "/api/v3/order", &format!("symbol=ETHUSDT&orderId={id}"));
    assert_eq!(queried.1["status"], "CANCELED");
    let unknown = session.signed("GET", "/api/v3/order", "symbol=ETHUSDT&orderId=999");
    assert_eq!(code(&unknown), -2013);
}

#[test]
fn cancel_replace_tells_both_halves() {
    let mut session = Session::new(Market::Spot);
    let replace = |session: &mut Session, params: &str| {
        session.signed("POST", "/api/v3/order/cancelReplace", &format!("symbol=ETHUSDT&{LIMIT}&{params}"))
    };
    let id = session.order(LIMIT).1["orderId"].as_u64().unwrap();
    let (status, answer) =
        replace(&mut session, &format!("cancelReplaceMode=STOP_ON_FAILURE&cancelOrderId={id}"));
    assert_eq!(
        (status, &answer["cancelResult"], &answer["newOrderResult"]),
        (200, &json!("SUCCESS"), &json!("SUCCESS"))
    );
    assert_eq!(answer["newOrderResponse"]["status"], "NEW");
    let (status, answer) = replace(&mut session, "cancelReplaceMode=STOP_ON_FAILURE&cancelOrderId=99");
    assert_eq!((status, &answer["code"]), (400, &json!(-2022)));
    assert_eq!(answer["data"]["newOrderResult"], "NOT_ATTEMPTED");
    let (status, answer) = replace(&mut session, "cancelReplaceMode=ALLOW_FAILURE&cancelOrderId=99");
    assert_eq!((status, &answer["code"]), (409, &json!(-2021)));
    assert_eq!(answer["data"]["cancelResponse"]["code"], -2011);
    assert_eq!(answer["data"]["newOrderResult"], "SUCCESS");
    assert_eq!(code(&replace(&mut session, "cancelReplaceMode=MAYBE&cancelOrderId=1")), -1145);
}

#[test]
fn at_the_order_limit_cancel_replace_does_nothing_or_cancels_alone_as_it_is_told() {
    let mut session = Session::with(Market::Spot, |config| config.limits.orders_10s = 1);
    let id = session.order(LIMIT).1["orderId"].as_u64().unwrap();
    let open = |session: &mut Session| {
        session.signed("GET", "/api/v3/openOrders", "symbol=ETHUSDT").1.as_array().unwrap().len()
    };
    let replace = |session: &mut Session, mode: &str, id: u64, more: &str| {
        let params = format!("symbol=ETHUSDT&{LIMIT}&cancelReplaceMode={mode}&cancelOrderId={id}{more}");
        session.signed("POST", "/api/v3/order/cancelReplace", &params)
    };
    for more in ["", "&orderRateLimitExceededMode=DO_NOTHING"] {
        for mode in ["STOP_ON_FAILURE", "ALLOW_FAILURE"] {
            let (status, answer) = replace(&mut session, mode, id, more);
            assert_eq!((status, &answer["code"], answer.get("data")), (429, &json!(-1015), None));
        }
    }
    assert_eq!(open(&mut session), 1);
    let alone = "&orderRateLimitExceededMode=CANCEL_ONLY";
    assert_eq!(code(&replace(&mut session, "STOP_ON_FAILURE", id, "&orderRateLimitExceededMode=X")), -1130);
    // Nothing to cancel either.
    assert_eq!(replace(&mut session, "STOP_ON_FAILURE", 99, alone).0, 429);
    let (status, answer) = replace(&mut session, "ALLOW_FAILURE", 99, alone);
    assert_eq!((status, &answer["code"]), (400, &json!(-2022)));
    let (status, answer) = replace(&mut session, "STOP_ON_FAILURE", id, alone);
    assert_eq!((status, &answer["code"]), (409, &json!(-2021)));
    assert_eq!(
        (&answer["data"]["cancelResult"], &answer["data"]["newOrderResult"]),
        (&json!("SUCCESS"), &json!("FAILURE"))
    );
    assert_eq!(answer["data"]["newOrderResponse"]["code"], -1015);
    assert_eq!(open(&mut session), 0);
}

#[test]
fn spot_amends_to_less_alone_and_futures_to_anything() {
    let mut session = Session::new(Market::Spot);
    let id = session.order(LIMIT).1["orderId"].as_u64().unwrap();
    let amend = |session: &mut Session, qty: &str| {
        let params = format!("symbol=ETHUSDT&orderId={id}&newQty={qty}");
        session.signed("PUT", "/api/v3/order/amend/keepPriority", &params)
    };
    assert_eq!(code(&amend(&mut session, "1")), -2038);
    assert_eq!(code(&amend(&mut session, "0.002")), -1013);
    assert_eq!(amend(&mut session, "0.5").1["amendedOrder"]["qty"], "0.50000000");
    session.venue.back_mut().take(400);
    session.wait(Span::from_millis(1));
    assert_eq!(code(&amend(&mut session, "0.4")), -2038);
    let mut session = Session::new(Market::UsdM);
    let id = session.order(LIMIT).1["orderId"].as_u64().unwrap();
    let modify = |session: &mut Session, params: &str| {
        session.signed("PUT", "/fapi/v1/order", &format!("symbol=ETHUSDT&orderId={id}&{params}"))
    };
    assert_eq!(code(&modify(&mut session, "side=BUY&quantity=1&price=1900")), -5027);
    assert_eq!(code(&modify(&mut session, "side=SELL&quantity=1&price=1901")), -1117);
    assert_eq!(code(&modify(&mut session, "side=BUY&quantity=1")), -1102);
    let (_, answer) = modify(&mut session, "side=BUY&quantity=2&price=1901");
    assert_eq!((&answer["origQty"], &answer["price"]), (&json!("2.000"), &json!("1901.00")));
    // No more than has traded is wanted: the order ends.
    session.venue.back_mut().take(500);
    session.wait(Span::from_millis(1));
    assert_eq!(modify(&mut session, "side=BUY&quantity=0.5&price=1901").1["status"], "CANCELED");
    assert_eq!(code(&modify(&mut session, "side=BUY&quantity=1&price=1901")), -2013);
}

#[test]
fn a_post_only_order_ends_where_its_modification_would_take() {
    let mut session = Session::new(Market::UsdM);
    let placed = session.order("side=BUY&type=LIMIT&timeInForce=GTX&quantity=1&price=1900");
    let id = placed.1["orderId"].as_u64().unwrap();
    let change = format!("symbol=ETHUSDT&orderId={id}&side=BUY&quantity=1&price=2000.10");
    let (status, answer) = session.signed("PUT", "/fapi/v1/order", &change);
    assert_eq!((status, &answer["status"]), (200, &json!("EXPIRED")));
    let (_, order) = session.signed("GET", "/fapi/v1/order", &format!("symbol=ETHUSDT&orderId={id}"));
    assert_eq!(order["status"], "EXPIRED");
}

#[test]
fn history_is_bounded_and_forgets_the_oldest_first() {
    let mut session = Session::with(Market::Spot, |config| config.history = 3);
    for nth in 0..5 {
        session.order(&format!("side=BUY&type=MARKET&quantity=0.1&newClientOrderId=h{nth}"));
    }
    let (_, rows) = session.signed("GET", "/api/v3/allOrders", "symbol=ETHUSDT");
    let names: Vec<_> = rows.as_array().unwrap().iter().map(|row| row["clientOrderId"].clone()).collect();
    assert_eq!(names, [json!("h2"), json!("h3"), json!("h4")]);
    assert_eq!(session.signed("GET", "/api/v3/myTrades", "symbol=ETHUSDT").1.as_array().unwrap().len(), 3);
    let named = |session: &mut Session, name: &str| {
        session.signed("GET", "/api/v3/order", &format!("symbol=ETHUSDT&origClientOrderId={name}"))
    };
    assert_eq!(code(&named(&mut session, "h0")), -2013);
    // A name that was given again is the later order's, whatever becomes of the first.
    for name in ["h4", "x", "y"] {
        session.order(&format!("side=BUY&type=MARKET&quantity=0.1&newClientOrderId={name}"));
    }
    assert_eq!(named(&mut session, "h4").0, 200);
}

#[test]
fn futures_batches_answer_each_and_the_countdown_cancels() {
    let mut session = Session::new(Market::UsdM);
    let list = "%5B%7B%22symbol%22%3A%22ETHUSDT%22%2C%22side%22%3A%22BUY%22%2C%22type%22%3A%22LIMIT%22%2C\
                %22timeInForce%22%3A%22GTC%22%2C%22quantity%22%3A%221%22%2C%22price%22%3A%221900%22%7D%2C\
                %7B%22symbol%22%3A%22ETHUSDT%22%2C%22side%22%3A%22HOLD%22%7D%5D";
    let (status, answer) = session.signed("POST", "/fapi/v1/batchOrders", &format!("batchOrders={list}"));
    assert_eq!((status, &answer[0]["status"], &answer[1]["code"]), (200, &json!("NEW"), &json!(-1117)));
    let id = answer[0]["orderId"].as_u64().unwrap();
    let ids = format!("symbol=ETHUSDT&orderidlist=%5B{id}%2C99%5D");
    let (_, answer) = session.signed("DELETE", "/fapi/v1/batchOrders", &ids);
    assert_eq!((&answer[0]["status"], &answer[1]["code"]), (&json!("CANCELED"), &json!(-2011)));
    session.order(LIMIT);
    let count = |session: &mut Session, ms: i64| {
        let params = format!("symbol=ETHUSDT&countdownTime={ms}");
        session.signed("POST", "/fapi/v1/countdownCancelAll", &params)
    };
    assert_eq!(count(&mut session, 5_000).1["countdownTime"], "5000");
    session.wait(Span::from_millis(4_000));
    count(&mut session, 5_000);
    session.wait(Span::from_millis(4_999));
    let open =
        |session: &mut Session| session.signed("GET", "/fapi/v1/openOrders", "").1.as_array().unwrap().len();
    assert_eq!(open(&mut session), 1);
    session.wait(Span::from_millis(1));
    assert_eq!(open(&mut session), 0);
    session.order(LIMIT);
    count(&mut session, 5_000);
    count(&mut session, 0);
    session.wait(Span::from_secs(60));
    assert_eq!(open(&mut session), 1);
    let (_, answer) = session.signed("DELETE", "/fapi/v1/allOpenOrders", "symbol=ETHUSDT");
    assert_eq!((&answer["code"], open(&mut session)), (&json!(200), 0));
}
