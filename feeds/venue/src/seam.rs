//! The seam between a session and the runtime that carries its bytes.

use ballast_model::{Event, Nanos};

use crate::signing::Secret;

/// A way between us and the venue; the runtime maps each to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// A public WebSocket connection, numbered by the session.
    Market(u8),
    /// The WebSocket connection that takes orders.
    Api,
    /// The WebSocket connection that tells of our account.
    Private,
    /// HTTP requests and their answers.
    Rest,
}

/// The time, as the runtime tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Boot wall time plus monotonic time: never falls. Events carry it and deadlines are counted in it.
    pub mono: Nanos,
    /// Wall time, for what a venue compares with its own clock. May jump.
    pub wall: Nanos,
}

impl Now {
    /// The same two clocks at another time of the one that never falls.
    #[must_use]
    pub fn at(self, mono: Nanos) -> Self {
        Self { mono, wall: self.wall + (mono - self.mono) }
    }
}

/// Bytes that must go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transmit<'s> {
    /// Where to.
    pub channel: Channel,
    /// On a WebSocket channel the payload of one text frame; on [`Channel::Rest`] path and query of one GET request.
    pub bytes: &'s [u8],
}

/// The sink has no room for the batch; it took nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RingFull;

/// Where a session's events go.
pub trait EventSink {
    /// Takes a whole batch: one event, or a book batch from its [`BookBegin`](ballast_model::BookBegin) to its last slot.
    ///
    /// # Errors
    /// [`RingFull`], having taken nothing.
    fn push(&mut self, batch: &[Event]) -> Result<(), RingFull>;
}

/// What is to be done with what an HTTP path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Read it.
    Get,
    /// Make one.
    Post,
    /// Keep it.
    Put,
    /// End it.
    Delete,
}

impl Verb {
    /// The method's name in HTTP.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// What a trading session wants sent.
#[derive(Clone, Copy, Debug)]
pub struct Request<'s> {
    /// Where to.
    pub channel: Channel,
    /// On [`Channel::Rest`] the method, elsewhere without meaning.
    pub verb: Verb,
    /// Goes into the header that carries the API key, where there is one.
    pub api_key: Option<&'s Secret>,
    /// On a WebSocket channel the payload of one text frame; on [`Channel::Rest`] path and query of a request without body.
    pub bytes: &'s [u8],
}

/// A whole answer to an HTTP request.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// Its status.
    pub status: u16,
    /// Name and value of its headers; names in any case.
    pub headers: &'a [(&'a str, &'a str)],
    /// Its body.
    pub body: &'a [u8],
}
