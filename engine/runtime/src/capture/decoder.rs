//! One session fed from files, line by line, onto a tape.
//!
//! A damaged line spoils nothing but itself. A local time that the lines around it deny is replaced by theirs, so that its
//! frame is not lost and its book keeps its sequence; a trade that is on the tape is not written again.

mod recorded;

use std::collections::{BTreeSet, VecDeque};

use ballast_json::Capability;
use ballast_model::{Event, InstrumentId, MarketEvent, Nanos, Span, TradeId};
use ballast_venue::binance::{ConfigError, Copies, InstrumentFeed, Market, MarketConfig, MarketSession};
use ballast_venue::{Channel, Counters, EventSink, Now, RingFull};

use super::ids::IdSet;
use super::lines::{LINE_BYTES_MAX, Line};
use super::load::{Instrument, LoadError, SurveyedFile, end_of_file, open};
use super::order::{Denied, Orders};
use super::problems::{ProblemKind, Problems};
use super::stamp::split_stamp;
use super::survey::{STEP_MAX, WITNESSES, is_borne_out, is_near};
use super::venue_clock::VenueClock;
use crate::config::TRADE_SOURCE;
use crate::tape::Tape;

/// Longest time from the last but one line of a file to the last that is believed.
const LAST_STEP_MAX: Span = Span::from_secs(60);

/// A session being fed from files.
pub(super) struct Decoder {
    session: MarketSession,
    sink: TapeSink,
    orders: Orders,
    /// Local time of the last line; it never falls. `None` before the first.
    now: Option<Nanos>,
    /// The lines from the first on whose time is far ahead of the line before it: those after it tell whether to believe it.
    held: VecDeque<Held>,
}

/// A line with a readable local time.
#[derive(Clone, Copy)]
struct Timed<'a> {
    /// From 1.
    number: u64,
    time: Nanos,
    /// The time as the line has it, where that was not believed.
    written: Nanos,
    frame: &'a [u8],
    end: End,
    /// Where it came in.
    channel: Channel,
    /// How much further the wall's clock was.
    ahead: Span,
}

/// Where lines of a file came in: those of all connections are one.
const FILE: (Channel, Span) = (Channel::Market(0), Span::ZERO);

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
    /// A session of one market for the instruments of these ids, which are indices into `all`, each of whose streams comes over so many
    /// connections.
    pub(super) fn new(
        market: Market,
        copies: Copies,
        ids: &[InstrumentId],
        all: &[Instrument],
    ) -> Result<Self, ConfigError> {
        let feed = |id: &InstrumentId| {
            let known = all.get(id.index())?;
            Some(InstrumentFeed { id: *id, symbol: &known.symbol, tick: known.tick, lot: known.lot })
        };
        let feeds: Vec<_> = ids.iter().filter_map(feed).collect();
        let config = MarketConfig {
            market,
            instruments: &feeds,
            trade_source: TRADE_SOURCE,
            copies,
            capability: Capability::detect(),
        };
        let sink = TapeSink {
            tape: Tape::new(),
            clock: VenueClock::default(),
            now: Nanos::MIN,
            witness: None,
            trades: Vec::new(),
            stale_trades: 0,
        };
        Ok(Self {
            session: MarketSession::new(&config)?,
            sink,
            orders: Orders::default(),
            now: None,
            held: VecDeque::new(),
        })
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
                    let is_other = |begin: &Nanos| !is_near(time, *begin) || time - *begin > STEP_MAX;
                    let begin = file.survey.begins_at.filter(is_other);
                    self.now = self.now.or(begin);
                    let (channel, ahead) = FILE;
                    let line = Timed { number, time, written: time, frame, end, channel, ahead };
                    self.line(line, &mut notes);
                }
                Err(_) if end == End::File => notes.add(number, ProblemKind::TornLine, || {
                    "no newline and no readable local time".to_owned()
                }),
                Err(error) => notes.add(number, ProblemKind::BadTime, || {
                    format!("{error:?}: a line is `<local time> <frame>`")
                }),
            }
        }
        self.release(0, &mut notes);
        self.settle_streams(&mut notes);
        end_of_file(&name, &lines, problems);
        Ok(number)
    }

    /// A line in its turn: read at once, or held back where its time or that of one before it awaits its witnesses.
    fn line(&mut self, line: Timed<'_>, notes: &mut Notes<'_>) {
        if self.held.is_empty() && !self.is_far(line.time) {
            return self.frame(&line, notes);
        }
        let Timed { number, time, frame, end, .. } = line;
        self.held.push_back(Held { number, time, frame: frame.to_vec(), end });
        self.release(WITNESSES, notes);
    }

    /// Whether a line's time is so far ahead that those after it must bear it out.
    fn is_far(&self, time: Nanos) -> bool {
        self.now.is_some_and(|now| time - now > STEP_MAX)
    }

    /// Reads the lines held back, up to the first whose time still awaits some of `witnesses`. A time that those after it do
    /// not bear out is set to the one of the line before.
    fn release(&mut self, witnesses: usize, notes: &mut Notes<'_>) {
        while let Some(Held { number, time: written, frame, end }) = self.held.pop_front() {
            let mut time = written;
            if let Some(now) = self.now.filter(|_| self.is_far(time)) {
                if self.held.len() < witnesses {
                    return self.held.push_front(Held { number, time: written, frame, end });
                }
                let following = self.held.iter().map(|held| held.time);
                let ahead = time - now;
                // Where nothing follows nothing is spoilt: a last line may be late.
                let late = self.held.is_empty() && ahead <= LAST_STEP_MAX;
                if !late && !is_borne_out(time, now, following) {
                    notes.add(number, ProblemKind::WrongTime, || {
                        format!("{} ns after the line before, not borne out by the next; set to it", ahead.0)
                    });
                    time = now;
                }
            }
            let (channel, ahead) = FILE;
            self.frame(&Timed { number, time, written, frame: &frame, end, channel, ahead }, notes);
        }
    }

    /// The file has ended: what its messages say of the venue's clock and of one another.
    fn settle_streams(&mut self, notes: &mut Notes<'_>) {
        let (offset, wrong) = self.sink.clock.settle();
        self.sink.tape.end_file(offset);
        for wrong in &wrong {
            notes.add(wrong.line, ProblemKind::WrongVenueTime, || {
                format!("receive time minus venue time is {} ns above the file's offset", wrong.beyond.0)
            });
        }
        let known: BTreeSet<_> = wrong.iter().map(|wrong| wrong.line).collect();
        let (ids, times) = self.orders.settle();
        for Denied { line, value, neighbour } in ids {
            notes.add(line, ProblemKind::TickerOutOfOrder, || match value.checked_sub(neighbour) {
                None | Some(0) => format!("update id {value} does not follow {neighbour}"),
                Some(_) => format!("update id {value} is ahead of {neighbour} after it"),
            });
        }
        for Denied { line, value, neighbour } in times.into_iter().filter(|one| !known.contains(&one.line)) {
            notes.add(line, ProblemKind::WrongVenueTime, || match neighbour.checked_sub(value) {
                Some(back) => format!("runs {back} ns back within its stream"),
                None => format!("{} ns ahead of what follows in its stream", value - neighbour),
            });
        }
    }

    fn frame(&mut self, line: &Timed<'_>, notes: &mut Notes<'_>) {
        let Timed { number, time, written, frame, end, channel, ahead } = *line;
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
        self.sink.witness = (mono == written).then_some(number);
        let before = (*self.session.counters(), self.sink.stale_trades);
        let now = Now { mono, wall: mono + ahead };
        if let Err(error) = self.session.on_bytes(channel, frame, now, &mut self.sink) {
            let kind = if end == End::File { ProblemKind::TornLine } else { ProblemKind::BadFrame };
            notes.add(number, kind, || error.to_string());
        }
        if let Some(place) = self.session.place() {
            self.orders.take(place, mono, number);
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
        if after.zero_matches > before.zero_matches {
            notes.add(number, ProblemKind::ZeroTrade, || "a price or size of zero; left out".to_owned());
        }
        if after.empty_tickers > before.empty_tickers {
            notes.add(number, ProblemKind::EmptyTicker, || "a price or size of zero".to_owned());
        }
        if after.crossed_tickers > before.crossed_tickers {
            notes.add(number, ProblemKind::CrossedTicker, || "the bid is not below the ask".to_owned());
        }
        if self.sink.stale_trades > *stale_trades {
            notes.add(number, ProblemKind::StaleTrade, || "a trade of this id was there; ignored".to_owned());
        }
    }
}

/// Writes a session's events onto a tape, each trade once.
struct TapeSink {
    tape: Tape,
    clock: VenueClock,
    /// Local time of the line being read.
    now: Nanos,
    /// Its number, where its local time is as written: only then it says something of the venue's clock.
    witness: Option<u64>,
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
        self.tape.push(batch, self.now).map_err(|_| RingFull)?;
        if let Some((recv_time, venue_time)) = batch.first().and_then(times)
            && let Some(line) = self.witness
        {
            self.clock.take(recv_time, venue_time, line);
        }
        Ok(())
    }
}

/// When we received what an event tells, and when the venue made it.
fn times(event: &Event) -> Option<(Nanos, Nanos)> {
    match event.market()? {
        MarketEvent::BookBegin(begin) => Some((begin.recv_time, begin.venue_time)),
        MarketEvent::Ticker(ticker) => Some((ticker.recv_time, ticker.venue_time)),
        MarketEvent::Trade(trade) => Some((trade.recv_time, trade.venue_time)),
        MarketEvent::Mark(mark) => Some((mark.recv_time, mark.venue_time)),
        MarketEvent::BookLevels(_) | MarketEvent::BookLost(_) => None,
    }
}
