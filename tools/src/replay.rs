//! `ballast replay`.

use ballast_analytics::record::RunRecord;
use ballast_analytics::total::Totals;
use ballast_runtime::clock::Stopwatch;
use ballast_runtime::config::Config;
use ballast_runtime::job::{JobError, Mode, Played, Prepared};
use ballast_runtime::journal::{Journal, JournalError, Meta, Options, vacant};
use ballast_runtime::operator::OperatorScript;
use ballast_runtime::replay::Journaled;
use std::path::Path;

use crate::cli::ReplayArgs;
use crate::exit::Code;
use crate::progress::Progress;
use crate::report::{self, ReportFiles};
use crate::summary::Summary;
use crate::{assumptions, data, hedging, operator, output};

/// How a run is to be played and reported.
pub(crate) struct Plan<'a> {
    pub(crate) title: &'a str,
    pub(crate) config: &'a Config,
    pub(crate) config_name: String,
    pub(crate) captures: Vec<String>,
    pub(crate) mode: Mode,
    pub(crate) repeat: u32,
    pub(crate) out: Option<&'a Path>,
    pub(crate) journal: Option<&'a Path>,
    pub(crate) json: bool,
}

/// Replays captures.
///
/// # Errors
/// A configuration or data that cannot be used, a report that cannot be written.
pub(crate) fn run(arguments: &ReplayArgs) -> anyhow::Result<Code> {
    let watch = Stopwatch::start();
    arguments.journal.as_deref().map_or(Ok(()), vacant)?;
    let config = Config::load(&arguments.config).map_err(JobError::from)?;
    let script =
        arguments.operator.as_deref().map(OperatorScript::load).transpose().map_err(JobError::from)?;
    let mut progress = Progress::new("decoding");
    let mut prepared =
        Prepared::from_files(&config, &arguments.config, &arguments.data, |bytes| progress.add(bytes))?;
    drop(progress);
    if let Some(script) = &script {
        prepared.operate(script)?;
    }
    let plan = Plan {
        title: "Replay",
        config: &config,
        config_name: name_of(&arguments.config),
        captures: arguments.data.iter().map(|path| name_of(path)).collect(),
        mode: if arguments.idle { Mode::Idle } else { Mode::Quoting },
        repeat: arguments.repeat,
        out: arguments.out.as_deref(),
        journal: arguments.journal.as_deref(),
        json: arguments.json,
    };
    finish(&plan, &prepared, watch)
}

/// Plays what was prepared, writes the report and says what came out. `watch` runs since the command began.
///
/// # Errors
/// Numbers that cannot be used together, a report that cannot be written.
pub(crate) fn finish(plan: &Plan<'_>, prepared: &Prepared<'_>, watch: Stopwatch) -> anyhow::Result<Code> {
    data::tell(prepared);
    let mut recorder = prepared.recorder(plan.config.report.recorder());
    let (played, unkept) = match plan.journal {
        Some(folder) => journaled(folder, &prepared.meta(plan.mode), |mut record| {
            let played = prepared.play_recorded(plan.mode, plan.repeat, &mut recorder, &mut record)?;
            record.finish(&played.shard);
            Ok(played)
        })?,
        None => (prepared.play(plan.mode, plan.repeat, &mut recorder)?, None),
    };
    for (name, count) in data::market_problems(&played.shard, prepared.instruments.len()) {
        output::tell(&format!("{name}: {count}"));
    }
    if let Some(hedge) = plan.config.hedge.as_ref().filter(|_| plan.mode == Mode::Quoting) {
        hedging::lacks(hedge, prepared, &played.shard).iter().for_each(|line| output::tell(line));
    }
    for line in operator_lines(prepared, &played) {
        output::tell(&line);
    }
    let record = RunRecord { instruments: recorder.finish(played.outcome.ended_at, &played.shard) };
    let totals = Totals::of(&record.instruments, plan.config.report.conversion().as_ref());
    let assumptions = assumptions::of(plan.config, prepared);
    let summary = Summary {
        plan,
        prepared,
        played: &played,
        record: &record,
        totals: &totals,
        assumptions: &assumptions,
    };
    let files = plan.out.map(|out| write_report(out, &summary)).transpose()?;
    output::text(&summary.text(files.as_ref(), watch.elapsed()), output::Form::asked(plan.json))?;
    if plan.json {
        output::json(&summary.json(files.as_ref(), watch.elapsed()))?;
    }
    Ok(kept(unkept.as_ref(), if prepared.has_no_book() { Code::NoBook } else { Code::Done }))
}

/// What an operator said, and how it was answered.
fn operator_lines(prepared: &Prepared<'_>, played: &Played) -> Vec<String> {
    let mut lines: Vec<_> = played
        .operator
        .iter()
        .map(|said| {
            let words = operator::words(said, prepared);
            format!("{}: {} of {}: {}", report::time_text(said.at), words.command, words.scope, words.outcome)
        })
        .collect();
    let unsaid = prepared.operator_commands().len() - played.operator.len();
    if unsaid > 0 {
        lines.push(format!("{unsaid} operator commands come after the end of the data"));
    }
    lines
}

/// Plays while a journal of it is written; with why that is not whole, where it is not. `play` is to finish what it records
/// into.
///
/// # Errors
/// A folder that cannot hold a journal, and those of `play`.
pub(crate) fn journaled<T>(
    folder: &Path,
    meta: &Meta,
    play: impl FnOnce(Journaled<'_>) -> anyhow::Result<T>,
) -> anyhow::Result<(T, Option<JournalError>)> {
    let mut journal = Journal::open(folder, meta.to_bytes(), &Options::default())?;
    let played = play(Journaled::new(&mut journal.tap))?;
    Ok(match journal.finish() {
        Ok(kept) => {
            output::tell(&format!(
                "journal: {} in {} bytes, {} in {}",
                output::counted(kept.records, "record"),
                kept.bytes,
                output::counted(kept.segments.into(), "segment"),
                folder.display()
            ));
            (played, None)
        }
        Err(error) => (played, Some(error)),
    })
}

/// The exit code of a run whose journal is not whole, which is said; `done` where nothing is wrong with it.
pub(crate) fn kept(unkept: Option<&JournalError>, done: Code) -> Code {
    let Some(error) = unkept else { return done };
    output::tell(&format!("ALARM: the journal is not whole: {error}"));
    Code::Journal
}

fn write_report(out: &Path, summary: &Summary<'_>) -> anyhow::Result<ReportFiles> {
    let (plan, outcome) = (summary.plan, &summary.played.outcome);
    let context = report::ReportContext {
        title: plan.title.to_owned(),
        config: plan.config_name.clone(),
        captures: plan.captures.clone(),
        decisions_hash: outcome.decisions_hash,
        state_hash: outcome.state_hash,
        assumptions: summary.assumptions.to_vec(),
        counts: summary.count_rows(),
        opportunities: summary.opportunity_rows(),
    };
    report::write(out, summary.record, summary.totals, &context)
}

/// A path's last part, for reports that may leave this machine.
pub(crate) fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}
