//! Segments that ended, compressed at rest by a thread of its own: `0000000000.journal` becomes `0000000000.journal.zst`.
//!
//! A segment is whole under one name or the other at every moment: the compressed file gets its name once it is on the disk, and
//! only then does the other lose its own. One that cannot be compressed stays as it is.
//!
//! A compressed segment is frames of zstd, one after another, each of whole blocks and compressed by itself: damage costs no more
//! than the frames that it hits.

use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;

use ballast_journal::{Reader, block_end};

use super::disk::sync_folder;
use super::{AtRest, JournalError, files};

/// Of zstd: what more would gain is a hundredth, and costs three times the time.
const LEVEL: i32 = 3;

/// A frame holds so many bytes at least before it is compressed, up to the end of a block: some four blocks. With one block each a
/// segment is 0.3 % larger, in one frame 0.03 % smaller.
const FRAME_BYTES: usize = 256 << 10;

/// Bytes read at once.
const READ_BYTES: u64 = 512 << 10;

/// The thread that compresses, and the way to it.
#[derive(Debug)]
pub(super) struct Press {
    ended: Option<Sender<PathBuf>>,
    /// Nothing more is begun.
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Press {
    /// Starts the thread.
    pub(super) fn start() -> Result<Self, JournalError> {
        let (ended, waiting) = mpsc::channel();
        let stopped = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&stopped);
        let thread = std::thread::Builder::new().name("journal-press".to_owned());
        let thread = thread.spawn(move || press_all(&waiting, &stop));
        let thread = thread.map_err(|error| JournalError::Thread(error.to_string()))?;
        Ok(Self { ended: Some(ended), stopped, thread: Some(thread) })
    }

    /// Where to name segments that ended.
    pub(super) fn ended(&self) -> Option<Sender<PathBuf>> {
        self.ended.clone()
    }

    /// Waits until all that were named are compressed.
    pub(super) fn finish(mut self) {
        self.join();
    }

    /// Waits for the thread. Whoever else could name segments is gone.
    fn join(&mut self) {
        self.ended = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Press {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Release);
        self.join();
    }
}

fn press_all(waiting: &Receiver<PathBuf>, stopped: &AtomicBool) {
    for path in waiting {
        if stopped.load(Ordering::Acquire) {
            return;
        }
        // Left as it is where it cannot be: it is whole.
        let _ = press(&path);
    }
}

/// Compresses a segment in its place.
pub(super) fn press(path: &Path) -> io::Result<()> {
    let (half, whole) = (files::half_pressed(path), files::pressed(path));
    let pressed = write_pressed(path, &half).and_then(|()| fs::rename(&half, &whole));
    if pressed.is_err() {
        let _ = fs::remove_file(&half);
        return pressed;
    }
    sync_folder(path)?;
    fs::remove_file(path)
}

/// Compresses what a writer that died has not come to, where it was to be, and removes what it had begun. All has ended; what fails
/// stays as it is.
pub(super) fn press_left(folder: &Path, at_rest: AtRest) {
    for half in files::halves(folder) {
        let _ = fs::remove_file(half);
    }
    if at_rest == AtRest::AsWritten {
        return;
    }
    for path in files::segments(folder).unwrap_or_default() {
        if !files::is_pressed(&path) {
            let _ = press(&path);
        }
    }
}

fn write_pressed(path: &Path, to: &Path) -> io::Result<()> {
    let (mut frames, mut to) = (Frames::new(File::open(path)?), File::create(to)?);
    let mut encoder = zstd::bulk::Compressor::new(LEVEL)?;
    encoder.include_checksum(true)?;
    while let Some(frame) = frames.next()? {
        to.write_all(&encoder.compress(frame)?)?;
    }
    to.sync_all()
}

/// The bytes of a segment, frame after frame.
struct Frames<R> {
    from: R,
    bytes: Vec<u8>,
    /// So many of the bytes are of the frame before.
    taken: usize,
    first: bool,
}

impl<R: Read> Frames<R> {
    const fn new(from: R) -> Self {
        Self { from, bytes: Vec::new(), taken: 0, first: true }
    }

    fn next(&mut self) -> io::Result<Option<&[u8]>> {
        self.bytes.drain(..self.taken);
        loop {
            // The header is part of the first frame. What begins with none is one frame, whatever it is.
            let begins = if self.first {
                Reader::new(&self.bytes).ok().map(|(_, reader)| reader.offset())
            } else {
                Some(0)
            };
            let end = begins.and_then(|begins| block_end(&self.bytes, begins, FRAME_BYTES));
            if end.is_none() && self.from.by_ref().take(READ_BYTES).read_to_end(&mut self.bytes)? > 0 {
                continue;
            }
            self.taken = end.unwrap_or(self.bytes.len());
            self.first = false;
            return Ok(self.bytes.get(..self.taken).filter(|frame| !frame.is_empty()));
        }
    }
}
