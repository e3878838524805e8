//! Records into segment files, one segment after another.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

use ballast_journal::{EncoderEnd, Fault, FaultKind, Framed, Framer, Header, Raw, Reader, digest_of};

use super::disk::{Disk, Files, Sheet};
use super::ring::Ring;
use super::{JournalError, files};

/// Bytes collected before they are written.
const WRITE_BYTES: usize = 256 << 10;

/// What came of a journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Records in all.
    pub records: u64,
    /// Bytes in all, headers included, before anything was compressed.
    pub bytes: u64,
    /// Segments begun.
    pub segments: u32,
}

/// Writes segments.
#[derive(Debug)]
pub(super) struct Segments {
    folder: PathBuf,
    meta: Vec<u8>,
    disk: Box<dyn Disk>,
    /// Where to name segments that ended; `None` where they stay as they are.
    press: Option<Sender<PathBuf>>,
    path: PathBuf,
    file: Box<dyn Sheet>,
    framer: Framer,
    segment: u32,
    /// Number of the next record.
    next_seq: u64,
    /// The segment ended: the next record begins another.
    ended: Option<EncoderEnd>,
    out: Vec<u8>,
    /// Bytes of `out` that the kernel has.
    written: usize,
    /// The kernel has bytes that the disk may not have.
    unsynced: bool,
    /// The disk may have lost what the kernel had.
    damaged: bool,
    kept: Kept,
}

/// Where a segment begins.
struct Place {
    segment: u32,
    end: EncoderEnd,
}

impl Segments {
    /// Begins the first segment of a journal, in a folder that is there and holds none.
    pub(super) fn begin(folder: &Path, meta: Vec<u8>, mut disk: Box<dyn Disk>) -> Result<Self, JournalError> {
        let place = Place { segment: 0, end: EncoderEnd { next_seq: 1, hash: [0; 32] } };
        let path = files::segment(folder, place.segment);
        let header = header(&place, &meta);
        let mut out = Vec::with_capacity(2 * WRITE_BYTES);
        let framer = Framer::new(&header, &mut out);
        let file = disk.create(&path).map_err(|error| JournalError::Io { path: path.clone(), error })?;
        let mut segments = Self {
            folder: folder.to_owned(),
            meta,
            disk,
            press: None,
            path,
            file,
            framer,
            segment: place.segment,
            next_seq: header.first_seq,
            ended: None,
            out,
            written: 0,
            unsynced: false,
            damaged: false,
            kept: Kept { segments: 1, ..Kept::default() },
        };
        segments.flush()?;
        segments.sync()?;
        Ok(segments)
    }

    /// Goes on in the middle of a segment.
    fn resume(
        folder: &Path,
        path: PathBuf,
        header: Header,
        reader: &Reader<'_>,
    ) -> Result<Self, JournalError> {
        let file = goes_on(&path, reader).map_err(|error| JournalError::Io { path: path.clone(), error })?;
        Ok(Self {
            folder: folder.to_owned(),
            meta: header.meta,
            disk: Box::new(Files),
            press: None,
            file,
            framer: Framer::resume(reader),
            segment: header.segment,
            next_seq: reader.next_seq(),
            ended: reader.end(),
            out: Vec::new(),
            written: 0,
            unsynced: true,
            damaged: false,
            kept: Kept::default(),
            path,
        })
    }

    /// Number of the next record.
    pub(super) const fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// True where the kernel has everything.
    pub(super) fn flushed(&self) -> bool {
        self.out.is_empty()
    }

    /// True where so much is collected that it is to be written first.
    pub(super) fn is_full(&self) -> bool {
        self.out.len() >= WRITE_BYTES
    }

    /// True where the kernel has bytes that the disk may not have.
    pub(super) const fn unsynced(&self) -> bool {
        self.unsynced
    }

    /// True where a sync has failed: what it was about may be lost, and no later one would tell.
    pub(super) const fn is_damaged(&self) -> bool {
        self.damaged
    }

    /// Begins another segment where the last one ended. After an error nothing is lost, and it may be tried again.
    pub(super) fn ready(&mut self) -> Result<(), JournalError> {
        let Some(end) = self.ended else { return Ok(()) };
        self.flush()?;
        self.sync()?;
        let place = Place { segment: self.segment + 1, end };
        let path = files::segment(&self.folder, place.segment);
        self.file =
            self.disk.create(&path).map_err(|error| JournalError::Io { path: path.clone(), error })?;
        self.framer = Framer::new(&header(&place, &self.meta), &mut self.out);
        self.press();
        (self.path, self.segment, self.ended) = (path, place.segment, None);
        self.kept.segments += 1;
        Ok(())
    }

    /// Names every segment that ended here from now on.
    pub(super) fn press_by(&mut self, press: Sender<PathBuf>) {
        self.press = Some(press);
    }

    /// Names the segment where it ended.
    pub(super) fn press(&self) {
        if let Some(press) = self.press.as_ref().filter(|_| self.ended.is_some()) {
            // What a press that is gone was named stays as it is.
            let _ = press.send(self.path.clone());
        }
    }

    /// Collects the next record; the segment is ready for it.
    pub(super) fn collect(&mut self, raw: Raw<'_>) {
        debug_assert!(self.ended.is_none(), "a record after the end of a segment");
        self.kept.records += 1;
        self.next_seq = raw.seq + 1;
        if let Framed::Ended(end) = self.framer.record(raw, &mut self.out) {
            self.ended = Some(end);
        }
    }

    /// Appends the next record, in a new segment where the last one ended.
    pub(super) fn append(&mut self, raw: Raw<'_>) -> Result<(), JournalError> {
        self.ready()?;
        self.collect(raw);
        if self.is_full() { self.flush() } else { Ok(()) }
    }

    /// Ends the segment.
    fn end(&mut self) -> Result<(), JournalError> {
        let seq = self.next_seq;
        match self.framer.record(Raw { seq, body: Raw::END }, &mut self.out) {
            Framed::Ended(_) => Ok(()),
            Framed::Record => {
                Err(JournalError::Broken { path: self.path.clone(), what: "it cannot be ended" })
            }
        }
    }

    /// Hands everything to the kernel. After an error what is left is still there, and it may be tried again.
    pub(super) fn flush(&mut self) -> Result<(), JournalError> {
        while let Some(rest) = self.out.get(self.written..).filter(|rest| !rest.is_empty()) {
            let error = match self.file.write(rest) {
                Ok(0) => ErrorKind::WriteZero.into(),
                Ok(taken) => {
                    self.written += taken;
                    self.kept.bytes += taken as u64;
                    self.unsynced = true;
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => error,
            };
            return Err(JournalError::Io { path: self.path.clone(), error });
        }
        self.out.clear();
        self.written = 0;
        Ok(())
    }

    /// Has the kernel write everything to the disk.
    pub(super) fn sync(&mut self) -> Result<(), JournalError> {
        let synced = self.file.sync();
        (self.unsynced, self.damaged) = (synced.is_err(), self.damaged || synced.is_err());
        synced.map_err(|error| JournalError::Io { path: self.path.clone(), error })
    }

    pub(super) const fn kept(&self) -> Kept {
        self.kept
    }
}

/// The file of a segment, cut to what was read of it. One that is compressed has ended, and nothing more is written to it.
fn goes_on(path: &Path, reader: &Reader<'_>) -> io::Result<Box<dyn Sheet>> {
    if files::is_pressed(path) {
        return Ok(Box::new(File::open(path)?));
    }
    let file = File::options().append(true).open(path)?;
    file.set_len(reader.offset() as u64)?;
    Ok(Box::new(file))
}

/// With what a segment begins that goes on here.
fn header(place: &Place, meta: &[u8]) -> Header {
    Header {
        segment: place.segment,
        first_seq: place.end.next_seq,
        before: place.end.hash,
        config_hash: digest_of(meta),
        meta: meta.to_vec(),
    }
}

/// Whether a run may begin a journal in this folder: one that is not there, or holds none. What a writer that died left is one.
///
/// # Errors
/// [`JournalError::Taken`], or a folder that cannot be read.
pub fn vacant(folder: &Path) -> Result<(), JournalError> {
    if folder.exists() && !files::segments(folder)?.is_empty() {
        return Err(JournalError::Taken(folder.to_owned()));
    }
    Ok(())
}

/// Makes whole what a writer that died left; nothing where nothing is to be done, or where the writer lives.
///
/// # Errors
/// Damage in the last segment, or files that cannot be written.
pub fn settle(folder: &Path) -> Result<(), JournalError> {
    if !files::ring(folder).exists() {
        return Ok(());
    }
    match recover(folder) {
        Err(JournalError::Busy(_)) => Ok(()),
        settled => settled.map_err(|error| unsettled(folder, error)),
    }
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

fn recover(folder: &Path) -> Result<(), JournalError> {
    let path = files::ring(folder);
    let failed = |error: io::Error| {
        if error.kind() == ErrorKind::WouldBlock {
            JournalError::Busy(folder.to_owned())
        } else {
            JournalError::Io { path: path.clone(), error }
        }
    };
    // First the ring: whoever has it locked still writes.
    let ring = match Ring::open(&path) {
        // Its writer has ended meanwhile.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        opened => opened.map_err(failed)?,
    };
    let Some(mut segments) = last_segment(folder)? else { return Ok(()) };
    if let Some(ring) = ring {
        let (_, mut left) = ring.ends();
        while let Some(raw) = left.pop() {
            // The first ones may have reached the segment already.
            if raw.seq == segments.next_seq {
                segments.append(raw)?;
            }
        }
    }
    if segments.ended.is_none() {
        segments.end()?;
    }
    segments.flush()?;
    segments.sync()?;
    std::fs::remove_file(&path).map_err(failed)
}

/// The last segment, cut to its last whole record; `None` where there is no segment.
fn last_segment(folder: &Path) -> Result<Option<Segments>, JournalError> {
    while let Some(path) = files::segments(folder)?.pop() {
        let bytes = files::read(&path)?;
        let is_torn = |fault: &Fault| matches!(fault.kind, FaultKind::Torn { .. });
        let (header, mut reader) = match Reader::new(&bytes) {
            Ok(read) => read,
            // Its writer died before the first record: what follows is in the ring.
            Err(fault) if is_torn(&fault) => {
                std::fs::remove_file(&path).map_err(|error| JournalError::Io { path, error })?;
                continue;
            }
            Err(fault) => return Err(JournalError::Fault { path, fault }),
        };
        loop {
            match reader.next() {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(fault) if is_torn(&fault) => break,
                Err(fault) => return Err(JournalError::Fault { path, fault }),
            }
        }
        return Segments::resume(folder, path, header, &reader).map(Some);
    }
    Ok(None)
}
