//! Fair value from the flow of trades: who takes, and how much of it.
//!
//! Never here: a shift beyond the touch, a flow known before anything has been watched.

use ballast_model::{Digest, Lots, Nanos, Side, Span};

use super::Touch;

/// What a [`TradeFlow`] is built from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlowParams {
    /// Time after which a trade weighs half. Above zero.
    pub half_life: Span,
    /// Decayed volume at which a one-sided flow has half its full effect. Above zero.
    pub reference: Lots,
    /// Share of the half spread by which a one-sided flow of any volume moves the value at the most. In `(0, 1]`.
    pub strength: f64,
    /// No value before the trades have been watched for this long, from the first one on. Not negative.
    pub elapsed_min: Span,
}

/// Signed volume of the aggressors, exponentially decayed in time.
///
/// With `w_i = 2^(-age_i / half_life)`, the volume `V = Σ w_i·v_i` and the flow `F = Σ ±w_i·v_i` in lots (buyers +), the
/// mid is moved by `strength · spread/2 · F/(V + reference)` ticks: nothing without trades, upwards where buyers take,
/// and never beyond the touch as `|F| ≤ V`. Aggressors move prices in their direction (Kyle 1985, Econometrica 53: in
/// proportion to the signed volume) and their signs persist (Bouchaud, Gefen, Potters and Wyart 2004, Quantitative
/// Finance 4); the saturating map is ours.
#[derive(Clone, Copy, Debug)]
pub struct TradeFlow {
    params: FlowParams,
    /// Half-lives per second.
    decay_rate: f64,
    /// The first trade watched and the last one.
    seen: Option<(Nanos, Nanos)>,
    /// `F` at the last trade, lots.
    signed: f64,
    /// `V` at the last trade, lots.
    volume: f64,
}

impl TradeFlow {
    /// A flow that has seen nothing, of parameters that have been checked.
    pub(super) fn new(params: FlowParams) -> Self {
        let decay_rate = 1.0 / params.half_life.as_secs_f64();
        Self { params, decay_rate, seen: None, signed: 0.0, volume: 0.0 }
    }

    /// Takes a trade; `maker` is the side that rested.
    ///
    /// # Panics
    /// If `now` is before an earlier trade: the driver's clock never falls.
    #[expect(clippy::cast_precision_loss, reason = "sizes only weigh")]
    pub(super) fn on_trade(&mut self, maker: Side, lots: Lots, now: Nanos) {
        let decay = self.decay(now);
        let size = lots.0 as f64;
        let taken = match maker {
            Side::Ask => size,
            Side::Bid => -size,
        };
        self.signed = self.signed * decay + taken;
        self.volume = self.volume * decay + size;
        self.seen = Some((self.seen.map_or(now, |(first, _)| first), now));
    }

    /// Trades may have been missed: what was watched says nothing any more.
    pub(super) fn forget(&mut self) {
        *self = Self::new(self.params);
    }

    /// By how much the mid is moved at `now`, in ticks; `None` before the warm-up.
    #[expect(clippy::cast_precision_loss, reason = "a spread is exact in f64")]
    pub(super) fn shift_ticks(&self, touch: &Touch, now: Nanos) -> Option<f64> {
        let decay = self.decay(now);
        let (first, _) = self.seen?;
        if now - first < self.params.elapsed_min {
            return None;
        }
        let ratio = self.signed * decay / (self.volume * decay + self.params.reference.0 as f64);
        Some(self.params.strength * ratio * touch.spread().0 as f64 * 0.5)
    }

    /// What the sums still weigh at `now`.
    fn decay(&self, now: Nanos) -> f64 {
        let passed = self.seen.map_or(Span::ZERO, |(_, last)| now - last);
        assert!(passed >= Span::ZERO, "time went backward");
        libm::exp2(-passed.as_secs_f64() * self.decay_rate)
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        digest.word(u64::from(self.seen.is_some()));
        let (first, last) = self.seen.unwrap_or_default();
        digest.signed(first.0);
        digest.signed(last.0);
        digest.word(self.signed.to_bits());
        digest.word(self.volume.to_bits());
    }
}

#[cfg(test)]
mod tests;
