//! A socket with what waits before and behind it, sealed or not.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use crate::buffer::Buffer;
use crate::tls::{Failed, RECORD_LIMIT, Tls};

/// Bytes at most that one read takes.
const READ: usize = 64 * 1024;

/// Bytes that wait to be opened.
const SEALED: usize = READ + RECORD_LIMIT;

/// Room to leave that only what the protocol itself says may take.
const RESERVE: usize = 512;

/// Whose words they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voice {
    /// The user's, who hears that there is no room.
    User,
    /// The protocol's own, which have room of their own.
    Protocol,
}

/// No more is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The other side has said all.
    Finished,
    /// The socket or TLS broke.
    Broken,
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Connected {
    Yes,
    NotYet,
    /// This address does not answer.
    No,
}

/// What a read gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filled {
    Bytes,
    Nothing,
    End(End),
}

#[derive(Debug)]
pub(crate) struct Transport {
    socket: Option<TcpStream>,
    pub(crate) tls: Option<Tls>,
    /// As it came in, where TLS is spoken.
    sealed: Buffer,
    /// As it can be read.
    pub(crate) plain: Buffer,
    /// What is about to be sealed.
    draft: Buffer,
    out: Buffer,
    pub(crate) is_readable: bool,
    is_writable: bool,
    /// The other side sends nothing more: only reading to the end finds it.
    is_hung: bool,
    is_broken: bool,
}

impl Transport {
    /// No socket yet; holds partial messages of up to `message` bytes, and `waiting` bytes that have not left.
    pub(crate) fn new(tls: Option<Tls>, message: usize, waiting: usize) -> Self {
        let (sealed, draft) = if tls.is_some() { (SEALED, waiting) } else { (0, 0) };
        Self {
            socket: None,
            tls,
            sealed: Buffer::new(sealed),
            plain: Buffer::new(message + SEALED),
            draft: Buffer::new(draft),
            out: Buffer::new(waiting + RESERVE + RECORD_LIMIT),
            is_readable: false,
            is_writable: false,
            is_hung: false,
            is_broken: false,
        }
    }

    /// Begins to connect; false where that fails at once.
    pub(crate) fn connect(&mut self, address: SocketAddr, registry: &Registry, token: Token) -> bool {
        self.socket = TcpStream::connect(address).ok().and_then(|mut socket| {
            registry.register(&mut socket, token, Interest::READABLE | Interest::WRITABLE).ok()?;
            Some(socket)
        });
        (self.is_readable, self.is_writable, self.is_hung) = (false, false, false);
        self.socket.is_some()
    }

    /// Whether the connection has been made.
    pub(crate) fn connected(&self) -> Connected {
        let Some(socket) = self.socket.as_ref() else { return Connected::No };
        if !self.is_writable {
            return Connected::NotYet;
        }
        if !matches!(socket.take_error(), Ok(None)) {
            return Connected::No;
        }
        match socket.peer_addr() {
            Ok(_) if socket.set_nodelay(true).is_ok() => Connected::Yes,
            Err(error) if error.kind() == ErrorKind::NotConnected => Connected::NotYet,
            Ok(_) | Err(_) => Connected::No,
        }
    }

    /// What the poll saw.
    pub(crate) fn notice(&mut self, event: &mio::event::Event) {
        self.is_hung |= event.is_read_closed() || event.is_error();
        self.is_readable |= event.is_readable() || self.is_hung;
        self.is_writable |= event.is_writable();
    }

    /// Reads once. What came is sealed still: [`Transport::open`] follows, after the clock was read.
    pub(crate) fn fill(&mut self) -> Filled {
        let Some(socket) = self.socket.as_mut() else { return Filled::End(End::Broken) };
        let into = if self.tls.is_some() { &mut self.sealed } else { &mut self.plain };
        let spare = into.spare(READ);
        let room = spare.len().min(READ);
        let read = match socket.read(spare.get_mut(..room).unwrap_or_default()) {
            Ok(0) => return Filled::End(self.finished()),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.is_readable = false;
                return Filled::Nothing;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => return Filled::Nothing,
            Err(_) => return Filled::End(End::Broken),
        };
        into.commit(read);
        // A stream that gave less than was asked for has no more (epoll(7)), but for its end.
        self.is_readable = read == room || self.is_hung;
        Filled::Bytes
    }

    /// How a stream that gives nothing more has ended: under TLS the other side says so under its seal, and where it does not anybody may
    /// have cut it.
    fn finished(&self) -> End {
        if self.tls.is_some() && !self.is_ended() { End::Broken } else { End::Finished }
    }

    /// Opens what came in sealed.
    pub(crate) fn open(&mut self) -> Result<(), Failed> {
        match &mut self.tls {
            Some(tls) => tls.read(&mut self.sealed, &mut self.plain, &mut self.out),
            None => Ok(()),
        }
    }

    /// True where the other side said under its seal that nothing follows.
    pub(crate) fn is_ended(&self) -> bool {
        self.tls.as_ref().is_some_and(Tls::is_ended)
    }

    /// Puts what `write` writes, `length` bytes, behind what waits; false where there is no room.
    pub(crate) fn put(
        &mut self,
        voice: Voice,
        length: usize,
        write: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) -> bool {
        let kept = if voice == Voice::User { RESERVE + RECORD_LIMIT } else { 0 };
        if self.out.room() < length + kept {
            return false;
        }
        let Some(tls) = &mut self.tls else {
            let written = write(self.out.spare(length));
            self.out.commit(written.unwrap_or_default());
            return written.is_some();
        };
        self.draft.clear();
        let Some(written) = write(self.draft.spare(length)) else { return false };
        self.draft.commit(written);
        let is_put = tls.write(self.draft.filled(), &mut self.out);
        self.is_broken |= tls.is_spent();
        is_put
    }

    /// Lets go out what waits, as far as the socket takes it. What breaks is found by [`Transport::is_broken`].
    pub(crate) fn flush(&mut self) {
        while self.is_writable && !self.out.is_empty() {
            let Some(socket) = self.socket.as_mut() else { return };
            match socket.write(self.out.filled()) {
                Ok(0) => self.is_broken = true,
                Ok(written) => self.out.consume(written),
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.is_writable = false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => self.is_broken = true,
            }
            if self.is_broken {
                self.out.clear();
            }
        }
    }

    /// True where a write failed: what was to be sent may have been or not.
    pub(crate) const fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Says that nothing follows, where TLS is spoken and the socket takes it.
    pub(crate) fn finish(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.end(&mut self.out);
        }
        self.flush();
    }
}
