//! Drawdown: how far profit fell below its best, and for how long.
//!
//! The peak is the running maximum of net profit since the run began, where it was zero: a run that only loses is in
//! drawdown from its first moment. Drawdown is an amount of money, not a share: a market maker's capital is not in the
//! record.

use ballast_model::{Money, Nanos, Span};

/// The largest fall of a profit curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawdown {
    /// Peak minus trough, at least zero; the first such fall where several are equal.
    pub value: Money,
    /// The last point at the peak before the trough.
    pub peak: Nanos,
    /// The first point where the fall was this large.
    pub trough: Nanos,
    /// The first point after the trough at or above the peak; `None` where the curve ends below it.
    pub recovered: Option<Nanos>,
    /// The longest time below a peak anywhere in the curve: from the last point at that peak to the first at or above
    /// it again, or to the curve's end.
    pub longest: Span,
}

impl Drawdown {
    /// The largest fall of a curve of (time, profit) whose times never fall; `None` for an empty curve.
    #[must_use]
    pub fn of(curve: impl IntoIterator<Item = (Nanos, Money)>) -> Option<Self> {
        let mut curve = curve.into_iter().peekable();
        let (start, _) = *curve.peek()?;
        let mut worst = Self {
            value: Money::ZERO,
            peak: start,
            trough: start,
            recovered: Some(start),
            longest: Span::ZERO,
        };
        let (mut peak, mut peak_time) = (Money::ZERO, start);
        let mut below = false;
        for (time, profit) in curve {
            if below {
                worst.longest = worst.longest.max(time - peak_time);
            }
            if profit >= peak {
                worst.recovered = worst.recovered.or(Some(time));
                (peak, peak_time, below) = (profit, time, false);
                continue;
            }
            // A point below the peak has already spent the time since it.
            worst.longest = worst.longest.max(time - peak_time);
            below = true;
            if peak - profit > worst.value {
                let longest = worst.longest;
                worst =
                    Self { value: peak - profit, peak: peak_time, trough: time, recovered: None, longest };
            }
        }
        Some(worst)
    }

    /// Time from the peak to the trough.
    #[must_use]
    pub fn fall(&self) -> Span {
        self.trough - self.peak
    }
}

/// The depth below the running peak at every point, at least zero: what a drawdown plot shows.
pub fn depths(curve: impl IntoIterator<Item = (Nanos, Money)>) -> impl Iterator<Item = (Nanos, Money)> {
    curve.into_iter().scan(Money::ZERO, |peak, (time, profit)| {
        *peak = profit.max(*peak);
        Some((time, *peak - profit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::seconds;
    use proptest::prelude::*;

    fn curve(profits: &[i128]) -> Vec<(Nanos, Money)> {
        profits
            .iter()
            .enumerate()
            .map(|(at, profit)| (seconds(at.try_into().unwrap()), Money(*profit)))
            .collect()
    }

    #[test]
    fn the_deepest_fall_by_hand() {
        let worst = Drawdown::of(curve(&[0, 5, 3, 5, 1, 2, 6, 4, 4])).unwrap();
        assert_eq!(
            worst,
            Drawdown {
                value: Money(4),
                peak: seconds(3),
                trough: seconds(4),
                recovered: Some(seconds(6)),
                longest: Span::from_secs(3)
            }
        );
        assert_eq!(worst.fall(), Span::from_secs(1));
    }

    #[test]
    fn a_run_that_only_loses_falls_from_zero() {
        let worst = Drawdown::of(curve(&[-2, -3])).unwrap();
        assert_eq!((worst.value, worst.peak, worst.trough), (Money(3), seconds(0), seconds(1)));
        assert_eq!((worst.recovered, worst.longest), (None, Span::from_secs(1)));
    }

    #[test]
    fn no_curve_has_no_drawdown_and_a_rising_one_has_zero() {
        assert_eq!(Drawdown::of([]), None);
        let rising = Drawdown::of(curve(&[1, 2, 2, 3])).unwrap();
        assert_eq!((rising.value, rising.longest), (Money::ZERO, Span::ZERO));
    }

    /// Every pair of points, by definition.
    fn naive(points: &[(Nanos, Money)]) -> Drawdown {
        let start = (points[0].0, Money::ZERO);
        let all: Vec<_> = std::iter::once(start).chain(points.iter().copied()).collect();
        let peak_at = |j: usize| (0..=j).rev().max_by_key(|i| (all[*i].1, *i)).unwrap();
        let mut worst = Drawdown {
            value: Money::ZERO,
            peak: start.0,
            trough: start.0,
            recovered: Some(start.0),
            longest: Span::ZERO,
        };
        for j in 0..all.len() {
            let peak = peak_at(j);
            let back = (j..all.len()).find(|k| all[*k].1 >= all[peak].1);
            if all[peak].1 - all[j].1 > worst.value {
                worst.value = all[peak].1 - all[j].1;
                (worst.peak, worst.trough) = (all[peak].0, all[j].0);
                worst.recovered = back.map(|k| all[k].0);
            }
            if all[j].1 < all[peak].1 {
                let end = back.map_or(points[points.len() - 1].0, |k| all[k].0);
                worst.longest = worst.longest.max(end - all[peak].0);
            }
        }
        worst
    }

    proptest! {
        #[test]
        fn one_pass_equals_every_pair(steps in prop::collection::vec((0i64..3, -4i128..=4), 1..60)) {
            let points: Vec<_> = steps
                .iter()
                .scan((0, 0), |(time, profit), (wait, step)| {
                    *time += wait;
                    *profit += step;
                    Some((seconds(*time), Money(*profit)))
                })
                .collect();
            let worst = Drawdown::of(points.iter().copied()).unwrap();
            prop_assert_eq!(worst, naive(&points));
            prop_assert_eq!(depths(points.iter().copied()).map(|(_, depth)| depth).max(), Some(worst.value));
        }
    }
}
