//! What must be so where nothing is on its way: when the start gate opens, and at the end.

use std::path::Path;

use ballast_core::shard::Shard;
use ballast_model::{Lots, Money, Nanos, Span};
use ballast_runtime::journal::verify;

use super::{FillsOnce, Verdict};
use crate::counterpart::{INSTRUMENT, Protocol, US};

pub(super) const GATE: &str = "start-gate";
pub(super) const POSITION: &str = "position";
pub(super) const LEDGER: &str = "ledger";
pub(super) const EMPTY: &str = "empty";
pub(super) const ALIVE: &str = "alive";
pub(super) const VERIFY: &str = "verify";

/// How long ago the last order may have been where quoting goes on.
const QUIET_MAX: Span = Span::from_secs(45);

fn agrees(shard: &Shard, venue: &Protocol, oracle: &'static str) -> Verdict {
    let (ours, theirs) = (shard.position(INSTRUMENT), venue.known_position(US, INSTRUMENT));
    let what = || format!("{ours:?} is believed, and {theirs:?} is so");
    if ours == theirs { Ok(()) } else { Err((oracle, what())) }
}

fn none_left(venue: &Protocol, oracle: &'static str) -> Verdict {
    let left: Vec<_> = venue.known_orders(US).collect();
    if left.is_empty() { Ok(()) } else { Err((oracle, format!("left at the venue: {left:?}"))) }
}

/// The start gate opens.
pub(crate) fn gate(shard: &Shard, venue: &Protocol) -> Verdict {
    agrees(shard, venue, GATE)?;
    none_left(venue, GATE)
}

/// Quoting goes on at `now`; `ordered` is when the last order was sent.
pub(crate) fn alive(ordered: Option<Nanos>, now: Nanos) -> Verdict {
    let what = || format!("the last order was sent at {ordered:?}, and it is {now:?}");
    if ordered.is_some_and(|at| now - at <= QUIET_MAX) { Ok(()) } else { Err((ALIVE, what())) }
}

/// The end. `empty` says whether the engine knows that no order is left.
pub(crate) fn at_rest(shard: &Shard, venue: &Protocol, fills: &FillsOnce, empty: bool) -> Verdict {
    none_left(venue, EMPTY)?;
    if !empty {
        return Err((EMPTY, "nothing is left, and the engine does not know it".to_owned()));
    }
    agrees(shard, venue, POSITION)?;
    if let Some(missing) = fills.missing() {
        return Err((POSITION, format!("not booked: {missing:?}")));
    }
    ledger(shard, venue)
}

/// Flows, fees and funding, exactly.
fn ledger(shard: &Shard, venue: &Protocol) -> Verdict {
    let told = (shard.ledger(INSTRUMENT), shard.spec(INSTRUMENT));
    let (Some(ledger), Some(spec)) = told else { return Err((LEDGER, "there is no ledger".to_owned())) };
    let (mut flows, mut fees, mut lots) = (Money::ZERO, Money::ZERO, Lots::ZERO);
    for trade in venue.known_trades(US, 0) {
        let value = spec.value_floor(trade.price, trade.lots);
        flows -= Money(value.0 * i128::from(trade.side.sign()));
        fees += Money::from_e8(trade.fee_e8);
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

/// A journal decides the same again.
pub(crate) fn verified(folder: &Path) -> Verdict {
    let verified = verify(folder).map_err(|error| (VERIFY, error.to_string()))?;
    verified.difference.map_or(Ok(()), |difference| Err((VERIFY, difference.to_string())))
}
