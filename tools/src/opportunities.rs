//! What the detectors of a run found, in words, as JSON and as rows of a table.

use ballast_core::arbitrage::NoOpportunity;
use ballast_core::shard::{DetectorView, Shard};
use ballast_runtime::job::Prepared;
use serde_json::{Map, Value, json};

use crate::amounts::number;

/// Headings of [`Found::cells`]; the first two are words, the others numbers.
pub(crate) const COLUMNS: [&str; 9] = [
    "Detector",
    "Instruments",
    "Looks",
    "Times seen",
    "Seconds alive",
    "Best net",
    "Mean net",
    "Best edge, bp",
    "Mean edge, bp",
];

/// What one detector found.
pub(crate) struct Found<'a> {
    view: DetectorView<'a>,
    instruments: Vec<String>,
    currency: &'a str,
}

/// What each detector found; nothing where nothing is watched.
pub(crate) fn of<'a>(prepared: &'a Prepared<'_>, shard: &'a Shard) -> Vec<Found<'a>> {
    let found = |view: DetectorView<'a>| {
        let legs = view.legs.iter().filter_map(|leg| prepared.instruments.get(leg.instrument.index()));
        let instruments = legs.map(|one| one.found.name()).collect();
        Found { view, instruments, currency: prepared.asset(view.asset) }
    };
    shard.detectors().map(found).collect()
}

impl Found<'_> {
    /// One JSON object.
    pub(crate) fn json(&self) -> Value {
        let tally = &self.view.tally;
        let nothing: Map<_, _> =
            self.nothing().map(|(why, count)| (why.name().to_owned(), json!(count))).collect();
        json!({
            "detector": self.view.kind.name(),
            "instruments": self.instruments,
            "currency": self.currency,
            "looks": tally.looks,
            "looks_found": tally.found,
            "seen": tally.seen,
            "alive_seconds": tally.alive.as_secs_f64(),
            "net_best": tally.net_mean().map(|_| number(tally.net_best)),
            "net_mean": tally.net_mean().map(number),
            "edge_best_bps": tally.edge_mean_bps().map(|_| tally.edge_best_bps),
            "edge_mean_bps": tally.edge_mean_bps(),
            "nothing": nothing,
        })
    }

    /// A line for a person.
    pub(crate) fn text(&self) -> String {
        let tally = &self.view.tally;
        let name = format!("{} {}", self.view.kind.name(), self.instruments.join(", "));
        let (Some(net), Some(edge)) = (tally.net_mean(), tally.edge_mean_bps()) else {
            let mostly = self.nothing().max_by_key(|(_, count)| *count);
            let mostly = mostly.map_or_else(String::new, |(why, _)| format!(", mostly {}", why.name()));
            return format!("{name}: nothing in {} looks{mostly}", tally.looks);
        };
        format!(
            "{name}: seen {} times, {:.3} s in all, net {:.4} {currency} at best and {:.4} on average, \
             edge {:.3} bp and {edge:.3} bp, {} looks",
            tally.seen,
            tally.alive.as_secs_f64(),
            tally.net_best.to_f64(),
            net.to_f64(),
            tally.edge_best_bps,
            tally.looks,
            currency = self.currency,
        )
    }

    /// A row under [`COLUMNS`]; `none` stands for what there is not.
    pub(crate) fn cells(&self, none: &str) -> [String; COLUMNS.len()] {
        let tally = &self.view.tally;
        let or_none = |text: Option<String>| text.unwrap_or_else(|| none.to_owned());
        let money = |amount: ballast_model::Money| format!("{:.4} {}", amount.to_f64(), self.currency);
        [
            self.view.kind.name().to_owned(),
            self.instruments.join(", "),
            tally.looks.to_string(),
            tally.seen.to_string(),
            format!("{:.3}", tally.alive.as_secs_f64()),
            or_none(tally.net_mean().map(|_| money(tally.net_best))),
            or_none(tally.net_mean().map(money)),
            or_none(tally.edge_mean_bps().map(|_| format!("{:.3}", tally.edge_best_bps))),
            or_none(tally.edge_mean_bps().map(|edge| format!("{edge:.3}"))),
        ]
    }

    /// Why looks found nothing, and how often.
    fn nothing(&self) -> impl Iterator<Item = (NoOpportunity, u64)> {
        let count = |why| (why, self.view.tally.nothing_for(why));
        NoOpportunity::ALL.into_iter().map(count).filter(|(_, count)| *count > 0)
    }
}
