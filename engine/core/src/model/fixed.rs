//! A fixed distance around the mid, shifted by the position: n levels a side, with floors of profit and liquidity.
//!
//! Never here: a fair value other than the midpoint, a volatility.

use ballast_model::{Digest, Lots, Nanos, PRICE_TICKS_MAX, Price, Rate, Side, Span, Ticks};

use super::{
    DesiredQuotes, Hold, ModelParamError, NearDepth, OwnFill, QUOTES_PER_SIDE_MAX, QuoteInputs, QuoteModel,
    Scales, sound_touch,
};
use crate::book::Level;
use crate::fair::{Touch, ceil_to_tick, floor_to_tick};

/// Furthest from the best prices at which depth is counted, ticks.
pub const DEPTH_TICKS_MAX: i64 = 1_000;

/// Distance of the best quotes from the reservation price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HalfSpread {
    /// In ticks. Not negative.
    Ticks(Ticks),
    /// As a share of the mid, so that one basis point is `Rate::from_bps(1)`. From zero to one.
    OfMid(Rate),
}

/// The least visible size near the touch at which to quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiquidityMin {
    /// The book must show this much on each side. Above zero.
    pub lots: Lots,
    /// Counted from the best price of a side to this far behind it, whoever's the size is. Zero counts the best price alone.
    /// At most [`DEPTH_TICKS_MAX`].
    pub within: Ticks,
}

/// The least profit to quote for: the half spread is never below twice the fee plus the margin, shares of the mid. A fill
/// that is later closed at the mid by another passive fill then still earns the margin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProfitMin {
    /// Maker fee; a rebate is negative. Its magnitude is at most one.
    pub maker_fee: Rate,
    /// What is to be left over. From zero to one.
    pub margin: Rate,
}

/// What a fill of one side does to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterFill {
    /// Nothing: it stays.
    Keep,
    /// It is pulled at once, whatever triggers quotes otherwise, and stays away for this long, above zero; each further fill
    /// counts anew. Who was just hit has often been hit by a move that the mid does not show yet. Where the filled side has
    /// stopped at the inventory limit, the other one stays: it is the way back.
    PullOther(Span),
}

/// What a [`FixedSpread`] is built from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FixedSpreadParams {
    /// Distance of the best quote from the reservation price.
    pub half_spread: HalfSpread,
    /// How far one base unit of position moves the reservation price against itself, in ticks. Finite, not negative.
    pub skew_ticks_per_base: f64,
    /// Size of each quote. Above zero.
    pub size: Lots,
    /// The adding side stops once the position has reached this much, so that the last fill may pass it by less than one
    /// quote; a level behind the best counts those before it as filled. At least `size`.
    pub inventory_max: Lots,
    /// Quotes a side, from one to [`QUOTES_PER_SIDE_MAX`].
    pub levels: usize,
    /// Distance between the levels of a side. At least one tick.
    pub step: Ticks,
    /// Where nothing is quoted for want of liquidity; `None` for any.
    pub liquidity_min: Option<LiquidityMin>,
    /// What the half spread has to earn; `None` for any.
    pub profit_min: Option<ProfitMin>,
    /// What a fill of one side does to the other.
    pub after_fill: AfterFill,
}

impl FixedSpreadParams {
    /// One level a side at a distance in ticks, with no further rule.
    #[must_use]
    pub const fn plain(
        half_spread: Ticks,
        skew_ticks_per_base: f64,
        size: Lots,
        inventory_max: Lots,
    ) -> Self {
        Self {
            half_spread: HalfSpread::Ticks(half_spread),
            skew_ticks_per_base,
            size,
            inventory_max,
            levels: 1,
            step: Ticks(1),
            liquidity_min: None,
            profit_min: None,
            after_fill: AfterFill::Keep,
        }
    }

    fn check(&self) -> Result<(), ModelParamError> {
        let share = |rate: Rate| (0..=Rate::ONE.0).contains(&rate.0);
        let half_spread = match self.half_spread {
            HalfSpread::Ticks(ticks) => ticks.0 >= 0,
            HalfSpread::OfMid(rate) => share(rate),
        };
        let skew = self.skew_ticks_per_base.is_finite() && self.skew_ticks_per_base >= 0.0;
        let liquidity = self.liquidity_min;
        let within = |min: LiquidityMin| (0..=DEPTH_TICKS_MAX).contains(&min.within.0);
        let fee = |min: ProfitMin| share(Rate(min.maker_fee.0.saturating_abs())) && share(min.margin);
        let rules = [
            (half_spread, ModelParamError::HalfSpread),
            (skew, ModelParamError::Skew),
            (self.size.0 > 0, ModelParamError::Size),
            (self.inventory_max >= self.size, ModelParamError::InventoryMax),
            ((1..=QUOTES_PER_SIDE_MAX).contains(&self.levels), ModelParamError::Levels),
            ((1..=PRICE_TICKS_MAX).contains(&self.step.0), ModelParamError::Step),
            (liquidity.is_none_or(|min| min.lots.0 > 0), ModelParamError::LiquidityMin),
            (liquidity.is_none_or(within), ModelParamError::LiquidityWithin),
            (self.profit_min.is_none_or(fee), ModelParamError::ProfitMin),
            (!matches!(self.after_fill, AfterFill::PullOther(time) if time.0 <= 0), ModelParamError::Pull),
        ];
        rules.iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, error)| Err(*error))
    }
}

/// Quotes at a fixed distance from `mid − position · skew`, never better than the touch.
///
/// The plain quoter other engines are measured with. It reads the midpoint of the touch, not the configured fair value,
/// and no volatility. `inventory_max` bounds the skew, and no skew brings a bid above the best bid or an ask below the best
/// ask.
#[derive(Clone, Copy, Debug)]
pub struct FixedSpread {
    params: FixedSpreadParams,
    scales: Scales,
    /// Until when a side is pulled, by [`Side::index`]; `None` where it is not.
    pulled_until: [Option<Nanos>; 2],
    /// When to ask for quotes because a side has to go or may come back.
    next_quote_at: Option<Nanos>,
}

impl FixedSpread {
    /// The model for an instrument of these scales.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn new(params: FixedSpreadParams, scales: Scales) -> Result<Self, ModelParamError> {
        params.check()?;
        Ok(Self { params, scales, pulled_until: [None; 2], next_quote_at: None })
    }

    /// Lets the sides back whose time is over.
    fn release(&mut self, now: Nanos) {
        for until in &mut self.pulled_until {
            *until = until.filter(|until| *until > now);
        }
        self.next_quote_at = self.pulled_until.into_iter().flatten().min();
    }

    /// Distance of the best quotes from the reservation price, ticks.
    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "distances and rates are exact in f64")]
    fn half_spread(&self, mid: f64) -> f64 {
        let of_mid = |rate: i64| mid * rate as f64 / Rate::ONE.0 as f64;
        let half = match self.params.half_spread {
            HalfSpread::Ticks(ticks) => ticks.0 as f64,
            HalfSpread::OfMid(rate) => of_mid(rate.0),
        };
        match self.params.profit_min {
            Some(min) => half.max(of_mid(2 * min.maker_fee.0 + min.margin.0)),
            None => half,
        }
    }

    /// Writes the levels of one side from its best price outwards, up to the first that the limit or the prices forbid.
    #[inline]
    fn add_levels(&self, side: Side, best: Price, inventory: Lots, quotes: &mut DesiredQuotes) {
        let FixedSpreadParams { size, step, levels, inventory_max, .. } = self.params;
        let mut held = inventory.signed(side);
        let mut price = best;
        for _ in 0..levels {
            if held >= inventory_max || !(1..=PRICE_TICKS_MAX).contains(&price.0) {
                return;
            }
            // There is room for as many levels as the parameters allow, each behind the last.
            let _ = quotes.side_mut(side).push(Level { price, lots: size });
            held = Lots(held.0.saturating_add(size.0));
            price = Price(price.0 - side.sign() * step.0);
        }
    }

    /// Whether the fill of the opposite side keeps this one away.
    #[inline]
    fn pulled(&self, side: Side, inventory: Lots) -> bool {
        let reducing_only = inventory.signed(side.opposite()) >= self.params.inventory_max;
        let [bid, ask] = self.pulled_until;
        let until = match side {
            Side::Bid => bid,
            Side::Ask => ask,
        };
        until.is_some() && !reducing_only
    }

    fn check_liquidity(&self, inputs: &QuoteInputs) -> Result<(), Hold> {
        let Some(min) = self.params.liquidity_min else { return Ok(()) };
        let NearDepth { bid_lots, ask_lots } = inputs.depth.ok_or(Hold::NoDepth)?;
        if bid_lots.min(ask_lots) < min.lots { Err(Hold::ThinBook) } else { Ok(()) }
    }

    /// The best prices; `None` where one is none an order can carry.
    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "prices are exact in f64")]
    fn best_prices(&self, touch: &Touch, inventory: Lots) -> Result<[Option<Price>; 2], Hold> {
        let mid = touch.mid().to_ticks_f64();
        let reservation = mid - self.scales.base(inventory, mid) * self.params.skew_ticks_per_base;
        if !reservation.is_finite() {
            return Err(Hold::NotFinite);
        }
        let half = self.half_spread(mid);
        Ok([
            floor_to_tick((reservation - half).min(touch.bid.price.0 as f64)),
            ceil_to_tick((reservation + half).max(touch.ask.price.0 as f64)),
        ])
    }
}

impl QuoteModel for FixedSpread {
    #[inline]
    fn quote(&mut self, inputs: &QuoteInputs, quotes: &mut DesiredQuotes) -> Result<(), Hold> {
        if self.next_quote_at.is_some() {
            self.release(inputs.now);
        }
        let touch = sound_touch(inputs)?;
        self.check_liquidity(inputs)?;
        let best = self.best_prices(&touch, inputs.inventory)?;
        for (side, best) in Side::BOTH.into_iter().zip(best) {
            if let Some(best) = best.filter(|_| !self.pulled(side, inputs.inventory)) {
                self.add_levels(side, best, inputs.inventory, quotes);
            }
        }
        Ok(())
    }

    #[inline]
    fn on_fill(&mut self, fill: &OwnFill) {
        if let AfterFill::PullOther(time) = self.params.after_fill {
            let [bid, ask] = &mut self.pulled_until;
            let until = match fill.side {
                Side::Bid => ask,
                Side::Ask => bid,
            };
            *until = Some(Nanos(fill.now.0.saturating_add(time.0)));
            self.next_quote_at = Some(fill.now);
        }
    }

    #[inline]
    fn next_quote_at(&self) -> Option<Nanos> {
        self.next_quote_at
    }

    #[inline]
    fn depth_within(&self) -> Option<Ticks> {
        self.params.liquidity_min.map(|min| min.within)
    }

    fn digest(&self, digest: &mut Digest) {
        if self.params.after_fill != AfterFill::Keep {
            for time in self.pulled_until.into_iter().chain([self.next_quote_at]) {
                digest.signed(time.map_or(i64::MIN, |time| time.0));
            }
        }
    }
}

#[cfg(test)]
mod tests;
