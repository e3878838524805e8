//! The seam between the protocol and whoever carries its bytes: a server, or a simulated network.

use ballast_model::{Nanos, Span, Step};

/// One WebSocket connection of a client, numbered by whoever carries its bytes, never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// One HTTP request, numbered by whoever carries it, never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

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

/// What is to go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transmit {
    /// The answer to a request.
    Reply(CallId, HttpReply),
    /// Something on a WebSocket connection.
    Frame(ConnId, Frame),
}

/// What goes wrong at the venue itself, on demand; what goes wrong on the way is done by whoever carries the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mischief {
    /// Every WebSocket is told that the venue goes down (`serverShutdown`).
    ShutdownNotice,
    /// All listen keys end now, and their streams are told so.
    ListenKeysExpire,
    /// The venue's clock is off by this from now on: in the time it tells when asked, and for the time stamps it checks.
    ClockSkew(Span),
    /// Every request is refused until then: with 429, or with 418 where it is a ban.
    Throttled {
        /// The end.
        until: Nanos,
        /// Whether the address is banned.
        ban: Ban,
    },
    /// A symbol trades on another grid from now on.
    Regrid(Regrid),
}

/// Another step of a symbol's grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regrid {
    /// Whose.
    pub symbol: String,
    /// Which step.
    pub what: GridStep,
    /// What it is from now on.
    pub to: Step,
}

/// The two steps of a grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GridStep {
    /// That of prices.
    Tick,
    /// That of sizes.
    Lot,
}

/// Whether a throttled client is banned as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ban {
    /// 429.
    No,
    /// 418.
    Yes,
}

/// A protocol without sockets. Time is the venue's clock, in nanoseconds since 1970; it never falls.
///
/// After each call that takes `now`, what [`Front::poll_transmit`] returns is to be sent, until it returns nothing.
pub trait Front {
    /// A request came. Its answer is transmitted at once or, where the market behind takes its time, later.
    fn on_http(&mut self, call: CallId, request: &HttpRequest, now: Nanos);

    /// A client asks for a WebSocket at the path and query of the request.
    ///
    /// # Errors
    /// The reply that refuses it.
    fn on_upgrade(&mut self, conn: ConnId, request: &HttpRequest, now: Nanos) -> Result<(), HttpReply>;

    /// A text frame came.
    fn on_text(&mut self, conn: ConnId, text: &[u8], now: Nanos);

    /// A ping came; whoever carries the bytes has answered it.
    fn on_ping(&mut self, conn: ConnId, now: Nanos);

    /// A pong came.
    fn on_pong(&mut self, conn: ConnId, now: Nanos);

    /// The connection is gone.
    fn on_close(&mut self, conn: ConnId, now: Nanos);

    /// When [`Front::on_time`] is next to be called; `None` for never. It changes with every call.
    fn next_deadline(&self) -> Option<Nanos>;

    /// Does what is due.
    fn on_time(&mut self, now: Nanos);

    /// What is to go out next, in order.
    fn poll_transmit(&mut self) -> Option<Transmit>;

    /// Something goes wrong.
    fn provoke(&mut self, mischief: Mischief, now: Nanos);

    /// Whether a symbol can trade on another grid.
    ///
    /// # Errors
    /// Why it cannot.
    fn fits(&self, regrid: &Regrid) -> Result<(), String>;

    /// The truth as JSON: of every client the orders, trades, positions and balances, and what the connections are.
    fn truth(&self) -> String;
}

impl<F: Front + ?Sized> Front for Box<F> {
    fn on_http(&mut self, call: CallId, request: &HttpRequest, now: Nanos) {
        (**self).on_http(call, request, now);
    }
    fn on_upgrade(&mut self, conn: ConnId, request: &HttpRequest, now: Nanos) -> Result<(), HttpReply> {
        (**self).on_upgrade(conn, request, now)
    }
    fn on_text(&mut self, conn: ConnId, text: &[u8], now: Nanos) {
        (**self).on_text(conn, text, now);
    }
    fn on_ping(&mut self, conn: ConnId, now: Nanos) {
        (**self).on_ping(conn, now);
    }
    fn on_pong(&mut self, conn: ConnId, now: Nanos) {
        (**self).on_pong(conn, now);
    }
    fn on_close(&mut self, conn: ConnId, now: Nanos) {
        (**self).on_close(conn, now);
    }
    fn next_deadline(&self) -> Option<Nanos> {
        (**self).next_deadline()
    }
    fn on_time(&mut self, now: Nanos) {
        (**self).on_time(now);
    }
    fn poll_transmit(&mut self) -> Option<Transmit> {
        (**self).poll_transmit()
    }
    fn provoke(&mut self, mischief: Mischief, now: Nanos) {
        (**self).provoke(mischief, now);
    }
    fn fits(&self, regrid: &Regrid) -> Result<(), String> {
        (**self).fits(regrid)
    }
    fn truth(&self) -> String {
        (**self).truth()
    }
}
