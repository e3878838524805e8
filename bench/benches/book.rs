//! Book updates, per level, as the diffs of a whole market bring them: in slots, as a ring carries them, and in whole batches,
//! as a replay has them at hand.
#![expect(clippy::expect_used, reason = "a benchmark whose data is broken must stop")]

use ballast_bench::{Data, config};
use ballast_core::book::{Book, BookLimits, Level};
use ballast_core::market::Market;
use ballast_model::{BookBatch, BookKind, Event, Lots, Price, Side, Ticks};
use ballast_runtime::tape::{Cursor, Listener, Shift};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const LIMITS: BookLimits = BookLimits { price_ticks_max: (1 << 26) - 1, levels_max: 1 << 15 };

fn book(criterion: &mut Criterion) {
    let (data, config) = (Data::load(), config("replay.toml"));
    let prepared = data.prepare(&config);
    let tape = prepared.tapes.first().expect("a feed");
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
    group.bench_function("book_batches", |bencher| {
        let mut listener = InBatches(Book::new(LIMITS));
        bencher.iter(|| {
            let mut cursor = Cursor::new(tape, Shift::default());
            while cursor.recv_time().is_some() {
                cursor.play(&mut listener);
            }
        });
        assert!(!listener.0.crossed() && listener.0.best(Side::Bid).is_some());
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

/// Takes the book batches of a tape whole.
struct InBatches(Book);

impl Listener for InBatches {
    fn on_batch(&mut self, batch: &BookBatch<'_>) {
        if batch.begin().kind == BookKind::Snapshot {
            self.0.clear();
        }
        for (side, levels) in batch.sides() {
            self.0.apply_all(side, levels).expect("it fits");
        }
    }

    fn on_event(&mut self, _: &Event) {}
}

/// The best bid is removed and comes back; the next one lies this many ticks below it.
fn best_after_removal(criterion: &mut Criterion) {
    const BEST: Price = Price(1_000_000);
    let mut group = criterion.benchmark_group("book/best_after_removal");
    for gap in [1, 50, 5_000] {
        let mut book = Book::new(LIMITS);
        let next = Level { price: BEST - Ticks(gap), lots: Lots(1) };
        let best = Level { price: BEST, lots: Lots(1) };
        for level in [next, best] {
            book.apply(Side::Bid, level.price, level.lots).expect("it fits");
        }
        let mut remove_and_return = || {
            book.apply(Side::Bid, BEST, Lots::ZERO).expect("it fits");
            let after = book.best(Side::Bid);
            book.apply(Side::Bid, BEST, best.lots).expect("it fits");
            (after, book.best(Side::Bid))
        };
        assert_eq!(remove_and_return(), (Some(next), Some(best)));
        group.bench_function(format!("{gap}_ticks"), |bencher| bencher.iter(&mut remove_and_return));
    }
    group.finish();
}

criterion_group!(benches, book, best_after_removal);
criterion_main!(benches);
