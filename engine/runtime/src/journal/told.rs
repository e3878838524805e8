//! What a journal tells of the world around the core: markets, operators, and what the core asked for and got.

use std::path::Path;

use ballast_journal::{Entry, Record};
use ballast_model::{
    AccountEvent, BookBatch, ClientOrderId, Command, Ending, Event, InstrumentId, Lots, Nanos, OrderReport,
    Span,
};

use super::meta::MetaFeed;
use super::{History, JournalError, Meta, Step, Walked};
use crate::config::Config;
use crate::tape::Tape;

/// A journal, read.
#[derive(Debug)]
pub struct Told {
    /// What its headers say.
    pub meta: Meta,
    /// The configuration that decided.
    pub config: Config,
    /// The market, as recorded: one tape per feed.
    pub tapes: Vec<Tape>,
    /// Snapshots among the batches.
    pub snapshots: u64,
    /// What operators said, what was granted and how the journal stood, and when.
    pub outside: Vec<(Nanos, Event)>,
    /// What the core asked for, and when.
    pub commands: Vec<(Nanos, Command)>,
    /// What it was told of its orders, in the order in which it heard.
    pub reports: Vec<Heard>,
    /// When the last input came.
    pub ended_at: Nanos,
    /// What is to be told of how it was read: [`History::notice`].
    pub notice: Option<String>,
    /// How its reading ended.
    pub walked: Walked,
}

/// What became of an order of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// When it happened at the venue, on our clock.
    pub at: Nanos,
    /// In which instrument.
    pub instrument: InstrumentId,
    /// Of which order.
    pub client_id: ClientOrderId,
    /// What.
    pub what: Happened,
}

/// What became of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happened {
    /// So much of it traded.
    Filled(Lots),
    /// It ended without trading further.
    Ended,
}

impl Heard {
    /// What an input tells of an order's size; `None` for anything else.
    #[must_use]
    pub fn of(event: &Event) -> Option<Self> {
        match event.account()? {
            AccountEvent::Fill(fill) => Some(Self {
                at: fill.venue_time,
                instrument: fill.instrument,
                client_id: fill.client_id,
                what: Happened::Filled(fill.level.lots()),
            }),
            AccountEvent::Order(update) => {
                let ended = match update.report {
                    OrderReport::Rejected(_)
                    | OrderReport::Cancelled
                    | OrderReport::Expired
                    | OrderReport::NotSent
                    | OrderReport::NotFound { .. } => true,
                    OrderReport::Ended { how, .. } => how != Ending::Filled,
                    OrderReport::Accepted(_)
                    | OrderReport::CancelRejected(_)
                    | OrderReport::FateUnknown
                    | OrderReport::Replaced { .. }
                    | OrderReport::ReplaceRejected(_)
                    | OrderReport::Working { .. } => false,
                };
                let (instrument, client_id) = (update.instrument, update.client_id);
                let what = Happened::Ended;
                ended.then_some(Self { at: update.venue_time, instrument, client_id, what })
            }
            AccountEvent::Funding(_) | AccountEvent::Balance(_) => None,
        }
    }
}

/// A tape being filled, and the files its messages came from.
struct Filling<'a> {
    feed: &'a MetaFeed,
    tape: Tape,
    /// Which file the next message is of, and how many of it there were.
    file: usize,
    of_file: usize,
}

impl Filling<'_> {
    /// The tape, with the file that the journal ends within.
    fn finish(mut self) -> Tape {
        if let Some((_, offset)) = self.feed.clocks.get(self.file).filter(|_| self.of_file > 0) {
            self.tape.end_file(Some(Span(*offset)));
        }
        self.tape
    }

    fn push(&mut self, events: &[Event], at: Nanos) -> Result<(), &'static str> {
        self.tape.push(events, at).map_err(|_| "a message of the market that fits no tape")?;
        self.of_file += 1;
        if let Some((messages, offset)) = self.feed.clocks.get(self.file)
            && self.of_file >= *messages
        {
            self.tape.end_file(Some(Span(*offset)));
            self.of_file = 0;
            // A run that was repeated has all files once more.
            self.file = (self.file + 1) % self.feed.clocks.len();
        }
        Ok(())
    }
}

impl Told {
    /// Reads the journal in a folder, what a writer that died left made whole first.
    ///
    /// # Errors
    /// Damage, or a journal that does not tell enough to be played again.
    pub fn read(folder: &Path) -> Result<Self, JournalError> {
        let history = History::open_whole(folder)?;
        history.whole()?;
        let told = |why: String| JournalError::Meta {
            path: history.segments().first().cloned().unwrap_or_default(),
            why,
        };
        let meta = Meta::parse(&history.header().meta).map_err(told)?;
        if meta.feeds.is_empty() {
            return Err(JournalError::Felt(folder.to_owned()));
        }
        let config = Config::parse(&meta.config, Path::new(&meta.config_name))
            .map_err(|error| told(error.to_string()))?;
        let later = config.venue.feed_latency();
        let mut reading = Reading {
            feeds: meta
                .feeds
                .iter()
                .map(|feed| Filling { feed, tape: Tape::new(), file: 0, of_file: 0 })
                .collect(),
            later,
            snapshots: 0,
            outside: Vec::new(),
            commands: Vec::new(),
            reports: Vec::new(),
            now: Nanos::MIN,
        };
        let walked = history.walk(|record| match reading.take(record) {
            Ok(()) => Ok(Step::On),
            Err(why) => Err(told(format!("record {}: {why}", record.seq))),
        })?;
        let Reading { feeds, snapshots, outside, commands, reports, now, .. } = reading;
        let tapes = feeds.into_iter().map(Filling::finish).collect();
        let notice = history.notice();
        Ok(Self { config, tapes, snapshots, outside, commands, reports, ended_at: now, notice, walked, meta })
    }
}

/// A journal being read.
struct Reading<'a> {
    feeds: Vec<Filling<'a>>,
    /// How much later than received the core learned of market data.
    later: Span,
    snapshots: u64,
    outside: Vec<(Nanos, Event)>,
    commands: Vec<(Nanos, Command)>,
    reports: Vec<Heard>,
    now: Nanos,
}

impl Reading<'_> {
    fn take(&mut self, record: &Record<'_>) -> Result<(), &'static str> {
        let before = self.now;
        self.now = record.now.max(before);
        if record.entry.is_input() && record.now < before {
            return Err("its inputs go back in time: it is of more than one run");
        }
        match record.entry {
            Entry::Batch(batch) => self.batch(&batch, record.now),
            Entry::Event(event) => self.event(&event, record.now),
            Entry::Command(command) => {
                self.commands.push((record.now, command));
                Ok(())
            }
            Entry::Checkpoint(_) | Entry::Carried(_) | Entry::Block(_) | Entry::End(_) => Ok(()),
        }
    }

    fn batch(&mut self, batch: &BookBatch<'_>, now: Nanos) -> Result<(), &'static str> {
        let begin = *batch.begin();
        self.snapshots += u64::from(begin.kind == ballast_model::BookKind::Snapshot);
        let slots = batch.slots().map(Event::BookLevels);
        let events: Vec<_> = core::iter::once(Event::BookBegin(begin)).chain(slots).collect();
        self.push(begin.instrument, &events, now)
    }

    fn event(&mut self, event: &Event, now: Nanos) -> Result<(), &'static str> {
        match event {
            Event::BookLost(_) | Event::Ticker(_) | Event::Trade(_) | Event::Mark(_) => {
                let instrument = event.instrument().ok_or("a message of no market")?;
                self.push(instrument, &[*event], now)
            }
            Event::Operator(_)
            | Event::Grant(_)
            | Event::Journal(_)
            | Event::Access(_)
            | Event::Carried(_)
            | Event::Config(_) => {
                self.outside.push((now, *event));
                Ok(())
            }
            Event::Order(_) | Event::Fill(_) => {
                self.reports.extend(Heard::of(event));
                Ok(())
            }
            Event::BookBegin(_)
            | Event::BookLevels(_)
            | Event::Funding(_)
            | Event::Balance(_)
            | Event::Timer => Ok(()),
        }
    }

    fn push(&mut self, instrument: InstrumentId, events: &[Event], now: Nanos) -> Result<(), &'static str> {
        let feed = self.feeds.iter_mut().find(|filling| filling.feed.instruments.contains(&instrument.0));
        feed.ok_or("a message of a market that no feed carries")?.push(events, Nanos(now.0 - self.later.0))
    }
}
