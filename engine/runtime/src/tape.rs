//! Decoded market history in memory: 16 bytes per message, 12 bytes per level and 4 per best ask, replayed as event slots.
//!
//! A tape is filled once by a session (it is an event sink) and then read by any number of cursors. Reading expands each
//! record to the same slots the session pushed, so what the core sees in a replay is what it would have seen live.

mod orders;
mod record;

use std::slice::Iter;

use ballast_core::market::leads_too_far;
use ballast_exchange::OrderFlow;
use ballast_model::{
    BookBatch, BookBegin, BookKind, BookLost, Event, InstrumentId, Lots, MarkPrice, Nanos, PackedLevel,
    Price, Side, Span, Ticker, Trade, TradeId, UpdateId,
};
pub use orders::OrderDiff;
use orders::{Orders, Reader};
use record::{Before, Ids, Kind, Packed, Record};

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
#[derive(Clone, Debug)]
pub struct Tape {
    records: Vec<Packed>,
    /// Records that do not fit a packed one, in order.
    wide: Vec<Record>,
    levels: Vec<PackedLevel>,
    /// Sizes at the asks of narrow tickers.
    ask_lots: Vec<u32>,
    marks: Vec<MarkPrice>,
    orders: Orders,
    /// In the order of the records; each is one file or more.
    clocks: Vec<Clock>,
    /// Levels in diffs and snapshots, nothing else.
    level_updates: u64,
    /// Receive time of the first message.
    first: Option<Nanos>,
    /// What the next record differs from.
    before: Before,
    update_ids: Ids,
    trade_ids: Ids,
}

impl Default for Tape {
    fn default() -> Self {
        Self {
            records: Vec::new(),
            wide: Vec::new(),
            levels: Vec::new(),
            ask_lots: Vec::new(),
            marks: Vec::new(),
            orders: Orders::default(),
            clocks: Vec::new(),
            level_updates: 0,
            first: None,
            before: Before::new(Shift::default()),
            update_ids: Ids::default(),
            trade_ids: Ids::default(),
        }
    }
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
    /// Whether any message is a mark price of this instrument.
    #[must_use]
    pub fn has_marks(&self, instrument: InstrumentId) -> bool {
        self.marks.iter().any(|mark| mark.instrument == instrument)
    }

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
        self.records.len() * size_of::<Packed>()
            + self.wide.len() * size_of::<Record>()
            + self.ask_lots.len() * size_of::<u32>()
            + self.levels.len() * size_of::<PackedLevel>()
            + self.marks.len() * size_of::<MarkPrice>()
            + self.orders.bytes()
    }

    /// Receive times of the first and last message.
    #[must_use]
    pub fn span(&self) -> Option<(Nanos, Nanos)> {
        Some((self.first?, self.before.recv_time))
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

    /// By file: how many messages it has, and what maps the venue's clock to ours over them; nothing for files without venue times.
    pub fn clocks(&self) -> impl Iterator<Item = (usize, Span)> + '_ {
        let begins = std::iter::once(0).chain(self.clocks.iter().map(|clock| clock.end));
        self.clocks.iter().zip(begins).map(|(clock, begin)| (clock.end - begin, clock.offset))
    }

    /// What is added to the venue's times to map them to our clock, by file; nothing for files without venue times.
    pub fn clock_offsets(&self) -> impl Iterator<Item = Span> + '_ {
        self.clocks.iter().map(|clock| clock.offset)
    }

    /// The shift that makes a repetition follow on: one step after the last time and the last ids.
    #[must_use]
    pub fn period(&self, gap: Span) -> Shift {
        Shift {
            time: self
                .span()
                .map_or(Span::ZERO, |(first, last)| Span((last - first).0.saturating_add(gap.0))),
            update_id: self.update_ids.length(),
            trade_id: self.trade_ids.length(),
        }
    }

    /// Takes in one batch pushed at `now`, on our clock: a single event, or a book batch from FIRST to LAST.
    ///
    /// # Errors
    /// [`TapeError`]; the tape is unchanged.
    pub fn push(&mut self, batch: &[Event], now: Nanos) -> Result<(), TapeError> {
        match batch {
            [Event::BookBegin(begin), slots @ ..] => return self.push_book(begin, slots),
            [Event::Ticker(ticker)] => self.push_ticker(ticker),
            [Event::Trade(trade)] => {
                self.levels.push(trade.level);
                self.push_record(Record {
                    recv_time: trade.recv_time,
                    venue_time: trade.venue_time,
                    id: trade.trade_id.0,
                    counts: [0; 2],
                    instrument: trade.instrument,
                    kind: Kind::trade(trade.maker),
                });
            }
            [Event::Mark(mark)] => {
                self.marks.push(*mark);
                let (recv_time, venue_time, instrument) = (mark.recv_time, mark.venue_time, mark.instrument);
                let kind = Kind::Mark;
                self.push_record(Record { recv_time, venue_time, id: 0, counts: [0; 2], instrument, kind });
            }
            [Event::BookLost(lost)] => {
                let (instrument, kind) = (lost.instrument, Kind::Lost(lost.reason));
                let (recv_time, venue_time) = (now, now);
                self.push_record(Record { recv_time, venue_time, id: 0, counts: [0; 2], instrument, kind });
            }
            _ => return Err(TapeError::NotABatch),
        }
        Ok(())
    }

    /// The records of the file of this index and the offset of its clock; those after the last clock go by it, and by none
    /// where there is none. `None` after the last file.
    fn file(&self, index: usize) -> Option<(&[Packed], Span)> {
        let end_of = |index: usize| self.clocks.get(index).map(|clock| clock.end);
        let start = index.checked_sub(1).map_or(Some(0), end_of)?;
        let end = end_of(index).unwrap_or(self.records.len());
        let clock = self.clocks.get(index).or(self.clocks.last());
        Some((self.records.get(start..end)?, clock.map_or(Span::ZERO, |clock| clock.offset)))
    }

    /// Where the ask lies little above the bid and its size is not huge, only its difference is kept.
    fn push_ticker(&mut self, ticker: &Ticker) {
        let Ticker { instrument, update_id, bid, ask, venue_time, recv_time } = *ticker;
        let spread = u16::try_from(ask.price().0 - bid.price().0);
        let mut record =
            Record { recv_time, venue_time, id: update_id.0, counts: [0; 2], instrument, kind: Kind::Ticker };
        self.levels.push(bid);
        match (spread, u32::try_from(ask.lots().0)) {
            (Ok(spread), Ok(lots)) => {
                record.kind = Kind::NarrowTicker;
                record.counts = spread.to_le_bytes().map(u16::from);
                self.ask_lots.push(lots);
            }
            _ => self.levels.push(ask),
        }
        self.push_record(record);
    }

    fn push_record(&mut self, record: Record) {
        match record.kind {
            Kind::Diff | Kind::OrderDiff | Kind::Snapshot => self.update_ids.take(record.id),
            // One out of the sequence must not stretch it.
            Kind::Ticker | Kind::NarrowTicker => {
                let last = self.update_ids.0.map_or(record.id, |(_, high)| high);
                if !leads_too_far(UpdateId(record.id), UpdateId(last)) {
                    self.update_ids.take(record.id);
                }
            }
            Kind::BidTrade | Kind::AskTrade => self.trade_ids.take(record.id),
            Kind::Mark | Kind::Lost(_) => {}
        }
        self.first = self.first.or(Some(record.recv_time));
        let packed = self.before.pack(&record).unwrap_or_else(|| {
            self.wide.push(record);
            Packed::wide(&record)
        });
        self.records.push(packed);
        self.before.pass(&record);
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
        let instrument = begin.instrument;
        self.push_record(Record { recv_time, venue_time, id, counts: [bids, asks], instrument, kind });
        Ok(())
    }
}

/// Takes in what a cursor reads.
pub trait Listener {
    /// A book batch.
    fn on_batch(&mut self, batch: &BookBatch<'_>);
    /// Anything else.
    fn on_event(&mut self, event: &Event);
    /// Before a book batch, what became of others' orders; `added` is added to the updates they joined with.
    fn on_orders(&mut self, _instrument: InstrumentId, _flow: &[OrderFlow], _added: u64) {}
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
    /// The next message; `None` at the end.
    next: Option<&'a Packed>,
    /// Its times, and the ids before it.
    before: Before,
    /// What follows it in its file.
    records: Iter<'a, Packed>,
    /// Index of the file after its own.
    file: usize,
    /// What maps its venue time.
    offset: Span,
    /// What it and those after it have of each.
    wide: Iter<'a, Record>,
    levels: &'a [PackedLevel],
    ask_lots: Iter<'a, u32>,
    marks: Iter<'a, MarkPrice>,
    orders: Reader<'a>,
    shift: Shift,
}

impl<'a> Cursor<'a> {
    /// At the start of a tape, with every time and id shifted.
    #[must_use]
    pub fn new(tape: &'a Tape, shift: Shift) -> Self {
        let mut cursor = Self {
            tape,
            next: None,
            before: Before::new(shift),
            records: [].iter(),
            file: 0,
            offset: Span::ZERO,
            wide: tape.wide.iter(),
            levels: &tape.levels,
            ask_lots: tape.ask_lots.iter(),
            marks: tape.marks.iter(),
            orders: tape.orders.reader(),
            shift,
        };
        cursor.load();
        cursor
    }

    /// Moves on to the next record and its times.
    #[inline]
    fn load(&mut self) {
        self.next = self.records.next();
        match self.next {
            Some(packed) if !packed.is_wide() => self.before.step(packed),
            Some(_) | None => self.load_rare(),
        }
    }

    /// The next record stands whole, or in another file, or there is none.
    #[cold]
    fn load_rare(&mut self) {
        while self.next.is_none()
            && let Some((records, offset)) = self.tape.file(self.file)
        {
            (self.records, self.offset) = (records.iter(), offset);
            self.file += 1;
            self.next = self.records.next();
        }
        match (self.next, self.wide.as_slice()) {
            (Some(packed), _) if !packed.is_wide() => self.before.step(packed),
            (Some(_), [record, ..]) => self.before.pass_times(&record.shifted(self.shift)),
            (Some(_), []) | (None, _) => {}
        }
    }

    /// The next record, which stands whole.
    #[cold]
    fn next_wide(&mut self) -> Option<Record> {
        let record = self.wide.next()?.shifted(self.shift);
        self.before.pass_id(&record);
        Some(record)
    }

    /// When we received the next message.
    #[must_use]
    #[inline]
    pub fn recv_time(&self) -> Option<Nanos> {
        self.next.map(|_| self.before.recv_time)
    }

    /// When the venue made the next message, on our clock: its time plus the offset of its file, or where it carries none,
    /// when we received it. Never after we received it.
    #[must_use]
    #[inline]
    pub fn venue_time(&self) -> Option<Nanos> {
        self.next.map(|packed| self.before.mapped(packed, self.offset))
    }

    /// Gives the next message to `each` as event slots, in order, and moves on; does nothing at the end.
    #[inline]
    pub fn next(&mut self, each: impl FnMut(&Event)) {
        self.play(&mut Slots(each));
    }

    /// Gives the next message to `to`, a book batch in one piece, and moves on; does nothing at the end.
    #[inline]
    pub fn play(&mut self, to: &mut impl Listener) {
        let Some(packed) = self.next else { return };
        let Some(record) = self.before.unpack(packed).or_else(|| self.next_wide()) else { return };
        self.load();
        let Record { instrument, id, venue_time, recv_time, .. } = record;
        match record.kind {
            Kind::Diff | Kind::OrderDiff | Kind::Snapshot => {
                if record.kind == Kind::OrderDiff {
                    to.on_orders(instrument, self.orders.next(), self.shift.update_id);
                }
                let is_snapshot = record.kind == Kind::Snapshot;
                let kind = if is_snapshot { BookKind::Snapshot } else { BookKind::Diff };
                let update_id = UpdateId(id);
                let begin = BookBegin { instrument, kind, levels: 0, update_id, venue_time, recv_time };
                let [bids, asks] = record.counts.map(|count| self.take(usize::from(count)));
                to.on_batch(&BookBatch::new(begin, bids, asks));
            }
            Kind::Lost(reason) => to.on_event(&Event::BookLost(BookLost { instrument, reason })),
            Kind::Ticker | Kind::NarrowTicker => {
                if let Some((bid, ask)) = self.take_best(&record) {
                    let update_id = UpdateId(id);
                    let ticker = Ticker { instrument, update_id, bid, ask, venue_time, recv_time };
                    to.on_event(&Event::Ticker(ticker));
                }
            }
            Kind::BidTrade | Kind::AskTrade => {
                let maker = if record.kind == Kind::BidTrade { Side::Bid } else { Side::Ask };
                if let [level] = *self.take(1) {
                    let trade_id = TradeId(id);
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
                if let Some(mark) = self.marks.next() {
                    to.on_event(&Event::Mark(MarkPrice { venue_time, recv_time, ..*mark }));
                }
            }
        }
    }

    /// The sides of a ticker.
    #[inline]
    fn take_best(&mut self, record: &Record) -> Option<(PackedLevel, PackedLevel)> {
        if record.kind == Kind::Ticker {
            let [bid, ask] = *self.take(2) else { return None };
            return Some((bid, ask));
        }
        let [bid] = *self.take(1) else { return None };
        let lots = Lots(i64::from(*self.ask_lots.next()?));
        Some((bid, PackedLevel::new(Price(bid.price().0 + record.spread()), lots)?))
    }

    fn take(&mut self, count: usize) -> &'a [PackedLevel] {
        let (taken, left) = self.levels.split_at_checked(count).unwrap_or_default();
        self.levels = left;
        taken
    }
}

#[cfg(test)]
mod tests;
