//! A journal that is kept by whoever writes it, turn by turn: a simulated world has no threads and a time of its own.

use std::path::Path;

use ballast_model::{Nanos, Span};

use super::disk::Disk;
use super::keeper::{Keeper, Sync, Task, Turn};
use super::ring::RingReader;
use super::segments::Kept;
use super::{Journal, JournalError, Options};

/// The end of a journal that moves what is stored to the disk.
#[derive(Debug)]
pub struct Hand {
    keeper: Keeper<RingReader>,
    sync_every: Span,
    /// When all was last on the disk; `None` before the first turn.
    synced: Option<Nanos>,
}

impl Hand {
    /// Begins a journal as [`Journal::open_on`] does, without a thread that keeps it. Dropped with the journal it is left as if the
    /// process had died.
    ///
    /// # Errors
    /// As [`Journal::open_on`].
    pub fn open(
        disk: Box<dyn Disk>,
        folder: &Path,
        meta: Vec<u8>,
        options: &Options,
    ) -> Result<(Journal, Self), JournalError> {
        let (journal, keeper) = Journal::begin(disk, folder, meta, options)?;
        Ok((journal, Self { keeper, sync_every: options.sync_every, synced: None }))
    }

    /// Moves what is stored, and syncs what was moved where that is due. What cannot be written is tried again at the next turn.
    ///
    /// # Errors
    /// What cannot be tried again: nothing is kept from then on, and the core hears so.
    pub fn turn(&mut self, now: Nanos) -> Result<(), JournalError> {
        let since = *self.synced.get_or_insert(now);
        let sync = if now - since >= self.sync_every { Sync::Due } else { Sync::Later };
        let turned = self.keeper.turn(sync).inspect_err(|_| self.keeper.give_up())?;
        if turned == Turn::Synced {
            self.synced = Some(now);
        }
        Ok(())
    }

    /// Ends the journal as [`Journal::finish`] does.
    ///
    /// # Errors
    /// As [`Journal::finish`].
    pub fn finish(self, journal: Journal) -> Result<Kept, JournalError> {
        journal.finish_by(|journal| {
            journal.set_task(Task::Finish);
            self.keeper.run()
        })
    }
}
