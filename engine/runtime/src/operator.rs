//! What an operator is to say during a replay, as a file writes it.
//!
//! ```toml
//! [[at]]
//! time = "2024-08-08T00:01:00Z"
//! command = "kill"
//! scope = "all"
//!
//! [[at]]
//! offset = "90s"
//! command = "resume"
//! scope = "all"
//! ```
//!
//! Commands reach the core at their times in the order of these; those of one time in the order they are written.
//!
//! Never here: what a command does.

mod moves;
mod scopes;

use std::path::{Path, PathBuf};

use ballast_core::budget::AMOUNT_MAX;
use ballast_core::shard::OperatorRefusal;
use ballast_model::{
    BudgetGrant, BudgetKind, Event, Lots, Nanos, OperatorAct, OperatorCommand, OperatorId, OperatorScope,
    Price, ReasonCode, Span, Step,
};
use serde::Deserialize;
use toml::value::{Datetime, Offset};

use crate::config::{
    ConfigError, Decimal, Duration, ResolvedInstrument, amount_of, budget_name, grant, rule_of,
};
use moves::{Move, Owner};
pub use scopes::Scopes;

/// A file of commands.
#[derive(Debug)]
pub struct OperatorScript {
    path: PathBuf,
    text: String,
    at: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    at: Vec<Entry>,
}

/// One command.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// When, by our clock (RFC 3339).
    time: Option<String>,
    /// When, after the first message.
    offset: Option<Duration>,
    command: Act,
    /// `all`, a market (`usdm`), an instrument (`usdm ETHUSDT`), or a strategy (`strategy carry`).
    scope: String,
    /// What `confirm` confirms and `adjust` makes true, in the instrument's unit of size; short below zero.
    position: Option<String>,
    /// What `adjust` takes the missing trades to have traded at.
    price: Option<Decimal>,
    /// Whose book, or whose account, something is moved from.
    from: Option<Owner>,
    /// To whose.
    to: Option<Owner>,
    /// What `split` moves, in the instrument's unit of size.
    size: Option<String>,
    /// What `transfer` moves.
    asset: Option<String>,
    /// How much of it; of a budget, what is owned of it from then on.
    amount: Option<Decimal>,
    /// What `grant` is of.
    budget: Option<Budget>,
    /// How long a market's dead man's switch is armed.
    #[serde(rename = "for")]
    armed: Option<Duration>,
    #[serde(default)]
    operator: u16,
    #[serde(default)]
    reason: u16,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Act {
    ReduceOnly,
    Pause,
    Kill,
    Resume,
    ClearLoss,
    Thaw,
    Confirm,
    Adjust,
    Split,
    Merge,
    Transfer,
    Grant,
    Arm,
}

/// A limit that spans shards.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Budget {
    Gross,
    Margin,
    OrdersPerSecond,
    Loss,
}

/// What an operator says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// A command.
    Command(OperatorCommand),
    /// What is owned of a limit that spans shards from here on.
    Grant(BudgetGrant),
}

/// What was said and how the core answered it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Obeyed {
    /// When it reached the core.
    pub at: Nanos,
    /// What.
    pub said: Said,
    /// Whether it was obeyed, and why not.
    pub outcome: Result<(), OperatorRefusal>,
}

impl OperatorScript {
    /// Reads a file.
    ///
    /// # Errors
    /// [`ConfigError`], naming the place and the rule.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::Unreadable { path: path.to_owned(), error })?;
        Self::parse(&text, path)
    }

    /// Reads a text; `path` is only for messages.
    ///
    /// # Errors
    /// [`ConfigError`], naming the place and the rule.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let file: File =
            toml::from_str(text).map_err(|error| ConfigError::Malformed { path: path.to_owned(), error })?;
        Ok(Self { path: path.to_owned(), text: text.to_owned(), at: file.at })
    }

    /// The commands by time, for these instruments, what can be named of them, and data that begin at `begin`.
    ///
    /// # Errors
    /// [`ConfigError`], naming the place and the rule: a scope that no command could ever be obeyed at, a time before the
    /// data begin.
    pub fn resolve(
        &self,
        instruments: &[ResolvedInstrument],
        scopes: &Scopes,
        begin: Nanos,
    ) -> Result<Vec<(Nanos, Event)>, ConfigError> {
        let command = |(index, entry): (usize, &Entry)| {
            let rule = |(key, rule): (&str, String)| {
                rule_of(&self.path, &self.text, &format!("at.{index}.{key}"), rule)
            };
            let at = entry.time(begin).map_err(rule)?;
            let scope = scopes.scope(&entry.scope).map_err(|why| rule(("scope", why)))?;
            entry.fits(scope, scopes).map_err(|why| rule(("scope", why.to_owned())))?;
            if entry.command == Act::Grant {
                return Ok((at, Event::Grant(entry.grant(scopes).map_err(rule)?)));
            }
            let act = entry.act(at, scope, scopes, instruments).map_err(rule)?;
            let (operator, reason) = (OperatorId(entry.operator), ReasonCode(entry.reason));
            Ok((at, Event::Operator(OperatorCommand { scope, act, operator, reason })))
        };
        let mut commands =
            self.at.iter().enumerate().map(command).collect::<Result<Vec<_>, ConfigError>>()?;
        commands.sort_by_key(|(at, _)| *at);
        // By time, not as written: an older grant would be none. The configuration's is the first.
        let grants = commands
            .iter_mut()
            .filter_map(|(_, event)| if let Event::Grant(grant) = event { Some(grant) } else { None });
        (2..).zip(grants).for_each(|(seq, grant)| grant.grant.seq = seq);
        Ok(commands)
    }
}

impl Entry {
    fn time(&self, begin: Nanos) -> Result<Nanos, (&'static str, String)> {
        let (key, at) = match (&self.time, self.offset) {
            (Some(text), None) => ("time", instant(text).map_err(|why| ("time", why))?),
            (None, Some(offset)) => ("offset", begin + offset.span()),
            (Some(_), Some(_)) | (None, None) => {
                return Err(("command", "needs one of `time` and `offset`".to_owned()));
            }
        };
        if at < begin { Err((key, "is before the data begin".to_owned())) } else { Ok(at) }
    }

    /// Refuses what the core could only refuse, whatever happens until then.
    fn fits(&self, scope: OperatorScope, scopes: &Scopes) -> Result<(), &'static str> {
        match (self.command, scope) {
            (Act::ClearLoss, OperatorScope::Venue(_)) => {
                Err("losses are limited for an instrument, for a strategy and for everything")
            }
            (Act::ClearLoss, OperatorScope::All) if !scopes.has_portfolio() => {
                Err("a loss of everything is limited by a [risk] table")
            }
            (
                Act::Grant,
                OperatorScope::Instrument(_) | OperatorScope::Strategy(_) | OperatorScope::Venue(_),
            ) => Err("a budget is of everything: `all`"),
            (Act::Arm, OperatorScope::Instrument(_) | OperatorScope::Strategy(_) | OperatorScope::All) => {
                Err("a dead man's switch is a market's")
            }
            (Act::Thaw, OperatorScope::Strategy(_) | OperatorScope::Venue(_) | OperatorScope::All) => {
                Err("a freeze is one instrument's")
            }
            (
                Act::Confirm | Act::Adjust,
                OperatorScope::Strategy(_) | OperatorScope::Venue(_) | OperatorScope::All,
            ) => Err("a position is one instrument's"),
            _ => Ok(()),
        }
    }

    /// What is granted of a budget, still without its number.
    fn grant(&self, scopes: &Scopes) -> Result<BudgetGrant, (&'static str, String)> {
        self.what().unused(self.command)?;
        let kind = match self.budget {
            Some(Budget::Gross) => BudgetKind::Gross,
            Some(Budget::Margin) => BudgetKind::Margin,
            Some(Budget::OrdersPerSecond) => BudgetKind::OrderRate,
            Some(Budget::Loss) => BudgetKind::Loss,
            None => return Err(("command", "needs a `budget`".to_owned())),
        };
        if !scopes.divides(kind) {
            return Err(("budget", format!("[risk.budgets] has no `{}`", budget_name(kind))));
        }
        let amount = self.amount.as_ref().and_then(|amount| match kind {
            BudgetKind::Gross | BudgetKind::Margin | BudgetKind::Loss => Some(amount_of(amount)),
            BudgetKind::OrderRate => {
                let whole = amount.steps(Step { mantissa: 1, scale: 0 })?;
                u128::try_from(whole).ok()
            }
        });
        let amount = amount.filter(|amount| *amount <= AMOUNT_MAX);
        Ok(grant(kind, 0, amount.ok_or_else(|| ("amount", "is no amount of this budget".to_owned()))?))
    }

    fn what(&self) -> Move<'_> {
        Move {
            from: self.from.as_ref(),
            to: self.to.as_ref(),
            size: self.size.as_deref(),
            asset: self.asset.as_deref(),
            amount: self.amount.as_ref(),
        }
    }

    /// The price of an adjustment.
    fn price(
        &self,
        scope: OperatorScope,
        instruments: &[ResolvedInstrument],
    ) -> Result<Price, (&'static str, String)> {
        let price = self.price.as_ref().ok_or_else(|| ("command", "needs a `price`".to_owned()))?;
        let OperatorScope::Instrument(id) = scope else {
            return Err(("scope", "a position is one instrument's".to_owned()));
        };
        let spec = instruments.get(id.index()).map(|one| one.found.spec);
        let ticks = spec.and_then(|spec| {
            let within = |ticks: &i64| (spec.price_min.0..=spec.price_max.0).contains(ticks);
            price.steps(spec.tick).filter(within)
        });
        ticks
            .map(Price)
            .ok_or_else(|| ("price", "is no whole number of ticks in the instrument's range".to_owned()))
    }

    fn act(
        &self,
        at: Nanos,
        scope: OperatorScope,
        scopes: &Scopes,
        instruments: &[ResolvedInstrument],
    ) -> Result<OperatorAct, (&'static str, String)> {
        let what = self.what();
        what.unused(self.command)?;
        if self.price.is_some() && self.command != Act::Adjust {
            return Err(("price", "is for `adjust` alone".to_owned()));
        }
        if self.budget.is_some() {
            return Err(("budget", "is for `grant` alone".to_owned()));
        }
        if self.armed.is_some() && self.command != Act::Arm {
            return Err(("for", "is for `arm` alone".to_owned()));
        }
        let position = match (self.command, &self.position, scope) {
            (Act::Confirm | Act::Adjust, Some(text), OperatorScope::Instrument(id)) => {
                let lot = instruments.get(id.index()).map(|one| one.found.spec.lot);
                lot.and_then(|lot| lots(text, lot))
                    .ok_or_else(|| ("position", format!("`{text}` is no whole number of lots")))?
            }
            (Act::Confirm | Act::Adjust, ..) => return Err(("command", "needs a `position`".to_owned())),
            (_, Some(_), _) => return Err(("position", "is for `confirm` and `adjust` alone".to_owned())),
            (_, None, _) => Lots::ZERO,
        };
        Ok(match self.command {
            Act::ReduceOnly => OperatorAct::ReduceOnly,
            Act::Pause => OperatorAct::Pause,
            Act::Kill => OperatorAct::Kill,
            Act::Resume => OperatorAct::Resume,
            Act::ClearLoss => OperatorAct::ClearLoss,
            Act::Thaw => OperatorAct::Thaw,
            Act::Confirm => OperatorAct::Confirm(position),
            Act::Adjust => OperatorAct::Adjust { position, price: self.price(scope, instruments)? },
            Act::Arm => {
                let armed = self.armed.map(Duration::span).filter(|span| span.0 > 0);
                let span = armed.ok_or_else(|| ("command", "needs a `for` above zero".to_owned()))?;
                OperatorAct::Arm(at + span)
            }
            Act::Grant => return Err(("command", "is a grant".to_owned())),
            Act::Split | Act::Merge => return what.position(scope, scopes.books(), instruments),
            Act::Transfer => return what.cash(scope, scopes.books(), scopes.assets()),
        })
    }
}

/// A signed decimal as whole lots.
fn lots(text: &str, lot: Step) -> Option<Lots> {
    let (sign, decimal) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let fraction = decimal.split_once('.').map_or("", |(_, fraction)| fraction.trim_end_matches('0'));
    let finest = Step { mantissa: 1, scale: lot.scale }.steps_floor(decimal)?;
    let mantissa = i64::try_from(lot.mantissa).ok()?;
    let whole = fraction.len() <= usize::from(lot.scale) && finest.checked_rem(mantissa)? == 0;
    whole.then_some(Lots(sign * finest.checked_div(mantissa)?))
}

/// A point in time of RFC 3339 with its offset, between 1970 and 2199.
pub(crate) fn instant(text: &str) -> Result<Nanos, String> {
    let refusal = || format!("`{text}` is no time such as 2024-08-08T00:01:00Z");
    let stated: Datetime = text.parse().map_err(|_| refusal())?;
    let (Some(date), Some(time), Some(offset)) = (stated.date, stated.time, stated.offset) else {
        return Err(refusal());
    };
    let minutes = match offset {
        Offset::Z => 0,
        Offset::Custom { minutes } => i64::from(minutes),
    };
    if !(1970..2200).contains(&date.year) {
        return Err(refusal());
    }
    let days = days(date.year.into(), date.month.into(), date.day.into());
    let hours = days * 24 + i64::from(time.hour);
    let seconds = (hours * 60 + i64::from(time.minute) - minutes) * 60 + i64::from(time.second);
    Ok(Nanos(0) + Span::from_secs(seconds) + Span(i64::from(time.nanosecond)))
}

/// Days since 1970-01-01 of a date of the Gregorian calendar (Hinnant 2013, "chrono-compatible low-level date algorithms",
/// `days_from_civil`), of years above zero.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_points_whatever_their_offset() {
        let secs = |text| instant(text).map(|at| at.0 / 1_000_000_000);
        assert_eq!(secs("1970-01-01T00:00:00Z"), Ok(0));
        assert_eq!(secs("2024-08-08T00:01:00Z"), Ok(1_723_075_260));
        assert_eq!(secs("2024-08-08T02:01:00+02:00"), Ok(1_723_075_260));
        assert_eq!(secs("2000-02-29T23:59:59Z"), Ok(951_868_799));
        assert_eq!(instant("2024-08-08T00:01:00.25Z").map(|at| at.0 % 1_000_000_000), Ok(250_000_000));
        for bad in ["", "2024-08-08", "2024-08-08T00:01:00", "soon", "1969-12-31T23:59:59Z"] {
            assert!(instant(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn positions_are_whole_lots() {
        let lot = Step { mantissa: 5, scale: 3 };
        assert_eq!(lots("0.01", lot), Some(Lots(2)));
        assert_eq!(lots("-1.0050", lot), Some(Lots(-201)));
        assert_eq!(lots("0", lot), Some(Lots(0)));
        for bad in ["0.001", "0.0051", "", "-", "1e3", "--1"] {
            assert_eq!(lots(bad, lot), None, "{bad}");
        }
    }
}
