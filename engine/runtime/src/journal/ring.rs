//! What is to be recorded on its way to the segments, in a file that survives the process.
//!
//! One writer, one reader. Words: magic, capacity; from [`HEAD`] on how many words were ever written, from [`TAIL`] on how many
//! were given back, and twice a *place*: that number, the number of the record that comes next, and their check, of which
//! [`PLACE`] names the one that counts. Then the data.
//!
//! What is to be recorded is a word with kind, length and the lowest bits of its own position, a check of all its words and where
//! they stand ([`check`]), the time, the words of [`Plain`], and levels. It never wraps around the end: a word that says so leaves
//! the rest there empty. As every position is told apart from that of the lap before, what was not written since is never taken
//! for something that was, and what of a process that is gone was damaged since is not taken for anything.

mod check;

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use ballast_journal::{
    BATCH_LEVELS_MAX, Draft, PLAIN_WORDS, Plain, level_words, pair_of, pair_words, single_of, single_words,
};
use ballast_model::{Nanos, PackedLevel};

use super::AtRest;
use super::map::Words;
use check::Check;

const MAGIC: u64 = u64::from_le_bytes(*b"BALLRNG3");
const CAPACITY: usize = 1;
/// One where segments that ended are compressed.
const PRESSED: usize = 2;
/// Each on a cache line of its own.
const HEAD: usize = 8;
const TAIL: usize = 16;
/// Which place counts: zero or one.
const PLACE: usize = 17;
const PLACES: [usize; 2] = [18, 21];
const DATA: usize = 24;

/// Words of what is recorded but for its levels.
const RECORD_WORDS: usize = 3 + PLAIN_WORDS;

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
    pub(super) fn create(path: &Path, bytes: usize, at_rest: AtRest) -> io::Result<Self> {
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
        store(&words, PRESSED, u64::from(at_rest == AtRest::Compressed));
        let [first, _] = PLACES;
        store_all(&words, first, place(0, 1));
        store(&words, 0, MAGIC);
        Ok(Self { words: Arc::new(words), _lock: Arc::new(file), mask: capacity as u64 - 1 })
    }

    /// Reads the ring of a process that is gone, and changes nothing; `None` where it had not been made whole.
    pub(super) fn read(path: &Path) -> io::Result<Option<Self>> {
        let mut file = File::open(path)?;
        file.try_lock()?;
        if file.metadata()?.len() < 8 * DATA as u64 {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            return if bytes.iter().all(|byte| *byte == 0) {
                Ok(None)
            } else {
                Err(broken("a ring that is cut off"))
            };
        }
        let words = Words::copy(&mut file)?;
        let (magic, capacity) = (load(&words, 0), load(&words, CAPACITY));
        if magic != MAGIC {
            return if is_unmade(&words) { Ok(None) } else { Err(broken("not a ring of this version")) };
        }
        if !capacity.is_power_of_two() || words.words().len() as u64 != DATA as u64 + capacity {
            return Err(broken("a ring of another length than it says"));
        }
        Ok(Some(Self { words: Arc::new(words), _lock: Arc::new(file), mask: capacity - 1 }))
    }

    /// What becomes of segments that ended.
    pub(super) fn at_rest(&self) -> AtRest {
        if load(&self.words, PRESSED) == 1 { AtRest::Compressed } else { AtRest::AsWritten }
    }

    /// The writing end, and the reading end.
    pub(super) fn ends(self) -> (RingWriter, RingReader) {
        let (head, tail) = (load(&self.words, HEAD), load(&self.words, TAIL));
        (RingWriter { ring: self.clone(), head, tail }, RingReader::new(self, tail))
    }

    /// What a process that is gone has not given back, and the number of the record that it begins with.
    pub(super) fn left(self) -> io::Result<(RingReader, u64)> {
        let [even, odd] = PLACES;
        let at = match load(&self.words, PLACE) {
            0 => even,
            1 => odd,
            _ => return Err(broken("a ring that does not say where it begins")),
        };
        let said = [at, at + 1, at + 2].map(|at| load(&self.words, at));
        let [tail, next_seq, _] = said;
        if said != place(tail, next_seq) {
            return Err(broken("a ring that does not say where it begins"));
        }
        Ok((RingReader { until: Until::Stored, ..RingReader::new(self, tail) }, next_seq))
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

fn broken(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Whether nothing was stored yet: whoever makes a ring says last what it is.
fn is_unmade(words: &Words) -> bool {
    let [first, _] = PLACES;
    let places = first..first + 3;
    let mut all = words.words().iter().enumerate();
    all.all(|(at, word)| [CAPACITY, PRESSED].contains(&at) || places.contains(&at) || word.load(Relaxed) == 0)
}

/// That so much was given back, and which record comes next.
pub(super) fn place(tail: u64, next_seq: u64) -> [u64; 3] {
    let mut check = Check::at(tail);
    check.take([next_seq]);
    [tail, next_seq, check.done()]
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

fn store_all<const N: usize>(words: &Words, at: usize, all: [u64; N]) {
    (at..).zip(all).for_each(|(at, word)| store(words, at, word));
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
        let (first, now) = (first_word(plain.kind, need, head), now.0.cast_unsigned());
        let mut check = check_of(head, first, now, plain.words);
        let [bids, asks] = sides;
        put_levels(put_levels(levels, bids, &mut check), asks, &mut check);
        let [a, b, c, d, e, f, g, h] = plain.words;
        put(cells, [first, check.done(), now, a, b, c, d, e, f, g, h]);
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

/// The check of what is recorded at this position, but for its levels.
#[inline]
fn check_of(at: u64, first: u64, now: u64, words: [u64; PLAIN_WORDS]) -> Check {
    let [a, b, c, d, e, f, g, h] = words;
    let mut check = Check::at(at);
    check.take([first, now, a, b]);
    check.take([c, d, e, f]);
    check.take([g, h]);
    check
}

/// Stores levels; the cells after them.
#[inline]
fn put_levels<'a>(cells: &'a [AtomicU64], levels: &[PackedLevel], check: &mut Check) -> &'a [AtomicU64] {
    let Some((cells, after)) = cells.split_at_checked(level_words(levels.len())) else { return cells };
    let ((pairs, last), (cells, rest)) = (levels.as_chunks::<2>(), cells.as_chunks::<3>());
    for (cells, pair) in cells.iter().zip(pairs) {
        let words = pair_words(*pair);
        check.take(words);
        put(cells, words);
    }
    if let (Some(cells), Some(level)) = (rest.first_chunk::<2>(), last.first()) {
        let words = single_words(*level);
        check.take(words);
        put(cells, words);
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
    check: &mut Check,
) -> Option<&'a [AtomicU64]> {
    levels.clear();
    let (cells, after) = cells.split_at_checked(level_words(count))?;
    let (pairs, rest) = cells.as_chunks::<3>();
    for pair in pairs.iter().map(get) {
        check.take(pair);
        levels.extend(pair_of(pair)?);
    }
    if let Some(last) = rest.first_chunk::<2>().map(get) {
        check.take(last);
        levels.push(single_of(last)?);
    }
    Some(after)
}

/// How far what stands there is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    /// Up to where the writer, which lives, says that it is.
    Head,
    /// As long as it proves that it was stored, whatever a writer that is gone has said.
    Stored,
}

/// The end that moves records into segments.
#[derive(Debug)]
pub(super) struct RingReader {
    ring: Ring,
    /// Words taken, not all given back yet.
    tail: u64,
    /// The same before the last record was taken.
    before: u64,
    until: Until,
    /// The place that counts.
    place: usize,
    bids: Vec<PackedLevel>,
    asks: Vec<PackedLevel>,
}

impl RingReader {
    fn new(ring: Ring, tail: u64) -> Self {
        let levels = || Vec::with_capacity(1 << 10);
        Self { ring, tail, before: tail, until: Until::Head, place: 0, bids: levels(), asks: levels() }
    }

    /// True where something was stored and not yet taken.
    pub(super) fn has_more(&self) -> bool {
        load(&self.ring.words, HEAD) != self.tail
    }

    /// Why not all was taken that was stored, where nothing more can be; `None` where all was. The writer is gone: it may have died
    /// after it had stored one more and before it had said so.
    pub(super) fn missing(&self) -> Option<&'static str> {
        let head = load(&self.ring.words, HEAD);
        if head == self.tail || head == self.before {
            return None;
        }
        let behind = head.wrapping_sub(self.tail) <= self.ring.mask + 1;
        Some(if behind { "what follows is not what was stored" } else { "more was stored than it says" })
    }

    /// What is to be recorded next, and its time; `None` where there is nothing, or where what is there is not what was stored.
    pub(super) fn pop(&mut self) -> Option<(Nanos, Draft<'_>)> {
        let end = match self.until {
            Until::Head => load(&self.ring.words, HEAD),
            Until::Stored => self.tail.wrapping_add(self.ring.mask + 1),
        };
        let mut from = self.tail;
        let (mut first, mut kind, mut length) = self.first(from, end)?;
        if kind == REST {
            // It ends where the data does, or it is none.
            from = from.wrapping_add(length);
            (first, kind, length) = self.first(from, end).filter(|_| from & self.ring.mask == 0)?;
        }
        let cells = self.ring.cells(position(from & self.ring.mask), position(length))?;
        let (cells, levels) = cells.split_first_chunk::<RECORD_WORDS>()?;
        let [_, stored, now, a, b, c, d, e, f, g, h] = get(cells);
        let plain = Plain { kind, words: [a, b, c, d, e, f, g, h] };
        let mut check = check_of(from, first, now, plain.words);
        let [bids, asks] =
            plain.levels().filter(|counts| counts.iter().all(|count| *count <= levels.len()))?;
        let levels = take_levels(levels, bids, &mut self.bids, &mut check)?;
        let levels = take_levels(levels, asks, &mut self.asks, &mut check)?;
        if !levels.is_empty() || check.done() != stored {
            return None;
        }
        let draft = plain.draft(&self.bids, &self.asks)?;
        (self.before, self.tail) = (self.tail, from.wrapping_add(length));
        Some((Nanos(now.cast_signed()), draft))
    }

    /// The word that stands at this position, and the kind and length it says, where that ends before this.
    fn first(&self, at: u64, end: u64) -> Option<(u64, u8, u64)> {
        let there = end.wrapping_sub(at);
        let cell = self.ring.cells(position(at & self.ring.mask), 1)?.first()?;
        let there = (1..=self.ring.mask + 1).contains(&there).then_some(there)?;
        let word = cell.load(Relaxed);
        let (kind, length) = kind_and_length(word, at)?;
        (1..=there).contains(&length).then_some((word, kind, length))
    }

    /// Gives back the room of all that was taken: it is safe elsewhere, and the record that comes next has this number.
    pub(super) fn release(&mut self, next_seq: u64) {
        let words = &self.ring.words;
        self.place ^= 1;
        let [even, odd] = PLACES;
        let at = if self.place == 0 { even } else { odd };
        store_all(words, at, place(self.tail, next_seq));
        // A process that dies between any two of these leaves one place or the other.
        store(words, PLACE, self.place as u64);
        store(words, TAIL, self.tail);
    }
}
