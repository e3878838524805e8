//! Records on their way to the segments, in a file that survives the process.
//!
//! One writer, one reader. Words: magic, capacity, and from [`HEAD`] and [`TAIL`] on how many words were ever written and taken;
//! then the data. A record is its length in bytes, its number, and its body in whole words; it wraps around the end.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use ballast_journal::{BODY_BYTES_MAX, Raw};

use super::map::Words;

const MAGIC: u64 = u64::from_le_bytes(*b"BALLRING");
const CAPACITY: usize = 1;
/// Each on a cache line of its own.
const HEAD: usize = 8;
const TAIL: usize = 16;
const DATA: usize = 24;

/// Words of a record besides its body.
const RECORD_WORDS: u64 = 2;

/// The longest record must fit twice.
const CAPACITY_MIN: usize = 1 << 13;

/// Zeros written at once where the file is made.
static ZEROS: [u8; 1 << 16] = [0; 1 << 16];

/// The mapped ring.
#[derive(Clone, Debug)]
pub(super) struct Ring {
    words: Arc<Words>,
    /// Locked while this process has the ring.
    _lock: Arc<File>,
    /// Words of data less one: a power of two.
    mask: u64,
}

impl Ring {
    /// Makes a ring of at least so many bytes of data, every one of them on the disk: a page that finds no room once it is mapped
    /// kills the process.
    pub(super) fn create(path: &Path, bytes: usize) -> io::Result<Self> {
        let capacity = (bytes / 8).max(CAPACITY_MIN).next_power_of_two();
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        file.try_lock()?;
        if let Err(error) = fill(&file, 8 * (DATA + capacity)) {
            let _ = std::fs::remove_file(path);
            let length = 8 * (DATA + capacity);
            return Err(io::Error::new(error.kind(), format!("its {length} bytes find no room: {error}")));
        }
        let words = Words::map(&file)?;
        store(&words, CAPACITY, capacity as u64);
        store(&words, 0, MAGIC);
        Ok(Self { words: Arc::new(words), _lock: Arc::new(file), mask: capacity as u64 - 1 })
    }

    /// Opens the ring of a process that is gone; `None` where it had not been made whole.
    pub(super) fn open(path: &Path) -> io::Result<Option<Self>> {
        let file = File::options().read(true).write(true).open(path)?;
        file.try_lock()?;
        if file.metadata()?.len() < 8 * DATA as u64 {
            return Ok(None);
        }
        let words = Words::map(&file)?;
        let capacity = load(&words, CAPACITY);
        let whole = load(&words, 0) == MAGIC
            && capacity.is_power_of_two()
            && words.words().len() as u64 == DATA as u64 + capacity;
        Ok(whole.then(|| Self { words: Arc::new(words), _lock: Arc::new(file), mask: capacity - 1 }))
    }

    /// The writing end, and the reading end.
    pub(super) fn ends(self) -> (RingWriter, RingReader) {
        let (head, tail) = (load(&self.words, HEAD), load(&self.words, TAIL));
        (
            RingWriter { ring: self.clone(), head, tail },
            RingReader { ring: self, tail, body: Vec::with_capacity(1 << 16) },
        )
    }

    fn put(&self, at: u64, word: u64) {
        if let Some(cell) = self.words.words().get(DATA + position(at & self.mask)) {
            cell.store(word, Relaxed);
        }
    }

    fn get(&self, at: u64) -> u64 {
        self.words.words().get(DATA + position(at & self.mask)).map_or(0, |cell| cell.load(Relaxed))
    }
}

/// Makes a file so many zeros and nothing else, all of them on the disk.
fn fill(mut file: &File, bytes: usize) -> io::Result<()> {
    file.set_len(0)?;
    let mut left = bytes;
    while let Some(zeros) = ZEROS.get(..left.min(ZEROS.len())).filter(|zeros| !zeros.is_empty()) {
        file.write_all(zeros)?;
        left -= zeros.len();
    }
    file.sync_all()
}

#[expect(clippy::cast_possible_truncation, reason = "positions are below the length of a slice")]
const fn position(at: u64) -> usize {
    at as usize
}

fn load(words: &Words, at: usize) -> u64 {
    words.words().get(at).map_or(0, |cell| cell.load(Acquire))
}

fn store(words: &Words, at: usize, word: u64) {
    if let Some(cell) = words.words().get(at) {
        cell.store(word, Release);
    }
}

const fn words_of(bytes: usize) -> u64 {
    bytes.div_ceil(8) as u64
}

/// There is no room for the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

/// The end that the deciding thread has.
#[derive(Debug)]
pub(super) struct RingWriter {
    ring: Ring,
    head: u64,
    /// As last seen.
    tail: u64,
}

impl RingWriter {
    /// Stores a record. Once this returns, the process may die.
    pub(super) fn push(&mut self, raw: Raw<'_>) -> Result<(), Full> {
        let need = RECORD_WORDS + words_of(raw.body.len());
        if self.head + need - self.tail > self.ring.mask + 1 {
            self.tail = load(&self.ring.words, TAIL);
            if self.head + need - self.tail > self.ring.mask + 1 {
                return Err(Full);
            }
        }
        self.ring.put(self.head, raw.body.len() as u64);
        self.ring.put(self.head + 1, raw.seq);
        let (whole, rest) = raw.body.as_chunks::<8>();
        let mut at = self.head + RECORD_WORDS;
        for word in whole {
            self.ring.put(at, u64::from_le_bytes(*word));
            at += 1;
        }
        if !rest.is_empty() {
            let mut last = [0; 8];
            last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            self.ring.put(at, u64::from_le_bytes(last));
        }
        self.head += need;
        store(&self.ring.words, HEAD, self.head);
        Ok(())
    }

    /// Whether at least this share of the ring is used, in percent. Asks the reader how far it is only where it may be.
    #[inline]
    pub(super) fn uses(&mut self, percent: u64) -> bool {
        let limit = (self.ring.mask + 1) * percent / 100;
        if self.head - self.tail < limit {
            return false;
        }
        self.tail = load(&self.ring.words, TAIL);
        self.head - self.tail >= limit
    }

    /// True where the reader has given back everything.
    pub(super) fn is_empty(&mut self) -> bool {
        self.tail = load(&self.ring.words, TAIL);
        self.head == self.tail
    }
}

/// The end that moves records into segments.
#[derive(Debug)]
pub(super) struct RingReader {
    ring: Ring,
    /// Words taken, not all given back yet.
    tail: u64,
    body: Vec<u8>,
}

impl RingReader {
    /// True where something was stored and not yet taken.
    pub(super) fn has_more(&self) -> bool {
        load(&self.ring.words, HEAD) != self.tail
    }

    /// The next record; `None` where there is none, or where what is there is none.
    pub(super) fn pop(&mut self) -> Option<Raw<'_>> {
        let head = load(&self.ring.words, HEAD);
        let there = head.wrapping_sub(self.tail);
        if !(RECORD_WORDS..=self.ring.mask + 1).contains(&there) {
            return None;
        }
        let (length, seq) = (self.ring.get(self.tail), self.ring.get(self.tail + 1));
        let length = usize::try_from(length).ok().filter(|length| (1..=BODY_BYTES_MAX).contains(length))?;
        let need = RECORD_WORDS + words_of(length);
        if need > there {
            return None;
        }
        self.body.clear();
        for at in self.tail + RECORD_WORDS..self.tail + need {
            self.body.extend_from_slice(&self.ring.get(at).to_le_bytes());
        }
        self.body.truncate(length);
        self.tail += need;
        Some(Raw { seq, body: &self.body })
    }

    /// Gives back the room of all records taken: they are safe elsewhere.
    pub(super) fn release(&mut self) {
        store(&self.ring.words, TAIL, self.tail);
    }
}
