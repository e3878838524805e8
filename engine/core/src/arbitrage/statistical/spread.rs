//! The spread of two log prices, sampled on a grid of time, and how it returns to its mean.
//!
//! Never here: a sample of what was not seen, a spread that drifts taken for one that returns.

use ballast_model::{Digest, Nanos, Span};

use super::moments::{Moments, Pick};
use super::{HedgeRatio, StatisticalParams, to_f64};

/// The Dickey–Fuller statistic that a random walk exceeds (from below zero) one time in twenty, with a constant, for many
/// samples, turned positive (MacKinnon 2010, "Critical values for cointegration tests", table 2, N = 1).
const TAU_GIVEN: f64 = 2.861_54;
/// The same where the hedge ratio was fitted to the same samples (Engle and Granger 1987; MacKinnon 2010, N = 2).
const TAU_REGRESSED: f64 = 3.336_13;

/// Of a pair of samples: the second log price, later.
const SECOND: Pick = [0.0, 0.0, 0.0, 1.0];
/// The first, later.
const FIRST: Pick = [0.0, 0.0, 1.0, 0.0];

/// How a spread behaves. All of it is a float: none of it is money.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpreadFit {
    /// `β` of the spread `ln a − β·ln b`. Above zero.
    pub hedge_ratio: f64,
    /// The mean of the spread.
    pub mean: f64,
    /// Its standard deviation. Above zero.
    pub deviation: f64,
    /// The time in which half of a deviation is expected to be gone. Above zero.
    pub half_life: Span,
    /// The Dickey–Fuller statistic, turned positive: the distance of the coefficient from one in its standard errors.
    pub tau: f64,
    /// `1 − (τ₅/τ)²`, with `τ₅` what a random walk exceeds one time in twenty: zero there, towards one as the return is surer. A
    /// choice of ours: the literature has the test, not a grade.
    pub confidence: f64,
}

/// The log prices of both at a time.
#[derive(Clone, Copy, Debug)]
struct Seen {
    logs: [f64; 2],
    at: Nanos,
}

/// Samples and their sums.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spread {
    step: Span,
    hold_max: Span,
    moments: Moments,
    pushed: u32,
    /// What was last seen; `None` while either price is not known.
    last: Option<Seen>,
    /// The sample at the last point of the grid; `None` where there was nothing to sample.
    sample: Option<[f64; 2]>,
    sampled_at: Option<Nanos>,
}

impl Spread {
    pub(super) fn new(params: &StatisticalParams) -> Self {
        let ratio = params.step.as_secs_f64() / params.half_life.as_secs_f64();
        Self {
            step: params.step,
            hold_max: params.hold_max,
            moments: Moments::new(libm::exp2(-ratio)),
            pushed: 0,
            last: None,
            sample: None,
            sampled_at: None,
        }
    }

    /// Takes the log prices in force from `now` on. The grid is `k·step`; a point takes what was in force before it (the
    /// previous-tick scheme of Wasserfallen and Zimmermann 1985), where that is not older than it may be.
    pub(super) fn update(&mut self, logs: Option<[f64; 2]>, now: Nanos) {
        if let Some(seen) = self.last {
            assert!(now >= seen.at, "time went backward");
            self.pass(seen, now);
        }
        self.last = logs.map(|logs| Seen { logs, at: now });
        if self.last.is_none() {
            self.sample = None;
        }
    }

    /// Samples the points after what was last seen, up to `now`: no more than fit into the time it holds.
    fn pass(&mut self, seen: Seen, now: Nanos) {
        let step = self.step.0;
        let end = now.min(seen.at.saturating_add(self.hold_max));
        let mut point = (seen.at.0.div_euclid(step) + 1).saturating_mul(step);
        while point <= end.0 {
            if let Some(earlier) = self.sample {
                self.moments.push(earlier, seen.logs);
                self.pushed = self.pushed.saturating_add(1);
            }
            self.sample = Some(seen.logs);
            self.sampled_at = Some(Nanos(point));
            point = point.saturating_add(step);
        }
        if point <= now.0 {
            // A point that nothing was known at: the next sample has none before it.
            self.sample = None;
        }
    }

    /// When the samples are too old to be used; `None` before the first.
    pub(super) fn expires_at(&self) -> Option<Nanos> {
        self.sampled_at.map(|at| at.saturating_add(self.hold_max))
    }

    /// Pairs of samples taken in.
    pub(super) const fn pushed(&self) -> u32 {
        self.pushed
    }

    /// The fit to all samples so far; `None` where they do not show a return to the mean.
    ///
    /// *Hedge ratio*, unless given: the regression of one log price on the other (the cointegrating regression of Engle and
    /// Granger 1987, Econometrica 55) by exponentially discounted least squares (Brown 1963): `β = cov(a, b) / var(b)`.
    ///
    /// *Return.* An Ornstein–Uhlenbeck spread (Uhlenbeck and Ornstein 1930) seen each step is an AR(1), `s' = c + φ·s + ε`
    /// with `φ = e^(−κ·step)` (Avellaneda and Lee 2010, "Statistical arbitrage in the US equities market", appendix), so
    /// `half_life = ln 2 / κ = −step · ln 2 / ln φ`, with `φ = cov(s, s') / var(s)` by the same weights. The estimate of `φ` is
    /// low by about `(1 + 3φ)/n` (Kendall 1954), which is not taken off: the half-life rather errs to the short side.
    ///
    /// *Test.* `τ = (1 − φ) / se(φ)` (Dickey and Fuller 1979), `se² = var(ε) / ((n − 2)·var(s))`.
    pub(super) fn fit(&self, hedge: HedgeRatio) -> Option<SpreadFit> {
        let (beta, critical) = match hedge {
            HedgeRatio::Given(rate) => (to_f64(rate), TAU_GIVEN),
            HedgeRatio::Regressed => {
                let of_second = self.moments.covariance(SECOND, SECOND);
                (self.moments.covariance(FIRST, SECOND) / of_second, TAU_REGRESSED)
            }
        };
        let (earlier, later) = ([1.0, -beta, 0.0, 0.0], [0.0, 0.0, 1.0, -beta]);
        let before = self.moments.covariance(earlier, earlier);
        let variance = self.moments.covariance(later, later);
        let across = self.moments.covariance(earlier, later);
        let phi = across / before;
        let rest = variance - phi * across;
        let tau = (1.0 - phi) * libm::sqrt((self.moments.pairs() - 2.0) * before / rest);
        let steps = -core::f64::consts::LN_2 / libm::log(phi);
        let returns = beta > 0.0 && before > 0.0 && variance > 0.0 && rest > 0.0 && phi > 0.0 && phi < 1.0;
        if !(returns && tau > critical && tau.is_finite()) {
            return None;
        }
        Some(SpreadFit {
            hedge_ratio: beta,
            mean: self.moments.mean(later),
            deviation: libm::sqrt(variance),
            half_life: span(steps * self.step.as_secs_f64())?,
            tau,
            confidence: 1.0 - (critical / tau) * (critical / tau),
        })
    }

    /// Takes the whole state into a digest.
    pub(super) fn digest(&self, digest: &mut Digest) {
        self.moments.digest(digest);
        digest.word(u64::from(self.pushed));
        digest.word(u64::from(self.last.is_some()));
        digest.signed(self.last.map_or(0, |seen| seen.at.0));
        digest.word(u64::from(self.sample.is_some()));
        let held = self.last.map(|seen| seen.logs).into_iter().chain(self.sample);
        held.flatten().for_each(|log| digest.word(log.to_bits()));
        digest.word(u64::from(self.sampled_at.is_some()));
        digest.signed(self.sampled_at.unwrap_or_default().0);
    }
}

/// Rounded down to a nanosecond; `None` outside `1 ns ..` about 292 years.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
fn span(seconds: f64) -> Option<Span> {
    let nanos = seconds * 1e9;
    (1.0..9.2e18).contains(&nanos).then_some(Span(nanos as i64))
}
