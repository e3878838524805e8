//! The seam between a venue's loop and its network.

use core::fmt;

use ballast_model::{Nanos, Span};

/// One connection of a venue's loop, numbered by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link(pub u8);

/// What is spoken on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// WebSocket: text frames both ways.
    WebSocket,
    /// HTTP/1.1, kept alive: one request at a time, answered in order.
    Http,
}

/// Where a connection goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// What is spoken.
    pub kind: LinkKind,
    /// `ws`, `wss`, `http` or `https` address; on a WebSocket with path and query.
    pub url: String,
    /// Headers of the handshake: names and values.
    pub headers: Vec<(String, String)>,
}

/// A request on an HTTP connection.
#[derive(Clone, Copy, Debug)]
pub struct HttpSend<'a> {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: &'a str,
    /// Path and query.
    pub target: &'a str,
    /// Names and values besides host, length and connection.
    pub headers: &'a [(&'a str, &'a str)],
    /// Empty where there is none.
    pub body: &'a [u8],
}

/// Why a connection is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// It could not be made: name, route, TLS or handshake.
    Unreachable,
    /// It could not be made: the other side's TLS certificate is not trusted, has run out, or is for another name.
    Untrusted,
    /// The other side closed it; with the WebSocket's close code, zero where it said none.
    ByPeer(u16),
    /// It broke: reset, timed out, or bytes that are no frames.
    Broken,
    /// We closed it.
    ByUs,
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable => f.write_str("it cannot be reached: name, route, TLS or handshake"),
            Self::Untrusted => f.write_str(
                "its TLS certificate is not trusted: unknown to the authorities, run out or for another name",
            ),
            Self::ByPeer(0) => f.write_str("the other side closed it"),
            Self::ByPeer(code) => write!(f, "the other side closed it with code {code}"),
            Self::Broken => f.write_str("it broke"),
            Self::ByUs => f.write_str("we closed it"),
        }
    }
}

/// What came in on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News<'a> {
    /// It stands: handshakes are done.
    Opened,
    /// One message: of text, or of bytes where the other side sends such.
    Text(&'a [u8]),
    /// The answer to the oldest request that has none yet.
    Reply {
        /// The status code.
        status: u16,
        /// Seconds of `Retry-After`, where it was said.
        retry_after: Option<u32>,
        /// The request weight of this minute and the orders of the last ten seconds, as the headers count them.
        used: [Option<u32>; 2],
        /// What it says.
        body: &'a [u8],
    },
    /// The connection is gone.
    Closed(Closed),
}

/// Nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The connection does not stand.
    NotOpen,
    /// What was sent before has not left yet, and there is no room for more.
    Full,
    /// It would not be the request it says it is: a control character or a space in its target, its method or a header.
    Malformed,
}

/// How a connection that stands is doing: what tells a silent one from a dead one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pulse {
    /// When bytes last came in, pings and pongs among them; when it opened, where none did.
    pub heard: Nanos,
    /// From the last answered [`Network::ping`] to the reading of its answer.
    pub round_trip: Option<Span>,
}

/// A network: sockets, or a simulation of them.
pub trait Network {
    /// Begins to connect; [`News::Opened`] or [`News::Closed`] follows. A connection that stood is closed first, silently.
    fn open(&mut self, link: Link, address: &Address);

    /// Closes a connection: [`News::Closed`] with [`Closed::ByUs`] follows where it stood, once the other side has closed too or a
    /// moment has passed. What it says until then is still told.
    fn close(&mut self, link: Link);

    /// Sends one text frame; what the socket does not take at once leaves later.
    ///
    /// # Errors
    /// [`Refused`]; nothing of it was sent.
    fn send(&mut self, link: Link, text: &[u8]) -> Result<(), Refused>;

    /// Sends a request.
    ///
    /// # Errors
    /// [`Refused`]; nothing of it was sent.
    fn request(&mut self, link: Link, request: &HttpSend<'_>) -> Result<(), Refused>;

    /// Sends a WebSocket ping; its answer shows in [`Network::pulse`].
    ///
    /// # Errors
    /// [`Refused`]; nothing of it was sent. [`Refused::NotOpen`] also where HTTP is spoken, which has no pings.
    fn ping(&mut self, link: Link) -> Result<(), Refused>;

    /// How a connection is doing; none where it does not stand.
    fn pulse(&self, link: Link) -> Option<Pulse>;

    /// Tells what came in, oldest first, and lets go out what waited. Waits so long for something to come: zero for not at all.
    /// `heard` gets the time the bytes were read, on the clock of [`Network::clock`].
    fn poll(&mut self, patience: Span, heard: &mut dyn FnMut(Link, Nanos, News<'_>));

    /// The time: boot wall time plus monotonic time.
    fn clock(&self) -> Nanos;
}
