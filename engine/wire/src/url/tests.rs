use super::Place;
use crate::seam::LinkKind::{Http, WebSocket};

fn parts(kind: crate::LinkKind, url: &str) -> Option<(bool, String, u16, String, String)> {
    Place::parse(kind, url)
        .map(|place| (place.is_secure, place.host, place.port, place.authority, place.target))
}

#[test]
fn addresses_fall_into_their_parts() {
    let some = |secure, host: &str, port, authority: &str, target: &str| {
        Some((secure, host.to_owned(), port, authority.to_owned(), target.to_owned()))
    };
    let cases = [
        (
            WebSocket,
            "wss://stream.example:9443/ws?a=b/c",
            some(true, "stream.example", 9443, "stream.example:9443", "/ws?a=b/c"),
        ),
        (WebSocket, "ws://127.0.0.1", some(false, "127.0.0.1", 80, "127.0.0.1", "/")),
        (Http, "https://api.example:443?x=1#part", some(true, "api.example", 443, "api.example", "/?x=1")),
        (Http, "http://[::1]:8080/a", some(false, "::1", 8080, "[::1]:8080", "/a")),
        (Http, "https://[::1]", some(true, "::1", 443, "[::1]", "/")),
    ];
    for (kind, url, expected) in cases {
        assert_eq!(parts(kind, url), expected, "{url}");
    }
}

#[test]
fn what_is_no_address_is_refused() {
    for url in [
        "",
        "wss//a",
        "https://a",
        "http://a",
        "ws://",
        "ws:///path",
        "ws://a:",
        "ws://a:0",
        "ws://a:65536",
        "ws://a:x",
        "ws://u@a",
        "ws://[::1",
        "ws://[::1]9",
        "ws://a/b c",
        "ws://a/b\r\nHost: c",
        "ws://a:1:2",
        "ws://ü",
    ] {
        assert_eq!(parts(WebSocket, url), None, "{url}");
    }
    assert_eq!(parts(Http, "ws://a"), None);
}
