use super::corpus::modernised;
use super::fields::{Grid, Kind, Level};
use super::*;

const GRID: Grid = Grid { price: 2, size: 3 };
const TICKER: &str = r#"{"stream":"ethusdt@bookTicker","data":{"e":"bookTicker","u":9,"s":"ETHUSDT","b":"2681.62","B":"1.165","a":"2681.63","A":"73.077","T":7,"E":8}}"#;
const DEPTH: &str = r#"{"stream":"ethusdt@depth@0ms","data":{"e":"depthUpdate","E":8,"T":7,"s":"ETHUSDT","U":5,"u":9,"pu":4,"b":[["200.00","10.229"],["707.81","0.000"]],"a":[]}}"#;
const TRADE: &str = r#"{"stream":"ethusdt@trade","data":{"e":"trade","E":8,"T":7,"s":"ETHUSDT","t":9,"p":"2681.62","q":"1.000","X":"MARKET","m":true}}"#;
const SNAPSHOT: &str = r#"{"lastUpdateId":9,"E":8,"T":7,"bids":[["2681.62","16.969"]],"asks":[["2681.63","0.015"],["2681.70","1"]]}"#;

fn decode_with_all(kind: Kind, frame: &str) -> Vec<Fields> {
    let all = contenders().into_iter().map(|mut contender| {
        let mut out = Fields::default();
        contender
            .decode(kind, GRID, frame.as_bytes(), &mut out)
            .unwrap_or_else(|| panic!("{}", contender.name()));
        out
    });
    all.collect()
}

fn expect(kind: Kind, frame: &str, expected: Fields) {
    for out in decode_with_all(kind, frame) {
        assert_eq!(out, expected, "{frame}");
    }
}

const fn level(price: u64, size: u64) -> Level {
    Level { price, size }
}

fn stamped() -> Fields {
    Fields { id: 9, event_time: 8, transaction_time: 7, ..Fields::default() }
}

#[test]
fn every_contender_reads_what_was_recorded_and_what_2026_added() {
    let modern = |kind, frame| modernised(kind, frame).unwrap();
    let ticker = || Fields { bid: level(268_162, 1_165), ask: level(268_163, 73_077), ..stamped() };
    expect(Kind::BookTicker, TICKER, ticker());
    expect(Kind::BookTicker, &modern(Kind::BookTicker, TICKER), ticker());
    let bids = vec![level(20_000, 10_229), level(70_781, 0)];
    let depth = || Fields { first_id: 5, previous_id: 4, bids: bids.clone(), ..stamped() };
    expect(Kind::Depth, DEPTH, depth());
    expect(Kind::Depth, &modern(Kind::Depth, DEPTH), depth());
    let trade = || Fields { bid: level(268_162, 1_000), buyer_is_maker: true, ..stamped() };
    expect(Kind::Trade, TRADE, trade());
    expect(Kind::Trade, &modern(Kind::Trade, TRADE), trade());
    let (bids, asks) = (vec![level(268_162, 16_969)], vec![level(268_163, 15), level(268_170, 1_000)]);
    expect(Kind::Snapshot, SNAPSHOT, Fields { bids, asks, ..stamped() });
}

#[test]
fn modern_frames_carry_the_new_fields() {
    assert!(modernised(Kind::BookTicker, TICKER).unwrap().ends_with(r#""E":8,"st":1,"ps":"ETHUSDT"}}"#));
    assert!(modernised(Kind::Depth, DEPTH).unwrap().contains(r#""s":"ETHUSDT","ps":"ETHUSDT","st":1,"U":5"#));
    assert!(modernised(Kind::Trade, TRADE).unwrap().ends_with(r#""m":true,"nq":"1.000","st":1}}"#));
}

#[test]
fn a_torn_frame_is_refused_by_every_contender() {
    for mut contender in contenders() {
        let torn = &DEPTH.as_bytes()[..DEPTH.len() - 20];
        assert_eq!(
            contender.decode(Kind::Depth, GRID, torn, &mut Fields::default()),
            None,
            "{}",
            contender.name()
        );
    }
}
