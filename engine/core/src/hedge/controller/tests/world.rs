//! A small venue that delays, refuses, loses answers and fills in parts: the hedge never overshoots, and arrives.

use alloc::vec::Vec;

use ballast_model::{ClientOrderId, TimeInForce};
use proptest::prelude::*;

use super::*;

/// One order, as the venue knows it and as we do.
#[derive(Clone, Copy, Debug)]
struct Known {
    order: HedgeOrder,
    /// What the venue still has of it.
    left: i64,
    /// Traded and not heard of yet.
    unheard: i64,
    /// Whether the venue can still trade it.
    alive: bool,
}

impl Known {
    fn venue(&self) -> usize {
        usize::from(self.order.instrument == VENUES[1])
    }

    fn value(&self) -> i128 {
        instrument(self.venue()).notional(self.order.price, self.order.remaining).0
    }
}

#[derive(Clone, Debug)]
enum Op {
    Decide,
    /// Time passes.
    Wait(i64),
    /// Trades at the venue.
    Trade(usize, i64),
    /// The venue refuses or ends an order.
    End(usize),
    /// We hear of its trades and its end.
    Hear(usize),
    /// Its answer is lost.
    Lose(usize),
    /// The delta moves.
    Move(i128),
    /// The part cannot be read for a while.
    Blind,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => Just(Op::Decide),
        2 => (1..3_000i64).prop_map(Op::Wait),
        4 => (0..6usize, 1..200i64).prop_map(|(index, lots)| Op::Trade(index, lots)),
        1 => (0..6usize).prop_map(Op::End),
        4 => (0..6usize).prop_map(Op::Hear),
        2 => (0..6usize).prop_map(Op::Lose),
        1 => (-300..300i128).prop_map(Op::Move),
        1 => Just(Op::Blind),
    ]
}

struct World {
    hedge: HedgeController,
    now: i64,
    delta: i128,
    blind: bool,
    /// True positions and those we know.
    truth: Vec<i64>,
    known: Vec<i64>,
    orders: Vec<Known>,
    next_id: u64,
    actions: HedgeActions,
}

impl World {
    fn new(delta: i128, perps: [i64; 2]) -> Self {
        let hedge = HedgeController::new(&spec(2)).unwrap();
        let (truth, known) = (perps.to_vec(), perps.to_vec());
        let (orders, actions) = (Vec::new(), HedgeActions::new());
        Self { hedge, now: 0, delta, blind: false, truth, known, orders, next_id: 1, actions }
    }

    /// The true residual in 0.001.
    fn residual(&self) -> i128 {
        let perps = self.truth.iter().zip(LOTS).map(|(lots, lot)| lots * lot);
        self.delta + i128::from(perps.sum::<i64>())
    }

    /// Where the true residual may still go if everything alive on one side trades.
    fn worst(&self, side: Side) -> i128 {
        let alive = self.orders.iter().filter(|known| known.alive && known.order.side == side);
        self.residual()
            + i128::from(side.sign() * alive.map(|known| known.left * LOTS[known.venue()]).sum::<i64>())
    }

    fn decide(&mut self) -> HedgeView {
        self.now += 11;
        if !self.blind {
            self.hedge.exposure_mut().read(LP, reading(self.delta, self.now));
        }
        let states: Vec<_> = self.known.iter().map(|lots| state(*lots)).collect();
        let orders: Vec<_> = self.orders.iter().map(|known| known.order).collect();
        let now = Nanos::from_millis(self.now);
        let inputs = HedgeInputs {
            now,
            venues: &states,
            orders: &orders,
            risk: RiskInputs::default(),
            calls: HedgeCalls::default(),
        };
        let view = self.hedge.decide(&inputs, &mut self.actions);
        assert!(!self.blind || self.actions.places().is_empty(), "hedged what it cannot see");
        assert!(view.reach.holds(Base(self.residual() * MILLI)), "the truth is in the interval");
        for cancel in self.actions.cancels() {
            let known =
                self.orders.iter_mut().find(|known| known.order.client_id == cancel.client_id).unwrap();
            known.order.status = match known.order.status {
                LiveStatus::Unknown | LiveStatus::UnknownCancelling => LiveStatus::UnknownCancelling,
                LiveStatus::Pending | LiveStatus::Live | LiveStatus::Cancelling => LiveStatus::Cancelling,
            };
        }
        self.check_places();
        let before = Side::BOTH.map(|side| self.worst(side));
        for place in self.actions.places() {
            let order = HedgeOrder {
                instrument: place.instrument,
                client_id: ClientOrderId(self.next_id),
                side: place.side,
                price: place.price,
                remaining: place.lots,
                tif: place.tif,
                status: LiveStatus::Pending,
                sent_at: now,
            };
            self.next_id += 1;
            self.orders.push(Known { order, left: place.lots.0, unheard: 0, alive: true });
        }
        self.check_worst(before);
        view
    }

    /// However what is alive trades, a new order cannot carry the true residual past zero.
    fn check_worst(&self, [bought, sold]: [i128; 2]) {
        match self.actions.places().first().map(|place| place.side) {
            Some(Side::Ask) => assert!(sold > 0 && self.worst(Side::Ask) >= 0, "sold through zero"),
            Some(Side::Bid) => assert!(bought < 0 && self.worst(Side::Bid) <= 0, "bought through zero"),
            None => {}
        }
    }

    fn check_places(&self) {
        let (mut value, side) = (0, self.actions.places().first().map(|place| place.side));
        for place in self.actions.places() {
            let spec = instrument(usize::from(place.instrument == VENUES[1]));
            assert!(place.lots >= spec.size_min && place.lots <= venue(0).order_lots_max);
            assert_eq!(Some(place.side), side);
            let through = (2 * place.price.0 - 20_002) * place.side.sign();
            assert!(through * 10_000 <= 20_002 * 20, "past the slippage guard");
            assert!(place.tif != TimeInForce::PostOnly || through < 0, "a passive order that takes");
            let worth = spec.notional(place.price, place.lots);
            assert!(worth >= spec.notional_min);
            value += worth.0;
        }
        let open = self.orders.iter().map(Known::value);
        assert!(
            value == 0 || value + open.sum::<i128>() <= policy().notional_max.0,
            "more than notional_max"
        );
    }

    fn apply(&mut self, op: &Op) {
        let len = self.orders.len().max(1);
        match *op {
            Op::Decide => {
                let _ = self.decide();
            }
            Op::Wait(millis) => self.now += millis,
            Op::Trade(index, lots) => self.trade(index % len, lots),
            Op::End(index) => {
                if let Some(known) = self.orders.get_mut(index % len) {
                    known.alive = false;
                }
            }
            Op::Hear(index) => self.hear(index % len),
            Op::Lose(index) => {
                if let Some(known) = self.orders.get_mut(index % len) {
                    known.order.status = LiveStatus::Unknown;
                }
            }
            Op::Move(delta) => {
                self.delta = delta;
                self.blind = false;
            }
            Op::Blind => {
                self.blind = true;
                self.now += 1_001;
            }
        }
    }

    fn trade(&mut self, index: usize, lots: i64) {
        let Some(known) = self.orders.get_mut(index) else { return };
        let lots = if known.alive { lots.min(known.left) } else { 0 };
        known.left -= lots;
        known.unheard += lots;
        known.alive &= known.left > 0;
        let venue = known.venue();
        self.truth[venue] += lots * known.order.side.sign();
    }

    /// Fills and the state of an order become known; a cancel under way has been carried out.
    fn hear(&mut self, index: usize) {
        let Some(known) = self.orders.get_mut(index) else { return };
        let cancelled = matches!(known.order.status, LiveStatus::Cancelling | LiveStatus::UnknownCancelling);
        known.alive &= !cancelled;
        let venue = known.venue();
        self.known[venue] += known.unheard * known.order.side.sign();
        known.order.remaining = Lots(known.order.remaining.0 - known.unheard);
        known.unheard = 0;
        if known.alive {
            known.order.status = LiveStatus::Live;
        } else {
            self.orders.swap_remove(index);
        }
    }

    /// Every fate becomes known and every order trades.
    fn calm(&mut self) {
        self.blind = false;
        for _ in 0..40 {
            for index in (0..self.orders.len()).rev() {
                self.trade(index, i64::MAX);
                self.hear(index);
            }
            self.now += 300;
            let _ = self.decide();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn the_hedge_never_overshoots_and_arrives(
        delta in -300..300i128, perps in prop::array::uniform2(-300..300i64),
        ops in prop::collection::vec(op(), 0..40),
    ) {
        let mut world = World::new(delta, perps);
        ops.iter().for_each(|op| world.apply(op));
        world.calm();
        let residual = world.residual();
        prop_assert!((-10..=10).contains(&residual), "left with {residual}: {:?}", world.orders);
        let view = world.decide();
        prop_assert_eq!(view.state, HedgeState::Inside);
        prop_assert!(world.actions.places().is_empty());
    }

    #[test]
    fn a_delta_at_rest_is_approached_from_one_side_only(
        delta in -300..300i128, perps in prop::array::uniform2(-300..300i64),
        ops in prop::collection::vec(op(), 0..40),
    ) {
        let mut world = World::new(delta, perps);
        let mut last = world.residual();
        for op in ops.iter().filter(|op| !matches!(op, Op::Move(_))) {
            world.apply(op);
            let residual = world.residual();
            prop_assert!(residual * last >= 0 && residual.abs() <= last.abs(), "{last} to {residual}");
            last = residual;
        }
    }
}
