//! A connection that stands allocates nothing, whatever is sent and heard, plain and under TLS: messages, pings and their answers
//! go there and back under the counter. To open and to close one may.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

use ballast_model::{Nanos, Span};
use ballast_wire::{Address, Link, LinkKind, Network, News, Options, Sockets};
use rustls::pki_types::PrivateKeyDer;
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};
use tungstenite::{Bytes, Message, WebSocket};

use crate::counting::counted;

const LINK: Link = Link(0);

/// Gives each message back behind a ping, until the other side closes; how many pongs came.
fn echo<S: Read + Write>(mut socket: WebSocket<S>) -> usize {
    let mut pongs = 0;
    while let Ok(message) = socket.read() {
        pongs += usize::from(message.is_pong());
        if message.is_text() {
            socket.send(Message::Ping(Bytes::from_static(b"0123456789"))).unwrap();
            socket.send(message).unwrap();
        }
    }
    pongs
}

/// Sends and hears so many messages of each length; how many were heard.
fn converse<C: Fn() -> Nanos>(net: &mut Sockets<C>, rounds: usize, messages: &[Vec<u8>]) -> usize {
    let mut heard = 0;
    for round in 0..rounds {
        for message in messages {
            net.send(LINK, message).unwrap();
            if round % 7 == 0 {
                net.ping(LINK).unwrap();
            }
            let mut is_back = false;
            while !is_back {
                net.poll(Span::from_millis(10), &mut |_, _, news| {
                    assert_eq!(news, News::Text(message));
                    is_back = true;
                });
            }
            heard += 1;
        }
    }
    heard
}

/// Opens, says the same things until everything has its room, and then once more under the counter.
fn check(url: String, options: Options) {
    // No clock is read here: time stands still but for a step at each look at it.
    let time = AtomicI64::new(0);
    let options = Options { opening: Span(i64::MAX), closing: Span::from_secs(1), ..options };
    let mut net = Sockets::new(options, || Nanos(time.fetch_add(1_000, Ordering::Relaxed))).unwrap();
    net.open(LINK, &Address { kind: LinkKind::WebSocket, url, headers: Vec::new() });
    let mut is_open = false;
    while !is_open {
        net.poll(Span::from_millis(10), &mut |_, _, news| {
            assert_eq!(news, News::Opened);
            is_open = true;
        });
    }
    let messages = [5, 180, 1_300, 20_000, 70_000].map(|length| vec![b'm'; length]);
    converse(&mut net, 2, &messages);
    let (heard, calls) = counted(|| converse(&mut net, 100, &messages));
    assert_eq!((heard, calls), (500, 0), "messages heard, and allocator calls meanwhile");
    assert!(net.pulse(LINK).unwrap().round_trip.is_some(), "our pings were answered");
    net.close(LINK);
    let mut is_closed = false;
    while !is_closed {
        net.poll(Span::from_millis(10), &mut |_, _, _| is_closed = true);
    }
}

fn serve(speak: impl FnOnce(TcpStream) -> usize + Send + 'static) -> (u16, thread::JoinHandle<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let accept = move || {
        let (stream, _) = listener.accept().unwrap();
        stream.set_nodelay(true).unwrap();
        speak(stream)
    };
    (port, thread::spawn(accept))
}

#[test]
fn nothing_is_allocated_in_the_plain() {
    let (port, server) = serve(|stream| echo(tungstenite::accept(stream).unwrap()));
    check(format!("ws://127.0.0.1:{port}/"), Options::default());
    assert!(server.join().unwrap() >= 500, "pings were answered");
}

#[test]
fn nothing_is_allocated_under_tls() {
    let versions: [&'static SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
    for version in versions {
        let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(certified.cert.pem().as_bytes()).unwrap();
        let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certified.cert.der().clone()], key)
            .unwrap();
        let (port, server) = serve(move |stream| {
            let connection = ServerConnection::new(Arc::new(config)).unwrap();
            echo(tungstenite::accept(StreamOwned::new(connection, stream)).unwrap())
        });
        let options = Options { extra_roots: vec![file.path().to_owned()], ..Options::default() };
        check(format!("wss://localhost:{port}/"), options);
        assert!(server.join().unwrap() >= 500, "pings were answered");
    }
}
