//! Exponentially weighted means and covariances of two log prices, each with its value one step earlier.
//!
//! Never here: a pair whose earlier half was not seen one step before, raw sums of squares (they cancel).

use ballast_model::Digest;

/// What a pair of neighbouring samples consists of: both log prices at the earlier one, then both at the later.
const WIDTH: usize = 4;

/// A row of weights that picks a value out of a pair.
pub(super) type Pick = [f64; WIDTH];

/// Sums over all pairs, of weight `decay^age` with the age in pairs.
///
/// Updated by West (1979, "Updating mean and variance estimates", Communications of the ACM 22) with all earlier weights
/// multiplied by the decay first: `W' = λW + 1`, `m' = m + d/W'`, `S' = λS + (λW/W')·d·dᵀ` with `d = x − m`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moments {
    decay: f64,
    weight: f64,
    weight_squares: f64,
    mean: [f64; WIDTH],
    scatter: [[f64; WIDTH]; WIDTH],
}

impl Moments {
    /// Nothing seen. The decay is in `(0, 1)`.
    pub(super) const fn new(decay: f64) -> Self {
        Self { decay, weight: 0.0, weight_squares: 0.0, mean: [0.0; WIDTH], scatter: [[0.0; WIDTH]; WIDTH] }
    }

    /// Takes in one pair.
    pub(super) fn push(&mut self, earlier: [f64; 2], later: [f64; 2]) {
        let ([a, b], [c, d]) = (earlier, later);
        let kept = self.weight * self.decay;
        self.weight = kept + 1.0;
        self.weight_squares = self.weight_squares * self.decay * self.decay + 1.0;
        let mut off = [a, b, c, d];
        for (off, mean) in off.iter_mut().zip(&mut self.mean) {
            *off -= *mean;
            *mean += *off / self.weight;
        }
        for (row, one) in self.scatter.iter_mut().zip(off) {
            for (cell, other) in row.iter_mut().zip(off) {
                *cell = *cell * self.decay + kept / self.weight * one * other;
            }
        }
    }

    /// How many pairs of equal weight would tell as much: `(Σw)² / Σw²` (Kish 1965, "Survey sampling").
    pub(super) fn pairs(&self) -> f64 {
        if self.weight_squares > 0.0 { self.weight * self.weight / self.weight_squares } else { 0.0 }
    }

    /// The mean of what is picked.
    pub(super) fn mean(&self, pick: Pick) -> f64 {
        self.mean.iter().zip(pick).map(|(mean, pick)| mean * pick).sum()
    }

    /// The covariance of what is picked, over the weights: 0/0 before the first pair.
    pub(super) fn covariance(&self, one: Pick, other: Pick) -> f64 {
        let row_sum = |row: &[f64; WIDTH]| row.iter().zip(other).map(|(cell, pick)| cell * pick).sum::<f64>();
        self.scatter.iter().zip(one).map(|(row, pick)| row_sum(row) * pick).sum::<f64>() / self.weight
    }

    /// Takes the whole state into a digest.
    pub(super) fn digest(&self, digest: &mut Digest) {
        let state = [self.weight, self.weight_squares].into_iter().chain(self.mean);
        for number in state.chain(self.scatter.into_iter().flatten()) {
            digest.word(number.to_bits());
        }
    }
}
