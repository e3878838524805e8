//! The table of what instruments made together.

use super::judged::ratio_rows;
use super::section::{NONE, estimate, option};
use super::text::{self, escape};
use crate::{amounts, results, totals};
use ballast_analytics::attribution::Attribution;
use ballast_analytics::record::MARKOUT_HORIZONS;
use ballast_analytics::total::{Total, Totals};
use ballast_model::Money;
use std::fmt::Write as _;

const NUMBERS: [&str; 11] = [
    "Instruments",
    "Fills",
    "Turnover",
    "Gross",
    "· captured",
    "Fees",
    "Rebates",
    "Funding",
    "Net profit",
    "Net / turnover",
    "Max drawdown",
];

/// One line per total, and what is not added up.
pub(super) fn render(all: &Totals) -> String {
    let mut out = String::from(r#"<div class="scroll"><table><caption>Totals</caption><thead><tr>"#);
    out.push_str(r#"<th scope="col">Of</th>"#);
    for column in NUMBERS {
        let _ = write!(out, r#"<th class="n" scope="col">{column}</th>"#);
    }
    out.push_str("</tr></thead><tbody>");
    for total in all.each() {
        let name = format!("{}, {}", results::scope(total), total.currency);
        let _ = write!(out, r#"<tr><th scope="row">{}</th>"#, escape(&name));
        for cell in cells(total) {
            let _ = write!(out, r#"<td class="n">{}</td>"#, escape(&cell));
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table></div>");
    causes(&mut out, all);
    ratios(&mut out, all);
    venues(&mut out, all);
    if let Some(apart) = totals::apart(all) {
        let _ = write!(out, "<p>{}</p>", escape(&apart));
    }
    out
}

/// What each total is made of.
fn causes(out: &mut String, all: &Totals) {
    out.push_str(r#"<div class="scroll"><table><caption>Net profit by cause</caption><thead><tr>"#);
    out.push_str(r#"<th scope="col">Of</th>"#);
    for (name, _) in Attribution::default().each() {
        let _ = write!(out, r#"<th class="n" scope="col">{name}</th>"#);
    }
    out.push_str(r#"<th class="n" scope="col">net, the sum</th></tr></thead><tbody>"#);
    for total in all.each() {
        let parts = total.attribution.each().map(|(_, part)| part);
        let digits = amounts::digits(&parts);
        let name = format!("{}, {}", results::scope(total), total.currency);
        let _ = write!(out, r#"<tr><th scope="row">{}</th>"#, escape(&name));
        for part in parts.into_iter().chain([total.attribution.net()]) {
            let _ = write!(out, r#"<td class="n">{}</td>"#, text::money(part, digits));
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table></div>");
}

/// The ratios of each total with their sampling.
fn ratios(out: &mut String, all: &Totals) {
    out.push_str(r#"<div class="scroll"><table><caption>Ratios of net profit</caption><thead><tr>"#);
    out.push_str(r#"<th scope="col">Of</th>"#);
    for (name, _) in ratio_rows(None) {
        let _ = write!(out, r#"<th class="n" scope="col">{name}</th>"#);
    }
    out.push_str("</tr></thead><tbody>");
    for total in all.each() {
        let name = format!("{}, {}", results::scope(total), total.currency);
        let _ = write!(out, r#"<tr><th scope="row">{}</th>"#, escape(&name));
        for (_, ratio) in ratio_rows(total.ratios) {
            let _ = write!(out, r#"<td class="n">{}</td>"#, escape(&ratio));
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table></div>");
}

/// How fills did at each venue.
fn venues(out: &mut String, all: &Totals) {
    out.push_str(r#"<div class="scroll"><table><caption>Markouts by venue, bps</caption><thead><tr>"#);
    out.push_str(r#"<th scope="col">Venue</th><th class="n" scope="col">Fills</th>"#);
    out.push_str(r#"<th class="n" scope="col">at the fill</th>"#);
    for horizon in MARKOUT_HORIZONS {
        let _ = write!(out, r#"<th class="n" scope="col">+{} s</th>"#, horizon.as_secs_f64());
    }
    out.push_str("</tr></thead><tbody>");
    for (venue, marks) in &all.venues {
        let fills = text::whole(marks.fills);
        let _ = write!(out, r#"<tr><th scope="row">{}</th><td class="n">{fills}</td>"#, escape(venue));
        for mean in std::iter::once(marks.spread).chain(marks.later) {
            let _ = write!(out, r#"<td class="n">{}</td>"#, option(mean, |mean| estimate(&mean)));
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table></div>");
}

fn cells(total: &Total) -> [String; NUMBERS.len()] {
    let digits = amounts::digits(&totals::amounts_of(total));
    let money = |amount: Money| text::money(amount, digits);
    let pnl = total.pnl;
    [
        text::whole(total.instruments),
        text::whole(total.fills),
        text::money(total.turnover, amounts::digits(&[total.turnover])),
        money(pnl.gross),
        money(total.captured),
        money(pnl.fees),
        money(pnl.rebates),
        money(pnl.funding),
        money(pnl.net()),
        total.net_bps.map_or_else(|| NONE.to_owned(), |bps| format!("{} bps", text::float(bps, 3))),
        total.drawdown.map_or_else(|| NONE.to_owned(), |drawdown| money(drawdown.value)),
    ]
}
