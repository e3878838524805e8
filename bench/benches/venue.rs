//! A session per frame: bytes of a whole market in, checked and sequenced events out.
#![expect(clippy::expect_used, reason = "a benchmark whose data is broken must stop")]

use ballast_bench::Data;
use ballast_json::Capability;
use ballast_model::{Event, InstrumentId, Nanos, Step};
use ballast_venue::binance::{Copies, InstrumentFeed, Market, MarketConfig, MarketSession, TradeSource};
use ballast_venue::{Channel, Counters, EventSink, Now, RingFull};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

/// Looks at every slot and keeps none.
#[derive(Default)]
struct Seen(u64);

impl EventSink for Seen {
    fn push(&mut self, batch: &[Event]) -> Result<(), RingFull> {
        self.0 += black_box(batch).len() as u64;
        Ok(())
    }
}

/// Feeds a fresh session the whole market; returns what it counted and how many slots came out.
fn feed(frames: &[Vec<u8>]) -> (Counters, u64) {
    let instrument = InstrumentFeed {
        id: InstrumentId(0),
        symbol: "ETHUSDT",
        tick: Step::parse("0.01").expect("a step"),
        lot: Step::parse("0.001").expect("a step"),
    };
    let mut session = MarketSession::new(&MarketConfig {
        market: Market::UsdM,
        instruments: &[instrument],
        trade_source: TradeSource::Trades,
        copies: Copies::ONE,
        capability: Capability::detect(),
    })
    .expect("a session");
    let mut seen = Seen::default();
    for (frame, at) in frames.iter().zip(0..) {
        let now = Now { mono: Nanos(at), wall: Nanos(at) };
        session.on_bytes(Channel::Market(0), frame, now, &mut seen).expect("a good frame");
    }
    (*session.counters(), seen.0)
}

fn venue(criterion: &mut Criterion) {
    let data = Data::load();
    let frames = data.frames();
    let (counters, slots) = feed(&frames);
    assert_eq!((counters.frames, counters.snapshots, counters.gaps), (frames.len() as u64, 1, 0));
    assert_eq!((counters.fallbacks, counters.unknown_stream), (0, 0), "all on the fast path");
    assert!(slots > counters.frames / 2);
    let mut group = criterion.benchmark_group(format!("venue/{}", data.name));
    group.throughput(Throughput::Elements(frames.len() as u64));
    group.bench_function("on_bytes", |bencher| bencher.iter(|| feed(&frames)));
    group.finish();
}

criterion_group!(benches, venue);
criterion_main!(benches);
