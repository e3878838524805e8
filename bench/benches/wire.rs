//! The wire: what a WebSocket frame and a TLS record cost, beside tungstenite and rustls' own records, and the way there and back on
//! loopback.
//!
//! `frame_180B/read` is from one read of a socket (a copy out of memory here) to the message, `write` from the message to bytes that a
//! socket takes. `record_180B` opens and seals records of the same connection of TLS 1.3 with AES-256-GCM; rustls' `buffered` interface
//! is what `StreamOwned` uses. `loopback` sends a message of 180 bytes to an echo and polls without waiting until it is back: `kernel`
//! is the same with bare sockets, which the others cannot beat. Where the echo shares a processor, its turn is in the figure.
#![expect(clippy::expect_used, reason = "a benchmark whose servers fail must stop")]

use std::hint::black_box;
use std::io::{self, Cursor, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ballast_model::{Nanos, Span};
use ballast_runtime::clock::Stopwatch;
use ballast_wire::buffer::Buffer;
use ballast_wire::frame::{Frames, Kind, Masks, encode, encoded_length};
use ballast_wire::tls::{Tls, client_config};
use ballast_wire::{Address, Link, LinkKind, Network, News, Options, Sockets};
use criterion::{Criterion, criterion_group, criterion_main};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConnection, ServerConfig, ServerConnection, StreamOwned};
use tempfile::NamedTempFile;
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Message, WebSocket};

const MESSAGE: [u8; 180] = [b'm'; 180];
const LIMIT: usize = 1 << 20;
/// Records that are sealed at once, before they are opened under the clock.
const RECORDS: u64 = 2_000;

/// A socket that gives one frame at each read, and takes all.
struct Endless(Vec<u8>);

impl Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        (&self.0[..]).read(into)
    }
}

impl Write for Endless {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(black_box(bytes).len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn endless() -> Endless {
    Endless([&[0x81, 126, 0, 180][..], &MESSAGE].concat())
}

fn frames(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("frame_180B");
    let (mut socket, mut buffer, mut frames) = (endless(), Buffer::new(LIMIT), Frames::new(LIMIT));
    group.bench_function("read/ballast", |bencher| {
        bencher.iter(|| {
            let read = socket.read(buffer.spare(65_536)).expect("it is endless");
            buffer.commit(read);
            let found = frames.next(buffer.filled()).expect("a frame");
            let used = found.used;
            black_box(found.said.expect("a message"));
            buffer.consume(used);
        });
    });
    let config = WebSocketConfig::default();
    for (name, config) in [("128K", config), ("4K", config.read_buffer_size(4_096))] {
        let mut socket = WebSocket::from_raw_socket(endless(), Role::Client, Some(config));
        group.bench_function(format!("read/tungstenite_{name}"), |bencher| {
            bencher.iter(|| black_box(socket.read().expect("a message")));
        });
    }
    let mut masks = Masks::new(1);
    group.bench_function("write/ballast", |bencher| {
        bencher.iter(|| {
            let spare = buffer.spare(encoded_length(MESSAGE.len()));
            let length = encode(Kind::Text, black_box(&MESSAGE), masks.key(), spare).expect("there is room");
            buffer.commit(length);
            let written = socket.write(buffer.filled()).expect("it takes all");
            buffer.consume(written);
        });
    });
    let mut socket = WebSocket::from_raw_socket(endless(), Role::Client, None);
    let text = str::from_utf8(&MESSAGE).expect("it is text");
    group.bench_function("write/tungstenite", |bencher| {
        bencher.iter(|| socket.send(Message::text(black_box(text))).expect("it takes all"));
    });
}

/// A certificate for loopback, the file that holds it, and a server's configuration.
fn identity() -> (NamedTempFile, Arc<ServerConfig>) {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let mut file = NamedTempFile::new().expect("a file can be made");
    file.write_all(certified.cert.pem().as_bytes()).expect("it can be written");
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider speaks them")
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .expect("key and certificate fit");
    (file, Arc::new(config))
}

/// What the server has to send.
fn waiting(server: &mut ServerConnection) -> Vec<u8> {
    let mut bytes = Vec::new();
    while server.wants_write() {
        server.write_tls(&mut bytes).expect("memory takes all");
    }
    bytes
}

/// Records with a message each.
fn sealed(server: &mut ServerConnection) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..RECORDS {
        server.writer().write_all(&MESSAGE).expect("there is room");
        bytes.extend(waiting(server));
    }
    bytes
}

/// Times `open` over at least so many records, sealed in portions before; the share of those that were asked for.
fn timed(total: u64, server: &mut ServerConnection, mut open: impl FnMut(&[u8])) -> Duration {
    let (mut elapsed, mut done) = (Duration::ZERO, 0);
    while done < total {
        let records = sealed(server);
        let stopwatch = Stopwatch::start();
        records.chunks(MESSAGE.len() + 22).for_each(&mut open);
        elapsed += stopwatch.elapsed();
        done += RECORDS;
    }
    elapsed.mul_f64(total as f64 / done as f64)
}

fn ours(criterion: &mut Criterion, roots: &[PathBuf], server: &Arc<ServerConfig>) {
    let config = client_config(roots).expect("the certificate is one");
    let mut tls = Tls::new(&config, "localhost").expect("a name");
    let mut server = ServerConnection::new(Arc::clone(server)).expect("a configuration");
    let [mut incoming, mut plain, mut out] = [(); 3].map(|()| Buffer::new(LIMIT));
    while !tls.is_standing() || server.is_handshaking() {
        tls.read(&mut incoming, &mut plain, &mut out).expect("hands are shaken");
        let mut bytes = Cursor::new(out.filled().to_vec());
        out.clear();
        while server.read_tls(&mut bytes).expect("memory gives all") > 0 {
            server.process_new_packets().expect("hands are shaken");
        }
        assert!(incoming.push(&waiting(&mut server)));
    }
    let mut group = criterion.benchmark_group("record_180B");
    group.bench_function("open/ballast", |bencher| {
        bencher.iter_custom(|total| {
            timed(total, &mut server, |record| {
                assert!(incoming.push(record));
                tls.read(&mut incoming, &mut plain, &mut out).expect("it was sealed");
                assert_eq!(black_box(plain.filled()).len(), MESSAGE.len());
                plain.clear();
            })
        });
    });
    group.bench_function("seal/ballast", |bencher| {
        bencher.iter(|| {
            assert!(tls.write(black_box(&MESSAGE), &mut out));
            black_box(out.filled());
            out.clear();
        });
    });
}

fn theirs(criterion: &mut Criterion, roots: &[PathBuf], server: &Arc<ServerConfig>) {
    let config = client_config(roots).expect("the certificate is one");
    let name = ServerName::try_from("localhost").expect("a name");
    let mut client = ClientConnection::new(config, name).expect("a configuration");
    let mut server = ServerConnection::new(Arc::clone(server)).expect("a configuration");
    while client.is_handshaking() || server.is_handshaking() {
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes).expect("memory takes all");
        let mut bytes = Cursor::new(bytes);
        while server.read_tls(&mut bytes).expect("memory gives all") > 0 {
            server.process_new_packets().expect("hands are shaken");
        }
        let mut bytes = Cursor::new(waiting(&mut server));
        while client.read_tls(&mut bytes).expect("memory gives all") > 0 {
            client.process_new_packets().expect("hands are shaken");
        }
    }
    let mut group = criterion.benchmark_group("record_180B");
    group.bench_function("open/rustls_buffered", |bencher| {
        bencher.iter_custom(|total| {
            timed(total, &mut server, |mut record| {
                let mut plain = [0; 256];
                client.read_tls(&mut record).expect("memory gives all");
                client.process_new_packets().expect("it was sealed");
                assert_eq!(client.reader().read(&mut plain).expect("it is there"), MESSAGE.len());
                black_box(plain);
            })
        });
    });
    let mut out = Vec::with_capacity(4_096);
    group.bench_function("seal/rustls_buffered", |bencher| {
        bencher.iter(|| {
            client.writer().write_all(black_box(&MESSAGE)).expect("there is room");
            client.write_tls(&mut out).expect("memory takes all");
            black_box(&out);
            out.clear();
        });
    });
}

fn records(criterion: &mut Criterion) {
    let (file, server) = identity();
    let roots = [file.path().to_owned()];
    ours(criterion, &roots, &server);
    theirs(criterion, &roots, &server);
}

/// An echo on loopback, which ends with its connection; its port.
fn echo(speak: impl FnOnce(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback is there");
    let port = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        let (stream, _) = listener.accept().expect("somebody comes");
        stream.set_nodelay(true).expect("it is a socket");
        speak(stream);
    });
    port
}

fn echo_messages<S: Read + Write>(stream: S) {
    let config = WebSocketConfig::default().read_buffer_size(4_096);
    let mut socket = tungstenite::accept_with_config(stream, Some(config)).expect("a handshake");
    while let Ok(message) = socket.read() {
        if !message.is_text() || socket.send(message).is_err() {
            return;
        }
    }
}

fn there_and_back(criterion: &mut Criterion, name: &str, url: String, options: Options) {
    let stopwatch = Stopwatch::start();
    let clock = move || Nanos(i64::try_from(stopwatch.elapsed().as_nanos()).unwrap_or(i64::MAX));
    let mut net = Sockets::new(options, clock).expect("the system gives a poll");
    let link = Link(0);
    net.open(link, &Address { kind: LinkKind::WebSocket, url, headers: Vec::new() });
    let mut opened = false;
    while !opened {
        net.poll(Span::from_millis(1), &mut |_, _, news| opened = news == News::Opened);
    }
    criterion.benchmark_group("loopback_180B").bench_function(name, |bencher| {
        bencher.iter(|| {
            net.send(link, &MESSAGE).expect("there is room");
            let mut is_back = false;
            while !is_back {
                net.poll(Span::ZERO, &mut |_, _, news| is_back = news == News::Text(&MESSAGE));
            }
        });
    });
}

fn loopback(criterion: &mut Criterion) {
    let port = echo(|mut stream| {
        let mut bytes = [0; 256];
        while let Ok(read @ 1..) = stream.read(&mut bytes) {
            if stream.write_all(bytes.get(..read).unwrap_or_default()).is_err() {
                return;
            }
        }
    });
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the echo listens");
    stream.set_nodelay(true).expect("it is a socket");
    stream.set_nonblocking(true).expect("it is a socket");
    criterion.benchmark_group("loopback_180B").bench_function("kernel", |bencher| {
        bencher.iter(|| {
            stream.write_all(&MESSAGE).expect("there is room");
            let (mut left, mut bytes) = (MESSAGE.len(), [0; 256]);
            while left > 0 {
                match stream.read(&mut bytes) {
                    Ok(read) => left -= read,
                    Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
                }
            }
        });
    });
    let port = echo(echo_messages);
    there_and_back(criterion, "plain", format!("ws://127.0.0.1:{port}/"), Options::default());
    let (file, config) = identity();
    let port = echo(move |stream| {
        echo_messages(StreamOwned::new(ServerConnection::new(config).expect("a configuration"), stream));
    });
    let options = Options { extra_roots: vec![file.path().to_owned()], ..Options::default() };
    there_and_back(criterion, "tls", format!("wss://localhost:{port}/"), options);
}

criterion_group!(benches, frames, records, loopback);
criterion_main!(benches);
