//! The bytes of every request, with a fixed clock.

use ballast_model::{Lots, Nanos, Price, ReduceOnly, Side, Span, TimeInForce};
use ballast_venue::binance::trade::{DeadMan, TradeMarket};
use ballast_venue::signing::Credentials;

use super::rig::{self, Rig, SECRET, cancel, config, ed25519, hmac, instrument, new, order, query, replace};

fn golden(rig: &mut Rig, command: ballast_model::Command) -> String {
    let frame = rig.encode(command).unwrap();
    frame.split_once(r#","method":"#).unwrap().1.to_owned()
}

#[test]
fn spot_orders() {
    let rig = &mut Rig::open(TradeMarket::Spot);
    let place = r#""order.place","params":{"newClientOrderId":"blst-41","newOrderRespType":"ACK","price":"2683.80","quantity":"1.500","recvWindow":500,"selfTradePreventionMode":"EXPIRE_MAKER","side":"SELL","symbol":"ETHUSDT","#;
    let ask = order(41);
    assert_eq!(
        golden(rig, new(ask)),
        format!(r#"{place}"timestamp":1645423376532,"type":"LIMIT_MAKER"}}}}"#)
    );
    for (tif, word) in [
        (TimeInForce::GoodTillCancel, "GTC"),
        (TimeInForce::ImmediateOrCancel, "IOC"),
        (TimeInForce::FillOrKill, "FOK"),
    ] {
        let frame = golden(rig, new(ballast_model::NewOrder { tif, ..ask }));
        assert_eq!(
            frame,
            format!(r#"{place}"timeInForce":"{word}","timestamp":1645423376532,"type":"LIMIT"}}}}"#)
        );
    }
    assert_eq!(
        golden(rig, cancel(41)),
        r#""order.cancel","params":{"origClientOrderId":"blst-41","recvWindow":500,"symbol":"ETHUSDT","timestamp":1645423376532}}"#
    );
    assert_eq!(
        golden(rig, query(41, 1)),
        r#""order.status","params":{"origClientOrderId":"blst-41","recvWindow":500,"symbol":"ETHUSDT","timestamp":1645423376532}}"#
    );
    assert_eq!(
        golden(rig, replace(41, 268_380, 1_499)),
        r#""order.amend.keepPriority","params":{"newClientOrderId":"blst-41","newQty":"1.499","origClientOrderId":"blst-41","recvWindow":500,"symbol":"ETHUSDT","timestamp":1645423376532}}"#
    );
}

#[test]
fn futures_orders() {
    let rig = &mut Rig::open(TradeMarket::UsdM);
    let base = ballast_model::NewOrder { side: Side::Bid, lots: Lots(3), price: Price(1), ..order(41) };
    let window = r#""newClientOrderId":"blst-41","newOrderRespType":"ACK","price":"0.01","quantity":"0.003","recvWindow":500,"#;
    let rest = r#""selfTradePreventionMode":"EXPIRE_MAKER","side":"BUY","symbol":"ETHUSDT","#;
    let end = TimeInForce::GoodTillDate(Nanos::from_millis(1_645_424_400_000));
    for (tif, word, date) in [
        (TimeInForce::PostOnly, "GTX", ""),
        (TimeInForce::GoodTillCancel, "GTC", ""),
        (TimeInForce::ImmediateOrCancel, "IOC", ""),
        (TimeInForce::FillOrKill, "FOK", ""),
        (end, "GTD", r#""goodTillDate":1645424400000,"#),
    ] {
        for (reduce_only, reduce) in [(ReduceOnly::No, ""), (ReduceOnly::Yes, r#""reduceOnly":"true","#)] {
            let frame = golden(rig, new(ballast_model::NewOrder { tif, reduce_only, ..base }));
            assert_eq!(
                frame,
                format!(
                    r#""order.place","params":{{{date}{window}{reduce}{rest}"timeInForce":"{word}","timestamp":1645423376532,"type":"LIMIT"}}}}"#
                )
            );
        }
    }
    assert_eq!(
        golden(rig, replace(41, 268_381, 2_000)),
        r#""order.modify","params":{"origClientOrderId":"blst-41","price":"2683.81","quantity":"2.000","recvWindow":500,"side":"SELL","symbol":"ETHUSDT","timestamp":1645423376532}}"#
    );
    assert_eq!(
        golden(rig, cancel(41)),
        r#""order.cancel","params":{"origClientOrderId":"blst-41","recvWindow":500,"symbol":"ETHUSDT","timestamp":1645423376532}}"#
    );
    assert_eq!(
        golden(rig, query(41, 1)),
        r#""order.status","params":{"origClientOrderId":"blst-41","recvWindow":500,"symbol":"ETHUSDT","timestamp":1645423376532}}"#
    );
}

/// Parameters of a frame as they are signed: by name, joined.
fn payload(frame: &str) -> (String, String) {
    let value: Vec<_> =
        frame.split_once(r#""params":{"#).unwrap().1.trim_end_matches('}').split(',').collect();
    let pair = |text: &&str| {
        let (name, value) = text.split_once(':').unwrap();
        (name.trim_matches('"').to_owned(), value.trim_matches('"').to_owned())
    };
    let mut pairs: Vec<_> = value.iter().map(pair).collect();
    let signature = pairs.pop().unwrap();
    assert_eq!(signature.0, "signature");
    assert!(pairs.is_sorted(), "{pairs:?}");
    let joined: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    (joined.join("&"), signature.1)
}

#[test]
fn hmac_keys_sign_every_request_over_its_sorted_parameters() {
    for market in [TradeMarket::Spot, TradeMarket::UsdM] {
        let mut rig = Rig::fresh(market, hmac());
        rig.connect();
        for command in [new(order(1)), replace(1, 268_380, 7), cancel(1), query(1, 1)] {
            let frame = rig.encode(command).unwrap();
            let (payload, signature) = payload(&frame);
            assert!(
                payload.starts_with("apiKey=key0&") && payload.contains("&timestamp=1645423376532"),
                "{payload}"
            );
            let expected = Credentials::hmac("key0", SECRET).unwrap().sign(payload.as_bytes());
            assert_eq!(signature.as_bytes(), expected.as_bytes());
        }
    }
    let mut rig = Rig::fresh(TradeMarket::Spot, hmac());
    rig.connect();
    let frame = &rig.asked[0];
    assert!(frame.contains(r#""method":"userDataStream.subscribe.signature","params":{"apiKey":"key0","recvWindow":500,"timestamp":1645423376532,"signature":"#), "{frame}");
    let (payload, signature) = payload(frame);
    assert_eq!(signature.as_bytes(), hmac().sign(payload.as_bytes()).as_bytes());
}

#[test]
fn ed25519_keys_log_on_once() {
    let mut rig = Rig::fresh(TradeMarket::Spot, ed25519());
    rig.connect();
    let (logon, subscribe) = (&rig.asked[0], &rig.asked[1]);
    assert!(logon.contains(r#""method":"session.logon","params":{"apiKey":"key0","recvWindow":500,"timestamp":1645423376532,"signature":"#), "{logon}");
    let (payload, signature) = payload(logon);
    assert_eq!(signature.as_bytes(), ed25519().sign(payload.as_bytes()).as_bytes());
    assert!(subscribe.ends_with(r#""method":"userDataStream.subscribe","params":{}}"#), "{subscribe}");
    let mut futures = Rig::fresh(TradeMarket::UsdM, ed25519());
    futures.connect();
    assert!(
        futures.asked[0].contains("session.logon")
            && !futures.asked.iter().any(|asked| asked.contains("subscribe"))
    );
}

/// Requests over HTTP without their signatures, which are checked.
fn rest(rig: &Rig, credentials: &Credentials) -> Vec<String> {
    let requests = rig.asked.iter().filter(|asked| !asked.starts_with('{'));
    requests
        .map(|asked| match asked.split_once("&signature=") {
            None => asked.clone(),
            Some((request, signature)) => {
                let query = request.split_once('?').unwrap().1;
                let mut expected = String::new();
                ballast_venue::signing::percent_encode(
                    &mut expected,
                    credentials.sign(query.as_bytes()).as_bytes(),
                );
                assert_eq!(signature, expected, "{request}");
                format!("{request} signed")
            }
        })
        .collect()
}

#[test]
fn requests_over_http() {
    let time = "recvWindow=500&timestamp=1645423376532 signed";
    let mut rig = Rig::fresh(TradeMarket::Spot, ed25519());
    rig.connect();
    rig.session.cancel_all();
    rig.serve();
    let spot = [
        "GET /api/v3/time".to_owned(),
        "GET /api/v3/exchangeInfo?symbols=%5B%22ETHUSDT%22%2C%22BTCUSDT%22%5D".into(),
        format!("GET /api/v3/account?{time}"),
        format!("GET /api/v3/openOrders?symbol=ETHUSDT&{time}"),
        format!("GET /api/v3/myTrades?symbol=ETHUSDT&fromId=101&limit=1000&{time}"),
        format!("GET /api/v3/openOrders?symbol=BTCUSDT&{time}"),
        format!("GET /api/v3/myTrades?symbol=BTCUSDT&fromId=101&limit=1000&{time}"),
        format!("DELETE /api/v3/openOrders?symbol=BTCUSDT&{time}"),
        format!("DELETE /api/v3/openOrders?symbol=ETHUSDT&{time}"),
    ];
    assert_eq!(rest(&rig, &ed25519()), spot);

    let instruments = [instrument(rig::ETH, "ETHUSDT")];
    let dead_man = Some(DeadMan { countdown: Span::from_secs(30), beats: 4 });
    let mut rig = Rig::with(
        &ballast_venue::binance::trade::TradeConfig { dead_man, ..config(TradeMarket::UsdM, &instruments) },
        hmac(),
    );
    rig.connect();
    rig.session.cancel_all();
    rig.session.on_progress(rig.now);
    rig.serve();
    let beat = |time: i64| {
        format!(
            "POST /fapi/v1/countdownCancelAll?symbol=ETHUSDT&countdownTime=30000&recvWindow=500&timestamp={time} signed"
        )
    };
    let futures = [
        "POST /fapi/v1/listenKey".to_owned(),
        "GET /fapi/v1/time".into(),
        "GET /fapi/v1/exchangeInfo".into(),
        "GET /fapi/v1/exchangeInfo".into(),
        format!("GET /fapi/v3/balance?{time}"),
        format!("GET /fapi/v3/positionRisk?{time}"),
        format!("GET /fapi/v1/openOrders?symbol=ETHUSDT&{time}"),
        format!("GET /fapi/v1/userTrades?symbol=ETHUSDT&fromId=101&limit=1000&{time}"),
        format!("GET /fapi/v1/income?incomeType=FUNDING_FEE&startTime=1645000000000&limit=1000&{time}"),
        format!("DELETE /fapi/v1/allOpenOrders?symbol=ETHUSDT&{time}"),
        beat(1_645_423_376_532),
    ];
    assert_eq!(rest(&rig, &hmac()), futures);
    rig.asked.clear();
    rig.wait(Span::from_millis(7_500));
    rig.serve();
    assert_eq!(rest(&rig, &hmac()), ["GET /fapi/v1/time"], "no beat without progress");
    rig.asked.clear();
    rig.session.on_progress(rig.now);
    rig.serve();
    assert_eq!(rest(&rig, &hmac()), [beat(1_645_423_384_032)]);
    rig.asked.clear();
    rig.session.switch_off_dead_man();
    rig.serve();
    let off = "POST /fapi/v1/countdownCancelAll?symbol=ETHUSDT&countdownTime=0&recvWindow=500&timestamp=1645423384032 signed";
    assert_eq!(rest(&rig, &hmac()), [off]);
    assert_eq!(
        rig.session.path(ballast_venue::Channel::Private),
        Some(
            "/private/ws?listenKey=pqia91&events=ORDER_TRADE_UPDATE/ACCOUNT_UPDATE/MARGIN_CALL/ACCOUNT_CONFIG_UPDATE/listenKeyExpired"
        )
    );
}
