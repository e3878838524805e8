//! The venue at the other end of sockets: a thread that lets frames go when their time has come and answers orders at once.
//!
//! A thin server and not the simulator: what it says and agrees to is the same, and what it costs is little beside what is measured.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use ballast_model::Nanos;
use tungstenite::handshake::server::{Request, Response};
use tungstenite::protocol::{Role as Side, WebSocketConfig};
use tungstenite::{Error, Message, WebSocket};

use super::answers::{self, Asked};
use super::frames::Frames;
use super::over::{Over, Pipe, tried};
use super::played::Timetable;
use crate::clock::Clock;
use crate::host::{Idle, Turn, Wait};

/// How long a handshake may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes that one read takes.
const READ: usize = 4_096;
/// Paths that connections are told apart by.
pub(super) const MARKET_PATH: &str = "/market";
pub(super) const API_PATH: &str = "/api";

/// What the thread is told.
#[derive(Clone, Copy, Debug)]
pub(super) enum Tell {
    /// Lets all frames go that come before the snapshot of the book.
    Book,
    /// Lets frames go by this timetable.
    Schedule(Timetable),
    /// No more of them.
    Enough,
}

/// A frame that left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gone {
    /// When it was to leave.
    pub(super) due: Nanos,
    /// When it was handed to the socket.
    pub(super) written: Nanos,
    /// Its place among all that leave.
    pub(super) frame: usize,
}

/// A request that came by the connection of orders: what it is where it is an order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Got {
    pub(super) asked: Option<Asked>,
    pub(super) at: Nanos,
}

/// What the thread saw.
#[derive(Debug, Default)]
pub(super) struct Served {
    pub(super) gone: Vec<Gone>,
    pub(super) got: Vec<Got>,
    /// Bytes of all frames and of all requests.
    pub(super) bytes: (usize, usize),
    /// Requests that found no room.
    pub(super) missed: u64,
}

/// The thread, from outside.
#[derive(Debug)]
pub(super) struct Serving {
    pub(super) address: SocketAddr,
    tell: Sender<Tell>,
    done: Arc<AtomicBool>,
    thread: JoinHandle<io::Result<Served>>,
}

impl Serving {
    /// Begins to listen. There is room for so many frames and requests.
    pub(super) fn start(
        over: Over,
        clock: Clock,
        frames: Arc<Frames>,
        wait: Wait,
        room: (usize, usize),
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (tell, told) = channel();
        let done = Arc::new(AtomicBool::new(false));
        let seen =
            Served { gone: Vec::with_capacity(room.0), got: Vec::with_capacity(room.1), ..Served::default() };
        let is_done = Arc::clone(&done);
        let thread = std::thread::Builder::new().name("venue played".to_owned()).spawn(move || {
            Server {
                over,
                clock,
                frames,
                listener,
                market: None,
                api: None,
                others: Vec::new(),
                timetable: None,
                next: 0,
                ready: Vec::new(),
                scratch: Vec::new(),
                seen,
            }
            .run(&told, &is_done, wait)
        })?;
        Ok(Self { address, tell, done, thread })
    }

    /// Tells it something; who has ended hears nothing, and shows why at the end.
    pub(super) fn tell(&self, what: Tell) {
        let _ = self.tell.send(what);
    }

    /// True once all frames of its timetable have left, or the thread has ended.
    pub(super) fn is_done(&self) -> bool {
        self.done.load(Acquire) || self.thread.is_finished()
    }

    /// Ends it.
    pub(super) fn end(self) -> io::Result<Served> {
        drop(self.tell);
        self.thread.join().map_err(|_| io::Error::other("the venue's thread has ended by itself"))?
    }
}

/// A connection with what waits to leave by it.
struct Line {
    socket: WebSocket<Box<dyn Pipe>>,
    waiting: Vec<u8>,
    given: usize,
}

impl Line {
    const fn new(socket: WebSocket<Box<dyn Pipe>>) -> Self {
        Self { socket, waiting: Vec::new(), given: 0 }
    }

    const fn is_free(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Hands out what waits, as far as the socket takes it.
    fn go_on(&mut self) -> io::Result<()> {
        if self.is_free() {
            return Ok(());
        }
        let pipe = self.socket.get_mut();
        while let Some(rest) = self.waiting.get(self.given..).filter(|rest| !rest.is_empty()) {
            match tried(pipe.write(rest))? {
                Some(0) | None => break,
                Some(count) => self.given += count,
            }
        }
        // What TLS has sealed may still wait for the socket.
        if tried(pipe.flush())?.is_some() && self.given == self.waiting.len() {
            self.waiting.clear();
            self.given = 0;
        }
        Ok(())
    }
}

struct Server {
    over: Over,
    clock: Clock,
    frames: Arc<Frames>,
    listener: TcpListener,
    market: Option<Line>,
    api: Option<Line>,
    /// Connections on which nothing is ever said.
    others: Vec<Line>,
    timetable: Option<Timetable>,
    next: usize,
    /// The next frame as it will leave, made before its time; empty where it is not made yet.
    ready: Vec<u8>,
    scratch: Vec<u8>,
    seen: Served,
}

impl Server {
    fn run(mut self, told: &Receiver<Tell>, done: &AtomicBool, wait: Wait) -> io::Result<Served> {
        let mut idle = Idle::new(wait);
        loop {
            match told.try_recv() {
                Ok(what) => self.obey(what),
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => return Ok(self.seen),
            }
            let mut worked = self.release()?;
            worked |= self.hear()?;
            if self.timetable.is_none_or(Timetable::is_book) {
                worked |= self.accept()?;
            } else if self.is_over() {
                done.store(true, Release);
            }
            idle.after(if worked { Turn::Busy } else { Turn::Idle }, Duration::ZERO, || true);
        }
    }

    fn obey(&mut self, what: Tell) {
        match what {
            Tell::Book => self.timetable = Some(Timetable::book(&self.frames)),
            Tell::Schedule(timetable) => self.timetable = Some(timetable),
            Tell::Enough => {
                if let Some(timetable) = &mut self.timetable {
                    timetable.end = self.next;
                }
            }
        }
    }

    fn is_over(&self) -> bool {
        let is_full = self.seen.gone.len() == self.seen.gone.capacity();
        self.timetable.is_some_and(|timetable| is_full || self.next >= timetable.end)
    }

    /// Lets frames go whose time has come, as long as the socket takes them.
    fn release(&mut self) -> io::Result<bool> {
        let mut worked = false;
        while let (Some(timetable), false) = (self.timetable, self.is_over()) {
            if self.ready.is_empty() {
                frame(self.frames.say(self.next, &mut self.scratch), &mut self.ready);
            }
            let Some(line) = self.market.as_mut().filter(|line| line.is_free()) else { break };
            let Some(recorded) = self.frames.when(self.next) else { break };
            let written = self.clock.now();
            let Some(due) = timetable.due(recorded, written) else { break };
            self.seen.bytes.0 += self.ready.len();
            core::mem::swap(&mut line.waiting, &mut self.ready);
            line.go_on()?;
            self.seen.gone.push(Gone { due, written, frame: self.next });
            self.next += 1;
            worked = true;
        }
        if let Some(line) = &mut self.market {
            line.go_on()?;
        }
        Ok(worked)
    }

    /// Takes orders and answers them.
    fn hear(&mut self) -> io::Result<bool> {
        let Self { api: Some(line), seen, clock, .. } = self else { return Ok(false) };
        let mut worked = false;
        loop {
            let text = match line.socket.read() {
                Ok(Message::Text(text)) => text,
                Ok(_) => continue,
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => break,
                // Whoever closes it measures nothing any more.
                Err(_) => return Ok(worked),
            };
            let at = clock.now();
            worked = true;
            let text = text.as_bytes();
            let asked = answers::read(text);
            seen.bytes.1 += text.len();
            if seen.got.len() == seen.got.capacity() {
                seen.missed += 1;
            } else {
                seen.got.push(Got { asked, at });
            }
            let mut answer = Vec::with_capacity(answers::ANSWER_BYTES);
            match (asked, answers::request_id(text)) {
                (Some(asked), _) => answers::order(&asked, at, &mut answer),
                (None, Some(id)) => answers::log_on(id, &mut answer),
                (None, None) => continue,
            }
            frame(&answer, &mut line.waiting);
        }
        line.go_on()?;
        Ok(worked)
    }

    /// Lets one more connection in, if any waits.
    fn accept(&mut self) -> io::Result<bool> {
        let Some((socket, _)) = tried(self.listener.accept())? else { return Ok(false) };
        let (path, line) = self.shake(socket)?;
        match path.as_str() {
            MARKET_PATH => self.market = Some(line),
            API_PATH => self.api = Some(line),
            _ => self.others.push(line),
        }
        Ok(true)
    }

    /// TLS and WebSocket shake hands; what was asked for.
    fn shake(&self, socket: TcpStream) -> io::Result<(String, Line)> {
        socket.set_nonblocking(false)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let pipe = self.over.accepted(socket)?;
        let mut path = String::new();
        #[expect(clippy::result_large_err, reason = "the error is tungstenite's, and there is none")]
        let keep = |request: &Request, response: Response| {
            request.uri().path().clone_into(&mut path);
            Ok(response)
        };
        let shaken = tungstenite::accept_hdr(pipe, keep).map_err(|error| io::Error::other(error.to_string()));
        let pipe = shaken?.into_inner();
        pipe.socket().set_nonblocking(true)?;
        let config = WebSocketConfig::default().read_buffer_size(READ);
        Ok((path, Line::new(WebSocket::from_raw_socket(pipe, Side::Server, Some(config)))))
    }
}

/// Writes a text as a server's frame (RFC 6455, section 5.2): not masked, in one piece.
fn frame(text: &[u8], out: &mut Vec<u8>) {
    out.push(0x81);
    match (u8::try_from(text.len()), u16::try_from(text.len())) {
        (Ok(short @ 0..126), _) => out.push(short),
        (_, Ok(medium)) => {
            out.push(126);
            out.extend_from_slice(&medium.to_be_bytes());
        }
        (_, Err(_)) => {
            out.push(127);
            out.extend_from_slice(&(text.len() as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_every_length_are_read_back() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536] {
            let text = vec![b'x'; length];
            let mut bytes = Vec::new();
            frame(&text, &mut bytes);
            let mut frames = ballast_wire::frame::Frames::new(1 << 20);
            let found = frames.next(&bytes).unwrap();
            assert_eq!(found.used, bytes.len());
            assert_eq!(found.said, Some(ballast_wire::frame::Said::Message(&text)));
        }
    }
}
