//! What a client's own streams tell it.

use ballast_model::{Money, Nanos, Price};

use super::config::Market;
use super::decimal::{DIGITS, lots_atto, money, price_atto, show};
use super::json::{Obj, list};
use super::market;
use super::position::Position;
use super::prevention;
use super::render::{Show, ms, side_name, tif_name};
use super::store::{Deal, Order};
use crate::back::Symbol;

/// What happened to an order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Execution<'a> {
    /// `NEW`, `TRADE`, `CANCELED`, `EXPIRED`, `REPLACED` or `AMENDMENT`, `TRADE_PREVENTION`, `CALCULATED`.
    pub(super) kind: &'a str,
    /// The trade, and its fee's asset.
    pub(super) deal: Option<(&'a Deal, &'a str)>,
    /// What the client called the cancelling; empty where nothing was cancelled.
    pub(super) cancel: &'a str,
    /// Number of the execution, of all that were ever told.
    pub(super) number: u64,
    /// When.
    pub(super) at: Nanos,
}

/// Spot's `executionReport`.
pub(super) fn execution_report(show_: Show<'_>, what: &Execution<'_>) -> String {
    let Show { symbol, order, market, .. } = show_;
    let spec = &symbol.spec;
    let at = ms(what.at);
    let price = |price: Price| market::price(market, spec, price_atto(spec, price));
    let cancelled = !what.cancel.is_empty();
    let (name, original) =
        if cancelled { (what.cancel, order.name.as_str()) } else { (order.name.as_str(), "") };
    let head = Obj::new()
        .text("e", "executionReport")
        .put("E", at)
        .text("s", &symbol.name)
        .text("c", name)
        .text("S", side_name(order.side))
        .text("o", order.kind.name())
        .text("f", tif_name(market, order))
        .text("q", &show_.lots(order.lots))
        .text("p", &show_.price())
        .text("P", "0.00000000")
        .text("F", "0.00000000")
        .put("g", -1)
        .text("C", original)
        .text("x", what.kind)
        .text("X", order.status.name())
        .text("r", "NONE")
        .put("i", order.id);
    let zero = "0.00000000".to_owned();
    let traded = match what.deal {
        Some((deal, asset)) => head
            .text("l", &show_.lots(deal.lots))
            .text("z", &show_.lots(order.filled))
            .text("L", &price(deal.price))
            .text("n", &money(Money::from_e8(deal.fee_e8)))
            .text("N", asset),
        None => head
            .text("l", &zero)
            .text("z", &show_.lots(order.filled))
            .text("L", &zero)
            .text("n", "0")
            .put("N", "null"),
    };
    let trade_id = what.deal.map_or("-1".to_owned(), |(deal, _)| deal.id.to_string());
    let maker = what.deal.is_some_and(|(deal, _)| deal.maker);
    let last = what.deal.map_or(zero, |(deal, _)| money(deal.value));
    let tail = traded
        .put("T", at)
        .put("t", trade_id)
        .put("I", what.number)
        .put("w", order.status.rests())
        .put("m", maker)
        .put("M", false)
        .put("O", ms(order.created))
        .text("Z", &money(order.value))
        .text("Y", &last)
        .text("Q", &show(order.quote, DIGITS))
        .put("W", ms(order.created))
        .text("V", prevention::name(order.prevention));
    let tail = match order.prevented() {
        Some(lots) => tail.text("A", &show_.lots(lots)).text("B", &show_.lots(lots)),
        None => tail,
    };
    match order.expiry {
        "" => tail.end(),
        reason => tail.text("eR", reason).end(),
    }
}

/// Spot's `outboundAccountPosition` of these assets: name, free, locked.
pub(super) fn account_position(assets: &[(String, Money, Money)], at: Nanos) -> String {
    let rows = assets.iter().map(|(asset, free, locked)| {
        Obj::new().text("a", asset).text("f", &money(*free)).text("l", &money(*locked)).end()
    });
    Obj::new()
        .text("e", "outboundAccountPosition")
        .put("E", ms(at))
        .put("u", ms(at))
        .put("B", list(rows))
        .end()
}

/// Futures' `ORDER_TRADE_UPDATE`.
pub(super) fn order_update(show_: Show<'_>, what: &Execution<'_>) -> String {
    let Show { symbol, order, market, .. } = show_;
    let spec = &symbol.spec;
    let at = ms(what.at);
    let price = |price: Price| market::price(market, spec, price_atto(spec, price));
    let head = Obj::new()
        .text("s", &symbol.name)
        .text("c", &order.name)
        .text("S", side_name(order.side))
        .text("o", order.kind.name())
        .text("f", tif_name(market, order))
        .text("q", &show_.lots(order.lots))
        .text("p", &show_.price())
        .text("ap", &market::price(market, spec, show_.mean()))
        .text("sp", "0")
        .text("x", what.kind)
        .text("X", order.status.name())
        .put("i", order.id)
        .text("l", &what.deal.map_or_else(|| "0".to_owned(), |(deal, _)| show_.lots(deal.lots)))
        .text("z", &show_.lots(order.filled))
        .text("L", &what.deal.map_or_else(|| "0".to_owned(), |(deal, _)| price(deal.price)));
    let paid = match what.deal.filter(|(deal, _)| deal.fee_e8 != 0) {
        Some((deal, asset)) => head.text("N", asset).text("n", &money(Money::from_e8(deal.fee_e8))),
        None => head,
    };
    let body = paid
        .put("T", at)
        .put("t", what.deal.map_or(0, |(deal, _)| deal.id))
        .text("b", "0")
        .text("a", "0")
        .put("m", what.deal.is_some_and(|(deal, _)| deal.maker))
        .put("R", order.reduce_only)
        .text("wt", "CONTRACT_PRICE")
        .text("ot", order.kind.name())
        .text("ps", "BOTH")
        .put("cp", false)
        .put("pP", false)
        .put("si", 0)
        .put("ss", 0)
        .text("rp", &what.deal.map_or_else(|| "0".to_owned(), |(deal, _)| money(deal.realized)))
        .text("V", prevention::name(order.prevention))
        .text("pm", "NONE")
        .put("gtd", order.tif.good_till().map_or(0, ms))
        .text("er", "0")
        .end();
    Obj::new().text("e", "ORDER_TRADE_UPDATE").put("T", at).put("E", at).put("o", body).end()
}

/// Futures' `TRADE_LITE`.
pub(super) fn trade_lite(symbol: &Symbol, order: &Order, deal: &Deal, at: Nanos) -> String {
    let show_ = Show { market: Market::UsdM, symbol, order };
    let at = ms(at);
    Obj::new()
        .text("e", "TRADE_LITE")
        .put("E", at)
        .put("T", at)
        .text("s", &symbol.name)
        .text("q", &show_.lots(order.lots))
        .text("p", &show_.price())
        .put("m", deal.maker)
        .text("c", &order.name)
        .text("S", side_name(order.side))
        .text("L", &market::price(Market::UsdM, &symbol.spec, price_atto(&symbol.spec, deal.price)))
        .text("l", &show_.lots(deal.lots))
        .put("t", deal.id)
        .put("i", order.id)
        .end()
}

/// Futures' `ACCOUNT_UPDATE`: why, the balance that changed, and the position where one did.
pub(super) fn account_update(
    reason: &str,
    (asset, wallet, change): (&str, Money, Money),
    position: Option<(&Symbol, &Position, i128)>,
    at: Nanos,
) -> String {
    let balance = Obj::new()
        .text("a", asset)
        .text("wb", &money(wallet))
        .text("cw", &money(wallet))
        .text("bc", &money(change))
        .end();
    let row = position.map(|(symbol, position, mark)| {
        let spec = &symbol.spec;
        let entry = show(position.entry(spec), DIGITS);
        Obj::new()
            .text("s", &symbol.name)
            .text("pa", &market::size(Market::UsdM, spec, lots_atto(spec, position.lots)))
            .text("ep", &entry)
            .text("bep", &entry)
            .text("cr", &money(position.realized))
            .text("up", &money(position.unrealized(spec, mark)))
            .text("mt", "cross")
            .text("iw", "0")
            .text("ps", "BOTH")
            .end()
    });
    let account = Obj::new().text("m", reason).put("B", list([balance])).put("P", list(row)).end();
    Obj::new().text("e", "ACCOUNT_UPDATE").put("E", ms(at)).put("T", ms(at)).put("a", account).end()
}
