//! The eigenvector of the smallest eigenvalue of the tridiagonal system with `r·q²` on its diagonal and −1 beside it.
//!
//! The eigenvector is even and above zero, so its ratios `ρ_q = v_q/v_{q+1}` for `0 ≤ q < Q` are all of it. Row `q` of the
//! system reads `ρ_{q−1} = r·q² + m − 1/ρ_q` for the eigenvalue `−m`, from `ρ_{Q−1} = r·Q² + m` at the bound (beyond it `v`
//! is zero) inwards, where errors shrink; row 0 closes it: `m = 2/ρ_0`. What is left is the root of one function of `m`.
//!
//! `r` moves with every estimate of the volatility, and a solution costs about a tenth of a microsecond per order. So it is
//! solved on a grid of `ln r`, and `ln ρ` joined by straight lines: the two neighbours serve until the volatility leaves
//! them. The grid is the same for all, so that no answer depends on earlier ones.
//!
//! Never here: an allocation after construction.

use alloc::boxed::Box;
use alloc::vec;

/// Most orders either way that the exact form counts.
pub const EXACT_ORDERS_MAX: usize = 64;

/// Points of the grid per unit of `ln r`. The second derivative of `ln ρ` by `ln r` is below `ln ρ` itself, so that straight
/// lines are off by less than `(1/32)²/8` of it: one part in eight thousand.
const GRID: f64 = 32.0;
/// Largest magnitude of `ln r` on the grid. Beyond it either the bound alone counts or no risk is worth any profit.
const LN_MAX: f64 = 40.0;

/// Rounds of the search for the eigenvalue. Newton's takes about six from the start below; halving the bracket alone would
/// need the rest for the smallest root on the grid.
const ROUNDS_MAX: u32 = 100;
/// A step of Newton's this small, relative to the root, leaves an error of its square.
const STEP_DONE: f64 = 1e-8;

/// The eigenvector for any `r`.
#[derive(Clone, Debug)]
pub(super) struct Stationary {
    /// The solutions at two neighbouring points of the grid: at even ones, at odd ones.
    solutions: [Solution; 2],
    /// Where `r` lies: the point below it and the share of the way to the next.
    point: i32,
    share: f64,
}

impl Stationary {
    /// Room for this bound; `None` where it is outside `1..=EXACT_ORDERS_MAX`.
    pub(super) fn new(orders: usize) -> Option<Self> {
        let valid = (1..=EXACT_ORDERS_MAX).contains(&orders);
        let mut stationary =
            Self { solutions: [Solution::new(orders), Solution::new(orders)], point: 0, share: 0.0 };
        stationary.solve(1.0);
        valid.then_some(stationary)
    }

    /// Solves for `r`, which is not negative.
    #[expect(clippy::cast_possible_truncation, reason = "whole and at most LN_MAX times GRID")]
    pub(super) fn solve(&mut self, r: f64) {
        let place = libm::log(r).clamp(-LN_MAX, LN_MAX) * GRID;
        let below = libm::floor(place);
        self.share = place - below;
        self.point = below as i32;
        for point in [self.point, self.point + 1] {
            let [even, odd] = &mut self.solutions;
            let solution = if point % 2 == 0 { even } else { odd };
            if solution.point != Some(point) {
                solution.solve(libm::exp(f64::from(point) / GRID));
                solution.point = Some(point);
            }
        }
    }

    /// `ln(v_q/v_{q+1})`, joined by straight lines between whole `q` and that of the nearest end beyond `−Q..=Q − 1`.
    #[inline]
    pub(super) fn log_ratio(&self, q: f64) -> f64 {
        let [even, odd] = &self.solutions;
        let (below, above) = if self.point % 2 == 0 { (even, odd) } else { (odd, even) };
        mix(below.log_ratio(q), above.log_ratio(q), self.share)
    }
}

/// The eigenvector for one `r`.
#[derive(Clone, Debug)]
struct Solution {
    /// Which point of the grid; `None` before it is solved.
    point: Option<i32>,
    /// `ln ρ_q` for `q` from zero.
    logs: Box<[f64]>,
}

impl Solution {
    fn new(orders: usize) -> Self {
        Self { point: None, logs: vec![0.0; orders.clamp(1, EXACT_ORDERS_MAX)].into_boxed_slice() }
    }

    /// Solves for `r`, finite and not negative.
    ///
    /// With `B` the rows from one on, the function is `f(m) = m − 2·(B + m)⁻¹₁₁`: rising and concave to the right of its last
    /// pole, where all ratios are above zero. Newton's steps climb to the root from the left without passing it; one from
    /// the right may land beyond the pole, which a ratio not above zero gives away. No `r` takes the root above that of
    /// `r = 0` and infinite `Q`, which is two.
    fn solve(&mut self, r: f64) {
        let (mut low, mut high) = (0.0, 2.0);
        let mut m = high;
        for _ in 0..ROUNDS_MAX {
            let next = match self.chain(r, m) {
                None => {
                    low = m;
                    f64::midpoint(low, high)
                }
                Some((value, slope)) => {
                    if value > 0.0 {
                        high = m;
                    } else {
                        low = m;
                    }
                    let newton = m - value / slope;
                    if newton >= low { newton } else { f64::midpoint(low, high) }
                }
            };
            let done = libm::fabs(next - m) <= STEP_DONE * m;
            m = next;
            if done {
                break;
            }
        }
        // The ratios that belong to the last step: at the root they are above zero.
        let _ = self.chain(r, m);
        self.logs.iter_mut().for_each(|ratio| *ratio = libm::log(*ratio));
    }

    /// Writes the ratios for the eigenvalue `−m` where their logarithms are to be; `f(m)` and its slope, or `None` where a ratio
    /// is not above zero.
    #[expect(clippy::cast_precision_loss, reason = "at most 64")]
    fn chain(&mut self, r: f64, m: f64) -> Option<(f64, f64)> {
        // 1/ρ_q and its derivative by m.
        let (mut outer, mut outer_slope) = (0.0, 0.0);
        for (index, ratio) in self.logs.iter_mut().enumerate().rev() {
            let q = (index + 1) as f64;
            *ratio = r * q * q + m - outer;
            if *ratio <= 0.0 {
                return None;
            }
            outer = 1.0 / *ratio;
            outer_slope = -(1.0 - outer_slope) * outer * outer;
        }
        Some((m - 2.0 * outer, 1.0 - 2.0 * outer_slope))
    }

    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "at most 64")]
    fn log_ratio(&self, q: f64) -> f64 {
        let orders = self.logs.len() as f64;
        let q = q.clamp(-orders, orders - 1.0);
        let whole = libm::floor(q);
        let here = self.log_ratio_at(whole);
        if q > whole { mix(here, self.log_ratio_at(whole + 1.0), q - whole) } else { here }
    }

    /// The same at a whole `q`. Mirrored: `v_q/v_{q+1}` at `−n − 1` is the inverse of that at `n`.
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole, not negative and below 64 where it is cast"
    )]
    fn log_ratio_at(&self, q: f64) -> f64 {
        let (index, sign) = if q < 0.0 { (-q - 1.0, -1.0) } else { (q, 1.0) };
        sign * self.logs.get(index as usize).copied().unwrap_or_default()
    }
}

/// The point at this share of the way from one number to another.
#[inline]
fn mix(from: f64, to: f64, share: f64) -> f64 {
    from + (to - from) * share
}

#[cfg(test)]
mod tests;
