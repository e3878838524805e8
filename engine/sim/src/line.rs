//! One connection of the engine as the simulated network keeps it.

use std::collections::VecDeque;

use ballast_model::{Nanos, Span};
use ballast_simulator::seam::{CallId, ConnId, HttpReply, HttpRequest};
use ballast_wire::{Address, Closed, HttpSend, LinkKind};

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
        LinkKind::WebSocket if path.contains("/ws-fapi/") => Channel::Api,
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
