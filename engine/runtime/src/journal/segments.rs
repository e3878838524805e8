//! Records into segment files, one segment after another.

use std::fmt::Debug;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

use ballast_journal::{Bodies, Draft, EncoderEnd, Form, Framed, Framer, Header, Raw, digest_of};
use ballast_model::Nanos;

use super::disk::{Disk, Sheet};
use super::history::START;
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

/// How what is to be recorded becomes bodies of records.
pub(super) trait Spelling: Debug + Send {
    /// What the segments are of.
    const FORM: Form;
    /// What is to be recorded.
    type Draft<'d>;

    /// Number of the next record.
    fn next_seq(&self) -> u64;

    /// Records this, and the end of the block or segment where that fills it.
    fn spell(&mut self, draft: &Self::Draft<'_>, sink: &mut impl FnMut(Raw<'_>));
}

impl Spelling for Bodies {
    const FORM: Form = Form::Journal;
    type Draft<'d> = (Nanos, Draft<'d>);

    fn next_seq(&self) -> u64 {
        self.next_seq()
    }

    fn spell(&mut self, (now, draft): &Self::Draft<'_>, sink: &mut impl FnMut(Raw<'_>)) {
        let told = self.draft(*now, draft, sink);
        debug_assert!(told.is_ok(), "no slot of a batch is stored");
    }
}

/// Writes segments.
#[derive(Debug)]
pub(super) struct Segments<S> {
    folder: PathBuf,
    meta: Vec<u8>,
    disk: Box<dyn Disk>,
    /// Where to name segments that ended; `None` where they stay as they are.
    press: Option<Sender<PathBuf>>,
    path: PathBuf,
    file: Box<dyn Sheet>,
    bodies: S,
    framer: Framer,
    segment: u32,
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
pub(super) struct Place {
    pub(super) segment: u32,
    pub(super) end: EncoderEnd,
}

impl<S: Spelling> Segments<S> {
    /// Begins the first segment of a journal or recording, in a folder that is there and holds none.
    pub(super) fn begin(
        folder: &Path,
        meta: Vec<u8>,
        mut disk: Box<dyn Disk>,
        bodies: S,
    ) -> Result<Self, JournalError> {
        let place = Place { segment: 0, end: START };
        let path = files::segment_of(S::FORM, folder, place.segment);
        let header = header(&place, &meta);
        let mut out = Vec::with_capacity(2 * WRITE_BYTES);
        let framer = Framer::new(S::FORM, &header, &mut out);
        let file = disk.create(&path).map_err(|error| JournalError::Io { path: path.clone(), error })?;
        let mut segments = Self {
            folder: folder.to_owned(),
            meta,
            disk,
            press: None,
            path,
            file,
            bodies,
            framer,
            segment: place.segment,
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

    /// Number of the next record.
    pub(super) fn next_seq(&self) -> u64 {
        self.bodies.next_seq()
    }

    /// That what comes next is not what was stored.
    pub(super) fn lost(&self) -> JournalError {
        let why = "what follows is not what was stored";
        JournalError::Ring { path: files::ring(&self.folder), seq: self.next_seq() - 1, why }
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
        let path = files::segment_of(S::FORM, &self.folder, place.segment);
        self.file =
            self.disk.create(&path).map_err(|error| JournalError::Io { path: path.clone(), error })?;
        self.framer = Framer::new(S::FORM, &header(&place, &self.meta), &mut self.out);
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

    /// Collects what is to be recorded next, and the end of the block or segment where that fills it; the segment is ready.
    pub(super) fn collect(&mut self, draft: &S::Draft<'_>) {
        debug_assert!(self.ended.is_none(), "a record after the end of a segment");
        let Self { bodies, framer, out, kept, ended, .. } = self;
        bodies.spell(draft, &mut |raw| {
            kept.records += 1;
            if let Framed::Ended(end) = framer.record(raw, out) {
                *ended = Some(end);
            }
        });
    }

    /// Appends what is to be recorded next, in a new segment where the last one ended.
    pub(super) fn append(&mut self, draft: &S::Draft<'_>) -> Result<(), JournalError> {
        self.ready()?;
        self.collect(draft);
        if self.is_full() { self.flush() } else { Ok(()) }
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

/// With what a segment begins that goes on here.
pub(super) fn header(place: &Place, meta: &[u8]) -> Header {
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
