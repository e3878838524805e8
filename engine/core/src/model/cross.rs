//! Cross-venue market making: quotes here, priced from what a fill would fetch on the venue it is hedged on.
//!
//! With `H_b` the price at which the hedge venue buys our size and `H_a` the one at which it sells it, fees `f` of a fill
//! here and `g` of the hedge as shares of value, and the margin `m`:
//!
//! `bid = H_b·(1 − g)·(1 − m)/(1 + f)`, `ask = H_a·(1 + g)·(1 + m)/(1 − f)`,
//!
//! so that buying here at the bid for `bid·(1 + f)` and selling there for `H_b·(1 − g)` leaves the share `m` of what the
//! hedge fetches, and likewise on the other side.
//!
//! Two instruments on one asset (spot and its perpetual) have a **basis**. Where the configuration says so, its exponential
//! mean in time is taken off the hedge prices first: what is locked in then is the distance from that mean, not from zero.
//!
//! Never here: a quote without a hedge price that can be traded at, the hedge itself.

use ballast_model::{Digest, Lots, Nanos, Rate, Side, Span, Ticks};

use super::{DesiredQuotes, Hold, ModelParamError, QuoteInputs, QuoteModel, passive_price, sound_touch};
use crate::book::Level;
use crate::fair::Touch;

/// What an order of our size would fetch on the hedge venue, in ticks of the instrument being quoted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HedgePrices {
    /// Mean price at which our size is bought from us there. Above zero.
    pub sell_ticks: f64,
    /// Mean price at which our size is sold to us there. Above zero.
    pub buy_ticks: f64,
}

/// What a [`CrossVenue`] is built from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrossVenueParams {
    /// Size of a quote. Above zero.
    pub size: Lots,
    /// Fee of a fill here, a share of its value; a rebate is negative. Its magnitude is below one.
    pub maker_fee: Rate,
    /// Fee of the hedge, a share of its value. From zero to below one.
    pub hedge_fee: Rate,
    /// What a hedged fill is to leave, a share of its value. From zero to below one.
    pub margin: Rate,
    /// Half-life of the mean basis; `None` to price from the hedge venue as it stands.
    pub basis_half_life: Option<Span>,
    /// A quote is at most this much better than the best price of its own side: to be first is worth no more. Not negative.
    pub improve_max: Ticks,
    /// What is not hedged yet may be this much, long or short; the adding side shrinks towards it. At least `size`.
    pub unhedged_max: Lots,
}

/// The model for one instrument.
#[derive(Clone, Debug)]
pub struct CrossVenue {
    params: CrossVenueParams,
    /// What the fees and the margin leave of a hedge price, bid and ask by [`Side::index`].
    factors: [f64; 2],
    basis: Option<Basis>,
}

/// The mean distance of the hedge venue's midpoint from ours, in ticks.
#[derive(Clone, Copy, Debug)]
struct Basis {
    mean_ticks: f64,
    /// The latest distance: it holds until the next.
    latest_ticks: f64,
    at: Nanos,
}

impl CrossVenue {
    /// The model.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn new(params: CrossVenueParams) -> Result<Self, ModelParamError> {
        let below_one = |rate: Rate| rate.0.abs() < Rate::ONE.0;
        if params.size.0 <= 0 {
            return Err(ModelParamError::Size);
        }
        if params.unhedged_max < params.size {
            return Err(ModelParamError::InventoryMax);
        }
        if !below_one(params.maker_fee) {
            return Err(ModelParamError::ProfitMin);
        }
        if [params.hedge_fee, params.margin].iter().any(|rate| rate.0 < 0 || !below_one(*rate)) {
            return Err(ModelParamError::ProfitMin);
        }
        if params.basis_half_life.is_some_and(|half_life| half_life <= Span::ZERO) {
            return Err(ModelParamError::Basis);
        }
        if params.improve_max.0 < 0 {
            return Err(ModelParamError::Improve);
        }
        let [fee, hedge_fee, margin] = [params.maker_fee, params.hedge_fee, params.margin].map(share);
        let factors = [
            (1.0 - hedge_fee) * (1.0 - margin) / (1.0 + fee),
            (1.0 + hedge_fee) * (1.0 + margin) / (1.0 - fee),
        ];
        Ok(Self { params, factors, basis: None })
    }

    /// The basis to take off: its mean up to now, the present distance where it is the first one.
    fn basis_ticks(&mut self, hedge: HedgePrices, touch: &Touch, now: Nanos) -> f64 {
        let Some(half_life) = self.params.basis_half_life else { return 0.0 };
        let latest_ticks = 0.5 * (hedge.sell_ticks + hedge.buy_ticks) - touch.mid().to_ticks_f64();
        let mean_ticks = self.basis.map_or(latest_ticks, |basis| {
            let kept = libm::exp2(-(now - basis.at).as_secs_f64() / half_life.as_secs_f64());
            basis.mean_ticks * kept + basis.latest_ticks * (1.0 - kept)
        });
        self.basis = Some(Basis { mean_ticks, latest_ticks, at: now });
        mean_ticks
    }

    /// The size of one side: what the unhedged position leaves room for, at most a whole quote.
    fn lots(&self, side: Side, unhedged: Lots) -> Lots {
        self.params.size.min(self.params.unhedged_max - unhedged.signed(side))
    }
}

impl QuoteModel for CrossVenue {
    #[expect(clippy::cast_precision_loss, reason = "prices are exact in f64")]
    fn quote(&mut self, inputs: &QuoteInputs, quotes: &mut DesiredQuotes) -> Result<(), Hold> {
        let touch = sound_touch(inputs)?;
        let hedge = inputs.hedge.ok_or(Hold::NoHedgePrice)?;
        let basis = self.basis_ticks(hedge, &touch, inputs.now);
        let [bid_factor, ask_factor] = self.factors;
        let bid = (hedge.sell_ticks - basis) * bid_factor;
        let ask = (hedge.buy_ticks - basis) * ask_factor;
        if !bid.is_finite() || !ask.is_finite() {
            return Err(Hold::NotFinite);
        }
        let improve = self.params.improve_max;
        let bid = bid.min((touch.bid.price + improve).0 as f64);
        let ask = ask.max((touch.ask.price - improve).0 as f64);
        let level = |side, ticks| {
            let lots = self.lots(side, inputs.inventory);
            passive_price(side, ticks, &touch).map(|price| Level { price, lots })
        };
        quotes.add_pair(level(Side::Bid, bid), level(Side::Ask, ask))
    }

    fn digest(&self, digest: &mut Digest) {
        digest.word(u64::from(self.basis.is_some()));
        if let Some(basis) = &self.basis {
            digest.word(basis.mean_ticks.to_bits());
            digest.word(basis.latest_ticks.to_bits());
            digest.signed(basis.at.0);
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share is below 2^53 units")]
fn share(rate: Rate) -> f64 {
    rate.0 as f64 / Rate::ONE.0 as f64
}

#[cfg(test)]
mod tests;
