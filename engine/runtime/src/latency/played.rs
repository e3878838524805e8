//! The network: it releases frames when their time has come, and takes orders.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::Arc;

use ballast_model::{ClientOrderId, Nanos, Span};
use ballast_wire::{Address, Closed, HttpSend, Link, LinkKind, Network, News, Pulse, Refused};

use super::answers::{self, ANSWER_BYTES, Ask};
use super::frames::Frames;
use super::probe::Sampling;
use crate::clock::Clock;

/// The connection that markets come on: the first that is opened.
const MARKET: Link = Link(0);
/// Answers that wait for the next poll.
const ANSWERS_MAX: usize = 4_096;

/// A frame that was handed in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Released {
    /// When it was handed in: what both threads know it by.
    pub(super) arrived: Nanos,
    /// When it was to be.
    pub(super) due: Nanos,
    /// When what it says was in the ring; zero where it was not sampled.
    pub(super) decoded: Nanos,
    /// Its number in the capture.
    pub(super) frame: usize,
}

/// An order that was handed out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    pub(super) ask: Ask,
    pub(super) client_id: ClientOrderId,
    /// When.
    pub(super) at: Nanos,
    /// When the loop turned to its commands.
    pub(super) turned: Nanos,
}

/// When frames are released.
#[derive(Clone, Copy, Debug)]
enum Release {
    /// Not yet.
    Held,
    /// All up to the snapshot, at once.
    Book,
    /// As they were recorded, so many times as fast.
    Scheduled { from: Nanos, base: Nanos, rate: u32 },
    /// One when it is asked for.
    Single,
}

/// What the network saw.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) released: Vec<Released>,
    pub(super) sent: Vec<Sent>,
    /// Orders that found no room in the list.
    pub(super) missed: u64,
}

/// The network of one run.
#[derive(Debug)]
pub(super) struct Played {
    clock: Clock,
    frames: Arc<Frames>,
    sampling: Sampling,
    release: Release,
    /// The next frame, and the one after the last.
    next: usize,
    end: usize,
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
    /// A network whose orders leave by addresses with `/ws-fapi/` in them.
    pub(super) fn new(clock: Clock, frames: Arc<Frames>, sampling: Sampling) -> Self {
        let count = frames.released_max();
        let seen = Seen {
            released: Vec::with_capacity(count),
            sent: Vec::with_capacity(super::drive::room(count)),
            missed: 0,
        };
        Self {
            clock,
            sampling,
            release: Release::Held,
            next: 0,
            end: frames.after_snapshot(),
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

    /// Orders that there is room for in its list.
    pub(super) const fn room(&self) -> usize {
        self.seen.sent.capacity()
    }

    /// Lets the book be built: all frames up to the snapshot, and that.
    pub(super) fn release_book(&mut self) {
        self.release = Release::Book;
    }

    /// True once the snapshot has been handed in.
    pub(super) const fn has_book(&self) -> bool {
        self.has_book
    }

    /// Releases what was recorded in so long a time after the snapshot, `rate` times as fast, from a time on.
    pub(super) fn schedule(&mut self, from: Nanos, rate: u32, recorded: Span) {
        let Some(base) = self.frames.get(self.next).map(|frame| frame.at) else { return };
        self.end = self.next;
        while self.frames.get(self.end).is_some_and(|frame| frame.at - base < recorded) {
            self.end += 1;
        }
        self.release = Release::Scheduled { from, base, rate };
    }

    /// Releases one frame of at most `count` whenever [`Played::want`] is called.
    pub(super) fn single(&mut self, count: usize) {
        self.release = Release::Single;
        self.end = self.next + count.min(self.frames.released_max());
    }

    pub(super) const fn want(&mut self) {
        self.wanted = true;
    }

    /// True once all frames that were to be are released.
    pub(super) const fn is_done(&self) -> bool {
        self.next >= self.end
    }

    fn due(&self, recorded: Nanos, now: Nanos) -> Option<Nanos> {
        match self.release {
            Release::Held => None,
            Release::Book => Some(now),
            Release::Scheduled { from, base, rate } => {
                Some(from + Span((recorded - base).0.max(0) / i64::from(rate.max(1))))
                    .filter(|due| *due <= now)
            }
            Release::Single => self.wanted.then_some(now),
        }
    }

    /// Hands in the frames whose time has come.
    fn release(&mut self, heard: &mut dyn FnMut(Link, Nanos, News<'_>)) {
        let now = self.clock.now();
        let frames = Arc::clone(&self.frames);
        while self.next < self.end
            && let Some(frame) = frames.get(self.next)
            && let Some(due) = self.due(frame.at, now)
        {
            let arrived = self.clock.now().max(self.last + Span(1));
            self.last = arrived;
            heard(MARKET, arrived, News::Text(frames.bytes(frame)));
            self.wanted = false;
            if !matches!(self.release, Release::Book) {
                let decoded = if self.sampling.takes(arrived) { self.clock.now() } else { Nanos(0) };
                self.seen.released.push(Released { arrived, due, decoded, frame: self.next });
            }
            self.next += 1;
        }
        if matches!(self.release, Release::Book)
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
                    self.seen.sent.push(Sent { ask, client_id, at, turned });
                }
                answers::order(&asked, at, &mut answer);
            }
            (None, Some(id)) => answers::log_on(id, &mut answer),
            (None, None) => {}
        }
        self.answers.push_back(answer);
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
