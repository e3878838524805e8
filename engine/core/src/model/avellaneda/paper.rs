//! The numerical experiments of section 3.3: s = 100, T = 1, σ = 2, dt = 0.005, q₀ = 0, k = 1.5, A = 140, 1000 runs.

extern crate std;

use super::*;
use crate::model::tests::{inputs, linear, only, wanted};
use ballast_model::Side;
use proptest::prelude::RngExt;
use proptest::test_runner::{RngAlgorithm, TestRng};
use std::println;

/// The parameters of section 3.3 on a grid of 10⁻⁶, one lot being one share, nothing bounded.
pub(super) const PAPER: AvellanedaParams = AvellanedaParams {
    gamma: 0.1,
    k: 1.5,
    horizon: Horizon::Session(Span::from_secs(1)),
    size: Lots(1),
    size_reducing_max: Lots(1),
    inventory_max: Lots(1_000_000),
    skew_max: Ticks(i64::MAX),
};
const PAPER_TICKS: f64 = 1e6;
const PAPER_SIGMA: f64 = 2.0;
/// `dt` of the paper, seconds, and the steps of its session.
const DT: f64 = 0.005;
const STEPS: u32 = 200;
const RUNS: u32 = 1_000;

#[expect(clippy::cast_possible_truncation, reason = "onto the grid of time")]
fn at_seconds(seconds: f64) -> Nanos {
    Nanos((seconds * 1e9) as i64)
}

/// The quotes for the mid `s` at `seconds` into the session, in quote currency. The touch is too far away to matter.
pub(super) fn paper_quotes(params: AvellanedaParams, s: f64, q: i64, seconds: f64) -> (f64, f64) {
    let mut model = AvellanedaStoikov::new(params, linear("0.000001", "1")).unwrap();
    let at = QuoteInputs {
        now: at_seconds(seconds),
        fair_ticks: s * PAPER_TICKS,
        sigma_ticks_per_sqrt_s: Some(PAPER_SIGMA * PAPER_TICKS),
        inventory: Lots(q),
        ..inputs(1, 1_000_000_000)
    };
    let quotes = wanted(&mut model, &at).unwrap();
    let price = |side| only(&quotes, side).unwrap().price.0 as f64 / PAPER_TICKS;
    (price(Side::Bid), price(Side::Ask))
}

/// The mean over the session of what the model wants between its quotes.
fn average_spread(gamma: f64) -> f64 {
    let spread = |step| {
        let (bid, ask) =
            paper_quotes(AvellanedaParams { gamma, ..PAPER }, 100.0, 0, (f64::from(step) + 0.5) * DT);
        ask - bid
    };
    (0..STEPS).map(spread).sum::<f64>() / f64::from(STEPS)
}

#[test]
fn average_spreads_are_the_published_ones() {
    // Tables 1 to 3 of the journal, column "average spread"; eq. 30 gives 2.15 for γ = 0.5, which only the manuscript has.
    for (gamma, published) in [(0.1, 1.49), (0.01, 1.35), (1.0, 3.02), (0.5, 2.15)] {
        let average = average_spread(gamma);
        assert!((average - published).abs() < 0.005, "gamma {gamma}: {average}");
    }
}

#[test]
fn closing_spreads_are_those_of_the_manuscript() {
    // The manuscript's tables show the spread at T − t = 0, that is (2/γ)·ln(1 + γ/k).
    for (gamma, published) in [(0.1, 1.29), (0.01, 1.33), (0.5, 1.15)] {
        let (bid, ask) = paper_quotes(AvellanedaParams { gamma, ..PAPER }, 100.0, 0, 0.999_999_9);
        assert!((ask - bid - published).abs() < 0.005, "gamma {gamma}: {}", ask - bid);
    }
}

/// Who quotes in a simulated session.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Strategy {
    /// The model.
    Inventory,
    /// The paper's benchmark: this far either side of the mid, whatever the inventory.
    Symmetric { half_spread: f64 },
}

/// A mean and a deviation over the runs.
#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    sum: f64,
    squares: f64,
}

impl Sample {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.squares += value * value;
    }

    fn mean(self) -> f64 {
        self.sum / f64::from(RUNS)
    }

    fn deviation(self) -> f64 {
        libm::sqrt(self.squares / f64::from(RUNS) - self.mean() * self.mean())
    }
}

/// Profit, final inventory and spread of one session; seeds make it reproducible.
fn session(gamma: f64, strategy: Strategy, rng: &mut TestRng) -> (f64, i64, f64) {
    let (mut s, mut cash, mut q, mut spreads) = (100.0, 0.0, 0i64, 0.0);
    for step in 0..STEPS {
        let (bid, ask) = match strategy {
            Strategy::Inventory => {
                paper_quotes(AvellanedaParams { gamma, ..PAPER }, s, q, f64::from(step) * DT)
            }
            Strategy::Symmetric { half_spread } => (s - half_spread, s + half_spread),
        };
        let mut hit = |distance: f64| rng.random::<f64>() < 140.0 * libm::exp(-1.5 * distance) * DT;
        let (sold, bought) = (hit(ask - s), hit(s - bid));
        cash += f64::from(u8::from(sold)) * ask - f64::from(u8::from(bought)) * bid;
        q += i64::from(bought) - i64::from(sold);
        s += if rng.random::<bool>() { 1.0 } else { -1.0 } * PAPER_SIGMA * libm::sqrt(DT);
        spreads += ask - bid;
    }
    (cash + q as f64 * s, q, spreads / f64::from(STEPS))
}

/// Profit, final inventory and spread over all runs, printed as the paper's tables are.
fn simulate(gamma: f64, strategy: Strategy) -> [Sample; 3] {
    let mut rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut samples = [Sample::default(); 3];
    for _ in 0..RUNS {
        let (profit, q, spread) = session(gamma, strategy, &mut rng);
        for (sample, value) in samples.iter_mut().zip([profit, q as f64, spread]) {
            sample.add(value);
        }
    }
    let [profit, q, spread] = samples;
    let name = if strategy == Strategy::Inventory { "inventory" } else { "symmetric" };
    println!(
        "γ {gamma:<5} {name}  spread {:.2}  profit {:5.1} ± {:4.1}  final q {:5.2} ± {:.1}",
        spread.mean(),
        profit.mean(),
        profit.deviation(),
        q.mean(),
        q.deviation()
    );
    samples
}

/// Asserts a simulated profit against a published one, both of them means of [`RUNS`] sessions: within four standard errors of
/// their difference, for the mean and for the deviation (whose standard error is that of the mean over √2).
fn assert_profit(profit: Sample, published: (f64, f64)) {
    let error = 4.0 * published.1 * libm::sqrt(2.0 / f64::from(RUNS));
    assert!((profit.mean() - published.0).abs() < error, "profit {} ± {error}", profit.mean());
    let error = error / libm::sqrt(2.0);
    assert!((profit.deviation() - published.1).abs() < error, "deviation {} ± {error}", profit.deviation());
}

#[test]
fn simulated_profit_and_inventory_are_the_published_ones() {
    let [inventory_profit, inventory_q, inventory_spread] = simulate(0.1, Strategy::Inventory);
    let half_spread = average_spread(0.1) / 2.0;
    let [symmetric_profit, symmetric_q, _] = simulate(0.1, Strategy::Symmetric { half_spread });

    // Table 1: 65.0 with deviation 6.6 against 68.4 with deviation 12.7; the inventory ends at 0.08 with deviation 2.9.
    assert_profit(inventory_profit, (65.0, 6.6));
    assert_profit(symmetric_profit, (68.4, 12.7));
    assert!(inventory_q.mean().abs() < 0.4, "final inventory {}", inventory_q.mean());
    assert!((inventory_q.deviation() - 2.9).abs() < 0.3, "its deviation {}", inventory_q.deviation());
    assert!(symmetric_q.deviation() > 2.0 * inventory_q.deviation());
    assert!((inventory_spread.mean() - 1.49).abs() < 0.01, "spread {}", inventory_spread.mean());
}

#[test]
fn the_more_averse_dealer_earns_less_and_risks_less() {
    // Tables 2 and 3 against table 1: hardly averse, the two strategies are one; more averse, profit buys safety.
    let [hardly, hardly_q, _] = simulate(0.01, Strategy::Inventory);
    let [symmetric, ..] = simulate(0.01, Strategy::Symmetric { half_spread: average_spread(0.01) / 2.0 });
    let [averse, averse_q, _] = simulate(0.5, Strategy::Inventory);
    let error = 4.0 * symmetric.deviation() * libm::sqrt(2.0 / f64::from(RUNS));
    assert!((hardly.mean() - symmetric.mean()).abs() < error, "{hardly:?} {symmetric:?}");
    assert!(averse.mean() < hardly.mean() && averse.deviation() < hardly.deviation());
    assert!(averse_q.deviation() < hardly_q.deviation());
}
