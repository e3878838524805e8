//! Where a message stands in its stream: the numbers by which a reader of recordings tells a message out of order.
//!
//! Never here: a verdict. A number is out of order only by those around it, and a session does not wait for what follows.

use ballast_json::{Message, SymbolId};
use ballast_model::{InstrumentId, Nanos, UpdateId};

use super::stream::venue_time;

/// A stream of one instrument. Within each, update ids rise and times do not fall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamKind {
    /// Best prices.
    BookTicker,
    /// Diffs.
    Depth,
    /// Matches.
    Trade,
    /// Matches of one taker order together.
    AggTrade,
    /// Mark prices.
    MarkPrice,
}

/// What a message says of its place in its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamPlace {
    /// Whose stream it is.
    pub instrument: InstrumentId,
    /// Which one.
    pub stream: StreamKind,
    /// Id of a best price; above the one before. Other streams have rules of their own for their ids.
    pub update_id: Option<UpdateId>,
    /// When the venue sent it.
    pub event_time: Option<Nanos>,
    /// When what it tells happened.
    pub transaction_time: Option<Nanos>,
}

/// A place whose symbol is not yet an instrument.
#[derive(Clone, Copy, Debug)]
pub(super) struct SymbolPlace {
    pub(super) symbol: SymbolId,
    stream: StreamKind,
    update_id: Option<u64>,
    event_time: Option<u64>,
    transaction_time: Option<u64>,
}

impl SymbolPlace {
    /// `None` for what is no message of a stream.
    #[inline]
    pub(super) fn of(message: &Message) -> Option<Self> {
        let (symbol, stream, update_id, event_time, transaction_time) = match *message {
            Message::BookTicker { symbol, update_id, event_time, transaction_time, .. } => {
                (symbol, StreamKind::BookTicker, Some(update_id), event_time, transaction_time)
            }
            Message::Depth { symbol, event_time, transaction_time, .. } => {
                (symbol, StreamKind::Depth, None, Some(event_time), transaction_time)
            }
            Message::Trade { symbol, event_time, trade_time, .. } => {
                (symbol, StreamKind::Trade, None, Some(event_time), Some(trade_time))
            }
            Message::AggTrade { symbol, event_time, trade_time, .. } => {
                (symbol, StreamKind::AggTrade, None, Some(event_time), Some(trade_time))
            }
            Message::MarkPrice { symbol, event_time, .. } => {
                (symbol, StreamKind::MarkPrice, None, Some(event_time), None)
            }
            Message::Snapshot { .. } | Message::Reply { .. } | Message::Other { .. } => return None,
        };
        Some(Self { symbol, stream, update_id, event_time, transaction_time })
    }

    #[inline]
    pub(super) fn at(self, instrument: InstrumentId) -> StreamPlace {
        StreamPlace {
            instrument,
            stream: self.stream,
            update_id: self.update_id.map(UpdateId),
            event_time: self.event_time.map(venue_time),
            transaction_time: self.transaction_time.map(venue_time),
        }
    }
}
