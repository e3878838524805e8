//! Recordings: what came in over a venue's connections, word for word and before it was read, in segments like those of a journal.
//!
//! The thread that hears the venue copies each frame into a ring of bytes in memory ([`FrameTap`]) and does nothing else; a thread
//! of its own ([`Recorder`]) moves it from there into segments, adds numbers, checksums and hashes, and has those that ended
//! compressed. What finds no room is lost and counted, and the recording says where. A process that dies leaves a recording that
//! is whole up to its last record; host and power are as for a journal ([`super`]).
//!
//! A recording also says what the session was told besides (connections that opened and closed, requests, deadlines), so that
//! another session that is told the same gives the same events. One folder is one venue:
//! `0000000000.frames`, `0000000001.frames`, …, each that ended `.zst`.
//!
//! Never here: what a frame means.

mod reader;
mod ring;
mod tap;
mod text;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use ballast_journal::FrameBodies;
use ballast_model::Span;
use ballast_venue::Channel;

use super::disk::{Disk, Files};
use super::keeper::{Doing, Keeper, Shared, Task};
use super::press::Press;
use super::segments::{Kept, Segments};
use super::{AtRest, JournalError, files};
pub use reader::{Recording, RecordingMeta};
use ring::FrameStore;
pub use tap::FrameTap;
use tap::Losses;
pub(crate) use text::RecordedText;

/// The number of a way in a recording: that of a public connection, or [`REST`].
pub(crate) const fn way_of(channel: Channel) -> u8 {
    match channel {
        Channel::Market(number) => number,
        Channel::Api | Channel::Private | Channel::Rest => REST,
    }
}

/// The channel with this number in a recording.
#[must_use]
pub const fn channel_of(way: u8) -> Channel {
    if way == REST { Channel::Rest } else { Channel::Market(way) }
}

/// The number of requests and their answers.
const REST: u8 = u8::MAX;

/// How something is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordOptions {
    /// Bytes of the ring: what may wait to be written.
    pub ring_bytes: usize,
    /// A segment ends after the first block that reaches this length.
    pub segment_bytes: u64,
    /// A segment ends with the first frame that comes this long after its first.
    pub segment_span: Span,
    /// The files are synced to the disk at least this often while anything is written.
    pub sync_every: Span,
    /// What becomes of segments that ended.
    pub at_rest: AtRest,
}

impl Default for RecordOptions {
    fn default() -> Self {
        Self {
            ring_bytes: 16 << 20,
            segment_bytes: 32 << 20,
            segment_span: Span::from_secs(3_600),
            sync_every: Span::from_secs(1),
            at_rest: AtRest::Compressed,
        }
    }
}

/// What was lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// Records.
    pub records: u64,
    /// Bytes of their frames.
    pub bytes: u64,
}

/// What is recorded, as seen by whoever began it. Dropped without [`Recorder::finish`] the recording is left as if the process had
/// died.
#[derive(Debug)]
pub struct Recorder {
    folder: PathBuf,
    shared: Arc<Shared>,
    losses: Arc<Losses>,
    thread: Option<JoinHandle<Result<Kept, JournalError>>>,
    press: Option<Press>,
}

impl Recorder {
    /// Begins a recording in a folder that holds none. The tap is for the thread that hears the venue: the recording ends where it
    /// is dropped.
    ///
    /// # Errors
    /// [`JournalError::Recorded`], or files that cannot be made.
    pub fn open(
        folder: PathBuf,
        meta: &RecordingMeta,
        options: &RecordOptions,
    ) -> Result<(FrameTap, Self), JournalError> {
        Self::open_on(Box::new(Files), folder, meta, options)
    }

    /// The same, on another disk than the file system.
    ///
    /// # Errors
    /// As [`Recorder::open`].
    pub fn open_on(
        disk: Box<dyn Disk>,
        folder: PathBuf,
        meta: &RecordingMeta,
        options: &RecordOptions,
    ) -> Result<(FrameTap, Self), JournalError> {
        let failed = |error| JournalError::Io { path: folder.clone(), error };
        std::fs::create_dir_all(&folder).map_err(failed)?;
        if !files::segments_of(ballast_journal::Form::Recording, &folder)?.is_empty() {
            return Err(JournalError::Recorded(folder));
        }
        let bodies = FrameBodies::new(options.segment_bytes, options.segment_span);
        let mut segments = Segments::begin(&folder, meta.to_bytes(), disk, bodies)?;
        let press = match options.at_rest {
            AtRest::Compressed => Some(Press::start()?),
            AtRest::AsWritten => None,
        };
        press.iter().filter_map(Press::ended).for_each(|ended| segments.press_by(ended));
        let (shared, losses) = (Arc::new(Shared::new()), Arc::new(Losses::default()));
        let (tap, store): (_, FrameStore) = ring::ring(options.ring_bytes, Arc::clone(&losses));
        let keeper =
            Keeper { segments, ring: store, shared: Arc::clone(&shared), sync_every: options.sync_every };
        let spawned = std::thread::Builder::new().name("recorder".to_owned()).spawn(|| keeper.run());
        let thread = Some(spawned.map_err(|error| JournalError::Thread(error.to_string()))?);
        Ok((tap, Self { folder, shared, losses, thread, press }))
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// What was lost so far.
    #[must_use]
    pub fn lost(&self) -> Lost {
        self.losses.all()
    }

    /// True while nothing can be written: it is tried again and again.
    #[must_use]
    pub fn is_stalled(&self) -> bool {
        self.shared.doing() != Doing::Well
    }

    /// Waits until everything is on the disk, and compressed where that is asked for; the tap was dropped before.
    ///
    /// # Errors
    /// What kept it from being written.
    pub fn finish(mut self) -> Result<Kept, JournalError> {
        let kept = self.stop(Task::Finish)?;
        if let Some(press) = self.press.take() {
            press.finish();
        }
        Ok(kept)
    }

    fn stop(&mut self, task: Task) -> Result<Kept, JournalError> {
        self.shared.set_task(task);
        let thread = self.thread.take().ok_or_else(|| JournalError::Thread("it is stopped".to_owned()))?;
        thread.thread().unpark();
        thread.join().map_err(|_| JournalError::Thread("it panicked".to_owned()))?
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // Whoever drops it has no use for what kept it from being written.
        let _ = self.stop(Task::Abandon);
    }
}
