//! The shipped cross-venue configuration, whole runs: what is not hedged at the end lies inside the hedge's band, or is on its way.

use std::path::Path;

use ballast_core::hedge::{BandSpec, Base};
use ballast_core::shard::{HedgingSpec, Shard};
use ballast_exchange::synth::Dialect;
use ballast_model::{InstrumentId, Nanos, Side, Span};
use ballast_runtime::capture::SurveyedFile;
use ballast_runtime::config::Config;
use ballast_runtime::job::{Mode, Prepared};
use ballast_runtime::replay::{Recorder, RecorderSpec};
use ballast_tests::market;

use crate::rig::file;

/// Length of each synthetic market.
const SECONDS: i64 = 60;

/// What is left of the band's room at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// It is inside.
    Inside,
    /// It is inside once the hedge orders that stand have traded.
    OnItsWay,
    /// The last fill came so late that no answer to it could have arrived.
    TooLate,
}

/// Base units of a position and of what stands on a side, by all instruments of a hedge and its parts.
fn residual(shard: &Shard, spec: &HedgingSpec) -> i128 {
    let ids = spec.parts.iter().copied().chain(spec.hedge.venues.iter().map(|venue| venue.instrument));
    ids.map(|id| lot(shard, id) * i128::from(shard.position(id).0)).sum()
}

fn lot(shard: &Shard, id: InstrumentId) -> i128 {
    Base::of_lot(shard.spec(id).unwrap()).unwrap().0
}

/// What the hedge's open orders on a side may still trade.
fn working(shard: &Shard, spec: &HedgingSpec, side: Side) -> i128 {
    let on = spec.hedge.venues.iter().map(|venue| venue.instrument);
    on.map(|id| lot(shard, id) * i128::from(shard.orders(id).unwrap().working(side).0)).sum()
}

fn end(shard: &Shard, spec: &HedgingSpec, last_fill: Nanos, ended_at: Nanos) -> Result<End, String> {
    let BandSpec::Fixed(band) = spec.hedge.band else { return Err("the band is not fixed".to_owned()) };
    let left = residual(shard, spec);
    if left.abs() <= band.0 {
        return Ok(End::Inside);
    }
    let side = if left > 0 { Side::Ask } else { Side::Bid };
    if left.abs() - working(shard, spec, side) <= band.0 {
        return Ok(End::OnItsWay);
    }
    // Our order and its answer take a millisecond each way, and orders are ten milliseconds apart.
    if ended_at - last_fill < Span::from_millis(15) {
        return Ok(End::TooLate);
    }
    Err(format!("{left} of {} is not hedged, and nothing is under way", band.0))
}

/// Plays the configuration; how it ended, and fills of the quotes and of the hedge.
fn play(config: &Config, files: &[SurveyedFile], name: &str) -> (End, usize, usize) {
    let prepared = Prepared::from_surveyed(config, Path::new("cross-venue.toml"), files, |_| {}).unwrap();
    finish(&prepared, name)
}

fn finish(prepared: &Prepared<'_>, name: &str) -> (End, usize, usize) {
    let mut recorder: Recorder =
        prepared.recorder(RecorderSpec { interval: Span::from_millis(100), samples_max: 20_000 });
    let played = prepared.play(Mode::Quoting, 1, &mut recorder).unwrap();
    let records = recorder.finish(played.outcome.ended_at, &played.shard);
    let spec = played.shard.hedgings().next().unwrap_or_else(|| panic!("{name}: a hedge"));
    let fills = |id: InstrumentId| records[id.index()].fills.len();
    let last = records.iter().flat_map(|record| &record.fills).map(|fill| fill.time).max();
    let ended_at = played.outcome.ended_at.unwrap_or(Nanos::MAX);
    let end = end(&played.shard, spec, last.unwrap_or(Nanos::MIN), ended_at);
    let end = end.unwrap_or_else(|why| panic!("{name}: {why}"));
    let quoted = spec.parts.iter().map(|id| fills(*id)).sum();
    let hedged = spec.hedge.venues.iter().map(|venue| fills(venue.instrument)).sum();
    println!("{name}: {end:?} after {quoted} fills of quotes and {hedged} of hedges");
    (end, quoted, hedged)
}

fn shipped() -> Config {
    Config::load(&ballast_tests::root().join("config/cross-venue.toml")).unwrap()
}

#[test]
fn a_run_of_synthetic_markets_ends_hedged_or_on_the_way() {
    let config = shipped();
    let runs = (0..8).map(|seed| {
        let files = [(Dialect::Spot, 2 * seed), (Dialect::UsdM, 2 * seed + 1)]
            .map(|(dialect, seed)| file(&market::lines(dialect, seed, SECONDS)));
        play(&config, &files, &format!("seed {seed}"))
    });
    let runs: Vec<_> = runs.collect();
    let inside = runs.iter().filter(|(end, ..)| *end == End::Inside).count();
    let (quoted, hedged) = runs.iter().fold((0, 0), |sum, run| (sum.0 + run.1, sum.1 + run.2));
    assert!(quoted > 0 && hedged > 0, "there was something to hedge, and it was: {quoted}, {hedged}");
    assert!(2 * inside > runs.len(), "most ends lie inside the band: {runs:?}");
}

#[test]
fn a_run_of_the_recorded_pair_ends_hedged_or_on_the_way() {
    let Some(captures) = ballast_tests::captures() else { return };
    let names = ["spot_ethusdt_20240808.gz", "usdm_ethusdt_20240808.gz"];
    let paths = names.map(|name| captures.join("binance-hftbacktest").join(name));
    if paths.iter().any(|path| !path.is_file()) {
        println!("skipped: the recorded pair is not there");
        return;
    }
    let config = shipped();
    let prepared = Prepared::from_files(&config, Path::new("cross-venue.toml"), &paths, |_| {}).unwrap();
    let (_, quoted, hedged) = finish(&prepared, "recorded");
    assert!(quoted > 0 && hedged > 0, "there was something to hedge, and it was: {quoted}, {hedged}");
}
