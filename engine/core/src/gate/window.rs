//! Sums and ranges over the recent past, in constant space and time.
//!
//! Time is cut into equal slots counted from the epoch. A window is the running slot and the [`SLOTS`] before it: never
//! shorter than asked for, longer by less than one slot. What rests on it errs towards remembering.
//!
//! Never here: a clock, an allocation.

use ballast_model::{Digest, Nanos, Span};

/// Slots a window is cut into; one more is kept, the running one.
pub(super) const SLOTS: usize = 16;

/// Slots kept.
const KEPT: usize = SLOTS + 1;

/// Longest window: beyond this, slot bounds would leave the range of time.
pub(super) const WINDOW_MAX: Span = Span::from_secs(366 * 24 * 3_600);

/// True where a window of this length can be kept.
pub(super) const fn window_valid(window: Span) -> bool {
    window.0 > 0 && window.0 <= WINDOW_MAX.0
}

/// The running slot.
#[derive(Clone, Debug)]
struct Slots {
    length: i64,
    /// Number of the running slot since the epoch.
    running: i64,
    /// When the running slot ends.
    end: Nanos,
    /// The running slot's place in the ring.
    head: usize,
}

impl Slots {
    fn new(window: Span) -> Self {
        let slots = i64::try_from(SLOTS).unwrap_or(i64::MAX);
        let length = window.0.saturating_add(slots - 1) / slots;
        Self { length: length.max(1), running: i64::MIN, end: Nanos::MIN, head: 0 }
    }

    /// Moves on to the slot of `now` and says how many slots have begun since, [`KEPT`] at most. Time that falls moves
    /// nothing.
    #[inline]
    fn advance(&mut self, now: Nanos) -> usize {
        if now < self.end {
            return 0;
        }
        let slot = now.0.div_euclid(self.length);
        let begun = slot.saturating_sub(self.running);
        self.running = slot;
        self.end = Nanos(slot.saturating_add(1).saturating_mul(self.length));
        usize::try_from(begun).unwrap_or(KEPT).min(KEPT)
    }

    /// The place of the next slot, which becomes the running one.
    const fn step(&mut self) -> usize {
        self.head = if self.head + 1 == KEPT { 0 } else { self.head + 1 };
        self.head
    }

    fn digest(&self, digest: &mut Digest) {
        digest.signed(self.running);
        digest.word(self.head as u64);
    }
}

/// A sum over a window.
#[derive(Clone, Debug)]
pub(super) struct SlidingSum {
    slots: Slots,
    parts: [i128; KEPT],
    sum: i128,
}

impl SlidingSum {
    /// An empty sum over a window above zero.
    pub(super) fn new(window: Span) -> Self {
        Self { slots: Slots::new(window), parts: [0; KEPT], sum: 0 }
    }

    /// The sum at `now`.
    #[inline]
    pub(super) fn at(&mut self, now: Nanos) -> i128 {
        for _ in 0..self.slots.advance(now) {
            let place = self.slots.step();
            if let Some(part) = self.parts.get_mut(place) {
                self.sum = self.sum.saturating_sub(*part);
                *part = 0;
            }
        }
        self.sum
    }

    /// Adds an amount at `now` and gives the sum with it.
    #[inline]
    pub(super) fn add(&mut self, amount: i128, now: Nanos) -> i128 {
        self.at(now);
        if let Some(part) = self.parts.get_mut(self.slots.head) {
            *part = part.saturating_add(amount);
            self.sum = self.sum.saturating_add(amount);
        }
        self.sum
    }

    /// Forgets everything.
    pub(super) const fn clear(&mut self) {
        self.parts = [0; KEPT];
        self.sum = 0;
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        self.slots.digest(digest);
        self.parts.iter().for_each(|part| digest.bytes(&part.to_le_bytes()));
    }
}

/// Lowest and highest of what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extremes {
    pub(super) low: i64,
    pub(super) high: i64,
}

impl Extremes {
    /// Of nothing.
    const NONE: Self = Self { low: i64::MAX, high: i64::MIN };

    fn with(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }
}

/// Lowest and highest value over a window.
#[derive(Clone, Debug)]
pub(super) struct SlidingRange {
    slots: Slots,
    parts: [Extremes; KEPT],
    /// Of all parts.
    whole: Extremes,
}

impl SlidingRange {
    /// An empty range over a window above zero.
    pub(super) fn new(window: Span) -> Self {
        Self { slots: Slots::new(window), parts: [Extremes::NONE; KEPT], whole: Extremes::NONE }
    }

    /// Takes a value and gives the extremes with it.
    #[inline]
    pub(super) fn observe(&mut self, value: i64, now: Nanos) -> Extremes {
        let begun = self.slots.advance(now);
        for _ in 0..begun {
            let place = self.slots.step();
            if let Some(part) = self.parts.get_mut(place) {
                *part = Extremes::NONE;
            }
        }
        if begun > 0 {
            self.whole = self.parts.iter().copied().fold(Extremes::NONE, Extremes::with);
        }
        let one = Extremes { low: value, high: value };
        if let Some(part) = self.parts.get_mut(self.slots.head) {
            *part = part.with(one);
        }
        self.whole = self.whole.with(one);
        self.whole
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        self.slots.digest(digest);
        for part in &self.parts {
            digest.signed(part.low);
            digest.signed(part.high);
        }
    }
}
