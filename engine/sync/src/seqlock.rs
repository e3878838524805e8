//! A snapshot: the newest of what one thread keeps writing, for whoever looks. Nobody waits for anybody.
//!
//! A sequence lock made of atomics (Boehm, "Can seqlocks get along with programming language memory models?", 2012, figure 6): the words
//! are relaxed, and two fences keep them between two readings of a version that is odd while they are being written. A reader
//! that finds it changed has read a mixture and throws that away; so that a writer that was stopped in the middle stops no reader, it
//! tries twice at most, and then keeps the value it had. How old that is the value must say itself: let one of its words be its time.
//!
//! Never here: what the words mean.

use crate::atomic::{Arc, AtomicU64, Ordering, fence};
use crate::padded::Padded;

/// How often a reader tries before it keeps what it had.
const ATTEMPTS: u32 = 2;

#[derive(Debug)]
struct Shared<const N: usize> {
    /// Twice the number of values written, and one more while one is being written.
    version: AtomicU64,
    words: [AtomicU64; N],
}

/// The one who writes.
#[derive(Debug)]
pub struct Writer<const N: usize> {
    shared: Arc<Padded<Shared<N>>>,
    version: u64,
}

/// One who reads, and remembers the last whole value; a clone remembers the same.
#[derive(Clone, Debug)]
pub struct Reader<const N: usize> {
    shared: Arc<Padded<Shared<N>>>,
    version: u64,
    value: [u64; N],
}

/// What a look at a snapshot gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// A value not seen before: [`Reader::value`] is it.
    News,
    /// Nothing was written since; the value is the newest.
    Same,
    /// It was being written at every attempt: the value is the last that was read whole.
    Busy,
}

/// Makes a snapshot of `N` words, which has no value until one is written.
#[must_use]
pub fn snapshot<const N: usize>() -> (Writer<N>, Reader<N>) {
    let words = std::array::from_fn(|_| AtomicU64::new(0));
    let shared = Arc::new(Padded(Shared { version: AtomicU64::new(0), words }));
    (Writer { shared: Arc::clone(&shared), version: 0 }, Reader { shared, version: 0, value: [0; N] })
}

impl<const N: usize> Writer<N> {
    /// Replaces the value.
    pub fn write(&mut self, value: &[u64; N]) {
        let Shared { version, words } = &**self.shared;
        version.store(self.version.wrapping_add(1), Ordering::Relaxed);
        // Whoever reads one of the new words sees an odd version, or a later one, behind its own fence.
        fence(Ordering::Release);
        for (word, new) in words.iter().zip(value) {
            word.store(*new, Ordering::Relaxed);
        }
        self.version = self.version.wrapping_add(2);
        version.store(self.version, Ordering::Release);
    }

    /// How many values were written.
    #[must_use]
    pub const fn written(&self) -> u64 {
        self.version / 2
    }
}

impl<const N: usize> Reader<N> {
    /// Looks whether there is a newer value, and keeps it.
    pub fn look(&mut self) -> Look {
        let Shared { version, words } = &**self.shared;
        for _ in 0..ATTEMPTS {
            let before = version.load(Ordering::Acquire);
            if before == self.version {
                return Look::Same;
            }
            if before % 2 == 1 {
                continue;
            }
            let read: [u64; N] = std::array::from_fn(|at| word(words, at));
            fence(Ordering::Acquire);
            if version.load(Ordering::Relaxed) == before {
                (self.version, self.value) = (before, read);
                return Look::News;
            }
        }
        Look::Busy
    }

    /// The last value that was read whole; `None` where there was none yet. Unknown is not zero.
    #[must_use]
    pub fn value(&self) -> Option<&[u64; N]> {
        (self.version > 0).then_some(&self.value)
    }

    /// Which value that is: the first written has number one, and what is skipped was never seen. Zero where there is none.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.version / 2
    }
}

fn word<const N: usize>(words: &[AtomicU64; N], at: usize) -> u64 {
    words.get(at).map_or(0, |word| word.load(Ordering::Relaxed))
}

#[cfg(all(test, not(loom)))]
mod tests;
