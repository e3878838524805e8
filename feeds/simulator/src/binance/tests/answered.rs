//! Every request is answered, whatever becomes of its order meanwhile.

use ballast_model::{
    ClientOrderId, Ending, Event, Fill, FillReason, Liquidity, Lots, OrderReport, OrderUpdate, PackedLevel,
    Price, RejectReason, Side, Span, TradeId, VenueOrderId,
};

use super::client::{NOW, Session};
use super::desk::{ETH, Mood};
use crate::back::ClientId;
use crate::binance::Market;
use crate::seam::CallId;

const LIMIT: &str = "symbol=ETHUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=1900";

/// What becomes of an order: what the market behind says of it.
const ENDS: [OrderReport; 9] = [
    OrderReport::Cancelled,
    OrderReport::Expired,
    OrderReport::Rejected(RejectReason::Margin),
    OrderReport::Rejected(RejectReason::NothingToTake),
    OrderReport::Rejected(RejectReason::SelfTrade),
    OrderReport::Ended { how: Ending::Cancelled, filled: Lots(0) },
    OrderReport::Ended { how: Ending::Expired, filled: Lots(0) },
    OrderReport::Ended { how: Ending::Rejected(RejectReason::Other), filled: Lots(0) },
    // It trades as a whole; see `becomes`.
    OrderReport::Ended { how: Ending::Filled, filled: Lots(1_000) },
];

fn becomes(session: &mut Session, id: u64, report: OrderReport) {
    let client_id = ClientOrderId(id);
    let event = if let OrderReport::Ended { how: Ending::Filled, filled } = report {
        Event::Fill(Fill {
            instrument: ETH,
            side: Side::Bid,
            liquidity: Liquidity::Maker,
            reason: FillReason::Venue,
            fee_asset: ballast_model::AssetId(1),
            level: PackedLevel::new(Price(190_000), filled).unwrap(),
            fee_e8: 0,
            client_id,
            trade_id: TradeId(7_000 + id),
            venue_time: NOW,
        })
    } else {
        Event::Order(OrderUpdate { instrument: ETH, client_id, report, venue_time: NOW })
    };
    session.venue.back_mut().tell(ClientId(0), event);
    session.wait(Span::from_millis(1));
}

fn requests(market: Market, id: u64) -> Vec<(&'static str, &'static str, String)> {
    let one = format!("symbol=ETHUSDT&orderId={id}");
    match market {
        Market::Spot => vec![
            ("DELETE", "/api/v3/order", one.clone()),
            ("DELETE", "/api/v3/openOrders", "symbol=ETHUSDT".to_owned()),
            ("PUT", "/api/v3/order/amend/keepPriority", format!("{one}&newQty=0.5")),
            (
                "POST",
                "/api/v3/order/cancelReplace",
                format!("{LIMIT}&cancelReplaceMode=STOP_ON_FAILURE&cancelOrderId={id}"),
            ),
        ],
        Market::UsdM => vec![
            ("DELETE", "/fapi/v1/order", one.clone()),
            ("DELETE", "/fapi/v1/allOpenOrders", "symbol=ETHUSDT".to_owned()),
            ("DELETE", "/fapi/v1/batchOrders", format!("symbol=ETHUSDT&orderIdList=%5B{id}%5D")),
            ("PUT", "/fapi/v1/order", format!("{one}&side=BUY&quantity=2&price=1901")),
        ],
    }
}

/// Takes the answer to a call; its status.
fn answer(session: &mut Session, call: CallId, of: &str) -> u16 {
    let at = session.replies.iter().position(|(id, _)| *id == call);
    session.replies.remove(at.unwrap_or_else(|| panic!("no answer: {of}"))).1.status
}

#[test]
fn whatever_becomes_of_an_order_what_was_asked_of_it_is_answered_at_once() {
    for market in [Market::Spot, Market::UsdM] {
        let place = if market == Market::Spot { "/api/v3/order" } else { "/fapi/v1/order" };
        for end in ENDS {
            // The order itself, which nobody has answered yet.
            let mut session = Session::new(market);
            session.venue.back_mut().mood = Mood::Silent;
            let request = session.signed_request("POST", place, LIMIT);
            let call = session.send(&request);
            becomes(&mut session, 1, end);
            answer(&mut session, call, &format!("{market:?} order, {end:?}"));
            // Two of each thing that can be asked of one that stands.
            for nth in 0..requests(market, 1).len() {
                let mut session = Session::new(market);
                let placed = session.signed("POST", place, LIMIT);
                let id = placed.1["orderId"].as_u64().unwrap();
                session.venue.back_mut().mood = Mood::Silent;
                let (method, path, params) = requests(market, id).swap_remove(nth);
                let request = session.signed_request(method, path, &params);
                let calls = [session.send(&request), session.send(&request)];
                assert!(session.replies.is_empty(), "{path}");
                session.venue.back_mut().mood = Mood::Fair;
                becomes(&mut session, id, end);
                for call in calls {
                    let status = answer(&mut session, call, &format!("{market:?} {method} {path}, {end:?}"));
                    assert_ne!(status, 408, "{market:?} {method} {path}, {end:?}");
                }
            }
        }
    }
}

#[test]
fn what_is_asked_second_of_an_order_that_ends_is_told_that_it_is_gone() {
    let mut session = Session::new(Market::UsdM);
    let placed = session.signed("POST", "/fapi/v1/order", LIMIT);
    let id = placed.1["orderId"].as_u64().unwrap();
    session.venue.back_mut().mood = Mood::Silent;
    let change = format!("symbol=ETHUSDT&orderId={id}&side=BUY&quantity=2&price=1901");
    let change = session.signed_request("PUT", "/fapi/v1/order", &change);
    let cancel = session.signed_request("DELETE", "/fapi/v1/order", &format!("symbol=ETHUSDT&orderId={id}"));
    let (cancelled, changed) = (session.send(&cancel), session.send(&change));
    becomes(&mut session, id, OrderReport::Cancelled);
    assert_eq!(answer(&mut session, cancelled, "cancel"), 200);
    assert_eq!(answer(&mut session, changed, "change"), 400);
    // The other way about the modification has ended it.
    let mut session = Session::new(Market::UsdM);
    session.signed("POST", "/fapi/v1/order", LIMIT);
    session.venue.back_mut().mood = Mood::Silent;
    let (changed, cancelled) = (session.send(&change), session.send(&cancel));
    becomes(&mut session, id, OrderReport::Cancelled);
    assert_eq!(answer(&mut session, cancelled, "cancel"), 400);
    assert_eq!(answer(&mut session, changed, "change"), 200);
}

#[test]
fn an_order_that_stands_is_told_so_once_however_often_the_market_says_it() {
    let mut session = Session::new(Market::Spot);
    session.venue.back_mut().mood = Mood::Silent;
    let request = session.signed_request("POST", "/api/v3/order", LIMIT);
    let call = session.send(&request);
    becomes(&mut session, 1, OrderReport::Accepted(VenueOrderId(1)));
    assert_eq!(answer(&mut session, call, "order"), 200);
    becomes(&mut session, 1, OrderReport::Accepted(VenueOrderId(1)));
    assert!(session.replies.is_empty());
}
