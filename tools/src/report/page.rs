//! The whole page: head, what was run, an overview of the instruments, and a section for each.
//!
//! The page refers to nothing outside itself, and its content security policy forbids it to.

use super::ReportContext;
use super::section::{NONE, Section, rows};
use super::text::{self, escape};
use super::time;
use super::totals;
use crate::opportunities::COLUMNS;
use ballast_analytics::format;
use ballast_analytics::record::{GridSource, InstrumentRecord, RunRecord};
use ballast_analytics::summary::Summary;
use ballast_analytics::total::Totals;
use ballast_model::{Contract, HalfTicks, Lots, Nanos, Price};
use std::fmt::Write as _;

/// Points per plotted series on a page of one instrument; several instruments share them, so that the page stays small.
const POINTS_MAX: usize = 1_500;
/// Points a series keeps however many instruments there are: the page grows by some 30 kB with each beyond seven.
const POINTS_MIN: usize = 200;

const STYLE: &str = include_str!("style.css");
const HEAD: &str = concat!(
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">",
    r#"<meta name="viewport" content="width=device-width,initial-scale=1">"#,
    r#"<meta name="color-scheme" content="light dark">"#,
    r#"<meta http-equiv="Content-Security-Policy" content="default-src 'none';style-src 'unsafe-inline';img-src data:">"#,
    r#"<link rel="icon" href="data:,">"#,
);

/// The page of a run.
pub(super) fn render(run: &RunRecord, all: &Totals, context: &ReportContext) -> String {
    let summaries: Vec<Summary> = run.instruments.iter().map(Summary::of).collect();
    let sections: Vec<Section<'_>> = run
        .instruments
        .iter()
        .zip(&summaries)
        .map(|(record, summary)| Section::new(record, summary))
        .collect();
    let mut out = String::with_capacity(200_000);
    let title = escape(&context.title);
    let _ = write!(
        out,
        "{HEAD}<title>{title}</title><style>{STYLE}</style></head><body><main><header><h1>{title}</h1>"
    );
    out.push_str(r#"<div class="tables">"#);
    out.push_str(&rows("Run", &identity(run, context)));
    out.push_str(&rows("Assumptions", &context.assumptions));
    out.push_str(&rows("Counts", &context.counts));
    out.push_str("</div>");
    overview(&mut out, run, &summaries, &sections);
    out.push_str(&totals::render(all));
    found(&mut out, &context.opportunities);
    out.push_str("</header>");
    let budget = (POINTS_MAX / run.instruments.len().max(1)).max(POINTS_MIN);
    for section in &sections {
        out.push_str(&section.render(budget));
    }
    out.push_str(concat!(
        "<footer>Long series are thinned to their extremes; fills.csv, equity.csv and their Parquet twins beside this page hold ",
        "every row, exactly, and summary.csv every figure. Times are UTC.</footer></main></body></html>\n"
    ));
    out
}

fn identity(run: &RunRecord, context: &ReportContext) -> Vec<(String, String)> {
    let samples = || {
        run.instruments.iter().flat_map(|record| [record.samples.first(), record.samples.last()]).flatten()
    };
    let (start, end) = (samples().map(|sample| sample.time).min(), samples().map(|sample| sample.time).max());
    let instant = |at: Option<Nanos>| {
        at.map_or_else(|| NONE.to_owned(), |at| format!("{} {} UTC", time::date(at), time::clock_millis(at)))
    };
    let duration = start.zip(end).map_or_else(|| NONE.to_owned(), |(start, end)| text::span(end - start));
    let captures = if context.captures.is_empty() { NONE.to_owned() } else { context.captures.join(", ") };
    [
        ("Configuration", context.config.clone()),
        ("Captures", captures),
        ("Start", instant(start)),
        ("End", instant(end)),
        ("Duration", duration),
        ("Decisions hash", format!("{:016x}", context.decisions_hash)),
        ("State hash", format!("{:016x}", context.state_hash)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// One line per instrument: what it is, and what came of it.
fn overview(out: &mut String, run: &RunRecord, summaries: &[Summary], sections: &[Section<'_>]) {
    const WORDS: [&str; 3] = ["Instrument", "Contract", "Grid"];
    const NUMBERS: [&str; 6] = ["Tick", "Lot", "Last mid", "Fills", "Turnover", "Net profit"];
    out.push_str(r#"<div class="scroll"><table><caption>Instruments</caption><thead><tr>"#);
    for column in WORDS {
        let _ = write!(out, r#"<th scope="col">{column}</th>"#);
    }
    for column in NUMBERS {
        let _ = write!(out, r#"<th class="n" scope="col">{column}</th>"#);
    }
    out.push_str("</tr></thead><tbody>");
    for ((record, summary), section) in run.instruments.iter().zip(summaries).zip(sections) {
        let mid = summary.end.map(|end| quoted(record, end.mid));
        let numbers = [
            format!("{:#} {}", format::price(&record.spec, Price(1)), record.price_unit),
            format!("{:#} {}", format::lots(&record.spec, Lots(1)), record.size_unit),
            mid.unwrap_or_else(|| NONE.to_owned()),
            text::whole(summary.activity.fills),
            section.turnover(),
            section.net(),
        ];
        let (name, contract) = (escape(&record.name), escape(&contract(record)));
        let _ = write!(
            out,
            r#"<tr><th scope="row">{name}</th><td>{contract}</td><td>{}</td>"#,
            grid(record.grid)
        );
        for number in numbers {
            let _ = write!(out, r#"<td class="n">{}</td>"#, escape(&number));
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table></div>");
}

/// One line per detector of arbitrage; nothing where there is none.
fn found(out: &mut String, rows: &[[String; COLUMNS.len()]]) {
    const WORDS: usize = 2;
    if rows.is_empty() {
        return;
    }
    out.push_str(r#"<div class="scroll"><table><caption>Opportunities</caption><thead><tr>"#);
    let class = |column: usize| if column < WORDS { "" } else { r#" class="n""# };
    for (column, heading) in COLUMNS.into_iter().enumerate() {
        let _ = write!(out, r#"<th{} scope="col">{heading}</th>"#, class(column));
    }
    out.push_str("</tr></thead><tbody>");
    for row in rows {
        out.push_str("<tr>");
        for (column, cell) in row.iter().enumerate() {
            let cell = escape(cell);
            let _ = match column {
                0 => write!(out, r#"<th scope="row">{cell}</th>"#),
                _ => write!(out, "<td{}>{cell}</td>", class(column)),
            };
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table></div>");
}

fn quoted(record: &InstrumentRecord, mid: HalfTicks) -> String {
    format!("{} {}", text::decimal(format::mid(&record.spec, mid)), record.price_unit)
}

fn contract(record: &InstrumentRecord) -> String {
    match record.spec.contract {
        Contract::Linear => format!("linear, settles in {}", record.currency),
        Contract::Inverse => format!("inverse, settles in {}", record.currency),
    }
}

const fn grid(source: GridSource) -> &'static str {
    match source {
        GridSource::Configured => "from the configuration",
        GridSource::Inferred => "inferred from the capture",
    }
}
