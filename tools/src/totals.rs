//! What instruments made together, in words and as JSON.

use ballast_analytics::total::{Marks, Scope, Total, Totals};
use ballast_model::Money;
use serde_json::{Value, json};

use crate::{amounts, results};

/// Lines for a person: two per total, and which currencies are not added up.
pub(crate) fn lines(totals: &Totals) -> Vec<String> {
    totals.each().flat_map(|total| [line(total), causes(total)]).chain(apart(totals)).collect()
}

fn line(total: &Total) -> String {
    let pnl = total.pnl;
    let digits = amounts::digits(&amounts_of(total));
    let show = |amount: Money| amounts::plain(amount, digits);
    format!(
        "{}: gross {}, fees {}, rebates {}, funding {}, net {}",
        name(total),
        show(pnl.gross),
        show(pnl.fees),
        show(pnl.rebates),
        show(pnl.funding),
        show(pnl.net())
    )
}

fn causes(total: &Total) -> String {
    let parts = total.attribution.each();
    let digits = amounts::digits(&parts.map(|(_, part)| part));
    let parts = parts.map(|(name, part)| format!("{name} {}", amounts::plain(part, digits)));
    format!("{} by cause: {}", name(total), parts.join(", "))
}

fn name(total: &Total) -> String {
    match total.scope {
        Scope::Settled => total.currency.clone(),
        Scope::Converted => format!("all, in {} at the stated rates", total.currency),
    }
}

/// Says where profit is not added up.
pub(crate) fn apart(totals: &Totals) -> Option<String> {
    let currencies = totals.apart();
    (!currencies.is_empty()).then(|| {
        format!(
            "profit in {} is not added up: [report] conversion states no rates for all of them",
            currencies.join(" and ")
        )
    })
}

/// The amounts of a total that are shown beside each other.
pub(crate) fn amounts_of(total: &Total) -> [Money; 6] {
    let pnl = total.pnl;
    [pnl.gross, pnl.fees, pnl.rebates, pnl.funding, pnl.net(), total.captured]
}

/// One object per total.
pub(crate) fn json(total: &Total) -> Value {
    json!({
        "scope": results::scope(total),
        "currency": total.currency,
        "instruments": total.instruments,
        "figures": results::json(&results::of_total(total)),
    })
}

/// How fills did at a venue.
pub(crate) fn venue_json((venue, marks): &(String, Marks)) -> Value {
    json!({ "venue": venue, "figures": results::json(&results::of_venue(marks)) })
}
