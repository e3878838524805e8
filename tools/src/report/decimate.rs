//! Thinning of long series that keeps every extreme.

/// A point of a plot, in the units of its axes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    /// Along the horizontal axis.
    pub(super) x: f64,
    /// Along the vertical axis.
    pub(super) y: f64,
}

/// Consecutive points with no gap between them.
pub(super) type Run = Vec<Point>;

/// A series, its points in order of `x`, as runs of about `budget` points in all; a missing value ends a run, which
/// then reaches up to where the value went missing.
///
/// A series within the budget is kept as it is. A longer one is cut into `budget / 2` buckets of equal width, and of
/// each bucket the lowest and the highest point stay, in their order, besides the first and the last point of all.
/// There a gap counts only where it fills a whole bucket.
pub(super) fn runs(series: &[(f64, Option<f64>)], budget: usize) -> Vec<Run> {
    let (Some(first), Some(last)) = (series.first(), series.last()) else { return Vec::new() };
    let mut pen = Pen::default();
    if series.len() <= budget {
        for (x, y) in series {
            pen.put(*x, *y);
        }
        return pen.finish();
    }
    let buckets = (budget / 2).max(1);
    let width = (last.0 - first.0) / buckets as f64;
    let mut rest = series;
    pen.put(first.0, first.1);
    for bucket in 1..=buckets {
        let edge = first.0 + width * bucket as f64;
        let inside = if bucket == buckets { rest.len() } else { rest.partition_point(|(x, _)| *x < edge) };
        let (now, later) = rest.split_at(inside);
        rest = later;
        match extremes(now) {
            Some(pair) => pair.iter().for_each(|point| pen.put(point.x, Some(point.y))),
            None => now.first().iter().for_each(|(x, _)| pen.put(*x, None)),
        }
    }
    pen.put(last.0, last.1);
    pen.finish()
}

/// Lowest and highest point of a bucket in the order they came; `None` where no value is present.
fn extremes(bucket: &[(f64, Option<f64>)]) -> Option<[Point; 2]> {
    let mut present = bucket.iter().filter_map(|(x, y)| y.map(|y| Point { x: *x, y }));
    let first = present.next()?;
    let (mut low, mut high) = ((0, first), (0, first));
    for (at, point) in present.enumerate() {
        if point.y < low.1.y {
            low = (at + 1, point);
        }
        if point.y > high.1.y {
            high = (at + 1, point);
        }
    }
    Some(if low.0 <= high.0 { [low.1, high.1] } else { [high.1, low.1] })
}

/// Collects points into runs.
#[derive(Default)]
struct Pen {
    done: Vec<Run>,
    open: Run,
}

impl Pen {
    fn put(&mut self, x: f64, y: Option<f64>) {
        match y {
            Some(y) => {
                let point = Point { x, y };
                if self.open.last() != Some(&point) {
                    self.open.push(point);
                }
            }
            None => {
                if let Some(before) = self.open.last().copied() {
                    self.open.push(Point { x, ..before });
                    self.done.push(std::mem::take(&mut self.open));
                }
            }
        }
    }

    fn finish(mut self) -> Vec<Run> {
        if !self.open.is_empty() {
            self.done.push(self.open);
        }
        self.done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(count: u32) -> Vec<(f64, Option<f64>)> {
        let height = |at: u32| f64::from(at.wrapping_mul(2_654_435_761) >> 16);
        (0..count).map(|at| (f64::from(at), Some(height(at)))).collect()
    }

    #[test]
    fn a_short_series_is_kept_and_gaps_split_it() {
        let series = [(0.0, Some(1.0)), (1.0, Some(2.0)), (2.0, None), (3.0, None), (4.0, Some(3.0))];
        let point = |x, y| Point { x, y };
        let expected = vec![vec![point(0.0, 1.0), point(1.0, 2.0), point(2.0, 2.0)], vec![point(4.0, 3.0)]];
        assert_eq!(runs(&series, 10), expected);
        assert_eq!(runs(&[], 10), Vec::<Run>::new());
    }

    #[test]
    fn a_long_series_keeps_its_extremes_and_ends() {
        let mut series = wave(100_000);
        series[54_321].1 = Some(1e9);
        series[54_322].1 = Some(-1e9);
        let kept = runs(&series, 1_500);
        assert_eq!(kept.len(), 1);
        assert!(kept[0].len() <= 1_502, "{}", kept[0].len());
        assert!(kept[0].contains(&Point { x: 54_321.0, y: 1e9 }));
        assert!(kept[0].contains(&Point { x: 54_322.0, y: -1e9 }));
        assert_eq!(kept[0].first().map(|point| Some(point.y)), series.first().map(|(_, y)| *y));
        assert_eq!(kept[0].last().map(|point| Some(point.y)), series.last().map(|(_, y)| *y));
        assert!(kept[0].is_sorted_by(|a, b| a.x <= b.x));
    }

    #[test]
    fn a_long_gap_splits_a_thinned_series() {
        let mut series = wave(10_000);
        series[4_000..6_000].iter_mut().for_each(|(_, y)| *y = None);
        assert_eq!(runs(&series, 100).len(), 2);
    }

    #[test]
    fn points_at_one_instant_are_thinned_too() {
        let series: Vec<_> = wave(5_000).into_iter().map(|(_, y)| (7.0, y)).collect();
        let kept = runs(&series, 100);
        assert!(kept.iter().map(Vec::len).sum::<usize>() <= 4);
    }
}
