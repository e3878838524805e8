//! Book updates, per level, as the diffs of a whole market bring them.
#![expect(clippy::expect_used, reason = "a benchmark whose data is broken must stop")]

use ballast_bench::{Data, config};
use ballast_core::book::{Book, BookLimits};
use ballast_core::market::Market;
use ballast_model::{BookKind, Event};
use ballast_runtime::tape::{Cursor, Shift};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const LIMITS: BookLimits = BookLimits { price_ticks_max: (1 << 26) - 1, levels_max: 1 << 15 };

fn book(criterion: &mut Criterion) {
    let (data, config) = (Data::load(), config("replay.toml"));
    let prepared = data.prepare(&config);
    let (tape, _) = prepared.tapes.first().expect("a feed");
    let mut group = criterion.benchmark_group(format!("book/{}", data.name));
    group.throughput(Throughput::Elements(tape.level_updates()));
    group.bench_function("book", |bencher| {
        let mut book = Book::new(LIMITS);
        bencher.iter(|| {
            let mut cursor = Cursor::new(tape, Shift::default());
            while cursor.recv_time().is_some() {
                cursor.next(|event| {
                    if let Event::BookBegin(begin) = event
                        && begin.kind == BookKind::Snapshot
                    {
                        book.clear();
                    } else if let Event::BookLevels(slot) = event {
                        book.apply_all(slot.side, slot.used()).expect("it fits");
                    }
                });
            }
        });
        assert!(!book.crossed());
    });
    group.bench_function("market", |bencher| {
        let mut market = Market::new(LIMITS);
        bencher.iter(|| {
            let mut cursor = Cursor::new(tape, Shift::default());
            while cursor.recv_time().is_some() {
                cursor.next(|event| {
                    if let Event::BookBegin(begin) = event {
                        market.on_begin(begin);
                    } else if let Event::BookLevels(slot) = event {
                        market.on_levels(slot);
                    } else if let Event::Ticker(ticker) = event {
                        market.on_ticker(ticker);
                    }
                });
            }
        });
        assert!(market.touch().is_some());
    });
    group.finish();
}

criterion_group!(benches, book);
criterion_main!(benches);
