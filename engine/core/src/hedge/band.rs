//! The no-trade band: how much exposure is worth keeping, from what a hedge costs against what the risk costs.
//!
//! With `x` the residual in base units, `σ` the price's volatility (quote per base per √s), `γ` risk aversion (per unit of
//! quote), `c` the cost of trading one base unit (quote: fee, half spread, impact) and a residual that left alone diffuses with
//! the variance rate `η²` (base² per second), a band of half-width `w` with trades at its edges costs per second
//!
//! `F(w) = γσ²w²/6 + c·η²/(2w)`.
//!
//! The first term is the mean-variance penalty `½γσ²x²` under the uniform stationary law of a Brownian motion reflected at ±w
//! (`E[x²] = w²/3`), the second `c` times what reflection pushes back at both edges (`η²/4w` each). `F′ = 0` gives
//!
//! `w = (3/2 · c·η² / (γσ²))^⅓`.
//!
//! Two things make the residual diffuse: liquidity whose delta moves with the price, at `|Γ|σ` with `Γ` the change of base
//! delta per quote unit of price (below zero for a liquidity provider), and the flow of our own passive fills, at `ν`. Taken as
//! independent, `η² = Γ²σ² + ν²`, so
//!
//! `w = (3/2 · c/γ · (Γ² + ν²/σ²))^⅓`.
//!
//! For `ν = 0` and `c = λS` that is the band of Whalley and Wilmott (1997, "An asymptotic analysis of an optimal hedging model for
//! option pricing with transaction costs", Mathematical Finance 7(3), 307–324) with a discount factor of one:
//! `(3/2 · e^{−r(T−t)} · λSΓ²/γ)^⅓`. For `Γ = 0` it is the proportional-cost buffer of linear inventory, a cube root of the cost and
//! a ⅔ power of the volatility of the position (Martin 2012, "Optimal multifactor trading under proportional transaction costs",
//! arXiv:1204.6488). Assumed: costs proportional and small, `σ`, `Γ`, `ν` constant over the time it takes to cross the band, no
//! fixed cost per trade (the smallest order of the venues bounds the band from below instead).
//!
//! *Negative gamma.* Liquidity loses `½·|Γ|·σ²` per second to arbitrage (Milionis, Moallemi, Roughgarden and Zhang 2022,
//! "Automated market making and loss-versus-rebalancing"; with a relative volatility `s`, `σ = s·P` and that is `½|Γ|s²P²`). In
//! expectation it is the same for every `w`: re-hedging at a threshold sells low and buys high, but what it gives up on
//! average is what the liquidity position gives up, not more. So it is no term of `F′`; it enters through `Γ²` (gamma widens
//! the band, since more of it means more turnover for the same width) and it is reported by [`CostBand::costs`], because it decides
//! whether the position should exist.
//!
//! *Funding.* Holding one base unit of perpetual longer costs `φ` quote per second. `½γσ²x² + φx` is least at `x₀ = −φ/(γσ²)`: where
//! longs pay, the band moves down. The shift is bounded by `shift_max`, and always leaves zero inside the band.
//!
//! Never here: a band around a number that is not finite, a wider band because an input is missing.

use ballast_model::{Digest, Side};

use super::amount::{Base, Interval};

/// Where nothing is traded: from `lo` (not above zero) to `hi` (not below zero).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Band {
    lo: Base,
    hi: Base,
}

impl Band {
    /// The band `centre ± half_width`, with the half-width at least `half_width_min` (above zero) and the centre moved inward
    /// until each edge is at least `half_width_min` from zero.
    #[must_use]
    pub fn around(centre: Base, half_width: Base, half_width_min: Base) -> Self {
        let half_width = half_width.max(half_width_min);
        let room = half_width.0 - half_width_min.0;
        let centre = centre.0.clamp(-room, room);
        Self { lo: Base(centre - half_width.0), hi: Base(centre + half_width.0) }
    }

    /// This band for what is to be worked off by sales or purchases (by [`Side::index`]): the edge on that side comes as near
    /// to zero as `order_min` (above zero), for less than that cannot be traded.
    #[must_use]
    pub fn worked(self, [by_bids, by_asks]: [bool; 2], order_min: Base) -> Self {
        let lo = if by_bids { self.lo.max(Base(-order_min.0)) } else { self.lo };
        let hi = if by_asks { self.hi.min(order_min) } else { self.hi };
        Self { lo, hi }
    }

    /// Lower edge.
    #[must_use]
    pub const fn lo(&self) -> Base {
        self.lo
    }

    /// Upper edge.
    #[must_use]
    pub const fn hi(&self) -> Base {
        self.hi
    }

    /// True where every value of the interval lies inside.
    #[must_use]
    pub fn covers(&self, residual: &Interval) -> bool {
        residual.lo().is_some_and(|lo| lo >= self.lo) && residual.hi().is_some_and(|hi| hi <= self.hi)
    }

    /// What surely has to be traded: the side, and the distance (above zero) from the interval's end nearest to the band to the
    /// band's edge. `None` unless the whole interval lies outside.
    #[must_use]
    pub fn excess(&self, residual: &Interval) -> Option<Excess> {
        if let Some(lo) = residual.lo().filter(|lo| *lo > self.hi) {
            return Some(Excess { side: Side::Ask, amount: Base(lo.0 - self.hi.0), to_zero: lo });
        }
        let hi = residual.hi().filter(|hi| *hi < self.lo)?;
        Some(Excess { side: Side::Bid, amount: Base(self.lo.0 - hi.0), to_zero: hi.abs() })
    }
}

/// A residual that is surely outside the band.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excess {
    /// The side that reduces it.
    pub side: Side,
    /// From the interval's nearest end to the band's edge, above zero.
    pub amount: Base,
    /// From that end to zero: trading more would turn the sign. At least `amount`.
    pub to_zero: Base,
}

/// How the band is chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BandSpec {
    /// Always the same half-width, above zero, around zero.
    Fixed(Base),
    /// Cost against risk.
    Cost(CostBand),
}

/// Parameters of the band of cost against risk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CostBand {
    /// Risk aversion γ per unit of quote currency. Above zero.
    pub gamma: f64,
    /// How far our own fills move the residual, `ν`: base units per √s. Not negative.
    pub flow: f64,
    /// Least half-width, above zero: used too where an input is unknown, since an unknown risk is not a small one.
    pub half_width_min: Base,
    /// Greatest half-width, not below the least.
    pub half_width_max: Base,
    /// Greatest shift of the centre for funding; zero for none.
    pub shift_max: Base,
}

/// Which parameter of a band is outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BandError {
    /// γ is not a finite number above zero.
    Gamma,
    /// The flow is negative or not finite.
    Flow,
    /// A half-width is not above zero, or the greatest is below the least.
    HalfWidth,
    /// The greatest shift is negative.
    Shift,
}

impl core::fmt::Display for BandError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Gamma => "the band's gamma must be a finite number above zero",
            Self::Flow => "the band's flow must be finite and not negative",
            Self::HalfWidth => "half-widths must be above zero, the greatest not below the least",
            Self::Shift => "the greatest shift must not be negative",
        })
    }
}

impl core::error::Error for BandError {}

/// The risk as it is now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RiskInputs {
    /// Volatility of the price, quote per base per √s; `None` until it is known.
    pub sigma: Option<f64>,
    /// Γ of all liquidity: change of base delta per quote unit of price, below zero for a provider; zero where there is none;
    /// `None` where it is unknown.
    pub lp_gamma: Option<f64>,
}

/// What trading and holding cost as they are now; from the hedge venues.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CostInputs {
    /// Cost of trading one base unit, quote; `None` where no venue has a price.
    pub trade: Option<f64>,
    /// Cost of holding one base unit of perpetual longer, quote per second; zero where it is unknown (the band is not moved
    /// for what is not known).
    pub carry: f64,
}

/// Expected costs of a half-width, quote per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CostRates {
    /// `γσ²w²/6`.
    pub risk: f64,
    /// `c·η²/(2w)`.
    pub trading: f64,
    /// `½·|Γ|·σ²`: loss versus rebalancing, whatever the width.
    pub lvr: f64,
}

impl BandSpec {
    /// Checks the parameters.
    ///
    /// # Errors
    /// The first [`BandError`] that applies.
    pub fn check(&self) -> Result<(), BandError> {
        match self {
            Self::Fixed(half_width) if *half_width <= Base::ZERO => Err(BandError::HalfWidth),
            Self::Fixed(_) => Ok(()),
            Self::Cost(band) => band.check(),
        }
    }

    /// The band now; no edge nearer to zero than `order_min` (above zero), for less than that cannot be traded.
    #[must_use]
    pub fn band(&self, risk: &RiskInputs, costs: &CostInputs, order_min: Base) -> Band {
        match self {
            Self::Fixed(half_width) => Band::around(Base::ZERO, *half_width, order_min),
            Self::Cost(band) => {
                let half_width = band.half_width(risk, costs);
                Band::around(band.centre(risk, costs), half_width, order_min)
            }
        }
    }

    /// Takes the parameters into a digest.
    pub(super) fn digest(&self, digest: &mut Digest) {
        let (kind, floats, amounts) = match self {
            Self::Fixed(half_width) => (0, [0.0; 2], [*half_width, Base::ZERO, Base::ZERO]),
            Self::Cost(band) => {
                (1, [band.gamma, band.flow], [band.half_width_min, band.half_width_max, band.shift_max])
            }
        };
        digest.word(kind);
        floats.iter().for_each(|float| digest.word(float.to_bits()));
        amounts.iter().for_each(|amount| digest.bytes(&amount.0.to_le_bytes()));
    }
}

impl CostBand {
    fn check(&self) -> Result<(), BandError> {
        if !(self.gamma.is_finite() && self.gamma > 0.0) {
            return Err(BandError::Gamma);
        }
        if !(self.flow.is_finite() && self.flow >= 0.0) {
            return Err(BandError::Flow);
        }
        if self.half_width_min <= Base::ZERO || self.half_width_max < self.half_width_min {
            return Err(BandError::HalfWidth);
        }
        if self.shift_max < Base::ZERO {
            return Err(BandError::Shift);
        }
        Ok(())
    }

    /// The half-width `w`, within its bounds; the least where an input is missing or is no number. Flow at a price that does not move
    /// (`σ = 0`) carries no risk and gives the greatest.
    #[must_use]
    pub fn half_width(&self, risk: &RiskInputs, costs: &CostInputs) -> Base {
        let inputs = risk.sigma.zip(risk.lp_gamma).zip(costs.trade);
        let Some(((sigma, lp_gamma), trade)) = inputs else { return self.half_width_min };
        let flow = if self.flow > 0.0 { self.flow / sigma } else { 0.0 };
        let width = libm::cbrt(1.5 * trade / self.gamma * (lp_gamma * lp_gamma + flow * flow));
        let sound = sigma >= 0.0 && trade >= 0.0 && !width.is_nan();
        if !sound {
            return self.half_width_min;
        }
        Base::floor_of(width).unwrap_or(self.half_width_max).clamp(self.half_width_min, self.half_width_max)
    }

    /// Where the band is centred for funding: `−φ/(γσ²)`, within `±shift_max`; zero where that is no number.
    #[must_use]
    pub fn centre(&self, risk: &RiskInputs, costs: &CostInputs) -> Base {
        let Some(sigma) = risk.sigma.filter(|sigma| *sigma > 0.0) else { return Base::ZERO };
        let shift = costs.carry / (self.gamma * sigma * sigma);
        if shift.is_nan() {
            return Base::ZERO;
        }
        let amount = Base::floor_of(shift.abs()).unwrap_or(self.shift_max).min(self.shift_max);
        if shift > 0.0 { Base(-amount.0) } else { amount }
    }

    /// What a half-width of `width` base units (above zero) is expected to cost.
    #[must_use]
    pub fn costs(&self, width: f64, sigma: f64, lp_gamma: f64, trade: f64) -> CostRates {
        let variance = sigma * sigma;
        let diffusion = lp_gamma * lp_gamma * variance + self.flow * self.flow;
        CostRates {
            risk: self.gamma * variance * width * width / 6.0,
            trading: trade * diffusion / (2.0 * width),
            lvr: 0.5 * libm::fabs(lp_gamma) * variance,
        }
    }
}

#[cfg(test)]
mod tests;
