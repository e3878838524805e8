//! The network of sockets: what the engine's own wire reads and sends, with stamps, and a venue at its other end.
//!
//! WebSockets are sockets; requests over HTTP, none of which lies between a tick and its order, are answered in process.

use std::cell::Cell;
use std::fmt;
use std::io;
use std::sync::Arc;

use ballast_model::{Nanos, Span};
use ballast_wire::{
    Address, HttpSend, Link, LinkKind, Network, News, Options, Pulse, Refused, SetupError, Sockets,
};

use super::frames::Frames;
use super::over::Over;
use super::played::{MARKET, Market, Played, Released, Room, Seen, Sent, Timetable};
use super::probe::Sampling;
use super::served::{API_PATH, MARKET_PATH, Served, Serving, Tell};
use crate::clock::Clock;
use crate::host::Wait;

/// A frame as it came in.
#[derive(Clone, Copy, Debug)]
struct Heard {
    read: Nanos,
    arrived: Nanos,
    decoded: Nanos,
}

/// A request as it went out by the connection of orders.
#[derive(Clone, Copy, Debug)]
struct Asked {
    turned: Nanos,
    at: Nanos,
    left: Nanos,
}

/// Reads the clock.
type Reading = Box<dyn Fn() -> Nanos + Send>;

/// The network of one run.
pub(super) struct Wired {
    sockets: Sockets<Reading>,
    /// Who answers what is asked over HTTP.
    cold: Played,
    venue: Option<Serving>,
    clock: Clock,
    sampling: Sampling,
    scheme: &'static str,
    before_book: usize,
    is_asked: bool,
    heard: Vec<Heard>,
    asked: Vec<Asked>,
    missed: u64,
    last: Nanos,
    turned: Cell<Nanos>,
    /// By link, whether HTTP is spoken there.
    is_http: Vec<bool>,
    api: Link,
}

impl fmt::Debug for Wired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wired").field("sockets", &self.sockets).finish_non_exhaustive()
    }
}

/// Why there are no sockets.
#[derive(Debug, thiserror::Error)]
pub enum WiredError {
    /// The engine's.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The venue's.
    #[error("the venue on loopback: {0}")]
    Venue(#[from] io::Error),
}

impl Wired {
    /// A network whose venue listens already. Orders leave by addresses with `/ws-fapi/` in them.
    pub(super) fn new(
        over: &Over,
        (clock, wait): (Clock, Wait),
        frames: &Arc<Frames>,
        sampling: Sampling,
        room: Room,
    ) -> Result<Self, WiredError> {
        let before_book = frames.after_snapshot();
        let room = (room.frames + before_book, room.orders);
        let venue = Serving::start(over.clone(), clock, Arc::clone(frames), wait, room)?;
        let reading: Reading = Box::new(move || clock.now());
        let options = Options { extra_roots: over.roots(), ..Options::default() };
        Ok(Self {
            sockets: Sockets::new(options, reading)?,
            cold: Played::silent(clock, Arc::clone(frames)),
            venue: Some(venue),
            clock,
            sampling,
            scheme: over.scheme(),
            before_book,
            is_asked: false,
            heard: Vec::with_capacity(room.0),
            asked: Vec::with_capacity(room.1),
            missed: 0,
            last: Nanos::MIN,
            turned: Cell::new(Nanos::MIN),
            is_http: Vec::new(),
            api: Link(u8::MAX),
        })
    }

    fn tell(&self, what: Tell) {
        if let Some(venue) = &self.venue {
            venue.tell(what);
        }
    }

    fn is_http(&self, link: Link) -> bool {
        self.is_http.get(usize::from(link.0)).copied().unwrap_or_default()
    }

    /// Both ends' lists, entry by entry: a connection keeps its order. What only one end knows of is missed.
    fn joined(&self, served: &Served) -> Seen {
        let Served { gone, got, bytes, missed } = served;
        let released = gone.iter().zip(&self.heard).skip(self.before_book).map(|(gone, heard)| Released {
            arrived: heard.arrived,
            due: gone.due,
            written: gone.written,
            read: heard.read,
            decoded: heard.decoded,
            frame: gone.frame,
        });
        let sent = got.iter().zip(&self.asked).filter_map(|(got, asked)| {
            let Asked { turned, at, left } = *asked;
            let order = got.asked?;
            Some(Sent { ask: order.ask, client_id: order.client_id, at, turned, left, got: got.at })
        });
        let apart = gone.len().abs_diff(self.heard.len()) + got.len().abs_diff(self.asked.len());
        Seen {
            released: released.collect(),
            sent: sent.collect(),
            missed: missed + self.missed + apart as u64,
            bytes: (bytes.0 / gone.len().max(1), bytes.1 / got.len().max(1)),
        }
    }
}

impl Market for Wired {
    fn release_book(&mut self) {
        self.is_asked = true;
        self.tell(Tell::Book);
    }

    fn has_book(&self) -> bool {
        self.cold.has_book()
    }

    fn schedule(&mut self, timetable: Timetable) {
        self.tell(Tell::Schedule(timetable));
    }

    fn enough(&mut self) {
        self.tell(Tell::Enough);
    }

    fn is_done(&self) -> bool {
        self.venue.as_ref().is_none_or(Serving::is_done)
    }

    fn seen(&mut self) -> io::Result<Seen> {
        let served = self.venue.take().map(Serving::end).transpose()?.unwrap_or_default();
        Ok(self.joined(&served))
    }
}

impl Network for Wired {
    fn open(&mut self, link: Link, address: &Address) {
        let at = usize::from(link.0);
        if self.is_http.len() <= at {
            self.is_http.resize(at + 1, false);
        }
        if let Some(is_http) = self.is_http.get_mut(at) {
            *is_http = address.kind == LinkKind::Http;
        }
        let Some(venue) = self.venue.as_ref().filter(|_| address.kind == LinkKind::WebSocket) else {
            self.cold.open(link, address);
            return;
        };
        let path = if link == MARKET {
            MARKET_PATH
        } else if address.url.contains("/ws-fapi/") {
            self.api = link;
            API_PATH
        } else {
            "/"
        };
        let url = format!("{}://{}{path}", self.scheme, venue.address);
        self.sockets.open(link, &Address { url, ..address.clone() });
    }

    fn close(&mut self, link: Link) {
        if self.is_http(link) { self.cold.close(link) } else { self.sockets.close(link) }
    }

    #[inline]
    fn send(&mut self, link: Link, text: &[u8]) -> Result<(), Refused> {
        let at = self.clock.now();
        self.sockets.send(link, text)?;
        if link == self.api {
            if self.asked.len() == self.asked.capacity() {
                self.missed += 1;
            } else {
                self.asked.push(Asked { turned: self.turned.get(), at, left: self.clock.now() });
            }
        }
        Ok(())
    }

    fn request(&mut self, link: Link, request: &HttpSend<'_>) -> Result<(), Refused> {
        self.cold.request(link, request)
    }

    fn ping(&mut self, link: Link) -> Result<(), Refused> {
        self.sockets.ping(link)
    }

    fn pulse(&self, link: Link) -> Option<Pulse> {
        if self.is_http(link) { self.cold.pulse(link) } else { self.sockets.pulse(link) }
    }

    #[inline]
    fn poll(&mut self, patience: Span, told: &mut dyn FnMut(Link, Nanos, News<'_>)) {
        let Self { sockets, clock, sampling, last, heard, missed, .. } = self;
        sockets.poll(patience, &mut |link, read, news| {
            if link != MARKET || !matches!(news, News::Text(_)) {
                told(link, read, news);
                return;
            }
            let arrived = clock.now().max(*last + Span(1));
            *last = arrived;
            told(link, arrived, news);
            let decoded = if sampling.takes(arrived) { clock.now() } else { Nanos(0) };
            if heard.len() == heard.capacity() {
                *missed += 1;
            } else {
                heard.push(Heard { read, arrived, decoded });
            }
        });
        if self.is_asked && self.heard.len() >= self.before_book {
            self.is_asked = false;
            self.cold.release_book();
        }
        self.cold.poll(Span::ZERO, told);
    }

    #[inline]
    fn clock(&self) -> Nanos {
        let now = self.clock.now();
        self.turned.set(now);
        now
    }
}
