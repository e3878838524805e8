//! What must be so where nothing is on its way: when the start gate opens, and at the end.

use std::path::Path;

use ballast_core::ledger::booked_fee;
use ballast_core::oms::Order;
use ballast_core::shard::Shard;
use ballast_model::{InstrumentId, Lots, Money, Nanos, Span};
use ballast_runtime::journal::verify;
use ballast_simulator::binance::KnownOrder;

use super::{FillsOnce, Verdict};
use crate::counterpart::{Protocol, US, held};

pub(super) const GATE: &str = "start-gate";
pub(super) const POSITION: &str = "position";
pub(super) const LEDGER: &str = "ledger";
pub(super) const EMPTY: &str = "empty";
pub(super) const ALIVE: &str = "alive";
pub(super) const VERIFY: &str = "verify";

/// How long ago the last order may have been where quoting goes on.
const QUIET_MAX: Span = Span::from_secs(45);

fn agrees(shard: &Shard, instrument: InstrumentId, venue: &Protocol, oracle: &'static str) -> Verdict {
    let (ours, theirs) = (shard.position(instrument), held(venue));
    let what = || format!("{ours:?} is believed, and {theirs:?} is so");
    if ours == theirs { Ok(()) } else { Err((oracle, what())) }
}

fn none_left(venue: &Protocol, oracle: &'static str) -> Verdict {
    let left: Vec<_> = venue.known_orders(US).collect();
    if left.is_empty() { Ok(()) } else { Err((oracle, format!("left at the venue: {left:?}"))) }
}

/// The start gate opens.
pub(crate) fn gate(shard: &Shard, instrument: InstrumentId, venue: &Protocol) -> Verdict {
    agrees(shard, instrument, venue, GATE)?;
    // A hedge that reduces may stand before: the core goes on hedging while it is paused. It knows of it then.
    let known = |one: &KnownOrder| {
        let same = |order: &Order| (order.side, order.price) == (one.side, one.price);
        shard.orders(instrument).is_some_and(|orders| orders.open_orders().any(same))
    };
    let strange: Vec<_> = venue.known_orders(US).filter(|one| !(one.reduce_only && known(one))).collect();
    if strange.is_empty() { Ok(()) } else { Err((GATE, format!("left at the venue: {strange:?}"))) }
}

/// Quoting goes on at `now`; `ordered` is when the last order was sent.
pub(crate) fn alive(ordered: Option<Nanos>, now: Nanos) -> Verdict {
    let what = || format!("the last order was sent at {ordered:?}, and it is {now:?}");
    if ordered.is_some_and(|at| now - at <= QUIET_MAX) { Ok(()) } else { Err((ALIVE, what())) }
}

/// The end of a process in order: where it knows that no order is left, none is.
pub(crate) fn ended(venue: &Protocol, empty: bool) -> Verdict {
    if empty { none_left(venue, EMPTY) } else { Ok(()) }
}

/// The end. `empty` says whether the engine knows that no order is left.
pub(crate) fn at_rest(shard: &Shard, instrument: InstrumentId, venue: &Protocol, empty: bool) -> Verdict {
    none_left(venue, EMPTY)?;
    if !empty {
        return Err((EMPTY, "nothing is left, and the engine does not know it".to_owned()));
    }
    agrees(shard, instrument, venue, POSITION)
}

/// Nothing of what was traded is missing at the end.
pub(crate) fn accounts(
    shard: &Shard,
    instrument: InstrumentId,
    venue: &Protocol,
    fills: &FillsOnce,
) -> Verdict {
    if let Some(missing) = fills.missing() {
        return Err((POSITION, format!("not booked: {missing:?}")));
    }
    ledger(shard, instrument, venue)
}

/// Flows, fees and funding, exactly.
fn ledger(shard: &Shard, instrument: InstrumentId, venue: &Protocol) -> Verdict {
    let told = (shard.ledger(instrument), shard.spec(instrument));
    let (Some(ledger), Some(spec)) = told else { return Err((LEDGER, "there is no ledger".to_owned())) };
    let (mut flows, mut fees, mut lots) = (Money::ZERO, Money::ZERO, Lots::ZERO);
    for trade in venue.known_trades(US, 0) {
        let value = spec.value_floor(trade.price, trade.lots);
        flows -= Money(value.0 * i128::from(trade.side.sign()));
        // What was taken in coins is booked at the price of the trade.
        let asset = if trade.in_coins { spec.base } else { spec.settlement() };
        let booked = booked_fee(spec, trade.price, (asset, trade.fee_e8));
        fees += Money::from_e8(booked.map_or(trade.fee_e8, |(_, fee_e8)| fee_e8));
        lots += trade.lots.signed(trade.side);
    }
    let paid = ledger.fee_lines().map(|line| line.fees - line.rebates).sum::<Money>();
    let same = |what: &str, ours: Money, theirs: Money| {
        let told = || format!("{what}: {} in the ledger, {} at the venue", ours.0, theirs.0);
        if ours == theirs { Ok(()) } else { Err((LEDGER, told())) }
    };
    same("flows", ledger.flows(), flows)?;
    same("fees", paid, fees)?;
    same("funding", ledger.funding(), venue.known_funding(US))?;
    if lots != ledger.position() {
        return Err((LEDGER, format!("trades come to {lots:?}, the ledger holds {:?}", ledger.position())));
    }
    Ok(())
}

/// Whether the disk under a journal lost power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Power {
    /// It did not.
    Kept,
    /// It did: that something is missing at the end may be said, and is then the truth.
    Lost,
}

/// A journal decides the same again.
pub(crate) fn verified(folder: &Path, power: Power) -> Verdict {
    let verified = match (verify(folder), power) {
        (Ok(verified), _) => verified,
        (Err(_), Power::Lost) => return Ok(()),
        (Err(error), Power::Kept) => return Err((VERIFY, error.to_string())),
    };
    verified.difference.map_or(Ok(()), |difference| Err((VERIFY, difference.to_string())))
}
