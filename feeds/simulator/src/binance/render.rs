//! Orders and trades as REST and the WebSocket API show them.

use ballast_model::{Lots, Money, Nanos, Side, TimeInForce};

use super::config::Market;
use super::decimal::{lots_atto, money, price_atto, show};
use super::json::{Obj, list};
use super::market;
use super::position::per;
use super::prevention;
use super::store::{Deal, Kind, Order, Status};
use crate::back::Symbol;

/// Milliseconds of a time.
pub(super) const fn ms(at: Nanos) -> i64 {
    at.0.div_euclid(1_000_000)
}

pub(super) const fn side_name(side: Side) -> &'static str {
    match side {
        Side::Bid => "BUY",
        Side::Ask => "SELL",
    }
}

/// An order's time in force by the market's name of it.
pub(super) const fn tif_name(market: Market, order: &Order) -> &'static str {
    match (order.tif, order.kind, market) {
        // What stands with them is never said to clients: it has no meaning.
        (_, Kind::Market | Kind::LimitMaker, _) => "GTC",
        (TimeInForce::PostOnly, Kind::Limit, Market::UsdM) => "GTX",
        (TimeInForce::PostOnly | TimeInForce::GoodTillCancel, Kind::Limit, _) => "GTC",
        (TimeInForce::ImmediateOrCancel, Kind::Limit, _) => "IOC",
        (TimeInForce::FillOrKill, Kind::Limit, _) => "FOK",
        (TimeInForce::GoodTillDate(_), Kind::Limit, _) => "GTD",
    }
}

/// How an order is shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Show<'a> {
    pub(super) market: Market,
    pub(super) symbol: &'a Symbol,
    pub(super) order: &'a Order,
}

impl Show<'_> {
    pub(super) fn price(&self) -> String {
        let shown = if self.order.kind == Kind::Market { 0 } else { self.at(self.order.price) };
        market::price(self.market, &self.symbol.spec, shown)
    }

    const fn at(&self, price: ballast_model::Price) -> i128 {
        price_atto(&self.symbol.spec, price)
    }

    pub(super) fn lots(&self, lots: Lots) -> String {
        market::size(self.market, &self.symbol.spec, lots_atto(&self.symbol.spec, lots))
    }

    /// Mean price of what has traded, in 10⁻¹⁸.
    pub(super) fn mean(&self) -> i128 {
        per(self.order.value.0, lots_atto(&self.symbol.spec, self.order.filled))
    }

    /// The answer to a query, which is the answer to a futures order as well.
    pub(super) fn full(&self) -> String {
        match self.market {
            Market::Spot => self.spot(),
            Market::UsdM => self.futures(),
        }
    }

    fn spot(&self) -> String {
        let order = self.order;
        let row = self
            .spot_head(&order.name)
            .text("stopPrice", "0.00000000")
            .text("icebergQty", "0.00000000")
            .put("time", ms(order.created))
            .put("updateTime", ms(order.updated))
            .put("isWorking", true)
            .put("workingTime", ms(order.created))
            .text("selfTradePreventionMode", prevention::name(order.prevention));
        self.with_prevented(row).end()
    }

    /// With what self-trade prevention ended, where it did.
    fn with_prevented(&self, row: Obj) -> Obj {
        match self.order.prevented() {
            Some(lots) => row.text("preventedQuantity", &self.lots(lots)),
            None => row,
        }
    }

    fn spot_head(&self, name: &str) -> Obj {
        let order = self.order;
        Obj::new()
            .text("symbol", &self.symbol.name)
            .put("orderId", order.id)
            .put("orderListId", -1)
            .text("clientOrderId", name)
            .text("price", &self.price())
            .text("origQty", &self.lots(order.lots))
            .text("executedQty", &self.lots(order.filled))
            .text("origQuoteOrderQty", &show(order.quote, 8))
            .text("cummulativeQuoteQty", &money(order.value))
            .text("status", order.status.name())
            .text("timeInForce", tif_name(self.market, order))
            .text("type", order.kind.name())
            .text("side", side_name(order.side))
    }

    fn futures(&self) -> String {
        let order = self.order;
        let till = order.tif.good_till().map_or(0, ms);
        Obj::new()
            .put("orderId", order.id)
            .text("symbol", &self.symbol.name)
            .text("status", order.status.name())
            .text("clientOrderId", &order.name)
            .text("price", &self.price())
            .text("avgPrice", &show(self.mean(), 5))
            .text("origQty", &self.lots(order.lots))
            .text("executedQty", &self.lots(order.filled))
            .text("cumQty", &self.lots(order.filled))
            .text("cumQuote", &money(order.value))
            .text("timeInForce", tif_name(self.market, order))
            .text("type", order.kind.name())
            .put("reduceOnly", order.reduce_only)
            .put("closePosition", false)
            .text("side", side_name(order.side))
            .text("positionSide", "BOTH")
            .text("stopPrice", "0")
            .text("workingType", "CONTRACT_PRICE")
            .put("priceProtect", false)
            .text("origType", order.kind.name())
            .text("priceMatch", "NONE")
            .text("selfTradePreventionMode", prevention::name(order.prevention))
            .put("goodTillDate", till)
            .put("time", ms(order.created))
            .put("updateTime", ms(order.updated))
            .end()
    }

    /// The answer to a new futures order that is to say no more than that it was taken, whatever has become of it.
    pub(super) fn acknowledged(&self) -> String {
        let taken = Order {
            status: Status::New,
            filled: Lots::ZERO,
            value: Money::ZERO,
            updated: self.order.created,
            ..self.order.clone()
        };
        Show { order: &taken, ..*self }.full()
    }

    /// The answer to a new spot order: `ACK`, `RESULT` or `FULL`, this with the trades it made.
    pub(super) fn placed(&self, response: &str, deals: &[(Deal, &str)]) -> String {
        let order = self.order;
        if response == "ACK" {
            return Obj::new()
                .text("symbol", &self.symbol.name)
                .put("orderId", order.id)
                .put("orderListId", -1)
                .text("clientOrderId", &order.name)
                .put("transactTime", ms(order.updated))
                .end();
        }
        let at = ms(order.updated);
        let answer = self.spot_head(&order.name).put("transactTime", at).put("workingTime", at);
        let answer = answer.text("selfTradePreventionMode", prevention::name(order.prevention));
        let answer = self.with_prevented(answer);
        let answer = match order.expiry {
            "" => answer,
            reason => answer.text("expiryReason", reason),
        };
        if response == "RESULT" {
            return answer.end();
        }
        let fills = deals.iter().map(|(deal, asset)| {
            Obj::new()
                .text("price", &market::price(self.market, &self.symbol.spec, self.at(deal.price)))
                .text("qty", &self.lots(deal.lots))
                .text("commission", &money(Money::from_e8(deal.fee_e8)))
                .text("commissionAsset", asset)
                .put("tradeId", deal.id)
                .end()
        });
        answer.put("fills", list(fills)).end()
    }

    /// The answer to a cancelled order; `name` is what the client called the cancelling.
    pub(super) fn cancelled(&self, name: &str) -> String {
        match self.market {
            Market::UsdM => self.futures(),
            Market::Spot => Obj::new()
                .text("symbol", &self.symbol.name)
                .text("origClientOrderId", &self.order.name)
                .put("orderId", self.order.id)
                .put("orderListId", -1)
                .text("clientOrderId", name)
                .put("transactTime", ms(self.order.updated))
                .text("price", &self.price())
                .text("origQty", &self.lots(self.order.lots))
                .text("executedQty", &self.lots(self.order.filled))
                .text("origQuoteOrderQty", &show(self.order.quote, 8))
                .text("cummulativeQuoteQty", &money(self.order.value))
                .text("status", self.order.status.name())
                .text("timeInForce", tif_name(self.market, self.order))
                .text("type", self.order.kind.name())
                .text("side", side_name(self.order.side))
                .text("selfTradePreventionMode", prevention::name(self.order.prevention))
                .end(),
        }
    }

    /// The answer to an amended order, which was called so before.
    pub(super) fn amended(&self, was: &str) -> String {
        if self.market == Market::UsdM {
            return self.futures();
        }
        let order = self.order;
        let amended = Obj::new()
            .text("symbol", &self.symbol.name)
            .put("orderId", order.id)
            .put("orderListId", -1)
            .text("origClientOrderId", was)
            .text("clientOrderId", &order.name)
            .text("price", &self.price())
            .text("qty", &self.lots(order.lots))
            .text("executedQty", &self.lots(order.filled))
            .text("preventedQty", "0.00000000")
            .text("quoteOrderQty", "0.00000000")
            .text("cumulativeQuoteQty", &money(order.value))
            .text("status", order.status.name())
            .text("timeInForce", tif_name(self.market, order))
            .text("type", order.kind.name())
            .text("side", side_name(order.side))
            .put("workingTime", ms(order.created))
            .text("selfTradePreventionMode", prevention::name(order.prevention));
        Obj::new()
            .put("transactTime", ms(order.updated))
            .put("executionId", order.amendments)
            .put("amendedOrder", amended.end())
            .end()
    }
}

/// One of a client's trades.
pub(super) fn deal(market: Market, symbol: &Symbol, deal: &Deal, asset: &str) -> String {
    let spec = &symbol.spec;
    let base = Obj::new()
        .text("symbol", &symbol.name)
        .put("id", deal.id)
        .put("orderId", deal.order)
        .text("price", &market::price(market, spec, price_atto(spec, deal.price)))
        .text("qty", &market::size(market, spec, lots_atto(spec, deal.lots)))
        .text("quoteQty", &money(deal.value))
        .text("commission", &money(Money::from_e8(deal.fee_e8)))
        .text("commissionAsset", asset)
        .put("time", ms(deal.at));
    let buyer = deal.side == Side::Bid;
    match market {
        Market::Spot => base
            .put("orderListId", -1)
            .put("isBuyer", buyer)
            .put("isMaker", deal.maker)
            .put("isBestMatch", true),
        Market::UsdM => base
            .text("side", side_name(deal.side))
            .text("positionSide", "BOTH")
            .text("realizedPnl", &money(deal.realized))
            .put("buyer", buyer)
            .put("maker", deal.maker),
    }
    .end()
}
