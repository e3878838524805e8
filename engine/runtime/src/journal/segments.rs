//! Records into segment files, one segment after another.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use ballast_journal::{EncoderEnd, Fault, FaultKind, Framed, Framer, Header, Raw, Reader, digest_of};

use super::ring::Ring;
use super::{JournalError, files};

/// Bytes collected before they are written.
const WRITE_BYTES: usize = 256 << 10;

/// What came of a journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Records in all.
    pub records: u64,
    /// Bytes in all, headers included.
    pub bytes: u64,
    /// Segments begun.
    pub segments: u32,
}

/// Writes segments.
#[derive(Debug)]
pub(super) struct Segments {
    folder: PathBuf,
    meta: Vec<u8>,
    path: PathBuf,
    file: File,
    framer: Framer,
    segment: u32,
    /// Number of the next record.
    next_seq: u64,
    /// The segment ended: the next record begins another.
    ended: Option<EncoderEnd>,
    out: Vec<u8>,
    kept: Kept,
}

/// Where a journal goes on.
struct Place {
    segment: u32,
    end: EncoderEnd,
}

impl Segments {
    /// Begins a journal in a folder, or goes on after the segments that are there: what a writer that died left is made whole
    /// first.
    pub(super) fn open(folder: &Path, meta: Vec<u8>) -> Result<Self, JournalError> {
        std::fs::create_dir_all(folder)
            .map_err(|error| JournalError::Io { path: folder.to_owned(), error })?;
        let place = recover(folder)?;
        Self::begin(folder.to_owned(), meta, &place)
    }

    fn begin(folder: PathBuf, meta: Vec<u8>, place: &Place) -> Result<Self, JournalError> {
        let path = files::segment(&folder, place.segment);
        let header = Header {
            segment: place.segment,
            first_seq: place.end.next_seq,
            before: place.end.hash,
            config_hash: digest_of(&meta),
            meta: meta.clone(),
        };
        let mut out = Vec::with_capacity(2 * WRITE_BYTES);
        let framer = Framer::new(&header, &mut out);
        let file = OpenOptions::new().write(true).create_new(true).open(&path);
        let file = file.map_err(|error| JournalError::Io { path: path.clone(), error })?;
        let kept = Kept { segments: 1, ..Kept::default() };
        let mut segments = Self {
            folder,
            meta,
            path,
            file,
            framer,
            segment: place.segment,
            next_seq: header.first_seq,
            ended: None,
            out,
            kept,
        };
        segments.flush()?;
        segments.sync()?;
        Ok(segments)
    }

    /// Goes on in the middle of a segment.
    fn resume(folder: &Path, header: Header, reader: &Reader<'_>) -> Result<Self, JournalError> {
        let path = files::segment(folder, header.segment);
        let failed = |error| JournalError::Io { path: path.clone(), error };
        let file = OpenOptions::new().append(true).open(&path).map_err(failed)?;
        file.set_len(reader.offset() as u64).map_err(failed)?;
        Ok(Self {
            folder: folder.to_owned(),
            meta: header.meta,
            file,
            framer: Framer::resume(reader),
            segment: header.segment,
            next_seq: reader.next_seq(),
            ended: reader.end(),
            out: Vec::new(),
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

    /// Appends the next record, in a new segment where the last one ended.
    pub(super) fn append(&mut self, raw: Raw<'_>) -> Result<(), JournalError> {
        if let Some(end) = self.ended.take() {
            self.flush()?;
            self.sync()?;
            let place = Place { segment: self.segment + 1, end };
            let next = Self::begin(self.folder.clone(), core::mem::take(&mut self.meta), &place)?;
            let before = core::mem::replace(self, next).kept;
            self.kept.records += before.records;
            self.kept.bytes += before.bytes;
            self.kept.segments += before.segments;
        }
        self.kept.records += 1;
        self.next_seq = raw.seq + 1;
        if let Framed::Ended(end) = self.framer.record(raw, &mut self.out) {
            self.ended = Some(end);
        }
        if self.out.len() >= WRITE_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// Ends the segment.
    fn end(&mut self) -> Result<EncoderEnd, JournalError> {
        let seq = self.next_seq;
        match self.framer.record(Raw { seq, body: Raw::END }, &mut self.out) {
            Framed::Ended(end) => {
                self.flush()?;
                Ok(end)
            }
            Framed::Record => {
                Err(JournalError::Broken { path: self.path.clone(), what: "it cannot be ended" })
            }
        }
    }

    /// Hands everything to the kernel.
    pub(super) fn flush(&mut self) -> Result<(), JournalError> {
        self.file
            .write_all(&self.out)
            .map_err(|error| JournalError::Io { path: self.path.clone(), error })?;
        self.kept.bytes += self.out.len() as u64;
        self.out.clear();
        Ok(())
    }

    /// Has the kernel write everything to the disk.
    pub(super) fn sync(&mut self) -> Result<(), JournalError> {
        self.file.sync_data().map_err(|error| JournalError::Io { path: self.path.clone(), error })
    }

    pub(super) const fn kept(&self) -> Kept {
        self.kept
    }
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
        Ok(_) | Err(JournalError::Busy(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes whole what a writer that died left, and says where the journal goes on.
fn recover(folder: &Path) -> Result<Place, JournalError> {
    let path = files::ring(folder);
    let failed = |error: std::io::Error| {
        if error.kind() == std::io::ErrorKind::WouldBlock {
            JournalError::Busy(folder.to_owned())
        } else {
            JournalError::Io { path: path.clone(), error }
        }
    };
    // First the ring: whoever has it locked still writes.
    let ring = if path.exists() { Ring::open(&path).map_err(failed)? } else { None };
    let Some(mut segments) = last_segment(folder)? else {
        return Ok(Place { segment: 0, end: EncoderEnd { next_seq: 1, hash: [0; 32] } });
    };
    if let Some(ring) = ring {
        let (_, mut left) = ring.ends();
        while let Some(raw) = left.pop() {
            // The first ones may have reached the segment already.
            if raw.seq == segments.next_seq {
                segments.append(raw)?;
            }
        }
    }
    let end = match segments.ended {
        Some(end) => end,
        None => segments.end()?,
    };
    segments.flush()?;
    segments.sync()?;
    if path.exists() {
        std::fs::remove_file(&path).map_err(failed)?;
    }
    Ok(Place { segment: segments.segment + 1, end })
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
        return Segments::resume(folder, header, &reader).map(Some);
    }
    Ok(None)
}
