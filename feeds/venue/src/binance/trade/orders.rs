//! Orders on their way out: last checks, then bytes in the caller's buffer.
//!
//! Parameters are written in the order of their names, which is the order that is signed: a signature is taken along the
//! way.

use ballast_model::{
    Cancel, ClientOrderId, Command, Event, Nanos, NewOrder, OrderReport, OrderUpdate, Query, ReduceOnly,
    RejectReason, Replace, Side, Step, TimeInForce,
};

use super::budget::{Need, Pool};
use super::config::TradeMarket;
use super::ids::write_client_id;
use super::in_flight::Asked;
use super::{Api, TradeSession};
use crate::signing::StreamMac;
use crate::writer::Writer;
use crate::{EventSink, Now};

/// Bytes of the longest order request.
pub const ORDER_BYTES_MAX: usize = 1_024;

/// Why a command was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsent {
    /// It came later than its order may.
    Expired,
    /// No connection, or it is not logged on, or the private stream is down so that fills would not be seen.
    Link,
    /// The venue's clock is not known, or too far from ours.
    Clock,
    /// The budget is used up, or the venue wants silence.
    Limits,
    /// The venue refuses our key.
    Halted,
    /// The instrument is not one of this session, or the venue's rules for it are not known or not those configured.
    Instrument,
    /// The market has no such order: good-till-date or reduce-only on spot, an amendment on spot that is not just smaller.
    Form,
    /// Too many requests wait for answers, or the caller's buffer is too small.
    Full,
}

impl Unsent {
    /// All reasons, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Expired,
        Self::Link,
        Self::Clock,
        Self::Limits,
        Self::Halted,
        Self::Instrument,
        Self::Form,
        Self::Full,
    ];
}

/// Puts the cancels of a batch first, but none before a command of its own order; all else keeps its place.
pub fn cancels_first(batch: &mut [Command]) {
    for at in 0..batch.len() {
        let Some((Command::Cancel(cancel), before)) = batch.get(..=at).and_then(<[_]>::split_last) else {
            continue;
        };
        let own = |other: &Command| {
            (other.client_id(), other.instrument()) == (cancel.client_id, cancel.instrument)
        };
        let free = before.iter().rposition(own).map_or(0, |place| place + 1);
        let cancels =
            before.iter().skip(free).take_while(|other| matches!(other, Command::Cancel(_))).count();
        if let Some(moved) = batch.get_mut(free + cancels..=at) {
            moved.rotate_right(1);
        }
    }
}

impl TradeSession {
    /// Writes a command as one text frame for [`Channel::Api`](crate::Channel::Api) into the caller's buffer, which should
    /// have [`ORDER_BYTES_MAX`] bytes, and waits for its answer from then on.
    ///
    /// `None` where nothing is to be sent: the sink has heard why. An order or amendment was
    /// [`NotSent`](OrderReport::NotSent), a cancel refused for [`RejectReason::RateLimit`] or [`RejectReason::Other`]; of a
    /// query nothing is said. Of several commands the runtime sends cancels first: [`cancels_first`].
    pub fn encode<'b, S: EventSink>(
        &mut self,
        command: &Command,
        now: Now,
        buffer: &'b mut [u8],
        out: &mut S,
    ) -> Option<&'b [u8]> {
        self.outlet.settle(out);
        match self.try_encode(command, now, buffer) {
            Ok(bytes) => {
                self.counters.sent += 1;
                Some(bytes)
            }
            Err(unsent) => {
                self.refuse(command, unsent, now, out);
                None
            }
        }
    }

    fn try_encode<'b>(
        &mut self,
        command: &Command,
        now: Now,
        buffer: &'b mut [u8],
    ) -> Result<&'b [u8], Unsent> {
        let index = self.names.of(command.instrument()).ok_or(Unsent::Instrument)?;
        let (costs, need) = self.cost(command);
        match command {
            Command::New(NewOrder { expires_at, .. }) | Command::Replace(Replace { expires_at, .. }) => {
                self.check_adding(index, *expires_at, now)?;
            }
            Command::Cancel(_) | Command::Query(_) => self.check_link()?,
        }
        let wall = self.clock.venue_time(now);
        if !self.budget.may(&costs, need, now.mono, wall) {
            return Err(Unsent::Limits);
        }
        let id = self.in_flight.next_id().ok_or(Unsent::Full)?;
        let bytes = self.write(command, index, id, now, buffer)?;
        self.in_flight.ask(Asked::Command(*command), now.mono + self.answer_max);
        self.budget.charge(&costs, wall);
        if let Command::New(order) = command {
            self.orders.placed(order);
        }
        Ok(bytes)
    }

    const fn check_link(&self) -> Result<(), Unsent> {
        if self.halted {
            Err(Unsent::Halted)
        } else if matches!(self.api, Api::Subscribe(_) | Api::Open) {
            Ok(())
        } else {
            Err(Unsent::Link)
        }
    }

    /// What may add to risk needs more: to be in time, and that we would see what becomes of it.
    fn check_adding(&self, index: usize, expires_at: Nanos, now: Now) -> Result<(), Unsent> {
        if now.mono > expires_at {
            return Err(Unsent::Expired);
        }
        self.check_link()?;
        if self.api != Api::Open || !self.sees_fills() {
            return Err(Unsent::Link);
        }
        if !self.clock.agrees(now.mono) {
            return Err(Unsent::Clock);
        }
        if !self.may_trade(index) {
            return Err(Unsent::Instrument);
        }
        Ok(())
    }

    const fn cost(&self, command: &Command) -> ([(Pool, u32); 2], Need) {
        let (weight, orders) = match (self.market, command) {
            (TradeMarket::Spot, Command::New(_)) => (1, 1),
            (TradeMarket::Spot, Command::Replace(_) | Command::Query(_)) => (4, 0),
            (TradeMarket::UsdM, Command::New(_) | Command::Replace(_)) => (0, 1),
            (TradeMarket::UsdM, Command::Query(_)) | (_, Command::Cancel(_)) => (1, 0),
        };
        let need = match command {
            Command::New(NewOrder { reduce_only: ReduceOnly::No, .. }) | Command::Replace(_) => {
                Need::Ordinary
            }
            Command::New(_) | Command::Cancel(_) | Command::Query(_) => Need::Urgent,
        };
        ([(Pool::Weight, weight), (Pool::Orders, orders)], need)
    }

    #[cold]
    fn refuse<S: EventSink>(&mut self, command: &Command, unsent: Unsent, now: Now, out: &mut S) {
        if let Some(count) = self.counters.unsent.get_mut(unsent as usize) {
            *count += 1;
        }
        let report = match command {
            Command::New(_) | Command::Replace(_) => OrderReport::NotSent,
            Command::Cancel(_) if unsent == Unsent::Limits => {
                OrderReport::CancelRejected(RejectReason::RateLimit)
            }
            Command::Cancel(_) => OrderReport::CancelRejected(RejectReason::Other),
            Command::Query(_) => return,
        };
        let (instrument, client_id) = (command.instrument(), command.client_id());
        let update = OrderUpdate { instrument, client_id, report, venue_time: now.mono };
        self.outlet.tell(Event::Order(update), out);
    }

    fn write<'b>(
        &self,
        command: &Command,
        index: usize,
        id: u64,
        now: Now,
        buffer: &'b mut [u8],
    ) -> Result<&'b [u8], Unsent> {
        let instrument = self.names.instruments.get(index).ok_or(Unsent::Instrument)?;
        let shape = Shape { symbol: &instrument.symbol, tick: instrument.tick, lot: instrument.lot };
        let mut params = Params::new(buffer, id, method(self.market, command));
        if let Some(mac) = self.credentials.stream() {
            params.mac = Some(mac);
            params.text("apiKey", |writer| writer.put(self.credentials.api_key().reveal()));
        }
        match command {
            Command::New(order) => self.write_new(&mut params, &shape, order, now)?,
            Command::Cancel(Cancel { client_id, .. }) | Command::Query(Query { client_id, .. }) => {
                params.client_id("origClientOrderId", *client_id);
                self.write_window(&mut params);
                params.word("symbol", shape.symbol);
                self.write_time(&mut params, now);
            }
            Command::Replace(replace) => self.write_replace(&mut params, &shape, replace, now)?,
        }
        params.finish().ok_or(Unsent::Full)
    }

    fn write_new(
        &self,
        params: &mut Params<'_>,
        shape: &Shape<'_>,
        order: &NewOrder,
        now: Now,
    ) -> Result<(), Unsent> {
        let spot = self.market == TradeMarket::Spot;
        let end = order.tif.good_till();
        if spot && (end.is_some() || order.reduce_only == ReduceOnly::Yes) {
            return Err(Unsent::Form);
        }
        if let Some(end) = end {
            let millis = u64::try_from(end.0 / 1_000_000).map_err(|_| Unsent::Form)?;
            params.number("goodTillDate", millis);
        }
        params.client_id("newClientOrderId", order.client_id);
        params.word("newOrderRespType", "ACK");
        params.text("price", |writer| writer.decimal(order.price.0, shape.tick));
        params.text("quantity", |writer| writer.decimal(order.lots.0, shape.lot));
        self.write_window(params);
        if order.reduce_only == ReduceOnly::Yes {
            params.word("reduceOnly", "true");
        }
        params.text("selfTradePreventionMode", |writer| writer.put(self.self_trade.word()));
        params.word("side", side(order.side));
        params.word("symbol", shape.symbol);
        // Spot has a type of its own for what may only make.
        let maker = spot && order.tif == TimeInForce::PostOnly;
        if !maker {
            params.word("timeInForce", time_in_force(order.tif));
        }
        self.write_time(params, now);
        params.word("type", if maker { "LIMIT_MAKER" } else { "LIMIT" });
        Ok(())
    }

    /// Spot keeps an order's place and price and makes it smaller; futures take any price and size and queue it anew.
    fn write_replace(
        &self,
        params: &mut Params<'_>,
        shape: &Shape<'_>,
        replace: &Replace,
        now: Now,
    ) -> Result<(), Unsent> {
        match self.market {
            TradeMarket::Spot => {
                let placed = self.orders.of(replace.client_id).ok_or(Unsent::Form)?;
                if placed.price != replace.price || placed.lots <= replace.lots {
                    return Err(Unsent::Form);
                }
                params.client_id("newClientOrderId", replace.client_id);
                params.text("newQty", |writer| writer.decimal(replace.lots.0, shape.lot));
                params.client_id("origClientOrderId", replace.client_id);
                self.write_window(params);
            }
            TradeMarket::UsdM => {
                params.client_id("origClientOrderId", replace.client_id);
                params.text("price", |writer| writer.decimal(replace.price.0, shape.tick));
                params.text("quantity", |writer| writer.decimal(replace.lots.0, shape.lot));
                self.write_window(params);
                params.word("side", side(replace.side));
            }
        }
        params.word("symbol", shape.symbol);
        self.write_time(params, now);
        Ok(())
    }

    fn write_window(&self, params: &mut Params<'_>) {
        params.number("recvWindow", self.recv_window_ms);
    }

    fn write_time(&self, params: &mut Params<'_>, now: Now) {
        params.number("timestamp", self.timestamp(now));
    }
}

/// How an instrument's numbers are written.
struct Shape<'n> {
    symbol: &'n str,
    tick: Step,
    lot: Step,
}

const fn method(market: TradeMarket, command: &Command) -> &'static str {
    match (command, market) {
        (Command::New(_), _) => "order.place",
        (Command::Cancel(_), _) => "order.cancel",
        (Command::Query(_), _) => "order.status",
        (Command::Replace(_), TradeMarket::Spot) => "order.amend.keepPriority",
        (Command::Replace(_), TradeMarket::UsdM) => "order.modify",
    }
}

const fn side(side: Side) -> &'static str {
    match side {
        Side::Bid => "BUY",
        Side::Ask => "SELL",
    }
}

const fn time_in_force(tif: TimeInForce) -> &'static str {
    match tif {
        TimeInForce::PostOnly => "GTX",
        TimeInForce::GoodTillCancel => "GTC",
        TimeInForce::ImmediateOrCancel => "IOC",
        TimeInForce::FillOrKill => "FOK",
        TimeInForce::GoodTillDate(_) => "GTD",
    }
}

/// The parameters of a request, signed as they are written.
struct Params<'b> {
    writer: Writer<'b>,
    mac: Option<StreamMac>,
    /// The last one's name; names must rise.
    last: &'static str,
}

impl<'b> Params<'b> {
    fn new(buffer: &'b mut [u8], id: u64, method: &str) -> Self {
        let mut writer = Writer::new(buffer);
        writer.put(br#"{"id":"#);
        writer.number(id);
        writer.put(br#","method":""#);
        writer.put(method.as_bytes());
        writer.put(br#"","params":{"#);
        Self { writer, mac: None, last: "" }
    }

    fn text(&mut self, name: &'static str, write: impl FnOnce(&mut Writer<'b>)) {
        self.member(name, b"\"", write);
    }

    fn word(&mut self, name: &'static str, word: &str) {
        self.text(name, |writer| writer.put(word.as_bytes()));
    }

    fn client_id(&mut self, name: &'static str, id: ClientOrderId) {
        self.text(name, |writer| write_client_id(writer, id));
    }

    fn number(&mut self, name: &'static str, number: u64) {
        self.member(name, b"", |writer| writer.number(number));
    }

    fn member(&mut self, name: &'static str, quote: &[u8], write: impl FnOnce(&mut Writer<'b>)) {
        debug_assert!(self.last < name, "{name} after {}", self.last);
        let writer = &mut self.writer;
        writer.put(if self.last.is_empty() { b"\"" } else { b",\"" });
        writer.put(name.as_bytes());
        writer.put(b"\":");
        writer.put(quote);
        let start = writer.len();
        write(writer);
        if let Some(mac) = &mut self.mac {
            if !self.last.is_empty() {
                mac.update(b"&");
            }
            mac.update(name.as_bytes());
            mac.update(b"=");
            mac.update(writer.since(start));
        }
        writer.put(quote);
        self.last = name;
    }

    /// Closes the request, its signature last.
    fn finish(mut self) -> Option<&'b [u8]> {
        if let Some(mac) = self.mac.take() {
            self.writer.put(br#","signature":""#);
            self.writer.put(mac.finish().as_bytes());
            self.writer.put(b"\"");
        }
        self.writer.put(b"}}");
        self.writer.finish()
    }
}
