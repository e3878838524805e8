//! Stories of single orders; below, the transition table as documented, amendments, queries, a twin that forgets nothing,
//! and whole histories at a venue that loses, repeats and reorders what it tells.

mod histories;
mod queries;
mod replace;
mod table;
mod twin;

use alloc::collections::BTreeSet;

use ballast_model::{
    AssetId, Command, Ending, Event, FillReason, Liquidity, OrderReport, PackedLevel, RejectReason, TradeId,
};

use super::*;
use crate::gate::Gate;
use crate::gate::fixture::{INSTRUMENT, checked, flat, limits, order, spec};

const CAPACITY: usize = 6;

fn oms() -> Oms {
    Oms::new(INSTRUMENT, CAPACITY)
}

/// A manager with one bid of 10 lots, id 1.
fn oms_with_bid() -> Oms {
    let mut oms = oms();
    oms.insert(&checked(order(1, Side::Bid, 10_000, 10)), Nanos(0)).unwrap();
    oms
}

fn report(oms: &mut Oms, id: u64, report: OrderReport) -> UpdateOutcome {
    report_at(oms, id, report, Nanos(7))
}

fn report_at(oms: &mut Oms, id: u64, report: OrderReport, now: Nanos) -> UpdateOutcome {
    let update =
        OrderUpdate { instrument: INSTRUMENT, client_id: ClientOrderId(id), report, venue_time: Nanos(0) };
    oms.on_update(&update, now)
}

fn level(price: i64, lots: i64) -> PackedLevel {
    PackedLevel::new(Price(price), Lots(lots)).unwrap()
}

/// An amendment that passed a gate, and the attempt to note it.
fn replace(oms: &mut Oms, id: u64, price: i64, lots: i64, now: Nanos) -> Result<(), NotReplaceable> {
    let order = oms.order(ClientOrderId(id)).ok_or(NotReplaceable)?;
    let replace = Replace {
        instrument: INSTRUMENT,
        client_id: order.client_id,
        side: order.side,
        price: Price(price),
        lots: Lots(lots),
        expires_at: Nanos::MAX,
    };
    let mut gate = Gate::new(INSTRUMENT, &spec(), limits()).unwrap();
    oms.request_replace(&gate.check_replace(replace, &order, &flat(), now).unwrap(), now)
}

const fn replaced(level: PackedLevel, filled: i64) -> OrderReport {
    OrderReport::Replaced { venue_id: VenueOrderId(1), level, filled: Lots(filled) }
}

/// An answer to the last query.
fn working(oms: &Oms, level: PackedLevel, filled: i64) -> OrderReport {
    let query = last_query(oms);
    OrderReport::Working { venue_id: VenueOrderId(1), level, filled: Lots(filled), query }
}

fn not_found(oms: &Oms) -> OrderReport {
    OrderReport::NotFound { query: last_query(oms) }
}

fn last_query(oms: &Oms) -> u16 {
    oms.order(ClientOrderId(1)).unwrap().query
}

const fn ended(how: Ending, filled: i64) -> OrderReport {
    OrderReport::Ended { how, filled: Lots(filled) }
}

fn accepted(oms: &mut Oms, id: u64) -> UpdateOutcome {
    report(oms, id, OrderReport::Accepted(VenueOrderId(id + 1_000)))
}

fn fill(oms: &mut Oms, id: u64, side: Side, lots: i64, trade: u64) -> FillOutcome {
    oms.on_fill(&fill_of(id, side, lots, trade), Nanos(9))
}

fn fill_of(id: u64, side: Side, lots: i64, trade: u64) -> Fill {
    Fill {
        instrument: INSTRUMENT,
        side,
        liquidity: Liquidity::Maker,
        reason: FillReason::Venue,
        fee_asset: AssetId(1),
        level: PackedLevel::new(Price(10_000), Lots(lots)).unwrap(),
        fee_e8: 0,
        client_id: ClientOrderId(id),
        trade_id: TradeId(trade),
        venue_time: Nanos(0),
    }
}

fn state(oms: &Oms, id: u64) -> OrderState {
    oms.order(ClientOrderId(id)).unwrap().state
}

#[test]
fn partial_fills_add_up_to_filled() {
    let mut oms = oms_with_bid();
    accepted(&mut oms, 1);
    assert_eq!(fill(&mut oms, 1, Side::Bid, 4, 1), FillOutcome::Partial);
    assert_eq!(fill(&mut oms, 1, Side::Bid, 4, 2), FillOutcome::Partial);
    assert_eq!((state(&oms, 1), oms.working(Side::Bid)), (OrderState::Live, Lots(2)));
    assert_eq!(fill(&mut oms, 1, Side::Bid, 2, 3), FillOutcome::Complete);
    assert_eq!(state(&oms, 1), OrderState::Done(DoneReason::Filled));
    assert_eq!((oms.open_count(), oms.working(Side::Bid)), (0, Lots(0)));
}

#[test]
fn fill_before_acknowledgement_proves_the_order_live() {
    let mut oms = oms_with_bid();
    assert_eq!(fill(&mut oms, 1, Side::Bid, 3, 1), FillOutcome::Partial);
    assert_eq!(state(&oms, 1), OrderState::Live);
    assert_eq!(accepted(&mut oms, 1), UpdateOutcome::Unchanged);
    assert_eq!(oms.order(ClientOrderId(1)).unwrap().venue_id, Some(VenueOrderId(1_001)));
}

#[test]
fn fill_after_the_cancel_was_acknowledged_is_late_but_booked() {
    let mut oms = oms_with_bid();
    accepted(&mut oms, 1);
    oms.request_cancel(ClientOrderId(1), Nanos(1)).unwrap();
    report(&mut oms, 1, OrderReport::Cancelled);
    let outcome = fill(&mut oms, 1, Side::Bid, 4, 1);
    assert_eq!(outcome, FillOutcome::Late);
    assert!(outcome.must_book());
    assert_eq!(state(&oms, 1), OrderState::Done(DoneReason::Cancelled));
    assert_eq!(oms.order(ClientOrderId(1)).unwrap().filled, Lots(4));
    assert_eq!(oms.working(Side::Bid), Lots(0));
}

#[test]
fn a_trade_counts_once_even_for_an_order_that_ended() {
    let mut oms = oms_with_bid();
    assert_eq!(fill(&mut oms, 1, Side::Bid, 10, 5), FillOutcome::Complete);
    assert_eq!(fill(&mut oms, 1, Side::Bid, 10, 5), FillOutcome::Duplicate);
    assert_eq!(oms.order(ClientOrderId(1)).unwrap().filled, Lots(10));
}

#[test]
fn a_trade_older_than_the_window_is_unverifiable() {
    let mut oms = oms();
    for trade in 1..=TRADES_KEPT as u64 + 1 {
        assert_eq!(fill(&mut oms, 99, Side::Bid, 1, 10 * trade), FillOutcome::Foreign);
    }
    assert_eq!(fill(&mut oms, 99, Side::Bid, 1, 10), FillOutcome::Unverifiable);
    assert_eq!(fill(&mut oms, 99, Side::Bid, 1, 9), FillOutcome::Unverifiable);
    assert!(!FillOutcome::Unverifiable.must_book());
    // Older than all on record, but newer than anything forgotten: certainly new, and only once.
    assert_eq!(fill(&mut oms, 99, Side::Bid, 1, 15), FillOutcome::Foreign);
    assert_ne!(fill(&mut oms, 99, Side::Bid, 1, 15), FillOutcome::Foreign);
    assert_eq!(fill(&mut oms, 99, Side::Bid, 1, 20), FillOutcome::Duplicate);
    assert_eq!(fill(&mut oms, 99, Side::Bid, 1, 25), FillOutcome::Foreign);
}

#[test]
fn late_reject_ends_a_live_order() {
    let mut oms = oms_with_bid();
    accepted(&mut oms, 1);
    let done = OrderState::Done(DoneReason::Rejected(RejectReason::WouldTake));
    let outcome = report(&mut oms, 1, OrderReport::Rejected(RejectReason::WouldTake));
    assert_eq!(outcome, UpdateOutcome::Moved { from: OrderState::Live, to: done });
    assert_eq!(oms.working(Side::Bid), Lots(0));
}

#[test]
fn unsolicited_cancel_ends_an_order() {
    let mut oms = oms_with_bid();
    accepted(&mut oms, 1);
    report(&mut oms, 1, OrderReport::Cancelled);
    assert_eq!(state(&oms, 1), OrderState::Done(DoneReason::Cancelled));
}

#[test]
fn no_second_cancel_while_one_is_on_its_way() {
    let mut oms = oms_with_bid();
    let cancel = Cancel { instrument: INSTRUMENT, client_id: ClientOrderId(1) };
    assert_eq!(oms.request_cancel(ClientOrderId(1), Nanos(1)), Some(cancel));
    assert_eq!(oms.request_cancel(ClientOrderId(1), Nanos(2)), None);
    accepted(&mut oms, 1);
    assert_eq!(oms.request_cancel(ClientOrderId(1), Nanos(3)), None);
    assert_eq!(oms.order(ClientOrderId(1)).unwrap().state_since, Nanos(1), "the cancel still waits since 1");
    report(&mut oms, 1, OrderReport::Cancelled);
    assert_eq!(oms.request_cancel(ClientOrderId(1), Nanos(4)), None);
    assert_eq!(oms.request_cancel(ClientOrderId(2), Nanos(4)), None, "no such order");
}

#[test]
fn cancel_of_an_order_the_venue_does_not_know_leaves_it_unknown_and_counted() {
    let mut oms = oms_with_bid();
    accepted(&mut oms, 1);
    oms.request_cancel(ClientOrderId(1), Nanos(1)).unwrap();
    report(&mut oms, 1, OrderReport::CancelRejected(RejectReason::UnknownOrder));
    assert_eq!((state(&oms, 1), oms.unknown_count()), (OrderState::Unknown, 1));
    assert_eq!(oms.working(Side::Bid), Lots(10));
    // The usual cause: it was filled a moment before.
    assert_eq!(fill(&mut oms, 1, Side::Bid, 10, 1), FillOutcome::Complete);
    assert_eq!((oms.unknown_count(), oms.working(Side::Bid)), (0, Lots(0)));
}

#[test]
fn a_refused_cancel_restores_what_was_known_before() {
    let refused = OrderReport::CancelRejected(RejectReason::RateLimit);
    let mut oms = oms_with_bid();
    oms.request_cancel(ClientOrderId(1), Nanos(1)).unwrap();
    report(&mut oms, 1, refused);
    assert_eq!(state(&oms, 1), OrderState::PendingNew);
    accepted(&mut oms, 1);
    oms.request_cancel(ClientOrderId(1), Nanos(1)).unwrap();
    report(&mut oms, 1, refused);
    assert_eq!(state(&oms, 1), OrderState::Live);
    report(&mut oms, 1, OrderReport::FateUnknown);
    oms.request_cancel(ClientOrderId(1), Nanos(1)).unwrap();
    assert_eq!(oms.unknown_count(), 0);
    report(&mut oms, 1, refused);
    assert_eq!((state(&oms, 1), oms.unknown_count()), (OrderState::Unknown, 1));
}

#[test]
fn an_order_of_lost_fate_counts_until_a_definite_report() {
    let mut oms = oms_with_bid();
    report(&mut oms, 1, OrderReport::FateUnknown);
    assert_eq!(fill(&mut oms, 1, Side::Bid, 4, 1), FillOutcome::Partial);
    assert_eq!((state(&oms, 1), oms.working(Side::Bid)), (OrderState::Unknown, Lots(6)));
    report(&mut oms, 1, OrderReport::Expired);
    assert_eq!((oms.working(Side::Bid), oms.open_count(), oms.unknown_count()), (Lots(0), 0, 0));
}

#[test]
fn an_order_thought_dead_that_trades_is_unknown_again() {
    let mut oms = oms_with_bid();
    report(&mut oms, 1, OrderReport::Rejected(RejectReason::Other));
    assert_eq!(oms.working(Side::Bid), Lots(0));
    assert_eq!(fill(&mut oms, 1, Side::Bid, 4, 1), FillOutcome::Late);
    assert_eq!((state(&oms, 1), oms.unknown_count()), (OrderState::Unknown, 1));
    assert_eq!((oms.working(Side::Bid), oms.open_count()), (Lots(6), 1));
}

#[test]
fn an_id_in_use_means_the_venue_has_the_order() {
    let mut oms = oms_with_bid();
    report(&mut oms, 1, OrderReport::Rejected(RejectReason::DuplicateId));
    assert_eq!((state(&oms, 1), oms.working(Side::Bid)), (OrderState::Unknown, Lots(10)));
}

/// A venue that says so of an order it then denies, asked late enough, never had it: it must not be held for ever.
#[test]
fn an_id_in_use_whose_order_the_venue_denies_was_never_placed() {
    let mut oms = oms_with_bid();
    report(&mut oms, 1, OrderReport::Rejected(RejectReason::DuplicateId));
    oms.request_query(ClientOrderId(1), Nanos(SETTLE.0)).unwrap();
    let answer = not_found(&oms);
    report(&mut oms, 1, answer);
    assert_eq!(
        (state(&oms, 1), oms.working(Side::Bid)),
        (OrderState::Done(DoneReason::NeverPlaced), Lots(0))
    );
}

#[test]
fn fills_of_foreign_orders_still_reach_the_ledger() {
    let mut oms = oms_with_bid();
    assert_eq!(accepted(&mut oms, 77), UpdateOutcome::Foreign);
    assert_eq!(fill(&mut oms, 77, Side::Ask, 3, 1), FillOutcome::Foreign);
    // Our id with the other side is not our order either.
    assert_eq!(fill(&mut oms, 1, Side::Ask, 3, 2), FillOutcome::Foreign);
    assert!(FillOutcome::Foreign.must_book());
    assert_eq!(oms.working(Side::Bid), Lots(10));
}

#[test]
fn an_overfill_is_named_and_booked() {
    let mut oms = oms_with_bid();
    let outcome = fill(&mut oms, 1, Side::Bid, 13, 1);
    assert_eq!(outcome, FillOutcome::Overfilled { by: Lots(3) });
    assert!(outcome.must_book());
    assert_eq!((oms.working(Side::Bid), oms.open_count()), (Lots(0), 0));
    assert_eq!(fill(&mut oms, 1, Side::Bid, 2, 2), FillOutcome::Overfilled { by: Lots(5) });
}

#[test]
fn a_full_table_takes_no_more() {
    let mut oms = oms();
    for id in 1..=CAPACITY as u64 {
        oms.insert(&checked(order(id, Side::Ask, 10_000, 5)), Nanos(0)).unwrap();
    }
    assert_eq!(oms.insert(&checked(order(9, Side::Ask, 10_000, 5)), Nanos(0)), Err(OmsFull));
    assert_eq!(oms.working(Side::Ask), Lots(30));
    report(&mut oms, 1, OrderReport::NotSent);
    assert_eq!(oms.insert(&checked(order(9, Side::Ask, 10_000, 5)), Nanos(0)), Ok(()));
}

#[test]
fn ended_orders_are_forgotten_oldest_first() {
    let mut oms = oms();
    for id in 1..=DONE_KEPT as u64 + 1 {
        oms.insert(&checked(order(id, Side::Bid, 10_000, 5)), Nanos(0)).unwrap();
        report(&mut oms, id, OrderReport::Cancelled);
    }
    assert_eq!(fill(&mut oms, 1, Side::Bid, 5, 1), FillOutcome::Foreign);
    assert_eq!(fill(&mut oms, 2, Side::Bid, 5, 2), FillOutcome::Late);
}

#[test]
fn the_oldest_unanswered_request_is_found() {
    let mut oms = oms_with_bid();
    oms.insert(&checked(order(2, Side::Ask, 10_000, 5)), Nanos(3)).unwrap();
    let oldest = |oms: &Oms| oms.oldest_pending(Nanos(10)).map(|(order, age)| (order.client_id.0, age.0));
    assert_eq!(oldest(&oms), Some((1, 10)));
    accepted(&mut oms, 1);
    assert_eq!(oldest(&oms), Some((2, 7)));
    accepted(&mut oms, 2);
    assert_eq!(oldest(&oms), None);
    oms.request_cancel(ClientOrderId(1), Nanos(8)).unwrap();
    assert_eq!(oldest(&oms), Some((1, 2)));
}

#[test]
fn the_digest_tells_states_apart() {
    let digest = |oms: &Oms| {
        let mut digest = Digest::new();
        oms.digest(&mut digest);
        digest.value()
    };
    let mut oms = oms_with_bid();
    let mut seen = BTreeSet::from([digest(&oms)]);
    for step in [OrderReport::FateUnknown, OrderReport::Accepted(VenueOrderId(1)), OrderReport::Cancelled] {
        report(&mut oms, 1, step);
        assert!(seen.insert(digest(&oms)), "{step:?}");
    }
    fill(&mut oms, 1, Side::Bid, 1, 1);
    assert!(seen.insert(digest(&oms)));
}

#[test]
fn trades_the_venue_made_in_our_place_are_booked_once_and_touch_no_order() {
    let mut oms = oms_with_bid();
    for (reason, trade) in [(FillReason::Liquidation, 1), (FillReason::AutoDeleveraging, 2)] {
        for client_id in [ClientOrderId::FOREIGN, ClientOrderId(1)] {
            let fill = Fill { reason, client_id, ..fill_of(0, Side::Bid, 4, trade) };
            let expected = if client_id.0 == 1 { FillOutcome::Duplicate } else { FillOutcome::Forced };
            assert_eq!(oms.on_fill(&fill, Nanos(9)), expected);
        }
    }
    assert!(FillOutcome::Forced.must_book());
    assert_eq!((oms.working(Side::Bid), oms.order(ClientOrderId(1)).unwrap().filled), (Lots(10), Lots(0)));
}

#[test]
fn an_order_found_at_the_venue_is_adopted_once_and_counts() {
    let mut oms = oms();
    let found = Adopted {
        client_id: ClientOrderId(77),
        venue_id: VenueOrderId(5),
        side: Side::Ask,
        price: Price(10_000),
        lots: Lots(10),
        filled: Lots(4),
        tif: TimeInForce::PostOnly,
        reduce_only: ReduceOnly::No,
    };
    assert_eq!(accepted(&mut oms, 77), UpdateOutcome::Foreign);
    assert_eq!(oms.adopt(&found, Nanos(1)), Ok(()));
    assert_eq!((state(&oms, 77), oms.working(Side::Ask)), (OrderState::Live, Lots(6)));
    assert_eq!(oms.missing_fills(), MissingFills::default(), "what traded before is in the position");
    assert_eq!(oms.adopt(&found, Nanos(1)), Err(AdoptError::Known));
    let unnamed = Adopted { client_id: ClientOrderId::FOREIGN, ..found };
    assert_eq!(oms.adopt(&unnamed, Nanos(1)), Err(AdoptError::Foreign));
    assert_eq!(fill(&mut oms, 77, Side::Ask, 6, 1), FillOutcome::Complete);
    for id in 1..=CAPACITY as u64 {
        oms.adopt(&Adopted { client_id: ClientOrderId(id), ..found }, Nanos(1)).unwrap();
    }
    let one_more = Adopted { client_id: ClientOrderId(78), ..found };
    assert_eq!(oms.adopt(&one_more, Nanos(1)), Err(AdoptError::Full));
}
