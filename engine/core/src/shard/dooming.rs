//! Orders that are to go whatever is quoted: those that stand where other limits came into force that forbid them.
//!
//! An order stays doomed until it has ended: a cancel that the venue refuses is sent again.
//!
//! Never here: why an order is doomed beyond what the gate says.

use alloc::vec::Vec;

use ballast_model::{ClientOrderId, Digest, HalfTicks, Lots, Nanos, ReduceOnly, Side};

use super::orders::OrderDesk;
use super::{Turn, earliest};
use crate::gate::{GateContext, Stands};
use crate::oms::Order;
use crate::quotes::LiveStatus;

/// The doomed orders of an instrument.
#[derive(Debug)]
pub(super) struct Doomed(Vec<ClientOrderId>);

impl Doomed {
    pub(super) fn new(orders_max: usize) -> Self {
        Self(Vec::with_capacity(orders_max))
    }

    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes into a digest what is doomed; nothing where nothing is.
    pub(super) fn digest(&self, digest: &mut Digest) {
        self.0.iter().for_each(|id| digest.word(id.0));
    }
}

impl OrderDesk {
    /// Dooms what the gate forbids of the orders that stand, and all where what spans instruments is `exceeded`; of a side that may
    /// lead beyond the largest position the whole. Orders that can only reduce are left.
    pub(super) fn doom(&mut self, position: Lots, reference: Option<HalfTicks>, exceeded: bool) {
        let Some(gate) = &self.gate else { return };
        let context = GateContext {
            position,
            working_bid: self.oms.working(Side::Bid),
            working_ask: self.oms.working(Side::Ask),
            open_orders: self.oms.open_count(),
            reference,
        };
        let sides = Side::BOTH.map(|side| exceeded || gate.forbids_side(side, &context));
        let forbidden = |order: &&Order| {
            let Order { side, price, .. } = **order;
            let whole = sides.get(side.index()).copied().unwrap_or(true);
            let stands = Stands { side, price, working: order.working() };
            order.reduce_only == ReduceOnly::No && (whole || gate.forbids(&stands, reference))
        };
        self.doomed.0.clear();
        // There is room for all that may be open.
        let room = self.doomed.0.capacity();
        self.doomed
            .0
            .extend(self.oms.open_orders().filter(forbidden).map(|order| order.client_id).take(room));
        self.touch();
    }

    /// Cancels what is doomed and no cancel is on its way for; when to try again what the venue has just refused.
    pub(super) fn cancel_doomed(&mut self, turn: &mut Turn<'_>) -> Option<Nanos> {
        let Self { doomed, oms, .. } = self;
        doomed.0.retain(|id| oms.open_orders().any(|order| order.client_id == *id));
        let mut again = None;
        for index in 0..self.doomed.0.len() {
            let Some(id) = self.doomed.0.get(index).copied() else { break };
            let state = self.oms.order(id).map(|order| LiveStatus::of(order.state));
            match state {
                Some(LiveStatus::Pending | LiveStatus::Live | LiveStatus::Unknown) => {
                    again = earliest([again, self.cancel(id, turn)]);
                }
                // News of it will come.
                Some(LiveStatus::Cancelling | LiveStatus::UnknownCancelling) | None => {}
            }
        }
        again
    }
}
