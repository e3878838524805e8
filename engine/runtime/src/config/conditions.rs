//! What makes the way to the simulated venue slow, and when the venue does not answer, as configuration writes it.
//!
//! Recorded latencies are lines of comma-separated values under the heading `request,venue,response`: when a command was sent,
//! when the venue acted on it and when its answer was heard, in nanoseconds since 1970 on our clock.

use std::path::{Path, PathBuf};

use ballast_exchange::{Conditions, Gateway, LatencyRow, LoadSpec, Outage, OutageKind};
use ballast_model::{Digest, InstrumentId, Nanos, Span};
use ballast_venue::binance::Market;
use schemars::JsonSchema;
use serde::Deserialize;

use super::rules::LATENCY_MAX;
use super::{Config, ConfigError, Duration, MarketConfig, VenueConfig};
use crate::operator::instant;
use crate::replay::Stop;

/// First line of recorded latencies.
const HEADING: &str = "request,venue,response";

/// The rule of a latency.
const LATENCY: &str = "must be from 0 to 60s";

/// Longest outage, and the latest an outage begins after the first message: a year.
const OUTAGE_MAX: Span = Span::from_secs(365 * 86_400);

/// What makes messages slower than the constant latencies say.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LatencyConfig {
    /// Added to the time at which market data reached us; at most 60s.
    pub feed: Option<Duration>,
    /// File of recorded latencies, beside the configuration: lines `request,venue,response` in nanoseconds on our clock under
    /// that heading. They hold instead of `order_latency` and `response_latency`, linear between two lines; each of them is at
    /// most 60s.
    pub recorded: Option<PathBuf>,
    /// How the venue slows down when the market is busy.
    pub load: Option<LoadConfig>,
}

/// Every command waits at the venue, and every report leaves later, by `per_message` for each message of its market beyond
/// `free_messages` within the last `window`, but at most by `max`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadConfig {
    /// Over how long messages are counted; above zero, at most 60s.
    pub window: Duration,
    /// Messages that cost nothing.
    pub free_messages: u32,
    /// What each further one adds; at most 60s.
    pub per_message: Duration,
    /// The most that is added; at most 60s.
    pub max: Duration,
}

/// A window in which the venue, or one market of it, does not work.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutageConfig {
    /// When it begins, by our clock (RFC 3339).
    pub time: Option<String>,
    /// When it begins, after the first message; at most a year.
    pub offset: Option<Duration>,
    /// How long it lasts; at most a year.
    pub duration: Duration,
    /// What becomes of commands that reach the venue in it.
    pub answers: AnswersConfig,
    /// The only market that does not work; none does where absent.
    pub market: Option<MarketConfig>,
    /// What becomes of market data in it.
    #[serde(default)]
    pub feed: OutageFeedConfig,
}

/// What becomes of market data in an outage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OutageFeedConfig {
    /// They go on.
    #[default]
    GoesOn,
    /// None reach us: all that was made reaches us when it has ended, as over a connection that stalls. Begins after the first
    /// message has reached us.
    Stops,
}

/// What an outage answers.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AnswersConfig {
    /// Nothing: commands are lost, and what happens to resting orders is told when it has ended.
    None,
    /// Refusals to orders, amendments and cancels; queries are answered.
    Refusals,
}

impl VenueConfig {
    /// The first rule that latencies and outages break, whatever the data.
    pub(super) fn broken_conditions(&self) -> Option<(String, &'static str)> {
        let is_off = |span: Duration| !(0..=LATENCY_MAX.0).contains(&span.span().0);
        let latency = &self.latency;
        if latency.feed.is_some_and(is_off) {
            return Some(("latency.feed".to_owned(), LATENCY));
        }
        if let Some(load) = latency.load {
            if load.window.span() <= Span::ZERO || is_off(load.window) {
                return Some(("latency.load.window".to_owned(), "must be above zero and at most 60s"));
            }
            for (key, span) in [("per_message", load.per_message), ("max", load.max)] {
                if is_off(span) {
                    return Some((format!("latency.load.{key}"), LATENCY));
                }
            }
        }
        for (index, outage) in self.outages.iter().enumerate() {
            if outage.time.is_some() == outage.offset.is_some() {
                return Some((format!("outages.{index}"), "needs one of `time` and `offset`"));
            }
            if outage.duration.span() <= Span::ZERO || outage.duration.span() > OUTAGE_MAX {
                return Some((
                    format!("outages.{index}.duration"),
                    "must be above zero and at most 31536000s",
                ));
            }
            if outage.offset.is_some_and(|offset| !(0..=OUTAGE_MAX.0).contains(&offset.span().0)) {
                return Some((format!("outages.{index}.offset"), "must be from 0 to 31536000s"));
            }
        }
        None
    }

    /// What is added to the time at which market data reached us.
    #[must_use]
    pub fn feed_latency(&self) -> Span {
        self.latency.feed.map_or(Span::ZERO, Duration::span)
    }
}

/// The gateway of a market.
const fn gateway(market: Market) -> Gateway {
    Gateway(market as u8)
}

/// What makes the venue slow or silent, for instruments of these markets and data that begin at `begin`. Reads the recorded
/// latencies.
///
/// # Errors
/// [`ConfigError`], naming the place and the rule.
pub fn conditions(
    config: &Config,
    path: &Path,
    markets: impl Iterator<Item = Market>,
    begin: Nanos,
) -> Result<Conditions, ConfigError> {
    let venue = &config.venue;
    let recorded = match &venue.latency.recorded {
        Some(name) => {
            let file = path.with_file_name(name);
            let text = std::fs::read_to_string(&file).map_err(|error| {
                config.rule(path, "venue.latency.recorded", format_args!("{}: {error}", file.display()))
            })?;
            recorded(&text, &file)?
        }
        None => Vec::new(),
    };
    let load = venue.latency.load.map(|load| LoadSpec {
        window: load.window.span(),
        free: load.free_messages,
        per_message: load.per_message.span(),
        max: load.max.span(),
    });
    let mut outages: Vec<Outage> = Vec::new();
    for (index, outage) in venue.outages.iter().enumerate() {
        let rule = |rule: &str| config.rule(path, &format!("venue.outages.{index}"), rule);
        let from = match (&outage.time, outage.offset) {
            (Some(text), _) => instant(text).map_err(|why| rule(&why))?,
            (None, offset) => begin + offset.map_or(Span::ZERO, Duration::span),
        };
        if outage.feed == OutageFeedConfig::Stops && from <= begin + venue.feed_latency() {
            return Err(rule("stops market data before the first message has reached us"));
        }
        let at = outage.market.map(|market| gateway(market.into()));
        let shares = |above: &&Outage| at.is_none() || above.gateway.is_none_or(|one| Some(one) == at);
        if outages.iter().filter(shares).any(|above| from < above.until) {
            return Err(rule("begins before one above it has ended"));
        }
        let kind = match outage.answers {
            AnswersConfig::None => OutageKind::Silent,
            AnswersConfig::Refusals => OutageKind::Refuses,
        };
        outages.push(Outage { from, until: from + outage.duration.span(), kind, gateway: at });
    }
    Ok(Conditions { recorded, load, outages, gateways: markets.map(gateway).collect() })
}

/// What tells one file of recorded latencies from another; `None` where there is none.
#[must_use]
pub fn latencies_hash(conditions: &Conditions) -> Option<u64> {
    let mut digest = Digest::new();
    for row in &conditions.recorded {
        for time in [row.sent, row.acted, row.heard] {
            digest.signed(time.0);
        }
    }
    (!conditions.recorded.is_empty()).then(|| digest.value())
}

/// When market data stop, for each tape by the instruments that it carries. `conditions` are those of `config`.
#[must_use]
pub fn stops(config: &Config, conditions: &Conditions, carried: &[Vec<InstrumentId>]) -> Vec<Vec<Stop>> {
    let outages = || config.venue.outages.iter().zip(&conditions.outages);
    let of_tape = |instruments: &Vec<InstrumentId>| {
        let first = instruments.first();
        let at = first.and_then(|id| conditions.gateways.get(usize::from(id.0))).copied();
        outages()
            .filter(|(said, outage)| {
                said.feed == OutageFeedConfig::Stops && (outage.gateway.is_none() || outage.gateway == at)
            })
            .map(|(_, outage)| Stop { from: outage.from, until: outage.until })
            .collect()
    };
    carried.iter().map(of_tape).collect()
}

/// Recorded latencies, as the text of a file.
fn recorded(text: &str, file: &Path) -> Result<Vec<LatencyRow>, ConfigError> {
    rows(text).map_err(|(line, key, rule)| ConfigError::Rule {
        path: file.to_owned(),
        line: Some(line),
        key: key.to_owned(),
        rule: rule.to_owned(),
    })
}

/// The rows of a text; else the line, the column and the rule broken there.
fn rows(text: &str) -> Result<Vec<LatencyRow>, (usize, &'static str, &'static str)> {
    let mut lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    if lines.next().is_none_or(|(heading, _)| heading.trim() != HEADING) {
        return Err((1, HEADING, "is the heading that is expected here"));
    }
    let mut rows: Vec<LatencyRow> = Vec::new();
    for (line, number) in lines {
        let mut cells = line.split(',').map(|cell| cell.trim().parse().ok().filter(|nanos| *nanos >= 0));
        let mut cell = |key| cells.next().flatten().map(Nanos).ok_or((number, key, NUMBER));
        let (sent, acted, heard) = (cell("request")?, cell("venue")?, cell("response")?);
        if cells.next().is_some() {
            return Err((number, HEADING, "are the three columns that are expected here"));
        }
        if rows.last().is_some_and(|above| sent < above.sent) {
            return Err((number, "request", "is before that of the line above"));
        }
        if acted < sent {
            return Err((number, "venue", "is before the request"));
        }
        if heard < acted {
            return Err((number, "response", "is before the venue's time"));
        }
        if acted - sent > LATENCY_MAX {
            return Err((number, "venue", "is more than 60s after the request"));
        }
        if heard - acted > LATENCY_MAX {
            return Err((number, "response", "is more than 60s after the venue's time"));
        }
        rows.push(LatencyRow { sent, acted, heard });
    }
    if rows.is_empty() { Err((1, HEADING, "has no line under it")) } else { Ok(rows) }
}

/// The rule of a cell.
const NUMBER: &str = "must be a whole number of nanoseconds from 0 on";

#[cfg(test)]
mod tests;
