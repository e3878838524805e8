//! The core per event: `Shard::on_event`. Batch means: one reading of a clock costs as much as an event.
//!
//! `followed` and the quoters are told all that they learn in a replay of a whole market, the venue's answers included; most
//! of it changes nothing. `requoting` is told only what makes it decide anew.
#![expect(clippy::expect_used, reason = "a benchmark whose data is broken must stop")]

use ballast_bench::inputs::{Input, inputs};
use ballast_bench::{Data, config};
use ballast_core::outbox::Outbox;
use ballast_core::shard::Shard;
use ballast_model::{
    BookBatch, BookBegin, BookKind, Command, Event, InstrumentId, Lots, Nanos, OrderReport, OrderUpdate,
    PackedLevel, Price, Span, Ticker, UpdateId, VenueOrderId,
};
use ballast_runtime::config::Config;
use ballast_runtime::job::{Mode, Prepared};
use ballast_runtime::replay::Unobserved;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const ID: InstrumentId = InstrumentId(0);
/// Events of one [`Desk::cycle`]: a new touch, two cancels done, two orders accepted.
const EVENTS_PER_CYCLE: u64 = 5;
/// Cycles until the volatility is known and quotes stand on both sides.
const CYCLES_TO_WARM_UP: u32 = 200;

/// Tells a fresh core everything; returns the number of commands.
fn play(prepared: &Prepared<'_>, mode: Mode, inputs: &[Input]) -> u64 {
    let (mut shard, _) = prepared.build(mode).expect("it builds");
    let mut out = Outbox::new(shard.commands_per_event_max());
    let mut commands = 0;
    for (now, event) in inputs {
        shard.on_event(event, *now, &mut out);
        commands += out.commands().len() as u64;
        out.clear();
    }
    commands
}

/// A quoter whose every order and cancel is done as asked, in a market that jumps to and fro.
struct Desk {
    shard: Shard,
    out: Outbox,
    now: Nanos,
    update_id: u64,
    mid: i64,
}

impl Desk {
    /// `exact`: quotes move with the model by a tick, as often as it does.
    fn new(prepared: &Prepared<'_>, mid: i64) -> Self {
        let (mut shard, _) = prepared.build(Mode::Quoting).expect("it builds");
        let mut out = Outbox::new(shard.commands_per_event_max());
        let now = Nanos(1_000_000_000);
        let begin = BookBegin {
            instrument: ID,
            kind: BookKind::Snapshot,
            levels: 0,
            update_id: UpdateId(1),
            venue_time: now,
            recv_time: now,
        };
        shard.on_batch(&BookBatch::new(begin, &[level(mid - 1)], &[level(mid + 1)]), now, &mut out);
        out.clear();
        let mut desk = Self { shard, out, now, update_id: 1, mid };
        for _ in 0..CYCLES_TO_WARM_UP {
            desk.cycle();
        }
        desk
    }

    /// The touch jumps, both quotes follow, the venue does as it is told; returns how many events that took.
    fn cycle(&mut self) -> u64 {
        self.update_id += 1;
        let shift = if self.update_id.is_multiple_of(2) { 20 } else { 0 };
        self.now = self.now + Span::from_millis(100);
        let ticker = Ticker {
            instrument: ID,
            update_id: UpdateId(self.update_id),
            bid: level(self.mid - 1 + shift),
            ask: level(self.mid + 1 + shift),
            venue_time: self.now,
            recv_time: self.now,
        };
        let mut told = 1;
        self.shard.on_event(&Event::Ticker(ticker), self.now, &mut self.out);
        while !self.out.commands().is_empty() {
            let commands: [Option<Command>; 4] =
                core::array::from_fn(|index| self.out.commands().get(index).copied());
            self.out.clear();
            for command in commands.into_iter().flatten() {
                told += 1;
                let report = report(&command, self.now);
                self.shard.on_event(&report, self.now, &mut self.out);
            }
        }
        self.out.clear();
        told
    }
}

fn level(price: i64) -> PackedLevel {
    PackedLevel::new(Price(price), Lots(10_000)).expect("in range")
}

fn report(command: &Command, now: Nanos) -> Event {
    let (client_id, report) = match command {
        Command::New(order) => (order.client_id, OrderReport::Accepted(VenueOrderId(order.client_id.0))),
        Command::Cancel(cancel) => (cancel.client_id, OrderReport::Cancelled),
        Command::Replace(_) | Command::Query(_) => unreachable!("the shard under test sends neither"),
    };
    Event::Order(OrderUpdate { instrument: ID, client_id, report, venue_time: now })
}

/// Neither tolerance nor order rate keeps a quote where it is.
fn exact(mut config: Config) -> Config {
    let quoting = &mut config.quoting;
    (quoting.price_tolerance_ticks, quoting.size_tolerance) = (0, 0.0);
    (quoting.limits.order_burst, quoting.limits.orders_per_second) = (1_000_000, 1_000_000);
    config
}

fn core(criterion: &mut Criterion) {
    let data = Data::load();
    let mut group = criterion.benchmark_group(format!("core/{}", data.name));
    for (name, file, mode) in [
        ("followed", "replay.toml", Mode::Idle),
        ("quoter_100ms", "peer-quoter.toml", Mode::Quoting),
        ("avellaneda_on_touch", "replay.toml", Mode::Quoting),
    ] {
        let config = config(file);
        let prepared = data.prepare(&config);
        let inputs = inputs(&prepared, mode);
        let replayed = prepared.play(mode, 1, &mut Unobserved).expect("it plays").outcome;
        assert_eq!(play(&prepared, mode, &inputs), replayed.orders + replayed.cancels, "{name}");
        assert_eq!(replayed.orders > 0, mode == Mode::Quoting, "{name}: commands come from quoting alone");
        group.throughput(Throughput::Elements(inputs.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| play(&prepared, mode, &inputs)));
    }
    let config = exact(config("replay.toml"));
    let prepared = data.prepare(&config);
    let mid = prepared.instruments.first().and_then(|one| one.reference).expect("a book").0 / 2;
    let mut desk = Desk::new(&prepared, mid);
    assert_eq!([desk.cycle(), desk.cycle()], [EVENTS_PER_CYCLE; 2], "both quotes move, and nothing else");
    group.throughput(Throughput::Elements(EVENTS_PER_CYCLE));
    group.bench_function("requoting", |bencher| bencher.iter(|| desk.cycle()));
    group.finish();
}

criterion_group!(benches, core);
criterion_main!(benches);
