//! Stories of quotes that must not be left standing, and of timers that must not ring without end.

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::{
    BookBegin, BookKind, BookLost, ClientOrderId, Event, Fill, FillReason, InstrumentId, LostReason, Lots,
    OrderReport, Rate, Side, Span, Ticks, UpdateId,
};

use super::desk::{Desk, Did, ETH, PARAMS, STEP, ask, bid, lane, model, quoting};
use crate::fair::{FairKind, VwapParams};
use crate::gate::GateState;
use crate::model::{AfterFill, CrossVenue, CrossVenueParams, FixedSpreadParams, Model};
use crate::shard::{LaneSpec, Trigger};

/// The instrument that [`followed`] is priced from.
const THERE: InstrumentId = InstrumentId(1);
/// More rings of the timer at one time than any story has a reason for.
const RINGS_MAX: usize = 8;

/// A cross-venue quoter of one instrument and the market of another, ten ticks around the same mid.
fn followed(trigger: Trigger) -> Desk {
    let params = CrossVenueParams {
        size: Lots(10),
        maker_fee: Rate(0),
        hedge_fee: Rate(0),
        margin: Rate(0),
        basis_half_life: None,
        improve_max: Ticks(0),
        unhedged_max: Lots(30),
    };
    let mut spec = quoting();
    spec.model = Model::CrossVenue(CrossVenue::new(params).unwrap());
    (spec.hedged_on, spec.hedge_lots, spec.trigger) = (Some(THERE), Lots(10), trigger);
    Desk::new(vec![lane(&spec), LaneSpec { quoting: None, ..lane(&spec) }])
}

/// The venue confirms the book of an instrument.
fn confirm(desk: &mut Desk, instrument: InstrumentId, id: u64) -> Vec<Did> {
    let time = desk.now + STEP;
    let begin = BookBegin {
        instrument,
        kind: BookKind::Diff,
        levels: 0,
        update_id: UpdateId(id),
        venue_time: time,
        recv_time: time,
    };
    desk.tell(&Event::BookBegin(begin))
}

/// Lets this much time pass; the timer rings whenever it is due.
pub(super) fn ring(desk: &mut Desk, span: Span) -> Vec<Did> {
    let until = desk.now + span;
    let (mut did, mut at_once) = (Vec::new(), 0);
    while let Some(at) = desk.shard.next_deadline().filter(|at| *at <= until) {
        at_once = if at <= desk.now { at_once + 1 } else { 0 };
        assert!(at_once <= RINGS_MAX, "the timer rings without end at {at:?}");
        desk.now = at.max(desk.now);
        did.extend(desk.tell_now(&Event::Timer));
    }
    desk.now = until;
    did
}

#[test]
fn quotes_priced_from_a_market_that_fell_silent_are_pulled() {
    let mut desk = followed(Trigger::Touch);
    desk.snapshot_of(THERE, 10_000, 10_010);
    let silent_from = desk.now;
    assert_eq!(desk.snapshot(10_000, 10_010).len(), 2, "quotes stand");
    // Only the quoted market is confirmed, and its touch never changes.
    for id in 100..104 {
        ring(&mut desk, Span::from_secs(1));
        assert_eq!(confirm(&mut desk, ETH, id), []);
    }
    let left = silent_from + Span::from_secs(5) - desk.now;
    let did = ring(&mut desk, left);
    assert_eq!(did, [Did::Cancel(1), Did::Cancel(2)]);
    assert_eq!(desk.snapshot_of(THERE, 10_000, 10_010).len(), 2, "and return with it");
}

#[test]
fn quotes_priced_from_a_market_that_is_confirmed_stay() {
    let mut desk = followed(Trigger::Touch);
    desk.snapshot_of(THERE, 10_000, 10_010);
    assert_eq!(desk.snapshot(10_000, 10_010).len(), 2);
    for order in [1, 2] {
        assert_eq!(desk.accepted(order), []);
    }
    for id in 100..120 {
        assert_eq!(ring(&mut desk, Span::from_secs(1)), []);
        assert_eq!(confirm(&mut desk, ETH, id), []);
        assert_eq!(confirm(&mut desk, THERE, id), []);
    }
}

#[test]
fn a_lost_market_to_hedge_on_does_not_wait_for_the_interval() {
    let mut desk = followed(Trigger::Every(Span::from_millis(100)));
    desk.snapshot_of(THERE, 10_000, 10_010);
    desk.snapshot(10_000, 10_010);
    assert_eq!(desk.timer().len(), 2);
    let reason = LostReason::Gap;
    let lost = Event::BookLost(BookLost { instrument: THERE, reason });
    assert_eq!(desk.tell(&lost), [Did::Cancel(1), Did::Cancel(2)]);
}

#[test]
fn what_may_only_reduce_leaves_no_adding_quote_standing() {
    let mut desk = Desk::quoted();
    let forced = |desk: &Desk, side| Fill {
        reason: FillReason::Liquidation,
        client_id: ClientOrderId::FOREIGN,
        ..desk.fill_of(900, side, 15, 77)
    };
    let fill = forced(&desk, Side::Ask);
    let did = desk.tell(&Event::Fill(fill));
    assert_eq!(desk.shard.gate(ETH).unwrap().state(), GateState::ReduceOnly);
    assert!(did.contains(&Did::Cancel(2)), "short, the ask adds: {did:?}");
    let asks = desk.shard.orders(ETH).unwrap().open_orders().filter(|order| order.side == Side::Ask);
    assert!(asks.into_iter().all(|order| order.state != crate::oms::OrderState::Live));
    assert!(!did.contains(&ask(3, 10_010)), "{did:?}");
    let after = desk.touch(10_020, 10_030);
    assert!(after.iter().all(|did| !matches!(did, Did::Place(_, Side::Ask, ..))), "{after:?}");
    let back = desk.cancelled(1);
    assert!(matches!(*back, [Did::Place(_, Side::Bid, ..)]), "the way back: {back:?}");
}

#[test]
fn a_model_that_waits_to_be_asked_does_not_ring_while_its_fair_value_is_unknown() {
    let params = FixedSpreadParams { after_fill: AfterFill::PullOther(Span::from_millis(10)), ..PARAMS };
    let mut desk = Desk::with(|quoting| {
        quoting.model = model(params);
        quoting.fair = FairKind::Vwap(VwapParams { window: Span::from_millis(50), trades_full: 1 });
    });
    desk.public_trade(10_005);
    assert_eq!(desk.snapshot(10_000, 10_010), [bid(1, 10_000), ask(2, 10_010)]);
    let lost = BookLost { instrument: ETH, reason: LostReason::RingFull };
    desk.tell(&Event::BookLost(lost));
    assert_eq!(desk.snapshot(10_000, 10_010), [], "nobody has traded since");
    desk.fill(1, Side::Bid, 10);
    ring(&mut desk, Span::from_secs(1));
}

#[test]
fn a_confirmation_after_staleness_brings_quotes_though_nothing_stood() {
    let mut desk = Desk::quoted();
    // Both quotes are gone for a reason of the venue's, and the touch grows old meanwhile.
    desk.now = desk.now + Span::from_secs(5);
    assert_eq!(desk.report(1, OrderReport::Expired), [Did::Cancel(2)], "too old to quote on");
    assert_eq!(desk.report(2, OrderReport::Expired), []);
    assert_eq!(desk.confirm(), [bid(3, 10_000), ask(4, 10_010)], "the same touch, and young");
}

#[test]
fn a_confirmation_where_quotes_are_priced_from_brings_them_back() {
    let mut desk = followed(Trigger::Touch);
    desk.snapshot_of(THERE, 10_000, 10_010);
    let silent_from = desk.now;
    assert_eq!(desk.snapshot(10_000, 10_010).len(), 2);
    let left = silent_from + Span::from_millis(4_500) - desk.now;
    ring(&mut desk, left);
    confirm(&mut desk, ETH, 100);
    let left = silent_from + Span::from_secs(5) - desk.now;
    assert_eq!(ring(&mut desk, left), [Did::Cancel(1), Did::Cancel(2)]);
    assert_eq!((desk.cancelled(1), desk.cancelled(2)), (vec![], vec![]));
    assert_eq!(confirm(&mut desk, THERE, 100).len(), 2, "the same touch there, and young");
}
