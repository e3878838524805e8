//! A recording as it is read: segment after segment, every link of the chain checked.

use std::path::{Path, PathBuf};

use ballast_journal::{EncoderEnd, FaultKind, Form, Frame, FrameReader, Header};
use ballast_venue::binance::Copies;
use serde::{Deserialize, Serialize};

use super::super::history::{Step, Walked, check_link};
use super::super::meta::{MetaInstrument, seen_instrument};
use super::super::{JournalError, files};
use crate::capture::SeenInstrument;

/// What the headers of a recording say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordingMeta {
    /// Name and version of the program that wrote it.
    pub program: String,
    /// The instruments of the session, in its order, on the grid that the venue stated.
    pub instruments: Vec<MetaInstrument>,
    /// Over how many connections each of the market's streams came: see [`channel_of`](super::channel_of).
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub connections: u8,
}

const fn one() -> u8 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde asks for")]
const fn is_one(connections: &u8) -> bool {
    *connections == one()
}

impl RecordingMeta {
    /// Of a session with these instruments, as the venue told of them, over so many connections for each stream.
    pub fn new<'s>(seen: impl Iterator<Item = &'s SeenInstrument>, copies: Copies) -> Self {
        let program = concat!("ballast ", env!("CARGO_PKG_VERSION")).to_owned();
        let connections = u8::try_from(copies.count()).unwrap_or(u8::MAX);
        Self { program, instruments: seen.map(MetaInstrument::from).collect(), connections }
    }

    /// As the headers hold it.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// The segments of a recording.
#[derive(Clone, Debug)]
pub struct Recording {
    folder: PathBuf,
    segments: Vec<PathBuf>,
    meta: RecordingMeta,
    instruments: Vec<SeenInstrument>,
    copies: Copies,
    first_seq: u64,
}

impl Recording {
    /// Finds the segments of a folder and reads the first header.
    ///
    /// # Errors
    /// [`JournalError`], naming the place.
    pub fn open(folder: &Path) -> Result<Self, JournalError> {
        let segments = files::segments_of(Form::Recording, folder)?;
        let first = segments.first().ok_or_else(|| JournalError::NoRecording(folder.to_owned()))?.clone();
        let (bytes, damage) = files::read_as_far(&first)?;
        let (header, _) = FrameReader::new(&bytes).map_err(|fault| match damage {
            Some(why) => JournalError::Pressed { path: first.clone(), seq: 1, why: why.to_string() },
            None => JournalError::Fault { path: first.clone(), fault },
        })?;
        let bad = |why| JournalError::Meta { path: first.clone(), why };
        let meta: RecordingMeta =
            serde_json::from_slice(&header.meta).map_err(|error| bad(error.to_string()))?;
        let instruments = meta.instruments.iter().map(seen_instrument).collect::<Result<_, _>>();
        let (instruments, folder) = (instruments.map_err(bad)?, folder.to_owned());
        let copies = Copies::new(meta.connections);
        let copies = copies.ok_or_else(|| bad("connections: must be from 1 to 4".to_owned()))?;
        Ok(Self { folder, segments, meta, instruments, copies, first_seq: header.first_seq })
    }

    /// The recordings of a path: that of the folder, or those of the folders in it, by name.
    ///
    /// # Errors
    /// [`JournalError::NoRecording`] where there is none, or one that cannot be opened.
    pub fn find(path: &Path) -> Result<Vec<Self>, JournalError> {
        if !files::segments_of(Form::Recording, path)?.is_empty() {
            return Ok(vec![Self::open(path)?]);
        }
        let failed = |error| JournalError::Io { path: path.to_owned(), error };
        let mut folders = Vec::new();
        for entry in std::fs::read_dir(path).map_err(failed)? {
            let folder = entry.map_err(failed)?.path();
            if folder.is_dir() && !files::segments_of(Form::Recording, &folder)?.is_empty() {
                folders.push(folder);
            }
        }
        folders.sort_unstable();
        if folders.is_empty() {
            return Err(JournalError::NoRecording(path.to_owned()));
        }
        folders.iter().map(|folder| Self::open(folder)).collect()
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the headers say.
    #[must_use]
    pub const fn meta(&self) -> &RecordingMeta {
        &self.meta
    }

    /// The instruments of the session, in its order.
    #[must_use]
    pub fn instruments(&self) -> &[SeenInstrument] {
        &self.instruments
    }

    /// Over how many connections each of its streams came.
    #[must_use]
    pub const fn copies(&self) -> Copies {
        self.copies
    }

    /// The segments' files, in order.
    #[must_use]
    pub fn segments(&self) -> &[PathBuf] {
        &self.segments
    }

    /// Number of the first record: one, unless segments at the beginning are missing.
    #[must_use]
    pub const fn first_seq(&self) -> u64 {
        self.first_seq
    }

    /// Reads all frames in order, each with its number. A record that the writer's death left incomplete at the very end is no
    /// fault: how it ended is returned.
    ///
    /// # Errors
    /// The first damage, naming segment and record, or what `visit` says.
    pub fn walk<E: From<JournalError>>(
        &self,
        mut visit: impl FnMut(u64, &Frame<'_>) -> Result<Step, E>,
    ) -> Result<Walked, E> {
        let mut before = None;
        for number in 0..self.segments.len() {
            match self.walk_segment(number, before, &mut visit)? {
                Ended::Whole(end) => before = Some(end),
                Ended::Here(walked) => return Ok(walked),
            }
        }
        Ok(Walked::Finished)
    }

    /// Reads one segment, which goes on from how the one before it ended.
    pub(super) fn walk_segment<E: From<JournalError>>(
        &self,
        number: usize,
        before: Option<EncoderEnd>,
        visit: &mut impl FnMut(u64, &Frame<'_>) -> Result<Step, E>,
    ) -> Result<Ended, E> {
        let Some(path) = self.segments.get(number) else { return Ok(Ended::Here(Walked::Finished)) };
        Place { path, is_last: number + 1 == self.segments.len() }.walk(before, visit)
    }
}

/// One segment of a recording.
struct Place<'a> {
    path: &'a Path,
    is_last: bool,
}

/// How the reading of a segment ended.
pub(super) enum Ended {
    /// With the segment.
    Whole(EncoderEnd),
    /// With that of the whole.
    Here(Walked),
}

impl Place<'_> {
    fn walk<E: From<JournalError>>(
        &self,
        before: Option<EncoderEnd>,
        visit: &mut impl FnMut(u64, &Frame<'_>) -> Result<Step, E>,
    ) -> Result<Ended, E> {
        let (bytes, damage) = files::read_as_far(self.path)?;
        let path = || self.path.to_owned();
        let pressed = |seq, why: String| E::from(JournalError::Pressed { path: path(), seq, why });
        let (_, mut reader) = self.begin(&bytes, before).map_err(|error| match &damage {
            Some(why) => pressed(before.map_or(1, |before| before.next_seq), why.to_string()),
            None => error.into(),
        })?;
        loop {
            let seq = reader.next_seq();
            match reader.next() {
                Ok(Some((seq, frame))) => {
                    if visit(seq, &frame)? == Step::Stop {
                        return Ok(Ended::Here(Walked::Stopped));
                    }
                }
                Ok(None) => break,
                Err(fault) => {
                    let is_torn = matches!(fault.kind, FaultKind::Torn { .. });
                    return match damage {
                        // What comes before damage of a compressed segment is read; there it is cut off.
                        Some(why) if is_torn => Err(pressed(seq, why.to_string())),
                        None if is_torn && self.is_last && !files::is_pressed(self.path) => {
                            Ok(Ended::Here(Walked::Torn(fault)))
                        }
                        _ => Err(JournalError::Fault { path: path(), fault }.into()),
                    };
                }
            }
        }
        match (reader.end(), damage) {
            (_, Some(why)) => Err(pressed(reader.next_seq(), why.to_string())),
            (Some(end), None) => Ok(Ended::Whole(end)),
            (None, None) if files::is_pressed(self.path) => {
                Err(pressed(reader.next_seq(), "it is cut off after a whole compressed frame".to_owned()))
            }
            (None, None) if self.is_last => Ok(Ended::Here(Walked::Open)),
            (None, None) => {
                let what = "it does not end, and others follow";
                Err(JournalError::Broken { path: path(), what }.into())
            }
        }
    }

    fn begin<'b>(
        &self,
        bytes: &'b [u8],
        before: Option<EncoderEnd>,
    ) -> Result<(Header, FrameReader<'b>), JournalError> {
        let path = || self.path.to_owned();
        let begun = FrameReader::new(bytes).map_err(|fault| JournalError::Fault { path: path(), fault })?;
        check_link(self.path, &begun.0, before)?;
        Ok(begun)
    }
}
