//! Whole histories at a venue that loses, repeats, delays and reorders what it is told and tells: at every step the truth
//! lies within what the manager counts, and a sweep at the end finds all of it.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec;
use alloc::vec::Vec;

use ballast_model::AccountEvent;
use proptest::prelude::*;

use super::*;

const LIMITS: SweepLimits = SweepLimits {
    pending_max: Span::from_millis(300),
    unknown_max: Span::from_millis(100),
    live_max: Span::from_secs(3),
    query_gap: Span::from_millis(200),
};

#[derive(Clone, Debug)]
enum Step {
    New(Side, i64),
    Cancel(u64),
    Replace(u64, i64, i64),
    Sweep,
    /// The venue takes the next request, or never does; in the second case perhaps somebody says so.
    Arrive,
    Swallow(Option<OrderReport>),
    Trade(u64, i64),
    EndByItself(u64),
    /// The next report of a wire reaches us, or is lost.
    Hear(usize),
    Miss(usize),
    /// A fill of the past is told again.
    Again(usize),
    Wait(i64),
}

/// An order as the venue knows it.
#[derive(Clone, Debug)]
struct True {
    side: Side,
    price: i64,
    lots: i64,
    filled: i64,
    ended: Option<Ending>,
}

struct World {
    oms: Oms,
    now: Nanos,
    orders: BTreeMap<u64, True>,
    position: i64,
    booked: i64,
    to_venue: VecDeque<(Nanos, Command)>,
    /// The stream of executions, and the answers to requests.
    wires: [VecDeque<Event>; 2],
    fills: Vec<Fill>,
    sent: u64,
}

impl World {
    fn new() -> Self {
        Self {
            oms: oms(),
            now: Nanos(0),
            orders: BTreeMap::new(),
            position: 0,
            booked: 0,
            to_venue: VecDeque::new(),
            wires: [VecDeque::new(), VecDeque::new()],
            fills: Vec::new(),
            sent: 0,
        }
    }

    fn send(&mut self, command: Command) {
        self.to_venue.push_back((self.now, command));
    }

    fn tell(&mut self, wire: usize, id: u64, report: OrderReport) {
        let client_id = ClientOrderId(id);
        let update = OrderUpdate { instrument: INSTRUMENT, client_id, report, venue_time: self.now };
        self.wires[wire].push_back(Event::Order(update));
    }

    fn hear(&mut self, event: &Event) {
        match event.account() {
            Some(AccountEvent::Order(update)) => drop(self.oms.on_update(update, self.now)),
            Some(AccountEvent::Fill(fill)) => {
                if self.oms.on_fill(fill, self.now).must_book() {
                    self.booked += fill.side.sign() * fill.level.lots().0;
                }
            }
            Some(AccountEvent::Funding(_) | AccountEvent::Balance(_)) | None => {
                unreachable!("not news of an order")
            }
        }
    }

    fn end(&mut self, wire: usize, id: u64, how: Ending) {
        let order = self.orders.get_mut(&id).unwrap();
        order.ended = Some(how);
        let filled = order.filled;
        let report = match how {
            Ending::Cancelled if filled == 0 => OrderReport::Cancelled,
            Ending::Expired if filled == 0 => OrderReport::Expired,
            Ending::Cancelled | Ending::Expired | Ending::Filled | Ending::Rejected(_) | Ending::Lost => {
                ended(how, filled)
            }
        };
        self.tell(wire, id, report);
    }

    /// The venue acts on a request, unless it is too old.
    fn act(&mut self, sent_at: Nanos, command: Command) {
        if self.now >= sent_at + SETTLE {
            return;
        }
        let id = command.client_id().0;
        let open = self.orders.get(&id).is_some_and(|order| order.ended.is_none());
        match command {
            Command::New(new) if new.lots.0 % 7 == 0 => {
                self.tell(1, id, OrderReport::Rejected(RejectReason::Margin));
            }
            Command::New(new) => {
                let (side, price, lots) = (new.side, new.price.0, new.lots.0);
                self.orders.insert(id, True { side, price, lots, filled: 0, ended: None });
                self.tell(0, id, OrderReport::Accepted(VenueOrderId(1)));
            }
            Command::Cancel(_) if open => self.end(0, id, Ending::Cancelled),
            Command::Cancel(_) => self.tell(1, id, OrderReport::CancelRejected(RejectReason::UnknownOrder)),
            Command::Replace(replace) if open && replace.lots.0 % 5 != 0 => {
                let order = self.orders.get_mut(&id).unwrap();
                if replace.lots.0 <= order.filled {
                    return self.end(0, id, Ending::Cancelled);
                }
                (order.price, order.lots) = (replace.price.0, replace.lots.0);
                let report = replaced(level(order.price, order.lots), order.filled);
                self.tell(0, id, report);
            }
            Command::Replace(_) => {
                let reason = if open { RejectReason::RateLimit } else { RejectReason::UnknownOrder };
                self.tell(1, id, OrderReport::ReplaceRejected(reason));
            }
            Command::Query(query) => {
                let again: Vec<Fill> =
                    self.fills.iter().filter(|fill| fill.client_id.0 == id).copied().collect();
                again.into_iter().for_each(|fill| self.wires[1].push_back(Event::Fill(fill)));
                let report = match self.orders.get(&id) {
                    None => OrderReport::NotFound { query: query.number },
                    Some(True { ended: Some(how), filled, .. }) => ended(*how, *filled),
                    Some(order) => OrderReport::Working {
                        venue_id: VenueOrderId(1),
                        level: level(order.price, order.lots),
                        filled: Lots(order.filled),
                        query: query.number,
                    },
                };
                self.tell(1, id, report);
            }
        }
    }

    fn trade(&mut self, id: u64, lots: i64) {
        let Some(order) = self.orders.get_mut(&id).filter(|order| order.ended.is_none()) else { return };
        let lots = lots.min(order.lots - order.filled);
        order.filled += lots;
        self.position += order.side.sign() * lots;
        if order.filled == order.lots {
            order.ended = Some(Ending::Filled);
        }
        let fill = fill_of(id, order.side, lots, self.fills.len() as u64 + 1);
        self.fills.push(fill);
        self.wires[0].push_back(Event::Fill(fill));
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::New(side, lots) => {
                self.sent += 1;
                let proof = checked(order(self.sent, side, 10_000, lots));
                if self.oms.insert(&proof, self.now).is_ok() {
                    self.send(Command::New(proof.into_inner()));
                }
            }
            Step::Cancel(id) => {
                if let Some(cancel) = self.oms.request_cancel(ClientOrderId(id), self.now) {
                    self.send(Command::Cancel(cancel));
                }
            }
            Step::Replace(id, price, lots) => {
                if replace(&mut self.oms, id, price, lots, self.now).is_ok() {
                    let order = self.oms.order(ClientOrderId(id)).unwrap();
                    let (instrument, client_id, side) = (INSTRUMENT, order.client_id, order.side);
                    let (price, lots, expires_at) = (Price(price), Lots(lots), Nanos::MAX);
                    self.send(Command::Replace(Replace {
                        instrument,
                        client_id,
                        side,
                        price,
                        lots,
                        expires_at,
                    }));
                }
            }
            Step::Sweep => {
                if let Some(query) = self.oms.next_query(self.now, &LIMITS) {
                    self.send(Command::Query(query));
                }
            }
            Step::Arrive => {
                if let Some((sent_at, command)) = self.to_venue.pop_front() {
                    self.act(sent_at, command);
                }
            }
            Step::Swallow(report) => self.swallow(report),
            Step::Trade(id, lots) => self.trade(id, lots),
            Step::EndByItself(id) => {
                if self.orders.get(&id).is_some_and(|order| order.ended.is_none()) {
                    self.end(0, id, Ending::Expired);
                }
            }
            Step::Hear(wire) => {
                if let Some(event) = self.wires[wire].pop_front() {
                    self.hear(&event);
                }
            }
            Step::Miss(wire) => drop(self.wires[wire].pop_front()),
            Step::Again(pick) => {
                if let Some(fill) = self.fills.get(pick).copied() {
                    self.hear(&Event::Fill(fill));
                }
            }
            Step::Wait(millis) => self.now = self.now + Span::from_millis(millis),
        }
    }

    /// A request never reaches the venue. Only one that never left us may be called unsent.
    fn swallow(&mut self, report: Option<OrderReport>) {
        let Some((_, command)) = self.to_venue.pop_front() else { return };
        let id = command.client_id().0;
        match (command, report) {
            (Command::Query(_), _) | (_, None) => {}
            (Command::Cancel(_), Some(OrderReport::NotSent)) => {
                self.tell(1, id, OrderReport::CancelRejected(RejectReason::RateLimit));
            }
            (_, Some(report)) => self.tell(1, id, report),
        }
    }

    /// The furthest the true position may yet go on a side, as a magnitude on that side.
    fn furthest(&self, side: Side) -> i64 {
        let alive = |(sent_at, _): &&(Nanos, Command)| self.now < *sent_at + SETTLE;
        let under_way = |(_, command): &(Nanos, Command)| *command;
        let asked: Vec<Command> = self.to_venue.iter().filter(alive).map(under_way).collect();
        let resting = self.orders.iter().filter(|(_, order)| order.side == side && order.ended.is_none());
        let left = resting.map(|(id, order)| {
            let amended = asked.iter().filter_map(|command| match command {
                Command::Replace(replace) if replace.client_id.0 == *id => Some(replace.lots.0),
                Command::New(_) | Command::Cancel(_) | Command::Replace(_) | Command::Query(_) => None,
            });
            amended.chain([order.lots]).max().unwrap() - order.filled
        });
        let coming = asked.iter().map(|command| match command {
            Command::New(new) if new.side == side => new.lots.0,
            Command::New(_) | Command::Cancel(_) | Command::Replace(_) | Command::Query(_) => 0,
        });
        side.sign() * self.position + left.sum::<i64>() + coming.sum::<i64>()
    }

    fn check(&self) -> Result<(), TestCaseError> {
        for side in Side::BOTH {
            let counted = side.sign() * self.booked + self.oms.working(side).0;
            prop_assert!(self.furthest(side) <= counted, "{:?}: {} > {counted}", side, self.furthest(side));
        }
        Ok(())
    }

    /// Nothing more is sent but questions and cancels, and the wires work.
    fn settle(&mut self) -> Result<(), TestCaseError> {
        self.to_venue.clear();
        let late = core::mem::take(&mut self.wires);
        self.now = self.now + SETTLE;
        for _ in 0..8 {
            self.now = self.now + LIMITS.live_max;
            while let Some(query) = self.oms.next_query(self.now, &LIMITS) {
                self.act(self.now, Command::Query(query));
            }
            let live: Vec<u64> = self.oms.open_orders().map(|order| order.client_id.0).collect();
            for id in live {
                if let Some(cancel) = self.oms.request_cancel(ClientOrderId(id), self.now) {
                    self.act(self.now, Command::Cancel(cancel));
                }
            }
            let heard = core::mem::take(&mut self.wires);
            heard.iter().flatten().for_each(|event| self.hear(event));
            self.check()?;
            if self.oms.open_count() == 0 {
                break;
            }
            self.now = self.now + SETTLE;
        }
        self.check_all_known()?;
        // What was under way when it began comes at last, and changes nothing.
        late.iter().flatten().for_each(|event| self.hear(event));
        self.check_all_known()
    }

    fn check_all_known(&self) -> Result<(), TestCaseError> {
        prop_assert_eq!(self.oms.open_count(), 0, "{:?}", self.oms.open_orders().next());
        prop_assert_eq!((self.booked, self.oms.missing_fills()), (self.position, MissingFills::default()));
        prop_assert_eq!(Side::BOTH.map(|side| self.oms.working(side)), [Lots::ZERO; 2]);
        Ok(())
    }
}

fn step() -> impl Strategy<Value = Step> {
    let side = prop_oneof![Just(Side::Bid), Just(Side::Ask)];
    let said =
        prop_oneof![Just(None), Just(Some(OrderReport::NotSent)), Just(Some(OrderReport::FateUnknown)),];
    let id = 1..10u64;
    prop_oneof![
        4 => (side, 6..20i64).prop_map(|(side, lots)| Step::New(side, lots)),
        2 => id.clone().prop_map(Step::Cancel),
        3 => (id.clone(), 9_995..10_005i64, 6..25i64).prop_map(|(id, price, lots)| Step::Replace(id, price, lots)),
        2 => Just(Step::Sweep),
        8 => Just(Step::Arrive),
        1 => said.prop_map(Step::Swallow),
        5 => (id.clone(), 1..12i64).prop_map(|(id, lots)| Step::Trade(id, lots)),
        1 => id.prop_map(Step::EndByItself),
        9 => (0..2usize).prop_map(Step::Hear),
        1 => (0..2usize).prop_map(Step::Miss),
        1 => (0..20usize).prop_map(Step::Again),
        3 => prop_oneof![4 => 0..200i64, 1 => 0..4_000i64].prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn the_truth_is_within_what_is_counted_and_a_sweep_finds_it(steps in prop::collection::vec(step(), 0..80)) {
        let mut world = World::new();
        for step in steps {
            world.step(step.clone());
            world.check().map_err(|error| TestCaseError::fail(alloc::format!("after {step:?}: {error}")))?;
        }
        world.settle()?;
    }
}
