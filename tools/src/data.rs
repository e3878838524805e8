//! What every command says of the data it read.

use ballast_core::market::Market;
use ballast_core::shard::Shard;
use ballast_model::InstrumentId;
use ballast_runtime::capture::Problems;
use ballast_runtime::config::Config;
use ballast_runtime::job::Prepared;
use ballast_venue::Counters;
use serde_json::{Map, Value, json};
use std::path::Path;

use crate::output;

/// The configuration commands use that are given none: the one in `config/replay.toml`.
pub(crate) const DEFAULT_CONFIG: &str = include_str!("../../config/replay.toml");
/// Its name in messages.
pub(crate) const DEFAULT_CONFIG_NAME: &str = "built-in replay.toml";

/// The built-in configuration.
///
/// # Errors
/// None in a program whose tests passed: the text is part of it.
pub(crate) fn default_config() -> anyhow::Result<Config> {
    Ok(Config::parse(DEFAULT_CONFIG, Path::new(DEFAULT_CONFIG_NAME))
        .map_err(ballast_runtime::job::JobError::from)?)
}

/// Counts of the data, for the JSON object.
pub(crate) fn counts(prepared: &Prepared<'_>) -> Map<String, Value> {
    let total = |of: fn(&Counters) -> u64| json!(prepared.total(of));
    let mut map = Map::new();
    map.insert("lines".to_owned(), json!(prepared.lines));
    map.insert("frames".to_owned(), total(|c| c.frames));
    map.insert("level_updates".to_owned(), total(Counters::level_updates));
    map.insert("trades".to_owned(), total(|c| c.trades));
    map.insert("tickers".to_owned(), total(|c| c.tickers));
    map.insert("fallbacks".to_owned(), total(|c| c.fallbacks));
    map.insert("gaps".to_owned(), total(|c| c.gaps));
    map.insert("stale_diffs".to_owned(), total(|c| c.stale_diffs_ignored));
    map.insert("dropped_trades".to_owned(), total(|c| c.dropped_zero_trades + c.dropped_other_trades));
    map.insert("bad_lines".to_owned(), json!(prepared.problems.bad_lines()));
    let problems: Map<_, _> =
        prepared.problems.counts().map(|(kind, count)| (kind.name().to_owned(), json!(count))).collect();
    map.insert("problems".to_owned(), Value::Object(problems));
    map
}

/// Adds to the problems of [`counts`] what only showed while the books were played.
pub(crate) fn add_market_problems(map: &mut Map<String, Value>, shard: &Shard, instruments: usize) {
    let Some(Value::Object(problems)) = map.get_mut("problems") else { return };
    for (name, count) in market_problems(shard, instruments) {
        problems.insert(name.to_owned(), json!(count));
    }
}

/// What the markets of a run left out or would not show, by name; nothing where it is zero.
pub(crate) fn market_problems(
    shard: &Shard,
    instruments: usize,
) -> impl Iterator<Item = (&'static str, u64)> {
    let markets = (0..=u16::MAX).take(instruments).filter_map(|id| shard.market(InstrumentId(id)));
    let mut totals = [("crossed_book", 0), ("ticker_too_far_ahead", 0), ("ticker_never_reached", 0)];
    for counts in markets.map(Market::counts) {
        let found = [counts.crossed_batches, counts.tickers_too_far_ahead, counts.tickers_never_reached];
        totals.iter_mut().zip(found).for_each(|((_, total), found)| *total += found);
    }
    totals.into_iter().filter(|(_, total)| *total > 0)
}

/// Names on standard error what was wrong with the data, and what was assumed of it.
pub(crate) fn tell(prepared: &Prepared<'_>) {
    for (file, unit) in &prepared.time_units {
        output::tell(&format!(
            "{file}: local times in {}",
            unit.unwrap_or("an unknown unit (no line has one)")
        ));
    }
    for one in &prepared.instruments {
        let found = &one.found;
        let source = if found.inferred { "inferred from the data" } else { "as configured" };
        output::tell(&format!(
            "{}: tick {}, lot {}, {source}",
            found.name(),
            ballast_analytics::format::price(&found.spec, ballast_model::Price(1)),
            ballast_analytics::format::lots(&found.spec, ballast_model::Lots(1)),
        ));
    }
    for name in prepared.absent() {
        output::tell(&format!("{name} is not in the data: detectors of arbitrage that need it are left out"));
    }
    for (instrument, input) in prepared.lacking() {
        output::tell(&format!("{instrument}: {input} is not in the data: its fair value is made without it"));
    }
    for number in prepared.idle_outages() {
        output::tell(&format!("venue.outages.{number} lies wholly outside the data: nothing comes of it"));
    }
    tell_problems(&prepared.problems);
    if prepared.has_no_book() {
        output::tell("no order book snapshot in the data: there is no book, and nothing is quoted");
    }
}

fn tell_problems(problems: &Problems) {
    for problem in problems.named() {
        output::tell(&problem.to_string());
    }
    let total: u64 = problems.counts().map(|(_, count)| count).sum();
    let named = problems.named().len() as u64;
    if total > named {
        output::tell(&format!("and {} more problems of the kinds counted in the result", total - named));
    }
}
