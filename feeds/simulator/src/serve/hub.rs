//! Where everything of one market meets: what carries its words, the clock, and the tasks that move bytes.
//!
//! Never here: a socket.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use ballast_model::Nanos;
use tokio::sync::{Notify, oneshot};

use super::{Carried, Clock, Market, OnFault, Pace, ServeSpec};
use crate::carrier::{Answered, Carrier};
use crate::faults::{Faults, FaultsError, FaultsFile};
use crate::seam::{CallId, ConnId, Frame, Front, HttpReply, HttpRequest};

/// Flat out, no more is made while a client lets so many bytes wait.
const WAITING_SOME: usize = 1 << 20;

/// An answer, and how late it is to be given.
pub(super) type Answer = (HttpReply, Duration);

struct State {
    carrier: Carrier<Box<dyn Front>>,
    /// Who waits for an answer.
    callers: BTreeMap<CallId, oneshot::Sender<Answer>>,
    /// Who is told that something is to go out.
    wakes: BTreeMap<ConnId, Rc<Notify>>,
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
            carrier: Carrier::new(market.front, Rc::clone(&market.faults)),
            callers: BTreeMap::new(),
            wakes: BTreeMap::new(),
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
        self.0.state.borrow().carrier.carried()
    }

    pub(super) fn name(&self) -> &'static str {
        self.0.name
    }

    /// What the protocol knows, and what was carried.
    pub(super) fn truth(&self) -> String {
        self.0.state.borrow().carrier.front().truth()
    }

    pub(super) fn faults(&self) -> &RefCell<Faults> {
        &self.0.faults
    }

    /// WebSockets that are open.
    pub(super) fn open(&self) -> usize {
        self.0.state.borrow().carrier.open()
    }

    /// Other rules from now on.
    pub(super) fn set_faults(&self, text: &str) -> Result<(), FaultsError> {
        let file = FaultsFile::parse(text)?;
        file.fits(self.0.state.borrow().carrier.front())?;
        self.0.faults.borrow_mut().replace(&file, self.now());
        self.0.changed.notify_one();
        Ok(())
    }

    /// A request came; the answer comes by the channel.
    pub(super) fn call(&self, request: HttpRequest) -> oneshot::Receiver<Answer> {
        let now = self.now();
        let (answer, answered) = oneshot::channel();
        let mut state = self.0.state.borrow_mut();
        let call = state.carrier.call(request, now);
        state.callers.insert(call, answer);
        drop(state);
        self.after();
        answered
    }

    /// A WebSocket is asked for. The notification says that something is to go out.
    pub(super) fn open_socket(&self, request: &HttpRequest) -> Result<(ConnId, Rc<Notify>), HttpReply> {
        let now = self.now();
        let mut state = self.0.state.borrow_mut();
        let opened = state.carrier.open_socket(request, now);
        let wake = Rc::new(Notify::new());
        if let Ok(conn) = opened {
            state.wakes.insert(conn, Rc::clone(&wake));
        }
        drop(state);
        self.after();
        opened.map(|conn| (conn, wake))
    }

    /// A client sent a text.
    pub(super) fn text(&self, conn: ConnId, text: &[u8]) {
        self.0.state.borrow_mut().carrier.text(conn, text, self.now());
        self.after();
    }

    /// A client sent a ping, which is answered with these bytes.
    pub(super) fn ping(&self, conn: ConnId, pong: Vec<u8>) {
        self.0.state.borrow_mut().carrier.ping(conn, pong, self.now());
        self.after();
    }

    /// A client sent a pong.
    pub(super) fn pong(&self, conn: ConnId) {
        self.0.state.borrow_mut().carrier.pong(conn, self.now());
        self.after();
    }

    /// A client leaves: these bytes go out, then the connection ends.
    pub(super) fn leave(&self, conn: ConnId, close: Vec<u8>) {
        self.0.state.borrow_mut().carrier.leave(conn, close, self.now());
        self.after();
    }

    /// A connection is gone.
    pub(super) fn closed(&self, conn: ConnId) {
        let mut state = self.0.state.borrow_mut();
        state.carrier.closed(conn, self.now());
        state.wakes.remove(&conn);
        drop(state);
        self.after();
    }

    /// What is to go out on a connection by now; else when something will be, if that is known. `None` where the connection is
    /// gone.
    pub(super) fn take(&self, conn: ConnId, out: &mut Vec<Frame>, most: usize) -> Option<Option<Nanos>> {
        let before = out.len();
        let next = self.0.state.borrow_mut().carrier.take(conn, self.now(), out, most)?;
        if self.0.pace == Pace::FlatOut && out.len() > before {
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
        let carrier = &self.0.state.borrow().carrier;
        self.0.pace == Pace::FlatOut && (carrier.is_deserted() || carrier.is_behind(WAITING_SOME))
    }

    fn next_deadline(&self, now: Nanos) -> Option<Nanos> {
        self.0.state.borrow().carrier.next_deadline(now)
    }

    fn on_time(&self, now: Nanos) {
        self.0.state.borrow_mut().carrier.on_time(now);
        self.settle();
    }

    fn after(&self) {
        self.settle();
        self.0.changed.notify_one();
    }

    /// Gives answers to those who wait, wakes the connections on which something is to go out, and tells of faults.
    fn settle(&self) {
        let mut state = self.0.state.borrow_mut();
        let State { carrier, callers, wakes } = &mut *state;
        while let Some(Answered { call, reply, late }) = carrier.take_reply() {
            // Nobody waits any more where this fails.
            let _ = callers.remove(&call).map(|caller| caller.send((reply, late.duration())));
        }
        carrier.take_stirred().iter().filter_map(|conn| wakes.get(conn)).for_each(|wake| wake.notify_one());
        drop(state);
        let news = self.0.faults.borrow_mut().take_news();
        news.iter().for_each(|fired| (self.0.on_fault)(self.0.name, fired));
    }
}

/// From now to then, as timers want it.
pub(super) fn wait(now: Nanos, then: Nanos) -> Duration {
    (then - now).duration()
}

#[cfg(test)]
mod tests;
