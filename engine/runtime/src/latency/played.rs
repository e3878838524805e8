//! The network: it releases frames when their time has come, and takes orders.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use ballast_model::{ClientOrderId, Nanos, Span};
use ballast_wire::{Address, Closed, HttpSend, Link, LinkKind, Network, News, Pulse, Refused};

use super::answers::{self, ANSWER_BYTES, Ask};
use super::frames::Frames;
use super::probe::Sampling;
use crate::clock::Clock;

/// The connection that markets come on: the first that is opened.
pub(super) const MARKET: Link = Link(0);
/// Answers that wait for the next poll.
const ANSWERS_MAX: usize = 4_096;

/// A frame that was handed in. Times that were not taken are those of the stamp before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Released {
    /// When it was handed in, or found in the bytes of a socket: what both threads know it by.
    pub(super) arrived: Nanos,
    /// When it was to be.
    pub(super) due: Nanos,
    /// When the venue handed it to its socket, and the engine had read its bytes.
    pub(super) written: Nanos,
    pub(super) read: Nanos,
    /// When what it says was in the ring; zero where it was not sampled.
    pub(super) decoded: Nanos,
    /// Its place among all that are released.
    pub(super) frame: usize,
}

/// An order that was handed out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    pub(super) ask: Ask,
    pub(super) client_id: ClientOrderId,
    /// When its text was handed out.
    pub(super) at: Nanos,
    /// When the loop turned to its commands.
    pub(super) turned: Nanos,
    /// When the socket had taken it, and the venue had read it.
    pub(super) left: Nanos,
    pub(super) got: Nanos,
}

/// When frames are released.
#[derive(Clone, Copy, Debug)]
enum Release {
    /// All up to the snapshot, at once.
    Book,
    /// As they were recorded, so many times as fast.
    Scheduled { from: Nanos, base: Nanos, rate: u32 },
    /// One when it is asked for.
    Single,
}

/// When which frames are released.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timetable {
    how: Release,
    /// The place after the last.
    pub(super) end: usize,
}

impl Timetable {
    /// All frames up to the snapshot, at once.
    pub(super) const fn book(frames: &Frames) -> Self {
        Self { how: Release::Book, end: frames.after_snapshot() }
    }

    /// What was recorded in so long a time after the snapshot, `rate` times as fast, from a time on; all that there is where `recorded`
    /// is none.
    pub(super) fn scheduled(frames: &Frames, from: Nanos, rate: u32, recorded: Option<Span>) -> Option<Self> {
        let first = frames.after_snapshot();
        let base = frames.when(first)?;
        let is_within = |at| frames.when(at).is_some_and(|at| recorded.is_some_and(|most| at - base < most));
        let end = if recorded.is_none() { usize::MAX } else { (first..).find(|at| !is_within(*at))? };
        Some(Self { how: Release::Scheduled { from, base, rate }, end })
    }

    pub(super) const fn is_book(self) -> bool {
        matches!(self.how, Release::Book)
    }

    /// When what was recorded then is to be released, where that is not later than now.
    pub(super) fn due(self, recorded: Nanos, now: Nanos) -> Option<Nanos> {
        match self.how {
            Release::Book | Release::Single => Some(now),
            Release::Scheduled { from, base, rate } => {
                Some(from + Span((recorded - base).0.max(0) / i64::from(rate.max(1))))
                    .filter(|due| *due <= now)
            }
        }
    }
}

/// How many frames and orders the lists of a run take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) frames: usize,
    pub(super) orders: usize,
}

/// A network that a market is released on.
pub(super) trait Market: Network {
    /// Lets the book be built: all frames up to the snapshot, and that.
    fn release_book(&mut self);

    /// True once the snapshot has been handed in.
    fn has_book(&self) -> bool;

    /// Releases frames by this timetable.
    fn schedule(&mut self, timetable: Timetable);

    /// Releases no more of them.
    fn enough(&mut self);

    /// True once all frames that were to be are released, or lists are full.
    fn is_done(&self) -> bool;

    /// Ends it; what it saw.
    ///
    /// # Errors
    /// Those of its sockets.
    fn seen(&mut self) -> io::Result<Seen>;
}

/// What the network saw.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) released: Vec<Released>,
    pub(super) sent: Vec<Sent>,
    /// Orders that found no room in the list, and frames and orders that only one end knows of.
    pub(super) missed: u64,
    /// Mean bytes of a frame and of an order; zero where there was no socket.
    pub(super) bytes: (usize, usize),
}

/// The network of one run.
#[derive(Debug)]
pub(super) struct Played {
    clock: Clock,
    frames: Arc<Frames>,
    sampling: Sampling,
    timetable: Option<Timetable>,
    /// The place of the next frame.
    next: usize,
    scratch: Vec<u8>,
    /// Another frame is asked for.
    wanted: bool,
    last: Nanos,
    turned: Cell<Nanos>,
    kinds: Vec<Option<LinkKind>>,
    changes: VecDeque<(Link, Option<Closed>)>,
    replies: VecDeque<(Link, String)>,
    /// Who asked for the snapshot.
    asked: Option<Link>,
    has_book: bool,
    answers: VecDeque<Vec<u8>>,
    spare: Vec<Vec<u8>>,
    api: Link,
    pub(super) seen: Seen,
}

impl Played {
    /// A network whose orders leave by addresses with `/ws-fapi/` in them; its lists have room for so many frames and orders.
    pub(super) fn new(clock: Clock, frames: Arc<Frames>, sampling: Sampling, room: Room) -> Self {
        let seen = Seen {
            released: Vec::with_capacity(room.frames),
            sent: Vec::with_capacity(room.orders),
            ..Seen::default()
        };
        Self {
            clock,
            sampling,
            timetable: None,
            next: 0,
            scratch: Vec::new(),
            frames,
            wanted: false,
            last: Nanos::MIN,
            turned: Cell::new(Nanos::MIN),
            kinds: Vec::new(),
            changes: VecDeque::new(),
            replies: VecDeque::new(),
            asked: None,
            has_book: false,
            answers: VecDeque::with_capacity(ANSWERS_MAX),
            spare: (0..ANSWERS_MAX).map(|_| Vec::with_capacity(ANSWER_BYTES)).collect(),
            api: Link(u8::MAX),
            seen,
        }
    }

    /// A network that has no frames to release: what it knows beside them is answered.
    pub(super) fn silent(clock: Clock, frames: Arc<Frames>) -> Self {
        let next = frames.after_snapshot();
        let room = Room { frames: 0, orders: 0 };
        Self { next, ..Self::new(clock, frames, Sampling { bits: 0 }, room) }
    }

    /// Releases one frame of at most `count` whenever [`Played::want`] is called.
    pub(super) fn single(&mut self, count: usize) {
        let end = self.next + count.min(self.frames.released_max());
        self.timetable = Some(Timetable { how: Release::Single, end });
    }

    pub(super) const fn want(&mut self) {
        self.wanted = true;
    }

    fn is_single(&self) -> bool {
        self.timetable.is_some_and(|timetable| matches!(timetable.how, Release::Single))
    }

    /// Hands in the frames whose time has come.
    fn release(&mut self, heard: &mut dyn FnMut(Link, Nanos, News<'_>)) {
        let Some(timetable) = self.timetable else { return };
        let now = self.clock.now();
        let frames = Arc::clone(&self.frames);
        while !self.is_done()
            && (self.wanted || !self.is_single())
            && let Some(recorded) = frames.when(self.next)
            && let Some(due) = timetable.due(recorded, now)
        {
            let arrived = self.clock.now().max(self.last + Span(1));
            self.last = arrived;
            heard(MARKET, arrived, News::Text(frames.say(self.next, &mut self.scratch)));
            self.wanted = false;
            if !timetable.is_book() {
                let decoded = if self.sampling.takes(arrived) { self.clock.now() } else { Nanos(0) };
                let (written, read, frame) = (arrived, arrived, self.next);
                self.seen.released.push(Released { arrived, due, written, read, decoded, frame });
            }
            self.next += 1;
        }
        if timetable.is_book()
            && self.is_done()
            && let Some(link) = self.asked.take()
        {
            self.has_book = true;
            heard(link, now, reply(frames.snapshot()));
        }
    }

    /// Takes an order, or whatever else leaves by that connection.
    fn take(&mut self, text: &[u8], at: Nanos) {
        let Some(mut answer) = self.spare.pop() else {
            self.seen.missed += 1;
            return;
        };
        answer.clear();
        match (answers::read(text), answers::request_id(text)) {
            (Some(asked), _) => {
                if self.seen.sent.len() == self.seen.sent.capacity() {
                    self.seen.missed += 1;
                } else {
                    let (ask, client_id, turned) = (asked.ask, asked.client_id, self.turned.get());
                    self.seen.sent.push(Sent { ask, client_id, at, turned, left: at, got: at });
                }
                answers::order(&asked, at, &mut answer);
            }
            (None, Some(id)) => answers::log_on(id, &mut answer),
            (None, None) => {}
        }
        self.answers.push_back(answer);
    }
}

impl Market for Played {
    fn release_book(&mut self) {
        self.timetable = Some(Timetable::book(&self.frames));
    }

    fn has_book(&self) -> bool {
        self.has_book
    }

    fn schedule(&mut self, timetable: Timetable) {
        self.timetable = Some(timetable);
    }

    fn enough(&mut self) {
        if let Some(timetable) = &mut self.timetable {
            timetable.end = self.next;
        }
    }

    fn is_done(&self) -> bool {
        let is_full = self.seen.released.len() == self.seen.released.capacity();
        self.timetable.is_none_or(|timetable| self.next >= timetable.end || (is_full && !timetable.is_book()))
    }

    fn seen(&mut self) -> io::Result<Seen> {
        Ok(core::mem::take(&mut self.seen))
    }
}

const fn reply(body: &[u8]) -> News<'_> {
    News::Reply { status: 200, retry_after: None, used: [None; 2], body }
}

impl Network for Played {
    fn open(&mut self, link: Link, address: &Address) {
        let at = usize::from(link.0);
        if self.kinds.len() <= at {
            self.kinds.resize(at + 1, None);
        }
        if let Some(kind) = self.kinds.get_mut(at) {
            *kind = Some(address.kind);
        }
        if address.url.contains("/ws-fapi/") {
            self.api = link;
        }
        self.changes.push_back((link, None));
    }

    fn close(&mut self, link: Link) {
        if let Some(kind) = self.kinds.get_mut(usize::from(link.0)).and_then(Option::take) {
            debug_assert!(matches!(kind, LinkKind::WebSocket | LinkKind::Http));
            self.changes.push_back((link, Some(Closed::ByUs)));
        }
    }

    #[inline]
    fn send(&mut self, link: Link, text: &[u8]) -> Result<(), Refused> {
        if link == self.api {
            let at = self.clock.now();
            self.take(text, at);
        }
        Ok(())
    }

    fn request(&mut self, link: Link, request: &HttpSend<'_>) -> Result<(), Refused> {
        match answers::rest(request.target, self.frames.fact(), self.clock.now()) {
            Some(body) => self.replies.push_back((link, body)),
            None => self.asked = Some(link),
        }
        Ok(())
    }

    fn ping(&mut self, _: Link) -> Result<(), Refused> {
        Ok(())
    }

    fn pulse(&self, link: Link) -> Option<Pulse> {
        let open = self.kinds.get(usize::from(link.0)).is_some_and(Option::is_some);
        open.then(|| Pulse { heard: self.clock.now(), round_trip: None })
    }

    #[inline]
    fn poll(&mut self, _: Span, heard: &mut dyn FnMut(Link, Nanos, News<'_>)) {
        self.release(heard);
        while let Some(answer) = self.answers.pop_front() {
            heard(self.api, self.clock.now(), News::Text(&answer));
            self.spare.push(answer);
        }
        while let Some((link, closed)) = self.changes.pop_front() {
            heard(link, self.clock.now(), closed.map_or(News::Opened, News::Closed));
        }
        while let Some((link, body)) = self.replies.pop_front() {
            heard(link, self.clock.now(), reply(body.as_bytes()));
        }
    }

    #[inline]
    fn clock(&self) -> Nanos {
        let now = self.clock.now();
        self.turned.set(now);
        now
    }
}
