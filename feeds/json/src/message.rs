//! What a frame says, in integers.

use crate::SymbolId;

/// One decoded frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// What the frame says.
    pub message: Message,
    /// Which decoder produced it.
    pub path: Path,
    /// The stream name of a combined-stream envelope, such as `btcusdt@depth20@100ms`; `None` for a bare
    /// frame.
    pub stream: Option<Span>,
}

/// Which decoder a message came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// The walker.
    Fast,
    /// The twin: the frame was not of the expected shape, or is a [`Message::Reply`] or [`Message::Other`],
    /// which the walker does not know.
    Twin,
}

/// A range of bytes of the frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte.
    pub end: u32,
}

impl Span {
    /// The bytes of `frame` that this range covers; `None` when it reaches outside, as it may for another
    /// frame.
    #[must_use]
    pub fn of<'f>(&self, frame: &'f [u8]) -> Option<&'f [u8]> {
        frame.get(usize::try_from(self.start).ok()?..usize::try_from(self.end).ok()?)
    }
}

/// Side of the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Buyers.
    Bid,
    /// Sellers.
    Ask,
}

/// A price with the size at it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// Price in ticks of the symbol's price grid, in `0..=PRICE_TICKS_MAX`.
    pub ticks: u64,
    /// Size in lots of the symbol's size grid, in `0..=LOTS_MAX`.
    pub lots: u64,
}

/// A signed fixed-point number in units of 10⁻⁸, for values that live off the tick grid (mark prices, funding
/// rates).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct E8(pub i64);

/// What a frame says.
///
/// Times are the venue's integers as sent: milliseconds since 1970 by default, microseconds when the
/// connection asked for `timeUnit=MICROSECOND`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// `bookTicker`: best bid and ask.
    BookTicker {
        /// Whose book.
        symbol: SymbolId,
        /// Order-book update id (`u`).
        update_id: u64,
        /// When the venue sent it (`E`); absent on spot.
        event_time: Option<u64>,
        /// When the engine changed the book (`T`); absent on spot.
        transaction_time: Option<u64>,
        /// Best bid.
        bid: Level,
        /// Best ask.
        ask: Level,
    },
    /// `depthUpdate`: levels that changed, or on a USD-M or COIN-M partial-depth stream the whole top of the
    /// book (the stream name tells which). The levels went to the sink; one with zero lots is gone.
    Depth {
        /// Whose book.
        symbol: SymbolId,
        /// First update id covered (`U`).
        first_id: u64,
        /// Last update id covered (`u`).
        last_id: u64,
        /// Last update id of the frame before (`pu`); absent on spot.
        prev_id: Option<u64>,
        /// When the venue sent it (`E`).
        event_time: u64,
        /// When the engine changed the book (`T`); absent on spot.
        transaction_time: Option<u64>,
        /// Bid levels pushed to the sink.
        bids: u32,
        /// Ask levels pushed to the sink.
        asks: u32,
    },
    /// A REST depth snapshot, or a spot partial-depth frame. The levels went to the sink.
    Snapshot {
        /// Whose book: the frame's own `symbol` (COIN-M), else the one in the stream name, else the one the
        /// caller named.
        symbol: SymbolId,
        /// Last update id contained.
        last_update_id: u64,
        /// When the venue sent it (`E`); absent on spot.
        event_time: Option<u64>,
        /// When the engine last changed the book (`T`); absent on spot.
        transaction_time: Option<u64>,
        /// Bid levels pushed to the sink.
        bids: u32,
        /// Ask levels pushed to the sink.
        asks: u32,
    },
    /// `trade`: one match. USD-M prints consumed trade ids with zero price and size: they decode as such.
    Trade {
        /// What was traded.
        symbol: SymbolId,
        /// Trade id (`t`).
        trade_id: u64,
        /// Price in ticks.
        price: u64,
        /// Size in lots.
        lots: u64,
        /// When the venue sent it (`E`).
        event_time: u64,
        /// When it matched (`T`).
        trade_time: u64,
        /// Which side rested in the book: [`Side::Bid`] when the buyer was the maker (`m` is true).
        maker: Side,
        /// Whether it was an ordinary match.
        kind: TradeKind,
    },
    /// `aggTrade`: matches of one taker order at one price.
    AggTrade {
        /// What was traded.
        symbol: SymbolId,
        /// Aggregate id (`a`).
        agg_id: u64,
        /// First trade id (`f`).
        first_id: u64,
        /// Last trade id (`l`).
        last_id: u64,
        /// Price in ticks.
        price: u64,
        /// Size in lots.
        lots: u64,
        /// When the venue sent it (`E`).
        event_time: u64,
        /// When it matched (`T`).
        trade_time: u64,
        /// Which side rested in the book: [`Side::Bid`] when the buyer was the maker (`m` is true).
        maker: Side,
        /// Size without retail-price-improvement orders (`nq`), in lots; absent in older layouts.
        normal_lots: Option<u64>,
    },
    /// `markPriceUpdate`: mark price and funding. `None` where the field is absent or the empty string, as on
    /// delivery contracts.
    MarkPrice {
        /// Of which contract.
        symbol: SymbolId,
        /// Mark price (`p`).
        mark: E8,
        /// Index price (`i`).
        index: Option<E8>,
        /// Estimated settlement price (`P`).
        settle: Option<E8>,
        /// Funding rate of the running interval (`r`), as a fraction of notional; negative when shorts pay.
        funding_rate: Option<E8>,
        /// When funding is next exchanged (`T`); 0 on delivery contracts.
        next_funding_time: u64,
        /// When the venue sent it (`E`).
        event_time: u64,
    },
    /// Answer to a control frame (`SUBSCRIBE` and the like).
    Reply {
        /// The `id` of the request; `None` when it is absent, null, text, or not an unsigned 64-bit integer.
        id: Option<u64>,
        /// Whether the venue accepted it.
        outcome: ReplyOutcome,
    },
    /// A well-formed frame of another kind.
    Other {
        /// Where its event kind stands in the frame, else its stream name, else the empty range.
        name: Span,
    },
}

/// The `X` field of a trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TradeKind {
    /// `MARKET`, or no such field (spot): an ordinary match.
    Market,
    /// Anything else: insurance fund, auto-deleveraging, a consumed id.
    Other,
}

/// Whether the venue accepted a control frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyOutcome {
    /// The frame carries a `result`.
    Accepted,
    /// The frame carries an `error`, or a bare `code` with `msg`.
    Refused,
}
