//! What the core noted of each instrument, and why an instrument is not quoted.

use ballast_core::gate::{Gate, GateState, Rule};
use ballast_core::model::Hold;
use ballast_core::trigger::Watched;
use ballast_model::InstrumentId;
use ballast_runtime::config::Unquoted;
use ballast_runtime::job::{Mode, Played, Prepared};
use ballast_runtime::replay::{InstrumentNotes, NoteCount};
use serde_json::{Map, Value, json};

use crate::report;

/// What is said of one instrument.
pub(crate) struct Said<'a> {
    id: InstrumentId,
    name: String,
    noted: &'a InstrumentNotes,
    played: &'a Played,
    /// Why it is only followed.
    unquoted: Option<Unquoted>,
    /// Whether anything at all was to be quoted, and whether another instrument is.
    mode: Mode,
    others: bool,
    /// Whether its exits watch a mark price that the data has not.
    exits_blind: bool,
}

/// What is to be said of each instrument, in their order.
pub(crate) fn of<'a>(mode: Mode, prepared: &Prepared<'_>, played: &'a Played) -> Vec<Said<'a>> {
    let ids = || (0..=u16::MAX).map(InstrumentId);
    let others = ids().take(prepared.instruments.len()).any(|id| played.shard.is_quoted(id));
    let instruments = ids().zip(&prepared.instruments).zip(&played.notes.instruments);
    instruments
        .zip(prepared.unquoted())
        .map(|(((id, one), noted), unquoted)| Said {
            id,
            name: one.found.name(),
            noted,
            played,
            unquoted,
            mode,
            others,
            exits_blind: played.shard.exits_watch(id) == Some(Watched::Mark) && !prepared.has_marks(id),
        })
        .collect()
}

/// Counts of notes by name.
pub(crate) fn counts(notes: &[NoteCount]) -> Map<String, Value> {
    notes.iter().map(|note| (note.name(), json!(note.count))).collect()
}

impl Said<'_> {
    /// Lines for a person: what was noted, and why no quote stands at the end.
    pub(crate) fn lines(&self) -> Vec<String> {
        let counts = self.noted.notes.iter().map(|note| format!("{} {}", note.name(), note.count));
        let counts = counts.collect::<Vec<_>>().join(", ");
        let noted = (!counts.is_empty()).then(|| format!("{}: noted {counts}", self.name));
        noted.into_iter().chain(self.lacks()).collect()
    }

    /// Lines for a person: which exits cannot fire, and why no quote stands at the end.
    pub(crate) fn lacks(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.exits_blind {
            let why = "exits watch the mark price, which the data has not: none can fire";
            lines.push(format!("{}: {why}", self.name));
        }
        // A market left out beside one that is quoted is followed, as asked for.
        let followed = self.unquoted == Some(Unquoted::LeftOut) && self.others;
        if let Some(why) = self.why().filter(|_| !followed) {
            let since = match (self.unquoted, self.noted.stood_at) {
                (Some(_), _) => "not quoted".to_owned(),
                (None, Some(at)) => format!("not quoted since {}", report::time_text(at)),
                (None, None) => "never quoted".to_owned(),
            };
            lines.push(format!("{}: {since}: {why}", self.name));
        }
        lines
    }

    /// Names and counts of its notes.
    pub(crate) fn notes(&self) -> Map<String, Value> {
        counts(&self.noted.notes)
    }

    /// Whether a quote stands at the end, when one last did, and what the core says of it.
    pub(crate) fn quoting(&self) -> Value {
        let shard = &self.played.shard;
        let halt = shard.halt(self.id).filter(|_| self.mode == Mode::Quoting);
        let closed = halt.filter(|halt| halt.state != GateState::Active);
        json!({
            "stands": self.noted.stands,
            "stood_at": self.noted.stood_at.map(report::time_text),
            "held": shard.held(self.id).map(Hold::name),
            "gate": halt.map(|halt| halt.state.name()),
            "rule": closed.map(|halt| halt.cause.name()),
            "unquoted": self.unquoted.filter(|_| self.mode == Mode::Quoting).map(Unquoted::name),
            "why": self.why(),
            "exits": self.exits_blind.then_some("no_mark_price"),
        })
    }

    /// Rows of the report's counts.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (String, String)> {
        let notes = self.noted.notes.iter();
        notes
            .map(|note| (format!("{}: {}", self.name, note.name().replace('_', " ")), note.count.to_string()))
    }

    /// Why no quote stands at the end; `None` where one does, or where none was to.
    fn why(&self) -> Option<String> {
        if self.mode == Mode::Idle || self.noted.stands {
            return None;
        }
        if let Some(unquoted) = self.unquoted {
            return Some(unquoted.to_string());
        }
        let shard = &self.played.shard;
        let closed = shard.halt(self.id).filter(|halt| halt.state != GateState::Active);
        let closed = closed.map(|halt| format!("{} ({})", halt.state.name(), halt.cause.name()));
        Some(match (shard.held(self.id), closed) {
            (Some(Hold::Halted) | None, Some(closed)) => closed,
            (Some(hold), _) => hold.name().to_owned(),
            (None, None) if shard.mid(self.id).is_none() => Hold::NoTouch.name().to_owned(),
            (None, None) if shard.cools_until(self.id).is_some() => {
                "an exit fired, and in its cooldown only what reduces is quoted".to_owned()
            }
            (None, None) => match shard.gate(self.id).and_then(mostly_refused) {
                Some((rule, count)) => format!("{count} orders refused, mostly {}", rule.name()),
                None => "nothing holds it; no order stands".to_owned(),
            },
        })
    }
}

/// The rule that refused most orders, and how many all rules refused.
fn mostly_refused(gate: &Gate) -> Option<(Rule, u64)> {
    let all = Rule::ALL.into_iter().map(|rule| gate.refusals(rule)).sum();
    let mostly = Rule::ALL.into_iter().max_by_key(|rule| gate.refusals(*rule))?;
    (all > 0).then_some((mostly, all))
}
