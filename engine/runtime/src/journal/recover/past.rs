//! What a run of one shard or of several goes on from: a journal for each shard, in a folder of its own below that of each run.
//!
//! Each shard is recovered by itself, from the last run in which it had begun: what it decides on is no other's, so that it does not
//! matter where the others stood. How many shards there are, and what each decides on, stays from run to run.
//!
//! Never here: how one journal is read.

use std::path::{Path, PathBuf};

use ballast_model::{Nanos, Span};

use super::{EPOCH_DIGITS, Recovery, Whose, epochs};
use crate::clock::Stopwatch;
use crate::journal::left::is_written;
use crate::journal::{JournalError, files};

/// What the name of a shard's folder begins with.
const SHARD: &str = "shard-";

/// Bits of an epoch that number the run; those above number the shard, whose order ids are no other's.
const RUN_BITS: u32 = 16;

/// Runs of several shards that may go on from each other: their numbers must fit an epoch beside the shard's.
pub(crate) const RUN_MAX: u32 = (1 << RUN_BITS) - 1;

/// The epoch of a shard in a run of at most [`RUN_MAX`].
pub(crate) const fn epoch_of(run: u32, shard: u16) -> u32 {
    (shard as u32) << RUN_BITS | run
}

/// The run of an epoch of one shard of several.
pub(super) const fn run_of(epoch: u32) -> u32 {
    epoch & RUN_MAX
}

/// Where the journal of a shard is, of a run of several.
pub(crate) fn shard_folder(run: &Path, shard: u16) -> PathBuf {
    run.join(format!("{SHARD}{shard}"))
}

/// What the next run begins with, by shard.
#[derive(Debug)]
pub struct Past {
    /// By shard; `None` for one of which nothing was ever recorded, because the only runs there were died before they had begun.
    pub shards: Vec<Option<Recovery>>,
    /// The number of the next run: above all that there were.
    pub run: u32,
    folder: PathBuf,
}

impl Past {
    /// Recovers what a folder holds: as [`Recovery::of`] for one shard, and so for each where there are several.
    ///
    /// # Errors
    /// As [`Recovery::of`], for any shard.
    pub fn of(folder: &Path) -> Result<Self, JournalError> {
        let epochs = epochs(folder)?;
        let last = last_shard(&epochs);
        let shards = match last {
            None => vec![Some(Recovery::of(folder)?)],
            Some(last) => {
                (0..=last).map(|shard| of_shard(folder, &epochs, shard)).collect::<Result<_, _>>()?
            }
        };
        if shards.iter().all(Option::is_none) {
            return Err(JournalError::Empty(folder.to_owned()));
        }
        let next = |past: &Recovery| last.map_or(past.next_epoch, |_| run_of(past.next_epoch));
        let run = shards.iter().flatten().map(next).max().unwrap_or(1);
        Ok(Self { shards, run, folder: folder.to_owned() })
    }

    /// What a run goes on with; `None` where the folder is not there, or nothing was ever recorded in it.
    ///
    /// # Errors
    /// As [`Past::of`], and [`JournalError::Living`].
    pub fn if_any(folder: &Path) -> Result<Option<Self>, JournalError> {
        let is_empty = std::fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none());
        if is_empty {
            return Ok(None);
        }
        let epochs = epochs(folder)?;
        let shards: Vec<_> = last_shard(&epochs).into_iter().flat_map(|last| 0..=last).collect();
        let its = |(_, run): (u32, PathBuf)| {
            shards.iter().map(|shard| shard_folder(&run, *shard)).chain([run.clone()]).collect::<Vec<_>>()
        };
        let mut all = epochs.into_iter().rev().flat_map(its).chain([folder.to_owned()]);
        match all.find(|path| is_written(path)) {
            Some(living) => Err(JournalError::Living(living)),
            None => match Self::of(folder) {
                Err(JournalError::Empty(_)) => Ok(None),
                found => found.map(Some),
            },
        }
    }

    /// Where the journals of the next run are to be, and its number.
    #[must_use]
    pub fn next(&self) -> (PathBuf, u32) {
        (self.folder.join(format!("{:0EPOCH_DIGITS$}", self.run)), self.run)
    }

    /// When the last of the shards was recorded last: the next run's time is never before it.
    #[must_use]
    pub fn at(&self) -> Nanos {
        self.recoveries().map(|past| past.at).max().unwrap_or(Nanos::MIN)
    }

    /// From when on the next run asks its venues for trades, for the shard that knows least: see [`Recovery::asks_since`].
    #[must_use]
    pub fn asks_since(&self, silence_max: Span) -> Nanos {
        self.recoveries().map(|past| past.asks_since(silence_max)).min().unwrap_or(Nanos::MIN)
    }

    /// Those of which something was recorded.
    pub fn recoveries(&self) -> impl Iterator<Item = &Recovery> {
        self.shards.iter().flatten()
    }
}

/// The last of the shards that the runs were of; `None` where they are of one, whose journal has no folder of its own.
fn last_shard(epochs: &[(u32, PathBuf)]) -> Option<u16> {
    let entries = epochs.iter().filter_map(|(_, run)| std::fs::read_dir(run).ok()).flatten().flatten();
    let number = |name: String| name.strip_prefix(SHARD).and_then(|number| number.parse().ok());
    entries.filter_map(|entry| number(entry.file_name().into_string().ok()?)).max()
}

/// One shard, from the last run in which it had begun.
fn of_shard(folder: &Path, epochs: &[(u32, PathBuf)], shard: u16) -> Result<Option<Recovery>, JournalError> {
    let watch = Stopwatch::start();
    let last = epochs.last().map_or(0, |(last, _)| *last);
    let journals: Vec<_> = epochs.iter().map(|(_, run)| (run, shard_folder(run, shard))).collect();
    // The folders of all shards are made before any of them records.
    let gone = journals.iter().filter(|(run, journal)| !journal.exists() && was_recorded(run));
    let damage = gone.map(|(_, journal)| format!("{} is gone", journal.display())).collect();
    let paths = journals.iter().map(|(_, journal)| journal.clone()).filter(|journal| journal.exists());
    match Recovery::last_begun(folder, paths.collect(), Whose::Shard { shard, last }, damage, &watch) {
        Err(JournalError::Empty(_)) => Ok(None),
        found => found.map(Some),
    }
}

/// Whether any shard of a run has a segment.
fn was_recorded(run: &Path) -> bool {
    let entries = std::fs::read_dir(run).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| files::segments(&entry.path()).is_ok_and(|segments| !segments.is_empty()))
}
