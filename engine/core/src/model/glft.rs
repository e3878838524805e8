//! Guéant, Lehalle and Fernandez-Tapia (2013), "Dealing with the inventory risk: a solution to the market making problem",
//! Mathematics and Financial Economics 7(4), 477–507.
//!
//! The dealer of Avellaneda and Stoikov (2008) who holds at most `Q` orders either way: the mid is a Brownian motion of
//! volatility `σ`, orders reach a quote at distance `δ` at the rate `A·exp(−kδ)`, `γ` is the risk aversion. With
//! `α = kγσ²/2`, `η = A·(1 + γ/k)^−(1 + k/γ)` and the linear system `v̇_q = αq²·v_q − η·(v_{q−1} + v_{q+1})`, `|q| ≤ Q`,
//! `v(T) = 1`, the best quotes are (Theorem 1)
//! `δ_bid(t, q) = (1/k)·ln(v_q/v_{q+1}) + (1/γ)·ln(1 + γ/k)` and `δ_ask(t, q)` with `v_{q−1}`. Far from `T` they stop
//! changing: `v` is then the eigenvector of the system's smallest eigenvalue (Theorem 2). Two forms of that limit:
//!
//! - [`GlftForm::Approximate`], the paper's closed form: the eigenvector of the continuous problem on the whole line is
//!   `exp(−½·√(α/η)·q²)`, hence `δ_bid(q) ≈ (1/γ)·ln(1 + γ/k) + (2q + 1)/2·√(σ²γ/(2kA)·(1 + γ/k)^(1 + k/γ))` and `δ_ask(q)`
//!   with `−(2q − 1)/2`. It knows no `Q`: near the bound the exact quotes bend away from it, and the less `√(α/η)·Q²` is
//!   above one, the further.
//! - [`GlftForm::Exact`]: the eigenvector itself.
//!
//! **Units.** As for [`super::AvellanedaStoikov`]: money in quote currency, time in seconds, and one unit of `q` is one order
//! of `size`. For orders worth `b` base units the formulas hold with `γ·b` in place of `γ`.
//!
//! Never here: a horizon, a drift of the mid.

mod stationary;

use ballast_model::{Contract, Lots, Ticks};

use super::dealer::{Dealer, Offsets, positive};
use super::{Arrivals, DesiredQuotes, Hold, ModelParamError, QuoteInputs, QuoteModel, Scales, sound_touch};
use stationary::Stationary;

pub use stationary::EXACT_ORDERS_MAX;

/// Where a [`Glft`] takes `A` and `k` from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ArrivalSource {
    /// Given once.
    Given {
        /// Rate A at which orders reach a quote at the fair value itself, per second. Finite, above zero.
        a_per_second: f64,
        /// Decay k of that rate, per quote currency of distance. Finite, above zero.
        k: f64,
    },
    /// Calibrated while running: [`QuoteInputs::arrivals`]. Nothing is quoted before there is a calibration.
    Calibrated,
}

/// Which quotes a [`Glft`] takes for the stationary ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GlftForm {
    /// The closed form.
    Approximate,
    /// The eigenvector, to one part in eight thousand. Between whole orders its offsets are joined by straight lines. Most
    /// quotes cost no more than the closed form; one in many, when the volatility has moved by some percent since the last
    /// solution, solves the system again.
    Exact,
}

/// What a [`Glft`] is built from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GlftParams {
    /// Risk aversion γ, per unit of the quote currency. Finite, above zero.
    pub gamma: f64,
    /// A and k.
    pub arrivals: ArrivalSource,
    /// Closed form or exact.
    pub form: GlftForm,
    /// Size of a quote when flat, and of the adding side always. Above zero.
    pub size: Lots,
    /// Size of the reducing side at `inventory_max`; it grows from `size` in proportion to the inventory. At least `size`.
    pub size_reducing_max: Lots,
    /// The adding side stops where its fill could take the inventory beyond this. At least `size`; for the exact form less
    /// than [`EXACT_ORDERS_MAX`] + 1 times `size`. The paper's `Q` is the whole number of orders in it.
    pub inventory_max: Lots,
    /// Inventory moves no quote further than this from where it stands when flat. Not negative.
    pub skew_max: Ticks,
}

/// The model for one instrument.
#[derive(Clone, Debug)]
pub struct Glft {
    params: GlftParams,
    dealer: Dealer,
    scales: Scales,
    /// `None` where an order's worth changes with the price (inverse contracts), or the arrivals with the market.
    terms: Option<Terms>,
    /// The exact form's. What it keeps saves time and changes no answer, so no digest needs it.
    stationary: Option<Stationary>,
}

/// What does not depend on the volatility.
#[derive(Clone, Copy, Debug)]
struct Terms {
    /// Decay, per quote currency.
    k: f64,
    /// `(1/γ)·ln(1 + γ/k)`, quote currency.
    arrival: f64,
    /// `α/(ησ²) = kγ/(2A)·(1 + γ/k)^(1 + k/γ)`, per quote currency squared and second.
    risk: f64,
}

impl Terms {
    fn new(gamma: f64, k: f64, a_per_second: f64) -> Self {
        let log = libm::log1p(gamma / k);
        let growth = libm::exp((1.0 + k / gamma) * log);
        Self { k, arrival: log / gamma, risk: k * gamma / (2.0 * a_per_second) * growth }
    }
}

impl Glft {
    /// The model for an instrument of these scales.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn new(params: GlftParams, scales: Scales) -> Result<Self, ModelParamError> {
        let GlftParams { gamma, arrivals, form, size, size_reducing_max, inventory_max, skew_max } = params;
        let dealer = Dealer { size, size_reducing_max, inventory_max, skew_max };
        if !positive(gamma) {
            return Err(ModelParamError::Gamma);
        }
        if let ArrivalSource::Given { a_per_second, k } = arrivals {
            if !positive(k) {
                return Err(ModelParamError::K);
            }
            if !positive(a_per_second) {
                return Err(ModelParamError::ArrivalRate);
            }
        }
        dealer.check()?;
        let stationary = match form {
            GlftForm::Approximate => None,
            GlftForm::Exact => {
                let orders = usize::try_from(inventory_max.0 / size.0).unwrap_or(usize::MAX);
                Some(Stationary::new(orders).ok_or(ModelParamError::ExactOrders)?)
            }
        };
        let terms = match (scales.contract, arrivals) {
            (Contract::Linear, ArrivalSource::Given { a_per_second, k }) => {
                Some(Terms::new(gamma * scales.base(size, 0.0), k, a_per_second))
            }
            (Contract::Inverse, _) | (_, ArrivalSource::Calibrated) => None,
        };
        Ok(Self { params, dealer, scales, terms, stationary })
    }

    fn terms(&self, inputs: &QuoteInputs) -> Result<Terms, Hold> {
        if let Some(terms) = self.terms {
            return Ok(terms);
        }
        let (a_per_second, k) = match self.params.arrivals {
            ArrivalSource::Given { a_per_second, k } => (a_per_second, k),
            ArrivalSource::Calibrated => {
                let Arrivals { a_per_second, k_per_tick } = inputs.arrivals.ok_or(Hold::NoArrivals)?;
                (a_per_second, k_per_tick / self.scales.tick)
            }
        };
        if !positive(a_per_second) || !positive(k) {
            return Err(Hold::NoArrivals);
        }
        let gamma = self.params.gamma * self.scales.base(self.params.size, inputs.fair_ticks);
        Ok(Terms::new(gamma, k, a_per_second))
    }

    fn offsets(&mut self, inputs: &QuoteInputs) -> Result<Offsets, Hold> {
        let terms = self.terms(inputs)?;
        let sigma = inputs.sigma_ticks_per_sqrt_s.ok_or(Hold::NoVolatility)? * self.scales.tick;
        let ratio = terms.risk * sigma * sigma;
        if !ratio.is_finite() {
            return Err(Hold::NotFinite);
        }
        let q = self.dealer.orders(inputs.inventory);
        // Bid and ask mirror each other: the ask at q is the bid at −q.
        let (flat, bid, ask) = match &mut self.stationary {
            None => {
                let root = libm::sqrt(ratio);
                (0.5 * root, (q + 0.5) * root, (0.5 - q) * root)
            }
            Some(stationary) => {
                stationary.solve(ratio);
                (stationary.log_ratio(0.0), stationary.log_ratio(q), stationary.log_ratio(-q))
            }
        };
        let half = terms.arrival + flat / terms.k;
        Ok(Offsets { flat: [-half, half], skew: [(flat - bid) / terms.k, (ask - flat) / terms.k] })
    }
}

impl QuoteModel for Glft {
    #[inline]
    fn quote(&mut self, inputs: &QuoteInputs, quotes: &mut DesiredQuotes) -> Result<(), Hold> {
        let touch = sound_touch(inputs)?;
        let offsets = self.offsets(inputs)?;
        self.dealer.quote(inputs, &touch, &self.scales, offsets, quotes)
    }
}

#[cfg(test)]
mod tests;
