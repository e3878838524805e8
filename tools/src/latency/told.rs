//! What was measured, as a table and as an object.

use ballast_runtime::host::Obtained;
use ballast_runtime::host::doctor::{Finding, Verdict};
use ballast_runtime::latency::{
    Alone, Counts, Crossing, Exemplar, Figures, Kernel, Kind, Over, Stage, Told, Until,
};
use hdrhistogram::Histogram;
use serde_json::{Map, Value, json};

/// The idle gap of the clock beyond which nothing counts, at its 99.9th percentile.
const IDLE_GAP_MAX: u64 = 5_000;
/// The share of time in such gaps beyond which nothing counts: the percentile alone does not see a few long ones.
const LOST_SHARE_MAX: f64 = 0.001;
/// Ticks that lead to orders below which the far percentiles say little.
const POPULATION: u64 = 1_000_000;
/// One frame in so many is stamped on its way.
const SAMPLED: u64 = 16;

/// Threads between bytes and bytes over sockets: the venue that is played is one of them.
const SOCKET_THREADS: usize = 3;

/// One run.
#[derive(Debug)]
pub(super) struct Run {
    /// What is looked at: best prices of the whole market, or changes of the book of a market without them.
    pub(super) kind: Kind,
    pub(super) rate: u32,
    pub(super) run: u16,
    pub(super) figures: Figures,
}

impl Run {
    const fn told(&self) -> &Told {
        match self.kind {
            Kind::Ticker | Kind::Other => &self.figures.ticker,
            Kind::Depth => &self.figures.depth,
        }
    }

    fn name(&self) -> String {
        format!("{}, run {} at x{}", word(self.kind), self.run, self.rate)
    }
}

/// Everything that was measured.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) name: String,
    pub(super) until: Until,
    pub(super) over: Over,
    pub(super) cores: usize,
    pub(super) crossing: Crossing,
    pub(super) alone: Alone,
    pub(super) runs: Vec<Run>,
    pub(super) findings: Vec<Finding>,
    pub(super) obtained: Vec<Obtained>,
}

/// Why the counts of a run do not agree; empty where they do.
fn disagreement(counts: &Counts) -> Option<String> {
    let Counts { decided, sent, unsent, matched, missed, books_lost, unread, clock_falls, .. } = *counts;
    let whole =
        decided == sent && sent == matched && unsent + missed + books_lost + unread + clock_falls == 0;
    (!whole).then(|| {
        format!(
            "{decided} commands decided, {sent} sent, {matched} matched, {unsent} refused, {missed} not listed, {books_lost} books lost, \
            {unread} frames unread, {clock_falls} clock falls"
        )
    })
}

impl Whole {
    const fn is_wired(&self) -> bool {
        !matches!(self.over, Over::Process)
    }

    fn idle_gap(&self) -> u64 {
        self.crossing.idle_gaps.value_at_quantile(0.999)
    }

    /// Why the figures count for nothing.
    pub(super) fn invalid(&self) -> Vec<String> {
        let mut why = Vec::new();
        if cfg!(debug_assertions) {
            why.push("this program was built without optimisation".to_owned());
        }
        if self.idle_gap() > IDLE_GAP_MAX {
            let gap = self.idle_gap();
            why.push(format!(
                "the idle clock gap's p99.9 is {gap} ns, above {IDLE_GAP_MAX}: others use these cores"
            ));
        }
        let share = self.crossing.lost_share(IDLE_GAP_MAX);
        if share > LOST_SHARE_MAX {
            let percent = 100.0 * share;
            why.push(format!(
                "idle threads were off their cores for {percent:.1} % of the time: others use them"
            ));
        }
        if self.is_wired() && self.cores < SOCKET_THREADS {
            let cores = self.cores;
            why.push(format!(
                "venue, engine's venue thread and shard wait for each other: {SOCKET_THREADS} threads on {cores} cores"
            ));
        }
        for run in &self.runs {
            why.extend(disagreement(&run.figures.counts).map(|what| format!("{}: {what}", run.name())));
        }
        why
    }

    /// What has to be known beside the figures.
    fn notes(&self) -> Vec<String> {
        let way = match self.over {
            Over::Process => "in process, on two threads: no kernel, no TLS, no WebSocket; journal on",
            Over::Plain => {
                "over loopback, TCP and WebSocket without TLS; the venue is a thread of this process; journal on"
            }
            Over::Tls(_) => {
                "over loopback, TCP, TLS and WebSocket; the venue is a thread of this process; journal on"
            }
        };
        let mut notes = vec![
            way.to_owned(),
            "venue throttles raised out of reach; every order is accepted at once and none is filled"
                .to_owned(),
            format!(
                "total from two stamps, stages of one frame in {SAMPLED}; a stamp takes {} ns, and is not taken off",
                self.crossing.stamp
            ),
        ];
        if self.is_wired() {
            notes.push("requests over HTTP, none on the way, are answered in process".to_owned());
        } else if self.cores < 3 {
            notes.push(format!(
                "{} cores: the journal's thread has none beside the two that spin",
                self.cores
            ));
        }
        let least = self.runs.iter().map(|run| run.figures.counts.triggers).min().unwrap_or_default();
        if least < POPULATION {
            notes.push(format!(
                "a run has as few as {least} ticks that led to orders, fewer than {POPULATION}"
            ));
        }
        notes.extend(self.obtained.iter().filter(|one| one.is_missing()).map(ToString::to_string));
        notes
    }

    /// Whether the median of best bid and ask to order, in the first run, is within what its parts allow.
    fn bound(&self) -> (u64, Option<u64>) {
        let hop = self.crossing.hop.value_at_quantile(0.5);
        let in_process = self.runs.first().filter(|_| !self.is_wired());
        let ticker = in_process.map(|run| &run.told().total).filter(|total| !total.is_empty());
        (self.alone.allows(hop), ticker.map(|total| total.value_at_quantile(0.5)))
    }

    pub(super) fn object(&self) -> Value {
        let (allowed, taken) = self.bound();
        let Alone { decode, core, encode } = self.alone;
        let (hop, gaps) = (&self.crossing.hop, &self.crossing.idle_gaps);
        let at = |times: &Histogram<u64>, quantile| times.value_at_quantile(quantile);
        let findings = self.findings.iter().map(|one| json!({ "check": one.check, "found": one.found }));
        json!({
            "valid": self.invalid().is_empty(),
            "invalid": self.invalid(),
            "notes": self.notes(),
            "market": self.name,
            "seconds": match self.until { Until::Elapsed(lasts) => Some(lasts.0 / 1_000_000_000), Until::Ticks(_) => None },
            "ticks": match self.until { Until::Elapsed(_) => None, Until::Ticks(ticks) => Some(ticks) },
            "where": self.over.name(),
            "journal": true,
            "tls": matches!(self.over, Over::Tls(_)),
            "host": {
                "cores": self.cores,
                "obtained": self.obtained.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "findings": findings.collect::<Vec<_>>(),
            },
            "probe": { "stamp_ns": self.crossing.stamp, "sampled_one_in": SAMPLED },
            "idle_lost_share": self.crossing.lost_share(IDLE_GAP_MAX),
            "idle_gap_ns": { "p50": at(gaps, 0.5), "p99": at(gaps, 0.99), "p99.9": at(gaps, 0.999), "max": gaps.max() },
            "hop_ns": { "p50": at(hop, 0.5), "p99": at(hop, 0.99) },
            "alone_ns": { "decode": decode, "core": core, "encode": encode },
            "bound_ns": { "allowed": allowed, "taken": taken, "kept": taken.map(|taken| taken <= allowed) },
            "runs": self.runs.iter().map(run_object).collect::<Vec<_>>(),
            "table": self.table(),
        })
    }

    /// Runs that differ in nothing, by what they share.
    fn groups(&self) -> impl Iterator<Item = &[Run]> {
        self.runs.chunk_by(|one, next| (one.kind, one.rate) == (next.kind, next.rate))
    }

    fn table(&self) -> Vec<Value> {
        let row = |runs: &[Run]| {
            let first = runs.first()?;
            let mut row = Map::new();
            row.insert("rate".to_owned(), json!(first.rate));
            row.insert("kind".to_owned(), json!(word(first.kind)));
            for (key, quantile) in QUANTILES {
                let (median, worst) = among(runs, quantile);
                row.insert(key.to_owned(), json!({ "median": median, "worst": worst }));
            }
            Some(row.into())
        };
        self.groups().filter_map(row).collect()
    }

    pub(super) fn text(&self) -> String {
        let (allowed, taken) = self.bound();
        let Alone { decode, core, encode } = self.alone;
        let (hop, gap) = (self.crossing.hop.value_at_quantile(0.5), self.idle_gap());
        let mut lines = vec![
            format!("tick to trade on {}, {} a run; nanoseconds", self.name, long(self.until)),
            format!("idle clock gap p99.9 {gap}, a hop over a ring p50 {hop}"),
            format!("alone, p50: decode {decode}, core {core}, encode {encode}"),
        ];
        lines.extend(taken.map(|taken| {
            let word = if taken <= allowed { "kept" } else { "NOT KEPT" };
            format!("2 hops + 1.2 × parts allow {allowed}, book ticker to order takes {taken}: {word}")
        }));
        lines.extend(self.groups().filter_map(row));
        for run in self.runs.iter().filter(|run| run.run == 1) {
            lines.push(format!("{}: {}", run.name(), counts_line(&run.figures.counts)));
            lines.push(format!("  {}", stages_line(run.told(), self.is_wired())));
            lines.extend(run.figures.kernel.iter().flat_map(|kernel| shares(run.told(), kernel)));
            lines.extend(run.figures.worst.iter().map(worst_line));
        }
        lines.extend(self.notes().into_iter().map(|note| format!("note: {note}")));
        let bad = self.findings.iter().filter(|one| one.verdict != Verdict::Ok);
        lines.extend(bad.map(|one| format!("host: {}: {}", one.check, one.found)));
        lines.extend(self.invalid().into_iter().map(|why| format!("INVALID: {why}")));
        lines.join("\n") + "\n"
    }
}

/// Median and worst of some runs.
fn among(runs: &[Run], quantile: f64) -> (u64, u64) {
    let mut all: Vec<_> = runs.iter().map(|run| run.told().total.value_at_quantile(quantile)).collect();
    all.sort_unstable();
    let median = all.get(all.len().saturating_sub(1) / 2).copied().unwrap_or_default();
    (median, all.last().copied().unwrap_or_default())
}

fn row(runs: &[Run]) -> Option<String> {
    let first = runs.first()?;
    let cells = QUANTILES.map(|(key, quantile)| {
        let (median, worst) = among(runs, quantile);
        format!("{key} {median} ({worst})")
    });
    let count: u64 = runs.iter().map(|run| run.told().total.len()).sum();
    let (name, rate) = (word(first.kind), first.rate);
    Some(format!("x{rate:<4} {name:<12} {count:>8} orders; median (worst) run: {}", cells.join(", ")))
}

const QUANTILES: [(&str, f64); 5] =
    [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)];

/// How long a run lasts.
pub(super) fn long(until: Until) -> String {
    match until {
        Until::Elapsed(lasts) => format!("{} s", lasts.0 / 1_000_000_000),
        Until::Ticks(ticks) => format!("{ticks} ticks that lead to orders"),
    }
}

/// The whole way over sockets, what the kernel takes of as much, and what is ours.
fn shares(told: &Told, kernel: &Kernel) -> [String; 3] {
    let line = |name, times: &Histogram<u64>, what: String| {
        let cells = QUANTILES.map(|(key, quantile)| format!("{key} {}", times.value_at_quantile(quantile)));
        format!("  {name:<6} {}; {what}", cells.join(", "))
    };
    let (frame, order) = kernel.bytes;
    let trips = kernel.round_trip.len();
    let call = kernel.answer.value_at_quantile(0.5);
    [
        line("whole", &told.total, "from the schedule until the venue has read the order".to_owned()),
        line("kernel", &kernel.round_trip, format!("{frame} bytes there and {order} back, {trips} times")),
        line(
            "ours",
            &told.ours,
            format!("from bytes read to bytes written, the write in it, which alone takes {call}"),
        ),
    ]
}

fn quantiles(times: &Histogram<u64>) -> Map<String, Value> {
    let value = |(key, quantile): (&str, f64)| (key.to_owned(), json!(times.value_at_quantile(quantile)));
    QUANTILES.into_iter().map(value).collect()
}

fn kernel_object(kernel: &Kernel) -> Value {
    let mut object = quantiles(&kernel.round_trip);
    object.insert("count".to_owned(), json!(kernel.round_trip.len()));
    object.insert("frame_bytes".to_owned(), json!(kernel.bytes.0));
    object.insert("order_bytes".to_owned(), json!(kernel.bytes.1));
    object.insert("write_p50".to_owned(), json!(kernel.answer.value_at_quantile(0.5)));
    object.into()
}

fn counts_line(counts: &Counts) -> String {
    let Counts { frames, triggers, sent, records, .. } = counts;
    format!("{frames} frames, {triggers} led to orders; {sent} commands sent, {records} journal records")
}

/// The stages that there are.
fn stages(told: &Told, is_wired: bool) -> impl Iterator<Item = (&'static str, &Histogram<u64>)> {
    let all = Stage::ALL.iter().zip(&told.stages);
    all.filter(move |(stage, _)| is_wired || stage.is_in_process())
        .map(|(stage, times)| (stage.name(), times))
}

fn stages_line(told: &Told, is_wired: bool) -> String {
    let stage = |(name, times): (&str, &Histogram<u64>)| {
        format!("{name} {}/{}", times.value_at_quantile(0.5), times.value_at_quantile(0.99))
    };
    let stages: Vec<_> = stages(told, is_wired).map(stage).collect();
    let sampled = told.stages.first().map_or(0, Histogram::len);
    format!("p50/p99 of {sampled} sampled: {}", stages.join(", "))
}

fn worst_line(worst: &Exemplar) -> String {
    let Exemplar { nanos, wait, line, passes, input, kind } = worst;
    let again = if *passes > 0 { format!(", {passes} times through before") } else { String::new() };
    format!(
        "  worst: {nanos} ns, {wait} of it before it was handed in: {}, line {line}{again}, input {input}",
        word(*kind)
    )
}

pub(super) const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Ticker => "book ticker",
        Kind::Depth => "depth diff",
        Kind::Other => "other",
    }
}

fn told_object(told: &Told, is_wired: bool) -> Value {
    let mut object = quantiles(&told.total);
    object.insert("count".to_owned(), json!(told.total.len()));
    object.insert("levels_p50".to_owned(), json!(told.levels.value_at_quantile(0.5)));
    object.insert("p50_less_35_ns_a_level".to_owned(), json!(told.less_levels.value_at_quantile(0.5)));
    let stages = stages(told, is_wired).map(|(name, times)| {
        let (p50, p99) = (times.value_at_quantile(0.5), times.value_at_quantile(0.99));
        (name.to_owned(), json!({ "count": times.len(), "p50": p50, "p99": p99 }))
    });
    object.insert("stages".to_owned(), stages.collect::<Map<_, _>>().into());
    object.into()
}

fn run_object(run: &Run) -> Value {
    let Figures { counts, worst, kernel, .. } = &run.figures;
    let worst = worst.iter().map(|one| {
        json!({ "ns": one.nanos, "wait_ns": one.wait, "kind": word(one.kind), "line": one.line, "passes": one.passes, "input": one.input })
    });
    json!({
        "kind": word(run.kind),
        "rate": run.rate,
        "run": run.run,
        "frames": counts.frames,
        "triggers": counts.triggers,
        "commands_decided": counts.decided,
        "commands_sent": counts.sent,
        "commands_refused": counts.unsent,
        "commands_matched": counts.matched,
        "commands_missed": counts.missed,
        "books_lost": counts.books_lost,
        "frames_unread": counts.unread,
        "messages": counts.messages,
        "journal_records": counts.records,
        "times": told_object(run.told(), kernel.is_some()),
        "kernel": kernel.as_ref().map(kernel_object),
        "ours": kernel.as_ref().map(|_| quantiles(&run.told().ours)),
        "worst": worst.collect::<Vec<_>>(),
    })
}
