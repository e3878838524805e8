//! Shares of exact amounts.
//!
//! Never here: a second rounding.

/// `amount · factor / divisor` (above zero), rounded down once; `None` where the result, or the factor times the divisor, does
/// not fit 128 bits. By whole divisors first: `amount · factor` itself need not fit.
#[must_use]
pub(crate) fn mul_div_floor(amount: i128, factor: i128, divisor: i128) -> Option<i128> {
    let whole = amount.checked_div_euclid(divisor)?.checked_mul(factor)?;
    let rest = amount.checked_rem_euclid(divisor)?.checked_mul(factor)?;
    whole.checked_add(rest.div_euclid(divisor))
}
