//! The network of sockets: one poll over all connections of a loop.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use ballast_model::{Nanos, Span};
use mio::{Events, Poll, Token, Waker};
use rustls::ClientConfig;

use crate::connection::{Connection, Plan};
use crate::http::UsedHeaders;
use crate::names::Names;
use crate::seam::{Address, Closed, HttpSend, Link, Network, News, Pulse, Refused};
use crate::tls::{self, RootsError};
use crate::url::Place;

/// Events of one wait; what does not fit comes with the next.
const EVENTS: usize = 64;

const WAKE: Token = Token(usize::MAX);

/// Limits and patience of a network, all stated at boot.
#[derive(Clone, Debug)]
pub struct Options {
    /// The longest WebSocket message, in bytes: what is longer breaks the connection.
    pub message_limit: usize,
    /// The longest body of an HTTP reply, in bytes.
    pub reply_limit: usize,
    /// Bytes at most that wait to leave a connection; beyond them [`Refused::Full`].
    pub waiting_limit: usize,
    /// Requests at most that wait on a connection.
    pub requests_limit: usize,
    /// How long a connection may take from its name to its last handshake.
    pub opening: Span,
    /// How long a connection that we closed waits for the other side to close.
    pub closing: Span,
    /// PEM files with certificates to trust beside the roots that browsers trust.
    pub extra_roots: Vec<PathBuf>,
    /// The headers that [`News::Reply`] counts from: weight of this minute, orders of the last ten seconds.
    pub used_headers: UsedHeaders,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            message_limit: 4 << 20,
            reply_limit: 32 << 20,
            waiting_limit: 256 << 10,
            requests_limit: 64,
            opening: Span::from_secs(10),
            closing: Span::from_secs(1),
            extra_roots: Vec::new(),
            used_headers: ["X-MBX-USED-WEIGHT-1M".to_owned(), "X-MBX-ORDER-COUNT-10S".to_owned()],
        }
    }
}

/// Why there is no network.
#[derive(Debug)]
pub enum SetupError {
    /// The system gives no poll.
    Poll(io::Error),
    /// Certificates that cannot be used.
    Roots(RootsError),
}

impl fmt::Display for SetupError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Poll(error) => write!(out, "the system gives no poll: {error}"),
            Self::Roots(error) => write!(out, "root certificates: {error}"),
        }
    }
}

impl std::error::Error for SetupError {}

/// Wakes a network that waits, from any thread.
#[derive(Clone, Debug)]
pub struct Wake(Arc<Waker>);

impl Wake {
    /// Ends the wait under way, or the next one. Where the system refuses, the wait ends by its patience.
    pub fn wake(&self) {
        self.0.wake().unwrap_or_default();
    }
}

/// A connection, or what is to be told of one that is gone.
#[derive(Debug, Default)]
struct Slot {
    connection: Option<Box<Connection>>,
    verdict: Option<Closed>,
}

/// A network of real sockets. `clock` gives boot wall time plus monotonic time.
///
/// A wait is rounded up to a whole millisecond, as the system's is; one of zero costs one call of the system.
pub struct Sockets<C> {
    poll: Poll,
    events: Events,
    wake: Wake,
    slots: Vec<Slot>,
    names: Names,
    tls: Arc<ClientConfig>,
    options: Options,
    clock: C,
}

impl<C> fmt::Debug for Sockets<C> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Sockets").field("slots", &self.slots.len()).finish_non_exhaustive()
    }
}

impl<C: Fn() -> Nanos> Sockets<C> {
    /// A network without connections.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn new(options: Options, clock: C) -> Result<Self, SetupError> {
        let tls = tls::client_config(&options.extra_roots).map_err(SetupError::Roots)?;
        let poll = Poll::new().map_err(SetupError::Poll)?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE).map_err(SetupError::Poll)?);
        let names = Names::new(Arc::clone(&waker));
        let events = Events::with_capacity(EVENTS);
        Ok(Self { poll, events, wake: Wake(waker), slots: Vec::new(), names, tls, options, clock })
    }

    /// What wakes this network.
    #[must_use]
    pub fn wake(&self) -> Wake {
        self.wake.clone()
    }

    fn slot(&mut self, link: Link) -> &mut Slot {
        let index = usize::from(link.0);
        if self.slots.len() <= index {
            self.slots.resize_with(index + 1, Slot::default);
        }
        #[expect(clippy::indexing_slicing, reason = "made so long just above")]
        &mut self.slots[index]
    }

    fn connection(&mut self, link: Link) -> Result<&mut Connection, Refused> {
        let slot = self.slots.get_mut(usize::from(link.0));
        slot.and_then(|slot| slot.connection.as_deref_mut()).ok_or(Refused::NotOpen)
    }

    /// A connection on its way; none where the address is none.
    fn begin(&mut self, link: Link, address: &Address) -> Option<Box<Connection>> {
        let place = Place::parse(address.kind, &address.url)?;
        let deadline = (self.clock)().saturating_add(self.options.opening);
        let plan = Plan { link, kind: address.kind, headers: &address.headers, deadline };
        let known = place.host.parse::<IpAddr>().map(|host| SocketAddr::new(host, place.port)).ok();
        if known.is_none() {
            self.names.ask(&place.host, place.port);
        }
        let mut connection = Box::new(Connection::new(&plan, place, &self.tls, &self.options)?);
        if let Some(address) = known {
            connection.named(&[address], self.poll.registry());
        }
        Some(connection)
    }

    /// How long to wait: not at all where something is left to do, else until the first deadline.
    fn patience(&self, patience: Span) -> Duration {
        if patience.0 <= 0 {
            return Duration::ZERO;
        }
        let now = (self.clock)();
        let left = self.slots.iter().map(|slot| match &slot.connection {
            _ if slot.verdict.is_some() => Span::ZERO,
            Some(connection) => connection.patience(now),
            None => patience,
        });
        let wait = left.fold(patience, |least, span| if span.0 < least.0 { span } else { least });
        wait.duration()
    }
}

impl<C: Fn() -> Nanos> Network for Sockets<C> {
    fn open(&mut self, link: Link, address: &Address) {
        if let Some(mut gone) = self.slot(link).connection.take() {
            gone.leave();
        }
        let connection = self.begin(link, address);
        let verdict = if connection.is_none() { Some(Closed::Unreachable) } else { None };
        *self.slot(link) = Slot { connection, verdict };
    }

    fn close(&mut self, link: Link) {
        let deadline = (self.clock)().saturating_add(self.options.closing);
        let Some(slot) = self.slots.get_mut(usize::from(link.0)) else { return };
        let Some(connection) = &mut slot.connection else { return };
        if !connection.close(deadline) {
            slot.connection = None;
        }
    }

    fn send(&mut self, link: Link, text: &[u8]) -> Result<(), Refused> {
        self.connection(link)?.send(text)
    }

    fn request(&mut self, link: Link, request: &HttpSend<'_>) -> Result<(), Refused> {
        self.connection(link)?.request(request)
    }

    fn ping(&mut self, link: Link) -> Result<(), Refused> {
        let now = (self.clock)();
        self.connection(link)?.ping(now)
    }

    fn pulse(&self, link: Link) -> Option<Pulse> {
        self.slots.get(usize::from(link.0))?.connection.as_ref()?.pulse()
    }

    fn poll(&mut self, patience: Span, heard: &mut dyn FnMut(Link, Nanos, News<'_>)) {
        let wait = self.patience(patience);
        if self.poll.poll(&mut self.events, Some(wait)).is_err() {
            // Interrupted by a signal: as if nothing had come.
            self.events.clear();
        }
        for event in &self.events {
            let slot = self.slots.get_mut(event.token().0);
            if let Some(connection) = slot.and_then(|slot| slot.connection.as_deref_mut()) {
                connection.notice(event);
            }
        }
        self.names.take_answers();
        for (slot, link) in self.slots.iter_mut().zip(0..=u8::MAX) {
            if let Some(connection) = &mut slot.connection
                && let Err(closed) = connection.serve(&self.names, self.poll.registry(), &self.clock, heard)
            {
                connection.leave();
                slot.connection = None;
                slot.verdict = Some(closed);
            }
            if let Some(closed) = slot.verdict.take() {
                heard(Link(link), (self.clock)(), News::Closed(closed));
            }
        }
    }

    fn clock(&self) -> Nanos {
        (self.clock)()
    }
}
