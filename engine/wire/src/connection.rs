//! One connection, from its name to its end.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

use ballast_model::{Nanos, Span};
use mio::{Registry, Token};
use rustls::ClientConfig;

use crate::names::Names;
use crate::seam::{Closed, HttpSend, Link, LinkKind, News, Pulse, Refused};
use crate::sockets::Options;
use crate::speech::{Http, Speech, WebSocket};
use crate::tls::Tls;
use crate::transport::{Connected, End, Filled, Transport};
use crate::url::Place;

/// Who hears what comes in.
pub(crate) type Heard<'a> = dyn FnMut(Link, Nanos, News<'_>) + 'a;

/// What a connection is to become.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) link: Link,
    pub(crate) kind: LinkKind,
    pub(crate) headers: &'a [(String, String)],
    /// When it has to stand.
    pub(crate) deadline: Nanos,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Its name is asked for.
    Naming,
    Connecting,
    /// TLS shakes hands.
    Securing,
    /// So do WebSockets.
    Upgrading,
    Standing,
    /// We said that we close, and wait for the other side.
    Closing,
}

#[derive(Debug)]
pub(crate) struct Connection {
    link: Link,
    place: Place,
    stage: Stage,
    /// When opening or closing has to be done.
    deadline: Nanos,
    addresses: VecDeque<SocketAddr>,
    transport: Transport,
    speech: Speech,
    heard: Nanos,
}

impl Connection {
    /// Not begun; none where it cannot: a header that is none, a host that TLS cannot name.
    pub(crate) fn new(
        plan: &Plan<'_>,
        place: Place,
        tls: &Arc<ClientConfig>,
        options: &Options,
    ) -> Option<Self> {
        let tls = if place.is_secure { Some(Tls::new(tls, &place.host).ok()?) } else { None };
        let (speech, message) = match plan.kind {
            LinkKind::WebSocket => {
                let speech = WebSocket::new(&place, plan.headers, options.message_limit)?;
                (Speech::WebSocket(Box::new(speech)), options.message_limit)
            }
            LinkKind::Http => (Speech::Http(Box::new(Http::new(&place, options))), 0),
        };
        Some(Self {
            link: plan.link,
            place,
            stage: Stage::Naming,
            deadline: plan.deadline,
            addresses: VecDeque::new(),
            transport: Transport::new(tls, message, options.waiting_limit),
            speech,
            heard: Nanos::MIN,
        })
    }

    /// Its addresses are known: begins with the first. What does not answer is found when it is served.
    pub(crate) fn named(&mut self, addresses: &[SocketAddr], registry: &Registry) {
        self.addresses = addresses.iter().copied().collect();
        self.stage = Stage::Connecting;
        self.try_next(registry);
    }

    /// Tries the next address; false where there is none.
    fn try_next(&mut self, registry: &Registry) -> bool {
        while let Some(address) = self.addresses.pop_front() {
            if self.transport.connect(address, registry, Token(usize::from(self.link.0))) {
                return true;
            }
        }
        false
    }

    pub(crate) fn notice(&mut self, event: &mio::event::Event) {
        self.transport.notice(event);
    }

    /// How long it needs no turn if nothing comes.
    pub(crate) fn patience(&self, now: Nanos) -> Span {
        match self.stage {
            _ if self.transport.is_readable || self.transport.is_broken() => Span::ZERO,
            Stage::Standing => Span(i64::MAX),
            Stage::Naming | Stage::Connecting | Stage::Securing | Stage::Upgrading => self.deadline - now,
            Stage::Closing if self.speech.is_silent() => Span::ZERO,
            Stage::Closing => self.deadline - now,
        }
    }

    /// How it ends where its stage is this one: `standing` if it stood.
    fn end(&self, standing: Closed) -> Closed {
        match self.stage {
            Stage::Securing if self.transport.tls.as_ref().is_some_and(Tls::is_distrusted) => {
                Closed::Untrusted
            }
            Stage::Standing => standing,
            Stage::Closing => Closed::ByUs,
            Stage::Naming | Stage::Connecting | Stage::Securing | Stage::Upgrading => Closed::Unreachable,
        }
    }

    /// Does what there is to do: opens, reads once and tells, lets go out what waits.
    pub(crate) fn serve(
        &mut self,
        names: &Names,
        registry: &Registry,
        clock: &impl Fn() -> Nanos,
        heard: &mut Heard<'_>,
    ) -> Result<(), Closed> {
        if self.stage == Stage::Standing && !self.transport.is_readable {
            return self.send_on();
        }
        if self.stage == Stage::Naming
            && let Some(addresses) = names.answer(&self.place.host, self.place.port)
        {
            self.named(addresses, registry);
        }
        if self.stage == Stage::Connecting {
            self.connect(registry, clock, heard)?;
        }
        if !matches!(self.stage, Stage::Naming | Stage::Connecting) && self.transport.is_readable {
            self.read(clock, heard)?;
        }
        self.send_on()?;
        if self.stage == Stage::Closing && self.speech.is_silent() {
            return Err(Closed::ByUs);
        }
        if self.stage != Stage::Standing && clock() >= self.deadline {
            return Err(self.end(Closed::Broken));
        }
        Ok(())
    }

    fn connect(
        &mut self,
        registry: &Registry,
        clock: &impl Fn() -> Nanos,
        heard: &mut Heard<'_>,
    ) -> Result<(), Closed> {
        match self.transport.connected() {
            Connected::NotYet => Ok(()),
            Connected::No if self.try_next(registry) => Ok(()),
            Connected::No => Err(Closed::Unreachable),
            Connected::Yes => {
                self.stage = Stage::Securing;
                if self.transport.open().is_err() {
                    return Err(Closed::Unreachable);
                }
                self.go_on(clock(), heard)
            }
        }
    }

    /// Reads once, stamps what came, and tells it.
    fn read(&mut self, clock: &impl Fn() -> Nanos, heard: &mut Heard<'_>) -> Result<(), Closed> {
        let now = match self.transport.fill() {
            Filled::Nothing => return Ok(()),
            Filled::Bytes => clock(),
            Filled::End(End::Broken) => return Err(self.end(Closed::Broken)),
            Filled::End(End::Finished) => return Err(self.finished(clock(), heard)),
        };
        self.heard = now;
        let opened = self.transport.open();
        // What was opened before TLS failed was sealed by the other side: it is told.
        self.go_on(now, heard)?;
        if opened.is_err() {
            return Err(self.end(Closed::Broken));
        }
        if self.transport.is_ended() {
            return Err(self.finished(now, heard));
        }
        Ok(())
    }

    /// Handshakes that are due, then what was said.
    fn go_on(&mut self, now: Nanos, heard: &mut Heard<'_>) -> Result<(), Closed> {
        if self.stage == Stage::Securing {
            if self.transport.tls.as_ref().is_some_and(|tls| !tls.is_standing()) {
                return Ok(());
            }
            self.stage = Stage::Upgrading;
            if !self.speech.begin(&mut self.transport) {
                return Err(Closed::Unreachable);
            }
        }
        if self.stage == Stage::Upgrading {
            if !self.speech.stands(&mut self.transport).map_err(|_| Closed::Unreachable)? {
                return Ok(());
            }
            self.stage = Stage::Standing;
            self.heard = now;
            heard(self.link, now, News::Opened);
        }
        let link = self.link;
        let end = self.speech.hear(&mut self.transport, now, &mut |news| heard(link, now, news));
        end.map_err(|closed| self.end(closed))
    }

    /// The other side says nothing more.
    fn finished(&mut self, now: Nanos, heard: &mut Heard<'_>) -> Closed {
        let closed = self.speech.finished(&self.transport, &mut |news| heard(self.link, now, news));
        self.end(closed)
    }

    /// Lets go out what waits.
    fn send_on(&mut self) -> Result<(), Closed> {
        self.transport.flush();
        self.speech.go_on(&mut self.transport);
        self.transport.flush();
        // What came before it broke is heard first.
        if self.transport.is_broken() && !self.transport.is_readable {
            return Err(self.end(Closed::Broken));
        }
        Ok(())
    }

    pub(crate) fn send(&mut self, text: &[u8]) -> Result<(), Refused> {
        match &mut self.speech {
            Speech::WebSocket(speech) if self.stage == Stage::Standing => {
                speech.send(text, &mut self.transport)
            }
            Speech::WebSocket(_) | Speech::Http(_) => Err(Refused::NotOpen),
        }
    }

    pub(crate) fn request(&mut self, request: &HttpSend<'_>) -> Result<(), Refused> {
        match &mut self.speech {
            Speech::Http(speech) if self.stage == Stage::Standing => {
                speech.request(request, &mut self.transport)
            }
            Speech::WebSocket(_) | Speech::Http(_) => Err(Refused::NotOpen),
        }
    }

    pub(crate) fn ping(&mut self, now: Nanos) -> Result<(), Refused> {
        match &mut self.speech {
            Speech::WebSocket(speech) if self.stage == Stage::Standing => {
                speech.ping(now, &mut self.transport)
            }
            Speech::WebSocket(_) | Speech::Http(_) => Err(Refused::NotOpen),
        }
    }

    pub(crate) fn pulse(&self) -> Option<Pulse> {
        let round_trip = match &self.speech {
            Speech::WebSocket(speech) => speech.round_trip(),
            Speech::Http(_) => None,
        };
        (self.stage == Stage::Standing).then_some(Pulse { heard: self.heard, round_trip })
    }

    /// We close it; false where it does not stand and is to be forgotten.
    pub(crate) fn close(&mut self, deadline: Nanos) -> bool {
        match self.stage {
            Stage::Closing => true,
            Stage::Standing => {
                self.stage = Stage::Closing;
                self.deadline = deadline;
                self.speech.close(&mut self.transport);
                true
            }
            Stage::Naming | Stage::Connecting | Stage::Securing | Stage::Upgrading => false,
        }
    }

    /// The last word before the socket is dropped.
    pub(crate) fn leave(&mut self) {
        if self.stage == Stage::Standing {
            self.speech.close(&mut self.transport);
        }
        self.transport.finish();
    }
}
