//! Spot: its sequence rule, streams and limits (Binance Spot API documentation, WebSocket Streams, "How to manage a
//! local order book correctly", as corrected in November 2025).

use ballast_model::UpdateId;

use super::sync::{DiffIds, Follows};
use super::{Connection, Dialect};

pub(super) static SPOT: Dialect = Dialect {
    connections: &[Connection {
        path: "/stream",
        streams: &["depth@100ms", "bookTicker", "trade"],
        streams_with_agg_trades: &["depth@100ms", "bookTicker", "aggTrade"],
    }],
    snapshot_path: "/api/v3/depth",
    snapshot_limit: 5_000,
    snapshot_weight: 250,
    // A quarter of the 6 000 a minute that an address has: the burst and the steady rate together stay below half.
    snapshot_weight_per_minute: 1_500,
    follows_snapshot: follows,
    follows_diff: follows,
};

/// Ids count single updates without holes, so one rule serves after a snapshot and after a diff alike: a diff whose
/// ids are all known is old, one that begins no later than the next id follows, and any other leaves a hole.
fn follows(book: UpdateId, diff: &DiffIds) -> Follows {
    if diff.last <= book {
        Follows::Old
    } else if diff.first.0 <= book.0.saturating_add(1) {
        Follows::Yes
    } else {
        Follows::Gap
    }
}
