//! The eigenvector of the smallest eigenvalue of the tridiagonal system with `r·q²` on its diagonal and −1 beside it.
//!
//! The eigenvector is even and above zero, so its ratios `ρ_q = v_q/v_{q+1}` for `0 ≤ q < Q` are all of it. Row `q` of the
//! system reads `ρ_{q−1} = r·q² + m − 1/ρ_q` for the eigenvalue `−m`, from `ρ_{Q−1} = r·Q² + m` at the bound (beyond it `v`
//! is zero) inwards, where errors shrink; row 0 closes it: `m = 2/ρ_0`. What is left is the root of one function of `m`.
//!
//! Never here: an allocation after construction.

use alloc::boxed::Box;
use alloc::vec;

/// Most orders either way that the exact form counts.
pub const EXACT_ORDERS_MAX: usize = 64;

/// Rounds of the search for the eigenvalue. Newton's takes about six from the start below; halving the bracket alone would
/// need the rest for the smallest root there is.
const ROUNDS_MAX: u32 = 100;
/// A step of Newton's this small, relative to the root, leaves an error of its square.
const STEP_DONE: f64 = 1e-10;

#[derive(Clone, Debug)]
pub(super) struct Stationary {
    /// `ρ_q` for `q` from zero.
    ratios: Box<[f64]>,
    /// The `r` they belong to.
    solved: Option<f64>,
}

impl Stationary {
    /// Room for this bound; `None` where it is outside `1..=EXACT_ORDERS_MAX`.
    pub(super) fn new(orders: usize) -> Option<Self> {
        let ratios = vec![1.0; orders.min(EXACT_ORDERS_MAX)].into_boxed_slice();
        (1..=EXACT_ORDERS_MAX).contains(&orders).then_some(Self { ratios, solved: None })
    }

    /// Solves for `r`, finite and not negative.
    ///
    /// With `B` the rows from one on, the function is `f(m) = m − 2·(B + m)⁻¹₁₁`: rising and concave to the right of its last
    /// pole, where all ratios are above zero. Newton's steps climb to the root from the left without passing it; one from
    /// the right may land beyond the pole, which a ratio not above zero gives away. No `r` takes the root above that of
    /// `r = 0` and infinite `Q`, which is two.
    pub(super) fn solve(&mut self, r: f64) {
        if self.solved == Some(r) {
            return;
        }
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
                    if newton > low { newton } else { f64::midpoint(low, high) }
                }
            };
            let done = libm::fabs(next - m) <= STEP_DONE * m;
            m = next;
            if done {
                break;
            }
        }
        // The ratios that belong to the last step.
        let _ = self.chain(r, m);
        self.solved = Some(r);
    }

    /// Fills the ratios for the eigenvalue `−m`; `f(m)` and its slope, or `None` where a ratio is not above zero.
    #[expect(clippy::cast_precision_loss, reason = "at most 64")]
    fn chain(&mut self, r: f64, m: f64) -> Option<(f64, f64)> {
        // 1/ρ_q and its derivative by m.
        let (mut outer, mut outer_slope) = (0.0, 0.0);
        for (index, ratio) in self.ratios.iter_mut().enumerate().rev() {
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

    /// `ln(v_q/v_{q+1})`, joined by straight lines between whole `q` and that of the nearest end beyond `−Q..=Q − 1`.
    #[expect(clippy::cast_precision_loss, reason = "at most 64")]
    pub(super) fn log_ratio(&self, q: f64) -> f64 {
        let orders = self.ratios.len() as f64;
        let q = q.clamp(-orders, orders - 1.0);
        let (whole, share) = (libm::floor(q), q - libm::floor(q));
        let here = self.log_ratio_at(whole);
        if share > 0.0 { here + (self.log_ratio_at(whole + 1.0) - here) * share } else { here }
    }

    /// The same at a whole `q`. Mirrored: `v_q/v_{q+1}` at `−n − 1` is the inverse of that at `n`.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole, not negative and below 64 where it is cast"
    )]
    fn log_ratio_at(&self, q: f64) -> f64 {
        let (index, sign) = if q < 0.0 { (-q - 1.0, -1.0) } else { (q, 1.0) };
        sign * self.ratios.get(index as usize).map_or(0.0, |ratio| libm::log(*ratio))
    }
}
