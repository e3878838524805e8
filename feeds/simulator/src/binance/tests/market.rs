//! Public queries, and the weight of asking.

use ballast_model::{Nanos, Span};
use serde_json::{Value, json};

use super::client::Session;
use crate::back::Stream;
use crate::binance::Market;
use crate::seam::{Ban, Front, HttpReply, HttpRequest, Mischief};

fn trade(session: &mut Session, id: u64, price: &str, qty: &str, at_ms: i64, maker: bool) {
    let text = json!({"e": "trade", "E": at_ms, "s": "ETHUSDT", "t": id, "p": price, "q": qty, "T": at_ms, "m": maker});
    session.venue.back_mut().news.push((Stream::Trade, text.to_string()));
    session.wait(Span::from_millis(1));
}

#[test]
fn rules_are_told_as_they_are_enforced() {
    let mut session = Session::new(Market::Spot);
    let (_, info) = session.get("/api/v3/exchangeInfo", "");
    let symbol = &info["symbols"][0];
    assert_eq!((&symbol["symbol"], symbol.get("contractType")), (&json!("ETHUSDT"), None));
    let filter = |symbol: &Value, kind: &str| {
        let mut filters = symbol["filters"].as_array().unwrap().iter();
        filters.find(|filter| filter["filterType"] == kind).unwrap().clone()
    };
    assert_eq!(filter(symbol, "PRICE_FILTER")["tickSize"], "0.01000000");
    assert_eq!(filter(symbol, "LOT_SIZE")["minQty"], "0.00200000");
    assert_eq!(filter(symbol, "NOTIONAL")["minNotional"], "5.00000000");
    assert_eq!(
        info["rateLimits"][0],
        json!({"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000})
    );
    assert_eq!(session.get("/api/v3/exchangeInfo", "symbol=NOPE").1["code"], -1121);
    let named = session.get("/api/v3/exchangeInfo", "symbols=%5B%22ETHUSDT%22%5D").1;
    assert_eq!(named["symbols"].as_array().unwrap().len(), 1);
    let mut session = Session::new(Market::UsdM);
    let (_, info) = session.get("/fapi/v1/exchangeInfo", "");
    let symbol = &info["symbols"][0];
    assert_eq!((&symbol["contractType"], &symbol["pricePrecision"]), (&json!("PERPETUAL"), &json!(2)));
    assert_eq!(filter(symbol, "MIN_NOTIONAL")["notional"], "5");
    assert_eq!(session.get("/fapi/v1/nothing", "").0, 404);
}

#[test]
fn the_book_is_told_by_level_and_limit() {
    let mut session = Session::new(Market::UsdM);
    let (_, depth) = session.get("/fapi/v1/depth", "symbol=ETHUSDT&limit=1");
    assert_eq!(depth["lastUpdateId"], 1_000);
    assert_eq!(
        (&depth["bids"], &depth["asks"]),
        (&json!([["2000.00", "5.000"]]), &json!([["2000.10", "5.000"]]))
    );
    assert_eq!(session.get("/fapi/v1/depth", "symbol=ETHUSDT").1["bids"].as_array().unwrap().len(), 2);
    assert_eq!(session.get("/fapi/v1/ticker/bookTicker", "symbol=ETHUSDT").1["askPrice"], "2000.10");
    assert_eq!(session.get("/fapi/v1/depth", "").1["code"], -1102);
    // Without trades the middle stands for a price.
    assert_eq!(session.get("/fapi/v1/ticker/price", "").1[0]["price"], "2000.05");
}

#[test]
fn trades_make_candles_and_the_day() {
    let mut session = Session::new(Market::Spot);
    let minute = 1_700_000_040_000;
    for (id, price, qty, at, maker) in
        [(1, "2000", "1", 0, true), (2, "2010", "2", 30_000, false), (3, "1990", "1", 61_000, true)]
    {
        trade(&mut session, id, price, qty, minute + at, maker);
    }
    let (_, trades) = session.get("/api/v3/trades", "symbol=ETHUSDT&limit=2");
    assert_eq!((&trades[0]["id"], &trades[1]["quoteQty"]), (&json!(2), &json!("1990.00000000")));
    let (_, aggregates) = session.get("/api/v3/aggTrades", "symbol=ETHUSDT&fromId=3");
    assert_eq!((&aggregates[0]["a"], &aggregates[0]["m"]), (&json!(3), &json!(true)));
    let (_, candles) = session.get("/api/v3/klines", "symbol=ETHUSDT&interval=1m");
    assert_eq!(
        candles[0],
        json!([
            minute,
            "2000.00000000",
            "2010.00000000",
            "2000.00000000",
            "2010.00000000",
            "3.00000000",
            minute + 59_999,
            "6020.00000000",
            2,
            "2.00000000",
            "4020.00000000",
            "0"
        ])
    );
    assert_eq!(candles[1][0], minute + 60_000);
    assert_eq!(session.get("/api/v3/klines", "symbol=ETHUSDT&interval=1h").1.as_array().unwrap().len(), 1);
    assert_eq!(session.get("/api/v3/klines", "symbol=ETHUSDT&interval=9q").1["code"], -1120);
    let (_, day) = session.get("/api/v3/ticker/24hr", "symbol=ETHUSDT");
    assert_eq!((&day["priceChange"], &day["priceChangePercent"]), (&json!("-10.00000000"), &json!("-0.500")));
    assert_eq!((&day["weightedAvgPrice"], &day["count"]), (&json!("2002.50000000"), &json!(3)));
    assert_eq!(session.get("/api/v3/ticker/price", "symbol=ETHUSDT").1["price"], "1990.00000000");
}

#[test]
fn marks_make_the_premium_and_the_rates_that_were_exchanged() {
    let mut session = Session::new(Market::UsdM);
    for (mark, rate, next) in
        [("2001.5", "0.0001", 100), ("2002.5", "0.0002", 100), ("2003.5", "0.0003", 200)]
    {
        let text = json!({"e": "markPriceUpdate", "E": 5, "s": "ETHUSDT", "p": mark, "i": "2000", "r": rate, "T": next});
        session.venue.back_mut().news.push((Stream::MarkPrice, text.to_string()));
        session.wait(Span::from_millis(1));
    }
    let (_, premium) = session.get("/fapi/v1/premiumIndex", "symbol=ETHUSDT");
    assert_eq!((&premium["markPrice"], &premium["lastFundingRate"]), (&json!("2003.5"), &json!("0.0003")));
    let (_, rates) = session.get("/fapi/v1/fundingRate", "symbol=ETHUSDT");
    assert_eq!(
        rates,
        json!([{"symbol": "ETHUSDT", "fundingTime": 100, "fundingRate": "0.0002", "markPrice": "2002.5"}])
    );
}

fn ask(session: &mut Session) -> HttpReply {
    let (method, path) = ("GET".to_owned(), "/api/v3/ping".to_owned());
    session.http(&HttpRequest { method, path, ..Default::default() })
}

fn header(reply: &HttpReply, name: &str) -> Option<String> {
    reply.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
}

#[test]
fn who_asks_too_much_is_told_to_wait_and_then_banned() {
    let mut session = Session::with(Market::Spot, |config| {
        config.limits.weight = 10;
        config.limits.patience = 3;
    });
    session.now = Nanos::from_millis(1_700_000_045_000); // five seconds into a minute
    for nth in 1..=10 {
        assert_eq!(header(&ask(&mut session), "X-MBX-USED-WEIGHT-1M"), Some(nth.to_string()));
    }
    for _ in 0..3 {
        let reply = ask(&mut session);
        assert_eq!((reply.status, header(&reply, "Retry-After")), (429, Some("56".to_owned())));
    }
    let reply = ask(&mut session);
    assert_eq!((reply.status, header(&reply, "Retry-After")), (418, Some("121".to_owned())));
    assert!(String::from_utf8(reply.body).unwrap().contains("-1003"));
    // The minute is over, the ban is not.
    session.wait(Span::from_secs(119));
    assert_eq!(ask(&mut session).status, 418);
    session.wait(Span::from_secs(1));
    assert_eq!(ask(&mut session).status, 200);
    let until = session.now + Span::from_secs(5);
    session.venue.provoke(Mischief::Throttled { until, ban: Ban::No }, session.now);
    assert_eq!(ask(&mut session).status, 429);
    session.wait(Span::from_secs(5));
    assert_eq!(ask(&mut session).status, 200);
}

#[test]
fn the_venue_answers_what_clients_ask_of_it_in_passing() {
    let mut session = Session::new(Market::UsdM);
    session.venue.back_mut().cash.insert(
        (crate::back::ClientId(0), "USDT".to_owned()),
        ballast_model::Money(1_000 * ballast_model::Money::ONE.0),
    );
    let (_, balance) = session.signed("GET", "/fapi/v3/balance", "");
    assert_eq!(balance[0]["balance"], "1000.00000000");
    let (_, account) = session.signed("GET", "/fapi/v3/account", "");
    assert_eq!(
        (&account["totalWalletBalance"], &account["assets"][0]["walletBalance"]),
        (&json!("1000.00000000"), &json!("1000.00000000"))
    );
    assert_eq!(
        session.signed("GET", "/fapi/v1/leverageBracket", "").1[0]["brackets"][0]["initialLeverage"],
        125
    );
    assert_eq!(session.signed("POST", "/fapi/v1/leverage", "symbol=ETHUSDT&leverage=7").1["leverage"], 7);
    assert_eq!(session.signed("GET", "/fapi/v1/symbolConfig", "symbol=ETHUSDT").1[0]["leverage"], 7);
    assert_eq!(session.signed("POST", "/fapi/v1/leverage", "symbol=ETHUSDT&leverage=126").1["code"], -4028);
    assert_eq!(
        session.signed("POST", "/fapi/v1/positionSide/dual", "dualSidePosition=false").1["code"],
        -4059
    );
    assert_eq!(
        session.signed("POST", "/fapi/v1/marginType", "symbol=ETHUSDT&marginType=CROSSED").1["code"],
        -4046
    );
    assert_eq!(
        session.signed("GET", "/fapi/v1/commissionRate", "symbol=ETHUSDT").1["makerCommissionRate"],
        "0.00020000"
    );
    assert_eq!(session.signed("GET", "/fapi/v1/rateLimit/order", "").1[0]["count"], 0);
    assert_eq!(session.signed("GET", "/fapi/v3/positionRisk", "").1, json!([]));
    let mut session = Session::new(Market::Spot);
    assert_eq!(session.signed("GET", "/api/v3/account", "").1["balances"][0]["asset"], "ETH");
    let (_, rates) = session.signed("GET", "/api/v3/account/commission", "symbol=ETHUSDT");
    assert_eq!(rates["standardCommission"]["taker"], "0.00100000");
    assert_eq!(session.signed("GET", "/sapi/v1/margin/allPairs", "").1, json!([]));
}
