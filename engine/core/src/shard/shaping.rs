//! The way from what a model wants to what may be quoted now: shaped by market and inventory, and throttled.

use ballast_model::{Digest, Lots, Money, Nanos, Price, Rate, Side, Ticks};

use super::lane_error::LaneError;
use super::orders::OrderDesk;
use crate::fair::Touch;
use crate::inventory::{Exposure, Quoting};
use crate::market::Market;
use crate::model::{DesiredQuotes, QuoteInputs};
use crate::oms::{Order, OrderState};
use crate::shape::adjust::AdjustInputs;
use crate::shape::depth::depth_near;
use crate::shape::drift::{DriftParams, EwmaDrift};
use crate::shape::shaper::{ShapeInputs, Shaper, ShaperParams};
use crate::shape::throttle::{QuoteState, Throttle, ThrottleParams, Urgent, Verdict, urgency};

/// How quotes are bent between the model and the orders.
#[derive(Clone, Copy, Debug)]
pub struct ShapingSpec {
    /// Adjustments, inventory ladder, levels and sizes.
    pub shaper: ShaperParams,
    /// What measures the momentum; `None` where nothing reads it.
    pub drift: Option<DriftParams>,
    /// Depth counts this far behind the best price, and this far around a level. Not negative.
    pub depth_within: Ticks,
    /// The order that closes the position at the ladder's last stage goes at most this far through the midpoint, as a share of it:
    /// above zero, below one and at most the gate's collar. `None` where that stage is left out.
    pub liquidation_protection: Option<Rate>,
    /// When quotes may change; `None` for at every decision.
    pub throttle: Option<ThrottleParams>,
}

/// Shapes and throttles the quotes of one instrument.
#[derive(Debug)]
pub(super) struct Shaping {
    shaper: Shaper,
    drift: Option<EwmaDrift>,
    depth_within: Ticks,
    /// An adjustment reads the depth at the best prices.
    reads_depth: bool,
    /// Sizes read what the account is worth.
    reads_equity: bool,
    throttle: Option<Throttle>,
    /// What came of the last shaping.
    quotes: DesiredQuotes,
}

/// What shaping reads beside the model's inputs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beside {
    /// From the own market's fair value to that of other venues; `None` where it is not known.
    pub(super) venues_gap_ticks: Option<f64>,
    /// What the account is worth, in the quote currency; `None` where it is not read, or not known.
    pub(super) equity: Option<Money>,
}

/// Whether quotes may change now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum May {
    Change,
    Wait,
}

impl Shaping {
    pub(super) fn new(
        spec: &ShapingSpec,
        instrument: &ballast_model::InstrumentSpec,
    ) -> Result<Self, LaneError> {
        if spec.depth_within.0 < 0 {
            return Err(LaneError::DepthWithin);
        }
        Ok(Self {
            shaper: Shaper::new(&spec.shaper, instrument).map_err(LaneError::Shaper)?,
            drift: spec.drift.map(EwmaDrift::new).transpose().map_err(LaneError::Drift)?,
            depth_within: spec.depth_within,
            reads_depth: spec.shaper.adjust.liquidity.is_some(),
            reads_equity: spec.shaper.levels.reads_equity(),
            throttle: spec.throttle.map(Throttle::new).transpose().map_err(LaneError::Throttle)?,
            quotes: DesiredQuotes::NONE,
        })
    }

    /// Whether sizes read what the account is worth.
    pub(super) const fn reads_equity(&self) -> bool {
        self.reads_equity
    }

    /// What to quote.
    pub(super) const fn quotes(&self) -> &DesiredQuotes {
        &self.quotes
    }

    #[inline]
    pub(super) fn on_touch(&mut self, touch: Option<Touch>, now: Nanos) {
        if let (Some(drift), Some(touch)) = (&mut self.drift, touch) {
            drift.update(touch.mid(), now);
        }
    }

    /// When what was put off is due.
    #[inline]
    pub(super) fn deadline(&self) -> Option<Nanos> {
        self.throttle.as_ref().and_then(Throttle::next_deadline)
    }

    /// Shapes what the model wants; nothing where it wants nothing.
    pub(super) fn shape(
        &mut self,
        wanted: &DesiredQuotes,
        inputs: &QuoteInputs,
        Beside { venues_gap_ticks, equity }: Beside,
        market: &Market,
        orders: &OrderDesk,
    ) -> May {
        self.quotes.clear();
        let mut quoting = Quoting::Neither;
        if let Some(touch) = inputs.touch {
            let own = |side: Side| move |price: Price| own_at(orders, side, price);
            let near = |side: Side, price: Price| {
                let levels = market.book().levels(side);
                depth_near(levels, side, price, self.depth_within, own(side))
            };
            let shape_inputs = ShapeInputs {
                touch,
                adjust: AdjustInputs {
                    sigma_ticks_per_sqrt_s: inputs.sigma_ticks_per_sqrt_s,
                    depth: self
                        .reads_depth
                        .then(|| [near(Side::Bid, touch.bid.price), near(Side::Ask, touch.ask.price)]),
                    drift_ticks_per_s: self.drift.as_ref().and_then(EwmaDrift::ticks_per_s),
                    venues_gap_ticks,
                },
                exposure: exposure(inputs.inventory, orders),
                equity,
            };
            let depth = |side, price| Some(near(side, price));
            quoting = self.shaper.shape(wanted, &shape_inputs, depth, &mut self.quotes).plan.quoting;
        }
        self.throttled(inputs, orders, quoting)
    }

    fn throttled(&mut self, inputs: &QuoteInputs, orders: &OrderDesk, quoting: Quoting) -> May {
        let Some(throttle) = &mut self.throttle else { return May::Change };
        let best = |side: Side| self.quotes.side(side).levels().first().map(|level| level.price);
        let state = QuoteState {
            mid: inputs.touch.map(|touch| touch.mid()),
            wanted: Side::BOTH.map(best),
            inventory: inputs.inventory,
        };
        let standing = Side::BOTH.map(|side| best_standing(orders, side));
        let wants_none = state.wanted == [None, None] && standing != [None, None];
        let urgent = wants_none.then_some(Urgent::Pull);
        let urgent = urgent.or_else(|| urgency(standing, inputs.touch.as_ref(), quoting));
        match throttle.ask(inputs.now, &state, urgent) {
            Verdict::Quote(_) => May::Change,
            Verdict::Wait(_) => May::Wait,
        }
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        self.shaper.digest(digest);
        if let Some(drift) = &self.drift {
            drift.digest(digest);
        }
        if let Some(throttle) = &self.throttle {
            throttle.digest(digest);
        }
    }
}

/// The position, and what orders of unknown fate may have made of it.
fn exposure(position: Lots, orders: &OrderDesk) -> Exposure {
    Exposure::spanning(position - orders.unknown(Side::Ask), position + orders.unknown(Side::Bid))
}

/// What we rest at a price.
fn own_at(orders: &OrderDesk, side: Side, price: Price) -> Lots {
    let at_price = |order: &&Order| order.side == side && order.price == price;
    orders.oms.open_orders().filter(at_price).fold(Lots::ZERO, |sum, order| sum + order.remaining())
}

/// The best price of a side's orders that are not being cancelled.
fn best_standing(orders: &OrderDesk, side: Side) -> Option<Price> {
    let stands = |order: &&Order| {
        order.side == side && !matches!(order.state, OrderState::PendingCancel(_) | OrderState::Done(_))
    };
    let prices = orders.oms.open_orders().filter(stands).map(|order| order.price);
    prices.max_by_key(|price| price.0 * side.sign())
}
