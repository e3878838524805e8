//! What the host and single parts take by themselves: what the way of a tick is held against.

use std::hint::spin_loop;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Release};

use ballast_model::{Event, Nanos, Span};
use ballast_sync::ring::{Consumer, Producer, ring};
use hdrhistogram::Histogram;

use super::drive::LatencyError;
use super::join::{Figures, Stage, histogram};
use crate::clock::Clock;
use crate::config::MarketConfig;
use crate::host::{Obtained, Plan, Role};

/// How long gaps of idle threads are looked for.
const IDLE: Span = Span::from_millis(500);
/// Round trips over rings, and those before them that do not count.
const TRIPS: (u32, u32) = (50_000, 5_000);
/// Readings of the clock that its cost is the least of.
const READS: u32 = 100_000;

/// The host between its threads, measured by them.
#[derive(Clone, Debug)]
pub struct Crossing {
    /// Nanoseconds between readings of the clock by threads that do nothing else: both of them at once.
    pub idle_gaps: Histogram<u64>,
    /// Nanoseconds of an event from one thread to the other over a ring, and half of its way there and back.
    pub hop: Histogram<u64>,
    /// What the host gave the threads.
    pub obtained: Vec<Obtained>,
    /// Nanoseconds that a stamp takes: the median of readings one after the other.
    pub stamp: u64,
}

/// What parts of the way take on one thread that does nothing else, in nanoseconds, medians, less what their stamps take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alone {
    /// Bytes to events in a ring.
    pub decode: u64,
    /// The core, with the journal.
    pub core: u64,
    /// Command to bytes.
    pub encode: u64,
}

impl Alone {
    /// Of best bid and ask, from a run with [`Pace::Alone`](super::Pace::Alone).
    #[must_use]
    pub fn of(figures: &Figures, stamp: u64) -> Self {
        let median = |stage: Stage| {
            let at = Stage::ALL.iter().position(|one| *one == stage);
            let times = at.and_then(|at| figures.ticker.stages.get(at));
            times.map_or(0, |times| times.value_at_quantile(0.5).saturating_sub(stamp))
        };
        Self { decode: median(Stage::Decode), core: median(Stage::Core), encode: median(Stage::Encode) }
    }

    /// What a tick may take from bytes to bytes over two hops: two of them and 1.2 times the parts.
    #[must_use]
    pub const fn allows(&self, hop: u64) -> u64 {
        2 * hop + (self.decode + self.core + self.encode) * 12 / 10
    }
}

impl Crossing {
    /// The share of idle time that lay in gaps of more than so many nanoseconds: what others took of these cores.
    #[must_use]
    pub fn lost_share(&self, gap: u64) -> f64 {
        let time = |from: u64| -> u64 {
            let times = self.idle_gaps.iter_recorded().filter(|one| one.value_iterated_to() > from);
            times.map(|one| one.value_iterated_to().saturating_mul(one.count_at_value())).sum()
        };
        exact(time(gap)) / exact(time(0)).max(1.0)
    }

    /// Measures on two threads that are pinned as the plan says.
    ///
    /// # Errors
    /// [`LatencyError::Broken`] where one of them ends by itself.
    pub fn measure(plan: &Plan) -> Result<Self, LatencyError> {
        let clock = Clock::start(Nanos::MIN);
        let (mut ping, mut pinged) = ring::<Event>(64);
        let (mut pong, mut ponged) = ring::<Event>(64);
        // Both begin to look for gaps together, so that each disturbs the other as in a run.
        let ready = Arc::new(AtomicU64::new(0));
        let theirs = Arc::clone(&ready);
        std::thread::scope(|scope| {
            let shard = scope.spawn(move || {
                let given = plan.enter(Role::Shard(0));
                meet(&theirs);
                let gaps = gaps(clock);
                for _ in 0..TRIPS.0 + TRIPS.1 {
                    let event = receive(&mut pinged);
                    send(&mut pong, event);
                }
                (gaps, given)
            });
            let venue = scope.spawn(move || {
                let given = plan.enter(Role::Venue(MarketConfig::Usdm));
                meet(&ready);
                let gaps = gaps(clock);
                (gaps, given, trips(clock, &mut ping, &mut ponged))
            });
            let (venue, shard) = (venue.join(), shard.join());
            let (Ok((mut idle_gaps, mut obtained, hop)), Ok((other, given))) = (venue, shard) else {
                return Err(LatencyError::Broken);
            };
            idle_gaps.add(&other).map_err(|_| LatencyError::Broken)?;
            obtained.extend(given);
            Ok(Self { idle_gaps, hop, obtained, stamp: stamp(clock) })
        })
    }
}

fn meet(ready: &AtomicU64) {
    ready.fetch_add(1, Release);
    while ready.load(Acquire) < 2 {
        spin_loop();
    }
}

fn since(from: Nanos, until: Nanos) -> u64 {
    u64::try_from((until - from).0).unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "some seconds in nanoseconds")]
const fn exact(nanos: u64) -> f64 {
    nanos as f64
}

fn gaps(clock: Clock) -> Histogram<u64> {
    let mut gaps = histogram();
    let mut last = clock.now();
    let ends = last + IDLE;
    while last < ends {
        let now = clock.now();
        gaps.saturating_record(since(last, now));
        last = now;
    }
    gaps
}

fn stamp(clock: Clock) -> u64 {
    let mut reads = histogram();
    for _ in 0..READS {
        let from = clock.now();
        reads.saturating_record(since(from, clock.now()));
    }
    reads.value_at_quantile(0.5)
}

fn send(to: &mut Producer<Event>, event: Event) {
    while to.push(event).is_err() {
        spin_loop();
    }
}

fn receive(from: &mut Consumer<Event>) -> Event {
    loop {
        if let Some(event) = from.pop() {
            return event;
        }
        spin_loop();
    }
}

fn trips(clock: Clock, to: &mut Producer<Event>, from: &mut Consumer<Event>) -> Histogram<u64> {
    let mut trips = histogram();
    for number in 0..TRIPS.0 + TRIPS.1 {
        let sent = clock.now();
        send(to, Event::Timer);
        receive(from);
        if number >= TRIPS.1 {
            trips.saturating_record(since(sent, clock.now()) / 2);
        }
    }
    trips
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_weighs_as_long_as_it_lasts() {
        let mut idle_gaps = histogram();
        idle_gaps.record_n(30, 99_999).unwrap();
        idle_gaps.record(1_000_000).unwrap();
        assert!(idle_gaps.value_at_quantile(0.999) < 5_000);
        let crossing = Crossing { idle_gaps, hop: histogram(), obtained: Vec::new(), stamp: 30 };
        assert!((crossing.lost_share(5_000) - 0.25).abs() < 0.01, "{}", crossing.lost_share(5_000));
    }

    #[test]
    fn the_bound_is_two_hops_and_a_fifth_more_than_the_parts() {
        let alone = Alone { decode: 80, core: 300, encode: 120 };
        assert_eq!(alone.allows(135), 870);
    }
}
