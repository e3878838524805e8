//! A mean and how well it is known.

/// Mean of a sample and the standard error of that mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Number of observations, above zero.
    pub count: usize,
    /// Arithmetic mean, `x̄ = Σx / n`.
    pub mean: f64,
    /// `s / √n` with `s² = Σ(x − x̄)² / (n − 1)`, as if the observations were independent; `None` for a single one.
    /// Fills that share a horizon overlap, so for markouts it is a lower bound of the true uncertainty.
    pub standard_error: Option<f64>,
}

impl Estimate {
    /// The estimate from observations; `None` where there are none. One pass (Welford, 1962), so it needs no buffer and
    /// does not cancel where the mean is large.
    #[must_use]
    pub fn of(observations: impl IntoIterator<Item = f64>) -> Option<Self> {
        let (mut count, mut mean, mut squares) = (0usize, 0.0, 0.0);
        for x in observations {
            count += 1;
            let before = x - mean;
            mean += before / count as f64;
            squares += before * (x - mean);
        }
        if count == 0 {
            return None;
        }
        let n = count as f64;
        let standard_error = (count > 1).then(|| (squares / (n - 1.0) / n).sqrt());
        Some(Self { count, mean, standard_error })
    }

    /// Sample standard deviation `s`, in the observations' own unit; `None` for a single observation.
    #[must_use]
    pub fn deviation(&self) -> Option<f64> {
        self.standard_error.map(|error| error * (self.count as f64).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_error_by_hand() {
        // mean 5, squares 9 + 1 + 1 + 9 = 20, s² = 20 / 3, error = √(20 / 3 / 4)
        let estimate = Estimate::of([2.0, 4.0, 6.0, 8.0]).unwrap();
        assert_eq!(estimate.count, 4);
        assert!((estimate.mean - 5.0).abs() < 1e-12);
        assert!((estimate.standard_error.unwrap() - (5.0f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!((estimate.deviation().unwrap() - (20.0f64 / 3.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn a_large_mean_does_not_swallow_the_deviation() {
        let estimate = Estimate::of([1e9 + 1.0, 1e9 + 2.0, 1e9 + 3.0]).unwrap();
        assert!((estimate.deviation().unwrap() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn nothing_has_no_mean_and_one_has_no_error() {
        assert_eq!(Estimate::of([]), None);
        assert_eq!(Estimate::of([3.0]).unwrap().standard_error, None);
    }
}
