//! The core per event: `Shard::on_event` over the market events of a whole market, orders answered by nobody. Batch means: one
//! reading of a clock costs as much as an event.
#![expect(clippy::expect_used, reason = "a benchmark whose data is broken must stop")]

use ballast_bench::{Data, config};
use ballast_core::outbox::Outbox;
use ballast_model::{Nanos, Span};
use ballast_runtime::job::{Mode, Prepared};
use ballast_runtime::tape::{Cursor, Shift, Tape};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Events of one pass over a tape.
fn events(tape: &Tape) -> u64 {
    let (mut cursor, mut count) = (Cursor::new(tape, Shift::default()), 0);
    while cursor.recv_time().is_some() {
        cursor.next(|_| count += 1);
    }
    count
}

/// Plays a tape to the core once; returns the number of commands.
fn play(prepared: &Prepared<'_>, mode: Mode) -> usize {
    let (mut shard, _) = prepared.build(mode).expect("it builds");
    let mut out = Outbox::new(shard.commands_per_event_max());
    let (mut now, mut commands) = (Nanos::MIN, 0);
    let (tape, _) = prepared.tapes.first().expect("a feed");
    let mut cursor = Cursor::new(tape, Shift { time: Span::ZERO, ..Shift::default() });
    while let Some(at) = cursor.recv_time() {
        now = now.max(at);
        cursor.next(|event| shard.on_event(event, now, &mut out));
        commands += out.commands().len();
        out.clear();
    }
    commands
}

fn core(criterion: &mut Criterion) {
    let data = Data::load();
    let mut group = criterion.benchmark_group(format!("core/{}", data.name));
    for (name, file, mode) in
        [("followed", "replay.toml", Mode::Idle), ("avellaneda_on_touch", "replay.toml", Mode::Quoting)]
    {
        let config = config(file);
        let prepared = data.prepare(&config);
        let (tape, _) = prepared.tapes.first().expect("a feed");
        assert_eq!(
            play(&prepared, mode) > 0,
            mode == Mode::Quoting,
            "{name}: commands come from quoting alone"
        );
        group.throughput(Throughput::Elements(events(tape)));
        group.bench_function(name, |bencher| bencher.iter(|| play(&prepared, mode)));
    }
    group.finish();
}

criterion_group!(benches, core);
criterion_main!(benches);
