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

/// Kinds that the recordings lack, in the venue's documented form: before 2026, and since.
const UNRECORDED: [[&str; 2]; 2] = [
    [
        r#"{"stream":"ethusdt@aggTrade","data":{"e":"aggTrade","E":1723161256400,"a":5933014,"s":"ETHUSDT","p":"2683.84","q":"1.250","f":100,"l":105,"T":1723161256322,"m":true}}"#,
        r#"{"stream":"ethusdt@aggTrade","data":{"e":"aggTrade","E":1723161256400,"a":5933014,"s":"ETHUSDT","p":"2683.84","q":"1.250","nq":"1.000","f":100,"l":105,"T":1723161256322,"m":true,"st":1}}"#,
    ],
    [
        r#"{"stream":"ethusdt@markPrice@1s","data":{"e":"markPriceUpdate","E":1723161256000,"s":"ETHUSDT","p":"2683.84000000","i":"2684.62659091","P":"2684.25641265","r":"-0.00038167","T":1723161600000}}"#,
        r#"{"stream":"ethusdt@markPrice@1s","data":{"e":"markPriceUpdate","E":1723161256000,"s":"ETHUSDT","st":1,"ps":"ETHUSDT","p":"2683.84000000","i":"2684.62659091","P":"2684.25641265","r":"-0.00038167","T":1723161600000}}"#,
    ],
];

fn decode(criterion: &mut Criterion) {
    let data = Data::load();
    let grids = || Grids { price: Grid::new(2, 1).expect("a grid"), size: Grid::new(3, 1).expect("a grid") };
    let mut symbols = SymbolTable::<8>::new();
    symbols.insert(b"ETHUSDT", SymbolId(0), grids()).expect("room");
    let decoder = Decoder::new(Capability::detect());
    let mut levels = Levels(Vec::with_capacity(20_000));
    let mut corpora: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    let recorded = data.frames().into_iter().map(|frame| [frame.clone(), of_2026(&frame)]);
    let unrecorded = UNRECORDED.into_iter().map(|layouts| layouts.map(|frame| frame.as_bytes().to_vec()));
    for layouts in recorded.chain(unrecorded) {
        for (year, frame) in ["2024", "2026"].into_iter().zip(layouts) {
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
