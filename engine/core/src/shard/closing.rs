//! Closing a position without waiting for passive fills: for an exit, or for the last stage of the inventory ladder.
//!
//! All quotes are pulled, and a reduce-only IOC at a protected price goes through the gate for what is to be closed and not yet
//! on its way out; for what that leaves another, no sooner than [`EXIT_RETRY`] later.
//!
//! While the position is not known (fills are missing, or the ledger is in doubt) nothing is sent: an order on a phantom
//! would open what it should close. One closes at a time: an exit goes before the ladder, and the ladder waits for orders of
//! the hedge that stand on the same side, which the hedger calls back ([`crate::hedge::HedgeCalls::yields`]).
//!
//! Never here: a decision to open, a limit (the gate's), an order that could turn the position.

use ballast_model::{Digest, InstrumentSpec, Lots, Nanos, Rate, ReduceOnly, Side, Span, TimeInForce};

use super::exits::Exits;
use super::lane::Lane;
use super::orders::{Intent, OrderDesk, Placed, Standing};
use super::quoter::Quoter;
use super::{Turn, earliest};
use crate::gate::GateState;
use crate::model::Hold;
use crate::trigger::protection_price;

/// Shortest time between two orders that close one position.
pub const EXIT_RETRY: Span = Span::from_millis(100);

/// Most orders one event can make to close a position.
pub(super) const EXITS_MAX: usize = 1;

/// What somebody wants closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) side: Side,
    /// Not more than is held; what is on its way out already is among it.
    pub(super) lots: Lots,
    /// The order goes at most this far through the midpoint, as a share of it.
    pub(super) protection: Rate,
}

/// Sends the orders that close the position of one instrument.
#[derive(Debug, Default)]
pub(super) struct Closer {
    /// When the next order may be sent; `None` for at once.
    retry_at: Option<Nanos>,
    /// The last one did not leave.
    refused: bool,
}

impl Closer {
    /// When the next order may be sent; `None` for at once.
    #[inline]
    pub(super) const fn deadline(&self) -> Option<Nanos> {
        self.retry_at
    }

    /// Whether time alone makes a decision due.
    #[inline]
    pub(super) fn wants_timer(&mut self, now: Nanos) -> bool {
        self.retry_at.take_if(|at| *at <= now).is_some()
    }

    /// Whether the last order did not leave.
    pub(super) const fn is_refused(&self) -> bool {
        self.refused
    }

    /// Another position is there than the one that was being closed.
    pub(super) const fn forget(&mut self) {
        (self.retry_at, self.refused) = (None, false);
    }

    /// Sends the order that closes what is wanted and not on its way out yet.
    fn send(
        &mut self,
        wish: Wish,
        spec: &InstrumentSpec,
        orders: &mut OrderDesk,
        standing: &Standing,
        turn: &mut Turn<'_>,
    ) {
        let Wish { side, lots, protection } = wish;
        let max = orders.gate.as_ref().map_or(Lots::ZERO, |gate| gate.limits().order_lots_max);
        let lots = (lots - orders.oms.working(side)).min(max);
        let price = standing.reference.and_then(|mid| protection_price(side, mid, protection));
        let Some(price) = price.filter(|_| lots >= spec.size_min) else { return };
        let intent = Intent {
            side,
            price,
            lots,
            tif: TimeInForce::ImmediateOrCancel,
            reduce_only: ReduceOnly::Yes,
            expires_at: turn.now + EXIT_RETRY,
        };
        let placed = orders.place(&intent, standing, turn);
        let until = if let Placed::Refused(until) = placed { until } else { None };
        self.refused = placed != Placed::Sent;
        self.retry_at = Some(until.unwrap_or(turn.now + EXIT_RETRY).max(turn.now + EXIT_RETRY));
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        digest.signed(self.retry_at.map_or(i64::MIN, |time| time.0));
        digest.word(u64::from(self.refused));
    }
}

impl Lane {
    /// Whether anything may ever close its position.
    #[inline]
    pub(super) const fn closes(&self) -> bool {
        self.exits.is_some() || self.calling.is_some()
    }

    /// When an exit, or the next order that closes, is due.
    pub(super) fn closing_deadline(&self) -> Option<Nanos> {
        earliest([self.exits.as_ref().and_then(Exits::deadline), self.closer.deadline()])
    }

    /// Whether somebody wants the position closed and the next order may be sent.
    pub(super) fn wants_close(&self) -> bool {
        let exit = self.exits.as_ref().is_some_and(|exits| exits.is_closing());
        (exit || self.to_liquidate().is_some()) && self.closer.deadline().is_none()
    }

    /// What may be quoted beside what closes the position; as far as that is known.
    pub(super) fn beside_closing(&self, stance: Result<GateState, Hold>) -> Result<GateState, Hold> {
        if !self.closes() || !self.position_known() {
            return stance;
        }
        match (&self.exits, stance) {
            (_, Ok(_)) if self.to_liquidate().is_some() => Err(Hold::Closing),
            (Some(exits), stance) => exits.bend(stance),
            (None, stance) => stance,
        }
    }

    /// Sends what closes the position, after the quotes were pulled. `hedging` are the sides on which orders of the hedge stand.
    pub(super) fn close(&mut self, hedging: [bool; 2], turn: &mut Turn<'_>) {
        if !self.closes() || !self.position_known() || self.closer.retry_at.is_some() {
            return;
        }
        let position = self.ledger.position();
        let exit = self.exits.as_ref().and_then(|exits| exits.wish(position));
        let free = |wish: &Wish| !hedging.get(wish.side.index()).copied().unwrap_or(false);
        let Some(wish) = exit.or_else(|| self.to_liquidate().filter(free)) else { return };
        let standing = Standing { position, reference: self.fresh_mid(turn.now) };
        self.closer.send(wish, &self.spec, &mut self.orders, &standing, turn);
    }

    /// The midpoint, unless it is too old: on such a one nothing is sent. Its confirmation, or another one, brings the order.
    pub(super) fn fresh_mid(&self, now: Nanos) -> Option<ballast_model::HalfTicks> {
        let age_max = self.quoter.as_ref().map_or(Span::ZERO, Quoter::touch_age_max);
        let fresh = self.market.confirmed_at() + age_max > now;
        self.market.touch().filter(|_| fresh).map(|touch| touch.mid())
    }

    /// True where no fill is missing and the ledger is to be believed.
    pub(super) fn position_known(&self) -> bool {
        !self.in_doubt() && !self.orders.misses_fills()
    }
}
