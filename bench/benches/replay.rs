//! Whole replays, decoded before: level updates per second on one core, building core and venue included.
#![expect(clippy::expect_used, reason = "a benchmark whose data is broken must stop")]

use ballast_bench::{Data, config};
use ballast_runtime::job::Mode;
use ballast_runtime::replay::Unobserved;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Passes over the market in one measurement.
const REPEAT: u32 = 4;

fn replay(criterion: &mut Criterion) {
    let data = Data::load();
    let mut group = criterion.benchmark_group(format!("replay/{}", data.name));
    group.sample_size(20);
    for (name, file, mode) in [
        ("idle", "replay.toml", Mode::Idle),
        ("quoter_100ms", "peer-quoter.toml", Mode::Quoting),
        ("avellaneda_on_touch", "replay.toml", Mode::Quoting),
    ] {
        let config = config(file);
        let prepared = data.prepare(&config);
        let once = prepared.play(mode, REPEAT, &mut Unobserved).expect("it plays").outcome;
        assert_eq!(once.orders > 0, mode == Mode::Quoting, "{name}: orders come from quoting alone");
        group.throughput(Throughput::Elements(once.level_updates));
        group.bench_function(name, |bencher| {
            bencher.iter(|| prepared.play(mode, REPEAT, &mut Unobserved).expect("it plays").outcome);
        });
    }
    group.finish();
}

criterion_group!(benches, replay);
criterion_main!(benches);
