//! How often market orders reach a distance from the mid: `λ(δ) = A·exp(−kδ)`, calibrated online from public trades.
//!
//! Avellaneda and Stoikov (2008), section 2.5, derive the form from the sizes of market orders and their impact; Guéant,
//! Lehalle and Fernandez-Tapia (2013) quote by the same `A` and `k`. **Units**: `δ` in ticks from the mid, `k` per tick,
//! `λ` and `A` in market orders per second that reach *one* side's quote, as in both papers: the mean of the two sides.
//!
//! Never here: a quote's own fills, time at which no mid was known, one market order counted once for each of its trades.

use ballast_model::{Digest, HalfTicks, Nanos, Side, Span, Ticks, Trade};

/// Most distances an [`IntensityEstimator`] counts at.
pub const DISTANCES_MAX: usize = 32;

/// Fewest distances a line is drawn through.
const DISTANCES_FIT_MIN: usize = 3;

/// Fewest market orders, decayed, for which a distance takes part in the fit: `E ln N − ln E N` is about `−1/(2N)` for a
/// Poisson `N`, a tenth here.
const COUNT_FIT_MIN: f64 = 5.0;

/// What an [`IntensityEstimator`] is built from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IntensityParams {
    /// Time after which a market order weighs half. Above zero.
    pub half_life: Span,
    /// The first distance counted at. Not negative. Nearer than the usual half spread every order reaches every distance
    /// and the exponential does not hold: begin there.
    pub first: Ticks,
    /// From one distance to the next. Above zero.
    pub step: Ticks,
    /// How many distances. In `3..=`[`DISTANCES_MAX`].
    pub distances: usize,
    /// No estimate before this much time with a known mid. Not negative.
    pub elapsed_min: Span,
    /// No estimate before this many market orders reached the first distance. At least one.
    pub orders_min: u32,
    /// A fitted `k` below this or above `k_max`, per tick, is refused. Above zero.
    pub k_min: f64,
    /// Finite, not below `k_min`.
    pub k_max: f64,
    /// A fitted `A` above this, per second, is refused. Finite, above zero.
    pub a_max: f64,
    /// A fit that explains a smaller share of the variance is refused. In `0..=1`.
    pub r_squared_min: f64,
}

/// Which parameter of [`IntensityParams`] is outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntensityParamError {
    /// The half-life is not above zero.
    HalfLife,
    /// The first distance is negative or the step is not above zero, or the last distance lies beyond any price.
    Distance,
    /// Fewer than three distances or more than [`DISTANCES_MAX`].
    Distances,
    /// The warm-up time is negative.
    ElapsedMin,
    /// The warm-up asks for no market order at all.
    OrdersMin,
    /// The bounds on k are not `0 < k_min ≤ k_max`, finite.
    KBounds,
    /// The bound on A is not finite and above zero.
    AMax,
    /// The least quality is not in `0..=1`.
    RSquaredMin,
}

impl core::fmt::Display for IntensityParamError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::HalfLife => "the half-life must be above zero",
            Self::Distance => {
                "the first distance must not be negative, the step above zero, all within any price"
            }
            Self::Distances => "there must be 3 to 32 distances",
            Self::ElapsedMin => "the warm-up time must not be negative",
            Self::OrdersMin => "the warm-up needs at least one market order",
            Self::KBounds => "the bounds on k must be finite, above zero and in order",
            Self::AMax => "the bound on A must be finite and above zero",
            Self::RSquaredMin => "the least quality of the fit must be between 0 and 1",
        })
    }
}

impl core::error::Error for IntensityParamError {}

/// A fitted intensity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Intensity {
    /// `A`: market orders per second that would reach one side's quote at the mid, above zero.
    pub a_per_s: f64,
    /// `k`: decay per tick of distance, above zero.
    pub k_per_tick: f64,
    /// Share of the weighted variance of `ln λ` that the line explains, in `0..=1`.
    pub r_squared: f64,
    /// Distances that took part.
    pub distances: usize,
    /// Decayed count of market orders of both sides at the first distance: `k` is known to about `k/√orders` (the error
    /// of the maximum-likelihood estimate of an exponential's rate; least squares does somewhat worse).
    pub orders: f64,
}

/// Why there is no intensity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoIntensity {
    /// Too little time or too few market orders so far.
    Cold,
    /// Fewer than three distances have been reached often enough.
    TooFewDistances,
    /// The fit lies outside the bounds on `A` and `k`, or does not fall with distance.
    OutOfBounds,
    /// The fit explains too little.
    PoorFit,
}

/// Calibrates `A` and `k`.
///
/// **Counting.** A buy that trades at `p` while the mid is `m` reaches the distance `δ = p − m`, a sell `m − p`: a quote
/// at *every* distance up to that would have been filled, so that the order counts at each of them. One market order may
/// print many trades; prints in a row of one side with one venue time are one order that reaches as deep as its deepest
/// print (two orders of one side in the same instant of the venue's clock are taken for one). The mid is that of its
/// first print: later ones see what the order itself has done to it.
/// Where a venue's book stream overtakes its trades, the mid has moved before the first print, too, and reaches come out
/// short by that much.
///
/// **Rates.** `λ_j = N_j / 2T` with the count `N_j` of both sides and the time `T` for which a mid was known, both with
/// the weight `2^(-age / half-life)`. For a quote that follows the mid this is the maximum-likelihood rate of a Poisson
/// process. Laruelle (2013) takes the rate from the first passage of a quote that stays where the mid was when it was
/// placed, which also counts what the mid's own movement brings to the quote; that part belongs to `σ` here.
///
/// **Fit.** `ln λ_j = ln A − k·δ_j` by least squares with the weights `N_j`, as `Var ln N_j ≈ 1/N_j` (delta method). The
/// counts are nested, hence correlated: the estimate is consistent, its error larger than independent counts would give.
/// Distances reached by fewer than five decayed orders are left out.
#[derive(Clone, Copy, Debug)]
pub struct IntensityEstimator {
    params: IntensityParams,
    /// Half-lives per second.
    decay_rate: f64,
    mid: Option<HalfTicks>,
    /// Up to when counts and time are decayed; `None` before the first call.
    at: Option<Nanos>,
    /// Decayed count of the orders that reached this distance and not the next.
    deepest: [f64; DISTANCES_MAX],
    /// Decayed time with a known mid, seconds.
    seconds: f64,
    /// Time with a known mid, not decayed.
    elapsed: Span,
    /// Orders that reached the first distance, not decayed; stops at its maximum.
    orders: u32,
    /// The market order that printed last.
    sweep: Option<Sweep>,
}

/// A market order as far as its trades have been seen.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Sweep {
    venue_time: Nanos,
    maker: Side,
    mid: HalfTicks,
    /// Index of the deepest distance reached; `None` while it has not reached the first.
    reached: Option<usize>,
    /// What it counts for by now.
    weight: f64,
}

impl IntensityEstimator {
    /// An estimator that has seen nothing.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn new(params: IntensityParams) -> Result<Self, IntensityParamError> {
        check(&params)?;
        Ok(Self {
            params,
            decay_rate: 1.0 / params.half_life.as_secs_f64(),
            mid: None,
            at: None,
            deepest: [0.0; DISTANCES_MAX],
            seconds: 0.0,
            elapsed: Span::ZERO,
            orders: 0,
            sweep: None,
        })
    }

    /// Takes the mid from `now` on; `None` while none can be trusted. The time until then is not counted and neither are
    /// its trades.
    ///
    /// # Panics
    /// If `now` is before an earlier call: the driver's clock never falls.
    #[inline]
    pub fn on_mid(&mut self, mid: Option<HalfTicks>, now: Nanos) {
        if mid != self.mid {
            self.advance(now);
            self.mid = mid;
        }
    }

    /// Takes a public trade.
    ///
    /// # Panics
    /// If `now` is before an earlier call: the driver's clock never falls.
    pub fn on_trade(&mut self, trade: &Trade, now: Nanos) {
        self.advance(now);
        let same = |sweep: &Sweep| sweep.venue_time == trade.venue_time && sweep.maker == trade.maker;
        let sweep = match (self.sweep.filter(same), self.mid) {
            (Some(sweep), _) => sweep,
            (None, Some(mid)) => {
                Sweep { venue_time: trade.venue_time, maker: trade.maker, mid, reached: None, weight: 1.0 }
            }
            (None, None) => {
                self.sweep = None;
                return;
            }
        };
        let reached = self.index_of(&sweep, trade);
        if reached > sweep.reached {
            match sweep.reached {
                // The same order, deeper: it has been counted where it was.
                Some(before) => self.count(before, -sweep.weight),
                None => self.orders = self.orders.saturating_add(1),
            }
            if let Some(index) = reached {
                self.count(index, sweep.weight);
            }
        }
        self.sweep = Some(Sweep { reached: reached.max(sweep.reached), ..sweep });
    }

    /// The deepest distance that a trade of this order reaches; `None` where it is not even the first.
    fn index_of(&self, sweep: &Sweep, trade: &Trade) -> Option<usize> {
        // A trade against a resting ask bought: it reaches above the mid.
        let reach = -sweep.maker.sign() * (2 * trade.level.price().0).saturating_sub(sweep.mid.0);
        let beyond = reach.saturating_sub(2 * self.params.first.0);
        let steps = beyond.div_euclid(2 * self.params.step.0);
        usize::try_from(steps).ok().map(|index| index.min(self.params.distances - 1))
    }

    fn count(&mut self, index: usize, weight: f64) {
        if let Some(count) = self.deepest.get_mut(index) {
            // What rounding leaves of an order that moves on is not below nothing.
            *count = (*count + weight).max(0.0);
        }
    }

    /// Decays everything to `now` and counts the time where a mid was known.
    fn advance(&mut self, now: Nanos) {
        let passed = self.at.map_or(Span::ZERO, |at| {
            assert!(now >= at, "time went backward");
            now - at
        });
        self.at = Some(now);
        if passed == Span::ZERO {
            return;
        }
        let decay = libm::exp2(-passed.as_secs_f64() * self.decay_rate);
        self.deepest.iter_mut().for_each(|count| *count *= decay);
        self.seconds *= decay;
        if let Some(sweep) = &mut self.sweep {
            sweep.weight *= decay;
        }
        if self.mid.is_some() {
            self.seconds += (1.0 - decay) / (self.decay_rate * core::f64::consts::LN_2);
            self.elapsed = Span(self.elapsed.0.saturating_add(passed.0));
        }
    }

    /// `λ` at the distance of this index, counted from the first: market orders per second and side, as counted, not as
    /// fitted. `None` where there is no such distance, or no time has been observed.
    #[must_use]
    pub fn rate_per_s(&self, index: usize) -> Option<f64> {
        let counts = self.deepest.get(index..self.params.distances).filter(|counts| !counts.is_empty())?;
        let rate = counts.iter().sum::<f64>() / (2.0 * self.seconds);
        rate.is_finite().then_some(rate)
    }

    /// The fit as of the last call.
    ///
    /// # Errors
    /// [`NoIntensity`] where there is none that can be used.
    pub fn intensity(&self) -> Result<Intensity, NoIntensity> {
        let params = &self.params;
        let cold = self.orders < params.orders_min || self.elapsed < params.elapsed_min;
        if cold || self.seconds <= 0.0 {
            return Err(NoIntensity::Cold);
        }
        let fit = self.fit()?;
        let bounded = (params.k_min..=params.k_max).contains(&fit.k_per_tick)
            && fit.a_per_s > 0.0
            && fit.a_per_s <= params.a_max;
        if !bounded {
            return Err(NoIntensity::OutOfBounds);
        }
        if fit.r_squared < params.r_squared_min {
            return Err(NoIntensity::PoorFit);
        }
        Ok(fit)
    }

    /// Weighted least squares of the logarithms of the rates on the distances.
    fn fit(&self) -> Result<Intensity, NoIntensity> {
        let mut sums = Sums::default();
        let mut count = 0.0;
        let deepest = self.deepest.iter().enumerate().take(self.params.distances).rev();
        for (index, orders) in deepest {
            count += orders;
            if count >= COUNT_FIT_MIN {
                sums.add(self.distance(index), libm::log(count / (2.0 * self.seconds)), count);
            }
        }
        if sums.points < DISTANCES_FIT_MIN {
            return Err(NoIntensity::TooFewDistances);
        }
        let line = sums.line();
        Ok(Intensity {
            a_per_s: libm::exp(line.intercept),
            k_per_tick: -line.slope,
            r_squared: line.r_squared,
            distances: sums.points,
            orders: count,
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "distances are below 2^41 ticks")]
    fn distance(&self, index: usize) -> f64 {
        self.params.first.0 as f64 + self.params.step.0 as f64 * index as f64
    }

    /// Takes the whole state into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        digest.word(u64::from(self.mid.is_some()));
        digest.signed(self.mid.map_or(0, |mid| mid.0));
        digest.signed(self.at.map_or(i64::MIN, |at| at.0));
        self.deepest.iter().for_each(|count| digest.word(count.to_bits()));
        digest.word(self.seconds.to_bits());
        digest.signed(self.elapsed.0);
        digest.word(u64::from(self.orders));
        digest.word(u64::from(self.sweep.is_some()));
        if let Some(sweep) = self.sweep {
            digest.signed(sweep.venue_time.0);
            digest.word(sweep.maker as u64);
            digest.signed(sweep.mid.0);
            digest.word(sweep.reached.map_or(u64::MAX, |index| index as u64));
            digest.word(sweep.weight.to_bits());
        }
    }
}

fn check(params: &IntensityParams) -> Result<(), IntensityParamError> {
    let highest = ballast_model::PRICE_TICKS_MAX;
    let distances = params.distances;
    if params.half_life <= Span::ZERO {
        return Err(IntensityParamError::HalfLife);
    }
    if !(DISTANCES_FIT_MIN..=DISTANCES_MAX).contains(&distances) {
        return Err(IntensityParamError::Distances);
    }
    let last = i64::try_from(distances).unwrap_or(i64::MAX).saturating_mul(params.step.0);
    if params.first.0 < 0 || params.step.0 <= 0 || params.first.0.saturating_add(last) > highest {
        return Err(IntensityParamError::Distance);
    }
    if params.elapsed_min < Span::ZERO {
        return Err(IntensityParamError::ElapsedMin);
    }
    if params.orders_min == 0 {
        return Err(IntensityParamError::OrdersMin);
    }
    let finite = params.k_min.is_finite() && params.k_max.is_finite();
    if !finite || params.k_min <= 0.0 || params.k_max < params.k_min {
        return Err(IntensityParamError::KBounds);
    }
    if !params.a_max.is_finite() || params.a_max <= 0.0 {
        return Err(IntensityParamError::AMax);
    }
    if !(0.0..=1.0).contains(&params.r_squared_min) {
        return Err(IntensityParamError::RSquaredMin);
    }
    Ok(())
}

/// Weighted moments of points on a plane, updated one by one around the running means (West 1979, Communications of the ACM
/// 22): sums of raw squares would cancel where distances are large against their spread.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    points: usize,
    weight: f64,
    mean_x: f64,
    mean_y: f64,
    xx: f64,
    xy: f64,
    yy: f64,
}

/// `y = intercept + slope·x`.
#[derive(Clone, Copy, Debug)]
struct Line {
    slope: f64,
    intercept: f64,
    r_squared: f64,
}

impl Sums {
    fn add(&mut self, x: f64, y: f64, weight: f64) {
        self.points += 1;
        self.weight += weight;
        let (dx, dy) = (x - self.mean_x, y - self.mean_y);
        self.mean_x += dx * weight / self.weight;
        self.mean_y += dy * weight / self.weight;
        self.xx += weight * dx * (x - self.mean_x);
        self.xy += weight * dx * (y - self.mean_y);
        self.yy += weight * dy * (y - self.mean_y);
    }

    /// Of at least two points at different `x`. Points of one `y` lie on a line that explains nothing.
    fn line(&self) -> Line {
        let slope = self.xy / self.xx;
        let r_squared = if self.yy > 0.0 { (slope * self.xy / self.yy).clamp(0.0, 1.0) } else { 0.0 };
        Line { slope, intercept: self.mean_y - slope * self.mean_x, r_squared }
    }
}

#[cfg(test)]
mod tests;
