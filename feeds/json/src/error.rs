//! What can be wrong with a frame, and where.

use core::fmt;

/// Why a frame could not be decoded, and where. The sink may hold part of the frame's levels: discard them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// Byte offset in the frame of the fault: of the offending byte, or of the value that is wrong, or of the
    /// object in which a field is missing.
    pub at: u32,
    /// What is wrong.
    pub kind: DecodeErrorKind,
}

/// What is wrong with a frame.
///
/// A frame is judged in this order, and the first fault is the one reported: its length, UTF-8, JSON; the
/// envelope; then the fields of its kind, in the order in which the message declares them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeErrorKind {
    /// Longer than [`u32::MAX`] bytes.
    FrameTooLong,
    /// Not UTF-8.
    Utf8,
    /// The frame ends inside a value.
    Truncated,
    /// Not JSON.
    Syntax,
    /// Arrays and objects nested deeper than 64.
    TooDeep,
    /// Something other than whitespace after the value.
    TrailingBytes,
    /// A field that this kind of message must have is absent.
    MissingField(Field),
    /// A field that this kind of message has occurs twice.
    DuplicateField(Field),
    /// Another JSON type than the field must have.
    WrongType(Field),
    /// Not a plain number: empty, exponent, plus sign, a point without digits on both sides, a fraction where
    /// an integer must be.
    BadNumber(Field),
    /// Not a whole multiple of the grid's step.
    OffGrid(Field),
    /// Beyond the field's range: [`PRICE_TICKS_MAX`](crate::PRICE_TICKS_MAX), [`LOTS_MAX`](crate::LOTS_MAX),
    /// or 64 bits.
    TooLarge(Field),
    /// Below zero where that has no meaning.
    Negative(Field),
    /// The symbol is not in the table.
    UnknownSymbol,
    /// The sink refused a level.
    SinkFull,
}

/// Names a field by its meaning; its key on the wire is in brackets, see [`Field::key`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Stream name of the envelope (`stream`).
    Stream,
    /// Payload of the envelope (`data`).
    Data,
    /// Event kind (`e`).
    Kind,
    /// Symbol (`s`, in snapshots `symbol`).
    Symbol,
    /// Event time (`E`).
    EventTime,
    /// Transaction time (`T`).
    TransactionTime,
    /// Update id of a book ticker (`u`).
    UpdateId,
    /// First update id of a diff (`U`).
    FirstId,
    /// Last update id of a diff (`u`).
    LastId,
    /// Last update id of the diff before (`pu`).
    PrevId,
    /// Last update id of a snapshot (`lastUpdateId`).
    LastUpdateId,
    /// Bid levels (`b`, in snapshots `bids`).
    Bids,
    /// Ask levels (`a`, in snapshots `asks`).
    Asks,
    /// Bid price (`b` of a book ticker; first text of a level).
    BidPrice,
    /// Bid size (`B` of a book ticker; second text of a level).
    BidSize,
    /// Ask price (`a` of a book ticker; first text of a level).
    AskPrice,
    /// Ask size (`A` of a book ticker; second text of a level).
    AskSize,
    /// Trade id (`t`).
    TradeId,
    /// Aggregate trade id (`a`).
    AggId,
    /// First trade id of an aggregate (`f`).
    FirstTradeId,
    /// Last trade id of an aggregate (`l`).
    LastTradeId,
    /// Trade price (`p`).
    Price,
    /// Trade size (`q`).
    Size,
    /// Trade size without retail-price-improvement orders (`nq`).
    NormalSize,
    /// When a trade matched (`T`).
    TradeTime,
    /// Whether the buyer was the maker (`m`).
    Maker,
    /// Kind of trade (`X`).
    TradeKind,
    /// Mark price (`p`).
    Mark,
    /// Index price (`i`).
    Index,
    /// Estimated settlement price (`P`).
    Settle,
    /// Funding rate (`r`).
    FundingRate,
    /// Next funding time (`T`).
    NextFundingTime,
}

/// Why a decimal is not a number of grid units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberError {
    /// Not digits with an optional point and more digits.
    Bad,
    /// Starts with a minus sign.
    Negative,
    /// Not a whole multiple of the step.
    OffGrid,
    /// Does not fit.
    TooLarge,
}

/// Why a symbol could not be added to a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolError {
    /// Empty, or longer than [`SYMBOL_BYTES_MAX`](crate::SYMBOL_BYTES_MAX).
    Length,
    /// Holds a byte other than `A`–`Z`, `0`–`9` and `_`.
    Letter,
    /// Already in the table.
    Duplicate,
    /// The table is full.
    Full,
}

impl Field {
    /// The field's key on the wire.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Data => "data",
            Self::Kind => "e",
            Self::Symbol => "s",
            Self::EventTime => "E",
            Self::TransactionTime | Self::TradeTime | Self::NextFundingTime => "T",
            Self::UpdateId | Self::LastId => "u",
            Self::FirstId => "U",
            Self::PrevId => "pu",
            Self::LastUpdateId => "lastUpdateId",
            Self::Bids | Self::BidPrice => "b",
            Self::BidSize => "B",
            Self::Asks | Self::AskPrice | Self::AggId => "a",
            Self::AskSize => "A",
            Self::TradeId => "t",
            Self::FirstTradeId => "f",
            Self::LastTradeId => "l",
            Self::Price | Self::Mark => "p",
            Self::Size => "q",
            Self::NormalSize => "nq",
            Self::Maker => "m",
            Self::TradeKind => "X",
            Self::Index => "i",
            Self::Settle => "P",
            Self::FundingRate => "r",
        }
    }
}

impl fmt::Display for DecodeErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (fault, field) = match *self {
            Self::FrameTooLong => ("frame too long", None),
            Self::Utf8 => ("not UTF-8", None),
            Self::Truncated => ("ends too early", None),
            Self::Syntax => ("not JSON", None),
            Self::TooDeep => ("nested too deep", None),
            Self::TrailingBytes => ("bytes after the end", None),
            Self::UnknownSymbol => ("unknown symbol", None),
            Self::SinkFull => ("too many levels", None),
            Self::MissingField(field) => ("missing", Some(field)),
            Self::DuplicateField(field) => ("given twice", Some(field)),
            Self::WrongType(field) => ("of the wrong type", Some(field)),
            Self::BadNumber(field) => ("not a plain number", Some(field)),
            Self::OffGrid(field) => ("off the grid", Some(field)),
            Self::TooLarge(field) => ("too large", Some(field)),
            Self::Negative(field) => ("negative", Some(field)),
        };
        match field {
            Some(field) => write!(f, "{field:?} (`{}`) {fault}", field.key()),
            None => f.write_str(fault),
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.kind, self.at)
    }
}

impl core::error::Error for DecodeError {}

impl fmt::Display for SymbolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "symbol empty or too long",
            Self::Letter => "symbol holds something other than A-Z, 0-9 and _",
            Self::Duplicate => "symbol given twice",
            Self::Full => "too many symbols",
        })
    }
}

impl core::error::Error for SymbolError {}
