//! One line of order events: eight columns, as hftbacktest documents its event format.
//!
//! `ev` is a kind in its lowest byte and flags: 1 << 31 where the event holds at the venue, 1 << 30 where it holds for us, 1 << 29
//! for a buy, 1 << 28 for a sell.
//!
//! Never here: what a price or a size is in ticks and lots, or which orders there are.

use std::str::FromStr;

use ballast_model::{Nanos, Side};

use super::super::stamp::TimeUnit;

/// First line of a file of order events.
pub(in crate::capture) const HEADING: &str = "ev,exch_ts,local_ts,px,qty,order_id,ival,fval";

/// The event holds at the venue, at its time there.
const AT_VENUE: u64 = 1 << 31;
/// The event holds for us, at the time we received it.
const FOR_US: u64 = 1 << 30;
/// Of a bid, or by a buyer.
const BUY: u64 = 1 << 29;
/// Of an ask, or by a seller.
const SELL: u64 = 1 << 28;
/// The bits of the kind.
const KIND: u64 = 0xff;

/// What a line tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// 2: a trade; its side is the aggressor's.
    Trade,
    /// 3: all orders of the side, or of both where there is none, are no longer known; those that stand follow.
    Clear,
    /// 10: an order joined the book.
    Add,
    /// 11: an order left the book with all that was left of it.
    Cancel,
    /// 12: an order has this price and this size left now.
    Modify,
    /// 13: an order that rested traded so much; the book is as it was, until the order is modified or cancelled.
    Fill,
}

/// One line, its decimals as they are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub(super) kind: Kind,
    pub(super) side: Option<Side>,
    /// By the venue's clock.
    pub(super) venue_time: Nanos,
    /// By ours.
    pub(super) recv_time: Nanos,
    pub(super) price: &'a [u8],
    pub(super) size: &'a [u8],
    pub(super) order_id: u64,
}

/// A rule that a line breaks, in words.
pub(super) type Broken = &'static str;

/// Reads a line; `None` where it holds for us alone: one that holds at the venue says the same.
pub(super) fn parse(line: &[u8]) -> Result<Option<Row<'_>>, Broken> {
    let mut cells = line.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    let mut cell = || cells.next().ok_or("a line has the eight columns of the heading");
    let (ev, exch_ts, local_ts, price, size) = (cell()?, cell()?, cell()?, cell()?, cell()?);
    let (order_id, _, _) = (cell()?, cell()?, cell()?);
    if cells.next().is_some() {
        return Err("a line has the eight columns of the heading");
    }
    let ev: u64 = whole(ev).ok_or("`ev` is a whole number")?;
    if ev & !(AT_VENUE | FOR_US | BUY | SELL | KIND) != 0 {
        return Err("`ev` has a flag that is not known");
    }
    match (ev & AT_VENUE != 0, ev & FOR_US != 0) {
        (true, _) => {}
        (false, true) => return Ok(None),
        (false, false) => return Err("`ev` holds neither at the venue (1 << 31) nor for us (1 << 30)"),
    }
    let side = match (ev & BUY != 0, ev & SELL != 0) {
        (true, true) => return Err("`ev` is both a buy (1 << 29) and a sell (1 << 28)"),
        (true, false) => Some(Side::Bid),
        (false, true) => Some(Side::Ask),
        (false, false) => None,
    };
    let kind = match ev & KIND {
        2 => Kind::Trade,
        3 => Kind::Clear,
        10 => Kind::Add,
        11 => Kind::Cancel,
        12 => Kind::Modify,
        13 => Kind::Fill,
        1 | 4 | 5 => {
            return Err("`ev` tells a level: a file tells orders (10 to 13) or is no file of orders");
        }
        _ => {
            return Err(
                "`ev` is a trade (2), a clear (3) or an order added, cancelled, modified or filled (10 to 13)",
            );
        }
    };
    let venue_time = time(exch_ts).ok_or("`exch_ts` is a time in nanoseconds since 1970")?;
    let recv_time = time(local_ts).ok_or("`local_ts` is a time in nanoseconds since 1970")?;
    let order_id = whole(order_id).ok_or("`order_id` is a whole number")?;
    Ok(Some(Row { kind, side, venue_time, recv_time, price, size, order_id }))
}

fn whole<T: FromStr>(cell: &[u8]) -> Option<T> {
    std::str::from_utf8(cell).ok()?.parse().ok()
}

/// A time that is one in nanoseconds, and in no coarser unit.
fn time(cell: &[u8]) -> Option<Nanos> {
    let nanos: i64 = whole(cell)?;
    let is_nanos = u64::try_from(nanos).is_ok_and(|nanos| TimeUnit::detect(nanos) == TimeUnit::Nanos);
    is_nanos.then_some(Nanos(nanos))
}
