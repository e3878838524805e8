//! Answers on the WebSocket API: what became of a request, in the core's words.

use ballast_json::{Grid, Item};
use ballast_model::{
    Command, Ending, Event, InstrumentId, Lots, Nanos, OrderReport, OrderUpdate, PackedLevel, Price,
    RejectReason, Span, VenueOrderId,
};

use super::budget::Pool;
use super::clock::Stamp;
use super::config::TradeMarket;
use super::in_flight::Asked;
use super::jobs::Job;
use super::near::{Round, near};
use super::notice::Notice;
use super::placed::Placed;
use super::verdict::{Fate, Remedy, VenueError, Verdict};
use super::{Api, Step, TradeError, TradeSession};
use crate::binance::stream::venue_time;
use crate::{Channel, EventSink, Now};

/// Silence that the venue wants without saying for how long.
const SILENCE: Span = Span::from_secs(60);

/// Silence after a ban without an end: the shortest there are.
const BAN: Span = Span::from_secs(120);

/// The members of a frame that say what it is.
#[derive(Clone, Copy, Debug, Default)]
struct Frame<'f> {
    id: Option<u64>,
    status: Option<u64>,
    result: Option<Item<'f>>,
    error: Option<Item<'f>>,
    limits: Option<Item<'f>>,
    event: Option<Item<'f>>,
}

/// An order as answers show it, in the engine's words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    pub(super) venue_id: VenueOrderId,
    pub(super) level: Option<PackedLevel>,
    pub(super) filled: Lots,
    pub(super) end: Option<Ending>,
    pub(super) time: Option<Nanos>,
}

impl Shown {
    /// Reads an order of an instrument with these grids.
    pub(super) fn read(item: Item<'_>, (prices, sizes): (Grid, Grid)) -> Option<Self> {
        let (mut id, mut price, mut size, mut filled, mut status, mut time) = (None, None, None, 0, "", None);
        item.members(|key, value| match key {
            b"orderId" => id = value.unsigned(),
            b"price" => price = near(value, prices, Round::Down),
            b"origQty" | b"qty" => size = near(value, sizes, Round::Up),
            b"executedQty" => filled = near(value, sizes, Round::Down).unwrap_or_default(),
            b"status" => status = value.text().unwrap_or_default(),
            b"updateTime" | b"transactTime" => time = value.unsigned(),
            _ => {}
        });
        let level = price.zip(size).and_then(|(price, size)| {
            PackedLevel::new(Price(i64::try_from(price).ok()?), Lots(i64::try_from(size).ok()?))
        });
        Some(Self {
            venue_id: VenueOrderId(id?),
            level,
            filled: Lots(i64::try_from(filled).unwrap_or_default()),
            end: ending(status),
            time: time.map(venue_time),
        })
    }
}

/// The end that an order's status says; `None` while it is open, or where the status is not known.
pub(super) fn ending(status: &str) -> Option<Ending> {
    Some(match status {
        "FILLED" => Ending::Filled,
        "CANCELED" => Ending::Cancelled,
        "EXPIRED" | "EXPIRED_IN_MATCH" => Ending::Expired,
        "REJECTED" => Ending::Rejected(RejectReason::Other),
        _ => return None,
    })
}

impl TradeSession {
    /// A frame of either connection: an answer, or news of the account, bare or in an envelope.
    pub(super) fn on_frame<S: EventSink>(
        &mut self,
        channel: Channel,
        bytes: &[u8],
        now: Now,
        out: &mut S,
    ) -> Result<(), TradeError> {
        let root = Item::read(bytes).map_err(TradeError::Decode)?;
        let mut frame = Frame::default();
        root.members(|key, value| match key {
            b"id" => frame.id = value.unsigned(),
            b"status" => frame.status = value.unsigned(),
            b"result" => frame.result = Some(value),
            b"error" => frame.error = Some(value),
            b"rateLimits" => frame.limits = Some(value),
            b"event" | b"data" => frame.event = Some(value),
            b"e" if frame.event.is_none() => frame.event = Some(root),
            _ => {}
        });
        if let Some(event) = frame.event {
            return self.on_event(channel, event, now, out);
        }
        let status = frame.status.ok_or(TradeError::Member("status"))?;
        let asked = frame.id.and_then(|id| self.in_flight.answer(id));
        if let Some(limits) = frame.limits {
            self.adopt_limits(limits, now);
        }
        let Some((asked, answer_by)) = asked else {
            self.counters.unasked += 1;
            // Not an answer to anything, such as a key that was deleted while it was in use.
            if status != 200 {
                let error = read_error(status, frame.error);
                self.remedy(error.verdict().remedy, error.code, retry_after(frame.error), None, now);
                self.tell_access(now.mono, out);
            }
            return Ok(());
        };
        match (frame.result, status) {
            (Some(result), 200) => {
                self.look_at_stamp(asked, result, answer_by, now);
                self.on_result(asked, result, now, out)
            }
            _ => {
                let error = read_error(status, frame.error);
                self.on_refusal(asked, &error, retry_after(frame.error), now, out);
                Ok(())
            }
        }
    }

    /// When the venue did what an order or a cancel asked for, held against its clock.
    fn look_at_stamp(&mut self, asked: Asked, result: Item<'_>, answer_by: Nanos, now: Now) {
        if let Asked::Command(Command::New(_) | Command::Cancel(_)) = asked {
            let time = result.member(b"transactTime").or_else(|| result.member(b"updateTime"));
            if let Some(time) = time.and_then(Item::unsigned) {
                self.on_stamp(Some(answer_by - self.answer_max), venue_time(time), now);
            }
        }
    }

    /// A time that the venue wrote into what came now: in an answer to what was asked then.
    pub(super) fn on_stamp(&mut self, asked: Option<Nanos>, venue_time: Nanos, now: Now) {
        match self.clock.stamp(asked, now, venue_time) {
            Stamp::Agrees => return,
            Stamp::Doubts => {}
            Stamp::Refutes => self.notices.add(Notice::ClockOff),
        }
        self.jobs.want_first(Job::Time);
    }

    fn on_result<S: EventSink>(
        &mut self,
        asked: Asked,
        result: Item<'_>,
        now: Now,
        out: &mut S,
    ) -> Result<(), TradeError> {
        match asked {
            Asked::LogOn => {
                if self.api == Api::LogOn(Step::Asked) {
                    let spot = self.market == TradeMarket::Spot;
                    self.api = if spot { Api::Subscribe(Step::Due) } else { Api::Open };
                }
                self.tell_access(now.mono, out);
                Ok(())
            }
            Asked::Subscribe => {
                if self.api == Api::Subscribe(Step::Asked) {
                    self.api = Api::Open;
                    self.stream_up(now);
                }
                self.tell_access(now.mono, out);
                Ok(())
            }
            Asked::Command(command) => self.on_done(&command, result, now, out),
        }
    }

    /// A command went well.
    fn on_done<S: EventSink>(
        &mut self,
        command: &Command,
        result: Item<'_>,
        now: Now,
        out: &mut S,
    ) -> Result<(), TradeError> {
        // Spot shows an amended order inside.
        let order = result.member(b"amendedOrder").unwrap_or(result);
        let instrument = command.instrument();
        let index = self.names.of(instrument);
        let known = index.and_then(|index| self.names.instruments.get(index));
        let grids = known.map(|known| (known.prices, known.sizes)).ok_or(TradeError::Member("symbol"))?;
        let Some(shown) = Shown::read(order, grids) else {
            // The venue did as asked, but what stands now is not told: it is asked for.
            self.fate_unknown(Asked::Command(*command), now, out);
            return Err(TradeError::Member("orderId"));
        };
        self.orders.named(instrument, command.client_id(), shown.venue_id);
        let Shown { venue_id, level, filled, end, time } = shown;
        let ended = |how| OrderReport::Ended { how, filled };
        let report = match (command, end) {
            // An order that took all at once still has its fills to come: they end it.
            (Command::New(_), None | Some(Ending::Filled)) => {
                self.budget.went_well();
                OrderReport::Accepted(venue_id)
            }
            (Command::Cancel(_), None) => ended(Ending::Cancelled),
            (Command::New(_) | Command::Cancel(_) | Command::Replace(_), Some(how)) => ended(how),
            (Command::Query(_), Some(how)) => {
                self.look_for_fills(index, filled, venue_id);
                ended(how)
            }
            (Command::Replace(replace), None) => {
                let asked = PackedLevel::new(replace.price, replace.lots);
                let level = level.or(asked).ok_or(TradeError::Member("price"))?;
                self.rests(instrument, command, venue_id, level);
                OrderReport::Replaced { venue_id, level, filled }
            }
            (Command::Query(query), None) => {
                let level = level.ok_or(TradeError::Member("price"))?;
                self.rests(instrument, command, venue_id, level);
                self.look_for_fills(index, filled, venue_id);
                OrderReport::Working { venue_id, level, filled, query: query.number }
            }
        };
        self.report(command, report, time.unwrap_or(now.mono), out);
        Ok(())
    }

    /// What an order has traded is told once more where an answer to a question counts it: what is new was missing.
    fn look_for_fills(&mut self, index: Option<usize>, filled: Lots, venue_id: VenueOrderId) {
        if let Some(index) = index
            && !filled.is_zero()
        {
            self.jobs.want(Job::TradesOf(index, venue_id));
        }
    }

    fn rests(&mut self, instrument: InstrumentId, command: &Command, id: VenueOrderId, level: PackedLevel) {
        self.orders.rests(Placed {
            instrument,
            client_id: command.client_id(),
            venue_id: Some(id),
            price: level.price(),
            lots: level.lots(),
        });
    }

    fn report<S: EventSink>(
        &mut self,
        command: &Command,
        report: OrderReport,
        venue_time: Nanos,
        out: &mut S,
    ) {
        let (instrument, client_id) = (command.instrument(), command.client_id());
        self.tell(Event::Order(OrderUpdate { instrument, client_id, report, venue_time }), out);
    }

    /// A request was refused, or nobody knows.
    fn on_refusal<S: EventSink>(
        &mut self,
        asked: Asked,
        error: &VenueError<'_>,
        retry_after: Option<Nanos>,
        now: Now,
        out: &mut S,
    ) {
        let Verdict { fate, remedy } = error.verdict();
        let index = match asked {
            Asked::Command(command) => self.names.of(command.instrument()),
            Asked::LogOn | Asked::Subscribe => None,
        };
        self.remedy(remedy, error.code, retry_after, index, now);
        self.tell_access(now.mono, out);
        let Asked::Command(command) = asked else {
            if self.api != Api::Down {
                self.renew(Channel::Api);
            }
            return;
        };
        let Fate::Refused(reason) = fate else {
            // Nothing is said of what stands now.
            self.fate_unknown(asked, now, out);
            return;
        };
        let report = match command {
            Command::New(_) => OrderReport::Rejected(reason),
            Command::Cancel(_) => OrderReport::CancelRejected(reason),
            Command::Replace(_) => OrderReport::ReplaceRejected(reason),
            Command::Query(query) if reason == RejectReason::UnknownOrder => {
                OrderReport::NotFound { query: query.number }
            }
            Command::Query(_) => return,
        };
        self.report(&command, report, now.mono, out);
        if matches!(report, OrderReport::NotFound { .. }) {
            self.on_denial(command.instrument(), command.client_id(), now, out);
        }
    }

    /// Does what an error asks for. `retry_after` is by the venue's clock.
    pub(super) fn remedy(
        &mut self,
        remedy: Remedy,
        code: i64,
        retry_after: Option<Nanos>,
        index: Option<usize>,
        now: Now,
    ) {
        match remedy {
            Remedy::None => {}
            Remedy::Halt => self.halt(code),
            Remedy::Clock => {
                self.clock.forget();
                self.notices.add(Notice::ClockOff);
                self.jobs.want_first(Job::Time);
            }
            Remedy::Silence => {
                let wait = retry_after.map_or(SILENCE, |end| end - self.clock.venue_time(now)).0.max(0);
                let until = now.mono + Span(wait);
                self.budget.silence(until);
                self.notices.add(Notice::Silenced(until));
            }
            Remedy::BackOff => self.budget.back_off(now.mono),
            Remedy::Orders => {
                let window = self.budget.order_window();
                self.budget.pause_orders(now.mono + window);
            }
            Remedy::Rules => {
                self.jobs.want(Job::Rules);
                if let Some(index) = index
                    && code == -1121
                    && let Some(instrument) = self.names.instruments.get(index)
                {
                    self.notices.add(Notice::NotListed(instrument.id));
                }
            }
            Remedy::Account => self.jobs.want_account(self.market),
            Remedy::Stream => match self.market {
                TradeMarket::Spot => self.renew(Channel::Api),
                TradeMarket::UsdM => self.jobs.want_first(Job::ListenKey),
            },
            Remedy::ReduceOnly => self.notices.add(Notice::ReduceOnlyAccount),
            Remedy::Configuration => self.notices.add(Notice::Configuration(code)),
        }
    }

    /// Takes the venue's counts (`rateLimits`), to which orders on their way are yet to be added.
    fn adopt_limits(&mut self, limits: Item<'_>, now: Now) {
        let wall = self.clock.venue_time(now);
        let on_their_way = self.in_flight.orders();
        limits.elements(|item| {
            if let Some(limit) = Limit::read(item) {
                let more = if limit.pool == Pool::Orders { on_their_way } else { 0 };
                let used = limit.count.map(|count| count.saturating_add(more));
                self.budget.adopt((limit.pool, limit.interval), Some(limit.limit), used, wall);
            }
        });
    }
}

/// Seconds of an `interval` of `rateLimits`; `None` for names the venue's documentation does not have.
#[must_use]
pub fn interval_seconds(name: &str) -> Option<u32> {
    match name {
        "SECOND" => Some(1),
        "MINUTE" => Some(60),
        "HOUR" => Some(3_600),
        "DAY" => Some(86_400),
        _ => None,
    }
}

/// One entry of `rateLimits`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    pub(super) pool: Pool,
    pub(super) interval: Span,
    pub(super) limit: u32,
    pub(super) count: Option<u32>,
}

impl Limit {
    /// `None` for kinds that are not kept.
    pub(super) fn read(item: Item<'_>) -> Option<Self> {
        let (mut pool, mut unit, mut number, mut limit, mut count) = (None, None, None, None, None);
        let small = |value: Item<'_>| value.unsigned().and_then(|number| u32::try_from(number).ok());
        item.members(|key, value| match key {
            b"rateLimitType" => {
                pool = match value.text() {
                    Some("REQUEST_WEIGHT") => Some(Pool::Weight),
                    Some("ORDERS") => Some(Pool::Orders),
                    _ => None,
                }
            }
            b"interval" => unit = value.text().and_then(interval_seconds),
            b"intervalNum" => number = small(value).filter(|number| *number <= 1_000),
            b"limit" => limit = small(value),
            b"count" => count = small(value),
            _ => {}
        });
        Some(Self {
            pool: pool?,
            interval: Span::from_secs(i64::from(unit?) * i64::from(number?)),
            limit: limit?,
            count,
        })
    }
}

pub(super) fn read_error(status: u64, error: Option<Item<'_>>) -> VenueError<'_> {
    let code = error.and_then(|error| error.member(b"code")).and_then(Item::signed).unwrap_or_default();
    let message = error.and_then(|error| error.member(b"msg")).and_then(Item::text).unwrap_or_default();
    VenueError { status, code, message }
}

/// When the venue lets us speak again, by its clock.
fn retry_after(error: Option<Item<'_>>) -> Option<Nanos> {
    error?.member(b"data")?.member(b"retryAfter")?.unsigned().map(venue_time)
}

/// How long to be silent for an HTTP answer with this status and header.
pub(super) fn silence_for(status: u16, seconds: Option<u32>) -> Span {
    let least = if status == 418 { BAN } else { SILENCE };
    seconds.map_or(least, |seconds| Span::from_secs(i64::from(seconds)))
}
