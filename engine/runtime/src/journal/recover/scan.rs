//! Reading the end of a journal: the last list of what carries over, and what came after it.
//!
//! Never here: a core.

use std::io;
use std::path::{Path, PathBuf};

use ballast_journal::{EncoderEnd, Entry, FaultKind, Reader, Record};
use ballast_model::{Carried, CarriedKind, Command, Event, Nanos};

use super::super::JournalError;
use super::super::history::{check_link, read_as_far};
use super::super::left::Piece;

/// One fact or command after the list.
#[derive(Clone, Copy, Debug)]
pub(super) enum Followed {
    Event(Event),
    Command(Command),
}

/// The end of a journal.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// The last whole list; empty where there is none, and the tail begins with the journal.
    pub(super) list: Vec<Carried>,
    pub(super) listed_at: Nanos,
    /// What came after it, in order.
    pub(super) tail: Vec<(Nanos, Followed)>,
    /// Time of the last record.
    pub(super) at: Nanos,
    pub(super) records: u64,
    /// Number of the last record that is no end of a block or segment.
    pub(super) last: u64,
    pub(super) damage: Vec<String>,
    /// What the last header that could be read says.
    pub(super) meta: Vec<u8>,
    /// The run was to begin with what another left, and no list is from after that.
    pub(super) begins: bool,
    /// A list that is not whole yet.
    coming: Vec<Carried>,
}

/// Of a journal whose beginning is gone, where no list came after it.
const BASELESS: &str = "segments before it are missing, and it does not say what carried over from them";

/// Whether more segments can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Read {
    Whole(Option<EncoderEnd>),
    Cut,
}

impl Scan {
    /// Reads as few segments as will do, from the end.
    ///
    /// # Errors
    /// Files that cannot be read, or not one header.
    pub(super) fn of(segments: &[PathBuf], left: &[Piece]) -> Result<Self, JournalError> {
        let mut damage = missing(segments);
        for begin in (0..segments.len()).rev() {
            let Some(part) = segments.get(begin..) else { continue };
            let mut scan = Self::segments(part, left)?;
            if begin > 0 && scan.list.is_empty() {
                damage.append(&mut scan.damage);
                continue;
            }
            if scan.list.is_empty() && part.first().is_none_or(|first| number(first) != Some(0)) {
                let path = part.first().cloned().unwrap_or_default();
                return Err(JournalError::Broken { path, what: BASELESS });
            }
            scan.damage.splice(0..0, damage);
            scan.damage.sort_unstable();
            scan.damage.dedup();
            if scan.meta.is_empty() {
                let path = segments.first().cloned().unwrap_or_default();
                return Err(JournalError::Broken { path, what: "nothing of it can be read" });
            }
            return Ok(scan);
        }
        Err(JournalError::Empty(PathBuf::new()))
    }

    /// True where nothing was recorded: its writer died before the first input.
    pub(super) fn is_void(&self) -> bool {
        self.at == Nanos::MIN
    }

    /// Reads segments up to the first damage.
    fn segments(segments: &[PathBuf], left: &[Piece]) -> Result<Self, JournalError> {
        let mut scan = Self { at: Nanos::MIN, listed_at: Nanos::MIN, ..Self::default() };
        let mut before = None;
        for (path, number) in segments.iter().zip(1..) {
            let bytes = read_as_far(left, path)?;
            match scan.segment(path, bytes, before, number == segments.len())? {
                Read::Whole(end) => before = end,
                Read::Cut => break,
            }
        }
        Ok(scan)
    }

    fn segment(
        &mut self,
        path: &Path,
        (bytes, pressed): (Vec<u8>, Option<io::Error>),
        before: Option<EncoderEnd>,
        last: bool,
    ) -> Result<Read, JournalError> {
        let mut cut = |what: String| {
            self.damage.push(what);
            Ok(Read::Cut)
        };
        let (header, mut reader) = match Reader::new(&bytes) {
            Ok(begun) => begun,
            Err(fault) => return cut(format!("{}: {fault}", path.display())),
        };
        if let Err(error) = check_link(path, &header, before) {
            return cut(error.to_string());
        }
        self.meta = header.meta;
        loop {
            match reader.next() {
                Ok(Some(record)) => self.take(&record),
                Ok(None) => break,
                Err(fault) => {
                    let torn = matches!(fault.kind, FaultKind::Torn { .. });
                    // A writer that dies leaves its last record torn.
                    if !(torn && last && pressed.is_none()) {
                        self.damage.push(format!("{}: {fault}", path.display()));
                    }
                    return Ok(Read::Cut);
                }
            }
        }
        match (pressed, reader.end()) {
            (Some(why), _) => {
                self.damage.push(format!("{}: it cannot be decompressed: {why}", path.display()))
            }
            (None, None) if !last => {
                self.damage.push(format!("{}: this segment does not end, and others follow", path.display()));
            }
            (None, end) => return Ok(Read::Whole(end)),
        }
        Ok(Read::Cut)
    }

    fn take(&mut self, record: &Record<'_>) {
        self.records += 1;
        if !matches!(record.entry, Entry::Block(_) | Entry::End(_)) {
            self.last = record.seq;
        }
        match record.entry {
            Entry::Event(event) => self.event(event, record.now),
            Entry::Command(command) => self.tail.push((record.now, Followed::Command(command))),
            Entry::Carried(word) => self.word(word, record.now),
            Entry::Batch(_) => {}
            Entry::Checkpoint(_) | Entry::Block(_) | Entry::End(_) => return,
        }
        self.at = self.at.max(record.now);
    }

    /// What happened in markets is not followed, nor is what a new epoch does not take over.
    fn event(&mut self, event: Event, now: Nanos) {
        let passes = matches!(event, Event::Timer | Event::Grant(_) | Event::Journal(_));
        if event.market().is_none() && !passes {
            self.begins |= matches!(event, Event::Carried(_));
            self.tail.push((now, Followed::Event(event)));
        }
    }

    fn word(&mut self, word: Carried, now: Nanos) {
        let [count, ..] = word.words;
        if word.kind != CarriedKind::End {
            self.coming.push(word);
            return;
        }
        let whole = self.coming.len() as u64 == count;
        let mut coming = core::mem::take(&mut self.coming);
        if whole {
            coming.push(word);
            (self.list, self.listed_at, self.begins) = (coming, now, false);
            self.tail.clear();
        }
    }
}

/// The number of a segment.
fn number(path: &Path) -> Option<u32> {
    path.file_name()?.to_str()?.split('.').next()?.parse().ok()
}

/// Segments that are not there though later ones are: the state does not need them, and they are named.
fn missing(segments: &[PathBuf]) -> Vec<String> {
    let there: Vec<u32> = segments.iter().filter_map(|path| number(path)).collect();
    let upto = there.last().copied().unwrap_or(0);
    let gone = (0..upto).filter(|number| !there.contains(number));
    gone.map(|number| format!("segment {number:010} is missing")).collect()
}
