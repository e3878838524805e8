//! One connection of the engine as the simulated network keeps it.

use std::collections::VecDeque;

use ballast_model::{Nanos, Span};
use ballast_simulator::seam::{CallId, ConnId, Frame, HttpReply, HttpRequest};
use ballast_wire::{Address, Closed, HttpSend, LinkKind, News};

/// What runs over a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    /// Streams of the market.
    Market,
    /// Orders.
    Api,
    /// News of our account.
    User,
    /// Requests.
    Rest,
}

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// There is none.
    Down,
    /// It is being made.
    Opening,
    /// It stands.
    Up,
    /// We have closed it, and the venue has not yet.
    Closing,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Line {
    /// Connections before it of the same number: what belongs to one of those is not told any more.
    pub(crate) generation: u32,
    pub(crate) channel: Channel,
    pub(crate) stage: Stage,
    /// Its number at the venue, once it stands there.
    pub(crate) conn: Option<ConnId>,
    /// When what was sent last arrives: what is sent later arrives later.
    pub(crate) there_at: Nanos,
    /// The same the other way.
    pub(crate) here_at: Nanos,
    /// When bytes last came in.
    pub(crate) heard: Nanos,
    /// Pings that are not answered yet.
    pub(crate) pinged: VecDeque<Nanos>,
    pub(crate) round_trip: Option<Span>,
    /// Requests that wait, at the venue, for the answer to the one before.
    pub(crate) requests: VecDeque<HttpRequest>,
    pub(crate) call: Option<CallId>,
}

impl Line {
    pub(crate) const fn new() -> Self {
        Self {
            generation: 0,
            channel: Channel::Market,
            stage: Stage::Down,
            conn: None,
            there_at: Nanos::MIN,
            here_at: Nanos::MIN,
            heard: Nanos::MIN,
            pinged: VecDeque::new(),
            round_trip: None,
            requests: VecDeque::new(),
            call: None,
        }
    }

    /// Begins another connection in its place.
    pub(crate) fn begin(&mut self, channel: Channel) {
        *self = Self { generation: self.generation + 1, channel, stage: Stage::Opening, ..Self::new() };
    }
}

/// What arrives at the venue.
#[derive(Debug)]
pub(crate) enum Said {
    /// A connection is asked for.
    Open(HttpRequest),
    /// A text.
    Text(ConnId, Vec<u8>),
    Ping(ConnId),
    Pong(ConnId),
    /// The connection is gone.
    Gone(ConnId),
    Request(HttpRequest),
}

/// What arrives at the engine.
#[derive(Debug)]
pub(crate) enum Told {
    /// The connection stands; the number it has at the venue.
    Opened(Option<ConnId>),
    Text(Vec<u8>),
    Reply(HttpReply),
    /// The answer to a ping.
    Pong,
    /// A ping, to be answered.
    Ping,
    Closed(Closed),
}

/// Where an address leads: what runs there, path and query.
pub(crate) fn place(address: &Address) -> (Channel, &str, &str) {
    let rest = address.url.split_once("://").map_or(&*address.url, |(_, rest)| rest);
    let target = rest.find('/').map_or("/", |at| rest.get(at..).unwrap_or("/"));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let channel = match address.kind {
        LinkKind::Http => Channel::Rest,
        LinkKind::WebSocket if path.contains("/ws-fapi/") || path.contains("/ws-api/") => Channel::Api,
        LinkKind::WebSocket if path.starts_with("/private") => Channel::User,
        LinkKind::WebSocket => Channel::Market,
    };
    (channel, path, query)
}

/// A request as the venue gets it.
pub(crate) fn request(send: &HttpSend<'_>) -> HttpRequest {
    let (path, query) = send.target.split_once('?').unwrap_or((send.target, ""));
    let headers = send.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), (*value).to_owned()));
    HttpRequest {
        method: send.method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: headers.collect(),
        body: send.body.to_vec(),
    }
}

/// What the engine has been told so far, and what it has said: what oracles hold it to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// When the market last said something; `None` before it has.
    pub(crate) market_at: Option<Nanos>,
    /// Since when the engine knows that the connection of its orders is down; `None` where it stands.
    pub(crate) api_down: Option<Nanos>,
    /// The same of the news of its account.
    pub(crate) user_down: Option<Nanos>,
    /// Orders that left.
    pub(crate) orders: u64,
    /// Orders that left while the kill latch was set.
    pub(crate) latched: u64,
}

/// What a frame of the venue is at the engine.
pub(crate) fn told(frame: Frame) -> Told {
    match frame {
        Frame::Text(text) => Told::Text(text),
        Frame::Ping(_) => Told::Ping,
        Frame::Close { code, .. } => Told::Closed(Closed::ByPeer(code)),
        // The answer to a ping is asked for as nothing; other bytes are no frame.
        Frame::Raw(bytes) if bytes.is_empty() => Told::Pong,
        Frame::Raw(_) | Frame::Cut => Told::Closed(Closed::Broken),
    }
}

/// An answer as the engine reads it.
pub(crate) fn news(reply: &HttpReply) -> News<'_> {
    let header = |name: &str| {
        let named = reply.headers.iter().find(|(said, _)| said.eq_ignore_ascii_case(name));
        named.and_then(|(_, value)| value.parse().ok())
    };
    News::Reply {
        status: reply.status,
        retry_after: header("retry-after"),
        used: ["X-MBX-USED-WEIGHT-1M", "X-MBX-ORDER-COUNT-10S"].map(header),
        body: &reply.body,
    }
}

/// Whether a text has this part.
pub(crate) fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
