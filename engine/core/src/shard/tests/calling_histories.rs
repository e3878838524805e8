//! Random histories of a position that is hedged and closed: whatever fills, ends, is lost or comes late, one closes at a time and
//! never what may not be there; and once the world is quiet, nothing is left that the stages want gone.
//!
//! What is asserted is reckoned here from what the shard was told, order by order, apart from the core's own sums.

use alloc::vec::Vec;

use ballast_model::{
    BookLost, Command, Ending, Event, InstrumentId, LostReason, NewOrder, OrderReport, ReduceOnly, Side,
    Span, TimeInForce, VenueOrderId,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use super::calling::{leaning, moved, own};
use super::hedging::{PERP, SPOT, Story};
use crate::hedge::HedgeCalls;
use crate::shard::EXIT_RETRY;

/// Most that others' orders carry the spot position to, in lots: within all limits.
const MOVED_MAX: i64 = 60;
/// Largest order that the gates let pass.
const ORDER_MAX: i64 = 50;

/// An order as the venue has it, and as we were told of it.
#[derive(Clone, Copy, Debug)]
struct There {
    order: NewOrder,
    /// What may still trade; zero once it has ended.
    left: i64,
    /// Traded, and not told yet.
    late: i64,
    /// Traded, as far as we were told.
    heard: i64,
    /// We were told of its end, and how much it traded in all.
    ended: Option<i64>,
    cancelled: bool,
    /// We were told that nobody knows.
    unknown: bool,
}

impl There {
    fn new(order: NewOrder) -> Self {
        let left = order.lots.0;
        Self { order, left, late: 0, heard: 0, ended: None, cancelled: false, unknown: false }
    }

    fn takes(&self) -> bool {
        !self.order.tif.may_rest()
    }

    /// What may still change the position, by what we were told.
    fn open(&self) -> i64 {
        self.ended.unwrap_or(self.order.lots.0) - self.heard
    }

    fn misses_fills(&self) -> bool {
        self.ended.is_some() && self.open() > 0
    }
}

#[derive(Clone, Copy, Debug)]
enum Op {
    /// Somebody else's order on our spot account trades.
    Moves(Side, i64),
    /// A part of one of our orders trades; told at once, or later.
    Trades(usize, i64, bool),
    /// What traded before is told.
    Arrives(usize),
    /// An order ends where it may: asked to, or not able to rest. Another one is confirmed.
    Answers(usize),
    /// An answer is lost.
    Lost(usize),
    /// A book goes.
    Gone(InstrumentId),
    /// A book comes back, or moves.
    Book(InstrumentId, i64),
    Waits(i64),
}

fn op() -> impl Strategy<Value = Op> {
    let side = || prop_oneof![Just(Side::Bid), Just(Side::Ask)];
    let id = || prop_oneof![3 => Just(SPOT), 1 => Just(PERP)];
    prop_oneof![
        4 => (side(), 1..45i64).prop_map(|(side, lots)| Op::Moves(side, lots)),
        5 => (0..64usize, 1..40i64, any::<bool>()).prop_map(|(at, lots, late)| Op::Trades(at, lots, late)),
        2 => (0..64usize).prop_map(Op::Arrives),
        6 => (0..64usize).prop_map(Op::Answers),
        2 => (0..64usize).prop_map(Op::Lost),
        1 => id().prop_map(Op::Gone),
        2 => (id(), -20..20i64).prop_map(|(id, by)| Op::Book(id, by)),
        3 => (1..400i64).prop_map(Op::Waits),
    ]
}

struct World {
    story: Story,
    leans: bool,
    venue: Vec<There>,
    /// Twice the mids of spot and perpetual; `None` while there is no book.
    mids: [Option<i64>; 2],
    last_exit: Option<NewOrder>,
    exits: usize,
    hedges: usize,
}

impl World {
    fn new(leans: bool) -> Self {
        let story = if leans { leaning(true, true) } else { own(true, true) };
        let quote = |order: &crate::oms::Order| {
            There::new(NewOrder {
                instrument: SPOT,
                client_id: order.client_id,
                side: order.side,
                price: order.price,
                lots: order.lots,
                tif: order.tif,
                reduce_only: order.reduce_only,
                expires_at: order.sent_at,
            })
        };
        let venue = story.shard.orders(SPOT).unwrap().open_orders().map(quote).collect();
        let mids = [Some(20_000), Some(20_001)];
        Self { story, leans, venue, mids, last_exit: None, exits: 0, hedges: 0 }
    }

    /// What of ours may still change a position on a side.
    fn open(&self, id: InstrumentId, side: Side, which: impl Fn(&There) -> bool) -> i64 {
        let there = self.venue.iter().filter(|one| one.order.instrument == id && one.order.side == side);
        there.filter(|one| which(one)).map(There::open).sum()
    }

    /// What is booked and sales (on the ask) would reduce, of both instruments.
    fn booked(&self, side: Side) -> [i64; 2] {
        [SPOT, PERP].map(|id| -self.story.position(id).signed(side).0)
    }

    /// Looks at what was sent, in the moment before the venue has it.
    fn hear(&mut self, commands: &[Command]) {
        for command in commands {
            match command {
                Command::New(order) => {
                    match (order.instrument, order.tif) {
                        (PERP, _) => self.hedged(order),
                        (_, TimeInForce::ImmediateOrCancel) => self.closed(order),
                        (_, tif) => assert_eq!(tif, TimeInForce::PostOnly, "{order:?}"),
                    }
                    self.venue.push(There::new(*order));
                }
                Command::Cancel(cancel) => {
                    let it = self.venue.iter_mut().find(|one| one.order.client_id == cancel.client_id);
                    it.expect("one of ours").cancelled = true;
                }
                Command::Query(_) => {}
                Command::Replace(_) => panic!("{command:?}"),
            }
        }
    }

    /// What holds of every order that hedges. Quotes that stand may trade beside it: those are hedged when they have.
    fn hedged(&mut self, order: &NewOrder) {
        let side = order.side;
        assert!(!self.venue.iter().any(There::misses_fills), "{order:?}: nobody can say");
        assert_eq!(self.open(SPOT, side, There::takes), 0, "{order:?} while that is being closed");
        let [spot, perp] = self.booked(side);
        let surely = spot + perp - self.open(SPOT, side, |one| one.unknown) - self.open(PERP, side, |_| true);
        assert!(order.lots.0 <= surely, "{order:?} of {surely}");
        self.within(order, self.mids[1], 50);
        self.hedges += 1;
    }

    /// What holds of every order that closes.
    fn closed(&mut self, order: &NewOrder) {
        let side = order.side;
        assert_eq!(order.reduce_only, ReduceOnly::Yes, "{order:?}");
        let spot_known = !self.venue.iter().any(|one| one.order.instrument == SPOT && one.misses_fills());
        assert!(spot_known, "{order:?}: nobody can say");
        assert_eq!(self.open(PERP, side, |one| !one.unknown), 0, "{order:?} while that is being hedged");
        let [spot, perp] = self.booked(side);
        let surely = spot - self.open(SPOT, side, |_| true);
        assert!(order.lots.0 <= surely, "{order:?} of {surely}");
        let held = spot - self.open(SPOT, side, |one| one.unknown);
        let exposed = if self.leans { held + perp - self.open(PERP, side, |_| true) } else { held };
        assert!(exposed > 12, "{order:?}: the stage is left at {exposed}");
        if self.leans {
            let surely = surely + perp - self.open(PERP, side, |_| true);
            assert!(order.lots.0 <= surely, "{order:?} of {surely} that are not hedged");
        }
        self.within(order, self.mids[0], 50);
        let before = self.last_exit.replace(*order);
        let pause = before.map_or(EXIT_RETRY, |before| order.expires_at - before.expires_at);
        assert!(pause >= EXIT_RETRY, "{order:?} too soon");
        self.exits += 1;
    }

    /// Some size, no more than the gate lets pass, and no further through the mid than so many basis points.
    fn within(&self, order: &NewOrder, mid: Option<i64>, bps: i64) {
        let mid = mid.unwrap_or_else(|| panic!("{order:?} without a book"));
        assert!((1..=ORDER_MAX).contains(&order.lots.0), "{order:?}");
        let through = (2 * order.price.0 - mid) * order.side.sign();
        assert!(through * 10_000 <= mid * bps, "{order:?} at a mid of {mid} halves");
    }

    fn choose(&self, at: usize, which: impl Fn(&There) -> bool) -> Option<usize> {
        let chosen: Vec<_> = (0..self.venue.len()).filter(|index| which(&self.venue[*index])).collect();
        chosen.get(at.checked_rem(chosen.len())?).copied()
    }

    fn report(&mut self, index: usize, report: OrderReport) {
        let NewOrder { instrument, client_id, .. } = self.venue[index].order;
        let commands = self.story.report(instrument, client_id, report);
        self.hear(&commands);
    }

    fn tell_fill(&mut self, index: usize, lots: i64) {
        let it = &mut self.venue[index];
        it.heard += lots;
        if it.heard == it.order.lots.0 {
            it.unknown = false;
        }
        let order = it.order;
        let commands = self.story.fill(&order, lots);
        self.hear(&commands);
    }

    fn trade(&mut self, index: usize, lots: i64, late: bool) {
        let it = &mut self.venue[index];
        it.left -= lots;
        if late { it.late += lots } else { self.tell_fill(index, lots) }
    }

    fn arrive(&mut self, index: usize) {
        let lots = core::mem::take(&mut self.venue[index].late);
        self.tell_fill(index, lots);
    }

    /// The venue says that an order has ended, or that it has it.
    fn answer(&mut self, index: usize) {
        let it = &mut self.venue[index];
        it.unknown = false;
        if it.cancelled || it.takes() {
            let filled = it.heard + it.late;
            (it.left, it.ended) = (0, Some(filled));
            let how = if it.cancelled { Ending::Cancelled } else { Ending::Expired };
            self.report(index, OrderReport::Ended { how, filled: ballast_model::Lots(filled) });
        } else {
            let id = VenueOrderId(it.order.client_id.0);
            self.report(index, OrderReport::Accepted(id));
        }
    }

    fn book(&mut self, id: InstrumentId, by: i64) {
        let (bid, ask) = if id == SPOT { (9_990 + by, 10_010 + by) } else { (10_000 + by, 10_001 + by) };
        self.mids[id.index()] = Some(bid + ask);
        let commands = self.story.book(id, bid, ask);
        self.hear(&commands);
    }

    fn wait(&mut self, millis: i64) -> bool {
        let commands = self.story.wait(Span::from_millis(millis));
        self.hear(&commands);
        commands.is_empty()
    }

    fn step(&mut self, op: Op) {
        let told = |one: &There| one.ended.is_none() && one.open() > 0;
        match op {
            Op::Moves(side, lots) => {
                let after = self.story.position(SPOT).0 + lots * side.sign();
                if after.abs() <= MOVED_MAX {
                    let commands = moved(&mut self.story, side, lots);
                    self.hear(&commands);
                }
            }
            Op::Trades(at, lots, late) => {
                if let Some(index) = self.choose(at, |one| one.left > 0) {
                    self.trade(index, lots.min(self.venue[index].left), late);
                }
            }
            Op::Arrives(at) => {
                if let Some(index) = self.choose(at, |one| one.late > 0) {
                    self.arrive(index);
                }
            }
            Op::Answers(at) => {
                if let Some(index) = self.choose(at, told) {
                    self.answer(index);
                }
            }
            Op::Lost(at) => {
                if let Some(index) = self.choose(at, told) {
                    self.venue[index].unknown = true;
                    self.report(index, OrderReport::FateUnknown);
                }
            }
            Op::Gone(instrument) => {
                self.mids[instrument.index()] = None;
                let reason = LostReason::Gap;
                let commands = self.story.tell(&Event::BookLost(BookLost { instrument, reason }));
                self.hear(&commands);
            }
            Op::Book(id, by) => self.book(id, by),
            Op::Waits(millis) => {
                self.wait(millis);
            }
        }
    }

    /// All books are there, all is told, and what closes or hedges finds somebody to trade with.
    fn calm_down(&mut self) {
        self.book(SPOT, 0);
        self.book(PERP, 0);
        for _ in 0..50 {
            for index in 0..self.venue.len() {
                let it = self.venue[index];
                if it.late > 0 {
                    self.arrive(index);
                }
                let trades = it.takes() || it.order.instrument == PERP;
                if it.left > 0 && trades && !it.cancelled && !it.unknown {
                    self.trade(index, it.left, false);
                } else if it.ended.is_none() && it.left > 0 {
                    self.answer(index);
                }
            }
            let quiet = self.wait(150) & self.wait(150);
            let rests = |one: &There| one.order.instrument == SPOT && !one.takes() && !one.cancelled;
            if quiet && self.venue.iter().all(|one| one.left == 0 || rests(one)) {
                return;
            }
        }
        panic!("no end of it: {:?}", self.venue.last());
    }

    /// What holds once nothing moves any more.
    fn check_calm(&self) {
        let [spot, perp] = self.booked(Side::Ask);
        let lane = &self.story.shard.lanes[0];
        assert_eq!(lane.to_liquidate(), None, "{spot} and {perp}");
        assert!((spot + perp).abs() <= 5, "{spot} and {perp} beyond the band");
        let mut calls = HedgeCalls::default();
        lane.add_calls(&mut calls, self.story.now);
        assert_eq!(calls.yields, [false; 2], "{spot} and {perp}");
        for side in Side::BOTH {
            let open: i64 = self.booked(side).iter().sum();
            assert!(!calls.work[side.index()] || open <= 1, "{spot} and {perp} are called for");
        }
        let exposed = if self.leans { spot + perp } else { spot };
        assert!(exposed.abs() < 30, "{spot} and {perp}");
        assert!(exposed.abs() < 10 || calls.work != [false; 2], "{spot} and {perp}");
    }
}

fn play(leans: bool, ops: &[Op]) -> World {
    let mut world = World::new(leans);
    ops.iter().for_each(|op| world.step(*op));
    world.calm_down();
    world.check_calm();
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn one_closes_at_a_time_and_never_a_phantom(
        leans in any::<bool>(), ops in prop::collection::vec(op(), 1..16),
    ) {
        play(leans, &ops);
    }
}

/// The histories above are about something: positions are closed and hedged in many of them.
#[test]
fn the_histories_close_and_hedge() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for leans in [false, true] {
        let (mut exits, mut hedges) = (0, 0);
        for _ in 0..100 {
            let ops = prop::collection::vec(op(), 15).new_tree(&mut runner).unwrap().current();
            let world = play(leans, &ops);
            (exits, hedges) = (exits + world.exits, hedges + world.hedges);
        }
        assert!(exits > 50 && hedges > 100, "{exits} and {hedges}");
    }
}
