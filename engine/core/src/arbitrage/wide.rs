//! A share of an amount whose product needs 256 bits.
//!
//! Never here: a second rounding, a number below zero.

const LIMB: u32 = 64;
const LIMB_MASK: u128 = (1 << LIMB) - 1;

/// `amount · factor / divisor`, rounded up once. `None` where an argument is below zero, the divisor is zero or above half the
/// range, or the result does not fit.
pub(super) fn mul_div_ceil(amount: i128, factor: i128, divisor: i128) -> Option<i128> {
    let (amount, factor) = (u128::try_from(amount).ok()?, u128::try_from(factor).ok()?);
    let divisor = u128::try_from(divisor).ok().filter(|divisor| *divisor > 0)?;
    let (high, low) = product(amount, factor);
    if high == 0 {
        return i128::try_from(low.div_ceil(divisor)).ok();
    }
    if high >= divisor {
        return None;
    }
    // Long division by bits: the rest stays below the divisor, hence below 2^127 before it is doubled.
    let (mut rest, mut quotient) = (high, 0u128);
    for bit in (0..u128::BITS).rev() {
        rest = (rest << 1) | ((low >> bit) & 1);
        quotient <<= 1;
        if rest >= divisor {
            rest -= divisor;
            quotient |= 1;
        }
    }
    i128::try_from(quotient.checked_add(u128::from(rest != 0))?).ok()
}

/// All 256 bits: the upper half, then the lower. Neither factor reaches 2^127, so the middle sum fits.
const fn product(a: u128, b: u128) -> (u128, u128) {
    let (a_high, a_low, b_high, b_low) = (a >> LIMB, a & LIMB_MASK, b >> LIMB, b & LIMB_MASK);
    let low = a_low * b_low;
    let middle = a_high * b_low + (low >> LIMB);
    let carried = a_low * b_high + (middle & LIMB_MASK);
    (a_high * b_high + (middle >> LIMB) + (carried >> LIMB), (carried << LIMB) | (low & LIMB_MASK))
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "magnitudes are compared")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn small_ones_agree_with_plain_arithmetic(amount in 0..i64::MAX, factor in 0..i64::MAX, divisor in 1..i64::MAX) {
            let (amount, factor, divisor) = (i128::from(amount), i128::from(factor), i128::from(divisor));
            let plain = (amount * factor + divisor - 1) / divisor;
            prop_assert_eq!(mul_div_ceil(amount, factor, divisor), Some(plain));
        }

        #[test]
        fn wide_ones_leave_a_rest_below_the_divisor(amount in 0..i128::MAX, factor in 0..i128::MAX, divisor in 1..i128::MAX) {
            match mul_div_ceil(amount, factor, divisor) {
                // The rest, share · divisor - amount · factor, is in 0..divisor: compared modulo 2^128.
                Some(share) => {
                    let rest = share.wrapping_mul(divisor).wrapping_sub(amount.wrapping_mul(factor));
                    prop_assert!((0..divisor).contains(&rest));
                }
                None => prop_assert!(amount as f64 * factor as f64 / divisor as f64 > 1.7e38),
            }
        }
    }

    #[test]
    fn by_hand() {
        let tera = 10i128.pow(30);
        assert_eq!(mul_div_ceil(3 * tera, 5 * tera, 15 * tera), Some(tera));
        assert_eq!(mul_div_ceil(3 * tera + 1, 5 * tera, 15 * tera), Some(tera + 1));
        assert_eq!(mul_div_ceil(tera, tera, 1), None);
        assert_eq!((mul_div_ceil(-1, 1, 1), mul_div_ceil(1, 1, 0)), (None, None));
    }
}
