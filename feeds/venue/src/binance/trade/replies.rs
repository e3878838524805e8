//! Answers over HTTP: the account's state, trades that nobody heard of, and the venue's clock.

use ballast_json::Item;
use ballast_model::{
    ClientOrderId, Event, FundingPayment, Lots, Money, OrderReport, OrderUpdate, PackedMoney, PaymentId,
    TradeId, VenueOrderId,
};

use super::account::{PARKED_MAX, Parked, Traded, fill_reason, side};
use super::answers::{Shown, read_error, silence_for};
use super::budget::Pool;
use super::config::TradeMarket;
use super::ids::client_id;
use super::jobs::{Job, Sent, TRADES_PAGE};
use super::notice::Notice;
use super::placed::Placed;
use super::standing::{OPEN_ORDERS_MAX, OpenOrder, Position};
use super::verdict::Remedy;
use super::{TradeError, TradeSession};
use crate::binance::stream::venue_time;
use crate::signing::Secret;
use crate::{Answer, Channel, EventSink, Now};

/// The news of the account that are asked for. The venue sends none that are not named.
const EVENTS: &str = "ORDER_TRADE_UPDATE/ACCOUNT_UPDATE/MARGIN_CALL/ACCOUNT_CONFIG_UPDATE/listenKeyExpired";

impl TradeSession {
    /// Reads the whole answer to the HTTP request that stands.
    ///
    /// # Errors
    /// [`TradeError`], counted; the request is repeated.
    pub fn on_answer<S: EventSink>(
        &mut self,
        answer: &Answer<'_>,
        now: Now,
        out: &mut S,
    ) -> Result<(), TradeError> {
        self.counters.frames += 1;
        self.outlet.settle(out);
        let retry = self.read_headers(answer, now);
        let Some(sent) = self.jobs.answered() else {
            self.counters.unasked += 1;
            return Ok(());
        };
        let body = Item::read(answer.body);
        let read = if answer.status == 200 {
            body.map_err(TradeError::Decode).and_then(|body| self.on_body(&sent, body, now, out))
        } else {
            self.on_http_refusal(sent.job, answer.status, retry, body.ok(), now, out);
            Ok(())
        };
        match read {
            Ok(()) if answer.status == 200 => self.jobs.went_well(),
            Ok(()) => {}
            Err(_) => {
                self.counters.unreadable += 1;
                self.jobs.again(sent.job, now.mono);
            }
        }
        self.note_standing(now.mono);
        self.tell_access(now.mono, out);
        read
    }

    /// Takes the counts that headers tell; returns for how many seconds the venue wants silence.
    fn read_headers(&mut self, answer: &Answer<'_>, now: Now) -> Option<u32> {
        let wall = self.clock.venue_time(now);
        let mut retry = None;
        for (name, value) in answer.headers {
            let Ok(value) = value.trim().parse::<u32>() else { continue };
            if name.eq_ignore_ascii_case("Retry-After") {
                retry = Some(value);
            }
            let (weight, orders) = ("X-MBX-USED-WEIGHT-", "X-MBX-ORDER-COUNT-");
            for (prefix, pool) in [(weight, self.market.rest_pool()), (orders, Pool::Orders)] {
                let named = name.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
                if named && let Some(interval) = name.get(prefix.len()..).and_then(interval) {
                    self.budget.adopt((pool, interval), None, Some(value), wall);
                }
            }
        }
        retry
    }

    fn on_body<S: EventSink>(
        &mut self,
        sent: &Sent,
        body: Item<'_>,
        now: Now,
        out: &mut S,
    ) -> Result<(), TradeError> {
        match sent.job {
            Job::Time => {
                let time = body.member(b"serverTime").and_then(Item::unsigned);
                let time = time.ok_or(TradeError::Member("serverTime"))?;
                self.clock.read(sent.at, now, venue_time(time));
                if !self.clock.agrees(now.mono) {
                    self.notices.add(Notice::ClockOff);
                }
            }
            Job::Rules => self.on_rules(body, now)?,
            Job::Account => self.on_account_body(body, out)?,
            Job::Positions => self.on_positions(body, sent.at)?,
            Job::OpenOrders(index) => {
                self.on_open_orders(index, body, now, out)?;
                self.on_listed(index, sent.at.mono);
            }
            Job::Trades(index) | Job::TradesOf(index, _) => self.on_trades(sent, index, body, out)?,
            Job::Order(index, order) => {
                let client = body.member(b"clientOrderId").and_then(Item::text);
                let client = client.ok_or(TradeError::Member("clientOrderId"))?;
                self.release(index, order, client, out);
            }
            Job::Funding => self.on_funding(body, out)?,
            Job::ListenKey => {
                let key = body.member(b"listenKey").and_then(Item::text);
                self.on_listen_key(key.ok_or(TradeError::Member("listenKey"))?, now);
            }
            Job::KeepKey | Job::CancelAll(_) | Job::DeadMan(_) => {}
        }
        Ok(())
    }

    fn on_http_refusal<S: EventSink>(
        &mut self,
        job: Job,
        status: u16,
        retry: Option<u32>,
        body: Option<Item<'_>>,
        now: Now,
        out: &mut S,
    ) {
        let error = read_error(u64::from(status), body);
        let remedy = error.verdict().remedy;
        let retry = self.clock.venue_time(now) + silence_for(status, retry);
        match (job, error.code) {
            // Nothing was open: as it should be.
            (Job::CancelAll(_), -2011) => return,
            // Too old for the venue to know: not one of this life, whoever's it was.
            (Job::Order(index, order), -2013 | -2026) => return self.release(index, order, "", out),
            // A key that has ended is not kept: a new one is made.
            (Job::KeepKey, -1125) => return self.jobs.want_first(Job::ListenKey),
            (Job::TradesOf(..), _) if matches!(remedy, Remedy::Rules | Remedy::Configuration) => {}
            _ => self.jobs.again(job, now.mono),
        }
        self.remedy(remedy, error.code, Some(retry), None, now);
        self.notices.add(Notice::SweepRefused(error.code));
    }

    fn on_listen_key(&mut self, key: &str, now: Now) {
        let path = alloc::format!("/private/ws?listenKey={key}&events={EVENTS}");
        let path = Secret::new(&path);
        let renewed = self.private_path.as_ref().is_some_and(|old| old.reveal() != path.reveal());
        self.private_path = Some(path);
        self.timers.key = now.mono + super::state::KEY_LIFE;
        if renewed {
            self.renew(Channel::Private);
        }
    }

    fn on_account_body<S: EventSink>(&mut self, body: Item<'_>, out: &mut S) -> Result<(), TradeError> {
        let spot = self.market == TradeMarket::Spot;
        let rows = if spot { body.member(b"balances") } else { Some(body) };
        let rows = rows.filter(|rows| rows.is_array()).ok_or(TradeError::Member("balances"))?;
        let time = body.member(b"updateTime").and_then(Item::unsigned).unwrap_or_default();
        rows.elements(|row| {
            let (mut asset, mut free, mut locked, mut updated) = (None, None, 0, time);
            row.members(|key, value| match key {
                b"asset" => asset = value.text(),
                b"free" | b"balance" => free = value.e8().ok(),
                b"locked" => locked = value.e8().unwrap_or_default(),
                b"updateTime" => updated = value.unsigned().unwrap_or_default(),
                _ => {}
            });
            if let (Some(asset), Some(free)) = (asset, free) {
                self.on_balance(asset, free, locked, venue_time(updated), out);
            }
        });
        Ok(())
    }

    /// The venue lists positions and contracts with orders; of any other there is none.
    fn on_positions(&mut self, body: Item<'_>, asked: Now) -> Result<(), TradeError> {
        if !body.is_array() {
            return Err(TradeError::Member("positionAmt"));
        }
        let mut listed = [false; super::super::INSTRUMENTS_MAX];
        body.elements(|row| {
            let updated = row.member(b"updateTime").and_then(Item::unsigned).unwrap_or_default();
            self.on_position(row, [b"symbol", b"positionAmt", b"positionSide"], venue_time(updated));
            let index =
                row.member(b"symbol").and_then(Item::text).and_then(|symbol| self.names.index(symbol));
            if let Some(listed) = index.and_then(|index| listed.get_mut(index)) {
                *listed = true;
            }
        });
        let asked = self.clock.venue_time(asked);
        for (instrument, _) in self.names.instruments.iter().zip(listed).filter(|(_, listed)| !listed) {
            let position = Position { instrument: instrument.id, lots: Lots::ZERO, venue_time: asked };
            self.known.position(position);
        }
        Ok(())
    }

    fn on_open_orders<S: EventSink>(
        &mut self,
        index: usize,
        body: Item<'_>,
        now: Now,
        out: &mut S,
    ) -> Result<(), TradeError> {
        let instrument = self.names.instruments.get(index).ok_or(TradeError::Member("symbol"))?;
        let (id, grids) = (instrument.id, (instrument.prices, instrument.sizes));
        if !body.is_array() {
            return Err(TradeError::Member("orderId"));
        }
        self.known.open_orders.retain(|order| order.instrument != id);
        let mut unread = false;
        body.elements(|row| {
            let client = row.member(b"clientOrderId").and_then(Item::text).map(client_id);
            let side = row.member(b"side").and_then(Item::text).and_then(side);
            let shown = Shown::read(row, grids);
            let (Some(client_id), Some(side), Some(shown)) = (client, side, shown) else {
                unread = true;
                return;
            };
            let Some(level) = shown.level else {
                unread = true;
                return;
            };
            let Shown { venue_id, filled, .. } = shown;
            let (price, lots) = (level.price(), level.lots());
            self.orders.rests(Placed { instrument: id, client_id, venue_id: Some(venue_id), price, lots });
            if self.known.open_orders.len() < OPEN_ORDERS_MAX {
                let order = OpenOrder { instrument: id, client_id, venue_id, side, level, filled };
                self.known.open_orders.push(order);
            } else {
                self.notices.add(Notice::TooManyOpenOrders);
            }
            if client_id != ClientOrderId::FOREIGN {
                // No query asked: it confirms the order and answers nothing else.
                let report = OrderReport::Working { venue_id, level, filled, query: 0 };
                let venue_time = shown.time.unwrap_or(now.mono);
                self.tell(Event::Order(OrderUpdate { instrument: id, client_id, report, venue_time }), out);
            }
        });
        if unread { Err(TradeError::Member("orderId")) } else { Ok(()) }
    }

    /// A page of trades, oldest first. One whose order nobody knows waits until the order is found, and what follows it too.
    fn on_trades<S: EventSink>(
        &mut self,
        sent: &Sent,
        index: usize,
        body: Item<'_>,
        out: &mut S,
    ) -> Result<(), TradeError> {
        if !body.is_array() {
            return Err(TradeError::Member("id"));
        }
        let job = sent.job;
        let mut rows = 0;
        let mut unread = false;
        body.elements(|row| {
            rows += 1;
            unread |= self.on_trade(job, index, row, out).is_none();
        });
        if unread {
            self.unbookable();
        }
        // A full page: there may be more.
        if rows >= TRADES_PAGE
            && matches!(job, Job::Trades(_))
            && self.parked.len() + TRADES_PAGE <= PARKED_MAX
        {
            self.jobs.want(job);
        }
        let waits = self.parked.iter().any(|parked| parked.index == index);
        if !unread && rows < TRADES_PAGE && !waits {
            let of = if let Job::TradesOf(_, order) = job { Some(order) } else { None };
            self.on_traded(index, of, sent.at.mono);
        }
        self.look_for_owner();
        Ok(())
    }

    fn on_trade<S: EventSink>(&mut self, job: Job, index: usize, row: Item<'_>, out: &mut S) -> Option<()> {
        let (mut id, mut order, mut time, mut buyer, mut maker) = (None, None, 0, None, false);
        let (mut price, mut size, mut fee, mut fee_asset) = (None, None, None, "");
        row.members(|key, value| match key {
            b"id" => id = value.unsigned(),
            b"orderId" => order = value.unsigned().map(VenueOrderId),
            b"price" => price = Some(value),
            b"qty" => size = Some(value),
            b"commission" => fee = Some(value),
            b"commissionAsset" => fee_asset = value.text().unwrap_or_default(),
            b"time" => time = value.unsigned().unwrap_or_default(),
            b"isBuyer" | b"buyer" => buyer = value.truth(),
            b"isMaker" | b"maker" => maker = value.truth().unwrap_or_default(),
            _ => {}
        });
        let (trade, order) = (id?, order?);
        let instrument = self.names.instruments.get(index)?;
        let owner = self.orders.whose(instrument.id, order);
        let side = side(if buyer? { "BUY" } else { "SELL" })?;
        let (client_id, reason) = (owner.unwrap_or_default(), fill_reason(""));
        let traded =
            Traded { index, client_id, side, maker, reason, price, size, fee, fee_asset, trade, time };
        // What is on record already may be of another grid, and need not fit this one.
        let known = instrument.trades.contains(trade);
        let fill = if known { None } else { Some(self.fill(&traded)?) };
        if matches!(job, Job::Trades(_)) {
            self.reach(index, TradeId(trade));
        }
        let waits = |parked: &Parked| parked.index == index && parked.fill.trade_id.0 == trade;
        let Some(fill) = fill.filter(|_| !self.parked.iter().any(waits)) else {
            self.counters.repeated += 1;
            return Some(());
        };
        if owner.is_some() && !self.parked.iter().any(|parked| parked.index == index) {
            self.counters.swept += 1;
            self.tell_fill(index, fill, out);
        } else if self.parked.len() < PARKED_MAX {
            let order = owner.is_none().then_some(order);
            self.parked.push(Parked { index, order, fill });
        } else {
            self.unbookable();
        }
        Some(())
    }

    /// Asks whose the first trade is that waits.
    fn look_for_owner(&mut self) {
        if let Some(Parked { index, order: Some(order), .. }) = self.parked.first() {
            self.jobs.want(Job::Order(*index, *order));
        }
    }

    /// An order has been found: its trades are told, and those behind them.
    fn release<S: EventSink>(&mut self, index: usize, order: VenueOrderId, client: &str, out: &mut S) {
        let owner = client_id(client);
        if let Some(instrument) = self.names.instruments.get(index) {
            self.orders.named(instrument.id, owner, order);
        }
        for parked in &mut self.parked {
            if parked.index == index && parked.order == Some(order) {
                parked.order = None;
                parked.fill.client_id = owner;
                parked.fill.reason = fill_reason(client);
            }
        }
        while let Some(Parked { index, order: None, fill }) = self.parked.first().copied() {
            self.parked.remove(0);
            self.counters.swept += 1;
            self.tell_fill(index, fill, out);
        }
        self.look_for_owner();
    }

    fn on_funding<S: EventSink>(&mut self, body: Item<'_>, out: &mut S) -> Result<(), TradeError> {
        if !body.is_array() {
            return Err(TradeError::Member("tranId"));
        }
        let mut rows = 0;
        body.elements(|row| {
            rows += 1;
            let (mut symbol, mut asset, mut amount, mut id, mut time) = ("", "", None, None, None);
            row.members(|key, value| match key {
                b"symbol" => symbol = value.text().unwrap_or_default(),
                b"asset" => asset = value.text().unwrap_or_default(),
                b"income" => amount = value.e8().ok(),
                b"tranId" => id = value.unsigned(),
                b"time" => time = value.unsigned(),
                _ => {}
            });
            let instrument = self.names.index(symbol).and_then(|index| self.names.instruments.get(index));
            let (Some(instrument), Some(asset)) = (instrument, self.names.asset(asset)) else { return };
            let (Some(amount), Some(id), Some(time)) = (amount, id, time.map(venue_time)) else { return };
            let (instrument, amount) = (instrument.id, PackedMoney::new(Money::from_e8(amount)));
            self.funding_since = self.funding_since.max(time);
            if self.payments.note(id) {
                let payment_id = PaymentId(id);
                let payment = FundingPayment { instrument, asset, amount, payment_id, venue_time: time };
                self.tell(Event::Funding(payment), out);
            }
        });
        if rows >= TRADES_PAGE {
            self.jobs.want(Job::Funding);
        }
        Ok(())
    }
}

/// `1M`, `10S`, `1D`: how long a count lasts.
fn interval(text: &str) -> Option<ballast_model::Span> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" | "S" => 1,
        "m" | "M" => 60,
        "h" | "H" => 3_600,
        "d" | "D" => 86_400,
        _ => return None,
    };
    let number: i64 = digits.parse().ok().filter(|number| (1..=1_000).contains(number))?;
    Some(ballast_model::Span::from_secs(number * seconds))
}
