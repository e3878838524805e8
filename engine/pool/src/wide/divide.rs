//! Division of 512 bits by 256.

use super::{Product, U256, high, low};

/// Words of the longer number, one more for its shifted end.
const LONG: usize = 9;

/// The inverse of a divisor whose highest bit is set: `⌊(2¹²⁸ − 1) ÷ divisor⌋ − 2⁶⁴` (Möller and Granlund 2011, "Improved division by
/// invariant integers", equation 1).
fn inverse(divisor: u64) -> u64 {
    low(u128::MAX / u128::from(divisor))
}

/// Quotient and remainder of two words by one, the upper word being below the divisor (there, algorithm 4).
#[inline]
fn divide_word(upper: u64, lower: u64, divisor: u64, inverse: u64) -> (u64, u64) {
    let trial =
        (u128::from(inverse) * u128::from(upper)).wrapping_add(u128::from(upper) << 64 | u128::from(lower));
    let mut quotient = high(trial).wrapping_add(1);
    let mut rest = lower.wrapping_sub(quotient.wrapping_mul(divisor));
    if rest > low(trial) {
        quotient = quotient.wrapping_sub(1);
        rest = rest.wrapping_add(divisor);
    }
    if rest >= divisor {
        quotient = quotient.wrapping_add(1);
        rest -= divisor;
    }
    (quotient, rest)
}

/// How many words a number has without leading zeros.
fn used(words: &[u64]) -> usize {
    words.iter().rposition(|word| *word != 0).map_or(0, |last| last + 1)
}

/// One word of the quotient: takes as many times the divisor, of `WORDS` words, from the part of the number that begins at `at` as fit
/// (Knuth 1997, volume 2, section 4.3.1, steps D3 to D6).
#[inline]
#[expect(
    clippy::indexing_slicing,
    reason = "`at + WORDS` is below the length of the number, `WORDS` at most four"
)]
fn digit<const WORDS: usize>(
    number: &mut [u64; LONG],
    at: usize,
    divisor: &[u64; WORDS],
    inverse: u64,
) -> u64 {
    let top = divisor[WORDS - 1];
    let (upper, lower) = (number[at + WORDS], number[at + WORDS - 1]);
    let (mut quotient, rest) = if upper >= top {
        let (rest, over) = lower.overflowing_add(top);
        (u64::MAX, (!over).then_some(rest))
    } else {
        let (quotient, rest) = divide_word(upper, lower, top, inverse);
        (quotient, Some(rest))
    };
    if WORDS > 1 {
        let mut rest = rest;
        while let Some(left) = rest {
            let product = u128::from(quotient) * u128::from(divisor[WORDS - 2]);
            if product <= u128::from(left) << 64 | u128::from(number[at + WORDS - 2]) {
                break;
            }
            quotient -= 1;
            rest = left.checked_add(top);
        }
    }
    let mut carry = 0;
    for place in 0..WORDS {
        let (product, over) = quotient.carrying_mul(divisor[place], carry);
        let (difference, borrow) = number[at + place].overflowing_sub(product);
        number[at + place] = difference;
        carry = over + u64::from(borrow);
    }
    let (difference, is_too_much) = number[at + WORDS].overflowing_sub(carry);
    number[at + WORDS] = difference;
    if is_too_much {
        quotient -= 1;
        let mut carry = false;
        for place in 0..WORDS {
            (number[at + place], carry) = number[at + place].carrying_add(divisor[place], carry);
        }
        number[at + WORDS] = number[at + WORDS].wrapping_add(u64::from(carry));
    }
    quotient
}

/// All words of the quotient, by a divisor of so many words whose highest bit is set; what is left stays in the number.
#[inline]
#[expect(clippy::indexing_slicing, reason = "a number of `length` words has no more of a quotient")]
fn digits<const WORDS: usize>(left: &mut [u64; LONG], length: usize, divisor: U256) -> Product {
    let mut words = [0; WORDS];
    words.copy_from_slice(&divisor.0[..WORDS]);
    let inverse = inverse(words[WORDS - 1]);
    let mut quotient = [0; 8];
    for at in (0..(length + 1).saturating_sub(WORDS)).rev() {
        quotient[at] = digit(left, at, &words, inverse);
    }
    quotient
}

/// Quotient and remainder; `None` where the divisor is zero.
#[inline]
pub(super) fn divide(number: Product, divisor: U256) -> Option<(Product, U256)> {
    let count = used(&divisor.0);
    let shift = divisor.0.get(count.checked_sub(1)?)?.leading_zeros();
    let scaled = divisor.wrapping_shl(shift);
    let length = used(&number);
    let mut left = shifted(number, shift);
    let quotient = match count {
        1 => digits::<1>(&mut left, length, scaled),
        2 => digits::<2>(&mut left, length, scaled),
        3 => digits::<3>(&mut left, length, scaled),
        _ => digits::<4>(&mut left, length, scaled),
    };
    let [first, second, third, fourth, ..] = left;
    // Above the words of the divisor nothing is left.
    Some((quotient, U256([first, second, third, fourth]).shr(shift)))
}

/// The number times 2 to this power, which is below 64.
#[inline]
fn shifted(number: Product, shift: u32) -> [u64; LONG] {
    let mut left = [0; LONG];
    let mut carry = 0;
    for (place, word) in left.iter_mut().zip(number) {
        let wide = u128::from(word) << shift;
        *place = low(wide) | carry;
        carry = high(wide);
    }
    left[LONG - 1] = carry;
    left
}
