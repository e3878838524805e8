//! Ratios of profit to its risk, each with its sampling: Sharpe, Sortino and Calmar.
//!
//! Sortino ratio (Sortino and Price 1994, "Performance measurement in a downside risk framework"): with the increments of
//! [`crate::sharpe`] and a target of zero, `m / d · √(year / interval)`, where `d² = Σ min(x, 0)² / n` over all `n`
//! increments, those above the target counting as zero.
//!
//! Calmar ratio (Young 1991, "Calmar ratio: a smoother tool"): profit per year over the largest fall. Profit is taken over the
//! whole curve and scaled to a year, the fall from every point of the curve. Over less than the 36 months he took it says
//! little, over minutes nothing; whoever shows it shows the time.

use crate::drawdown::Drawdown;
use crate::sharpe::{INCREMENTS_MIN, Sharpe, YEAR, increments};
use ballast_model::{Money, Nanos, Span};

/// Shortest sampling interval of the ratios.
pub const INTERVAL_MIN: Span = Span::from_secs(1);

/// Ratios of one profit curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratios {
    /// Sampling interval of Sharpe and Sortino: [`INTERVAL_MIN`], or where the curve is sampled more rarely the whole seconds
    /// that hold its mean distance.
    pub interval: Span,
    /// Time from the curve's first point to its last.
    pub duration: Span,
    /// `None` as [`Sharpe::of`] has it.
    pub sharpe: Option<Sharpe>,
    /// Annualised; `None` for fewer than [`INCREMENTS_MIN`] increments, and where none was below zero.
    pub sortino: Option<f64>,
    /// `None` where profit never fell, or no time passed.
    pub calmar: Option<f64>,
}

impl Ratios {
    /// Of a curve of (time, profit) whose times never fall; `None` for an empty one.
    #[must_use]
    pub fn of(curve: &[(Nanos, Money)]) -> Option<Self> {
        let (start, first) = *curve.first()?;
        let (end, last) = *curve.last()?;
        let duration = end - start;
        let interval = interval_of(duration, curve.len());
        let scale = YEAR.as_secs_f64() / duration.as_secs_f64();
        let fallen = Drawdown::of(curve.iter().copied())?.value;
        let falls = duration > Span::ZERO && fallen > Money::ZERO;
        Some(Self {
            interval,
            duration,
            sharpe: Sharpe::of(curve.iter().copied(), interval),
            sortino: sortino(&increments(curve.iter().copied(), interval), interval),
            calmar: falls.then(|| (last - first).to_f64() * scale / fallen.to_f64()),
        })
    }
}

/// The shortest sampling that does not count the distance between two points as several increments, most of them zero.
fn interval_of(duration: Span, points: usize) -> Span {
    let steps = i64::try_from(points.saturating_sub(1)).unwrap_or(i64::MAX).max(1);
    let seconds = (duration.0 / steps).unsigned_abs().div_ceil(INTERVAL_MIN.0.unsigned_abs());
    Span::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX).max(1))
}

fn sortino(increments: &[f64], interval: Span) -> Option<f64> {
    let n = increments.len() as f64;
    let mean = increments.iter().sum::<f64>() / n;
    let downside = (increments.iter().map(|x| x.min(0.0).powi(2)).sum::<f64>() / n).sqrt();
    let scale = (YEAR.as_secs_f64() / interval.as_secs_f64()).sqrt();
    (increments.len() >= INCREMENTS_MIN && downside > 0.0).then(|| mean / downside * scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::seconds;

    fn curve(points: impl Iterator<Item = (i64, i128)>) -> Vec<(Nanos, Money)> {
        points.map(|(at, units)| (seconds(at), Money(units * Money::ONE.0))).collect()
    }

    #[test]
    fn ratios_by_hand() {
        // 20 steps of +3 and 20 of −1, one a second: 40 in 40 s, the deepest fall 1.
        let points = (0..=40).map(|at| (at, if at % 2 == 0 { i128::from(at) } else { i128::from(at) + 2 }));
        let ratios = Ratios::of(&curve(points)).unwrap();
        assert_eq!((ratios.interval, ratios.duration), (Span::from_secs(1), Span::from_secs(40)));
        assert_eq!(ratios.sharpe.unwrap().increments, 40);
        let year = 365.0 * 86_400.0_f64;
        // mean 1, downside √(20 · 1 / 40)
        let sortino = 1.0 / 0.5_f64.sqrt() * year.sqrt();
        assert!((ratios.sortino.unwrap() - sortino).abs() < 1e-6 * sortino);
        assert!((ratios.calmar.unwrap() - 40.0 * year / 40.0).abs() < 1e-3);
    }

    #[test]
    fn what_never_falls_has_neither_sortino_nor_calmar() {
        let ratios = Ratios::of(&curve((0..=40).map(|at| (at, i128::from(at * at))))).unwrap();
        assert_eq!((ratios.sortino, ratios.calmar), (None, None));
        assert!(ratios.sharpe.is_some());
        assert_eq!(Ratios::of(&[]), None);
    }

    #[test]
    fn a_short_curve_has_no_sortino_but_a_fall() {
        let ratios = Ratios::of(&curve([(0, 0), (1, -2), (2, -1)].into_iter())).unwrap();
        assert_eq!((ratios.sharpe, ratios.sortino), (None, None));
        let calmar = -0.5 * 365.0 * 86_400.0 / 2.0;
        assert!((ratios.calmar.unwrap() - calmar).abs() < 1e-3);
    }

    #[test]
    fn rare_points_are_not_taken_for_standing_still() {
        // A point every 2.5 s: sampled each second three of five increments would be zero.
        let points: Vec<_> = (0..=80).map(|at| (Nanos(at * 2_500_000_000), Money(at.into()))).collect();
        assert_eq!(Ratios::of(&points).unwrap().interval, Span::from_secs(3));
        assert_eq!(interval_of(Span::from_secs(10), 101), Span::from_secs(1));
        assert_eq!(interval_of(Span::ZERO, 1), Span::from_secs(1));
    }
}
