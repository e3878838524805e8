//! A replay from files to outcome: survey, settle the grids, decode, map the clocks, build core and venue, play.

mod again;
mod calibrate;

use std::path::{Path, PathBuf};
use std::time::Duration;

use ballast_analytics::record::{GridSource, InstrumentRecord, Programme, Requests, Role};
use ballast_core::accounts::AccountError;
use ballast_core::book::BookLimits;
use ballast_core::market::Market;
use ballast_core::outbox::Note;
use ballast_core::shard::{ChangeError, LaneError, OperatorRefusal, Shard};
use ballast_exchange::floor::FloorSpecError;
use ballast_exchange::{CancelModel, Conditions, Place, TapeVenue, VenueSpecError};
use ballast_model::{
    AssetId, Command, Contract, Event, Fill, HalfTicks, InstrumentId, Nanos, OperatorScope, Span,
};
use ballast_venue::Counters;

use crate::book_check::follow;
use crate::capture::{Instrument, LoadError, Problems, SurveyedFile, load, survey_files};
use crate::clock::Stopwatch;
use crate::config::{
    BookNames, Config, ConfigError, FoundInstrument, OrdersConfig, Quoted, Resolved, ResolvedInstrument,
    Resolver, Unquoted, conditions, fixed_offset, latencies_hash, market_name, resolve, stops,
};
use crate::journal::{JournalError, Meta, MetaFeed};
use crate::operator::{Obeyed, OperatorScript, Said, Scopes};
use crate::replay::{
    self, NoteCounts, Observer, Outcome, Program, Record, Recorder, RecorderSpec, Stop, Unjournaled,
};
use crate::tape::{Cursor, Shift, Tape};
pub use calibrate::{Calibration, Trial};

/// Why a replay cannot run.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The simulated venue cannot be built.
    #[error("the simulated venue: {0}")]
    Venue(#[from] VenueSpecError),
    /// The venue of traders cannot be built.
    #[error("the venue of traders: {0}")]
    Floor(#[from] FloorSpecError),
    /// The books by strategy and account.
    #[error("the books: {0}")]
    Books(#[from] AccountError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What a journal recorded cannot be played again.
    #[error("the journal cannot be played again: {0}")]
    Recorded(String),
    /// The core cannot be built.
    #[error("{instrument}: {error}")]
    Lane {
        /// Which instrument.
        instrument: String,
        /// Why.
        error: LaneError,
    },
    /// A configuration that cannot take the place of the one in force.
    #[error("{of}: {error}")]
    Change {
        /// Of which instrument, or of all.
        of: String,
        /// Why.
        error: ChangeError,
    },
}

/// Decoded data, ready to be played any number of times.
#[derive(Debug)]
pub struct Prepared<'a> {
    /// Instruments; an [`InstrumentId`] is the index.
    pub instruments: Vec<ResolvedInstrument>,
    /// History, with the offsets that map each venue clock to ours.
    pub tapes: Vec<Tape>,
    /// What the sessions counted, in the order of `tapes`.
    pub counters: Vec<Counters>,
    /// What was wrong with the data, by place.
    pub problems: Problems,
    /// Unit of each file's local times, where one was seen.
    pub time_units: Vec<(String, Option<&'static str>)>,
    /// Lines read.
    pub lines: u64,
    /// Time the decoding pass took, reading the lines included; the first look at the files is not in it.
    pub decoding: Duration,
    /// What is told in every run from outside the markets, by time: first what is granted, then what an operator says.
    told: Vec<(Nanos, Event)>,
    /// How many of these are granted by the configuration.
    granted: usize,
    /// In whose words it speaks; `None` where it does not.
    scopes: Option<Scopes>,
    conditions: Conditions,
    feed_latency: Span,
    /// When market data stop, by tape.
    stops: Vec<Vec<Stop>>,
    orders: OrdersConfig,
    resolver: Resolver<'a>,
    meta: Meta,
    /// What takes the place of the configuration while a run goes on, in order, with the keys of the texts that say so.
    changes: Vec<(u64, Config)>,
}

/// Whether the strategy takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Quotes as configured.
    Quoting,
    /// Books and venue only.
    Idle,
}

/// A finished run.
#[derive(Debug)]
pub struct Played {
    /// What happened.
    pub outcome: Outcome,
    /// The core at the end.
    pub shard: Shard,
    /// The venue at the end.
    pub venue: TapeVenue,
    /// Time the replay took, decoding and building not included.
    pub replaying: Duration,
    /// What an operator said, and how it was answered.
    pub operator: Vec<Obeyed>,
    /// What the core noted, and when it was quoting.
    pub notes: NoteCounts,
}

/// An observer, and beside it one that keeps what an operator said and what the core noted.
struct Listening<'a, O> {
    observer: &'a mut O,
    obeyed: Vec<Obeyed>,
    notes: NoteCounts,
}

impl<O: Observer> Observer for Listening<'_, O> {
    #[inline]
    fn before(&mut self, now: Nanos, shard: &Shard) {
        self.observer.before(now, shard);
    }

    fn after(&mut self, event: &Event, now: Nanos, shard: &Shard) {
        self.notes.follow(event, now, shard);
        // What the configuration grants is no operator's: it comes first.
        if let Event::Grant(grant) = event
            && grant.grant.seq > 1
        {
            let budget = shard.portfolio().and_then(|portfolio| portfolio.budget(grant.kind));
            let adopted = budget.is_some_and(|budget| budget.journaled().target == grant.grant.amount);
            let outcome = if adopted { Ok(()) } else { Err(OperatorRefusal::NoSuchScope) };
            self.obeyed.push(Obeyed { at: now, said: Said::Grant(*grant), outcome });
        }
        self.observer.after(event, now, shard);
    }

    fn placed(&mut self, fill: &Fill, place: &Place) {
        self.observer.placed(fill, place);
    }

    fn sent(&mut self, command: &Command) {
        self.observer.sent(command);
    }

    fn noted(&mut self, notes: &[Note], at: Nanos) {
        self.notes.count(notes, at);
        if let Some(Note::Operator(command, outcome)) = notes.first() {
            self.obeyed.push(Obeyed { at, said: Said::Command(*command), outcome: *outcome });
        }
        self.observer.noted(notes, at);
    }
}

impl<'a> Prepared<'a> {
    /// Reads files.
    ///
    /// # Errors
    /// [`JobError`], naming the place and the rule.
    pub fn from_files(
        config: &'a Config,
        config_path: &Path,
        files: &[PathBuf],
        progress: impl FnMut(usize),
    ) -> Result<Self, JobError> {
        Self::from_surveyed(config, config_path, &survey_files(files)?, progress)
    }

    /// Decodes files that were already looked at.
    ///
    /// # Errors
    /// [`JobError`], naming the place and the rule.
    pub fn from_surveyed(
        config: &'a Config,
        config_path: &Path,
        files: &[SurveyedFile],
        progress: impl FnMut(usize),
    ) -> Result<Self, JobError> {
        let seen: Vec<_> = files.iter().flat_map(|file| file.survey.instruments.iter().cloned()).collect();
        let (found, resolver) = resolve(config, config_path.to_owned(), &seen)?;
        let instruments: Vec<Instrument> = found.iter().map(|one| one.instrument.clone()).collect();
        let watch = Stopwatch::start();
        let loaded = load(files, &instruments, progress)?;
        let decoding = watch.elapsed();
        let counters = loaded.feeds.iter().map(|feed| feed.counters).collect();
        let (carried, mut tapes): (Vec<_>, Vec<_>) =
            loaded.feeds.into_iter().map(|feed| (feed.instruments, feed.tape)).unzip();
        if let Some(offset) = fixed_offset(config) {
            tapes.iter_mut().for_each(|tape| tape.fix_clock(offset));
        }
        let instruments: Vec<_> = found
            .into_iter()
            .zip(0..)
            .map(|(found, id)| {
                let reference = first_mid(&tapes, InstrumentId(id), &found);
                ResolvedInstrument { found, reference }
            })
            .collect();
        let unit = |file: &SurveyedFile| {
            (file.source.name(), file.survey.unit.map(super::capture::TimeUnit::abbreviation))
        };
        let time_units = files.iter().map(unit).collect();
        let begin = begin_of(&tapes);
        let markets = instruments.iter().map(|one| one.found.instrument.market);
        let conditions = conditions(config, config_path, markets, begin)?;
        let (problems, lines) = (loaded.problems, loaded.lines);
        let feeds = carried.iter().zip(&tapes).map(|(carried, tape)| meta_feed(carried, tape));
        let mut meta = Meta::new(config, config_path, &seen, &instruments, feeds.collect());
        meta.latencies = latencies_hash(&conditions);
        let granted: Vec<_> =
            resolver.grants().into_iter().map(|grant| (begin, Event::Grant(grant))).collect();
        Ok(Self {
            instruments,
            tapes,
            counters,
            problems,
            time_units,
            lines,
            decoding,
            granted: granted.len(),
            told: granted,
            scopes: None,
            stops: stops(config, &conditions, &carried),
            conditions,
            feed_latency: config.venue.feed_latency(),
            orders: config.venue.queue.orders,
            resolver,
            meta,
            changes: Vec::new(),
        })
    }

    /// Name of an asset.
    #[must_use]
    pub fn asset(&self, asset: AssetId) -> &str {
        self.resolver.assets().get(usize::from(asset.0)).map_or("", String::as_str)
    }

    /// Names of instruments that detectors of arbitrage need and that the data has not.
    #[must_use]
    pub fn absent(&self) -> Vec<String> {
        self.resolver.absent(&self.instruments)
    }

    /// Each quoted instrument whose fair value is made without an input that the data has not, and that input's name.
    #[must_use]
    pub fn lacking(&self) -> Vec<(String, String)> {
        self.resolver.lacking(&self.instruments)
    }

    /// Outages, by number from 0, that end before the first message or begin after the last: nothing comes of them.
    #[must_use]
    pub fn idle_outages(&self) -> Vec<usize> {
        let spans = || self.tapes.iter().filter_map(Tape::span);
        let first = spans().map(|(first, _)| first).min();
        let last = spans().map(|(_, last)| last + self.feed_latency).max();
        let Some((first, last)) = first.zip(last) else { return Vec::new() };
        let numbered = self.conditions.outages.iter().enumerate();
        let idle = numbered.filter(|(_, outage)| outage.until <= first || outage.from > last);
        idle.map(|(number, _)| number).collect()
    }

    /// Why each instrument is only followed, in their order; `None` for one that is quoted.
    #[must_use]
    pub fn unquoted(&self) -> Vec<Option<Unquoted>> {
        self.resolver.unquoted(&self.instruments)
    }

    /// True where no instrument ever had a book: there is nothing to quote from.
    #[must_use]
    pub fn has_no_book(&self) -> bool {
        self.counters.iter().all(|counters| counters.snapshots == 0)
    }

    /// Whether the data has a mark price of this instrument.
    #[must_use]
    pub fn has_marks(&self, instrument: InstrumentId) -> bool {
        self.tapes.iter().any(|tape| tape.has_marks(instrument))
    }

    /// Sum of one counter over all sessions.
    #[must_use]
    pub fn total(&self, of: impl Fn(&Counters) -> u64) -> u64 {
        self.counters.iter().map(of).sum()
    }

    /// Whether an instrument's queue is the orders that the data tell by id.
    #[must_use]
    pub fn queued_by_orders(&self, instrument: InstrumentId) -> bool {
        self.orders == OrdersConfig::Found && self.tapes.iter().any(|tape| tape.has_orders(instrument))
    }

    /// Builds a fresh core and venue.
    ///
    /// # Errors
    /// Where the configuration's numbers cannot be used together.
    pub fn build(&self, mode: Mode) -> Result<(Shard, TapeVenue), JobError> {
        let quoted = match mode {
            Mode::Quoting => Quoted::Yes,
            Mode::Idle => Quoted::No,
        };
        let mut resolved = self.resolver.build(&self.instruments, quoted)?;
        resolved.venue.conditions = self.conditions.clone();
        for (rules, id) in resolved.venue.instruments.iter_mut().zip(0..) {
            if self.queued_by_orders(InstrumentId(id)) {
                rules.queue.cancels = CancelModel::Orders;
            }
        }
        let (mut shard, venue) = assemble(&resolved, &self.instruments)?;
        self.changes_of(&resolved.shard, quoted)?.into_iter().for_each(|change| shard.hand(change));
        Ok((shard, venue))
    }

    /// Plays the data with a fresh core and venue.
    ///
    /// # Errors
    /// As [`Prepared::build`].
    pub fn play(&self, mode: Mode, repeat: u32, observer: &mut impl Observer) -> Result<Played, JobError> {
        self.play_recorded(mode, repeat, observer, &mut Unjournaled)
    }

    /// Plays the data with a fresh core and venue, and records it.
    ///
    /// # Errors
    /// As [`Prepared::build`].
    pub fn play_recorded(
        &self,
        mode: Mode,
        repeat: u32,
        observer: &mut impl Observer,
        record: &mut impl Record,
    ) -> Result<Played, JobError> {
        let (mut shard, mut venue) = self.build(mode)?;
        let program = Program {
            tapes: &self.tapes,
            repeat,
            operator: &self.told,
            feed_latency: self.feed_latency,
            stops: &self.stops,
        };
        let notes = NoteCounts::new(self.instruments.len());
        let mut observer = Listening { observer, obeyed: Vec::with_capacity(self.told.len()), notes };
        let watch = Stopwatch::start();
        let outcome = replay::run(program, &mut shard, &mut venue, &mut observer, record);
        let replaying = watch.elapsed();
        let Listening { obeyed: operator, notes, .. } = observer;
        Ok(Played { outcome, shard, venue, replaying, operator, notes })
    }

    /// Lets an operator speak in every run from here on.
    ///
    /// # Errors
    /// As [`OperatorScript::resolve`], and where the configuration's numbers cannot be used together.
    pub fn operate(&mut self, script: &OperatorScript) -> Result<(), JobError> {
        let built = self.resolver.build(&self.instruments, Quoted::Yes)?;
        let (names, assets) = (self.resolver.names(&self.instruments), self.resolver.assets());
        let scopes = Scopes::new(&self.instruments, &names, &built, assets);
        self.told.truncate(self.granted);
        self.told.extend(script.resolve(&self.instruments, &scopes, begin_of(&self.tapes))?);
        self.scopes = Some(scopes);
        Ok(())
    }

    /// What an operator's command holds for, as his script writes it; empty where there is none.
    #[must_use]
    pub fn scope_words(&self, scope: OperatorScope) -> String {
        self.scopes.as_ref().map_or_else(String::new, |scopes| scopes.words(scope))
    }

    /// What an operator is to say in each run, by time.
    #[must_use]
    pub fn operator_commands(&self) -> &[(Nanos, Event)] {
        self.told.get(self.granted..).unwrap_or_default()
    }

    /// The same after what the configuration grants at the beginning.
    #[must_use]
    pub fn told(&self) -> &[(Nanos, Event)] {
        &self.told
    }

    /// What the trades of each instrument are booked to; `None` where no books are kept.
    #[must_use]
    pub fn books(&self) -> Option<BookNames> {
        self.resolver.books(&self.instruments)
    }

    /// What a journal of a run must say to be decided again.
    #[must_use]
    pub fn meta(&self, mode: Mode) -> Meta {
        Meta { quoting: mode == Mode::Quoting, ..self.meta.clone() }
    }

    /// A recorder for these instruments.
    #[must_use]
    pub fn recorder(&self, spec: RecorderSpec) -> Recorder {
        let programme = self.resolver.programme();
        Recorder::new(spec, self.instruments.iter().map(|one| record_of(one, programme)).collect())
    }
}

/// The empty record of an instrument whose quotes are held against `programme`.
pub(crate) fn record_of(one: &ResolvedInstrument, programme: Programme) -> InstrumentRecord {
    let found = &one.found;
    InstrumentRecord {
        name: found.name(),
        venue: market_name(found.instrument.market).to_owned(),
        role: Role::Quoted,
        spec: found.spec,
        grid: if found.inferred { GridSource::Inferred } else { GridSource::Configured },
        currency: found.settlement().to_owned(),
        price_unit: found.quote.clone(),
        size_unit: match found.spec.contract {
            Contract::Linear => found.base.clone(),
            Contract::Inverse => "contracts".to_owned(),
        },
        programme,
        requests: Requests::default(),
        fills: Vec::new(),
        adjustments: Vec::new(),
        samples: Vec::new(),
    }
}

/// What a journal says of a session.
fn meta_feed(carried: &[InstrumentId], tape: &Tape) -> MetaFeed {
    MetaFeed {
        instruments: carried.iter().map(|id| id.0).collect(),
        clocks: tape.clocks().map(|(messages, offset)| (messages, offset.0)).collect(),
    }
}

/// Builds core and venue.
pub(crate) fn assemble(
    resolved: &Resolved,
    instruments: &[ResolvedInstrument],
) -> Result<(Shard, TapeVenue), JobError> {
    Ok((build_core(resolved, instruments)?, TapeVenue::new(&resolved.venue)?))
}

/// Builds the core.
pub(crate) fn build_core(resolved: &Resolved, instruments: &[ResolvedInstrument]) -> Result<Shard, JobError> {
    let shard = Shard::new(&resolved.shard).map_err(|(index, error)| {
        let instrument = instruments.get(index).map_or_else(String::new, |one| one.found.name());
        JobError::Lane { instrument, error }
    })?;
    Ok(match &resolved.books {
        Some(names) => shard.with_books(&names.lanes)?,
        None => shard,
    })
}

/// When the data begin.
fn begin_of(tapes: &[Tape]) -> Nanos {
    tapes.iter().filter_map(Tape::span).map(|(first, _)| first).min().unwrap_or_default()
}

/// The first midpoint of an instrument's book.
fn first_mid(tapes: &[Tape], id: InstrumentId, found: &FoundInstrument) -> Option<HalfTicks> {
    let limits = BookLimits { price_ticks_max: found.spec.price_max.0, levels_max: 1 << 15 };
    tapes.iter().find_map(|tape| {
        let mut market = Market::new(limits);
        let mut cursor = Cursor::new(tape, Shift::default());
        while cursor.recv_time().is_some() {
            cursor.next(|event| follow(&mut market, id, event));
            if let Some(touch) = market.touch() {
                return Some(touch.mid());
            }
        }
        None
    })
}
