//! What a writer that died left: at the end of the last segment, and in the ring.
//!
//! What is to be made of it is worked out first ([`Left`]), and then written ([`settle`]), or, on a disk that cannot be written,
//! only read.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use ballast_journal::{
    Bodies, Draft, EncoderEnd, Entry, Fault, FaultKind, Form, Framed, Framer, Header, Raw, Reader,
};
use ballast_model::Nanos;

use super::disk::sync_folder;
use super::history::check_end;
use super::press::press_left;
use super::ring::{Ring, RingReader};
use super::segments::{Place, header};
use super::{AtRest, JournalError, files};

/// The disk lost what the ring no longer has.
const GAP: &str = "the segments end before what the ring goes on with";

/// What becomes of one segment.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) path: PathBuf,
    /// So many of its bytes stay; none of a segment that is yet to be begun.
    pub(super) keep: usize,
    /// What follows them.
    pub(super) more: Vec<u8>,
}

/// What a writer that died left.
#[derive(Debug)]
pub(super) struct Left {
    /// Segments whose header is not whole: nothing was recorded in them.
    pub(super) void: Vec<PathBuf>,
    /// The last segment, and those that follow it.
    pub(super) pieces: Vec<Piece>,
    /// Why not all that the ring was told can be read from it.
    pub(super) damage: Option<&'static str>,
    at_rest: AtRest,
    /// Locked as long as this is there.
    _ring: Option<RingReader>,
}

impl Left {
    /// Finds what was left; `None` where nothing was.
    pub(super) fn find(folder: &Path) -> Result<Option<Self>, JournalError> {
        let path = files::ring(folder);
        let ring = match Ring::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                return Err(JournalError::Busy(folder.to_owned()));
            }
            read => read,
        };
        let failed = |error| JournalError::Io { path: path.clone(), error };
        let (mut void, mut segments) = (Vec::new(), files::segments(folder)?);
        let Some(ring) = ring.map_err(failed)? else {
            if segments.is_empty() {
                let at_rest = AtRest::AsWritten;
                return Ok(Some(Self { void, pieces: Vec::new(), damage: None, at_rest, _ring: None }));
            }
            // It is made before the first segment.
            let error = io::Error::new(ErrorKind::InvalidData, "a ring of which nothing is there");
            return Err(failed(error));
        };
        let at_rest = ring.at_rest();
        let (mut ring, since) = ring.left().map_err(failed)?;
        while let Some(path) = segments.pop() {
            let bytes = files::read(&path)?;
            let at = |fault| JournalError::Fault { path: path.clone(), fault };
            let (header, mut reader) = match Reader::new(&bytes) {
                Err(fault) if is_torn(&fault) => {
                    void.push(path);
                    continue;
                }
                begun => begun.map_err(at)?,
            };
            let mut have = count_since(&mut reader, since).map_err(at)?;
            check_end(&path, &reader)?;
            if header.first_seq > since {
                have += count_before(segments, since)?;
            }
            let mut rest = Rest::new(folder, path, header, &reader);
            // A disk that lost power may have lost what the ring no longer has: nothing follows a gap.
            let damage = if since <= reader.next_seq() { rest.take(&mut ring, have) } else { Some(GAP) };
            return Ok(Some(Self { void, pieces: rest.end(), damage, at_rest, _ring: Some(ring) }));
        }
        // A process that dies before its first segment is begun has stored nothing.
        if since > 1 || ring.pop().is_some() {
            return Err(JournalError::Broken { path: void.pop().unwrap_or(path), what: GAP });
        }
        Ok(Some(Self { void, pieces: Vec::new(), damage: None, at_rest, _ring: Some(ring) }))
    }

    /// The segments of its folder as they are once it is written.
    pub(super) fn segments(&self, folder: &Path) -> Result<Vec<PathBuf>, JournalError> {
        let mut segments = files::segments(folder)?;
        segments.retain(|path| !self.void.contains(path));
        segments.extend(self.pieces.iter().filter(|piece| piece.keep == 0).map(|piece| piece.path.clone()));
        Ok(segments)
    }

    /// Writes it. A process that dies meanwhile leaves what can be settled again.
    fn write(&self, folder: &Path) -> Result<(), JournalError> {
        for path in &self.void {
            std::fs::remove_file(path).map_err(|error| JournalError::Io { path: path.clone(), error })?;
        }
        for piece in &self.pieces {
            piece.write().map_err(|error| JournalError::Io { path: piece.path.clone(), error })?;
        }
        if self.pieces.is_empty() {
            return Ok(());
        }
        // Before the ring is gone, which says that there may be more to do.
        press_left(folder, self.at_rest);
        let path = files::ring(folder);
        let done = match self.damage {
            None => std::fs::remove_file(&path),
            // Somebody may find more in it.
            Some(_) => std::fs::rename(&path, files::damaged_ring(folder)).and_then(|()| sync_folder(&path)),
        };
        done.map_err(|error| JournalError::Io { path, error })
    }
}

impl Piece {
    fn write(&self) -> io::Result<()> {
        // One that is compressed has ended, and nothing follows.
        if files::is_pressed(&self.path) {
            return Ok(());
        }
        let mut file = if self.keep > 0 {
            let file = File::options().append(true).open(&self.path)?;
            file.set_len(self.keep as u64)?;
            file
        } else {
            let file = File::create_new(&self.path)?;
            sync_folder(&self.path)?;
            file
        };
        file.write_all(&self.more)?;
        file.sync_data()
    }

    /// All bytes of the segment, and why there are no more of a compressed one that is damaged.
    pub(super) fn read(&self) -> Result<(Vec<u8>, Option<io::Error>), JournalError> {
        if self.keep == 0 {
            return Ok((self.more.clone(), None));
        }
        let (mut bytes, damage) = files::read_as_far(&self.path)?;
        bytes.truncate(self.keep);
        bytes.extend_from_slice(&self.more);
        Ok((bytes, damage))
    }
}

/// What follows the last whole record, being made.
struct Rest<'a> {
    folder: &'a Path,
    /// Number and text of the last segment.
    header: Header,
    bodies: Bodies,
    framer: Framer,
    ended: Option<EncoderEnd>,
    pieces: Vec<Piece>,
}

impl<'a> Rest<'a> {
    /// Goes on where a reader stands.
    fn new(folder: &'a Path, path: PathBuf, header: Header, reader: &Reader<'_>) -> Self {
        let pieces = vec![Piece { path, keep: reader.offset(), more: Vec::new() }];
        let (bodies, framer) = (Bodies::resume(reader, u64::MAX), Framer::resume(reader));
        let mut rest = Self { folder, header, bodies, framer, ended: reader.end(), pieces };
        rest.write(|bodies, sink| bodies.catch_up(&mut |raw| sink(raw)));
        rest
    }

    /// Takes what the ring has, but for the first so many, which the segments have; why that is not all it was told.
    fn take(&mut self, ring: &mut RingReader, have: u64) -> Option<&'static str> {
        for _ in 0..have {
            if ring.pop().is_none() {
                return ring.missing();
            }
        }
        while let Some((now, draft)) = ring.pop() {
            // Nothing comes after, and it is ended anyhow.
            if !matches!(draft, Draft::End) {
                self.record(now, &draft);
            }
        }
        ring.missing()
    }

    fn record(&mut self, now: Nanos, draft: &Draft<'_>) {
        if let Some(end) = self.ended.take() {
            let place = Place { segment: self.header.segment + 1, end };
            let path = files::segment(self.folder, place.segment);
            let mut more = Vec::new();
            self.header = header(&place, &self.header.meta);
            self.framer = Framer::new(Form::Journal, &self.header, &mut more);
            self.pieces.push(Piece { path, keep: 0, more });
        }
        self.write(|bodies, sink| {
            let told = bodies.draft(now, draft, &mut |raw| sink(raw));
            debug_assert!(told.is_ok(), "no slot of a batch is stored");
        });
    }

    fn write(&mut self, say: impl FnOnce(&mut Bodies, &mut dyn FnMut(Raw<'_>))) {
        let Self { bodies, framer, ended, pieces, .. } = self;
        let Some(Piece { more, .. }) = pieces.last_mut() else { return };
        say(bodies, &mut |raw| {
            if let Framed::Ended(end) = framer.record(raw, more) {
                *ended = Some(end);
            }
        });
    }

    /// Ends the last segment.
    fn end(mut self) -> Vec<Piece> {
        if self.ended.is_none() {
            self.record(Nanos(0), &Draft::End);
        }
        self.pieces
    }
}

fn is_torn(fault: &Fault) -> bool {
    matches!(fault.kind, FaultKind::Torn { .. })
}

/// How many records that a writer was told to make are numbered from `since` on. Reads up to the last whole record.
fn count_since(reader: &mut Reader<'_>, since: u64) -> Result<u64, Fault> {
    let mut count = 0;
    loop {
        match reader.next() {
            Ok(Some(record)) => {
                let told = !matches!(record.entry, Entry::Block(_) | Entry::End(_));
                count += u64::from(told && record.seq >= since);
            }
            Ok(None) => return Ok(count),
            Err(fault) if is_torn(&fault) => return Ok(count),
            Err(fault) => return Err(fault),
        }
    }
}

/// The same over segments, from the last one down to that which has number `since`.
fn count_before(segments: Vec<PathBuf>, since: u64) -> Result<u64, JournalError> {
    let mut count = 0;
    for path in segments.into_iter().rev() {
        let bytes = files::read(&path)?;
        let at = |fault| JournalError::Fault { path: path.clone(), fault };
        let (header, mut reader) = Reader::new(&bytes).map_err(at)?;
        count += count_since(&mut reader, since).map_err(at)?;
        if header.first_seq <= since {
            break;
        }
    }
    Ok(count)
}

/// Whether another writes the journal in this folder.
pub(super) fn is_written(folder: &Path) -> bool {
    let locked = |file: File| matches!(file.try_lock(), Err(TryLockError::WouldBlock));
    File::open(files::ring(folder)).is_ok_and(locked)
}

/// Makes whole what a writer that died left; nothing where nothing is to be done, or where the writer lives. Of a ring that is
/// damaged all that comes before is taken, and it is kept: whoever reads the journal next is told ([`JournalError::Ring`]).
///
/// # Errors
/// Damage in the last segment, or files that cannot be written.
pub fn settle(folder: &Path) -> Result<(), JournalError> {
    let settled = match Left::find(folder) {
        Err(JournalError::Busy(_)) | Ok(None) => return Ok(()),
        found => found.and_then(|left| left.map_or(Ok(()), |left| left.write(folder))),
    };
    settled.map_err(|error| unsettled(folder, error))
}

/// Says what to do where nothing can be written at all, whatever is tried.
pub(super) fn unsettled(folder: &Path, error: JournalError) -> JournalError {
    use ErrorKind::{PermissionDenied, ReadOnlyFilesystem, StorageFull};
    let JournalError::Io { path, error } = error else { return error };
    if matches!(error.kind(), ReadOnlyFilesystem | PermissionDenied | StorageFull) {
        JournalError::Unsettled { path: folder.to_owned(), error }
    } else {
        JournalError::Io { path, error }
    }
}
