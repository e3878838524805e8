//! Avellaneda and Stoikov (2008), "High-frequency trading in a limit order book", Quantitative Finance 8(3), 217–224.
//!
//! The mid `s` is a Brownian motion of volatility `σ`, orders reach a quote at distance `δ` at the rate `A·exp(−kδ)`, and
//! the dealer maximises the expected exponential utility, of risk aversion `γ`, of cash plus inventory `q`. Each side is
//! quoted at the price at which the dealer is indifferent to trading there, plus `(1/γ)·ln(1 + γ/k)`:
//!
//! - finite horizon, eqs. 6 and 7: `r^a = s + (1 − 2q)·γσ²(T − t)/2`, `r^b = s + (−1 − 2q)·γσ²(T − t)/2`; hence the
//!   reservation price `r = s − qγσ²(T − t)` (eq. 29) and the spread `γσ²(T − t) + (2/γ)·ln(1 + γ/k)` (eq. 30);
//! - infinite horizon, section 2.3: `r^a = s + (1/γ)·ln(1 + (1 − 2q)γ²σ²/(2ω − γ²q²σ²))` and `r^b` with `−1 − 2q`, with the
//!   paper's `ω = ½γ²σ²(q_max + 1)²`. The variance then cancels: such quotes do not widen in a wild market.
//!
//! Equation numbers are the journal's; the authors' manuscript has (2.6), (2.7), (3.17) and (3.18).
//!
//! **Units.** Money is in quote currency, prices in quote per base, time in seconds. The paper trades one share at a time
//! and counts `q` in shares; here one share is one order of `size`. For orders worth `b` base units the formulas hold with
//! `γ·b` in place of `γ` (the dealer's wealth is in money, whatever the size of an order), so that `size` = 1 base unit is
//! the paper's case and the skew of a given position does not depend on `size`.
//!
//! Never here: a volatility without its time unit.

use ballast_model::{Contract, Lots, Nanos, Span, Ticks};

use super::dealer::{Dealer, Offsets, positive};
use super::{DesiredQuotes, Hold, ModelParamError, QuoteInputs, QuoteModel, Scales, sound_touch};

/// How far ahead the dealer looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Horizon {
    /// Sessions of this length, one after the other since the Unix epoch; `T` is the end of the running one. Skew and
    /// spread shrink towards the end of a session and jump back when the next begins, as the paper has it.
    Session(Span),
    /// The stationary form; reads no volatility.
    Infinite,
}

/// What an [`AvellanedaStoikov`] is built from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AvellanedaParams {
    /// Risk aversion γ, per unit of the quote currency. Finite, above zero.
    pub gamma: f64,
    /// Decay k of the rate at which orders reach a quote, per quote currency of distance. Finite, above zero.
    pub k: f64,
    /// Finite or infinite horizon.
    pub horizon: Horizon,
    /// Size of a quote when flat, and of the adding side always. Above zero.
    pub size: Lots,
    /// Size of the reducing side at `inventory_max`; it grows from `size` in proportion to the inventory. At least `size`.
    pub size_reducing_max: Lots,
    /// The adding side stops where its fill could take the inventory beyond this. At least `size`.
    pub inventory_max: Lots,
    /// Inventory moves no quote further than this from where it stands when flat. Not negative.
    pub skew_max: Ticks,
}

/// The model for one instrument.
#[derive(Clone, Copy, Debug)]
pub struct AvellanedaStoikov {
    params: AvellanedaParams,
    dealer: Dealer,
    scales: Scales,
    /// The terms that depend on what an order is worth; `None` where that changes with the price (inverse contracts).
    terms: Option<OrderTerms>,
    /// `q_max + 1` squared, in orders.
    bound_squared: f64,
    /// `ln(1 ∓ 1/(q_max + 1)²)`: γ times the flat offsets of bid and ask, infinite horizon.
    flat_logs: [f64; 2],
}

/// The part of the formulas that is fixed by the size of an order.
#[derive(Clone, Copy, Debug)]
struct OrderTerms {
    /// Risk aversion per order: γ times its base units.
    gamma: f64,
    /// `(1/γ)·ln(1 + γ/k)`, quote currency.
    arrival: f64,
}

impl AvellanedaStoikov {
    /// The model for an instrument of these scales.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn new(params: AvellanedaParams, scales: Scales) -> Result<Self, ModelParamError> {
        let AvellanedaParams { size, size_reducing_max, inventory_max, skew_max, .. } = params;
        let dealer = Dealer { size, size_reducing_max, inventory_max, skew_max };
        check(&params)?;
        dealer.check()?;
        let bound = dealer.orders(inventory_max) + 1.0;
        let bound_squared = bound * bound;
        let terms = match scales.contract {
            Contract::Linear => Some(OrderTerms::new(&params, &scales, 0.0)),
            Contract::Inverse => None,
        };
        let flat_logs = [libm::log1p(-1.0 / bound_squared), libm::log1p(1.0 / bound_squared)];
        Ok(Self { params, dealer, scales, terms, bound_squared, flat_logs })
    }

    /// Eqs. 6 and 7, or section 2.3.
    fn offsets(&self, inputs: &QuoteInputs, terms: OrderTerms) -> Result<Offsets, Hold> {
        match self.params.horizon {
            Horizon::Session(length) => {
                let sigma = inputs.sigma_ticks_per_sqrt_s.ok_or(Hold::NoVolatility)? * self.scales.tick;
                let risk = terms.gamma * sigma * sigma * seconds_left(length, inputs.now);
                let skew = -self.dealer.orders(inputs.inventory) * risk;
                let flat = [-0.5 * risk - terms.arrival, 0.5 * risk + terms.arrival];
                Ok(Offsets { flat, skew: [skew, skew] })
            }
            Horizon::Infinite => {
                let limit = self.params.inventory_max.0;
                let q = self.dealer.orders(Lots(inputs.inventory.0.clamp(-limit, limit)));
                let room = self.bound_squared - q * q;
                // At q_max the bid's argument is exactly −1, its price minus infinity; rounding must not step past that.
                let log = |one: f64| libm::log1p(((one - 2.0 * q) / room).max(-1.0));
                let [flat_bid, flat_ask] = self.flat_logs;
                Ok(Offsets {
                    flat: [flat_bid / terms.gamma - terms.arrival, flat_ask / terms.gamma + terms.arrival],
                    skew: [(log(-1.0) - flat_bid) / terms.gamma, (log(1.0) - flat_ask) / terms.gamma],
                })
            }
        }
    }
}

impl QuoteModel for AvellanedaStoikov {
    #[inline]
    fn quote(&mut self, inputs: &QuoteInputs, quotes: &mut DesiredQuotes) -> Result<(), Hold> {
        let touch = sound_touch(inputs)?;
        let fair = inputs.fair_ticks;
        let terms = self.terms.unwrap_or_else(|| OrderTerms::new(&self.params, &self.scales, fair));
        let offsets = self.offsets(inputs, terms)?;
        self.dealer.quote(inputs, &touch, &self.scales, offsets, quotes)
    }
}

impl OrderTerms {
    /// `price_ticks` matters for inverse contracts only.
    fn new(params: &AvellanedaParams, scales: &Scales, price_ticks: f64) -> Self {
        let gamma = params.gamma * scales.base(params.size, price_ticks);
        Self { gamma, arrival: libm::log1p(gamma / params.k) / gamma }
    }
}

fn check(params: &AvellanedaParams) -> Result<(), ModelParamError> {
    if !positive(params.gamma) {
        return Err(ModelParamError::Gamma);
    }
    if !positive(params.k) {
        return Err(ModelParamError::K);
    }
    if matches!(params.horizon, Horizon::Session(length) if length <= Span::ZERO) {
        return Err(ModelParamError::Horizon);
    }
    Ok(())
}

/// `T − t`: from one full session at its first moment down to, but never reaching, zero.
fn seconds_left(length: Span, now: Nanos) -> f64 {
    Span(length.0 - now.0.rem_euclid(length.0)).as_secs_f64()
}

#[cfg(test)]
mod paper;
#[cfg(test)]
mod tests;
