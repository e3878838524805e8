//! `ballast compare`: several configurations on the same data, rows by instrument and in total.

use anyhow::Context as _;
use ballast_analytics::estimate::Estimate;
use ballast_analytics::format;
use ballast_analytics::ratios::Ratios;
use ballast_analytics::record::{HORIZONS, InstrumentRecord, MARKOUT_HORIZONS};
use ballast_analytics::summary::Summary;
use ballast_analytics::total::{Total, Totals};
use ballast_model::InstrumentId;
use ballast_runtime::capture::{SurveyedFile, survey_files};
use ballast_runtime::config::{Config, Quoted};
use ballast_runtime::job::{JobError, Mode, Prepared};
use serde_json::{Map, Value, json};
use std::path::Path;

use crate::amounts::number;
use crate::cli::CompareArgs;
use crate::exit::Code;
use crate::notes::Said;
use crate::progress::Progress;
use crate::replay::name_of;
use crate::side_by_side::{Column, Line, Shown, table};
use crate::{data, hedging, notes, output, results, totals};

/// What came of one configuration.
struct Played {
    config: String,
    instruments: Vec<InstrumentRecord>,
    /// Which of them are quoted, in their order.
    quoted: Vec<Quoted>,
    totals: Totals,
    orders: u64,
    decisions_hash: u64,
}

/// Plays each configuration on the data and prints what came out side by side.
///
/// # Errors
/// A configuration or data that cannot be used.
pub(crate) fn run(arguments: &CompareArgs) -> anyhow::Result<Code> {
    let files = survey_files(&arguments.data).map_err(JobError::from)?;
    let mut all = Vec::new();
    let mut code = Code::Done;
    for path in &arguments.config {
        code = play(path, &files, &mut all)?.max(code);
    }
    let lines: Vec<Line> =
        all.iter().flat_map(|one| one.instruments().into_iter().chain(one.totals())).collect();
    let mut text = table(&COLUMNS, &lines);
    for apart in
        all.iter().filter_map(|one| Some(format!("{}: {}\n", one.config, totals::apart(&one.totals)?)))
    {
        text.push_str(&apart);
    }
    output::text(&text, output::Form::asked(arguments.json))?;
    if arguments.json {
        let each = |rows: fn(&Played) -> Vec<Line>| {
            all.iter().flat_map(rows).map(|line| line.json).collect::<Vec<_>>()
        };
        output::json(&json!({ "rows": each(Played::instruments), "totals": each(Played::totals) }))?;
    }
    Ok(code)
}

fn play(path: &Path, files: &[SurveyedFile], all: &mut Vec<Played>) -> anyhow::Result<Code> {
    let config = Config::load(path).map_err(JobError::from)?;
    let name = name_of(path);
    let mut progress = Progress::new(&name);
    let prepared = Prepared::from_surveyed(&config, path, files, |bytes| progress.add(bytes))?;
    drop(progress);
    if all.is_empty() {
        data::tell(&prepared);
    }
    let mut recorder = prepared.recorder(config.report.recorder());
    let played = prepared.play(Mode::Quoting, 1, &mut recorder).with_context(|| name.clone())?;
    let hedge = config.hedge.as_ref();
    let unhedged = hedge.map_or_else(Vec::new, |hedge| hedging::lacks(hedge, &prepared, &played.shard));
    let unquoted = notes::of(Mode::Quoting, &prepared, &played).iter().flat_map(Said::lacks).collect();
    for line in [unhedged, unquoted].concat() {
        output::tell(&format!("{name}: {line}"));
    }
    let quoted = (0..=u16::MAX)
        .map(|id| if played.shard.is_quoted(InstrumentId(id)) { Quoted::Yes } else { Quoted::No });
    let quoted = quoted.take(prepared.instruments.len()).collect();
    let instruments = recorder.finish(played.outcome.ended_at, &played.shard);
    all.push(Played {
        config: name,
        totals: Totals::of(&instruments, config.report.conversion().as_ref()),
        instruments,
        quoted,
        orders: played.outcome.orders,
        decisions_hash: played.outcome.decisions_hash,
    });
    Ok(if prepared.has_no_book() { Code::NoBook } else { Code::Done })
}

impl Played {
    fn instruments(&self) -> Vec<Line> {
        let each = self.instruments.iter().zip(&self.quoted);
        each.map(|(record, quoted)| self.instrument(record, *quoted)).collect()
    }

    fn totals(&self) -> Vec<Line> {
        self.totals.each().map(|total| self.total(total)).collect()
    }

    fn instrument(&self, record: &InstrumentRecord, quoted: Quoted) -> Line {
        let summary = Summary::of(record);
        let Summary { end, captured, drawdown, inventory, quoting, half_life_secs, judgements, .. } =
            &summary;
        let (execution, [all, ..]) = (summary.execution, judgements);
        let net = end.map(|end| end.net());
        let shown = quoted == Quoted::Yes;
        let fallen = drawdown.map(|drawdown| drawdown.value);
        let json = json!({
            "config": self.config,
            "instrument": record.name,
            "currency": record.currency,
            "net": net.map(number),
            "fills": record.fills.len(),
            "orders_of_run": self.orders,
            "spread_captured": number(*captured),
            "spread_captured_bps": all.spread.map(|spread| spread.bps.mean),
            "markout_bps": markouts(all.markouts.map(|markout| markout.map(|markout| markout.bps))),
            "inventory_half_life_seconds": half_life_secs,
            "max_position": inventory.map(|held| format::lots(&record.spec, held.max_abs).to_string()),
            "max_drawdown": fallen.map(number),
            "quote_uptime": quoting.map(|quoting| quoting.two_sided).filter(|_| shown),
            "programme_uptime": summary.presence.map(|presence| presence.both).filter(|_| shown),
            "fill_ratio": execution.fill_ratio,
            "order_to_trade": execution.order_to_trade,
            "sharpe": sharpe(summary.ratios),
            "figures": results::json(&results::of_instrument(record, &summary)),
            "decisions_hash": format!("{:016x}", self.decisions_hash),
        });
        let amounts = [net, Some(*captured), fallen].into_iter().flatten().collect();
        Line { json, currency: record.currency.clone(), amounts }
    }

    fn total(&self, total: &Total) -> Line {
        let net = total.pnl.net();
        let fallen = total.drawdown.map(|drawdown| drawdown.value);
        let json = json!({
            "config": self.config,
            "instrument": results::scope(total),
            "currency": total.currency,
            "instruments": total.instruments,
            "net": number(net),
            "fills": total.fills,
            "orders_of_run": self.orders,
            "spread_captured": number(total.captured),
            "spread_captured_bps": total.marks.spread.map(|spread| spread.mean),
            "markout_bps": markouts(total.marks.later),
            "max_drawdown": fallen.map(number),
            "fill_ratio": total.execution.fill_ratio,
            "order_to_trade": total.execution.order_to_trade,
            "sharpe": sharpe(total.ratios),
            "figures": results::json(&results::of_total(total)),
            "decisions_hash": format!("{:016x}", self.decisions_hash),
        });
        let amounts = [net, total.captured].into_iter().chain(fallen).collect();
        Line { json, currency: total.currency.clone(), amounts }
    }
}

fn sharpe(ratios: Option<Ratios>) -> Option<f64> {
    ratios?.sharpe.map(|sharpe| sharpe.ratio)
}

/// Means by horizon.
fn markouts(means: [Option<Estimate>; HORIZONS]) -> Map<String, Value> {
    let horizons = MARKOUT_HORIZONS.iter().map(|horizon| seconds(horizon.as_secs_f64()));
    horizons.zip(means).map(|(horizon, mean)| (horizon, json!(mean.map(|mean| mean.mean)))).collect()
}

/// What the table shows of a line. Markouts and captured spread are means over fills, the sign in our favour.
const COLUMNS: [Column; 16] = [
    ("config", "/config", Shown::Words),
    ("instrument", "/instrument", Shown::Words),
    ("currency", "/currency", Shown::Words),
    ("net PnL", "/net", Shown::Money),
    ("fills", "/fills", Shown::Plain),
    ("captured", "/spread_captured", Shown::Money),
    ("0.1 s bp", "/markout_bps/0.1", Shown::Digits(3)),
    ("1 s bp", "/markout_bps/1", Shown::Digits(3)),
    ("10 s bp", "/markout_bps/10", Shown::Digits(3)),
    ("half-life s", "/inventory_half_life_seconds", Shown::Digits(1)),
    ("drawdown", "/max_drawdown", Shown::Money),
    ("uptime", "/quote_uptime", Shown::Digits(3)),
    ("programme", "/programme_uptime", Shown::Digits(3)),
    ("fill ratio", "/fill_ratio", Shown::Digits(4)),
    ("orders/trade", "/order_to_trade", Shown::Digits(1)),
    ("Sharpe", "/sharpe", Shown::Digits(1)),
];
fn seconds(seconds: f64) -> String {
    format!("{seconds}")
}
