//! One rule: what goes wrong, when, how often and for whom.

use ballast_model::{Nanos, Span};
use serde::Deserialize;

use super::Dice;
use crate::seam::{GridStep, Regrid};

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// WebSockets are cut without a close.
    Disconnect,
    /// WebSockets fall silent: nothing comes out of them, nothing is heard, and they are not closed.
    HalfOpen,
    /// A diff of the book is missing.
    Gap,
    /// A message comes twice.
    Duplicate,
    /// Messages come late, those behind them too.
    Delay,
    /// The `pu` of a diff (USD-M) names an update that is not the one before.
    WrongPu,
    /// A snapshot of the book bears an id that lies long before the diffs.
    StaleSnapshot,
    /// A message is cut in the middle.
    MalformedJson,
    /// Bytes come that are no WebSocket frame.
    MalformedFrame,
    /// An order is executed and the answer says −1007, status unknown.
    TimeoutExecuted,
    /// An order never reaches the venue and the answer says −1007, status unknown.
    TimeoutLost,
    /// An order is executed and the answer is 503, status unknown.
    UnavailableExecuted,
    /// An order never reaches the venue and the answer is 503, status unknown.
    UnavailableLost,
    /// An order never reaches the venue and is refused, with each of the codes that the venue's documents name.
    Refused,
    /// The same, with those that say that the key is wrong.
    RefusedKey,
    /// The answer to an order comes late.
    LateAck,
    /// News of an account never come.
    LostNews,
    /// A value among a few in news of an account, or in an answer to an order, is one that no document names.
    UnseenValue,
    /// A fill comes in two parts.
    PartialFills,
    /// An order that was taken is lost: it trades no more, and neither lists nor questions know it. Nobody is told.
    Forget,
    /// Requests are refused with 429.
    Throttle,
    /// Requests are refused with 418.
    Ban,
    /// The venue's clock is off.
    ClockSkew,
    /// All listen keys end.
    ListenKeyExpiry,
    /// The venue says that it goes down.
    ShutdownNotice,
    /// Prices of a symbol are taken in other steps.
    TickSize,
    /// Its sizes are.
    LotSize,
}

impl Kind {
    /// The name by which files call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Disconnect => "disconnect",
            Self::HalfOpen => "half-open",
            Self::Gap => "gap",
            Self::Duplicate => "duplicate",
            Self::Delay => "delay",
            Self::WrongPu => "wrong-pu",
            Self::StaleSnapshot => "stale-snapshot",
            Self::MalformedJson => "malformed-json",
            Self::MalformedFrame => "malformed-frame",
            Self::TimeoutExecuted => "timeout-executed",
            Self::TimeoutLost => "timeout-lost",
            Self::UnavailableExecuted => "unavailable-executed",
            Self::UnavailableLost => "unavailable-lost",
            Self::Refused => "refused",
            Self::RefusedKey => "refused-key",
            Self::LateAck => "late-ack",
            Self::LostNews => "lost-news",
            Self::UnseenValue => "unseen-value",
            Self::PartialFills => "partial-fills",
            Self::Forget => "forget",
            Self::Throttle => "throttle",
            Self::Ban => "ban",
            Self::ClockSkew => "clock-skew",
            Self::ListenKeyExpiry => "listen-key-expiry",
            Self::ShutdownNotice => "shutdown-notice",
            Self::TickSize => "tick-size",
            Self::LotSize => "lot-size",
        }
    }

    /// Whether it happens at a time, not to a message.
    pub(crate) const fn is_a_deed(self) -> bool {
        matches!(
            self,
            Self::Disconnect
                | Self::HalfOpen
                | Self::Throttle
                | Self::Ban
                | Self::ClockSkew
                | Self::ListenKeyExpiry
                | Self::ShutdownNotice
                | Self::TickSize
                | Self::LotSize
        )
    }

    /// Where it can happen, a part of the venue at a time; nowhere in particular where it happens to the whole of it.
    pub(crate) const fn places(self) -> &'static [Channel] {
        match self {
            Self::Disconnect
            | Self::HalfOpen
            | Self::Duplicate
            | Self::MalformedJson
            | Self::MalformedFrame => &[Channel::Market, Channel::User, Channel::Api],
            Self::Delay => &[Channel::Market, Channel::User, Channel::Api, Channel::Rest],
            Self::Gap | Self::WrongPu => &[Channel::Market],
            Self::StaleSnapshot => &[Channel::Rest],
            Self::TimeoutExecuted
            | Self::TimeoutLost
            | Self::UnavailableExecuted
            | Self::UnavailableLost
            | Self::Refused
            | Self::RefusedKey
            | Self::LateAck => &[Channel::Api, Channel::Rest],
            Self::UnseenValue => &[Channel::User, Channel::Api],
            Self::PartialFills | Self::LostNews | Self::Forget => &[Channel::User],
            Self::Throttle
            | Self::Ban
            | Self::ClockSkew
            | Self::ListenKeyExpiry
            | Self::ShutdownNotice
            | Self::TickSize
            | Self::LotSize => &[],
        }
    }

    /// Whether it needs an amount of time.
    pub(crate) const fn needs_amount(self) -> bool {
        matches!(self, Self::Delay | Self::LateAck | Self::ClockSkew)
    }

    /// Which step of a grid it changes.
    pub(crate) const fn changes(self) -> Option<GridStep> {
        if matches!(self, Self::TickSize) {
            Some(GridStep::Tick)
        } else if matches!(self, Self::LotSize) {
            Some(GridStep::Lot)
        } else {
            None
        }
    }

    /// Whether it lasts, and has to be told how long.
    pub(crate) const fn needs_end(self) -> bool {
        matches!(self, Self::Throttle | Self::Ban)
    }
}

/// Which way messages go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// Streams of the market.
    Market,
    /// Streams of an account; on spot what the WebSocket API tells of one, and the connections that do.
    User,
    /// The WebSocket API.
    Api,
    /// HTTP requests.
    Rest,
    /// Each of these.
    #[default]
    All,
}

impl Channel {
    /// The name by which files call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::User => "user",
            Self::Api => "api",
            Self::Rest => "rest",
            Self::All => "all",
        }
    }

    /// Which one a WebSocket opened at this path is.
    pub(crate) fn of(path: &str, query: &str) -> Self {
        let keyed = |part: &str| part.len() >= 40 && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if path.contains("/ws-api/") || path.contains("/ws-fapi/") {
            Self::Api
        } else if path.starts_with("/private") || query.contains("listenKey=") || path.split('/').any(keyed) {
            Self::User
        } else {
            Self::Market
        }
    }

    pub(crate) fn covers(self, other: Self) -> bool {
        self == Self::All || self == other
    }
}

/// A rule as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultSpec {
    /// What.
    pub kind: Kind,
    /// To whom.
    pub on: Channel,
    /// When it begins, after the rules were given. At least zero.
    pub at: Span,
    /// For how long, each time; `None` for ever or, where it happens to one message alone, until that.
    pub lasts: Option<Span>,
    /// After how long it begins again; above zero.
    pub every: Option<Span>,
    /// How many messages of a million are hit.
    pub per_million: u32,
    /// How often it fires at most, each time it begins.
    pub count: u64,
    /// By how much: of a delay or a clock.
    pub by: Span,
    /// How many connections are cut or fall silent, the oldest first.
    pub connections: usize,
    /// Another step of a symbol's grid; there where the kind is one that changes it.
    pub regrid: Option<Regrid>,
}

/// A rule and how far it has come.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    spec: FaultSpec,
    start: Nanos,
    /// How often it has fired since it last began.
    fired: u64,
    /// Which beginning that was.
    turn: i64,
}

impl Rule {
    pub(crate) fn new(spec: FaultSpec, now: Nanos) -> Self {
        Self { start: now + spec.at, spec, fired: 0, turn: 0 }
    }

    pub(crate) const fn spec(&self) -> &FaultSpec {
        &self.spec
    }

    /// Which beginning `now` belongs to and when that was; `None` before the first.
    fn turn(&self, now: Nanos) -> Option<(i64, Nanos)> {
        let since = now.0 - self.start.0;
        let every = self.spec.every.map_or(i64::MAX, |every| every.0);
        let turn = since.div_euclid(every);
        (since >= 0).then(|| (turn, Nanos(self.start.0 + turn.saturating_mul(every))))
    }

    /// When what is going on at `now` ends; `None` for never.
    pub(crate) fn window_end(&self, now: Nanos) -> Option<Nanos> {
        let lasts = self.spec.lasts?;
        Some(self.turn(now).map_or(now, |(_, begin)| begin + lasts))
    }

    /// Whether it hits what happens now; then it has.
    pub(crate) fn fires(&mut self, now: Nanos, dice: &mut Dice) -> bool {
        let Some((turn, begin)) = self.turn(now) else { return false };
        if self.spec.lasts.is_some_and(|lasts| now >= begin + lasts) {
            return false;
        }
        if turn != self.turn {
            (self.turn, self.fired) = (turn, 0);
        }
        let hit = self.fired < self.spec.count && dice.falls(self.spec.per_million);
        self.fired += u64::from(hit);
        hit
    }

    /// Whether it will never fire again.
    pub(crate) fn is_over(&self, now: Nanos) -> bool {
        let Some((_, begin)) = self.turn(now) else { return false };
        let passed = self.spec.lasts.is_some_and(|lasts| now >= begin + lasts);
        self.spec.every.is_none() && (passed || self.fired >= self.spec.count)
    }

    /// When it is next done, where it happens at a time.
    pub(crate) fn next_deed(&self, now: Nanos) -> Option<Nanos> {
        if !self.spec.kind.is_a_deed() {
            return None;
        }
        let Some((turn, begin)) = self.turn(now) else { return Some(self.start) };
        let fired = if turn == self.turn { self.fired } else { 0 };
        if fired < self.spec.count && self.spec.lasts.is_none_or(|lasts| now < begin + lasts) {
            return Some(now);
        }
        self.spec.every.map(|every| begin + every)
    }
}
