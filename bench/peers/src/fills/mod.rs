//! What the same quoter trades here and in hftbacktest: one capture, risk-averse queues, 1 ms each way, no partial fills.
//!
//! Beside the two runs that are to agree stand others that change one thing each, so that a difference can be put down to its
//! cause: our fills in parts, our book without best prices told apart from it, hftbacktest with the rows of each diff in an
//! order in which no book between them is crossed, hftbacktest looking at the phase of its 100 ms that is nearest to ours.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use ballast_analytics::agreement::Agreement;
use ballast_analytics::record::{FillRow, HORIZONS};
use ballast_model::{
    ClientOrderId, FillReason, HalfTicks, Liquidity, Lots, Money, Nanos, Price, Side, Span, TradeId,
};
use ballast_runtime::capture::{Source, SurveyedFile};
use ballast_runtime::config::{Config, FillsConfig};
use ballast_runtime::job::{Mode, Prepared};
use ballast_runtime::replay::RecorderSpec;
use clap::Args;
use serde_json::{Value, json};

use crate::replay::{Exchange, Fill, Market, Rows, Tape, quote_alone};
use crate::{capture, table};

const NS_PER_MS: i64 = 1_000_000;
/// From a fill to our hearing of it.
const RESPONSE: Span = Span::from_millis(1);
/// Phases of its 100 ms, a millisecond apart, at which hftbacktest's quoter looks.
const PHASES: i64 = 100;
/// Enough samples for any capture.
const RECORDED: RecorderSpec = RecorderSpec { interval: Span::from_secs(1), samples_max: 100_000 };

/// What the table shows of a run, by keys of its figures.
const COLUMNS: [&str; 10] =
    ["run", "orders", "fills", "volume", "position", "as_first", "as_second", "queue", "through", "cross"];

/// Options of `fills`.
#[derive(Debug, Args)]
pub struct Options {
    /// The capture; default: usdm_ethusdt_20240808.gz of the captures folder.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Price step.
    #[arg(long, default_value_t = 0.01)]
    tick: f64,
    /// Size step.
    #[arg(long, default_value_t = 0.001)]
    lot: f64,
    /// How far apart two fills may be and still be the same, in milliseconds.
    #[arg(long, default_value_t = 200)]
    within_ms: i64,
    /// Name the fills that the second run and the last have alone.
    #[arg(long)]
    alone: bool,
}

/// One run.
struct Done {
    name: String,
    orders: u64,
    volume: f64,
    position: f64,
    fills: Vec<FillRow>,
}

/// Plays all runs, prints a table and returns the figures.
///
/// # Errors
/// The capture cannot be read, or a contender fails.
pub fn run(options: &Options) -> Result<Value> {
    let path = options.data.clone().unwrap_or_else(|| capture::folder().join("usdm_ethusdt_20240808.gz"));
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let text = capture::read(&path)?;
    let market = Market { tick: options.tick, lot: options.lot, range: (0.0, 0.0) };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config");
    let parts = Config::load(&folder.join("peer-quoter.toml"))?;
    let mut whole = parts.clone();
    whole.venue.queue.fills = FillsConfig::Whole;
    let (first, offset) = ours("ballast, whole fills", &whole, &text, market)?;
    let mut runs = vec![first];
    runs.push(ours("ballast, whole fills, no best prices", &whole, &without_best_prices(&text), market)?.0);
    runs.push(ours("ballast, fills in parts", &parts, &text, market)?.0);
    let received = Tape::from_text(&text, 1, Rows::AsReceived)?;
    let uncrossed = Tape::from_text(&text, 1, Rows::RemovalsFirst)?;
    for (name, tape, exchange) in [
        ("hftbacktest, whole fills", &received, Exchange::Whole),
        ("hftbacktest, whole fills, removals first", &uncrossed, Exchange::Whole),
        ("hftbacktest, fills in parts", &received, Exchange::Partial),
    ] {
        runs.push(theirs(name.to_owned(), tape, exchange, 0, market, offset)?);
    }
    let within = Span::from_millis(options.within_ms);
    let mut phases = Vec::new();
    for later in 0..PHASES {
        let name = format!("hftbacktest, whole fills, {later} ms later");
        phases.push(theirs(name, &received, Exchange::Whole, later * NS_PER_MS, market, offset)?);
    }
    let spread = spread(&phases);
    let shared = |run: &Done| runs.get(1).map_or(0.0, |second| second.share(run, within));
    let nearest = phases.into_iter().max_by(|one, other| shared(one).total_cmp(&shared(other)));
    runs.extend(nearest);
    eprintln!(
        "{name}; as_first, as_second: the share of the volume that the first and the second run have as well, at the same side \
         and price and within {} ms\n",
        options.within_ms
    );
    let rows: Vec<_> = runs.iter().map(|run| run.figures(&runs, within)).collect();
    print(&rows);
    if let (true, [_, second, .., last]) = (options.alone, &*runs) {
        tell_alone(second, last, within);
        tell_alone(last, second, within);
    }
    eprintln!("\nhftbacktest over all phases of its 100 ms: {spread}");
    Ok(json!({
        "bench": "fills",
        "capture": name,
        "within_ms": options.within_ms,
        "runs": rows,
        "hftbacktest_over_phases": spread,
    }))
}

impl Done {
    /// The share of the volume that both have.
    fn share(&self, other: &Self, within: Span) -> f64 {
        Agreement::of(&self.fills, &other.fills, within).share()
    }

    /// Fills by reason are told by our own runs alone.
    fn figures(&self, runs: &[Self], within: Span) -> Value {
        let shared = |run: usize| runs.get(run).map(|run| run.share(self, within));
        let known = self.fills.iter().all(|fill| fill.reason != FillReason::Venue);
        let count = |reason| known.then(|| self.fills.iter().filter(|fill| fill.reason == reason).count());
        json!({
            "run": self.name,
            "orders": self.orders,
            "fills": self.fills.len(),
            "volume": self.volume,
            "position": self.position,
            "as_first": shared(0),
            "as_second": shared(1),
            "queue": count(FillReason::QueueExhausted),
            "through": count(FillReason::TradeThrough),
            "cross": count(FillReason::BookCross),
        })
    }
}

fn print(rows: &[Value]) {
    let cell = |row: &Value, key: &str| match row.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) if number.is_f64() => {
            format!("{:.3}", number.as_f64().unwrap_or(f64::NAN))
        }
        Some(Value::Null) | None => "–".to_owned(),
        Some(other) => other.to_string(),
    };
    table::print(&COLUMNS, rows.iter().map(|row| COLUMNS.iter().map(|key| cell(row, key)).collect()));
}

/// Names the fills of one run that another has nothing like.
fn tell_alone(run: &Done, other: &Done, within: Span) {
    for fill in &run.fills {
        let is_like = |one: &&FillRow| {
            (one.side, one.price) == (fill.side, fill.price) && (one.time - fill.time).0.abs() <= within.0
        };
        if !other.fills.iter().any(|one| is_like(&one)) {
            let (at, price) = (fill.time.0, fill.price.0);
            eprintln!(
                "{} alone: {at} {:?} {} at {price} {:?}",
                run.name, fill.side, fill.lots.0, fill.reason
            );
        }
    }
}

/// How far runs that differ in nothing but their phase lie apart.
fn spread(runs: &[Done]) -> Value {
    let fills = || runs.iter().map(|run| run.fills.len());
    let positions = || runs.iter().map(|run| run.position);
    json!({
        "fills_min": fills().min(),
        "fills_mean": fills().sum::<usize>() as f64 / runs.len().max(1) as f64,
        "fills_max": fills().max(),
        "position_min": positions().fold(f64::INFINITY, f64::min),
        "position_max": positions().fold(f64::NEG_INFINITY, f64::max),
    })
}

/// A capture without the stream of best prices: hftbacktest does not read it.
fn without_best_prices(text: &[u8]) -> Vec<u8> {
    let is_other = |line: &&[u8]| !line.windows(11).any(|part| part == b"@bookTicker");
    text.split_inclusive(|byte| *byte == b'\n').filter(is_other).flatten().copied().collect()
}

/// A run of ours, and what maps the venue's clock to ours in it.
fn ours(name: &str, config: &Config, text: &[u8], market: Market) -> Result<(Done, Span)> {
    let file = SurveyedFile::new(Source::in_memory("capture", text.to_vec()))?;
    let prepared = Prepared::from_surveyed(config, Path::new("peer-quoter.toml"), &[file], |_| {})?;
    let mut recorder = prepared.recorder(RECORDED);
    let played = prepared.play(Mode::Quoting, 1, &mut recorder)?;
    let offset = prepared.tapes.first().and_then(|tape| tape.clock_offsets().next()).unwrap_or(Span::ZERO);
    let record = recorder.finish(played.outcome.ended_at, &played.shard).into_iter().next();
    let record = record.context("the capture holds no instrument")?;
    let volume: i64 = record.fills.iter().map(|fill| fill.lots.0).sum();
    let position = record.samples.last().map_or(0, |end| end.position.0);
    let done = Done {
        name: name.to_owned(),
        orders: played.outcome.orders,
        volume: volume as f64 * market.lot,
        position: position as f64 * market.lot,
        fills: record.fills,
    };
    Ok((done, offset))
}

/// A run of hftbacktest, its fills told as ours are.
fn theirs(
    name: String,
    tape: &Tape,
    exchange: Exchange,
    phase: i64,
    market: Market,
    offset: Span,
) -> Result<Done> {
    let done = quote_alone(tape, market, exchange, phase)?;
    let row = |fill: &Fill| FillRow {
        time: Nanos(fill.exch_ts) + offset + RESPONSE,
        side: if fill.bought { Side::Bid } else { Side::Ask },
        price: Price(fill.price_tick),
        lots: Lots((fill.size / market.lot).round() as i64),
        liquidity: Liquidity::Maker,
        reason: FillReason::Venue,
        fee: Money::ZERO,
        client_id: ClientOrderId(0),
        trade_id: TradeId(0),
        mid: HalfTicks(0),
        markouts: [None; HORIZONS],
        position_after: Lots::ZERO,
        place: None,
    };
    let fills = done.fills.iter().map(row).collect();
    Ok(Done { name, orders: done.orders, volume: done.volume, position: done.position, fills })
}

#[cfg(test)]
mod tests {
    use super::without_best_prices;

    #[test]
    fn only_best_prices_are_left_out() {
        let text =
            b"1 {\"stream\":\"x@depth\"}\n2 {\"stream\":\"x@bookTicker\"}\n3 {\"stream\":\"x@trade\"}\n";
        let rest = without_best_prices(text);
        assert_eq!(rest, b"1 {\"stream\":\"x@depth\"}\n3 {\"stream\":\"x@trade\"}\n");
    }
}
