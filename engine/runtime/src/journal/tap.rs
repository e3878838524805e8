//! The two ends of a journal: what the deciding thread stores into, and the thread that keeps it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use ballast_journal::{Bodies, Checkpoint, Raw, SlotAlone};
use ballast_model::{BookBatch, Command, Event, Nanos, Span};

use super::ring::{Full, Ring, RingReader, RingWriter};
use super::segments::{Kept, Segments};
use super::{JournalError, Options, files};
use crate::clock::Stopwatch;

/// From this share of the ring on the journal is behind, in percent.
const BEHIND_PERCENT: u64 = 75;
/// How long the keeping thread rests where there is nothing to keep.
const REST: Duration = Duration::from_micros(200);

const GOING: u8 = 0;
const STOPPING: u8 = 1;
const FAILED: u8 = 2;
const ABANDONED: u8 = 3;

/// Whether the journal keeps up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It does.
    Good,
    /// The ring is nearly full: nothing that adds risk may be decided until it is not.
    Behind,
    /// The files cannot be written (disk full, gone): as [`Health::Behind`], and an alarm.
    Failed,
}

/// The end of the deciding thread: numbers records and stores them in the ring.
#[derive(Debug)]
pub struct Tap {
    bodies: Bodies,
    ring: RingWriter,
    state: Arc<AtomicU8>,
}

impl Tap {
    /// Records what the core learned, before it is told.
    ///
    /// # Errors
    /// [`SlotAlone`]; nothing is recorded.
    pub fn event(&mut self, now: Nanos, event: &Event) -> Result<(), SlotAlone> {
        let Self { bodies, ring, state } = self;
        bodies.event(now, event, &mut |raw| push(ring, state, raw))
    }

    /// Records a book batch that the core learned.
    pub fn batch(&mut self, now: Nanos, batch: &BookBatch<'_>) {
        let Self { bodies, ring, state } = self;
        bodies.batch(now, batch, &mut |raw| push(ring, state, raw));
    }

    /// Records what the core decided, before it leaves.
    pub fn command(&mut self, now: Nanos, command: &Command) {
        let Self { bodies, ring, state } = self;
        bodies.command(now, command, &mut |raw| push(ring, state, raw));
    }

    /// Records where the core stands.
    pub fn checkpoint(&mut self, now: Nanos, checkpoint: &Checkpoint) {
        let Self { bodies, ring, state } = self;
        bodies.checkpoint(now, checkpoint, &mut |raw| push(ring, state, raw));
    }

    /// Whether the journal keeps up.
    pub fn health(&mut self) -> Health {
        if self.state.load(Ordering::Acquire) == FAILED {
            return Health::Failed;
        }
        if self.ring.used_percent() >= BEHIND_PERCENT { Health::Behind } else { Health::Good }
    }

    /// Number of the next record.
    #[must_use]
    pub const fn next_seq(&self) -> u64 {
        self.bodies.next_seq()
    }
}

/// Stores a record, waiting for room: nothing may be decided on an input that is not recorded.
fn push(ring: &mut RingWriter, state: &AtomicU8, raw: Raw<'_>) {
    while ring.push(raw) == Err(Full) {
        if state.load(Ordering::Acquire) == FAILED {
            return;
        }
        std::thread::yield_now();
    }
}

/// A journal being written. Dropped without [`Journal::finish`] it is left as if the process had died: whole, for the next
/// [`Journal::open`].
#[derive(Debug)]
pub struct Journal {
    /// The deciding thread's end.
    pub tap: Tap,
    thread: Option<JoinHandle<Result<Kept, JournalError>>>,
    ring: PathBuf,
}

impl Journal {
    /// Begins a journal in a folder, or goes on after what is there. `meta` is what its headers say: [`ballast_journal::Header`].
    ///
    /// # Errors
    /// Files that cannot be made, or damage in the last segment that is there.
    pub fn open(folder: &Path, meta: Vec<u8>, options: &Options) -> Result<Self, JournalError> {
        let segments = Segments::open(folder, meta)?;
        let path = files::ring(folder);
        let ring = Ring::create(&path, options.ring_bytes);
        let (writer, reader) = ring.map_err(|error| JournalError::Io { path: path.clone(), error })?.ends();
        let state = Arc::new(AtomicU8::new(GOING));
        let bodies = Bodies::new(segments.next_seq(), options.segment_bytes);
        let keeper =
            Keeper { segments, ring: reader, state: Arc::clone(&state), sync_every: options.sync_every };
        let spawned = std::thread::Builder::new().name("journal".to_owned()).spawn(|| keeper.run());
        let thread = spawned.map_err(|error| JournalError::Thread(error.to_string()))?;
        Ok(Self { tap: Tap { bodies, ring: writer, state }, thread: Some(thread), ring: path })
    }

    /// Ends the last segment and waits until everything is on the disk.
    ///
    /// # Errors
    /// What kept it from being written.
    pub fn finish(mut self) -> Result<Kept, JournalError> {
        let Tap { bodies, ring, state } = &mut self.tap;
        bodies.end(&mut |raw| push(ring, state, raw));
        let kept = self.stop(STOPPING)?;
        std::fs::remove_file(&self.ring)
            .map_err(|error| JournalError::Io { path: self.ring.clone(), error })?;
        Ok(kept)
    }

    /// Stops the thread this way; its failure, if it failed before.
    fn stop(&mut self, how: u8) -> Result<Kept, JournalError> {
        let _ = self.tap.state.compare_exchange(GOING, how, Ordering::AcqRel, Ordering::Acquire);
        let thread = self.thread.take().ok_or_else(|| JournalError::Thread("it is stopped".to_owned()))?;
        thread.join().map_err(|_| JournalError::Thread("it panicked".to_owned()))?
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // Whoever drops it has no use for what kept it from being written.
        let _ = self.stop(ABANDONED);
    }
}

/// Moves records from the ring into segments.
#[derive(Debug)]
struct Keeper {
    segments: Segments,
    ring: RingReader,
    state: Arc<AtomicU8>,
    sync_every: Span,
}

impl Keeper {
    fn run(mut self) -> Result<Kept, JournalError> {
        let done = self.keep();
        if done.is_err() {
            self.state.store(FAILED, Ordering::Release);
        }
        done.map(|()| self.segments.kept())
    }

    fn keep(&mut self) -> Result<(), JournalError> {
        let mut since_sync = Stopwatch::start();
        let mut unsynced = false;
        loop {
            // Asked before the ring is looked at: what was stored before the stop is then seen.
            let state = self.state.load(Ordering::Acquire);
            let stopping = state == STOPPING;
            if state == ABANDONED {
                return Ok(());
            }
            let moved = self.move_all()?;
            unsynced |= moved;
            if unsynced
                && (stopping || since_sync.elapsed().as_nanos() >= self.sync_every.0.unsigned_abs().into())
            {
                self.segments.sync()?;
                since_sync = Stopwatch::start();
                unsynced = false;
            }
            if stopping {
                return Ok(());
            }
            if !moved {
                std::thread::park_timeout(REST);
            }
        }
    }

    /// Moves what is there; tells whether anything was.
    fn move_all(&mut self) -> Result<bool, JournalError> {
        let mut moved = false;
        while let Some(raw) = self.ring.pop() {
            self.segments.append(raw)?;
            moved = true;
            if self.segments.flushed() {
                self.ring.release();
            }
            if self.state.load(Ordering::Relaxed) == ABANDONED {
                return Ok(moved);
            }
        }
        if moved {
            self.segments.flush()?;
            self.ring.release();
        }
        Ok(moved)
    }
}
