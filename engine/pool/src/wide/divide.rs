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

/// One word of the quotient: takes as many times the divisor from the part of the number that begins at `at` as fit
/// (Knuth 1997, volume 2, section 4.3.1, steps D3 to D6).
#[inline]
#[expect(
    clippy::indexing_slicing,
    reason = "`at + count` is below the length of the number, `count` at most four"
)]
fn digit(number: &mut [u64; LONG], at: usize, divisor: &[u64; 4], count: usize, inverse: u64) -> u64 {
    let top = divisor[count - 1];
    let (upper, lower) = (number[at + count], number[at + count - 1]);
    let (mut quotient, rest) = if upper >= top {
        let (rest, over) = lower.overflowing_add(top);
        (u64::MAX, (!over).then_some(rest))
    } else {
        let (quotient, rest) = divide_word(upper, lower, top, inverse);
        (quotient, Some(rest))
    };
    if count > 1 {
        let mut rest = rest;
        while let Some(left) = rest {
            let product = u128::from(quotient) * u128::from(divisor[count - 2]);
            if product <= u128::from(left) << 64 | u128::from(number[at + count - 2]) {
                break;
            }
            quotient -= 1;
            rest = left.checked_add(top);
        }
    }
    let mut carry = 0;
    for place in 0..count {
        let (product, over) = quotient.carrying_mul(divisor[place], carry);
        let (difference, borrow) = number[at + place].overflowing_sub(product);
        number[at + place] = difference;
        carry = over + u64::from(borrow);
    }
    let (difference, is_too_much) = number[at + count].overflowing_sub(carry);
    number[at + count] = difference;
    if is_too_much {
        quotient -= 1;
        let mut carry = false;
        for place in 0..count {
            (number[at + place], carry) = number[at + place].carrying_add(divisor[place], carry);
        }
        number[at + count] = number[at + count].wrapping_add(u64::from(carry));
    }
    quotient
}

/// Quotient and remainder; `None` where the divisor is zero.
#[expect(clippy::indexing_slicing, reason = "lengths are those of the arrays")]
pub(super) fn divide(number: Product, divisor: U256) -> Option<(Product, U256)> {
    let count = used(&divisor.0);
    let top = *divisor.0.get(count.checked_sub(1)?)?;
    let shift = top.leading_zeros();
    let scaled = divisor.wrapping_shl(shift).0;
    let inverse = inverse(scaled[count - 1]);

    let length = used(&number);
    let mut left = [0; LONG];
    let mut carry = 0;
    for (place, word) in number.into_iter().enumerate() {
        let wide = u128::from(word) << shift;
        left[place] = low(wide) | carry;
        carry = high(wide);
    }
    left[8] = carry;

    let mut quotient = [0; 8];
    for at in (0..(length + 1).saturating_sub(count)).rev() {
        quotient[at] = digit(&mut left, at, &scaled, count, inverse);
    }
    let [first, second, third, fourth, ..] = left;
    let mut rest = [first, second, third, fourth];
    rest[count..].fill(0);
    Some((quotient, U256(rest).shr(shift)))
}
