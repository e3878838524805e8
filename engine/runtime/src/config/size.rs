//! Sizes as configuration writes them.

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::Decimal;

/// A size, in one of three ways.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Size {
    /// In the instrument's size steps.
    Lots(i64),
    /// In base units (contracts for inverse instruments), a decimal on the lot grid.
    Base(Decimal),
    /// In quote currency at the first known midpoint, rounded down to the lot grid, at least one lot.
    Quote(Decimal),
}

/// The table as it may be written, to say what is wrong with it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SizeTable {
    lots: Option<i64>,
    base: Option<Decimal>,
    quote: Option<Decimal>,
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let SizeTable { lots, base, quote } = SizeTable::deserialize(deserializer)?;
        match (lots, base, quote) {
            (Some(lots), None, None) => Ok(Self::Lots(lots)),
            (None, Some(base), None) => Ok(Self::Base(base)),
            (None, None, Some(quote)) => Ok(Self::Quote(quote)),
            (lots, base, quote) => {
                let named = [("lots", lots.is_some()), ("base", base.is_some()), ("quote", quote.is_some())];
                let given: Vec<_> =
                    named.iter().filter(|(_, given)| *given).map(|(name, _)| format!("`{name}`")).collect();
                let given = if given.is_empty() { "none".to_owned() } else { given.join(" and ") };
                Err(D::Error::custom(format_args!(
                    "a size is given in one unit, `lots`, `base` or `quote`; here is {given}"
                )))
            }
        }
    }
}
