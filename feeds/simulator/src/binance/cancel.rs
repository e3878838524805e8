//! Requests that end or change orders.

use ballast_model::{Command, Nanos, RejectReason, Replace, Span};

use super::config::Market;
use super::json::Obj;
use super::params::Params;
use super::pending::{Leg, Shape, What};
use super::refusal::Refusal;
use super::store::Order;
use super::venue::Venue;
use crate::back::{Back, ClientId};

/// Most amendments of one order.
const AMENDMENTS_MAX: u32 = 10_000;
/// Most that one request may name.
const ORDERS_PER_BATCH: usize = 5;
const CANCELS_PER_BATCH: usize = 10;

impl<B: Back> Venue<B> {
    /// The client's order that `orderId` or `origClientOrderId` names.
    pub(super) fn named(&self, client: ClientId, params: &Params) -> Result<Option<&Order>, Refusal> {
        let symbol = self.symbol(params.need("symbol")?)?;
        let id: Option<u64> = params.number("orderId")?;
        let name = params.get("origClientOrderId");
        let found = match (id, name) {
            (Some(id), name) => {
                let of_name = |order: &&Order| name.is_none_or(|name| order.name == name);
                self.store.get(id).filter(|order| order.client == client).filter(of_name)
            }
            (None, Some(name)) => self.store.named(client, name),
            (None, None) => {
                let text = "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!";
                return Err(Refusal::new(-1102, text));
            }
        };
        Ok(found.filter(|order| order.instrument == symbol.id))
    }

    /// Asks for one order to be cancelled.
    pub(super) fn cancel(&mut self, client: ClientId, params: &Params, now: Nanos) -> Result<Leg, Refusal> {
        let order = self.named(client, params)?.filter(|order| order.status.open());
        let order = order.ok_or_else(Refusal::unknown_order)?;
        let fits = match params.get("cancelRestrictions") {
            None => true,
            Some("ONLY_NEW") => order.filled == ballast_model::Lots::ZERO,
            Some("ONLY_PARTIALLY_FILLED") => order.filled > ballast_model::Lots::ZERO,
            Some(_) => return Err(Refusal::new(-1145, "Invalid cancelRestrictions.")),
        };
        if !fits {
            return Err(Refusal::new(-2011, "Order was not canceled due to cancel restrictions."));
        }
        let id = order.id;
        let word = params.get("newClientOrderId").map_or_else(|| format!("cxl{id:019}"), str::to_owned);
        self.cancel_order(id, now);
        Ok(Leg::new(What::Cancel, id, word))
    }

    /// Asks for all of a symbol's orders to be cancelled.
    pub(super) fn cancel_all(
        &mut self,
        client: ClientId,
        params: &Params,
        now: Nanos,
    ) -> Result<(Shape, Vec<Leg>), Refusal> {
        let instrument = self.symbol(params.need("symbol")?)?.id;
        let legs = self.cancel_open(client, instrument, now);
        match self.market() {
            Market::Spot if legs.is_empty() => Err(Refusal::unknown_order()),
            Market::Spot => Ok((Shape::Each, legs)),
            Market::UsdM => Ok((Shape::Done, legs)),
        }
    }

    fn cancel_open(
        &mut self,
        client: ClientId,
        instrument: ballast_model::InstrumentId,
        now: Nanos,
    ) -> Vec<Leg> {
        let open = self.store.open(client).filter(|order| order.instrument == instrument);
        let ids: Vec<u64> = open.map(|order| order.id).collect();
        for id in &ids {
            self.cancel_order(*id, now);
        }
        ids.iter().map(|id| Leg::new(What::Cancel, *id, format!("cxl{id:019}"))).collect()
    }

    /// Spot's amendment: less of the same.
    pub(super) fn amend(&mut self, client: ClientId, params: &Params, now: Nanos) -> Result<Leg, Refusal> {
        let new = params.need("newQty")?;
        let order = self.named(client, params)?.filter(|order| order.status.open());
        let order = order.ok_or_else(Refusal::no_such_order)?;
        let symbol = self.symbol(params.need("symbol")?)?;
        let lots = self.size_of(symbol, new)?;
        if lots >= order.lots {
            return Err(Refusal::new(-2038, "Order amend (quantity increase) is not supported."));
        }
        if lots <= order.filled {
            return Err(Refusal::new(-2038, "The amended quantity is not above what has been executed."));
        }
        if symbol.spec.notional(order.price, lots) < symbol.spec.notional_min {
            return Err(self.too_small(symbol));
        }
        // An order that is given no name is given one, and may keep its own.
        let (was, number) = (order.name.clone(), order.amendments + 1);
        let name = match params.get("newClientOrderId") {
            None => format!("amd{:019}{number:05}", order.id),
            Some(_) => self.order_name(params)?,
        };
        let taken = self.store.named(client, &name).filter(|other| other.id != order.id);
        if taken.is_some_and(|other| other.status.open()) {
            return Err(Refusal::of_order(self.market(), RejectReason::DuplicateId, order.side));
        }
        let replace = Replace {
            instrument: order.instrument,
            client_id: order.client_id(),
            side: order.side,
            price: order.price,
            lots,
            expires_at: Nanos::MAX,
        };
        let id = order.id;
        self.back.send(client, &Command::Replace(replace), now);
        Ok(Leg { was, ..Leg::new(What::Replace, id, name) })
    }

    /// Futures' modification: another price, another size, a new place in the queue.
    pub(super) fn modify(&mut self, client: ClientId, params: &Params, now: Nanos) -> Result<Leg, Refusal> {
        self.meter.order(client, 1, now)?;
        let side = params.need("side")?;
        let (size, price) = (params.need("quantity")?, params.need("price")?);
        let order = self.named(client, params)?.filter(|order| order.status.open());
        let order = order.ok_or_else(Refusal::no_such_order)?;
        if side != super::render::side_name(order.side) {
            return Err(Refusal::new(-1117, "Invalid side."));
        }
        let symbol = self.symbol(params.need("symbol")?)?;
        let (price, lots) = (self.price_of(symbol, price)?, self.size_of(symbol, size)?);
        self.percent_price(symbol, order.side, Some(price))?;
        if (price, lots) == (order.price, order.lots) {
            return Err(Refusal::new(-5027, "No need to modify the order."));
        }
        if order.amendments >= AMENDMENTS_MAX {
            return Err(Refusal::new(-5026, "Exceed maximum modify order limit."));
        }
        if symbol.spec.notional(price, lots) < symbol.spec.notional_min && !order.reduce_only {
            return Err(self.too_small(symbol));
        }
        let (id, instrument, client_id) = (order.id, order.instrument, order.client_id());
        if lots <= order.filled {
            self.cancel_order(id, now);
            return Ok(Leg::new(What::Cancel, id, String::new()));
        }
        let (side, expires_at) = (order.side, Nanos::MAX);
        let replace = Replace { instrument, client_id, side, price, lots, expires_at };
        self.back.send(client, &Command::Replace(replace), now);
        Ok(Leg::new(What::Replace, id, String::new()))
    }

    /// Spot's cancel and then new; its second half follows in time. Filters and order counts are looked at before anything is done.
    pub(super) fn cancel_replace(
        &mut self,
        client: ClientId,
        params: &Params,
        now: Nanos,
    ) -> Result<(Shape, Vec<Leg>), Refusal> {
        let anyway = match params.need("cancelReplaceMode")? {
            "STOP_ON_FAILURE" => false,
            "ALLOW_FAILURE" => true,
            _ => return Err(Refusal::new(-1145, "Invalid cancelReplaceMode.")),
        };
        let renamed = |pair: &(String, String)| match pair.0.as_str() {
            "cancelOrderId" => Some(("orderId".to_owned(), pair.1.clone())),
            "cancelOrigClientOrderId" => Some(("origClientOrderId".to_owned(), pair.1.clone())),
            "cancelNewClientOrderId" => Some(("newClientOrderId".to_owned(), pair.1.clone())),
            "symbol" | "cancelRestrictions" => Some(pair.clone()),
            _ => None,
        };
        let cancel = Params::of_pairs(params.pairs().iter().filter_map(renamed).collect());
        let cancels_alone = match params.get("orderRateLimitExceededMode") {
            None | Some("DO_NOTHING") => false,
            Some("CANCEL_ONLY") => true,
            Some(_) => {
                let text = "Data sent for parameter 'orderRateLimitExceededMode' is not valid.";
                return Err(Refusal::new(-1130, text));
            }
        };
        self.wanted(client, params, now)?;
        let full = self.meter.room(client, 1, now).err();
        if let Some(full) = full.as_ref().filter(|_| !cancels_alone) {
            return Err(full.clone());
        }
        let leg = match self.cancel(client, &cancel, now) {
            Ok(leg) => leg,
            Err(refusal) if [-1102, -1121].contains(&refusal.code) => return Err(refusal),
            Err(refusal) => Leg::refused(refusal),
        };
        let failed = leg.answer.is_some() && !anyway;
        let new = Box::new(params.clone());
        let Some(full) = full else {
            if failed {
                // The order that is not attempted counts all the same.
                self.meter.order(client, 1, now)?;
            }
            return Ok((Shape::CancelReplace { new, anyway, tried: false }, vec![leg]));
        };
        if failed {
            return Err(full);
        }
        Ok((Shape::CancelReplace { new, anyway, tried: true }, vec![leg, Leg::refused(full)]))
    }

    /// Futures' batches: places or modifies up to five.
    pub(super) fn batch(
        &mut self,
        client: ClientId,
        params: &Params,
        what: What,
        now: Nanos,
    ) -> Result<(Shape, Vec<Leg>), Refusal> {
        let list: Vec<serde_json::Map<String, serde_json::Value>> =
            serde_json::from_str(params.need("batchOrders")?)
                .map_err(|_| Refusal::new(-1130, "Data sent for parameter 'batchOrders' is not valid."))?;
        if list.is_empty() || list.len() > ORDERS_PER_BATCH {
            return Err(Refusal::new(-4082, "Invalid number of batch place orders."));
        }
        let legs = list.iter().map(Params::of_json).map(|params| {
            let leg = match what {
                What::Replace => self.modify(client, &params, now),
                What::New | What::Cancel => self.place(client, &params, now),
            };
            leg.unwrap_or_else(Leg::refused)
        });
        Ok((Shape::Each, legs.collect()))
    }

    /// Futures' batch cancel: up to ten ids or names.
    pub(super) fn batch_cancel(
        &mut self,
        client: ClientId,
        params: &Params,
        now: Nanos,
    ) -> Result<(Shape, Vec<Leg>), Refusal> {
        let symbol = params.need("symbol")?.to_owned();
        let (key, list) = match (params.get("orderIdList"), params.get("origClientOrderIdList")) {
            (Some(list), _) => ("orderId", list),
            (None, Some(list)) => ("origClientOrderId", list),
            (None, None) => return Err(Refusal::missing("orderIdList")),
        };
        let list: Vec<serde_json::Value> = serde_json::from_str(list)
            .map_err(|_| Refusal::new(-1130, "Data sent for parameter 'orderIdList' is not valid."))?;
        if list.is_empty() || list.len() > CANCELS_PER_BATCH {
            return Err(Refusal::new(-4083, "Invalid number of batch cancel orders."));
        }
        let legs = list.iter().map(|id| {
            let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
            let one = vec![("symbol".to_owned(), symbol.clone()), (key.to_owned(), id)];
            self.cancel(client, &Params::of_pairs(one), now).unwrap_or_else(Leg::refused)
        });
        Ok((Shape::Each, legs.collect()))
    }

    /// Futures' dead-man timer of a symbol.
    pub(super) fn countdown(
        &mut self,
        client: ClientId,
        params: &Params,
        now: Nanos,
    ) -> Result<String, Refusal> {
        let symbol = self.symbol(params.need("symbol")?)?;
        let (key, name) = ((client, symbol.id), symbol.name.clone());
        let time: i64 = params.number("countdownTime")?.ok_or_else(|| Refusal::missing("countdownTime"))?;
        if time < 0 {
            return Err(Refusal::new(-1130, "Data sent for parameter 'countdownTime' is not valid."));
        }
        if time == 0 {
            self.countdowns.remove(&key);
        } else {
            self.countdowns.insert(key, now + Span::from_millis(time));
        }
        Ok(Obj::new().text("symbol", &name).text("countdownTime", &time.to_string()).end())
    }

    /// Cancels where a countdown has run out.
    pub(super) fn count_down(&mut self, now: Nanos) {
        let over = self.countdowns.iter().filter(|(_, at)| **at <= now);
        let over: Vec<_> = over.map(|(key, _)| *key).collect();
        for (client, instrument) in over {
            self.countdowns.remove(&(client, instrument));
            self.cancel_open(client, instrument, now);
        }
    }
}
