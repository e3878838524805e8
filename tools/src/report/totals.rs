//! The table of what instruments made together.

use super::section::{NONE, describe_sharpe};
use super::text::{self, escape};
use crate::{amounts, results, totals};
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
    out.push_str(r#"<th scope="col">Sharpe ratio, annualised</th></tr></thead><tbody>"#);
    for total in all.each() {
        let name = format!("{}, {}", results::scope(total), total.currency);
        let _ = write!(out, r#"<tr><th scope="row">{}</th>"#, escape(&name));
        for cell in cells(total) {
            let _ = write!(out, r#"<td class="n">{}</td>"#, escape(&cell));
        }
        let sharpe = total.sharpe.map_or_else(|| NONE.to_owned(), |sharpe| describe_sharpe(&sharpe));
        let _ = write!(out, "<td>{}</td></tr>", escape(&sharpe));
    }
    out.push_str("</tbody></table></div>");
    if let Some(apart) = totals::apart(all) {
        let _ = write!(out, "<p>{}</p>", escape(&apart));
    }
    out
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
