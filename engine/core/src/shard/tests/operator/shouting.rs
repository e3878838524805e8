//! Random histories of two instruments under an operator who says anything at any time.
//!
//! A second, naive account is kept beside the shard: of what was said, of what was sent and of what may still trade. It is
//! asked about every order that leaves.

use alloc::vec::Vec;

use ballast_model::{
    AssetId, BookBegin, BookKind, Command, Event, Fill, FillReason, InstrumentId, Last, Liquidity, Lots,
    Money, Nanos, NewOrder, OperatorAct, OperatorScope, OrderReport, OrderUpdate, ReduceOnly, RejectReason,
    Side, StrategyId, Ticker, TradeId, UpdateId, VenueId, VenueOrderId,
};

use super::super::desk::{ETH, level, quoting, slot};
use super::super::together::{OTHER, risk, spec};
use super::command;
use crate::gate::dice::Dice;
use crate::gate::{GateLimits, GateState, StillClosed};
use crate::outbox::{Note, Outbox};
use crate::shard::{OperatorRefusal, Shard};

const CASES: u64 = 10_000;
const STEPS: usize = 24;

const SCOPES: [OperatorScope; 5] = [
    OperatorScope::Instrument(ETH),
    OperatorScope::Instrument(OTHER),
    OperatorScope::Strategy(StrategyId(0)),
    OperatorScope::Venue(VenueId(0)),
    OperatorScope::All,
];

/// Narrower than what the model wants.
fn limits() -> GateLimits {
    GateLimits { position_lots_max: Lots(25), open_orders_max: 3, ..quoting().limits }
}

struct Account {
    position: [i64; 2],
    /// Orders that may still trade, with what is left; and whether a cancel is on its way.
    open: Vec<(NewOrder, i64, bool)>,
    /// How far each scope was closed and not resumed.
    said: [GateState; SCOPES.len()],
}

impl Account {
    fn state(&self, instrument: InstrumentId) -> GateState {
        let own = self.said[instrument.index()];
        self.said[2..].iter().fold(own, |worst, state| worst.max(*state))
    }

    /// How a halt or a resumption is to be answered, and takes note of it.
    fn expect(&mut self, place: usize, act: OperatorAct) -> Result<(), OperatorRefusal> {
        let said = &mut self.said[place];
        let to = match act {
            OperatorAct::Resume if *said == GateState::Active => {
                return Err(OperatorRefusal::StillClosed(StillClosed::Nothing));
            }
            OperatorAct::Resume => {
                *said = GateState::Active;
                return Ok(());
            }
            OperatorAct::ReduceOnly => GateState::ReduceOnly,
            OperatorAct::Pause => GateState::Paused,
            OperatorAct::Kill => GateState::Killed,
            OperatorAct::ClearLoss
            | OperatorAct::Thaw
            | OperatorAct::Confirm(_)
            | OperatorAct::Arm(_)
            | OperatorAct::Adjust { .. }
            | OperatorAct::Split { .. }
            | OperatorAct::Merge { .. }
            | OperatorAct::Transfer { .. } => unreachable!("no halt"),
        };
        if *said > to {
            return Err(OperatorRefusal::ClosedFurther(*said));
        }
        *said = to;
        Ok(())
    }

    /// Holds an order that left against what was said and against the configured limits.
    fn check(&mut self, order: &NewOrder) {
        let limits = limits();
        let sign = order.side.sign();
        let here = |one: &&(NewOrder, i64, bool)| one.0.instrument == order.instrument;
        let same_side = self.open.iter().filter(here).filter(|one| one.0.side == order.side);
        let working: i64 = same_side.map(|one| one.1).sum();
        let worst = self.position[order.instrument.index()] + sign * (working + order.lots.0);
        let reduces = worst * sign <= 0;
        let state = self.state(order.instrument);
        assert!(reduces || state == GateState::Active, "{order:?} adds where {state:?}");
        assert!(
            state < GateState::Paused || order.reduce_only == ReduceOnly::Yes,
            "{order:?} where {state:?}"
        );
        assert!(reduces || worst * sign <= limits.position_lots_max.0, "{order:?} leads to {worst}");
        let open = self.open.iter().filter(here).count();
        assert!(reduces || open < limits.open_orders_max as usize, "{order:?} beside {open}");
        assert!(order.lots <= limits.order_lots_max);
        self.open.push((*order, order.lots.0, false));
    }

    /// Takes what left; returns how many new orders there were.
    fn take(&mut self, commands: &[Command]) -> usize {
        let mut sent = 0;
        for command in commands {
            match command {
                Command::New(order) => {
                    sent += 1;
                    self.check(order);
                }
                Command::Cancel(cancel) => {
                    let of = |one: &&mut (NewOrder, i64, bool)| one.0.client_id == cancel.client_id;
                    self.open.iter_mut().filter(of).for_each(|one| one.2 = true);
                }
                Command::Replace(_) | Command::Query(_) => {}
            }
        }
        sent
    }
}

/// A shard whose limits are narrower than what its model wants.
struct Story {
    shard: Shard,
    out: Outbox,
    account: Account,
    dice: Dice,
    now: Nanos,
    next_id: u64,
    /// Orders sent, commands obeyed, commands refused.
    seen: [usize; 3],
}

impl Story {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let mut risk = risk();
        if dice.once_in(2) {
            risk.loss.unrealised_max = Some(Money(Money::ONE.0 / 100));
        }
        let mut spec = spec(risk);
        for lane in &mut spec.lanes {
            lane.quoting.as_mut().unwrap().limits = limits();
        }
        let shard = Shard::new(&spec).unwrap();
        let out = Outbox::new(shard.commands_per_event_max());
        let account = Account { position: [0; 2], open: Vec::new(), said: [GateState::Active; SCOPES.len()] };
        let mut story = Self { shard, out, account, dice, now: Nanos(1), next_id: 0, seen: [0; 3] };
        for instrument in [ETH, OTHER] {
            let (update_id, at) = (UpdateId(1), story.now);
            let kind = BookKind::Snapshot;
            let begin = BookBegin { instrument, kind, levels: 2, update_id, venue_time: at, recv_time: at };
            story.tell(&Event::BookBegin(begin));
            story.tell(&slot(instrument, Side::Bid, 10_000, Last::No));
            story.tell(&slot(instrument, Side::Ask, 10_010, Last::Yes));
        }
        story
    }

    fn tell(&mut self, event: &Event) {
        self.out.clear();
        self.shard.on_event(event, self.now, &mut self.out);
        self.seen[0] += self.account.take(self.out.commands());
    }

    fn step(&mut self) {
        self.now.0 += self.dice.from(0, 100_000_000);
        self.next_id += 1;
        match self.dice.from(0, 9) {
            0 | 1 => self.touch(),
            2..=4 => self.trade(),
            5 => self.report(),
            6 => self.tell(&Event::Timer),
            _ => self.operate(),
        }
    }

    fn touch(&mut self) {
        let mid = self.dice.from(9_990, 10_010);
        let (venue_time, recv_time) = (self.now, self.now);
        let instrument = self.dice.pick(&[ETH, OTHER]);
        let [bid, ask] = [mid - self.dice.from(1, 5), mid + self.dice.from(1, 5)];
        self.tell(&Event::Ticker(Ticker {
            instrument,
            update_id: UpdateId(1 + self.next_id),
            bid: level(bid, 500),
            ask: level(ask, 500),
            venue_time,
            recv_time,
        }));
    }

    /// One of our orders trades, though its cancel may be on its way.
    fn trade(&mut self) {
        let count = self.account.open.len();
        if count == 0 {
            return;
        }
        let place = self.dice.below(count);
        let (order, left, _) = self.account.open[place];
        let lots = self.dice.from(1, left);
        self.account.open[place].1 -= lots;
        if lots == left {
            self.account.open.swap_remove(place);
        }
        self.account.position[order.instrument.index()] += order.side.sign() * lots;
        self.tell(&Event::Fill(Fill {
            instrument: order.instrument,
            side: order.side,
            liquidity: Liquidity::Maker,
            reason: FillReason::Venue,
            fee_asset: AssetId(1),
            level: level(order.price.0, lots),
            fee_e8: 0,
            client_id: order.client_id,
            trade_id: TradeId(self.next_id),
            venue_time: self.now,
        }));
    }

    /// The venue takes an order, ends it, or ends one that is to be cancelled.
    fn report(&mut self) {
        let count = self.account.open.len();
        if count == 0 {
            return;
        }
        let place = self.dice.below(count);
        let (order, _, cancelled) = self.account.open[place];
        let report = match (self.dice.from(0, 2), cancelled) {
            (0, _) => OrderReport::Accepted(VenueOrderId(order.client_id.0)),
            (_, true) => OrderReport::Cancelled,
            (1, false) => OrderReport::Rejected(RejectReason::WouldTake),
            (_, false) => OrderReport::Expired,
        };
        if !matches!(report, OrderReport::Accepted(_)) {
            self.account.open.swap_remove(place);
        }
        let (instrument, client_id, venue_time) = (order.instrument, order.client_id, self.now);
        self.tell(&Event::Order(OrderUpdate { instrument, client_id, report, venue_time }));
    }

    fn operate(&mut self) {
        use OperatorAct::{ClearLoss, Confirm, Kill, Pause, ReduceOnly, Resume, Thaw};
        let place = self.dice.below(SCOPES.len());
        let flat = Confirm(Lots::ZERO);
        let act =
            self.dice.pick(&[ReduceOnly, Pause, Kill, Resume, Resume, Resume, Resume, ClearLoss, Thaw, flat]);
        let named = matches!(act, ReduceOnly | Pause | Kill | Resume);
        let latched = Err(OperatorRefusal::StillClosed(StillClosed::LossLatched));
        // What is expected is noted first, so that every order the command leads to is held against it.
        let before = self.account.said;
        let expected = if named { Some(self.account.expect(place, act)) } else { None };
        let said = self.account.said;
        self.out.clear();
        self.shard.on_event(&Event::Operator(command(SCOPES[place], act)), self.now, &mut self.out);
        let Some(Note::Operator(_, outcome)) = self.out.notes().first().copied() else {
            panic!("a command is answered: {:?}", self.out.notes());
        };
        if let Some(expected) = expected {
            let by_loss = outcome == latched && act == Resume && SCOPES[place] == OperatorScope::All;
            assert!(outcome == expected || by_loss, "{act:?} of {:?}: {outcome:?}", SCOPES[place]);
            self.account.said = if by_loss { before } else { said };
        }
        self.seen[0] += self.account.take(self.out.commands());
        self.seen[if outcome.is_ok() { 1 } else { 2 }] += 1;
        if act == Kill && outcome.is_ok() {
            let killed = |one: &&(NewOrder, i64, bool)| {
                self.account.state(one.0.instrument) == GateState::Killed && !one.2
            };
            assert_eq!(self.account.open.iter().find(killed), None, "a kill cancels everything");
        }
    }
}

#[test]
fn no_command_lets_an_order_past_a_halt_or_a_limit() {
    let mut seen = [0; 3];
    for seed in 0..CASES {
        let mut story = Story::new(seed);
        for _ in 0..STEPS {
            story.step();
        }
        seen.iter_mut().zip(story.seen).for_each(|(sum, one)| *sum += one);
    }
    assert!(seen.iter().all(|count| *count > 10_000), "{seen:?}");
}
