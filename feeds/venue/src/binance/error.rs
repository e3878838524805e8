//! What can be wrong with a configuration, and with what a venue sends.

use ballast_json::{DecodeError, SymbolError};
use ballast_model::InstrumentId;

use super::INSTRUMENTS_MAX;
use crate::Channel;

/// Why the bytes could not be read. They count as consumed: the next frame starts afresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionError {
    /// The frame is not what it should be, and where. If it was a diff, the book's next diff shows the hole.
    Decode(DecodeError),
    /// A diff or snapshot has more levels than a batch holds; the book is lost.
    TooManyLevels(InstrumentId),
    /// A price, size or rate is beyond what the engine's words hold; the frame is left out.
    OutOfRange(InstrumentId),
    /// This session reads no such channel.
    Channel(Channel),
}

impl core::fmt::Display for SessionError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Decode(DecodeError { at, kind }) => {
                write!(f, "frame cannot be decoded: {kind:?} at byte {at}")
            }
            Self::TooManyLevels(id) => write!(f, "instrument {}: more levels than a batch holds", id.0),
            Self::OutOfRange(id) => write!(f, "instrument {}: number out of range", id.0),
            Self::Channel(channel) => write!(f, "bytes on a channel that is not read: {channel:?}"),
        }
    }
}

impl core::error::Error for SessionError {}

/// Why a session cannot be built. The number is the instrument's position in [`MarketConfig::instruments`](super::MarketConfig::instruments).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigError {
    /// There is no instrument.
    NoInstruments,
    /// There are more than [`INSTRUMENTS_MAX`].
    TooManyInstruments,
    /// A symbol cannot be used.
    Symbol(usize, SymbolError),
    /// Tick or lot is outside [`Step`](ballast_model::Step)'s ranges.
    Step(usize),
    /// Two instruments have one id.
    DuplicateId(usize),
}

impl core::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NoInstruments => f.write_str("no instrument to follow"),
            Self::TooManyInstruments => write!(f, "more than {INSTRUMENTS_MAX} instruments on one session"),
            Self::Symbol(at, SymbolError::Length) => write!(f, "instrument {at}: symbol empty or too long"),
            Self::Symbol(at, SymbolError::Letter) => {
                write!(f, "instrument {at}: symbol has a letter other than A-Z, 0-9 and _")
            }
            Self::Symbol(at, SymbolError::Duplicate) => write!(f, "instrument {at}: symbol given twice"),
            Self::Symbol(at, SymbolError::Full) => write!(f, "instrument {at}: no room for its symbol"),
            Self::Step(at) => write!(f, "instrument {at}: tick or lot out of range"),
            Self::DuplicateId(at) => write!(f, "instrument {at}: id given twice"),
        }
    }
}

impl core::error::Error for ConfigError {}
