//! Queues of orders told by id: stories, and a twin that keeps them as lists.

use std::collections::BTreeMap;

use ballast_exchange::{CancelModel, FillSizes, FlowKind, OrderFlow};
use ballast_model::{FillReason, Side, UpdateId};
use proptest::prelude::*;

use crate::rig::{Rig, Told, row};

fn venue() -> Rig {
    Rig::with(|spec| spec.instruments[0].queue.cancels = CancelModel::Orders)
        .then_showing(&[(100, 30), (99, 20)], &[(200, 30)])
}

fn flow(kind: FlowKind, side: Side, level: (i64, i64), joined: u64) -> OrderFlow {
    OrderFlow { kind, side, level: row(level), joined: UpdateId(joined) }
}

fn traded(price: i64, lots: i64, joined: u64) -> OrderFlow {
    flow(FlowKind::Traded, Side::Bid, (price, lots), joined)
}

fn left(price: i64, lots: i64, joined: u64) -> OrderFlow {
    flow(FlowKind::Left, Side::Bid, (price, lots), joined)
}

#[test]
fn what_leaves_ahead_shortens_the_queue_and_what_leaves_behind_does_not() {
    let mut rig = venue();
    let before = rig.book_id();
    let id = rig.bid(100, 5);
    rig.orders(&[]);
    rig.diff(&[(100, 42)], &[]);
    let behind = rig.book_id();
    assert_eq!(rig.ahead(id), 30, "what joins is behind");
    rig.orders(&[left(100, 7, behind)]);
    rig.diff(&[(100, 35)], &[]);
    assert_eq!(rig.ahead(id), 30);
    rig.orders(&[left(100, 10, before), left(99, 10, before)]);
    rig.diff(&[(100, 25), (99, 10)], &[]);
    assert_eq!(rig.ahead(id), 20);
    rig.trade(Side::Bid, 100, 60);
    assert_eq!(rig.ahead(id), 20, "trades are told by the orders that rested");
    assert_eq!(rig.told(), [Told::Accepted(id)]);
}

#[test]
fn an_order_trades_where_one_behind_it_does_and_by_so_much() {
    let mut rig = venue();
    let before = rig.book_id();
    let (first, second, lower) = (rig.bid(100, 5), rig.bid(100, 4), rig.bid(98, 3));
    rig.diff(&[(100, 42)], &[]);
    let behind = rig.book_id();
    rig.hush();
    rig.orders(&[traded(100, 30, before)]);
    assert_eq!(rig.told(), [], "who traded was ahead");
    rig.orders(&[left(100, 30, before), traded(100, 2, behind)]);
    assert_eq!(rig.told(), [Told::Filled(first, 100, 2, FillReason::QueueExhausted)]);
    rig.orders(&[traded(100, 4, behind)]);
    let queue = FillReason::QueueExhausted;
    assert_eq!(rig.told(), [Told::Filled(first, 100, 3, queue), Told::Filled(second, 100, 1, queue)]);
    rig.orders(&[traded(99, 2, before)]);
    assert_eq!(rig.told(), [Told::Filled(second, 100, 2, FillReason::TradeThrough)]);
    rig.orders(&[traded(97, 9, before)]);
    let through = FillReason::TradeThrough;
    assert_eq!(rig.told(), [Told::Filled(second, 100, 1, through), Told::Filled(lower, 98, 3, through)]);
}

#[test]
fn the_deepest_queue_is_known_and_a_snapshot_is_all_ahead() {
    let mut rig = venue();
    let (deep, id) = (rig.bid(90, 5), rig.bid(100, 5));
    assert_eq!((rig.ahead(deep), rig.ahead(id)), (0, 30));
    rig.snapshot(&[(100, 50), (90, 4)], &[(200, 30)]);
    assert_eq!((rig.ahead(deep), rig.ahead(id)), (4, 50));
    let then = rig.book_id();
    rig.hush();
    rig.orders(&[traded(100, 20, then), left(100, 20, then)]);
    rig.diff(&[(100, 30)], &[]);
    assert_eq!((rig.ahead(id), rig.told()), (30, Vec::new()));
}

#[test]
fn updates_of_a_repetition_come_after_those_before() {
    let mut rig = venue();
    let before = rig.book_id();
    let id = rig.bid(100, 5);
    rig.hush();
    rig.orders_shifted(&[left(100, 10, before)], 1_000);
    assert_eq!(rig.ahead(id), 30);
    rig.orders_shifted(&[traded(100, 1, before)], 1_000);
    assert_eq!(rig.told(), [Told::Filled(id, 100, 1, FillReason::QueueExhausted)]);
}

#[test]
fn a_venue_that_fills_whole_orders_does_and_one_of_levels_hears_nothing() {
    let mut rig = venue();
    let mut whole = Rig::with(|spec| {
        spec.instruments[0].queue.cancels = CancelModel::Orders;
        spec.instruments[0].queue.fills = FillSizes::Whole;
    })
    .then_showing(&[(100, 30)], &[(200, 30)]);
    let mut levels = Rig::showing(&[(100, 30)], &[(200, 30)]);
    for (rig, lots) in [(&mut rig, Some(1)), (&mut whole, Some(5)), (&mut levels, None)] {
        let id = rig.bid(100, 5);
        rig.hush();
        rig.orders(&[traded(99, 1, 1)]);
        let filled = lots.map(|lots| Told::Filled(id, 100, lots, FillReason::TradeThrough));
        assert_eq!(rig.told(), filled.into_iter().collect::<Vec<_>>());
    }
}

/// Who stands in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    Other { id: u64, lots: i64, joined: u64 },
    Ours { id: u64, left: i64 },
}

/// The bids as lists, first come first.
#[derive(Default)]
struct Lists(BTreeMap<i64, Vec<Member>>);

impl Lists {
    fn shown(&self, price: i64) -> i64 {
        let lots = |member: &Member| if let Member::Other { lots, .. } = member { *lots } else { 0 };
        self.0.get(&price).into_iter().flatten().map(lots).sum()
    }

    fn find(&self, id: u64) -> Option<(i64, usize)> {
        let is = |member: &Member| matches!(member, Member::Other { id: other, .. } if *other == id);
        self.0.iter().find_map(|(price, list)| Some((*price, list.iter().position(is)?)))
    }

    /// Takes lots of an order away; tells what is told of it.
    fn reduce(&mut self, id: u64, by: i64) -> Option<OrderFlow> {
        let (price, place) = self.find(id)?;
        let list = self.0.get_mut(&price).unwrap();
        let Member::Other { lots, joined, .. } = &mut list[place] else { unreachable!() };
        let (by, joined) = (by.min(*lots), *joined);
        *lots -= by;
        if *lots == 0 {
            list.remove(place);
        }
        Some(left(price, by, joined))
    }

    /// An order of others trades; ours that the aggressor met before it have the trade.
    fn trade(&mut self, id: u64, lots: i64, filled: &mut Vec<(u64, i64, i64)>) -> OrderFlow {
        let (price, place) = self.find(id).unwrap();
        let Member::Other { joined, .. } = self.0[&price][place] else { unreachable!() };
        let mut free = lots;
        for (at, list) in self.0.range_mut(price..).rev() {
            let before = if *at == price { place } else { list.len() };
            for member in &mut list[..before] {
                if let Member::Ours { id, left } = member {
                    let ours = free.min(*left);
                    if ours > 0 {
                        filled.push((*id, *at, ours));
                    }
                    (*left, free) = (*left - ours, free - ours);
                }
            }
        }
        let has_ended = |member: &Member| matches!(member, Member::Ours { left: 0, .. });
        self.0.values_mut().for_each(|list| list.retain(|member| !has_ended(member)));
        traded(price, lots, joined)
    }

    /// Ours and what of others is ahead of each.
    fn ours(&self) -> BTreeMap<u64, i64> {
        let mut found = BTreeMap::new();
        for list in self.0.values() {
            let mut ahead = 0;
            for member in list {
                match member {
                    Member::Other { lots, .. } => ahead += lots,
                    Member::Ours { id, .. } => drop(found.insert(*id, ahead)),
                }
            }
        }
        found
    }
}

/// What others do; orders are chosen among those that stand.
#[derive(Clone, Copy, Debug)]
enum Act {
    Add(i64, i64),
    Cancel(usize),
    /// Smaller by this.
    Shrink(usize, i64),
    /// To this price and size, behind all others.
    Move(usize, i64, i64),
    /// A seller of so many lots, down to this price.
    Sell(i64, i64),
    /// Ours.
    Bid(i64, i64),
    /// Of ours.
    Withdraw(usize),
    /// The venue shows its book anew.
    Snapshot,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (95..100i64, 1..20i64).prop_map(|(price, lots)| Act::Add(price, lots)),
        3 => any::<usize>().prop_map(Act::Cancel),
        2 => (any::<usize>(), 1..9i64).prop_map(|(which, by)| Act::Shrink(which, by)),
        2 => (any::<usize>(), 95..100i64, 1..20i64).prop_map(|(which, price, lots)| Act::Move(which, price, lots)),
        3 => (95..100i64, 1..40i64).prop_map(|(price, lots)| Act::Sell(price, lots)),
        4 => (95..100i64, 1..15i64).prop_map(|(price, lots)| Act::Bid(price, lots)),
        1 => any::<usize>().prop_map(Act::Withdraw),
        1 => Just(Act::Snapshot),
    ]
}

/// The venue and the lists beside it.
struct Pair {
    rig: Rig,
    lists: Lists,
    others: u64,
    filled: Vec<(u64, i64, i64)>,
}

impl Pair {
    fn other(&self, which: usize) -> Option<u64> {
        let is = |member: &Member| if let Member::Other { id, .. } = member { Some(*id) } else { None };
        let ids: Vec<u64> = self.lists.0.values().flatten().filter_map(is).collect();
        ids.get(which % ids.len().max(1)).copied()
    }

    fn join(&mut self, price: i64, lots: i64) {
        let joined = self.rig.book_id() + 10;
        self.others += 1;
        let other = Member::Other { id: self.others, lots, joined };
        self.lists.0.entry(price).or_default().push(other);
    }

    /// What the venue is told of an act of others.
    fn flow(&mut self, act: Act) -> Vec<OrderFlow> {
        match act {
            Act::Add(price, lots) => {
                self.join(price, lots);
                Vec::new()
            }
            Act::Cancel(which) => {
                self.other(which).and_then(|id| self.lists.reduce(id, i64::MAX)).into_iter().collect()
            }
            Act::Shrink(which, by) => {
                self.other(which).and_then(|id| self.lists.reduce(id, by)).into_iter().collect()
            }
            Act::Move(which, price, lots) => {
                let Some(gone) = self.other(which).and_then(|id| self.lists.reduce(id, i64::MAX)) else {
                    return Vec::new();
                };
                self.join(price, lots);
                vec![gone]
            }
            Act::Sell(limit, mut lots) => {
                let mut told = Vec::new();
                while lots > 0 {
                    let first = |(price, list): (&i64, &Vec<Member>)| {
                        let other = |member: &Member| {
                            if let Member::Other { id, lots, .. } = member {
                                Some((*id, *lots))
                            } else {
                                None
                            }
                        };
                        (*price >= limit).then(|| list.iter().find_map(other)).flatten()
                    };
                    let Some((id, there)) = self.lists.0.iter().rev().find_map(first) else { break };
                    let by = lots.min(there);
                    told.push(self.lists.trade(id, by, &mut self.filled));
                    told.extend(self.lists.reduce(id, by));
                    lots -= by;
                }
                told
            }
            Act::Bid(..) | Act::Withdraw(_) | Act::Snapshot => Vec::new(),
        }
    }

    fn rows(&self) -> Vec<(i64, i64)> {
        (95..100).map(|price| (price, self.lists.shown(price))).collect()
    }

    fn step(&mut self, act: Act) {
        match act {
            Act::Bid(price, lots) if self.lists.ours().len() < 8 => {
                let id = self.rig.bid(price, lots);
                self.lists.0.entry(price).or_default().push(Member::Ours { id, left: lots });
            }
            Act::Withdraw(which) => {
                let ours = self.lists.ours();
                if let Some(id) = ours.keys().nth(which % ours.len().max(1)) {
                    self.rig.cancel(*id);
                    let is = |member: &Member| matches!(member, Member::Ours { id: ours, .. } if ours == id);
                    self.lists.0.values_mut().for_each(|list| list.retain(|member| !is(member)));
                }
            }
            Act::Snapshot => {
                let rows: Vec<_> = self.rows().into_iter().filter(|(_, lots)| *lots > 0).collect();
                self.rig.snapshot(&rows, &[(200, 30)]);
                self.lists.0.values_mut().for_each(|list| {
                    list.sort_by_key(|member| matches!(member, Member::Ours { .. }));
                });
            }
            Act::Bid(..) => {}
            Act::Add(..) | Act::Cancel(_) | Act::Shrink(..) | Act::Move(..) | Act::Sell(..) => {
                let flow = self.flow(act);
                self.rig.orders(&flow);
                let rows = self.rows();
                self.rig.diff(&rows, &[]);
            }
        }
    }
}

proptest! {
    #[test]
    fn the_venue_and_lists_of_orders_tell_the_same(acts in proptest::collection::vec(act(), 1..80)) {
        let rig = Rig::with(|spec| spec.instruments[0].queue.cancels = CancelModel::Orders)
            .then_showing(&[], &[(200, 30)]);
        let mut pair = Pair { rig, lists: Lists::default(), others: 0, filled: Vec::new() };
        for act in acts {
            pair.step(act);
            let fills = pair.rig.fills();
            let told: Vec<_> = fills
                .iter()
                .map(|fill| (fill.client_id.0, fill.level.price().0, fill.level.lots().0))
                .collect();
            prop_assert_eq!(told, std::mem::take(&mut pair.filled), "{:?}", act);
            for (id, ahead) in pair.lists.ours() {
                prop_assert_eq!(pair.rig.ahead(id), ahead, "{} after {:?}", id, act);
            }
        }
    }
}
