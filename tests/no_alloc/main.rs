//! The core allocates nothing once it is built: a counting allocator watches `Shard::on_event` over whole runs, with orders
//! and fills among them.
#![cfg(test)]
#![deny(unsafe_code)]

mod counting;
mod driver;

use std::path::Path;

use ballast_exchange::synth::Dialect;
use ballast_runtime::capture::{SurveyedFile, survey_files};
use ballast_runtime::config::Config;
use ballast_runtime::job::{Mode, Prepared};
use ballast_runtime::replay::Unobserved;
use ballast_tests::market;

use counting::{Counting, counted};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The configurations of the two quoters.
const CONFIGS: [&str; 2] = ["config/replay.toml", "config/peer-quoter.toml"];

/// Plays the files with every quoter: under the counter, and by the fast loop.
fn check(files: &[SurveyedFile]) {
    for name in CONFIGS {
        let path = ballast_tests::root().join(name);
        let config = Config::parse(&std::fs::read_to_string(&path).unwrap(), Path::new(name)).unwrap();
        let prepared = Prepared::from_surveyed(&config, &path, files, |_| {}).unwrap();
        let (outcome, allocations) = driver::play(&prepared);
        assert_eq!(allocations, 0, "{name}: allocator calls inside on_event");
        let played = prepared.play(Mode::Quoting, 1, &mut Unobserved).unwrap();
        assert_eq!(outcome, played.outcome, "{name}: the plain loop and the fast one");
        let (orders, cancels, fills) = (outcome.orders, outcome.cancels, outcome.fills);
        println!("{name}: {} messages, {orders} orders, {cancels} cancels, {fills} fills", outcome.messages);
        assert!(orders > 0 && cancels > 0 && fills > 0, "{name} trades");
    }
}

#[test]
fn nothing_is_allocated_over_a_synthetic_market() {
    let lines = market::lines(Dialect::UsdM, 7, 120);
    check(&[market::surveyed("synthetic", market::text(&lines))]);
}

#[test]
fn nothing_is_allocated_over_captures() {
    let Some(captures) = ballast_tests::captures() else { return };
    let perpetual = captures.join("binance-hftbacktest/usdm_ethusdt_20240808.gz");
    let spot = captures.join("binance-hftbacktest/spot_ethusdt_20240808.gz");
    for files in [vec![perpetual.clone()], vec![spot, perpetual]] {
        check(&survey_files(&files).unwrap());
    }
}

#[test]
fn the_counter_counts_what_it_watches_and_nothing_else() {
    let unwatched = vec![1];
    let (watched, calls) = counted(|| {
        let mut list = Vec::with_capacity(1);
        list.push(1_u64);
        list.reserve_exact(100);
        drop(vec![0_u8; 10]);
        list
    });
    assert_eq!(calls, 4, "allocated, grown, allocated zeroed, freed");
    drop((unwatched, watched));
    assert_eq!(counted(|| 1 + 1), (2, 0));
}
