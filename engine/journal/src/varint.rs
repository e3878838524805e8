//! Numbers in as few bytes as they need (LEB128; signed ones by zigzag).

use alloc::vec::Vec;

/// Units that differences of time are multiples of, the largest first: recorded clocks count in milli- or microseconds.
const UNITS: [i64; 3] = [1_000_000, 1_000, 1];

/// Numbers of so many bits take eight bytes at most.
const SPREAD_BITS: u32 = 56;

/// Bits that name the unit.
const UNIT_BITS: u32 = 2;

/// Appends numbers.
#[derive(Debug)]
pub(crate) struct Put<'a>(pub(crate) &'a mut Vec<u8>);

impl Put<'_> {
    pub(crate) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    pub(crate) fn bytes<const N: usize>(&mut self, bytes: [u8; N]) {
        self.0.extend_from_slice(&bytes);
    }

    pub(crate) fn slice(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn unsigned(&mut self, mut number: u128) {
        // The rare number beyond 64 bits: its lowest bits first, seven at a time.
        while number > u128::from(u64::MAX) {
            self.0.push(low_bits(low_word(number)) | 0x80);
            number >>= 7;
        }
        self.word(low_word(number));
    }

    /// Eight bytes at once, of which those that are needed stay: how many that is can be guessed no better than the number, and a
    /// branch on it would be.
    #[inline]
    pub(crate) fn word(&mut self, number: u64) {
        if number >= 1 << SPREAD_BITS {
            return self.word_slowly(number);
        }
        let bits = u64::BITS - (number | 1).leading_zeros();
        // Seven bits a byte, rounded up: exact for 1 to 56 bits.
        let bytes = (9 * bits + 64) / 64;
        let more = 0x8080_8080_8080_8080 & ((1 << (8 * (bytes - 1))) - 1);
        let end = self.0.len() + bytes as usize;
        self.0.extend_from_slice(&(spread(number) | more).to_le_bytes());
        self.0.truncate(end);
    }

    fn word_slowly(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(low_bits(number) | 0x80);
            number >>= 7;
        }
        self.0.push(low_bits(number));
    }

    pub(crate) fn signed(&mut self, number: i128) {
        self.unsigned(zigzag(number));
    }

    /// The difference of two numbers of 64 bits, whatever they are.
    #[inline]
    pub(crate) fn delta(&mut self, from: i64, to: i64) {
        match to.checked_sub(from) {
            Some(passed) => self.word(zigzag_word(passed)),
            None => self.signed(i128::from(to) - i128::from(from)),
        }
    }

    /// The difference of two counters of 64 bits, whatever they are.
    #[inline]
    pub(crate) fn word_delta(&mut self, from: u64, to: u64) {
        let passed = to.wrapping_sub(from).cast_signed();
        // What wraps is told by its sign.
        if (passed >= 0) == (to >= from) {
            self.word(zigzag_word(passed));
        } else {
            self.signed(i128::from(to) - i128::from(from));
        }
    }

    /// The difference of two times, in the largest unit that it is a multiple of.
    #[inline]
    pub(crate) fn time(&mut self, from: i64, to: i64) {
        let Some(passed) = to.checked_sub(from) else {
            return self.long_time(i128::from(to) - i128::from(from));
        };
        let (code, units) = if passed % UNITS[1] != 0 {
            (2, passed)
        } else if passed % UNITS[0] == 0 {
            (0, passed / UNITS[0])
        } else {
            (1, passed / UNITS[1])
        };
        match zigzag_word(units).checked_mul(1 << UNIT_BITS) {
            Some(shifted) => self.word(shifted | code),
            None => self.long_time(passed.into()),
        }
    }

    /// The same for a difference that may need more than 64 bits.
    #[cold]
    fn long_time(&mut self, passed: i128) {
        let fits = |unit: &(usize, &i64)| passed % i128::from(*unit.1) == 0;
        let (code, unit) = UNITS.iter().enumerate().find(fits).unwrap_or((UNITS.len() - 1, &1));
        self.unsigned(zigzag(passed / i128::from(*unit)) << UNIT_BITS | code as u128);
    }
}

/// Eight times seven bits to the lower seven of each byte: halves move apart, then quarters, then eighths.
const fn spread(number: u64) -> u64 {
    let halves = number & 0x0fff_ffff | (number & 0x00ff_ffff_f000_0000) << 4;
    let quarters = halves & 0x0000_3fff_0000_3fff | (halves & 0x0fff_c000_0fff_c000) << 2;
    quarters & 0x007f_007f_007f_007f | (quarters & 0x3f80_3f80_3f80_3f80) << 1
}

/// The lowest 64 bits.
#[expect(clippy::cast_possible_truncation, reason = "cut to the lowest bits on purpose")]
const fn low_word(number: u128) -> u64 {
    number as u64
}

/// The lowest seven bits.
#[expect(clippy::cast_possible_truncation, reason = "cut to the lowest bits on purpose")]
const fn low_bits(number: u64) -> u8 {
    number as u8 & 0x7f
}

/// As [`zigzag`], for numbers of 64 bits.
const fn zigzag_word(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

/// Small numbers of either sign to small ones without: 0, −1, 1, −2 … to 0, 1, 2, 3 ….
const fn zigzag(number: i128) -> u128 {
    ((number << 1) ^ (number >> 127)).cast_unsigned()
}

const fn unzigzag(number: u128) -> i128 {
    (number >> 1).cast_signed() ^ -((number & 1).cast_signed())
}

/// Takes numbers off the front of some bytes; `None` where there are too few or they are out of range.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Take<'a>(pub(crate) &'a [u8]);

impl<'a> Take<'a> {
    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (first, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(first)
    }

    /// All that is left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.0)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    /// A number as [`Put::unsigned`] writes it: no other spelling of it is taken.
    pub(crate) fn unsigned(&mut self) -> Option<u128> {
        let mut number = 0u128;
        for shift in (0..128).step_by(7) {
            let byte = self.byte()?;
            let bits = u128::from(byte & 0x7f);
            let shifted = bits << shift;
            if shifted >> shift != bits {
                return None;
            }
            number |= shifted;
            if byte < 0x80 {
                return (byte != 0 || shift == 0).then_some(number);
            }
        }
        None
    }

    pub(crate) fn word(&mut self) -> Option<u64> {
        self.unsigned()?.try_into().ok()
    }

    pub(crate) fn short(&mut self) -> Option<u16> {
        self.unsigned()?.try_into().ok()
    }

    pub(crate) fn int(&mut self) -> Option<u32> {
        self.unsigned()?.try_into().ok()
    }

    pub(crate) fn signed(&mut self) -> Option<i128> {
        self.unsigned().map(unzigzag)
    }

    pub(crate) fn delta(&mut self, from: i64) -> Option<i64> {
        i64::try_from(i128::from(from).checked_add(self.signed()?)?).ok()
    }

    pub(crate) fn word_delta(&mut self, from: u64) -> Option<u64> {
        u64::try_from(i128::from(from).checked_add(self.signed()?)?).ok()
    }

    pub(crate) fn time(&mut self, from: i64) -> Option<i64> {
        let coded = self.unsigned()?;
        let unit = UNITS.get(usize::try_from(coded & ((1 << UNIT_BITS) - 1)).ok()?)?;
        let passed = unzigzag(coded >> UNIT_BITS).checked_mul((*unit).into())?;
        i64::try_from(i128::from(from).checked_add(passed)?).ok()
    }
}

/// Bytes that [`Put::unsigned`] takes for a length.
pub(crate) fn length_bytes(length: usize) -> usize {
    let bits = usize::BITS - length.leading_zeros();
    bits.div_ceil(7).max(1) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]
        #[test]
        fn every_number_comes_back(number in any::<u128>(), shift in 0..128u32, from in any::<i64>(), to in any::<i64>()) {
            let number = number >> shift;
            let mut bytes = Vec::new();
            let mut put = Put(&mut bytes);
            put.unsigned(number);
            put.signed(number.cast_signed());
            put.delta(from, to);
            put.time(from, to);
            put.word_delta(from.cast_unsigned(), to.cast_unsigned());
            let mut take = Take(&bytes);
            prop_assert_eq!(take.unsigned(), Some(number));
            prop_assert_eq!(take.signed(), Some(number.cast_signed()));
            prop_assert_eq!(take.delta(from), Some(to));
            prop_assert_eq!(take.time(from), Some(to));
            prop_assert_eq!(take.word_delta(from.cast_unsigned()), Some(to.cast_unsigned()));
            prop_assert_eq!(take.0.len(), 0);
        }

        /// The short ways and the long way write the same.
        #[test]
        fn near_numbers_are_spelled_alike(from in any::<i64>(), by in any::<i64>(), shift in 0..64u32) {
            let to = from.wrapping_add(by >> shift);
            let (mut short, mut long) = (Vec::new(), Vec::new());
            let mut put = Put(&mut short);
            put.delta(from, to);
            put.word_delta(from.cast_unsigned(), to.cast_unsigned());
            put.time(from, to);
            let mut put = Put(&mut long);
            put.signed(i128::from(to) - i128::from(from));
            put.signed(i128::from(to.cast_unsigned()) - i128::from(from.cast_unsigned()));
            put.long_time(i128::from(to) - i128::from(from));
            prop_assert_eq!(short, long);
        }

        #[test]
        fn one_number_has_one_spelling(bytes in prop::collection::vec(any::<u8>(), 0..24)) {
            let mut take = Take(&bytes);
            if let Some(number) = take.unsigned() {
                let mut again = Vec::new();
                Put(&mut again).unsigned(number);
                prop_assert_eq!(&bytes[..bytes.len() - take.0.len()], &again[..]);
            }
        }

        #[test]
        fn lengths_are_known_beforehand(length in 0..usize::MAX, shift in 0..64u32) {
            let length = length >> shift;
            let mut bytes = Vec::new();
            Put(&mut bytes).unsigned(length as u128);
            prop_assert_eq!(length_bytes(length), bytes.len());
        }
    }

    #[test]
    fn whole_milliseconds_are_short() {
        let mut bytes = Vec::new();
        Put(&mut bytes).time(1_700_000_000_000_000_000, 1_700_000_000_007_000_000);
        assert_eq!(bytes.len(), 1);
    }
}
