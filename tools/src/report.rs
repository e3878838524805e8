//! The report of a run: tables as CSV and Parquet, and one HTML page.
//!
//! Only this module's [`write()`] touches files; what goes into them is made in memory by its children. The page asks
//! the network for nothing, needs no script and stays small whatever the length of the run: long series are thinned so
//! that every extreme survives.

mod columns;
mod csv;
mod decimate;
mod figures;
mod judged;
mod page;
mod plot;
mod section;
mod table;
mod text;
mod ticks;
mod time;
mod totals;

pub(crate) use columns::encode as encode_parquet;
pub(crate) use table::{Column, Table, Values};

use anyhow::Context as _;
use ballast_analytics::record::RunRecord;
use ballast_analytics::summary::Summary as Judged;
use ballast_analytics::total::Totals;
use std::fs;
use std::path::{Path, PathBuf};

/// The time of day, to the second: `23:54:15`.
pub(crate) fn clock_text(at: ballast_model::Nanos) -> String {
    time::clock(at)
}

/// A point in time as files write it: `2024-08-08T23:54:15.088Z`.
pub(crate) fn time_text(at: ballast_model::Nanos) -> String {
    format!("{}T{}Z", time::date(at), time::clock_millis(at))
}
use crate::{opportunities, results};
pub(crate) use section::NONE;

/// What the page says about the run besides its record.
#[derive(Clone, Debug)]
pub(crate) struct ReportContext {
    /// Heading.
    pub(crate) title: String,
    /// Name of the configuration file.
    pub(crate) config: String,
    /// Names of the captures, in the order given.
    pub(crate) captures: Vec<String>,
    /// Hash over every command.
    pub(crate) decisions_hash: u64,
    /// Hash over the core's state at the end.
    pub(crate) state_hash: u64,
    /// What was assumed of latency, fees and queues: name and value.
    pub(crate) assumptions: Vec<(String, String)>,
    /// What was counted: name and value.
    pub(crate) counts: Vec<(String, String)>,
    /// What each detector of arbitrage found, under [`opportunities::COLUMNS`].
    pub(crate) opportunities: Vec<[String; opportunities::COLUMNS.len()]>,
}

/// Names of the tables, which lie beside the page.
const FILLS_CSV: &str = "fills.csv";
const FILLS_PARQUET: &str = "fills.parquet";
const EQUITY_CSV: &str = "equity.csv";
const EQUITY_PARQUET: &str = "equity.parquet";
const SUMMARY_CSV: &str = "summary.csv";
const SUMMARY_PARQUET: &str = "summary.parquet";
const ASSUMPTIONS_CSV: &str = "assumptions.csv";

/// The page of a report.
#[derive(Clone, Debug)]
pub(crate) struct ReportFiles {
    /// Where it is.
    pub(crate) html: PathBuf,
    /// Its size.
    pub(crate) html_bytes: u64,
}

/// Writes the report of a run into `dir`, which is made where it does not exist; files of an earlier report are
/// replaced.
///
/// # Errors
/// A record that breaks its own rules, a number too large for its column, or a file that cannot be written.
pub(crate) fn write(
    dir: &Path,
    run: &RunRecord,
    totals: &Totals,
    context: &ReportContext,
) -> anyhow::Result<ReportFiles> {
    for record in &run.instruments {
        record.check().with_context(|| format!("the record of {} is not consistent", record.name))?;
    }
    fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let fills = table::fills(run)?;
    let equity = table::equity(run)?;
    let scopes = figures_of(run, totals);
    let summary = table::summary(&scopes);
    let assumptions = table::pairs("assumption", &context.assumptions);
    let html = page::render(run, totals, context);
    let notes =
        [("ballast.decisions_hash", context.decisions_hash), ("ballast.state_hash", context.state_hash)];
    store(dir, FILLS_CSV, csv::encode(&fills)?.as_bytes())?;
    store(dir, FILLS_PARQUET, &columns::encode("fills", &fills, &notes)?)?;
    store(dir, EQUITY_CSV, csv::encode(&equity)?.as_bytes())?;
    store(dir, EQUITY_PARQUET, &columns::encode("equity", &equity, &notes)?)?;
    store(dir, SUMMARY_CSV, csv::encode(&summary)?.as_bytes())?;
    store(dir, SUMMARY_PARQUET, &columns::encode("summary", &summary, &notes)?)?;
    store(dir, ASSUMPTIONS_CSV, csv::encode(&assumptions)?.as_bytes())?;
    Ok(ReportFiles { html_bytes: html.len() as u64, html: store(dir, "report.html", html.as_bytes())? })
}

/// The figures of each instrument, then of each total and each venue.
fn figures_of(run: &RunRecord, totals: &Totals) -> Vec<table::Scoped> {
    let instruments = run.instruments.iter().map(|record| table::Scoped {
        scope: record.name.clone(),
        figures: results::of_instrument(record, &Judged::of(record)),
    });
    let sums = totals.each().map(|total| table::Scoped {
        scope: format!("{}, {}", results::scope(total), total.currency),
        figures: results::of_total(total),
    });
    let venues = totals.venues.iter().map(|(venue, marks)| table::Scoped {
        scope: format!("venue {venue}"),
        figures: results::of_venue(marks),
    });
    instruments.chain(sums).chain(venues).collect()
}

fn store(dir: &Path, name: &str, bytes: &[u8]) -> anyhow::Result<PathBuf> {
    let path = dir.join(name);
    fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

#[cfg(test)]
mod synthetic;
#[cfg(test)]
mod tests;
