//! The seam between the protocol and whoever carries its bytes: a server, or a simulated network.

use ballast_model::Nanos;

/// One WebSocket connection of a client, numbered by whoever carries its bytes, never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// One HTTP request as it came: nothing decoded, since signatures cover the bytes in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpRequest {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: String,
    /// Before the question mark.
    pub path: String,
    /// Behind it, without it.
    pub query: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// As sent.
    pub body: Vec<u8>,
}

/// Its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpReply {
    /// The status code.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// JSON, or what a fault makes of it.
    pub body: Vec<u8>,
}

/// What goes out on a WebSocket connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// One text frame.
    Text(Vec<u8>),
    /// A ping with this payload.
    Ping(Vec<u8>),
    /// An orderly close.
    Close {
        /// The close code.
        code: u16,
        /// Why.
        reason: String,
    },
    /// These bytes as they are, whether they are frames or not: a fault.
    Raw(Vec<u8>),
    /// The connection is cut without a word.
    Cut,
}

/// A protocol without sockets. Time is the venue's clock, in nanoseconds since 1970.
pub trait Front {
    /// Answers a request.
    fn on_http(&mut self, request: &HttpRequest, now: Nanos) -> HttpReply;

    /// A client asks for a WebSocket at the path and query of the request.
    ///
    /// # Errors
    /// The reply that refuses it.
    fn on_upgrade(&mut self, conn: ConnId, request: &HttpRequest, now: Nanos) -> Result<(), HttpReply>;

    /// A text frame came.
    fn on_text(&mut self, conn: ConnId, text: &[u8], now: Nanos);

    /// A pong came.
    fn on_pong(&mut self, conn: ConnId, now: Nanos);

    /// The connection is gone.
    fn on_close(&mut self, conn: ConnId, now: Nanos);

    /// When [`Front::on_time`] is next to be called; `None` for never.
    fn next_deadline(&self) -> Option<Nanos>;

    /// Does what is due.
    fn on_time(&mut self, now: Nanos);

    /// What is to go out next, in order.
    fn poll_transmit(&mut self) -> Option<(ConnId, Frame)>;
}
