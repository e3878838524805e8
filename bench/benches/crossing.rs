//! What crossing from one pinned core to another costs: a bare cache line, a 64-byte event through a ring, a snapshot of 128 bytes.
//!
//! **Hop.** The unit: one cache line that carries a counter to and fro; one way is half a round trip, as means of [`TRIPS`] trips, so that the
//! clock's own cost is shared. **Ring.** The same with an event of one line through a ring each way (budget: 1.5 hops), and how many events
//! a second go through one by one and by batches of [`BATCH`]. **Snapshot.** Single looks between two stamps less what the stamps alone
//! take (budget: 20 ns in the middle): at a writer that writes without a pause, and at one that writes every
//! [`PAUSE`]; of those, looks that brought a new value are told apart, since that has to come over from the other core.
//!
//! Turns are short, many and taken in rounds: a hypervisor may move the cores apart or together at any time. With fewer than two
//! cores there is nothing to measure. Never here: a budget that fails a run.
#![expect(clippy::print_stdout, reason = "the figures are printed")]
#![expect(clippy::cast_precision_loss, reason = "figures to read")]

use std::hint::{black_box, spin_loop};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use ballast_runtime::clock::Stopwatch;
use ballast_sync::Padded;
use ballast_sync::ring::{Consumer, Producer, ring};
use ballast_sync::seqlock::{Look, snapshot};
use core_affinity::CoreId;

/// Rounds; every figure is the median of them.
const ROUNDS: usize = 30;
/// Round trips between two stamps.
const TRIPS: u64 = 32;
/// Batches of round trips in a turn.
const BATCHES: usize = 200;
/// Events through a ring in a turn.
const EVENTS: u64 = 250_000;
/// Events pushed and taken at once.
const BATCH: usize = 16;
/// Looks at a snapshot in a turn.
const LOOKS: usize = 20_000;
/// Between two writes of the writer that pauses.
const PAUSE: Duration = Duration::from_micros(1);
/// A turn ends here even where the host leaves the threads no processor.
const TURN_MAX: Duration = Duration::from_millis(100);
/// Slots of a ring: 64 KiB.
const SLOTS: usize = 1_024;
const STOP: u64 = u64::MAX;

/// An event: one cache line.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line([u64; 8]);

/// The value at a share of a list that need not be sorted; not a number where it is empty.
fn at(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a length")]
    let index = (values.len() as f64 * share) as usize;
    values.get(index.min(values.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

/// Means of one way, the median of a turn.
fn trips(mut to_and_fro: impl FnMut(u64)) -> f64 {
    let turn = Stopwatch::start();
    let (mut number, mut means) = (0, Vec::with_capacity(BATCHES));
    for _ in 0..BATCHES {
        let watch = Stopwatch::start();
        for _ in 0..TRIPS {
            number += 1;
            to_and_fro(number);
        }
        means.push(watch.elapsed().as_nanos() as f64 / (2 * TRIPS) as f64);
        if turn.elapsed() > TURN_MAX {
            break;
        }
    }
    at(&mut means, 0.5)
}

fn hop([here, there]: [CoreId; 2]) -> f64 {
    let lines = Arc::new([Padded(AtomicU64::new(0)), Padded(AtomicU64::new(0))]);
    let theirs = Arc::clone(&lines);
    let echo = thread::spawn(move || {
        core_affinity::set_for_current(there);
        let [ping, pong] = &*theirs;
        let mut last = 0;
        while last != STOP {
            let seen = ping.load(Ordering::Acquire);
            if seen != last {
                last = seen;
                pong.store(seen, Ordering::Release);
            }
        }
    });
    core_affinity::set_for_current(here);
    let [ping, pong] = &*lines;
    let one_way = trips(|number| {
        ping.store(number, Ordering::Release);
        while pong.load(Ordering::Acquire) != number {}
    });
    ping.store(STOP, Ordering::Release);
    drop(echo.join());
    one_way
}

fn sent(to: &mut Producer<Line>, number: u64) {
    while to.push(Line([number; 8])).is_err() {}
}

fn received(from: &mut Consumer<Line>) -> u64 {
    loop {
        if let Some(Line([.., number])) = from.pop() {
            return number;
        }
    }
}

fn through_ring([here, there]: [CoreId; 2]) -> f64 {
    let (mut ping, mut pinged) = ring::<Line>(SLOTS);
    let (mut pong, mut ponged) = ring::<Line>(SLOTS);
    let echo = thread::spawn(move || {
        core_affinity::set_for_current(there);
        let mut last = 0;
        while last != STOP {
            last = received(&mut pinged);
            sent(&mut pong, last);
        }
    });
    core_affinity::set_for_current(here);
    let one_way = trips(|number| {
        sent(&mut ping, number);
        black_box(received(&mut ponged));
    });
    sent(&mut ping, STOP);
    drop(echo.join());
    one_way
}

/// How events go through.
#[derive(Clone, Copy)]
enum Pace {
    OneByOne,
    Batches,
}

/// Millions of events a second.
fn rate([here, there]: [CoreId; 2], pace: Pace) -> f64 {
    let (mut to, mut from) = ring::<Line>(SLOTS);
    let pushing = thread::spawn(move || {
        core_affinity::set_for_current(there);
        let turn = Stopwatch::start();
        let mut number = 0;
        while number < EVENTS && (number % 4_096 > 0 || turn.elapsed() < TURN_MAX) {
            match pace {
                Pace::OneByOne => {
                    number += 1;
                    sent(&mut to, number);
                }
                Pace::Batches => {
                    number += BATCH as u64;
                    let batch = [Line([number; 8]); BATCH];
                    while to.push_batch(&batch).is_err() {}
                }
            }
        }
        sent(&mut to, STOP);
    });
    core_affinity::set_for_current(here);
    let (mut count, mut last, mut watch) = (0_u64, 0, None);
    while last != STOP {
        let mut take = |line: &Line| {
            watch.get_or_insert_with(Stopwatch::start);
            count += 1;
            [.., last] = black_box(line.0);
        };
        match pace {
            Pace::OneByOne => from.pop().iter().for_each(take),
            Pace::Batches => drop(from.drain(BATCH, &mut take)),
        }
    }
    drop(pushing.join());
    watch.map_or(f64::NAN, |watch| count as f64 / watch.elapsed().as_secs_f64() / 1e6)
}

/// How a snapshot's writer works.
#[derive(Clone, Copy)]
enum Writing {
    WithoutPause,
    WithPause,
}

/// What single looks took in a turn, in nanoseconds.
#[derive(Default)]
struct Looks {
    all: Vec<f64>,
    news: Vec<f64>,
    busy: usize,
}

fn looks([here, there]: [CoreId; 2], writing: Writing) -> Looks {
    let (mut writer, mut reader) = snapshot::<16>();
    let done = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&done);
    let thread = thread::spawn(move || {
        core_affinity::set_for_current(there);
        let mut number = 0;
        while !theirs.load(Ordering::Relaxed) {
            number += 1;
            writer.write(&[number; 16]);
            if let Writing::WithPause = writing {
                let watch = Stopwatch::start();
                while watch.elapsed() < PAUSE {
                    spin_loop();
                }
            }
        }
    });
    core_affinity::set_for_current(here);
    let (mut taken, mut stamps) = (Vec::with_capacity(LOOKS), Vec::with_capacity(LOOKS));
    while reader.look() != Look::News {}
    for _ in 0..LOOKS {
        let watch = Stopwatch::start();
        let look = reader.look();
        let nanos = watch.elapsed().as_nanos() as f64;
        black_box(reader.value());
        taken.push((look, nanos));
        let watch = Stopwatch::start();
        stamps.push(watch.elapsed().as_nanos() as f64);
    }
    done.store(true, Ordering::Relaxed);
    drop(thread.join());
    let own = at(&mut stamps, 0.5);
    let mut looks = Looks::default();
    for (look, nanos) in taken {
        looks.all.push((nanos - own).max(0.0));
        match look {
            Look::News => looks.news.push((nanos - own).max(0.0)),
            Look::Busy => looks.busy += 1,
            Look::Same => {}
        }
    }
    looks
}

fn print_looks(cores: [CoreId; 2], name: &str, writing: Writing) {
    let mut sum = Looks::default();
    for _ in 0..ROUNDS {
        let turn = looks(cores, writing);
        sum.all.extend(turn.all);
        sum.news.extend(turn.news);
        sum.busy += turn.busy;
    }
    let share = |part: usize| 100.0 * part as f64 / sum.all.len().max(1) as f64;
    let (news, busy) = (share(sum.news.len()), share(sum.busy));
    println!(
        "snapshot of 128 bytes, {name}: look p50 {:.0} ns, p99 {:.0} ns; new in {news:.1} %: p50 {:.0} ns, p99 {:.0} ns; busy twice in {busy:.2} %",
        at(&mut sum.all, 0.5),
        at(&mut sum.all, 0.99),
        at(&mut sum.news, 0.5),
        at(&mut sum.news, 0.99),
    );
}

fn main() {
    // Read once, before anything is pinned: the list is the calling thread's own affinity.
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    let ([here, there, ..], true) = (&*cores, std::env::args().any(|argument| argument == "--bench")) else {
        println!("crossing: needs two cores, and --bench; there are {}", cores.len());
        return;
    };
    let cores = [*here, *there];
    let [mut hops, mut rings, mut ratios, mut ones, mut batches]: [Vec<f64>; 5] = Default::default();
    for _ in 0..ROUNDS {
        let (bare, ring) = (hop(cores), through_ring(cores));
        hops.push(bare);
        rings.push(ring);
        ratios.push(ring / bare);
        ones.push(rate(cores, Pace::OneByOne));
        batches.push(rate(cores, Pace::Batches));
    }
    println!(
        "hop: one way p50 {:.0} ns, best turn {:.0} ns, worst {:.0} ns",
        at(&mut hops, 0.5),
        at(&mut hops, 0.0),
        at(&mut hops, 1.0)
    );
    println!(
        "ring, 64 bytes: one way p50 {:.0} ns, best turn {:.0} ns; hops of the same round: p50 {:.2}, best {:.2}, worst {:.2}",
        at(&mut rings, 0.5),
        at(&mut rings, 0.0),
        at(&mut ratios, 0.5),
        at(&mut ratios, 0.0),
        at(&mut ratios, 1.0)
    );
    println!(
        "ring, rate: one by one p50 {:.0} M/s, by batches of {BATCH} p50 {:.0} M/s",
        at(&mut ones, 0.5),
        at(&mut batches, 0.5)
    );
    print_looks(cores, "writer without a pause", Writing::WithoutPause);
    print_looks(cores, "written every microsecond", Writing::WithPause);
}
