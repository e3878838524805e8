//! Volume-weighted average price of the trades of a time window.
//!
//! Never here: a float in a sum, a number of trades that does not fit, a price for a window without trades.

use alloc::boxed::Box;
use alloc::vec;

use ballast_model::{Digest, Nanos, Span};

use super::FairValue;
use crate::book::Level;

/// Steps in which a window moves on.
pub const VWAP_STEPS: usize = 64;

/// [`VWAP_STEPS`] as a difference of step numbers.
const STEPS: i64 = 64;
const _: () = assert!(VWAP_STEPS == 64);

/// What a [`Vwap`] is built from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VwapParams {
    /// Length of the window. At least [`VWAP_STEPS`] nanoseconds.
    pub window: Span,
    /// Trades in the window from which on the confidence is 1; fewer have their share of it. At least one.
    pub trades_full: u32,
}

/// Average price by volume, `Σ p_i·v_i / Σ v_i`, in ticks, of the trades of the last `window` (Berkowitz, Logue and Noser
/// 1988, Journal of Finance 43).
///
/// Trades are summed, exactly and however many there are, by steps of `window/64` that begin at multiples of that time on
/// the driver's clock; the window holds the step under way and the 63 before it. A trade thus counts for between 63/64 of
/// the window and the whole of it.
#[derive(Clone, Debug)]
pub struct Vwap {
    params: VwapParams,
    /// Length of a step in nanoseconds, above zero.
    step: i64,
    /// By step number modulo their count; what is outside the window is zero.
    steps: Box<[Sums]>,
    /// Sum of all steps.
    total: Sums,
    /// Step and time of the last trade; `None` before the first.
    last: Option<(i64, Nanos)>,
}

/// Trades summed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sums {
    /// Σ price·size, ticks·lots: a trade is below 2⁹⁶, so that 2³⁰ of the largest fit.
    value: i128,
    /// Σ size, lots.
    lots: i128,
    trades: u64,
}

impl Sums {
    const fn add(&mut self, other: &Self) {
        self.value += other.value;
        self.lots += other.lots;
        self.trades += other.trades;
    }

    const fn sub(&mut self, other: &Self) {
        self.value -= other.value;
        self.lots -= other.lots;
        self.trades -= other.trades;
    }
}

impl Vwap {
    /// A window without trades, of parameters that have been checked.
    pub(super) fn new(params: VwapParams) -> Self {
        Self {
            params,
            step: (params.window.0 / STEPS).max(1),
            steps: vec![Sums::default(); VWAP_STEPS].into_boxed_slice(),
            total: Sums::default(),
            last: None,
        }
    }

    /// Takes a trade. One without size is none.
    ///
    /// # Panics
    /// If `now` is before an earlier trade: the driver's clock never falls.
    pub(super) fn on_trade(&mut self, trade: Level, now: Nanos) {
        if trade.lots.0 <= 0 {
            return;
        }
        let number = now.0.div_euclid(self.step);
        for left in self.left_by(now) {
            if let Some(sums) = self.steps.get_mut(slot(left)) {
                self.total.sub(sums);
                *sums = Sums::default();
            }
        }
        let (price, lots) = (i128::from(trade.price.0), i128::from(trade.lots.0));
        let one = Sums { value: price * lots, lots, trades: 1 };
        self.total.add(&one);
        if let Some(sums) = self.steps.get_mut(slot(number)) {
            sums.add(&one);
        }
        self.last = Some((number, now));
    }

    /// Trades may have been missed: what is left of the window is no average of it.
    pub(super) fn forget(&mut self) {
        self.steps.fill(Sums::default());
        self.total = Sums::default();
        self.last = None;
    }

    /// The numbers of the steps that are summed and leave the window by `now`: at most all.
    fn left_by(&self, now: Nanos) -> core::ops::Range<i64> {
        let Some((head, last)) = self.last else { return 0..0 };
        assert!(now >= last, "time went backward");
        let passed = now.0.div_euclid(self.step).saturating_sub(head).min(STEPS);
        // Slots are by number modulo the count: the first to leave lies one after the head.
        head.wrapping_add(1)..head.wrapping_add(1).saturating_add(passed)
    }

    /// The average at `now`, as of the last trade; `None` while the window holds none.
    #[expect(
        clippy::cast_precision_loss,
        reason = "the whole part is below 2^40, the rest is rounded once; counts only weigh"
    )]
    pub(super) fn value(&self, now: Nanos) -> Option<FairValue> {
        let (_, last) = self.last?;
        let mut sums = self.total;
        self.left_by(now).filter_map(|left| self.steps.get(slot(left))).for_each(|left| sums.sub(left));
        if sums.trades == 0 {
            return None;
        }
        let (whole, rest) = (sums.value / sums.lots, sums.value % sums.lots);
        let ticks = whole as f64 + rest as f64 / sums.lots as f64;
        let share = sums.trades as f64 / f64::from(self.params.trades_full);
        FairValue::new(ticks, share.min(1.0), last)
    }

    /// From the oldest step to the newest.
    pub(super) fn digest(&self, digest: &mut Digest) {
        digest.word(u64::from(self.last.is_some()));
        let Some((head, last)) = self.last else { return };
        digest.signed(last.0);
        for step in 1..=STEPS {
            let Some(sums) = self.steps.get(slot(head.wrapping_add(step))) else { continue };
            for part in [sums.value, sums.lots] {
                digest.bytes(&part.to_le_bytes());
            }
            digest.word(sums.trades);
        }
    }
}

/// Where a step of this number is kept.
fn slot(number: i64) -> usize {
    usize::try_from(number.rem_euclid(STEPS)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
