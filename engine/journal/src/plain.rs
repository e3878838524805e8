//! What is to be recorded, in whole words: what the thread that decides stores for the thread that writes.
//!
//! Numbers stand at fixed places as they are, so that to store them takes a few moves; how they are spelled at rest ([`Bodies`]) is
//! worked out by the thread that has the time. News that is rare is spelled already, counted from nothing.
//!
//! Words pass between threads of one program, or from one that died to one of the same version: they are no format at rest.
//!
//! [`Bodies`]: crate::Bodies
//!
//! Never here: the place where they are stored.

mod levels;

use alloc::vec::Vec;

use ballast_model::{
    AssetId, BookBatch, BookBegin, COMMAND_BYTES, Carried, CarriedKind, ClientOrderId, Command, Event, Fill,
    InstrumentId, MarkPrice, Nanos, OrderUpdate, PackedLevel, Ticker, Trade, TradeId, UpdateId,
};

use crate::bodies::{SlotAlone, kind};
use crate::codes::Coded;
use crate::context::{Context, Seen};
use crate::entry::{Checkpoint, Entry};
use crate::event::{Levels, kind as event, orders, put_event, take_input};
use crate::varint::{Put, Take};
use levels::{high, low, take_level, thirds};
pub use levels::{level_words, pair_of, pair_words, single_of, single_words};

/// Words of what is recorded, but for the levels of a book batch.
pub const PLAIN_WORDS: usize = 8;

/// Bytes of so many words.
const PLAIN_BYTES: usize = 8 * PLAIN_WORDS;

/// Kind of what is spelled as at rest.
const SPELLED: u8 = 80;

/// Words of an order's news that spell what became of it.
const REPORT_WORDS: usize = 5;

/// What is to be recorded.
#[derive(Clone, Copy, Debug)]
pub enum Draft<'a> {
    /// The core learned this. Never a slot of a book batch.
    Event(Event),
    /// The core learned this book batch.
    Batch(BookBatch<'a>),
    /// The core decided this.
    Command(Command),
    /// Where the core stands.
    Checkpoint(Checkpoint),
    /// A word of what would carry over to the next run.
    Carried(Carried),
    /// The segment is to end.
    End,
}

/// What is to be recorded, but for the levels of a book batch, in whole words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plain {
    /// What the words say.
    pub kind: u8,
    /// The words; zeros where fewer are needed.
    pub words: [u64; PLAIN_WORDS],
}

impl Plain {
    /// A segment is to end.
    pub const END: Self = Self { kind: kind::END, words: [0; PLAIN_WORDS] };

    /// A book batch, but for its levels.
    #[must_use]
    #[inline]
    pub fn batch(batch: &BookBatch<'_>) -> Self {
        let begin = batch.begin();
        let [(_, bids), (_, asks)] = batch.sides();
        let head = u64::from(begin.instrument.0) | u64::from(begin.kind.code()) << 16;
        let words = [head, begin.update_id.0, bits(begin.venue_time), bits(begin.recv_time)];
        let [head, id, venue, recv] = words;
        Self {
            kind: event::BATCH,
            words: [head, id, venue, recv, bids.len() as u64, asks.len() as u64, 0, 0],
        }
    }

    /// What the core decided.
    #[must_use]
    #[inline]
    pub fn command(command: &Command) -> Self {
        Self { kind: kind::COMMAND, words: words_of(&command.to_bytes()) }
    }

    /// Where the core stands.
    #[must_use]
    pub const fn checkpoint(checkpoint: &Checkpoint) -> Self {
        let Checkpoint { state_hash, inputs, commands } = *checkpoint;
        Self { kind: kind::CHECKPOINT, words: [state_hash, inputs, commands, 0, 0, 0, 0, 0] }
    }

    /// A word of what would carry over to the next run.
    #[must_use]
    pub fn carried(word: &Carried) -> Self {
        Self { kind: kind::CARRIED, words: words_of_carried(word) }
    }

    /// How many bids and asks belong to it; `None` where that is no number of levels.
    #[must_use]
    pub fn levels(&self) -> Option<[usize; 2]> {
        let [_, _, _, _, bids, asks, _, _] = self.words;
        if self.kind == event::BATCH {
            Some([bids.try_into().ok()?, asks.try_into().ok()?])
        } else {
            Some([0, 0])
        }
    }

    /// What it says, with these levels; `None` where that is nothing.
    #[must_use]
    pub fn draft<'a>(&self, bids: &'a [PackedLevel], asks: &'a [PackedLevel]) -> Option<Draft<'a>> {
        let words = self.words;
        Some(match self.kind {
            event::BATCH => {
                let [head, id, venue, recv, ..] = words;
                let begin = BookBegin {
                    instrument: instrument_of(head),
                    kind: Coded::of(byte_of(head, 16))?,
                    levels: 0,
                    update_id: UpdateId(id),
                    venue_time: nanos(venue),
                    recv_time: nanos(recv),
                };
                Draft::Batch(BookBatch::new(begin, bids, asks))
            }
            event::TICKER => Draft::Event(Event::Ticker(ticker_of(words)?)),
            event::TRADE => Draft::Event(Event::Trade(trade_of(words)?)),
            event::MARK => Draft::Event(Event::Mark(mark_of(words)?)),
            event::ORDER => Draft::Event(Event::Order(update_of(words)?)),
            event::FILL => Draft::Event(Event::Fill(fill_of(words)?)),
            event::TIMER => Draft::Event(Event::Timer),
            SPELLED => Draft::Event(spelled_of(words)?),
            kind::COMMAND => {
                let bytes = bytes_of(words);
                Draft::Command(Command::from_bytes(bytes.first_chunk::<COMMAND_BYTES>()?)?)
            }
            kind::CHECKPOINT => {
                let [state_hash, inputs, commands, ..] = words;
                Draft::Checkpoint(Checkpoint { state_hash, inputs, commands })
            }
            kind::CARRIED => Draft::Carried(carried_of(words)?),
            event::CARRIED => Draft::Event(Event::Carried(carried_of(words)?)),
            kind::END => Draft::End,
            _ => return None,
        })
    }
}

/// Turns events into words. Allocates nothing after construction.
#[derive(Clone, Debug)]
pub struct Plainer {
    bytes: Vec<u8>,
}

impl Default for Plainer {
    fn default() -> Self {
        Self { bytes: Vec::with_capacity(2 * PLAIN_BYTES) }
    }
}

impl Plainer {
    /// What the core learned.
    ///
    /// # Errors
    /// [`SlotAlone`].
    #[inline]
    pub fn event(&mut self, told: &Event) -> Result<Plain, SlotAlone> {
        let (kind, words) = match told {
            Event::BookBegin(_) | Event::BookLevels(_) => return Err(SlotAlone),
            Event::Ticker(ticker) => (event::TICKER, words_of_ticker(ticker)),
            Event::Trade(trade) => (event::TRADE, words_of_trade(trade)),
            Event::Mark(mark) => (event::MARK, words_of_mark(mark)),
            Event::Order(update) => (event::ORDER, self.words_of_update(update)),
            Event::Fill(fill) => (event::FILL, words_of_fill(fill)),
            Event::Timer => (event::TIMER, [0; PLAIN_WORDS]),
            Event::Carried(word) => (event::CARRIED, words_of_carried(word)),
            Event::BookLost(_)
            | Event::Funding(_)
            | Event::Balance(_)
            | Event::Operator(_)
            | Event::Grant(_)
            | Event::Config(_)
            | Event::Journal(_)
            | Event::Access(_) => (SPELLED, self.spelled(told)),
        };
        Ok(Plain { kind, words })
    }

    fn words_of_update(&mut self, update: &OrderUpdate) -> [u64; PLAIN_WORDS] {
        self.bytes.clear();
        orders::put_report(&update.report, &mut Seen::default(), &mut Put(&mut self.bytes));
        let [a, b, c, d, e] = words_of::<REPORT_WORDS>(&self.bytes);
        [update.instrument.0.into(), update.client_id.0, bits(update.venue_time), a, b, c, d, e]
    }

    fn spelled(&mut self, told: &Event) -> [u64; PLAIN_WORDS] {
        self.bytes.clear();
        put_event(told, Nanos(0), &mut Context::default(), &mut Put(&mut self.bytes));
        words_of(&self.bytes)
    }
}

fn spelled_of(words: [u64; PLAIN_WORDS]) -> Option<Event> {
    let bytes = bytes_of(words);
    let (mut take, mut context, mut levels) = (Take(&bytes), Context::default(), Levels::default());
    let kind = take.byte()?;
    let now = Nanos(take.time(0)?);
    // Only what is counted from nothing is spelled here: no number of instruments is asked of the allocator.
    let counted = matches!(
        kind,
        event::BATCH | event::TICKER | event::TRADE | event::MARK | event::ORDER | event::FILL
    );
    match take_input(if counted { 0 } else { kind }, now, &mut context, &mut take, &mut levels)? {
        Entry::Event(told) => Some(told),
        Entry::Batch(_)
        | Entry::Command(_)
        | Entry::Checkpoint(_)
        | Entry::Carried(_)
        | Entry::Block(_)
        | Entry::End(_) => None,
    }
}

#[inline]
fn words_of_ticker(ticker: &Ticker) -> [u64; PLAIN_WORDS] {
    let (bid, ask) = (ticker.bid, ticker.ask);
    let sizes = thirds(bid, ask);
    let (venue, recv) = (bits(ticker.venue_time), bits(ticker.recv_time));
    [ticker.instrument.0.into(), ticker.update_id.0, low(bid), low(ask), sizes, venue, recv, 0]
}

fn ticker_of(words: [u64; PLAIN_WORDS]) -> Option<Ticker> {
    let [head, id, bid, ask, sizes, venue, recv, _] = words;
    let [bid, ask] = pair_of([bid, ask, sizes])?;
    Some(Ticker {
        instrument: instrument_of(head),
        update_id: UpdateId(id),
        bid,
        ask,
        venue_time: nanos(venue),
        recv_time: nanos(recv),
    })
}

#[inline]
fn words_of_trade(trade: &Trade) -> [u64; PLAIN_WORDS] {
    let head = u64::from(trade.instrument.0) | u64::from(trade.maker.code()) << 16;
    let (venue, recv) = (bits(trade.venue_time), bits(trade.recv_time));
    [head, trade.trade_id.0, low(trade.level), high(trade.level), venue, recv, 0, 0]
}

fn trade_of(words: [u64; PLAIN_WORDS]) -> Option<Trade> {
    let [head, id, low, high, venue, recv, _, _] = words;
    Some(Trade {
        instrument: instrument_of(head),
        maker: Coded::of(byte_of(head, 16))?,
        level: take_level(low, high)?,
        trade_id: TradeId(id),
        venue_time: nanos(venue),
        recv_time: nanos(recv),
    })
}

#[inline]
fn words_of_mark(mark: &MarkPrice) -> [u64; PLAIN_WORDS] {
    let head = u64::from(mark.instrument.0) | u64::from(mark.index_e8.is_some()) << 16;
    let funding = u64::from(mark.funding_e8.cast_unsigned()) | u64::from(mark.funding_at_secs) << 32;
    let prices = [mark.mark_e8, mark.index_e8.unwrap_or_default()].map(i64::cast_unsigned);
    let [price, index] = prices;
    [head, price, index, funding, bits(mark.venue_time), bits(mark.recv_time), 0, 0]
}

fn mark_of(words: [u64; PLAIN_WORDS]) -> Option<MarkPrice> {
    let [head, price, index, funding, venue, recv, _, _] = words;
    let index_e8 = match byte_of(head, 16) {
        0 => None,
        1 => Some(index.cast_signed()),
        _ => return None,
    };
    Some(MarkPrice {
        instrument: instrument_of(head),
        mark_e8: price.cast_signed(),
        index_e8,
        funding_e8: u32::try_from(funding & u64::from(u32::MAX)).ok()?.cast_signed(),
        funding_at_secs: u32::try_from(funding >> 32).ok()?,
        venue_time: nanos(venue),
        recv_time: nanos(recv),
    })
}

fn update_of(words: [u64; PLAIN_WORDS]) -> Option<OrderUpdate> {
    let [head, client_id, venue, ..] = words;
    let bytes = bytes_of(words);
    let mut take = Take(bytes.last_chunk::<{ 8 * REPORT_WORDS }>()?);
    Some(OrderUpdate {
        instrument: instrument_of(head),
        client_id: ClientOrderId(client_id),
        report: orders::take_report(&mut Seen::default(), &mut take)?,
        venue_time: nanos(venue),
    })
}

#[inline]
fn words_of_fill(fill: &Fill) -> [u64; PLAIN_WORDS] {
    let codes = [fill.side.code(), fill.liquidity.code(), fill.reason.code()].map(u64::from);
    let [side, liquidity, reason] = codes;
    let head = u64::from(fill.instrument.0) | side << 16 | liquidity << 24 | reason << 32;
    let head = head | u64::from(fill.fee_asset.0) << 48;
    let (low, high) = (low(fill.level), high(fill.level));
    let (fee, time) = (fill.fee_e8.cast_unsigned(), bits(fill.venue_time));
    [head, fill.client_id.0, fill.trade_id.0, low, high, fee, time, 0]
}

fn fill_of(words: [u64; PLAIN_WORDS]) -> Option<Fill> {
    let [head, client_id, trade_id, low, high, fee, time, _] = words;
    Some(Fill {
        instrument: instrument_of(head),
        side: Coded::of(byte_of(head, 16))?,
        liquidity: Coded::of(byte_of(head, 24))?,
        reason: Coded::of(byte_of(head, 32))?,
        fee_asset: AssetId(short_of(head, 48)),
        level: take_level(low, high)?,
        fee_e8: fee.cast_signed(),
        client_id: ClientOrderId(client_id),
        trade_id: TradeId(trade_id),
        venue_time: nanos(time),
    })
}

fn words_of_carried(word: &Carried) -> [u64; PLAIN_WORDS] {
    let Carried { kind, part, of, account, strategy, words: [a, b, c, d, e, f] } = *word;
    let head = u64::from(kind.code()) | u64::from(part) << 8 | u64::from(of) << 16;
    [head | u64::from(account) << 32 | u64::from(strategy) << 48, a, b, c, d, e, f, 0]
}

fn carried_of(words: [u64; PLAIN_WORDS]) -> Option<Carried> {
    let [head, a, b, c, d, e, f, _] = words;
    Some(Carried {
        kind: CarriedKind::of(byte_of(head, 0))?,
        part: byte_of(head, 8),
        of: short_of(head, 16),
        account: short_of(head, 32),
        strategy: short_of(head, 48),
        words: [a, b, c, d, e, f],
    })
}

/// Bytes as words, the first byte lowest, zeros behind.
#[inline]
fn words_of<const N: usize>(bytes: &[u8]) -> [u64; N] {
    assert!(bytes.len() <= 8 * N, "more bytes than these words hold");
    let mut words = [0; N];
    let (whole, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    let all = whole.iter().chain(core::iter::once(&last));
    words.iter_mut().zip(all).for_each(|(to, from)| *to = u64::from_le_bytes(*from));
    words
}

fn bytes_of(words: [u64; PLAIN_WORDS]) -> [u8; PLAIN_BYTES] {
    let mut bytes = [0; PLAIN_BYTES];
    bytes.as_chunks_mut::<8>().0.iter_mut().zip(words).for_each(|(to, from)| *to = from.to_le_bytes());
    bytes
}

const fn bits(time: Nanos) -> u64 {
    time.0.cast_unsigned()
}

const fn nanos(bits: u64) -> Nanos {
    Nanos(bits.cast_signed())
}

const fn instrument_of(head: u64) -> InstrumentId {
    InstrumentId(short_of(head, 0))
}

#[expect(clippy::cast_possible_truncation, reason = "cut to sixteen bits on purpose")]
const fn short_of(word: u64, shift: u32) -> u16 {
    (word >> shift) as u16
}

#[expect(clippy::cast_possible_truncation, reason = "cut to eight bits on purpose")]
const fn byte_of(word: u64, shift: u32) -> u8 {
    (word >> shift) as u8
}

#[cfg(test)]
mod tests;
