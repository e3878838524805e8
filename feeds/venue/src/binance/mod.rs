//! Binance spot, USD-M and COIN-M market data.
//!
//! The three markets speak one language with small differences, which [`Market`] stands for: how diffs follow one another,
//! which streams live on which connection, where snapshots are fetched and what they cost.

mod book;
mod buffer;
mod copies;
mod error;
mod futures;
mod levels;
mod place;
mod requests;
mod session;
mod spot;
mod stream;
mod sync;
pub mod trade;

use ballast_json::Capability;
use ballast_model::{InstrumentId, Step, UpdateId};

pub use buffer::{BUFFERED_DIFFS_MAX, BUFFERED_LEVELS_MAX};
pub use copies::{COPIES_MAX, Copies};
pub use error::{ConfigError, SessionError};
pub use levels::{BATCH_SLOTS_MAX, LEVELS_PER_SIDE_MAX};
pub use place::{StreamKind, StreamPlace};
pub use session::MarketSession;
pub use sync::{BEHIND_MAX, BookState, OLD_DIFFS_MAX};

use sync::{DiffIds, Follows};

/// Instruments that one session follows at most.
pub const INSTRUMENTS_MAX: usize = 64;

/// One of Binance's markets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Market {
    /// Spot.
    Spot,
    /// Futures settled in dollars.
    UsdM,
    /// Futures settled in coin.
    CoinM,
}

impl Market {
    const fn dialect(self) -> &'static Dialect {
        match self {
            Self::Spot => &spot::SPOT,
            Self::UsdM => &futures::USD_M,
            Self::CoinM => &futures::COIN_M,
        }
    }
}

/// Which stream trades are taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TradeSource {
    /// `trade`: every match. Undocumented on futures.
    Trades,
    /// `aggTrade`: the matches of one taker order at one price together; on futures collected over 100 ms.
    AggTrades,
}

/// One instrument to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstrumentFeed<'c> {
    /// What its events are marked with.
    pub id: InstrumentId,
    /// The venue's name in upper case, such as `ETHUSDT` or `BTCUSD_PERP`.
    pub symbol: &'c str,
    /// Smallest price step.
    pub tick: Step,
    /// Smallest size step.
    pub lot: Step,
}

/// What a session is to do.
#[derive(Clone, Copy, Debug)]
pub struct MarketConfig<'c> {
    /// Which market.
    pub market: Market,
    /// Which instruments: at least one, at most [`INSTRUMENTS_MAX`].
    pub instruments: &'c [InstrumentFeed<'c>],
    /// Where trades come from.
    pub trade_source: TradeSource,
    /// Over how many connections each stream comes.
    pub copies: Copies,
    /// What the decoder may use of the processor.
    pub capability: Capability,
}

/// How one market differs from the others.
#[derive(Debug)]
struct Dialect {
    /// What [`Channel::Market`](crate::Channel::Market) 0, 1, … stand for; the numbers after them stand for the same once more, as
    /// often as there are [`Copies`]. Diffs come on the first.
    connections: &'static [Connection],
    /// Path of the snapshot request.
    snapshot_path: &'static str,
    /// Levels per side to ask for: the most the venue serves.
    snapshot_limit: u16,
    /// What a snapshot costs of the venue's request weight.
    snapshot_weight: u32,
    /// Request weight a minute that snapshots may use, after a burst of one minute's worth.
    snapshot_weight_per_minute: u32,
    /// How a diff stands to a book at a snapshot's id.
    follows_snapshot: fn(UpdateId, &DiffIds) -> Follows,
    /// How a diff stands to a book at the id of another diff.
    follows_diff: fn(UpdateId, &DiffIds) -> Follows,
}

/// One public connection.
#[derive(Debug)]
struct Connection {
    /// Path of the combined stream, to which the session subscribes itself.
    path: &'static str,
    /// Streams of each instrument, with [`TradeSource::Trades`].
    streams: &'static [&'static str],
    /// Streams of each instrument, with [`TradeSource::AggTrades`].
    streams_with_agg_trades: &'static [&'static str],
}

impl Connection {
    const fn streams(&self, trades: TradeSource) -> &'static [&'static str] {
        match trades {
            TradeSource::Trades => self.streams,
            TradeSource::AggTrades => self.streams_with_agg_trades,
        }
    }
}
