//! What becomes of orders: the market's word made history, answers and events.

use ballast_exchange::matching::Prevention;
use ballast_model::{
    AccountEvent, Command, Ending, Event, Fill, FundingPayment, Lots, Money, Nanos, OrderReport, OrderUpdate,
    PackedLevel, RejectReason, TimeInForce,
};

use super::config::Market;
use super::pending::What;
use super::store::{Deal, Income, Kind, Order, Status};
use super::user::{Execution, execution_report, order_update, trade_lite};
use super::venue::Venue;
use crate::back::{Back, ClientId};

impl<B: Back> Venue<B> {
    /// News of a client from the market behind.
    pub(super) fn hear_client(&mut self, client: ClientId, event: &Event, now: Nanos) {
        // Orders, trades and what is told of them bear the time of the clock that clients are held to.
        let now = self.told_time(now);
        match event.account() {
            Some(AccountEvent::Order(update)) => self.hear_order(client, update, now),
            Some(AccountEvent::Fill(fill)) => self.hear_fill(client, fill, now),
            Some(AccountEvent::Funding(payment)) => self.hear_funding(client, payment, now),
            Some(AccountEvent::Balance(balance)) => {
                self.touched.insert((client, balance.asset));
            }
            None => {}
        }
    }

    fn hear_order(&mut self, client: ClientId, update: &OrderUpdate, now: Nanos) {
        let id = update.client_id.0;
        if self.store.get(id).is_none_or(|order| order.client != client) {
            return;
        }
        match update.report {
            OrderReport::Accepted(_) | OrderReport::Working { .. } => self.accepted(id, now),
            OrderReport::Rejected(reason) => self.rejected(id, reason, now),
            OrderReport::Cancelled | OrderReport::Ended { how: Ending::Cancelled, .. } => {
                self.cancelled(id, now);
            }
            OrderReport::Expired | OrderReport::Ended { how: Ending::Expired, .. } => {
                self.expired(id, Status::Expired, now);
            }
            OrderReport::Ended { how: Ending::Rejected(reason), .. } => self.rejected(id, reason, now),
            OrderReport::Ended { how: Ending::Lost, .. } => self.lost(id),
            OrderReport::CancelRejected(reason) => {
                self.resolve(id, What::Cancel, Err(reason));
            }
            OrderReport::Replaced { level, .. } => self.replaced(id, level, now),
            OrderReport::ReplaceRejected(reason) => {
                self.resolve(id, What::Replace, Err(reason));
            }
            // Its fills have said so; the others are no venue's words, or answers to what is never asked.
            OrderReport::Ended { how: Ending::Filled, .. }
            | OrderReport::NotSent
            | OrderReport::FateUnknown
            | OrderReport::NotFound { .. } => {}
        }
    }

    /// The order stands, or is about to trade.
    fn accepted(&mut self, id: u64, now: Nanos) {
        let Some(order) = self.store.get_mut(id).filter(|order| order.status == Status::Sent) else { return };
        order.status = Status::New;
        (order.created, order.updated) = (now, now);
        self.touch(id);
        self.tell_order(id, "NEW", None, "", now);
        self.resolve(id, What::New, Ok(()));
    }

    fn rejected(&mut self, id: u64, reason: RejectReason, now: Nanos) {
        let market = self.market();
        let Some(order) = self.store.get_mut(id).filter(|order| order.status.open()) else { return };
        // What stands is refused no more: it ends.
        if order.status != Status::Sent {
            let prevented = reason == RejectReason::SelfTrade;
            let status = if prevented { Status::ExpiredInMatch } else { Status::Expired };
            return self.expired(id, status, now);
        }
        let killed = order.tif == TimeInForce::FillOrKill && market == Market::UsdM;
        // On nothing to take and on self-trades the venue lets the order in and ends it.
        if reason == RejectReason::NothingToTake && !killed {
            order.expiry = match (market, order.kind, order.tif) {
                (Market::UsdM, _, _) => "",
                (Market::Spot, Kind::Market, _) => "INSUFFICIENT_LIQUIDITY",
                (Market::Spot, _, TimeInForce::FillOrKill) => "UNFILLED_FOK_ORDER_EXPIRED",
                (Market::Spot, ..) => "UNFILLED_IOC_QUANTITY_EXPIRED",
            };
            self.accepted(id, now);
            self.expired(id, Status::Expired, now);
        } else if reason == RejectReason::SelfTrade {
            self.accepted(id, now);
            self.expired(id, Status::ExpiredInMatch, now);
        } else {
            order.status = Status::Rejected;
            self.resolve(id, What::New, Err(reason));
            self.settle(id);
        }
    }

    /// Where the order has ended it is history, and whatever is still asked of it comes too late.
    fn settle(&mut self, id: u64) {
        if self.store.settle(id) {
            self.too_late(id);
        }
    }

    fn cancelled(&mut self, id: u64, now: Nanos) {
        self.accepted(id, now);
        // Requests are carried out in their order, and a modification to what has traded already ends an order as well.
        let name = match self.waits(id) {
            Some(What::Cancel) => self.resolve(id, What::Cancel, Ok(())),
            Some(What::Replace) if self.market() == Market::UsdM => {
                self.resolve(id, What::Replace, Ok(()));
                Some(String::new())
            }
            Some(What::New | What::Replace) | None => None,
        };
        let Some(order) = self.store.get(id).filter(|order| order.status.open()) else { return };
        // What could not trade at once was not cancelled by anybody.
        if name.is_none() && !order.tif.may_rest() {
            return self.expired(id, Status::Expired, now);
        }
        let own = order.name.clone();
        self.end(id, Status::Canceled, now);
        self.tell_order(id, "CANCELED", None, name.as_deref().unwrap_or(&own), now);
        self.settle(id);
    }

    /// The order is gone as if it had never been; what waits for an answer about it gets one.
    fn lost(&mut self, id: u64) {
        self.too_late(id);
        self.store.forget(id);
    }

    fn expired(&mut self, id: u64, status: Status, now: Nanos) {
        self.accepted(id, now);
        // A modification that would take ends a post-only order of futures, and that is its answer.
        if self.market() == Market::UsdM && self.waits(id) == Some(What::Replace) {
            self.resolve(id, What::Replace, Ok(()));
        }
        let Some(order) = self.store.get_mut(id).filter(|order| order.status.open()) else { return };
        if order.expiry.is_empty() {
            order.expiry = match (self.config.market, order.tif) {
                (Market::Spot, TimeInForce::ImmediateOrCancel) => "UNFILLED_IOC_QUANTITY_EXPIRED",
                (Market::Spot, TimeInForce::FillOrKill) => "UNFILLED_FOK_ORDER_EXPIRED",
                _ => "",
            };
        }
        self.end(id, status, now);
        let kind = if status == Status::ExpiredInMatch && self.market() == Market::Spot {
            "TRADE_PREVENTION"
        } else {
            "EXPIRED"
        };
        self.tell_order(id, kind, None, "", now);
        self.settle(id);
    }

    fn end(&mut self, id: u64, status: Status, now: Nanos) {
        if let Some(order) = self.store.get_mut(id) {
            (order.status, order.updated) = (status, now);
        }
        self.touch(id);
    }

    fn replaced(&mut self, id: u64, level: PackedLevel, now: Nanos) {
        let Some(order) = self.store.get_mut(id) else { return };
        (order.price, order.lots, order.updated) = (level.price(), level.lots(), now);
        order.amendments += 1;
        self.touch(id);
        let kind = if self.market() == Market::Spot { "REPLACED" } else { "AMENDMENT" };
        let name = self.resolve(id, What::Replace, Ok(())).unwrap_or_default();
        self.tell_order(id, kind, None, &name, now);
        if !name.is_empty() {
            self.store.rename(id, name);
        }
    }

    /// Asks the market behind to cancel.
    pub(super) fn cancel_order(&mut self, id: u64, now: Nanos) {
        if let Some(order) = self.store.get(id) {
            let (instrument, client_id) = (order.instrument, order.client_id());
            let cancel = Command::Cancel(ballast_model::Cancel { instrument, client_id });
            self.back.send(order.client, &cancel, now);
        }
    }

    fn hear_fill(&mut self, client: ClientId, fill: &Fill, now: Nanos) {
        if self.store.knows(client, fill) {
            return;
        }
        let id = fill.client_id.0;
        self.accepted(id, now);
        let Some(listed) = self.listed.get(&fill.instrument) else { return };
        let spec = listed.symbol.spec;
        let (price, lots) = (fill.level.price(), fill.level.lots());
        *self.traded.entry((client, fill.instrument)).or_default() += lots.signed(fill.side);
        let mut realized = Money::ZERO;
        if self.market() == Market::UsdM {
            let position = self.positions.entry((client, fill.instrument)).or_default();
            realized = position.trade(&spec, fill.side, price, lots);
            position.updated_ms = super::render::ms(now);
            self.moved.insert((client, fill.instrument));
            self.book_income(client, fill, "REALIZED_PNL", realized, now);
            self.book_income(client, fill, "COMMISSION", Money::from_e8(-fill.fee_e8), now);
        }
        let maker = fill.liquidity == ballast_model::Liquidity::Maker;
        let deal = Deal {
            id: fill.trade_id.0,
            order: id,
            client,
            instrument: fill.instrument,
            side: fill.side,
            price,
            lots,
            value: spec.value_floor(price, lots),
            fee_e8: fill.fee_e8,
            fee_asset: fill.fee_asset,
            maker,
            realized,
            at: now,
        };
        self.touched.extend([spec.base, spec.quote, fill.fee_asset].map(|asset| (client, asset)));
        self.store.deal(deal);
        if self.store.get(id).is_some_and(|order| order.client == client) {
            self.book(id, &deal, now);
        } else {
            self.forced(client, &deal, now);
        }
    }

    /// A trade of an order.
    fn book(&mut self, id: u64, deal: &Deal, now: Nanos) {
        let Some(order) = self.store.get_mut(id) else { return };
        let first = order.filled == Lots::ZERO;
        order.filled += deal.lots;
        order.value += deal.value;
        order.updated = now;
        if order.status.rests() {
            let done = order.filled >= order.lots;
            order.status = if done { Status::Filled } else { Status::PartiallyFilled };
        }
        if first && deal.maker {
            self.meter.filled(deal.client, now);
        }
        self.tell_order(id, "TRADE", Some(deal), "", now);
        self.settle(id);
    }

    /// The venue traded in the client's place.
    fn forced(&mut self, client: ClientId, deal: &Deal, now: Nanos) {
        let order = Order {
            id: 0,
            client,
            instrument: deal.instrument,
            name: format!("autoclose-{}", deal.id),
            side: deal.side,
            kind: Kind::Limit,
            tif: TimeInForce::ImmediateOrCancel,
            price: deal.price,
            lots: deal.lots,
            quote: 0,
            filled: deal.lots,
            value: deal.value,
            status: Status::Filled,
            reduce_only: false,
            prevention: Prevention::None,
            created: now,
            updated: now,
            expiry: "",
            amendments: 0,
        };
        self.tell(&order, "CALCULATED", Some(deal), "", now);
    }

    fn hear_funding(&mut self, client: ClientId, payment: &FundingPayment, now: Nanos) {
        let income = Income {
            id: 0,
            client,
            instrument: payment.instrument,
            kind: "FUNDING_FEE",
            amount: payment.amount.money(),
            asset: payment.asset,
            at: now,
        };
        self.store.income(income);
        self.tell_funding(client, payment.asset, payment.amount.money(), now);
    }

    fn book_income(&mut self, client: ClientId, fill: &Fill, kind: &'static str, amount: Money, now: Nanos) {
        if amount != Money::ZERO {
            let (instrument, asset) = (fill.instrument, fill.fee_asset);
            self.store.income(Income { id: 0, client, instrument, kind, amount, asset, at: now });
        }
    }

    /// The order's assets may have been bound or freed.
    fn touch(&mut self, id: u64) {
        if let Some(order) = self.store.get(id)
            && let Some(listed) = self.listed.get(&order.instrument)
            && self.market() == Market::Spot
        {
            let spec = &listed.symbol.spec;
            let asset = if order.side == ballast_model::Side::Bid { spec.quote } else { spec.base };
            self.touched.insert((order.client, asset));
        }
    }

    fn tell_order(&mut self, id: u64, kind: &str, deal: Option<&Deal>, cancel: &str, now: Nanos) {
        if let Some(order) = self.store.get(id).cloned() {
            self.tell(&order, kind, deal, cancel, now);
        }
    }

    fn tell(&mut self, order: &Order, kind: &str, deal: Option<&Deal>, cancel: &str, now: Nanos) {
        self.executions += 1;
        let Some(show) = self.show(order) else { return };
        let deal_told = deal.map(|deal| (deal, self.asset(deal.fee_asset)));
        let what = Execution { kind, deal: deal_told, cancel, number: self.executions, at: now };
        match self.market() {
            Market::Spot => {
                let event = execution_report(show, &what);
                self.fleet.tell(order.client, "executionReport", &event);
            }
            Market::UsdM => {
                let event = order_update(show, &what);
                let lite = deal.map(|deal| trade_lite(show.symbol, order, deal, now));
                if let Some(lite) = lite {
                    self.fleet.tell(order.client, "TRADE_LITE", &lite);
                }
                self.fleet.tell(order.client, "ORDER_TRADE_UPDATE", &event);
            }
        }
    }
}
