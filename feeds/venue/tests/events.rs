//! Tickers, trades and marks as events, and what happens when the ring to the engine is full.

mod common;

use ballast_model::{
    Event, LostReason, Lots, MarkPrice, Nanos, PackedLevel, Price, Side, Ticker, Trade, TradeId, UpdateId,
};
use ballast_venue::Channel;
use ballast_venue::binance::{BookState, Market, SessionError, StreamKind, StreamPlace, TradeSource};
use common::rig::{BOOKS, ETH, Rig, feed, futures_diff, snapshot, spot_diff};

const MARKS: Channel = Channel::Market(1);

#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
fn level(ticks: i64, lots: i64) -> PackedLevel {
    PackedLevel::new(Price(ticks), Lots(lots)).unwrap()
}

fn trade(fields: &str) -> String {
    format!(
        r#"{{"stream":"ethusdt@trade","data":{{"e":"trade","E":1700000000125,"T":1700000000124,"s":"ETHUSDT","t":42,{fields}}}}}"#
    )
}

fn live_spot() -> Rig {
    let mut rig = Rig::new(Market::Spot);
    rig.frame(&spot_diff(101, 105));
    rig.answer(&snapshot(100));
    rig.told();
    rig
}

#[test]
fn a_spot_ticker_carries_our_time() {
    let mut rig = Rig::new(Market::Spot);
    rig.frame(r#"{"u":400900217,"s":"ETHUSDT","b":"25.35","B":"31.210","a":"25.36","A":"40.660"}"#);
    let expected = Ticker {
        instrument: ETH,
        update_id: UpdateId(400_900_217),
        bid: level(2_535, 31_210),
        ask: level(2_536, 40_660),
        venue_time: rig.now,
        recv_time: rig.now,
    };
    assert_eq!(rig.reader.take(), [Event::Ticker(expected)]);
    assert_eq!(rig.session.counters().tickers, 1);
}

#[test]
fn what_the_fast_decoder_leaves_is_counted_but_not_what_was_never_its_own() {
    let mut rig = Rig::new(Market::Spot);
    rig.frame(r#"{ "u": 1, "s": "ETHUSDT", "b": "25.35", "B": "31.210", "a": "25.36", "A": "40.660" }"#);
    rig.frame(r#"{"result":null,"id":1}"#);
    rig.frame(r#"{"e":"serverShutdown","E":1700000000125}"#);
    assert_eq!(rig.session.counters().fallbacks, 1);
}

#[test]
fn a_futures_ticker_carries_the_engine_s_time() {
    let mut rig = Rig::new(Market::UsdM);
    rig.frame(
        r#"{"e":"bookTicker","u":9,"E":1568014460893,"T":1568014460891,"s":"ETHUSDT","b":"25.35","B":"31.21","a":"25.36","A":"40.66","st":1,"ps":"ETHUSDT"}"#,
    );
    let events = rig.reader.take();
    assert!(
        matches!(events.as_slice(), [Event::Ticker(ticker)] if ticker.venue_time == Nanos::from_millis(1_568_014_460_891))
    );
}

#[test]
fn a_trade_says_who_rested() {
    let mut rig = Rig::new(Market::UsdM);
    rig.frame(&trade(r#""p":"2000.01","q":"0.5","X":"MARKET","m":true"#));
    let expected = Trade {
        instrument: ETH,
        maker: Side::Bid,
        level: level(200_001, 500),
        trade_id: TradeId(42),
        venue_time: Nanos::from_millis(1_700_000_000_124),
        recv_time: rig.now,
    };
    assert_eq!(rig.reader.take(), [Event::Trade(expected)]);
    rig.frame(&trade(r#""p":"2000.01","q":"0.5","X":"MARKET","m":false"#));
    assert_eq!(rig.reader.take(), [Event::Trade(Trade { maker: Side::Ask, ..expected })]);
}

#[test]
fn consumed_ids_and_trades_outside_the_market_are_left_out_and_counted() {
    let mut rig = Rig::new(Market::UsdM);
    rig.frame(&trade(r#""p":"0","q":"0","X":"NA","m":true"#));
    rig.frame(&trade(r#""p":"2000.01","q":"0.000","X":"MARKET","m":true"#));
    rig.frame(&trade(r#""p":"2000.01","q":"0.5","X":"INSURANCE_FUND","m":true"#));
    assert_eq!(rig.told(), [""; 0]);
    let counters = rig.session.counters();
    assert_eq!((counters.dropped_zero_trades, counters.dropped_other_trades, counters.trades), (2, 1, 0));
    assert_eq!(counters.zero_matches, 1, "a consumed id is no fault");
}

#[test]
fn best_prices_that_cannot_be_are_told_and_counted() {
    let mut rig = Rig::new(Market::Spot);
    let ticker = |bid: &str, bid_size: &str, ask: &str, ask_size: &str| {
        format!(r#"{{"u":7,"s":"ETHUSDT","b":"{bid}","B":"{bid_size}","a":"{ask}","A":"{ask_size}"}}"#)
    };
    for (frame, empty, crossed) in [
        (ticker("2000.00", "1", "2000.01", "1"), 0, 0),
        (ticker("2000.01", "1", "2000.01", "1"), 0, 1),
        (ticker("2000.02", "1", "2000.01", "1"), 0, 2),
        (ticker("0", "1", "2000.01", "1"), 1, 2),
        (ticker("2000.00", "0", "2000.01", "1"), 2, 2),
        (ticker("2000.00", "1", "0.00", "1"), 3, 2),
        (ticker("2000.00", "1", "2000.01", "0.000"), 4, 2),
    ] {
        rig.frame(&frame);
        let counters = rig.session.counters();
        assert_eq!((counters.empty_tickers, counters.crossed_tickers), (empty, crossed), "{frame}");
    }
    assert_eq!(rig.told(), ["ticker 7"; 7]);
}

#[test]
fn a_message_says_where_it_stands_in_its_stream() {
    let mut rig = Rig::new(Market::UsdM);
    let time = |last: i64| Some(Nanos::from_millis(1_700_000_000_000 + last));
    let place = StreamPlace {
        instrument: ETH,
        stream: StreamKind::Trade,
        update_id: None,
        event_time: time(125),
        transaction_time: time(124),
    };
    rig.frame(&trade(r#""p":"2000.01","q":"0.5","X":"MARKET","m":false"#));
    assert_eq!(rig.session.place(), Some(&place));
    rig.frame(&futures_diff(101, 105, 99));
    let diff = StreamPlace {
        stream: StreamKind::Depth,
        event_time: time(123),
        transaction_time: time(120),
        ..place
    };
    assert_eq!(rig.session.place(), Some(&diff));
    rig.frame(r#"{"e":"bookTicker","u":9,"s":"ETHUSDT","b":"1","B":"1","a":"2","A":"1","T":1700000000001,"E":1700000000002}"#);
    let ticker = StreamPlace {
        stream: StreamKind::BookTicker,
        update_id: Some(UpdateId(9)),
        event_time: time(2),
        transaction_time: time(1),
        ..place
    };
    assert_eq!(rig.session.place(), Some(&ticker));
    assert!(rig.bytes(BOOKS, "{").is_err());
    assert_eq!(rig.session.place(), None);
}

#[test]
fn only_the_configured_source_tells_trades() {
    let aggregate = r#"{"e":"aggTrade","E":1700000000125,"a":5,"s":"ETHUSDT","p":"2000.01","q":"0.5","f":40,"l":42,"T":1700000000124,"m":true,"st":1,"nq":"0.5"}"#;
    let single = trade(r#""p":"2000.01","q":"0.5","X":"MARKET","m":true"#);
    for (source, unused, used) in
        [(TradeSource::Trades, aggregate, single.as_str()), (TradeSource::AggTrades, &single, aggregate)]
    {
        let mut rig = Rig::with(Market::UsdM, source, &[feed(ETH, "ETHUSDT")]);
        rig.frame(unused);
        assert_eq!(rig.told(), [""; 0]);
        rig.frame(used);
        assert_eq!(rig.told(), ["trade 42"]);
        assert_eq!((rig.session.counters().unused_trades, rig.session.counters().trades), (1, 1));
    }
}

#[test]
fn a_mark_price_brings_index_and_funding() {
    let mut rig = Rig::new(Market::UsdM);
    let frame = r#"{"e":"markPriceUpdate","E":1562305380000,"s":"ETHUSDT","p":"11794.15000000","i":"11784.62659091","P":"11784.25641265","r":"-0.00038167","T":1562306400000,"st":1}"#;
    assert_eq!(rig.bytes(MARKS, frame), Ok(frame.len()));
    let expected = MarkPrice {
        instrument: ETH,
        mark_e8: 1_179_415_000_000,
        index_e8: Some(1_178_462_659_091),
        funding_e8: -38_167,
        funding_at_secs: 1_562_306_400,
        venue_time: Nanos::from_millis(1_562_305_380_000),
        recv_time: rig.now,
    };
    assert_eq!(rig.reader.take(), [Event::Mark(expected)]);
    let delivery = frame.replace("-0.00038167", "").replace("1562306400000", "0");
    rig.bytes(MARKS, &delivery).unwrap();
    assert_eq!(rig.reader.take(), [Event::Mark(MarkPrice { funding_e8: 0, funding_at_secs: 0, ..expected })]);
    let absurd = frame.replace("-0.00038167", "22.5");
    assert_eq!(rig.bytes(MARKS, &absurd), Err(SessionError::OutOfRange(ETH)));
    assert_eq!((rig.session.counters().marks, rig.session.counters().out_of_range), (2, 1));
}

#[test]
fn strangers_are_counted_and_change_nothing() {
    let mut rig = live_spot();
    rig.frame(r#"{"e":"serverShutdown","E":1700000000125}"#);
    rig.frame(r#"{"e":"avgPrice","E":1,"s":"ETHUSDT","i":"5m","w":"25.7","T":1}"#);
    assert_eq!(rig.session.counters().unknown_stream, 2);
    let stranger = r#"{"u":1,"s":"DOGEUSDT","b":"1","B":"1","a":"2","A":"1"}"#;
    assert!(rig.bytes(BOOKS, stranger).is_err());
    assert_eq!(rig.session.counters().decode_errors.unknown_symbol, 1);
    assert_eq!(rig.session.counters().decode_errors.total(), 1);
    assert_eq!(rig.told(), [""; 0]);
    assert_eq!(rig.state(), BookState::Live);
}

#[test]
fn a_refused_diff_is_told_as_ring_full_once_the_sink_takes_it() {
    let mut rig = live_spot();
    rig.reader.refusals = 3;
    rig.frame(&spot_diff(106, 106));
    assert_eq!(rig.state(), BookState::Stale);
    rig.frame(&spot_diff(107, 107));
    assert_eq!(rig.told(), [""; 0], "diff, its news, and the news again were refused");
    rig.frame(&spot_diff(108, 108));
    assert_eq!(rig.told(), ["lost RingFull"]);
    rig.answer(&snapshot(106));
    assert_eq!(rig.told(), ["snapshot 106", "diff 107", "diff 108"]);
    assert_eq!((rig.session.counters().refused_batches, rig.session.counters().books_lost), (1, 1));
}

#[test]
fn the_news_goes_out_with_the_next_deadline_too() {
    let mut rig = live_spot();
    rig.reader.refusals = 2;
    rig.frame(&spot_diff(106, 106));
    let request = (Channel::Rest, "/api/v3/depth?symbol=ETHUSDT&limit=5000".to_owned());
    assert_eq!(rig.sent(), [request], "and the book is asked for without waiting for a diff");
    assert_eq!(rig.told(), ["lost RingFull"]);
}

#[test]
fn a_snapshot_from_before_the_refused_diff_does_not_turn_the_book_back() {
    let mut rig = live_spot();
    rig.reader.refusals = 1;
    rig.frame(&spot_diff(106, 106));
    rig.answer(&snapshot(105));
    assert_eq!(rig.told(), ["lost RingFull"]);
    rig.answer(&snapshot(106));
    assert_eq!(rig.told(), ["snapshot 106"]);
}

#[test]
fn a_refused_trade_loses_the_book_as_well() {
    let mut rig = live_spot();
    rig.reader.refusals = 1;
    rig.frame(&trade(r#""p":"2000.01","q":"0.5","m":true"#));
    assert_eq!(rig.told(), ["lost RingFull"]);
    assert_eq!(rig.state(), BookState::Stale);
    assert_eq!(rig.session.counters().trades, 0);
}

#[test]
fn a_trade_refused_before_the_book_is_live_is_told_and_costs_no_diffs() {
    let mut rig = Rig::new(Market::Spot);
    rig.frame(&spot_diff(101, 105));
    rig.reader.refusals = 1;
    rig.frame(&trade(r#""p":"2000.01","q":"0.5","m":true"#));
    rig.answer(&snapshot(100));
    assert_eq!(rig.told(), ["lost RingFull", "snapshot 100", "diff 105"]);
}

#[test]
fn a_snapshot_that_the_sink_refuses_is_not_half_delivered() {
    let mut rig = Rig::new(Market::Spot);
    rig.frame(&spot_diff(101, 105));
    rig.reader.refusals = 1;
    rig.answer(&snapshot(100));
    assert_eq!(rig.told(), [format!("lost {:?}", LostReason::RingFull)]);
    assert_eq!(rig.state(), BookState::Syncing);
    rig.answer(&snapshot(102));
    assert_eq!(rig.told(), ["snapshot 102", "diff 105"]);
}
