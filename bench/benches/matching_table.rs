//! The matching engine in one table of rates and percentiles, and the reference targets beside ours: Markdown, in less than a
//! minute. `bench/matching.sh` puts it into `bench/runs/`.
//!
//! **Rates.** Each request of the flow is due at a time fixed beforehand, whether or not the ones before it are done (an open loop), and
//! its latency is from then to its completion: a pause of the machine counts for every request that was due in it. The clock is read once
//! before a request that is waited for, and once after those that were done together because all were due; each of these is recorded
//! with the time at which the last of them was done, so nothing is told faster than it was. Where requests come faster than they are
//! done, the queue grows, and so do the latencies.
//!
//! **Targets.** Placing, matching, a batch and a grid are timed one by one, the reading of the clock included; a lookup costs less than
//! that, and its figures are means of [`TOGETHER`]. A quote update is an event of the market after which the core sent commands.
//!
//! Never here: a budget that fails a run. Machines differ, and this prints what there is.
#![expect(clippy::expect_used, reason = "a benchmark of what cannot be built must stop")]
#![expect(clippy::print_stdout, reason = "the figures are printed")]
#![expect(clippy::indexing_slicing, reason = "indices are below lengths fixed here; another one must stop")]

use std::hint::black_box;

use ballast_bench::flow::{REQUESTS, Seen, WARM, flow, placement, warmed};
use ballast_bench::inputs::inputs;
use ballast_bench::quotes::{grid, live, quote_inputs};
use ballast_bench::{Data, config};
use ballast_core::model::{DesiredQuotes, QuoteModel};
use ballast_core::outbox::Outbox;
use ballast_core::quotes::{Actions, Planned, Tolerance, diff};
use ballast_exchange::matching::{AccountId, Matching, Request};
use ballast_model::{ClientOrderId, Side, TimeInForce};
use ballast_runtime::clock::Stopwatch;
use ballast_runtime::job::Mode;
use hdrhistogram::Histogram;

/// Rates in requests a second, and for how long, in seconds, as far as the flow reaches.
const RATES: [(f64, f64); 10] = [
    (1e3, 6.0),
    (1e4, 4.0),
    (1e5, 3.0),
    (5e5, 2.0),
    (1e6, 1.0),
    (2e6, 1.0),
    (3e6, 1.0),
    (4e6, 1.0),
    (5e6, 1.0),
    (6e6, 1.0),
];
/// Timed runs at full speed.
const RUNS: usize = 9;
/// Most requests done between two readings of the clock.
const TOGETHER_MAX: usize = 32;
/// Lookups that share two readings.
const TOGETHER: u32 = 100;
/// Operations timed of each kind.
const TIMED: u64 = 200_000;
/// Percentiles of the tables.
const PERCENTILES: [f64; 5] = [0.5, 0.9, 0.99, 0.999, 0.9999];

fn nanos(watch: &Stopwatch) -> u64 {
    u64::try_from(watch.elapsed().as_nanos()).expect("a short run")
}

/// From a nanosecond to a minute.
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("a histogram")
}

/// The percentiles and the maximum as cells.
fn cells(times: &Histogram<u64>) -> String {
    let at = |percentile: &f64| format!(" {:>8} |", times.value_at_quantile(*percentile));
    let cells: String = PERCENTILES.iter().map(at).collect();
    format!("{cells} {:>9} |", times.max())
}

/// What the clock costs, and what the machine does while nothing is done.
fn idle() -> Histogram<u64> {
    let mut gaps = histogram();
    let watch = Stopwatch::start();
    let mut before = nanos(&watch);
    for _ in 0..2_000_000 {
        let now = nanos(&watch);
        gaps.saturating_record(now - before);
        before = now;
    }
    gaps
}

fn full_speed(requests: &[Request]) -> f64 {
    let mut times = Vec::with_capacity(RUNS);
    for run in 0..RUNS {
        let (mut engine, mut seen) = (warmed(requests), Seen::default());
        let open = engine.open_orders();
        let watch = Stopwatch::start();
        for request in &requests[WARM..] {
            engine.apply(request, &mut seen);
        }
        times.push(watch.elapsed().as_secs_f64());
        if run == 0 {
            println!(
                "Flow: {} requests timed, {open} orders open before and {} after, {} outcomes, {} trades, {} \
                 refusals; state hash {:016x}, {:?}.\n",
                REQUESTS - WARM,
                engine.open_orders(),
                seen.outcomes,
                seen.trades,
                seen.refusals,
                engine.state_hash(),
                engine.validate()
            );
        }
    }
    times.sort_by(f64::total_cmp);
    let rate = |time: f64| (REQUESTS - WARM) as f64 / time / 1e6;
    let (best, median) = (rate(times[0]), rate(times[RUNS / 2]));
    println!("Full speed, million requests a second: best {best:.2}, median {median:.2} of {RUNS}.\n");
    median
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole nanoseconds and requests")]
fn at_rate(requests: &[Request], rate: f64, seconds: f64) {
    let (mut engine, mut seen) = (warmed(requests), Seen::default());
    let mut latencies = histogram();
    let flow = &requests[WARM..];
    let flow = &flow[..flow.len().min((rate * seconds) as usize)];
    let watch = Stopwatch::start();
    let begin = nanos(&watch) + 1_000;
    let due = |nth: usize| begin + (nth as f64 * 1e9 / rate) as u64;
    let (mut next, mut now) = (0, nanos(&watch));
    while next < flow.len() {
        // Waits by reading the clock alone: a pause instruction may hand a virtual core to somebody else.
        while now < due(next) {
            now = nanos(&watch);
        }
        let first = next;
        while next < flow.len() && next - first < TOGETHER_MAX && due(next) <= now {
            engine.apply(&flow[next], &mut seen);
            next += 1;
        }
        now = nanos(&watch);
        for done in first..next {
            latencies.saturating_record(now - due(done));
        }
    }
    black_box(&seen);
    let reached = flow.len() as f64 * 1e9 / (now - begin) as f64;
    println!("| {rate:>9} | {:>7} | {reached:>9.0} |{}", flow.len(), cells(&latencies));
}

/// Times single operations on an engine; what `after` does is not timed.
fn timed<O>(
    engine: &mut Matching,
    count: u64,
    mut operation: impl FnMut(&mut Matching, u64) -> O,
    mut after: impl FnMut(&mut Matching, u64),
) -> Histogram<u64> {
    let mut times = histogram();
    let watch = Stopwatch::start();
    for nth in 0..count {
        let before = nanos(&watch);
        black_box(operation(engine, nth));
        times.saturating_record(nanos(&watch) - before);
        after(engine, nth);
    }
    times
}

const fn post(id: u64, account: u16, price: i64) -> ballast_exchange::matching::Placement {
    placement(AccountId(account), id, Side::Bid, price, 3, TimeInForce::PostOnly)
}

/// Ids of the accounts' own orders begin here, beyond those of the flow.
const OWN: u64 = 1 << 40;

fn placed(engine: &mut Matching, bid: i64) -> Histogram<u64> {
    let mut seen = Seen::default();
    let place = |engine: &mut Matching, nth| engine.place(&post(OWN + nth, 1, bid - 5), &mut seen);
    let mut gone = Seen::default();
    let cancel =
        |engine: &mut Matching, nth| engine.cancel(AccountId(1), ClientOrderId(OWN + nth), &mut gone);
    let times = timed(engine, TIMED, place, cancel);
    assert_eq!((seen.refusals, gone.refusals), (0, 0), "every order rested");
    times
}

fn matched(engine: &mut Matching, bid: i64) -> Histogram<u64> {
    let (mut rested, mut seen) = (Seen::default(), Seen::default());
    let price = bid + 1;
    engine.place(&post(OWN, 1, price), &mut rested);
    let take = |engine: &mut Matching, nth| {
        let ioc = TimeInForce::ImmediateOrCancel;
        engine.place(&placement(AccountId(2), OWN + nth, Side::Ask, price, 3, ioc), &mut seen);
    };
    let again = |engine: &mut Matching, nth| engine.place(&post(OWN + 1 + nth, 1, price), &mut rested);
    let times = timed(engine, TIMED, take, again);
    assert_eq!(seen.trades, TIMED, "every order traded");
    engine.cancel(AccountId(1), ClientOrderId(OWN + TIMED), &mut rested);
    times
}

fn looked_up(engine: &mut Matching, requests: &[Request]) -> Histogram<u64> {
    let id = |request: &Request| match request {
        Request::Place(new) => Some((new.account, new.order.client_id)),
        Request::Cancel(..) | Request::Amend(_) | Request::CancelAll(_) => None,
    };
    let open = |(account, id): &(AccountId, ClientOrderId)| engine.order(*account, *id).is_some();
    let ids: Vec<_> = requests[..WARM].iter().filter_map(id).filter(open).collect();
    let mut ids = ids.iter().cycle();
    let mut means = histogram();
    let watch = Stopwatch::start();
    for _ in 0..TIMED / 10 {
        let before = nanos(&watch);
        for (account, client_id) in ids.by_ref().take(TOGETHER as usize) {
            black_box(engine.order(*account, *client_id).expect("it is open"));
        }
        means.saturating_record((nanos(&watch) - before) / u64::from(TOGETHER));
    }
    means
}

fn batched(engine: &mut Matching, bid: i64) -> Histogram<u64> {
    let mut seen = Seen::default();
    let places = (0..50).map(|nth: u64| Request::Place(post(OWN + nth, 3, bid - nth.cast_signed())));
    let cancels = (0..50).map(|nth| Request::Cancel(AccountId(3), ClientOrderId(OWN + nth)));
    let batch: Vec<_> = places.chain(cancels).collect();
    let times = timed(engine, TIMED / 20, |engine, _| engine.batch(&batch, &mut seen), |_, _| {});
    assert_eq!(seen.refusals, 0, "every order rested and went");
    times
}

/// Fifty quotes generated and diffed against as many live ones elsewhere.
fn gridded() -> Histogram<u64> {
    let (mut model, inputs) = (grid(), quote_inputs(250_000));
    let (mut quotes, mut actions) = (DesiredQuotes::NONE, Actions::new());
    model.quote(&inputs, &mut quotes).expect("it quotes");
    let live = live(&quotes, 7);
    let mut times = histogram();
    let watch = Stopwatch::start();
    for _ in 0..TIMED / 4 {
        let before = nanos(&watch);
        quotes.clear();
        model.quote(black_box(&inputs), &mut quotes).expect("it quotes");
        let planned = diff(&quotes, live.iter().copied(), Tolerance::EXACT, &mut actions);
        times.saturating_record(nanos(&watch) - before);
        assert_eq!((planned, actions.places().len()), (Planned::All, live.len()));
    }
    times
}

/// Events of the market after which a core, quoting by Avellaneda and Stoikov, sent commands.
fn updated() -> (&'static str, Histogram<u64>) {
    let (data, config) = (Data::load(), config("replay.toml"));
    let prepared = data.prepare(&config);
    let inputs = inputs(&prepared, Mode::Quoting);
    let (mut shard, _) = prepared.build(Mode::Quoting).expect("it builds");
    let mut out = Outbox::new(shard.commands_per_event_max());
    let mut times = histogram();
    let watch = Stopwatch::start();
    for (now, event) in &inputs {
        let before = nanos(&watch);
        shard.on_event(event, *now, &mut out);
        let after = nanos(&watch);
        if !out.commands().is_empty() && event.market().is_some() {
            times.saturating_record(after - before);
        }
        out.clear();
    }
    (data.name, times)
}

fn targets(requests: &[Request], full_speed: f64) {
    let mut engine = warmed(requests);
    let bid = engine.best(Side::Bid).expect("a bid").0;
    println!("## Reference targets\n");
    println!("ns each, one reading of the clock included; the book holds {} orders\n", engine.open_orders());
    println!(
        "| what | reference | budget | count |      p50 |      p90 |      p99 |    p99.9 |   p99.99 |       max |"
    );
    println!(
        "| ---- | --------: | -----: | ----: | -------: | -------: | -------: | -------: | -------: | --------: |"
    );
    let row = |name: &str, reference: &str, budget: &str, times: &Histogram<u64>| {
        println!("| {name} | {reference} | {budget} | {} |{}", times.len(), cells(times));
    };
    row("place, resting", "< 1 ms", "1 µs", &placed(&mut engine, bid));
    row("match with a resting order", "< 2 ms", "1 µs", &matched(&mut engine, bid));
    row("look up an order (means of 100)", "< 0.1 ms", "100 ns", &looked_up(&mut engine, requests));
    row("batch of 100 (50 places, 50 cancels)", "< 10 ms", "50 µs", &batched(&mut engine, bid));
    row("50-level grid, generated and diffed", "< 5 ms", "5 µs", &gridded());
    let (data, times) = updated();
    row(&format!("quote update, market event to commands ({data})"), "< 0.5 ms", "–", &times);
    println!("\nOrders a second: reference > 3 000, budget 5 000 000, ours {:.0}.\n", full_speed * 1e6);
    assert_eq!(engine.validate(), Ok(()));
}

fn main() {
    let (requests, before) = (flow(7), idle());
    println!("## Matching engine, one core\n");
    let median = full_speed(&requests);
    println!("Latency from being due to being done, in ns, at rates in requests a second (open loop):\n");
    println!(
        "|      rate |   count |   reached |      p50 |      p90 |      p99 |    p99.9 |   p99.99 |       max |"
    );
    println!(
        "| --------: | ------: | --------: | -------: | -------: | -------: | -------: | -------: | --------: |"
    );
    for (rate, seconds) in RATES {
        at_rate(&requests, rate, seconds);
    }
    println!();
    targets(&requests, median);
    println!("## Idle\n\nGaps between two readings of the clock while nothing is done, ns:\n");
    println!("| when |      p50 |      p90 |      p99 |    p99.9 |   p99.99 |       max |");
    println!("| ---- | -------: | -------: | -------: | -------: | -------: | --------: |");
    println!("| before |{}\n| after |{}", cells(&before), cells(&idle()));
}
