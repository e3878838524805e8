//! Frames: decoded, judged by their stream, and turned into events.

use ballast_json::{self as json, Decoded, E8, Level, Message, Path, ReplyOutcome, SymbolId, TradeKind};
use ballast_model::{Event, MarkPrice, Nanos, PackedLevel, Side, Ticker, Trade, TradeId, UpdateId};

use super::super::TradeSource;
use super::super::buffer::DiffHead;
use super::super::error::SessionError;
use super::super::levels::packed;
use super::super::place::SymbolPlace;
use super::super::stream::{is_followed, venue_time};
use super::super::sync::DiffIds;
use super::{Heard, MarketSession};
use crate::EventSink;

impl MarketSession {
    /// Reads one frame. A snapshot that names no symbol is `snapshot_symbol`'s.
    pub(super) fn on_frame<S: EventSink>(
        &mut self,
        frame: &[u8],
        snapshot_symbol: Option<SymbolId>,
        now: Nanos,
        out: &mut S,
    ) -> Result<Heard, SessionError> {
        let decoded = match self.decoder.decode(frame, &self.symbols, snapshot_symbol, &mut self.levels) {
            Ok(decoded) => decoded,
            Err(error) => {
                self.counters.decode_errors.count(error);
                return Err(SessionError::Decode(error));
            }
        };
        self.counters.stray_levels = self.levels.strays();
        self.count_path(&decoded);
        if is_followed(&decoded, frame) {
            let place = SymbolPlace::of(&decoded.message);
            self.place = place.map(|place| place.at(self.book(usize::from(place.symbol.0)).instrument));
            self.on_message(decoded.message, now, out)
        } else {
            self.counters.unknown_stream += 1;
            Ok(Heard::Other)
        }
    }

    /// Replies and unknown kinds are the twin's by design; a book or trade message that it had to read is a fallback.
    #[inline]
    fn count_path(&mut self, decoded: &Decoded) {
        let designed = matches!(decoded.message, Message::Reply { .. } | Message::Other { .. });
        if decoded.path == Path::Twin && !designed {
            self.counters.fallbacks += 1;
        }
    }

    fn on_message<S: EventSink>(
        &mut self,
        message: Message,
        now: Nanos,
        out: &mut S,
    ) -> Result<Heard, SessionError> {
        match message {
            Message::BookTicker { symbol, update_id, event_time, transaction_time, bid, ask } => {
                let venue_time = transaction_time.or(event_time).map_or(now, venue_time);
                let prices = BestPrices { symbol, update_id: UpdateId(update_id), bid, ask, venue_time };
                self.on_best_prices(&prices, now, out)?;
            }
            Message::Depth { symbol, first_id, last_id, prev_id, event_time, transaction_time, .. } => {
                let ids = DiffIds {
                    first: UpdateId(first_id),
                    last: UpdateId(last_id),
                    prev: prev_id.map(UpdateId),
                };
                let venue_time = venue_time(transaction_time.unwrap_or(event_time));
                self.on_diff(symbol, DiffHead { ids, venue_time, recv_time: now }, out)?;
            }
            Message::Snapshot { symbol, last_update_id, event_time, transaction_time, .. } => {
                let venue_time = transaction_time.or(event_time).map_or(now, venue_time);
                self.on_snapshot(symbol, UpdateId(last_update_id), venue_time, now, out)?;
                return Ok(Heard::Snapshot);
            }
            Message::Trade { symbol, trade_id, price, lots, event_time: _, trade_time, maker, kind } => {
                let (level, source) = (Level { ticks: price, lots }, TradeSource::Trades);
                let print = Print { source, symbol, ids: [trade_id; 2], level, trade_time, maker, kind };
                self.on_print(&print, now, out)?;
            }
            Message::AggTrade { symbol, agg_id, last_id, price, lots, trade_time, maker, .. } => {
                let level = Level { ticks: price, lots };
                let (source, kind) = (TradeSource::AggTrades, TradeKind::Market);
                let print = Print { source, symbol, ids: [agg_id, last_id], level, trade_time, maker, kind };
                self.on_print(&print, now, out)?;
            }
            Message::MarkPrice {
                symbol, mark, index, funding_rate, next_funding_time, event_time, ..
            } => {
                if !self.is_fresh(usize::from(symbol.0), |told| told.mark(event_time)) {
                    return Ok(Heard::Other);
                }
                let funding = funding(funding_rate, next_funding_time);
                let (funding_e8, funding_at_secs) = funding.ok_or_else(|| self.out_of_range(symbol))?;
                let mark = MarkPrice {
                    instrument: self.book(usize::from(symbol.0)).instrument,
                    mark_e8: mark.0,
                    index_e8: index.map(|price| price.0),
                    funding_e8,
                    funding_at_secs,
                    venue_time: venue_time(event_time),
                    recv_time: now,
                };
                if self.deliver(symbol, Event::Mark(mark), now, out) {
                    self.counters.marks += 1;
                }
            }
            Message::Reply { outcome: ReplyOutcome::Accepted, .. } => self.counters.replies_accepted += 1,
            Message::Reply { outcome: ReplyOutcome::Refused, .. } => {
                self.counters.replies_refused += 1;
                return Ok(Heard::Refusal);
            }
            Message::Other { .. } => self.counters.unknown_stream += 1,
        }
        Ok(Heard::Other)
    }

    fn on_best_prices<S: EventSink>(
        &mut self,
        prices: &BestPrices,
        now: Nanos,
        out: &mut S,
    ) -> Result<(), SessionError> {
        let BestPrices { symbol, update_id, bid, ask, venue_time } = *prices;
        if !self.is_fresh(usize::from(symbol.0), |told| told.best_price(update_id)) {
            return Ok(());
        }
        let levels = (self.level(symbol, bid)?, self.level(symbol, ask)?);
        self.count_faults(bid, ask);
        let (bid, ask) = levels;
        let instrument = self.book(usize::from(symbol.0)).instrument;
        let ticker = Ticker { instrument, update_id, bid, ask, venue_time, recv_time: now };
        if self.deliver(symbol, Event::Ticker(ticker), now, out) {
            self.counters.tickers += 1;
        }
        Ok(())
    }

    /// Best prices that cannot be are told all the same: whether to quote on them is the engine's to judge.
    #[inline]
    const fn count_faults(&mut self, bid: Level, ask: Level) {
        if bid.ticks == 0 || bid.lots == 0 || ask.ticks == 0 || ask.lots == 0 {
            self.counters.empty_tickers += 1;
        } else if bid.ticks >= ask.ticks {
            self.counters.crossed_tickers += 1;
        }
    }

    fn on_print<S: EventSink>(&mut self, print: &Print, now: Nanos, out: &mut S) -> Result<(), SessionError> {
        let [id, trade_id] = print.ids;
        if print.source != self.trade_source {
            self.counters.unused_trades += 1;
        } else if !self.is_fresh(usize::from(print.symbol.0), |told| told.trade(id)) {
            // Counted.
        } else if print.level.ticks == 0 || print.level.lots == 0 {
            self.counters.dropped_zero_trades += 1;
            self.counters.zero_matches += u64::from(print.kind == TradeKind::Market);
        } else if print.kind == TradeKind::Other {
            self.counters.dropped_other_trades += 1;
        } else {
            let trade = Trade {
                instrument: self.book(usize::from(print.symbol.0)).instrument,
                maker: match print.maker {
                    json::Side::Bid => Side::Bid,
                    json::Side::Ask => Side::Ask,
                },
                level: self.level(print.symbol, print.level)?,
                trade_id: TradeId(trade_id),
                venue_time: venue_time(print.trade_time),
                recv_time: now,
            };
            if self.deliver(print.symbol, Event::Trade(trade), now, out) {
                self.counters.trades += 1;
            }
        }
        Ok(())
    }

    /// Pushes one event; whether the sink took it.
    #[inline]
    fn deliver<S: EventSink>(&mut self, symbol: SymbolId, event: Event, now: Nanos, out: &mut S) -> bool {
        let index = usize::from(symbol.0);
        let taken = self.book(index).push(&[event], out).is_ok();
        if !taken {
            self.on_refused(index, now, out);
        }
        taken
    }

    #[inline]
    fn level(&mut self, symbol: SymbolId, level: Level) -> Result<PackedLevel, SessionError> {
        packed(level.ticks, level.lots).ok_or_else(|| self.out_of_range(symbol))
    }

    #[cold]
    fn out_of_range(&mut self, symbol: SymbolId) -> SessionError {
        self.counters.out_of_range += 1;
        SessionError::OutOfRange(self.book(usize::from(symbol.0)).instrument)
    }
}

/// A best-price message with its time settled.
#[derive(Clone, Copy, Debug)]
struct BestPrices {
    symbol: SymbolId,
    update_id: UpdateId,
    bid: Level,
    ask: Level,
    venue_time: Nanos,
}

/// A trade of either stream. An aggregate goes by its last trade's id, so that ids of both streams compare.
#[derive(Clone, Copy, Debug)]
struct Print {
    source: TradeSource,
    symbol: SymbolId,
    /// Its own in its stream, and that of the trade it is told as.
    ids: [u64; 2],
    level: Level,
    trade_time: u64,
    maker: json::Side,
    kind: TradeKind,
}

/// Funding rate and time in the engine's units; `None` out of their range. A delivery contract sends no rate, and time
/// zero: it exchanges no funding, which is what a rate of zero says.
fn funding(rate: Option<E8>, next: u64) -> Option<(i32, u32)> {
    let rate = i32::try_from(rate.unwrap_or_default().0).ok()?;
    let secs = u32::try_from(venue_time(next).0 / 1_000_000_000).ok()?;
    Some((rate, secs))
}
