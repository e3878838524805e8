//! Any events in any order: the sums of the manager are those of a list that forgets nothing.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use ballast_model::LOTS_MAX;

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
    Replace(u64, i64, i64),
    Query(u64),
    Report(u64, OrderReport),
    Fill { id: u64, side: Side, lots: i64, trade: u64, reason: FillReason },
}

fn reports() -> impl Strategy<Value = OrderReport> {
    let sizes = prop_oneof![20 => 1..25i64, 1 => Just(0), 1 => Just(LOTS_MAX)];
    let level = (9_990..10_010i64, sizes).prop_map(|(price, lots)| level(price, lots));
    let filled = prop_oneof![20 => 0..12i64, 1 => Just(i64::MIN), 1 => Just(i64::MAX)];
    let reason = prop_oneof![
        Just(RejectReason::Other),
        Just(RejectReason::DuplicateId),
        Just(RejectReason::UnknownOrder),
        Just(RejectReason::RateLimit)
    ];
    let how = prop_oneof![
        Just(Ending::Filled),
        Just(Ending::Cancelled),
        Just(Ending::Expired),
        Just(Ending::Rejected(RejectReason::Other)),
        Just(Ending::Lost)
    ];
    prop_oneof![
        5 => Just(OrderReport::Accepted(VenueOrderId(1))),
        1 => reason.clone().prop_map(OrderReport::Rejected),
        1 => Just(OrderReport::Cancelled),
        1 => Just(OrderReport::Expired),
        1 => reason.clone().prop_map(OrderReport::CancelRejected),
        1 => reason.prop_map(OrderReport::ReplaceRejected),
        1 => Just(OrderReport::NotSent),
        1 => Just(OrderReport::FateUnknown),
        2 => (level.clone(), filled.clone()).prop_map(|(level, filled)| replaced(level, filled)),
        2 => (level, filled.clone(), 0..3u16).prop_map(|(level, filled, query)| OrderReport::Working {
            venue_id: VenueOrderId(1),
            level,
            filled: Lots(filled),
            query,
        }),
        1 => (how, filled).prop_map(|(how, filled)| ended(how, filled)),
        1 => (0..3u16).prop_map(|query| OrderReport::NotFound { query }),
    ]
}

fn ops() -> impl Strategy<Value = Vec<(i64, Op)>> {
    let side = prop_oneof![Just(Side::Bid), Just(Side::Ask)];
    let reason = prop_oneof![9 => Just(FillReason::Venue), 1 => Just(FillReason::Liquidation)];
    let fill_sizes = prop_oneof![20 => 1..12i64, 1 => Just(LOTS_MAX)];
    let id = 1..16u64;
    let op = prop_oneof![
        3 => (side.clone(), 5..20i64).prop_map(|(side, lots)| Op::Insert(side, lots)),
        2 => id.clone().prop_map(Op::Cancel),
        2 => (id.clone(), 9_990..10_010i64, 6..25i64).prop_map(|(id, price, lots)| Op::Replace(id, price, lots)),
        1 => id.clone().prop_map(Op::Query),
        6 => (id.clone(), reports()).prop_map(|(id, report)| Op::Report(id, report)),
        5 => (id, side, fill_sizes, 1..60u64, reason)
            .prop_map(|(id, side, lots, trade, reason)| Op::Fill { id, side, lots, trade, reason }),
    ];
    let pause = prop_oneof![5 => 0..100i64, 1 => Just(SETTLE.0)];
    prop::collection::vec((pause, op), 0..60)
}

/// What may still trade, spelled out.
fn may_trade(order: &Order) -> i64 {
    let missing = if order.reported > order.filled { order.reported.0 - order.filled.0 } else { 0 };
    let traded = order.filled.0.max(order.reported.0);
    let sizes = [Some(order.lots.0), order.amendment.map(|aim| aim.lots.0)];
    let left = sizes.into_iter().flatten().map(|lots| lots - traded).max().unwrap().max(0);
    if matches!(order.state, OrderState::Done(_)) { missing } else { left + missing }
}

impl Twin {
    fn open(&self) -> impl Iterator<Item = &Order> {
        let open = |order: &&Order| !order.state.is_done() || order.reported > order.filled;
        self.orders.values().filter(open)
    }

    fn sums(&self) -> (usize, [i64; 2], usize, usize) {
        let side = |side| self.open().filter(|order| order.side == side).map(may_trade).sum();
        let unknown = self.open().filter(|order| order.state == OrderState::Unknown).count();
        let missing = self.orders.values().filter(|order| order.reported > order.filled).count();
        (self.open().count(), Side::BOTH.map(side), unknown, missing)
    }

    fn fill(&mut self, fill: &Fill, now: Nanos) {
        if !self.trades.insert(fill.trade_id.0) {
            return;
        }
        self.booked += fill.side.sign() * fill.level.lots().0;
        if fill.reason != FillReason::Venue {
            return;
        }
        if let Some(order) = self.orders.get_mut(&fill.client_id.0).filter(|order| order.side == fill.side) {
            let after = order.after_fill(fill.level.lots(), now);
            assert_eq!(after.filled, order.filled + fill.level.lots());
            *order = after;
        }
    }
}

fn play(ops: Vec<(i64, Op)>) -> Result<(), TestCaseError> {
    let (mut oms, mut twin) = (oms(), Twin::default());
    let room = (oms.open.capacity(), oms.done.capacity());
    let (mut next_id, mut booked, mut now) = (1, 0, Nanos(0));
    for (pause, op) in ops {
        now = now + Span(pause);
        match op {
            Op::Insert(side, lots) => {
                let proof = checked(order(next_id, side, 10_000, lots));
                prop_assert_eq!(oms.insert(&proof, now).is_ok(), twin.open().count() < CAPACITY);
                if let Some(order) = oms.order(ClientOrderId(next_id)) {
                    twin.orders.insert(next_id, order);
                    next_id += 1;
                }
            }
            Op::Cancel(id) => {
                let after = twin.orders.get(&id).map(|order| order.after(Input::CancelSent, now));
                let moved = after.is_some_and(|after| after.state != twin.orders[&id].state);
                prop_assert_eq!(oms.request_cancel(ClientOrderId(id), now).is_some(), moved);
                after.filter(|_| moved).map(|after| twin.orders.insert(id, after));
            }
            Op::Replace(id, price, lots) => {
                let before = twin.orders.get(&id).copied();
                if replace(&mut oms, id, price, lots, now).is_ok() {
                    prop_assert_eq!(before.unwrap().state, OrderState::Live);
                    twin.orders.insert(id, oms.order(ClientOrderId(id)).unwrap());
                }
            }
            Op::Query(id) => {
                if oms.request_query(ClientOrderId(id), now).is_some() {
                    twin.orders.insert(id, oms.order(ClientOrderId(id)).unwrap());
                }
            }
            Op::Report(id, what) => {
                report_at(&mut oms, id, what, now);
                twin.orders.entry(id).and_modify(|order| *order = order.after_report(what, now));
            }
            Op::Fill { id, side, lots, trade, reason } => {
                let fill = Fill { reason, ..fill_of(id, side, lots, trade) };
                if oms.on_fill(&fill, now).must_book() {
                    booked += side.sign() * lots;
                }
                twin.fill(&fill, now);
            }
        }
        prop_assert_eq!(booked, twin.booked);
        let working = Side::BOTH.map(|side| oms.working(side).0);
        let sums = (oms.open_count(), working, oms.unknown_count(), oms.missing_fills().orders);
        prop_assert_eq!(sums, twin.sums());
        for (id, order) in &twin.orders {
            prop_assert_eq!(oms.order(ClientOrderId(*id)), Some(*order));
        }
    }
    prop_assert_eq!((oms.open.capacity(), oms.done.capacity()), room, "nothing was allocated");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn the_manager_is_its_twin(ops in ops()) {
        play(ops)?;
    }
}
