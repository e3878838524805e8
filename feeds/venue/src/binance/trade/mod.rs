//! Trading on Binance spot and USD-M: orders and requests out, answers and news of the account in.
//!
//! One session per account and market. Orders go over the WebSocket API ([`Channel::Api`]), logged on once with an Ed25519
//! key or signed one by one with HMAC; news of the account come on the same connection on spot, on one of their own
//! ([`Channel::Private`]) on futures; whatever else is asked goes over HTTP, one request at a time ([`Channel::Rest`]).
//!
//! What the core may rely on:
//! - an order of whose request nobody knows the fate (no answer in time, a lost connection, a failing server) is
//!   [`FateUnknown`](ballast_model::OrderReport::FateUnknown), never dead; an answer that comes late is understood all the same;
//! - a trade is told once, whether it came by the stream, twice, or by a sweep after the stream was down;
//! - after the private stream has come up, rules, account, open orders and the trades since the last known are fetched, and
//!   only then is the [`standing`](TradeSession::standing) whole;
//! - an order goes out only while its fills would be seen, the clocks agree, the venue's rules are those configured and the
//!   budget lasts; a cancel needs no more than the connection.
//!
//! Pings and pongs are the wire's. Never here: a socket, a clock, a decision.

mod access;
mod account;
mod answers;
mod budget;
mod clock;
mod config;
mod dead_man;
mod denied;
mod ids;
mod in_flight;
mod jobs;
mod near;
mod notice;
mod orders;
mod outlet;
mod placed;
mod recent;
mod replies;
mod rules;
mod standing;
mod state;
mod verdict;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use ballast_json::DecodeError;
use ballast_model::{Event, InstrumentId, Nanos, Span, SubAccountId};

pub use answers::interval_seconds;
pub use budget::{Pool, Window};
pub use clock::ClockReading;
pub use config::{
    ASSETS_MAX, DeadMan, SelfTradePrevention, TradeConfig, TradeConfigError, TradeInstrument, TradeMarket,
    TradesSince,
};
pub use ids::CLIENT_ID_PREFIX;
pub use in_flight::IN_FLIGHT_MAX;
pub use notice::Notice;
pub use orders::{ORDER_BYTES_MAX, Unsent, cancels_first};
pub use outlet::BACKLOG_MAX;
pub use placed::ORDERS_REMEMBERED;
pub use standing::{Holding, OPEN_ORDERS_MAX, OpenOrder, Position, Rules, Standing, TradingState};
pub use verdict::{Fate, Remedy, VenueError, Verdict};

use self::account::Parked;
use self::budget::Budget;
use self::clock::VenueClock;
use self::config::Names;
use self::dead_man::Timer;
use self::denied::Denials;
use self::in_flight::InFlight;
use self::jobs::Jobs;
use self::notice::Notices;
use self::outlet::Outlet;
use self::placed::Orders;
use self::recent::Recent;
use self::standing::Known;
use self::state::Timers;
use crate::signing::{Credentials, KeyKind, Secret};
use crate::{Channel, EventSink, Now};

/// A control request of ours and its answer's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Due,
    Asked,
}

/// The connection that takes orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Api {
    Down,
    LogOn(Step),
    Subscribe(Step),
    Open,
}

/// The connection that tells of the account, on futures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Private {
    Down,
    Open,
}

/// What a session counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TradeCounters {
    /// Commands encoded.
    pub sent: u64,
    /// Commands not sent, by [`Unsent`].
    pub unsent: [u64; Unsent::ALL.len()],
    /// Frames and answers read.
    pub frames: u64,
    /// Frames and answers that could not be read.
    pub unreadable: u64,
    /// Answers to requests that nobody waits for.
    pub unasked: u64,
    /// Requests whose answer did not come in time.
    pub overdue: u64,
    /// Fills told.
    pub fills: u64,
    /// Trades heard of again and not told again.
    pub repeated: u64,
    /// Trades told by a sweep that the stream had not told.
    pub swept: u64,
    /// Trades that could not be told.
    pub unbookable: u64,
    /// Fills at a price between two ticks, told at the one that is worse for us.
    pub stray_fills: u64,
    /// News of the account that mean nothing here.
    pub ignored: u64,
    /// Events lost to a full sink.
    pub lost: u64,
    /// Orders that the venue had and has lost.
    pub orders_lost: u64,
    /// Notices that gave way to newer ones.
    pub notices_dropped: u64,
}

/// Why bytes could not be read. They count as consumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TradeError {
    /// No JSON, and where.
    Decode(DecodeError),
    /// A member that must be there is not, or is something else.
    Member(&'static str),
    /// This session reads no such channel.
    Channel(Channel),
}

impl core::fmt::Display for TradeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Decode(error) => write!(f, "frame cannot be decoded: {error}"),
            Self::Member(name) => write!(f, "frame has no usable `{name}`"),
            Self::Channel(channel) => write!(f, "bytes on a channel that is not read: {channel:?}"),
        }
    }
}

impl core::error::Error for TradeError {}

/// Orders and account of one Binance market.
///
/// The runtime keeps the connections that [`path`](Self::path) names and a way for HTTP requests, reports what happens by
/// the `on_*` methods, sends what [`encode`](Self::encode) and [`poll_request`](Self::poll_request) yield, closes and opens
/// anew what [`poll_reconnect`](Self::poll_reconnect) names, and calls [`on_deadline`](Self::on_deadline) once
/// [`next_deadline`](Self::next_deadline) has passed.
pub struct TradeSession {
    market: TradeMarket,
    credentials: Credentials,
    account: SubAccountId,
    self_trade: SelfTradePrevention,
    recv_window_ms: u64,
    answer_max: Span,
    timer: Timer,
    names: Names,
    in_flight: InFlight,
    budget: Budget,
    clock: VenueClock,
    orders: Orders,
    /// Executions told, by the venue's ids of them; spot alone has such.
    executions: Recent,
    /// Payments of funding told, by the venue's ids of them.
    payments: Recent,
    /// Funding is asked for from here on.
    funding_since: Nanos,
    outlet: Outlet,
    notices: Notices,
    counters: TradeCounters,
    api: Api,
    private: Private,
    /// Path of the private connection, which holds its key.
    private_path: Option<Secret>,
    /// The venue refuses our key.
    halted: bool,
    jobs: Jobs,
    denials: Denials,
    known: Known,
    /// Trades whose order is yet to be found.
    parked: Vec<Parked>,
    timers: Timers,
    /// Connections to be closed and opened anew.
    reconnect: [Option<Channel>; 2],
    /// What control requests are lent out from.
    frame: Box<[u8]>,
    /// What HTTP requests are lent out from.
    text: String,
}

impl core::fmt::Debug for TradeSession {
    /// Buffers may hold keys: they are left out.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("TradeSession")
            .field("market", &self.market)
            .field("api", &self.api)
            .field("private", &self.private)
            .field("standing", &self.known.standing)
            .finish_non_exhaustive()
    }
}

impl TradeSession {
    /// Builds the session and allocates all that orders and news of the account need.
    ///
    /// # Errors
    /// [`TradeConfigError`].
    pub fn new(config: &TradeConfig<'_>, credentials: Credentials) -> Result<Self, TradeConfigError> {
        let names = Names::new(config)?;
        config.check()?;
        Ok(Self {
            market: config.market,
            credentials,
            account: config.account,
            self_trade: config.self_trade,
            recv_window_ms: u64::try_from(config.recv_window.0 / 1_000_000).unwrap_or_default(),
            answer_max: config.answer_max,
            timer: Timer::new(config.dead_man),
            in_flight: InFlight::new(),
            budget: Budget::new(config.market.limits(), config.cancel_reserve),
            clock: VenueClock::new(config.clock_offset_max),
            orders: Orders::new(),
            executions: Recent::new(),
            payments: Recent::new(),
            funding_since: config.funding_since,
            outlet: Outlet::new(),
            notices: Notices::new(),
            counters: TradeCounters::default(),
            api: Api::Down,
            private: Private::Down,
            private_path: None,
            halted: false,
            jobs: Jobs::new(),
            denials: Denials::new(),
            known: Known::new(names.assets(), names.instruments.len()),
            names,
            parked: Vec::with_capacity(account::PARKED_MAX),
            timers: Timers::NEVER,
            reconnect: [None; 2],
            frame: vec![0; ORDER_BYTES_MAX].into_boxed_slice(),
            text: String::with_capacity(jobs::REQUEST_BYTES),
        })
    }

    /// Path of a connection to keep; `None` where there is none, or not yet: on futures the private one needs a key first.
    /// It may hold a key and belongs in no log.
    #[must_use]
    pub fn path(&self, channel: Channel) -> Option<&str> {
        match (channel, self.market) {
            (Channel::Api, TradeMarket::Spot) => Some("/ws-api/v3"),
            (Channel::Api, TradeMarket::UsdM) => Some("/ws-fapi/v1"),
            (Channel::Private, TradeMarket::UsdM) => {
                core::str::from_utf8(self.private_path.as_ref()?.reveal()).ok()
            }
            (Channel::Private | Channel::Market(_) | Channel::Rest, _) => None,
        }
    }

    /// What is counted.
    #[must_use]
    pub const fn counters(&self) -> TradeCounters {
        let mut counters = self.counters;
        counters.notices_dropped = self.notices.dropped;
        counters
    }

    /// The next thing to know that no event tells.
    pub fn poll_notice(&mut self) -> Option<Notice> {
        self.notices.take()
    }

    /// A connection to be closed and opened anew; each is named once.
    pub fn poll_reconnect(&mut self) -> Option<Channel> {
        self.reconnect.iter_mut().find_map(Option::take)
    }

    /// The venue's clock against ours, as last measured.
    #[must_use]
    pub const fn clock(&self) -> Option<ClockReading> {
        self.clock.reading()
    }

    /// The venue's limits and how much of them is used.
    #[must_use]
    pub fn windows(&self) -> &[Window] {
        self.budget.windows()
    }

    /// Whether an order of this instrument would go out now, its budget aside.
    #[must_use]
    pub fn may_add(&self, instrument: InstrumentId, now: Nanos) -> bool {
        let listed = self.names.of(instrument).is_some_and(|index| self.may_trade(index));
        listed && !self.halted && self.api == Api::Open && self.sees_fills() && self.clock.agrees(now)
    }

    /// How far the figures below can be relied upon.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        self.known.standing
    }

    /// The venue's rules of an instrument, once fetched.
    #[must_use]
    pub fn rules(&self, instrument: InstrumentId) -> Option<&Rules> {
        self.names.instruments.get(self.names.of(instrument)?)?.rules.as_ref()
    }

    /// Balances, kept up to date by the stream.
    #[must_use]
    pub fn holdings(&self) -> &[Holding] {
        &self.known.holdings
    }

    /// Positions, kept up to date by the stream; every instrument has one once they are fetched.
    #[must_use]
    pub fn positions(&self) -> &[Position] {
        &self.known.positions
    }

    /// Open orders as the last sweep found them, those of others included; events have told what came after.
    #[must_use]
    pub fn open_orders(&self) -> &[OpenOrder] {
        &self.known.open_orders
    }

    /// Reads one whole text frame, and returns how many bytes that were: all of them, also where an error is returned.
    ///
    /// # Errors
    /// [`TradeError`], counted; the session goes on. Answers to HTTP requests go to [`on_answer`](Self::on_answer).
    pub fn on_bytes<S: EventSink>(
        &mut self,
        channel: Channel,
        frame: &[u8],
        now: Now,
        out: &mut S,
    ) -> Result<usize, TradeError> {
        self.counters.frames += 1;
        self.outlet.settle(out);
        let read = match channel {
            Channel::Api | Channel::Private => self.on_frame(channel, frame, now, out),
            Channel::Market(_) | Channel::Rest => Err(TradeError::Channel(channel)),
        };
        if read.is_err() {
            self.counters.unreadable += 1;
        }
        read.map(|()| frame.len())
    }

    /// Whether fills would be seen.
    fn sees_fills(&self) -> bool {
        match self.market {
            TradeMarket::Spot => self.api == Api::Open,
            TradeMarket::UsdM => self.private == Private::Open,
        }
    }

    /// Whether the venue's rules of an instrument are those configured.
    fn may_trade(&self, index: usize) -> bool {
        self.names.instruments.get(index).is_some_and(|instrument| {
            instrument.rules.is_some_and(|rules| {
                (rules.state, rules.tick, rules.lot)
                    == (TradingState::Trading, instrument.tick, instrument.lot)
            })
        })
    }

    /// The venue's time as requests carry it, in milliseconds.
    fn timestamp(&self, now: Now) -> u64 {
        u64::try_from(self.clock.venue_time(now).0 / 1_000_000).unwrap_or_default()
    }

    fn logs_on(&self) -> bool {
        self.credentials.kind() == KeyKind::Ed25519
    }

    fn tell<S: EventSink>(&mut self, event: Event, out: &mut S) {
        if let (Some(lost), Some(instrument)) = (self.denials.hear(&event), event.instrument()) {
            self.notices.add(Notice::LostOrderTraded(instrument, lost));
        }
        self.outlet.tell(event, out);
    }
}
