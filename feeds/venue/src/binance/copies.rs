//! Several connections for the same streams: how many there are, and what of that which comes over all of them is new.
//!
//! Never here: diffs, which are new only where they follow (`sync`).

use ballast_model::UpdateId;

/// Most connections that one stream comes over.
///
/// Binance allows an address 300 attempts to connect in five minutes: two routes of four connections each are eight at once.
pub const COPIES_MAX: usize = 4;

/// Over how many connections each stream comes: from one to [`COPIES_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copies(u8);

impl Copies {
    /// One, without any other to fall back on.
    pub const ONE: Self = Self(1);

    /// So many; `None` for none and for more than [`COPIES_MAX`].
    #[must_use]
    pub const fn new(count: u8) -> Option<Self> {
        if count == 0 || count as usize > COPIES_MAX { None } else { Some(Self(count)) }
    }

    /// How many.
    #[must_use]
    pub const fn count(self) -> usize {
        self.0 as usize
    }
}

/// Whether a message was told before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fresh {
    /// No, and it is the newest.
    Newest,
    /// No, but one that came after it was: the connection that was ahead had missed it.
    Late,
    /// Yes, or it is too old to say.
    Known,
}

/// What was told of one instrument, other than its book, over the connections of one route.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    best_price: Option<UpdateId>,
    mark: Option<u64>,
    trades: Window,
}

impl Told {
    /// A best price: told where its id is above all before.
    pub(super) fn best_price(&mut self, id: UpdateId) -> Fresh {
        above(&mut self.best_price, id)
    }

    /// A mark price: told where its time is after all before.
    pub(super) fn mark(&mut self, event_time: u64) -> Fresh {
        above(&mut self.mark, event_time)
    }

    /// A trade: told once, whatever came before.
    pub(super) fn trade(&mut self, id: u64) -> Fresh {
        self.trades.take(id)
    }
}

fn above<T: Copy + Ord>(last: &mut Option<T>, this: T) -> Fresh {
    if last.is_some_and(|last| this <= last) {
        return Fresh::Known;
    }
    *last = Some(this);
    Fresh::Newest
}

const WORD: u64 = 64;
const WORDS: usize = 16;
/// Ids below the newest that can be told apart.
const WINDOW: u64 = WORD * WORDS as u64;

/// Which of the last ids were seen.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    newest: Option<u64>,
    /// Bit `id % WINDOW` of the ids from `newest - WINDOW + 1` to `newest`.
    seen: [u64; WORDS],
}

impl Window {
    fn take(&mut self, id: u64) -> Fresh {
        let Some(newest) = self.newest else {
            self.newest = Some(id);
            self.set(id);
            return Fresh::Newest;
        };
        if id > newest {
            if id - newest >= WINDOW {
                self.seen = [0; WORDS];
            } else {
                (newest + 1..id).for_each(|skipped| self.clear(skipped));
            }
            self.newest = Some(id);
            self.set(id);
            return Fresh::Newest;
        }
        if newest - id >= WINDOW || self.set(id) { Fresh::Known } else { Fresh::Late }
    }

    /// Marks an id; whether it was marked.
    fn set(&mut self, id: u64) -> bool {
        let (word, bit) = self.bit(id);
        let was = *word & bit != 0;
        *word |= bit;
        was
    }

    fn clear(&mut self, id: u64) {
        let (word, bit) = self.bit(id);
        *word &= !bit;
    }

    #[expect(clippy::indexing_slicing, reason = "the remainder of WINDOW over WORD is below WORDS")]
    fn bit(&mut self, id: u64) -> (&mut u64, u64) {
        let at = id % WINDOW;
        (&mut self.seen[(at / WORD) as usize], 1 << (at % WORD))
    }
}

#[cfg(test)]
mod tests;
