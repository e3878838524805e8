//! Files of order events: every order of a market by its id, in the columns that hftbacktest documents.
//!
//! The first line is [`HEADING`]; the name of the file says whose events they are, as `usdm.ETHUSDT.csv` does. Lines of the same two
//! times are one update of the book. From them come the book by level and the trades that the core is shown, and what becomes of
//! each order, by which the simulated venue knows the place of ours in the queue.
//!
//! A line that breaks a rule is counted and named, and changes nothing.

mod book;
mod row;
mod survey;

use ballast_json::Grid;
use ballast_model::{
    BookKind, Event, InstrumentId, LOTS_MAX, Lots, Nanos, PackedLevel, Price, Step, Trade, TradeId,
};
use ballast_venue::Counters;

use super::lines::{LINE_BYTES_MAX, Line, LineReader, Source};
use super::load::{Instrument, LoadError, SurveyedFile, end_of_file, open};
use super::problems::{ProblemKind, Problems};
use super::venue_clock::VenueClock;
use crate::tape::{OrderDiff, Tape};
use book::Orders;
pub(super) use row::HEADING;
use row::{Broken, Kind, Row};
pub(super) use survey::survey;

/// Whether a file is one of order events: its first line begins as the heading does.
pub(super) fn is_told(source: &Source) -> Result<bool, LoadError> {
    let mut lines = open(source)?;
    let first = lines.next_line();
    Ok(matches!(first, Some(Line::Whole(text) | Line::Last(text)) if text.starts_with(b"ev,")))
}

/// Whether the first line is the heading.
fn heading_stands(lines: &mut LineReader<'_>) -> bool {
    let first = lines.next_line();
    matches!(first, Some(Line::Whole(text) | Line::Last(text)) if text.trim_ascii() == HEADING.as_bytes())
}

/// One instrument's events being read, file after file.
pub(super) struct Reader {
    instrument: InstrumentId,
    price: Grid,
    size: Grid,
    tape: Tape,
    counters: Counters,
    clock: VenueClock,
    orders: Orders,
    /// Times of the update being read; `None` where nothing of it was.
    open: Option<Times>,
    /// What the update being read is.
    kind: BookKind,
    /// Receive time of the last line; it never falls.
    now: Nanos,
    levels: [Vec<PackedLevel>; 2],
}

/// Of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Times {
    venue: Nanos,
    recv: Nanos,
}

impl Reader {
    /// Before the first file; `None` where a step has more digits than decimals are read with.
    pub(super) fn new(id: InstrumentId, instrument: &Instrument) -> Option<Self> {
        let grid = |step: Step| Grid::new(step.scale, step.mantissa);
        Some(Self {
            instrument: id,
            price: grid(instrument.tick)?,
            size: grid(instrument.lot)?,
            tape: Tape::new(),
            counters: Counters::default(),
            clock: VenueClock::default(),
            orders: Orders::default(),
            open: None,
            kind: BookKind::Snapshot,
            now: Nanos::MIN,
            levels: Default::default(),
        })
    }

    /// What was read.
    pub(super) fn finish(self) -> (Tape, Counters) {
        (self.tape, self.counters)
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
        heading_stands(&mut lines);
        let mut number = 1;
        while let Some(line) = lines.next_line() {
            number += 1;
            let (text, torn) = match line {
                Line::Whole(text) => (text, ProblemKind::BadRow),
                Line::Last(text) => (text, ProblemKind::TornLine),
                Line::TooLong => {
                    let detail = || format!("longer than {LINE_BYTES_MAX} bytes, skipped");
                    problems.add(&name, number, ProblemKind::TooLong, detail);
                    continue;
                }
            };
            progress(text.len() + 1);
            let taken = row::parse(text).and_then(|row| row.map_or(Ok(None), |row| self.take(&row, number)));
            match taken {
                Ok(None) => {}
                Ok(Some(back)) => problems.add(&name, number, ProblemKind::BackwardTime, || {
                    format!("`local_ts` is {back} ns before that of the line before; raised to it")
                }),
                Err(rule) => problems.add(&name, number, torn, || rule.to_owned()),
            }
        }
        if self.settle().is_err() {
            problems.add(&name, number, ProblemKind::BadRow, || MANY.to_owned());
        }
        let (offset, wrong) = self.clock.settle();
        self.tape.end_file(offset);
        for wrong in wrong {
            problems.add(&name, wrong.line, ProblemKind::WrongVenueTime, || {
                format!("receive time minus venue time is {} ns above the file's offset", wrong.beyond.0)
            });
        }
        end_of_file(&name, &lines, problems);
        Ok(number)
    }

    /// Takes in a line. Where its receive time is before that of the line before, by how many nanoseconds.
    fn take(&mut self, row: &Row<'_>, line: u64) -> Result<Option<i64>, Broken> {
        self.counters.frames += 1;
        let times = Times { venue: row.venue_time, recv: row.recv_time.max(self.now) };
        let ends = self.open.is_some_and(|open| open != times);
        let settled =
            if ends || matches!(row.kind, Kind::Trade | Kind::Clear) { self.settle() } else { Ok(()) };
        self.follow(row, times)?;
        settled?;
        let back = (times.recv - row.recv_time).0;
        self.now = times.recv;
        if back == 0 && row.venue_time != row.recv_time {
            self.clock.take(row.recv_time, row.venue_time, line);
        }
        Ok(Some(back).filter(|back| *back > 0))
    }

    /// Does what a line says.
    fn follow(&mut self, row: &Row<'_>, times: Times) -> Result<(), Broken> {
        match row.kind {
            Kind::Trade => return self.trade(row, times),
            Kind::Clear => {
                self.orders.clear(row.side);
                self.kind = BookKind::Snapshot;
            }
            Kind::Add => {
                let side = row.side.ok_or("an order added is a buy (1 << 29) or a sell (1 << 28)")?;
                self.orders.add(row.order_id, side, self.price_of(row)?, self.lots_of(row)?)?;
            }
            Kind::Cancel => self.orders.cancel(row.order_id)?,
            Kind::Modify => self.orders.modify(row.order_id, self.price_of(row)?, self.lots_of(row)?)?,
            Kind::Fill => self.orders.fill(row.order_id, self.price_of(row)?, self.lots_of(row)?)?,
        }
        self.open = Some(times);
        Ok(())
    }

    /// Ends the update being read, if there is one.
    fn settle(&mut self) -> Result<(), Broken> {
        let Some(Times { venue: venue_time, recv: recv_time }) = self.open.take() else { return Ok(()) };
        let kind = std::mem::replace(&mut self.kind, BookKind::Diff);
        let update_id = self.orders.update();
        let flow = std::mem::take(&mut self.orders.flow);
        let [bids, asks] = &mut self.levels;
        self.orders.settle(kind == BookKind::Snapshot, bids, asks);
        let instrument = self.instrument;
        let diff = OrderDiff { instrument, kind, update_id, venue_time, recv_time, bids, asks, flow: &flow };
        if self.tape.push_orders(&diff).is_err() {
            // What is not on the tape is told again as a whole.
            self.kind = BookKind::Snapshot;
            return Err(MANY);
        }
        let levels = (diff.bids.len() + diff.asks.len()) as u64;
        self.counters.levels_delivered += levels;
        match kind {
            BookKind::Snapshot => {
                (self.counters.snapshots, self.counters.snapshot_levels) =
                    (self.counters.snapshots + 1, self.counters.snapshot_levels + levels)
            }
            BookKind::Diff => {
                (self.counters.diffs, self.counters.diff_levels) =
                    (self.counters.diffs + 1, self.counters.diff_levels + levels)
            }
        }
        Ok(())
    }

    /// A trade, for the core; what rested is told by fills.
    fn trade(&mut self, row: &Row<'_>, times: Times) -> Result<(), Broken> {
        let aggressor = row.side.ok_or("a trade is by a buyer (1 << 29) or a seller (1 << 28)")?;
        let level = PackedLevel::new(self.price_of(row)?, self.lots_of(row)?).ok_or(TOO_LARGE)?;
        let trade = Trade {
            instrument: self.instrument,
            maker: aggressor.opposite(),
            level,
            trade_id: TradeId(self.counters.trades),
            venue_time: times.venue,
            recv_time: times.recv,
        };
        self.counters.trades += 1;
        self.tape.push(&[Event::Trade(trade)], times.recv).map_err(|_| MANY)
    }

    fn price_of(&self, row: &Row<'_>) -> Result<Price, Broken> {
        let ticks = self.price.parse(row.price).map_err(|_| "`px` is a decimal on the grid of the tick")?;
        let price = i64::try_from(ticks).ok().filter(|ticks| *ticks > 0).map(Price);
        price.ok_or("`px` is above zero")
    }

    fn lots_of(&self, row: &Row<'_>) -> Result<Lots, Broken> {
        let lots = self.size.parse(row.size).map_err(|_| "`qty` is a decimal on the grid of the lot")?;
        let lots = i64::try_from(lots).ok().filter(|lots| *lots <= LOTS_MAX).ok_or(TOO_LARGE)?;
        if lots > 0 { Ok(Lots(lots)) } else { Err("`qty` is above zero") }
    }
}

/// The rule of an update.
const MANY: Broken = "an update has at most 65 535 levels a side";
/// The rule of a size.
const TOO_LARGE: Broken = "a price is below 2^40 ticks and a size below 2^56 lots";

#[cfg(test)]
mod tests;
