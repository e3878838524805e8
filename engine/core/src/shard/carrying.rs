//! What carries over from one run of a shard to the next: telling it, and taking it back.
//!
//! The words are told in one order whatever has happened, and a new shard that is told them tells the same again. What they
//! hold, and what begins anew, is said at [`ballast_model::Carried`].
//!
//! Never here: how a part of the core stands in words, a decision.

use ballast_model::{
    Carried, CarriedKind, Digest, InstrumentId, Nanos, OrderReport, OrderUpdate, Side, mutant,
};

use super::doubt::Doubt;
use super::exits::Exits;
use super::lane::Lane;
use super::payments::PAYMENTS_KEPT;
use super::told::Told;
use super::{Shard, Turn, ids};
use crate::carry::{Of, Tell, at, time};
use crate::gate::carry::Whose;
use crate::oms::{DONE_KEPT, ORDER_PARTS, OrderWords, TRADES_KEPT};
use crate::outbox::{Note, Outbox};

/// How far a list of words has come in.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Arrival {
    /// Words so far.
    count: u64,
    /// The list was whole.
    ended: bool,
    /// Parts of an order that are here.
    parts: usize,
    order: OrderWords,
}

impl Arrival {
    /// Takes part of an order; the whole once it is here.
    fn order(&mut self, carried: &Carried) -> Option<Option<OrderWords>> {
        let part = usize::from(carried.part);
        if part != self.parts {
            return None;
        }
        *self.order.get_mut(part)? = carried.words;
        self.parts = (part + 1) % ORDER_PARTS;
        Some((self.parts == 0).then_some(self.order))
    }

    /// Takes into a digest what came in; nothing where nothing did.
    pub(super) fn digest(&self, digest: &mut Digest) {
        if self.count > 0 {
            digest.word(self.count << 1 | u64::from(self.ended));
            self.order.iter().take(self.parts).flatten().for_each(|word| digest.word(*word));
        }
    }
}

impl Shard {
    /// Tells what carries over to the next run, and that this is all. Allocates nothing.
    pub fn carry(&self, tell: &mut impl FnMut(Carried)) {
        let mut count = 0;
        let mut counted = |carried: Carried| {
            count += 1;
            tell(carried);
        };
        for lane in &self.lanes {
            lane.carry(self.now, &mut counted);
        }
        if let Some(books) = &self.books {
            books.accounts().carry(&mut counted);
        }
        if let Some(risk) = &self.risk {
            if let Some(purse) = &risk.purse {
                purse.holds().carry(&mut counted);
            }
            risk.portfolio.carry(&mut counted);
        }
        tell(Of::new(CarriedKind::End, 0).word(0, [count, self.ids.last_taken(), 0, 0, 0, 0]));
    }

    /// Most words that [`Shard::carry`] tells, books and balances aside.
    #[must_use]
    pub fn carried_max(&self) -> usize {
        let ids = (TRADES_KEPT + PAYMENTS_KEPT).div_ceil(6) + 2;
        let lane = |lane: &Lane| ids + ORDER_PARTS * (lane.orders.oms.open_max() + DONE_KEPT) + 16;
        self.lanes.iter().map(lane).sum()
    }

    /// Whether a whole list has been taken in.
    #[must_use]
    pub const fn is_carried(&self) -> bool {
        self.arrival.ended
    }

    /// Takes one word of an earlier run. One that has no place here, or comes after its list, is noted and left out.
    pub(super) fn on_carried(&mut self, carried: &Carried, now: Nanos, out: &mut Outbox) {
        if self.arrival.ended || !self.restore(carried) {
            out.note(Note::Uncarried(carried.kind));
        }
        if self.arrival.ended {
            for id in ids(self.lanes.len()) {
                self.hear(id, now, out, |lane, turn| {
                    lane.on_carried(turn);
                    false
                });
            }
            self.finish(now, out);
        }
    }

    fn restore(&mut self, carried: &Carried) -> bool {
        if carried.kind == CarriedKind::End {
            let [count, ..] = carried.words;
            self.arrival.ended = count == self.arrival.count;
            return self.arrival.ended;
        }
        self.arrival.count += 1;
        match carried.kind {
            CarriedKind::Book | CarriedKind::Sum | CarriedKind::Cash => {
                self.books.as_mut().is_some_and(|books| books.accounts_mut().restore(carried))
            }
            CarriedKind::Balance | CarriedKind::Hold => {
                let purse = self.risk.as_mut().and_then(|risk| risk.purse.as_mut());
                purse.is_some_and(|purse| purse.holds_mut().restore(carried))
            }
            CarriedKind::Halts | CarriedKind::Losses => match Whose::of(carried) {
                Some(Whose::Instrument) => self.restore_lane(carried),
                Some(whose) => self.risk.as_mut().is_some_and(|risk| risk.portfolio.restore(whose, carried)),
                None => false,
            },
            CarriedKind::Ledger
            | CarriedKind::Trades
            | CarriedKind::Payments
            | CarriedKind::Order
            | CarriedKind::Instrument
            | CarriedKind::Exits
            | CarriedKind::End => self.restore_lane(carried),
        }
    }

    fn restore_lane(&mut self, carried: &Carried) -> bool {
        let Self { lanes, arrival, .. } = self;
        let lane = lanes.get_mut(InstrumentId(carried.of).index());
        lane.is_some_and(|lane| lane.restore(carried, arrival))
    }

    /// Nobody can say what has become of any order: this run ends here, and another goes on.
    pub fn orphan(&mut self, now: Nanos, out: &mut Outbox) {
        for id in ids(self.lanes.len()) {
            self.hear(id, now, out, |lane, turn| {
                lane.orphan(turn);
                false
            });
        }
    }

    /// Nobody can say what has been traded: nothing may add to any position before it is confirmed.
    pub fn doubt(&mut self) {
        self.lanes.iter_mut().for_each(|lane| lane.doubt(Doubt::Record));
    }
}

impl Lane {
    fn carry(&self, now: Nanos, tell: &mut Tell<'_>) {
        let id = self.id().0;
        self.ledger.carry(Of::new(CarriedKind::Ledger, id), tell);
        self.payments.carry(Of::new(CarriedKind::Payments, id), tell);
        self.orders.oms.carry(tell);
        let doubt = match self.doubted() {
            Doubt::None => 0,
            Doubt::Fills => 1,
            Doubt::Record => 2,
        };
        Of::new(CarriedKind::Instrument, id).tell(0, [doubt, self.told.word(now), 0, 0, 0, 0], tell);
        if let Some(exits) = &self.exits {
            exits.carry(Of::new(CarriedKind::Exits, id), now, tell);
        }
        if let Some(gate) = self.gate() {
            gate.carry(now, tell);
        }
    }

    fn restore(&mut self, carried: &Carried, arrival: &mut Arrival) -> bool {
        match carried.kind {
            CarriedKind::Ledger => mutant::is("ledger-not-restored") || self.ledger.restore(carried),
            CarriedKind::Payments => self.payments.restore(carried),
            CarriedKind::Trades => {
                mutant::is("trades-not-restored") || self.orders.oms.restore_trades(carried)
            }
            CarriedKind::Order => match arrival.order(carried) {
                Some(Some(order)) => self.orders.restore(&order),
                Some(None) => true,
                None => false,
            },
            CarriedKind::Instrument => {
                let [doubt, told, ..] = carried.words;
                self.told = Told::of(told);
                match doubt {
                    0 => {}
                    2 => self.doubt(Doubt::Record),
                    _ => self.doubt(Doubt::Fills),
                }
                true
            }
            CarriedKind::Exits => {
                let Some(exits) = &mut self.exits else { return false };
                exits.on_position(&self.ledger);
                exits.restore(carried);
                true
            }
            CarriedKind::Halts | CarriedKind::Losses => {
                self.orders.gate.as_mut().is_some_and(|gate| gate.restore(carried))
            }
            CarriedKind::Book
            | CarriedKind::Sum
            | CarriedKind::Cash
            | CarriedKind::Balance
            | CarriedKind::Hold
            | CarriedKind::End => false,
        }
    }

    /// The list is whole: tells all that follow the position and the orders.
    fn on_carried(&mut self, turn: &mut Turn<'_>) {
        self.on_adjusted(turn);
        self.orders.settle(turn);
    }

    fn orphan(&mut self, turn: &mut Turn<'_>) {
        let instrument = self.id();
        for index in 0..self.orders.oms.open_count() {
            let Some(order) = self.orders.oms.open_orders().nth(index) else { break };
            let (client_id, report) = (order.client_id, OrderReport::FateUnknown);
            let update = OrderUpdate { instrument, client_id, report, venue_time: turn.now };
            let _ = self.orders.on_update(&update, turn.now);
            self.orders.follow_hold(client_id, turn);
        }
        self.orders.settle(turn);
    }
}

impl Exits {
    fn carry(&self, of: Of, now: Nanos, tell: &mut Tell<'_>) {
        let (closing, cools) = self.under_way();
        let cools = cools.filter(|until| *until > now);
        if closing.is_some() || cools.is_some() {
            tell(of.word(0, [closing.map_or(2, |side| side as u64), time(cools), 0, 0, 0, 0]));
        }
    }

    fn restore(&mut self, carried: &Carried) {
        let [closing, cools, ..] = carried.words;
        let side = match closing {
            0 => Some(Side::Bid),
            1 => Some(Side::Ask),
            _ => None,
        };
        self.go_on(side, at(cools));
    }
}
