//! Stamps on the shard's thread, at the seam where a loop tells its record.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use ballast_core::outbox::Outbox;
use ballast_core::shard::Shard;
use ballast_model::{BookBatch, ClientOrderId, Command, Event, JournalHealth, Nanos};

use super::answers::Ask;
use crate::clock::Clock;
use crate::replay::Record;

/// Which frames are stamped on their way: one in 2^`bits`, by their time of arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sampling {
    pub(super) bits: u32,
}

impl Sampling {
    /// Whether the frame that arrived then is stamped.
    pub(super) fn takes(self, arrived: Nanos) -> bool {
        // Fibonacci hashing (Knuth, The Art of Computer Programming 3, section 6.4): the high bits depend on all of the time's.
        let hash = arrived.0.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.bits == 0 || hash >> (64 - self.bits) == 0
    }
}

/// One command as the shard decided it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decided {
    pub(super) ask: Ask,
    pub(super) client_id: ClientOrderId,
    /// When the frame arrived that led to it; [`Nanos::MIN`] where something else did.
    pub(super) arrived: Nanos,
    /// When the core was about to learn it, and had decided and recorded; zero where it was not sampled.
    pub(super) told: Nanos,
    pub(super) done: Nanos,
    /// Levels of a book batch.
    pub(super) levels: u32,
    /// The number of the input, from 1.
    pub(super) input: u64,
}

/// What the core is learning.
#[derive(Clone, Copy, Debug)]
struct Current {
    arrived: Nanos,
    told: Nanos,
    levels: u32,
}

const ELSE: Current = Current { arrived: Nanos::MIN, told: Nanos(0), levels: 0 };

/// A record that stamps what passes.
#[derive(Debug)]
pub(super) struct Probed<R> {
    inner: R,
    clock: Clock,
    sampling: Sampling,
    current: Current,
    inputs: u64,
    pub(super) log: Vec<Decided>,
    /// Commands that found no room in the log.
    pub(super) missed: u64,
    /// Frames that led to an order or an amendment, and the last of them.
    ticks: Arc<AtomicU64>,
    ticked: Nanos,
}

impl<R> Probed<R> {
    pub(super) fn new(inner: R, clock: Clock, sampling: Sampling, room: usize) -> Self {
        let log = Vec::with_capacity(room);
        let (ticks, ticked) = (Arc::new(AtomicU64::new(0)), Nanos::MIN);
        Self { inner, clock, sampling, current: ELSE, inputs: 0, log, missed: 0, ticks, ticked }
    }

    /// How many frames have led to an order or an amendment, for whoever waits for as many.
    pub(super) fn ticks(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.ticks)
    }

    pub(super) fn into_parts(self) -> (R, Vec<Decided>, u64) {
        (self.inner, self.log, self.missed)
    }

    #[inline]
    fn begin(&mut self, arrived: Nanos, levels: u32) {
        let told = if self.sampling.takes(arrived) { self.clock.now() } else { Nanos(0) };
        self.current = Current { arrived, told, levels };
    }

    fn keep(&mut self, command: &Command, done: Nanos) {
        let ask = match command {
            Command::New(_) => Ask::Place,
            Command::Replace(_) => Ask::Modify,
            Command::Cancel(_) => Ask::Cancel,
            Command::Query(_) => return,
        };
        if self.log.len() == self.log.capacity() {
            self.missed += 1;
            return;
        }
        let Current { arrived, told, levels } = self.current;
        if ask != Ask::Cancel && arrived != self.ticked && arrived != Nanos::MIN {
            self.ticked = arrived;
            self.ticks.fetch_add(1, Relaxed);
        }
        let (client_id, input) = (command.client_id(), self.inputs);
        self.log.push(Decided { ask, client_id, arrived, told, done, levels, input });
    }
}

impl<R: Record> Record for Probed<R> {
    #[inline]
    fn event(&mut self, now: Nanos, event: &Event) {
        self.inputs += 1;
        if let Event::Ticker(ticker) = event {
            self.begin(ticker.recv_time, 0);
        } else if let Event::Trade(trade) = event {
            self.begin(trade.recv_time, 0);
        } else {
            self.current = ELSE;
        }
        self.inner.event(now, event);
    }

    #[inline]
    fn batch(&mut self, now: Nanos, batch: &BookBatch<'_>) {
        self.inputs += 1;
        let begin = batch.begin();
        self.begin(begin.recv_time, begin.levels);
        self.inner.batch(now, batch);
    }

    #[inline]
    fn after(&mut self, now: Nanos, shard: &Shard, out: &Outbox) {
        self.inner.after(now, shard, out);
        if out.commands().is_empty() {
            return;
        }
        let done = if self.current.told.0 > 0 { self.clock.now() } else { Nanos(0) };
        for command in out.commands() {
            self.keep(command, done);
        }
    }

    #[inline]
    fn news(&mut self) -> Option<JournalHealth> {
        self.inner.news()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_a_share_and_the_same_for_whoever_asks() {
        let sampling = Sampling { bits: 4 };
        let taken = (0..100_000).filter(|at| sampling.takes(Nanos(1_700_000_000_000_000_000 + 37 * at)));
        let count = taken.count();
        assert!((5_000..7_500).contains(&count), "one in sixteen: {count}");
        assert!((0..100).all(|at| Sampling { bits: 0 }.takes(Nanos(at))));
    }
}
