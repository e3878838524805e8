//! Which shapes of frames take the fast path, and that the others mean the same.

use ballast_json::{Message, Path, Side};

use crate::market::{Reading, read_on_all_paths};
use crate::oracle;

const MEMBERS: [&str; 7] = [
    r#""e":"bookTicker""#,
    r#""u":5123107839020"#,
    r#""s":"BTCUSDT""#,
    r#""b":"61800.20""#,
    r#""B":"2.507""#,
    r#""a":"61800.30""#,
    r#""A":"2.510""#,
];

fn object(members: &[&str]) -> String {
    format!("{{{}}}", members.join(","))
}

fn checked(frame: &str) -> Reading {
    let reading = read_on_all_paths(frame.as_bytes());
    oracle::check(frame.as_bytes(), &reading);
    reading.unwrap_or_else(|error| panic!("{error} in {frame}"))
}

fn assert_path(frame: &str, path: Path, message: Message) {
    let reading = checked(frame);
    assert_eq!(reading.message, message, "{frame}");
    assert!(reading.path == path, "{frame}");
}

fn expected() -> Message {
    checked(&object(&MEMBERS)).message
}

/// Heap's algorithm (B. R. Heap, 1963).
fn permute<'m>(members: &mut [&'m str], count: usize, each: &mut impl FnMut(&[&'m str])) {
    if count <= 1 {
        return each(members);
    }
    for index in 0..count {
        permute(members, count - 1, each);
        members.swap(if count.is_multiple_of(2) { index } else { 0 }, count - 1);
    }
}

#[test]
fn fields_come_in_any_order() {
    let expected = expected();
    let mut orders = 0;
    permute(&mut MEMBERS.clone(), MEMBERS.len(), &mut |members| {
        orders += 1;
        assert_path(&object(members), Path::Fast, expected);
    });
    assert_eq!(orders, 5_040);
}

#[test]
fn unknown_scalars_are_skipped() {
    let long = format!(r#""a_long_name":"{}""#, "long, as no known value is; ".repeat(20));
    for extra in [
        r#""st":1"#,
        r#""ps":"BTCUSDT""#,
        r#""M":true"#,
        r#""x":false"#,
        r#""x":null"#,
        r#""x":-12.5e-7"#,
        r#""x":1e400"#,
        r#""x":"""#,
        r#""x":"a,b:c{d}e[f]""#,
        r#""bid":"1""#,
        r#""isRetail":true"#,
        r#""id":1"#,
        &long,
    ] {
        for at in 1..=MEMBERS.len() {
            let mut members = MEMBERS.to_vec();
            members.insert(at, extra);
            assert_path(&object(&members), Path::Fast, expected());
        }
    }
}

#[test]
fn what_else_is_json_goes_to_the_twin() {
    for (old, new) in [
        (r#""u""#, r#" "u""#),
        (r#""u""#, "\n\t\"u\""),
        (r#""u":"#, r#""u" : "#),
        ("{", " {"),
        ("}", "}\r\n"),
        (r#""b":"#, r#""\u0062":"#),
        ("bookTicker", r"\u0062ookTicker"),
        ("BTCUSDT", r"BTC\u0055SDT"),
        ("61800.20", r"61800\u002e20"),
        ("2.507", r"2.5\u00307"),
        ("}", r#","x":{"nested":[1,{"b":"2"}]}}"#),
        ("}", r#","x":["b"]}"#),
        ("}", r#","x":"\"}"}"#),
        ("}", r#","x":"\ud83d\ude00"}"#),
        ("}", r#","x":"é"}"#),
        ("}", r#","é":"x"}"#),
    ] {
        let frame = object(&MEMBERS).replacen(old, new, 1);
        assert_path(&frame, Path::Twin, expected());
    }
}

#[test]
fn numbers_may_have_zeros_in_front_and_behind() {
    for price in ["61800.2", "61800.20000000", "00061800.2", "61800.20000000000000000000000000000"] {
        for size in ["2.507", "2.50700000", "0000000002.507", "2.507000000000000000000000000"] {
            let frame = object(&MEMBERS).replace("61800.20", price).replace("2.507", size);
            assert_path(&frame, Path::Fast, expected());
        }
    }
}

#[test]
fn a_text_may_end_in_a_comma() {
    let frame = object(&[&[r#""x":"a,""#], &MEMBERS[..], &[r#""y":",""#]].concat());
    assert_eq!(checked(&frame).message, expected());
}

#[test]
fn a_key_may_be_empty() {
    let frame = object(&[&MEMBERS[..], &[r#""":0"#]].concat());
    assert_eq!(checked(&frame).message, expected());
}

#[test]
fn levels_may_carry_more_than_price_and_size() {
    let frame = r#"{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":2,"b":[["1","2",[]],["3","4",5]],"a":[["6","7",{}]]}"#;
    assert_eq!(checked(frame).levels.len(), 3);
}

#[test]
fn levels_on_both_sides_of_their_symbol_lie_on_its_grid() {
    let frame = r#"{"lastUpdateId":160,"asks":[["1.5","3"]],"symbol":"BTCUSD_PERP","bids":[["1.4","2"]]}"#;
    assert_eq!(checked(frame).levels, [(Side::Ask, 15, 3), (Side::Bid, 14, 2)]);
}

#[test]
fn levels_before_their_symbol_go_to_the_twin() {
    let frame = r#"{"e":"depthUpdate","E":1,"b":[["1","2"]],"a":[["6","7"]],"s":"BTCUSDT","U":1,"u":2}"#;
    let reading = checked(frame);
    assert_eq!((reading.levels.len(), reading.path), (2, Path::Twin));
}
