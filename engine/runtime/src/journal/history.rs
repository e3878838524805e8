//! A journal as it is read: segment after segment, every link of the chain checked.

use std::io;
use std::path::{Path, PathBuf};

use ballast_journal::{EncoderEnd, Entry, Fault, FaultKind, Header, Reader, Record};

use super::left::{Left, Piece};
use super::recover::epochs;
use super::{JournalError, Meta, files, settle};

/// What the first segment of a journal goes on from; that of a slice too, which is numbered from one on.
pub(super) const START: EncoderEnd = EncoderEnd { next_seq: 1, hash: [0; 32] };

/// A journal's segments.
#[derive(Debug)]
pub struct History {
    segments: Vec<PathBuf>,
    header: Header,
    /// What a writer that died left, where it could not be written.
    left: Vec<Piece>,
    /// Why it could not.
    unwritten: Option<String>,
    /// Number that its first record had in the journal that it is a slice of.
    cut_from: Option<u64>,
    /// The ring of which not all could be read, and why.
    damaged: Option<(PathBuf, &'static str)>,
}

/// What [`History::walk`] is told after each record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Go on.
    On,
    /// Enough.
    Stop,
}

/// How the reading of a journal ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Walked {
    /// Where the visitor had enough.
    #[default]
    Stopped,
    /// Where its run did: at a last checkpoint, and the record that ends the segment.
    Finished,
    /// At the end of a segment, without the checkpoint that a run ends with: the run was cut short, or what came after is gone.
    CutShort,
    /// Where a slice does, that was cut before its journal's end.
    Cut,
    /// At a whole record that ends no segment: the writer died or still writes, or what came after is gone.
    Open,
    /// Within a record: the writer died there.
    Torn(Fault),
}

impl Walked {
    /// The incomplete record at the very end.
    #[must_use]
    pub const fn torn(self) -> Option<Fault> {
        match self {
            Self::Torn(fault) => Some(fault),
            Self::Stopped | Self::Finished | Self::Cut | Self::CutShort | Self::Open => None,
        }
    }

    /// Whether the end of the run is there; `None` where nobody looked, and of a slice that does not have it.
    #[must_use]
    pub const fn finished(self) -> Option<bool> {
        match self {
            Self::Stopped | Self::Cut => None,
            Self::Finished => Some(true),
            Self::CutShort | Self::Open | Self::Torn(_) => Some(false),
        }
    }

    /// What is to be told of a journal that does not end as a run does.
    #[must_use]
    pub fn warning(self) -> Option<String> {
        match self {
            Self::Stopped | Self::Finished | Self::Cut => None,
            Self::CutShort => Some(
                "the journal ends without the checkpoint that a run ends with: it was cut short, or later segments are missing"
                    .to_owned(),
            ),
            Self::Open => Some(
                "no record ends the journal: its writer died or still writes, or what came after is missing".to_owned(),
            ),
            Self::Torn(fault) => Some(format!("the writer died in the middle of a record: {fault}")),
        }
    }
}

impl History {
    /// Finds the segments of a folder and reads the first header. What a writer that died left is made whole first; where
    /// nothing can be written (a disk or folder that is read-only, or full) it is read as it stands: see [`History::notice`].
    ///
    /// # Errors
    /// [`JournalError`], naming the place.
    pub fn open_whole(folder: &Path) -> Result<Self, JournalError> {
        match settle(folder) {
            Err(JournalError::Unsettled { error, .. }) => Self::as_it_stands(folder, error.to_string()),
            settled => settled.and_then(|()| Self::open(folder)),
        }
    }

    /// Finds the segments of a folder and reads the first header. What a writer that died left is not looked at.
    ///
    /// # Errors
    /// [`JournalError`], naming the place.
    pub fn open(folder: &Path) -> Result<Self, JournalError> {
        let history = Self::of(folder, files::segments(folder)?, Vec::new(), None)?;
        Ok(Self { damaged: damaged(folder), ..history })
    }

    /// As if what a writer that died left had been made whole; nothing is written.
    pub(super) fn as_it_stands(folder: &Path, why: String) -> Result<Self, JournalError> {
        let left = match Left::find(folder) {
            // Its writer lives, or somebody else has made it whole.
            Err(JournalError::Busy(_)) | Ok(None) => return Self::open(folder),
            Ok(Some(left)) => left,
            Err(error) => return Err(error),
        };
        let damaged = left.damage.map(|why| (files::ring(folder), why));
        let history = Self::of(folder, left.segments(folder)?, left.pieces, Some(why))?;
        Ok(Self { damaged, ..history })
    }

    fn of(
        folder: &Path,
        segments: Vec<PathBuf>,
        left: Vec<Piece>,
        unwritten: Option<String>,
    ) -> Result<Self, JournalError> {
        let first = segments.first().ok_or_else(|| none(folder))?;
        // What comes before damage of a compressed segment is read; whoever walks there meets it.
        let (bytes, damage) = read_as_far(&left, first)?;
        let (header, _) = Reader::new(&bytes).map_err(|fault| match damage {
            Some(why) => JournalError::Pressed { path: first.clone(), seq: 1, why: why.to_string() },
            None => JournalError::Fault { path: first.clone(), fault },
        })?;
        let cut_from = Meta::parse(&header.meta).ok().and_then(|meta| meta.cut_from);
        Ok(Self { segments, header, left, unwritten, cut_from, damaged: None })
    }

    /// What is to be told of a journal that could not be made whole: its files say less than was read.
    #[must_use]
    pub fn notice(&self) -> Option<String> {
        self.unwritten.as_deref().map(notice)
    }

    /// Whether it begins where a run did, so that it can be decided again.
    pub(super) fn whole(&self) -> Result<(), JournalError> {
        let path = || self.segments.first().cloned().unwrap_or_default();
        let first = self.cut_from.filter(|first| *first > 1);
        first.map_or(Ok(()), |first| Err(JournalError::Slice { path: path(), first }))
    }

    /// The header of the first segment.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The segments' files, in order.
    #[must_use]
    pub fn segments(&self) -> &[PathBuf] {
        &self.segments
    }

    /// Bytes of the segments' files as they are, compressed or not.
    ///
    /// # Errors
    /// A file that is gone.
    pub fn bytes_at_rest(&self) -> Result<u64, JournalError> {
        let length = |path: &PathBuf| match (piece_of(&self.left, path), path.metadata()) {
            (Some(piece), _) if !files::is_pressed(path) => Ok((piece.keep + piece.more.len()) as u64),
            (_, Ok(file)) => Ok(file.len()),
            (_, Err(error)) => Err(JournalError::Io { path: path.clone(), error }),
        };
        self.segments.iter().map(length).sum()
    }

    /// Reads all records in order. A record that the writer's death left incomplete at the very end is no fault: how it ended is
    /// returned.
    ///
    /// # Errors
    /// The first damage, naming segment and record, or what `visit` says.
    pub fn walk<E: From<JournalError>>(
        &self,
        mut visit: impl FnMut(&Record<'_>) -> Result<Step, E>,
    ) -> Result<Walked, E> {
        // Whether the last record that is no end of a block is a checkpoint.
        let mut marked = false;
        // The last that the writer was told.
        let mut last = 0;
        let mut before = Some(START);
        for (path, number) in self.segments.iter().zip(0..) {
            let is_last = number + 1 == self.segments.len();
            let (bytes, damage) = read_as_far(&self.left, path)?;
            let at = |fault| JournalError::Fault { path: path.clone(), fault };
            let cut = |seq, why: &io::Error| JournalError::Pressed {
                path: path.clone(),
                seq,
                why: why.to_string(),
            };
            let begun = Reader::new(&bytes);
            if let (Err(_), Some(why)) = (&begun, &damage) {
                return Err(cut(before.map_or(1, |before| before.next_seq), why).into());
            }
            let (header, mut reader) = begun.map_err(at)?;
            check_link(path, &header, before)?;
            loop {
                let (seq, next) = (reader.next_seq(), reader.next());
                let is_torn = |fault: &Fault| matches!(fault.kind, FaultKind::Torn { .. });
                // What comes before damage of a compressed segment is read; there it is cut off.
                let is_cut = next.as_ref().map_or_else(is_torn, Option::is_none);
                if let Some(why) = damage.as_ref().filter(|_| is_cut) {
                    return Err(cut(seq, why).into());
                }
                match next {
                    Ok(Some(record)) => {
                        match record.entry {
                            Entry::Event(_) | Entry::Batch(_) | Entry::Command(_) => marked = false,
                            Entry::Checkpoint(_) => marked = true,
                            Entry::Carried(_) | Entry::Block(_) | Entry::End(_) => {}
                        }
                        if !matches!(record.entry, Entry::Block(_) | Entry::End(_)) {
                            last = record.seq;
                        }
                        if visit(&record)? == Step::Stop {
                            return Ok(Walked::Stopped);
                        }
                    }
                    Ok(None) => break,
                    Err(fault) if is_last && is_torn(&fault) && !files::is_pressed(path) => {
                        return Ok(Walked::Torn(fault));
                    }
                    Err(fault) => return Err(at(fault).into()),
                }
            }
            before = reader.end();
            check_end(path, &reader)?;
            if before.is_none() && !is_last {
                let what = "the one before it does not end";
                return Err(JournalError::Broken { path: path.clone(), what }.into());
            }
        }
        if let Some((path, why)) = &self.damaged {
            return Err(JournalError::Ring { path: path.clone(), seq: last, why }.into());
        }
        Ok(match (before, marked) {
            (None, _) => Walked::Open,
            (Some(_), false) if self.cut_from.is_some() => Walked::Cut,
            (Some(_), false) => Walked::CutShort,
            (Some(_), true) => Walked::Finished,
        })
    }
}

/// That there is no journal in this folder, and where one may be meant.
fn none(folder: &Path) -> JournalError {
    let (path, last) = (folder.to_owned(), epochs(folder).ok().and_then(|mut epochs| epochs.pop()));
    last.map_or(JournalError::Empty(path.clone()), |(_, last)| JournalError::Epochs { path, last })
}

/// A ring that somebody has kept because not all of it could be read, and that it was.
pub(super) fn damaged(folder: &Path) -> Option<(PathBuf, &'static str)> {
    let path = files::damaged_ring(folder);
    path.exists().then_some((path, "not all of it can be read"))
}

/// What is to be told where a journal could not be made whole.
pub(super) fn notice(why: &str) -> String {
    format!(
        "the writer died and what it left cannot be made whole here ({why}): it was read as it stands, and nothing was written"
    )
}

/// What is to become of a segment, where that is not what its file says.
fn piece_of<'a>(left: &'a [Piece], path: &Path) -> Option<&'a Piece> {
    left.iter().find(|piece| piece.path == path)
}

/// The bytes of a segment, and why there are no more of a compressed one that is damaged.
pub(super) fn read_as_far(left: &[Piece], path: &Path) -> Result<(Vec<u8>, Option<io::Error>), JournalError> {
    piece_of(left, path).map_or_else(|| files::read_as_far(path), Piece::read)
}

/// Whether a segment has the end that it had when it was compressed: it may have been cut between two frames.
pub(super) fn check_end(path: &Path, reader: &Reader<'_>) -> Result<(), JournalError> {
    if reader.end().is_some() || !files::is_pressed(path) {
        return Ok(());
    }
    let why = "it is cut off after a whole compressed frame".to_owned();
    Err(JournalError::Pressed { path: path.to_owned(), seq: reader.next_seq(), why })
}

/// Whether a segment goes on from how the one before it ended; `None` where nobody looked.
pub(super) fn check_link(
    path: &Path,
    header: &Header,
    before: Option<EncoderEnd>,
) -> Result<(), JournalError> {
    let Some(before) = before else { return Ok(()) };
    let what = if header.first_seq != before.next_seq {
        "its records are numbered otherwise: a segment is missing"
    } else if header.before != before.hash {
        "its hash is another: a segment was exchanged"
    } else {
        return Ok(());
    };
    Err(JournalError::Broken { path: path.to_owned(), what })
}
