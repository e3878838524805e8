//! The two forms against the system of equations itself, solved by other means.

extern crate std;

use super::*;
use std::println;
use std::vec;
use std::vec::Vec;

/// The system's `v` far from `T`: `v̇ = M·v` from `v(T) = 1` backwards by implicit Euler steps, each of which divides by
/// `1 + h·(M + 2η)` and is scaled to `v(0) = 1`. The shift makes all eigenvalues positive and changes no ratio.
fn system(case: Case) -> Vec<f64> {
    let Case { gamma, k, a, sigma, orders } = case;
    let alpha = k / 2.0 * gamma * sigma * sigma;
    let eta = a * libm::pow(1.0 + gamma / k, -(1.0 + k / gamma));
    let size = usize::try_from(2 * orders + 1).unwrap();
    // Long against the slowest of what decays.
    let h = 10.0 / libm::sqrt(alpha * eta);
    let diagonal = |i: usize| 1.0 + h * (alpha * libm::pow(i as f64 - orders as f64, 2.0) + 2.0 * eta);
    let mut v = vec![1.0; size];
    for _ in 0..200 {
        // Elimination of the row above, then substitution from below.
        let mut pivots = vec![diagonal(0); size];
        for i in 1..size {
            let factor = h * eta / pivots[i - 1];
            pivots[i] = diagonal(i) - factor * h * eta;
            v[i] += factor * v[i - 1];
        }
        v[size - 1] /= pivots[size - 1];
        for i in (0..size - 1).rev() {
            v[i] = (v[i] + h * eta * v[i + 1]) / pivots[i];
        }
        let middle = v[size / 2];
        v.iter_mut().for_each(|v| *v /= middle);
    }
    v
}

/// `δ_bid` and `δ_ask` of Theorem 1 at `q`.
fn theorem(case: Case, v: &[f64], q: i64) -> [Option<f64>; 2] {
    let Case { gamma, k, orders, .. } = case;
    let at = |q: i64| usize::try_from(q + orders).ok().and_then(|i| v.get(i));
    let offset = |next: i64| Some(libm::log(at(q)? / at(next)?) / k + libm::log(1.0 + gamma / k) / gamma);
    [offset(q + 1), offset(q - 1)]
}

/// The largest distances from the theorem over the whole range of inventory, as shares of the mean half spread: inside half of
/// it, and anywhere.
fn errors(case: Case, form: GlftForm) -> (f64, f64) {
    let v = system(case);
    let [bid, ask] = theorem(case, &v, 0).map(Option::unwrap);
    let half_spread = f64::midpoint(bid, ask);
    let (mut inside, mut anywhere) = (0.0f64, 0.0f64);
    for q in -case.orders..=case.orders {
        for (quoted, exact) in case.offsets(form, q).into_iter().zip(theorem(case, &v, q)) {
            assert_eq!(quoted.is_some(), exact.is_some(), "{q}");
            let Some((quoted, exact)) = quoted.zip(exact) else { continue };
            let error = (quoted - exact).abs() / half_spread;
            anywhere = anywhere.max(error);
            if 2 * q.abs() <= case.orders {
                inside = inside.max(error);
            }
        }
    }
    (inside, anywhere)
}

/// With each case the figures of [`errors`] for the approximation, as measured.
const CASES: [(Case, f64, f64); 8] = [
    (Case::TICKS, 0.0004, 0.2565),
    (Case { gamma: 0.001, ..Case::TICKS }, 0.0034, 0.5188),
    (Case { gamma: 0.1, ..Case::TICKS }, 0.0378, 0.2360),
    (Case { sigma: 1.0, ..Case::TICKS }, 0.0319, 0.2004),
    (Case { orders: 10, ..Case::TICKS }, 0.0588, 0.5086),
    (Case { gamma: 0.1, k: 1.5, a: 140.0, sigma: 2.0, orders: 20 }, 0.0104, 0.0827),
    (Case { gamma: 0.5, k: 1.5, a: 140.0, sigma: 2.0, orders: 20 }, 0.1886, 0.8936),
    (Case { gamma: 0.1, k: 1.5, a: 1.0, sigma: 2.0, orders: 5 }, 0.0893, 0.6732),
];

#[test]
fn the_approximation_errs_by_the_measured_figures_and_the_exact_form_by_next_to_nothing() {
    println!(
        "γ      k    A      σ    Q   √(α/η)   approximate: |q| ≤ Q/2   |q| ≤ Q   exact (of the half spread)"
    );
    for (case, measured_inside, measured_anywhere) in CASES {
        let Case { gamma, k, a, sigma, orders } = case;
        let growth = libm::pow(1.0 + gamma / k, 1.0 + k / gamma);
        let width = libm::sqrt(k * gamma * sigma * sigma / (2.0 * a) * growth);
        let (inside, anywhere) = errors(case, GlftForm::Approximate);
        let (_, exact) = errors(case, GlftForm::Exact);
        println!(
            "{gamma:<6} {k:<4} {a:<6} {sigma:<4} {orders:<3} {width:<8.5} {:>20.2} % {:>8.2} % {exact:>8.1e}",
            inside * 100.0,
            anywhere * 100.0
        );
        assert!((inside - measured_inside).abs() < 1e-4, "{case:?}: {inside}");
        assert!((anywhere - measured_anywhere).abs() < 1e-4, "{case:?}: {anywhere}");
        assert!(exact < 4e-5, "{case:?}: {exact}");
    }
}
