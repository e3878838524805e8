//! Where everything of one market meets: its protocol, its faults, its connections and the calls that wait for an answer.
//!
//! Never here: a socket.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use ballast_model::Nanos;
use tokio::sync::{Notify, oneshot};

use super::{Carried, Clock, Market, OnFault, Pace, ServeSpec};
use crate::faults::{Channel, Deed, Fate, Faults, FaultsError, FaultsFile, answered};
use crate::seam::{CallId, ConnId, Frame, Front, HttpReply, HttpRequest, Transmit};

/// A client that lets so many bytes wait is cut.
const WAITING_MAX: usize = 64 << 20;
/// Flat out, no more is made while a client lets so many bytes wait.
const WAITING_SOME: usize = 1 << 20;

/// An answer, and how late it is to be given.
pub(super) type Answer = (HttpReply, Duration);

/// A call that waits for its answer.
struct Call {
    request: HttpRequest,
    /// What is answered whatever the venue says.
    instead: Option<HttpReply>,
    answer: oneshot::Sender<Answer>,
}

/// What is to go out on a connection.
#[derive(Debug)]
pub(super) struct Queued {
    /// Not before this.
    pub(super) at: Nanos,
    pub(super) frame: Frame,
}

/// A WebSocket.
struct Conn {
    channel: Channel,
    out: VecDeque<Queued>,
    waiting: usize,
    /// Nothing is said or heard any more.
    silent: bool,
    /// Answers to requests of these ids are to be these texts instead.
    masks: Vec<(String, Vec<u8>)>,
    wake: Rc<Notify>,
}

struct State {
    front: Box<dyn Front>,
    calls: BTreeMap<CallId, Call>,
    conns: BTreeMap<ConnId, Conn>,
    next: u64,
    carried: Carried,
}

/// All of it, for whoever needs it on the server's thread.
#[derive(Clone)]
pub(super) struct Hub(Rc<Inner>);

struct Inner {
    name: &'static str,
    state: RefCell<State>,
    faults: Rc<RefCell<Faults>>,
    clock: Clock,
    on_fault: OnFault,
    pace: Pace,
    /// A deadline may have changed, or a client has read.
    changed: Notify,
    last: Cell<Nanos>,
}

impl Hub {
    pub(super) fn new(market: Market, spec: &ServeSpec) -> Self {
        let state = State {
            front: market.front,
            calls: BTreeMap::new(),
            conns: BTreeMap::new(),
            next: 1,
            carried: Carried::default(),
        };
        Self(Rc::new(Inner {
            name: market.name,
            state: RefCell::new(state),
            faults: market.faults,
            clock: Rc::clone(&spec.clock),
            on_fault: Rc::clone(&spec.on_fault),
            pace: spec.pace,
            changed: Notify::new(),
            last: Cell::new(Nanos(0)),
        }))
    }

    /// The clock, which never falls.
    pub(super) fn now(&self) -> Nanos {
        let now = (self.0.clock)().max(self.0.last.get());
        self.0.last.set(now);
        now
    }

    pub(super) fn carried(&self) -> Carried {
        self.0.state.borrow().carried
    }

    pub(super) fn name(&self) -> &'static str {
        self.0.name
    }

    /// What the protocol knows, and what was carried.
    pub(super) fn truth(&self) -> String {
        self.0.state.borrow().front.truth()
    }

    pub(super) fn faults(&self) -> &RefCell<Faults> {
        &self.0.faults
    }

    /// WebSockets that are open.
    pub(super) fn open(&self) -> usize {
        self.0.state.borrow().conns.len()
    }

    /// Other rules from now on.
    pub(super) fn set_faults(&self, text: &str) -> Result<(), FaultsError> {
        let file = FaultsFile::parse(text)?;
        self.0.faults.borrow_mut().replace(&file, self.now());
        self.0.changed.notify_one();
        Ok(())
    }

    /// A request came; the answer comes by the channel.
    pub(super) fn call(&self, request: HttpRequest) -> oneshot::Receiver<Answer> {
        let now = self.now();
        let (answer, answered) = oneshot::channel();
        let fate = self.0.faults.borrow_mut().on_request(&request, now);
        let mut state = self.0.state.borrow_mut();
        state.carried.requests += 1;
        let instead = match fate {
            Fate::Passes => None,
            Fate::Masked(reply) => Some(reply),
            Fate::Lost(reply) => {
                // Nobody waits any more where this fails.
                let _ = answer.send((reply, Duration::ZERO));
                drop(state);
                self.tell_faults();
                return answered;
            }
        };
        let call = CallId(state.take_number());
        state.front.on_http(call, &request, now);
        state.calls.insert(call, Call { request, instead, answer });
        self.pump(&mut state, now);
        drop(state);
        self.after();
        answered
    }

    /// A WebSocket is asked for. The notification says that something is to go out.
    pub(super) fn open_socket(&self, request: &HttpRequest) -> Result<(ConnId, Rc<Notify>), HttpReply> {
        let now = self.now();
        let mut state = self.0.state.borrow_mut();
        let conn = ConnId(state.take_number());
        let wake = Rc::new(Notify::new());
        let channel = Channel::of(&request.path, &request.query);
        let (out, masks) = (VecDeque::new(), Vec::new());
        let entry = Conn { channel, out, waiting: 0, silent: false, masks, wake: Rc::clone(&wake) };
        state.conns.insert(conn, entry);
        let opened = state.front.on_upgrade(conn, request, now);
        if opened.is_err() {
            state.conns.remove(&conn);
        }
        state.carried.sockets += u64::from(opened.is_ok());
        self.pump(&mut state, now);
        drop(state);
        self.after();
        opened.map(|()| (conn, wake))
    }

    /// A client sent a text.
    pub(super) fn text(&self, conn: ConnId, text: &[u8]) {
        let now = self.now();
        let mut state = self.0.state.borrow_mut();
        let Some(entry) = state.conns.get_mut(&conn).filter(|entry| !entry.silent) else { return };
        let fate = self.0.faults.borrow_mut().on_text(entry.channel, text, now);
        match fate {
            Fate::Passes => {}
            Fate::Masked(answer) => entry.masks.extend(answered(&answer).map(|id| (id, answer))),
            Fate::Lost(answer) => {
                entry.put(now, Frame::Text(answer));
                drop(state);
                return self.tell_faults();
            }
        }
        state.carried.texts_in += 1;
        state.front.on_text(conn, text, now);
        self.pump(&mut state, now);
        drop(state);
        self.after();
    }

    /// A client sent a ping, which is answered with these bytes.
    pub(super) fn ping(&self, conn: ConnId, pong: Vec<u8>) {
        let now = self.now();
        let mut state = self.0.state.borrow_mut();
        let Some(entry) = state.conns.get_mut(&conn).filter(|entry| !entry.silent) else { return };
        entry.put(now, Frame::Raw(pong));
        state.front.on_ping(conn, now);
        self.pump(&mut state, now);
    }

    /// A client sent a pong.
    pub(super) fn pong(&self, conn: ConnId) {
        let now = self.now();
        let mut state = self.0.state.borrow_mut();
        if state.conns.get(&conn).is_some_and(|entry| !entry.silent) {
            state.front.on_pong(conn, now);
            self.pump(&mut state, now);
        }
    }

    /// A client leaves: these bytes go out, then the connection ends.
    pub(super) fn leave(&self, conn: ConnId, close: Vec<u8>) {
        let now = self.now();
        if let Some(entry) = self.0.state.borrow_mut().conns.get_mut(&conn).filter(|entry| !entry.silent) {
            entry.put(now, Frame::Raw(close));
            entry.put(now, Frame::Cut);
        }
    }

    /// A connection is gone.
    pub(super) fn closed(&self, conn: ConnId) {
        let now = self.now();
        let mut state = self.0.state.borrow_mut();
        if state.conns.remove(&conn).is_some() {
            state.front.on_close(conn, now);
            self.pump(&mut state, now);
        }
        drop(state);
        self.0.changed.notify_one();
    }

    /// What is to go out on a connection by now; else when something will be, if that is known. `None` where the connection is
    /// gone.
    pub(super) fn take(&self, conn: ConnId, out: &mut Vec<Frame>, most: usize) -> Option<Option<Nanos>> {
        let now = self.now();
        let mut state = self.0.state.borrow_mut();
        let State { conns, carried, .. } = &mut *state;
        let entry = conns.get_mut(&conn)?;
        let mut bytes = 0;
        while bytes < most && entry.out.front().is_some_and(|queued| queued.at <= now) {
            let Some(queued) = entry.out.pop_front() else { break };
            bytes += size(&queued.frame);
            carried.frames_out += 1;
            out.push(queued.frame);
        }
        carried.bytes_out += bytes as u64;
        entry.waiting -= bytes;
        let next = entry.out.front().map(|queued| queued.at);
        drop(state);
        if self.0.pace == Pace::FlatOut && bytes > 0 {
            self.0.changed.notify_one();
        }
        Some(next)
    }

    /// Does what is due, for ever.
    pub(super) async fn drive(self) {
        loop {
            let now = self.now();
            let next = if self.stands() { None } else { self.next_deadline(now) };
            match next {
                Some(at) if at <= now => {
                    self.on_time(now);
                    tokio::task::yield_now().await;
                }
                Some(at) => {
                    let _ = tokio::time::timeout((at - now).duration(), self.0.changed.notified()).await;
                }
                None => self.0.changed.notified().await,
            }
        }
    }

    /// Whether time stands still: flat out, without clients or with one that is behind.
    fn stands(&self) -> bool {
        let state = self.0.state.borrow();
        let behind = |conn: &Conn| !conn.silent && conn.waiting > WAITING_SOME;
        let idle = state.conns.is_empty() && state.calls.is_empty();
        self.0.pace == Pace::FlatOut && (idle || state.conns.values().any(behind))
    }

    fn next_deadline(&self, now: Nanos) -> Option<Nanos> {
        let front = self.0.state.borrow().front.next_deadline();
        let faults = self.0.faults.borrow().next_deadline(now);
        front.into_iter().chain(faults).min()
    }

    fn on_time(&self, now: Nanos) {
        let deeds = self.0.faults.borrow_mut().deeds(now);
        let mut state = self.0.state.borrow_mut();
        for deed in deeds {
            match deed {
                Deed::Provoke(mischief) => state.front.provoke(mischief, now),
                Deed::Disconnect(on, most) => {
                    state.conns_of(on).take(most).for_each(|conn| conn.put(now, Frame::Cut));
                }
                Deed::Silence(on, most) => state.conns_of(on).take(most).for_each(Conn::fall_silent),
            }
        }
        state.front.on_time(now);
        self.pump(&mut state, now);
        drop(state);
        self.tell_faults();
    }

    fn after(&self) {
        self.0.changed.notify_one();
        self.tell_faults();
    }

    fn tell_faults(&self) {
        let news = self.0.faults.borrow_mut().take_news();
        news.iter().for_each(|fired| (self.0.on_fault)(self.0.name, fired));
    }

    /// Puts what the protocol has to say where it belongs.
    fn pump(&self, state: &mut State, now: Nanos) {
        while let Some(transmit) = state.front.poll_transmit() {
            match transmit {
                Transmit::Reply(call, mut reply) => {
                    let Some(Call { request, instead, answer }) = state.calls.remove(&call) else { continue };
                    let late = self.0.faults.borrow_mut().on_reply(&request, &mut reply, now);
                    let late = late.duration();
                    // Nobody waits any more where this fails.
                    let _ = answer.send((instead.unwrap_or(reply), late));
                }
                Transmit::Frame(conn, frame) => {
                    let Some(entry) = state.conns.get_mut(&conn).filter(|entry| !entry.silent) else {
                        continue;
                    };
                    let frame = entry.masked(frame);
                    for (late, frame) in self.0.faults.borrow_mut().on_frame(entry.channel, frame, now) {
                        entry.put(now + late, frame);
                    }
                    if entry.waiting > WAITING_MAX {
                        entry.out.clear();
                        entry.waiting = 0;
                        entry.put(now, Frame::Cut);
                        state.carried.too_slow += 1;
                    }
                }
            }
        }
    }
}

impl State {
    fn take_number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn conns_of(&mut self, on: Channel) -> impl Iterator<Item = &mut Conn> {
        self.conns.values_mut().filter(move |conn| on.covers(conn.channel))
    }
}

impl Conn {
    fn put(&mut self, at: Nanos, frame: Frame) {
        if self.silent {
            return;
        }
        // What is late holds up what is behind it.
        let at = self.out.back().map_or(at, |last| at.max(last.at));
        self.waiting += size(&frame);
        self.out.push_back(Queued { at, frame });
        self.wake.notify_one();
    }

    fn fall_silent(&mut self) {
        self.out.clear();
        self.waiting = 0;
        self.silent = true;
    }

    /// The frame, or what a fault puts in its place.
    fn masked(&mut self, frame: Frame) -> Frame {
        let Frame::Text(text) = &frame else { return frame };
        if self.masks.is_empty() {
            return frame;
        }
        let id = answered(text);
        match self.masks.iter().position(|(masked, _)| id.as_ref() == Some(masked)) {
            Some(at) => Frame::Text(self.masks.swap_remove(at).1),
            None => frame,
        }
    }
}

fn size(frame: &Frame) -> usize {
    match frame {
        Frame::Text(bytes) | Frame::Ping(bytes) | Frame::Raw(bytes) => bytes.len(),
        Frame::Close { .. } | Frame::Cut => 0,
    }
}

/// From now to then, as timers want it.
pub(super) fn wait(now: Nanos, then: Nanos) -> Duration {
    (then - now).duration()
}

#[cfg(test)]
mod tests;
