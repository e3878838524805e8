//! Quoting: how much of the time we stood in the book, and how wide.

use crate::record::Sample;

/// Shares of time by live quotes, each in `0..=1`, together one; a sample holds until the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quoting {
    /// Bid and ask live.
    pub two_sided: f64,
    /// Only one of them live.
    pub one_sided: f64,
    /// Mean distance from our bid to our ask while both were live, over time, in ticks; `None` where they never were.
    pub spread_ticks: Option<f64>,
}

impl Quoting {
    /// Quoting time over the samples; `None` where no time passed between them.
    #[must_use]
    pub fn of(samples: &[Sample]) -> Option<Self> {
        let (mut total, mut two_sided, mut one_sided, mut width) = (0i64, 0i64, 0i64, 0i128);
        for pair in samples.windows(2) {
            let [now, next] = pair else { continue };
            let span = (next.time - now.time).0;
            total += span;
            match (now.bid, now.ask) {
                (Some(bid), Some(ask)) => {
                    two_sided += span;
                    width += i128::from((ask - bid).0) * i128::from(span);
                }
                (Some(_), None) | (None, Some(_)) => one_sided += span,
                (None, None) => {}
            }
        }
        let share = |part: i64| (total > 0).then(|| part as f64 / total as f64);
        Some(Self {
            two_sided: share(two_sided)?,
            one_sided: share(one_sided)?,
            spread_ticks: (two_sided > 0).then(|| width as f64 / two_sided as f64),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::sample;
    use ballast_model::Price;

    #[test]
    fn quotes_count_for_as_long_as_they_stand() {
        let quoted = |at, bid, ask| Sample { bid, ask, ..sample(at) };
        let samples = [
            quoted(0, Some(Price(99)), Some(Price(101))),
            quoted(3, Some(Price(98)), Some(Price(104))),
            quoted(4, None, Some(Price(104))),
            quoted(6, None, None),
            quoted(10, Some(Price(99)), Some(Price(101))),
        ];
        let quoting = Quoting::of(&samples).unwrap();
        assert!((quoting.two_sided - 0.4).abs() < 1e-12);
        assert!((quoting.one_sided - 0.2).abs() < 1e-12);
        assert!((quoting.spread_ticks.unwrap() - 3.0).abs() < 1e-12); // (2 · 3 s + 6 · 1 s) / 4 s
    }

    #[test]
    fn one_sample_says_nothing() {
        assert_eq!(Quoting::of(&[]), None);
        assert_eq!(Quoting::of(&[sample(0)]), None);
        assert_eq!(Quoting::of(&[sample(0), sample(1)]).unwrap().spread_ticks, None);
    }
}
