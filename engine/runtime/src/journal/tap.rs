//! The end of a journal that the deciding thread has, and the journal as a whole.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use ballast_core::shard::Shard;
use ballast_journal::{Bodies, Checkpoint, Plain, Plainer, SlotAlone};
use ballast_model::{BookBatch, Command, Event, JournalHealth, Nanos, PackedLevel};

use super::disk::{Disk, Files};
use super::keeper::{Doing, Keeper, Shared, Task};
use super::press::Press;
use super::ring::{Full, Ring, RingReader, RingWriter};
use super::segments::{Kept, Segments, vacant};
use super::{AtRest, JournalError, Options, Pace, files};
use crate::clock::Stopwatch;

/// From this share of the ring on the journal is behind, in percent.
const BEHIND_PERCENT: u64 = 75;
/// Down to this share it is not yet good again, in percent.
const GOOD_PERCENT: u64 = 25;

/// The end of the deciding thread: stores what is to be recorded in the ring.
#[derive(Debug)]
pub struct Tap {
    plainer: Plainer,
    stored: Stored,
    /// As last told.
    health: JournalHealth,
}

/// Where records are stored.
#[derive(Debug)]
struct Stored {
    ring: RingWriter,
    shared: Arc<Shared>,
    pace: Pace,
    /// Records that found no room in time. From the first on none is stored: the journal ends before it.
    lost: u64,
}

impl Tap {
    /// Records what the core learned, before it is told.
    ///
    /// # Errors
    /// [`SlotAlone`]; nothing is recorded.
    #[inline]
    pub fn event(&mut self, now: Nanos, event: &Event) -> Result<(), SlotAlone> {
        let plain = self.plainer.event(event)?;
        self.stored.push(now, &plain, [&[], &[]]);
        Ok(())
    }

    /// Records a book batch that the core learned.
    #[inline]
    pub fn batch(&mut self, now: Nanos, batch: &BookBatch<'_>) {
        let [(_, bids), (_, asks)] = batch.sides();
        self.stored.push(now, &Plain::batch(batch), [bids, asks]);
    }

    /// Records what the core decided, before it leaves.
    #[inline]
    pub fn command(&mut self, now: Nanos, command: &Command) {
        self.stored.push(now, &Plain::command(command), [&[], &[]]);
    }

    /// Records where the core stands.
    pub fn checkpoint(&mut self, now: Nanos, checkpoint: &Checkpoint) {
        self.stored.push(now, &Plain::checkpoint(checkpoint), [&[], &[]]);
    }

    /// Records what would carry over to the next run.
    pub fn carried(&mut self, now: Nanos, shard: &Shard) {
        let stored = &mut self.stored;
        shard.carry(&mut |word| stored.push(now, &Plain::carried(&word), [&[], &[]]));
    }

    /// How the journal stands, where that is not what was told before: the core is to learn it as [`Event::Journal`]. It is
    /// behind from three quarters of the ring on and good again from one quarter on, so that quotes do not come and go; under
    /// [`Pace::Replay`] it is never behind.
    #[inline]
    pub fn news(&mut self) -> Option<JournalHealth> {
        let health = self.look();
        let told = core::mem::replace(&mut self.health, health);
        (health != told).then_some(health)
    }

    #[inline]
    fn look(&mut self) -> JournalHealth {
        if self.stored.lost > 0 || self.stored.shared.doing() != Doing::Well {
            return JournalHealth::Failed;
        }
        let limit = match (self.stored.pace, self.health) {
            (Pace::Replay, _) => return JournalHealth::Good,
            (Pace::Live { .. }, JournalHealth::Good) => BEHIND_PERCENT,
            (Pace::Live { .. }, JournalHealth::Behind | JournalHealth::Failed) => GOOD_PERCENT + 1,
        };
        if self.stored.ring.uses(limit) { JournalHealth::Behind } else { JournalHealth::Good }
    }

    /// True where the kernel has every record that was stored.
    #[must_use]
    pub fn is_drained(&mut self) -> bool {
        self.stored.ring.is_empty()
    }
}

impl Stored {
    #[inline]
    fn push(&mut self, now: Nanos, plain: &Plain, sides: [&[PackedLevel]; 2]) {
        if self.lost > 0 || self.ring.push(now, plain, sides) == Err(Full) {
            self.push_late(now, plain, sides);
        }
    }

    /// What finds no room in time is lost, and all that comes later with it: what is there is an exact beginning.
    #[cold]
    fn push_late(&mut self, now: Nanos, plain: &Plain, sides: [&[PackedLevel]; 2]) {
        if self.lost > 0 || !self.push_waiting(now, plain, sides) {
            self.lost += 1;
        }
    }

    /// Waits for room: nothing may be decided on an input that is not recorded. False where none comes in time, or ever.
    fn push_waiting(&mut self, now: Nanos, plain: &Plain, sides: [&[PackedLevel]; 2]) -> bool {
        let watch = Stopwatch::start();
        if !self.ring.fits(sides) {
            return false;
        }
        while self.ring.push(now, plain, sides) == Err(Full) {
            let doing = self.shared.doing();
            let late = match self.pace {
                Pace::Replay => doing == Doing::Stalled,
                Pace::Live { patience } => watch.elapsed().as_nanos() >= patience.0.unsigned_abs().into(),
            };
            if late || doing == Doing::Gone {
                return false;
            }
            std::thread::yield_now();
        }
        true
    }
}

/// A journal being written. Dropped without [`Journal::finish`] it is left as if the process had died: whole, for whoever reads it
/// next ([`super::settle`]).
#[derive(Debug)]
pub struct Journal {
    /// The deciding thread's end.
    pub tap: Tap,
    thread: Option<JoinHandle<Result<Kept, JournalError>>>,
    press: Option<Press>,
    ring: PathBuf,
}

impl Journal {
    /// Begins a journal in a folder that holds none ([`super::vacant`]). `meta` is what its headers say:
    /// [`ballast_journal::Header`].
    ///
    /// # Errors
    /// A journal that is there already, or files that cannot be made.
    pub fn open(folder: &Path, meta: Vec<u8>, options: &Options) -> Result<Self, JournalError> {
        Self::open_on(Box::new(Files), folder, meta, options)
    }

    /// The same, its segments on another disk than the file system.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn open_on(
        disk: Box<dyn Disk>,
        folder: &Path,
        meta: Vec<u8>,
        options: &Options,
    ) -> Result<Self, JournalError> {
        let (mut journal, keeper) = Self::begin(disk, folder, meta, options)?;
        let spawned = std::thread::Builder::new().name("journal".to_owned()).spawn(|| keeper.run());
        let thread = spawned.map_err(|error| JournalError::Thread(error.to_string()))?;
        journal.thread = Some(thread);
        Ok(journal)
    }

    /// The journal and who keeps it, who is to be run yet.
    pub(super) fn begin(
        disk: Box<dyn Disk>,
        folder: &Path,
        meta: Vec<u8>,
        options: &Options,
    ) -> Result<(Self, Keeper<RingReader>), JournalError> {
        vacant(folder)?;
        let path = files::ring(folder);
        let (writer, reader) = make_ring(folder, &path, options)?.ends();
        // After the ring: a folder in which there is no room for one holds no journal.
        let begun = Segments::begin(folder, meta, disk, Bodies::new(1, options.segment_bytes));
        let mut segments = begun.inspect_err(|_| {
            drop(std::fs::remove_file(&path));
            // Nor is an empty one left, which would be taken for a journal whose segments are gone.
            drop(std::fs::remove_dir(folder));
        })?;
        let press = match options.at_rest {
            AtRest::Compressed => Some(Press::start()?),
            AtRest::AsWritten => None,
        };
        press.iter().filter_map(Press::ended).for_each(|ended| segments.press_by(ended));
        let shared = Arc::new(Shared::new());
        let stored = Stored { ring: writer, shared: Arc::clone(&shared), pace: options.pace, lost: 0 };
        let keeper = Keeper { segments, ring: reader, shared, sync_every: options.sync_every };
        let tap = Tap { plainer: Plainer::default(), stored, health: JournalHealth::Good };
        Ok((Self { tap, thread: None, press, ring: path }, keeper))
    }

    /// Ends the last segment and waits until everything is on the disk, and compressed where that is asked for. After an error
    /// what was stored is left for whoever reads it next.
    ///
    /// # Errors
    /// What kept it from being written, or [`JournalError::Lost`].
    pub fn finish(self) -> Result<Kept, JournalError> {
        self.finish_by(|journal| journal.stop(Task::Finish))
    }

    /// The same, where this is who keeps it.
    pub(super) fn finish_by(
        mut self,
        keep: impl FnOnce(&mut Self) -> Result<Kept, JournalError>,
    ) -> Result<Kept, JournalError> {
        let lost = self.tap.stored.lost;
        self.tap.stored.push(Nanos(0), &Plain::END, [&[], &[]]);
        let kept = keep(&mut self)?;
        if lost > 0 {
            return Err(JournalError::Lost { records: lost });
        }
        // Before the ring is gone: a process that dies meanwhile leaves what somebody else compresses.
        if let Some(press) = self.press.take() {
            press.finish();
        }
        std::fs::remove_file(&self.ring)
            .map_err(|error| JournalError::Io { path: self.ring.clone(), error })?;
        Ok(kept)
    }

    /// Sets whoever keeps it a task.
    pub(super) fn set_task(&self, task: Task) {
        self.tap.stored.shared.set_task(task);
    }

    /// Stops the thread this way; its failure, if it failed before.
    fn stop(&mut self, task: Task) -> Result<Kept, JournalError> {
        self.set_task(task);
        let thread = self.thread.take().ok_or_else(|| JournalError::Thread("it is stopped".to_owned()))?;
        thread.thread().unpark();
        thread.join().map_err(|_| JournalError::Thread("it panicked".to_owned()))?
    }
}

/// The ring of a new journal, in a folder that is made where it is not there.
fn make_ring(folder: &Path, path: &Path, options: &Options) -> Result<Ring, JournalError> {
    std::fs::create_dir_all(folder).map_err(|error| JournalError::Io { path: folder.to_owned(), error })?;
    Ring::create(path, options.ring_bytes, options.at_rest).map_err(|error| {
        if error.kind() == ErrorKind::WouldBlock {
            JournalError::Busy(folder.to_owned())
        } else {
            JournalError::Io { path: path.to_owned(), error }
        }
    })
}

impl Drop for Journal {
    fn drop(&mut self) {
        // Whoever drops it has no use for what kept it from being written.
        let _ = self.stop(Task::Abandon);
    }
}
