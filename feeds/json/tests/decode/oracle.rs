//! A naive decoder: simd-json reads the frame into a tree, plain code looks at the tree. It shares no code with the crate
//! beyond the words in which both answer.
//!
//! What is JSON, serde_json decides: simd-json 0.17 takes `1 0` for a number, and half a surrogate pair for a character.

use ballast_json::{
    DecodeError, DecodeErrorKind, E8, Field, LOTS_MAX, Level, Message, PRICE_TICKS_MAX, ReplyOutcome, Side,
    SymbolId, TradeKind,
};
use simd_json::{Node, StaticNode};

use crate::market::{INSTRUMENTS, Instrument, Kept, Reading, SNAPSHOT, number};

/// A frame's meaning. Texts instead of spans: simd-json keeps no offsets.
#[derive(Debug, PartialEq, Eq)]
struct Meaning {
    message: Said,
    stream: Option<String>,
    levels: Vec<Kept>,
}

#[derive(Debug, PartialEq, Eq)]
enum Said {
    Message(Message),
    /// [`Message::Other`] with its name.
    Other(String),
}

/// Why a frame has no meaning, as far as simd-json lets one tell.
#[derive(Debug, PartialEq, Eq)]
enum Fault {
    NotJson,
    /// A number that simd-json holds as a float: which fault it has is gone.
    NotInteger(Field),
    Kind(DecodeErrorKind),
}

#[derive(Debug, Clone)]
enum Json {
    Object(Vec<(String, Self)>),
    Array(Vec<Self>),
    Text(String),
    Integer(u64),
    Negative,
    Float,
    Bool(bool),
    Null,
}

/// Panics unless what was `read` from `frame` is what the oracle makes of it.
pub(crate) fn check(frame: &[u8], read: &Result<Reading, DecodeError>) {
    let mut bytes = frame.to_vec();
    let text = String::from_utf8_lossy(frame);
    let verdict = match (serde_json::from_slice::<serde_json::Value>(frame), simd_json::to_tape(&mut bytes)) {
        (Ok(_), Ok(tape)) => root(&tape.0),
        // JSON limits no number, these two do.
        (Err(error), _) if error.to_string().starts_with("number out of range") => return,
        (Ok(_), Err(error)) if matches!(error.error(), simd_json::ErrorType::InvalidNumber) => {
            let malformed = read.as_ref().is_err_and(|error| is(error.kind, &Fault::NotJson));
            return assert!(!malformed, "{read:?} of {text}");
        }
        (Err(_), _) => Err(Fault::NotJson),
        (Ok(_), Err(error)) => panic!("simd-json and serde_json disagree: {error} of {text}"),
    };
    match (read, verdict) {
        (Ok(reading), Ok(meaning)) => assert_eq!(meaning_of(frame, reading), meaning, "of {text}"),
        (Err(error), Err(fault)) => assert!(is(error.kind, &fault), "{error:?} for {fault:?} of {text}"),
        (read, verdict) => panic!("read {read:?} where simd-json says {verdict:?} of {text}"),
    }
}

fn is(kind: DecodeErrorKind, fault: &Fault) -> bool {
    use DecodeErrorKind as K;
    match *fault {
        Fault::NotJson => {
            matches!(kind, K::Utf8 | K::Truncated | K::Syntax | K::TrailingBytes | K::TooDeep)
        }
        Fault::NotInteger(field) => {
            [K::BadNumber(field), K::TooLarge(field), K::Negative(field)].contains(&kind)
        }
        Fault::Kind(expected) => kind == expected,
    }
}

fn meaning_of(frame: &[u8], reading: &Reading) -> Meaning {
    let text = |span: ballast_json::Span| {
        let inside = span.of(frame).expect("the span lies in the frame");
        let mut quoted = [b"\"", inside, b"\""].concat();
        simd_json::from_slice::<String>(&mut quoted).expect("the span is the inside of a string")
    };
    let message = if let Message::Other { name } = reading.message {
        Said::Other(text(name))
    } else {
        Said::Message(reading.message)
    };
    Meaning { message, stream: reading.stream.map(text), levels: reading.levels.clone() }
}

/// The deepest nesting that a decoder must accept.
const DEPTH_MAX: u32 = 64;

fn root(tape: &[Node<'_>]) -> Result<Meaning, Fault> {
    let root = tree(&mut tape.iter(), 0)?;
    let other = |stream: Option<&str>| {
        let name = stream.unwrap_or_default().to_owned();
        Ok(Meaning { message: Said::Other(name), stream: stream.map(str::to_owned), levels: Vec::new() })
    };
    let Json::Object(members) = root else { return other(None) };
    let frame = Object { members: &members, stream: None };
    if !frame.has("stream") {
        return frame.meaning();
    }
    let stream = frame.text("stream", Field::Stream)?;
    if let Json::Object(members) = frame.required("data", Field::Data)? {
        Object { members, stream: Some(stream) }.meaning()
    } else {
        other(Some(stream))
    }
}

fn tree<'t>(nodes: &mut impl Iterator<Item = &'t Node<'t>>, depth: u32) -> Result<Json, Fault> {
    let node = *nodes.next().expect("the tape is whole");
    if depth == DEPTH_MAX && matches!(node, Node::Object { .. } | Node::Array { .. }) {
        return Err(Fault::Kind(DecodeErrorKind::TooDeep));
    }
    Ok(match node {
        Node::Object { len, .. } => Json::Object(
            (0..len)
                .map(|_| {
                    let Some(Node::String(key)) = nodes.next() else { panic!("keys are strings") };
                    Ok(((*key).to_owned(), tree(nodes, depth + 1)?))
                })
                .collect::<Result<_, Fault>>()?,
        ),
        Node::Array { len, .. } => {
            Json::Array((0..len).map(|_| tree(nodes, depth + 1)).collect::<Result<_, Fault>>()?)
        }
        Node::String(text) => Json::Text(text.to_owned()),
        Node::Static(StaticNode::U64(integer)) => Json::Integer(integer),
        Node::Static(StaticNode::I64(_)) => Json::Negative,
        Node::Static(StaticNode::F64(_)) => Json::Float,
        Node::Static(StaticNode::Bool(value)) => Json::Bool(value),
        Node::Static(StaticNode::Null) => Json::Null,
    })
}

/// The object that holds the message.
struct Object<'j> {
    members: &'j [(String, Json)],
    stream: Option<&'j str>,
}

impl Object<'_> {
    fn meaning(&self) -> Result<Meaning, Fault> {
        let mut levels = Vec::new();
        let kind = if self.has("e") { Some(self.text("e", Field::Kind)?) } else { None };
        let message = match kind {
            Some("bookTicker") => Said::Message(self.book_ticker()?),
            Some("depthUpdate") => Said::Message(self.depth(&mut levels)?),
            Some("trade") => Said::Message(self.trade()?),
            Some("aggTrade") => Said::Message(self.agg_trade()?),
            Some("markPriceUpdate") => Said::Message(self.mark_price()?),
            Some(other) => Said::Other(other.to_owned()),
            None if self.has("lastUpdateId") => Said::Message(self.snapshot(&mut levels)?),
            None if self.has("u") && self.has("s") => Said::Message(self.book_ticker()?),
            None => match self.reply() {
                Some(reply) => Said::Message(reply),
                None => Said::Other(self.stream.unwrap_or_default().to_owned()),
            },
        };
        Ok(Meaning { message, stream: self.stream.map(str::to_owned), levels })
    }

    fn book_ticker(&self) -> Result<Message, Fault> {
        let (symbol, instrument) = self.symbol()?;
        Ok(Message::BookTicker {
            symbol,
            update_id: self.integer("u", Field::UpdateId)?,
            event_time: self.integer_if_any("E", Field::EventTime)?,
            transaction_time: self.integer_if_any("T", Field::TransactionTime)?,
            bid: Level {
                ticks: price(self.text("b", Field::BidPrice)?, Field::BidPrice, instrument)?,
                lots: size(self.text("B", Field::BidSize)?, Field::BidSize, instrument)?,
            },
            ask: Level {
                ticks: price(self.text("a", Field::AskPrice)?, Field::AskPrice, instrument)?,
                lots: size(self.text("A", Field::AskSize)?, Field::AskSize, instrument)?,
            },
        })
    }

    fn depth(&self, levels: &mut Vec<Kept>) -> Result<Message, Fault> {
        let (symbol, instrument) = self.symbol()?;
        let first_id = self.integer("U", Field::FirstId)?;
        let last_id = self.integer("u", Field::LastId)?;
        let prev_id = self.integer_if_any("pu", Field::PrevId)?;
        let event_time = self.integer("E", Field::EventTime)?;
        let transaction_time = self.integer_if_any("T", Field::TransactionTime)?;
        let [bids, asks] = self.books(["b", "a"], instrument, levels)?;
        Ok(Message::Depth { symbol, first_id, last_id, prev_id, event_time, transaction_time, bids, asks })
    }

    fn snapshot(&self, levels: &mut Vec<Kept>) -> Result<Message, Fault> {
        let (symbol, instrument) = if self.has("symbol") {
            find(self.text("symbol", Field::Symbol)?)?
        } else if let Some(stream) = self.stream {
            find(&stream.split('@').next().unwrap_or_default().to_ascii_uppercase())?
        } else {
            (SNAPSHOT, &INSTRUMENTS[usize::from(SNAPSHOT.0 - number(0).0)])
        };
        let last_update_id = self.integer("lastUpdateId", Field::LastUpdateId)?;
        let event_time = self.integer_if_any("E", Field::EventTime)?;
        let transaction_time = self.integer_if_any("T", Field::TransactionTime)?;
        let [bids, asks] = self.books(["bids", "asks"], instrument, levels)?;
        Ok(Message::Snapshot { symbol, last_update_id, event_time, transaction_time, bids, asks })
    }

    fn trade(&self) -> Result<Message, Fault> {
        let (symbol, instrument) = self.symbol()?;
        Ok(Message::Trade {
            symbol,
            trade_id: self.integer("t", Field::TradeId)?,
            price: price(self.text("p", Field::Price)?, Field::Price, instrument)?,
            lots: size(self.text("q", Field::Size)?, Field::Size, instrument)?,
            event_time: self.integer("E", Field::EventTime)?,
            trade_time: self.integer("T", Field::TradeTime)?,
            maker: self.maker()?,
            kind: if !self.has("X") || self.text("X", Field::TradeKind)? == "MARKET" {
                TradeKind::Market
            } else {
                TradeKind::Other
            },
        })
    }

    fn agg_trade(&self) -> Result<Message, Fault> {
        let (symbol, instrument) = self.symbol()?;
        Ok(Message::AggTrade {
            symbol,
            agg_id: self.integer("a", Field::AggId)?,
            first_id: self.integer("f", Field::FirstTradeId)?,
            last_id: self.integer("l", Field::LastTradeId)?,
            price: price(self.text("p", Field::Price)?, Field::Price, instrument)?,
            lots: size(self.text("q", Field::Size)?, Field::Size, instrument)?,
            event_time: self.integer("E", Field::EventTime)?,
            trade_time: self.integer("T", Field::TradeTime)?,
            maker: self.maker()?,
            normal_lots: if self.has("nq") {
                Some(size(self.text("nq", Field::NormalSize)?, Field::NormalSize, instrument)?)
            } else {
                None
            },
        })
    }

    fn mark_price(&self) -> Result<Message, Fault> {
        let (symbol, _) = self.symbol()?;
        let e8_if_any = |key, field| match self.has(key).then(|| self.text(key, field)).transpose()? {
            None | Some("") => Ok(None),
            Some(text) => e8(text, field).map(Some),
        };
        Ok(Message::MarkPrice {
            symbol,
            mark: e8(self.text("p", Field::Mark)?, Field::Mark)?,
            index: e8_if_any("i", Field::Index)?,
            settle: e8_if_any("P", Field::Settle)?,
            funding_rate: e8_if_any("r", Field::FundingRate)?,
            next_funding_time: self.integer("T", Field::NextFundingTime)?,
            event_time: self.integer("E", Field::EventTime)?,
        })
    }

    fn reply(&self) -> Option<Message> {
        if self.stream.is_some() {
            return None;
        }
        let refused = self.has("error") || self.has("code") && self.has("msg");
        let outcome = match self.has("result") {
            _ if refused => ReplyOutcome::Refused,
            true => ReplyOutcome::Accepted,
            false => return None,
        };
        Some(Message::Reply { id: self.integer("id", Field::Kind).ok(), outcome })
    }

    fn books(
        &self,
        keys: [&str; 2],
        instrument: &Instrument,
        kept: &mut Vec<Kept>,
    ) -> Result<[u32; 2], Fault> {
        for (key, field) in keys.into_iter().zip([Field::Bids, Field::Asks]) {
            let Json::Array(_) = self.required(key, field)? else {
                return Err(Fault::Kind(DecodeErrorKind::WrongType(field)));
            };
        }
        let mut counts = [0; 2];
        for (key, value) in self.members {
            let Json::Array(levels) = value else { continue };
            let Some(side) = keys.iter().position(|side| side == key) else { continue };
            for level in levels {
                kept.push(self::level(side, level, instrument)?);
                counts[side] += 1;
            }
        }
        Ok(counts)
    }

    fn maker(&self) -> Result<Side, Fault> {
        let Json::Bool(buyer) = self.required("m", Field::Maker)? else {
            return Err(Fault::Kind(DecodeErrorKind::WrongType(Field::Maker)));
        };
        Ok(if *buyer { Side::Bid } else { Side::Ask })
    }

    fn symbol(&self) -> Result<(SymbolId, &'static Instrument), Fault> {
        find(self.text("s", Field::Symbol)?)
    }

    fn has(&self, key: &str) -> bool {
        self.members.iter().any(|(name, _)| name == key)
    }

    fn required(&self, key: &str, field: Field) -> Result<&Json, Fault> {
        let mut values = self.members.iter().filter(|(name, _)| name == key);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Ok(value),
            (None, _) => Err(Fault::Kind(DecodeErrorKind::MissingField(field))),
            (_, Some(_)) => Err(Fault::Kind(DecodeErrorKind::DuplicateField(field))),
        }
    }

    fn text(&self, key: &str, field: Field) -> Result<&str, Fault> {
        let Json::Text(text) = self.required(key, field)? else {
            return Err(Fault::Kind(DecodeErrorKind::WrongType(field)));
        };
        Ok(text)
    }

    fn integer(&self, key: &str, field: Field) -> Result<u64, Fault> {
        match self.required(key, field)? {
            Json::Integer(integer) => Ok(*integer),
            Json::Negative => Err(Fault::Kind(DecodeErrorKind::Negative(field))),
            Json::Float => Err(Fault::NotInteger(field)),
            Json::Object(_) | Json::Array(_) | Json::Text(_) | Json::Bool(_) | Json::Null => {
                Err(Fault::Kind(DecodeErrorKind::WrongType(field)))
            }
        }
    }

    fn integer_if_any(&self, key: &str, field: Field) -> Result<Option<u64>, Fault> {
        if self.has(key) { self.integer(key, field).map(Some) } else { Ok(None) }
    }
}

fn find(name: &str) -> Result<(SymbolId, &'static Instrument), Fault> {
    let found = (0..).zip(&INSTRUMENTS).find(|(_, instrument)| instrument.name == name);
    let (index, instrument) = found.ok_or(Fault::Kind(DecodeErrorKind::UnknownSymbol))?;
    Ok((number(index), instrument))
}

/// A level of bids (`side` 0) or asks; what follows price and size is not judged.
fn level(side: usize, level: &Json, instrument: &Instrument) -> Result<Kept, Fault> {
    let (side, field, price_field, size_field) = [
        (Side::Bid, Field::Bids, Field::BidPrice, Field::BidSize),
        (Side::Ask, Field::Asks, Field::AskPrice, Field::AskSize),
    ][side];
    let wrong = Err(Fault::Kind(DecodeErrorKind::WrongType(field)));
    let Json::Array(elements) = level else { return wrong };
    let [Json::Text(ticks), Json::Text(lots), ..] = elements.as_slice() else { return wrong };
    Ok((side, price(ticks, price_field, instrument)?, size(lots, size_field, instrument)?))
}

fn price(text: &str, field: Field, instrument: &Instrument) -> Result<u64, Fault> {
    on_grid(text, field, instrument.price, PRICE_TICKS_MAX)
}

fn size(text: &str, field: Field, instrument: &Instrument) -> Result<u64, Fault> {
    on_grid(text, field, instrument.size, LOTS_MAX)
}

fn on_grid(text: &str, field: Field, (scale, step): (u8, u64), max: u64) -> Result<u64, Fault> {
    use DecodeErrorKind::{Negative, OffGrid, TooLarge};
    let (negative, units) = decimal(text, field, scale)?;
    if negative {
        return Err(Fault::Kind(Negative(field)));
    }
    match units? {
        units if !units.is_multiple_of(step) => Err(Fault::Kind(OffGrid(field))),
        units if units / step > max => Err(Fault::Kind(TooLarge(field))),
        units => Ok(units / step),
    }
}

fn e8(text: &str, field: Field) -> Result<E8, Fault> {
    let (negative, units) = decimal(text, field, 8)?;
    if negative && field != Field::FundingRate {
        return Err(Fault::Kind(DecodeErrorKind::Negative(field)));
    }
    let magnitude = i64::try_from(units?).map_err(|_| Fault::Kind(DecodeErrorKind::TooLarge(field)))?;
    Ok(E8(if negative { -magnitude } else { magnitude }))
}

/// Sign and magnitude of a decimal, in units of its last decimal of `scale`.
fn decimal(text: &str, field: Field, scale: u8) -> Result<(bool, Result<u64, Fault>), Fault> {
    let negative = text.starts_with('-');
    let magnitude = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = magnitude.split_once('.').unwrap_or((magnitude, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return Err(Fault::Kind(DecodeErrorKind::BadNumber(field)));
    }
    let fraction = fraction.trim_end_matches('0');
    let scale = usize::from(scale);
    if fraction.len() > scale {
        return Ok((negative, Err(Fault::Kind(DecodeErrorKind::OffGrid(field)))));
    }
    let units = format!("{whole}{fraction:0<scale$}").parse();
    Ok((negative, units.map_err(|_| Fault::Kind(DecodeErrorKind::TooLarge(field)))))
}
