//! `ballast journal`.

mod columns;
mod counts;
mod line;
mod recover;

use std::io::{self, Write as _};
use std::path::Path;

use ballast_journal::Record;
use ballast_runtime::journal::{History, Step, Walked, slice as cut};
use serde_json::json;

use crate::cli::{ExportArgs, InspectArgs, JournalArgs, RangeArgs, SliceArgs};
use crate::exit::Code;
use crate::output::{self, Form, counted};
use counts::Counts;
pub(crate) use recover::recover;

/// A journal, what a writer that died left made whole first, or read as it stands where nothing can be written.
fn open(folder: &Path) -> anyhow::Result<History> {
    let history = History::open_whole(folder)?;
    if let Some(notice) = history.notice() {
        output::tell(&notice);
    }
    Ok(history)
}

/// Calls `visit` for the records of a range, and tells where the journal does not end as a run does.
fn walk(
    history: &History,
    range: &RangeArgs,
    mut visit: impl FnMut(&Record<'_>) -> io::Result<()>,
) -> anyhow::Result<Walked> {
    let walked = history.walk(|record| {
        if record.seq > range.to {
            return Ok(Step::Stop);
        }
        if record.seq >= range.from {
            visit(record)?;
        }
        Ok::<_, anyhow::Error>(Step::On)
    })?;
    if let Some(warning) = walked.warning() {
        output::tell(&warning);
    }
    Ok(walked)
}

/// Prints records.
///
/// # Errors
/// Damage, or where standard output cannot be written.
pub(crate) fn inspect(arguments: &InspectArgs) -> anyhow::Result<Code> {
    let JournalArgs { folder, json } = &arguments.journal;
    let history = open(folder)?;
    let mut counts = Counts::default();
    let mut out = io::BufWriter::new(io::stdout().lock());
    let walked = walk(&history, &arguments.range, |record| {
        counts.take(record);
        if *json || arguments.decisions && record.entry.is_input() {
            return Ok(());
        }
        writeln!(out, "{}", line::of(record))
    })?;
    out.flush()?;
    drop(out);
    let whole = arguments.range.from <= 1 && walked != Walked::Stopped;
    finish(&history, counts, if whole { Part::All } else { Part::Range }, walked, *json)
}

/// Checks everything that can be checked without deciding again.
///
/// # Errors
/// The first damage.
pub(crate) fn verify(arguments: &JournalArgs) -> anyhow::Result<Code> {
    let history = open(&arguments.folder)?;
    let mut counts = Counts::default();
    let walked = walk(&history, &RangeArgs { from: 1, to: u64::MAX }, |record| {
        counts.take(record);
        Ok(())
    })?;
    finish(&history, counts, Part::All, walked, arguments.json)
}

/// How much of a journal was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    All,
    Range,
}

/// Says what was read.
fn finish(history: &History, counts: Counts, part: Part, walked: Walked, json: bool) -> anyhow::Result<Code> {
    // A part has no size at rest of its own.
    let at_rest = if part == Part::All { Some(history.bytes_at_rest()?) } else { None };
    output::text(
        &format!(
            "{}, {}: {}, {}, {}, {}\n{}",
            counted(history.segments().len() as u64, "segment"),
            counted(counts.records(), "record"),
            counted(counts.inputs(), "input"),
            counted(counts.commands.records, "command"),
            counted(counts.checkpoints.records, "checkpoint"),
            counted(counts.blocks.records, "block"),
            counts.lines(at_rest)
        ),
        Form::asked(json),
    )?;
    if json {
        let header = history.header();
        output::json(&json!({
            "segments": history.segments().len(),
            "records": counts.records(),
            "inputs": counts.inputs(),
            "commands": counts.commands.records,
            "checkpoints": counts.checkpoints.records,
            "blocks": counts.blocks.records,
            "finished": walked.finished(),
            "as_it_stands": history.notice().is_some(),
            "torn": walked.torn().map(|fault| fault.to_string()),
            "bytes": counts.bytes(),
            "bytes_at_rest": at_rest,
            "levels": counts.levels,
            "slots": counts.slots,
            "weights": {
                "market": counts.market.json(),
                "tickers": counts.tickers.json(),
                "trades": counts.trades.json(),
                "batches": counts.batches.json(),
                "own": counts.own.json(),
                "commands": counts.commands.json(),
                "carried": counts.carried.json(),
            },
            "config_hash": header.config_hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
            "meta": serde_json::from_slice::<serde_json::Value>(&header.meta).unwrap_or_default(),
        }))?;
    }
    Ok(Code::Done)
}

/// Writes records as Parquet.
///
/// # Errors
/// Damage, or a file that cannot be written.
pub(crate) fn export(arguments: &ExportArgs) -> anyhow::Result<Code> {
    let JournalArgs { folder, json: with_json } = &arguments.journal;
    let history = open(folder)?;
    let mut rows = columns::Rows::default();
    walk(&history, &arguments.range, |record| {
        rows.push(record);
        Ok(())
    })?;
    let (count, bytes) = (rows.len(), rows.encode()?);
    std::fs::write(&arguments.out, &bytes)
        .map_err(|error| anyhow::anyhow!("{}: {error}", arguments.out.display()))?;
    let text = format!("{count} rows in {} bytes\n", bytes.len());
    output::text(&text, Form::asked(*with_json))?;
    if *with_json {
        let stands = history.notice().is_some();
        output::json(&json!({ "rows": count, "bytes": bytes.len(), "as_it_stands": stands }))?;
    }
    Ok(Code::Done)
}

/// Cuts a range.
///
/// # Errors
/// Damage, or files that cannot be written.
pub(crate) fn slice(arguments: &SliceArgs) -> anyhow::Result<Code> {
    let JournalArgs { folder, json: with_json } = &arguments.journal;
    let history = open(folder)?;
    let kept = cut(&history, arguments.range.from, arguments.range.to, &arguments.out)?;
    let text = format!("{} in {} bytes\n", counted(kept.records, "record"), kept.bytes);
    output::text(&text, Form::asked(*with_json))?;
    if *with_json {
        let stands = history.notice().is_some();
        output::json(&json!({ "records": kept.records, "bytes": kept.bytes, "as_it_stands": stands }))?;
    }
    Ok(Code::Done)
}
