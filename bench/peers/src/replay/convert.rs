//! A Binance USD-M capture as hftbacktest's event array, by the rules of its own Python converter
//! (`binancefutures.convert` with `combined_stream=True`, no options).

use std::path::Path;

use anyhow::{Context, Result};
use hftbacktest::backtest::data::Data;
use hftbacktest::types::{
    BUY_EVENT, DEPTH_CLEAR_EVENT, DEPTH_EVENT, DEPTH_SNAPSHOT_EVENT, EXCH_EVENT, Event, LOCAL_EVENT,
    SELL_EVENT, TRADE_EVENT,
};
use serde::Deserialize;

use crate::capture::{self, Frame};

const NS_PER_MS: i64 = 1_000_000;

/// A capture converted, repeated and loaded: what every run of hftbacktest reads.
pub struct Tape {
    /// hftbacktest's own container; cloning it copies a pointer.
    pub data: Data<Event>,
    /// Rows of `data`.
    pub events: u64,
    /// Book levels in diffs and snapshots, before rows were split by the event order correction.
    pub level_updates: u64,
}

impl std::fmt::Debug for Tape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tape")
            .field("events", &self.events)
            .field("level_updates", &self.level_updates)
            .finish_non_exhaustive()
    }
}

impl Tape {
    /// Converts a capture and lays `repeat` copies of it end to end, each shifted by the span of the first
    /// plus 1 ms.
    ///
    /// # Errors
    /// The capture cannot be read, or holds a frame that is neither a combined-stream message nor a depth
    /// snapshot.
    pub fn load(path: &Path, repeat: u32) -> Result<Self> {
        Self::from_text(&capture::read(path)?, repeat, Rows::AsReceived)
    }

    /// As [`Tape::load`], of an unpacked capture.
    ///
    /// # Errors
    /// As [`Tape::load`].
    pub fn from_text(text: &[u8], repeat: u32, order: Rows) -> Result<Self> {
        let mut rows = rows(text, order)?;
        let level_updates = rows.iter().filter(|row| is_level(row)).count() as u64 * u64::from(repeat);
        correct_local_time(&mut rows);
        let once = correct_event_order(&rows);
        let (first, last) = once.first().zip(once.last()).context("the capture holds no events")?;
        let span = last.local_ts - first.local_ts + NS_PER_MS;
        let mut all = Vec::with_capacity(once.len() * repeat as usize);
        for pass in 0..i64::from(repeat) {
            all.extend(once.iter().cloned().map(|mut event| {
                event.exch_ts += pass * span;
                event.local_ts += pass * span;
                event
            }));
        }
        Ok(Self { data: Data::from_data(&all), events: all.len() as u64, level_updates })
    }
}

/// In which order the levels of a diff become rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// Bids, then asks, as the converter of hftbacktest has them: the book between two rows may be crossed.
    AsReceived,
    /// Levels that go first, of both sides: no book between two rows is crossed where the whole is not.
    RemovalsFirst,
}

fn is_level(event: &Event) -> bool {
    matches!(event.ev & 0xff, DEPTH_EVENT | DEPTH_SNAPSHOT_EVENT)
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Message<'a> {
    Stream {
        #[serde(borrow)]
        data: Payload<'a>,
    },
    Snapshot {
        #[serde(rename = "T")]
        transaction_ms: i64,
        #[serde(borrow)]
        bids: Vec<(&'a str, &'a str)>,
        #[serde(borrow)]
        asks: Vec<(&'a str, &'a str)>,
    },
}

#[derive(Deserialize)]
#[serde(tag = "e")]
enum Payload<'a> {
    #[serde(rename = "trade")]
    Trade {
        #[serde(rename = "T")]
        transaction_ms: i64,
        #[serde(rename = "p")]
        price: &'a str,
        #[serde(rename = "q")]
        size: &'a str,
        #[serde(rename = "X")]
        kind: &'a str,
        #[serde(rename = "m")]
        buyer_is_maker: bool,
    },
    #[serde(rename = "depthUpdate")]
    Depth {
        #[serde(rename = "T")]
        transaction_ms: i64,
        #[serde(rename = "b", borrow)]
        bids: Vec<(&'a str, &'a str)>,
        #[serde(rename = "a", borrow)]
        asks: Vec<(&'a str, &'a str)>,
    },
    #[serde(other)]
    Other,
}

/// One row per level and per trade, in the order received.
fn rows(text: &[u8], order: Rows) -> Result<Vec<Event>> {
    let mut rows = Vec::new();
    for frame in capture::frames(text) {
        let begin = rows.len();
        push_frame(&mut rows, frame).with_context(|| format!("frame received at {}", frame.local_ns))?;
        if let (Rows::RemovalsFirst, Some(frame)) = (order, rows.get_mut(begin..))
            && frame.iter().all(|row| row.ev & 0xff == DEPTH_EVENT)
        {
            frame.sort_by_key(|row| row.qty > 0.0);
        }
    }
    Ok(rows)
}

fn push_frame(rows: &mut Vec<Event>, frame: Frame<'_>) -> Result<()> {
    let mut push = |ev: u64, transaction_ms: i64, price: &str, size: &str| -> Result<()> {
        rows.push(Event {
            ev,
            exch_ts: transaction_ms * NS_PER_MS,
            local_ts: frame.local_ns,
            px: price.parse()?,
            qty: size.parse()?,
            order_id: 0,
            ival: 0,
            fval: 0.0,
        });
        Ok(())
    };
    match serde_json::from_slice(frame.json)? {
        Message::Stream { data: Payload::Trade { transaction_ms, price, size, kind, buyer_is_maker } } => {
            let aggressor = if buyer_is_maker { SELL_EVENT } else { BUY_EVENT };
            if kind == "MARKET" {
                push(TRADE_EVENT | aggressor, transaction_ms, price, size)?;
            }
        }
        Message::Stream { data: Payload::Depth { transaction_ms, bids, asks } } => {
            for (side, levels) in [(BUY_EVENT, bids), (SELL_EVENT, asks)] {
                for (price, size) in levels {
                    push(DEPTH_EVENT | side, transaction_ms, price, size)?;
                }
            }
        }
        Message::Stream { data: Payload::Other } => {}
        Message::Snapshot { transaction_ms, bids, asks } => {
            for (side, levels) in [(BUY_EVENT, bids), (SELL_EVENT, asks)] {
                let Some((clear_up_to, _)) = levels.last() else { continue };
                push(DEPTH_CLEAR_EVENT | side, transaction_ms, clear_up_to, "0")?;
                for (price, size) in levels {
                    push(DEPTH_SNAPSHOT_EVENT | side, transaction_ms, price, size)?;
                }
            }
        }
    }
    Ok(())
}

/// Shifts local time so that the smallest feed latency is not negative.
fn correct_local_time(rows: &mut [Event]) {
    let latency_min = rows.iter().map(|row| row.local_ts - row.exch_ts).min().unwrap_or(0);
    if latency_min < 0 {
        for row in rows {
            row.local_ts -= latency_min;
        }
    }
}

/// Merges the rows by exchange time and by local time. A row whose turn comes at the same place in both
/// orders stays whole; any other is split in two, one for the exchange's eyes and one for ours.
fn correct_event_order(rows: &[Event]) -> Vec<Event> {
    let mut by_exch: Vec<&Event> = rows.iter().collect();
    let mut by_local = by_exch.clone();
    by_exch.sort_by_key(|row| row.exch_ts);
    by_local.sort_by_key(|row| row.local_ts);
    let (mut exch, mut local) = (by_exch.into_iter().peekable(), by_local.into_iter().peekable());
    let mut out = Vec::with_capacity(rows.len() + rows.len() / 8);
    let seen = |row: &Event, by: u64| Event { ev: row.ev | by, ..row.clone() };
    loop {
        match (exch.peek(), local.peek()) {
            (Some(e), Some(l)) if (e.exch_ts, e.local_ts) == (l.exch_ts, l.local_ts) => {
                out.push(seen(e, EXCH_EVENT | LOCAL_EVENT));
                exch.next();
                local.next();
            }
            (Some(e), l) if l.is_none_or(|l| (e.exch_ts, e.local_ts) < (l.exch_ts, l.local_ts)) => {
                out.push(seen(e, EXCH_EVENT));
                exch.next();
            }
            (_, Some(l)) => {
                out.push(seen(l, LOCAL_EVENT));
                local.next();
            }
            (_, None) => break,
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Received 5 ms after the first, the second frame happened 1 ms before it; a ticker and a liquidation
    /// are no rows.
    const CAPTURE: &[u8] = br#"1000000000 {"stream":"x@depth@0ms","data":{"e":"depthUpdate","E":3,"T":1002,"s":"X","b":[["1.50","2"]],"a":[["1.60","0"]]}}
1005000000 {"stream":"x@trade","data":{"e":"trade","E":3,"T":1001,"s":"X","p":"1.50","q":"3","X":"MARKET","m":true}}
1006000000 {"stream":"x@trade","data":{"e":"trade","E":3,"T":1001,"s":"X","p":"1.50","q":"3","X":"INSURANCE_FUND","m":true}}
1007000000 {"stream":"x@bookTicker","data":{"e":"bookTicker","u":1,"s":"X","b":"1","B":"1","a":"2","A":"1","T":1,"E":1}}
1008000000 {"lastUpdateId":7,"E":3,"T":1004,"bids":[["1.50","4"],["1.40","5"]],"asks":[]}"#;

    #[test]
    fn rows_follow_the_frames() {
        let rows = rows(CAPTURE, Rows::AsReceived).unwrap();
        let kinds: Vec<_> = rows.iter().map(|row| (row.ev, row.px, row.qty)).collect();
        let expected = [
            (DEPTH_EVENT | BUY_EVENT, 1.5, 2.0),
            (DEPTH_EVENT | SELL_EVENT, 1.6, 0.0),
            (TRADE_EVENT | SELL_EVENT, 1.5, 3.0),
            (DEPTH_CLEAR_EVENT | BUY_EVENT, 1.4, 0.0),
            (DEPTH_SNAPSHOT_EVENT | BUY_EVENT, 1.5, 4.0),
            (DEPTH_SNAPSHOT_EVENT | BUY_EVENT, 1.4, 5.0),
        ];
        assert_eq!(kinds, expected);
        assert_eq!(rows.iter().filter(|row| is_level(row)).count(), 4);
    }

    #[test]
    fn levels_that_go_can_come_first() {
        let rows = rows(CAPTURE, Rows::RemovalsFirst).unwrap();
        let first: Vec<_> = rows.iter().take(2).map(|row| (row.px, row.qty)).collect();
        assert_eq!(first, [(1.6, 0.0), (1.5, 2.0)]);
        assert_eq!(rows.last().map(|row| (row.px, row.qty)), Some((1.4, 5.0)), "a snapshot is as it was");
    }

    #[test]
    fn a_row_out_of_order_is_seen_twice_and_each_side_in_its_own_order() {
        let mut rows = rows(CAPTURE, Rows::AsReceived).unwrap();
        correct_local_time(&mut rows);
        assert_eq!(rows.iter().map(|row| row.local_ts - row.exch_ts).min(), Some(0));
        let events = correct_event_order(&rows);
        assert_eq!(events.len(), rows.len() + 1, "the exchange sees the trade before the levels, we after");
        for (seen, time) in
            [(EXCH_EVENT, (|e| e.exch_ts) as fn(&Event) -> i64), (LOCAL_EVENT, |e| e.local_ts)]
        {
            let times: Vec<i64> = events.iter().filter(|event| event.is(seen)).map(time).collect();
            assert_eq!(times.len(), rows.len());
            assert!(times.is_sorted());
        }
    }
}
