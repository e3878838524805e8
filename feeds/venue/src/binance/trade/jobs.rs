//! What is asked over HTTP: which request is next, and its path and query.
//!
//! One request stands at a time. Cancels of everything go first, even in place of a request that is still unanswered.

use alloc::collections::VecDeque;
use alloc::string::String;
use core::fmt::Write;

use ballast_model::{Nanos, Span, VenueOrderId, mutant};

use super::super::INSTRUMENTS_MAX;
use super::TradeSession;
use super::budget::Need;
use super::config::{DEAD_MAN_WEIGHT, TradeMarket, TradesSince};
use crate::signing::percent_encode;
use crate::{Channel, Now, Request, Verb};

/// Room for the longest request: every symbol in a list.
pub(super) const REQUEST_BYTES: usize = 64 * INSTRUMENTS_MAX + 1_024;

/// Jobs that may wait.
const JOBS_MAX: usize = 8 * INSTRUMENTS_MAX + 64;

/// How long an HTTP answer may take.
const ANSWER_MAX: Span = Span::from_secs(10);

/// Trades on a page.
pub(super) const TRADES_PAGE: usize = 1_000;

/// One thing to ask or do. A number is an instrument's position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Job {
    Time,
    Rules,
    Account,
    Positions,
    OpenOrders(usize),
    /// Those since the last known.
    Trades(usize),
    /// Those of one order.
    TradesOf(usize, VenueOrderId),
    /// Whose an order is.
    Order(usize, VenueOrderId),
    Funding,
    ListenKey,
    KeepKey,
    CancelAll(usize),
    DeadMan(usize),
}

impl Job {
    /// Whether a standing is not whole without it.
    const fn is_sweep(self) -> bool {
        match self {
            Self::Rules
            | Self::Account
            | Self::Positions
            | Self::OpenOrders(_)
            | Self::Trades(_)
            | Self::Order(..)
            | Self::Funding => true,
            Self::Time
            | Self::TradesOf(..)
            | Self::ListenKey
            | Self::KeepKey
            | Self::CancelAll(_)
            | Self::DeadMan(_) => false,
        }
    }

    const fn weight(self, market: TradeMarket) -> u32 {
        match (self, market) {
            (Self::Rules | Self::Account | Self::Trades(_), TradeMarket::Spot) => 20,
            (Self::OpenOrders(_), TradeMarket::Spot) => 6,
            (Self::Order(..), TradeMarket::Spot) => 4,
            (Self::Account | Self::Positions | Self::Trades(_), TradeMarket::UsdM)
            | (Self::TradesOf(..), _) => 5,
            (Self::Funding, _) => 30,
            (Self::DeadMan(_), _) => DEAD_MAN_WEIGHT,
            (
                Self::Time
                | Self::Rules
                | Self::Positions
                | Self::OpenOrders(_)
                | Self::Order(..)
                | Self::ListenKey
                | Self::KeepKey
                | Self::CancelAll(_),
                _,
            ) => 1,
        }
    }

    const fn verb(self) -> Verb {
        match self {
            Self::ListenKey | Self::DeadMan(_) => Verb::Post,
            Self::KeepKey => Verb::Put,
            Self::CancelAll(_) => Verb::Delete,
            Self::Time
            | Self::Rules
            | Self::Account
            | Self::Positions
            | Self::OpenOrders(_)
            | Self::Trades(_)
            | Self::TradesOf(..)
            | Self::Order(..)
            | Self::Funding => Verb::Get,
        }
    }

    const fn auth(self) -> Auth {
        match self {
            Self::Time | Self::Rules => Auth::None,
            Self::ListenKey | Self::KeepKey => Auth::Key,
            Self::Account
            | Self::Positions
            | Self::OpenOrders(_)
            | Self::Trades(_)
            | Self::TradesOf(..)
            | Self::Order(..)
            | Self::Funding
            | Self::CancelAll(_)
            | Self::DeadMan(_) => Auth::Signed,
        }
    }

    const fn path(self, market: TradeMarket) -> &'static str {
        match (self, market) {
            (Self::Time, TradeMarket::Spot) => "/api/v3/time",
            (Self::Time, TradeMarket::UsdM) => "/fapi/v1/time",
            (Self::Rules, TradeMarket::Spot) => "/api/v3/exchangeInfo",
            (Self::Rules, TradeMarket::UsdM) => "/fapi/v1/exchangeInfo",
            (Self::Account, TradeMarket::Spot) => "/api/v3/account",
            (Self::Account, TradeMarket::UsdM) => "/fapi/v3/balance",
            (Self::Positions, _) => "/fapi/v3/positionRisk",
            (Self::OpenOrders(_) | Self::CancelAll(_), TradeMarket::Spot) => "/api/v3/openOrders",
            (Self::OpenOrders(_), TradeMarket::UsdM) => "/fapi/v1/openOrders",
            (Self::CancelAll(_), TradeMarket::UsdM) => "/fapi/v1/allOpenOrders",
            (Self::Trades(_) | Self::TradesOf(..), TradeMarket::Spot) => "/api/v3/myTrades",
            (Self::Trades(_) | Self::TradesOf(..), TradeMarket::UsdM) => "/fapi/v1/userTrades",
            (Self::Order(..), TradeMarket::Spot) => "/api/v3/order",
            (Self::Order(..), TradeMarket::UsdM) => "/fapi/v1/order",
            (Self::Funding, _) => "/fapi/v1/income",
            (Self::ListenKey | Self::KeepKey, _) => "/fapi/v1/listenKey",
            (Self::DeadMan(_), _) => "/fapi/v1/countdownCancelAll",
        }
    }
}

/// What proves to the venue who we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Auth {
    None,
    Key,
    Signed,
}

/// A request that stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    pub(super) job: Job,
    pub(super) at: Now,
}

/// What waits and what stands. Allocated once.
#[derive(Debug)]
pub(super) struct Jobs {
    waiting: VecDeque<Job>,
    sent: Option<Sent>,
    not_before: Nanos,
    failures: u32,
}

impl Jobs {
    pub(super) fn new() -> Self {
        Self { waiting: VecDeque::with_capacity(JOBS_MAX), sent: None, not_before: Nanos::MIN, failures: 0 }
    }

    /// Queues a job, once. The queue has room for all that repeat; of those that do not the newest gives way.
    pub(super) fn want(&mut self, job: Job) {
        if !self.waiting.contains(&job) && self.waiting.len() < JOBS_MAX {
            self.waiting.push_back(job);
        }
    }

    /// Queues a job before all others.
    pub(super) fn want_first(&mut self, job: Job) {
        self.waiting.retain(|waiting| *waiting != job);
        if self.waiting.len() == JOBS_MAX {
            self.waiting.pop_back();
        }
        self.waiting.push_front(job);
    }

    /// Queues a job before all others but cancels of everything, once.
    pub(super) fn want_soon(&mut self, job: Job) {
        if self.waiting.contains(&job) || self.waiting.len() == JOBS_MAX {
            return;
        }
        let soon = |waiting: &Job| matches!(waiting, Job::CancelAll(_) | Job::DeadMan(_));
        let place = self.waiting.iter().take_while(|waiting| soon(waiting)).count();
        self.waiting.insert(place, job);
    }

    /// Whether such a job waits or stands.
    pub(super) fn any(&self, is_such: impl Fn(Job) -> bool) -> bool {
        self.waiting.iter().copied().chain(self.sent.map(|sent| sent.job)).any(is_such)
    }

    pub(super) fn want_account(&mut self, market: TradeMarket) {
        self.want(Job::Account);
        if market == TradeMarket::UsdM {
            self.want(Job::Positions);
        }
    }

    /// All that a whole standing needs.
    pub(super) fn want_sweep(&mut self, instruments: usize, market: TradeMarket) {
        self.want(Job::Rules);
        self.want_account(market);
        for index in 0..instruments {
            self.want(Job::OpenOrders(index));
            if !mutant::is("sweep-without-trades") {
                self.want(Job::Trades(index));
            }
        }
        if market == TradeMarket::UsdM {
            self.want(Job::Funding);
        }
    }

    /// Jobs of a sweep that are left.
    pub(super) fn sweeping(&self) -> u32 {
        let jobs = self.waiting.iter().copied().chain(self.sent.map(|sent| sent.job));
        u32::try_from(jobs.filter(|job| job.is_sweep()).count()).unwrap_or(u32::MAX)
    }

    /// The request that stands is answered.
    pub(super) const fn answered(&mut self) -> Option<Sent> {
        self.sent.take()
    }

    pub(super) const fn went_well(&mut self) {
        self.failures = 0;
    }

    /// The request that stands is given up and repeated later.
    pub(super) fn fail(&mut self, now: Nanos) {
        if let Some(sent) = self.sent.take() {
            self.again(sent.job, now);
        }
    }

    /// A job is to be done again, after one second and then twice as long each time, up to 32.
    pub(super) fn again(&mut self, job: Job, now: Nanos) {
        // Old beats are worth nothing.
        if matches!(job, Job::CancelAll(_)) {
            self.want_first(job);
        } else if !matches!(job, Job::DeadMan(_)) {
            self.want(job);
        }
        self.not_before = now + Span::from_secs(1 << self.failures.min(5));
        self.failures = self.failures.saturating_add(1);
    }

    pub(super) fn is_overdue(&self, now: Nanos) -> bool {
        self.sent.is_some_and(|sent| now >= sent.at.mono + ANSWER_MAX)
    }

    /// When something is due; `silent_until` is when the venue lets us speak.
    pub(super) fn deadline(&self, silent_until: Nanos) -> Nanos {
        match self.sent {
            Some(sent) => sent.at.mono + ANSWER_MAX,
            None if self.waiting.is_empty() => Nanos::MAX,
            None => self.not_before.max(silent_until),
        }
    }

    /// The next job to send: none while one stands, unless everything is to be cancelled.
    fn next(&mut self, now: Nanos) -> Option<Job> {
        let next = *self.waiting.front()?;
        let urgent = matches!(next, Job::CancelAll(_));
        if now < self.not_before && !(urgent && self.failures == 0) {
            return None;
        }
        match self.sent {
            None => Some(next),
            Some(sent) if urgent && !matches!(sent.job, Job::CancelAll(_)) => Some(next),
            Some(_) => None,
        }
    }
}

impl TradeSession {
    pub(super) fn poll_job(&mut self, now: Now) -> Option<Request<'_>> {
        let job = self.jobs.next(now.mono)?;
        let costs = [(self.market.rest_pool(), job.weight(self.market))];
        let wall = self.clock.venue_time(now);
        if !self.budget.may(&costs, Need::Urgent, now.mono, wall) {
            self.jobs.not_before = now.mono + Span::from_secs(1);
            return None;
        }
        self.jobs.waiting.pop_front();
        if let Some(replaced) = self.jobs.sent.replace(Sent { job, at: now }) {
            self.jobs.want(replaced.job);
        }
        self.budget.charge(&costs, wall);
        self.write_job(job, now);
        let api_key = (job.auth() != Auth::None).then(|| self.credentials.api_key());
        let bytes = self.text.as_bytes();
        Some(Request { channel: Channel::Rest, verb: job.verb(), api_key, bytes })
    }

    fn write_job(&mut self, job: Job, now: Now) {
        let (time, window) = (self.timestamp(now), self.recv_window_ms);
        let path = job.path(self.market);
        self.text.clear();
        self.text.push_str(path);
        let mut query = Query { text: &mut self.text, separator: '?' };
        let symbol =
            |index: usize| self.names.instruments.get(index).map_or("", |instrument| &instrument.symbol);
        match job {
            Job::Rules if self.market == TradeMarket::Spot => {
                query.name("symbols");
                let mut separator = "[\"";
                for instrument in &self.names.instruments {
                    percent_encode(query.text, separator.as_bytes());
                    percent_encode(query.text, instrument.symbol.as_bytes());
                    separator = "\",\"";
                }
                percent_encode(query.text, b"\"]");
            }
            Job::OpenOrders(index) | Job::CancelAll(index) => query.word("symbol", symbol(index)),
            Job::Trades(index) => {
                query.word("symbol", symbol(index));
                match self.names.instruments.get(index).map(|instrument| instrument.since) {
                    Some(TradesSince::Id(last)) => query.number("fromId", last.0.saturating_add(1)),
                    Some(TradesSince::Time(start)) => query.number("startTime", millis(start)),
                    None => {}
                }
                query.number("limit", TRADES_PAGE as u64);
            }
            Job::TradesOf(index, order) => {
                query.word("symbol", symbol(index));
                query.number("orderId", order.0);
                query.number("limit", TRADES_PAGE as u64);
            }
            Job::Order(index, order) => {
                query.word("symbol", symbol(index));
                query.number("orderId", order.0);
            }
            Job::Funding => {
                query.word("incomeType", "FUNDING_FEE");
                query.number("startTime", millis(self.funding_since));
                query.number("limit", TRADES_PAGE as u64);
            }
            Job::DeadMan(index) => {
                query.word("symbol", symbol(index));
                query.number("countdownTime", self.timer.countdown_ms());
            }
            Job::Time | Job::Rules | Job::Account | Job::Positions | Job::ListenKey | Job::KeepKey => {}
        }
        if job.auth() == Auth::Signed {
            query.number("recvWindow", window);
            query.number("timestamp", time);
            let start = path.len() + 1;
            let signature = self.credentials.sign(self.text.as_bytes().get(start..).unwrap_or_default());
            self.text.push_str("&signature=");
            percent_encode(&mut self.text, signature.as_bytes());
        }
    }
}

fn millis(time: Nanos) -> u64 {
    u64::try_from(time.0 / 1_000_000).unwrap_or_default()
}

/// The query of a path, percent-encoded as it is written.
struct Query<'t> {
    text: &'t mut String,
    separator: char,
}

impl Query<'_> {
    fn name(&mut self, name: &str) {
        self.text.push(self.separator);
        self.separator = '&';
        self.text.push_str(name);
        self.text.push('=');
    }

    fn word(&mut self, name: &str, word: &str) {
        self.name(name);
        percent_encode(self.text, word.as_bytes());
    }

    fn number(&mut self, name: &str, number: u64) {
        self.name(name);
        // A String refuses nothing.
        let written = write!(self.text, "{number}");
        debug_assert_eq!(written, Ok(()));
    }
}
