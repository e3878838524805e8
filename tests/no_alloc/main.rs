//! The core allocates nothing once it is built: a counting allocator watches `Shard::on_event` and
//! `Shard::on_batch` over whole runs of every shipped configuration, with orders and fills among them. Nor does the
//! matching engine, nor a connection that stands, nor what the journal is told; nor do the loops of venues and shards while they trade.
#![cfg(test)]
#![deny(unsafe_code)]

mod counting;
mod driver;
mod journal;
mod matching;
mod steady;
mod wire;

use std::path::{Path, PathBuf};

use ballast_exchange::synth::Dialect;
use ballast_runtime::capture::{SurveyedFile, survey_files};
use ballast_runtime::config::Config;
use ballast_runtime::job::{Mode, Prepared};
use ballast_runtime::operator::OperatorScript;
use ballast_runtime::replay::Unobserved;
use ballast_tests::market;

use counting::{Counting, counted};
use driver::Feeding;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Every configuration the project ships.
fn shipped() -> Vec<(String, Config)> {
    let entries = std::fs::read_dir(ballast_tests::root().join("config")).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let config = Config::parse(&std::fs::read_to_string(&path).unwrap(), &path).unwrap();
        (name, config)
    };
    paths.into_iter().map(read).collect()
}

/// Plays the files with every quoter: under the counter, slot by slot and in whole batches, and by the fast loop.
fn check(files: &[SurveyedFile]) {
    for (name, config) in shipped() {
        let prepared = Prepared::from_surveyed(&config, Path::new(&name), files, |_| {}).unwrap();
        let played = prepared.play(Mode::Quoting, 1, &mut Unobserved).unwrap();
        let looks: u64 = played.shard.detectors().map(|detector| detector.tally.looks).sum();
        let watches = name == "arbitrage.toml" && files.len() > 1;
        assert_eq!(looks > 0, watches, "{name} looks for arbitrage where there are two markets");
        let played = played.outcome;
        for feeding in [Feeding::Slots, Feeding::Batches] {
            let (outcome, allocations) = driver::play(&prepared, feeding);
            assert_eq!(allocations, 0, "{name}: allocator calls inside the shard, told by {feeding:?}");
            assert_eq!(outcome, played, "{name}: the plain loop, told by {feeding:?}, and the fast one");
        }
        let (orders, cancels, fills) = (played.orders, played.cancels, played.fills);
        println!("{name}: {} messages, {orders} orders, {cancels} cancels, {fills} fills", played.messages);
        // Cross-venue quotes need a market to hedge on.
        let quotes = name != "cross-venue.toml" || files.len() > 1;
        assert_eq!(orders > 0, quotes, "{name} quotes where it can");
        assert_eq!(cancels > 0, quotes, "{name} moves its quotes");
        assert_eq!(fills > 0, quotes, "{name} trades");
    }
}

#[test]
fn nothing_is_allocated_over_synthetic_markets() {
    let file = |dialect, name| market::surveyed(name, market::text(&market::lines(dialect, 7, 60)));
    check(&[file(Dialect::Spot, "spot"), file(Dialect::UsdM, "usdm")]);
}

#[test]
fn nothing_is_allocated_for_an_operator() {
    const ACTS: [&str; 5] = ["reduce-only", "pause", "resume", "kill", "resume"];
    const SCOPES: [&str; 4] = ["all", "usdm ETHUSDT", "usdm", "strategy default"];
    // Markets and strategies are a portfolio's.
    const RISK: &str = "[risk]\naccount = \"USDT\"\nmark_age_max = \"5s\"\n";
    let mut text = String::new();
    for (second, (act, scope)) in SCOPES.iter().flat_map(|scope| ACTS.map(|act| (act, scope))).enumerate() {
        let at = format!("[[at]]\noffset = \"{}s\"\n", 5 + 2 * second);
        text.push_str(&format!("{at}command = \"{act}\"\nscope = \"{scope}\"\n"));
    }
    let script = OperatorScript::parse(&text, Path::new("operator.toml")).unwrap();
    let files = [market::surveyed("usdm", market::text(&market::lines(Dialect::UsdM, 7, 60)))];
    for (name, config) in shipped() {
        let config = Config::parse(&format!("{}\n{RISK}", config.text()), Path::new(&name)).unwrap();
        let mut prepared = Prepared::from_surveyed(&config, Path::new(&name), &files, |_| {}).unwrap();
        let before = prepared.play(Mode::Quoting, 1, &mut Unobserved).unwrap().outcome;
        let quotes = before.orders > 0;
        let operated = prepared.operate(&script);
        if !quotes {
            assert!(operated.is_err(), "{name}: no instrument of it sends orders");
            continue;
        }
        operated.unwrap();
        let played = prepared.play(Mode::Quoting, 1, &mut Unobserved).unwrap();
        assert_eq!(played.operator.len(), ACTS.len() * SCOPES.len(), "{name}");
        assert!(played.operator.iter().all(|said| said.outcome.is_ok()), "{name}: {:?}", played.operator);
        // A portfolio counts what it is told, and the fast loop tells batches.
        let (outcome, allocations) = driver::play(&prepared, Feeding::Batches);
        assert_eq!((outcome, allocations), (played.outcome, 0), "{name}");
        assert_ne!(outcome.decisions_hash, before.decisions_hash, "{name}: it makes a difference");
    }
}

/// What changes places was built before: neither to put it in force nor to cancel what it forbids takes memory.
#[test]
fn nothing_is_allocated_for_another_configuration() {
    let lines = market::lines(Dialect::UsdM, 7, 60);
    let files = [market::surveyed("usdm", market::text(&lines))];
    let path = Path::new("quoter.toml");
    let config = Config::parse(market::QUOTER, path).unwrap();
    let other = market::QUOTER
        .replace("gamma = 0.05", "gamma = 0.5")
        .replace("size = { quote = \"1000\" }", "size = { quote = \"100\" }")
        .replace("order_max = { quote = \"5000\" }", "order_max = { quote = \"500\" }")
        .replace("half_life = \"30s\"", "half_life = \"3s\"");
    let mut prepared = Prepared::from_surveyed(&config, path, &files, |_| {}).unwrap();
    let before = prepared.play(Mode::Quoting, 1, &mut Unobserved).unwrap().outcome;
    for (part, text) in [(2, other.as_str()), (3, market::QUOTER), (4, &other)] {
        prepared.configure(lines[lines.len() * part / 5].time, text, path).unwrap();
    }
    let played = prepared.play(Mode::Quoting, 1, &mut Unobserved).unwrap().outcome;
    assert_ne!(played.decisions_hash, before.decisions_hash);
    assert_eq!(driver::play(&prepared, Feeding::Batches), (played, 0));
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
