//! What a way there and back takes without us: bytes as many as those of frames and orders, over the same kind of socket.
//!
//! A thread in the engine's place reads them whole and answers at once: `read`, `write`, and rustls' records where TLS is spoken; no poll,
//! no WebSocket, no decision.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use ballast_model::{Nanos, Span};
use hdrhistogram::Histogram;

use super::join::{histogram, nanos};
use super::over::{Over, Pipe, give, take};
use crate::clock::Clock;
use crate::config::MarketConfig;
use crate::host::{Idle, Plan, Role, Turn};

/// Round trips, those before them that do not count, the time from one to the next, and the longest that all may take.
const TRIPS: (u32, u32) = (5_000, 500);
const CADENCE: Span = Span::from_micros(100);
const LASTS: Span = Span::from_secs(3);

/// Round trips without the engine.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// From the venue's write to what it has read, in nanoseconds.
    pub round_trip: Histogram<u64>,
    /// From bytes read to bytes handed to the kernel, at the end that answers, in nanoseconds: its write call.
    pub answer: Histogram<u64>,
    /// Bytes there and back, before TLS seals them: the means of the run's frames and orders.
    pub bytes: (usize, usize),
}

impl Kernel {
    /// Measures on a thread of its own and one where the venue's thread of the plan runs.
    ///
    /// # Errors
    /// The socket's.
    pub(super) fn measure(over: &Over, plan: &Plan, clock: Clock, bytes: (usize, usize)) -> io::Result<Self> {
        let bytes = (bytes.0.max(1), bytes.1.max(1));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let broken = || io::Error::other("a thread of the echo has ended by itself");
        std::thread::scope(|scope| {
            let answering = scope.spawn(move || {
                drop(plan.enter(Role::Venue(MarketConfig::Usdm)));
                let mut pipe = over.connected(address)?;
                answer(pipe.as_mut(), Idle::new(plan.wait()), clock, bytes)
            });
            let (socket, _) = listener.accept()?;
            let mut pipe = over.accepted(socket)?;
            let asked = ask(pipe.as_mut(), Idle::new(plan.wait()), clock, bytes);
            // Its end tells the other that there is no more.
            drop(pipe);
            let answer = answering.join().map_err(|_| broken())??;
            Ok(Self { round_trip: asked?, answer, bytes })
        })
    }
}

fn answer(
    pipe: &mut dyn Pipe,
    mut idle: Idle,
    clock: Clock,
    bytes: (usize, usize),
) -> io::Result<Histogram<u64>> {
    let (mut frame, order) = (vec![0; bytes.0], vec![0x6f; bytes.1]);
    let mut times = histogram();
    // TLS shakes hands in the first of these calls, which may block.
    let mut stands = false;
    while take(pipe, &mut frame, &mut idle).or_else(ended)? {
        let from = clock.now();
        give(pipe, &order)?;
        times.saturating_record(nanos(from, clock.now()));
        if !stands {
            pipe.socket().set_nonblocking(true)?;
            stands = true;
        }
    }
    Ok(times)
}

/// A socket that is dropped under TLS ends without a word, and that is no fault here.
fn ended(error: io::Error) -> io::Result<bool> {
    let expected = [io::ErrorKind::UnexpectedEof, io::ErrorKind::ConnectionReset];
    if expected.contains(&error.kind()) { Ok(false) } else { Err(error) }
}

fn ask(
    pipe: &mut dyn Pipe,
    mut idle: Idle,
    clock: Clock,
    bytes: (usize, usize),
) -> io::Result<Histogram<u64>> {
    let (frame, mut order) = (vec![0x66; bytes.0], vec![0; bytes.1]);
    let mut times = histogram();
    let mut due = Nanos::MIN;
    let ends = clock.now() + LASTS;
    for trip in 0..TRIPS.0 + TRIPS.1 {
        while clock.now() < due {
            idle.after(Turn::Idle, Duration::ZERO, || true);
        }
        let from = clock.now();
        give(pipe, &frame)?;
        if !take(pipe, &mut order, &mut idle)? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let until = clock.now();
        if trip == 0 {
            pipe.socket().set_nonblocking(true)?;
        } else if trip >= TRIPS.1 {
            times.saturating_record(nanos(from, until));
            if until > ends {
                break;
            }
        }
        due = from + CADENCE;
    }
    Ok(times)
}
