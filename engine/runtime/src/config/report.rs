//! What the report samples, and in which currency it adds up.

use std::collections::BTreeMap;

use ballast_analytics::conversion::Conversion;
use ballast_analytics::record::Programme;
use ballast_model::{Money, Rate};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Bps, Decimal, Duration};
use crate::replay::RecorderSpec;

/// What the report samples.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReportConfig {
    /// Time between samples of the account; doubles when `samples_max` is reached.
    pub sample_interval: Duration,
    /// Most samples kept per instrument.
    pub samples_max: usize,
    /// At which rates profit in several currencies is added up; kept apart where absent.
    pub conversion: Option<ConversionConfig>,
    /// What quotes are held against, as a market maker's programme would.
    pub programme: ProgrammeConfig,
}

/// Obligations of a market maker's programme: met while enough stands on both sides near the midpoint.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProgrammeConfig {
    /// How far from the midpoint a quote may be to count.
    pub within_bps: Bps,
    /// Value that must stand on a side, in quote currency; any where absent.
    pub notional_min: Option<Decimal>,
}

/// Rates at which profit in several currencies is added up.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConversionConfig {
    /// What is counted in, such as `USDT`.
    pub currency: String,
    /// Units of it that one unit of another currency is worth throughout the run, such as `{ ETH = "2600" }`.
    pub rates: BTreeMap<String, Decimal>,
}

impl Default for ReportConfig {
    fn default() -> Self {
        Self {
            sample_interval: Duration::from_millis(100),
            samples_max: 200_000,
            conversion: None,
            programme: ProgrammeConfig::default(),
        }
    }
}

impl Default for ProgrammeConfig {
    fn default() -> Self {
        Self { within_bps: Bps::whole(10), notional_min: None }
    }
}

impl ReportConfig {
    /// How a run is recorded for the report.
    #[must_use]
    pub const fn recorder(&self) -> RecorderSpec {
        RecorderSpec { interval: self.sample_interval.span(), samples_max: self.samples_max }
    }

    /// At which rates currencies are added up; `None` where they are kept apart.
    #[must_use]
    pub fn conversion(&self) -> Option<Conversion> {
        self.conversion.as_ref().map(|stated| Conversion {
            currency: stated.currency.clone(),
            rates: stated.rates.iter().map(|(name, rate)| (name.clone(), rate.step())).collect(),
        })
    }

    /// What quotes are held against.
    #[must_use]
    pub fn programme(&self) -> Programme {
        let notional_min = self.programme.notional_min.as_ref().map_or(Money::ZERO, Decimal::money);
        Programme { within: self.programme.within_bps.rate(), notional_min }
    }

    /// The first rule broken, with its key in the table.
    pub(super) fn broken_rule(&self) -> Option<(String, &'static str)> {
        if self.sample_interval.span().0 <= 0 {
            return Some(("sample_interval".to_owned(), "must be above zero"));
        }
        if self.samples_max < 16 {
            return Some(("samples_max".to_owned(), "must be at least 16"));
        }
        if self.programme.within_bps.rate() <= Rate(0) {
            return Some(("programme.within_bps".to_owned(), "must be above zero"));
        }
        let conversion = self.conversion.as_ref()?;
        let own = &conversion.currency;
        if own.is_empty() {
            return Some(("conversion.currency".to_owned(), "is empty"));
        }
        if conversion.rates.is_empty() {
            return Some(("conversion.rates".to_owned(), "is empty: name what is to be converted"));
        }
        let itself = conversion.rates.contains_key(own);
        itself.then(|| (format!("conversion.rates.{own}"), "is what the others are counted in"))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    const REPLAY: &str = include_str!("../../../../config/replay.toml");

    /// The shipped configuration with lines below `[report]`.
    fn with(lines: &str) -> String {
        REPLAY.replacen("[report]\n", &format!("[report]\n{lines}\n"), 1)
    }

    fn parse(lines: &str) -> Result<Config, String> {
        Config::parse(&with(lines), Path::new("some.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn rates_are_read_as_they_are_stated() {
        assert_eq!(parse("").unwrap().report.conversion(), None);
        let config = parse("conversion = { currency = \"USDT\", rates = { ETH = \"2634.5\" } }").unwrap();
        let conversion = config.report.conversion().unwrap();
        assert_eq!(conversion.currency, "USDT");
        assert_eq!(conversion.rate("ETH").map(|rate| (rate.mantissa, rate.scale)), Some((26_345, 1)));
        assert_eq!(conversion.rate("BTC"), None);
    }

    #[test]
    fn a_programme_is_ten_basis_points_and_any_size_unless_stated() {
        let of = |lines: &str| parse(lines).map(|config| config.report.programme());
        let any = Programme { within: Rate::from_bps(10), notional_min: Money::ZERO };
        assert_eq!(of(""), Ok(any));
        let stated = Programme { within: Rate(25_000), notional_min: Money(5_000 * Money::ONE.0) };
        assert_eq!(of("programme = { within_bps = 2.5, notional_min = \"5000\" }"), Ok(stated));
        let line = 1 + with("# mark").lines().position(|line| line == "# mark").unwrap();
        let message = of("programme = { within_bps = 0.0 }").unwrap_err();
        let place = format!("some.toml: line {line}: report.programme.within_bps: must be above zero");
        assert_eq!(message, place);
        assert!(of("programme = { notional_min = \"-1\" }").unwrap_err().contains(&format!("line {line}")));
    }

    #[test]
    fn rates_that_say_nothing_are_refused_in_their_place() {
        let line = 1 + with("# mark").lines().position(|line| line == "# mark").unwrap();
        for (stated, key) in [
            ("{ currency = \"\", rates = { ETH = \"1\" } }", "report.conversion.currency"),
            ("{ currency = \"USDT\", rates = {} }", "report.conversion.rates"),
            ("{ currency = \"USDT\", rates = { USDT = \"2\" } }", "report.conversion.rates.USDT"),
        ] {
            let message = parse(&format!("conversion = {stated}")).unwrap_err();
            assert!(message.starts_with(&format!("some.toml: line {line}: {key}: ")), "{message}");
        }
        for stated in ["{ currency = \"USDT\" }", "{ currency = \"USDT\", rates = { ETH = 2600.0 } }"] {
            let message = parse(&format!("conversion = {stated}")).unwrap_err();
            assert!(message.contains(&format!("line {line}")), "{message}");
        }
    }
}
