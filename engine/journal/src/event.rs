//! Inputs as bytes and back.

mod account;
mod carried;
mod configuration;
pub(crate) mod orders;

use alloc::vec::Vec;

use ballast_model::{
    Access, BookBatch, BookBegin, BookLost, Event, InstrumentId, Lots, MarkPrice, Nanos, PackedLevel, Price,
    Side, Ticker, Trade, TradeId, UpdateId,
};

use crate::codes::Coded;
use crate::context::{Context, Seen};
use crate::entry::Entry;
use crate::varint::{Put, Take};

/// Kinds of input records.
pub(crate) mod kind {
    pub(crate) const BATCH: u8 = 1;
    pub(crate) const LOST: u8 = 2;
    pub(crate) const TICKER: u8 = 3;
    pub(crate) const TRADE: u8 = 4;
    pub(crate) const MARK: u8 = 5;
    pub(crate) const ORDER: u8 = 6;
    pub(crate) const FILL: u8 = 7;
    pub(crate) const TIMER: u8 = 8;
    pub(crate) const FUNDING: u8 = 9;
    pub(crate) const BALANCE: u8 = 10;
    pub(crate) const OPERATOR: u8 = 11;
    pub(crate) const GRANT: u8 = 12;
    pub(crate) const JOURNAL: u8 = 13;
    pub(crate) const CARRIED: u8 = 14;
    pub(crate) const CONFIG: u8 = 15;
    pub(crate) const ACCESS: u8 = 16;
}

pub(crate) use carried::{put_carried, take_carried};

/// Levels of a batch while it is read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Levels {
    bids: Vec<PackedLevel>,
    asks: Vec<PackedLevel>,
}

/// Kind and time, with which the body of every record begins.
pub(crate) fn begin(put: &mut Put<'_>, kind: u8, now: Nanos, context: &mut Context) {
    put.byte(kind);
    put.time(context.now, now.0);
    context.now = now.0;
}

/// Appends the body of an event's record; false, and nothing appended, where it is a slot of a book batch.
pub(crate) fn put_event(event: &Event, now: Nanos, context: &mut Context, put: &mut Put<'_>) -> bool {
    let kind = match event {
        Event::BookBegin(_) | Event::BookLevels(_) => return false,
        Event::BookLost(_) => kind::LOST,
        Event::Ticker(_) => kind::TICKER,
        Event::Trade(_) => kind::TRADE,
        Event::Mark(_) => kind::MARK,
        Event::Order(_) => kind::ORDER,
        Event::Fill(_) => kind::FILL,
        Event::Timer => kind::TIMER,
        Event::Funding(_) => kind::FUNDING,
        Event::Balance(_) => kind::BALANCE,
        Event::Operator(_) => kind::OPERATOR,
        Event::Grant(_) => kind::GRANT,
        Event::Journal(_) => kind::JOURNAL,
        Event::Access(_) => kind::ACCESS,
        Event::Carried(_) => kind::CARRIED,
        Event::Config(_) => kind::CONFIG,
    };
    begin(put, kind, now, context);
    match event {
        Event::BookLost(lost) => {
            put.word(lost.instrument.0.into());
            put.byte(lost.reason.code());
        }
        Event::Ticker(ticker) => put_ticker(ticker, now, context, put),
        Event::Trade(trade) => put_trade(trade, now, context, put),
        Event::Mark(mark) => put_mark(mark, now, context, put),
        Event::Order(update) => orders::put_update(update, context, put),
        Event::Fill(fill) => orders::put_fill(fill, context, put),
        Event::Funding(payment) => account::put_funding(payment, now, put),
        Event::Balance(update) => account::put_balance(update, now, put),
        Event::Operator(command) => account::put_operator(command, put),
        Event::Grant(grant) => account::put_grant(grant, put),
        Event::Journal(health) => put.byte(health.code()),
        Event::Access(access) => {
            put.word(access.instrument.0.into());
            put.byte(access.state.code());
        }
        Event::Carried(word) => put_carried(word, put),
        Event::Config(part) => configuration::put_config(part, put),
        Event::Timer | Event::BookBegin(_) | Event::BookLevels(_) => {}
    }
    true
}

/// Takes the body of an input's record, its kind already taken; `None` where it says nothing this format knows.
pub(crate) fn take_input<'a>(
    kind: u8,
    now: Nanos,
    context: &mut Context,
    take: &mut Take<'_>,
    levels: &'a mut Levels,
) -> Option<Entry<'a>> {
    Some(Entry::Event(match kind {
        kind::BATCH => return take_batch(now, context, take, levels).map(Entry::Batch),
        kind::LOST => {
            let instrument = take_instrument(take)?;
            Event::BookLost(BookLost { instrument, reason: Coded::of(take.byte()?)? })
        }
        kind::TICKER => Event::Ticker(take_ticker(now, context, take)?),
        kind::TRADE => Event::Trade(take_trade(now, context, take)?),
        kind::MARK => Event::Mark(take_mark(now, context, take)?),
        kind::ORDER => Event::Order(orders::take_update(context, take)?),
        kind::FILL => Event::Fill(orders::take_fill(context, take)?),
        kind::TIMER => Event::Timer,
        kind::FUNDING => Event::Funding(account::take_funding(now, take)?),
        kind::BALANCE => Event::Balance(account::take_balance(now, take)?),
        kind::OPERATOR => Event::Operator(account::take_operator(take)?),
        kind::GRANT => Event::Grant(account::take_grant(take)?),
        kind::JOURNAL => Event::Journal(Coded::of(take.byte()?)?),
        kind::ACCESS => {
            let instrument = take_instrument(take)?;
            Event::Access(Access { instrument, state: Coded::of(take.byte()?)? })
        }
        kind::CARRIED => Event::Carried(take_carried(take)?),
        kind::CONFIG => Event::Config(configuration::take_config(take)?),
        _ => return None,
    }))
}

fn take_instrument(take: &mut Take<'_>) -> Option<InstrumentId> {
    take.short().map(InstrumentId)
}

/// Both times of a market event.
fn put_times(venue: Nanos, recv: Nanos, now: Nanos, seen: &mut Seen, put: &mut Put<'_>) {
    put.time(seen.venue_time, venue.0);
    seen.venue_time = venue.0;
    put.time(now.0, recv.0);
}

fn take_times(now: Nanos, seen: &mut Seen, take: &mut Take<'_>) -> Option<(Nanos, Nanos)> {
    seen.venue_time = take.time(seen.venue_time)?;
    Some((Nanos(seen.venue_time), Nanos(take.time(now.0)?)))
}

fn put_level(from: &mut i64, level: PackedLevel, put: &mut Put<'_>) {
    put.delta(*from, level.price().0);
    *from = level.price().0;
    put.word(level.lots().0.cast_unsigned());
}

fn take_level(from: &mut i64, take: &mut Take<'_>) -> Option<PackedLevel> {
    *from = take.delta(*from)?;
    let lots = i64::try_from(take.unsigned()?).ok()?;
    PackedLevel::new(Price(*from), Lots(lots))
}

/// Appends the body of a batch's record: its levels one after another, each from the price before.
pub(crate) fn put_batch(batch: &BookBatch<'_>, now: Nanos, context: &mut Context, put: &mut Put<'_>) {
    begin(put, kind::BATCH, now, context);
    let head = batch.begin();
    put.word(head.instrument.0.into());
    let seen = context.of(head.instrument);
    put.byte(head.kind.code());
    put.word_delta(seen.update_id, head.update_id.0);
    seen.update_id = head.update_id.0;
    put_times(head.venue_time, head.recv_time, now, seen, put);
    for (side, levels) in batch.sides() {
        put.word(levels.len() as u64);
        let best = match side {
            Side::Bid => &mut seen.bid,
            Side::Ask => &mut seen.ask,
        };
        let mut from = *best;
        *best = levels.first().map_or(*best, |level| level.price().0);
        levels.iter().for_each(|level| put_level(&mut from, *level, put));
    }
}

fn take_batch<'a>(
    now: Nanos,
    context: &mut Context,
    take: &mut Take<'_>,
    levels: &'a mut Levels,
) -> Option<BookBatch<'a>> {
    let instrument = take_instrument(take)?;
    let seen = context.of(instrument);
    let kind = Coded::of(take.byte()?)?;
    seen.update_id = take.word_delta(seen.update_id)?;
    let update_id = UpdateId(seen.update_id);
    let (venue_time, recv_time) = take_times(now, seen, take)?;
    for (to, best) in [(&mut levels.bids, &mut seen.bid), (&mut levels.asks, &mut seen.ask)] {
        to.clear();
        // A level takes two bytes at least: a count beyond what is left is damage, and never asked of the allocator.
        let count = usize::try_from(take.unsigned()?).ok().filter(|count| *count <= take.0.len() / 2)?;
        let mut from = *best;
        for _ in 0..count {
            to.push(take_level(&mut from, take)?);
        }
        *best = to.first().map_or(*best, |level| level.price().0);
    }
    let begin = BookBegin { instrument, kind, levels: 0, update_id, venue_time, recv_time };
    Some(BookBatch::new(begin, &levels.bids, &levels.asks))
}

fn put_ticker(ticker: &Ticker, now: Nanos, context: &mut Context, put: &mut Put<'_>) {
    put.word(ticker.instrument.0.into());
    let seen = context.of(ticker.instrument);
    put.word_delta(seen.update_id, ticker.update_id.0);
    seen.update_id = ticker.update_id.0;
    put_times(ticker.venue_time, ticker.recv_time, now, seen, put);
    put_level(&mut seen.bid, ticker.bid, put);
    put_level(&mut seen.ask, ticker.ask, put);
}

fn take_ticker(now: Nanos, context: &mut Context, take: &mut Take<'_>) -> Option<Ticker> {
    let instrument = take_instrument(take)?;
    let seen = context.of(instrument);
    seen.update_id = take.word_delta(seen.update_id)?;
    let update_id = UpdateId(seen.update_id);
    let (venue_time, recv_time) = take_times(now, seen, take)?;
    let bid = take_level(&mut seen.bid, take)?;
    let ask = take_level(&mut seen.ask, take)?;
    Some(Ticker { instrument, update_id, bid, ask, venue_time, recv_time })
}

fn put_trade(trade: &Trade, now: Nanos, context: &mut Context, put: &mut Put<'_>) {
    put.word(trade.instrument.0.into());
    let seen = context.of(trade.instrument);
    put.byte(trade.maker.code());
    put.word_delta(seen.trade_id, trade.trade_id.0);
    seen.trade_id = trade.trade_id.0;
    put_times(trade.venue_time, trade.recv_time, now, seen, put);
    put_level(&mut seen.trade, trade.level, put);
}

fn take_trade(now: Nanos, context: &mut Context, take: &mut Take<'_>) -> Option<Trade> {
    let instrument = take_instrument(take)?;
    let seen = context.of(instrument);
    let maker = Coded::of(take.byte()?)?;
    seen.trade_id = take.word_delta(seen.trade_id)?;
    let trade_id = TradeId(seen.trade_id);
    let (venue_time, recv_time) = take_times(now, seen, take)?;
    let level = take_level(&mut seen.trade, take)?;
    Some(Trade { instrument, maker, level, trade_id, venue_time, recv_time })
}

fn put_mark(mark: &MarkPrice, now: Nanos, context: &mut Context, put: &mut Put<'_>) {
    put.word(mark.instrument.0.into());
    let seen = context.of(mark.instrument);
    put_times(mark.venue_time, mark.recv_time, now, seen, put);
    put.delta(seen.mark_e8, mark.mark_e8);
    seen.mark_e8 = mark.mark_e8;
    put.byte(u8::from(mark.index_e8.is_some()));
    if let Some(index_e8) = mark.index_e8 {
        put.delta(seen.index_e8, index_e8);
        seen.index_e8 = index_e8;
    }
    put.delta(seen.funding_e8, mark.funding_e8.into());
    seen.funding_e8 = mark.funding_e8.into();
    put.delta(seen.funding_at_secs, mark.funding_at_secs.into());
    seen.funding_at_secs = mark.funding_at_secs.into();
}

fn take_mark(now: Nanos, context: &mut Context, take: &mut Take<'_>) -> Option<MarkPrice> {
    let instrument = take_instrument(take)?;
    let seen = context.of(instrument);
    let (venue_time, recv_time) = take_times(now, seen, take)?;
    seen.mark_e8 = take.delta(seen.mark_e8)?;
    let index_e8 = match take.byte()? {
        0 => None,
        1 => {
            seen.index_e8 = take.delta(seen.index_e8)?;
            Some(seen.index_e8)
        }
        _ => return None,
    };
    seen.funding_e8 = take.delta(seen.funding_e8)?;
    seen.funding_at_secs = take.delta(seen.funding_at_secs)?;
    Some(MarkPrice {
        instrument,
        mark_e8: seen.mark_e8,
        index_e8,
        funding_e8: seen.funding_e8.try_into().ok()?,
        funding_at_secs: seen.funding_at_secs.try_into().ok()?,
        venue_time,
        recv_time,
    })
}
