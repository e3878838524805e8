//! What is refused, with its kind and place.

use ballast_json::DecodeErrorKind::{
    self, BadNumber, DuplicateField, MissingField, Negative, OffGrid, SinkFull, Syntax, TooDeep, TooLarge,
    TrailingBytes, Truncated, UnknownSymbol, Utf8, WrongType,
};
use ballast_json::{Capability, DecodeError, Field};

use crate::market::{SNAPSHOT, read, read_on_all_paths};
use crate::oracle;

/// A sound frame, to be spoilt.
const TICKER: &str = r#"{"e":"bookTicker","u":7,"E":2,"T":1,"s":"BTCUSDT","b":"61800.2","B":"2.507","a":"61800.3","A":"2.510"}"#;
const DEPTH: &str =
    r#"{"e":"depthUpdate","E":2,"T":1,"s":"BTCUSDT","U":5,"u":6,"pu":4,"b":[["1.5","2"]],"a":[["1.6","3"]]}"#;
const TRADE: &str =
    r#"{"e":"trade","E":2,"T":1,"s":"BTCUSDT","t":9,"p":"1.5","q":"2","X":"MARKET","m":true}"#;
const AGG_TRADE: &str =
    r#"{"e":"aggTrade","E":2,"a":1,"s":"BTCUSDT","p":"1.5","q":"2","f":3,"l":4,"T":1,"m":true,"nq":"1"}"#;
const MARK_PRICE: &str =
    r#"{"e":"markPriceUpdate","E":2,"s":"BTCUSDT","p":"1.5","i":"1.4","P":"1.3","r":"0.0001","T":1}"#;
const SNAPSHOT_FRAME: &str =
    r#"{"lastUpdateId":8,"E":2,"T":1,"symbol":"BTCUSDT","bids":[["1.5","2"]],"asks":[["1.6","3"]]}"#;
const REQUIRED: [(&str, &[(&str, Field)]); 6] = [
    (
        TICKER,
        &[
            (r#""u":7,"#, Field::UpdateId),
            (r#""s":"BTCUSDT","#, Field::Symbol),
            (r#""b":"61800.2","#, Field::BidPrice),
            (r#""B":"2.507","#, Field::BidSize),
            (r#""a":"61800.3","#, Field::AskPrice),
            (r#","A":"2.510""#, Field::AskSize),
        ],
    ),
    (
        DEPTH,
        &[
            (r#""s":"BTCUSDT","#, Field::Symbol),
            (r#""U":5,"#, Field::FirstId),
            (r#""u":6,"#, Field::LastId),
            (r#""E":2,"#, Field::EventTime),
            (r#""b":[["1.5","2"]],"#, Field::Bids),
            (r#","a":[["1.6","3"]]"#, Field::Asks),
        ],
    ),
    (
        TRADE,
        &[
            (r#""s":"BTCUSDT","#, Field::Symbol),
            (r#""t":9,"#, Field::TradeId),
            (r#""p":"1.5","#, Field::Price),
            (r#""q":"2","#, Field::Size),
            (r#""E":2,"#, Field::EventTime),
            (r#""T":1,"#, Field::TradeTime),
            (r#","m":true"#, Field::Maker),
        ],
    ),
    (
        AGG_TRADE,
        &[
            (r#""a":1,"#, Field::AggId),
            (r#""f":3,"#, Field::FirstTradeId),
            (r#""l":4,"#, Field::LastTradeId),
            (r#""q":"2","#, Field::Size),
            (r#""m":true,"#, Field::Maker),
        ],
    ),
    (
        MARK_PRICE,
        &[
            (r#""s":"BTCUSDT","#, Field::Symbol),
            (r#""p":"1.5","#, Field::Mark),
            (r#""E":2,"#, Field::EventTime),
            (r#","T":1"#, Field::NextFundingTime),
        ],
    ),
    (SNAPSHOT_FRAME, &[(r#""bids":[["1.5","2"]],"#, Field::Bids), (r#","asks":[["1.6","3"]]"#, Field::Asks)]),
];

fn refusal(frame: &str) -> DecodeError {
    let reading = read_on_all_paths(frame.as_bytes());
    oracle::check(frame.as_bytes(), &reading);
    reading.expect_err(frame)
}

fn kind(frame: &str) -> DecodeErrorKind {
    refusal(frame).kind
}

/// `frame` with `new` in place of `old`, which must be there.
fn spoilt(frame: &str, old: &str, new: &str) -> String {
    assert!(frame.contains(old), "{old} in {frame}");
    frame.replacen(old, new, 1)
}

#[test]
fn prices_and_sizes_must_be_plain_decimals() {
    for number in ["", ".", "+1", "1.", ".5", "1e400", "1e2", " 1", "1 ", "1,5", "1.2.3", "--1", "NaN", "0x1"]
    {
        let quoted = |key: &str| format!(r#""{key}":"{number}""#);
        let ticker = |old, key| kind(&spoilt(TICKER, old, &quoted(key)));
        assert_eq!(ticker(r#""b":"61800.2""#, "b"), BadNumber(Field::BidPrice), "{number}");
        assert_eq!(ticker(r#""A":"2.510""#, "A"), BadNumber(Field::AskSize), "{number}");
        let trade = spoilt(TRADE, r#""p":"1.5""#, &quoted("p"));
        assert_eq!(kind(&trade), BadNumber(Field::Price), "{number}");
        let price = spoilt(DEPTH, r#"["1.5","2"]"#, &format!(r#"["{number}","2"]"#));
        assert_eq!(kind(&price), BadNumber(Field::BidPrice), "{number}");
        let size = spoilt(DEPTH, r#"["1.6","3"]"#, &format!(r#"["1.6","{number}"]"#));
        assert_eq!(kind(&size), BadNumber(Field::AskSize), "{number}");
    }
}

#[test]
fn prices_and_sizes_must_lie_on_their_grids() {
    assert_eq!(kind(&spoilt(TICKER, "61800.2", "61800.25")), OffGrid(Field::BidPrice));
    assert_eq!(kind(&spoilt(TICKER, "2.507", "2.5071")), OffGrid(Field::BidSize));
    assert_eq!(kind(&spoilt(TICKER, "61800.3", "0.00000000000000000001")), OffGrid(Field::AskPrice));
    assert_eq!(kind(&spoilt(DEPTH, "1.6", "1.61")), OffGrid(Field::AskPrice));
    // A grid of 0.5 by 0.025.
    let stepped = DEPTH.replace("BTCUSDT", "SOLUSDT_261225");
    assert_eq!(kind(&stepped), OffGrid(Field::AskPrice));
    assert_eq!(kind(&spoilt(&stepped, r#""1.6","3""#, r#""1.5","3.01""#)), OffGrid(Field::AskSize));
}

#[test]
fn nothing_may_be_negative_but_a_funding_rate() {
    for number in ["-1", "-0", "-0.0"] {
        assert_eq!(kind(&spoilt(TICKER, "2.510", number)), Negative(Field::AskSize), "{number}");
        assert_eq!(kind(&spoilt(DEPTH, r#""2""#, &format!(r#""{number}""#))), Negative(Field::BidSize));
        assert_eq!(
            kind(&spoilt(MARK_PRICE, r#""p":"1.5""#, &format!(r#""p":"{number}""#))),
            Negative(Field::Mark)
        );
    }
    assert_eq!(kind(&spoilt(TICKER, r#""u":7"#, r#""u":-7"#)), Negative(Field::UpdateId));
    assert!(read_on_all_paths(spoilt(MARK_PRICE, "0.0001", "-0.0001").as_bytes()).is_ok());
}

#[test]
fn numbers_have_a_largest_value() {
    // 2⁴⁰ - 1 ticks of 0.1, 2⁵⁶ - 1 lots of 0.001.
    let (price, size) = ("109951162777.5", "72057594037927.935");
    let largest = spoilt(&spoilt(TICKER, "61800.2", price), "2.507", size);
    assert!(read_on_all_paths(largest.as_bytes()).is_ok());
    assert_eq!(kind(&spoilt(&largest, price, "109951162777.6")), TooLarge(Field::BidPrice));
    assert_eq!(kind(&spoilt(&largest, size, "72057594037927.936")), TooLarge(Field::BidSize));
    assert_eq!(kind(&spoilt(&largest, size, &"9".repeat(400))), TooLarge(Field::BidSize));
    assert_eq!(kind(&spoilt(DEPTH, "1.5", "109951162777.6")), TooLarge(Field::BidPrice));
    assert_eq!(kind(&spoilt(DEPTH, r#""3""#, r#""72057594037927.936""#)), TooLarge(Field::AskSize));
    assert!(read_on_all_paths(spoilt(TICKER, r#""u":7"#, r#""u":18446744073709551615"#).as_bytes()).is_ok());
    let wide = spoilt(TICKER, r#""u":7"#, r#""u":18446744073709551616"#);
    assert_eq!(kind(&wide), TooLarge(Field::UpdateId));
    let mark = |number| spoilt(MARK_PRICE, r#""p":"1.5""#, &format!(r#""p":"{number}""#));
    assert!(read_on_all_paths(mark("92233720368.54775807").as_bytes()).is_ok());
    assert_eq!(kind(&mark("92233720368.54775808")), TooLarge(Field::Mark));
}

#[test]
fn integers_have_neither_fraction_nor_exponent() {
    for number in ["7.0", "7e0", "7E2"] {
        let frame = spoilt(TICKER, r#""u":7"#, &format!(r#""u":{number}"#));
        assert_eq!(kind(&frame), BadNumber(Field::UpdateId), "{number}");
    }
    for no_json in ["07", "+7", "", ".7", "7."] {
        let frame = spoilt(TICKER, r#""u":7"#, &format!(r#""u":{no_json}"#));
        assert_eq!(kind(&frame), Syntax, "{no_json}");
    }
}

#[test]
fn no_required_field_may_be_missing() {
    for (frame, fields) in REQUIRED {
        for (member, field) in fields {
            assert_eq!(kind(&spoilt(frame, member, "")), MissingField(*field), "{member} of {frame}");
        }
    }
    let nameless = r#"{"stream":"btcusdt@depth"}"#;
    assert_eq!(kind(nameless), MissingField(Field::Data));
}

#[test]
fn no_required_field_may_come_twice() {
    for (frame, fields) in REQUIRED {
        for (member, field) in fields {
            let twice = format!("{{{},{}", member.trim_matches(','), &frame[1..]);
            assert_eq!(kind(&twice), DuplicateField(*field), "{member} of {frame}");
        }
    }
    assert_eq!(kind(&spoilt(TICKER, "{", r#"{"e":"trade","#)), DuplicateField(Field::Kind));
    assert_eq!(kind(&spoilt(DEPTH, r#""pu":4"#, r#""pu":4,"pu":4"#)), DuplicateField(Field::PrevId));
    assert_eq!(
        kind(&spoilt(AGG_TRADE, r#""nq":"1""#, r#""nq":"1","nq":"1""#)),
        DuplicateField(Field::NormalSize)
    );
}

#[test]
fn fields_have_types() {
    for (old, new, field) in [
        (r#""u":7"#, r#""u":"7""#, Field::UpdateId),
        (r#""E":2"#, r#""E":null"#, Field::EventTime),
        (r#""T":1"#, r#""T":[]"#, Field::TransactionTime),
        (r#""s":"BTCUSDT""#, r#""s":1"#, Field::Symbol),
        (r#""b":"61800.2""#, r#""b":61800.2"#, Field::BidPrice),
        (r#""a":"61800.3""#, r#""a":6"#, Field::AskPrice),
        (r#""A":"2.510""#, r#""A":{"x":"2.510"}"#, Field::AskSize),
        (r#""e":"bookTicker""#, r#""e":1"#, Field::Kind),
    ] {
        assert_eq!(kind(&spoilt(TICKER, old, new)), WrongType(field), "{new}");
    }
    assert_eq!(kind(&spoilt(TRADE, r#""m":true"#, r#""m":"true""#)), WrongType(Field::Maker));
    assert_eq!(kind(&spoilt(TRADE, r#""X":"MARKET""#, r#""X":1"#)), WrongType(Field::TradeKind));
    for level in
        [r#"[["1.5"]]"#, "[[]]", r#"["1.5","2"]"#, "[1]", r#"[[1.5,"2"]]"#, r#"[["1.5",2]]"#, "{}", r#""""#]
    {
        let frame = spoilt(DEPTH, r#"[["1.5","2"]]"#, level);
        assert_eq!(kind(&frame), WrongType(Field::Bids), "{level}");
    }
    assert_eq!(kind(r#"{"stream":1,"data":{}}"#), WrongType(Field::Stream));
}

#[test]
fn symbols_must_be_known() {
    for name in [
        "XRPUSDT",
        "btcusdt",
        "BTCUSD",
        "BTCUSDTX",
        "",
        "BTCUSDT\\u0000",
        "A_NAME_LONGER_THAN_ANY_SYMBOL_CAN_BE",
    ] {
        assert_eq!(kind(&spoilt(TICKER, "BTCUSDT", name)), UnknownSymbol, "{name}");
        assert_eq!(kind(&spoilt(DEPTH, "BTCUSDT", name)), UnknownSymbol, "{name}");
    }
    let unknown = r#"{"stream":"xrpusdt@depth20","data":{"lastUpdateId":160,"bids":[],"asks":[]}}"#;
    assert_eq!(kind(unknown), UnknownSymbol);
}

#[test]
fn frames_must_be_json() {
    for (frame, expected) in [
        ("", Truncated),
        ("  ", Truncated),
        ("{", Truncated),
        (&TICKER[..TICKER.len() - 1], Truncated),
        (&format!("{TICKER}}}"), TrailingBytes),
        (&format!("{TICKER}{TICKER}"), TrailingBytes),
        (&format!("{TICKER} x"), TrailingBytes),
        (&spoilt(TICKER, r#""u":7,"#, r#""u":7,,"#), Syntax),
        (&spoilt(TICKER, r#""u":7,"#, r#""u":7 "#), Syntax),
        (&spoilt(TICKER, r#""u":"#, r#""u""#), Syntax),
        (&spoilt(TICKER, r#"0"}"#, r#"0",}"#), Syntax),
        (&spoilt(TICKER, "BTC", r"B\TC"), Syntax),
        (&spoilt(TICKER, "BTC", r"\ud800"), Syntax),
        (&spoilt(TICKER, "BTC", "B\nC"), Syntax),
        (&spoilt(TICKER, "BTCUSDT", "BTCUSDT\0"), Syntax),
        (&spoilt(TRADE, "true", "truth"), Syntax),
        (&spoilt(DEPTH, r#"],"a""#, r#"}],"a""#), Syntax),
        (&spoilt(TICKER, r#""u":7"#, r#""u":"#), Syntax),
        (&spoilt(TICKER, r#""61800.2""#, ""), Syntax),
        (
            r#"{"stream":","data":{"e":"trade","E":1,"T":1,"s":"BTCUSDT","t":1,"p":"1","q":"1","m":true}}"#,
            Syntax,
        ),
        ("tru", Truncated),
        ("'x'", Syntax),
        (&format!("{}{}", "[".repeat(65), "]".repeat(65)), TooDeep),
    ] {
        assert_eq!(kind(frame), expected, "{frame}");
    }
    assert!(read_on_all_paths(format!("{}{}", "[".repeat(64), "]".repeat(64)).as_bytes()).is_ok());
}

#[test]
fn frames_must_be_utf_8() {
    for bytes in [&b"\xFF"[..], b"\xC3", b"\xED\xA0\x80", b"\xF8\x88\x80\x80\x80"] {
        let frame = [br#"{"e":"trade","x":""#, bytes, br#""}"#].concat();
        let reading = read_on_all_paths(&frame);
        assert_eq!(reading, Err(DecodeError { at: 18, kind: Utf8 }));
        oracle::check(&frame, &reading);
    }
}

#[test]
fn refusals_say_where() {
    let at = |text: &str| u32::try_from(TICKER.find(text).expect(text)).expect("the frame is short");
    assert_eq!(refusal(&spoilt(TICKER, "61800.3", "61800.35")).at, at("61800.3"));
    assert_eq!(refusal(&spoilt(TICKER, "BTCUSDT", "BTCUSDX")).at, at("BTCUSDT"));
    assert_eq!(refusal(&spoilt(TICKER, r#""u":7"#, r#""u":-"#)).at, at(r#"7,"E""#) + 1);
    let off_grid = refusal(&spoilt(TICKER, "2.507", "2.5071"));
    assert_eq!(off_grid.to_string(), format!("BidSize (`B`) off the grid at byte {}", at("2.507")));
}

#[test]
fn a_full_sink_ends_the_frame() {
    for capability in [Some(Capability::detect()), Some(Capability::scalar()), None] {
        let read = |room| {
            read(capability, DEPTH.as_bytes(), Some(SNAPSHOT), room).map(|reading| reading.levels.len())
        };
        assert_eq!(read(2), Ok(2));
        assert_eq!(read(1).map_err(|error| error.kind), Err(SinkFull));
        assert_eq!(read(0).map_err(|error| error.kind), Err(SinkFull));
    }
}
