//! The file of rules.

use ballast_model::{Span, Step};
use serde::Deserialize;

use super::rule::{Channel, FaultSpec, Kind};
use crate::seam::{Front, Regrid};

/// Longest span a rule may name: a day.
const SPAN_MAX: Span = Span::from_secs(86_400);

/// Why rules cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultsError {
    /// It is no TOML, or has keys or values that nobody knows.
    #[error("{0}")]
    Syntax(String),
    /// A rule's value is out of range.
    #[error("fault[{rule}].{key}: {why}")]
    Rule {
        /// Which, from zero on.
        rule: usize,
        /// Its key.
        key: &'static str,
        /// The rule it breaks.
        why: String,
    },
}

/// Rules as they are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultsFile {
    seed: u64,
    rules: Vec<FaultSpec>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    seed: u64,
    #[serde(default)]
    fault: Vec<RawRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    kind: Kind,
    #[serde(default)]
    on: Channel,
    at: Option<String>,
    #[serde(rename = "for")]
    lasts: Option<String>,
    every: Option<String>,
    rate: Option<f64>,
    count: Option<u64>,
    by: Option<String>,
    connections: Option<usize>,
    symbol: Option<String>,
    to: Option<String>,
}

impl FaultsFile {
    /// Reads rules: `seed`, and a list `[[fault]]` of
    ///
    /// * `kind`: see [`Kind`];
    /// * `on`: `market`, `user`, `api`, `rest` or `all` (what it is without the key), where the kind can happen;
    /// * `at`: after how long it begins, such as `"1.5s"`; zero without the key;
    /// * `for`: for how long; `every`: after how long it begins again;
    /// * `rate`: the part of messages that are hit, above 0 and at most 1;
    /// * `count`: how many are hit at most, each time it begins. Without `count`, `for` and `rate` it is one;
    /// * `by`: how much a delay or a clock is off; a clock may be behind, `"-2s"`;
    /// * `connections`: how many are cut or fall silent, the oldest first; all without the key;
    /// * `symbol` and `to`, of `tick-size` and `lot-size`: whose step becomes which, such as `"ETHUSDT"` and `"0.1"`.
    ///
    /// # Errors
    /// [`FaultsError`], which names the place and the rule.
    pub fn parse(text: &str) -> Result<Self, FaultsError> {
        let raw: Raw = toml::from_str(text).map_err(|error| FaultsError::Syntax(error.to_string()))?;
        let rules =
            raw.fault.iter().enumerate().map(|(nth, rule)| read(nth, rule)).collect::<Result<_, _>>()?;
        Ok(Self { seed: raw.seed, rules })
    }

    pub(super) const fn seed(&self) -> u64 {
        self.seed
    }

    pub(super) fn rules(&self) -> &[FaultSpec] {
        &self.rules
    }

    /// Whether a venue can do all that it is told to.
    ///
    /// # Errors
    /// [`FaultsError`], which names the place and the rule.
    pub fn fits(&self, venue: &dyn Front) -> Result<(), FaultsError> {
        for (rule, spec) in self.rules.iter().enumerate() {
            let fits = spec.regrid.as_ref().map_or(Ok(()), |regrid| venue.fits(regrid));
            fits.map_err(|why| FaultsError::Rule { rule, key: "to", why })?;
        }
        Ok(())
    }
}

fn read(nth: usize, raw: &RawRule) -> Result<FaultSpec, FaultsError> {
    let bad = |key, why: &str| FaultsError::Rule { rule: nth, key, why: why.to_owned() };
    let span = |key, text: &Option<String>, low: Span| match text {
        None => Ok(None),
        Some(text) => match span_of(text) {
            Some(span) if (low..=SPAN_MAX).contains(&span) => Ok(Some(span)),
            _ => Err(bad(key, &format!("{text:?} is no span such as \"1.5s\", or out of range"))),
        },
    };
    let kind = raw.kind;
    if raw.on != Channel::All && !kind.places().contains(&raw.on) {
        return Err(bad("on", &never_there(kind)));
    }
    let at = span("at", &raw.at, Span::ZERO)?.unwrap_or(Span::ZERO);
    let lasts = span("for", &raw.lasts, Span(1))?;
    let every = span("every", &raw.every, Span(1))?;
    let low = if kind == Kind::ClockSkew { Span(-SPAN_MAX.0) } else { Span::ZERO };
    let by = span("by", &raw.by, low)?;
    if kind.needs_amount() && by.is_none() {
        return Err(bad("by", "is needed: by how much"));
    }
    if !kind.needs_amount() && by.is_some() {
        return Err(bad("by", "means nothing for this kind"));
    }
    let means_nothing = |key, is_given: bool| {
        if is_given && kind.is_a_deed() { Err(bad(key, "means nothing for this kind")) } else { Ok(()) }
    };
    means_nothing("rate", raw.rate.is_some())?;
    means_nothing("count", raw.count.is_some())?;
    if kind.needs_end() && lasts.is_none() {
        return Err(bad("for", "is needed: for how long"));
    }
    if every.zip(lasts).is_some_and(|(every, lasts)| lasts > every) {
        return Err(bad("for", "is longer than every"));
    }
    let rate = raw.rate.unwrap_or(1.0);
    if !(rate > 0.0 && rate <= 1.0) {
        return Err(bad("rate", "must be above 0 and at most 1"));
    }
    if raw.count == Some(0) {
        return Err(bad("count", "must be above 0"));
    }
    let on_connections = matches!(kind, Kind::Disconnect | Kind::HalfOpen);
    match raw.connections {
        Some(_) if !on_connections => return Err(bad("connections", "means nothing for this kind")),
        Some(0) => return Err(bad("connections", "must be above 0")),
        Some(_) | None => {}
    }
    let once = kind.is_a_deed() || (raw.rate.is_none() && lasts.is_none());
    let count = raw.count.unwrap_or(if once { 1 } else { u64::MAX });
    let spec = FaultSpec {
        kind,
        on: raw.on,
        at,
        lasts,
        every,
        per_million: per_million(rate),
        count,
        by: by.unwrap_or(Span::ZERO),
        connections: raw.connections.unwrap_or(usize::MAX),
        regrid: regrid(raw).map_err(|(key, why)| bad(key, why))?,
    };
    Ok(spec)
}

/// Another step of a symbol's grid, where the kind is one that changes it.
fn regrid(raw: &RawRule) -> Result<Option<Regrid>, (&'static str, &'static str)> {
    let Some(what) = raw.kind.changes() else {
        let given = [("symbol", &raw.symbol), ("to", &raw.to)].into_iter().find(|(_, value)| value.is_some());
        return given.map_or(Ok(None), |(key, _)| Err((key, "means nothing for this kind")));
    };
    let symbol = raw.symbol.clone().ok_or(("symbol", "is needed: of which"))?;
    let to = raw.to.as_deref().ok_or(("to", "is needed: which step"))?;
    let to = Step::parse(to).ok_or(("to", "must be a step such as \"0.1\""))?;
    Ok(Some(Regrid { symbol, what, to }))
}

/// What is said of a fault where it cannot happen.
fn never_there(kind: Kind) -> String {
    let places: Vec<_> = kind.places().iter().map(|place| place.name()).collect();
    match (places.as_slice(), kind.name()) {
        ([], name) => format!("{name} happens to the whole venue: all, or nothing"),
        (_, name) => format!("{name} never happens there: it must be {}, or all", places.join(", ")),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the rate is above zero and at most one"
)]
const fn per_million(rate: f64) -> u32 {
    (rate * 1e6) as u32
}

/// A span as it is written: `1.5s`, `20ms`, `-2s`.
fn span_of(text: &str) -> Option<Span> {
    let units = [("ms", 6), ("us", 3), ("ns", 0), ("s", 9)];
    let (number, digits) =
        units.iter().find_map(|(unit, digits)| Some((text.strip_suffix(unit)?, *digits)))?;
    let (magnitude, sign) = number.strip_prefix('-').map_or((number, 1), |rest| (rest, -1));
    let step = Step { mantissa: 1, scale: digits };
    Some(Span(sign * step.steps_floor(magnitude)?))
}
