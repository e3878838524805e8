//! The tolerant scalar decoder: all of JSON, any order, any nesting up to a limit. It defines what a frame
//! means.
//!
//! It first delimits the members of the frame (which checks the whole frame's syntax), then converts those
//! that the message's kind has, in the order in which [`Message`] declares them.

use crate::grid::Decimal;
use crate::keys::{Key, Slot, Slots};
use crate::symbols::{Name, Strays, Symbol, Symbols};
use crate::syntax::{Cursor, Text, Type, Value};
use crate::{
    DecodeError, DecodeErrorKind, Decoded, E8, Field, Grid, LOTS_MAX, Level, LevelSink, Message, NumberError,
    PRICE_TICKS_MAX, Path, ReplyOutcome, Side, Span, SymbolId, TradeKind,
};

/// The part of a frame that holds the message, and what the caller knows.
struct Event<'f> {
    frame: &'f [u8],
    slots: &'f Slots,
    stream: Option<Span>,
    symbols: Symbols<'f>,
    snapshot_symbol: Option<SymbolId>,
}

/// The two arrays of levels of a message.
struct Books {
    bids: Value,
    asks: Value,
}

/// Decodes `frame`; see [`Decoder::decode`](crate::Decoder::decode).
pub(crate) fn decode<S: LevelSink>(
    frame: &[u8],
    symbols: Symbols<'_>,
    snapshot_symbol: Option<SymbolId>,
    sink: &mut S,
) -> Result<Decoded, DecodeError> {
    if u32::try_from(frame.len()).is_err() {
        return Err(DecodeError { at: 0, kind: DecodeErrorKind::FrameTooLong });
    }
    if let Err(error) = core::str::from_utf8(frame) {
        let at = crate::syntax::offset(error.valid_up_to());
        return Err(DecodeError { at, kind: DecodeErrorKind::Utf8 });
    }
    let Some(root) = read_root(frame)? else { return Ok(other(None, None)) };
    if !root.has(Key::Stream) {
        return Event { frame, slots: &root, stream: None, symbols, snapshot_symbol }.message(sink);
    }
    let name = required(&root, Key::Stream, Field::Stream, &[Type::String])?.span;
    let data = present(&root, Key::Data, Field::Data)?;
    if data.kind != Type::Object {
        return Ok(other(Some(name), None));
    }
    let mut slots = Slots::new(data.span.start);
    Cursor::new(frame, index(data.span.start)).members(|key, value| slots.note(text(frame, key), value))?;
    Event { frame, slots: &slots, stream: Some(name), symbols, snapshot_symbol }.message(sink)
}

/// Reads the whole frame; `None` when it is well-formed but no object.
fn read_root(frame: &[u8]) -> Result<Option<Slots>, DecodeError> {
    let start = frame.iter().take_while(|byte| b" \t\n\r".contains(byte)).count();
    let mut cursor = Cursor::new(frame, start);
    if frame.get(start) != Some(&b'{') {
        cursor.value()?;
        cursor.finish()?;
        return Ok(None);
    }
    let mut slots = Slots::new(crate::syntax::offset(start));
    cursor.members(|key, value| slots.note(text(frame, key), value))?;
    cursor.finish()?;
    Ok(Some(slots))
}

impl Event<'_> {
    /// Which kind of message this is decides which fields it has.
    fn message<S: LevelSink>(&self, sink: &mut S) -> Result<Decoded, DecodeError> {
        let message = if self.slots.has(Key::LowerE) {
            let kind = required(self.slots, Key::LowerE, Field::Kind, &[Type::String])?;
            let is = |name: &[u8]| text(self.frame, kind.span).is(name);
            if is(b"bookTicker") {
                self.book_ticker()
            } else if is(b"depthUpdate") {
                self.depth(sink)
            } else if is(b"trade") {
                self.trade()
            } else if is(b"aggTrade") {
                self.agg_trade()
            } else if is(b"markPriceUpdate") {
                self.mark_price()
            } else {
                return Ok(other(self.stream, Some(kind.span)));
            }
        } else if self.slots.has(Key::LastUpdateId) {
            self.snapshot(sink)
        } else if self.slots.has(Key::LowerU) && self.slots.has(Key::LowerS) {
            // Spot's book ticker names no kind.
            self.book_ticker()
        } else {
            match self.reply() {
                Some(reply) => Ok(reply),
                None => return Ok(other(self.stream, None)),
            }
        }?;
        Ok(Decoded { message, path: Path::Twin, stream: self.stream })
    }

    fn book_ticker(&self) -> Result<Message, DecodeError> {
        let Symbol { id, grids, .. } = *self.symbol()?;
        Ok(Message::BookTicker {
            symbol: id,
            update_id: self.integer(Key::LowerU, Field::UpdateId)?,
            event_time: self.integer_if_any(Key::UpperE, Field::EventTime)?,
            transaction_time: self.integer_if_any(Key::UpperT, Field::TransactionTime)?,
            bid: Level {
                ticks: self.price(Key::LowerB, Field::BidPrice, grids.price)?,
                lots: self.size(Key::UpperB, Field::BidSize, grids.size)?,
            },
            ask: Level {
                ticks: self.price(Key::LowerA, Field::AskPrice, grids.price)?,
                lots: self.size(Key::UpperA, Field::AskSize, grids.size)?,
            },
        })
    }

    fn depth<S: LevelSink>(&self, sink: &mut S) -> Result<Message, DecodeError> {
        let symbol = self.symbol()?;
        let first_id = self.integer(Key::UpperU, Field::FirstId)?;
        let last_id = self.integer(Key::LowerU, Field::LastId)?;
        let prev_id = self.integer_if_any(Key::Pu, Field::PrevId)?;
        let event_time = self.integer(Key::UpperE, Field::EventTime)?;
        let transaction_time = self.integer_if_any(Key::UpperT, Field::TransactionTime)?;
        let (bids, asks) = self.levels(self.books(Key::LowerB, Key::LowerA)?, symbol, sink)?;
        Ok(Message::Depth {
            symbol: symbol.id,
            first_id,
            last_id,
            prev_id,
            event_time,
            transaction_time,
            bids,
            asks,
        })
    }

    fn snapshot<S: LevelSink>(&self, sink: &mut S) -> Result<Message, DecodeError> {
        let symbol = self.snapshot_symbol()?;
        let last_update_id = self.integer(Key::LastUpdateId, Field::LastUpdateId)?;
        let event_time = self.integer_if_any(Key::UpperE, Field::EventTime)?;
        let transaction_time = self.integer_if_any(Key::UpperT, Field::TransactionTime)?;
        let (bids, asks) = self.levels(self.books(Key::Bids, Key::Asks)?, symbol, sink)?;
        Ok(Message::Snapshot { symbol: symbol.id, last_update_id, event_time, transaction_time, bids, asks })
    }

    fn trade(&self) -> Result<Message, DecodeError> {
        let Symbol { id, grids, .. } = *self.symbol()?;
        Ok(Message::Trade {
            symbol: id,
            trade_id: self.integer(Key::LowerT, Field::TradeId)?,
            price: self.price(Key::LowerP, Field::Price, grids.price)?,
            lots: self.size(Key::LowerQ, Field::Size, grids.size)?,
            event_time: self.integer(Key::UpperE, Field::EventTime)?,
            trade_time: self.integer(Key::UpperT, Field::TradeTime)?,
            maker: self.maker()?,
            kind: self.trade_kind()?,
        })
    }

    fn agg_trade(&self) -> Result<Message, DecodeError> {
        let Symbol { id, grids, .. } = *self.symbol()?;
        Ok(Message::AggTrade {
            symbol: id,
            agg_id: self.integer(Key::LowerA, Field::AggId)?,
            first_id: self.integer(Key::LowerF, Field::FirstTradeId)?,
            last_id: self.integer(Key::LowerL, Field::LastTradeId)?,
            price: self.price(Key::LowerP, Field::Price, grids.price)?,
            lots: self.size(Key::LowerQ, Field::Size, grids.size)?,
            event_time: self.integer(Key::UpperE, Field::EventTime)?,
            trade_time: self.integer(Key::UpperT, Field::TradeTime)?,
            maker: self.maker()?,
            normal_lots: match self.slots.has(Key::Nq) {
                true => Some(self.size(Key::Nq, Field::NormalSize, grids.size)?),
                false => None,
            },
        })
    }

    fn mark_price(&self) -> Result<Message, DecodeError> {
        Ok(Message::MarkPrice {
            symbol: self.symbol()?.id,
            mark: self.e8(required(self.slots, Key::LowerP, Field::Mark, &[Type::String])?, Field::Mark)?,
            index: self.e8_if_any(Key::LowerI, Field::Index)?,
            settle: self.e8_if_any(Key::UpperP, Field::Settle)?,
            funding_rate: self.e8_if_any(Key::LowerR, Field::FundingRate)?,
            next_funding_time: self.integer(Key::UpperT, Field::NextFundingTime)?,
            event_time: self.integer(Key::UpperE, Field::EventTime)?,
        })
    }

    /// `None` when the object is no answer to a control frame.
    fn reply(&self) -> Option<Message> {
        let slots = self.slots;
        let outcome = if self.stream.is_some() {
            return None;
        } else if slots.has(Key::Error) || slots.has(Key::Code) && slots.has(Key::Msg) {
            ReplyOutcome::Refused
        } else if slots.has(Key::Result) {
            ReplyOutcome::Accepted
        } else {
            return None;
        };
        let id = match slots.get(Key::Id) {
            Slot::Once(value @ Value { kind: Type::Number, .. }) => self.unsigned(value).ok(),
            Slot::Once(_) | Slot::Twice(_) | Slot::Absent => None,
        };
        Some(Message::Reply { id, outcome })
    }

    fn symbol(&self) -> Result<&Symbol, DecodeError> {
        let value = required(self.slots, Key::LowerS, Field::Symbol, &[Type::String])?;
        self.symbol_named(text(self.frame, value.span), value.span)
    }

    fn snapshot_symbol(&self) -> Result<&Symbol, DecodeError> {
        if self.slots.has(Key::Symbol) {
            let value = required(self.slots, Key::Symbol, Field::Symbol, &[Type::String])?;
            return self.symbol_named(text(self.frame, value.span), value.span);
        }
        if let Some(stream) = self.stream {
            // `btcusdt@depth20@100ms`
            let name = text(self.frame, stream).take_while(|&byte| byte != b'@');
            return self.symbol_named(name.map(|byte| byte.to_ascii_uppercase()), stream);
        }
        let at = self.slots.at;
        let missing = DecodeError { at, kind: DecodeErrorKind::MissingField(Field::Symbol) };
        let unknown = DecodeError { at, kind: DecodeErrorKind::UnknownSymbol };
        self.symbols.by_id(self.snapshot_symbol.ok_or(missing)?).ok_or(unknown)
    }

    fn symbol_named(&self, name: impl Iterator<Item = u8>, span: Span) -> Result<&Symbol, DecodeError> {
        Name::of(name)
            .and_then(|name| self.symbols.find(name))
            .ok_or(DecodeError { at: span.start, kind: DecodeErrorKind::UnknownSymbol })
    }

    fn integer(&self, key: Key, field: Field) -> Result<u64, DecodeError> {
        let value = required(self.slots, key, field, &[Type::Number])?;
        self.unsigned(value).map_err(|fault| number_error(value.span.start, field, fault))
    }

    fn integer_if_any(&self, key: Key, field: Field) -> Result<Option<u64>, DecodeError> {
        if self.slots.has(key) { self.integer(key, field).map(Some) } else { Ok(None) }
    }

    /// A JSON number without fraction and exponent.
    fn unsigned(&self, value: Value) -> Result<u64, NumberError> {
        let digits = value.span.of(self.frame).unwrap_or_default();
        if digits.contains(&b'.') {
            return Err(NumberError::Bad);
        }
        let decimal = Decimal::read(digits.iter().copied(), 0)?;
        if decimal.negative { Err(NumberError::Negative) } else { decimal.units() }
    }

    fn price(&self, key: Key, field: Field, grid: Grid) -> Result<u64, DecodeError> {
        let value = required(self.slots, key, field, &[Type::String])?;
        on_grid(self.frame, value, field, grid, PRICE_TICKS_MAX)
    }

    fn size(&self, key: Key, field: Field, grid: Grid) -> Result<u64, DecodeError> {
        let value = required(self.slots, key, field, &[Type::String])?;
        on_grid(self.frame, value, field, grid, LOTS_MAX)
    }

    fn e8_if_any(&self, key: Key, field: Field) -> Result<Option<E8>, DecodeError> {
        if !self.slots.has(key) {
            return Ok(None);
        }
        let value = required(self.slots, key, field, &[Type::String])?;
        if value.span.start == value.span.end {
            return Ok(None);
        }
        self.e8(value, field).map(Some)
    }

    /// Only a funding rate may be negative.
    fn e8(&self, value: Value, field: Field) -> Result<E8, DecodeError> {
        let read = || {
            let decimal = Decimal::read(text(self.frame, value.span), E8::GRID.scale())?;
            if decimal.negative && field != Field::FundingRate {
                return Err(NumberError::Negative);
            }
            let magnitude = i64::try_from(decimal.units()?).map_err(|_| NumberError::TooLarge)?;
            Ok(E8(if decimal.negative { -magnitude } else { magnitude }))
        };
        read().map_err(|fault| number_error(value.span.start, field, fault))
    }

    fn maker(&self) -> Result<Side, DecodeError> {
        let value = required(self.slots, Key::LowerM, Field::Maker, &[Type::True, Type::False])?;
        Ok(if value.kind == Type::True { Side::Bid } else { Side::Ask })
    }

    fn trade_kind(&self) -> Result<TradeKind, DecodeError> {
        if !self.slots.has(Key::UpperX) {
            return Ok(TradeKind::Market);
        }
        let value = required(self.slots, Key::UpperX, Field::TradeKind, &[Type::String])?;
        let market = text(self.frame, value.span).is(b"MARKET");
        Ok(if market { TradeKind::Market } else { TradeKind::Other })
    }

    fn books(&self, bids: Key, asks: Key) -> Result<Books, DecodeError> {
        Ok(Books {
            bids: required(self.slots, bids, Field::Bids, &[Type::Array])?,
            asks: required(self.slots, asks, Field::Asks, &[Type::Array])?,
        })
    }

    /// Pushes the levels in the frame's order and counts bids and asks.
    fn levels<S: LevelSink>(
        &self,
        books: Books,
        symbol: &Symbol,
        sink: &mut S,
    ) -> Result<(u32, u32), DecodeError> {
        sink.begin();
        let (bids, asks);
        if books.bids.span.start < books.asks.span.start {
            bids = self.side(Side::Bid, books.bids, symbol, sink)?;
            asks = self.side(Side::Ask, books.asks, symbol, sink)?;
        } else {
            asks = self.side(Side::Ask, books.asks, symbol, sink)?;
            bids = self.side(Side::Bid, books.bids, symbol, sink)?;
        }
        Ok((bids, asks))
    }

    fn side<S: LevelSink>(
        &self,
        side: Side,
        array: Value,
        symbol: &Symbol,
        sink: &mut S,
    ) -> Result<u32, DecodeError> {
        let (field, price_field, size_field) = match side {
            Side::Bid => (Field::Bids, Field::BidPrice, Field::BidSize),
            Side::Ask => (Field::Asks, Field::AskPrice, Field::AskSize),
        };
        let mut count = 0;
        Cursor::new(self.frame, index(array.span.start)).elements(|cursor| {
            let (at, is_array) = cursor.at_array();
            let wrong = DecodeError { at, kind: DecodeErrorKind::WrongType(field) };
            let [price, size] = if is_array { first_two(cursor)?.ok_or(wrong)? } else { return Err(wrong) };
            let ticks = on_grid(self.frame, price, price_field, symbol.grids.price, PRICE_TICKS_MAX);
            let lots = on_grid(self.frame, size, size_field, symbol.grids.size, LOTS_MAX);
            if symbol.strays == Strays::PassedOver && (is_stray(ticks) || is_stray(lots)) {
                sink.pass_over(side);
                return Ok(());
            }
            let (ticks, lots) = (ticks?, lots?);
            count += 1;
            sink.push(side, ticks, lots).map_err(|_| DecodeError { at, kind: DecodeErrorKind::SinkFull })
        })?;
        Ok(count)
    }
}

/// Passes an array and returns its first two elements, if they are strings. What follows them is not ours to
/// judge.
fn first_two(cursor: &mut Cursor<'_>) -> Result<Option<[Value; 2]>, DecodeError> {
    let mut elements = [None; 2];
    let mut free = elements.iter_mut();
    cursor.elements(|cursor| {
        let element = cursor.value()?;
        if let Some(free) = free.next() {
            *free = Some(element);
        }
        Ok(())
    })?;
    Ok(match elements {
        [Some(price), Some(size)] if price.kind == Type::String && size.kind == Type::String => {
            Some([price, size])
        }
        _ => None,
    })
}

/// Whether a number is one, but between the points of its grid.
const fn is_stray(steps: Result<u64, DecodeError>) -> bool {
    matches!(steps, Err(DecodeError { kind: DecodeErrorKind::OffGrid(_), .. }))
}

fn on_grid(frame: &[u8], value: Value, field: Field, grid: Grid, max: u64) -> Result<u64, DecodeError> {
    let text = text(frame, value.span);
    let steps = match text.plain() {
        Some(plain) => grid.parse(plain),
        None => grid.parse_bytes(text),
    };
    steps
        .and_then(|steps| if steps > max { Err(NumberError::TooLarge) } else { Ok(steps) })
        .map_err(|fault| number_error(value.span.start, field, fault))
}

fn number_error(at: u32, field: Field, fault: NumberError) -> DecodeError {
    let kind = match fault {
        NumberError::Bad => DecodeErrorKind::BadNumber(field),
        NumberError::Negative => DecodeErrorKind::Negative(field),
        NumberError::OffGrid => DecodeErrorKind::OffGrid(field),
        NumberError::TooLarge => DecodeErrorKind::TooLarge(field),
    };
    DecodeError { at, kind }
}

/// The value under `key`, which must be there once.
fn present(slots: &Slots, key: Key, field: Field) -> Result<Value, DecodeError> {
    match slots.get(key) {
        Slot::Once(value) => Ok(value),
        Slot::Absent => Err(DecodeError { at: slots.at, kind: DecodeErrorKind::MissingField(field) }),
        Slot::Twice(at) => Err(DecodeError { at, kind: DecodeErrorKind::DuplicateField(field) }),
    }
}

/// The value under `key`, which must be there once and be of one of `types`.
fn required(slots: &Slots, key: Key, field: Field, types: &[Type]) -> Result<Value, DecodeError> {
    let value = present(slots, key, field)?;
    if types.contains(&value.kind) {
        return Ok(value);
    }
    Err(DecodeError { at: value.span.start, kind: DecodeErrorKind::WrongType(field) })
}

/// A well-formed frame of no kind known here, named by its event kind or else its stream.
fn other(stream: Option<Span>, kind: Option<Span>) -> Decoded {
    let name = kind.or(stream).unwrap_or_default();
    Decoded { message: Message::Other { name }, path: Path::Twin, stream }
}

fn text(frame: &[u8], span: Span) -> Text<'_> {
    Text::new(span.of(frame).unwrap_or_default())
}

/// An offset of this frame as an index of it.
fn index(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}
