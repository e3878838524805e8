//! Decoding, nanoseconds per message by kind. Rivals are measured by `bench/compare.sh`.
#![expect(clippy::expect_used, reason = "a benchmark whose data is broken must stop")]

use std::collections::BTreeMap;
use std::hint::black_box;

use ballast_bench::Data;
use ballast_json::{
    Capability, Decoder, Full, Grid, Grids, LevelSink, Message, Path, Side, SymbolId, SymbolTable,
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Keeps levels as a session would, in memory that is there already.
struct Levels(Vec<(Side, u64, u64)>);

impl LevelSink for Levels {
    fn begin(&mut self) {
        self.0.clear();
    }

    fn push(&mut self, side: Side, ticks: u64, lots: u64) -> Result<(), Full> {
        self.0.push((side, ticks, lots));
        Ok(())
    }
}

fn kind(message: &Message) -> &'static str {
    match message {
        Message::BookTicker { .. } => "book_ticker",
        Message::Depth { bids, asks, .. } if bids + asks <= 20 => "depth_to_20_levels",
        Message::Depth { bids, asks, .. } if bids + asks <= 60 => "depth_to_60_levels",
        Message::Depth { .. } => "depth_over_60_levels",
        Message::Snapshot { .. } => "snapshot",
        Message::Trade { .. } => "trade",
        Message::AggTrade { .. } => "agg_trade",
        Message::MarkPrice { .. } => "mark_price",
        Message::Reply { .. } | Message::Other { .. } => "other",
    }
}

/// The same frame with the fields that payloads of 2026 carry.
fn of_2026(frame: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(frame);
    text.replacen("\"s\":\"ETHUSDT\"", "\"s\":\"ETHUSDT\",\"st\":1,\"ps\":\"ETHUSDT\"", 1).into_bytes()
}

fn decode(criterion: &mut Criterion) {
    let data = Data::load();
    let grids = || Grids { price: Grid::new(2, 1).expect("a grid"), size: Grid::new(3, 1).expect("a grid") };
    let mut symbols = SymbolTable::<8>::new();
    symbols.insert(b"ETHUSDT", SymbolId(0), grids()).expect("room");
    let decoder = Decoder::new(Capability::detect());
    let mut levels = Levels(Vec::with_capacity(20_000));
    let mut corpora: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    for frame in data.frames() {
        for (year, frame) in [("2024", frame.clone()), ("2026", of_2026(&frame))] {
            let decoded =
                decoder.decode(&frame, &symbols, Some(SymbolId(0)), &mut levels).expect("it decodes");
            assert_eq!(decoded.path, Path::Fast, "{}", String::from_utf8_lossy(&frame));
            corpora.entry(format!("{}_{year}", kind(&decoded.message))).or_default().push(frame);
        }
    }
    let mut group = criterion.benchmark_group(format!("decode/{}", data.name));
    for (name, frames) in &corpora {
        group.throughput(Throughput::Elements(frames.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                for frame in frames {
                    let _ =
                        black_box(decoder.decode(black_box(frame), &symbols, Some(SymbolId(0)), &mut levels));
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
