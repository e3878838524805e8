//! The network: connections between the engine and the venue, in simulated time. What is sent on one arrives in its order; what is sent
//! on several arrives in any.
//!
//! The venue is behind it: what arrives there is answered at once, by the same code that answers over sockets.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use ballast_model::{Digest, Nanos, Span};
use ballast_simulator::carrier::Answered;
use ballast_simulator::seam::{CallId, ConnId, HttpRequest};
use ballast_wire::{Address, Closed, HttpSend, Link, Network, News, Pulse, Refused};

use crate::counterpart::Counterpart;
use crate::dice::Dice;
use crate::line::{Channel, Known, Line, Said, Stage, Told, contains, news, place, request, told};
use crate::profile::Latency;

/// How long a connection that we close waits for the venue.
const CLOSING: Span = Span::from_millis(100);
/// How long a connection may take: a little more than whoever asked for it waits.
const OPENING: Span = Span(10_000_050_000);
/// The venue is not asked again at the same moment whether something is due: chance has then said that nothing is.
const AGAIN: Span = Span::from_millis(1);

/// Whose something on its way is: connection, and which of those of that number.
type Whose = (Link, u32);

/// What becomes of connections that are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// They are made.
    Yes,
    /// They are refused.
    Refuses,
    /// Nothing is heard of them.
    Hangs,
}

/// Something on its way.
#[derive(Debug)]
enum Way {
    There(Whose, Said),
    Here(Whose, Told),
}

/// The network, and the venue behind it.
#[derive(Debug)]
pub(crate) struct SimNetwork {
    now: Nanos,
    venue: Counterpart,
    /// When the venue was last asked for what is due.
    asked: Nanos,
    lines: Vec<Line>,
    /// By time and the order in which they were sent.
    ways: BTreeMap<(Nanos, u64), Way>,
    sent: u64,
    /// Whose the venue's connections and calls are.
    conns: BTreeMap<ConnId, Whose>,
    calls: BTreeMap<CallId, Whose>,
    /// Connections on which something is to go out later.
    later: BTreeMap<ConnId, Nanos>,
    inbox: VecDeque<(Whose, Told)>,
    latency: Latency,
    dice: Dice,
    reach: Reach,
    latch: Arc<AtomicBool>,
    known: Known,
    digest: Digest,
}

impl SimNetwork {
    pub(crate) fn new(venue: Counterpart, latency: Latency, seed: u64, start: Nanos) -> Self {
        Self {
            now: start,
            venue,
            asked: start,
            lines: Vec::new(),
            ways: BTreeMap::new(),
            sent: 0,
            conns: BTreeMap::new(),
            calls: BTreeMap::new(),
            later: BTreeMap::new(),
            inbox: VecDeque::new(),
            latency,
            dice: Dice::new(seed, "network"),
            reach: Reach::Yes,
            latch: Arc::new(AtomicBool::new(false)),
            known: Known::default(),
            digest: Digest::new(),
        }
    }

    /// The latch under which no order may leave: that of the engine that is connected now.
    pub(crate) fn watch_latch(&mut self, latch: Arc<AtomicBool>) {
        self.latch = latch;
    }

    /// The venue.
    pub(crate) const fn venue(&self) -> &Counterpart {
        &self.venue
    }

    /// What the engine knows.
    pub(crate) const fn known(&self) -> &Known {
        &self.known
    }

    /// Of all that was said and told, and when.
    pub(crate) const fn digest(&self) -> Digest {
        self.digest
    }

    /// When something next happens on the way or at the venue.
    pub(crate) fn next_at(&self) -> Option<Nanos> {
        let way = self.ways.keys().next().map(|(at, _)| *at);
        let later = self.later.values().min().copied();
        let due = self.venue.next_deadline(self.now);
        let due = due.map(|at| if at <= self.asked { self.asked + AGAIN } else { at });
        [way, later, due].into_iter().flatten().min()
    }

    /// Lets time pass up to this.
    pub(crate) fn advance(&mut self, to: Nanos) {
        while let Some(at) = self.next_at().filter(|at| *at <= to) {
            self.now = self.now.max(at);
            self.step();
        }
        self.now = self.now.max(to);
    }

    fn step(&mut self) {
        let now = self.now;
        if let Some(way) = self.ways.first_entry().filter(|entry| entry.key().0 <= now) {
            match way.remove() {
                Way::There(whose, said) => self.arrive(whose, said),
                Way::Here(whose, told) => self.deliver(whose, told),
            }
        } else {
            self.asked = now;
            self.venue.on_time(now);
        }
        self.take_out();
    }

    /// Sends on their way what the venue has to say by now.
    fn take_out(&mut self) {
        let now = self.now;
        while let Some(Answered { call, reply, late }) = self.venue.take_reply() {
            let Some(whose) = self.calls.remove(&call) else { continue };
            self.post_here(whose, now + late, Told::Reply(reply));
            if let Some(next) = self.line_mut(whose).and_then(|line| {
                line.call = None;
                line.requests.pop_front()
            }) {
                self.call(whose, next);
            }
        }
        let due: Vec<_> = self.later.iter().filter(|(_, at)| **at <= now).map(|(conn, _)| *conn).collect();
        let stirred: BTreeSet<_> = self.venue.take_stirred().into_iter().chain(due).collect();
        let mut frames = Vec::new();
        for conn in stirred {
            self.later.remove(&conn);
            let Some(next) = self.venue.take(conn, now, &mut frames, usize::MAX) else { continue };
            if let Some(at) = next {
                self.later.insert(conn, at);
            }
            let Some(whose) = self.conns.get(&conn).copied() else {
                frames.clear();
                continue;
            };
            for frame in frames.drain(..) {
                self.post_here(whose, now, told(frame));
            }
        }
    }

    fn line_mut(&mut self, (link, generation): Whose) -> Option<&mut Line> {
        let line = self.lines.get_mut(usize::from(link.0))?;
        (line.generation == generation).then_some(line)
    }

    fn delay(&mut self) -> Span {
        self.latency.draw(&mut self.dice)
    }

    fn post(&mut self, at: Nanos, way: Way) {
        self.sent += 1;
        self.ways.insert((at, self.sent), way);
    }

    fn post_here(&mut self, whose: Whose, from: Nanos, told: Told) {
        let delay = self.delay();
        let Some(line) = self.line_mut(whose) else { return };
        line.here_at = line.here_at.max(from + delay);
        let at = line.here_at;
        self.post(at, Way::Here(whose, told));
    }

    fn post_there(&mut self, link: Link, said: Said) {
        let (now, delay) = (self.now, self.delay());
        let Some(line) = self.lines.get_mut(usize::from(link.0)) else { return };
        line.there_at = line.there_at.max(now + delay);
        let (at, whose) = (line.there_at, (link, line.generation));
        self.post(at, Way::There(whose, said));
    }

    /// At the venue.
    fn arrive(&mut self, whose: Whose, said: Said) {
        let now = self.now;
        match said {
            Said::Open(request) => self.open_there(whose, &request),
            Said::Text(conn, text) => self.venue.text(conn, &text, now),
            Said::Ping(conn) => self.venue.ping(conn, Vec::new(), now),
            Said::Pong(conn) => self.venue.pong(conn, now),
            Said::Gone(conn) => {
                self.conns.remove(&conn);
                self.later.remove(&conn);
                self.venue.closed(conn, now);
            }
            Said::Request(request) => match self.line_mut(whose) {
                Some(line) if line.call.is_some() => line.requests.push_back(request),
                Some(_) => self.call(whose, request),
                // A request that has left is heard, whoever has gone since.
                None => drop(self.venue.call(request, now)),
            },
        }
    }

    fn call(&mut self, whose: Whose, request: HttpRequest) {
        let call = self.venue.call(request, self.now);
        self.calls.insert(call, whose);
        if let Some(line) = self.line_mut(whose) {
            line.call = Some(call);
        }
    }

    fn open_there(&mut self, whose: Whose, request: &HttpRequest) {
        let now = self.now;
        let Some(line) = self.line_mut(whose).filter(|line| line.stage == Stage::Opening) else { return };
        if line.channel == Channel::Rest {
            return self.post_here(whose, now, Told::Opened(None));
        }
        let told = match self.venue.open_socket(request, now) {
            Ok(conn) => {
                self.conns.insert(conn, whose);
                Told::Opened(Some(conn))
            }
            Err(_) => Told::Closed(Closed::Unreachable),
        };
        self.post_here(whose, now, told);
    }

    /// At the engine.
    fn deliver(&mut self, whose: Whose, told: Told) {
        let (now, (link, _)) = (self.now, whose);
        let Some(line) = self.line_mut(whose) else {
            // Of a connection that was given up before it stood.
            if let Told::Opened(Some(conn)) = told {
                self.post(now, Way::There(whose, Said::Gone(conn)));
            }
            return;
        };
        if line.stage == Stage::Down {
            return;
        }
        line.heard = now;
        match &told {
            Told::Opened(conn) => (line.stage, line.conn) = (Stage::Up, *conn),
            Told::Pong => {
                line.round_trip = line.pinged.pop_front().map(|at| now - at);
                return;
            }
            Told::Ping => {
                if let Some(conn) = line.conn {
                    self.post_there(link, Said::Pong(conn));
                }
                return;
            }
            Told::Closed(_) => {
                line.stage = Stage::Down;
                if let Some(conn) = line.conn.take() {
                    self.post_there(link, Said::Gone(conn));
                }
            }
            Told::Text(_) | Told::Reply(_) => {}
        }
        self.inbox.push_back((whose, told));
    }

    /// The way to the venue is cut under every connection: the engine hears so, and the venue finds them gone.
    pub(crate) fn cut(&mut self, of: impl Fn(Channel) -> bool) {
        for link in (0..=u8::MAX).map(Link).take(self.lines.len()) {
            let Some(line) = self.lines.get_mut(usize::from(link.0)) else { continue };
            if of(line.channel) && line.stage != Stage::Down {
                let whose = (link, line.generation);
                self.deliver(whose, Told::Closed(Closed::Broken));
            }
        }
    }

    /// What becomes of connections from now on.
    pub(crate) const fn set_reach(&mut self, reach: Reach) {
        self.reach = reach;
    }

    /// The engine is gone: nobody hears what is on the way to it.
    pub(crate) fn abandon(&mut self) {
        self.cut(|_| true);
        self.inbox.clear();
        self.lines.iter_mut().for_each(|line| line.generation += 1);
        self.known = Known { orders: self.known.orders, latched: self.known.latched, ..Known::default() };
    }

    /// Notes what the engine learns from a piece of news.
    fn note(&mut self, link: Link, told: &Told) {
        let now = self.now;
        self.digest.word(u64::from(link.0));
        self.digest.signed(now.0);
        let channel = self.lines.get(usize::from(link.0)).map(|line| line.channel);
        let down = match told {
            Told::Opened(_) => None,
            Told::Closed(_) => Some(now),
            Told::Text(text) => {
                self.digest.bytes(text);
                if channel == Some(Channel::Market) {
                    self.known.market_at = Some(now);
                }
                return;
            }
            Told::Reply(reply) => {
                self.digest.bytes(&reply.body);
                return;
            }
            Told::Pong | Told::Ping => return,
        };
        match channel {
            Some(Channel::Api) => self.known.api_down = down,
            Some(Channel::User) => self.known.user_down = down,
            Some(Channel::Market | Channel::Rest) | None => {}
        }
    }

    fn up(&mut self, link: Link) -> Result<&mut Line, Refused> {
        let line = self.lines.get_mut(usize::from(link.0));
        line.filter(|line| line.stage == Stage::Up).ok_or(Refused::NotOpen)
    }
}

impl Network for SimNetwork {
    fn open(&mut self, link: Link, address: &Address) {
        let at = usize::from(link.0);
        while self.lines.len() <= at {
            self.lines.push(Line::new());
        }
        if let Some(conn) = self.lines.get(at).and_then(|line| line.conn) {
            self.post_there(link, Said::Gone(conn));
        }
        let (channel, path, query) = place(address);
        let headers = address.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
        let request = HttpRequest {
            method: "GET".to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: headers.collect(),
            body: Vec::new(),
        };
        let Some(line) = self.lines.get_mut(at) else { return };
        line.begin(channel);
        let whose = (link, line.generation);
        match self.reach {
            Reach::Yes => self.post_there(link, Said::Open(request)),
            Reach::Refuses => self.post_here(whose, self.now, Told::Closed(Closed::Unreachable)),
            Reach::Hangs => {
                let given_up = self.now + OPENING;
                self.post(given_up, Way::Here(whose, Told::Closed(Closed::Unreachable)));
            }
        }
    }

    fn close(&mut self, link: Link) {
        let (now, delay) = (self.now, self.delay());
        let Some(line) = self.lines.get_mut(usize::from(link.0)) else { return };
        let whose = (link, line.generation);
        match line.stage {
            Stage::Down | Stage::Closing => {}
            // Nothing is told of the end of what never stood.
            Stage::Opening => line.stage = Stage::Down,
            Stage::Up => {
                line.stage = Stage::Closing;
                let wait =
                    if line.channel == Channel::Rest { Span::ZERO } else { CLOSING.min(Span(2 * delay.0)) };
                self.post(now + wait, Way::Here(whose, Told::Closed(Closed::ByUs)));
            }
        }
    }

    fn send(&mut self, link: Link, text: &[u8]) -> Result<(), Refused> {
        let conn = self.up(link)?.conn.ok_or(Refused::NotOpen)?;
        self.digest.bytes(text);
        if contains(text, b"\"order.place\"") {
            self.known.orders += 1;
            self.known.latched += u64::from(self.latch.load(Relaxed));
        }
        self.post_there(link, Said::Text(conn, text.to_vec()));
        Ok(())
    }

    fn request(&mut self, link: Link, send: &HttpSend<'_>) -> Result<(), Refused> {
        self.up(link)?;
        self.digest.bytes(send.target.as_bytes());
        self.post_there(link, Said::Request(request(send)));
        Ok(())
    }

    fn ping(&mut self, link: Link) -> Result<(), Refused> {
        let now = self.now;
        let line = self.up(link)?;
        let conn = line.conn.ok_or(Refused::NotOpen)?;
        line.pinged.push_back(now);
        self.post_there(link, Said::Ping(conn));
        Ok(())
    }

    fn pulse(&self, link: Link) -> Option<Pulse> {
        let line = self.lines.get(usize::from(link.0)).filter(|line| line.stage == Stage::Up)?;
        Some(Pulse { heard: line.heard, round_trip: line.round_trip })
    }

    fn poll(&mut self, patience: Span, heard: &mut dyn FnMut(Link, Nanos, News<'_>)) {
        if patience > Span::ZERO && self.inbox.is_empty() {
            let until = self.now + patience;
            self.advance(self.next_at().map_or(until, |at| at.min(until)));
        }
        while let Some((whose, told)) = self.inbox.pop_front() {
            if self.line_mut(whose).is_none() {
                continue;
            }
            let (link, _) = whose;
            self.note(link, &told);
            match &told {
                Told::Opened(_) => heard(link, self.now, News::Opened),
                Told::Text(text) => heard(link, self.now, News::Text(text)),
                Told::Reply(reply) => heard(link, self.now, news(reply)),
                Told::Closed(closed) => heard(link, self.now, News::Closed(*closed)),
                Told::Pong | Told::Ping => {}
            }
        }
    }

    fn clock(&self) -> Nanos {
        self.now
    }
}
