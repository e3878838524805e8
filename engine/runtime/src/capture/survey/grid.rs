//! The step of a grid, told from the numbers on it.

use ballast_model::Step;

/// Most digits behind the point of a number that counts: what the venue prints. More of them is damage.
const SCALE_MAX: usize = 8;

/// What is known of the numbers with the same number of digits behind the point, trailing zeros left out.
#[derive(Clone, Copy, Debug, Default)]
struct Scale {
    count: u64,
    /// Greatest common divisor of the numbers as integers at this scale; 0 where there is none.
    divisor: u64,
    /// Largest of them.
    largest: u64,
}

/// Numbers seen, by their digits behind the point.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::capture) struct Grid {
    scales: [Scale; SCALE_MAX + 1],
}

impl Grid {
    /// Takes in a plain decimal. Zero and what is no such number say nothing.
    pub(in crate::capture) fn take(&mut self, text: &[u8]) {
        let Some((value, scale)) = decimal(text).filter(|(value, _)| *value > 0) else { return };
        let Some(same) = self.scales.get_mut(scale) else { return };
        same.count += 1;
        same.largest = same.largest.max(value);
        if same.divisor == 0 || value % same.divisor != 0 {
            same.divisor = gcd(value, same.divisor);
        }
    }

    /// Takes in what another grid has seen.
    pub(in crate::capture) fn merge(&mut self, other: &Self) {
        for (ours, theirs) in self.scales.iter_mut().zip(&other.scales) {
            ours.count += theirs.count;
            ours.divisor = gcd(ours.divisor, theirs.divisor);
            ours.largest = ours.largest.max(theirs.largest);
        }
    }

    /// True where no number above zero was seen.
    pub(in crate::capture) fn is_empty(&self) -> bool {
        self.scales.iter().all(|scale| scale.count == 0)
    }

    /// The grid without the digits that fewer than one number in `share` has: damage, not a step.
    pub(in crate::capture) fn without_rare_digits(mut self, share: u64) -> Self {
        let total: u64 = self.scales.iter().map(|scale| scale.count).sum();
        let mut finer = 0;
        for scale in self.scales.iter_mut().rev() {
            finer += scale.count;
            if finer * share >= total {
                break;
            }
            *scale = Scale::default();
        }
        self
    }

    /// The largest of `mantissas` times a power of ten, not above 1, that divides everything seen, and the largest number in
    /// these steps.
    pub(in crate::capture) fn step(&self, mantissas: &[u64]) -> Option<(Step, i64)> {
        let finest = self.scales.iter().rposition(|scale| scale.count > 0)?;
        let (mut divisor, mut largest) = (0, 0);
        for (finer, scale) in (0..=finest).rev().map(power_of_ten).zip(&self.scales) {
            // Beyond 64 bits at the finest scale is beyond any book.
            divisor = scale.divisor.checked_mul(finer).map_or(divisor, |scaled| gcd(divisor, scaled));
            largest = largest.max(scale.largest.saturating_mul(finer));
        }
        let mut round = 1;
        let mut digits = finest;
        while digits > 0 && divisor.is_multiple_of(round * 10) {
            (round, digits) = (round * 10, digits - 1);
        }
        let fits = |mantissa: &&u64| digits > 0 && divisor.is_multiple_of(*mantissa * round);
        let mantissa = mantissas.iter().find(fits).copied().unwrap_or(1);
        let step = Step { mantissa, scale: u8::try_from(digits).ok()? };
        Some((step, i64::try_from(largest / (mantissa * round)).unwrap_or(i64::MAX)))
    }
}

/// A plain decimal as integer and number of digits behind the point, trailing zeros of the fraction left out.
fn decimal(text: &[u8]) -> Option<(u64, usize)> {
    let (mut value, mut kept, mut zeros, mut scale, mut fraction) = (0u64, 0, 0, 0, false);
    for byte in text {
        match byte {
            b'.' if !fraction => fraction = true,
            b'0'..=b'9' => {
                value = value.checked_mul(10)?.checked_add(u64::from(byte - b'0'))?;
                if !fraction {
                    kept = value;
                } else if *byte == b'0' {
                    zeros += 1;
                } else {
                    (scale, zeros, kept) = (scale + zeros + 1, 0, value);
                }
            }
            _ => return None,
        }
    }
    Some((kept, scale))
}

/// 10^`power`, for powers up to [`SCALE_MAX`].
fn power_of_ten(power: usize) -> u64 {
    (0..power).fold(1, |power, _| power * 10)
}

const fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(numbers: &[&str]) -> Grid {
        let mut grid = Grid::default();
        numbers.iter().for_each(|number| grid.take(number.as_bytes()));
        grid
    }

    fn step(numbers: &[&str]) -> Option<(Step, i64)> {
        grid(numbers).step(&[5, 1])
    }

    #[test]
    fn the_step_is_the_largest_round_one_that_divides_all() {
        let hundredth = Step { mantissa: 1, scale: 2 };
        assert_eq!(step(&["61737.63000000", "61730.17000000", "56854.5"]), Some((hundredth, 6_173_763)));
        let half = Step { mantissa: 5, scale: 1 };
        assert_eq!(step(&["10.50", "11.00", "12.5", "0", "bad", ""]), Some((half, 25)));
        let twentieth = Step { mantissa: 5, scale: 2 };
        assert_eq!(step(&["1.05", "1.1", "2"]), Some((twentieth, 40)));
        assert_eq!(step(&["0.00000001"]), Some((Step { mantissa: 1, scale: 8 }, 1)));
    }

    #[test]
    fn no_step_is_above_one() {
        assert_eq!(step(&["60", "130"]), Some((Step { mantissa: 1, scale: 0 }, 130)));
        assert_eq!(step(&["5"]), Some((Step { mantissa: 1, scale: 0 }, 5)));
        assert_eq!(step(&["18446744073709551615"]), Some((Step { mantissa: 1, scale: 0 }, i64::MAX)));
    }

    #[test]
    fn nothing_seen_is_no_step() {
        assert_eq!(step(&[]), None);
        assert_eq!(step(&["0", "0.00", "x", "-1", "1.2.3"]), None);
        assert_eq!(step(&["1.123456789"]), None, "more digits than the venue prints");
    }

    #[test]
    fn rare_digits_are_damage_only_where_asked() {
        let mut numbers = vec!["10.5"; 999];
        numbers.push("10.501");
        let fine = Step { mantissa: 1, scale: 3 };
        assert_eq!(grid(&numbers).step(&[5, 1]).map(|(step, _)| step), Some(fine));
        let kept = grid(&numbers).without_rare_digits(1_000);
        assert_eq!(kept.step(&[5, 1]).map(|(step, _)| step), Some(fine), "one in a thousand is not rare");
        let kept = grid(&numbers).without_rare_digits(900);
        assert_eq!(kept.step(&[5, 1]), Some((Step { mantissa: 5, scale: 1 }, 21)));
    }

    #[test]
    fn merged_grids_divide_what_either_saw() {
        let mut merged = grid(&["10.50"]);
        merged.merge(&grid(&["10.25", "99"]));
        assert_eq!(merged.step(&[5, 1]), Some((Step { mantissa: 5, scale: 2 }, 1_980)));
        assert!(Grid::default().is_empty() && !merged.is_empty());
    }
}
