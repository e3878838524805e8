//! `ballast journal`.

mod columns;
mod line;

use std::io::{self, Write as _};
use std::path::Path;

use ballast_journal::{Entry, Record};
use ballast_model::{Event, LEVELS_PER_SLOT};
use ballast_runtime::journal::{History, Step, settle, slice as cut};
use serde_json::json;

use crate::cli::{ExportArgs, InspectArgs, JournalArgs, RangeArgs, SliceArgs};
use crate::exit::Code;
use crate::output::{self, Form};

/// Records of one kind, and the bytes they take as written.
#[derive(Clone, Copy, Debug, Default)]
struct Weight {
    records: u64,
    bytes: u64,
}

impl Weight {
    const fn add(&mut self, bytes: usize) {
        self.records += 1;
        self.bytes += bytes as u64;
    }

    fn each(self) -> f64 {
        self.bytes as f64 / self.records.max(1) as f64
    }

    fn json(self) -> serde_json::Value {
        json!({ "records": self.records, "bytes": self.bytes, "bytes_each": self.each() })
    }
}

/// What a journal holds.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    /// Messages of the market, a book batch among them as one.
    market: Weight,
    /// Of these, best prices.
    tickers: Weight,
    /// Of these, trades.
    trades: Weight,
    /// Of these, book batches.
    batches: Weight,
    /// Levels of the batches.
    levels: u64,
    /// Slots of at most 64 bytes in which the core learns the messages: a batch takes one, and one for each four levels of a side.
    slots: u64,
    /// Inputs that are not of the market.
    own: Weight,
    commands: Weight,
    checkpoints: Weight,
    blocks: Weight,
}

impl Counts {
    fn take(&mut self, record: &Record<'_>) {
        let bytes = record.length;
        match &record.entry {
            Entry::Event(event) => self.event(event, bytes),
            Entry::Batch(batch) => {
                self.market.add(bytes);
                self.batches.add(bytes);
                self.slots += 1;
                for (_, levels) in batch.sides() {
                    self.levels += levels.len() as u64;
                    self.slots += levels.len().div_ceil(LEVELS_PER_SLOT) as u64;
                }
            }
            Entry::Command(_) => self.commands.add(bytes),
            Entry::Checkpoint(_) => self.checkpoints.add(bytes),
            Entry::Block(_) | Entry::End(_) => self.blocks.add(bytes),
        }
    }

    const fn event(&mut self, event: &Event, bytes: usize) {
        match event {
            Event::Ticker(_) => self.tickers.add(bytes),
            Event::Trade(_) => self.trades.add(bytes),
            Event::BookBegin(_) | Event::BookLevels(_) | Event::BookLost(_) | Event::Mark(_) => {}
            Event::Order(_)
            | Event::Fill(_)
            | Event::Grant(_)
            | Event::Operator(_)
            | Event::Funding(_)
            | Event::Balance(_)
            | Event::Journal(_)
            | Event::Timer => return self.own.add(bytes),
        }
        self.market.add(bytes);
        self.slots += 1;
    }

    const fn inputs(self) -> u64 {
        self.market.records + self.own.records
    }

    const fn records(self) -> u64 {
        self.inputs() + self.commands.records + self.checkpoints.records + self.blocks.records
    }

    const fn bytes(self) -> u64 {
        self.market.bytes + self.own.bytes + self.commands.bytes + self.checkpoints.bytes + self.blocks.bytes
    }

    /// What the records weigh, by kind.
    fn lines(self, at_rest: u64) -> String {
        let mut lines = String::new();
        let kinds = [
            ("best prices", self.tickers),
            ("trades", self.trades),
            ("book batches", self.batches),
            ("other inputs", self.own),
            ("commands", self.commands),
        ];
        for (name, weight) in kinds.into_iter().filter(|(_, weight)| weight.records > 0) {
            lines +=
                &format!("{name}: {} in {} bytes, {:.1} each\n", weight.records, weight.bytes, weight.each());
        }
        let of = |count: u64| self.market.bytes as f64 / count.max(1) as f64;
        lines += &format!(
            "market: {} messages with {} levels in {} event slots: {:.1} bytes a message, {:.1} a slot\n",
            self.market.records,
            self.levels,
            self.slots,
            of(self.market.records),
            of(self.slots)
        );
        let share = at_rest as f64 / self.bytes().max(1) as f64;
        let each = at_rest as f64 / self.records().max(1) as f64;
        lines += &format!("at rest: {at_rest} bytes, {share:.2} of what was written, {each:.1} a record\n");
        lines
    }
}

/// A journal, what a writer that died left made whole first.
fn open(folder: &Path) -> anyhow::Result<History> {
    settle(folder)?;
    Ok(History::open(folder)?)
}

/// Calls `visit` for the records of a range, and names an incomplete record at the end.
fn walk(
    history: &History,
    range: &RangeArgs,
    mut visit: impl FnMut(&Record<'_>) -> io::Result<()>,
) -> anyhow::Result<()> {
    let torn = history.walk(|record| {
        if record.seq > range.to {
            return Ok(Step::Stop);
        }
        if record.seq >= range.from {
            visit(record)?;
        }
        Ok::<_, anyhow::Error>(Step::On)
    });
    if let Some(torn) = torn? {
        output::tell(&format!("the writer died in the middle of a record: {torn}"));
    }
    Ok(())
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
    walk(&history, &arguments.range, |record| {
        counts.take(record);
        if *json || arguments.decisions && record.entry.is_input() {
            return Ok(());
        }
        writeln!(out, "{}", line::of(record))
    })?;
    out.flush()?;
    drop(out);
    finish(&history, counts, *json)
}

/// Checks everything that can be checked without deciding again.
///
/// # Errors
/// The first damage.
pub(crate) fn verify(arguments: &JournalArgs) -> anyhow::Result<Code> {
    let history = open(&arguments.folder)?;
    let mut counts = Counts::default();
    walk(&history, &RangeArgs { from: 1, to: u64::MAX }, |record| {
        counts.take(record);
        Ok(())
    })?;
    finish(&history, counts, arguments.json)
}

/// Says what was read.
fn finish(history: &History, counts: Counts, json: bool) -> anyhow::Result<Code> {
    let at_rest = history.bytes_at_rest()?;
    output::text(
        &format!(
            "{} segments, {} records: {} inputs, {} commands, {} checkpoints, {} blocks\n{}",
            history.segments().len(),
            counts.records(),
            counts.inputs(),
            counts.commands.records,
            counts.checkpoints.records,
            counts.blocks.records,
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
        output::json(&json!({ "rows": count, "bytes": bytes.len() }))?;
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
    let text = format!("{} records in {} bytes\n", kept.records, kept.bytes);
    output::text(&text, Form::asked(*with_json))?;
    if *with_json {
        output::json(&json!({ "records": kept.records, "bytes": kept.bytes }))?;
    }
    Ok(Code::Done)
}
