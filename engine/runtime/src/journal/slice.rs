//! A range of a journal as a journal of its own.

use std::path::Path;

use ballast_journal::{Draft, Entry, Record};
use ballast_model::Nanos;

use super::disk::Files;
use super::press::press_left;
use super::segments::{Kept, Segments};
use super::{AtRest, History, JournalError, Meta, Step};

/// Cuts the records numbered `from` to `to`, both included, into a new journal in `folder`, which is empty or not there; numbered
/// from one on, compressed. Its headers say where it was cut from: one that does not begin at the first record can be read, and not decided
/// again. Nothing is written where the range holds no record but the ends of blocks.
///
/// # Errors
/// [`JournalError::NotEmpty`], [`JournalError::NoRecords`], damage, or files that cannot be written.
pub fn slice(history: &History, from: u64, to: u64, folder: &Path) -> Result<Kept, JournalError> {
    let failed = |error| JournalError::Io { path: folder.to_owned(), error };
    if folder.exists() && std::fs::read_dir(folder).map_err(failed)?.next().is_some() {
        return Err(JournalError::NotEmpty(folder.to_owned()));
    }
    let meta =
        |why| JournalError::Meta { path: history.segments().first().cloned().unwrap_or_default(), why };
    let mut text = Meta::parse(&history.header().meta).map_err(meta)?;
    // Records are numbered from one on, in what a slice is cut from as well.
    let before = text.cut_from.map_or(0, |before| before.saturating_sub(1));
    text.cut_from = Some(from.max(1).saturating_add(before));
    let mut cut: Option<Segments> = None;
    history.walk(|record| {
        if record.seq > to {
            return Ok::<_, JournalError>(Step::Stop);
        }
        let Some(draft) = draft_of(record).filter(|_| record.seq >= from) else { return Ok(Step::On) };
        let segments = match &mut cut {
            Some(cut) => cut,
            None => {
                std::fs::create_dir_all(folder).map_err(failed)?;
                cut.insert(Segments::begin(folder, text.to_bytes(), Box::new(Files), u64::MAX)?)
            }
        };
        segments.append(record.now, &draft)?;
        Ok(Step::On)
    })?;
    let mut segments = cut.ok_or(JournalError::NoRecords { from, to })?;
    segments.append(Nanos(0), &Draft::End)?;
    segments.flush()?;
    segments.sync()?;
    let kept = segments.kept();
    drop(segments);
    // At rest it is like any other; where it cannot be compressed it stays as it is.
    press_left(folder, AtRest::Compressed);
    Ok(kept)
}

/// What a record says, to be recorded again; the ends of blocks come of themselves.
const fn draft_of<'a>(record: &Record<'a>) -> Option<Draft<'a>> {
    match record.entry {
        Entry::Event(event) => Some(Draft::Event(event)),
        Entry::Batch(batch) => Some(Draft::Batch(batch)),
        Entry::Command(command) => Some(Draft::Command(command)),
        Entry::Checkpoint(checkpoint) => Some(Draft::Checkpoint(checkpoint)),
        Entry::Carried(word) => Some(Draft::Carried(word)),
        Entry::Block(_) | Entry::End(_) => None,
    }
}
