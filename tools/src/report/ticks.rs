//! Axes: ranges, and ticks at round numbers and round times.

use super::{text, time};
use ballast_model::{Nanos, Span};

/// One axis of a plot.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    /// Value at the lower or left end.
    pub(super) low: f64,
    /// Value at the upper or right end; above `low`.
    pub(super) high: f64,
    /// Where to write what, in order.
    pub(super) ticks: Vec<(f64, String)>,
    /// What is shown and its unit.
    pub(super) unit: String,
}

/// What a value axis must show besides the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Include {
    /// Only the values.
    Values,
    /// Zero too.
    Zero,
}

/// Which numbers may carry a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    /// Any.
    Real,
    /// Whole ones.
    Whole,
}

impl Axis {
    /// An axis over all `values`, with a little room at both ends and about `ticks_max` ticks at most. Without values,
    /// or where they do not differ, it still has a width.
    pub(super) fn values(
        values: impl IntoIterator<Item = f64>,
        include: Include,
        numbers: Numbers,
        ticks_max: f64,
        unit: &str,
    ) -> Self {
        let zero = (include == Include::Zero).then_some(0.0);
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.into_iter().chain(zero).filter(|value| value.is_finite()) {
            low = low.min(value);
            high = high.max(value);
        }
        if low > high || (include == Include::Zero && high - low < f64::MIN_POSITIVE) {
            (low, high) = (0.0, 1.0);
        }
        let room = if high - low > 1e-12 * high.abs().max(low.abs()) {
            0.04 * (high - low)
        } else {
            high.abs().max(1.0) * 1e-3
        };
        // Where an end is zero it is a floor, not a value: nothing lies beyond it.
        let floor = |end: f64| include == Include::Zero && end.abs() < f64::MIN_POSITIVE;
        (low, high) =
            (if floor(low) { low } else { low - room }, if floor(high) { high } else { high + room });
        Self { low, high, ticks: round_ticks(low, high, ticks_max, numbers), unit: unit.to_owned() }
    }

    /// A time axis from `start` over `span`; positions are seconds since `start`.
    pub(super) fn time(start: Nanos, span: Span) -> Self {
        let span = Span(span.0.max(1_000_000));
        let step = TIME_STEPS_MS.iter().copied().find(|step| span.0 / (step * 1_000_000) < TIME_TICKS_MAX);
        let step_ns = step.unwrap_or(365 * DAY_MS) * 1_000_000;
        let mut ticks = Vec::new();
        let mut at = start.0.div_euclid(step_ns).saturating_mul(step_ns);
        while at <= start.0.saturating_add(span.0) {
            if at >= start.0 {
                ticks.push(((Nanos(at) - start).as_secs_f64(), time_label(Nanos(at), step_ns)));
            }
            at = at.saturating_add(step_ns);
        }
        let (first, last) = (time::date(start), time::date(start + span));
        let days = if first == last { first } else { format!("{first} to {last}") };
        Self { low: 0.0, high: span.as_secs_f64(), ticks, unit: format!("time, UTC ({days})") }
    }

    /// Where a value lies between the ends: 0 at `low`, 1 at `high`.
    pub(super) fn share(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }
}

const DAY_MS: i64 = 86_400_000;
const TIME_TICKS_MAX: i64 = 12;
const TIME_STEPS_MS: [i64; 29] = [
    1,
    2,
    5,
    10,
    20,
    50,
    100,
    200,
    500,
    1_000,
    2_000,
    5_000,
    10_000,
    15_000,
    30_000,
    60_000,
    120_000,
    300_000,
    600_000,
    900_000,
    1_800_000,
    3_600_000,
    7_200_000,
    10_800_000,
    21_600_000,
    43_200_000,
    DAY_MS,
    7 * DAY_MS,
    30 * DAY_MS,
];

fn time_label(at: Nanos, step_ns: i64) -> String {
    if step_ns >= DAY_MS * 1_000_000 {
        time::date(at)
    } else if step_ns >= 1_000_000_000 {
        time::clock(at)
    } else {
        time::clock_millis(at)
    }
}

/// Multiples of 1, 2 or 5 times a power of ten: the finest such step that needs no more than `ticks_max` of them.
fn round_ticks(low: f64, high: f64, ticks_max: f64, numbers: Numbers) -> Vec<(f64, String)> {
    let finest = match numbers {
        Numbers::Real => -15,
        Numbers::Whole => 0,
    };
    let steps = (finest..=18)
        .flat_map(|power: i32| [1.0, 2.0, 5.0].map(|lead: f64| (lead * 10f64.powi(power), power)));
    let Some((step, power)) = steps.into_iter().find(|(step, _)| (high - low) / step <= ticks_max) else {
        return Vec::new();
    };
    let digits = usize::try_from(-power).unwrap_or(0);
    let mut multiple = (low / step).ceil();
    let mut ticks = Vec::new();
    while multiple * step <= high {
        ticks.push((multiple * step, text::float(multiple * step, digits)));
        multiple += 1.0;
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        let axis = Axis::values([2_681.3, 2_689.9], Include::Values, Numbers::Real, 6.0, "USDT");
        assert_eq!(labels(&axis), ["2,682", "2,684", "2,686", "2,688", "2,690"]);
        let money = Axis::values([-0.012, 0.031], Include::Zero, Numbers::Real, 6.0, "USDT");
        assert_eq!(labels(&money), ["\u{2212}0.01", "0.00", "0.01", "0.02", "0.03"]);
        let counts = Axis::values([1.0], Include::Zero, Numbers::Whole, 6.0, "fills");
        assert_eq!(labels(&counts), ["0", "1"]);
    }

    #[test]
    fn an_axis_has_a_width_whatever_it_shows() {
        for values in [vec![], vec![0.0], vec![5.0, 5.0], vec![f64::NAN], vec![-7.0]] {
            for include in [Include::Values, Include::Zero] {
                let axis = Axis::values(values.clone(), include, Numbers::Real, 6.0, "");
                assert!(axis.high > axis.low, "{values:?} {include:?}");
                assert!(axis.ticks.len() <= 7);
            }
        }
    }

    #[test]
    fn zero_is_shown_where_it_must_be() {
        let axis = Axis::values([3.0, 4.0], Include::Zero, Numbers::Real, 6.0, "");
        assert!(axis.low.abs() < 1e-12);
        let axis = Axis::values([-3.0, -4.0], Include::Zero, Numbers::Real, 6.0, "");
        assert!(axis.high.abs() < 1e-12);
    }

    #[test]
    fn times_are_round_and_in_utc() {
        let axis = Axis::time(Nanos(1_723_161_255_088_156_767), Span::from_secs(344));
        assert_eq!(labels(&axis).first(), Some(&"23:54:30"));
        assert_eq!(labels(&axis).last(), Some(&"23:59:30"));
        assert_eq!(axis.unit, "time, UTC (2024-08-08)");
        let short = Axis::time(Nanos(0), Span::from_millis(40));
        assert_eq!(labels(&short).get(1), Some(&"00:00:00.005"));
        let long = Axis::time(Nanos(0), Span::from_secs(6 * 86_400));
        assert_eq!(labels(&long).get(1), Some(&"1970-01-02"));
        assert_eq!(long.unit, "time, UTC (1970-01-01 to 1970-01-07)");
    }
}
