//! The thread that moves records from the ring into segments.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use ballast_journal::Bodies;
use ballast_model::Span;

use super::JournalError;
use super::ring::RingReader;
use super::segments::{Kept, Segments, Spelling};
use crate::clock::Stopwatch;

/// How long it rests where there is nothing to keep.
const REST: Duration = Duration::from_micros(200);
/// How long it waits before it tries again what has failed.
const RETRY: Duration = Duration::from_millis(20);

/// What the thread is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Task {
    /// Keep what comes.
    Keep = 0,
    /// Keep what is there, and end.
    Finish = 1,
    /// End at once, as if the process had died.
    Abandon = 2,
}

/// How the thread is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Doing {
    /// It writes.
    Well = 0,
    /// It cannot write, and tries again and again.
    Stalled = 1,
    /// It cannot write and has ended.
    Gone = 2,
}

/// Whether what the kernel has is to be synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sync {
    /// It is time to.
    Due,
    /// Not yet.
    Later,
}

/// What a turn of the keeper was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Something was moved.
    Moved,
    /// There was nothing to do.
    Idle,
    /// All there was is on the disk.
    Synced,
    /// It could not be written.
    Stalled,
    /// It is over.
    Ended,
}

/// What the two threads tell each other.
#[derive(Debug)]
pub(super) struct Shared {
    task: AtomicU8,
    doing: AtomicU8,
}

impl Shared {
    pub(super) const fn new() -> Self {
        Self { task: AtomicU8::new(Task::Keep as u8), doing: AtomicU8::new(Doing::Well as u8) }
    }

    /// Sets the keeper a task; the first that ends it stays.
    pub(super) fn set_task(&self, task: Task) {
        let keep = Task::Keep as u8;
        let _ = self.task.compare_exchange(keep, task as u8, Ordering::AcqRel, Ordering::Acquire);
    }

    #[inline]
    pub(super) fn doing(&self) -> Doing {
        match self.doing.load(Ordering::Acquire) {
            0 => Doing::Well,
            1 => Doing::Stalled,
            _ => Doing::Gone,
        }
    }

    fn task(&self) -> Task {
        match self.task.load(Ordering::Acquire) {
            0 => Task::Keep,
            1 => Task::Finish,
            _ => Task::Abandon,
        }
    }

    fn tell(&self, doing: Doing) {
        self.doing.store(doing as u8, Ordering::Release);
    }
}

/// Where the keeper finds what is to be recorded: the end of a ring.
pub(super) trait Store: Debug + Send {
    /// How it is spelled.
    type Spelling: Spelling;

    /// True where something was stored and not yet taken.
    fn has_more(&self) -> bool;

    /// Moves what is to be recorded next into the segment, which is ready; false where there is nothing.
    ///
    /// # Errors
    /// What is there is not what was stored.
    fn move_one(&mut self, segments: &mut Segments<Self::Spelling>) -> Result<bool, JournalError>;

    /// What was taken is safe elsewhere, and the record that comes next has this number.
    fn release(&mut self, next_seq: u64);
}

impl Store for RingReader {
    type Spelling = Bodies;

    fn has_more(&self) -> bool {
        self.has_more()
    }

    fn move_one(&mut self, segments: &mut Segments<Bodies>) -> Result<bool, JournalError> {
        let Some(draft) = self.pop() else { return Err(segments.lost()) };
        segments.collect(&draft);
        Ok(true)
    }

    fn release(&mut self, next_seq: u64) {
        self.release(next_seq);
    }
}

/// Moves records from the ring into segments.
#[derive(Debug)]
pub(super) struct Keeper<R: Store> {
    pub(super) segments: Segments<R::Spelling>,
    pub(super) ring: R,
    pub(super) shared: Arc<Shared>,
    pub(super) sync_every: Span,
}

impl<R: Store> Keeper<R> {
    /// Keeps until told otherwise. What cannot be written is tried again until there is room; what was not synced is given up,
    /// and so is a ring that does not hold what was stored.
    pub(super) fn run(mut self) -> Result<Kept, JournalError> {
        let done = self.keep();
        if done.is_err() {
            self.give_up();
        }
        done.map(|()| self.segments.kept())
    }

    fn keep(&mut self) -> Result<(), JournalError> {
        let mut since_sync = Stopwatch::start();
        loop {
            let due = since_sync.elapsed().as_nanos() >= self.sync_every.0.unsigned_abs().into();
            match self.turn(if due { Sync::Due } else { Sync::Later })? {
                Turn::Moved => {}
                Turn::Idle => std::thread::park_timeout(REST),
                Turn::Synced => since_sync = Stopwatch::start(),
                Turn::Stalled => std::thread::park_timeout(RETRY),
                Turn::Ended => return Ok(()),
            }
        }
    }

    /// Keeps what is there, and does what it is told.
    ///
    /// # Errors
    /// What cannot be tried again.
    pub(super) fn turn(&mut self, sync: Sync) -> Result<Turn, JournalError> {
        // Asked before the ring is looked at: what was stored before the end is then seen.
        let task = self.shared.task();
        if task == Task::Abandon {
            return Ok(Turn::Ended);
        }
        match self.move_all() {
            Ok(moved) => {
                self.shared.tell(Doing::Well);
                let syncs = self.segments.unsynced() && (sync == Sync::Due || task == Task::Finish);
                if syncs {
                    self.segments.sync()?;
                }
                if task == Task::Finish {
                    self.segments.press();
                    return Ok(Turn::Ended);
                }
                Ok(match (syncs, moved) {
                    (true, _) => Turn::Synced,
                    (false, true) => Turn::Moved,
                    (false, false) => Turn::Idle,
                })
            }
            Err(error @ JournalError::Ring { .. }) => Err(error),
            Err(error) if task == Task::Finish || self.segments.is_damaged() => Err(error),
            Err(_) => {
                self.shared.tell(Doing::Stalled);
                Ok(Turn::Stalled)
            }
        }
    }

    /// That it has ended though nobody told it to.
    pub(super) fn give_up(&self) {
        self.shared.tell(Doing::Gone);
    }

    /// Moves what is there; tells whether anything was. After an error it goes on where it was.
    fn move_all(&mut self) -> Result<bool, JournalError> {
        let mut moved = false;
        loop {
            if self.segments.is_full() {
                self.segments.flush()?;
                self.ring.release(self.segments.next_seq());
            }
            if !self.ring.has_more() {
                break;
            }
            self.segments.ready()?;
            if !self.ring.move_one(&mut self.segments)? {
                break;
            }
            moved = true;
            if self.shared.task() == Task::Abandon {
                return Ok(moved);
            }
        }
        if !self.segments.flushed() {
            self.segments.flush()?;
            self.ring.release(self.segments.next_seq());
        }
        Ok(moved)
    }
}
