//! A ring of the last distances with the exact sum of their squares.
//!
//! Never here: a float, an allocation after construction, a sum that drifts from what it sums.

use alloc::vec::Vec;

use ballast_model::{Digest, PRICE_TICKS_MAX};

/// The last `capacity` distances, in half ticks, and the sum of their squares.
///
/// Whole numbers: what enters the sum leaves it again to the last unit, so that nothing accumulates however long it runs.
#[derive(Clone, Debug)]
pub(super) struct SquareRing {
    /// Filled up to `capacity`, then overwritten from `oldest` on.
    distances: Vec<i64>,
    capacity: usize,
    oldest: usize,
    sum: i128,
}

impl SquareRing {
    /// Prices and mids lie within this of each other, in half ticks; 2¹² squares of it need 95 bits.
    const DISTANCE_MAX: i64 = 2 * PRICE_TICKS_MAX;

    pub(super) fn new(capacity: usize) -> Self {
        Self { distances: Vec::with_capacity(capacity), capacity, oldest: 0, sum: 0 }
    }

    pub(super) fn push(&mut self, half_ticks: i64) {
        let distance = half_ticks.clamp(-Self::DISTANCE_MAX, Self::DISTANCE_MAX);
        self.sum += square(distance);
        if self.distances.len() < self.capacity {
            self.distances.push(distance);
        } else if let Some(slot) = self.distances.get_mut(self.oldest) {
            self.sum -= square(*slot);
            *slot = distance;
            self.oldest = (self.oldest + 1) % self.capacity;
        }
    }

    pub(super) fn clear(&mut self) {
        self.distances.clear();
        self.oldest = 0;
        self.sum = 0;
    }

    pub(super) const fn len(&self) -> usize {
        self.distances.len()
    }

    pub(super) const fn capacity(&self) -> usize {
        self.capacity
    }

    /// The mean of the squares, in ticks²; `None` while empty.
    #[expect(clippy::cast_precision_loss, reason = "rounded once, where the integer leaves")]
    pub(super) fn mean_ticks_squared(&self) -> Option<f64> {
        (self.len() > 0).then(|| self.sum as f64 * 0.25 / self.len() as f64)
    }

    /// From the oldest to the newest: where the ring begins is no part of the state.
    pub(super) fn digest(&self, digest: &mut Digest) {
        digest.word(self.len() as u64);
        let (newer, older) = self.distances.split_at_checked(self.oldest).unwrap_or_default();
        older.iter().chain(newer).for_each(|distance| digest.signed(*distance));
    }
}

const fn square(distance: i64) -> i128 {
    distance as i128 * distance as i128
}
