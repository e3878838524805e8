//! A range of a journal as a journal of its own.

use std::path::Path;

use ballast_journal::{Bodies, Entry, Raw, Record};

use super::disk::Files;
use super::segments::{Kept, Segments};
use super::{History, JournalError, Meta, Step};

/// Cuts the records numbered `from` to `to`, both included, into a new journal in `folder`, which is empty or not there; numbered
/// from one on. Its headers say where it was cut from: one that does not begin at the first record can be read, and not decided
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
    let mut cut: Option<(Segments, Bodies)> = None;
    history.walk(|record| {
        if record.seq > to {
            return Ok::<_, JournalError>(Step::Stop);
        }
        if record.seq < from || matches!(record.entry, Entry::Block(_) | Entry::End(_)) {
            return Ok(Step::On);
        }
        let (segments, bodies) = match &mut cut {
            Some(cut) => cut,
            None => {
                std::fs::create_dir_all(folder).map_err(failed)?;
                let segments = Segments::begin(folder, text.to_bytes(), Box::new(Files))?;
                let bodies = Bodies::new(segments.next_seq(), u64::MAX);
                cut.insert((segments, bodies))
            }
        };
        let mut failed = None;
        copy(bodies, record, &mut |raw| failed = failed.take().or(segments.append(raw).err()));
        failed.map_or(Ok(Step::On), Err)
    })?;
    let (mut segments, mut bodies) = cut.ok_or(JournalError::NoRecords { from, to })?;
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
        Entry::Carried(word) => bodies.carried(record.now, word, sink),
        Entry::Block(_) | Entry::End(_) => {}
    }
}
