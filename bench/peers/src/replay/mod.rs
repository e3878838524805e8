//! Replay speed: the same capture, already converted and loaded, through each contender in turns.

mod convert;
mod hft;
mod ours;

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

pub use convert::{Rows, Tape};
pub use hft::{Book, Exchange, Fill, Market, Mode, Quoted, hft, quote_alone};
pub use ours::{Configs, Ours};

use crate::race::{Contender, Standing, race};
use crate::{capture, table};

/// Options of `replay`.
#[derive(Debug, Args)]
pub struct Options {
    /// The capture; default: usdm_ethusdt_20240808.gz of the captures folder.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Copies of the capture laid end to end.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// Timed rounds after the warm-up.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Price step.
    #[arg(long, default_value_t = 0.01)]
    tick: f64,
    /// Size step.
    #[arg(long, default_value_t = 0.001)]
    lot: f64,
    /// Price range of hftbacktest's vector book, `LOW:HIGH`.
    #[arg(long, default_value = "1000:5000", value_parser = range)]
    range: (f64, f64),
}

fn range(text: &str) -> Result<(f64, f64)> {
    match text.split_once(':') {
        Some((low, high)) => Ok((low.parse()?, high.parse()?)),
        None => bail!("expected LOW:HIGH"),
    }
}

/// Races the contenders, prints a table and returns the figures.
///
/// # Errors
/// The capture cannot be converted, or a contender fails.
pub fn run(options: &Options) -> Result<Value> {
    let path = options.data.clone().unwrap_or_else(|| capture::folder().join("usdm_ethusdt_20240808.gz"));
    let tape = Tape::load(&path, options.repeat)?;
    let market = Market { tick: options.tick, lot: options.lot, range: options.range };
    let configs = Configs::load()?;
    let ours = Ours::load(&configs, &path, options.repeat)?;
    let mut contenders = ours.contenders();
    contenders.extend(hft_contenders(&tape, market));
    let standings = race(&mut contenders, options.rounds)?;

    let name = path.file_name().unwrap_or_default().display();
    eprintln!(
        "{name} x {}: {} level updates, {} hftbacktest events; {} rounds after one warm-up\n",
        options.repeat, tape.level_updates, tape.events, options.rounds
    );
    eprintln!(
        "\"ballast is\": how many times as fast it does the task, each by the levels it applied itself\n"
    );
    table::print(
        &[
            "task",
            "contender",
            "best s",
            "median s",
            "M level updates/s",
            "ballast is",
            "M events/s",
            "orders",
            "fills",
        ],
        standings.iter().map(|standing| row(standing, &standings)),
    );
    Ok(json!({
        "bench": "replay",
        "capture": name.to_string(),
        "repeat": options.repeat,
        "rounds": options.rounds,
        "level_updates": tape.level_updates,
        "contenders": standings.iter().map(|standing| figures(standing, &standings)).collect::<Vec<_>>(),
    }))
}

/// hftbacktest in every mode with either book.
fn hft_contenders(tape: &Tape, market: Market) -> Vec<Contender<'_>> {
    let mut contenders = Vec::new();
    for &mode in Mode::value_variants() {
        for &book in Book::value_variants() {
            let name = format!("hftbacktest {book:?}");
            contenders.push(Contender::new(mode.task(), name, move || hft(tape, market, book, mode)));
        }
    }
    contenders
}

/// How many times as fast Ballast, the first with every task, does the same.
fn ballast_is(standing: &Standing, all: &[Standing]) -> f64 {
    let first = all.iter().find(|other| other.task == standing.task);
    first.map_or(f64::NAN, |first| first.times_as_fast(standing))
}

fn per_second(count: u64, standing: &Standing) -> f64 {
    count as f64 / standing.seconds.median()
}

fn row(standing: &Standing, all: &[Standing]) -> Vec<String> {
    vec![
        standing.task.to_owned(),
        standing.name.clone(),
        format!("{:.3}", standing.seconds.best()),
        format!("{:.3}", standing.seconds.median()),
        format!("{:.2}", per_second(standing.last.level_updates, standing) / 1e6),
        format!("{:.2}", ballast_is(standing, all)),
        format!("{:.2}", per_second(standing.last.events, standing) / 1e6),
        standing.last.orders.to_string(),
        standing.last.fills.to_string(),
    ]
}

fn figures(standing: &Standing, all: &[Standing]) -> Value {
    json!({
        "task": standing.task,
        "name": standing.name,
        "best_seconds": standing.seconds.best(),
        "median_seconds": standing.seconds.median(),
        "level_updates_per_second": per_second(standing.last.level_updates, standing),
        "ballast_is_times_as_fast": ballast_is(standing, all),
        "events_per_second": per_second(standing.last.events, standing),
        "orders": standing.last.orders,
        "fills": standing.last.fills,
    })
}
