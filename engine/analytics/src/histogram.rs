//! Counts of whole numbers in equal bins.

/// Width and counts of equal bins over whole numbers, two groups counted apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    /// Lower edge of the first bin, a multiple of `width`.
    pub start: i64,
    /// Numbers in a bin: 1, 2 or 5 times a power of ten.
    pub width: i64,
    /// Per bin from the lowest: observations of the first and of the second group.
    pub counts: Vec<[usize; 2]>,
}

impl Histogram {
    /// Counts observations, each a number and its group (0 or 1, others are left out), in at most `bins_max` bins;
    /// below two it counts as two, since zero is always an edge. Nothing is cut off at the ends. `None` without
    /// observations.
    #[must_use]
    pub fn of(observations: impl Iterator<Item = (i64, usize)> + Clone, bins_max: usize) -> Option<Self> {
        let low = observations.clone().map(|(x, _)| x).min()?;
        let high = observations.clone().map(|(x, _)| x).max()?;
        let width = Self::width_for(low, high, bins_max);
        let start = low.div_euclid(width) * width;
        let bin = |x: i64| usize::try_from((x - start) / width).ok();
        let mut counts = vec![[0; 2]; bin(high)? + 1];
        for (x, group) in observations {
            if let Some(count) = bin(x).and_then(|at| counts.get_mut(at)).and_then(|bin| bin.get_mut(group)) {
                *count += 1;
            }
        }
        Some(Self { start, width, counts })
    }

    /// The smallest of 1, 2, 5, 10, 20, … that covers `low..=high` with `bins_max` bins at most.
    fn width_for(low: i64, high: i64, bins_max: usize) -> i64 {
        let bins_max = i64::try_from(bins_max.max(2)).unwrap_or(i64::MAX);
        let mut width = 1i64;
        let mut factors = [2, 5, 10].iter().cycle();
        let mut power = 1i64;
        while high.div_euclid(width) - low.div_euclid(width) >= bins_max {
            let Some(next) = factors.next().and_then(|factor| power.checked_mul(*factor)) else { break };
            width = next;
            if width == power * 10 {
                power = width;
            }
        }
        width
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bins_by_hand() {
        let histogram = Histogram::of([(-3, 0), (-1, 1), (0, 0), (4, 1), (5, 1)].into_iter(), 5).unwrap();
        // -3..=5 spans nine numbers: width 2 gives -4, -2, 0, 2, 4
        assert_eq!(
            histogram,
            Histogram { start: -4, width: 2, counts: vec![[1, 0], [0, 1], [1, 0], [0, 0], [0, 2]] }
        );
    }

    #[test]
    fn nothing_has_no_histogram_and_one_number_has_one_bin() {
        assert_eq!(Histogram::of(std::iter::empty(), 10), None);
        let one = Histogram::of(std::iter::once((7, 1)), 10).unwrap();
        assert_eq!(one, Histogram { start: 7, width: 1, counts: vec![[0, 1]] });
    }

    proptest! {
        #[test]
        fn every_observation_is_counted_once_in_its_bin(
            numbers in prop::collection::vec((-100_000i64..100_000, 0usize..2), 1..200),
            bins_max in 1usize..60,
        ) {
            let histogram = Histogram::of(numbers.iter().copied(), bins_max).unwrap();
            prop_assert_eq!(histogram.counts.iter().flatten().sum::<usize>(), numbers.len());
            prop_assert!(histogram.counts.len() <= bins_max.max(2));
            for (at, bin) in histogram.counts.iter().enumerate() {
                let from = histogram.start + histogram.width * i64::try_from(at).unwrap();
                let inside = |x: i64| from <= x && x < from + histogram.width;
                for (group, count) in bin.iter().enumerate() {
                    prop_assert_eq!(*count, numbers.iter().filter(|(x, of)| inside(*x) && *of == group).count());
                }
            }
        }
    }
}
