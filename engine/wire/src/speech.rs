//! What is spoken on a connection: WebSocket or HTTP.

use std::collections::VecDeque;

use ballast_model::{Nanos, Span};

use crate::buffer::Buffer;
use crate::frame::{CONTROL_LIMIT, Frames, Kind, Masks, Said, encode, encoded_length};
use crate::http::{self, Replies, Unwritten};
use crate::seam::{Closed, HttpSend, News, Refused};
use crate::sockets::Options;
use crate::transport::{Transport, Voice};
use crate::upgrade::{Declined, Upgrade, fresh_masks};
use crate::url::Place;

/// Close codes of ours (RFC 6455, section 7.4.1).
const NORMAL: u16 = 1000;
const PROTOCOL_ERROR: u16 = 1002;

#[derive(Debug)]
pub(crate) enum Speech {
    WebSocket(Box<WebSocket>),
    Http(Box<Http>),
}

impl Speech {
    /// The first words; false where there is no room for them.
    pub(crate) fn begin(&mut self, transport: &mut Transport) -> bool {
        match self {
            Self::WebSocket(speech) => put(transport, Voice::Protocol, &speech.upgrade.request),
            Self::Http(_) => true,
        }
    }

    /// True once handshakes are done.
    pub(crate) fn stands(&mut self, transport: &mut Transport) -> Result<bool, Declined> {
        let Self::WebSocket(speech) = self else { return Ok(true) };
        let answered = speech.upgrade.answered(transport.plain.filled())?;
        transport.plain.consume(answered.unwrap_or_default());
        Ok(answered.is_some())
    }

    /// Tells what was said.
    pub(crate) fn hear(
        &mut self,
        transport: &mut Transport,
        now: Nanos,
        told: &mut dyn FnMut(News<'_>),
    ) -> Result<(), Closed> {
        match self {
            Self::WebSocket(speech) => speech.hear(transport, now, told),
            Self::Http(speech) => speech.hear(transport, told),
        }
    }

    /// The other side has ended: how, where the connection stood.
    pub(crate) fn finished(&mut self, transport: &Transport, told: &mut dyn FnMut(News<'_>)) -> Closed {
        match self {
            Self::WebSocket(speech) if transport.plain.is_empty() && !speech.frames.is_amid() => {
                Closed::ByPeer(0)
            }
            Self::WebSocket(_) => Closed::Broken,
            Self::Http(speech) => speech.finished(transport, told),
        }
    }

    /// Says what waits for room or for its turn.
    pub(crate) fn go_on(&mut self, transport: &mut Transport) {
        match self {
            Self::WebSocket(speech) => speech.answer(transport),
            Self::Http(speech) => speech.ask(transport),
        }
    }

    /// Says that we close.
    pub(crate) fn close(&mut self, transport: &mut Transport) {
        if let Self::WebSocket(speech) = self {
            speech.say_close(NORMAL, transport);
        }
    }

    /// True where nothing is waited for, and a connection that we close need not stand longer.
    pub(crate) fn is_silent(&self) -> bool {
        match self {
            Self::WebSocket(_) => false,
            Self::Http(speech) => !speech.is_asked && speech.lengths.is_empty(),
        }
    }
}

fn put(transport: &mut Transport, voice: Voice, bytes: &[u8]) -> bool {
    transport.put(voice, bytes.len(), |out| {
        out.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(bytes.len())
    })
}

#[derive(Debug)]
pub(crate) struct WebSocket {
    upgrade: Upgrade,
    frames: Frames,
    masks: Masks,
    /// We said that we close: nothing may follow.
    is_closed: bool,
    /// Data of the last ping that has no pong yet, and how long they are.
    pong: Option<([u8; CONTROL_LIMIT], usize)>,
    /// Number and time of our last ping.
    pinged: Option<(u64, Nanos)>,
    pings: u64,
    round_trip: Option<Span>,
}

impl WebSocket {
    /// None where a header is none.
    pub(crate) fn new(place: &Place, headers: &[(String, String)], limit: usize) -> Option<Self> {
        Some(Self {
            upgrade: Upgrade::new(place, headers)?,
            frames: Frames::new(limit),
            masks: fresh_masks(),
            is_closed: false,
            pong: None,
            pinged: None,
            pings: 0,
            round_trip: None,
        })
    }

    fn put(&mut self, voice: Voice, kind: Kind, data: &[u8], transport: &mut Transport) -> bool {
        let mask = self.masks.key();
        transport.put(voice, encoded_length(data.len()), |out| encode(kind, data, mask, out))
    }

    pub(crate) fn send(&mut self, text: &[u8], transport: &mut Transport) -> Result<(), Refused> {
        if !self.put(Voice::User, Kind::Text, text, transport) {
            return Err(Refused::Full);
        }
        transport.flush();
        Ok(())
    }

    /// The number of a ping is its data, so that only the answer to the last one is measured.
    pub(crate) fn ping(&mut self, now: Nanos, transport: &mut Transport) -> Result<(), Refused> {
        let number = self.pings + 1;
        if !self.put(Voice::User, Kind::Ping, &number.to_be_bytes(), transport) {
            return Err(Refused::Full);
        }
        self.pings = number;
        self.pinged = Some((number, now));
        transport.flush();
        Ok(())
    }

    pub(crate) const fn round_trip(&self) -> Option<Span> {
        self.round_trip
    }

    fn say_close(&mut self, code: u16, transport: &mut Transport) {
        if self.is_closed {
            return;
        }
        self.is_closed = true;
        // Without room it goes unsaid: the socket's own end says it.
        let _is_said = self.put(Voice::Protocol, Kind::Close, &code.to_be_bytes(), transport);
    }

    /// The pong that is owed, once there is room: only the last ping needs one (RFC 6455, section 5.5.3).
    fn answer(&mut self, transport: &mut Transport) {
        if let (false, Some((data, length))) = (self.is_closed, self.pong)
            && self.put(Voice::Protocol, Kind::Pong, data.get(..length).unwrap_or_default(), transport)
        {
            self.pong = None;
        }
    }

    fn hear(
        &mut self,
        transport: &mut Transport,
        now: Nanos,
        told: &mut dyn FnMut(News<'_>),
    ) -> Result<(), Closed> {
        let bytes = transport.plain.filled();
        let (mut used, mut end) = (0, None);
        while end.is_none() {
            match self.frames.next(bytes.get(used..).unwrap_or_default()) {
                Err(error) => end = Some((error.close_code(), Closed::Broken)),
                Ok(found) => {
                    used += found.used;
                    match found.said {
                        None => break,
                        Some(Said::Message(message)) => told(News::Text(message)),
                        Some(Said::Ping(data)) => {
                            let mut kept = [0; CONTROL_LIMIT];
                            kept.iter_mut().zip(data).for_each(|(to, from)| *to = *from);
                            self.pong = Some((kept, data.len()));
                        }
                        Some(Said::Pong(data)) => {
                            if let Some((number, at)) = self.pinged
                                && data == number.to_be_bytes()
                            {
                                self.pinged = None;
                                self.round_trip = Some(now - at);
                            }
                        }
                        Some(Said::Close(code)) => end = Some((answer_to(code), Closed::ByPeer(code))),
                    }
                }
            }
        }
        transport.plain.consume(used);
        self.answer(transport);
        match end {
            None => Ok(()),
            Some((code, closed)) => {
                self.say_close(code, transport);
                Err(closed)
            }
        }
    }
}

/// The code that answers a close: the same, where it is one that may be sent; zero stands for none.
const fn answer_to(code: u16) -> u16 {
    match code {
        0 => NORMAL,
        1000..=1003 | 1007..=1014 | 3000..=4999 => code,
        _ => PROTOCOL_ERROR,
    }
}

#[derive(Debug)]
pub(crate) struct Http {
    replies: Replies,
    authority: String,
    /// Requests that wait for the answer to the one before, and how long each is.
    queue: Buffer,
    lengths: VecDeque<usize>,
    requests_limit: usize,
    is_asked: bool,
}

impl Http {
    pub(crate) fn new(place: &Place, options: &Options) -> Self {
        Self {
            replies: Replies::new(options.reply_limit, options.used_headers.clone()),
            authority: place.authority.clone(),
            queue: Buffer::new(options.waiting_limit),
            lengths: VecDeque::with_capacity(options.requests_limit),
            requests_limit: options.requests_limit,
            is_asked: false,
        }
    }

    pub(crate) fn request(
        &mut self,
        request: &HttpSend<'_>,
        transport: &mut Transport,
    ) -> Result<(), Refused> {
        if self.lengths.len() >= self.requests_limit {
            return Err(Refused::Full);
        }
        let room = self.queue.room();
        let length =
            http::encode(request, &self.authority, self.queue.spare(room)).map_err(|why| match why {
                Unwritten::TooLong => Refused::Full,
                Unwritten::Malformed => Refused::Malformed,
            })?;
        self.queue.commit(length);
        self.lengths.push_back(length);
        self.ask(transport);
        transport.flush();
        Ok(())
    }

    /// Asks what is next, where no answer is awaited.
    fn ask(&mut self, transport: &mut Transport) {
        if let (false, Some(&length)) = (self.is_asked, self.lengths.front())
            && put(transport, Voice::User, self.queue.filled().get(..length).unwrap_or_default())
        {
            self.queue.consume(length);
            self.lengths.pop_front();
            self.is_asked = true;
        }
    }

    fn hear(&mut self, transport: &mut Transport, told: &mut dyn FnMut(News<'_>)) -> Result<(), Closed> {
        loop {
            let found = self.replies.next(transport.plain.filled()).map_err(|_| Closed::Broken)?;
            transport.plain.consume(found.used);
            let Some(reply) = found.reply else { return Ok(()) };
            if !self.is_asked {
                return Err(Closed::Broken);
            }
            self.is_asked = false;
            told(news(&reply));
            if reply.is_last {
                return Err(Closed::ByPeer(0));
            }
            self.ask(transport);
        }
    }

    fn finished(&mut self, transport: &Transport, told: &mut dyn FnMut(News<'_>)) -> Closed {
        match self.replies.end() {
            Ok(Some(reply)) if self.is_asked => {
                self.is_asked = false;
                told(news(&reply));
                Closed::ByPeer(0)
            }
            Ok(None) if transport.plain.is_empty() => Closed::ByPeer(0),
            Ok(_) | Err(_) => Closed::Broken,
        }
    }
}

const fn news<'a>(reply: &http::Reply<'a>) -> News<'a> {
    News::Reply { status: reply.status, retry_after: reply.retry_after, used: reply.used, body: reply.body }
}
