//! A grid that changes while orders stand.

use ballast_model::Step;
use serde_json::Value;

use super::client::Session;
use crate::binance::Market;
use crate::seam::{Front, GridStep, Mischief, Regrid};

const LIMIT: &str = "side=BUY&type=LIMIT&timeInForce=GTC";

fn regrid(what: GridStep, to: &str) -> Regrid {
    Regrid { symbol: "ETHUSDT".to_owned(), what, to: Step::parse(to).unwrap() }
}

/// A filter of the only symbol.
fn filter(session: &mut Session, kind: &str) -> Value {
    let path = if session.market == Market::Spot { "/api/v3/exchangeInfo" } else { "/fapi/v1/exchangeInfo" };
    let info = session.get(path, "").1;
    let filters = info["symbols"][0]["filters"].as_array().unwrap();
    filters.iter().find(|filter| filter["filterType"] == kind).unwrap().clone()
}

/// What the venue says to an order at this price, and of this size: its code, zero where it is taken.
fn code(session: &mut Session, price: &str, quantity: &str) -> (i64, String) {
    let answer = session.order(&format!("{LIMIT}&price={price}&quantity={quantity}")).1;
    (answer["code"].as_i64().unwrap_or(0), answer["msg"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn another_tick_is_declared_and_alone_is_taken() {
    for (market, refused) in [(Market::Spot, -1013), (Market::UsdM, -4014)] {
        let mut session = Session::new(market);
        assert_eq!(code(&mut session, "1900.07", "1").0, 0, "{market:?}");
        let range = ["minPrice", "maxPrice"].map(|key| filter(&mut session, "PRICE_FILTER")[key].clone());
        session.venue.provoke(Mischief::Regrid(regrid(GridStep::Tick, "0.1")), session.now);
        let told = filter(&mut session, "PRICE_FILTER");
        assert_eq!(told["tickSize"].as_str().unwrap().trim_end_matches('0'), "0.1");
        assert_eq!(["minPrice", "maxPrice"].map(|key| told[key].clone()), range, "both are on it");
        assert_eq!(code(&mut session, "1900.07", "1").0, refused, "{market:?}");
        assert_eq!(code(&mut session, "1900.10", "1").0, 0, "{market:?}");
        let open = if market == Market::Spot { "/api/v3/openOrders" } else { "/fapi/v1/openOrders" };
        let open = session.signed("GET", open, "symbol=ETHUSDT").1;
        let prices: Vec<f64> = open
            .as_array()
            .unwrap()
            .iter()
            .map(|order| order["price"].as_str().unwrap().parse().unwrap())
            .collect();
        assert!(prices.contains(&1900.07) && prices.contains(&1900.1), "what stands stays: {prices:?}");
        session.venue.provoke(Mischief::Regrid(regrid(GridStep::Tick, "0.01")), session.now);
        assert_eq!(code(&mut session, "1900.07", "1").0, 0, "{market:?}");
    }
}

#[test]
fn another_lot_is_declared_and_alone_is_taken() {
    for (market, refused) in [(Market::Spot, -1013), (Market::UsdM, -4023)] {
        let mut session = Session::new(market);
        session.venue.provoke(Mischief::Regrid(regrid(GridStep::Lot, "0.05")), session.now);
        let told = filter(&mut session, "LOT_SIZE");
        let number = |key: &str| told[key].as_str().unwrap().parse::<f64>().unwrap();
        assert_eq!((number("stepSize"), number("minQty"), number("maxQty")), (0.05, 0.05, 100.0));
        assert_eq!(code(&mut session, "1900", "0.120").0, refused, "{market:?}");
        assert_eq!(code(&mut session, "1900", "0.150").0, 0, "{market:?}");
    }
}

#[test]
fn a_market_order_by_value_is_of_whole_new_lots() {
    let mut session = Session::new(Market::Spot);
    session.venue.provoke(Mischief::Regrid(regrid(GridStep::Lot, "0.05")), session.now);
    // 2000.10 is the best price: 250 are worth 0.124.
    let answer = session.order("side=BUY&type=MARKET&quoteOrderQty=250").1;
    assert_eq!(answer["executedQty"], "0.10000000", "{answer}");
}

#[test]
fn a_grid_that_cannot_be_is_refused_with_the_reason() {
    let session = Session::new(Market::UsdM);
    let why = |regrid: &Regrid| session.venue.fits(regrid).unwrap_err();
    assert_eq!(session.venue.fits(&regrid(GridStep::Tick, "0.02")), Ok(()));
    let finer = why(&regrid(GridStep::Tick, "0.005"));
    assert_eq!(finer, "0.005 is no multiple of 0.01, in which ETHUSDT is counted");
    assert_eq!(
        why(&regrid(GridStep::Lot, "0.0005")),
        "0.0005 is no multiple of 0.001, in which ETHUSDT is counted"
    );
    let stranger = Regrid { symbol: "XRPUSDT".to_owned(), ..regrid(GridStep::Tick, "0.1") };
    assert_eq!(why(&stranger), "XRPUSDT is not traded here");
}
