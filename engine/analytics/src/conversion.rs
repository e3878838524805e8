//! Rates at which money of other currencies is counted, as somebody stated them: never found out, never assumed.

use ballast_model::{Money, Step};

/// One currency, and what others are taken to be worth in it throughout a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// What is counted in.
    pub currency: String,
    /// Units of it that one unit of another is worth.
    pub rates: Vec<(String, Step)>,
}

impl Conversion {
    /// What one unit of a currency is worth; one of the currency itself, `None` where nothing is stated.
    #[must_use]
    pub fn rate(&self, currency: &str) -> Option<Step> {
        if currency == self.currency {
            return Some(Step { mantissa: 1, scale: 0 });
        }
        self.rates.iter().find(|(name, _)| name == currency).map(|(_, rate)| *rate)
    }
}

/// An amount at a rate, rounded down to 10⁻¹⁸; `None` where it grows too large.
#[must_use]
pub fn converted(amount: Money, rate: Step) -> Option<Money> {
    let power = 10i128.checked_pow(rate.scale.into())?;
    Some(Money(amount.0.checked_mul(rate.mantissa.into())?.div_euclid(power)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stated_rates_are_used_and_others_are_not_invented() {
        let conversion = Conversion {
            currency: "USDT".to_owned(),
            rates: vec![("ETH".to_owned(), Step::parse("2634.5").unwrap())],
        };
        let of = |amount, currency| converted(Money(amount), conversion.rate(currency)?);
        assert_eq!(of(Money::ONE.0, "ETH"), Some(Money(2_634_500_000_000_000_000_000)));
        assert_eq!(of(-1, "ETH"), Some(Money(-2_635)), "down, also below zero");
        assert_eq!(of(7, "USDT"), Some(Money(7)));
        assert_eq!(of(7, "BTC"), None);
        assert_eq!(of(i128::MAX, "ETH"), None);
    }
}
