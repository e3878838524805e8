//! What proves that words are those that were stored, and stored for where they stand.
//!
//! Each of four lanes takes every fourth word by a step that no two words and no two states share a result of, and so are the
//! lanes put together: whatever happens to one word, a bit of it or all, shows for certain; what happens to several, and words of
//! another place, but for one chance in 2^64. No cryptography: it is chance that damages a ring, or a disk.

/// Odd, so that to multiply by it loses nothing: 2^64 over the golden ratio (Knuth 1998, section 6.4).
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
/// High bits, which a product mixes, come down to where the next one spreads them.
const TURN: u32 = 29;
/// Fractional digits of pi.
const LANES: [u64; 4] =
    [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344, 0xa409_3822_299f_31d0, 0x082e_fa98_ec4e_6c89];

/// Words being taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Check([u64; 4]);

impl Check {
    /// Of words that stand at this position, counted over all laps.
    #[inline]
    pub(super) fn at(position: u64) -> Self {
        Self(LANES.map(|lane| lane ^ position))
    }

    /// Takes words, at most four, which go to a lane each.
    #[inline]
    pub(super) fn take<const N: usize>(&mut self, words: [u64; N]) {
        const { assert!(N <= 4, "a word would have no lane") };
        self.0.iter_mut().zip(words).for_each(|(lane, word)| *lane = step(*lane, word));
    }

    /// What all words so far come to.
    #[inline]
    pub(super) fn done(self) -> u64 {
        let [first, second, third, fourth] = self.0;
        step(step(step(first, second), third), fourth)
    }
}

#[inline]
const fn step(lane: u64, word: u64) -> u64 {
    (lane ^ word).wrapping_mul(FACTOR).rotate_left(TURN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(position: u64, words: &[u64]) -> u64 {
        let mut check = Check::at(position);
        let (fours, rest) = words.as_chunks::<4>();
        fours.iter().for_each(|four| check.take(*four));
        rest.iter().for_each(|word| check.take([*word]));
        check.done()
    }

    /// Every word may be any other, and every bit of the position counts.
    #[test]
    fn one_word_that_is_another_always_shows() {
        let words: [u64; 11] = core::array::from_fn(|at| (at as u64).wrapping_mul(0x0123_4567_89ab_cdef));
        let expected = check(7, &words);
        for (at, bit) in (0..words.len()).flat_map(|at| (0..64).map(move |bit| (at, bit))) {
            let mut other = words;
            other[at] ^= 1 << bit;
            assert_ne!(check(7, &other), expected, "bit {bit} of word {at}");
            assert_ne!(check(7 ^ 1 << bit, &words), expected, "bit {bit} of the position");
            // The same bit of another word beside: nothing cancels.
            other[(at + 4) % words.len()] ^= 1 << bit;
            assert_ne!(check(7, &other), expected, "bit {bit} of words {at} and four on");
        }
        for from in 0..words.len() {
            let mut other = words;
            other[from..].fill(0);
            assert!(check(7, &other) != expected || other == words, "zeros from {from} on");
        }
    }
}
