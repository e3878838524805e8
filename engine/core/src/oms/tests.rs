//! Stories of single orders, the transition table as documented, and a twin that forgets nothing.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use ballast_model::{AssetId, FillReason, Liquidity, PackedLevel, RejectReason, TradeId};
use proptest::prelude::*;

use super::state::Input;
use super::*;
use crate::gate::fixture::{INSTRUMENT, checked, order};

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
    let update =
        OrderUpdate { instrument: INSTRUMENT, client_id: ClientOrderId(id), report, venue_time: Nanos(0) };
    oms.on_update(&update, Nanos(7))
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

/// The states a column of the documented table stands for.
fn column(title: &str) -> Vec<OrderState> {
    let state = |name: &str| match name {
        "PendingNew" => OrderState::PendingNew,
        "Live" => OrderState::Live,
        "Cancel(New)" => OrderState::PendingCancel(BeforeCancel::New),
        "Cancel(Live)" => OrderState::PendingCancel(BeforeCancel::Live),
        "Cancel(Unknown)" => OrderState::PendingCancel(BeforeCancel::Unknown),
        "Unknown" => OrderState::Unknown,
        "Filled" => OrderState::Done(DoneReason::Filled),
        "Cancelled" => OrderState::Done(DoneReason::Cancelled),
        "Expired" => OrderState::Done(DoneReason::Expired),
        "NotSent" => OrderState::Done(DoneReason::NotSent),
        "Rejected" => OrderState::Done(DoneReason::Rejected(RejectReason::Other)),
        other => panic!("no state {other}"),
    };
    title.split(", ").map(state).collect()
}

fn input(name: &str) -> Input {
    match name {
        "CancelSent" => Input::CancelSent,
        "Accepted" => Input::Accepted,
        "PartFill" => Input::PartFill,
        "LastFill" => Input::LastFill,
        "Rejected" => Input::Rejected(RejectReason::Other),
        "Cancelled" => Input::Cancelled,
        "Expired" => Input::Expired,
        "NotSent" => Input::NotSent,
        "IdInUse" => Input::IdInUse,
        "NotFound" => Input::NotFound,
        "CancelRefused" => Input::CancelRefused,
        "FateUnknown" => Input::FateUnknown,
        other => panic!("no input {other}"),
    }
}

#[test]
fn the_documented_table_is_what_happens() {
    let mut rows = include_str!("state.rs").lines().filter_map(|line| line.strip_prefix("/// | "));
    let cells = |row: &'static str| row.trim_end_matches('|').split('|').map(str::trim).collect::<Vec<_>>();
    let titles = cells(rows.next().unwrap());
    let mut pairs = 0;
    for row in rows.map(cells) {
        for (title, cell) in titles.iter().zip(&row).skip(1) {
            for from in column(title) {
                let to = if *cell == "·" { from } else { column(cell)[0] };
                assert_eq!(next(from, input(row[0])), to, "{} in {from:?}", row[0]);
                pairs += 1;
            }
        }
    }
    assert_eq!(pairs, 12 * 11, "every input in every state");
}

/// What the twin keeps: everything, for ever.
#[derive(Default)]
struct Twin {
    orders: BTreeMap<u64, Order>,
    trades: BTreeSet<u64>,
    booked: i64,
}

#[derive(Clone, Debug)]
enum Op {
    Insert(Side, i64),
    Cancel(u64),
    Report(u64, OrderReport),
    Fill { id: u64, side: Side, lots: i64, trade: u64 },
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let side = prop_oneof![Just(Side::Bid), Just(Side::Ask)];
    let reports = prop_oneof![
        4 => Just(OrderReport::Accepted(VenueOrderId(1))),
        1 => Just(OrderReport::Rejected(RejectReason::Other)),
        1 => Just(OrderReport::Rejected(RejectReason::DuplicateId)),
        1 => Just(OrderReport::Cancelled),
        1 => Just(OrderReport::Expired),
        1 => Just(OrderReport::CancelRejected(RejectReason::UnknownOrder)),
        1 => Just(OrderReport::CancelRejected(RejectReason::RateLimit)),
        1 => Just(OrderReport::NotSent),
        1 => Just(OrderReport::FateUnknown),
    ];
    let id = 1..30u64;
    let op = prop_oneof![
        3 => (side.clone(), 5..20i64).prop_map(|(side, lots)| Op::Insert(side, lots)),
        2 => id.clone().prop_map(Op::Cancel),
        5 => (id.clone(), reports).prop_map(|(id, report)| Op::Report(id, report)),
        5 => (id, side, 1..12i64, 1..60u64)
            .prop_map(|(id, side, lots, trade)| Op::Fill { id, side, lots, trade }),
    ];
    prop::collection::vec(op, 0..120)
}

impl Twin {
    fn take(&mut self, id: u64, input: Input) {
        if let Some(order) = self.orders.get_mut(&id) {
            order.state = next(order.state, input);
        }
    }

    fn fill(&mut self, id: u64, side: Side, lots: i64, trade: u64) {
        if !self.trades.insert(trade) {
            return;
        }
        self.booked += side.sign() * lots;
        let Some(order) = self.orders.get_mut(&id).filter(|order| order.side == side) else { return };
        order.filled.0 += lots;
        let input = if order.filled < order.lots { Input::PartFill } else { Input::LastFill };
        self.take(id, input);
    }

    fn open(&self) -> impl Iterator<Item = &Order> {
        self.orders.values().filter(|order| !matches!(order.state, OrderState::Done(_)))
    }

    fn working(&self, side: Side) -> i64 {
        self.open().filter(|order| order.side == side).map(|order| order.lots.0 - order.filled.0).sum()
    }
}

proptest! {
    #[test]
    fn the_manager_is_its_twin(ops in ops()) {
        let (mut oms, mut twin) = (oms(), Twin::default());
        let room = (oms.open.capacity(), oms.done.capacity());
        let (mut next_id, mut booked) = (1, 0);
        for op in ops {
            match op {
                Op::Insert(side, lots) => {
                    let proof = checked(order(next_id, side, 10_000, lots));
                    prop_assert_eq!(oms.insert(&proof, Nanos(0)).is_ok(), twin.open().count() < CAPACITY);
                    if let Some(order) = oms.order(ClientOrderId(next_id)) {
                        twin.orders.insert(next_id, order);
                        next_id += 1;
                    }
                }
                Op::Cancel(id) => {
                    let before = twin.orders.get(&id).map(|order| order.state);
                    twin.take(id, Input::CancelSent);
                    let moved = before != twin.orders.get(&id).map(|order| order.state);
                    prop_assert_eq!(oms.request_cancel(ClientOrderId(id), Nanos(0)).is_some(), moved);
                }
                Op::Report(id, what) => {
                    report(&mut oms, id, what);
                    twin.take(id, Input::from(what));
                }
                Op::Fill { id, side, lots, trade } => {
                    if fill(&mut oms, id, side, lots, trade).must_book() {
                        booked += side.sign() * lots;
                    }
                    twin.fill(id, side, lots, trade);
                }
            }
            prop_assert_eq!(booked, twin.booked);
            prop_assert_eq!(oms.open_count(), twin.open().count());
            prop_assert_eq!(Side::BOTH.map(|side| oms.working(side).0), Side::BOTH.map(|side| twin.working(side)));
            let unknown = twin.open().filter(|order| order.state == OrderState::Unknown).count();
            prop_assert_eq!(oms.unknown_count(), unknown);
            for (id, order) in &twin.orders {
                let ours = oms.order(ClientOrderId(*id)).unwrap();
                prop_assert_eq!((ours.state, ours.filled), (order.state, order.filled));
            }
        }
        prop_assert_eq!((oms.open.capacity(), oms.done.capacity()), room, "nothing was allocated");
    }
}
