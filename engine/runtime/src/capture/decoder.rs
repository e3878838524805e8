//! One session fed from files, line by line, onto a tape.
//!
//! A damaged line spoils nothing but itself. A local time that the lines around it deny is replaced by theirs, so that its
//! frame is not lost and its book keeps its sequence; a trade that is on the tape is not written again.

use ballast_json::Capability;
use ballast_model::{Event, InstrumentId, Nanos, Span, TradeId};
use ballast_venue::binance::{ConfigError, InstrumentFeed, Market, MarketConfig, MarketSession};
use ballast_venue::{Channel, Counters, EventSink, Now, RingFull};

use super::ids::IdSet;
use super::lines::{LINE_BYTES_MAX, Line};
use super::load::{Instrument, LoadError, SurveyedFile, end_of_file, open};
use super::problems::{ProblemKind, Problems};
use super::stamp::split_stamp;
use super::survey::is_near;
use crate::config::TRADE_SOURCE;
use crate::tape::Tape;

/// A session being fed from files.
pub(super) struct Decoder {
    session: MarketSession,
    sink: TapeSink,
    /// Local time of the last line; it never falls. `None` before the first.
    now: Option<Nanos>,
    /// A line whose time is far ahead of the line before it: the next line's time tells whether to believe it.
    held: Option<Held>,
}

/// A line with a readable local time.
#[derive(Clone, Copy)]
struct Timed<'a> {
    /// From 1.
    number: u64,
    time: Nanos,
    frame: &'a [u8],
    end: End,
}

/// A [`Timed`] line kept beyond the reader's buffer.
struct Held {
    number: u64,
    time: Nanos,
    frame: Vec<u8>,
    end: End,
}

/// How a line ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Newline,
    /// With the file, perhaps cut short.
    File,
}

/// Problems of one file.
struct Notes<'a> {
    file: &'a str,
    problems: &'a mut Problems,
}

impl Notes<'_> {
    fn add(&mut self, line: u64, kind: ProblemKind, detail: impl FnOnce() -> String) {
        self.problems.add(self.file, line, kind, detail);
    }
}

impl Decoder {
    /// A session of one market for the instruments of these ids, which are indices into `all`.
    pub(super) fn new(market: Market, ids: &[InstrumentId], all: &[Instrument]) -> Result<Self, ConfigError> {
        let feed = |id: &InstrumentId| {
            let known = all.get(id.index())?;
            Some(InstrumentFeed { id: *id, symbol: &known.symbol, tick: known.tick, lot: known.lot })
        };
        let feeds: Vec<_> = ids.iter().filter_map(feed).collect();
        let config = MarketConfig {
            market,
            instruments: &feeds,
            trade_source: TRADE_SOURCE,
            capability: Capability::detect(),
        };
        let sink = TapeSink { tape: Tape::new(), now: Nanos::MIN, trades: Vec::new(), stale_trades: 0 };
        Ok(Self { session: MarketSession::new(&config)?, sink, now: None, held: None })
    }

    /// What was decoded, and what the session counted.
    pub(super) fn finish(self) -> (Tape, Counters) {
        (self.sink.tape, *self.session.counters())
    }

    /// Reads one file to its end; returns its number of lines.
    pub(super) fn read(
        &mut self,
        file: &SurveyedFile,
        problems: &mut Problems,
        progress: &mut impl FnMut(usize),
    ) -> Result<u64, LoadError> {
        let name = file.source.name();
        let mut lines = open(&file.source)?;
        let mut notes = Notes { file: &name, problems };
        let mut unit = file.survey.unit;
        let mut number = 0;
        while let Some(line) = lines.next_line() {
            number += 1;
            let (text, end) = match line {
                Line::Whole(text) => (text, End::Newline),
                Line::Last(text) => (text, End::File),
                Line::TooLong => {
                    let detail = || format!("longer than {LINE_BYTES_MAX} bytes, skipped");
                    notes.add(number, ProblemKind::TooLong, detail);
                    continue;
                }
            };
            progress(text.len() + 1);
            match split_stamp(text, &mut unit) {
                Ok((time, frame)) => {
                    let begin = file.survey.begins_at.filter(|begin| !is_near(time, *begin));
                    self.now = self.now.or(begin);
                    self.line(Timed { number, time, frame, end }, &mut notes);
                }
                Err(_) if end == End::File => notes.add(number, ProblemKind::TornLine, || {
                    "no newline and no readable local time".to_owned()
                }),
                Err(error) => notes.add(number, ProblemKind::BadTime, || {
                    format!("{error:?}: a line is `<local time> <frame>`")
                }),
            }
        }
        self.release(None, &mut notes);
        end_of_file(&name, &lines, problems);
        Ok(number)
    }

    /// A line in its turn: read at once, or held back until the next one where its time is far ahead.
    fn line(&mut self, line: Timed<'_>, notes: &mut Notes<'_>) {
        self.release(Some(line.time), notes);
        let Timed { number, time, frame, end } = line;
        if self.now.is_some_and(|now| time > now && !is_near(time, now)) {
            self.held = Some(Held { number, time, frame: frame.to_vec(), end });
        } else {
            self.frame(&line, notes);
        }
    }

    /// Reads the line held back, now that the time of the `next` one is known. Where that does not bear it out, its time is
    /// the one of the line before.
    fn release(&mut self, next: Option<Nanos>, notes: &mut Notes<'_>) {
        let Some(held) = self.held.take() else { return };
        let Held { number, mut time, .. } = held;
        if let Some(now) = self.now.filter(|_| next.is_none_or(|next| !is_near(time, next))) {
            let ahead = time - now;
            notes.add(number, ProblemKind::WrongTime, || {
                format!("{} ns after the line before, not borne out by the next; set to it", ahead.0)
            });
            time = now;
        }
        self.frame(&Timed { number, time, frame: &held.frame, end: held.end }, notes);
    }

    fn frame(&mut self, line: &Timed<'_>, notes: &mut Notes<'_>) {
        let Timed { number, time, frame, end } = *line;
        let mut mono = time;
        if let Some(now) = self.now.filter(|now| time < *now) {
            let back: Span = now - time;
            notes.add(number, ProblemKind::BackwardTime, || {
                format!("{} ns before the line before; raised to it", back.0)
            });
            mono = now;
        }
        self.now = Some(mono);
        self.sink.now = mono;
        let before = (*self.session.counters(), self.sink.stale_trades);
        let now = Now { mono, wall: mono };
        if let Err(error) = self.session.on_bytes(Channel::Market(0), frame, now, &mut self.sink) {
            let kind = if end == End::File { ProblemKind::TornLine } else { ProblemKind::BadFrame };
            notes.add(number, kind, || error.to_string());
        }
        self.note_changes(number, frame, &before, notes);
    }

    /// Names what the session and the tape counted of one frame.
    fn note_changes(
        &self,
        number: u64,
        frame: &[u8],
        (before, stale_trades): &(Counters, u64),
        notes: &mut Notes<'_>,
    ) {
        let after = self.session.counters();
        if after.unknown_stream > before.unknown_stream {
            notes.add(number, ProblemKind::UnknownStream, || {
                String::from_utf8_lossy(frame.get(..80).unwrap_or(frame)).into_owned()
            });
        }
        if after.gaps > before.gaps {
            notes.add(number, ProblemKind::Gap, || {
                "the sequence of diffs has a hole; the book waits for a snapshot".to_owned()
            });
        }
        if after.stale_diffs_ignored > before.stale_diffs_ignored && after.snapshots == before.snapshots {
            notes.add(number, ProblemKind::StaleDiff, || {
                "repeats or precedes what the book holds; ignored".to_owned()
            });
        }
        if self.sink.stale_trades > *stale_trades {
            notes.add(number, ProblemKind::StaleTrade, || "a trade of this id was there; ignored".to_owned());
        }
    }
}

/// Writes a session's events onto a tape, each trade once.
struct TapeSink {
    tape: Tape,
    /// Local time of the line being read.
    now: Nanos,
    /// Ids of the trades on the tape.
    trades: Vec<(InstrumentId, IdSet)>,
    /// Trades left out because the tape has them.
    stale_trades: u64,
}

impl TapeSink {
    /// Remembers a trade; false where it was known.
    fn is_new(&mut self, instrument: InstrumentId, id: TradeId) -> bool {
        let index = self.trades.iter().position(|(known, _)| *known == instrument).unwrap_or_else(|| {
            self.trades.push((instrument, IdSet::default()));
            self.trades.len() - 1
        });
        self.trades.get_mut(index).is_some_and(|(_, ids)| ids.insert(id.0))
    }
}

impl EventSink for TapeSink {
    fn push(&mut self, batch: &[Event]) -> Result<(), RingFull> {
        if let [Event::Trade(trade)] = batch
            && !self.is_new(trade.instrument, trade.trade_id)
        {
            self.stale_trades += 1;
            return Ok(());
        }
        self.tape.push(batch, self.now).map_err(|_| RingFull)
    }
}
