//! A fair value with what is known about it.
//!
//! Never here: a number that is not finite, a price outside the range of prices, a value of no date.

use ballast_model::{Digest, Nanos, PRICE_TICKS_MAX};

/// What an instrument is worth, how far that can be relied on, and when it was so.
///
/// There is no such thing as a fair value that is not a number, not above zero or without confidence: whoever cannot make
/// one returns `None`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FairValue {
    ticks: f64,
    confidence: f64,
    as_of: Nanos,
}

impl FairValue {
    /// A value in ticks, in `(0, PRICE_TICKS_MAX]`, with its confidence in `(0, 1]`, of a moment on our clock. `None`
    /// where a number is outside its range or not a number.
    #[must_use]
    #[inline]
    pub fn new(ticks: f64, confidence: f64, as_of: Nanos) -> Option<Self> {
        #[expect(clippy::cast_precision_loss, reason = "2^40 - 1 is exact")]
        const HIGHEST: f64 = PRICE_TICKS_MAX as f64;
        let sound = ticks > 0.0 && ticks <= HIGHEST && confidence > 0.0 && confidence <= 1.0;
        sound.then_some(Self { ticks, confidence, as_of })
    }

    /// The value in ticks, finite and above zero.
    #[must_use]
    #[inline]
    pub const fn ticks(&self) -> f64 {
        self.ticks
    }

    /// In `(0, 1]`: the share of what its maker wants to have seen that it has seen. 1 for a touch; fewer levels or trades
    /// than asked for are less. It weighs one input of a [`Blend`](super::Blend) against the others; it is no probability.
    #[must_use]
    #[inline]
    pub const fn confidence(&self) -> f64 {
        self.confidence
    }

    /// When the newest thing it stands on was told, on our clock.
    #[must_use]
    #[inline]
    pub const fn as_of(&self) -> Nanos {
        self.as_of
    }

    /// The same value in ticks of another instrument, `ratio` of which make one of these: this tick's size over the
    /// other's, both in one quote currency. `None` where the result is no fair value.
    #[must_use]
    #[inline]
    pub fn rescaled(&self, ratio: f64) -> Option<Self> {
        Self::new(self.ticks * ratio, self.confidence, self.as_of)
    }

    /// The same value moved by so many ticks. `None` where the result is no fair value.
    #[must_use]
    #[inline]
    pub fn shifted(&self, ticks: f64) -> Option<Self> {
        Self::new(self.ticks + ticks, self.confidence, self.as_of)
    }

    /// Takes the value into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        digest.word(self.ticks.to_bits());
        digest.word(self.confidence.to_bits());
        digest.signed(self.as_of.0);
    }
}

#[cfg(test)]
mod tests;
