//! A plan as a file: what a failing run was shrunk to, and runs again as a test.

use std::fmt::Write as _;

use ballast_model::Span;
use serde::Deserialize;

use crate::fault::{Fault, millis};
use crate::plan::{Markets, Plan, Rings};
use crate::profile::Profile;
use crate::report::State;

/// Longest span a scenario may name, in milliseconds: a day.
const MILLIS_MAX: i64 = 86_400_000;
/// The shortest run, in seconds: a start alone takes a few.
const SECONDS_MIN: u32 = 10;

/// Why a scenario cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// It is no TOML, or has keys or values that nobody knows.
    #[error("{0}")]
    Syntax(String),
    /// A value breaks a rule.
    #[error("{key}: {why}")]
    Rule {
        /// Where.
        key: String,
        /// The rule.
        why: String,
    },
}

/// A plan and the profile whose network and market it is played in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// Network and market.
    pub profile: &'static Profile,
    /// What happens.
    pub plan: Plan,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    seed: u64,
    seconds: u32,
    profile: String,
    #[serde(default)]
    markets: RawMarkets,
    #[serde(default)]
    rings: RawRings,
    #[serde(default)]
    fault: Vec<RawFault>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RawMarkets {
    #[default]
    One,
    Hedged,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RawRings {
    #[default]
    Roomy,
    Tight,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFault {
    kind: String,
    at_ms: i64,
    during: Option<String>,
    on: Option<String>,
    venue: Option<usize>,
    for_ms: Option<i64>,
    percent: Option<u32>,
    by_ms: Option<i64>,
    width: Option<u32>,
}

impl Scenario {
    /// Reads a scenario: `seed`, `seconds` (how long), `profile`, `markets` (`one` or `hedged`), `rings` (`roomy` or `tight`), and a list
    /// `[[fault]]` of
    ///
    /// * `kind`: a fault of the simulated venue, or what is done to process and host (`crash`, `power-loss`, `stop`, …);
    /// * `at_ms`: when; `during`: the state of the engine in which it begins, from then on;
    /// * `for_ms`, `by_ms`, `percent`, `on`, `width`: what the kind needs; `venue`: at which of the venues alone.
    ///
    /// # Errors
    /// [`ScenarioError`], which names the place and the rule.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let raw: Raw = toml::from_str(text).map_err(|error| ScenarioError::Syntax(error.to_string()))?;
        let bad = |key: &str, why: String| ScenarioError::Rule { key: key.to_owned(), why };
        let profile = Profile::named(&raw.profile)
            .ok_or_else(|| bad("profile", format!("{:?} is none of calm, mixed, storm", raw.profile)))?;
        if raw.seconds < SECONDS_MIN {
            return Err(bad("seconds", format!("must be {SECONDS_MIN} at least")));
        }
        let markets = match raw.markets {
            RawMarkets::One => Markets::One,
            RawMarkets::Hedged => Markets::Hedged,
        };
        let rings = match raw.rings {
            RawRings::Roomy => Rings::Roomy,
            RawRings::Tight => Rings::Tight,
        };
        let read = |(nth, fault)| read(nth, fault, markets);
        let faults = raw.fault.into_iter().enumerate().map(read).collect::<Result<_, _>>()?;
        let length = Span::from_secs(i64::from(raw.seconds));
        Ok(Self { profile, plan: Plan { seed: raw.seed, length, markets, rings, faults } })
    }

    /// The scenario as [`Scenario::parse`] reads it.
    #[must_use]
    pub fn text(&self) -> String {
        let Plan { seed, length, markets, rings, faults } = &self.plan;
        let markets = match markets {
            Markets::One => "one",
            Markets::Hedged => "hedged",
        };
        let rings = match rings {
            Rings::Roomy => "roomy",
            Rings::Tight => "tight",
        };
        let (seconds, profile) = (millis(*length) / 1_000, self.profile.name);
        let mut text = format!(
            "seed = {seed}\nseconds = {seconds}\nprofile = \"{profile}\"\nmarkets = \"{markets}\"\nrings = \"{rings}\"\n"
        );
        for fault in faults {
            // Writing to a string does not fail.
            let _ = write!(text, "\n[[fault]]\nkind = \"{}\"\nat_ms = {}\n", fault.kind, millis(fault.at));
            let mut word = |key: &str, value: Option<&str>| {
                value.into_iter().for_each(|value| text.push_str(&format!("{key} = \"{value}\"\n")));
            };
            word("during", fault.during.map(State::name));
            word("on", fault.on.as_deref());
            let mut number = |key: &str, value: Option<i64>| {
                value.into_iter().for_each(|value| text.push_str(&format!("{key} = {value}\n")));
            };
            number("venue", fault.venue.and_then(|venue| i64::try_from(venue).ok()));
            number("for_ms", fault.lasts.map(millis));
            number("percent", fault.percent.map(i64::from));
            number("by_ms", fault.by.map(millis));
            number("width", fault.width.map(i64::from));
        }
        text
    }
}

fn read(nth: usize, raw: RawFault, markets: Markets) -> Result<Fault, ScenarioError> {
    let bad = |key: &str, why: String| ScenarioError::Rule { key: format!("fault[{nth}]{key}"), why };
    let span = |key: &str, millis: i64, least: i64| {
        let why = || format!("must be from {least} to {MILLIS_MAX}");
        if (least..=MILLIS_MAX).contains(&millis) {
            Ok(Span::from_millis(millis))
        } else {
            Err(bad(key, why()))
        }
    };
    let some =
        |key: &str, millis: Option<i64>, least| millis.map(|millis| span(key, millis, least)).transpose();
    let during = match raw.during {
        None => None,
        Some(name) => {
            let state = State::named(&name);
            Some(state.ok_or_else(|| bad(".during", format!("{name:?} is no state of the engine")))?)
        }
    };
    if raw.venue.is_some_and(|venue| venue >= markets.venues().len()) {
        return Err(bad(".venue", "there is none of this number".to_owned()));
    }
    if raw.percent.is_some_and(|percent| !(1..=100).contains(&percent)) {
        return Err(bad(".percent", "must be from 1 to 100".to_owned()));
    }
    let fault = Fault {
        kind: raw.kind,
        at: span(".at_ms", raw.at_ms, 0)?,
        during,
        on: raw.on,
        venue: raw.venue,
        lasts: some(".for_ms", raw.for_ms, 1)?,
        percent: raw.percent,
        by: some(".by_ms", raw.by_ms, -MILLIS_MAX)?,
        width: raw.width,
    };
    fault.check().map_err(|why| bad("", why))?;
    Ok(fault)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::PROFILES;

    #[test]
    fn what_is_written_is_read_as_it_was() {
        for profile in &PROFILES {
            for seed in 0..100 {
                let plan = Plan::draw(seed, profile, Span::from_secs(600));
                let scenario = Scenario { profile, plan };
                assert_eq!(Scenario::parse(&scenario.text()), Ok(scenario));
            }
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let head = "seed = 1\nseconds = 60\nprofile = \"calm\"\n";
        let why = |text: &str| Scenario::parse(text).unwrap_err().to_string();
        assert!(why("seed = 1\n").contains("seconds"));
        assert!(why(&format!("{head}colour = 3\n")).contains("colour"));
        assert!(why(&head.replace("calm", "mild")).starts_with("profile: \"mild\""));
        assert!(why(&head.replace("60", "3")).starts_with("seconds: must be 10"));
        for (fault, told) in [
            ("kind = \"gap\"\nat_ms = -1\n", "fault[0].at_ms: must be from 0"),
            ("kind = \"gap\"\nat_ms = 1\nduring = \"lunch\"\n", "fault[0].during: \"lunch\""),
            ("kind = \"gap\"\nat_ms = 1\nvenue = 1\n", "fault[0].venue"),
            ("kind = \"gap\"\nat_ms = 1\npercent = 101\n", "fault[0].percent"),
            ("kind = \"crash\"\nat_ms = 1\n", "fault[0]: crash needs for_ms alone"),
            ("kind = \"meteor\"\nat_ms = 1\n", "fault[0]: "),
        ] {
            let told_so = why(&format!("{head}[[fault]]\n{fault}"));
            assert!(told_so.starts_with(told), "{told_so}");
        }
    }
}
