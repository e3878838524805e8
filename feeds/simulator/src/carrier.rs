//! What carries a market's words between its protocol and its clients, but for the sockets: its faults, its connections, the calls
//! that wait for an answer. A server drives it by the clock, a simulated network by a time of its own.
//!
//! After every call that may lead to something, [`Carrier::take_reply`] and [`Carrier::take_stirred`] say what there is to be done.
//!
//! Never here: a socket, a clock.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use ballast_model::{Nanos, Span};

use crate::faults::{Channel, Deed, Fate, Faults, answered};
use crate::seam::{CallId, ConnId, Frame, Front, HttpReply, HttpRequest, Transmit};

/// A client that lets so many bytes wait is cut.
pub(crate) const WAITING_MAX: usize = 64 << 20;

/// The answer to a subscription is shorter than this.
const SUBSCRIBED_MAX: usize = 1_024;

/// What was carried for a market.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// HTTP requests.
    pub requests: u64,
    /// WebSockets that were opened.
    pub sockets: u64,
    /// Texts of clients.
    pub texts_in: u64,
    /// Frames sent.
    pub frames_out: u64,
    /// Their bytes.
    pub bytes_out: u64,
    /// WebSockets cut because their client did not read.
    pub too_slow: u64,
}

/// An answer to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// To which.
    pub call: CallId,
    /// What is answered.
    pub reply: HttpReply,
    /// How late it is to be given.
    pub late: Span,
}

/// A call that waits for its answer.
#[derive(Debug)]
struct Call {
    request: HttpRequest,
    /// What is answered whatever the venue says.
    instead: Option<HttpReply>,
}

/// What is to go out on a connection.
#[derive(Debug)]
struct Queued {
    /// Not before this.
    at: Nanos,
    frame: Frame,
}

/// A WebSocket.
#[derive(Debug)]
struct Conn {
    channel: Channel,
    /// It tells of an account, as the WebSocket API of spot does once it is asked to.
    tells_of_account: bool,
    out: VecDeque<Queued>,
    waiting: usize,
    /// Nothing is said or heard any more.
    silent: bool,
    /// Answers to requests of these ids are to be these texts instead.
    masks: Vec<(String, Vec<u8>)>,
}

/// Everything of one market but its sockets.
#[derive(Debug)]
pub struct Carrier<F> {
    front: F,
    faults: Rc<RefCell<Faults>>,
    calls: BTreeMap<CallId, Call>,
    conns: BTreeMap<ConnId, Conn>,
    replies: VecDeque<Answered>,
    stirred: Vec<ConnId>,
    next: u64,
    carried: Carried,
}

impl<F: Front> Carrier<F> {
    /// A market nobody has connected to.
    #[must_use]
    pub const fn new(front: F, faults: Rc<RefCell<Faults>>) -> Self {
        Self {
            front,
            faults,
            calls: BTreeMap::new(),
            conns: BTreeMap::new(),
            replies: VecDeque::new(),
            stirred: Vec::new(),
            next: 1,
            carried: Carried {
                requests: 0,
                sockets: 0,
                texts_in: 0,
                frames_out: 0,
                bytes_out: 0,
                too_slow: 0,
            },
        }
    }

    /// Its protocol.
    #[must_use]
    pub const fn front(&self) -> &F {
        &self.front
    }

    /// What goes wrong.
    #[must_use]
    pub const fn faults(&self) -> &Rc<RefCell<Faults>> {
        &self.faults
    }

    /// What was carried so far.
    #[must_use]
    pub const fn carried(&self) -> Carried {
        self.carried
    }

    /// WebSockets that are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.conns.len()
    }

    /// Whether nobody is connected and nobody waits for an answer.
    #[must_use]
    pub fn is_deserted(&self) -> bool {
        self.conns.is_empty() && self.calls.is_empty()
    }

    /// Whether a client that hears lets more than so many bytes wait.
    pub(crate) fn is_behind(&self, bytes: usize) -> bool {
        self.conns.values().any(|conn| !conn.silent && conn.waiting > bytes)
    }

    /// The next answer that is to be given.
    pub fn take_reply(&mut self) -> Option<Answered> {
        self.replies.pop_front()
    }

    /// Connections on which something was put since the last time: [`Carrier::take`] says what and when.
    pub fn take_stirred(&mut self) -> Vec<ConnId> {
        std::mem::take(&mut self.stirred)
    }

    /// A request came; its answer comes by [`Carrier::take_reply`].
    pub fn call(&mut self, request: HttpRequest, now: Nanos) -> CallId {
        let call = CallId(self.take_number());
        let fate = self.faults.borrow_mut().on_request(&request, now);
        self.carried.requests += 1;
        let instead = match fate {
            Fate::Passes => None,
            Fate::Masked(reply) => Some(reply),
            Fate::Lost(reply) => {
                self.replies.push_back(Answered { call, reply, late: Span::ZERO });
                return call;
            }
        };
        self.front.on_http(call, &request, now);
        self.calls.insert(call, Call { request, instead });
        self.pump(now);
        call
    }

    /// A WebSocket is asked for.
    ///
    /// # Errors
    /// The reply that refuses it.
    pub fn open_socket(&mut self, request: &HttpRequest, now: Nanos) -> Result<ConnId, HttpReply> {
        let conn = ConnId(self.take_number());
        let channel = Channel::of(&request.path, &request.query);
        let (out, masks) = (VecDeque::new(), Vec::new());
        self.conns
            .insert(conn, Conn { channel, tells_of_account: false, out, waiting: 0, silent: false, masks });
        let opened = self.front.on_upgrade(conn, request, now);
        if opened.is_err() {
            self.conns.remove(&conn);
        }
        self.carried.sockets += u64::from(opened.is_ok());
        self.pump(now);
        opened.map(|()| conn)
    }

    /// A client sent a text.
    pub fn text(&mut self, conn: ConnId, text: &[u8], now: Nanos) {
        let Some(entry) = self.conns.get_mut(&conn).filter(|entry| !entry.silent) else { return };
        let fate = self.faults.borrow_mut().on_text(entry.channel, text, now);
        match fate {
            Fate::Passes => {}
            Fate::Masked(answer) => entry.masks.extend(answered(&answer).map(|id| (id, answer))),
            Fate::Lost(answer) => return self.put(conn, now, Frame::Text(answer)),
        }
        self.carried.texts_in += 1;
        self.front.on_text(conn, text, now);
        self.pump(now);
    }

    /// A client sent a ping, which is answered with these bytes.
    pub fn ping(&mut self, conn: ConnId, pong: Vec<u8>, now: Nanos) {
        if self.hears(conn) {
            self.put(conn, now, Frame::Raw(pong));
            self.front.on_ping(conn, now);
            self.pump(now);
        }
    }

    /// A client sent a pong.
    pub fn pong(&mut self, conn: ConnId, now: Nanos) {
        if self.hears(conn) {
            self.front.on_pong(conn, now);
            self.pump(now);
        }
    }

    /// A client leaves: these bytes go out, then the connection ends.
    pub fn leave(&mut self, conn: ConnId, close: Vec<u8>, now: Nanos) {
        if self.hears(conn) {
            self.put(conn, now, Frame::Raw(close));
            self.put(conn, now, Frame::Cut);
        }
    }

    /// A connection is gone.
    pub fn closed(&mut self, conn: ConnId, now: Nanos) {
        if self.conns.remove(&conn).is_some() {
            self.front.on_close(conn, now);
            self.pump(now);
        }
    }

    /// What is to go out on a connection by now, about so many bytes of it; else when something will be, if that is known. `None`
    /// where the connection is gone.
    pub fn take(
        &mut self,
        conn: ConnId,
        now: Nanos,
        out: &mut Vec<Frame>,
        most: usize,
    ) -> Option<Option<Nanos>> {
        let entry = self.conns.get_mut(&conn)?;
        let mut bytes = 0;
        while bytes < most && entry.out.front().is_some_and(|queued| queued.at <= now) {
            let Some(queued) = entry.out.pop_front() else { break };
            bytes += size(&queued.frame);
            self.carried.frames_out += 1;
            out.push(queued.frame);
        }
        self.carried.bytes_out += bytes as u64;
        entry.waiting -= bytes;
        Some(entry.out.front().map(|queued| queued.at))
    }

    /// When [`Carrier::on_time`] is next to be called; `None` for never.
    #[must_use]
    pub fn next_deadline(&self, now: Nanos) -> Option<Nanos> {
        let faults = self.faults.borrow().next_deadline(now);
        self.front.next_deadline().into_iter().chain(faults).min()
    }

    /// Does what is due.
    pub fn on_time(&mut self, now: Nanos) {
        let deeds = self.faults.borrow_mut().deeds(now);
        for deed in deeds {
            match deed {
                Deed::Provoke(mischief) => self.front.provoke(mischief, now),
                Deed::Disconnect(on, most) => {
                    let conns: Vec<_> = self.conns_of(on).take(most).map(|(conn, _)| *conn).collect();
                    conns.into_iter().for_each(|conn| self.put(conn, now, Frame::Cut));
                }
                Deed::Silence(on, most) => {
                    self.conns_of(on).take(most).for_each(|(_, conn)| conn.fall_silent());
                }
            }
        }
        self.front.on_time(now);
        self.pump(now);
    }

    fn take_number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn hears(&self, conn: ConnId) -> bool {
        self.conns.get(&conn).is_some_and(|entry| !entry.silent)
    }

    fn conns_of(&mut self, on: Channel) -> impl Iterator<Item = (&ConnId, &mut Conn)> {
        let account = move |conn: &Conn| on == Channel::User && conn.tells_of_account;
        self.conns.iter_mut().filter(move |(_, conn)| on.covers(conn.channel) || account(conn))
    }

    fn put(&mut self, conn: ConnId, at: Nanos, frame: Frame) {
        if let Some(entry) = self.conns.get_mut(&conn).filter(|entry| !entry.silent) {
            entry.put(at, frame);
            self.stirred.push(conn);
        }
    }

    /// Puts what the protocol has to say where it belongs.
    fn pump(&mut self, now: Nanos) {
        while let Some(transmit) = self.front.poll_transmit() {
            match transmit {
                Transmit::Reply(call, mut reply) => {
                    let Some(Call { request, instead }) = self.calls.remove(&call) else { continue };
                    let late = self.faults.borrow_mut().on_reply(&request, &mut reply, now);
                    self.replies.push_back(Answered { call, reply: instead.unwrap_or(reply), late });
                }
                Transmit::Frame(conn, frame) => {
                    let Some(entry) = self.conns.get_mut(&conn).filter(|entry| !entry.silent) else {
                        continue;
                    };
                    let frame = entry.masked(frame);
                    let channel = entry.channel_of(&frame);
                    for (late, frame) in self.faults.borrow_mut().on_frame(channel, frame, now) {
                        entry.put(now + late, frame);
                    }
                    self.stirred.push(conn);
                    if entry.waiting > WAITING_MAX {
                        entry.out.clear();
                        entry.waiting = 0;
                        entry.put(now, Frame::Cut);
                        self.carried.too_slow += 1;
                    }
                }
            }
        }
    }
}

impl Conn {
    fn put(&mut self, at: Nanos, frame: Frame) {
        // What is late holds up what is behind it.
        let at = self.out.back().map_or(at, |last| at.max(last.at));
        self.waiting += size(&frame);
        self.out.push_back(Queued { at, frame });
    }

    /// The channel a frame belongs to: on the WebSocket API news of an account are its stream's.
    fn channel_of(&mut self, frame: &Frame) -> Channel {
        let Frame::Text(text) = frame else { return self.channel };
        if self.channel != Channel::Api {
            return self.channel;
        }
        let has = |part: &[u8]| text.windows(part.len()).any(|window| window == part);
        self.tells_of_account |= text.len() < SUBSCRIBED_MAX && has(b"\"result\":{\"subscriptionId\":");
        if text.starts_with(b"{\"subscriptionId\":") { Channel::User } else { Channel::Api }
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

#[cfg(test)]
mod tests;
