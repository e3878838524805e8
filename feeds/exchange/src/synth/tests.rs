//! What must hold for every synthetic market.

mod reader;

use std::collections::BTreeMap;

use ballast_model::{Digest, Nanos, Price, Side, Span};

use self::reader::Reader;
use super::rng::Rng;
use super::shape::Shape;
use super::{Dialect, Layout, Market, SpecFault, SynthMarket, SynthSpec};

/// The first `seconds` of a market.
fn lasting(spec: SynthSpec, seconds: i64) -> SynthSpec {
    SynthSpec { duration: Span::from_secs(seconds), ..spec }
}

/// Every frame of a market, with its time.
fn frames(spec: &SynthSpec) -> Vec<(Nanos, Vec<u8>)> {
    let mut market = SynthMarket::new(spec).unwrap();
    let mut frame = Vec::new();
    std::iter::from_fn(|| market.next_frame(&mut frame).map(|received| (received, frame.clone()))).collect()
}

/// Reads a market from end to end, every check on the way.
fn read(spec: &SynthSpec) -> Reader {
    let mut market = SynthMarket::new(spec).unwrap();
    let mut reader = Reader::new(spec);
    let mut frame = Vec::new();
    while let Some(received) = market.next_frame(&mut frame) {
        reader.read(&frame, received.0);
    }
    reader.finish();
    reader
}

#[test]
fn a_seed_decides_every_byte() {
    for spec in [SynthSpec::eth_perpetual, SynthSpec::eth_spot] {
        let [once, again, other] = [1, 1, 2].map(|seed| frames(&lasting(spec(seed), 5)));
        assert!(once.len() > 100);
        assert!(once == again);
        assert!(once != other);
    }
}

/// The digests change when the model does; they may not change with the host, the build or the compiler.
#[test]
fn the_bytes_of_a_seed_are_the_same_on_every_host() {
    for (spec, expected) in [
        (SynthSpec::eth_perpetual(1), 0x125a_0a7d_ca96_6462),
        (SynthSpec::eth_spot(1), 0xb785_b54b_b0b6_d775),
    ] {
        let mut digest = Digest::new();
        for (received, frame) in frames(&lasting(spec, 20)) {
            digest.signed(received.0);
            digest.bytes(&frame);
        }
        assert_eq!(digest.value(), expected, "{:#018x}", digest.value());
    }
}

#[test]
fn a_perpetual_is_consistent_and_as_busy_as_a_real_one() {
    // One minute of ETHUSDT on 2024-08-08, mean of five: 1 146 diffs with 74 600 levels, 9 396 tickers, 2 450 trades.
    for (seed, layout) in [(1, Layout::Y2024), (2, Layout::Y2026)] {
        let reader = read(&lasting(SynthSpec { layout, ..SynthSpec::eth_perpetual(seed) }, 60));
        assert!((573..=1_719).contains(&reader.diffs), "{} diffs", reader.diffs);
        assert!((37_300..=111_900).contains(&reader.levels), "{} levels", reader.levels);
        assert!((4_698..=14_094).contains(&reader.ticker_count), "{} tickers", reader.ticker_count);
        assert!((1_225..=3_675).contains(&reader.trade_count), "{} trades", reader.trade_count);
        assert!(reader.levels_max >= 300, "bursts of {} levels", reader.levels_max);
        assert!(reader.early_diffs >= 3 && reader.dropped_diffs >= 1);
        assert!(reader.comparisons >= 50, "{} comparisons", reader.comparisons);
    }
}

#[test]
fn a_spot_market_is_consistent_and_as_busy_as_a_real_one() {
    // One minute of ETHUSDT on 2024-08-08, mean of five: 596 diffs with 18 530 levels, 4 177 tickers, 1 059 trades.
    let reader = read(&lasting(SynthSpec::eth_spot(1), 60));
    assert!((298..=894).contains(&reader.diffs), "{} diffs", reader.diffs);
    assert!((9_265..=27_795).contains(&reader.levels), "{} levels", reader.levels);
    assert!((2_089..=6_266).contains(&reader.ticker_count), "{} tickers", reader.ticker_count);
    assert!((530..=1_589).contains(&reader.trade_count), "{} trades", reader.trade_count);
    assert!(reader.levels_max >= 150, "bursts of {} levels", reader.levels_max);
    assert!(reader.early_diffs >= 1 && reader.dropped_diffs >= 1);
    assert!(reader.comparisons >= 20, "{} comparisons", reader.comparisons);
}

#[test]
fn other_grids_are_consistent() {
    let grids = [(618_000, 1, 3), (2_000, 2, 0), (95_000, 5, 0), (1_000_000_000, 2, 5)];
    for (seed, (ticks, tick_scale, lot_scale)) in (10..).zip(grids) {
        for spec in [SynthSpec::eth_perpetual(seed), SynthSpec::eth_spot(seed)] {
            let spec = SynthSpec { start_price: Price(ticks), tick_scale, lot_scale, ..spec };
            let reader = read(&lasting(spec, 10));
            assert!(reader.straddled && reader.trade_count > 20 && reader.comparisons > 0, "{ticks} ticks");
        }
    }
}

#[test]
fn a_venue_clock_ahead_of_ours_makes_latency_negative() {
    let spec = lasting(SynthSpec::eth_perpetual(3), 3);
    let level = read(&spec);
    let ahead = read(&SynthSpec { clock_offset: Span::from_millis(1_270), ..spec });
    let mean_ms = |reader: &Reader| reader.lag_ms / i64::try_from(reader.diffs).unwrap();
    assert!((1..=8).contains(&mean_ms(&level)), "{} ms", mean_ms(&level));
    assert!((-1_269..=-1_262).contains(&mean_ms(&ahead)), "{} ms", mean_ms(&ahead));
}

/// What a trade prints rested in the book the moment before, best price first, and is gone the moment after.
#[test]
fn trades_take_what_rests_from_the_touch_outwards() {
    let spec = SynthSpec::eth_perpetual(4);
    let mut market = Market::new(Shape::new(&spec), Rng::new(4), spec.start_price, 0);
    let mut prints = Vec::new();
    let (mut traded, mut walked) = (0, 0);
    while traded < 200 {
        market.wait();
        let before = Side::BOTH.map(|side| market.book.levels(side, 200));
        market.act(&mut prints);
        let Some(first) = prints.first() else { continue };
        let side = first.maker;
        let resting = &before[side.index()];
        let mut taken = BTreeMap::new();
        for print in &prints {
            assert!(print.maker == side && print.lots.0 > 0);
            *taken.entry(print.price).or_insert(0) += print.lots.0;
        }
        let away = |price: Price| -side.sign() * price.0;
        assert!(prints.is_sorted_by_key(|print| away(print.price)));
        for (index, level) in resting.iter().take(taken.len()).enumerate() {
            let lots = taken.get(&level.price).copied().expect("a level was skipped");
            let is_last = index + 1 == taken.len();
            assert!(lots == level.lots.0 || (is_last && lots < level.lots.0));
            assert_eq!(market.book.lots_at(side, level.price).0, level.lots.0 - lots);
        }
        traded += 1;
        walked += usize::from(taken.len() > 1);
    }
    assert!(walked > 20, "{walked} of {traded} walked the book");
}

/// The frame with every run of digits written as one 9 and all levels but the first cut.
fn skeleton(frame: &[u8]) -> String {
    let mut out = String::new();
    let mut levels_cut = String::from_utf8(frame.to_vec()).unwrap();
    while let Some(at) = levels_cut.find("\"],[\"") {
        let end = levels_cut[at + 2..].find("\"]").unwrap() + at + 4;
        levels_cut.replace_range(at + 2..end, "");
    }
    for byte in levels_cut.chars() {
        if !byte.is_ascii_digit() {
            out.push(byte);
        } else if !out.ends_with('9') {
            out.push('9');
        }
    }
    out
}

/// The skeletons of the first ticker, diff, trade and snapshot of a market, without the envelopes; the maker's side is
/// written as `SIDE`.
fn payload_skeletons(spec: &SynthSpec) -> [String; 4] {
    let frames = frames(&lasting(spec.clone(), 2));
    ["@bookTicker\"", "@depth", "@trade\"", "lastUpdateId"].map(|mark| {
        let contains = |frame: &[u8]| String::from_utf8_lossy(frame).contains(mark);
        let (_, frame) =
            frames.iter().find(|(_, frame)| contains(frame)).expect("two seconds hold one of each");
        let frame = skeleton(frame).replace("\"m\":true", "\"m\":SIDE").replace("\"m\":false", "\"m\":SIDE");
        match frame.split_once(",\"data\":") {
            Some((_, payload)) => payload.strip_suffix('}').unwrap().to_owned(),
            None => frame,
        }
    })
}

#[test]
fn frames_have_the_fields_of_their_vintage_in_order() {
    let y2026 = SynthSpec::eth_perpetual(1);
    let y2024 = SynthSpec { layout: Layout::Y2024, ..y2026.clone() };
    let y2024_payloads = [
        r#"{"e":"bookTicker","u":9,"s":"ETHUSDT","b":"9.9","B":"9.9","a":"9.9","A":"9.9","T":9,"E":9}"#,
        r#"{"e":"depthUpdate","E":9,"T":9,"s":"ETHUSDT","U":9,"u":9,"pu":9,"b":[["9.9","9.9"]],"a":[["9.9","9.9"]]}"#,
        r#"{"e":"trade","E":9,"T":9,"s":"ETHUSDT","t":9,"p":"9.9","q":"9.9","X":"MARKET","m":SIDE}"#,
        r#"{"lastUpdateId":9,"E":9,"T":9,"bids":[["9.9","9.9"]],"asks":[["9.9","9.9"]]}"#,
    ];
    let y2026_payloads = [
        r#"{"e":"bookTicker","u":9,"E":9,"T":9,"s":"ETHUSDT","b":"9.9","B":"9.9","a":"9.9","A":"9.9","st":9,"ps":"ETHUSDT"}"#,
        r#"{"e":"depthUpdate","E":9,"T":9,"s":"ETHUSDT","ps":"ETHUSDT","st":9,"U":9,"u":9,"pu":9,"b":[["9.9","9.9"]],"a":[["9.9","9.9"]]}"#,
        r#"{"e":"trade","E":9,"T":9,"s":"ETHUSDT","t":9,"p":"9.9","q":"9.9","X":"MARKET","m":SIDE,"st":9}"#,
        r#"{"lastUpdateId":9,"E":9,"T":9,"bids":[["9.9","9.9"]],"asks":[["9.9","9.9"]]}"#,
    ];
    let spot_payloads = [
        r#"{"u":9,"s":"ETHUSDT","b":"9.9","B":"9.9","a":"9.9","A":"9.9"}"#,
        r#"{"e":"depthUpdate","E":9,"s":"ETHUSDT","U":9,"u":9,"b":[["9.9","9.9"]],"a":[["9.9","9.9"]]}"#,
        r#"{"e":"trade","E":9,"s":"ETHUSDT","t":9,"p":"9.9","q":"9.9","T":9,"m":SIDE,"M":true}"#,
        r#"{"lastUpdateId":9,"bids":[["9.9","9.9"]],"asks":[["9.9","9.9"]]}"#,
    ];
    assert_eq!(payload_skeletons(&y2024), y2024_payloads);
    assert_eq!(payload_skeletons(&y2026), y2026_payloads);
    assert_eq!(payload_skeletons(&SynthSpec::eth_spot(1)), spot_payloads);
}

#[test]
fn a_finished_market_stays_finished() {
    let spec = SynthSpec { duration: Span::from_millis(50), ..SynthSpec::eth_perpetual(5) };
    let mut market = SynthMarket::new(&spec).unwrap();
    let mut frame = Vec::new();
    while market.next_frame(&mut frame).is_some() {}
    for _ in 0..3 {
        assert_eq!(market.next_frame(&mut frame), None);
        assert!(frame.is_empty());
    }
}

#[test]
fn a_spec_out_of_range_is_refused_by_name() {
    type Fault = fn(&mut SynthSpec);
    let cases: [(Fault, SpecFault); 12] = [
        (|spec| spec.symbol.clear(), SpecFault::Symbol),
        (|spec| spec.symbol = "ethusdt".into(), SpecFault::Symbol),
        (|spec| spec.symbol = "X".repeat(25), SpecFault::Symbol),
        (|spec| spec.tick_scale = 9, SpecFault::TickScale),
        (|spec| spec.lot_scale = 9, SpecFault::LotScale),
        (|spec| spec.start_price = Price(1_999), SpecFault::StartPrice),
        (|spec| spec.start_price = Price(1_000_000_001), SpecFault::StartPrice),
        (|spec| spec.duration = Span::ZERO, SpecFault::Duration),
        (|spec| spec.duration = Span(i64::MAX), SpecFault::Time),
        (|spec| spec.start = Nanos(-1), SpecFault::Time),
        (|spec| spec.clock_offset = Span(i64::MIN), SpecFault::Time),
        (|spec| spec.clock_offset = Span(i64::MAX), SpecFault::Time),
    ];
    for (fault, expected) in cases {
        for mut spec in [SynthSpec::eth_perpetual(1), SynthSpec::eth_spot(1)] {
            assert_eq!(spec.validate(), Ok(()));
            fault(&mut spec);
            assert_eq!(spec.validate(), Err(expected));
            assert_eq!(SynthMarket::new(&spec).err(), Some(expected));
        }
    }
    assert_eq!(SynthSpec::eth_spot(1).dialect, Dialect::Spot);
}
