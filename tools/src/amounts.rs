//! Money as results write it.

use ballast_analytics::format;
use ballast_model::Money;
use serde_json::{Value, json};

/// The number whose digits are the amount's: what is nearest to it prints without the noise of a reckoning in floats.
pub(crate) fn number(amount: Money) -> Value {
    let digits = format!("{:#}", format::money(amount));
    digits.parse::<f64>().map_or(Value::Null, |number| json!(number))
}

/// Digits behind the point that show the largest of several amounts with six significant digits: at least
/// two, at most eight.
pub(crate) fn digits(amounts: &[Money]) -> u32 {
    let largest = amounts.iter().map(|amount| amount.abs()).max().unwrap_or_default();
    let mut digits = 2;
    let mut bound = 1_000 * Money::ONE.0;
    while digits < 8 && (1..bound).contains(&largest.0) {
        digits += 1;
        bound /= 10;
    }
    digits
}

/// An amount rounded for reading to `digits` behind the point.
pub(crate) fn plain(amount: Money, digits: u32) -> String {
    format::money(amount).rounded(digits).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_print_without_the_noise_of_floats() {
        for (units, digits) in [
            (-26_292_255_500_000_000_000, "-26.2922555"),
            (100_000_000_000_000_000, "0.1"),
            (0, "0.0"),
            (1_234_567_890_123_000_000_000, "1234.567890123"),
        ] {
            assert_eq!(number(Money(units)).to_string(), digits);
        }
    }

    #[test]
    fn small_amounts_get_more_digits() {
        assert_eq!(digits(&[Money(-12_345 * Money::ONE.0)]), 2);
        assert_eq!(digits(&[Money(12 * Money::ONE.0), Money::ZERO]), 4);
        assert_eq!((digits(&[Money(1)]), digits(&[Money::ZERO]), digits(&[])), (8, 2, 2));
        assert_eq!(plain(Money(-12_345_650_000_000_000), 8), "-0.01234565");
    }
}
