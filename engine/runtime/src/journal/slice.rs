//! A range of a journal as a journal of its own.

use std::path::Path;

use ballast_journal::{Bodies, Entry, Raw, Record};

use super::disk::Files;
use super::segments::{Kept, Segments, vacant};
use super::{History, JournalError, Meta, Step};

/// Cuts the records numbered `from` to `to`, both included, into a new journal in `folder`, numbered from one on. Its headers say
/// where it was cut from: one that does not begin at the first record can be read, and not decided again.
///
/// # Errors
/// Damage, or files that cannot be written.
pub fn slice(history: &History, from: u64, to: u64, folder: &Path) -> Result<Kept, JournalError> {
    let meta =
        |why| JournalError::Meta { path: history.segments().first().cloned().unwrap_or_default(), why };
    let mut text = Meta::parse(&history.header().meta).map_err(meta)?;
    text.cut_from = Some(from + text.cut_from.map_or(0, |before| before - 1));
    vacant(folder)?;
    std::fs::create_dir_all(folder).map_err(|error| JournalError::Io { path: folder.to_owned(), error })?;
    let mut segments = Segments::begin(folder, text.to_bytes(), Box::new(Files))?;
    let mut bodies = Bodies::new(segments.next_seq(), u64::MAX);
    history.walk(|record| {
        if record.seq > to {
            return Ok::<_, JournalError>(Step::Stop);
        }
        if record.seq >= from {
            let mut failed = None;
            copy(&mut bodies, record, &mut |raw| failed = failed.take().or(segments.append(raw).err()));
            failed.map_or(Ok(()), Err)?;
        }
        Ok(Step::On)
    })?;
    let mut failed = None;
    bodies.end(&mut |raw| failed = segments.append(raw).err());
    failed.map_or(Ok(()), Err)?;
    segments.flush()?;
    segments.sync()?;
    Ok(segments.kept())
}

/// Records again what a record says; the ends of blocks come of themselves.
fn copy(bodies: &mut Bodies, record: &Record<'_>, sink: &mut impl FnMut(Raw<'_>)) {
    match &record.entry {
        Entry::Event(event) => {
            let told = bodies.event(record.now, event, sink);
            debug_assert!(told.is_ok(), "what was read is a record");
        }
        Entry::Batch(batch) => bodies.batch(record.now, batch, sink),
        Entry::Command(command) => bodies.command(record.now, command, sink),
        Entry::Checkpoint(checkpoint) => bodies.checkpoint(record.now, checkpoint, sink),
        Entry::Block(_) | Entry::End(_) => {}
    }
}
