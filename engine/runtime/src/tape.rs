//! Decoded market history in memory: 32 bytes per message and 12 bytes per level, replayed as event slots.
//!
//! A tape is filled once by a session (it is an event sink) and then read by any number of cursors. Reading expands each
//! record to the same slots the session pushed, so what the core sees in a replay is what it would have seen live.

use ballast_core::market::BookBatch;
use ballast_model::{
    BookBegin, BookKind, BookLost, Event, InstrumentId, LostReason, MarkPrice, Nanos, PackedLevel, Side,
    Span, Ticker, Trade, TradeId, UpdateId,
};

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Diff,
    Snapshot,
    Lost(LostReason),
    Ticker,
    Trade(Side),
    /// The mark itself lies in `Tape::marks` at index `id`.
    Mark,
}

/// One message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Record {
    recv_time: Nanos,
    venue_time: Nanos,
    /// Update id or trade id.
    id: u64,
    /// Levels of each side, in `Tape::levels` at the cursor.
    bids: u16,
    asks: u16,
    instrument: InstrumentId,
    kind: Kind,
}

const _: () = assert!(size_of::<Record>() == 32);

/// Most levels a record holds on one side.
pub const RECORD_LEVELS_MAX: usize = u16::MAX as usize;

/// Why a batch does not fit the tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TapeError {
    /// More than [`RECORD_LEVELS_MAX`] levels on one side of one message.
    TooManyLevels,
    /// Slots that are not one whole batch, or an event no feed makes.
    NotABatch,
}

/// Market history of one session, in the order it was received.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    records: Vec<Record>,
    levels: Vec<PackedLevel>,
    marks: Vec<MarkPrice>,
    /// In the order of the records; each is one file or more.
    clocks: Vec<Clock>,
    /// Levels in diffs and snapshots, nothing else.
    level_updates: u64,
}

/// How the venue's clock maps to ours up to the record before `end`.
#[derive(Clone, Copy, Debug)]
struct Clock {
    end: usize,
    offset: Span,
}

/// What repeats of a tape add to times and ids so that loops are continuous. Sums stop at the end of their range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shift {
    /// Added to both times.
    pub time: Span,
    /// Added to update ids.
    pub update_id: u64,
    /// Added to trade ids.
    pub trade_id: u64,
}

impl Tape {
    /// An empty tape.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Messages held.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.records.len()
    }

    /// True where nothing is held.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Levels in diffs and snapshots, nothing else.
    #[must_use]
    pub const fn level_updates(&self) -> u64 {
        self.level_updates
    }

    /// Memory the records take, in bytes.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.records.len() * size_of::<Record>()
            + self.levels.len() * size_of::<PackedLevel>()
            + self.marks.len() * size_of::<MarkPrice>()
    }

    /// Receive times of the first and last message.
    #[must_use]
    pub fn span(&self) -> Option<(Nanos, Nanos)> {
        Some((self.records.first()?.recv_time, self.records.last()?.recv_time))
    }

    /// The messages since the last call are those of one file, over which the venue's clock maps to ours by `offset`; by the
    /// offset of the file before where it is `None`.
    pub fn end_file(&mut self, offset: Option<Span>) {
        let first = self.clocks.last().map_or(0, |clock| clock.end);
        if let Some(offset) = offset.filter(|_| self.records.len() > first) {
            self.clocks.push(Clock { end: self.records.len(), offset });
        } else if let Some(clock) = self.clocks.last_mut() {
            clock.end = self.records.len();
        }
    }

    /// Maps the venue's clock to ours by one offset everywhere.
    pub fn fix_clock(&mut self, offset: Span) {
        self.clocks = vec![Clock { end: self.records.len(), offset }];
    }

    /// What is added to the venue's times to map them to our clock, by file; nothing for files without venue times.
    pub fn clock_offsets(&self) -> impl Iterator<Item = Span> + '_ {
        self.clocks.iter().map(|clock| clock.offset)
    }

    /// The shift that makes a repetition follow on: one step after the last time and the last ids.
    #[must_use]
    pub fn period(&self, gap: Span) -> Shift {
        let ids = |of: fn(Kind) -> bool| {
            let ids = || self.records.iter().filter(|r| of(r.kind)).map(|r| r.id);
            ids().min().zip(ids().max()).map_or(0, |(low, high)| (high - low).saturating_add(1))
        };
        Shift {
            time: self
                .span()
                .map_or(Span::ZERO, |(first, last)| Span((last - first).0.saturating_add(gap.0))),
            update_id: ids(|kind| matches!(kind, Kind::Diff | Kind::Snapshot | Kind::Ticker)),
            trade_id: ids(|kind| matches!(kind, Kind::Trade(_))),
        }
    }

    /// Takes in one batch pushed at `now`, on our clock: a single event, or a book batch from FIRST to LAST.
    ///
    /// # Errors
    /// [`TapeError`]; the tape is unchanged.
    pub fn push(&mut self, batch: &[Event], now: Nanos) -> Result<(), TapeError> {
        match batch {
            [Event::BookBegin(begin), slots @ ..] => self.push_book(begin, slots),
            [Event::Ticker(ticker)] => {
                self.levels.extend([ticker.bid, ticker.ask]);
                self.push_record(
                    ticker.instrument,
                    Kind::Ticker,
                    ticker.update_id.0,
                    ticker.venue_time,
                    ticker.recv_time,
                );
                Ok(())
            }
            [Event::Trade(t)] => {
                self.levels.push(t.level);
                self.push_record(t.instrument, Kind::Trade(t.maker), t.trade_id.0, t.venue_time, t.recv_time);
                Ok(())
            }
            [Event::Mark(mark)] => {
                self.push_record(
                    mark.instrument,
                    Kind::Mark,
                    self.marks.len() as u64,
                    mark.venue_time,
                    mark.recv_time,
                );
                self.marks.push(*mark);
                Ok(())
            }
            [Event::BookLost(lost)] => {
                self.push_record(lost.instrument, Kind::Lost(lost.reason), 0, now, now);
                Ok(())
            }
            _ => Err(TapeError::NotABatch),
        }
    }

    /// The clock of this index; the last one, and zero where there is none, for ever.
    fn clock(&self, index: usize) -> Clock {
        let offset = self.clocks.last().map_or(Span::ZERO, |clock| clock.offset);
        self.clocks.get(index).copied().unwrap_or(Clock { end: usize::MAX, offset })
    }

    fn push_record(
        &mut self,
        instrument: InstrumentId,
        kind: Kind,
        id: u64,
        venue_time: Nanos,
        recv_time: Nanos,
    ) {
        self.records.push(Record { recv_time, venue_time, id, bids: 0, asks: 0, instrument, kind });
    }

    fn push_book(&mut self, begin: &BookBegin, slots: &[Event]) -> Result<(), TapeError> {
        let start = self.levels.len();
        let mut counts = [0usize; 2];
        for slot in slots {
            let Event::BookLevels(slot) = slot else {
                self.levels.truncate(start);
                return Err(TapeError::NotABatch);
            };
            let [bids, asks] = &mut counts;
            let count = if slot.side == Side::Bid { bids } else { asks };
            *count += slot.used().len();
            self.levels.extend_from_slice(slot.used());
        }
        let [bids, asks] = counts.map(u16::try_from);
        let (Ok(bids), Ok(asks)) = (bids, asks) else {
            self.levels.truncate(start);
            return Err(TapeError::TooManyLevels);
        };
        let kind = match begin.kind {
            BookKind::Diff => Kind::Diff,
            BookKind::Snapshot => Kind::Snapshot,
        };
        self.level_updates += u64::from(bids) + u64::from(asks);
        let (recv_time, venue_time, id) = (begin.recv_time, begin.venue_time, begin.update_id.0);
        self.records.push(Record {
            recv_time,
            venue_time,
            id,
            bids,
            asks,
            instrument: begin.instrument,
            kind,
        });
        Ok(())
    }
}

impl Record {
    /// A venue time equal to our receive time to the nanosecond is how "none" is written.
    fn has_venue_time(&self) -> bool {
        self.venue_time != self.recv_time && !matches!(self.kind, Kind::Lost(_))
    }
}

/// Takes in what a cursor reads.
pub trait Listener {
    /// A book batch.
    fn on_batch(&mut self, batch: &BookBatch<'_>);
    /// Anything else.
    fn on_event(&mut self, event: &Event);
}

/// Takes in everything as slots.
struct Slots<F>(F);

impl<F: FnMut(&Event)> Listener for Slots<F> {
    fn on_batch(&mut self, batch: &BookBatch<'_>) {
        (self.0)(&Event::BookBegin(*batch.begin()));
        for slot in batch.slots() {
            (self.0)(&Event::BookLevels(slot));
        }
    }

    #[inline]
    fn on_event(&mut self, event: &Event) {
        (self.0)(event);
    }
}

/// A place on a tape, moving forward one message at a time.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    tape: &'a Tape,
    record: usize,
    level: usize,
    /// Index of the clock that maps the next message's venue time, and up to which record it does.
    clock: usize,
    clock_end: usize,
    /// Its offset.
    offset: Span,
    shift: Shift,
}

impl<'a> Cursor<'a> {
    /// At the start of a tape, with every time and id shifted.
    #[must_use]
    pub fn new(tape: &'a Tape, shift: Shift) -> Self {
        let Clock { end, offset } = tape.clock(0);
        Self { tape, record: 0, level: 0, clock: 0, clock_end: end, offset, shift }
    }

    /// The next message is of another file.
    #[cold]
    fn next_clock(&mut self) {
        self.clock += 1;
        Clock { end: self.clock_end, offset: self.offset } = self.tape.clock(self.clock);
    }

    /// When we received the next message.
    #[must_use]
    #[inline]
    pub fn recv_time(&self) -> Option<Nanos> {
        self.tape.records.get(self.record).map(|record| record.recv_time + self.shift.time)
    }

    /// When the venue made the next message, on our clock: its time plus the offset of its file, or where it carries none,
    /// when we received it. Never after we received it.
    #[must_use]
    #[inline]
    pub fn venue_time(&self) -> Option<Nanos> {
        let record = self.tape.records.get(self.record)?;
        let mapped = if record.has_venue_time() {
            (record.venue_time + self.offset).min(record.recv_time)
        } else {
            record.recv_time
        };
        Some(mapped + self.shift.time)
    }

    /// Gives the next message to `each` as event slots, in order, and moves on; does nothing at the end.
    #[inline]
    pub fn next(&mut self, each: impl FnMut(&Event)) {
        self.play(&mut Slots(each));
    }

    /// Gives the next message to `to`, a book batch in one piece, and moves on; does nothing at the end.
    #[inline]
    pub fn play(&mut self, to: &mut impl Listener) {
        let Some(record) = self.tape.records.get(self.record) else { return };
        self.record += 1;
        if self.record == self.clock_end {
            self.next_clock();
        }
        let Record { instrument, id, .. } = *record;
        let (venue_time, recv_time) =
            (record.venue_time + self.shift.time, record.recv_time + self.shift.time);
        let update_id = UpdateId(id.saturating_add(self.shift.update_id));
        match record.kind {
            Kind::Diff | Kind::Snapshot => {
                let kind = if record.kind == Kind::Diff { BookKind::Diff } else { BookKind::Snapshot };
                let begin = BookBegin { instrument, kind, levels: 0, update_id, venue_time, recv_time };
                let bids = self.take(usize::from(record.bids));
                let asks = self.take(usize::from(record.asks));
                to.on_batch(&BookBatch::new(begin, bids, asks));
            }
            Kind::Lost(reason) => to.on_event(&Event::BookLost(BookLost { instrument, reason })),
            Kind::Ticker => {
                if let [bid, ask] = *self.take(2) {
                    to.on_event(&Event::Ticker(Ticker {
                        instrument,
                        update_id,
                        bid,
                        ask,
                        venue_time,
                        recv_time,
                    }));
                }
            }
            Kind::Trade(maker) => {
                if let [level] = *self.take(1) {
                    let trade_id = TradeId(id.saturating_add(self.shift.trade_id));
                    to.on_event(&Event::Trade(Trade {
                        instrument,
                        maker,
                        level,
                        trade_id,
                        venue_time,
                        recv_time,
                    }));
                }
            }
            Kind::Mark => {
                if let Some(mark) = usize::try_from(id).ok().and_then(|at| self.tape.marks.get(at)) {
                    to.on_event(&Event::Mark(MarkPrice { venue_time, recv_time, ..*mark }));
                }
            }
        }
    }

    fn take(&mut self, count: usize) -> &'a [PackedLevel] {
        let levels = self.tape.levels.get(self.level..self.level + count).unwrap_or_default();
        self.level += count;
        levels
    }
}

#[cfg(test)]
mod tests;
