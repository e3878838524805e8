//! Sets of small numbers as bits, searched from the better to the worse end of a side.
#![expect(
    clippy::indexing_slicing,
    reason = "numbers are below the size the set was built for; another one must stop the shard"
)]

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::Side;

const WORD: usize = 64;

/// The best set bit for a side: the highest for bids, the lowest for asks. `bits` is not zero.
#[inline]
pub(super) const fn first_bit(side: Side, bits: u64) -> usize {
    match side {
        Side::Bid => 63 - bits.leading_zeros() as usize,
        Side::Ask => bits.trailing_zeros() as usize,
    }
}

/// The set bits strictly worse than `index`.
#[inline]
pub(super) const fn worse_bits(side: Side, bits: u64, index: usize) -> u64 {
    match side {
        Side::Bid => bits & ((1 << index) - 1),
        Side::Ask => bits & (u64::MAX << index << 1),
    }
}

/// The best set bit strictly worse than `index`.
#[inline]
pub(super) fn next_bit(side: Side, bits: u64, index: usize) -> Option<usize> {
    let worse = worse_bits(side, bits, index);
    (worse != 0).then(|| first_bit(side, worse))
}

/// A set of numbers below a bound: one bit each, and one bit per word of those, so that a gap is crossed 4096 numbers at
/// a time.
#[derive(Debug)]
pub(super) struct BitTree {
    bits: Vec<u64>,
    /// Bit i: word i of `bits` is not zero.
    tops: Vec<u64>,
}

impl BitTree {
    pub(super) fn new(bound: usize) -> Self {
        let words = bound.div_ceil(WORD);
        Self { bits: vec![0; words], tops: vec![0; words.div_ceil(WORD)] }
    }

    pub(super) fn set(&mut self, number: usize, member: bool) {
        let word = number / WORD;
        let bit = 1 << (number % WORD);
        let top = 1 << (word % WORD);
        if member {
            self.bits[word] |= bit;
            self.tops[word / WORD] |= top;
        } else {
            self.bits[word] &= !bit;
            if self.bits[word] == 0 {
                self.tops[word / WORD] &= !top;
            }
        }
    }

    /// The nearest member strictly worse than `number` for a side.
    pub(super) fn next(&self, side: Side, number: usize) -> Option<usize> {
        let word = number / WORD;
        if let Some(bit) = next_bit(side, self.bits[word], number % WORD) {
            return Some(word * WORD + bit);
        }
        let word = self.next_word(side, word)?;
        Some(word * WORD + first_bit(side, self.bits[word]))
    }

    fn next_word(&self, side: Side, word: usize) -> Option<usize> {
        let top = word / WORD;
        if let Some(bit) = next_bit(side, self.tops[top], word % WORD) {
            return Some(top * WORD + bit);
        }
        let filled = |top: &usize| self.tops[*top] != 0;
        let top = match side {
            Side::Bid => (0..top).rev().find(filled),
            Side::Ask => (top + 1..self.tops.len()).find(filled),
        }?;
        Some(top * WORD + first_bit(side, self.tops[top]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_set_equals_a_sorted_set(changes in prop::collection::vec((0..20_000usize, any::<bool>()), 1..60), from in 0..20_000usize) {
            let (mut tree, mut twin) = (BitTree::new(20_000), BTreeSet::new());
            for (number, member) in changes {
                tree.set(number, member);
                if member { twin.insert(number); } else { twin.remove(&number); }
            }
            prop_assert_eq!(tree.next(Side::Bid, from), twin.range(..from).next_back().copied());
            prop_assert_eq!(tree.next(Side::Ask, from), twin.range(from + 1..).next().copied());
        }
    }
}
