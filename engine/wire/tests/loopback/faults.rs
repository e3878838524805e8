//! What goes wrong: each is one end, and none a panic or a hang.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;

use ballast_model::Span;
use ballast_wire::{Closed, HttpSend, LinkKind, Network, Options, SetupError, Sockets};
use rustls::version::{TLS12, TLS13};
use tungstenite::Message;
use tungstenite::protocol::frame::coding::CloseCode;

use crate::rig::{Client, Identity, LINK, echo, secure, serve, serve_ws};

fn fails(kind: LinkKind, url: &str, options: Options) {
    fails_as(kind, url, options, Closed::Unreachable);
}

fn fails_as(kind: LinkKind, url: &str, options: Options, closed: Closed) {
    let mut client = Client::new(options);
    client.open(kind, url);
    client.ends(1, closed);
}

#[test]
fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    fails(LinkKind::WebSocket, &format!("ws://{address}/"), Options::default());
    fails(LinkKind::Http, &format!("https://{address}/"), Options::default());
}

#[test]
fn the_address_is_none() {
    for url in ["", "ftp://127.0.0.1/", "ws://127.0.0.1:99999/", "wss://!!/"] {
        fails(LinkKind::WebSocket, url, Options::default());
    }
}

#[test]
fn nobody_answers() {
    let server = serve(|mut stream| while stream.read(&mut [0; 99]).is_ok_and(|read| read > 0) {});
    let options = Options { opening: Span::from_millis(50), ..Options::default() };
    fails(LinkKind::WebSocket, &server.url("ws"), options.clone());
    server.outcome();
    let server = serve(|mut stream| while stream.read(&mut [0; 99]).is_ok_and(|read| read > 0) {});
    fails(LinkKind::WebSocket, &server.url("wss"), options);
    server.outcome();
}

#[test]
fn the_handshake_is_declined_or_no_handshake() {
    for answer in ["HTTP/1.1 403 Forbidden\r\n\r\n", "SSH-2.0-OpenSSH\r\n", ""] {
        let server = serve(move |mut stream| {
            assert_ne!(stream.read(&mut [0; 999]).unwrap(), 0);
            stream.write_all(answer.as_bytes()).unwrap();
        });
        fails(LinkKind::WebSocket, &server.url("ws"), Options::default());
        server.outcome();
        let server = serve(move |mut stream| {
            assert_ne!(stream.read(&mut [0; 999]).unwrap(), 0);
            stream.write_all(answer.as_bytes()).unwrap();
        });
        fails(LinkKind::Http, &server.url("https"), Options::default());
        server.outcome();
    }
}

#[test]
fn the_certificate_is_not_trusted_or_for_another_name() {
    let (ours, other) = (Identity::new(), Identity::new());
    for options in [Options::default(), other.options()] {
        let config = ours.config(&TLS13, "");
        let server = serve(move |stream| secure(&config, stream).read(&mut [0]).is_err());
        fails_as(LinkKind::WebSocket, &server.url("wss"), options, Closed::Untrusted);
        assert!(server.outcome(), "the server is told");
    }
}

#[test]
fn roots_that_are_none_are_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let roots = |text: &str| {
        fs::write(file.path(), text).unwrap();
        let options = Options { extra_roots: vec![file.path().to_owned()], ..Options::default() };
        let Err(error @ SetupError::Roots(_)) = Sockets::new(options, || ballast_model::Nanos(0)) else {
            panic!("{text:?} is no certificate")
        };
        error.to_string()
    };
    let name = file.path().display().to_string();
    assert_eq!(roots(""), format!("root certificates: {name}: no certificate in it"));
    let bad = roots("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    assert!(bad.contains(&name), "{bad}");
}

/// Sends these bytes as a server; the close code that the client gives, and how it saw the end.
fn garbage(bytes: &'static [u8], options: Options, closed: Closed) -> Option<CloseCode> {
    let server = serve_ws(move |mut socket| {
        socket.get_mut().write_all(bytes).unwrap();
        match socket.read() {
            Ok(Message::Close(Some(frame))) => Some(frame.code),
            _ => None,
        }
    });
    let mut client = Client::opened(LinkKind::WebSocket, &server.url("ws"), options);
    client.ends(2, closed);
    server.outcome()
}

#[test]
fn bytes_are_no_frames() {
    assert_eq!(garbage(b"\xFF\xFF\xFF\xFF", Options::default(), Closed::Broken), Some(CloseCode::Protocol));
    assert_eq!(garbage(b"\x80\0", Options::default(), Closed::Broken), Some(CloseCode::Protocol));
    let options = Options { message_limit: 99, ..Options::default() };
    assert_eq!(garbage(b"\x81\x64", options, Closed::Broken), Some(CloseCode::Size));
}

#[test]
fn the_connection_ends_in_the_midst_of_a_message() {
    for part in [&b"\x81"[..], b"\x81\x05hel", b"\x01\x05hello"] {
        let server = serve_ws(move |mut socket| socket.get_mut().write_all(part).unwrap());
        let mut client = Client::opened(LinkKind::WebSocket, &server.url("ws"), Options::default());
        client.ends(2, Closed::Broken);
        server.outcome();
    }
}

#[test]
fn the_connection_is_reset() {
    let server = serve_ws(|socket| {
        // What is dropped with bytes unread is reset.
        socket.get_ref().peek(&mut [0]).unwrap();
    });
    let mut client = Client::opened(LinkKind::WebSocket, &server.url("ws"), Options::default());
    client.net.send(LINK, b"unread").unwrap();
    client.ends(2, Closed::Broken);
    server.outcome();
}

#[test]
fn the_other_side_does_not_close() {
    let server = serve_ws(|mut socket| {
        let stream = socket.get_mut();
        while stream.read(&mut [0; 99]).is_ok_and(|read| read > 0) {}
    });
    let options = Options { closing: Span::from_millis(50), ..Options::default() };
    let mut client = Client::opened(LinkKind::WebSocket, &server.url("ws"), options);
    client.net.close(LINK);
    client.net.close(LINK);
    client.ends(2, Closed::ByUs);
    server.outcome();
}

#[test]
fn what_does_not_stand_is_closed_without_a_word() {
    let server = serve_ws(echo);
    let mut client = Client::new(Options::default());
    client.net.close(LINK);
    client.open(LinkKind::WebSocket, &server.url("ws"));
    client.net.close(LINK);
    client.linger(Span::from_millis(50));
    assert_eq!(client.heard, []);
}

#[test]
fn a_record_is_forged() {
    let identity = Identity::new();
    let config = identity.config(&TLS13, "");
    let server = serve(move |stream| {
        let mut socket = tungstenite::accept(secure(&config, stream)).unwrap();
        socket.send(Message::text("sealed")).unwrap();
        let stream = socket.get_mut().get_mut();
        stream.write_all(&[[23, 3, 3, 0, 40].as_slice(), &[7; 40]].concat()).unwrap();
        let told = socket.get_mut().read(&mut [0; 99]).unwrap_err().to_string();
        assert!(told.contains("BadRecordMac"), "the server is told: {told}");
    });
    let mut client = Client::opened(LinkKind::WebSocket, &server.url("wss"), identity.options());
    client.ends(3, Closed::Broken);
    server.outcome();
}

/// A stream that ends without a word under its seal may have been cut by anybody: that is no end of the other side's, and what only
/// its end would have made whole is no reply.
#[test]
fn an_end_without_a_seal_is_none() {
    let identity = Identity::new();
    for version in [&TLS12, &TLS13] {
        let config = identity.config(version, "");
        let server = serve(move |stream| {
            let socket = tungstenite::accept(secure(&config, stream)).unwrap();
            let stream = &socket.get_ref().sock;
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let mut stream = stream;
            while stream.read(&mut [0; 99]).is_ok_and(|read| read > 0) {}
        });
        let mut client = Client::opened(LinkKind::WebSocket, &server.url("wss"), identity.options());
        client.ends(2, Closed::Broken);
        server.outcome();
        let config = identity.config(version, "");
        let server = serve(move |stream| {
            let mut stream = secure(&config, stream);
            assert_ne!(stream.read(&mut [0; 999]).unwrap(), 0);
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n[1,2").unwrap();
            stream.flush().unwrap();
            stream.sock.shutdown(std::net::Shutdown::Write).unwrap();
            while stream.sock.read(&mut [0; 99]).is_ok_and(|read| read > 0) {}
        });
        let mut client = Client::opened(LinkKind::Http, &server.url("https"), identity.options());
        let request = HttpSend { method: "GET", target: "/x", headers: &[], body: b"" };
        client.net.request(LINK, &request).unwrap();
        client.ends(2, Closed::Broken);
        server.outcome();
    }
}
