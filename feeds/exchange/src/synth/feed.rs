//! What the venue publishes about the market: update ids, diff windows, tickers, trades, one snapshot.
//!
//! Each stream has its own way through the venue and its own small delays, so a trade may be published before or after
//! the ticker that shows its effect; within a stream order is kept.

use std::collections::VecDeque;

use ballast_model::Side;

use super::book::{Level, TrueBook};
use super::market::Print;
use super::rng::Rng;
use super::spec::Dialect;

/// Nanoseconds per millisecond.
pub(super) const MS: i64 = 1_000_000;
/// USD-M closes a diff window with the first change after this time.
const WINDOW_USDM_NS: i64 = 51 * MS;
/// Spot closes a diff window at every multiple of this time, if anything changed.
const WINDOW_SPOT_NS: i64 = 100 * MS;
/// Update ids that all symbols of a USD-M engine use up per millisecond.
const IDS_PER_MS: f64 = 56.0;
/// The snapshot is asked for this long after the start, and answered by way of a REST server.
const SNAPSHOT_AFTER_NS: i64 = 200 * MS;
const SNAPSHOT_DELAY_NS: i64 = 78 * MS;
/// Levels of a snapshot per side.
const SNAPSHOT_LEVELS: usize = 1_000;
/// Mean delays of the streams, in ns.
const TICKER_DELAY_NS: f64 = 450_000.0;
const TRADE_DELAY_NS: f64 = 600_000.0;
const DEPTH_DELAY_NS: f64 = 400_000.0;

/// One message, before it becomes text. Times of the matching engine are in ms since the epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// The best bid or ask changed.
    Ticker { id: u64, bid: Level, ask: Level, time_ms: i64 },
    /// A resting order was taken.
    Trade { id: u64, print: Print, time_ms: i64 },
    /// What changed in a window; levels by ascending price.
    Depth { ids: Window, bids: Vec<Level>, asks: Vec<Level>, time_ms: i64 },
    /// The best levels of the book, best first.
    Snapshot { id: u64, bids: Vec<Level>, asks: Vec<Level>, time_ms: i64 },
}

/// The update ids of a diff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// First update in the window.
    pub(super) first: u64,
    /// Last update in the window.
    pub(super) last: u64,
    /// Last update in the window before.
    pub(super) previous: u64,
}

/// A message and the venue time, in ns, at which it is published.
#[derive(Clone, Debug)]
pub(super) struct Published {
    /// Venue time in ns since the epoch.
    pub(super) at_ns: i64,
    /// What is said.
    pub(super) message: Message,
}

/// Which way a message takes through the venue.
#[derive(Clone, Copy, Debug)]
enum Lane {
    Ticker,
    Trade,
    Depth,
    Snapshot,
}

/// The publisher.
#[derive(Debug)]
pub(super) struct Feed {
    dialect: Dialect,
    rng: Rng,
    /// Id of the newest update.
    last_id: u64,
    /// Venue time of the newest update, in ns.
    last_ns: i64,
    /// First update in the open window.
    window_first: Option<u64>,
    /// Last update of the last closed window.
    window_previous: u64,
    /// When the open window closes at the earliest (USD-M) or exactly (spot), in ns.
    window_end_ns: i64,
    /// The touch the last ticker showed.
    shown: Option<(Level, Level)>,
    next_trade: u64,
    /// When the snapshot is asked for; `None` once it is taken.
    snapshot_ns: Option<i64>,
    tickers: VecDeque<Published>,
    trades: VecDeque<Published>,
    depths: VecDeque<Published>,
    snapshots: VecDeque<Published>,
}

impl Feed {
    /// A publisher that starts at venue time `start_ns` and has shown nothing yet.
    pub(super) fn new(dialect: Dialect, mut rng: Rng, start_ns: i64) -> Self {
        let (id_base, trade_base, window_end_ns) = match dialect {
            Dialect::UsdM => (9_000_000_000_000, 5_000_000_000, start_ns + WINDOW_USDM_NS),
            Dialect::Spot => (60_000_000_000, 2_500_000_000, next_multiple(start_ns, WINDOW_SPOT_NS)),
        };
        let last_id = id_base + rng.below(id_base / 10);
        Self {
            dialect,
            last_id,
            last_ns: start_ns,
            window_first: None,
            window_previous: last_id,
            window_end_ns,
            shown: None,
            next_trade: trade_base + rng.below(trade_base / 10),
            snapshot_ns: Some(start_ns + SNAPSHOT_AFTER_NS),
            rng,
            tickers: VecDeque::new(),
            trades: VecDeque::new(),
            depths: VecDeque::new(),
            snapshots: VecDeque::new(),
        }
    }

    /// To be told that the next change of the book happens at `now_ns`, before it does: spot windows close by the clock.
    pub(super) fn on_time(&mut self, now_ns: i64, book: &mut TrueBook) {
        if self.dialect == Dialect::Spot && now_ns >= self.window_end_ns {
            self.close_window(self.window_end_ns, book);
            self.window_end_ns = next_multiple(now_ns, WINDOW_SPOT_NS);
        }
    }

    /// To be told what changed at `now_ns`: the number of levels, above zero, and what traded.
    pub(super) fn on_change(&mut self, now_ns: i64, changes: u32, prints: &[Print], book: &mut TrueBook) {
        self.take_ids(now_ns, changes);
        self.show_touch(now_ns, book);
        // What one order traded leaves together: only the first print is delayed, the others queue behind it.
        let mut delay_ns = TRADE_DELAY_NS;
        for &print in prints {
            let message = Message::Trade { id: self.next_trade, print, time_ms: now_ns / MS };
            self.next_trade += 1;
            self.publish(Lane::Trade, now_ns, delay_ns, message);
            delay_ns = 0.0;
        }
        if self.snapshot_ns.is_some_and(|due| now_ns >= due) {
            self.snapshot_ns = None;
            let [bids, asks] = Side::BOTH.map(|side| book.snapshot(side, SNAPSHOT_LEVELS));
            let message = Message::Snapshot { id: self.last_id, bids, asks, time_ms: now_ns / MS };
            self.publish(Lane::Snapshot, now_ns + SNAPSHOT_DELAY_NS, DEPTH_DELAY_NS, message);
        }
        if self.dialect == Dialect::UsdM && now_ns >= self.window_end_ns {
            self.close_window(now_ns, book);
            self.window_end_ns = now_ns + WINDOW_USDM_NS;
        }
    }

    /// The next message published at or before `now_ns`, of all streams.
    pub(super) fn pop(&mut self, now_ns: i64) -> Option<Published> {
        let head = |lane: &VecDeque<Published>| lane.front().map_or(i64::MAX, |head| head.at_ns);
        let lanes = [&mut self.tickers, &mut self.trades, &mut self.depths, &mut self.snapshots];
        let first = lanes.into_iter().min_by_key(|lane| head(lane))?;
        if head(first) <= now_ns { first.pop_front() } else { None }
    }

    /// Gives the change at `now_ns` its update ids. USD-M numbers all symbols together; spot numbers each level.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a few ids per microsecond: small and positive"
    )]
    fn take_ids(&mut self, now_ns: i64, changes: u32) {
        let before = self.last_id;
        let (first, last) = match self.dialect {
            Dialect::UsdM => {
                let elapsed_ms = (now_ns - self.last_ns) as f64 / MS as f64;
                let others = self.rng.exponential(IDS_PER_MS * elapsed_ms) as u64;
                (before + 1 + others, before + 1 + others)
            }
            Dialect::Spot => (before + 1, before + u64::from(changes)),
        };
        self.window_first.get_or_insert(first);
        self.last_id = last;
        self.last_ns = now_ns;
    }

    /// Publishes a ticker if the touch is not what the last ticker showed.
    fn show_touch(&mut self, now_ns: i64, book: &TrueBook) {
        let (Some(bid), Some(ask)) = (book.best(Side::Bid), book.best(Side::Ask)) else { return };
        if self.shown == Some((bid, ask)) {
            return;
        }
        self.shown = Some((bid, ask));
        let message = Message::Ticker { id: self.last_id, bid, ask, time_ms: now_ns / MS };
        self.publish(Lane::Ticker, now_ns, TICKER_DELAY_NS, message);
    }

    /// Publishes what changed since the last window, if anything did.
    fn close_window(&mut self, now_ns: i64, book: &mut TrueBook) {
        let Some(first) = self.window_first.take() else { return };
        let ids = Window { first, last: self.last_id, previous: self.window_previous };
        self.window_previous = self.last_id;
        let [bids, asks] = Side::BOTH.map(|side| book.drain_changes(side));
        let message = Message::Depth { ids, bids, asks, time_ms: self.last_ns / MS };
        self.publish(Lane::Depth, now_ns, DEPTH_DELAY_NS, message);
    }

    /// Queues a message behind those of its own lane.
    #[expect(clippy::cast_possible_truncation, reason = "delays are far below the range of nanoseconds")]
    fn publish(&mut self, lane: Lane, now_ns: i64, mean_delay_ns: f64, message: Message) {
        let at_ns = now_ns + self.rng.exponential(mean_delay_ns) as i64;
        let queue = match lane {
            Lane::Ticker => &mut self.tickers,
            Lane::Trade => &mut self.trades,
            Lane::Depth => &mut self.depths,
            Lane::Snapshot => &mut self.snapshots,
        };
        let at_ns = queue.back().map_or(at_ns, |last| at_ns.max(last.at_ns));
        queue.push_back(Published { at_ns, message });
    }
}

/// The first multiple of `step` after `now_ns`.
fn next_multiple(now_ns: i64, step: i64) -> i64 {
    (now_ns / step + 1) * step
}
