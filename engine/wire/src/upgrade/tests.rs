use tungstenite::handshake::derive_accept_key;

use super::{Declined, Upgrade, fresh_masks};
use crate::seam::LinkKind;
use crate::url::Place;

fn upgrade() -> (Upgrade, String) {
    let place = Place::parse(LinkKind::WebSocket, "ws://example:81/ws?a=1").unwrap();
    let upgrade = Upgrade::new(&place, &[("User-Agent".to_owned(), "ballast".to_owned())]).unwrap();
    let request = String::from_utf8(upgrade.request.clone()).unwrap();
    (upgrade, request)
}

fn answer(request: &str) -> String {
    let key = request.split("Sec-WebSocket-Key: ").nth(1).unwrap().split("\r\n").next().unwrap();
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\n\r\n",
        derive_accept_key(key.as_bytes())
    )
}

#[test]
fn a_yes_opens_and_what_follows_it_is_left() {
    let (upgrade, request) = upgrade();
    assert!(request.starts_with("GET /ws?a=1 HTTP/1.1\r\nHost: example:81\r\n"));
    assert!(request.ends_with("User-Agent: ballast\r\n\r\n"));
    let answer = answer(&request);
    assert_eq!(upgrade.answered(&[answer.as_bytes(), b"\x81\0"].concat()), Ok(Some(answer.len())));
    for cut in 0..answer.len() {
        assert_eq!(upgrade.answered(&answer.as_bytes()[..cut]), Ok(None));
    }
}

#[test]
fn anything_else_is_a_no() {
    let (upgrade, request) = upgrade();
    let answer = answer(&request);
    let (other, _) = self::upgrade();
    assert_eq!(other.answered(answer.as_bytes()), Err(Declined), "the key of another handshake");
    for (from, to) in [
        ("101", "200"),
        ("Upgrade: WebSocket", "Upgrade: h2c"),
        ("keep-alive, Upgrade", "close"),
        ("\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"),
        ("HTTP/1.1", "SMTP"),
    ] {
        assert_eq!(upgrade.answered(answer.replace(from, to).as_bytes()), Err(Declined), "{to}");
    }
    assert_eq!(upgrade.answered(format!("HTTP/1.1 101 {}", "a".repeat(20_000)).as_bytes()), Err(Declined));
}

#[test]
fn a_header_cannot_hide_another() {
    let place = Place::parse(LinkKind::WebSocket, "ws://example").unwrap();
    assert!(Upgrade::new(&place, &[("X".to_owned(), "y\r\nZ: z".to_owned())]).is_none());
}

#[test]
fn masks_begin_differently_each_time() {
    assert_ne!(fresh_masks().key(), fresh_masks().key());
}
