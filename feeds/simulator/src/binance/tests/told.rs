//! What queries say equals what the streams said, whatever clients do.

use std::collections::BTreeMap;

use ballast_model::{
    AssetId, ClientOrderId, Event, Fill, FillReason, FundingPayment, Liquidity, Lots, Money, Nanos,
    PackedLevel, PackedMoney, PaymentId, Price, Side, Span, TradeId,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::client::Session;
use super::desk::ETH;
use crate::back::{Back, ClientId};
use crate::binance::Market;
use crate::seam::{ConnId, Frame, Front};

/// One thing a client, or the market, does.
#[derive(Clone, Debug)]
enum Act {
    Place { buy: bool, kind: usize, lots: i64, ticks: i64 },
    Cancel(usize),
    Amend(usize, i64),
    Take(i64),
    Wait(i64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (any::<bool>(), 0..5_usize, 3..3_000_i64, -30..30_i64)
            .prop_map(|(buy, kind, lots, ticks)| Act::Place { buy, kind, lots, ticks }),
        2 => (0..20_usize).prop_map(Act::Cancel),
        2 => (0..20_usize, 3..3_000_i64).prop_map(|(nth, lots)| Act::Amend(nth, lots)),
        2 => (1..2_000_i64).prop_map(Act::Take),
        1 => (1..20_000_i64).prop_map(Act::Wait),
    ]
}

fn obey(session: &mut Session, act: &Act, nth: usize) {
    let spot = session.market == Market::Spot;
    let (order, amend) = if spot {
        ("/api/v3/order", "/api/v3/order/amend/keepPriority")
    } else {
        ("/fapi/v1/order", "/fapi/v1/order")
    };
    let decimal = |lots: i64| format!("{}.{:03}", lots / 1_000, lots % 1_000);
    match act {
        Act::Place { buy, kind, lots, ticks } => {
            let post_only = if spot { "LIMIT_MAKER" } else { "LIMIT&timeInForce=GTX" };
            let kind = [
                "LIMIT&timeInForce=GTC",
                "LIMIT&timeInForce=IOC",
                "LIMIT&timeInForce=FOK",
                post_only,
                "MARKET",
            ][*kind];
            let price = 200_000 + ticks;
            let price = if kind == "MARKET" {
                String::new()
            } else {
                format!("&price={}.{:02}", price / 100, price % 100)
            };
            let side = if *buy { "BUY" } else { "SELL" };
            session.order(&format!(
                "side={side}&type={kind}&quantity={}{price}&newClientOrderId=o{nth}",
                decimal(*lots)
            ));
        }
        Act::Cancel(id) => {
            session.signed("DELETE", order, &format!("symbol=ETHUSDT&orderId={id}"));
        }
        Act::Amend(id, lots) => {
            let change = if spot {
                format!("newQty={}", decimal(*lots))
            } else {
                format!("side=BUY&quantity={}&price=1999.50", decimal(*lots))
            };
            session.signed("PUT", amend, &format!("symbol=ETHUSDT&orderId={id}&{change}"));
        }
        Act::Take(lots) => {
            session.venue.back_mut().take(*lots);
            session.wait(Span::from_millis(1));
        }
        Act::Wait(ms) => session.wait(Span::from_millis(*ms)),
    }
}

/// The orders and trades that a user stream told of, as their last state: (status, size, traded, value) and (price, size).
type Told = (BTreeMap<u64, (String, String, String)>, BTreeMap<u64, (String, String, String)>);

fn told(heard: &[Value], market: Market) -> Told {
    let (mut orders, mut trades) = (BTreeMap::new(), BTreeMap::new());
    let text = |event: &Value, key: &str| event[key].as_str().unwrap().to_owned();
    for event in heard {
        let event = if market == Market::Spot { &event["event"] } else { event };
        let report = match event["e"].as_str().unwrap() {
            "executionReport" => event,
            "ORDER_TRADE_UPDATE" => &event["o"],
            _ => continue,
        };
        let id = report["i"].as_u64().unwrap();
        orders.insert(id, (text(report, "X"), text(report, "q"), text(report, "z")));
        if report["x"] == "TRADE" {
            let known = trades.insert(
                report["t"].as_u64().unwrap(),
                (text(report, "L"), text(report, "l"), text(report, "n")),
            );
            assert_eq!(known, None, "told twice");
        }
    }
    (orders, trades)
}

fn queried(session: &mut Session) -> Told {
    let (all, mine) = if session.market == Market::Spot {
        ("/api/v3/allOrders", "/api/v3/myTrades")
    } else {
        ("/fapi/v1/allOrders", "/fapi/v1/userTrades")
    };
    let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    let (_, rows) = session.signed("GET", all, "symbol=ETHUSDT&limit=1000");
    let order = |row: &Value| {
        (
            row["orderId"].as_u64().unwrap(),
            (text(row, "status"), text(row, "origQty"), text(row, "executedQty")),
        )
    };
    let orders = rows.as_array().unwrap().iter().map(order).collect();
    let (_, rows) = session.signed("GET", mine, "symbol=ETHUSDT&limit=1000");
    let trade = |row: &Value| {
        (row["id"].as_u64().unwrap(), (text(row, "price"), text(row, "qty"), text(row, "commission")))
    };
    (orders, rows.as_array().unwrap().iter().map(trade).collect())
}

pub(super) fn listen<B: Back>(session: &mut Session<B>) -> ConnId {
    if session.market == Market::Spot {
        let conn = session.connect("/ws-api/v3", "");
        session.api(conn, "userDataStream.subscribe.signature", json!({"apiKey": "hmac"}));
        return conn;
    }
    let mut request = session.signed_request("POST", "/fapi/v1/listenKey", "");
    request.query.clear();
    let key = super::client::parsed(&session.http(&request)).1["listenKey"].as_str().unwrap().to_owned();
    session.connect("/private/ws", &format!("listenKey={key}"))
}

fn agrees(market: Market, acts: &[Act]) {
    let mut session = Session::with(market, |config| config.limits.orders_10s = 1_000);
    let conn = listen(&mut session);
    let mut heard = Vec::new();
    for (nth, act) in acts.iter().enumerate() {
        obey(&mut session, act, nth);
        heard.extend(session.heard(conn));
        // Pongs that nobody asked for would count as frames.
        if session.frames.drain(..).any(|(_, frame)| matches!(frame, Frame::Ping(_))) {
            session.venue.on_pong(conn, session.now);
        }
    }
    assert_eq!(told(&heard, market), queried(&mut session));
    // The open ones are those that are open.
    let open = if market == Market::Spot { "/api/v3/openOrders" } else { "/fapi/v1/openOrders" };
    let open = session.signed("GET", open, "symbol=ETHUSDT").1.as_array().unwrap().len();
    let (orders, _) = queried(&mut session);
    let rests = |(status, _, _): &&(String, String, String)| status == "NEW" || status == "PARTIALLY_FILLED";
    assert_eq!(open, orders.values().filter(rests).count());
    if market == Market::UsdM {
        let position: Option<String> = heard
            .iter()
            .rev()
            .find(|event| event["e"] == "ACCOUNT_UPDATE")
            .map(|event| event["a"]["P"][0]["pa"].as_str().unwrap().to_owned());
        let truth: Value = serde_json::from_str(&session.venue.truth()).unwrap();
        let held = truth["clients"][0]["positions"][0]["positionAmt"].as_str().map(str::to_owned);
        assert_eq!(position, held);
    }
}

proptest! {
    #[test]
    fn queries_say_what_the_streams_said(acts in prop::collection::vec(act(), 1..40)) {
        agrees(Market::Spot, &acts);
        agrees(Market::UsdM, &acts);
    }
}

#[test]
fn forced_trades_and_funding_reach_the_account() {
    let mut session = Session::new(Market::UsdM);
    let conn = listen(&mut session);
    session.order("side=BUY&type=MARKET&quantity=1");
    session.heard(conn);
    let fill = Fill {
        instrument: ETH,
        side: Side::Ask,
        liquidity: Liquidity::Taker,
        reason: FillReason::Liquidation,
        fee_asset: AssetId(1),
        level: PackedLevel::new(Price(190_000), Lots(1_000)).unwrap(),
        fee_e8: 0,
        client_id: ClientOrderId::FOREIGN,
        trade_id: TradeId(9_000),
        venue_time: Nanos(0),
    };
    let paid = FundingPayment {
        instrument: ETH,
        asset: AssetId(1),
        amount: PackedMoney::new(Money(-3 * Money::ONE.0)),
        payment_id: PaymentId(1),
        venue_time: Nanos(0),
    };
    // A trade told twice is one trade.
    for event in [Event::Fill(fill), Event::Fill(fill), Event::Funding(paid)] {
        session.venue.back_mut().tell(ClientId(0), event);
    }
    session.wait(Span::from_millis(1));
    let heard = session.heard(conn);
    let kinds: Vec<_> = heard.iter().map(|event| event["e"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["TRADE_LITE", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE", "ACCOUNT_UPDATE"]);
    let order = &heard[1]["o"];
    assert_eq!(
        (&order["c"], &order["x"], &order["rp"]),
        (&json!("autoclose-9000"), &json!("CALCULATED"), &json!("-100.10000000"))
    );
    let funding = &heard[2]["a"];
    assert_eq!(
        (&funding["m"], &funding["B"][0]["bc"], &funding["P"]),
        (&json!("FUNDING_FEE"), &json!("-3.00000000"), &json!([]))
    );
    let (_, incomes) = session.signed("GET", "/fapi/v1/income", "");
    let kinds: Vec<_> =
        incomes.as_array().unwrap().iter().map(|row| row["incomeType"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["COMMISSION", "REALIZED_PNL", "FUNDING_FEE"]);
}
