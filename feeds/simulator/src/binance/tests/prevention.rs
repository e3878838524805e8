//! What becomes of orders that meet their own: the modes of self-trade prevention, over a market that knows them.

use ballast_model::{InstrumentId, Price, Span, Step};
use serde_json::{Value, json};

use super::client::{NOW, Session};
use super::told::listen;
use crate::back::Back;
use crate::binance::Market;
use crate::matching::{Flow, MarketKind, MatchingBack, MatchingBackSpec, Speed};

const ETH: InstrumentId = InstrumentId(0);
const MATCH: &str = "EXPIRED_IN_MATCH";

fn session(market: Market) -> Session<MatchingBack> {
    let kind = if market == Market::Spot { MarketKind::Spot } else { MarketKind::UsdM };
    let flow = Flow { symbols: 1, ..Flow::BUSY };
    let spec = MatchingBackSpec { kind, seed: 7, clients: 2, speed: Speed::Times(1), start: NOW, flow };
    let mut session = Session::behind(market, MatchingBack::new(&spec).unwrap());
    session.wait(Span::from_millis(1_500));
    session
}

/// A price between the best ones, as text.
fn between(session: &Session<MatchingBack>) -> String {
    let depth = session.venue.back().depth(ETH, 1);
    let (bid, ask) = (depth.bids[0].0, depth.asks[0].0);
    assert!(ask.0 - bid.0 >= 2, "{depth:?}");
    let Price(middle) = Price(bid.0 + 1);
    assert_eq!(session.venue.back().symbols()[0].spec.tick, Step { mantissa: 1, scale: 2 });
    format!("{}.{:02}", middle / 100, middle % 100)
}

fn order(session: &mut Session<MatchingBack>, params: &str) -> (u16, Value) {
    let answer = session.order(params);
    assert_eq!(answer.0, 200, "{params}: {answer:?}");
    answer
}

fn status(session: &mut Session<MatchingBack>, name: &str) -> Value {
    let path = if session.market == Market::Spot { "/api/v3/order" } else { "/fapi/v1/order" };
    session.signed("GET", path, &format!("symbol=ETHUSDT&origClientOrderId={name}")).1
}

#[test]
fn the_mode_of_the_order_that_arrives_decides() {
    for market in [Market::Spot, Market::UsdM] {
        for (mode, tif, rested, arrived) in [
            ("NONE", "GTC", "FILLED", "FILLED"),
            ("EXPIRE_TAKER", "GTC", "NEW", MATCH),
            ("EXPIRE_MAKER", "GTC", MATCH, "NEW"),
            ("EXPIRE_BOTH", "GTC", MATCH, MATCH),
            ("EXPIRE_TAKER", "IOC", "NEW", MATCH),
        ] {
            let mut session = session(market);
            let conn = listen(&mut session);
            let price = between(&session);
            let plain = format!("type=LIMIT&quantity=0.05&price={price}");
            // What rests has another mode, which does not matter.
            let rests = "side=BUY&timeInForce=GTC&selfTradePreventionMode=EXPIRE_BOTH&newClientOrderId=rests";
            order(&mut session, &format!("{plain}&{rests}"));
            let arrives = format!("side=SELL&timeInForce={tif}&newClientOrderId=arrives");
            let arrives = format!("{plain}&{arrives}&selfTradePreventionMode={mode}&newOrderRespType=RESULT");
            let answer = order(&mut session, &arrives).1;
            assert_eq!(
                (&answer["status"], &answer["selfTradePreventionMode"]),
                (&json!(arrived), &json!(mode))
            );
            let said = [status(&mut session, "rests"), status(&mut session, "arrives")];
            let statuses = [&said[0]["status"], &said[1]["status"]];
            assert_eq!(statuses, [&json!(rested), &json!(arrived)], "{market:?} {mode} {tif}");
            let heard = session.heard(conn);
            let events =
                heard.iter().map(|event| if market == Market::Spot { &event["event"] } else { &event["o"] });
            let ended: Vec<_> = events.filter(|event| event["X"] == MATCH).collect();
            assert_eq!(ended.len(), statuses.iter().filter(|status| **status == MATCH).count());
            for event in ended {
                let kind = if market == Market::Spot { "TRADE_PREVENTION" } else { "EXPIRED" };
                assert_eq!(event["x"], kind);
                assert!(market == Market::UsdM || event["B"] == "0.05000000", "{event}");
            }
            if market == Market::Spot && arrived == MATCH {
                assert_eq!(said[1]["preventedQuantity"], "0.05000000");
            }
            // Both sides of what traded are the client's trades.
            let trades = if market == Market::Spot { "/api/v3/myTrades" } else { "/fapi/v1/userTrades" };
            let trades = session.signed("GET", trades, "symbol=ETHUSDT").1.as_array().unwrap().len();
            assert_eq!(trades, if mode == "NONE" { 2 } else { 0 }, "{market:?} {mode}");
        }
    }
}

#[test]
fn without_a_mode_what_rests_ends_and_a_fill_or_kill_of_futures_has_none() {
    for market in [Market::Spot, Market::UsdM] {
        let mut session = session(market);
        let plain = format!("type=LIMIT&quantity=0.05&price={}", between(&session));
        order(&mut session, &format!("{plain}&side=BUY&timeInForce=GTC&newClientOrderId=rests"));
        order(&mut session, &format!("{plain}&side=SELL&timeInForce=GTC&newClientOrderId=arrives"));
        assert_eq!(status(&mut session, "rests")["status"], MATCH);
        let arrived = status(&mut session, "arrives");
        assert_eq!(
            (&arrived["status"], &arrived["selfTradePreventionMode"]),
            (&json!("NEW"), &json!("EXPIRE_MAKER"))
        );
    }
    let mut session = session(Market::UsdM);
    let plain = format!("type=LIMIT&quantity=0.05&price={}", between(&session));
    order(&mut session, &format!("{plain}&side=BUY&timeInForce=GTC&newClientOrderId=rests"));
    order(&mut session, &format!("{plain}&side=SELL&timeInForce=FOK&newClientOrderId=arrives"));
    assert_eq!(status(&mut session, "rests")["status"], "FILLED");
}

#[test]
fn modes_that_there_are_not_or_that_are_not_allowed_are_refused() {
    let plain = "side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=1900&selfTradePreventionMode";
    for (market, mode, code) in [
        (Market::Spot, "GARBAGE", -1130),
        (Market::Spot, "DECREMENT", -1013),
        (Market::Spot, "TRANSFER", -1013),
        (Market::UsdM, "GARBAGE", -1130),
        (Market::UsdM, "DECREMENT", -1130),
    ] {
        let (status, answer) = Session::new(market).order(&format!("{plain}={mode}"));
        assert_eq!((status, &answer["code"]), (400, &json!(code)), "{market:?} {mode}");
    }
    for mode in crate::binance::prevention::ALLOWED {
        let answer = Session::new(Market::UsdM).order(&format!("{plain}={mode}"));
        assert_eq!((answer.0, &answer.1["selfTradePreventionMode"]), (200, &json!(mode)));
    }
}
