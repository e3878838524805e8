//! WebSockets in the plain.

use std::io::{Read, Write};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use ballast_model::Span;
use ballast_wire::{Closed, HttpSend, LinkKind, Network, Options, Refused};
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tungstenite::{Bytes, Message};

use crate::rig::{Client, Heard, LINK, echo, serve, serve_ws, text};

#[test]
fn messages_of_any_length_go_there_and_back() {
    let server = serve_ws(echo);
    let mut client = Client::opened(LinkKind::WebSocket, &server.url("ws"), Options::default());
    let lengths = [0, 1, 125, 126, 65_535, 65_536, 200_000];
    for (index, length) in lengths.into_iter().enumerate() {
        let message = "x".repeat(length);
        client.net.send(LINK, message.as_bytes()).unwrap();
        client.until(index + 2);
        assert!(client.heard.last() == Some(&text(&message)), "{length}");
    }
    assert_eq!(client.net.pulse(LINK).unwrap().heard, *client.stamps.last().unwrap());
    client.net.close(LINK);
    client.ends(lengths.len() + 2, Closed::ByUs);
    let came = server.outcome();
    let close = CloseFrame { code: CloseCode::Normal, reason: "".into() };
    assert_eq!(came.last(), Some(&Message::Close(Some(close))));
}

#[test]
fn a_ping_is_answered_with_its_data() {
    let server = serve_ws(|mut socket| {
        socket.send(Message::Ping(Bytes::from_static(b"are you there"))).unwrap();
        socket.read().unwrap()
    });
    let mut client = Client::opened(LinkKind::WebSocket, &server.url("ws"), Options::default());
    client.until(2);
    assert_eq!(client.heard[1], Heard::Closed(Closed::ByPeer(0)));
    assert_eq!(server.outcome(), Message::Pong(Bytes::from_static(b"are you there")));
}

#[test]
fn a_ping_of_ours_measures_the_way() {
    let server = serve_ws(echo);
    let mut client = Client::opened(LinkKind::WebSocket, &server.url("ws"), Options::default());
    let before = client.net.pulse(LINK).unwrap();
    assert_eq!(before.round_trip, None);
    client.linger(Span::from_millis(10));
    client.net.ping(LINK).unwrap();
    while client.net.pulse(LINK).unwrap().round_trip.is_none() {
        client.poll(Span::from_millis(5));
    }
    let after = client.net.pulse(LINK).unwrap();
    assert!(after.heard > before.heard, "a pong is a sign of life");
    assert!(Span::ZERO < after.round_trip.unwrap() && after.round_trip.unwrap() < Span::from_secs(5));
    assert_eq!(client.heard.len(), 1, "but no news");
}

#[test]
fn fragments_are_one_message_and_pings_between_them_are_answered() {
    let server = serve_ws(|mut socket| {
        let part = |part: &'static str, opcode, last| {
            Message::Frame(Frame::message(part.as_bytes(), OpCode::Data(opcode), last))
        };
        socket.send(part("a", Data::Text, false)).unwrap();
        socket.send(Message::Ping(Bytes::from_static(b"1"))).unwrap();
        socket.send(part("b", Data::Continue, false)).unwrap();
        socket.send(part("c", Data::Continue, true)).unwrap();
        socket.send(Message::text("d")).unwrap();
        let pong = socket.read().unwrap();
        socket.close(None).unwrap();
        while socket.read().is_ok() {}
        pong
    });
    let mut client = Client::opened(LinkKind::WebSocket, &server.url("ws"), Options::default());
    client.until(4);
    assert_eq!(client.heard[1..3], [text("abc"), text("d")]);
    client.ends(4, Closed::ByPeer(0));
    assert_eq!(server.outcome(), Message::Pong(Bytes::from_static(b"1")));
}

#[test]
fn the_close_code_is_told_and_answered() {
    let server = serve_ws(|mut socket| {
        socket.close(Some(CloseFrame { code: CloseCode::Restart, reason: "shutdown".into() })).unwrap();
        let answer = socket.read().unwrap();
        assert!(socket.read().is_err());
        answer
    });
    let mut client = Client::opened(LinkKind::WebSocket, &server.url("ws"), Options::default());
    client.ends(2, Closed::ByPeer(1012));
    let Message::Close(Some(answer)) = server.outcome() else { panic!("no answer") };
    assert_eq!(answer.code, CloseCode::Restart);
}

#[test]
fn what_comes_while_we_close_is_told() {
    let server = serve_ws(|mut socket| {
        assert!(matches!(socket.read(), Ok(Message::Close(_))));
    });
    let mut client = Client::opened(LinkKind::WebSocket, &server.url("ws"), Options::default());
    client.net.close(LINK);
    assert_eq!(client.net.send(LINK, b"late"), Err(Refused::NotOpen));
    client.ends(2, Closed::ByUs);
    server.outcome();

    let server = serve_ws(|mut socket| {
        thread::park_timeout(Duration::from_millis(30));
        socket.send(Message::text("a fill")).unwrap();
        while socket.read().is_ok() {}
    });
    let mut client = Client::opened(LinkKind::WebSocket, &server.url("ws"), Options::default());
    client.net.close(LINK);
    client.ends(3, Closed::ByUs);
    assert_eq!(client.heard[1], text("a fill"));
    server.outcome();
}

#[test]
fn what_the_socket_does_not_take_waits_and_beyond_the_limit_is_refused() {
    let (go, gone) = channel();
    let server = serve_ws(move |socket| {
        gone.recv().unwrap();
        echo_count(socket)
    });
    let options = Options { waiting_limit: 100_000, ..Options::default() };
    let mut client = Client::opened(LinkKind::WebSocket, &server.url("ws"), options);
    let message = |number: usize| format!("{number:>1000}");
    let mut sent = 0;
    // The kernel may take more at any later time: what counts is the first refusal.
    let refused = loop {
        match client.net.send(LINK, message(sent).as_bytes()) {
            Ok(()) => sent += 1,
            Err(refused) => break refused,
        }
        assert!(sent < 1_000_000, "nothing bounds what waits");
    };
    assert_eq!(refused, Refused::Full);
    go.send(()).unwrap();
    while client.net.send(LINK, message(sent).as_bytes()).is_err() {
        client.poll(Span::from_millis(5));
    }
    client.net.close(LINK);
    client.until(2);
    let came = server.outcome();
    let expected: Vec<_> = (0..=sent).map(message).collect();
    let came: Vec<_> = came.into_iter().filter(|text| text.len() == 1_000).collect();
    assert!(came == expected, "{} of {} came", came.len(), expected.len());
}

fn echo_count<S: Read + Write>(mut socket: tungstenite::WebSocket<S>) -> Vec<String> {
    let mut came = Vec::new();
    while let Ok(message) = socket.read() {
        if let Message::Text(text) = message {
            came.push(text.as_str().to_owned());
        }
    }
    came
}

#[test]
fn a_wait_ends_when_another_thread_says_so() {
    let mut client = Client::new(Options::default());
    let wake = client.net.wake();
    let waker = thread::spawn(move || {
        thread::park_timeout(Duration::from_millis(20));
        wake.wake();
    });
    let begin = client.net.clock();
    client.poll(Span::from_secs(30));
    assert!(client.net.clock() - begin < Span::from_secs(10));
    waker.join().unwrap();
    assert_eq!(client.heard, []);
}

#[test]
fn a_connection_opened_anew_closes_the_old_one_silently() {
    let first = serve_ws(echo);
    let second = serve_ws(echo);
    let mut client = Client::opened(LinkKind::WebSocket, &first.url("ws"), Options::default());
    client.open(LinkKind::WebSocket, &second.url("ws"));
    client.until(2);
    assert_eq!(client.heard[1], Heard::Opened);
    assert!(matches!(first.outcome().last(), Some(Message::Close(_))));
    client.net.send(LINK, b"second").unwrap();
    client.until(3);
    assert_eq!(client.heard[2], text("second"));
}

#[test]
fn only_what_is_spoken_there_can_be_said() {
    let server = serve_ws(echo);
    let mut client = Client::new(Options::default());
    let request = HttpSend { method: "GET", target: "/", headers: &[], body: b"" };
    assert_eq!(client.net.send(LINK, b"x"), Err(Refused::NotOpen));
    client.open(LinkKind::WebSocket, &server.url("ws"));
    assert_eq!(client.net.send(LINK, b"x"), Err(Refused::NotOpen), "not yet");
    assert_eq!(client.net.pulse(LINK), None);
    client.until(1);
    assert_eq!(client.net.request(LINK, &request), Err(Refused::NotOpen));
}

/// What follows the handshake's answer in the same read is not lost.
#[test]
fn a_frame_behind_the_handshake_is_heard() {
    let server = serve(|mut stream| {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            request.extend(byte);
        }
        let request = String::from_utf8(request).unwrap();
        let key = request.split("Sec-WebSocket-Key: ").nth(1).unwrap().split("\r\n").next().unwrap();
        let accept = tungstenite::handshake::derive_accept_key(key.as_bytes());
        let answer = format!(
            "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        stream.write_all(&[answer.as_bytes(), b"\x81\x05hello\x81\x02\x6f"].concat()).unwrap();
        stream.write_all(b"k").unwrap();
    });
    let mut client = Client::new(Options::default());
    client.open(LinkKind::WebSocket, &server.url("ws"));
    client.ends(4, Closed::ByPeer(0));
    assert_eq!(client.heard[..3], [Heard::Opened, text("hello"), text("ok")]);
    server.outcome();
}
