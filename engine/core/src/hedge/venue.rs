//! Hedge venues: what each can take, at what price, at what cost.
//!
//! Never here: a price past the slippage guard, a price without a reference, room from margin that is not known.

use ballast_model::{
    ClientOrderId, Contract, HalfTicks, InstrumentId, InstrumentSpec, Lots, Money, Nanos, Price, Rate,
    ReduceOnly, Side, Span, Ticks, TimeInForce,
};

use super::amount::{AMOUNT_MAX, Base};
use super::ladder::{HedgePolicy, Stage};
use super::split::Offer;
use crate::fair::Touch;
use crate::oms::Order;
use crate::quotes::LiveStatus;

/// One venue to hedge on: a linear perpetual.
#[derive(Clone, Copy, Debug)]
pub struct HedgeVenueSpec {
    /// Which instrument.
    pub instrument: InstrumentId,
    /// Its grid and limits. Linear.
    pub spec: InstrumentSpec,
    /// Fee of a resting fill.
    pub fee_maker: Rate,
    /// Fee of a taking fill.
    pub fee_taker: Rate,
    /// How far the price moves, as a share of it, for an order of the size that the best price shows; linear in the size. Not
    /// negative.
    pub impact: Rate,
    /// Initial margin of an adding order, as a share of its value. Above zero.
    pub margin: Rate,
    /// Largest order; at least the venue's smallest.
    pub order_lots_max: Lots,
}

/// Which parameter of a [`HedgeVenueSpec`] is outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VenueError {
    /// The contract is inverse: its size in base units depends on the price, so no order size would be exact.
    Inverse,
    /// The lot is too large for exact amounts.
    Lot,
    /// The largest order is below the venue's smallest.
    OrderLots,
    /// The impact is negative or the margin is not above zero.
    Rate,
}

impl core::fmt::Display for VenueError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Inverse => "a hedge venue must be linear",
            Self::Lot => "the lot is too large for exact amounts",
            Self::OrderLots => "order_lots_max is below the venue's smallest order",
            Self::Rate => "impact must not be negative, margin must be above zero",
        })
    }
}

impl core::error::Error for VenueError {}

/// What a venue lets us do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VenueAccess {
    /// Everything.
    Open,
    /// Only orders that reduce the position: the gate's state, or a lack of margin.
    ReduceOnly,
    /// Nothing: not connected, or not trading.
    Closed,
}

/// Funding as the venue announces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Funding {
    /// Paid by longs to shorts for one period, as a share of the value.
    pub rate: Rate,
    /// Length of a period, above zero.
    pub period: Span,
}

/// A hedge venue as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HedgeVenueState {
    /// The ledger's position; `None` while it is in doubt.
    pub position: Option<Lots>,
    /// Best bid and ask; `None` while the book cannot be trusted.
    pub touch: Option<Touch>,
    /// What prices are held against: the venue's own mid or a blend of venues; `None` where there is none that can be trusted.
    pub reference: Option<HalfTicks>,
    /// Funding; `None` where it is unknown.
    pub funding: Option<Funding>,
    /// Margin that working orders have not reserved, quote currency; `None` where it is unknown, and then nothing may add.
    pub margin_free: Option<Money>,
    /// What may be done.
    pub access: VenueAccess,
}

/// An open hedge order as the controller sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HedgeOrder {
    /// Where.
    pub instrument: InstrumentId,
    /// Our id.
    pub client_id: ClientOrderId,
    /// Buy or sell.
    pub side: Side,
    /// Limit price.
    pub price: Price,
    /// Size not yet filled.
    pub remaining: Lots,
    /// Lifetime.
    pub tif: TimeInForce,
    /// What is known of it.
    pub status: LiveStatus,
    /// When it was sent.
    pub sent_at: Nanos,
}

impl HedgeOrder {
    /// An open order of the order manager.
    #[must_use]
    pub fn of(instrument: InstrumentId, order: &Order) -> Self {
        Self {
            instrument,
            client_id: order.client_id,
            side: order.side,
            price: order.price,
            remaining: order.working(),
            tif: order.tif,
            status: LiveStatus::of(order.state),
            sent_at: order.sent_at,
        }
    }

    /// True where it stands as it was sent: it can be kept or called back.
    #[must_use]
    pub const fn stands(&self) -> bool {
        matches!(self.status, LiveStatus::Pending | LiveStatus::Live)
    }

    /// True where nobody can say whether it is alive.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        matches!(self.status, LiveStatus::Unknown | LiveStatus::UnknownCancelling)
    }
}

/// An order the controller asks for; it still has to pass the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HedgeIntent {
    /// Where.
    pub instrument: InstrumentId,
    /// Buy or sell.
    pub side: Side,
    /// Limit price.
    pub price: Price,
    /// Size, above zero.
    pub lots: Lots,
    /// Lifetime.
    pub tif: TimeInForce,
    /// Yes where it at most closes the position, whatever else trades on its side.
    pub reduce_only: ReduceOnly,
}

/// What the open hedge orders of one venue add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct OpenSum {
    /// Remaining lots by [`Side::index`], every order in full.
    pub(super) lots: [i64; 2],
    /// Orders that stand, or stand until their cancel is confirmed.
    pub(super) standing: u32,
    /// Orders of unknown fate.
    pub(super) unknown: u32,
}

impl OpenSum {
    pub(super) fn add(&mut self, order: &HedgeOrder) {
        let [bids, asks] = &mut self.lots;
        let lots = match order.side {
            Side::Bid => bids,
            Side::Ask => asks,
        };
        *lots = lots.saturating_add(order.remaining.0);
        if order.is_unknown() {
            self.unknown += 1;
        } else {
            self.standing += 1;
        }
    }

    pub(super) fn on(&self, side: Side) -> i64 {
        self.lots.get(side.index()).copied().unwrap_or(0)
    }
}

/// Least and greatest price an order may carry now, and what one lot is worth at them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Guard {
    /// Lowest price of a sale.
    pub(super) floor: Price,
    /// Highest price of a purchase.
    pub(super) ceiling: Price,
}

impl Guard {
    /// `reference · (1 ∓ slippage)`, rounded towards the reference.
    pub(super) fn new(reference: HalfTicks, slippage: Rate) -> Option<Self> {
        if reference.0 <= 0 {
            return None;
        }
        let one = i128::from(Rate::ONE.0);
        let mid = i128::from(reference.0);
        let floor = -(-(mid * (one - i128::from(slippage.0)))).div_euclid(2 * one);
        let ceiling = (mid * (one + i128::from(slippage.0))).div_euclid(2 * one);
        Some(Self { floor: Price(i64::try_from(floor).ok()?), ceiling: Price(i64::try_from(ceiling).ok()?) })
    }

    /// The price nearest to `price` that the guard allows on a side.
    pub(super) fn hold(&self, side: Side, price: Price) -> Price {
        match side {
            Side::Bid => price.min(self.ceiling),
            Side::Ask => price.max(self.floor),
        }
    }

    /// True where a price on this side is past the guard.
    pub(super) fn stops(&self, side: Side, price: Price) -> bool {
        self.hold(side, price) != price
    }
}

/// Where and how an order of a stage is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) price: Price,
    pub(super) tif: TimeInForce,
}

impl HedgeVenueSpec {
    /// Checks the parameters.
    ///
    /// # Errors
    /// The first [`VenueError`] that applies.
    pub fn check(&self) -> Result<(), VenueError> {
        if self.spec.contract == Contract::Inverse {
            return Err(VenueError::Inverse);
        }
        let lot = Base::of_lot(&self.spec).ok_or(VenueError::Lot)?;
        let largest = lot.0.checked_mul(i128::from(self.spec.size_max.0));
        if largest.is_none_or(|largest| largest > AMOUNT_MAX.0) {
            return Err(VenueError::Lot);
        }
        if self.order_lots_max < self.spec.size_min {
            return Err(VenueError::OrderLots);
        }
        if self.impact.0 < 0 || self.margin.0 <= 0 {
            return Err(VenueError::Rate);
        }
        Ok(())
    }

    /// What an order of a stage should look like; `None` where that is no price the venue takes.
    ///
    /// A taking order that would find nothing within the guard rests at the guard instead, so that it trades as soon as the
    /// market comes back.
    pub(super) fn wanted(&self, side: Side, stage: Stage, touch: &Touch, guard: &Guard) -> Option<Wanted> {
        let (own, opposite) = match side {
            Side::Bid => (touch.bid.price, touch.ask.price),
            Side::Ask => (touch.ask.price, touch.bid.price),
        };
        let last = match side {
            Side::Bid => guard.ceiling,
            Side::Ask => guard.floor,
        };
        let wanted = match stage {
            Stage::Passive => {
                let deepest = opposite.away(side, Ticks(1));
                let price = guard.hold(side, own);
                let price = if side.reaches(price, deepest) { deepest } else { price };
                Wanted { price, tif: TimeInForce::PostOnly }
            }
            Stage::Touch => Wanted { price: guard.hold(side, opposite), tif: TimeInForce::GoodTillCancel },
            Stage::Take if side.reaches(last, opposite) => {
                Wanted { price: last, tif: TimeInForce::ImmediateOrCancel }
            }
            Stage::Take => Wanted { price: last, tif: TimeInForce::GoodTillCancel },
        };
        (self.spec.price_min..=self.spec.price_max).contains(&wanted.price).then_some(wanted)
    }

    /// Lowest and highest price an order of ours may carry on either side now, for bounds on its value.
    pub(super) fn price_range(&self, touch: &Touch, guard: &Guard) -> (Price, Price) {
        let (low, high) = (touch.bid.price.min(guard.floor), touch.ask.price.max(guard.ceiling));
        (low.max(self.spec.price_min), high.min(self.spec.price_max))
    }

    /// Smallest order the venue takes at any price from `low` on.
    pub(super) fn lots_min(&self, low: Price) -> Lots {
        let lot_value = self.spec.notional(low, Lots(1)).0.max(1);
        let by_value = (self.spec.notional_min.0 + lot_value - 1) / lot_value;
        Lots(i64::try_from(by_value).unwrap_or(i64::MAX)).max(self.spec.size_min)
    }

    /// Lots that at most close the position on a side, whatever already works there.
    pub(super) fn reducible(state: &HedgeVenueState, open: &OpenSum, side: Side) -> i64 {
        let closes = state.position.map_or(0, |position| -position.signed(side).0);
        closes.saturating_sub(open.on(side)).max(0)
    }

    /// Lots that may be ordered on a side at prices up to `high`.
    pub(super) fn capacity(&self, state: &HedgeVenueState, open: &OpenSum, side: Side, high: Price) -> Lots {
        let reducible = Self::reducible(state, open, side);
        let adding = match (state.access, state.margin_free) {
            (VenueAccess::Closed, _) => return Lots::ZERO,
            (VenueAccess::ReduceOnly, _) | (VenueAccess::Open, None) => 0,
            (VenueAccess::Open, Some(free)) => self.margin_lots(free, high),
        };
        Lots(reducible.saturating_add(adding)).min(self.order_lots_max).min(self.spec.size_max)
    }

    /// Lots that free margin carries at a price.
    fn margin_lots(&self, free: Money, price: Price) -> i64 {
        let lot_value = self.spec.notional(price, Lots(1)).0;
        let one = i128::from(Rate::ONE.0);
        // Rounded up: margin per lot is never understated.
        let per_lot = lot_value.checked_mul(i128::from(self.margin.0)).map(|cost| cost / one + 1);
        per_lot.map_or(0, |per_lot| i64::try_from(free.0.max(0) / per_lot.max(1)).unwrap_or(i64::MAX))
    }

    /// Cost of the first unit traded on a side, in 10⁻⁸ of the price: fee, distance from the reference to where it trades,
    /// and funding over the horizon. Below zero where it earns.
    pub(super) fn cost(
        &self,
        side: Side,
        stage: Stage,
        state: &HedgeVenueState,
        policy: &HedgePolicy,
    ) -> Option<i128> {
        let (touch, reference) = (state.touch?, state.reference.filter(|mid| mid.0 > 0)?);
        let trading = match stage {
            Stage::Passive => i128::from(self.fee_maker.0),
            Stage::Touch | Stage::Take => {
                i128::from(self.fee_taker.0) + Self::half_spread(side, &touch, reference)
            }
        };
        Some(trading + funding_cost(side, state.funding, policy))
    }

    /// Distance from the reference to the opposite best price, in 10⁻⁸ of the reference, rounded down; below zero where that
    /// price is better than the reference.
    fn half_spread(side: Side, touch: &Touch, reference: HalfTicks) -> i128 {
        let opposite = match side {
            Side::Bid => touch.ask.price,
            Side::Ask => touch.bid.price,
        };
        let away = i128::from((2 * opposite.0 - reference.0) * side.sign());
        (away * i128::from(Rate::ONE.0)).div_euclid(i128::from(reference.0))
    }

    /// This venue's side of a split; `None` where it has no price.
    pub(super) fn offer(&self, cost: i128, capacity: Lots, lots_min: Lots, shown: Lots) -> Option<Offer> {
        let lot = Base::of_lot(&self.spec)?;
        Some(Offer { cost, impact: self.impact, shown: Lots(shown.0.max(1)), capacity, lots_min, lot })
    }
}

/// Cost of funding over the policy's horizon for a unit traded on a side, in 10⁻⁸ of the price, within the policy's bound;
/// unknown funding costs that bound.
fn funding_cost(side: Side, funding: Option<Funding>, policy: &HedgePolicy) -> i128 {
    let bound = i128::from(policy.funding_cost_max.0);
    let Some(Funding { rate, period }) = funding.filter(|funding| funding.period.0 > 0) else { return bound };
    let paid = i128::from(rate.0) * i128::from(policy.funding_horizon.0);
    // Rounded up: a cost is never understated.
    let paid = -(-paid * i128::from(side.sign())).div_euclid(i128::from(period.0));
    paid.clamp(-bound, bound)
}
