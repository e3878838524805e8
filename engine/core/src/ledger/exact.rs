//! Shares of exact amounts.
//!
//! Never here: a second rounding.

/// `amount · factor / divisor` (above zero), rounded down once; `None` where the result, or the factor times the divisor, does
/// not fit 128 bits. `amount · factor` itself need not fit.
#[must_use]
pub(crate) fn mul_div_floor(amount: i128, factor: i128, divisor: i128) -> Option<i128> {
    if let Some(product) = amount.checked_mul(factor) {
        return div_floor(product, divisor);
    }
    // By whole divisors first.
    let whole = div_floor(amount, divisor)?;
    let rest = amount.checked_rem_euclid(divisor)?.checked_mul(factor)?;
    whole.checked_mul(factor)?.checked_add(div_floor(rest, divisor)?)
}

/// `amount / divisor` (above zero), rounded down: with one division, which is what costs.
fn div_floor(amount: i128, divisor: i128) -> Option<i128> {
    let toward_zero = amount.checked_div(divisor)?;
    let negative_rest = toward_zero * divisor > amount;
    Some(toward_zero - i128::from(negative_rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn a_share_is_the_exact_one_rounded_down(amount: i128, shift in 0..120u32, factor: i64, divisor in 1..=i64::MAX) {
            let (amount, factor, divisor) = (amount >> shift, i128::from(factor), i128::from(divisor));
            // The rest, amount · factor - share · divisor, is in 0..divisor: compared modulo 2^128.
            if let Some(share) = mul_div_floor(amount, factor, divisor) {
                let rest = amount.wrapping_mul(factor).wrapping_sub(share.wrapping_mul(divisor));
                prop_assert!((0..divisor).contains(&rest));
            } else {
                prop_assert!(amount.checked_mul(factor).is_none());
            }
        }
    }

    #[test]
    fn what_fits_is_given_though_the_product_does_not_fit() {
        assert_eq!(mul_div_floor(i128::MAX, 6, 12), Some(i128::MAX / 2));
        assert_eq!(mul_div_floor(i128::MIN / 2, 4, 4), Some(i128::MIN / 2));
        assert_eq!(mul_div_floor(i128::MAX, 2, 1), None);
        assert_eq!((mul_div_floor(7, 1, 2), mul_div_floor(-7, 1, 2)), (Some(3), Some(-4)));
        assert_eq!(mul_div_floor(1, 1, 0), None);
    }
}
