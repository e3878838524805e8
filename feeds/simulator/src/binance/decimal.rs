//! Decimals as the venue reads and writes them, between text and the grids of prices and sizes.

use ballast_model::{InstrumentSpec, Lots, Money, Price, Step};

/// Digits of money, prices and sizes on spot, and of money on futures.
pub(super) const DIGITS: u32 = 8;

/// A plain decimal, with a sign or none, in units of 10⁻¹⁸; `None` where it is none or has more than 18 digits behind the point.
pub(super) fn parse(text: &str) -> Option<i128> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.len() > 18 || whole.len() > 15 {
        return None;
    }
    let mut value: i128 = 0;
    for byte in whole.bytes().chain(fraction.bytes()) {
        let digit = char::from(byte).to_digit(10)?;
        value = value.checked_mul(10)?.checked_add(i128::from(digit))?;
    }
    let missing = 18_u32.checked_sub(u32::try_from(fraction.len()).ok()?)?;
    value = value.checked_mul(10_i128.checked_pow(missing)?)?;
    Some(if negative { -value } else { value })
}

/// Digits behind the point that say something.
pub(super) fn digits_behind(text: &str) -> usize {
    text.split_once('.').map_or(0, |(_, fraction)| fraction.trim_end_matches('0').len())
}

/// One step in units of 10⁻¹⁸.
pub(super) const fn atto(step: Step) -> i128 {
    step.mantissa as i128 * 10_i128.pow(Money::SCALE - step.scale as u32)
}

/// A number of 10⁻¹⁸ as a number of steps; `None` where it is not on their grid.
pub(super) fn on_grid(value: i128, step: Step) -> Option<i64> {
    let size = atto(step);
    (value % size == 0).then(|| i64::try_from(value / size).ok())?
}

/// A number of 10⁻¹⁸ with so many digits behind the point, cut.
pub(super) fn show(value: i128, digits: u32) -> String {
    let unit = 10_i128.pow(Money::SCALE.saturating_sub(digits));
    let cut = value / unit;
    let one = 10_i128.pow(digits);
    let sign = if cut < 0 { "-" } else { "" };
    let (whole, fraction) = (cut.abs() / one, cut.abs() % one);
    if digits == 0 {
        return format!("{sign}{whole}");
    }
    let width = usize::try_from(digits).unwrap_or(0);
    format!("{sign}{whole}.{fraction:0width$}")
}

/// Money with eight digits.
pub(super) fn money(amount: Money) -> String {
    show(amount.0, DIGITS)
}

/// A price in 10⁻¹⁸.
pub(super) const fn price_atto(spec: &InstrumentSpec, price: Price) -> i128 {
    atto(spec.tick) * price.0 as i128
}

/// A size in 10⁻¹⁸.
pub(super) const fn lots_atto(spec: &InstrumentSpec, lots: Lots) -> i128 {
    atto(spec.lot) * lots.0 as i128
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_read_and_print_exactly() {
        for text in ["0.00000001", "12345.67800000", "-0.50000000", "0.00000000", "1.00000000"] {
            assert_eq!(show(parse(text).unwrap(), 8), text);
        }
        assert_eq!(show(parse("7.5").unwrap(), 0), "7");
        for bad in ["", ".", "-", "1e5", "1,5", "0x1", "1.2.3", "+1", "0.1234567890123456789"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_grid_takes_whole_steps_alone() {
        let step = Step { mantissa: 5, scale: 2 };
        assert_eq!(on_grid(parse("1.25").unwrap(), step), Some(25));
        assert_eq!(on_grid(parse("1.26").unwrap(), step), None);
        assert_eq!(digits_behind("1.2500"), 2);
    }
}
