//! USD-M and COIN-M futures: their sequence rule, streams and limits (Binance derivatives documentation, "How to manage
//! a local order book correctly"; the connections by the base-URL split of 2026).

use ballast_model::{UpdateId, mutant};

use super::sync::{DiffIds, Follows};
use super::{Connection, Dialect};

pub(super) static USD_M: Dialect = dialect("/fapi/v1/depth");

pub(super) static COIN_M: Dialect = dialect("/dapi/v1/depth");

const fn dialect(snapshot_path: &'static str) -> Dialect {
    Dialect {
        // A stream asked for on the wrong connection is accepted by the venue and stays silent. Single trades are
        // undocumented and come with the books.
        connections: &[
            Connection {
                path: "/public/stream",
                streams: &["depth@100ms", "bookTicker", "trade"],
                streams_with_agg_trades: &["depth@100ms", "bookTicker"],
            },
            Connection {
                path: "/market/stream",
                streams: &["markPrice@1s"],
                streams_with_agg_trades: &["markPrice@1s", "aggTrade"],
            },
        ],
        snapshot_path,
        snapshot_limit: 1_000,
        snapshot_weight: 20,
        // A quarter of the 2 400 a minute that both markets share: the burst and the steady rate stay below half.
        snapshot_weight_per_minute: 600,
        follows_snapshot,
        follows_diff,
    }
}

/// The first diff after a snapshot must cover its id: `U <= lastUpdateId <= u`.
///
/// It may also name the snapshot's id as the end of the diff before (`pu`). That is the chain rule itself; without it a
/// quiet market, whose snapshot is newer than every diff of the connection, would never be joined.
fn follows_snapshot(snapshot: UpdateId, diff: &DiffIds) -> Follows {
    if diff.last < snapshot {
        Follows::Old
    } else if diff.first <= snapshot || diff.prev == Some(snapshot) {
        Follows::Yes
    } else {
        Follows::Gap
    }
}

/// Ids jump, because every symbol of the market draws from one count: a diff follows when it names the book's id as the
/// end of the diff before.
fn follows_diff(book: UpdateId, diff: &DiffIds) -> Follows {
    if diff.last <= book {
        Follows::Old
    } else if diff.prev == Some(book) || mutant::is("gap-unseen") {
        Follows::Yes
    } else {
        Follows::Gap
    }
}
