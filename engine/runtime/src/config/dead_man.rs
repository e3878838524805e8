//! The dead man's timer of a run, as configuration writes it.

use std::borrow::Cow;

use ballast_model::Span;
use ballast_venue::binance::trade::{DeadMan, TradeMarket};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::Duration;

/// How long a market waits for a word of ours before it cancels everything by itself: a span, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum DeadManConfig {
    /// It is told to keep no timer.
    Off,
    /// Its timer runs for so long.
    After(Duration),
}

/// Words in one countdown: three may be lost.
const WORDS: u8 = 4;
/// The countdown where none is configured, unless so many instruments need more.
const DEFAULT: Span = Span::from_secs(10);
/// What a market takes.
const LEAST: Span = Span::from_secs(1);
const MOST: Span = Span::from_secs(600);

impl DeadManConfig {
    /// The timer to keep in a market with so many symbols; `None` where it has none. Where nothing is said it is ten seconds, or what so
    /// many symbols need at least.
    #[must_use]
    pub fn timer(asked: Option<Self>, market: TradeMarket, symbols: usize) -> Option<DeadMan> {
        let min = market.dead_man_min(symbols, WORDS)?;
        let countdown = match asked {
            Some(Self::Off) => return None,
            Some(Self::After(countdown)) => countdown.span(),
            None => DEFAULT.max(min),
        };
        Some(DeadMan { countdown, beats: WORDS })
    }

    /// The rule that is broken in a market with so many symbols.
    pub(super) fn broken_rule(self, market: TradeMarket, symbols: usize) -> Option<&'static str> {
        let Self::After(countdown) = self else { return None };
        let countdown = countdown.span();
        if !(LEAST..=MOST).contains(&countdown) || countdown.0 % 1_000_000 != 0 {
            return Some("must be \"off\", or from 1 s to 600 s in whole milliseconds");
        }
        let min = market.dead_man_min(symbols, WORDS)?;
        (countdown < min).then_some(
            "costs more than a quarter of a market's request weight: symbols x weight 10 x 4 words in this time must be at most \
             600 a minute, 4 s for each symbol",
        )
    }
}

impl TryFrom<String> for DeadManConfig {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self::Off);
        }
        Duration::try_from(text).map(Self::After).map_err(|error| format!("{error}, or \"off\""))
    }
}

impl JsonSchema for DeadManConfig {
    fn schema_name() -> Cow<'static, str> {
        "DeadManTimer".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A span of time with its unit, such as \"10s\", or \"off\"",
            "type": "string",
            "pattern": r"^(off|[0-9]+(\.[0-9]+)?(ns|us|ms|s))$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<DeadManConfig, String> {
        DeadManConfig::try_from(text.to_owned())
    }

    #[test]
    fn it_is_on_where_nothing_is_said_and_as_long_as_many_symbols_need() {
        let countdown = |asked, symbols| {
            DeadManConfig::timer(asked, TradeMarket::UsdM, symbols).map(|timer| timer.countdown)
        };
        assert_eq!(countdown(None, 1), Some(Span::from_secs(10)));
        assert_eq!(countdown(None, 2), Some(Span::from_secs(10)));
        assert_eq!(countdown(None, 3), Some(Span::from_secs(12)));
        assert_eq!(countdown(None, 64), Some(Span::from_secs(256)));
        assert_eq!(countdown(Some(read("30s").unwrap()), 1), Some(Span::from_secs(30)));
        assert_eq!(countdown(Some(read("off").unwrap()), 1), None);
        assert_eq!(DeadManConfig::timer(None, TradeMarket::Spot, 1), None, "spot has none");
    }

    #[test]
    fn what_a_market_would_not_take_or_what_costs_too_much_is_refused() {
        let broken = |text: &str, symbols| read(text).unwrap().broken_rule(TradeMarket::UsdM, symbols);
        for (text, symbols) in [("4s", 1), ("12s", 3), ("600s", 1), ("off", 64)] {
            assert_eq!(broken(text, symbols), None, "{text}");
        }
        for text in ["999ms", "601s", "-10s", "10000.5ms", "0s"] {
            assert!(broken(text, 1).is_some_and(|rule| rule.contains("1 s to 600 s")), "{text}");
        }
        for (text, symbols) in [("3999ms", 1), ("11999ms", 3), ("255s", 64)] {
            assert!(broken(text, symbols).is_some_and(|rule| rule.contains("a quarter")), "{text}");
        }
        assert_eq!(read("1s").unwrap().broken_rule(TradeMarket::Spot, 9), None, "spot has no timer");
        let error = read("never").unwrap_err();
        assert!(error.contains("`never`") && error.contains("\"off\""), "{error}");
    }
}
