//! What hedges did, and which of them cannot act.

use ballast_core::gate::Rule;
use ballast_core::hedge::HedgeMetrics;
use ballast_core::shard::{HedgingSpec, Shard};
use ballast_model::{InstrumentId, Span};
use ballast_runtime::config::{HedgeConfig, market_name};
use ballast_runtime::job::Prepared;
use serde_json::{Value, json};

/// One hedge and what it did.
pub(crate) struct Hedged {
    /// The instruments it trades.
    on: Vec<String>,
    /// The instruments whose positions it hedges.
    of: Vec<String>,
    metrics: HedgeMetrics,
    /// Orders that the gates of its instruments refused, by rule.
    refusals: Vec<(Rule, u64)>,
}

/// All hedges of a run.
pub(crate) fn of(prepared: &Prepared<'_>, shard: &Shard) -> Vec<Hedged> {
    let names = |ids: &[InstrumentId]| ids.iter().map(|id| name(prepared, *id)).collect();
    let hedged = |(spec, metrics): (&HedgingSpec, HedgeMetrics)| {
        let on: Vec<_> = spec.hedge.venues.iter().map(|venue| venue.instrument).collect();
        let refused = |rule| on.iter().filter_map(|id| shard.gate(*id)).map(|gate| gate.refusals(rule)).sum();
        let refusals = Rule::ALL.into_iter().map(|rule| (rule, refused(rule)));
        Hedged {
            on: names(&on),
            of: names(&spec.parts),
            metrics,
            refusals: refusals.filter(|(_, count): &(Rule, u64)| *count > 0).collect(),
        }
    };
    shard.hedgings().zip(shard.hedges().map(|hedge| *hedge.metrics())).map(hedged).collect()
}

/// Says which quoted instruments the table of hedging leaves unhedged, and where it hedges nothing.
pub(crate) fn lacks(hedge: &HedgeConfig, prepared: &Prepared<'_>, shard: &Shard) -> Vec<String> {
    let ids = || (0..=u16::MAX).map(InstrumentId).take(prepared.instruments.len());
    let markets: Vec<_> = hedge.markets().iter().map(|market| market_name((*market).into())).collect();
    let market = markets.join(" or ");
    let quoted: Vec<_> = ids().filter(|id| shard.is_quoted(*id)).collect();
    if quoted.is_empty() {
        return vec!["[hedge] does nothing: no instrument is quoted that it could hedge".to_owned()];
    }
    let hedged = |id: &InstrumentId| shard.hedgings().any(|spec| spec.parts.contains(id));
    quoted
        .iter()
        .filter(|id| !hedged(id))
        .map(|id| {
            format!(
                "{} is not hedged: the data has no other instrument on its base and quote asset in [hedge] market {market} with a book",
                name(prepared, *id)
            )
        })
        .collect()
}

fn name(prepared: &Prepared<'_>, id: InstrumentId) -> String {
    prepared.instruments.get(id.index()).map_or_else(String::new, |one| one.found.name())
}

fn seconds(span: Span) -> f64 {
    span.duration().as_secs_f64()
}

impl Hedged {
    /// A line for a person.
    pub(crate) fn text(&self) -> String {
        let HedgeMetrics { outside, unsure, outside_longest, episodes, placed, cancelled } = self.metrics;
        let refused: u64 = self.refusals.iter().map(|(_, count)| count).sum();
        format!(
            "hedge of {} on {}: unhedged {:.3} s in {episodes} times, {:.3} s at most, {:.3} s unknown, \
             {placed} orders, {cancelled} cancels, {refused} refused",
            self.of.join(", "),
            self.on.join(", "),
            seconds(outside),
            seconds(outside_longest),
            seconds(unsure),
        )
    }

    /// The same as JSON.
    pub(crate) fn json(&self) -> Value {
        let refusals = self.refusals.iter().map(|(rule, count)| (rule.name().to_owned(), json!(count)));
        json!({
            "of": self.of,
            "on": self.on,
            "unhedged_seconds": seconds(self.metrics.outside),
            "unhedged_longest_seconds": seconds(self.metrics.outside_longest),
            "unknown_seconds": seconds(self.metrics.unsure),
            "unhedged_times": self.metrics.episodes,
            "orders": self.metrics.placed,
            "cancels": self.metrics.cancelled,
            "refusals": Value::Object(refusals.collect()),
        })
    }
}
