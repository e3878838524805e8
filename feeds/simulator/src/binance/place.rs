//! New orders: what is asked for, the venue's filters, and the way to the market behind.

use ballast_model::{
    Lots, Money, Nanos, NewOrder, Price, Rate, ReduceOnly, RejectReason, Side, Span, TimeInForce,
};

use super::config::Market;
use super::decimal::{DIGITS, atto, digits_behind, on_grid, parse, price_atto};
use super::params::Params;
use super::pending::{Leg, What};
use super::prevention;
use super::refusal::Refusal;
use super::render::Show;
use super::store::{Deal, Kind, Order, Status};
use super::venue::Venue;
use crate::back::{Back, ClientId, Symbol};

/// Soonest end of a good-till-date order.
const GOOD_TILL_MIN: Span = Span::from_secs(600);

/// Most that a limit order of spot may be worth.
pub(super) const NOTIONAL_MAX: Money = Money(9_000_000 * Money::ONE.0);

/// A price or a size, as digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Price,
    Size,
}

/// Type, time in force and reduce-only.
struct Manner {
    kind: Kind,
    tif: TimeInForce,
    reduce_only: bool,
}

impl<B: Back> Venue<B> {
    /// How an order is shown.
    pub(super) fn show<'a>(&'a self, order: &'a Order) -> Option<Show<'a>> {
        let symbol = &self.listed(order.instrument)?.symbol;
        Some(Show { market: self.market(), symbol, order })
    }

    /// The trades of an order with the names of what their fees were paid in.
    pub(super) fn deals_of(&self, order: &Order) -> Vec<(Deal, &str)> {
        // None is older than its order, and an order that has just come is among the last.
        let deals = self.store.deals(order.client).rev().take_while(|deal| deal.at >= order.created);
        let deals = deals.filter(|deal| deal.order == order.id);
        let mut deals: Vec<_> = deals.map(|deal| (*deal, self.asset(deal.fee_asset))).collect();
        deals.reverse();
        deals
    }

    /// Sends a new order to the market behind.
    pub(super) fn place(&mut self, client: ClientId, params: &Params, now: Nanos) -> Result<Leg, Refusal> {
        // Even an order that is refused counts.
        self.meter.order(client, 1, now)?;
        let order = self.wanted(client, params, now)?;
        self.admit(&order)?;
        let spot = self.market() == Market::Spot;
        let default = if spot && order.kind != Kind::LimitMaker { "FULL" } else { "ACK" };
        let response = params.get("newOrderRespType").unwrap_or(default).to_ascii_uppercase();
        let known: &[&str] = if spot { &["ACK", "RESULT", "FULL"] } else { &["ACK", "RESULT"] };
        if !known.contains(&response.as_str()) {
            return Err(Refusal::new(-1124, "Invalid newOrderRespType."));
        }
        let id = order.id;
        self.next_order += 1;
        let prevention = prevention::in_force(self.market(), &order);
        let command = NewOrder {
            instrument: order.instrument,
            client_id: order.client_id(),
            side: order.side,
            price: order.price,
            lots: order.lots,
            tif: order.tif,
            reduce_only: if order.reduce_only { ReduceOnly::Yes } else { ReduceOnly::No },
            expires_at: Nanos::MAX,
        };
        self.store.put(order);
        self.back.place(client, &command, prevention, now);
        Ok(Leg::new(What::New, id, response))
    }

    /// The order that the parameters describe, past every filter that looks at it alone.
    pub(super) fn wanted(&self, client: ClientId, params: &Params, now: Nanos) -> Result<Order, Refusal> {
        let symbol = self.symbol(params.need("symbol")?)?;
        let side = match params.need("side")? {
            "BUY" => Side::Bid,
            "SELL" => Side::Ask,
            _ => return Err(Refusal::new(-1117, "Invalid side.")),
        };
        let manner = self.manner(params, now)?;
        let priced = manner.kind != Kind::Market;
        let price = match (priced, params.get("price")) {
            (true, _) => Some(self.level(symbol, Field::Price, params.need("price")?)?),
            (false, Some(_)) => return Err(Refusal::needless("price")),
            (false, None) => None,
        };
        self.percent_price(symbol, side, price.map(Price))?;
        let price = price.map_or_else(|| self.protection(symbol, side), Price);
        let (lots, quote) = self.amount(symbol, params, manner.kind, side)?;
        self.filter_amount(symbol, lots)?;
        let reduces = manner.reduce_only;
        let worth = if priced { symbol.spec.notional(price, lots) } else { self.worth(symbol, side, lots) };
        if worth < symbol.spec.notional_min && !reduces {
            return Err(self.too_small(symbol));
        }
        if priced && self.market() == Market::Spot && worth > NOTIONAL_MAX {
            return Err(Refusal::filter("NOTIONAL"));
        }
        let name = self.order_name(params)?;
        Ok(Order {
            id: self.next_order,
            client,
            instrument: symbol.id,
            name,
            side,
            kind: manner.kind,
            tif: manner.tif,
            price,
            lots,
            quote,
            filled: Lots::ZERO,
            value: Money::ZERO,
            status: Status::Sent,
            reduce_only: reduces,
            prevention: prevention::parse(self.market(), params.get("selfTradePreventionMode"))?,
            created: now,
            updated: now,
            expiry: "",
            amendments: 0,
        })
    }

    fn manner(&self, params: &Params, now: Nanos) -> Result<Manner, Refusal> {
        let market = self.market();
        let asked = params.need("type")?;
        let kind = match (asked, market) {
            ("LIMIT", _) => Kind::Limit,
            ("MARKET", _) => Kind::Market,
            ("LIMIT_MAKER", Market::Spot) => Kind::LimitMaker,
            _ => return Err(unsupported(market, asked)),
        };
        if market == Market::Spot && params.get("icebergQty").is_some() {
            return Err(Refusal::new(-2010, "Iceberg orders are not supported for this symbol."));
        }
        if params.get("priceMatch").is_some_and(|mode| mode != "NONE") {
            return Err(Refusal::new(-1128, "Combination of optional parameters invalid."));
        }
        if market == Market::UsdM && params.get("positionSide").is_some_and(|side| side != "BOTH") {
            return Err(Refusal::new(-4061, "Order's position side does not match user's setting."));
        }
        let reduce_only = market == Market::UsdM && params.is("reduceOnly", "true");
        let tif = match (kind, params.get("timeInForce")) {
            (Kind::Limit, None) => return Err(Refusal::missing("timeInForce")),
            (Kind::Limit, Some(tif)) => self.time_in_force(tif, params, now)?,
            (Kind::LimitMaker | Kind::Market, Some(_)) => return Err(Refusal::needless("timeInForce")),
            (Kind::LimitMaker, None) => TimeInForce::PostOnly,
            (Kind::Market, None) => TimeInForce::ImmediateOrCancel,
        };
        Ok(Manner { kind, tif, reduce_only })
    }

    fn time_in_force(&self, tif: &str, params: &Params, now: Nanos) -> Result<TimeInForce, Refusal> {
        Ok(match (tif, self.market()) {
            ("GTC", _) => TimeInForce::GoodTillCancel,
            ("IOC", _) => TimeInForce::ImmediateOrCancel,
            ("FOK", _) => TimeInForce::FillOrKill,
            ("GTX", Market::UsdM) => TimeInForce::PostOnly,
            ("GTD", Market::UsdM) => {
                let till: i64 =
                    params.number("goodTillDate")?.ok_or_else(|| Refusal::missing("goodTillDate"))?;
                // The venue counts whole seconds.
                let till = Nanos::from_millis(till.div_euclid(1_000) * 1_000);
                if till <= now + GOOD_TILL_MIN {
                    return Err(Refusal::new(-1130, "Data sent for parameter 'goodTillDate' is not valid."));
                }
                TimeInForce::GoodTillDate(till)
            }
            _ => return Err(Refusal::new(-1115, "Invalid timeInForce.")),
        })
    }

    /// A price in ticks or a size in lots.
    fn level(&self, symbol: &Symbol, field: Field, text: &str) -> Result<i64, Refusal> {
        let spec = &symbol.spec;
        let (name, step, filter) = match field {
            Field::Price => ("price", spec.tick, "PRICE_FILTER"),
            Field::Size => ("quantity", spec.lot, "LOT_SIZE"),
        };
        let value = parse(text).ok_or_else(|| Refusal::illegal(name, r"^([0-9]{1,20})(\.[0-9]{1,20})?$"))?;
        let finest = match self.market() {
            Market::Spot => DIGITS,
            Market::UsdM => u32::from(step.scale),
        };
        if digits_behind(text) > usize::try_from(finest).unwrap_or(usize::MAX) {
            return Err(match self.market() {
                Market::Spot => Refusal::new(-1111, format!("Parameter '{name}' has too much precision.")),
                Market::UsdM => Refusal::new(-1111, "Precision is over the maximum defined for this asset."),
            });
        }
        let grid = self.grid(symbol);
        let taken = if field == Field::Price { grid.tick } else { grid.lot };
        let steps = on_grid(value, step).filter(|_| on_grid(value, taken).is_some());
        let market = self.market();
        let bounds = (spec.price_min.0, spec.price_max.0);
        match (market, field, steps) {
            (Market::Spot, Field::Price, Some(ticks)) if ticks < bounds.0 || ticks > bounds.1 => {
                Err(Refusal::filter(filter))
            }
            (Market::UsdM, Field::Price, _) if value <= 0 => Err(Refusal::new(-4001, "Price less than 0.")),
            (Market::UsdM, Field::Size, _) if value <= 0 => {
                Err(Refusal::new(-4003, "Quantity less than or equal to zero."))
            }
            (Market::UsdM, Field::Price, Some(ticks)) if ticks > bounds.1 => {
                Err(Refusal::new(-4002, "Price greater than max price."))
            }
            (Market::UsdM, Field::Price, Some(ticks)) if ticks < bounds.0 => {
                Err(Refusal::new(-4013, "Price less than min price."))
            }
            (_, _, Some(steps)) => Ok(steps),
            (Market::Spot, _, None) => Err(Refusal::filter(filter)),
            (Market::UsdM, Field::Price, None) => {
                Err(Refusal::new(-4014, "Price not increased by tick size."))
            }
            (Market::UsdM, Field::Size, None) => Err(Refusal::new(-4023, "Qty not increased by step size.")),
        }
    }

    /// A price in ticks.
    pub(super) fn price_of(&self, symbol: &Symbol, text: &str) -> Result<Price, Refusal> {
        self.level(symbol, Field::Price, text).map(Price)
    }

    /// A size in lots, within the filter.
    pub(super) fn size_of(&self, symbol: &Symbol, text: &str) -> Result<Lots, Refusal> {
        let lots = Lots(self.level(symbol, Field::Size, text)?);
        self.filter_amount(symbol, lots).map(|()| lots)
    }

    /// The size, and what a market order is to spend, in 10⁻¹⁸.
    fn amount(
        &self,
        symbol: &Symbol,
        params: &Params,
        kind: Kind,
        side: Side,
    ) -> Result<(Lots, i128), Refusal> {
        let spends = params.get("quoteOrderQty").filter(|_| self.market() == Market::Spot);
        let (Some(spends), Kind::Market) = (spends, kind) else {
            return Ok((Lots(self.level(symbol, Field::Size, params.need("quantity")?)?), 0));
        };
        let quote = parse(spends).ok_or_else(|| Refusal::illegal("quoteOrderQty", "^[0-9.]{1,20}$"))?;
        let of_lot = self.worth(symbol, side, Lots(1)).0;
        let lots = quote.checked_div(of_lot).and_then(|lots| i64::try_from(lots).ok());
        Ok((self.whole(symbol, Lots(lots.unwrap_or(0))), quote))
    }

    fn filter_amount(&self, symbol: &Symbol, lots: Lots) -> Result<(), Refusal> {
        let spec = &symbol.spec;
        match self.market() {
            Market::Spot if !(spec.size_min..=spec.size_max).contains(&lots) => {
                Err(Refusal::filter("LOT_SIZE"))
            }
            Market::UsdM if lots < spec.size_min => {
                Err(Refusal::new(-4004, "Quantity less than min quantity."))
            }
            Market::UsdM if lots > spec.size_max => {
                Err(Refusal::new(-4005, "Quantity greater than max quantity."))
            }
            Market::Spot | Market::UsdM => Ok(()),
        }
    }

    pub(super) fn too_small(&self, symbol: &Symbol) -> Refusal {
        match self.market() {
            Market::Spot => Refusal::filter("NOTIONAL"),
            Market::UsdM => {
                let least = super::decimal::show(symbol.spec.notional_min.0, 0);
                let text = format!(
                    "Order's notional must be no smaller than {least} (unless you choose reduce only)."
                );
                Refusal::new(-4164, text)
            }
        }
    }

    /// What so much is worth at the best price it would trade at.
    fn worth(&self, symbol: &Symbol, side: Side, lots: Lots) -> Money {
        let best = self.best(symbol, side.opposite()).unwrap_or(symbol.spec.price_min);
        symbol.spec.notional(best, lots)
    }

    pub(super) fn best(&self, symbol: &Symbol, side: Side) -> Option<Price> {
        let depth = self.back.depth(symbol.id, 1);
        let levels = if side == Side::Bid { &depth.bids } else { &depth.asks };
        levels.first().map(|(price, _)| *price)
    }

    /// The limit that stands for none.
    fn protection(&self, symbol: &Symbol, side: Side) -> Price {
        let spec = &symbol.spec;
        let Some(best) = self.best(symbol, side.opposite()) else {
            return if side == Side::Bid { spec.price_min } else { spec.price_max };
        };
        let room = i128::from(best.0) * i128::from(self.config.protection.0) / i128::from(Rate::ONE.0);
        let room = i64::try_from(room).unwrap_or(0).max(1);
        Price(best.0 + side.sign() * room).clamp(spec.price_min, spec.price_max)
    }

    /// What the client calls its order, or what the venue does where it says nothing.
    pub(super) fn order_name(&self, params: &Params) -> Result<String, Refusal> {
        let market = self.market();
        let Some(name) = params.get("newClientOrderId") else {
            return Ok(format!("sim{:019}", self.next_order));
        };
        let fits = |byte: u8| {
            let more: &[u8] = if market == Market::Spot { b"-_" } else { b".:/_-" };
            byte.is_ascii_alphanumeric() || more.contains(&byte)
        };
        if (1..=36).contains(&name.len()) && name.bytes().all(fits) {
            return Ok(name.to_owned());
        }
        Err(match market {
            Market::Spot => Refusal::illegal("newClientOrderId", "^[a-zA-Z0-9-_]{1,36}$"),
            Market::UsdM => Refusal::new(-4015, "Client order id is not valid."),
        })
    }

    /// The filters that look at the client's other orders.
    pub(super) fn admit(&self, order: &Order) -> Result<(), Refusal> {
        let known = self.store.named(order.client, &order.name);
        if known.is_some_and(|known| known.status.open()) {
            return Err(Refusal::of_order(self.market(), RejectReason::DuplicateId, order.side));
        }
        let same = |other: &&Order| other.instrument == order.instrument;
        let open = self.store.open(order.client).filter(same).count();
        let most = usize::try_from(self.config.limits.open_orders).unwrap_or(usize::MAX);
        if open >= most {
            return Err(Refusal::of_order(self.market(), RejectReason::OrdersMax, order.side));
        }
        Ok(())
    }

    /// The price in 10⁻¹⁸ that a client's order of this symbol would be marked at.
    pub(super) fn mark_of(&self, symbol: &Symbol) -> i128 {
        let marked = self.listed(symbol.id).map_or(0, |listed| listed.memory.marked());
        if marked > 0 {
            return marked;
        }
        let depth = self.back.depth(symbol.id, 1);
        match (depth.bids.first(), depth.asks.first()) {
            (Some((bid, _)), Some((ask, _))) => super::position::middle(&symbol.spec, *bid, *ask),
            (Some((one, _)), None) | (None, Some((one, _))) => price_atto(&symbol.spec, *one),
            (None, None) => atto(symbol.spec.tick),
        }
    }
}

/// A type that there is elsewhere, or nowhere.
fn unsupported(market: Market, asked: &str) -> Refusal {
    let spot = match asked {
        "STOP_LOSS" => "Stop loss orders are not supported for this symbol.",
        "STOP_LOSS_LIMIT" => "Stop loss limit orders are not supported for this symbol.",
        "TAKE_PROFIT" => "Take profit orders are not supported for this symbol.",
        "TAKE_PROFIT_LIMIT" => "Take profit limit orders are not supported for this symbol.",
        _ => "",
    };
    let conditional = ["STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"];
    match market {
        Market::Spot if !spot.is_empty() => Refusal::new(-2010, spot),
        Market::UsdM if conditional.contains(&asked) => Refusal::new(
            -4120,
            "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead.",
        ),
        Market::Spot | Market::UsdM => Refusal::new(-1116, "Invalid orderType."),
    }
}
