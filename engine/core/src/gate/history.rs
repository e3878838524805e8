//! Whatever happens between us and a venue, the position stays within its limit and can be reduced.
//!
//! Orders, cancels, reports and fills travel through queues to a small venue that knows the truth: replies get lost, cancels
//! overtake their orders, trades are reported twice. What counts is the *true* position if everything that rests at the
//! venue, or is on its way there, trades at the worst moment.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use ballast_model::{
    AssetId, Cancel, ClientOrderId, Command, Fill, FillReason, HalfTicks, Liquidity, Lots, OrderReport,
    OrderUpdate, PackedLevel, Price, RejectReason, Side, Span, TradeId, VenueOrderId,
};
use proptest::prelude::*;

use super::dice::Dice;
use super::fixture::{INSTRUMENT, limits, order, spec};
use super::*;
use crate::ledger::Ledger;
use crate::oms::{FillOutcome, Oms, OrderState};

const PRICE: i64 = 10_000;
const ORDERS_MAX: usize = 40;

/// Whether reports and fills come on one stream, or on two that may overtake each other.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Streams {
    Together,
    Apart,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum News {
    Report,
    Fill,
}

/// What becomes of the next command on its way to the venue.
#[derive(Clone, Copy, Debug)]
enum Passage {
    Arrives,
    /// It arrives and the reply is lost.
    ReplyLost,
    Refused,
    NotSent,
}

#[derive(Clone, Debug)]
enum Op {
    Place(Side, i64, ReduceOnly),
    Cancel(usize),
    Send(Passage),
    /// The first cancel overtakes everything before it.
    SendCancel,
    /// A resting order trades.
    Trade(usize, i64),
    /// The venue ends a resting order.
    Expire(usize),
    Deliver(News),
    /// An old fill is reported again.
    Repeat(usize),
    /// Somebody asks the venue for an order of unknown fate.
    Query,
    Tighten(GateState),
}

struct Resting {
    id: ClientOrderId,
    side: Side,
    left: i64,
}

struct World {
    streams: Streams,
    now: Nanos,
    gate: Gate,
    oms: Oms,
    ledger: Ledger,
    /// The position the venue knows.
    truth: i64,
    resting: Vec<Resting>,
    sent: VecDeque<Command>,
    reports: VecDeque<OrderUpdate>,
    fills: VecDeque<Fill>,
    /// Fills in the order they came about; the trade id is the place.
    history: Vec<Fill>,
    /// Which kind of news comes next on one stream.
    turns: VecDeque<News>,
    /// Lots that traded after the end of their order was known, by side.
    late: [i64; 2],
    next_id: u64,
}

impl World {
    fn new(streams: Streams) -> Self {
        // Nothing here depends on the rate: it has its own tests.
        let limits = GateLimits { orders_per_second_max: 1_000, ..limits() };
        Self {
            streams,
            now: Nanos(0),
            gate: Gate::new(INSTRUMENT, &spec(), limits).unwrap(),
            oms: Oms::new(INSTRUMENT, ORDERS_MAX),
            ledger: Ledger::new(&spec()),
            truth: 0,
            resting: Vec::new(),
            sent: VecDeque::new(),
            reports: VecDeque::new(),
            fills: VecDeque::new(),
            history: Vec::new(),
            turns: VecDeque::new(),
            late: [0; 2],
            next_id: 1,
        }
    }

    fn context(&self) -> GateContext {
        GateContext {
            position: self.ledger.position(),
            working_bid: self.oms.working(Side::Bid),
            working_ask: self.oms.working(Side::Ask),
            open_orders: self.oms.open_count(),
            reference: Some(HalfTicks(2 * PRICE)),
        }
    }

    fn step(&mut self, op: &Op) {
        self.now = self.now + Span::from_millis(5);
        match *op {
            Op::Place(side, lots, reduce_only) => self.place(side, lots, reduce_only),
            Op::Cancel(pick) => {
                let id = self.oms.open_orders().nth(pick % ORDERS_MAX).map(|order| order.client_id);
                let cancel = id.and_then(|id| self.oms.request_cancel(id, self.now));
                self.sent.extend(cancel.map(Command::Cancel));
            }
            Op::Send(passage) => {
                if let Some(command) = self.sent.pop_front() {
                    self.arrive(command, passage);
                }
            }
            Op::SendCancel => {
                let cancel = self.sent.iter().position(|command| matches!(command, Command::Cancel(_)));
                if let Some(command) = cancel.and_then(|place| self.sent.remove(place)) {
                    self.arrive(command, Passage::Arrives);
                }
            }
            Op::Trade(pick, lots) => self.trade(pick, lots),
            Op::Expire(pick) => {
                if !self.resting.is_empty() {
                    let order = self.resting.swap_remove(pick % self.resting.len());
                    self.report(order.id, OrderReport::Expired);
                }
            }
            Op::Deliver(kind) => self.deliver(kind),
            Op::Repeat(pick) => {
                if let Some(fill) = self.history.get(pick).filter(|fill| !self.fills.contains(fill)) {
                    assert_eq!(self.oms.on_fill(fill, self.now), FillOutcome::Duplicate);
                }
            }
            Op::Query => self.query(),
            Op::Tighten(state) => self.gate.tighten(state),
        }
    }

    fn place(&mut self, side: Side, lots: i64, reduce_only: ReduceOnly) {
        let wish = NewOrder { reduce_only, ..order(self.next_id, side, PRICE, lots) };
        if let Ok(proof) = self.gate.check(wish, &self.context(), self.now) {
            self.next_id += 1;
            if self.oms.insert(&proof, self.now).is_ok() {
                self.sent.push_back(Command::New(proof.into_inner()));
            }
        }
    }

    fn arrive(&mut self, command: Command, passage: Passage) {
        match (command, passage) {
            (Command::New(order), Passage::NotSent) => self.report(order.client_id, OrderReport::NotSent),
            (Command::New(order), Passage::Refused) => {
                self.report(order.client_id, OrderReport::Rejected(RejectReason::Margin));
            }
            (Command::New(order), Passage::Arrives | Passage::ReplyLost) => {
                self.resting.push(Resting { id: order.client_id, side: order.side, left: order.lots.0 });
                let reply = match passage {
                    Passage::ReplyLost => OrderReport::FateUnknown,
                    Passage::Arrives | Passage::Refused | Passage::NotSent => {
                        OrderReport::Accepted(VenueOrderId(order.client_id.0))
                    }
                };
                self.report(order.client_id, reply);
            }
            (Command::Cancel(Cancel { client_id, .. }), Passage::NotSent | Passage::Refused) => {
                self.report(client_id, OrderReport::CancelRejected(RejectReason::RateLimit));
            }
            (Command::Cancel(Cancel { client_id, .. }), Passage::Arrives | Passage::ReplyLost) => {
                let place = self.resting.iter().position(|order| order.id == client_id);
                let reply = match (place, passage) {
                    (_, Passage::ReplyLost) => OrderReport::FateUnknown,
                    (Some(_), _) => OrderReport::Cancelled,
                    (None, _) => OrderReport::CancelRejected(RejectReason::UnknownOrder),
                };
                place.map(|place| self.resting.swap_remove(place));
                self.report(client_id, reply);
            }
            (Command::Replace(_) | Command::Query(_), _) => unreachable!("none is sent here"),
        }
    }

    fn trade(&mut self, pick: usize, lots: i64) {
        if self.resting.is_empty() {
            return;
        }
        let place = pick % self.resting.len();
        let order = &mut self.resting[place];
        let lots = lots.min(order.left);
        order.left -= lots;
        self.truth += order.side.sign() * lots;
        let fill = Fill {
            instrument: INSTRUMENT,
            side: order.side,
            liquidity: Liquidity::Maker,
            reason: FillReason::Venue,
            fee_asset: AssetId(1),
            level: PackedLevel::new(Price(PRICE), Lots(lots)).unwrap(),
            fee_e8: 0,
            client_id: order.id,
            trade_id: TradeId(self.history.len() as u64 + 1),
            venue_time: self.now,
        };
        if order.left == 0 {
            self.resting.swap_remove(place);
        }
        self.history.push(fill);
        self.fills.push_back(fill);
        self.turns.push_back(News::Fill);
    }

    /// Asks for the first order of unknown fate. One that is still on its way has no answer yet.
    fn query(&mut self) {
        let unknown = self.oms.open_orders().find(|order| order.state == OrderState::Unknown);
        let Some(id) = unknown.map(|order| order.client_id) else { return };
        let on_its_way = |command: &Command| matches!(command, Command::New(order) if order.client_id == id);
        if self.resting.iter().any(|order| order.id == id) {
            self.report(id, OrderReport::Accepted(VenueOrderId(id.0)));
        } else if !self.sent.iter().any(on_its_way) {
            self.report(id, OrderReport::Expired);
        }
    }

    fn report(&mut self, client_id: ClientOrderId, report: OrderReport) {
        let update = OrderUpdate { instrument: INSTRUMENT, client_id, report, venue_time: self.now };
        self.reports.push_back(update);
        self.turns.push_back(News::Report);
    }

    /// Delivers the next piece of news; of the kind asked for where the streams are apart.
    fn deliver(&mut self, wanted: News) {
        let kind = match self.streams {
            Streams::Together => self.turns.pop_front().unwrap_or(wanted),
            Streams::Apart => wanted,
        };
        match kind {
            News::Report => {
                if let Some(update) = self.reports.pop_front() {
                    self.oms.on_update(&update, self.now);
                }
            }
            News::Fill => {
                if let Some(fill) = self.fills.pop_front() {
                    self.deliver_fill(&fill);
                }
            }
        }
    }

    fn deliver_fill(&mut self, fill: &Fill) {
        let outcome = self.oms.on_fill(fill, self.now);
        assert!(outcome.must_book(), "{outcome:?}");
        assert!(self.streams == Streams::Apart || outcome != FillOutcome::Late);
        if outcome == FillOutcome::Late {
            self.late[fill.side.index()] += fill.level.lots().0;
        }
        self.ledger.on_fill(fill).unwrap();
    }

    /// The true position if all that may trade on `side` does, as a magnitude on that side.
    fn worst(&self, side: Side) -> i64 {
        let resting = self.resting.iter().filter(|order| order.side == side).map(|order| order.left);
        let sent = self.sent.iter().map(|command| match command {
            Command::New(order) if order.side == side => order.lots.0,
            Command::New(_) | Command::Cancel(_) | Command::Replace(_) | Command::Query(_) => 0,
        });
        side.sign() * self.truth + resting.sum::<i64>() + sent.sum::<i64>()
    }

    /// Lots nobody could have counted: traded, and not reported before the end of their order.
    fn uncountable(&self, side: Side) -> i64 {
        let ended = |fill: &&Fill| self.oms.order(fill.client_id).is_none_or(|order| order.state.is_done());
        let coming = self.fills.iter().filter(|fill| fill.side == side).filter(ended);
        self.late[side.index()] + coming.map(|fill| fill.level.lots().0).sum::<i64>()
    }

    fn check(&self) {
        for side in Side::BOTH {
            let max = limits().position_lots_max.0 + self.uncountable(side);
            assert!(self.worst(side) <= max, "{side:?}: {} above {max}", self.worst(side));
            assert!(self.streams == Streams::Apart || self.uncountable(side) == 0);
        }
        self.check_reducing();
    }

    /// A reducing order passes in every state, with any size that the position, the working orders and the largest order
    /// leave room for.
    fn check_reducing(&self) {
        let context = self.context();
        let side = if context.position.0 > 0 { Side::Ask } else { Side::Bid };
        let room = context.position.abs().0 - context.working(side).0;
        let largest = room.min(limits().order_lots_max.0);
        for lots in [spec().size_min.0, largest] {
            if lots < spec().size_min.0 || lots > largest {
                continue;
            }
            let wish = NewOrder { reduce_only: ReduceOnly::Yes, ..order(u64::MAX, side, PRICE, lots) };
            for state in [GateState::Active, GateState::ReduceOnly, GateState::Paused, GateState::Killed] {
                let mut gate = self.gate.clone();
                gate.reopen();
                gate.tighten(state);
                assert!(gate.check(wish, &context, self.now).is_ok(), "{wish:?} {context:?}");
            }
        }
    }
}

/// One of what happens, by its share.
fn op(dice: &mut Dice) -> Op {
    match dice.from(0, 53) {
        0..=9 => {
            let mark = if dice.once_in(4) { ReduceOnly::Yes } else { ReduceOnly::No };
            Op::Place(dice.pick(&Side::BOTH), dice.from(5, 100), mark)
        }
        10..=12 => Op::Cancel(dice.below(8)),
        13..=24 => Op::Send(match dice.from(0, 9) {
            0 => Passage::ReplyLost,
            1 => Passage::Refused,
            2 => Passage::NotSent,
            _ => Passage::Arrives,
        }),
        25 => Op::SendCancel,
        26..=32 => Op::Trade(dice.below(1_000), dice.from(1, 100)),
        33 => Op::Expire(dice.below(1_000)),
        34..=42 => Op::Deliver(News::Report),
        43..=49 => Op::Deliver(News::Fill),
        50 => Op::Repeat(dice.below(20)),
        51 | 52 => Op::Query,
        _ => Op::Tighten(match dice.from(0, 9) {
            0 => GateState::ReduceOnly,
            1 => GateState::Killed,
            _ => GateState::Active,
        }),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn the_true_position_never_exceeds_its_limit(
        seed in any::<u64>(),
        steps in 0..120usize,
        streams in prop_oneof![Just(Streams::Together), Just(Streams::Apart)],
    ) {
        let (mut dice, mut world) = (Dice(seed), World::new(streams));
        for _ in 0..steps {
            world.step(&op(&mut dice));
            world.check();
        }
        while !(world.reports.is_empty() && world.fills.is_empty()) {
            world.deliver(News::Fill);
            world.deliver(News::Report);
            world.check();
        }
        prop_assert_eq!(world.ledger.position(), Lots(world.truth), "every trade is booked once");
    }
}
