//! Keep, amend, or cancel and place anew: what moves an order nearest to what is wanted at each venue.
//!
//! A place in the queue is worth more than a price a tick off; which change of an order keeps it differs by venue. What the
//! venues do is stated in [`ReplaceRules`], with its source.
//!
//! Never here: a risk decision (the gate's), a request sent.

use ballast_model::{Cancel, InstrumentId, LOTS_MAX, Lots, Nanos, Replace, Ticks, TimeInForce};

use crate::book::Level;
use crate::oms::{Order, OrderState};
use crate::quotes::{LiveQuote, LiveStatus, Place, Tolerance};

/// What a venue lets an amendment change, and what becomes of the order's place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmendKind {
    /// Nothing: there are no amendments.
    Unsupported,
    /// A smaller size at the same price, which keeps the place; anything else is refused.
    ShrinkOnly,
    /// Price and size. The order goes behind all others at its price, even where it only becomes smaller.
    Requeues,
    /// Price and size. A size that is not larger at the same price keeps the place, anything else goes behind.
    ShrinkKeeps,
}

/// What becomes of an order's self-trade prevention when it is amended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreventionAfter {
    /// It stays as it was.
    Kept,
    /// It is gone. Only an order that never takes may then be amended, for it meets nobody.
    Reset,
}

/// A venue's rules of amendment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplaceRules {
    /// What may change.
    pub kind: AmendKind,
    /// What becomes of self-trade prevention.
    pub prevention: PreventionAfter,
    /// Most amendments of one order; zero for no limit known.
    pub amendments_max: u32,
}

impl ReplaceRules {
    /// No amendments.
    pub const NONE: Self = Self::new(AmendKind::Unsupported);
    /// Binance spot, `order.amend.keepPriority`: only a smaller quantity; keeps id and place.
    pub const BINANCE_SPOT: Self = Self::new(AmendKind::ShrinkOnly);
    /// Binance USD-M, `order.modify`: price and quantity, always queued again, self-trade prevention reset to NONE, fewer
    /// than 10 000 times an order.
    pub const BINANCE_USDM: Self =
        Self { kind: AmendKind::Requeues, prevention: PreventionAfter::Reset, amendments_max: 9_999 };
    /// Deribit, `private/edit`: keeps its place where the price is the same and the amount smaller.
    pub const DERIBIT: Self = Self::new(AmendKind::ShrinkKeeps);
    /// Bybit, `order.amend`; that a smaller size keeps its place is not confirmed.
    pub const BYBIT: Self = Self::new(AmendKind::ShrinkKeeps);
    /// OKX, `amend-order`; that a smaller size keeps its place is not confirmed.
    pub const OKX: Self = Self::new(AmendKind::ShrinkKeeps);
    /// Coinbase, `orders/edit`; that a smaller size keeps its place is not confirmed.
    pub const COINBASE: Self = Self::new(AmendKind::ShrinkKeeps);
    /// Hyperliquid, `modify`: a new order id; that the place is lost is not confirmed.
    pub const HYPERLIQUID: Self = Self::new(AmendKind::Requeues);
    /// Polymarket has no amendments.
    pub const POLYMARKET: Self = Self::NONE;

    const fn new(kind: AmendKind) -> Self {
        Self { kind, prevention: PreventionAfter::Kept, amendments_max: 0 }
    }

    /// Whether an amendment to this price and total size leaves an order in its place; `None` where the venue refuses it.
    #[must_use]
    pub fn place_after(&self, from: (Level, Lots), to: Level) -> Option<PlaceAfter> {
        let (standing, filled) = from;
        let smaller = to.price == standing.price && to.lots < standing.lots && to.lots > filled;
        let not_larger = to.price == standing.price && to.lots <= standing.lots;
        match self.kind {
            AmendKind::Unsupported => None,
            AmendKind::ShrinkOnly => smaller.then_some(PlaceAfter::Kept),
            AmendKind::Requeues => Some(PlaceAfter::Lost),
            AmendKind::ShrinkKeeps if not_larger => Some(PlaceAfter::Kept),
            AmendKind::ShrinkKeeps => Some(PlaceAfter::Lost),
        }
    }

    /// What to do about a live order that should stand at `wanted`, whose size is what should remain to trade.
    ///
    /// An order within the tolerance is kept. An amendment goes before a cancel and a new order wherever the venue takes it:
    /// it keeps the place or, where the place is lost either way, needs one request and leaves no gap. An order that the
    /// venue has once refused to amend is not tried again. Orders that are not live are waited for.
    #[must_use]
    pub fn decide(
        &self,
        instrument: InstrumentId,
        order: &Order,
        wanted: Place,
        tolerance: Tolerance,
        expires_at: Nanos,
    ) -> Decision {
        if order.state != OrderState::Live || order.side != wanted.side {
            return Decision::Wait;
        }
        let level = Level { price: wanted.price, lots: wanted.lots };
        let quote = LiveQuote {
            client_id: order.client_id,
            side: order.side,
            price: order.price,
            remaining: order.remaining(),
            status: LiveStatus::Live,
        };
        let depth = Ticks((wanted.price - order.price).0 * order.side.sign());
        if depth >= Ticks(0) && depth <= tolerance.price && tolerance.fits_size(&level, &quote) {
            return Decision::Keep;
        }
        let traded = order.filled.max(order.reported);
        let lots = Lots(traded.0.saturating_add(wanted.lots.0).min(LOTS_MAX));
        let standing = Level { price: order.price, lots: order.lots };
        let taken = self.place_after((standing, traded), Level { price: wanted.price, lots });
        let worn = self.amendments_max > 0 && order.amendments >= self.amendments_max || order.amend_refused;
        let unguarded = self.prevention == PreventionAfter::Reset && order.tif != TimeInForce::PostOnly;
        let client_id = order.client_id;
        if taken.is_none() || worn || unguarded {
            return Decision::CancelAndNew(Cancel { instrument, client_id }, wanted);
        }
        let (side, price) = (wanted.side, wanted.price);
        Decision::Amend(Replace { instrument, client_id, side, price, lots, expires_at })
    }
}

/// Where an amended order stands in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceAfter {
    /// Where it stood.
    Kept,
    /// Behind all others at its price.
    Lost,
}

/// What to do about an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It stands well enough.
    Keep,
    /// It waits for an answer.
    Wait,
    /// To be amended, if the gate agrees.
    Amend(Replace),
    /// To be cancelled; this is to be placed instead, if the gate agrees.
    CancelAndNew(Cancel, Place),
}

#[cfg(test)]
mod tests;
