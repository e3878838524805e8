//! Under TLS: each version and cipher that rustls speaks, records of any length, new keys.

use std::io::{Read, Write};

use ballast_model::Span;
use ballast_wire::{Closed, HttpSend, LinkKind, Network, Refused};
use rustls::version::{TLS12, TLS13};
use tungstenite::{Message, WebSocket};

use crate::rig::{Client, Heard, Identity, LINK, Secure, echo, secure, serve, text};

#[test]
fn messages_go_there_and_back_under_every_cipher() {
    let identity = Identity::new();
    for (version, suite) in [
        (&TLS13, "AES_128"),
        (&TLS13, "AES_256"),
        (&TLS13, "CHACHA20"),
        (&TLS12, "AES_128"),
        (&TLS12, "AES_256"),
        (&TLS12, "CHACHA20"),
    ] {
        let config = identity.config(version, suite);
        let server = serve(move |stream| echo(tungstenite::accept(secure(&config, stream)).unwrap()));
        let mut client = Client::opened(LinkKind::WebSocket, &server.url("wss"), identity.options());
        let lengths = [0, 1, 180, 16_370, 16_384, 40_000, 200_000];
        for (index, length) in lengths.into_iter().enumerate() {
            let message = "y".repeat(length);
            client.net.send(LINK, message.as_bytes()).unwrap();
            client.until(index + 2);
            assert!(client.heard.last() == Some(&text(&message)), "{suite} {length}");
        }
        client.net.close(LINK);
        client.ends(lengths.len() + 2, Closed::ByUs);
        assert!(matches!(server.outcome().last(), Some(Message::Close(_))), "{suite}");
    }
}

/// Gives each message back under new keys.
fn echo_renewing(mut socket: WebSocket<Secure>) {
    while let Ok(message) = socket.read() {
        if message.is_text() {
            socket.get_mut().conn.refresh_traffic_keys().unwrap();
            socket.send(message).unwrap();
        }
    }
}

#[test]
fn keys_change_both_ways() {
    let identity = Identity::new();
    let config = identity.config(&TLS13, "AES_256");
    let server = serve(move |stream| echo_renewing(tungstenite::accept(secure(&config, stream)).unwrap()));
    let mut client = Client::opened(LinkKind::WebSocket, &server.url("wss"), identity.options());
    for number in 0..5 {
        client.net.send(LINK, number.to_string().as_bytes()).unwrap();
        client.until(number + 2);
        assert_eq!(client.heard.last(), Some(&text(&number.to_string())));
    }
    client.net.close(LINK);
    client.ends(7, Closed::ByUs);
    server.outcome();
}

#[test]
fn an_end_under_seal_is_the_other_sides_end() {
    let identity = Identity::new();
    let config = identity.config(&TLS13, "");
    let server = serve(move |stream| {
        let mut stream = secure(&config, stream);
        let mut request = [0; 400];
        let read = stream.read(&mut request).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
        stream.conn.send_close_notify();
        stream.flush().unwrap();
        while stream.sock.read(&mut [0; 99]).is_ok_and(|read| read > 0) {}
        String::from_utf8_lossy(&request[..read]).into_owned()
    });
    let url = format!("https://localhost:{}/", server.address.port());
    let mut client = Client::opened(LinkKind::Http, &url, identity.options());
    let request = HttpSend { method: "DELETE", target: "/x", headers: &[], body: b"" };
    client.net.request(LINK, &request).unwrap();
    client.ends(3, Closed::ByPeer(0));
    let reply = Heard::Reply { status: 200, retry_after: None, used: [None; 2], body: b"ok".to_vec() };
    assert_eq!(client.heard[1], reply);
    assert!(server.outcome().starts_with("DELETE /x HTTP/1.1\r\nHost: localhost:"));
}

#[test]
fn what_waits_under_seal_is_bounded_too_and_comes_whole() {
    let identity = Identity::new();
    let config = identity.config(&TLS12, "AES_128");
    let (go, gone) = std::sync::mpsc::channel();
    let server = serve(move |stream| {
        let mut socket = tungstenite::accept(secure(&config, stream)).unwrap();
        gone.recv().unwrap();
        let mut came = 0;
        while let Ok(message) = socket.read() {
            came += usize::from(message.is_text());
        }
        came
    });
    let mut client = Client::opened(LinkKind::WebSocket, &server.url("wss"), identity.options());
    let message = "z".repeat(20_000);
    let mut sent = 0;
    let refused = loop {
        match client.net.send(LINK, message.as_bytes()) {
            Ok(()) => sent += 1,
            Err(refused) => break refused,
        }
    };
    assert_eq!(refused, Refused::Full);
    go.send(()).unwrap();
    while client.net.send(LINK, message.as_bytes()).is_err() {
        client.poll(Span::from_millis(5));
    }
    client.net.close(LINK);
    client.until(2);
    assert_eq!(server.outcome(), sent + 1);
}
