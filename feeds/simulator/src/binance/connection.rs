//! One WebSocket connection: what it is, what it hears, and how it is kept alive.

use std::collections::BTreeSet;

use ballast_model::{Nanos, Span};

use super::config::Market;
use super::params::Params;
use crate::back::{ClientId, Stream};
use crate::seam::HttpRequest;

/// Which part of the futures' streams a path reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Spot has one part, and private paths take whatever they are asked for.
    All,
    /// `/public`, and paths without a part.
    Public,
    /// `/market`.
    Market,
}

impl Reach {
    /// Whether a stream of this name is heard there; what is not is silent.
    pub(super) fn covers(self, stream: &str) -> bool {
        let kind = stream.split_once('@').map_or(stream, |(_, kind)| kind);
        let public = kind.starts_with("depth") || ["bookTicker", "!bookTicker", "trade"].contains(&kind);
        match self {
            Self::All => true,
            Self::Public => public,
            Self::Market => !public,
        }
    }
}

/// What a connection is for.
#[derive(Clone, Debug)]
pub(super) enum Purpose {
    /// Streams, wrapped in `{"stream":…,"data":…}` or not.
    Streams { wrapped: bool, reach: Reach },
    /// The WebSocket API.
    Api {
        /// Who is logged on, with which key and since when.
        session: Option<(ClientId, String, Nanos)>,
        /// User streams: their numbers and whose they are.
        subscriptions: Vec<(u32, ClientId)>,
        next_subscription: u32,
        rate_limits: bool,
    },
}

/// One connection.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    pub(super) purpose: Purpose,
    pub(super) streams: BTreeSet<String>,
    /// Events that a listen key's stream is to tell; `None` for all.
    pub(super) events: Option<Vec<String>>,
    /// Of its times.
    pub(super) unit: Unit,
    pub(super) opened: Nanos,
    /// The next ping goes out then.
    pub(super) ping_at: Nanos,
    /// A pong must come by then.
    pub(super) pong_by: Option<Nanos>,
    /// The second that frames are counted in, and their count.
    pub(super) frames: (i64, u32),
}

impl Connection {
    /// What a path asks for; `None` where there is nothing.
    pub(super) fn open(market: Market, request: &HttpRequest, now: Nanos) -> Option<Self> {
        let params = Params::of_form(&request.query, "");
        let path = request.path.trim_end_matches('/');
        let api = match market {
            Market::Spot => "/ws-api/v3",
            Market::UsdM => "/ws-fapi/v1",
        };
        let unit = Unit::asked(market, params.get("timeUnit"));
        let purpose = if path == api {
            let rate_limits = !params.is("returnRateLimits", "false");
            Purpose::Api { session: None, subscriptions: Vec::new(), next_subscription: 0, rate_limits }
        } else {
            let (reach, rest) = reach(market, path)?;
            let wrapped = rest.starts_with("/stream");
            (wrapped || rest == "/ws" || rest.starts_with("/ws/")).then_some(())?;
            Purpose::Streams { wrapped, reach }
        };
        let events = params.get("events").map(|events| events.split('/').map(str::to_owned).collect());
        let mut connection = Self {
            purpose,
            streams: BTreeSet::new(),
            events,
            unit,
            opened: now,
            ping_at: now + ping_every(market),
            pong_by: None,
            frames: (0, 0),
        };
        let named = path.split_once("/ws/").map_or("", |(_, names)| names);
        let asked = params.get("streams").unwrap_or("");
        let key = params.get("listenKey").unwrap_or("");
        let names = named.split('/').chain(asked.split('/')).chain([key]);
        connection.streams.extend(names.filter(|name| !name.is_empty()).map(str::to_owned));
        Some(connection)
    }

    /// When something is due of itself: a ping, a pong's absence, or the end of its day.
    pub(super) fn deadline(&self) -> Nanos {
        let end = self.opened + Span::from_secs(86_400);
        self.ping_at.min(end).min(self.pong_by.unwrap_or(end))
    }

    /// Counts a frame that came; whether there are too many in this second.
    pub(super) fn counts_too_many(&mut self, now: Nanos, limit: u32) -> bool {
        let second = now.0.div_euclid(1_000_000_000);
        if self.frames.0 != second {
            self.frames = (second, 0);
        }
        self.frames.1 += 1;
        self.frames.1 > limit
    }
}

fn reach(market: Market, path: &str) -> Option<(Reach, &str)> {
    if market == Market::Spot {
        return Some((Reach::All, path));
    }
    for (prefix, reach) in [("/public", Reach::Public), ("/market", Reach::Market), ("/private", Reach::All)]
    {
        if let Some(rest) = path.strip_prefix(prefix) {
            return Some((reach, rest));
        }
    }
    Some((Reach::Public, path))
}

/// Time between pings.
pub(super) const fn ping_every(market: Market) -> Span {
    Span::from_secs(match market {
        Market::Spot => 20,
        Market::UsdM => 180,
    })
}

/// How long a pong may take.
pub(super) const fn pong_within(market: Market) -> Span {
    Span::from_secs(match market {
        Market::Spot => 60,
        Market::UsdM => 600,
    })
}

/// The names under which a message of a symbol is heard.
pub(super) fn names(symbol: &str, stream: Stream) -> Vec<String> {
    let symbol = symbol.to_ascii_lowercase();
    let kinds: &[&str] = match stream {
        Stream::Depth => &["depth", "depth@100ms", "depth@250ms", "depth@500ms", "depth@0ms", "depth@1000ms"],
        Stream::BookTicker => &["bookTicker"],
        Stream::Trade => &["trade"],
        Stream::AggTrade => &["aggTrade"],
        Stream::MarkPrice => &["markPrice", "markPrice@1s"],
    };
    let mut names: Vec<String> = kinds.iter().map(|kind| format!("{symbol}@{kind}")).collect();
    if stream == Stream::BookTicker {
        names.push("!bookTicker".to_owned());
    }
    names
}

/// What times count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Millis,
    /// On spot, where they are asked for.
    Micros,
}

impl Unit {
    /// What a client asks for.
    pub(super) fn asked(market: Market, unit: Option<&str>) -> Self {
        let micros = unit.is_some_and(|unit| unit.eq_ignore_ascii_case("MICROSECOND"));
        if micros && market == Market::Spot { Self::Micros } else { Self::Millis }
    }

    /// A text with times in milliseconds, in this unit.
    pub(super) fn of(self, text: String) -> String {
        match self {
            Self::Millis => text,
            Self::Micros => in_micros(&text),
        }
    }
}

/// Names of times, in events and in answers.
const TIMES: [&str; 13] = [
    "E",
    "T",
    "O",
    "W",
    "time",
    "updateTime",
    "transactTime",
    "workingTime",
    "serverTime",
    "openTime",
    "closeTime",
    "authorizedSince",
    "connectedSince",
];

/// The payload with its times, which count milliseconds, in microseconds.
fn in_micros(payload: &str) -> String {
    let position = payload.contains("\"outboundAccountPosition\"");
    let mut out = String::with_capacity(payload.len() + 16);
    let mut rest = payload;
    while let Some(at) = rest.find("\":") {
        let (name, behind) = rest.split_at(at);
        let name = name.rsplit('"').next().unwrap_or(name);
        let (key, behind) = (rest.split_at(at + 2).0, behind.get(2..).unwrap_or(""));
        let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = behind.split_at(digits);
        out.push_str(key);
        out.push_str(number);
        if digits == 13 && (TIMES.contains(&name) || (position && name == "u")) {
            out.push_str("000");
        }
        rest = after;
    }
    out.push_str(rest);
    out
}
