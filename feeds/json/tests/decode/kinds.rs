//! What each kind of message means, in the layouts of 2024 and of 2026.

use ballast_json::{Capability, E8, Level, Message, Path, ReplyOutcome, Side, Span, SymbolId, TradeKind};

use crate::market::{BTCUSD_PERP, BTCUSDT, ETHUSDT, Reading, SNAPSHOT, read, read_on_all_paths};
use crate::oracle;

const BID: Side = Side::Bid;
const ASK: Side = Side::Ask;

/// Reads the frame on all paths; the fast one takes it.
fn fast(frame: &str) -> Reading {
    let reading = checked(frame);
    assert!(reading.path == Path::Fast, "{frame}");
    reading
}

/// Reads the frame; only the twin knows what it is.
fn slow(frame: &str) -> Reading {
    let reading = checked(frame);
    assert_eq!(reading.path, Path::Twin, "{frame}");
    reading
}

fn checked(frame: &str) -> Reading {
    let reading = read_on_all_paths(frame.as_bytes());
    oracle::check(frame.as_bytes(), &reading);
    reading.expect("the frame is sound")
}

fn text(frame: &str, span: Span) -> &str {
    core::str::from_utf8(span.of(frame.as_bytes()).expect("the span lies in the frame")).expect("it is text")
}

/// The name of a message that is of no kind known here.
fn other(frame: &str) -> &str {
    let Message::Other { name } = slow(frame).message else { panic!("{frame}") };
    text(frame, name)
}

fn enveloped(stream: &str, event: &str) -> String {
    format!(r#"{{"stream":"{stream}","data":{event}}}"#)
}

#[test]
fn a_futures_book_ticker_has_times() {
    let expected = Message::BookTicker {
        symbol: BTCUSDT,
        update_id: 5_123_107_839_020,
        event_time: Some(1_723_161_256_314),
        transaction_time: Some(1_723_161_256_313),
        bid: Level { ticks: 618_002, lots: 2_507 },
        ask: Level { ticks: 618_003, lots: 2_510 },
    };
    for frame in [
        r#"{"e":"bookTicker","u":5123107839020,"s":"BTCUSDT","b":"61800.20","B":"2.507","a":"61800.30","A":"2.510","T":1723161256313,"E":1723161256314}"#,
        r#"{"e":"bookTicker","u":5123107839020,"E":1723161256314,"T":1723161256313,"s":"BTCUSDT","b":"61800.20000000","B":"2.50700000","a":"61800.30000000","A":"2.51000000","st":1,"ps":"BTCUSDT"}"#,
    ] {
        assert_eq!(fast(frame).message, expected);
    }
}

#[test]
fn a_spot_book_ticker_has_neither_kind_nor_times() {
    let reading = fast(
        r#"{"u":50093239212,"s":"ETHUSDT","b":"2683.80000000","B":"3.02920000","a":"2683.81000000","A":"31.43950000"}"#,
    );
    let expected = Message::BookTicker {
        symbol: ETHUSDT,
        update_id: 50_093_239_212,
        event_time: None,
        transaction_time: None,
        bid: Level { ticks: 268_380, lots: 302_920_000 },
        ask: Level { ticks: 268_381, lots: 3_143_950_000 },
    };
    assert_eq!(reading.message, expected);
}

#[test]
fn a_futures_diff_names_the_diff_before() {
    let expected = Message::Depth {
        symbol: BTCUSDT,
        first_id: 157,
        last_id: 160,
        prev_id: Some(149),
        event_time: 1_723_161_256_299,
        transaction_time: Some(1_723_161_256_298),
        bids: 2,
        asks: 1,
    };
    for frame in [
        r#"{"e":"depthUpdate","E":1723161256299,"T":1723161256298,"s":"BTCUSDT","U":157,"u":160,"pu":149,"b":[["58710.20","0.014"],["61496.50","0.000"]],"a":[["61800.30","12.500"]]}"#,
        r#"{"e":"depthUpdate","E":1723161256299,"T":1723161256298,"s":"BTCUSDT","ps":"BTCUSDT","st":1,"U":157,"u":160,"pu":149,"b":[["58710.20","0.014"],["61496.50","0.000"]],"a":[["61800.30","12.500"]]}"#,
    ] {
        let reading = fast(frame);
        assert_eq!(reading.message, expected);
        assert_eq!(reading.levels, [(BID, 587_102, 14), (BID, 614_965, 0), (ASK, 618_003, 12_500)]);
    }
}

#[test]
fn a_spot_diff_does_not() {
    let reading = fast(
        r#"{"e":"depthUpdate","E":1723161255308,"s":"ETHUSDT","U":35346513499,"u":35346513505,"b":[],"a":[["2683.81000000","0.00000001"]]}"#,
    );
    let expected = Message::Depth {
        symbol: ETHUSDT,
        first_id: 35_346_513_499,
        last_id: 35_346_513_505,
        prev_id: None,
        event_time: 1_723_161_255_308,
        transaction_time: None,
        bids: 0,
        asks: 1,
    };
    assert_eq!((reading.message, reading.levels), (expected, vec![(ASK, 268_381, 1)]));
}

#[test]
fn levels_come_in_the_order_of_the_frame() {
    let reading = fast(
        r#"{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":2,"a":[["3","1"]],"b":[["2","1"],["1","1"]]}"#,
    );
    assert_eq!(reading.levels, [(ASK, 30, 1_000), (BID, 20, 1_000), (BID, 10, 1_000)]);
}

fn trade(maker: Side, kind: TradeKind) -> Message {
    Message::Trade {
        symbol: BTCUSDT,
        trade_id: 5_266_583_935,
        price: 618_003,
        lots: 6,
        event_time: 1_723_161_256_323,
        trade_time: 1_723_161_256_322,
        maker,
        kind,
    }
}

#[test]
fn a_futures_trade_says_what_kind_it_is() {
    let frame = |reason: &str, maker: &str| {
        fast(&format!(
            r#"{{"e":"trade","E":1723161256323,"T":1723161256322,"s":"BTCUSDT","t":5266583935,"p":"61800.30","q":"0.006","X":"{reason}","m":{maker}}}"#
        ))
        .message
    };
    assert_eq!(frame("MARKET", "false"), trade(ASK, TradeKind::Market));
    assert_eq!(frame("MARKET", "true"), trade(BID, TradeKind::Market));
    assert_eq!(frame("INSURANCE_FUND", "true"), trade(BID, TradeKind::Other));
}

#[test]
fn a_spot_trade_is_an_ordinary_one() {
    let frame = r#"{"e":"trade","E":1723161256323,"s":"BTCUSDT","t":5266583935,"p":"61800.30000000","q":"0.00600000","T":1723161256322,"m":true,"M":true}"#;
    assert_eq!(fast(frame).message, trade(BID, TradeKind::Market));
}

#[test]
fn a_consumed_trade_id_is_a_trade_of_nothing() {
    let frame = r#"{"e":"trade","E":1,"T":1,"s":"BTCUSDT","t":9,"p":"0","q":"0","X":"NA","m":true}"#;
    let Message::Trade { price: 0, lots: 0, kind: TradeKind::Other, .. } = fast(frame).message else {
        panic!("{frame}")
    };
}

#[test]
fn an_aggregate_trade_may_tell_its_size_without_retail_orders() {
    for (newer, normal_lots) in [("", None), (r#","nq":"99.5","st":1"#, Some(99_500))] {
        let frame = format!(
            r#"{{"e":"aggTrade","E":1723161256400,"a":5933014,"s":"BTCUSDT","p":"61800.3","q":"100","f":100,"l":105,"T":1723161256322,"m":true{newer}}}"#
        );
        let expected = Message::AggTrade {
            symbol: BTCUSDT,
            agg_id: 5_933_014,
            first_id: 100,
            last_id: 105,
            price: 618_003,
            lots: 100_000,
            event_time: 1_723_161_256_400,
            trade_time: 1_723_161_256_322,
            maker: BID,
            normal_lots,
        };
        assert_eq!(fast(&frame).message, expected);
    }
}

fn mark_price(index: Option<i64>, settle: Option<i64>, rate: Option<i64>, next_funding_time: u64) -> Message {
    Message::MarkPrice {
        symbol: BTCUSDT,
        mark: E8(1_179_415_000_000),
        index: index.map(E8),
        settle: settle.map(E8),
        funding_rate: rate.map(E8),
        next_funding_time,
        event_time: 1_562_305_380_000,
    }
}

#[test]
fn a_mark_price_comes_with_index_settlement_and_funding() {
    for newer in ["", r#","st":1"#, r#","ap":"11794.15","st":1,"ps":"BTCUSDT""#] {
        let frame = format!(
            r#"{{"e":"markPriceUpdate","E":1562305380000,"s":"BTCUSDT","p":"11794.15000000","i":"11784.62659091","P":"11784.25641265","r":"-0.00038167","T":1562306400000{newer}}}"#
        );
        let expected =
            mark_price(Some(1_178_462_659_091), Some(1_178_425_641_265), Some(-38_167), 1_562_306_400_000);
        assert_eq!(fast(&frame).message, expected);
    }
}

#[test]
fn a_delivery_contract_has_no_funding() {
    let frame = r#"{"e":"markPriceUpdate","E":1562305380000,"s":"BTCUSDT","p":"11794.15","P":"11784.25641265","r":"","T":0}"#;
    assert_eq!(fast(frame).message, mark_price(None, Some(1_178_425_641_265), None, 0));
}

const LEVELS: &str = r#""bids":[["61773.6","1001"],["61773.5","7"]],"asks":[["61773.7","3"]]"#;

fn snapshot(symbol: SymbolId, event_time: Option<u64>, transaction_time: Option<u64>) -> Message {
    Message::Snapshot { symbol, last_update_id: 160, event_time, transaction_time, bids: 2, asks: 1 }
}

#[test]
fn a_spot_snapshot_is_of_whom_the_caller_asked_for() {
    let reading = fast(&format!(r#"{{"lastUpdateId":160,{LEVELS}}}"#));
    assert_eq!(reading.message, snapshot(SNAPSHOT, None, None));
    assert_eq!(
        reading.levels,
        [(BID, 6_177_360, 100_100_000_000), (BID, 6_177_350, 700_000_000), (ASK, 6_177_370, 300_000_000)]
    );
}

#[test]
fn a_futures_snapshot_has_times() {
    let reading = fast(&format!(r#"{{"lastUpdateId":160,"E":1589436922972,"T":1589436922959,{LEVELS}}}"#));
    assert_eq!(reading.message, snapshot(SNAPSHOT, Some(1_589_436_922_972), Some(1_589_436_922_959)));
}

#[test]
fn a_coin_margined_snapshot_names_its_symbol() {
    let reading = fast(&format!(
        r#"{{"lastUpdateId":160,"E":1591250106370,"T":1591250106368,"symbol":"BTCUSD_PERP","pair":"BTCUSD",{LEVELS}}}"#
    ));
    assert_eq!(reading.message, snapshot(BTCUSD_PERP, Some(1_591_250_106_370), Some(1_591_250_106_368)));
    assert_eq!(reading.levels, [(BID, 617_736, 1_001), (BID, 617_735, 7), (ASK, 617_737, 3)]);
}

#[test]
fn a_spot_partial_depth_frame_is_a_snapshot_of_its_stream_s_symbol() {
    let frame = enveloped("btcusd_perp@depth20@100ms", &format!(r#"{{"lastUpdateId":160,{LEVELS}}}"#));
    let reading = fast(&frame);
    assert_eq!(reading.message, snapshot(BTCUSD_PERP, None, None));
    assert_eq!(reading.stream.map(|stream| text(&frame, stream)), Some("btcusd_perp@depth20@100ms"));
}

#[test]
fn an_envelope_changes_nothing_but_the_stream() {
    for event in [
        r#"{"u":50093239212,"s":"BTCUSDT","b":"61800.2","B":"2.507","a":"61800.3","A":"4"}"#,
        r#"{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":2,"b":[["1","1"]],"a":[["2","1"]]}"#,
        r#"{"e":"trade","E":1,"T":1,"s":"BTCUSDT","t":9,"p":"61800.2","q":"2.507","m":true}"#,
        r#"{"e":"aggTrade","E":1,"a":1,"s":"BTCUSDT","p":"61800.2","q":"1","f":1,"l":1,"T":1,"m":false}"#,
        r#"{"e":"markPriceUpdate","E":1,"s":"BTCUSDT","p":"61800.20000000","T":0}"#,
    ] {
        let frame = enveloped("btcusdt@any", event);
        let (bare, inside) = (fast(event), fast(&frame));
        assert_eq!((bare.message, &bare.levels), (inside.message, &inside.levels));
        assert_eq!(bare.stream, None);
        assert_eq!(inside.stream.map(|stream| text(&frame, stream)), Some("btcusdt@any"));
    }
}

#[test]
fn replies_are_told_apart() {
    let reply = |frame| {
        let Message::Reply { id, outcome } = slow(frame).message else { panic!("{frame}") };
        (id, outcome)
    };
    assert_eq!(reply(r#"{"result":null,"id":1}"#), (Some(1), ReplyOutcome::Accepted));
    assert_eq!(reply(r#"{"result":["btcusdt@depth"],"id":3}"#), (Some(3), ReplyOutcome::Accepted));
    assert_eq!(reply(r#"{"result":null,"id":"abc"}"#), (None, ReplyOutcome::Accepted));
    assert_eq!(reply(r#"{"result":null,"id":null}"#), (None, ReplyOutcome::Accepted));
    assert_eq!(reply(r#"{"error":{"code":2,"msg":"Invalid"},"id":7}"#), (Some(7), ReplyOutcome::Refused));
    assert_eq!(reply(r#"{"code":2,"msg":"Invalid","id":7}"#), (Some(7), ReplyOutcome::Refused));
}

#[test]
fn frames_of_other_kinds_are_named() {
    assert_eq!(other(r#"{"e":"serverShutdown","E":1770123456789}"#), "serverShutdown");
    assert_eq!(other(&enveloped("btcusdt@kline_1m", r#"{"e":"kline","k":{"o":"1"}}"#)), "kline");
    assert_eq!(other(&enveloped("!miniTicker@arr", r#"[{"e":"24hrMiniTicker"}]"#)), "!miniTicker@arr");
    assert_eq!(other(&enveloped("btcusdt@new", r#"{"x":1}"#)), "btcusdt@new");
    for nameless in ["{}", "[]", "null", "1e400", r#""text""#, r#"{"x":{"e":"trade"}}"#] {
        assert_eq!(other(nameless), "");
    }
}

#[test]
fn a_snapshot_that_nobody_names_has_no_symbol() {
    let frame = format!(r#"{{"lastUpdateId":160,{LEVELS}}}"#);
    let kind = |symbol| {
        read(Some(Capability::detect()), frame.as_bytes(), symbol, usize::MAX)
            .map_err(|error| error.to_string())
    };
    assert_eq!(kind(None).err().as_deref(), Some("Symbol (`s`) missing at byte 0"));
    assert_eq!(kind(Some(SymbolId(999))).err().as_deref(), Some("unknown symbol at byte 0"));
}
