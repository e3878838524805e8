//! From capture files to tapes: the same sessions as live, fed line by line.

use std::path::PathBuf;

use ballast_model::{InstrumentId, Step};
use ballast_venue::Counters;
use ballast_venue::binance::{Copies, Market};

use super::by_order::{self, Reader};
use super::decoder::Decoder;
use super::lines::{Line, LineReader, Source};
use super::problems::{ProblemKind, Problems};
use super::survey::{FileSurvey, Form, SeenInstrument, survey, survey_recording};
use crate::journal::recording::Recording;
use crate::tape::Tape;

/// A capture file and what a first look found in it.
#[derive(Debug)]
pub struct SurveyedFile {
    /// The file.
    pub source: Source,
    /// What it holds.
    pub survey: FileSurvey,
}

/// Opens and surveys every file, and the recordings in every folder.
///
/// # Errors
/// Where a file cannot be opened.
pub fn survey_files(paths: &[PathBuf]) -> Result<Vec<SurveyedFile>, LoadError> {
    let mut files = Vec::new();
    for path in paths {
        let unreadable = |error| LoadError::Unreadable { path: path.clone(), error };
        if path.is_dir() {
            let found = Recording::find(path).map_err(|error| unreadable(std::io::Error::other(error)))?;
            for recording in found {
                files.push(SurveyedFile::new(Source::recorded(recording))?);
            }
        } else {
            files.push(SurveyedFile::new(Source::open(path).map_err(unreadable)?)?);
        }
    }
    Ok(files)
}

impl SurveyedFile {
    /// Looks through a capture once.
    ///
    /// # Errors
    /// Where it cannot be opened again.
    pub fn new(source: Source) -> Result<Self, LoadError> {
        if let Some(recording) = source.recording() {
            let survey = survey_recording(recording);
            return Ok(Self { source, survey });
        }
        let survey = match by_order::is_told(&source)? {
            true => by_order::survey(&mut open(&source)?, &source.name()),
            false => survey(&mut open(&source)?),
        };
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

impl Instrument {
    /// True where this is what a first look saw.
    fn is(&self, seen: &SeenInstrument) -> bool {
        self.symbol == seen.symbol && self.market == seen.market
    }
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
        if group.form()? == Form::Orders {
            loaded.feeds.push(group.load_orders(
                instruments,
                &mut loaded.problems,
                &mut loaded.lines,
                &mut progress,
            )?);
            continue;
        }
        let mut decoder = Decoder::new(group.market, group.copies(), &group.instruments, instruments)
            .map_err(|rule| group.session_error(rule.to_string()))?;
        for file in &group.files {
            loaded.lines += match file.source.recording() {
                Some(recording) => decoder.read_recording(recording, &mut loaded.problems, &mut progress),
                None => decoder.read(file, &mut loaded.problems, &mut progress)?,
            };
        }
        let (tape, counters) = decoder.finish();
        loaded.feeds.push(Feed { instruments: group.instruments, tape, counters });
    }
    let has_any = |file: &&SurveyedFile| {
        let is_known = |seen: &SeenInstrument| instruments.iter().any(|known| known.is(seen));
        file.survey.instruments.iter().any(is_known)
    };
    for file in files.iter().filter(|file| !has_any(file)) {
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

impl Group<'_> {
    /// How its files tell of their market.
    fn form(&self) -> Result<Form, LoadError> {
        let mut forms = self.files.iter().map(|file| &file.survey.form);
        let first = forms.next().unwrap_or(&Form::Frames);
        if forms.any(|form| form != first) {
            return Err(
                self.session_error("an instrument is told by frames or by order events, not both".to_owned())
            );
        }
        Ok(first.clone())
    }

    /// Reads files of order events.
    fn load_orders(
        &self,
        instruments: &[Instrument],
        problems: &mut Problems,
        lines: &mut u64,
        progress: &mut impl FnMut(usize),
    ) -> Result<Feed, LoadError> {
        let only = self.instruments.first().and_then(|id| Some((*id, instruments.get(id.index())?)));
        let reader = only.and_then(|(id, instrument)| Reader::new(id, instrument));
        let mut reader =
            reader.ok_or_else(|| self.session_error("tick or lot has too many digits".to_owned()))?;
        for file in &self.files {
            *lines += reader.read(file, problems, progress)?;
        }
        let (tape, counters) = reader.finish();
        Ok(Feed { instruments: self.instruments.clone(), tape, counters })
    }

    /// Over how many connections streams came where most did: a file says nothing of them.
    fn copies(&self) -> Copies {
        let recorded = self.files.iter().filter_map(|file| file.source.recording());
        recorded.map(Recording::copies).max_by_key(|copies| copies.count()).unwrap_or(Copies::ONE)
    }

    fn session_error(&self, rule: String) -> LoadError {
        let path = self.files.first().map_or_else(PathBuf::new, |file| file.source.path().to_owned());
        LoadError::Session { path, rule }
    }
}

/// Puts each file into the first group it shares an instrument with.
fn groups<'a>(files: &'a [SurveyedFile], instruments: &[Instrument]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for file in files {
        for seen in &file.survey.instruments {
            let Some(index) = instruments.iter().position(|known| known.is(seen)) else { continue };
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

pub(super) fn open(source: &Source) -> Result<LineReader<'_>, LoadError> {
    source.lines().map_err(|error| LoadError::Unreadable { path: source.path().to_owned(), error })
}

pub(super) fn end_of_file(name: &str, lines: &LineReader<'_>, problems: &mut Problems) {
    if let Some(error) = lines.error() {
        problems.add(name, lines.number(), ProblemKind::Unreadable, || {
            format!("cannot be read past this line: {error}")
        });
    }
}

/// Counts every line of a file that holds none of the instruments.
fn refuse_all(file: &SurveyedFile, problems: &mut Problems) -> Result<u64, LoadError> {
    let name = file.source.name();
    if let Form::BrokenOrders(rule) = &file.survey.form {
        problems.add(&name, 1, ProblemKind::BadRow, || rule.clone());
    }
    let mut lines = open(&file.source)?;
    let mut number = 0;
    while let Some(line) = lines.next_line() {
        number += 1;
        let kind = match line {
            Line::Whole(_) => ProblemKind::BadFrame,
            Line::Last(_) => ProblemKind::TornLine,
            Line::TooLong => ProblemKind::TooLong,
        };
        problems.add(&name, number, kind, || "this file holds no instrument with a known grid".to_owned());
    }
    end_of_file(&name, &lines, problems);
    if number == 0 && lines.error().is_none() {
        problems.add(&name, 0, ProblemKind::Unreadable, || "the file is empty".to_owned());
    }
    Ok(number)
}
