//! `ballast compare`: several configurations on the same data, one row each.

use anyhow::Context as _;
use ballast_analytics::format;
use ballast_analytics::record::{InstrumentRecord, MARKOUT_HORIZONS};
use ballast_analytics::summary::Summary;
use ballast_runtime::capture::{SurveyedFile, survey_files};
use ballast_runtime::config::Config;
use ballast_runtime::job::{JobError, Mode, Prepared};
use ballast_runtime::replay::RecorderSpec;
use serde_json::{Value, json};
use std::path::Path;

use crate::cli::CompareArgs;
use crate::exit::Code;
use crate::progress::Progress;
use crate::replay::name_of;
use crate::side_by_side::{Column, table};
use crate::{data, output};

/// One instrument under one configuration.
struct Row {
    config: String,
    record: InstrumentRecord,
    orders: u64,
    decisions_hash: u64,
}

/// Plays each configuration on the data and prints what came out side by side.
///
/// # Errors
/// A configuration or data that cannot be used.
pub(crate) fn run(arguments: &CompareArgs) -> anyhow::Result<Code> {
    let files = survey_files(&arguments.data).map_err(JobError::from)?;
    let mut rows = Vec::new();
    let mut code = Code::Done;
    for path in &arguments.config {
        code = play(path, &files, &mut rows)?.max(code);
    }
    output::text(&table(&COLUMNS, rows.iter().map(Row::json)), output::Form::asked(arguments.json))?;
    if arguments.json {
        output::json(&json!({ "rows": rows.iter().map(Row::json).collect::<Vec<_>>() }))?;
    }
    Ok(code)
}

fn play(path: &Path, files: &[SurveyedFile], rows: &mut Vec<Row>) -> anyhow::Result<Code> {
    let config = Config::load(path).map_err(JobError::from)?;
    let name = name_of(path);
    let mut progress = Progress::new(&name);
    let prepared = Prepared::from_surveyed(&config, path, files, |bytes| progress.add(bytes))?;
    drop(progress);
    if rows.is_empty() {
        data::tell(&prepared);
    }
    let report = config.report;
    let spec = RecorderSpec { interval: report.sample_interval.span(), samples_max: report.samples_max };
    let mut recorder = prepared.recorder(spec);
    let played = prepared.play(Mode::Quoting, 1, &mut recorder).with_context(|| name.clone())?;
    let instruments = recorder.finish(played.outcome.ended_at, &played.shard);
    rows.extend(instruments.into_iter().map(|record| Row {
        config: name.clone(),
        record,
        orders: played.outcome.orders,
        decisions_hash: played.outcome.decisions_hash,
    }));
    Ok(if prepared.has_no_book() { Code::NoBook } else { Code::Done })
}

impl Row {
    fn json(&self) -> Value {
        let Summary { end, captured, drawdown, inventory, quoting, half_life_secs, judgements, .. } =
            Summary::of(&self.record);
        let [all, ..] = judgements;
        let markouts: serde_json::Map<_, _> = MARKOUT_HORIZONS
            .iter()
            .zip(all.markouts)
            .map(|(horizon, markout)| (seconds(horizon.as_secs_f64()), json!(markout.map(|m| m.bps.mean))))
            .collect();
        json!({
            "config": self.config,
            "instrument": self.record.name,
            "currency": self.record.currency,
            "net": end.map(|end| crate::summary::number(end.net())),
            "fills": self.record.fills.len(),
            "orders_of_run": self.orders,
            "spread_captured": captured.to_f64(),
            "spread_captured_bps": all.spread.map(|spread| spread.bps.mean),
            "markout_bps": markouts,
            "inventory_half_life_seconds": half_life_secs,
            "max_position": inventory.map(|held| format::lots(&self.record.spec, held.max_abs).to_string()),
            "max_drawdown": drawdown.map(|drawdown| drawdown.value.to_f64()),
            "quote_uptime": quoting.map(|quoting| quoting.two_sided),
            "decisions_hash": format!("{:016x}", self.decisions_hash),
        })
    }
}

/// What the table shows of a row. Markouts and captured spread are means over fills, the sign in our favour.
const COLUMNS: [Column; 11] = [
    ("config", "/config", 0),
    ("instrument", "/instrument", 0),
    ("net PnL", "/net", 4),
    ("fills", "/fills", 0),
    ("captured", "/spread_captured", 4),
    ("0.1 s bp", "/markout_bps/0.1", 3),
    ("1 s bp", "/markout_bps/1", 3),
    ("10 s bp", "/markout_bps/10", 3),
    ("half-life s", "/inventory_half_life_seconds", 1),
    ("drawdown", "/max_drawdown", 4),
    ("uptime", "/quote_uptime", 3),
];

fn seconds(seconds: f64) -> String {
    format!("{seconds}")
}
