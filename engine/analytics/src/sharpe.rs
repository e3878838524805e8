//! Sharpe ratio of a profit curve, with its sampling and its uncertainty.
//!
//! The curve is sampled every `interval` from its first point, each value holding until the next point. With the
//! increments' mean `m` and sample deviation `s`, the ratio is `m / s · √(year / interval)`, a year being 365 days of
//! uninterrupted trading. Increments are money, not returns: for a constant capital the two give the same ratio, and
//! the risk-free rate is taken as zero.
//!
//! Standard error: Lo (2002), "The Statistics of Sharpe Ratios", for independent increments: `√((1 + SR² / 2) / n)`
//! with the ratio per interval, scaled like the ratio itself. Over minutes it is as large as the ratio; that is the
//! message.

use crate::estimate::Estimate;
use ballast_model::{Money, Nanos, Span};

/// A trading year: 365 days, around the clock.
pub const YEAR: Span = Span::from_secs(365 * 24 * 3600);

/// Fewest increments a ratio is given for.
pub const INCREMENTS_MIN: usize = 30;

/// An annualised Sharpe ratio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sharpe {
    /// Annualised ratio, without unit.
    pub ratio: f64,
    /// Its standard error, annualised alike.
    pub standard_error: f64,
    /// Sampling interval.
    pub interval: Span,
    /// Number of increments, at least [`INCREMENTS_MIN`].
    pub increments: usize,
}

impl Sharpe {
    /// The ratio of a curve of (time, profit) whose times never fall. `None` where the curve holds fewer than
    /// [`INCREMENTS_MIN`] whole intervals, where profit never varies, or where the interval is not above zero.
    #[must_use]
    pub fn of(curve: impl IntoIterator<Item = (Nanos, Money)>, interval: Span) -> Option<Self> {
        if interval <= Span::ZERO {
            return None;
        }
        let increments = Estimate::of(increments(curve, interval))?;
        let deviation = increments.deviation().filter(|deviation| *deviation > 0.0)?;
        if increments.count < INCREMENTS_MIN {
            return None;
        }
        let ratio = increments.mean / deviation;
        let scale = (YEAR.as_secs_f64() / interval.as_secs_f64()).sqrt();
        let error = ((1.0 + 0.5 * ratio * ratio) / increments.count as f64).sqrt();
        Some(Self {
            ratio: ratio * scale,
            standard_error: error * scale,
            interval,
            increments: increments.count,
        })
    }
}

/// Changes of profit over each whole interval of the curve, in currency units.
pub(crate) fn increments(curve: impl IntoIterator<Item = (Nanos, Money)>, interval: Span) -> Vec<f64> {
    let mut curve = curve.into_iter();
    let mut changes = Vec::new();
    let Some((start, first)) = curve.next() else { return changes };
    let (mut due, mut sampled) = (start + interval, first);
    let (mut end, mut latest) = (start, first);
    for (time, profit) in curve {
        while time > due {
            changes.push((latest - sampled).to_f64());
            (due, sampled) = (due + interval, latest);
        }
        (end, latest) = (time, profit);
    }
    if end == due {
        changes.push((latest - sampled).to_f64());
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::seconds;

    const SECOND: Span = Span::from_secs(1);

    fn units(amount: i128) -> Money {
        Money(amount * Money::ONE.0)
    }

    #[test]
    fn increments_hold_each_value_until_the_next() {
        let curve = [(0, 0), (1, 5), (3, 9), (4, 8)].map(|(at, profit)| (seconds(at), units(profit)));
        assert_eq!(increments(curve, SECOND), [5.0, 0.0, 4.0, -1.0]);
        // The third interval of two seconds is not whole.
        assert_eq!(
            increments(curve.into_iter().chain([(seconds(5), units(1))]), Span::from_secs(2)),
            [5.0, 3.0]
        );
        assert_eq!(increments([], SECOND), [0.0; 0]);
    }

    #[test]
    fn ratio_by_hand() {
        // 20 steps of +3 and 20 of −1: mean 1, s² = 40 · 4 / 39
        let curve = (0..=40)
            .map(|at| (seconds(at), units(if at % 2 == 0 { i128::from(at) } else { i128::from(at) + 2 })));
        let sharpe = Sharpe::of(curve, SECOND).unwrap();
        let per_interval = 1.0 / (160.0f64 / 39.0).sqrt();
        let scale = (365.0 * 86_400.0f64).sqrt();
        assert_eq!((sharpe.increments, sharpe.interval), (40, SECOND));
        assert!((sharpe.ratio - per_interval * scale).abs() < 1e-6);
        let error = ((1.0 + per_interval * per_interval / 2.0) / 40.0).sqrt() * scale;
        assert!((sharpe.standard_error - error).abs() < 1e-6);
    }

    #[test]
    fn too_short_or_motionless_curves_have_no_ratio() {
        let rising = |count| (0..=count).map(|at| (seconds(at), units(i128::from(at * at))));
        assert_eq!(Sharpe::of(rising(29), SECOND), None);
        assert!(Sharpe::of(rising(30), SECOND).is_some());
        assert_eq!(Sharpe::of(rising(30), Span::ZERO), None);
        assert_eq!(Sharpe::of((0..100).map(|at| (seconds(at), units(1))), SECOND), None);
    }
}
