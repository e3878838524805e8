//! Two pinned threads and a queue: one-way latency and throughput of 64-byte events, in units of one bare
//! hop.

mod links;

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use core_affinity::CoreId;
use serde_json::{Value, json};

use crate::race::Rounds;
use crate::table;
use links::{CrossbeamChannel, CrossbeamQueue, Disruptor, Event, Hop, Link, Receive64, Rtrb, Send64};

/// Round trips between two stamps: the clock's own cost is shared by this many.
const TRIPS: u64 = 32;
/// Batches of round trips in one turn.
const BATCHES: usize = 250;
/// Events of one throughput turn.
const BURST: u64 = 250_000;
/// A turn ends here even when the host leaves the threads no processor.
const TURN_MAX: Duration = Duration::from_millis(100);
/// Ends a partner's loop.
const STOP: u64 = u64::MAX;

/// Options of `rings`.
#[derive(Debug, Args)]
pub struct Options {
    /// Turns of every contender. They are short and many: a hypervisor may move the cores apart or together at any time.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

/// One contender's figures over all turns.
struct Score {
    name: &'static str,
    /// One-way nanoseconds, the median of each turn's batches.
    one_way: Rounds,
    /// Events per second of every turn.
    rates: Rounds,
}

type Turn = fn([CoreId; 2], &mut Score);

/// Races the queues, prints a table and returns the figures.
///
/// # Errors
/// The host has fewer than two cores.
pub fn run(options: &Options) -> Result<Value> {
    // Read once, before anything is pinned: the list is the calling thread's own affinity.
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    let cores = [*cores.first().context("no cores to pin to")?, *cores.get(1).context("needs two cores")?];
    let contenders: [(&str, Turn); 5] = [
        (Hop::NAME, latency::<Hop>),
        (Rtrb::NAME, turn::<Rtrb>),
        (Disruptor::NAME, turn::<Disruptor>),
        (CrossbeamQueue::NAME, turn::<CrossbeamQueue>),
        (CrossbeamChannel::NAME, turn::<CrossbeamChannel>),
    ];
    let mut scores =
        contenders.map(|(name, _)| Score { name, one_way: Rounds::default(), rates: Rounds::default() });
    for _ in 0..options.rounds {
        for ((_, turn), score) in contenders.iter().zip(&mut scores) {
            turn(cores, score);
        }
    }
    let hop = scores.first().map(|score| score.one_way.clone()).unwrap_or_default();
    eprintln!(
        "64-byte events between two pinned threads, {} turns; one-way = half a round trip, mean of {TRIPS}\n",
        options.rounds
    );
    table::print(
        &["queue", "best ns", "p50 ns", "hops", "M events/s (median)"],
        scores.iter().map(|score| row(score, &hop)),
    );
    Ok(json!({
        "bench": "rings",
        "rounds": options.rounds,
        "contenders": scores.iter().map(|score| figures(score, &hop)).collect::<Vec<_>>(),
    }))
}

fn turn<L: Link>(cores: [CoreId; 2], score: &mut Score) {
    latency::<L>(cores, score);
    throughput::<L>(cores, score);
}

/// Ping-pong over two queues of the same kind.
fn latency<L: Link>([here, there]: [CoreId; 2], score: &mut Score) {
    let (mut ping, pinged) = L::pair();
    let (pong, mut ponged) = L::pair();
    thread::scope(|scope| {
        scope.spawn(move || echo(there, pinged, pong));
        scope.spawn(|| {
            core_affinity::set_for_current(here);
            let begin = Instant::now();
            let mut last = 0;
            let mut batches = Rounds::default();
            for _ in 0..BATCHES {
                let start = Instant::now();
                for _ in 0..TRIPS {
                    last += 1;
                    ping.send(Event([last; 8]));
                    wait_for(&mut ponged, last);
                }
                batches.0.push(start.elapsed().as_secs_f64() * 1e9 / (2 * TRIPS) as f64);
                if begin.elapsed() > TURN_MAX {
                    break;
                }
            }
            ping.send(Event([STOP; 8]));
            score.one_way.0.push(batches.median());
        });
    });
}

fn wait_for(from: &mut impl Receive64, wanted: u64) {
    let mut seen = 0;
    while seen != wanted {
        from.drain(|event| [seen, ..] = event.0);
    }
}

fn echo(core: CoreId, mut from: impl Receive64, mut to: impl Send64) {
    core_affinity::set_for_current(core);
    let mut seen = 0;
    while seen != STOP {
        from.drain(|event| {
            [seen, ..] = event.0;
            to.send(*event);
        });
    }
}

/// One thread sends a burst as fast as the queue takes it; the other receives them.
fn throughput<L: Link>([here, there]: [CoreId; 2], score: &mut Score) {
    let (mut to, mut from) = L::pair();
    let seconds = thread::scope(|scope| {
        scope.spawn(move || {
            core_affinity::set_for_current(there);
            let start = Instant::now();
            for id in 1..=BURST {
                to.send(Event([id; 8]));
                if id % 4_096 == 0 && start.elapsed() > TURN_MAX {
                    break;
                }
            }
            to.send(Event([STOP; 8]));
        });
        let receiver = scope.spawn(move || {
            core_affinity::set_for_current(here);
            let (mut count, mut last, mut first) = (0_u64, 0, None);
            while last != STOP {
                from.drain(|event| {
                    first.get_or_insert_with(Instant::now);
                    count += 1;
                    [.., last] = black_box(event.0);
                });
            }
            first.map_or(f64::NAN, |start| start.elapsed().as_secs_f64() / count as f64)
        });
        receiver.join()
    });
    score.rates.0.push(seconds.map_or(f64::NAN, |per_event| 1.0 / per_event));
}

fn row(score: &Score, hop: &Rounds) -> Vec<String> {
    let one_way = score.one_way.median();
    let rate = match score.rates.0.is_empty() {
        true => "–".to_owned(),
        false => format!("{:.1}", score.rates.median() / 1e6),
    };
    let best = score.one_way.best();
    vec![
        score.name.to_owned(),
        format!("{best:.0}"),
        format!("{one_way:.0}"),
        format!("{:.2}", score.one_way.times(hop)),
        rate,
    ]
}

fn figures(score: &Score, hop: &Rounds) -> Value {
    let one_way = score.one_way.median();
    json!({
        "name": score.name,
        "one_way_ns_best": score.one_way.best(),
        "one_way_ns_p50": one_way,
        "hops": score.one_way.times(hop),
        "events_per_second": (!score.rates.0.is_empty()).then(|| score.rates.median()),
    })
}
