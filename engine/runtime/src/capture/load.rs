//! From capture files to tapes: the same sessions as live, fed line by line.

use std::path::PathBuf;

use ballast_json::Capability;
use ballast_model::{Event, InstrumentId, Nanos, Step};
use ballast_venue::binance::{InstrumentFeed, Market, MarketConfig, MarketSession};
use ballast_venue::{Channel, Counters, EventSink, Now, RingFull};

use super::lines::{Line, LineReader, Source};
use super::problems::{ProblemKind, Problems};
use super::stamp::split_stamp;
use super::survey::{FileSurvey, survey};
use crate::config::TRADE_SOURCE;
use crate::tape::Tape;

/// A capture file and what a first look found in it.
#[derive(Debug)]
pub struct SurveyedFile {
    /// The file.
    pub source: Source,
    /// What it holds.
    pub survey: FileSurvey,
}

/// Opens and surveys every file.
///
/// # Errors
/// Where a file cannot be opened.
pub fn survey_files(paths: &[PathBuf]) -> Result<Vec<SurveyedFile>, LoadError> {
    let one = |path: &PathBuf| {
        let source =
            Source::open(path).map_err(|error| LoadError::Unreadable { path: path.clone(), error })?;
        SurveyedFile::new(source)
    };
    paths.iter().map(one).collect()
}

impl SurveyedFile {
    /// Looks through a capture once.
    ///
    /// # Errors
    /// Where it cannot be opened again.
    pub fn new(source: Source) -> Result<Self, LoadError> {
        let survey = survey(&mut open(&source)?);
        Ok(Self { source, survey })
    }
}

/// An instrument to decode; its [`InstrumentId`] is its index in the list given to [`load`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instrument {
    /// Symbol as the venue writes it.
    pub symbol: String,
    /// Its market.
    pub market: Market,
    /// Price step.
    pub tick: Step,
    /// Size step.
    pub lot: Step,
}

/// One session's history: files of the same instruments, in the order they were given.
#[derive(Debug)]
pub struct Feed {
    /// The instruments it carries.
    pub instruments: Vec<InstrumentId>,
    /// The decoded history.
    pub tape: Tape,
    /// What the session counted.
    pub counters: Counters,
}

/// Everything decoded from a set of files.
#[derive(Debug)]
pub struct Loaded {
    /// One per group of files that share instruments.
    pub feeds: Vec<Feed>,
    /// What was wrong, by place.
    pub problems: Problems,
    /// Lines read.
    pub lines: u64,
}

/// Why captures cannot be loaded at all.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file cannot be opened.
    #[error("{}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A session cannot be built for the instruments of a file.
    #[error("{}: {rule}", path.display())]
    Session {
        /// The first file of the group.
        path: PathBuf,
        /// The rule broken.
        rule: String,
    },
}

/// Decodes files into tapes. `progress` is told the bytes of every line read.
///
/// # Errors
/// [`LoadError`]; damage inside a file is not an error but a [`Problems`] entry.
pub fn load(
    files: &[SurveyedFile],
    instruments: &[Instrument],
    mut progress: impl FnMut(usize),
) -> Result<Loaded, LoadError> {
    let mut loaded = Loaded { feeds: Vec::new(), problems: Problems::default(), lines: 0 };
    for group in groups(files, instruments) {
        let mut decoder = Decoder::new(&group, instruments)?;
        for file in &group.files {
            loaded.lines += decoder.read(file, &mut loaded.problems, &mut progress)?;
        }
        let counters = *decoder.session.counters();
        loaded.feeds.push(Feed { instruments: group.instruments, tape: decoder.sink.0, counters });
    }
    for file in files.iter().filter(|file| file.survey.instruments.is_empty()) {
        loaded.lines += refuse_all(file, &mut loaded.problems)?;
    }
    Ok(loaded)
}

/// Files that share instruments of one market, and all instruments in them.
struct Group<'a> {
    market: Market,
    files: Vec<&'a SurveyedFile>,
    instruments: Vec<InstrumentId>,
}

/// Puts each file into the first group it shares an instrument with.
fn groups<'a>(files: &'a [SurveyedFile], instruments: &[Instrument]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for file in files {
        for seen in &file.survey.instruments {
            let same = |known: &Instrument| known.symbol == seen.symbol && known.market == seen.market;
            let Some(index) = instruments.iter().position(same) else { continue };
            let Ok(id) = u16::try_from(index).map(InstrumentId) else { continue };
            let shares = |group: &&mut Group<'a>| {
                group.market == seen.market
                    && (group.instruments.contains(&id)
                        || group.files.last().is_some_and(|last| std::ptr::eq(*last, file)))
            };
            match groups.iter_mut().find(shares) {
                Some(group) => {
                    if !group.instruments.contains(&id) {
                        group.instruments.push(id);
                    }
                    if !group.files.last().is_some_and(|last| std::ptr::eq(*last, file)) {
                        group.files.push(file);
                    }
                }
                None => groups.push(Group { market: seen.market, files: vec![file], instruments: vec![id] }),
            }
        }
    }
    groups
}

/// Writes a session's events onto a tape.
struct TapeSink(Tape);

impl EventSink for TapeSink {
    fn push(&mut self, batch: &[Event]) -> Result<(), RingFull> {
        self.0.push(batch).map_err(|_| RingFull)
    }
}

/// A session being fed from files.
struct Decoder {
    session: MarketSession,
    sink: TapeSink,
    /// Local time of the last line; it never falls.
    now: Nanos,
}

impl Decoder {
    fn new(group: &Group<'_>, instruments: &[Instrument]) -> Result<Self, LoadError> {
        let feed = |id: &InstrumentId| {
            let known = instruments.get(id.index())?;
            Some(InstrumentFeed { id: *id, symbol: &known.symbol, tick: known.tick, lot: known.lot })
        };
        let feeds: Vec<_> = group.instruments.iter().filter_map(feed).collect();
        let config = MarketConfig {
            market: group.market,
            instruments: &feeds,
            trade_source: TRADE_SOURCE,
            capability: Capability::detect(),
        };
        let path = group.files.first().map_or_else(PathBuf::new, |file| file.source.path().to_owned());
        let session = MarketSession::new(&config)
            .map_err(|error| LoadError::Session { path, rule: error.to_string() })?;
        Ok(Self { session, sink: TapeSink(Tape::new()), now: Nanos::MIN })
    }

    /// Reads one file to its end; returns its number of lines.
    fn read(
        &mut self,
        file: &SurveyedFile,
        problems: &mut Problems,
        progress: &mut impl FnMut(usize),
    ) -> Result<u64, LoadError> {
        let name = file.source.name();
        let mut lines = open(&file.source)?;
        let mut unit = file.survey.unit;
        let mut number = 0;
        while let Some(line) = lines.next_line() {
            number += 1;
            let mut note = |kind, detail: String| problems.add(&name, number, kind, || detail);
            let (text, cut) = match line {
                Line::Whole(text) => (text, false),
                Line::Last(text) => (text, true),
                Line::TooLong => {
                    note(
                        ProblemKind::TooLong,
                        format!("longer than {} bytes, skipped", super::LINE_BYTES_MAX),
                    );
                    continue;
                }
            };
            progress(text.len() + 1);
            match split_stamp(text, &mut unit) {
                Ok((time, frame)) => self.frame(time, frame, cut, &mut note),
                Err(_) if cut => {
                    note(ProblemKind::TornLine, "no newline and no readable local time".to_owned())
                }
                Err(error) => {
                    note(ProblemKind::BadTime, format!("{error:?}: a line is `<local time> <frame>`"))
                }
            }
        }
        end_of_file(&name, &lines, problems);
        Ok(number)
    }

    fn frame(&mut self, time: Nanos, frame: &[u8], cut: bool, note: &mut impl FnMut(ProblemKind, String)) {
        if time < self.now {
            note(
                ProblemKind::BackwardTime,
                format!("{} ns before the line before; raised to it", (self.now - time).0),
            );
        }
        self.now = self.now.max(time);
        let before = *self.session.counters();
        let now = Now { mono: self.now, wall: self.now };
        if let Err(error) = self.session.on_bytes(Channel::Market(0), frame, now, &mut self.sink) {
            let kind = if cut { ProblemKind::TornLine } else { ProblemKind::BadFrame };
            note(kind, error.to_string());
        }
        let after = self.session.counters();
        if after.unknown_stream > before.unknown_stream {
            note(
                ProblemKind::UnknownStream,
                String::from_utf8_lossy(frame.get(..80).unwrap_or(frame)).into_owned(),
            );
        }
        if after.gaps > before.gaps {
            note(
                ProblemKind::Gap,
                "the sequence of diffs has a hole; the book waits for a snapshot".to_owned(),
            );
        }
        if after.stale_diffs_ignored > before.stale_diffs_ignored && after.snapshots == before.snapshots {
            note(ProblemKind::StaleDiff, "repeats or precedes what the book holds; ignored".to_owned());
        }
    }
}

fn open(source: &Source) -> Result<LineReader<'_>, LoadError> {
    source.lines().map_err(|error| LoadError::Unreadable { path: source.path().to_owned(), error })
}

fn end_of_file(name: &str, lines: &LineReader<'_>, problems: &mut Problems) {
    if let Some(error) = lines.error() {
        problems.add(name, lines.number(), ProblemKind::Unreadable, || {
            format!("cannot be read past this line: {error}")
        });
    }
}

/// Counts every line of a file in which no instrument was found.
fn refuse_all(file: &SurveyedFile, problems: &mut Problems) -> Result<u64, LoadError> {
    let name = file.source.name();
    let mut lines = open(&file.source)?;
    let mut number = 0;
    while let Some(line) = lines.next_line() {
        number += 1;
        let kind = match line {
            Line::Whole(_) => ProblemKind::BadFrame,
            Line::Last(_) => ProblemKind::TornLine,
            Line::TooLong => ProblemKind::TooLong,
        };
        problems.add(&name, number, kind, || "no instrument is named anywhere in this file".to_owned());
    }
    end_of_file(&name, &lines, problems);
    if number == 0 && lines.error().is_none() {
        problems.add(&name, 0, ProblemKind::Unreadable, || "the file is empty".to_owned());
    }
    Ok(number)
}
