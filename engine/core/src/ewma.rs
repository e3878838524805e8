//! Exponentially weighted increments of a mid, from irregular samples: what the drift and the volatility are made of.
//!
//! With increments `Δm_i` over `Δt_i` and the weight `w_i = 2^(-age_i / half-life)`, the estimate is
//! `Σ w_i·f(Δm_i) / Σ w_i·Δt_i` (Zumbach and Müller 2001, "Operators on inhomogeneous time series"; here the weight of an
//! increment is that of its end). There is no start value to forget.
//!
//! Never here: a count of updates taken for a measure of time, an estimate before there is one.

use ballast_model::{Digest, HalfTicks, Nanos, Span};

/// Decayed sums of a function of the increments and of the time they took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EwmaIncrements {
    /// Half-lives per second.
    decay_rate: f64,
    /// Increments are measured over at least this time.
    interval_min: Span,
    /// The sample the next increment starts from.
    last: Option<(HalfTicks, Nanos)>,
    /// Decayed sum of what was made of the increments.
    sum: f64,
    /// Decayed sum of the time they took, seconds.
    seconds: f64,
    /// Time observed, not decayed.
    elapsed: Span,
    /// Increments observed; stops at its maximum.
    samples: u32,
}

impl EwmaIncrements {
    /// Sums that have seen nothing. `half_life` is above zero, `interval_min` not below.
    pub(crate) fn new(half_life: Span, interval_min: Span) -> Self {
        Self {
            decay_rate: 1.0 / half_life.as_secs_f64(),
            interval_min,
            last: None,
            sum: 0.0,
            seconds: 0.0,
            elapsed: Span::ZERO,
            samples: 0,
        }
    }

    /// Takes the mid at `now`, adding `term` of the increment in ticks. Moves without time passing, or within the least
    /// interval, belong to the increment that ends later.
    ///
    /// # Panics
    /// If `now` is before an earlier sample: the driver's clock never falls.
    #[inline]
    pub(crate) fn update(&mut self, mid: HalfTicks, now: Nanos, term: impl FnOnce(f64) -> f64) {
        let Some((last_mid, last_time)) = self.last else {
            self.last = Some((mid, now));
            return;
        };
        assert!(now >= last_time, "time went backward");
        let passed = now - last_time;
        if passed == Span::ZERO || passed < self.interval_min {
            return;
        }
        let seconds = passed.as_secs_f64();
        let decay = libm::exp2(-seconds * self.decay_rate);
        self.sum = self.sum * decay + term(HalfTicks(mid.0 - last_mid.0).to_ticks_f64());
        self.seconds = self.seconds * decay + seconds;
        self.elapsed = Span(self.elapsed.0.saturating_add(passed.0));
        self.samples = self.samples.saturating_add(1);
        self.last = Some((mid, now));
    }

    /// The sum per second; `None` until there are this many increments, at least one, over this much time.
    #[inline]
    pub(crate) fn per_second(&self, samples_min: u32, elapsed_min: Span) -> Option<f64> {
        let warm = self.samples >= samples_min.max(1) && self.elapsed >= elapsed_min;
        warm.then(|| self.sum / self.seconds)
    }

    /// Takes the whole state into a digest.
    pub(crate) fn digest(&self, digest: &mut Digest) {
        let (mid, time) = self.last.unwrap_or((HalfTicks(0), Nanos::MIN));
        digest.signed(mid.0);
        digest.signed(time.0);
        digest.word(self.sum.to_bits());
        digest.word(self.seconds.to_bits());
        digest.signed(self.elapsed.0);
        digest.word(u64::from(self.samples));
    }
}
