//! The record of a run, from its journals: the threads keep none besides.

use std::path::Path;

use ballast_analytics::record::InstrumentRecord;
use ballast_core::outbox::Outbox;
use ballast_core::shard::Shard;
use ballast_journal::Entry;
use ballast_model::{Event, Nanos};

use crate::config::{Config, ResolvedInstrument};
use crate::job::{JobError, record_of};
use crate::journal::{History, Meta, Step};
use crate::reload::Reloading;
use crate::replay::{Observer, Recorder};

/// Tells a core once more all that a journal of it says, so that `observer` sees the recorded run; what it decides goes
/// nowhere. Returns the time of the last input.
///
/// # Errors
/// Damage in the journal.
pub(crate) fn relive(
    folder: &Path,
    shard: &mut Shard,
    observer: &mut impl Observer,
) -> Result<Option<Nanos>, JobError> {
    let mut out = Outbox::new(shard.commands_per_event_max());
    let mut ended_at = None;
    let history = History::open_whole(folder)?;
    let mut reloading = Reloading::of(&Meta::parse(&history.header().meta).map_err(JobError::Recorded)?)?;
    history.walk(|record| {
        if record.entry.is_input() {
            ended_at = Some(record.now);
            observer.before(record.now, shard);
        }
        match record.entry {
            Entry::Batch(batch) => shard.on_batch(&batch, record.now, &mut out),
            Entry::Event(event) => {
                reloading.hear(&event, shard);
                shard.on_event(&event, record.now, &mut out);
                // As in a replay: of everything but markets and timers.
                if event.market().is_none() && event != Event::Timer {
                    observer.after(&event, record.now, shard);
                }
            }
            Entry::Command(_)
            | Entry::Checkpoint(_)
            | Entry::Carried(_)
            | Entry::Block(_)
            | Entry::End(_) => {}
        }
        out.clear();
        Ok::<_, JobError>(Step::On)
    })?;
    Ok(ended_at)
}

/// What a shard did, by its instruments.
///
/// # Errors
/// Damage in the journal, or a core that cannot be built.
pub fn recorded(
    config: &Config,
    folder: &Path,
    meta: &Meta,
    instruments: &[ResolvedInstrument],
) -> Result<Vec<InstrumentRecord>, JobError> {
    let mut shard = meta.rebuild().map_err(JobError::Recorded)?.shard;
    let programme = config.report.programme();
    let records = instruments.iter().map(|one| record_of(one, programme)).collect();
    let mut recorder = Recorder::new(config.report.recorder(), records);
    let ended_at = relive(folder, &mut shard, &mut recorder)?;
    Ok(recorder.finish(ended_at, &shard))
}
