//! Two shards that share limits over links that lose, double and delay, one of which may come back without its memory.
//!
//! What both use is added up here anew, from the orders that left and the trades that happened.

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::{
    BookBegin, BookKind, BudgetGrant, BudgetKind, BudgetReport, ClientOrderId, Command, Event, Fill, Last,
    Lots, Nanos, NewOrder, OrderReport, OrderUpdate, ShardId, Side, Span, Ticker, TradeId, UpdateId,
    VenueOrderId,
};

use super::desk::{Desk, ETH, lane, level, quoting, slot};
use super::together::risk;
use crate::budget::{Coordinator, Heard};
use crate::gate::Rule;
use crate::gate::dice::Dice;
use crate::gate::portfolio::{BudgetSpec, BudgetsError, BudgetsSpec};
use crate::outbox::Outbox;
use crate::shard::{LaneError, RiskError, Shard, ShardSpec};

const CASES: u64 = 10_000;
const STEPS: usize = 40;
const MID: i64 = 10_005;
/// One lot at one tick, 10⁻¹⁸ of the account currency.
const UNIT: u128 = 10_000_000_000_000;
/// Thirty lots for both, where each alone would hold up to forty.
const GROSS_MAX: u128 = 30 * MID as u128 * UNIT;
/// Orders of both within a second.
const ORDERS_MAX: u128 = 9;

fn spec(shard: u16, epoch: u32) -> ShardSpec {
    let budgets = [Some(MID as u128 * UNIT * 5), None, Some(2), None];
    let budgets = budgets.map(|step| step.map(|step| BudgetSpec { step }));
    let (gap, repeat) = (Span::from_millis(10), Span::from_millis(500));
    let mut risk = risk();
    risk.members.truncate(1);
    risk.maintenance.truncate(1);
    risk.budgets = Some(BudgetsSpec { shard: ShardId(shard), budgets, gap, repeat });
    ShardSpec {
        epoch,
        lanes: vec![lane(&quoting())],
        hedges: Vec::new(),
        portfolio: Some(risk),
        arbitrage: None,
    }
}

#[derive(Clone, Copy)]
enum Message {
    Grant(BudgetGrant),
    Report(BudgetReport),
}

/// One shard, and what is known of it outside.
struct Party {
    shard: Shard,
    epoch: u32,
    position: i64,
    open: Vec<(NewOrder, i64)>,
}

impl Party {
    fn new(shard: u16, epoch: u32, position: i64) -> Self {
        Self { shard: Shard::new(&spec(shard, epoch)).unwrap(), epoch, position, open: Vec::new() }
    }

    fn working(&self, side: Side) -> i64 {
        self.open.iter().filter(|(order, _)| order.side == side).map(|(_, left)| left).sum()
    }

    /// Lots at the worse end.
    fn worst(&self) -> u128 {
        let [up, down] = [self.position + self.working(Side::Bid), self.position - self.working(Side::Ask)];
        up.unsigned_abs().max(down.unsigned_abs()).into()
    }
}

struct World {
    sides: [Party; 2],
    coordinators: [(BudgetKind, Coordinator); 2],
    under_way: Vec<Message>,
    dice: Dice,
    now: Nanos,
    out: Outbox,
    /// When adding orders left.
    sent: Vec<Nanos>,
    count: u64,
    most: u128,
}

impl World {
    fn new(seed: u64) -> Self {
        let coordinator = |limit| Coordinator::new(limit, 2).unwrap();
        let sides = [0, 1].map(|shard| Party::new(shard, 1, 0));
        let out = Outbox::new(sides[0].shard.commands_per_event_max());
        let mut world = Self {
            sides,
            coordinators: [
                (BudgetKind::Gross, coordinator(GROSS_MAX)),
                (BudgetKind::OrderRate, coordinator(ORDERS_MAX)),
            ],
            under_way: Vec::new(),
            dice: Dice(seed),
            now: Nanos::from_millis(1_000),
            out,
            sent: Vec::new(),
            count: 0,
            most: 0,
        };
        world.snapshot(0);
        world.snapshot(1);
        world
    }

    /// Links work for a while.
    fn calm(&mut self, rounds: usize) {
        for _ in 0..rounds {
            self.now = self.now + Span::from_millis(100);
            for place in [0, 1] {
                self.tell(place, &Event::Timer);
                self.touch(place);
            }
            self.send_grants();
            while !self.under_way.is_empty() {
                self.deliver();
            }
        }
    }

    fn tell(&mut self, place: usize, event: &Event) {
        self.out.clear();
        let side = &mut self.sides[place];
        side.shard.on_event(event, self.now, &mut self.out);
        for command in self.out.commands() {
            let Command::New(order) = command else { continue };
            let sign = order.side.sign();
            if (side.position + sign * (side.working(order.side) + order.lots.0)) * sign > 0 {
                self.sent.push(self.now);
            }
            side.open.push((*order, order.lots.0));
        }
        self.under_way.extend(self.out.reports().iter().map(|report| Message::Report(*report)));
        self.check();
    }

    fn check(&mut self) {
        let gross = self.sides.iter().map(Party::worst).sum::<u128>() * MID as u128 * UNIT;
        assert!(gross <= GROSS_MAX, "{gross} in use");
        let recent = self.sent.iter().filter(|at| self.now - **at < Span::from_secs(1)).count();
        assert!(recent as u128 <= ORDERS_MAX, "{recent} orders within a second");
        self.most = self.most.max(gross);
    }

    fn snapshot(&mut self, place: usize) {
        let (update_id, time) = (UpdateId(1), self.now);
        let begin = BookBegin {
            instrument: ETH,
            kind: BookKind::Snapshot,
            levels: 2,
            update_id,
            venue_time: time,
            recv_time: time,
        };
        self.tell(place, &Event::BookBegin(begin));
        self.tell(place, &slot(ETH, Side::Bid, MID - 5, Last::No));
        self.tell(place, &slot(ETH, Side::Ask, MID + 5, Last::Yes));
    }

    fn step(&mut self) {
        self.count += 1;
        self.now.0 += self.dice.from(0, 80_000_000);
        let place = self.dice.below(2);
        match self.dice.from(0, 30) {
            0..=3 => self.touch(place),
            4..=9 => self.trade(place),
            10..=12 => self.report(place),
            13 | 14 => self.tell(place, &Event::Timer),
            15..=17 => self.send_grants(),
            18..=26 => self.deliver(),
            27 => {
                if let Some(message) = self.pick() {
                    let message = self.under_way[message];
                    self.arrive(message);
                }
            }
            28 => {
                if let Some(message) = self.pick() {
                    self.under_way.swap_remove(message);
                }
            }
            _ if self.dice.once_in(3) => self.restart(place),
            _ => {}
        }
    }

    /// The mid stays where it is: what a market moves is nobody's order.
    fn touch(&mut self, place: usize) {
        let half = self.dice.from(1, 8);
        let (venue_time, recv_time) = (self.now, self.now);
        let (bid, ask) = (level(MID - half, 500), level(MID + half, 500));
        let update_id = UpdateId(1 + self.count);
        let ticker = Ticker { instrument: ETH, update_id, bid, ask, venue_time, recv_time };
        self.tell(place, &Event::Ticker(ticker));
    }

    fn trade(&mut self, place: usize) {
        let count = self.sides[place].open.len();
        if count == 0 {
            return;
        }
        let at = self.dice.below(count);
        let side = &mut self.sides[place];
        let (order, left) = side.open[at];
        let lots = self.dice.from(1, left);
        side.open[at].1 -= lots;
        if lots == left {
            side.open.swap_remove(at);
        }
        side.position += order.side.sign() * lots;
        let fill = self.fill(order.side, order.price.0, lots, order.client_id);
        self.tell(place, &Event::Fill(fill));
    }

    fn fill(&self, side: Side, price: i64, lots: i64, client_id: ClientOrderId) -> Fill {
        let trade_id = TradeId(self.count);
        Fill { level: level(price, lots), client_id, trade_id, ..Desk::fill_at(self.now, side) }
    }

    fn report(&mut self, place: usize) {
        let count = self.sides[place].open.len();
        if count == 0 {
            return;
        }
        let at = self.dice.below(count);
        let (order, _) = self.sides[place].open[at];
        let report = if self.dice.once_in(2) {
            self.sides[place].open.swap_remove(at);
            OrderReport::Expired
        } else {
            OrderReport::Accepted(VenueOrderId(order.client_id.0))
        };
        let (client_id, venue_time) = (order.client_id, self.now);
        self.tell(place, &Event::Order(OrderUpdate { instrument: ETH, client_id, report, venue_time }));
    }

    fn send_grants(&mut self) {
        for (kind, coordinator) in &self.coordinators {
            let grants = coordinator.unanswered().map(|grant| BudgetGrant { kind: *kind, grant });
            self.under_way.extend(grants.map(Message::Grant));
        }
    }

    fn pick(&mut self) -> Option<usize> {
        let count = self.under_way.len();
        (count > 0).then(|| self.dice.below(count))
    }

    fn deliver(&mut self) {
        if let Some(message) = self.pick() {
            let message = self.under_way.swap_remove(message);
            self.arrive(message);
        }
    }

    fn arrive(&mut self, message: Message) {
        match message {
            Message::Grant(grant) => self.tell(usize::from(grant.grant.shard.0), &Event::Grant(grant)),
            Message::Report(BudgetReport { kind, report }) => {
                let (_, coordinator) = self.coordinators.iter_mut().find(|(one, _)| *one == kind).unwrap();
                let heard = coordinator.on_report(&report);
                assert!(!matches!(heard, Heard::Contradiction | Heard::UnknownShard), "{heard:?}");
            }
        }
    }

    /// A shard dies, the venue cancels its orders, and it comes back under a new epoch and is told its position.
    fn restart(&mut self, place: usize) {
        let Party { epoch, position, .. } = self.sides[place];
        self.sides[place] = Party::new(u16::try_from(place).unwrap(), epoch + 1, position);
        if position != 0 {
            let side = if position > 0 { Side::Bid } else { Side::Ask };
            let fill = self.fill(side, MID, position.abs(), ClientOrderId::FOREIGN);
            self.tell(place, &Event::Fill(fill));
        }
        self.snapshot(place);
    }
}

#[test]
fn two_shards_never_use_more_than_the_limits_they_share() {
    let (mut refused, mut near, mut sent) = ([0; 2], 0, 0);
    for seed in 0..CASES {
        let mut world = World::new(seed);
        if seed % 2 == 0 {
            world.calm(11);
        }
        for _ in 0..STEPS {
            world.step();
        }
        for side in &world.sides {
            let gate = side.shard.gate(ETH).unwrap();
            refused[0] += gate.refusals(Rule::BudgetGross);
            refused[1] += gate.refusals(Rule::BudgetOrders);
        }
        near += u64::from(world.most * 10 >= GROSS_MAX * 6);
        sent += world.sent.len() as u64;
    }
    let met = refused.iter().all(|count| *count > CASES) && near > CASES / 10 && sent > CASES;
    assert!(met, "{refused:?} refused, {near} near the limit, {sent} sent");
}

#[test]
fn links_that_work_give_each_shard_what_it_needs() {
    let mut world = World::new(1);
    world.calm(20);
    for side in &world.sides {
        assert_eq!(side.shard.orders(ETH).unwrap().working(Side::Bid), Lots(10));
        assert_eq!(side.shard.orders(ETH).unwrap().working(Side::Ask), Lots(10));
    }
    assert!(world.coordinators.iter().all(|(_, coordinator)| coordinator.unanswered().count() == 0));
}

#[test]
fn a_shard_without_an_epoch_has_no_budgets() {
    let error = LaneError::Risk(RiskError::Budgets(BudgetsError::Epoch));
    assert_eq!(Shard::new(&spec(0, 0)).err(), Some((0, error)));
}
