//! What is to be recorded on its way to the segments, in a file that survives the process.
//!
//! One writer, one reader. Words: magic, capacity; from [`HEAD`] on how many words were ever written, from [`TAIL`] on how many
//! were given back, and twice a *place*: that number with the number of the record that comes next, of which [`PLACE`] names the
//! one that counts. Then the data.
//!
//! What is to be recorded is a word with kind, length and the lowest bits of its own position, the time, the words of
//! [`Plain`], and levels. It never wraps around the end: a word that says so leaves the rest there empty. As every position is
//! told apart from that of the lap before, what was not written since is never taken for something that was.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use ballast_journal::{
    BATCH_LEVELS_MAX, Draft, PLAIN_WORDS, Plain, level_words, pair_of, pair_words, single_of, single_words,
};
use ballast_model::{Nanos, PackedLevel};

use super::map::Words;

const MAGIC: u64 = u64::from_le_bytes(*b"BALLRNG2");
const CAPACITY: usize = 1;
/// Each on a cache line of its own.
const HEAD: usize = 8;
const TAIL: usize = 16;
/// Which place counts: zero or one.
const PLACE: usize = 17;
const PLACES: [usize; 2] = [18, 20];
const DATA: usize = 24;

/// Words of what is recorded but for its levels.
const RECORD_WORDS: usize = 2 + PLAIN_WORDS;

/// Kind of a word after which nothing follows up to the end of the data.
const REST: u8 = u8::MAX;

/// Bits that tell the kind, and the length.
const KIND_BITS: u32 = 8;
const LENGTH_BITS: u32 = 24;

/// Longest of what is recorded.
const WORDS_MAX: usize = RECORD_WORDS + level_words(BATCH_LEVELS_MAX) + 1;
const _: () = assert!(WORDS_MAX < 1 << LENGTH_BITS);

/// Words of data, at least.
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
        let [first, _] = PLACES;
        store(&words, first + 1, 1);
        store(&words, 0, MAGIC);
        Ok(Self { words: Arc::new(words), _lock: Arc::new(file), mask: capacity as u64 - 1 })
    }

    /// Reads the ring of a process that is gone, and changes nothing; `None` where it had not been made whole.
    pub(super) fn read(path: &Path) -> io::Result<Option<Self>> {
        let mut file = File::open(path)?;
        file.try_lock()?;
        if file.metadata()?.len() < 8 * DATA as u64 {
            return Ok(None);
        }
        let words = Words::copy(&mut file)?;
        let (magic, capacity) = (load(&words, 0), load(&words, CAPACITY));
        if magic != MAGIC && magic != 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "not a ring of this version"));
        }
        let whole = magic == MAGIC
            && capacity.is_power_of_two()
            && words.words().len() as u64 == DATA as u64 + capacity;
        Ok(whole.then(|| Self { words: Arc::new(words), _lock: Arc::new(file), mask: capacity - 1 }))
    }

    /// The writing end, and the reading end.
    pub(super) fn ends(self) -> (RingWriter, RingReader) {
        let (head, tail) = (load(&self.words, HEAD), load(&self.words, TAIL));
        (RingWriter { ring: self.clone(), head, tail }, RingReader::new(self, tail))
    }

    /// What was not given back, and the number of the record that it begins with.
    pub(super) fn left(self) -> (RingReader, u64) {
        let [even, odd] = PLACES;
        let place = if load(&self.words, PLACE) == 0 { even } else { odd };
        let (tail, next_seq) = (load(&self.words, place), load(&self.words, place + 1));
        (RingReader::new(self, tail), next_seq)
    }

    const fn capacity(&self) -> usize {
        position(self.mask + 1)
    }

    /// So many words of data, from this one on; `None` where they do not end before the data does.
    #[inline]
    fn cells(&self, at: usize, count: usize) -> Option<&[AtomicU64]> {
        self.words.words().get(DATA + at..DATA + at + count)
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

/// The word that something at this position begins with.
#[inline]
const fn first_word(kind: u8, length: usize, at: u64) -> u64 {
    kind as u64 | (length as u64) << KIND_BITS | at << (KIND_BITS + LENGTH_BITS)
}

/// Kind and length that a word at this position says; `None` where it was not written for it.
#[expect(clippy::cast_possible_truncation, reason = "cut to the kind's bits on purpose")]
const fn kind_and_length(word: u64, at: u64) -> Option<(u8, u64)> {
    if word >> (KIND_BITS + LENGTH_BITS) != at & u32::MAX as u64 {
        return None;
    }
    Some((word as u8, word >> KIND_BITS & ((1 << LENGTH_BITS) - 1)))
}

/// Words of what is recorded with these levels.
#[inline]
const fn words_with([bids, asks]: [&[PackedLevel]; 2]) -> usize {
    RECORD_WORDS + level_words(bids.len()) + level_words(asks.len())
}

/// There is no room for what is to be recorded.
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
    /// Stores what is to be recorded. Once this returns, the process may die.
    #[inline]
    pub(super) fn push(&mut self, now: Nanos, plain: &Plain, sides: [&[PackedLevel]; 2]) -> Result<(), Full> {
        let need = words_with(sides);
        if need > RECORD_WORDS && !self.fits(sides) {
            return Err(Full);
        }
        let mut at = position(self.head & self.ring.mask);
        let rest = self.ring.capacity() - at;
        if need > rest {
            self.leave(at, rest, need)?;
            at = 0;
        } else if !self.has_room(need) {
            return Err(Full);
        }
        let head = self.head;
        let cells = self.ring.cells(at, need).and_then(<[_]>::split_first_chunk::<RECORD_WORDS>);
        let (cells, levels) = cells.ok_or(Full)?;
        let [a, b, c, d, e, f, g, h] = plain.words;
        let first = first_word(plain.kind, need, head);
        put(cells, [first, now.0.cast_unsigned(), a, b, c, d, e, f, g, h]);
        let [bids, asks] = sides;
        put_levels(put_levels(levels, bids), asks);
        self.head = head + need as u64;
        store(&self.ring.words, HEAD, self.head);
        Ok(())
    }

    #[inline]
    fn has_room(&mut self, need: usize) -> bool {
        let end = self.head + need as u64;
        if end - self.tail > self.ring.mask + 1 {
            self.tail = load(&self.ring.words, TAIL);
        }
        end - self.tail <= self.ring.mask + 1
    }

    /// Leaves the rest of the data empty, where there is room for so much after it.
    #[cold]
    fn leave(&mut self, at: usize, rest: usize, need: usize) -> Result<(), Full> {
        if !self.has_room(rest + need) {
            return Err(Full);
        }
        let cell = self.ring.cells(at, 1).and_then(<[_]>::first).ok_or(Full)?;
        cell.store(first_word(REST, rest, self.head), Relaxed);
        self.head += rest as u64;
        Ok(())
    }

    /// Whether there ever is room for what has these levels: wherever it begins, it may have to leave as much empty.
    pub(super) fn fits(&self, sides: [&[PackedLevel]; 2]) -> bool {
        words_with(sides) <= WORDS_MAX.min(self.ring.capacity() / 2)
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

#[inline]
fn put<const N: usize>(cells: &[AtomicU64; N], words: [u64; N]) {
    cells.iter().zip(words).for_each(|(cell, word)| cell.store(word, Relaxed));
}

/// Stores levels; the cells after them.
#[inline]
fn put_levels<'a>(cells: &'a [AtomicU64], levels: &[PackedLevel]) -> &'a [AtomicU64] {
    let Some((cells, after)) = cells.split_at_checked(level_words(levels.len())) else { return cells };
    let ((pairs, last), (cells, rest)) = (levels.as_chunks::<2>(), cells.as_chunks::<3>());
    cells.iter().zip(pairs).for_each(|(cells, pair)| put(cells, pair_words(*pair)));
    if let (Some(cells), Some(level)) = (rest.first_chunk::<2>(), last.first()) {
        put(cells, single_words(*level));
    }
    after
}

fn get<const N: usize>(cells: &[AtomicU64; N]) -> [u64; N] {
    cells.each_ref().map(|cell| cell.load(Relaxed))
}

/// Takes so many levels; the cells after them, or `None` where those are none.
fn take_levels<'a>(
    cells: &'a [AtomicU64],
    count: usize,
    levels: &mut Vec<PackedLevel>,
) -> Option<&'a [AtomicU64]> {
    levels.clear();
    let (cells, after) = cells.split_at_checked(level_words(count))?;
    let (pairs, rest) = cells.as_chunks::<3>();
    for pair in pairs {
        levels.extend(pair_of(get(pair))?);
    }
    if let Some(last) = rest.first_chunk::<2>() {
        levels.push(single_of(get(last))?);
    }
    Some(after)
}

/// The end that moves records into segments.
#[derive(Debug)]
pub(super) struct RingReader {
    ring: Ring,
    /// Words taken, not all given back yet.
    tail: u64,
    /// The place that counts.
    place: usize,
    bids: Vec<PackedLevel>,
    asks: Vec<PackedLevel>,
}

impl RingReader {
    fn new(ring: Ring, tail: u64) -> Self {
        let levels = || Vec::with_capacity(1 << 10);
        Self { ring, tail, place: 0, bids: levels(), asks: levels() }
    }

    /// True where something was stored and not yet taken.
    pub(super) fn has_more(&self) -> bool {
        load(&self.ring.words, HEAD) != self.tail
    }

    /// What is to be recorded next, and its time; `None` where there is nothing, or where what is there is nothing known.
    pub(super) fn pop(&mut self) -> Option<(Nanos, Draft<'_>)> {
        let head = load(&self.ring.words, HEAD);
        let (mut kind, mut length) = self.first(head)?;
        if kind == REST {
            self.tail += length;
            (kind, length) = self.first(head)?;
        }
        let at = position(self.tail & self.ring.mask);
        let cells = self.ring.cells(at, position(length))?;
        let (cells, levels) = cells.split_first_chunk::<RECORD_WORDS>()?;
        let [_, now, a, b, c, d, e, f, g, h] = get(cells);
        let plain = Plain { kind, words: [a, b, c, d, e, f, g, h] };
        let [bids, asks] =
            plain.levels().filter(|counts| counts.iter().all(|count| *count <= levels.len()))?;
        let levels = take_levels(levels, bids, &mut self.bids)?;
        let levels = take_levels(levels, asks, &mut self.asks)?;
        let draft = plain.draft(&self.bids, &self.asks).filter(|_| levels.is_empty())?;
        self.tail += length;
        Some((Nanos(now.cast_signed()), draft))
    }

    /// Kind and length of what is next.
    fn first(&self, head: u64) -> Option<(u8, u64)> {
        let there = head.wrapping_sub(self.tail);
        let cell = self.ring.cells(position(self.tail & self.ring.mask), 1)?.first()?;
        let there = (1..=self.ring.mask + 1).contains(&there).then_some(there)?;
        let first = kind_and_length(cell.load(Relaxed), self.tail);
        first.filter(|(_, length)| (1..=there).contains(length))
    }

    /// Gives back the room of all that was taken: it is safe elsewhere, and the record that comes next has this number.
    pub(super) fn release(&mut self, next_seq: u64) {
        let words = &self.ring.words;
        self.place ^= 1;
        let [even, odd] = PLACES;
        let place = if self.place == 0 { even } else { odd };
        store(words, place, self.tail);
        store(words, place + 1, next_seq);
        // A process that dies between any two of these leaves one place or the other.
        store(words, PLACE, self.place as u64);
        store(words, TAIL, self.tail);
    }
}
