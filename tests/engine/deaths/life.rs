//! One life of the engine: when it was killed, and how far it had come by what it said and left.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ballast_model::Nanos;
use ballast_runtime::clock::{Stopwatch, wall};

use super::plan::{First, Plan};
use crate::rig::{Running, Venue, wait};

/// How long a segment may take to end.
const ROLL_MAX: Duration = Duration::from_secs(10);

/// How far a life had come when it was killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// It read the journal of the life before, or had not come to that.
    Recovering,
    /// It asked the venue for its rules; no journal of its own was there.
    Asking,
    /// It began its journal, and had not said so.
    Beginning,
    /// The start gate was closed.
    Gate,
    /// Quoting might begin.
    Trading,
    /// The same, and a segment of the journal that had ended was yet to be compressed.
    Rolling,
    /// It had been told to stop.
    Stopping,
    /// It had ended by itself, having been told to.
    Ended,
}

impl Phase {
    pub(super) const ALL: [Self; 8] = [
        Self::Recovering,
        Self::Asking,
        Self::Beginning,
        Self::Gate,
        Self::Trading,
        Self::Rolling,
        Self::Stopping,
        Self::Ended,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Recovering => "recovering",
            Self::Asking => "asking",
            Self::Beginning => "beginning",
            Self::Gate => "start gate",
            Self::Trading => "trading",
            Self::Rolling => "rolling",
            Self::Stopping => "stopping",
            Self::Ended => "ended in order",
        }
    }
}

/// What is known of a life that is over.
#[derive(Debug)]
pub(super) struct Life {
    /// When it was born, by the wall clock.
    pub(super) born: Nanos,
    /// How long it lived.
    pub(super) lived: Duration,
    pub(super) phase: Phase,
    /// The journal that it began.
    pub(super) epoch: Option<u32>,
    /// Seconds it says it took to read the journal before, and from its start until all was known.
    pub(super) recovered: Option<f64>,
    pub(super) known: Option<f64>,
    /// Where it ended by itself: its exit code, which is nothing of a kill.
    pub(super) code: Option<i32>,
    /// What it said.
    pub(super) said: String,
}

/// Journals by epoch.
pub(super) fn epochs(journal: &Path) -> BTreeSet<u32> {
    let entries = std::fs::read_dir(journal).into_iter().flatten().map(|entry| entry.unwrap().file_name());
    entries.filter_map(|name| name.to_str()?.parse().ok()).collect()
}

/// Where the journal of an epoch is.
pub(super) fn folder_of(journal: &Path, epoch: u32) -> PathBuf {
    journal.join(format!("{epoch:04}"))
}

/// Files of segments, by how their names end.
fn files(journal: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(journal).into_iter().flatten().map(|entry| entry.unwrap().file_name());
    entries.filter_map(|name| Some(name.to_str()?.split_once('.')?.1.to_owned())).collect()
}

/// Segments that were begun.
fn segments(journal: &Path) -> usize {
    files(journal).len()
}

/// True where a segment has ended that is not compressed, or only half.
fn is_rolling(journal: &Path) -> bool {
    files(journal).iter().filter(|end| *end != "journal.zst").count() > 1
}

impl Life {
    /// Lives and dies as planned.
    pub(super) fn lived(venue: &Venue, folder: &Path, plan: &Plan) -> Self {
        let journal = folder.join("journal");
        let before = epochs(&journal);
        let (born, watch) = (wall(), Stopwatch::start());
        let engine = Running::start(&mut venue.engine(folder, "run --config run.toml --live --json"));
        wait(plan.after);
        match plan.first {
            First::Nothing => {}
            First::Stop(more) => {
                engine.signal("TERM");
                wait(more);
            }
            First::Roll(more) => {
                let began = || epochs(&journal).difference(&before).last().copied();
                let rolls = || began().is_some_and(|epoch| segments(&folder_of(&journal, epoch)) > 1);
                while !rolls() && watch.elapsed() < ROLL_MAX {
                    wait(Duration::from_micros(300));
                }
                wait(more);
            }
        }
        let lived = watch.elapsed();
        engine.signal("KILL");
        let run = engine.ended();
        let epoch = epochs(&journal).difference(&before).last().copied();
        let said = run.err;
        let seconds = |before: &str| {
            let (_, rest) = said.split_once(before)?;
            rest.split_whitespace().next()?.parse().ok()
        };
        let (recovered, known) = (seconds("recovered in "), seconds("all is known and agrees, "));
        let began = epoch.map(|epoch| folder_of(&journal, epoch));
        let phase = match &began {
            _ if run.code.is_some() => Phase::Ended,
            _ if said.contains("stopping: ") => Phase::Stopping,
            None if recovered.is_none() && !before.is_empty() => Phase::Recovering,
            None => Phase::Asking,
            Some(_) if !said.contains("running; journal: ") => Phase::Beginning,
            // A first life does not say when all is known.
            Some(_) if known.is_none() && (recovered.is_some() || !said.contains("takes orders")) => {
                Phase::Gate
            }
            Some(began) if is_rolling(began) => Phase::Rolling,
            Some(_) => Phase::Trading,
        };
        Self { born, lived, phase, epoch, recovered, known, code: run.code, said }
    }
}

impl fmt::Display for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let epoch = self.epoch.map_or_else(|| "-".to_owned(), |epoch| epoch.to_string());
        let seconds = |at: Option<f64>| at.map_or_else(|| "-".to_owned(), |at| format!("{at:.3}"));
        write!(
            f,
            "killed after {:.3} s, {:<14} epoch {epoch:>4}, recovered in {:>6} s, known after {:>6} s",
            self.lived.as_secs_f64(),
            self.phase.name(),
            seconds(self.recovered),
            seconds(self.known)
        )
    }
}
