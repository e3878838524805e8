//! `ballast demo --offline --venue matching`: the demonstration's quoter where a crowd trades with it.
//!
//! Never here: a market that does not feel our orders.

use ballast_analytics::format;
use ballast_analytics::record::{InstrumentRecord, Sample};
use ballast_analytics::total::Totals;
use ballast_exchange::matching::Dialect;
use ballast_model::{Lots, Money, Span};
use ballast_runtime::clock::Stopwatch;
use ballast_runtime::config::Config;
use ballast_runtime::floor::{Floor, FloorPlan, FloorRun};
use ballast_runtime::replay::Unjournaled;
use serde_json::{Map, Value, json};
use std::path::Path;

use super::CONFIG_NAME;
use crate::amounts::number;
use crate::cli::DemoArgs;
use crate::exit::Code;
use crate::output;
use crate::replay::{journaled, kept};
use crate::report::{self, ReportContext, ReportFiles};

/// Lets the quoter trade with the crowd and writes the report.
///
/// # Errors
/// A report that cannot be written.
pub(crate) fn run(arguments: &DemoArgs, config: &Config, watch: Stopwatch) -> anyhow::Result<Code> {
    let recorder = config.report.recorder();
    let duration = Span::from_secs(60 * i64::from(arguments.minutes));
    output::tell(&format!("trading {} min with a crowd, seed {}", arguments.minutes, arguments.seed));
    let plan = FloorPlan { seed: arguments.seed, duration, recorder };
    let floor = Floor::new(config, Path::new(CONFIG_NAME), &plan)?;
    let meta = floor.meta().clone();
    let (run, unkept) = match &arguments.journal {
        Some(folder) => journaled(folder, &meta, |mut record| {
            let run = floor.play(&mut record);
            record.finish(&run.shard);
            Ok(run)
        })?,
        None => (floor.play(&mut Unjournaled), None),
    };
    let context = ReportContext {
        title: "Demonstration".to_owned(),
        config: CONFIG_NAME.to_owned(),
        captures: vec![format!("matching engine, crowd of seed {}", arguments.seed)],
        decisions_hash: run.outcome.decisions_hash,
        state_hash: run.outcome.state_hash,
        assumptions: assumptions(&run),
        counts: counts(&run)
            .into_iter()
            .map(|(name, count)| (name.replace('_', " "), count.to_string()))
            .collect(),
        opportunities: Vec::new(),
    };
    let totals = Totals::of(&run.record.instruments, config.report.conversion().as_ref());
    let files = report::write(&arguments.out, &run.record, &totals, &context)?;
    output::text(&text(&run, &files, watch), output::Form::asked(arguments.json))?;
    if arguments.json {
        output::json(&object(&run, &files, watch))?;
    }
    Ok(kept(unkept.as_ref(), Code::Done))
}

fn assumptions(run: &FloorRun) -> Vec<(String, String)> {
    let millis = |span: Span| format!("{} ms", span.as_secs_f64() * 1e3);
    let latency = &run.spec.latency;
    let row = |name: &str, value: String| (name.to_owned(), value);
    vec![
        row("Order latency", millis(latency.order)),
        row("Response latency", millis(latency.response)),
        row("Market data latency", millis(run.spec.feed_latency)),
        row("Requests of the crowd a second", run.spec.crowd.requests_per_second.to_string()),
        row(
            "Others' reaction to our orders",
            "they trade with them; what they believe is their own".to_owned(),
        ),
    ]
}

/// What was counted, by the names that results use.
fn counts(run: &FloorRun) -> [(&'static str, u64); 9] {
    let counters = run.venue.counters(run.client);
    [
        ("requests", run.venue.requests()),
        ("messages", run.outcome.messages),
        ("level_updates", run.outcome.level_updates),
        ("orders", run.outcome.orders),
        ("cancels", run.outcome.cancels),
        ("amendments", run.outcome.replaces),
        ("fills", run.outcome.fills),
        ("funding_payments", counters.payments),
        ("venue_refusals", counters.rejects_total()),
    ]
}

/// How often the venue refused, by its own code.
fn refusals(run: &FloorRun) -> Map<String, Value> {
    let mut by_code = std::collections::BTreeMap::new();
    for (why, count) in run.venue.refusals(run.client) {
        *by_code.entry(why.code(Dialect::BinanceUsdm)).or_insert(0) += count;
    }
    by_code.into_iter().map(|(code, count): (i32, u64)| (code.to_string(), json!(count))).collect()
}

fn only(run: &FloorRun) -> Option<(&InstrumentRecord, &Sample)> {
    let record = run.record.instruments.first()?;
    Some((record, record.samples.last()?))
}

fn object(run: &FloorRun, files: &ReportFiles, watch: Stopwatch) -> Value {
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
    for (name, count) in counts(run) {
        put(name, json!(count));
    }
    put("venue_codes", refusals(run).into());
    if let Some((record, sample)) = only(run) {
        let size = |lots: Lots| json!(format::lots(&record.spec, lots).to_string());
        let most = record.fills.iter().map(|fill| fill.position_after.abs()).max();
        put("position", size(sample.position));
        put("max_position", size(most.unwrap_or_default()));
        put(
            "pnl",
            json!({
                "gross": number(sample.gross),
                "fees": number(sample.fees),
                "rebates": number(sample.rebates),
                "funding": number(sample.funding),
                "net": number(sample.net()),
            }),
        );
    }
    put("decisions_hash", json!(format!("{:016x}", run.outcome.decisions_hash)));
    put("state_hash", json!(format!("{:016x}", run.outcome.state_hash)));
    put("venue_hash", json!(format!("{:016x}", run.venue.state_hash())));
    put("run_seconds", json!(run.running.as_secs_f64()));
    put("total_seconds", json!(watch.elapsed().as_secs_f64()));
    put("report", json!(files.html.display().to_string()));
    put("report_bytes", json!(files.html_bytes));
    object.into()
}

fn text(run: &FloorRun, files: &ReportFiles, watch: Stopwatch) -> String {
    let outcome = &run.outcome;
    let mut lines = vec![format!(
        "{} requests of all, {} messages; ours: {} orders, {} cancels, {} fills",
        run.venue.requests(),
        outcome.messages,
        outcome.orders,
        outcome.cancels,
        outcome.fills
    )];
    if let Some((record, sample)) = only(run) {
        let money = |amount: Money| format!("{:.4}", amount.to_f64());
        let position = format::lots(&record.spec, sample.position);
        lines.push(format!("{}: position {position} {}", record.name, record.size_unit));
        lines.push(format!(
            "{}: gross {}, fees {}, rebates {}, funding {}, net {}",
            record.currency,
            money(sample.gross),
            money(sample.fees),
            money(sample.rebates),
            money(sample.funding),
            money(sample.net())
        ));
    }
    for (code, count) in refusals(run) {
        lines.push(format!("refused with {code}: {count}"));
    }
    lines.push(format!("decisions {:016x}, state {:016x}", outcome.decisions_hash, outcome.state_hash));
    lines.push(format!(
        "ran in {:.3} s, {:.3} s in all",
        run.running.as_secs_f64(),
        watch.elapsed().as_secs_f64()
    ));
    lines.push(format!("report: {} ({} bytes)\n", files.html.display(), files.html_bytes));
    lines.join("\n")
}
