//! `ballast whatif`: a recorded run again, as it was configured and otherwise.

use anyhow::Context as _;
use ballast_analytics::agreement::Agreement;
use ballast_analytics::format;
use ballast_analytics::record::InstrumentRecord;
use ballast_analytics::summary::Summary;
use ballast_exchange::Family;
use ballast_model::Span;
use ballast_runtime::config::Config;
use ballast_runtime::job::{Calibration, JobError, Prepared};
use ballast_runtime::journal::Told;
use ballast_runtime::replay::{Observer as _, Recorder};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;

use crate::amounts::number;
use crate::cli::{FamilyArg, WhatifArgs};
use crate::exit::Code;
use crate::output::{self, Form};
use crate::side_by_side::{Column, Line, Shown, table};

/// One run of an instrument, beside what was recorded.
struct Row {
    run: &'static str,
    record: InstrumentRecord,
    /// `None` for the recorded run itself.
    agreement: Option<Agreement>,
    /// Net profit less that of the recorded run.
    net_apart: Option<f64>,
}

/// Plays a journal again and prints what came out beside what was recorded.
///
/// # Errors
/// A damaged journal, one that cannot be played again, or a change that cannot be made.
pub(crate) fn run(arguments: &WhatifArgs) -> anyhow::Result<Code> {
    let folder = &arguments.journal.folder;
    let told = Told::read(folder)?;
    for said in told.notice.iter().chain(&told.walked.warning()) {
        output::tell(said);
    }
    let path = Path::new(&told.meta.config_name);
    // Before anything is played, so that a wrong change is told at once.
    let changed = told.config.changed(path, &arguments.set).map_err(JobError::from)?;
    let prepared = Prepared::from_journal(&told.config, &told)?;
    let other = Prepared::from_journal(&changed, &told)?;
    other.build(told.meta.mode())?;

    let mut recorder = recorder(&prepared, &told.config);
    let (shard, ended_at) = prepared.relive(folder, told.meta.mode(), &mut recorder)?;
    told.commands.iter().for_each(|(_, command)| recorder.sent(command));
    let recorded = recorder.finish(ended_at, &shard);
    let within = arguments.within;
    let mut rows: Vec<Row> = Vec::new();
    rows.extend(recorded.iter().map(|record| Row {
        run: "recorded",
        record: record.clone(),
        agreement: None,
        net_apart: None,
    }));
    rows.extend(play("unchanged", &prepared, &told, &told.config, &recorded, within)?);
    if !arguments.set.is_empty() {
        rows.extend(play("changed", &other, &told, &changed, &recorded, within)?);
    }
    let calibration =
        arguments.calibrate.map(|family| prepared.calibrate(&told, family.into())).transpose()?;
    let mut text = reproduction(&rows);
    let lines: Vec<Line> = rows.iter().map(Row::line).collect();
    text.push_str(&table(&COLUMNS, &lines));
    if let Some(found) = &calibration {
        text.push_str(&calibration_text(found));
    }
    output::text(&text, Form::asked(arguments.journal.json))?;
    if arguments.journal.json {
        output::json(&json!({
            "set": arguments.set,
            "within_seconds": within.as_secs_f64(),
            "as_it_stands": told.notice.is_some(),
            "finished": told.walked.finished(),
            "rows": lines.into_iter().map(|line| line.json).collect::<Vec<_>>(),
            "calibration": calibration.as_ref().map(calibration_json),
        }))?;
    }
    Ok(Code::Done)
}

fn recorder(prepared: &Prepared<'_>, config: &Config) -> Recorder {
    prepared.recorder(config.report.recorder())
}

/// Plays one configuration, and compares it with what was recorded.
fn play(
    run: &'static str,
    prepared: &Prepared<'_>,
    told: &Told,
    config: &Config,
    recorded: &[InstrumentRecord],
    within: Span,
) -> anyhow::Result<Vec<Row>> {
    let mut recorder = recorder(prepared, config);
    let played = prepared.play(told.meta.mode(), 1, &mut recorder).context(run)?;
    let records = recorder.finish(played.outcome.ended_at, &played.shard);
    let net = |record: &InstrumentRecord| record.samples.last().map(|end| end.net());
    let row = |(record, before): (InstrumentRecord, &InstrumentRecord)| Row {
        run,
        agreement: Some(Agreement::of(&before.fills, &record.fills, within)),
        net_apart: net(&record).zip(net(before)).map(|(now, then)| (now - then).to_f64()),
        record,
    };
    Ok(records.into_iter().zip(recorded).map(row).collect())
}

impl Row {
    fn line(&self) -> Line {
        let summary = Summary::of(&self.record);
        let [all, ..] = summary.judgements;
        let spec = &self.record.spec;
        let lots = |lots| format::lots(spec, lots).to_string();
        let volume = self.record.fills.iter().fold(ballast_model::Lots::ZERO, |sum, fill| sum + fill.lots);
        let net = summary.end.map(|end| end.net());
        let json = json!({
            "run": self.run,
            "instrument": self.record.name,
            "currency": self.record.currency,
            "orders": self.record.requests.orders,
            "fills": self.record.fills.len(),
            "volume": lots(volume),
            "position": summary.end.map(|end| lots(end.position)),
            "net": net.map(number),
            "net_apart": self.net_apart,
            "spread_captured": summary.captured.to_f64(),
            "markout_1s_bps": all.markouts.get(1).and_then(|markout| *markout).map(|markout| markout.bps.mean),
            "matched_fills": self.agreement.map(|found| found.matched_fills),
            "matched_volume": self.agreement.map(|found| lots(found.matched_lots)),
            "matched_share": self.agreement.map(|found| found.share()),
            "apart_seconds": self.agreement.map(|found| found.apart.as_secs_f64()),
        });
        Line { json, currency: self.record.currency.clone(), amounts: net.into_iter().collect() }
    }
}

/// How well the run is reproduced as it was configured: what has to be known before anything else is believed.
fn reproduction(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows.iter().filter(|row| row.run == "unchanged") {
        let Some(found) = row.agreement else { continue };
        let spec = &row.record.spec;
        if found.fills == 0 {
            let _ = writeln!(
                text,
                "{}: nothing was filled in what is recorded; unchanged, the run again fills {} {}",
                row.record.name,
                format::lots(spec, found.other_lots),
                row.record.size_unit
            );
            continue;
        }
        let _ = writeln!(
            text,
            "{}: unchanged, the run again matches {} of {} recorded fills and {} of {} {} (traded again: {}; \
             {:.1} % of the larger), {:.6} s apart in the mean; net {:+.4} {} apart",
            row.record.name,
            found.matched_fills,
            found.fills,
            format::lots(spec, found.matched_lots),
            format::lots(spec, found.lots),
            row.record.size_unit,
            format::lots(spec, found.other_lots),
            100.0 * found.share(),
            found.apart.as_secs_f64(),
            row.net_apart.unwrap_or_default(),
            row.record.currency,
        );
    }
    text
}

/// What the table shows of a row.
const COLUMNS: [Column; 12] = [
    ("run", "/run", Shown::Words),
    ("instrument", "/instrument", Shown::Words),
    ("currency", "/currency", Shown::Words),
    ("orders", "/orders", Shown::Plain),
    ("fills", "/fills", Shown::Plain),
    ("volume", "/volume", Shown::Plain),
    ("matched", "/matched_fills", Shown::Plain),
    ("share", "/matched_share", Shown::Digits(3)),
    ("position", "/position", Shown::Plain),
    ("net", "/net", Shown::Money),
    ("net apart", "/net_apart", Shown::Money),
    ("1 s bp", "/markout_1s_bps", Shown::Digits(3)),
];

fn calibration_text(found: &Calibration) -> String {
    if !found.is_identified() {
        return format!(
            "not calibrated: {} orders tell no power from any other; the recorded fills do not hang on the queue\n",
            found.orders
        );
    }
    let mut text = format!(
        "calibrated on {} orders: power {:.3}, {:.3} to {:.3} not told apart, disagreement {:.5} (risk-averse {:.5})\n",
        found.orders,
        found.power,
        found.range.0,
        found.range.1,
        found.best.disagreement,
        found.risk_averse.disagreement
    );
    for (power, trial) in &found.tried {
        let _ = writeln!(
            text,
            "  power {power:>7.3}  disagreement {:.5}  filled {} lots of {}",
            trial.disagreement, trial.filled.0, found.recorded.0
        );
    }
    text
}

fn calibration_json(found: &Calibration) -> Value {
    json!({
        "orders": found.orders,
        "identified": found.is_identified(),
        "power": found.power,
        "power_range": [found.range.0, found.range.1],
        "disagreement": found.best.disagreement,
        "risk_averse_disagreement": found.risk_averse.disagreement,
        "filled_lots": found.best.filled.0,
        "recorded_lots": found.recorded.0,
    })
}

impl From<FamilyArg> for Family {
    fn from(family: FamilyArg) -> Self {
        match family {
            FamilyArg::Power => Self::Ratio,
            FamilyArg::Power2 => Self::Whole,
            FamilyArg::Power3 => Self::Front,
        }
    }
}
