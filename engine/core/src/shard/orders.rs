//! The one way orders of an instrument leave: through its gate into its order manager and the outbox.

use ballast_model::{
    ClientOrderId, Digest, HalfTicks, InstrumentId, InstrumentSpec, Lots, Nanos, NewOrder, Price, ReduceOnly,
    Side, TimeInForce,
};

use super::Turn;
use crate::gate::{Gate, GateContext, GateLimits, LimitsError};
use crate::oms::{Oms, Order};
use crate::outbox::Note;
use crate::quotes::LiveStatus;

/// Room in the order table beyond the gate's limit: reducing orders and cancels under way find place there.
const ORDERS_SPARE: usize = 64;

/// An order one would like to send.
#[derive(Clone, Copy, Debug)]
pub(super) struct Intent {
    pub(super) side: Side,
    pub(super) price: Price,
    pub(super) lots: Lots,
    pub(super) tif: TimeInForce,
    pub(super) reduce_only: ReduceOnly,
    pub(super) expires_at: Nanos,
}

/// What the gate is told besides the order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    /// The ledger's position.
    pub(super) position: Lots,
    /// A midpoint that can be trusted.
    pub(super) reference: Option<HalfTicks>,
}

/// Gate and orders of one instrument.
#[derive(Debug)]
pub(super) struct OrderDesk {
    id: InstrumentId,
    pub(super) oms: Oms,
    /// `None` where the instrument is only followed.
    pub(super) gate: Option<Gate>,
}

impl OrderDesk {
    pub(super) fn new(
        id: InstrumentId,
        spec: &InstrumentSpec,
        limits: Option<GateLimits>,
    ) -> Result<Self, LimitsError> {
        let orders = limits.map_or(0, |limits| limits.open_orders_max as usize);
        let gate = limits.map(|limits| Gate::new(id, spec, limits)).transpose()?;
        Ok(Self { id, oms: Oms::new(id, orders + ORDERS_SPARE), gate })
    }

    /// Sends an order if the gate lets it pass; tells whether it left.
    pub(super) fn place(&mut self, intent: &Intent, standing: &Standing, turn: &mut Turn<'_>) -> bool {
        let Some(gate) = &mut self.gate else { return false };
        let order = NewOrder {
            instrument: self.id,
            client_id: turn.ids.next(),
            side: intent.side,
            price: intent.price,
            lots: intent.lots,
            tif: intent.tif,
            reduce_only: intent.reduce_only,
            expires_at: intent.expires_at,
        };
        let context = GateContext {
            position: standing.position,
            working_bid: self.oms.working(Side::Bid),
            working_ask: self.oms.working(Side::Ask),
            open_orders: self.oms.open_count(),
            reference: standing.reference,
        };
        match gate.check(order, &context, turn.now) {
            Ok(checked) => {
                turn.ids.taken();
                if self.oms.insert(&checked, turn.now).is_ok() {
                    turn.out.place(checked);
                    return true;
                }
                turn.out.note(Note::OrdersFull(self.id));
            }
            Err(refusal) => turn.out.note(Note::Refused(self.id, refusal)),
        }
        false
    }

    /// Cancels an order. One whose cancel the venue has just refused waits: returns when to try again.
    pub(super) fn cancel(&mut self, client_id: ClientOrderId, turn: &mut Turn<'_>) -> Option<Nanos> {
        let retry = self.oms.order(client_id).and_then(|order| order.cancel_retry_at());
        let retry = retry.filter(|retry| *retry > turn.now);
        if retry.is_none()
            && let Some(cancel) = self.oms.request_cancel(client_id, turn.now)
        {
            turn.out.cancel(cancel);
        }
        retry
    }

    /// Size of the orders of a side that may or may not have traded.
    pub(super) fn unknown(&self, side: Side) -> Lots {
        let unknown = |order: &&Order| {
            let state = LiveStatus::of(order.state);
            order.side == side && matches!(state, LiveStatus::Unknown | LiveStatus::UnknownCancelling)
        };
        self.oms.open_orders().filter(unknown).fold(Lots::ZERO, |sum, order| sum + order.working())
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        self.oms.digest(digest);
        if let Some(gate) = &self.gate {
            gate.digest(digest);
        }
    }
}
