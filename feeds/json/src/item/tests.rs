use std::vec::Vec;

use super::*;

const TEXT: &[u8] =
    br#" {"a":"12.50","b":-7,"c":[1,{"d":true},"x\"y"],"e":1.5,"f":null,"a":"9","g":"-0.00000012"} "#;

fn item(key: &[u8]) -> Item<'static> {
    Item::read(TEXT).unwrap().member(key).unwrap()
}

#[test]
fn values_are_picked_by_type() {
    assert_eq!((item(b"a").text(), item(b"a").unsigned()), (Some("12.50"), None));
    assert_eq!((item(b"b").signed(), item(b"b").unsigned(), item(b"b").text()), (Some(-7), None, None));
    assert_eq!((item(b"e").signed(), item(b"e").e8()), (None, Ok(150_000_000)));
    assert_eq!((item(b"g").e8(), item(b"f").e8()), (Ok(-12), Err(NumberError::Bad)));
    assert_eq!((item(b"f").truth(), item(b"f").text()), (None, None));
    let half = Grid::new(1, 5).unwrap();
    assert_eq!((item(b"a").steps(half), item(b"g").steps(half)), (Ok(25), Err(NumberError::Negative)));
    let hundredth = Grid::new(8, 1).unwrap();
    assert_eq!((item(b"g").signed_steps(hundredth), item(b"a").signed_steps(half)), (Ok(-12), Ok(25)));
}

#[test]
fn members_and_elements_come_in_order() {
    let mut keys = Vec::new();
    Item::read(TEXT).unwrap().members(|key, _| keys.push(key));
    assert_eq!(keys, [b"a", b"b", b"c", b"e", b"f", b"a", b"g"]);
    let mut seen = Vec::new();
    item(b"c").elements(|value| {
        seen.push((value.unsigned(), value.member(b"d").and_then(Item::truth), value.text()))
    });
    assert_eq!(seen, [(Some(1), None, None), (None, Some(true), None), (None, None, None)]);
    assert!(item(b"c").is_array() && !item(b"c").is_object());
    item(b"a").elements(|_| panic!("a string has no elements"));
    item(b"c").members(|_, _| panic!("an array has no members"));
    assert!(item(b"c").member(b"d").is_none());
}

#[test]
fn what_is_no_json_is_refused_with_its_place() {
    for (bad, at, kind) in [
        (&b"{\"a\":1"[..], 6, DecodeErrorKind::Truncated),
        (b"{\"a\":1}x", 7, DecodeErrorKind::TrailingBytes),
        (b"{\"a\" 1}", 5, DecodeErrorKind::Syntax),
        (b"\"\xFF\"", 1, DecodeErrorKind::Utf8),
        (b"", 0, DecodeErrorKind::Truncated),
    ] {
        assert_eq!(Item::read(bad).unwrap_err(), DecodeError { at, kind });
    }
}
