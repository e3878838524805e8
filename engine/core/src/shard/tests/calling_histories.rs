//! Random histories of a position that is hedged and closed: one closes at a time, and never what may not be there.

use alloc::vec::Vec;

use ballast_model::{
    BookLost, Command, Event, InstrumentId, LostReason, NewOrder, OrderReport, Side, Span, VenueOrderId,
};
use proptest::prelude::*;

use super::calling::{leaning, moved, own};
use super::hedging::{PERP, SPOT, Story};

/// An order as the venue has it.
#[derive(Clone, Copy, Debug)]
struct There {
    order: NewOrder,
    /// What may still trade; zero once it has ended.
    left: i64,
    cancelled: bool,
    /// We have been told that nobody knows.
    unknown: bool,
}

#[derive(Clone, Debug)]
enum Op {
    /// Somebody else's order on our spot account trades.
    Moves(bool, i64),
    /// A part of one of our orders trades.
    Trades(usize, i64),
    /// An order ends, where it may: asked to, or not able to rest.
    Ends(usize),
    /// An answer is lost.
    Lost(usize),
    /// The spot book goes, and comes back at another price.
    Book(bool, i64),
    Waits(i64),
}

fn ops() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => (any::<bool>(), 1..25i64).prop_map(|(long, lots)| Op::Moves(long, lots)),
        4 => (any::<prop::sample::Index>(), 1..40i64).prop_map(|(at, lots)| Op::Trades(at.index(64), lots)),
        6 => any::<prop::sample::Index>().prop_map(|at| Op::Ends(at.index(64))),
        1 => any::<prop::sample::Index>().prop_map(|at| Op::Lost(at.index(64))),
        2 => (any::<bool>(), -20..20i64).prop_map(|(back, by)| Op::Book(back, by)),
        3 => (1..400i64).prop_map(Op::Waits),
    ]
}

struct World {
    story: Story,
    leans: bool,
    venue: Vec<There>,
    exits: usize,
}

impl World {
    fn new(leans: bool) -> Self {
        let story = if leans { leaning(true, true) } else { own(true, true) };
        let open = [SPOT, PERP].into_iter().flat_map(|id| story.shard.orders(id).unwrap().open_orders());
        let venue = open.map(|order| There {
            order: NewOrder {
                instrument: SPOT,
                client_id: order.client_id,
                side: order.side,
                price: order.price,
                lots: order.lots,
                tif: order.tif,
                reduce_only: order.reduce_only,
                expires_at: order.sent_at,
            },
            left: order.lots.0,
            cancelled: false,
            unknown: false,
        });
        let venue = venue.collect();
        Self { story, leans, venue, exits: 0 }
    }

    /// What of ours may still trade on a side.
    fn open(&self, on: &[InstrumentId], side: Side, which: impl Fn(&There) -> bool) -> i64 {
        let there =
            self.venue.iter().filter(|one| on.contains(&one.order.instrument) && one.order.side == side);
        there.filter(|one| which(one)).map(|one| one.left).sum()
    }

    /// Looks at what was sent, in the moment before the venue has it.
    fn hear(&mut self, commands: &[Command]) {
        for command in commands {
            match command {
                Command::New(order) => self.sent(order),
                Command::Cancel(cancel) => {
                    let it = self.venue.iter_mut().find(|one| one.order.client_id == cancel.client_id);
                    it.expect("one of ours").cancelled = true;
                }
                Command::Replace(_) | Command::Query(_) => {}
            }
        }
    }

    fn sent(&mut self, order: &NewOrder) {
        let (side, lots) = (order.side, order.lots.0);
        let takes = |one: &There| !one.order.tif.may_rest();
        let of_hedge = |one: &There| !one.unknown;
        if order.instrument == PERP {
            assert_eq!(self.open(&[SPOT], side, takes), 0, "hedged while it is being closed: {order:?}");
        } else if !order.tif.may_rest() {
            self.exits += 1;
            assert_eq!(self.open(&[PERP], side, of_hedge), 0, "closed while it is being hedged: {order:?}");
            assert_eq!(self.open(&[SPOT], side, takes), 0, "closed twice: {order:?}");
            let held = -self.story.position(SPOT).signed(side).0;
            let at_most = lots + self.open(&[SPOT], side, |_| true);
            assert!(at_most <= held, "{order:?} could turn a position of {held}");
            let open = held - self.story.position(PERP).signed(side).0;
            let at_most = at_most + self.open(&[PERP], side, |_| true);
            assert!(!self.leans || at_most <= open, "{order:?} could turn what is open, {open}");
        }
        let (order, left) = (*order, lots);
        self.venue.push(There { order, left, cancelled: false, unknown: false });
    }

    fn alive(&self, at: usize) -> Option<usize> {
        let alive: Vec<_> = (0..self.venue.len()).filter(|index| self.venue[*index].left > 0).collect();
        alive.get(at.checked_rem(alive.len())?).copied()
    }

    fn report(&mut self, index: usize, report: OrderReport) {
        let NewOrder { instrument, client_id, .. } = self.venue[index].order;
        let commands = self.story.report(instrument, client_id, report);
        self.hear(&commands);
    }

    fn step(&mut self, op: &Op) {
        let commands = match *op {
            Op::Moves(long, lots) => moved(&mut self.story, if long { Side::Bid } else { Side::Ask }, lots),
            Op::Trades(at, lots) => {
                let Some(index) = self.alive(at) else { return };
                let There { order, left, .. } = self.venue[index];
                let lots = lots.min(left);
                self.venue[index].left -= lots;
                self.story.fill(&order, lots)
            }
            Op::Ends(at) => {
                let Some(index) = self.alive(at) else { return };
                let There { order, cancelled, .. } = self.venue[index];
                let report = match (cancelled, order.tif.may_rest()) {
                    (true, _) => OrderReport::Cancelled,
                    (false, false) => OrderReport::Expired,
                    (false, true) => OrderReport::Accepted(VenueOrderId(order.client_id.0)),
                };
                if cancelled || !order.tif.may_rest() {
                    self.venue[index].left = 0;
                }
                self.venue[index].unknown = false;
                return self.report(index, report);
            }
            Op::Lost(at) => {
                let Some(index) = self.alive(at) else { return };
                self.venue[index].unknown = true;
                return self.report(index, OrderReport::FateUnknown);
            }
            Op::Book(true, by) => self.story.book(SPOT, 9_990 + by, 10_010 + by),
            Op::Book(false, _) => {
                self.story.tell(&Event::BookLost(BookLost { instrument: SPOT, reason: LostReason::Gap }))
            }
            Op::Waits(millis) => self.story.wait(Span::from_millis(millis)),
        };
        self.hear(&commands);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn one_closes_at_a_time_and_never_a_phantom(
        leans in any::<bool>(), ops in prop::collection::vec(ops(), 1..40),
    ) {
        let mut world = World::new(leans);
        for op in &ops {
            world.step(op);
        }
    }
}

#[test]
fn the_histories_close_positions() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut exits = 0;
    for leans in [false, true] {
        for _ in 0..200 {
            let ops = prop::collection::vec(ops(), 40).new_tree(&mut runner).unwrap().current();
            let mut world = World::new(leans);
            ops.iter().for_each(|op| world.step(op));
            exits += world.exits;
        }
    }
    assert!(exits > 200, "{exits}");
}
