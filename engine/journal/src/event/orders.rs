//! News of our orders as bytes and back.

use ballast_model::{
    AssetId, ClientOrderId, Ending, Fill, InstrumentId, Lots, Nanos, OrderReport, OrderUpdate, PackedLevel,
    Price, TradeId, VenueOrderId,
};

use super::take_instrument;
use crate::codes::Coded;
use crate::context::{Context, Seen};
use crate::varint::{Put, Take};

/// Kinds of reports.
mod report {
    pub(super) const ACCEPTED: u8 = 0;
    pub(super) const REJECTED: u8 = 1;
    pub(super) const CANCELLED: u8 = 2;
    pub(super) const EXPIRED: u8 = 3;
    pub(super) const CANCEL_REJECTED: u8 = 4;
    pub(super) const NOT_SENT: u8 = 5;
    pub(super) const FATE_UNKNOWN: u8 = 6;
    pub(super) const REPLACED: u8 = 7;
    pub(super) const REPLACE_REJECTED: u8 = 8;
    pub(super) const WORKING: u8 = 9;
    pub(super) const ENDED: u8 = 10;
    pub(super) const NOT_FOUND: u8 = 11;
}

/// Kinds of endings.
mod ending {
    pub(super) const FILLED: u8 = 0;
    pub(super) const CANCELLED: u8 = 1;
    pub(super) const EXPIRED: u8 = 2;
    pub(super) const REJECTED: u8 = 3;
    pub(super) const LOST: u8 = 4;
}

/// With what all news of an order begins: whose, which and when.
fn put_head<'a>(
    instrument: InstrumentId,
    client_id: ClientOrderId,
    venue_time: Nanos,
    context: &'a mut Context,
    put: &mut Put<'_>,
) -> &'a mut Seen {
    put.word(instrument.0.into());
    let seen = context.of(instrument);
    put.time(seen.venue_time, venue_time.0);
    put.word_delta(seen.client_id, client_id.0);
    (seen.venue_time, seen.client_id) = (venue_time.0, client_id.0);
    seen
}

fn take_head<'a>(context: &'a mut Context, take: &mut Take<'_>) -> Option<(InstrumentId, &'a mut Seen)> {
    let instrument = take_instrument(take)?;
    let seen = context.of(instrument);
    seen.venue_time = take.time(seen.venue_time)?;
    seen.client_id = take.word_delta(seen.client_id)?;
    Some((instrument, seen))
}

pub(super) fn put_update(update: &OrderUpdate, context: &mut Context, put: &mut Put<'_>) {
    let seen = put_head(update.instrument, update.client_id, update.venue_time, context, put);
    put_report(&update.report, seen, put);
}

pub(super) fn take_update(context: &mut Context, take: &mut Take<'_>) -> Option<OrderUpdate> {
    let (instrument, seen) = take_head(context, take)?;
    let (venue_time, client_id) = (Nanos(seen.venue_time), ClientOrderId(seen.client_id));
    Some(OrderUpdate { instrument, client_id, report: take_report(seen, take)?, venue_time })
}

pub(crate) fn put_report(news: &OrderReport, seen: &mut Seen, put: &mut Put<'_>) {
    match *news {
        OrderReport::Accepted(venue_id) => {
            put.byte(report::ACCEPTED);
            put_venue_id(venue_id, seen, put);
        }
        OrderReport::Rejected(reason) => put.bytes([report::REJECTED, reason.code()]),
        OrderReport::Cancelled => put.byte(report::CANCELLED),
        OrderReport::Expired => put.byte(report::EXPIRED),
        OrderReport::CancelRejected(reason) => put.bytes([report::CANCEL_REJECTED, reason.code()]),
        OrderReport::NotSent => put.byte(report::NOT_SENT),
        OrderReport::FateUnknown => put.byte(report::FATE_UNKNOWN),
        OrderReport::Replaced { venue_id, level, filled } => {
            put.byte(report::REPLACED);
            put_standing(venue_id, level, filled, seen, put);
        }
        OrderReport::ReplaceRejected(reason) => put.bytes([report::REPLACE_REJECTED, reason.code()]),
        OrderReport::Working { venue_id, level, filled, query } => {
            put.byte(report::WORKING);
            put_standing(venue_id, level, filled, seen, put);
            put.word(query.into());
        }
        OrderReport::Ended { how, filled } => {
            put.byte(report::ENDED);
            match how {
                Ending::Filled => put.byte(ending::FILLED),
                Ending::Cancelled => put.byte(ending::CANCELLED),
                Ending::Expired => put.byte(ending::EXPIRED),
                Ending::Rejected(reason) => put.bytes([ending::REJECTED, reason.code()]),
                Ending::Lost => put.byte(ending::LOST),
            }
            put.signed(filled.0.into());
        }
        OrderReport::NotFound { query } => {
            put.byte(report::NOT_FOUND);
            put.word(query.into());
        }
    }
}

pub(crate) fn take_report(seen: &mut Seen, take: &mut Take<'_>) -> Option<OrderReport> {
    Some(match take.byte()? {
        report::ACCEPTED => OrderReport::Accepted(take_venue_id(seen, take)?),
        report::REJECTED => OrderReport::Rejected(Coded::of(take.byte()?)?),
        report::CANCELLED => OrderReport::Cancelled,
        report::EXPIRED => OrderReport::Expired,
        report::CANCEL_REJECTED => OrderReport::CancelRejected(Coded::of(take.byte()?)?),
        report::NOT_SENT => OrderReport::NotSent,
        report::FATE_UNKNOWN => OrderReport::FateUnknown,
        report::REPLACED => {
            let (venue_id, level, filled) = take_standing(seen, take)?;
            OrderReport::Replaced { venue_id, level, filled }
        }
        report::REPLACE_REJECTED => OrderReport::ReplaceRejected(Coded::of(take.byte()?)?),
        report::WORKING => {
            let (venue_id, level, filled) = take_standing(seen, take)?;
            OrderReport::Working { venue_id, level, filled, query: take.short()? }
        }
        report::ENDED => {
            let how = match take.byte()? {
                ending::FILLED => Ending::Filled,
                ending::CANCELLED => Ending::Cancelled,
                ending::EXPIRED => Ending::Expired,
                ending::REJECTED => Ending::Rejected(Coded::of(take.byte()?)?),
                ending::LOST => Ending::Lost,
                _ => return None,
            };
            OrderReport::Ended { how, filled: take_lots(take)? }
        }
        report::NOT_FOUND => OrderReport::NotFound { query: take.short()? },
        _ => return None,
    })
}

fn put_venue_id(venue_id: VenueOrderId, seen: &mut Seen, put: &mut Put<'_>) {
    put.word_delta(seen.venue_order, venue_id.0);
    seen.venue_order = venue_id.0;
}

fn take_venue_id(seen: &mut Seen, take: &mut Take<'_>) -> Option<VenueOrderId> {
    seen.venue_order = take.word_delta(seen.venue_order)?;
    Some(VenueOrderId(seen.venue_order))
}

fn put_standing(
    venue_id: VenueOrderId,
    level: PackedLevel,
    filled: Lots,
    seen: &mut Seen,
    put: &mut Put<'_>,
) {
    put_venue_id(venue_id, seen, put);
    put_level(level, put);
    put.signed(filled.0.into());
}

fn take_standing(seen: &mut Seen, take: &mut Take<'_>) -> Option<(VenueOrderId, PackedLevel, Lots)> {
    Some((take_venue_id(seen, take)?, take_level(take)?, take_lots(take)?))
}

fn put_level(level: PackedLevel, put: &mut Put<'_>) {
    put.word(level.price().0.cast_unsigned());
    put.word(level.lots().0.cast_unsigned());
}

fn take_level(take: &mut Take<'_>) -> Option<PackedLevel> {
    let price = i64::try_from(take.unsigned()?).ok()?;
    let lots = i64::try_from(take.unsigned()?).ok()?;
    PackedLevel::new(Price(price), Lots(lots))
}

fn take_lots(take: &mut Take<'_>) -> Option<Lots> {
    take.delta(0).map(Lots)
}

pub(super) fn put_fill(fill: &Fill, context: &mut Context, put: &mut Put<'_>) {
    let seen = put_head(fill.instrument, fill.client_id, fill.venue_time, context, put);
    put.bytes([fill.side.code(), fill.liquidity.code(), fill.reason.code()]);
    put.word(fill.fee_asset.0.into());
    put_level(fill.level, put);
    put.delta(0, fill.fee_e8);
    put.word_delta(seen.own_trade, fill.trade_id.0);
    seen.own_trade = fill.trade_id.0;
}

pub(super) fn take_fill(context: &mut Context, take: &mut Take<'_>) -> Option<Fill> {
    let (instrument, seen) = take_head(context, take)?;
    let [side, liquidity, reason] = take.array()?;
    let fee_asset = AssetId(take.short()?);
    let level = take_level(take)?;
    let fee_e8 = take.delta(0)?;
    seen.own_trade = take.word_delta(seen.own_trade)?;
    Some(Fill {
        instrument,
        side: Coded::of(side)?,
        liquidity: Coded::of(liquidity)?,
        reason: Coded::of(reason)?,
        fee_asset,
        level,
        fee_e8,
        client_id: ClientOrderId(seen.client_id),
        trade_id: TradeId(seen.own_trade),
        venue_time: Nanos(seen.venue_time),
    })
}
