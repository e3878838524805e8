//! The last stages of the inventory ladder in whole runs of the shipped cross-venue configuration.

use std::path::Path;

use ballast_exchange::synth::Dialect;
use ballast_model::{InstrumentId, Liquidity};
use ballast_runtime::config::Config;
use ballast_runtime::job::Prepared;
use ballast_tests::market;

use crate::rig::{file, record};

/// Shaping with these stages beside the first two; a quote is worth as much as the limit.
fn with(stages: &str) -> Config {
    let path = ballast_tests::root().join("config/cross-venue.toml");
    let shipped = std::fs::read_to_string(path).unwrap();
    let shape = format!(
        "[quoting.shape]\nshift_max_bps = 0.0\nwiden_max_bps = 0.0\ndepth_within_ticks = 0\n\
         [quoting.shape.inventory]\nlimit = {{ quote = \"1000\" }}\nskew_max_bps = 0.0\n\
         skew = [0.05, 0.01]\nreduce = [0.1, 0.05]\n{stages}\n"
    );
    market::config(&format!("{shipped}\n{shape}"))
}

/// Orders of the hedge, and fills of the quotes that were taken.
fn run(config: &Config) -> (u64, usize) {
    let mut sum = (0, 0);
    for seed in 0..4 {
        let files = [(Dialect::Spot, 2 * seed), (Dialect::UsdM, 2 * seed + 1)]
            .map(|(dialect, seed)| file(&market::lines(dialect, seed, 40)));
        let prepared = Prepared::from_surveyed(config, Path::new("test.toml"), &files, |_| {}).unwrap();
        let (played, records) = record(&prepared, 1_000);
        for id in [InstrumentId(0), InstrumentId(1)] {
            assert_eq!(played.shard.position(id), played.venue.position(id));
        }
        let taken = records[0].fills.iter().filter(|fill| fill.liquidity == Liquidity::Taker).count();
        sum = (sum.0 + played.shard.hedges().map(|hedge| hedge.metrics().placed).sum::<u64>(), sum.1 + taken);
    }
    sum
}

#[test]
fn the_stages_act_in_whole_runs_and_are_silent_where_they_are_left_out() {
    let (plain, called, closed) = (
        run(&with("")),
        run(&with("hedge = [0.1, 0.05]")),
        run(&with("liquidate = [0.9, 0.2]\nprotection_bps = 20.0")),
    );
    println!("orders of the hedge, quotes taken: {plain:?}, called {called:?}, closed {closed:?}");
    assert!(plain.0 > 0 && plain.1 == 0, "{plain:?}");
    assert!(called.0 > plain.0 && called.1 == 0, "what lies inside the band is hedged: {called:?}");
    assert!(closed.1 > 0, "positions are closed: {closed:?}");
}
